"""Caseload over time: open cases month by month, under two ways of moving a line.

Referrals arrive in each small area at its own rate, held constant; cases go on by stage and are
closed (`analysis.flow_stages`). Small areas that share their zone before and after a redraw move as
one: what happens in them is simulated once, and only which team holds it differs. So today's
lines, 'open cases transfer at once' and 'open cases stay, new ones move' are three accounts of the
same futures, and their differences are no noise.

Nothing here is suppressed: disclosure control comes last, in `analysis.tables_flow`.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from analysis.aggregate import NO_ZONE
from analysis.capacity import WEIGHTED_CASES
from analysis.caseload import OPEN_CASES
from analysis.flow_stages import MONTHS_A_YEAR, REFERRALS, Stages, months_of
from analysis.need import smoothed_rates
from geo.plan import UNASSIGNED, Plan
from layers.measures import Measures
from layers.status import Status

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]

MONTHS, FUTURES = 24, 1000
ENDS = (0.05, 0.95)
"""The interval: nine futures of ten lie inside."""

BEYOND_CHANCE = 3.09
"""Standard deviations outside which one start of 500 lies that is in balance."""

Account = Literal["today", "transfer", "stay"]
"""Whose cases they are: by today's lines, or by the redraw's with open cases transferred at once,
or left with their team until closed."""

ACCOUNTS: tuple[Account, ...] = get_args(Account)


class Arrivals(NamedTuple):
    """What is known of the referrals of a year in each small area: means and variances.

    Parameters
    ----------
    mean, variance
        Of the rate at which they arrive, per year, shape (units,). NaN where nothing is known.
    common
        Share of its mean by which the rate of all areas together is unsure, as a variance.
    """

    mean: Array
    variance: Array
    common: float


@dataclass(frozen=True, eq=False)
class Streams:
    """Small areas that are in one zone before and in one after, as few streams of cases.

    What stays in its zone is one stream. What moves is two: the cases open at the start, and those
    that come later, because they may end up with different teams.

    Parameters
    ----------
    teams
        Zones before, then those only the redraw has, then `NO_ZONE`.
    holder
        The team that holds each stream, by `ACCOUNTS`, shape (3, streams).
    start
        Cases open, shape (kinds, streams).
    rate, variance
        Referrals a year, and how unsure their rate is, shape (streams,).
    common
        As in `Arrivals`.
    unknown
        Where a part of `start` or the rate is not known, shape (kinds, streams).
    """

    teams: tuple[str, ...]
    holder: Positions
    start: Counts
    rate: Array
    variance: Array
    common: float
    unknown: Mask

    def held(self, account: Account) -> Array:
        """Give the share, 0 or 1, of each stream that each team holds, shape (teams, streams)."""
        holder = self.holder[ACCOUNTS.index(account)]
        found: Array = (np.arange(len(self.teams))[:, None] == holder).astype(np.float64)
        return found


@dataclass(frozen=True, eq=False)
class Paths:
    """What happened in each future to each stream of cases.

    Parameters
    ----------
    stock
        Cases open at the end of each month, month 0 being the start, shape
        (months + 1, kinds, streams, futures).
    opened, closed
        Cases in the course of each month, shape (months, streams, futures). A case may be both
        in one month.
    """

    stock: Counts
    opened: Counts
    closed: Counts


@dataclass(frozen=True, eq=False)
class Course:
    """One figure month by month, each shape (months + 1, teams + 1); the last is all together.

    Parameters
    ----------
    mean
        Worked out exactly, so that it does not change with the futures that are drawn.
    median, low, high
        Over the futures; 9 of 10 lie from `low` to `high`.
    """

    mean: Array
    median: Array
    low: Array
    high: Array


@dataclass(frozen=True, eq=False)
class Flow:
    """Open cases month by month of one redraw.

    Parameters
    ----------
    teams
        As in `Streams`; figures have one more, for all together.
    stages
        What the futures were drawn from.
    courses
        By account and figure: a kind of case, `OPEN_CASES` or `WEIGHTED_CASES`.
    opened, closed
        Cases a month by account, the mean over the futures, shape (months, teams + 1).
    fte
        Available FTE by account, shape (teams + 1,); NaN where no staff is recorded.
    steady, steady_sd
        Cases open once starts and ends are level, and how far chance takes them from that, by
        account, shape (teams + 1, kinds).
    """

    teams: tuple[str, ...]
    stages: Stages
    courses: Mapping[tuple[Account, str], Course]
    opened: Mapping[Account, Array]
    closed: Mapping[Account, Array]
    fte: Mapping[Account, Array]
    steady: Mapping[Account, Array]
    steady_sd: Mapping[Account, Array]
    _weighted: Mapping[Account, npt.NDArray[np.float32]]

    @property
    def months(self) -> int:
        """How many months ahead."""
        return len(self.courses["today", OPEN_CASES].mean) - 1

    def course(self, account: Account, what: str) -> Course:
        """Give the course of a kind of case, of `OPEN_CASES` or of `WEIGHTED_CASES`."""
        return self.courses[account, what]

    def load(self, account: Account) -> Course:
        """Give weighted cases per available FTE; NaN for a team without recorded staff."""
        found, fte = self.courses[account, WEIGHTED_CASES], _usable(self.fte[account])
        return Course(found.mean / fte, found.median / fte, found.low / fte, found.high / fte)

    def exceeding(self, account: Account, load: float) -> Array:
        """Give the share of futures in which a team's load is above `load`, month by month.

        Parameters
        ----------
        load
            Weighted cases per available FTE.

        Returns
        -------
        ndarray
            Shape (months + 1, teams + 1); NaN for a team without recorded staff.
        """
        fte = _usable(self.fte[account])
        above = self._weighted[account] > (load * fte)[:, None] + 1e-6
        unknown = np.isnan(self.courses[account, WEIGHTED_CASES].mean) | np.isnan(fte)
        return np.where(unknown, np.nan, above.mean(axis=-1))

    @cached_property
    def imbalances(self) -> tuple["Imbalance", ...]:
        """Where the start is further from balance than chance takes it, all together first."""
        return _imbalances(self)


@dataclass(frozen=True)
class Imbalance:
    """Open cases of one kind that do not fit how many start and how long they stay.

    Parameters
    ----------
    account
        `today` or `transfer`: by which lines.
    team
        Where it stands among the teams; as many as there are for all together.
    now, steady
        Cases open, and how many would be once starts and ends are level.
    ahead
        The mean at the end of the months looked ahead.
    """

    account: Account
    team: int
    kind: str
    now: float
    steady: float
    ahead: float


def expected_arrivals(measures: Measures) -> Arrivals:
    """Say at what rate referrals arrive in each small area, and how sure that is.

    The rate is the area's own, drawn towards that of the authority by empirical Bayes, and scaled
    so that all areas together have the referrals that were counted.

    Parameters
    ----------
    measures
        With `referrals` and `children`. An area whose referrals are not known has the authority's
        rate; one without children has the referrals that it had.

    Notes
    -----
    Marshall's estimate (`analysis.need.smoothed_rates`) is the mean of a gamma distribution: of
    w x for its own count x and weight w, beside a prior of mean m and variance A. The posterior of
    a rate per child has variance w times the mean over the children. The sum of all areas is held
    to be as unsure as a Poisson count: what the areas lack of that is common to all.
    """
    scale = MONTHS_A_YEAR / months_of(measures.measure(REFERRALS).period)
    x, n = measures.counts(REFERRALS), measures.counts("children")
    smooth = smoothed_rates(x, np.where(n > 0, n, np.nan), per=1)
    rate = np.where(np.isnan(smooth.value) & (n > 0), smooth.mean, smooth.value)
    weight = np.nan_to_num(smooth.weight)
    between = _between(smooth.weight, smooth.mean, n)
    mean = np.where(n > 0, rate * n, x)
    variance = np.where(np.isnan(x), between * n**2, np.where(n > 0, weight * rate * n, x))
    counted, fitted = np.nansum(x), np.nansum(np.where(np.isnan(x), 0.0, mean))
    fit = counted / fitted if fitted > 0 else 0.0
    mean, variance = mean * fit, variance * fit**2
    short = max(0.0, counted - float(np.nansum(variance)))
    common = short / counted**2 if counted > 0 else 0.0
    return Arrivals(mean * scale, variance * scale**2, common)


def streams_of(
    measures: Measures, stages: Stages, *, before: Plan, after: Plan, round_to: int = 1
) -> Streams:
    """Put small areas with the same zone before and after together.

    Parameters
    ----------
    before, after
        Plans of the units of `measures`; zones are matched by name.
    round_to
        To what the cases and referrals of a stream are rounded: under a rule of disclosure that
        rounds, nothing closer may be told of what follows from them.

    Raises
    ------
    PlanError
        When the plans and the measures are not of the same units.
    """
    before.require_units(measures.units)
    after.require_units(measures.units)
    fresh = tuple(zone for zone in after.zones if zone not in before.zones)
    teams = (*before.zones, *fresh, NO_ZONE)
    was, now = (_positions(plan, teams) for plan in (before, after))
    ways, cell = np.unique(was * len(teams) + now, return_inverse=True)
    was, now = ways // len(teams), ways % len(teams)
    cells = _cells(measures, stages, cell, len(ways), round_to=round_to)
    moves = np.flatnonzero(was != now)
    # such a cell keeps what comes; what is open at the start is a stream of its own, put last
    open_there = cells.start[:, moves]
    kept = cells.start.copy()
    kept[:, moves] = 0
    nothing = np.zeros(len(moves))
    return Streams(
        teams=teams,
        holder=np.array([np.append(was, was[moves]), np.append(now, now[moves]),
                         np.append(now, was[moves])]),
        start=np.hstack([kept, open_there]),
        rate=np.append(cells.rate, nothing),
        variance=np.append(cells.variance, nothing),
        common=cells.common,
        unknown=np.hstack([cells.unknown, cells.unknown[:, moves]]),
    )  # fmt: skip


def draw_paths(
    streams: Streams,
    stages: Stages,
    *,
    rng: np.random.Generator,
    months: int = MONTHS,
    futures: int = FUTURES,
) -> Paths:
    """Draw futures of every stream, month by month.

    Every month each open case goes on, is closed or stays, by the shares of a whole month; cases
    open by a Poisson number about a rate that differs from future to future as far as it is unsure.
    Each stream has random numbers of its own, by the teams that hold it. So when a line moves, the
    futures of zones that it does not touch stay as they were, and are not drawn again.

    Returns
    -------
    Paths
        In every future and stream: open + opened - closed is open a month later.
    """
    kinds, count = streams.start.shape
    stock = np.empty((months + 1, kinds, count, futures), dtype=np.int64)
    opened = np.empty((months, count, futures), dtype=np.int64)
    closed = np.empty_like(opened)
    draw = _kept_path if months * futures <= MOST_KEPT else _path
    for at, one in enumerate(_one_by_one(streams, stages, seed=int(rng.integers(2**63)))):
        stock[:, :, at], opened[:, at], closed[:, at] = draw(one, months, futures)
    return Paths(stock, opened, closed)


def expected_stock(streams: Streams, stages: Stages, *, months: int = MONTHS) -> Array:
    """Give the mean of `draw_paths` over all futures, shape (months + 1, kinds, streams)."""
    come = stages.arriving[:-1, None] * streams.rate * stages.case_share / MONTHS_A_YEAR
    found = [streams.start.astype(np.float64)]
    for _ in range(months):
        found.append(stages.month[:, :-1].T @ found[-1] + come)
    return np.array(found)


def caseload_over_time(
    streams: Streams,
    stages: Stages,
    *,
    rng: np.random.Generator,
    fte: Mapping[Account, Mapping[str, float]] | None = None,
    weights: Mapping[str, float] | None = None,
    months: int = MONTHS,
    futures: int = FUTURES,
) -> Flow:
    """Say how open cases of every zone go on, under today's lines and both ways of moving them.

    Parameters
    ----------
    streams, stages
        Of one authority (`streams_of`, `seed_stages`).
    fte
        Available FTE by account and zone; a zone without, or with NaN, has no staff recorded.
    weights
        What a case of each kind weighs; 1 where not set.

    Returns
    -------
    Flow
        A team with an unknown part has NaN where that part goes in.

    Examples
    --------
    >>> from analysis.flow_stages import seed_stages
    >>> from layers.catalogue import open_pack
    >>> pack = open_pack("dorset")
    >>> plan, stages = pack.plan("zones").plan, seed_stages(pack.measures)
    >>> streams = streams_of(pack.measures, stages, before=plan, after=plan)
    >>> flow = caseload_over_time(streams, stages, rng=np.random.default_rng(1), futures=50)
    >>> float(flow.course("transfer", "open_cases").mean[0, -1])
    1573.0
    """
    paths = draw_paths(streams, stages, rng=rng, months=months, futures=futures)
    mean = expected_stock(streams, stages, months=months)
    weighs = {kind: (weights or {}).get(kind, 1.0) for kind in stages.kinds}
    courses: dict[tuple[Account, str], Course] = {}
    weighted: dict[Account, npt.NDArray[np.float32]] = {}
    for account in ACCOUNTS:
        found = _courses(_with_all(streams.held(account)), streams, paths, mean, weighs)
        weighted[account] = found.weighted
        courses |= {(account, what): course for what, course in found.courses.items()}
    everyone = {account: _with_all(streams.held(account)) for account in ACCOUNTS}
    level = {account: _level(streams, stages, account) for account in ACCOUNTS}
    return Flow(
        teams=streams.teams,
        stages=stages,
        courses=courses,
        opened={a: _in_a_month(paths.opened, held, streams) for a, held in everyone.items()},
        closed={a: _in_a_month(paths.closed, held, streams) for a, held in everyone.items()},
        fte={account: _fte(streams, (fte or {}).get(account, {}), account) for account in ACCOUNTS},
        steady={account: steady for account, (steady, _) in level.items()},
        steady_sd={account: sd for account, (_, sd) in level.items()},
        _weighted=weighted,
    )


class _Found(NamedTuple):
    courses: dict[str, Course]
    weighted: npt.NDArray[np.float32]


def _courses(
    held: Array, streams: Streams, paths: Paths, mean: Array, weights: Mapping[str, float]
) -> _Found:
    """Add streams up to teams, and say of every figure where it lies over the futures."""
    kinds, small = list(weights), held.astype(np.float32)
    unknown = np.asarray(held @ streams.unknown.T > 0)  # (teams + 1, kinds)
    stock = np.array([small @ paths.stock[:, at].astype(np.float32) for at in range(len(kinds))])
    means = np.array([mean[:, at] @ held.T for at in range(len(kinds))])
    courses = {kind: _course(means[at], stock[at], unknown[:, at]) for at, kind in enumerate(kinds)}
    heavy, anything = np.array(list(weights.values())), np.asarray(unknown.any(axis=1))
    weighted = np.tensordot(heavy.astype(np.float32), stock, axes=1)
    courses[OPEN_CASES] = _course(means.sum(axis=0), stock.sum(axis=0), anything)
    courses[WEIGHTED_CASES] = courses[OPEN_CASES]
    if (heavy != 1).any():
        courses[WEIGHTED_CASES] = _course(np.tensordot(heavy, means, axes=1), weighted, anything)
    return _Found(courses, weighted)


def _course(mean: Array, futures: npt.NDArray[np.float32], lost: Mask) -> Course:
    """Find median and interval of each team and month; NaN where a part is unknown."""
    low, median, high = np.quantile(futures, (ENDS[0], 0.5, ENDS[1]), axis=-1)
    shown = (np.where(lost, np.nan, side) for side in (mean, median, low, high))
    return Course(*shown)


def _in_a_month(cases: Counts, held: Array, streams: Streams) -> Array:
    """Give the mean over the futures by team and month; NaN where a part is unknown."""
    unknown = held @ streams.unknown.any(axis=0) > 0
    return np.where(unknown, np.nan, cases.mean(axis=-1) @ held.T)


def _a_month_on(stock: Counts, month: Array, rng: np.random.Generator) -> tuple[Counts, Counts]:
    """Move cases on by a month: what is open of each kind at its end, and what was closed."""
    kinds = len(stock)
    ends, closed = np.zeros_like(stock), np.zeros_like(stock[0])
    for kind in range(kinds):
        left, unspent = stock[kind], 1.0
        for to in (kinds, *range(kind + 1, kinds)):
            share = float(month[kind, to])
            if share > 0 and unspent > 0:
                gone = rng.binomial(left, min(1.0, share / unspent))
                left = left - gone
                unspent -= share
                if to == kinds:
                    closed += gone
                else:
                    ends[to] += gone
        ends[kind] += left
    return ends, closed


class _Stream(NamedTuple):
    """One stream, and all that its futures follow from, so that they can be kept by it."""

    random: tuple[int, ...]
    start: tuple[int, ...]
    rate: float
    variance: float
    common: float
    month: bytes
    arriving: bytes


def _one_by_one(streams: Streams, stages: Stages, *, seed: int) -> Iterator[_Stream]:
    """Give each stream by itself; its random numbers are named by the teams that hold it."""
    arriving = stages.arriving * stages.case_share / MONTHS_A_YEAR
    same: Counter[tuple[int, ...]] = Counter()
    for at, holder in enumerate(zip(*streams.holder.tolist(), strict=True)):
        same[holder] += 1
        yield _Stream(
            random=(seed, *holder, same[holder]),
            start=tuple(streams.start[:, at].tolist()),
            rate=float(streams.rate[at]),
            variance=float(streams.variance[at]),
            common=float(streams.common),
            month=np.asarray(stages.month, dtype=np.float64).tobytes(),
            arriving=np.asarray(arriving, dtype=np.float64).tobytes(),
        )


_Path = tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]


def _path(one: _Stream, months: int, futures: int) -> _Path:
    """Draw the futures of one stream: stock by month and kind, and what is opened and closed."""
    kinds = len(one.start)
    month = np.frombuffer(one.month).reshape(kinds, kinds + 1)
    rng = np.random.default_rng(one.random)
    rates = _rates(one, rng, futures)
    stock = np.empty((months + 1, kinds, futures), dtype=np.int32)
    opened, closed = np.zeros((2, months, futures), dtype=np.int32)
    now: Counts = np.repeat(np.array(one.start, dtype=np.int64)[:, None], futures, axis=1)
    stock[0] = now
    for at in range(months):
        now, closed[at] = _a_month_on(now, month, rng)
        if one.rate > 0:
            come = np.array([rng.poisson(rates * share) for share in np.frombuffer(one.arriving)])
            now += come[:-1]
            opened[at] = come.sum(axis=0)
            closed[at] += come[-1].astype(np.int32)
        stock[at + 1] = now
    return stock, opened, closed


MOST_KEPT = 50_000
"""Months times futures up to which the futures of a stream are kept: 1 MB at three kinds."""

_kept_path = lru_cache(maxsize=96)(_path)


def _rates(one: _Stream, rng: np.random.Generator, futures: int) -> Array:
    """Draw the referral rate of a stream in each future, shape (futures,).

    A sum of gammas is drawn as the gamma of its mean and variance. What all streams have in common
    is drawn from the seed alone.
    """
    rates = np.full(futures, one.rate)
    if one.variance > 0 and one.rate > 0:
        rates = rng.gamma(one.rate**2 / one.variance, one.variance / one.rate, futures)
    if one.common > 0:
        common = np.random.default_rng(one.random[0])
        rates = rates * common.gamma(1 / one.common, one.common, futures)
    return rates


class _Cells(NamedTuple):
    start: Counts
    rate: Array
    variance: Array
    common: float
    unknown: Mask


def _cells(
    measures: Measures, stages: Stages, cell: Positions, count: int, *, round_to: int
) -> _Cells:
    """Add open cases and arrivals up over cells, and say where a part of them is not known."""
    rows = [measures.row(kind) for kind in stages.kinds]
    gaps = np.asarray(measures.status[rows] > Status.ROUNDED)
    values = np.where(gaps, 0.0, measures.values[rows])
    start = np.array([np.bincount(cell, row, count) for row in values])
    found = expected_arrivals(measures)
    gaps = gaps | np.isnan(found.mean)
    rate, variance = (
        np.bincount(cell, np.nan_to_num(side), count).astype(np.float64) for side in found[:2]
    )
    return _Cells(
        start=(np.rint(start / round_to) * round_to).astype(np.int64),
        rate=np.asarray(np.rint(rate / round_to) * round_to) if round_to > 1 else rate,
        variance=variance,
        common=found.common,
        unknown=np.array([np.bincount(cell, row, count) > 0 for row in gaps]),
    )


def _positions(plan: Plan, teams: Sequence[str]) -> Positions:
    """Say where each unit's zone stands among the teams; no zone comes last."""
    at = np.array([*(teams.index(zone) for zone in plan.zones), len(teams) - 1], dtype=np.intp)
    return at[np.where(plan.assignment == UNASSIGNED, len(plan.zones), plan.assignment)]


def _between(weight: Array, mean: float, n: Array) -> float:
    """Give the variance of rates between areas, back from the weight of one: w = A / (A + m/n)."""
    known = (weight > 0) & (weight < 1) & (n > 0)
    if not known.any():
        return 0.0
    at = int(np.flatnonzero(known)[0])
    return float(weight[at] / (1 - weight[at]) * mean / n[at])


def _with_all(held: Array) -> Array:
    """Put a row for all teams together behind them."""
    return np.vstack([held, np.ones(held.shape[1])])


def _level(streams: Streams, stages: Stages, account: Account) -> tuple[Array, Array]:
    """Give what is open once starts and ends are level, and its standard deviation.

    New cases go by the redraw's lines however open ones do, so `stay` levels out as `transfer`.
    """
    held = _with_all(streams.held("today" if account == "today" else "transfer"))
    rate = held @ streams.rate
    spread = held @ streams.variance + rate**2 * streams.common
    steady, each = stages.steady(rate), stages.steady(1.0)
    return steady, np.sqrt(steady + spread[:, None] * each**2)


def _fte(streams: Streams, fte: Mapping[str, float], account: Account) -> Array:
    """Line FTE up with the teams; together they have it only where all that hold cases do."""
    teams = np.array([fte.get(team, np.nan) for team in streams.teams], dtype=np.float64)
    work = streams.start.sum(axis=0) + streams.rate
    busy = streams.held(account) @ work > 0
    lacking = bool(np.isnan(teams[busy]).any()) or not busy.any()
    return np.append(teams, np.nan if lacking else np.nansum(teams))


def _usable(fte: Array) -> Array:
    return np.where(fte > 0, fte, np.nan)


def _imbalances(flow: Flow) -> tuple[Imbalance, ...]:
    found = []
    everyone = len(flow.teams)
    for account in ("today", "transfer"):
        for at, kind in enumerate(flow.stages.kinds):
            course = flow.courses[account, kind]
            now, steady = course.mean[0], flow.steady[account][:, at]
            far = np.abs(now - steady) > BEYOND_CHANCE * np.maximum(
                flow.steady_sd[account][:, at], 1
            )
            found += [
                Imbalance(account, int(team), kind, float(now[team]), float(steady[team]),
                          float(course.mean[-1, team]))
                for team in np.flatnonzero(far)
            ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: one.team != everyone))
