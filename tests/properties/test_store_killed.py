"""A process killed at any moment loses no step that was said to be saved, and the file stays sound.

Writers are killed at random moments with SIGKILL, which no process can answer. ZONEWRIGHT_KILLS
says how often; 120 times by default, and as many as one has patience for before a release.
"""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from layers.pack import Pack
from postgres import fresh
from store.database import open_database
from store.scenarios import Store
from store.schema import REFUSED

ROOT = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("ZONEWRIGHT_KILLS", "120"))
LONGEST_S = 0.02
A_SCORE = 20

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="wants fork and SIGKILL")


class Writers:
    """Writers that are started and killed one after the other."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def kill_one(self, after_s: float, *about: str, at_work: bool = False) -> int:
        """Let a writer work for a while, kill it, and give the last step that it said was saved.

        The while begins when it starts or, `at_work`, when it has said that its first is saved.
        """
        assert self.process.stdin is not None
        self.process.stdin.write(" ".join(about) + "\n")
        self.process.stdin.flush()
        said = self.line()
        assert said[0] == "pid", said
        child = int(said[1])
        last = int(self.line()[2]) if at_work else 0
        time.sleep(after_s)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        while (said := self.line())[0] != "gone":
            assert said[:2] == ["ack", about[0]], said
            last = int(said[2])
        return last

    def line(self) -> list[str]:
        assert self.process.stdout is not None
        return self.process.stdout.readline().split() or ["ended"]


@contextmanager
def writers() -> Iterator[Writers]:
    words = [sys.executable, "tests/store_writer.py"]
    with subprocess.Popen(
        words, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        yield Writers(process)
        assert process.stdin is not None
        process.stdin.close()


def kill_often(url: str, pack: Pack, times: int) -> None:
    """Kill as many writers, a score on each scenario, and find all that they said was saved."""
    rng = random.Random(1)
    store = Store(open_database(url))
    with writers() as pool:
        for first in range(0, times, A_SCORE):
            made = store.create(pack, "zones", title="x", who="test")
            acknowledged: dict[str, int] = {}
            for number in range(first, min(first + A_SCORE, times)):
                client, after_s = f"w{number}", rng.uniform(0, LONGEST_S)
                at_work = number % 4 > 0  # the others are killed while they open and read
                acknowledged[client] = pool.kill_one(after_s, client, url, made, at_work=at_work)
            require_whole(url, made, acknowledged)
    store.database.close()


def require_whole(url: str, scenario: str, acknowledged: dict[str, int]) -> None:
    """Replay the log from nothing; every number that was answered is in it, or was refused."""
    store = Store(open_database(url))
    saved = store.load(scenario)
    assert [entry.seq for entry in saved.log] == list(range(1, saved.seq + 1))
    refused = sa.select(REFUSED.c.client, REFUSED.c.client_n)
    with store.database.reading() as link:
        numbers = [tuple(row) for row in link.execute(refused.where(of(scenario)))]
    numbers += [(entry.client, entry.n) for entry in saved.log]
    assert len(set(numbers)) == len(numbers)
    for client, last in acknowledged.items():
        mine = sorted(n for name, n in numbers if name == client)
        assert mine == list(range(1, len(mine) + 1))
        assert len(mine) >= last
        assert len(mine) % 2 == 0  # two were sent at a time, and both are kept or none
        assert store.append(scenario, client, [], who="test").ack == len(mine)
    assert sum(last > 0 for last in acknowledged.values()) > len(acknowledged) / 2
    store.database.close()


def of(scenario: str) -> sa.ColumnElement[bool]:
    return REFUSED.c.scenario_id == scenario


def test_no_step_that_was_saved_is_lost_when_its_writer_is_killed(
    small: Pack, tmp_path: Path
) -> None:
    path = tmp_path / "scenarios.sqlite"
    kill_often(f"sqlite:///{path}", small, KILLS)
    with sqlite3.connect(path) as link:
        assert link.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert link.execute("PRAGMA foreign_key_check").fetchall() == []
    link.close()


def test_no_step_that_was_saved_is_lost_on_a_server(small: Pack, postgres_server: str) -> None:
    with fresh(postgres_server) as url:
        kill_often(url, small, max(KILLS // 4, A_SCORE))


def test_a_store_whose_making_was_killed_is_made_by_the_next(small: Pack, tmp_path: Path) -> None:
    rng = random.Random(2)
    with writers() as pool:
        for number in range(max(KILLS // 4, A_SCORE)):
            url = f"sqlite:///{tmp_path / str(number) / 'scenarios.sqlite'}"
            pool.kill_one(rng.uniform(0.0, 0.2), "w", url)
            store = Store(open_database(url))
            assert store.load(store.create(small, "zones", title="x", who="test")).seq == 0
            store.database.close()
