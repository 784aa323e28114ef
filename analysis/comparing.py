"""Plans side by side: which zone of one is the same place as which of another, and what moved.

Plans may have different zones, and different numbers of them. Zones that bear one name and share
land are one place. The others are put together so that as many children as possible stay in their
place; what finds no partner is new, or gone. What lies in another place than before has moved.

A plan from a file has zones and no staff: `brought` finds the plan of the pack that it resembles,
and whose staff its zones have.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from analysis.events import Edit
from analysis.scenario import Evaluation, Scenario
from geo.errors import PlanError
from geo.plan import UNASSIGNED, Plan
from layers.pack import NamedPlan, Pack

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

    Zones of one name that share land are put together first: a team that keeps its name is the
    same team, however its area changed. The rest is put together by maximum-weight assignment
    (Kuhn 1955, as `scipy.optimize.linear_sum_assignment`). At last an empty zone is put together
    with the zone of its name, where that has found no other partner: a name alone, without a
    small area, does not hold what lies under another name now.

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
    old_of = {zone: old for old, zone in enumerate(before.zones)}
    named = [(at, old_of[zone]) for at, zone in enumerate(after.zones) if zone in old_of]
    for at, old in named:
        if shared[old, at] > 0:
            partner[at] = old
    rows = np.setdiff1d(np.arange(len(before.zones)), partner)
    columns = np.flatnonzero(partner == NEW)
    partner[columns] = _assigned(shared, rows, columns)
    for at, old in named:
        is_empty = not (before.sizes[old] and after.sizes[at])
        if is_empty and partner[at] == NEW and old not in partner:
            partner[at] = old
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
        called: list[str] = []
        for zones in self.places:
            name = " / ".join(dict.fromkeys(zone for zone in zones if zone is not None))
            while name in called or self._is_elsewhere(name, zones):
                name = f"{name} (another)"
            called.append(name)
        return tuple(called)

    def _is_elsewhere(self, name: str, place: tuple[str | None, ...]) -> bool:
        """Say whether a plan has a zone of that name that is not at this place."""
        here = zip(self.plans, place, strict=True)
        return any(name in plan.zones and name != zone for plan, zone in here)


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
    notes
        Sentences a plan that are to be said of it, whatever it is compared with; none by default.
    """

    titles: tuple[str, ...]
    evaluations: tuple[Evaluation, ...]
    sides: SideBySide
    notes: tuple[tuple[str, ...], ...] = ()

    def notes_of(self, plan: int) -> tuple[str, ...]:
        """Give what is to be said of a plan, by its position."""
        return self.notes[plan] if self.notes else ()

    @property
    def later(self) -> range:
        """The positions of the plans that are compared with the first."""
        return range(1, len(self.titles))

    @property
    def same_number(self) -> bool:
        """Whether all plans have the same number of zones that hold a unit."""
        return len({int((e.plan.sizes > 0).sum()) for e in self.evaluations}) == 1


def compare_plans(
    titles: Sequence[str],
    evaluations: Sequence[Evaluation],
    notes: Sequence[tuple[str, ...]] = (),
) -> Compared:
    """Set two to four evaluated plans side by side; zones are matched by their children.

    Two plans of one title are told apart by a number.

    Parameters
    ----------
    notes
        Sentences a plan that are to be said of it; none by default.

    Raises
    ------
    PlanError
        As `side_by_side`.
    """
    if not evaluations:
        raise PlanError("No plans cannot be compared.", remedy=f"Choose {FEWEST} to {MOST}.")
    children = evaluations[0].facts.measures.counts("children")
    sides = side_by_side([evaluation.plan for evaluation in evaluations], children)
    return Compared(distinct(titles), tuple(evaluations), sides, tuple(notes))


def brought(pack: Pack, plan: Plan, *, key: str = "plan") -> Scenario:
    """Take a plan from a file as a redraw of the plan of the pack that it resembles.

    Its zones are those of the file and no others. Staff is told by the names of zones: a zone that
    is the same place as one of the baseline (`match_zones`) has that one's staff, under whatever
    name. Staff of a zone of the baseline that is no zone's place is in none.

    The plan that it resembles is the one that names most of its zones, if it names half of them;
    of equals, or where none does, the one of which most children stay in their place, then the
    pack's own.

    Raises
    ------
    PlanError
        When it is not of the pack's units, or nobody could read the name of a zone.
    """
    children = pack.measures.counts("children")
    matches = {entry.key: match_zones(entry.plan, plan, children) for entry in pack.plans}
    likest = max(pack.plans, key=lambda entry: _likeness(matches[entry.key], entry, pack))
    scenario = Scenario(key, likest)
    names = _new_names(matches[likest.key])
    if names:
        before = likest.plan
        zones = tuple(names.get(zone, zone) for zone in before.zones)
        moved = {unit: now for was, now in names.items() for unit in before.members(was)}
        scenario = scenario.do(Edit("Names of zones", moved, zones))
    return scenario if plan == scenario.plan else scenario.do(Edit.replace_with(plan, key))


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


def _likeness(match: Match, entry: NamedPlan, pack: Pack) -> tuple[int, float, bool]:
    """Say how like a plan of the pack another is: by names, by children, and whose it is."""
    names = len(set(match.before.zones) & set(match.after.zones))
    stay = sum(match.shared[old, at] for at, old in enumerate(match.partner) if old != NEW)
    half = names if 2 * names >= len(match.after.zones) else 0
    return half, round(float(stay), 3), entry.key == pack.default_plan


def _new_names(match: Match) -> dict[str, str]:
    """Give the new names of zones, where no other zone of the earlier plan goes on bearing them."""
    names = dict(match.renamed)
    while True:
        kept = set(match.before.zones) - set(names)
        taken = [was for was, now in names.items() if now in kept]
        if not taken:
            return names
        for was in taken:
            del names[was]


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
