"""Stages: how a referral becomes a case, how cases go on, and how long they stay open.

A referral ends in no case, or becomes a child in need; some of these go on a protection plan, some
come to be looked after, all are closed in the end. A child is in one kind at a time, so the kinds
are stocks that do not overlap. The time in each kind is exponential: every month the same share of
the cases that are open leaves it, however long they have been open.

What a pack counts is used; what it does not count is chosen so that as many cases start as end,
and said to be so.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.linalg import expm

from geo.errors import LayerError
from layers.measures import Measures
from layers.series import OPEN_KINDS
from layers.status import Status

Array = npt.NDArray[np.float64]

REFERRALS = "referrals"
MONTHS_A_YEAR = 12

ASSUMED_MONTHS: Mapping[str, float] = MappingProxyType(
    {"open_cin": 6.0, "open_cp": 10.0, "open_cla": 30.0}
)
"""Mean months open where the pack counts neither starts nor ends: assumptions of this tool.

For looked-after children about what Little's law gives for England (some 82,000 looked after,
some 33,000 who begin to be in a year). Nothing is published of the other two as they are cut here.
"""

THROUGH_PLAN = 0.5
"""Share of the children who come to be looked after that leave a protection plan for it; an
assumption, since no pack counts it. The others were children in need."""

STARTS: Mapping[str, str] = MappingProxyType({"open_cp": "cp_starts", "open_cla": "cla_starts"})
ENDS: Mapping[str, str] = MappingProxyType({"open_cp": "cp_ends", "open_cla": "cla_ends"})
NO_CASE = "referrals_nfa"
"""Referrals with no further action: what is left of all referrals became a case."""

Seeded = Literal["ends", "starts", "balance", "assumed"]
"""Where a duration comes from: open cases over those that end, or that start, in a year; what
keeps the stages in balance; an assumption of the tool."""

Meaning = Literal["change", "today"]
"""What a planner's months open mean: how long cases will stay open, or how long they do today."""


@dataclass(frozen=True)
class Seed:
    """What is known or assumed of one kind of case, in the authority as a whole.

    Parameters
    ----------
    kind, title
        The measure of the open cases, and its name.
    open_now
        Cases open.
    starts
        Cases that start in a year.
    starts_counted
        Whether the pack counts them; otherwise as many start as keep the open cases level.
    months
        Mean months open, before a planner changes them.
    seeded
        Where these months come from.
    """

    kind: str
    title: str
    open_now: float
    starts: float
    starts_counted: bool
    months: float
    seeded: Seeded


@dataclass(frozen=True, eq=False)
class Stages:
    """How cases go on, the same in every small area.

    Parameters
    ----------
    seeds
        One a kind, in the order of the stages.
    referrals
        Referrals a year in the authority that the shares were worked out from.
    case_share
        Share of referrals that become a case, of the first kind.
    onward
        Share of the cases that leave kind i that go on to kind j, shape (kinds, kinds), the upper
        triangle; the others are closed.
    months_open
        Mean months that a case stays in each kind, shape (kinds,).

    Raises
    ------
    LayerError
        When a share is not from 0 to 1, a case goes back a stage, or a duration is not above 0.

    Notes
    -----
    A continuous-time Markov chain: cases leave kind i at the rate 1 / months_open[i], and a
    share onward[i, j] of them goes to j. `month` and `arriving` are exact for whole months.
    """

    seeds: tuple[Seed, ...]
    referrals: float
    case_share: float
    onward: Array
    months_open: Array

    def __post_init__(self) -> None:
        """Check once, then freeze the arrays."""
        count = len(self.seeds)
        shares = np.append(self.onward.sum(axis=1), self.case_share)
        if (
            self.onward.shape != (count, count)
            or np.tril(self.onward).any()
            or not (shares >= 0).all()
            or not (shares <= 1 + 1e-9).all()
            or not (self.onward >= 0).all()
        ):
            raise LayerError(
                "The shares of cases that go on are no shares, or lead back to an earlier stage."
            )
        if (
            self.months_open.shape != (count,)
            or not ((self.months_open > 0) & np.isfinite(self.months_open)).all()
        ):
            raise LayerError(
                "A kind of case stays open for no time at all, or for ever.",
                remedy="Give each kind a number of months above 0.",
            )
        self.onward.setflags(write=False)
        self.months_open.setflags(write=False)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of case, in the order of the stages."""
        return tuple(seed.kind for seed in self.seeds)

    @cached_property
    def visits(self) -> Array:
        """Cases that enter each kind for every case that is opened, shape (kinds,)."""
        first = np.eye(len(self.seeds))[0]
        found: Array = np.linalg.solve((np.eye(len(self.seeds)) - self.onward).T, first)
        return found

    @property
    def starts(self) -> Array:
        """Cases that enter each kind in a year in the authority, shape (kinds,)."""
        return self.referrals * self.case_share * self.visits

    @cached_property
    def month(self) -> Array:
        """Where a case of each kind is a month later, shape (kinds, kinds + 1); closed is last."""
        within = expm(self._leaving)
        return _with_closed(within)

    @cached_property
    def arriving(self) -> Array:
        """Where a case opened in the course of a month is at its end, shape (kinds + 1,).

        Cases are opened evenly over the month: the mean over it of the chain's first row.
        """
        count = len(self.seeds)
        within = np.linalg.solve(self._leaving, expm(self._leaving) - np.eye(count))
        found: Array = _with_closed(within)[0]
        return found

    def steady(self, referrals: npt.ArrayLike) -> Array:
        """Say how many cases are open once starts and ends are level: Little's law.

        Parameters
        ----------
        referrals
            A year, shape (places,).

        Returns
        -------
        ndarray
            Shape (places, kinds): cases that start a year x mean years open.
        """
        opened = np.atleast_1d(np.asarray(referrals, dtype=np.float64)) * self.case_share
        found: Array = opened[:, None] * self.visits * self.months_open / MONTHS_A_YEAR
        return found

    @property
    def _leaving(self) -> Array:
        """Rates a month between the kinds; a row sums to less than 0 by what is closed."""
        return (self.onward - np.eye(len(self.seeds))) / self.months_open[:, None]


def seed_stages(
    measures: Measures,
    *,
    months_open: Mapping[str, float] | None = None,
    meaning: Meaning = "change",
) -> Stages:
    """Work out the stages of an authority from its counts.

    Months open are open cases over cases that end in a year, or else over those that start
    (Little's law), or else `ASSUMED_MONTHS`. Starts that are not counted are those that keep the
    open cases level. Units in which any of these counts is not known are left out of all of them.

    Parameters
    ----------
    measures
        Of the pack, per unit.
    months_open
        Mean months by kind, as the planner sets them.
    meaning
        `change`: as many cases start as before, and they stay open so long from now on. `today`:
        they stay open so long already, and starts that are not counted follow from that.

    Raises
    ------
    LayerError
        When the pack counts no referrals or no kind of open case, or none of a known number.

    Notes
    -----
    L = arrivals a year x mean years open: Little, Operations Research 9 (1961).
    """
    chosen = dict(months_open or {})
    kinds = tuple(key for key in OPEN_KINDS if measures.has(key))
    known = _Known.of(measures, kinds)
    set_today = chosen if meaning == "today" else {}
    later = [_seed(known, kind, set_today) for kind in kinds[1:]]
    onward = _onward(kinds, [seed.starts for seed in later])
    wanted = float(sum(onward))
    first = _first_seed(known, kinds[0], set_today, wanted=wanted)
    seeds = (first, *later)
    opened = min(first.starts, known.referrals)
    share = opened / known.referrals if known.referrals > 0 else 0.0
    months = np.array([chosen.get(seed.kind, seed.months) for seed in seeds], dtype=np.float64)
    return Stages(seeds, known.referrals, share, _shares(onward, later, opened), months)


@dataclass(frozen=True)
class _Known:
    """Counts of the whole authority, over the units in which all of them are known."""

    measures: Measures
    units: npt.NDArray[np.bool_]
    referrals: float

    @classmethod
    def of(cls, measures: Measures, kinds: tuple[str, ...]) -> "_Known":
        """Find the units in which all is known, and refuse a pack without any."""
        wanted = (REFERRALS, *kinds)
        if not kinds or not measures.has(REFERRALS):
            absent = "referrals" if kinds else "open cases of any kind"
            raise LayerError(
                f"The pack does not count {absent}, so nothing can be said of cases over time.",
                remedy=f"Add '{REFERRALS}' and at least one of {', '.join(OPEN_KINDS)} to its "
                "counts.",
            )
        extra = [*(STARTS.get(kind, "") for kind in kinds), *(ENDS.get(kind, "") for kind in kinds)]
        used = [key for key in (*wanted, *extra, NO_CASE) if measures.has(key)]
        rows = [measures.row(key) for key in used]
        units = np.asarray((measures.status[rows] <= Status.ROUNDED).all(axis=0))
        if not units.any():
            raise LayerError(
                "In no small area are referrals and open cases both known.",
                remedy="Give both for the same small areas.",
            )
        found = cls(measures, units, 0.0)
        return cls(measures, units, found.a_year(REFERRALS))

    def total(self, key: str) -> float:
        """Add a count up over the units."""
        return float(self.measures.counts(key)[self.units].sum())

    def a_year(self, key: str) -> float:
        """Add a flow up, and bring it to twelve months."""
        months = months_of(self.measures.measure(key).period)
        return self.total(key) * MONTHS_A_YEAR / months

    def flow(self, key: str | None) -> float | None:
        """Give a flow a year; None where it is not counted."""
        return self.a_year(key) if key and self.measures.has(key) else None


def months_of(period: str) -> int:
    """Tell how many months a flow was counted over; a year where it is written in another way.

    >>> months_of("2016-17"), months_of("2025-06"), months_of("2024-10 to 2025-03")
    (12, 1, 6)
    """
    span = re.fullmatch(r"(\d{4})-(\d\d) to (\d{4})-(\d\d)", period)
    if span:
        start, first, end, last = map(int, span.groups())
        return max(1, (end - start) * MONTHS_A_YEAR + last - first + 1)
    one = re.fullmatch(r"(\d{4})-(\d\d)", period)
    return 1 if one and int(one[2]) != (int(one[1]) + 1) % 100 else MONTHS_A_YEAR


def _seed(known: _Known, kind: str, today: Mapping[str, float]) -> Seed:
    """Say of a later kind how many start and how long they stay."""
    open_now = known.total(kind)
    starts, ends = known.flow(STARTS.get(kind)), known.flow(ENDS.get(kind))
    months, seeded = _months(kind, open_now, starts, ends)
    counted = starts is not None
    if starts is None:
        level = MONTHS_A_YEAR * open_now / today.get(kind, months)
        starts = ends if ends is not None else level
    return Seed(kind, _title(known, kind), open_now, starts, counted, months, seeded)


def _first_seed(known: _Known, kind: str, today: Mapping[str, float], *, wanted: float) -> Seed:
    """Say the same of the first kind, which all cases begin in.

    Where its starts are not counted they are at least what the later kinds want, and at most all
    referrals; its months follow where the assumed ones would need others.
    """
    counted = STARTS.get(kind) or NO_CASE
    if known.measures.has(counted):
        open_now, starts = known.total(kind), known.a_year(counted)
        if counted == NO_CASE:
            starts = known.referrals - starts
        months, seeded = _months(kind, open_now, starts, known.flow(ENDS.get(kind)))
        return Seed(kind, _title(known, kind), open_now, starts, True, months, seeded)
    seed = _seed(known, kind, today)
    if kind in today:
        return seed
    possible = min(max(seed.starts, wanted), known.referrals)
    if possible == seed.starts or not possible > 0 or not seed.open_now > 0:
        return seed
    months = MONTHS_A_YEAR * seed.open_now / possible
    return Seed(kind, seed.title, seed.open_now, possible, False, months, "balance")


def _months(
    kind: str, open_now: float, starts: float | None, ends: float | None
) -> tuple[float, Seeded]:
    """Work out mean months open, and say what from."""
    if ends and open_now > 0:
        return MONTHS_A_YEAR * open_now / ends, "ends"
    if starts and open_now > 0:
        return MONTHS_A_YEAR * open_now / starts, "starts"
    return ASSUMED_MONTHS[kind], "assumed"


def _onward(kinds: tuple[str, ...], starts: list[float]) -> list[float]:
    """Say how many a year go from the first kind straight to each later one."""
    if len(kinds) < 3:
        return starts
    plans, care = starts
    return [plans, care - min(THROUGH_PLAN * care, plans)]


def _shares(straight: list[float], later: list[Seed], opened: float) -> Array:
    """Turn flows a year into the shares of those who leave each kind.

    Where more would go on than ever start, all go on: then starts and ends are out of balance.
    """
    count = len(later) + 1
    onward = np.zeros((count, count))
    if opened > 0 and straight:
        onward[0, 1:] = np.array(straight) / max(opened, sum(straight))
    if len(later) == 2 and later[0].starts > 0:
        onward[1, 2] = min(1.0, (later[1].starts - straight[1]) / later[0].starts)
    return onward


def _title(known: _Known, kind: str) -> str:
    return known.measures.measure(kind).title


def _with_closed(within: Array) -> Array:
    """Put what is closed behind the kinds, so that each row sums to 1; no rounding below 0."""
    shares = np.clip(within, 0.0, 1.0)
    closed = np.clip(1 - shares.sum(axis=1, keepdims=True), 0.0, 1.0)
    return np.hstack([shares, closed])
