"""Bad input, item by item: one clear message, and no row lost.

What cannot be used at all is refused: what was found, what was wanted, what to do. What is wrong
row by row is accounted for: each row in the ledger with its reason.
"""

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

import bad_files as sound
from bad_files import DISTRICT, PLACE, SHAPES, UNITS, csv, frame, geojson, workbook, zipped
from geo.errors import (
    CrsError,
    GeographyError,
    PlanError,
    ReadError,
    VintageError,
    ZonewrightError,
)
from geo.postcodes import Postcodes
from geo.read import table as tables
from geo.read.boundaries import read_areas, read_boundaries
from geo.read.file import File, list_files
from geo.read.lookup import read_lookup
from geo.read.postcodes import read_postcodes
from geo.read.table import open_table
from layers.build.make import build_pack
from layers.build.options import Options
from layers.read.cases import read_cases
from layers.read.census import read_census
from layers.read.counts import read_counts
from layers.read.deprivation import read_deprivation
from layers.read.dfe import read_dfe
from layers.read.lait import read_lait
from layers.read.police import read_street
from layers.read.population import read_population
from layers.read.programmes import read_programmes
from layers.read.pyramids import read_pyramids
from layers.read.recognise import recognise
from layers.read.schools import read_schools
from layers.read.sites import read_sites
from layers.read.staffing import read_staffing

ROOT = Path(__file__).resolve().parents[2]
STREET = "2025-01-dorset-street.csv"
BIG_BYTES = 80 * 2**20
FIRST_BYTES = 16 * 2**20
"""Of a file that is read first, so that libraries and a block or two are in memory already."""


def directory() -> Postcodes:
    return read_postcodes(File.from_bytes("onspd.csv", sound.postcodes()))


def cases(file: File) -> Any:
    return read_cases([file], units=UNITS, postcodes=directory())


def plan(file: File) -> Any:
    return read_lookup(file, units=UNITS)


READERS: dict[str, Callable[[File], Any]] = {
    "police": read_street,
    "schools": read_schools,
    "pyramids": read_pyramids,
    "plan": plan,
    "postcodes": read_postcodes,
    "population": read_population,
    "census": read_census,
    "deprivation": read_deprivation,
    "dfe": read_dfe,
    "lait": read_lait,
    "counts": read_counts,
    "cases": cases,
    "staffing": read_staffing,
    "sites": read_sites,
    "programmes": read_programmes,
}


# Refused as a whole


@dataclass(frozen=True)
class Refused:
    """A file that nothing can be done with, how it is read, and what the person is told."""

    name: str
    content: Callable[[], bytes]
    read: Callable[[File], Any]
    error: type[ZonewrightError]
    found: str
    remedy: str
    is_left_alone: bool = False
    """Whether a build does without it, because it is of no kind: the person is told by `found`."""


def in_metres_said_to_be_degrees() -> bytes:
    document = json.loads(geojson())
    document["features"] = json.loads(frame().to_json())["features"]
    return json.dumps(document).encode()


def with_axes_swapped() -> bytes:
    degrees = frame().to_crs(4326)
    turned = shapely.transform(np.asarray(degrees.geometry.array), lambda xy: xy[:, ::-1])
    return degrees.set_geometry(gpd.GeoSeries(turned, crs=4326)).to_json().encode()


def at_the_origin() -> bytes:
    shapes = [*SHAPES[:8], shapely.box(0, 0, 100, 100)]
    table = gpd.GeoDataFrame({"LSOA21CD": UNITS}, geometry=shapes, crs=27700)
    return json.dumps({**json.loads(table.to_json()), "crs": BRITISH}).encode()


BRITISH = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::27700"}}


def repeated() -> bytes:
    return geojson(frame(LSOA21CD=[UNITS[0], *UNITS[:8]]))


def bomb() -> bytes:
    return zipped({STREET: bytes(2**27)})


def lookup(*rows: tuple[str, str]) -> bytes:
    return csv(["LSOA21CD", "zone"], rows)


def missing(ending: str) -> Callable[[], bytes]:
    """Give a zipped shapefile without one of its parts."""
    return lambda: zipped(
        {f"units{e}": b"x" for e in (".shp", ".shx", ".dbf", ".prj") if e != ending}
    )


ALL_NORTH = [(unit, "North") for unit in UNITS]
REFUSED = {
    "wrong CRS": Refused(
        "lsoa.geojson",
        in_metres_said_to_be_degrees,
        read_boundaries,
        CrsError,
        r"lsoa\.geojson: The boundaries declare EPSG:4326, in degrees, but their coordinates are m",
        "",
    ),
    "swapped axes": Refused(
        "lsoa.geojson",
        with_axes_swapped,
        read_boundaries,
        CrsError,
        r"lsoa\.geojson: .*with their axes swapped, latitude before longitude: E01020350",
        "Export them again with longitude",
    ),
    "swapped axes of drawn areas": Refused(
        "areas.geojson",
        with_axes_swapped,
        lambda file: read_areas(file, "LSOA21NM"),
        CrsError,
        r"areas\.geojson: .*with their axes swapped",
        "Export them again",
    ),
    "wrong encoding": Refused(
        "plan.csv",
        lambda: b"\xff\xfe" + sound.plan(),
        plan,
        ReadError,
        "plan.csv",
        "CSV UTF-8",
    ),
    "no text at all": Refused(
        "counts.csv",
        lambda: bytes(range(256)) * 20,
        read_counts,
        ReadError,
        r"counts\.csv is in an encoding that is not known",
        "CSV UTF-8",
    ),
    "truncated zip": Refused(
        "2025.zip",
        lambda: zipped({STREET: sound.police()})[:-30],
        read_street,
        ReadError,
        r"2025\.zip is no complete zip",
        "Download it again; it may have broken off",
    ),
    "truncated gzip": Refused(
        "counts.csv.gz",
        lambda: gzip.compress(sound.counts() * 9)[:-12],
        read_counts,
        ReadError,
        r"counts\.csv.*breaks off or is damaged",
        "Download it again; it may have broken off",
    ),
    "truncated workbook": Refused(
        "counts.xlsx",
        lambda: workbook({"Sheet1": sound.count_rows()})[:-200],
        read_counts,
        ReadError,
        r"counts\.xlsx is no complete zip",
        "Download it again",
    ),
    "zip bomb": Refused(
        "2025.zip",
        bomb,
        read_street,
        ReadError,
        r"2025\.zip would unpack from .* to 134,217,728 bytes in 1 files",
        "Do not use it",
    ),
    "zip bomb of shapes": Refused(
        "lsoa.zip",
        bomb,
        read_boundaries,
        ReadError,
        r"lsoa\.zip would unpack from .* to 134,217,728 bytes",
        "Do not use it",
    ),
    "path traversal in a zip": Refused(
        "2025.zip",
        lambda: zipped({f"../../{STREET}": sound.police()}),
        read_street,
        ReadError,
        r"2025\.zip holds names that lead out of the archive: \.\./\.\./2025-01",
        "Do not use it",
    ),
    "path traversal in a zip of shapes": Refused(
        "lsoa.zip",
        lambda: zipped({"../units.shp": b"x"}),
        read_boundaries,
        ReadError,
        r"lsoa\.zip holds names that lead out of the archive",
        "Do not use it",
    ),
    "shapefile without .prj": Refused(
        "lsoa.zip",
        missing(".prj"),
        read_boundaries,
        ReadError,
        r"shapefile units\.shp comes without its \.prj file",
        r"put them together or give `crs=`",
    ),
    "shapefile without .dbf": Refused(
        "lsoa.zip",
        missing(".dbf"),
        read_boundaries,
        ReadError,
        r"shapefile units\.shp comes without its \.dbf file",
        "A shapefile is several files of one name: put them together",
    ),
    "duplicate codes in boundaries": Refused(
        "lsoa.geojson",
        repeated,
        read_boundaries,
        GeographyError,
        r"lsoa\.geojson: .*E01020350 more than once",
        "",
    ),
    "duplicate codes in a plan": Refused(
        "plan.csv",
        lambda: lookup(*ALL_NORTH, (UNITS[0], "South")),
        plan,
        ReadError,
        r"plan\.csv names E01020350 more than once",
        "Keep one row",
    ),
    "unknown codes in a plan": Refused(
        "plan.csv",
        lambda: lookup(*ALL_NORTH, ("E01099999", "South")),
        plan,
        PlanError,
        "E01099999",
        "",
    ),
    "mixed vintages in boundaries": Refused(
        "lsoa.geojson",
        lambda: geojson(frame(LSOA11CD=["E01035000", *UNITS[:8]])),
        lambda file: read_boundaries(file, vintage="2011"),
        VintageError,
        r"1 of 9 units have codes of 2021 .*E01035000",
        "",
    ),
    "coordinates at 0,0": Refused(
        "lsoa.geojson",
        at_the_origin,
        read_boundaries,
        GeographyError,
        r"lsoa\.geojson: 1 units have coordinates 0, 0.*: E01020358",
        "",
    ),
    "percentages as counts": Refused(
        "counts.csv",
        lambda: csv(["LSOA21CD", "% in need"], [[unit, 12.5] for unit in UNITS]),
        read_counts,
        ReadError,
        r"counts\.csv .*% in need; none beside 'LSOA21CD' holds counts",
        "Give whole numbers of 0 or more",
        is_left_alone=True,
    ),
    "counts without a header": Refused(
        "counts.csv",
        lambda: csv([UNITS[0], 7], [[unit, 8] for unit in UNITS[1:]]),
        read_counts,
        ReadError,
        r"counts\.csv has no header",
        "Put a row with the names of the columns above",
    ),
    "a list of children for counts": Refused(
        "counts.csv",
        lambda: csv(["LSOA21CD", "child_id", "visits"], [[u, n, 1] for n, u in enumerate(UNITS)]),
        read_counts,
        ReadError,
        r"counts\.csv has the columns child_id: it looks like a list of children",
        "Load it as a case list",
        is_left_alone=True,
    ),
    "text that a browser saved in place of the file": Refused(
        "counts.csv",
        lambda: b"<!DOCTYPE html><html><body>503 Service Unavailable</body></html>",
        read_counts,
        ReadError,
        r"counts\.csv is no table of text: its content is a web page",
        "Was the right link downloaded",
    ),
    "a file that is still being written, by its name": Refused(
        f"{STREET}.crdownload",
        sound.police,
        read_street,
        ReadError,
        r"street\.csv\.crdownload is still being downloaded, or its download broke off",
        "Wait until the download has ended",
    ),
}


@pytest.mark.parametrize("item", REFUSED)
def test_what_cannot_be_used_is_refused_with_one_clear_message(item: str) -> None:
    bad = REFUSED[item]
    with pytest.raises(bad.error, match=bad.found) as caught:
        bad.read(File.from_bytes(bad.name, bad.content()))
    assert bad.remedy in caught.value.remedy
    assert caught.value.remedy.endswith((".", "`", "?"))
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("item", [i for i, bad in REFUSED.items() if bad.is_left_alone])
def test_what_is_of_no_kind_is_told_so_and_left_alone(item: str) -> None:
    bad = REFUSED[item]
    (found,) = recognise([File.from_bytes(bad.name, bad.content())])
    assert (found.kind, found.title) == (None, "Not recognised")


@pytest.mark.parametrize("item", [i for i, bad in REFUSED.items() if not bad.is_left_alone])
def test_a_build_with_a_file_that_cannot_be_used_leaves_nothing(item: str, tmp_path: Path) -> None:
    bad = REFUSED[item]
    good = {"all.geojson": geojson(), "people.csv": sound.denominators()}
    if bad.name.startswith("lsoa"):
        del good["all.geojson"]
    files = [*good.items(), (bad.name, bad.content())]
    with pytest.raises(ZonewrightError) as caught:
        build_pack(
            [File.from_bytes(name, content) for name, content in files],
            authority=PLACE,
            out=tmp_path / "pack",
            options=Options(vintage="2021"),
        )
    assert caught.value.remedy
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("key", READERS)
@pytest.mark.parametrize("content", [b"", b"\n\n \n", b"\xef\xbb\xbf", b",,,\n,,,\n"])
def test_an_empty_file_is_refused_by_every_reader(key: str, content: bytes) -> None:
    with pytest.raises(ZonewrightError, match=r"a\.csv") as caught:
        READERS[key](File.from_bytes("a.csv", content))
    assert caught.value.remedy


def test_an_empty_file_is_said_to_be_empty() -> None:
    (found,) = recognise([File.from_bytes("a.csv", b"")])
    assert found.fault.startswith("a.csv is empty (0 bytes)")


# Accounted for, row by row


@dataclass(frozen=True)
class Accounted:
    """A file with rows that are wrong, and what the ledger says of them."""

    content: Callable[[], bytes]
    read: Callable[[File], Any]
    used: int
    reasons: dict[str, int]
    unlocated: int = 0
    name: str = "own.csv"


def with_counts(*cells: object) -> Callable[[], bytes]:
    """Give a table of counts: whole ones but for those given."""
    filled = [*cells, *range(1, 10 - len(cells))]
    return lambda: csv(["LSOA21CD", "referrals"], list(zip(UNITS, filled, strict=True)))


def parts(file: File) -> Any:
    return read_counts(file, parts=[("plans", "children")])


def street(*points: tuple[object, object, str]) -> Callable[[], bytes]:
    header = "Month,Falls within,Longitude,Latitude,LSOA code,Crime type"
    force = "Dorset Police"
    return lambda: csv(
        header, [["2025-01", force, x, y, code, "Anti-social behaviour"] for x, y, code in points]
    )


def on_the_grid(*points: tuple[object, object]) -> Callable[[], bytes]:
    rows = [[f"Hub {n}", "hub", *point] for n, point in enumerate(points)]
    return lambda: csv(["name", "kind", "easting", "northing"], rows)


COLUMN = "'referrals'"
ACCOUNTED = {
    "duplicate codes": Accounted(
        lambda: sound.counts() + f"{UNITS[0]},{DISTRICT},5,5\n".encode(),
        read_counts,
        9,
        {"the row repeats the 'LSOA21CD' of an earlier one": 1},
    ),
    "unknown codes": Accounted(
        lambda: sound.counts() + f"E99,{DISTRICT},5,5\n".encode(),
        read_counts,
        9,
        {"'LSOA21CD' is no code of a small area": 1},
    ),
    "negative counts": Accounted(
        with_counts(-1, "-5"), read_counts, 7, {f"{COLUMN} is negative": 2}
    ),
    "fractional counts": Accounted(
        with_counts(2.5, "0.1"), read_counts, 7, {f"{COLUMN} is a fraction, not a count": 2}
    ),
    "percentages as counts": Accounted(
        with_counts("5%", "12.5 %"), read_counts, 7, {f"{COLUMN} is a percentage, not a count": 2}
    ),
    "formulas in cells": Accounted(
        with_counts("=1+1", "=SUM(B3:B9)"),
        read_counts,
        7,
        {f"{COLUMN} holds a formula, not its value": 2},
    ),
    "words in place of counts": Accounted(
        with_counts("many", "1e309"),
        read_counts,
        7,
        {f"{COLUMN} is neither a number nor a symbol": 2},
    ),
    "numerators above denominators": Accounted(
        lambda: csv(
            ["LSOA21CD", "plans", "children"], [[u, 3 * n, 12] for n, u in enumerate(UNITS)]
        ),
        parts,
        5,
        {"'plans' is more than 'children', of which it is a part": 4},
    ),
    "coordinates at 0,0 of a site": Accounted(
        on_the_grid((0, 0), (370_050, 99_950)), read_sites, 1, {}, unlocated=1
    ),
    "coordinates outside Britain of a site": Accounted(
        on_the_grid((370_050, 99_950), (9e6, 1)), read_sites, 1, {"the point is not in Britain": 1}
    ),
    "coordinates at 0,0 of a school": Accounted(
        lambda: sound.schools().replace(b",370010,99990,", b",0,0,"),
        read_schools,
        7,
        {},
        unlocated=2,
    ),
    "months that are none": Accounted(
        lambda: sound.police().replace(b",2025-01,", b",2025-13,", 2),
        read_street,
        9,
        {"Month is not written as 2025-01": 2},
        name=STREET,
        unlocated=1,
    ),
    "rows that are too short or too long": Accounted(
        lambda: sound.counts() + b"E01020359,1\nE01020360,E06000059,1,2,3\n",
        read_counts,
        9,
        {"the row has 2 cells under 4 columns": 1, "the row has 5 cells under 4 columns": 1},
    ),
    "a total that its ages contradict": Accounted(
        lambda: sound.old_population().replace(b",273,", b",274,", 1),
        lambda file: read_population(file, year=2020),
        8,
        {"the total is not the sum of its ages": 1},
    ),
    "staff without a number": Accounted(
        lambda: csv(["zone", "role", "fte"], [["North", "a", 1], ["", "b", 1], ["South", "c", -1]]),
        read_staffing,
        1,
        {"'zone' is blank": 1, "'fte' is no number of 0 or more": 1},
    ),
}


@pytest.mark.parametrize("item", ACCOUNTED)
def test_wrong_rows_are_accounted_for_one_by_one(item: str) -> None:
    bad = ACCOUNTED[item]
    ledger = bad.read(File.from_bytes(bad.name, bad.content())).ledger
    assert ledger.rejected.by_reason() == bad.reasons
    assert (ledger.used, ledger.unlocated) == (bad.used, bad.unlocated)


@pytest.mark.parametrize(
    "point", [("0", "0"), ("50.7", "-2.4"), ("NaN", "inf"), ("370050", "99950")]
)
def test_an_incident_whose_point_is_nowhere_in_britain_is_kept_by_its_code_or_rejected(
    point: tuple[str, str],
) -> None:
    read = read_street(File.from_bytes(STREET, street((*point, UNITS[0]), (*point, ""))()))
    assert read.ledger.read == 2
    assert read.ledger.used == len(read.rows)
    assert np.isnan(read.rows["easting"]).all()


def test_codes_of_two_vintages_in_a_file_are_told_apart() -> None:
    content = street(("-2.4", "50.7", "E01000001"), ("-2.4", "50.7", "E01035001"))()
    known = {"2011": ["E01000001"], "2021": ["E01035001"]}
    read = read_street(File.from_bytes(STREET, content), known=known)
    assert read.ledger.used == 2
    assert any("2011" in note and "2021" in note for note in read.notes)


def test_counts_of_another_vintage_are_not_joined_without_a_lookup(tmp_path: Path) -> None:
    early = csv(["LSOA11CD", "referrals"], [[unit, 5] for unit in (*UNITS[:8], "E01020359")])
    contents = {"a.geojson": geojson(), "b.csv": sound.denominators(), "c.csv": early}
    with pytest.raises(VintageError, match=r"2011.*2021") as caught:
        build_pack(uploads(contents), authority=PLACE, out=tmp_path / "pack")
    assert "lookup" in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_dates_in_three_styles_are_one_day() -> None:
    header = "cont_contact_id,cont_person_id,cont_contact_date"
    days = ["2024-04-25", "25/04/2024", "25-04-2024", "45407", "25.04.2024", "2024-04-25T10:15:00"]
    content = csv(header, [*([n, f"P{n}", day] for n, day in enumerate(days)), [9, "P9", "soon"]])
    series = cases(File.from_bytes("contacts.csv", content))
    assert series.months == ("2024-04",)
    assert int(series.binned.sum() + series.counts.sum()) == len(days)
    assert list(series.ledger.rejected.by_reason().values()) == [1]


def test_dates_that_may_be_month_first_are_said() -> None:
    header = "cont_contact_id,cont_person_id,cont_contact_date"
    rows = [[n, f"P{n}", day] for n, day in enumerate(["04/25/2024", "04/26/2024", "04/05/2024"])]
    with_one = [*rows, [9, "P9", "2024-04-01"]]
    series = cases(File.from_bytes("contacts.csv", csv(header, with_one)))
    assert len(series.ledger.rejected) == 3
    assert any("month first" in note for note in series.notes)


@pytest.mark.parametrize(
    ("encoding", "note"),
    [("cp1252", "Windows-1252"), ("utf-16-le", "UTF-16"), ("utf-8-sig", "")],
)
def test_names_in_another_encoding_are_read_whole_and_it_is_said(encoding: str, note: str) -> None:
    text = "name,kind,easting,northing\nCafé O’Hara,hub,370050,99950\n"
    read = read_sites(File.from_bytes("sites.csv", text.encode(encoding)))
    assert [site.name for site in read.sites] == ["Café O’Hara"]
    assert [note in said for said in read.notes] == ([True] if note else [])


NAMES = (
    "<script>alert(1)</script>", "=1+1", "+44", "@SUM(A1)", "-5 %", "O'Hara & Sons", 'Say "so"',
    "\u202egnp.exe",
)  # fmt: skip


def test_html_and_formulas_in_names_stay_as_they_are_written(tmp_path: Path) -> None:
    """Pages escape them and files that leave have an apostrophe before a formula."""
    quoted = ['"' + name.replace('"', '""') + '"' for name in NAMES]
    zones = [*zip(UNITS, quoted, strict=False), (UNITS[8], "North")]
    contents = {
        "a.geojson": geojson(),
        "b.csv": sound.denominators(),
        "plan.csv": lookup(*zones),
        "sites.csv": csv(
            "name,kind,easting,northing", [[name, "hub", 370_050, 99_950] for name in quoted]
        ),
    }
    pack = build_pack(uploads(contents), authority=PLACE, out=tmp_path / "pack").pack
    assert set(pack.plans[0].plan.zones) == {*NAMES, "North"}
    assert [site.name for site in pack.sites] == list(NAMES)
    written = (tmp_path / "pack" / "plans" / f"{pack.plans[0].key}.csv").read_text("utf-8")
    assert "'=1+1" in written


def test_a_formula_in_a_workbook_gives_the_value_that_was_seen_or_its_row_is_rejected() -> None:
    rows = [["LSOA21CD", "referrals"], *([unit, n] for n, unit in enumerate(UNITS))]
    rows[3][1] = "=SUM(B2:B3)"  # openpyxl writes no value beside it
    ledger = read_counts(File.from_bytes("counts.xlsx", workbook({"a": rows}))).ledger
    assert ledger.read == 9
    assert ledger.used + len(ledger.rejected) == 9


# Shapes


def test_an_upload_of_geojson_without_a_name_is_read() -> None:
    """GDAL makes up a name for its layer, another one each time it is opened in memory."""
    content = geojson()
    assert b'"name"' not in content
    assert read_boundaries(File.from_bytes("lsoa.geojson", content)).units == UNITS


def changed_ring(change: Callable[[list[Any]], object]) -> bytes:
    document = json.loads(geojson())
    change(document["features"][0]["geometry"]["coordinates"][0])
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda ring: ring.pop(), "cannot be read as a GeoJSON .*closed"),
        (lambda ring: ring[1].pop(), "holds shapes that are broken .*Invalid coord dimension"),
    ],
)
def test_shapes_that_the_library_would_mend_in_silence_are_refused(
    change: Callable[[list[Any]], object], message: str
) -> None:
    file = File.from_bytes("lsoa.geojson", changed_ring(change))
    for reader in (read_boundaries, lambda f: read_areas(f, "LSOA21NM")):
        with pytest.raises(ReadError, match=rf"lsoa\.geojson {message}") as caught:
            reader(file)
        assert caught.value.remedy.endswith("again.")


def test_text_in_a_parquet_file_that_is_no_text_is_refused() -> None:
    content = sound.geoparquet(frame(LSOA21CD=UNITS, LSOA21NM=["Caf\u00e9" * 40] * 9), None)
    assert content.count(b"\xc3\xa9")
    broken = content.replace(b"\xc3\xa9", b"\xff\xfe")
    with pytest.raises(ReadError, match=r"lsoa\.parquet cannot be read as a GeoParquet"):
        read_boundaries(File.from_bytes("lsoa.parquet", broken))


def test_coordinates_that_nothing_converts_are_refused(tmp_path: Path) -> None:
    local = 'LOCAL_CS["Site grid",UNIT["metre",1]]'
    sound.shapefile(tmp_path)
    (tmp_path / "units.prj").write_text(local)
    with pytest.raises(CrsError, match="cannot be converted to EPSG:27700") as caught:
        read_boundaries(tmp_path / "units.shp")
    assert "give `crs=`" in caught.value.remedy


def test_names_of_columns_without_end_do_not_fill_the_message() -> None:
    content = csv(["x" * 90_000, "y" * 90_000], [[1, 2]])
    with pytest.raises(ReadError, match=r"x{97}\.\.\., y{97}\.\.\.") as caught:
        read_counts(File.from_bytes("counts.csv", content))
    assert len(str(caught.value)) < 500


# Files on disk


def test_a_file_that_is_being_written_is_refused(tmp_path: Path) -> None:
    path = tmp_path / STREET
    path.write_bytes(sound.police())
    file = File.from_path(path)
    table = open_table(file)
    with path.open("ab") as stream:
        stream.write(b"half a li")
    with pytest.raises(ReadError, match="changed while it was read") as caught:
        list(table.chunks(tables.Account(file.name)))
    assert caught.value.remedy == "Wait until that has ended and read it again."


def test_a_file_that_breaks_off_in_a_row_loses_that_row_to_the_ledger() -> None:
    ledger = read_street(File.from_bytes(STREET, sound.police()[:-30])).ledger
    assert ledger.rows == 14
    assert len(ledger.rejected) == 1


def test_one_bad_file_of_a_folder_is_told_beside_what_the_others_are(tmp_path: Path) -> None:
    (tmp_path / "bad.zip").write_bytes(zipped({"../a.csv": b"a"}))
    (tmp_path / "half.zip").write_bytes(zipped({STREET: sound.police()})[:-30])
    (tmp_path / "late.csv.part").write_bytes(sound.counts())
    (tmp_path / "none.csv").write_bytes(b"")
    (tmp_path / STREET).write_bytes(sound.police())
    found = recognise(tmp_path)
    assert [entry.kind.key for entry in found if entry.kind] == ["police_street"]
    faults = "\n".join(sorted(entry.fault for entry in found if entry.fault))
    for told in ("bad.zip", "half.zip", "late.csv.part", "none.csv"):
        assert told in faults
    assert len(list_files(tmp_path / STREET)) == 1


MEASURE = """
import resource, sys
from layers.read.police import read_street

def peak_bytes():
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit

read_street(sys.argv[2])
before = peak_bytes()
ledger = read_street(sys.argv[1]).ledger
print(ledger.read, ledger.rows, peak_bytes() - before)
"""


def test_a_big_file_takes_less_memory_than_half_its_size(tmp_path: Path) -> None:
    """`benchmarks/big_file.py` does the same with 2 GB."""
    pytest.importorskip("resource")
    big, first = tmp_path / "big.csv", tmp_path / "first.csv"
    rows = sound.write_big_street(big, BIG_BYTES)
    sound.write_big_street(first, FIRST_BYTES)
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(big), str(first)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    big.unlink()
    read, every, grown_bytes = map(int, done.stdout.split())
    assert (read, every) == (rows // 5, rows)
    assert grown_bytes < BIG_BYTES / 2


def uploads(contents: dict[str, bytes]) -> list[File]:
    return [File.from_bytes(name, content) for name, content in contents.items()]
