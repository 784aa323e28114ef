"""Named test geometries, drawn as letters: every test of places takes its shapes from here.

A letter is a unit made of all its squares of 100 m, a dot is sea. Units stand in the order of
their letters. The drawing lies in Dorset, so that coordinates are true eastings and northings.
"""

import numpy as np
import shapely

from geo.adjacency import Shapes
from geo.build import build_geography
from geo.geography import Geography
from geo.plan import Plan

SIDE_M = 100.0
WEST_M, NORTH_M = 370_000.0, 100_000.0

NAMED = {
    "three by three": ("ABC", "DEF", "GHI"),
    "one unit": ("A",),
    "island": ("AB.C", "AB.."),
    "hole": ("AAA", "A.A", "AAA"),
    "enclave": ("AAA", "ABA", "AAA"),
    "lake": ("ABC", "D.E", "FGH"),
    "corner": ("A.", ".B"),
    "two parts": ("A.A", "BBB"),
}

ROOK = {
    "three by three": {
        *("AB", "BC", "DE", "EF", "GH", "HI"),
        *("AD", "BE", "CF", "DG", "EH", "FI"),
    },
    "one unit": set(),
    "island": {"AB"},
    "hole": set(),
    "enclave": {"AB"},
    "lake": {"AB", "BC", "AD", "CE", "DF", "EH", "FG", "GH"},
    "corner": set(),
    "two parts": {"AB"},
}
"""Who borders whom in each of `NAMED`, told by eye."""


def square(column: float, row: float, *, wide: float = 1.0, high: float = 1.0) -> shapely.Polygon:
    """Draw a box whose top left corner stands at a column and row, measured in squares."""
    west, north = WEST_M + column * SIDE_M, NORTH_M - row * SIDE_M
    return shapely.box(west, north - high * SIDE_M, west + wide * SIDE_M, north)


def bow_tie() -> shapely.Polygon:
    """Draw a ring that crosses itself in the middle of the first square."""
    west, south, east, north = square(0, 0).bounds
    return shapely.Polygon([(west, north), (east, south), (east, north), (west, south)])


def shapes_of(*rows: str) -> tuple[tuple[str, ...], Shapes]:
    """Give the units of a drawing and their shapes."""
    cells = [
        (unit, square(column, row))
        for row, line in enumerate(rows)
        for column, unit in enumerate(line)
        if unit != "."
    ]
    units = tuple(sorted({unit for unit, _ in cells}))
    shapes = [shapely.coverage_union_all([s for u, s in cells if u == unit]) for unit in units]
    parts = [shapely.get_parts(shape) for shape in shapes]
    return units, np.array([p[0] if len(p) == 1 else s for p, s in zip(parts, shapes, strict=True)])


def drawn(*rows: str) -> Geography:
    """Build the geography of a drawing; names are `unit A` and so on."""
    units, shapes = shapes_of(*rows)
    return build_geography("drawn", "2011", units, [f"unit {unit}" for unit in units], shapes)


def planned(geography: Geography, **zones: str) -> Plan:
    """Give each zone its units as letters: `planned(place, North="ABC", South="")`."""
    lookup = {unit: name for name, units in zones.items() for unit in units}
    return Plan.from_lookup(
        {unit: lookup.get(unit) for unit in geography.units}, zones=tuple(zones)
    )


def centre(column: float, row: float) -> tuple[float, float]:
    """Easting and northing of the middle of a square."""
    return WEST_M + (column + 0.5) * SIDE_M, NORTH_M - (row + 0.5) * SIDE_M
