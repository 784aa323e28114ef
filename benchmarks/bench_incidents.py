"""Police files to counts per unit against pandas and geopandas: reading, and placing by point.

Every peer reads the same files, places the same incidents and is checked to place as many. Ours
besides accounts for every row; theirs does not.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from geo.index import UnitIndex
from geo.read.boundaries import read_boundaries
from layers.incidents import place_street
from layers.read.police import ASB, read_street

ROOT = Path(__file__).resolve().parent.parent
DORSET = ROOT / "data" / "boundaries" / "lsoa11_dorset.parquet"
ROWS = 1_000_000
SNAP_POINTS = 20_000
"""About as many as the police use in a county of a million rows: points are snapped."""
SPREAD_M = 400.0


class Place:
    """Units for us, and the same as a frame for geopandas."""

    def __init__(self, path: Path, vintage: str) -> None:
        """Read the boundaries once."""
        found = read_boundaries(path)
        self.vintage = vintage
        self.index = UnitIndex(found.units, found.shapes)
        self.frame = gpd.GeoDataFrame({"unit": found.units}, geometry=found.shapes, crs=27700)


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Path], Place]:
    """Write a million incidents in the columns of the police, without codes: points decide."""
    place = Place(DORSET, "2011")
    rng = np.random.default_rng(1)
    unit = rng.integers(0, len(place.index.units), SNAP_POINTS)
    centre = place.frame.representative_point()
    x = centre.x.to_numpy()[unit] + rng.normal(0, SPREAD_M, SNAP_POINTS)
    y = centre.y.to_numpy()[unit] + rng.normal(0, SPREAD_M, SNAP_POINTS)
    degrees = pyproj.Transformer.from_crs(27700, 4326, always_xy=True).transform(x, y)
    point = rng.integers(0, SNAP_POINTS, ROWS)
    lon, lat = (np.char.mod("%.6f", values).astype(object)[point] for values in degrees)
    frame = pd.DataFrame(
        {
            "Crime ID": "",
            "Month": np.array([f"2022-{m:02d}" for m in range(1, 13)])[rng.integers(0, 12, ROWS)],
            "Reported by": "Dorset Police",
            "Falls within": "Dorset Police",
            "Longitude": lon,
            "Latitude": lat,
            "Location": "On or near Some Street",
            "LSOA code": "",
            "LSOA name": "",
            "Crime type": np.where(rng.random(ROWS) < 0.7, ASB, "Burglary"),
            "Last outcome category": "",
            "Context": "",
        }
    )
    path = tmp_path_factory.mktemp("police") / "street.csv"
    frame.to_csv(path, index=False)
    return [path], place


@pytest.fixture(scope="session")
def dorset_year() -> tuple[list[Path], Place]:
    folder = os.environ.get("ZONEWRIGHT_REAL_DATA")
    if not folder:
        pytest.skip("ZONEWRIGHT_REAL_DATA names no folder of real input")
    files = sorted((Path(folder) / "police").rglob("*dorset-street.csv"))
    return files, Place(Path(folder) / "ons" / "LSOA21_BGC_E06000059.geojson", "2021")


def our_counts(files: Sequence[Path], place: Place) -> int:
    street = read_street(files)
    return place_street(street, place.index, vintage=place.vintage, prefer="point").ledger.used


def geopandas_counts(files: Sequence[Path], place: Place) -> int:
    rows = pd.concat([pd.read_csv(path) for path in files])
    rows = rows[(rows["Crime type"] == ASB) & rows["Longitude"].notna()]
    points = gpd.points_from_xy(rows["Longitude"], rows["Latitude"], crs=4326).to_crs(27700)
    joined = gpd.GeoDataFrame(rows, geometry=points).sjoin(place.frame, predicate="within")
    return len(joined)


def ask(
    benchmark: BenchmarkFixture, who: str, given: tuple[list[Path], Place], rounds: int
) -> None:
    answers: dict[str, Callable[[Sequence[Path], Place], int]] = {
        "zonewright": our_counts,
        "pandas.read_csv and geopandas sjoin": geopandas_counts,
    }
    found = benchmark.pedantic(answers[who], args=given, rounds=rounds, warmup_rounds=1)
    assert found == pytest.approx(our_counts(*given), abs=20)  # points that round onto a border


WHO = ["zonewright", "pandas.read_csv and geopandas sjoin"]


@pytest.mark.benchmark(group="12 police files of 56,023 rows to ASB in 223 units")
@pytest.mark.parametrize("who", WHO)
def test_a_year_of_dorset(
    benchmark: BenchmarkFixture, who: str, dorset_year: tuple[list[Path], Place]
) -> None:
    ask(benchmark, who, dorset_year, rounds=5)


@pytest.mark.benchmark(group="a police file of 1,000,000 rows to ASB in 249 units")
@pytest.mark.parametrize("who", WHO)
def test_a_million_rows(
    benchmark: BenchmarkFixture, who: str, drawn: tuple[list[Path], Place]
) -> None:
    ask(benchmark, who, drawn, rounds=3)
