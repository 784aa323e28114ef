"""Coterminosity on drawn grids: scores told by eye, repairs beside a slow twin that tries all."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.coterminosity import (
    DISTRICTS,
    Blocked,
    Fit,
    Ground,
    Partition,
    Repair,
    Split,
    changes,
    coterminosity,
    fit,
    partitions_of,
    repair_all,
    repairs,
    with_sense,
)
from analysis.events import Border, Edit, Lock
from analysis.scenario import Scenario
from geo.errors import PlanError
from geo.geography import Geography
from geo.plan import UNASSIGNED, Plan
from grids import NAMED, drawn, planned
from layers.measures import Measures
from layers.pack import Pack
from layers.read import read_pack
from layers.series import OPEN_KINDS
from small_pack import UNITS

GRID = drawn(*NAMED["three by three"])
CHILDREN = np.array([10, 20, 30, 40, 50, 60, 70, 80, 90], dtype=np.float64)
ROWS = planned(GRID, North="ABC", Middle="DEF", South="GHI")
COLUMNS = planned(GRID, West="ADG", East="BCEFHI")

plans = st.lists(st.integers(-1, 2), min_size=9, max_size=9).map(
    lambda zones: Plan(GRID.units, ("x", "y", "z"), np.array(zones, dtype=np.int32))
)
counts = st.lists(st.integers(0, 50), min_size=9, max_size=9).map(
    lambda values: np.array(values, dtype=np.float64)
)
senses = st.sampled_from(["parts", "zones"])


def lines(plan: Plan, **options: object) -> Partition:
    return Partition("p", "Pyramids", "pyramid", plan, **options)  # type: ignore[arg-type]


def ground(plan: Plan, **options: object) -> Ground:
    return Ground(plan, GRID, CHILDREN, CHILDREN, **options)  # type: ignore[arg-type]


def only(plan: Plan, partition: Partition, **options: object) -> Repair | Blocked:
    """Give the repair of the one split that there is."""
    (found,) = repairs(ground(plan, **options), fit(plan, partition, CHILDREN))
    return found


# known answers


def test_a_part_in_three_zones_is_split_and_its_largest_side_stays() -> None:
    said = fit(ROWS, lines(COLUMNS), CHILDREN)
    west, east = said.splits
    assert west == Split("West", ("South", "Middle", "North"), (1, 1, 1), (70, 40, 10))
    assert (west.minority, east.minority) == (50, 160)
    assert west.effective == pytest.approx(120**2 / (70**2 + 40**2 + 10**2))
    assert (said.count, said.children, said.whole) == (2, 450, 0)
    assert said.minority_share == pytest.approx(210 / 450)


def test_a_zone_that_crosses_a_line_is_found_from_the_other_side() -> None:
    plan = planned(GRID, North="ABC", South="DEFGHI")
    halves = lines(planned(GRID, One="ABCD", Two="EFGHI"), sense="zones")
    said = fit(plan, halves, CHILDREN)
    assert said.splits == (Split("South", ("Two", "One"), (5, 1), (350, 40)),)
    assert said.whole == pytest.approx(60 / 450)
    assert fit(plan, halves.turned(), CHILDREN).splits[0].name == "One"


def test_halves_count_as_two_zones_and_one_unit_as_one() -> None:
    assert Split("x", ("a", "b"), (1, 1), (30.0, 30.0)).effective == 2
    assert Split("x", ("a", "b"), (3, 1), (0.0, 0.0)).effective == pytest.approx(1.6)


def test_the_score_is_the_weighted_mean_of_partitions() -> None:
    parts = (lines(COLUMNS, weight=3.0), lines(ROWS, weight=1.0))
    said = coterminosity(ROWS, parts, CHILDREN)
    assert said.score == pytest.approx((3 * 0 + 1 * 1) / 4)
    assert said.minority_share == pytest.approx(3 * 210 / 450 / 4)
    shown = coterminosity(ROWS, (replace(parts[0], weight=0.0), parts[1]), CHILDREN)
    assert shown.score == 1


def test_what_is_newly_split_and_what_is_mended_is_told_by_name() -> None:
    before = fit(ROWS.move(["D"], to="North"), lines(ROWS), CHILDREN)
    after = fit(ROWS.move(["I"], to="Middle"), lines(ROWS), CHILDREN)
    assert changes(before, after).newly == ("South",)
    assert changes(before, after).mended == ("Middle",)
    assert changes(before, before).still == ("Middle",)


# repairs


def test_the_smaller_side_goes_to_the_larger() -> None:
    found = only(ROWS.move(["D"], to="North"), lines(ROWS))
    assert isinstance(found, Repair)
    assert (dict(found.to), found.children, found.is_clean) == ({"D": "Middle"}, 40, True)
    assert found.edit().title == "Middle made whole in Middle"


def test_a_repair_that_tears_a_zone_is_passed_over_and_named() -> None:
    plan = planned(GRID, Left="ABDEGH", Right="CFI")
    middle = lines(planned(GRID, Across="BC", Rest="ADEFGHI"))
    across = repairs(ground(plan), fit(plan, middle, CHILDREN))[0]
    assert isinstance(across, Repair)
    assert dict(across.to) == {"B": "Right"}
    torn = planned(GRID, Left="ABC", Right="DEF", Low="GHI")
    found = repairs(ground(torn), fit(torn, lines(planned(GRID, Part="EH")), CHILDREN))[0]
    assert isinstance(found, Repair)
    assert (dict(found.to), found.torn) == ({"E": "Low"}, ("Right",))  # every way tears
    assert (found.children, found.cheaper) == (50, None)


def test_the_cheaper_move_that_tears_stands_beside_the_one_that_does_not() -> None:
    plan = planned(GRID, Left="ABC", Right="DEF", Low="GHI")
    cost = np.array([1, 1, 1, 1, 5, 1, 1, 9, 1], dtype=np.float64)
    free = replace(ground(plan), cost=cost, children=cost)
    part = lines(planned(GRID, Part="BEF"))
    found = repairs(free, fit(plan, part, cost))[0]
    assert isinstance(found, Repair)
    assert dict(found.to) == {"E": "Left", "F": "Left"}
    assert found.cheaper is not None
    assert (dict(found.cheaper.to), found.cheaper.torn) == ({"B": "Right"}, ("Left",))


def test_what_is_locked_stays_and_a_locked_zone_takes_nothing_in() -> None:
    plan, part = ROWS.move(["D"], to="North"), lines(ROWS)
    other = only(plan, part, locked_units=frozenset("D"))
    assert isinstance(other, Repair)
    assert dict(other.to) == {"E": "North", "F": "North"}
    closed = only(plan, part, locked_zones=frozenset({"Middle"}), locked_units=frozenset("EF"))
    assert isinstance(closed, Blocked)
    assert "locked" in closed.why


def test_a_zone_gives_what_lies_beyond_the_line_to_a_zone_that_lies_there() -> None:
    plan = planned(GRID, North="ABCD", Middle="EF", South="GHI")
    halves = lines(planned(GRID, Top="ABC", Low="DEFGHI"), sense="zones")
    found = only(plan, halves)
    assert isinstance(found, Repair)
    assert dict(found.to) == {"D": "Middle"}
    alone = planned(GRID, North="ABCD", South="EFGHI")
    tops = lines(planned(GRID, Top="ABC", Odd="D", Low="EFGHI"), sense="zones")
    why = only(alone, tops)
    assert why == Blocked("p", "North", "No other zone lies mostly in Odd.")


def test_a_link_or_a_cut_of_the_scenario_decides_what_tears(small: Pack) -> None:
    start = Scenario("x", small.plan("zones")).do(Edit.move([UNITS[3]], to="North"))
    part = lines(small.plan("zones").plan)
    children = small.measures.counts("children")

    def found(scenario: Scenario) -> Repair:
        (repair,) = repairs(Ground.of(scenario, small), fit(scenario.plan, part, children))
        assert isinstance(repair, Repair)
        return repair

    assert found(start).is_clean
    cut = start.take(Border("cut", ((UNITS[3], UNITS[4]),)))
    assert (found(cut).torn, found(cut).zones) == (("Middle",), ("Middle",))  # else one empties


def test_repairs_one_after_another_raise_the_score_and_end() -> None:
    plan = ROWS.move(["D"], to="North").move(["I"], to="Middle")
    found = repair_all(ground(plan), [lines(ROWS)])
    assert (found.before, found.after, found.left) == (pytest.approx(60 / 450), 1, 0)
    assert dict(found.to) == {"D": "Middle", "I": "South"}
    assert [dict(step.to) for step in found.steps] == [{"D": "Middle"}, {"I": "South"}]
    assert found.children == 130
    assert found.edit().apply(plan) == ROWS
    assert repair_all(ground(ROWS), [lines(ROWS)]).steps == ()


# which partitions a pack has


def test_a_pack_offers_its_other_plans_and_tells_districts_by_name(dorset: Pack) -> None:
    found = {p.key: p for p in partitions_of(dorset, dorset.plan("zones"))}
    assert list(found) == [DISTRICTS, "areas", "east_west", "pyramids"]
    assert len(found[DISTRICTS].plan.zones) == 6
    assert (found["pyramids"].sense, found["pyramids"].weight) == ("parts", 1)
    assert (found[DISTRICTS].sense, found["areas"].weight) == ("zones", 0)


def test_districts_that_are_a_plan_already_stand_once(shipped: Pack) -> None:
    keys = [p.key for p in partitions_of(shipped, shipped.plan(shipped.default_plan))]
    if shipped.authority.key == "bcp":
        assert DISTRICTS not in keys
        assert "boroughs" in keys
    if shipped.authority.key == "kirklees":
        assert keys == []


def test_team_areas_of_the_authority_count_where_the_pack_says_whose_lines_they_are(
    dorset: Pack,
) -> None:
    police = replace(dorset.plan("areas"), body="Police")
    others = tuple(police if entry.key == "areas" else entry for entry in dorset.plans)
    pack = replace(dorset, plans=others)
    found = {p.key: p for p in partitions_of(pack, pack.plan("zones"))}
    assert (found["areas"].weight, found["areas"].body) == (1, "Police")


# properties


@given(plans, plans, counts, senses)
def test_a_score_is_a_share_and_one_where_nothing_is_split(
    plan: Plan, parts: Plan, children: np.ndarray, sense: str
) -> None:
    said = fit(plan, lines(parts, sense=sense), children)
    if not said.children:
        assert np.isnan(said.whole)
        return
    assert -1e-9 <= said.whole <= 1 + 1e-9
    assert 0 <= said.minority_share <= 1 - said.whole + 1e-9
    if not said.splits:
        assert said.whole == 1
    for split in said.splits:
        assert 1 <= split.effective <= len(split.into) + 1e-9


@given(plans, plans, counts, st.permutations(range(3)))
def test_names_and_order_of_zones_do_not_matter(
    plan: Plan, parts: Plan, children: np.ndarray, order: list[int]
) -> None:
    place = np.array([order.index(zone) for zone in range(3)])
    moved = np.where(plan.assignment < 0, -1, place[plan.assignment])
    renamed = Plan(plan.units, tuple("xyz"[zone].upper() for zone in order), moved)
    one, other = (fit(each, lines(parts), children) for each in (plan, renamed))
    assert [(s.name, s.minority) for s in one.splits] == [
        (s.name, s.minority) for s in other.splits
    ]
    np.testing.assert_equal(one.whole, other.whole)


@given(plans, plans, counts, st.sets(st.sampled_from(GRID.units)))
def test_the_cheapest_repair_is_that_of_a_slow_search(
    plan: Plan, parts: Plan, children: np.ndarray, locked: set[str]
) -> None:
    place = Ground(plan, GRID, children, children, frozenset(locked))
    said = fit(plan, lines(parts), children)
    for split, found in zip(said.splits, repairs(place, said), strict=True):
        best = slowly(plan, parts, split.name, children, locked)
        if isinstance(found, Blocked):
            assert best is None
            continue
        assert best is not None
        assert (not found.is_clean, bool(found.emptied), found.children) == best
        assert not locked.intersection(found.to)
        after = fit(Edit("", found.to).apply(plan), lines(parts), children)
        assert split.name not in {s.name for s in after.splits}


@given(plans, plans, counts, senses)
def test_repairs_together_never_lower_the_score_nor_tear_a_zone(
    plan: Plan, parts: Plan, children: np.ndarray, sense: str
) -> None:
    place = Ground(plan, GRID, children, children)
    found = repair_all(place, [lines(parts, sense=sense)])
    if found.steps:
        assert found.after > found.before
        assert (place.after(found.to).pieces <= place.pieces).all()
        assert ((place.after(found.to).plan.sizes > 0) == (plan.sizes > 0)).all()


def slowly(
    plan: Plan, parts: Plan, part: str, children: np.ndarray, locked: set[str]
) -> tuple[bool, bool, float] | None:
    """Try every zone that the part lies in or borders on; walk from unit to unit to find pieces."""
    inside = [u for u in parts.members(part) if plan.zone_of(u) is not None]
    near = {plan.zone_of(v) for u in inside for v in around(GRID, u)} | {
        plan.zone_of(u) for u in inside
    }
    tried = []
    for zone in near - {None}:
        moved = [u for u in inside if plan.zone_of(u) != zone]
        if locked.intersection(moved):
            continue
        after = plan.move(moved, to=zone)
        torn = any(pieces_of(after, z) > pieces_of(plan, z) for z in plan.zones)
        empty = any(plan.members(z) and not after.members(z) for z in plan.zones)
        cost = float(children[plan.positions(moved)].sum())
        tried.append((torn or empty, empty, cost))
    return min(tried) if tried else None


def around(geography: Geography, unit: str) -> list[str]:
    return [geography.units[i] for i in geography.neighbours.of(geography.position[unit])]


def pieces_of(plan: Plan, zone: str) -> int:
    left, count = set(plan.members(zone)), 0
    while left:
        count, walk = count + 1, [left.pop()]
        while walk:
            fresh = left.intersection(around(GRID, walk.pop()))
            left -= fresh
            walk += fresh
    return count


# edges


def test_units_in_no_part_or_no_zone_split_nothing() -> None:
    plan = planned(GRID, North="ABC", South="GHI")
    said = fit(plan, lines(planned(GRID, Part="ADG", Other="B")), CHILDREN)
    assert [split.name for split in said.splits] == ["Part"]
    assert said.children == 10 + 70 + 20
    nobody = Plan(GRID.units, (), np.full(9, UNASSIGNED, dtype=np.int32))
    empty = fit(nobody, lines(COLUMNS), CHILDREN)
    assert empty == Fit(empty.partition, 0, (), 0)
    assert np.isnan(empty.whole)
    assert np.isnan(coterminosity(nobody, [lines(COLUMNS)], CHILDREN).score)


def test_one_unit_is_never_split() -> None:
    one = Plan(("A",), ("North",), np.array([0]))
    assert fit(one, lines(one), np.array([3.0])).whole == 1


def test_missing_counts_of_children_count_nothing() -> None:
    children = np.where(np.arange(9) == 6, np.nan, CHILDREN)
    west = fit(ROWS, lines(COLUMNS), children).splits[0]
    assert (west.into[0], west.minority) == ("Middle", 10)


def test_lines_of_other_units_are_refused() -> None:
    other = Plan.from_lookup({"a": "x"})
    with pytest.raises(PlanError, match="not of the same units"):
        fit(ROWS, lines(other), CHILDREN)


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf")])
def test_a_weight_that_is_no_weight_is_refused(weight: float) -> None:
    with pytest.raises(PlanError, match="The weight of Pyramids is"):
        lines(ROWS, weight=weight)


def test_what_should_be_whole_is_parts_or_zones() -> None:
    with pytest.raises(PlanError, match="'both' cannot be whole"):
        lines(ROWS, sense="both")
    assert with_sense(lines(COLUMNS), ROWS).sense == "zones"
    assert with_sense(lines(ROWS), COLUMNS).sense == "parts"


def test_a_scenario_takes_every_repair_that_is_found(dorset: Pack) -> None:
    entry = dorset.plan("areas")
    scenario = Scenario("x", entry).take(Lock(on=True, zones=("West",)))
    place = Ground.of(scenario, dorset, by="cases")
    for partition in partitions_of(dorset, entry):
        for repair in repairs(place, fit(scenario.plan, partition, place.children)):
            if isinstance(repair, Repair):
                assert scenario.do(repair.edit()).plan != scenario.plan


def test_the_cheapest_repair_does_not_tell_which_hidden_count_is_smaller(dorset: Pack) -> None:
    entry, old = dorset.plan("areas"), dorset.measures
    kinds = [old.row(key) for key in OPEN_KINDS if old.has(key)]
    cases = old.values[kinds].sum(axis=0)
    small = (cases >= 1) & (cases <= 5)
    few = np.flatnonzero(small & (entry.plan.assignment == 0))
    one = few[0]
    other = next(at for at in few if cases[at] != cases[one])
    values = old.values.copy()
    values[np.ix_(kinds, [one, other])] = values[np.ix_(kinds, [other, one])]
    swapped = replace(dorset, measures=Measures(old.units, old.measures, values, old.status.copy()))
    scenario = Scenario("x", entry)
    costs = [Ground.of(scenario, pack, by="cases").cost for pack in (dorset, swapped)]
    assert np.array_equal(*costs)
    assert costs[0].sum() == pytest.approx(cases.sum())


def test_a_pack_says_whose_lines_a_plan_draws(small_folder: Path) -> None:
    settings = small_folder / "authority.toml"
    text = settings.read_text(encoding="utf-8")
    told = text.replace('kind = "pyramids"', 'kind = "other"\nbody = "Health"')
    settings.write_text(told, encoding="utf-8")
    pack = read_pack(small_folder)
    (health,) = partitions_of(pack, pack.plan("zones"))
    assert (health.body, health.weight, health.sense) == ("Health", 1, "zones")
    assert pack.plan("zones").body == ""
