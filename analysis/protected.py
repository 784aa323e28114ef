"""Counts of a plan that may be shown: units, zones and all, protected together.

Units, zones and the authority are one sum of sums. Suppressing them one by one would let a zone's
total give its units away, so what a table of zones shows is what a table of units leaves of it.
"""

import numpy as np

from analysis.aggregate import ZoneTotals
from analysis.disclosure import Policy, Suppressed, suppress
from geo.plan import UNASSIGNED, Plan
from layers.measures import Measures
from layers.status import Status


def protected_units(plan: Plan, key: str, measures: Measures, policy: Policy) -> Suppressed:
    """Give a measure unit by unit, with the totals of the plan's zones behind it.

    Only sensitive measures are suppressed; others pass with the status they came with.
    """
    row = measures.row(key)
    if not measures.measure(key).sensitive:
        return Suppressed(measures.values[row], measures.status[row])
    return suppress(
        measures.values[row],
        policy=policy,
        groups=np.where(plan.assignment == UNASSIGNED, -1, plan.assignment),
        group_count=len(plan.zones),
        status=measures.status[row],
    )


def protected_zones(
    totals: ZoneTotals, key: str, measures: Measures, policy: Policy, *, plan: Plan
) -> Suppressed:
    """Give a measure per zone, then over the units in no zone if there are any, then over all.

    Parameters
    ----------
    totals
        Of `plan` and `measures`.

    Returns
    -------
    Suppressed
        Shape (zones + 1,), or (zones + 2,) where units are in no zone. A total that lacks a part
        has no number.
    """
    if measures.measure(key).sensitive:
        zones = protected_units(plan, key, measures, policy).totals
        if zones is None:
            raise AssertionError(key)  # suppress always gives totals with groups
        return with_total(zones)
    row = totals.row(key)
    last = None if plan.unassigned else -1
    values, status = totals.values[row, :last], totals.status[row, :last]
    return with_total(Suppressed(np.where(status >= Status.NOT_APPLICABLE, np.nan, values), status))


def with_total(parts: Suppressed) -> Suppressed:
    """Put the total behind its parts: the one they came with, or else their sum."""
    total = parts.totals
    if total is None:
        worst = parts.status.max(initial=Status.OK, keepdims=True)
        total = Suppressed(parts.values.sum(keepdims=True), worst)
    return Suppressed(
        np.concatenate([parts.values, total.values]), np.concatenate([parts.status, total.status])
    )
