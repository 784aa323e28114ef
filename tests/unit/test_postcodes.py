"""Postcodes: old and new column names, points, ended ones, and one account of every row."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import GeographyError, ReadError, VintageError, ZonewrightError
from geo.ledger import Ledger
from geo.postcodes import Codes, Postcodes, normal_postcode
from geo.read.file import File
from geo.read.kind import Peek
from geo.read.postcodes import KIND, read_postcodes

OLD = "pcd,pcd2,pcds,dointr,doterm,oslaua,osgrdind,oseast1m,osnrth1m,lsoa11,lsoa21"
NEW = "pcd7,pcd8,pcds,dointr,doterm,lad25cd,gridind,east1m,north1m,lsoa11cd,lsoa21cd"
A, B = "E01020373", "E01020374"
SPLIT = "E01034271"
DORSET, BCP = "E06000059", "E06000058"
ROWS = (
    f"DT1 1XJ,DT1  1XJ,DT1 1XJ,198001,,{DORSET},1,369000,90700,{A},{A}",
    f"DT1 1ZZ,DT1  1ZZ,DT1 1ZZ,198001,201505,{DORSET},1,369100,90800,{B},{SPLIT}",
    f"BH1 1AA,BH1  1AA,BH1 1AA,198001,,{BCP},1,408000,91000,{B},{B}",
    f"DT1 9ZZ,DT1  9ZZ,DT1 9ZZ,198001,,{DORSET},9,,,{A},{A}",
)


def table(*rows: str, header: str = OLD, name: str = "onspd.csv") -> File:
    return File.from_bytes(name, "\n".join([header, *rows, ""]).encode())


@pytest.mark.parametrize("header", [OLD, NEW])
def test_old_and_new_column_names_say_the_same(header: str) -> None:
    postcodes = read_postcodes(table(*ROWS, header=header))
    assert postcodes.units_of(["dt11xj", "DT1 1ZZ", "BH1 1AA"], "2011") == [A, B, B]
    assert postcodes.units_of(["dt11xj", "DT1 1ZZ", "BH1 1AA"], "2021") == [A, SPLIT, B]
    assert postcodes.districts_of(["BH11AA", "DT11XJ"]) == [BCP, DORSET]
    assert postcodes.points_of(["DT1 1XJ"]).tolist() == [[369000.0, 90700.0]]
    assert str(postcodes.ledger).startswith("4 read = 4 used")


def test_ended_postcodes_are_kept() -> None:
    postcodes = read_postcodes(table(*ROWS))
    assert postcodes.has(["DT1 1ZZ"]).all()
    assert repr(postcodes) == "<Postcodes, 4 of them, 1 ended>"


def test_other_districts_are_outside() -> None:
    postcodes = read_postcodes(table(*ROWS), districts=[DORSET])
    assert postcodes.ledger.outside == 1
    assert postcodes.units_of(["BH1 1AA"], "2011") == [""]


def test_a_postcode_nobody_knows_has_no_area_and_no_point() -> None:
    postcodes = read_postcodes(table(*ROWS))
    assert postcodes.units_of(["ZZ99 3VZ", "", "no fixed abode"], "2021") == ["", "", ""]
    assert np.isnan(postcodes.points_of(["ZZ99 3VZ", ""])).all()


@pytest.mark.parametrize(
    ("quality", "east", "north"), [("9", "369000", "90700"), ("1", "0", "0"), ("1", "", "")]
)
def test_a_grid_reference_that_is_none_gives_no_point(quality: str, east: str, north: str) -> None:
    row = f"DT1 1XJ,,DT1 1XJ,198001,,{DORSET},{quality},{east},{north},{A},{A}"
    postcodes = read_postcodes(table(row))
    assert np.isnan(postcodes.points_of(["DT1 1XJ"])).all()
    assert postcodes.units_of(["DT1 1XJ"], "2011") == [A]


def test_postcodes_of_northern_ireland_have_no_point_on_the_british_grid() -> None:
    row = "BT1 1AA,,BT1 1AA,198001,,N09000003,1,333800,374500,N00000001,N20000001"
    assert np.isnan(read_postcodes(table(row)).points_of(["BT1 1AA"])).all()


def test_a_pseudo_code_is_no_small_area() -> None:
    row = "IM1 1AA,,IM1 1AA,198001,,M99999999,9,,,M99999999,M99999999"
    postcodes = read_postcodes(table(row))
    assert postcodes.ledger.unlocated == 1
    assert len(postcodes) == 0
    assert postcodes.units_of(["IM1 1AA"], "2021") == [""]


def test_rows_that_cannot_be_are_rejected_with_their_line() -> None:
    bad = (
        f"DT1,,DT1,198001,,{DORSET},1,369000,90700,{A},{A}",
        f"DT1 1XK,,DT1 1XK,198001,,{DORSET},1,east,90700,{A},{A}",
        f"DT1 1XL,,DT1 1XL,198001,,{DORSET},1,9369000,90700,{A},{A}",
        f"DT1 1XM,,DT1 1XM,198001,,{DORSET},1,inf,90700,{A},{A}",
        f"DT1 1XJ,,dt11xj,198001,,{DORSET},1,369000,90700,{A},{A}",
    )
    rejected = read_postcodes(table(*ROWS, *bad)).ledger.rejected
    assert {(row.line, row.reason) for row in rejected} == {
        (6, "the postcode has not the shape of one"),
        (7, "an easting or northing is no number"),
        (8, "the point is outside the grid of Britain"),
        (9, "an easting or northing is no number"),
        (10, "the postcode stands twice"),
    }


def test_missing_quality_and_ends_are_noted() -> None:
    notes = read_postcodes(
        table(f"DT1 1XJ,369000,90700,{A}", header="pcds,oseast1m,osnrth1m,lsoa21")
    ).notes
    assert any("quality" in note for note in notes)
    assert any("ended" in note for note in notes)


def test_a_folder_of_one_file_an_area_is_read_without_its_other_tables(tmp_path: Path) -> None:
    (tmp_path / "Data" / "multi_csv").mkdir(parents=True)
    (tmp_path / "Documents").mkdir()
    for area, row in (("BH", ROWS[2]), ("DT", ROWS[0])):
        path = tmp_path / "Data" / "multi_csv" / f"ONSPD_{area}.csv"
        path.write_text(f"{OLD}\n{row}\n", encoding="utf-8")
    (tmp_path / "Documents" / "LAU2.csv").write_text("LAU,Name\n1,A\n", encoding="utf-8")
    postcodes = read_postcodes(tmp_path)
    assert postcodes.ledger.read == 2
    (tmp_path / "Data" / "ONSPD_UK.csv").write_text("\n".join([OLD, *ROWS]), encoding="utf-8")
    postcodes = read_postcodes(tmp_path)
    assert postcodes.ledger.read == 4
    assert any("repeat the whole file" in note for note in postcodes.notes)


def test_a_zip_will_do() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("Data/ONSPD.csv", "\n".join([OLD, *ROWS]))
    assert len(read_postcodes(File.from_bytes("onspd.zip", packed.getvalue()))) == 4


def test_several_files_are_one_account() -> None:
    files = [table(*ROWS[:2], name="a.csv"), table(*ROWS[1:], name="b.csv")]
    postcodes = read_postcodes(files)
    assert str(postcodes.ledger).startswith("5 read = 4 used")
    (again,) = postcodes.ledger.rejected
    assert (again.file, again.line, again.reason) == ("b.csv", 2, "the postcode stands twice")


def test_the_whole_country_fits_in_memory() -> None:
    letters = "ABDEFGHJLN"
    ends = [f"{n}{a}{b}" for n in range(10) for a in letters for b in letters]
    rows = [
        f",,DT{district} {end},198001,,{DORSET},1,369000,90700,{A},{A}"
        for district in range(20)
        for end in ends
    ]
    postcodes = read_postcodes(table(*rows))
    assert len(postcodes) == 20_000
    assert postcodes.nbytes / len(postcodes) < 50  # 2.7 million take 130 MB at most


def test_a_file_without_the_columns_is_refused() -> None:
    with pytest.raises(ReadError, match="is no table of postcodes; its columns are postcode, name"):
        read_postcodes(table("DT1 1XJ,x", header="postcode,name"))


def test_districts_of_a_file_without_them_are_refused() -> None:
    file = table(f"DT1 1XJ,369000,90700,{A}", header="pcds,oseast1m,osnrth1m,lsoa21")
    with pytest.raises(ReadError, match="tells no districts"):
        read_postcodes(file, districts=[DORSET])


def test_a_vintage_that_the_file_lacks_is_refused() -> None:
    file = table(f"DT1 1XJ,369000,90700,{A}", header="pcds,oseast1m,osnrth1m,lsoa21")
    with pytest.raises(VintageError, match="no small areas of 2011"):
        read_postcodes(file).units_of(["DT1 1XJ"], "2011")


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(GeographyError, match="differ in length"):
        Postcodes(
            np.array([b"DT11XJ"]), np.zeros(2), np.zeros(1),
            {"2011": Codes((), np.array([-1], dtype=np.int32))}, None,
            np.zeros(1, dtype=bool), Ledger("x", read=1, used=1),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("dt1 1xj", "DT11XJ"), ("GIR 0AA", "GIR0AA"), ("DT1", ""), ("EC1A 1BB", "EC1A1BB"),
     ("M1 1AE", "M11AE"), ("", ""), ("ＤＴ１ 1XJ", "")],
)  # fmt: skip
def test_postcodes_are_written_one_way(text: str, wanted: str) -> None:
    assert normal_postcode(text) == wanted


@given(st.data())
def test_a_damaged_file_is_refused_or_accounted_for(data: st.DataObject) -> None:
    content = bytearray("\n".join([OLD, *ROWS]).encode())
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        postcodes = read_postcodes(File.from_bytes("x.csv", bytes(content)))
    except ZonewrightError:
        return
    assert postcodes.ledger.used == len(postcodes)


@pytest.mark.parametrize(
    ("header", "is_kind"),
    [
        (OLD, True),
        (NEW, True),
        ("postcode,lsoa21,children", False),
        ("URN,Easting,Postcode", False),
    ],
)
def test_the_kind_is_told_by_columns(header: str, is_kind: bool) -> None:
    columns = tuple(header.split(","))
    peek = Peek(File.from_bytes("x.csv", b""), columns, pd.DataFrame(columns=list(columns)))
    assert KIND.matches(peek) == is_kind
