"""Coarse units: groups of small areas that are taken at once, where one by one is too slow.

A lower layer super output area (LSOA) is named for the middle layer one (MSOA) that it is part of,
with a letter behind: 'West Dorset 003B' is in 'West Dorset 003' (Office for National Statistics,
names of 2011 and 2021). Wards, pyramids and any other plan group small areas as well.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from geo.errors import GeographyError, named
from geo.plan import Plan

ALONE = -1
"""The group of a unit that is in none: it is taken by itself."""

MSOA = "msoa"
_IN_MSOA = re.compile(r"(\S.*\S [0-9]{3})[A-Z]")


@dataclass(frozen=True, eq=False, repr=False)
class CoarseUnits:
    """A grouping of units.

    Parameters
    ----------
    key, title
        What names it: `msoa`, `MSOAs`.
    names
        Of the groups, each once.
    group
        Position in `names` of each unit's group, `ALONE` (-1) for none; shape (units,).
    alone
        Names of the units in no group, in the units' order.

    Raises
    ------
    GeographyError
        When a name repeats, or a unit is in a group that is not there.
    """

    key: str
    title: str
    names: tuple[str, ...]
    group: npt.NDArray[np.int32]
    alone: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check once, then freeze a copy of the array."""
        group = np.array(self.group, dtype=np.int32)
        if len(set(self.names)) != len(self.names):
            raise GeographyError(f"The groups '{self.title}' name one twice.")
        if ((group < ALONE) | (group >= len(self.names))).any():
            raise GeographyError(f"The groups '{self.title}' hold a unit of none of them.")
        if int((group == ALONE).sum()) != len(self.alone):
            raise GeographyError(
                f"The groups '{self.title}' leave {int((group == ALONE).sum())} units out and "
                f"name {len(self.alone)}."
            )
        group.setflags(write=False)
        object.__setattr__(self, "group", group)

    @cached_property
    def note(self) -> str:
        """Say which units are in no group; empty where all are."""
        if not self.alone:
            return ""
        those = "1 small area is" if len(self.alone) == 1 else f"{len(self.alone)} small areas are"
        return f"{self.title}: {those} in none and taken alone: {named(self.alone)}."

    def __len__(self) -> int:
        """Count the groups."""
        return len(self.names)

    def __repr__(self) -> str:
        """Show the size: `<CoarseUnits msoa, 66 groups of 249 units>`."""
        return f"<CoarseUnits {self.key}, {len(self)} groups of {len(self.group)} units>"


def coarse_units(names: Sequence[str]) -> CoarseUnits:
    """Group small areas by the MSOA that their names tell.

    Parameters
    ----------
    names
        Of the units, in their order. One that does not end in three digits and a capital letter
        tells no MSOA.

    Returns
    -------
    CoarseUnits
        The MSOAs in alphabetical order; no group at all where no name tells one.

    Examples
    --------
    >>> found = coarse_units(["West Dorset 003A", "West Dorset 003B", "Purbeck 001C", "The Isle"])
    >>> found.names, found.group.tolist(), found.alone
    (('Purbeck 001', 'West Dorset 003'), [1, 1, 0, -1], ('The Isle',))
    """
    told = [match[1] if (match := _IN_MSOA.fullmatch(name)) else "" for name in names]
    groups = tuple(sorted(set(told) - {""}))
    position = {group: i for i, group in enumerate(groups)} | {"": ALONE}
    alone = tuple(name for name, group in zip(names, told, strict=True) if not group)
    found = np.array([position[group] for group in told], dtype=np.int32)
    return CoarseUnits(MSOA, "MSOAs", groups, found, alone)


def coarse_of(plan: Plan, *, key: str, title: str, names: Sequence[str]) -> CoarseUnits:
    """Take the zones of a plan (wards, pyramids, areas) for groups; zones without units drop out.

    Parameters
    ----------
    names
        Of the units, in the plan's order.

    Raises
    ------
    GeographyError
        When there is not one name a unit.
    """
    if len(names) != len(plan.units):
        raise GeographyError(f"There are {len(names)} names for {len(plan.units)} units.")
    held = np.flatnonzero(plan.sizes)
    position = np.full(len(plan.zones) + 1, ALONE, dtype=np.int32)  # the last is that of no zone
    position[held] = np.arange(len(held))
    group = position[plan.assignment]
    alone = tuple(np.array(names, dtype=object)[group == ALONE])
    return CoarseUnits(key, title, tuple(plan.zones[zone] for zone in held), group, alone)
