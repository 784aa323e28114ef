"""Coordinates: brought to British National Grid, or refused with the reason and the units."""

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely

from geo.adjacency import Shapes, build_adjacency
from geo.crs import require_british_grid, to_british_grid
from geo.errors import CrsError
from grids import NAMED, drawn, shapes_of

ESRI_BNG = (
    'PROJCS["British_National_Grid",GEOGCS["GCS_OSGB_1936",DATUM["D_OSGB_1936",'
    'SPHEROID["Airy_1830",6377563.396,299.3249646]],PRIMEM["Greenwich",0.0],'
    'UNIT["Degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],'
    'PARAMETER["False_Easting",400000.0],PARAMETER["False_Northing",-100000.0],'
    'PARAMETER["Central_Meridian",-2.0],PARAMETER["Scale_Factor",0.9996012717],'
    'PARAMETER["Latitude_Of_Origin",49.0],UNIT["Meter",1.0]]'
)
UNITS, METRES = shapes_of(*NAMED["three by three"])


def projected(shapes: Shapes, crs: str) -> Shapes:
    return np.asarray(gpd.GeoSeries(shapes, crs="EPSG:27700").to_crs(crs).array)


def swapped(shapes: Shapes) -> Shapes:
    return np.asarray(shapely.transform(shapes, lambda xy: xy[:, ::-1]))


DEGREES = projected(METRES, "EPSG:4326")


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:4258", "EPSG:3857", "EPSG:32630", "OGC:CRS84"])
def test_any_crs_comes_back_to_the_centimetre(crs: str) -> None:
    back = to_british_grid(UNITS, projected(METRES, crs), crs)
    assert shapely.equals_exact(back, METRES, 0.011).all()


@pytest.mark.parametrize("crs", ["EPSG:27700", 27700, ESRI_BNG, pyproj.CRS(27700)])
def test_british_grid_stays_as_it_is_however_it_is_named(crs: object) -> None:
    back = to_british_grid(UNITS, METRES, crs)
    assert shapely.equals_exact(back, METRES, 0.011).all()


def test_shared_borders_survive_the_way_from_degrees() -> None:
    back = to_british_grid(UNITS, DEGREES, "EPSG:4326")
    assert len(build_adjacency(back).indices) == 24


def test_heights_are_dropped() -> None:
    assert not shapely.has_z(to_british_grid(UNITS, shapely.force_3d(METRES), 27700)).any()


def test_missing_and_empty_shapes_pass_through() -> None:
    shapes = np.array([METRES[0], None, shapely.Polygon()])
    back = to_british_grid(UNITS[:3], shapes, "EPSG:27700")
    assert back[1] is None
    assert back[2].is_empty


def test_shapes_given_are_not_changed() -> None:
    before = shapely.to_wkb(DEGREES)
    to_british_grid(UNITS, DEGREES, "EPSG:4326")
    assert (shapely.to_wkb(DEGREES) == before).all()


def test_a_missing_crs_is_refused_with_a_guess() -> None:
    with pytest.raises(CrsError, match=r"A, B, C and 6 more have no CRS; EPSG:27700.*\.prj.*4326"):
        to_british_grid(UNITS, DEGREES, None)
    with pytest.raises(CrsError, match=r"have no CRS.*look like EPSG:27700"):
        to_british_grid(UNITS, METRES, None)
    with pytest.raises(CrsError, match=r"have no CRS.*give `crs=`\.$"):
        to_british_grid(["A"], np.array([shapely.box(-500, 0, -400, 9)]), None)


def test_a_crs_that_is_none_is_refused() -> None:
    with pytest.raises(CrsError, match="'British' is no coordinate reference system"):
        to_british_grid(UNITS, METRES, "British")


@pytest.mark.parametrize(
    ("shapes", "crs", "message"),
    [
        (swapped(DEGREES), "EPSG:4326", "EPSG:4326 with their axes swapped, latitude before"),
        (METRES, "EPSG:4326", "EPSG:4326, in degrees, but their coordinates are metres"),
        (DEGREES, "EPSG:27700", "EPSG:27700, in metres, but their coordinates are degrees"),
        (swapped(DEGREES), "EPSG:27700", "in metres, but their coordinates are degrees"),
        (swapped(METRES), "EPSG:27700", "axes swapped, northing before easting"),
        (shapely.box([5], [45], [6], [46]), "EPSG:4326", "outside Britain"),
        (projected(METRES, "EPSG:3857"), "EPSG:27700", "outside British National Grid"),
        (METRES, "EPSG:3857", "outside British National Grid"),
    ],
)  # fmt: skip
def test_coordinates_that_contradict_their_crs_are_refused(
    shapes: Shapes, crs: str, message: str
) -> None:
    with pytest.raises(CrsError, match=message):
        to_british_grid(UNITS[: len(shapes)], shapes, crs)


def test_up_to_three_units_are_named() -> None:
    shapes = METRES.copy()
    shapes[4] = shapely.box(800_000, 800_000, 800_100, 800_100)
    with pytest.raises(CrsError, match=r"1,300,000 m north\): E\."):
        require_british_grid(UNITS, shapes)
    with pytest.raises(CrsError, match=r"A, B, C and 6 more\."):
        require_british_grid(UNITS, swapped(METRES))


def test_axes_swapped_in_the_north_are_told_by_the_grid() -> None:
    north = shapely.box([400_000], [900_000], [400_100], [900_100])
    with pytest.raises(CrsError, match="axes swapped"):
        require_british_grid(["A"], swapped(north))


def test_both_ways_round_pass_where_both_lie_on_land() -> None:
    kirklees = shapely.box([415_000], [412_000], [415_100], [412_100])
    require_british_grid(["A"], kirklees)
    require_british_grid(["A"], swapped(kirklees))


def test_a_geography_in_degrees_cannot_be_built() -> None:
    assert len(drawn("AB")) == 2
    with pytest.raises(CrsError, match="are degrees"):
        require_british_grid(UNITS, DEGREES)
