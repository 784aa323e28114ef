"""The parts of the Redraw page: map, controls, history, warnings, files.

The scenario of each plan stays in the session. Choosing on the map and choosing by name change
the same list, so a keyboard does all that a mouse does.
"""

import html
import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import folium
import numpy as np
import shapely
import streamlit as st
from streamlit_folium import st_folium

from analysis.assumptions import Assumptions
from analysis.events import Edit
from analysis.scenario import Comparison, Evaluation, Scenario
from analysis.shape import Piece, pyramids_split
from analysis.tables import plan_table, unit_table, zone_table
from app.assets import FROM_COMPONENT
from app.choices import Choice, plain
from app.drawing import add_zone_lines, add_zone_names, drawn, shade_zones
from app.maps import BoxSelect, add_areas, add_outlines, base_map, from_degrees, to_degrees
from app.releases import Paper, offer, show_refusal
from app.tables import as_csv
from geo.errors import PlanError, ZonewrightError, named
from geo.geography import Geography
from geo.index import UnitIndex
from geo.plan import Plan
from geo.read import read_lookup
from geo.write import lookup_csv
from layers.pack import Pack

MAP = "redraw-map"
NEW_ZONE = "New zone …"
NO_ZONE = "No zone"

SHOWN = (
    "referral_cv", "referral_noise", "referral_gini", "referral_max_min", "load_cv",
    "children_moved", "cases_moved", "pyramids_split",
)  # fmt: skip
"""The plan metrics that stand as cards over the map."""


def current(choice: Choice) -> Scenario:
    """Give the scenario of the chosen plan, as the session holds it."""
    kept: Scenario | None = st.session_state.get(_scenario_key(choice))
    return kept or Scenario("redraw", choice.entry)


def staff_choice(scenario: Scenario) -> Scenario:
    """Ask what staff do when a line moves."""
    with st.sidebar:
        follows = st.toggle(
            "Staff follow their cases",
            key="staff-follows",
            persist_state="session",
            help="Off: every zone keeps its FTE. On: a small area that moves takes the share of "
            "its old zone's FTE that it has of that zone's open cases.",
        )
    return replace(scenario, assumptions=Assumptions(staff="follows" if follows else "stays"))


def cards(comparison: Comparison, pack: Pack) -> None:
    """Show the plan's figures after the redraw, each with what it was before."""
    before, after = plan_table(comparison.before, pack), plan_table(comparison.after, pack)
    boxes = []
    for key in SHOWN:
        column, was = after.column(key), before.column(key)
        unit = column.unit if column.unit in ("%", "FTE") else ""
        now, then = (_with_unit(t.cell(c, 0), unit) for t, c in ((after, column), (before, was)))
        note = "from today's lines" if key.endswith("_moved") else f"was {then}"
        boxes.append(_card(column.title, now, note))
    st.html(f'<div class="zw-cards" role="status">{"".join(boxes)}</div>')


def redraw_map(choice: Choice, scenario: Scenario) -> None:
    """Draw the plan; a click or a box on it changes the list of chosen small areas."""
    pack, plan = choice.pack, scenario.plan
    geometry = drawn(pack.geography)
    chart = base_map(geometry, leaflet=FROM_COMPONENT)
    chart.add_child(BoxSelect())
    layer = folium.FeatureGroup(name="Plan")
    shading = shade_zones(plan, title="")
    add_areas(layer, geometry.units, shading.fills, _details(choice, plan), name="Small areas",
              tooltip="Small area", popup=False)  # fmt: skip
    add_zone_lines(layer, pack, plan, word="Zones")
    chosen = list(st.session_state.get(_chosen_key(choice), []))
    if chosen:
        shapes = pack.geography.shapes[plan.positions(chosen)]
        add_outlines(layer, shapes, name="Chosen", colour="#d00000", weight=4)
    add_zone_names(layer, pack, plan)
    focus = st.session_state.get(_focus_key(choice), {})
    st_folium(
        chart,
        key=MAP,
        height=430,
        use_container_width=True,
        feature_group_to_add=layer,
        returned_objects=["last_clicked", "last_active_drawing"],
        on_change=lambda: _take_from_map(choice),
        **focus,
    )
    st.html(
        '<p class="zw-note">Click a small area to choose it, again to leave it. Hold Shift and '
        "drag for a box. Or choose by name beside the map.</p>"
    )


def move_controls(choice: Choice, scenario: Scenario) -> None:
    """Choose small areas by name, and move what is chosen."""
    names = dict(zip(choice.pack.geography.units, choice.pack.geography.names, strict=True))
    plan = scenario.plan
    chosen = st.multiselect(
        "Small areas to move",
        choice.pack.geography.units,
        format_func=lambda unit: f"{names[unit]} ({plan.zone_of(unit) or NO_ZONE})",
        key=_chosen_key(choice),
        placeholder="Type a name, or click on the map",
    )
    target, name, go = _target(plan)
    go.button(
        f"Move {len(chosen) or ''}".strip(),
        type="primary",
        disabled=not chosen or not name,
        on_click=_move,
        args=(choice, tuple(chosen), None if target == NO_ZONE else name),
        width="stretch",
    )


def history(choice: Choice, scenario: Scenario) -> None:
    """Undo, redo and reset, and what was done so far."""
    undo, redo, reset = st.columns(3)
    for column, label, step, possible in (
        (undo, "Undo", Scenario.undo, bool(scenario.edits)),
        (redo, "Redo", Scenario.redo, bool(scenario.undone)),
        (reset, "Reset", Scenario.reset, scenario.plan != choice.entry.plan),
    ):
        column.button(label, disabled=not possible, on_click=_step, args=(choice, step),
                      width="stretch")  # fmt: skip
    if scenario.edits:
        steps = "1 step" if len(scenario.edits) == 1 else f"{len(scenario.edits)} steps"
        with st.expander(f"{steps} so far"):
            st.markdown(
                "\n".join(f"{i}. {plain(e.title)}" for i, e in enumerate(scenario.edits, 1))
            )


def warnings(choice: Choice, comparison: Comparison) -> None:
    """Name what the redraw tears apart: zones in pieces, pyramids in two zones, empty zones."""
    after = comparison.after
    with st.container(height=230 if len(after.stray) > 1 else "content", border=False):
        for at, piece in enumerate(after.stray):
            _piece_warning(choice, piece, at)
    empty = [z for z, size in zip(after.plan.zones, after.plan.sizes, strict=True) if not size]
    if empty:
        st.warning(f"No small area is left in {plain(named(empty))}.")
    if after.plan.unassigned:
        st.warning(f"Small areas in no zone: {len(after.plan.unassigned)}.")
    pyramids = after.facts.pyramids
    if pyramids is None:
        return
    was = {split.pyramid for split in pyramids_split(comparison.before.plan, pyramids)}
    newly = [s for s in pyramids_split(after.plan, pyramids) if s.pyramid not in was]
    for split in newly:
        parts = ", ".join(f"{zone} {n}" for zone, n in zip(split.zones, split.units, strict=True))
        st.info(f"The pyramid {plain(split.pyramid)} is now split, by small areas: {plain(parts)}.")


def files(choice: Choice, scenario: Scenario, after: Evaluation) -> None:
    """Save the plan as a lookup CSV, or load one."""
    save, load = st.columns(2, gap="medium")
    stem = f"{choice.pack.authority.key}-{choice.entry.key}"
    staff = "staff follow their cases" if scenario.staff == "follows" else "staff stay"
    with save:
        st.header("Save")
        st.download_button(
            "Plan as lookup CSV (unit, zone)", lookup_csv(scenario.plan).encode(),
            file_name=f"{stem}-redrawn.csv", mime="text/csv", on_click="ignore",
            icon=":material/download:",
        )  # fmt: skip
        about = {
            "authority": choice.pack.authority.name,
            "plan": f"{stem}-redrawn",
            "baseline": choice.entry.key,
            "staff": scenario.staff,
            "fingerprint": scenario.plan.fingerprint,
        }
        paper = Paper(
            (zone_table(after, choice.pack),),
            as_csv(about),
            title=f"Figures per zone of a redraw of {choice.entry.title}",
            file=f"{stem}-redrawn-zones.csv",
            label=f"figures per zone ({staff})",
        )
        offer(paper, key="redrawn-zones")
        show_refusal(paper, key="redrawn-zones")
        st.caption(f"Plan {scenario.plan.fingerprint}")
    with load:
        st.header("Load")
        _load(choice, scenario)


def _load(choice: Choice, scenario: Scenario) -> None:
    uploaded = st.file_uploader("A lookup CSV with the columns unit and zone", type=["csv"])
    if uploaded is None:
        return
    try:
        plan = read_lookup(uploaded.getvalue(), units=choice.pack.geography.units)
    except ZonewrightError as refusal:
        st.error(plain(str(refusal)))
        return
    moved = len(plan.moved_from(scenario.plan))
    st.button(
        f"Use it: {moved} small areas change zone",
        disabled=not moved,
        on_click=_do,
        args=(choice, scenario.taking(plan, f"Loaded {uploaded.name}")),
    )


def _target(plan: Plan) -> tuple[str, str, Any]:
    where, go = st.columns([3, 2], vertical_alignment="bottom")
    target = where.selectbox("Move to", [*plan.zones, NEW_ZONE, NO_ZONE], key="move-to")
    name = target
    if target == NEW_ZONE:
        name = st.text_input("Name of the new zone", key="new-zone", max_chars=60).strip()
    return target, name, go


# Callbacks read the scenario anew: a quick second click may carry what the page before it held.


def _move(choice: Choice, units: tuple[str, ...], to: str | None) -> None:
    _do(choice, Edit.move(units, to=to))
    st.session_state[_chosen_key(choice)] = []


def _do(choice: Choice, edit: Edit) -> None:
    st.session_state.pop(_focus_key(choice), None)
    st.session_state[_scenario_key(choice)] = current(choice).do(edit)


def _step(choice: Choice, step: Callable[[Scenario], Scenario]) -> None:
    st.session_state.pop(_focus_key(choice), None)
    with suppress(PlanError):  # two quick clicks, and nothing left to undo
        st.session_state[_scenario_key(choice)] = step(current(choice))


def _take_from_map(choice: Choice) -> None:
    """Take the last click or box into the list of chosen small areas."""
    said = st.session_state.get(MAP) or {}
    seen = st.session_state.setdefault("redraw-map-seen", {})
    chosen = list(st.session_state.get(_chosen_key(choice), []))
    box, click = said.get("last_active_drawing"), said.get("last_clicked")
    if box and box != seen.get("box") and not box.get("properties"):
        inside = _units_in(choice.pack.geography, box["geometry"])
        chosen += [unit for unit in inside if unit not in chosen]
    elif click and click != seen.get("click"):
        unit = _unit_at(choice.pack.geography, click)
        if unit in chosen:
            chosen.remove(unit)
        elif unit:
            chosen.append(unit)
    st.session_state["redraw-map-seen"] = {"box": box, "click": click}
    st.session_state[_chosen_key(choice)] = chosen


@st.cache_resource(max_entries=8, hash_funcs={Geography: id})
def _index(geography: Geography) -> UnitIndex:
    return UnitIndex(geography.units, geography.shapes)


def _unit_at(geography: Geography, click: dict[str, float]) -> str | None:
    point = from_degrees(np.array([shapely.Point(click["lng"], click["lat"])], dtype=object))
    x, y = shapely.get_coordinates(point)[0]
    at = int(_index(geography).locate(np.array([x]), np.array([y]))[0])
    return geography.units[at] if at >= 0 else None


def _units_in(geography: Geography, box: dict[str, Any]) -> list[str]:
    shape = np.array([shapely.geometry.shape(box)], dtype=object)
    return list(_index(geography).units_in_polygon(from_degrees(shape)[0], rule="centre"))


def _details(choice: Choice, plan: Plan) -> dict[str, list[str]]:
    names = choice.pack.geography.names
    zones = [plan.name_of(int(zone)) or NO_ZONE for zone in plan.assignment]
    rates = [
        i
        for i in choice.pack.indicators
        if i.numerator == "referrals" and i.denominator == "children"
    ]
    lines = [f"{name}: {zone}" for name, zone in zip(names, zones, strict=True)]
    if rates:
        table = unit_table(plan, rates[0], choice.pack)
        count = table.column("referrals")
        lines = [
            f"{line}, {table.cell(count, row) or '–'} referrals" for row, line in enumerate(lines)
        ]
    return {"Small area": lines}


def _piece_warning(choice: Choice, piece: Piece, at: int) -> None:
    geography = choice.pack.geography
    names = named(geography.names[geography.position[unit]] for unit in piece.units)
    text, show = st.columns([4, 1], vertical_alignment="center")
    text.warning(f"A piece of {plain(piece.zone)} lies apart: {plain(names)}.")
    show.button("Show", key=f"piece-{at}", on_click=_zoom_to, args=(choice, piece))


def _zoom_to(choice: Choice, piece: Piece) -> None:
    geography = choice.pack.geography
    shapes = geography.shapes[[geography.position[unit] for unit in piece.units]]
    west, south, east, north = shapely.total_bounds(to_degrees(shapes))
    width = max(east - west, (north - south) * 1.6, 0.01)
    st.session_state[_focus_key(choice)] = {
        "center": ((south + north) / 2, (west + east) / 2),
        "zoom": max(8, min(14, round(math.log2(360 / width)) - 1)),
    }


def _scenario_key(choice: Choice) -> str:
    return f"scenario-{choice.pack.authority.key}-{choice.entry.key}"


def _chosen_key(choice: Choice) -> str:
    return f"chosen-{choice.pack.authority.key}-{choice.entry.key}"


def _focus_key(choice: Choice) -> str:
    return f"focus-{choice.pack.authority.key}-{choice.entry.key}"


def _with_unit(text: str, unit: str) -> str:
    if not text:
        return "–"
    return f"{text} {unit}".strip() if text[0].isdigit() else text


def _card(what: str, now: str, was: str) -> str:
    return (
        f'<div class="zw-card"><div class="what">{html.escape(what)}</div>'
        f'<div class="now">{html.escape(now)}</div><div class="was">{html.escape(was)}</div></div>'
    )
