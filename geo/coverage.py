"""Do the units cover their land once: find, count and name what is wrong with the shapes.

Neighbours and outlines of zones both rest on a coverage: valid rings, no overlaps, no gaps, and
the same vertices along a shared border. This says where that fails. Nothing is mended unless
`clean_coverage` is asked to, and that says what it changed.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geo.adjacency import Shapes
from geo.crs import PRECISION_M
from geo.errors import named

NARROW_M = 1.0
"""An overlap or gap thinner than this is a sliver: lines drawn twice, not land disputed."""

_AREA_OF_ROUNDING_M2 = PRECISION_M**2
_PLACE = re.compile(r"\[(\S+) (\S+)\]")

Pairs = npt.NDArray[np.intp]


class Kind(StrEnum):
    """What can be wrong, in the words of the report."""

    INVALID = "invalid ring"
    OVERLAP = "overlap"
    GAP = "gap"
    SLIVER = "sliver"
    UNMATCHED = "unmatched edge"


@dataclass(frozen=True)
class Finding:
    """One fault: its kind, the units it concerns, its area and a point on it.

    An invalid ring and an unmatched edge have no area: 0.
    """

    kind: Kind
    units: tuple[str, ...]
    area_m2: float
    easting: float
    northing: float

    def __str__(self) -> str:
        """Say it for a list: `overlap of E01 and E02, 12 m², at 412571, 91739`."""
        area = f", {self.area_m2:,.0f} m²" if self.area_m2 else ""
        return f"{self.kind}: {named(self.units)}{area}, at {self.easting:.0f} {self.northing:.0f}"


@dataclass(frozen=True, repr=False)
class CoverageReport:
    """All faults of a set of units, the largest of each kind first.

    Parameters
    ----------
    checked
        How many units were looked at.
    findings
        The faults; none when the units are a coverage.
    """

    checked: int
    findings: tuple[Finding, ...]

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def of(self, kind: Kind) -> tuple[Finding, ...]:
        """List the findings of one kind."""
        return tuple(finding for finding in self.findings if finding.kind == kind)

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """One line a kind that was found: how many, and the units of the largest three."""
        return tuple(self._line(kind) for kind in Kind if self.of(kind))

    def _line(self, kind: Kind) -> str:
        found = self.of(kind)
        where = named(" with ".join(finding.units) for finding in found)
        return f"{len(found)} × {kind}: {where}"

    def __str__(self) -> str:
        """Give the summary that the app and the command line show."""
        if self.is_clean:
            return f"{self.checked} units: no gaps, overlaps, slivers or invalid rings."
        return "\n".join([f"{self.checked} units, {len(self.findings)} to look at.", *self.lines])

    def __repr__(self) -> str:
        """Show the size: `<CoverageReport of 249 units, 3 findings>`."""
        return f"<CoverageReport of {self.checked} units, {len(self.findings)} findings>"


@dataclass(frozen=True, eq=False)
class Cleaned:
    """Shapes after cleaning, and for each unit that changed the area that moved in m²."""

    shapes: Shapes
    changed_m2: dict[str, float]


def check_coverage(
    units: Sequence[str], shapes: Shapes, *, narrow_m: float = NARROW_M
) -> CoverageReport:
    """Find invalid rings, overlaps, gaps, slivers and borders whose vertices differ.

    A hole that no unit fills is a gap, be it an error, a lake or another authority's enclave: only
    someone who knows the place can tell. A narrow gap that opens to the outside, as where a border
    reaches the coast, has no area of its own; it is an unmatched edge of the units on both sides.

    Parameters
    ----------
    units
        Codes.
    shapes
        Polygons in EPSG:27700, one per unit, rounded to a centimetre.
    narrow_m
        Overlaps and gaps thinner than this many metres are slivers.
    """
    valid = _made_valid(shapes)
    touching = _touching(valid, narrow_m)
    areas = [*_overlaps(units, valid, touching, narrow_m), *_gaps(units, valid, narrow_m)]
    slivers = {finding.units for finding in areas if finding.kind == Kind.SLIVER}
    unmatched = _unmatched(units, valid, touching, narrow_m)
    findings = [
        *_invalid_rings(units, shapes),
        *areas,
        *(finding for finding in unmatched if finding.units not in slivers),
    ]
    order = list(Kind)
    findings.sort(key=lambda finding: (order.index(finding.kind), -finding.area_m2))
    return CoverageReport(len(shapes), tuple(findings))


def clean_coverage(units: Sequence[str], shapes: Shapes, *, narrow_m: float = NARROW_M) -> Cleaned:
    """Mend rings, give overlaps to the longer border, close gaps thinner than `narrow_m`.

    Returns
    -------
    Cleaned
        New shapes rounded to a centimetre, and how much each changed unit gained and lost. Wider
        gaps, and those that open to the outside, are left as they are.
    """
    valid = _made_valid(shapes)
    mended = shapely.coverage_clean(valid, gap_width=narrow_m)  # type: ignore[attr-defined]  # new in shapely 2.2, not yet in its stubs
    rounded = np.asarray(shapely.set_precision(mended, PRECISION_M, mode="pointwise"))
    moved = shapely.area(shapely.symmetric_difference(valid, _made_valid(rounded)))
    changed = (moved > _AREA_OF_ROUNDING_M2) | ~shapely.is_valid(shapes)
    return Cleaned(rounded, dict(zip(_at(units, changed), moved[changed].tolist(), strict=True)))


def _made_valid(shapes: Shapes) -> Shapes:
    """Mend only the invalid, keeping no points or lines that fall out of it."""
    mended = np.array(shapes, dtype=object)
    for i in np.flatnonzero(~shapely.is_valid(mended)):
        parts = shapely.get_parts(shapely.make_valid(mended[i]))
        areas = parts[shapely.get_dimensions(parts) == 2]
        mended[i] = shapely.union_all(areas)
    return mended


def _invalid_rings(units: Sequence[str], shapes: Shapes) -> Iterator[Finding]:
    wrong = np.flatnonzero(~shapely.is_valid(shapes))
    for unit, shape in zip(_at(units, wrong), shapes[wrong], strict=True):
        place = _PLACE.search(shapely.is_valid_reason(shape))
        easting, northing = (float(place[1]), float(place[2])) if place else (np.nan, np.nan)
        yield Finding(Kind.INVALID, (unit,), 0.0, easting, northing)


def _touching(shapes: Shapes, narrow_m: float) -> Pairs:
    """Pairs of units by position, smaller first, where at least one has an edge unmatched."""
    edges = shapely.coverage_invalid_edges(shapes, gap_width=narrow_m)
    suspects = np.flatnonzero(~shapely.is_empty(edges))
    tree = shapely.STRtree(shapes)
    near, other = tree.query(shapes[suspects], predicate="dwithin", distance=narrow_m)
    pairs = np.sort(np.column_stack([suspects[near], other]), axis=1)
    return np.unique(pairs[pairs[:, 0] < pairs[:, 1]], axis=0).astype(np.intp)


def _overlaps(
    units: Sequence[str], shapes: Shapes, touching: Pairs, narrow_m: float
) -> Iterator[Finding]:
    shared = shapely.intersection(shapes[touching[:, 0]], shapes[touching[:, 1]])
    for pair, overlap in zip(touching, shared, strict=True):
        if shapely.area(overlap) > _AREA_OF_ROUNDING_M2:
            kind = Kind.SLIVER if _is_thin(overlap, narrow_m) else Kind.OVERLAP
            yield _finding(kind, _at(units, pair), overlap)


def _gaps(units: Sequence[str], shapes: Shapes, narrow_m: float) -> Iterator[Finding]:
    land = shapely.union_all(shapes)
    filled = shapely.union_all(shapely.polygons(shapely.get_exterior_ring(shapely.get_parts(land))))
    tree = shapely.STRtree(shapes)
    for hole in shapely.get_parts(shapely.difference(filled, land)):
        if shapely.area(hole) > _AREA_OF_ROUNDING_M2:
            kind = Kind.SLIVER if _is_thin(hole, narrow_m) else Kind.GAP
            around = np.sort(tree.query(hole, predicate="dwithin", distance=PRECISION_M))
            yield _finding(kind, _at(units, around), hole)


def _unmatched(
    units: Sequence[str], shapes: Shapes, touching: Pairs, narrow_m: float
) -> Iterator[Finding]:
    """Pairs that do not overlap and yet run side by side without sharing their vertices."""
    for pair in touching:
        both = shapes[pair]
        edges = shapely.coverage_invalid_edges(both, gap_width=narrow_m)
        faulty = edges[~shapely.is_empty(edges)]
        if len(faulty) and shapely.area(shapely.intersection(*both)) <= _AREA_OF_ROUNDING_M2:
            yield _finding(Kind.UNMATCHED, _at(units, pair), faulty[0])


def _at(units: Sequence[str], where: npt.NDArray[Any]) -> tuple[str, ...]:
    """List the units at some positions, or where flags are set."""
    return tuple(np.array(tuple(units), dtype=object)[where])


def _is_thin(polygon: shapely.Geometry, narrow_m: float) -> bool:
    """Whether the polygon is thinner than `narrow_m`: twice its area by its perimeter."""
    return bool(2 * shapely.area(polygon) / shapely.length(polygon) < narrow_m)


def _finding(kind: Kind, units: tuple[str, ...], place: shapely.Geometry) -> Finding:
    easting, northing = shapely.get_coordinates(shapely.point_on_surface(place))[0]
    return Finding(kind, units, float(shapely.area(place)), float(easting), float(northing))
