"""Zone sheet: one zone on one page, for a screen, a printer and a file of its own."""

import streamlit as st

from analysis.table import Table
from analysis.tables_sheet import SheetTables, sheet_tables, whereabouts
from app.choices import choose, recall, remember
from app.print import in_app, one_file
from app.releases import Paper, offer, show_refusal
from app.sheet import sheet_html
from layers.pack import NamedPlan, Pack


@st.cache_resource(max_entries=16, hash_funcs={Pack: id, NamedPlan: id}, show_spinner=False)
def kept(pack: Pack, entry: NamedPlan) -> tuple[Pack, SheetTables]:
    """Keep the tables of a plan, and the pack beside them so that no other gets its id."""
    return pack, sheet_tables(entry, pack)


choice = choose()
pack, entry = choice.pack, choice.entry
with st.sidebar:
    widget = f"sheet-{pack.authority.key}-{entry.key}"
    zones = list(entry.plan.zones)
    if "kept-sheet" in st.session_state and st.query_params.get("zone") not in zones:
        st.query_params.pop("zone", None)  # it named a zone of the plan that was shown before
    recall("zone", widget, zones, default=zones[0])
    zone = st.selectbox(f"{entry.zone_word[:1].upper()}{entry.zone_word[1:]}", zones, key=widget)
    remember("zone", widget)
    st.session_state["kept-sheet"] = True

tables, where = kept(pack, entry)[1], whereabouts(zone, entry, pack)


def as_file(masked: tuple[Table, ...]) -> bytes:
    """Write the sheet from the tables as they may leave."""
    body = sheet_html(zone, entry, pack, tables.made_of(masked), where)
    return one_file(body, title=f"{zone}, {entry.title}, {pack.authority.name}").encode()


paper = Paper(
    tables.tables,
    as_file,
    title=f"Zone sheets of {entry.title}",
    file=f"{pack.authority.key}-{entry.key}-{'-'.join(zone.lower().split())}.html",
    mime="text/html",
    label="one HTML file",
)
offer(paper, key="sheet")
show_refusal(paper, key="sheet")
st.html(
    '<p class="zw-note zw-no-print">The file needs no network. To print, use the browser\'s own '
    "print: the sheet comes out alone, on one page of A4.</p>"
)
st.html(in_app(sheet_html(zone, entry, pack, tables, where)))
