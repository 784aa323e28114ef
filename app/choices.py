"""What the person has chosen: the authority and the plan, in the sidebar and in the address.

Choices live in the address, so that a link opens what its sender saw, and stay when the page
changes.
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from app.address import came_back, note
from geo.errors import PackError
from layers.catalogue import Entry, list_packs, open_pack
from layers.pack import NamedPlan, Pack


@dataclass(frozen=True)
class Choice:
    """The pack and the plan that a page is about."""

    pack: Pack
    entry: NamedPlan


def choose() -> Choice:
    """Ask for authority and plan in the sidebar, and give what was chosen."""
    pack = choose_pack()
    with st.sidebar:
        keys = [entry.key for entry in pack.plans]
        widget = f"plan-{pack.authority.key}"
        recall("plan", widget, keys, default=pack.default_plan)
        key = st.selectbox(
            "Plan",
            keys,
            format_func=lambda key: pack.plan(key).title,
            key=widget,
        )
        remember("plan", widget)
        entry = pack.plan(key)
        if entry.status == "approximate":
            st.caption(f"Approximate lines. {plain(entry.note)}")
    return Choice(pack, entry)


def choose_pack() -> Pack:
    """Ask for the authority only."""
    found = list_packs()
    for broken in (entry for entry in found if entry.fault):
        st.warning(plain(f"The pack '{broken.key}' is left out. {broken.fault}"))
    entries = {entry.key: entry for entry in found if not entry.fault}
    if not entries:
        raise PackError("There is no pack to open.", remedy="Name one in ZONEWRIGHT_PACKS.")
    with st.sidebar:
        recall("pack", "pack", list(entries), default=next(iter(entries)))
        key = st.selectbox(
            "Authority",
            list(entries),
            format_func=lambda key: entries[key].name,
            key="pack",
        )
        remember("pack", "pack")
    return opened(entries[key])


def recall(name: str, widget: str, options: Sequence[str], *, default: str) -> None:
    """Start a widget on what was chosen before on any page, else on what the address asks for.

    Streamlit takes a widget for another one when the page changes. What `remember` kept, and
    setting the value anew in every run, make it the same. Whoever went back gets what the address
    says.
    """
    asked = st.query_params.get(name, default)
    value = st.session_state.get(widget, st.session_state.get(f"kept-{widget}", asked))
    if came_back() and asked in options:
        value = asked
    if value not in options:
        st.warning(plain(f"There is no {name} '{value}' here; the page shows another."))
    st.session_state[widget] = value if value in options else default


def remember(name: str, widget: str) -> None:
    """Keep a widget's value for the other pages, and put it into the address."""
    st.session_state[f"kept-{widget}"] = st.session_state[widget]
    note(name, st.session_state[widget])


def opened(entry: Entry) -> Pack:
    """Give the pack, read once and again only when its files have changed."""
    newest = max(path.stat().st_mtime_ns for path in entry.folder.rglob("*") if path.is_file())
    return _read(entry.key, str(entry.folder), newest)


@st.cache_resource(show_spinner="Opening the authority's pack …", max_entries=8)
def _read(key: str, folder: str, newest: int) -> Pack:  # noqa: ARG001  they are the cache's key
    return open_pack(key)


def plain(text: str) -> str:
    """Take away what Markdown would act on: names come from files."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>()#+-.!|$:~" else c for c in text)


def title(heading: str, choice: Choice) -> None:
    """Head a page with what it shows, of whom, and whether its figures are real."""
    pack, entry = choice.pack, choice.entry
    st.title(heading)
    st.html(
        f'<p class="zw-sub">{html.escape(pack.authority.name)} · {html.escape(entry.title)} '
        f"{standing_badge(pack)}</p>"
    )


def standing_badge(pack: Pack) -> str:
    """Say in a badge whether anything shown was modelled."""
    if pack.standing == "illustrative":
        return '<span class="zw-badge">Illustrative: some counts are modelled, see Sources</span>'
    return '<span class="zw-badge real">Official figures</span>'
