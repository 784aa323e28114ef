"""Outlines of zones from the shapes of their units, and where to write their names.

Outlines are for maps. No measure needs them: totals come from a plan's assignment, lengths and
areas from the geography.
"""

import numpy as np
import numpy.typing as npt
import shapely

from geo.adjacency import Shapes
from geo.geography import Geography
from geo.plan import UNASSIGNED, Plan


def dissolve(geography: Geography, plan: Plan) -> Shapes:
    """Join the units of each zone into one outline.

    Parameters
    ----------
    geography
        Shapes that should be a coverage (see `geo.coverage`); where they are not, the union takes
        some five times as long, and gaps show as holes.
    plan
        Of the same units in the same order. Units in no zone are left out.

    Returns
    -------
    Shapes
        A polygon or multipolygon per zone in EPSG:27700, in the order of `plan.zones`; an empty
        polygon for a zone that holds no unit.

    Raises
    ------
    PlanError
        When the plan is not of the geography's units.
    """
    plan.require_units(geography.units)
    held = np.flatnonzero(plan.assignment != UNASSIGNED)
    order = held[np.argsort(plan.assignment[held], kind="stable")]
    ends = np.cumsum(plan.sizes)
    zones = np.empty(len(plan.zones), dtype=object)
    for zone, members in enumerate(np.split(order, ends[:-1]) if len(ends) else []):
        zones[zone] = _outline(geography.shapes[members])
    return zones


def label_points(shapes: Shapes) -> npt.NDArray[np.float64]:
    """Find where a name fits best: the centre of the largest circle in the largest part.

    Returns
    -------
    ndarray
        Easting and northing per shape, shape (n, 2); NaN for an empty shape. Right to 1 % of the
        part's size.
    """
    points = np.full((len(shapes), 2), np.nan)
    for row, shape in enumerate(shapes):
        if not shapely.is_empty(shape):
            points[row] = _centre(shape)
    return points


def _outline(shapes: Shapes) -> shapely.Geometry:
    if not len(shapes):
        return shapely.Polygon()
    try:
        outline = shapely.coverage_union_all(shapes)
    except shapely.GEOSException:  # borders whose vertices differ
        return shapely.union_all(shapes)
    return outline if shapely.is_valid(outline) else shapely.union_all(shapes)  # overlaps


def _centre(shape: shapely.Geometry) -> npt.NDArray[np.float64]:
    parts = shapely.get_parts(shape)
    largest = parts[np.argmax(shapely.area(parts))]
    west, south, east, north = shapely.bounds(largest)
    tolerance_m = max(east - west, north - south) / 100
    radius = shapely.maximum_inscribed_circle(largest, tolerance=tolerance_m)
    return np.asarray(shapely.get_coordinates(radius)[0])
