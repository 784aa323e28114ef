"""Read a plan from the files that Zonewright writes: CSV, JSON, GeoPackage.

A lookup of anybody's own (`geo.read.lookup`) is read as well. What comes back is the plan that was
written, with the same fingerprint. Only a CSV cannot hold a zone without units.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd

from geo.errors import PlanError, ReadError, VintageError, named
from geo.geography import Geography
from geo.plan import Plan
from geo.read.file import File, as_file
from geo.read.lookup import read_lookup
from geo.read.shapes import read_features

FORMAT = "zonewright-plan"
VERSION = 1
UNITS_LAYER, ZONES_LAYER = "units", "zones"
MOST_JSON_BYTES = 50_000_000
"""Far more than a plan of all small areas of England; a larger file is no plan."""

_AGAIN = "Export it again."


@dataclass(frozen=True)
class About:
    """What a file says of the plan in it.

    Parameters
    ----------
    title
        What the plan is called; empty where the file does not say.
    authority, vintage, geography
        Whose units they are, of which year, and the key of the boundaries.
    source, attribution
        Where the boundaries come from, and the words that their licence asks for.
    """

    title: str = ""
    authority: str = ""
    vintage: str = ""
    geography: str = ""
    source: str = ""
    attribution: str = ""


@dataclass(frozen=True)
class PlanFile:
    """A plan as a file had it, and what the file says of it."""

    plan: Plan
    about: About


def read_plan(source: Path | str | File, geography: Geography) -> PlanFile:
    """Read a plan of the units of `geography`; the ending of the name says the format.

    Parameters
    ----------
    source
        `.json` and `.gpkg` as Zonewright writes them; any other ending is read as a lookup with
        the columns unit and zone (CSV or workbook).

    Raises
    ------
    ReadError
        When the file is none of these, breaks off, or is not what its own fingerprint says.
    VintageError
        When it is of units of another vintage.
    PlanError
        When it lacks a unit, or names one that the geography does not have.
    """
    file = as_file(source)
    if file.suffix == ".json":
        return _read_json(file, geography)
    if file.suffix == ".gpkg":
        return _read_geopackage(file, geography)
    lookup = read_lookup(file, units=geography.units, vintage=geography.vintage)
    return PlanFile(lookup, About())


def _read_json(file: File, geography: Geography) -> PlanFile:
    kept = _loaded(file)
    if kept.get("format") != FORMAT:
        raise ReadError(
            f"{file.name} is no plan: it does not say the format '{FORMAT}'.",
            remedy="Give a plan that Zonewright wrote, or a CSV with the columns unit and zone.",
        )
    if kept.get("version") != VERSION:
        raise ReadError(
            f"{file.name} is of version {kept.get('version')!r}; this Zonewright reads {VERSION}.",
            remedy="Use the newest Zonewright that was used here.",
        )
    about = About(**{name: str(kept.get(name, "")) for name in About.__dataclass_fields__})
    lookup, zones = _assignment(kept, file.name)
    plan = _checked(lookup, zones, about, geography, file.name)
    _require_fingerprint(str(kept.get("fingerprint", "")), plan, file.name)
    return PlanFile(plan, about)


def _loaded(file: File) -> Mapping[str, Any]:
    if file.size > MOST_JSON_BYTES:
        raise ReadError(
            f"{file.name} has {file.size:,} bytes, far more than a plan.", remedy="Check the file."
        )
    with file.open() as stream:
        content = stream.read()
    try:
        kept = json.loads(content.decode("utf-8-sig"), object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError) as error:
        raise ReadError(
            f"{file.name} is no complete JSON, or names a unit twice.", remedy=_AGAIN
        ) from error
    return kept if isinstance(kept, Mapping) else {}


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name that stands twice: the last would win in silence."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


def _assignment(kept: Mapping[str, Any], label: str) -> tuple[dict[str, str | None], list[str]]:
    lookup, zones = kept.get("assignment"), kept.get("zones")
    if isinstance(lookup, Mapping) and isinstance(zones, list):
        texts = all(isinstance(zone, str) and zone for zone in zones)
        if texts and all(zone is None or zone in zones for zone in lookup.values()):
            return dict(lookup), zones
    raise ReadError(
        f"{label} does not give each unit one of its zones, or none (null).", remedy=_AGAIN
    )


def _read_geopackage(file: File, geography: Geography) -> PlanFile:
    units = read_features(file, UNITS_LAYER, needs_prj=True)
    zones = read_features(file, ZONES_LAYER, needs_prj=True)
    _require_columns(units, ("unit", "zone"), file.name)
    _require_columns(zones, ("zone",), file.name)
    codes, names = _texts(units, "unit"), _texts(units, "zone")
    twice = [code for code, count in Counter(codes).items() if count > 1]
    if twice:
        raise ReadError(f"{file.name} names {named(twice)} more than once.", remedy=_AGAIN)
    said = zones.iloc[0]
    about = About(
        **{
            name: str(said[name]) if name in zones.columns and said[name] is not None else ""
            for name in About.__dataclass_fields__
        }
    )
    order = [name for name in _texts(zones, "zone") if name]
    plan = _checked(dict(zip(codes, names, strict=True)), order, about, geography, file.name)
    _require_fingerprint(
        str(said["fingerprint"]) if "fingerprint" in zones.columns else "", plan, file.name
    )
    return PlanFile(plan, about)


def _require_columns(frame: gpd.GeoDataFrame, wanted: Sequence[str], label: str) -> None:
    absent = [name for name in wanted if name not in frame.columns]
    if absent:
        raise ReadError(
            f"{label} has no column {named(absent)} where a plan has one.",
            remedy="Give a GeoPackage of a plan that Zonewright wrote.",
        )


def _texts(frame: gpd.GeoDataFrame, column: str) -> list[str]:
    cells = frame[column]
    return [str(cell) for cell in cells.astype("object").where(cells.notna(), "")]


def _checked(
    lookup: Mapping[str, str | None],
    zones: Sequence[str],
    about: About,
    geography: Geography,
    label: str,
) -> Plan:
    """Build the plan; say the vintage first where that is why the units do not fit."""
    if about.vintage and about.vintage != geography.vintage:
        raise VintageError(
            f"{label} is a plan of units of {about.vintage}; those of this authority are of "
            f"{geography.vintage}.",
            remedy="Convert it to this vintage, or open the pack that it was made with.",
        )
    try:
        return Plan.from_lookup(lookup, units=geography.units, zones=zones)
    except PlanError as error:
        whose = f" It is a plan of {about.authority}." if about.authority else ""
        raise PlanError(f"{label}: {error.found}{whose}", remedy=error.remedy) from error


def _require_fingerprint(said: str, plan: Plan, label: str) -> None:
    if said and said != plan.fingerprint:
        raise ReadError(
            f"{label} says that it holds the plan {said}, and holds {plan.fingerprint}: it was "
            f"changed after it was written.",
            remedy="Export it again, or bring the changed plan as a CSV with unit and zone.",
        )
