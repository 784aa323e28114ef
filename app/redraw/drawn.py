"""Draw freely: a drawn line or a file of areas becomes a step of the scenario, after a preview."""

import numpy as np
import shapely
import streamlit as st

from analysis.comparing import side_by_side
from analysis.drawn import (
    Fitted,
    affected_table,
    alike,
    fit_areas,
    fit_polygon,
    fitted_table,
)
from analysis.events import Edit
from analysis.scenario import Scenario
from app.choices import Choice, plain
from app.compare_maps import HEIGHT_PX, Caption, maps_in_step
from app.redraw.lookup import say_held, use_it
from app.redraw.upload import upload_areas
from app.tables import show_table
from geo.adjacency import Shapes
from geo.errors import ZonewrightError

Polygon = tuple[tuple[float, float], ...]

NEW_ZONE = "New zone …"


def show_drawn(choice: Choice, scenario: Scenario, polygon: Polygon | None) -> Edit | None:
    """Show what a drawn line or an uploaded file would do; give the step when it is accepted.

    Parameters
    ----------
    polygon
        Corners of the last line drawn on the map, in metres (EPSG:27700); None for none.
    """
    st.subheader("A line drawn on the map")
    edit = _show_line(choice, scenario, polygon)
    st.subheader("A file of areas")
    return edit or _show_file(choice, scenario)


def _show_line(choice: Choice, scenario: Scenario, polygon: Polygon | None) -> Edit | None:
    key = f"drawn-{choice.pack.authority.key}-{choice.entry.key}"
    if polygon is None or st.session_state.get(f"{key}-done") == polygon:
        st.info(
            "Draw a line around small areas on the map, and choose here into which zone they go. "
            "Whole small areas are taken: those whose centre lies inside."
        )
        return None
    zone = _choose_zone(scenario, key=key)
    if not zone:
        st.info("Give the new zone a name.")
        _offer_discard(polygon, key=key)
        return None
    try:
        fitted = fit_polygon(scenario, choice.pack, polygon, to=zone)
    except ZonewrightError as refusal:
        st.error(plain(str(refusal)))
        _offer_discard(polygon, key=key)
        return None
    _say(choice, scenario, fitted, [zone])
    _show_map(choice, scenario, fitted, np.array([shapely.Polygon(polygon)]))
    _show_affected(choice, fitted, key=key)
    accept, discard = st.columns(2)
    count = f"{len(fitted.moved):,} small area{'' if len(fitted.moved) == 1 else 's'}"
    if accept.button(
        f"Accept: {count} to {plain(zone)}",
        type="primary",
        disabled=not fitted.moved,
        key=f"{key}-accept",
        width="stretch",
    ):
        st.session_state[f"{key}-done"] = polygon
        return fitted.edit
    discard.button(
        "Discard", key=f"{key}-discard", on_click=_forget, args=(polygon, key), width="stretch"
    )
    return None


def _show_file(choice: Choice, scenario: Scenario) -> Edit | None:
    key = f"areas-{choice.pack.authority.key}-{choice.entry.key}"
    brought = upload_areas("Zones drawn elsewhere", key=key)
    if brought is None:
        return None
    file, areas = brought
    keep = st.checkbox(
        "Small areas in none of its areas keep their zone; otherwise they are in none",
        value=True,
        key=f"{key}-keep",
    )
    try:
        fitted = fit_areas(
            scenario, choice.pack, areas.names, areas.shapes, title=f"Areas of {file}", keep=keep
        )
    except ZonewrightError as refusal:
        st.error(plain(str(refusal)))
        return None
    _say(choice, scenario, fitted, areas.names)
    _show_map(choice, scenario, fitted, areas.shapes)
    show_table(
        fitted_table(fitted, scenario, choice.pack),
        key=f"{key}-zones",
        file=f"{choice.pack.authority.key}-fitted-zones.csv",
        about={"authority": choice.pack.authority.name, "plan": fitted.plan.fingerprint},
        caption="Zones that would follow.",
    )
    _show_affected(choice, fitted, key=key)
    return fitted.edit if use_it(fitted.moved, fitted.held, key=key) else None


def _choose_zone(scenario: Scenario, *, key: str) -> str:
    left, right = st.columns(2)
    options = [zone for zone in scenario.plan.zones if zone not in scenario.locked_zones]
    chosen = left.selectbox("Into which zone?", [*options, NEW_ZONE], key=f"{key}-zone")
    if chosen != NEW_ZONE:
        return str(chosen)
    name: str = right.text_input("Name of the new zone", key=f"{key}-name", max_chars=60)
    return name.strip()


def _say(
    choice: Choice, scenario: Scenario, fitted: Fitted, names: tuple[str, ...] | list[str]
) -> None:
    pack = choice.pack
    at = pack.geography.position
    children = sum(float(pack.measures.counts("children")[at[u]]) for u in fitted.moved)
    inside = len(pack.geography) - len(fitted.crosswalk.unassigned)
    areas = "1 small area lies" if inside == 1 else f"{inside:,} small areas lie"
    moving = "1 changes" if len(fitted.moved) == 1 else f"{len(fitted.moved):,} change"
    cut = len(fitted.crosswalk.cut)
    st.markdown(
        f"{areas} inside by their centre. {moving} zone, and with them {children:,.0f} children "
        f"their team. The line cuts {cut:,} of them, which go whole."
    )
    say_held(choice, fitted.held)
    for new, old in alike(names, scenario.plan.zones):
        st.warning(
            f"'{plain(new)}' is written otherwise than the zone '{plain(old)}' and would be "
            "another zone."
        )
    empty = [name for name in names if name not in fitted.plan.zones]
    if empty:
        st.caption(f"{len(empty):,} areas of the file hold the centre of no small area here.")


def _show_map(choice: Choice, scenario: Scenario, fitted: Fitted, shapes: Shapes) -> None:
    """Draw the plan that would follow, with the lines that it was made of."""
    pack = choice.pack
    sides = side_by_side([scenario.plan, fitted.plan], pack.measures.counts("children"))
    captions = [Caption("the plan as it is"), Caption("What would follow")]
    page = maps_in_step(pack.geography, sides, captions, which=[1], lines=shapes)
    st.iframe(page, height=HEIGHT_PX[1], alt="Map of the plan that would follow from these lines")


def _show_affected(choice: Choice, fitted: Fitted, *, key: str) -> None:
    show_table(
        affected_table(fitted, choice.pack),
        key=f"{key}-affected",
        file=f"{choice.pack.authority.key}-fit.csv",
        about={"authority": choice.pack.authority.name, "plan": fitted.plan.fingerprint},
        caption="Who is affected by the fit. A small area that is cut goes whole to one side.",
    )


def _offer_discard(polygon: Polygon, *, key: str) -> None:
    st.button("Discard", key=f"{key}-discard", on_click=_forget, args=(polygon, key))


def _forget(polygon: Polygon, key: str) -> None:
    st.session_state[f"{key}-done"] = polygon
