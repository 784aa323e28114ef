"""Programmes: what is offered to families, where, with how many places and how many waiting."""

from dataclasses import dataclass

from geo.errors import LayerError
from layers.status import Standing


@dataclass(frozen=True)
class Programme:
    """A programme in a zone or at a site.

    Parameters
    ----------
    zone, site
        Where it is offered; one of them may be empty.
    places, waiting
        Places in all, and families or children waiting; None where unknown, which is not 0.
    ages
        The youngest and the oldest it is for, in years; None where it does not say.
    level
        The level of need it serves, in the authority's own words.

    Raises
    ------
    LayerError
        When it has no name or no place, or a number is below 0.
    """

    name: str
    zone: str
    site: str
    places: float | None
    waiting: float | None
    ages: tuple[int, int] | None
    level: str
    status: Standing
    source: str

    def __post_init__(self) -> None:
        """Check once."""
        if not self.name:
            raise LayerError("A programme has no name.", remedy="Name it.")
        if not (self.zone or self.site):
            raise LayerError(
                f"The programme '{self.name}' is in no zone and at no site.",
                remedy="Say in which zone or at which site it is offered.",
            )
        for what, amount in (("places", self.places), ("waiting", self.waiting)):
            if amount is not None and not amount >= 0:
                raise LayerError(
                    f"The programme '{self.name}' has {amount} {what}.",
                    remedy="Give 0 or more; leave it empty where it is unknown.",
                )

    @property
    def per_place(self) -> float | None:
        """How many wait for each place; None where either is unknown or there is no place."""
        if self.places is None or self.waiting is None or self.places == 0:
            return None
        return self.waiting / self.places
