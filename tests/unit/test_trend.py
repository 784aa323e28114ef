"""Time: periods, changes beyond chance, breaks, trends, days of months."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.rates import Rates, indicator_values
from analysis.trend import (
    POLICE_BREAKS,
    Break,
    Change,
    Period,
    break_of,
    change,
    per_day,
    period_of,
    slope,
    trend,
    twelve_months,
    yearly,
)
from geo.errors import LayerError
from layers import incidents
from layers.indicators import Indicator, Kind, Polarity
from layers.series import months_between

NAN = float("nan")


def indicator(kind: Kind = "proportion", polarity: Polarity = "low", per: int = 100) -> Indicator:
    return Indicator(
        "re", "Share", "x", "n", per, kind, polarity, "demand", 1, "2016-17", "drawn", "official"
    )


def between(
    first: tuple[float, float], second: tuple[float, float], kind: Kind = "proportion"
) -> Change:
    earlier, later = (indicator_values(indicator(kind, per=1), *c) for c in (first, second))
    return change(earlier, later, polarity="low")


def years(*first: int) -> list[Period]:
    return [period_of(str(year), "calendar year") for year in first]


shares = st.tuples(st.integers(0, 400), st.integers(1, 400)).map(lambda c: (min(c), max(c)))


# periods


@pytest.mark.parametrize(
    ("text", "every", "first", "last", "days"),
    [
        ("2016-04", "month", "2016-04", "2016-04", 30),
        ("2017-03-31", "date", "2017-03", "2017-03", 31),
        ("2016", "calendar year", "2016-01", "2016-12", 366),
        ("2016-17", "financial year", "2016-04", "2017-03", 365),
        ("2016/17", "financial year", "2016-04", "2017-03", 365),
        ("201617", "academic year", "2016-09", "2017-08", 365),
        (" 1999-00 ", "financial year", "1999-04", "2000-03", 366),
        ("2017", "reporting year", "2016-04", "2017-03", 365),
        ("2011-12", "month", "2011-12", "2011-12", 31),
        ("2011-12", "financial year", "2011-04", "2012-03", 366),
    ],
)
def test_a_written_period_is_its_months(
    text: str, every: str, first: str, last: str, days: int
) -> None:
    found = period_of(text, every)
    assert (found.first, found.last, found.days) == (first, last, days)
    assert found.title == text.strip()


@pytest.mark.parametrize(
    ("text", "every"),
    [
        ("2016-13", "month"),
        ("2016-18", "financial year"),
        ("2016", "financial year"),
        ("2016-17", "calendar year"),
        ("2017-03-32", "date"),
        ("", "month"),
        ("last year", "academic year"),
    ],
)
def test_what_is_written_otherwise_is_refused(text: str, every: str) -> None:
    with pytest.raises(LayerError, match="is no " + every):
        period_of(text, every)


def test_periods_and_breaks_that_end_before_they_begin_are_refused() -> None:
    with pytest.raises(LayerError, match="ends before it begins"):
        Period("2016", "2016-12", "2016-01")
    with pytest.raises(LayerError, match="ends before it begins"):
        Break("2021-03", "Covid.", until="2020-01")
    with pytest.raises(LayerError, match="has no reason"):
        Break("2021-03", " ")
    with pytest.raises(LayerError, match="'2016' is no month"):
        Break("2016", "New form.")


# where a series breaks


@pytest.mark.parametrize(
    ("month", "parts"),
    [("2019-01", False), ("2019-02", True), ("2020-01", True), ("2020-12", True), ("2021-01", 0)],
)
def test_a_step_parts_the_periods_that_it_stands_between_or_in(month: str, parts: bool) -> None:
    assert Break(month, "New form.").parts(*years(2019, 2020)) == parts


@pytest.mark.parametrize(
    ("earlier", "later", "parts"),
    [(2018, 2019, 0), (2019, 2020, 1), (2021, 2022, 1), (2019, 2022, 0)],
)
def test_a_spell_parts_only_the_periods_that_it_touches(
    earlier: int, later: int, parts: bool
) -> None:
    assert POLICE_BREAKS[0].parts(*years(earlier, later)) == parts


def test_the_police_renewed_their_points_in_july_2022() -> None:
    june, july, august = (period_of(f"2022-0{m}", "month") for m in (6, 7, 8))
    assert POLICE_BREAKS[1].parts(june, july)
    assert not POLICE_BREAKS[1].parts(july, august)


def test_breaks_of_a_reader_are_taken_over() -> None:
    step = break_of(incidents.Break("2022-07", "2022-07", "Points renewed."))
    spell = break_of(incidents.Break("2020-01", "2021-03", "Covid."))
    assert (step.until, spell.until) == ("", "2021-03")


# changes


@pytest.mark.parametrize(
    ("second", "first", "value", "lower", "upper"),
    [
        # Newcombe, Stat Med 17 (1998), table II, method 10
        ((56, 70), (48, 80), 0.2, 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.6, 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.5714, 0.0582, 0.8062),
        ((5, 56), (0, 29), 0.0893, -0.0381, 0.1926),
        ((0, 10), (0, 20), 0, -0.1611, 0.2775),
        ((0, 10), (0, 10), 0, -0.2775, 0.2775),
        ((10, 10), (0, 20), 1, 0.6791, 1),
        ((10, 10), (0, 10), 1, 0.6075, 1),
    ],
)
def test_limits_of_a_difference_of_shares_are_newcombes(
    second: tuple[int, int], first: tuple[int, int], value: float, lower: float, upper: float
) -> None:
    found = between(first, second)
    assert (found.value, found.lower, found.upper) == pytest.approx((value, lower, upper), abs=5e-5)


@pytest.mark.parametrize("kind", ["proportion", "rate"])
@given(first=shares, second=shares)
def test_turning_time_round_turns_the_change_round(
    kind: Kind, first: tuple[int, int], second: tuple[int, int]
) -> None:
    one, other = between(first, second, kind), between(second, first, kind)
    assert (one.value, one.lower) == pytest.approx((-other.value, -other.upper))
    turned = {"rise": "fall", "fall": "rise"}
    assert str(other.direction) == turned.get(str(one.direction), str(one.direction))


@given(same=shares)
def test_no_change_is_no_clear_change(same: tuple[int, int]) -> None:
    found = between(same, same)
    assert found.lower <= 0 <= found.upper
    assert (str(found.direction), str(found.verdict)) == ("no clear change", "similar")


@given(first=shares, second=shares)
def test_a_change_of_shares_stays_within_1(first: tuple[int, int], second: tuple[int, int]) -> None:
    found = between(first, second)
    assert -1 - 1e-12 <= found.lower <= found.value <= found.upper <= 1 + 1e-12


@pytest.mark.parametrize(
    ("polarity", "verdict"), [("low", "worse"), ("high", "better"), ("none", "higher")]
)
def test_a_rise_is_judged_only_by_polarity(polarity: Polarity, verdict: str) -> None:
    rates = [indicator_values(indicator(), *c) for c in ((1172, 4867), (1450, 5203))]
    found = change(*rates, polarity=polarity)
    assert (str(found.direction), str(found.verdict)) == ("rise", verdict)


def test_missing_values_and_means_are_not_compared() -> None:
    score = indicator("mean", per=1)
    found = change(indicator_values(score, 30, 3), indicator_values(score, 60, 3))
    assert (float(found.value), str(found.direction)) == (10, "not compared")
    assert str(between((NAN, 10), (3, 10)).direction) == "not compared"
    assert str(between((0, 0), (3, 10)).verdict) == "not compared"


def test_values_in_two_units_are_refused() -> None:
    one = np.zeros(1)
    with pytest.raises(LayerError, match=r"per 100 at 0\.95, the other per 1 at"):
        change(Rates(one, one, one, 100), Rates(one, one, one, 1))


# trends


def test_a_trend_compares_each_period_with_the_one_before() -> None:
    found = trend(indicator(), years(2015, 2016, 2017), [1000, 1172, 1450], [4800, 4867, 5203])
    assert found.rates.value.round(2).tolist() == [20.83, 24.08, 27.87]
    assert found.changes.direction.tolist() == ["rise", "rise"]
    assert found.flags == ((), ())


def test_nothing_is_compared_across_a_break_unless_asked_and_then_it_is_flagged() -> None:
    new_form = Break("2016-01", "A new form counts episodes.")
    args = (indicator(), years(2015, 2016, 2017), [1000, 1172, 1450], [4800, 4867, 5203])
    parted, across = (trend(*args, breaks=[new_form], across=wish) for wish in (False, True))
    assert parted.changes.direction.tolist() == ["not compared", "rise"]
    assert parted.changes.verdict.tolist() == ["not compared", "worse"]
    assert across.changes.direction.tolist() == ["rise", "rise"]
    assert across.flags == parted.flags == (("A new form counts episodes.",), ())
    assert parted.changes.value.tolist() == across.changes.value.tolist()
    assert parted.breaks == (new_form,)


def test_a_year_that_a_break_falls_into_compares_with_neither_neighbour() -> None:
    found = trend(
        indicator(),
        years(2015, 2016, 2017),
        [10, 20, 30],
        [90, 90, 90],
        breaks=[Break("2016-06", "A new form.")],
    )
    assert found.flags == (("A new form.",), ("A new form.",))


def test_breaks_outside_the_series_are_not_shown() -> None:
    found = trend(indicator(), years(2015, 2016), [1, 2], [9, 9], breaks=POLICE_BREAKS)
    assert found.breaks == ()


def test_a_trend_of_zones_has_a_row_for_each_period() -> None:
    x, n = [[10, 50], [12, NAN], [11, 90]], np.full((3, 2), 1000)
    found = trend(
        indicator("rate", "none", 10_000),
        years(2015, 2016, 2017),
        x,
        n,
        breaks=[Break("2017-01", "New.")],
    )
    assert found.changes.direction.tolist() == [
        ["no clear change", "not compared"],
        ["not compared", "not compared"],
    ]
    assert found.rates.value.shape == (3, 2)


def test_months_left_out_between_periods_are_flagged_and_dates_a_year_apart_are_not() -> None:
    found = trend(indicator(), years(2014, 2016), [1, 2], [9, 9])
    assert found.flags == (("Between 2014 and 2016 12 months are left out.",),)
    dates = [period_of(f"{year}-03-31", "date") for year in (2013, 2014, 2016)]
    flags = trend(indicator(), dates, [1, 2, 3], [9, 9, 9]).flags
    assert flags == ((), ("Between 2014-03-31 and 2016-03-31 12 months are left out.",))


def test_one_period_is_a_trend_without_a_step() -> None:
    found = trend(indicator(), years(2016), [1], [9])
    assert found.changes.value.shape == (0,)
    assert found.flags == ()


@pytest.mark.parametrize(
    "periods",
    [
        years(2016, 2015),
        years(2016, 2016),
        [*years(2015), Period("half", "2016-01", "2016-06")],
    ],
)
def test_periods_out_of_order_or_of_two_lengths_are_refused(periods: list[Period]) -> None:
    with pytest.raises(LayerError, match="follows"):
        trend(indicator(), periods, [1, 2], [9, 9])


def test_counts_that_do_not_fit_the_periods_are_refused() -> None:
    with pytest.raises(LayerError, match="There are 1 periods, but counts of the shapes"):
        trend(indicator(), years(2016), [1, 2], [9, 9])
    with pytest.raises(LayerError, match="no period"):
        trend(indicator(), [], [], [])


# the series as a whole


def test_the_test_for_trend_gives_the_published_chi_squared() -> None:
    # smokers among patients of four groups, Fleiss (1981), in R's prop.trend.test: 8.2249. Four are
    # too few to be compared here, so the formula is checked on them and `slope` on a fifth
    found = slope([83, 90, 129, 70, 70], [86, 93, 136, 82, 82], kind="proportion")
    assert found.direction == "fall"
    assert found.z**2 == pytest.approx(_chi_squared([83, 90, 129, 70, 70], [86, 93, 136, 82, 82]))
    assert _chi_squared([83, 90, 129, 70], [86, 93, 136, 82]) == pytest.approx(8.2249, abs=5e-5)


def _chi_squared(x: list[float], n: list[float]) -> float:
    """Weigh a regression of shares over time, as prop.trend.test has it."""
    events, people, time = np.array(x), np.array(n), np.arange(len(x), dtype=float)
    common = events.sum() / people.sum()
    middle = people @ time / people.sum()
    through = people @ ((time - middle) * (events / people - common))
    return float(through**2 / (common * (1 - common) * (people @ (time - middle) ** 2)))


@given(st.lists(shares, min_size=5, max_size=9))
def test_a_series_read_backwards_has_the_opposite_slope(series: list[tuple[int, int]]) -> None:
    x, n = zip(*series, strict=True)
    for kind in ("rate", "proportion"):
        there, back = slope(x, n, kind=kind), slope(x[::-1], n[::-1], kind=kind)
        assert there.z == pytest.approx(-back.z, abs=1e-9)


@pytest.mark.parametrize(
    ("x", "n", "parted"),
    [
        ([1, 2, 3, 4], [9] * 4, False),
        ([1, 2, NAN, 4, 5], [9] * 5, False),
        ([1, 2, 0, 4, 5], [9, 9, 0, 9, 9], False),
        ([1, 2, 3, 4, 5], [9] * 5, True),
    ],
)
def test_short_broken_or_missing_series_have_no_slope(
    x: list[float], n: list[float], parted: bool
) -> None:
    found = slope(x, n, kind="rate", parted=parted)
    assert found.direction == "not compared"
    assert math.isnan(found.z)


@pytest.mark.parametrize(("x", "kind"), [([0] * 5, "rate"), ([9] * 5, "proportion")])
def test_a_series_of_nothing_or_of_everything_is_flat(x: list[float], kind: Kind) -> None:
    assert slope(x, [9] * 5, kind=kind).direction == "no clear change"


def test_a_mean_has_no_slope() -> None:
    with pytest.raises(LayerError, match="no test for trend"):
        slope([1] * 5, [9] * 5, kind="mean")
    with pytest.raises(LayerError, match="no test for trend"):
        slope([10] * 5, [9] * 5, kind="proportion")


# months


def test_a_leap_february_has_29_days() -> None:
    assert per_day([[29, 58], [28, NAN]], ["2024-02", "2023-02"])[0].tolist() == [1, 2]
    assert per_day([28], ["2023-02"]).tolist() == [1]
    assert per_day([], []).tolist() == []


def test_per_day_refuses_what_is_no_month() -> None:
    with pytest.raises(LayerError, match="'2023-2' is no month"):
        per_day([1], ["2023-2"])
    with pytest.raises(LayerError, match="A count is -1"):
        per_day([-1], ["2023-02"])


@given(
    start=st.integers(0, 30),
    counts=st.lists(st.integers(0, 99), max_size=50),
    every=st.sampled_from(["calendar year", "financial year", "academic year", "reporting year"]),
)
def test_years_hold_all_their_months_and_no_others(
    start: int, counts: list[int], every: str
) -> None:
    months = months_between("2014-01", "2020-12")[start : start + len(counts)]
    periods, sums = yearly(counts, months, every)
    by_month = dict(zip(months, counts, strict=True))
    for period, total in zip(periods, sums, strict=True):
        inside = months_between(period.first, period.last)
        assert len(inside) == 12
        assert total == sum(by_month[month] for month in inside)
    assert len(counts) - 12 * len(periods) < 23


def test_a_year_with_a_missing_month_is_missing() -> None:
    counts = np.ones((24, 2))
    counts[3, 1] = NAN
    _, sums = yearly(counts, months_between("2015-01", "2016-12"), "calendar year")
    np.testing.assert_array_equal(sums, [[12, NAN], [12, 12]])


def test_months_that_do_not_follow_each_other_are_refused() -> None:
    with pytest.raises(LayerError, match="After 2015-01 comes 2015-03"):
        yearly([1, 2], ["2015-01", "2015-03"], "calendar year")
    with pytest.raises(LayerError, match="A month is no year"):
        yearly([1], ["2015-01"], "month")


def test_twelve_months_are_compared_by_the_day() -> None:
    months = months_between("2022-10", "2024-12")
    counts = [999, 999, 999, *per_month(2023, 10), *per_month(2024, 10)]
    found = twelve_months(counts, months)
    assert found.rates.value.tolist() == [10, 10]
    assert [p.days for p in found.periods] == [365, 366]
    assert found.changes.direction.tolist() == ["no clear change"]


def per_month(year: int, daily: int) -> list[int]:
    return [daily * Period("", m, m).days for m in months_between(f"{year}-01", f"{year}-12")]


def test_twelve_months_of_zones_rise_where_they_rise() -> None:
    months = months_between("2023-01", "2024-12")
    counts = np.column_stack(
        [
            [*per_month(2023, 10), *per_month(2024, 12)],
            [*per_month(2023, 10), *per_month(2024, 10)],
            [NAN, *per_month(2023, 10)[1:], *per_month(2024, 10)],
        ]
    )
    found = twelve_months(counts, months, polarity="low")
    assert found.changes.direction.tolist() == [["rise", "no clear change", "not compared"]]
    assert found.changes.verdict.tolist() == [["worse", "similar", "not compared"]]


def test_twelve_months_across_the_renewed_points_are_not_compared_unless_asked() -> None:
    months = months_between("2021-07", "2023-06")
    counts = [100] * 12 + [200] * 12
    parted, across = (
        twelve_months(counts, months, breaks=POLICE_BREAKS, across=wish) for wish in (False, True)
    )
    assert parted.changes.direction.tolist() == ["not compared"]
    assert across.changes.direction.tolist() == ["rise"]
    assert across.flags == parted.flags == ((POLICE_BREAKS[1].reason,),)


def test_fewer_than_24_months_are_refused() -> None:
    with pytest.raises(LayerError, match="There are 23 months"):
        twelve_months([1] * 23, months_between("2023-01", "2024-11"))
