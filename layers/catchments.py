"""Catchments: from pyramids to whole small areas, with what is served twice and not at all.

The best source is the authority's catchment polygons: each unit goes whole to the polygon that
holds its centre. Without them a unit goes to the pyramid of its nearest member school in a straight
line, which is what Voronoi cells clipped to the authority give when units stay whole; it knows no
river and no road. Schools that take children from everywhere draw no catchment and are listed
apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import scipy.spatial
import shapely

from geo.adjacency import Shapes
from geo.crosswalk import best_fit
from geo.errors import LayerError, named
from geo.geography import Geography
from geo.plan import UNASSIGNED, Plan
from layers.places import School
from layers.pyramids import Pyramid, Pyramids

LEAST_KM2 = 0.01
"""Overlaps and gaps smaller than a hectare are lines drawn twice, not land in dispute."""
TIE_M = 0.01
M2_PER_KM2 = 1e6

Numbers = npt.NDArray[np.float64]


class Areas(Protocol):
    """Named polygons in EPSG:27700."""

    @property
    def names(self) -> Sequence[str]:
        """What each is called."""

    @property
    def shapes(self) -> Shapes:
        """The polygons, in the same order."""


class CatchmentMethod(StrEnum):
    """How units came by their pyramid."""

    AREAS = "catchment polygons, best fit"
    NEAREST = "nearest member school in a straight line"


@dataclass(frozen=True)
class Overlap:
    """Land or units that several pyramids serve.

    `area_km2` is that of the polygons' overlap; None where no polygons were given. `units` are
    those whose centre lies in it; they went to the pyramid that stands first.
    """

    pyramids: tuple[str, ...]
    area_km2: float | None
    units: tuple[str, ...]


@dataclass(frozen=True)
class Gap:
    """Land of the authority that no pyramid serves, and the units whose centre lies in it."""

    area_km2: float
    units: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class PyramidPlan:
    """The pyramid of each unit, and how it came by it.

    Parameters
    ----------
    plan
        Zones are the pyramids by name, in their order; units in a gap are unassigned.
    method
        What decided.
    gaps, overlaps
        The largest first. Both are reported and neither is mended.
    apart
        Schools that usually stand outside pyramids: faith, grammar, special, independent, nursery,
        sixteen plus and alternative ones. They draw no catchment.
    notes
        What could not be used.
    """

    plan: Plan
    method: CatchmentMethod
    gaps: tuple[Gap, ...]
    overlaps: tuple[Overlap, ...]
    apart: tuple[School, ...]
    notes: tuple[str, ...]


def pyramid_plan(
    geography: Geography,
    pyramids: Pyramids,
    schools: Sequence[School],
    *,
    areas: Areas | None = None,
    weights: Numbers | None = None,
) -> PyramidPlan:
    """Give each unit a pyramid: by catchment polygons where there are some, else by distance.

    Parameters
    ----------
    schools
        With their places. Members that are not among them are named in the notes; the tier that
        the pyramids give a member is believed.
    areas
        Catchment polygons, each called by a pyramid's code or name or the URN or name of its head;
        several of one pyramid are joined.
    weights
        People per unit, in the order of the geography, to say how many of them live in a gap.

    Raises
    ------
    LayerError
        When there are no pyramids, no polygon is called like one, or no member has a place.
    """
    if not pyramids.pyramids:
        raise LayerError("There are no pyramids.", remedy="Give a list that has some on the day.")
    schools = pyramids.on_schools(schools)
    if areas is None:
        made = _by_distance(geography, pyramids, schools)
    else:
        made = _by_areas(geography, pyramids, schools, areas)
    apart = tuple(school for school in schools if school.is_apart)
    notes = (*made.notes, *_unassigned_note(made.plan, weights), *_school_notes(pyramids, schools))
    return PyramidPlan(made.plan, made.method, made.gaps, made.overlaps, apart, notes)


class _Made(NamedTuple):
    plan: Plan
    method: CatchmentMethod
    gaps: tuple[Gap, ...]
    overlaps: tuple[Overlap, ...]
    notes: tuple[str, ...]


# By polygons


def _by_areas(
    geography: Geography, pyramids: Pyramids, schools: Sequence[School], areas: Areas
) -> _Made:
    joined, strange = _joined(pyramids, schools, areas)
    if not joined:
        raise LayerError(
            f"No catchment is called like a pyramid: {named(areas.names)}.",
            remedy=f"Call them by code or name, such as {named(pyramids.names)}.",
        )
    drawn = [name for name in pyramids.names if name in joined]
    shapes = np.array([joined[name] for name in drawn], dtype=object)
    fitted = best_fit(geography, shapes, drawn)
    lookup = {unit: fitted.plan.zone_of(unit) for unit in geography.units}
    plan = Plan.from_lookup(lookup, units=geography.units, zones=pyramids.names)
    notes = []
    if strange:
        notes.append(f"{len(strange)} catchments are called like no pyramid: {named(strange)}.")
    undrawn = [name for name in pyramids.names if name not in joined]
    if undrawn:
        notes.append(f"{len(undrawn)} pyramids have no catchment: {named(undrawn)}.")
    gaps = _gaps(geography, shapes)
    overlaps = _overlaps(geography, drawn, shapes)
    return _Made(plan, CatchmentMethod.AREAS, gaps, overlaps, tuple(notes))


def _joined(
    pyramids: Pyramids, schools: Sequence[School], areas: Areas
) -> tuple[dict[str, shapely.Geometry], list[str]]:
    """Join the polygons of each pyramid; second, the names that are no pyramid's."""
    called = _called(pyramids, schools)
    parts: dict[str, list[shapely.Geometry]] = {}
    strange = []
    for name, shape in zip(areas.names, areas.shapes, strict=True):
        pyramid = called.get(_folded(name))
        if pyramid is None:
            strange.append(name)
        else:
            parts.setdefault(pyramid, []).append(shape)
    return {name: shapely.union_all(shapes) for name, shapes in parts.items()}, strange


def _called(pyramids: Pyramids, schools: Sequence[School]) -> dict[str, str]:
    """Every way to call a pyramid -> its name; what could mean two of them is left out."""
    school_name = {school.urn: school.name for school in schools}
    ways: dict[str, set[str]] = {}
    for pyramid in pyramids.pyramids:
        heads = [member.urn for member in pyramid.heads]
        texts = [pyramid.code, pyramid.name, *heads]
        for text in [*texts, *(school_name[urn] for urn in heads if urn in school_name)]:
            ways.setdefault(_folded(text), set()).add(pyramid.name)
    return {text: next(iter(names)) for text, names in ways.items() if len(names) == 1}


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _overlaps(geography: Geography, names: Sequence[str], shapes: Shapes) -> tuple[Overlap, ...]:
    found = []
    for a, b in combinations(range(len(names)), 2):
        shared = shapely.intersection(shapes[a], shapes[b])
        area_km2 = float(shapely.area(shared)) / M2_PER_KM2
        if area_km2 >= LEAST_KM2:
            units = _units_in(geography, shared)
            found.append(Overlap((names[a], names[b]), area_km2, units))
    return tuple(sorted(found, key=lambda overlap: -(overlap.area_km2 or 0.0)))


def _gaps(geography: Geography, shapes: Shapes) -> tuple[Gap, ...]:
    authority = shapely.union_all(geography.shapes)
    bare = shapely.get_parts(shapely.difference(authority, shapely.union_all(shapes)))
    areas_km2 = shapely.area(bare) / M2_PER_KM2
    found = [
        Gap(float(area), _units_in(geography, part))
        for part, area in zip(bare, areas_km2, strict=True)
        if area >= LEAST_KM2
    ]
    return tuple(sorted(found, key=lambda gap: -gap.area_km2))


def _units_in(geography: Geography, shape: shapely.Geometry) -> tuple[str, ...]:
    x, y = geography.centre_m.T
    held = shapely.contains_xy(shape, x, y)
    return tuple(geography.units[i] for i in np.flatnonzero(held))


# By distance


def _by_distance(geography: Geography, pyramids: Pyramids, schools: Sequence[School]) -> _Made:
    """Give each unit the pyramid of the member nearest to its centre.

    A school that feeds two pyramids, and two schools that are equally near, make an overlap.
    """
    place = {school.urn: school for school in schools if not school.is_apart}
    members = [
        (position, place[member.urn])
        for position, pyramid in enumerate(pyramids.pyramids)
        for member in pyramid.members
        if member.urn in place
    ]
    if not members:
        raise LayerError(
            "No school of a pyramid has a place.",
            remedy="Read the register of schools, and check that both have the same URNs.",
        )
    points = np.array([(school.easting, school.northing) for _, school in members])
    owner = np.array([position for position, _ in members])
    tree = scipy.spatial.cKDTree(points)
    distance, _ = tree.query(geography.centre_m)
    near = tree.query_ball_point(geography.centre_m, distance + TIE_M)
    owners = [np.unique(owner[found]) for found in near]
    assignment = np.array([found[0] for found in owners], dtype=np.int32)
    plan = Plan(geography.units, pyramids.names, assignment)
    overlaps = _ties(geography, pyramids.pyramids, owners)
    return _Made(plan, CatchmentMethod.NEAREST, (), overlaps, ())


def _ties(
    geography: Geography,
    pyramids: Sequence[Pyramid],
    owners: Sequence[npt.NDArray[np.intp]],
) -> tuple[Overlap, ...]:
    served: dict[tuple[str, ...], list[str]] = {}
    for unit, found in zip(geography.units, owners, strict=True):
        if len(found) > 1:
            served.setdefault(tuple(pyramids[i].name for i in found), []).append(unit)
    overlaps = [Overlap(names, None, tuple(units)) for names, units in served.items()]
    return tuple(sorted(overlaps, key=lambda overlap: -len(overlap.units)))


# What is said


def _unassigned_note(plan: Plan, weights: Numbers | None) -> tuple[str, ...]:
    loose = plan.assignment == UNASSIGNED
    if not loose.any():
        return ()
    people = ""
    if weights is not None and np.sum(weights) > 0:
        people = f", with {np.sum(weights[loose]) / np.sum(weights):.1%} of the people,"
    return (f"{int(loose.sum())} units{people} are in no pyramid: {named(plan.unassigned)}.",)


def _school_notes(pyramids: Pyramids, schools: Sequence[School]) -> tuple[str, ...]:
    known = {school.urn: school for school in schools}
    members = pyramids.of_school
    lost = [urn for urn in members if urn not in known]
    apart = [known[urn].name for urn in members if urn in known and known[urn].is_apart]
    loose = [s.name for s in schools if not s.is_apart and s.urn not in members]
    said = (
        (lost, "schools of a pyramid have no place"),
        (apart, "schools of a pyramid usually stand outside and draw no catchment"),
        (loose, "other schools stand in no pyramid"),
    )
    return tuple(f"{len(names)} {what}: {named(names)}." for names, what in said if names)
