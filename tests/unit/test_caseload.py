"""Caseload: cases per worker, where staff go in a redraw, and who changes team."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.caseload import (
    OPEN_CASES,
    cases_per_fte,
    changing_zone,
    fte_after,
    with_open_cases,
)
from geo.plan import UNASSIGNED, Plan
from layers.measures import Measure, Measures
from layers.pack import Pack
from layers.status import Standing, Status

NAN = float("nan")
UNITS = tuple("abcdef")
ZONES = ("North", "South", "West")
BEFORE = Plan(UNITS, ZONES, np.array([0, 0, 1, 1, 2, 2]))
CASES = np.array([30.0, 10, 20, 20, 5, 15])
FTE = np.array([4.0, 2, 1])


def moved(units: str, *, to: str | None, staff: str = "follows") -> list[float]:
    after = BEFORE.move(units, to=to)
    return fte_after(FTE, CASES, before=BEFORE, after=after, staff=staff).tolist()


def of_kind(key: str, counts: list[float], *, status: Standing = "official") -> Measures:
    known = np.where(np.isnan(counts), Status.SUPPRESSED, Status.OK).astype(np.int8)
    measure = Measure(key, key, "children", "2017-03-31", f"list of {key}", status, sensitive=True)
    return Measures(UNITS, (measure,), np.array([counts]), known[None, :])


def together(*parts: Measures) -> Measures:
    return Measures(
        UNITS,
        tuple(part.measures[0] for part in parts),
        np.vstack([part.values for part in parts]),
        np.vstack([part.status for part in parts]),
    )


plans = st.lists(st.integers(UNASSIGNED, 2), min_size=6, max_size=6).map(
    lambda assignment: Plan(UNITS, ZONES, np.array(assignment))
)
full_plans = st.lists(st.integers(0, 2), min_size=6, max_size=6).map(
    lambda assignment: Plan(UNITS, ZONES, np.array(assignment))
)
cases = st.lists(st.integers(0, 60), min_size=6, max_size=6).map(lambda c: np.array(c, float))
workers = st.lists(st.floats(0, 50), min_size=3, max_size=3).map(np.array)


# cases per worker


def test_the_published_caseload_of_dorset_in_2025() -> None:
    assert round(float(cases_per_fte(np.array([1885.0]), np.array([140.3]))[0]), 1) == 13.4


@pytest.mark.parametrize(
    ("open_", "fte", "load"),
    [(30, 2, 15), (0, 2, 0), (30, 0, NAN), (30, NAN, NAN), (NAN, 2, NAN), (0, 0, NAN)],
)
def test_a_load_needs_cases_and_workers(open_: float, fte: float, load: float) -> None:
    np.testing.assert_array_equal(cases_per_fte(np.array([open_]), np.array([fte])), [load])


@given(cases=cases, fte=st.lists(st.floats(0.1, 50), min_size=6, max_size=6).map(np.array))
def test_loads_times_workers_are_the_cases(cases: np.ndarray, fte: np.ndarray) -> None:
    assert cases_per_fte(cases, fte) @ fte == pytest.approx(cases.sum())


# open cases


def test_open_cases_are_the_sum_of_their_kinds() -> None:
    measures = with_open_cases(
        together(of_kind("open_cin", [1, 2, 3, 4, 5, 6]), of_kind("open_cp", [0, 1, 0, 1, 0, 1]))
    )
    assert measures.counts(OPEN_CASES).tolist() == [1, 3, 3, 5, 5, 7]
    described = measures.measure(OPEN_CASES)
    assert described.sensitive
    assert described.source == "open_cin + open_cp"


def test_open_cases_of_dorset_are_the_three_kinds(dorset: Pack) -> None:
    measures = with_open_cases(dorset.measures)
    assert measures.counts(OPEN_CASES).sum() == 800 + 331 + 442


@pytest.mark.parametrize(
    ("second", "status"), [("official", "official"), ("illustrative", "illustrative")]
)
def test_open_cases_are_illustrative_when_a_kind_is(second: Standing, status: Standing) -> None:
    counts = [1.0, 2, 3, 4, 5, 6]
    kinds = together(of_kind("open_cin", counts), of_kind("open_cp", counts, status=second))
    assert with_open_cases(kinds).measure(OPEN_CASES).status == status


def test_a_missing_kind_leaves_only_its_own_unit_without_a_sum() -> None:
    kinds = of_kind("open_cp", [1, NAN, 3, 4, 5, 6])
    cases = with_open_cases(kinds)
    row = cases.row(OPEN_CASES)
    assert cases.status[row].tolist() == kinds.status[kinds.row("open_cp")].tolist()
    assert np.array_equal(cases.values[row], [1, NAN, 3, 4, 5, 6], equal_nan=True)


@pytest.mark.parametrize("key", ["referrals", OPEN_CASES])
def test_without_kinds_or_with_a_sum_of_their_own_measures_stay(key: str) -> None:
    kinds = of_kind(key, [1, 2, 3, 4, 5, 6])
    assert with_open_cases(kinds) is kinds
    assert with_open_cases(with_open_cases(kinds)) is kinds


# where staff go


def test_staff_that_stay_are_where_they_were() -> None:
    assert moved("b", to="South", staff="stays") == [4, 2, 1]


def test_staff_that_follow_take_the_share_that_their_cases_are() -> None:
    assert moved("b", to="South") == [3, 3, 1]  # 10 of 40 cases: a quarter of 4 FTE
    assert moved("ae", to="South") == [1, 5.25, 0.75]


def test_staff_follow_cases_into_no_zone_and_are_gone() -> None:
    assert moved("b", to=None) == [3, 2, 1]


@pytest.mark.parametrize(
    ("staff", "answer"), [("stays", [4, 2, 1, NAN]), ("follows", [3, 2, 1, 1])]
)
def test_a_new_zone_has_staff_only_when_they_follow(staff: str, answer: list) -> None:
    after = BEFORE.with_zone("East").move("b", to="East")
    result = fte_after(FTE, CASES, before=BEFORE, after=after, staff=staff)
    np.testing.assert_array_equal(result, answer)


def test_a_zone_that_is_gone_takes_its_staff_unless_they_follow() -> None:
    after = Plan(UNITS, ("North", "South"), np.array([0, 0, 1, 1, 0, 1]))
    stay = fte_after(FTE, CASES, before=BEFORE, after=after, staff="stays")
    follow = fte_after(FTE, CASES, before=BEFORE, after=after, staff="follows")
    assert stay.tolist() == [4, 2]
    assert follow.tolist() == [4.25, 2.75]


def test_zones_are_matched_by_name_and_not_by_order() -> None:
    after = Plan(UNITS, ("West", "South", "North"), np.array([2, 2, 1, 1, 0, 0]))
    assert fte_after(FTE, CASES, before=BEFORE, after=after, staff="follows").tolist() == [1, 2, 4]


@given(before=full_plans, after=full_plans, cases=cases, fte=workers)
def test_a_redraw_keeps_every_worker(
    before: Plan, after: Plan, cases: np.ndarray, fte: np.ndarray
) -> None:
    for staff in ("stays", "follows"):
        result = fte_after(fte, cases, before=before, after=after, staff=staff)
        assert result.sum() == pytest.approx(fte.sum())
        assert (result >= -1e-9).all()


@given(plan=plans, cases=cases, fte=workers)
def test_no_move_moves_no_worker(plan: Plan, cases: np.ndarray, fte: np.ndarray) -> None:
    for staff in ("stays", "follows"):
        result = fte_after(fte, cases, before=plan, after=plan, staff=staff)
        np.testing.assert_array_equal(result, fte)


@given(after=full_plans)
def test_when_staff_follow_between_equal_loads_loads_stay_equal(after: Plan) -> None:
    fte = np.bincount(BEFORE.assignment, CASES) / 10  # ten cases a worker everywhere
    result = fte_after(fte, CASES, before=BEFORE, after=after, staff="follows")
    load = cases_per_fte(np.bincount(after.assignment, CASES, minlength=3), result)
    assert load[result > 1e-9] == pytest.approx(10)


@pytest.mark.parametrize("known", [0.0, NAN])
def test_a_zone_without_known_staff_gives_none_away(known: float) -> None:
    fte = np.array([known, 2, 1])
    result = fte_after(
        fte, CASES, before=BEFORE, after=BEFORE.move("a", to="South"), staff="follows"
    )
    np.testing.assert_array_equal(result, fte)


def test_staff_that_follow_into_a_zone_without_known_staff_are_its_staff() -> None:
    fte = np.array([4, NAN, 1])
    result = fte_after(
        fte, CASES, before=BEFORE, after=BEFORE.move("a", to="South"), staff="follows"
    )
    assert result.tolist() == [1, 3, 1]


def test_a_unit_without_cases_takes_no_staff() -> None:
    result = fte_after(
        FTE, CASES * 0, before=BEFORE, after=BEFORE.move("a", to="South"), staff="follows"
    )
    assert result.tolist() == [4, 2, 1]


def test_units_that_come_from_no_zone_bring_no_staff() -> None:
    before = BEFORE.move("a", to=None)
    result = fte_after(FTE, CASES, before=before, after=BEFORE, staff="follows")
    assert result.tolist() == [4, 2, 1]


# who changes team


def test_children_and_cases_that_change_team_are_summed() -> None:
    measures = together(
        of_kind("children", [100, 200, 300, 400, 500, 600]),
        of_kind("referrals", [1, 2, 3, 4, 5, 6]),
    )
    after = BEFORE.move("bc", to="West")
    changing = changing_zone(["referrals", "children", "asb"], measures, before=BEFORE, after=after)
    assert changing == {"referrals": 5, "children": 500}
    assert list(changing) == ["referrals", "children"]


@given(before=plans, after=plans)
def test_as_many_change_team_on_the_way_back(before: Plan, after: Plan) -> None:
    measures = of_kind("children", CASES.tolist())
    there = changing_zone(["children"], measures, before=before, after=after)
    back = changing_zone(["children"], measures, before=after, after=before)
    assert there == back
    assert 0 <= there["children"] <= CASES.sum()


def test_nobody_changes_team_when_zones_are_only_listed_in_another_order() -> None:
    after = Plan(UNITS, ("West", "South", "North"), np.array([2, 2, 1, 1, 0, 0]))
    measures = of_kind("children", CASES.tolist())
    assert changing_zone(["children"], measures, before=BEFORE, after=after) == {"children": 0}


def test_an_unknown_count_among_those_who_move_makes_the_sum_unknown() -> None:
    measures = of_kind("children", [1, NAN, 3, 4, 5, 6])
    unknown = changing_zone(
        ["children"], measures, before=BEFORE, after=BEFORE.move("b", to="West")
    )
    known = changing_zone(["children"], measures, before=BEFORE, after=BEFORE.move("a", to="West"))
    assert np.isnan(unknown["children"])
    assert known == {"children": 1}
