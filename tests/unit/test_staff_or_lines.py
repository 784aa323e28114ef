"""Staff or lines: the fewest FTE that level loads, exact against every staffing there is."""

from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analysis.equity import inequality
from analysis.staff_or_lines import (
    Load,
    Transfer,
    as_level_as,
    level_within,
    options,
    pair_transfers,
)
from geo.errors import PlanError

NAN = float("nan")
NO = np.zeros(2, dtype=bool)


def load_of(cases: list[float], fte: list[float], share: list[float] | None = None) -> Load:
    zones = [chr(65 + at) for at in range(len(cases))]
    there = np.array(fte) * (share or [1.0] * len(fte))
    return Load.of(zones, cases, recorded=fte, available=there)


def every_staffing(fte: np.ndarray, step: float) -> np.ndarray:
    """List all ways to share the same sum out in whole steps from where it is."""
    most = round(fte.sum() / step)
    found = []
    for steps in product(range(-most, most + 1), repeat=len(fte) - 1):
        change = np.array([*steps, -sum(steps)]) * step
        if (fte + change >= -1e-9).all():
            found.append(fte + change)
    return np.array(found)


def moved(staffings: np.ndarray, fte: np.ndarray) -> np.ndarray:
    return np.abs(staffings - fte).sum(axis=1) / 2


def furthest(staffing: np.ndarray, cases: np.ndarray, share: np.ndarray) -> float:
    there = staffing * share
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.abs(cases / there / (cases.sum() / there.sum()) - 1).max())


# what a load is


def test_a_load_agrees_with_the_registry_of_inequality() -> None:
    load = load_of([120, 90, 40], [8.0, 9.0, 2.0], [0.9, 1.0, 0.95])
    same = inequality(load.cases, load.there, per=1)
    assert (load.cv, load.max_min, load.level) == pytest.approx(
        (same.cv, same.max_min, same.mean), rel=1e-12
    )


def test_zones_without_staff_or_known_cases_are_left_out_and_named() -> None:
    load = load_of([60, 20, 30, NAN], [4, 4, NAN, 3])
    assert load.left_out == ("C", "D")
    assert load.level == 10
    found = level_within(load, 0.01)
    assert found.after.per_fte[:2].tolist() == [10, 10]
    assert np.isnan(found.after.fte[2])
    assert found.after.fte[3] == 3


def test_staff_of_0_is_no_load_and_never_infinite() -> None:
    load = load_of([60, 20, 40], [4, 4, 0])
    assert (load.waiting, load.left_out) == (("C",), ())
    assert np.isnan(load.per_fte[2])
    assert load.level == 15  # of all cases and all staff
    assert load.level_zones(0.05) == 1


def test_no_staffing_is_level_while_a_zone_with_cases_has_no_staff() -> None:
    nobody = load_of([60, 20], [0, 0])
    for found in (level_within(nobody, 0.1), as_level_as(nobody, 0.1)):
        assert (found.reached, found.moved_fte) == (False, 0)
    lines = load_of([60, 20, 40], [6, 2, 0])
    ways = {way.key: way for way in options(lines, lines, tolerance=0.5)}
    assert not ways["today"].staffing.reached
    assert ways["mix"].staffing.reached
    assert "staff_as_lines" not in ways  # the spread of such lines is not that of all zones


def test_one_zone_with_a_load_among_others_without_has_no_spread() -> None:
    lines = load_of([60, 20], [6, NAN])
    assert np.isnan([lines.cv, lines.max_min]).all()
    assert load_of([60], [6]).cv == 0
    ways = options(load_of([60, 20], [6, 1]), lines, tolerance=0.1)
    assert "staff_as_lines" not in [way.key for way in ways]


def test_a_zone_with_cases_and_no_staff_is_given_some() -> None:
    found = level_within(load_of([60, 20, 40], [6, 6, 0]), 0.001)
    assert found.reached
    assert found.after.fte.tolist() == [6, 2, 4]
    assert found.transfers == (Transfer("B", "C", 4.0),)


def test_a_new_zone_is_given_the_staff_of_emptied_ones() -> None:
    """A and B became C; D keeps its lines, and is level with C where C has all that they had."""
    load = Load.of(
        "ABCD", [0, 0, 60, 20], recorded=[4, 2.2, NAN, 2], available=[4, 2.2, NAN, 2],
        empty=[True, True, False, False], new=[False, False, True, False],
    )  # fmt: skip
    assert (load.waiting, load.emptied, load.left_out) == (("C",), ("A", "B"), ())
    assert load.used.tolist() == [False, False, False, True]
    found = level_within(load, 0.1)
    assert found.reached
    assert found.after.fte.tolist() == pytest.approx([0, 0, 6.2, 2])
    assert found.changed == pytest.approx({"A": 0, "B": 0, "C": 6.2})
    assert {t.taker for t in found.transfers} == {"C"}
    assert found.moved_fte == pytest.approx(6.2)


def test_a_zone_whose_staff_is_only_not_recorded_takes_none() -> None:
    """Somebody works there; how many is for the planner to say."""
    load = load_of([60, 20, 30], [4, 4, NAN])
    assert (load.waiting, load.left_out) == ((), ("C",))
    assert np.isnan(level_within(load, 0.1).after.fte[2])
    assert load.level == 10


def test_an_emptied_zone_is_in_no_spread_and_its_staff_is_in_the_load_of_all() -> None:
    load = Load.of(
        "ABC", [30, 20, 0], recorded=[2, 2, 1], available=[2, 2, 1], empty=[False, False, True]
    )
    assert load.max_min == 1.5
    assert load.cv == pytest.approx(inequality([30, 20], [2, 2], per=1).cv)
    assert load.level == 10
    assert np.isnan(load.per_fte[2])
    found = as_level_as(load, 0.001)
    assert found.reached
    assert found.after.fte.tolist() == [3, 2, 0]


def test_a_zone_whose_staff_is_all_away_takes_the_usual_share() -> None:
    load = Load.of(("A", "B"), [10, 10], recorded=[4, 4], available=[2, 0])
    assert load.available.tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    ("cases", "fte", "match"),
    [([1, 2], [1], "2 zones and 1"), ([-1, 2], [1, 1], "below 0"), ([1, 2], [-1, 1], "below 0")],
)
def test_loads_that_cannot_be_are_refused(cases: list[float], fte: list[float], match: str) -> None:
    with pytest.raises(PlanError, match=match):
        Load(("A", "B"), np.array(cases), np.array(fte), np.ones(len(fte)), NO, NO)


@pytest.mark.parametrize("number", [0, -1, NAN, float("inf")])
def test_a_tolerance_or_step_of_nothing_is_refused(number: float) -> None:
    load = load_of([60, 20], [4, 4])
    with pytest.raises(PlanError, match="above 0"):
        level_within(load, number)
    with pytest.raises(PlanError, match="above 0"):
        as_level_as(load, 0.1, step_fte=number)


# the fewest within a tolerance


def test_two_zones_share_by_their_cases() -> None:
    found = level_within(load_of([60, 20], [4, 4]), 0.001)
    assert found.reached
    assert found.after.fte.tolist() == [6, 2]
    assert found.moved_fte == 2
    assert found.changed == {"A": 6, "B": 2}


def test_no_more_moves_than_the_tolerance_asks_for() -> None:
    load = load_of([60, 20], [4, 4])
    assert level_within(load, 0.5).moved_fte == 0
    assert level_within(load, 0.2).moved_fte == 1.5  # 60 / 5.5 and 20 / 2.5: 10.9 and 8.0
    assert level_within(load, 0.1).moved_fte == 2


def test_a_zone_without_cases_gives_all_that_it_has() -> None:
    found = level_within(load_of([50, 50, 0], [4, 4, 2.2]), 0.1)
    assert found.reached
    assert found.after.fte[2] == 0
    assert found.after.fte.sum() == pytest.approx(10.2)
    assert found.moved_fte == pytest.approx(2.2)


def test_what_no_step_can_level_is_said_and_brought_as_near_as_steps_go() -> None:
    load = load_of([50, 30], [4, 4])
    found = level_within(load, 0.001, step_fte=3)
    assert not found.reached
    assert found.after.furthest <= load.furthest
    assert level_within(load, 0.001, step_fte=0.5).reached


@pytest.mark.parametrize("fte", [[4.0], [NAN, 4.0], [NAN, NAN]])
def test_one_zone_or_none_needs_nothing(fte: list[float]) -> None:
    load = load_of([10.0] * len(fte), fte)
    for found in (level_within(load, 0.1), as_level_as(load, load.cv)):
        assert found.moved_fte == 0
        assert found.transfers == ()


small_loads = st.integers(2, 3).flatmap(
    lambda zones: st.tuples(
        st.lists(st.integers(1, 30), min_size=zones, max_size=zones),
        st.lists(st.integers(1, 4), min_size=zones, max_size=zones),
        st.lists(st.sampled_from([0.8, 0.9, 1.0]), min_size=zones, max_size=zones),
    )
)


@settings(max_examples=80)
@given(small_loads, st.sampled_from([0.05, 0.1, 0.2, 0.4]))
def test_no_staffing_within_the_tolerance_moves_fewer(
    drawn: tuple[list[float], list[float], list[float]], tolerance: float
) -> None:
    cases, fte, share = (np.array(values, dtype=np.float64) for values in drawn)
    load = load_of(*drawn)
    found = level_within(load, tolerance, step_fte=0.5)
    all_there_are = every_staffing(fte, 0.5)
    off = np.array([furthest(staffing, cases, share) for staffing in all_there_are])
    fits = off <= tolerance + 1e-9
    assert found.reached == fits.any()
    if found.reached:
        assert found.after.furthest <= tolerance + 1e-6
        assert found.moved_fte == pytest.approx(moved(all_there_are[fits], fte).min())
    else:
        assert found.after.furthest <= off.min() + 1e-3


@settings(max_examples=60)
@given(small_loads, st.sampled_from([0.1, 0.3]), st.sampled_from([0.0, NAN]))
def test_a_zone_that_waits_is_levelled_with_the_fewest_as_well(
    drawn: tuple[list[float], list[float], list[float]], tolerance: float, nobody: float
) -> None:
    cases, fte, share = (np.array(values, dtype=np.float64) for values in drawn)
    fte[-1], share[-1] = 0, 1
    recorded = np.where(fte > 0, fte, nobody)
    load = Load.of(
        "ABC"[: len(fte)], cases, recorded=recorded, available=recorded * share,
        new=[False] * (len(fte) - 1) + [True],
    )  # fmt: skip
    found = level_within(load, tolerance, step_fte=0.5)
    all_there_are = every_staffing(fte, 0.5)
    off = np.array([furthest(staffing, cases, share) for staffing in all_there_are])
    fits = off <= tolerance + 1e-9
    assert found.reached == fits.any()
    assert np.nansum(found.after.fte) == pytest.approx(fte.sum())
    assert sum(t.fte for t in found.transfers) == pytest.approx(found.moved_fte, abs=1e-5)
    if found.reached:
        assert found.moved_fte == pytest.approx(moved(all_there_are[fits], fte).min())
    else:
        assert found.after.furthest <= off.min() + 1e-2
        assert found.after.waiting == ()


# the fewest down to a spread


@settings(max_examples=80)
@given(small_loads, st.sampled_from([0.02, 0.05, 0.1, 0.2, 0.4]))
def test_no_staffing_as_level_moves_fewer_where_shares_are_alike(
    drawn: tuple[list[float], list[float], list[float]], cv: float
) -> None:
    cases, fte = (np.array(values, dtype=np.float64) for values in drawn[:2])
    load = load_of(list(cases), list(fte))
    found = as_level_as(load, cv, step_fte=0.5)
    all_there_are = every_staffing(fte, 0.5)
    staffed = all_there_are[(all_there_are > 0).all(axis=1)]
    spread = np.array([inequality(cases, staffing, per=1).cv for staffing in staffed])
    assert found.reached == bool((spread <= cv + 1e-9).any())
    if found.reached:
        assert found.after.cv <= cv + 1e-6
        assert found.moved_fte == pytest.approx(moved(staffed[spread <= cv + 1e-9], fte).min())
    else:
        assert found.after.cv == pytest.approx(spread.min(), abs=1e-6)


@settings(max_examples=60)
@given(small_loads, st.sampled_from([0.05, 0.1, 0.2]))
def test_where_shares_differ_it_is_at_most_a_step_more(
    drawn: tuple[list[float], list[float], list[float]], cv: float
) -> None:
    cases, fte, share = (np.array(values, dtype=np.float64) for values in drawn)
    found = as_level_as(load_of(*drawn), cv, step_fte=0.5)
    assume(found.reached)
    staffed = every_staffing(fte, 0.5)
    staffed = staffed[(staffed > 0).all(axis=1)]
    spread = np.array([inequality(cases, staffing * share, per=1).cv for staffing in staffed])
    fewest = moved(staffed[spread <= cv + 1e-9], fte).min()
    assert fewest - 1e-6 <= found.moved_fte <= fewest + 0.5 + 1e-6


def test_a_spread_that_is_there_already_moves_nobody() -> None:
    load = load_of([60, 20], [4, 4])
    found = as_level_as(load, load.cv)
    assert (found.reached, found.moved_fte) == (True, 0)


def test_a_spread_that_is_not_known_is_not_reached() -> None:
    found = as_level_as(load_of([60, 20], [4, 4]), NAN)
    assert (found.reached, found.moved_fte) == (False, 0)


def test_an_emptied_zone_is_drawn_on_first_and_to_the_last() -> None:
    found = as_level_as(load_of([50, 50, 0], [4, 4, 2.2]), 0.05)
    assert found.reached
    assert found.after.fte[2] == 0
    assert found.after.fte.sum() == pytest.approx(10.2)


# what holds for all


@settings(max_examples=60)
@given(small_loads, st.randoms(use_true_random=False))
def test_the_order_of_zones_does_not_matter(
    drawn: tuple[list[float], list[float], list[float]], random: object
) -> None:
    order = list(range(len(drawn[0])))
    random.shuffle(order)
    other = tuple([values[at] for at in order] for values in drawn)
    for level in (lambda x: level_within(x, 0.2), lambda x: as_level_as(x, 0.15)):
        one, two = level(load_of(*drawn)), level(load_of(*other))
        assert one.reached == two.reached
        if one.reached:
            assert one.moved_fte == pytest.approx(two.moved_fte)


@settings(max_examples=60)
@given(small_loads, st.sampled_from([0.1, 0.5, 1.0]))
def test_staff_is_neither_made_nor_lost(
    drawn: tuple[list[float], list[float], list[float]], step: float
) -> None:
    load = load_of(*drawn)
    for found in (level_within(load, 0.15, step_fte=step), as_level_as(load, 0.1, step_fte=step)):
        assert found.after.fte.sum() == pytest.approx(load.fte.sum())
        assert (found.after.fte >= 0).all()
        change = dict.fromkeys(load.zones, 0.0)
        for transfer in found.transfers:
            change[transfer.giver] -= transfer.fte
            change[transfer.taker] += transfer.fte
        np.testing.assert_allclose(list(change.values()), found.after.fte - load.fte, atol=1e-5)
        assert sum(t.fte for t in found.transfers) == pytest.approx(found.moved_fte, abs=1e-5)


def test_twenty_zones_can_be_levelled() -> None:
    rng = np.random.default_rng(3)
    fte = rng.integers(4, 25, 20).astype(float)
    load = load_of(list(fte * rng.uniform(9, 18, 20).round(1)), list(fte))
    for tolerance in (0.05, 0.1):
        found = level_within(load, tolerance, step_fte=0.1)
        assert found.reached
        assert found.after.furthest <= tolerance + 1e-6
    assert as_level_as(load, 0.05, step_fte=0.1).reached


def test_equal_amounts_are_paired_first() -> None:
    found = pair_transfers("ABCD", [-2.0, -1.0, 1.0, 2.0])
    assert found == (Transfer("A", "D", 2.0), Transfer("B", "C", 1.0))


def test_one_large_giver_serves_several() -> None:
    found = pair_transfers("ABC", [-1.5, 1.0, 0.5])
    assert found == (Transfer("A", "B", 1.0), Transfer("A", "C", 0.5))
    assert pair_transfers("AB", [NAN, 0.0]) == ()
