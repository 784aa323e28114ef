"""Live counts: what a browser adds up per zone while somebody is still painting.

A browser needs a number per small area, and not every number may be told. A count that is not
sensitive goes as it is. Of a sensitive one, a small area has the count that the table of the plan
shows; where that table hides it, the small area has an estimate, worked out from nothing but what
the table shows: its zone's total less the areas shown is shared out among the areas hidden. So the
zones of that plan add up to what their table says, and what is told here nobody could not have
told before. The figures of a finished stroke come from the table, not from here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.caseload import OPEN_CASES, with_open_cases
from analysis.disclosure import POLICIES, Policy, Suppressed
from analysis.metrics import METRICS, PER_CHILDREN
from analysis.protected import protected_units
from geo.errors import LayerError
from geo.plan import UNASSIGNED, Plan
from layers.measures import Measure
from layers.pack import NamedPlan, Pack
from layers.series import OPEN_KINDS
from layers.status import Status

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

LIVE = ("persons", "children", "referrals", OPEN_CASES, "children_low_income", "asb")
"""The measures that are added up live, where the pack counts them."""

FTE = "fte"
"""The denominator that is no count of small areas: the available staff of a zone."""

_SHARED_BY = ("children", "persons")
_HIDDEN = np.int8(Status.SUPPRESSED)


@dataclass(frozen=True, eq=False)
class LiveCount:
    """One count of every small area, safe to leave.

    Parameters
    ----------
    key, title
        Of the measure.
    unit
        What is counted, and when.
    values
        One a unit; NaN where there is no number. Estimates need not be whole.
    estimated
        Where the value is not the count: it is hidden, or was rounded by the rule.
    note
        How estimates were made; empty where there are none.

    Raises
    ------
    LayerError
        When values and flags are not of one length.
    """

    key: str
    title: str
    unit: str
    values: Array
    estimated: Mask
    note: str = ""

    def __post_init__(self) -> None:
        """Check once, then freeze copies of the arrays."""
        if self.values.ndim != 1 or self.values.shape != self.estimated.shape:
            raise LayerError(
                f"The live count '{self.key}' has {self.values.size} values and "
                f"{self.estimated.size} flags."
            )
        for name in ("values", "estimated"):
            copy = np.array(getattr(self, name))
            copy.setflags(write=False)
            object.__setattr__(self, name, copy)


@dataclass(frozen=True)
class LiveRate:
    """A rate that follows from two live counts: `per` times one over the other.

    `denominator` is a key of the counts, or `FTE`.
    """

    key: str
    title: str
    unit: str
    decimals: int
    numerator: str
    denominator: str
    per: int


@dataclass(frozen=True, eq=False)
class Live:
    """Counts of small areas, the rates made of them, and what to know about both.

    Parameters
    ----------
    units
        Codes, in the order of every array of `counts`.
    """

    units: tuple[str, ...]
    counts: tuple[LiveCount, ...]
    rates: tuple[LiveRate, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What was estimated, and how: one sentence or two a count."""
        return tuple(count.note for count in self.counts if count.note)

    def count(self, key: str) -> LiveCount:
        """Give the count of that key.

        Raises
        ------
        LayerError
            When there is none.
        """
        for count in self.counts:
            if count.key == key:
                return count
        raise LayerError(
            f"There is no live count '{key}'.",
            remedy=f"There are {', '.join(count.key for count in self.counts)}.",
        )


def live_counts(pack: Pack, entry: NamedPlan) -> Live:
    """Give the counts of small areas that may be told, with estimates for those that may not.

    Parameters
    ----------
    entry
        The plan whose table decides what is shown: today's plan, from which a redraw starts.

    Returns
    -------
    Live
        The measures of `LIVE` that the pack has. Open cases are not weighted.
    """
    counts: dict[str, LiveCount] = {}
    for key in LIVE:
        if with_open_cases(pack.measures).has(key):
            counts[key] = _live_count(key, pack, entry, counts)
    return Live(pack.geography.units, tuple(counts.values()), _rates(counts))


def estimate_hidden(
    shown: Suppressed, plan: Plan, *, weights: npt.ArrayLike, policy: Policy
) -> tuple[Array, Mask]:
    """Put an estimate where a count is hidden, from nothing but what is shown.

    What is left of a zone's total once its shown units are taken off is shared out among its
    hidden units by weight. Hidden units of zones whose totals are hidden share what is left of the
    authority. Where that is hidden too, each has the middle of the hidden range. Under a rule that
    rounds, the units of a zone are scaled to its total.

    Parameters
    ----------
    shown
        Of the units, with the totals of `plan` behind them, as `protected_units` gives them.
    weights
        What the remainder is shared out by, shape (units,): counts that are shown. Where a share
        has no weight at all, all its units count the same.

    Returns
    -------
    values, estimated
        Shape (units,). NaN stays where a count is missing. Only counts that were hidden or
        rounded are `estimated`.

    Examples
    --------
    >>> from analysis.disclosure import DFE, suppress
    >>> plan = Plan(("a", "b", "c", "d"), ("North",), np.zeros(4, dtype=int))
    >>> shown = suppress([2, 4, 30, 0], groups=plan.assignment)
    >>> estimate_hidden(shown, plan, weights=[100, 200, 300, 400], policy=DFE)[0]
    array([ 2.,  4., 30.,  0.])

    The two hidden counts, known to add up to 6, were shared out by 100 and 200.
    """
    zones = shown.totals
    if zones is None or zones.totals is None:
        raise LayerError(
            "Counts are estimated from the totals behind them, and these have none.",
            remedy="This is a fault of the program; nothing was shown.",
        )
    group = np.where(plan.assignment == UNASSIGNED, len(plan.zones), plan.assignment)
    hidden = shown.status == Status.SUPPRESSED
    values = np.array(shown.values)
    told = _is_told(zones)
    share_of = np.where(told[group], group, len(told))
    left = _left(shown, zones, zones.totals, group, told)
    if policy.round_to > 1:  # rounding can leave less than the hidden counts must be
        left = np.maximum(left, policy.low * np.bincount(share_of[hidden], minlength=len(left)))
    values[hidden] = _shared(np.asarray(weights, dtype=np.float64), left, share_of, hidden, policy)
    if policy.round_to > 1:
        values = values * _scale(values, zones, group, told)[group]
    return values, hidden | (shown.status == Status.ROUNDED)


def _live_count(
    key: str, pack: Pack, entry: NamedPlan, earlier: Mapping[str, LiveCount]
) -> LiveCount:
    """Give one count; `earlier` ones are what hidden counts are shared out by."""
    measures, policy = with_open_cases(pack.measures), POLICIES[pack.authority.disclosure]
    measure = measures.measure(key)
    shown = protected_units(entry.plan, key, measures, policy)
    described = (key, measure.title, f"{measure.counts}, {measure.period}")
    if not measure.sensitive:
        return LiveCount(*described, shown.values, np.zeros(len(shown.values), dtype=bool))
    if key == OPEN_CASES:
        shown = _without_parts(shown, pack, entry, policy)
    by = next((earlier[k] for k in _SHARED_BY if k in earlier and k != key), None)
    weights = by.values if by else np.ones(len(shown.values))
    values, estimated = estimate_hidden(shown, entry.plan, weights=weights, policy=policy)
    note = _note(measure, shown, entry.zone_word, by.title if by else "", policy)
    return LiveCount(*described, values, estimated, note)


def _without_parts(shown: Suppressed, pack: Pack, entry: NamedPlan, policy: Policy) -> Suppressed:
    """Hide open cases of a unit where they would give a kind of them away.

    Kinds are suppressed one by one, and indicators tell some of them. What is left of all open
    cases once the kinds told are taken off is the hidden kind, where that is the only one not told;
    of several hidden kinds it tells each where they can only all be the lowest or all the highest.
    Then, as anywhere, a zone may not be left with one hidden unit.
    """
    measures, plan = pack.measures, entry.plan
    kinds = [key for key in OPEN_KINDS if measures.has(key)]
    if not kinds:  # the pack counts open cases, and no kinds of them
        return shown
    in_words = {key for i in pack.indicators for key in (i.numerator, i.denominator)}
    parts = [protected_units(plan, key, measures, policy) for key in kinds]
    hidden = np.array([part.status == Status.SUPPRESSED for part in parts])
    known = np.array([kind in in_words for kind in kinds])[:, None] & ~hidden
    many, secret = (~known).sum(axis=0), hidden.sum(axis=0)
    told = np.where(known, np.nan_to_num([part.values for part in parts]), 0.0).sum(axis=0)
    rest = shown.values - told
    tight = (rest <= many * policy.low) | (rest == many * policy.high)
    hide = (many == secret) & ((many == 1) | ((many > 1) & tight))
    hide &= shown.status < Status.NOT_APPLICABLE
    status = np.where(hide, _HIDDEN, shown.status)
    status = np.where(_beside_one(status, shown.values, plan), _HIDDEN, status)
    values = np.where(status >= Status.NOT_APPLICABLE, np.nan, shown.values)
    return Suppressed(values, status.astype(np.int8), shown.totals)


def _beside_one(status: npt.NDArray[np.int8], values: Array, plan: Plan) -> Mask:
    """Choose a second unit to hide in each zone where one is hidden alone.

    It is the smallest that is no zero; a zone without any keeps the one.
    """
    chosen = np.zeros(len(status), dtype=bool)
    for zone in (*range(len(plan.zones)), UNASSIGNED):
        members = np.flatnonzero(plan.assignment == zone)
        hidden = status[members] == Status.SUPPRESSED
        others = members[(status[members] < Status.NOT_APPLICABLE) & (values[members] > 0)]
        if hidden.sum() == 1 and len(others):
            chosen[others[np.argmin(values[others])]] = True
    return chosen


def _is_told(totals: Suppressed) -> Mask:
    return np.asarray(totals.status < Status.NOT_APPLICABLE)


def _left(
    shown: Suppressed,
    zones: Suppressed,
    grand: Suppressed,
    group: npt.NDArray[np.int64],
    told: Mask,
) -> Array:
    """Give what is left for hidden units: per zone told, then over all other zones; NaN if unknown.

    Shape (zones + 1,), with a place for units in no zone where there are any.
    """
    width = len(told)
    known = np.bincount(group, np.nan_to_num(shown.values), width)
    left = np.where(told, zones.values - known, np.nan)
    elsewhere = grand.values[0] - zones.values[told].sum() - known[~told].sum()
    return np.asarray(np.maximum(np.append(left, elsewhere), 0.0))


def _shared(
    weights: Array, left: Array, share_of: npt.NDArray[np.int64], hidden: Mask, policy: Policy
) -> Array:
    """Share out what is left among the hidden units, in their order."""
    pool, width = share_of[hidden], len(left)
    weight = np.nan_to_num(weights[hidden])
    in_pool, weighed = np.bincount(pool, minlength=width), np.bincount(pool, weight, width)
    even = weighed[pool] <= 0
    share = np.where(even, 1 / in_pool[pool], weight / np.where(even, 1.0, weighed[pool]))
    middle = (policy.low + policy.high) / 2
    return np.where(np.isnan(left[pool]), middle, left[pool] * share)


def _scale(values: Array, zones: Suppressed, group: npt.NDArray[np.int64], told: Mask) -> Array:
    """Say by how much the units of each zone are to be multiplied to add up to its total."""
    sums = np.bincount(group, np.nan_to_num(values), len(told))
    fits = told & (sums > 0)
    return np.where(fits, zones.values / np.where(fits, sums, 1.0), 1.0)


def _note(measure: Measure, shown: Suppressed, zone_word: str, by: str, policy: Policy) -> str:
    """Say what was estimated, in words for the screen."""
    hidden = int((shown.status == Status.SUPPRESSED).sum())
    words = []
    if hidden:
        areas = "1 small area has" if hidden == 1 else f"{hidden:,} small areas have"
        share = f"by {by[0].lower()}{by[1:]}" if by else "evenly"
        words.append(
            f"{measure.title}: {areas} a hidden count. While you paint, each has an estimate: "
            f"what its {zone_word} has beyond the counts shown, shared out {share}."
        )
    if (shown.status == Status.ROUNDED).any():
        words.append(f"{measure.title}: counts are rounded to the nearest {policy.round_to}.")
    return " ".join(words)


def _rates(counts: Mapping[str, LiveCount]) -> tuple[LiveRate, ...]:
    """Describe the rates that the counts allow."""
    known = {metric.key: metric for metric in METRICS}
    referral, load = known["referral_rate"], known["cases_per_fte"]
    rates = (
        LiveRate(
            referral.key, referral.title, referral.unit, referral.decimals,
            numerator="referrals", denominator="children", per=PER_CHILDREN,
        ),
        LiveRate(
            "cases_per_available_fte", "Cases per available worker", "open cases per available FTE",
            load.decimals,
            numerator=OPEN_CASES, denominator=FTE, per=1,
        ),
    )  # fmt: skip
    return tuple(
        rate for rate in rates if rate.numerator in counts and rate.denominator in {*counts, FTE}
    )
