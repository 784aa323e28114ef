"""Bring measures from areas of 2011 to areas of 2021, or back, and from units to drawn zones.

Every count arrives once; a status travels with its count, so that an area with a suppressed part
is suppressed. Tables of two vintages are never joined as they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np
import numpy.typing as npt

from geo.errors import LayerError, VintageError, named
from geo.split import Split
from geo.vintages import NEW, OLD, Conversion, VintageLookup, require_same_vintage, vintage_of
from layers.counts import UnitCounts
from layers.measures import Counted, Measures
from layers.status import Status

POINTS: Counted = "points"


@dataclass(frozen=True)
class Converted:
    """Counts on areas of another vintage, and how each area came by them."""

    counts: UnitCounts
    conversion: Conversion


def convert_counts(
    counts: UnitCounts,
    lookup: VintageLookup,
    *,
    to: str,
    people: Mapping[str, float] | None = None,
    best_fit: Mapping[str, str] | None = None,
    whole: bool = False,
    absent_is_zero: bool = False,
) -> Converted:
    """Convert the counts of a file to areas of `to` (`2011` or `2021`).

    The ledger stays that of the file's rows. How it was done is added to the notes. Where a file
    does not tell its vintage its codes do.

    Parameters
    ----------
    people
        People per code of `to`, by which areas are split; equal shares, flagged, without.
    best_fit
        Code of `to` for irregular areas.
    whole
        Round the parts of split areas so that they are whole and add up; points (scores times
        people) stay fractions.
    absent_is_zero
        True where an area that the file lacks had nothing; by default it is unknown, and a sum
        with it is missing.

    Raises
    ------
    VintageError
        When the counts are of `to` already, of no known vintage, or of areas that the lookup does
        not know: cut the file to what the lookup covers first.
    LayerError
        When a measure is no count, or `whole` is asked of fractions.
    """
    vintage = _vintage(counts, lookup, to)
    turn = lookup.forward if vintage == OLD else lookup.backward
    conversion = turn(
        counts.measures.units, people=people, best_fit=best_fit, absent_is_zero=absent_is_zero
    )
    if conversion.left_out:
        raise VintageError(
            f"{counts.ledger.source}: the lookup does not know {len(conversion.left_out)} of "
            f"{len(conversion.units)} areas: {named(conversion.left_out)}.",
            remedy="Give the lookup of the whole country, or only the authority's rows.",
        )
    measures = convert_measures(counts.measures, conversion, whole=whole)
    converted = replace(
        counts,
        measures=measures,
        vintage=to,
        districts=_districts(counts, lookup, conversion),
        notes=(*counts.notes, *str(conversion).split("\n")),
        rows=(),  # a row of the file may be in several areas now
    )
    return Converted(converted, conversion)


def convert_measures(
    measures: Measures, conversion: Conversion, *, whole: bool = False
) -> Measures:
    """Convert measures along a conversion of their units, in their order.

    Returns
    -------
    Measures
        Of `conversion.into`. An area takes the highest status of its parts; one that lacks a part
        is missing.

    Raises
    ------
    LayerError
        When the units differ, a measure is no count, or `whole` is asked of fractions.
    """
    if measures.units != conversion.units:
        raise LayerError(
            "The measures and the conversion are of different units.",
            remedy="Make the conversion from the measures' own units.",
        )
    _require_counts(measures)
    values = conversion.apportion(measures.values)
    if whole:
        rows = [i for i, measure in enumerate(measures.measures) if measure.counts != POINTS]
        _require_whole(measures, rows)
        values[rows] = conversion.apportion(measures.values[rows], whole=True)
    status = conversion.highest(measures.status)
    lacking = np.isin(np.array(conversion.into, dtype=object), conversion.incomplete)
    status[:, lacking] = np.maximum(status[:, lacking], Status.MISSING)
    values[status >= Status.NOT_APPLICABLE] = np.nan
    return Measures(conversion.into, measures.measures, values, status)


def split_measures(measures: Measures, split: Split) -> tuple[Measures, npt.NDArray[np.float64]]:
    """Share out measures to the zones of a split of their units.

    Returns
    -------
    tuple of Measures and ndarray
        Measures whose units are the zones, and per measure the count in no zone (NaN where a unit
        without a number lies there). A zone takes the highest status of its parts.

    Raises
    ------
    LayerError
        When the units differ or a measure is no count.
    """
    if measures.units != split.units:
        raise LayerError(
            "The measures and the split are of different units.",
            remedy="Make the split from the geography of the measures.",
        )
    _require_counts(measures)
    known = np.nan_to_num(measures.values)
    values, _ = split.apportion(known, kind="counts")
    _, loose = split.apportion(measures.values, kind="counts")
    links = split.shares.tocoo()
    unit, zone = links.coords
    status = np.zeros(values.shape, dtype=np.int8)
    for row, given in zip(status, measures.status, strict=True):
        np.maximum.at(row, zone, given[unit])
    values[status >= Status.NOT_APPLICABLE] = np.nan
    return Measures(split.zones, measures.measures, values, status), loose


def _vintage(counts: UnitCounts, lookup: VintageLookup, to: str) -> str:
    told = counts.vintage or vintage_of(counts.measures.units, lookup)
    if to not in (OLD, NEW) or told not in (OLD, NEW, "both"):
        require_same_vintage(told, to, what=f"{counts.ledger.source} and the units wanted")
        raise VintageError(f"There is no vintage '{to}'.", remedy="Ask for 2011 or 2021.")
    if told == to:
        raise VintageError(f"{counts.ledger.source} is of {to} already.", remedy="Use it as it is.")
    return OLD if to == NEW else NEW


def _districts(
    counts: UnitCounts, lookup: VintageLookup, conversion: Conversion
) -> tuple[str, ...]:
    """Give the district of each area: the lookup's, else the one that all its parts have."""
    known = lookup.district_of(conversion.vintage)
    if known:
        return tuple(known.get(code, "") for code in conversion.into)
    if not counts.districts:
        return ()
    parts: list[set[str]] = [set() for _ in conversion.into]
    for source, target in zip(conversion.source, conversion.target, strict=True):
        parts[target].add(counts.districts[source])
    return tuple(next(iter(part)) if len(part) == 1 else "" for part in parts)


def _require_counts(measures: Measures) -> None:
    rates = [m.key for m in measures.measures if m.counts not in get_args(Counted)]
    if rates:
        raise LayerError(
            f"{named(rates)} is no count and cannot be shared out.",
            remedy="Convert the numerator and the denominator, then divide.",
        )


def _require_whole(measures: Measures, rows: list[int]) -> None:
    values = np.nan_to_num(measures.values[rows])
    broken = (values != np.rint(values)).any(axis=1)
    if broken.any():
        keys = [
            measures.keys[row] for row, is_broken in zip(rows, broken, strict=True) if is_broken
        ]
        raise LayerError(
            f"{named(keys)} holds fractions, where whole numbers were wanted.",
            remedy="Convert without rounding, or from the counts as they were published.",
        )
