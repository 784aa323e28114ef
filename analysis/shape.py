"""The shape of zones: how compact they are, where they fall apart, which pyramids they split.

Everything comes from what the geography stores (areas, outlines, shared borders); no shape is
dissolved. The outline of a zone is the outlines of its units less both sides of every border
inside it, so it holds the shores of islands and the rims of holes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import PlanError
from geo.geography import Geography
from geo.plan import UNASSIGNED, Assignment, Plan

Array = npt.NDArray[np.float64]

M2_PER_KM2 = 1_000_000


@dataclass(frozen=True, eq=False)
class ZoneShapes:
    """The shape of each zone, and of the plan's lines as a whole.

    Parameters
    ----------
    zones
        The plan's zones; the arrays follow their order.
    area_km2, perimeter_m
        0 for a zone without units.
    polsby_popper
        0-1, 1 for a circle; NaN for a zone without units.
    pieces
        Parts that no open border joins: 1 is whole, 0 has no unit.
    cut_edges
        Borders between units of different zones; a unit in no zone counts as elsewhere. Borders
        that the authority closed count, links (a ferry, a bridge) do not: they are no border.
    cut_length_m
        Their length: the lines that the plan draws through the authority.
    """

    zones: tuple[str, ...]
    area_km2: Array
    perimeter_m: Array
    polsby_popper: Array
    pieces: npt.NDArray[np.int64]
    cut_edges: int
    cut_length_m: float

    def __post_init__(self) -> None:
        """Freeze the arrays."""
        for array in (self.area_km2, self.perimeter_m, self.polsby_popper, self.pieces):
            array.setflags(write=False)


@dataclass(frozen=True)
class Piece:
    """A part of a zone that lies apart from the zone's main part.

    Parameters
    ----------
    zone
        Whose part it is.
    units
        Its units, in the order of the plan.
    weight
        What they weigh: units, or whatever was given (children).
    """

    zone: str
    units: tuple[str, ...]
    weight: float


@dataclass(frozen=True)
class SplitPyramid:
    """A pyramid whose units lie in more than one zone, and how it divides.

    Parameters
    ----------
    pyramid
        Its name.
    zones
        The zones it lies in, the one with most of it first.
    units, weights
        What lies in each of `zones`: units, and their weight (units again, if none was given).
    unassigned
        Units of it in no zone; they are in none of the above.
    """

    pyramid: str
    zones: tuple[str, ...]
    units: tuple[int, ...]
    weights: tuple[float, ...]
    unassigned: int


def zone_shapes(geography: Geography, plan: Plan) -> ZoneShapes:
    """Measure the shape of every zone from stored lengths.

    Raises
    ------
    PlanError
        When the plan and the geography are not of the same units.

    Notes
    -----
    Polsby and Popper, Yale Law & Policy Review 9 (1991): 4 pi area / perimeter squared. It falls
    with a finer drawn coast: compare plans of one geography, not authorities.
    """
    plan.require_units(geography.units)
    left, right = geography.neighbours.pairs
    length_m = geography.neighbours.pair_length_m
    zone = plan.assignment
    same = zone[left] == zone[right]
    area_m2 = _per_zone(zone, geography.area_m2, plan)
    outlines = _per_zone(zone, geography.perimeter_m, plan)
    # an outline shared in full leaves rounding of a micrometre, never a negative length
    perimeter_m = np.maximum(outlines - 2 * _per_zone(zone[left[same]], length_m[same], plan), 0)
    cut = ~same & (length_m > 0)
    return ZoneShapes(
        zones=plan.zones,
        area_km2=area_m2 / M2_PER_KM2,
        perimeter_m=perimeter_m,
        polsby_popper=polsby_popper(area_m2, perimeter_m),
        pieces=count_pieces(geography, plan),
        cut_edges=int(cut.sum()),
        cut_length_m=float(length_m[cut].sum()),
    )


def polsby_popper(area_m2: npt.ArrayLike, perimeter_m: npt.ArrayLike) -> Array:
    """Compare areas with those of circles of the same outline; NaN where there is no outline.

    Examples
    --------
    >>> polsby_popper([100.0], [40.0]).round(4)  # a square
    array([0.7854])
    """
    outline = np.asarray(perimeter_m, dtype=np.float64)
    known = np.where(outline > 0, outline, np.nan)
    return np.asarray(4 * np.pi * np.asarray(area_m2, dtype=np.float64) / known**2)


def count_pieces(geography: Geography, plan: Plan) -> npt.NDArray[np.int64]:
    """Count the parts of each zone that no open border joins, shape (zones,)."""
    plan.require_units(geography.units)
    _, first = np.unique(geography.neighbours.pieces(plan.assignment), return_index=True)
    owner = plan.assignment[first]
    inside = owner[owner != UNASSIGNED]
    return np.bincount(inside, minlength=len(plan.zones)).astype(np.int64)


def stray_pieces(
    geography: Geography, plan: Plan, *, weights: npt.ArrayLike | None = None
) -> tuple[Piece, ...]:
    """Name each piece of a zone that lies apart from the zone's main piece.

    Parameters
    ----------
    weights
        Per unit, as children: the heaviest piece is the main one. Units count by default, and
        break ties; then the piece with the first unit is the main one. A missing weight is 0.

    Returns
    -------
    tuple of Piece
        In the order of the zones, the heaviest first; empty when every zone is whole. An island
        without a link is a piece.

    Raises
    ------
    PlanError
        When the plan and the geography are not of the same units, or the weights do not fit.
    """
    plan.require_units(geography.units)
    weight = _weights(weights, plan)
    label = geography.neighbours.pieces(plan.assignment)
    members = [np.flatnonzero(label == piece) for piece in range(label.max(initial=-1) + 1)]
    inside = [units for units in members if plan.assignment[units[0]] != UNASSIGNED]
    inside.sort(
        key=lambda units: (plan.assignment[units[0]], -weight[units].sum(), -len(units), units[0])
    )
    zones = [int(plan.assignment[units[0]]) for units in inside]
    return tuple(
        Piece(plan.zones[zone], _codes(plan, units), float(weight[units].sum()))
        for previous, zone, units in zip([-1, *zones], zones, inside, strict=False)
        if zone == previous
    )


def pyramids_split(
    plan: Plan, pyramids: Plan, *, weights: npt.ArrayLike | None = None
) -> tuple[SplitPyramid, ...]:
    """Name the pyramids whose units lie in more than one zone, and say how each divides.

    Parameters
    ----------
    pyramids
        A plan of the same units whose zones are the pyramids. Units in no pyramid split none.
    weights
        Per unit, as children; units count by default.

    Returns
    -------
    tuple of SplitPyramid
        In the order of the pyramids; its length is the number split. A pyramid of which only a
        part lies in any zone is not split, but one in two zones is, however small the part.

    Raises
    ------
    PlanError
        When both are not of the same units, or the weights do not fit.

    Examples
    --------
    >>> zones = Plan.from_lookup({"E01": "North", "E02": "North", "E03": "South"})
    >>> schools = Plan.from_lookup({"E01": "Hardye", "E02": "Hardye", "E03": "Hardye"})
    >>> pyramids_split(zones, schools)[0].units
    (2, 1)
    """
    plan.require_units(pyramids.units)
    weight = _weights(weights, plan)
    units = _cross(pyramids, plan, np.ones(len(plan.units)))
    heavy = _cross(pyramids, plan, weight)
    split = np.flatnonzero((units[:, :-1] > 0).sum(axis=1) > 1)
    return tuple(
        _describe(pyramids.zones[row], plan.zones, units[row], heavy[row]) for row in split
    )


def _describe(pyramid: str, zones: Sequence[str], units: Array, weight: Array) -> SplitPyramid:
    """Describe one row of counts per zone, whose last entry is the units in no zone."""
    within = np.flatnonzero(units[:-1])
    order = within[np.lexsort((within, -units[within], -weight[within]))]
    return SplitPyramid(
        pyramid,
        tuple(zones[zone] for zone in order),
        tuple(int(units[zone]) for zone in order),
        tuple(float(weight[zone]) for zone in order),
        int(units[-1]),
    )


def _cross(rows: Plan, columns: Plan, weight: Array) -> Array:
    """Sum weights per zone of one plan (rows) and of another (columns, the last for no zone)."""
    width = len(columns.zones) + 1
    inside = rows.assignment != UNASSIGNED
    column = np.where(columns.assignment == UNASSIGNED, width - 1, columns.assignment)
    cell = rows.assignment[inside].astype(np.int64) * width + column[inside]
    flat = np.bincount(cell, weight[inside], minlength=len(rows.zones) * width)
    return flat.astype(np.float64).reshape(len(rows.zones), width)


def _per_zone(zone: Assignment, values: Array, plan: Plan) -> Array:
    inside = zone != UNASSIGNED
    total = np.bincount(zone[inside], values[inside], minlength=len(plan.zones))
    return total.astype(np.float64)


def _codes(plan: Plan, positions: npt.NDArray[np.intp]) -> tuple[str, ...]:
    return tuple(plan.units[position] for position in positions)


def _weights(weights: npt.ArrayLike | None, plan: Plan) -> Array:
    if weights is None:
        return np.ones(len(plan.units))
    given = np.asarray(weights, dtype=np.float64)
    if given.shape != (len(plan.units),):
        raise PlanError(
            f"There are {given.size} weights for {len(plan.units)} units.",
            remedy="Give each unit one.",
        )
    return np.nan_to_num(given, nan=0.0)
