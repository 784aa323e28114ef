"""What a browser sends is read, or refused as none of ours; nothing else comes of it."""

import copy
import re
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.events import Border, Edit, Lock, Redo, Undo
from app.painter import BROWSER, Sent, read_sent
from geo.errors import PlanError, ZonewrightError

CLIENT = "0123456789abcdef"
EVENTS: list[dict[str, Any]] = [
    {"n": 3, "kind": "edit", "title": "1 small area to East"}
    | {"to": {"E01": "East", "E02": None}, "zones": []},
    {"n": 4, "kind": "undo"},
    {"n": 5, "kind": "redo"},
    {"n": 7, "kind": "lock", "on": True, "zones": ["East"], "units": ["E01"]},
    {"n": 8, "kind": "border", "what": "cut", "pairs": [["E02", "E01"]]},
]
POLYGON = [[370_000, 100_000], [371_000.5, 100_000], [371_000, 101_000]]


def payload(**changed: Any) -> dict[str, Any]:
    whole = {
        "scene": "0011223344556677",
        "scenario": "plan a",
        "client": CLIENT,
        "events": EVENTS,
        "drawn": {"n": 9, "polygon": POLYGON},
        "ask": None,
    }
    return copy.deepcopy({**whole, **changed})


def test_every_kind_of_event_is_read_in_its_order() -> None:
    sent = read_sent(payload())
    assert sent is not None
    assert (sent.client, sent.scenario) == (CLIENT, "plan a")
    assert [n for n, _ in sent.events] == [3, 4, 5, 7, 8]
    assert [event for _, event in sent.events] == [
        Edit("1 small area to East", {"E01": "East", "E02": None}),
        Undo(),
        Redo(),
        Lock(on=True, zones=("East",), units=("E01",)),
        Border("cut", (("E01", "E02"),)),
    ]
    corners = ((370_000.0, 100_000.0), (371_000.5, 100_000.0), (371_000.0, 101_000.0))
    assert sent.drawn == (9, corners)


def test_nothing_sent_is_nothing() -> None:
    assert read_sent(None) is None


def test_what_was_taken_is_left_out() -> None:
    sent = read_sent(payload())
    assert sent is not None
    assert [n for n, _ in sent.after(5).events] == [7, 8]
    assert sent.after(8).drawn == sent.drawn
    assert sent.after(9) == Sent(CLIENT, "plan a", ())


@pytest.mark.parametrize(
    "changed",
    [
        {"client": "short"},
        {"client": "../../../../etc/passwd"},
        {"client": 12345678},
        {"scenario": None},
        {"scenario": "x" * 1_000},
        {"events": None},
        {"events": "edit"},
        {"events": [[]]},
        {"events": [{"n": 0, "kind": "undo"}]},
        {"events": [{"n": True, "kind": "undo"}]},
        {"events": [{"n": 1.5, "kind": "undo"}]},
        {"events": [{"n": 2, "kind": "undo"}, {"n": 2, "kind": "undo"}]},
        {"events": [{"n": 2, "kind": "undo"}, {"n": 1, "kind": "undo"}]},
        {"drawn": []},
        {"drawn": {"n": -1, "polygon": [[0, 0], [1, 1], [0, 1]]}},
        {"base": -1},
        {"base": True},
        {"base": "7"},
    ],
)
def test_what_is_none_of_ours_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(PlanError, match="no stroke"):
        read_sent(payload(**changed))


@pytest.mark.parametrize(
    "changed",
    [
        {"events": [{"n": 1}]},
        {"events": [{"n": 1, "kind": ["edit"]}]},
        {"events": [{"n": 1, "kind": "assume", "staff": "stays"}]},
        {"events": [{"n": 1, "kind": "edit", "title": "t", "to": [["a", "b"]], "zones": []}]},
        {"events": [{"n": 1, "kind": "edit", "title": "t", "to": {"a": {"b": "c"}}, "zones": []}]},
        {"events": [{"n": 1, "kind": "edit", "title": "t", "to": {"a": "z" * 501}, "zones": []}]},
        {"events": [{"n": 1, "kind": "edit", "title": "t" * 501, "to": {}, "zones": []}]},
        {"events": [{"n": 1, "kind": "edit", "title": "t", "to": {}, "zones": "East"}]},
        {"events": [{"n": 1, "kind": "edit", "title": "t", "to": {}}]},
        {"events": [{"n": 1, "kind": "lock", "on": 1, "zones": [], "units": []}]},
        {"events": [{"n": 1, "kind": "border", "what": "burn", "pairs": []}]},
        {"events": [{"n": 1, "kind": "border", "what": ["cut"], "pairs": []}]},
        {"events": [{"n": 1, "kind": "border", "what": "cut", "pairs": [["a"]]}]},
        {"events": [{"n": 1, "kind": "border", "what": "cut", "pairs": [["a", "a"]]}]},
        {"drawn": {"n": 1, "polygon": [[0, 0], [1, 1]]}},
        {"drawn": {"n": 1, "polygon": [[0, 0], [1, 1], [0, float("nan")]]}},
        {"drawn": {"n": 1, "polygon": [[0, 0], [1, 1], [0, 1e300]]}},
        {"drawn": {"n": 1, "polygon": [[0, 0], [1, 1], ["0", "1"]]}},
    ],
)
def test_an_event_that_is_none_is_named_by_its_number(changed: dict[str, Any]) -> None:
    sent = read_sent(payload(**changed))
    assert sent is not None
    assert sent.unread == (1,)
    assert [n for n, _ in sent.events] == ([3, 4, 5, 7, 8] if "drawn" in changed else [])


def test_one_bad_event_leaves_the_others_readable() -> None:
    bad = {"n": 6, "kind": "edit", "title": "t" * 501, "to": {}, "zones": []}
    sent = read_sent(payload(events=[*EVENTS[:3], bad, *EVENTS[3:]]))
    assert sent is not None
    assert ([n for n, _ in sent.events], sent.unread) == ([3, 4, 5, 7, 8], (6,))
    assert sent.after(6).unread == ()


def test_what_a_stroke_was_painted_on_is_read() -> None:
    sent = read_sent(payload(base=0))
    assert sent is not None
    assert sent.base == sent.after(5).base == 0
    older = read_sent(payload())
    assert older is not None
    assert older.base is None


def test_a_queue_without_end_is_read_in_parts() -> None:
    sent = read_sent(payload(events=[{"n": n, "kind": "undo"} for n in range(1, 5_000)]))
    assert sent is not None
    assert [n for n, _ in sent.events] == list(range(1, 1_001))


@pytest.mark.parametrize("given", [1, "sent", [], {}, {"client": CLIENT}])
def test_a_payload_of_another_shape_is_refused(given: object) -> None:
    with pytest.raises(PlanError, match="no stroke"):
        read_sent(given)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@given(name=st.sampled_from(["scenario", "client", "events", "drawn", "base"]), value=ANYTHING)
def test_no_payload_fails_otherwise_than_by_refusal(name: str, value: object) -> None:
    with suppress(ZonewrightError):
        read_sent(payload(**{name: value}))


@given(
    at=st.integers(0, len(EVENTS) - 1),
    name=st.sampled_from(["n", "kind", "title", "to", "zones", "units", "on", "what", "pairs"]),
    value=ANYTHING,
)
def test_no_event_fails_otherwise_than_by_refusal(at: int, name: str, value: object) -> None:
    whole = payload()
    whole["events"][at][name] = value
    with suppress(ZonewrightError):
        read_sent(whole)


def test_the_browser_asks_nobody_but_its_own_server() -> None:
    for path in BROWSER.iterdir():
        assert path.suffix in {".js", ".css"}
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "http:" not in text
        assert "https:" not in text
        for means in ("fetch(", "XMLHttpRequest", "innerHTML", "insertAdjacentHTML", "eval("):
            assert means not in text, f"{path.name} uses {means}"


def test_the_map_leads_to_the_block_of_the_page_that_asks_for_a_decision() -> None:
    named = re.search(r"\.st-key-(\w+)", (BROWSER / "painter.js").read_text())
    page = (BROWSER.parents[1] / "redraw" / "scenarios.py").read_text()
    assert named is not None
    assert f'key="{named[1]}"' in page
