"""Plans side by side: which zone is which, what moved, and one place for it on every map."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.comparing import (
    NEW,
    brought,
    compare_plans,
    distinct,
    match_zones,
    overlap,
    side_by_side,
)
from analysis.events import Edit
from analysis.scenario import Scenario, evaluate
from geo.errors import PlanError
from geo.plan import UNASSIGNED, Plan
from layers.pack import Pack
from small_pack import UNITS as SMALL_UNITS

UNITS = tuple(f"E{n:02}" for n in range(1, 10))
ONES = np.ones(9)


def plan_of(drawn: str) -> Plan:
    """Read nine letters as the zones of nine units; a dot is no zone."""
    letters = drawn.replace(" ", "")
    return Plan.from_lookup(
        {unit: None if z == "." else z for unit, z in zip(UNITS, letters, strict=True)}
    )


zones_of_units = st.lists(st.sampled_from("ABCD."), min_size=9, max_size=9).map("".join)
other_zones = st.lists(st.sampled_from("WXYZ."), min_size=9, max_size=9).map("".join)
children = st.lists(st.integers(0, 500), min_size=9, max_size=9)


# which zone is which


def test_a_plan_matches_itself_by_name() -> None:
    match = match_zones(plan_of("AAABBBCCC"), plan_of("AAABBBCCC"), ONES)
    assert match.partner == (0, 1, 2)
    assert match.moved == match.new == match.gone == ()
    assert not match.renamed


def test_zones_that_bear_other_names_are_matched_by_their_children() -> None:
    match = match_zones(plan_of("AAABBBCCC"), plan_of("XXXZZZYYY"), ONES)
    assert dict(match.renamed) == {"A": "X", "B": "Z", "C": "Y"}
    assert match.moved == ()


def test_children_decide_and_not_the_number_of_small_areas() -> None:
    weights = [10, 10, 10, 90, 1, 1, 1, 1, 1]
    match = match_zones(plan_of("AAAABBBBB"), plan_of("XXXYYYYYY"), weights)
    assert dict(match.renamed) == {"A": "Y"}
    assert match.new == ("X",)
    assert match.gone == ("B",)


def test_a_name_goes_before_a_larger_overlap() -> None:
    match = match_zones(plan_of("AAAAAABBB"), plan_of("ABBBBBBBB"), ONES)
    assert match.partner == (0, 1)
    assert match.moved == UNITS[1:6]


def test_a_name_that_has_gone_to_other_land_is_no_match() -> None:
    match = match_zones(plan_of("AAAABBBBB"), plan_of("BBBBAAAAA"), ONES)
    assert dict(match.renamed) == {"A": "B", "B": "A"}
    assert match.moved == ()


def test_fewer_zones_leave_some_without_partner() -> None:
    match = match_zones(plan_of("AAAABBBCC"), plan_of("XXXXXXXXX"), ONES)
    assert match.gone == ("B", "C")
    assert match.new == ()
    assert match.moved == UNITS[4:]


def test_more_zones_are_new() -> None:
    match = match_zones(plan_of("XXXXXXXXX"), plan_of("AAAABBBCC"), ONES)
    assert match.new == ("B", "C")
    assert match.gone == ()
    assert match.moved == UNITS[4:]


def test_an_emptied_zone_is_still_the_zone_of_its_name() -> None:
    before = plan_of("AAABBBCCC")
    after = before.move(before.members("C"), to="B")
    assert match_zones(before, after, ONES).gone == ()
    assert match_zones(after, before, ONES).new == ()


def test_an_emptied_zone_does_not_hold_its_land_under_another_name() -> None:
    before = plan_of("AAABBBCCC")
    after = before.with_zone("West").move(before.members("C"), to="West")
    match = match_zones(before, after, ONES)
    assert dict(match.renamed) == {"C": "West"}
    assert match.moved == ()
    back = match_zones(after, before, ONES)
    assert dict(back.renamed) == {"West": "C"}
    assert back.moved == ()


def test_the_row_of_an_emptied_zone_is_not_taken_for_that_of_the_zone_itself() -> None:
    before = plan_of("AAABBBCCC")
    after = before.with_zone("West").move(before.members("C"), to="West")
    sides = side_by_side([before, after], ONES)
    assert sides.places == (("A", "A"), ("B", "B"), ("C", "West"), (None, "C"))
    assert sides.names == ("A", "B", "C / West", "C (another)")


def test_a_new_zone_without_units_has_no_partner() -> None:
    before = plan_of("AAABBBCCC")
    match = match_zones(before, before.with_zone("D"), ONES)
    assert match.partner == (0, 1, 2, NEW)
    assert match.moved == ()


def test_a_unit_that_leaves_or_enters_every_zone_has_moved() -> None:
    before, after = plan_of("AAABBBCC."), plan_of(".AABBBCCC")
    assert match_zones(before, after, ONES).moved == (UNITS[0], UNITS[8])


def test_a_unit_in_no_zone_in_both_has_not_moved() -> None:
    assert match_zones(plan_of("AAAABBBB."), plan_of("XXXXYYYY."), ONES).moved == ()


def test_zones_without_children_are_matched_by_their_land() -> None:
    weights = [100, 100, 100, 0, 0, 0, np.nan, np.nan, np.nan]
    match = match_zones(plan_of("AAABBBCCC"), plan_of("XXXYYYZZZ"), weights)
    assert dict(match.renamed) == {"A": "X", "B": "Y", "C": "Z"}


def test_no_children_anywhere_still_gives_a_match() -> None:
    match = match_zones(plan_of("AAABBBCCC"), plan_of("XXXYYYZZZ"), np.zeros(9))
    assert match.moved == ()


def test_one_unit_and_no_zone_are_plans_too() -> None:
    one, none = Plan.from_lookup({"E01": "A"}), Plan.from_lookup({"E01": None})
    assert match_zones(one, one, [3]).moved == ()
    assert match_zones(one, none, [3]).gone == ("A",)
    assert match_zones(none, one, [3]).moved == ("E01",)
    assert match_zones(none, none, [3]).moved == ()


@given(zones_of_units, other_zones, children)
def test_no_other_match_keeps_more_children_in_place(a: str, b: str, weights: list[int]) -> None:
    before, after = plan_of(a), plan_of(b)
    match = match_zones(before, after, weights)
    kept = sum(match.shared[p, z] for z, p in enumerate(match.partner) if p != NEW)
    wide, narrow = match.shared, match.shared.T
    square = wide if wide.shape[0] >= wide.shape[1] else narrow
    best = max(
        (
            sum(square[row, column] for column, row in enumerate(rows))
            for rows in permutations(range(square.shape[0]), square.shape[1])
        ),
        default=0.0,
    )
    assert kept == pytest.approx(best)


@given(zones_of_units, zones_of_units, children)
def test_no_zone_has_two_partners_and_what_moved_lies_elsewhere(
    a: str, b: str, weights: list[int]
) -> None:
    match = match_zones(plan_of(a), plan_of(b), weights)
    taken = [p for p in match.partner if p != NEW]
    assert len(set(taken)) == len(taken)
    assert len(match.new) + len(taken) == len(match.after.zones)
    assert len(match.gone) + len(taken) == len(match.before.zones)
    assert match.stays.sum() + len(match.moved) == 9


@given(zones_of_units, children)
def test_other_names_for_the_same_zones_move_nobody(a: str, weights: list[int]) -> None:
    renamed = a.translate(str.maketrans("ABCD", "DZYX"))
    renamed = renamed.translate(str.maketrans("D", "W"))
    assert match_zones(plan_of(a), plan_of(renamed), weights).moved == ()


@given(zones_of_units, zones_of_units, children)
def test_weights_are_all_there(a: str, b: str, weights: list[int]) -> None:
    before, after = plan_of(a), plan_of(b)
    both = (before.assignment != UNASSIGNED) & (after.assignment != UNASSIGNED)
    assert overlap(before, after, weights).sum() == pytest.approx(
        np.array(weights)[both].sum(), rel=1e-4, abs=1e-4
    )


def test_plans_of_other_units_are_refused() -> None:
    with pytest.raises(PlanError, match="stand on one side only"):
        match_zones(plan_of("AAABBBCCC"), Plan.from_lookup({"W01": "A"}), ONES)


@pytest.mark.parametrize("weights", [[1, 2], [-1] * 9])
def test_weights_that_do_not_fit_are_refused(weights: list[int]) -> None:
    with pytest.raises(PlanError, match="weights for 9 units"):
        match_zones(plan_of("AAABBBCCC"), plan_of("AAABBBCCC"), weights)


# two to four plans


def test_places_are_the_first_plans_zones_and_then_new_ones() -> None:
    sides = side_by_side([plan_of("AAABBBCCC"), plan_of("XXXYYYYYY"), plan_of("AAABBBCDD")], ONES)
    assert sides.places == (
        ("A", "X", "A"),
        ("B", "Y", "B"),
        ("C", None, "C"),
        (None, None, "D"),
    )
    assert sides.names == ("A / X", "B / Y", "C", "D")
    assert sides.place_of(1) == (0, 1)


def test_a_place_that_only_later_plans_have_is_one_place() -> None:
    first, second, third = plan_of("AAAAAAAAA"), plan_of("AAAAABBBB"), plan_of("XXXXXYYYY")
    sides = side_by_side([first, second, third], ONES)
    assert sides.places == (("A", "A", "X"), (None, "B", "Y"))


def test_four_plans_find_their_places_one_after_another() -> None:
    drawn = ("AAAAAAAAA", "AAAAAABBB", "AAAACCBBB", "WWWWVVUUU")
    sides = side_by_side([plan_of(d) for d in drawn], ONES)
    assert sides.places[0] == ("A", "A", "A", "W")
    assert (None, "B", "B", "U") in sides.places
    assert (None, None, "C", "V") in sides.places


def test_a_place_never_bears_the_name_of_another_plans_zone() -> None:
    first = Plan.from_lookup({"E1": "A", "E2": "A / X", "E3": "A"})
    second = Plan.from_lookup({"E1": "X", "E2": "A / X", "E3": "X"})
    sides = side_by_side([first, second], [1, 1, 1])
    assert sides.names == ("A / X (another)", "A / X")


@given(st.lists(zones_of_units, min_size=2, max_size=4), children)
def test_every_zone_of_every_plan_has_one_place(drawn: list[str], weights: list[int]) -> None:
    sides = side_by_side([plan_of(d) for d in drawn], weights)
    for at, plan in enumerate(sides.plans):
        assert sorted(z[at] for z in sides.places if z[at] is not None) == sorted(plan.zones)
        assert len(set(sides.place_of(at))) == len(plan.zones)
    assert len(set(sides.names)) == len(sides.places)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_one_plan_or_five_are_not_compared(count: int) -> None:
    with pytest.raises(PlanError, match=f"{count} plans cannot be compared"):
        side_by_side([plan_of("AAABBBCCC")] * count, ONES)


def test_no_plans_are_not_compared() -> None:
    with pytest.raises(PlanError, match="No plans cannot be compared"):
        compare_plans([], [])


# of a pack


def test_a_redraw_moves_the_same_units_as_the_redraw_page_says(dorset: Pack) -> None:
    start = Scenario("today", dorset.plan("zones"))
    units = start.plan.members("Purbeck")[:4]
    after = start.do(Edit.move(units, to="North Dorset"))
    compared = compare_plans(
        ["Today", "Today"], [evaluate(scenario, dorset) for scenario in (start, after)]
    )
    assert compared.titles == ("Today", "Today (2)")
    assert compared.sides.matches[0].moved == after.plan.moved_from(start.plan) == units
    assert compared.same_number


def test_seven_zones_and_four_areas_are_not_of_one_number(dorset: Pack) -> None:
    entries = [dorset.plan(key) for key in ("zones", "areas")]
    compared = compare_plans(
        [e.title for e in entries], [evaluate(Scenario(e.key, e), dorset) for e in entries]
    )
    assert not compared.same_number
    assert len(compared.sides.matches[0].gone) == 3
    assert list(compared.later) == [1]


def test_names_are_told_apart_whatever_they_are() -> None:
    assert distinct(["A", "A (2)", "A", "A"]) == ("A", "A (2)", "A (3)", "A (4)")


# plans from files


def under(plan: Plan, names: dict[str, str]) -> Plan:
    """Give a plan as a lookup has it: with other names, and no zone without small areas."""
    return Plan.from_lookup(
        {u: None if (z := plan.zone_of(u)) is None else names.get(z, z) for u in plan.units}
    )


def beside_today(pack: Pack, key: str, names: dict[str, str]) -> tuple[Scenario, list[float]]:
    """Compare a plan of the pack with itself under other names: its scenario, and who moved."""
    entry = pack.plan(key)
    scenario = brought(pack, under(entry.plan, names))
    compared = compare_plans(
        ["Today", "File"], [evaluate(s, pack) for s in (Scenario(key, entry), scenario)]
    )
    moved = ~compared.sides.matches[0].stays
    fte = [e.facts.fte.sum() for e in compared.evaluations]
    load = [e.for_plan("load_cv") for e in compared.evaluations]
    return scenario, [float(pack.measures.counts("children")[moved].sum()), *fte, *load]


EVERY = {"South": "Coast", "West": "Western", "Central": "Middle", "North": "Vale"}


@pytest.mark.parametrize(
    "names", [{}, {"West": "Western"}, EVERY, {"West": "North", "North": "West"}]
)
def test_new_names_alone_move_nobody_and_keep_the_staff(
    dorset: Pack, names: dict[str, str]
) -> None:
    scenario, (moved, fte, fte_then, load, load_then) = beside_today(dorset, "areas", names)
    assert scenario.baseline.key == "areas"
    assert set(scenario.plan.zones) == {names.get(z, z) for z in dorset.plan("areas").plan.zones}
    assert moved == 0
    assert fte_then == pytest.approx(fte)
    assert load_then == pytest.approx(load)


@pytest.mark.parametrize(
    "names",
    [
        {"Central": "Inland", "North": "Inland"},
        {"Central": "Inland", "North": "Inland", "West": "Western", "South": "Coast"},
    ],
)
def test_two_zones_put_together_move_the_smaller_whatever_the_others_are_called(
    dorset: Pack, names: dict[str, str]
) -> None:
    scenario, (moved, *_) = beside_today(dorset, "areas", names)
    assert moved == 16_919
    assert len(scenario.plan.zones) == 3


def test_a_plan_of_the_pack_from_a_file_is_that_plan(shipped: Pack) -> None:
    for entry in shipped.plans:
        scenario = brought(shipped, under(entry.plan, {}))
        assert scenario.baseline.plan.fingerprint == entry.plan.fingerprint
        assert set(scenario.plan.zones) == set(entry.plan.zones)


def test_an_empty_zone_of_a_file_stays(dorset: Pack) -> None:
    plan = dorset.plan("areas").plan
    emptied = plan.move(plan.members("West"), to="South")
    scenario = brought(dorset, emptied)
    assert scenario.plan == emptied
    assert scenario.was.zones == plan.zones


def test_a_name_that_another_zone_goes_on_bearing_is_not_taken_from_it(small: Pack) -> None:
    """North has gone to the land of South: its staff goes with its name, and nothing fails."""
    lookup = Plan.from_lookup({u: "North" if i > 5 else "West" for i, u in enumerate(SMALL_UNITS)})
    scenario = brought(small, lookup)
    assert scenario.plan == lookup
    assert len(set(scenario.was.zones)) == 3
    evaluate(scenario, small)


@given(drawn=st.lists(st.sampled_from(["North", "Middle", "South", "West", "X", None]),
                      min_size=9, max_size=9))  # fmt: skip
def test_whatever_a_file_holds_is_the_plan_that_is_compared(
    small: Pack, drawn: list[str | None]
) -> None:
    plan = Plan.from_lookup(dict(zip(SMALL_UNITS, drawn, strict=True)))
    scenario = brought(small, plan)
    assert scenario.plan.fingerprint == plan.fingerprint
    assert scenario.plan.zones == plan.zones


def test_a_name_that_nobody_can_read_is_refused(small: Pack) -> None:
    plan = Plan.from_lookup(dict.fromkeys(SMALL_UNITS, "a\tb"))
    with pytest.raises(PlanError, match="cannot be the name of a zone"):
        brought(small, plan)
