"""Caseload over time: Little's law, a slow twin, whole accounts, and what is not known."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.aggregate import NO_ZONE
from analysis.capacity import WEIGHTED_CASES
from analysis.caseload import OPEN_CASES
from analysis.flow import (
    ACCOUNTS,
    Flow,
    Streams,
    caseload_over_time,
    draw_paths,
    expected_arrivals,
    expected_stock,
    streams_of,
)
from analysis.flow_stages import ASSUMED_MONTHS, Stages, months_of, seed_stages
from geo.errors import LayerError, PlanError
from geo.plan import Plan
from layers.measures import Measure, Measures
from layers.pack import Pack
from layers.status import Status
from slow_flow import Place, Rules, live

UNITS = ("a", "b", "c", "d")
BEFORE = Plan(UNITS, ("North", "South"), np.array([0, 0, 1, 1]))
AFTER = BEFORE.move(["b"], to="South")
SEED = 20160630


def drawn(
    counts: dict[str, list[float]], *, units: tuple[str, ...] = UNITS, period: str = "2016-17"
) -> Measures:
    counts = {"children": [400.0] * len(units)} | counts
    described = tuple(
        Measure(key, key, "children", period, "drawn", "illustrative", key != "children")
        for key in counts
    )
    values = np.array(list(counts.values()), dtype=np.float64)
    status = np.where(np.isnan(values), Status.MISSING, Status.OK).astype(np.int8)
    return Measures(units, described, values, status)


LEVEL = drawn({
    "referrals": [240.0, 240, 240, 240],
    "open_cin": [36.0, 36, 36, 36],
    "open_cp": [12.0, 12, 12, 12],
    "open_cla": [15.0, 15, 15, 15],
    "cp_starts": [16.0, 16, 16, 16],
})  # fmt: skip
"""In balance: each area 72 cases a year for 6 months, 16 of them on a plan for 9, 6 looked after
for 30."""


def flow_of(
    measures: Measures = LEVEL,
    before: Plan = BEFORE,
    after: Plan = AFTER,
    stages: Stages | None = None,
    **options: object,
) -> Flow:
    stages = stages or seed_stages(measures)
    streams = streams_of(measures, stages, before=before, after=after)
    options = {"futures": 400, "rng": np.random.default_rng(SEED)} | options
    return caseload_over_time(streams, stages, **options)  # type: ignore[arg-type]


def z_scores(
    found: npt.NDArray[np.float64], mean: npt.NDArray[np.float64], axis: int
) -> npt.NDArray[np.float64]:
    error = found.std(axis=axis, ddof=1) / np.sqrt(found.shape[axis])
    gap: npt.NDArray[np.float64] = (found.mean(axis=axis) - mean) / np.where(error > 0, error, 1)
    return gap


# ---- the stages


def test_months_open_are_open_cases_over_those_that_start_in_a_year() -> None:
    stages = seed_stages(LEVEL)
    assert stages.months_open.tolist() == [6, 9, 30]
    assert [seed.seeded for seed in stages.seeds] == ["assumed", "starts", "assumed"]
    assert [seed.starts_counted for seed in stages.seeds] == [False, True, False]


def test_shares_are_those_that_keep_open_cases_level() -> None:
    stages = seed_stages(LEVEL)
    assert stages.case_share == pytest.approx(288 / 960)
    assert stages.starts == pytest.approx([288, 64, 24])
    assert stages.onward == pytest.approx(
        np.array([[0, 64 / 288, 12 / 288], [0, 0, 12 / 64], [0, 0, 0]])
    )
    assert stages.steady(960) == pytest.approx(np.array([[144, 48, 60]]))


def test_ends_say_more_of_months_open_than_starts() -> None:
    stages = seed_stages(
        drawn({"referrals": [100.0], "open_cp": [30.0], "cp_starts": [30.0], "cp_ends": [20.0]},
              units=("a",))
    )  # fmt: skip
    assert stages.months_open.tolist() == [18]
    assert stages.starts == pytest.approx([30])
    assert stages.seeds[0].seeded == "ends"


def test_referrals_with_no_further_action_tell_how_many_become_a_case() -> None:
    stages = seed_stages(
        drawn({"referrals": [100.0], "referrals_nfa": [40.0], "open_cin": [20.0]}, units=("a",))
    )
    assert stages.case_share == pytest.approx(0.6)
    assert stages.months_open == pytest.approx([4])


def test_a_half_year_of_counts_is_brought_to_a_year() -> None:
    counts: dict[str, list[float]] = {"referrals": [50.0], "open_cp": [10.0], "cp_starts": [10.0]}
    stages = seed_stages(drawn(counts, units=("a",), period="2024-10 to 2025-03"))
    assert stages.referrals == 100
    assert stages.starts == pytest.approx([20])
    assert stages.months_open == pytest.approx([6])


@pytest.mark.parametrize(
    ("period", "months"),
    [("2016-17", 12), ("2025-06", 1), ("2011-12", 12), ("2024-10 to 2025-03", 6), ("recent", 12)],
)
def test_a_period_says_how_many_months_it_has(period: str, months: int) -> None:
    assert months_of(period) == months


def test_cases_stay_longer_where_all_referrals_would_not_do() -> None:
    stages = seed_stages(drawn({"referrals": [60.0], "open_cin": [60.0]}, units=("a",)))
    assert stages.case_share == 1
    assert stages.months_open.tolist() == [12]
    assert stages.seeds[0].seeded == "balance"


def test_a_change_of_months_open_leaves_starts_as_they_are() -> None:
    stages = seed_stages(LEVEL, months_open={"open_cin": 12})
    assert stages.months_open.tolist() == [12, 9, 30]
    assert stages.starts == pytest.approx([288, 64, 24])
    assert stages.steady(960)[0, 0] == pytest.approx(288)


def test_months_open_that_hold_today_change_the_starts_that_nobody_counted() -> None:
    stages = seed_stages(LEVEL, months_open={"open_cin": 12, "open_cp": 18}, meaning="today")
    assert stages.starts == pytest.approx([144, 64, 24])
    assert stages.steady(960) == pytest.approx(np.array([[144, 96, 60]]))  # plans are counted


def test_more_plans_than_cases_put_the_start_out_of_balance() -> None:
    crowded = drawn(
        {"referrals": [10.0], "open_cin": [5.0], "open_cp": [100.0], "cp_starts": [120.0]},
        units=("a",),
    )
    stages = seed_stages(crowded)
    assert stages.onward[0, 1] == 1
    assert stages.starts == pytest.approx([10, 10])


@pytest.mark.parametrize("kind", ["open_cin", "open_cp", "open_cla"])
def test_one_kind_alone_is_enough(kind: str) -> None:
    stages = seed_stages(drawn({"referrals": [100.0], kind: [10.0]}, units=("a",)))
    assert stages.kinds == (kind,)
    assert stages.months_open.tolist() == [ASSUMED_MONTHS[kind]]
    assert stages.steady(100) == pytest.approx(np.array([[10]]))


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        ({"referrals": [1.0]}, "does not count open cases of any kind"),
        ({"open_cp": [1.0]}, "does not count referrals"),
        ({"referrals": [np.nan], "open_cp": [1.0]}, "In no small area are"),
    ],
)
def test_a_pack_without_what_it_takes_says_what_is_missing(
    counts: dict[str, list[float]], says: str
) -> None:
    with pytest.raises(LayerError, match=says):
        seed_stages(drawn(counts, units=("a",)))


def test_stages_refuse_shares_that_are_none() -> None:
    stages = seed_stages(LEVEL)
    with pytest.raises(LayerError, match="are no shares"):
        replace(stages, onward=np.ones((3, 3)))
    with pytest.raises(LayerError, match="for no time at all"):
        replace(stages, months_open=np.array([6, 0, 30.0]))


def test_a_month_twice_is_two_months() -> None:
    stages = seed_stages(LEVEL)
    slower = replace(stages, months_open=stages.months_open / 2)
    within = stages.month[:, :-1]
    assert within @ within == pytest.approx(slower.month[:, :-1])
    assert stages.month.sum(axis=1) == pytest.approx(1)
    assert stages.arriving.sum() == pytest.approx(1)


# ---- arrivals


def test_areas_draw_towards_the_authority_and_add_up_to_what_was_counted(dorset: Pack) -> None:
    found = expected_arrivals(dorset.measures)
    referrals, children = (dorset.measures.counts(key) for key in ("referrals", "children"))
    assert found.mean.sum() == pytest.approx(referrals.sum())
    assert (found.mean / children).std() < (referrals / children).std()


def test_all_areas_together_are_as_unsure_as_a_poisson_count(dorset: Pack) -> None:
    found = expected_arrivals(dorset.measures)
    total = found.variance.sum() + found.common * found.mean.sum() ** 2
    assert total == pytest.approx(dorset.measures.counts("referrals").sum())


def test_rates_are_the_mean_and_variance_of_the_gamma_posterior() -> None:
    measures = drawn({"referrals": [10.0, 40, 10, 40], "open_cp": [1.0] * 4})
    found = expected_arrivals(measures)
    m = 100 / 1600
    between = float(np.mean((np.array([10, 40, 10, 40]) / 400 - m) ** 2)) - m / 400
    shape, inverse = m**2 / between, m / between
    posterior = (shape + np.array([10, 40, 10, 40])) / (inverse + 400)
    assert found.mean == pytest.approx(posterior * 400)
    assert found.variance == pytest.approx(posterior / (inverse + 400) * 400**2)


def test_an_area_with_unknown_referrals_has_the_rate_of_the_authority() -> None:
    measures = drawn({"referrals": [np.nan, 40, 10, 40], "open_cp": [1.0] * 4})
    found = expected_arrivals(measures)
    assert found.mean[1:].sum() == pytest.approx(90)
    assert found.mean[0] == pytest.approx(30, rel=0.05)
    assert found.variance[0] > found.mean[0]  # nothing of its own is known


def test_an_area_without_children_keeps_its_referrals() -> None:
    measures = drawn({
        "children": [0.0, 400, 400, 400], "referrals": [3.0, 40, 40, 40], "open_cp": [1.0] * 4,
    })  # fmt: skip
    assert expected_arrivals(measures).mean.tolist() == pytest.approx([3, 40, 40, 40])


# ---- the law of Little and the slow twin


def test_what_is_open_in_the_long_run_is_what_arrives_times_how_long_it_stays() -> None:
    stages = seed_stages(LEVEL)
    streams = replace(
        streams_of(LEVEL, stages, before=BEFORE, after=BEFORE), common=0.0, variance=np.zeros(2)
    )
    empty = replace(streams, start=np.zeros_like(streams.start))
    rng = np.random.default_rng(SEED)
    paths = draw_paths(empty, stages, rng=rng, months=360, futures=300)
    open_late = paths.stock[-1].astype(float)  # (kinds, streams, futures)
    wanted = stages.steady(streams.rate).T
    assert np.abs(z_scores(open_late, wanted, axis=-1)).max() < 4
    # L = lambda W, all three of them counted: cases opened a month x mean months open in all
    months_in_all = stages.visits @ stages.months_open
    arrived = paths.opened[200:].mean(axis=0).sum(axis=0)
    open_then = paths.stock[200:].sum(axis=1).mean(axis=0).sum(axis=0)
    assert open_then.mean() == pytest.approx(arrived.mean() * months_in_all, rel=0.01)


def test_a_start_in_balance_stays_level() -> None:
    flow = flow_of()
    assert flow.course("today", OPEN_CASES).mean == pytest.approx(
        np.tile([126, 126, 0, 252], (25, 1))
    )
    assert flow.imbalances == ()


def test_the_slow_twin_keeps_the_law_of_little_too() -> None:
    stages = seed_stages(LEVEL)
    rules = Rules(stages.case_share, stages.onward, stages.months_open)
    lived = live(
        [Place(0, 0, (72, 24, 30), 480.0)], rules, teams=1, months=1200,
        rng=np.random.default_rng(SEED),
    )  # fmt: skip
    for kind in range(3):
        stay = np.mean([months for which, months in lived.stays if which == kind])
        arrive = lived.entries[kind] / 1200
        assert lived.stock[0, :, 0, kind].mean() == pytest.approx(arrive * stay, rel=0.08)


def test_futures_are_those_of_the_slow_twin() -> None:
    """Mean and spread of every team, kind and way of moving, by z-score, with an uneven start."""
    measures = drawn({
        "referrals": [60.0, 90, 30, 120], "open_cin": [20.0, 25, 4, 10],
        "open_cp": [2.0, 9, 6, 0], "open_cla": [5.0, 12, 1, 3], "cp_starts": [6.0, 8, 9, 2],
    })  # fmt: skip
    stages = seed_stages(measures)
    streams = streams_of(measures, stages, before=BEFORE, after=AFTER)
    streams = replace(streams, variance=np.zeros_like(streams.variance), common=0.0)
    futures, months = 400, 12
    rates = expected_arrivals(measures).mean
    places = [
        Place(int(BEFORE.assignment[at]), int(AFTER.assignment[at]),
              tuple(int(measures.counts(kind)[at]) for kind in stages.kinds), float(rates[at]))
        for at in range(4)
    ]  # fmt: skip
    rules = Rules(stages.case_share, stages.onward, stages.months_open)
    rng = np.random.default_rng(SEED)
    slow = np.array([
        live(places, rules, teams=2, months=months, rng=rng).stock for _ in range(futures)
    ]).astype(float)  # fmt: skip
    paths = draw_paths(streams, stages, rng=rng, months=months, futures=4000)
    for at, account in enumerate(("transfer", "stay")):
        held = streams.held(account)[:2]  # type: ignore[arg-type]
        fast = np.einsum("ts,mksf->fmtk", held, paths.stock).astype(float)
        error = np.sqrt(slow[:, at].var(axis=0) / futures + fast.var(axis=0) / 4000)
        z = (slow[:, at].mean(axis=0) - fast.mean(axis=0)) / np.where(error > 0, error, 1)
        assert np.abs(z).max() < 4.5
        assert (z**2).mean() < 2
        ratio = slow[:, at, 1:].var(axis=0) / fast[:, 1:].var(axis=0)
        assert ratio.mean() == pytest.approx(1, abs=0.08)
        exact = np.einsum("ts,mks->mtk", held, expected_stock(streams, stages, months=months))
        assert np.abs(z_scores(fast, exact, axis=0)).max() < 4.5


def test_a_future_is_as_unsure_as_its_rate_and_chance_together() -> None:
    """Areas alike share all that is unsure: 960 referrals could have been 898 or 1,022."""
    stages = seed_stages(LEVEL)
    streams = streams_of(LEVEL, stages, before=BEFORE, after=BEFORE)
    assert streams.common == pytest.approx(1 / 960)
    rng = np.random.default_rng(SEED)
    paths = draw_paths(streams, stages, rng=rng, months=12, futures=20_000)
    opened = paths.opened.sum(axis=0).sum(axis=0)  # in a year, in all zones
    p, n = stages.case_share, stages.referrals
    assert opened.mean() == pytest.approx(p * n, rel=0.005)
    assert opened.var() == pytest.approx(p * n + p**2 * n, rel=0.05)


def test_a_line_that_moves_leaves_the_futures_of_other_zones_as_they_were() -> None:
    six = tuple("abcdef")
    start = Plan(six, ("North", "South", "East"), np.array([0, 0, 1, 1, 2, 2]))
    measures = drawn({"referrals": [240.0] * 6, "open_cin": [36.0] * 6}, units=six)
    stages = seed_stages(measures)
    paths = []
    for after in (start, start.move(["b"], to="South")):
        streams = streams_of(measures, stages, before=start, after=after)
        drawn_ = draw_paths(streams, stages, rng=np.random.default_rng(SEED), months=6, futures=50)
        held = streams.held("stay")
        sides = (drawn_.opened, drawn_.closed)
        paths.append([np.tensordot(held, side, axes=(1, -2)) for side in sides])
    for was, now in zip(*paths, strict=True):
        np.testing.assert_array_equal(was[2], now[2])
        assert (was[0] != now[0]).any()


def test_streams_alike_have_futures_of_their_own() -> None:
    stages = seed_stages(LEVEL)
    streams = streams_of(LEVEL, stages, before=BEFORE, after=BEFORE)
    paths = draw_paths(streams, stages, rng=np.random.default_rng(SEED), months=12, futures=2_000)
    north, south = (paths.stock[-1, 0, at].astype(float) for at in range(2))
    # what all streams have in common is little here, so they hardly go together
    assert abs(np.corrcoef(north, south)[0, 1]) < 0.25


# ---- whole accounts


ZONES = st.lists(st.integers(-1, 2), min_size=6, max_size=6)
OPEN = st.lists(st.integers(0, 30), min_size=6, max_size=6)


@settings(max_examples=40)
@given(was=ZONES, now=ZONES, cin=OPEN, cp=OPEN, referred=OPEN)
def test_every_month_start_and_in_less_out_is_the_end(
    was: list[int], now: list[int], cin: list[int], cp: list[int], referred: list[int]
) -> None:
    units = tuple("abcdef")
    before, after = (Plan(units, ("N", "S", "W"), np.array(z)) for z in (was, now))
    measures = drawn(
        {"referrals": list(map(float, referred)), "open_cin": list(map(float, cin)),
         "open_cp": list(map(float, cp))},
        units=units,
    )  # fmt: skip
    stages = seed_stages(measures)
    streams = streams_of(measures, stages, before=before, after=after)
    rng = np.random.default_rng(1)
    paths = draw_paths(streams, stages, rng=rng, months=6, futures=20)
    total = paths.stock.sum(axis=1)
    assert (total[:-1] + paths.opened - paths.closed == total[1:]).all()
    assert (paths.stock >= 0).all()
    flow = caseload_over_time(streams, stages, rng=np.random.default_rng(1), months=6, futures=20)
    assert streams.start.sum() == sum(cin) + sum(cp)
    assert streams.rate.sum() == pytest.approx(sum(referred))
    everyone = flow.course("today", OPEN_CASES)
    for account in ACCOUNTS:
        course = flow.course(account, OPEN_CASES)
        assert course.mean[:, :-1].sum(axis=1) == pytest.approx(course.mean[:, -1])
        assert course.mean[:, -1] == pytest.approx(everyone.mean[:, -1])
        assert (course.low <= course.median).all()
        assert (course.median <= course.high).all()
        stock = np.einsum("ts,mksf->mtf", streams.held(account), paths.stock).mean(axis=-1)
        change = flow.opened[account][:, :-1] - flow.closed[account][:, :-1]
        assert stock[:-1] + change == pytest.approx(stock[1:])


@settings(max_examples=25)
@given(was=ZONES, now=ZONES, cin=OPEN)
def test_the_start_is_that_of_the_lines_that_hold_the_cases(
    was: list[int], now: list[int], cin: list[int]
) -> None:
    units = tuple("abcdef")
    before, after = (Plan(units, ("N", "S", "W"), np.array(z)) for z in (was, now))
    measures = drawn({"referrals": [5.0] * 6, "open_cin": list(map(float, cin))}, units=units)
    flow = flow_of(measures, before, after, futures=2, months=1)
    for account, plan in (("today", before), ("transfer", after), ("stay", before)):
        column = np.where(plan.assignment < 0, 3, plan.assignment)
        wanted = np.bincount(column, cin, minlength=4)
        found = flow.course(account, OPEN_CASES).mean[0, :-1]  # type: ignore[arg-type]
        assert found == pytest.approx(wanted)


def test_the_order_of_areas_and_zones_changes_no_figure() -> None:
    order = [3, 1, 0, 2]
    units = tuple(UNITS[at] for at in order)
    shuffled = Measures(
        units, LEVEL.measures, LEVEL.values[:, order].copy(), LEVEL.status[:, order].copy()
    )
    lookup = {unit: AFTER.zone_of(unit) for unit in units}
    before = Plan.from_lookup({unit: BEFORE.zone_of(unit) for unit in units})
    flow = flow_of(shuffled, before, Plan.from_lookup(lookup))
    one = flow_of().course("stay", OPEN_CASES)
    assert flow.course("stay", OPEN_CASES).mean == pytest.approx(one.mean)


def test_open_cases_that_transfer_are_at_once_what_those_that_stay_come_to() -> None:
    stages = seed_stages(LEVEL)
    flow = flow_of(stages=stages, months=400)
    transfer, stay = (flow.course(way, OPEN_CASES).mean for way in ("transfer", "stay"))  # type: ignore[arg-type]
    assert transfer[0].tolist() == [63, 189, 0, 252]
    assert stay[0].tolist() == [126, 126, 0, 252]
    assert stay[24, 1] < transfer[24, 1]
    assert stay[-1] == pytest.approx(transfer[-1], abs=0.01)
    # what stays with the old team runs off by the shares of whole months
    left = (stay - transfer)[:, 0]
    start = np.array([36.0, 12, 15])
    for months in (1, 12):
        within = np.linalg.matrix_power(stages.month[:, :-1].T, months) @ start
        assert left[months] == pytest.approx(within.sum())


def test_the_same_seed_gives_the_same_futures_and_a_move_no_noise_elsewhere() -> None:
    one, two = flow_of(), flow_of()
    for account in ACCOUNTS:
        assert (one.course(account, OPEN_CASES).high == two.course(account, OPEN_CASES).high).all()
    total = {account: one.course(account, OPEN_CASES).high[:, -1].tolist() for account in ACCOUNTS}
    assert total["today"] == total["transfer"] == total["stay"]


# ---- load


def test_load_is_weighted_cases_over_available_fte() -> None:
    fte = {"North": 6.0, "South": np.nan}
    flow = flow_of(fte=dict.fromkeys(ACCOUNTS, fte), weights={"open_cp": 2.0, "open_cla": 0.5})
    load = flow.load("today")
    assert load.mean[0, 0] == pytest.approx((72 + 2 * 24 + 0.5 * 30) / 6)
    assert np.isnan(load.mean[:, 1:]).all()  # no staff recorded, nor for all together
    assert flow.course("today", WEIGHTED_CASES).mean[0, 1] == pytest.approx(135)


def test_the_share_of_futures_above_a_load_falls_with_it() -> None:
    fte = {"North": 6.0, "South": 6.0}
    flow = flow_of(fte=dict.fromkeys(ACCOUNTS, fte))
    low, even, high = (flow.exceeding("transfer", load)[24, 1] for load in (1, 31.5, 99))
    assert (low, high) == (1, 0)
    assert 0.3 < even < 0.7
    assert flow.exceeding("transfer", 31.5)[0, 1] == 0  # a load of just that is not above it
    assert flow.load("transfer").mean[0, 3] == pytest.approx(252 / 12)


def test_no_staff_is_no_load_rather_than_none() -> None:
    flow = flow_of(fte={"today": {"North": 0.0}})
    assert np.isnan(flow.load("today").mean).all()
    assert np.isnan(flow.exceeding("today", 5)).all()


# ---- out of balance


def test_a_start_out_of_balance_says_by_how_much_and_where_it_drifts() -> None:
    stages = seed_stages(LEVEL, months_open={"open_cin": 3})
    flow = flow_of(stages=stages)
    first = flow.imbalances[0]
    assert (first.account, first.team, first.kind) == ("today", 3, "open_cin")
    assert (first.now, first.steady) == pytest.approx((144, 72))
    assert first.ahead == pytest.approx(72, abs=0.1)
    kinds = {one.kind for one in flow.imbalances}
    assert kinds == {"open_cin"}


def test_a_start_that_is_in_balance_is_rarely_called_out_of_it() -> None:
    """Starts drawn from the very law that the warning is about, with rates that are unsure."""
    stages, rng, called = seed_stages(LEVEL), np.random.default_rng(SEED), 0
    streams = streams_of(LEVEL, stages, before=BEFORE, after=BEFORE)
    for _ in range(300):
        rates = rng.gamma(streams.rate**2 / streams.rate, 1.0)
        start = rng.poisson(stages.steady(rates).T)
        lucky = replace(streams, start=start)
        flow = caseload_over_time(lucky, stages, rng=rng, months=1, futures=1)
        called += any(one.account == "today" for one in flow.imbalances)
    assert called / 300 < 0.05  # nine tests of 1 in 500 each


# ---- edges


def test_a_zone_emptied_by_painting_has_nothing_when_cases_transfer() -> None:
    flow = flow_of(after=BEFORE.move(["a", "b"], to="South"))
    assert (flow.course("transfer", OPEN_CASES).high[:, 0] == 0).all()
    stay = flow.course("stay", OPEN_CASES).mean[:, 0]
    assert stay[0] == 126
    assert (np.diff(stay) < 0).all()  # it only runs off


def test_areas_in_no_zone_are_counted_and_not_lost() -> None:
    flow = flow_of(after=BEFORE.move(["d"], to=None))
    assert flow.teams[-1] == NO_ZONE
    assert flow.course("transfer", OPEN_CASES).mean[0].tolist() == [126, 63, 63, 252]
    assert flow.course("stay", OPEN_CASES).mean[0].tolist() == [126, 126, 0, 252]
    assert flow.course("stay", OPEN_CASES).mean[24, 2] > 20


def test_zones_are_matched_by_name_and_new_ones_come_last() -> None:
    after = Plan(UNITS, ("West", "South"), np.array([0, 0, 1, 1]))
    flow = flow_of(after=after)
    assert flow.teams == ("North", "South", "West", NO_ZONE)
    assert flow.course("transfer", OPEN_CASES).mean[0].tolist() == [0, 126, 126, 0, 252]


def test_an_unknown_count_makes_its_zones_unknown_and_no_other() -> None:
    values = LEVEL.values.copy()
    values[LEVEL.row("open_cp"), 1] = np.nan  # b, which moves from North to South
    status = np.where(np.isnan(values), Status.SUPPRESSED, Status.OK).astype(np.int8)
    measures = Measures(UNITS, LEVEL.measures, values, status)
    flow = flow_of(measures, after=BEFORE)
    assert np.isnan(flow.course("today", "open_cp").mean[0]).tolist() == [True, False, False, True]
    assert np.isnan(flow.course("today", OPEN_CASES).high[24, 0])
    assert flow.course("today", "open_cin").mean[0, 0] == 72
    assert np.isnan(flow.opened["today"][0]).tolist() == [True, False, False, True]
    moved = flow_of(measures)
    assert np.isnan(moved.course("transfer", "open_cp").mean[0, 1])
    assert moved.course("transfer", "open_cp").mean[0, 0] == 12


def test_an_authority_without_referrals_only_runs_off() -> None:
    measures = drawn({"referrals": [0.0] * 4, "open_cin": [30.0] * 4})
    flow = flow_of(measures)
    assert (flow.opened["today"] == 0).all()
    assert flow.course("today", OPEN_CASES).mean[24, -1] < 3
    assert flow.imbalances[0].steady == 0


def test_one_area_is_an_authority() -> None:
    plan = Plan(("a",), ("All",), np.array([0]))
    measures = drawn({"referrals": [120.0], "open_cin": [18.0]}, units=("a",))
    flow = flow_of(measures, plan, plan)
    assert flow.course("stay", OPEN_CASES).mean[0].tolist() == [18, 0, 18]


def test_plans_of_other_units_are_refused() -> None:
    other = Plan(("x",), ("All",), np.array([0]))
    with pytest.raises(PlanError, match="not of the same units"):
        streams_of(LEVEL, seed_stages(LEVEL), before=BEFORE, after=other)


def test_under_a_rule_that_rounds_streams_start_rounded() -> None:
    streams: Streams = streams_of(LEVEL, seed_stages(LEVEL), before=BEFORE, after=AFTER, round_to=5)
    assert (streams.start % 5 == 0).all()
    assert (streams.rate % 5 == 0).all()


def test_a_shipped_pack_can_be_looked_ahead(shipped: Pack) -> None:
    plan = shipped.plan(shipped.default_plan).plan
    flow = flow_of(shipped.measures, plan, plan.move(plan.units[:5], to=plan.zones[-1]))
    assert not np.isnan(flow.course("stay", OPEN_CASES).mean).any()
    everyone = [one for one in flow.imbalances if one.team == len(flow.teams)]
    assert everyone == []
