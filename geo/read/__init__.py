"""Read places from files: boundaries, lookups, and the tables and archives they come in."""

from geo.read.boundaries import FORMATS, Areas, Boundaries, read_areas, read_boundaries
from geo.read.lookup import FORMULA, read_lookup

__all__ = [
    "FORMATS",
    "FORMULA",
    "Areas",
    "Boundaries",
    "read_areas",
    "read_boundaries",
    "read_lookup",
]
