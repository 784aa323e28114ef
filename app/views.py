"""Views: who looks, and so which pages there are.

`public` and `member` see released figures of zones only; `analyst` and `planner` see small areas
as well, suppressed. A view is a setting and no lock: whoever starts the tool chooses it, and
ZONEWRIGHT_VIEW fixes it for everybody who opens what was started.
"""

import os
from collections.abc import Sequence
from typing import Literal, get_args

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from app.choices import recall, remember
from geo.errors import StoreError

View = Literal["public", "member", "analyst", "planner"]
VIEWS: tuple[View, ...] = get_args(View)
VIEW_VARIABLE = "ZONEWRIGHT_VIEW"

PUBLISHED = "Published figures"
RELEASES = "Releases"

_PAGES: dict[View, tuple[str, ...]] = {
    "public": (PUBLISHED,),
    "member": (PUBLISHED, RELEASES),
}
"""The pages of the views that have not all of them."""

_SAYS: dict[View, str] = {
    "public": "Public: released figures",
    "member": "Member: released figures and the register",
    "analyst": "Analyst: small areas too",
    "planner": "Planner: small areas too",
}


def fixed_view() -> View | None:
    """Give the view that ZONEWRIGHT_VIEW fixes, if any.

    Raises
    ------
    StoreError
        When it names none: a slip there must not open everything.
    """
    wanted = os.environ.get(VIEW_VARIABLE, "").strip().lower()
    if wanted and wanted not in VIEWS:
        raise StoreError(
            f"{VIEW_VARIABLE} is '{wanted}'; the views are {', '.join(VIEWS)}.",
            remedy="Nothing is shown until it is corrected.",
        )
    return next((view for view in VIEWS if view == wanted), None)


def choose_view() -> View:
    """Ask in the sidebar who looks, unless that is fixed."""
    fixed = fixed_view()
    if fixed is not None:
        return fixed
    with st.sidebar:
        recall("view", "view", VIEWS, default="planner")
        view: View = st.selectbox("View", VIEWS, format_func=lambda v: _SAYS[v], key="view")
        remember("view", "view")
    return view


def pages_for(view: View, pages: Sequence[StreamlitPage]) -> list[StreamlitPage]:
    """Leave the pages that a view has; the others cannot be opened, not even by their address."""
    wanted = _PAGES.get(view)
    return [page for page in pages if wanted is None or page.title in wanted]
