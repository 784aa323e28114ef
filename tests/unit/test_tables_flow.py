"""What is told of caseload over time: nothing that gives a hidden start away."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from analysis.aggregate import NO_ZONE
from analysis.assumptions import Assumptions
from analysis.caseload import OPEN_CASES
from analysis.disclosure import POLICIES
from analysis.events import Edit
from analysis.flow import (
    ACCOUNTS,
    Account,
    caseload_over_time,
    streams_of,
)
from analysis.flow_stages import seed_stages
from analysis.leaving import prepare
from analysis.releases import Register
from analysis.scenario import Evaluation, Scenario, evaluate
from analysis.table import Table
from analysis.tables import TOTAL
from analysis.tables_flow import (
    LOAD,
    NO_STAFF,
    Told,
    balance_warnings,
    flow_table,
    fte_of,
    month_table,
    seeds_table,
    sentences,
    shares_sentence,
    stages_hidden,
    told,
)
from geo.plan import Plan
from layers.measures import Measures
from layers.pack import Pack
from layers.status import Status


def of_counts(pack: Pack, **counts: list[float]) -> Pack:
    """Put other counts into a pack."""
    measures = pack.measures
    values = measures.values.copy()
    for key, row in counts.items():
        values[measures.row(key)] = row
    status = np.where(np.isnan(values), Status.MISSING, measures.status).astype(np.int8)
    return replace(pack, measures=Measures(measures.units, measures.measures, values, status))


def tell(
    pack: Pack,
    *edits: Edit,
    assumptions: Assumptions | None = None,
    futures: int = 60,
) -> Told:
    assumptions = assumptions or Assumptions()
    scenario = Scenario("redraw", pack.plan(pack.default_plan), assumptions=assumptions)
    before = evaluate(scenario, pack)
    for edit in edits:
        scenario = scenario.do(edit)
    after = evaluate(scenario, pack)
    stages = seed_stages(pack.measures, months_open=assumptions.months_open)
    streams = streams_of(pack.measures, stages, before=before.plan, after=after.plan)
    flow = caseload_over_time(
        streams, stages, rng=np.random.default_rng(1), futures=futures,
        fte=fte_of(before, after), weights=assumptions.weights,
    )  # fmt: skip
    return told(flow, pack, before=before, after=after)


def texts(table: Table, key: str) -> tuple[str, ...]:
    return next(column.texts for column in table.texts if column.key == key)


def row_of(table: Table, name: str) -> int:
    return table.names.index(name)


# ---- what the tables say


def test_a_table_tells_every_zone_and_all_of_them_now_and_later(dorset: Pack) -> None:
    said = tell(dorset)
    table = flow_table(said, OPEN_CASES, "today")
    plan = dorset.plan(dorset.default_plan).plan
    assert table.names == (*plan.zones, TOTAL)
    assert [c.key for c in table.columns] == [
        "expected_open_cases_0_mean",
        *(f"expected_open_cases_{month}_{side}" for month in (12, 24)
          for side in ("mean", "low", "median", "high")),
    ]  # fmt: skip
    start = table.column("expected_open_cases_0_mean")
    assert start.values[-1] == start.values[:-1].sum() == 1573
    assert table.column("expected_open_cases_24_low").values[0] < start.values[0]


def test_month_by_month_all_accounts_stand_side_by_side(dorset: Pack) -> None:
    plan = dorset.plan(dorset.default_plan).plan
    moved = plan.members(plan.zones[0])[:5]
    said = tell(dorset, Edit.move(moved, to=plan.zones[1]))
    table = month_table(said, OPEN_CASES, 1)
    assert table.names == tuple(map(str, range(25)))
    assert len(table.columns) == 12
    cases = said.before.facts.measures.counts(OPEN_CASES)[plan.positions(moved)].sum()
    now = {way: table.column(f"{way}_mean").values[0] for way in ACCOUNTS}
    assert now["transfer"] - now["today"] == cases
    assert now["stay"] == now["today"]
    assert table.basis is None  # it does not leave


def test_sentences_say_now_and_later_by_both_ways(dorset: Pack) -> None:
    plan = dorset.plan(dorset.default_plan).plan
    said = tell(dorset, Edit.move(plan.members(plan.zones[0])[:5], to=plan.zones[1]))
    first, *_, last = sentences(said, OPEN_CASES)
    assert first.startswith(f"{plan.zones[0]}: 128 open cases now; in month 24: ")
    assert ") by today's lines, " in first
    assert ") if open cases transfer, " in first
    assert first.endswith("if they stay.")
    assert last.startswith(f"{TOTAL}: 1,573 open cases now, 1,573 (")
    assert "transfer" not in last  # the lines make no difference to the sum


def test_what_the_futures_come_from_is_told(dorset: Pack) -> None:
    said = tell(dorset, assumptions=Assumptions(months_open={"open_cin": 3}))
    table = seeds_table(said)
    assert table.column("months").values.round(1).tolist() == [3, 10, 30]
    assert table.column("starts").values.round().tolist() == [1600, 397, 177]
    assert texts(table, "from")[0] == "set by the planner"
    assert texts(table, "starts_from") == ("balance", "counted", "balance")
    assert shares_sentence(said).startswith("Of 100 referrals 31 become cases")


def test_a_start_out_of_balance_warns_with_its_figures(dorset: Pack) -> None:
    assert balance_warnings(tell(dorset)) == ()
    said = tell(dorset, assumptions=Assumptions(months_open={"open_cin": 3}))
    whole, zones = balance_warnings(said)
    assert "800 are open in all zones together" in whole
    assert "it would be 400" in whole
    assert "Dorchester (59 open, level at 37, 37 in month 24)" in zones
    assert "and 4 more" in zones


# ---- load and staff


def test_a_zone_without_staff_says_so(small: Pack) -> None:
    level = of_counts(small, open_cin=[20.0] * 9, open_cp=[20.0] * 9, referrals=[90.0] * 9)
    staffed = level.staffing
    assert staffed is not None
    posts = tuple(post for post in staffed.posts if post.zone != "South")
    said = tell(replace(level, staffing=replace(staffed, posts=posts)))
    table = flow_table(said, LOAD, "transfer", limit=30)
    south = row_of(table, "South")
    assert texts(table, "staff") == ("", "", NO_STAFF, "not recorded everywhere")
    assert table.cell(table.column("load_24_mean"), south) == ""
    assert table.cell(table.column("load_exceeding"), south) == ""
    assert table.cell(table.column("load_exceeding"), row_of(table, "Middle")) == "100"
    assert sentences(said, LOAD)[-1] == f"No figure may be shown, or is known, of South, {TOTAL}."


def test_staff_that_follow_cases_do_not_give_them_away(small: Pack) -> None:
    level = of_counts(
        small, open_cin=[20.0, 20, 1, *[20.0] * 6], open_cp=[20.0, 20, 1, *[20.0] * 6],
        referrals=[90.0] * 9,
    )  # fmt: skip
    follows = Assumptions(staff="follows")
    said = tell(level, Edit.move(["E01000003"], to="Middle"), assumptions=follows)
    assert said.load_hidden
    table = flow_table(said, LOAD, "transfer")
    assert {table.cell(c, row) for c in table.columns for row in range(4)} == {"c"}
    assert set(texts(table, "staff")) == {""}


def test_staff_that_follow_cases_stay_where_cases_stay(dorset: Pack) -> None:
    plan = dorset.plan(dorset.default_plan).plan
    scenario = Scenario("x", dorset.plan("zones"), assumptions=Assumptions(staff="follows"))
    moved = Edit.move(plan.members(plan.zones[0])[:5], to=plan.zones[1])
    fte = fte_of(evaluate(scenario, dorset), evaluate(scenario.do(moved), dorset))
    assert fte["stay"] == fte["today"]
    assert fte["transfer"][plan.zones[0]] < fte["today"][plan.zones[0]]
    new = Edit.move(plan.members(plan.zones[0])[:5], to="Harbour")
    fte = fte_of(evaluate(scenario, dorset), evaluate(scenario.do(new), dorset))
    assert np.isnan(fte["stay"]["Harbour"])  # nobody is counted twice
    assert fte["transfer"]["Harbour"] > 0


# ---- zones that come and go


def test_zones_of_one_plan_only_are_not_applicable_in_the_other(dorset: Pack) -> None:
    plan = dorset.plan("zones").plan
    areas = Edit.replace_with(dorset.plan("areas").plan, "areas")
    said = tell(dorset, areas)
    fresh = len(said.flow.teams) - 2
    assert said.status("today", OPEN_CASES, fresh) == Status.NOT_APPLICABLE
    assert said.status("transfer", OPEN_CASES, 0) == Status.NOT_APPLICABLE
    assert said.status("stay", OPEN_CASES, 0) == Status.OK
    told_of = sentences(said, OPEN_CASES)
    assert "not there today" in told_of[len(plan.zones)]
    assert NO_ZONE not in [said.name(row) for row in said.rows]


def test_areas_taken_out_of_every_zone_have_a_row(dorset: Pack) -> None:
    plan = dorset.plan("zones").plan
    said = tell(dorset, Edit.move(plan.members(plan.zones[1])[:20], to=None))
    table = flow_table(said, OPEN_CASES, "transfer")
    assert table.names[-2:] == (NO_ZONE, TOTAL)
    start = table.column("expected_open_cases_0_mean").values
    assert start[:-1].sum() == start[-1] == 1573


# ---- what may not be told

HIDES = {
    "open_cin": [20.0, 20, 20, 9, 9, 9, 30, 30, 30],
    "open_cp": [10.0, 10, 10, 3, 0, 0, 12, 12, 12],
    "referrals": [90.0] * 9,
}
"""Middle has three children on a plan: hidden, and another zone or the sum with it."""


def shown_cells(said: Told) -> list[tuple[Account, str, int]]:
    keys = (*said.flow.stages.kinds, OPEN_CASES)
    return [
        (way, what, row)
        for way in ACCOUNTS
        for what in keys
        for row in said.rows
        if said.status(way, what, row) <= Status.ROUNDED
    ]


def weights_of(
    said: Told, way: Account, what: str, row: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Say how what is shown of months 1 to 24 follows from the start of each zone and kind.

    All that an attacker needs is told on the page: months open, shares, and the arrivals that a
    long look ahead gives. Returns the weights of each start, shape (24, zones x kinds), and what
    is shown less what arrives.
    """
    flow, stages = said.flow, said.flow.stages
    kinds, zones = len(stages.kinds), len(flow.teams)
    streams = streams_of(said.pack.measures, stages, before=said.before.plan, after=said.after.plan)
    month, weights = stages.month[:, :-1], []
    pick = np.ones(kinds) if what == OPEN_CASES else np.eye(kinds)[stages.kinds.index(what)]
    for ahead in range(1, flow.months + 1):
        per_kind = np.linalg.matrix_power(month, ahead) @ pick
        whose = np.ones(zones) if row == zones else np.eye(zones)[row]
        weights.append(np.outer(whose, per_kind).ravel())
    held = np.ones(len(streams.rate)) if row == zones else streams.held(way)[row]
    come = np.zeros(kinds)
    arrived = []
    for _ in range(flow.months):
        come = month.T @ come + stages.arriving[:-1] * (held @ streams.rate) * (
            stages.case_share / 12
        )
        arrived.append(pick @ come)
    shown = said.course(way, what, row).mean[1:]
    return np.array(weights), shown - np.array(arrived)


def worked_out(said: Told, cells: list[tuple[Account, str, int]]) -> npt.NDArray[np.float64]:
    """Work the start of every zone and kind out of all that is shown; NaN where it is free."""
    pairs = [weights_of(said, *cell) for cell in cells]
    unknowns = len(said.flow.teams) * len(said.flow.stages.kinds)
    known = np.vstack([np.zeros((1, unknowns)), *(w for w, _ in pairs)])
    seen = np.concatenate([[0.0], *(s for _, s in pairs)])
    start, *_ = np.linalg.lstsq(known, seen, rcond=1e-9)
    _, sizes, directions = np.linalg.svd(known)
    free = directions[(np.append(sizes, np.zeros(unknowns))[:unknowns]) < 1e-6]
    fixed = (np.abs(free) < 1e-6).all(axis=0)
    found: npt.NDArray[np.float64] = np.where(fixed, start, np.nan)
    return found.reshape(-1, len(said.flow.stages.kinds))


def test_expected_cases_of_later_months_give_the_start_away_when_shown(small: Pack) -> None:
    """The threat itself: with nothing hidden, the start follows from months 1 to 24 alone."""
    open_to_all = replace(tell(of_counts(small, **HIDES)), hidden=np.zeros(5, dtype=np.bool_))
    start = worked_out(open_to_all, [("today", "open_cp", 1), ("today", "open_cin", 1)])
    assert start[1] == pytest.approx([27, 3], abs=1e-3)
    # by way of the stages the later kind alone gives both away
    start = worked_out(open_to_all, [("today", "open_cp", 1)])
    assert start[1] == pytest.approx([27, 3], abs=0.05)


def test_what_is_shown_does_not_give_a_hidden_start_away(small: Pack) -> None:
    said = tell(of_counts(small, **HIDES))
    cells = shown_cells(said)
    assert cells  # something is shown
    start = worked_out(said, cells)
    assert np.isnan(start[1]).all()
    hidden = {row for row in said.rows if said.hidden[row]}
    assert 1 in hidden
    assert len(hidden) >= 2
    shown_zones = {row for way, _, row in cells if row < 3}
    for row in shown_zones:
        assert start[row] == pytest.approx([60 if row == 0 else 90, 30 if row == 0 else 36], abs=1)


def test_a_hidden_zone_is_hidden_in_every_month_kind_and_account(small: Pack) -> None:
    said = tell(of_counts(small, **HIDES), Edit.move(["E01000001"], to="South"))
    for way in ACCOUNTS:
        for what in ("open_cin", "open_cp", OPEN_CASES, LOAD):
            course = said.course(way, what, 1)
            for side in (course.mean, course.median, course.low, course.high):
                assert np.isnan(side).all()
            assert np.isnan(said.exceeding(way, 1, 1))
    for table in (flow_table(said, "open_cin", "stay"), flow_table(said, LOAD, "today", limit=9)):
        assert {table.cell(column, 1) for column in table.columns} == {"c"}
    table = month_table(said, OPEN_CASES, 1)
    assert {table.cell(c, row) for c in table.columns for row in range(25)} == {"c"}
    assert not any(line.startswith("Middle:") for line in sentences(said, "open_cin"))


def test_a_zone_hidden_under_one_plan_is_hidden_under_the_other(small: Pack) -> None:
    joined = Edit.move(["E01000004", "E01000005"], to="North")
    said = tell(of_counts(small, **HIDES), joined)
    assert said.status("transfer", "open_cin", 1) == Status.SUPPRESSED
    assert said.status("today", OPEN_CASES, 1) == Status.SUPPRESSED


def test_warnings_name_no_zone_that_is_hidden(small: Pack) -> None:
    counts = HIDES | {"open_cin": [20.0, 20, 20, 300, 300, 300, 30, 30, 30]}
    said = tell(of_counts(small, **counts))
    assert any(one.team == 1 for one in said.flow.imbalances)
    assert not any("Middle" in line for line in balance_warnings(said))


def test_where_the_sum_is_hidden_so_is_what_it_seeds(small: Pack) -> None:
    said = tell(of_counts(small, **HIDES))
    said = replace(said, hidden=np.ones(5, dtype=np.bool_))
    table = seeds_table(said)
    assert {table.cell(column, 0) for column in table.columns} == {"c"}
    assert "would give counts away" in shares_sentence(said)


def test_where_the_sum_of_a_kind_is_hidden_no_zone_tells_how_long_it_stays_open(
    small: Pack,
) -> None:
    """Any zone's course tells the months open: those x the starts of a year are the open cases."""
    pack = of_counts(small, open_cp=[0, 0, 0, 0, 4, 0, 0, 0, 0])
    said = tell(pack, Edit.move(["E01000001"], to="Middle"))
    assert stages_hidden(said.flow.stages, said.before.plan, pack)
    assert said.hidden.all()
    assert not stages_hidden(seed_stages(small.measures), said.before.plan, small)


def test_a_table_of_zones_can_be_checked_before_it_leaves(small: Pack) -> None:
    level = of_counts(small, open_cin=[20.0] * 9, open_cp=[20.0] * 9, referrals=[90.0] * 9)
    table = flow_table(tell(level), "open_cin", "transfer")
    assert table.basis is not None
    assert set(table.basis.sensitive) == {"open_cin", "open_cp", "open_cases", "referrals"}
    leave = prepare([table], Register(), who="a", when="2026-01-01T00:00:00", name="flow")
    assert leave.safe
    masked = leave.masked(table)
    assert masked.cell(masked.columns[0], 0) == "60"


def test_what_is_withheld_on_its_way_out_is_withheld_of_all_that_follows(small: Pack) -> None:
    """The check takes every count of a zone for told, so it may ask for more than is hidden."""
    said = tell(of_counts(small, **HIDES))
    table = flow_table(said, "open_cin", "transfer")
    leave = prepare(
        [table], Register(), who="a", when="2026-01-01T00:00:00", name="flow", mend="withhold"
    )
    assert leave.safe
    masked = leave.masked(table)
    assert {masked.cell(column, 1) for column in masked.columns} == {"c"}
    for row in range(3):
        assert len({masked.cell(column, row) == "c" for column in masked.columns}) == 1


def test_a_redraw_of_one_small_area_may_not_leave_beside_today(small: Pack) -> None:
    """The difference between two lines is the area that moved: the check knows both."""
    level = of_counts(
        small, open_cin=[20.0, 20, 2, *[20.0] * 6], open_cp=[20.0] * 9, referrals=[90.0] * 9
    )
    said = tell(level, Edit.move(["E01000003"], to="Middle"))
    table = flow_table(said, OPEN_CASES, "stay")
    leave = prepare([table], Register(), who="a", when="2026-01-01T00:00:00", name="flow")
    assert not leave.safe


def test_under_a_rule_that_rounds_figures_come_from_rounded_starts(small: Pack) -> None:
    level = of_counts(small, open_cin=[21.0] * 9, open_cp=[21.0] * 9, referrals=[91.0] * 9)
    pack = replace(level, authority=replace(level.authority, disclosure="nhs"))
    assert POLICIES["nhs"].round_to == 5
    said = tell(pack)
    table = flow_table(said, "open_cin", "today")
    for column in table.columns:
        assert (column.values % 5 == 0).all()
        assert (column.status == Status.ROUNDED).all()
    assert (seeds_table(said).column("open").values % 5 == 0).all()


def test_an_unknown_count_is_missing_and_not_suppressed(small: Pack) -> None:
    counts = {"open_cin": [np.nan, *[20.0] * 8], "open_cp": [20.0] * 9, "referrals": [90.0] * 9}
    said = tell(of_counts(small, **counts))
    table = flow_table(said, "open_cin", "today")
    column = table.column("expected_open_cin_24_mean")
    assert [table.cell(column, row) != "" for row in range(4)] == [False, True, True, False]
    assert said.status("today", "open_cp", 0) == Status.OK


def test_an_evaluation_of_a_plan_without_areas_in_a_zone_is_told(small: Pack) -> None:
    level = of_counts(small, open_cin=[20.0] * 9, open_cp=[20.0] * 9, referrals=[90.0] * 9)
    plan: Plan = level.plan("zones").plan
    said = tell(level, Edit.move(plan.members("Middle"), to="North"))
    after: Evaluation = said.after
    assert after.plan.sizes.tolist() == [6, 0, 3]
    line = next(text for text in sentences(said, OPEN_CASES) if text.startswith("Middle:"))
    assert "0 (0–0) if open cases transfer" in line
