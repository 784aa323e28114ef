"""Indicators: two counts and how to read them.

Nothing is stored as a rate. An indicator names its numerator and its denominator, so that it adds
up over any zone: counts add, and the rate follows.
"""

import math
from dataclasses import dataclass
from typing import Literal

from geo.errors import LayerError
from layers.status import Standing

Kind = Literal["rate", "proportion", "mean"]
Polarity = Literal["high", "low", "none"]
Topic = Literal["need", "demand", "provision", "asb"]
Part = Literal["how much", "how well", "better off", ""]
"""The three parts of a scorecard: how much was done, how well, and is anyone better off."""

PER_CENT = 100


@dataclass(frozen=True)
class Benchmark:
    """A published figure to compare with, per the indicator's `per`."""

    title: str
    value: float
    source: str


@dataclass(frozen=True)
class Target:
    """What an authority set itself for an indicator, as a share or per its `per`."""

    indicator: str
    value: float
    better: Polarity
    source: str


@dataclass(frozen=True)
class Indicator:
    """A numerator over a denominator.

    Parameters
    ----------
    numerator, denominator
        Keys of measures.
    per
        What the quotient is multiplied by on screen: 10,000 children, 1,000 residents, 100.
    kind
        `proportion` when the numerator is part of the denominator, `rate` otherwise. It decides
        the interval: Wilson or Byar. `mean` is an average of a score over people, such as the
        Index of Multiple Deprivation: its numerator sums score x people, and it has no interval.
    polarity
        Whether `high` or `low` is better; `none` for referral, child in need, child protection
        and looked-after rates, which are never coloured good or bad.
    outcome
        The outcome that it serves, in words: `Safe at home`; empty for none.
    part
        Which part of an outcome scorecard it belongs to; empty for none.
    plausible_max
        The highest value, per `per`, that a zone can have without a mistake in the counts; None
        where no bound is known. What is above it is pointed out and never taken away.

    Raises
    ------
    LayerError
        When `per` or `plausible_max` is not above 0, or `plausible_max` of a proportion is more
        than the whole.
    """

    key: str
    title: str
    numerator: str
    denominator: str
    per: int
    kind: Kind
    polarity: Polarity
    topic: Topic
    decimals: int
    period: str
    source: str
    status: Standing
    benchmarks: tuple[Benchmark, ...] = ()
    outcome: str = ""
    part: Part = ""
    plausible_max: float | None = None

    def __post_init__(self) -> None:
        """Refuse a multiplier that makes no rate, and a bound that bounds nothing."""
        if self.per <= 0:
            raise LayerError(f"The indicator '{self.key}' is per {self.per}; it must be above 0.")
        highest = self.per if self.kind == "proportion" else math.inf
        if self.plausible_max is not None and not 0 < self.plausible_max <= highest:
            raise LayerError(
                f"The highest plausible value of '{self.key}' is {self.plausible_max:g}.",
                remedy=f"Give it per {self.per:,}, above 0 and no more than the whole.",
            )

    def unit(self, counted: str) -> str:
        """Say what its values are in, out of what is `counted`: `%`, `per 10,000 children`."""
        if self.kind == "mean":
            return f"average over {counted}"
        return "%" if self.per == PER_CENT else f"per {self.per:,} {counted}"
