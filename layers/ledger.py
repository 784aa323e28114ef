"""A ledger: the account of every row read, which always adds up.

rows read = used + unlocated + outside + rejected. A row is used when it counts in a unit,
unlocated when it names no place, outside when its place is another authority's, and rejected
when it cannot be what it claims; a rejected row keeps its line and its reason.
"""

from dataclasses import dataclass

from geo.errors import LayerError


@dataclass(frozen=True)
class Rejected:
    """A row that was not used: its line in the file (the header is line 1) and why."""

    line: int
    reason: str


@dataclass(frozen=True)
class Ledger:
    """What became of the rows of one source.

    Raises
    ------
    LayerError
        When the parts do not add up to the rows read.
    """

    source: str
    read: int
    used: int
    unlocated: int = 0
    outside: int = 0
    rejected: tuple[Rejected, ...] = ()

    def __post_init__(self) -> None:
        """Refuse an account that does not add up."""
        parts = self.used + self.unlocated + self.outside + len(self.rejected)
        if parts != self.read:
            raise LayerError(
                f"{self.source}: {self.read} rows were read but {parts} are accounted for.",
                remedy="This is a fault of the reader; nothing was used.",
            )

    def __str__(self) -> str:
        """Say it in one line, as the app and the command line show it."""
        return (
            f"{self.read:,} read = {self.used:,} used + {self.unlocated:,} unlocated + "
            f"{self.outside:,} outside + {len(self.rejected):,} rejected"
        )
