"""The handover ledger: what a redraw hands from one zone to another, and what it leaves.

Everything that a plan holds stays in its zone, changes zone, or is in no zone before and after;
the three add up to all. A way is a pair of zones, from and to; going into or out of no zone is a
way too. Zones are matched by name, as people know them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from analysis.aggregate import NO_ZONE, ZoneTotals, aggregate
from geo.errors import LayerError, PlanError
from geo.geography import Geography
from geo.index import OUTSIDE, UnitIndex
from geo.plan import UNASSIGNED, Plan
from layers.measures import Measures
from layers.places import Place
from layers.programmes import Programme

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

DETOUR = 1.3
"""Roads are longer than straight lines by about this factor; editable."""

MONTHS_AFTER = (3, 6, 12)

STAY = "Stay in their zone"


@dataclass(frozen=True)
class Way:
    """Where units go from and to; None is no zone."""

    start: str | None
    end: str | None

    def __str__(self) -> str:
        """Write it as a row is called: `North to South`."""
        return f"{self.start or NO_ZONE} to {self.end or NO_ZONE}"


@dataclass(frozen=True, eq=False)
class Handover:
    """A redraw as ways between zones, and what goes each of them.

    Parameters
    ----------
    before, after
        Plans of the same units.
    ways
        Each pair of zones that units go between, in the order of the earlier plan's zones.
    plan
        A plan whose zones are the ways, then those that stay; the units in no zone on both sides
        are in none of its zones.
    totals
        Of that plan.

    Raises
    ------
    LayerError
        When what stays, what moves and what is in no zone do not add up to all.
    """

    before: Plan
    after: Plan
    ways: tuple[Way, ...]
    plan: Plan
    totals: ZoneTotals

    def __post_init__(self) -> None:
        """Refuse an account that does not add up: no unit is in two places, and none is lost."""
        units = int(self.plan.sizes.sum()) + len(self.plan.unassigned)
        apart = len(self.after.moved_from(self.before))
        if units != len(self.before.units) or int(self.plan.sizes[:-1].sum()) != apart:
            raise LayerError(
                "What stays, what changes zone and what is in no zone do not add up to all.",
                remedy="This is a fault of the ledger; nothing was shown.",
            )

    @property
    def moved(self) -> Mask:
        """Which units change zone, shape (units,)."""
        moved = (self.plan.assignment != UNASSIGNED) & (self.plan.assignment < len(self.ways))
        return np.asarray(moved)

    def along(self, key: str) -> Array:
        """Give a measure per way; NaN where a part is not known."""
        return self.totals.counts(key)[:-1]

    def stayed(self, key: str) -> float:
        """Give what stays in its zone; NaN where a part is not known."""
        return float(self.totals.counts(key)[-1])

    def changing(self, key: str) -> float:
        """Give what changes zone; NaN where a part is not known."""
        return float(self.along(key).sum())

    @cached_property
    def changed_units(self) -> tuple[str, ...]:
        """The units that change zone."""
        return self.after.moved_from(self.before)


def handover(before: Plan, after: Plan, measures: Measures) -> Handover:
    """Follow every unit from one plan to the next.

    Parameters
    ----------
    before, after
        Of the same units, in the same order, as `measures`. Zones are matched by name.

    Raises
    ------
    PlanError
        When the plans and the measures are not of the same units.

    Examples
    --------
    >>> from layers.measures import Measure
    >>> before = Plan(("a", "b", "c"), ("North", "South"), np.array([0, 0, 1]))
    >>> children = Measure("children", "Children", "children", "2016", "drawn", "illustrative")
    >>> values, known = np.array([[10.0, 5, 7]]), np.zeros((1, 3), "i1")
    >>> counts = Measures(before.units, (children,), values, known)
    >>> found = handover(before, before.move(["b"], to="South"), counts)
    >>> [str(way) for way in found.ways], found.along("children"), found.stayed("children")
    (['North to South'], array([5.]), 17.0)
    """
    after.require_units(before.units)
    pairs = [
        (before.name_of(int(old)), after.name_of(int(new)))
        for old, new in zip(before.assignment, after.assignment, strict=True)
    ]
    order = {zone: at for at, zone in enumerate(dict.fromkeys((*before.zones, *after.zones)))}
    found = sorted(
        {(old, new) for old, new in pairs if old != new},
        key=lambda pair: tuple(order.get(zone or "", len(order)) for zone in pair),
    )
    ways = tuple(Way(old, new) for old, new in found)
    position = {pair: at for at, pair in enumerate(found)}
    stay = [UNASSIGNED if old is None else len(ways) for old, _ in pairs]
    at = [position.get(pair, stay[unit]) for unit, pair in enumerate(pairs)]
    plan = Plan(before.units, (*_row_names(ways), STAY), np.array(at, dtype=np.int32))
    return Handover(before, after, ways, plan, aggregate(plan, measures))


def fte_along(found: Handover, cases: npt.ArrayLike, fte: npt.ArrayLike) -> Array:
    """Say how much FTE goes each way when staff follow their cases.

    A unit that moves takes the share of its old zone's FTE that it has of that zone's open cases
    (`analysis.caseload.fte_after`).

    Parameters
    ----------
    cases
        Open cases per unit.
    fte
        Per zone of the earlier plan; NaN where no staff is recorded.

    Returns
    -------
    ndarray
        Per way. NaN where the old zone has no staff recorded or its cases are not known; 0 from
        no zone.
    """
    held, staff = np.asarray(cases, dtype=np.float64), np.asarray(fte, dtype=np.float64)
    start = found.before.assignment
    moved, inside = found.moved, start != UNASSIGNED
    in_zone = np.bincount(start[inside], held[inside], minlength=len(found.before.zones))
    result = np.zeros(len(found.ways))
    for at, way in enumerate(found.ways):
        if way.start is None:
            continue
        zone = found.before.zone_position(way.start)
        there = moved & (found.plan.assignment == at)
        gone = float(held[there].sum())
        result[at] = staff[zone] * gone / in_zone[zone] if in_zone[zone] else staff[zone] * 0
    return result


def still_with_old_team(moved: npt.ArrayLike, month: Array, months: int) -> float:
    """Estimate how many of the moved children are still with their old team after some months.

    Where open cases stay with their team until they are closed, so does a child who goes on from
    one kind of case to another.

    Parameters
    ----------
    moved
        Open cases of each kind that change zone, shape (kinds,).
    month
        Where a case of each kind is a month later, shape (kinds, kinds + 1); closed is last
        (`analysis.flow_stages.Stages.month`).
    months
        0 or more.

    Returns
    -------
    float
        NaN where a count is not known.

    Raises
    ------
    PlanError
        When shapes do not fit, or the months are fewer than 0.

    Examples
    --------
    >>> still_with_old_team([100.0], np.array([[0.5, 0.5]]), 2)
    25.0
    """
    counts = np.asarray(moved, dtype=np.float64)
    if month.shape != (len(counts), len(counts) + 1):
        raise PlanError(f"Cases of {len(counts)} kinds do not fit a month of {month.shape}.")
    if months < 0:
        raise PlanError(f"The cases are looked at after {months} months.", remedy="Give 0 or more.")
    open_still = np.linalg.matrix_power(month[:, :-1], months).sum(axis=1)
    return float(counts @ open_still)


@dataclass(frozen=True)
class Moved:
    """A named place or offer whose zone differs; None is no zone."""

    name: str
    kind: str
    start: str | None
    end: str | None


def places_that_move(
    places: Sequence[Place],
    kinds: Sequence[str],
    *,
    found: Handover,
    index: UnitIndex,
) -> tuple[Moved, ...]:
    """List the places (schools, sites) whose zone differs, by name.

    Parameters
    ----------
    kinds
        What each is, in words: `family hub`, `middle school`.
    index
        Of the same units. A place that no unit holds has no zone, before and after.
    """
    at = locate(places, index)
    moved = found.moved
    return tuple(
        Moved(place.name, kind, *_ends(found, int(unit)))
        for place, kind, unit in zip(places, kinds, at, strict=True)
        if unit != OUTSIDE and moved[unit]
    )


def programmes_that_move(
    programmes: Iterable[Programme],
    sites: Sequence[Place],
    *,
    found: Handover,
    index: UnitIndex,
) -> tuple[Moved, ...]:
    """List the programmes whose zone differs.

    One at a site goes with its site, where that is known. One that is offered in a zone at large
    stays with the zone by name, and has none where the zone is gone.
    """
    unit_of = dict(zip((site.name for site in sites), locate(sites, index).tolist(), strict=True))
    rows: list[Moved] = []
    for programme in programmes:
        unit = unit_of.get(programme.site, OUTSIDE)
        if unit != OUTSIDE:
            if found.moved[unit]:
                rows.append(Moved(programme.name, f"at {programme.site}", *_ends(found, unit)))
        elif programme.zone in found.before.zones and programme.zone not in found.after.zones:
            rows.append(Moved(programme.name, "zone at large", programme.zone, None))
    return tuple(rows)


def locate(places: Sequence[Place], index: UnitIndex) -> npt.NDArray[np.int32]:
    """Find the position of the unit that holds each place; -1 where none does."""
    return index.locate([place.easting for place in places], [place.northing for place in places])


def base_km(
    geography: Geography,
    plan: Plan,
    sites: Sequence[Place],
    *,
    index: UnitIndex,
    detour: float = DETOUR,
) -> Array:
    """Measure each unit's way to the nearest base of its zone: a straight line times a factor.

    The bases of a zone are the sites inside it. The line runs from the point inside the unit that
    stands for it; it is no route.

    Parameters
    ----------
    detour
        How much longer roads are taken to be, 1 or more.

    Returns
    -------
    ndarray
        Kilometres per unit; NaN for a unit in no zone, or whose zone has no site inside.

    Raises
    ------
    PlanError
        When the factor is below 1.
    """
    if not detour >= 1:
        raise PlanError(f"The detour factor is {detour}.", remedy="Give 1 or more.")
    km = np.full(len(plan.units), np.nan)
    at = locate(sites, index)
    points = np.array([(site.easting, site.northing) for site in sites]).reshape(-1, 2)
    zone_of_site = np.where(at == OUTSIDE, UNASSIGNED, plan.assignment[at])
    for zone in range(len(plan.zones)):
        members, bases = plan.assignment == zone, zone_of_site == zone
        if not members.any() or not bases.any():
            continue
        off = geography.centre_m[members][:, None, :] - points[bases][None, :, :]
        km[members] = np.hypot(off[..., 0], off[..., 1]).min(axis=1) * detour / 1000
    return km


def mean_km(km: npt.ArrayLike, children: npt.ArrayLike, among: npt.ArrayLike) -> float:
    """Average the way to base over children, of the units in `among` whose way is known.

    Returns
    -------
    float
        NaN where no child lives in such units.
    """
    way, weight = np.asarray(km, dtype=np.float64), np.asarray(children, dtype=np.float64)
    used = np.asarray(among, dtype=bool) & ~np.isnan(way) & (weight > 0)
    total = float(weight[used].sum())
    return float(weight[used] @ way[used]) / total if total > 0 else float("nan")


def _ends(found: Handover, unit: int) -> tuple[str | None, str | None]:
    return (
        found.before.name_of(int(found.before.assignment[unit])),
        found.after.name_of(int(found.after.assignment[unit])),
    )


def _row_names(ways: Sequence[Way]) -> tuple[str, ...]:
    """Name the ways, each once: zones may be called so that two pairs read alike."""
    names: list[str] = []
    for way in ways:
        name, again = str(way), 2
        while name in {*names, STAY}:
            name, again = f"{way} ({again})", again + 1
        names.append(name)
    return tuple(names)
