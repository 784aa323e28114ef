"""Events: everything that can happen to a scenario, as values that can be kept and read back.

A scenario is its baseline and its events in order; nothing else is stored. A move is one step that
undo takes back. A lock, a border or an assumption is no step: it holds until it is changed, and
undo does not touch it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from analysis.assumptions import Assumptions, OpenCases, Staff
from geo.errors import PlanError
from geo.plan import Plan

MOST_TOLD = 3
"""Changes of the assumptions that a title names; further ones are told by their number."""

BorderKind = Literal["link", "cut", "clear"]
"""What a planner makes of a border: passable though apart, closed though touching, or as built."""


@dataclass(frozen=True)
class Edit:
    """One step of a redraw: which units go where, and how the history names it.

    Parameters
    ----------
    title
        `3 units to North`.
    to
        Zone per unit; None takes a unit out of every zone.
    zones
        All zones in order, where the edit adds, renames or drops zones or puts a whole plan in
        the place of another. A unit that `to` does not name stays, and so does its zone.
    """

    kind: ClassVar[str] = "edit"
    title: str
    to: Mapping[str, str | None]
    zones: tuple[str, ...] = ()

    @classmethod
    def move(cls, units: Iterable[str], *, to: str | None) -> "Edit":
        """Move units to one zone."""
        moved = dict.fromkeys(units, to)
        word = "unit" if len(moved) == 1 else "units"
        return cls(f"{len(moved)} {word} to {to or 'no zone'}", moved)

    @classmethod
    def with_zone(cls, name: str, plan: Plan) -> "Edit":
        """Add a zone without units, last."""
        return cls(f"New zone {name}", {}, (*plan.zones, name))

    @classmethod
    def rename(cls, zone: str, name: str, plan: Plan) -> "Edit":
        """Call a zone by another name; its place among the zones stays."""
        zones = tuple(name if other == zone else other for other in plan.zones)
        return cls(f"{zone} is now {name}", dict.fromkeys(plan.members(zone), name), zones)

    @classmethod
    def replace_with(cls, plan: Plan, title: str, *, keeping: tuple[str, ...] = ()) -> "Edit":
        """Put `plan` in the place of what is there; zones in `keeping` stay, if need be empty."""
        zones = (*keeping, *(zone for zone in plan.zones if zone not in keeping))
        return cls(title, {unit: plan.zone_of(unit) for unit in plan.units}, zones)

    def renamed(self, plan: Plan) -> Mapping[str, str]:
        """Give the new names of zones, where this step does nothing but name them anew."""
        if len(self.zones) != len(plan.zones):
            return {}
        pairs = zip(plan.zones, self.zones, strict=True)
        names = {was: now for was, now in pairs if was != now}
        whole = {unit: now for was, now in names.items() for unit in plan.members(was)}
        return names if dict(self.to) == whole else {}

    def apply(self, plan: Plan) -> Plan:
        """Return the plan after this step; a zone that it does not have is added last."""
        if self.zones:
            stay = {unit: plan.zone_of(unit) for unit in plan.units if unit not in self.to}
            return Plan.from_lookup({**stay, **self.to}, units=plan.units, zones=self.zones)
        fresh = dict.fromkeys(zone for zone in self.to.values() if zone)
        for name in fresh:
            if name not in plan.zones:
                plan = plan.with_zone(name)
        for zone in dict.fromkeys(self.to.values()):
            plan = plan.move([unit for unit, to in self.to.items() if to == zone], to=zone)
        return plan

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain values."""
        return {"title": self.title, "to": dict(self.to), "zones": list(self.zones)}

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> "Edit":
        """Read it back."""
        to = {str(u): None if z is None else str(z) for u, z in dict(kept["to"]).items()}
        return cls(str(kept["title"]), to, tuple(str(zone) for zone in kept["zones"]))


@dataclass(frozen=True)
class Undo:
    """The last step is taken back."""

    kind: ClassVar[str] = "undo"

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain values."""
        return {}

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> "Undo":  # noqa: ARG003  as all events are read
        """Read it back."""
        return cls()


@dataclass(frozen=True)
class Redo:
    """The last step taken back is taken again."""

    kind: ClassVar[str] = "redo"

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain values."""
        return {}

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> "Redo":  # noqa: ARG003  as all events are read
        """Read it back."""
        return cls()


@dataclass(frozen=True)
class Lock:
    """Zones and units are locked, or unlocked: no step may move what is locked."""

    kind: ClassVar[str] = "lock"
    on: bool
    zones: tuple[str, ...] = ()
    units: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain values."""
        return {"on": self.on, "zones": list(self.zones), "units": list(self.units)}

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> "Lock":
        """Read it back."""
        if not isinstance(kept["on"], bool):
            raise TypeError(kept["on"])
        return cls(kept["on"], tuple(map(str, kept["zones"])), tuple(map(str, kept["units"])))


@dataclass(frozen=True)
class Border:
    """Pairs of units are linked, cut, or put back to what the pack says."""

    kind: ClassVar[str] = "border"
    what: BorderKind
    pairs: tuple[tuple[str, str], ...]

    def __post_init__(self) -> None:
        """Put each pair in one order."""
        if self.what not in ("link", "cut", "clear"):
            raise PlanError(
                f"A border cannot be made '{self.what}'.", remedy="Choose link, cut or clear."
            )
        pairs = tuple((min(a, b), max(a, b)) for a, b in self.pairs)
        if any(a == b for a, b in pairs):
            raise PlanError("A unit has no border with itself.", remedy="Name two units.")
        object.__setattr__(self, "pairs", pairs)

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain values."""
        return {"what": self.what, "pairs": [list(pair) for pair in self.pairs]}

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> "Border":
        """Read it back."""
        return cls(kept["what"], tuple((str(a), str(b)) for a, b in kept["pairs"]))


@dataclass(frozen=True)
class Assume:
    """The assumptions are those given."""

    kind: ClassVar[str] = "assume"
    assumptions: Assumptions

    def title(self, before: Assumptions) -> str:
        """Say what it changes of the assumptions before it; three things at most, then how many.

        >>> Assume(Assumptions(tolerance=0.05, fte={"West": 18})).title(Assumptions())
        'Tolerance 10 % to 5 %; FTE of West set to 18.0'
        """
        said = _changes(before, self.assumptions)
        if not said:
            return "Assumptions as they were"
        more = len(said) - MOST_TOLD
        return "; ".join(said[:MOST_TOLD]) + (f" and {more} more" if more > 0 else "")

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain values."""
        return self.assumptions.to_dict()

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> "Assume":
        """Read it back."""
        return cls(Assumptions.from_dict(kept))


Event = Edit | Undo | Redo | Lock | Border | Assume

_KINDS: Mapping[str, type[Event]] = {e.kind: e for e in (Edit, Undo, Redo, Lock, Border, Assume)}


def event_to_dict(event: Event) -> dict[str, Any]:
    """Give an event as plain values with its kind.

    >>> event_to_dict(Lock(on=True, zones=("North",)))
    {'kind': 'lock', 'on': True, 'zones': ['North'], 'units': []}
    """
    return {"kind": event.kind, **event.to_dict()}


def event_from_dict(kept: Mapping[str, Any]) -> Event:
    """Read an event back from plain values.

    Raises
    ------
    PlanError
        When it is of no known kind, or something in it is missing or of the wrong kind.
    """
    kind = kept.get("kind") if isinstance(kept, Mapping) else None
    if kind not in _KINDS:
        raise PlanError(
            f"A step of the scenario is of the kind '{kind}', which this version does not know.",
            remedy="Use the newest Zonewright that was used here.",
        )
    body = {name: value for name, value in kept.items() if name != "kind"}
    try:
        return _KINDS[str(kind)].from_dict(body)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise PlanError(
            f"A step of the scenario, '{kind}', cannot be read.",
            remedy="Restore the scenario from its last good copy.",
        ) from error


_STAFF: Mapping[Staff, str] = {
    "stays": "Staff stay with their zone",
    "follows": "Staff follow their cases",
}
_CASES: Mapping[OpenCases, str] = {
    "transfer": "Open cases transfer at once",
    "stay": "Open cases stay until closed",
}
_KINDS_OF_CASE: Mapping[str, str] = {
    "open_cin": "open children in need",
    "open_cp": "child protection plans",
    "open_cla": "children looked after",
}
"""Words for `layers.series.OPEN_KINDS`: a log is read without the pack, which has their titles."""


def _changes(before: Assumptions, after: Assumptions) -> list[str]:
    """Name every difference, those first that a figure follows from most."""
    said = []
    if before.staff != after.staff:
        said.append(_STAFF[after.staff])
    if before.cases != after.cases:
        said.append(_CASES[after.cases])
    said += _share("Tolerance", before.tolerance, after.tolerance)
    if len(before.fte) > 1 and not after.fte:
        said.append("All FTE as recorded")
    else:
        said += _numbers("FTE of", before.fte, after.fte, unset="as recorded")
    kinds = sorted({*before.weights, *after.weights})
    weights = [{_kind(kind): a.weight(kind) for kind in kinds} for a in (before, after)]
    said += _numbers("Weight of", *weights)
    said += _share("Newly qualified worker", before.newly_qualified, after.newly_qualified)
    months = [{_kind(kind): n for kind, n in a.months_open.items()} for a in (before, after)]
    return said + _numbers("Months open of", *months, unset="as in the pack")


def _share(what: str, was: float, now: float) -> list[str]:
    return [f"{what} {100 * was:g} % to {100 * now:g} %"] if was != now else []


def _numbers(
    what: str, before: Mapping[str, float], after: Mapping[str, float], *, unset: str = ""
) -> list[str]:
    """Name the numbers that differ; only the first says of what they are.

    `unset` says what holds for a name that has none.
    """
    said = []
    for name in dict.fromkeys((*before, *after)):
        was, now = before.get(name), after.get(name)
        if was == now:
            continue
        if was is None or now is None:
            said.append(f"{name} {unset}" if now is None else f"{name} set to {_number(now)}")
        else:
            is_close = _number(was) == _number(now)
            said.append(f"{name} " + " to ".join(_number(n, fine=is_close) for n in (was, now)))
    return [f"{what} {said[0]}", *said[1:]] if said else []


def _number(number: float, *, fine: bool = False) -> str:
    """Write a number to one decimal; to all that it has where one would not tell two apart."""
    return f"{number:.10g}" if fine else f"{number:.1f}"


def _kind(key: str) -> str:
    return _KINDS_OF_CASE.get(key, key)
