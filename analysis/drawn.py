"""Draw freely: a drawn line or an uploaded boundary becomes whole small areas by best fit.

A small area goes where its centre lies. What the line cuts is told with the people who live
there, and so is what lies in no area or in several.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from analysis.disclosure import POLICIES
from analysis.events import Edit
from analysis.scenario import Scenario
from analysis.table import Basis, Column, Part, Table, TextColumn
from analysis.tables import sources_of
from geo.adjacency import Shapes
from geo.crosswalk import CUT_BELOW, Crosswalk, Method, best_fit
from geo.crs import GRID_M
from geo.errors import PlanError, named
from geo.geography import Geography
from geo.plan import UNASSIGNED, Plan
from layers.pack import Pack
from layers.status import Status

Array = npt.NDArray[np.float64]
Points = Sequence[tuple[float, float]]

LEAST_AREA_M2 = 1_000.0
"""A smaller line is a slip of the hand: the smallest LSOA of England has some 18,000."""

MOST_POINTS = 50_000
MOST_NAME_CHARACTERS = 200


@dataclass(frozen=True)
class Affected:
    """Small areas that the fit concerns in one way, and who lives there.

    Parameters
    ----------
    what
        In which way: `Cut by a line, taken in whole`.
    persons, children
        Who live in them, those whose number is not known left out.
    beyond
        Children on the other side of the line, if all are spread evenly over the land; NaN where
        no line is crossed.
    """

    what: str
    units: tuple[str, ...]
    persons: float
    children: float
    beyond: float = math.nan


@dataclass(frozen=True, eq=False)
class Fitted:
    """What was drawn or uploaded, as a plan in whole small areas.

    Parameters
    ----------
    crosswalk
        Which small area lies in which area, and by which point.
    plan
        The scenario's plan after it, with what is locked left where it is.
    moved
        Small areas that would change zone.
    held
        Small areas that would change zone but are locked, or are of a locked zone or going to one.
    affected
        What the fit does to people.
    edit
        The step that takes it over.
    """

    crosswalk: Crosswalk
    plan: Plan
    moved: tuple[str, ...]
    held: tuple[str, ...]
    affected: tuple[Affected, ...]
    edit: Edit


def polygon_of(points: Points) -> shapely.Polygon:
    """Make a polygon of a drawn line; the last point need not repeat the first.

    Parameters
    ----------
    points
        Easting and northing of each corner in metres (EPSG:27700).

    Raises
    ------
    PlanError
        When there are fewer than three different points or far too many, when one is no number or
        off the map, or when the line crosses itself or encloses next to nothing.

    Examples
    --------
    >>> polygon_of([(370000, 90000), (371000, 90000), (371000, 91000)]).area
    500000.0
    """
    corners = np.array([(float(x), float(y)) for x, y in points], dtype=np.float64).reshape(-1, 2)
    if not np.isfinite(corners).all():
        raise PlanError("The drawn line has points that are no numbers.", remedy="Draw it again.")
    different = len(np.unique(corners, axis=0))
    if different < 3:
        raise PlanError(
            f"The drawn line has {different} different points; three or more were wanted.",
            remedy="Draw around the small areas.",
        )
    if len(corners) > MOST_POINTS:
        raise PlanError(
            f"The drawn line has {len(corners):,} points; at most {MOST_POINTS:,} can be taken.",
            remedy="Draw it again with fewer, or bring it as a file.",
        )
    west, south, east, north = GRID_M
    x, y = corners.T
    if not ((x >= west) & (x <= east) & (y >= south) & (y <= north)).all():
        raise PlanError(
            "The drawn line leaves British National Grid.",
            remedy="Draw on the map; coordinates are eastings and northings in metres.",
        )
    return _sound(shapely.Polygon(corners))


def fit_polygon(scenario: Scenario, pack: Pack, points: Points, *, to: str) -> Fitted:
    """Put the small areas whose centre lies in a drawn line into one zone.

    Parameters
    ----------
    points
        As `polygon_of` takes them.
    to
        A zone of the plan, or the name of a new one.

    Raises
    ------
    PlanError
        When the line is none (`polygon_of`), lies outside the authority, or holds the centre of
        no small area; or when the zone has no name.
    """
    name = _require_name(to)
    polygon = polygon_of(points)
    crosswalk = best_fit(
        pack.geography, np.array([polygon], dtype=object), [name], weights=_weights(pack)
    )
    _require_some(crosswalk, pack.geography, polygon)
    inside = crosswalk.plan.members(name)
    plan, held = _leaving_locked(scenario, dict.fromkeys(inside, name))
    moved = plan.moved_from(scenario.plan)
    word = "small area" if len(moved) == 1 else "small areas"
    edit = Edit(f"Drawn: {len(moved)} {word} to {name}", dict.fromkeys(moved, name))
    affected = (
        *_methods(crosswalk, pack),
        _affected("Cut by the line, taken in whole", crosswalk.cut, pack, crosswalk.inside),
        _left_out("Cut by the line, left out whole", crosswalk, pack, polygon),
    )
    return Fitted(crosswalk, plan, moved, held, _some(affected), edit)


def fit_areas(
    scenario: Scenario,
    pack: Pack,
    names: Sequence[str],
    shapes: Shapes,
    *,
    title: str,
    keep: bool = True,
) -> Fitted:
    """Make a plan of areas from elsewhere: each small area goes where its centre lies.

    Parameters
    ----------
    names, shapes
        Areas in EPSG:27700, which may overlap and leave gaps; each name once.
    title
        Of the step in the history.
    keep
        Whether small areas in none of them keep their zone, or are in none afterwards.

    Raises
    ------
    PlanError
        When no area holds the centre of a small area, or a name is too long.
    """
    for name in names:
        _require_name(name)
    crosswalk = crosswalk_of(pack, names, shapes)
    loose = set(crosswalk.unassigned)
    wanted = {
        unit: crosswalk.plan.zone_of(unit)
        for unit in crosswalk.plan.units
        if not (keep and unit in loose)
    }
    used = tuple(name for name in crosswalk.plan.zones if crosswalk.plan.members(name))
    goes_on = keep and not set(used).isdisjoint(scenario.plan.zones)
    plan, held = _leaving_locked(scenario, wanted, order=() if goes_on else used)
    whole = shapely.union_all(_near(pack.geography, names, shapes)[1])
    affected = (
        *_methods(crosswalk, pack),
        _affected("Cut by a line, placed whole", crosswalk.cut, pack, crosswalk.inside),
        _affected("In more than one area, placed in the first", crosswalk.contested, pack),
        _affected(
            "In no area: keep their zone" if keep else "In no area: in no zone",
            crosswalk.unassigned,
            pack,
        ),
        _left_out("In no area by their centre, but partly in one", crosswalk, pack, whole),
    )
    edit = scenario.taking(plan, title)
    return Fitted(crosswalk, plan, plan.moved_from(scenario.plan), held, _some(affected), edit)


def crosswalk_of(pack: Pack, names: Sequence[str], shapes: Shapes) -> Crosswalk:
    """Put each small area into the area from elsewhere that holds its centre.

    Areas that lie nowhere near the authority are left out: a file may hold the whole country.

    Raises
    ------
    PlanError
        When no area holds the centre of a small area.
    """
    near, land = _near(pack.geography, names, shapes)
    if near:
        crosswalk = best_fit(pack.geography, land, near, weights=_weights(pack))
        if len(crosswalk.unassigned) < len(pack.geography):
            return crosswalk
    raise PlanError(
        f"None of the {len(names)} areas holds the centre of a small area of "
        f"{pack.authority.name}.",
        remedy="Is it the file of another place, or do its areas lie within small areas?",
    )


def fit_plan(scenario: Scenario, plan: Plan, title: str) -> tuple[Edit, tuple[str, ...]]:
    """Make the step that takes over a plan of the same units, and name what is locked.

    Returns
    -------
    tuple
        The step, with what is locked left where it is; and the units it leaves for that reason.
    """
    wanted = {unit: plan.zone_of(unit) for unit in plan.units}
    left, held = _leaving_locked(scenario, wanted, order=plan.zones)
    return scenario.taking(left, title), held


def affected_table(fitted: Fitted, pack: Pack) -> Table:
    """Tell what the fit does to people: small areas, residents and children in each way."""
    rows = fitted.affected
    columns = (
        _column("units", "Small areas", "", [len(row.units) for row in rows]),
        _column("persons", "Residents", "people", [row.persons for row in rows]),
        _column("children", "Children", "", [row.children for row in rows]),
        _column("beyond", "Beyond the line", "children, if spread evenly",
                [row.beyond for row in rows]),
    )  # fmt: skip
    which = TextColumn("which", "Which", tuple(_names(row.units, pack) for row in rows), of=())
    names = {"By the fit": tuple(row.what for row in rows)}
    return _table(pack, fitted.plan, names, columns, which)


def fitted_table(fitted: Fitted, scenario: Scenario, pack: Pack) -> Table:
    """Tell the zones of the plan that would follow: small areas, residents, children, since when.

    Its columns say that a zone is new, stays, or is left without a small area.
    """
    plan, today = fitted.plan, scenario.plan
    zones = (*plan.zones, *(zone for zone in today.zones if zone not in plan.zones))
    said = tuple(_since(zone, plan, today) for zone in zones)
    persons, children = (pack.measures.counts(key) for key in ("persons", "children"))
    members = [_positions(plan, zone) for zone in zones]
    columns = (
        _column("units", "Small areas", "", [len(at) for at in members]),
        _column("persons", "Residents", "people", [persons[at].sum() for at in members]),
        _column("children", "Children", "", [children[at].sum() for at in members]),
    )
    since = TextColumn("since", "Zone", said, of=())
    return _table(pack, plan, {scenario.baseline.zone_word: zones}, columns, since)


def alike(names: Sequence[str], zones: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Pair new names with zones that are written otherwise: another case, other blanks.

    >>> alike(["north", "East"], ["North", "East"])
    (('north', 'North'),)
    """
    known = {_folded(zone): zone for zone in zones}
    return tuple(
        (name, known[_folded(name)])
        for name in names
        if name not in zones and _folded(name) in known
    )


def _sound(polygon: shapely.Polygon) -> shapely.Polygon:
    if not polygon.is_valid:
        raise PlanError(
            "The drawn line crosses or touches itself.",
            remedy="Draw it again in one sweep, or draw two lines one after the other.",
        )
    if polygon.area < LEAST_AREA_M2:
        raise PlanError(
            f"The drawn line encloses {polygon.area:,.0f} m²; {LEAST_AREA_M2:,.0f} m² or more "
            "were wanted.",
            remedy="Draw around the small areas, or click a single one.",
        )
    return polygon


def _require_name(name: str) -> str:
    wanted = name.strip()
    if not wanted or len(wanted) > MOST_NAME_CHARACTERS:
        raise PlanError(
            "The zone has no name." if not wanted else
            f"'{wanted[:30]}...' is longer than {MOST_NAME_CHARACTERS} characters.",
            remedy="Give it a short name.",
        )  # fmt: skip
    return wanted


def _require_some(crosswalk: Crosswalk, geography: Geography, polygon: shapely.Polygon) -> None:
    """Refuse a line around no centre; say whether it lies outside or within small areas."""
    if len(crosswalk.unassigned) < len(geography):
        return
    touched = np.flatnonzero(shapely.intersects(geography.shapes, polygon))
    if not len(touched):
        raise PlanError(
            "The drawn line lies outside the authority.", remedy="Draw around its small areas."
        )
    names = named(geography.names[at] for at in touched)
    raise PlanError(
        f"The drawn line holds the centre of no small area; it lies in {names}.",
        remedy="Draw around the middle of each small area that is meant.",
    )


def _leaving_locked(
    scenario: Scenario, wanted: Mapping[str, str | None], *, order: tuple[str, ...] = ()
) -> tuple[Plan, tuple[str, ...]]:
    """Put units where they are wanted, but for those that are locked; name these.

    `order` is that of the zones where they take the place of the plan's; else they follow them.
    """
    plan, locked, zones = scenario.plan, set(scenario.locked()), scenario.locked_zones
    moving = [unit for unit, zone in wanted.items() if plan.zone_of(unit) != zone]
    held = tuple(unit for unit in moving if unit in locked or wanted[unit] in zones)
    kept = {unit: plan.zone_of(unit) for unit in plan.units} | dict(wanted)
    kept |= {unit: plan.zone_of(unit) for unit in held}
    first = order or plan.zones
    rest = dict.fromkeys((*plan.zones, *wanted.values()))
    used = set(kept.values())
    first = (*first, *(zone for zone in rest if zone and zone in used and zone not in first))
    return Plan.from_lookup(kept, units=plan.units, zones=first), held


def _near(
    geography: Geography, names: Sequence[str], shapes: Shapes
) -> tuple[tuple[str, ...], Shapes]:
    """Keep the areas whose box meets that of the authority."""
    west, south, east, north = shapely.total_bounds(geography.shapes)
    box = shapely.bounds(np.asarray(shapes, dtype=object)).reshape(-1, 4)
    meets = (box[:, 0] <= east) & (box[:, 2] >= west) & (box[:, 1] <= north) & (box[:, 3] >= south)
    at = np.flatnonzero(meets)
    return tuple(names[int(i)] for i in at), np.asarray(shapes, dtype=object)[at]


def _methods(crosswalk: Crosswalk, pack: Pack) -> list[Affected]:
    placed = crosswalk.plan.assignment != UNASSIGNED
    return [
        _affected(
            f"Placed by their {method}",
            [
                unit
                for unit, how, is_in in zip(
                    crosswalk.plan.units, crosswalk.method, placed, strict=True
                )
                if is_in and how == method
            ],
            pack,
        )
        for method in Method
    ]


def _left_out(what: str, crosswalk: Crosswalk, pack: Pack, land: shapely.Geometry) -> Affected:
    """Tell the small areas that are in no zone although part of their land lies inside."""
    geography = pack.geography
    loose = crosswalk.plan.positions(crosswalk.unassigned)
    held = shapely.area(shapely.intersection(geography.shapes[loose], land))
    outside = np.zeros(len(geography))
    outside[loose] = 1 - held / geography.area_m2[loose]
    cut = [geography.units[at] for at in loose if outside[at] < CUT_BELOW]
    return _affected(what, cut, pack, outside)


def _affected(
    what: str, units: Sequence[str], pack: Pack, same_side: Array | None = None
) -> Affected:
    """Add up who lives in units; `same_side` is the share of land on the side where they go."""
    at = [pack.geography.position[unit] for unit in units]
    persons, children = (
        np.nan_to_num(pack.measures.counts(key)[at], nan=0.0) for key in ("persons", "children")
    )
    beyond = math.nan
    if same_side is not None:
        beyond = float((children * (1 - np.clip(same_side[at], 0, 1))).sum())
    return Affected(what, tuple(units), float(persons.sum()), float(children.sum()), beyond)


def _some(rows: Sequence[Affected]) -> tuple[Affected, ...]:
    return tuple(row for row in rows if row.units)


def _weights(pack: Pack) -> Array | None:
    people = pack.measures.counts("persons")
    return None if np.isnan(people).any() else people


def _since(zone: str, plan: Plan, today: Plan) -> str:
    if zone not in plan.zones or not _positions(plan, zone).size:
        return "left without a small area"
    return "as today" if zone in today.zones else "new"


def _positions(plan: Plan, zone: str) -> npt.NDArray[np.intp]:
    return plan.positions(plan.members(zone) if zone in plan.zones else ())


def _names(units: Sequence[str], pack: Pack) -> str:
    return named(pack.geography.names[pack.geography.position[unit]] for unit in units)


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def _table(
    pack: Pack,
    plan: Plan,
    names: Mapping[str, tuple[str, ...]],
    columns: tuple[Column, ...],
    text: TextColumn,
) -> Table:
    """Make a table of populations, which give nobody away."""
    ((what, rows),) = names.items()
    return Table(
        what=what,
        names=rows,
        columns=columns,
        symbol=POLICIES[pack.authority.disclosure].symbol,
        standing=pack.standing,
        source=sources_of(pack.measures, ("persons", "children")),
        texts=(text,),
        basis=Basis.of_pack(pack, Part(plan, ("persons", "children"))),
    )


def _column(key: str, title: str, unit: str, values: Sequence[float]) -> Column:
    array = np.asarray(values, dtype=np.float64)
    missing = Status.NOT_APPLICABLE if key == "beyond" else Status.MISSING
    status = np.where(np.isnan(array), missing, Status.OK).astype(np.int8)
    return Column(key, title, unit, 0, array, status, of=())
