"""What the address says of what is on screen, so that a link, Back and Forward lead to it.

Streamlit adds an entry to the browser's history whenever the address changes, and runs the page
with the older address when somebody goes back. So the address is written once a run, and read
again only when somebody went back: at any other time a run may come with an address that is older
than what is on screen, since the browser hears of a new one only after the run.
"""

from collections.abc import Mapping

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

_NOTED = "address-noted"


def note(name: str, value: str) -> None:
    """Put what was chosen into the address, at the end of the run."""
    noted: dict[str, str] = st.session_state.setdefault(_NOTED, {})
    noted[name] = value


def write() -> None:
    """Write what was noted in this run into the address, where it says something else."""
    noted: Mapping[str, str] = st.session_state.pop(_NOTED, {})
    if any(st.query_params.get(name) != value for name, value in noted.items()):
        st.query_params.update(noted)


def came_back() -> bool:
    """Say whether this run answers the browser's Back or Forward."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation
