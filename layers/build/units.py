"""The small areas of a pack: whose they are, of which vintage, with shapes and neighbours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from geo.build import build_geography
from geo.errors import PackError, named
from geo.geography import Geography
from geo.ledger import Ledger
from geo.read.boundaries import Boundaries
from geo.read.file import File
from layers.build.district import Chosen
from layers.source import Source

VINTAGES = ("2021", "2011")
"""Vintages of small areas, the one to prefer first."""


@dataclass(frozen=True)
class BuiltUnits:
    """A geography of the authority's small areas, and the account of the boundaries read."""

    geography: Geography
    ledgers: tuple[Ledger, ...]
    sources: tuple[Source, ...]
    notes: tuple[str, ...]


def labels_of(boundaries: Sequence[tuple[File, Boundaries]]) -> dict[str, dict[str, str]]:
    """Give vintage -> unit -> name of all small areas that have boundaries."""
    labels: dict[str, dict[str, str]] = {}
    for _, value in boundaries:
        if value.level == "lsoa":
            labels.setdefault(value.vintage, {}).update(zip(value.units, value.names, strict=True))
    return labels


def build_units(
    boundaries: Sequence[tuple[File, Boundaries]], chosen: Chosen, *, key: str, vintage: str = ""
) -> BuiltUnits:
    """Build the geography of the authority's small areas.

    Parameters
    ----------
    vintage
        Of the small areas; by default 2021 where their boundaries are all there, else 2011.

    Raises
    ------
    PackError
        When no vintage has a boundary for each of the authority's small areas.
    GeographyError
        When boundaries are no sound polygons.
    """
    small = [(file, value) for file, value in boundaries if value.level == "lsoa"]
    if not small:
        raise PackError(
            "There are no boundaries of small areas (LSOA).",
            remedy="Add them: ONS Open Geography, 'LSOA (December 2021) Boundaries'.",
        )
    absent: dict[str, list[str]] = {}
    for candidate in (vintage,) if vintage else VINTAGES:
        wanted = chosen.units.get(candidate, frozenset())
        there = {unit for _, v in small if v.vintage == candidate for unit in v.units}
        absent[candidate] = sorted(wanted - there)
        if wanted and not absent[candidate]:
            return _built(small, wanted, candidate, key)
    raise PackError(
        _why(absent, chosen, small),
        remedy="Add the boundaries that are missing, of the same vintage as the rest.",
    )


def _built(
    small: Sequence[tuple[File, Boundaries]], wanted: frozenset[str], vintage: str, key: str
) -> BuiltUnits:
    rows: dict[str, tuple[str, object]] = {}
    ledgers, sources, twice = [], [], 0
    for file, value in small:
        if value.vintage != vintage:
            continue
        mine = [i for i, unit in enumerate(value.units) if unit in wanted]
        kept = [i for i in mine if value.units[i] not in rows]
        twice += len(mine) - len(kept)
        rows |= {value.units[i]: (value.names[i], value.shapes[i]) for i in kept}
        ledgers.append(
            Ledger(file.name, read=len(value), used=len(kept), outside=len(value) - len(kept))
        )
        if kept:
            title = f"Lower layer super output areas {vintage}, boundaries"
            sources.append(ons_source(title, vintage, file.name))
    units = tuple(sorted(rows))
    geography = build_geography(
        f"{key}-{vintage}",
        vintage,
        units,
        tuple(rows[unit][0] for unit in units),
        np.array([rows[unit][1] for unit in units], dtype=object),
    )
    note = f"{twice} small areas stand in several files of boundaries; the first was used."
    return BuiltUnits(geography, tuple(ledgers), tuple(sources), (note,) if twice else ())


def _why(
    absent: Mapping[str, list[str]], chosen: Chosen, small: Sequence[tuple[File, Boundaries]]
) -> str:
    parts = []
    for vintage, codes in absent.items():
        wanted = len(chosen.units.get(vintage, ()))
        if not wanted:
            parts.append(f"no file tells which LSOA of {vintage} are in {chosen.name}")
        else:
            parts.append(
                f"{len(codes)} of {wanted} LSOA of {vintage} have no boundary: {named(codes)}"
            )
    have = {value.vintage or "unknown vintage" for _, value in small}
    return (
        f"{chosen.name} cannot be built: {'; '.join(parts)}. The boundaries are of "
        f"{named(sorted(have))}."
    )


def ons_source(title: str, vintage: str, via: str) -> Source:
    """Describe something that ONS Open Geography publishes."""
    return Source(
        title=title,
        publisher="Office for National Statistics",
        licence="Open Government Licence v3.0",
        vintage=vintage,
        via=via,
        attribution="Contains National Statistics data (c) Crown copyright and database right. "
        "Contains OS data (c) Crown copyright and database right.",
    )
