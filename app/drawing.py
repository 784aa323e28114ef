"""What the maps of all pages share: geometry kept for a pack, and layers put on a map."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
import streamlit as st

from analysis.table import Column, Table
from app.classes import Classes, Method, classify
from app.labels import fitting, fitting_zones
from app.maps import (
    Chart,
    Drawn,
    Label,
    LegendRow,
    Mark,
    add_labels,
    add_marks,
    add_outlines,
)
from app.palettes import MISSING, SUPPRESSED, ramp, zone_colour
from geo.dissolve import dissolve, label_points
from geo.geography import Geography
from geo.plan import Plan
from layers.pack import Pack
from layers.status import Status

MOST_IN_LEGEND = 20
"""A legend of more zones would cover the map."""


@st.cache_resource(max_entries=8, hash_funcs={Geography: id})
def drawn(geography: Geography) -> Drawn:
    """Keep the geometry of a geography as the browser wants it."""
    return Drawn(geography)


@st.cache_resource(max_entries=32, hash_funcs={Geography: id, Plan: hash})
def outlines(geography: Geography, plan: Plan) -> tuple[np.ndarray, np.ndarray]:
    """Keep the outlines of a plan's zones, and the point at which each is labelled."""
    shapes = dissolve(geography, plan)
    return shapes, label_points(shapes)


@dataclass(frozen=True)
class Shading:
    """How a map is coloured: fills one an area, and the legend that explains them."""

    fills: tuple[str, ...]
    title: str
    rows: tuple[LegendRow, ...]
    notes: tuple[str, ...]


def shade_zones(plan: Plan, *, title: str, notes: Sequence[str] = ()) -> Shading:
    """Give every unit the colour of its zone."""
    fills = tuple(MISSING if z < 0 else zone_colour(int(z)) for z in plan.assignment)
    rows = [LegendRow(zone_colour(i), zone) for i, zone in enumerate(plan.zones)]
    if len(rows) > MOST_IN_LEGEND:  # colours repeat long before; names stand on the map
        rows = []
        notes = (f"{len(plan.zones)} zones: names on the map and in the table.", *notes)
    if plan.unassigned:
        rows.append(LegendRow(MISSING, "In no zone"))
    return Shading(fills, title, tuple(rows), tuple(notes))


def shade_values(
    table: Table, column: Column, *, method: Method, k: int, palette: str, notes: Sequence[str]
) -> Shading:
    """Colour areas by the classes of a column that is already suppressed."""
    body = len(table.names) - table.totals
    values, status = column.values[:body], column.status[:body]
    classes = classify(values, method=method, k=k)
    colours = ramp(palette, max(len(classes.bounds), 1))
    fills = tuple(
        colours[c] if c >= 0 else (SUPPRESSED if s == Status.SUPPRESSED else MISSING)
        for c, s in zip(classes.of.tolist(), status.tolist(), strict=True)
    )
    # where every value is suppressed there is a colour to spare and no class
    rows = _class_rows(classes, colours[: len(classes.bounds)], column)
    if (status == Status.SUPPRESSED).any():
        rows.append(LegendRow(SUPPRESSED, "small count suppressed"))
    if (status == Status.MISSING).any():
        rows.append(LegendRow(MISSING, "not known"))
    return Shading(fills, f"{column.title}, {column.unit}", tuple(rows), tuple(notes))


def _class_rows(classes: Classes, colours: Sequence[str], column: Column) -> list[LegendRow]:
    write = f"{{:,.{column.decimals}f}}".format
    spans = [
        write(low) if write(low) == write(high) else f"{write(low)} to {write(high)}"
        for low, high in classes.bounds
    ]
    return [
        LegendRow(colour, f"{span} ({count})")
        for colour, span, count in zip(colours, spans, classes.counts, strict=True)
    ]


def add_zone_lines(chart: Chart, pack: Pack, plan: Plan, *, word: str) -> None:
    """Draw the outlines of the zones."""
    shapes, _ = outlines(pack.geography, plan)
    add_outlines(chart, shapes, name=word)


def add_zone_names(chart: Chart, pack: Pack, plan: Plan, *, large: bool = False) -> None:
    """Write the zones' names at the middle of their largest parts; of many zones those that fit.

    The others are named when the pointer rests on them, and in the table behind the map.
    """
    shapes, points = outlines(pack.geography, plan)
    fit = fitting_zones(plan.zones, points, shapely.area(shapes), pack.geography)
    labels = [Label(float(points[i, 0]), float(points[i, 1]), plan.zones[i]) for i in fit]
    kind = "zone-large" if large else "zone"
    add_labels(chart, labels, name="Zone names", kind=kind)


def add_towns(chart: Chart, pack: Pack, plan: Plan) -> None:
    """Write the towns that fit beside the zones' names, the largest first."""
    shapes, points = outlines(pack.geography, plan)
    named = fitting_zones(plan.zones, points, shapely.area(shapes), pack.geography)
    zones = [plan.zones[i] for i in named]
    fit = fitting(pack.towns, points[list(named)], zones, pack.geography)
    labels = [Label(town.easting, town.northing, town.name) for town in fit]
    add_labels(chart, labels, name="Town names", kind="town")


def add_places(chart: Chart, pack: Pack, *, show: bool = False) -> None:
    """Draw the schools and sites that the pack has."""
    if pack.schools:
        marks = [
            Mark(
                s.easting, s.northing, s.name,
                (f"{s.tier} school", f"Pyramid: {s.pyramid or 'none'}", f"Placed by {s.placed}"),
            )
            for s in pack.schools
        ]  # fmt: skip
        add_marks(chart, marks, name="Schools", glyph="circle", show=show)
    if pack.sites:
        marks = [
            Mark(s.easting, s.northing, s.name, (s.kind, f"Placed by {s.placed}"))
            for s in pack.sites
        ]
        add_marks(chart, marks, name="Sites", glyph="square", show=show)
