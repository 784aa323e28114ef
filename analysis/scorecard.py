"""An outcome scorecard in three parts: how much did we do, how well, and is anyone better off.

The three questions are those of results-based accountability (Friedman, Trying Hard Is Not Good
Enough, 2005). How much was done is never judged: more referrals are neither good nor bad.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from layers.indicators import Benchmark, Indicator, Part
from layers.pack import Authority, targets_of

QUESTIONS: dict[Part, str] = {
    "how much": "How much did we do?",
    "how well": "How well did we do it?",
    "better off": "Is anyone better off?",
}
"""The parts in the order that they are asked in."""

NO_OUTCOME = "Other"


@dataclass(frozen=True)
class Entry:
    """An indicator of a scorecard, and the figure that it is held against.

    Parameters
    ----------
    mark
        The authority's own target where it has one, else the first benchmark; None for neither,
        and then the authority as a whole is what a zone is held against.
    """

    indicator: Indicator
    mark: Benchmark | None


@dataclass(frozen=True)
class Question:
    """One part of a scorecard: its entries by the outcome that they serve."""

    part: Part
    title: str
    outcomes: tuple[tuple[str, tuple[Entry, ...]], ...]

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All entries, in order."""
        return tuple(entry for _, entries in self.outcomes for entry in entries)


def scorecard(indicators: Iterable[Indicator], authority: Authority) -> tuple[Question, ...]:
    """Sort indicators into the three parts of a scorecard, and by outcome within each.

    Parameters
    ----------
    indicators
        Those that belong to no part are left out.

    Returns
    -------
    tuple of Question
        The three, in order, empty ones too: that nothing tells whether anyone is better off is
        worth seeing. Outcomes stand in the order in which indicators first name them; those that
        name none come last.
    """
    found = tuple(indicators)
    return tuple(
        Question(part, title, _by_outcome([i for i in found if i.part == part], authority))
        for part, title in QUESTIONS.items()
    )


def mark_of(indicator: Indicator, authority: Authority) -> Benchmark | None:
    """Give what an indicator is held against: its target, else its first benchmark, else None."""
    return next(iter((*targets_of(authority, indicator), *indicator.benchmarks)), None)


def _by_outcome(
    indicators: list[Indicator], authority: Authority
) -> tuple[tuple[str, tuple[Entry, ...]], ...]:
    names = dict.fromkeys(i.outcome for i in indicators if i.outcome)
    if any(not i.outcome for i in indicators):
        names[""] = None
    return tuple(
        (
            name or NO_OUTCOME,
            tuple(Entry(i, mark_of(i, authority)) for i in indicators if i.outcome == name),
        )
        for name in names
    )
