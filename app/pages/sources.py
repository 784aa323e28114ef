"""Sources: where every figure comes from, its licence, and what is modelled."""

import html

import streamlit as st

from app.choices import choose, plain, title

choice = choose()
pack, authority = choice.pack, choice.pack.authority
title("Sources", choice)

for note in authority.notes:
    st.markdown(f"- {plain(note)}")

st.header("What is counted")
rows = "".join(
    f'<tr><th scope="row" class="text">{html.escape(m.title)}</th>'
    f'<td class="text">{html.escape(m.counts)}</td><td class="text">{html.escape(m.period)}</td>'
    f'<td class="text">{m.status}</td><td class="text" style="white-space:normal">'
    f"{html.escape(m.source)}</td></tr>"
    for m in pack.measures.measures
)
st.html(
    '<div class="zw-scroll" tabindex="0" role="region" aria-label="What is counted">'
    '<table class="zw"><thead><tr>'
    + "".join(
        f'<th class="text" scope="col">{h}</th>'
        for h in ("Measure", "Counts", "Period", "Status", "Source")
    )
    + f"</tr></thead><tbody>{rows}</tbody></table></div>"
)

st.header("Plans")
for entry in pack.plans:
    st.markdown(
        f"- **{plain(entry.title)}** ({entry.status}). {plain(entry.note)} {plain(entry.source)}"
    )

st.header("Data and licences")
for source in authority.sources:
    parts = (source.publisher, source.vintage, source.licence, f"via {source.via}")
    about = ". ".join(part for part in (*parts, source.attribution) if part)
    st.markdown(f"- **{plain(source.title)}**. {plain(about)}")
st.caption(
    f"Small counts follow the rule '{authority.disclosure}'. Boundaries are LSOA "
    f"{authority.vintage} in EPSG:27700."
)
