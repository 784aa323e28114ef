"""The registry: what every metric must have, and what each is on a pack drawn by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.assumptions import Assumptions
from analysis.bands import need_bands
from analysis.equity import inequality
from analysis.events import Edit
from analysis.metrics import METRICS, Metric
from analysis.scenario import Evaluation, Scenario, evaluate, metric
from analysis.tables import plan_table, zone_table
from geo.errors import PlanError
from geo.plan import Plan
from layers.measures import Measure
from layers.pack import Pack
from small_pack import UNITS

METHODS = Path(__file__).resolve().parents[2] / "docs" / "methods.md"
NAN = float("nan")


def by_key(entry: Metric) -> str:
    return entry.key


@pytest.fixture(scope="module")
def today(small: Pack) -> Evaluation:
    return evaluate(Scenario("today", small.plan("zones")), small)


@pytest.fixture(scope="module")
def redrawn(small: Pack) -> Evaluation:
    edit = Edit.move([UNITS[0], UNITS[8]], to="Middle")
    return evaluate(Scenario("redraw", small.plan("zones")).do(edit), small)


@pytest.mark.parametrize("field", ["key", "title"])
def test_no_two_metrics_share_a_name(field: str) -> None:
    names = [getattr(entry, field) for entry in METRICS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("entry", METRICS, ids=by_key)
def test_every_metric_says_its_version_unit_and_decimals(entry: Metric) -> None:
    assert entry.version >= 1
    assert entry.title[0].isupper()
    assert entry.unit
    assert 0 <= entry.decimals <= 3


@pytest.mark.parametrize("entry", METRICS, ids=by_key)
def test_every_metric_is_documented(entry: Metric) -> None:
    assert METHODS.is_file(), "docs/methods.md is not there"
    assert entry.title in METHODS.read_text(encoding="utf-8")


@pytest.mark.parametrize("entry", METRICS, ids=by_key)
def test_every_metric_gives_what_its_scope_promises(entry: Metric, today: Evaluation) -> None:
    value = entry.compute(today.facts)
    if entry.scope == "plan":
        assert isinstance(value, float)
        return
    assert isinstance(value, np.ndarray)
    assert value.shape == (3,)
    assert value.dtype == np.float64


@pytest.mark.parametrize("entry", METRICS, ids=by_key)
def test_every_metric_stands_in_a_table(entry: Metric, today: Evaluation, small: Pack) -> None:
    table = (zone_table if entry.scope == "zone" else plan_table)(today, small)
    column = table.column(entry.key)
    assert (column.title, column.unit, column.decimals) == (
        entry.title,
        entry.unit,
        entry.decimals,
    )


@pytest.mark.parametrize("entry", METRICS, ids=by_key)
def test_a_referral_rate_is_neither_good_nor_bad(entry: Metric) -> None:
    assert entry.better in {"low", "high", "none"}
    assert entry.scope == "plan" or entry.better == "none"


@pytest.mark.parametrize(
    ("key", "answer"),
    [
        ("units", [3, 3, 3]),
        ("persons", [3000, 3000, 3000]),
        ("children", [600, 600, 800]),
        ("referrals", [60, 30, 20]),
        ("referral_rate", [1000, 500, 250]),
        ("cp_rate", [10 / 0.06, 5 / 0.06, 6 / 0.08]),
        ("open_cases", [40, 20, 26]),
        ("fte", [4, 1, 2]),
        ("available_fte", [3.9, 1, 2]),  # one of the north's four is newly qualified
        ("weighted_cases", [40, 20, 26]),
        ("weighted_load", [40 / 3.9, 20, 13]),
        ("cases_per_fte", [10, 20, 13]),
        ("area_km2", [0.03, 0.03, 0.03]),
        ("polsby_popper", [4 * np.pi * 3 / 64] * 3),
        ("pieces", [2, 1, 1]),  # the estuary parts the first unit from the rest of the north
    ],
)
def test_figures_of_each_zone(today: Evaluation, key: str, answer: list[float]) -> None:
    np.testing.assert_allclose(today.per_zone(key), answer)


@pytest.mark.parametrize(
    ("key", "answer"),
    [
        # rates 1000, 500, 250 with 600, 600, 800 children: mean 550, variance 97,500
        ("referral_cv", 100 * 97_500**0.5 / 550),
        ("referral_max_min", 4),
        # sum of s_i s_j |y_i - y_j| = 2 (.09 x 500 + .12 x 750 + .12 x 250) = 330, over 2 x 550
        ("referral_gini", 0.3),
        # loads 10, 20, 13 with 4, 1, 2 workers
        ("load_max_min", 2),
        ("units_moved", 0),
        ("children_moved", 0),
        ("cases_moved", 0),
        ("pyramids_split", 2),
        ("cut_edges", 6),
        ("cut_length_km", 0.6),
        ("stray_pieces", 1),
        ("unassigned", 0),
    ],
)
def test_figures_of_the_plan(today: Evaluation, key: str, answer: float) -> None:
    assert today.for_plan(key) == pytest.approx(answer)


@pytest.mark.parametrize(
    ("key", "answer"),
    [
        ("units_moved", 2),
        ("children_moved", 300),
        ("cases_moved", 9 + 6),
        ("unassigned", 0),
        ("stray_pieces", 0),  # the north is whole without the unit beyond the estuary
    ],
)
def test_figures_of_a_redraw(redrawn: Evaluation, key: str, answer: float) -> None:
    assert redrawn.for_plan(key) == answer


def with_counts(pack: Pack, **counts: list[float]) -> Pack:
    measures = pack.measures
    for key, row in counts.items():
        described = Measure(key, key, "children", "2017", "drawn", "official", sensitive=True)
        measures = measures.joined(described, row)
    return replace(pack, measures=measures)


def test_children_in_need_are_told_per_child(small: Pack) -> None:
    pack = with_counts(small, cin=[10.0, 20, 30, 8, 8, 8, 20, 6, 6])
    result = evaluate(Scenario("x", pack.plan("zones")), pack)
    np.testing.assert_allclose(result.per_zone("cin_rate"), [1000, 400, 400])
    assert 0 < result.for_plan("cin_noise") < result.for_plan("cin_cv")


def test_where_all_need_is_alike_the_expected_is_the_mean(small: Pack) -> None:
    children = small.measures.counts("children")
    pack = with_counts(small, children_low_income=(children / 5).tolist())
    result = evaluate(Scenario("x", pack.plan("zones")), pack)
    np.testing.assert_allclose(result.per_zone("oe"), np.array([1000, 500, 250]) / 550)
    assert result.for_plan("oe_cv") == pytest.approx(result.for_plan("referral_cv"))
    assert result.for_plan("oe_noise") == pytest.approx(result.for_plan("referral_noise"))
    assert result.for_plan("oe_max_min") == pytest.approx(4)


def test_need_that_explains_all_leaves_nothing_against_it(small: Pack) -> None:
    """Each row of the drawing is a zone and of one need: its own rate is what it should have."""
    shares = [0.5] * 3 + [0.3] * 3 + [0.1] * 3
    poor = (small.measures.counts("children") * shares).tolist()
    pack = with_counts(small, children_low_income=poor)
    result = evaluate(Scenario("x", pack.plan("zones")), pack)
    np.testing.assert_allclose(result.per_zone("oe"), 1, atol=0.2)  # fifths cut across a zone
    assert result.for_plan("oe_cv") < 0.3 * result.for_plan("referral_cv")


def test_what_need_would_bring_adds_up_to_what_was_seen(dorset: Pack) -> None:
    for entry in dorset.plans:
        facts = evaluate(Scenario("x", entry), dorset).facts
        found = facts.against_need
        assert found is not None
        assert found.expected.sum() == pytest.approx(dorset.measures.counts("referrals").sum())


def test_small_areas_of_unknown_need_have_a_band_of_their_own(small: Pack) -> None:
    pack = with_counts(small, children_low_income=[3.0, 50, 90, 40, 50, 60, 70, 80, 90])
    bands = need_bands(pack, pack.plan("zones").plan)
    assert bands is not None
    assert bands[0] == bands.max() == 5
    assert (bands >= 0).all()
    assert need_bands(small, small.plan("zones").plan) is None
    nothing = with_counts(small, children_low_income=[2.0] * 9)
    assert need_bands(nothing, nothing.plan("zones").plan) is None


def test_chance_is_less_than_what_the_zones_differ_by(today: Evaluation) -> None:
    noise = today.for_plan("referral_noise")
    assert 0 < noise < today.for_plan("referral_cv")


def test_a_metric_is_found_by_its_key() -> None:
    assert metric("referral_cv").title == "Referral rate CV"
    with pytest.raises(PlanError, match=r"no metric 'cv'\. See units, persons, children and"):
        metric("cv")


def test_a_metric_of_a_zone_is_not_one_of_the_plan(today: Evaluation) -> None:
    with pytest.raises(PlanError, match="'units' is one number a zone, not one for the plan"):
        today.for_plan("units")
    with pytest.raises(PlanError, match="'referral_cv' is one number for the plan, not one a zone"):
        today.per_zone("referral_cv")


@pytest.mark.parametrize("entry", METRICS, ids=by_key)
def test_an_empty_zone_breaks_no_metric(entry: Metric, small: Pack) -> None:
    emptied = Scenario("redraw", small.plan("zones")).do(Edit.move(UNITS[3:6], to="North"))
    value = entry.compute(evaluate(emptied, small).facts)
    per_child = {"referral_rate", "cin_rate", "cp_rate", "oe"}
    if entry.scope == "zone" and entry.key not in per_child | {"polsby_popper"}:
        assert not np.isnan(value).any()


@pytest.mark.parametrize("entry", METRICS, ids=by_key)
def test_no_zone_at_all_breaks_no_metric(entry: Metric, small: Pack) -> None:
    none = Scenario("redraw", small.plan("zones")).do(Edit.move(UNITS, to=None))
    value = entry.compute(evaluate(none, small).facts)
    assert np.shape(value) == (() if entry.scope == "plan" else (3,))


# spreads of load: which zones are in them


SPREADS_OF_LOAD = (
    "load_cv",
    "load_gini",
    "load_max_min",
    "load_noise",
    "weighted_load_cv",
    "weighted_load_max_min",
    "weighted_load_noise",
)


def test_an_emptied_zone_that_keeps_its_staff_is_in_no_spread_of_load(small: Pack) -> None:
    """North gives all to South: Middle has 20 cases with 1 FTE, South 66 with 2."""
    scenario = Scenario("x", small.plan("zones")).do(Edit.move(UNITS[:3], to="South"))
    result = evaluate(scenario, small)
    assert result.facts.fte.tolist() == [4, 1, 2]
    # loads 20 and 33, weights 1 and 2: mean 86 / 3
    cv = np.sqrt((1 * (20 - 86 / 3) ** 2 + 2 * (33 - 86 / 3) ** 2) / 3) / (86 / 3)
    assert result.for_plan("load_cv") == pytest.approx(100 * cv)
    assert result.for_plan("load_max_min") == pytest.approx(33 / 20)
    assert result.for_plan("weighted_load_max_min") == pytest.approx(33 / 20)
    two = inequality([20, 66], [1, 2], per=1)
    assert result.for_plan("load_gini") == pytest.approx(two.gini)
    assert result.for_plan("load_noise") == pytest.approx(100 * two.noise_floor)
    assert result.facts.without_staff == ()


def test_a_zone_with_small_areas_and_no_open_case_stays_in_the_spread(small: Pack) -> None:
    counts = {"open_cin": [0.0] * 3 + [9.0] * 6, "open_cp": [0.0] * 3 + [8.0] * 6}
    values = small.measures.values.copy()
    for key, row in counts.items():
        values[small.measures.row(key)] = row
    pack = replace(small, measures=replace(small.measures, values=values))
    result = evaluate(Scenario("x", pack.plan("zones")), pack)
    assert result.per_zone("cases_per_fte")[0] == 0
    assert result.for_plan("load_max_min") == float("inf")
    assert result.for_plan("load_cv") > 50


def test_a_plan_without_its_emptied_zone_has_the_same_spreads(small: Pack) -> None:
    emptied = evaluate(
        Scenario("x", small.plan("zones")).do(Edit.move(UNITS[:3], to="South")), small
    )
    lookup = {unit: "Middle" if unit in UNITS[3:6] else "South" for unit in UNITS}
    gone = replace(small.plan("zones"), plan=Plan.from_lookup(lookup))
    without = evaluate(Scenario("x", gone), small)
    assert set(without.plan.zones) == {"Middle", "South"}
    for key in SPREADS_OF_LOAD:
        assert emptied.for_plan(key) == pytest.approx(without.for_plan(key)), key


def test_a_zone_with_small_areas_and_no_staff_is_named(small: Pack) -> None:
    new = Scenario("x", small.plan("zones")).do(Edit.move(UNITS[:3], to="Coast"))
    assert evaluate(new, small).facts.without_staff == ("Coast",)
    follows = replace(new, assumptions=Assumptions(staff="follows"))
    assert evaluate(follows, small).facts.without_staff == ()
    nobody = replace(new, assumptions=Assumptions(fte={"Middle": 0.0, "Coast": 4.0}))
    assert evaluate(nobody, small).facts.without_staff == ("Middle",)


def test_one_zone_with_staff_among_others_without_lies_apart_from_nobody(small: Pack) -> None:
    start = Scenario("x", small.plan("zones"))
    edits = Edit.move(UNITS[:3], to="Coast"), Edit.move(UNITS[3:6], to="Hills")
    result = evaluate(start.do(edits[0]).do(edits[1]), small)
    assert result.facts.without_staff == ("Coast", "Hills")
    for key in SPREADS_OF_LOAD:
        assert np.isnan(result.for_plan(key)), key
    alone = evaluate(start.do(Edit.move(UNITS[:6], to="South")), small)
    assert alone.for_plan("load_cv") == 0  # all there are


def test_spreads_of_load_say_by_their_version_that_the_rule_is_another() -> None:
    assert {key: metric(key).version for key in SPREADS_OF_LOAD} == dict.fromkeys(
        SPREADS_OF_LOAD, 2
    )
    assert metric("referral_cv").version == 1
