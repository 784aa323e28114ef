"""Read a lookup of small areas to wards and districts (ONS Open Geography, best fit).

A ward is no sum of small areas; the ONS says of each small area in which ward its population-
weighted centroid lies. That published answer is better than one worked out from generalised
boundaries.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from geo.errors import GeographyError, ReadError, named
from geo.ledger import Account, Ledger
from geo.read.file import File, as_file
from geo.read.kind import Kind, Peek, fold
from geo.read.table import open_table

_UNIT = re.compile(r"lsoa(\d\d)cd")
_WARD = re.compile(r"wd(\d\d)cd")
_DISTRICT = re.compile(r"(?:lad|ltla)(\d\d)cd")
_FINER = re.compile(r"oa\d\dcd|pcds?\d?|postcode")
"""Columns of smaller places: the ward beside them is theirs and not that of the small area."""
_OF_PLACES = re.compile(r"[a-z]{2,8}\d\d(cd|nm|nmw|cdh|cdo)|objectid|oid|fid|globalid")
_CODE = r"[EW]01[0-9]{6}"
_WARD_CODE = r"[EW]05[0-9]{6}"
_DISTRICT_CODE = r"[EW]0[6-9][0-9]{6}"
_ELSEWHERE = r"[SN][0-9]{8}|95[A-Z0-9]{6}"

KIND = Kind(
    key="ward_lookup",
    title="ONS lookup of small areas to wards and districts",
    wants="LSOA21CD with WD25CD or LAD25CD (of any year), and no columns but codes and names",
    matches=lambda peek: _is_lookup(peek),  # noqa: PLW0108  it stands below
)


@dataclass(frozen=True, eq=False, repr=False)
class WardLookup:
    """Which ward and which district each small area belongs to.

    Parameters
    ----------
    units
        Codes of small areas, each once.
    vintage
        Of `units`: `2011` or `2021`.
    wards, districts
        Code of each unit's ward and district, in their order; () where the file does not tell.
    ward_names, district_names
        Code -> name; the codes that the file does not name are not here.
    ward_year, district_year
        The year that wards and districts are of; empty where there are none.
    """

    units: tuple[str, ...]
    vintage: str
    wards: tuple[str, ...]
    districts: tuple[str, ...]
    ledger: Ledger
    ward_names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    district_names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    ward_year: str = ""
    district_year: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check once."""
        sizes = {len(self.units), *(len(c) for c in (self.wards, self.districts) if c)}
        if len(sizes) > 1 or len(set(self.units)) != len(self.units):
            raise GeographyError(
                f"The {len(self.units)} small areas do not each have one ward and one district.",
                remedy="This is a fault of the reader; nothing was used.",
            )

    def __len__(self) -> int:
        """Count the small areas."""
        return len(self.units)

    def __repr__(self) -> str:
        """Show size and years: `<WardLookup of 219 units of 2021 to wards of 2025>`."""
        wards = f" to wards of {self.ward_year}" if self.wards else ""
        return f"<WardLookup of {len(self)} units of {self.vintage}{wards}>"


def read_ward_lookup(source: Path | str | File) -> WardLookup:
    """Read which ward and district each small area (LSOA) belongs to.

    The years in the names of columns do not matter; of several the latest is taken. Where a row is
    a smaller place (an output area, a postcode) districts are read and wards are not. A row is
    rejected when a code is none of its kind, or when its small area stood before with another ward
    or district; one that only repeats an earlier row is passed over.

    Raises
    ------
    ReadError
        When there is no column of small areas, none of wards or districts, or no row is left.
    """
    table = open_table(as_file(source))
    places = _places(table.columns)
    if places is None:
        raise ReadError(
            f"{table.file.name} is no lookup of small areas to wards or districts; its columns are "
            f"{named(table.columns)}.",
            remedy=f"Wanted: {KIND.wants}.",
        )
    account = Account(table.file.name)
    wanted = [column for column in places.columns if column]
    frame = _sound(table.whole(account, columns=wanted), places, account, table.file.name)
    if frame.empty:
        raise ReadError(
            f"{table.file.name} holds no small area with its ward or district.",
            remedy="Download it again.",
        )
    account.use(len(frame))
    finer = places.has_finer and any(_WARD.fullmatch(fold(c)) for c in table.columns)
    note = "Its rows are places smaller than an LSOA: districts were read and wards were not."
    return WardLookup(
        tuple(frame[places.unit]),
        f"20{_year(_UNIT, places.unit)}",
        _cells(frame, places.ward),
        _cells(frame, places.district),
        account.close(),
        _names(frame, places.ward, places.ward_name),
        _names(frame, places.district, places.district_name),
        f"20{_year(_WARD, places.ward)}" if places.ward else "",
        f"20{_year(_DISTRICT, places.district)}" if places.district else "",
        (*table.notes, note) if finer else table.notes,
    )


@dataclass(frozen=True)
class _Places:
    """What the columns are called; empty where there is none."""

    unit: str
    ward: str
    ward_name: str
    district: str
    district_name: str
    has_finer: bool

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.unit, self.ward, self.ward_name, self.district, self.district_name)


def _places(columns: Sequence[str]) -> _Places | None:
    """Find the columns; None where this is no lookup, or small areas of two vintages stand in it.

    Of two vintages only the lookup between them can tell which area is meant.
    """
    units = [column for column in columns if _UNIT.fullmatch(fold(column))]
    has_finer = any(_FINER.fullmatch(fold(column)) for column in columns)
    ward = "" if has_finer else _latest(_WARD, columns)
    district = _latest(_DISTRICT, columns)
    if len(units) != 1 or not (ward or district):
        return None
    return _Places(
        units[0], ward, _name_of(ward, columns), district, _name_of(district, columns), has_finer
    )


def _latest(pattern: re.Pattern[str], columns: Sequence[str]) -> str:
    found = [column for column in columns if pattern.fullmatch(fold(column))]
    return max(found, key=lambda column: _year(pattern, column), default="")


def _year(pattern: re.Pattern[str], column: str) -> str:
    match = pattern.fullmatch(fold(column))
    return match[1] if match else ""


def _name_of(code: str, columns: Sequence[str]) -> str:
    wanted = f"{fold(code)[:-2]}nm"
    return next((column for column in columns if code and fold(column) == wanted), "")


def _sound(frame: pd.DataFrame, places: _Places, account: Account, file: str) -> pd.DataFrame:
    """Give one row for each small area; account for the others."""
    elsewhere = frame[places.unit].str.fullmatch(_ELSEWHERE)
    account.pass_over(int(elsewhere.sum()), "a small area of Scotland or Northern Ireland")
    frame = frame[~elsewhere]
    checks = (
        (places.unit, _CODE, "no code of a small area"),
        (places.ward, _WARD_CODE, "no code of a ward"),
        (places.district, _DISTRICT_CODE, "no code of a district"),
    )
    for column, pattern, what in checks:
        if column:
            wrong = ~frame[column].str.fullmatch(pattern)
            account.reject(frame.index[wrong], f"{column} holds {what}", file=file)
            frame = frame[~wrong]
    again = frame.duplicated(places.unit)
    told = [column for column in (places.ward, places.district) if column]
    first = frame[~again].set_index(places.unit)[told]
    same = (frame[told].to_numpy() == first.reindex(frame[places.unit]).to_numpy()).all(axis=1)
    reason = "the small area stood before with another ward or district"
    account.reject(frame.index[again & ~same], reason, file=file)
    account.pass_over(int((again & same).sum()), "the small area stands again, and says the same")
    return frame[~again]


def _cells(frame: pd.DataFrame, column: str) -> tuple[str, ...]:
    return tuple(frame[column]) if column else ()


def _names(frame: pd.DataFrame, code: str, name: str) -> Mapping[str, str]:
    if not name:
        return MappingProxyType({})
    told = frame[frame[name] != ""].drop_duplicates(code)
    return MappingProxyType(dict(zip(told[code], told[name], strict=True)))


def _is_lookup(peek: Peek) -> bool:
    """Say whether all columns are codes and names of places, as the ONS heads its lookups.

    A council's own table with a column LAD25CD beside its counts is none; nor is a list of
    postcodes, which has a reader of its own.
    """
    folded = [fold(column) for column in peek.columns]
    return _places(peek.columns) is not None and all(map(_OF_PLACES.fullmatch, folded))
