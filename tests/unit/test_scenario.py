"""A scenario: edits that can be taken back, and what they do to every figure."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.assumptions import Assumptions
from analysis.events import Assume, Edit
from analysis.metrics import METRICS
from analysis.scenario import Scenario, compare, evaluate, redrawing, today
from geo.errors import PackError, PlanError
from geo.plan import Plan
from layers.pack import Pack
from layers.read import read_pack
from small_pack import UNITS

NAN = float("nan")
edits = st.builds(
    lambda units, to: Edit.move(units, to=to),
    st.lists(st.sampled_from(UNITS), min_size=1),
    st.sampled_from(["North", "Middle", "South", "New", None]),
)


@pytest.fixture
def start(small: Pack) -> Scenario:
    return Scenario("redraw", small.plan("zones"))


# edits, undo and redo


def test_an_edit_moves_units_and_names_itself(start: Scenario) -> None:
    after = start.do(Edit.move(UNITS[:2], to="South")).do(Edit.move(UNITS[8:], to=None))
    assert [edit.title for edit in after.edits] == ["2 units to South", "1 unit to no zone"]
    assert after.plan.moved_from(start.plan) == (*UNITS[:2], UNITS[8])
    assert after.plan.unassigned == (UNITS[8],)


def test_an_edit_may_open_a_new_zone(start: Scenario) -> None:
    after = start.do(Edit.move(UNITS[:1], to="East"))
    assert after.plan.zones == ("North", "Middle", "South", "East")
    assert after.plan.members("East") == UNITS[:1]


def test_an_edit_may_send_units_to_several_zones(start: Scenario) -> None:
    edit = Edit("swap", {UNITS[0]: "South", UNITS[8]: "North", UNITS[4]: None, UNITS[1]: "East"})
    plan = edit.apply(start.plan)
    assert [plan.zone_of(unit) for unit in edit.to] == ["South", "North", None, "East"]
    assert len(plan.moved_from(start.plan)) == 4


def test_the_same_unit_chosen_twice_counts_once() -> None:
    assert Edit.move([UNITS[0], UNITS[0]], to="South").title == "1 unit to South"


def test_undo_takes_back_the_last_step_and_redo_takes_it_again(start: Scenario) -> None:
    one = start.do(Edit.move(UNITS[:1], to="South"))
    two = one.do(Edit.move(UNITS[1:2], to="South"))
    assert two.undo().plan == one.plan
    assert two.undo().undo().plan == start.plan
    assert two.undo().undo().redo().plan == one.plan
    assert two.undo().undo().redo().redo() == two


def test_a_new_step_forgets_what_was_undone(start: Scenario) -> None:
    after = start.do(Edit.move(UNITS[:1], to="South")).undo().do(Edit.move(UNITS[1:2], to="South"))
    assert after.undone == ()
    with pytest.raises(PlanError, match="nothing to redo"):
        after.redo()


def test_reset_returns_to_the_baseline_and_can_be_undone(start: Scenario) -> None:
    changed = start.do(Edit.move(UNITS[:1], to="South"))
    back = changed.do(changed.resetting())
    assert back.plan == start.plan
    assert back.edits[-1].title == "Back to Team areas"
    assert back.undo().plan == changed.plan


def test_there_is_nothing_to_undo_at_the_start(start: Scenario) -> None:
    with pytest.raises(PlanError, match="nothing to undo"):
        start.undo()
    with pytest.raises(PlanError, match="nothing to redo"):
        start.redo()


def test_a_step_never_changes_the_scenario_it_comes_from(start: Scenario) -> None:
    start.do(Edit.move(UNITS, to="South"))
    assert start.edits == ()
    assert start.plan == start.baseline.plan


def test_an_edit_of_unknown_units_is_refused(start: Scenario) -> None:
    with pytest.raises(PlanError, match="no unit E09"):
        _ = start.do(Edit.move(["E09"], to="South")).plan


@given(steps=st.lists(edits, max_size=6))
def test_as_many_undos_as_steps_lead_back_to_the_start(small: Pack, steps: list[Edit]) -> None:
    start = scenario = Scenario("redraw", small.plan("zones"))
    for step in steps:
        scenario = scenario.do(step)
    end = scenario
    for _ in steps:
        scenario = scenario.undo()
    assert scenario.plan == start.plan
    for _ in steps:
        scenario = scenario.redo()
    assert scenario == end
    assert scenario.plan == end.plan


# a plan as a redraw


def test_a_plan_of_the_pack_is_a_redraw_without_steps(small: Pack) -> None:
    assert redrawing(small, small.plan("zones").plan, key="zones").edits == ()


def test_a_lookup_is_a_redraw_of_the_plan_with_its_zones(small: Pack) -> None:
    lookup = Plan.from_lookup(dict.fromkeys(UNITS, "West"))
    scenario = redrawing(small, lookup, key="mine")
    assert scenario.baseline.key == "pyramids"
    assert scenario.plan.zones == ("East", "West")
    assert scenario.plan.members("West") == UNITS


def test_a_lookup_with_zones_of_its_own_redraws_the_default_plan(small: Pack) -> None:
    scenario = redrawing(small, Plan.from_lookup(dict.fromkeys(UNITS, "Whole")))
    assert scenario.baseline.key == "zones"
    assert scenario.plan.zones == ("Whole",)


def test_a_lookup_that_keeps_a_zone_keeps_the_emptied_ones_and_their_staff(small: Pack) -> None:
    scenario = redrawing(small, Plan.from_lookup(dict.fromkeys(UNITS, "North")))
    assert scenario.plan.zones == ("North", "Middle", "South")
    assert scenario.plan.sizes.tolist() == [9, 0, 0]


def test_a_reset_from_zones_of_its_own_is_todays_plan(small: Pack) -> None:
    scenario = redrawing(small, Plan.from_lookup(dict.fromkeys(UNITS, "Whole")))
    assert scenario.do(scenario.resetting()).plan == small.plan("zones").plan


def test_the_baseline_may_be_named(small: Pack) -> None:
    lookup = Plan.from_lookup(dict.fromkeys(UNITS, "West"))
    assert redrawing(small, lookup, baseline="zones").baseline.key == "zones"
    with pytest.raises(PackError, match="'small' has no plan 'areas'"):
        redrawing(small, lookup, baseline="areas")


# evaluation


def test_moving_small_areas_between_two_areas_of_dorset_changes_the_figures(dorset: Pack) -> None:
    start = Scenario("redraw", dorset.plan("areas"))
    units = start.plan.members("South")[:10]
    before = evaluate(start, dorset)
    after = evaluate(start.do(Edit.move(units, to="West")), dorset)
    at = start.plan.positions(units)
    for key in ("children", "referrals", "persons"):
        moved = dorset.measures.counts(key)[at].sum()
        change = after.per_zone(key) - before.per_zone(key)
        assert change.tolist() == [-moved, moved, 0, 0]
    assert after.changing["children"] == dorset.measures.counts("children")[at].sum()
    assert after.for_plan("referral_cv") != before.for_plan("referral_cv")
    assert after.for_plan("units_moved") == 10


@given(steps=st.lists(edits, max_size=4))
def test_a_redraw_conserves_everyone(small: Pack, steps: list[Edit]) -> None:
    scenario = Scenario("redraw", small.plan("zones"))
    for step in steps:
        scenario = scenario.do(step)
    result = evaluate(scenario, small)
    for key in ("persons", "children", "referrals"):
        loose = result.facts.totals.unassigned(key)
        assert result.per_zone(key).sum() + loose == small.measures.counts(key).sum()
    assert result.per_zone("units").sum() + result.for_plan("unassigned") == 9
    assert result.for_plan("children_moved") == result.changing["children"]


@given(steps=st.lists(edits, max_size=4))
def test_the_way_to_a_plan_does_not_matter(small: Pack, steps: list[Edit]) -> None:
    scenario = Scenario("redraw", small.plan("zones"))
    for step in steps:
        scenario = scenario.do(step)
    start = Scenario("redraw", small.plan("zones"))
    for zone in scenario.plan.zones[3:]:  # zones opened on the way and left again stay
        start = start.do(Edit(zone, {UNITS[0]: zone}))
    at_once = start.do(Edit.replace_with(scenario.plan, "at once"))
    one, other = evaluate(scenario, small), evaluate(at_once, small)
    for metric in METRICS:
        np.testing.assert_array_equal(one.values[metric.key], other.values[metric.key])


def test_staff_stay_or_follow(small: Pack, start: Scenario) -> None:
    stays = start.do(Edit.move(UNITS[1:2], to="Middle"))  # 20 of the north's 40 open cases
    follows = Scenario(
        "redraw", start.baseline, stays.edits, assumptions=Assumptions(staff="follows")
    )
    assert evaluate(stays, small).per_zone("fte").tolist() == [4, 1, 2]
    assert evaluate(follows, small).per_zone("fte").tolist() == [2, 3, 2]
    assert evaluate(follows, small).per_zone("cases_per_fte").tolist() == [10, 40 / 3, 13]


def test_a_plan_without_staffing_has_no_loads(small: Pack) -> None:
    result = evaluate(Scenario("schools", small.plan("pyramids")), small)
    assert np.isnan(result.per_zone("fte")).all()
    assert np.isnan(result.per_zone("cases_per_fte")).all()
    assert np.isnan(result.for_plan("load_cv"))


def test_what_a_pack_does_not_count_is_not_known_and_not_left_out(small_folder: Path) -> None:
    for file in ("staffing.csv", "plans/pyramids.csv"):
        (small_folder / file).unlink()
    text = (small_folder / "authority.toml").read_text()
    first, rest = text.split('[[plans]]\nkey = "pyramids"')
    (small_folder / "authority.toml").write_text(first + rest[rest.index("[[sources]]") :])
    pack = read_pack(small_folder)
    result = evaluate(Scenario("today", pack.plan("zones")), pack)
    assert set(result.values) == {metric.key for metric in METRICS}
    assert np.isnan(result.for_plan("pyramids_split"))
    assert np.isnan(result.per_zone("fte")).all()


# comparison


def test_two_plans_are_compared_zone_by_zone(small: Pack, start: Scenario) -> None:
    after = start.do(Edit.move(UNITS[:1], to="East"))
    both = compare(evaluate(start, small), evaluate(after, small))
    assert both.zones == ("North", "Middle", "South", "East")
    before, now = both.per_zone("children")
    np.testing.assert_array_equal(before, [600, 600, 800, NAN])
    np.testing.assert_array_equal(now, [500, 600, 800, 100])


def test_a_plan_compared_with_itself_is_the_same(small: Pack, start: Scenario) -> None:
    result = evaluate(start, small)
    before, after = compare(result, result).per_zone("referral_rate")
    np.testing.assert_array_equal(before, after)


def test_zones_are_matched_by_name(small: Pack, start: Scenario) -> None:
    turned = Plan.from_lookup(
        {unit: start.plan.zone_of(unit) for unit in UNITS}, zones=("South", "North", "Middle")
    )
    entry = small.plan("zones")
    other = Scenario("turned", type(entry)(**{**vars(entry), "plan": turned}))
    before, after = compare(evaluate(start, small), evaluate(other, small)).per_zone("children")
    np.testing.assert_array_equal(before, after)


def test_plans_of_two_authorities_are_not_compared(small: Pack, dorset: Pack) -> None:
    one = evaluate(Scenario("one", small.plan("zones")), small)
    other = evaluate(Scenario("other", dorset.plan("zones")), dorset)
    with pytest.raises(
        PlanError, match="not of the same units: E01000001, E01000002, E01000003 and"
    ):
        compare(one, other)


def test_a_reset_after_a_new_zone_is_todays_plan(small: Pack) -> None:
    scenario = Scenario("x", small.plan("zones")).do(Edit.move([UNITS[0]], to="Isle"))
    assert scenario.do(scenario.resetting()).plan == small.plan("zones").plan


# today


def test_staff_that_was_moved_is_not_of_today(small: Pack, start: Scenario) -> None:
    moved = start.take(Assume(Assumptions(fte={"North": 9}, tolerance=0.2)))
    before = today(moved, small)
    assert before.assumptions == Assumptions(tolerance=0.2)
    assert before.plan == start.baseline.plan


def test_staff_that_fills_a_gap_of_the_pack_is_of_today_too(small: Pack) -> None:
    pyramids = Scenario("redraw", small.plan("pyramids"))  # no staff is recorded for these
    zone = pyramids.plan.zones[0]
    filled = pyramids.take(Assume(Assumptions(fte={zone: 3})))
    assert evaluate(today(filled, small), small).per_zone("fte")[0] == 3


# other names


def test_another_name_of_a_zone_changes_no_figure(small: Pack, start: Scenario) -> None:
    called = start.take(Edit.rename("Middle", "Centre", start.plan))
    today_, after = evaluate(today(called, small), small), evaluate(called, small)
    assert today_.plan.zones == after.plan.zones == ("North", "Centre", "South")
    assert after.changing["children"] == 0
    plain = evaluate(start, small)
    for key, value in plain.values.items():
        np.testing.assert_array_equal(after.values[key], value, err_msg=key)


def test_names_are_followed_through_moves_undo_and_further_names(
    small: Pack, start: Scenario
) -> None:
    called = start.take(Edit.rename("Middle", "Centre", start.plan))
    called = called.take(Edit.move(UNITS[:1], to="Centre"))
    called = called.take(Edit.rename("Centre", "Core", called.plan))
    assert called.names == {"Middle": "Core"}
    moved = start.take(Edit.move(UNITS[:1], to="Middle"))
    for key, value in evaluate(moved, small).values.items():
        np.testing.assert_array_equal(evaluate(called, small).values[key], value, err_msg=key)
    assert called.undo().names == {"Middle": "Centre"}
    assert called.take(called.resetting()).names == {}


def test_two_zones_may_swap_their_names(small: Pack, start: Scenario) -> None:
    plan = start.plan
    to = dict.fromkeys(plan.members("North"), "South") | dict.fromkeys(
        plan.members("South"), "North"
    )
    swapped = start.take(Edit("swap", to, ("South", "Middle", "North")))
    assert swapped.names == {"North": "South", "South": "North"}
    assert evaluate(swapped, small).changing["children"] == 0
    assert evaluate(today(swapped, small), small).plan == swapped.plan
