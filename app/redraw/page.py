"""What stands on the Redraw page whichever part of it is open: figures, map, moves by name."""

import html
from collections import Counter
from collections.abc import Sequence

import streamlit as st

from analysis.events import Edit, Redo, Undo
from analysis.scenario import Comparison, Evaluation, Scenario, evaluate, today
from analysis.shape import pyramids_split
from analysis.tables import fte_told, plan_table
from app.choices import Choice, plain
from app.painter import paint
from app.painter.scene import scene, state
from app.redraw.desk import PAINTER, Desk, do, is_unheard
from geo.errors import named
from layers.pack import Pack

NEW_ZONE = "New zone …"
NO_ZONE = "No zone"
HEIGHT = 620

SHOWN = (
    "referral_cv", "referral_noise", "referral_gini", "referral_max_min", "load_cv",
    "children_moved", "cases_moved", "pyramids_split",
)  # fmt: skip
"""The plan metrics that stand as cards over the map."""


def before(desk: Desk) -> Evaluation:
    """Work out the lines before; few steps change anything about them, so they are kept."""
    pack = desk.choice.pack
    start = today(desk.scenario, pack)
    kept: tuple[Pack, Scenario, Evaluation] | None = st.session_state.get("redraw-before")
    if kept is None or kept[0] is not pack or kept[1] != start:
        kept = st.session_state["redraw-before"] = (pack, start, evaluate(start, pack))
    return kept[2]


def cards(comparison: Comparison, pack: Pack) -> None:
    """Show the plan's figures after the redraw, each with what it was before.

    Where there are no pyramids nothing is said of them.
    """
    before, after = plan_table(comparison.before, pack), plan_table(comparison.after, pack)
    facts = comparison.after.facts
    boxes = []
    for key in SHOWN:
        if key == "pyramids_split" and facts.pyramids is None:
            continue
        column, was = after.column(key), before.column(key)
        unit = column.unit if column.unit in ("%", "FTE") else ""
        now, then = (_with_unit(t.cell(c, 0), unit) for t, c in ((after, column), (before, was)))
        note = "from today's lines" if key.endswith("_moved") else f"was {then}"
        if key == "load_cv" and now[0].isdigit() and facts.without_staff:
            note += f"; without {named(facts.without_staff)}, no staff recorded"
        boxes.append(_card(column.title, now, note))
    st.html(f'<div class="zw-cards" role="status">{"".join(boxes)}</div>')


def show_painter(desk: Desk, comparison: Comparison) -> None:
    """Show the map on which zones are painted."""
    choice = desk.choice
    held = scene(choice.pack, choice.entry)
    told = state(
        held["key"],
        desk.scenario,
        choice.entry,
        scenario_id=desk.id,
        title=desk.title,
        fte=fte_told(comparison.after, choice.pack),
        seq=desk.seq,
        client=desk.client,
        ack=desk.ack,
        refused=desk.refused,
        saved=desk.said,
        trouble=desk.trouble,
        notice=str(desk.stale) if desk.stale else desk.notice,
        stale=desk.stale is not None,
    )
    paint(held, told, key=PAINTER, height=HEIGHT)
    if is_unheard(desk):
        st.rerun()


def show_warnings(desk: Desk, comparison: Comparison) -> None:
    """Name what the redraw tears apart: zones in pieces, empty zones, pyramids in two zones."""
    plan = comparison.after.plan
    sizes = zip(plan.zones, plan.sizes, strict=True)
    empty = [zone for zone, size in sizes if not size]
    said = _apart(desk, comparison) + _without_areas(empty, comparison)
    if plan.unassigned:
        said.append(f"Small areas in no zone: {len(plan.unassigned)}.")
    for texts, show in ((said, st.warning), (_newly_split(comparison), st.info)):
        if texts:
            show("  \n".join(plain(text) for text in texts))


def _without_areas(empty: Sequence[str], comparison: Comparison) -> list[str]:
    """Name the zones without small areas: those that lost them all, and new ones apart."""
    facts, was = comparison.after.facts, set(comparison.before.plan.zones)
    staffed = {zone for zone, fte in zip(facts.plan.zones, facts.fte, strict=True) if fte > 0}
    left = [zone for zone in empty if zone in was]
    kept = [zone for zone in left if zone in staffed]
    said = [f"No small area is left in {named(left)}, so there is no rate."] if left else []
    if kept:
        said.append(f"Staff is still recorded for {named(kept)}.")
    new = [zone for zone in empty if zone not in was]
    return said + ([f"No small area is in {named(new)} yet."] if new else [])


MOST_TOLD = 3
"""Pieces, or pyramids, beyond these are told by their number."""


def show_moves(desk: Desk) -> None:
    """Choose small areas by name and move them: what the map does, without it."""
    choice, plan = desk.choice, desk.scenario.plan
    labels = _labels(choice.pack)
    chosen = st.multiselect(
        "Small areas to move",
        choice.pack.geography.units,
        format_func=labels.__getitem__,
        key=_chosen_key(choice),
        placeholder="Type a name",
    )
    if chosen:
        now = Counter(plan.zone_of(unit) or NO_ZONE for unit in chosen)
        st.caption(plain(f"Now in {', '.join(f'{zone}: {n}' for zone, n in now.items())}."))
    where, go = st.columns([3, 2], vertical_alignment="bottom")
    target = where.selectbox("Move to", [*plan.zones, NEW_ZONE, NO_ZONE], key="move-to")
    name = target
    if target == NEW_ZONE:
        name = st.text_input("Name of the new zone", key="new-zone", max_chars=60).strip()
    go.button(
        f"Move {len(chosen) or ''}".strip(),
        type="primary",
        disabled=not chosen or not name,
        on_click=_move,
        args=(choice, desk.id, tuple(chosen), None if target == NO_ZONE else name),
        width="stretch",
    )
    with st.container(horizontal=True):
        st.button("Undo", disabled=not desk.scenario.edits, on_click=do, args=(desk.id, Undo()),
                  icon=":material/undo:")  # fmt: skip
        st.button("Redo", disabled=not desk.scenario.undone, on_click=do, args=(desk.id, Redo()),
                  icon=":material/redo:")  # fmt: skip
        st.button("Reset", disabled=plan == choice.entry.plan, on_click=do,
                  args=(desk.id, desk.scenario.resetting()))  # fmt: skip


def show_messages(desk: Desk) -> None:
    """Say what was refused, what stands in the way, and that nothing of it is lost."""
    for message in desk.messages:
        st.error(plain(message), icon=":material/block:")
    if desk.trouble:
        count = sum(len(group.events) for group in desk.waiting)
        kept = f" Steps that wait: {count}." if count else ""
        st.error(
            f"Nothing can be saved now. {plain(desk.trouble)} Go on: your work stays in this "
            f"browser and is saved when that is mended.{kept} Leave this tab open.",
            icon=":material/save:",
        )
    elif desk.notice:
        st.toast(plain(desk.notice), icon=":material/group:")


def _apart(desk: Desk, comparison: Comparison) -> list[str]:
    geography, stray = desk.choice.pack.geography, comparison.after.stray
    said = []
    for piece in stray[:MOST_TOLD]:
        names = named(geography.names[geography.position[unit]] for unit in piece.units)
        said.append(f"A piece of {piece.zone} lies apart: {names}.")
    if len(stray) > MOST_TOLD:
        said.append(f"{len(stray) - MOST_TOLD} more pieces lie apart; the map lists them.")
    return said


def _newly_split(comparison: Comparison) -> list[str]:
    pyramids = comparison.after.facts.pyramids
    if pyramids is None:
        return []
    was = {split.pyramid for split in pyramids_split(comparison.before.plan, pyramids)}
    newly = [s for s in pyramids_split(comparison.after.plan, pyramids) if s.pyramid not in was]
    said = [
        f"The pyramid {split.pyramid} is now split, by small areas: "
        + ", ".join(f"{zone} {n}" for zone, n in zip(split.zones, split.units, strict=True))
        + "."
        for split in newly[:MOST_TOLD]
    ]
    if len(newly) > MOST_TOLD:
        said.append(f"{len(newly) - MOST_TOLD} more are now split; see Coterminosity.")
    return said


def _move(choice: Choice, scenario_id: str, units: tuple[str, ...], to: str | None) -> None:
    do(scenario_id, Edit.move(units, to=to))
    st.session_state[_chosen_key(choice)] = []


def _labels(pack: Pack) -> dict[str, str]:
    """Name small areas, those that share a name with their code.

    A browser names its choice by what is written there. The zone is no part of it: a step that
    crosses the choice would change it, and the choice would be lost.
    """
    units, names = pack.geography.units, pack.geography.names
    often = Counter(names)
    return {
        unit: f"{name} ({unit})" if often[name] > 1 else name
        for unit, name in zip(units, names, strict=True)
    }


def _chosen_key(choice: Choice) -> str:
    return f"chosen-{choice.pack.authority.key}-{choice.entry.key}"


def _with_unit(text: str, unit: str) -> str:
    if not text:
        return "–"
    return f"{text} {unit}".strip() if text[0].isdigit() else text


def _card(what: str, now: str, was: str) -> str:
    return (
        f'<div class="zw-card"><div class="what">{html.escape(what)}</div>'
        f'<div class="now">{html.escape(now)}</div><div class="was">{html.escape(was)}</div></div>'
    )
