"""What must hold of every measure, whatever the counts, the zones and their order."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from analysis.disclosure import DFE, NHS, suppress
from analysis.equity import (
    KOLM_ALPHA,
    chance_cv,
    coefficient_of_variation,
    concentration_index,
    gini,
    hoover,
    kolm,
    max_min,
    mean_log_deviation,
    mean_rate,
    slope_index,
    theil,
)
from analysis.rates import byar, funnel_limits, rate, rate_interval, wilson
from analysis.shape import pyramids_split, stray_pieces, zone_shapes
from geo.adjacency import build_adjacency
from geo.geography import Geography
from geo.plan import Plan
from grids import square

Reading = Callable[[Sequence[float], Sequence[float]], float]
"""A measure of inequality: of rates and populations."""

RELATIVE = [coefficient_of_variation, gini, theil, mean_log_deviation, hoover, max_min]
EVERY = [*RELATIVE, kolm, mean_rate]

people = st.integers(1, 100_000)
rates = st.floats(1, 2000)
zones = st.lists(st.tuples(rates, people), min_size=1, max_size=9)
levels = st.floats(0.5, 0.999)


def close(value: float) -> object:
    return pytest.approx(value, rel=1e-7, abs=1e-7)


@pytest.mark.parametrize("measure", EVERY)
@given(zones=zones, data=st.data())
def test_the_order_of_zones_does_not_matter(
    measure: Reading, zones: list[tuple[float, int]], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(zones))
    assert measure(*zip(*shuffled, strict=True)) == close(measure(*zip(*zones, strict=True)))


@pytest.mark.parametrize("measure", EVERY)
@given(zones=zones, copies=st.integers(2, 5))
def test_cutting_every_zone_into_equal_parts_changes_nothing(
    measure: Reading, zones: list[tuple[float, int]], copies: int
) -> None:
    y, w = zip(*zones, strict=True)
    assert measure(y * copies, w * copies) == close(measure(y, w))


@pytest.mark.parametrize("measure", RELATIVE)
@given(zones=zones, factor=st.floats(0.01, 100))
def test_relative_measures_do_not_see_the_scale(
    measure: Reading, zones: list[tuple[float, int]], factor: float
) -> None:
    y, w = (np.array(side) for side in zip(*zones, strict=True))
    assert measure(y * factor, w) == close(measure(y, w))


@given(zones=zones, more=st.floats(0, 1000), alpha=st.floats(0.001, 10))
def test_kolm_does_not_see_the_same_added_everywhere(
    zones: list[tuple[float, int]], more: float, alpha: float
) -> None:
    y, w = (np.array(side) for side in zip(*zones, strict=True))
    assert kolm(y + more, w, alpha=alpha) == close(kolm(y, w, alpha=alpha))


@given(zones=zones)
def test_measures_keep_to_their_range(zones: list[tuple[float, int]]) -> None:
    y, w = zip(*zones, strict=True)
    assert 0 <= gini(y, w) < 1
    assert 0 <= hoover(y, w) <= gini(y, w) + 1e-12  # the widest gap between two Lorenz curves
    assert all(measure(y, w) >= 0 for measure in (theil, mean_log_deviation, kolm))
    assert max_min(y, w) >= 1
    assert 0 <= kolm(y, w) <= mean_rate(y, w) - min(y) + 1e-9


@pytest.mark.parametrize("measure", [m for m in EVERY if m is not mean_rate])
@given(rate_=rates, w=st.lists(people, min_size=2, max_size=9))
def test_equal_rates_are_equal_whatever_the_populations(
    measure: Reading, rate_: float, w: list[int]
) -> None:
    nothing = 1 if measure is max_min else 0
    # numbers of a few thousand lose some digits inside Kolm's exponential
    assert measure([rate_] * len(w), w) == pytest.approx(nothing, abs=1e-6)


@given(zones=zones, share=st.floats(0.01, 0.99))
def test_moving_events_towards_the_mean_lowers_inequality(
    zones: list[tuple[float, int]], share: float
) -> None:
    y, w = (np.array(side, dtype=float) for side in zip(*zones, strict=True))
    nearer = y + share * (mean_rate(y, w) - y)
    for measure in (coefficient_of_variation, gini, theil, mean_log_deviation, hoover, kolm):
        assert measure(nearer, w) <= measure(y, w) + 1e-9


@given(zones=zones, data=st.data())
def test_concentration_lies_within_gini_and_turns_with_deprivation(
    zones: list[tuple[float, int]], data: st.DataObject
) -> None:
    y, w = zip(*zones, strict=True)
    score = data.draw(st.lists(st.integers(0, 5), min_size=len(y), max_size=len(y)))
    value = concentration_index(y, w, score)
    assert abs(value) <= gini(y, w) + 1e-9
    assert concentration_index(y, w, [-s for s in score]) == close(-value)


@given(zones=zones, data=st.data())
def test_the_slope_turns_with_deprivation_and_does_not_see_the_order(
    zones: list[tuple[float, int]], data: st.DataObject
) -> None:
    y, w = zip(*zones, strict=True)
    score = data.draw(st.lists(st.integers(0, 5), min_size=len(y), max_size=len(y)))
    sii, _ = slope_index(y, w, score)
    if len(set(score)) < 2:
        assert math.isnan(sii)
        return
    turned, _ = slope_index(y, w, [-s for s in score])
    assert turned == pytest.approx(-sii, rel=1e-5, abs=1e-4)
    backwards, _ = slope_index(y[::-1], w[::-1], score[::-1])
    assert backwards == pytest.approx(sii, rel=1e-5, abs=1e-4)


@given(counts=st.lists(st.integers(1, 5000), min_size=1, max_size=9), more=st.integers(2, 100))
def test_more_events_leave_less_to_chance(counts: list[int], more: int) -> None:
    population = [1000] * len(counts)
    fewer = chance_cv(counts, population)
    assert chance_cv([x * more for x in counts], population) == close(fewer / math.sqrt(more))


@given(x=st.integers(0, 20_000), n=people, level=levels)
def test_an_interval_holds_its_rate_and_widens_with_confidence(
    x: int, n: int, level: float
) -> None:
    lower, upper = rate_interval(x, n, per=10_000, confidence=level)
    assert 0 <= lower <= rate(x, n, per=10_000) <= upper
    wide = rate_interval(x, n, per=10_000, confidence=(1 + level) / 2)
    assert wide.lower <= lower
    assert wide.upper >= upper


@given(x=st.integers(0, 200))
def test_byars_limits_rise_with_the_count_also_where_the_exact_ones_end(x: int) -> None:
    less, more = byar(x), byar(x + 1)
    assert less.lower < more.lower
    assert less.upper < more.upper


@given(n=people, data=st.data(), level=levels)
def test_a_proportion_and_its_complement_have_mirrored_intervals(
    n: int, data: st.DataObject, level: float
) -> None:
    x = data.draw(st.integers(0, n))
    lower, upper = wilson(x, n, confidence=level)
    mirrored = wilson(n - x, n, confidence=level)
    assert 0 <= lower <= x / n + 1e-15
    assert x / n - 1e-15 <= upper <= 1
    assert mirrored == (pytest.approx(1 - upper, abs=1e-9), pytest.approx(1 - lower, abs=1e-9))


@given(n=st.integers(20, 100_000), share=st.floats(0.01, 0.99), level=levels)
def test_wilsons_interval_of_a_value_on_the_funnel_ends_at_the_baseline(
    n: int, share: float, level: float
) -> None:
    limits = funnel_limits(share, n, kind="proportion", confidence=level)
    assume(limits.lower > 0 and limits.upper < 1)
    assert wilson(limits.lower * n, n, confidence=level).upper == pytest.approx(share, rel=1e-6)
    assert wilson(limits.upper * n, n, confidence=level).lower == pytest.approx(share, rel=1e-6)


def grid(side: int, assignment: list[int]) -> tuple[Geography, Plan]:
    cells = np.divmod(np.arange(side * side), side)
    shapes = np.array([square(x, y) for x, y in zip(*cells, strict=True)], dtype=object)
    units = tuple(f"u{i}" for i in range(side * side))
    geography = Geography("grid", "2011", units, units, shapes, build_adjacency(shapes))
    return geography, Plan(units, ("A", "B", "C"), np.array(assignment, dtype=np.int32))


def assignments(lowest: int) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(lowest, 2), min_size=16, max_size=16)


plans = assignments(-1).map(lambda assignment: grid(4, assignment))
full_plans = assignments(0).map(lambda assignment: grid(4, assignment))


@given(drawn=full_plans)
def test_outlines_are_the_rim_and_both_sides_of_every_line(drawn: tuple[Geography, Plan]) -> None:
    geography, plan = drawn
    shapes = zone_shapes(geography, plan)
    assert shapes.perimeter_m.sum() == pytest.approx(1600 + 2 * shapes.cut_length_m)
    assert shapes.area_km2.sum() == pytest.approx(0.16)
    assert (shapes.polsby_popper[plan.sizes > 0] <= 1).all()


@given(drawn=plans)
def test_every_piece_but_one_of_a_zone_is_stray(drawn: tuple[Geography, Plan]) -> None:
    geography, plan = drawn
    strays = stray_pieces(geography, plan)
    pieces = zone_shapes(geography, plan).pieces
    assert len(strays) == np.maximum(pieces - 1, 0).sum()
    for piece in strays:
        assert {plan.zone_of(unit) for unit in piece.units} == {piece.zone}
        assert 2 * len(piece.units) <= plan.sizes[plan.zone_position(piece.zone)]


@given(drawn=plans, pyramids=plans)
def test_a_split_pyramid_keeps_all_its_units(
    drawn: tuple[Geography, Plan], pyramids: tuple[Geography, Plan]
) -> None:
    plan, schools = drawn[1], pyramids[1]
    for split in pyramids_split(plan, schools):
        size = schools.sizes[schools.zone_position(split.pyramid)]
        assert sum(split.units) + split.unassigned == size
        assert len(split.zones) > 1


cells = st.lists(st.tuples(st.integers(0, 14), st.integers(-1, 2)), min_size=1, max_size=7).map(
    lambda pairs: tuple(np.array(side) for side in zip(*pairs, strict=True))
)


@given(table=cells)
@settings(max_examples=300)
def test_no_hidden_count_can_be_worked_out(table: tuple[np.ndarray, np.ndarray]) -> None:
    """Attack as one who knows that a hidden count is at least 1, and at most 5 where it is small.

    Each hidden count and each hidden total must have two possible values or more: a linear
    programme gives the least and the most it can be, given all that is shown. Sums over a tree
    have whole solutions at both.
    """
    counts, group = table
    result = suppress(counts, groups=group)
    assert result.totals is not None
    assert result.totals.totals is not None
    grand = result.totals.totals.values[0]
    rows = [group == zone for zone in range(group.max(initial=-1) + 1)]
    rows += [group == -1] if (group == -1).any() else []
    equal, to = np.array([*rows, np.ones(len(counts))], dtype=float), [*result.totals.values, grand]
    known = ~np.isnan(to)
    hidden = np.isnan(result.values)
    small = (counts >= DFE.low) & (counts <= DFE.high)
    bounds = [
        (value, value) if not secret else (1, DFE.high if low else None)
        for value, secret, low in zip(counts, hidden, small, strict=True)
    ]
    shown = {"A_eq": equal[known], "b_eq": np.array(to)[known]} if known.any() else {}
    for aim in [*np.eye(len(counts))[hidden], *equal[~known]]:
        least = linprog(aim, bounds=bounds, **shown)
        most = linprog(-aim, bounds=bounds, **shown)
        assert most.status == 3 or -most.fun > least.fun + 0.5  # 3: without bound


@given(table=cells)
def test_all_small_counts_are_hidden_no_zero_is_and_the_rest_is_true(
    table: tuple[np.ndarray, np.ndarray],
) -> None:
    counts, group = table
    result = suppress(counts, groups=group)
    hidden = np.isnan(result.values)
    assert hidden[(counts >= 1) & (counts <= 5)].all()
    assert not hidden[counts == 0].any()
    assert (result.values[~hidden] == counts[~hidden]).all()
    assert result.totals is not None
    for zone, total in enumerate(result.totals.values[: group.max() + 1]):
        assert np.isnan(total) or total == counts[group == zone].sum()


@given(table=cells)
def test_rounded_counts_lie_within_half_a_step(table: tuple[np.ndarray, np.ndarray]) -> None:
    counts, group = table
    values = suppress(counts, groups=group, policy=NHS).values
    known = ~np.isnan(values)
    assert (values[known] % 5 == 0).all()
    assert (np.abs(values - counts)[known] <= 2.5).all()


def test_the_default_alpha_suits_rates_of_some_hundreds() -> None:
    assert 10 < kolm([400, 600], [1, 1], alpha=KOLM_ALPHA) < 100
