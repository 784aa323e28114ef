"""Indicators: two counts, what their quotient is in, and what to compare it with."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.aggregate import aggregate
from analysis.rates import indicator_values
from geo.errors import LayerError
from layers.indicators import Benchmark, Indicator, Target
from layers.pack import Pack, targets_of

RATE = Indicator(
    key="cp",
    title="Child protection plans",
    numerator="open_cp",
    denominator="children",
    per=10_000,
    kind="rate",
    polarity="none",
    topic="demand",
    decimals=1,
    period="2017-08-31",
    source="drawn",
    status="official",
)
SHARE = replace(RATE, key="rereferral", per=100, kind="proportion", polarity="low")


@pytest.mark.parametrize(
    ("per", "counted", "unit"),
    [
        (10_000, "children", "per 10,000 children"),
        (1000, "people", "per 1,000 people"),
        (100, "episodes", "%"),
        (1, "households", "per 1 households"),
    ],
)
def test_an_indicator_says_what_it_is_in(per: int, counted: str, unit: str) -> None:
    assert replace(RATE, per=per).unit(counted) == unit


@pytest.mark.parametrize("per", [0, -100])
def test_an_indicator_is_per_something(per: int) -> None:
    with pytest.raises(LayerError, match=rf"'cp' is per {per}; it must be above 0"):
        replace(RATE, per=per)


def test_protection_plans_of_dorset_in_august_2017() -> None:
    assert round(float(indicator_values(RATE, 331, 77_156).value), 1) == 42.9


def test_rereferrals_of_dorset_in_2016_17() -> None:
    assert round(float(indicator_values(SHARE, 1450, 5203).value)) == 28


def test_no_share_is_told_of_more_than_there_are_and_the_others_are() -> None:
    share = indicator_values(SHARE, [340, 20, np.nan], [339, 80, 5])
    np.testing.assert_array_equal(share.value, [np.nan, 25, np.nan])
    assert np.isnan(share.lower[0])
    assert np.isnan(share.upper[0])
    assert indicator_values(RATE, 340, 339).value > RATE.per


@pytest.mark.parametrize(("indicator", "value"), [(SHARE, 20.0), (RATE, 0.2)])
def test_a_target_stands_on_the_scale_of_its_indicator(
    dorset: Pack, indicator: Indicator, value: float
) -> None:
    target = Target(indicator.key, 0.2, "low", "Cabinet")
    authority = replace(dorset.authority, targets=(target, replace(target, indicator="other")))
    assert targets_of(authority, indicator) == (Benchmark("Own target", value, "Cabinet"),)


def test_an_indicator_without_a_target_has_none(dorset: Pack) -> None:
    assert targets_of(dorset.authority, dorset.indicator("referrals")) == ()


def test_rates_of_children_known_to_services_are_neither_good_nor_bad(shipped: Pack) -> None:
    neutral = {"referrals", "progression", "cin", "cp", "cla", "contacts"}
    for indicator in shipped.indicators:
        if indicator.key in neutral:
            assert indicator.polarity == "none"


def test_shares_are_proportions_and_rates_are_not(shipped: Pack) -> None:
    for indicator in shipped.indicators:
        assert (indicator.per == 100) == (indicator.kind == "proportion")


def test_no_share_of_a_real_pack_is_above_one(shipped: Pack) -> None:
    for indicator in shipped.indicators:
        if indicator.kind == "proportion":
            x = shipped.measures.counts(indicator.numerator)
            assert (x <= shipped.measures.counts(indicator.denominator)).all()


def test_every_indicator_says_its_period_source_and_standing(shipped: Pack) -> None:
    for indicator in shipped.indicators:
        assert indicator.period
        assert indicator.source
        parts = [shipped.measures.measure(k) for k in (indicator.numerator, indicator.denominator)]
        modelled = any(part.status == "illustrative" for part in parts)
        assert indicator.status == ("illustrative" if modelled else "official")


@pytest.mark.parametrize("bound", [0, -1])
def test_a_bound_on_what_is_plausible_is_above_zero(bound: float) -> None:
    with pytest.raises(LayerError, match=r"highest plausible value of 'cp' is .*above 0"):
        replace(RATE, plausible_max=bound)


def test_a_share_cannot_be_bounded_above_its_whole_and_a_rate_can() -> None:
    assert replace(SHARE, plausible_max=100).plausible_max == 100
    assert replace(RATE, plausible_max=20_000).plausible_max == 20_000
    with pytest.raises(LayerError, match=r"'rereferral' is 101.*no more than the whole"):
        replace(SHARE, plausible_max=101)


def test_no_zone_of_a_real_pack_is_above_the_plausible(shipped: Pack) -> None:
    for entry in shipped.plans:
        totals = aggregate(entry.plan, shipped.measures)
        for indicator in shipped.indicators:
            x, n = totals.counts(indicator.numerator), totals.counts(indicator.denominator)
            highest = float(np.nanmax(indicator_values(indicator, x, n).value))
            assert indicator.plausible_max is None or highest < indicator.plausible_max
