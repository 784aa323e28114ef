"""What kind a file is, told by what stands in it and never by its name.

Each reader module has a `KIND`; `layers.read.recognise` asks them all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from geo.read.file import File


@dataclass(frozen=True)
class Peek:
    """The beginning of a table: its columns, and up to 200 of its rows as text.

    `above` are the rows above the header (a workbook's title rows), for kinds that are told by
    their title.
    """

    file: File
    columns: tuple[str, ...]
    sample: pd.DataFrame
    sheet: str = ""
    above: tuple[tuple[str, ...], ...] = ()

    def has(self, *columns: str) -> bool:
        """Say whether all `columns` are here, whatever their case, blanks and underscores."""
        folded = {fold(column) for column in self.columns}
        return all(fold(column) in folded for column in columns)


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Parameters
    ----------
    key
        `police_street`.
    title
        What the person reads: `data.police.uk street-level crime`.
    wants
        The columns that tell it, in words, for the message when nothing is recognised.
    matches
        Says of a `Peek` whether the file is of this kind.
    """

    key: str
    title: str
    wants: str
    matches: Callable[[Peek], bool]


def fold(column: str) -> str:
    r"""Make a column's name comparable: small letters and digits only.

    >>> fold(" LSOA code (2011)\n")
    'lsoacode2011'
    """
    return "".join(c for c in column.casefold() if c.isalnum())


def column_of(columns: Sequence[str], *aliases: str, prefix: bool = False) -> str | None:
    """Find the column that is called one of `aliases` (first alias first), None where none is.

    With `prefix` a column that begins like an alias will do: published headers are cut short.
    """
    folded = {fold(column): column for column in reversed(columns)}
    for alias in map(fold, aliases):
        if alias in folded:
            return folded[alias]
        if prefix:
            begun = [column for key, column in folded.items() if key.startswith(alias)]
            if begun:
                return min(begun, key=columns.index)
    return None
