"""Which town names fit on a map without lying over one another.

Names are tried from the largest town down. Each that fits is added to an R-tree of the boxes
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
    x, y = geography.centre_m[:, 0], geography.centre_m[:, 1]
    # a map is about as wide as it is high here: the longer side decides its scale
    span = max(float(np.ptp(x)), float(np.ptp(y)))
    taken = Index()
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


def _box(name: str, east: float, north: float, span: float) -> Box:
    half = max(len(name), 3) * LETTER * span / 2
    rise = LINE * span / 2
    return (east - half, north - rise, east + half, north + rise)
