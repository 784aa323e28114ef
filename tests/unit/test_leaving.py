"""Tables on their way out: what they tell, what is out already, and what is withheld of them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.events import Edit
from analysis.leaving import Leave, out_already, prepare, tells_nothing, told_in_words, ways_out
from analysis.releases import Register
from analysis.scenario import Evaluation, Scenario, compare, evaluate
from analysis.table import Basis, Column, Part, Table
from analysis.tables import (
    before_after_table,
    incident_table,
    indicator_table,
    plan_table,
    unit_table,
    zone_table,
)
from geo.errors import LayerError
from layers.measures import Measures
from layers.pack import Pack
from layers.status import Status

WORDS = {"who": "A Planner", "when": "2026-01-01", "name": "A table"}
MOVE = Edit.move(["E01000001"], to="South")


def with_counts(pack: Pack, key: str, counts: list[float]) -> Pack:
    old = pack.measures
    values = old.values.copy()
    values[old.row(key)] = counts
    values[old.row("persons")] = 1_500
    return replace(pack, measures=Measures(old.units, old.measures, values, old.status.copy()))


@pytest.fixture
def drawn(small: Pack) -> Pack:
    """The small pack with three referrals in its first small area, and many elsewhere."""
    return with_counts(small, "referrals", [3, 40, 41, 42, 43, 44, 45, 46, 47])


def evaluated(pack: Pack, *edits: Edit) -> Evaluation:
    return evaluate(Scenario("x", pack.plan("zones"), edits), pack)


def out(*leaves: Leave) -> Register:
    return Register(tuple(release for leave in leaves for release in leave.new))


def texts(table: Table, key: str) -> list[str]:
    return [table.cell(table.column(key), row) for row in range(len(table.names))]


def test_a_first_table_leaves_as_it_is(drawn: Pack) -> None:
    table = zone_table(evaluated(drawn), drawn)
    leave = prepare([table], Register(), **WORDS)
    assert leave.safe
    assert leave.masked(table).to_csv() == table.to_csv()
    assert {told.key for told in leave.new[0].told} == {"referrals", "open_cases"}


def test_what_is_out_leaves_again_without_an_entry(drawn: Pack) -> None:
    zones, plan = zone_table(evaluated(drawn), drawn), plan_table(evaluated(drawn), drawn)
    register = out(prepare([zones], Register(), **WORDS))
    for tables in ([zones], [plan], [zones, plan]):
        again = out_already(tables, register, **WORDS)
        assert again is not None
        assert prepare(tables, register, **WORDS).new == ()
    assert out_already([zones], Register(), **WORDS) is None


def test_counts_that_changed_are_not_out(drawn: Pack) -> None:
    register = out(prepare([zone_table(evaluated(drawn), drawn)], Register(), **WORDS))
    other = with_counts(drawn, "referrals", [30, 41, 41, 42, 43, 44, 45, 46, 47])
    table = zone_table(evaluated(other), other)
    assert out_already([table], register, **WORDS) is None
    assert "changed since a release" in " ".join(prepare([table], register, **WORDS).notes)


def test_a_small_move_is_refused_and_named_without_its_count(drawn: Pack) -> None:
    register = out(prepare([zone_table(evaluated(drawn), drawn)], Register(), **WORDS))
    leave = prepare([zone_table(evaluated(drawn, MOVE), drawn)], register, **WORDS)
    assert not leave.safe
    rows = told_in_words(leave.failures, {"E01000001": "Top left"}, drawn.measures)
    assert ("Referrals", "Top left", "North", "South") in [row[:4] for row in rows]
    assert not any("3" in cell for row in rows for cell in row[:4])


def test_withholding_takes_all_with_it_that_was_worked_out(drawn: Pack) -> None:
    register = out(prepare([zone_table(evaluated(drawn), drawn)], Register(), **WORDS))
    after = evaluated(drawn, MOVE)
    tables = [zone_table(after, drawn), plan_table(after, drawn)]
    leave = prepare(tables, register, mend="withhold", **WORDS)
    assert leave.safe
    zones, plan = (leave.masked(table) for table in tables)
    hidden = [row for row, text in enumerate(texts(zones, "referrals")) if text == "c"]
    assert hidden
    for key in ("referral_rate", "referral_rate_lower", "referral_rate_upper"):
        assert [r for r, text in enumerate(texts(zones, key)) if text == "c"] == hidden
    assert texts(plan, "referral_cv") == texts(plan, "referral_max_min") == ["c"]
    assert texts(zones, "children") == texts(tables[0], "children")
    assert "c" not in texts(zones, "area_km2")


def test_a_redraw_beside_its_baseline_is_checked_as_two_plans(drawn: Pack) -> None:
    table = before_after_table(compare(evaluated(drawn), evaluated(drawn, MOVE)), drawn)
    assert not prepare([table], Register(), **WORDS).safe
    leave = prepare([table], Register(), mend="withhold", **WORDS)
    assert leave.safe
    assert len(leave.new) == 2
    assert "c" in texts(leave.masked(table), "referrals_after")


def test_rounding_shows_counts_to_the_nearest_five_and_no_rates(small: Pack) -> None:
    pack = with_counts(small, "referrals", [12, 40, 41, 42, 43, 44, 45, 46, 47])
    pack = with_counts(pack, "open_cin", [12, 40, 41, 42, 43, 44, 45, 46, 47])
    table = indicator_table(pack.plan("zones").plan, pack.indicator("referrals"), pack, what="Zone")
    leave = prepare([table], Register(), **WORDS)
    rounded = replace(leave, granted=tuple(r.rounded() for r in leave.wanted))
    shown = rounded.masked(table)
    counts = [text.replace(",", "") for text in texts(shown, "referrals")]
    assert all(int(count) % 5 == 0 for count in counts)
    assert set(texts(shown, "value")) == set(texts(shown, "lower")) == {"c"}
    assert texts(shown, "children") == texts(table, "children")
    assert set(shown.texts[0].texts) == {""}  # the verdict was worked out from exact counts


def test_units_and_zones_are_releases_of_their_own(drawn: Pack) -> None:
    plan, indicator = drawn.plan("zones").plan, drawn.indicator("referrals")
    units = unit_table(plan, indicator, drawn)
    leave = prepare([units], Register(), mend="withhold", **WORDS)
    assert [release.rows for release in leave.new] == ["units"]
    register = out(leave)
    zones = indicator_table(plan, indicator, drawn, what="Zone")
    assert out_already([zones], register, **WORDS) is None


def test_incidents_of_the_police_tell_nothing_of_children(small: Pack) -> None:
    assert small.incidents is not None
    table = incident_table(small.incidents, small.plan("zones").plan, small, what="Zone")
    assert tells_nothing([table])
    assert not tells_nothing([table, zone_table(evaluated(small), small)])


def test_a_table_without_a_basis_may_not_leave(drawn: Pack) -> None:
    table = replace(zone_table(evaluated(drawn), drawn), basis=None)
    assert not tells_nothing([table])
    with pytest.raises(LayerError, match="does not say which counts"):
        prepare([table], Register(), **WORDS)


def test_a_refused_table_has_ways_out(drawn: Pack) -> None:
    register = out(prepare([zone_table(evaluated(drawn), drawn)], Register(), **WORDS))
    table = zone_table(evaluated(drawn, MOVE), drawn)
    leave = prepare([table], register, **WORDS)
    assert table.basis is not None
    ways = ways_out(leave, register, table.basis.measures, neighbours=drawn.geography.neighbours)
    assert "withhold" in {way.kind for way in ways}


def test_cases_that_change_team_are_left_out_rather_than_the_table_refused(small: Pack) -> None:
    pack = with_counts(small, "open_cin", [40, 3, 41, 42, 43, 44, 45, 46, 47])
    pack = with_counts(pack, "open_cp", [0] * 9)
    after = evaluated(pack, Edit.move(["E01000002", "E01000001"], to="South"))
    table = plan_table(after, pack)
    leave = prepare([table], Register(), **WORDS)
    assert leave.safe
    assert texts(leave.masked(table), "units_moved") == texts(table, "units_moved")


@given(shift=st.integers(0, 8), what=st.sampled_from(["of", "none", "all"]))
def test_a_column_is_withheld_with_what_it_is_made_of(small: Pack, shift: int, what: str) -> None:
    plan = small.plan("zones").plan
    of = {"of": ("referrals",), "none": (), "all": None}[what]
    values = np.array([1.5, 2.5, 3.5, 4.5]) + shift
    column = Column("made", "Made", "", 1, values, np.zeros(4, dtype=np.int8), of=of)
    table = replace(
        zone_table(evaluated(small), small),
        columns=(column,),
        texts=(),
        basis=Basis.of_pack(small, Part(plan, ("referrals",))),
    )
    leave = prepare([table], Register(), **WORDS)
    row = shift % 3
    granted = tuple(r.withheld({"referrals": [row]}) for r in leave.wanted)
    shown = replace(leave, granted=granted).masked(table).column("made")
    expected = [int(Status.SUPPRESSED) if at == row and of != () else 0 for at in range(4)]
    assert shown.status.tolist() == expected
    assert np.isnan(shown.values).tolist() == [state > 0 for state in expected]
