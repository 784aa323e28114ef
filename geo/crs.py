"""The one place where coordinates are checked and brought to British National Grid (EPSG:27700).

Lengths and areas are only ever taken in metres of that grid. A file may say nothing about its
coordinates, or say what is not true: degrees declared as metres, or the two axes exchanged. Each
is refused here with the units it was seen on, because every later number would be wrong.

After conversion coordinates are rounded to a centimetre, so that a border shared by two units has
the same vertices from both sides; without that, neighbours are lost.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
import shapely
from pyproj.exceptions import CRSError as UnreadableCrs
from pyproj.exceptions import ProjError

from geo.adjacency import Shapes
from geo.errors import CrsError, named
from geo.geography import EPSG

WANTED = f"EPSG:{EPSG}"
PRECISION_M = 0.01
GRID_M = (0.0, 0.0, 700_000.0, 1_300_000.0)
"""West, south, east and north end of British National Grid."""
BRITAIN_DEG = (-9.0, 49.0, 3.0, 61.0)
"""The same of Britain in longitude and latitude."""

# England and Wales, drawn with room to spare: (easting, northing) in kilometres. It tells apart
# a county and its mirror image across the line easting = northing, which the grid alone cannot.
_LAND_KM = (
    (70, 0), (190, 0), (300, 20), (420, 55), (560, 75), (660, 125), (670, 320), (560, 400),
    (520, 510), (445, 670), (380, 670), (310, 590), (280, 480), (210, 410), (200, 340), (240, 280),
    (160, 230), (160, 190), (310, 150), (200, 140), (130, 50),
)  # fmt: skip

Bounds = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def to_british_grid(units: Sequence[str], shapes: Shapes, crs: Any) -> Shapes:
    """Bring shapes to EPSG:27700, rounded to a centimetre and without heights.

    Parameters
    ----------
    units
        One code per shape, to name those that are wrong.
    shapes
        Any geometries; missing and empty ones stay as they are.
    crs
        What the coordinates are: anything that pyproj understands, or None where it is unknown.

    Returns
    -------
    Shapes
        New geometries, eastings and northings in metres. Without OSTN15 grids on the machine a
        conversion from degrees is right to about 2 m, all units alike.

    Raises
    ------
    CrsError
        When there is no CRS, the axes are swapped, the coordinates contradict the CRS, or they
        lie outside Britain.
    """
    known = _require_crs(units, shapes, crs)
    flat = np.asarray(shapely.force_2d(shapes), dtype=object)
    if known.is_geographic:
        _require_degrees(units, flat, known)
    else:
        _require_metres(units, flat, known)
    if _is_british_grid(known):
        _refuse_swapped(units, flat)
    else:
        flat = _converted(flat, known)
    _refuse_outside(units, flat, known)
    return np.asarray(
        shapely.set_precision(flat, PRECISION_M, mode="pointwise"), dtype=object
    )  # pointwise: each vertex alone, so that both sides of a border move alike


def require_british_grid(units: Sequence[str], shapes: Shapes) -> None:
    """Refuse coordinates that cannot be eastings and northings in metres.

    Axes that are swapped are recognised outside the grid, and inside it where the shapes lie in
    the sea and their mirror image lies on land. Near the line easting = northing (Kirklees) both
    lie on land, and no check of coordinates can tell.

    Raises
    ------
    CrsError
        Naming up to three units outside the grid, in degrees or with swapped axes.
    """
    known = pyproj.CRS(WANTED)
    _require_metres(units, shapes, known)
    _refuse_swapped(units, shapes)
    _refuse_outside(units, shapes, known)


def metres_of(longitude: npt.ArrayLike, latitude: npt.ArrayLike) -> tuple[Bounds, Bounds]:
    """Bring points in longitude and latitude (EPSG:4326) to easting and northing in EPSG:27700.

    Returns
    -------
    tuple of ndarray
        Metres, rounded to a centimetre, each of the shape given; infinite where a point cannot be
        converted.

    Examples
    --------
    >>> [float(side.round()) for side in metres_of(-2.4333, 50.7154)]
    [369505.0, 90731.0]
    """
    x, y = _degrees_to_grid().transform(np.asarray(longitude), np.asarray(latitude))
    return np.round(x, 2), np.round(y, 2)


@cache
def _degrees_to_grid() -> pyproj.Transformer:
    return pyproj.Transformer.from_crs("EPSG:4326", WANTED, always_xy=True)


def _require_crs(units: Sequence[str], shapes: Shapes, crs: Any) -> pyproj.CRS:
    if crs is None:
        looks = _looks_like(_bounds(shapes))
        raise CrsError(
            f"The boundaries of {named(units)} have no CRS; {WANTED}, or one that can be "
            "converted to it, was wanted.",
            remedy=f"Put the .prj file beside a shapefile, or give `crs=`{looks}.",
        )
    try:
        return pyproj.CRS.from_user_input(crs)
    except UnreadableCrs as error:
        raise CrsError(
            f"'{crs}' is no coordinate reference system (CRS); {WANTED}, or one that can be "
            "converted to it, was wanted.",
            remedy="Give an EPSG code, such as 'EPSG:4326'.",
        ) from error


def _require_degrees(units: Sequence[str], shapes: Shapes, crs: pyproj.CRS) -> None:
    bounds, title = _bounds(shapes), _title(crs)
    _refuse(
        units,
        _within(_swapped(bounds), BRITAIN_DEG),
        f"The boundaries declare {title} with their axes swapped, latitude before longitude",
        remedy="Export them again with longitude (x) first.",
    )
    _refuse(
        units,
        ~_within(bounds, (-180.0, -90.0, 180.0, 90.0)) & ~_absent(bounds),
        f"The boundaries declare {title}, in degrees, but their coordinates are metres",
        remedy=f"Give crs='{WANTED}' if they are eastings and northings.",
    )
    _refuse(
        units,
        ~_within(bounds, BRITAIN_DEG) & ~_absent(bounds),
        f"The boundaries declare {title}, but lie outside Britain "
        "(longitude -9 to 3, latitude 49 to 61)",
        remedy="Check that this is the file you meant, and its CRS.",
    )


def _require_metres(units: Sequence[str], shapes: Shapes, crs: pyproj.CRS) -> None:
    bounds = _bounds(shapes)
    _refuse(
        units,
        _within(bounds, BRITAIN_DEG) | _within(_swapped(bounds), BRITAIN_DEG),
        f"The boundaries declare {_title(crs)}, in metres, but their coordinates are degrees",
        remedy="Give crs='EPSG:4326' if they are longitude and latitude.",
    )


def _refuse_swapped(units: Sequence[str], shapes: Shapes) -> None:
    bounds = _bounds(shapes)
    outside = ~_within(bounds, GRID_M)
    mirrored = outside & _within(_swapped(bounds), GRID_M)
    if not outside.any() and _all_on_land(_swapped(bounds)) and _all_at_sea(bounds):
        mirrored = ~_absent(bounds)
    _refuse(
        units,
        mirrored,
        "The boundaries have their axes swapped, northing before easting",
        remedy="Export them again with easting (x) first.",
    )


def _refuse_outside(units: Sequence[str], shapes: Shapes, crs: pyproj.CRS) -> None:
    bounds = _bounds(shapes)
    _refuse(
        units,
        ~_within(bounds, GRID_M) & ~_absent(bounds),
        f"The boundaries declare {_title(crs)}, but lie outside British National Grid "
        "(0 to 700,000 m east, 0 to 1,300,000 m north)",
        remedy="Give the CRS that the coordinates really have as `crs=`.",
    )


def _refuse(units: Sequence[str], wrong: Flags, found: str, *, remedy: str) -> None:
    if wrong.any():
        codes = np.array(units, dtype=object)[wrong]
        raise CrsError(f"{found}: {named(codes)}.", remedy=remedy)


def _converted(shapes: Shapes, crs: pyproj.CRS) -> Shapes:
    try:
        transformer = pyproj.Transformer.from_crs(crs, WANTED, always_xy=True)
    except ProjError as error:
        raise CrsError(
            f"Coordinates in {_title(crs)} cannot be converted to {WANTED}.",
            remedy=f"Export them in {WANTED}, or give `crs=` if the file names the wrong one.",
        ) from error

    def convert(xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))

    return np.asarray(shapely.transform(shapes, convert), dtype=object)


def _is_british_grid(crs: pyproj.CRS) -> bool:
    return crs.to_epsg() == EPSG


def _title(crs: pyproj.CRS) -> str:
    return f"EPSG:{crs.to_epsg()}" if crs.to_epsg() else crs.name


def _looks_like(bounds: Bounds) -> str:
    """Suggest a CRS for the remedy, empty where the coordinates tell nothing."""
    if _within(bounds, BRITAIN_DEG).any():
        return "; the coordinates look like EPSG:4326"
    if _within(bounds, GRID_M).any():
        return f"; the coordinates look like {WANTED}"
    return ""


def _bounds(shapes: Shapes) -> Bounds:
    """West, south, east and north end of each shape, NaN where it is missing or empty."""
    return np.asarray(shapely.bounds(shapes), dtype=np.float64).reshape(-1, 4)


def _swapped(bounds: Bounds) -> Bounds:
    return bounds[:, [1, 0, 3, 2]]


def _absent(bounds: Bounds) -> Flags:
    return np.asarray(np.isnan(bounds).any(axis=1), dtype=bool)


def _within(bounds: Bounds, frame: tuple[float, float, float, float]) -> Flags:
    west, south, east, north = frame
    return (
        (bounds[:, 0] >= west)
        & (bounds[:, 1] >= south)
        & (bounds[:, 2] <= east)
        & (bounds[:, 3] <= north)
    )


def _all_on_land(bounds: Bounds) -> bool:
    return _on_land(bounds).size > 0 and bool(_on_land(bounds).all())


def _all_at_sea(bounds: Bounds) -> bool:
    return not _on_land(bounds).any()


def _on_land(bounds: Bounds) -> Flags:
    present = bounds[~_absent(bounds)]
    x, y = (present[:, 0] + present[:, 2]) / 2, (present[:, 1] + present[:, 3]) / 2
    return np.asarray(shapely.contains_xy(_land(), x, y), dtype=bool)


@cache
def _land() -> shapely.Polygon:
    outline = shapely.Polygon(np.array(_LAND_KM) * 1000.0)
    shapely.prepare(outline)
    return outline
