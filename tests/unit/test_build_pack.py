import json
import shutil
import zipfile
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from cli import main
from geo.errors import PackError, VintageError
from geo.read.file import File
from layers.build import BuildError, Built, Options, build_pack
from layers.check import check_pack
from layers.read import read_pack
from layers.status import Status
from small_files import CHILDREN, DISTRICT, NAME, NEW, OLD, write_boundaries, write_small_files


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    return write_small_files(tmp_path)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("small")
    return build_pack(write_small_files(folder), authority=NAME, out=folder / "pack")


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def test_every_file_is_told_by_its_content(built: Built) -> None:
    told = {entry.file.name: entry.kind.key if entry.kind else "" for entry in built.found}
    assert told == {
        "ons/ages.csv": "population",
        "ons/lookup.csv": "vintage_lookup",
        "ons/lsoa.geojson": "boundaries",
        "own/hubs.csv": "sites",
        "own/programmes.csv": "programmes",
        "own/pyramids.csv": "pyramids",
        "own/referrals.csv": "counts",
        "own/staff.csv": "staffing",
        "own/team areas.csv": "lookup",
        "police/2025-01/2025-01-small-street.csv": "police_street",
        "police/2025-03/2025-03-small-street.csv": "police_street",
        "readme.md": "",
        "schools.csv": "gias_schools",
    }


def test_names_of_files_do_not_matter(downloads: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    files = [path for path in sorted(downloads.rglob("*")) if path.is_file()]
    for number, path in enumerate(path for path in files if path.suffix != ".md"):
        shutil.copy(path, other / f"download ({number}){path.suffix}")
    made = build_pack(other, authority=NAME, out=tmp_path / "pack")
    assert len(made.pack.geography) == 9
    assert made.pack.measures.has("children", "referrals", "asb")


def test_uploads_and_a_zip_build_the_same_pack(downloads: Path, tmp_path: Path) -> None:
    paths = [path for path in sorted(downloads.rglob("*")) if path.is_file()]
    uploads = [
        File.from_bytes(path.relative_to(downloads).as_posix(), path.read_bytes()) for path in paths
    ]
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for path in paths:
            archive.write(path, path.relative_to(downloads).as_posix())
    first = build_pack(uploads, authority=NAME, out=tmp_path / "a").pack
    second = build_pack(tmp_path / "all.zip", authority=NAME, out=tmp_path / "b").pack
    assert np.array_equal(first.measures.values, second.measures.values, equal_nan=True)
    assert first.measures.keys == second.measures.keys


def test_ages_of_2011_arrive_on_areas_of_2021(built: Built) -> None:
    measures = built.pack.measures
    assert measures.units == tuple(sorted(NEW))
    children = dict(zip(measures.units, measures.counts("children"), strict=True))
    assert [children[unit] for unit in NEW] == list(CHILDREN)
    assert measures.counts("persons").sum() == 9000
    assert any("1 summed" in note for note in built.notes)


def test_missing_suppressed_and_zero_arrive_as_they_are(built: Built) -> None:
    measures = built.pack.measures
    row = measures.row("referrals")
    status = dict(zip(measures.units, measures.status[row], strict=True))
    counts = dict(zip(measures.units, measures.counts("referrals"), strict=True))
    assert status[NEW[1]] == Status.SUPPRESSED
    assert status[NEW[2]] == Status.MISSING
    assert (status[NEW[4]], counts[NEW[4]]) == (Status.OK, 0)
    assert measures.measure("referrals").sensitive


def test_every_row_is_accounted_for(built: Built) -> None:
    ledgers = {ledger.source: ledger for ledger in built.ledgers}
    asb = next(ledger for name, ledger in ledgers.items() if "street" in name)
    assert str(asb).startswith("10 read = 6 used + 2 unlocated + 2 outside + 0 rejected; 2 passed")
    assert (ledgers["schools.csv"].used, ledgers["schools.csv"].outside) == (3, 1)
    assert (ledgers["ons/ages.csv"].used, ledgers["ons/ages.csv"].outside) == (10, 1)
    assert (ledgers["own/referrals.csv"].used, ledgers["own/referrals.csv"].outside) == (9, 1)
    assert [row.line for row in ledgers["own/pyramids.csv"].rejected] == [5]


def test_ledgers_stay_with_the_pack(built: Built) -> None:
    again = read_pack(built.pack.folder)
    assert again.ledgers == built.ledgers
    kept = json.loads((built.pack.folder / "manifest.json").read_text("utf-8"))
    assert {entry["kind"] for entry in kept["inputs"]} >= {"population", "police_street"}


def test_a_month_that_was_never_read_is_missing_not_zero(built: Built) -> None:
    incidents = built.pack.incidents
    assert incidents is not None
    assert incidents.months == ("2025-01", "2025-03")
    assert incidents.months_missing == ("2025-02",)
    assert built.pack.measures.measure("asb").period == "2025-01 to 2025-03"


def test_plans_come_from_lookups_and_pyramids(built: Built) -> None:
    pack = built.pack
    assert [entry.key for entry in pack.plans] == ["team-areas", "pyramids"]
    assert pack.default_plan == "team-areas"
    assert pack.plan("team-areas").plan.zones == ("North", "South")
    assert pack.plan("pyramids").status == "approximate"
    assert "nearest member school" in pack.plan("pyramids").note


def test_lists_of_the_council_arrive(built: Built) -> None:
    pack = built.pack
    assert pack.staffing is not None
    assert pack.staffing.fte("team-areas", ["North", "South"]).tolist() == [4, 2]
    assert pack.sites is not None
    assert pack.sites[0].capacity == 40
    assert pack.programmes is not None
    assert [programme.waiting for programme in pack.programmes] == [5, None]
    assert pack.schools is not None
    assert {school.pyramid for school in pack.schools} == {"West", "East"}
    assert {school.tier for school in pack.schools} == {"upper", "first"}


def test_indicators_are_those_whose_counts_are_there(built: Built) -> None:
    keys = {indicator.key for indicator in built.pack.indicators}
    assert {"referrals", "asb"} <= keys
    assert not keys & {"cp", "cla", "imd"}


def test_a_built_pack_is_sound(built: Built) -> None:
    assert check_pack(built.pack, today=date(2025, 6, 1)).faults == ()


def test_sources_stand_with_licence_and_vintage(built: Built) -> None:
    sources = built.pack.authority.sources
    assert all(source.licence and source.via for source in sources)
    assert any("street" in source.via for source in sources)


def test_building_again_changes_nothing(downloads: Path, tmp_path: Path) -> None:
    build_pack(downloads, authority=NAME, out=tmp_path / "pack")
    again = build_pack(downloads, authority=DISTRICT, out=tmp_path / "pack")
    assert again.replaced.changes == ()


def test_what_changed_is_told(downloads: Path, tmp_path: Path) -> None:
    build_pack(downloads, authority=NAME, out=tmp_path / "pack")
    path = downloads / "own" / "referrals.csv"
    path.write_text(path.read_text("utf-8").replace(",12\n", ",13\n"), encoding="utf-8")
    again = build_pack(downloads, authority=NAME, out=tmp_path / "pack")
    assert "referrals: 61 before, 62 now" in again.replaced.changes


def test_all_faults_are_told_at_once(downloads: Path, tmp_path: Path) -> None:
    (downloads / "own" / "staff.csv").write_text("zone,role,fte\n", encoding="utf-8")
    (downloads / "ons" / "broken.zip").write_bytes(b"PK\x03\x04 and then it broke off")
    (downloads / "ons" / "lookup2.csv").write_text((downloads / "ons" / "lookup.csv").read_text())
    with pytest.raises(BuildError, match=r"broken\.zip") as refused:
        build_pack(downloads, authority=NAME, out=tmp_path / "pack")
    assert "lookups of LSOA 2011 and 2021" in str(refused.value)
    assert not (tmp_path / "pack").exists()


def test_without_the_lookup_two_vintages_are_not_joined(downloads: Path, tmp_path: Path) -> None:
    (downloads / "ons" / "lookup.csv").unlink()
    with pytest.raises(VintageError, match="codes of 2011; the pack's are of 2021"):
        build_pack(downloads, authority=NAME, out=tmp_path / "pack")


def test_a_pack_without_residents_is_refused(downloads: Path, tmp_path: Path) -> None:
    (downloads / "ons" / "ages.csv").unlink()
    with pytest.raises(PackError, match="No file counts children, persons") as refused:
        build_pack(downloads, authority=NAME, out=tmp_path / "pack")
    assert "single year of age" in refused.value.remedy


def test_a_small_area_without_a_boundary_is_named(downloads: Path, tmp_path: Path) -> None:
    path = downloads / "ons" / "lsoa.geojson"
    features = json.loads(path.read_text("utf-8"))
    features["features"].pop()
    path.write_text(json.dumps(features), encoding="utf-8")
    with pytest.raises(PackError, match="1 of 9 LSOA of 2021 have no boundary: E01000009"):
        build_pack(downloads, authority=NAME, out=tmp_path / "pack")


def test_a_folder_without_boundaries_is_refused(downloads: Path, tmp_path: Path) -> None:
    (downloads / "ons" / "lsoa.geojson").unlink()
    with pytest.raises(PackError, match="no boundaries of small areas") as refused:
        build_pack(downloads, authority=NAME, out=tmp_path / "pack")
    assert "ONS Open Geography" in refused.value.remedy


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(Exception, match="holds no files"):
        build_pack(tmp_path / "empty", authority=NAME, out=tmp_path / "pack")


def test_another_vintage_may_be_asked_for(downloads: Path, tmp_path: Path) -> None:
    frame = json.loads((downloads / "ons" / "lsoa.geojson").read_text("utf-8"))
    write_boundaries(downloads / "ons" / "old.geojson", codes=(*OLD[:7], OLD[7], OLD[9]))
    text = (downloads / "ons" / "old.geojson").read_text("utf-8")
    text = text.replace("LSOA21CD", "LSOA11CD").replace("LSOA21NM", "LSOA11NM")
    (downloads / "ons" / "old.geojson").write_text(text, encoding="utf-8")
    assert len(frame["features"]) == 9
    with pytest.raises(PackError, match="1 of 10 LSOA of 2011 have no boundary: E01000082"):
        build_pack(
            downloads, authority=NAME, out=tmp_path / "pack", options=Options(vintage="2011")
        )


def test_an_authority_without_zones_is_one(downloads: Path, tmp_path: Path) -> None:
    for name in ("team areas.csv", "pyramids.csv", "staff.csv"):
        (downloads / "own" / name).unlink()
    pack = build_pack(downloads, authority=NAME, out=tmp_path / "pack").pack
    assert [entry.key for entry in pack.plans] == ["whole"]
    assert "Add" in pack.plans[0].note or "add" in pack.plans[0].note


def test_incidents_of_other_forces_only_are_not_zero(downloads: Path, tmp_path: Path) -> None:
    for path in (downloads / "police").rglob("*.csv"):
        path.write_text(path.read_text("utf-8").replace(NEW[0], "E01009999"), encoding="utf-8")
    made = build_pack(downloads, authority=NAME, out=tmp_path / "pack")
    assert made.pack.incidents is None
    assert not made.pack.measures.has("asb")
    assert any("its own police force" in note for note in made.notes)


def test_case_lists_become_counts_and_nothing_else(downloads: Path, tmp_path: Path) -> None:
    canary = "CANARY77"
    (downloads / "own" / "episodes.csv").write_text(
        "cine_referral_id,cine_person_id,cine_referral_date,cine_referral_nfa,cine_close_date\n"
        f"1,{canary},2025-01-10,N,\n2,{canary}2,2025-02-10,N,\n",
        encoding="utf-8",
    )
    (downloads / "own" / "addresses.csv").write_text(
        "addr_person_id,addr_address_start_date,addr_address_end_date,addr_address_postcode\n"
        f"{canary},2020-01-01,,ZZ1 1AA\n{canary}2,2020-01-01,,ZZ1 1AB\n",
        encoding="utf-8",
    )
    (downloads / "ons" / "postcodes.csv").write_text(
        "pcds,doterm,oseast1m,osnrth1m,osgrdind,oslaua,lsoa11,lsoa21\n"
        f"ZZ1 1AA,,370050,99950,1,{DISTRICT},{NEW[0]},{NEW[0]}\n"
        f"ZZ1 1AB,,380050,99950,1,E06000098,E01009999,E01009999\n",
        encoding="utf-8",
    )
    (downloads / "own" / "referrals.csv").unlink()
    made = build_pack(downloads, authority=NAME, out=tmp_path / "pack")
    series = made.pack.series
    assert series is not None
    row = series.keys.index("referrals")
    assert series.counts[row].sum() == 1
    assert series.binned[row].sum() == 1
    assert made.pack.measures.counts("referrals").sum() == 1
    for path in (tmp_path / "pack").rglob("*"):
        if path.is_file():
            assert canary.encode() not in path.read_bytes()
            assert b"ZZ1 1A" not in path.read_bytes()


def test_the_command_line_tells_what_a_planner_needs(downloads: Path, tmp_path: Path) -> None:
    out, rejected = tmp_path / "pack", tmp_path / "rejected.csv"
    words = ("build", downloads, "--authority", NAME, "--out", out, "--rejected", rejected)
    done = run(*words)
    assert done.exit_code == 0, done.output
    assert "ons/ages.csv: ONS population by single year of age (SAPE)" in done.output
    assert "10 read = 6 used + 2 unlocated + 2 outside + 0 rejected" in done.output
    assert f"Built {out}: 9 small areas, plans team-areas, pyramids." in done.output
    lines = pd.read_csv(rejected)
    assert lines["file"].tolist() == ["own/pyramids.csv"]
    assert "nothing has changed" in run(*words).output


def test_the_command_line_refuses_without_a_traceback(downloads: Path, tmp_path: Path) -> None:
    (downloads / "ons" / "lsoa.geojson").write_text("{", encoding="utf-8")
    refused = run("build", downloads, "--authority", NAME, "--out", tmp_path / "pack")
    assert refused.exit_code == 1
    assert "lsoa.geojson" in refused.output
    assert "Traceback" not in refused.output
    assert not (tmp_path / "pack").exists()


def test_check_has_an_exit_status(downloads: Path, tmp_path: Path) -> None:
    out = tmp_path / "pack"
    build_pack(downloads, authority=NAME, out=out)
    sound = run("check", out, "--today", "2025-06-01")
    assert sound.exit_code == 0, sound.output
    assert "0 faults" in sound.output
    totals = out / "totals.csv"
    totals.write_text(
        totals.read_text("utf-8") + "children,Children,Smallshire,2020-06-30,3000,DfE\n",
        encoding="utf-8",
    )
    faulty = run("check", out)
    assert faulty.exit_code == 1
    assert "FAULT" in faulty.output
    assert "2,000 (2020-06-30) against 3,000 published" in faulty.output
    assert "totals.csv: it was changed by hand" in faulty.output
