"""Published figures of whole authorities: counts or a value, never both."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import LayerError
from layers.history import Figure, figures_of
from layers.pack import Pack
from layers.read import read_pack
from layers.write import write_history
from small_pack import add_more, write_small_pack

AGAIN = Figure("rereferral", "2016-17", "Dorset", 1450, 5203, "Cabinet", "official")
PLANS = Figure("cp", "2016-17", "England", math.nan, math.nan, "Cabinet", "official", 43.1)


def test_a_figure_gives_its_rate_from_counts_or_as_published() -> None:
    assert round(AGAIN.rate(100), 2) == 27.87
    assert PLANS.rate(10_000) == 43.1


def test_a_count_without_its_base_has_no_rate() -> None:
    alone = Figure("cla", "2016-17", "Dorset", 496, math.nan, "Cabinet", "official")
    assert math.isnan(alone.rate(10_000))


NAN = math.nan


@pytest.mark.parametrize(
    ("x", "n", "value", "fault"),
    [
        (NAN, NAN, NAN, "has a count and a value, or neither"),
        (1, 2, 50, "has a count and a value, or neither"),
        (-1, 2, NAN, "is -1"),
        (math.inf, 2, NAN, "is inf"),
        (NAN, NAN, -3, "is -3"),
        (0, 0, NAN, "has a base without a count, or of 0"),
        (NAN, 10, 5, "has a base without a count, or of 0"),
    ],
)
def test_a_figure_that_contradicts_itself_is_refused(
    x: float, n: float, value: float, fault: str
) -> None:
    with pytest.raises(LayerError, match=rf"'cp' of Dorset, 2017, {fault}"):
        Figure("cp", "2017", "Dorset", x, n, "drawn", "official", value)


@given(st.permutations(["2015-16", "2016-17", "2017-18", "2018-19"]))
def test_figures_come_in_order_of_time_whatever_order_they_stand_in(periods: list[str]) -> None:
    rows = [Figure("cp", period, "Dorset", 1, 2, "", "official") for period in periods]
    found = figures_of([*rows, PLANS, AGAIN], "cp", "Dorset")
    assert [figure.period for figure in found] == sorted(periods)


def test_written_figures_read_back_as_they_were(tmp_path: Path) -> None:
    small_folder = add_more(write_small_pack(tmp_path))
    small = read_pack(small_folder)
    write_history(small_folder / "history.csv", small.history)
    again = read_pack(small_folder).history
    # compared as text, because NaN is not NaN
    assert [repr(figure) for figure in again] == [repr(figure) for figure in small.history]


@pytest.mark.parametrize(
    ("key", "before", "now"),
    [
        ("contacts", 13_656, 16_111),
        ("progression", 35.64, 32.29),
        ("rereferral", 24.08, 27.87),
        ("cp", 53.0, 42.9),
    ],
)
def test_dorset_has_the_year_before(dorset: Pack, key: str, before: float, now: float) -> None:
    figures = figures_of(dorset.history, key, dorset.authority.name)
    per = dorset.indicator(key).per
    found = [figure.x if key == "contacts" else figure.rate(per) for figure in figures]
    decimals = 1 if key == "cp" else 2
    assert [round(value, decimals) for value in found] == [before, now]


def test_dorset_has_what_was_published_without_its_base(dorset: Pack) -> None:
    name = dorset.authority.name
    (decided,) = figures_of(dorset.history, "decision_24h", name)
    (diverted,) = figures_of(dorset.history, "triage_diversion", name)
    assert (decided.value, diverted.value) == (97, 81)
    fell = [figure.x for figure in dorset.history if (figure.key, figure.area) == ("cla", name)]
    assert fell == [496, 454, 444, 442]


@pytest.mark.parametrize(
    ("key", "rate", "decimals"),
    [("referrals", 519.4, 1), ("cin", 330.3, 1), ("cp", 40.6, 1), ("cla", 67, 0)],
)
def test_england_in_2025_has_its_published_rates(
    shipped: Pack, key: str, rate: float, decimals: int
) -> None:
    figure = next(f for f in reversed(shipped.history) if (f.key, f.area) == (key, "England"))
    assert round(figure.rate(10_000), decimals) == rate


def test_whatever_was_worked_out_says_so(dorset: Pack) -> None:
    for figure in dorset.history:
        if figure.n in {77_156, 77_170, 13_656} or figure.x == 13_656:
            assert "worked out" in figure.source
