"""A source: where data came from, and what its licence asks for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """Where data came from and what its licence asks for."""

    title: str
    publisher: str
    licence: str
    vintage: str
    via: str
    attribution: str
