"""Street-level crime: which rows are kept, what is said about the rest, and what files tell."""

import io
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import ReadError, ZonewrightError
from geo.index import UnitIndex
from geo.read.boundaries import read_boundaries
from geo.read.file import File
from geo.read.kind import Peek
from layers.incidents import Street, place_street
from layers.read.police import ASB, KIND, read_street

HEADER = (
    "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,"
    "Crime type,Last outcome category,Context"
)
CODE, LATE = "E01020369", "E01034377"
LON, LAT = "-2.436", "50.711"


def row(
    month: str = "2025-01",
    *,
    point: tuple[str, str] = (LON, LAT),
    code: str = CODE,
    kind: str = ASB,
    force: str = "Dorset Police",
) -> str:
    return f",{month},{force},{force},{point[0]},{point[1]},On or near,{code},Name,{kind},,"


def street(*rows: str, name: str = "2025-01-dorset-street.csv") -> File:
    return File.from_bytes(name, "\n".join([HEADER, *rows, ""]).encode())


def account(read: Street) -> tuple[int, int, int, dict[str, int]]:
    ledger = read.ledger
    reasons: dict[str, int] = {}
    for rejected in ledger.rejected:
        reasons[rejected.reason] = reasons.get(rejected.reason, 0) + 1
    return ledger.read, ledger.used, ledger.unlocated, reasons


def test_a_row_is_kept_with_its_month_its_kind_its_code_and_its_point() -> None:
    kept = read_street(street(row())).rows.iloc[0]
    assert (kept["month"], kept["kind"], kept["unit"]) == ("2025-01", ASB, CODE)
    assert (kept["file"], kept["line"]) == (0, 2)


def test_degrees_become_metres_as_ordnance_survey_works_them_out() -> None:
    """Caister water tower, 'A guide to coordinate systems in Great Britain'; right to 3 m."""
    read = read_street(street(row(point=("1.716038", "52.657977"))))
    assert read.rows["easting"][0] == pytest.approx(651_409.903, abs=3)
    assert read.rows["northing"][0] == pytest.approx(313_177.270, abs=3)


def test_identical_rows_are_separate_incidents() -> None:
    assert read_street(street(row(), row(), row())).ledger.used == 3


def test_other_kinds_of_crime_are_passed_over() -> None:
    ledger = read_street(street(row(), row(kind="Burglary"), row(kind="Drugs"))).ledger
    assert (ledger.read, ledger.rows) == (1, 3)
    assert ledger.passed_over[0].reason == "another kind of crime than was asked for"


def test_kinds_are_found_in_any_case_and_none_keeps_all() -> None:
    file = street(row(), row(kind="Burglary"))
    assert read_street(file, kinds=["BURGLARY"]).rows["kind"].tolist() == ["Burglary"]
    assert read_street(file, kinds=None).ledger.used == 2


def test_a_row_without_code_and_coordinates_is_unlocated() -> None:
    assert account(read_street(street(row(point=("", ""), code="")))) == (1, 0, 1, {})


def test_a_row_with_a_code_only_or_a_point_only_is_kept() -> None:
    read = read_street(street(row(point=("", "")), row(code="")))
    assert account(read) == (2, 2, 0, {})
    assert read.rows["easting"].isna().tolist() == [True, False]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (row("2025-13"), "Month is not written as 2025-01"),
        (row("January 2025"), "Month is not written as 2025-01"),
        (row(""), "Month is not written as 2025-01"),
        (row(kind=""), "Crime type is blank"),
        (row(code="Dorset 001A"), "LSOA code is no code of a small area"),
        (row(point=("0", "0")), "Longitude and Latitude are not in Britain"),
        (row(point=("inf", LAT)), "Longitude and Latitude are not in Britain"),
        (row(point=(LAT, LON)), "Longitude and Latitude are not in Britain"),
        (row(point=("west", LAT)), "Longitude or Latitude is no number"),
        (row(point=("nan", LAT)), "Longitude or Latitude is no number"),
        (row(point=("", LAT)), "only one of Longitude and Latitude is given"),
    ],
)
def test_a_row_that_cannot_be_is_rejected_with_its_line_and_its_reason(
    bad: str, reason: str
) -> None:
    read = read_street(street(row(), bad))
    assert account(read) == (2, 1, 0, {reason: 1})
    assert (read.ledger.rejected[0].line, read.ledger.rejected[0].file) == (
        3,
        "2025-01-dorset-street.csv",
    )


def test_a_file_without_a_column_is_refused_with_what_it_has() -> None:
    text = f"Month,Crime type,Longitude,Latitude\n2025-01,{ASB},{LON},{LAT}\n"
    with pytest.raises(ReadError, match=r"no column LSOA code; its columns are Month, Crime type"):
        read_street(File.from_bytes("street.csv", text.encode()))


def test_a_file_of_something_else_is_refused() -> None:
    with pytest.raises(ReadError, match=r"hold no street-level crime.*Their columns are URN"):
        read_street(File.from_bytes("schools.csv", b"URN,Name\n1,A\n"))
    with pytest.raises(ReadError, match="No files were given"):
        read_street([])


def write_months(folder: Path) -> Path:
    for month in ("2025-01", "2025-02"):
        (folder / month).mkdir(parents=True)
        text = "\n".join([HEADER, row(month), ""])
        (folder / month / f"{month}-dorset-street.csv").write_text(text)
    (folder / "2025-01" / "2025-01-dorset-outcomes.csv").write_text("Crime ID,Month\n1,2025-01\n")
    (folder / "readme.md").write_text("about")
    return folder


def test_a_folder_is_read_and_other_files_are_named(tmp_path: Path) -> None:
    read = read_street(write_months(tmp_path / "downloads"))
    assert (read.ledger.used, read.months) == (2, ("2025-01", "2025-02"))
    assert any(
        note.startswith("2 files are no street-level crime and were left out")
        for note in read.notes
    )
    assert read.source.vintage == "2025-01 to 2025-02"


def test_a_zip_gives_what_its_folder_gives(tmp_path: Path) -> None:
    folder = write_months(tmp_path / "downloads")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path in folder.rglob("*.*"):
            archive.write(path, path.relative_to(folder).as_posix())
    zipped = read_street(File.from_bytes("all.zip", content.getvalue()))
    pd.testing.assert_frame_equal(zipped.rows, read_street(folder).rows)


def test_the_same_file_twice_is_read_once() -> None:
    read = read_street([street(row(), row()), street(row(), row(), name="copy.csv")])
    assert (read.ledger.read, read.ledger.used, read.ledger.rows) == (2, 2, 4)
    assert read.ledger.passed_over[0].reason == "in a file that stands twice"
    assert read.notes == ("copy.csv is the same file as one before it; it was left out.",)


def test_a_month_of_a_force_in_two_files_is_warned_of() -> None:
    read = read_street([street(row()), street(row(), row(), name="later.csv")])
    assert read.ledger.used == 3
    assert "1 months of a force stand in more than one file (Dorset Police 2025-01)" in "".join(
        read.notes
    )


def test_a_month_other_than_the_name_tells_is_said() -> None:
    read = read_street(street(row("2025-02")))
    assert read.months == ("2025-02",)
    assert "holds 2025-02, other than its name tells" in read.notes[0]


# Vintages


@pytest.mark.parametrize(
    ("month", "codes", "told", "taken"),
    [
        ("2025-01", [CODE, LATE], "2021", "2021"),
        ("2025-01", [CODE], "both fit", "2021"),
        ("2023-05", [CODE], "both fit", "2011"),
        ("2023-06", [CODE], "both fit", "2021"),
        ("2022-01", [CODE, LATE], "2021", "2021"),
        ("2025-01", [""], "", "2021"),
    ],
)
def test_the_vintage_is_told_by_the_highest_code_and_else_by_the_month(
    month: str, codes: list[str], told: str, taken: str
) -> None:
    read = read_street(street(*(row(month, code=code) for code in codes), name="street.csv"))
    assert read.files[0].vintage == told
    assert set(read.rows["vintage"]) == {taken}


def test_known_codes_tell_the_vintage_and_contradict_the_month() -> None:
    known = {"2011": {CODE, "E01020370"}, "2021": {CODE, LATE}}
    read = read_street(street(row(code="E01020370")), known=known)
    assert (read.files[0].vintage, read.rows["vintage"][0]) == ("2011", "2011")
    assert "In 1 months the codes are of another vintage" in read.notes[0]


def test_each_month_of_a_long_file_has_its_own_vintage() -> None:
    rows = [row("2023-05"), row("2023-06", code=LATE)]
    read = read_street(street(*rows, name="all.csv"))
    assert read.rows["vintage"].tolist() == ["2011", "2021"]
    assert read.files[0].vintage == "2021"


# Breaks


def breaks(*months: str, force: str = "Dorset Police") -> list[tuple[str, str]]:
    files = [street(row(month, force=force), name=f"{month}.csv") for month in months]
    return [(b.start, b.end) for b in read_street(files).breaks]


def test_a_month_that_is_missing_between_two_is_a_break() -> None:
    assert breaks("2025-01", "2025-02") == []
    assert breaks("2025-01", "2025-04", "2025-06") == [("2025-02", "2025-03"), ("2025-05",) * 2]


def test_breaks_that_are_known_are_said_where_the_series_holds_them() -> None:
    assert breaks("2022-06", "2022-07") == [("2022-07", "2022-07")]
    assert breaks("2021-02", "2021-03", "2021-04") == [("2021-02", "2021-03")]
    assert breaks("2023-05", "2023-06") == [("2023-06", "2023-06")]
    assert breaks("2022-07", "2022-08") == []


def test_a_month_missing_from_one_force_is_missing_whatever_others_have() -> None:
    files = [
        street(row(month, force=force), name=f"{month}-{force}.csv")
        for month, force in [("2025-01", "A"), ("2025-03", "A"), ("2025-02", "B")]
    ]
    assert read_street(files).breaks[0].text == (
        "No file of A was read for 2025-02: missing, not zero."
    )


# Recognition and robustness


def test_the_kind_is_told_by_columns() -> None:
    def peek(columns: str) -> Peek:
        names = tuple(columns.split(","))
        return Peek(street(), names, pd.DataFrame(columns=list(names)))

    assert KIND.matches(peek(HEADER))
    assert not KIND.matches(peek("Crime ID,Month,Longitude,Latitude,LSOA code,Outcome type"))
    assert not KIND.matches(peek("unit,month,incidents"))


GOOD = "\n".join([HEADER, row(), row("2025-02"), row(point=("", ""), code=""), ""]).encode()


@given(st.data())
def test_whatever_bytes_come_the_ledger_adds_up_or_the_file_is_refused(data: st.DataObject) -> None:
    content = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        read = read_street(File.from_bytes("2025-01-x-street.csv", bytes(content)))
    except ZonewrightError:
        return
    assert len(read.rows) == read.ledger.used
    assert read.ledger.read == read.ledger.used + read.ledger.unlocated + len(read.ledger.rejected)


cells = st.tuples(
    st.sampled_from(["2025-01", "2025-02", "2025", ""]),
    st.sampled_from([(LON, LAT), ("", ""), ("0", "0"), (LON, "")]),
    st.sampled_from([CODE, LATE, "", "E0"]),
    st.sampled_from([ASB, "Burglary", ""]),
)


@given(st.lists(cells, max_size=12), st.randoms())
def test_the_order_of_rows_changes_no_count(rows: list, rng: random.Random) -> None:
    def read(ordered: list) -> Street:
        texts = [row(m, point=p, code=c, kind=k) for m, p, c, k in ordered]
        return read_street(street(*texts))

    shuffled = rng.sample(rows, len(rows))
    assert account(read(rows))[:3] == account(read(shuffled))[:3]


# Real files


@pytest.fixture
def dorset_units(real_data: Path) -> UnitIndex:
    found = read_boundaries(real_data / "ons" / "LSOA21_BGC_E06000059.geojson")
    return UnitIndex(found.units, found.shapes)


@pytest.fixture
def months_of_dorset(real_data: Path) -> Iterator[Path]:
    return (real_data / "police").rglob("*dorset-street.csv")


@pytest.mark.real_data
def test_a_year_of_dorset_adds_up(
    months_of_dorset: Iterator[Path], dorset_units: UnitIndex
) -> None:
    read = read_street(months_of_dorset)
    assert read.ledger.rows == 56_023
    assert account(read) == (13_737, 13_712, 25, {})
    assert {file.vintage for file in read.files} == {"2021"}
    assert (read.breaks, read.notes) == ((), ())
    by_code = place_street(read, dorset_units, vintage="2021")
    by_point = place_street(read, dorset_units, vintage="2021", prefer="point")
    assert by_code.ledger.used == 5_087
    assert len(by_code.months_read) == 12
    agreeing = np.isin(by_code.row, by_point.row).mean()
    assert agreeing > 0.99
