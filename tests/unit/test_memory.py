"""What outlives a slow collection is set aside, and looked through again once an hour."""

import gc
from collections.abc import Iterator

import pytest

from app.memory import AGAIN_AFTER_S, SLOW_S, SetAside, set_aside

FULL = {"generation": 2, "collected": 0, "uncollectable": 0}


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    kept = list(gc.callbacks)
    yield
    gc.callbacks[:] = kept
    gc.unfreeze()


def collect(watch: SetAside, clock: list[float], seconds: float, generation: int = 2) -> None:
    info = {**FULL, "generation": generation}
    watch("start", info)
    clock[0] += seconds
    watch("stop", info)


def test_what_outlives_a_slow_collection_is_set_aside() -> None:
    clock = [0.0]
    collect(SetAside(lambda: clock[0]), clock, SLOW_S * 2)
    assert gc.get_freeze_count() > 1000


@pytest.mark.parametrize(("seconds", "generation"), [(SLOW_S / 2, 2), (SLOW_S * 2, 1)])
def test_a_quick_or_partial_collection_sets_nothing_aside(seconds: float, generation: int) -> None:
    clock, before = [0.0], gc.get_freeze_count()
    collect(SetAside(lambda: clock[0]), clock, seconds, generation)
    assert gc.get_freeze_count() == before


def test_all_is_looked_through_again_after_an_hour() -> None:
    clock = [0.0]
    watch = SetAside(lambda: clock[0])
    collect(watch, clock, SLOW_S * 2)
    clock[0] += AGAIN_AFTER_S + 1
    collect(watch, clock, SLOW_S / 2)
    assert gc.get_freeze_count() < 1000


def test_a_ring_that_was_set_aside_is_found_after_an_hour() -> None:
    clock = [0.0]
    watch = SetAside(lambda: clock[0])
    found: list[bool] = []

    class Ring:
        def __init__(self) -> None:
            self.own = self

        def __del__(self) -> None:
            found.append(True)

    ring = Ring()
    collect(watch, clock, SLOW_S * 2)
    del ring
    gc.collect()
    assert not found
    clock[0] += AGAIN_AFTER_S + 1
    gc.callbacks.append(watch)
    gc.collect()
    assert found


def test_a_process_is_watched_once() -> None:
    set_aside()
    set_aside()
    assert sum(isinstance(one, SetAside) for one in gc.callbacks) == 1
