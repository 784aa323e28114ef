"""Measures: counts per unit, each with the status of every value.

A measure is one count (referrals, children, incidents). Two of them make an indicator.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from geo.errors import LayerError, named
from layers.status import Standing, Status

Counted = Literal[
    "children", "people", "households", "families", "episodes", "incidents", "areas", "points"
]
"""What one of a measure is. Points are scores times people, the one kind that may be fractional."""


@dataclass(frozen=True)
class Measure:
    """What one column of counts is.

    Parameters
    ----------
    key
        Its short name: `referrals`.
    counts
        What one of it is: a child, a household, an incident.
    period
        A date for a stock (`2016-06-30`), a span for a flow (`2016-17`).
    status
        `official`, or `illustrative` where it was modelled.
    sensitive
        True where small counts could point at a child; they are suppressed before they leave.
    group
        What whole it is a part of, in words (`lead professional`): measures of one group add up to
        one whole, with nothing counted in two of them. Empty for none.
    """

    key: str
    title: str
    counts: Counted
    period: str
    source: str
    status: Standing
    sensitive: bool = False
    group: str = ""


@dataclass(frozen=True, eq=False, repr=False)
class Measures:
    """Counts of several measures for the same units.

    Parameters
    ----------
    units
        Codes, in the order of the columns of `values`.
    measures
        One a row of `values`.
    values
        Counts, shape (measures, units). Where the status says that there is no number, NaN.
    status
        `Status` of each value, same shape.

    Raises
    ------
    LayerError
        When shapes differ, a key repeats, a count is negative, or a number and its status
        contradict each other.
    """

    units: tuple[str, ...]
    measures: tuple[Measure, ...]
    values: npt.NDArray[np.float64]
    status: npt.NDArray[np.int8]

    def __post_init__(self) -> None:
        """Check once, then freeze the arrays."""
        shape = (len(self.measures), len(self.units))
        if self.values.shape != shape or self.status.shape != shape:
            raise LayerError(
                f"{shape[0]} measures of {shape[1]} units want values of that shape, "
                f"not {self.values.shape}."
            )
        if len(set(self.keys)) != len(self.keys):
            raise LayerError(f"A measure stands twice among {named(self.keys)}.")
        self._refuse(self.values < 0, "is negative", "A count is 0 or more.")
        without = self.status >= Status.NOT_APPLICABLE
        self._refuse(np.isnan(self.values) != without, "contradicts its status", "")
        self.values.setflags(write=False)
        self.status.setflags(write=False)

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The measures' short names, in order."""
        return tuple(measure.key for measure in self.measures)

    def row(self, key: str) -> int:
        """Where the measure `key` stands.

        Raises
        ------
        LayerError
            When there is none of that name.
        """
        if key not in self.keys:
            raise LayerError(
                f"There is no measure '{key}'.", remedy=f"There are {', '.join(self.keys)}."
            )
        return self.keys.index(key)

    def measure(self, key: str) -> Measure:
        """Describe the measure `key`."""
        return self.measures[self.row(key)]

    def counts(self, key: str) -> npt.NDArray[np.float64]:
        """Give the counts of `key` per unit; NaN where there is no number."""
        row: npt.NDArray[np.float64] = self.values[self.row(key)]
        return row

    def of_group(self, group: str) -> tuple[Measure, ...]:
        """Give the measures that are parts of one whole, in order; () where there are none."""
        return tuple(measure for measure in self.measures if group and measure.group == group)

    def has(self, *keys: str) -> bool:
        """Say whether all of `keys` are here."""
        return set(keys) <= set(self.keys)

    def joined(
        self, measure: Measure, counts: npt.ArrayLike, *, status: npt.ArrayLike | None = None
    ) -> "Measures":
        """Return the measures with one more, whose values are all known unless `status` says so."""
        row = np.array(counts, dtype=np.float64)[None, :]
        known = np.zeros(row.shape, dtype=np.int8)
        if status is not None:
            known[0] = status
        return Measures(
            self.units,
            (*self.measures, measure),
            np.vstack([self.values, row]),
            np.vstack([self.status, known]),
        )

    def _refuse(self, wrong: npt.NDArray[np.bool_], what: str, remedy: str) -> None:
        if not wrong.any():
            return
        row = int(np.argwhere(wrong)[0][0])
        units = np.array(self.units)[wrong[row]]
        raise LayerError(f"The measure '{self.keys[row]}' {what} in {named(units)}.", remedy=remedy)

    def __repr__(self) -> str:
        """Show what it holds: `<Measures children, referrals, asb of 249 units>`."""
        return f"<Measures {', '.join(self.keys)} of {len(self.units)} units>"
