"""Read street-level crime as data.police.uk publishes it: a month and a force a file.

Only the kinds of crime asked for are kept, anti-social behaviour by default. Its rows have no ID
and may be identical; each is an incident of its own. Points come in degrees, snapped to shared
places; they leave in metres. What the months' codes are (2011 or 2021) is told by the codes
themselves, and where these fit both by the month.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pandera.pandas as pa

from geo.build import LAST_2011
from geo.crs import BRITAIN_DEG, metres_of
from geo.errors import ReadError, named
from geo.ledger import Account
from geo.read.file import File, list_files
from geo.read.kind import Kind, Peek, column_of
from geo.read.table import CHUNK_ROWS, RawTable, open_table
from layers.incidents import MONTH, Break, Street, StreetFile, missing_months
from layers.read.schema import keep_valid
from layers.source import Source

ASB = "Anti-social behaviour"
FIRST_OF_2021 = "2023-06"
"""The first month whose rows carry codes of 2021."""
SNAP_POINTS_RENEWED = "2022-07"
COVID = ("2020-01", "2021-03")
"""Months whose anti-social behaviour may hold breaches of Covid rules."""

_BLOCK_BYTES = 2**20
_TABLES = (".csv", ".txt", ".tsv", ".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
_COLUMNS = {
    "month": ("Month",),
    "kind": ("Crime type",),
    "unit": ("LSOA code",),
    "longitude": ("Longitude",),
    "latitude": ("Latitude",),
}
_FORCE = ("Falls within", "Reported by")
_NUMBER = ("API number",)
"""What `zonewright fetch` adds: the service's number, by which two files have the same incident."""
_SMALL_AREA = re.compile(r"[EWNS][0-9]{8}|[0-9]{2}[A-Z]{2}[0-9]{2}[A-Z][0-9]{1,2}")
"""A GSS code, or a super output area of Northern Ireland, which is no mistake of England's."""
_NAMED_MONTH = re.compile(r"(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])")

Positions = npt.NDArray[np.int32]
Numbers = npt.NDArray[np.float64]
Given = Path | str | File


def _matches(peek: Peek) -> bool:
    return peek.has("Month", "Crime type", "LSOA code", "Longitude", "Latitude")


KIND = Kind(
    key="police_street",
    title="data.police.uk street-level crime",
    wants="Month, Longitude, Latitude, LSOA code, Crime type",
    matches=_matches,
)


def read_street(
    sources: Given | Iterable[Given],
    *,
    kinds: Collection[str] | None = (ASB,),
    known: Mapping[str, Collection[str]] | None = None,
) -> Street:
    """Read months of street-level crime, of one force or of several.

    Files of other content (outcomes, stop and search) are left out and named in the notes. A file
    that stands twice is read once. Nothing is de-duplicated within a file; between files only what
    the service itself numbers alike, as fetched files of neighbours do. At most 100,000 rows
    are held as text at a time.

    Parameters
    ----------
    sources
        A folder of downloads, a downloaded zip, one file, or several of these.
    kinds
        The `Crime type`s to keep, in any case; None keeps all.
    known
        Vintage (`2011`, `2021`) -> the codes it has, to tell one from the other where no code
        is so high that it can only be of 2021.

    Returns
    -------
    Street
        Rows without code and coordinates are unlocated in its ledger and not among its rows.

    Raises
    ------
    ReadError
        When nothing is street-level crime, or a file lacks a column, or breaks off.
    """
    files = _files(sources)
    account = Account(_title(files))
    wanted = None if kinds is None else frozenset(kind.casefold() for kind in kinds)
    reading = _Reading(account, wanted)
    for file in files:
        reading.add(file)
    reading.require_found(files)
    street = _street(reading, known or {})
    street_notes = (*reading.notes, *_overlaps(street), *street.notes)
    return Street(
        street.rows, street.files, street.breaks, street.ledger, street_notes, street.source
    )


class _Chunk(NamedTuple):
    """Rows that were kept, as numbers: 40 bytes each."""

    file: int
    line: npt.NDArray[np.int64]
    month: Positions
    kind: Positions
    unit: Positions
    longitude: Numbers
    latitude: Numbers


class _Texts:
    """Texts as numbers, the same text always the same number."""

    def __init__(self) -> None:
        self.number: dict[str, int] = {}

    def of(self, cells: pd.Series) -> Positions:
        codes, distinct = pd.factorize(cells)
        numbers = [self.number.setdefault(str(text), len(self.number)) for text in distinct]
        return np.asarray(np.array(numbers, dtype=np.int32)[codes], dtype=np.int32)

    @property
    def all(self) -> list[str]:
        return list(self.number)


@dataclass
class _Seen:
    """What was met in one file."""

    name: str
    forces: set[str] = field(default_factory=set)
    months: set[str] = field(default_factory=set)
    kept: int = 0


class _Reading:
    """Files as they are read one after the other."""

    def __init__(self, account: Account, wanted: frozenset[str] | None) -> None:
        self.account, self._wanted = account, wanted
        self.month, self.kind, self.unit = _Texts(), _Texts(), _Texts()
        self.files: list[_Seen] = []
        self.chunks: list[_Chunk] = []
        self.notes: list[str] = []
        self._by_size: dict[int, list[File]] = {}
        self._numbers: set[str] = set()
        self._left_out: list[str] = []
        self._found: tuple[str, ...] = ()

    def add(self, file: File) -> None:
        """Read one file, unless it is something else or was read already."""
        table = self._open(file)
        if table is None:
            self._left_out.append(file.name)
        elif self._has_twin(file):
            rows = _count(table)
            self.account.read(rows)
            self.account.pass_over(rows, "in a file that stands twice")
            self.notes.append(f"{file.name} is the same file as one before it; it was left out.")
        else:
            self._read(table, _columns(table))
            self._by_size.setdefault(file.size, []).append(file)
            self.notes += [f"{file.name}: {note}" for note in table.notes]

    def require_found(self, files: Sequence[File]) -> None:
        """Refuse when no file was street-level crime, else say what was left out."""
        if not self.files:
            columns = f" Their columns are {named(self._found)}." if self._found else ""
            raise ReadError(
                f"{named(file.name for file in files)} hold no street-level crime.{columns}",
                remedy=f"Give street files of data.police.uk, with {KIND.wants}.",
            )
        if self._left_out:
            self.notes.append(
                f"{len(self._left_out)} files are no street-level crime and were left out: "
                f"{named(self._left_out)}."
            )

    def _open(self, file: File) -> RawTable | None:
        """Open a table of crimes; None for anything else, and for what is no table."""
        if file.suffix not in _TABLES:
            return None
        try:
            table = open_table(file)
        except ReadError as error:
            self.notes.append(f"{file.name} could not be read: {error}")
            return None
        if column_of(table.columns, "Crime type") is None:
            self._found = self._found or table.columns
            return None
        return table

    def _read(self, table: RawTable, columns: Mapping[str, str]) -> None:
        seen = _Seen(table.file.name)
        position = len(self.files)
        self.files.append(seen)
        waiting: list[pd.DataFrame] = []
        numbers: set[str] = set()
        for frame in table.chunks(self.account, columns=list(columns)):
            frame = frame.set_axis(list(columns.values()), axis=1)  # noqa: PLW2901  our names
            waiting.append(self._new(self._pick(frame, seen), numbers))
            if sum(map(len, waiting)) >= CHUNK_ROWS:
                self._keep(pd.concat(waiting), seen, position)
                waiting = []
        if any(map(len, waiting)):
            self._keep(pd.concat(waiting), seen, position)
        self._numbers |= numbers
        self._compare_name(seen)

    def _new(self, frame: pd.DataFrame, numbers: set[str]) -> pd.DataFrame:
        """Pass over what an earlier file had already, and add to this file's `numbers`."""
        if "number" not in frame:
            return frame
        known = frame["number"].isin(self._numbers)
        self.account.pass_over(int(known.sum()), "the same incident as in an earlier file")
        numbers.update(number for number in frame["number"] if number)
        return frame.loc[~known, list(_COLUMNS)]

    def _pick(self, frame: pd.DataFrame, seen: _Seen) -> pd.DataFrame:
        """Pass over the kinds that were not asked for, and note what the file is of."""
        seen.months |= {m for m in pd.unique(frame["month"]) if MONTH.match(m)}
        if "force" in frame:
            seen.forces |= {str(force) for force in pd.unique(frame["force"]) if force}
        asked = self._asked(frame["kind"])
        self.account.pass_over(int((~asked).sum()), "another kind of crime than was asked for")
        return frame.loc[asked, [*_COLUMNS, *({"number"} & set(frame))]]

    def _keep(self, frame: pd.DataFrame, seen: _Seen, position: int) -> None:
        """Check rows and keep those that name a place; schemas cost most per call, not per row."""
        valid = keep_valid(_with_numbers(frame), _SCHEMA, self.account, file=seen.name)
        placed = (valid["unit"] != "") | valid["longitude"].notna()
        self.account.unlocate(int((~placed).sum()))
        valid = valid[placed]
        self.account.use(len(valid))
        seen.kept += len(valid)
        chunk = _Chunk(
            position,
            valid.index.to_numpy(dtype=np.int64),
            self.month.of(valid["month"]),
            self.kind.of(valid["kind"]),
            self.unit.of(valid["unit"]),
            valid["longitude"].to_numpy(dtype=np.float64),
            valid["latitude"].to_numpy(dtype=np.float64),
        )
        self.chunks.append(chunk)

    def _asked(self, kinds: pd.Series) -> npt.NDArray[np.bool_]:
        """Flag the rows of the kinds asked for, and those that state none."""
        codes, distinct = pd.factorize(kinds)
        wanted = self._wanted
        asked = [wanted is None or not kind or str(kind).casefold() in wanted for kind in distinct]
        return np.asarray(np.array(asked, dtype=bool)[codes], dtype=bool)

    def _has_twin(self, file: File) -> bool:
        """Say whether a file of the same bytes was read before; only equal sizes are compared."""
        same_size = self._by_size.get(file.size, [])
        return bool(same_size) and _digest(file) in map(_digest, same_size)

    def _compare_name(self, seen: _Seen) -> None:
        told = _NAMED_MONTH.search(PurePosixPath(seen.name).name)
        if told and seen.months - {told[0]}:
            self.notes.append(
                f"{seen.name} holds {named(sorted(seen.months))}, other than its name tells; "
                "the rows' own month was taken."
            )
        if not seen.months:
            self.notes.append(f"{seen.name} holds no month that can be read; none counts as read.")


def _files(sources: Given | Iterable[Given]) -> tuple[File, ...]:
    several = [sources] if isinstance(sources, (Path, str, File)) else list(sources)
    files = tuple(file for source in several for file in list_files(source))
    if not files:
        raise ReadError("No files were given.", remedy="Give files of data.police.uk.")
    return files


def _title(files: Sequence[File]) -> str:
    first = files[0].name
    return first if len(files) == 1 else f"{first} and {len(files) - 1} more"


def _columns(table: RawTable) -> dict[str, str]:
    """Map the file's columns to ours, the force where it is told."""
    found = {ours: column_of(table.columns, *theirs) for ours, theirs in _COLUMNS.items()}
    absent = [_COLUMNS[ours][0] for ours, column in found.items() if column is None]
    if absent:
        raise ReadError(
            f"{table.file.name} has no column {named(absent)}; its columns are "
            f"{named(table.columns)}.",
            remedy="Give the street file as data.police.uk publishes it.",
        )
    columns = {column: ours for ours, column in found.items() if column is not None}
    further = {"force": _FORCE, "number": _NUMBER}
    named_so = {ours: column_of(table.columns, *theirs) for ours, theirs in further.items()}
    return columns | {column: ours for ours, column in named_so.items() if column is not None}


def _count(table: RawTable) -> int:
    """Count the rows that are not blank."""
    scratch = Account(table.file.name)
    for frame in table.chunks(scratch, columns=table.columns[:1]):
        scratch.use(len(frame))
    return scratch.close().rows


def _digest(file: File) -> bytes:
    with file.open() as stream:
        digest = hashlib.sha256()
        while block := stream.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.digest()


# Rows: what each must be

_HALF, _NO_NUMBER, _NOT_IN_BRITAIN = 1, 2, 3
_POINT_FAULTS = {
    _HALF: "only one of Longitude and Latitude is given",
    _NO_NUMBER: "Longitude or Latitude is no number",
    _NOT_IN_BRITAIN: "Longitude and Latitude are not in Britain",
}


def _with_numbers(frame: pd.DataFrame) -> pd.DataFrame:
    """Turn coordinates into numbers, with what is wrong with them in a column of its own."""
    texts = frame[["longitude", "latitude"]]
    given = (texts != "").to_numpy()
    longitude, latitude = (
        pd.to_numeric(texts[column], errors="coerce").to_numpy(dtype=np.float64) for column in texts
    )
    west, south, east, north = BRITAIN_DEG
    inside = (longitude >= west) & (longitude <= east) & (latitude >= south) & (latitude <= north)
    fault = np.zeros(len(frame), dtype=np.int8)
    both = given.all(axis=1)
    fault[both & ~inside] = _NOT_IN_BRITAIN
    fault[both & (np.isnan(longitude) | np.isnan(latitude))] = _NO_NUMBER
    fault[given.any(axis=1) & ~both] = _HALF
    return frame.assign(longitude=longitude, latitude=latitude, point=fault)


def _each(cells: pd.Series, pattern: re.Pattern[str]) -> pd.Series:
    """Match each distinct text once."""
    codes, distinct = pd.factorize(cells)
    fits = np.array([bool(pattern.fullmatch(str(text))) for text in distinct], dtype=bool)
    return pd.Series(fits[codes], index=cells.index)


_SCHEMA = pa.DataFrameSchema(
    {
        "month": pa.Column(
            checks=pa.Check(
                lambda cells: _each(cells, MONTH), error="Month is not written as 2025-01"
            )
        ),
        "kind": pa.Column(checks=pa.Check(lambda cells: cells != "", error="Crime type is blank")),
        "unit": pa.Column(
            checks=pa.Check(
                lambda cells: (cells == "") | _each(cells, _SMALL_AREA),
                error="LSOA code is no code of a small area",
            )
        ),
        "point": pa.Column(
            checks=[
                pa.Check(lambda faults, fault=fault: faults != fault, error=reason)
                for fault, reason in _POINT_FAULTS.items()
            ]
        ),
    }
)


# All files together


def _street(reading: _Reading, known: Mapping[str, Collection[str]]) -> Street:
    """Join the chunks, tell vintages and bring points to metres."""
    chunks = reading.chunks
    lengths = [len(chunk.line) for chunk in chunks]
    file = np.repeat([chunk.file for chunk in chunks], lengths).astype(np.int32)
    month, kind, unit = (
        _joined([getattr(chunk, name) for chunk in chunks], np.int32)
        for name in ("month", "kind", "unit")
    )
    easting, northing = _metres(
        _joined([chunk.longitude for chunk in chunks], np.float64),
        _joined([chunk.latitude for chunk in chunks], np.float64),
    )
    told = _tell_vintages(file, month, unit, reading, known)
    rows = pd.DataFrame(
        {
            "month": pd.Categorical.from_codes(month, _named(reading.month)),
            "kind": pd.Categorical.from_codes(kind, _named(reading.kind)),
            "unit": pd.Categorical.from_codes(unit, _named(reading.unit)),
            "vintage": pd.Categorical.from_codes(told.row, pd.Index(_VINTAGES)),
            "easting": easting,
            "northing": northing,
            "file": file,
            "line": _joined([chunk.line for chunk in chunks], np.int64),
        }
    )
    files = tuple(
        StreetFile(seen.name, tuple(sorted(seen.forces)), tuple(sorted(seen.months)), vintage, kept)
        for seen, vintage, kept in zip(
            reading.files, told.file, [seen.kept for seen in reading.files], strict=True
        )
    )
    ledger = reading.account.close()
    return Street(rows, files, _breaks(files), ledger, told.notes, _source(files))


def _joined(parts: Sequence[npt.NDArray[Any]], kind: type) -> npt.NDArray[Any]:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=kind)


def _named(texts: _Texts) -> pd.Index:
    return pd.Index(texts.all, dtype=object)


def _metres(longitude: Numbers, latitude: Numbers) -> tuple[Numbers, Numbers]:
    """Bring points to EPSG:27700, each place once: police points are snapped to shared ones."""
    known = ~np.isnan(longitude)
    place, distinct = pd.factorize(longitude[known] + 1j * latitude[known])
    metres = np.array(metres_of(distinct.real, distinct.imag))
    x, y = np.full(len(longitude), np.nan), np.full(len(longitude), np.nan)
    x[known], y[known] = metres.reshape(2, -1)[:, place]
    return x, y


# Vintages

_VINTAGES = ["2011", "2021"]


class _Told(NamedTuple):
    """The vintage of each file as its codes tell it, and of each row (position in _VINTAGES)."""

    file: list[str]
    row: npt.NDArray[np.int8]
    notes: tuple[str, ...]


def _tell_vintages(
    file: Positions,
    month: Positions,
    unit: Positions,
    reading: _Reading,
    known: Mapping[str, Collection[str]],
) -> _Told:
    """Tell the vintage of each month of each file by its codes, else by the month."""
    months, codes = reading.month.all, reading.unit.all
    early, late = _evidence(codes, known)
    cell = file.astype(np.int64) * max(1, len(months)) + month
    cells = len(reading.files) * max(1, len(months))
    has_code = np.array([code != "" for code in codes], dtype=bool)
    count, of_2011, of_2021 = (
        np.bincount(cell, weights=flags[unit] if len(unit) else None, minlength=cells)
        for flags in (has_code, early, late)
    )
    by_month = np.array([m >= FIRST_OF_2021 for m in months], dtype=bool)
    by_month = np.tile(by_month if len(months) else [False], len(reading.files))
    is_told = of_2011 != of_2021
    is_2021 = np.where(is_told, of_2021 > of_2011, by_month)
    words = np.where(is_told, np.where(is_2021, "2021", "2011"), "both fit")
    words[count == 0] = ""
    notes = _vintage_notes(
        int((is_told & (is_2021 != by_month)).sum()), int(((of_2011 > 0) & (of_2021 > 0)).sum())
    )
    per_file = words.reshape(len(reading.files), -1)
    return _Told([_of_file(set(row)) for row in per_file], is_2021[cell].astype(np.int8), notes)


def _evidence(
    codes: Sequence[str], known: Mapping[str, Collection[str]]
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Flag codes that can only be of 2011, and codes that can only be of 2021."""
    old, new = (set(known.get(vintage, ())) for vintage in _VINTAGES)
    both_known = bool(old and new)
    early = [both_known and code in old and code not in new for code in codes]
    late = [
        code > LAST_2011.get(code[:3], "Z") or (both_known and code in new and code not in old)
        for code in codes
    ]
    return np.array(early, dtype=bool), np.array(late, dtype=bool)


def _of_file(words: set[str]) -> str:
    """Say one word for a file from those of its months."""
    told = sorted(words & set(_VINTAGES))
    return " and ".join(told) if told else ("both fit" if "both fit" in words else "")


def _vintage_notes(contradicting: int, mixed: int) -> tuple[str, ...]:
    notes = []
    if contradicting:
        notes.append(
            f"In {contradicting} months the codes are of another vintage than the month lets "
            f"expect (2021 from {FIRST_OF_2021} on); the codes were believed."
        )
    if mixed:
        notes.append(
            f"{mixed} months hold codes that are only of 2011 and others only of 2021; they were "
            "taken for the vintage of most."
        )
    return tuple(notes)


# Breaks


def _breaks(files: Sequence[StreetFile]) -> tuple[Break, ...]:
    months = sorted({month for file in files for month in file.months})
    if not months:
        return ()
    first, last = months[0], months[-1]
    found = list(_missing(files))
    if first < SNAP_POINTS_RENEWED <= last:
        text = "The places that points are snapped to were renewed: hot spots may move."
        found.append(Break(SNAP_POINTS_RENEWED, SNAP_POINTS_RENEWED, text))
    if first <= COVID[1] and last >= COVID[0]:
        text = "Anti-social behaviour holds breaches of Covid rules."
        found.append(Break(max(first, COVID[0]), min(last, COVID[1]), text))
    if first < FIRST_OF_2021 <= last:
        text = "Codes of small areas change from 2011 to 2021."
        found.append(Break(FIRST_OF_2021, FIRST_OF_2021, text))
    return tuple(sorted(found, key=lambda b: (b.start, b.text)))


def _missing(files: Sequence[StreetFile]) -> Iterator[Break]:
    """Give each run of months that a force lacks between its first and its last."""
    forces = sorted({force for file in files for force in file.forces}) or [""]
    for force in forces:
        read = {m for file in files if force in file.forces or not force for m in file.months}
        run: list[str] = []
        for month in missing_months(sorted(read)):
            if run and missing_months([run[-1], month]):
                yield _gap(force, run)
                run = []
            run.append(month)
        if run:
            yield _gap(force, run)


def _gap(force: str, run: Sequence[str]) -> Break:
    whose = f" of {force}" if force else ""
    span = run[0] if len(run) == 1 else f"{run[0]} to {run[-1]}"
    return Break(run[0], run[-1], f"No file{whose} was read for {span}: missing, not zero.")


def _overlaps(street: Street) -> tuple[str, ...]:
    """Warn of a month of a force that stands in two different files: its rows count twice."""
    pairs = Counter(
        (force, month) for file in street.files for force in file.forces for month in file.months
    )
    twice = [f"{force} {month}" for (force, month), count in sorted(pairs.items()) if count > 1]
    notes = []
    if twice:
        note = f"{len(twice)} months of a force stand in more than one file ({named(twice)})"
        notes.append(f"{note}: their incidents may count twice. Give each month of a force once.")
    nameless = {month for file in street.files if not file.forces for month in file.months}
    both = sorted(nameless & {month for _, month in pairs})
    if both:
        notes.append(
            f"{len(both)} months stand in files that name their force and in files that do not, as "
            f"fetched ones ({named(both)}): their incidents may count twice. Keep one of the two."
        )
    return tuple(notes)


def _source(files: Sequence[StreetFile]) -> Source:
    months = sorted({month for file in files for month in file.months})
    return Source(
        title="Street-level crime",
        publisher="Home Office, data.police.uk",
        licence="Open Government Licence v3.0",
        vintage=" to ".join(dict.fromkeys([months[0], months[-1]])) if months else "",
        via=named(file.name for file in files),
        attribution=(
            "Contains data from data.police.uk, licensed under the Open Government Licence v3.0."
        ),
    )
