from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bad_files import mutated
from geo.errors import GeographyError, ReadError, ZonewrightError
from geo.ledger import Ledger
from geo.read import vintages
from geo.read.file import File
from geo.read.ward_lookup import KIND, WardLookup, read_ward_lookup
from layers.read.recognise import recognise

HEAD = "LSOA21CD,LSOA21NM,WD25CD,WD25NM,LAD25CD,LAD25NM"
ROWS = (
    "E01020373,Dorset 001A,E05012682,Beacon,E06000059,Dorset",
    "E01020374,Dorset 001B,E05012682,Beacon,E06000059,Dorset",
    'E01020375,Dorset 001C,E05012683,"Blackmore, Vale",E06000059,Dorset',
)


def table(*rows: str, head: str = HEAD) -> File:
    return File.from_bytes("lookup.csv", ("\ufeff" + "\n".join((head, *rows))).encode())


def kind_of(head: str, *rows: str) -> str:
    (found,) = recognise([table(*rows, head=head)])
    return found.kind.key if found.kind else ""


def test_each_small_area_has_its_ward_and_district() -> None:
    lookup = read_ward_lookup(table(*ROWS))
    assert lookup.units == ("E01020373", "E01020374", "E01020375")
    assert lookup.wards == ("E05012682", "E05012682", "E05012683")
    assert lookup.ward_names == {"E05012682": "Beacon", "E05012683": "Blackmore, Vale"}
    assert lookup.districts == ("E06000059",) * 3
    assert lookup.district_names == {"E06000059": "Dorset"}
    assert (lookup.vintage, lookup.ward_year, lookup.district_year) == ("2021", "2025", "2025")
    assert str(lookup.ledger) == "3 read = 3 used + 0 unlocated + 0 outside + 0 rejected"
    assert repr(lookup) == "<WardLookup of 3 units of 2021 to wards of 2025>"


def test_years_of_the_columns_do_not_matter() -> None:
    head = "FID,LSOA11CD,LSOA11NM,WD20CD,WD20NM,LAD19CD,LAD20CD,LAD20NM"
    lookup = read_ward_lookup(
        table("1,E01020373,a,E05012682,Beacon,E07000049,E06000059,Dorset", head=head)
    )
    assert (lookup.vintage, lookup.ward_year, lookup.district_year) == ("2011", "2020", "2020")
    assert lookup.districts == ("E06000059",)


def test_the_wider_lookup_without_wards_tells_districts() -> None:
    head = "LSOA21CD,LSOA21NM,MSOA21CD,MSOA21NM,LAD22CD,LAD22NM,RGN22CD,RGN22NM"
    row = "E01020373,Dorset 001A,E02004230,Dorset 001,E06000059,Dorset,E12000009,South West"
    lookup = read_ward_lookup(table(row, head=head))
    assert kind_of(head, row) == "ward_lookup"
    assert (lookup.wards, lookup.ward_year, lookup.districts) == ((), "", ("E06000059",))


def test_output_areas_tell_the_district_and_no_ward() -> None:
    head = "OA21CD,LSOA21CD,WD25CD,LAD25CD"
    rows = [
        f"E0010000{n},E01020373,E0501268{n},E06000059" for n in range(3)
    ]  # three wards meet in one small area
    lookup = read_ward_lookup(table(*rows, head=head))
    assert lookup.units == ("E01020373",)
    assert lookup.wards == ()
    assert lookup.ledger.passed_over[0].rows == 2
    assert "wards were not" in lookup.notes[-1]


def test_every_row_has_its_account() -> None:
    rows = (
        *ROWS,
        ROWS[0],
        "E01020374,x,E05012699,Other,E06000059,Dorset",
        "E01020399,x,nowhere,Other,E06000059,Dorset",
        "E01020398,x,E05012682,Beacon,Dorset,Dorset",
        "Dorset,x,E05012682,Beacon,E06000059,Dorset",
        "S01006506,x,S13002842,Ward,S12000033,Aberdeen City",
        "E01020397,too,few",
    )
    ledger = read_ward_lookup(table(*rows)).ledger
    assert (ledger.read, ledger.used, ledger.rows) == (8, 3, 10)
    assert {row.line: row.reason for row in ledger.rejected} == {
        6: "the small area stood before with another ward or district",
        7: "WD25CD holds no code of a ward",
        8: "LAD25CD holds no code of a district",
        9: "LSOA21CD holds no code of a small area",
        11: "the row has 3 cells under 6 columns",
    }


def test_a_lookup_without_rows_is_refused() -> None:
    with pytest.raises(ReadError, match="holds no small area with its ward or district"):
        read_ward_lookup(table())


@pytest.mark.parametrize(
    "head",
    ["LSOA21CD,Referrals", "WD25CD,LAD25CD", "LSOA11CD,LSOA21CD,LAD22CD", "unit,zone"],
)
def test_another_table_is_refused_with_its_columns(head: str) -> None:
    first = head.split(",", maxsplit=1)[0]
    with pytest.raises(ReadError, match=f"its columns are {first}") as refused:
        read_ward_lookup(table("a,b,c"[: 2 * head.count(",") + 1], head=head))
    assert "LSOA21CD with WD25CD" in refused.value.remedy


def test_other_files_are_not_taken_for_this_one() -> None:
    assert kind_of("LSOA21CD,LAD25CD,Referrals", "E01020373,E06000059,4") == "counts"
    assert kind_of("LSOA21CD,LAD25CD,zone", "E01020373,E06000059,North") == "lookup"
    both = "LSOA11CD,CHGIND,LSOA21CD,LAD22CD"
    assert kind_of(both, "E01020373,U,E01020373,E06000059") == vintages.KIND.key
    homes = "pcds,oseast1m,osnrth1m,LSOA21CD,LAD25CD"
    assert kind_of(homes, "DT1 1AA,370000,90000,E01020373,E06000059") == "postcodes"
    assert kind_of(HEAD, *ROWS) == KIND.key


def test_wards_must_be_as_many_as_small_areas() -> None:
    with pytest.raises(GeographyError, match="do not each have one ward"):
        WardLookup(("E01020373",), "2021", ("a", "b"), (), Ledger("x", 1, 1))


@given(order=st.permutations(ROWS), separator=st.sampled_from(",;\t"))
def test_order_and_separator_change_nothing(order: Sequence[str], separator: str) -> None:
    rows = [row.replace("Blackmore, Vale", "Blackmore Vale") for row in order]
    text = "\n".join((HEAD, *rows)).replace(",", separator)
    lookup = read_ward_lookup(File.from_bytes("a.csv", text.encode()))
    told = dict(zip(lookup.units, lookup.wards, strict=True))
    assert told == {row[:9]: row.split(",")[2] for row in ROWS}


@settings(max_examples=60)
@given(seed=st.integers(0, 10**6))
def test_a_broken_file_is_refused_or_fully_accounted_for(seed: int) -> None:
    content = "\n".join((HEAD, *ROWS * 3)).encode()
    broken, _ = mutated(content, f"wards/{seed}", "text")
    try:
        lookup = read_ward_lookup(File.from_bytes("a.csv", broken))
    except ZonewrightError as refused:
        refusal = refused
    else:
        assert lookup.ledger.used == len(lookup)
        return
    assert refusal.found
    assert refusal.remedy
    assert "fault of the reader" not in refusal.remedy


@pytest.mark.real_data
def test_the_real_lookup_of_vintages_is_left_to_its_own_reader(real_data: Path) -> None:
    (found,) = recognise(real_data / "ons/LSOA11_LSOA21_LAD22_EW_LU.csv")
    assert found.kind is not None
    assert found.kind.key == "vintage_lookup"
