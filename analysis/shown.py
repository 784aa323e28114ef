"""What may be shown of a pack's counts, and what anybody could work out from it.

Whatever is worked out from these figures tells nobody more than they do.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from analysis.aggregate import aggregate
from analysis.disclosure import POLICIES, Suppressed
from analysis.protected import protected_units, protected_zones
from analysis.table import Basis, Column, Part, Table
from analysis.tables import indicator_keys
from geo.plan import UNASSIGNED, Plan
from layers.indicators import Indicator
from layers.pack import Pack
from layers.status import Standing, Status

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Statuses = npt.NDArray[np.int8]


def shown_zones(plan: Plan, key: str, pack: Pack) -> Suppressed:
    """Give a measure per zone, then over the units in no zone if there are any, then over all."""
    policy = POLICIES[pack.authority.disclosure]
    totals = aggregate(plan, pack.measures)
    return protected_zones(totals, key, pack.measures, policy, plan=plan)


def shown_units(plan: Plan, key: str, pack: Pack) -> Suppressed:
    """Give a measure unit by unit, protected together with the totals of the plan's zones."""
    return protected_units(plan, key, pack.measures, POLICIES[pack.authority.disclosure])


def spread_counts(plan: Plan, indicator: Indicator, pack: Pack) -> tuple[Array, Array]:
    """Give an indicator's counts per small area as they can be told from what is shown.

    What is left of a zone's total once its shown areas are taken off stands spread over its
    suppressed areas, by their people. A zone whose total is suppressed leaves them unknown.

    Returns
    -------
    numerators, denominators
        Shape (units,); NaN where unknown.
    """
    x, n = (
        shown_units(plan, indicator.numerator, pack),
        shown_units(plan, indicator.denominator, pack),
    )
    zones = shown_zones(plan, indicator.numerator, pack)
    width = len(plan.zones) + 1
    group = np.where(plan.assignment == UNASSIGNED, width - 1, plan.assignment)
    totals = np.append(zones.values[:-1], np.nan)[:width]
    hidden = x.status == Status.SUPPRESSED
    left = totals - np.bincount(group, np.nan_to_num(x.values), width)
    people = np.bincount(group, np.where(hidden, np.nan_to_num(n.values), 0), width)
    # rounded totals may leave a little less than nothing
    share = np.maximum(left, 0) / np.where(people > 0, people, np.nan)
    counts = np.where(hidden, n.values * share[group], x.values)
    if indicator.kind == "proportion":
        counts = np.minimum(counts, n.values)
    return counts, n.values


def spread_share(plan: Plan, indicator: Indicator, pack: Pack, counts: Array) -> float:
    """Say how much of the count stands in suppressed small areas; NaN where nothing is known."""
    hidden = shown_units(plan, indicator.numerator, pack).status == Status.SUPPRESSED
    if np.isnan(counts[hidden]).any():
        return float("nan")
    total = float(np.nansum(counts))
    return float(np.nansum(counts[hidden])) / total if total > 0 else 0.0


def basis_of(
    plan: Plan,
    pack: Pack,
    indicators: Sequence[Indicator],
    *,
    keys: Sequence[str] = (),
    units: bool = False,
) -> Basis:
    """Say that a table tells the counts of indicators, and `keys`, of a plan's zones.

    With `units` it was worked out from those of small areas as well.
    """
    told = [key for indicator in indicators for key in indicator_keys(indicator)]
    names = tuple(dict.fromkeys((*told, *keys)))
    parts = [Part(plan, names)] + ([Part(plan, names, "units")] if units else [])
    return Basis.of_pack(pack, *parts)


def first_rows(table: Table, key: str, rows: int) -> Column:
    """Give a column of a table without the rows after the first `rows`."""
    column = table.column(key)
    return replace(column, values=column.values[:rows], status=column.status[:rows])


def masked(values: Array, hidden: Mask) -> Statuses:
    """Say why there is no number where there is none: suppressed where `hidden`, else missing."""
    lacks = np.where(hidden, Status.SUPPRESSED, Status.MISSING)
    return np.where(np.isnan(values), lacks, Status.OK).astype(np.int8)


def standing_of(parts: Sequence[Standing]) -> Standing:
    """Say that figures are illustrative when any part of them is."""
    return "illustrative" if "illustrative" in parts else "official"
