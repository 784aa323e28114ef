"""Staff and lines in tables: what each way comes to, what it costs, and what is hidden."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.assumptions import Assumptions
from analysis.events import Assume, Edit
from analysis.scenario import Scenario, evaluate
from analysis.table import Table
from analysis.tables_staffing import (
    TITLES,
    choices_table,
    filled_gaps,
    loads_table,
    staffing_choices,
)
from geo.plan import Plan
from layers.measures import Measures
from layers.pack import Pack
from layers.staffing import Staffing
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
    load = choices.way("lines").load
    assert (load.waiting, load.emptied, load.left_out) == (("Coast",), ("South",), ())
    assert shown(table, "weighted_load_lines")[-2:] == ["z", ""]  # nobody lives in South


# zones without staff, and zones without small areas


def inland(pack: Pack, **assumed: object) -> Scenario:
    """North and Middle become one new zone; both keep their names, and their staff."""
    start = Scenario("x", pack.plan("zones"), assumptions=Assumptions(**assumed))
    lookup = {unit: "South" if unit in UNITS[6:] else "Inland" for unit in UNITS}
    return start.do(start.taking(Plan.from_lookup(lookup), "Inland"))


def test_a_new_zone_is_given_the_staff_of_the_zones_that_it_replaces(small: Pack) -> None:
    pack = with_counts(small, **LARGE)
    choices = staffing_choices(inland(pack), pack, tolerance=0.1, step_fte=0.5)
    assert [way.key for way in choices.ways] == ["today", "lines", "staff_level", "mix"]
    assert not choices.compares
    assert choices.drawn.waiting == ("Inland",)
    assert choices.open_share(["Inland"]) == pytest.approx(140 / 216)
    mix = choices.way("mix").staffing
    assert mix.reached
    assert mix.after.fte[:2].tolist() == [0, 0]
    assert dict(zip(mix.after.zones, mix.after.fte, strict=True))["Inland"] >= 4
    table = choices_table(choices)
    assert shown(table, "weighted_waiting") == ["0", "1", "0", "0"]
    assert shown(table, "weighted_level")[3] == "2"


def test_what_a_new_zone_is_given_is_what_the_scenario_then_has(small: Pack) -> None:
    pack = with_counts(small, **LARGE)
    scenario = inland(pack)
    choices = staffing_choices(scenario, pack, tolerance=0.1, step_fte=0.1)
    mix = choices.way("mix").staffing
    assumed = scenario.assumptions.with_changes(fte=choices.fte_to_use("mix"))
    after = evaluate(scenario.take(Assume(assumed)), pack)
    np.testing.assert_allclose(after.facts.fte, mix.after.fte)
    np.testing.assert_allclose(
        after.facts.available_in_use[2:], mix.after.there[2:], err_msg=str(after.plan.zones)
    )
    assert after.for_plan("weighted_load_cv") == pytest.approx(100 * mix.after.cv)


def test_zones_that_are_gone_give_their_staff_and_are_not_set(small: Pack) -> None:
    pack = with_counts(small, **LARGE)
    start = Scenario("x", pack.plan("zones"))
    lookup = {unit: "East" if unit in UNITS[6:] else "Inland" for unit in UNITS}
    scenario = start.do(start.taking(Plan.from_lookup(lookup), "all new"))
    choices = staffing_choices(scenario, pack, tolerance=0.1, step_fte=0.1)
    assert set(choices.drawn.waiting) == {"East", "Inland"}
    assert choices.drawn.emptied == ZONES
    mix = choices.way("mix").staffing
    assert mix.reached
    assert set(choices.fte_to_use("mix")) == {"East", "Inland"}
    assert sum(choices.fte_to_use("mix").values()) == pytest.approx(7)
    table = loads_table(choices, what="team area")
    assert shown(table, "weighted_fte_mix")[:3] == ["0.0"] * 3
    assert shown(choices_table(choices), "weighted_left")[-1] == "0"  # their lines moved them


def test_staff_that_the_pack_lacks_can_be_set_and_is_kept(small: Pack) -> None:
    pack = with_counts(small, **LARGE)
    posts = tuple(post for post in pack.staffing.posts if post.zone != "Middle")
    pack = replace(pack, staffing=Staffing(posts))
    choices = staffing_choices(redrawn(pack), pack, tolerance=0.1)
    assert choices.drawn.left_out == ("Middle",)
    assert choices.drawn.waiting == ()
    mended = redrawn(pack, fte={"Middle": 3.0, "North": 9.0})
    assert filled_gaps(mended, pack) == {"Middle": 3.0}
    choices = staffing_choices(mended, pack, tolerance=0.1)
    assert choices.drawn.left_out == ()
    assert np.nansum(choices.drawn.fte) == 9
    assert choices.fte_to_use("mix")["Middle"] == choices.way("mix").load.fte[1]


def test_a_share_is_worked_out_from_figures_as_they_are_shown(small: Pack) -> None:
    pack = with_counts(small, **LARGE)
    pack = replace(pack, authority=replace(pack.authority, disclosure="nhs"))
    choices = staffing_choices(inland(pack), pack, tolerance=0.1)
    assert choices.open_share(["Inland"]) == pytest.approx(140 / 215)


def test_no_share_of_cases_is_told_where_a_count_is_hidden(small: Pack) -> None:
    counts = {"open_cin": [0.0] * 6 + [9.0] * 3, "open_cp": [*[0.0] * 5, 3.0, *[9.0] * 3]}
    pack = with_counts(small, **counts)
    choices = staffing_choices(inland(pack), pack, tolerance=0.1)
    assert choices.hidden
    assert np.isnan(choices.open_share(["Inland"]))


def test_a_table_says_whose_counts_it_tells(small: Pack) -> None:
    pack = with_counts(small, **LARGE)
    table = choices_table(staffing_choices(redrawn(pack), pack, tolerance=0.1))
    assert table.basis is not None
    assert "open_cases" in table.basis.sensitive
    weighted = redrawn(pack, weights={"open_cp": 2.0})
    table = choices_table(staffing_choices(weighted, pack, tolerance=0.1))
    assert table.basis is not None
    assert {"open_cin", "open_cp"} <= set(table.basis.sensitive)
