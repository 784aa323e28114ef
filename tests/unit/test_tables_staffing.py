"""Staff and lines in tables: what each way comes to, what it costs, and what is hidden."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.assumptions import Assumptions
from analysis.events import Assume, Edit
from analysis.scenario import Scenario, evaluate
from analysis.table import Table
from analysis.tables_staffing import TITLES, choices_table, loads_table, staffing_choices
from layers.measures import Measures
from layers.pack import Pack
from layers.status import Status
from small_pack import UNITS, ZONES

LARGE = {
    "open_cin": [9.0, 12, 9, 15, 16, 14, 10, 17, 13],
    "open_cp": [10.0, 8, 12, 11, 10, 14, 12, 11, 13],
}


def with_counts(pack: Pack, **counts: list[float]) -> Pack:
    old = pack.measures
    values, status = old.values.copy(), old.status.copy()
    for key, row in counts.items():
        values[old.row(key)], status[old.row(key)] = row, Status.OK
    return replace(pack, measures=Measures(old.units, old.measures, values, status))


def redrawn(pack: Pack, **assumed: object) -> Scenario:
    start = Scenario("x", pack.plan("zones"), assumptions=Assumptions(**assumed))
    return start.do(Edit.move([UNITS[3]], to="North"))


def shown(table: Table, key: str) -> list[str]:
    return [table.cell(table.column(key), row) for row in range(len(table.names))]


def test_all_ways_stand_side_by_side_with_their_costs(small: Pack) -> None:
    pack = with_counts(small, **LARGE)
    choices = staffing_choices(redrawn(pack), pack, tolerance=0.1, step_fte=0.1)
    table = choices_table(choices)
    assert table.names == tuple(TITLES.values())
    assert shown(table, "children_moved") == ["0", "200", "0", "0", "200"]
    assert shown(table, "cases_moved") == ["0", "26", "0", "0", "26"]
    assert shown(table, "weighted_fte_moved")[:2] == ["0.0", "0.0"]
    spread = table.column("weighted_load_cv").values
    assert spread[2] <= spread[1] + 1e-9
    assert shown(table, "weighted_level")[3:] == ["3", "3"]


def test_moving_staff_leaves_the_rates_as_they_are(small: Pack) -> None:
    pack = with_counts(small, **LARGE)
    table = choices_table(staffing_choices(redrawn(pack), pack, tolerance=0.1))
    today, lines, *staff, mix = table.column("referral_cv").values
    assert staff == [today, today]
    assert mix == lines != today


def test_the_staffing_gives_the_loads_that_it_promised(small: Pack) -> None:
    pack = with_counts(small, **LARGE)
    scenario = redrawn(pack, weights={"open_cp": 2.0})
    mix = staffing_choices(scenario, pack, tolerance=0.1, step_fte=0.1).way("mix").staffing
    assumed = scenario.assumptions.with_changes(fte=mix.changed)
    after = evaluate(scenario.take(Assume(assumed)), pack)
    np.testing.assert_allclose(after.per_zone("weighted_load"), mix.after.per_fte)
    assert after.facts.fte.sum() == pytest.approx(7)


def test_what_the_planner_set_or_what_follows_is_not_counted(small: Pack) -> None:
    pack = with_counts(small, **LARGE)
    plain = choices_table(staffing_choices(redrawn(pack), pack, tolerance=0.1))
    other = redrawn(pack, fte={"North": 9.0}, staff="follows")
    same = choices_table(staffing_choices(other, pack, tolerance=0.1))
    for one, two in zip(plain.columns, same.columns, strict=True):
        np.testing.assert_array_equal(one.values, two.values)


def test_today_stands_alone_where_nothing_was_moved(small: Pack) -> None:
    pack = with_counts(small, **LARGE)
    choices = staffing_choices(Scenario("x", pack.plan("zones")), pack, tolerance=0.1)
    assert [way.key for way in choices.ways] == ["today", "staff_level"]
    assert not choices.redrawn


def test_no_staffing_is_told_where_cases_are_hidden(small: Pack) -> None:
    counts = {"open_cin": [0.0] * 3 + [9.0] * 6, "open_cp": [1.0, 1, 1, *[9.0] * 6]}
    pack = with_counts(small, **counts)
    assert staffing_choices(redrawn(pack), pack, tolerance=0.1).hidden


def test_a_rule_that_rounds_is_kept_in_loads_and_staffings(small: Pack) -> None:
    """A load beside the staff that it is of tells its cases."""
    pack = with_counts(small, **LARGE)
    pack = replace(pack, authority=replace(pack.authority, disclosure="nhs"))
    choices = staffing_choices(redrawn(pack), pack, tolerance=0.1, step_fte=0.1)
    for way in choices.ways:
        load = way.load
        cases = load.per_fte * load.there
        assert np.allclose(cases / 5, np.round(cases / 5)), way.key
    exact = choices.lines.facts.counts("open_cases")
    assert not np.allclose(exact % 5, 0)


def test_staff_and_load_of_each_zone_are_told_for_each_way(small: Pack) -> None:
    pack = with_counts(small, **LARGE)
    choices = staffing_choices(redrawn(pack), pack, tolerance=0.1)
    table = loads_table(choices, what="team area")
    assert table.names == ZONES
    assert shown(table, "weighted_fte_today") == ["4.0", "1.0", "2.0"]
    totals = [table.column(f"weighted_fte_{way.key}").values.sum() for way in choices.ways]
    np.testing.assert_allclose(totals, 7)


def test_a_zone_that_one_side_does_not_have_does_not_apply(small: Pack) -> None:
    pack = with_counts(small, **LARGE)
    start = Scenario("x", pack.plan("zones"))
    scenario = start.do(Edit.move(UNITS[6:], to="Coast"))
    choices = staffing_choices(scenario, pack, tolerance=0.1)
    table = loads_table(choices, what="team area")
    assert shown(table, "weighted_fte_today")[-1] == "z"
    assert shown(table, "weighted_fte_lines")[-1] == ""  # no staff recorded
    assert choices.way("lines").load.left_out == ("Coast",)  # South has staff and no cases


def test_a_table_says_whose_counts_it_tells(small: Pack) -> None:
    pack = with_counts(small, **LARGE)
    table = choices_table(staffing_choices(redrawn(pack), pack, tolerance=0.1))
    assert table.basis is not None
    assert "open_cases" in table.basis.sensitive
    weighted = redrawn(pack, weights={"open_cp": 2.0})
    table = choices_table(staffing_choices(weighted, pack, tolerance=0.1))
    assert table.basis is not None
    assert {"open_cin", "open_cp"} <= set(table.basis.sensitive)
