"""Places with a point: schools and their pyramids, sites with a capacity, towns for the map.

A pyramid is an upper or secondary school and the schools that feed it. Schools that choose their
children (faith, grammar) or take them from everywhere (special, independent) usually stand outside.
"""

from dataclasses import dataclass
from typing import Literal

from geo.errors import LayerError
from geo.ledger import Ledger
from layers.source import Source
from layers.status import Standing, Status

Tier = Literal[
    "first",
    "primary",
    "middle",
    "secondary",
    "upper",
    "all-through",
    "special",
    "nursery",
    "sixteen plus",
    "alternative",
    "independent",
    "not known",
]
HEADS: frozenset[Tier] = frozenset({"secondary", "upper", "all-through"})
"""The tiers that can head a pyramid."""
FEEDERS: frozenset[Tier] = frozenset({"first", "primary", "middle"})
"""The tiers that feed one. Schools of every other tier stand outside and are listed apart."""


@dataclass(frozen=True)
class Place:
    """A named point: easting and northing in metres (EPSG:27700), and how it is known."""

    name: str
    easting: float
    northing: float
    placed: str


@dataclass(frozen=True)
class School(Place):
    """A school; `pyramid` is empty for one that stands outside every pyramid.

    Parameters
    ----------
    laestab
        Code of the authority and number of the establishment, `838/2002`; empty where unknown.
    kind
        Type of establishment, as GIAS calls it.
    intake
        What lets it choose its children: `faith`, `grammar`, both, or empty where it is open to
        all or not known.
    district, lsoa
        Codes of where it stands; empty where unknown.
    pupils, fsm_share
        How many, and the share (0-1) of those eligible for free school meals; None where their
        status says that there is no number.
    low_age, high_age
        Statutory ages; None where unknown.
    closes
        The day it is to close, `2026-08-31`; empty where none is set.
    """

    tier: Tier
    pyramid: str
    urn: str
    source: str
    laestab: str = ""
    kind: str = ""
    intake: str = ""
    district: str = ""
    lsoa: str = ""
    pupils: float | None = None
    pupils_status: Status = Status.MISSING
    fsm_share: float | None = None
    fsm_status: Status = Status.MISSING
    low_age: int | None = None
    high_age: int | None = None
    closes: str = ""

    @property
    def is_apart(self) -> bool:
        """Whether it usually stands outside pyramids: special, independent, faith and so on."""
        return bool(self.intake) or self.tier not in HEADS | FEEDERS


@dataclass(frozen=True)
class Schools:
    """Open schools as a register lists them.

    Parameters
    ----------
    schools
        Those with a place, in the order of the register.
    unplaced
        URNs of open schools whose place is not known; they count as unlocated.
    passed_over
        Schools that are not open, by status.
    ledger
        Open schools read = used + unlocated + outside + rejected.

    Raises
    ------
    LayerError
        When the ledger counts other schools than these, or a URN stands twice.
    """

    schools: tuple[School, ...]
    unplaced: tuple[str, ...]
    passed_over: dict[str, int]
    ledger: Ledger
    notes: tuple[str, ...]
    source: Source

    def __post_init__(self) -> None:
        """Check once."""
        if (len(self.schools), len(self.unplaced)) != (self.ledger.used, self.ledger.unlocated):
            raise LayerError(
                f"{self.ledger.source}: the ledger counts {self.ledger.used} schools with a place "
                f"and {self.ledger.unlocated} without, but there are {len(self.schools)} and "
                f"{len(self.unplaced)}.",
                remedy="This is a fault of the reader; nothing was used.",
            )
        if len(self.urns) != len(self.schools) + len(self.unplaced):
            raise LayerError(
                f"{self.ledger.source}: a URN stands twice.",
                remedy="This is a fault of the reader; nothing was used.",
            )

    @property
    def urns(self) -> frozenset[str]:
        """The URNs of all open schools, with a place or without."""
        return frozenset({school.urn for school in self.schools} | set(self.unplaced))

    @property
    def apart(self) -> tuple[School, ...]:
        """Schools that usually stand outside pyramids."""
        return tuple(school for school in self.schools if school.is_apart)


@dataclass(frozen=True)
class Site(Place):
    """A place that offers something; `capacity` is None where it is unknown.

    `opening` is when it is open, in the file's own words; `ages` the youngest and the oldest it is
    for, None where it does not say; `level` the level of need it serves.
    """

    kind: str
    capacity: float | None
    source: str
    status: Standing
    opening: str = ""
    ages: tuple[int, int] | None = None
    level: str = ""


@dataclass(frozen=True)
class Town(Place):
    """A name on the map; `population` is None where it is unknown."""

    population: int | None
