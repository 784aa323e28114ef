import math

import pytest

from layers.build.indicators import indicators_of
from layers.measures import Counted, Measure
from layers.status import Standing, Status
from layers.totals import Total


def measure(key: str, counts: Counted = "children", status: Standing = "official") -> Measure:
    return Measure(key, key.capitalize(), counts, "2025", f"source of {key}", status)


def england(key: str, value: float, period: str = "2025", status: Status = Status.OK) -> Total:
    return Total(key, key, "England", period, value, status, f"DfE {key}")


def test_a_pack_has_the_indicators_whose_two_counts_it_has() -> None:
    made = indicators_of([measure("referrals"), measure("children"), measure("rereferrals")])
    assert [indicator.key for indicator in made] == ["referrals", "rereferral"]
    assert made[0].source == "source of referrals; over children: source of children"
    assert made[0].polarity == "none"


def test_englands_published_counts_make_a_benchmark() -> None:
    totals = [england("referrals", 632_830), england("children", 12_183_016, "2024-06-30")]
    (made,) = indicators_of([measure("referrals"), measure("children")], totals)
    (benchmark,) = made.benchmarks
    assert benchmark.value == pytest.approx(519.44, abs=0.005)
    assert benchmark.title == "England 2025, over 2024-06-30"


def test_a_denominator_of_a_later_year_makes_no_benchmark() -> None:
    totals = [england("referrals", 10, "2023"), england("children", 100, "2024-06-30")]
    (made,) = indicators_of([measure("referrals"), measure("children")], totals)
    assert made.benchmarks == ()


def test_a_suppressed_total_makes_no_benchmark() -> None:
    hidden = england("referrals", math.nan, status=Status.SUPPRESSED)
    totals = [hidden, england("children", 100)]
    assert indicators_of([measure("referrals"), measure("children")], totals)[0].benchmarks == ()


def test_a_modelled_count_makes_a_modelled_indicator() -> None:
    made = indicators_of([measure("referrals", status="illustrative"), measure("children")])
    assert made[0].status == "illustrative"
