"""From drawn areas to whole units by best fit: each unit goes where most of its people are.

The small area goes whole to the polygon that holds its population-weighted centre, or where none is
known a point on its surface, so that sums stay exact. The answer says which was used for every
unit, how many people that concerns, and how many live in units that the drawn lines cut.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely

from geo.adjacency import Shapes
from geo.crs import require_british_grid
from geo.errors import GeographyError, named
from geo.geography import Geography, require_polygons
from geo.index import OUTSIDE, UnitIndex
from geo.plan import UNASSIGNED, Plan

CUT_BELOW = 0.99
"""A unit with less of its land than this inside its zone counts as cut by the line."""

Numbers = npt.NDArray[np.float64]


class Method(StrEnum):
    """Which point of a unit decided its zone."""

    CENTRE = "population-weighted centre"
    SURFACE = "point on surface"


@dataclass(frozen=True, eq=False, repr=False)
class Crosswalk:
    """A plan made by best fit, and how each unit came by its zone.

    Parameters
    ----------
    plan
        The zone of each unit; units whose point no polygon holds are unassigned.
    method
        The `Method` of each unit.
    inside
        Share (0-1) of each unit's land inside its zone; 0 for an unassigned unit.
    contested
        Units whose point lies in more than one polygon; they went to the one that stands first.
    weights
        People per unit, or None where they are not known.
    """

    plan: Plan
    method: tuple[Method, ...]
    inside: Numbers
    contested: tuple[str, ...]
    weights: Numbers | None

    @property
    def unassigned(self) -> tuple[str, ...]:
        """The units in no zone."""
        return self.plan.unassigned

    @cached_property
    def cut(self) -> tuple[str, ...]:
        """The assigned units with less than 99 % of their land inside their zone."""
        return self._units(self._is_cut)

    def share_by(self, method: Method) -> float | None:
        """Share (0-1) of people in units placed by `method`; None without weights."""
        placed = self.plan.assignment != UNASSIGNED
        used = np.array([other == method for other in self.method], dtype=bool)
        return self._share(placed & used)

    @property
    def share_unassigned(self) -> float | None:
        """Share (0-1) of people in units in no zone; None without weights."""
        return self._share(self.plan.assignment == UNASSIGNED)

    @property
    def share_cut(self) -> float | None:
        """Share (0-1) of people in units that the drawn lines cut; None without weights."""
        return self._share(self._is_cut)

    @property
    def _is_cut(self) -> npt.NDArray[np.bool_]:
        return np.asarray((self.plan.assignment != UNASSIGNED) & (self.inside < CUT_BELOW))

    def _units(self, flags: npt.NDArray[np.bool_]) -> tuple[str, ...]:
        return tuple(self.plan.units[i] for i in np.flatnonzero(flags))

    def _share(self, flags: npt.NDArray[np.bool_]) -> float | None:
        if self.weights is None or self.weights.sum() == 0:
            return None
        return float(self.weights[flags].sum() / self.weights.sum())

    def __str__(self) -> str:
        """Say how the units were placed, as the app and a board paper show it."""
        lines = [f"{len(self.plan.units)} units by best fit into {len(self.plan.zones)} zones."]
        for method in Method:
            count = self.method.count(method)
            if count:
                lines.append(f"{count} by {method}{_percent(self.share_by(method))}.")
        for what, units, share in (
            ("in no zone", self.unassigned, self.share_unassigned),
            ("cut by a line", self.cut, self.share_cut),
            ("in more than one polygon", self.contested, None),
        ):
            if units:
                lines.append(f"{len(units)} {what}{_percent(share)}: {named(units)}.")
        return "\n".join(lines)

    def __repr__(self) -> str:
        """Show the size: `<Crosswalk of 249 units to 7 zones, 2 unassigned>`."""
        loose = len(self.unassigned)
        return (
            f"<Crosswalk of {len(self.plan.units)} units to {len(self.plan.zones)} zones, "
            f"{loose} unassigned>"
        )


def best_fit(
    geography: Geography,
    shapes: Shapes,
    names: Sequence[str],
    *,
    centres: Numbers | None = None,
    weights: Numbers | None = None,
) -> Crosswalk:
    """Put each unit whole into the polygon that holds its centre.

    Parameters
    ----------
    geography
        The units.
    shapes, names
        Polygons in EPSG:27700 and the zones they are; of polygons that overlap the first wins.
    centres
        Easting and northing of the population-weighted centre per unit, shape (units, 2), in the
        order of the geography; NaN where it is unknown.
    weights
        People per unit, in the same order, for the shares.

    Raises
    ------
    GeographyError
        When lengths differ, a polygon is none, or most centres lie outside their units.
    CrsError
        When the polygons cannot be in EPSG:27700.
    PlanError
        When a name repeats.
    """
    _require_fitting(geography, shapes, names, centres, weights)
    points, known = _points(geography, centres)
    index = UnitIndex(tuple(names), np.asarray(shapes, dtype=object))
    assignment = index.locate(points[:, 0], points[:, 1])
    plan = Plan(geography.units, tuple(names), assignment)
    return Crosswalk(
        plan,
        tuple(Method.CENTRE if is_known else Method.SURFACE for is_known in known),
        _inside(geography, index.shapes, assignment),
        _contested(geography, index.shapes, points),
        None if weights is None else np.array(weights, dtype=np.float64),
    )


def _require_fitting(
    geography: Geography,
    shapes: Shapes,
    names: Sequence[str],
    centres: Numbers | None,
    weights: Numbers | None,
) -> None:
    if len(shapes) != len(names):
        raise GeographyError(
            f"The crosswalk was given {len(shapes)} polygons and {len(names)} names.",
            remedy="Give each polygon one name.",
        )
    require_polygons(names, np.asarray(shapes, dtype=object))
    require_british_grid(names, np.asarray(shapes, dtype=object))
    if centres is not None and np.shape(centres) != (len(geography), 2):
        raise GeographyError(
            f"The centres have the shape {np.shape(centres)}; ({len(geography)}, 2) was wanted.",
            remedy="Give each unit an easting and a northing, NaN where unknown.",
        )
    if weights is not None and np.shape(weights) != (len(geography),):
        raise GeographyError(
            f"There are {np.size(weights)} weights for {len(geography)} units.",
            remedy="Give each unit its number of people.",
        )


def _points(geography: Geography, centres: Numbers | None) -> tuple[Numbers, npt.NDArray[np.bool_]]:
    """Find the point that decides for each unit, and whether it is its weighted centre."""
    if centres is None:
        return geography.centre_m, np.zeros(len(geography), dtype=bool)
    known = np.asarray(np.isfinite(centres).all(axis=1), dtype=bool)
    _require_own_centres(geography, centres, known)
    return np.where(known[:, None], centres, geography.centre_m), known


def _require_own_centres(
    geography: Geography, centres: Numbers, known: npt.NDArray[np.bool_]
) -> None:
    """Refuse centres in another order or CRS: most would lie outside their unit's box."""
    west, south, east, north = shapely.bounds(geography.shapes).T
    x, y = centres.T
    strayed = known & ~((x >= west) & (x <= east) & (y >= south) & (y <= north))
    if strayed.sum() > known.sum() / 2:
        units = np.array(geography.units, dtype=object)[strayed]
        raise GeographyError(
            f"{len(units)} of {int(known.sum())} centres lie outside their unit: {named(units)}.",
            remedy="Give them in EPSG:27700, in the order of the geography.",
        )


def _inside(geography: Geography, shapes: Shapes, assignment: npt.NDArray[np.int32]) -> Numbers:
    held = np.flatnonzero(assignment != OUTSIDE)
    share = np.zeros(len(geography))
    kept = shapely.intersection(geography.shapes[held], shapes[assignment[held]])
    share[held] = shapely.area(kept) / geography.area_m2[held]
    return share


def _contested(geography: Geography, shapes: Shapes, points: Numbers) -> tuple[str, ...]:
    """Units whose point lies within several polygons; a point on a shared border is not."""
    tree = shapely.STRtree(shapes)
    unit, _ = tree.query(np.asarray(shapely.points(points)), predicate="within")
    held = np.bincount(unit, minlength=len(geography))
    return tuple(geography.units[i] for i in np.flatnonzero(held > 1))


def _percent(share: float | None) -> str:
    return "" if share is None else f" ({share:.1%} of people)"
