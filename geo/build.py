"""Build a geography from codes, names and shapes: checked, rounded and with its neighbours.

This is the slow step that is done once. What it refuses would make later numbers wrong: codes that
repeat, shapes that are empty, no polygons, outside the grid or with rings that cross themselves,
and units of another vintage.
"""

import re
from collections.abc import Collection, Iterable, Sequence

import numpy as np
import shapely

from geo.adjacency import Neighbours, Shapes, build_adjacency
from geo.crs import PRECISION_M, require_british_grid
from geo.errors import GeographyError, VintageError, named
from geo.geography import Geography, require_distinct, require_polygons

LAST_2011 = {"E01": "E01033768", "W01": "W01001958"}
"""The last LSOA code given out for 2011; a higher one is of 2021."""

_GSS = re.compile(r"[A-Z]\d{8}")


def build_geography(
    key: str,
    vintage: str,
    units: Sequence[str],
    names: Sequence[str],
    shapes: Shapes,
    *,
    links: Iterable[tuple[int, int]] = (),
    cuts: Iterable[tuple[int, int]] = (),
) -> Geography:
    """Build a geography from shapes that are a coverage in EPSG:27700.

    Gaps and overlaps are not refused, since the tool can still count with them; find them with
    `geo.coverage.check_coverage`. Units that should touch and have a gap between them are no
    neighbours.

    Parameters
    ----------
    key
        What names these boundaries: `dorset-lsoa-2011`.
    vintage
        The year of the codes: `2011` or `2021`.
    units, names, shapes
        One of each per unit, in the same order.
    links, cuts
        Pairs of positions among `units` to join although no border is shared, and to part although
        one is (`geo.adjacency.positions_of` turns codes into positions).

    Raises
    ------
    GeographyError
        When a code repeats, a shape is empty, no polygon or invalid, or a cut parts no neighbours.
    CrsError
        When the coordinates cannot be eastings and northings.
    VintageError
        When LSOA codes are of 2021 and `vintage` is 2011.

    Examples
    --------
    >>> squares = shapely.box([0, 100], [0, 0], [100, 200], [100, 100])
    >>> build_geography("two", "2011", ["A", "B"], ["West", "East"], squares)
    <Geography two, 2 units of 2011, 1 borders>
    """
    polygons = np.array(shapes, dtype=object)
    require_distinct(units)
    require_polygons(units, polygons)
    require_british_grid(units, polygons)
    refuse_later_codes(units, vintage)
    polygons = np.asarray(shapely.set_precision(polygons, PRECISION_M, mode="pointwise"))
    _require_valid(units, polygons)
    neighbours = build_adjacency(polygons).linked(links)
    closed = list(cuts)
    _require_borders(units, neighbours, closed)
    neighbours = neighbours.cut(closed)
    return Geography(key, vintage, tuple(units), tuple(names), polygons, neighbours)


def require_vintage(units: Sequence[str], known: Collection[str], *, vintage: str) -> None:
    """Refuse units that are not among the `known` codes of a vintage.

    Most codes of LSOA 2011 live on in 2021, so a mix-up shows in a few per cent of units only.

    Raises
    ------
    VintageError
        With the share of units that are known, naming up to three that are not.
    """
    codes = known if isinstance(known, (set, frozenset)) else set(known)
    strange = [unit for unit in units if unit not in codes]
    if strange:
        held = len(units) - len(strange)
        raise VintageError(
            f"{held} of {len(units)} units ({held / len(units):.0%}) are codes of {vintage}; "
            f"{named(strange)} are not.",
            remedy=f"Give boundaries of {vintage}, or convert with a lookup between vintages.",
        )


def refuse_later_codes(units: Sequence[str], vintage: str) -> None:
    """Refuse LSOA codes that were first given out in 2021 where 2011 was wanted.

    Raises
    ------
    VintageError
        Naming up to three of them.
    """
    if vintage != "2011":
        return
    late = [unit for unit in units if _GSS.fullmatch(unit) and unit > LAST_2011.get(unit[:3], "Z")]
    if late:
        raise VintageError(
            f"{len(late)} of {len(units)} units have codes of 2021 where {vintage} was wanted: "
            f"{named(late)}.",
            remedy="Give boundaries of 2011, or say that the vintage is 2021.",
        )


def _require_borders(
    units: Sequence[str], neighbours: Neighbours, cuts: Sequence[tuple[int, int]]
) -> None:
    """Name by their codes what `Neighbours.cut` could only name by position."""
    known = set(zip(*(side.tolist() for side in neighbours.pairs), strict=True))
    strange = [f"{units[a]} and {units[b]}" for a, b in cuts if (min(a, b), max(a, b)) not in known]
    if strange:
        raise GeographyError(
            f"The cuts part units that are no neighbours: {named(strange)}.",
            remedy="Take the rows out, or check their codes.",
        )


def _require_valid(units: Sequence[str], shapes: Shapes) -> None:
    wrong = ~shapely.is_valid(shapes)
    if wrong.any():
        codes = np.array(units, dtype=object)[wrong]
        reason = shapely.is_valid_reason(shapes[np.flatnonzero(wrong)[0]])
        raise GeographyError(
            f"{int(wrong.sum())} units have rings that cross themselves: {named(codes)} "
            f"(first: {reason}).",
            remedy="Mend them with geo.coverage.clean_coverage, which says what it changed.",
        )
