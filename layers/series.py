"""Counts per small area and month: all that leaves the import of a case list.

A series knows no person, no day and no postcode. What could not be put in a small area stands in
bins of its own, so that the total is that of the list. Flows (referrals) are counted in the month
they happened in; stocks (children on a plan) stand at the end of each month.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from geo.errors import LayerError
from geo.ledger import Ledger
from layers.measures import Measure, Measures
from layers.source import Source
from layers.status import Status

NO_FIXED_ABODE, OUT_OF_AREA, UNKNOWN = "no fixed abode", "out of area", "unknown"
OPEN_KINDS = ("open_cin", "open_cp", "open_cla")
BINS = (NO_FIXED_ABODE, OUT_OF_AREA, UNKNOWN)
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class Series:
    """Monthly counts of several measures for the same units.

    Parameters
    ----------
    units
        Codes, in the order of the last axis of `counts`.
    months
        `YYYY-MM`, consecutive. Months outside were not counted, which is not zero.
    measures
        One a row of `counts`.
    counts
        Shape (measures, months, units).
    binned
        Counts of what is in no unit, shape (measures, months, 3), in the order of `BINS`.
    stocks
        Keys of the measures that stand at the end of a month and must not be added over months.
    ledger
        What became of the rows of all lists.

    Raises
    ------
    LayerError
        When shapes differ, months are not consecutive, a key repeats or a count is negative.
    """

    units: tuple[str, ...]
    months: tuple[str, ...]
    measures: tuple[Measure, ...]
    counts: Counts
    binned: Counts
    stocks: frozenset[str]
    ledger: Ledger
    source: Source
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check once, then freeze the arrays."""
        shape = (len(self.measures), len(self.months))
        if self.counts.shape != (*shape, len(self.units)) or self.binned.shape != (*shape, 3):
            raise LayerError(
                f"{shape[0]} measures of {shape[1]} months want counts of that shape, not "
                f"{self.counts.shape} and {self.binned.shape}."
            )
        if self.months and self.months != months_between(self.months[0], self.months[-1]):
            raise LayerError("The months of a series are consecutive.")
        if len(set(self.keys)) != len(self.keys) or len(set(self.units)) != len(self.units):
            raise LayerError("A measure or a unit stands twice in a series.")
        if (self.counts < 0).any() or (self.binned < 0).any():
            raise LayerError("A count of a series is negative.")
        self.counts.setflags(write=False)
        self.binned.setflags(write=False)

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The measures' short names, in order."""
        return tuple(measure.key for measure in self.measures)

    def total(self, measure: str, start: str, end: str) -> Counts:
        """Add a flow over the months `start` to `end`, both included, shape (units,).

        Raises
        ------
        LayerError
            When the measure is a stock or not here, or a month was not counted.
        """
        return self._flow(measure, start, end, self.counts)

    def at(self, measure: str, month: str) -> Counts:
        """Give a measure of one month, shape (units,); of a stock, what stood at its end.

        Raises
        ------
        LayerError
            When the measure is not here or the month was not counted.
        """
        found: Counts = self.counts[self._row(measure), self._month(month)]
        return found

    def binned_total(self, measure: str, start: str, end: str) -> dict[str, int]:
        """Add what is in no unit over months, for each bin; a stock is taken at the last month."""
        if measure in self.stocks:
            found = self.binned[self._row(measure), self._month(end)]
        else:
            found = self._flow(measure, start, end, self.binned)
        return dict(zip(BINS, found.tolist(), strict=True))

    def to_measures(self, start: str, end: str) -> Measures:
        """Give all measures over a span: flows added, stocks at its end.

        Every count is known: a unit where nothing happened has 0.

        Raises
        ------
        LayerError
            When a month was not counted.
        """
        span = start if start == end else f"{start} to {end}"
        values, measures = [], []
        for measure in self.measures:
            is_stock = measure.key in self.stocks
            row = self.at(measure.key, end) if is_stock else self.total(measure.key, start, end)
            values.append(row.astype(np.float64))
            measures.append(replace(measure, period=f"end of {end}" if is_stock else span))
        matrix = np.array(values, dtype=np.float64).reshape(len(values), len(self.units))
        known = np.full(matrix.shape, Status.OK, dtype=np.int8)
        return Measures(self.units, tuple(measures), matrix, known)

    def by_group(self, measure: str, group: npt.NDArray[np.int32], groups: int) -> Counts:
        """Add units to groups (the zones of a plan), month by month, shape (months, groups).

        Parameters
        ----------
        group
            The position of each unit's group, -1 for none; such units are left out.
        groups
            How many there are.
        """
        counts = self.counts[self._row(measure)]
        total = np.zeros((groups, len(self.months)), dtype=np.int64)
        inside = np.asarray(group) >= 0
        np.add.at(total, np.asarray(group)[inside], counts[:, inside].T)
        return np.ascontiguousarray(total.T)

    def _flow(self, measure: str, start: str, end: str, counts: Counts) -> Counts:
        if measure in self.stocks:
            raise LayerError(
                f"'{measure}' is a stock; adding its months would count children many times.",
                remedy="Ask for it at one month.",
            )
        first, last = self._month(start), self._month(end)
        if last < first:
            raise LayerError(f"The span {start} to {end} ends before it begins.")
        added: Counts = counts[self._row(measure), first : last + 1].sum(axis=0)
        return added

    def _row(self, key: str) -> int:
        if key not in self.keys:
            raise LayerError(
                f"There is no measure '{key}'.", remedy=f"There are {', '.join(self.keys)}."
            )
        return self.keys.index(key)

    def _month(self, month: str) -> int:
        if month not in self.months:
            spans = f"{self.months[0]} to {self.months[-1]}" if self.months else "none"
            raise LayerError(
                f"The month {month} was not counted, which is not the same as 0.",
                remedy=f"Months counted: {spans}.",
            )
        return self.months.index(month)

    def __repr__(self) -> str:
        """Show what it holds: `<Series contacts, referrals of 452 units, 2024-04 to 2025-03>`."""
        spans = f", {self.months[0]} to {self.months[-1]}" if self.months else ""
        return f"<Series {', '.join(self.keys)} of {len(self.units)} units{spans}>"


def months_between(first: str, last: str) -> tuple[str, ...]:
    """List the months from first to last, both included.

    >>> months_between("2024-11", "2025-02")
    ('2024-11', '2024-12', '2025-01', '2025-02')
    """
    start, end = np.datetime64(first, "M"), np.datetime64(last, "M")
    return tuple(np.arange(start, end + 1).astype(str).tolist())


def open_cases(series: Series, month: str) -> dict[str, Counts]:
    """Give what stood open at the end of a month, each kind per unit; no child is in two.

    All children in need (`cin`) are the sum of the kinds and not among them.

    Raises
    ------
    LayerError
        When the month was not counted.
    """
    return {key: series.at(key, month) for key in series.keys if key in OPEN_KINDS}
