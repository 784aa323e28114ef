"""Figures as statistics write them: a number, or a symbol that says why there is none.

Missing, suppressed, not applicable and rounded to zero are four different things and none of them
is a plain 0. The symbols are those of the Department for Education's explore education statistics,
and the older ones that its time series and councils' own files still carry.
"""

import math
import re
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from layers.status import Status

SYMBOLS: dict[str, Status] = {
    "": Status.MISSING,
    "x": Status.MISSING,
    ":": Status.MISSING,
    "..": Status.MISSING,
    "-": Status.MISSING,
    "~": Status.MISSING,  # a legacy symbol, whose meaning changed from release to release
    "u": Status.MISSING,  # too unreliable to be shown
    "c": Status.SUPPRESSED,
    "*": Status.SUPPRESSED,
    "z": Status.NOT_APPLICABLE,
    ".": Status.NOT_APPLICABLE,
    "n/a": Status.NOT_APPLICABLE,
    "low": Status.ROUNDED,
    "k": Status.ROUNDED,
}
"""What stands where a number would, in small letters. `low` and `k` are more than 0 and round to
it; all others carry no number."""

MOST = 1e15
"""Above this a whole number is no longer exact, and no count of people or pounds comes near."""

_NUMBER = r"^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?$"
_THOUSANDS = r"^[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?$"
_UNRELIABLE = r"^(.*[0-9.])\s*[uU]$"
_BELOW = re.compile(r"(?:<|less than|under)\s*[0-9]{1,2}")
_SHORTHAND = re.compile(r"\[([a-z]{1,3})\]")


class Figures(NamedTuple):
    """Figures of a column, in its order.

    Parameters
    ----------
    values
        NaN where there is no number.
    status
        `Status` of each.
    symbol
        What was written beside or in place of the number, in small letters; empty for a plain
        number.
    ok
        False where something is written that is neither a number nor a symbol.
    """

    values: npt.NDArray[np.float64]
    status: npt.NDArray[np.int8]
    symbol: npt.NDArray[np.object_]
    ok: npt.NDArray[np.bool_]

    @property
    def is_number(self) -> npt.NDArray[np.bool_]:
        """Where a number is written and not a symbol alone."""
        known: npt.NDArray[np.bool_] = ~np.isnan(self.values) & (self.status == Status.OK)
        return known


def parse_figures(cells: pd.Series) -> Figures:
    """Read a column of text as numbers and symbols.

    A number may have commas between thousands, and `u` behind it where it is unreliable. `<5`, as
    councils write a small count, is suppressed; a symbol may stand in square brackets, as the ONS
    writes it.

    Parameters
    ----------
    cells
        Text without blanks around it; empty where nothing is written.

    Examples
    --------
    >>> figures = parse_figures(pd.Series(["12", "1,204", "c", "low", "3.5 u", "", "many"]))
    >>> figures.values.tolist()
    [12.0, 1204.0, nan, 0.0, 3.5, nan, nan]
    >>> [Status(status).name for status in figures.status[:6]]
    ['OK', 'OK', 'SUPPRESSED', 'ROUNDED', 'OK', 'MISSING']
    >>> figures.ok.tolist()
    [True, True, True, True, True, True, False]
    >>> parse_figures(pd.Series(["<5", "[x]"])).symbol.tolist()
    ['*', 'x']
    """
    codes, distinct = pd.factorize(cells.fillna("").astype(object))
    texts = pd.Series(distinct, dtype="str")
    lower = np.array([_symbol(text) for text in texts.str.casefold()], dtype=object)
    named = np.array([text in SYMBOLS for text in lower], dtype=bool)
    status = np.array([SYMBOLS.get(text, Status.MISSING) for text in lower], dtype=np.int8)
    numbers, marked = _numbers(texts)
    is_number = ~named & ~np.isnan(numbers)
    status[is_number] = Status.OK
    values = np.where(is_number, numbers, np.where(status == Status.ROUNDED, 0.0, np.nan))
    symbol = np.where(named, lower, np.where(marked & is_number, "u", "")).astype(object)
    return Figures(values[codes], status[codes], symbol[codes], (named | is_number)[codes])


def _symbol(text: str) -> str:
    """Give the one symbol for what councils and the ONS write in more ways than one."""
    if _BELOW.fullmatch(text):
        return "*"
    bracketed = _SHORTHAND.fullmatch(text)
    return bracketed[1] if bracketed and bracketed[1] in SYMBOLS else text


def parse_number(cell: str) -> float:
    """Read one cell as a number, NaN where it is none; symbols are none.

    >>> parse_number("1,204.5"), parse_number("c")
    (1204.5, nan)
    """
    plain = cell.replace(",", "") if re.match(_THOUSANDS, cell) else cell
    value = float(plain) if re.match(_NUMBER, plain) else math.nan
    return value if abs(value) <= MOST else math.nan


def _numbers(texts: pd.Series) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Numbers, NaN where there is none, and which of them are marked as unreliable."""
    bare = texts.str.replace(_UNRELIABLE, r"\1", regex=True)
    plain = bare.str.replace(",", "", regex=False).where(bare.str.match(_THOUSANDS), bare)
    plain = plain.where(plain.str.match(_NUMBER), "nan")
    values = pd.to_numeric(plain, errors="coerce").to_numpy(dtype=np.float64)
    values = np.where(np.abs(values) <= MOST, values, np.nan)
    return values, (bare != texts).to_numpy(dtype=bool)
