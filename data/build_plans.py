"""Plans by best fit: each unit goes whole to the zone of the place that it lies nearest to.

Where an authority's lines are not published, its zones are drawn around named places instead, and
the plan says that it is approximate. Distance is straight, from the centre that the boundaries
give for each unit, so a plan follows towns and villages and not roads. Units that end up cut off
from their zone join the neighbouring zone with which they share the longest border.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
from scipy.spatial import cKDTree

from geo.adjacency import Neighbours, build_adjacency, positions_of
from geo.errors import PlanError, named

Lookup = dict[str, str]


@dataclass(frozen=True)
class Place:
    """A town or village, its grid reference in metres (to about 100) and the zone it belongs to."""

    name: str
    easting: int
    northing: int
    zone: str


def places(zone: str, *rows: tuple[str, int, int]) -> tuple[Place, ...]:
    """Name the places of one zone: (name, easting, northing) in hundreds of metres.

    >>> places("Swanage", ("Studland", 4036, 825))[0].northing
    82500
    """
    return tuple(Place(name, 100 * e, 100 * n, zone) for name, e, n in rows)


def neighbours_of(
    units: gpd.GeoDataFrame,
    *,
    links: Iterable[tuple[str, str]] = (),
    cuts: Iterable[tuple[str, str]] = (),
) -> Neighbours:
    """Find who borders whom, with the authority's links and cuts."""
    codes = units["unit"].tolist()
    found = build_adjacency(units.geometry.to_numpy())
    found = found.linked(positions_of(links, codes, what="links"))
    return found.cut(positions_of(cuts, codes, what="cuts"))


def nearest_place(
    units: gpd.GeoDataFrame, known: Sequence[Place], *, corrected: Mapping[str, str] | None = None
) -> Lookup:
    """Send each unit to the zone of the nearest place, save those that are `corrected` by hand.

    Raises
    ------
    PlanError
        When a correction names a unit that is not there.
    """
    tree = cKDTree([(place.easting, place.northing) for place in known])
    _, nearest = tree.query(units[["easting", "northing"]].to_numpy())
    lookup = {unit: known[i].zone for unit, i in zip(units["unit"], nearest, strict=True)}
    strange = sorted(set(corrected or {}) - set(lookup))
    if strange:
        raise PlanError(f"The corrections name {named(strange)}, which the boundaries lack.")
    return lookup | dict(corrected or {})


def grouped(lookup: Mapping[str, str], groups: Mapping[str, Sequence[str]]) -> Lookup:
    """Build larger zones out of whole smaller ones: group -> the zones it is made of.

    Raises
    ------
    PlanError
        When a zone is in no group.
    """
    group_of = {zone: group for group, zones in groups.items() for zone in zones}
    lost = sorted(set(lookup.values()) - set(group_of))
    if lost:
        raise PlanError(f"No group holds the zones {named(lost)}.")
    return {unit: group_of[zone] for unit, zone in lookup.items()}


def without_strays(lookup: Lookup, units: Sequence[str], neighbours: Neighbours) -> Lookup:
    """Join what is cut off from the main piece of its zone to the zone it borders longest.

    Raises
    ------
    PlanError
        When a piece borders no other zone.
    """
    lookup = dict(lookup)
    for _ in range(len(units)):
        stray = _smallest_stray(lookup, units, neighbours)
        if stray is None:
            return lookup
        target = _longest_bordered(stray, lookup, units, neighbours)
        lookup |= dict.fromkeys((units[i] for i in stray), target)
    raise PlanError("The zones cannot be made of one piece each.")


def pieces_per_zone(
    lookup: Mapping[str, str], units: Sequence[str], neighbours: Neighbours
) -> dict[str, int]:
    """Count the connected pieces of each zone."""
    zones = sorted(set(lookup.values()))
    group = np.array([zones.index(lookup[unit]) for unit in units], dtype=np.int32)
    pieces = neighbours.pieces(group)
    return {zone: len(set(pieces[group == i].tolist())) for i, zone in enumerate(zones)}


def _smallest_stray(
    lookup: Mapping[str, str], units: Sequence[str], neighbours: Neighbours
) -> list[int] | None:
    zones = sorted(set(lookup.values()))
    group = np.array([zones.index(lookup[unit]) for unit in units], dtype=np.int32)
    pieces = neighbours.pieces(group)
    strays = []
    for zone in range(len(zones)):
        labels, sizes = np.unique(pieces[group == zone], return_counts=True)
        main = labels[np.argmax(sizes)]
        strays += [np.flatnonzero(pieces == label) for label in labels if label != main]
    if not strays:
        return None
    return sorted(min(strays, key=lambda stray: (len(stray), int(stray[0]))).tolist())


def _longest_bordered(
    stray: list[int], lookup: Mapping[str, str], units: Sequence[str], neighbours: Neighbours
) -> str:
    left, right = neighbours.pairs
    inside = np.isin(left, stray), np.isin(right, stray)
    crossing = (inside[0] != inside[1]) & neighbours.pair_passable
    length_m: dict[str, float] = {}
    for i in np.flatnonzero(crossing):
        outer = int(right[i] if inside[0][i] else left[i])
        zone = lookup[units[outer]]
        length_m[zone] = length_m.get(zone, 0.0) + float(neighbours.pair_length_m[i])
    if not length_m:
        raise PlanError(f"{named(units[i] for i in stray)} border no other unit: add a link.")
    return max(sorted(length_m), key=lambda zone: length_m[zone])
