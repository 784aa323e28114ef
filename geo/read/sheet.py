"""A sheet of a workbook, its cells as the text that a CSV file would hold.

A workbook comes from anywhere. What would unpack to too much, or names one cell so far off that
the table between would not fit in memory, is refused before it is opened, and whatever the library
trips over leaves as one message.
"""

import datetime as dt
import html
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import IO, NamedTuple, TypeVar

import python_calamine

from geo.errors import ReadError, named
from geo.read.file import File, require_sound_archive

SHEETS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
MOST_WORKBOOK_BYTES = 2**31
MOST_CELLS = 100_000_000
"""Cells between the first and the last of a sheet; each takes 24 bytes or more in memory."""

_SCAN_BYTES = 2**22
# columns up to ZZ and rows of five digits make a table that fits: only what lies beyond is measured
_FAR = re.compile(rb"""\sr\s*=\s*["'](?:[A-Z]{3,}\d|[A-Z]{0,2}\d{6,})""")
_CELL = re.compile(rb"""\sr\s*=\s*["']([A-Z]*)(\d+)["']""")
_ERROR = re.compile(
    rb"""(<c\s[^<>]*\bt\s*=\s*["']e["'][^<>]*>)(?:<f[^<>]*/>|<f.*?</f>)?<v>(#[^<]*)<"""
)
_RELATION = re.compile(rb"<Relationship\s[^>]*>")
_SHEET = re.compile(rb"<sheet\s[^>]*>")
_REPEATED = re.compile(rb"""number-(?:columns|rows)-repeated\s*=\s*["'](\d+)""")
_HOLDS = re.compile(rb"<text:p|office:(?:value|date-value|boolean-value|time-value)\b")
_PART = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_Result = TypeVar("_Result")
_Errors = dict[int, dict[int, str]]
"""Text of the cells that hold an error (#N/A), by row and column from 1."""


class Row(NamedTuple):
    """A row of a table: its line or number from 1, its cells, and the bytes of text up to its end.

    `after` is 0 in a workbook.
    """

    line: int
    cells: list[str]
    after: int = 0


@dataclass(frozen=True, repr=False)
class Sheet:
    """One sheet, held in memory while it is read.

    Parameters
    ----------
    notes
        What the person should know of how it was read.
    """

    name: str
    file: File
    notes: tuple[str, ...] = ()
    _cells: "python_calamine.CalamineSheet | None" = field(default=None, compare=False)
    _errors: "_Errors" = field(default_factory=dict, compare=False)

    def rows(self) -> Iterator[Row]:
        """Give every row with its number in the sheet; blank ones too."""
        if self._cells is None:
            return
        rows = _of(self.file, self._cells.iter_rows)
        number, first = 0, (self._cells.start or (0, 0))[1] + 1
        while True:
            values = _of(self.file, lambda: next(rows, None))
            if values is None:
                return
            number += 1
            cells = [_cell(value) for value in values]
            for column, text in self._errors.get(number, {}).items():
                if 0 <= column - first < len(cells):
                    cells[column - first] = text
            yield Row(number, cells)

    def top(self, rows: int) -> Iterator[Row]:
        """Give the first rows."""
        return islice(self.rows(), rows)


def sheet_names(file: File) -> tuple[str, ...]:
    """Name the sheets of a workbook, in order.

    Raises
    ------
    ReadError
        When it is locked, hostile, broken or no workbook.
    """
    return tuple(_workbook(file)[0].sheet_names)


def open_sheet(file: File, wanted: str | None) -> Sheet:
    """Open one sheet, the first where none is named.

    Raises
    ------
    ReadError
        When the workbook is locked, hostile, broken, or has no such sheet.
    """
    workbook, errors = _workbook(file)
    names = list(workbook.sheet_names)
    if not names or (wanted is not None and wanted not in names):
        raise ReadError(
            f"{file.name} has no sheet{f' {wanted!r}' if wanted else ''}.",
            remedy=f"It has {named(names)}." if names else "Export it again.",
        )
    name = names[0] if wanted is None else wanted
    cells = _of(file, lambda: workbook.get_sheet_by_name(name))
    if name in errors or not any(errors.values()):
        return Sheet(name, file, (), cells, errors.get(name, {}))
    note = "cells of the workbook hold an error such as #N/A; they are read as blank"
    return Sheet(name, file, (note,), cells)


def _workbook(file: File) -> tuple[python_calamine.CalamineWorkbook, dict[str, _Errors]]:
    """Open a workbook, and find what the library leaves out: errors in cells, by sheet."""
    if not file.size:
        raise ReadError(
            f"{file.name} is empty (0 bytes).",
            remedy="Export it again; if it is being downloaded, wait until that has ended.",
        )
    with file.open() as stream:
        content = stream.read()
    kept = File.from_bytes(file.name, content)
    errors: dict[str, _Errors] = {}
    if content.startswith(b"PK"):
        require_sound_archive(kept, most_bytes=MOST_WORKBOOK_BYTES)
        errors = _scan(kept)
    opened = _of(file, lambda: python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)))
    return opened, errors


def _of(file: File, work: Callable[[], _Result]) -> _Result:
    """Do what may fail in the library, which on bad bytes panics as well as raises."""
    try:
        return work()
    except python_calamine.PasswordError as error:
        raise ReadError(
            f"{file.name} is locked with a password.", remedy="Save it without the password."
        ) from error
    except ReadError:
        raise
    except BaseException as error:
        # a panic of the library derives from BaseException alone and cannot be named
        if isinstance(error, (KeyboardInterrupt, SystemExit, GeneratorExit)):
            raise
        raise ReadError(
            f"{file.name} cannot be read as a workbook.",
            remedy="Is it complete, and a workbook by its content? Open it and save it as .xlsx.",
        ) from None


def _scan(file: File) -> dict[str, _Errors]:
    """Refuse a sheet whose cells lie too far apart; find the cells that hold an error, by sheet.

    A sheet whose name is not found is called by its part of the archive.
    """
    errors: dict[str, _Errors] = {}
    try:
        with file.open() as stream, zipfile.ZipFile(stream) as archive:
            names = _sheet_parts(archive)
            for member in archive.infolist():
                part = member.filename.lstrip("/")
                if _PART.fullmatch(part):
                    opened = partial(archive.open, member)
                    errors[names.get(part.casefold(), part)] = _scan_part(file, opened)
                elif member.filename == "content.xml":
                    _scan_ods(file, archive.read(member))
    except ReadError:
        raise
    except Exception as error:
        raise ReadError(
            f"{file.name} is damaged.",
            remedy="Download or export it again; it may have broken off.",
        ) from error
    return errors


def _sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Tell which sheet stands in which part of the archive."""
    inside = set(archive.namelist())
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= inside:
        return {}
    targets = {
        _attribute(tag, "Id"): _attribute(tag, "Target")
        for tag in _RELATION.findall(archive.read("xl/_rels/workbook.xml.rels"))
    }
    sheets = {
        _attribute(tag, "r:id"): _attribute(tag, "name")
        for tag in _SHEET.findall(archive.read("xl/workbook.xml"))
    }
    return {
        f"xl/{targets[key].removeprefix('/xl/')}".casefold(): name
        for key, name in sheets.items()
        if key in targets
    }


def _attribute(tag: bytes, name: str) -> str:
    found = re.search(rf"""\s{name}\s*=\s*(?:"([^"]*)"|'([^']*)')""", tag.decode(errors="replace"))
    return html.unescape(found[1] or found[2] or "") if found else ""


def _scan_part(file: File, opened: Callable[[], IO[bytes]]) -> _Errors:
    errors: _Errors = {}
    is_far = False
    for block in _overlapping(opened):
        if b'"e"' in block or b"'e'" in block:
            for tag, text in _ERROR.findall(block):
                found = _CELL.search(tag)
                if found:
                    row = errors.setdefault(int(found[2]), {})
                    row[_column(found[1])] = text.decode(errors="replace")
        is_far = is_far or _FAR.search(block) is not None
    if is_far:
        _require_near(file, *_extent(opened))
    return errors


def _extent(opened: Callable[[], IO[bytes]]) -> tuple[int, int]:
    """Find the number of the last row and the last column that a sheet names."""
    rows, columns = 0, 0
    for block in _overlapping(opened):
        found = _CELL.findall(block)
        rows = max(rows, *(int(digits) for digits in {digits for _, digits in found}), 0)
        columns = max(columns, *map(_column, {letters for letters, _ in found}), 0)
    return rows, columns


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _overlapping(opened: Callable[[], IO[bytes]]) -> Iterator[bytes]:
    """Give a part in blocks cut between tags, so that no tag is seen by halves."""
    with opened() as stream:
        rest = b""
        while block := stream.read(_SCAN_BYTES):
            text = rest + block
            cut = text.rfind(b"</row>") + 1 or text.rfind(b">") + 1 or len(text)
            yield text[:cut]
            rest = text[cut:]
        yield rest


def _scan_ods(file: File, content: bytes) -> None:
    """Work out how far the cells of each table reach that hold something."""
    for table in content.split(b"<table:table ")[1:]:
        number, rows, columns = 0, 0, 0
        for row in table.split(b"<table:table-row")[1:]:
            tag, _, cells = row.partition(b">")
            number += _repeats(tag)
            parts = cells.split(b"<table:table-cell")
            held = [i for i, part in enumerate(parts) if _HOLDS.search(part)]
            if held:
                rows = number
                wide = sum(_repeats(part.partition(b">")[0]) for part in parts[1 : held[-1] + 1])
                columns = max(columns, wide)
        _require_near(file, rows, columns)


def _repeats(tag: bytes) -> int:
    found = _REPEATED.search(tag)
    return int(found[1][:9]) if found else 1


def _require_near(file: File, rows: int, columns: int) -> None:
    if rows * columns > MOST_CELLS:
        raise ReadError(
            f"{file.name} has a sheet whose cells reach to row {rows:,} and column {columns:,}.",
            remedy="Delete what stands far right or below, or save the sheet as CSV.",
        )


def _cell(value: object) -> str:
    """Give a cell as text: whole numbers without decimals, dates as ISO 8601."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat()
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return "" if value is None else str(value)
