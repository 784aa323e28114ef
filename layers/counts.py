"""Counts per small area as a file had them, before they are put on the units of a pack.

A file knows its own codes, of its own vintage, often of more authorities than one. `UnitCounts`
keeps them as they were, with the account of the file's rows and where they come from; building a
pack converts the vintage and picks the authority's units.
"""

from dataclasses import dataclass

from geo.errors import LayerError
from geo.ledger import Ledger
from layers.measures import Measures
from layers.source import Source


@dataclass(frozen=True, eq=False, repr=False)
class UnitCounts:
    """Measures of the units that one file names.

    Parameters
    ----------
    measures
        Counts and their status; its `units` are the file's codes, each once.
    vintage
        Of the codes: `2011`, `2021`, or empty where the file does not tell.
    ledger
        What became of the file's rows; a row is used when its counts stand in `measures`.
    source
        Whose figures they are.
    districts
        Code of the district of each unit, in their order; () where the file does not tell.
    notes
        What was assumed or mended on the way in.
    rows
        How many rows of the file each unit's counts stand in, in their order; () where each unit
        has a row of its own, or the file does not place rows in units.

    Raises
    ------
    LayerError
        When districts or rows are told for some units only.
    """

    measures: Measures
    vintage: str
    ledger: Ledger
    source: Source
    districts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Check once."""
        for told, what in ((self.districts, "districts"), (self.rows, "counts of rows")):
            if told and len(told) != len(self.measures.units):
                raise LayerError(
                    f"{self.ledger.source}: {len(told)} {what} stand beside "
                    f"{len(self.measures.units)} units.",
                    remedy="This is a fault of the reader; nothing was used.",
                )

    def __repr__(self) -> str:
        """Show what it holds: `<UnitCounts children, persons of 249 units of 2011>`."""
        keys = ", ".join(self.measures.keys)
        return f"<UnitCounts {keys} of {len(self.measures.units)} units of {self.vintage or '?'}>"
