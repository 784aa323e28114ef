"""A plan: which zone each unit belongs to, and that no move loses a unit.

The pattern for a test of a value: known answers first, then what must hold whatever happens to it
(drawn by hypothesis), then the edges, then what it refuses.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import PlanError
from geo.plan import UNASSIGNED, Plan

UNITS = ("E01", "E02", "E03", "E04")
ZONES = ("North", "South", "West")


@pytest.fixture
def plan() -> Plan:
    """Two units in the north, one in the south, one nowhere; the west is empty."""
    return Plan(UNITS, ZONES, np.array([0, 0, 1, UNASSIGNED]))


plans = st.lists(st.integers(UNASSIGNED, 2), min_size=4, max_size=4).map(
    lambda assignment: Plan(UNITS, ZONES, np.array(assignment))
)
moves = st.tuples(st.lists(st.sampled_from(UNITS)), st.sampled_from([*ZONES, None]))


def where(plan: Plan) -> dict[str, str | None]:
    return {unit: plan.zone_of(unit) for unit in plan.units}


# known answers


def test_a_plan_tells_the_zone_of_each_unit_and_the_units_of_each_zone(plan: Plan) -> None:
    assert where(plan) == {"E01": "North", "E02": "North", "E03": "South", "E04": None}
    assert plan.members("North") == ("E01", "E02")
    assert plan.unassigned == plan.members(None) == ("E04",)
    assert plan.sizes.tolist() == [2, 1, 0]


def test_a_lookup_makes_a_plan_in_the_order_asked_for() -> None:
    lookup = {"E03": "South", "E01": "North", "E02": "East", "E04": ""}
    plan = Plan.from_lookup(lookup, units=UNITS, zones=("South",))
    assert plan.units == UNITS
    assert plan.zones == ("South", "East", "North")  # those not named follow by name
    assert plan.assignment.tolist() == [2, 1, 0, UNASSIGNED]


def test_a_lookup_brings_its_own_units_when_none_are_asked_for() -> None:
    assert Plan.from_lookup({"E02": "North", "E01": None}).units == ("E02", "E01")


def test_a_move_returns_a_child(plan: Plan) -> None:
    child = plan.move(["E02", "E04"], to="West")
    assert where(child) == {"E01": "North", "E02": "West", "E03": "South", "E04": "West"}
    assert child.moved_from(plan) == ("E02", "E04")


def test_a_unit_can_leave_every_zone(plan: Plan) -> None:
    assert plan.move(["E01"], to=None).unassigned == ("E01", "E04")


def test_a_new_zone_is_empty_and_last(plan: Plan) -> None:
    child = plan.with_zone("East")
    assert child.zones == (*ZONES, "East")
    assert child.members("East") == ()
    assert where(child) == where(plan)


def test_plans_are_compared_by_the_names_of_their_zones(plan: Plan) -> None:
    other = Plan.from_lookup({**where(plan), "E03": "North"}, zones=("West", "North"))
    assert other.moved_from(plan) == ("E03",)


def test_a_plan_shows_its_size_and_its_name(plan: Plan) -> None:
    assert repr(plan) == f"<Plan 4 units in 3 zones, 1 unassigned, {plan.fingerprint}>"
    assert "unassigned" not in repr(plan.move(["E04"], to="West"))


def test_positions_follow_the_units_asked_for(plan: Plan) -> None:
    assert plan.positions(["E03", "E01", "E03"]).tolist() == [2, 0, 2]
    assert plan.zone_position("West") == 2
    assert plan.name_of(UNASSIGNED) is None


# what holds of every plan and every move


@given(plan=plans, steps=st.lists(moves))
def test_moving_units_keeps_every_unit(plan: Plan, steps: list) -> None:
    for units, zone in steps:
        plan = plan.move(units, to=zone)
    assert plan.units == UNITS
    held = [unit for zone in (*ZONES, None) for unit in plan.members(zone)]
    assert sorted(held) == sorted(UNITS)
    assert plan.sizes.sum() + len(plan.unassigned) == len(UNITS)


@given(plan=plans, step=moves)
def test_moving_units_never_changes_the_parent(plan: Plan, step: tuple) -> None:
    before, name = where(plan), plan.fingerprint
    units, zone = step
    child = plan.move(units, to=zone)
    assert where(plan) == before
    assert plan.fingerprint == name
    assert set(child.moved_from(plan)) <= set(units)
    assert where(child) == before | dict.fromkeys(units, zone)


@given(plan=plans, step=moves)
def test_a_move_can_be_taken_back(plan: Plan, step: tuple) -> None:
    units, zone = step
    child = plan.move(units, to=zone)
    for unit in units:
        child = child.move([unit], to=plan.zone_of(unit))
    assert child == plan
    assert hash(child) == hash(plan)


@given(plan=plans, data=st.data())
def test_the_fingerprint_does_not_see_the_order_of_rows_or_zones(
    plan: Plan, data: st.DataObject
) -> None:
    rows = data.draw(st.permutations(list(where(plan).items())))
    zones = data.draw(st.permutations(ZONES))
    assert Plan.from_lookup(dict(rows), zones=zones).fingerprint == plan.fingerprint


@given(one=plans, other=plans)
def test_the_fingerprint_sees_every_unit(one: Plan, other: Plan) -> None:
    assert (one.fingerprint == other.fingerprint) == (where(one) == where(other))
    assert (one == other) == (where(one) == where(other))


@given(plan=plans)
def test_a_plan_is_its_lookup(plan: Plan) -> None:
    assert Plan.from_lookup(where(plan), units=UNITS, zones=ZONES) == plan


# edges


def test_a_plan_may_hold_nothing() -> None:
    empty = Plan((), (), np.array([], dtype=np.int32))
    assert empty.unassigned == ()
    assert empty.sizes.tolist() == []


def test_all_units_may_be_unassigned() -> None:
    plan = Plan.from_lookup(dict.fromkeys(UNITS))
    assert plan.zones == ()
    assert plan.unassigned == UNITS


def test_moving_nothing_changes_nothing(plan: Plan) -> None:
    assert plan.move([], to="North") == plan


def test_an_emptied_zone_stays(plan: Plan) -> None:
    assert plan.move(["E03"], to="North").sizes.tolist() == [3, 0, 0]


def test_a_new_zone_alone_moves_no_unit_but_makes_another_plan(plan: Plan) -> None:
    assert plan.with_zone("East").moved_from(plan) == ()
    assert plan.with_zone("East").fingerprint != plan.fingerprint


def test_a_plan_is_no_other_thing(plan: Plan) -> None:
    assert plan != where(plan)


@pytest.mark.parametrize("make", [lambda plan: plan, lambda plan: plan.move(["E01"], to="South")])
def test_the_assignment_is_frozen(plan: Plan, make: object) -> None:
    with pytest.raises(ValueError, match="read-only"):
        make(plan).assignment[0] = 1


def test_a_plan_keeps_its_own_copy_of_the_assignment() -> None:
    given_ = np.array([0, 0, 1, 1])
    plan = Plan(UNITS, ZONES, given_)
    given_[0] = 2
    assert plan.zone_of("E01") == "North"


# refusals


def test_a_lookup_without_a_unit_is_refused() -> None:
    with pytest.raises(PlanError, match=r"no zone for 2 of 4 units: E03, E04\. .*vintage"):
        Plan.from_lookup({"E01": "North", "E02": "North"}, units=UNITS)


def test_a_lookup_of_other_units_is_refused() -> None:
    lookup = dict.fromkeys([*UNITS, "W01", "W02", "W03", "W04"], "North")
    with pytest.raises(PlanError, match=r"names 4 units .* not have: W01, W02, W03 and 1 more\."):
        Plan.from_lookup(lookup, units=UNITS)


@pytest.mark.parametrize(
    ("units", "zones", "match"),
    [
        (("E01", "E02", "E01", "E04"), ZONES, "names E01 more than once. Give each unit one row"),
        (UNITS, ("North", "South", "North"), "names North more than once. Give each zone one row"),
    ],
)
def test_units_and_zones_stand_once(units: tuple, zones: tuple, match: str) -> None:
    with pytest.raises(PlanError, match=match):
        Plan(units, zones, np.array([0, 0, 1, 1]))


def test_a_zone_that_is_already_there_cannot_be_added(plan: Plan) -> None:
    with pytest.raises(PlanError, match="names North more than once"):
        plan.with_zone("North")


@pytest.mark.parametrize("assignment", [[0, 0, 1], [0, 0, 1, 1, 1], [[0, 0, 1, 1]]])
def test_every_unit_has_one_assignment(assignment: list) -> None:
    with pytest.raises(PlanError, match=r"4 units and \d assignments\. Give each unit one zone"):
        Plan(UNITS, ZONES, np.array(assignment))


@pytest.mark.parametrize("zone", [-2, 3, 99])
def test_an_assignment_names_a_zone_there_is(zone: int) -> None:
    with pytest.raises(PlanError, match=r"sends E02 to .* not have\. Use 0 to 2, or -1 for no"):
        Plan(UNITS, ZONES, np.array([0, zone, 1, 1]))


def test_units_of_another_vintage_cannot_move(plan: Plan) -> None:
    with pytest.raises(PlanError, match=r"no unit E09\. Are the codes of another vintage"):
        plan.move(["E01", "E09"], to="South")


def test_units_cannot_move_to_a_zone_that_is_not_there(plan: Plan) -> None:
    with pytest.raises(PlanError, match=r"no zone 'Nroth'\. Its zones are North, South, West"):
        plan.move(["E01"], to="Nroth")


@pytest.mark.parametrize(
    ("units", "match"),
    [
        (("E01", "E02", "E03", "E05"), "E04, E05 stand on one side only"),
        (("E02", "E01", "E03", "E04"), "the same units in another order"),
        (UNITS[:3], "E04 stand on one side only"),
    ],
)
def test_plans_of_other_units_are_not_compared(plan: Plan, units: tuple, match: str) -> None:
    with pytest.raises(PlanError, match=match):
        Plan(units, ("North",), np.zeros(len(units))).moved_from(plan)
