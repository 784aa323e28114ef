"""Load a lookup: take over the zones that a file gives the small areas."""

from collections.abc import Collection

import numpy as np
import streamlit as st

from analysis.caseload import changing_zone
from analysis.drawn import alike, fit_plan
from analysis.events import Edit
from analysis.in_words import counted
from analysis.scenario import CHANGING, Scenario
from app.choices import Choice, plain
from app.listing import show_listing
from app.redraw.upload import upload_lookup
from geo.errors import PlanError, named
from geo.plan import Plan
from geo.read.lookup import Lookup

MOST_LISTED = 500
MANY_ZONES = 40
"""More zones than any authority has: the column may hold something else."""


def show_lookup(choice: Choice, scenario: Scenario) -> Edit | None:
    """Show how to load a lookup; give the step when the planner takes it over."""
    key = f"lookup-{choice.pack.authority.key}-{choice.entry.key}"
    st.markdown(
        "A lookup says of each small area in which zone it is. Taking one over is one step, which "
        "undo takes back."
    )
    lookup = upload_lookup("A lookup: CSV or workbook", choice.pack.geography.units, key=key)
    if lookup is None:
        return None
    plan = _fitting(choice, scenario, lookup, key=key)
    if plan is None:
        return None
    edit, held = fit_plan(scenario, plan, f"Loaded {lookup.label}")
    after = edit.apply(scenario.plan)
    _warn(scenario, plan, after)
    say_held(choice, held)
    moved = after.moved_from(scenario.plan)
    if moved:
        _say_change(choice, scenario, after)
    return edit if use_it(moved, held, key=key) else None


def use_it(moved: Collection[str], held: Collection[str], *, key: str) -> bool:
    """Offer to take over what was brought; where no small area changes zone, say so.

    Parameters
    ----------
    moved, held
        Small areas that would change zone, and those that would but are locked.
    """
    if not moved:
        why = "All that differs is locked." if held else "It is the plan as it stands."
        st.info(f"No small area would change zone. {why}")
    areas = counted(len(moved), "small area changes", "small areas change")
    pressed: bool = st.button(
        f"Use it: {areas} zone" if moved else "Use it", type="primary", disabled=not moved,
        key=f"{key}-use",
    )  # fmt: skip
    return pressed


def say_held(choice: Choice, held: tuple[str, ...]) -> None:
    """Say which small areas stay where they are because they are locked."""
    if not held:
        return
    said = (
        "1 small area would change zone but is locked, or of a locked zone; it stays where it is"
        if len(held) == 1
        else f"{len(held):,} small areas would change zone but are locked, or of a locked zone; "
        "they stay where they are"
    )
    st.warning(f"{said}: {plain(named(_names(choice, held)))}.")


def _fitting(choice: Choice, scenario: Scenario, lookup: Lookup, *, key: str) -> Plan | None:
    """Make the plan; where the file does not fit say why, and offer to use what does."""
    geography = choice.pack.geography
    try:
        return lookup.plan(geography.units, vintage=geography.vintage)
    except PlanError as refusal:
        st.error(plain(f"{lookup.label}: {refusal}"))
    unknown, missing = lookup.unknown(geography.units), lookup.missing(geography.units)
    _list_misfits(choice, lookup, unknown, missing)
    known = len(lookup) - len(unknown)
    if not known:
        return None
    use = st.checkbox(
        f"Use the {known:,} small areas that fit. Those that the file does not name keep their "
        "zone, and codes of other places are left out.",
        key=f"{key}-rest",
    )
    return lookup.over(scenario.plan) if use else None


def _list_misfits(
    choice: Choice, lookup: Lookup, unknown: tuple[str, ...], missing: tuple[str, ...]
) -> None:
    zones = dict(zip(lookup.units, lookup.zones, strict=True))
    names = dict(zip(missing, _names(choice, missing), strict=True))
    rows = [(unit, zones[unit], "not of this authority") for unit in unknown]
    rows += [(unit, names[unit], "has no row in the file") for unit in missing]
    with st.expander(
        f"All {len(rows):,} that do not fit" if len(rows) > 1 else "What does not fit"
    ):
        show_listing(
            ("Code", "Name or zone", "What is wrong"),
            rows[:MOST_LISTED],
            caption="Codes that do not fit",
            height=260,
        )
        if len(rows) > MOST_LISTED:
            st.caption(f"And {len(rows) - MOST_LISTED:,} more.")


def _warn(scenario: Scenario, plan: Plan, after: Plan) -> None:
    """Say what is right as it stands and may still not be meant."""
    today = scenario.plan
    filled = [z for z, size in zip(today.zones, today.sizes, strict=True) if size]
    empty = [z for z in filled if z not in after.zones or not after.sizes[after.zone_position(z)]]
    if empty:
        st.warning(f"No small area would be left in {plain(named(empty))}.")
    for new, old in alike(plan.zones, today.zones):
        st.warning(
            f"'{plain(new)}' is written otherwise than the zone '{plain(old)}' and would be "
            "another zone. Correct the file if they are one."
        )
    if plan.zones and not set(plan.zones) & set(scenario.baseline.plan.zones):
        st.warning(
            "None of its zones is called as one of today's, so no staff is recorded for them. Set "
            "their FTE among the assumptions."
        )
    if after.unassigned:
        st.warning(f"{len(after.unassigned):,} small areas would be in no zone.")
    if len(plan.zones) > MANY_ZONES:
        st.warning(f"The file names {len(plan.zones):,} zones. Is it the right column?")


def _say_change(choice: Choice, scenario: Scenario, after: Plan) -> None:
    changed = changing_zone(CHANGING[:1], choice.pack.measures, before=scenario.plan, after=after)
    children = changed.get("children", float("nan"))
    zones = int((after.sizes > 0).sum())
    said = f"{children:,.0f}" if np.isfinite(children) else "An unknown number of"
    st.markdown(
        f"The plan would have {counted(zones, 'zone')} with small areas. {said} children would "
        "change team by it."
    )


def _names(choice: Choice, units: tuple[str, ...]) -> list[str]:
    geography = choice.pack.geography
    return [geography.names[geography.position[unit]] for unit in units]
