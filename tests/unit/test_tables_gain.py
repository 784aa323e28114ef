"""Tables and sentences of a gain: readable, and hidden where a count behind them is."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.assumptions import Assumptions
from analysis.comparing import compare_plans
from analysis.events import Edit
from analysis.gain import Gain, Spread, gain
from analysis.scenario import Evaluation, Scenario, evaluate
from analysis.table import Table
from analysis.tables import plan_table
from analysis.tables_compare import is_within_chance, metrics_table
from analysis.tables_gain import (
    Sides,
    is_shown,
    level_band,
    other_number_of_zones,
    outlook_table,
    spread_table,
    stability_in_words,
    verdicts,
)
from geo.plan import Plan
from layers.measures import Measures
from layers.pack import Pack
from layers.status import Status
from small_pack import UNITS

CVS = ("referral_cv", "cp_cv")


def with_counts(pack: Pack, key: str, counts: list[float]) -> Pack:
    old = pack.measures
    values = old.values.copy()
    values[old.row(key)] = counts
    return replace(pack, measures=Measures(old.units, old.measures, values, old.status.copy()))


def pair(pack: Pack, *edits: Edit, **assumptions: object) -> tuple[Evaluation, Evaluation, Gain]:
    taken = Assumptions(**assumptions)  # type: ignore[arg-type]
    before, after = (
        evaluate(Scenario("x", pack.plan("zones"), e, assumptions=taken), pack) for e in ((), edits)
    )
    return before, after, gain(before, after, rng=np.random.default_rng(1), draws=400)


def shown(table: Table, key: str) -> list[str]:
    texts = {text.key: list(text.texts) for text in table.texts}
    if key in texts:
        return texts[key]
    return [table.cell(table.column(key), row) for row in range(len(table.names))]


@pytest.fixture(scope="module")
def many(small: Pack) -> Pack:
    """Counts that are nowhere small, so that nothing is hidden."""
    pack = with_counts(small, "referrals", [60, 70, 80, 50, 40, 45, 90, 30, 20])
    for key, count in (("open_cin", 40.0), ("open_cp", 20.0)):
        pack = with_counts(pack, key, [count] * 9)
    return pack


def test_every_measure_stands_with_what_it_was_and_what_chance_makes(many: Pack) -> None:
    before, after, found = pair(many, Edit.move(UNITS[:1], to="South"))
    table = spread_table(found.rates, Sides(before, after, many))
    assert table.names == (
        "Referral rate CV, %",
        "Referral rate Gini",
        "Referral rate max/min",
        "Child protection plan rate CV, %",
    )
    was, now = plan_table(before, many), plan_table(after, many)
    for at, key in enumerate(("referral_cv", "referral_gini", "referral_max_min", "cp_cv")):
        assert shown(table, "before")[at] == was.cell(was.column(key), 0)
        assert shown(table, "after")[at] == now.cell(now.column(key), 0)
    noise = now.cell(now.column("referral_noise"), 0)
    assert shown(table, "chance")[0] == noise
    values = table.column("probability").values
    assert ((values >= 1) & (values <= 99)).all()
    assert table.basis is None  # it mixes measures, and does not leave


def test_rates_and_load_are_told_apart(many: Pack) -> None:
    before, after, found = pair(many, Edit.move(UNITS[:1], to="South"))
    rates, load = (spread_table(e, Sides(before, after, many)) for e in (found.rates, found.load))
    assert not set(rates.names) & set(load.names)
    assert load.names[0] == "Weighted load CV, %"


def test_nothing_moved_has_no_probability_and_says_so(many: Pack) -> None:
    before, after, found = pair(many)
    table = spread_table(found.rates, Sides(before, after, many))
    assert set(shown(table, "probability")) == {"z"}
    first, *_ = verdicts(found.rates, Sides(before, after, many), keys=CVS)
    assert first.text.endswith("Nothing has changed yet.")
    assert "of which about" in first.text


def test_a_gain_is_told_in_plain_words(small: Pack) -> None:
    even = with_counts(small, "children", [2_000.0] * 9)
    even = with_counts(even, "referrals", [400, 20, 20, 20, 400, 20, 200, 150, 150])
    apart, level = Edit.move(UNITS[:1], to="Middle"), Edit.move(UNITS[:1], to="North")
    start = Scenario("x", even.plan("zones")).do(apart)
    before, after = evaluate(start, even), evaluate(start.do(level), even)
    found = gain(before, after, rng=np.random.default_rng(1))
    (verdict,) = verdicts(found.rates, Sides(before, after, even), keys=("referral_cv",))
    assert verdict.text.startswith("Referral rate: the spread falls from ")
    assert "could be chance. The gain is very likely real: probability 99 %." in verdict.text
    back = gain(after, before, rng=np.random.default_rng(1))
    (verdict,) = verdicts(back.rates, Sides(after, before, even), keys=("referral_cv",))
    assert "rises from" in verdict.text
    assert "The loss is very likely real: probability 99 %." in verdict.text
    tables = [spread_table(one.rates, Sides(before, after, even)) for one in (found, back)]
    assert [shown(table, "judged")[0] for table in tables] == ["closer", "farther apart"]
    assert [shown(table, "judged")[1] for table in tables] == ["closer", "farther apart"]  # Gini


def test_no_gain_is_sold_that_chance_alone_could_make(many: Pack) -> None:
    before, after, found = pair(many, Edit.move(UNITS[:1], to="South"))
    sides = Sides(before, after, many)
    for verdict, spread in zip(verdicts(found.rates, sides, keys=CVS), _cvs(found), strict=True):
        within = abs(spread.after - spread.before) <= max(spread.chance_before, spread.chance_after)
        assert ("chance alone could make" in verdict.text) == within == spread.is_within_chance
        assert ("real" in verdict.text) != within
    assert any(spread.is_within_chance for spread in _cvs(found))
    word = shown(spread_table(found.rates, sides), "judged")
    assert {"within chance"} <= set(word)


def test_the_rule_is_that_between_any_two_plans(dorset: Pack) -> None:
    start = Scenario("x", dorset.plan("areas"))
    before = evaluate(start, dorset)
    for count in (1, 6, 20):
        moved = start.do(Edit.move(start.plan.members("South")[:count], to="West"))
        after = evaluate(moved, dorset)
        found = gain(before, after, rng=np.random.default_rng(1), draws=50)
        table = metrics_table(compare_plans(["a", "b"], [before, after]), dorset)
        for spread in _cvs(found):
            assert spread.is_within_chance == is_within_chance(table, spread.key, 0, 1)


def test_another_number_of_zones_is_said(many: Pack) -> None:
    start = Scenario("x", many.plan("zones"))
    merged = start.do(Edit.move(start.plan.members("South"), to="North"))
    one, other = evaluate(start, many), evaluate(merged, many)
    assert other_number_of_zones(Sides(one, one, many)) == ""
    fewer = other_number_of_zones(Sides(one, other, many))
    assert fewer == (
        "2 zones have small areas, against 3 before. Fewer zones lie closer together by nature."
    )
    assert "More zones lie farther apart" in other_number_of_zones(Sides(other, one, many))


def test_a_zone_without_staff_is_no_gain_in_load(dorset: Pack) -> None:
    start = Scenario("x", dorset.plan("areas"))
    bare = replace(start, assumptions=Assumptions(fte={"South": 0.0}))
    before, after = evaluate(start, dorset), evaluate(bare, dorset)
    for one, other in ((before, after), (after, before)):
        found = gain(one, other, rng=np.random.default_rng(1), draws=50)
        sides = Sides(one, other, dorset)
        (verdict,) = verdicts(found.load, sides, keys=("load_cv",))
        assert verdict.text.endswith("The two are not of the same zones, so no gain is told.")
        table = spread_table(found.load, sides)
        assert set(shown(table, "judged")) == {"not of the same zones"}
        assert set(shown(table, "probability")) == {"z"}
    assert "with all in (before: South)" in verdict.text
    found = gain(before, after, rng=np.random.default_rng(1), draws=50)
    sides = Sides(before, after, dorset)
    outlook = found.load.outlook("weighted_load")
    assert "Left out: South (no staff recorded)." in stability_in_words(outlook, sides)
    assert outlook_table(outlook, sides).texts[0].texts[0] == "no staff recorded"


def test_a_zone_without_staff_on_both_sides_is_named(dorset: Pack) -> None:
    bare = Scenario("x", dorset.plan("areas"), assumptions=Assumptions(fte={"South": 0.0}))
    moved = bare.do(Edit.move(bare.plan.members("West")[:20], to="North"))
    before, after = evaluate(bare, dorset), evaluate(moved, dorset)
    found = gain(before, after, rng=np.random.default_rng(1), draws=50)
    (verdict,) = verdicts(found.load, Sides(before, after, dorset), keys=("load_cv",))
    assert verdict.text.endswith("Without South: no staff recorded.")


def test_an_emptied_zone_is_in_no_spread_of_load(dorset: Pack) -> None:
    start = Scenario("x", dorset.plan("areas"))
    moved = start.do(Edit.move(start.plan.members("North"), to="Central"))
    before, after = evaluate(start, dorset), evaluate(moved, dorset)
    found = gain(before, after, rng=np.random.default_rng(1), draws=200)
    sides = Sides(before, after, dorset)
    outlook = found.load.outlook("weighted_load")
    assert outlook.after.zones == ("South", "West", "Central")
    assert "Left out: North (no small area)." in stability_in_words(outlook, sides)
    spread = found.load.spread("load_cv")
    assert spread.after == pytest.approx(after.for_plan("load_cv"))
    assert abs(spread.behind_after.mean - spread.after) < 3


def _cvs(found: Gain) -> list[Spread]:
    return [spread for spread in found.rates.spreads if spread.key in CVS]


def test_a_spread_no_wider_than_chance_makes_it_could_all_be_chance(small: Pack) -> None:
    even = with_counts(small, "children", [2_000.0] * 9)
    even = with_counts(even, "referrals", [60, 20, 20, 20, 60, 20, 40, 30, 31])
    level, apart, _ = pair(even, Edit.move(UNITS[:1], to="South"))
    unchanged, fallen = "Nothing has changed yet", "the spread falls from"
    for one, other, when in ((level, level, unchanged), (apart, level, fallen)):
        said = gain(one, other, rng=np.random.default_rng(1), draws=50)
        (verdict,) = verdicts(said.rates, Sides(one, other, even), keys=("referral_cv",))
        assert "all of which could be chance (about 10.0 %)" in verdict.text
        assert when in verdict.text


def test_years_that_zones_stay_level_are_told_in_words(many: Pack) -> None:
    before, after, found = pair(many, Edit.move(UNITS[:1], to="South"), tolerance=0.02)
    said = " ".join(
        stability_in_words(found.rates.outlook("referral_rate"), Sides(before, after, many))
    )
    assert "Next year all 3 zones would stay within 2 % of their mean in less than 1 %" in said
    assert "A tolerance of 2 % is tighter than chance: even zones of equal rates" in said
    assert "in 80 % of years and" in said


def test_a_zone_without_staff_is_named_and_has_no_load(many: Pack) -> None:
    before, after, found = pair(many, Edit.move(UNITS[:2], to="East"))
    outlook = found.load.outlook("weighted_load")
    table = outlook_table(outlook, Sides(before, after, many))
    assert table.names == ("North", "Middle", "South", "East")
    assert shown(table, "note") == ["", "", "", "no staff recorded"]
    assert shown(table, "value_after")[-1] == ""
    assert shown(table, "value_before")[-1] == "z"  # no such zone before
    said = " ".join(stability_in_words(outlook, Sides(before, after, many)))
    assert "Left out: East (no staff recorded)." in said


def test_a_zone_that_is_gone_is_not_applicable_after(many: Pack) -> None:
    lookup = {unit: "North" if at < 5 else "South" for at, unit in enumerate(UNITS)}
    edit = Edit.replace_with(Plan.from_lookup(lookup), "two zones")
    before, after, found = pair(many, edit)
    table = outlook_table(found.rates.outlook("referral_rate"), Sides(before, after, many))
    assert shown(table, "value_after")[1] == "z"
    assert shown(table, "note")[1] == "not in this plan"


def test_what_is_made_of_a_suppressed_count_is_suppressed(small: Pack) -> None:
    pack = with_counts(small, "referrals", [1, 1, 1, 10, 10, 10, 8, 6, 6])
    before, after, found = pair(pack, Edit.move(UNITS[8:], to="Middle"))
    table = spread_table(found.rates, Sides(before, after, pack))
    for key in ("before", "after", "chance", "unlikely", "behind_before", "probability"):
        assert shown(table, key)[:3] == ["c", "c", "c"], key
    first, second = verdicts(found.rates, Sides(before, after, pack), keys=CVS)
    assert not first.shown
    assert not any(letter.isdigit() for letter in first.text)
    assert second.key == "cp_cv"
    outlook = found.rates.outlook("referral_rate")
    assert not is_shown(outlook, Sides(before, after, pack))
    assert level_band(outlook, Sides(before, after, pack)) is None
    (said,) = stability_in_words(outlook, Sides(before, after, pack))
    assert not any(letter.isdigit() for letter in said)
    zones = outlook_table(outlook, Sides(before, after, pack))
    hidden = zones.column("value_after").status == Status.SUPPRESSED
    assert hidden.any()
    for key in ("value", "lower", "upper", "inside"):
        column = zones.column(f"{key}_after")
        assert (column.status[hidden] == Status.SUPPRESSED).all()
        assert np.isnan(column.values[hidden]).all()


def test_a_figure_hidden_in_one_plan_hides_what_compares_the_two(small: Pack) -> None:
    pack = with_counts(small, "referrals", [3, 20, 30, 10, 10, 10, 12, 16, 12])
    before, after, found = pair(pack, Edit.move(UNITS[:1], to="East"))
    table = spread_table(found.rates, Sides(before, after, pack))
    assert shown(table, "before")[0] != "c"
    assert shown(table, "after")[0] == "c"
    assert shown(table, "probability")[0] == shown(table, "behind_before")[0] == "c"


def test_a_rule_that_rounds_is_kept_in_next_year_too(many: Pack) -> None:
    """A rate beside the children that it is of tells its count."""
    pack = replace(many, authority=replace(many.authority, disclosure="nhs"))
    pack = with_counts(pack, "referrals", [61, 72, 83, 51, 42, 47, 92, 33, 21])
    before, after, found = pair(pack, Edit.move(UNITS[8:], to="Middle"))
    sides = Sides(before, after, pack)
    for outlook in (*found.rates.outlooks, *found.load.outlooks):
        table, zones = outlook_table(outlook, sides), sides.zones[1].column(outlook.key)
        assert np.array_equal(table.column("value_after").values, zones.values[:3])
        for key in ("lower", "upper"):
            events = table.column(f"{key}_after").values * outlook.after.base
            assert np.allclose(events / 5, np.round(events / 5)), (outlook.key, key)
        band = level_band(outlook, sides)
        assert band is not None
        events = band[1] * outlook.after.base.sum()
        assert np.isclose(events / 5, round(events / 5))
    exact = found.rates.outlook("referral_rate").after
    assert not np.allclose(exact.value * exact.base % 5, 0)


def test_the_band_is_the_mean_and_its_tolerance(many: Pack) -> None:
    before, after, found = pair(many, Edit.move(UNITS[8:], to="Middle"), tolerance=0.2)
    outlook = found.rates.outlook("referral_rate")
    whole = 485 / before.facts.counts("children").sum() * 10_000
    assert level_band(outlook, Sides(before, after, many)) == pytest.approx(
        (0.8 * whole, whole, 1.2 * whole)
    )


def test_weights_that_differ_hide_load_where_a_kind_is_hidden(small: Pack) -> None:
    for weights, hidden in (({}, False), ({"open_cp": 2.0}, True)):
        before, after, found = pair(small, Edit.move(UNITS[3:4], to="North"), weights=weights)
        table = spread_table(found.load, Sides(before, after, small))
        assert (shown(table, "probability")[0] == "c") == hidden


def test_without_a_second_zone_there_is_nothing_to_compare(many: Pack) -> None:
    before, after, found = pair(many, Edit.move(UNITS, to="North"))
    said = stability_in_words(found.rates.outlook("referral_rate"), Sides(before, after, many))
    assert said == ("There are fewer than two zones to compare.",)
    first, *_ = verdicts(found.rates, Sides(before, after, many), keys=CVS)
    assert first.text == "Referral rate: not known."
