"""Compare: two to four plans side by side, on maps in step, in figures and in words."""

import streamlit as st

from analysis.comparing import FEWEST
from analysis.tables_compare import metrics_table
from app.choices import Choice, choose_pack
from app.compare import (
    choose_plans,
    compared_plans,
    heading,
    show_files,
    show_maps,
    show_metrics,
    show_moved,
    show_places,
    show_words,
)

pack = choose_pack()
choice = Choice(pack, pack.plan(pack.default_plan))
heading(pack)
chosen = choose_plans(choice)
if len(chosen) < FEWEST:
    st.info("Choose at least two plans, or bring one from a file.")
    st.stop()

compared = compared_plans(chosen, pack)
figures = metrics_table(compared, pack)
show_words(compared, figures)
maps, metrics, zones, moved, files = st.tabs(
    ["Maps", "Every metric", "Zone by zone", "What moved", "Files"],
    on_change="rerun",
    key="tab-compare",
)
with maps:
    if maps.open:
        show_maps(compared, chosen, pack)
with metrics:
    if metrics.open:
        show_metrics(compared, figures, pack)
with zones:
    if zones.open:
        show_places(compared, pack)
with moved:
    if moved.open:
        show_moved(compared, pack)
with files:
    if files.open:
        show_files(compared, chosen, pack)
