"""Rates and proportions with their intervals, and what a benchmark says about them.

The definitions are those of Fingertips (Office for Health Improvement and Disparities, technical
guidance) as its R package PHEindicatormethods computes them, so that a number agrees with the one
that is published. Counts come in; a rate is made only here, and never averaged.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import chdtri, ndtri, pdtrik  # scipy.stats takes a second to load

from geo.errors import LayerError
from layers.indicators import Indicator, Kind, Polarity

Array = npt.NDArray[np.float64]

EXACT_BELOW = 10
"""Events below which the Poisson limits are exact, and a standardised rate is not given."""

USUAL = 0.95
STRICT = 0.998
"""The two levels of confidence that Fingertips shows: 95 % and 99.8 %."""

Verdict = Literal["better", "similar", "worse", "higher", "lower", "not compared"]

_VERDICTS: dict[Polarity, tuple[Verdict, Verdict]] = {
    "high": ("better", "worse"),
    "low": ("worse", "better"),
    "none": ("higher", "lower"),
}
"""What a value above, and one below, the benchmark is called."""


class Limits(NamedTuple):
    """The lower and the upper end of an interval; arrays of one shape."""

    lower: Array
    upper: Array


@dataclass(frozen=True, eq=False)
class Rates:
    """Values with their intervals, all times `per`.

    Parameters
    ----------
    value, lower, upper
        Of one shape. NaN where the denominator is 0 or a count is missing.
    per
        What the quotients were multiplied by: 10,000 children, 100 for per cent, 1 for a share.
    confidence
        Of the interval, 0-1.
    """

    value: Array
    lower: Array
    upper: Array
    per: float
    confidence: float = USUAL

    def __post_init__(self) -> None:
        """Freeze the arrays."""
        for array in (self.value, self.lower, self.upper):
            array.setflags(write=False)


def rate(x: npt.ArrayLike, n: npt.ArrayLike, *, per: float) -> Array:
    """Divide events by people, times `per`.

    Parameters
    ----------
    x, n
        Counts, of shapes that broadcast. A rate may have more events than people.
    per
        10,000 gives a rate per 10,000.

    Returns
    -------
    ndarray
        NaN where `n` is 0 or either count is missing (NaN).

    Raises
    ------
    LayerError
        When a count is negative or infinite.

    Examples
    --------
    >>> rate([331, 5], [77156, 0], per=10_000).round(1)
    array([42.9,  nan])
    """
    events, people = _counts(x), _counts(n)
    return events / np.where(people > 0, people, np.nan) * per


def byar(x: npt.ArrayLike, *, confidence: float = USUAL) -> Limits:
    """Give the limits of a count of events: Byar's, and exact Poisson below 10.

    Parameters
    ----------
    x
        Events; NaN where missing.
    confidence
        0-1.

    Returns
    -------
    Limits
        In events. The lower limit of no event is 0.

    Raises
    ------
    LayerError
        When a count is negative or infinite, or the confidence is not between 0 and 1.

    Notes
    -----
    Breslow and Day, Statistical Methods in Cancer Research, volume II (1987);
    PHEindicatormethods `phe_rate`.

    Examples
    --------
    >>> [float(limit.round(2)) for limit in byar(65)]
    [50.16, 82.85]
    """
    events, tail = _counts(x), _tail(confidence)
    exact = events < EXACT_BELOW
    # the branch that is not taken still wants events that it can divide by
    many, few = np.maximum(events, EXACT_BELOW), np.minimum(events, EXACT_BELOW)
    z = -ndtri(tail)
    lower = many * (1 - 1 / (9 * many) - z / (3 * np.sqrt(many))) ** 3
    upper = (many + 1) * (1 - 1 / (9 * (many + 1)) + z / (3 * np.sqrt(many + 1))) ** 3
    least = np.where(few > 0, chdtri(2 * np.maximum(few, 1e-9), 1 - tail) / 2, few)
    most = chdtri(2 * few + 2, tail) / 2
    return Limits(np.where(exact, least, lower), np.where(exact, most, upper))


def rate_interval(
    x: npt.ArrayLike, n: npt.ArrayLike, *, per: float, confidence: float = USUAL
) -> Limits:
    """Give the limits of a rate: those of its events, over its people, times `per`.

    The denominator is taken as known.

    Raises
    ------
    LayerError
        When a count is negative or infinite, or the confidence is not between 0 and 1.

    Examples
    --------
    >>> [float(limit.round(1)) for limit in rate_interval(331, 77156, per=10_000)]
    [38.4, 47.8]
    """
    limits = byar(x, confidence=confidence)
    return Limits(rate(limits.lower, n, per=per), rate(limits.upper, n, per=per))


def wilson(x: npt.ArrayLike, n: npt.ArrayLike, *, confidence: float = USUAL) -> Limits:
    """Give the limits of a proportion by Wilson's score, as shares 0-1.

    Parameters
    ----------
    x, n
        Cases, and those of whom they are a part.
    confidence
        0-1.

    Returns
    -------
    Limits
        NaN where `n` is 0 or either count is missing.

    Raises
    ------
    LayerError
        When there are more cases than `n`: then it is a rate, not a proportion.

    Notes
    -----
    Wilson, J Am Stat Assoc 22 (1927); PHEindicatormethods `phe_proportion`.

    Examples
    --------
    >>> [float(limit.round(4)) for limit in wilson(65, 100)]
    [0.5525, 0.7364]
    """
    cases, all_ = _counts(x), _counts(n)
    _refuse_parts_above_whole(cases, all_)
    known = np.where(all_ > 0, all_, np.nan)
    z = -ndtri(_tail(confidence))
    # rounding may leave x (1 - x/n) just below 0 where x = n
    spread = z * np.sqrt(z**2 + 4 * np.maximum(cases * (1 - cases / known), 0))
    middle, width = 2 * cases + z**2, 2 * (known + z**2)
    return Limits(
        np.maximum((middle - spread) / width, 0), np.minimum((middle + spread) / width, 1)
    )


def standardised_rate(
    x: npt.ArrayLike,
    n: npt.ArrayLike,
    weights: npt.ArrayLike,
    *,
    per: float,
    confidence: float = USUAL,
) -> Rates:
    """Standardise rates directly: what each zone's rate would be with the same mix of people.

    Parameters
    ----------
    x, n
        Events and people, shape (..., bands): one column a band of age or need.
    weights
        People per band in the standard population, shape (bands,).
    per, confidence
        As elsewhere.

    Returns
    -------
    Rates
        Shape (...). Neither value nor limits below 10 events in all, nor where a band has no
        people or a count is missing.

    Raises
    ------
    LayerError
        When a count or weight is negative, or the weights do not fit or are all 0.

    Notes
    -----
    Dobson and others, Stat Med 10 (1991), as PHEindicatormethods `calculate_dsr`.

    Examples
    --------
    >>> rates = standardised_rate([[10, 40]], [[1000, 2000]], [3000, 1000], per=1000)
    >>> float(rates.value[0].round(4))
    12.5
    """
    events, people, standard = _counts(x), _counts(n), _counts(weights)
    if standard.shape != events.shape[-1:] or not standard.sum() > 0:
        raise LayerError(
            f"There are {standard.size} standard weights for {events.shape[-1]} bands.",
            remedy="Give each band one weight of 0 or more, and not all 0.",
        )
    share = standard / standard.sum() / np.where(people > 0, people, np.nan)
    total = events.sum(axis=-1)
    total = np.where(total < EXACT_BELOW, np.nan, total)
    value = np.where(np.isnan(total), np.nan, (share * events).sum(axis=-1))
    scale = np.sqrt((share**2 * events).sum(axis=-1) / total)
    limits = byar(total, confidence=confidence)
    lower, upper = (value + scale * (limit - total) for limit in limits)
    return Rates(value * per, lower * per, upper * per, per, confidence)


def indicator_values(
    indicator: Indicator, x: npt.ArrayLike, n: npt.ArrayLike, *, confidence: float = USUAL
) -> Rates:
    """Work out an indicator with its interval, in the indicator's own unit.

    Parameters
    ----------
    indicator
        Its `kind` decides the interval (Byar for a rate, Wilson for a proportion, none for a
        mean), its `per` the unit: benchmarks are in the same.
    x, n
        Counts of its numerator and denominator, zone by zone.

    Returns
    -------
    Rates
        Nothing is known of a proportion that counts more than there are to count among, as two
        sources of different dates may in a small area.

    Raises
    ------
    LayerError
        When a count is negative or infinite.
    """
    if indicator.kind == "proportion":
        x = np.where(more_than_the_whole(x, n), np.nan, x)
    value = rate(x, n, per=indicator.per)
    if indicator.kind == "mean":  # a score is no count: chance has no known share in it
        unknown = np.full(value.shape, np.nan)
        return Rates(value, unknown, unknown, indicator.per, confidence)
    limits = _interval(indicator.kind, x, n, per=indicator.per, confidence=confidence)
    return Rates(value, limits.lower, limits.upper, indicator.per, confidence)


def compare(rates: Rates, benchmark: npt.ArrayLike, *, polarity: Polarity) -> npt.NDArray[np.str_]:
    """Say how each value stands to a benchmark, at the confidence of its interval.

    Similar means that the benchmark lies inside the interval, ends included: chance may explain
    the difference. The benchmark itself is taken as known.

    Parameters
    ----------
    benchmark
        In the unit of `rates` (times its `per`); one for all, or one a value.
    polarity
        Whether `high` or `low` is better. With `none`, which referral, protection and
        looked-after rates have, the answer is higher or lower and never a judgement.

    Returns
    -------
    ndarray of str
        `better`, `similar`, `worse`; `higher`, `similar`, `lower`; or `not compared` where the
        value, its interval or the benchmark is missing.

    Examples
    --------
    >>> low, high = np.array([38.4]), np.array([47.8])
    >>> compare(Rates(np.array([42.9]), low, high, 10_000), 37, polarity="none").tolist()
    ['higher']
    """
    mark = np.asarray(benchmark, dtype=np.float64)
    above, below = _VERDICTS[polarity]
    known = ~np.isnan(rates.value + rates.lower + rates.upper + mark)
    return np.select(
        [~known, rates.lower > mark, rates.upper < mark],
        ["not compared", above, below],
        default="similar",
    )


def funnel_limits(
    baseline: float, n: npt.ArrayLike, *, kind: Kind, per: float = 1, confidence: float = USUAL
) -> Limits:
    """Give the control limits of a funnel plot: between them, chance explains the difference.

    Parameters
    ----------
    baseline
        The common value, sum of x over sum of n, times `per`.
    n
        Denominators at which the limits are wanted.
    kind
        `rate` for exact Poisson limits, `proportion` for inverse Wilson limits.
    per
        What `baseline` is multiplied by; so are the limits.

    Returns
    -------
    Limits
        Where a value's own interval would just touch the baseline. NaN where `n` is 0 or
        missing; a lower limit of 0 where even no event would be no surprise.

    Raises
    ------
    LayerError
        When the baseline is negative, is a proportion above 1, or belongs to a mean.

    Notes
    -----
    PHEindicatormethods `calculate_funnel_limits`.

    Examples
    --------
    >>> [float(limit.round(5)) for limit in funnel_limits(0.25, 100, kind="proportion")]
    [0.16513, 0.33487]
    """
    if kind == "mean":
        raise LayerError(
            "A mean has no funnel: chance has no known share in a score.",
            remedy="Plot a rate or a proportion.",
        )
    people, tail, share = _counts(n), _tail(confidence), float(_counts(baseline)) / per
    known = np.where(people > 0, people, np.nan)
    if kind == "rate":
        return _poisson_limits(share * known, known, tail, per)
    if share > 1:
        raise LayerError(
            f"The baseline {baseline} per {per:g} is a proportion above 1.",
            remedy="Give it per the same number as the values, or take it as a rate.",
        )
    spread = -ndtri(tail) * np.sqrt(share * (1 - share) / known)
    return Limits(np.maximum(share - spread, 0) * per, np.minimum(share + spread, 1) * per)


def _poisson_limits(expected: Array, people: Array, tail: float, per: float) -> Limits:
    """Invert the exact Poisson limits: the counts whose interval ends at what is expected."""
    some = np.where(expected > 0, expected, 1.0)
    least = np.where(np.exp(-some) < tail, pdtrik(tail, some), 0.0)
    most = pdtrik(1 - tail, some) + 1
    counts = (np.where(expected > 0, count, expected) for count in (least, most))
    return Limits(*(count / people * per for count in counts))


def _interval(
    kind: Kind, x: npt.ArrayLike, n: npt.ArrayLike, *, per: float, confidence: float
) -> Limits:
    if kind == "rate":
        return rate_interval(x, n, per=per, confidence=confidence)
    limits = wilson(x, n, confidence=confidence)
    return Limits(limits.lower * per, limits.upper * per)


def _counts(values: npt.ArrayLike) -> Array:
    counts = np.asarray(values, dtype=np.float64)
    wrong = (counts < 0) | np.isinf(counts)
    if wrong.any():
        raise LayerError(
            f"A count is {counts[wrong].flat[0]:g}.", remedy="A count is 0 or more, NaN if missing."
        )
    return counts


def more_than_the_whole(part: npt.ArrayLike, whole: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Say where a count is more than that of which it should be a part; never where one is NaN."""
    return np.asarray(np.asarray(part, dtype=np.float64) > np.asarray(whole, dtype=np.float64))


def _refuse_parts_above_whole(part: Array, whole: Array) -> None:
    above = more_than_the_whole(part, whole)
    if above.any():
        x, n = (np.broadcast_to(side, above.shape)[above].flat[0] for side in (part, whole))
        raise LayerError(
            f"A proportion has {x:g} cases among {n:g}.",
            remedy="Swap the counts, or make the indicator a rate.",
        )


def _tail(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise LayerError(
            f"The confidence is {confidence}.", remedy="Give a share between 0 and 1, as 0.95."
        )
    return (1 - confidence) / 2
