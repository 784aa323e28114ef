"""Totals after one move of a redraw, against pandas and geopandas.

A move takes five units from one zone to another. Zonewright carries the totals over
(`aggregate_after`), also when it would have to start anew (`aggregate`); its peers group all units
again. Every answer is checked against the totals worked out anew.
"""

from collections.abc import Callable
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from analysis.aggregate import aggregate, aggregate_after
from geo.geography import Geography
from geo.plan import Plan
from layers.catalogue import open_pack
from layers.measures import Measure, Measures

UNITS, ZONES, MEASURES = 34_753, 152, 16
"""All LSOA 2011 of England and Wales, as many zones as England has councils for children."""

MOVED = 5
Sums = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Redraw:
    """A plan before and after one move, and what is counted in it."""

    before: Plan
    after: Plan
    measures: Measures
    geography: Geography | None = None


def moved(plan: Plan, measures: Measures, geography: Geography | None = None) -> Redraw:
    """Move the first units of the first zone to the second."""
    first, second, *_ = plan.zones
    return Redraw(plan, plan.move(plan.members(first)[:MOVED], to=second), measures, geography)


@pytest.fixture(scope="session")
def council() -> Redraw:
    dorset = open_pack("dorset")
    return moved(dorset.plan("zones").plan, dorset.measures, dorset.geography)


@pytest.fixture(scope="session")
def country() -> Redraw:
    """Draw counts at random, since no file holds them for the whole country."""
    rng = np.random.default_rng(1)
    units = tuple(f"E01{n:06d}" for n in range(UNITS))
    zones = tuple(f"zone {n}" for n in range(ZONES))
    plan = Plan(units, zones, np.arange(UNITS) * ZONES // UNITS)
    described = tuple(
        Measure(f"m{n}", f"Measure {n}", "children", "2016", "drawn", "illustrative")
        for n in range(MEASURES)
    )
    values = rng.poisson(20, (MEASURES, UNITS)).astype(np.float64)
    return moved(plan, Measures(units, described, values, np.zeros(values.shape, np.int8)))


def carried(redraw: Redraw) -> Callable[[], Sums]:
    totals = aggregate(redraw.before, redraw.measures)
    before, after, measures = redraw.before, redraw.after, redraw.measures
    return lambda: aggregate_after(totals, measures, before=before, after=after).values[:, :-1]


def anew(redraw: Redraw) -> Callable[[], Sums]:
    return lambda: aggregate(redraw.after, redraw.measures).values[:, :-1]


def frame_of(redraw: Redraw) -> pd.DataFrame:
    return pd.DataFrame(redraw.measures.values.T, columns=list(redraw.measures.keys))


def grouped(redraw: Redraw) -> Callable[[], Sums]:
    frame, zone = frame_of(redraw), redraw.after.assignment
    return lambda: frame.groupby(zone).sum().to_numpy().T


def dissolved(redraw: Redraw) -> Callable[[], Sums]:
    assert redraw.geography is not None
    shapes = redraw.geography.shapes
    frame = gpd.GeoDataFrame(frame_of(redraw), geometry=shapes, crs=27700)
    frame["zone"] = redraw.after.assignment
    keys = list(redraw.measures.keys)
    return lambda: frame.dissolve("zone", aggfunc="sum")[keys].to_numpy().T


ANSWERS = {
    "zonewright": carried,
    "zonewright, all units": anew,
    "pandas groupby": grouped,
    "geopandas dissolve": dissolved,
}


def ask(benchmark: BenchmarkFixture, who: str, redraw: Redraw) -> None:
    found = benchmark(ANSWERS[who](redraw))
    np.testing.assert_array_equal(found, aggregate(redraw.after, redraw.measures).values[:, :-1])


@pytest.mark.benchmark(group="16 totals of 7 zones of 249 units after a move")
@pytest.mark.parametrize("who", list(ANSWERS))
def test_totals_after_a_move_in_one_council(
    benchmark: BenchmarkFixture, who: str, council: Redraw
) -> None:
    ask(benchmark, who, council)


@pytest.mark.benchmark(group="16 totals of 152 zones of 34,753 units after a move")
@pytest.mark.parametrize("who", ["zonewright", "zonewright, all units", "pandas groupby"])
def test_totals_after_a_move_in_the_country(
    benchmark: BenchmarkFixture, who: str, country: Redraw
) -> None:
    ask(benchmark, who, country)
