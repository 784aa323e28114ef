"""Plans side by side: which zone of one is the same place as which of another, and what moved.

Plans may have different zones, and different numbers of them. Zones that bear one name and share
land are one place. The others are put together so that as many children as possible stay in their
place; what finds no partner is new, or gone. What lies in another place than before has moved.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from analysis.scenario import Evaluation
from geo.errors import PlanError
from geo.plan import UNASSIGNED, Plan

FEWEST, MOST = 2, 4
"""How many plans are compared at once."""

NEW = -1
"""Stands for the partner of a zone that has none."""

_NEXT_TO_NOTHING = 1e-6
"""What a small area without children counts as, so that zones without children match as well."""

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Match:
    """The zones of a later plan beside those of an earlier one.

    Parameters
    ----------
    before, after
        Plans of the same units in the same order.
    partner
        Per zone of `after`, the position of the zone of `before` that is the same place, `NEW`
        where there is none. No zone is the partner of two.
    shared
        Weight (children) in each zone of `before`, by row, and of `after`, by column.
    """

    before: Plan
    after: Plan
    partner: tuple[int, ...]
    shared: Array

    @property
    def new(self) -> tuple[str, ...]:
        """The zones of `after` without a partner."""
        return tuple(z for z, p in zip(self.after.zones, self.partner, strict=True) if p == NEW)

    @property
    def gone(self) -> tuple[str, ...]:
        """The zones of `before` without a partner."""
        kept = set(self.partner)
        return tuple(zone for at, zone in enumerate(self.before.zones) if at not in kept)

    @property
    def renamed(self) -> Mapping[str, str]:
        """Zones of `before` whose place has another name in `after`, old name to new."""
        pairs = (
            (self.before.zones[p], zone)
            for zone, p in zip(self.after.zones, self.partner, strict=True)
            if p != NEW
        )
        return {old: new for old, new in pairs if old != new}

    @cached_property
    def stays(self) -> npt.NDArray[np.bool_]:
        """Whether each unit lies in the same place in both; also when it is in no zone in both."""
        partner = np.array([*self.partner, UNASSIGNED], dtype=np.int64)
        place = partner[self.after.assignment]
        in_new = (self.after.assignment != UNASSIGNED) & (place == NEW)
        return np.asarray((place == self.before.assignment) & ~in_new)

    @property
    def moved(self) -> tuple[str, ...]:
        """The units that lie in another place, in the order of the plans."""
        return tuple(np.array(self.after.units, dtype=object)[~self.stays])


def match_zones(before: Plan, after: Plan, weights: npt.ArrayLike) -> Match:
    """Find which zones of two plans are the same place.

    Zones of one name that share land, or of which one is empty, are put together first: a team
    that keeps its name is the same team, however its area changed. The rest is put together by
    maximum-weight assignment (Kuhn 1955, as `scipy.optimize.linear_sum_assignment`).

    Parameters
    ----------
    before, after
        Plans of the same units in the same order.
    weights
        Children per unit, shape (units,), 0 or more. A unit of which they are not known, or that
        has none, counts next to nothing.

    Raises
    ------
    PlanError
        When the plans are not of the same units, or the weights do not fit them.

    Examples
    --------
    >>> today = Plan.from_lookup({"E01": "North", "E02": "North", "E03": "South"})
    >>> redrawn = Plan.from_lookup({"E01": "One", "E02": "Two", "E03": "Two"})
    >>> match = match_zones(today, redrawn, [100, 200, 300])
    >>> dict(match.renamed), match.moved
    ({'North': 'One', 'South': 'Two'}, ('E02',))
    """
    after.require_units(before.units)
    shared = overlap(before, after, weights)
    partner = np.full(len(after.zones), NEW, dtype=np.int64)
    for at, zone in enumerate(after.zones):
        old = before.zones.index(zone) if zone in before.zones else NEW
        if old != NEW and (shared[old, at] > 0 or not (before.sizes[old] and after.sizes[at])):
            partner[at] = old
    rows = np.setdiff1d(np.arange(len(before.zones)), partner)
    columns = np.flatnonzero(partner == NEW)
    partner[columns] = _assigned(shared, rows, columns)
    return Match(before, after, tuple(partner.tolist()), shared)


def overlap(before: Plan, after: Plan, weights: npt.ArrayLike) -> Array:
    """Weigh what each zone of `before`, by row, shares with each of `after`, by column."""
    known: Array = np.nan_to_num(np.asarray(weights, dtype=np.float64))
    if known.shape != (len(before.units),) or (known < 0).any():
        raise PlanError(
            f"There are {known.size} weights for {len(before.units)} units, or one is negative.",
            remedy="Give each unit its number of children, 0 or more.",
        )
    whole = known.sum() or 1.0
    known = known + _NEXT_TO_NOTHING * whole / max(len(known), 1)
    both = (before.assignment != UNASSIGNED) & (after.assignment != UNASSIGNED)
    width = len(after.zones)
    cell = before.assignment[both].astype(np.int64) * width + after.assignment[both]
    sums = np.bincount(cell, known[both], minlength=len(before.zones) * width)
    return np.asarray(sums.reshape(len(before.zones), width), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class SideBySide:
    """Two to four plans whose zones are lined up as places.

    Parameters
    ----------
    plans
        Of the same units in the same order; the others are compared with the first.
    matches
        One for each plan after the first, with the first.
    places
        The zones of the first plan in their order, then those only later plans have: per place
        the name of its zone in each plan, None where a plan has no such zone.
    """

    plans: tuple[Plan, ...]
    matches: tuple[Match, ...]
    places: tuple[tuple[str | None, ...], ...]

    def place_of(self, plan: int) -> tuple[int, ...]:
        """Give the place of each zone of that plan, by position."""
        at = {zones[plan]: place for place, zones in enumerate(self.places)}
        return tuple(at[zone] for zone in self.plans[plan].zones)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What to call each place: its name, or its names where plans differ; each once.

        A place that bears the name of a zone is that zone in every plan that has it: what is
        withheld of a zone when a table leaves is found by its name.
        """
        zones_of_all = {zone for plan in self.plans for zone in plan.zones}
        called: list[str] = []
        for zones in self.places:
            words = dict.fromkeys(zone for zone in zones if zone is not None)
            name = " / ".join(words)
            while name in called or (len(words) > 1 and name in zones_of_all):
                name = f"{name} (another)"
            called.append(name)
        return tuple(called)


def side_by_side(plans: Sequence[Plan], weights: npt.ArrayLike) -> SideBySide:
    """Line up the zones of two to four plans.

    Each plan is matched with the first. Zones that the first does not have are matched between
    the later plans, so that a place has one colour and one row wherever it appears.

    Raises
    ------
    PlanError
        When there are fewer than two or more than four plans, or they are not of the same units.
    """
    if not FEWEST <= len(plans) <= MOST:
        raise PlanError(
            f"{len(plans)} plans cannot be compared.", remedy=f"Choose {FEWEST} to {MOST}."
        )
    first = plans[0]
    matches = tuple(match_zones(first, plan, weights) for plan in plans[1:])
    places: list[list[str | None]] = [[zone, *[None] * len(matches)] for zone in first.zones]
    for k, match in enumerate(matches, start=1):
        loose: list[str] = []
        for zone, old in zip(match.after.zones, match.partner, strict=True):
            if old == NEW:
                loose.append(zone)
            else:
                places[old][k] = zone
        for j in range(1, k):
            loose = _joined(places, plans, (j, k), loose, weights)
        places += [[zone if i == k else None for i in range(len(plans))] for zone in loose]
    return SideBySide(tuple(plans), matches, tuple(tuple(zones) for zones in places))


@dataclass(frozen=True, eq=False)
class Compared:
    """Plans side by side with all that was worked out of each.

    Parameters
    ----------
    titles
        What each plan is called, each once.
    evaluations
        One a plan.
    """

    titles: tuple[str, ...]
    evaluations: tuple[Evaluation, ...]
    sides: SideBySide

    @property
    def later(self) -> range:
        """The positions of the plans that are compared with the first."""
        return range(1, len(self.titles))

    @property
    def same_number(self) -> bool:
        """Whether all plans have the same number of zones that hold a unit."""
        return len({int((e.plan.sizes > 0).sum()) for e in self.evaluations}) == 1


def compare_plans(titles: Sequence[str], evaluations: Sequence[Evaluation]) -> Compared:
    """Set two to four evaluated plans side by side; zones are matched by their children.

    Two plans of one title are told apart by a number.

    Raises
    ------
    PlanError
        As `side_by_side`.
    """
    if not evaluations:
        raise PlanError("No plans cannot be compared.", remedy=f"Choose {FEWEST} to {MOST}.")
    children = evaluations[0].facts.measures.counts("children")
    sides = side_by_side([evaluation.plan for evaluation in evaluations], children)
    return Compared(distinct(titles), tuple(evaluations), sides)


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """Tell names apart that stand more than once, by a number.

    >>> distinct(["North", "South", "North"])
    ('North', 'South', 'North (2)')
    """
    found: list[str] = []
    for name in names:
        fresh, number = name, 2
        while fresh in found:
            fresh, number = f"{name} ({number})", number + 1
        found.append(fresh)
    return tuple(found)


def _assigned(
    shared: Array, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.intp]
) -> npt.NDArray[np.int64]:
    """Assign rows to columns by the most weight; `NEW` where nothing is shared."""
    found = np.full(len(columns), NEW, dtype=np.int64)
    rest = shared[np.ix_(rows, columns)]
    for row, column in zip(*linear_sum_assignment(rest, maximize=True), strict=True):
        if rest[row, column] > 0:
            found[column] = rows[row]
    return found


def _joined(
    places: list[list[str | None]],
    plans: Sequence[Plan],
    at: tuple[int, int],
    loose: list[str],
    weights: npt.ArrayLike,
) -> list[str]:
    """Put loose zones of a later plan into places that an earlier one founded; give the rest."""
    j, k = at
    founded = {
        zones[j]: zones
        for zones in places
        if zones[j] is not None and zones[k] is None and not any(zones[:j])
    }
    if not founded or not loose:
        return loose
    match = match_zones(_only(plans[j], founded), _only(plans[k], loose), weights)
    rest: list[str] = []
    for zone, old in zip(match.after.zones, match.partner, strict=True):
        if old == NEW:
            rest.append(zone)
        else:
            founded[match.before.zones[old]][k] = zone
    return rest


def _only(plan: Plan, zones: Mapping[str | None, object] | Sequence[str]) -> Plan:
    """Give the plan with these zones alone; all other units are in no zone."""
    kept = [at for at, zone in enumerate(plan.zones) if zone in zones]
    fresh = np.full(len(plan.zones) + 1, UNASSIGNED, dtype=np.int32)
    fresh[kept] = np.arange(len(kept))
    return Plan(plan.units, tuple(plan.zones[at] for at in kept), fresh[plan.assignment])
