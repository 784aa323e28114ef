"""Need and outcomes: zones against benchmarks, one indicator closely, deprivation, index, ASB."""

import streamlit as st

from app.choices import choose, recall, remember, title
from app.need import show_asb, show_deprivation, show_index, show_indicator, show_spine

PARTS = {
    "zones": ("Zones against benchmark", show_spine),
    "indicator": ("One indicator", show_indicator),
    "deprivation": ("Deprivation", show_deprivation),
    "index": ("Need index", show_index),
    "asb": ("Anti-social behaviour (ASB)", show_asb),
}

choice = choose()
title("Need and outcomes", choice)
recall("part", "need-part", list(PARTS), default="zones")
part = st.segmented_control(
    "Part of the page", list(PARTS), format_func=lambda key: PARTS[key][0], required=True,
    key="need-part", label_visibility="collapsed",
)  # fmt: skip
remember("part", "need-part")
if choice.pack.indicators or part == "asb":
    PARTS[part or "zones"][1](choice)
else:
    st.info("This pack has no indicators. Describe them in indicators.toml.")
