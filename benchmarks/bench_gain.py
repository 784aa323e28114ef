"""Gain: how long it takes to say whether a redraw is fairer, against the same without arrays.

A redraw moves nine small areas of Dorset from the first of its seven zones to the second. The peer
draws one year after the other with the same numbers of draws; both must give the same spread.
"""

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from analysis.equity import coefficient_of_variation
from analysis.events import Edit
from analysis.gain import cv, draw_events, gain
from analysis.scenario import Evaluation, Scenario, evaluate
from layers.catalogue import open_pack

DRAWS = 2_000
MOVED = 9


@pytest.fixture(scope="session")
def redraw() -> tuple[Evaluation, Evaluation]:
    dorset = open_pack("dorset")
    start = Scenario("x", dorset.plan("zones"))
    first, second, *_ = start.plan.zones
    moved = start.do(Edit.move(start.plan.members(first)[:MOVED], to=second))
    return evaluate(start, dorset), evaluate(moved, dorset)


@pytest.mark.benchmark(group="all of a gain, 249 units, 7 zones, 2,000 draws")
def test_gain(benchmark: BenchmarkFixture, redraw: tuple[Evaluation, Evaluation]) -> None:
    found = benchmark(lambda: gain(*redraw, rng=np.random.default_rng(1), draws=DRAWS))
    assert len(found.rates.spreads) == 7
    assert len(found.load.spreads) == 5


@pytest.mark.benchmark(group="spread of referral rates in 2,000 draws, 7 zones")
@pytest.mark.parametrize("who", ["zonewright", "one draw after the other"])
def test_spread(
    benchmark: BenchmarkFixture, redraw: tuple[Evaluation, Evaluation], who: str
) -> None:
    facts = redraw[0].facts
    counts, children = (facts.measures.counts(key) for key in ("referrals", "children"))
    place, zones = facts.plan.assignment, len(facts.plan.zones)
    drawn = draw_events(counts, children, place, rng=np.random.default_rng(1), draws=DRAWS)
    size = np.bincount(place, children, zones)

    def at_once() -> float:
        return float(cv(drawn @ np.eye(zones)[place] / size, size).mean())

    def one_by_one() -> float:
        rows = (np.bincount(place, row, zones) / size for row in drawn)
        return float(np.mean([coefficient_of_variation(row, size) for row in rows]))

    found = benchmark(at_once if who == "zonewright" else one_by_one)
    assert found == pytest.approx(one_by_one())
