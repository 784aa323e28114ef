"""Statistical neighbours: the authorities that one is compared with, as of a date."""

from collections import Counter
from dataclasses import dataclass

from geo.errors import LayerError, named


@dataclass(frozen=True)
class Neighbours:
    """A list of authorities, the nearest first where the source ranks them.

    Parameters
    ----------
    names
        As the Department for Education writes them.
    date
        When the list was of; lists are revised, and another one makes another benchmark.

    Raises
    ------
    LayerError
        When the list is empty, names one twice, or has no date.
    """

    names: tuple[str, ...]
    date: str
    source: str

    def __post_init__(self) -> None:
        """Check once."""
        twice = [name for name, count in Counter(self.names).items() if count > 1]
        if not self.names or twice:
            what = f"names {named(twice)} twice" if twice else "is empty"
            raise LayerError(
                f"The list of statistical neighbours {what}.", remedy="Name each once."
            )
        if not self.date:
            raise LayerError(
                "The list of statistical neighbours has no date.",
                remedy="Say when it was taken: a year or a day.",
            )
