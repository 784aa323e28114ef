"""Gain: whether zones lie closer together after a redraw, what is chance, and whether it lasts."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, chi2, poisson, skellam

from analysis import equity
from analysis.assumptions import Assumptions
from analysis.events import Edit
from analysis.gain import Gain, Outlook, Stability, cv, draw_events, gain, gini, max_min
from analysis.scenario import Evaluation, Scenario, evaluate
from geo.errors import PlanError
from geo.plan import Plan
from layers.measures import Measures
from layers.pack import Pack
from layers.status import Status
from small_pack import UNITS

NAN = float("nan")


def seeded(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def with_counts(pack: Pack, **counts: list[float]) -> Pack:
    old = pack.measures
    values, status = old.values.copy(), old.status.copy()
    for key, row in counts.items():
        values[old.row(key)] = row
        status[old.row(key)] = np.where(np.isnan(row), Status.MISSING, Status.OK)
    return replace(pack, measures=Measures(old.units, old.measures, values, status))


def evaluated(pack: Pack, *edits: Edit, **assumptions: object) -> Evaluation:
    taken = Assumptions(**assumptions)  # type: ignore[arg-type]
    return evaluate(Scenario("x", pack.plan("zones"), edits, assumptions=taken), pack)


def found(pack: Pack, *edits: Edit, draws: int = 2_000, **assumptions: object) -> Gain:
    before, after = (evaluated(pack, *e, **assumptions) for e in ((), edits))
    return gain(before, after, rng=seeded(), draws=draws)


@pytest.fixture(scope="module")
def two_zones(small: Pack) -> Pack:
    """Two equal zones, of 400 children and 50 referrals each, and a third without children."""
    return with_counts(
        small,
        children=[100, 100, 200, 100, 100, 200, 0, 0, 0],
        referrals=[12, 13, 25, 13, 12, 25, 0, 0, 0],
    )


# measures of spread, row by row

rates = st.lists(st.floats(0.01, 900), min_size=2, max_size=6)


@given(rows=st.lists(rates, min_size=1, max_size=3), seed=st.integers(0, 99))
def test_spreads_row_by_row_are_those_of_equity(rows: list[list[float]], seed: int) -> None:
    zones = min(map(len, rows))
    table = np.array([row[:zones] for row in rows])
    weights = seeded(seed).integers(1, 50, zones).astype(float)
    for mine, theirs in (
        (cv, equity.coefficient_of_variation),
        (gini, equity.gini),
        (max_min, equity.max_min),
    ):
        expected = [theirs(row, weights) for row in table]
        np.testing.assert_allclose(mine(table, weights), expected, rtol=1e-9, atol=1e-9)


def test_spreads_of_nothing_and_of_a_zone_at_nothing() -> None:
    table, weights = np.array([[0.0, 0], [0, 5]]), np.array([1.0, 1])
    np.testing.assert_array_equal(max_min(table, weights), [NAN, np.inf])
    np.testing.assert_array_equal(cv(table, weights), [NAN, 1])
    np.testing.assert_array_equal(gini(table, weights), [NAN, 0.5])


# the rates behind


def test_areas_of_one_rate_are_drawn_as_one() -> None:
    counts, people = np.full(50, 20.0), np.full(50, 1000.0)
    drawn = draw_events(counts, people, np.arange(50) // 10, rng=seeded())
    assert drawn.mean() == pytest.approx(20, rel=0.02)
    assert np.median(drawn.std(axis=1)) < 2  # one count alone would vary by 4.5


def test_a_small_area_says_little_of_itself_and_a_large_one_much() -> None:
    people = np.tile([20.0, 20_000.0], 40)
    behind = seeded(3).gamma(10, 0.002, 80)
    drawn = draw_events(seeded(4).poisson(behind * people), people, np.zeros(80), rng=seeded())
    away = np.abs(drawn.mean(axis=0) / people - behind)
    assert away[1::2].mean() < 0.2 * away[::2].mean()


def test_the_sum_drawn_is_about_the_sum_counted(dorset: Pack) -> None:
    plan = dorset.plan("zones").plan
    counts, children = (dorset.measures.counts(key) for key in ("referrals", "children"))
    drawn = draw_events(counts, children, plan.assignment, rng=seeded())
    assert drawn.sum(axis=1).mean() == pytest.approx(counts.sum(), rel=0.01)


def test_a_missing_count_has_no_draw_and_disturbs_no_other() -> None:
    with_gap = draw_events([5, NAN, 9], [100, 100, 100], [0, 0, 1], rng=seeded())
    without = draw_events([5, 9], [100, 100], [0, 1], rng=seeded())
    assert np.isnan(with_gap[:, 1]).all()
    np.testing.assert_array_equal(with_gap[:, [0, 2]], without)


def test_where_nobody_lives_the_count_stands_and_where_nothing_happened_nothing() -> None:
    drawn = draw_events([3, 5], [0, 100], [0, 0], rng=seeded(), draws=10)
    assert set(drawn[:, 0]) == {3.0}
    assert not draw_events([0, 0], [10, 10], [0, 1], rng=seeded(), draws=10).any()


def test_one_area_and_areas_that_are_each_a_place_can_be_drawn() -> None:
    assert draw_events([50], [1000], [0], rng=seeded()).mean() == pytest.approx(50, rel=0.1)
    drawn = draw_events([40, 60, 50], [1e3, 1e3, 1e3], [0, 1, 2], rng=seeded())
    assert np.isfinite(drawn).all()


# the share of years in which all zones stay level


def test_two_zones_of_one_rate_stay_level_as_often_as_their_sum_splits_evenly(
    two_zones: Pack,
) -> None:
    """Given their sum k, one zone's count is binomial(k, 1/2): level when |2x - k| <= t k."""
    result = found(two_zones, tolerance=0.1).rates.outlook("referral_rate").before
    assert result.zones == ("North", "Middle")
    sums = np.arange(1, 300)
    least, most = np.ceil(sums * 0.45 - 1e-9), np.floor(sums * 0.55 + 1e-9)
    inside = binom.cdf(most, sums, 0.5) - binom.cdf(least - 1, sums, 0.5)
    exact = float(poisson.pmf(sums, 100) @ inside)
    assert result.by_chance == pytest.approx(exact, abs=0.04)  # 3.5 standard errors
    assert result.by_chance < 0.75


def test_the_gap_between_two_zones_by_chance_is_skellam(two_zones: Pack) -> None:
    before = evaluated(two_zones)
    level = gain(before, before, rng=seeded(), draws=20_000).rates.outlook("referral_rate").before
    # of about 100 events a gap of 12 is 12 % each way
    twelve = gain(
        evaluated(two_zones, tolerance=0.125), evaluated(two_zones, tolerance=0.125),
        rng=seeded(), draws=20_000,
    ).rates.outlook("referral_rate").before  # fmt: skip
    assert level.by_chance < twelve.by_chance
    gaps = np.arange(-12, 13)
    assert twelve.by_chance == pytest.approx(skellam.pmf(gaps, 50, 50).sum(), abs=0.02)


@pytest.mark.parametrize(
    ("children", "referrals", "tolerance"),
    [((400, 400, 400), (5, 6, 4), 0.2), ((300, 600, 450), (6, 11, 10), 0.25)],
)
def test_years_within_the_tolerance_are_those_that_counting_all_gives(
    small: Pack, children: tuple[int, ...], referrals: tuple[int, ...], tolerance: float
) -> None:
    """Every year that three small zones of one rate can have, each by its Poisson chance.

    Counts so small often lie at the very end of the tolerance: they are inside.
    """
    pack = with_counts(
        small,
        children=[part / 3 for part in children for _ in range(3)],
        referrals=[float(x) for zone in referrals for x in (zone, 0, 0)],
    )
    same = found(pack, draws=60_000, tolerance=tolerance)
    level = same.rates.outlook("referral_rate").after
    people = np.array(children, dtype=float)
    each = [poisson.pmf(np.arange(40), sum(referrals) * n / people.sum()) for n in people]
    years = np.meshgrid(*[np.arange(40)] * 3, indexing="ij")
    chance = each[0][:, None, None] * each[1][:, None] * each[2]
    # multiplied out, so that nothing is lost to rounding: |x N - n X| <= t n X
    away = [abs(x * people.sum() - n * sum(years)) for x, n in zip(years, people, strict=True)]
    inside = [a <= tolerance * n * sum(years) + 1e-6 for a, n in zip(away, people, strict=True)]
    exact = float(chance[np.logical_and.reduce(inside)].sum())
    assert level.by_chance == pytest.approx(exact, abs=0.006)  # 3 standard errors


def test_a_tolerance_tighter_than_chance_is_called_so(two_zones: Pack) -> None:
    tight = found(two_zones, tolerance=0.02).rates.outlook("referral_rate").after
    assert tight.tighter_than_chance
    wide = found(two_zones, tolerance=0.4).rates.outlook("referral_rate").after
    assert not wide.tighter_than_chance
    assert wide.by_chance > 0.99


def test_a_wider_tolerance_is_kept_more_often(dorset: Pack) -> None:
    shares = []
    for tolerance in (0.02, 0.1, 0.2, 0.4):
        start = Scenario("x", dorset.plan("areas"), assumptions=Assumptions(tolerance=tolerance))
        one = evaluate(start, dorset)
        shares.append(gain(one, one, rng=seeded()).rates.outlook("referral_rate").after.level)
    assert shares == sorted(shares)
    assert shares[0] < 0.05
    assert shares[-1] > 0.95


def test_the_tolerance_needed_is_the_one_that_is_kept_so_often(dorset: Pack) -> None:
    start = Scenario("x", dorset.plan("areas"))
    one = evaluate(start, dorset)
    first = gain(one, one, rng=seeded()).rates.outlook("referral_rate").after
    for share, needed in zip((0.8, 0.9), first.needed, strict=True):
        again = evaluate(replace(start, assumptions=Assumptions(tolerance=needed)), dorset)
        level = gain(again, again, rng=seeded()).rates.outlook("referral_rate").after.level
        assert level == pytest.approx(share, abs=0.001)


def test_no_zone_leaves_the_band_more_often_than_all_together(dorset: Pack) -> None:
    one = evaluate(Scenario("x", dorset.plan("zones")), dorset)
    for side in (gain(one, one, rng=seeded()).rates, gain(one, one, rng=seeded()).load):
        for outlook in side.outlooks:
            assert (outlook.after.inside >= outlook.after.level).all()
            assert (outlook.after.lower <= outlook.after.upper).all()


# the probability that a gain is real


def test_nothing_moved_is_no_gain(dorset: Pack) -> None:
    one = evaluate(Scenario("x", dorset.plan("areas")), dorset)
    result = gain(one, one, rng=seeded())
    for spread in (*result.rates.spreads, *result.load.spreads):
        assert spread.probability == 0
        assert spread.before == spread.after
        assert spread.behind_before == spread.behind_after


def test_a_great_gain_is_real_and_its_undoing_is_not(small: Pack) -> None:
    many = with_counts(
        small,
        children=[2_000.0] * 9,
        referrals=[400, 20, 20, 20, 400, 20, 200, 150, 150],
    )
    swap = Edit.move([UNITS[0]], to="Middle"), Edit.move([UNITS[4]], to="North")
    even = evaluated(many)
    uneven = evaluated(many, swap[0])
    forth, back = (gain(*pair, rng=seeded()) for pair in ((uneven, even), (even, uneven)))
    assert forth.rates.spread("referral_cv").probability > 0.97
    assert back.rates.spread("referral_cv").probability < 0.03


def test_what_is_behind_the_counts_is_drawn_once_a_count_whatever_the_lines(dorset: Pack) -> None:
    start = Scenario("x", dorset.plan("areas"))
    before = evaluate(start, dorset)
    drawn: dict[bytes, np.ndarray] = {}
    asked: list[bytes] = []

    def keeping(counts: np.ndarray, people: np.ndarray, places: np.ndarray) -> np.ndarray:
        key = b"".join(part.tobytes() for part in (counts, people, places))
        asked.append(key)
        if key not in drawn:
            drawn[key] = draw_events(counts, people, places, rng=seeded(2))
        return drawn[key]

    south = start.plan.members("South")
    for count in (3, 9):
        moved = evaluate(start.do(Edit.move(south[:count], to="West")), dorset)
        fresh = partial(draw_events, rng=seeded(2))
        kept = gain(before, moved, rng=seeded(), drawing=keeping).rates.spread("referral_cv")
        anew = gain(before, moved, rng=seeded(), drawing=fresh).rates.spread("referral_cv")
        assert kept == anew
    assert len(asked) == 2 * len(drawn) == 2 * len(set(asked))


def test_figures_before_and_after_are_those_of_the_registry(dorset: Pack) -> None:
    start = Scenario("x", dorset.plan("areas"), assumptions=Assumptions(weights={"open_cp": 2}))
    before = evaluate(start, dorset)
    moved = start.do(Edit.move(start.plan.members("South")[:9], to="West"))
    after = evaluate(moved, dorset)
    result = gain(before, after, rng=seeded())
    spreads = (*result.rates.spreads, *result.load.spreads)
    assert len(spreads) == 12
    for spread in spreads:
        assert spread.before == pytest.approx(before.for_plan(spread.key))
        assert spread.after == pytest.approx(after.for_plan(spread.key))
        if spread.key.endswith("_cv"):
            noise = spread.key.replace("_cv", "_noise")
            assert spread.chance_after == after.for_plan(noise)
    for outlook in (*result.rates.outlooks, *result.load.outlooks):
        np.testing.assert_allclose(outlook.after.value, after.per_zone(outlook.key))


def test_chance_makes_a_spread_as_likely_as_a_chi_squared_test_says(two_zones: Pack) -> None:
    uneven = with_counts(two_zones, referrals=[20, 20, 25, 13, 12, 20, 0, 0, 0])
    one = evaluated(uneven)
    spread = gain(one, one, rng=seeded(), draws=20_000).rates.spread("referral_cv")
    seen = np.array([65.0, 45.0])
    exact = chi2.sf(((seen - 55) ** 2 / 55).sum(), 1)
    assert spread.unlikely_before == pytest.approx(exact, abs=0.02)


def study(
    between: float, within: float, *, worlds: int, seed: int
) -> tuple[np.ndarray, np.ndarray, float]:
    """Draw worlds with known rates behind; give claims, truths and how often intervals cover."""
    rng, zones, areas = seeded(seed), 4, 120
    claims, truths, covered = [], [], 0
    for _ in range(worlds):
        before = np.sort(rng.integers(0, zones, areas))
        after = before.copy()
        after[rng.choice(areas, 20, replace=False)] = rng.integers(0, zones, 20)
        people = rng.integers(150, 500, areas).astype(float)
        of_zone = rng.gamma(1 / between, between, zones)
        behind = 0.02 * of_zone[before] * rng.gamma(1 / within, within, areas)
        counts = rng.poisson(behind * people)
        drawn = draw_events(counts, people, before, rng=rng, draws=300)
        spreads = []
        for plan in (before, after):
            member = np.eye(zones)[plan]
            size = people @ member
            rows = np.vstack([behind * people, drawn]) @ member / size
            spreads.append(cv(rows, size))
        claims.append((spreads[1][1:] < spreads[0][1:]).mean())
        truths.append(spreads[1][0] < spreads[0][0])
        lower, upper = np.quantile(spreads[1][1:], [0.025, 0.975])
        covered += bool(lower <= spreads[1][0] <= upper)
    return np.array(claims), np.array(truths, dtype=float), covered / worlds


@pytest.mark.parametrize(("between", "within"), [(0.02, 0.1), (0.04, 0.3), (0.005, 0.1)])
def test_a_claimed_probability_is_kept_as_often_as_claimed(between: float, within: float) -> None:
    claims, truths, covered = study(between, within, worlds=400, seed=8)
    assert covered > 0.91
    for lower, upper in ((0, 0.5), (0.5, 0.8), (0.8, 1.01)):
        inside = (claims >= lower) & (claims < upper)
        error = np.sqrt((claims[inside] * (1 - claims[inside])).sum()) / max(inside.sum(), 1)
        assert abs(claims[inside].mean() - truths[inside].mean()) < 3 * error + 0.03


# zones that cannot be compared


def test_a_zone_without_staff_is_left_out_of_load_and_named(small: Pack) -> None:
    result = found(small, Edit.move(UNITS[:1], to="East"))
    after = result.load.outlook("weighted_load").after
    assert after.left_out == ("East",)
    assert after.zones == ("North", "Middle", "South")
    assert result.rates.outlook("referral_rate").after.left_out == ()


def test_without_staff_or_need_or_children_in_need_these_are_not_told(small: Pack) -> None:
    result = found(replace(small, staffing=None), Edit.move(UNITS[:1], to="South"))
    assert [o.key for o in result.rates.outlooks] == ["referral_rate", "cp_rate"]
    assert {s.key for s in result.rates.spreads} == {
        "referral_cv", "referral_gini", "referral_max_min", "cp_cv",
    }  # fmt: skip
    load = result.load.outlook("weighted_load")
    assert load.after.zones == ()
    assert np.isnan([load.after.level, load.after.mean, *load.after.needed]).all()
    assert np.isnan(result.load.spread("load_cv").probability)


def test_an_empty_zone_is_left_out(small: Pack) -> None:
    result = found(small, Edit.move(UNITS[3:6], to="North"))
    assert result.rates.outlook("referral_rate").after.left_out == ("Middle",)
    assert np.isfinite(result.rates.spread("referral_cv").probability)


def test_one_zone_has_nothing_to_lie_apart_from(small: Pack) -> None:
    result = found(small, Edit.move(UNITS, to="North"))
    spread = result.rates.spread("referral_cv")
    assert np.isnan([spread.probability, spread.behind_after.mean]).all()
    assert np.isnan(result.rates.outlook("referral_rate").after.level)


def test_a_zone_with_a_missing_count_is_left_out(small: Pack) -> None:
    gap = with_counts(small, referrals=[NAN, 20, 30, 10, 10, 10, 12, 6, 2])
    result = found(gap, Edit.move(UNITS[3:4], to="South"))
    assert result.rates.outlook("referral_rate").after.left_out == ("North",)
    assert 0 <= result.rates.spread("referral_cv").probability <= 1


def test_nothing_counted_anywhere_breaks_nothing(small: Pack) -> None:
    result = found(with_counts(small, referrals=[0.0] * 9), Edit.move(UNITS[:1], to="South"))
    spread = result.rates.spread("referral_cv")
    assert np.isnan([spread.before, spread.probability]).all()


def test_plans_may_have_different_numbers_of_zones(dorset: Pack) -> None:
    zones, areas = (evaluate(Scenario("x", dorset.plan(k)), dorset) for k in ("zones", "areas"))
    outlook = gain(zones, areas, rng=seeded()).rates.outlook("referral_rate")
    assert (len(outlook.before.zones), len(outlook.after.zones)) == (7, 4)


def test_plans_of_other_units_are_refused(small: Pack, dorset: Pack) -> None:
    other = evaluate(Scenario("x", dorset.plan("areas")), dorset)
    with pytest.raises(PlanError, match="not of the same units"):
        gain(evaluated(small), other, rng=seeded())


# the same answer


def same(one: Outlook, other: Outlook) -> bool:
    def told(side: Stability) -> tuple[object, ...]:
        return (side.level, side.by_chance, side.lower.tolist(), side.upper.tolist(), side.needed)

    return told(one.before) == told(other.before) and told(one.after) == told(other.after)


def test_the_same_seed_gives_the_same_answer(small: Pack) -> None:
    edit = Edit.move(UNITS[:1], to="South")
    one, other = found(small, edit, draws=50), found(small, edit, draws=50)
    assert one.rates.spreads == other.rates.spreads
    assert all(map(same, one.load.outlooks, other.load.outlooks))


@settings(max_examples=15)
@given(order=st.permutations(range(3)))
def test_the_order_of_zones_does_not_matter(small: Pack, order: list[int]) -> None:
    plan = small.plan("zones").plan
    zones = tuple(plan.zones[at] for at in order)
    shuffled = Plan(plan.units, zones, np.argsort(order)[plan.assignment])
    one, other = (
        gain(evaluated(small), evaluated(small, Edit.replace_with(p, "x")), rng=seeded(), draws=400)
        for p in (plan, shuffled)
    )
    seen, again = one.rates.spread("referral_cv"), other.rates.spread("referral_cv")
    assert seen.after == pytest.approx(again.after)
    assert seen.behind_after.mean == pytest.approx(again.behind_after.mean)
    assert seen.chance_after == pytest.approx(again.chance_after)
