"""Releases and the register: what a table gives away beside earlier ones, and what mends it."""

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import protection
from analysis.disclosure import DFE, NHS, Policy, Suppressed, cell_text, suppress
from analysis.protection import (
    Known,
    Offer,
    feasible_ranges,
    least_withheld,
    narrow_sets,
    offer_of,
    suppress_least,
    width_of,
    widths,
)
from analysis.releases import (
    Register,
    Release,
    check_release,
    described,
    release_of,
    remedies,
)
from geo.adjacency import Neighbours
from geo.errors import LayerError, PlanError
from geo.plan import Plan
from layers.measures import Measure, Measures
from layers.status import Status

NAN = float("nan")


def measures_of(
    counts: Sequence[float], *, persons: Sequence[float] | None = None, period: str = "2016"
) -> Measures:
    people = Measure("persons", "Persons", "people", "2016", "drawn", "official")
    cases = Measure("cases", "Cases", "children", period, "drawn", "official", sensitive=True)
    values = np.array([persons or [1500.0] * len(counts), counts], dtype=float)
    status = np.where(np.isnan(values), Status.MISSING, Status.OK).astype(np.int8)
    units = tuple(f"E0{n}" for n in range(1, len(counts) + 1))
    return Measures(units, (people, cases), values, status)


def plan_of(zones: str) -> Plan:
    """Draw a plan: a letter for the zone of each unit, a dot for none."""
    return Plan.from_lookup(
        {f"E0{n}": None if zone == "." else zone for n, zone in enumerate(zones, start=1)}
    )


def zones_of(plan: Plan, measures: Measures, when: str = "2026-01-01", **words: str) -> Release:
    rows = "units" if words.get("rows") == "units" else "zones"
    return release_of(
        plan, measures, ["persons", "cases"], who="planner", when=when, table=rows, rows=rows
    )


COUNTS = measures_of([30, 3, 20, 25, 40, 18])
TODAY = plan_of("AABABB")
OUT = Register((zones_of(TODAY, COUNTS),))
REDRAWN = TODAY.move(["E02"], to="B")


def text(result: Suppressed) -> str:
    cells = " ".join(
        cell_text(v, s) or "_" for v, s in zip(result.values, result.status, strict=True)
    )
    return cells if result.totals is None else f"{cells} | {text(result.totals)}"


def test_a_first_table_of_large_zones_may_leave() -> None:
    assert check_release(OUT.releases[0], Register(), COUNTS).safe


def test_the_same_table_may_leave_twice() -> None:
    assert check_release(OUT.releases[0], OUT, COUNTS).safe


def test_a_unit_that_moved_is_found_with_its_zones_and_without_its_count() -> None:
    verdict = check_release(zones_of(REDRAWN, COUNTS), OUT, COUNTS)
    failure = next(f for f in verdict.failures if f.units == ("E02",))
    assert (failure.why, failure.zones_from, failure.zones_to) == ("rule", ("A",), ("B",))
    assert failure.sentence.startswith("The cases of E02 in B (A before) would stand apart beside")
    assert not verdict.safe
    assert " 3" not in failure.sentence


def test_a_large_set_may_move() -> None:
    assert check_release(zones_of(TODAY.move(["E01"], to="B"), COUNTS), OUT, COUNTS).safe


def test_a_set_of_few_people_may_not_stand_apart() -> None:
    counts = measures_of([30, 8, 20, 25, 40, 18], persons=[1500, 60, 1500, 1500, 1500, 1500])
    register = Register((zones_of(TODAY, counts),))
    redrawn = zones_of(REDRAWN, counts)
    assert not check_release(redrawn, register, counts).safe
    assert check_release(redrawn, register, counts, floor=50).safe


def test_a_set_that_counts_nobody_may_move() -> None:
    counts = measures_of([30, 0, 20, 25, 40, 18])
    assert check_release(
        zones_of(REDRAWN, counts), Register((zones_of(TODAY, counts),)), counts
    ).safe


def test_without_people_a_note_says_that_the_floor_was_not_checked() -> None:
    verdict = check_release(OUT.releases[0], OUT, COUNTS, people="residents")
    assert verdict.notes == (
        "There is no measure 'residents': the floor of people was not checked.",
    )


def test_withholding_one_of_two_sums_does_not_hide_a_set_that_a_total_gives_back() -> None:
    release = zones_of(REDRAWN, COUNTS).withheld({"cases": [0]})
    assert not check_release(release, OUT, COUNTS).safe


def test_a_table_that_was_not_suppressed_is_refused() -> None:
    counts = measures_of([30, 3, 20, 25, 40, 18])
    values = counts.counts("cases").copy()
    bare = {"cases": Suppressed(values, np.zeros(6, dtype=np.int8))}
    release = described(TODAY, counts, bare, who="x", when="2026", table="units", rows="units")
    verdict = check_release(release, Register(), counts)
    assert [f.units for f in verdict.failures] == [("E02",)]
    assert verdict.failures[0].why == "worked out"


def test_every_remedy_passes_the_smallest_stands_first_and_names_measures_by_their_titles() -> None:
    release = zones_of(REDRAWN, COUNTS)
    ways = remedies(release, OUT, COUNTS)
    assert {way.kind for way in ways} >= {"withhold", "move"}
    assert [way.changed for way in ways] == sorted(way.changed for way in ways)
    for way in ways:
        assert check_release(way.release, OUT, COUNTS).safe
    (withheld,) = (way for way in ways if way.kind == "withhold")
    assert withheld.text == "Withhold A, B of 'Cases'."


def test_a_safe_release_wants_no_remedy() -> None:
    assert remedies(OUT.releases[0], OUT, COUNTS) == ()


def test_zones_are_merged_where_a_set_moved_between_them() -> None:
    counts = measures_of([30, 3, 20, 25, 40, 18, 50, 60])
    register = Register((zones_of(plan_of("AABABBCC"), counts),))
    ways = remedies(zones_of(plan_of("ABBABBCC"), counts), register, counts)
    (merge,) = (way for way in ways if way.kind == "merge")
    assert merge.text == "Merge zones into B + A."
    assert set(merge.release.plan.zones) == {"B + A", "C"}


def test_only_neighbours_are_moved_along() -> None:
    borders = Neighbours.from_borders([(1, 3, 1.0), (0, 3, 1.0)], units=6)
    ways = remedies(zones_of(REDRAWN, COUNTS), OUT, COUNTS, neighbours=borders)
    (move,) = (way for way in ways if way.kind == "move")
    assert move.text == "Move along E04 to B."


def test_rounded_figures_may_leave_where_exact_ones_may_not() -> None:
    release = zones_of(REDRAWN, COUNTS)
    ways = remedies(release, OUT, COUNTS)
    rounded = release.rounded()
    assert {way.kind for way in ways if way.kind == "round"} == (
        {"round"} if check_release(rounded, OUT, COUNTS).safe else set()
    )
    shown = Suppressed(np.array([55.0, 81, 136]), np.zeros(3, dtype=np.int8))
    assert rounded.masked("cases", shown).values.tolist() == [55, 80, 135]


def test_a_withheld_cell_shows_no_figure() -> None:
    release = OUT.releases[0].withheld({"cases": [1]})
    shown = Suppressed(np.array([58.0, 78, 136]), np.zeros(3, dtype=np.int8))
    assert text(release.masked("cases", shown)) == "58 c 136"
    assert text(release.left_out(["cases"]).masked("cases", shown)) == "z z z"


def test_a_sum_of_measures_gives_its_part_away() -> None:
    kinds = [
        Measure(key, key, "children", "2016", "drawn", "official", sensitive=True)
        for key in ("open", "cin", "cp")
    ]
    values = np.array([[23.0, 30, 40], [20, 20, 20], [3, 10, 20]])
    counts = Measures(("E01", "E02", "E03"), tuple(kinds), values, np.zeros((3, 3), dtype=np.int8))
    plan = plan_of("ABC")
    release = release_of(plan, counts, counts.keys, who="x", when="2026", table="zones")
    assert check_release(release, Register(), counts).safe
    together = check_release(release, Register(), counts, sums={"open": ("cin", "cp")})
    assert ("cp", ("E01",)) in {(f.measure, f.units) for f in together.failures}
    (way,) = (
        w
        for w in remedies(release, Register(), counts, sums={"open": ("cin", "cp")})
        if w.kind == "withhold"
    )
    assert check_release(way.release, Register(), counts, sums={"open": ("cin", "cp")}).safe


def test_another_period_is_not_compared_and_a_note_says_so() -> None:
    later = measures_of([30, 3, 20, 25, 40, 18], period="2017")
    verdict = check_release(zones_of(REDRAWN, later), OUT, later)
    assert verdict.safe
    assert verdict.notes == ("Earlier releases of 'Cases' in another period are not compared.",)


def test_counts_that_changed_since_are_noted() -> None:
    changed = measures_of([31, 3, 20, 25, 40, 18])
    verdict = check_release(zones_of(TODAY, changed), OUT, changed)
    assert verdict.notes == ("Counts of 'Cases' changed since a release; checked as they are.",)


def test_units_without_a_count_or_a_zone_are_left_aside() -> None:
    counts = measures_of([30, NAN, 20, 25, 40, 18])
    release = zones_of(plan_of("AAB.BB"), counts)
    assert release.names == ("A", "B", "unassigned", "all")
    assert check_release(release, Register(), counts).safe


def test_what_earlier_releases_gave_away_is_a_note_and_no_refusal() -> None:
    both = OUT.with_release(zones_of(REDRAWN, COUNTS))
    verdict = check_release(zones_of(REDRAWN, COUNTS, "later"), both, COUNTS)
    assert verdict.safe
    assert verdict.notes == ("Earlier releases give a small count of 'Cases' away already.",)


def test_a_release_survives_being_kept_as_text() -> None:
    kept = [json.loads(json.dumps(release.to_dict())) for release in OUT]
    assert Register(tuple(map(Release.from_dict, kept))) == OUT
    assert len(OUT) == 1


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"assignment": [0, 0, 0, 0, 0, 0]}, "not of its plan"),
        ({"rows": "streets"}, "not of its plan"),
        ({"told": [{"key": "cases"}]}, "cannot be read"),
        ({"policy": None}, "cannot be read"),
        ({"told": [{"key": "cases", "period": "2016", "status": [0], "cells": ""}]}, "in 1 cells"),
    ],
)
def test_a_release_that_was_tampered_with_is_refused(change: dict[str, object], match: str) -> None:
    with pytest.raises(LayerError, match=match):
        Release.from_dict(next(iter(OUT)).to_dict() | change)


def test_releases_of_other_units_are_refused() -> None:
    other = measures_of([30, 40])
    with pytest.raises(PlanError, match="not of the same units"):
        OUT.with_release(zones_of(plan_of("AB"), other))
    with pytest.raises(PlanError, match="not of the same units"):
        check_release(zones_of(plan_of("AB"), other), OUT, other)


def test_a_measure_stands_once_in_a_release() -> None:
    release = OUT.releases[0]
    with pytest.raises(LayerError, match="twice"):
        replace(release, told=release.told * 2)


@pytest.mark.parametrize(
    ("counts", "groups", "shown"),
    [
        ([3, 40, 8, 0], None, "c 40 c 0 | 51"),
        ([5, 5, 9, 20], None, "c c c 20 | 39"),
        ([1, 3, 40, 8], None, "c c 40 c | 52"),  # 1 and 3 alone add up to 4: neither is 5
        ([5, 5], None, "c c | c"),
        ([], None, " | 0"),
        ([NAN, 3, 9], None, "_ c 9 | _"),
        ([3, 9, 50, 60], [0, 0, 1, 1], "c c 50 60 | 12 110 | 122"),
        ([3, 9, 20], [0, 0, -1], "c c 20 | 12 20 | 32"),
    ],
)
def test_the_least_is_suppressed(counts: list[float], groups: list[int] | None, shown: str) -> None:
    assert text(suppress_least(counts, groups=groups)) == shown


def test_a_rule_that_rounds_is_kept() -> None:
    result = suppress_least([3, 7, 8, 12, 0], policy=NHS)
    assert text(result) == text(suppress([3, 7, 8, 12, 0], policy=NHS))


@given(
    counts=st.lists(st.integers(0, 12), min_size=1, max_size=7),
    zones=st.integers(0, 3),
    policy=st.sampled_from([DFE, NHS]),
)
@settings(max_examples=80)
def test_ranges_of_a_tree_are_those_of_the_solver(
    counts: list[int], zones: int, policy: Policy
) -> None:
    groups = [n % zones for n in range(len(counts))] if zones else None
    shown = suppress(counts, policy=policy, groups=groups, group_count=zones or None)
    truth = np.array(counts, dtype=float)
    table, parent = protection._sums_of(shown, groups)
    loss = np.where(table @ truth > 0, 1.0, np.inf)
    offer = offer_of(table, truth, protection._flat(shown), policy=policy, loss=loss)
    mine = protection._Tree(offer, truth, parent)._widths(offer.hidden[None])[0]
    nothing = Known(np.zeros((0, len(truth))), np.zeros(0), np.zeros(0), truth)
    solved = widths(offer.added_to(nothing), table)
    np.testing.assert_allclose(np.minimum(mine, 20), np.minimum(solved, 20), atol=1e-6)


@given(counts=st.lists(st.integers(0, 20), min_size=2, max_size=7), zones=st.integers(1, 3))
@settings(max_examples=60)
def test_no_suppressed_cell_is_narrower_than_its_symbol(counts: list[int], zones: int) -> None:
    groups = [n % zones for n in range(len(counts))]
    result = suppress_least(counts, groups=groups, group_count=zones)
    assert result.totals is not None
    values = np.array(counts, dtype=float)
    small = (values >= 1) & (values <= 5)
    assert np.isnan(result.values[small]).all()
    assert (result.values[values == 0] == 0).all()
    rows = np.array([[n % zones == z for n in range(len(counts))] for z in range(zones)], float)
    rows = np.vstack([np.eye(len(counts)), rows, np.ones((1, len(counts)))])
    assert result.totals.totals is not None
    shown = np.concatenate([result.values, result.totals.values, result.totals.totals.values])
    hidden, sums = np.isnan(shown), rows @ values
    tiny = hidden & (sums >= 1) & (sums <= 5)
    least = np.where(hidden, np.minimum(1, sums), sums)
    most = np.where(hidden, np.where(tiny, 5, np.inf), sums)
    ranges = feasible_ranges(Known(rows, least, most, values), np.eye(len(counts))[small])
    symbols = feasible_ranges(
        Known(rows[hidden], least[hidden], most[hidden], values), np.eye(len(counts))[small]
    )
    wide = np.minimum(symbols[:, 1] - symbols[:, 0], width_of(DFE))
    assert (ranges[:, 1] - ranges[:, 0] >= wide).all()


def test_what_was_published_of_other_counts_is_refused() -> None:
    with pytest.raises(LayerError, match="contradict"):
        Known(np.ones((1, 2)), np.array([9.0]), np.array([9.0]), np.array([4.0, 4.0]))
    with pytest.raises(LayerError, match="do not fit"):
        Known(np.ones((1, 3)), np.array([9.0]), np.array([9.0]), np.array([4.0, 4.0]))


def test_a_set_across_zones_that_is_told_exactly_is_found() -> None:
    # a + b = 20 + 5 and a alone is never told; b is two parts, which no cell names
    rows = np.array([[1.0, 1, 1], [1, 0, 0]])
    sums = np.array([25.0, 20])
    known = Known(rows, sums, sums, np.array([20.0, 2, 3]))
    found = narrow_sets(known, np.ones(3, dtype=bool), policy=DFE, width=4.0)
    assert found.sets.tolist() == [[False, True, True]]
    none = Known(rows[:1], sums[:1], sums[:1], np.array([20.0, 2, 3]))
    assert narrow_sets(none, np.ones(3, dtype=bool), policy=DFE, width=4.0).complete


def test_where_nothing_may_be_withheld_there_is_no_choice() -> None:
    known = Known(np.zeros((0, 1)), np.zeros(0), np.zeros(0), np.array([3.0]))
    three = np.array([3.0])
    shown = np.zeros(1, dtype=bool)
    offer = Offer(np.ones((1, 1)), three, three, shown, np.array([np.inf]), np.ones(1))
    assert least_withheld(known, offer, np.ones((1, 1)), [4.0]) is None
