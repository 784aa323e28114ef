"""Which unit holds a point, which units lie in a box, and which named places are near.

`UnitIndex` is for units, which stand still: built once, never changed. `PlaceIndex` is for places
that a user adds, moves and takes away, so it is the one thing in `geo` that changes in place.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import rtree
import shapely

from geo.adjacency import Shapes
from geo.crs import GRID_M
from geo.errors import GeographyError, named

OUTSIDE = -1
STRIP_M = 500.0
"""Points are sorted into strips this wide: about the size of an urban LSOA. Any width is right."""

Rule = Literal["centre", "touch"]
Positions = npt.NDArray[np.int32]
Point = tuple[float, float]


@dataclass(frozen=True, eq=False, repr=False)
class UnitIndex:
    """Units indexed by their shapes; safe to share between threads.

    Parameters
    ----------
    units
        Codes.
    shapes
        Their polygons in EPSG:27700, in the same order.

    Raises
    ------
    GeographyError
        When the two are of different lengths.

    Examples
    --------
    >>> index = UnitIndex(("A", "B"), shapely.box([0, 100], [0, 0], [100, 200], [100, 100]))
    >>> index.locate([50, 100, 500], [50, 50, 50]).tolist()
    [0, 0, -1]
    >>> index.units_in_box(10, 10, 120, 90, rule="touch")
    ('A', 'B')
    """

    units: tuple[str, ...]
    shapes: Shapes

    def __post_init__(self) -> None:
        """Check that each unit has one shape."""
        object.__setattr__(self, "units", tuple(self.units))
        if len(self.units) != len(self.shapes):
            raise GeographyError(
                f"The index was given {len(self.units)} units and {len(self.shapes)} shapes.",
                remedy="Give each unit one shape.",
            )

    def locate(self, easting: npt.ArrayLike, northing: npt.ArrayLike) -> Positions:
        """Find the position of the unit that holds each point.

        Parameters
        ----------
        easting, northing
            Metres in EPSG:27700, equally long. A place that repeats is looked up once.

        Returns
        -------
        ndarray of int32
            A position in `units` per point, `OUTSIDE` (-1) where no unit holds it or a coordinate
            is missing. A point on a border goes to the unit that stands first.

        Raises
        ------
        GeographyError
            When the two are of different lengths.
        """
        x, y = np.asarray(easting, dtype=np.float64), np.asarray(northing, dtype=np.float64)
        if x.ndim != 1 or x.shape != y.shape:
            raise GeographyError(
                f"The points have {x.size} eastings and {y.size} northings.",
                remedy="Give each point one of each.",
            )
        found = np.full(len(x), OUTSIDE, dtype=np.int32)
        known = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
        place, first = _distinct(x[known], y[known])
        found[known] = self._holder(x[known][first], y[known][first])[place]
        return found

    def units_in_box(
        self, west: float, south: float, east: float, north: float, *, rule: Rule = "centre"
    ) -> tuple[str, ...]:
        """List the units in a box of metres in EPSG:27700; see `units_in_polygon`."""
        return self.units_in_polygon(shapely.box(west, south, east, north), rule=rule)

    def units_in_polygon(
        self, polygon: shapely.Geometry, *, rule: Rule = "centre"
    ) -> tuple[str, ...]:
        """List the units in a polygon in EPSG:27700, in the order of `units`.

        Parameters
        ----------
        rule
            `centre`: units with their point on surface inside, so that polygons that share
            no land share no unit. `touch`: every unit with any point in common.
        """
        tree = self._centre_tree if rule == "centre" else self._tree
        held = np.sort(tree.query(polygon, predicate="intersects"))
        return tuple(self.units[i] for i in held)

    def _holder(self, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> Positions:
        """Position of the first unit that holds each of many different points."""
        shapes = self._ready
        unit, point = _in_boxes(shapely.bounds(shapes).reshape(-1, 4), x, y)
        inside = shapely.intersects_xy(shapes[unit], x[point], y[point])
        nobody = len(self.units)
        holder = np.full(len(x), nobody, dtype=np.int32)
        np.minimum.at(holder, point[inside], unit[inside].astype(np.int32))
        return np.where(holder == nobody, OUTSIDE, holder).astype(np.int32)

    @cached_property
    def _ready(self) -> Shapes:
        """Copies of the shapes with GEOS's own index of their edges already made.

        GEOS makes it at the first question, which is not safe when two threads ask at once.
        """
        copies = np.asarray(shapely.force_2d(self.shapes), dtype=object)
        shapely.prepare(copies)
        west, south, east, north = shapely.bounds(copies).T
        shapely.intersects_xy(copies, (west + east) / 2, (south + north) / 2)
        return copies

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return _tree_of(self.shapes)

    @cached_property
    def _centre_tree(self) -> shapely.STRtree:
        return _tree_of(shapely.point_on_surface(self.shapes))

    def __repr__(self) -> str:
        """Show the size: `<UnitIndex of 249 units>`."""
        return f"<UnitIndex of {len(self.units)} units>"


class PlaceIndex:
    """Named places that users add, move and take away, found by distance or by box.

    It changes in place, so give each user their own and keep it out of caches. Names are unique;
    answers list names, which the caller looks up wherever the places themselves are kept.

    Parameters
    ----------
    places
        Name -> (easting, northing) in metres, EPSG:27700.

    Examples
    --------
    >>> places = PlaceIndex({"Hub": (100.0, 100.0), "School": (400.0, 100.0)})
    >>> places.move("Hub", 900.0, 100.0)
    >>> places.nearest(500.0, 100.0)
    ('School',)
    """

    def __init__(self, places: Mapping[str, Point] | None = None) -> None:
        """Index the places given, none by default."""
        self._tree = rtree.index.Index()
        self._place: dict[str, tuple[int, Point]] = {}
        self._name: dict[int, str] = {}
        self._next = 0
        for name, (easting, northing) in (places or {}).items():
            self.insert(name, easting, northing)

    def insert(self, name: str, easting: float, northing: float) -> None:
        """Add a place.

        Raises
        ------
        GeographyError
            When the name is taken or the point lies outside British National Grid.
        """
        if name in self._place:
            raise GeographyError(
                f"There is a place '{name}' already.", remedy="Move it, or choose another name."
            )
        point = _on_grid(name, easting, northing)
        self._place[name] = (self._next, point)
        self._name[self._next] = name
        self._tree.insert(self._next, (*point, *point))
        self._next += 1

    def move(self, name: str, easting: float, northing: float) -> None:
        """Put a place somewhere else.

        Raises
        ------
        GeographyError
            When there is no such place, or the point lies outside British National Grid.
        """
        _on_grid(name, easting, northing)
        self.remove(name)
        self.insert(name, easting, northing)

    def remove(self, name: str) -> None:
        """Take a place away.

        Raises
        ------
        GeographyError
            When there is no such place.
        """
        number, point = self._entry(name)
        self._tree.delete(number, (*point, *point))
        del self._place[name], self._name[number]

    def where(self, name: str) -> Point:
        """Give easting and northing of a place.

        Raises
        ------
        GeographyError
            When there is no such place.
        """
        return self._entry(name)[1]

    def nearest(self, easting: float, northing: float, *, count: int = 1) -> tuple[str, ...]:
        """Name the nearest places, the nearest first and equally near ones by name."""
        found = self._tree.nearest((easting, northing, easting, northing), count)
        names = [self._name[number] for number in found]  # ties come on top of `count`
        names.sort(key=lambda name: (self._distance_m(name, easting, northing), name))
        return tuple(names[:count])

    def in_box(self, west: float, south: float, east: float, north: float) -> tuple[str, ...]:
        """Name the places in a box, its edges included, in alphabetical order."""
        found = self._tree.intersection((west, south, east, north))
        return tuple(sorted(self._name[number] for number in found))

    def _entry(self, name: str) -> tuple[int, Point]:
        if name not in self._place:
            raise GeographyError(
                f"There is no place '{name}'.", remedy=f"Known are {named(self._place)}."
            )
        return self._place[name]

    def _distance_m(self, name: str, easting: float, northing: float) -> float:
        x, y = self.where(name)
        return float(np.hypot(x - easting, y - northing))

    def __contains__(self, name: object) -> bool:
        """Say whether there is a place of that name."""
        return name in self._place

    def __len__(self) -> int:
        """Count the places."""
        return len(self._place)

    def __repr__(self) -> str:
        """Show the size: `<PlaceIndex of 12 places>`."""
        return f"<PlaceIndex of {len(self)} places>"


def _distinct(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """For each point the number of its place, and for each place the point it is first seen at."""
    x_number, x_values = pd.factorize(x)
    y_number, _ = pd.factorize(y)
    place, _ = pd.factorize(y_number.astype(np.int64) * len(x_values) + x_number)
    _, first = np.unique(place, return_index=True)
    return place, first


def _in_boxes(
    bounds: npt.NDArray[np.float64], x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Pairs of box and point where the box holds the point, in the order of boxes.

    Points are sorted by strips from west to east and within a strip from south to north, so that
    a box holds one run of points in each strip it crosses. No point becomes a geometry.
    """
    boxes = np.flatnonzero(np.isfinite(bounds).all(axis=1))
    west, south, east, north = bounds[boxes].T
    bottom, top = south.min(initial=np.inf), north.max(initial=-np.inf)
    near = np.flatnonzero((y >= bottom) & (y <= top))
    height = top - bottom + 1
    key = np.floor(x[near] / STRIP_M) * height + (y[near] - bottom)
    order = np.argsort(key)
    first = np.floor(west / STRIP_M)
    strips = (np.floor(east / STRIP_M) - first).astype(np.intp) + 1
    box = np.repeat(np.arange(len(boxes)), strips)
    base = (first[box] + _counted(strips)) * height
    start = np.searchsorted(key[order], base + (south[box] - bottom), side="left")
    end = np.searchsorted(key[order], base + (north[box] - bottom), side="right")
    box = np.repeat(box, end - start)
    point = near[order[np.repeat(start, end - start) + _counted(end - start)]]
    inside = (x[point] >= west[box]) & (x[point] <= east[box])
    return boxes[box[inside]], point[inside]


def _counted(lengths: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Count 0, 1, 2... anew in each of several runs."""
    before = np.cumsum(lengths) - lengths
    return np.asarray(np.arange(lengths.sum()) - np.repeat(before, lengths), dtype=np.intp)


def _tree_of(shapes: shapely.Geometry | Shapes) -> shapely.STRtree:
    return shapely.STRtree(np.asarray(shapes, dtype=object))


def _on_grid(name: str, easting: float, northing: float) -> Point:
    west, south, east, north = GRID_M
    if not (west <= easting <= east and south <= northing <= north):
        raise GeographyError(
            f"The place '{name}' at {easting}, {northing} lies outside British National Grid.",
            remedy="Give easting and northing in metres (EPSG:27700).",
        )
    return float(easting), float(northing)
