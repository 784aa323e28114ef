"""A scenario as one file: the same when it comes back, and refused readably when it is not."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.assumptions import Assumptions
from analysis.events import Assume, Edit, Lock, Redo, Undo
from geo.errors import StoreError
from layers.pack import Pack
from small_pack import UNITS
from store import transfer
from store.database import open_database
from store.log import Row, Saved
from store.scenarios import Store
from store.transfer import export_scenario, import_scenario, read_export

ANN, BEN = {"who": "Ann"}, {"who": "Ben"}
SOUTH = Edit.move(UNITS[:1], to="South")
NEW = Edit("a new zone", {UNITS[8]: "Zoë", UNITS[7]: "Äpfel", UNITS[6]: None})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(open_database(f"sqlite:///{tmp_path / 'here.sqlite'}"))
    yield opened
    opened.database.close()


@pytest.fixture
def other(database: str) -> Iterator[Store]:
    """Another computer."""
    opened = Store(open_database(database))
    yield opened
    opened.database.close()


@pytest.fixture
def made(store: Store, small: Pack) -> str:
    scenario = store.create(small, "zones", title="Level", **ANN)
    events = (SOUTH, NEW, Undo(), Redo(), Lock(on=True, zones=("Zoë",)),
              Assume(Assumptions(fte={"North": 3.25})), Redo())  # fmt: skip
    store.append(scenario, "browser", list(enumerate(events, 1)), **ANN)
    store.rename(scenario, "Level the north", **BEN)
    return scenario


def test_what_comes_back_is_the_same_scenario(
    store: Store, other: Store, made: str, small: Pack
) -> None:
    imported = import_scenario(other, export_scenario(store, made), pack=small, **BEN)
    assert (imported.id, imported.title, imported.is_new) == (made, "Level the north", True)
    here, there = store.load(made, small), other.load(made, small)
    assert there.scenario == here.scenario
    assert there.scenario.plan.fingerprint == here.scenario.plan.fingerprint
    assert there.log == here.log
    assert there.hash == here.hash
    assert (there.title, there.head.who) == ("Level the north", "Ann")
    assert there.notes == ("Imported by Ben.",)
    assert read_export(export_scenario(other, made)).rows == store.rows(made)[1]


def test_a_browser_goes_on_where_it_was_after_an_import(
    store: Store, other: Store, made: str
) -> None:
    import_scenario(other, export_scenario(store, made), **BEN)
    answer = other.rebase(made, "browser", [(6, Assume(Assumptions(fte={"North": 3.25})))], **ANN)
    assert answer.taken == (6,)
    assert other.load(made).seq == 7


def test_a_branch_is_exported_with_what_it_inherited(
    store: Store, other: Store, made: str, small: Pack
) -> None:
    branch = store.branch(made, title="Mine", **BEN).id
    store.append(branch, "browser", [(1, Undo())], **BEN)
    store.archive(made, **BEN)
    import_scenario(other, export_scenario(store, branch), **BEN)
    here, there = store.load(branch), other.load(branch, small)
    assert [entry.title for entry in other.scenarios()] == ["Mine"]
    assert there.title == "Mine"
    assert there.scenario == here.scenario
    assert [(e.title, e.who, e.when) for e in there.log] == [
        (e.title, e.who, e.when) for e in here.log
    ]
    assert there.head.parent is None
    again = import_scenario(other, export_scenario(other, branch), **BEN)
    assert not again.is_new
    assert other.append(branch, "browser", [], **BEN).seq == there.seq


def test_importing_twice_is_told(store: Store, other: Store, made: str) -> None:
    first = export_scenario(store, made)
    assert not import_scenario(store, first, **BEN).is_new
    import_scenario(other, first, **BEN)
    again = import_scenario(other, first, **BEN)
    assert (again.id, again.is_new) == (made, False)
    assert "is here already, as 'Level the north'. Nothing" in again.note
    other.append(made, "later", [(1, SOUTH)], **BEN)
    assert "with 1 step more" in import_scenario(other, first, **BEN).note
    assert len(other.scenarios()) == 1


def test_an_untouched_scenario_is_exported_and_known_again(
    store: Store, other: Store, small: Pack
) -> None:
    made = store.create(small, "zones", title="x", **ANN)
    data = export_scenario(store, made)
    assert import_scenario(other, data, **BEN).is_new
    assert not import_scenario(other, data, **BEN).is_new


def test_what_went_on_differently_is_imported_beside(store: Store, other: Store, made: str) -> None:
    import_scenario(other, export_scenario(store, made), **BEN)
    store.append(made, "a", [(1, SOUTH)], **ANN)
    other.append(made, "b", [(1, Lock(on=False, zones=("Zoë",)))], **BEN)
    data = export_scenario(store, made)
    imported = import_scenario(other, data, **BEN)
    assert imported.is_new
    assert imported.id != made
    assert "beside it" in imported.note
    assert not import_scenario(other, data, **BEN).is_new
    assert other.load(imported.id).hash == store.load(made).hash
    assert len(other.scenarios()) == 2


def test_a_scenario_of_another_authority_is_refused(store: Store, made: str, small: Pack) -> None:
    elsewhere = replace(small, authority=replace(small.authority, key="elsewhere"))
    with pytest.raises(StoreError, match="is of 'small', not of 'elsewhere'"):
        import_scenario(store, export_scenario(store, made), pack=elsewhere, **BEN)


Change = Callable[[dict[str, Any]], object]


def resealed(data: bytes, change: Change) -> bytes:
    """Change a file and give it the right hash of its content, as a hostile hand would."""
    content = json.loads(data)
    change(content)
    content.pop("hash")
    content["hash"] = transfer._hash(content)
    return json.dumps(content).encode()


def step(content: dict[str, Any], **changes: object) -> None:
    content["log"][0].update(changes)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c.update(version=2), "is of version 2; this Zonewright reads 1"),
        (lambda c: c.update(version="1"), "does not tell its version"),
        (lambda c: c.update(format="other"), "another kind of file"),
        (lambda c: c.pop("log"), "missing or of the wrong kind"),
        (lambda c: c.update(log={}), "does not lead to the plan"),
        (lambda c: c.update(log=[1]), "missing or of the wrong kind"),
        (lambda c: c["log"].pop(1), "step 2 is missing"),
        (lambda c: c["log"].pop(), "does not lead to the plan"),
        (lambda c: c["log"].reverse(), "step 1 is missing"),
        (lambda c: c.update(fingerprint="0" * 16), "does not lead to the plan"),
        (lambda c: c.update(title="Other"), "does not lead to the plan"),
        (lambda c: step(c, who="Ben"), "step 1 was changed"),
        (lambda c: step(c, who="a\u202eb"), "wrong kind"),
        (lambda c: step(c, when="yesterday"), "wrong kind"),
        (lambda c: step(c, seq=True), "wrong kind"),
        (lambda c: step(c, n=2), "two of its steps have one number"),
        (lambda c: step(c, body=[]), "step 1 was changed"),
        (lambda c: step(c, body={"to": {}}), "step 1 was changed"),
        (lambda c: step(c, client="x" * 500), "wrong kind"),
        (lambda c: c["baseline"].update(assignment=[0.5] * 9), "starts from cannot be read"),
        (lambda c: c["baseline"].update(assignment=[9] * 9), "starts from cannot be read"),
        (lambda c: c["baseline"]["units"].append(UNITS[0]), "starts from cannot be read"),
        (lambda c: c["baseline"].update(zones=["a\0", "b", "c"]), "wrong kind"),
        (lambda c: c.update(vintage=None), "wrong kind"),
        (lambda c: c["made"].update(who=["Ann"]), "wrong kind"),
    ],
)
def test_a_file_that_was_changed_is_refused_in_one_sentence(
    store: Store, other: Store, made: str, change: Change, said: str
) -> None:
    data = export_scenario(store, made)
    content = json.loads(data)
    change(content)
    with pytest.raises(StoreError):
        import_scenario(other, json.dumps(content).encode(), **BEN)
    with pytest.raises(StoreError, match=said):
        import_scenario(other, resealed(data, change), **BEN)
    assert other.scenarios() == ()


def test_steps_that_the_scenario_would_refuse_are_refused(
    store: Store, other: Store, made: str, small: Pack
) -> None:
    """A hostile file whose every hash is right still has to take each step."""
    saved = store.load(made)
    start = Saved.start(saved.head)
    for kind, body, said in (
        ("redo", "{}", "nothing to redo"),
        ("teleport", "{}", "kind 'teleport'"),
        ("edit", '{"title":"x","to":{"E09":"North"},"zones":[]}', "no unit E09"),
        ("assume", '{"fte":{"North":1' + "0" * 400 + "}}", "'assume', cannot be read"),
    ):
        row = Row.after(start, kind, body, who="x", when="2026-01-01", sent=("c", 1))

        def change(content: dict[str, Any], row: Row = row) -> None:
            content["log"] = [{**vars(row), "body": json.loads(row.body)}]

        with pytest.raises(StoreError, match=said):
            import_scenario(other, resealed(export_scenario(store, made), change), **BEN)
    assert other.scenarios() == ()
    assert saved.scenario.baseline == small.plan("zones")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is no JSON, or was cut off"),
        (b"\xff\xfe", "is no JSON"),
        (b"[]", "another kind of file"),
        (b'"x"', "another kind of file"),
        (b"unit,zone\nE01,North\n", "is no JSON"),
        (b"[" * 100_000, "is no JSON"),
        (b'{"format":"zonewright scenario","version":1,"x":NaN}', "wrong kind"),
        (b'{"format":"zonewright scenario","version":1,"x":1e999}', "wrong kind"),
        (b'{"format":"zonewright scenario","version":1}', "was changed after"),
        (b'{"format":"zonewright scenario","version":1' + b"1" * 5000 + b"}", "is no JSON"),
    ],
)
def test_a_file_that_is_none_is_refused_in_one_sentence(
    store: Store, data: bytes, said: str
) -> None:
    with pytest.raises(StoreError, match=said) as refusal:
        import_scenario(store, data, **BEN)
    assert "Nothing was imported" in str(refusal.value)


def test_a_file_without_end_is_refused_before_it_is_read(
    store: Store, made: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = export_scenario(store, made)
    monkeypatch.setattr(transfer, "MOST_STEPS", 3)
    with pytest.raises(StoreError, match="more than 3"):
        read_export(data)
    monkeypatch.setattr(transfer, "MOST_BYTES", 100)
    with pytest.raises(StoreError, match="more than 0"):
        read_export(data)


@given(data=st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_that_was_cut_or_patched_anywhere_is_refused(
    store: Store, made: str, data: st.DataObject
) -> None:
    whole = export_scenario(store, made)
    at = data.draw(st.integers(0, len(whole) - 2))
    patched = data.draw(
        st.one_of(
            st.just(whole[:at]),
            st.binary(max_size=3).map(lambda new: whole[:at] + new + whole[at + 1 :]),
        )
    )
    try:
        content = json.loads(patched.decode("utf-8-sig"))
    except ValueError:
        content = None
    if content == json.loads(whole):  # only its layout was changed
        assert read_export(patched).saved.hash == read_export(whole).saved.hash
        return
    with pytest.raises(StoreError):
        read_export(patched)
