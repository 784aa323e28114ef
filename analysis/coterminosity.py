"""Coterminosity: whether zones keep to the lines that schools, police and districts work to.

A partition is the lines of one body: its parts are plans' zones like any other. Where its parts
are smaller than zones each part should lie whole in one zone; where they are larger each zone
should lie whole in one part. What is split is named, with the cheapest move that mends it.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from analysis.caseload import OPEN_CASES, with_open_cases
from analysis.events import Edit
from analysis.live import live_counts
from analysis.scenario import Scenario
from analysis.shape import count_pieces, pyramids_split
from geo.errors import PlanError, named
from geo.geography import Geography
from geo.plan import UNASSIGNED, Plan
from layers.pack import NamedPlan, Pack

Array = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

Sense = Literal["parts", "zones"]
"""What should be whole: each part in one zone, or each zone in one part."""

Cost = Literal["children", "cases"]
"""What the cheapest repair moves fewest of."""

DISTRICTS = "districts"
MOST_STEPS = 200

_NUMBERED = re.compile(r"^(.+) \d{3}[A-Z]{1,2}$")
"""The name of an LSOA: its district's, then a number."""


@dataclass(frozen=True)
class Partition:
    """The lines of one body, and how much they count.

    Parameters
    ----------
    word
        What one part is called: `pyramid`, `district`.
    plan
        Whose zones are the parts. Units in no part split nothing.
    sense
        What should be whole.
    weight
        0 or more: what it counts in the score of all; 0 only shows it.
    body
        Whose lines they are, in words; empty where nobody said.
    note
        How far the lines can be trusted.

    Raises
    ------
    PlanError
        When the weight is negative or no number, or the sense is none of the two.
    """

    key: str
    title: str
    word: str
    plan: Plan
    sense: Sense = "parts"
    weight: float = 1.0
    body: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        """Check once."""
        if not (math.isfinite(self.weight) and self.weight >= 0):
            raise PlanError(
                f"The weight of {self.title} is {self.weight:g}.", remedy="Give 0 or more."
            )
        if self.sense not in get_args(Sense):
            raise PlanError(
                f"{self.title}: '{self.sense}' cannot be whole.", remedy="Choose parts or zones."
            )

    def turned(self) -> "Partition":
        """Return it looked at from the other side."""
        return replace(self, sense="zones" if self.sense == "parts" else "parts")


@dataclass(frozen=True)
class Split:
    """A part that lies in several zones (or a zone in several parts), and how it divides.

    Parameters
    ----------
    name
        Of the part, or of the zone where zones should be whole.
    into
        What it lies in, where most of its children live first.
    units, children
        What lies in each of `into`.
    """

    name: str
    into: tuple[str, ...]
    units: tuple[int, ...]
    children: tuple[float, ...]

    @property
    def minority(self) -> float:
        """Children away from where most are: the fewest who would move to make it whole."""
        return float(sum(self.children[1:]))

    @property
    def effective(self) -> float:
        """Effective number of zones: 1 is whole, 2 is two halves.

        The inverse of Simpson's index, 1 / sum of squared shares, with children as weights; with
        small areas where no child is known.
        """
        weights = np.array(self.children if sum(self.children) > 0 else self.units, dtype=float)
        return float(1 / ((weights / weights.sum()) ** 2).sum())


@dataclass(frozen=True)
class Fit:
    """How one plan keeps to the lines of one partition.

    Parameters
    ----------
    count
        Parts (or zones) that have a small area on both sides.
    splits
        Those that are not whole, in order of the partition (or of the plan).
    children
        Who live in a part and in a zone; those who live outside either are left out.
    """

    partition: Partition
    count: int
    splits: tuple[Split, ...]
    children: float

    @property
    def whole(self) -> float:
        """Share (0-1) of children who live in what is whole; NaN where no child is known."""
        return self._share(self.children - sum(sum(s.children) for s in self.splits))

    @property
    def minority_share(self) -> float:
        """Share (0-1) of children on the smaller side of a split; NaN where none is known."""
        return self._share(self.minority)

    @property
    def minority(self) -> float:
        """Children on the smaller side of a split."""
        return float(sum(split.minority for split in self.splits))

    def _share(self, children: float) -> float:
        return children / self.children if self.children > 0 else float("nan")


@dataclass(frozen=True)
class Coterminosity:
    """How one plan keeps to the lines of all partitions."""

    fits: tuple[Fit, ...]

    @property
    def score(self) -> float:
        """Share (0-1) of children in what is whole, partitions weighted; 1 where nothing is split.

        NaN where no partition has both a weight and children.
        """
        return self._mean([fit.whole for fit in self.fits])

    @property
    def minority_share(self) -> float:
        """Share (0-1) of children on the smaller side of a split, partitions weighted."""
        return self._mean([fit.minority_share for fit in self.fits])

    def _mean(self, shares: Sequence[float]) -> float:
        pairs = [
            (share, fit.partition.weight)
            for share, fit in zip(shares, self.fits, strict=True)
            if not math.isnan(share)
        ]
        total = sum(weight for _, weight in pairs)
        return sum(share * weight for share, weight in pairs) / total if total else float("nan")


@dataclass(frozen=True)
class Changes:
    """What a redraw does to one partition, by the names of what is split."""

    newly: tuple[str, ...]
    mended: tuple[str, ...]
    still: tuple[str, ...]


@dataclass(frozen=True)
class Repair:
    """A move that makes one part (or zone) whole.

    Parameters
    ----------
    partition
        Key of the partition.
    name
        What becomes whole.
    to
        Zone per unit that moves.
    children
        Who live in the units that move and so change team by it.
    torn, emptied
        Zones that the move leaves in more pieces than before, or without a small area.
    cheaper
        The cheapest move of all, where it was passed over because it tears or empties a zone.
    """

    partition: str
    name: str
    to: Mapping[str, str]
    children: float
    torn: tuple[str, ...] = ()
    emptied: tuple[str, ...] = ()
    cheaper: "Repair | None" = None

    @property
    def is_clean(self) -> bool:
        """Whether it tears no zone apart and empties none."""
        return not (self.torn or self.emptied)

    @property
    def zones(self) -> tuple[str, ...]:
        """Where its units go."""
        return tuple(dict.fromkeys(self.to.values()))

    def edit(self, title: str = "") -> Edit:
        """Make it a step of a scenario."""
        return Edit(title or f"{self.name} made whole in {named(self.zones)}", dict(self.to))


@dataclass(frozen=True)
class Blocked:
    """A split that no move mends, and why: a whole sentence."""

    partition: str
    name: str
    why: str


@dataclass(frozen=True, eq=False)
class Ground:
    """What repairs are found on: a plan, its borders, what is locked, and what a move costs.

    Parameters
    ----------
    children, cost
        Per unit; what is not known counts 0.
    locked_units
        Units that may not move, those of locked zones among them.
    locked_zones
        Zones that take no unit in.
    """

    plan: Plan
    geography: Geography
    children: Array
    cost: Array
    locked_units: frozenset[str] = frozenset()
    locked_zones: frozenset[str] = frozenset()

    @classmethod
    def of(cls, scenario: Scenario, pack: Pack, *, by: Cost = "children") -> "Ground":
        """Take the ground of a scenario; its links, cuts and locks hold.

        With `by="cases"` a move costs the open cases that change team, where the pack counts them.
        What comes first would tell which of two hidden counts is the smaller, so a hidden count is
        taken as it is estimated from what is shown (`analysis.live`).
        """
        children = children_of(pack)
        cost = children
        if by == "cases" and with_open_cases(pack.measures).has(OPEN_CASES):
            shown = live_counts(pack, scenario.baseline).count(OPEN_CASES).values
            cost = np.nan_to_num(shown, nan=0.0)
        return cls(
            scenario.plan,
            scenario.on(pack.geography),
            children,
            cost,
            frozenset(scenario.locked()),
            scenario.locked_zones,
        )

    @cached_property
    def pieces(self) -> npt.NDArray[np.int64]:
        """Pieces per zone."""
        return count_pieces(self.geography, self.plan)

    def after(self, to: Mapping[str, str]) -> "Ground":
        """Give the ground after a move; what is locked stays so."""
        return replace(self, plan=Edit("", to).apply(self.plan))


@dataclass(frozen=True)
class Together:
    """Repairs taken one after the other, each the cheapest that raised the score.

    Parameters
    ----------
    steps
        In the order taken.
    to
        Zone per unit that ends elsewhere than it began.
    children
        Who live in those units.
    before, after
        The score (0-1).
    left
        How much is split at the end.
    """

    steps: tuple[Repair, ...]
    to: Mapping[str, str]
    children: float
    before: float
    after: float
    left: int

    def edit(self) -> Edit:
        """Make it one step of a scenario."""
        return Edit(f"{len(self.steps)} repairs: parts made whole", dict(self.to))


def partitions_of(pack: Pack, entry: NamedPlan) -> tuple[Partition, ...]:
    """List whose lines a pack knows beside those of the plan `entry`: districts, then its plans.

    Districts are told by the names of the small areas (`West Dorset 003B`). Lines that are the
    same as others, or as those of `entry`, stand once. The authority's own team areas (kind
    `zones`) weigh 0 unless the pack says whose they are or has nothing else; all others weigh 1.
    """
    found = [*_districts(pack)]
    found += [_of_plan(other) for other in pack.plans if other.key != entry.key]
    kept: list[Partition] = []
    for partition in found:
        others = [p.plan for p in found if p is not partition and p.key != DISTRICTS]
        twice = partition.key == DISTRICTS and any(_same(partition.plan, o) for o in others)
        is_one = (partition.plan.sizes > 0).sum() < 2
        if not (twice or is_one or _same(partition.plan, entry.plan)):
            kept.append(with_sense(partition, entry.plan))
    if not any(partition.weight for partition in kept):  # else there would be no score
        return tuple(replace(partition, weight=1.0) for partition in kept)
    return tuple(kept)


def with_sense(partition: Partition, zones: Plan) -> Partition:
    """Say what should be whole: the side that has more members, parts where both have as many."""
    parts = int((partition.plan.sizes > 0).sum())
    return replace(partition, sense="parts" if parts >= int((zones.sizes > 0).sum()) else "zones")


def children_of(pack: Pack) -> Array:
    """Give the children per unit; 0 where they are not known."""
    return np.nan_to_num(pack.measures.counts("children"), nan=0.0)


def fit(plan: Plan, partition: Partition, children: Array) -> Fit:
    """Say how a plan keeps to the lines of a partition.

    Parameters
    ----------
    children
        Per unit, shape (units,). A missing count is 0.

    Raises
    ------
    PlanError
        When the two are not of the same units, or the counts do not fit.

    Examples
    --------
    >>> zones = Plan.from_lookup({"a": "North", "b": "North", "c": "South"})
    >>> schools = Plan.from_lookup({"a": "Hardye", "b": "Hardye", "c": "Hardye"})
    >>> said = fit(zones, Partition("p", "Pyramids", "pyramid", schools), np.array([30, 50, 20.0]))
    >>> said.whole, said.minority, round(said.splits[0].effective, 2)
    (0.0, 20.0, 1.47)
    """
    rows, columns = _sides(plan, partition)
    splits = tuple(
        Split(split.pyramid, split.zones, split.units, split.weights)
        for split in pyramids_split(columns, rows, weights=children)
    )
    both = (rows.assignment != UNASSIGNED) & (columns.assignment != UNASSIGNED)
    known = float(np.nansum(np.asarray(children)[both]))
    return Fit(partition, len(np.unique(rows.assignment[both])), splits, known)


def coterminosity(plan: Plan, partitions: Iterable[Partition], children: Array) -> Coterminosity:
    """Say how a plan keeps to the lines of all partitions; see `fit`."""
    return Coterminosity(tuple(fit(plan, partition, children) for partition in partitions))


def changes(before: Fit, after: Fit) -> Changes:
    """Say what is newly split, what is mended and what is still split."""
    was, now = ({split.name for split in said.splits} for said in (before, after))
    newly = tuple(s.name for s in after.splits if s.name not in was)
    still = tuple(s.name for s in after.splits if s.name in was)
    return Changes(newly, tuple(s.name for s in before.splits if s.name not in now), still)


def repairs(ground: Ground, said: Fit) -> tuple[Repair | Blocked, ...]:
    """Give the cheapest repair of each split, in their order.

    A part goes whole to a zone that it lies in or borders on. A zone that crosses a line gives
    what lies beyond to another zone that lies mostly there. Of all such moves that no lock
    forbids, those that tear or empty no zone come first and those that empty one last; then those
    that cost least, then those of fewest small areas.

    Parameters
    ----------
    said
        Of the ground's own plan.

    Returns
    -------
    tuple
        A `Blocked` with the reason where there is no such move.
    """
    mend = _whole_part if said.partition.sense == "parts" else _whole_zone
    return tuple(mend(ground, said.partition, split) for split in said.splits)


def repair_all(ground: Ground, partitions: Sequence[Partition]) -> Together:
    """Repair one split after another, each time the cheapest repair that raises the score.

    Repairs that tear or empty a zone are not taken. Each step looks only at itself: another order
    may mend more, or move fewer children.
    """
    counted = [partition for partition in partitions if partition.weight > 0]
    start, steps = ground, list[Repair]()
    before = after = coterminosity(ground.plan, counted, ground.children).score
    while len(steps) < MOST_STEPS:
        best = _next_step(ground, counted, after)
        if best is None:
            break
        step, ground, after = best
        steps.append(step)
    moved = ground.plan.moved_from(start.plan)
    to = {unit: ground.plan.zone_of(unit) or "" for unit in moved}
    left = sum(len(fit(ground.plan, p, ground.children).splits) for p in counted)
    children = float(ground.children[ground.plan.positions(moved)].sum())
    return Together(tuple(steps), to, children, before, after, left)


def _next_step(
    ground: Ground, partitions: Sequence[Partition], score: float
) -> tuple[Repair, Ground, float] | None:
    options = [
        repair
        for said in coterminosity(ground.plan, partitions, ground.children).fits
        for repair in repairs(ground, said)
        if isinstance(repair, Repair) and repair.is_clean
    ]
    for repair in sorted(options, key=lambda option: (_cost(ground, option.to), len(option.to))):
        child = ground.after(repair.to)
        better = coterminosity(child.plan, partitions, ground.children).score
        if better > score + 1e-12:  # sums of floats in another order differ that much
            return repair, child, better
    return None


def _whole_part(ground: Ground, partition: Partition, split: Split) -> Repair | Blocked:
    """Send a part whole to one of the zones that it lies in or borders on."""
    plan = ground.plan
    inside = _members(partition.plan, split.name) & (plan.assignment != UNASSIGNED)
    at = np.flatnonzero(inside)
    targets = dict.fromkeys((*split.into, *_zones_around(ground, at)))
    options = [
        {plan.units[unit]: zone for unit in at if plan.name_of(int(plan.assignment[unit])) != zone}
        for zone in targets
        if zone not in ground.locked_zones
    ]
    free = [to for to in options if not ground.locked_units.intersection(to)]
    if not free:
        why = "What would have to move is locked, or every zone that it could go to."
        return Blocked(partition.key, split.name, why)
    return _cheapest(ground, partition, split, free)


def _whole_zone(ground: Ground, partition: Partition, split: Split) -> Repair | Blocked:
    """Give what a zone has beyond its main part to other zones that lie mostly there."""
    plan, start = ground.plan, ground
    to: dict[str, str] = {}
    for part in split.into[1:]:
        inside = _members(plan, split.name) & _members(partition.plan, part)
        units = [plan.units[unit] for unit in np.flatnonzero(inside)]
        there = [z for z in _zones_mostly_in(ground, partition, part) if z != split.name]
        if not there:
            return Blocked(partition.key, split.name, f"No other zone lies mostly in {part}.")
        if split.name in ground.locked_zones or ground.locked_units.intersection(units):
            return Blocked(partition.key, split.name, "What would have to move is locked.")
        options = [dict.fromkeys(units, zone) for zone in there if zone not in ground.locked_zones]
        if not options:
            return Blocked(partition.key, split.name, f"Every other zone in {part} is locked.")
        step = _cheapest(ground, partition, split, options)
        to |= step.to
        ground = ground.after(step.to)
    return _repair(start, partition, split, to)


def _cheapest(
    ground: Ground, partition: Partition, split: Split, options: Sequence[Mapping[str, str]]
) -> Repair:
    """Choose among moves; the cheaper ones are tried first, so that few are tried at all."""
    order = sorted(options, key=lambda to: (_cost(ground, to), len(to)))
    tried: list[Repair] = []
    for to in order:
        repair = _repair(ground, partition, split, to)
        if repair.is_clean:
            return replace(repair, cheaper=tried[0]) if tried else repair
        tried.append(repair)
    return min(tried, key=lambda repair: bool(repair.emptied))


def _repair(ground: Ground, partition: Partition, split: Split, to: Mapping[str, str]) -> Repair:
    child = ground.after(to)
    zones = ground.plan.zones
    more = child.pieces > ground.pieces
    gone = (ground.plan.sizes > 0) & (child.plan.sizes == 0)
    torn = tuple(zone for zone, is_torn in zip(zones, more, strict=True) if is_torn)
    emptied = tuple(zone for zone, is_gone in zip(zones, gone, strict=True) if is_gone)
    children = float(ground.children[ground.plan.positions(to)].sum())
    return Repair(partition.key, split.name, to, children, torn, emptied)


def _cost(ground: Ground, to: Mapping[str, str]) -> float:
    return float(ground.cost[ground.plan.positions(to)].sum())


def _zones_around(ground: Ground, at: Positions) -> list[str]:
    """Name the zones across the open borders of some units, in the order of the plan."""
    neighbours, plan = ground.geography.neighbours, ground.plan
    near = {int(plan.assignment[other]) for unit in at for other in neighbours.of(int(unit))}
    return [plan.zones[zone] for zone in sorted(near - {UNASSIGNED})]


def _zones_mostly_in(ground: Ground, partition: Partition, part: str) -> list[str]:
    """Name the zones that have more children in `part` than in any other part."""
    mostly = []
    for zone in range(len(ground.plan.zones)):
        inside = (ground.plan.assignment == zone) & (partition.plan.assignment != UNASSIGNED)
        weight = ground.children[inside] if ground.children[inside].any() else np.ones(inside.sum())
        held = np.bincount(
            partition.plan.assignment[inside], weight, minlength=len(partition.plan.zones)
        )
        if inside.any() and partition.plan.zones[int(held.argmax())] == part:
            mostly.append(ground.plan.zones[zone])
    return mostly


def _sides(plan: Plan, partition: Partition) -> tuple[Plan, Plan]:
    """Give what should be whole, and what it should be whole in."""
    return (partition.plan, plan) if partition.sense == "parts" else (plan, partition.plan)


def _members(plan: Plan, zone: str) -> npt.NDArray[np.bool_]:
    return np.asarray(plan.assignment == plan.zone_position(zone))


def _districts(pack: Pack) -> list[Partition]:
    matches = [_NUMBERED.match(name) for name in pack.geography.names]
    lookup = {
        unit: match[1] if match else None
        for unit, match in zip(pack.geography.units, matches, strict=True)
    }
    plan = Plan.from_lookup(lookup)
    return [
        Partition(DISTRICTS, "Districts", "district", plan, body="District councils",
                  note="Told by the names of the small areas.")
    ]  # fmt: skip


def _of_plan(entry: NamedPlan) -> Partition:
    body = entry.body or ("Schools" if entry.kind == "pyramids" else "")
    return Partition(
        entry.key,
        entry.title,
        entry.zone_word,
        entry.plan,
        weight=0.0 if entry.kind == "zones" and not entry.body else 1.0,
        body=body,
        note="Approximate lines." if entry.status == "approximate" else "",
    )


def _same(one: Plan, other: Plan) -> bool:
    """Say whether two plans draw the same lines, whatever their zones are called."""
    return np.array_equal(_numbered(one), _numbered(other))


def _numbered(plan: Plan) -> npt.NDArray[np.intp]:
    """Give each unit the number of its zone, counted as units meet zones; no zone is -1."""
    _, first, inverse = np.unique(plan.assignment, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))
    return np.where(plan.assignment == UNASSIGNED, -1, rank[inverse]).astype(np.intp)
