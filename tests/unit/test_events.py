"""Events: what can happen to a scenario, kept and read back, and what holds while it does."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.assumptions import Assumptions
from analysis.events import (
    Assume,
    Border,
    Edit,
    Event,
    Lock,
    Redo,
    Undo,
    event_from_dict,
    event_to_dict,
)
from analysis.scenario import Scenario, evaluate, replay
from geo.errors import GeographyError, PlanError
from layers.pack import Pack
from small_pack import UNITS, ZONES

units = st.sampled_from(UNITS)
pairs = st.tuples(units, units).filter(lambda pair: pair[0] != pair[1])
events: st.SearchStrategy[Event] = st.one_of(
    st.builds(Edit.move, st.lists(units, min_size=1), to=st.sampled_from([*ZONES, "New", None])),
    st.just(Undo()),
    st.just(Redo()),
    st.builds(
        Lock,
        on=st.booleans(),
        zones=st.lists(st.sampled_from(ZONES), max_size=2).map(tuple),
        units=st.lists(units, max_size=3).map(tuple),
    ),
    st.builds(Border, st.sampled_from(["cut", "clear", "link"]), st.lists(pairs).map(tuple)),
    st.builds(Assume, st.builds(Assumptions, tolerance=st.floats(0.01, 1))),
)


@pytest.fixture
def start(small: Pack) -> Scenario:
    return Scenario("redraw", small.plan("zones"))


# kept and read back


@given(events)
def test_a_kept_event_is_read_back_the_same(event: Event) -> None:
    assert event_from_dict(json.loads(json.dumps(event_to_dict(event)))) == event


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({}, "of the kind 'None', which this version does not know"),
        ({"kind": "explode"}, "of the kind 'explode'"),
        ([], "of the kind 'None'"),
        ({"kind": "edit"}, "'edit', cannot be read"),
        ({"kind": "edit", "title": "x", "to": 3, "zones": []}, "'edit', cannot be read"),
        ({"kind": "lock", "on": "yes", "zones": [], "units": []}, "'lock', cannot be read"),
        ({"kind": "border", "what": "cut", "pairs": [["a"]]}, "'border', cannot be read"),
        ({"kind": "border", "what": "wall", "pairs": []}, "cannot be made 'wall'"),
        ({"kind": "border", "what": "cut", "pairs": [["a", "a"]]}, "no border with itself"),
        ({"kind": "assume", "tolerance": -1}, "The tolerance is -1"),
    ],
)
def test_an_event_that_is_none_is_refused(wrong: Any, message: str) -> None:
    with pytest.raises(PlanError, match=message):
        event_from_dict(wrong)


def test_a_pair_stands_in_one_order_whichever_way_it_is_given() -> None:
    assert Border("cut", (("b", "a"),)) == Border("cut", (("a", "b"),))


# zones: new ones, other names


def test_a_zone_may_be_added_without_units(start: Scenario) -> None:
    after = start.take(Edit.with_zone("East", start.plan))
    assert after.plan.zones == (*ZONES, "East")
    assert after.plan.members("East") == ()
    assert after.plan.moved_from(start.plan) == ()
    assert after.undo().plan == start.plan


def test_a_zone_may_get_another_name_and_keeps_its_place(start: Scenario) -> None:
    after = start.take(Edit.rename("Middle", "Centre", start.plan))
    assert after.plan.zones == ("North", "Centre", "South")
    assert np.array_equal(after.plan.assignment, start.plan.assignment)
    assert after.edits[-1].title == "Middle is now Centre"


@pytest.mark.parametrize("name", ["", " North-East", "two\nlines", "x" * 101, "bell\a"])
def test_a_name_that_nobody_could_read_is_refused(start: Scenario, name: str) -> None:
    with pytest.raises(PlanError, match="cannot be the name of a zone"):
        start.take(Edit.with_zone(name, start.plan))


def test_a_name_of_the_pack_is_taken_as_it_is(start: Scenario) -> None:
    assert start.take(Edit.move(UNITS[:1], to="South")).plan.zone_of(UNITS[0]) == "South"


# locks


def test_a_locked_unit_may_not_move(start: Scenario) -> None:
    held = start.take(Lock(on=True, units=UNITS[:1]))
    with pytest.raises(PlanError, match="1 unit to South would move 1 locked small areas"):
        held.take(Edit.move(UNITS[:1], to="South"))
    assert held.take(Edit.move(UNITS[1:2], to="South")).plan.zone_of(UNITS[1]) == "South"


def test_nothing_leaves_or_enters_a_locked_zone(start: Scenario) -> None:
    held = start.take(Lock(on=True, zones=("North",)))
    assert held.locked() == UNITS[:3]
    for move in (Edit.move(UNITS[:1], to="South"), Edit.move(UNITS[8:], to="North")):
        with pytest.raises(PlanError, match="Unlock them first"):
            held.take(move)


def test_undo_and_redo_do_not_move_what_was_locked_since(start: Scenario) -> None:
    moved = start.take(Edit.move(UNITS[:1], to="South"))
    with pytest.raises(PlanError, match="Undo of '1 unit to South' would move"):
        moved.take(Lock(on=True, units=UNITS[:1])).take(Undo())
    undone = moved.take(Undo()).take(Lock(on=True, zones=("South",)))
    with pytest.raises(PlanError, match="Redo of '1 unit to South' would move"):
        undone.take(Redo())
    assert undone.take(Lock(on=False, zones=("South",))).take(Redo()).plan == moved.plan


def test_a_lock_is_no_step_and_undo_leaves_it(start: Scenario) -> None:
    after = start.take(Edit.move(UNITS[:1], to="South")).take(Lock(on=True, units=UNITS[5:6]))
    assert after.take(Undo()).locked_units == {UNITS[5]}
    assert len(after.edits) == 1


def test_what_is_not_there_cannot_be_locked(start: Scenario) -> None:
    with pytest.raises(PlanError, match="no zone 'Atlantis'"):
        start.take(Lock(on=True, zones=("Atlantis",)))
    with pytest.raises(PlanError, match="no unit E09"):
        start.take(Lock(on=True, units=("E09",)))


# borders


def test_a_border_that_is_cut_makes_a_piece_apart(start: Scenario, small: Pack) -> None:
    whole = evaluate(start, small)
    middle = UNITS[3:6]
    cut = Border("cut", ((middle[0], middle[1]),))
    apart = evaluate(start.take(cut), small)
    assert "Middle" not in {piece.zone for piece in whole.stray}
    assert "Middle" in {piece.zone for piece in apart.stray}
    mended = start.take(cut).take(Border("clear", cut.pairs))
    assert evaluate(mended, small).stray == whole.stray


def test_a_link_joins_what_does_not_touch(start: Scenario, small: Pack) -> None:
    split = start.take(Edit.move([UNITS[7]], to="North"))
    pieces = len(evaluate(split, small).stray)
    joined = split.take(Border("link", ((UNITS[7], UNITS[2]),)))
    assert len(evaluate(joined, small).stray) == pieces - 1


def test_units_that_do_not_touch_cannot_be_cut(start: Scenario, small: Pack) -> None:
    with pytest.raises(GeographyError, match="parts no neighbours"):
        evaluate(start.take(Border("cut", ((UNITS[0], UNITS[7]),))), small)


# replay


@given(st.lists(events, max_size=12))
def test_a_replay_is_the_same_as_taking_one_by_one(small: Pack, steps: list[Event]) -> None:
    start = Scenario("redraw", small.plan("zones"))
    taken = []
    one_by_one = start
    for step in steps:
        try:
            one_by_one = one_by_one.take(step)
        except PlanError:
            continue
        taken.append(step)
    again = replay(start, taken)
    assert again == one_by_one
    assert again.plan == one_by_one.plan
    assert set(again.plan.units) == set(UNITS)


def test_assumptions_hold_until_they_are_changed(start: Scenario) -> None:
    after = start.take(Assume(Assumptions(staff="follows"))).take(Edit.move(UNITS[:1], to=None))
    assert after.take(Undo()).staff == "follows"


# assumptions in words

SET = Assumptions(
    staff="follows", tolerance=0.05, weights={"open_cp": 2}, months_open={"open_cla": 30},
    fte={"North": 20, "South": 20},
)  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (Assumptions(), Assumptions(staff="follows"), "Staff follow their cases"),
        (SET, SET.with_changes(staff="stays"), "Staff stay with their zone"),
        (Assumptions(), Assumptions(cases="stay"), "Open cases stay until closed"),
        (SET, SET.with_changes(tolerance=0.125), "Tolerance 5 % to 12.5 %"),
        (SET, SET.with_changes(newly_qualified=0.5), "Newly qualified worker 90 % to 50 %"),
        (SET, SET.with_changes(fte={"North": 22.5, "South": 20, "West": 18}),
         "FTE of North 20.0 to 22.5; West set to 18.0"),
        (SET, SET.with_changes(fte={"South": 20.04}),
         "FTE of North as recorded; South 20 to 20.04"),
        (SET, SET.with_changes(fte={}), "All FTE as recorded"),
        (SET, SET.with_changes(fte={"North": 0, "South": 0, "East": 1, "West": 2, "Mid": 3}),
         "FTE of North 20.0 to 0.0; South 20.0 to 0.0; East set to 1.0 and 2 more"),
        (SET, SET.with_changes(weights={"open_cin": 1}),
         "Weight of child protection plans 2.0 to 1.0"),
        (SET, SET.with_changes(months_open={"open_cin": 6}),
         "Months open of children looked after as in the pack; open children in need set to 6.0"),
        (SET, SET, "Assumptions as they were"),
    ],
)  # fmt: skip
def test_a_change_of_assumptions_says_what_it_changes(
    before: Assumptions, after: Assumptions, said: str
) -> None:
    assert Assume(after).title(before) == said


@given(st.floats(0.01, 5), st.floats(0.01, 5), st.floats(0, 90), st.floats(0, 90))
def test_a_change_of_assumptions_is_never_told_as_none(
    a: float, b: float, c: float, d: float
) -> None:
    before = Assumptions(tolerance=a, fte={"North": c})
    after = Assumptions(tolerance=b, fte={"North": d})
    is_alike = Assume(after).title(before) == "Assumptions as they were"
    assert is_alike == (before == after)
