"""Tables of coterminosity: what they say, and what they keep back."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.assumptions import Assumptions
from analysis.coterminosity import (
    Ground,
    Partition,
    Repair,
    children_of,
    coterminosity,
    partitions_of,
    repairs,
)
from analysis.disclosure import DFE, NHS
from analysis.events import Edit
from analysis.leaving import tells_nothing
from analysis.protected import protected_units
from analysis.protection import Known, feasible_ranges, offer_of
from analysis.scenario import Scenario, evaluate
from analysis.tables import plan_table
from analysis.tables_coterminosity import (
    EFFECTS,
    _cases,
    effects_of,
    repair_table,
    score_table,
    split_table,
)
from geo.plan import Plan
from layers.measures import Measure, Measures
from layers.pack import Pack
from layers.status import Status
from small_pack import UNITS


@pytest.fixture
def scenario(small: Pack) -> Scenario:
    return Scenario("x", small.plan("zones")).do(Edit.move([UNITS[3]], to="North"))


@pytest.fixture
def rows(small: Pack) -> Partition:
    return Partition("rows", "Rows", "row", small.plan("zones").plan)


def test_scores_stand_before_and_after_with_their_weighted_mean(
    small: Pack, scenario: Scenario, rows: Partition
) -> None:
    before, after = (
        coterminosity(plan, [rows, replace(rows, key="b", weight=3.0)], children_of(small))
        for plan in (scenario.baseline.plan, scenario.plan)
    )
    table = score_table(before, after, small)
    assert table.names == ("Rows", "Rows", "All, weighted")
    assert table.column("score_before").values.tolist() == [100, 100, 100]
    assert table.column("score_after").values.tolist() == [70, 70, 70]
    assert table.column("minority_after").values[:2].tolist() == [200, 200]
    assert table.column("minority_share_after").values[-1] == pytest.approx(10)
    assert table.texts[0].texts[0] == "each row in one zone"
    assert tells_nothing([table])


def test_what_is_split_is_named_with_where_it_lies(
    small: Pack, scenario: Scenario, rows: Partition
) -> None:
    before, after = (
        coterminosity(plan, [rows], children_of(small))
        for plan in (scenario.baseline.plan, scenario.plan)
    )
    table = split_table(before, after, small)
    assert table.names == ("Middle",)
    words = [text.texts[0] for text in table.texts]
    assert words == ["Rows", "new", "Middle: 2 areas, 400 children; North: 1 area, 200 children"]
    assert table.column("effective").values[0] == pytest.approx(1.8)
    assert split_table(after, after, small).texts[1].texts == ("as before",)
    assert split_table(after, before, small).names == ()
    assert tells_nothing([table])


def test_a_repair_is_told_with_its_cost_and_its_effect(
    small: Pack, scenario: Scenario, rows: Partition
) -> None:
    now = coterminosity(scenario.plan, [rows], children_of(small))
    found = repairs(Ground.of(scenario, small), now.fits[0])
    (effect,) = effects_of(scenario, small, found, evaluate(scenario, small))
    table = repair_table(scenario, small, [effect], {"rows": rows})
    assert table.names == ("Middle",)
    assert table.column("units").values.tolist() == [1]
    assert table.column("children").values.tolist() == [200]
    assert table.column("against_today").values.tolist() == [-200]  # it goes back where it was
    assert effect.scenario.plan == scenario.baseline.plan
    assert table.basis is None  # it never leaves


def test_without_repairs_the_table_is_empty(small: Pack, scenario: Scenario) -> None:
    table = repair_table(scenario, small, (), {})
    assert table.names == ()


def counted(*cases: float) -> tuple[Plan, Measures]:
    units = tuple("abcdefg"[: len(cases)])
    measure = Measure("open_cases", "Open cases", "children", "2017", "drawn", "illustrative", True)
    values = np.array([cases], dtype=np.float64)
    status = np.where(np.isnan(values), Status.MISSING, Status.OK).astype(np.int8)
    plan = Plan(units, ("All",), np.zeros(len(units), dtype=np.int32))
    return plan, Measures(units, (measure,), values, status)


def told(cases: tuple[float, ...], units: str) -> float | str:
    plan, measures = counted(*cases)
    shown = _cases(plan, [units], measures, DFE)
    return Status(shown.status[0]).name if np.isnan(shown.values[0]) else float(shown.values[0])


def test_open_cases_of_a_move_never_give_a_hidden_count_away() -> None:
    cases = (3, 4, 20, 30, 40, 0)  # 20 is hidden too: 7 in two would say too much
    assert told(cases, "de") == 70
    assert told(cases, "abc") == 27
    assert told(cases, "f") == 0
    assert told(cases, "a") == "SUPPRESSED"
    assert told(cases, "ad") == "SUPPRESSED"  # 33 less 30 that is shown is 3
    assert told(cases, "ab") == "SUPPRESSED"  # 27 of the zone less 7 is 20
    assert told((np.nan, 4, 20, 30, 40, 0), "ac") == "MISSING"


def test_sums_that_overlap_are_not_told_together() -> None:
    """10 in three hidden areas and 15 in four would leave 5 in the fourth."""
    plan, measures = counted(3, 4, 3, 5, 2, 4, 30)
    shown = _cases(plan, ["abc", "abcd", "abcg", "def"], measures, DFE)
    assert shown.status.tolist() == [Status.OK, Status.SUPPRESSED, Status.OK, Status.OK]
    assert shown.values[[0, 2, 3]].tolist() == [10, 40, 11]


def test_a_sum_never_tells_the_total_of_a_zone_that_is_hidden() -> None:
    """8 over all less 6 in one zone, which is hidden, would leave 2 in the other."""
    _, measures = counted(6, 0, 0, 2, 0)
    plan = Plan(measures.units, ("North", "South"), np.array([0, 0, 0, 1, 1], dtype=np.int32))
    loose = Plan(measures.units, ("North",), np.array([0, 0, 0, -1, -1], dtype=np.int32))
    for apart in (plan, loose):
        shown = _cases(apart, ["a", "ab", "d", "bc", "ad"], measures, DFE)
        assert shown.status.tolist() == [
            *[Status.SUPPRESSED] * 3, Status.OK, Status.SUPPRESSED
        ]  # fmt: skip


@given(st.data())
def test_no_hidden_count_can_be_narrowed_by_what_repairs_move(data: st.DataObject) -> None:
    """Beside small areas and zones as they are shown, every small count ranges over 1 to 5."""
    counts = data.draw(st.lists(st.integers(0, 9), min_size=8, max_size=8))
    units = tuple("abcdefgh")
    measure = Measure("open_cases", "Open cases", "children", "2017", "drawn", "illustrative", True)
    values = np.array([counts], dtype=np.float64)
    measures = Measures(units, (measure,), values, np.zeros((1, 8), dtype=np.int8))
    plan = Plan(units, ("North", "South"), np.repeat([0, 1], 4).astype(np.int32))
    moves = data.draw(st.lists(st.sets(st.sampled_from(units), min_size=1), min_size=1, max_size=4))
    shown = _cases(plan, moves, measures, DFE)
    cells = protected_units(plan, "open_cases", measures, DFE)
    assert cells.totals is not None
    assert cells.totals.totals is not None
    sets = [[unit in move for unit in units] for move in moves]
    rows = np.vstack([np.eye(8), plan.assignment == 0, plan.assignment == 1, np.ones(8), *sets])
    status = np.concatenate(
        [cells.status, cells.totals.status, cells.totals.totals.status, shown.status]
    )
    truth = values[0]
    # a set that is not told may be so for its neighbours' sake: its symbol says nothing
    status = np.where(np.arange(len(status)) < 11, status, np.where(status, Status.MISSING, 0))
    offer = offer_of(rows, truth, status, policy=DFE, loss=np.ones(len(rows)))
    nothing = Known(np.zeros((0, 8)), np.zeros(0), np.zeros(0), truth)
    ranges = feasible_ranges(offer.added_to(nothing), np.eye(8))
    before = offer_of(rows[:11], truth, status[:11], policy=DFE, loss=np.ones(11))
    as_it_was = feasible_ranges(before.added_to(nothing), np.eye(8))
    small = (truth >= 1) & (truth <= 5)
    least = np.maximum(as_it_was[:, 0], 1)
    assert (ranges[small, 0] <= least[small]).all()
    assert (ranges[small, 1] >= np.minimum(as_it_was[:, 1], 5)[small]).all()


def test_open_cases_are_rounded_where_the_rule_rounds() -> None:
    plan, measures = counted(21, 22, 30)
    assert _cases(plan, ["ab"], measures, NHS).values[0] == 45


def test_a_pack_without_open_cases_says_that_they_are_not_known() -> None:
    plan, measures = counted(1, 2)
    other = Measures(measures.units, (), np.zeros((0, 2)), np.zeros((0, 2), dtype=np.int8))
    assert _cases(plan, ["ab"], other, DFE).status[0] == Status.MISSING


def test_effects_follow_the_scenario_one_repair_at_a_time(dorset: Pack) -> None:
    entry = dorset.plan("areas")
    scenario = Scenario("x", entry)
    partitions = partitions_of(dorset, entry)
    now = coterminosity(entry.plan, partitions, children_of(dorset))
    ground = Ground.of(scenario, dorset)
    found = [repair for said in now.fits for repair in repairs(ground, said)]
    effects = effects_of(scenario, dorset, found, evaluate(scenario, dorset))
    assert len(effects) == sum(isinstance(repair, Repair) for repair in found) > 5
    table = repair_table(scenario, dorset, effects, {p.key: p for p in partitions})
    for row, effect in enumerate(effects):
        after = evaluate(effect.scenario, dorset)
        assert table.column("against_today").values[row] == after.changing["children"]
        for key in EFFECTS:
            assert table.column(key).values[row] == pytest.approx(after.for_plan(key))


@pytest.mark.parametrize("staff", ["stays", "follows"])
def test_effects_are_told_as_the_table_of_the_plan_tells_them(small: Pack, staff: str) -> None:
    start = Scenario("x", small.plan("zones"), assumptions=Assumptions(staff=staff))  # type: ignore[arg-type]
    moves = [
        Repair("rows", unit, {unit: "South"}, 0.0) for unit in UNITS[:6]
    ]  # the smallest leave counts that are hidden
    effects = effects_of(start, small, moves, evaluate(start, small))
    table = repair_table(start, small, effects, {"rows": Partition("rows", "R", "r", start.plan)})
    for key in EFFECTS:
        for row, effect in enumerate(effects):
            wanted = plan_table(evaluate(effect.scenario, small), small).column(key)
            assert table.column(key).status[row] == wanted.status[0]
            np.testing.assert_equal(table.column(key).values[row], wanted.values[0])
