"""Dates as people's files have them: ISO, day first as in Britain, or a spreadsheet's day number.

03/04/2020 is 3 April. A column that can only have been written month first is refused as a whole
where its dates could be read both ways, because half of them would be wrong in silence.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

DATE_STYLES = "2020-04-03, 03/04/2020 or 03-04-2020 (day first)"
"""What to write, for the remedy of a message."""

FIRST_DAY, LAST_DAY = np.datetime64("1900-01-01"), np.datetime64("2099-12-31")

_TIME = r"(?:[T ][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
_YEAR_FIRST = r"^([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})" + _TIME + "$"
_DAY_FIRST = r"^([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})" + _TIME + "$"
_SERIAL = r"^([0-9]{5})(?:\.[0-9]+)?$"
_SERIAL_START = np.datetime64("1899-12-30")
"""Day 0 of a workbook's count, from its day 61 on: it has a 29 February 1900."""

Flags = npt.NDArray[np.bool_]
Days = npt.NDArray[np.datetime64]


class Dates(NamedTuple):
    """Dates of a column, in its order.

    Parameters
    ----------
    values
        Days (`datetime64[D]`), NaT where the cell is blank or no date.
    ok
        False where something is written that is no date; True for a blank cell.
    notes
        What was assumed, in sentences that quote no cell.
    """

    values: Days
    ok: Flags
    notes: tuple[str, ...]


def parse_dates(cells: pd.Series) -> Dates:
    """Read a column of text as dates; a time of day is left off.

    Give the whole column and not a part of it: whether it was written day first or month first
    shows only where a number is above 12.

    Parameters
    ----------
    cells
        Text without blanks around it; empty or missing where there is no date.

    Examples
    --------
    >>> dates = parse_dates(pd.Series(["2020-04-03", "25/04/2020", "43924", "", "soon"]))
    >>> dates.values.astype(str).tolist()
    ['2020-04-03', '2020-04-25', '2020-04-03', 'NaT', 'NaT']
    >>> dates.ok.tolist()
    [True, True, True, True, False]
    """
    codes, distinct = pd.factorize(cells.fillna("").astype(object))
    texts = pd.Series(distinct, dtype="str")
    times = np.bincount(codes, minlength=len(texts))
    year_first = _columns_of(texts, _YEAR_FIRST)
    day_first = _columns_of(texts, _DAY_FIRST)
    serial = _columns_of(texts, _SERIAL)[:, 0]
    values = _days(year_first[:, 0], year_first[:, 1], year_first[:, 2])
    british = _days(day_first[:, 2], day_first[:, 1], day_first[:, 0])
    american = _days(day_first[:, 2], day_first[:, 0], day_first[:, 1])
    order = _Order(british, american, times)
    values = np.where(np.isnat(values), order.chosen, values)
    counted = _SERIAL_START + np.nan_to_num(serial).astype("timedelta64[D]")
    values = np.where(np.isnan(serial), values, counted)
    values[(values < FIRST_DAY) | (values > LAST_DAY)] = np.datetime64("NaT")
    ok = ~np.isnat(values) | (texts == "").to_numpy(dtype=bool)
    is_serial = ~np.isnan(serial) & ~np.isnat(values)
    notes = (*order.notes, *_serial_notes(int(times[is_serial].sum())))
    return Dates(values[codes], np.asarray(ok[codes], dtype=bool), notes)


class _Order:
    """Whether dates with the year last are written day first, and what to say about it."""

    def __init__(self, british: Days, american: Days, times: npt.NDArray[np.intp]) -> None:
        both = ~np.isnat(british) & ~np.isnat(american) & (british != american)
        only_day_first = ~np.isnat(british) & np.isnat(american)
        only_month_first = np.isnat(british) & ~np.isnat(american)
        self.either = int(times[both].sum())
        self.day_first = int(times[only_day_first].sum())
        self.month_first = int(times[only_month_first].sum())
        self.chosen = british.copy()
        if self._is_american:
            self.chosen[both] = np.datetime64("NaT")

    @property
    def _is_american(self) -> bool:
        return self.month_first > 0 and self.day_first == 0

    @property
    def notes(self) -> tuple[str, ...]:
        if self._is_american:
            note = (
                f"{self.month_first:,} dates can only be month first and none only day first: "
                f"these and {self.either:,} that could be either were not read. "
                f"Write them as {DATE_STYLES}."
            )
            return (note,)
        notes = []
        if self.month_first:
            note = f"{self.month_first:,} dates can only be month first and were not read"
            notes.append(f"{note}; the others were taken as day first.")
        if self.either:
            note = f"{self.either:,} dates could be day first or month first"
            notes.append(f"{note} and were taken as day first.")
        return tuple(notes)


def _columns_of(texts: pd.Series, pattern: str) -> npt.NDArray[np.float64]:
    """Numbers of a pattern's groups, shape (texts, groups); NaN where it does not match."""
    found = texts.str.extract(pattern)
    return found.to_numpy(dtype=object, na_value=np.nan).astype(np.float64)


def _days(
    year: npt.NDArray[np.float64], month: npt.NDArray[np.float64], day: npt.NDArray[np.float64]
) -> Days:
    """Put days together, NaT where the calendar has no such day."""
    known = (year > 0) & (month >= 1) & (month <= 12) & (day >= 1)
    y, m, d = (np.where(known, part, 1).astype(np.int64) for part in (year, month, day))
    months = (y - 1970).astype("datetime64[Y]").astype("datetime64[M]")
    months = months + (m - 1).astype("timedelta64[M]")
    days = months.astype("datetime64[D]") + (d - 1).astype("timedelta64[D]")
    known &= days.astype("datetime64[M]") == months
    return np.where(known, days, np.datetime64("NaT"))


def _serial_notes(count: int) -> tuple[str, ...]:
    if not count:
        return ()
    return (f"{count:,} dates were a workbook's day numbers, counted from 1900.",)
