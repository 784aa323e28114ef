"""Tables of plans side by side: complete, hiding what the plans' own hide, safe to release."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from analysis.aggregate import NO_ZONE
from analysis.comparing import Compared, compare_plans
from analysis.events import Edit
from analysis.leaving import Mend, prepare, tells_nothing
from analysis.metrics import METRICS
from analysis.releases import Register
from analysis.scenario import Scenario, evaluate, redrawing
from analysis.table import Column, Table
from analysis.tables import TOTAL, plan_table, zone_table
from analysis.tables_compare import (
    ALL_WAYS,
    MetricRow,
    is_within_chance,
    match_table,
    metric_rows,
    metrics_table,
    moved_table,
    places_table,
    turned_csv,
    ways_table,
)
from geo.plan import Plan
from layers.pack import Pack
from layers.status import Status
from small_pack import UNITS

Compare = Callable[..., Compared]


def compared(pack: Pack, *keys: str) -> Compared:
    entries = [pack.plan(key) for key in keys]
    return compare_plans(
        [entry.title for entry in entries],
        [evaluate(Scenario(entry.key, entry), pack) for entry in entries],
    )


def redrawn(pack: Pack, *edits: Edit) -> Compared:
    start = Scenario("today", pack.plan("zones"))
    after = replace(start, edits=edits)
    return compare_plans(["Today", "New"], [evaluate(s, pack) for s in (start, after)])


def shown(table: Table, key: str) -> list[str]:
    return [table.cell(table.column(key), row) for row in range(len(table.names))]


def spreads(cv: list[float], noise: list[float], hidden: int = -1) -> Table:
    """A metrics table with nothing but a spread and its noise."""

    def column(key: str, values: list[float]) -> Column:
        status = np.zeros(len(values), dtype=np.int8)
        array = np.array(values)
        if hidden >= 0:
            array[hidden], status[hidden] = np.nan, Status.SUPPRESSED
        status[np.isnan(array) & (status == 0)] = Status.MISSING
        return Column(key, key, "%", 1, array, status, of=())

    rest = [column(m.key, [0.0] * len(cv)) for m in METRICS if m.scope == "plan"]
    ours = {"referral_cv": column("referral_cv", cv), "referral_noise": column("x_noise", noise)}
    columns = tuple(replace(ours[c.key], key=c.key) if c.key in ours else c for c in rest)
    names = tuple(f"plan {i}" for i in range(len(cv)))
    return Table("Fingerprint", names, columns, "c", "official", "drawn")


def row_of(rows: tuple[MetricRow, ...], key: str) -> MetricRow:
    return next(row for row in rows if row.key == key)


# every metric


def test_every_metric_of_a_plan_is_there_for_every_plan(dorset: Pack) -> None:
    found = compared(dorset, "zones", "areas", "east_west", "pyramids")
    table = metrics_table(found, dorset)
    assert [c.key for c in table.columns] == [m.key for m in METRICS if m.scope == "plan"]
    assert table.texts[0].texts == found.titles
    for at, evaluation in enumerate(found.evaluations):
        own = plan_table(evaluation, dorset)
        for column in own.columns:
            if not column.key.endswith("_moved") and column.key != "units_moved":
                assert own.cell(column, 0) == table.cell(table.column(column.key), at)


def test_what_moves_is_counted_against_the_first_plan(small: Pack) -> None:
    found = redrawn(small, Edit.move(UNITS[:3], to="Middle"))
    table = metrics_table(found, small)
    assert shown(table, "units_moved") == ["z", "3"]
    assert shown(table, "children_moved") == ["z", "600"]
    assert shown(table, "cases_moved") == ["z", "40"]
    turned = metrics_table(
        compare_plans(["New", "Today"], tuple(reversed(found.evaluations))), small
    )
    assert shown(turned, "children_moved") == ["z", "600"]


def test_few_open_cases_that_move_are_hidden(small: Pack) -> None:
    table = metrics_table(redrawn(small, Edit.move([UNITS[0]], to=None)), small)
    assert shown(table, "children_moved") == ["z", "100"]
    assert shown(metrics_table(redrawn(small, Edit.move([UNITS[5]], to="South")), small),
                 "cases_moved") == ["z", "8"]  # fmt: skip
    few = metrics_table(redrawn(small, Edit.move([UNITS[8]], to=None)), small)
    assert shown(few, "cases_moved")[1] in {"6", "c"}


def test_a_plan_that_hides_a_spread_hides_it_here(dorset: Pack) -> None:
    unit = dorset.plan("zones").plan.members("Purbeck")[:1]
    found = redrawn(dorset, Edit.move(unit, to=None))
    table = metrics_table(found, dorset)
    assert shown(table, "load_cv")[1] == "c"
    assert shown(table, "load_cv")[0] != "c"
    row = row_of(metric_rows(table, same_number=True), "load_cv")
    assert row.marks == ("", "")


# which is best, in a word


def test_the_smallest_spread_is_best_where_it_differs_by_more_than_chance() -> None:
    rows = metric_rows(spreads([14.0, 6.0, 13.0], [3.0, 3.0, 3.0]), same_number=True)
    row = row_of(rows, "referral_cv")
    assert row.cells == ("14.0", "6.0", "13.0")
    assert row.marks == ("", "best", "")
    assert row.note == "of which by chance 3.0 · 3.0 · 3.0"


def test_spreads_that_chance_could_make_of_each_other_share_the_mark() -> None:
    rows = metric_rows(spreads([14.0, 6.0, 8.0], [3.0, 3.0, 3.0]), same_number=True)
    assert row_of(rows, "referral_cv").marks == ("", "equal best", "equal best")


def test_no_spread_is_best_within_chance() -> None:
    row = row_of(metric_rows(spreads([7.0, 6.0], [3.0, 3.0]), same_number=True), "referral_cv")
    assert row.marks == ("", "")
    assert row.note.endswith("the plans do not differ by more")


def test_plans_of_other_numbers_of_zones_have_a_lowest_and_no_best() -> None:
    rows = metric_rows(spreads([14.0, 6.0], [3.0, 3.0]), same_number=False)
    assert row_of(rows, "referral_cv").marks == ("", "lowest")


@pytest.mark.parametrize("hidden", [0, 1])
def test_nothing_is_best_beside_a_figure_that_is_not_shown(hidden: int) -> None:
    rows = metric_rows(spreads([14.0, 6.0], [3.0, 3.0], hidden=hidden), same_number=True)
    row = row_of(rows, "referral_cv")
    assert row.marks == ("", "")
    assert "c" in row.cells
    assert "do not differ" not in row.note


def test_a_metric_without_polarity_has_no_best() -> None:
    rows = metric_rows(spreads([14.0, 6.0], [3.0, 1.0]), same_number=True)
    assert row_of(rows, "referral_noise").marks == ("", "")


def test_chance_is_not_asked_of_what_is_no_spread() -> None:
    table = spreads([14.0, 6.0], [3.0, 3.0])
    assert not is_within_chance(table, "cut_edges", 0, 1)
    assert not is_within_chance(table, "referral_gini", 0, 1)
    assert is_within_chance(spreads([14.0, 12.0], [3.0, 1.0]), "referral_max_min", 0, 1)


def test_unknown_chance_makes_no_claim() -> None:
    assert is_within_chance(spreads([14.0, 6.0], [3.0, float("nan")]), "referral_cv", 0, 1)


def test_the_metrics_leave_with_a_plan_a_column(dorset: Pack) -> None:
    table = metrics_table(compared(dorset, "zones", "areas"), dorset)
    rows = list(csv.DictReader(io.StringIO(turned_csv(table, authority="=1+1"))))
    assert [row["metric"] for row in rows] == [c.title for c in table.columns]
    first = rows[0]
    assert first["authority"] == "'=1+1"
    assert first["Family Partnership Zones (9b3a87975d094b55)"] == "15.028"
    assert first["figures"] == "illustrative"


# zone by zone


def test_zones_stand_side_by_side_as_each_plan_tells_them(dorset: Pack) -> None:
    found = compared(dorset, "zones", "areas")
    table = places_table(found, dorset)
    assert table.names == (*found.sides.names, TOTAL)
    own = zone_table(found.evaluations[1], dorset)
    for column in own.columns:
        here = table.column(f"p2_{column.key}")
        for row, zones in enumerate(found.sides.places):
            there = own.cell(column, own.names.index(zones[1])) if zones[1] else "z"
            assert table.cell(here, row) == there
        assert table.cell(here, len(table.names) - 1) == own.cell(column, len(own.names) - 1)


def test_units_in_no_zone_have_their_row(small: Pack) -> None:
    found = redrawn(small, Edit.move(UNITS[:1], to=None))
    table = places_table(found, small, ["children"])
    assert table.names[-2:] == (NO_ZONE, TOTAL)
    assert shown(table, "p1_children") == ["600", "600", "800", "z", "2,000"]
    assert shown(table, "p2_children") == ["500", "600", "800", "100", "2,000"]


def test_only_the_figures_asked_for_are_told(small: Pack) -> None:
    found = compared(small, "zones", "pyramids")
    table = places_table(found, small, ["referral_rate"])
    assert {c.key.partition("_")[2] for c in table.columns} == {
        "referral_rate", "referral_rate_lower", "referral_rate_upper",
    }  # fmt: skip
    assert table.basis is not None
    assert table.basis.sensitive == ("referrals",)
    areas = places_table(found, small, ["area_km2"])
    assert tells_nothing((areas,))


# what moved, and which zone is which


def test_moved_areas_are_named_with_both_zones(small: Pack) -> None:
    table = moved_table(redrawn(small, Edit.move(UNITS[:2], to="South")), 1, small)
    assert table.codes == UNITS[:2]
    assert [text.texts for text in table.texts] == [("North", "North"), ("South", "South")]
    assert shown(table, "children") == ["100", "200"]
    assert tells_nothing((table,))


def test_nothing_moved_is_an_empty_table(small: Pack) -> None:
    found = redrawn(small)
    assert moved_table(found, 1, small).names == ()
    assert ways_table(found, 1, small).names == (ALL_WAYS,)
    assert shown(ways_table(found, 1, small), "children") == ["0"]


def test_ways_add_up_to_all_that_moved(dorset: Pack) -> None:
    found = compared(dorset, "zones", "areas", "pyramids")
    for plan in found.later:
        ways, units = ways_table(found, plan, dorset), moved_table(found, plan, dorset)
        moved = found.sides.matches[plan - 1].moved
        assert units.codes == moved
        for key in ("children", "persons"):
            figures = ways.column(key).values
            assert figures[:-1].sum() == figures[-1] == units.column(key).values.sum()
        assert ways.column("units").values[-1] == len(moved)
        assert tells_nothing((ways, units))


def test_the_match_is_told_with_its_shares(small: Pack) -> None:
    halves = Plan.from_lookup({u: "West" if i < 4 else "East" for i, u in enumerate(UNITS)})
    found = compare_plans(
        ["Today", "Halves"],
        [evaluate(redrawing(small, plan), small) for plan in (small.plan("zones").plan, halves)],
    )
    table = match_table(found, 1, small)
    assert table.names == ("North", "Middle", "South")
    assert [text.texts for text in table.texts] == [
        ("North", "Middle", "South"),
        ("West", "–", "East"),
        ("by overlap", "gone", "by overlap"),
    ]
    assert shown(table, "shared") == ["600", "z", "800"]
    assert shown(table, "share_before") == ["100", "z", "100"]
    assert shown(table, "share_after") == ["75", "z", "67"]


def test_an_emptied_zone_is_told_to_hold_no_small_area(small: Pack) -> None:
    plan = small.plan("zones").plan
    found = redrawn(small, Edit.move(plan.members("South"), to="Coast"))
    table = match_table(found, 1, small)
    assert [text.texts for text in table.texts] == [
        ("North", "Middle", "South", "–"),
        ("North", "Middle", "Coast", "South"),
        ("by name", "by name", "by overlap", "no small area"),
    ]
    assert shown(table, "share_before") == ["100", "100", "100", "z"]
    places = places_table(found, small, ["children"])
    assert places.names[2:4] == ("South / Coast", "South (another)")
    assert shown(places, "p2_children") == ["600", "600", "800", "0", "2,000"]


def test_children_that_a_pack_calls_sensitive_are_hidden(small: Pack) -> None:
    measures = small.measures
    secret = tuple(
        replace(m, sensitive=True) if m.key == "children" else m for m in measures.measures
    )
    few = measures.values.copy()
    few[measures.row("children"), 0] = 3
    pack = replace(small, measures=replace(measures, measures=secret, values=few))
    found = redrawn(pack, Edit.move([UNITS[0]], to="South"))
    assert shown(moved_table(found, 1, pack), "children") == ["c"]
    assert "c" in shown(ways_table(found, 1, pack), "children")
    assert not tells_nothing((ways_table(found, 1, pack),))


# on their way out


def _left(table: Table, mend: Mend | None = None) -> Table | None:
    leave = prepare((table,), Register(), who="a", when="2026-01-01", name="x", mend=mend)
    return leave.masked(table) if leave.safe else None


def test_a_release_of_two_plans_is_checked_beside_itself(dorset: Pack) -> None:
    """One unit moved: the two plans together give its counts away, so they may not leave."""
    unit = dorset.plan("zones").plan.members("Purbeck")[:1]
    found = redrawn(dorset, Edit.move(unit, to="North Dorset"))
    assert _left(places_table(found, dorset, ["open_cases"])) is None
    assert _left(metrics_table(found, dorset)) is None


def test_what_is_withheld_of_one_plan_stays_in_the_other(dorset: Pack) -> None:
    unit = dorset.plan("zones").plan.members("Purbeck")[:1]
    found = redrawn(dorset, Edit.move(unit, to="North Dorset"))
    table = _left(places_table(found, dorset, ["open_cases"]), "withhold")
    assert table is not None
    assert "c" not in shown(table, "p1_open_cases")
    assert "c" in shown(table, "p2_open_cases")
    metrics = _left(metrics_table(found, dorset), "withhold")
    assert metrics is not None
    assert shown(metrics, "load_cv") == ["c", "c"]
