"""Counts per small area or postcode: what counts, what is refused, and the account of all rows."""

import io
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import ReadError
from geo.read.file import File
from geo.read.kind import Peek
from layers.measures import Measure
from layers.read.counts import KIND, key_of, read_counts
from layers.status import Status

A, B, C = "E01000001", "E01000002", "E01000003"


class Directory:
    def units_of(self, postcodes: list[str], vintage: str) -> list[str]:
        assert vintage == "2021"
        return [{"AA11AA": A, "AA12AA": A, "BB11BB": B}.get(p, "") for p in postcodes]


def csv_file(*rows: str) -> File:
    return File.from_bytes("counts.csv", "\n".join([*rows, ""]).encode())


def reasons(counts: object) -> list[tuple[int, str]]:
    return [(row.line, row.reason) for row in counts.ledger.rejected]  # type: ignore[attr-defined]


def test_every_column_of_numbers_is_a_measure_and_names_are_left_out() -> None:
    counts = read_counts(
        csv_file("LSOA21CD,Name,Children in need,0-4", f"{A},<b>x</b>,12,3", f"{B},=cmd,0,4")
    )
    assert counts.measures.keys == ("children_in_need", "count_0_4")
    assert counts.measures.units == (A, B)
    assert counts.measures.values.tolist() == [[12, 0], [3, 4]]
    assert counts.vintage == "2021"
    assert "Name left out: no counts." in counts.notes
    assert all(measure.sensitive for measure in counts.measures.measures)


def test_missing_suppressed_not_applicable_and_zero_stay_apart() -> None:
    rows = [f"E0100000{i},{cell}" for i, cell in enumerate(["", "c", "*", "x", "z", "0", "7"])]
    counts = read_counts(csv_file("unit,plans", *rows))
    assert [Status(s).name for s in counts.measures.status[0]] == [
        *("MISSING", "SUPPRESSED", "SUPPRESSED", "MISSING", "NOT_APPLICABLE", "OK", "OK")
    ]
    assert counts.measures.counts("plans")[5:].tolist() == [0.0, 7.0]
    assert counts.ledger.used == 7


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("-1", "'plans' is negative"),
        ("2.5", "'plans' is a fraction, not a count"),
        ("12%", "'plans' is a percentage, not a count"),
        ("=A1+1", "'plans' holds a formula, not its value"),
        ("many", "'plans' is neither a number nor a symbol"),
        ("1e400", "'plans' is neither a number nor a symbol"),
    ],
)
def test_what_is_no_count_is_rejected_with_its_line_and_reason(cell: str, reason: str) -> None:
    counts = read_counts(csv_file("unit,plans", f"{A},3", f"{B},{cell}", f"{C},4"))
    assert reasons(counts) == [(3, reason)]
    assert counts.measures.units == (A, C)


def test_a_second_row_of_a_small_area_is_rejected_and_a_blank_one_unlocated() -> None:
    counts = read_counts(csv_file("unit,plans", f"{A},3", f"{A},4", ",5", "Dorset,6", f"{B},1"))
    assert counts.measures.counts("plans").tolist() == [3.0, 1.0]
    assert sorted(reasons(counts)) == [
        (3, "the row repeats the 'unit' of an earlier one"),
        (5, "'unit' is no code of a small area"),
    ]
    assert counts.ledger.unlocated == 1


def test_a_part_above_its_whole_is_rejected() -> None:
    file = csv_file("unit,referrals,rereferrals", f"{A},3,2", f"{B},3,4", f"{C},c,4")
    counts = read_counts(file, parts=[("rereferrals", "referrals")])
    assert reasons(counts) == [(3, "'rereferrals' is more than 'referrals', of which it is a part")]
    with pytest.raises(ReadError, match="no measure contacts"):
        read_counts(file, parts=[("contacts", "referrals")])


def test_rates_are_left_out_or_refused_where_they_were_asked_for() -> None:
    file = csv_file("unit,plans,Rate per 10,% of all", f"{A},3,2.5,3", f"{B},4,1.5,5")
    counts = read_counts(file)
    assert counts.measures.keys == ("plans",)
    assert any(note.startswith("Rate per 10, % of all left out") for note in counts.notes)
    with pytest.raises(ReadError, match="is a rate or percentage by its name"):
        read_counts(file, mapping={"rate per 10": "rate"})


def test_rows_of_postcodes_add_up_and_a_suppressed_part_hides_the_sum() -> None:
    file = csv_file(
        "Postcode,plans,contacts", "AA1 1AA,3,1", "aa12aa,4,c", "BB1 1BB,1,1", "CC1 1CC,9,9", ",2,2"
    )
    counts = read_counts(file, postcodes=Directory())
    assert counts.measures.units == (A, B)
    assert counts.measures.counts("plans").tolist() == [7.0, 1.0]
    assert [Status(s).name for s in counts.measures.status[1]] == ["SUPPRESSED", "OK"]
    assert (counts.ledger.used, counts.ledger.unlocated) == (3, 2)
    assert counts.rows == (2, 1)
    with pytest.raises(ReadError, match="no directory of postcodes"):
        read_counts(file)


def test_a_mapping_chooses_and_names_the_measures() -> None:
    file = csv_file("unit,Total,Other", f"{A},1,2")
    persons = Measure("persons", "Residents", "people", "2022-06-30", "ONS", "official")
    counts = read_counts(file, mapping={"total": "persons"}, measures={"persons": persons})
    assert counts.measures.measures == (persons,)
    with pytest.raises(ReadError, match="but no nothing"):
        read_counts(file, mapping={"nothing": "persons"})


@pytest.mark.parametrize("key", ["unit", "asb", "a:status", "Two words", ""])
def test_a_mapping_to_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(ReadError, match="cannot be the key of a measure"):
        read_counts(csv_file("LSOA21CD,Total", f"{A},3"), mapping={"Total": key})


def test_two_columns_of_one_key_are_refused() -> None:
    with pytest.raises(ReadError, match="make one measure"):
        read_counts(csv_file("unit,Open CIN,open-cin", f"{A},1,2"))


def test_files_without_places_or_counts_are_refused() -> None:
    with pytest.raises(ReadError, match="none holds the codes of small areas or postcodes"):
        read_counts(csv_file("name,plans", "North,3"))
    with pytest.raises(ReadError, match="none beside 'unit' holds counts"):
        read_counts(csv_file("unit,name", f"{A},North"))
    with pytest.raises(ReadError, match="but no 'area'"):
        read_counts(csv_file("unit,plans", f"{A},3"), unit="area")


@pytest.mark.parametrize("column", ["Person ID", "child_id", "DOB", "Surname", "UPN"])
def test_a_list_of_children_is_not_taken_for_counts(column: str) -> None:
    file = csv_file(f"postcode,{column},visits", "AA1 1AA,7,3")
    with pytest.raises(ReadError, match="looks like a list of children"):
        read_counts(file, postcodes=Directory())
    columns = ("postcode", column, "visits")
    sample = pd.DataFrame([["AA1 1AA", "7", "3"]], columns=list(columns), dtype="str")
    assert not KIND.matches(Peek(file, columns, sample))


def test_the_smallest_areas_place_the_rows_and_districts_stand_beside() -> None:
    file = csv_file(
        "MSOA,Small area,LAD24CD,plans", f"E02000001,{A},E06000059,3", f"E02000001,{B},E06000058,4"
    )
    counts = read_counts(file)
    assert counts.measures.units == (A, B)
    assert counts.districts == ("E06000059", "E06000058")


@pytest.mark.parametrize(
    ("header", "code", "vintage"),
    [
        ("LSOA11CD", A, "2011"),
        ("LSOA code (2021)", A, "2021"),
        ("unit", "E01034000", "2021"),
        ("unit", A, ""),
    ],
)
def test_the_vintage_is_told_by_name_or_by_code(header: str, code: str, vintage: str) -> None:
    assert read_counts(csv_file(f"{header},plans", f"{code},3")).vintage == vintage


def test_a_workbook_reads_like_a_csv() -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (["Our counts"], ["unit", "plans"], [A, 3], [B, 4.0]):
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    counts = read_counts(File.from_bytes("counts.xlsx", content.getvalue()))
    assert counts.measures.counts("plans").tolist() == [3.0, 4.0]


@settings(max_examples=40)
@given(st.lists(st.one_of(st.integers(-3, 9).map(str), st.sampled_from(["c", "", "z", "1%"]))))
def test_the_account_always_adds_up(cells: list[str]) -> None:
    rows = [f"E01{i:06d},{cell}" for i, cell in enumerate(["5", *cells])]
    try:
        counts = read_counts(csv_file("unit,plans", *rows))
    except ReadError:
        return  # mostly symbols: no column of counts
    known = counts.measures.counts("plans")
    assert np.nansum(known) == sum(int(c) for c in ["5", *cells] if c.isdigit())
    assert counts.ledger.read == len(rows)


def test_keys_are_made_of_names() -> None:
    assert key_of("  % Üb ") == "b"
    assert key_of("£") == "count_"


def test_the_kind_is_told_by_codes_and_numbers() -> None:
    def peek(**columns: list[str]) -> Peek:
        return Peek(csv_file(), tuple(columns), pd.DataFrame(columns, dtype="str"))

    assert KIND.matches(peek(LSOA21CD=[A, B], total=["1", "c"]))
    assert KIND.matches(peek(Postcode=["AA1 1AA"], total=["1"]))
    assert not KIND.matches(peek(LSOA21CD=[A, B], zone=["North", "South"]))
    assert not KIND.matches(peek(name=["x"], total=["1"]))
    for other in ("URN", "CHGIND", "doterm", "F0", "Residence type: Total; measures: Value"):
        assert not KIND.matches(peek(**{"LSOA21CD": [A], "total": ["1"], other: ["1"]}))


@pytest.mark.parametrize("column", ["Mosaic ID", "case_id", "recordID", "Case no.", "Ref", "Age"])
def test_numbers_that_name_a_case_are_no_counts(column: str) -> None:
    counts = read_counts(csv_file(f"LSOA21CD,{column},visits", f"{A},7654321,3", f"{B},7,4"))
    assert counts.measures.keys == ("visits",)
    assert any(column in note for note in counts.notes)
    if column != "Age":
        with pytest.raises(ReadError, match="numbers cases or children by its name"):
            read_counts(csv_file(f"LSOA21CD,{column}", f"{A},7654321"), mapping={column: "visits"})


@pytest.mark.parametrize("column", ["Paid", "Covid", "Number of referrals", "Said no", "Cases"])
def test_counts_whose_names_end_like_those_of_cases_are_counts(column: str) -> None:
    counts = read_counts(csv_file(f"LSOA21CD,{column}", f"{A},3", f"{B},4"))
    assert counts.measures.values.tolist() == [[3, 4]]


@pytest.mark.real_data
def test_the_real_counts_of_2022_are_read_with_their_districts(real_data: Path) -> None:
    counts = read_counts(
        real_data / "population" / "lsoa21_mid2022.csv", mapping={"total": "persons"}
    )
    assert counts.ledger.used == 1_053
    assert counts.vintage == "2021"
    assert counts.measures.counts("persons").sum() == 1_751_430
    assert set(counts.districts) == {"E06000059", "E06000058", "E06000047", "E08000034"}
