"""The picture of a plan: what the Zone map and its full screen both show."""

from dataclasses import dataclass
from urllib.parse import urlencode

import numpy as np
import streamlit as st

from analysis.scenario import Scenario, evaluate
from analysis.table import Table
from analysis.tables import indicator_table, unit_table, zone_table
from app.choices import Choice, recall, remember
from app.classes import METHODS, Method
from app.drawing import (
    Shading,
    add_places,
    add_towns,
    add_zone_lines,
    add_zone_names,
    drawn,
    outlines,
    shade_values,
    shade_zones,
)
from app.maps import (
    OfflineMap,
    add_areas,
    add_layer_switch,
    add_legend,
    add_outlines,
    as_page,
    base_map,
)
from app.palettes import MISSING, RAMPS
from geo.plan import UNASSIGNED
from layers.indicators import Indicator

BY_ZONE = "zone"
BY_UNIT = "unit"
PLAIN = ""


@dataclass(frozen=True)
class MapSettings:
    """What the map is coloured by, and how."""

    shaded: bool
    indicator: Indicator
    by: str
    method: Method
    k: int
    palette: str
    tiles: bool


def map_settings(choice: Choice) -> MapSettings:
    """Ask in the sidebar what to colour the map by."""
    pack, word = choice.pack, choice.entry.zone_word
    titles = {PLAIN: f"{word[:1].upper()}{word[1:]} only"} | {
        i.key: i.title for i in pack.indicators
    }
    with st.sidebar:
        recall("shade", "shade", list(titles), default=PLAIN)
        key = st.selectbox(
            "Colour by", list(titles), format_func=lambda k: titles[k], key="shade",
        )  # fmt: skip
        indicator = pack.indicator(key or pack.indicators[0].key)
        recall("by", "by", (BY_ZONE, BY_UNIT), default=BY_ZONE)
        by = st.segmented_control(
            "Show it for", [BY_ZONE, BY_UNIT], required=True, key="by",
            format_func=lambda b: "Zones" if b == BY_ZONE else "Small areas",
        )  # fmt: skip
        remember("shade", "shade")
        remember("by", "by")
        with st.expander("Classes and colours"):
            method = st.selectbox("Classes by", METHODS, key="method", persist_state="session")
            k = st.slider("Number of classes", 3, 7, 5, key="classes", persist_state="session")
            palette = st.selectbox("Colours", list(RAMPS), key="colours", persist_state="session")
            tiles = st.toggle(
                "Online background map", key="tiles", persist_state="session",
                help="Fetches tiles from openstreetmap.org. Off: nothing leaves this computer.",
            )  # fmt: skip
    return MapSettings(bool(key), indicator, by or BY_ZONE, method, k, palette, tiles)


def zone_or_unit_table(choice: Choice, settings: MapSettings) -> Table:
    """Give the table behind the map."""
    pack, entry = choice.pack, choice.entry
    if settings.by == BY_UNIT:
        return unit_table(entry.plan, settings.indicator, pack)
    if not settings.shaded:
        return zone_table(evaluate(Scenario(entry.key, entry), pack), pack)
    return indicator_table(entry.plan, settings.indicator, pack, what=entry.zone_word)


def show_zone_map(
    choice: Choice, settings: MapSettings, table: Table, *, height: int, large: bool = False
) -> None:
    """Draw the map of a table; `large` is for a projector."""
    chart = zone_chart(choice, settings, table, large=large)
    # nothing on this map is asked back, so it needs no component and stands half a second sooner
    name = f"Map of {choice.entry.title}"
    st.iframe(as_page(chart, title=name), height=height, alt=name)
    if not large:
        link = urlencode(
            {"pack": choice.pack.authority.key, "plan": choice.entry.key, "by": settings.by}
            | {"method": settings.method, "classes": settings.k, "colours": settings.palette}
            | ({"shade": settings.indicator.key} if settings.shaded else {})
        )
        st.html(
            f'<a href="projector?{link}" target="_blank" rel="noopener">'
            "Open full screen for a projector</a>"
        )


def zone_chart(choice: Choice, settings: MapSettings, table: Table, *, large: bool) -> OfflineMap:
    """Build the map of a plan with all its layers; `table` is the one behind it."""
    pack, entry = choice.pack, choice.entry
    geometry = drawn(pack.geography)
    shading = _shading(choice, settings, table)
    chart = base_map(geometry, tiles=settings.tiles, zoom_buttons=not large)
    add_areas(
        chart,
        geometry.units,
        shading.fills,
        _details(choice, settings, table),
        name="Small areas",
        opacity=0.65 if settings.tiles else 0.85,
        tooltip="Small area",
    )
    add_zone_lines(chart, pack, entry.plan, word=f"{entry.zone_word} outlines")
    _add_pyramids(chart, choice)
    if not large:
        add_places(chart, pack)
        add_towns(chart, pack, entry.plan)
    add_zone_names(chart, pack, entry.plan, large=large)
    add_legend(chart, shading.title, shading.rows, shading.notes, large=large)
    if not large:
        add_layer_switch(chart)
    return chart


def _shading(choice: Choice, settings: MapSettings, table: Table) -> Shading:
    entry = choice.entry
    if not settings.shaded:
        note = ["Approximate lines"] if entry.status == "approximate" else []
        return shade_zones(entry.plan, title=entry.title, notes=note)
    notes = [f"{settings.indicator.period}. {settings.method}."]
    if table.standing == "illustrative":
        notes.insert(0, "Illustrative: modelled figures")
    column = table.column("value")
    shading = shade_values(
        table, column, method=settings.method, k=settings.k, palette=settings.palette, notes=notes
    )
    if settings.by == BY_UNIT:
        return shading
    fills = np.array([*shading.fills, MISSING], dtype=object)
    zone = np.where(entry.plan.assignment == UNASSIGNED, len(fills) - 1, entry.plan.assignment)
    of_units = tuple(str(fill) for fill in fills[zone])
    return Shading(of_units, shading.title, shading.rows, shading.notes)


def _details(choice: Choice, settings: MapSettings, table: Table) -> dict[str, list[str]]:
    pack, entry = choice.pack, choice.entry
    zones = [entry.plan.name_of(int(z)) or "in no zone" for z in entry.plan.assignment]
    details = {
        "Small area": list(pack.geography.names),
        "Code": list(pack.geography.units),
        entry.zone_word: zones,
    }
    if not settings.shaded:
        return details
    if settings.by == BY_UNIT:
        rows = list(range(len(table.names)))
    else:
        position = {name: row for row, name in enumerate(table.names)}
        rows = [position.get(zone, -1) for zone in zones]
    of = "" if settings.by == BY_UNIT else f" in {entry.zone_word.lower()}"
    for column in table.columns:
        unit = f" ({column.unit})" if column.unit else ""
        details[f"{column.title}{of}{unit}"] = [
            table.cell(column, row) if row >= 0 else "" for row in rows
        ]
    return details


def _add_pyramids(chart: OfflineMap, choice: Choice) -> None:
    for entry in choice.pack.plans:
        if entry.kind == "pyramids" and entry.key != choice.entry.key:
            shapes, _ = outlines(choice.pack.geography, entry.plan)
            add_outlines(
                chart, shapes, name=entry.title, colour="#7a1fa2", weight=2, dashes="6 4",
                show=False,
            )  # fmt: skip
