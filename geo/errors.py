"""What can be wrong with an input, said once: what was found, what was wanted, what to do.

Every refusal of the tool is a `ZonewrightError`. The app and the command line show its text as it
stands, so a message is written for a planner and names at most three offenders.
"""

from collections.abc import Iterable

MOST_NAMED = 3
MOST_CHARACTERS = 100
"""Of each offender: a broken file may have names without end."""


class ZonewrightError(Exception):
    """A refusal with its remedy; the root of the family."""

    def __init__(self, found: str, *, remedy: str = "") -> None:
        """Say what was `found` (and wanted), then the `remedy`; both are whole sentences."""
        super().__init__(f"{found} {remedy}".strip())
        self.found = found
        self.remedy = remedy


class GeographyError(ZonewrightError):
    """Units, names or shapes that cannot be a geography."""


class CrsError(GeographyError):
    """Coordinates in a reference system that is wrong, missing or with its axes swapped."""


class VintageError(GeographyError):
    """Codes of one vintage (2011, 2021) where another was wanted."""


class PlanError(ZonewrightError):
    """A plan that does not fit its units, or a move it cannot make."""


class ReadError(ZonewrightError):
    """A file that cannot be read as what it should be."""


class WriteError(ZonewrightError):
    """A file that cannot be written where, or as what, was asked."""


class PackError(ZonewrightError):
    """An authority's folder that lacks something or contradicts itself."""


class LayerError(ZonewrightError):
    """A dataset whose values cannot be what they claim to be."""


class StoreError(ZonewrightError):
    """A register or another file of the tool's own that cannot be read, held or written."""


def named(offenders: Iterable[object]) -> str:
    """Name up to three offenders and count the rest: 'A, B, C and 4 more'.

    >>> named(["E01", "E02", "E03", "E04"])
    'E01, E02, E03 and 1 more'
    """
    names = [_clipped(str(offender)) for offender in offenders]
    text = ", ".join(names[:MOST_NAMED])
    rest = len(names) - MOST_NAMED
    return f"{text} and {rest} more" if rest > 0 else text


def _clipped(name: str) -> str:
    return name if len(name) <= MOST_CHARACTERS else f"{name[: MOST_CHARACTERS - 3]}..."
