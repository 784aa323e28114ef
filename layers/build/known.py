"""Measures that the tool knows by name, whatever a council calls their columns."""

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from geo.errors import named
from geo.read.kind import fold
from layers.build.indicators import REGISTRY
from layers.counts import UnitCounts
from layers.measures import Measure, Measures


def known_counts(counts: UnitCounts) -> UnitCounts:
    """Give columns that go by a known name the key and the title of the measure they are.

    Two columns that would become one keep their own names.
    """
    renamed = [_known(measure) for measure in counts.measures.measures]
    keys = [measure.key for measure in renamed]
    measures = tuple(
        new if keys.count(new.key) == 1 else old
        for old, new in zip(counts.measures.measures, renamed, strict=True)
    )
    table = counts.measures
    own = [measure.title for measure in measures if measure.key not in dict(known_measures())]
    note = (
        f"{named(own)}: no measure that the tool knows by this name; kept under its "
        "own, and no indicator is made of it."
    )
    return replace(
        counts,
        measures=Measures(table.units, measures, table.values, table.status),
        notes=(*counts.notes, note) if own else counts.notes,
    )


def known_measures() -> tuple[tuple[str, str], ...]:
    """List key and title of every measure that the tool knows by name."""
    return tuple({entry["key"]: entry["title"] for entry in _aliases().values()}.items())


@cache
def _aliases() -> Mapping[str, Mapping[str, Any]]:
    """Give folded name -> entry of the registry."""
    entries = tomllib.loads(REGISTRY.read_text("utf-8"))["measures"]
    return {
        fold(alias): entry
        for entry in entries
        for alias in (entry["key"], entry["title"], *entry["aliases"])
    }


def _known(measure: Measure) -> Measure:
    entry = _aliases().get(fold(measure.title)) or _aliases().get(fold(measure.key))
    if entry is None:
        return measure
    return replace(
        measure,
        key=entry["key"],
        title=entry["title"],
        counts=entry["counts"],
        sensitive=entry["sensitive"],
        group=entry.get("group", ""),
    )
