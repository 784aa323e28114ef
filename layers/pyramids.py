"""Pyramids: an upper or secondary school each, and the schools that feed it.

A school may feed two pyramids. Which schools stand in a pyramid is the authority's own knowledge;
no register has it.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from geo.errors import LayerError, named
from geo.ledger import Ledger
from layers.places import HEADS, School, Tier


@dataclass(frozen=True)
class Member:
    """A school in a pyramid: its URN, its tier there, and its days (ISO, empty where open)."""

    urn: str
    tier: Tier
    valid_from: str = ""
    valid_to: str = ""


@dataclass(frozen=True)
class Pyramid:
    """A pyramid, the zone it lies in (empty where none is told) and its schools.

    Raises
    ------
    LayerError
        When a school stands in it twice.
    """

    code: str
    name: str
    zone: str
    members: tuple[Member, ...]

    def __post_init__(self) -> None:
        """Check once."""
        twice = [u for u, n in Counter(member.urn for member in self.members).items() if n > 1]
        if twice:
            raise LayerError(
                f"The pyramid {self.name} has {named(twice)} more than once.",
                remedy="Give each school of a pyramid one row that is valid on the day.",
            )

    @property
    def heads(self) -> tuple[Member, ...]:
        """Its upper, secondary or all-through schools; more than one where they share it."""
        return tuple(member for member in self.members if member.tier in HEADS)


@dataclass(frozen=True, eq=False, repr=False)
class Pyramids:
    """The pyramids of an authority on one day.

    Parameters
    ----------
    pyramids
        In the order of the file.
    on
        The day, `2026-01-30`; empty for those without an end.
    ledger
        A row is used when its school stands in a pyramid.

    Raises
    ------
    LayerError
        When a code or a name repeats.
    """

    pyramids: tuple[Pyramid, ...]
    on: str
    ledger: Ledger
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check once."""
        for what in ("code", "name"):
            counted = Counter(getattr(pyramid, what) for pyramid in self.pyramids)
            twice = [text for text, count in counted.items() if count > 1]
            if twice:
                raise LayerError(
                    f"Two pyramids have the {what} {named(twice)}.",
                    remedy="Give each pyramid a code and a name of its own.",
                )

    @property
    def names(self) -> tuple[str, ...]:
        """Their names, in order."""
        return tuple(pyramid.name for pyramid in self.pyramids)

    @cached_property
    def of_school(self) -> dict[str, tuple[str, ...]]:
        """URN -> names of the pyramids that the school stands in."""
        found: dict[str, tuple[str, ...]] = {}
        for pyramid in self.pyramids:
            for member in pyramid.members:
                found[member.urn] = (*found.get(member.urn, ()), pyramid.name)
        return found

    @property
    def shared(self) -> tuple[str, ...]:
        """URNs of schools that stand in more than one pyramid."""
        return tuple(urn for urn, names in self.of_school.items() if len(names) > 1)

    def on_schools(self, schools: Iterable[School]) -> tuple[School, ...]:
        """Give schools their pyramid (the first of several) and the tier they have in it."""
        tiers = {m.urn: m.tier for pyramid in reversed(self.pyramids) for m in pyramid.members}
        return tuple(
            replace(school, pyramid=self.of_school[school.urn][0], tier=tiers[school.urn])
            if school.urn in tiers
            else school
            for school in schools
        )

    def __repr__(self) -> str:
        """Show the size: `<Pyramids 12 with 140 schools>`."""
        return f"<Pyramids {len(self.pyramids)} with {len(self.of_school)} schools>"
