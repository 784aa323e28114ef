"""Need: expected from need groups, smoothed rates, deprivation of zones, and what is doubted."""

import csv
import math
from pathlib import Path

import libpysal
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.aggregate import ZoneTotals, aggregate
from analysis.need import (
    NO_GROUP,
    expected_counts,
    implausible,
    need_adjusted,
    need_groups,
    reference_rates,
    smoothed_rates,
    zone_deprivation,
)
from geo.errors import LayerError
from geo.plan import UNASSIGNED, Plan
from layers.indicators import Indicator, Kind
from layers.measures import Measure, Measures
from layers.status import Status

NAN = float("nan")
UNITS = tuple("abcdef")
PLAN = Plan(UNITS, ("North", "South"), np.array([0, 0, 0, 1, 1, UNASSIGNED]))
X = np.array([30.0, 10, 5, 20, 15, 4])
N = np.array([300.0, 200, 100, 200, 300, 100])
GROUP = np.array([0, 1, 1, 0, 1, 0])


def indicator(kind: Kind = "rate", per: int = 10_000) -> Indicator:
    return Indicator(
        "cp", "Plans", "cp", "children", per, kind, "none", "demand", 1, "2017", "drawn", "official"
    )


counts = st.lists(st.integers(0, 500), min_size=6, max_size=6)
people = st.lists(st.integers(1, 5000), min_size=6, max_size=6)
grouped = st.lists(st.integers(0, 3), min_size=6, max_size=6)
plans = st.lists(st.integers(0, 1), min_size=6, max_size=6).map(
    lambda zones: Plan(UNITS, ("North", "South"), np.array(zones))
)


# need groups


def test_ten_areas_of_one_size_are_ten_tenths_from_the_most_need() -> None:
    score = [0.05, 0.4, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.45, 0.5]
    assert need_groups(score, [7] * 10).tolist() == [9, 2, 8, 7, 6, 5, 4, 3, 1, 0]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 900)), min_size=1, max_size=30))
def test_more_need_is_never_a_later_group_and_equal_need_one_group(
    areas: list[tuple[int, int]],
) -> None:
    score, weight = (np.array(side) for side in zip(*areas, strict=True))
    found = need_groups(score, weight, groups=5)
    if not weight.sum():
        assert (found == NO_GROUP).all()
        return
    assert found.min() >= 0
    assert found.max() <= 4
    order = np.argsort(-score, kind="stable")
    assert (np.diff(found[order]) >= 0).all()
    for one in set(score.tolist()):
        assert len(set(found[score == one].tolist())) == 1


def test_an_area_of_unknown_need_has_no_group_and_one_without_people_has_one() -> None:
    assert need_groups([3, NAN, 1, 2], [10, 10, 10, NAN], groups=2).tolist() == [0, -1, 1, 1]
    assert need_groups([], []).tolist() == []
    assert need_groups([1, 2], [0, 0]).tolist() == [-1, -1]


@pytest.mark.parametrize(
    ("score", "weight", "groups"),
    [([1], [1], 0), ([math.inf], [1], 2), ([1], [-1], 2), ([1], [math.inf], 2)],
)
def test_what_cannot_be_sorted_is_refused(
    score: list[float], weight: list[float], groups: int
) -> None:
    with pytest.raises(LayerError, match="cannot be sorted"):
        need_groups(score, weight, groups=groups)


def test_scores_and_people_of_different_areas_are_refused() -> None:
    with pytest.raises(LayerError, match="3 people for 2 areas"):
        need_groups([1, 2], [1, 2, 3])


# observed and expected


def test_the_expected_are_each_groups_rate_times_its_people() -> None:
    rates = reference_rates(X, N, GROUP, groups=2)
    assert rates == pytest.approx([54 / 600, 30 / 600])
    found = need_adjusted(PLAN, X, N, GROUP)
    assert found.observed.tolist() == [45, 35]
    assert found.expected == pytest.approx([300 * 0.09 + 300 * 0.05, 200 * 0.09 + 300 * 0.05])
    assert found.ratio.value == pytest.approx([45 / 42, 35 / 33])
    assert (found.ratio.lower < found.ratio.value).all()
    assert found.left_out.tolist() == [0, 0]


def test_a_published_reference_takes_the_place_of_the_authoritys_own() -> None:
    found = need_adjusted(PLAN, X, N, GROUP, reference=[0.10, 0.04])
    assert found.expected == pytest.approx([42, 32])


@given(x=counts, n=people, group=grouped, plan=plans)
def test_the_expected_sum_up_to_the_observed_whatever_the_plan(
    x: list[int], n: list[int], group: list[int], plan: Plan
) -> None:
    found = need_adjusted(plan, x, n, group)
    assert found.expected.sum() == pytest.approx(sum(x))
    assert found.observed.sum() == sum(x)


@given(x=counts, n=people, plan=plans)
def test_in_one_need_group_a_ratio_is_the_rate_over_the_mean_rate(
    x: list[int], n: list[int], plan: Plan
) -> None:
    found = need_adjusted(plan, x, n, [0] * 6)
    for zone in range(2):
        inside = plan.assignment == zone
        if not inside.any() or not sum(x):
            assert math.isnan(found.ratio.value[zone])
            continue
        own = np.array(x)[inside].sum() / np.array(n)[inside].sum()
        assert found.ratio.value[zone] == pytest.approx(own / (sum(x) / sum(n)))


def test_a_zone_that_takes_its_groups_rates_is_as_expected_however_poor() -> None:
    x, n = np.array([40.0, 40, 5, 40, 5, 5]), np.full(6, 100.0)
    found = need_adjusted(PLAN, x, n, [0, 0, 1, 0, 1, 1])
    assert found.ratio.value == pytest.approx([1, 1])


def test_areas_of_unknown_need_are_left_out_of_both_and_told() -> None:
    group = np.array([NO_GROUP, 1, 1, 0, 1, 0])
    found = need_adjusted(PLAN, X, N, group)
    assert found.observed.tolist() == [15, 35]
    assert found.left_out.tolist() == [300, 0]


@pytest.mark.parametrize("missing", ["x", "n"])
def test_a_missing_count_leaves_its_zone_without_a_ratio(missing: str) -> None:
    x, n = X.copy(), N.copy()
    (x if missing == "x" else n)[1] = NAN
    found = need_adjusted(PLAN, x, n, GROUP)
    assert np.isnan(found.ratio.value).tolist() == [True, False]
    assert np.isnan(found.observed).tolist() == np.isnan(found.expected).tolist() == [True, False]


def test_a_group_without_a_rate_leaves_its_zone_without_a_ratio_unless_nobody_lives_there() -> None:
    n = np.where(GROUP == 1, N, [0, 0, 0, 200, 0, 0])
    found = need_adjusted(PLAN, np.where(n > 0, X, 0), n, GROUP, reference=[NAN, 0.05])
    assert np.isnan(found.ratio.value).tolist() == [False, True]
    assert expected_counts([0, 5, 5], [0, 0, NO_GROUP], [NAN]).tolist()[0] == 0


def test_a_zone_without_areas_has_no_ratio() -> None:
    plan = Plan(UNITS, ("North", "Empty"), np.zeros(6, int))
    found = need_adjusted(plan, X, N, GROUP)
    assert found.expected[1] == 0
    assert math.isnan(found.ratio.value[1])


@pytest.mark.parametrize(
    ("group", "message"),
    [
        ([0, 1], "2 groups for 6 areas"),
        ([0.0] * 6, "not whole numbers"),
        ([-2] * 6, "from -2 to"),
    ],
)
def test_groups_that_are_none_are_refused(group: list[float], message: str) -> None:
    with pytest.raises(LayerError, match=message):
        need_adjusted(PLAN, X, N, group)


def test_a_group_beyond_the_reference_is_refused() -> None:
    with pytest.raises(LayerError, match="run from 0 to 1; there are 1"):
        need_adjusted(PLAN, X, N, GROUP, reference=[0.1])


@pytest.mark.parametrize(("x", "reference"), [(-1, None), (math.inf, None), (1, [-0.1, 0.1])])
def test_counts_below_zero_are_refused(x: float, reference: list[float] | None) -> None:
    with pytest.raises(LayerError, match="A count is"):
        need_adjusted(PLAN, [x] * 6, N, GROUP, reference=reference)


# smoothed rates


def test_homicides_of_st_louis_are_smoothed_as_published() -> None:
    # the example in the documentation of esda.smoothing.Empirical_Bayes, 1979 to 1984
    path = Path(libpysal.__file__).parent / "examples" / "stl" / "stl_hom.csv"
    with path.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    events = [float(row["HC7984"]) for row in rows]
    people = [float(row["PO7984"]) for row in rows]
    published = [
        2.36718950e-05,
        4.54539167e-05,
        4.78114019e-05,
        2.76907146e-05,
        6.58989323e-05,
        3.66494122e-05,
        5.79952721e-05,
        2.03064590e-05,
        3.31152999e-05,
        3.02748380e-05,
    ]
    assert smoothed_rates(events, people, per=1).value[:10] == pytest.approx(published, rel=1e-8)


@given(x=counts, n=people)
def test_a_smoothed_rate_lies_between_its_raw_rate_and_the_mean(x: list[int], n: list[int]) -> None:
    found = smoothed_rates(x, n, per=1000)
    raw = np.array(x) / np.array(n) * 1000
    low, high = np.minimum(raw, found.mean), np.maximum(raw, found.mean)
    assert ((found.value >= low - 1e-9) & (found.value <= high + 1e-9)).all()
    assert ((found.weight >= 0) & (found.weight <= 1)).all()
    if sum(x):
        assert (np.diff(found.weight[np.argsort(n)]) >= -1e-12).all()


def test_rates_that_differ_no_more_than_chance_are_all_the_mean() -> None:
    found = smoothed_rates([10, 11, 9], [100, 100, 100], per=100)
    assert found.weight.tolist() == [0, 0, 0]
    assert found.value == pytest.approx([10, 10, 10])


def test_areas_without_people_or_count_have_no_smoothed_rate_and_take_no_part() -> None:
    whole = smoothed_rates([5, 60, 90], [300, 500, 400], per=100)
    found = smoothed_rates([5, NAN, 60, 7, 90, 8], [300, 50, 500, 0, 400, NAN], per=100)
    assert np.isnan(found.value).tolist() == [False, True, False, True, False, True]
    assert found.value[[0, 2, 4]].tolist() == whole.value.tolist()


@pytest.mark.parametrize(
    ("x", "n", "value"), [([], [], []), ([3], [100], [3.0]), ([0, 0], [10, 20], [0.0, 0.0])]
)
def test_smoothing_at_the_edges(x: list[float], n: list[float], value: list[float]) -> None:
    assert smoothed_rates(x, n, per=100).value.tolist() == pytest.approx(value)


def test_smoothing_refuses_counts_below_zero() -> None:
    with pytest.raises(LayerError, match="A count is -1"):
        smoothed_rates([-1], [10], per=1)


# deprivation of zones


def totals(**rows: list[float]) -> ZoneTotals:
    measures = tuple(
        Measure(key, key, "points" if "points" in key else "people", "2019", "drawn", "official")
        for key in rows
    )
    values = np.array(list(rows.values()), dtype=float)
    status = np.where(np.isnan(values), Status.MISSING, Status.OK).astype(np.int8)
    return aggregate(PLAN, Measures(UNITS, measures, values, status))


def test_scores_are_averaged_over_people_and_shares_are_of_people_and_of_areas() -> None:
    persons = [100.0, 300, 100, 200, 200, 50]
    score = np.array([40.0, 10, 20, 5, 15, 90])
    found = zone_deprivation(
        totals(
            imd_points=(score * persons).tolist(),
            imd_people=persons,
            imd_decile1_people=[100, 0, 0, 0, 0, 50],
            imd_decile1_areas=[1, 0, 0, 0, 0, 1],
            areas=[1] * 6,
            idaci_children=[10, 5, 5, 0, 3, 9],
            children_0_15=[20, 60, 20, 40, 20, 10],
        )
    )
    assert found.imd_score == pytest.approx([(4000 + 3000 + 2000) / 500, 10])
    assert found.most_deprived_people == pytest.approx([0.2, 0])
    assert found.most_deprived_areas == pytest.approx([1 / 3, 0])
    assert found.idaci == pytest.approx([0.2, 0.05])
    assert np.isnan(found.imd_rank).all()


def test_a_zone_that_lacks_a_score_has_no_mean() -> None:
    found = zone_deprivation(totals(imd_points=[NAN, 1, 1, 4, 4, 1], imd_people=[1, 1, 1, 2, 2, 1]))
    assert np.isnan(found.imd_score).tolist() == [True, False]


def test_more_deprived_people_than_people_are_refused() -> None:
    with pytest.raises(LayerError, match="In South there is more of 'imd_decile1_people'"):
        zone_deprivation(totals(imd_decile1_people=[0, 0, 0, 9, 0, 0], imd_people=[1] * 6))


# what is doubted


def test_a_rate_above_the_plausible_is_found_and_named() -> None:
    found = implausible(
        indicator(), [331, 900], [77_156, 2000], plausible_max=400, names=("Dorset", "North")
    )
    assert len(found) == 1
    assert (found[0].position, found[0].doubt) == (1, "above the plausible")
    assert found[0].beyond_chance
    assert found[0].text == "North: 'Plans' is 4,500.0; more than 400.0 is hard to believe."


def test_a_high_rate_of_few_people_may_be_chance() -> None:
    found = implausible(indicator(), [1], [20], plausible_max=400)
    assert [finding.beyond_chance for finding in found] == [False]


def test_more_than_the_whole_and_some_among_nobody_are_found() -> None:
    found = implausible(indicator("proportion", 100), [11, 3, 5, NAN, 0], [10, 0, 10, 10, 0])
    assert [finding.doubt for finding in found] == ["more than the whole", "nobody to count among"]
    assert found[1].text == "Row 2: 'Plans' counts some where there is nobody to count among."


def test_a_mean_has_no_interval_and_is_doubted_by_its_value() -> None:
    found = implausible(indicator("mean", 1), [9500.0], [100], plausible_max=93)
    assert [finding.beyond_chance for finding in found] == [True]


@given(x=counts, n=people)
def test_without_a_bound_no_rate_is_doubted(x: list[int], n: list[int]) -> None:
    assert implausible(indicator(), x, n) == ()


@given(x=counts, n=people, bound=st.floats(0, 1e4))
def test_what_is_found_is_what_lies_above(x: list[int], n: list[int], bound: float) -> None:
    found = implausible(indicator(), x, n, plausible_max=bound)
    above = np.flatnonzero(np.array(x) / np.array(n) * 10_000 > bound)
    assert [finding.position for finding in found] == above.tolist()


def test_names_of_other_areas_are_refused() -> None:
    with pytest.raises(LayerError, match="1 names for 2 areas"):
        implausible(indicator(), [1, 2], [3, 4], names=("North",))
