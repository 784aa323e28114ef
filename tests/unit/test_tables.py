"""Tables that leave the tool: suppressed last, readable, and the same on screen and in files."""

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.assumptions import Assumptions
from analysis.caseload import OPEN_CASES, with_open_cases
from analysis.disclosure import DFE, NHS, Policy
from analysis.events import Edit
from analysis.leaving import prepare
from analysis.releases import Register
from analysis.scenario import Scenario, compare, evaluate
from analysis.table import Column, Table
from analysis.tables import (
    TOTAL,
    before_after_table,
    fte_told,
    incident_table,
    indicator_table,
    plan_table,
    sources_of,
    unit_table,
    zone_table,
)
from geo.plan import UNASSIGNED, Plan
from layers.indicators import Benchmark
from layers.measures import Measures
from layers.pack import Pack
from layers.status import Status
from small_pack import UNITS, ZONES

NAN = float("nan")
SENSITIVE = ("referrals", "open_cases", "open_cin", "open_cp")
WORKED_OUT = {
    "referral_rate": "referrals",
    "referral_rate_lower": "referrals",
    "referral_rate_upper": "referrals",
    "cases_per_fte": "open_cases",
}


def with_counts(
    pack: Pack, key: str, counts: list[float], *, unknown: int = Status.MISSING
) -> Pack:
    """Give a pack other counts of one measure; a NaN has the status `unknown`."""
    old = pack.measures
    values, status = old.values.copy(), old.status.copy()
    values[old.row(key)] = counts
    status[old.row(key)] = np.where(np.isnan(counts), unknown, Status.OK)
    return replace(pack, measures=Measures(old.units, old.measures, values, status))


def with_rule(pack: Pack, rule: str) -> Pack:
    return replace(pack, authority=replace(pack.authority, disclosure=rule))


def with_plan(pack: Pack, plan: Plan) -> Pack:
    zones, *others = pack.plans
    return replace(pack, plans=(replace(zones, plan=plan), *others), staffing=None)


def zones_of(pack: Pack, *edits: Edit) -> Table:
    return zone_table(evaluate(Scenario("x", pack.plan("zones"), edits), pack), pack)


def figures_of(pack: Pack, *edits: Edit) -> Table:
    return plan_table(evaluate(Scenario("x", pack.plan("zones"), edits), pack), pack)


def indicator_of(pack: Pack, key: str, plan: Plan | None = None, **options: object) -> Table:
    plan = plan or pack.plan("zones").plan
    return indicator_table(plan, pack.indicator(key), pack, what="Zone", **options)


def shown(table: Table, key: str) -> list[str]:
    return [table.cell(table.column(key), row) for row in range(len(table.names))]


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


# what the tables say


def test_zones_are_told_with_their_sum(small: Pack) -> None:
    table = zones_of(small)
    assert table.names == ("North", "Middle", "South", TOTAL)
    assert table.what == "team area"
    assert shown(table, "children") == ["600", "600", "800", "2,000"]
    assert shown(table, "referrals") == ["60", "30", "20", "110"]
    assert shown(table, "referral_rate") == ["1,000.0", "500.0", "250.0", "550.0"]
    assert shown(table, "cases_per_fte") == ["10.0", "20.0", "13.0", "12.3"]
    assert shown(table, "pieces") == ["2", "1", "1", "z"]  # pieces have no sum


def test_zones_stay_what_they_are_when_one_is_renamed(dorset: Pack) -> None:
    for key in ("areas", "pyramids"):
        start = Scenario("x", dorset.plan(key))
        first, *others = start.plan.zones
        to = dict.fromkeys(start.plan.members(first), "Elsewhere")
        renamed = start.do(Edit("a new name", to, zones=("Elsewhere", *others)))
        table = zone_table(evaluate(renamed, dorset), dorset)
        assert table.names[0] == "Elsewhere"
        assert table.what == dorset.plan(key).zone_word


def test_the_sum_of_a_rate_is_the_rate_of_the_sums(small: Pack) -> None:
    table = zones_of(small)
    rate, x, n = (table.column(k).values for k in ("referral_rate", "referrals", "children"))
    np.testing.assert_allclose(rate, x / n * 10_000)
    low, high = table.column("referral_rate_lower"), table.column("referral_rate_upper")
    assert ((low.values < rate) & (rate < high.values)).all()


def test_an_indicator_is_told_with_its_interval_and_verdict(small: Pack) -> None:
    table = indicator_of(small, "referrals")
    assert [column.key for column in table.columns] == [
        "referrals",
        "children",
        "value",
        "lower",
        "upper",
    ]
    assert shown(table, "value") == ["1,000.0", "500.0", "250.0", "550.0"]
    assert table.column("value").unit == "per 10,000 children"
    assert table.texts[0].title == "Against all zones"
    assert table.texts[0].texts == ("higher", "similar", "lower", "")


def test_a_share_of_more_than_there_are_is_missing_with_its_reason(small: Pack) -> None:
    share = replace(small.indicator("referrals"), kind="proportion", per=100)
    table = unit_table(small.plan("zones").plan, share, small)
    assert [text.key for text in table.texts] == ["zone"]
    children = small.measures.counts("children").copy()
    children[2] = small.measures.counts("referrals")[2] - 1
    table = unit_table(small.plan("zones").plan, share, with_counts(small, "children", children))
    value = table.column("value")
    assert value.status[2] == Status.MISSING
    assert (value.status == Status.MISSING).sum() == 1
    doubt = next(text.texts for text in table.texts if text.key == "doubt")
    assert [row for row, word in enumerate(doubt) if word == "more than the whole"] == [2]
    assert "more than the whole" in table.to_csv()


def test_an_indicator_is_compared_with_a_benchmark(small: Pack) -> None:
    table = indicator_of(small, "asb", benchmark=Benchmark("England", 30.0, "drawn"))
    assert table.texts[0].title == "Against England"
    assert table.texts[0].texts == ("better", "better", "better", "better")


def test_what_is_in_no_zone_is_a_row_of_its_own(small: Pack) -> None:
    plan = small.plan("zones").plan.move(UNITS[6:7], to=None)
    table = indicator_of(small, "referrals", plan)
    assert table.names == (*ZONES, "unassigned", TOTAL)
    assert shown(table, "children") == ["600", "600", "400", "400", "2,000"]


def test_what_is_in_no_zone_is_a_row_even_where_it_is_not_known(small: Pack) -> None:
    counts = small.measures.counts("persons").tolist()
    pack = with_counts(small, "persons", [NAN, *counts[1:]], unknown=Status.SUPPRESSED)
    plan = pack.plan("zones").plan.move(UNITS[:1], to=None)
    table = indicator_of(pack, "asb", plan)
    assert table.names == (*ZONES, "unassigned", TOTAL)
    assert shown(table, "persons") == ["2,000", "3,000", "3,000", "c", "c"]
    assert shown(table, "value")[-2:] == ["c", "c"]


def test_the_units_in_no_zone_have_a_row_among_the_zones(small: Pack) -> None:
    table = zones_of(small, Edit.move(UNITS[6:7], to=None))
    assert table.names == (*ZONES, "unassigned", TOTAL)
    assert shown(table, "units") == ["3", "3", "2", "1", "9"]
    assert shown(table, "children") == ["600", "600", "400", "400", "2,000"]
    assert shown(table, "fte") == ["4.0", "1.0", "2.0", "0.0", "7.0"]
    assert shown(table, "pieces") == ["2", "1", "1", "z", "z"]
    area = table.column("area_km2").values
    np.testing.assert_allclose(area, [0.03, 0.03, 0.02, 0.01, 0.09])


def test_what_is_not_counted_is_not_zero_in_no_zone_either(small: Pack) -> None:
    old = small.measures
    rows = [old.row(key) for key in ("persons", "children", "referrals", "asb")]
    kept = Measures(
        old.units, tuple(old.measures[row] for row in rows), old.values[rows], old.status[rows]
    )
    pack = replace(
        small, measures=kept, indicators=(), authority=replace(small.authority, targets=())
    )
    table = zones_of(pack, Edit.move(UNITS[6:7], to=None))
    assert shown(table, "open_cases") == [""] * 5
    assert shown(table, "cases_per_fte") == [""] * 5


def test_small_areas_are_told_with_code_name_and_zone(small: Pack) -> None:
    plan = small.plan("zones").plan.move(UNITS[8:], to=None)
    table = unit_table(plan, small.indicator("asb"), small)
    assert table.codes == UNITS
    assert table.names[0] == "Small 1"
    assert table.texts[0].texts == (*["North"] * 3, *["Middle"] * 3, *["South"] * 2, "unassigned")
    assert shown(table, "asb") == ["2", "0", "0", "0", "1", "0", "0", "0", "1"]
    assert table.totals == 0


def test_incidents_are_told_month_by_month(small: Pack) -> None:
    plan = small.plan("zones").plan
    assert small.incidents is not None
    table = incident_table(small.incidents, plan, small, what="Zone")
    assert [column.key for column in table.columns] == ["2016-07", "2016-09", "total"]
    assert table.names == (*ZONES, TOTAL)
    assert shown(table, "2016-07") == ["2", "0", "0", "2"]
    assert shown(table, "total") == ["2", "1", "1", "4"]


def test_incidents_in_no_zone_have_a_row(small: Pack) -> None:
    plan = small.plan("zones").plan.move(UNITS[4:5], to=None)
    assert small.incidents is not None
    table = incident_table(small.incidents, plan, small, what="Zone")
    assert table.names == (*ZONES, "unassigned", TOTAL)
    assert shown(table, "total") == ["2", "0", "1", "1", "4"]


def test_before_and_after_stand_side_by_side(small: Pack) -> None:
    start = Scenario("x", small.plan("zones"))
    after = start.do(Edit.move(UNITS[:1], to="East"))
    both = compare(evaluate(start, small), evaluate(after, small))
    table = before_after_table(both, small)
    assert table.names == (*ZONES, "East", TOTAL)
    assert shown(table, "children_before") == ["600", "600", "800", "z", "2,000"]
    assert shown(table, "children_after") == ["500", "600", "800", "100", "2,000"]
    first, second = table.columns[:2]
    assert (first.group, first.title) == ("Population, people", "before")
    assert (second.group, second.title) == ("Population, people", "after")


def test_a_zone_without_units_has_counts_of_zero_and_no_rate(small: Pack) -> None:
    table = zones_of(small, Edit.move(UNITS[3:6], to="North"))
    assert shown(table, "children") == ["1,200", "0", "800", "2,000"]
    assert shown(table, "referral_rate")[1] == ""
    assert shown(table, "polsby_popper")[1] == ""


@pytest.mark.parametrize(
    ("unknown", "symbol"),
    [(Status.SUPPRESSED, "c"), (Status.MISSING, ""), (Status.NOT_APPLICABLE, "z")],
)
@pytest.mark.parametrize("key", ["children", "referrals"])
def test_a_total_with_a_part_that_is_not_known_says_why(
    small: Pack, key: str, unknown: Status, symbol: str
) -> None:
    counts = small.measures.counts(key).tolist()
    pack = with_counts(small, key, [NAN, *counts[1:]], unknown=unknown)
    table = zones_of(pack)
    assert shown(table, key)[0] == symbol
    assert shown(table, key)[-1] == symbol
    assert shown(table, "referral_rate")[0] == symbol
    assert shown(table, key)[1] != symbol


# suppression


def test_small_counts_of_children_known_to_services_are_not_shown(small: Pack) -> None:
    pack = with_counts(small, "referrals", [1, 1, 1, 10, 10, 10, 8, 6, 6])
    table = zones_of(pack)
    # the south is hidden too, or the north would follow from the sum
    assert shown(table, "referrals") == ["c", "30", "c", "53"]
    for key in ("referral_rate", "referral_rate_lower", "referral_rate_upper"):
        assert [cell == "c" for cell in shown(table, key)] == [True, False, True, False]
    assert shown(table, "children") == ["600", "600", "800", "2,000"]  # no secret


def test_a_true_zero_is_shown(small: Pack) -> None:
    pack = with_counts(small, "referrals", [0, 0, 0, 10, 10, 10, 8, 6, 6])
    assert shown(zones_of(pack), "referrals") == ["0", "30", "20", "50"]


def test_the_rounding_rule_shows_no_exact_count(small: Pack) -> None:
    pack = with_rule(with_counts(small, "referrals", [1, 1, 4, 10, 11, 10, 8, 6, 9]), "nhs")
    table = zones_of(pack)
    assert table.symbol == "*"
    assert shown(table, "referrals") == ["*", "30", "25", "60"]
    assert shown(table, "referral_rate")[1] == "500.0"  # of the rounded count: 31 would be 516.7


def test_figures_of_the_plan_do_not_give_a_small_count_back(small: Pack) -> None:
    """From max/min and the highest rate follows the lowest, and from that the count."""
    pack = with_counts(small, "referrals", [1, 1, 1, 10, 10, 10, 8, 6, 6])
    table = figures_of(pack)
    for key in ("referral_cv", "referral_gini", "referral_max_min", "referral_noise"):
        assert shown(table, key) == ["c"]
    for key in ("load_cv", "load_max_min", "cut_edges"):
        assert shown(table, key) != ["c"]


def test_few_children_who_change_team_are_not_counted_out(small: Pack) -> None:
    cases = [9.0, 2, 30, 5, 6, 4, 10, 7, 3]
    pack = with_counts(with_counts(small, "open_cin", cases), "open_cp", [0.0] * 9)
    table = figures_of(pack, Edit.move(UNITS[1:2], to="Middle"))
    assert shown(table, "cases_moved") == ["c"]
    assert shown(table, "units_moved") == ["1"]
    assert shown(table, "children_moved") == ["200"]


small_counts = st.lists(st.integers(0, 12).map(float), min_size=9, max_size=9)
assignments = st.lists(st.integers(UNASSIGNED, 2), min_size=9, max_size=9)


def is_small(values: np.ndarray, policy: Policy) -> np.ndarray:
    return (values >= policy.low) & (values <= policy.high)


def assert_nothing_small(table: Table, policy: Policy) -> None:
    """Check the figures, the CSV and the records: no small count, and nothing made of one."""
    lines, records = rows_of(table.to_csv()), table.to_records()
    for column in table.columns:
        source = WORKED_OUT.get(column.key, column.key)
        if source not in SENSITIVE and column.key not in {"value", "lower", "upper"}:
            continue
        if column.key in SENSITIVE:
            assert not is_small(column.values, policy).any()
        for row in np.flatnonzero(column.status == Status.SUPPRESSED):
            assert np.isnan(column.values[row])
            assert lines[row][column.key] == table.symbol
            assert records[row][column.key] == table.symbol
    by_key = {column.key: column for column in table.columns}
    for key, source in WORKED_OUT.items():
        if key in by_key:
            hidden = np.isnan(by_key[source].values)
            assert np.isnan(by_key[key].values[hidden]).all()


@pytest.mark.parametrize("policy", [DFE, NHS], ids=lambda policy: policy.key)
@given(counts=small_counts, assignment=assignments)
def test_no_small_count_leaves_in_any_table(
    small: Pack, policy: Policy, counts: list[float], assignment: list[int]
) -> None:
    pack = with_rule(with_counts(small, "referrals", counts), policy.key)
    for key in ("open_cin", "open_cp"):
        pack = with_counts(pack, key, counts)
    plan = Plan(UNITS, ZONES, np.array(assignment))
    move = Edit.replace_with(plan, "redrawn")
    start = Scenario("x", pack.plan("zones"))
    before, after = evaluate(start, pack), evaluate(start.do(move), pack)
    for table in (
        zone_table(after, pack),
        indicator_of(pack, "referrals", plan),
        unit_table(plan, pack.indicator("referrals"), pack),
        unit_table(plan, pack.indicator("cp_share"), pack),
    ):
        assert_nothing_small(table, policy)
    both = before_after_table(compare(before, after), pack)
    for column in both.columns:
        if column.key.startswith(("referrals_", "open_cases_")):
            assert not is_small(column.values, policy).any()


@given(counts=small_counts, assignment=assignments)
def test_no_hidden_count_follows_from_the_sum(
    small: Pack, counts: list[float], assignment: list[int]
) -> None:
    pack = with_counts(small, "referrals", counts)
    move = Edit.replace_with(Plan(UNITS, ZONES, np.array(assignment)), "redrawn")
    values = zones_of(pack, move).column("referrals").values
    hidden = np.isnan(values)
    assert hidden.sum() != 1  # one alone follows from the others


@given(counts=small_counts, assignment=assignments)
def test_tables_of_zones_and_of_small_areas_hide_the_same(
    small: Pack, counts: list[float], assignment: list[int]
) -> None:
    """Or the total that one table hides, since it gives its parts away, would stand in another."""
    pack = with_counts(small, "referrals", counts)
    plan = Plan(UNITS, ZONES, np.array(assignment))
    zones = zones_of(pack, Edit.replace_with(plan, "redrawn")).column("referrals").values
    again = indicator_of(pack, "referrals", plan).column("referrals").values
    np.testing.assert_array_equal(zones, again)
    units = unit_table(plan, pack.indicator("referrals"), pack).column("referrals").values
    for zone in range(3):
        inside = units[plan.assignment == zone]
        assert not (np.isnan(inside).sum() == 1 and not np.isnan(zones[zone]))
        assert np.isnan(zones[zone]) or np.nansum(inside) <= zones[zone]


def test_a_total_that_gives_its_small_areas_away_is_shown_in_no_table(small: Pack) -> None:
    counts = [5, 5, 0, 10, 10, 10, 10, 10, 10]  # 10 of two small counts can only be 5 and 5
    table = zones_of(with_counts(small, "referrals", counts))
    assert shown(table, "referrals")[0] == "c"


def test_no_figure_of_a_real_pack_is_a_small_count(shipped: Pack) -> None:
    for entry in shipped.plans:
        scenario = Scenario("x", entry)
        assert_nothing_small(zone_table(evaluate(scenario, shipped), shipped), DFE)
        for indicator in shipped.indicators:
            table = unit_table(entry.plan, indicator, shipped)
            for key in (indicator.numerator, indicator.denominator):
                small = is_small(table.column(key).values, DFE).any()
                assert not (small and shipped.measures.measure(key).sensitive)


# order


def test_rows_are_sorted_and_the_sum_stays_last(small: Pack) -> None:
    table = zones_of(small)
    assert table.order("referrals", descending=True) == [0, 1, 2, 3]
    assert table.order("referrals", descending=False) == [2, 1, 0, 3]
    assert table.order("name", descending=False) == [1, 0, 2, 3]
    assert table.order("name", descending=True) == [2, 0, 1, 3]


@given(values=st.lists(st.one_of(st.floats(0, 9), st.just(NAN)), min_size=1, max_size=8))
def test_rows_without_a_figure_come_last_in_either_order(values: list[float]) -> None:
    status = np.where(np.isnan(values), Status.MISSING, Status.OK).astype(np.int8)
    names = tuple(f"zone {i}" for i in range(len(values)))
    column = Column("x", "X", "", 0, np.array(values), status)
    table = Table("Zone", names, (column,), "c", "official", "drawn")
    for descending in (False, True):
        order = table.order("x", descending=descending)
        assert sorted(order) == list(range(len(values)))
        known = [values[row] for row in order if not np.isnan(values[row])]
        assert known == sorted(known, reverse=descending)
        assert all(np.isnan(values[row]) for row in order[len(known) :])


# files


def test_the_csv_says_what_it_is_about_in_every_row(small: Pack) -> None:
    rows = rows_of(zones_of(small).to_csv(authority="Small Council", plan="zones"))
    assert len(rows) == 4
    assert {row["authority"] for row in rows} == {"Small Council"}
    assert {row["plan"] for row in rows} == {"zones"}
    assert {row["figures"] for row in rows} == {"illustrative"}
    said = "Referrals: case list; Open cases: Children in need + On a protection plan"
    assert {row["source"] for row in rows} == {f"Children aged 0-17: estimates; {said}"}
    assert [row["team_area"] for row in rows] == ["North", "Middle", "South", TOTAL]


def test_figures_in_files_are_plain_numbers_with_two_decimals_more(small: Pack) -> None:
    row = rows_of(zones_of(small).to_csv())[-1]
    assert row["children"] == "2000"
    assert row["cases_per_fte"] == "12.286"
    assert row["pieces"] == "z"


def test_records_are_the_rows_of_the_csv(small: Pack) -> None:
    table = zones_of(with_counts(small, "referrals", [1, 1, 1, 10, 10, 10, 8, 6, 6]))
    for line, record in zip(rows_of(table.to_csv()), table.to_records(), strict=True):
        for key, value in record.items():
            if isinstance(value, float):
                assert float(line[key]) == value
            else:
                assert line[key] == (value or "")


def test_records_hold_figures_symbols_or_nothing(small: Pack) -> None:
    pack = with_counts(small, "referrals", [1, 1, 1, 10, 10, 10, 8, 6, 6])
    record = zones_of(pack, Edit.move(UNITS[3:6], to="South")).to_records()[1]
    assert record["team_area"] == "Middle"
    assert record["children"] == 0
    assert record["referral_rate"] is None
    assert record["fte"] == 1


def test_records_of_small_areas_carry_their_code_and_zone(small: Pack) -> None:
    table = unit_table(small.plan("zones").plan, small.indicator("asb"), small)
    assert table.to_records()[4] == {
        "code": "E01000005",
        "small_area": "Small 5",
        "zone": "Middle",
        "asb": 1.0,
        "persons": 1000.0,
        "value": 1.0,
        "lower": pytest.approx(0.025, abs=5e-4),
        "upper": pytest.approx(5.572, abs=5e-4),
    }


def test_a_ratio_without_end_is_still_json(small: Pack) -> None:
    pack = with_counts(small, "referrals", [10, 20, 30, 10, 10, 10, 0, 0, 0])
    record = figures_of(pack).to_records()[0]
    assert record["referral_max_min"] == "inf"
    assert json.loads(json.dumps(record, allow_nan=False)) == record


@pytest.mark.parametrize("name", ["=1+1", "+44", "-5", "@SUM(A1)", "\tx", "'=1"])
def test_words_that_a_spreadsheet_would_run_are_escaped(small: Pack, name: str) -> None:
    plan = Plan(UNITS, (name, "Middle", "South"), small.plan("zones").plan.assignment)
    pack = with_plan(small, plan)
    table = replace(zones_of(pack), what=name)
    header, *lines = csv.reader(io.StringIO(table.to_csv(authority=name)))
    assert header[0] == "'" + name.lower()
    assert lines[0][0] == "'" + name
    assert lines[0][header.index("authority")] == "'" + name
    assert table.to_records()[0][name.lower()] == name  # JSON runs nothing


def test_names_with_commas_and_quotes_survive_the_csv(small: Pack) -> None:
    name = 'North, "upper"\nand lower'
    plan = Plan(UNITS, (name, "Middle", "South"), small.plan("zones").plan.assignment)
    assert rows_of(zones_of(with_plan(small, plan)).to_csv())[0]["team_area"] == name


@given(counts=st.lists(st.integers(0, 10_000).map(float), min_size=9, max_size=9))
def test_the_sum_in_a_file_is_the_sum_of_its_rows(small: Pack, counts: list[float]) -> None:
    *zones, total = rows_of(zones_of(with_counts(small, "persons", counts)).to_csv())
    assert sum(int(row["persons"]) for row in zones) == int(total["persons"]) == sum(counts)


def test_staff_that_follow_a_small_move_do_not_tell_how_many_cases_it_took(dorset: Pack) -> None:
    entry = dorset.plan("areas")
    cases = with_open_cases(dorset.measures).counts(OPEN_CASES)
    small_unit = next(u for u, n in zip(entry.plan.units, cases, strict=True) if 1 <= n <= 5)
    edit = Edit.move([small_unit], to="Isle")
    for staff, hidden in (("stays", False), ("follows", True)):
        scenario = Scenario("x", entry, (edit,), assumptions=Assumptions(staff=staff))  # type: ignore[arg-type]
        result = evaluate(scenario, dorset)
        fte = zone_table(result, dorset).column("fte")
        assert (fte.status == Status.SUPPRESSED).all() == hidden
        assert (fte_told(result, dorset) is None) == hidden  # nor does the map tell it
        load = plan_table(result, dorset).column("load_cv")
        assert (load.status == Status.SUPPRESSED).all()  # the new zone's own count is small


def test_staff_that_follow_a_large_move_are_shown(dorset: Pack) -> None:
    entry = dorset.plan("areas")
    scenario = Scenario("x", entry, (Edit.move(entry.plan.members("South")[:9], to="West"),))
    result = evaluate(replace(scenario, assumptions=Assumptions(staff="follows")), dorset)
    table = zone_table(result, dorset)
    assert (table.column("fte").status == Status.OK).all()
    told = fte_told(result, dorset)
    assert told is not None
    assert list(told.values()) == table.column("available_fte").values[:-1].tolist()


# weighted cases, and rates of need


def weighted_of(pack: Pack, weights: dict[str, float], plan: Plan | None = None) -> Table:
    edits = (Edit.replace_with(plan, "redrawn"),) if plan else ()
    scenario = Scenario("x", pack.plan("zones"), edits, assumptions=Assumptions(weights=weights))
    return zone_table(evaluate(scenario, pack), pack)


def test_cases_of_one_weight_tell_no_more_than_open_cases(small: Pack) -> None:
    for weight in (1.0, 2.5):
        table = weighted_of(small, {"open_cin": weight, "open_cp": weight, "open_cla": weight})
        cases, weighted = table.column("open_cases"), table.column("weighted_cases")
        np.testing.assert_array_equal(cases.values * weight, weighted.values)
        assert weighted.of == ("open_cases",)


def test_weighted_cases_are_hidden_where_a_kind_is(small: Pack) -> None:
    """Open cases of the middle are 20, of which 5 are on a plan: 20 + 5 would tell them."""
    table = weighted_of(small, {"open_cp": 2})
    assert shown(table, "open_cases") == ["40", "20", "26", "86"]
    assert shown(table, "weighted_cases") == ["50.0", "c", "c", "107.0"]
    assert shown(table, "weighted_load")[1:3] == ["c", "c"]
    assert table.column("weighted_load").of == ("open_cases", "open_cin", "open_cp")


def test_a_kind_that_weighs_nothing_is_the_rest_of_the_open_cases(small: Pack) -> None:
    table = weighted_of(small, {"open_cp": 0})
    assert shown(table, "weighted_cases")[1] == "c"  # 20 open cases less 15 shown would be 5


def test_figures_of_the_plan_are_hidden_with_weighted_cases(small: Pack) -> None:
    for weights, hidden in (({}, False), ({"open_cp": 2.0}, True)):
        scenario = Scenario("x", small.plan("zones"), assumptions=Assumptions(weights=weights))
        table = plan_table(evaluate(scenario, small), small)
        for key in ("weighted_load_cv", "weighted_load_max_min", "weighted_load_noise"):
            assert (shown(table, key) == ["c"]) == hidden
        assert shown(table, "load_cv") != ["c"]
        assert shown(table, "cp_cv") == shown(table, "cp_noise") == ["c"]


def told_of_kinds(table: Table, plan: Plan, weights: dict[str, float]) -> list[np.ndarray]:
    """Read a table of zones as anybody could: rows over small areas, first of one kind, then two.

    Weights that differ tell both kinds of each zone, and the rate of plans tells the second.
    """
    rows = []
    for at, name in enumerate(table.names):
        members = plan.units if name == TOTAL else plan.members(name if name in ZONES else None)
        area = np.array([unit in members for unit in UNITS], dtype=float)
        nothing = np.zeros(9)
        known = {c.key: c.status[at] < Status.NOT_APPLICABLE for c in table.columns}
        if known["open_cases"]:
            rows.append(np.concatenate([area, area]))
        if known["cp_rate"] and table.column("children").values[at] > 0:
            rows.append(np.concatenate([nothing, area]))
        if known["weighted_cases"] and len(set(weights.values())) > 1:
            rows += [np.concatenate([area, nothing]), np.concatenate([nothing, area])]
    return rows


@given(
    cin=small_counts,
    cp=small_counts,
    assignment=assignments,
    heavier=st.sampled_from([0.0, 1.0, 1.5, 1_000.0]),
)
def test_no_kind_of_a_zone_follows_from_weighted_cases(
    small: Pack, cin: list[float], cp: list[float], assignment: list[int], heavier: float
) -> None:
    pack = with_counts(with_counts(small, "open_cin", cin), "open_cp", cp)
    plan = Plan(UNITS, ZONES, np.array(assignment))
    weights = {"open_cin": 1.0, "open_cp": heavier}
    table = weighted_of(pack, weights, plan)
    rows = told_of_kinds(table, plan, weights)
    counts = np.array([*cin, *cp])
    basis = np.array(rows).reshape(-1, 18)
    inside = np.linalg.pinv(basis) @ basis if len(basis) else np.zeros((18, 18))
    for zone in range(3):
        member = np.array(plan.assignment == zone, dtype=float)
        for kind in (np.append(member, np.zeros(9)), np.append(np.zeros(9), member)):
            if 1 <= kind @ counts <= 5:
                assert np.abs(kind @ inside - kind).max() > 1e-9


def test_referrals_against_need_do_not_leave(dorset: Pack) -> None:
    result = evaluate(Scenario("x", dorset.plan("areas")), dorset)
    for table in (zone_table(result, dorset), plan_table(result, dorset)):
        leave = prepare([table], Register(), who="A", when="2026-01-01", name="A table")
        out = leave.masked(table)
        kept = [c for c in table.columns if not c.key.startswith("oe")]
        for column in table.columns:
            told = out.column(column.key)
            if column in kept:
                np.testing.assert_array_equal(told.values, column.values)
            else:
                assert np.isnan(told.values).all()
        assert not any("need 1" in release.plan.zones for release in leave.new)


def test_referrals_against_need_are_made_of_what_may_be_shown(dorset: Pack) -> None:
    result = evaluate(Scenario("x", dorset.plan("zones")), dorset)
    column = zone_table(result, dorset).column("oe")
    np.testing.assert_allclose(column.values[:-1], result.per_zone("oe"))
    assert column.status[-1] == Status.NOT_APPLICABLE
    few = with_counts(dorset, "referrals", [1.0, *[0.0] * 247, 90.0])
    hidden = zone_table(evaluate(Scenario("x", few.plan("zones")), few), few).column("oe")
    assert (hidden.status[:-1] == Status.SUPPRESSED).any()


def test_sources_say_which_measure_they_are_of(small: Pack) -> None:
    measures = small.measures.measures
    two = replace(small.measures, measures=tuple(
        replace(m, title=m.key.title(), source="B" if m.key == "referrals" else "A")
        for m in measures
    ))  # fmt: skip
    keys = ("children", "persons", "referrals")
    assert sources_of(two, keys) == "Children, Persons: A; Referrals: B"
    assert sources_of(two, ("none", *keys[:2])) == "A"
    assert sources_of(two, ("none",)) == ""
