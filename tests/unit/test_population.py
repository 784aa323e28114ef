"""Small area population estimates: both layouts, sums that must agree, years and vintages."""

import io

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import ReadError, ZonewrightError
from geo.read.file import File
from geo.read.kind import Peek
from layers.read.population import KIND, read_population

NEW_HEADER = [
    "LAD 2023 Code", "LAD 2023 Name", "LSOA 2021 Code", "LSOA 2021 Name", "Total",
    *(f"F{age}" for age in range(91)), *(f"M{age}" for age in range(91)),
]  # fmt: skip
OLD_HEADER = ["LSOA Code", "LSOA Name", "All Ages", *(str(age) for age in range(90)), "90+"]
A, B = "E01020373", "E01020374"


def new_row(code: str, each: int = 1, *, total: int | None = None) -> list[object]:
    ages = [each] * 182
    return ["E06000059", "Dorset", code, "x", sum(ages) if total is None else total, *ages]


def old_row(code: str, each: int = 1) -> list[object]:
    return [code, "x", 91 * each, *([each] * 91)]


def workbook(**sheets: list[list[object]]) -> File:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name.replace("_", " "))
        for row in rows:
            sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return File.from_bytes("sape.xlsx", content.getvalue())


def csv(header: list[str], *rows: list[object], name: str = "mid2020.csv") -> File:
    lines = [",".join(f'"{cell}"' for cell in row) for row in (header, *rows)]
    return File.from_bytes(name, "\n".join(lines).encode())


def test_females_and_males_are_added_up() -> None:
    title = [["Mid-2024 population estimates"], [""], ["Source: ONS"], NEW_HEADER]
    counts = read_population(
        workbook(
            Contents=[["What is here"]],
            Mid_2023_LSOA_2021=[*title[1:], new_row(A, 9)],
            Mid_2024_LSOA_2021=[*title, new_row(A), new_row(B, 2)],
        )
    )
    assert counts.measures.units == (A, B)
    assert counts.measures.keys == ("persons", "children", "children_0_4", "children_0_15")
    assert counts.measures.values.tolist() == [[182, 364], [36, 72], [10, 20], [32, 64]]
    assert (counts.vintage, counts.districts) == ("2021", ("E06000059", "E06000059"))
    assert {m.period for m in counts.measures.measures} == {"2024-06-30"}
    assert counts.source.vintage == "2024"


def test_a_year_can_be_asked_for() -> None:
    file = workbook(
        Mid_2022_LSOA_2021=[NEW_HEADER, new_row(A, 7)], Mid_2024_LSOA_2021=[NEW_HEADER, new_row(A)]
    )
    assert read_population(file, year=2022).measures.counts("persons").tolist() == [1274]
    with pytest.raises(ReadError, match="mid-2019 was wanted"):
        read_population(file, year=2019)


def test_the_older_layout_is_read_from_the_sheet_of_persons() -> None:
    counts = read_population(
        workbook(
            Mid_2020_Males=[OLD_HEADER, old_row(A, 5)],
            Mid_2020_Females=[OLD_HEADER, old_row(A, 6)],
            Mid_2020_Persons=[["Mid-2020: SAPE23DT2"], OLD_HEADER, old_row(A, 11)],
        )
    )
    assert counts.measures.values[:, 0].tolist() == [1001, 198, 55, 176]
    assert counts.vintage == "2011"
    assert any("LSOA 2011" in note for note in counts.notes)


def test_a_csv_tells_its_year_by_its_name_or_is_asked() -> None:
    file = csv(OLD_HEADER, old_row(A), name="sape-mid-2020.csv")
    assert read_population(file).measures.measures[0].period == "2020-06-30"
    nameless = csv(OLD_HEADER, old_row(A), name="people.csv")
    with pytest.raises(ReadError, match="tells no year"):
        read_population(nameless)
    assert read_population(nameless, year=2019).source.vintage == "2019"


def test_codes_first_given_out_in_2021_tell_the_vintage() -> None:
    file = csv(OLD_HEADER, old_row("E01035000"), name="mid-2022.csv")
    assert read_population(file).vintage == "2021"
    assert read_population(csv(OLD_HEADER, old_row(A), name="mid-2022.csv")).vintage == ""


def test_rows_that_contradict_themselves_are_rejected() -> None:
    half = old_row("E01000004")
    half[5] = "1.5"
    none = old_row("E01000005")
    none[5] = ""
    ledger = read_population(
        csv(OLD_HEADER, old_row(A), [*old_row(B)[:2], 92, *old_row(B)[3:]], old_row(A), half,
            old_row("nowhere"), old_row("E06000059"), none)
    ).ledger  # fmt: skip
    assert {(row.line, row.reason) for row in ledger.rejected} == {
        (3, "the total is not the sum of its ages"),
        (4, "the area stands twice"),
        (5, "an age is no whole number"),
        (6, "LSOA Code is no LSOA code"),
        (8, "an age is no whole number"),
    }
    assert (ledger.used, ledger.read, ledger.rows) == (1, 6, 7)
    assert ledger.passed_over[0].reason == "a larger area, not an LSOA"


def test_thousands_may_have_commas() -> None:
    row = [A, "x", "1,820", *["20"] * 91]
    assert read_population(csv(OLD_HEADER, row)).measures.counts("persons").tolist() == [1820]


def test_without_a_total_it_is_said_that_none_checks_the_ages() -> None:
    header = [c for c in OLD_HEADER if c != "All Ages"]
    notes = read_population(csv(header, [A, "x", *[1] * 91])).notes
    assert any("not checked" in note for note in notes)


def test_missing_ages_and_other_tables_are_refused() -> None:
    header = [c for c in OLD_HEADER if c not in {"3", "17"}]
    with pytest.raises(ReadError, match="3, 17 are missing"):
        read_population(csv(header, [A, "x", 89, *[1] * 89]))
    with pytest.raises(ReadError, match="no table of persons by single year"):
        read_population(csv(["LSOA21CD", "total"], [A, 5]))
    with pytest.raises(ReadError, match="holds no LSOA"):
        read_population(csv(OLD_HEADER, old_row("E06000059")))


@given(st.lists(st.integers(0, 10**4), min_size=91, max_size=91))
def test_children_are_never_more_than_persons(ages: list[int]) -> None:
    counts = read_population(csv(OLD_HEADER, [A, "x", sum(ages), *ages])).measures
    assert counts.counts("persons")[0] == sum(ages)
    assert counts.counts("children")[0] == sum(ages[:18])
    assert counts.counts("children_0_4")[0] <= counts.counts("children_0_15")[0]


@given(st.data())
def test_a_damaged_file_is_refused_or_accounted_for(data: st.DataObject) -> None:
    content = bytearray(csv(OLD_HEADER, old_row(A), old_row(B)).opener().read())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        counts = read_population(File.from_bytes("mid-2020.csv", bytes(content)))
    except ZonewrightError:
        return
    assert counts.ledger.used == len(counts.measures.units)
    assert np.isfinite(counts.measures.values).all()


@pytest.mark.parametrize(
    ("header", "is_kind"),
    [(NEW_HEADER, True), (OLD_HEADER, True), (["LSOA21CD", "LAD24CD", "total", "0-4"], False)],
)
def test_the_kind_is_told_by_columns(header: list[str], is_kind: bool) -> None:
    peek = Peek(File.from_bytes("x.csv", b""), tuple(header), pd.DataFrame(columns=header))
    assert KIND.matches(peek) == is_kind


@pytest.mark.real_data
def test_the_estimates_of_mid_2020_are_read_whole(real_data: object) -> None:
    counts = read_population(f"{real_data}/population/sape23dt2_mid2020_lsoa11.xlsx")
    assert counts.ledger.used == counts.ledger.read == 1035
    assert counts.measures.values.sum(axis=1).tolist() == [1_751_219, 346_049, 86_910, 308_634]
