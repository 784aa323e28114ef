"""Fetch public data: boundaries, lookups, incidents, schools, deprivation and population."""

from layers.fetch.addresses import VARIABLE, Addresses, read_addresses
from layers.fetch.authority import VINTAGES, WHAT, Fetched, Wanted, fetch
from layers.fetch.errors import FetchError
from layers.fetch.folder import Entry, verify
from layers.fetch.web import Progress

__all__ = [
    "VARIABLE",
    "VINTAGES",
    "WHAT",
    "Addresses",
    "Entry",
    "FetchError",
    "Fetched",
    "Progress",
    "Wanted",
    "fetch",
    "read_addresses",
    "verify",
]
