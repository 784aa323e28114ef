"""Rates, proportions and intervals: known answers, properties and edges."""

import numpy as np
import pytest

from analysis.rates import (
    Rates,
    byar,
    compare,
    funnel_limits,
    indicator_values,
    rate,
    rate_interval,
    standardised_rate,
    wilson,
)
from geo.errors import LayerError
from layers.indicators import Indicator

NAN = float("nan")


def indicator(**changes: object) -> Indicator:
    usual: dict[str, object] = {
        "key": "re_referrals",
        "title": "Re-referrals",
        "numerator": "re_referrals",
        "denominator": "referrals",
        "per": 100,
        "kind": "proportion",
        "polarity": "low",
        "topic": "demand",
        "decimals": 1,
        "period": "2016-17",
        "source": "drawn",
        "status": "illustrative",
    }
    return Indicator(**{**usual, **changes})


def one(value: float, lower: float, upper: float) -> Rates:
    return Rates(np.array([value]), np.array([lower]), np.array([upper]), 10_000)


def test_a_rate_is_events_over_people() -> None:
    assert rate([5, 20], [100, 100], per=100).tolist() == [5, 20]


def test_a_rate_may_have_more_events_than_people() -> None:
    assert rate(150, 100, per=1) == 1.5


@pytest.mark.parametrize(("x", "n"), [(5, 0), (NAN, 100), (5, NAN), (0, 0)])
def test_a_rate_without_people_or_with_a_missing_count_is_missing(x: float, n: float) -> None:
    assert np.isnan(rate(x, n, per=100))


@pytest.mark.parametrize("x", [-1, float("inf")])
def test_an_impossible_count_is_refused(x: float) -> None:
    with pytest.raises(LayerError, match="A count is 0 or more, NaN if missing"):
        rate(x, 100, per=100)


def test_neither_rates_nor_their_intervals_change_their_arguments() -> None:
    x, n = np.array([5.0, NAN]), np.array([0.0, 10.0])
    rate_interval(x, n, per=100)
    np.testing.assert_array_equal([x, n], [[5, NAN], [0, 10]])


def test_few_events_have_exact_limits_and_many_have_byars() -> None:
    lower, upper = byar([0, 9, 10])
    np.testing.assert_allclose(lower, [0, 4.115373, 4.787450], rtol=1e-6)
    np.testing.assert_allclose(upper, [3.688879, 17.084803, 18.391459], rtol=1e-6)


def test_limits_of_a_missing_count_are_missing() -> None:
    assert np.isnan(byar([NAN])).all()


def test_limits_keep_the_shape_of_the_counts() -> None:
    assert byar(np.ones((2, 3))).upper.shape == (2, 3)
    assert byar(5).lower.shape == ()


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_a_confidence_that_is_no_share_is_refused(confidence: float) -> None:
    with pytest.raises(LayerError, match=r"between 0 and 1, as 0\.95"):
        byar(5, confidence=confidence)


def test_the_interval_of_a_rate_without_people_is_missing() -> None:
    assert np.isnan(rate_interval([5], [0], per=100)).all()


def test_a_proportion_above_one_is_refused_and_named() -> None:
    with pytest.raises(LayerError, match="12 cases among 10"):
        wilson([3, 12], [10, 10])


@pytest.mark.parametrize(("x", "end"), [(0, "lower"), (100, "upper")])
def test_the_interval_of_none_or_all_ends_at_none_or_all(x: int, end: str) -> None:
    limits = wilson(x, 100)
    assert getattr(limits, end) == pytest.approx(x / 100, abs=1e-15)
    assert 0 <= limits.lower < limits.upper <= 1


def test_a_proportion_of_nobody_is_missing() -> None:
    assert np.isnan(wilson([0, NAN], [0, 10])).all()


def test_a_standardised_rate_with_the_population_as_standard_is_the_crude_rate() -> None:
    x, n = [[10.0, 40.0]], [[1000.0, 3000.0]]
    rates = standardised_rate(x, n, n[0], per=1000)
    crude = rate_interval(50, 4000, per=1000)
    assert rates.value == pytest.approx([12.5])
    assert rates.lower == pytest.approx([crude.lower])
    assert rates.upper == pytest.approx([crude.upper])


def test_a_standardised_rate_follows_the_published_formula() -> None:
    x, n, w = [4, 11, 30], [500, 900, 700], [5000, 5500, 6000]
    total = sum(w)
    value = sum(wi * xi / ni for xi, ni, wi in zip(x, n, w, strict=True)) / total
    variance = sum(wi**2 * xi / ni**2 for xi, ni, wi in zip(x, n, w, strict=True)) / total**2
    lower = value + (variance / 45) ** 0.5 * (byar(45).lower - 45)
    rates = standardised_rate(x, n, w, per=10_000)
    assert rates.value == pytest.approx(value * 10_000)
    assert rates.lower == pytest.approx(lower * 10_000)


def test_fewer_than_ten_events_have_no_standardised_rate() -> None:
    rates = standardised_rate([[4, 5], [5, 5]], [[10, 10], [10, 10]], [1, 1], per=1)
    assert np.isnan([rates.value[0], rates.lower[0], rates.upper[0]]).all()
    assert rates.value[1] == 0.5


@pytest.mark.parametrize(("x", "n"), [([20, 20], [0, 50]), ([20, NAN], [50, 50])])
def test_a_band_without_people_or_count_leaves_no_standardised_rate(
    x: list[float], n: list[float]
) -> None:
    rates = standardised_rate(x, n, [1, 1], per=1)
    assert np.isnan(rates.value)
    assert np.isnan(rates.upper)


@pytest.mark.parametrize("weights", [[1, 1, 1], [0, 0]])
def test_weights_that_do_not_fit_the_bands_are_refused(weights: list[float]) -> None:
    with pytest.raises(LayerError, match="for 2 bands"):
        standardised_rate([5, 9], [10, 10], weights, per=1)


def test_a_proportion_is_given_with_wilsons_interval_in_per_cent() -> None:
    rates = indicator_values(indicator(), [65], [100])
    assert rates.value == pytest.approx([65])
    assert rates.lower == pytest.approx([55.2544433])
    assert rates.per == 100


def test_a_rate_is_given_with_byars_interval_per_its_people() -> None:
    rates = indicator_values(indicator(kind="rate", per=10_000), [65, 5], [1000, 0])
    assert rates.upper[0] == pytest.approx(828.4913855)
    assert np.isnan([rates.value[1], rates.lower[1], rates.upper[1]]).all()


def test_rates_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        one(1, 0, 2).value[0] = 5


@pytest.mark.parametrize(
    ("mark", "polarity", "verdict"),
    [
        (37, "none", "higher"),
        (37, "high", "better"),
        (37, "low", "worse"),
        (50, "none", "lower"),
        (50, "high", "worse"),
        (50, "low", "better"),
        (43.1, "low", "similar"),
        (38.4, "low", "similar"),  # the ends belong to the interval
        (47.8, "low", "similar"),
        (NAN, "low", "not compared"),
    ],
)
def test_a_value_stands_to_its_benchmark_as_its_interval_does(
    mark: float, polarity: str, verdict: str
) -> None:
    assert compare(one(42.9, 38.4, 47.8), mark, polarity=polarity).tolist() == [verdict]


def test_a_missing_value_is_not_compared() -> None:
    assert compare(one(NAN, NAN, NAN), 37, polarity="low").tolist() == ["not compared"]


def test_a_stricter_level_finds_fewer_differences() -> None:
    rates = [
        indicator_values(indicator(kind="rate"), [80], [1000], confidence=level)
        for level in (0.95, 0.998)
    ]
    assert [compare(r, 10.1, polarity="none")[0] for r in rates] == ["lower", "similar"]


def test_a_rate_on_its_funnel_limit_has_the_baseline_at_the_end_of_its_exact_interval() -> None:
    limits = funnel_limits(0.01, [400], kind="rate")
    events = limits.lower * 400, limits.upper * 400
    assert events[0] < 4 < events[1] < 10  # the exact limits hold below 10 events
    assert byar(events[1]).lower == pytest.approx([4])


def test_the_funnel_narrows_as_people_grow_and_per_scales_it() -> None:
    narrow = funnel_limits(50, [1000, 10_000, 100_000], kind="rate", per=10_000)
    assert (np.diff(narrow.lower) > 0).all()
    assert (np.diff(narrow.upper) < 0).all()
    shares = funnel_limits(0.005, [1000, 10_000, 100_000], kind="rate")
    np.testing.assert_allclose(narrow.upper, shares.upper * 10_000)


@pytest.mark.parametrize("kind", ["rate", "proportion"])
def test_a_funnel_over_nobody_is_missing_and_over_few_begins_at_zero(kind: str) -> None:
    limits = funnel_limits(0.01, [0, NAN, 10], kind=kind)
    assert np.isnan(limits.upper).tolist() == [True, True, False]
    assert limits.lower[2] == 0


def test_a_funnel_around_nothing_is_nothing() -> None:
    assert funnel_limits(0, [100], kind="rate") == (0, 0)


def test_a_baseline_proportion_above_one_is_refused() -> None:
    with pytest.raises(LayerError, match="proportion above 1"):
        funnel_limits(25, 100, kind="proportion")
