"""Read census counts per small area (Nomis bulk downloads, `census2021-ts001-lsoa.csv`).

The header says what each column counts: `Residence type: Total; measures: Value`. Residents
(TS001), households (TS003, TS041) and ages (TS007, TS007A) are known by their names; of any other
table the caller says which columns are wanted.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pandera.pandas as pa

from geo.errors import ReadError, named
from geo.ledger import Account
from geo.read.file import File, as_file
from geo.read.kind import Kind, Peek, column_of, fold
from geo.read.table import RawTable, open_table
from geo.vintages import NEW, vintage_of
from layers.counts import UnitCounts
from layers.measures import Counted, Measure, Measures
from layers.read.schema import keep_valid
from layers.source import Source

CENSUS_DAY = {"2011": "2011-03-27", "2021": "2021-03-21"}
CODE = r"^[EW]01[0-9]{6}$"

KIND = Kind(
    key="census",
    title="Census counts by LSOA (Nomis bulk download)",
    wants="date, geography code and columns such as 'Residence type: Total; measures: Value'",
    matches=lambda peek: _is_census(peek),  # noqa: PLW0108  it stands below
)

_CODE_NAMES = ("geography code", "mnemonic", "LSOA21CD", "LSOA11CD")
_OTHER_AREA = r"^[A-Z][0-9]{8}$"
_CODE = "geography code"  # with a blank, so that no key of a measure is the same
_MEASURE = re.compile(r"(?i)\s*;?\s*measures\s*:?\s*(value|count|percent\w*|rate)?\s*$")
_RATE = re.compile(r"(?i)measures\s*:?\s*(percent|rate)|%")

_TOTALS: tuple[tuple[str, str, str, Counted], ...] = (
    ("Residence type: Total", "persons", "Usual residents", "people"),
    ("Residence type: All usual residents", "persons", "Usual residents", "people"),
    ("Age: Total", "persons", "Usual residents", "people"),
    ("Age: All usual residents", "persons", "Usual residents", "people"),
    ("Household composition: Total", "households", "Households", "households"),
    ("Household composition: All households", "households", "Households", "households"),
    ("Number of households", "households", "Households", "households"),
)
_BANDS = {(0, 4): "Age: Aged 4 years and under", (5, 9): "Age: Aged 5 to 9 years",
          (10, 14): "Age: Aged 10 to 14 years"}  # fmt: skip
_CHILDREN: tuple[tuple[str, str, int], ...] = (
    ("children", "Children aged 0 to 17", 17),
    ("children_0_4", "Children aged 0 to 4", 4),
    ("children_0_15", "Children aged 0 to 15", 15),
)


@dataclass(frozen=True)
class _Wanted:
    """A measure to read, and the columns that add up to it."""

    key: str
    title: str
    counts: Counted
    columns: tuple[str, ...]


def read_census(
    source: Path | str | File, *, columns: Mapping[str, str] | None = None
) -> UnitCounts:
    """Read counts per LSOA from a census table.

    Known tables give `persons`, `households`, and `children` (0-17), `children_0_4` and
    `children_0_15` where single years of age tell them; what bands cannot tell is noted. Rows of
    larger areas and of other census years than the first row's are passed over. A row is rejected
    when its code is no LSOA or stood before, or a count is no whole number.

    Parameters
    ----------
    columns
        Key of a measure -> header of the column wanted, with or without `; measures: Value`; they
        are read in place of the known ones.

    Raises
    ------
    ReadError
        When columns lack, hold rates, or nothing is known and nothing was asked for.
    """
    table = open_table(as_file(source))
    code = column_of(table.columns, *_CODE_NAMES)
    if code is None:
        raise ReadError(
            f"{table.file.name} has no column of codes; its columns are {named(table.columns)}.",
            remedy=f"Wanted: {KIND.wants}.",
        )
    wanted, notes = _known(table) if columns is None else (_asked(table, columns), [])
    account = Account(table.file.name)
    frame, date = _rows(table, code, wanted, account)
    if frame.empty:
        raise ReadError(
            f"{table.file.name} holds no LSOA.",
            remedy="Download the table by LSOA (the file of the zip that ends in -lsoa).",
        )
    account.use(len(frame))
    told = vintage_of(tuple(frame[_CODE]))
    vintage = told if told == NEW else date if date in CENSUS_DAY else ""
    return UnitCounts(
        _measures(frame, wanted, CENSUS_DAY.get(date, date)),
        vintage,
        account.close(),
        _source(table.file.name, date),
        notes=(*table.notes, *notes),
    )


def _known(table: RawTable) -> tuple[list[_Wanted], list[str]]:
    """Find what the known tables count, and note what bands of ages cannot tell."""
    bare = {fold(_bare(column)): column for column in reversed(table.columns)}
    wanted = {
        key: _Wanted(key, title, counts, (bare[fold(header)],))
        for header, key, title, counts in reversed(_TOTALS)
        if fold(header) in bare
    }
    notes = []
    if any(fold(header).startswith("age") for header in bare):
        for key, title, top in _CHILDREN:
            parts = _of_ages(bare, top)
            if parts:
                wanted[key] = _Wanted(key, title, "children", parts)
            else:
                notes.append(f"{title} cannot be told from bands of five years.")
    if not wanted:
        values = [column for column in table.columns if _MEASURE.search(column) and ":" in column]
        raise ReadError(
            f"{table.file.name} counts nothing known by name; its columns are "
            f"{named(values or table.columns)}.",
            remedy="Say which columns are wanted, and give each a key.",
        )
    return list(wanted.values()), notes


def _of_ages(bare: Mapping[str, str], top: int) -> tuple[str, ...]:
    """Give the columns that add up to ages 0 to `top`: bands where they fit, else single years."""
    parts: list[str] = []
    age = 0
    while age <= top:
        band = next((pair for pair in _BANDS if pair[0] == age and pair[1] <= top), None)
        column = bare.get(fold(_BANDS[band])) if band else None
        if band and column:
            age = band[1] + 1
        else:
            column = bare.get(fold(_single(age)))
            age += 1
        if column is None:
            return ()
        parts.append(column)
    return tuple(parts)


def _single(age: int) -> str:
    return {0: "Age: Aged under 1 year", 1: "Age: Aged 1 year"}.get(age, f"Age: Aged {age} years")


def _asked(table: RawTable, columns: Mapping[str, str]) -> list[_Wanted]:
    bare = {fold(_bare(column)): column for column in reversed(table.columns)}
    found = {key: bare.get(fold(_bare(header))) for key, header in columns.items()}
    lacking = [columns[key] for key, column in found.items() if column is None]
    if lacking or not found:
        raise ReadError(
            f"{table.file.name} has no column {named(lacking) or 'to read'}; its columns are "
            f"{named(table.columns)}.",
            remedy="Copy the header of each column wanted as it stands in the file.",
        )
    wanted = [
        _Wanted(key, _bare(column), _counts(column), (column,))
        for key, column in found.items()
        if column is not None
    ]
    rates = [column for want in wanted for column in want.columns if _RATE.search(column)]
    if rates:
        raise ReadError(
            f"{named(rates)} of {table.file.name} holds rates, which do not add up.",
            remedy="Choose the column of counts ('measures: Value').",
        )
    return wanted


def _bare(column: str) -> str:
    return _MEASURE.sub("", column) if not _RATE.search(column) else column


def _counts(column: str) -> Counted:
    return "households" if "household" in column.casefold().split(":")[0] else "people"


def _rows(
    table: RawTable, code: str, wanted: Sequence[_Wanted], account: Account
) -> tuple[pd.DataFrame, str]:
    """Give code and measures of the rows wanted, and their census year."""
    date = column_of(table.columns, "date")
    needed = [code, *([date] if date else []), *(c for want in wanted for c in want.columns)]
    parts, year = [], ""
    for chunk in table.chunks(account, columns=list(dict.fromkeys(needed))):
        frame = chunk
        larger = frame[code].str.fullmatch(_OTHER_AREA) & ~frame[code].str.match(CODE)
        account.pass_over(int(larger.sum()), "a larger area, not an LSOA")
        frame = frame[~larger]
        if date is not None and len(frame):
            year = year or frame[date].iloc[0]
            other = frame[date] != year
            account.pass_over(int(other.sum()), "another census year")
            frame = frame[~other]
        parts.append(_counted(frame, code, wanted))
    if not parts:
        return pd.DataFrame(), year
    return keep_valid(pd.concat(parts), _schema(code, wanted), account, file=table.file.name), year


def _counted(frame: pd.DataFrame, code: str, wanted: Sequence[_Wanted]) -> pd.DataFrame:
    counted = pd.DataFrame({_CODE: frame[code]}, index=frame.index)
    for want in wanted:
        counted[want.key] = np.sum([_whole(frame[c]) for c in want.columns], axis=0)
    return counted


def _whole(cells: "pd.Series[str]") -> npt.NDArray[np.float64]:
    plain = cells.where(cells.str.fullmatch(r"[0-9]{1,9}(\.0+)?"), None)
    return pd.to_numeric(plain).to_numpy(dtype=np.float64, na_value=np.nan)


def _schema(code: str, wanted: Sequence[_Wanted]) -> pa.DataFrameSchema:
    def known(want: _Wanted) -> pa.Check:
        reason = f"{want.title} is no whole number"
        return pa.Check(lambda values: values.notna(), ignore_na=False, error=reason)

    codes = [
        pa.Check.str_matches(CODE, error=f"{code} is no LSOA code"),
        pa.Check(lambda codes: ~codes.duplicated(), error="the area stands twice"),
    ]
    counts = {want.key: pa.Column(float, known(want), nullable=True) for want in wanted}
    return pa.DataFrameSchema({_CODE: pa.Column(str, codes), **counts})


def _measures(frame: pd.DataFrame, wanted: Sequence[_Wanted], period: str) -> Measures:
    described = tuple(
        Measure(want.key, want.title, want.counts, period, "census", "official") for want in wanted
    )
    values = frame[[want.key for want in wanted]].to_numpy(dtype=np.float64).T.copy()
    return Measures(tuple(frame[_CODE]), described, values, np.zeros(values.shape, dtype=np.int8))


def _source(via: str, year: str) -> Source:
    return Source(
        f"Census {year}".strip(),
        "Office for National Statistics",
        "Open Government Licence v3.0",
        year,
        via,
        f"Contains National Statistics data (c) Crown copyright and database right {year}".strip()
        + ".",
    )


def _is_census(peek: Peek) -> bool:
    topics = [
        column for column in peek.columns if ":" in column and "measures" in column.casefold()
    ]
    return peek.has("geography code") and bool(topics)
