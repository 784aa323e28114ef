"""A geography: the units of one authority, their shapes and who borders whom.

Shapes stand in EPSG:27700, rounded to a centimetre, as a coverage: no overlaps, and neighbours
share the vertices of their border. A geography is built once, kept and never changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely

from geo.adjacency import Neighbours, Shapes
from geo.errors import GeographyError, named

EPSG = 27700


@dataclass(frozen=True, eq=False, repr=False)
class Geography:
    """Units with names, shapes and neighbours.

    Parameters
    ----------
    key
        What names these boundaries: `dorset-lsoa-2011`.
    vintage
        The year of the codes: `2011` or `2021`.
    units
        Codes, each once; every other array follows their order.
    names
        What people call each unit.
    shapes
        Polygons in EPSG:27700.
    neighbours
        Who borders whom, with links and cuts applied.

    Raises
    ------
    GeographyError
        When lengths differ, a code repeats, or a shape is empty or not a polygon.
    """

    key: str
    vintage: str
    units: tuple[str, ...]
    names: tuple[str, ...]
    shapes: Shapes
    neighbours: Neighbours

    def __post_init__(self) -> None:
        """Check once, then freeze a copy of the array."""
        sizes = {len(self.units), len(self.names), len(self.shapes), self.neighbours.units}
        if len(sizes) != 1:
            raise GeographyError(
                f"The geography has {len(self.units)} codes, {len(self.names)} names, "
                f"{len(self.shapes)} shapes and neighbours of {self.neighbours.units} units.",
                remedy="Give each unit one of each.",
            )
        require_distinct(self.units)
        require_polygons(self.units, self.shapes)
        shapes = self.shapes.copy()
        shapes.setflags(write=False)
        object.__setattr__(self, "shapes", shapes)

    @cached_property
    def area_m2(self) -> npt.NDArray[np.float64]:
        """Area of each unit in square metres."""
        return np.asarray(shapely.area(self.shapes), dtype=np.float64)

    @cached_property
    def perimeter_m(self) -> npt.NDArray[np.float64]:
        """Length of the outline of each unit in metres, holes included."""
        return np.asarray(shapely.length(self.shapes), dtype=np.float64)

    @cached_property
    def centre_m(self) -> npt.NDArray[np.float64]:
        """Easting and northing of a point inside each unit, shape (units, 2)."""
        return np.asarray(shapely.get_coordinates(shapely.point_on_surface(self.shapes)))

    @cached_property
    def position(self) -> dict[str, int]:
        """Where each code stands."""
        return {unit: i for i, unit in enumerate(self.units)}

    def __len__(self) -> int:
        """Count the units."""
        return len(self.units)

    def __repr__(self) -> str:
        """Show what it is: `<Geography dorset-lsoa-2011, 249 units of 2011, 623 borders>`."""
        borders = len(self.neighbours.pairs[0])
        return f"<Geography {self.key}, {len(self)} units of {self.vintage}, {borders} borders>"


def require_distinct(units: Sequence[str]) -> None:
    """Refuse codes that repeat.

    Raises
    ------
    GeographyError
        Naming up to three codes that stand more than once.
    """
    codes, count = np.unique(np.array(units, dtype=str), return_counts=True)
    if (count > 1).any():
        raise GeographyError(
            f"The boundaries name {named(codes[count > 1])} more than once.",
            remedy="Keep one row a unit; dissolve parts into one multipolygon first.",
        )


def require_polygons(units: Sequence[str], shapes: Shapes) -> None:
    """Refuse shapes that are missing, empty or not polygons.

    Raises
    ------
    GeographyError
        Naming up to three units with such a shape.
    """
    codes = np.array(units, dtype=str)
    empty = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    if empty.any():
        raise GeographyError(
            f"{int(empty.sum())} units have no shape: {named(codes[empty])}.",
            remedy="Give each unit a polygon, or take its row out.",
        )
    kinds = shapely.get_type_id(shapes)
    wrong = ~np.isin(kinds, (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON))
    if wrong.any():
        kind = shapes[np.flatnonzero(wrong)[0]].geom_type
        raise GeographyError(
            f"{int(wrong.sum())} units are not polygons ({kind}): {named(codes[wrong])}.",
            remedy="Give boundaries, not points or lines.",
        )
