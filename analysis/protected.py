"""Counts of a plan that may be shown: units, zones and all, protected together.

Units, zones and the authority are one sum of sums. Suppressing them one by one would let a zone's
total give its units away, so what a table of zones shows is what a table of units leaves of it.

What was worked out is kept: a page asks for the same counts several times, and again when a widget
moves. It is kept by the counts themselves, so that other counts are never shown for these.
"""

from functools import lru_cache

import numpy as np

from analysis.aggregate import ZoneTotals
from analysis.disclosure import Policy, Suppressed
from analysis.protection import suppress_least
from geo.plan import Plan
from layers.measures import Measures
from layers.status import Status


def protected_units(plan: Plan, key: str, measures: Measures, policy: Policy) -> Suppressed:
    """Give a measure unit by unit, with the totals of the plan's zones behind it.

    Only sensitive measures are suppressed; others pass with the status they came with.
    """
    row = measures.row(key)
    if not measures.measure(key).sensitive:
        return Suppressed(measures.values[row], measures.status[row])
    return _protected(
        np.asarray(measures.values[row], dtype=np.float64).tobytes(),
        np.asarray(measures.status[row], dtype=np.int8).tobytes(),
        np.asarray(plan.assignment, dtype=np.int32).tobytes(),
        len(plan.zones),
        policy,
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


@lru_cache(maxsize=1024)
def _protected(
    counts: bytes, status: bytes, assignment: bytes, zones: int, policy: Policy
) -> Suppressed:
    """Suppress one measure of one plan; the arguments are arrays as bytes, which can be keys."""
    return suppress_least(
        np.frombuffer(counts, dtype=np.float64),
        policy=policy,
        groups=np.frombuffer(assignment, dtype=np.int32),
        group_count=zones,
        status=np.frombuffer(status, dtype=np.int8),
    )
