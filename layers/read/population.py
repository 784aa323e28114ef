"""Read people by single year of age per small area (ONS small area population estimates, SAPE).

Two layouts: `LSOA 2021 Code, ..., Total, F0..F90, M0..M90` (from mid-2022), and `LSOA Code, ...,
All Ages, 0, 1, ..., 90+` with a sheet each for persons, males and females (to mid-2020). A total
that its ages contradict rejects its row: nobody can tell which of the two is wrong.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pandera.pandas as pa

from geo.errors import ReadError, named
from geo.ledger import Account
from geo.read.file import File, as_file
from geo.read.kind import Kind, Peek, column_of
from geo.read.table import RawTable, list_sheets, open_table
from geo.vintages import NEW, OLD, vintage_of
from layers.counts import UnitCounts
from layers.measures import Counted, Measure, Measures
from layers.read.schema import keep_valid
from layers.source import Source

OGL = "Open Government Licence v3.0"
CODE = r"^[EW]01[0-9]{6}$"
LAST_2011_YEAR = 2020
"""Estimates up to mid-2020 were published by LSOA 2011."""

SHOWN: tuple[tuple[str, str, Counted, int], ...] = (
    ("persons", "Persons", "people", 999),
    ("children", "Children aged 0 to 17", "children", 17),
    ("children_0_4", "Children aged 0 to 4", "children", 4),
    ("children_0_15", "Children aged 0 to 15", "children", 15),
)
"""Key, title, what is counted, and the highest age of each measure."""

KIND = Kind(
    key="population",
    title="ONS population by single year of age (SAPE)",
    wants="an LSOA code and a column for each age: F0 to F90 and M0 to M90, or 0 to 90+",
    matches=lambda peek: _is_population(peek),  # noqa: PLW0108  it stands below
)

_CODES = (
    "LSOA 2021 Code", "LSOA21CD", "LSOA code (2021)", "LSOA 2011 Code", "LSOA11CD",
    "LSOA code (2011)", "LSOA Code", "Area Codes", "Area Code",
)  # fmt: skip
_TOTALS = ("Total", "All Ages", "Persons")
_DISTRICT = re.compile(r"(?i)(LAD [0-9]{4} Code|LAD[0-9][0-9]CD|LA Code \([0-9]{4}.*\))")
_KEY = "population"
_AGE = re.compile(r"([FM]?)([0-9]{1,2})\+?")
_MID_YEAR = re.compile(r"(?i)mid[-_ ]?((?:19|20)[0-9][0-9])")
_OTHER_AREA = r"^[A-Z][0-9]{8}$"


def read_population(source: Path | str | File, *, year: int | None = None) -> UnitCounts:
    """Read persons and children (0-17, 0-4, 0-15) per LSOA.

    A row is rejected when its code is no LSOA or stood before, an age is no whole number, or the
    total is not the sum of its ages; rows of larger areas are passed over.

    Parameters
    ----------
    year
        Which mid-year of a workbook with several; the latest by default. Also says the year of a
        file that does not.

    Raises
    ------
    ReadError
        When there is no sheet of persons by age or of that year, ages are missing, or nothing
        tells the year.
    """
    table, told = _table(as_file(source), year)
    columns = _columns(table)
    account = Account(table.file.name)
    frame = _sound(table, columns, account)
    if frame.empty:
        raise ReadError(
            f"{table.file.name} holds no LSOA with its people by age.",
            remedy="Was the file cut to other areas?",
        )
    account.use(len(frame))
    vintage, notes = _vintage(columns.code, tuple(frame["code"]), told)
    return UnitCounts(
        _measures(frame, told),
        vintage,
        account.close(),
        _source(table.file.name, told),
        tuple(frame["district"]) if columns.district else (),
        (*table.notes, *notes, *_remarks(columns)),
    )


@dataclass(frozen=True)
class _Columns:
    """Where code, district and total stand, and which columns hold which age."""

    code: str
    district: str | None
    total: str | None
    ages: tuple[str, ...]
    age: npt.NDArray[np.int64]


def _table(file: File, year: int | None) -> tuple[RawTable, int]:
    """Open the sheet of persons by age, and tell its year."""
    found, fault = [], ""
    for sheet in list_sheets(file) or ("",):
        above: list[str] = []
        try:
            table = open_table(file, sheet=sheet or None, is_header=partial(_is_header, above))
        except ReadError as error:  # a sheet of contents or notes
            fault = error.found
            continue
        if not re.search(r"(?i)\b(fe)?males?\b", sheet):
            found.append((table, _year_of(sheet, above, file.name)))
    if not found:
        raise ReadError(
            f"{file.name} has no table of persons by single year of age. {fault}".strip(),
            remedy=f"Wanted: {KIND.wants}.",
        )
    known = [(table, told) for table, told in found if told is not None]
    if year is not None:
        same = [table for table, told in known if told == year]
        unknown = [table for table, told in found if told is None]
        if same or unknown:
            return (same or unknown)[0], year
    elif known:
        return max(known, key=lambda pair: pair[1])
    years = sorted(str(told) for _, told in known)
    raise ReadError(
        f"{file.name} tells {f'mid-{named(years)}' if years else 'no year'}; mid-"
        f"{year or 'year'} was wanted.",
        remedy="Name the sheet or the file after its year, such as 'Mid-2020 Persons', or say it.",
    )


def _is_header(above: list[str], cells: Sequence[str]) -> bool:
    if column_of(cells, *_CODES) is not None and len(_ages(cells)) > 1:
        return True
    above.extend(cells)
    return False


def _year_of(sheet: str, above: Sequence[str], file: str) -> int | None:
    for text in (sheet, " ".join(above), file):
        years = {int(year) for year in _MID_YEAR.findall(text)}
        if len(years) == 1:
            return years.pop()
    return None


def _ages(columns: Sequence[str]) -> dict[str, tuple[str, int]]:
    found = {c: _AGE.fullmatch(c) for c in columns}
    return {c: (m[1], int(m[2])) for c, m in found.items() if m}


def _columns(table: RawTable) -> _Columns:
    code = column_of(table.columns, *_CODES)
    ages = _ages(table.columns)
    sexes = {sex for sex, _ in ages.values()}
    wanted = {(sex, age) for sex in sexes for age in range(18)}
    lacking = sorted(wanted - set(ages.values()), key=lambda pair: (pair[1], pair[0]))
    if (
        code is None
        or lacking
        or sexes not in ({""}, {"F", "M"})
        or len(set(ages.values())) != len(ages)
    ):
        raise ReadError(
            f"{table.file.name} has not one column for each age"
            + (f"; {named(f'{s}{a}' for s, a in lacking)} are missing." if lacking else "."),
            remedy="Give females and males (F0 to F90, M0 to M90), or persons (0 to 90+).",
        )
    return _Columns(
        code,
        next((c for c in table.columns if _DISTRICT.fullmatch(c)), None),
        column_of(table.columns, *_TOTALS),
        tuple(ages),
        np.array([age for _, age in ages.values()], dtype=np.int64),
    )


def _sound(table: RawTable, columns: _Columns, account: Account) -> pd.DataFrame:
    """Give code, district and measures of the rows that can be; account for the others."""
    wanted = [c for c in (columns.code, columns.district, columns.total) if c is not None]
    parts = []
    for frame in table.chunks(account, columns=[*wanted, *columns.ages]):
        larger = frame[columns.code].str.fullmatch(_OTHER_AREA) & ~frame[columns.code].str.match(
            CODE
        )
        account.pass_over(int(larger.sum()), "a larger area, not an LSOA")
        parts.append(_counted(frame[~larger], columns))
    whole = pd.concat(parts) if parts else pd.DataFrame(columns=["code"])
    if whole.empty:
        return whole
    return keep_valid(whole, _schema(columns), account, file=table.file.name)


def _counted(frame: pd.DataFrame, columns: _Columns) -> pd.DataFrame:
    """Turn ages into measures; NaN where a cell is no whole number."""
    ages = np.column_stack([_whole(frame[column]) for column in columns.ages])
    sums = {key: ages[:, columns.age <= top].sum(axis=1) for key, _, _, top in SHOWN}
    total = sums["persons"] if columns.total is None else _whole(frame[columns.total])
    district = frame[columns.district] if columns.district else ""
    first = pd.DataFrame({"code": frame[columns.code], "district": district}, index=frame.index)
    return first.assign(**sums, total=total)


def _whole(cells: "pd.Series[str]") -> npt.NDArray[np.float64]:
    plain = cells.where(~cells.str.fullmatch(r"[0-9]{1,3}(,[0-9]{3})+"), cells.str.replace(",", ""))
    plain = plain.where(plain.str.fullmatch(r"[0-9]{1,9}(\.0+)?"), None)
    return pd.to_numeric(plain).to_numpy(dtype=np.float64, na_value=np.nan)


def _schema(columns: _Columns) -> pa.DataFrameSchema:
    def known(reason: str) -> list[pa.Check]:
        return [pa.Check(lambda values: values.notna(), ignore_na=False, error=reason)]

    code = [
        pa.Check.str_matches(CODE, error=f"{columns.code} is no LSOA code"),
        pa.Check(lambda codes: ~codes.duplicated(), error="the area stands twice"),
    ]
    total = f"{columns.total or 'the total'} is no whole number"
    return pa.DataFrameSchema(
        {
            "code": pa.Column(str, code),
            "persons": pa.Column(float, known("an age is no whole number"), nullable=True),
            "total": pa.Column(float, known(total), nullable=True),
        },
        checks=pa.Check(
            lambda rows: rows["total"].isna() | rows["persons"].isna()
            | (rows["total"] == rows["persons"]),
            error="the total is not the sum of its ages",
        ),
    )  # fmt: skip


def _vintage(column: str, codes: Sequence[str], year: int) -> tuple[str, list[str]]:
    told = re.search(r"(20)?(11|21)", column)
    if told:
        return f"20{told[2]}", []
    if vintage_of(codes) == NEW:
        return NEW, ["The header tells no vintage; codes first given out in 2021 do."]
    if year <= LAST_2011_YEAR:
        return OLD, [
            f"The header tells no vintage; estimates to mid-{LAST_2011_YEAR} are by LSOA 2011."
        ]
    return "", ["Neither header nor codes tell the vintage (2011 or 2021)."]


def _remarks(columns: _Columns) -> list[str]:
    notes = [] if columns.total else ["No column of totals; the ages were not checked by one."]
    if columns.age.max() < 85:
        notes.append(f"Ages end at {columns.age.max()}: persons counts nobody older.")
    return notes


def _measures(frame: pd.DataFrame, year: int) -> Measures:
    described = tuple(
        Measure(key, title, counts, f"{year}-06-30", _KEY, "official")
        for key, title, counts, _ in SHOWN
    )
    values = frame[[key for key, *_ in SHOWN]].to_numpy(dtype=np.float64).T.copy()
    return Measures(tuple(frame["code"]), described, values, np.zeros(values.shape, dtype=np.int8))


def _source(via: str, year: int) -> Source:
    return Source(
        f"Small area population estimates by single year of age, mid-{year}",
        "Office for National Statistics",
        OGL,
        str(year),
        via,
        f"Contains National Statistics data (c) Crown copyright and database right {year}.",
    )


def _is_population(peek: Peek) -> bool:
    ages = set(_ages(peek.columns).values())
    code = column_of(peek.columns, *_CODES)
    single = {("", age) for age in range(18)} <= ages
    return code is not None and (single or {(s, a) for s in "FM" for a in range(18)} <= ages)
