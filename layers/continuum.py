"""The continuum of need: steps from universal services to the highest need, named by the authority.

Each child is counted on one step, so the counts of all steps are all children and the share of a
step is its count over their sum.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from geo.errors import LayerError, named

ROUNDING = 0.005
"""By how much ideal shares, written with two decimals, may miss the whole."""


@dataclass(frozen=True)
class Level:
    """One step.

    Parameters
    ----------
    key, title
        Its short name, and what the authority calls it.
    measure
        Key of the measure that counts the children on it.
    ideal_share
        The share of all children, 0-1, that stands here on the ideal staircase; None where the
        authority has named none.

    Raises
    ------
    LayerError
        When a name is missing or the share is none.
    """

    key: str
    title: str
    measure: str
    ideal_share: float | None
    source: str

    def __post_init__(self) -> None:
        """Check once."""
        if not self.key or not self.title or not self.measure:
            raise LayerError(
                f"The level '{self.title or self.key}' lacks a key, a title or a measure.",
                remedy="Give it all three.",
            )
        if self.ideal_share is not None and not 0 <= self.ideal_share <= 1:
            raise LayerError(
                f"The ideal share of the level '{self.title}' is {self.ideal_share:g}.",
                remedy="Give it as 0 to 1: 90 % is 0.9.",
            )


def check_levels(levels: Sequence[Level]) -> None:
    """Refuse steps that are no staircase: repeated, with the same count, or beyond the whole.

    Raises
    ------
    LayerError
        When a key or a measure stands twice, or the ideal shares add up to more than 1, or, where
        every step has one, to less.

    Examples
    --------
    >>> check_levels([Level("one", "Universal", "children_universal", 0.9, "drawn")])
    Traceback (most recent call last):
        ...
    geo.errors.LayerError: The ideal shares of the levels add up to 0.9. Let them add up to 1.
    """
    for what, keys in (("key", [x.key for x in levels]), ("measure", [x.measure for x in levels])):
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise LayerError(
                f"Two levels have the {what} {named(twice)}.", remedy="Count each child once."
            )
    shares = [level.ideal_share for level in levels if level.ideal_share is not None]
    total = math.fsum(shares)
    is_short = len(shares) == len(levels) and total < 1 - ROUNDING
    if levels and (total > 1 + ROUNDING or is_short):
        raise LayerError(
            f"The ideal shares of the levels add up to {total:g}.",
            remedy="Let them add up to 1.",
        )
