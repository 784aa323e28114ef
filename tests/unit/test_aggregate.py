"""Totals per zone: they add up to the whole, and say where a part is not known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.aggregate import ZoneTotals, aggregate, aggregate_after
from geo.errors import PlanError
from geo.plan import UNASSIGNED, Plan
from layers.measures import Measure, Measures
from layers.pack import Pack
from layers.status import Status

NAN = float("nan")
UNITS = tuple("abcdef")
ZONES = ("North", "South", "West")


def counted(*rows: list[float], status: list[list[int]] | None = None) -> Measures:
    """Make measures m0, m1, ... of six units; a NaN without a status is missing."""
    values = np.array(rows, dtype=np.float64)
    known = np.where(np.isnan(values), Status.MISSING, Status.OK) if status is None else status
    described = [
        Measure(f"m{i}", f"M{i}", "children", "2016", "drawn", "official") for i in range(len(rows))
    ]
    return Measures(UNITS, tuple(described), values, np.array(known, dtype=np.int8))


def plan_of(*assignment: int) -> Plan:
    return Plan(UNITS, ZONES, np.array(assignment))


counts = st.one_of(st.integers(0, 500).map(float), st.just(NAN))
whole_counts = st.integers(0, 500).map(float)


def measures_of(cells: st.SearchStrategy[float]) -> st.SearchStrategy[Measures]:
    row = st.lists(cells, min_size=6, max_size=6)
    return st.lists(row, min_size=1, max_size=3).map(lambda rows: counted(*rows))


plans = st.lists(st.integers(UNASSIGNED, 2), min_size=6, max_size=6).map(lambda a: plan_of(*a))
steps = st.lists(st.tuples(st.lists(st.sampled_from(UNITS)), st.sampled_from([*ZONES, None])))


def assert_same(one: ZoneTotals, other: ZoneTotals) -> None:
    assert one.zones == other.zones
    assert one.measures == other.measures
    np.testing.assert_array_equal(one.values, other.values)
    np.testing.assert_array_equal(one.status, other.status)


def test_counts_add_up_by_zone_and_by_what_is_in_none() -> None:
    totals = aggregate(plan_of(0, 0, 1, 1, 1, -1), counted([1, 2, 3, 4, 5, 6], [10, 0, 0, 0, 0, 1]))
    assert totals.counts("m0").tolist() == [3, 12, 0]
    assert totals.counts("m1").tolist() == [10, 0, 0]
    assert totals.unassigned("m0") == 6
    assert totals.total("m0") == 21


def test_the_drawn_pack_adds_up_as_told_by_eye(small: Pack) -> None:
    totals = aggregate(small.plan("zones").plan, small.measures)
    assert totals.counts("children").tolist() == [600, 600, 800]
    assert totals.counts("referrals").tolist() == [60, 30, 20]
    assert totals.counts("asb").tolist() == [2, 1, 1]


@pytest.mark.parametrize("plan", ["zones", "areas", "east_west", "pyramids"])
def test_every_plan_of_a_real_pack_adds_up_to_the_same_whole(dorset: Pack, plan: str) -> None:
    totals = aggregate(dorset.plan(plan).plan, dorset.measures)
    for key in dorset.measures.keys:
        assert totals.total(key) == dorset.measures.counts(key).sum()


@given(plan=plans, measures=measures_of(whole_counts))
def test_zone_totals_sum_to_the_whole(plan: Plan, measures: Measures) -> None:
    totals = aggregate(plan, measures)
    for key in measures.keys:
        assert totals.counts(key).sum() + totals.unassigned(key) == measures.counts(key).sum()
        assert totals.total(key) == measures.counts(key).sum()


@given(plan=plans, measures=measures_of(counts), data=st.data())
def test_the_order_of_units_does_not_matter(
    plan: Plan, measures: Measures, data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(6)))
    units = tuple(UNITS[i] for i in order)
    shuffled = Measures(
        units, measures.measures, measures.values[:, order], measures.status[:, order]
    )
    again = aggregate(Plan(units, ZONES, plan.assignment[list(order)]), shuffled)
    assert_same(again, aggregate(plan, measures))


@given(plan=plans, measures=measures_of(counts), data=st.data())
def test_the_order_of_zones_only_orders_the_totals(
    plan: Plan, measures: Measures, data: st.DataObject
) -> None:
    zones = data.draw(st.permutations(ZONES))
    renumbered = Plan.from_lookup({u: plan.zone_of(u) for u in UNITS}, zones=zones)
    one, other = aggregate(plan, measures), aggregate(renumbered, measures)
    for key in measures.keys:
        by_name = dict(zip(other.zones, other.counts(key), strict=True))
        np.testing.assert_array_equal(one.counts(key), [by_name[zone] for zone in ZONES])


@given(plan=plans, measures=measures_of(counts), moves=steps)
def test_totals_carried_through_moves_are_those_of_the_last_plan(
    plan: Plan, measures: Measures, moves: list
) -> None:
    totals = aggregate(plan, measures)
    for units, zone in moves:
        child = plan.move(units, to=zone)
        totals = aggregate_after(totals, measures, before=plan, after=child)
        plan = child
        assert_same(totals, aggregate(plan, measures))


@given(plan=plans, measures=measures_of(counts))
def test_merging_two_zones_adds_their_totals(plan: Plan, measures: Measures) -> None:
    before = aggregate(plan, measures)
    after = aggregate(plan.move(plan.members("South"), to="North"), measures)
    for key in measures.keys:
        north, south, west = before.counts(key)
        np.testing.assert_array_equal(after.counts(key), [north + south, 0, west])


def test_carried_totals_do_not_change_those_they_came_from() -> None:
    plan, measures = plan_of(0, 0, 1, 1, 2, 2), counted([1, 2, 3, 4, 5, 6])
    before = aggregate(plan, measures)
    aggregate_after(before, measures, before=plan, after=plan.move("a", to="West"))
    assert before.counts("m0").tolist() == [3, 7, 11]


def test_totals_are_carried_into_a_plan_with_one_more_zone() -> None:
    plan, measures = plan_of(0, 0, 1, 1, 2, -1), counted([1, 2, 3, 4, 5, 6])
    after = plan.with_zone("East").move(["a", "f"], to="East")
    carried = aggregate_after(aggregate(plan, measures), measures, before=plan, after=after)
    assert_same(carried, aggregate(after, measures))
    assert carried.counts("m0").tolist() == [2, 7, 5, 7]


def test_a_zone_without_units_has_none_of_everything() -> None:
    totals = aggregate(plan_of(0, 0, 0, 0, 0, 0), counted([1, 2, 3, 4, 5, 6]))
    assert totals.counts("m0").tolist() == [21, 0, 0]
    assert totals.unassigned("m0") == 0


def test_one_unit_is_its_own_total() -> None:
    plan = Plan(("a",), ("North",), np.array([0]))
    measure = counted([1, 2, 3, 4, 5, 6]).measures
    one = Measures(("a",), measure, np.array([[7.0]]), np.zeros((1, 1), np.int8))
    assert aggregate(plan, one).counts("m0").tolist() == [7]


def test_no_measures_have_no_totals() -> None:
    none = Measures(UNITS, (), np.zeros((0, 6)), np.zeros((0, 6), np.int8))
    assert aggregate(plan_of(0, 0, 1, 1, 2, -1), none).values.shape == (0, 4)


@pytest.mark.parametrize(
    "status", [Status.SUPPRESSED, Status.MISSING, Status.NOT_APPLICABLE], ids=str
)
def test_a_total_without_a_part_says_so_and_is_no_number_to_work_with(status: Status) -> None:
    measures = counted([1, NAN, 3, 4, 5, 6], status=[[0, status, 0, 0, 0, 0]])
    totals = aggregate(plan_of(0, 0, 1, 1, 2, 2), measures)
    assert totals.status[0].tolist() == [status, 0, 0, 0]
    np.testing.assert_array_equal(totals.counts("m0"), [NAN, 7, 11])
    assert totals.values[0, 0] == 1  # the least that it can be
    assert np.isnan(totals.total("m0"))


def test_a_total_takes_the_highest_status_of_its_parts() -> None:
    measures = counted(
        [NAN, NAN, 3, 4, 5, 6],
        status=[[Status.MISSING, Status.SUPPRESSED, 0, Status.ROUNDED, 0, 0]],
    )
    totals = aggregate(plan_of(0, 0, 1, 1, 2, 2), measures)
    assert totals.status[0].tolist() == [Status.SUPPRESSED, Status.ROUNDED, 0, 0]
    assert np.isnan(totals.values[0, 0])  # no part of it is known
    np.testing.assert_array_equal(totals.counts("m0"), [NAN, 7, 11])  # rounded is a number


def test_what_is_not_known_in_no_zone_leaves_the_zones_whole() -> None:
    totals = aggregate(plan_of(0, 0, 1, 1, 2, -1), counted([1, 2, 3, 4, 5, NAN]))
    assert totals.counts("m0").tolist() == [3, 7, 5]
    assert np.isnan(totals.total("m0"))


def test_a_suppressed_part_goes_with_its_unit() -> None:
    measures = counted([1, NAN, 3, 4, 5, 6], status=[[0, Status.SUPPRESSED, 0, 0, 0, 0]])
    plan = plan_of(0, 0, 1, 1, 2, 2)
    child = plan.move("b", to="West")
    totals = aggregate_after(aggregate(plan, measures), measures, before=plan, after=child)
    assert totals.status[0].tolist() == [0, 0, Status.SUPPRESSED, 0]
    np.testing.assert_array_equal(totals.counts("m0"), [1, 7, NAN])


def test_a_plan_of_other_units_is_refused() -> None:
    other = Plan((*UNITS[:5], "x"), ZONES, np.zeros(6))
    with pytest.raises(PlanError, match="not of the same units: f, x stand on one side only"):
        aggregate(other, counted([1, 2, 3, 4, 5, 6]))


def test_a_plan_in_another_order_is_refused() -> None:
    with pytest.raises(PlanError, match="same units in another order"):
        aggregate(Plan(UNITS[::-1], ZONES, np.zeros(6)), counted([1, 2, 3, 4, 5, 6]))
