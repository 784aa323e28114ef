"""What keeping a step costs, against writing the plan to a file each time.

A step moves three units of a council. Zonewright adds an event to the log of the scenario; the
peers write the whole plan as JSON beside the old file, force it to the disk, and put it in its
place. Each answer is on the disk when it is counted. The file of a plan keeps no history; the file
of the whole scenario keeps as much as the log does.
"""

import json
import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from analysis.events import Edit, Event, Undo, event_to_dict
from analysis.scenario import Scenario
from layers.catalogue import open_pack
from layers.pack import Pack
from postgres import fresh, served
from store.database import open_database
from store.scenarios import Appended, Store

STEPS = 1_000
"""That the scenario has already."""


@pytest.fixture(scope="session")
def council() -> Pack:
    return open_pack("dorset")


@pytest.fixture(scope="session")
def steps(council: Pack) -> list[Event]:
    """As many steps as are taken before and while it is measured; one in five takes one back."""
    rng = np.random.default_rng(1)
    units, zones = council.geography.units, council.plan("zones").plan.zones
    made: list[Event] = []
    for n in range(STEPS * 3):
        moved = rng.choice(units, 3, replace=False).tolist()
        made.append(Undo() if n % 5 == 4 else Edit.move(moved, to=str(rng.choice(zones))))
    return made


def file_of(value: object, path: Path) -> None:
    """Write JSON so that the old file or the new one is there, whole, whatever happens."""
    beside = path.with_suffix(".new")
    with beside.open("w") as file:
        json.dump(value, file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def logged(url: str, council: Pack, steps: list[Event]) -> Iterator[Callable[[], None]]:
    """Add a step to a scenario that has a thousand."""
    store = Store(open_database(url))
    made = store.create(council, "zones", title="x", who="me", events=steps[:STEPS])
    number = count(1)

    def add() -> None:
        n = next(number)
        event = steps[STEPS + n % STEPS]
        answer = store.append(made, "c", [(n, event)], who="me", expected_seq=STEPS + n - 1)
        assert isinstance(answer, Appended)
        assert answer.seq == STEPS + n

    yield add
    store.database.close()


@pytest.fixture(params=["zonewright", "PostgreSQL", "file of the plan", "file of all steps"])
def who(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def step(
    who: str, council: Pack, steps: list[Event], tmp_path: Path
) -> Iterator[Callable[[], None]]:
    if who == "zonewright":
        yield from logged(f"sqlite:///{tmp_path / 's.sqlite'}", council, steps)
    elif who == "PostgreSQL":
        with served() as server, fresh(server) as url:
            yield from logged(url, council, steps)
    else:
        yield written(who, council, steps, tmp_path / "plan.json")


def written(who: str, council: Pack, steps: list[Event], path: Path) -> Callable[[], None]:
    scenario = Scenario("x", council.plan("zones"))
    for event in steps[:STEPS]:
        scenario = scenario.take(event)
    state = [scenario]
    done = list(steps[:STEPS])
    number = count()

    def write() -> None:
        event = steps[STEPS + next(number) % STEPS]
        state[0] = state[0].take(event)
        done.append(event)
        plan = state[0].plan
        if who == "file of the plan":
            file_of({unit: plan.zone_of(unit) for unit in plan.units}, path)
        else:
            file_of([event_to_dict(event) for event in done], path)

    return write


@pytest.mark.benchmark(group="a step of a scenario of 249 units and 1,000 steps kept on the disk")
def test_a_step_is_kept(benchmark: BenchmarkFixture, who: str, step: Callable[[], None]) -> None:
    benchmark.extra_info["who"] = who
    benchmark.pedantic(step, rounds=300, warmup_rounds=20)


@pytest.mark.benchmark(group="a scenario of 249 units and 1,000 steps opened from nothing")
@pytest.mark.parametrize("which", ["zonewright"])
def test_a_scenario_is_opened(
    benchmark: BenchmarkFixture, which: str, council: Pack, steps: list[Event], tmp_path: Path
) -> None:
    benchmark.extra_info["who"] = which
    database = open_database(f"sqlite:///{tmp_path / 's.sqlite'}")
    made = Store(database).create(council, "zones", title="x", who="me", events=steps[:STEPS])
    found = benchmark.pedantic(lambda: Store(database).load(made, council), rounds=20)
    assert found.seq == STEPS
    database.close()
