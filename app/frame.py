"""The frame of every page: settings, navigation, and what happens when something is refused."""

import logging
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

from app.address import write
from app.memory import set_aside
from app.style import STYLE
from app.uploads import forget
from app.views import PUBLISHED, RELEASES, choose_view, pages_for
from geo.errors import ZonewrightError

PAGES = Path(__file__).resolve().parent / "pages"
DATA = "Data"
WARM_AFTER_S = 4
_log = logging.getLogger("zonewright")


def run() -> None:
    """Show the page that the address asks for."""
    st.set_page_config(page_title="Zonewright", page_icon="🗺️", layout="wide")
    try:
        _show()
    finally:  # a page may stop, or ask for another run
        write()


def _show() -> None:
    """Show the page of those that the view has."""
    view = None
    with refusals():
        view = choose_view()
    if view is None:
        return
    pages = [
        st.Page(PAGES / "zone_map.py", title="Zone map", icon=":material/map:", default=True),
        st.Page(
            PAGES / "need_and_outcomes.py",
            title="Need and outcomes",
            icon=":material/bar_chart:",
        ),
        st.Page(PAGES / "zone_sheet.py", title="Zone sheet", icon=":material/article:"),
        st.Page(PAGES / "front_door.py", title="Front door", icon=":material/filter_alt:"),
        st.Page(PAGES / "redraw.py", title="Redraw", icon=":material/edit_location_alt:"),
        st.Page(PAGES / "compare.py", title="Compare", icon=":material/compare:"),
        st.Page(PAGES / "data.py", title=DATA, icon=":material/database:"),
        st.Page(PAGES / "published.py", title=PUBLISHED, icon=":material/public:"),
        st.Page(PAGES / "releases.py", title=RELEASES, icon=":material/verified_user:"),
        st.Page(PAGES / "sources.py", title="Sources", icon=":material/info:"),
        st.Page(PAGES / "projector.py", title="Full screen", visibility="hidden"),
    ]
    page = st.navigation(pages_for(view, pages))
    st.html(STYLE)
    if page.title != DATA:
        forget()
    with refusals(quotes=page.title != DATA):
        page.run()
    _warm()


@contextmanager
def refusals(*, quotes: bool = True) -> Iterator[None]:
    """Show a refusal as its one message, and any other fault as ours, never as a traceback.

    Parameters
    ----------
    quotes
        Whether the log may hold the text of a fault. Not where files of children are read: the
        libraries quote cells, so that only the kind of fault and the lines of code are logged.
    """
    try:
        yield
    except ZonewrightError as refusal:
        st.error(str(refusal), icon=":material/block:")
    except Exception as fault:  # noqa: BLE001  whatever it was, a person must not read a traceback
        if quotes:
            _log.exception("A page failed")
        else:
            places = "".join(traceback.format_tb(fault.__traceback__))
            _log.error("A page failed with %s\n%s", type(fault).__name__, places)
        st.error(
            "This page could not be shown. The fault is ours, your files are untouched, and its "
            "cause stands in the window that Zonewright was started from. Reload to go on.",
            icon=":material/error:",
        )


@st.cache_resource(show_spinner=False)
def _warm() -> None:
    """Load what only a choropleth needs, once, when the first page has long been drawn."""
    set_aside()
    later = threading.Timer(WARM_AFTER_S, lambda: __import__("mapclassify"))
    later.daemon = True
    later.start()
