"""Lookups that do not fit: what was found, what was wanted, what to do."""

from contextlib import suppress
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import PlanError, ReadError, ZonewrightError
from geo.plan import Plan
from geo.read.file import File
from geo.read.lookup import Columns, lookup_columns, read_lookup, read_rows

UNITS = ("E01000001", "E01000002", "E01000003")
LATE, LATER = "E01035000", "E01035001"


def table(*rows: tuple[str, str], head: str = "unit,zone") -> bytes:
    return "\n".join([head, *(",".join(row) for row in rows)]).encode()


def refusal(content: bytes, vintage: str = "2011") -> PlanError:
    with pytest.raises(PlanError) as caught:
        read_lookup(content, units=UNITS, vintage=vintage)
    return caught.value


def test_missing_and_unknown_units_are_told_together() -> None:
    said = refusal(table((UNITS[0], "x"), (UNITS[1], "x"), ("E01000009", "x")))
    assert said.found == (
        "The plan has no zone for 1 of 3 units: E01000003. It names 1 unit that this authority "
        "does not have: E01000009."
    )
    assert "another vintage" in said.remedy


def test_missing_units_alone_want_a_row() -> None:
    assert "Give every unit a row" in refusal(table((UNITS[0], "x"))).remedy


def test_codes_of_another_vintage_are_told_with_both_years() -> None:
    said = refusal(table((UNITS[0], "x"), (UNITS[1], "x"), (LATE, "x"), (LATER, "x")))
    assert "Its codes are of 2021 and this authority's of 2011" in said.remedy
    assert "ONS lookup of LSOA 2011 to 2021" in said.remedy
    older = refusal(table((UNITS[0], "x"), head="LSOA11CD,zone"), vintage="2021")
    assert "Its codes are of 2011 and this authority's of 2021" in older.remedy


@pytest.mark.parametrize("strange", ["E01999999", LATE, "E01000999"])
def test_one_unknown_code_among_many_is_no_vintage(strange: str) -> None:
    units = [f"E01{at:06d}" for at in range(1, 250)]
    rows = [(unit, "x") for unit in units[:244]]
    with pytest.raises(PlanError, match=f"names 1 unit .* have: {strange}") as caught:
        read_lookup(table(*rows, (strange, "x")), units=units, vintage="2011")
    assert caught.value.remedy == "Correct that code, or take its row out. Give every unit a row."
    with pytest.raises(PlanError, match="or take its row out") as caught:
        read_lookup(table(*rows, (strange, "x")), units=units[:244], vintage="2011")
    assert "every unit" not in caught.value.remedy


@pytest.mark.parametrize(
    ("codes", "told"),
    [
        ((LATE, LATER), "2021"),
        ((LATE, LATER, "E01000098"), "2021"),
        ((LATE, LATER, "E01000098", "E01000099"), ""),  # no more than half
        ((LATE,), ""),
        (("E01999998", "E01999999"), ""),  # given out for no census
        (("W01001980", "W01001981"), "2021"),
        (("12", "13"), ""),
    ],
)
def test_a_vintage_is_told_when_most_unknown_codes_are_of_it(
    codes: tuple[str, ...], told: str
) -> None:
    rows = read_rows(table(*((code, "x") for code in (*UNITS[:2], *codes))), units=UNITS)
    assert rows.vintage_beside(UNITS) == told
    assert rows.vintage_beside((*UNITS[:2],)) == ""  # it lacks none of them


def test_codes_of_another_kind_of_area_are_told_by_its_name() -> None:
    said = refusal(table(("E02000001", "x"), ("E02000002", "y")))
    assert said.remedy == "Its codes are of MSOAs; give the zone of each of the LSOAs."


def test_codes_of_another_authority_are_told_so() -> None:
    said = refusal(table(("E01000008", "x"), ("E01000009", "y")))
    assert said.remedy == "None of its codes is of this authority: is it the file of another?"


def test_a_unit_that_stands_twice_is_told_with_its_lines_and_zones() -> None:
    content = table((UNITS[0], "North"), (UNITS[1], "North"), (UNITS[0], "South"))
    with pytest.raises(ReadError) as caught:
        read_lookup(content, units=UNITS)
    assert caught.value.found == (
        "The lookup names E01000001 more than once (E01000001: line 2 says 'North', line 4 says "
        "'South')."
    )


def test_a_column_of_texts_is_no_column_of_zones() -> None:
    with pytest.raises(ReadError, match="more than 200 characters, on line 2"):
        read_lookup(table((UNITS[0], "x" * 201)), units=UNITS)


def test_codes_in_small_letters_are_found() -> None:
    rows = read_rows(table(*((unit.lower(), "x") for unit in UNITS)), units=UNITS)
    assert rows.plan(UNITS).members("x") == UNITS


def test_what_fits_may_be_laid_over_a_plan() -> None:
    plan = Plan.from_lookup(dict.fromkeys(UNITS, "Old"), zones=("Old", "Spare"))
    rows = read_rows(table((UNITS[0], "New"), (UNITS[1], ""), ("E01000009", "x")), units=UNITS)
    over = rows.over(plan)
    assert over.zones == ("Old", "Spare", "New")
    assert [over.zone_of(unit) for unit in UNITS] == ["New", None, "Old"]
    assert repr(rows) == "<Lookup of 3 units to 2 zones>"


@pytest.mark.parametrize(
    ("head", "unit", "zone"),
    [
        ("unit,zone", "unit", "zone"),
        ("LSOA21CD,Locality", "LSOA21CD", "Locality"),
        ("Area code,Team", "Area code", "Team"),
        ("place,patch", "place", "patch"),
    ],
)
def test_columns_are_told_by_their_names_or_what_they_hold(head: str, unit: str, zone: str) -> None:
    content = table(*((code, "x") for code in UNITS), head=head)
    assert lookup_columns(content, units=UNITS) == Columns((unit, zone), unit, zone)


def test_columns_that_do_not_tell_are_left_to_the_person() -> None:
    content = b"a,b,c\n1,x,y\n2,x,y\n"
    assert lookup_columns(content, units=UNITS) == Columns(("a", "b", "c"), None, None)
    three = f"code,patch,colour\n{UNITS[0]},x,red\n".encode()
    assert lookup_columns(three, units=UNITS) == Columns(("code", "patch", "colour"), "code", None)
    rows = read_rows(three, units=UNITS, unit="code", zone="patch")
    assert (rows.units, rows.zones, rows.unit_column) == (UNITS[:1], ("x",), "code")


def test_one_column_cannot_be_both_and_one_that_is_not_there_is_refused() -> None:
    content = table((UNITS[0], "x"))
    with pytest.raises(ReadError, match="'zone' cannot hold both"):
        read_rows(content, units=UNITS, unit="zone", zone="zone")
    with pytest.raises(ReadError, match="no column 'code'; its columns are unit, zone"):
        read_rows(content, units=UNITS, unit="code")


def test_a_sheet_of_a_workbook_is_read(tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    with pd.ExcelWriter(path) as book:
        pd.DataFrame({"note": ["nothing"]}).to_excel(book, sheet_name="Read me", index=False)
        lookup = pd.DataFrame({"LSOA11CD": UNITS, "Team": ["x", "y", None]})
        lookup.to_excel(book, sheet_name="Teams", index=False)
    whole = File.from_path(path)
    file = File(whole.name, whole.size, whole.opener, sheet="Teams")
    assert lookup_columns(file, units=UNITS).zone == "Team"
    assert read_rows(file, units=UNITS, zone="Team").plan(UNITS).unassigned == UNITS[2:]


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_whatever_comes_is_read_or_refused_in_words(content: bytes) -> None:
    for read in (lookup_columns, read_rows):
        with suppress(ZonewrightError):
            read(content, units=UNITS)


cells = st.text("abE01,;'\"= \t\n", max_size=12)


@given(st.lists(st.tuples(st.sampled_from([*UNITS, LATE, ""]) | cells, cells), max_size=6))
def test_whatever_table_comes_is_read_or_refused_in_words(rows: list[tuple[str, str]]) -> None:
    frame = pd.DataFrame(rows, columns=["unit", "zone"])
    with suppress(ZonewrightError):
        plan = read_lookup(frame.to_csv(index=False).encode(), units=UNITS, vintage="2011")
        assert plan.units == UNITS
