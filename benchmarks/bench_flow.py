"""Caseload over time: 1,000 futures of 24 months and seven zones, against the slow twin.

Zonewright moves all cases of a stream on by a month at once. The twin of the tests
(`tests/slow_flow.py`) lives one child at a time, so both are asked for ten futures side by side.
A planner waits for 1,000: two seconds are the most that this may take.
"""

import sys
from pathlib import Path

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from analysis.caseload import OPEN_CASES
from analysis.flow import FUTURES, MONTHS, caseload_over_time, expected_arrivals, streams_of
from analysis.flow_stages import seed_stages
from geo.plan import Plan
from layers.catalogue import open_pack
from layers.pack import Pack

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests"))

from slow_flow import Place, Rules, live

FEW = 10


@pytest.fixture(scope="session")
def dorset() -> Pack:
    return open_pack("dorset")


def redrawn(plan: Plan, how: str) -> Plan:
    """Move nothing, five small areas each out of two zones, or every small area anywhere."""
    if how == "nothing":
        return plan
    if how == "ten areas":
        first, second, third, fourth, *_ = plan.zones
        plan = plan.move(plan.members(first)[:5], to=second)
        return plan.move(plan.members(third)[:5], to=fourth)
    rng = np.random.default_rng(1)
    return Plan(plan.units, plan.zones, rng.integers(0, len(plan.zones), len(plan.units)))


def looked_ahead(dorset: Pack, after: Plan, futures: int) -> float:
    """Give all open cases in month 24, the mean."""
    before, stages = dorset.plan("zones").plan, seed_stages(dorset.measures)
    streams = streams_of(dorset.measures, stages, before=before, after=after)
    rng = np.random.default_rng(1)
    flow = caseload_over_time(streams, stages, rng=rng, futures=futures)
    return float(flow.course("stay", OPEN_CASES).mean[-1, -1])


def lived(dorset: Pack, futures: int) -> float:
    """Give the same by the slow twin, today's lines only."""
    plan, stages = dorset.plan("zones").plan, seed_stages(dorset.measures)
    rates = expected_arrivals(dorset.measures).mean
    kinds = np.array([dorset.measures.counts(kind) for kind in stages.kinds])
    places = []
    for zone in range(len(plan.zones)):
        inside = plan.assignment == zone
        start = tuple(int(count) for count in kinds[:, inside].sum(axis=1))
        places.append(Place(zone, zone, start, float(rates[inside].sum())))
    rules = Rules(stages.case_share, stages.onward, stages.months_open)
    rng = np.random.default_rng(1)
    ends = [
        live(places, rules, teams=len(plan.zones), months=MONTHS, rng=rng).stock[0, -1].sum()
        for _ in range(futures)
    ]
    return float(np.mean(ends))


@pytest.mark.parametrize("how", ["nothing", "ten areas", "every area"])
def test_a_thousand_futures(benchmark: BenchmarkFixture, dorset: Pack, how: str) -> None:
    benchmark.group = f"over time: 1,000 futures of 7 zones, {how} moved"
    benchmark.extra_info["who"] = "zonewright"
    after = redrawn(dorset.plan("zones").plan, how)
    assert benchmark(looked_ahead, dorset, after, FUTURES) == pytest.approx(1573, abs=1)


@pytest.mark.benchmark(group="over time: ten futures of 7 zones")
@pytest.mark.parametrize("who", ["zonewright", "slow twin"])
def test_ten_futures(benchmark: BenchmarkFixture, dorset: Pack, who: str) -> None:
    plan = dorset.plan("zones").plan
    if who == "zonewright":
        found = benchmark(looked_ahead, dorset, plan, FEW)
    else:
        found = benchmark.pedantic(lived, (dorset, FEW), rounds=3)
    assert found == pytest.approx(1573, rel=0.05)
