"""A table as it was written: CSV or a sheet of a workbook, read in chunks, every row accounted for.

Encodings, separators, byte-order marks, title rows above the header and merged header cells are
handled here, once; what was assumed stands in `notes`. Cells leave as text without blanks around
them, empty where nothing was written; what they mean is the reader's business.

A CSV file is read in blocks. pyarrow takes a block where every line is one row of the right
length; any other block is read row by row, which gives the same rows, and the faults with their
lines. A quote that is opened and never closed costs its own line and no other.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from geo.errors import ReadError, named
from geo.ledger import Account
from geo.read.file import ARCHIVES, File, State, as_file, list_files
from geo.read.sheet import SHEETS, Row, Sheet, open_sheet, sheet_names
from geo.read.text import Written, text_blocks, written

CHUNK_ROWS = 50_000
LINE = "line"
BLOCK_BYTES = 2**23
FIRST_BLOCK_BYTES = 2**18
"""The first block is smaller, so that a look at the first rows costs little; the header and what
is judged by (separator, columns without a name) must stand in it."""
MOST_ABOVE_HEADER = 50
SAMPLE_ROWS = 200
MOST_CELL_CHARACTERS = 131_072
"""Longer cells are rejected, as Python's csv module does unless told otherwise."""
MOST_LINE_BYTES = 2**26
HEADER_FILL = 0.6
"""A header fills at least this share of the cells of the rows below it; a title does not."""
BLANKS = " \t\r\n\v\f\xa0\u2007\u202f\u3000"

IsHeader = Callable[[Sequence[str]], bool]

_SEPARATORS = ",;\t|"
_SEPARATOR_LINE = re.compile(r'"?sep=([,;\t|])"?[ \r\n]*', re.IGNORECASE)
_QUOTE_FAULT = "a quote is opened or closed in the middle of a cell, or never closed"
_ZERO_BYTE = "the row holds a zero byte"
_RIGHT_OF_LAST = "the row holds cells right of the last column"


@dataclass(frozen=True)
class RawTable:
    """An open table: what its columns are called, where its header stands, how it was written.

    Parameters
    ----------
    columns
        Header cells, trimmed, line breaks and runs of blanks made one blank; each is unique. A
        column without a name that holds something is called `column 7`.
    header_line
        Line (CSV) or row (workbook) of the header, counted from 1.
    sheet
        Name of the sheet; empty for a CSV file.
    encoding, separator
        As found; empty for a workbook.
    notes
        What was assumed or mended on the way in, for the person to see.
    above
        The rows above the header that are not blank: titles.
    """

    file: File
    columns: tuple[str, ...]
    header_line: int
    sheet: str = ""
    encoding: str = ""
    separator: str = ""
    notes: tuple[str, ...] = ()
    above: tuple[tuple[str, ...], ...] = ()
    slack: int = 0
    """Cells that a row may have beyond its columns, all blank: what Excel adds at the right."""
    _body: int = field(default=0, repr=False, compare=False)
    _state: State | None = field(default=None, repr=False, compare=False)
    _sheet: Sheet | None = field(default=None, repr=False, compare=False)

    def chunks(
        self, account: Account, *, columns: Sequence[str] | None = None, rows: int = CHUNK_ROWS
    ) -> Iterator[pd.DataFrame]:
        """Give the rows in frames of text, the index (`line`) being the line each row ends on.

        Every row that is not blank is entered in `account` as read; one with more or fewer cells
        than the header is rejected there and not given; so is the line on which a quote opens that
        is never closed. The caller accounts for those it is given.

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
        for read in self._batches(places, rows):
            for reason, lines in read.rejected.items():
                account.read(len(lines))
                account.reject(lines, reason, file=self.file.name)
            for start in range(0, len(read.lines), rows):
                part = slice(start, start + rows)
                frame = _frame(read.lines[part], read.cells.slice(start, rows), wanted)
                account.read(len(frame))
                yield frame
        self.file.require_state(self._state)

    def whole(self, account: Account, *, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Give all rows in one frame; for tables that are small by nature."""
        wanted = list(self.columns if columns is None else columns)
        frames = list(self.chunks(account, columns=columns))
        if not frames:
            return _frame(np.empty(0, dtype=np.int64), _table([], range(len(wanted))), wanted)
        return pd.concat(frames) if len(frames) > 1 else frames[0]

    def _batches(self, places: list[int], rows: int) -> Iterator["_Read"]:
        shape = _Shape(len(self.columns), self.slack, self.separator)
        if self._sheet is not None:
            yield from _sheet_batches(self._sheet, self.header_line, shape, places, rows)
        else:
            first = min(FIRST_BLOCK_BYTES, BLOCK_BYTES)
            blocks = text_blocks(self.file, self.encoding, BLOCK_BYTES, first=first)
            try:
                yield from _text_batches(blocks, self._body, self.header_line, shape, places)
            except _EndlessLineError as error:
                raise ReadError(
                    f"{self.file.name} has a line of more than {MOST_LINE_BYTES:,} bytes.",
                    remedy="Is it a table? Export it again as CSV.",
                ) from error


class _Shape(NamedTuple):
    """What a row must look like."""

    columns: int
    slack: int
    separator: str

    def fault(self, row: Sequence[str]) -> str | None:
        """Say why `row` is rejected, None where it is not."""
        if any("\0" in cell for cell in row):
            return _ZERO_BYTE
        if not self.columns <= len(row) <= self.columns + self.slack:
            return f"the row has {len(row)} cells under {self.columns} columns"
        if any(cell.strip(BLANKS) for cell in row[self.columns :]):
            return _RIGHT_OF_LAST
        return None


class _Read(NamedTuple):
    """Rows that are kept, their wanted cells and lines, and the lines of those that are not."""

    cells: pa.Table
    lines: npt.NDArray[np.int64]
    rejected: dict[str, list[int]]


def list_sheets(source: Path | str | File) -> tuple[str, ...]:
    """Name the sheets of a workbook, in order; () for a file that is no workbook.

    Raises
    ------
    ReadError
        When the workbook is locked, hostile or broken.
    """
    file = as_file(source)
    return sheet_names(file) if file.suffix in SHEETS else ()


def open_table(
    source: Path | str | File, *, sheet: str | None = None, is_header: IsHeader | None = None
) -> RawTable:
    """Open a table and find its header.

    Parameters
    ----------
    source
        A CSV file or workbook; one that is gzipped, or alone in a zip, is opened there.
    sheet
        Which sheet of a workbook; by default the one that `source` names, else its first.
    is_header
        Says of the trimmed cells of a row whether they are the header; by default it is the first
        row that fills at least 60 % of the cells that the fullest rows below fill, so that titles
        are passed. At most 50 rows are looked at.

    Returns
    -------
    RawTable
        Where column names repeat, or are missing, under a row of group names (merged cells), the
        name of the group is put before that of the column.

    Raises
    ------
    ReadError
        When the file is empty, no table, in an unknown encoding, has no such sheet or header, or
        two columns of one name.
    """
    file = as_file(source)
    sheet = sheet or file.sheet or None
    file = _single(file)
    if not file.size and file.suffix not in ARCHIVES:
        raise ReadError(
            f"{file.name} is empty (0 bytes) and has no header.",
            remedy="Export it again; if it is being downloaded, wait until that has ended.",
        )
    state = file.state()
    if file.suffix in SHEETS:
        opened = open_sheet(file, sheet)
        top = _Top(list(opened.top(MOST_ABOVE_HEADER + SAMPLE_ROWS)))
        table = RawTable(file, (), 0, opened.name, notes=opened.notes, _state=state, _sheet=opened)
    else:
        how = written(file)
        head = next(text_blocks(file, how.encoding, FIRST_BLOCK_BYTES), b"")
        separator, notes = _separator(head, how)
        top = _Top(_head_rows(head, separator, whole=len(head) < FIRST_BLOCK_BYTES // 2))
        table = RawTable(file, (), 0, "", how.encoding, separator, notes, _state=state)
    return _headed(table, top, is_header)


def _single(file: File) -> File:
    """Open the one file that an archive holds."""
    if file.suffix not in ARCHIVES:
        return file
    inside = list_files(file)
    if len(inside) != 1 or inside[0].suffix in ARCHIVES:
        raise ReadError(
            f"{file.name} holds {named(f.name for f in inside)}, not one table.",
            remedy="Unpack it and give the table.",
        )
    return inside[0]


# The header


class _Top:
    """The rows at the top of a table that are not blank."""

    def __init__(self, rows: Sequence[Row]) -> None:
        trimmed = [Row(r.line, [" ".join(c.split()) for c in r.cells], r.after) for r in rows]
        self.rows = [row for row in trimmed if any(row.cells)]

    def find(self, is_header: IsHeader | None) -> int | None:
        """Find where the header stands among the rows."""
        near = [i for i, row in enumerate(self.rows) if row.line <= MOST_ABOVE_HEADER]
        if is_header is not None:
            return next((i for i in near if is_header(self.rows[i].cells)), None)
        filled = [sum(map(bool, row.cells)) for row in self.rows]
        below = [_usual_fill(filled[i + 1 :]) for i in range(len(near))]
        return next((i for i in near if filled[i] >= HEADER_FILL * below[i]), None)


def _usual_fill(filled: list[int]) -> int:
    """Give the cells that the fullest rows fill, but for a few rows that are broken."""
    broken = max(len(filled) // 10, 1 if len(filled) > 2 else 0)
    return sorted(filled, reverse=True)[broken] if filled else 0


def _headed(table: RawTable, top: _Top, is_header: IsHeader | None) -> RawTable:
    at = top.find(is_header)
    if at is None:
        raise ReadError(
            f"{table.file.name} is empty or has no header.",
            remedy="Export it again, with the names of its columns in one row.",
        )
    header, notes = top.rows[at], list(table.notes)
    cells = header.cells
    if at and top.rows[at - 1].line == header.line - 1:
        cells = _grouped(cells, top.rows[at - 1].cells)
        if cells != header.cells:
            notes.append("the names of columns are put together from two rows of header")
    table = replace(table, header_line=header.line)
    cells, width, unnamed = _named_cells(table, cells, [row.cells for row in top.rows[at + 1 :]])
    if unnamed:
        notes.append(f"columns without a name are called {named(unnamed)}")
    if width > len(cells):
        notes.append(f"{width - len(cells)} blank columns at the right were left out")
    _require_distinct(table.file, cells)
    return replace(
        table,
        columns=tuple(cells),
        notes=tuple(notes),
        above=tuple(tuple(row.cells) for row in top.rows[:at]),
        slack=width - len(cells),
        _body=header.after,
    )


def _grouped(cells: list[str], groups: list[str]) -> list[str]:
    """Put the group's name before names that repeat, and in the place of those that are blank."""
    own = groups + [""] * (len(cells) - len(groups))
    counts = Counter(cell for cell in cells if cell)
    repeats = any(count > 1 for count in counts.values())
    blank = any(above and not cell for cell, above in zip(cells, own, strict=False))
    if not (repeats or blank) or sum(map(bool, groups)) < 2:
        return cells
    joined, group = [], ""
    for cell, above in zip(cells, own, strict=False):
        group = above or group
        joined.append(f"{group} {cell}".strip() if counts[cell] > 1 else cell or above)
    return joined


def _named_cells(
    table: RawTable, cells: list[str], sample: Sequence[Sequence[str]]
) -> tuple[list[str], int, list[str]]:
    """Give the columns' names, how many cells a row may have, and the names made up."""
    last = max(i for i, cell in enumerate(cells) if cell) + 1
    widths = Counter(len(row) for row in sample)
    width = max(len(cells), widths.most_common(1)[0][0] if widths else 0)
    rows: Iterable[Sequence[str]] = sample
    if table._sheet is not None and width > last:  # noqa: SLF001  the two are one idea
        below = islice(table._sheet.rows(), table.header_line, None)  # noqa: SLF001
        rows = (row.cells for row in below)
    held = [i for row in rows for i in range(last, min(width, len(row))) if row[i].strip(BLANKS)]
    if held and max(held) >= len(cells) and len(cells) == last:
        return cells, len(cells), []  # rows are wider than the header: they are rejected one by one
    columns = max([last, *(i + 1 for i in held)])
    cells = (cells + [""] * columns)[:columns]
    made = [f"column {i + 1}" for i, cell in enumerate(cells) if not cell]
    return [cell or f"column {i + 1}" for i, cell in enumerate(cells)], width, made


def _require_distinct(file: File, cells: Sequence[str]) -> None:
    count = Counter(cells)
    twice = [f"column {i + 1}" for i, cell in enumerate(cells) if count[cell] > 1]
    if twice:
        # by their place: a list without a header has a child's row where names should stand
        raise ReadError(
            f"{file.name} has several columns of one name: {named(twice)}.",
            remedy="Give each column a name of its own.",
        )


def _separator(head: bytes, how: Written) -> tuple[str, tuple[str, ...]]:
    """Tell the separator: what gives most rows of one length, and the longest of these."""
    text = head.decode("utf-8", errors="replace")
    lines = list(islice(io.StringIO(text, newline=""), SAMPLE_ROWS))
    told = _SEPARATOR_LINE.fullmatch(lines[0]) if lines else None
    if told:
        return told[1], (*how.notes, "the first line names the separator, as Excel writes it")

    def fitness(separator: str) -> tuple[float, int]:
        rows = [row.cells for row in _head_rows(head, separator, whole=False, most=SAMPLE_ROWS)]
        widths = Counter(len(row) for row in rows if any(cell.strip(BLANKS) for cell in row))
        wide = [(count, width) for width, count in widths.items() if width > 1]
        count, width = max(wide, default=(0, 1))
        return count / max(1, widths.total()), width

    # a separator that stands nowhere parts no row: parsing would only say so more slowly
    fit = {mark: fitness(mark) for mark in _SEPARATORS if any(mark in line for line in lines)}
    best = max(fit, key=lambda mark: fit[mark], default="")
    if not best or fit[best][0] == 0:  # one row that breaks off, or one column
        first = next((line for line in lines if line.strip(BLANKS)), "")
        best = max(_SEPARATORS, key=first.count)
    return best, how.notes


def _head_rows(head: bytes, separator: str, *, whole: bool, most: int | None = None) -> list[Row]:
    text = head.decode("utf-8", errors="replace")
    wanted = (most or MOST_ABOVE_HEADER + SAMPLE_ROWS) + 1
    lines = list(islice(io.StringIO(text, newline=""), wanted + 1))
    if len(lines) > wanted:
        lines.pop()
    elif not whole and len(lines) > 1 and not lines[-1].endswith(("\n", "\r")):
        lines.pop()  # the head breaks off in it
    first = 1 if lines and _SEPARATOR_LINE.fullmatch(lines[0]) else 0
    ends = np.cumsum([len(line.encode()) for line in lines])
    cursor = _Cursor(lines, first)
    return [
        Row(cursor.at, row, int(ends[cursor.at - 1]))
        for _, row in cursor.rows(separator, None, final=True)
        if row is not None
    ]


# Text, block by block


def _text_batches(
    blocks: Iterator[bytes], body: int, line: int, shape: _Shape, places: list[int]
) -> Iterator[_Read]:
    """Read what stands after `body` bytes and `line` lines."""
    carried, skipped = b"", 0
    for block in blocks:
        data = carried + block if carried else block
        if skipped < body:
            cut = min(body - skipped, len(data))
            skipped, data = skipped + cut, data[cut:]
        lines = _lines_of(data)
        read = _fast(lines, line, shape, places) if lines is not None else None
        if lines is not None and read is not None:
            carried, line = data[len(lines.data) :], line + len(lines.ends)
        else:
            done, passed, read = _slow(data, line, shape, places, final=False)
            carried, line = data[done:], line + passed
            if not done and len(carried) > MOST_LINE_BYTES:
                raise _EndlessLineError
        yield read
    yield _slow(carried, line, shape, places, final=True)[2]


class _EndlessLineError(Exception):
    """No line ends in more bytes than a line may have."""


class _Lines(NamedTuple):
    """Whole lines of a block in which every quote opens or closes a cell, or is written twice."""

    data: bytes
    ends: npt.NDArray[np.int64]
    """Where the newline of each line stands."""


def _lines_of(data: bytes) -> _Lines | None:
    """Cut a block after its last line before which quotes come in pairs; None where none is plain.

    Quotes are taken to open and close in turn. That is what they do where each one that opens
    follows a separator, a newline or a closing quote, and each that closes is before one of these.
    """
    if b"\0" in data or (b"\r" in data and data.count(b"\r") != data.count(b"\r\n")):
        return None
    marks = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(marks == ord("\n"))
    if b'"' in data:
        before = np.searchsorted(np.flatnonzero(marks == ord('"')), ends)
        ends = ends[: np.flatnonzero(before % 2 == 0).max(initial=-1) + 1]
    if not len(ends):
        return None
    size = int(ends[-1]) + 1
    return _Lines(data if size == len(data) else data[:size], ends)


def _fast(found: _Lines, line: int, shape: _Shape, places: list[int]) -> _Read | None:
    """Read lines with pyarrow; None where some line is not one row of the right length."""
    data, ends = found
    marks = np.frombuffer(data, dtype=np.uint8)
    lengths = np.diff(ends, prepend=-1) - 1
    too_long = lengths.max(initial=0) >= MOST_CELL_CHARACTERS
    if too_long or not _is_regular(marks, shape.separator):
        return None
    held = lengths > 0
    if b"\r" in data:
        held &= ~((lengths == 1) & (marks[ends - 1] == ord("\r")))
    width = _width_of(data, shape)
    extras = range(shape.columns, width)
    table = _arrow(data, shape.separator, width, [*(places or [0]), *extras])
    if table is None or table.num_rows != int(held.sum()):
        return None
    if any(_holds_text(table.column(str(place))) for place in extras):
        return None
    cells = _selected(table, places)
    lines = line + 1 + np.flatnonzero(held)
    return _without_blank(_Read(cells, lines, {}), found, held, shape.separator)


def _is_regular(marks: npt.NDArray[np.uint8], separator: str) -> bool:
    quotes = np.flatnonzero(marks == ord('"'))
    if not len(quotes):
        return True
    opening, closing = quotes[::2], quotes[1::2]
    edges = np.array([ord("\n"), ord("\r"), ord(separator)], dtype=np.uint8)
    if len(opening) != len(closing):
        return False
    after = marks[np.minimum(closing + 1, len(marks) - 1)]
    if not (np.isin(after, edges) | (after == ord('"'))).all():
        return False
    before = marks[np.maximum(opening - 1, 0)]
    twice = np.concatenate([[False], opening[1:] == closing[:-1] + 1])
    return bool(((opening == 0) | twice | np.isin(before, edges)).all())


def _width_of(data: bytes, shape: _Shape) -> int:
    """Guess from the first line how many cells the rows of a block have."""
    if not shape.slack:
        return shape.columns
    first = data[: data.find(b"\n") + 1].decode("utf-8", errors="replace")
    row = next(csv.reader([first], delimiter=shape.separator), [])
    return min(max(len(row), shape.columns), shape.columns + shape.slack)


def _arrow(data: bytes, separator: str, width: int, places: list[int]) -> pa.Table | None:
    names = [str(place) for place in range(width)]
    try:
        return pa.csv.read_csv(
            pa.BufferReader(data),
            read_options=pa.csv.ReadOptions(
                column_names=names, block_size=len(data) + 1, use_threads=False
            ),
            parse_options=pa.csv.ParseOptions(delimiter=separator, newlines_in_values=True),
            convert_options=pa.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()),
                strings_can_be_null=False,
                include_columns=[str(place) for place in dict.fromkeys(places)],
            ),
        )
    except (pa.ArrowException, ValueError):
        return None


def _selected(table: pa.Table, places: list[int]) -> pa.Table:
    """Give the wanted columns, trimmed."""
    if not places:
        return table.select([])
    columns = [_trimmed(table.column(str(place))) for place in places]
    return pa.table(columns, [str(place) for place in places])


def _without_blank(
    read: _Read, found: _Lines, held: npt.NDArray[np.bool_], separator: str
) -> _Read:
    """Leave out rows whose every cell is blank; only those blank in all wanted cells may be."""
    maybe = np.ones(len(read.lines), dtype=bool)
    for column in read.cells.columns:
        maybe &= pc.equal(pc.binary_length(column), 0).to_numpy()
    if not maybe.any():
        return read
    ends = found.ends[held]
    starts = np.concatenate([[0], found.ends[:-1] + 1])[held]
    blank = [
        i
        for i in np.flatnonzero(maybe).tolist()
        if _is_blank(found.data[starts[i] : ends[i]].decode(), separator)
    ]
    if not blank:
        return read
    kept = np.delete(np.arange(len(read.lines)), blank)
    return _Read(read.cells.take(pa.array(kept)), read.lines[kept], read.rejected)


def _is_blank(line: str, separator: str) -> bool:
    if line.strip(f'{BLANKS}"{separator}'):
        return False
    cells = next(csv.reader([line], delimiter=separator), []) if '"' in line else []
    return not any(cell.strip(BLANKS) for cell in cells)


def _slow(
    data: bytes, line: int, shape: _Shape, places: list[int], *, final: bool
) -> tuple[int, int, _Read]:
    """Read row by row as far as rows end in `data`: give the bytes, the lines, and the rows."""
    cut = len(data) if final else data.rfind(b"\n") + 1 or _after_return(data)
    lines = list(io.StringIO(data[:cut].decode("utf-8", errors="replace"), newline=""))
    cursor = _Cursor(lines)
    kept: list[list[str]] = []
    numbers: list[int] = []
    rejected: dict[str, list[int]] = {}
    for started, row in cursor.rows(shape.separator, shape, final=final):
        if row is None:
            rejected.setdefault(_QUOTE_FAULT, []).append(line + started + 1)
        elif any(cell.strip(BLANKS) for cell in row):
            fault = shape.fault(row)
            if fault:
                rejected.setdefault(fault, []).append(line + cursor.at)
            else:
                kept.append(row)
                numbers.append(line + cursor.at)
    done = len("".join(lines[: cursor.done]).encode())
    read = _Read(_table(kept, places), np.array(numbers, dtype=np.int64), rejected)
    return done, cursor.done, read


def _after_return(data: bytes) -> int:
    """End of the last line that a carriage return ends, where no other line ends are."""
    return data.rfind(b"\r", 0, len(data) - 1) + 1


class _Cursor:
    """Lines that csv reads rows from, set back to the next line where a quote is broken."""

    def __init__(self, lines: list[str], at: int = 0) -> None:
        self.lines = lines
        self.at = self.done = at
        self.ended = False

    def __iter__(self) -> "_Cursor":
        return self

    def __next__(self) -> str:
        if self.at >= len(self.lines):
            self.ended = True
            raise StopIteration
        self.at += 1
        return self.lines[self.at - 1]

    def rows(
        self, separator: str, shape: _Shape | None, *, final: bool
    ) -> Iterator[tuple[int, list[str] | None]]:
        """Give each row with the position of its first line; None for a line with a broken quote.

        A row over several lines that has the wrong length is a broken quote too: its first line
        is given up and reading goes on with the second. Without `final`, a row that the lines do
        not end is left for the next block.
        """
        reader = csv.reader(self, delimiter=separator, strict=True)
        while True:
            started, self.ended = self.at, False
            row: list[str] | None
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error:
                if self.ended and not final and self._may_go_on(started):
                    self.at = started
                    return
                row = None
            if row is None or (self.at - started > 1 and shape is not None and shape.fault(row)):
                row, self.at = None, started + 1
                reader = csv.reader(self, delimiter=separator, strict=True)
            self.done = self.at
            yield started, row

    def _may_go_on(self, started: int) -> bool:
        return sum(map(len, self.lines[started:])) <= 8 * MOST_CELL_CHARACTERS


# Workbooks


def _sheet_batches(
    sheet: Sheet, header: int, shape: _Shape, places: list[int], rows: int
) -> Iterator[_Read]:
    kept: list[list[str]] = []
    numbers: list[int] = []
    rejected: dict[str, list[int]] = {}
    for row in sheet.rows():
        if row.line <= header or not any(cell.strip(BLANKS) for cell in row.cells):
            continue
        cells = row.cells + [""] * (shape.columns - len(row.cells))
        fault = shape.fault(cells)
        if fault:
            rejected.setdefault(fault, []).append(row.line)
            continue
        kept.append(cells)
        numbers.append(row.line)
        if len(kept) == rows:
            yield _Read(_table(kept, places), np.array(numbers, dtype=np.int64), rejected)
            kept, numbers, rejected = [], [], {}
    yield _Read(_table(kept, places), np.array(numbers, dtype=np.int64), rejected)


# Frames


def _table(rows: Sequence[Sequence[str]], places: Sequence[int]) -> pa.Table:
    columns = [_trimmed(pa.array([row[p] for row in rows], pa.large_string())) for p in places]
    if not columns:
        return pa.table({"none": pa.nulls(len(rows))}).select([])
    return pa.table(columns, [str(place) for place in places])


def _trimmed(column: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    return pc.utf8_trim(column, characters=BLANKS)


def _holds_text(column: pa.ChunkedArray) -> bool:
    return bool(pc.any(pc.greater(pc.binary_length(_trimmed(column)), 0)).as_py())


def _frame(lines: npt.NDArray[np.int64], cells: pa.Table, columns: list[str]) -> pd.DataFrame:
    index = pd.Index(lines, dtype="int64", name=LINE)
    text = pd.StringDtype(na_value=np.nan)
    held = {i: pd.array(column, dtype=text) for i, column in enumerate(cells.columns)}
    frame = pd.DataFrame(held, index=index)
    frame.columns = pd.Index(columns, dtype="str")
    return frame
