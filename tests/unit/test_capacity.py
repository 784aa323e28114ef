"""Capacity: FTE that can hold cases, and what cases weigh."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.assumptions import Assumptions
from analysis.capacity import (
    WEIGHTED_CASES,
    available_fte,
    case_size,
    kinds_of,
    recorded_fte,
    told_by_weighted,
    weighted_cases,
)
from analysis.caseload import OPEN_CASES, with_open_cases
from analysis.events import Edit
from analysis.scenario import Scenario, evaluate
from layers.measures import Measure, Measures
from layers.pack import Pack
from layers.staffing import Post, Staffing, names_newly_qualified
from layers.status import Status
from small_pack import UNITS

NAN = float("nan")
ZONES = ("North", "South", "Isle")


def post(
    zone: str, fte: float, *, new: bool = False, absence: float = 0.0, plan: str = "areas"
) -> Post:
    return Post(plan, zone, "social worker", fte, "official", "drawn", new, absence)


STAFF = Staffing(
    (
        post("North", 10),
        post("North", 5, new=True),
        post("North", 4, absence=0.25),
        post("South", 2, new=True, absence=0.5),
        post("South", 50, plan="others"),
    )
)


def counted(*rows: list[float], keys: tuple[str, ...]) -> Measures:
    units = tuple(f"E{i}" for i in range(len(rows[0])))
    measures = tuple(Measure(k, k, "children", "2017", "drawn", "official", True) for k in keys)
    values = np.array(rows)
    status = np.where(np.isnan(values), Status.SUPPRESSED, Status.OK).astype(np.int8)
    return Measures(units, measures, values, status)


# staff


def test_newly_qualified_and_absent_staff_hold_less() -> None:
    found = available_fte(STAFF, "areas", ZONES, Assumptions())
    np.testing.assert_allclose(found, [10 + 5 * 0.9 + 4 * 0.75, 2 * 0.9 * 0.5, NAN])


def test_the_share_of_a_newly_qualified_worker_is_the_planners() -> None:
    found = available_fte(STAFF, "areas", ZONES, Assumptions(newly_qualified=0.5))
    np.testing.assert_allclose(found, [10 + 2.5 + 3, 0.5, NAN])


def test_a_zone_without_recorded_staff_has_none_known_which_is_not_zero() -> None:
    assert np.isnan(available_fte(None, "areas", ZONES, Assumptions())).all()
    assert np.isnan(available_fte(STAFF, "elsewhere", ZONES, Assumptions())).all()


def test_fte_that_is_set_is_made_up_as_the_recorded() -> None:
    chosen = Assumptions(fte={"North": 38, "Isle": 6})
    assert recorded_fte(STAFF, "areas", ZONES, chosen).tolist() == [38, 2, 6]
    found = available_fte(STAFF, "areas", ZONES, chosen)
    np.testing.assert_allclose(found, [38 * 17.5 / 19, 0.9, 6])


def test_fte_set_where_zero_is_recorded_is_taken_as_it_is() -> None:
    staff = Staffing((post("North", 0),))
    assert available_fte(staff, "areas", ["North"], Assumptions(fte={"North": 3})).tolist() == [3]
    assert available_fte(staff, "areas", ["North"], Assumptions()).tolist() == [0]


@given(
    fte=st.lists(st.floats(0.1, 50), min_size=1, max_size=5),
    absence=st.floats(0, 1),
    share=st.floats(0.05, 1),
)
def test_no_more_fte_is_available_than_recorded(
    fte: list[float], absence: float, share: float
) -> None:
    staff = Staffing(tuple(post("North", n, new=True, absence=absence) for n in fte))
    found = available_fte(staff, "areas", ["North"], Assumptions(newly_qualified=share))
    assert 0 <= found[0] <= sum(fte) + 1e-9
    assert found[0] == pytest.approx(sum(fte) * share * (1 - absence))


@pytest.mark.parametrize(
    ("role", "said"),
    [
        ("newly qualified social worker", True),
        ("Newly-qualified SW", True),
        ("NQSW", True),
        ("Social worker (ASYE)", True),
        ("social worker", False),
        ("Easyeats cook", False),
    ],
)
def test_a_role_may_say_by_its_name_that_it_is_newly_qualified(role: str, *, said: bool) -> None:
    assert names_newly_qualified(role) == said


def test_newly_qualified_workers_of_a_shipped_pack_are_known(dorset: Pack) -> None:
    assert dorset.staffing is not None
    assert {p.newly_qualified for p in dorset.staffing.posts} == {True, False}
    result = evaluate(Scenario("x", dorset.plan("areas")), dorset)
    fte, available = result.per_zone("fte"), result.per_zone("available_fte")
    assert (available < fte).all()
    assert (available > 0.9 * fte).all()


# where staff stands after a redraw


def test_available_staff_stays_with_its_zone(small: Pack) -> None:
    start = Scenario("x", small.plan("zones"))
    after = evaluate(start.do(Edit.move(UNITS[:2], to="East")), small)
    np.testing.assert_allclose(after.per_zone("available_fte"), [3.9, 1, 2, NAN])
    assert np.isnan(after.per_zone("weighted_load")[-1])


def test_available_staff_follows_its_cases(small: Pack) -> None:
    start = Scenario("x", small.plan("zones"), assumptions=Assumptions(staff="follows"))
    after = evaluate(start.do(Edit.move(UNITS[:1], to="East")), small)
    taken = 3.9 * 9 / 40  # of the north's 40 open cases the first small area has 9
    np.testing.assert_allclose(after.per_zone("available_fte"), [3.9 - taken, 1, 2, taken])


def test_staff_may_be_set_for_a_zone_that_is_new(small: Pack) -> None:
    start = Scenario("x", small.plan("zones"), assumptions=Assumptions(fte={"East": 2, "North": 2}))
    after = evaluate(start.do(Edit.move(UNITS[:1], to="East")), small)
    np.testing.assert_allclose(after.per_zone("fte"), [2, 1, 2, 2])
    np.testing.assert_allclose(after.per_zone("available_fte"), [1.95, 1, 2, 2])


# cases


def test_cases_are_weighted_by_their_kind() -> None:
    counts = counted([10, 0], [4, 1], keys=("open_cin", "open_cp"))
    found = weighted_cases(counts, Assumptions(weights={"open_cp": 2.5}))
    assert found.counts(WEIGHTED_CASES).tolist() == [20, 2.5]
    assert found.measure(WEIGHTED_CASES).sensitive
    assert found.measure(WEIGHTED_CASES).source == "1 x open_cin + 2.5 x open_cp"


def test_a_sum_that_lacks_a_kind_says_so() -> None:
    counts = counted([10, NAN], [4, 1], keys=("open_cin", "open_cp"))
    found = weighted_cases(counts, Assumptions())
    assert found.status[found.row(WEIGHTED_CASES)].tolist() == [Status.OK, Status.SUPPRESSED]
    assert np.isnan(found.counts(WEIGHTED_CASES)[1])


def test_without_a_kind_of_case_nothing_is_weighted() -> None:
    counts = counted([10, 20], keys=("referrals",))
    assert weighted_cases(counts, Assumptions()) is counts
    assert kinds_of(counts) == ()
    assert told_by_weighted(counts, Assumptions()) == ()


def test_cases_that_all_weigh_one_are_the_open_cases(dorset: Pack) -> None:
    measures = weighted_cases(with_open_cases(dorset.measures), Assumptions())
    np.testing.assert_array_equal(measures.counts(WEIGHTED_CASES), measures.counts(OPEN_CASES))
    assert case_size(measures, Assumptions()) == 1


@given(weight=st.floats(0.01, 50))
def test_a_weight_that_all_kinds_share_changes_only_the_scale(small: Pack, weight: float) -> None:
    weights = dict.fromkeys(("open_cin", "open_cp", "open_cla"), weight)
    plain, heavy = (
        evaluate(Scenario("x", small.plan("zones"), assumptions=Assumptions(weights=w)), small)
        for w in ({}, weights)
    )
    for key, times in (("weighted_load", weight), ("weighted_load_cv", 1)):
        np.testing.assert_allclose(heavy.values[key], np.asarray(plain.values[key]) * times)
    assert heavy.for_plan("weighted_load_noise") == pytest.approx(
        plain.for_plan("weighted_load_noise")
    )


def test_heavier_cases_vary_more() -> None:
    counts = counted([10.0], [10.0], keys=("open_cin", "open_cp"))
    assert case_size(counts, Assumptions(weights={"open_cp": 3})) == (10 + 90) / 40
    assert np.isnan(case_size(counts, Assumptions(weights={"open_cp": 0, "open_cin": 0})))


@pytest.mark.parametrize(
    ("weights", "told"),
    [
        ({}, (OPEN_CASES,)),
        ({"open_cin": 2, "open_cp": 2}, (OPEN_CASES,)),
        ({"open_cp": 2}, (OPEN_CASES, "open_cin", "open_cp")),
        ({"open_cp": 0}, (OPEN_CASES, "open_cin", "open_cp")),  # what is left out is the rest
        ({"open_cp": 0, "open_cin": 0}, ()),
    ],
)
def test_weights_that_differ_give_each_kind_away(
    small: Pack, weights: dict[str, float], told: tuple[str, ...]
) -> None:
    assert told_by_weighted(small.measures, Assumptions(weights=weights)) == told


def test_no_staff_and_no_cases_break_nothing(small: Pack) -> None:
    bare = replace(small, staffing=None)
    found = evaluate(Scenario("x", bare.plan("zones")), bare)
    assert np.isnan(found.per_zone("available_fte")).all()
    assert np.isnan(found.per_zone("weighted_load")).all()
    assert np.isnan(found.for_plan("weighted_load_cv"))
    assert np.isnan(found.for_plan("weighted_load_noise"))
