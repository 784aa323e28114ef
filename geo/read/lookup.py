"""Read a lookup: a table of unit and zone, which leaves as a plan."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from geo.errors import ReadError, named
from geo.ledger import Account
from geo.plan import Plan
from geo.read.file import File, as_file
from geo.read.table import open_table

FORMULA = "=+-@\t\r"
"""What a spreadsheet takes for the start of a formula; `geo.write` puts an apostrophe before it."""

_CODE_COLUMN = re.compile(r"(lsoa|oa|msoa|wd)(\d\d)cd")
_UNIT_HEADERS = ("unit", "unit code", "unit_code", "lsoa", "lsoa code", "lsoa_code")
_GSS = re.compile(r"[EWSNKJLM]\d{8}")
_SAVE = "Save it as 'CSV UTF-8' (in Excel: Save as, CSV UTF-8)."


def read_lookup(
    source: Path | str | bytes | File,
    *,
    units: Sequence[str],
    zones: Sequence[str] = (),
    zone: str = "zone",
) -> Plan:
    r"""Read a plan from a table with a column of units and a column of zones.

    An empty zone leaves its unit unassigned. CSV in any encoding and separator, and workbooks, are
    read; blanks around cells, further columns, blank lines and the case of headers do not matter.

    Parameters
    ----------
    source
        A path, a file, or the bytes of an uploaded one.
    units
        The units that the lookup must cover, in the order the plan takes.
    zones
        The order of zones; those it does not name follow in alphabetical order.
    zone
        What the column of zones is called.

    Raises
    ------
    ReadError
        When the table is empty, lacks a column, has a broken row, or repeats a unit.
    PlanError
        When it lacks a unit, or names one that `units` does not have.

    Examples
    --------
    >>> read_lookup(b"LSOA11CD;Zone\nE01;North\nE02;", units=["E01", "E02"]).unassigned
    ('E02',)
    """
    file = _file(source)
    table = open_table(file)
    account = Account(file.name)
    rows = table.whole(account)
    _refuse_broken(account, len(rows), file.name)
    if rows.empty:
        raise ReadError(f"{file.name} has a header and no rows.", remedy="Give each unit a row.")
    zone_at = _zone_column(table.columns, file.name, zone)
    unit_at = _unit_column(rows, zone_at, file.name, units)
    codes = [_unescaped(cell) for cell in rows.iloc[:, unit_at]]
    names = [_unescaped(cell) for cell in rows.iloc[:, zone_at]]
    _require_units(file.name, rows.index.tolist(), codes, names)
    return Plan.from_lookup(dict(zip(codes, names, strict=True)), units=units, zones=zones)


def _file(source: Path | str | bytes | File) -> File:
    if isinstance(source, File):
        return as_file(source)
    if not isinstance(source, bytes):
        if not Path(source).is_file():
            raise ReadError(
                f"{source!s} cannot be opened (it is not there).", remedy="Check name and folder."
            )
        return as_file(source)
    is_workbook = source.startswith((b"PK", b"\xd0\xcf"))
    return File.from_bytes("The lookup.xlsx" if is_workbook else "The lookup", source)


def _refuse_broken(account: Account, used: int, label: str) -> None:
    """Refuse a lookup with one broken row: a unit left out would seem to be in no zone."""
    account.use(used)
    rejected = account.close().rejected
    if not rejected:
        return
    row = rejected[0]
    has_cells = row.reason.startswith("the row has ")
    found = row.reason.removeprefix("the row ") if has_cells else f"is no table ({row.reason})"
    raise ReadError(
        f"{label}, line {row.line}, {found}.",
        remedy="Put a name that holds the separator in double quotes." if has_cells else _SAVE,
    )


def _zone_column(columns: Sequence[str], label: str, wanted: str) -> int:
    places = [i for i, name in enumerate(columns) if name.casefold() == wanted.casefold()]
    if len(places) != 1:
        found = "several columns" if places else "no column"
        raise ReadError(
            f"{label} has {found} '{wanted}'; its columns are {named(columns)}.",
            remedy=f"Call the one column with the names of zones '{wanted}'.",
        )
    return places[0]


def _unit_column(rows: pd.DataFrame, zone_at: int, label: str, units: Sequence[str]) -> int:
    header = [str(name).casefold() for name in rows.columns]
    places = [header.index(name) for name in _UNIT_HEADERS if name in header]
    places += [i for i, name in enumerate(header) if _CODE_COLUMN.fullmatch(name)]
    places = [i for i in places if i != zone_at] or _coded_columns(rows, zone_at, units)
    if not places:
        raise ReadError(
            f"{label} has no column of units; its columns are {named(header)}.",
            remedy="Call the column of codes 'unit', 'LSOA11CD' or 'LSOA21CD'.",
        )
    if len(places) > 1 and header[places[0]] != "unit":
        raise ReadError(
            f"{label} has several columns of units: {named(header[i] for i in places)}.",
            remedy="Call the one to use 'unit'.",
        )
    return places[0]


def _coded_columns(rows: pd.DataFrame, zone_at: int, units: Sequence[str]) -> list[int]:
    """Find the column of ONS codes that names most of the units, whatever it is called."""
    coded = [i for i in range(rows.shape[1]) if i != zone_at and _holds_codes(rows.iloc[:, i])]
    known = {i: int(rows.iloc[:, i].isin(list(units)).sum()) for i in coded}
    return [max(coded, key=lambda i: known[i])] if coded else []


def _holds_codes(cells: pd.Series) -> bool:
    held = cells[cells != ""]
    return len(held) > 0 and bool(held.str.fullmatch(_GSS.pattern).all())


def _require_units(
    label: str, lines: Sequence[int], codes: Sequence[str], names: Sequence[str]
) -> None:
    for line, code, name in zip(lines, codes, names, strict=True):
        if not code:
            raise ReadError(
                f"{label}, line {line}, has no unit beside '{name}'.", remedy="Give it its code."
            )
    twice = [code for code, count in Counter(codes).items() if count > 1]
    if twice:
        raise ReadError(f"{label} names {named(twice)} more than once.", remedy="Keep one row.")


def _unescaped(cell: str) -> str:
    """Take away the apostrophe that `geo.write` puts before what looks like a formula."""
    rest = cell.lstrip("'")
    escaped = len(rest) < len(cell) and rest[:1] and rest[0] in FORMULA
    return cell[1:] if escaped else cell
