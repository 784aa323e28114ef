"""Read a lookup: a table of unit and zone, which leaves as a plan."""

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from geo.errors import ReadError, named
from geo.plan import Plan

FORMULA = "=+-@\t\r"
"""What a spreadsheet takes for the start of a formula; `geo.write` puts an apostrophe before it."""

_CODE_COLUMN = re.compile(r"(lsoa|oa|msoa|wd)(\d\d)cd")
_UNIT_HEADERS = ("unit", "unit code", "unit_code", "lsoa", "lsoa code", "lsoa_code")
_ENCODING_REMEDY = "Save it as 'CSV UTF-8' (in Excel: Save as, CSV UTF-8)."


class _Columns(NamedTuple):
    """How wide a lookup is, and where its units and zones stand."""

    width: int
    unit: int
    zone: int


def read_lookup(
    source: Path | str | bytes, *, units: Sequence[str], zones: Sequence[str] = ()
) -> Plan:
    r"""Read a plan from a table with a column of units and a column `zone`.

    An empty zone leaves its unit unassigned. Commas, semicolons and tabs separate; blanks around
    cells, further columns, blank lines, a byte-order mark and the case of headers do not matter.

    Parameters
    ----------
    source
        A path, or the bytes of an uploaded file, in UTF-8.
    units
        The units that the lookup must cover, in the order the plan takes.
    zones
        The order of zones; those it does not name follow in alphabetical order.

    Raises
    ------
    ReadError
        When the table is empty, not UTF-8, lacks a column, or repeats a unit.
    PlanError
        When it lacks a unit, or names one that `units` does not have.

    Examples
    --------
    >>> read_lookup(b"LSOA11CD;Zone\nE01;North\nE02;", units=["E01", "E02"]).unassigned
    ('E02',)
    """
    label = "The lookup" if isinstance(source, bytes) else Path(source).name
    rows = _table(_text(source, label), label)
    header = [cell.strip().casefold() for cell in rows[0][1]]
    columns = _Columns(len(header), _unit_header(header, label), _zone_header(header, label))
    lookup = [_row(cells, columns, f"{label}, line {line},") for line, cells in rows[1:]]
    if not lookup:
        raise ReadError(f"{label} has a header and no rows.", remedy="Give each unit a row.")
    twice = [code for code, count in Counter(code for code, _ in lookup).items() if count > 1]
    if twice:
        raise ReadError(f"{label} names {named(twice)} more than once.", remedy="Keep one row.")
    return Plan.from_lookup(dict(lookup), units=units, zones=zones)


def _text(source: Path | str | bytes, label: str) -> str:
    try:
        content = source if isinstance(source, bytes) else Path(source).read_bytes()
    except OSError as error:
        raise ReadError(
            f"{source!s} cannot be opened ({error.strerror}).", remedy="Check name and folder."
        ) from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReadError(f"{label} is not in UTF-8.", remedy=_ENCODING_REMEDY) from error


def _table(text: str, label: str) -> list[tuple[int, list[str]]]:
    """Rows that are not blank, each with the line it ends on."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise ReadError(
            f"{label}, line {reader.line_num}, is no table ({error}).", remedy=_ENCODING_REMEDY
        ) from error
    if not rows:
        raise ReadError(f"{label} is empty.", remedy="Give a table with columns unit and zone.")
    return rows


def _unit_header(header: list[str], label: str) -> int:
    places = [header.index(name) for name in _UNIT_HEADERS if name in header]
    places += [i for i, name in enumerate(header) if _CODE_COLUMN.fullmatch(name)]
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


def _zone_header(header: list[str], label: str) -> int:
    if header.count("zone") != 1:
        found = "several columns" if "zone" in header else "no column"
        raise ReadError(
            f"{label} has {found} 'zone'; its columns are {named(header)}.",
            remedy="Call the one column with the names of zones 'zone'.",
        )
    return header.index("zone")


def _row(cells: list[str], columns: _Columns, where: str) -> tuple[str, str]:
    if len(cells) != columns.width:
        raise ReadError(
            f"{where} has {len(cells)} cells under {columns.width} columns.",
            remedy="Put a name that holds the separator in double quotes.",
        )
    code, name = (_unescaped(cells[i].strip()) for i in (columns.unit, columns.zone))
    if not code:
        raise ReadError(f"{where} has no unit beside '{name}'.", remedy="Give it its code.")
    return code, name


def _unescaped(cell: str) -> str:
    """Take away the apostrophe that `geo.write` puts before what looks like a formula."""
    rest = cell.lstrip("'")
    escaped = len(rest) < len(cell) and rest[:1] and rest[0] in FORMULA
    return cell[1:] if escaped else cell
