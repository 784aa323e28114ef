"""Counts per small area and month: adding up, and refusing what would be wrong."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import LayerError
from geo.ledger import Ledger
from layers.measures import Measure
from layers.series import Series, months_between, open_cases
from layers.source import Source

MONTHS = ("2024-11", "2024-12", "2025-01")


def measure(key: str) -> Measure:
    return Measure(key, key, "episodes", "", "drawn", "official", sensitive=True)


def series(flow: np.ndarray | None = None) -> Series:  # type: ignore[type-arg]
    flow = np.array([[1, 0], [2, 3], [0, 4]]) if flow is None else flow
    counts = np.array([flow, flow * 10], dtype=np.int64)
    binned = np.array([[[0, 0, 1]] * 3, [[5, 6, 7]] * 3], dtype=np.int64)
    return Series(
        units=("E01", "E02"),
        months=MONTHS,
        measures=(measure("referrals"), measure("open_cin")),
        counts=counts,
        binned=binned,
        stocks=frozenset({"open_cin"}),
        ledger=Ledger("drawn", 0, 0),
        source=Source("t", "p", "l", "v", "via", ""),
    )


def test_a_flow_adds_over_months_and_a_stock_stands_at_one() -> None:
    drawn = series()
    assert drawn.total("referrals", "2024-11", "2024-12").tolist() == [3, 3]
    assert drawn.at("open_cin", "2024-12").tolist() == [20, 30]
    assert {k: v.tolist() for k, v in open_cases(drawn, "2025-01").items()} == {"open_cin": [0, 40]}
    with pytest.raises(LayerError, match="'open_cin' is a stock"):
        drawn.total("open_cin", "2024-11", "2024-12")


def test_what_is_in_no_unit_adds_up_in_the_same_way() -> None:
    drawn = series()
    assert drawn.binned_total("referrals", "2024-11", "2025-01")["unknown"] == 3
    assert drawn.binned_total("open_cin", "2024-11", "2025-01")["out of area"] == 6


def test_a_span_becomes_measures_with_its_period() -> None:
    measures = series().to_measures("2024-11", "2025-01")
    assert measures.counts("referrals").tolist() == [3.0, 7.0]
    assert measures.counts("open_cin").tolist() == [0.0, 40.0]
    assert [m.period for m in measures.measures] == ["2024-11 to 2025-01", "end of 2025-01"]


def test_a_month_that_was_not_counted_is_refused_and_not_zero() -> None:
    with pytest.raises(LayerError, match="2025-02 was not counted, which is not the same as 0"):
        series().at("referrals", "2025-02")
    with pytest.raises(LayerError, match="ends before it begins"):
        series().total("referrals", "2025-01", "2024-11")
    with pytest.raises(LayerError, match="no measure 'contacts'"):
        series().at("contacts", "2024-11")


@given(st.lists(st.lists(st.integers(0, 9), min_size=2, max_size=2), min_size=3, max_size=3))
def test_zones_add_up_to_all_units_in_every_month(flow: list[list[int]]) -> None:
    drawn = series(np.array(flow))
    zones = drawn.by_group("referrals", np.array([1, 0], dtype=np.int32), 2)
    assert zones.tolist() == [row[::-1] for row in flow]
    one = drawn.by_group("referrals", np.array([0, -1], dtype=np.int32), 1)
    assert one[:, 0].tolist() == [row[0] for row in flow]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"months": ("2024-11", "2025-01", "2025-02")}, "consecutive"),
        ({"units": ("E01", "E01")}, "stands twice"),
        ({"counts": np.full((2, 3, 2), -1)}, "negative"),
        ({"counts": np.zeros((2, 3, 3), dtype=np.int64)}, "want counts of that shape"),
        ({"binned": np.zeros((2, 3, 2), dtype=np.int64)}, "want counts of that shape"),
        ({"measures": (measure("a"), measure("a"))}, "stands twice"),
    ],
)
def test_a_series_that_contradicts_itself_is_refused(
    change: dict[str, object], message: str
) -> None:
    with pytest.raises(LayerError, match=message):
        replace(series(), **change)


def test_a_series_of_no_units_has_no_counts() -> None:
    empty = replace(series(), units=(), counts=np.zeros((2, 3, 0), dtype=np.int64))
    assert empty.total("referrals", "2024-11", "2025-01").tolist() == []
    assert empty.to_measures("2024-11", "2024-11").values.shape == (2, 0)


def test_its_arrays_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        series().counts[0, 0, 0] = 5
    assert repr(series()) == "<Series referrals, open_cin of 2 units, 2024-11 to 2025-01>"


def test_months_go_over_the_turn_of_the_year() -> None:
    assert months_between("2024-12", "2025-01") == ("2024-12", "2025-01")
    assert months_between("2025-01", "2025-01") == ("2025-01",)
