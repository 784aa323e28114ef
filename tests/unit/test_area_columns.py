"""What a file of areas offers to choose from: its layers and its columns of names."""

import io
import zipfile
from pathlib import Path

import geopandas as gpd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import ReadError
from geo.read.boundaries import area_columns, read_areas
from geo.read.file import File
from geo.read.shapes import list_layers
from grids import square


def frame(**columns: list[object]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=[square(0, 0), square(1, 0)], crs=27700)


def test_columns_are_listed_with_the_one_that_would_be_taken(tmp_path: Path) -> None:
    path = tmp_path / "zones.gpkg"
    frame(number=[1, 2], zone=["North", "South"]).to_file(path)
    assert area_columns(path) == (("number", "zone"), "zone")
    assert read_areas(path, "number").names == ("1", "2")


def test_where_no_column_tells_none_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "zones.geojson"
    frame(number=[1, 2]).to_file(path)
    assert area_columns(path) == (("number",), None)


def test_shapes_without_any_column_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "zones.parquet"
    frame().to_parquet(path)
    with pytest.raises(ReadError, match="holds shapes without a name"):
        area_columns(path)


def test_layers_of_a_geopackage_and_shapefiles_of_a_zip_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "two.gpkg"
    for layer in ("police", "health"):
        frame(name=["a", "b"]).to_file(path, layer=layer)
    for source in (File.from_path(path), File.from_bytes("two.gpkg", path.read_bytes())):
        assert sorted(list_layers(source)) == ["health", "police"]
        assert area_columns(source, layer="health")[1] == "name"
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in ("in/one.shp", "two.SHP", "two.dbf", "__MACOSX/one.shp"):
            archive.writestr(name, b"x")
    assert list_layers(File.from_bytes("a.zip", stream.getvalue())) == ("one", "two")
    frame(name=["a", "b"]).to_file(tmp_path / "one.geojson")
    assert list_layers(File.from_path(tmp_path / "one.geojson")) == ()


@given(st.sampled_from([".gpkg", ".zip", ".geojson", ".xyz"]), st.binary(max_size=200))
def test_a_file_that_cannot_be_read_has_no_layers(ending: str, content: bytes) -> None:
    start = b"SQLite format 3\0" if ending == ".gpkg" else b""
    assert list_layers(File.from_bytes(f"x{ending}", start + content)) == ()
