"""What was released, as the public may see it: tables of zones, and a map without small areas.

Everything here comes from the register, where hidden figures never were. The shapes are those of
whole zones: nothing of a small area is sent to the browser.
"""

import json
from dataclasses import dataclass

import shapely
import streamlit as st

from analysis.releases import Release
from analysis.table import Column, Table
from app.choices import plain
from app.classes import METHODS
from app.drawing import (
    Shading,
    add_zone_lines,
    add_zone_names,
    drawn,
    outlines,
    shade_values,
    shade_zones,
)
from app.maps import add_areas, add_legend, as_page, base_map, to_degrees
from app.palettes import MISSING, RAMPS
from app.tables import as_csv, render
from geo.geography import Geography
from geo.plan import Plan
from layers.pack import Pack
from store.register import Entry, Kept

ZONES_ONLY = ""


@dataclass(frozen=True)
class Public:
    """A released table that anybody may see, and the release that its map is of, if any."""

    entry: Entry
    table: Table
    release: Release | None

    @property
    def title(self) -> str:
        """Name it with its day, and by its place and first column where several left at once."""
        several = len(self.entry.tables) > 1
        at = next(at for at, table in enumerate(self.entry.tables, 1) if table is self.table)
        which = f", table {at}: {self.table.columns[0].title}" if several else ""
        return f"{self.entry.title}{which} ({self.entry.when[:10]})"


def public_tables(kept: Kept, geography: Geography) -> list[Public]:
    """List the released tables that tell nothing of small areas, the newest first."""
    found = []
    small = {*geography.units, *geography.names}
    for entry in reversed(kept.entries):
        if any(release.rows != "zones" for release in entry.releases):
            continue
        for table in entry.tables:
            words = {*table.names, *(word for text in table.texts for word in text.texts)}
            if table.columns and not table.codes and not words & small:
                mapped = {r.plan: r for r in entry.releases if _is_of(table, r.plan)}
                only = next(iter(mapped.values())) if len(mapped) == 1 else None
                found.append(Public(entry, table, only))
    return found


def show_public(public: Public, pack: Pack) -> None:
    """Show a released table, and its zones on a map where it is of zones."""
    table = public.table
    if public.release is not None and public.release.plan.units == pack.geography.units:
        _show_map(public.release.plan, table, pack)
    st.download_button(
        "Download CSV",
        as_csv({"authority": pack.authority.name, "released": public.entry.when})((table,)),
        file_name=f"{pack.authority.key}-release-{public.entry.number}.csv",
        mime="text/csv",
        key="published-download",
        icon=":material/download:",
        on_click="ignore",
    )
    rows = list(range(len(table.names)))
    if table.standing == "illustrative":
        st.html('<span class="zw-badge">Illustrative: some counts are modelled</span>')
    st.html(render(table, rows, caption=f"{public.entry.title}."))
    st.caption(plain(f"Released {public.entry.when[:10]}, number {public.entry.number}."))


def _is_of(table: Table, plan: Plan) -> bool:
    return bool(plan.zones) and set(plan.zones) <= set(table.names)


def _show_map(plan: Plan, table: Table, pack: Pack) -> None:
    columns = {column.key: column for column in table.columns}
    titles = {ZONES_ONLY: "Zones only"} | {
        key: f"{column.group} {column.title}".strip() for key, column in columns.items()
    }
    key = st.selectbox("Colour by", list(titles), format_func=lambda k: titles[k], key="public-by")
    chart = base_map(drawn(pack.geography))
    shapes, _ = outlines(pack.geography, plan)
    there = [at for at, shape in enumerate(shapes) if not shape.is_empty]
    shading = _shading(plan, table, columns.get(key or ZONES_ONLY))
    add_areas(
        chart,
        [json.loads(shapely.to_geojson(shape)) for shape in to_degrees(shapes[there])],
        [shading.fills[at] for at in there],
        _details(plan, table, there),
        name="Zones",
        tooltip=table.what,
    )
    add_zone_lines(chart, pack, plan, word="Outlines")
    add_zone_names(chart, pack, plan)
    add_legend(chart, shading.title, shading.rows, shading.notes)
    name = f"Map of {table.what}"
    st.iframe(as_page(chart, title=name), height=640, alt=name)


def _shading(plan: Plan, table: Table, column: Column | None) -> Shading:
    notes = ["Illustrative: modelled figures"] if table.standing == "illustrative" else []
    if column is None:
        by_unit = shade_zones(plan, title=table.what, notes=notes)
        fills = tuple(row.colour for row in by_unit.rows[: len(plan.zones)])
        return Shading(fills, by_unit.title, by_unit.rows, by_unit.notes)
    shading = shade_values(
        table, column, method=METHODS[0], k=5, palette=next(iter(RAMPS)), notes=notes
    )
    fill = dict(zip(table.names, shading.fills, strict=False))
    fills = tuple(fill.get(zone, MISSING) for zone in plan.zones)
    return Shading(fills, shading.title, shading.rows, shading.notes)


def _details(plan: Plan, table: Table, there: list[int]) -> dict[str, list[str]]:
    row = {name: at for at, name in enumerate(table.names)}
    zones = [plan.zones[at] for at in there]
    details = {table.what: zones}
    for column in table.columns:
        unit = f" ({column.unit})" if column.unit else ""
        title = f"{column.group} {column.title}{unit}".strip()
        details[title] = [table.cell(column, row[zone]) or "–" for zone in zones]
    return details
