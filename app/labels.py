"""Which names of zones and towns fit on a map without lying over one another.

Names are tried from the largest down. Each that fits is added to an R-tree of the boxes
taken so far: an index that grows while it is asked, which is what rtree is for.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
from rtree.index import Index

from geo.geography import Geography
from layers.places import Town

LETTER = 0.0085
"""Width of a letter as a share of the map's width, at the size a town is written in."""

LINE = 0.030
"""Height of a line as a share of the map's height."""

ZONE = 1.3
"""How much larger the name of a zone is written."""

Box = tuple[float, float, float, float]


ALWAYS_NAMED = 12
"""A plan of at most so many zones has all of them named, even where two names touch."""


def fitting_zones(
    zones: Sequence[str],
    zone_points: npt.NDArray[np.float64],
    sizes: npt.NDArray[np.float64],
    geography: Geography,
) -> tuple[int, ...]:
    """Choose the zones whose names fit, by position; of many zones the largest come first.

    Parameters
    ----------
    zone_points
        Where each is labelled, shape (zones, 2), in metres; NaN where it is not.
    sizes
        What decides who comes first: the land of each.
    """
    known = [i for i in range(len(zones)) if not np.isnan(zone_points[i, 0])]
    if len(zones) <= ALWAYS_NAMED:
        return tuple(known)
    span, taken, chosen = _span(geography), Index(), []
    for i in sorted(known, key=lambda i: -sizes[i]):
        east, north = zone_points[i].tolist()
        box = _box(zones[i], east, north, span * ZONE)
        if not taken.count(box):
            taken.insert(i, box)
            chosen.append(i)
    return tuple(sorted(chosen))


def fitting(
    towns: Sequence[Town],
    zone_points: npt.NDArray[np.float64],
    zones: Iterable[str],
    geography: Geography,
) -> tuple[Town, ...]:
    """Choose the towns whose names fit beside the zones' names and each other.

    Parameters
    ----------
    zone_points
        Where each of `zones` is labelled, shape (zones, 2), in metres; NaN where it is not.
    """
    span, taken = _span(geography), Index()
    for name, (east, north) in zip(zones, zone_points, strict=True):
        if not np.isnan(east):
            taken.insert(0, _box(name, east, north, span * ZONE))
    chosen = []
    for town in sorted(towns, key=lambda town: -(town.population or 0)):
        box = _box(town.name, town.easting, town.northing, span)
        if not taken.count(box):
            taken.insert(0, box)
            chosen.append(town)
    return tuple(chosen)


def _span(geography: Geography) -> float:
    """Give the longer side of the map, which decides its scale, in metres."""
    x, y = geography.centre_m[:, 0], geography.centre_m[:, 1]
    return max(float(np.ptp(x)), float(np.ptp(y)))


def _box(name: str, east: float, north: float, span: float) -> Box:
    half = max(len(name), 3) * LETTER * span / 2
    rise = LINE * span / 2
    return (east - half, north - rise, east + half, north + rise)
