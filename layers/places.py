"""Places with a point: schools and their pyramids, sites with a capacity, towns for the map.

A pyramid is an upper or secondary school and the schools that feed it.
"""

from dataclasses import dataclass
from typing import Literal

from layers.status import Standing

Tier = Literal["first", "primary", "middle", "secondary", "upper", "all-through", "special"]
HEADS: frozenset[Tier] = frozenset({"secondary", "upper", "all-through"})
"""The tiers that can head a pyramid."""


@dataclass(frozen=True)
class Place:
    """A named point: easting and northing in metres (EPSG:27700), and how it is known."""

    name: str
    easting: float
    northing: float
    placed: str


@dataclass(frozen=True)
class School(Place):
    """A school; `pyramid` is empty for one that stands outside every pyramid."""

    tier: Tier
    pyramid: str
    urn: str
    source: str


@dataclass(frozen=True)
class Site(Place):
    """A place that offers something; `capacity` is None where it is unknown."""

    kind: str
    capacity: float | None
    source: str
    status: Standing


@dataclass(frozen=True)
class Town(Place):
    """A name on the map; `population` is None where it is unknown."""

    population: int | None
