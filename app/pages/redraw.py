"""Redraw: paint zones and see what it does to equity, caseload, continuity and other lines."""

import streamlit as st

from analysis.scenario import compare, evaluate
from app.choices import choose, recall, remember, title
from app.redraw.desk import open_desk
from app.redraw.page import before, cards, show_messages, show_moves, show_painter, show_warnings
from app.redraw.parts import PARTS, show_part
from app.redraw.scenarios import show_bar, show_conflict, show_misfit, show_said
from store.log import DamagedError, MisfitError

choice = choose()
title("Redraw", choice)
try:
    desk = open_desk(choice)
except (MisfitError, DamagedError) as fault:
    show_misfit(choice, fault)
    st.stop()

show_bar(desk)
show_said()
show_messages(desk)

comparison = compare(before(desk), evaluate(desk.scenario, choice.pack))

show_painter(desk, comparison)
show_conflict(desk)  # below the map, which says so too: nothing moves under the hand
cards(comparison, choice.pack)
show_warnings(desk, comparison)
with st.expander("Move small areas by name, without the map"):
    show_moves(desk)

recall("part", "redraw-part", list(PARTS), default="zones")
part = st.segmented_control(
    "Part of the page", list(PARTS), format_func=lambda key: PARTS[key], required=True,
    key="redraw-part", label_visibility="collapsed",
)  # fmt: skip
remember("part", "redraw-part")
show_part(part or "zones", desk, comparison)
