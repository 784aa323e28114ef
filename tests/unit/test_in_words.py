"""The summary in words: right numbers, right grammar, and no claim that chance could make."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.assumptions import Assumptions
from analysis.comparing import Compared, brought, compare_plans
from analysis.events import Edit
from analysis.in_words import counted, in_words, staff_in_words
from analysis.scenario import Scenario, evaluate, redrawing
from analysis.table import Table
from analysis.tables_compare import metrics_table
from geo.plan import Plan
from layers.pack import Pack
from layers.status import Status
from small_pack import UNITS

NAN = float("nan")


def redrawn(pack: Pack, *edits: Edit) -> Compared:
    start = Scenario("today", pack.plan("zones"))
    after = replace(start, edits=edits)
    return compare_plans(["Today", "New"], [evaluate(s, pack) for s in (start, after)])


def said(pack: Pack, *edits: Edit) -> str:
    found = redrawn(pack, *edits)
    return " ".join(in_words(found, metrics_table(found, pack), 1).sentences)


def with_figures(table: Table, **figures: tuple[float, float]) -> Table:
    """Put other figures into the table; None of them is sensitive, NaN is missing."""
    columns = []
    for column in table.columns:
        values = figures.get(column.key)
        if values is None:
            columns.append(column)
            continue
        array = np.array(values)
        status = np.where(np.isnan(array), Status.MISSING, Status.OK).astype(np.int8)
        columns.append(replace(column, values=array, status=status))
    return replace(table, columns=tuple(columns))


def with_hidden(table: Table, *keys: str) -> Table:
    columns = tuple(
        replace(
            c,
            values=np.array([c.values[0], NAN]),
            status=np.array([c.status[0], Status.SUPPRESSED], dtype=np.int8),
        )
        if c.key in keys
        else c
        for c in table.columns
    )
    return replace(table, columns=columns)


@lru_cache
def one_moved(pack: Pack) -> tuple[Compared, Table]:
    found = redrawn(pack, Edit.move(UNITS[:1], to="South"))
    return found, metrics_table(found, pack)


def spread_said(pack: Pack, cv: tuple[float, float], noise: tuple[float, float]) -> str:
    found, table = one_moved(pack)
    table = with_figures(table, referral_cv=cv, referral_noise=noise)
    return next(s for s in in_words(found, table, 1).sentences if s.startswith("Referral spread"))


# who moves


def test_a_plan_that_is_the_same_moves_nobody(small: Pack) -> None:
    text = said(small)
    assert text.startswith("No child changes team: every small area stays in its zone.")
    assert "stays at" in text
    assert "open case" not in text


def test_children_and_areas_are_counted_with_their_share(small: Pack) -> None:
    text = said(small, Edit.move(UNITS[:2], to="South"))
    assert text.startswith("300 children (15.0 % of all) change team, in 2 small areas.")
    assert "38 open cases" not in text
    assert "29 open cases change team." in text


def test_one_child_in_one_area_changes_team_in_the_singular(small: Pack) -> None:
    measures = small.measures
    values = measures.values.copy()
    values[measures.row("children"), 0] = 1
    pack = replace(small, measures=replace(measures, values=values))
    text = said(pack, Edit.move(UNITS[:1], to="South"))
    assert text.startswith("1 child (0.1 % of all) changes team, in 1 small area.")


def test_areas_without_children_move_no_child(small: Pack) -> None:
    measures = small.measures
    values = measures.values.copy()
    values[measures.row("children"), 0] = 0
    pack = replace(small, measures=replace(measures, values=values))
    text = said(pack, Edit.move(UNITS[:1], to="South"))
    assert text.startswith("No child changes team, though 1 small area changes zone.")


def test_children_that_are_not_known_are_said_so(small: Pack) -> None:
    measures = small.measures
    values, status = measures.values.copy(), measures.status.copy()
    values[measures.row("children"), 0] = NAN
    status[measures.row("children"), 0] = Status.MISSING
    pack = replace(small, measures=replace(measures, values=values, status=status))
    text = said(pack, Edit.move(UNITS[:1], to="South"))
    assert text.startswith("1 small area changes zone; how many children change team is not known.")


def test_hidden_counts_are_said_to_be_hidden(small: Pack) -> None:
    found = redrawn(small, Edit.move(UNITS[:1], to="South"))
    table = with_hidden(metrics_table(found, small), "children_moved", "cases_moved", "load_cv")
    text = " ".join(in_words(found, table, 1).sentences)
    assert "how many children change team is not shown, as the count is small" in text
    assert "How many open cases change team is not shown, as the count is small." in text
    assert "How the spread of cases per worker changes is not shown" in text


# spreads


@pytest.mark.parametrize(
    ("cv", "noise", "sentence"),
    [
        ((14.0, 6.0), (3.5, 3.0), "falls from 14.0 % to 6.0 %, of which 3.0 % could be chance."),
        ((6.0, 14.0), (3.0, 3.5), "rises from 6.0 % to 14.0 %, of which 3.5 % could be chance."),
        ((6.0, 6.0), (3.0, 3.0), "stays at 6.0 %, of which 3.0 % could be chance."),
        (
            (6.0, 2.1),
            (2.8, 2.8),
            "falls from 6.0 % to 2.1 %, all of which could be chance (2.8 %).",
        ),
        ((2.0, 2.0), (2.8, 2.8), "stays at 2.0 %, all of which could be chance (2.8 %)."),
        ((6.0, 6.04), (0.001, 0.001), "stays at 6.0 %, of which 0.0 % could be chance."),
        ((6.0, 5.0), (3.0, 3.0), "goes from 6.0 % to 5.0 %, a change that chance alone could"),
        ((6.0, 7.0), (3.0, 3.0), "goes from 6.0 % to 7.0 %, a change that chance alone could"),
        ((9.0, 6.0), (1.0, 3.0), "goes from 9.0 % to 6.0 %, a change that chance alone could"),
        ((9.0, 5.0), (NAN, 3.0), "goes from 9.0 % to 5.0 %; what chance alone could do is not"),
        ((9.0, 9.0), (NAN, NAN), "stays at 9.0 %."),
        ((NAN, 5.0), (3.0, 3.0), "cannot be compared: it is not known for 'Today'."),
        ((NAN, NAN), (3.0, 3.0), "cannot be compared: it is not known for 'Today' and 'New'."),
    ],
)
def test_a_spread_is_told_with_what_chance_could_do(
    small: Pack, cv: tuple[float, float], noise: tuple[float, float], sentence: str
) -> None:
    assert sentence in spread_said(small, cv, noise)


@given(
    before=st.floats(0, 60), after=st.floats(0, 60),
    noise=st.tuples(st.floats(0, 30), st.floats(0, 30)),
)  # fmt: skip
def test_no_direction_is_claimed_inside_chance(
    small: Pack, before: float, after: float, noise: tuple[float, float]
) -> None:
    text = spread_said(small, (before, after), noise)
    claims = "falls" in text or "rises" in text
    if claims:
        assert abs(before - after) > max(noise)
        assert ("falls" in text) == (after < before)
    elif "stays" not in text:
        assert abs(before - after) <= max(noise)


def test_a_plan_without_staff_says_no_staff_recorded(dorset: Pack) -> None:
    entries = [dorset.plan(key) for key in ("zones", "pyramids")]
    found = compare_plans(
        [e.title for e in entries], [evaluate(Scenario(e.key, e), dorset) for e in entries]
    )
    text = " ".join(in_words(found, metrics_table(found, dorset), 1).sentences)
    assert "cannot be compared: no staff recorded for 'School pyramids'." in text


def test_a_zone_without_staff_in_one_plan_only_is_no_gain_in_load(dorset: Pack) -> None:
    start = Scenario("a", dorset.plan("areas"))
    bare = replace(start, assumptions=Assumptions(fte={"South": 0.0}))
    found = compare_plans(["Today", "New"], [evaluate(one, dorset) for one in (start, bare)])
    text = " ".join(in_words(found, metrics_table(found, dorset), 1).sentences)
    assert "but without South in 'New', where no staff is recorded: that is no comparison." in text
    assert "No staff recorded for South in 'New'" in text


def test_other_assumptions_are_said(small: Pack) -> None:
    start = Scenario("today", small.plan("zones"))
    other = replace(start, assumptions=Assumptions(staff="follows", weights={"open_cp": 2}))
    found = compare_plans(["Today", "New"], [evaluate(s, small) for s in (start, other)])
    text = " ".join(in_words(found, metrics_table(found, small), 1).sentences)
    assert (
        "It makes other assumptions than 'Today' about what staff do when a line moves and what "
        "cases weigh: cases per worker are not like for like." in text
    )
    assert "other assumptions" not in said(small)


# zones and lines


def test_zones_that_come_go_or_change_their_name_are_named(small: Pack) -> None:
    halves = Plan.from_lookup({u: "West" if i < 4 else "East" for i, u in enumerate(UNITS)})
    plans = (small.plan("zones").plan, halves)
    found = compare_plans(
        ["Today", "Halves"], [evaluate(redrawing(small, p), small) for p in plans]
    )
    text = " ".join(in_words(found, metrics_table(found, small), 1).sentences)
    assert "It has 2 zones with small areas, 'Today' 3:" in text
    assert "Middle is gone." in text
    assert "Matched by the children they share: " in text
    assert "West with North" in text
    turned = compare_plans(["Halves", "Today"], tuple(reversed(found.evaluations)))
    text = " ".join(in_words(turned, metrics_table(turned, small), 1).sentences)
    assert "Middle is new." in text


def test_empty_zones_and_loose_areas_are_said(small: Pack) -> None:
    text = said(small, Edit.move(UNITS[:2], to="Middle"), Edit.move(UNITS[2:3], to=None))
    assert "No small area is left in North." in text
    assert "1 small area is in no zone." in text


def test_more_and_fewer_are_both_said(small: Pack) -> None:
    found = redrawn(small, Edit.move(UNITS[:1], to="South"))
    table = metrics_table(found, small)
    more = with_figures(table, pyramids_split=(1, 3), cut_length_km=(2.0, 1.5), stray_pieces=(2, 1))
    text = " ".join(in_words(found, more, 1).sentences)
    assert "2 more school pyramids are split: 3, against 1." in text
    assert "1 fewer piece of a zone lies apart: 1, against 2." in text
    assert "The lines between zones are 0.5 km shorter: 1.5 km, against 2.0 km." in text
    less = with_figures(table, pyramids_split=(3, 2), cut_length_km=(1.5, 2.0), stray_pieces=(1, 3))
    text = " ".join(in_words(found, less, 1).sentences)
    assert "1 fewer school pyramid is split: 2, against 3." in text
    assert "2 more pieces of a zone lie apart: 3, against 1." in text
    assert "0.5 km longer" in text


def test_zero_one_and_many_have_their_noun() -> None:
    assert counted(0, "zone") == "no zones"
    assert counted(1.0, "zone") == "1 zone"
    assert counted(2, "zone") == "2 zones"
    assert counted(1234, "child", "children") == "1,234 children"


# plans from files


def of_file(pack: Pack, names: dict[str, str]) -> str:
    entry = pack.plan("areas")
    lookup = {u: entry.plan.zone_of(u) or "" for u in entry.plan.units}
    scenario = brought(
        pack, Plan.from_lookup({unit: names.get(zone, zone) for unit, zone in lookup.items()})
    )
    found = compare_plans(
        ["Today", "File"],
        [evaluate(s, pack) for s in (Scenario("areas", entry), scenario)],
        [(), staff_in_words(scenario, pack)],
    )
    return " ".join(in_words(found, metrics_table(found, pack), 1).sentences)


def test_a_file_with_new_names_is_said_to_be_matched_and_to_have_the_staff(dorset: Pack) -> None:
    text = of_file(dorset, {"West": "Western"})
    assert text.startswith("No child changes team: every small area stays in its zone.")
    assert "Matched by the children they share: Western with West." in text
    assert (
        "A file holds no staff; its zones are taken to have that of 'Social-work areas': Western "
        "that of West." in text
    )
    assert "No small area is left" not in text
    assert "is new" not in text
    assert "The spread of cases per worker stays" in text


def test_staff_that_is_in_no_zone_of_a_file_is_said(dorset: Pack) -> None:
    text = of_file(dorset, {"Central": "Inland", "North": "Inland"})
    assert text.startswith("16,919 children")
    assert "The staff of North is in none of its zones." in text
    assert "North is gone." in text


def test_a_zone_that_is_emptied_under_its_name_is_not_said_to_be_new(dorset: Pack) -> None:
    entry = dorset.plan("areas")
    start = Scenario("areas", entry)
    after = start.do(Edit.move(entry.plan.members("West"), to="Western"))
    found = compare_plans(["Today", "New"], [evaluate(s, dorset) for s in (start, after)])
    text = " ".join(in_words(found, metrics_table(found, dorset), 1).sentences)
    assert text.startswith("No child changes team")
    assert "No small area is left in West." in text
    assert "is new" not in text
    assert (
        "No staff recorded for Western in 'New': its spread of cases per worker is that of the "
        "other zones." in text
    )


def test_a_plan_from_a_file_says_nothing_of_staff_where_none_is_recorded(dorset: Pack) -> None:
    scenario = brought(dorset, dorset.plan("pyramids").plan)
    assert staff_in_words(scenario, dorset) == ()
