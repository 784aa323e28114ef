"""Files of every format read back as they were written, and every bad one refused once."""

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.build import build_geography
from geo.coverage import check_coverage
from geo.errors import (
    CrsError,
    GeographyError,
    PlanError,
    ReadError,
    VintageError,
    WriteError,
    ZonewrightError,
)
from geo.geography import Geography
from geo.plan import Plan
from geo.read import Areas, read_areas, read_boundaries, read_lookup
from geo.read.file import File
from geo.write import lookup_csv, write_boundaries, write_lookup
from grids import NAMED, drawn, planned, shapes_of

LETTERS, SHAPES = shapes_of(*NAMED["three by three"])
CODES = [f"E0102035{i}" for i in range(9)]
FORMULAS = ("=1+1", "+44", "-5 %", "@SUM", "'=x", "''-", "'Tis", "O'Hara", "\tTab", 'Say "so"')


def frame(crs: str | None = "EPSG:27700", **columns: object) -> gpd.GeoDataFrame:
    """Nine squares with the columns that ONS gives, or others."""
    columns = columns or {"LSOA11CD": CODES, "LSOA11NM": [f"Dorset {x}" for x in LETTERS]}
    return gpd.GeoDataFrame(columns, geometry=SHAPES, crs=crs)


def write_file(table: gpd.GeoDataFrame, path: Path) -> Path:
    table.to_file(path)
    return path


def write_geojson(table: gpd.GeoDataFrame, path: Path) -> Path:
    return write_file(table.to_crs(4326), path)


def write_zip(table: gpd.GeoDataFrame, path: Path, *, folder: str = "") -> Path:
    made = path.parent / "made"
    made.mkdir(exist_ok=True)
    table.to_file(made / f"{path.stem}.shp")
    with zipfile.ZipFile(path, "a") as archive:
        for part in made.glob(f"{path.stem}.*"):
            archive.write(part, f"{folder}{part.name}")
        archive.writestr(f"__MACOSX/{path.stem}.shp", "")
    return path


def write_parquet(table: gpd.GeoDataFrame, path: Path) -> Path:
    table.to_parquet(path)
    return path


WRITERS: dict[str, Callable[[gpd.GeoDataFrame, Path], Path]] = {
    "a.gpkg": write_file,
    "a.geojson": write_geojson,
    "a.json": lambda table, path: write_geojson(table, path.with_suffix(".geojson")).rename(path),
    "a.parquet": write_parquet,
    "a.geoparquet": write_parquet,
    "a.shp": write_file,
    "a.zip": write_zip,
    "A SHAPE.ZIP": write_zip,
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_codes_names_and_shapes_in_metres(name: str, tmp_path: Path) -> None:
    found = read_boundaries(WRITERS[name](frame(), tmp_path / name))
    assert found.units == tuple(CODES)
    assert found.names[0] == "Dorset A"
    assert found.vintage == "2011"
    assert shapely.equals(shapely.normalize(found.shapes), shapely.normalize(SHAPES)).all()


@pytest.mark.parametrize("name", ["a.parquet", "a.gpkg", "a.geojson"])
@pytest.mark.parametrize("drawing", NAMED)
def test_a_geography_written_reads_back(name: str, drawing: str, tmp_path: Path) -> None:
    place = drawn(*NAMED[drawing])
    found = read_boundaries(write_boundaries(place, tmp_path / name))
    again = build_geography("drawn", "2011", found.units, found.names, found.shapes)
    assert (again.units, again.names) == (place.units, place.names)
    assert shapely.equals(again.shapes, place.shapes).all()
    assert again.neighbours.indices.tolist() == place.neighbours.indices.tolist()


@pytest.mark.parametrize("name", ["a.parquet", "a.gpkg", "a.geojson"])
def test_a_pack_written_keeps_its_neighbours(
    name: str, pack_boundaries: Path, tmp_path: Path
) -> None:
    found = read_boundaries(pack_boundaries, vintage="2011")
    place = build_geography("pack", "2011", found.units, found.names, found.shapes)
    again = read_boundaries(write_boundaries(place, tmp_path / name))
    other = build_geography("pack", "2011", again.units, again.names, again.shapes)
    assert other.neighbours.indices.tolist() == place.neighbours.indices.tolist()
    assert (shapely.hausdorff_distance(other.shapes, place.shapes) < 0.015).all()


def test_geojson_is_written_in_longitude_and_latitude(tmp_path: Path) -> None:
    path = write_boundaries(drawn("A"), tmp_path / "a.geojson")
    assert gpd.read_file(path).total_bounds[0] == pytest.approx(-2.43, abs=0.01)
    assert "crs" not in path.read_text(encoding="utf-8")


def test_a_file_that_is_there_is_replaced(tmp_path: Path) -> None:
    for drawing in ("AB", "A"):
        write_boundaries(drawn(drawing), tmp_path / "a.gpkg")
    assert len(read_boundaries(tmp_path / "a.gpkg")) == 1


def test_a_file_cannot_be_written_in_another_format_or_nowhere(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match=r"'\.shp'; boundaries are written to \.geojson, \.gpkg"):
        write_boundaries(drawn("A"), tmp_path / "a.shp")
    with pytest.raises(WriteError, match=r"gone is not there"):
        write_boundaries(drawn("A"), tmp_path / "gone" / "a.gpkg")


# Columns


def read_columns(tmp_path: Path, **columns: object) -> tuple[str, str]:
    found = read_boundaries(write_parquet(frame(**columns), tmp_path / "a.parquet"))
    return found.units[0], found.names[0]


def test_a_column_called_unit_holds_the_codes_whatever_they_look_like(tmp_path: Path) -> None:
    assert read_columns(tmp_path, Unit=list(LETTERS), LSOA11CD=CODES) == ("A", "A")


def test_codes_are_found_by_their_look(tmp_path: Path) -> None:
    districts = ["E07000048"] * 9
    found = read_columns(tmp_path, note=list(LETTERS), district=districts, area=CODES)
    assert found == ("E01020350", "E01020350")


def test_of_two_columns_of_codes_the_smaller_areas_are_the_units(tmp_path: Path) -> None:
    wards = [f"E0500000{i}" for i in range(9)]
    assert read_columns(tmp_path, WD25CD=wards, LSOA21CD=CODES)[0] == "E01020350"


def test_names_come_from_the_column_beside_the_codes(tmp_path: Path) -> None:
    table = {"LSOA21CD": CODES, "name": list(LETTERS), "LSOA21NM": [f"X {x}" for x in LETTERS]}
    assert read_columns(tmp_path, **table) == ("E01020350", "X A")


def test_a_unit_without_a_name_takes_its_code(tmp_path: Path) -> None:
    assert read_columns(tmp_path, unit=CODES, NAME=[None, *LETTERS[1:]])[1] == "E01020350"


def test_columns_may_be_named(tmp_path: Path) -> None:
    path = write_parquet(frame(id=range(9), title=list(LETTERS)), tmp_path / "a.parquet")
    found = read_boundaries(path, unit="id", name="title")
    assert (found.units[8], found.names[8]) == ("8", "I")


def test_boundaries_say_what_they_are(tmp_path: Path) -> None:
    path = write_parquet(frame(), tmp_path / "a.parquet")
    assert repr(read_boundaries(path)) == "<Boundaries of 9 units of 2011>"
    path = write_parquet(frame(unit=list(LETTERS)), path)
    assert repr(read_boundaries(path)) == "<Boundaries of 9 units of unknown vintage>"


def test_a_layer_of_several_may_be_named(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    frame().to_file(path, layer="lsoa")
    frame().iloc[:4].to_file(path, layer="part")
    assert len(read_boundaries(path, layer="part")) == 4


def test_a_shapefile_of_several_in_a_zip_may_be_named(tmp_path: Path) -> None:
    path = write_zip(frame().iloc[:4], tmp_path / "part.zip", folder="inside/")
    write_zip(frame(), tmp_path / "whole.zip")
    with zipfile.ZipFile(path, "a") as archive, zipfile.ZipFile(tmp_path / "whole.zip") as other:
        for name in other.namelist():
            archive.writestr(name.replace("__MACOSX", "__MACOSX/inside"), other.read(name))
    assert len(read_boundaries(path, layer="part")) == 4


def test_the_crs_given_replaces_what_the_file_says(tmp_path: Path) -> None:
    path = write_parquet(frame().set_crs("EPSG:4326", allow_override=True), tmp_path / "a.parquet")
    assert len(read_boundaries(path, crs="EPSG:27700")) == 9


def test_a_shapefile_without_prj_is_read_with_a_crs(tmp_path: Path) -> None:
    path = write_file(frame(), tmp_path / "a.shp")
    path.with_suffix(".prj").unlink()
    assert len(read_boundaries(path, crs=27700)) == 9


def test_the_level_is_told_by_the_codes(tmp_path: Path) -> None:
    for code, level in {
        "E0000000": "oa", "W0100000": "lsoa", "E0200000": "msoa", "E0500000": "ward",
        "E0700000": "district", "E1200000": "",
    }.items():  # fmt: skip
        table = frame(unit=[f"{code}{i}" for i in range(9)])
        assert read_boundaries(write_parquet(table, tmp_path / "a.parquet")).level == level
    mixed = frame(unit=["E05000001", *CODES[1:]])
    assert read_boundaries(write_parquet(mixed, tmp_path / "a.parquet")).level == ""


def test_the_district_of_each_unit_comes_from_its_column(tmp_path: Path) -> None:
    table = frame(LSOA21CD=CODES, LAD25CD=["E06000059"] * 8 + [None], LAD22CD=["E07000048"] * 9)
    found = read_boundaries(write_parquet(table, tmp_path / "a.parquet"))
    assert found.districts == ("E06000059",) * 8 + ("",)
    assert read_boundaries(write_parquet(frame(), tmp_path / "b.parquet")).districts == ()
    districts = frame(LAD25CD=[f"E0700004{i}" for i in range(9)])
    found = read_boundaries(write_parquet(districts, tmp_path / "c.parquet"))
    assert (found.level, found.vintage, found.districts) == ("district", "2025", ())


def test_every_feature_is_accounted_for(tmp_path: Path) -> None:
    found = read_boundaries(write_parquet(frame(), tmp_path / "a.parquet"))
    assert str(found.ledger).startswith("9 read = 9 used")
    assert found.ledger.source == "a.parquet"


@pytest.mark.parametrize("name", [name for name in WRITERS if not name.endswith(".shp")])
def test_an_upload_is_read_like_a_file_and_leaves_nothing_on_disk(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = WRITERS[name](frame(), tmp_path / name).read_bytes()
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    monkeypatch.setenv("TMPDIR", str(empty))
    found = read_boundaries(File.from_bytes(name, content))
    assert found.units == tuple(CODES)
    assert list(empty.iterdir()) == []


def test_a_zip_may_hold_another_format(tmp_path: Path) -> None:
    write_geojson(frame(), tmp_path / "a.geojson")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(tmp_path / "a.geojson", "inside/a.geojson")
        archive.writestr("licence.txt", "OGL")
    assert len(read_boundaries(tmp_path / "a.zip")) == 9


def test_names_in_the_encoding_of_a_cpg_file_are_read(tmp_path: Path) -> None:
    table = frame(LSOA21CD=CODES, LSOA21NM=["Ynys M\u00f4n"] * 9)
    table.to_file(tmp_path / "a.shp", encoding="cp1252")
    assert (tmp_path / "a.cpg").exists()
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for ending in ("shp", "shx", "dbf", "prj", "cpg"):
            archive.write(tmp_path / f"a.{ending}", f"a.{ending}")
    for name in ("a.shp", "a.zip"):
        assert read_boundaries(tmp_path / name).names[0] == "Ynys M\u00f4n"


# Areas


def areas_of(tmp_path: Path, shapes: object = SHAPES, **columns: object) -> Areas:
    table = gpd.GeoDataFrame(columns, geometry=shapes, crs=27700)
    return read_areas(write_parquet(table, tmp_path / "a.parquet"))


def test_areas_have_names_shapes_and_attributes(tmp_path: Path) -> None:
    found = areas_of(tmp_path, Name=list(LETTERS), urn=range(9), phase=["x", None] + ["y"] * 7)
    assert found.names == tuple(LETTERS)
    assert shapely.equals(found.shapes, SHAPES).all()
    assert found.attributes == {"urn": tuple("012345678"), "phase": ("x", "", *"yyyyyyy")}
    assert (found.ledger.used, found.notes, repr(found)) == (9, (), "<Areas, 9 with names>")


def test_the_column_of_names_is_found_or_named(tmp_path: Path) -> None:
    table = frame(phase=["x"] * 9, label_of_it=list(LETTERS))
    path = write_parquet(table, tmp_path / "a.parquet")
    assert read_areas(path).names == tuple(LETTERS)
    assert read_areas(path, "phase").names == ("x",)
    with pytest.raises(ReadError, match="has no column 'nobody'"):
        read_areas(path, "nobody")
    with pytest.raises(ReadError, match=r"no column of names.*name="):
        areas_of(tmp_path, n=range(9))


def test_parts_of_one_name_are_joined_and_said(tmp_path: Path) -> None:
    found = areas_of(tmp_path, name=["North", "North", *LETTERS[2:]])
    assert len(found) == 8
    assert shapely.area(found.shapes[0]) == shapely.area(SHAPES[:2]).sum()
    assert found.notes == ("1 areas come in parts, which were joined: North",)
    assert found.ledger.used == 9


def test_areas_without_name_or_polygon_are_rejected_one_by_one(tmp_path: Path) -> None:
    shapes = [*SHAPES[:6], None, shapely.Point(400_000, 100_000), SHAPES[8]]
    found = areas_of(tmp_path, shapes, name=["A", " ", None, *LETTERS[3:]])
    assert [(row.line, row.reason) for row in found.ledger.rejected] == [
        (2, "the area has no name"),
        (3, "the area has no name"),
        (7, "the area has no shape"),
        (8, "the shape is no polygon"),
    ]
    assert found.names == ("A", "D", "E", "F", "I")
    with pytest.raises(ReadError, match="no area with a name and a polygon"):
        areas_of(tmp_path, [None], name=["A"])


def test_a_ring_that_crosses_itself_is_mended_and_said(tmp_path: Path) -> None:
    x, y = 370_000, 90_000
    bow = shapely.Polygon([(x, y), (x + 200, y + 200), (x + 200, y), (x, y + 200)])
    found = areas_of(tmp_path, [bow, SHAPES[1]], name=["Bow", "B"])
    assert shapely.is_valid(found.shapes).all()
    assert shapely.area(found.shapes[0]) == pytest.approx(20_000)
    assert found.notes == ("1 areas had rings that cross themselves and were mended: Bow",)


def test_areas_in_the_wrong_place_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CrsError, match=r"a\.parquet: .*but their coordinates are degrees"):
        areas_of(tmp_path, [shapely.box(-2.5, 50, -2, 51)], name=["A"])
    with pytest.raises(GeographyError, match="coordinates 0, 0"):
        areas_of(tmp_path, [shapely.box(0, 0, 100, 100)], name=["A"])


# Files that are refused


def service_error(folder: Path) -> Path:
    text = '{"error": {"code": 400, "message": "Invalid URL"}}'
    (folder / "a.geojson").write_text(text)
    return folder / "a.geojson"


def one_page(folder: Path) -> Path:
    path = write_geojson(frame(), folder / "a.geojson")
    text = path.read_text().replace("{", '{"exceededTransferLimit": true,', 1)
    path.write_text(text)
    return path


def broken_off(folder: Path) -> Path:
    path = write_geojson(frame(), folder / "a.geojson")
    path.write_bytes(path.read_bytes()[:-40])
    return path


def another_driver(folder: Path) -> Path:
    (folder / "a.geojson").write_text(
        '<OGRVRTDataSource><OGRVRTLayer name="x"/></OGRVRTDataSource>'
    )
    return folder / "a.geojson"


def no_file(folder: Path) -> Path:
    return folder / "gone.gpkg"


def no_bytes(path: Path) -> Path:
    path.write_bytes(b"")
    return path


def unknown_ending(folder: Path) -> Path:
    (folder / "a.kml").write_text("<kml/>")
    return folder / "a.kml"


def garbage(ending: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        (folder / f"a{ending}").write_bytes(b"this is no such file")
        return folder / f"a{ending}"

    return write


def plain_parquet(folder: Path) -> Path:
    pd.DataFrame({"unit": CODES}).to_parquet(folder / "a.parquet")
    return folder / "a.parquet"


def empty_zip(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.writestr("readme.txt", "nothing")
    return folder / "a.zip"


def two_in_zip(folder: Path) -> Path:
    shutil.copy(write_zip(frame(), folder / "one.zip"), folder / "two.zip")
    return write_zip(frame(), folder / "two.zip")


def zip_without_dbf(folder: Path) -> Path:
    write_zip(frame(), folder / "whole.zip")
    with (
        zipfile.ZipFile(folder / "whole.zip") as whole,
        zipfile.ZipFile(folder / "a.zip", "w") as a,
    ):
        for name in whole.namelist():
            if not name.endswith(".dbf"):
                a.writestr(name, whole.read(name))
    return folder / "a.zip"


def shapefile_without(*endings: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        path = write_file(frame(), folder / "a.shp")
        for ending in endings:
            path.with_suffix(ending).unlink()
        return path

    return write


def two_layers(folder: Path) -> Path:
    frame().to_file(folder / "a.gpkg", layer="one")
    frame().to_file(folder / "a.gpkg", layer="two")
    return folder / "a.gpkg"


def no_shapes(folder: Path) -> Path:
    text = '{"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": null,'
    (folder / "a.geojson").write_text(text + '"properties": {"unit": "A"}}]}')
    return folder / "a.geojson"


def parquet(make: Callable[[], gpd.GeoDataFrame]) -> Callable[[Path], Path]:
    return lambda folder: write_parquet(make(), folder / "a.parquet")


def with_shape(shape: shapely.Geometry | None) -> gpd.GeoDataFrame:
    shapes = [*SHAPES[:8], shape]
    return gpd.GeoDataFrame({"unit": CODES}, geometry=shapes, crs=27700)


def no_number() -> shapely.Geometry:
    with np.errstate(invalid="ignore"):
        return shapely.from_wkt("POLYGON ((1 2, 3 NaN, 5 6, 1 2))")


def swapped() -> gpd.GeoDataFrame:
    degrees = frame().to_crs(4326)
    turned = shapely.transform(np.asarray(degrees.geometry.array), lambda xy: xy[:, ::-1])
    return degrees.set_geometry(gpd.GeoSeries(turned, crs=4326))


BAD_FILES = [
    (no_file, ReadError, r"gone\.gpkg is not there"),
    (unknown_ending, ReadError, r"a\.kml ends in '\.kml', which is none of \.gpkg \.geojson"),
    (garbage(".gpkg"), ReadError, r"a\.gpkg cannot be read as a GeoPackage"),
    (garbage(".geojson"), ReadError, r"a\.geojson cannot be read as a GeoJSON"),
    (garbage(".parquet"), ReadError, r"a\.parquet cannot be read as a GeoParquet"),
    (garbage(".zip"), ReadError, r"a\.zip is no complete zip"),
    (plain_parquet, ReadError, r"a\.parquet cannot be read as a GeoParquet \(Missing geo"),
    (empty_zip, ReadError, r"a\.zip holds no shapefile"),
    (two_in_zip, ReadError, r"two\.zip holds several shapefiles: one, two.*layer="),
    (zip_without_dbf, ReadError, r"whole\.shp comes without its \.dbf file"),
    (shapefile_without(".prj"), ReadError, r"without its \.prj file.*or give `crs=`"),
    (shapefile_without(".dbf", ".shx"), ReadError, r"without its \.shx, \.dbf file"),
    (service_error, ReadError, r"a\.geojson holds an error message of the service"),
    (one_page, ReadError, r"a\.geojson holds one page of a longer answer"),
    (broken_off, ReadError, r"a\.geojson cannot be read as a GeoJSON"),
    (another_driver, ReadError, r"it does not begin like a GeoJSON"),
    (garbage(".geojson.part"), ReadError, "is still being downloaded"),
    (lambda folder: no_bytes(folder / "a.gpkg"), ReadError, r"a\.gpkg is empty \(0 bytes\)"),
    (
        parquet(lambda: with_shape(shapely.box(0, 0, 100, 100))),
        GeographyError,
        "1 units have coordinates 0, 0.*: E01020358",
    ),
    (
        parquet(lambda: with_shape(no_number())),
        GeographyError,
        "1 features have coordinates that are no numbers: number 9",
    ),
    (two_layers, ReadError, r"a\.gpkg holds several layers: one, two.*layer="),
    (no_shapes, GeographyError, r"a\.geojson: 1 units have no shape: A"),
    (parquet(lambda: frame().iloc[:0]), ReadError, "holds no features"),
    (
        parquet(lambda: frame(id=list(LETTERS))),
        ReadError,
        r"no column of nine-char.* are id\. .*unit=",
    ),
    (
        parquet(lambda: frame(unit=["A", None, " ", *"DEFGHI"])),
        GeographyError,
        "2 features have no code in 'unit': number 2, 3",
    ),
    (
        parquet(lambda: frame(unit=np.arange(9) / 2)),
        ReadError,
        "'unit' holds numbers with decimals",
    ),
    (
        parquet(lambda: frame(LSOA11CD=[CODES[0], *CODES[:8]])),
        GeographyError,
        r"a\.parquet: .* name E01020350 more than once",
    ),
    (parquet(lambda: with_shape(None)), GeographyError, "1 units have no shape: E01020358"),
    (
        parquet(lambda: with_shape(shapely.Point(370_000, 100_000))),
        GeographyError,
        r"not polygons \(Point\): E01020358",
    ),
    (
        parquet(lambda: frame(crs=None)),
        CrsError,
        r"a\.parquet: .* E01020350, E01020351, E01020352 and 6 more have no CRS",
    ),
    (parquet(swapped), CrsError, "axes swapped, latitude before longitude"),
    (
        parquet(lambda: frame(crs="EPSG:4326")),
        CrsError,
        "in degrees, but their coordinates are metres",
    ),
    (
        parquet(lambda: frame(LSOA21CD=CODES)),
        VintageError,
        r"codes are of 2021 \(column LSOA21CD\) where 2011",
    ),
    (
        parquet(lambda: frame(unit=["E01035000", *CODES[:8]])),
        VintageError,
        "1 of 9 units have codes of 2021 .*: E01035000",
    ),
]


@pytest.mark.parametrize(("make", "error", "message"), BAD_FILES)
def test_a_bad_file_is_refused_with_one_clear_error(
    make: Callable[[Path], Path], error: type[ZonewrightError], message: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=message):
        read_boundaries(make(tmp_path), vintage="2011")


def test_columns_that_are_not_there_are_refused(tmp_path: Path) -> None:
    path = write_parquet(frame(), tmp_path / "a.parquet")
    with pytest.raises(ReadError, match="no column 'id'; its columns are LSOA11CD, LSOA11NM"):
        read_boundaries(path, unit="id")
    with pytest.raises(ReadError, match="no column 'geometry'"):
        read_boundaries(path, name="geometry")


def test_a_layer_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"a\.gpkg has no layer 'x': a"):
        read_boundaries(write_file(frame(), tmp_path / "a.gpkg"), layer="x")
    with pytest.raises(ReadError, match=r"a\.zip has no shapefile 'x': a"):
        read_boundaries(write_zip(frame(), tmp_path / "a.zip"), layer="x")


# Lookups


def test_a_plan_written_reads_back(tmp_path: Path) -> None:
    plan = planned(drawn(*NAMED["three by three"]), South="GHI", North="ABC", Empty="")
    path = write_lookup(plan, tmp_path / "plan.csv")
    assert read_lookup(path, units=plan.units, zones=plan.zones) == plan


@pytest.mark.parametrize("name", FORMULAS)
def test_names_that_look_like_formulas_are_safe_and_read_back(name: str) -> None:
    plan = Plan(("=A1", "B"), (name.strip(),), np.array([0, -1], dtype=np.int32))
    text = lookup_csv(plan)
    cells = [cell for line in text.splitlines()[1:] for cell in line.split(",")]
    assert not any(cell.strip('"').startswith(tuple("=+-@\t\r")) for cell in cells)
    assert read_lookup(text.encode(), units=plan.units) == plan


def test_order_of_rows_does_not_matter() -> None:
    text = b"unit,zone\nB,South\nA,North\n"
    assert read_lookup(text, units=["A", "B"]).assignment.tolist() == [0, 1]


@pytest.mark.parametrize(
    "text",
    [
        "unit,zone\nA,North\nB,\n",
        "\ufeffunit,zone\r\nA,North\r\nB,\r\n",
        "Unit;Zone\nA;North\nB;\n",
        "UNIT\tZONE\nA\tNorth\nB\t\n",
        "LSOA11CD,zone\nA,North\nB,\n",
        "note,zone,lsoa21cd\nx,North,A\n,,B\n",
        "LSOA code,zone\n A , North \nB,\n\n,\n",
        'unit,zone\n"A","North"\n"B",""\n',
        "LSOA11CD,unit,zone\nx,A,North\ny,B,\n",
        "\n\nunit,zone\nA,North\nB,\n",
    ],
)
def test_lookups_are_read_however_they_were_saved(text: str) -> None:
    plan = read_lookup(text.encode(), units=["A", "B"])
    assert plan.zones == ("North",)
    assert plan.assignment.tolist() == [0, -1]


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (b"", ReadError, "The lookup is empty"),
        (b"\n \n", ReadError, "The lookup is empty"),
        (b"unit,zone\n", ReadError, "a header and no rows"),
        (b"unit,place\nA,x\n", ReadError, "no column 'zone'; its columns are unit, place"),
        (b"unit,zone,zone\nA,x,y\n", ReadError, "several columns of one name: column 2, column 3"),
        (b"unit,zone,Zone\nA,x,y\n", ReadError, "several columns 'zone'"),
        (b"code,zone\nA,x\n", ReadError, "no column of units; its columns are code, zone"),
        (
            b"LSOA11CD,LSOA21CD,zone\nA,A,x\n",
            ReadError,
            "several columns of units: lsoa11cd, lsoa2",
        ),
        (b"unit,zone\nA,x\nB,x\nA,x\n", ReadError, "names A more than once"),
        (b"unit,zone\nA,North, East\n", ReadError, "line 2, has 3 cells under 2 columns.*quotes"),
        (b"unit,zone\nA,x\n\nB\n", ReadError, "line 4, has 1 cells under 2 columns"),
        (b"unit,zone\n,North\n", ReadError, "line 2, has no unit beside 'North'"),
        (b'unit,zone\nA,"x\n', ReadError, "line 2, is no table"),
        ("unit,zone\nA,x\n".encode("utf-16")[:-1], ReadError, "bytes that are no text"),
        (b"unit,zone\nA,x\n", PlanError, "no zone for 1 of 2 units: B"),
        (b"unit,zone\nA,x\nB,x\nC,x\n", PlanError, "1 unit that this authority does not have: C"),
    ],
)
def test_a_bad_lookup_is_refused_with_one_clear_error(
    content: bytes, error: type[ZonewrightError], message: str
) -> None:
    with pytest.raises(error, match=message):
        read_lookup(content, units=["A", "B"])


def test_a_lookup_may_come_as_a_workbook_or_in_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    pd.DataFrame({"unit": ["A", "B"], "zone": ["North", None]}).to_excel(path, index=False)
    for source in (path, path.read_bytes(), File.from_path(path)):
        assert read_lookup(source, units=["A", "B"]).unassigned == ("B",)
    for encoding in ("cp1252", "utf-16"):
        text = "unit,zone\nA,Caf\u00e9\nB,\n".encode(encoding)
        assert read_lookup(text, units=["A", "B"]).zones == ("Caf\u00e9",)


def test_units_are_found_by_their_codes_and_zones_by_the_name_given() -> None:
    text = b"ward,small area,locality\nE05000001,E01000001,North\nE05000001,E01000002,South\n"
    units = ["E01000001", "E01000002"]
    assert read_lookup(text, units=units, zone="Locality").zones == ("North", "South")
    with pytest.raises(ReadError, match="no column 'zone'; its columns are ward, small area, loc"):
        read_lookup(text, units=units)


def test_a_lookup_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"gone\.csv cannot be opened"):
        read_lookup(tmp_path / "gone.csv", units=["A"])


@pytest.mark.parametrize("name", [" North", "North ", ""])
def test_names_that_would_not_read_back_are_not_written(name: str) -> None:
    plan = Plan(("A",), (name,), np.array([0], dtype=np.int32))
    with pytest.raises(PlanError, match=f"blanks around them, or empty ones: '{name}'"):
        lookup_csv(plan)


def test_a_name_with_a_zero_byte_is_not_written() -> None:
    plan = Plan(("A",), ("a\0b",), np.array([0], dtype=np.int32))
    with pytest.raises(PlanError, match=r"a zero byte, which no table can hold: 'a\\x00b'"):
        lookup_csv(plan)


# Real input


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "units", "pairs"),
    [
        ("LSOA21_BGC_E06000059", 223, 561),
        ("LSOA21_BGC_E06000058", 240, 653),
        ("LSOA21_BGC_E08000034", 260, 721),
        ("LSOA21_BGC_E06000047", 330, 901),
        ("lsoa11_bgc_dorset_bcp", 452, 1214),
        ("lsoa11_bgc_kirklees", 259, 719),
        ("lsoa11_bgc_durham", 324, 881),
        ("ward25_bgc_kirklees", 23, 53),
        ("ward25_bgc_durham", 51, 124),
        ("ward25_bgc_dorset_bcp", 85, 195),
    ],
)
def test_boundaries_as_ons_publishes_them_become_a_geography(
    name: str, units: int, pairs: int, real_data: Path
) -> None:
    found = read_boundaries(real_data / "ons" / f"{name}.geojson")
    place: Geography = build_geography(name, found.vintage, found.units, found.names, found.shapes)
    assert (len(place), len(place.neighbours.pairs[0])) == (units, pairs)
    assert len(check_coverage(place.units, place.shapes).findings) <= 3  # edges that do not match


@pytest.mark.real_data
def test_boundaries_of_2021_are_refused_for_2011(real_data: Path) -> None:
    with pytest.raises(VintageError, match="codes are of 2021"):
        read_boundaries(real_data / "ons" / "LSOA21_BGC_E06000059.geojson", vintage="2011")
