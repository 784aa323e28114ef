from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bad_files import mutated
from geo.errors import ReadError, ZonewrightError
from geo.read.file import File
from layers.read.nomis import KIND, read_nomis_population
from layers.read.recognise import recognise
from layers.status import Status

COLUMNS = "DATE_NAME,GEOGRAPHY_CODE,GEOGRAPHY_NAME,GENDER_NAME,C_AGE,C_AGE_NAME,OBS_VALUE"
HERE, NEW = "E01020373", "E01034001"


def row(unit: str, age: int, value: object, *, year: str = "2024", sex: str = "Total") -> str:
    """Give a row of a single year of age, or of all ages for -1."""
    code, name = (200, "All Ages") if age < 0 else (101 + age, f"Age {age}")
    return f"{year},{unit},Dorset 001A,{sex},{code},{name},{value}"


def area(unit: str = HERE, each: int = 10, *, year: str = "2024", sex: str = "Total") -> list[str]:
    ages = [row(unit, age, each, year=year, sex=sex) for age in range(18)]
    return [row(unit, -1, 100 * each, year=year, sex=sex), *ages]


def table(*rows: str, columns: str = COLUMNS) -> File:
    return File.from_bytes("NM_2014_1_E06000059.csv", "\n".join((columns, *rows)).encode())


def test_people_and_children_are_the_sums_of_their_ages() -> None:
    counts = read_nomis_population(table(*area(HERE, 10), *area(NEW, 7)))
    measures = counts.measures
    assert measures.units == (HERE, NEW)
    assert measures.counts("persons").tolist() == [1000, 700]
    assert measures.counts("children").tolist() == [180, 126]
    assert measures.counts("children_0_4").tolist() == [50, 35]
    assert measures.counts("children_0_15").tolist() == [160, 112]
    assert measures.measure("children").period == "2024-06-30"
    assert (counts.vintage, counts.source.vintage, counts.rows) == ("2021", "2024", (19, 19))
    assert str(counts.ledger) == "38 read = 38 used + 0 unlocated + 0 outside + 0 rejected"


def test_it_is_told_by_its_columns() -> None:
    (found,) = recognise([table(*area())])
    assert found.kind is KIND
    other = "DATE,GEOGRAPHY_CODE,C2021_TENURE_9,OBS_VALUE"
    (census,) = recognise([table(f"2021,{HERE},0,500", columns=other)])
    assert census.kind is not KIND


def test_the_latest_year_is_taken_and_others_passed_over() -> None:
    counts = read_nomis_population(table(*area(each=8, year="2022"), *area(year="2024")))
    assert counts.measures.counts("persons").tolist() == [1000]
    (passed,) = counts.ledger.passed_over
    assert (passed.rows, passed.reason) == (19, "another year than 2024")


def test_rows_that_were_not_asked_for_are_passed_over() -> None:
    older = [row(HERE, 18, 9), f"2024,{HERE},x,Total,201,Aged 0 to 15,160"]
    larger = row("E06000059", -1, 380_000)
    rows = (*area(), *older, larger, *area(each=4, sex="Male"), *area(each=6, sex="Female"))
    ledger = read_nomis_population(table(*rows)).ledger
    assert (ledger.read, ledger.used, ledger.rows) == (19, 19, 60)
    assert sorted(p.rows for p in ledger.passed_over) == [1, 2, 38]


def test_percentages_are_no_counts() -> None:
    columns = "DATE_NAME,GEOGRAPHY_CODE,C_AGE,MEASURES,OBS_VALUE"
    rows = [f"2024,{HERE},200,20100,900", f"2024,{HERE},200,20301,100"]
    counts = read_nomis_population(table(*rows, columns=columns))
    assert counts.measures.counts("persons").tolist() == [900]
    assert counts.ledger.passed_over[0].reason == "a percentage, not a count"


@pytest.mark.parametrize("columns", ["C_AGE", "C_AGE_NAME"])
def test_code_or_name_of_the_age_will_do(columns: str) -> None:
    at = 4 if columns == "C_AGE" else 5
    rows = [",".join((*line.split(",")[:2], line.split(",")[at], line.split(",")[6]))
            for line in area()]  # fmt: skip
    counts = read_nomis_population(
        table(*rows, columns=f"DATE_NAME,GEOGRAPHY_CODE,{columns},OBS_VALUE")
    )
    assert counts.measures.counts("children").tolist() == [180]
    assert counts.vintage == ""


def test_the_kind_of_geography_tells_the_vintage() -> None:
    columns = "DATE,GEOGRAPHY_CODE,GEOGRAPHY_TYPE,C_AGE,OBS_VALUE"
    line = f"2020,{HERE},2011 super output areas - lower layer,200,900"
    assert read_nomis_population(table(line, columns=columns)).vintage == "2011"


def test_a_missing_age_makes_children_missing_and_not_fewer() -> None:
    lines = [*area(HERE), *(line for line in area(NEW) if ",Age 16," not in line)]
    measures = read_nomis_population(table(*lines)).measures
    assert np.isnan(measures.counts("children")[1])
    assert measures.status[measures.row("children"), 1] == Status.MISSING
    assert measures.counts("children_0_15").tolist() == [160, 160]
    assert measures.counts("persons").tolist() == [1000, 1000]


def test_suppressed_missing_and_zero_stay_apart() -> None:
    lines = [
        *(line.replace("Age 3,10", "Age 3,c") for line in area("E01020373")),
        *(line.replace("Age 3,10", "Age 3,") for line in area("E01020374")),
        *area("E01020375", 0),
    ]
    measures = read_nomis_population(table(*lines)).measures
    assert measures.status[measures.row("children")].tolist() == [
        Status.SUPPRESSED, Status.MISSING, Status.OK,
    ]  # fmt: skip
    assert measures.counts("children")[2] == 0


def test_a_measure_that_no_area_has_is_left_out_and_named() -> None:
    lines = [line for line in area() if "All Ages" not in line]
    counts = read_nomis_population(table(*lines))
    assert counts.measures.keys == ("children", "children_0_4", "children_0_15")
    assert "It has no persons: ages are missing for every area." in counts.notes


def test_ages_that_make_no_measure_are_not_counted_as_used() -> None:
    counts = read_nomis_population(table(*(line for line in area() if ",Age 2," not in line)))
    assert counts.measures.keys == ("persons",)
    assert (counts.ledger.used, counts.ledger.passed_over[0].rows) == (1, 17)


def test_what_cannot_be_is_rejected_with_its_line() -> None:
    wrong = (
        row("Dorset", -1, 5),
        row(NEW, -1, -5),
        row(NEW, 1, "2.5"),
        row(NEW, 2, "many"),
        row(HERE, 3, 10),
        f"2024,{NEW},x,Total,104,Age 4,10",
        f"2024,{NEW},x,Total,105,about four,10",
        row(NEW, 5, 10, year="last"),
    )
    ledger = read_nomis_population(table(*area(), *wrong)).ledger
    assert {r.line: r.reason for r in ledger.rejected} == {
        21: "GEOGRAPHY_CODE is no LSOA code",
        22: "OBS_VALUE is no whole number of 0 or more",
        23: "OBS_VALUE is no whole number of 0 or more",
        24: "OBS_VALUE is no whole number of 0 or more",
        25: "the area and its age stand twice",
        26: "C_AGE and C_AGE_NAME are no age, or contradict each other",
        27: "C_AGE and C_AGE_NAME are no age, or contradict each other",
        28: "DATE_NAME tells no year",
    }
    assert ledger.used == 19


@pytest.mark.parametrize(
    ("columns", "absent"),
    [
        ("DATE_NAME,C_AGE,OBS_VALUE", "GEOGRAPHY_CODE"),
        ("GEOGRAPHY_CODE,C_AGE,OBS_VALUE", "DATE_NAME"),
        ("DATE_NAME,GEOGRAPHY_CODE,OBS_VALUE", "C_AGE"),
    ],
)
def test_a_file_without_a_column_is_refused_by_its_name(columns: str, absent: str) -> None:
    with pytest.raises(ReadError, match=f"no column {absent}; its columns are"):
        read_nomis_population(table("1,2,3", columns=columns))


def test_a_file_of_one_sex_is_refused() -> None:
    with pytest.raises(ReadError, match="both sexes together") as refused:
        read_nomis_population(table(*area(sex="Male")))
    assert "Total" in refused.value.remedy


def test_a_file_without_rows_is_refused() -> None:
    with pytest.raises(ReadError, match="holds no LSOA"):
        read_nomis_population(table())


@given(order=st.permutations([*area(HERE), *area(NEW, 3)]))
def test_the_order_of_rows_changes_nothing(order: Sequence[str]) -> None:
    counts = read_nomis_population(table(*order))
    assert counts.measures.counts("children").tolist() == [180, 54]


@settings(max_examples=60)
@given(seed=st.integers(0, 10**6))
def test_a_broken_file_is_refused_or_fully_accounted_for(seed: int) -> None:
    content = "\n".join((COLUMNS, *area(HERE), *area(NEW))).encode()
    broken, _ = mutated(content, f"nomis/{seed}", "text")
    try:
        counts = read_nomis_population(File.from_bytes("a.csv", broken))
    except ZonewrightError as refused:
        refusal = refused
    else:
        assert sum(counts.rows) == counts.ledger.used
        return
    assert refusal.found
    assert refusal.remedy
    assert "fault of the reader" not in refusal.remedy
