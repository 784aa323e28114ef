"""What is known of a zone beside its counts: where it is run from, and how to reach it."""

from dataclasses import dataclass

from geo.errors import LayerError
from layers.status import Standing


@dataclass(frozen=True)
class ZoneFact:
    """One zone of one plan.

    Parameters
    ----------
    plan, zone
        Key of the plan and name of the zone.
    base
        Where its team sits, in words; empty where unknown.
    contact
        How to reach it: an office or a number, never a private person; empty where unknown.
    status
        `official` only where somebody published it.

    Raises
    ------
    LayerError
        When the plan or the zone is not named, or nothing is told of it.
    """

    plan: str
    zone: str
    base: str
    contact: str
    status: Standing
    source: str

    def __post_init__(self) -> None:
        """Check once."""
        if not self.plan or not self.zone:
            raise LayerError("A fact of a zone names no plan or no zone.", remedy="Name both.")
        if not self.base and not self.contact:
            raise LayerError(
                f"Nothing is told of the zone '{self.zone}'.",
                remedy="Give its base, its contact or both, or take it out.",
            )
