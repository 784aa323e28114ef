"""Places against libpysal and geopandas: neighbours, outlines and points in units.

Every peer answers the same question from the same input, and is checked to give as many answers.
"""

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from libpysal.graph import Graph
from pytest_benchmark.fixture import BenchmarkFixture

from geo.adjacency import build_adjacency
from geo.build import build_geography
from geo.coverage import clean_coverage
from geo.dissolve import dissolve
from geo.geography import Geography
from geo.index import UnitIndex
from geo.plan import Plan
from geo.read import Boundaries, read_boundaries

DORSET = Path(__file__).resolve().parent.parent / "data" / "boundaries" / "lsoa11_dorset.parquet"
POINTS = 1_000_000
SPREAD_M = 400.0

Frame = gpd.GeoDataFrame


def geography_of(found: Boundaries) -> Geography:
    return build_geography("bench", "2011", found.units, found.names, found.shapes)


def frame_of(place: Geography, **columns: object) -> Frame:
    return gpd.GeoDataFrame(columns, geometry=place.shapes, crs=27700)


def zones_of(place: Geography, count: int) -> Plan:
    """Cut a place from west to east into zones of as many units each."""
    rank = place.centre_m[:, 0].argsort().argsort()
    zones = tuple(f"zone {i}" for i in range(count))
    return Plan(place.units, zones, (rank * count // len(place)).astype(np.int32))


def districts_of(place: Geography) -> Plan:
    """Put each unit in its district, which is its name without the last five characters."""
    return Plan.from_lookup(
        {unit: name[:-5] for unit, name in zip(place.units, place.names, strict=True)}
    )


@pytest.fixture(scope="session")
def dorset() -> Geography:
    return geography_of(read_boundaries(DORSET))


@pytest.fixture(scope="session")
def country(registry_lsoas: bytes, tmp_path_factory: pytest.TempPathFactory) -> Geography:
    path = tmp_path_factory.mktemp("registry") / "lsoa.geojson"
    path.write_bytes(registry_lsoas)
    found = read_boundaries(path)
    mended = clean_coverage(found.units, found.shapes).shapes
    return build_geography("country", "2011", found.units, found.names, mended)


# Who borders whom


def our_neighbours(place: Geography) -> int:
    return len(build_adjacency(place.shapes).indices)


def libpysal_neighbours(frame: Frame) -> int:
    return int(Graph.build_contiguity(frame, rook=True).n_edges)


def ask_neighbours(benchmark: BenchmarkFixture, who: str, place: Geography) -> None:
    given = place if who == "zonewright" else frame_of(place)
    answer: Callable[..., int] = our_neighbours if who == "zonewright" else libpysal_neighbours
    found = benchmark.pedantic(answer, args=(given,), rounds=5, warmup_rounds=1)
    assert found == len(place.neighbours.indices)


@pytest.mark.benchmark(group="neighbours of 249 units")
@pytest.mark.parametrize("who", ["zonewright", "libpysal"])
def test_neighbours_of_one_council(
    benchmark: BenchmarkFixture, who: str, dorset: Geography
) -> None:
    ask_neighbours(benchmark, who, dorset)


@pytest.mark.benchmark(group="neighbours of 34,753 units")
@pytest.mark.parametrize("who", ["zonewright", "libpysal"])
def test_neighbours_of_the_country(
    benchmark: BenchmarkFixture, who: str, country: Geography
) -> None:
    ask_neighbours(benchmark, who, country)


# Outlines of zones


def ask_outlines(benchmark: BenchmarkFixture, who: str, place: Geography, plan: Plan) -> None:
    frame = frame_of(place, zone=plan.assignment)
    answers = {
        "zonewright": lambda: dissolve(place, plan),
        "geopandas dissolve": lambda: frame.dissolve("zone"),
        "geopandas dissolve, coverage": lambda: frame.dissolve("zone", method="coverage"),
    }
    found = benchmark.pedantic(answers[who], rounds=7, warmup_rounds=1)
    assert len(found) == len(plan.zones)


OUTLINERS = ["zonewright", "geopandas dissolve", "geopandas dissolve, coverage"]


@pytest.mark.benchmark(group="outlines of 7 zones of 249 units")
@pytest.mark.parametrize("who", OUTLINERS)
def test_outlines_of_one_council(benchmark: BenchmarkFixture, who: str, dorset: Geography) -> None:
    ask_outlines(benchmark, who, dorset, zones_of(dorset, 7))


@pytest.mark.benchmark(group="outlines of 348 districts of 34,753 units")
@pytest.mark.parametrize("who", OUTLINERS)
def test_outlines_of_the_country(benchmark: BenchmarkFixture, who: str, country: Geography) -> None:
    ask_outlines(benchmark, who, country, districts_of(country))


# Which unit holds a point


def scattered(place: Geography) -> tuple[np.ndarray, np.ndarray]:
    """Scatter points around units, as many around each, a few of them at sea."""
    rng = np.random.default_rng(1)
    around = place.centre_m[rng.integers(0, len(place), POINTS)]
    x, y = (around + rng.normal(0, SPREAD_M, around.shape)).T
    return x, y


def our_points(place: Geography, x: np.ndarray, y: np.ndarray) -> int:
    return int((UnitIndex(place.units, place.shapes).locate(x, y) >= 0).sum())


def geopandas_points(frame: Frame, x: np.ndarray, y: np.ndarray) -> int:
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=frame.crs)
    joined = points.sjoin(frame, predicate="intersects")
    return int(joined.index.nunique())


def ask_points(benchmark: BenchmarkFixture, who: str, place: Geography) -> None:
    x, y = scattered(place)
    given = place if who == "zonewright" else frame_of(place)
    answer: Callable[..., int] = our_points if who == "zonewright" else geopandas_points
    found = benchmark.pedantic(answer, args=(given, x, y), rounds=5, warmup_rounds=1)
    assert found == our_points(place, x, y)


@pytest.mark.benchmark(group="1,000,000 points into 249 units")
@pytest.mark.parametrize("who", ["zonewright", "geopandas sjoin"])
def test_points_in_one_council(benchmark: BenchmarkFixture, who: str, dorset: Geography) -> None:
    ask_points(benchmark, who, dorset)


@pytest.mark.benchmark(group="1,000,000 points into 34,753 units")
@pytest.mark.parametrize("who", ["zonewright", "geopandas sjoin"])
def test_points_in_the_country(benchmark: BenchmarkFixture, who: str, country: Geography) -> None:
    ask_points(benchmark, who, country)
