"""From `zonewright fetch` to a pack: two small councils side by side, and Dorset."""

import csv
import datetime as dt
import io
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from click.testing import CliRunner, Result

from bad_files import workbook
from cli import main
from fetch_server import PublicServices, incident, serving, square
from geo.ledger import Account
from geo.read.boundaries import read_boundaries
from geo.read.file import File
from geo.read.table import open_table
from layers.fetch import VARIABLE
from layers.pack import Pack
from layers.read import read_pack
from layers.read.recognise import recognise

A, B = "E06000098", "E06000099"
NAMES = {A: "Westshire", B: "Eastshire"}
WEST, SOUTH, SIDE = -2.5, 50.7, 0.01
MONTHS = ("2025-01", "2025-02", "2025-03")
EVERYTHING = "boundaries,lookups,asb,schools,deprivation,population"

OWN = """
[hosts]
"127.0.0.1" = 1000.0
[ons]
root = "{url}/arcgis"
page_rows = 5
[police]
root = "{url}/api"
months = 2
[gias]
url = "{url}/gias/edubasealldata{{date}}.csv"
[deprivation.2021]
url = "{url}/iod/2025.csv"
[deprivation.2011]
url = "{url}/iod/2019.csv"
[population.2021]
url = "{url}/sape/2024.xlsx"
[population.2011]
url = "{url}/sape/2020.xlsx"
[nomis]
root = "{url}/nomis"
"""


def units_of(code: str) -> list[str]:
    """Give nine small areas of 2021 in rows from the south; the last is new, made of two."""
    first = 20001 if code == A else 20101
    return [*(f"E010{first + n}" for n in range(8)), "E01034001" if code == A else "E01034002"]


def older_of(code: str) -> list[str]:
    halves = ("E01020091", "E01020092") if code == A else ("E01020191", "E01020192")
    return [*units_of(code)[:8], *halves]


def corner(code: str, n: int) -> tuple[float, float]:
    return WEST + SIDE * (n % 3 + 3 * (code == B)), SOUTH + SIDE * (n // 3)


def ward_of(code: str, n: int) -> dict[str, str]:
    """Give the ONS's ward: that of the row, but the middle area goes with the first row."""
    row = 0 if n == 4 else n // 3
    return {"WD25CD": f"E0500{code[-2:]}{row:02d}", "WD25NM": ("Low", "Mid", "High")[row]}


def places_of(code: str) -> Mapping[str, list[dict[str, Any]]]:
    district = {"LAD25CD": code, "LAD25NM": NAMES[code]}
    earlier = {"LAD22CD": code, "LAD22NM": NAMES[code]}
    x, y = corner(code, 0)
    layers: dict[str, list[dict[str, Any]]] = {
        "LAD_MAY_2025_UK_BGC_V2": [{"properties": district, "geometry": square(x, y, 3 * SIDE)}],
        "WD_MAY_2025_UK_BGC_V2": [],
        "Lower_layer_Super_Output_Areas_December_2021_Boundaries_EW_BGC_V5": [],
        "LSOA_Dec_2011_Boundaries_Generalised_Clipped_BGC_EW_V3": [],
        "LSOA21_WD25_LAD25_EW_LU_v2": [],
        "LSOA11_LSOA21_LAD22_EW_LU_v5": [],
    }
    wards, new, old, lookup, older = list(layers.values())[1:]
    for row in range(3):
        box = shapely.box(x, y + SIDE * row, x + 3 * SIDE, y + SIDE * (row + 1))
        ward = {**ward_of(code, 3 * row), "LAD25CD": code}
        wards.append({"properties": ward, "geometry": json.loads(shapely.to_geojson(box))})
    for n, unit in enumerate(units_of(code)):
        area = {"LSOA21CD": unit, "LSOA21NM": f"{NAMES[code]} 001{'ABCDEFGHI'[n]}"}
        new.append({"properties": area, "geometry": square(*corner(code, n), SIDE)})
        lookup.append({"properties": {**area, **ward_of(code, n), **district}})
        for m, before in enumerate(older_of(code)[n:] if n == 8 else [unit]):
            was = {"LSOA11CD": before, "LSOA11NM": f"{NAMES[code]} 00{m}X"}
            change = {"CHGIND": "M" if n == 8 else "U"}
            older.append({"properties": {**was, **change, **area, **earlier}})
            left, low = corner(code, n)
            height = SIDE / 2 if n == 8 else SIDE
            box = shapely.box(left, low + m * height, left + SIDE, low + (m + 1) * height)
            old.append({"properties": was, "geometry": json.loads(shapely.to_geojson(box))})
    return layers


def month_of(month: str, extra: int = 0) -> list[dict[str, Any]]:
    """Give one incident in each area, four by the border, and one in the margin of A alone."""
    number = 1000 * int(month[-2:])
    at = [(x + SIDE / 2, y + SIDE / 2) for code in (A, B) for x, y in
          (corner(code, n) for n in range(9))]  # fmt: skip
    border = WEST + 3 * SIDE
    at += [(border - 0.001, SOUTH + 0.005)] * (2 + extra) + [(border + 0.001, SOUTH + 0.005)] * 2
    at += [(WEST - 0.001, SOUTH + 0.005)]
    return [incident(number + n, x, y, month=month) for n, (x, y) in enumerate(at)]


def persons(unit: str) -> int:
    return 1000 + int(unit[-2:])


def children(unit: str) -> int:
    return 18 * (5 + int(unit[-1]))


def people_2024() -> bytes:
    head = ["LAD 2023 Code", "LAD 2023 Name", "LSOA 2021 Code", "LSOA 2021 Name", "Total"]
    head += [f"{sex}{age}" for sex in "FM" for age in range(91)]
    rows: list[list[object]] = [["Mid-2024 population estimates"], head]
    for code in (A, B):
        for unit in units_of(code):
            girls = [children(unit) // 18] * 18 + [0] * 73
            men = [0] * 40 + [persons(unit) - children(unit)] + [0] * 50
            rows.append([code, NAMES[code], unit, "x", persons(unit), *girls, *men])
    return workbook({"Mid-2024 LSOA 2021": rows})


def people_2020() -> bytes:
    head = ["LSOA Code", "LSOA Name", "All Ages", *map(str, range(90)), "90+"]
    rows: list[list[object]] = [["Mid-2020 population estimates"], head]
    rows += [[unit, "x", 273, *([3] * 91)] for unit in (*older_of(A), *older_of(B))]
    return workbook({"Mid-2020 Persons": rows})


def deprivation(codes: list[str], vintage: str, edition: tuple[str, str, str]) -> bytes:
    lad, mid, ages = edition
    imd, most = "Index of Multiple Deprivation (IMD)", "(where 1 is most deprived)"
    head = [f"LSOA code ({vintage})", f"LSOA name ({vintage})"]
    head += [f"Local Authority District code ({lad})", f"{imd} Score", f"{imd} Rank {most}"]
    head += [f"{imd} Decile {most}", f"Total population: mid {mid}", f"{ages}: mid {mid}"]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    for n, unit in enumerate(codes):
        code = B if unit in {*units_of(B), *older_of(B)} else A
        writer.writerow([unit, "x", code, 40 - n, 100 + n, 1, 1000, 200])
    return text.getvalue().encode("utf-8-sig")


def schools() -> bytes:
    head = (
        "URN,LA (code),EstablishmentNumber,EstablishmentName,EstablishmentStatus (name),"
        "PhaseOfEducation (name),TypeOfEstablishment (name),StatutoryLowAge,StatutoryHighAge,"
        "GSSLACode (name),Easting,Northing\n"
    )
    rows = [(100001, "West First", A, 365000, 95000), (100002, "East First", B, 367000, 95000)]
    return (
        head
        + "".join(
            f"{urn},999,2001,{name},Open,Primary,Community school,4,11,{code},{e},{n}\n"
            for urn, name, code, e, n in rows
        )
    ).encode("cp1252")


def small_services() -> PublicServices:
    services = PublicServices()
    for code in (A, B):
        for layer, rows in places_of(code).items():
            services.layers.setdefault(layer, []).extend(rows)
    services.incidents = {month: month_of(month) for month in MONTHS[:2]}
    ages = [(200, "All Ages"), *((101 + age, f"Age {age}") for age in range(18))]
    services.nomis = [
        {
            "DATE_NAME": "2024",
            "GEOGRAPHY_CODE": unit,
            "GENDER_NAME": "Total",
            "C_AGE": age,
            "C_AGE_NAME": name,
            "OBS_VALUE": persons(unit) if age == 200 else children(unit) // 18,
        }
        for code in (A, B)
        for unit in units_of(code)
        for age, name in ages
    ]
    new, old = [*units_of(A), *units_of(B)], [*older_of(A), *older_of(B)]
    aged = "Dependent Children aged 0-15"
    day = dt.datetime.now(dt.UTC).strftime("%Y%m%d")
    services.files = {
        f"/gias/edubasealldata{day}.csv": schools(),
        "/iod/2025.csv": deprivation(new, "2021", ("2024", "2022", aged)),
        "/iod/2019.csv": deprivation(old, "2011", ("2019", "2015", aged)),
        "/sape/2024.xlsx": people_2024(),
        "/sape/2020.xlsx": people_2020(),
    }
    return services


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv(VARIABLE, raising=False)


@pytest.fixture
def services() -> Iterator[PublicServices]:
    with serving(small_services()) as served:
        yield served


class User:
    """Somebody at the command line, with a folder of downloads and one of packs."""

    def __init__(self, services: PublicServices, folder: Path) -> None:
        self.downloads, self.pack = folder / "downloads", folder / "packs" / "west"
        self.own = folder / "own.toml"
        self.own.write_text(OWN.format(url=services.url), encoding="utf-8")

    def fetch(self, *codes: str, what: str = EVERYTHING, **more: str) -> Result:
        options = [word for key, value in more.items() for word in (f"--{key}", value)]
        return run(
            *("fetch", *codes, "--what", what, "--out", self.downloads),
            *("--addresses", self.own, *options),
        )

    def build(self, authority: str = A, *options: str) -> Result:
        return run("build", self.downloads, "--authority", authority, "--out", self.pack, *options)

    def opened(self) -> Pack:
        return read_pack(self.pack)


@pytest.fixture
def user(services: PublicServices, tmp_path: Path) -> User:
    return User(services, tmp_path)


def run(*words: object) -> Result:
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def counts(pack: Pack, key: str) -> dict[str, float]:
    return dict(zip(pack.measures.units, pack.measures.counts(key).tolist(), strict=True))


def test_fetch_build_and_check_give_the_figures_that_were_served(user: User) -> None:
    assert user.fetch(A).exit_code == 0
    built = user.build()
    assert built.exit_code == 0, built.output
    checked = run("check", user.pack)
    assert checked.exit_code == 0, checked.output
    assert "0 faults" in checked.output
    pack = user.opened()
    assert pack.authority.name == "Westshire"
    assert pack.authority.vintage == "2021"
    assert counts(pack, "persons") == {unit: persons(unit) for unit in units_of(A)}
    assert counts(pack, "children") == {unit: children(unit) for unit in units_of(A)}
    assert sum(counts(pack, "asb").values()) == 2 * (9 + 2)
    assert pack.schools is not None
    assert [school.name for school in pack.schools] == ["West First"]
    assert pack.measures.measure("persons").period == "2024-06-30"


def test_every_fetched_file_is_known_or_left_alone(user: User) -> None:
    user.fetch(A, what=f"{EVERYTHING},nomis")
    told = {f.file.name: (f.kind.key if f.kind else f.detail) for f in recognise(user.downloads)}
    days = sorted({name for name in told if name.startswith("schools/")})
    files = "File_7_IoD2025_All_Ranks_Scores_Deciles_Population_Denominators.csv"
    left = "left alone: what was fetched, and from where"
    assert told == {
        f"boundaries/LAD25_{A}.geojson": "boundaries",
        f"boundaries/LSOA21_{A}.geojson": "boundaries",
        f"boundaries/WD25_{A}.geojson": "boundaries",
        f"deprivation/{files}": "deprivation",
        "journal.jsonl": left,
        f"lookups/LSOA11_LSOA21_LAD22_{A}.csv": "vintage_lookup",
        f"lookups/LSOA21_WD25_LAD25_{A}.csv": "ward_lookup",
        "manifest.json": left,
        f"police/2025-01/2025-01-{A.lower()}-street.csv": "police_street",
        f"police/2025-02/2025-02-{A.lower()}-street.csv": "police_street",
        f"population/NM_2014_1_{A}.csv": "nomis_population",
        "population/sapelsoasyoa20222024.xlsx": "population",
        days[0]: "gias_schools",
    }


def test_wards_are_the_best_fit_that_the_ons_publishes(user: User) -> None:
    user.fetch(A)
    user.build()
    pack = user.opened()
    assert [entry.key for entry in pack.plans] == ["wards"]
    wards = pack.plan("wards")
    assert wards.status == "published"
    assert "ONS best fit of LSOA to wards" in wards.note
    assert wards.plan.zones == ("High", "Low", "Mid")
    assert wards.plan.members("Low") == (*units_of(A)[:3], units_of(A)[4])


def test_without_the_lookup_wards_are_fitted_to_their_boundaries(user: User) -> None:
    user.fetch(A)
    (user.downloads / f"lookups/LSOA21_WD25_LAD25_{A}.csv").unlink()
    assert user.build().exit_code == 0
    wards = user.opened().plan("wards")
    assert wards.status == "approximate"
    assert wards.plan.members("Low") == tuple(units_of(A)[:3])


def test_a_lookup_that_lacks_an_area_makes_no_plan(user: User) -> None:
    user.fetch(A)
    path = user.downloads / f"lookups/LSOA21_WD25_LAD25_{A}.csv"
    lines = path.read_text("utf-8-sig").splitlines()
    path.write_text("\n".join(lines[:-1]), encoding="utf-8")
    assert user.build().exit_code == 0
    pack = user.opened()
    assert len(pack.geography) == 9
    assert pack.plan("wards").status == "approximate"
    assert any("No lookup has the ward of every LSOA" in note for note in pack.authority.notes)


def test_incidents_in_the_margin_are_counted_as_outside(user: User) -> None:
    user.fetch(A)
    user.build()
    ledger = next(ledger for ledger in user.opened().ledgers if "street" in ledger.source)
    assert (ledger.used, ledger.outside, ledger.unlocated) == (22, 6, 0)


def test_two_neighbours_in_one_folder_count_no_incident_twice(user: User) -> None:
    user.fetch(A, B)
    assert user.build(A).exit_code == 0
    alone = counts(user.opened(), "asb")
    assert sum(alone.values()) == 22
    both = user.build(f"{A},{B}", "--overwrite")
    assert both.exit_code == 0, both.output
    pack = user.opened()
    assert len(pack.geography) == 18
    assert sum(counts(pack, "asb").values()) == 44
    assert {unit: counts(pack, "asb")[unit] for unit in alone} == alone
    assert counts(pack, "persons") == {u: persons(u) for code in (A, B) for u in units_of(code)}
    zones = pack.plan("wards").plan.zones
    assert zones[0] == "High (E05009802)"
    assert len(zones) == 6


def test_the_archive_beside_fetched_months_is_warned_of(user: User) -> None:
    user.fetch(A)
    fetched = user.downloads / f"police/2025-01/2025-01-{A.lower()}-street.csv"
    lines = [line.rsplit(",", 1)[0] for line in fetched.read_text("utf-8").splitlines()]
    force = [line.replace("2025-01,,", "2025-01,Small Police,Small Police") for line in lines]
    (fetched.parent / "2025-01-small-street.csv").write_text("\n".join(force), encoding="utf-8")
    built = user.build()
    assert "1 months stand in files that name their force and in files that do not" in built.output
    assert "Keep one of the two" in built.output


def test_incidents_of_one_file_that_are_alike_all_count(user: User) -> None:
    user.fetch(A)
    path = user.downloads / f"police/2025-01/2025-01-{A.lower()}-street.csv"
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([*lines, lines[1]]), encoding="utf-8")
    user.build()
    assert sum(counts(user.opened(), "asb").values()) == 23


def test_rows_of_the_neighbour_are_outside(user: User) -> None:
    user.fetch(A, B, what="boundaries,lookups,nomis")
    assert user.build(B).exit_code == 0
    ledgers = {ledger.source: ledger for ledger in user.opened().ledgers}
    nomis = ledgers[f"population/NM_2014_1_{A}.csv"]
    assert (nomis.read, nomis.used, nomis.outside) == (171, 0, 171)
    assert ledgers[f"population/NM_2014_1_{B}.csv"].used == 171
    lookup = ledgers[f"lookups/LSOA21_WD25_LAD25_{A}.csv"]
    assert (lookup.used, lookup.outside) == (0, 9)
    outline = ledgers[f"boundaries/LAD25_{B}.geojson"]
    assert (outline.read, outline.rows) == (0, 1)
    joined = next(name for name in ledgers if "LSOA11_LSOA21_LAD22" in name)
    assert joined == (f"lookups/LSOA11_LSOA21_LAD22_{A}.csv, lookups/LSOA11_LSOA21_LAD22_{B}.csv")
    assert ledgers[joined].used == 20


def test_nomis_alone_gives_the_same_people_as_the_workbook(user: User) -> None:
    user.fetch(A, what="boundaries,lookups,nomis")
    assert user.build().exit_code == 0
    pack = user.opened()
    assert counts(pack, "persons") == {unit: persons(unit) for unit in units_of(A)}
    assert counts(pack, "children") == {unit: children(unit) for unit in units_of(A)}
    assert run("check", user.pack).exit_code == 0


def test_areas_of_2011_make_a_pack_too(user: User) -> None:
    fetched = user.fetch(A, vintage="2011")
    assert fetched.exit_code == 0, fetched.output
    built = user.build()
    assert built.exit_code == 0, built.output
    pack = user.opened()
    assert pack.authority.vintage == "2011"
    assert pack.geography.units == tuple(sorted(older_of(A)))
    assert set(counts(pack, "persons").values()) == {273}
    assert pack.plan("wards").status == "approximate"
    assert sum(counts(pack, "asb").values()) == 22
    assert run("check", user.pack).exit_code == 0


def test_both_vintages_in_one_folder_make_the_pack_that_is_asked_for(user: User) -> None:
    user.fetch(A)
    user.fetch(A, vintage="2011")
    assert user.build().exit_code == 0
    assert user.opened().authority.vintage == "2021"
    older = user.build(A, "--vintage", "2011")
    assert older.exit_code == 0, older.output
    assert user.opened().authority.vintage == "2011"


def test_a_district_made_since_2022_is_found_in_2011(user: User, services: PublicServices) -> None:
    for row in services.layers["LSOA11_LSOA21_LAD22_EW_LU_v5"]:
        row["properties"] |= {"LAD22CD": "E07000188", "LAD22NM": "Oldshire"}
    user.fetch(A, vintage="2011", what="boundaries,lookups,population")
    built = user.build()
    assert built.exit_code == 0, built.output
    assert user.opened().geography.units == tuple(sorted(older_of(A)))


def test_more_months_change_the_pack_and_are_told(user: User, services: PublicServices) -> None:
    user.fetch(A)
    user.build()
    assert "nothing has changed" in user.build().output
    services.incidents["2025-03"] = month_of("2025-03", extra=3)
    again = user.fetch(A)
    assert "1 files fetched" in again.output
    rebuilt = user.build()
    assert rebuilt.exit_code == 0, rebuilt.output
    assert "asb: 22 before, 36 now" in rebuilt.output
    incidents = user.opened().incidents
    assert incidents is not None
    assert incidents.months == MONTHS


def test_sources_have_the_licence_that_was_fetched(user: User) -> None:
    own = user.own.read_text("utf-8")
    own = own.replace("[police]", '[police]\nlicence = "Another licence"')
    user.own.write_text(own, encoding="utf-8")
    user.fetch(A)
    user.build()
    sources = {source.via: source for source in user.opened().authority.sources}
    street = next(source for via, source in sources.items() if "street" in via)
    assert street.licence == "Another licence"
    assert street.vintage == "2025-01 to 2025-02"
    wards = sources[f"lookups/LSOA21_WD25_LAD25_{A}.csv"]
    assert wards.publisher == "Office for National Statistics"
    assert "licensed under the Open Government Licence" in wards.attribution


def test_what_a_fetch_did_not_finish_is_named_and_left_alone(user: User) -> None:
    user.fetch(A)
    part = user.downloads / "population/sapelsoasyoa20222024.xlsx.part"
    part.write_bytes(b"PK half of it")
    note = json.dumps({"url": "https://www.ons.gov.uk/file", "validator": '"abc"'})
    part.with_name(f"{part.name}.json").write_text(note, encoding="utf-8")
    built = user.build()
    assert built.exit_code == 0, built.output
    assert "fetching it broke off; fetch again" in built.output


def test_a_pack_may_be_built_into_the_folder_of_downloads(user: User) -> None:
    user.fetch(A)
    user.pack = user.downloads / "packs" / "west"
    assert user.build().exit_code == 0
    again = user.build()
    assert again.exit_code == 0, again.output
    assert "packs/west: left alone: a pack that was built" in again.output
    assert "nothing has changed" in again.output


def test_an_unfinished_download_of_a_browser_stays_a_fault(user: User, tmp_path: Path) -> None:
    user.fetch(A)
    other = tmp_path / "other"
    shutil.copytree(user.downloads, other / "fetched")
    (other / "ages.xlsx.part").write_bytes(b"PK half of it")
    refused = run("build", other, "--authority", A, "--out", user.pack)
    assert refused.exit_code == 1
    assert "ages.xlsx.part is still being downloaded" in refused.output


def test_a_broken_geojson_stays_a_fault_whatever_it_is_called(user: User) -> None:
    user.fetch(A)
    (user.downloads / "manifest.json").write_text('{"type": "FeatureColl', encoding="utf-8")
    refused = user.build()
    assert refused.exit_code == 1
    assert "manifest.json" in refused.output
    assert not user.pack.exists()


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"files": []}', '{"files": [1]}', '{"files": {"a": 1}}', "[" * 100_000,
     '{"files": [{"file": "a"}]}', '{"type": "FeatureCollection", "features": []}'],
)  # fmt: skip
def test_only_a_manifest_is_taken_for_one(text: str) -> None:
    for name in ("manifest.json", "areas.json", "journal.jsonl", "a.part.json"):
        (found,) = recognise([File.from_bytes(name, text.encode())])
        assert "left alone" not in found.detail


def test_the_fetched_folder_may_lie_deeper_or_in_a_zip(user: User, tmp_path: Path) -> None:
    user.fetch(A)
    shutil.copytree(user.downloads, tmp_path / "all" / "of" / "it")
    first = run("build", tmp_path / "all", "--authority", A, "--out", user.pack)
    assert first.exit_code == 0, first.output
    archive = shutil.make_archive(str(tmp_path / "fetched"), "zip", user.downloads)
    second = run("build", archive, "--authority", A, "--out", tmp_path / "packs" / "zipped")
    assert second.exit_code == 0, second.output
    zipped = read_pack(tmp_path / "packs" / "zipped")
    assert counts(zipped, "asb") == counts(user.opened(), "asb")
    attributions = {source.attribution for source in zipped.authority.sources}
    assert attributions == {source.attribution for source in user.opened().authority.sources}


# Dorset

DORSET, BCP = "E06000059", "E06000058"


def real_services(folder: Path) -> PublicServices:
    """Serve Dorset and its neighbour; each area's ward is the one that its centre lies in."""
    services = PublicServices()
    ward_rows = features(folder / "ons/ward25_bgc_dorset_bcp.geojson")
    shapes = [shapely.geometry.shape(row["geometry"]) for row in ward_rows]
    tree = shapely.STRtree(shapes)
    areas, lookup, districts = [], [], []
    for code, name in ((DORSET, "Dorset"), (BCP, "Bournemouth, Christchurch and Poole")):
        mine = features(folder / f"ons/LSOA21_BGC_{code}.geojson")
        district = {"LAD25CD": code, "LAD25NM": name}
        outlines = [shapely.make_valid(shapely.geometry.shape(row["geometry"])) for row in mine]
        outline = json.loads(shapely.to_geojson(shapely.union_all(outlines)))
        districts.append({"properties": district, "geometry": outline})
        centres = shapely.centroid(outlines)
        for row, at in zip(mine, tree.query_nearest(centres, all_matches=False)[1], strict=True):
            ward = {key: ward_rows[at]["properties"][key] for key in ("WD25CD", "WD25NM")}
            lookup.append({"properties": {**row["properties"], **ward, **district}})
        areas += mine
    services.layers = {
        "LAD_MAY_2025_UK_BGC_V2": districts,
        "WD_MAY_2025_UK_BGC_V2": ward_rows,
        "Lower_layer_Super_Output_Areas_December_2021_Boundaries_EW_BGC_V5": areas,
        "LSOA21_WD25_LAD25_EW_LU_v2": lookup,
        "LSOA11_LSOA21_LAD22_EW_LU_v5": [
            {"properties": row} for row in rows_of(folder / "ons/LSOA11_LSOA21_LAD22_EW_LU.csv")
        ],
    }
    street = rows_of(folder / "police/2025-01/2025-01-dorset-street.csv")
    asb = [row for row in street if row["Crime type"] == "Anti-social behaviour"]
    services.incidents["2025-01"] = [
        incident(n, float(row["Longitude"]), float(row["Latitude"]))
        for n, row in enumerate(asb)
        if row["Longitude"]
    ]
    day = dt.datetime.now(dt.UTC).strftime("%Y%m%d")
    services.files = {
        f"/gias/edubasealldata{day}.csv": next((folder / "schools").glob("*.csv")).read_bytes(),
        "/iod/2025.csv": next((folder / "iod").glob("*.csv")).read_bytes(),
        "/sape/2024.xlsx": (folder / "population/sape23dt2_mid2020_lsoa11.xlsx").read_bytes(),
    }
    return services


def features(path: Path) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))["features"]
    return listed


def rows_of(path: Path) -> list[dict[str, str]]:
    frame = open_table(path).whole(Account(path.name))
    rows: list[dict[str, str]] = frame.to_dict("records")
    return rows


@pytest.mark.real_data
def test_dorset_from_fetch_to_pack(real_data: Path, tmp_path: Path) -> None:
    with serving(real_services(real_data)) as services:
        user = User(services, tmp_path)
        own = user.own.read_text("utf-8").replace("page_rows = 5", "page_rows = 500")
        # the workbook of mid-2020 stands in for that of mid-2024, which nobody gave us
        own = own.replace('2024.xlsx"', '2024.xlsx"\nfile = "sape23dt2mid2020.xlsx"')
        user.own.write_text(own, encoding="utf-8")
        fetched = user.fetch(DORSET, BCP, months="2025-01")
        assert fetched.exit_code == 0, fetched.output
        built = user.build(DORSET)
        assert built.exit_code == 0, built.output
        checked = run("check", user.pack)
        assert checked.exit_code == 0, checked.output
        pack = user.opened()
        units = read_boundaries(real_data / f"ons/LSOA21_BGC_{DORSET}.geojson").units
        assert pack.geography.units == tuple(sorted(units))
        asb = rows_of(real_data / "police/2025-01/2025-01-dorset-street.csv")
        wanted = sum(
            row["LSOA code"] in set(units) and row["Crime type"] == "Anti-social behaviour"
            for row in asb
        )
        # points are placed on outlines generalised to 20 m, the published codes on exact ones
        assert sum(counts(pack, "asb").values()) == pytest.approx(wanted, rel=0.02)
        assert pack.plan("wards").status == "published"
        assert pack.plan("wards").plan.unassigned == ()
        assert np.nansum(pack.measures.counts("persons")) == pytest.approx(380_000, rel=0.02)
