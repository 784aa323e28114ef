"""A plan: which zone each unit belongs to.

Today's lines, a proposal, a lookup file and a catchment map are all the same value, so every
measure serves them all. A plan never changes: a move returns a child.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from geo.errors import PlanError, named

UNASSIGNED = -1

Assignment = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False, repr=False)
class Plan:
    """Units, zones and, for each unit, the position of its zone.

    Parameters
    ----------
    units
        Codes in the order of the geography, each once.
    zones
        Zone names in the order they are shown. A zone may hold no unit.
    assignment
        One position in `zones` per unit, `UNASSIGNED` (-1) where a unit is in no zone.

    Raises
    ------
    PlanError
        When a code or zone repeats, or the assignment does not fit the units and zones.

    Examples
    --------
    >>> plan = Plan.from_lookup({"E01": "North", "E02": "North", "E03": "South"})
    >>> plan.move(["E02"], to="South").members("South")
    ('E02', 'E03')
    """

    units: tuple[str, ...]
    zones: tuple[str, ...]
    assignment: Assignment

    def __post_init__(self) -> None:
        """Check once, then freeze the array."""
        object.__setattr__(self, "units", tuple(self.units))
        object.__setattr__(self, "zones", tuple(self.zones))
        assignment = np.array(self.assignment, dtype=np.int32)
        _refuse_repeats(self.units, what="unit")
        _refuse_repeats(self.zones, what="zone")
        if assignment.shape != (len(self.units),):
            raise PlanError(
                f"The plan has {len(self.units)} units and {assignment.size} assignments.",
                remedy="Give each unit one zone.",
            )
        outside = (assignment < UNASSIGNED) | (assignment >= len(self.zones))
        if outside.any():
            raise PlanError(
                f"The plan sends {named(np.array(self.units)[outside])} to zones it does not have.",
                remedy=f"Use 0 to {len(self.zones) - 1}, or {UNASSIGNED} for no zone.",
            )
        assignment.setflags(write=False)
        object.__setattr__(self, "assignment", assignment)

    @classmethod
    def from_lookup(
        cls,
        lookup: Mapping[str, str | None],
        *,
        units: Sequence[str] | None = None,
        zones: Sequence[str] = (),
    ) -> "Plan":
        """Build a plan from unit -> zone; None or an empty name leaves a unit unassigned.

        Parameters
        ----------
        units
            The order of units, and the units the lookup must cover; the lookup's own by default.
        zones
            The order of zones; those it does not name follow in alphabetical order.

        Raises
        ------
        PlanError
            When the lookup lacks a unit, or names one that `units` does not have.
        """
        order = tuple(lookup) if units is None else tuple(units)
        missing = [unit for unit in order if unit not in lookup]
        if missing:
            raise PlanError(
                f"The plan has no zone for {len(missing)} of {len(order)} units: {named(missing)}.",
                remedy="Are the codes of another vintage (2011, 2021)? Give every unit a row.",
            )
        known = set(order)
        unknown = [unit for unit in lookup if unit not in known]
        if unknown:
            raise PlanError(
                f"The plan names {len(unknown)} units that this authority does not have: "
                f"{named(unknown)}.",
                remedy="Are the codes of another vintage (2011, 2021) or another authority?",
            )
        rest = sorted({zone for zone in lookup.values() if zone} - set(zones))
        names = (*zones, *rest)
        position = {zone: i for i, zone in enumerate(names)}
        assignment = [position.get(lookup[unit] or "", UNASSIGNED) for unit in order]
        return cls(order, names, np.array(assignment, dtype=np.int32))

    def move(self, units: Iterable[str], *, to: str | None) -> "Plan":
        """Return the plan with `units` in zone `to` (None takes them out of every zone).

        Raises
        ------
        PlanError
            When a unit or the zone is not in the plan.
        """
        target = UNASSIGNED if to is None else self.zone_position(to)
        assignment = self.assignment.copy()
        assignment[self.positions(units)] = target
        return self._child(assignment)

    def with_zone(self, name: str) -> "Plan":
        """Return the plan with one more zone, empty and last."""
        return Plan(self.units, (*self.zones, name), self.assignment)

    def positions(self, units: Iterable[str]) -> npt.NDArray[np.intp]:
        """Where each of `units` stands in the plan, in the order given."""
        wanted = list(units)
        unknown = [unit for unit in wanted if unit not in self._position]
        if unknown:
            raise PlanError(
                f"The plan has no unit {named(unknown)}.",
                remedy="Are the codes of another vintage (2011, 2021)?",
            )
        return np.array([self._position[unit] for unit in wanted], dtype=np.intp)

    def zone_position(self, zone: str) -> int:
        """Where `zone` stands among the zones."""
        if zone not in self.zones:
            raise PlanError(
                f"The plan has no zone '{zone}'.", remedy=f"Its zones are {named(self.zones)}."
            )
        return self.zones.index(zone)

    def zone_of(self, unit: str) -> str | None:
        """Name the zone of `unit`, None where it has none."""
        return self.name_of(int(self.assignment[self.positions([unit])[0]]))

    def name_of(self, position: int) -> str | None:
        """Name the zone at `position`, None for `UNASSIGNED`."""
        return None if position == UNASSIGNED else self.zones[position]

    def members(self, zone: str | None) -> tuple[str, ...]:
        """List the units of `zone`, or with None those in no zone."""
        target = UNASSIGNED if zone is None else self.zone_position(zone)
        return tuple(np.array(self.units, dtype=object)[self.assignment == target])

    def moved_from(self, earlier: "Plan") -> tuple[str, ...]:
        """List the units whose zone differs from `earlier`, compared by the zones' names.

        Raises
        ------
        PlanError
            When the two plans are not of the same units in the same order.
        """
        self.require_units(earlier.units)
        mine = np.array([*self.zones, ""], dtype=object)[self.assignment]
        theirs = np.array([*earlier.zones, ""], dtype=object)[earlier.assignment]
        return tuple(np.array(self.units, dtype=object)[mine != theirs])

    def require_units(self, units: Sequence[str]) -> None:
        """Refuse units other than the plan's own, or in another order."""
        if self.units == tuple(units):
            return
        strange = sorted(set(units) ^ set(self.units))
        raise PlanError(
            f"The plan and the data are not of the same units: {named(strange)} "
            f"stand on one side only."
            if strange
            else "The plan and the data hold the same units in another order.",
            remedy="Align both by code, and check that they are of one vintage (2011, 2021).",
        )

    def _child(self, assignment: Assignment) -> "Plan":
        """Make a plan of the same units and zones, which need no second check."""
        child = object.__new__(Plan)
        assignment.setflags(write=False)
        for field, value in (("units", self.units), ("zones", self.zones)):
            object.__setattr__(child, field, value)
        object.__setattr__(child, "assignment", assignment)
        child.__dict__["_position"] = self._position
        return child

    @property
    def unassigned(self) -> tuple[str, ...]:
        """The units in no zone."""
        return self.members(None)

    @cached_property
    def fingerprint(self) -> str:
        """Sixteen hex digits that name this very plan, whatever the order of its zones.

        Two plans that put the same units into the same zones share it, however their rows and
        zones are ordered: it names the plan on screen and in downloads. Caches key on the plan
        itself, since results follow the order of its zones.
        """
        rows = sorted(zip(self.units, self.assignment.tolist(), strict=True))
        text = "\n".join(f"{unit}\t{self.name_of(zone) or ''}" for unit, zone in rows)
        zones = "\n".join(sorted(self.zones))
        return hashlib.sha256(f"{zones}\n\n{text}".encode()).hexdigest()[:16]

    @cached_property
    def sizes(self) -> npt.NDArray[np.int64]:
        """Units per zone, in the order of `zones`."""
        inside = self.assignment[self.assignment != UNASSIGNED]
        return np.bincount(inside, minlength=len(self.zones)).astype(np.int64)

    @cached_property
    def _position(self) -> dict[str, int]:
        return {unit: i for i, unit in enumerate(self.units)}

    def __eq__(self, other: object) -> bool:
        """Say whether both put the same units, in the same order, into the same zones."""
        return (
            isinstance(other, Plan)
            and self.units == other.units
            and self.zones == other.zones
            and np.array_equal(self.assignment, other.assignment)
        )

    def __hash__(self) -> int:
        """Hash by content, as equality compares."""
        return hash((self.units, self.zones, self.assignment.tobytes()))

    def __repr__(self) -> str:
        """Show size and name: `<Plan 249 units in 7 zones, 3f0c…>`."""
        loose = len(self.units) - int(self.sizes.sum())
        tail = f", {loose} unassigned" if loose else ""
        return (
            f"<Plan {len(self.units)} units in {len(self.zones)} zones{tail}, {self.fingerprint}>"
        )


def _refuse_repeats(codes: tuple[str, ...], *, what: str) -> None:
    if len(set(codes)) == len(codes):
        return
    twice = [code for code, count in Counter(codes).items() if count > 1]
    raise PlanError(
        f"The plan names {named(twice)} more than once.", remedy=f"Give each {what} one row."
    )
