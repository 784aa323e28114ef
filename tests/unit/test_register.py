"""The register on disk: nothing lost, nothing hidden kept, and damage is said."""

import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.events import Edit
from analysis.leaving import prepare
from analysis.releases import Register
from analysis.scenario import Scenario, evaluate
from analysis.table import Table
from analysis.tables import unit_table, zone_table
from geo.errors import StoreError
from layers.pack import Pack
from layers.status import Status
from store.register import (
    STORE_VARIABLE,
    USER_VARIABLE,
    Entry,
    Kept,
    open_register,
    read_register,
    register_path,
    store_folder,
    user_name,
)

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(STORE_VARIABLE, str(tmp_path / "store"))
    return tmp_path / "store"


def zones_of(pack: Pack, *edits: Edit) -> Table:
    return zone_table(evaluate(Scenario("x", pack.plan("zones"), edits), pack), pack)


def enter(pack: Pack, *edits: Edit, when: str = "2026-01-01T10:00:00+00:00") -> Entry:
    table = zones_of(pack, *edits)
    words = {"who": "A Planner", "when": when}
    leave = prepare([table], Register(), name="Zones", **words)
    with open_register("small") as desk:
        return desk.enter(leave.new, [leave.masked(table)], title="Zones", **words)


def test_a_store_that_was_never_used_is_empty() -> None:
    assert read_register("small") == Kept(())
    assert not store_folder().exists()


def test_what_was_entered_is_read_back(small: Pack) -> None:
    first, second = enter(small), enter(small, when="2026-02-01T10:00:00+00:00")
    kept = read_register("small")
    assert [entry.number for entry in kept.entries] == [1, 2]
    assert [entry.hash for entry in kept.entries] == [first.hash, second.hash]
    assert kept.notes == ()
    told = [[counts.key for counts in release.told] for release in first.releases]
    assert told == [["referrals", "open_cases"], ["open_cp"]]  # the rate of plans stands by itself
    read, entered = (
        [release.to_dict() for release in entry.releases] for entry in (kept.entries[0], first)
    )
    assert read == entered
    assert kept.entries[0].tables[0].to_dict() == zones_of(small).to_dict()
    assert len(kept.register(small.geography.units)) == len(first.releases) + len(second.releases)


def test_releases_of_other_units_are_counted_apart(small: Pack) -> None:
    entered = enter(small)
    kept = read_register("small")
    assert len(kept.register(["E01009999"])) == 0
    assert kept.of_others(["E01009999"]) == len(entered.releases)
    assert kept.of_others(small.geography.units) == 0


def test_no_hidden_figure_is_kept(small: Pack) -> None:
    table = unit_table(small.plan("zones").plan, small.indicator("referrals"), small)
    column = table.column("referrals")
    counts = small.measures.counts("referrals")
    hidden = column.status == Status.SUPPRESSED
    assert hidden.any()
    leave = prepare([table], Register(), name="Units", who="me", when="now")
    with open_register("small") as desk:
        desk.enter(leave.new, [leave.masked(table)], who="me", when="now", title="Units")
    (body,) = map(json.loads, register_path("small").read_text(encoding="utf-8").splitlines())
    kept = next(c for c in body["tables"][0]["columns"] if c["key"] == "referrals")
    assert [value is None for value in kept["values"]] == hidden.tolist()
    shown = [float(value) for value in kept["values"] if value is not None]
    assert shown == counts[~hidden].tolist()
    assert "values" not in body["releases"][0]


def test_a_line_that_was_cut_off_is_left_out_and_said(small: Pack) -> None:
    enter(small)
    whole = register_path("small").read_bytes()
    enter(small)
    both = register_path("small").read_bytes()
    for cut in (len(whole) + 1, (len(whole) + len(both)) // 2, len(both) - 2):
        register_path("small").write_bytes(both[:cut])
        kept = read_register("small")
        assert len(kept.entries) == 1
        assert "was cut off" in kept.notes[0]
        enter(small)
        assert len(read_register("small").entries) == 2
        assert read_register("small").notes == ()


def test_a_last_line_without_its_break_is_kept(small: Pack) -> None:
    enter(small)
    path = register_path("small")
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    assert len(read_register("small").entries) == 1
    enter(small)
    assert len(read_register("small").entries) == 2


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("A Planner", "Somebody", "it was changed"),
        ('"version":1', '"version":9', "is of version 9"),
        ('{"version"', '{"version', "it cannot be read"),
        ('"zones"', '"units"', "it was changed"),
    ],
)
def test_a_line_that_was_changed_is_refused(small: Pack, old: str, new: str, said: str) -> None:
    enter(small)
    enter(small)
    path = register_path("small")
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(StoreError, match=said):
        read_register("small")
    with pytest.raises(StoreError, match=said), open_register("small"):
        pass


@pytest.mark.parametrize("gone", [0, 1])
def test_a_line_that_was_taken_out_is_missed(small: Pack, gone: int) -> None:
    for _ in range(3):
        enter(small)
    path = register_path("small")
    lines = path.read_bytes().splitlines(keepends=True)
    del lines[gone]
    path.write_bytes(b"".join(lines))
    with pytest.raises(StoreError, match="taken out"):
        read_register("small")


@given(data=st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_bytes_stand_there_are_read_or_refused(small: Pack, data: st.DataObject) -> None:
    register_path("small").unlink(missing_ok=True)
    enter(small)
    path = register_path("small")
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    path.write_bytes(bytes(raw))
    with suppress(StoreError):  # and nothing else
        read_register("small")


def test_sessions_that_release_at_once_wait_for_each_other(small: Pack) -> None:
    threads = [threading.Thread(target=enter, args=(small,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [entry.number for entry in read_register("small").entries] == [1, 2, 3, 4, 5, 6]


def test_a_process_that_is_killed_leaves_no_lock(small: Pack, store: Path) -> None:
    code = (
        "import os\nfrom store.register import open_register\n"
        "with open_register('small'):\n    os._exit(9)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert killed.returncode == 9
    assert enter(small).number == 1
    assert store.is_dir()


def test_a_store_that_cannot_be_written_releases_nothing(
    small: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(STORE_VARIABLE, str(tmp_path / "file" / "store"))
    with pytest.raises(StoreError, match="Nothing was released"):
        enter(small)


def test_a_full_disk_releases_nothing(small: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    enter(small)

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StoreError, match="No space left on device"):
        enter(small)


@pytest.mark.parametrize("key", ["../../etc", "a b", "é", "A/B"])
def test_a_key_of_any_letters_stays_in_the_store(key: str, store: Path) -> None:
    assert register_path(key).parent == store
    assert register_path(key) != register_path("_" * len(key))


def test_the_user_is_named_by_setting_or_login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(USER_VARIABLE, " A Planner ")
    assert user_name() == "A Planner"
    monkeypatch.delenv(USER_VARIABLE)
    assert user_name()


def test_a_table_is_the_same_after_it_was_kept(small: Pack) -> None:
    table = zones_of(small, Edit.move(["E01000001"], to=None))
    again = Table.from_dict(json.loads(json.dumps(table.to_dict())))
    assert again.to_csv() == table.to_csv()
    assert again.basis is None
    assert all(
        np.array_equal(a.status, b.status)
        for a, b in zip(again.columns, table.columns, strict=True)
    )
