"""Staffing: full-time-equivalent workers per zone of a plan.

Staff belong to a zone of one plan. Another plan has none until somebody says so, and a zone
without a row has no staff recorded, which is not zero staff.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import LayerError
from layers.status import Standing

_FIRST_YEAR = re.compile(r"\bnewly[ -]qualified\b|\b(?:nqsw|asye)s?\b", re.IGNORECASE)


@dataclass(frozen=True)
class Post:
    """FTE of one role in one zone of the plan `plan`.

    `newly_qualified` says that these are workers in their first year; `absence` is the share of
    their time, 0 to 1, that they are away.
    """

    plan: str
    zone: str
    role: str
    fte: float
    status: Standing
    source: str
    newly_qualified: bool = False
    absence: float = 0.0

    def __post_init__(self) -> None:
        """Refuse FTE below zero or not a number, and an absence that is no share."""
        if not 0 <= self.absence <= 1:
            raise LayerError(
                f"The zone '{self.zone}' has an absence of {self.absence} for '{self.role}'.",
                remedy="Absence is a share from 0 to 1; 5 % is 0.05.",
            )
        if not self.fte >= 0:
            raise LayerError(
                f"The zone '{self.zone}' has {self.fte} FTE of '{self.role}'.",
                remedy="FTE is 0 or more; leave the row out where it is unknown.",
            )


@dataclass(frozen=True)
class Staffing:
    """The posts of an authority, for all its plans."""

    posts: tuple[Post, ...]

    def fte(self, plan: str, zones: Sequence[str]) -> npt.NDArray[np.float64]:
        """Sum FTE per zone of `plan`, shape (zones,); NaN where no staff is recorded."""
        total = dict.fromkeys(zones, np.nan)
        for post in self.posts:
            if post.plan == plan and post.zone in total:
                known = total[post.zone]
                total[post.zone] = post.fte + (0.0 if np.isnan(known) else known)
        return np.array([total[zone] for zone in zones], dtype=np.float64)

    def status(self, plan: str) -> Standing | None:
        """Say whether the staffing of `plan` is official; None where there is none."""
        standings = {post.status for post in self.posts if post.plan == plan}
        if not standings:
            return None
        return "illustrative" if "illustrative" in standings else "official"


def names_newly_qualified(role: str) -> bool:
    """Say whether a role's name is that of workers in their first year (NQSW, ASYE).

    It speaks for files that have no column to say so.

    >>> names_newly_qualified("Newly qualified social worker"), names_newly_qualified("Manager")
    (True, False)
    """
    return _FIRST_YEAR.search(role) is not None
