"""Published figures of whole authorities by period: the year before, the trend, the benchmarks."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from geo.errors import LayerError
from layers.status import Standing

NEIGHBOURS = "statistical neighbours"
"""What `area` says for the authority's statistical neighbours taken together."""


@dataclass(frozen=True)
class Figure:
    """One figure of one area and period, as it was published.

    Where counts were published they stand in `x` and `n`. Where only the rate or the percentage
    was, it stands in `value` and there is no interval; a figure never has both.

    Parameters
    ----------
    key
        Of the indicator: `rereferral`.
    period
        A date for a stock (`2017-08-31`), a span for a flow (`2016-17`).
    area
        Name of the authority, `England`, a region, or `statistical neighbours`.
    x
        The count; NaN where it was not published.
    n
        What it was out of; NaN where it was not published. What was worked out says so in `source`.
    status
        `official`, or `illustrative` where it was made up.
    value
        As published, per the indicator's `per` (28 for 28 %); NaN where there are counts.

    Raises
    ------
    LayerError
        When there is neither a count nor a value, or both, or one of them is negative or infinite.

    Examples
    --------
    >>> figure = Figure("rereferral", "2016-17", "Dorset", 1450, 5203, "Cabinet", "official")
    >>> round(figure.rate(100), 2)
    27.87
    """

    key: str
    period: str
    area: str
    x: float
    n: float
    source: str
    status: Standing
    value: float = math.nan

    def __post_init__(self) -> None:
        """Check once."""
        for number in (self.x, self.n, self.value):
            if number < 0 or math.isinf(number):
                self._refuse(f"is {number:g}", "Give numbers of 0 or more.")
        if math.isnan(self.x) == math.isnan(self.value):
            self._refuse(
                "has a count and a value, or neither",
                "Give the count, or the value as it was published.",
            )
        if not math.isnan(self.n) and (math.isnan(self.x) or self.n == 0):
            self._refuse("has a base without a count, or of 0", "Give both, or leave it empty.")

    def rate(self, per: int) -> float:
        """Give the value as published, or the quotient of the counts times `per`; else NaN."""
        return self.x / self.n * per if math.isnan(self.value) else self.value

    def _refuse(self, what: str, remedy: str) -> None:
        raise LayerError(
            f"The figure '{self.key}' of {self.area}, {self.period}, {what}.", remedy=remedy
        )


def figures_of(history: Iterable[Figure], key: str, area: str) -> tuple[Figure, ...]:
    """Give the figures of one indicator and area, the earliest period first.

    Examples
    --------
    >>> now, before = (Figure("cp", p, "Dorset", 1, 2, "", "official") for p in ("2017", "2016"))
    >>> [figure.period for figure in figures_of([now, before], "cp", "Dorset")]
    ['2016', '2017']
    """
    chosen = (figure for figure in history if (figure.key, figure.area) == (key, area))
    return tuple(sorted(chosen, key=lambda figure: figure.period))
