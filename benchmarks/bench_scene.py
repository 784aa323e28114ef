"""What the painter's scene costs: its size, and the time to make it.

It is made once for a pack and a plan, and crosses to the browser once; what crosses at every run is
the state. Shipped packs have super-generalised outlines; the pack of 5,000 small areas is made up,
with 40 vertices a small area, so that its outlines have to be simplified.
"""

import itertools
import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import shapely
from pytest_benchmark.fixture import BenchmarkFixture

from analysis.live import live_counts
from analysis.scenario import Scenario
from app.painter.scene import area_layer, build_scene, simplified, state
from geo.build import build_geography
from geo.geography import Geography
from geo.plan import Plan
from layers.catalogue import open_pack
from layers.pack import NamedPlan, Pack

ACROSS, DOWN, ZONES = 100, 50, 40
SIDE_M, STEPS = 500.0, 10
ROUND = itertools.count(1)
PACKS = ("dorset", "kirklees", "durham", "5,000 areas")


def made_up() -> Pack:
    """Give Durham's pack 5,000 small areas with crooked borders and as many counts as it has."""
    durham = open_pack("durham")
    rng = np.random.default_rng(1)
    geography = crooked(rng)
    units = geography.units
    entry = durham.plan(durham.default_plan)
    of_block = np.arange(len(units)) * ZONES // len(units)
    plan = Plan(units, tuple(f"zone {n}" for n in range(ZONES)), of_block)
    drawn = rng.integers(0, len(durham.measures.units), len(units))
    measures = replace(
        durham.measures,
        units=units,
        values=durham.measures.values[:, drawn],
        status=durham.measures.status[:, drawn],
    )
    named = replace(entry, plan=plan)
    return replace(
        durham, geography=geography, plans=(named,), default_plan=named.key, measures=measures,
        staffing=None, incidents=None, zone_facts=(),
    )  # fmt: skip


def crooked(rng: np.random.Generator) -> Geography:
    """Draw a grid whose lines wander, shared by both sides."""
    across, down = ACROSS * STEPS + 1, DOWN * STEPS + 1
    x, y = np.meshgrid(np.arange(across), np.arange(down))
    wander = rng.uniform(-0.2, 0.2, (2, down, across))
    points = np.stack([x + wander[0], y + wander[1]], axis=-1) * (SIDE_M / STEPS) + 300_000
    shapes = []
    for row in range(0, down - 1, STEPS):
        for column in range(0, across - 1, STEPS):
            box = points[row : row + STEPS + 1, column : column + STEPS + 1]
            ring = (box[0, :-1], box[:-1, -1], box[-1, :0:-1], box[:0:-1, 0])
            shapes.append(shapely.Polygon(np.concatenate(ring)))
    units = [f"E01{n:06d}" for n in range(len(shapes))]
    names = [f"Made Up {n // 5:03d}{'ABCDE'[n % 5]}" for n in range(len(shapes))]
    rounded = shapely.set_precision(np.array(shapes), 0.01, mode="pointwise")
    return build_geography("made-up", "2011", units, names, np.asarray(rounded))


@pytest.fixture(scope="session", params=PACKS)
def pack(request: pytest.FixtureRequest) -> Pack:
    return made_up() if request.param == PACKS[-1] else open_pack(request.param)


def entry_of(pack: Pack) -> NamedPlan:
    return pack.plan(pack.default_plan)


def fresh(pack: Pack, more: int) -> Pack:
    """Give counts that no cache has seen: some more in the first small area."""
    values = pack.measures.values.copy()
    values[:, 0] += more
    return replace(pack, measures=replace(pack.measures, values=values))


def timed(
    benchmark: BenchmarkFixture, what: str, pack: Pack, work: Callable[[Pack], object]
) -> None:
    benchmark.group = f"{what}, {len(pack.geography):,} small areas"
    benchmark.pedantic(
        work, setup=lambda: ((fresh(pack, next(ROUND)),), {}), rounds=5, warmup_rounds=1
    )
    print(f"\n{benchmark.group}: {benchmark.stats.stats.median * 1000:.1f} ms")


@pytest.mark.benchmark
def test_cost_of_scene(benchmark: BenchmarkFixture, pack: Pack) -> None:
    timed(benchmark, "the scene", pack, lambda p: build_scene(p, entry_of(p)))
    made = build_scene(pack, entry_of(pack))
    size = {name: len(json.dumps(part)) for name, part in made.items()}
    largest = sorted(size, key=lambda name: -size[name])[:4]
    parts = ", ".join(f"{name} {size[name] / 1000:.0f}" for name in largest)
    print(f"\n{len(pack.geography)} small areas: {sum(size.values()) / 1000:.0f} kB ({parts})")


@pytest.mark.benchmark
def test_cost_of_outlines(benchmark: BenchmarkFixture, pack: Pack) -> None:
    timed(benchmark, "outlines simplified", pack, lambda p: simplified(p.geography))
    shapes, tolerance_m = simplified(pack.geography)
    was, now = (int(shapely.get_num_coordinates(s).sum()) for s in (pack.geography.shapes, shapes))
    print(f"\n{len(pack.geography)} small areas: {was:,} vertices, {now:,} at {tolerance_m:.1f} m")


@pytest.mark.benchmark
def test_cost_of_live(benchmark: BenchmarkFixture, pack: Pack) -> None:
    timed(benchmark, "live counts", pack, lambda p: live_counts(p, entry_of(p)))


@pytest.mark.benchmark
def test_cost_of_areas(benchmark: BenchmarkFixture, pack: Pack) -> None:
    timed(
        benchmark, f"maps of {len(pack.indicators)} indicators", pack,
        lambda p: [area_layer(p, entry_of(p), one) for one in p.indicators],
    )  # fmt: skip


@pytest.mark.benchmark
def test_cost_of_state(benchmark: BenchmarkFixture, pack: Pack) -> None:
    scenario = Scenario("redraw", entry_of(pack))
    fte = dict.fromkeys(scenario.plan.zones, 10.0)
    work = lambda p: state(  # noqa: E731  it is called once a round
        "0" * 16, scenario, entry_of(p), scenario_id="a", title="b", fte=fte
    )
    timed(benchmark, "the state", pack, work)
    print(f"\n{len(pack.geography)} small areas: {len(json.dumps(work(pack))) / 1000:.1f} kB a run")
