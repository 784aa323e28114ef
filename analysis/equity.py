"""Inequality between zones: how far their rates lie apart, and what chance alone would do.

Every measure weighs a zone by its people: s is a zone's share of them, y its rate, mu the mean
rate. A zone without people, or whose rate is missing, is left out and counted. Equal rates are not
fairness where need differs: `observed_over_expected` sets what is seen against what need would
bring.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp, xlogy

from analysis.rates import USUAL, Rates, byar, rate
from geo.errors import LayerError

Array = npt.NDArray[np.float64]

KOLM_ALPHA = 0.01
"""How strongly Kolm's measure minds a gap, per unit of the rate: suits rates of some hundreds."""


class SlopeIndex(NamedTuple):
    """The gap between the least and the most deprived end of a line through the zones' rates.

    Parameters
    ----------
    sii
        Slope index: the rate at the least deprived end less that at the most deprived end.
    rii
        Relative index: the first over the second.
    """

    sii: float
    rii: float


@dataclass(frozen=True)
class Inequality:
    """How unequal the rates of zones are; see the functions of the same names.

    Parameters
    ----------
    per
        The rates, `mean`, `kolm` and `sii` are per this many people; the rest has no unit.
    zones, left_out
        Zones used, and zones without people or a known count.
    mean
        All events over all people of the zones used.
    cv, max_min, gini, theil, mld, hoover, kolm
        0 when all rates are equal (`max_min` 1). NaN when no zone is left or, all but `kolm`,
        when nothing happened anywhere.
    kolm_alpha
        What `kolm` was worked out with; it means nothing without it.
    concentration, sii, rii
        Over deprivation; NaN where none was given. Negative and below 1 when the more deprived
        zones have the higher rates.
    unranked
        Zones used elsewhere but not in these three, because their deprivation is missing.
    noise_floor
        The `cv` to be expected of zones that all shared one rate.
    """

    per: float
    zones: int
    left_out: int
    mean: float
    cv: float
    max_min: float
    gini: float
    theil: float
    mld: float
    hoover: float
    kolm: float
    kolm_alpha: float
    concentration: float
    sii: float
    rii: float
    unranked: int
    noise_floor: float


def inequality(
    counts: npt.ArrayLike,
    population: npt.ArrayLike,
    *,
    per: float,
    deprivation: npt.ArrayLike | None = None,
    kolm_alpha: float = KOLM_ALPHA,
) -> Inequality:
    """Work out every measure of inequality between zones.

    Parameters
    ----------
    counts, population
        Events and people per zone, shape (zones,); NaN where missing. The order is free.
    per
        What the rates are per: 10,000 children.
    deprivation
        A score per zone, higher for more deprived (IDACI).
    kolm_alpha
        Above 0, per unit of the rate.

    Raises
    ------
    LayerError
        When a count is negative, lengths differ, or `kolm_alpha` is not above 0.

    Examples
    --------
    >>> equal = inequality([50, 100], [1000, 2000], per=10_000)
    >>> equal.mean, equal.cv, equal.gini, equal.max_min
    (500.0, 0.0, 0.0, 1.0)
    """
    y, w = rate(counts, population, per=per), np.asarray(population, dtype=np.float64)
    score = np.full(y.shape, np.nan) if deprivation is None else _scores(deprivation, y.shape)
    used = _used(y, w)
    ranked = used & ~np.isnan(score)
    slope = slope_index(y, w, score)
    return Inequality(
        per=per,
        zones=int(used.sum()),
        left_out=int((~used).sum()),
        mean=mean_rate(y, w),
        cv=coefficient_of_variation(y, w),
        max_min=max_min(y, w),
        gini=gini(y, w),
        theil=theil(y, w),
        mld=mean_log_deviation(y, w),
        hoover=hoover(y, w),
        kolm=kolm(y, w, alpha=kolm_alpha),
        kolm_alpha=kolm_alpha,
        concentration=concentration_index(y, w, score),
        sii=slope.sii,
        rii=slope.rii,
        unranked=0 if deprivation is None else int((used & ~ranked).sum()),
        noise_floor=chance_cv(counts, population),
    )


def mean_rate(rates: npt.ArrayLike, weights: npt.ArrayLike) -> float:
    """Give mu, the mean rate per person: sum of s y. It is that of all people together.

    >>> mean_rate([500, 800], [2000, 1000])
    600.0
    """
    return _Zones.of(rates, weights).mean


def coefficient_of_variation(rates: npt.ArrayLike, weights: npt.ArrayLike) -> float:
    """Give the spread of rates over their mean: sqrt(sum s (y - mu)^2) / mu.

    >>> coefficient_of_variation([400, 600], [1000, 1000])
    0.2
    """
    zones = _Zones.of(rates, weights)
    return zones.relative(float(np.sqrt(zones.share @ (zones.rate - zones.mean) ** 2)))


def max_min(rates: npt.ArrayLike, weights: npt.ArrayLike) -> float:
    """Give the highest rate over the lowest; infinite when the lowest is 0.

    It follows the two outermost zones, however small they are.

    >>> max_min([520, 610, 480, 750], [18000, 20000, 22000, 17156])
    1.5625
    """
    zones = _Zones.of(rates, weights)
    if not zones.mean > 0:
        return float("nan")
    lowest = float(zones.rate.min())
    return float(zones.rate.max()) / lowest if lowest > 0 else float("inf")


def gini(rates: npt.ArrayLike, weights: npt.ArrayLike) -> float:
    """Give the Gini coefficient: sum sum s_i s_j |y_i - y_j| / (2 mu), 0 to 1.

    Worked out as the concentration of rates over their own rank, which is the same.

    >>> round(gini([400, 600], [1000, 1000]), 4)
    0.1
    """
    zones = _Zones.of(rates, weights)
    covariance = _covariance(zones, _midranks(zones.rate, zones.share))
    return max(zones.relative(2 * covariance), 0.0) if zones.mean > 0 else float("nan")


def theil(rates: npt.ArrayLike, weights: npt.ArrayLike) -> float:
    """Give Theil's T: sum s (y/mu) ln(y/mu). A zone with rate 0 adds nothing.

    >>> round(theil([0, 600], [1000, 1000]), 6)  # ln 2
    0.693147
    """
    zones = _Zones.of(rates, weights)
    if not zones.mean > 0:
        return float("nan")
    ratio = zones.rate / zones.mean
    return max(float(zones.share @ xlogy(ratio, ratio)), 0.0)


def mean_log_deviation(rates: npt.ArrayLike, weights: npt.ArrayLike) -> float:
    """Give the mean log deviation: sum s ln(mu/y); infinite when a zone's rate is 0.

    >>> mean_log_deviation([0, 600], [1000, 1000])
    inf
    """
    zones = _Zones.of(rates, weights)
    if not zones.mean > 0:
        return float("nan")
    if (zones.rate == 0).any():
        return float("inf")
    return max(float(zones.share @ np.log(zones.mean / zones.rate)), 0.0)


def hoover(rates: npt.ArrayLike, weights: npt.ArrayLike) -> float:
    """Give Hoover's index: the share of events that would have to move for all rates to be equal.

    Half of sum s |y - mu| / mu, 0 to 1.

    >>> hoover([400, 600], [1000, 1000])
    0.1
    """
    zones = _Zones.of(rates, weights)
    return zones.relative(float(zones.share @ np.abs(zones.rate - zones.mean)) / 2)


def kolm(rates: npt.ArrayLike, weights: npt.ArrayLike, *, alpha: float = KOLM_ALPHA) -> float:
    """Give Kolm's absolute inequality, in units of the rate: ln(sum s e^(alpha (mu - y))) / alpha.

    Adding the same to every rate leaves it unchanged, so unlike the others it does not fall
    because demand rose everywhere.

    Parameters
    ----------
    rates, weights
        Per zone.
    alpha
        Above 0, per unit of the rate: results of two alphas, or of rates per other numbers of
        people, do not compare.

    Raises
    ------
    LayerError
        When `alpha` is not above 0.

    Notes
    -----
    Kolm, Journal of Economic Theory 12 (1976).

    Examples
    --------
    >>> round(kolm([520, 610, 480, 750], [18000, 20000, 22000, 17156]), 4)
    39.0301
    """
    if not 0 < alpha < np.inf:
        raise LayerError(
            f"Kolm's alpha is {alpha}.", remedy="Give a number above 0, as 0.01 per 10,000."
        )
    zones = _Zones.of(rates, weights)
    if not zones.rate.size:
        return float("nan")
    exponent = alpha * (zones.mean - zones.rate)
    return max(float(logsumexp(exponent, b=zones.share)) / alpha, 0.0)


def fractional_rank(deprivation: npt.ArrayLike, weights: npt.ArrayLike) -> Array:
    """Rank zones from the most deprived (towards 0) to the least (towards 1), by their people.

    Parameters
    ----------
    deprivation
        A score, higher for more deprived.
    weights
        People; all above 0.

    Returns
    -------
    ndarray
        The middle of each zone's share in the line of all people; zones with the same score
        share one middle, so their order does not matter.

    Examples
    --------
    >>> fractional_rank([0.3, 0.1], [1000, 3000])
    array([0.125, 0.625])
    """
    people = np.asarray(weights, dtype=np.float64)
    return _midranks(-np.asarray(deprivation, dtype=np.float64), people / people.sum())


def concentration_index(
    rates: npt.ArrayLike, weights: npt.ArrayLike, deprivation: npt.ArrayLike
) -> float:
    """Say at which end of deprivation the rate gathers: 2 cov(y, R) / mu, -1 to 1.

    Parameters
    ----------
    deprivation
        A score per zone, higher for more deprived; a zone without one is left out.

    Returns
    -------
    float
        Negative when the more deprived zones have the higher rates, 0 when deprivation makes no
        difference. NaN when no zone is left or nothing happened.

    Notes
    -----
    Kakwani, Wagstaff and van Doorslaer, Journal of Econometrics 77 (1997).

    Examples
    --------
    >>> concentration_index([600, 400], [1000, 1000], [0.3, 0.1])
    -0.1
    """
    zones, rank = _ranked(rates, weights, deprivation)
    return zones.relative(2 * _covariance(zones, rank))


def slope_index(
    rates: npt.ArrayLike, weights: npt.ArrayLike, deprivation: npt.ArrayLike
) -> SlopeIndex:
    """Fit a line through rates over the rank of deprivation and read off both ends.

    Parameters
    ----------
    deprivation
        A score per zone, higher for more deprived; a zone without one is left out.

    Returns
    -------
    SlopeIndex
        NaN with fewer than two different scores; `rii` is NaN when the line starts at 0. There
        is no interval: PHEindicatormethods simulates one, this does not. With four to ten zones
        the line is a summary, not a test.

    Notes
    -----
    Low and Low, Journal of Public Health 26 (2004); the estimate of PHEindicatormethods
    `phe_sii` with its multiplier 1: least squares weighted by people.

    Examples
    --------
    >>> slope_index([600, 400], [1000, 1000], [0.3, 0.1])
    SlopeIndex(sii=-400.0, rii=0.42857142857142855)
    """
    zones, rank = _ranked(rates, weights, deprivation)
    spread = float(zones.share @ (rank - 0.5) ** 2)
    if len(np.unique(rank)) < 2:
        return SlopeIndex(float("nan"), float("nan"))
    sii = _covariance(zones, rank) / spread
    start = zones.mean - sii / 2
    return SlopeIndex(sii, (start + sii) / start if start else float("nan"))


def noise_floor(counts: npt.ArrayLike) -> float:
    """Give the coefficient of variation that chance alone leaves: sqrt(mean(1 / x)).

    A count of x varies by sqrt(x), so its rate varies by 1 / sqrt(x) of itself. It is the usual
    size of chance, not its limit: with four equal zones chance exceeds it one time in four.

    Parameters
    ----------
    counts
        Events per zone, better expected than seen (see `chance_cv`); missing ones are left out.

    Returns
    -------
    float
        Infinite when a zone has none, NaN when no zone is left.

    Examples
    --------
    >>> round(noise_floor([1300, 1300, 1300, 1300]), 3)
    0.028
    """
    x = np.asarray(counts, dtype=np.float64)
    known = x[~np.isnan(x)]
    if not known.size:
        return float("nan")
    if (known <= 0).any():
        return float("inf")
    return float(np.sqrt(np.mean(1 / known)))


def chance_cv(counts: npt.ArrayLike, population: npt.ArrayLike) -> float:
    """Give the coefficient of variation to expect when all zones share one rate.

    Zones then expect x_i = n_i sum(x) / sum(n) events, and chance parts their rates by about
    sqrt(mean(1 / x_i)). Show it beside every gain: a smaller one may be chance.

    Parameters
    ----------
    counts, population
        Events and people per zone. Zones without people, or with a missing count, are left out.

    Returns
    -------
    float
        A share, as the coefficient of variation is; infinite when nothing happened anywhere.

    Examples
    --------
    >>> round(chance_cv([1200, 1400, 1300, 1300], [20000, 20000, 20000, 20000]), 3)
    0.028
    """
    x, n = np.asarray(counts, dtype=np.float64), np.asarray(population, dtype=np.float64)
    used = _used(x, n)
    if not used.any():
        return float("nan")
    return noise_floor(n[used] * x[used].sum() / n[used].sum())


def observed_over_expected(
    counts: npt.ArrayLike, expected: npt.ArrayLike, *, confidence: float = USUAL
) -> Rates:
    """Set what is seen against what need would bring, zone by zone: indirect standardisation.

    Parameters
    ----------
    counts
        Events seen.
    expected
        Events that the zone would have if its people had the standard rates of their need group:
        sum over groups of people times standard rate. Taken as known.
    confidence
        0-1.

    Returns
    -------
    Rates
        Ratios (per 1) with Byar's limits; 1 is as expected. NaN where nothing is expected or a
        count is missing.

    Examples
    --------
    >>> float(observed_over_expected([130], [100]).value[0])
    1.3
    """
    limits = byar(counts, confidence=confidence)
    value, lower, upper = (rate(x, expected, per=1) for x in (counts, *limits))
    return Rates(value, lower, upper, 1, confidence)


@dataclass(frozen=True, eq=False)
class _Zones:
    """The zones that count: their rates, their shares of people, and the mean rate."""

    rate: Array
    share: Array
    mean: float

    @classmethod
    def of(cls, rates: npt.ArrayLike, weights: npt.ArrayLike) -> "_Zones":
        y, w = np.asarray(rates, dtype=np.float64), np.asarray(weights, dtype=np.float64)
        used = _used(y, w)
        if not used.any():
            return cls(y[used], w[used], float("nan"))
        share = w[used] / w[used].sum()
        return cls(y[used], share, float(share @ y[used]))

    def relative(self, amount: float) -> float:
        """Divide by the mean rate; NaN where nothing happened or no zone is left."""
        return amount / self.mean if self.mean > 0 else float("nan")


def _ranked(
    rates: npt.ArrayLike, weights: npt.ArrayLike, deprivation: npt.ArrayLike
) -> tuple[_Zones, Array]:
    y, w = np.asarray(rates, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    score = _scores(deprivation, y.shape)
    known = np.where(np.isnan(score), np.nan, y)
    zones = _Zones.of(known, w)
    return zones, fractional_rank(score[_used(known, w)], zones.share)


def _midranks(order_by: Array, share: Array) -> Array:
    """Give the middle of each share in the line ordered by `order_by`; ties have one middle."""
    _, group = np.unique(order_by, return_inverse=True)
    size = np.bincount(group, share)
    return np.asarray((np.cumsum(size) - size / 2)[group])


def _covariance(zones: _Zones, rank: Array) -> float:
    """Covary rates and ranks; the mean of ranks is one half. Without zones it is 0."""
    return float(zones.share @ ((zones.rate - zones.mean) * (rank - 0.5)))


def _used(rates: Array, weights: Array) -> npt.NDArray[np.bool_]:
    if rates.shape != weights.shape:
        raise LayerError(
            f"There are {rates.size} values and {weights.size} populations.",
            remedy="Give each zone one of each.",
        )
    if (rates < 0).any() or (weights < 0).any():
        raise LayerError("A rate or a population is negative.", remedy="Both are 0 or more.")
    return np.isfinite(rates) & np.isfinite(weights) & (weights > 0)


def _scores(deprivation: npt.ArrayLike, shape: tuple[int, ...]) -> Array:
    score = np.asarray(deprivation, dtype=np.float64)
    if score.shape != shape:
        raise LayerError(
            f"There are {score.size} deprivation scores for {shape[0]} zones.",
            remedy="Give each zone one, NaN where it is missing.",
        )
    return score


def within_chance(before: float, after: float, floors: npt.ArrayLike) -> bool:
    """Say whether chance alone could make two coefficients of variation differ as they do.

    It could where they differ by no more than the greatest of their noise floors, or where one of
    these is not known. A plain rule and no test; see docs/methods.md.

    >>> within_chance(9.0, 6.0, [2.9, 2.8]), within_chance(9.0, 7.0, [2.9, 2.8])
    (False, True)
    """
    return bool(not abs(after - before) > np.max(np.asarray(floors, dtype=np.float64)))
