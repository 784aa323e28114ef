"""Tables are read however they were saved, every row is accounted for, none is held too long."""

import csv
import gzip
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import ReadError, ZonewrightError
from geo.ledger import Account, Ledger
from geo.read import table as module
from geo.read.file import File
from geo.read.table import list_sheets, open_table

ROWS = [["E01", "3"], ["E02", "4"]]


def read(content: bytes | str, name: str = "a.csv") -> tuple[pd.DataFrame, Ledger]:
    """Read all rows, using every one."""
    content = content.encode() if isinstance(content, str) else content
    opened = open_table(File.from_bytes(name, content))
    account = Account(name)
    frame = opened.whole(account)
    account.use(len(frame))
    return frame, account.close()


def cells(content: bytes | str, name: str = "a.csv") -> list[list[str]]:
    frame, _ = read(content, name)
    return [list(frame.columns), *frame.to_numpy().tolist()]


def notes(content: bytes | str, name: str = "a.csv") -> str:
    content = content.encode() if isinstance(content, str) else content
    return "; ".join(open_table(File.from_bytes(name, content)).notes)


def rejected(content: bytes | str) -> list[tuple[int, str]]:
    return [(row.line, row.reason) for row in read(content)[1].rejected]


def workbook(rows: list[list[object]], *, title: str = "Data") -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


# How text is written


@pytest.mark.parametrize(
    "content",
    [
        b"unit,n\nE01,3\nE02,4\n",
        b"unit,n\r\nE01,3\r\nE02,4",
        b"unit,n\rE01,3\rE02,4\r",
        b"\xef\xbb\xbfunit;n\nE01;3\nE02;4\n",
        b"unit\tn\nE01\t3\nE02\t4\n",
        b"unit|n\n\n E01 | 3\n ,\n\nE02|4\n".replace(b",", b"|"),
        b'"unit","n"\n"E01","3"\n"E02","4"\n',
        b"sep=;\nunit;n\nE01;3\nE02;4\n",
        b"sep=\t\r\nunit\tn\nE01\t3\nE02\t4\n",
        b"\x1c,\x1c\nunit,n\nE01,3\nE02,4\n",
        b"unit,n,,\nE01,3,,\nE02,4,,\n,,,\n",
        b"unit,n\nE01,3,\nE02,4,\n",
        b"Counts of Dorset\n\nunit,n\nE01,3\nE02,4\n",
        "unit,n\nE01,3\nE02,4\n".encode("utf-16"),
        "unit,n\nE01,3\nE02,4\n".encode("utf-16-le"),
        "unit,n\nE01,3\nE02,4\n".encode("utf-32"),
    ],
)
def test_a_table_is_read_however_it_was_saved(content: bytes) -> None:
    assert cells(content) == [["unit", "n"], *ROWS]


def test_lines_are_those_of_the_file() -> None:
    frame, ledger = read('a,b\n\n1,2\n"x\ny",3\n\r\n4\n5,6\n')
    assert frame.index.tolist() == [3, 5, 8]
    assert frame.index.name == "line"
    assert [(r.line, r.reason) for r in ledger.rejected] == [
        (7, "the row has 1 cells under 2 columns")
    ]
    assert ledger.read == 4


def test_cells_are_trimmed_text_and_blank_ones_empty() -> None:
    frame, _ = read("a,b,c\n 1 ,\u00a0NA\t,\nnull,,-\n")
    assert frame.to_numpy().tolist() == [["1", "NA", ""], ["null", "", "-"]]
    assert all(isinstance(kind, pd.StringDtype) for kind in frame.dtypes)
    assert not frame.isna().any(axis=None)


def test_a_letter_outside_ascii_late_in_the_file_still_tells_the_encoding() -> None:
    rows = "".join(f"{i},School {i}\n" for i in range(200_000))
    content = f"URN,name\n{rows}9,Caf\u00e9 \u2013 \u2018x\u2019\n".encode("cp1252")
    frame, _ = read(content)
    assert len(frame) == 200_001
    assert frame["name"].iloc[-1] == "Caf\u00e9 \u2013 \u2018x\u2019"
    assert notes(content) == "the text is no UTF-8 and is taken for Windows-1252"


def test_a_letter_in_utf_8_cut_by_a_block_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK_BYTES", 5)
    assert cells("a,b\n\u00e9\u00e9,\u20ac\n\U0001f600,x\n")[1:] == [
        ["\u00e9\u00e9", "\u20ac"],
        ["\U0001f600", "x"],
    ]


def test_another_encoding_is_guessed_and_said() -> None:
    text = "".join(f"{i},\u0160koda \u0165a\u017ek\u00e1 \u010dlov\u011bk\n" for i in range(50))
    content = ("a,b\n" + text).encode("cp1250")
    assert len(cells(content)) == 51
    assert "is taken for" in notes(content)


@pytest.mark.parametrize("told", ["\u20ac", '"', "x"])
def test_a_line_that_tells_no_separator_is_a_row_like_any_other(told: str) -> None:
    assert cells(f"sep={told}\na;b\n1;2\n")[-1] == ["1", "2"]


def test_the_separator_is_the_one_that_gives_rows_of_one_length() -> None:
    assert cells("unit;name, other\nE01;A, B, C\nE02;D\n")[1] == ["E01", "A, B, C"]
    assert cells("x;y\n1,5;2,5\n3,5;4,5\n")[1] == ["1,5", "2,5"]


def test_what_excel_added_is_left_out_and_said() -> None:
    assert notes("sep=;\na;b\n1;2\n") == "the first line names the separator, as Excel writes it"
    assert notes("a,b,,\n1,2,,\n") == "2 blank columns at the right were left out"
    assert cells("a,,b\n1,2,3\n")[0] == ["a", "column 2", "b"]
    assert notes("a,b,\n1,2,x\n") == "columns without a name are called column 3"


def test_cells_right_of_the_last_column_reject_their_row() -> None:
    rows = "1,2,,\n" * 300
    assert rejected(f"a,b,,\n{rows}1,2,,x\n") == [
        (302, "the row holds cells right of the last column")
    ]


def test_a_zero_byte_rejects_its_row() -> None:
    assert rejected(b"unit,n\nE01,3\nE0\x002,4\nE03,4\n" + b"E04,5\n" * 20) == [
        (3, "the row holds a zero byte")
    ]


# Quotes


def test_a_cell_may_hold_separators_quotes_and_line_ends() -> None:
    assert cells('a,b\n"x, ""y""\nz",2\n')[1] == ['x, "y"\nz', "2"]


def test_quotes_within_a_cell_that_is_not_quoted_stand_for_themselves() -> None:
    assert cells('a,b\n5" pipe,2\n3" x 4",5\n')[1:] == [['5" pipe', "2"], ['3" x 4"', "5"]]


@pytest.mark.parametrize("after", [0, 3, 5_000])
def test_a_broken_quote_costs_its_own_line_and_no_other(after: int) -> None:
    content = 'a,b\n1,2\n"3,4\n' + "5,6\n" * after
    frame, ledger = read(content)
    assert len(frame) == 1 + after
    assert [(r.line, "quote" in r.reason) for r in ledger.rejected] == [(3, True)]


def test_a_broken_quote_does_not_take_the_next_quoted_cell_with_it() -> None:
    frame, ledger = read('a,b\n"1,2\n3,"4"\n5,"6\n7",8,9\n1,2\n')
    assert frame.index.tolist() == [3, 6]
    assert [r.line for r in ledger.rejected] == [2, 4, 5]


def test_a_cell_of_endless_length_is_rejected() -> None:
    frame, ledger = read("a,b\n" + "x" * 200_000 + ",1\n2,3\n")
    assert (frame.index.tolist(), [r.line for r in ledger.rejected]) == ([3], [2])


def test_a_line_that_never_ends_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK_BYTES", 2**16)
    monkeypatch.setattr(module, "MOST_LINE_BYTES", 2**20)
    with pytest.raises(ReadError, match=r"a\.csv has a line of more than 1,048,576 bytes"):
        read("a,b\n1,2\n" + "x" * 2**21)


# The header


def test_names_of_columns_that_repeat_are_refused() -> None:
    with pytest.raises(
        ReadError, match=r"a\.csv has several columns of one name: column 1, column 3\."
    ):
        read("n,unit,n\n1,2,3\n")


def test_a_row_of_groups_above_tells_columns_of_one_name_apart() -> None:
    content = "Children,,2019,,2020,\n,,All,Girls,All,Girls\nE01,x,1,2,3,4\nE02,y,1,2,3,4\n"
    found = open_table(File.from_bytes("a.csv", content.encode()))
    assert found.columns[2:] == ("2019 All", "2019 Girls", "2020 All", "2020 Girls")
    assert found.header_line == 2
    assert found.above == (("Children", "", "2019", "", "2020", ""),)
    assert "two rows of header" in found.notes[0]


def test_a_name_merged_over_both_rows_of_the_header_is_kept() -> None:
    rows: list[list[object]] = [
        ["Code", "Girls", None, "Total"],
        [None, "0-4", "5-9", None],
        ["E01", 1, 2, 3],
        ["E02", 1, 2, 3],
    ]
    found = open_table(
        File.from_bytes("a.xlsx", workbook(rows)), is_header=lambda row: "0-4" in row
    )
    assert found.columns == ("Code", "0-4", "5-9", "Total")


def test_the_header_may_be_told_by_what_it_holds() -> None:
    opened = open_table(
        File.from_bytes("a.csv", b"x,y\nunit,n\n1,2\n"), is_header=lambda row: "unit" in row
    )
    assert (opened.columns, opened.header_line) == (("unit", "n"), 2)
    with pytest.raises(ReadError, match="is empty or has no header"):
        open_table(File.from_bytes("a.csv", b"x,y\n1,2\n"), is_header=lambda row: "unit" in row)


def test_line_breaks_in_names_of_columns_are_blanks() -> None:
    opened = open_table(File.from_bytes("a.csv", b'"LSOA  code\n(2011)",n\nE01,1\n'))
    assert (opened.columns, opened.header_line) == (("LSOA code (2011)", "n"), 2)
    assert opened.whole(Account("a")).index.tolist() == [3]


# What is refused


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", r"a\.csv is empty \(0 bytes\)"),
        ("a.csv", b"\n \n", "is empty or has no header"),
        ("a.csv", b"\x00" * 500, "holds zero bytes and is no table"),
        ("a.csv", b"PK\x03\x04abc", "its content is a zip or a workbook"),
        ("a.csv", b"<!DOCTYPE html><p>Sign in", "its content is a web page"),
        ("a.csv", b"%PDF-1.4", "its content is a PDF"),
        ("a.csv.part", b"a,b\n1,2\n", "is still being downloaded"),
        ("a.csv", "a,b\n1,2\n".encode("utf-16")[:-1], "bytes that are no text"),
        ("a.xlsx", b"", r"a\.xlsx is empty \(0 bytes\)"),
        ("a.xlsx", b"a,b\n1,2\n", "cannot be read as a workbook"),
        ("a.xls", b"<html><table>", "cannot be read as a workbook"),
        ("a.xlsx", workbook([[1]])[:900], "is no complete zip"),
    ],
)
def test_what_is_no_table_is_refused_with_one_clear_error(
    name: str, content: bytes, message: str
) -> None:
    with pytest.raises(ReadError, match=message):
        read(content, name)


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n")
    opened = open_table(path)
    with path.open("a") as stream:
        stream.write("3,4\n")
    with pytest.raises(ReadError, match=r"a\.csv changed while it was read; it is still being"):
        opened.whole(Account("a"))


# Workbooks


def test_a_sheet_gives_what_a_person_sees() -> None:
    rows = [
        ["Title", None, None],
        [None, None, None],
        ["unit", "n", "when"],
        ["E01", 5.0, pd.Timestamp("2024-03-31")],
        ["E02", 2.5, True],
        [None, None, None],
        ["E03", None, pd.Timestamp("2024-03-31 12:30")],
    ]
    frame, ledger = read(workbook(rows), "a.xlsx")
    assert frame.to_numpy().tolist() == [
        ["E01", "5", "2024-03-31"],
        ["E02", "2.5", "TRUE"],
        ["E03", "", "2024-03-31T12:30:00"],
    ]
    assert frame.index.tolist() == [4, 5, 7]
    assert ledger.read == 3


def test_sheets_are_named_and_chosen() -> None:
    file = File.from_bytes("a.xlsx", workbook([["a", "b"], [1, 2]]))
    assert list_sheets(file) == ("Data",)
    assert open_table(file, sheet="Data").sheet == "Data"
    assert list_sheets(File.from_bytes("a.csv", b"a")) == ()
    with pytest.raises(ReadError, match=r"has no sheet 'Other'. It has Data"):
        open_table(file, sheet="Other")


def test_a_comment_far_right_in_a_sheet_is_a_column_of_its_own() -> None:
    rows: list[list[object]] = [["a", "b", None], *[[1, 2, None]] * 300, [1, 2, "see here"]]
    frame, ledger = read(workbook(rows), "a.xlsx")
    assert list(frame.columns) == ["a", "b", "column 3"]
    assert ledger.rejected == ()


def test_errors_in_cells_are_text() -> None:
    rows: list[list[object]] = [[None] * 3, [None, "a", "b"], [None, "#N/A", 2], [None, 3, "#REF!"]]
    assert cells(workbook(rows, title="R&D 'x'"), "a.xlsx") == [
        ["a", "b"],
        ["#N/A", "2"],
        ["3", "#REF!"],
    ]


def test_cells_that_lie_too_far_apart_are_refused() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["A1"], sheet["XFD1048576"] = "a", "b"
    stream = io.BytesIO()
    book.save(stream)
    with pytest.raises(ReadError, match="reach to row 1,048,576 and column 16,384"):
        read(stream.getvalue(), "a.xlsx")


@pytest.mark.parametrize("kind", ["gz", "zip"])
def test_a_table_alone_in_an_archive_is_opened_there(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.csv.{kind}"
    if kind == "gz":
        path.write_bytes(gzip.compress(b"unit,n\nE01,3\nE02,4\n"))
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.csv", "unit,n\nE01,3\nE02,4\n")
    assert open_table(path).whole(Account("a")).to_numpy().tolist() == ROWS


# Both ways of reading text agree, whatever is in the file


PIECES = st.lists(
    st.sampled_from(
        [
            ",",
            ",",
            ",",
            "\n",
            "\n",
            "\r\n",
            '"',
            '""',
            "a",
            "b1",
            " ",
            "\u00e9",
            "x,y\n",
            '"q,\nr",s\n',
        ]
    ),
    max_size=60,
).map("".join)


def account_of(content: bytes, patch: pytest.MonkeyPatch, *, block: int, fast: bool) -> object:
    with patch.context() as inner:
        inner.setattr(module, "BLOCK_BYTES", block)
        if not fast:
            inner.setattr(module, "_lines_of", lambda _: None)
        file = File.from_bytes("a.csv", content)
        opened = open_table(file, is_header=lambda row: row[:2] == ["p", "q"])
        results = []
        for columns in (None, opened.columns[:1]):
            account = Account("a")
            frame = opened.whole(account, columns=columns)
            account.use(len(frame))
            ledger = account.close()
            results.append(
                (
                    frame.to_numpy().tolist(),
                    frame.index.tolist(),
                    sorted((r.line, r.reason) for r in ledger.rejected),
                    ledger.read,
                )
            )
        return results


@given(body=PIECES, block=st.integers(1, 40))
def test_both_ways_of_reading_and_every_size_of_block_agree(body: str, block: int) -> None:
    content = ("p,q\n" + body).encode()
    with pytest.MonkeyPatch.context() as patch:
        want = account_of(content, patch, block=2**20, fast=False)
        assert account_of(content, patch, block=2**20, fast=True) == want
        assert account_of(content, patch, block=block, fast=True) == want
        assert account_of(content, patch, block=block, fast=False) == want


@given(
    rows=st.lists(
        st.lists(st.text("ab,;\"\n '\u00e9", max_size=6), min_size=3, max_size=3), max_size=20
    ),
    block=st.integers(1, 64),
)
def test_what_was_written_reads_back_and_adds_up(rows: list[list[str]], block: int) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([["one", "two", "three"], *rows])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK_BYTES", block)
        frame, ledger = read(text.getvalue())
    want = [[cell.strip() for cell in row] for row in rows]
    assert frame.to_numpy().tolist() == [row for row in want if any(row)]
    assert ledger.read == ledger.used


@given(content=st.binary(max_size=300), name=st.sampled_from(["a.csv", "a.xlsx", "a.zip", "a.ods"]))
def test_whatever_the_bytes_only_our_errors_come_out(content: bytes, name: str) -> None:
    try:
        read(content, name)
    except ZonewrightError:
        return


SMALL_BOOK = workbook([["unit", "n"], ["E01", 3], ["E02", 4]])


@given(data=st.data())
def test_a_workbook_with_bytes_changed_gives_rows_or_our_error(data: st.DataObject) -> None:
    content = bytearray(SMALL_BOOK)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        read(bytes(content), "a.xlsx")
    except ZonewrightError:
        return


# Size

MEASURE = """
import resource, sys
from geo.ledger import Account
from geo.read.table import open_table
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before = peak()
account = Account("big")
for frame in open_table(sys.argv[1]).chunks(account, columns=["c"]):
    account.use(len(frame))
print(account.close().read, peak() - before)
"""


def test_a_file_is_never_held_whole(tmp_path: Path) -> None:
    pytest.importorskip("resource")
    path = tmp_path / "big.csv"
    row = "E01020350,2025-01,On or near High Street,Anti-social behaviour," + "x" * 70 + "\n"
    path.write_text("a,b,c,d,e\n" + row * 500_000)
    assert path.stat().st_size > 60 * 2**20
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    rows, used_mb = done.stdout.split()
    assert int(rows) == 500_000
    assert float(used_mb) < 60  # of the file's 64 MB; blocks of 8 MB and what is made of them


@pytest.mark.real_data
def test_published_tables_are_read_without_a_row_rejected(real_data: Path) -> None:
    for path in sorted(real_data.rglob("*.csv")):
        _, ledger = read(path.read_bytes())
        assert ledger.rejected == ()
    population = real_data / "population" / "sape23dt2_mid2020_lsoa11.xlsx"
    opened = open_table(population)
    assert (opened.header_line, opened.columns[:3]) == (5, ("LSOA Code", "LSOA Name", "All Ages"))
