"""What the readers of a council's own lists share: columns found by alias, and checks of cells."""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import pandas as pd
import pandera.pandas as pa

from geo.errors import ReadError, named
from geo.read.file import File
from geo.read.kind import Peek, column_of
from geo.read.table import RawTable
from layers.ages import has_ages
from layers.read.figures import parse_figures, parse_number
from layers.source import Source

Aliases = Mapping[str, tuple[str, ...]]
YES = frozenset({"y", "yes", "true", "1"})
NO = frozenset({"", "n", "no", "false", "0"})


class PostcodeUnits(Protocol):
    """A directory of postcodes: `geo.postcodes.Postcodes` is one."""

    def units_of(self, postcodes: Sequence[str], vintage: str) -> Sequence[str]:
        """Give the small area of each postcode, '' where it is unknown."""


def has_column(peek: Peek, aliases: Aliases, name: str) -> bool:
    """Say whether a file has the column that we call `name`."""
    return column_of(peek.columns, name, *aliases[name]) is not None


def columns_of(
    table: RawTable, aliases: Aliases, *, needed: Collection[str], remedy: str
) -> dict[str, str]:
    """Find the file's column for each of our names that it has.

    Raises
    ------
    ReadError
        When a needed one is absent.
    """
    found = {name: column_of(table.columns, name, *others) for name, others in aliases.items()}
    absent = [name for name in needed if found[name] is None]
    if absent:
        raise ReadError(
            f"{table.file.name} has the columns {named(table.columns)} but no {named(absent)}.",
            remedy=remedy,
        )
    return {name: column for name, column in found.items() if column is not None}


def under_our_names(rows: pd.DataFrame, names: Mapping[str, str], aliases: Aliases) -> pd.DataFrame:
    """Give the columns under our names, empty where the file has none."""
    blank = pd.Series("", index=rows.index, dtype="str")
    return pd.DataFrame({n: rows[names[n]] if n in names else blank for n in aliases})


def not_blank(name: str) -> pa.Column:
    """Want something written."""
    return pa.Column(checks=pa.Check.str_length(min_value=1, error=f"'{name}' is blank"))


def amount(name: str, *, may_be_blank: bool) -> pa.Column:
    """Want a number of 0 or more, or nothing where that is allowed."""

    def is_amount(cells: pd.Series) -> pd.Series:
        figures = parse_figures(cells)
        plain = figures.is_number & (figures.values >= 0) & (figures.symbol == "")
        return pd.Series(plain | (may_be_blank & (cells == "").to_numpy()), index=cells.index)

    return pa.Column(checks=pa.Check(is_amount, error=f"'{name}' is no number of 0 or more"))


def one_of(name: str, choices: Collection[str], wanted: str) -> pa.Column:
    """Want one of a few words, in any case of letters."""
    return pa.Column(
        checks=pa.Check(
            lambda cells: cells.str.casefold().isin(list(choices)),
            error=f"'{name}' is not {wanted}",
        )
    )


def ages_column(name: str) -> pa.Column:
    """Want ages such as 0-5, 11+ or all."""
    return pa.Column(
        checks=pa.Check(
            lambda cells: cells.map(has_ages).astype(bool),
            error=f"'{name}' is not written as 0-5, 11+ or all",
        )
    )


def parse_amount(cell: str) -> float | None:
    """Read a number that was checked; None where nothing is written."""
    value = parse_number(cell)
    return None if math.isnan(value) else value


def own_source(file: File) -> Source:
    """Say that a file is the person's own."""
    return Source(
        title=file.name,
        publisher="As given by the person who loaded it",
        licence="Not stated",
        vintage="",
        via=file.name,
        attribution="",
    )
