"""The whole journey: open a pack, redraw it at random, save, read again, sum up, take back.

Whatever is moved, nobody is lost, and every way to the same plan gives the same figures.
"""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.aggregate import aggregate, aggregate_after
from analysis.assumptions import Assumptions
from analysis.events import Edit
from analysis.metrics import METRICS
from analysis.scenario import Evaluation, Scenario, compare, evaluate, redrawing
from analysis.shape import M2_PER_KM2
from analysis.tables import before_after_table, plan_table, unit_table, zone_table
from geo.dissolve import dissolve
from geo.plan import Plan
from geo.read import read_lookup
from geo.write import lookup_csv
from layers.catalogue import open_pack
from layers.pack import Pack
from layers.status import Status

DORSET = open_pack("dorset")
PLANS = st.sampled_from(DORSET.plans)
UNITS = DORSET.geography.units

steps = st.lists(
    st.tuples(
        st.integers(0, len(UNITS) - 1),  # where a run of small areas begins
        st.integers(1, 40),  # how many move
        st.integers(-1, 20),  # to which zone: -1 for none, past the last for a new one
    ),
    min_size=1,
    max_size=5,
)
journeys = st.builds(lambda entry, moves: _walk(Scenario("journey", entry), moves), PLANS, steps)


def _walk(scenario: Scenario, moves: list[tuple[int, int, int]]) -> Scenario:
    for first, count, zone in moves:
        zones = (*scenario.plan.zones, "A new zone", None)
        to = zones[min(zone, len(zones) - 2)] if zone >= 0 else None
        scenario = scenario.do(Edit.move(UNITS[first : first + count], to=to))
    return scenario


def figures(result: Evaluation) -> dict[str, object]:
    return {metric.key: np.asarray(result.values[metric.key]).tolist() for metric in METRICS}


def same(one: Evaluation, other: Evaluation) -> None:
    for key, value in figures(one).items():
        np.testing.assert_array_equal(value, figures(other)[key], err_msg=key)


@given(journey=journeys)
@settings(max_examples=40)
def test_a_redraw_keeps_every_unit_person_and_case(journey: Scenario) -> None:
    plan, measures = journey.plan, DORSET.measures
    totals = aggregate(plan, measures)
    assert plan.units == UNITS
    assert plan.sizes.sum() + len(plan.unassigned) == len(UNITS)
    for key in measures.keys:
        parts = totals.counts(key).sum() + totals.unassigned(key)
        assert parts == totals.total(key) == measures.counts(key).sum()


@given(journey=journeys)
@settings(max_examples=25)
def test_totals_carried_step_by_step_are_those_of_the_end(journey: Scenario) -> None:
    plan = journey.baseline.plan
    totals = aggregate(plan, DORSET.measures)
    for edit in journey.edits:
        child = edit.apply(plan)
        totals = aggregate_after(totals, DORSET.measures, before=plan, after=child)
        plan = child
    np.testing.assert_array_equal(totals.values, aggregate(plan, DORSET.measures).values)


@given(journey=journeys)
@settings(max_examples=15)
def test_saving_and_reading_a_redraw_changes_no_figure(journey: Scenario) -> None:
    saved = lookup_csv(journey.plan).encode()
    plan = read_lookup(saved, units=UNITS, zones=journey.plan.zones)
    assert plan == journey.plan
    again = evaluate(redrawing(DORSET, plan, baseline=journey.baseline.key), DORSET)
    result = evaluate(journey, DORSET)
    both = compare(again, result)
    # a new zone that was emptied again is in no file: nothing is in it
    lost = [zone for zone in journey.plan.zones if zone not in again.plan.zones]
    assert all(journey.plan.members(zone) == () for zone in lost)
    for metric in METRICS:
        if metric.scope == "plan":
            np.testing.assert_array_equal(result.for_plan(metric.key), again.for_plan(metric.key))
        else:
            one, other = (side[: len(again.plan.zones)] for side in both.per_zone(metric.key))
            np.testing.assert_array_equal(one, other, err_msg=metric.key)


@given(journey=journeys)
@settings(max_examples=15)
def test_taking_every_step_back_gives_todays_figures(journey: Scenario) -> None:
    today = evaluate(Scenario("today", journey.baseline), DORSET)
    for _ in journey.edits:
        journey = journey.undo()
    same(evaluate(journey, DORSET), today)


@given(journey=journeys)
@settings(max_examples=10)
def test_what_changes_team_is_what_zones_gain_and_lose(journey: Scenario) -> None:
    before = evaluate(Scenario("today", journey.baseline), DORSET)
    after = evaluate(journey, DORSET)
    both = compare(before, after)
    was, now = (np.nan_to_num(side) for side in both.per_zone("children"))
    gained = np.maximum(now - was, 0).sum()
    assert gained <= after.for_plan("children_moved")
    assert (gained > 0) <= (after.for_plan("units_moved") > 0)


@given(journey=journeys)
@settings(max_examples=15)
def test_tables_say_what_the_evaluation_says_or_nothing(journey: Scenario) -> None:
    result = evaluate(journey, DORSET)
    zones, plan = zone_table(result, DORSET), plan_table(result, DORSET)
    for metric in METRICS:
        table = zones if metric.scope == "zone" else plan
        column = table.column(metric.key)
        count = len(result.plan.zones) if metric.scope == "zone" else 1
        meant = np.atleast_1d(np.asarray(result.values[metric.key], dtype=np.float64))
        hidden = column.status[:count] == Status.SUPPRESSED
        np.testing.assert_allclose(column.values[:count][~hidden], meant[~hidden])
        assert np.isnan(column.values[:count][hidden]).all()
    before = evaluate(Scenario("today", journey.baseline), DORSET)
    assert before_after_table(compare(before, result), DORSET).totals == 1


@given(journey=journeys)
@settings(max_examples=10)
def test_the_outlines_of_a_redraw_cover_its_units_and_no_more(journey: Scenario) -> None:
    plan = journey.plan
    areas_m2 = shapely.area(dissolve(DORSET.geography, plan))
    measured = evaluate(journey, DORSET).per_zone("area_km2") * M2_PER_KM2
    np.testing.assert_allclose(areas_m2, measured, rtol=1e-9, atol=1e-3)


@pytest.mark.parametrize("staff", ["stays", "follows"])
@given(journey=journeys)
@settings(max_examples=10)
def test_no_worker_is_made_up(staff: str, journey: Scenario) -> None:
    journey = Scenario(
        "journey", journey.baseline, journey.edits, assumptions=Assumptions(staff=staff)
    )
    before = evaluate(Scenario("today", journey.baseline), DORSET).per_zone("fte")
    after = evaluate(journey, DORSET).per_zone("fte")
    assert np.nansum(after) <= np.nansum(before) + 1e-9
    if staff == "stays" or not journey.plan.unassigned:
        assert np.nansum(after) == pytest.approx(np.nansum(before))


@given(data=st.data())
@settings(max_examples=10)
def test_any_plan_of_any_pack_can_be_evaluated_and_shown(
    shipped: Pack, data: st.DataObject
) -> None:
    entry = data.draw(st.sampled_from(shipped.plans))
    count = len(entry.plan.zones)
    size = len(shipped.geography)
    seed = data.draw(st.integers(0, 2**32 - 1))
    assignment = np.random.default_rng(seed).integers(-1, count, size)
    redrawn = Edit.replace_with(Plan(entry.plan.units, entry.plan.zones, assignment), "random")
    result = evaluate(Scenario("random", entry, (redrawn,)), shipped)
    assert set(result.values) == {metric.key for metric in METRICS}
    zone_table(result, shipped).to_csv()
    for indicator in shipped.indicators:
        unit_table(result.plan, indicator, shipped).to_records()
