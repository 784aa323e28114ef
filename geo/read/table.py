"""A table as it was written: CSV or a sheet of a workbook, read in chunks, every row accounted for.

Encodings, separators, byte-order marks, title rows above the header and merged header cells are
handled here, once; what was assumed stands in `notes`. Cells leave as text without blanks around
them, empty where nothing was written; what they mean is the reader's business.
"""

import codecs
import csv
import datetime as dt
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import python_calamine

from geo.errors import ReadError, named
from geo.ledger import Account
from geo.read.file import File, as_file

CHUNK_ROWS = 50_000
LINE = "line"
HEAD_BYTES = 2**16
MOST_ABOVE_HEADER = 50
SHEETS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")

IsHeader = Callable[[Sequence[str]], bool]


@dataclass(frozen=True)
class RawTable:
    """An open table: what its columns are called, where its header stands, how it was written.

    Parameters
    ----------
    columns
        Header cells, trimmed, line breaks and runs of blanks made one blank; each is unique.
    header_line
        Line (CSV) or row (workbook) of the header, counted from 1.
    sheet
        Name of the sheet; empty for a CSV file.
    encoding, separator
        As found; empty for a workbook.
    notes
        What was assumed or mended on the way in, for the person to see.
    """

    file: File
    columns: tuple[str, ...]
    header_line: int
    sheet: str = ""
    encoding: str = ""
    separator: str = ""
    notes: tuple[str, ...] = ()

    def chunks(
        self, account: Account, *, columns: Sequence[str] | None = None, rows: int = CHUNK_ROWS
    ) -> Iterator[pd.DataFrame]:
        """Give the rows in frames of text, the index (`line`) being the line each row ends on.

        Every row that is not blank is entered in `account` as read; one with more or fewer cells
        than the header is rejected there and not given. The caller accounts for those it is given.

        Parameters
        ----------
        columns
            The columns wanted, all by default.
        rows
            At most so many rows in a frame; the file is never held whole.

        Raises
        ------
        ReadError
            When the file breaks off, changes while it is read, or has bytes that are no text.
        """
        wanted = list(self.columns if columns is None else columns)
        places = [self.columns.index(column) for column in wanted]
        lines: list[int] = []
        cells: list[list[str]] = []
        for line, row in self._rows():
            if line <= self.header_line or not any(cell.strip() for cell in row):
                continue
            account.read(1)
            if len(row) != len(self.columns):
                account.reject(
                    [line],
                    f"the row has {len(row)} cells under {len(self.columns)} columns",
                    file=self.file.name,
                )
                continue
            lines.append(line)
            cells.append([row[i].strip() for i in places])
            if len(lines) == rows:
                yield _frame(lines, cells, wanted)
                lines, cells = [], []
        if lines:
            yield _frame(lines, cells, wanted)

    def whole(self, account: Account, *, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Give all rows in one frame; for tables that are small by nature."""
        wanted = list(self.columns if columns is None else columns)
        frames = list(self.chunks(account, columns=columns))
        return pd.concat(frames) if frames else _frame([], [], wanted)

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        if self.sheet:
            yield from _sheet_rows(self.file, self.sheet)
        else:
            yield from _text_rows(self.file, self.encoding, self.separator)


def list_sheets(source: Path | str | File) -> tuple[str, ...]:
    """Name the sheets of a workbook, in order; () for a file that is no workbook."""
    file = as_file(source)
    return tuple(_workbook(file).sheet_names) if file.suffix in SHEETS else ()


def open_table(
    source: Path | str | File, *, sheet: str | None = None, is_header: IsHeader | None = None
) -> RawTable:
    """Open a table and find its header.

    Parameters
    ----------
    sheet
        Which sheet of a workbook; its only or first one by default.
    is_header
        Says of the trimmed cells of a row whether they are the header; by default it is the first
        row that is not blank. At most 50 rows are looked at.

    Raises
    ------
    ReadError
        When the file is empty, no table, in an unknown encoding, has no such sheet or header, or
        two columns of one name.
    """
    file = as_file(source)
    if file.suffix in SHEETS:
        names = list_sheets(file)
        if sheet is None and len(names) > 1:
            sheet = names[0]
        chosen = sheet or names[0]
        if chosen not in names:
            raise ReadError(
                f"{file.name} has no sheet '{chosen}'.", remedy=f"It has {named(names)}."
            )
        rows, encoding, separator = _sheet_rows(file, chosen), "", ""
    else:
        chosen = ""
        encoding, separator = _written(file)
        rows = _text_rows(file, encoding, separator)
    for line, row in rows:
        cells = [" ".join(cell.split()) for cell in row]
        if not any(cells):
            continue
        if is_header is None or is_header(cells):
            return RawTable(file, tuple(cells), line, chosen, encoding, separator)
        if line > MOST_ABOVE_HEADER:
            break
    raise ReadError(f"{file.name} is empty or has no header.", remedy="Export it again.")


def _written(file: File) -> tuple[str, str]:
    """Tell the encoding and the separator from the first bytes."""
    with file.open() as stream:
        head = stream.read(HEAD_BYTES)
    encoding = "utf-8-sig" if head.startswith(codecs.BOM_UTF8) else "utf-8"
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        encoding = "cp1252"
        text = head.decode(encoding, errors="replace")
    first = next((line for line in text.splitlines() if line.strip()), "")
    return encoding, max(",;\t|", key=first.count)


def _text_rows(file: File, encoding: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    with file.open() as stream, io.TextIOWrapper(stream, encoding=encoding, newline="") as text:
        reader = csv.reader(text, delimiter=separator, strict=True)
        try:
            for row in reader:
                yield reader.line_num, row
        except (csv.Error, UnicodeDecodeError) as error:
            raise ReadError(
                f"{file.name}, line {reader.line_num + 1}, is no table ({error}).",
                remedy="Save it as 'CSV UTF-8' (in Excel: Save as, CSV UTF-8).",
            ) from error


def _sheet_rows(file: File, sheet: str) -> Iterator[tuple[int, list[str]]]:
    for number, row in enumerate(_workbook(file).get_sheet_by_name(sheet).iter_rows(), start=1):
        yield number, [_cell(value) for value in row]


def _cell(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat()
    return "" if value is None else str(value)


def _workbook(file: File) -> Any:
    with file.open() as stream:
        return python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(stream.read()))


def _frame(lines: list[int], cells: list[list[str]], columns: list[str]) -> pd.DataFrame:
    index = pd.Index(lines, dtype="int64", name=LINE)
    return pd.DataFrame(cells, index=index, columns=columns, dtype="str")
