"""Totals that somebody published: an authority's, to check a pack against, and England's."""

from dataclasses import dataclass

import numpy as np

from geo.errors import LayerError
from layers.status import Status

ENGLAND = "England"


@dataclass(frozen=True)
class Total:
    """One published figure.

    Parameters
    ----------
    key
        The measure it is a total of: `children`, `referrals`.
    area
        Whose it is: the name of the authority, or `England`.
    period
        A date for a stock (`2024-06-30`), a year for a flow (`2024-25`).
    value, status
        The count, NaN where the status says that there is no number.

    Raises
    ------
    LayerError
        When the value and its status contradict each other.
    """

    key: str
    title: str
    area: str
    period: str
    value: float
    status: Status
    source: str

    def __post_init__(self) -> None:
        """Check once."""
        if bool(np.isnan(self.value)) != (self.status >= Status.NOT_APPLICABLE):
            raise LayerError(
                f"The published total '{self.key}' of {self.area} is {self.value} and "
                f"{self.status.name.lower()}.",
                remedy="Give a number, or a status that says why there is none.",
            )
