"""Tables of need, deprivation and time: known answers, and nothing told that is not shown."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.benchmarks import ALL_ZONES, PREVIOUS, TARGET, benchmark_for, comparisons, period_ends
from analysis.rates import funnel_limits
from analysis.shown import shown_units, shown_zones, spread_counts
from analysis.table import Table
from analysis.tables import TOTAL, indicator_table
from analysis.tables_deprivation import (
    adjusted_table,
    deprivation_table,
    gradient,
    scores_of,
)
from analysis.tables_need import (
    NOT_COMPARED,
    differences,
    funnel_curve,
    funnel_table,
    index_table,
    other_years,
    smoothed_table,
    spine,
    spine_table,
)
from analysis.tables_time import history_line, incident_line, series_line
from geo.errors import LayerError
from geo.ledger import Ledger
from layers.history import Figure
from layers.incidents import Incidents
from layers.indicators import Indicator
from layers.measures import Measure, Measures
from layers.pack import Pack
from layers.series import Series, months_between
from layers.source import Source
from layers.status import Status


def _text(table: Table, key: str) -> tuple[str, ...]:
    return next(text.texts for text in table.texts if text.key == key)


def _rate(pack: Pack) -> Indicator:
    return pack.indicator("referrals")


def _cells(table: Table) -> set[str]:
    return {table.cell(column, row) for column in table.columns for row in range(len(table.names))}


def _history(pack: Pack, *figures: tuple[str, str, float, float]) -> Pack:
    made = tuple(
        Figure("referrals", period, area, x, n, "drawn", "official")
        for period, area, x, n in figures
    )
    return replace(pack, history=made)


def _with(pack: Pack, key: str, counts: list[float], *, sensitive: bool = False) -> Pack:
    measure = Measure(key, key, "children", "2016", "drawn", "official", sensitive)
    return replace(pack, measures=pack.measures.joined(measure, counts))


# benchmarks


@pytest.mark.parametrize(
    ("period", "year"),
    [
        ("2016-17", 2017),
        ("2017-08-31", 2017),
        ("2025", 2025),
        ("2025-01 to 2025-12", 2025),
        ("", 0),
    ],
)
def test_a_period_ends_in_its_last_year(period: str, year: int) -> None:
    assert period_ends(period) == year


def test_an_indicator_is_compared_with_the_nearest_published_period(small: Pack) -> None:
    pack = _history(
        small, ("2024-25", "England", 30, 1000), ("2015-16", "England", 20, 1000),
        ("2014-15", "England", 10, 1000),
    )  # fmt: skip
    found = benchmark_for(pack, _rate(pack), "England")
    assert found is not None
    assert (found.title, found.value) == ("England 2015-16", 200)


def test_the_previous_period_is_the_authoritys_last_before_its_own(small: Pack) -> None:
    own = small.authority.name
    pack = _history(
        small, ("2016-17", own, 9, 100), ("2015-16", own, 2, 1000), ("2013-14", own, 1, 1000)
    )
    assert PREVIOUS in comparisons(pack)
    found = benchmark_for(pack, _rate(pack), PREVIOUS)
    assert found is not None
    assert found.value == 20


def test_an_indicator_without_a_figure_has_no_benchmark(small: Pack) -> None:
    assert benchmark_for(small, _rate(small), "England") is None
    assert comparisons(small)[0] == ALL_ZONES


def test_dorset_is_compared_with_all_that_was_published(dorset: Pack) -> None:
    offered = comparisons(dorset)
    assert {ALL_ZONES, "England", "South West", "Statistical neighbours", TARGET} <= set(offered)
    mark = benchmark_for(dorset, dorset.indicator("cp"), "Statistical neighbours")
    assert mark is not None
    assert mark.value == 37


# the spine


def test_the_spine_says_what_the_table_of_each_indicator_says(shipped: Pack) -> None:
    entry = shipped.plan(shipped.default_plan)
    found = spine(entry.plan, shipped, what="zone")
    assert [line.indicator for line in found.lines] == list(shipped.indicators)
    for line in found.lines:
        table = indicator_table(entry.plan, line.indicator, shipped, what="zone")
        assert line.verdicts == _text(table, "compared")


def test_need_is_never_called_good_or_bad(shipped: Pack) -> None:
    plan = shipped.plan(shipped.default_plan).plan
    for against in comparisons(shipped):
        for line in spine(plan, shipped, what="zone", against=against).lines:
            words = set(line.verdicts)
            if line.indicator.key in ("referrals", "cin", "cp", "cla"):
                assert words <= {"higher", "similar", "lower", NOT_COMPARED, ""}
            if line.indicator.polarity != "none":
                assert not words & {"higher", "lower"}


def test_without_a_figure_nothing_is_compared(small: Pack) -> None:
    plan = small.plan("zones").plan
    found = spine(plan, small, what="zone", against="Atlantis")
    assert {word for line in found.lines for word in line.verdicts} == {NOT_COMPARED}
    assert differences(found) == ("No indicator has a figure of 'Atlantis' to compare with.",)


def test_the_spines_table_has_a_row_for_each_zone_and_indicator(dorset: Pack) -> None:
    plan = dorset.plan("zones").plan
    found = spine(plan, dorset, what="zone", against="England")
    table = spine_table(found, dorset)
    assert len(table.names) == (len(plan.zones) + 1) * len(dorset.indicators)
    assert set(_text(table, "compared")) <= {"higher", "similar", "lower", "better", "worse",
                                             NOT_COMPARED, ""}  # fmt: skip
    assert table.standing == "illustrative"
    assert table.basis is not None
    assert "referrals" in table.basis.sensitive


def test_a_figure_of_another_time_is_named(dorset: Pack) -> None:
    plan = dorset.plan("zones").plan
    said = other_years(spine(plan, dorset, what="zone", against="England"))
    assert "Referrals (2016-17, against England 2025)" in said
    assert "protection plan" not in said
    assert not other_years(spine(plan, dorset, what="zone", against=TARGET))


@pytest.mark.parametrize("by", ["zone", "indicator"])
def test_differences_count_every_verdict_once(dorset: Pack, by: str) -> None:
    found = spine(dorset.plan("zones").plan, dorset, what="zone")
    said = differences(found, by="zone" if by == "zone" else "indicator")
    words = [w for line in found.lines for w in line.verdicts[:-1]]
    apart = sum(word in ("better", "worse", "higher", "lower") for word in words)
    judged = sum(word not in ("", NOT_COMPARED) for word in words)
    assert said[-1].startswith(f"{apart} of {judged} comparisons")


def test_few_events_are_warned_of_and_suppressed_ones_are_not_told(small: Pack) -> None:
    found = spine(small.plan("zones").plan, small, what="zone")
    for line in found.lines:
        if line.indicator.kind == "mean":
            continue
        column = line.table.column(line.indicator.numerator)
        for row, note in enumerate(line.notes):
            shown = column.status[row] < Status.NOT_APPLICABLE
            assert ("fewer than 10" in note) == bool(shown and column.values[row] < 10)


# the funnel


def test_a_zone_lies_where_its_control_limits_say(dorset: Pack) -> None:
    indicator = dorset.indicator("referrals")
    table = indicator_table(dorset.plan("zones").plan, indicator, dorset, what="zone")
    mark = float(table.column("value").values[-1])
    placed = funnel_table(table, indicator, mark)
    assert placed.totals == 0
    assert TOTAL not in placed.names
    for row, where in enumerate(_text(placed, "where")):
        n, value = (placed.column(k).values[row] for k in ("children", "value"))
        low, high = funnel_limits(mark, n, kind="rate", per=10_000, confidence=0.998)
        assert ("99.8" in where) == bool(value < low or value > high)


def test_the_funnels_curve_narrows_as_zones_grow(dorset: Pack) -> None:
    indicator = dorset.indicator("referrals")
    table = indicator_table(dorset.plan("zones").plan, indicator, dorset, what="zone")
    curve = funnel_curve(table, indicator, 674.0)
    assert (np.diff(curve.upper_95 - curve.lower_95) < 0).all()
    assert (curve.upper_998 > curve.upper_95).all()


# what can be told from what is shown


def test_suppressed_areas_share_what_is_left_of_their_zone(dorset: Pack) -> None:
    plan, indicator = dorset.plan("zones").plan, dorset.indicator("cp")
    counts, _ = spread_counts(plan, indicator, dorset)
    zones = shown_zones(plan, "open_cp", dorset)
    units = shown_units(plan, "open_cp", dorset)
    hidden = units.status == Status.SUPPRESSED
    assert hidden.any()
    assert (counts[~hidden] == units.values[~hidden]).all()
    for at in range(len(plan.zones)):
        if zones.status[at] < Status.NOT_APPLICABLE:
            assert counts[plan.assignment == at].sum() == pytest.approx(zones.values[at])


@given(st.data())
def test_what_is_hidden_changes_nothing_that_is_worked_out(
    small: Pack, data: st.DataObject
) -> None:
    """Two packs that show the same show the same here as well: nothing hidden goes in."""
    plan = small.plan("zones").plan
    counts = np.array([9.0, 0, 12, 20, 11, 8, 30, 7, 14])
    hidden = data.draw(st.permutations([(2.0, 4.0), (3.0, 3.0), (4.0, 2.0)]))
    found = []
    for pair in hidden[:2]:
        made = counts.copy()
        made[[0, 1]] = pair
        row = small.measures.row("referrals")
        values = small.measures.values.copy()
        values[row] = made
        measures = Measures(
            small.measures.units, small.measures.measures, values, small.measures.status
        )
        pack = _with(replace(small, measures=measures), "children_0_15", [100.0] * 9)
        pack = _with(pack, "idaci_children", [10.0, 20, 30, 10, 20, 30, 10, 20, 30])
        assert (shown_units(plan, "referrals", pack).status[:2] == Status.SUPPRESSED).all()
        tables = [smoothed_table(plan, _rate(pack), pack)]
        adjusted = adjusted_table(plan, _rate(pack), pack, scores_of(pack)[0], what="zone")
        tables += [adjusted] if isinstance(adjusted, Table) else []
        tables.append(gradient(plan, _rate(pack), pack, scores_of(pack)[0], what="zone").measures)
        found.append([table.to_csv() for table in tables])
    assert all(one == found[0] for one in found)


def test_smoothing_leaves_what_is_suppressed_suppressed(dorset: Pack) -> None:
    plan, indicator = dorset.plan("zones").plan, dorset.indicator("cp")
    table = smoothed_table(plan, indicator, dorset)
    raw = table.column("raw")
    hidden = raw.status == Status.SUPPRESSED
    assert hidden.any()
    assert (table.column("value").status[hidden] == Status.SUPPRESSED).all()
    known = raw.status < Status.NOT_APPLICABLE
    spread = (np.nanmin(raw.values[known]), np.nanmax(raw.values[known]))
    shown = table.column("value").values[known]
    assert np.nanstd(shown) < np.nanstd(raw.values[known])
    assert spread[0] <= np.nanmin(shown)
    assert np.nanmax(shown) <= spread[1]


# deprivation


def test_deprivation_is_rolled_up_by_people(small: Pack) -> None:
    pack = _with(small, "children_0_15", [100.0, 300, 100, 100, 100, 100, 100, 100, 100])
    pack = _with(pack, "idaci_children", [50.0, 30, 20, 10, 10, 10, 0, 0, 0])
    table = deprivation_table(pack.plan("zones").plan, pack, what="zone")
    assert table is not None
    assert table.column("idaci").values.round(2).tolist() == [20, 10, 0, 11.82]


def test_a_pack_without_deprivation_has_no_table(small: Pack) -> None:
    assert deprivation_table(small.plan("zones").plan, small, what="zone") is None
    assert scores_of(small) == ()


def test_a_score_is_not_set_against_itself(dorset: Pack) -> None:
    assert scores_of(dorset, dorset.indicator("children_low_income")) == ()


def test_expected_events_sum_to_the_observed(dorset: Pack) -> None:
    plan, indicator = dorset.plan("zones").plan, dorset.indicator("asb")
    table = adjusted_table(plan, indicator, dorset, scores_of(dorset)[0], what="zone")
    assert isinstance(table, Table)
    seen, due = (table.column(key).values for key in ("observed", "expected"))
    assert due.sum() == pytest.approx(seen.sum())


def test_need_groups_are_not_told_where_most_counts_are_suppressed(dorset: Pack) -> None:
    plan = dorset.plan("zones").plan
    found = adjusted_table(plan, dorset.indicator("cp"), dorset, scores_of(dorset)[0], what="z")
    assert isinstance(found, str)
    assert "suppressed" in found


def test_a_mean_has_neither_gradient_nor_funnel(small: Pack) -> None:
    mean = replace(_rate(small), kind="mean")
    plan, score = small.plan("zones").plan, scores_of(_with(
        _with(small, "children_0_15", [1.0] * 9), "idaci_children", [1.0] * 9
    ))[0]  # fmt: skip
    with pytest.raises(LayerError, match="mean"):
        gradient(plan, mean, small, score, what="zone")
    with pytest.raises(LayerError, match="mean"):
        smoothed_table(plan, mean, small)
    with pytest.raises(LayerError, match="mean"):
        adjusted_table(plan, mean, small, score, what="zone")


# the index


def test_an_index_is_the_sum_of_its_parts_and_ranks_by_it(dorset: Pack) -> None:
    plan = dorset.plan("zones").plan
    parts = [dorset.indicator(key) for key in ("children_low_income", "absence", "asb")]
    found = index_table(
        plan, parts, dorset, {"children_low_income": 2, "absence": 1, "asb": 0}, what="zone",
        rng=np.random.default_rng(1),
    )  # fmt: skip
    table = found.table
    added = sum(table.column(f"part_{part.key}").values for part in parts)
    assert table.column("index").values == pytest.approx(np.asarray(added))
    order = np.argsort(-table.column("index").values)
    assert table.column("rank").values[order].tolist() == list(range(1, 8))
    assert not table.column("part_asb").values.any()


def test_the_same_seed_gives_the_same_stability(dorset: Pack) -> None:
    plan = dorset.plan("zones").plan
    parts = [dorset.indicator(key) for key in ("children_low_income", "absence")]
    weights = {"children_low_income": 1.0, "absence": 1.0}
    one, other = (
        index_table(plan, parts, dorset, weights, what="z", rng=np.random.default_rng(7))
        for _ in range(2)
    )
    assert one.table.to_csv() == other.table.to_csv()


# time


def test_dorsets_fall_of_protection_plans_is_beyond_chance(dorset: Pack) -> None:
    line = history_line(dorset, dorset.indicator("cp"))
    assert line is not None
    own = [
        row for row, area in enumerate(_text(line.table, "area")) if area == dorset.authority.name
    ]
    assert [line.table.cell(line.table.column("x"), row) for row in own] == ["409", "331"]
    assert [line.table.cell(line.table.column("value"), row) for row in own] == ["53.0", "42.9"]
    assert _text(line.table, "step")[own[1]] == "fall"


def test_a_series_that_rises_says_so(small: Pack) -> None:
    own = small.authority.name
    figures = [(str(2010 + at), own, 80.0 + 12 * at, 1000.0) for at in range(6)]
    line = history_line(_history(small, *figures), _rate(small))
    assert line is not None
    assert any("a rise" in note for note in line.notes)


def test_small_published_counts_are_suppressed_too(small: Pack) -> None:
    line = history_line(_history(small, ("2015", small.authority.name, 3, 900)), _rate(small))
    assert line is not None
    assert line.table.cell(line.table.column("x"), 0) == "c"
    assert line.table.cell(line.table.column("value"), 0) == "c"


def test_an_indicator_without_history_has_no_line(small: Pack) -> None:
    assert history_line(small, _rate(small)) is None
    assert series_line(small.plan("zones").plan, _rate(small), small, zone=TOTAL) is None


def test_a_series_is_cut_into_years_and_survives_a_redraw(small: Pack) -> None:
    months = months_between("2015-01", "2017-03")
    counts = np.full((1, len(months), 9), 10, dtype=np.int64)
    counts[:, -12:] = 20
    series = Series(
        small.measures.units, months, (small.measures.measure("referrals"),), counts,
        np.zeros((1, len(months), 3), dtype=np.int64), frozenset(),
        Ledger("list", read=1, used=1, unlocated=0, outside=0),
        Source("List", "Nobody", "none", "2016", "", ""),
    )  # fmt: skip
    pack = replace(small, series=series)
    plan = pack.plan("zones").plan
    line = series_line(plan, _rate(pack), pack, zone="North")
    assert line is not None
    assert line.table.names == ("2015-04 to 2016-03", "2016-04 to 2017-03")
    assert line.table.column("x").values.tolist() == [360, 720]
    assert _text(line.table, "step") == ("", "rise")
    moved = plan.move(plan.members("North")[:1], to="South")
    redrawn = series_line(moved, _rate(pack), pack, zone="North")
    assert redrawn is not None
    assert redrawn.table.column("x").values.tolist() == [240, 480]


def test_a_month_that_was_not_read_is_missing_and_not_zero() -> None:
    pack = pytest.importorskip("layers.catalogue").open_pack("kirklees")
    line = incident_line(pack.plan("localities").plan, pack, zone=TOTAL)
    assert line is not None
    count = line.table.column("count")
    assert len(line.table.names) == 25
    assert (count.status == Status.MISSING).sum() == 22
    assert any("2016-08 to 2017-06" in note for note in line.notes)


def test_two_years_of_months_are_compared_a_day(small: Pack) -> None:
    months = np.repeat(np.array(months_between("2017-01", "2018-12"), dtype=object), 40)
    late = np.array([m >= "2018" for m in months])
    month = np.concatenate([months, months[late]])
    used = len(month)
    incidents = Incidents(
        small.measures.units, np.zeros(used, dtype=np.int32), month,
        np.full(used, "ASB", dtype=object),
        Ledger("street", read=used, used=used, unlocated=0, outside=0),
    )  # fmt: skip
    pack = replace(small, incidents=incidents)
    line = incident_line(pack.plan("zones").plan, pack, zone=TOTAL)
    assert line is not None
    assert any("a rise beyond chance" in note for note in line.notes)
