"""Gain: whether a redraw is fairer than what it redraws or only luckier, and whether it lasts.

Two equities, never blended: rates (events per child) and load (open cases per worker). What was
counted in one year is one throw of the dice, so each is asked of the rates behind the counts.

The rates behind are drawn from a model with two levels. Each place (a zone of the plan before) has
a mean of its own around that of the authority, and each small area a rate of its own around that
of its place; both spreads are worked out from the counts. Counts are Poisson. A small area keeps
its rate whichever zone it is in. Numbers of children and of staff are taken as known.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from analysis.capacity import WEIGHTED_CASES, case_size
from analysis.caseload import OPEN_CASES
from analysis.equity import within_chance
from analysis.metrics import Facts
from analysis.scenario import Evaluation
from geo.plan import UNASSIGNED, Plan

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

DRAWS = 2_000
"""Enough for shares to the nearest per cent: 2,000 draws tell 50 % with an error of 1.1 %."""

LEVEL_YEARS = (0.8, 0.9)
"""The shares of years for which the tolerance that would be kept is told."""

HALF = 0.5
"""Zones of equal rates that stay level in fewer years than this: the tolerance is below chance."""

INSIDE = (0.025, 0.975)


@dataclass(frozen=True)
class Interval:
    """What a figure is expected to be, and the 95 % interval that it lies in."""

    mean: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Spread:
    """One measure of how far zones lie apart, before and after.

    Parameters
    ----------
    key
        Of the metric of the registry.
    before, after
        As counted; CVs in per cent, as in the registry.
    chance_before, chance_after
        What zones of equal rates would show: the noise floor of a CV, else the mean of draws.
    unlikely_before, unlikely_after
        The share of years in which zones of equal rates would show as much or more (a p-value).
    behind_before, behind_after
        The same measure of the rates behind the counts.
    probability
        That the rates behind lie closer together after than before: that a gain is real. However
        small it is: whether one has been shown at all, `is_within_chance` says. NaN where there
        are fewer than two zones to compare.
    """

    key: str
    before: float
    after: float
    chance_before: float
    chance_after: float
    unlikely_before: float
    unlikely_after: float
    behind_before: Interval
    behind_after: Interval
    probability: float

    @property
    def is_within_chance(self) -> bool:
        """Whether chance alone could make a change of that size: then no gain has been shown.

        The same rule as between any two plans: no more than the greater of both noise floors, or
        one of them not known.
        """
        return within_chance(self.before, self.after, (self.chance_before, self.chance_after))


@dataclass(frozen=True, eq=False)
class Stability:
    """How level the zones of one plan will be next year, if nothing but chance changes.

    Parameters
    ----------
    zones
        Those that could be compared; `left_out` names the others.
    base
        What the events of each are counted over: tens of thousands of children, or FTE.
    value, mean
        What each zone has now and all of them together: events over that.
    lower, upper
        What each zone will have in 95 % of years.
    tolerance
        Share of the mean that a zone may be away.
    inside
        Share of years in which each zone is.
    level
        Share of years in which all are.
    by_chance
        That share if all zones had equal rates: no plan can do much better.
    needed
        The tolerance that would be kept in each share of `LEVEL_YEARS`.
    """

    zones: tuple[str, ...]
    left_out: tuple[str, ...]
    base: Array
    value: Array
    mean: float
    lower: Array
    upper: Array
    tolerance: float
    inside: Array
    level: float
    by_chance: float
    needed: tuple[float, ...]

    @property
    def tighter_than_chance(self) -> bool:
        """Whether even zones of equal rates would mostly not stay within the tolerance."""
        return self.by_chance < HALF


@dataclass(frozen=True, eq=False)
class Outlook:
    """One count over one base, before and after: how level its zones will stay."""

    key: str
    before: Stability
    after: Stability


@dataclass(frozen=True, eq=False)
class Equity:
    """One of the two equities: measures of spread, and what next year may bring."""

    spreads: tuple[Spread, ...]
    outlooks: tuple[Outlook, ...]

    def spread(self, key: str) -> Spread:
        """Give the spread of that metric."""
        return next(spread for spread in self.spreads if spread.key == key)

    def outlook(self, key: str) -> Outlook:
        """Give the outlook of that metric of a zone."""
        return next(outlook for outlook in self.outlooks if outlook.key == key)


Drawing = Callable[[Array, Array, npt.NDArray[np.int32]], Array]
"""Draws what small areas can be expected to count, from counts, people and places."""


@dataclass(frozen=True, eq=False)
class Gain:
    """Both equities of a redraw, kept apart."""

    rates: Equity
    load: Equity


def gain(
    before: Evaluation,
    after: Evaluation,
    *,
    rng: np.random.Generator,
    draws: int = DRAWS,
    tolerance: float | None = None,
    drawing: Drawing | None = None,
) -> Gain:
    """Say how far zones lie apart before and after a redraw, what of it is chance, and for long.

    Zones are compared among each other within each plan, so the plans may have different numbers
    of zones.

    Parameters
    ----------
    before, after
        Of the same units. Staff and weights are those that each was evaluated with.
    rng
        The same seed gives the same answer.
    draws
        Of the rates behind the counts, and of next years.
    tolerance
        Share of the mean that a zone may be away and still be level; by default that of the later
        plan's assumptions.
    drawing
        Draws what is behind the counts, `draws` times: `draw_events` by default. It depends on the
        counts and the lines before only, so that whoever tries line after line may keep it.

    Returns
    -------
    Gain
        What the pack does not count is left out.

    Raises
    ------
    PlanError
        When the plans are not of the same units.

    Notes
    -----
    Open cases are taken as if all had moved with their small areas: the load that the lines lead
    to, not the load on the day they change. Weighted cases are taken to vary as cases of one size
    (`capacity.case_size`), everywhere the same.
    """
    after.plan.require_units(before.plan.units)
    if tolerance is None:
        tolerance = after.facts.assumptions.tolerance
    if drawing is None:
        drawing = partial(draw_events, rng=rng, draws=draws)
    study = _Study(before.facts, after.facts, rng, tolerance, drawing)
    return Gain(
        rates=_equity(study, _RATES, ("referral_rate", "cin_rate", "cp_rate")),
        load=_equity(study, _LOADS, ("weighted_load",)),
    )


def draw_events(
    counts: npt.ArrayLike,
    people: npt.ArrayLike,
    places: npt.ArrayLike,
    *,
    rng: np.random.Generator,
    draws: int = DRAWS,
) -> Array:
    """Draw what each small area can be expected to count a year, given what it counted.

    Parameters
    ----------
    counts, people
        Events and people per small area; NaN where missing.
    places
        The place of each, any whole numbers: small areas of one place are taken to be more alike.

    Returns
    -------
    ndarray
        Shape (draws, areas); NaN where a count is missing. Where nobody lives, the count itself.

    Notes
    -----
    Gamma and Poisson, with two levels. With r = x / n, r_j = X_j / N_j of place j, m = X / N of
    all, k areas in J places and q_j = sum n^2 within j:

    1. Within places, empirical Bayes by moments, held at 0 or more (as Marshall, Applied Statistics
       40, 1991, for one level): A2 = (sum n (r - r_j)^2 - (k - J) m) / (N - sum q_j / N_j). The
       rate of an area is then drawn from the gamma of shape mu_j^2 / A2 + x and rate mu_j / A2 + n.
    2. Between places, of which there are few, the spread A1 is drawn as well, from its likelihood
       with r_j about normal, of mean m and variance A1 + v_j, v_j = A2 q_j / N_j^2 + m / N_j, every
       standard deviation up to m equally likely beforehand, and the common mean unknown (Gelman,
       Bayesian Analysis 1, 2006). The mean mu_j of a place is drawn from a gamma of mean
       w r_j + (1 - w) m and variance A1 (1 - w), w = A1 / (A1 + v_j).

    One level alone draws a place of many areas towards the mean of all as strongly as its areas:
    on the shipped packs zones then look up to 15 % more alike than they are.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> drawn = draw_events([30, 10], [1000, 1000], [0, 0], rng=rng, draws=4000)
    >>> drawn.mean(axis=0).round(0)
    array([29., 11.])
    """
    x, n = np.asarray(counts, dtype=np.float64), np.asarray(people, dtype=np.float64)
    known = ~np.isnan(x + n)
    drawn = np.full((draws, len(x)), np.nan)
    drawn[:, known] = x[known]
    used = known & (n > 0)
    if not x[used].sum() > 0:
        return drawn
    place = np.unique(np.asarray(places)[used], return_inverse=True)[1]
    drawn[:, used] = _rates_behind(x[used], n[used], place, rng, draws) * n[used]
    return drawn


def cv(rates: Array, weights: Array) -> Array:
    """Give the coefficient of variation of each row of rates; NaN where a row has none.

    Shapes (rows, zones) and (zones,). It is `equity.coefficient_of_variation`, row by row.
    """
    share = weights / weights.sum()
    mean = rates @ share
    apart = np.sqrt(np.maximum((rates - mean[:, None]) ** 2 @ share, 0))
    return np.asarray(apart / np.where(mean > 0, mean, np.nan))


def gini(rates: Array, weights: Array) -> Array:
    """Give the Gini coefficient of each row of rates, as `equity.gini` does."""
    share = weights / weights.sum()
    mean = rates @ share
    order = np.argsort(rates, axis=1)
    ranked, portion = np.take_along_axis(rates, order, axis=1), share[order]
    middle = np.cumsum(portion, axis=1) - portion / 2
    apart = 2 * (portion * ranked * (middle - 0.5)).sum(axis=1)
    return np.asarray(np.maximum(apart, 0) / np.where(mean > 0, mean, np.nan))


def max_min(rates: Array, weights: Array) -> Array:  # noqa: ARG001  as the other measures
    """Give the highest rate over the lowest of each row; infinite where the lowest is 0."""
    highest, lowest = rates.max(axis=1), rates.min(axis=1)
    ratio = highest / np.where(lowest > 0, lowest, np.nan)
    return np.where((lowest <= 0) & (highest > 0), np.inf, ratio)


Measure = Callable[[Array, Array], Array]


@dataclass(frozen=True)
class _Wanted:
    """A metric of the registry: what it is a measure of, and its noise floor if it has one."""

    key: str
    of: str
    measure: Measure
    times: float = 1.0
    noise: str = ""


_RATES = (
    _Wanted("referral_cv", "referral_rate", cv, 100, "referral_noise"),
    _Wanted("referral_gini", "referral_rate", gini),
    _Wanted("referral_max_min", "referral_rate", max_min),
    _Wanted("oe_cv", "oe", cv, 100, "oe_noise"),
    _Wanted("oe_max_min", "oe", max_min),
    _Wanted("cin_cv", "cin_rate", cv, 100, "cin_noise"),
    _Wanted("cp_cv", "cp_rate", cv, 100, "cp_noise"),
)
_LOADS = (
    _Wanted("weighted_load_cv", "weighted_load", cv, 100, "weighted_load_noise"),
    _Wanted("weighted_load_max_min", "weighted_load", max_min),
    _Wanted("load_cv", "cases_per_fte", cv, 100, "load_noise"),
    _Wanted("load_gini", "cases_per_fte", gini),
    _Wanted("load_max_min", "cases_per_fte", max_min),
)


@dataclass(frozen=True, eq=False)
class _Side:
    """Events over a base for one plan: what is behind them, and what chance would make of it.

    Arrays hold the zones that are used; `behind` and `next_year` and `chance` are per unit of the
    base, shape (draws, zones).
    """

    plan: Plan
    used: Mask
    base: Array
    seen: Array
    behind: Array
    next_year: Array
    chance: Array

    @property
    def usable(self) -> bool:
        """Whether there are zones to lie apart at all."""
        return len(self.base) > 1 and bool(self.seen.sum() > 0)


class _Study:
    """Draws that all measures share, so that before and after are of the same rates behind."""

    def __init__(
        self,
        before: Facts,
        after: Facts,
        rng: np.random.Generator,
        tolerance: float,
        drawing: Drawing,
    ) -> None:
        """Draw nothing yet: only what is asked for is drawn."""
        self.tolerance = tolerance
        self._facts = {"before": before, "after": after}
        self._rng, self._drawing = rng, drawing
        self._events: dict[bytes, Array] = {}
        self._zones: dict[tuple[bytes, Plan], Array] = {}
        self._sides: dict[tuple[str, str], _Side | None] = {}

    def facts(self, when: str) -> Facts:
        """Give the facts before or after."""
        return self._facts[when]

    def side(self, of: str, when: str) -> _Side | None:
        """Give the events and the base of a metric of a zone; None where they are not counted."""
        if (of, when) not in self._sides:
            self._sides[of, when] = self._make(of, when)
        return self._sides[of, when]

    def _make(self, of: str, when: str) -> _Side | None:
        facts = self.facts(when)
        key, base = _COUNTS[of], _base(of, facts)
        size = case_size(facts.measures, facts.assumptions) if key == WEIGHTED_CASES else 1.0
        if not facts.measures.has(key) or base is None:
            return None
        drawn = self._drawn(key, facts, size)
        counts = facts.counts(key)
        used = np.isfinite(counts + drawn[0]) & np.isfinite(base) & (base > 0)
        per, behind = base[used], drawn[:, used]
        share = per / per.sum()
        even = np.broadcast_to(share * counts[used].sum() / size, behind.shape)
        return _Side(
            plan=facts.plan,
            used=used,
            base=per,
            seen=counts[used] / per,
            behind=behind * size / per,
            next_year=self._rng.poisson(behind) * size / per,
            chance=self._rng.poisson(even) * size / per,
        )

    def _drawn(self, key: str, facts: Facts, size: float) -> Array:
        """Draw what zones can be expected to count, in cases of one size.

        The same counts under two names, as open cases of weight 1 are, are drawn and added up once.
        """
        counts, children = (facts.measures.counts(k) for k in (key, "children"))
        effective = counts / size
        mark = effective.tobytes()
        if mark not in self._events:
            places = self.facts("before").plan.assignment
            self._events[mark] = self._drawing(effective, children, places)
        if (mark, facts.plan) not in self._zones:
            self._zones[mark, facts.plan] = _per_zone(facts.plan, self._events[mark])
        return self._zones[mark, facts.plan]


_COUNTS = {
    "referral_rate": "referrals",
    "oe": "referrals",
    "cin_rate": "cin",
    "cp_rate": "open_cp",
    "weighted_load": WEIGHTED_CASES,
    "cases_per_fte": OPEN_CASES,
}
"""The count behind each figure of a zone."""

_PER = {"referral_rate": 10_000.0, "cin_rate": 10_000.0, "cp_rate": 10_000.0}
"""What the figure of a zone is per, where not per 1."""


def _equity(study: _Study, wanted: Sequence[_Wanted], looked_at: Sequence[str]) -> Equity:
    spreads = [_spread(study, one) for one in wanted]
    outlooks = [_outlook(study, of) for of in looked_at]
    return Equity(
        tuple(spread for spread in spreads if spread), tuple(one for one in outlooks if one)
    )


def _spread(study: _Study, wanted: _Wanted) -> Spread | None:
    was, now = study.side(wanted.of, "before"), study.side(wanted.of, "after")
    if was is None or now is None:
        return None
    (seen, chance, odds), (seen_after, chance_after, odds_after) = (
        _told(wanted, side, study.facts(when)) for side, when in ((was, "before"), (now, "after"))
    )
    behind = [_measured(wanted, side, side.behind) for side in (was, now)]
    return Spread(
        key=wanted.key,
        before=seen,
        after=seen_after,
        chance_before=chance,
        chance_after=chance_after,
        unlikely_before=odds,
        unlikely_after=odds_after,
        behind_before=_interval(behind[0]),
        behind_after=_interval(behind[1]),
        probability=_share(behind[1] < behind[0] * _NEARLY, known=was.usable and now.usable),
    )


_NEARLY = 1 - 1e-12
"""Figures that differ by less are the same: sums are off by the last digit."""

_SLACK = 1e-9
"""Small counts often lie at the very end of the tolerance, and are inside."""


def _told(wanted: _Wanted, side: _Side, facts: Facts) -> tuple[float, float, float]:
    """Give a measure as counted, by chance, and how unlikely chance makes it."""
    seen = float(_measured(wanted, side, side.seen[None, :])[0])
    even = _measured(wanted, side, side.chance)
    chance = _noise(wanted, facts) if wanted.noise else float(np.mean(even))
    return seen, chance, _share(even >= seen * _NEARLY, known=not np.isnan(seen))


def _measured(wanted: _Wanted, side: _Side, rates: Array) -> Array:
    """Work the measure out row by row; NaN where there are no zones to lie apart."""
    if not side.usable:
        return np.full(len(rates), np.nan)
    return wanted.measure(rates, side.base) * wanted.times


def _noise(wanted: _Wanted, facts: Facts) -> float:
    """Give the noise floor of a CV, which is that of the registry."""
    floors = {
        "referral_noise": lambda: facts.referral_equity.noise_floor,
        "cin_noise": lambda: facts.cin_equity.noise_floor,
        "cp_noise": lambda: facts.cp_equity.noise_floor,
        "oe_noise": lambda: facts.need_equity.noise_floor,
        "load_noise": lambda: facts.load_equity.noise_floor,
        "weighted_load_noise": lambda: facts.weighted_noise,
    }
    return 100 * floors[wanted.noise]()


def _outlook(study: _Study, of: str) -> Outlook | None:
    sides = [study.side(of, when) for when in ("before", "after")]
    if sides[0] is None or sides[1] is None:
        return None
    per = _PER.get(of, 1.0)
    before, after = (_stability(side, study.tolerance, per) for side in sides if side)
    return Outlook(of, before, after)


def _stability(side: _Side, tolerance: float, per: float) -> Stability:
    zones = np.array(side.plan.zones, dtype=object)
    away, by_chance = _away(side.next_year, side.base), _away(side.chance, side.base)
    farthest = away.max(axis=1, initial=0)
    some, limit = side.usable, tolerance + _SLACK
    ends = np.quantile(side.next_year, INSIDE, axis=0) * per
    return Stability(
        zones=tuple(zones[side.used]),
        left_out=tuple(zones[~side.used]),
        base=side.base / per,
        value=side.seen * per,
        mean=float(_mean(side.seen[None, :], side.base)[0]) * per
        if len(side.base)
        else float("nan"),
        lower=ends[0],
        upper=ends[1],
        tolerance=tolerance,
        inside=(away <= limit).mean(axis=0),
        level=_share(farthest <= limit, known=some),
        by_chance=_share(by_chance.max(axis=1, initial=0) <= limit, known=some),
        needed=tuple(float(q) for q in np.quantile(farthest, LEVEL_YEARS))
        if some
        else (float("nan"),) * len(LEVEL_YEARS),
    )


def _away(rates: Array, base: Array) -> Array:
    """Say how far each zone is from the mean of all, as a share of it, year by year."""
    if not len(base):
        return np.zeros(rates.shape)
    mean = _mean(rates, base)[:, None]
    # a year in which nothing happens anywhere is level
    return np.where(mean > 0, np.abs(rates / np.where(mean > 0, mean, 1) - 1), 0.0)


def _mean(rates: Array, base: Array) -> Array:
    return np.asarray(rates @ (base / base.sum()))


def _share(which: Mask, *, known: bool) -> float:
    return float(np.mean(which)) if known else float("nan")


def _interval(drawn: Array) -> Interval:
    # between two infinite ratios there is no middle
    lower, upper = np.quantile(drawn, INSIDE, method="inverted_cdf")
    return Interval(float(np.mean(drawn)), float(lower), float(upper))


def _base(of: str, facts: Facts) -> Array | None:
    """Give what the events of a figure are counted over, per zone."""
    if of == "oe":
        return None if facts.need is None else _due(facts)
    if of == "cases_per_fte":
        return facts.fte_in_use
    return facts.available_in_use if of == "weighted_load" else facts.counts("children")


def _due(facts: Facts) -> Array | None:
    """Give the referrals that need would bring to each zone; None where they are not counted."""
    found = facts.against_need
    return None if found is None else found.expected


def _per_zone(plan: Plan, drawn: Array) -> Array:
    """Add up draws of small areas by zone; a missing one makes its zone NaN."""
    inside = plan.assignment != UNASSIGNED
    member = np.zeros((len(inside), len(plan.zones)))
    member[inside, plan.assignment[inside]] = 1
    lacks = np.isnan(drawn[0])  # a small area is missing in every draw or in none
    total = np.asarray((np.where(lacks, 0.0, drawn) if lacks.any() else drawn) @ member)
    total[:, (lacks @ member) > 0] = np.nan
    return total


def _rates_behind(
    x: Array, n: Array, place: npt.NDArray[np.intp], rng: np.random.Generator, draws: int
) -> Array:
    """Draw rates of small areas, shape (draws, areas), from the model of `draw_events`."""
    overall = x.sum() / n.sum()
    events, people, squares = (
        np.bincount(place, part).astype(np.float64) for part in (x, n, n * n)
    )
    local = events / people
    within = _within(x, n, place, local)
    chance = within * squares / people**2 + overall / people
    mean = _place_means(local, chance, overall, rng, draws)[:, place]
    if not within > 0:
        return mean
    return rng.gamma(mean**2 / within + x, 1 / (mean / within + n))


def _within(x: Array, n: Array, place: npt.NDArray[np.intp], local: Array) -> float:
    """Estimate the variance of rates of small areas around that of their place; 0 or more."""
    people, squares = (np.bincount(place, part) for part in (n, n * n))
    room = n.sum() - (squares / people).sum()
    if not room > 0:  # one area a place says nothing of the spread within
        return 0.0
    seen = (n * (x / n - local[place]) ** 2).sum()
    by_chance = (len(x) - len(people)) * x.sum() / n.sum()
    return max(0.0, float((seen - by_chance) / room))


def _place_means(
    local: Array, chance: Array, overall: float, rng: np.random.Generator, draws: int
) -> Array:
    """Draw the mean of each place, shape (draws, places).

    There are few places, so the spread between them is known only roughly: it is drawn as well.
    """
    between = (np.linspace(0, 1, _STEPS) * overall) ** 2
    total = between[:, None] + chance
    precision = (1 / total).sum(axis=1)
    centre = (local / total).sum(axis=1) / precision
    fit = -0.5 * (np.log(total) + (local - centre[:, None]) ** 2 / total).sum(axis=1)
    fit -= 0.5 * np.log(precision)
    odds = np.exp(fit - fit.max())
    at = rng.choice(_STEPS, size=draws, p=odds / odds.sum())
    keep = (between[:, None] / total)[at]
    mean = _gamma(centre[at], 1 / precision[at], rng)[:, None]
    return _gamma(keep * local + (1 - keep) * mean, between[at][:, None] * (1 - keep), rng)


_STEPS = 201
"""Sizes of spread between places that are tried: none to as much as the mean itself."""


def _gamma(mean: Array, variance: Array, rng: np.random.Generator) -> Array:
    """Draw from gammas of these means and variances; the mean itself where nothing varies."""
    sure = variance <= 0
    some = np.where(sure, 1.0, variance)
    return np.where(sure, mean, rng.gamma(mean**2 / some, some / mean))
