"""Files that come in odd ways: workbooks of many sheets, uploads in any order, names twice."""

import io
import random
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.errors import VintageError, WriteError, ZonewrightError
from geo.ledger import Ledger
from geo.read.file import File
from grids import NAMED, shapes_of
from layers.build import BuildError, Built, Options, build_pack
from layers.cases import CaseMapping
from layers.series import Series
from layers.status import Status
from small_files import DISTRICT, NAME, NEW, write_small_files

POSTCODES = (
    "pcds,doterm,oseast1m,osnrth1m,osgrdind,oslaua,lsoa11,lsoa21\n"
    f"ZZ1 1AA,,370050,99950,1,{DISTRICT},{NEW[0]},{NEW[0]}\n"
    f"ZZ1 1AC,,370050,99950,1,{DISTRICT},{NEW[0]},{NEW[0]}\n"
    "ZZ1 1AB,,380050,99950,1,E06000098,E01009999,E01009999\n"
)


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    return write_small_files(tmp_path)


def build(downloads: Path, **options: object) -> Built:
    chosen = Options(**options)  # type: ignore[arg-type]
    return build_pack(downloads, authority=NAME, out=downloads.parent / "pack", options=chosen)


def workbook(**sheets: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.remove(book.worksheets[0])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def ledger_of(built: Built, name: str) -> Ledger:
    return next(ledger for ledger in built.ledgers if ledger.source.endswith(name))


def series_of(built: Built) -> Series:
    assert built.pack.series is not None
    return built.pack.series


def contents(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_every_sheet_of_counts_is_read(downloads: Path) -> None:
    visits = [["unit", "visits"], *([unit, 3] for unit in NEW)]
    calls = [["unit", "calls"], *([unit, 4] for unit in NEW)]
    (downloads / "own" / "more.xlsx").write_bytes(workbook(Visits=visits, Calls=calls))
    measures = build(downloads).pack.measures
    assert (measures.counts("visits").sum(), measures.counts("calls").sum()) == (27, 36)


def test_lists_stand_on_any_sheet_of_a_workbook(downloads: Path) -> None:
    for name in ("staff", "hubs", "programmes"):
        (downloads / "own" / f"{name}.csv").unlink()
    content = workbook(
        About=[["Our lists"]],
        Staff=[["zone", "role", "fte"], ["North", "social worker", 4]],
        Hubs=[["name", "kind", "easting", "northing"], ["Hub", "family hub", 370150, 99850]],
    )
    (downloads / "own" / "ours.xlsx").write_bytes(content)
    pack = build(downloads).pack
    assert pack.staffing is not None
    assert [site.name for site in pack.sites or ()] == ["Hub"]


def test_two_sheets_of_staff_are_not_one_list(downloads: Path) -> None:
    rows = [["zone", "role", "fte"], ["North", "social worker", 4]]
    (downloads / "own" / "staff.csv").unlink()
    (downloads / "own" / "staff.xlsx").write_bytes(workbook(Now=rows, Then=rows))
    with pytest.raises(ZonewrightError, match="2 files are lists of staff"):
        build(downloads)


@settings(
    max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(order=st.randoms(use_true_random=False))
def test_uploads_in_any_order_make_the_bytes_that_the_folder_makes(
    tmp_path_factory: pytest.TempPathFactory, order: random.Random
) -> None:
    folder = tmp_path_factory.mktemp("any")
    downloads = write_small_files(folder)
    paths = [path for path in downloads.rglob("*") if path.is_file()]
    uploads = [
        File.from_bytes(path.relative_to(downloads).as_posix(), path.read_bytes()) for path in paths
    ]
    order.shuffle(uploads)
    build(downloads)
    build_pack(uploads, authority=NAME, out=folder / "uploaded")
    assert contents(folder / "uploaded") == contents(folder / "pack")


def test_case_lists_that_share_a_column_are_each_what_they_were_said_to_be(
    downloads: Path,
) -> None:
    head = "Start,Person,LSOA\n"
    one, two = f"2025-01-03,1,{NEW[0]}\n", f"2025-01-04,2,{NEW[0]}\n"
    (downloads / "own" / "plans.csv").write_text(head + one, encoding="utf-8")
    (downloads / "own" / "contacts.csv").write_text(head + one + two, encoding="utf-8")
    columns = {"date": "Start", "person": "Person", "unit": "LSOA"}
    cases = {
        "plans.csv": CaseMapping("cp", **columns),
        "contacts.csv": CaseMapping("contact", **columns),
    }
    series = series_of(build(downloads, cases=cases))
    sums = dict(zip(series.keys, series.counts.sum(axis=(1, 2)).tolist(), strict=True))
    assert sums == {"cp_starts": 1, "contacts": 2}


def test_two_case_lists_of_one_name_are_both_counted(downloads: Path, tmp_path: Path) -> None:
    head = "cont_contact_id,cont_person_id,cont_contact_date\n"
    paths = [path for path in downloads.rglob("*") if path.is_file()]
    uploads = [File.from_bytes(path.as_posix(), path.read_bytes()) for path in paths]
    uploads += [
        File.from_bytes("contacts.csv", f"{head}{day},{day},2025-01-0{day}\n".encode())
        for day in (1, 2, 3)
    ]
    made = build_pack(uploads, authority=NAME, out=tmp_path / "pack")
    assert series_of(made).ledger.read == 3
    assert series_of(made).binned.sum() == 3


def test_a_series_of_three_months_and_a_table_beside_it_are_told(downloads: Path) -> None:
    rows = "".join(f"{n},{n},2025-0{n}-10,N,\n" for n in (1, 2, 3))
    header = "cine_referral_id,cine_person_id,cine_referral_date,cine_referral_nfa,cine_close_date"
    (downloads / "own" / "episodes.csv").write_text(f"{header}\n{rows}", encoding="utf-8")
    notes = [note for note in build(downloads).notes if note.startswith("Case lists: ")]
    assert any("are of 3 months, not of a year" in note for note in notes)
    assert any("Referrals" in note and "a table of counts has them too" in note for note in notes)


def test_incidents_of_other_than_twelve_months_are_told(downloads: Path) -> None:
    assert any("of 2 months, not of a year" in note for note in build(downloads).notes)


def test_a_small_area_without_a_listed_postcode_had_none_and_that_is_said(downloads: Path) -> None:
    (downloads / "ons" / "postcodes.csv").write_text(POSTCODES, encoding="utf-8")
    counts = "postcode,visits\nZZ1 1AA,3\nZZ1 1AC,2\n"
    (downloads / "own" / "visits.csv").write_text(counts, encoding="utf-8")
    made = build(downloads)
    visits = made.pack.measures.counts("visits")
    assert visits.sum() == 5
    assert not np.isnan(visits).any()
    assert any("have no postcode in the list and were taken as 0" in note for note in made.notes)


def test_counts_per_postcode_of_other_authorities_are_outside(downloads: Path) -> None:
    (downloads / "ons" / "postcodes.csv").write_text(POSTCODES, encoding="utf-8")
    counts = "postcode,visits\nZZ1 1AA,3\nZZ1 1AC,2\nZZ1 1AB,7\nZZ9 9ZZ,1\n"
    (downloads / "own" / "visits.csv").write_text(counts, encoding="utf-8")
    built = build(downloads)
    ledger = ledger_of(built, "visits.csv")
    assert (ledger.used, ledger.outside, ledger.unlocated) == (2, 1, 1)
    assert np.nansum(built.pack.measures.counts("visits")) == 5


def test_counts_that_mix_vintages_are_refused(downloads: Path) -> None:
    rows = "".join(f"{unit},3\n" for unit in (*NEW, "E01000081"))
    (downloads / "own" / "visits.csv").write_text(f"unit,visits\n{rows}", encoding="utf-8")
    with pytest.raises(VintageError, match=r"visits\.csv mixes codes of 2011 and of 2021: E0100"):
        build(downloads)


def test_counts_of_elsewhere_and_of_2011_are_outside(downloads: Path) -> None:
    lookup = downloads / "ons" / "lookup.csv"
    merged = "".join(f"E0100888{n},x,M,E01034999,x,E06000098,Elsewhere\n" for n in (1, 2))
    lookup.write_text(lookup.read_text("utf-8") + merged, encoding="utf-8")
    counts = "unit,visits\nE01008881,3\nE01008882,4\n"
    (downloads / "own" / "visits.csv").write_text(counts, encoding="utf-8")
    assert ledger_of(build(downloads), "visits.csv").outside == 2


def test_numbers_of_cases_are_no_counts(downloads: Path) -> None:
    (downloads / "ons" / "postcodes.csv").write_text(POSTCODES, encoding="utf-8")
    (downloads / "own" / "list.csv").write_text(
        "Mosaic ID,Referral date,Age,Postcode\n7654321,2025-01-03,14,ZZ1 1AA\n", encoding="utf-8"
    )
    built = build(downloads)
    assert not built.pack.measures.has("mosaic_id")
    assert all(
        b"7654321" not in content for content in contents(downloads.parent / "pack").values()
    )


def test_a_list_without_a_header_is_refused_without_quoting_a_child(downloads: Path) -> None:
    rows = "".join(f"{n},A{n},B{n},2014-03-02\n" for n in range(9))
    content = f"1234,SMITHSON,SMITHSON,2014-03-02\n{rows}"
    (downloads / "own" / "list.csv").write_text(content, encoding="utf-8")
    with pytest.raises(ZonewrightError, match="one name: column 2, column 3") as caught:
        build(downloads)
    assert "SMITHSON" not in str(caught.value)


def test_two_plans_of_one_name_are_both_kept(downloads: Path) -> None:
    text = (downloads / "own" / "team areas.csv").read_text("utf-8")
    (downloads / "ons" / "Team-Areas.csv").write_text(text, encoding="utf-8")
    built = build(downloads)
    assert [plan.key for plan in built.pack.plans] == ["team-areas", "team-areas-2", "pyramids"]
    assert built.pack.plans[1].title.endswith("(2)")
    assert any("own/team areas.csv" in note for note in built.notes if "'team-areas-2'" in note)


def test_a_drawn_area_that_was_rejected_or_mended_is_told(downloads: Path) -> None:
    _, shapes = shapes_of(*NAMED["three by three"])
    west, east = shapes[:6], shapes[6:]
    names = ["West"] * len(west) + ["East"] * (len(east) - 1) + [""]
    drawn = gpd.GeoDataFrame({"name": names}, geometry=list(shapes), crs="EPSG:27700")
    (downloads / "own" / "team areas.csv").unlink()
    (downloads / "own" / "staff.csv").unlink()
    (downloads / "own" / "programmes.csv").unlink()
    drawn.to_file(downloads / "own" / "drawn.gpkg")
    built = build(downloads)
    ledger = ledger_of(built, "drawn.gpkg")
    assert (ledger.read, ledger.used, len(ledger.rejected)) == (9, 8, 1)
    assert any("come in parts, which were joined" in note for note in built.notes)


def test_a_file_put_in_by_hand_is_not_replaced_by_one_that_is_built(downloads: Path) -> None:
    staff = downloads / "own" / "staff.csv"
    text = staff.read_text("utf-8")
    staff.unlink()
    build(downloads)
    own = downloads.parent / "pack" / "staffing.csv"
    written = "plan,zone,role,fte,status,source\nteam-areas,North,mine,9,official,me\n"
    own.write_text(written, encoding="utf-8")
    staff.write_text(text, encoding="utf-8")
    with pytest.raises(WriteError, match=r"staffing\.csv .* put there by hand"):
        build(downloads)
    assert own.read_text("utf-8") == written
    assert build(downloads, overwrite=True).replaced.kept == ()
    assert "mine" not in own.read_text("utf-8")


def test_a_lookup_that_does_not_fit_is_named(downloads: Path) -> None:
    rows = "".join(f"{unit},North\n" for unit in NEW[1:])
    (downloads / "own" / "other.csv").write_text(f"unit,zone\n{rows}", encoding="utf-8")
    with pytest.raises(ZonewrightError, match=rf"own/other\.csv: .*{NEW[0]}"):
        build(downloads)


def test_columns_called_as_the_pack_calls_its_own_are_read(downloads: Path) -> None:
    rows = "".join(f"{unit},1,2\n" for unit in NEW)
    (downloads / "own" / "own.csv").write_text(f"LSOA21CD,Unit!,ASB\n{rows}", encoding="utf-8")
    measures = build(downloads).pack.measures
    assert (measures.counts("count_unit").sum(), measures.counts("count_asb").sum()) == (9, 18)


def test_a_measure_that_is_new_was_not_0_before(downloads: Path) -> None:
    build(downloads)
    rows = "".join(f"{unit},3\n" for unit in NEW)
    (downloads / "own" / "visits.csv").write_text(f"unit,visits\n{rows}", encoding="utf-8")
    assert "visits: not there before, 27 now" in build(downloads).replaced.changes


def test_small_areas_without_a_row_are_told_and_not_0(downloads: Path) -> None:
    path = downloads / "own" / "referrals.csv"
    rows = path.read_text("utf-8").splitlines()
    path.write_text("\n".join(row for row in rows if NEW[8] not in row), encoding="utf-8")
    built = build(downloads)
    told = [note for note in built.notes if "have no row" in note]
    assert len(told) == 1
    assert f"own/referrals.csv: 1 of 9 small areas have no row ({NEW[8]})" in told[0]
    measures = built.pack.measures
    at = measures.units.index(NEW[8])
    assert measures.status[measures.row("referrals"), at] == Status.MISSING


def test_a_column_that_no_indicator_is_made_of_is_told(downloads: Path) -> None:
    rows = [f"{unit},{n}" for n, unit in enumerate(NEW)]
    path = downloads / "own" / "open cases.csv"
    path.write_text("\n".join(["LSOA21CD,CIN at 31 March", *rows]), encoding="utf-8")
    notes = build(downloads).notes
    assert any("CIN at 31 March: no measure that the tool knows" in note for note in notes)
    assert not any("eferrals: no measure" in note for note in notes)


def test_staff_of_zones_that_are_not_there_names_the_file_and_the_zones(downloads: Path) -> None:
    path = downloads / "own" / "staff.csv"
    path.write_text("zone,role,fte\nSuoth,Social worker,3\n", encoding="utf-8")
    with pytest.raises(BuildError, match=r"own/staff\.csv gives staff to Suoth of the plan") as no:
        build(downloads)
    assert "'team-areas', whose zones are" in str(no.value)


def test_a_lookup_that_lacks_a_unit_is_named(downloads: Path) -> None:
    path = downloads / "own" / "team areas.csv"
    path.write_text("\n".join(path.read_text("utf-8").splitlines()[:-1]), encoding="utf-8")
    with pytest.raises(BuildError, match=r"own/team areas\.csv: The plan has no zone for 1 of 9"):
        build(downloads)


def test_a_lookup_without_a_column_zone_is_told_what_it_lacks(downloads: Path) -> None:
    rows = [f"{unit},North" for unit in NEW]
    (downloads / "own" / "patches.csv").write_text("\n".join(["LSOA21CD,Patch", *rows]))
    entry = next(e for e in build(downloads).found if e.file.name == "own/patches.csv")
    assert entry.kind is None
    assert "call the column of your areas 'zone'" in entry.detail


def test_what_the_files_are_is_seen_beside_a_refusal(downloads: Path) -> None:
    (downloads / "own" / "empty.csv").write_bytes(b"")
    seen: list[str] = []
    with pytest.raises(BuildError, match=r"empty\.csv"):
        build_pack(
            downloads,
            authority=NAME,
            out=downloads.parent / "pack",
            show=lambda found: seen.extend(entry.file.name for entry in found),
        )
    assert "own/team areas.csv" in seen


@pytest.mark.parametrize("cell", ["<5", "< 6", "less than 5", "[c]"])
def test_a_small_count_that_was_hidden_keeps_its_row(downloads: Path, cell: str) -> None:
    rows = [f"{unit},{cell if n == 0 else n},{n}" for n, unit in enumerate(NEW)]
    path = downloads / "own" / "hidden.csv"
    path.write_text("\n".join(["LSOA21CD,Assessments,CP plans", *rows]), encoding="utf-8")
    built = build(downloads)
    assert ledger_of(built, "hidden.csv").used == len(NEW)
    measures = built.pack.measures
    at = measures.units.index(NEW[0])
    assert measures.status[measures.row("assessments"), at] == Status.SUPPRESSED
