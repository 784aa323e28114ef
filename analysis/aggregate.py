"""Totals per zone: counts add, rates follow.

The totals come from the plan's assignment, never from dissolving shapes. What lies in no zone is
a column of its own, so the columns always add up to what was read.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.plan import UNASSIGNED, Plan
from layers.measures import Measure, Measures
from layers.status import Status

NO_ZONE = "unassigned"


@dataclass(frozen=True, eq=False)
class ZoneTotals:
    """Counts of several measures per zone, and of the units in no zone.

    Parameters
    ----------
    zones
        The plan's zones.
    measures
        One a row.
    values
        Sums of the known counts, shape (measures, zones + 1); the last column is the units in no
        zone. NaN where units are there but none has a known count.
    status
        The highest `Status` among the parts: a total with a suppressed part says so, and then
        its value is only the least it can be.
    """

    zones: tuple[str, ...]
    measures: tuple[Measure, ...]
    values: npt.NDArray[np.float64]
    status: npt.NDArray[np.int8]

    def row(self, key: str) -> int:
        """Where the measure `key` stands."""
        return [measure.key for measure in self.measures].index(key)

    def counts(self, key: str) -> npt.NDArray[np.float64]:
        """Give the totals of `key` per zone; NaN where a part is missing or suppressed.

        Rates and inequality are worked out from these: a total that lacks a part has none.
        """
        row = self.row(key)
        whole = self.status[row, :-1] <= Status.ROUNDED
        return np.where(whole, self.values[row, :-1], np.nan)

    def unassigned(self, key: str) -> float:
        """Give the total of `key` in no zone."""
        return float(self.values[self.row(key), -1])

    def total(self, key: str) -> float:
        """Sum `key` over all zones and the units in none; NaN where a part is missing."""
        row = self.row(key)
        whole = (self.status[row] <= Status.ROUNDED).all()
        return float(self.values[row].sum()) if whole else float("nan")


def aggregate(plan: Plan, measures: Measures) -> ZoneTotals:
    """Add up every measure over the zones of a plan.

    Parameters
    ----------
    plan
        Of the same units, in the same order, as `measures`.

    Returns
    -------
    ZoneTotals
        Zones in the plan's order; a zone without units has 0 of everything.

    Raises
    ------
    PlanError
        When the plan and the measures are not of the same units.

    Examples
    --------
    >>> plan = Plan(("a", "b", "c"), ("North", "South"), np.array([0, 0, 1]))
    >>> children = Measure("children", "Children", "children", "2016", "drawn", "illustrative")
    >>> counts = Measures(plan.units, (children,), np.array([[10.0, 5, 7]]), np.zeros((1, 3), "i1"))
    >>> aggregate(plan, counts).counts("children")
    array([15.,  7.])
    """
    plan.require_units(measures.units)
    column = _columns(plan)
    width = len(plan.zones) + 1
    values = _add_up(measures.values, column, width)
    return ZoneTotals(plan.zones, measures.measures, values, _worst(measures, column, width))


def aggregate_after(
    totals: ZoneTotals, measures: Measures, *, before: Plan, after: Plan
) -> ZoneTotals:
    """Carry totals from one plan to the next, adding only what moved.

    The answer is that of `aggregate(after, measures)`; the work follows the number of moved
    units, not of all units.

    Parameters
    ----------
    totals
        Of `before`.
    before, after
        Plans of the same units and the same zones.
    """
    moved = np.flatnonzero(before.assignment != after.assignment)
    leaves, enters = _columns(before)[moved], _columns(after)[moved]
    touched = np.union1d(leaves, enters)
    if after.zones != before.zones or totals.status[:, touched].any():
        return aggregate(after, measures)  # what is missing cannot be subtracted
    values = totals.values.copy()
    for at, unit in enumerate(moved):
        values[:, leaves[at]] -= measures.values[:, unit]
        values[:, enters[at]] += measures.values[:, unit]
    return ZoneTotals(totals.zones, totals.measures, values, totals.status)


def _columns(plan: Plan) -> npt.NDArray[np.int64]:
    """Give the column of each unit: its zone, or the last for no zone."""
    return np.where(plan.assignment == UNASSIGNED, len(plan.zones), plan.assignment)


def _add_up(
    values: npt.NDArray[np.float64], column: npt.NDArray[np.int64], width: int
) -> npt.NDArray[np.float64]:
    """Sum what is known by column; NaN where units are there but none of them is known.

    A row at a time: laying all rows end to end takes five times as long at 34,753 units.
    """
    sums = np.zeros((len(values), width))
    parts = np.bincount(column, minlength=width)
    for total, row in zip(sums, values, strict=True):
        unknown = np.isnan(row)
        if not unknown.any():
            total[:] = np.bincount(column, row, width)
            continue
        total[:] = np.bincount(column[~unknown], row[~unknown], width)
        total[(parts > 0) & (np.bincount(column[unknown], minlength=width) == parts)] = np.nan
    return sums


def _worst(measures: Measures, column: npt.NDArray[np.int64], width: int) -> npt.NDArray[np.int8]:
    worst = np.zeros((len(measures.measures), width), dtype=np.int8)
    if not measures.status.any():
        return worst
    row, unit = np.nonzero(measures.status)
    np.maximum.at(worst, (row, column[unit]), measures.status[row, unit])
    return worst
