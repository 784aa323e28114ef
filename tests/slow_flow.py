"""A slow twin of `analysis.flow`: one child at a time, event by event, in continuous time.

It shares no formula with it: no monthly shares, no thinning, no streams. A child arrives at a
random moment, stays in each kind for an exponential time, goes on or leaves; on the last moment of
each month it is counted with the team that holds it.
"""

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Place:
    """Small areas with one zone before and one after: open cases by kind, referrals a year."""

    was: int
    now: int
    start: tuple[int, ...]
    rate: float


@dataclass(frozen=True)
class Rules:
    """How cases go on, as `Stages` has it."""

    case_share: float
    onward: npt.NDArray[np.float64]
    months_open: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Lived:
    """What one future held, by how open cases were moved.

    Parameters
    ----------
    stock
        Shape (2, months + 1, teams, kinds): `transfer`, then `stay`.
    stays
        Months that each case spent in each kind: (kind, months), over all cases that left it.
    entries
        Cases that entered each kind.
    """

    stock: npt.NDArray[np.int64]
    stays: list[tuple[int, float]]
    entries: npt.NDArray[np.int64]


def live(
    places: list[Place], rules: Rules, *, teams: int, months: int, rng: np.random.Generator
) -> Lived:
    """Live one future."""
    world = _World(places, rules, teams, rng)
    stock = []
    for month in range(months + 1):
        world.live_until(month)
        stock.append(world.held.transpose(0, 2, 1).copy())
    return Lived(np.array(stock).transpose(1, 0, 2, 3), world.stays, world.entries)


class _World:
    """Who is open, and what happens next."""

    def __init__(
        self, places: list[Place], rules: Rules, teams: int, rng: np.random.Generator
    ) -> None:
        self.rules, self.rng, self.numbers = rules, rng, itertools.count()
        kinds = len(rules.months_open)
        self.held = np.zeros((2, kinds, teams), dtype=np.int64)
        self.entries, self.stays = np.zeros(kinds, dtype=np.int64), []
        self.events: list[tuple[float, int, Callable[[float], None]]] = []
        for place in places:
            for kind, count in enumerate(place.start):
                for _ in range(count):
                    self.enter(0.0, kind, (place.now, place.was))
            self.expect(0.0, place)

    def live_until(self, month: float) -> None:
        while self.events and self.events[0][0] <= month:
            when, _, happen = heapq.heappop(self.events)
            happen(when)

    def later(self, when: float, happen: Callable[[float], None]) -> None:
        heapq.heappush(self.events, (when, next(self.numbers), happen))

    def expect(self, when: float, place: Place) -> None:
        if place.rate > 0:
            gap = self.rng.exponential(12 / place.rate)
            self.later(when + gap, lambda then: self.refer(then, place))

    def refer(self, when: float, place: Place) -> None:
        self.expect(when, place)
        if self.rng.random() < self.rules.case_share:
            self.entries[0] += 1
            self.enter(when, 0, (place.now, place.now))

    def enter(self, when: float, kind: int, holders: tuple[int, int]) -> None:
        for way, team in enumerate(holders):
            self.held[way, kind, team] += 1
        stay = self.rng.exponential(self.rules.months_open[kind])
        self.later(when + stay, lambda then: self.leave(then, kind, holders, stay))

    def leave(self, when: float, kind: int, holders: tuple[int, int], stay: float) -> None:
        self.stays.append((kind, stay))
        for way, team in enumerate(holders):
            self.held[way, kind, team] -= 1
        chance = self.rng.random()
        for to in range(kind + 1, len(self.entries)):
            chance -= self.rules.onward[kind, to]
            if chance < 0:
                self.entries[to] += 1
                self.enter(when, to, holders)
                return
