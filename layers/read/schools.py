"""Read the register of schools, Get Information about Schools (GIAS), as downloaded.

It has no tier called first or upper. A primary school that ends at 10 or earlier counts as first,
a secondary school that begins at 12 or later as upper; `overrides` say otherwise. It has no
pyramids either: see `layers.read.pyramids`.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pandera.pandas as pa

from geo.crs import GRID_M
from geo.errors import ReadError, named
from geo.ledger import Account
from geo.postcodes import Postcodes
from geo.read.file import File, as_file
from geo.read.kind import Kind, Peek, column_of
from geo.read.table import RawTable, open_table
from layers.places import School, Schools, Tier
from layers.read.dates import Dates, parse_dates
from layers.read.schema import keep_valid
from layers.source import Source
from layers.status import Status

OPEN = ("open", "open, but proposed to close")
NOT_OPEN = ("closed", "proposed to open")
MOST_PUPILS = 20_000
FIRST_ENDS_BY, INFANTS_END_BY, UPPER_BEGINS_AT = 10, 7, 12
"""Ages that make a primary school a first school, and a secondary school an upper one."""

_REQUIRED = {
    "urn": ("URN",),
    "name": ("EstablishmentName",),
    "status": ("EstablishmentStatus (name)",),
    "phase": ("PhaseOfEducation (name)",),
    "easting": ("Easting",),
    "northing": ("Northing",),
}
_OPTIONAL = {
    "la": ("LA (code)",),
    "number": ("EstablishmentNumber",),
    "kind": ("TypeOfEstablishment (name)",),
    "group": ("EstablishmentTypeGroup (name)",),
    "district": ("DistrictAdministrative (code)",),
    "gss": ("GSSLACode (name)",),
    "lsoa": ("LSOA (code)",),
    "postcode": ("Postcode",),
    "low": ("StatutoryLowAge",),
    "high": ("StatutoryHighAge",),
    "pupils": ("NumberOfPupils",),
    "fsm": ("PercentageFSM",),
    "fsm_count": ("FSM",),
    "closes": ("CloseDate",),
    "religion": ("ReligiousCharacter (name)",),
    "admissions": ("AdmissionsPolicy (name)",),
}
_URN = re.compile(r"[0-9]{5,7}")
_NUMBER = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,9})?")
_NAMED_DAY = re.compile(r"(20[0-9]{2})(0[1-9]|1[0-2])([0-3][0-9])")
_SUPPRESSED = ("c", "supp", "x")
_NO_FAITH = ("", "none", "does not apply", "not applicable")
_PHASES: dict[str, Tier] = {
    "primary": "primary",
    "middle deemed primary": "middle",
    "middle deemed secondary": "middle",
    "secondary": "secondary",
    "all-through": "all-through",
    "all through": "all-through",
    "nursery": "nursery",
    "16 plus": "sixteen plus",
}

Point = tuple[float, float]


def _matches(peek: Peek) -> bool:
    return peek.has("URN", "EstablishmentName", "EstablishmentStatus (name)")


KIND = Kind(
    key="gias_schools",
    title="Get Information about Schools: all establishment data",
    wants="URN, EstablishmentName, EstablishmentStatus (name), PhaseOfEducation (name)",
    matches=_matches,
)


def read_schools(
    source: Path | str | File,
    *,
    districts: Collection[str] | None = None,
    postcodes: Postcodes | Mapping[str, Point] | None = None,
    overrides: Mapping[str, Tier] | None = None,
) -> Schools:
    """Read the open schools of some districts, those proposed to close included.

    Parameters
    ----------
    districts
        Codes of the districts (`E06000059`) to keep, told by `DistrictAdministrative (code)` or
        `GSSLACode (name)`; schools elsewhere are outside. None keeps all.
    postcodes
        For schools without a point of their own (blank, 0 or off the grid): a directory, or
        postcode (in any spelling) -> easting and northing.
    overrides
        URN -> tier, where the register's ages tell it wrongly.

    Returns
    -------
    Schools
        `placed` of each says whether GIAS or the postcode gave its point.

    Raises
    ------
    ReadError
        When the file is no table, or lacks a column; naming those found.

    Notes
    -----
    A free-meals share of 0 counts as missing unless the column `FSM` says that nobody is eligible:
    GIAS writes 0 where it does not know.
    """
    file = as_file(source)
    table = open_table(file)
    columns = _columns(table)
    account = Account(file.name)
    rows = table.whole(account, columns=list(columns)).set_axis(list(columns.values()), axis=1)
    rows = _Selection(account, file.name, districts).of(rows)
    closes = parse_dates(rows["closes"])
    rows = rows.assign(closes=closes.values.astype(str))
    making = _Making(_points(postcodes, rows), overrides or {}, _vintage(file.name))
    made = [making.school(row) for row in rows.itertuples(index=False)]
    schools = tuple(school for school in made if np.isfinite(school.easting))
    unplaced = tuple(school.urn for school in made if not np.isfinite(school.easting))
    account.use(len(schools))
    account.unlocate(len(unplaced))
    ledger = account.close()
    passed = {p.reason.removeprefix(_STATUS_IS): p.rows for p in ledger.passed_over}
    notes = (*table.notes, *_notes(schools, rows, overrides or {}), *_date_notes(closes))
    return Schools(schools, unplaced, passed, ledger, notes, _source(file.name))


def _columns(table: RawTable) -> dict[str, str]:
    """Map the file's columns to ours."""
    found = {
        ours: column_of(table.columns, *names) for ours, names in (_REQUIRED | _OPTIONAL).items()
    }
    absent = [names[0] for ours, names in _REQUIRED.items() if found[ours] is None]
    if found["district"] is None and found["gss"] is None:
        absent.append("GSSLACode (name)")
    if absent:
        raise ReadError(
            f"{table.file.name} has no column {named(absent)}; its columns are "
            f"{named(table.columns)}.",
            remedy="Download 'all establishment data' from Get Information about Schools.",
        )
    return {column: ours for ours, column in found.items() if column is not None}


# Which rows


_STATUS_IS = "the school's status is "


class _Selection(NamedTuple):
    """Picks the open schools of the districts asked for and rejects what cannot be."""

    account: Account
    file: str
    districts: Collection[str] | None

    def of(self, rows: pd.DataFrame) -> pd.DataFrame:
        for ours in _OPTIONAL:
            if ours not in rows:
                rows = rows.assign(**{ours: ""})
        rows = self._open(rows)
        rows = rows.assign(district=rows["district"].where(rows["district"] != "", rows["gss"]))
        rows = self._inside(rows)
        rows = keep_valid(rows, _SCHEMA, self.account, file=self.file)
        twice = rows["urn"].duplicated()
        self.account.reject(rows.index[twice], "URN stands twice", file=self.file)
        return rows[~twice]

    def _open(self, rows: pd.DataFrame) -> pd.DataFrame:
        status = rows["status"].str.casefold()
        for other in NOT_OPEN:
            self.account.pass_over(int((status == other).sum()), f"{_STATUS_IS}{other}")
        known = status.isin(OPEN)
        strange = ~known & ~status.isin(NOT_OPEN)
        reason = "EstablishmentStatus (name) is none that GIAS has"
        self.account.reject(rows.index[strange], reason, file=self.file)
        return rows[known]

    def _inside(self, rows: pd.DataFrame) -> pd.DataFrame:
        if self.districts is None:
            return rows
        wanted = list(self.districts)
        inside = rows["district"].isin(wanted) | rows["gss"].isin(wanted)
        blank = (rows["district"] == "") & (rows["gss"] == "")
        self.account.reject(rows.index[blank], "no district is given", file=self.file)
        self.account.outside(int((~inside & ~blank).sum()))
        return rows[inside]


def _number(title: str, least: float, most: float, *, whole: bool = False) -> pa.Column:
    """Want a cell that is blank, suppressed or a number within bounds."""

    def fits(cells: pd.Series) -> pd.Series:
        numbers = pd.to_numeric(cells, errors="coerce")
        held = (numbers >= least) & (numbers <= most) & cells.str.fullmatch(_NUMBER)
        if whole:
            held &= numbers == np.floor(numbers)
        return (cells == "") | cells.str.casefold().isin(_SUPPRESSED) | held

    error = f"{title} is no {'whole ' if whole else ''}number from {least:g} to {most:g}"
    return pa.Column(checks=pa.Check(fits, error=error))


def _position(title: str) -> pa.Column:
    """Want a blank cell or a number; whether it lies on the grid decides what places the school."""
    check = pa.Check(
        lambda cells: (cells == "") | cells.str.fullmatch(_NUMBER), error=f"{title} is no number"
    )
    return pa.Column(checks=check)


_SCHEMA = pa.DataFrameSchema(
    {
        "urn": pa.Column(
            checks=pa.Check(lambda cells: cells.str.fullmatch(_URN), error="URN is no URN")
        ),
        "name": pa.Column(
            checks=pa.Check(lambda cells: cells != "", error="EstablishmentName is blank")
        ),
        "easting": _position("Easting"),
        "northing": _position("Northing"),
        "low": _number("StatutoryLowAge", 0, 30, whole=True),
        "high": _number("StatutoryHighAge", 0, 99, whole=True),
        "pupils": _number("NumberOfPupils", 0, MOST_PUPILS, whole=True),
        "fsm": _number("PercentageFSM", 0, 100),
    }
)


# One school


class _Making(NamedTuple):
    """Makes schools of checked rows."""

    postcodes: Mapping[str, Point]
    overrides: Mapping[str, Tier]
    vintage: str

    def school(self, row: Any) -> School:
        """Make a school; its easting is NaN where no place is known."""
        easting, northing, placed = self._point(row)
        pupils, pupils_status = _figure(row.pupils)
        fsm, fsm_status = _figure(row.fsm)
        if fsm == 0 and row.fsm_count != "0":
            fsm, fsm_status = None, Status.MISSING
        return School(
            name=row.name,
            easting=easting,
            northing=northing,
            placed=placed,
            tier=self.overrides.get(row.urn) or _tier(row),
            pyramid="",
            urn=row.urn,
            source=f"GIAS {self.vintage}".strip(),
            laestab=f"{row.la}/{row.number.zfill(4)}" if row.la and row.number else "",
            kind=row.kind,
            intake=_intake(row),
            district=row.district,
            lsoa=row.lsoa,
            pupils=pupils,
            pupils_status=pupils_status,
            fsm_share=None if fsm is None else fsm / 100,
            fsm_status=fsm_status,
            low_age=_age(row.low),
            high_age=_age(row.high),
            closes="" if row.closes == "NaT" else row.closes,
        )

    def _point(self, row: Any) -> tuple[float, float, str]:
        west, south, east, north = GRID_M
        x, y = (float(cell) if cell else 0.0 for cell in (row.easting, row.northing))
        if west < x <= east and south < y <= north:
            return x, y, "GIAS"
        x, y = self.postcodes.get(_key(row.postcode), (np.nan, np.nan))
        return (x, y, "postcode") if np.isfinite(x) and np.isfinite(y) else (np.nan, np.nan, "")


def _points(
    postcodes: Postcodes | Mapping[str, Point] | None, rows: pd.DataFrame
) -> Mapping[str, Point]:
    """Points of the register's postcodes, each under its spelling without blanks."""
    if isinstance(postcodes, Postcodes):
        wanted = [str(text) for text in pd.unique(rows["postcode"])]
        points = postcodes.points_of(wanted)
        return {
            _key(text): (float(x), float(y)) for text, (x, y) in zip(wanted, points, strict=True)
        }
    return {_key(postcode): point for postcode, point in (postcodes or {}).items()}


def _key(postcode: str) -> str:
    return "".join(postcode.split()).upper()


def _figure(cell: str) -> tuple[float | None, Status]:
    if not cell:
        return None, Status.MISSING
    if cell.casefold() in _SUPPRESSED:
        return None, Status.SUPPRESSED
    return float(cell), Status.OK


def _age(cell: str) -> int | None:
    number, _ = _figure(cell)
    return None if number is None else int(number)


def _tier(row: Any) -> Tier:
    """Tell the tier: what the type says of special and other schools, else phase and ages."""
    kind = f"{row.kind} {row.group}".casefold()
    words = set(re.findall(r"[a-z]+", kind))
    if "pupil referral" in kind or "alternative provision" in kind or "ap" in words:
        return "alternative"
    if "special" in words:
        return "special"
    if "independent" in words and "city technology college" not in kind:
        return "independent"
    low, high = _age(row.low), _age(row.high)
    tier = _PHASES.get(row.phase.casefold(), "not known")
    if tier == "primary" and high is not None and high <= FIRST_ENDS_BY:
        return "first"
    if tier == "secondary" and low is not None and low >= UPPER_BEGINS_AT:
        return "upper"
    return tier


def _intake(row: Any) -> str:
    """Say what lets it choose: a controlled school's admissions are the authority's."""
    has_faith = row.religion.casefold() not in _NO_FAITH
    chooses = "controlled" not in row.kind.casefold()
    intakes = ["faith"] if has_faith and chooses else []
    if row.admissions.casefold() == "selective":
        intakes.append("grammar")
    return " and ".join(intakes)


# What is said


def _date_notes(closes: Dates) -> tuple[str, ...]:
    bad = int((~closes.ok).sum())
    said = f"{bad} cells of CloseDate are no dates and count as blank."
    return (*(f"CloseDate: {note}" for note in closes.notes), *([said] if bad else []))


def _notes(
    schools: Sequence[School], rows: pd.DataFrame, overrides: Mapping[str, Tier]
) -> tuple[str, ...]:
    no_ages = ((rows["low"] == "") & (rows["high"] == "")).all() and len(rows) > 0
    no_meals = pd.to_numeric(rows["fsm"], errors="coerce") == 0
    said = (
        (
            int(no_ages),
            "No ages are given: first and upper schools cannot be told. Name them as overrides.",
        ),
        (
            sum(s.tier == "first" and (s.high_age or 99) <= INFANTS_END_BY for s in schools),
            "{} schools end at 7 or earlier (infant schools) and count as first.",
        ),
        (
            sum(s.placed == "postcode" for s in schools),
            "{} schools have no point of their own and stand where their postcode is.",
        ),
        (
            int((no_meals & (rows["fsm_count"] != "0")).sum()),
            "{} schools have a PercentageFSM of 0, which may mean unknown; it counts as missing.",
        ),
        (
            len(set(overrides) - set(rows["urn"])),
            "{} overrides name schools that are not open here.",
        ),
    )
    return tuple(text.format(count) for count, text in said if count)


def _vintage(name: str) -> str:
    """Take the day from the file's name: GIAS writes it nowhere else."""
    told = _NAMED_DAY.search(PurePosixPath(name).name)
    return "-".join(told.groups()) if told else ""


def _source(name: str) -> Source:
    return Source(
        title="Get Information about Schools: all establishment data",
        publisher="Department for Education",
        licence="Open Government Licence v3.0",
        vintage=_vintage(name),
        via=name,
        attribution=(
            "Contains data from Get Information about Schools, Department for Education, licensed "
            "under the Open Government Licence v3.0."
        ),
    )
