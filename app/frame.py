"""The frame of every page: settings, navigation, and what happens when something is refused."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

from app.style import STYLE
from app.uploads import forget
from geo.errors import ZonewrightError

PAGES = Path(__file__).resolve().parent / "pages"
DATA = "Data"
WARM_AFTER_S = 4
_log = logging.getLogger("zonewright")


def run() -> None:
    """Show the page that the address asks for."""
    st.set_page_config(page_title="Zonewright", page_icon="🗺️", layout="wide")
    page = st.navigation(
        [
            st.Page(PAGES / "zone_map.py", title="Zone map", icon=":material/map:", default=True),
            st.Page(PAGES / "need_and_asb.py", title="Need and ASB", icon=":material/bar_chart:"),
            st.Page(PAGES / "redraw.py", title="Redraw", icon=":material/edit_location_alt:"),
            st.Page(PAGES / "data.py", title=DATA, icon=":material/database:"),
            st.Page(PAGES / "sources.py", title="Sources", icon=":material/info:"),
            st.Page(PAGES / "projector.py", title="Full screen", visibility="hidden"),
        ]
    )
    st.html(STYLE)
    if page.title != DATA:
        forget()
    with refusals():
        page.run()
    _warm()


@contextmanager
def refusals() -> Iterator[None]:
    """Show a refusal as its one message, and any other fault as ours, never as a traceback."""
    try:
        yield
    except ZonewrightError as refusal:
        st.error(str(refusal), icon=":material/block:")
    except Exception:  # noqa: BLE001  whatever it was, a person must not read a traceback
        _log.exception("A page failed")
        st.error(
            "This page could not be shown. The fault is ours, your files are untouched, and its "
            "cause stands in the window that Zonewright was started from. Reload to go on.",
            icon=":material/error:",
        )


@st.cache_resource(show_spinner=False)
def _warm() -> None:
    """Load what only a choropleth needs, once, when the first page has long been drawn."""
    later = threading.Timer(WARM_AFTER_S, lambda: __import__("mapclassify"))
    later.daemon = True
    later.start()
