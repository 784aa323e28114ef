"""Read people by age per small area from a table of Nomis (population estimates, long format).

Nomis gives a row for each area, age, sex and year. Asked for are both sexes together, the latest
year, all ages, and each year of age from 0 to 17. Children are the sum of their single years, as
far as each of them is there: a sum of some would be too small and nobody would see it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pandera.pandas as pa

from geo.errors import ReadError, named
from geo.ledger import Account
from geo.read.file import File, as_file
from geo.read.kind import Kind, Peek, column_of
from geo.read.table import RawTable, open_table
from geo.vintages import NEW, vintage_of
from layers.counts import UnitCounts
from layers.measures import Measure, Measures
from layers.read.figures import parse_figures
from layers.read.population import CODE, OGL, SHOWN
from layers.read.schema import keep_valid
from layers.source import Source
from layers.status import Status

ALL_AGES = -1
"""Stands for all ages where single years stand as 0 to 17."""
OLDEST_CHILD = 17
KIND = Kind(
    key="nomis_population",
    title="Nomis population estimates by age",
    wants="GEOGRAPHY_CODE, C_AGE or C_AGE_NAME, OBS_VALUE and DATE_NAME",
    matches=lambda peek: _is_nomis(peek),  # noqa: PLW0108  it stands below
)

_KEY = "population"
_OTHER, _UNREADABLE = -2, -3
"""An age group that was not asked for, and an age that cannot be read."""
_ALL_CODE, _FIRST_CODE, _LAST_CODE = 200, 101, 191
"""C_AGE: 200 is all ages, 101 is age 0, 118 is age 17, 191 is 90 and over; others are groups."""
_BOTH = ("0", "total", "all", "all persons", "persons", "both", "both sexes")
_COUNTED = ("20100", "value", "count")
_LARGER = r"^[A-Z][0-9]{8}$"
_YEAR = re.compile(r"(?:19|20)\d\d")
_AGE = re.compile(r"(?i)aged? *([0-9]{1,3})")
_EVERY = re.compile(r"(?i)all *ages|total")
_GROUP = re.compile(r"(?i)aged? *[0-9]{1,3} *(\+|-|to|and|years).*|.*(under|over|and above).*")
_NAMES = {
    "code": ("GEOGRAPHY_CODE",),
    "value": ("OBS_VALUE",),
    "year": ("DATE_NAME", "DATE", "DATE_CODE"),
    "age": ("C_AGE", "C_AGE_CODE"),
    "age_name": ("C_AGE_NAME",),
    "sex": ("GENDER_NAME", "C_SEX_NAME", "SEX_NAME", "GENDER", "C_SEX", "SEX"),
    "measure": ("MEASURES", "MEASURES_NAME"),
    "type": ("GEOGRAPHY_TYPE",),
}


def read_nomis_population(source: Path | str | File) -> UnitCounts:
    """Read persons and children (0-17, 0-4, 0-15) per LSOA, of the latest year.

    Rows of other years, of one sex, of percentages, of larger areas and of ages above 17 are
    passed over. A row is rejected when a code, an age or a value cannot be one, when its code and
    its name of the age contradict each other, or when area and age stood before. Where a year of
    age of an area is missing or suppressed its children are too; a measure that the file does not
    have for any area is left out, and a note says so.

    Raises
    ------
    ReadError
        When a column is missing, or no LSOA has all ages or each age from 0 to 17.
    """
    table = open_table(as_file(source))
    columns = _columns(table)
    account = Account(table.file.name)
    frame = _wanted(table.whole(account, columns=list(columns.values())), columns, account)
    frame = _sound(frame, account, table.file.name)
    counted = _counted(frame)
    if not counted.keys:
        raise ReadError(
            f"{table.file.name} holds no LSOA with all ages, or with each age from 0 to 17, of "
            "both sexes together.",
            remedy="Ask Nomis for LSOA, sex 'Total', 'All Ages' and single years of age.",
        )
    account.pass_over(len(frame) - sum(counted.rows), "an age of which no measure can be made")
    account.use(sum(counted.rows))
    year = str(frame["year"].iloc[0])
    vintage, notes = _vintage(counted.units, frame)
    return UnitCounts(
        _measures(counted, year),
        vintage,
        account.close(),
        _source(table.file.name, year),
        notes=(*table.notes, *counted.notes, *notes),
        rows=counted.rows,
    )


def _columns(table: RawTable) -> dict[str, str]:
    """Map our names of columns to the file's."""
    found = {ours: column_of(table.columns, *theirs) for ours, theirs in _NAMES.items()}
    absent = [_NAMES[ours][0] for ours in ("code", "value", "year") if found[ours] is None]
    absent += [] if found["age"] or found["age_name"] else ["C_AGE"]
    if absent:
        raise ReadError(
            f"{table.file.name} has no column {named(absent)}; its columns are "
            f"{named(table.columns)}.",
            remedy=f"Wanted are the columns of Nomis: {KIND.wants}.",
        )
    return {ours: column for ours, column in found.items() if column is not None}


def _wanted(frame: pd.DataFrame, columns: dict[str, str], account: Account) -> pd.DataFrame:
    """Give the rows that were asked for; pass over the others, each for its first reason."""
    frame = frame.set_axis(list(columns), axis=1)
    frame = frame.assign(age=_ages(frame), year=frame["year"].str.extract(f"({_YEAR.pattern})")[0])
    frame["year"] = frame["year"].fillna("")
    larger = frame["code"].str.fullmatch(_LARGER) & ~frame["code"].str.match(CODE)
    frame = _pass_over(frame, larger, "a larger area, not an LSOA", account)
    if "sex" in frame:
        other = ~frame["sex"].str.casefold().isin(_BOTH)
        frame = _pass_over(frame, other, "one sex, where both together were wanted", account)
    if "measure" in frame:
        other = ~frame["measure"].str.casefold().isin(_COUNTED)
        frame = _pass_over(frame, other, "a percentage, not a count", account)
    frame = _pass_over(frame, frame["age"] == _OTHER, "an age that was not asked for", account)
    latest = frame["year"].max() if len(frame) else ""
    earlier = (frame["year"] != latest) & (frame["year"] != "")
    return _pass_over(frame, earlier, f"another year than {latest}", account)


def _pass_over(
    frame: pd.DataFrame, rows: "pd.Series[bool]", reason: str, account: Account
) -> pd.DataFrame:
    account.pass_over(int(rows.sum()), reason)
    return frame[~rows]


def _ages(frame: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Tell the age of each row; where code and name contradict each other it cannot be read."""
    by_code = _each(frame["age"], _age_of_code) if "age" in frame else None
    by_name = _each(frame["age_name"], _age_of_name) if "age_name" in frame else None
    if by_code is None or by_name is None:
        return by_name if by_code is None else by_code  # type: ignore[return-value]  # one is there
    return np.where(by_code == by_name, by_code, _UNREADABLE)


def _each(cells: "pd.Series[str]", tell: Callable[[str], int]) -> npt.NDArray[np.int64]:
    codes, distinct = pd.factorize(cells)
    told = np.array([tell(str(text)) for text in distinct], dtype=np.int64)
    return np.asarray(told[codes], dtype=np.int64)


def _age_of_code(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", text):
        return _UNREADABLE
    code = int(text)
    if code == _ALL_CODE:
        return ALL_AGES
    age = code - _FIRST_CODE
    return age if 0 <= age <= OLDEST_CHILD else _OTHER


def _age_of_name(text: str) -> int:
    if _EVERY.fullmatch(text):
        return ALL_AGES
    single = _AGE.fullmatch(text)
    if single:
        return int(single[1]) if int(single[1]) <= OLDEST_CHILD else _OTHER
    return _OTHER if _GROUP.fullmatch(text) else _UNREADABLE


def _sound(frame: pd.DataFrame, account: Account, file: str) -> pd.DataFrame:
    """Give the rows that can be, with their figures; reject the others."""
    figures = parse_figures(frame["value"])
    whole = np.isnan(figures.values) | ((figures.values >= 0) & (figures.values % 1 == 0))
    frame = frame.assign(number=figures.values, status=figures.status, ok=figures.ok & whole)
    sound = keep_valid(frame, _SCHEMA, account, file=file)
    # afterwards, so that a row that cannot be stands in the way of none that can
    return keep_valid(sound, _ONCE, account, file=file)


_SCHEMA = pa.DataFrameSchema(
    {
        "code": pa.Column(
            str, pa.Check.str_matches(CODE, error="GEOGRAPHY_CODE is no LSOA code")
        ),
        "year": pa.Column(
            str, pa.Check(lambda cells: cells != "", error="DATE_NAME tells no year")
        ),
        "age": pa.Column(
            int,
            pa.Check(
                lambda ages: ages != _UNREADABLE,
                error="C_AGE and C_AGE_NAME are no age, or contradict each other",
            ),
        ),
        "ok": pa.Column(
            bool, pa.Check(lambda ok: ok, error="OBS_VALUE is no whole number of 0 or more")
        ),
    }
)  # fmt: skip
_ONCE = pa.DataFrameSchema(
    checks=pa.Check(
        lambda rows: ~rows.duplicated(["code", "age"]), error="the area and its age stand twice"
    )
)


@dataclass(frozen=True)
class _Counted:
    """Measures that the file has, and how many rows each area's stand in."""

    units: tuple[str, ...]
    keys: tuple[str, ...]
    values: npt.NDArray[np.float64]
    status: npt.NDArray[np.int8]
    rows: tuple[int, ...]
    notes: tuple[str, ...]


def _counted(frame: pd.DataFrame) -> _Counted:
    """Add up the ages of each area; a measure that no area has whole is left out."""
    at, units = pd.factorize(frame["code"], sort=True)
    column = frame["age"].to_numpy() - ALL_AGES
    shape = (len(units), OLDEST_CHILD + 2)
    values, status = np.full(shape, np.nan), np.full(shape, Status.MISSING, dtype=np.int8)
    values[at, column], status[at, column] = frame["number"], frame["status"]
    parts = {key: [0] if key == "persons" else range(1, top + 2) for key, _, _, top in SHOWN}
    sums = np.array([values[:, list(ages)].sum(axis=1) for ages in parts.values()])
    stands = np.array([status[:, list(ages)].max(axis=1) for ages in parts.values()])
    there = (stands != Status.MISSING).any(axis=1)
    absent = [key for key, is_there in zip(parts, there, strict=True) if not is_there]
    note = f"It has no {named(absent)}: ages are missing for every area."
    used = {age for key, ages in parts.items() if key not in absent for age in ages}
    rows = np.bincount(at[np.isin(column, list(used))], minlength=len(units))
    return _Counted(
        tuple(units),
        tuple(key for key, is_there in zip(parts, there, strict=True) if is_there),
        sums[there],
        stands[there].astype(np.int8),
        tuple(rows.tolist()),
        (note,) if absent else (),
    )


def _measures(counted: _Counted, year: str) -> Measures:
    described = tuple(
        Measure(key, title, counts, f"{year}-06-30", _KEY, "official")
        for key, title, counts, _ in SHOWN
        if key in counted.keys
    )
    return Measures(counted.units, described, counted.values, counted.status)


def _vintage(units: tuple[str, ...], frame: pd.DataFrame) -> tuple[str, list[str]]:
    told = _YEAR.search(str(frame["type"].iloc[0])) if "type" in frame else None
    if told and told[0] in {"2011", "2021"}:
        return told[0], []
    if vintage_of(units) == NEW:
        return NEW, ["The vintage is told by codes first given out in 2021."]
    return "", ["The codes do not tell the vintage (2011 or 2021)."]


def _source(via: str, year: str) -> Source:
    return Source(
        f"Small area population estimates by age, mid-{year}",
        "Office for National Statistics, Nomis",
        OGL,
        year,
        via,
        f"Contains National Statistics data (c) Crown copyright and database right {year}.",
    )


def _is_nomis(peek: Peek) -> bool:
    has_age = peek.has("C_AGE") or peek.has("C_AGE_NAME")
    return has_age and peek.has("GEOGRAPHY_CODE", "OBS_VALUE")
