"""Assemble a pack from what was gathered, and write its files."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.crs import WANTED
from geo.geography import Geography
from geo.ledger import Ledger
from geo.write import write_lookup
from layers.build.incidents import BuiltIncidents
from layers.build.plans import BuiltPlan
from layers.indicators import Indicator
from layers.measures import Measures
from layers.pack import Authority
from layers.places import School, Site
from layers.programmes import Programme
from layers.series import Series
from layers.staffing import Post, Staffing
from layers.totals import Total
from layers.write import (
    toml,
    write_csv,
    write_incidents,
    write_ledgers,
    write_measures,
    write_series,
    write_shapes,
    write_text,
    write_totals,
)

BOUNDARIES = "boundaries.parquet"


@dataclass(frozen=True)
class Draft:
    """Everything that stands in a pack, before it is written."""

    authority: Authority
    geography: Geography
    plans: tuple[BuiltPlan, ...]
    default_plan: str
    measures: Measures
    asb: BuiltIncidents | None
    indicators: tuple[Indicator, ...]
    totals: tuple[Total, ...]
    series: Series | None
    schools: tuple[School, ...] | None
    sites: tuple[Site, ...] | None
    staffing: Staffing | None
    programmes: tuple[Programme, ...] | None
    ledgers: tuple[Ledger, ...]


def write_draft(draft: Draft, folder: Path) -> dict[str, int]:
    """Write the files of a pack, and give each one's name and rows."""
    made = {
        "authority.toml": _write_settings(draft, folder),
        "indicators.toml": _write_indicators(draft, folder),
        BOUNDARIES: _write_boundaries(draft.geography, folder),
        "measures.parquet": write_measures(folder / "measures.parquet", draft.measures),
        "totals.csv": write_totals(folder / "totals.csv", draft.totals),
        "ledgers.json": write_ledgers(folder / "ledgers.json", draft.ledgers),
    }
    for built in draft.plans:
        name = f"plans/{built.plan.key}.csv"
        (folder / "plans").mkdir(exist_ok=True)
        write_lookup(built.plan.plan, folder / name)
        made[name] = len(built.plan.plan.units)
    if draft.asb:
        made["incidents.parquet"] = write_incidents(
            folder / "incidents.parquet", _incident_rows(draft.asb)
        )
    if draft.series:
        made |= write_series(folder, draft.series)
    made |= _write_rows(draft, folder)
    return made


def _write_settings(draft: Draft, folder: Path) -> int:
    authority = draft.authority
    document: dict[str, Any] = {
        field.name: _plain(getattr(authority, field.name)) for field in fields(authority)
    }
    document |= {"default_plan": draft.default_plan, "crs": WANTED, "boundaries": BOUNDARIES}
    document["plans"] = [_plan_settings(built) for built in draft.plans]
    if draft.asb:
        document["incidents"] = [_incident_settings(draft.asb)]
    write_text(folder / "authority.toml", toml(document))
    return len(draft.plans)


def _plan_settings(built: BuiltPlan) -> dict[str, Any]:
    plan = built.plan
    return {
        "key": plan.key,
        "title": plan.title,
        "zone_word": plan.zone_word,
        "file": f"{plan.key}.csv",
        "order": list(plan.plan.zones),
        "kind": plan.kind,
        "status": plan.status,
        "note": plan.note,
        "source": plan.source,
        "body": plan.body,
    }


def _incident_settings(asb: BuiltIncidents) -> dict[str, Any]:
    breaks = [asdict(entry) for entry in asb.street.breaks]
    return {"months_read": list(asb.incidents.months_read), "breaks": breaks}


def _write_indicators(draft: Draft, folder: Path) -> int:
    measures = [*draft.measures.measures, *([draft.asb.measure] if draft.asb else [])]
    document = {
        "measures": [asdict(measure) for measure in measures],
        "indicators": [_plain(asdict(indicator)) for indicator in draft.indicators],
    }
    write_text(folder / "indicators.toml", toml(document))
    return len(draft.indicators)


def _write_boundaries(geography: Geography, folder: Path) -> int:
    columns = {"unit": geography.units, "name": geography.names}
    frame = gpd.GeoDataFrame(columns, geometry=geography.shapes, crs=WANTED)
    return write_shapes(folder / BOUNDARIES, frame)


def _incident_rows(asb: BuiltIncidents) -> pd.DataFrame:
    """Give the placed incidents with the code of their unit in the pack's own vintage."""
    incidents, rows = asb.incidents, asb.street.rows
    chosen = rows.iloc[incidents.row] if incidents.row is not None else rows
    return pd.DataFrame(
        {
            "month": incidents.month,
            "kind": incidents.kind,
            "unit": np.array(incidents.units, dtype=object)[incidents.unit],
            "easting": chosen["easting"].to_numpy(),
            "northing": chosen["northing"].to_numpy(),
        }
    )


def _write_rows(draft: Draft, folder: Path) -> dict[str, int]:
    tables: dict[str, tuple[type, Iterable[Any] | None]] = {
        "schools.csv": (School, draft.schools),
        "sites.csv": (Site, draft.sites),
        "programmes.csv": (Programme, draft.programmes),
    }
    made = {
        name: _write_values(folder / name, kind, values)
        for name, (kind, values) in tables.items()
        if values is not None
    }
    if draft.staffing:
        made["staffing.csv"] = _write_values(folder / "staffing.csv", Post, draft.staffing.posts)
    return made


def _write_values(path: Path, kind: type, values: Iterable[Any]) -> int:
    columns = [field.name for field in fields(kind)]
    rows = [[_cell(getattr(value, column)) for column in columns] for value in values]
    return write_csv(path, columns, rows)


def _cell(value: object) -> object:
    """Write a value as a cell: nothing for None, `5-11` for ages, the number of a status."""
    if isinstance(value, tuple):
        return "-".join(str(part) for part in value)
    if isinstance(value, bool):
        return "yes" if value else ""
    return int(value) if isinstance(value, int) else value


def _plain(value: Any) -> Any:
    """Turn values into what TOML knows."""
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    if hasattr(value, "__dataclass_fields__"):
        return {key: _plain(part) for key, part in asdict(value).items()}
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    return value
