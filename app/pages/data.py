"""Data: bring files, see what they are, build a pack of them, and see what a pack is made of."""

import html

import streamlit as st

from app.account import show_account
from app.building import build, choose_build, show_made
from app.choices import choose_pack, standing_badge
from app.mapping import choose_cases, choose_counts
from app.preview import (
    district_names,
    recognised,
    show_found,
    show_preview,
    show_what_to_bring,
)
from app.uploads import choose_files

pack = choose_pack()
st.title("Data")
st.html(
    '<p class="zw-sub">Bring your files, see what they are taken for, and build a pack. Nothing '
    "leaves this computer.</p>"
)
bring, about = st.tabs(["Build a pack", "The pack that is open"], on_change="rerun", key="tab-data")

if about.open:
    with about:
        st.html(f'<p class="zw-sub">{html.escape(pack.authority.name)} {standing_badge(pack)}</p>')
        show_account(pack, key="open-account")

with bring:
    brought = choose_files()
    with st.expander("What to bring, and where to get it", expanded=brought is None):
        show_what_to_bring()
    if brought is not None:
        found = recognised(brought)
        st.subheader("What the files are")
        show_found(found)
        cases = choose_cases(found, brought)
        counts = choose_counts(found, brought, but=cases)
        show_preview(found, brought)
        st.subheader("Build the pack")
        ready = {file: mapping for file, mapping in cases.items() if mapping is not None}
        wanted = choose_build(found, district_names(found, brought), counts, ready)
        if len(ready) < len(cases):
            st.warning("Finish the columns of the case list first.", icon=":material/warning:")
            wanted = None
        pressed = st.button(
            "Build", type="primary", disabled=wanted is None, icon=":material/build:"
        )
        if pressed and wanted is not None:
            build(wanted, brought, found)
    show_made()
