"""Need: what would be expected of a zone's children, how deprived they are, and what to doubt.

Everything is added up from small areas over a plan, so that it is worked out anew after a redraw.
A need group is a band of small areas alike in need (tenths of IDACI or of the Index of Multiple
Deprivation, or of any other score). Counts that come in are not suppressed and neither is what
goes out: disclosure control comes last, in `analysis.tables`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from analysis.aggregate import ZoneTotals
from analysis.equity import fractional_rank, observed_over_expected
from analysis.rates import USUAL, Rates, indicator_values, rate
from geo.errors import LayerError
from geo.plan import UNASSIGNED, Plan
from layers.indicators import Indicator, Kind

Array = npt.NDArray[np.float64]
Groups = npt.NDArray[np.int64]

NO_GROUP = -1
"""The need group of a small area whose need is not known."""

TENTHS = 10

Doubt = Literal["more than the whole", "nobody to count among", "above the plausible"]


@dataclass(frozen=True, eq=False)
class NeedAdjusted:
    """What was seen in each zone beside what its children's need would bring.

    Parameters
    ----------
    zones
        The plan's zones.
    observed, expected
        Events per zone, over its small areas whose need is known. NaN where one of these lacks a
        count, or belongs to a group without a reference rate.
    ratio
        Observed over expected, with Byar's limits; 1 is as expected.
    left_out
        People per zone in small areas of unknown need, who are in neither count.
    """

    zones: tuple[str, ...]
    observed: Array
    expected: Array
    ratio: Rates
    left_out: Array

    def __post_init__(self) -> None:
        """Freeze the arrays."""
        for array in (self.observed, self.expected, self.left_out):
            array.setflags(write=False)


@dataclass(frozen=True, eq=False)
class Smoothed:
    """Rates drawn towards their mean, for maps only.

    Parameters
    ----------
    value
        Times `per`; NaN where the raw rate has no value.
    weight
        How much of each value is its own raw rate, 0-1; the rest is the mean.
    mean
        All events over all people, times `per`.
    """

    value: Array
    weight: Array
    mean: float
    per: float

    def __post_init__(self) -> None:
        """Freeze the arrays."""
        self.value.setflags(write=False)
        self.weight.setflags(write=False)


@dataclass(frozen=True, eq=False)
class ZoneDeprivation:
    """How deprived zones are; arrays in the order of `zones`, NaN where it cannot be told.

    Parameters
    ----------
    imd_score
        Mean score of the Index of Multiple Deprivation over people. Scores of two editions do
        not compare.
    imd_rank
        Mean reversed rank over people: the most deprived small area of England ranks highest.
    most_deprived_people, most_deprived_areas
        Share (0-1) of people, and of small areas, in the national most deprived tenth.
    idaci
        Share (0-1) of children aged 0-15 affected by income deprivation.
    """

    zones: tuple[str, ...]
    imd_score: Array
    imd_rank: Array
    most_deprived_people: Array
    most_deprived_areas: Array
    idaci: Array


@dataclass(frozen=True)
class Finding:
    """A value that can hardly be right.

    Parameters
    ----------
    position
        Which value: its place in the arrays that were asked about.
    doubt
        What is wrong with it.
    value
        In the indicator's unit; NaN where nobody is there to count among.
    beyond_chance
        False where so few people stand behind the value that chance may explain it.
    text
        For the planner, as it stands. It quotes the value: show it only where the value may be.
    """

    position: int
    doubt: Doubt
    value: float
    beyond_chance: bool
    text: str


def need_groups(score: npt.ArrayLike, people: npt.ArrayLike, *, groups: int = TENTHS) -> Groups:
    """Sort small areas into groups of about as many people each, from the most need to the least.

    Parameters
    ----------
    score
        Per small area, higher for more need; NaN where unknown.
    people
        Who is counted: children for IDACI. A missing number counts as nobody here.
    groups
        10 for tenths, 5 for fifths.

    Returns
    -------
    ndarray of int
        0 for the most need; `NO_GROUP` where the score is unknown. Areas with one score share one
        group, so with many ties groups differ in size and some may be empty.

    Raises
    ------
    LayerError
        When lengths differ, a score is infinite, a number of people is negative or infinite, or
        there is no group to sort into.

    Notes
    -----
    These are groups within the areas given. National tenths come ready made: use decile - 1.

    Examples
    --------
    >>> need_groups([0.30, 0.10, 0.20, float("nan")], [100, 100, 100, 100], groups=3)
    array([ 0,  2,  1, -1])
    """
    need, weight = np.asarray(score, dtype=np.float64), np.asarray(people, dtype=np.float64)
    _refuse_lengths(len(need), people=weight)
    if groups < 1 or np.isinf(need).any() or (weight < 0).any() or np.isinf(weight).any():
        raise LayerError(
            f"Scores cannot be sorted into {groups} groups.",
            remedy="Give finite scores, people of 0 or more, and at least one group.",
        )
    found, weight = np.full(len(need), NO_GROUP, dtype=np.int64), np.nan_to_num(weight)
    known = ~np.isnan(need)
    if not weight[known].sum() > 0:
        return found
    # sums of shares are off by the last digit, and a middle may lie on the edge of a group
    band = np.floor(np.round(fractional_rank(need[known], weight[known]) * groups, 9))
    found[known] = np.clip(band, 0, groups - 1).astype(np.int64)
    return found


def reference_rates(
    x: npt.ArrayLike, n: npt.ArrayLike, group: npt.ArrayLike, *, groups: int = TENTHS
) -> Array:
    """Give each need group's own rate, events per person, over all small areas given.

    Parameters
    ----------
    x, n
        Events and people per small area. An area with either missing is left out.
    group
        As `need_groups` gives them.

    Returns
    -------
    ndarray
        Shape (groups,); NaN for a group without people.

    Raises
    ------
    LayerError
        When lengths differ, a count is negative or infinite, or there is no such group.

    Examples
    --------
    >>> reference_rates([30, 10, 5], [100, 100, 100], [0, 0, 1], groups=2)
    array([0.2 , 0.05])
    """
    events, people = np.asarray(x, dtype=np.float64), np.asarray(n, dtype=np.float64)
    band = _groups(group, groups)
    _refuse_lengths(len(band), events=events, people=people)
    rate(events, people, per=1)  # refuses what is no count
    known = (band != NO_GROUP) & ~np.isnan(events + people)
    totals = (np.bincount(band[known], part[known], groups) for part in (events, people))
    return rate(*totals, per=1)


def expected_counts(n: npt.ArrayLike, group: npt.ArrayLike, reference: npt.ArrayLike) -> Array:
    """Say how many events each small area's people would have at their need group's rate.

    Parameters
    ----------
    n
        People per small area.
    group
        As `need_groups` gives them.
    reference
        Events per person (not per 10,000) of each group: `reference_rates`, or published ones.

    Returns
    -------
    ndarray
        NaN where the group, its rate or the number of people is unknown; 0 where nobody lives.

    Raises
    ------
    LayerError
        When lengths differ, a number is negative or infinite, or there is no such group.

    Examples
    --------
    >>> expected_counts([200, 100], [0, 1], [0.2, 0.05])
    array([40.,  5.])
    """
    people, rates = np.asarray(n, dtype=np.float64), np.asarray(reference, dtype=np.float64)
    band = _groups(group, len(rates))
    _refuse_lengths(len(band), people=people)
    rate(rates, 1, per=1)
    rate(people, 1, per=1)
    grouped = band != NO_GROUP
    each = np.append(rates, np.nan)[band]  # no group is position -1, the rate put last
    return np.where(grouped & (people == 0), 0.0, each * people)


def need_adjusted(
    plan: Plan,
    x: npt.ArrayLike,
    n: npt.ArrayLike,
    group: npt.ArrayLike,
    *,
    reference: npt.ArrayLike | None = None,
    confidence: float = USUAL,
) -> NeedAdjusted:
    """Set what is seen in each zone against what need would bring: indirect standardisation.

    Parameters
    ----------
    plan
        Zones of the small areas, in their order.
    x, n, group
        Events, people and need group per small area.
    reference
        Events per person of each group. By default those of all small areas given, in a zone or
        not: then a ratio says how a zone stands to the rest of its authority, and the expected
        sum up to the observed.

    Returns
    -------
    NeedAdjusted
        A zone without small areas of known need has no ratio.

    Raises
    ------
    LayerError
        When lengths differ, a count is negative or infinite, or there is no such group.

    Notes
    -----
    Ratios of two zones do not compare with each other exactly, because each is standardised to
    its own mix of groups. The expected are taken as known; by default the zone is part of them,
    which makes a difference a little harder to see.

    Examples
    --------
    >>> plan = Plan(("a", "b", "c"), ("North", "South"), np.array([0, 0, 1]))
    >>> found = need_adjusted(plan, [30, 5, 25], [100, 100, 100], [0, 1, 0])
    >>> found.expected, found.ratio.value.round(3)
    (array([32.5, 27.5]), array([1.077, 0.909]))
    """
    events, people = np.asarray(x, dtype=np.float64), np.asarray(n, dtype=np.float64)
    band = _groups(group)
    _refuse_lengths(len(plan.units), events=events, people=people, groups=band)
    highest = int(band.max(initial=0)) + 1
    rates = (
        reference_rates(events, people, band, groups=highest) if reference is None else reference
    )
    expected = expected_counts(people, band, rates)
    counted = (band != NO_GROUP) & (plan.assignment != UNASSIGNED)
    apart = (band == NO_GROUP) & (plan.assignment != UNASSIGNED) & ~np.isnan(people)
    seen, due = _per_zone(plan, events, counted), _per_zone(plan, expected, counted)
    unknown = np.isnan(seen + due + _per_zone(plan, people, counted))
    seen, due = (np.where(unknown, np.nan, side) for side in (seen, due))
    ratio = observed_over_expected(seen, due, confidence=confidence)
    return NeedAdjusted(plan.zones, seen, due, ratio, _per_zone(plan, people, apart))


def smoothed_rates(x: npt.ArrayLike, n: npt.ArrayLike, *, per: float) -> Smoothed:
    """Draw rates of few people towards the mean of all: global empirical Bayes, for maps only.

    A map of raw rates shows where few people live. Tables, comparisons and funnels show counts
    and raw rates, never these.

    Parameters
    ----------
    x, n
        Events and people per small area or zone, shape (areas,).
    per
        What the rates are per: 10,000 children.

    Returns
    -------
    Smoothed
        NaN where nobody lives or a count is missing; such an area takes no part in the mean.
        Where rates differ no more than chance would have them, every value is the mean.

    Raises
    ------
    LayerError
        When a count is negative or infinite.

    Notes
    -----
    Marshall, Applied Statistics 40 (1991), with the variance between areas held at 0 or more:
    m = sum x / sum n, s2 = sum n (r - m)^2 / sum n, A = max(0, s2 - m / mean(n)),
    w = A / (A + m / n), value = w r + (1 - w) m.

    Examples
    --------
    >>> found = smoothed_rates([0, 40, 60], [10, 1000, 1000], per=1000)
    >>> found.value.round(1), found.weight.round(2)
    (array([49.4, 45.6, 54.2]), array([0.01, 0.43, 0.43]))
    """
    raw, people = np.broadcast_arrays(rate(x, n, per=1), np.asarray(n, dtype=np.float64))
    known = ~np.isnan(raw)
    value, weight = np.full(raw.shape, np.nan), np.full(raw.shape, np.nan)
    if not known.any():
        return Smoothed(value, weight, float("nan"), per)
    r, b = raw[known], people[known]
    mean = float(r @ b / b.sum())
    chance = mean / b
    between = max(0.0, float(b @ (r - mean) ** 2 / b.sum()) - mean / float(b.mean()))
    # no variance between areas, or no event anywhere: nothing of the raw rate is kept
    weight[known] = between / (between + chance) if between > 0 else 0.0
    value[known] = (weight[known] * r + (1 - weight[known]) * mean) * per
    return Smoothed(value, weight, mean * per, per)


def zone_deprivation(totals: ZoneTotals) -> ZoneDeprivation:
    """Roll deprivation up to zones, from counts and never from deciles.

    Parameters
    ----------
    totals
        Of the measures `imd_points` (score x people), `imd_rank_points` (reversed rank x people),
        `imd_people`, `imd_decile1_people`, `imd_decile1_areas`, `areas`, `idaci_children` and
        `children_0_15`. What a pack does not have gives NaN throughout.

    Raises
    ------
    LayerError
        When more people, areas or children are deprived than there are.

    Notes
    -----
    Ministry of Housing, Communities and Local Government, English Indices of Deprivation,
    research report: higher-level summaries.
    """
    return ZoneDeprivation(
        totals.zones,
        imd_score=_mean(totals, "imd_points", "imd_people"),
        imd_rank=_mean(totals, "imd_rank_points", "imd_people"),
        most_deprived_people=_share(totals, "imd_decile1_people", "imd_people"),
        most_deprived_areas=_share(totals, "imd_decile1_areas", "areas"),
        idaci=_share(totals, "idaci_children", "children_0_15"),
    )


def implausible(
    indicator: Indicator,
    x: npt.ArrayLike,
    n: npt.ArrayLike,
    *,
    plausible_max: float | None = None,
    names: Sequence[str] = (),
) -> tuple[Finding, ...]:
    """Find values of an indicator that can hardly be right; nothing is changed or refused.

    Parameters
    ----------
    x, n
        Counts of its numerator and denominator, shape (areas,).
    plausible_max
        The highest value that anybody would believe, in the indicator's unit; None for no bound.
    names
        What to call the areas in the findings; by default their positions, from 1.

    Returns
    -------
    tuple of Finding
        In the order of the areas, at most one each; missing counts give none.

    Raises
    ------
    LayerError
        When a count is negative or infinite, or lengths differ.
    """
    events, people = np.atleast_1d(np.asarray(x, float)), np.atleast_1d(np.asarray(n, float))
    _refuse_lengths(len(events), people=people)
    called = tuple(names) or tuple(f"Row {row + 1}" for row in range(len(events)))
    _refuse_lengths(len(events), names=np.asarray(called))
    value = rate(events, people, per=indicator.per)
    parted = (events > people) & (people > 0) if indicator.kind == "proportion" else people < 0
    nobody = (events > 0) & (people == 0)
    most = np.inf if plausible_max is None else plausible_max
    least = _least(indicator, np.where(parted | nobody, np.nan, events), people)
    found = []
    for at in np.flatnonzero(parted | nobody | (value > most)):
        doubt: Doubt = "above the plausible"
        if parted[at] or nobody[at]:
            doubt = "more than the whole" if parted[at] else "nobody to count among"
        sure = doubt != "above the plausible" or bool(least[at] > most)
        text = _told(indicator, doubt, float(value[at]), most)
        found.append(Finding(int(at), doubt, float(value[at]), sure, f"{called[at]}: {text}"))
    return tuple(found)


def _told(indicator: Indicator, doubt: Doubt, value: float, most: float) -> str:
    if doubt == "more than the whole":
        return f"'{indicator.title}' counts more than there are to count among."
    if doubt == "nobody to count among":
        return f"'{indicator.title}' counts some where there is nobody to count among."
    return (
        f"'{indicator.title}' is {value:,.{indicator.decimals}f}; "
        f"more than {most:,.{indicator.decimals}f} is hard to believe."
    )


def _least(indicator: Indicator, x: Array, n: Array) -> Array:
    """Give the lower end of the interval; a mean has none, and its value stands for it."""
    rates = indicator_values(indicator, x, n)
    kind: Kind = indicator.kind
    return rates.value if kind == "mean" else rates.lower


def _mean(totals: ZoneTotals, part: str, whole: str) -> Array:
    if not {part, whole} <= {measure.key for measure in totals.measures}:
        return np.full(len(totals.zones), np.nan)
    return rate(totals.counts(part), totals.counts(whole), per=1)


def _share(totals: ZoneTotals, part: str, whole: str) -> Array:
    share = _mean(totals, part, whole)
    if (share > 1).any():
        zone = totals.zones[int(np.argmax(share > 1))]
        raise LayerError(
            f"In {zone} there is more of '{part}' than of '{whole}', of which it is a part.",
            remedy="Are both counts of one edition and one vintage?",
        )
    return share


def _per_zone(plan: Plan, values: Array, counted: npt.NDArray[np.bool_]) -> Array:
    """Add up the small areas that count, zone by zone; one that is missing makes its zone NaN."""
    sums = np.bincount(plan.assignment[counted], values[counted], len(plan.zones))
    return sums.astype(np.float64)


def _groups(group: npt.ArrayLike, groups: int | None = None) -> Groups:
    """Check need groups, and that there are no more than `groups` where that is known."""
    band = np.asarray(group)
    if band.ndim != 1 or not np.issubdtype(band.dtype, np.integer):
        raise LayerError(
            "Need groups are not whole numbers in one row.",
            remedy=f"Number them from 0, with {NO_GROUP} where the need is unknown.",
        )
    lowest, highest = int(band.min(initial=0)), int(band.max(initial=NO_GROUP))
    wanted = "they start at 0" if groups is None else f"there are {groups}"
    if lowest < NO_GROUP or (groups is not None and highest >= groups):
        raise LayerError(
            f"The need groups run from {lowest} to {highest}; {wanted}.",
            remedy=f"Number them from 0, with {NO_GROUP} where the need is unknown.",
        )
    return band.astype(np.int64)


def _refuse_lengths(areas: int, **sides: npt.NDArray[np.generic]) -> None:
    for what, side in sides.items():
        if side.shape != (areas,):
            raise LayerError(
                f"There are {side.size} {what} for {areas} areas.", remedy="Give each area one."
            )
