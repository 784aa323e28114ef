"""Numbers that others have published, as this tool works them out.

Intervals: PHEindicatormethods (Office for Health Improvement and Disparities), its tests and those
of its Python port. Counts and rates: Department for Education statistics of 2025 and the papers of
Dorset County Council's Cabinet, September 2017.
"""

import numpy as np
import pytest

from analysis.equity import (
    coefficient_of_variation,
    gini,
    hoover,
    inequality,
    kolm,
    max_min,
    mean_log_deviation,
    mean_rate,
    noise_floor,
    theil,
)
from analysis.rates import byar, funnel_limits, rate, rate_interval, wilson

RATES = [520, 610, 480, 750]
CHILDREN = [18000, 20000, 22000, 17156]


def test_byars_limits_of_65_events() -> None:
    assert byar(65) == pytest.approx((50.16318771, 82.84913855), rel=1e-9)


def test_byars_lower_limit_of_100_events() -> None:
    assert byar(100).lower == pytest.approx(81.36210549052788, rel=1e-12)


def test_wilsons_limits_of_65_in_100() -> None:
    assert wilson(65, 100) == pytest.approx((0.5525444330, 0.7363575176), rel=1e-9)


@pytest.mark.parametrize(
    ("x", "lower", "upper"), [(5, 1.62348639, 11.66833208), (20, 12.21142883, 30.88988037)]
)
def test_limits_of_a_rate_per_100(x: int, lower: float, upper: float) -> None:
    assert rate_interval(x, 100, per=100) == pytest.approx((lower, upper), rel=1e-8)


@pytest.mark.parametrize(("x", "lower", "upper"), [(0, 0, 36.89), (5, 16.23, 116.68)])
def test_limits_of_a_rate_per_10_000_of_few_events(x: int, lower: float, upper: float) -> None:
    assert rate_interval(x, 1000, per=10_000) == pytest.approx((lower, upper), abs=0.005)


def test_funnel_limits_of_a_proportion() -> None:
    limits = funnel_limits(0.25, 100, kind="proportion")
    assert limits == pytest.approx((0.16513, 0.33487), abs=5e-6)


def test_funnel_limits_of_a_rate_are_the_events_whose_exact_interval_ends_at_the_baseline() -> None:
    # published the other way round: the expected events at which 200 and 500 are the limit
    upper = funnel_limits(1, 173.24086241121654, kind="rate").upper * 173.24086241121654
    lower = funnel_limits(1, 573.0274767209943, kind="rate", confidence=0.998).lower
    assert upper == pytest.approx(200, rel=1e-6)
    assert lower * 573.0274767209943 == pytest.approx(500, rel=1e-6)


def test_dorsets_protection_plans_of_august_2017() -> None:
    children = 331 / 42.9 * 10_000  # published as 42.9 per 10,000
    limits = rate_interval(331, children, per=10_000)
    assert [round(float(limit), 1) for limit in limits] == [38.4, 47.8]


def test_a_share_of_3_089_in_5_447() -> None:
    share, limits = rate(3089, 5447, per=100), wilson(3089, 5447)
    assert round(float(share), 1) == 56.7
    assert [round(100 * float(limit), 1) for limit in limits] == [55.4, 58.0]


@pytest.mark.parametrize(
    ("x", "n", "per", "decimals", "published"),
    [
        (81_770, 12_183_016, 10_000, 0, 67),  # looked after, England, 2025
        (5203, 16_111, 100, 2, 32.29),  # contacts that went on to teams, Dorset, 2016-17
        (1450, 5203, 100, 0, 28),  # re-referrals, Dorset, 2016-17
    ],
)
def test_published_rates(x: int, n: int, per: int, decimals: int, published: float) -> None:
    assert round(float(rate(x, n, per=per)), decimals) == published


@pytest.mark.parametrize(
    ("measure", "answer"),
    [
        (mean_rate, 583.0654777),
        (coefficient_of_variation, 0.17440845),
        (max_min, 1.5625),
        (gini, 0.09403851),
        (theil, 0.01478229),
        (mean_log_deviation, 0.01447908),
        (hoover, 0.07563561),
        (kolm, 39.0300770),
    ],
)
def test_inequality_of_four_zones(measure: object, answer: float) -> None:
    digits = 7 if answer > 1 else 8
    assert round(measure(RATES, CHILDREN), digits) == answer


def test_inequality_of_four_zones_from_their_counts() -> None:
    counts = np.array(RATES) * np.array(CHILDREN) / 10_000
    result = inequality(counts, CHILDREN, per=10_000)
    assert round(result.mean, 7) == 583.0654777
    assert round(result.kolm, 7) == 39.0300770


def test_chance_alone_parts_four_areas_of_1300_referrals_by_nearly_three_per_cent() -> None:
    assert round(100 * noise_floor([1300] * 4), 1) == 2.8
