"""Census tables as Nomis writes them: residents, households, ages, and columns of one's own."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import ReadError, ZonewrightError
from geo.read.file import File
from geo.read.kind import Peek
from layers.read.census import KIND, read_census

A, B = "E01020373", "E01020374"
START = ["date", "geography", "geography code"]
VALUE = "; measures: Value"
TS001 = [*START, f"Residence type: Total{VALUE}", f"Residence type: Lives in a household{VALUE}"]
TS003 = [*START, f"Household composition: Total{VALUE}",
         f"Household composition: Single family household: Lone parent family{VALUE}"]  # fmt: skip
BANDS = ["Total", "Aged 4 years and under", "Aged 5 to 9 years", "Aged 10 to 14 years",
         "Aged 15 to 19 years"]  # fmt: skip
TS007A = [*START, *(f"Age: {band}{VALUE}" for band in BANDS)]
TS007 = [*TS007A, *(f"Age: Aged {age} years{VALUE}" for age in (15, 16, 17))]


def table(header: list[str], *rows: list[object]) -> File:
    lines = [",".join(f'"{cell}"' for cell in row) for row in (header, *rows)]
    return File.from_bytes("census.csv", "\n".join(lines).encode())


def row(code: str, *counts: object, year: str = "2021") -> list[object]:
    return [year, "x", code, *counts]


def test_usual_residents_are_persons() -> None:
    counts = read_census(table(TS001, row(A, 1500, 1490), row(B, 0, 0)))
    assert counts.measures.keys == ("persons",)
    assert counts.measures.counts("persons").tolist() == [1500, 0]
    assert counts.measures.measure("persons").period == "2021-03-21"
    assert counts.measures.measure("persons").counts == "people"
    assert counts.vintage == "2021"


@pytest.mark.parametrize("header", [TS003, [*START, "Number of Households" + VALUE, "b"]])
def test_households_are_households(header: list[str]) -> None:
    counts = read_census(table(header, row(A, 640, 51)))
    assert counts.measures.counts("households").tolist() == [640]
    assert counts.measures.measure("households").counts == "households"


def test_bands_of_five_years_tell_no_children_under_16_or_18_and_it_is_said() -> None:
    counts = read_census(table(TS007A, row(A, 1000, 50, 60, 70, 80)))
    assert counts.measures.keys == ("persons", "children_0_4")
    assert counts.measures.values[:, 0].tolist() == [1000, 50]
    assert sum("cannot be told" in note for note in counts.notes) == 2


def test_single_years_tell_children() -> None:
    counts = read_census(table(TS007, row(A, 1000, 50, 60, 70, 80, 15, 16, 17)))
    assert counts.measures.counts("children").tolist() == [50 + 60 + 70 + 15 + 16 + 17]
    assert counts.measures.counts("children_0_15").tolist() == [50 + 60 + 70 + 15]


def test_a_column_of_ones_own_is_read_by_its_header() -> None:
    header = "Household composition: Single family household: Lone parent family"
    counts = read_census(table(TS003, row(A, 640, 51)), columns={"lone_parents": header})
    assert counts.measures.counts("lone_parents").tolist() == [51]
    assert counts.measures.measure("lone_parents").counts == "households"


def test_the_census_of_2011_is_of_2011() -> None:
    header = [*START, "Age: All usual residents; measures: Value"]
    counts = read_census(table(header, row(A, 1400, year="2011")))
    assert counts.vintage == "2011"
    assert counts.measures.measure("persons").period == "2011-03-27"


def test_larger_areas_and_other_years_are_passed_over() -> None:
    rows = (row(A, 1, 1), row("E06000059", 9, 9), row(B, 1, 1, year="2011"))
    ledger = read_census(table(TS001, *rows)).ledger
    assert (ledger.used, ledger.read, ledger.rows) == (1, 1, 3)
    assert {p.reason for p in ledger.passed_over} == {
        "a larger area, not an LSOA", "another census year",
    }  # fmt: skip


def test_rows_that_cannot_be_are_rejected() -> None:
    rows = (row(A, 1, 1), row(A, 2, 2), row(B, "c", 1), row("x", 1, 1), row("E01000009", 1.5, 1))
    rejected = read_census(table(TS001, *rows)).ledger.rejected
    assert {(r.line, r.reason) for r in rejected} == {
        (3, "the area stands twice"),
        (4, "Usual residents is no whole number"),
        (5, "geography code is no LSOA code"),
        (6, "Usual residents is no whole number"),
    }


def test_unknown_tables_rates_and_missing_columns_are_refused() -> None:
    other = [*START, f"Tenure: Owned{VALUE}"]
    with pytest.raises(ReadError, match="counts nothing known by name; its columns are Tenure"):
        read_census(table(other, row(A, 1)))
    with pytest.raises(ReadError, match="has no column Tenure: Rented"):
        read_census(table(other, row(A, 1)), columns={"rented": "Tenure: Rented"})
    share = [*START, "Tenure: Owned; measures: Percent"]
    with pytest.raises(ReadError, match="holds rates"):
        read_census(table(share, row(A, 1)), columns={"owned": share[-1]})
    with pytest.raises(ReadError, match="no column of codes"):
        read_census(table(["a", "b"], [1, 2]))
    with pytest.raises(ReadError, match="holds no LSOA"):
        read_census(table(TS001, row("E06000059", 1, 1)))
    with pytest.raises(ReadError, match="holds no LSOA"):
        read_census(table(TS001))


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_totals_are_those_of_the_file(people: list[int]) -> None:
    rows = [row(f"E010{i:05d}", n, n) for i, n in enumerate(people)]
    assert read_census(table(TS001, *rows)).measures.counts("persons").sum() == sum(people)


@given(st.data())
def test_a_damaged_file_is_refused_or_accounted_for(data: st.DataObject) -> None:
    content = bytearray(table(TS007, row(A, 9, 1, 1, 1, 1, 1, 1, 1)).opener().read())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        counts = read_census(File.from_bytes("x.csv", bytes(content)))
    except ZonewrightError:
        return
    assert counts.ledger.used == len(counts.measures.units)


@pytest.mark.parametrize(
    ("header", "is_kind"), [(TS001, True), (TS007, True), (["LSOA21CD", "total"], False)]
)
def test_the_kind_is_told_by_columns(header: list[str], is_kind: bool) -> None:
    peek = Peek(File.from_bytes("x.csv", b""), tuple(header), pd.DataFrame(columns=header))
    assert KIND.matches(peek) == is_kind
