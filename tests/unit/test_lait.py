"""The LAIT: one figure a row, names that carry on, and polarity from the dictionary."""

import io
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from geo.errors import ReadError
from geo.read.file import File
from geo.read.kind import Peek
from layers.read.lait import COLUMNS, KIND, read_lait
from layers.status import Status

ROWS = (
    "RTA,Children killed or hurt,2016-18,Dorset,15.61,838.0,South West",
    "RTA,,2017-19,Dorset,-,838.0,South West",
    "RTA,,2016-18,England,17.75,970.0,",
    "CPP_Num,Children on a plan,2025,Dorset,278,838.0,South West",
    "CPP_Num,,2025 (Rev),Dorset,c,838.0,South West",
)


def written(*rows: str) -> File:
    text = "\n".join([",".join(COLUMNS), *rows, ""])
    return File.from_bytes("lait.csv", text.encode())


def workbook(*sheets: list[list[str]]) -> File:
    book = openpyxl.Workbook()
    for rows in sheets:
        sheet = book.create_sheet()
        for row in rows:
            sheet.append(row)
    book.remove(book.worksheets[0])
    content = io.BytesIO()
    book.save(content)
    return File.from_bytes("dictionary.xlsx", content.getvalue())


def test_the_name_of_an_item_carries_on_and_years_stay_as_written() -> None:
    published = read_lait(written(*ROWS))
    assert published.titles == {"RTA": "Children killed or hurt", "CPP_Num": "Children on a plan"}
    assert published.periods == ("2016-18", "2017-19", "2025", "2025 (Rev)")
    assert published.value("RTA", "838", "2016-18") == (15.61, Status.OK)
    assert published.value("RTA", "E92000001", "2016-18") == (17.75, Status.OK)
    value, status = published.value("RTA", "Dorset", "2017-19")
    assert np.isnan(value)
    assert status == Status.MISSING
    assert published.value("CPP_Num", "838", "2025 (Rev)")[1] == Status.SUPPRESSED
    assert published.ledger.used == 5


@pytest.mark.parametrize("form", ["csv", "second sheet"])
def test_polarity_comes_from_the_dictionary(form: str) -> None:
    rows = [["Short Desc", "Polarity"], ["RTA", "Low"], ["CPP_Num", "-"], ["Other", "odd"]]
    if form == "csv":
        text = "\n".join(",".join(row) for row in rows)
        dictionary = File.from_bytes("d.csv", text.encode())
    else:
        dictionary = workbook([["About", "this"], ["a", "b"]], rows)
    published = read_lait(written(*ROWS), dictionary=dictionary)
    assert published.polarity == {"RTA": "low", "CPP_Num": "none"}
    assert any(
        note.startswith("1 items of the dictionary have a polarity") for note in published.notes
    )


def test_an_item_that_the_dictionary_lacks_is_named() -> None:
    dictionary = File.from_bytes("d.csv", b"Short Desc,Polarity\nRTA,High\n")
    published = read_lait(written(*ROWS), dictionary=dictionary)
    assert published.polarity == {"RTA": "high"}
    assert "The dictionary does not hold CPP_Num." in published.notes


def test_rows_that_cannot_be_figures_are_rejected_with_their_reason() -> None:
    bad = (
        "RTA,,0,Dorset,1,838,",
        ",,2025,Dorset,1,838,",
        "RTA,,2025,,1,838,",
        "RTA,,2025,Dorset,lots,838,",
        "RTA,,2016-18,Dorset,9,838,",
    )
    ledger = read_lait(written(*ROWS, *bad)).ledger
    assert sorted((row.line, row.reason) for row in ledger.rejected) == [
        (7, "Years names no year"),
        (8, "Short Desc is blank"),
        (9, "LA and Regions is blank"),
        (10, "Values is neither a number nor a symbol"),
        (11, "the row repeats the item, years and area of another"),
    ]


def test_other_files_are_refused() -> None:
    with pytest.raises(ReadError, match="no Short Desc, Years, LA and Regions and 1 more"):
        read_lait(File.from_bytes("a.csv", b"a,b\n1,2\n"))
    with pytest.raises(ReadError, match="no table with the columns Short Desc and Polarity"):
        read_lait(written(*ROWS), dictionary=File.from_bytes("d.csv", b"a,b\n1,2\n"))


def test_the_kind_is_told_by_its_columns() -> None:
    assert KIND.matches(Peek(written(), COLUMNS, pd.DataFrame()))
    assert not KIND.matches(Peek(written(), ("a", "b"), pd.DataFrame()))


@pytest.mark.real_data
def test_the_real_table_keeps_every_row_but_those_without_a_year(real_data: Path) -> None:
    published = read_lait(real_data / "dfe" / "lait_long.csv.gz")
    ledger = published.ledger
    assert (ledger.read, ledger.used, len(ledger.rejected)) == (18_855, 18_850, 5)
    assert len(published.measures) == 434
    assert published.value("CPP_Num", "838", "2025") == (278.0, Status.OK)
    assert published.value("LACnum", "Durham", "2025")[0] == 1_183
    assert (published.status == Status.MISSING).sum() == 4_261
