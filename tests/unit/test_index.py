"""Points to units, units in boxes and polygons, and places that move."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.errors import GeographyError
from geo.index import OUTSIDE, PlaceIndex, Rule, UnitIndex
from grids import NAMED, NORTH_M, WEST_M, centre, drawn, shapes_of, square


def index_of(name: str) -> UnitIndex:
    return UnitIndex(*shapes_of(*NAMED[name]))


def located(index: UnitIndex, *points: tuple[float, float]) -> list[int]:
    x, y = np.array(points).T
    return index.locate(x, y).tolist()


def test_a_point_goes_to_the_unit_that_holds_it() -> None:
    centres = [centre(column, row) for row in range(3) for column in range(3)]
    assert located(index_of("three by three"), *centres) == list(range(9))


def test_a_point_at_sea_is_in_no_unit() -> None:
    assert located(index_of("island"), centre(2, 0), (0.0, 0.0)) == [OUTSIDE, OUTSIDE]


def test_a_point_in_an_enclave_is_not_in_the_unit_around_it() -> None:
    assert located(index_of("enclave"), centre(1, 1), centre(0, 1)) == [1, 0]


def test_a_point_in_a_hole_is_in_no_unit() -> None:
    assert located(index_of("hole"), centre(1, 1)) == [OUTSIDE]


def test_a_point_on_a_border_goes_to_the_unit_that_stands_first() -> None:
    units, shapes = shapes_of("AB")
    border = (WEST_M + 100, NORTH_M - 50)
    assert located(UnitIndex(units, shapes), border) == [0]
    assert located(UnitIndex(units[::-1], shapes[::-1]), border) == [0]


def test_a_corner_of_four_units_goes_to_the_first() -> None:
    assert located(index_of("three by three"), (WEST_M + 100, NORTH_M - 100)) == [0]


def test_missing_coordinates_are_in_no_unit() -> None:
    nowhere = [(np.nan, NORTH_M), (WEST_M, np.nan), (np.inf, np.inf), centre(0, 0)]
    assert located(index_of("one unit"), *nowhere) == [OUTSIDE, OUTSIDE, OUTSIDE, 0]


def test_no_points_give_no_positions() -> None:
    found = index_of("one unit").locate([], [])
    assert (len(found), found.dtype) == (0, np.int32)


def test_points_far_off_the_grid_are_in_no_unit() -> None:
    far = [(1e300, -1e300), (-1e9, NORTH_M), (WEST_M, 1e9), (WEST_M + 50, -NORTH_M), centre(0, 0)]
    assert located(index_of("one unit"), *far) == [OUTSIDE] * 4 + [0]


def test_without_units_every_point_is_outside() -> None:
    assert located(UnitIndex((), np.array([], dtype=object)), centre(0, 0)) == [OUTSIDE]


def test_units_without_a_shape_hold_nothing() -> None:
    shapes = np.array([None, shapely.Polygon(), square(0, 0)], dtype=object)
    assert located(UnitIndex(("A", "B", "C"), shapes), centre(0, 0)) == [2]


def test_repeated_points_all_get_their_unit() -> None:
    points = [centre(0, 0), centre(1, 0), centre(0, 0), (WEST_M + 20, NORTH_M - 50)] * 3
    assert located(index_of("three by three"), *points) == [0, 1, 0, 0] * 3


def test_every_unit_of_every_pack_holds_its_own_point(pack_boundaries: Path) -> None:
    frame = gpd.read_parquet(pack_boundaries)
    shapes = np.asarray(frame.geometry.array)
    x, y = shapely.get_coordinates(shapely.point_on_surface(shapes)).T
    found = UnitIndex(tuple(frame.iloc[:, 0]), shapes).locate(x, y)
    assert found.tolist() == list(range(len(frame)))


def test_points_fall_where_geopandas_joins_them(pack_boundaries: Path) -> None:
    frame = gpd.read_parquet(pack_boundaries).reset_index(drop=True)
    west, south, east, north = frame.total_bounds
    rng = np.random.default_rng(1)
    x, y = rng.uniform(west, east, 2000), rng.uniform(south, north, 2000)
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=frame.crs)
    peer = points.sjoin(frame, how="left", predicate="intersects")["index_right"]
    peer = peer.groupby(level=0).min().fillna(OUTSIDE).astype(int)
    ours = UnitIndex(tuple(frame.iloc[:, 0]), np.asarray(frame.geometry.array)).locate(x, y)
    assert ours.tolist() == peer.tolist()


def test_threads_may_share_an_index() -> None:
    index = index_of("three by three")
    x, y = np.array([centre(i % 3, i // 3 % 3) for i in range(900)]).T
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: index.locate(x, y).tolist(), range(16)))
    assert all(answer == [*range(9)] * 100 for answer in answers)


@pytest.mark.parametrize(
    ("rule", "units"), [("centre", ("A", "B")), ("touch", ("A", "B", "C", "D", "E", "F"))]
)
def test_a_box_takes_units_by_centre_or_by_touch(rule: Rule, units: tuple[str, ...]) -> None:
    west, south, east, north = square(0, 0, wide=2.2, high=1.2).bounds
    assert index_of("three by three").units_in_box(west, south, east, north, rule=rule) == units


def test_polygons_that_share_no_land_share_no_unit_by_centre() -> None:
    index = index_of("three by three")
    left = index.units_in_polygon(square(0, 0, wide=1.4, high=3))
    right = index.units_in_polygon(square(1.4, 0, wide=1.6, high=3))
    assert sorted(left + right) == list("ABCDEFGHI")


def test_an_empty_polygon_holds_no_unit() -> None:
    assert index_of("one unit").units_in_polygon(shapely.Polygon()) == ()


def test_units_without_shapes_are_refused() -> None:
    with pytest.raises(GeographyError, match="2 units and 1 shapes"):
        UnitIndex(("A", "B"), drawn("A").shapes)


def test_eastings_without_northings_are_refused() -> None:
    with pytest.raises(GeographyError, match="2 eastings and 1 northings"):
        index_of("one unit").locate([1, 2], [1])


@pytest.fixture
def places() -> PlaceIndex:
    return PlaceIndex({"Hub": (100.0, 100.0), "School": (400.0, 100.0), "Office": (100.0, 900.0)})


def test_the_nearest_place_stands_first(places: PlaceIndex) -> None:
    assert places.nearest(390, 100) == ("School",)
    assert places.nearest(0, 0, count=3) == ("Hub", "School", "Office")


def test_equally_near_places_come_by_name_and_never_more_than_asked(places: PlaceIndex) -> None:
    places.insert("Annexe", 400.0, 100.0)
    assert places.nearest(400, 100) == ("Annexe",)
    assert places.nearest(400, 100, count=2) == ("Annexe", "School")


def test_a_box_finds_places_on_its_edge(places: PlaceIndex) -> None:
    assert places.in_box(100, 0, 400, 100) == ("Hub", "School")


def test_a_place_that_moved_is_found_where_it_is_now(places: PlaceIndex) -> None:
    places.move("Hub", 5000, 5000)
    assert places.in_box(0, 0, 200, 200) == ()
    assert places.nearest(5000, 4000) == ("Hub",)
    assert places.where("Hub") == (5000.0, 5000.0)


def test_a_place_taken_away_is_found_no_more(places: PlaceIndex) -> None:
    places.remove("Hub")
    assert "Hub" not in places
    assert len(places) == 2
    assert places.nearest(100, 100, count=9) == ("School", "Office")


def test_no_place_is_near_in_an_empty_index() -> None:
    assert PlaceIndex().nearest(0, 0) == ()
    assert repr(PlaceIndex()) == "<PlaceIndex of 0 places>"


def test_two_places_of_one_name_are_refused(places: PlaceIndex) -> None:
    with pytest.raises(GeographyError, match="a place 'Hub' already"):
        places.insert("Hub", 0, 0)


def test_an_unknown_place_is_refused(places: PlaceIndex) -> None:
    with pytest.raises(GeographyError, match=r"no place 'Shop'.*Known are Hub, School, Office"):
        places.move("Shop", 0, 0)


@pytest.mark.parametrize("point", [(-2.4, 50.7), (np.nan, 1.0), (800_000.0, 1.0)])
def test_a_place_off_the_grid_is_refused_and_stays(
    places: PlaceIndex, point: tuple[float, float]
) -> None:
    with pytest.raises(GeographyError, match=r"'Hub' at .* outside British National Grid"):
        places.move("Hub", *point)
    assert places.where("Hub") == (100.0, 100.0)
