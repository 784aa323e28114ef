"""Inequality between zones: what each measure says of drawn zones, and at the edges."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from analysis.equity import (
    chance_cv,
    coefficient_of_variation,
    concentration_index,
    fractional_rank,
    gini,
    hoover,
    inequality,
    kolm,
    max_min,
    mean_log_deviation,
    mean_rate,
    noise_floor,
    observed_over_expected,
    slope_index,
    theil,
)
from geo.errors import LayerError

Reading = Callable[[Sequence[float], Sequence[float]], float]
"""A measure of inequality: of rates and populations."""

NAN = float("nan")
RELATIVE = (coefficient_of_variation, gini, theil, mean_log_deviation, hoover)
EVERY = (*RELATIVE, kolm)

# the example of phe_sii's documentation: deciles from the most deprived to the least
PEOPLE = [7291, 7997, 6105, 7666, 5790, 6934, 5918, 5974, 7147, 7534]
VALUES = [75.9, 78.3, 83.8, 83.6, 80.5, 81.1, 81.7, 84.2, 80.6, 86.3]
DEPRIVED = list(range(10, 0, -1))


@pytest.mark.parametrize("measure", EVERY)
def test_equal_rates_are_no_inequality(measure: Reading) -> None:
    assert measure([37.3] * 3, [100, 2000, 7]) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("measure", EVERY)
def test_one_zone_is_no_inequality(measure: Reading) -> None:
    assert measure([52.0], [1000]) == 0


@pytest.mark.parametrize("measure", EVERY)
def test_zones_without_people_or_rate_are_left_out(measure: Reading) -> None:
    whole = measure([400, 600], [1000, 2000])
    assert measure([400, NAN, 600, 999, 5], [1000, 50, 2000, 0, NAN]) == whole


@pytest.mark.parametrize("measure", [*EVERY, max_min, mean_rate])
def test_no_zone_has_no_measure(measure: Reading) -> None:
    assert math.isnan(measure([NAN], [100]))
    assert math.isnan(measure([], []))


@pytest.mark.parametrize("measure", [*RELATIVE, max_min])
def test_where_nothing_happened_the_relative_measures_are_missing(measure: Reading) -> None:
    assert math.isnan(measure([0, 0], [100, 200]))


def test_where_nothing_happened_the_absolute_gap_is_zero() -> None:
    assert kolm([0, 0], [100, 200]) == 0


def test_a_zone_without_events_is_infinitely_far_in_logarithms_and_ratio_only() -> None:
    y, w = [0, 600], [1000, 1000]
    assert mean_log_deviation(y, w) == math.inf
    assert max_min(y, w) == math.inf
    assert (gini(y, w), theil(y, w), hoover(y, w)) == pytest.approx((0.5, math.log(2), 0.5))


def test_gini_is_the_mean_gap_between_two_people_over_twice_the_mean() -> None:
    y, w = np.array([520.0, 610, 480, 750]), np.array([18000.0, 20000, 22000, 17156])
    s = w / w.sum()
    gaps = np.abs(y[:, None] - y[None, :])
    assert gini(y, w) == pytest.approx(s @ gaps @ s / (2 * s @ y), rel=1e-12)


def test_kolm_stays_finite_where_its_exponentials_do_not() -> None:
    assert kolm([0, 1_000_000], [1, 1], alpha=1) == pytest.approx(500_000 - math.log(2))


def test_kolm_is_half_alpha_times_the_variance_when_alpha_is_small() -> None:
    y, w = [400, 600], [1, 1]
    assert kolm(y, w, alpha=1e-5) == pytest.approx(1e-5 / 2 * 100**2, rel=1e-3)


@pytest.mark.parametrize("alpha", [0, -1, NAN, math.inf])
def test_kolm_refuses_an_alpha_that_is_not_above_zero(alpha: float) -> None:
    with pytest.raises(LayerError, match="Kolm's alpha is"):
        kolm([1, 2], [1, 1], alpha=alpha)


def test_people_stand_in_line_from_the_most_deprived() -> None:
    np.testing.assert_allclose(fractional_rank([1, 3, 2], [10, 20, 70]), [0.95, 0.1, 0.55])


def test_zones_as_deprived_as_each_other_share_one_rank() -> None:
    np.testing.assert_allclose(fractional_rank([5, 5, 1], [10, 30, 60]), [0.2, 0.2, 0.7])


def test_the_concentration_index_is_negative_when_the_deprived_have_more() -> None:
    assert concentration_index([600, 400], [1, 1], [0.3, 0.1]) < 0
    assert concentration_index([400, 600], [1, 1], [0.3, 0.1]) > 0


def test_rates_in_the_order_of_deprivation_are_concentrated_as_they_are_unequal() -> None:
    y, w = [300, 500, 900], [10, 20, 30]
    assert concentration_index(y, w, [3, 2, 1]) == pytest.approx(gini(y, w))


def test_the_slope_index_is_the_regression_of_phe_sii() -> None:
    share = np.array(PEOPLE) / sum(PEOPLE)
    middle = np.cumsum(share) - share / 2
    root = np.sqrt(share)
    design = np.column_stack([root, middle * root])
    (start, slope), *_ = np.linalg.lstsq(design, np.array(VALUES) * root, rcond=None)
    sii, rii = slope_index(VALUES, PEOPLE, DEPRIVED)
    assert sii == pytest.approx(slope, rel=1e-9)
    assert rii == pytest.approx((start + slope) / start, rel=1e-9)


def test_a_line_through_zones_on_a_line_is_that_line() -> None:
    sii, rii = slope_index([87.5, 62.5], [1, 1], [9, 1])  # 100 at rank 0, 50 at rank 1
    assert (sii, rii) == pytest.approx((-50, 0.5))


@pytest.mark.parametrize("score", [[1, 1, 1], [1, NAN, NAN]])
def test_without_two_degrees_of_deprivation_there_is_no_slope(score: list[float]) -> None:
    sii, rii = slope_index([1, 2, 3], [1, 1, 1], score)
    assert math.isnan(sii)
    assert math.isnan(rii)


def test_a_line_that_starts_at_zero_has_no_relative_index() -> None:
    sii, rii = slope_index([25, 75], [1, 1], [2, 1])
    assert sii == pytest.approx(100)
    assert math.isnan(rii)


def test_a_zone_without_deprivation_is_left_out_of_the_slope_alone() -> None:
    result = inequality([6, 4, 90], [10, 10, 10], per=10, deprivation=[3, 1, NAN])
    assert (result.zones, result.left_out, result.unranked) == (3, 0, 1)
    assert result.sii == pytest.approx(-4)


def test_every_measure_stands_in_the_one_value() -> None:
    x, n = [936, 1220, 1056, NAN, 1287, 7], [18000, 20000, 22000, 500, 17156, 0]
    result = inequality(x, n, per=10_000)
    y, w = [520, 610, 480, 1287 / 1.7156], [18000, 20000, 22000, 17156]
    assert (result.zones, result.left_out, result.per) == (4, 2, 10_000)
    assert result.cv == pytest.approx(coefficient_of_variation(y, w))
    assert result.gini == pytest.approx(gini(y, w))
    assert result.kolm == pytest.approx(kolm(y, w, alpha=0.01))
    assert result.noise_floor == pytest.approx(chance_cv(x, n))
    assert math.isnan(result.concentration)
    assert result.unranked == 0


def test_the_mean_is_the_rate_of_all_people_not_the_mean_of_rates() -> None:
    assert inequality([10, 90], [100, 300], per=100).mean == pytest.approx(25)


def test_values_and_populations_must_be_of_one_length() -> None:
    with pytest.raises(LayerError, match="3 values and 2 populations"):
        gini([1, 2, 3], [1, 2])


def test_deprivation_must_be_given_for_every_zone() -> None:
    with pytest.raises(LayerError, match="1 deprivation scores for 2 zones"):
        inequality([1, 2], [3, 4], per=1, deprivation=[5])


@pytest.mark.parametrize(("y", "w"), [([-1, 2], [1, 1]), ([1, 2], [1, -1])])
def test_negative_rates_and_populations_are_refused(y: list[float], w: list[float]) -> None:
    with pytest.raises(LayerError, match="negative"):
        theil(y, w)


def test_a_zone_that_expects_nobody_leaves_no_bound_to_chance() -> None:
    assert noise_floor([0, 100]) == math.inf
    assert math.isnan(noise_floor([NAN]))


def test_the_noise_floor_leaves_missing_counts_out() -> None:
    assert noise_floor([100, NAN]) == pytest.approx(0.1)
    assert chance_cv([100, NAN, 7], [50, 50, 0]) == pytest.approx(0.1)
    assert math.isnan(chance_cv([NAN], [1]))


def test_chance_follows_what_zones_expect_not_what_they_saw() -> None:
    assert chance_cv([0, 200], [10, 10]) == pytest.approx(0.1)


def test_chance_exceeds_the_noise_floor_one_time_in_four() -> None:
    rng = np.random.default_rng(2017)
    people = np.full(4, 20_000)
    draws = rng.poisson(1300, size=(4000, 4))
    above = [coefficient_of_variation(x / people, people) > noise_floor(x) for x in draws]
    assert np.mean(above) == pytest.approx(0.26, abs=0.03)


def test_observed_over_expected_is_one_where_need_explains_all() -> None:
    ratios = observed_over_expected([100, 50, NAN, 5], [100, 100, 10, 0])
    np.testing.assert_array_equal(ratios.value, [1, 0.5, NAN, NAN])
    assert ratios.lower[0] < 1 < ratios.upper[0]
    assert ratios.upper[1] < 1
