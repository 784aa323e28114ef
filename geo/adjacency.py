"""Who borders whom: the neighbours of each unit, with the length of border they share.

Rook contiguity: two units are neighbours when they share an edge, never for touching at a point.
Borders are found by their shared edges, so the shapes must be a coverage (see `geo.coverage`):
neighbours have the same vertices along their common border.

An authority may add links (a ferry, a bridge) and cuts (an estuary, a motorway). A link makes two
units contiguous with no border between them. A cut keeps the border, which the shape of a zone
still needs, but stops a zone from being contiguous across it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from geo.errors import GeographyError, named

Shapes = npt.NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Neighbours in compressed rows: those of unit i stand at `indptr[i]` to `indptr[i + 1]`.

    Parameters
    ----------
    indptr
        Shape (units + 1,).
    indices
        Position of each neighbour; every pair stands twice, once from each side.
    length_m
        Metres of shared border; 0 for a link.
    passable
        False where the authority has cut the border.

    Raises
    ------
    GeographyError
        When the arrays do not fit each other, a unit borders itself, or the two sides of a pair
        differ.
    """

    indptr: npt.NDArray[np.int64]
    indices: npt.NDArray[np.int64]
    length_m: npt.NDArray[np.float64]
    passable: npt.NDArray[np.bool_]

    def __post_init__(self) -> None:
        """Check that the rows are symmetric, then freeze copies of the arrays."""
        for name in ("indptr", "indices", "length_m", "passable"):
            copy = np.array(getattr(self, name))
            copy.setflags(write=False)
            object.__setattr__(self, name, copy)
        self._require_rows()
        self._require_mutual()

    def _require_rows(self) -> None:
        sizes = {len(self.indices), len(self.length_m), len(self.passable), int(self.indptr[-1])}
        if len(sizes) != 1 or self.indptr[0] != 0 or (np.diff(self.indptr) < 0).any():
            raise GeographyError("The neighbour arrays do not fit each other.")
        stray = (self.indices < 0) | (self.indices >= self.units) | (self.indices == self.rows)
        if stray.any():
            raise GeographyError(
                f"The units {named(self.rows[stray])} (by position) border themselves or a unit "
                "that is not there.",
                remedy="Join or part two different units.",
            )

    def _require_mutual(self) -> None:
        forward = self.rows * self.units + self.indices
        backward = self.indices * self.units + self.rows
        one, other = np.argsort(forward), np.argsort(backward)
        agree = (
            (forward[one] == backward[other])
            & (self.length_m[one] == self.length_m[other])
            & (self.passable[one] == self.passable[other])
        )
        if not agree.all():
            lonely = zip(self.rows[one][~agree], self.indices[one][~agree], strict=True)
            pairs = (f"{a}-{b}" for a, b in lonely)
            raise GeographyError(f"Neighbours must be mutual; {named(pairs)} are not.")

    @classmethod
    def from_borders(cls, borders: Iterable[tuple[int, int, float]], *, units: int) -> "Neighbours":
        """Build from one (left, right, metres) a pair, by position among `units` units."""
        rows = list(borders)
        left = np.array([row[0] for row in rows], dtype=np.int64)
        right = np.array([row[1] for row in rows], dtype=np.int64)
        length_m = np.array([row[2] for row in rows], dtype=np.float64)
        return _from_pairs(left, right, length_m, np.ones(len(rows), dtype=bool), units)

    @property
    def units(self) -> int:
        """How many units there are."""
        return len(self.indptr) - 1

    @cached_property
    def rows(self) -> npt.NDArray[np.int64]:
        """The unit on the near side of each entry of `indices`."""
        return np.repeat(np.arange(self.units), np.diff(self.indptr))

    @cached_property
    def pairs(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Each pair once, as two arrays of positions with left < right."""
        once = self.rows < self.indices
        return self.rows[once], self.indices[once]

    @cached_property
    def pair_length_m(self) -> npt.NDArray[np.float64]:
        """Metres of shared border of each of `pairs`."""
        return self.length_m[self.rows < self.indices]

    @cached_property
    def pair_passable(self) -> npt.NDArray[np.bool_]:
        """Whether each of `pairs` may be crossed."""
        return self.passable[self.rows < self.indices]

    def of(self, position: int) -> npt.NDArray[np.int64]:
        """List the neighbours of one unit that can be reached from it."""
        row = slice(self.indptr[position], self.indptr[position + 1])
        return self.indices[row][self.passable[row]]

    def linked(self, links: Iterable[tuple[int, int]]) -> "Neighbours":
        """Return the neighbours with more contiguous pairs; a link over a cut mends it."""
        wanted = _codes(links, self.units)
        left, right = self.pairs
        known = left * self.units + right
        fresh = np.setdiff1d(wanted, known)
        return _from_pairs(
            np.concatenate([left, fresh // self.units]),
            np.concatenate([right, fresh % self.units]),
            np.concatenate([self.pair_length_m, np.zeros(len(fresh))]),
            np.concatenate([self.pair_passable | np.isin(known, wanted), fresh >= 0]),
            self.units,
        )

    def cut(self, cuts: Iterable[tuple[int, int]]) -> "Neighbours":
        """Return the neighbours with some borders closed to contiguity.

        Raises
        ------
        GeographyError
            When two units to cut apart are not neighbours.
        """
        wanted = _codes(cuts, self.units)
        left, right = self.pairs
        known = left * self.units + right
        strange = np.setdiff1d(wanted, known)
        if len(strange):
            pairs = (f"{code // self.units}-{code % self.units}" for code in strange)
            raise GeographyError(
                f"The cut between units {named(pairs)} (by position) parts no neighbours.",
                remedy="Take the row out, or check its codes.",
            )
        passable = self.pair_passable & ~np.isin(known, wanted)
        return _from_pairs(left, right, self.pair_length_m, passable, self.units)

    def pieces(self, group: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """Give each connected piece within a group a number: one label per unit.

        Two units share a label when they are of one group and a path of passable borders joins
        them without leaving it. With one group for all, one label means one piece.

        Parameters
        ----------
        group
            One number per unit, as a plan's assignment.
        """
        left, right = self.pairs
        joined = self.pair_passable & (group[left] == group[right])
        graph = csr_array(
            (np.ones(int(joined.sum()), dtype=np.int8), (left[joined], right[joined])),
            shape=(self.units, self.units),
        )
        labels: npt.NDArray[np.int32] = connected_components(graph, directed=False)[1]
        return labels


def build_adjacency(shapes: Shapes) -> Neighbours:
    """Find who borders whom by hashing the edges that two shapes share.

    Parameters
    ----------
    shapes
        Polygons of a coverage in EPSG:27700, rounded to a centimetre: shared borders have the
        same vertices.

    Returns
    -------
    Neighbours
        Rook contiguity with the length of each border in metres, no links and no cuts.
    """
    low, high, length_m, owner = _edges(shapes)
    order = np.lexsort((high, low))
    low, high, length_m, owner = low[order], high[order], length_m[order], owner[order]
    first = np.flatnonzero(
        (low[1:] == low[:-1]) & (high[1:] == high[:-1]) & (owner[1:] != owner[:-1])
    )
    left = np.minimum(owner[first], owner[first + 1])
    right = np.maximum(owner[first], owner[first + 1])
    pair, inverse = np.unique(left * len(shapes) + right, return_inverse=True)
    summed = np.bincount(inverse, weights=length_m[first], minlength=len(pair)).astype(np.float64)
    passable = np.ones(len(pair), dtype=bool)
    return _from_pairs(pair // len(shapes), pair % len(shapes), summed, passable, len(shapes))


def positions_of(
    pairs: Iterable[tuple[str, str]], units: Sequence[str], *, what: str
) -> list[tuple[int, int]]:
    """Turn pairs of codes (links or cuts, named by `what`) into pairs of positions.

    Raises
    ------
    GeographyError
        When a code is not among `units`.
    """
    position = {unit: i for i, unit in enumerate(units)}
    rows = list(pairs)
    unknown = [code for pair in rows for code in pair if code not in position]
    if unknown:
        raise GeographyError(
            f"The {what} name units that the boundaries do not have: {named(unknown)}.",
            remedy="Correct the codes, or take the rows out.",
        )
    return [(position[a], position[b]) for a, b in rows]


def _edges(
    shapes: Shapes,
) -> tuple[
    npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.int64]
]:
    """Each edge of each shape: its two ends as numbers, the smaller first, metres and owner.

    Ends are numbered by their whole centimetres. Edges of no length are left out: a repeated
    vertex is no border.
    """
    parts, part_owner = shapely.get_parts(shapes, return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    vertex = _numbered(xy)
    inner = (ring[1:] == ring[:-1]) & (vertex[1:] != vertex[:-1])
    start, end = vertex[:-1][inner], vertex[1:][inner]
    length_m = np.hypot(*(xy[1:][inner] - xy[:-1][inner]).T)
    owner = np.asarray(part_owner)[np.asarray(ring_part)[ring[:-1][inner]]].astype(np.int64)
    return np.minimum(start, end), np.maximum(start, end), length_m, owner


def _numbered(xy: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """One whole number per point, the same for the same whole centimetres."""
    centimetres = np.rint(xy * 100).astype(np.int64)
    if not len(centimetres):
        return np.empty(0, dtype=np.int64)
    x, y = (centimetres - centimetres.min(axis=0)).T
    return np.asarray(x * (y.max() + 1) + y, dtype=np.int64)


def _codes(pairs: Iterable[tuple[int, int]], units: int) -> npt.NDArray[np.int64]:
    """One whole number per pair, whichever way round it is given."""
    both = np.sort(np.array(list(pairs), dtype=np.int64).reshape(-1, 2), axis=1)
    stray = ((both < 0) | (both >= units)).any(axis=1)
    if stray.any():
        offenders = (f"{a}-{b}" for a, b in both[stray])
        raise GeographyError(
            f"The pairs {named(offenders)} (by position) name units that are not there.",
            remedy=f"Positions run from 0 to {units - 1}.",
        )
    codes: npt.NDArray[np.int64] = both[:, 0] * units + both[:, 1]
    return codes


def _from_pairs(
    left: npt.NDArray[np.int64],
    right: npt.NDArray[np.int64],
    length_m: npt.NDArray[np.float64],
    passable: npt.NDArray[np.bool_],
    units: int,
) -> Neighbours:
    """Put each pair in the rows of both its units, in order of position."""
    rows = np.concatenate([left, right])
    columns = np.concatenate([right, left])
    order = np.argsort(rows * units + columns)
    counts = np.bincount(rows, minlength=units)
    return Neighbours(
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        columns[order],
        np.concatenate([length_m, length_m])[order],
        np.concatenate([passable, passable])[order],
    )
