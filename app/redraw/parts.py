"""The parts below the map, of which one is open and worked out at a time."""

from collections.abc import Callable, Mapping

import streamlit as st

from analysis.events import Event
from analysis.scenario import Comparison, Evaluation, Scenario
from analysis.tables import before_after_table, zone_table
from app.choices import Choice, plain
from app.redraw.assuming import show_assumptions
from app.redraw.coterminosity import show_coterminosity
from app.redraw.desk import Desk, do, drawn_polygon, forget_polygon
from app.redraw.drawn import show_drawn
from app.redraw.gain import show_gain
from app.redraw.handover import show_handover
from app.redraw.lookup import show_lookup
from app.redraw.over_time import show_over_time
from app.redraw.scenarios import show_history
from app.redraw.staff_or_lines import show_staff_or_lines
from app.releases import Paper, offer, show_refusal
from app.tables import as_csv, show_table
from geo.write import lookup_csv


def show_part(part: str, desk: Desk, comparison: Comparison) -> None:
    """Show one part; a step that it makes is put on the desk."""
    event = _SHOWN[part](desk, comparison)
    if event is not None:
        do(desk.id, event)
        st.rerun()


Section = Callable[[Choice, Scenario, Evaluation, Evaluation], Event | None]


def _of(section: Section) -> "Show":
    """Hand a section what it asks for: the choice, the scenario, and its figures on both sides."""

    def show(desk: Desk, comparison: Comparison) -> Event | None:
        return section(desk.choice, desk.scenario, comparison.before, comparison.after)

    return show


def _show_history(desk: Desk, _: Comparison) -> None:
    show_history(desk)


def _show_assumptions(desk: Desk, _: Comparison) -> Event | None:
    return show_assumptions(desk.choice, desk.scenario)


def _show_draw(desk: Desk, _: Comparison) -> Event | None:
    line, lookup = st.columns(2, gap="large")
    with line:
        drawn = show_drawn(desk.choice, desk.scenario, drawn_polygon(desk.id))
        if drawn is not None:
            forget_polygon(desk.id)
    with lookup:
        st.subheader("A lookup of small areas")
        loaded = show_lookup(desk.choice, desk.scenario)
    return drawn or loaded


def _show_zones(desk: Desk, comparison: Comparison) -> None:
    """Show every zone before and after, and offer the plan and its figures as files."""
    choice = desk.choice
    show_table(
        before_after_table(comparison, choice.pack),
        key="redraw-table",
        file=f"{choice.pack.authority.key}-{choice.entry.key}-before-after.csv",
        about={
            "authority": choice.pack.authority.name,
            "baseline": choice.entry.title,
            "fingerprint": desk.scenario.plan.fingerprint,
        },
        caption="Before and after. Each small area's referrals and cases go with it.",
    )
    st.header("Files")
    plan, figures = st.columns(2, gap="medium")
    with plan:
        _offer_plan(desk.scenario, stem=f"{choice.pack.authority.key}-{choice.entry.key}")
    with figures:
        _offer_figures(desk, comparison)
    st.caption(f"Plan {plain(desk.scenario.plan.fingerprint)}. GeoPackage and JSON: page Compare.")


def _offer_plan(scenario: Scenario, *, stem: str) -> None:
    st.download_button(
        "Plan as lookup CSV (unit, zone)", lookup_csv(scenario.plan).encode(),
        file_name=f"{stem}-redrawn.csv", mime="text/csv", on_click="ignore",
        icon=":material/download:", width="stretch",
    )  # fmt: skip


def _offer_figures(desk: Desk, comparison: Comparison) -> None:
    choice, scenario = desk.choice, desk.scenario
    stem = f"{choice.pack.authority.key}-{choice.entry.key}"
    staff = "staff follow their cases" if scenario.staff == "follows" else "staff stay"
    about = {
        "authority": choice.pack.authority.name,
        "plan": f"{stem}-redrawn",
        "baseline": choice.entry.key,
        "staff": scenario.staff,
        "fingerprint": scenario.plan.fingerprint,
    }
    paper = Paper(
        (zone_table(comparison.after, choice.pack),),
        as_csv(about),
        title=f"Figures per zone of a redraw of {choice.entry.title}",
        file=f"{stem}-redrawn-zones.csv",
        label=f"figures per zone ({staff})",
    )
    offer(paper, key="redrawn-zones")
    show_refusal(paper, key="redrawn-zones")


Show = Callable[[Desk, Comparison], Event | None]

_ALL: tuple[tuple[str, str, Show], ...] = (
    ("zones", "Zones", _show_zones),
    ("gain", "Equity", _of(show_gain)),
    ("time", "Caseload over time", _of(show_over_time)),
    ("staff", "Staff or lines", _of(show_staff_or_lines)),
    ("handover", "Handover", _of(show_handover)),
    ("lines", "Coterminosity", _of(show_coterminosity)),
    ("draw", "Draw or load", _show_draw),
    ("history", "History", _show_history),
    ("assumptions", "Assumptions", _show_assumptions),
)

PARTS: Mapping[str, str] = {key: title for key, title, _ in _ALL}
"""Key and title of every part, in the order of the page."""

_SHOWN: Mapping[str, Show] = {key: show for key, _, show in _ALL}
