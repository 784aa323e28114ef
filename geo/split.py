"""Split units that a drawn line cuts: by the people of finer points, or at last by their land.

Best fit (`geo.crosswalk`) moves each unit whole. Where a line cuts a unit and the cut matters, its
counts are shared out by people at points of postcodes or output areas; where no such points are
known, by area, which takes people to be spread evenly over the land and is flagged. Only counts
can be split: a rate is made anew from its two counts. What lies in no zone is told, never lost.
"""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyproj
from pyproj.exceptions import CRSError as UnreadableCrs
from scipy import sparse

from geo.adjacency import Shapes
from geo.crosswalk import Crosswalk, best_fit
from geo.crs import WANTED
from geo.errors import CrsError, GeographyError, named
from geo.geography import Geography
from geo.index import OUTSIDE, UnitIndex

NOISE = 1e-6
"""Shares are known to about 1e-7: tobler keeps areas in single precision."""

Numbers = npt.NDArray[np.float64]
Kind = Literal["counts", "rates"]


class Cut(StrEnum):
    """How a unit's people came to their zones."""

    WHOLE = "whole, all its points are in one zone"
    PEOPLE = "split by people at points"
    LAND = "split by land"
    FIT = "whole by best fit"


@dataclass(frozen=True, eq=False, repr=False)
class Split:
    """Shares of each unit in each zone, and how they were found.

    Parameters
    ----------
    units, zones
        Codes and names.
    shares
        Sparse, shape (units, zones), 0-1. What a row lacks to 1 lies in no zone.
    method
        The `Cut` of each unit.
    people
        People per unit, or None where they are not known.
    loose
        Share (0-1) of the points' people that lie in no unit; 0 without points.

    Raises
    ------
    GeographyError
        When lengths differ or shares are negative or add up to more than 1.
    """

    units: tuple[str, ...]
    zones: tuple[str, ...]
    shares: sparse.csr_array
    method: tuple[Cut, ...]
    people: Numbers | None = None
    loose: float = 0.0

    def __post_init__(self) -> None:
        """Check once."""
        if self.shares.shape != (len(self.units), len(self.zones)) or len(self.method) != len(
            self.units
        ):
            raise GeographyError(
                f"{len(self.units)} units and {len(self.zones)} zones want shares of that shape, "
                f"not {self.shares.shape}.",
                remedy="Give each unit a row and a method, and each zone a column.",
            )
        total = np.asarray(self.shares.sum(axis=1))
        wrong = (total > 1 + NOISE) | ~np.isfinite(total)
        if wrong.any() or (self.shares.data < 0).any():
            raise GeographyError(
                f"The shares of {named(np.array(self.units)[wrong])} are no shares of 1.",
                remedy="Do the zones overlap?",
            )

    @cached_property
    def unassigned(self) -> Numbers:
        """Share (0-1) of each unit in no zone."""
        rest = 1.0 - np.asarray(self.shares.sum(axis=1), dtype=np.float64)
        return np.where(rest < NOISE, 0.0, rest)

    def apportion(self, values: npt.ArrayLike, *, kind: Kind) -> tuple[Numbers, Numbers]:
        """Share out counts.

        Parameters
        ----------
        values
            Shape (measures, units); NaN travels to every zone that holds a part of its unit.
        kind
            What they are. Rates are refused: split their two counts, then divide.

        Returns
        -------
        tuple of ndarray
            Counts per zone, shape (measures, zones), and those in no zone, shape (measures,).
            Together they add up to the counts given.

        Raises
        ------
        GeographyError
            When they are rates, or the shape is another.
        """
        if kind != "counts":
            raise GeographyError(
                "Rates cannot be split between zones.",
                remedy="Split the numerator and the denominator, then divide.",
            )
        counts = np.asarray(values, dtype=np.float64)
        if counts.ndim != 2 or counts.shape[1] != len(self.units):
            raise GeographyError(
                f"The counts have the shape {counts.shape}; (measures, {len(self.units)}) was "
                "wanted.",
                remedy="Give one column per unit, in the order of the split.",
            )
        held = self.unassigned > 0
        return np.asarray(counts @ self.shares), counts[:, held] @ self.unassigned[held]

    def share_by(self, method: Cut) -> float | None:
        """Share (0-1) of people in units shared out so; None without people."""
        return self._share(np.array([other == method for other in self.method], dtype=bool))

    @property
    def share_apportioned(self) -> float | None:
        """Share (0-1) of people in units that were split; None without people."""
        return self._share(
            np.array([other in (Cut.PEOPLE, Cut.LAND) for other in self.method], dtype=bool)
        )

    @property
    def share_unassigned(self) -> float | None:
        """Share (0-1) of people in no zone; None without people."""
        return self._share(self.unassigned)

    def _share(self, part: npt.NDArray[Any]) -> float | None:
        if self.people is None or not self.people.sum() > 0:
            return None
        return float((self.people * part).sum() / self.people.sum())

    def __str__(self) -> str:
        """Say how the units were shared out, as the app and a board paper show it."""
        lines = [f"{len(self.units)} units shared out to {len(self.zones)} zones."]
        for method in Cut:
            count = self.method.count(method)
            if count:
                lines.append(f"{count} {method}{_percent(self.share_by(method))}.")
        partly = np.array(self.units, dtype=object)[self.unassigned > 0]
        if len(partly):
            share = _percent(self.share_unassigned)
            lines.append(f"{len(partly)} partly or wholly in no zone{share}: {named(partly)}.")
        if self.loose:
            lines.append(f"{self.loose:.1%} of the points' people lie in no unit and were left.")
        return "\n".join(lines)

    def __repr__(self) -> str:
        """Show the size: `<Split of 249 units to 7 zones, 31 cut>`."""
        cut = sum(method in (Cut.PEOPLE, Cut.LAND) for method in self.method)
        return f"<Split of {len(self.units)} units to {len(self.zones)} zones, {cut} cut>"


def split_by_points(
    geography: Geography,
    shapes: Shapes,
    names: Sequence[str],
    *,
    points: Numbers,
    weights: Numbers,
    units: Sequence[str] | None = None,
) -> Split:
    """Share out each unit by the people at finer points (postcodes, output areas).

    A unit without people at any point goes whole by best fit, and is flagged.

    Parameters
    ----------
    geography
        The units.
    shapes, names
        Polygons in EPSG:27700 and the zones they are; of polygons that overlap the first wins.
    points
        Easting and northing, shape (points, 2); NaN where unknown.
    weights
        People (or households, or addresses) per point.
    units
        Code of each point's unit; a published code is better than the drawing, which decides
        without. Points of other units are left.

    Raises
    ------
    GeographyError
        When lengths differ, or weights are negative or no number.
    CrsError
        When the polygons cannot be in EPSG:27700.
    """
    _require_points(points, weights, units)
    walk = best_fit(geography, shapes, names)
    x, y = np.asarray(points, dtype=np.float64).T
    zone = UnitIndex(tuple(names), np.asarray(shapes, dtype=object)).locate(x, y)
    if units is None:
        unit = UnitIndex(geography.units, geography.shapes).locate(x, y).astype(np.int64)
    else:
        unit = np.array([geography.position.get(code, OUTSIDE) for code in units], dtype=np.int64)
    usable = (unit != OUTSIDE) & np.isfinite(x) & np.isfinite(y)
    people = np.bincount(unit[usable], weights[usable], len(geography)).astype(np.float64)
    inside = usable & (zone != OUTSIDE) & (weights > 0)
    shares = sparse.coo_array(
        (weights[inside] / people[unit[inside]], (unit[inside], zone[inside])),
        shape=(len(geography), len(names)),
    ).tocsr()
    return _filled(walk, shares, people, _loose(weights, usable))


def split_by_area(
    geography: Geography,
    shapes: Shapes,
    names: Sequence[str],
    *,
    people: Numbers | None = None,
    crs: Any = WANTED,
) -> Split:
    """Share out each unit that a line cuts by its land; the last resort (needs tobler).

    A unit with 99 % of its land in its zone goes whole.

    Parameters
    ----------
    geography
        The units.
    shapes, names
        Polygons and the zones they are; they must not overlap.
    people
        People per unit, in the order of the geography, for the shares told.
    crs
        What the polygons' coordinates are; anything but EPSG:27700 is refused.

    Raises
    ------
    CrsError
        When the polygons are, or cannot be but, in another CRS.
    GeographyError
        When the polygons overlap, or tobler is not installed.
    """
    _require_same_crs(crs)
    walk = best_fit(geography, shapes, names, weights=people)
    cut = np.flatnonzero(np.isin(geography.units, [*walk.cut, *walk.unassigned]))
    shares = sparse.lil_array((len(geography), len(names)))
    whole = np.setdiff1d(np.arange(len(geography)), cut)
    shares[whole, walk.plan.assignment[whole]] = 1.0
    if len(cut):
        shares[cut] = _land_shares(geography, cut, np.asarray(shapes, dtype=object))
    method = np.full(len(geography), Cut.FIT, dtype=object)
    method[cut] = Cut.LAND
    return Split(geography.units, walk.plan.zones, shares.tocsr(), tuple(method), walk.weights)


def _land_shares(geography: Geography, cut: npt.NDArray[np.intp], shapes: Shapes) -> Numbers:
    """Give the share of each cut unit's land in each zone, shape (cut, zones)."""
    interpolate = _tobler().area_interpolate
    ones = [str(i) for i in range(len(cut))]
    units = gpd.GeoDataFrame(
        np.eye(len(cut)), columns=ones, geometry=geography.shapes[cut], crs=WANTED
    )
    zones = gpd.GeoDataFrame(geometry=shapes, crs=WANTED)
    found = interpolate(units, zones, extensive_variables=ones, allocate_total=False)
    shares = np.array(found[ones], dtype=np.float64).T
    total = shares.sum(axis=1, keepdims=True)
    # Only noise of single precision is evened out; an overlap stays and is refused by `Split`.
    return np.where(np.abs(total - 1.0) < NOISE, shares / np.where(total > 0, total, 1.0), shares)


def _tobler() -> Any:
    try:
        return importlib.import_module("tobler.area_weighted")
    except ImportError as error:
        raise GeographyError(
            "Areal weighting needs the package tobler, which is not installed.",
            remedy="Install it with pip install 'zonewright[areal]', or split by points.",
        ) from error


def _filled(walk: Crosswalk, shares: sparse.csr_array, people: Numbers, loose: float) -> Split:
    """Send units without people at points whole by best fit, and say of each how it went."""
    empty = people <= 0
    placed = np.flatnonzero(empty & (walk.plan.assignment != OUTSIDE))
    whole = sparse.coo_array(
        (np.ones(len(placed)), (placed, walk.plan.assignment[placed])), shape=shares.shape
    )
    full = sparse.csr_array(shares + whole)
    rest = 1.0 - np.asarray(full.sum(axis=1))
    one = (np.diff(full.indptr) == 1) & (rest < NOISE)
    none = np.diff(full.indptr) == 0
    method = [
        Cut.FIT if is_empty else Cut.WHOLE if is_one or is_none else Cut.PEOPLE
        for is_empty, is_one, is_none in zip(empty, one, none, strict=True)
    ]
    return Split(walk.plan.units, walk.plan.zones, full, tuple(method), people, loose)


def _loose(weights: Numbers, usable: npt.NDArray[np.bool_]) -> float:
    total = float(weights.sum())
    return float(weights[~usable].sum()) / total if total > 0 else 0.0


def _require_points(points: Numbers, weights: Numbers, units: Sequence[str] | None) -> None:
    count = len(weights)
    if np.shape(points) != (count, 2) or (units is not None and len(units) != count):
        raise GeographyError(
            f"The points have the shape {np.shape(points)} beside {count} weights.",
            remedy="Give each point an easting, a northing, a weight and, if any, a unit.",
        )
    if not (np.isfinite(weights) & (np.asarray(weights) >= 0)).all():
        raise GeographyError(
            "Some points have people that are negative or no number.",
            remedy="Leave such points out; 0 is right where nobody lives.",
        )


def _require_same_crs(crs: Any) -> None:
    """Refuse another CRS here: tobler prints a line and gives nothing."""
    try:
        known = None if crs is None else pyproj.CRS.from_user_input(crs)
    except UnreadableCrs:
        known = None
    if known is None or not known.equals(pyproj.CRS(WANTED), ignore_axis_order=True):
        raise CrsError(
            f"The zones are in {crs}; the units are in {WANTED}.",
            remedy="Bring them over with geo.crs.to_british_grid first.",
        )


def _percent(share: float | None) -> str:
    return "" if share is None else f" ({share:.1%} of people)"
