"""Read postcodes from the ONS Postcode Directory (ONSPD) or the Statistics Lookup (NSPL).

Column names changed in 2025; both sets are known. Files of one area each (`multi_csv`), the whole
country in one, a folder and a zip all do. Rows are streamed and only those wanted are kept.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.crs import GRID_M
from geo.errors import ReadError, named
from geo.ledger import Account
from geo.postcodes import NOWHERE, SHAPE, Codes, Postcodes
from geo.read.file import File, list_files
from geo.read.kind import Kind, Peek, column_of
from geo.read.table import RawTable, open_table
from geo.vintages import NEW, OLD

ALIASES: dict[str, tuple[str, ...]] = {
    "postcode": ("pcds", "pcd", "pcd7", "pcd8", "postcode"),
    "easting": ("oseast1m", "east1m"),
    "northing": ("osnrth1m", "north1m"),
    "quality": ("osgrdind", "gridind"),
    "district": ("oslaua", "laua", "lad26cd", "lad25cd", "lad24cd", "lad23cd", "ladcd"),
    OLD: ("lsoa11", "lsoa11cd"),
    NEW: ("lsoa21", "lsoa21cd"),
    "ended": ("doterm",),
}
"""What each column is called, in the order of preference."""

NO_POINT = "9"
"""Quality of a grid reference that is none."""

_TABLES = (".csv", ".txt")
_MULTI = "multi_csv"
_PSEUDO = r"[A-Z]9{8}"

KIND = Kind(
    key="postcodes",
    title="ONS postcodes (ONSPD or NSPL)",
    wants="pcds, oseast1m and osnrth1m (or east1m, north1m), and lsoa11 or lsoa21",
    matches=lambda peek: _is_postcodes(peek),  # noqa: PLW0108  it stands below
)


def read_postcodes(
    source: Path | str | File | Sequence[File], *, districts: Collection[str] | None = None
) -> Postcodes:
    """Read postcodes, current and ended.

    Rows of other districts are outside. A row without a point and without a small area is
    unlocated. A row is rejected when its postcode has not the shape of one or stood before, or its
    coordinates are no numbers or outside the grid. Northern Ireland has another grid: its
    postcodes have no point.

    Parameters
    ----------
    source
        A CSV file, a folder or zip with them, or several files.
    districts
        Codes of the districts wanted; all by default.

    Raises
    ------
    ReadError
        When no file has the columns, or `districts` are asked of a file without them.
    """
    tables, notes = _tables(source)
    name = tables[0].file.name if len(tables) == 1 else f"{len(tables)} files of postcodes"
    account = Account(name)
    store = _Store()
    for number, table in enumerate(tables):
        columns = _columns(table.columns)
        notes += [*table.notes, *_remarks(table, columns)]
        if districts is not None and "district" not in columns:
            raise ReadError(
                f"{table.file.name} tells no districts; its columns are {named(table.columns)}.",
                remedy="Give a file with a column oslaua or lad25cd, or read all postcodes.",
            )
        for frame in table.chunks(account, columns=list(dict.fromkeys(columns.values()))):
            rows = frame[list(columns.values())].set_axis(list(columns), axis=1)
            store.add(_sound(rows, districts, account, table.file.name), number)
    return store.close(account, [table.file.name for table in tables], tuple(dict.fromkeys(notes)))


def _tables(source: Path | str | File | Sequence[File]) -> tuple[list[RawTable], list[str]]:
    sources = [source] if isinstance(source, (Path, str, File)) else list(source)
    files = [file for each in sources for file in list_files(each)]
    single = len(files) == 1
    tables = [
        table
        for file in files
        if single or file.suffix in _TABLES
        for table in _opened(file, single=single)
    ]
    if not tables:
        found = named(file.name for file in files)
        raise ReadError(
            f"No table of postcodes was found in {found}.", remedy=f"Wanted: {KIND.wants}."
        )
    whole = [table for table in tables if _MULTI not in table.file.name]
    if whole and len(whole) < len(tables):
        left = len(tables) - len(whole)
        return whole, [f"{left} files in {_MULTI} repeat the whole file and were not read."]
    return tables, []


def _opened(file: File, *, single: bool) -> list[RawTable]:
    """Open a table if it holds postcodes; a folder of ONSPD has many others beside."""
    try:
        table = open_table(file)
    except ReadError:
        if single:
            raise
        return []
    if _has_postcodes(table.columns):
        return [table]
    if single:
        raise ReadError(
            f"{file.name} is no table of postcodes; its columns are {named(table.columns)}.",
            remedy=f"Wanted: {KIND.wants}.",
        )
    return []


def _columns(columns: Sequence[str]) -> dict[str, str]:
    found = {key: column_of(columns, *names) for key, names in ALIASES.items()}
    return {key: column for key, column in found.items() if column is not None}


def _has_postcodes(columns: Sequence[str]) -> bool:
    # `postcode` alone is every address list; the directory's own names tell it.
    found = _columns(columns)
    point = {"easting", "northing"} <= set(found)
    return "postcode" in found and point and bool({OLD, NEW, "district"} & set(found))


def _is_postcodes(peek: Peek) -> bool:
    return _has_postcodes(peek.columns)


def _remarks(table: RawTable, columns: dict[str, str]) -> Iterable[str]:
    if "quality" not in columns:
        yield f"{table.file.name} tells no quality of its points (gridind); all were taken."
    if "ended" not in columns:
        yield f"{table.file.name} does not tell which postcodes ended (doterm)."


def _sound(
    rows: pd.DataFrame, districts: Collection[str] | None, account: Account, file: str
) -> pd.DataFrame:
    """Give the rows wanted, with their point as numbers; account for the others."""
    rows = rows.copy(deep=False)
    rows["postcode"] = rows["postcode"].str.replace(r"\s+", "", regex=True).str.upper()
    rows = _rejected(rows, ~rows["postcode"].str.fullmatch(SHAPE), account, file,
                     "the postcode has not the shape of one")  # fmt: skip
    if districts is not None:
        mine = rows["district"].isin(list(districts))
        account.outside(int((~mine).sum()))
        rows = rows[mine].copy(deep=False)
    for side in ("easting", "northing"):
        rows[side] = _metres(rows[side])
    wrong = rows["easting"].isna() | rows["northing"].isna()
    rows = _rejected(rows, wrong, account, file, "an easting or northing is no number")
    rows = _pointed(rows)
    x, y = rows["easting"], rows["northing"]
    off = x.notna() & ~(x.between(GRID_M[0], GRID_M[2]) & y.between(GRID_M[1], GRID_M[3]))
    rows = _rejected(rows, off, account, file, "the point is outside the grid of Britain")
    placed = rows["easting"].notna()
    for vintage in rows.columns.intersection([OLD, NEW]):
        rows[vintage] = rows[vintage].mask(rows[vintage].str.fullmatch(_PSEUDO), "")
        placed |= rows[vintage] != ""
    account.unlocate(int((~placed).sum()))
    return rows[placed]


def _rejected(
    rows: pd.DataFrame, wrong: "pd.Series[bool]", account: Account, file: str, reason: str
) -> pd.DataFrame:
    account.reject(rows.index[wrong], reason, file=file)
    return rows[~wrong].copy(deep=False)


def _metres(text: "pd.Series[str]") -> "pd.Series[float]":
    """Turn into metres: 0 where nothing stands, NaN where no finite number does."""
    numbers = pd.to_numeric(text.mask(text == "", "0"), errors="coerce").astype("float64")
    return numbers.mask(~np.isfinite(numbers))


def _pointed(rows: pd.DataFrame) -> pd.DataFrame:
    """Take away points that are none: nothing or 0, quality 9, and the Irish grid."""
    none = (rows["easting"] == 0) | (rows["northing"] == 0)
    none |= rows["postcode"].str.startswith("BT")
    if "quality" in rows.columns:
        none |= rows["quality"] == NO_POINT
    return rows.assign(easting=rows["easting"].mask(none), northing=rows["northing"].mask(none))


@dataclass
class _Coded:
    """Codes in the making: each different one once, a position per row."""

    names: dict[str, int] = field(default_factory=dict)
    chunks: list[npt.NDArray[np.int32]] = field(default_factory=list)

    def add(self, values: "pd.Series[str] | None", rows: int) -> None:
        if values is None:
            self.chunks.append(np.full(rows, NOWHERE, dtype=np.int32))
            return
        place, distinct = pd.factorize(values)
        known = [
            self.names.setdefault(code, len(self.names)) if code else NOWHERE for code in distinct
        ]
        self.chunks.append(np.array([*known, NOWHERE], dtype=np.int32)[place])

    def close(self, order: npt.NDArray[np.intp]) -> Codes:
        return Codes(tuple(self.names), _joined(self.chunks, np.int32)[order])


@dataclass
class _Store:
    """The rows kept so far, as compact arrays."""

    parts: dict[str, list[npt.NDArray[Any]]] = field(default_factory=dict)
    coded: dict[str, _Coded] = field(
        default_factory=lambda: {key: _Coded() for key in (OLD, NEW, "district")}
    )
    seen: set[str] = field(default_factory=set)

    def add(self, rows: pd.DataFrame, file: int) -> None:
        self.seen.update(rows.columns)
        ended = rows["ended"] != "" if "ended" in rows.columns else np.zeros(len(rows), dtype=bool)
        for key, values in (
            ("keys", rows["postcode"].to_numpy().astype("S7")),
            ("easting", rows["easting"].to_numpy(dtype=np.float64)),
            ("northing", rows["northing"].to_numpy(dtype=np.float64)),
            ("ended", np.asarray(ended, dtype=bool)),
            ("line", rows.index.to_numpy(dtype=np.int64)),
            ("file", np.full(len(rows), file, dtype=np.int32)),
        ):
            self.parts.setdefault(key, []).append(values)
        for key, codes in self.coded.items():
            codes.add(rows[key] if key in rows.columns else None, len(rows))

    def close(self, account: Account, files: list[str], notes: tuple[str, ...]) -> Postcodes:
        def column(key: str, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
            return _joined(self.parts.get(key, []), dtype)

        keys = column("keys", "S7")
        order = np.argsort(keys, kind="stable")
        twice = np.concatenate([[False], keys[order][1:] == keys[order][:-1]])[: len(keys)]
        for line, file in zip(
            column("line", np.int64)[order[twice]], column("file", np.int32)[order[twice]],
            strict=True,
        ):  # fmt: skip
            account.reject([int(line)], "the postcode stands twice", file=files[int(file)])
        order = order[~twice]
        account.use(len(order))
        vintages = [vintage for vintage in (OLD, NEW) if vintage in self.seen]
        return Postcodes(
            keys[order].astype("S7"),
            column("easting", np.float64)[order].astype(np.float64),
            column("northing", np.float64)[order].astype(np.float64),
            {vintage: self.coded[vintage].close(order) for vintage in vintages},
            self.coded["district"].close(order) if "district" in self.seen else None,
            column("ended", np.bool_)[order].astype(np.bool_),
            account.close(),
            notes,
        )


def _joined(chunks: Sequence[npt.NDArray[Any]], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    return np.concatenate(chunks) if chunks else np.empty(0, dtype=dtype)
