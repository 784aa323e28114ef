"""The painter: a map on which a planner paints zones, drawn and added up in the browser.

The browser holds the units once (the scene) and the plan as the server last told it (the state).
It shows a stroke at once, keeps it in its own storage, and sends it until the state says that it
was taken. So a stroke may arrive more than once: whoever reads `Sent` takes each number once.
"""

import hashlib
import itertools
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st
import streamlit.components.v1 as components_v1
from streamlit.components import v2 as components_v2

from analysis.events import Event, event_from_dict
from geo.errors import PlanError

PAINTABLE = ("edit", "undo", "redo", "lock", "border")
"""Kinds of event that a browser may send; assumptions are set on the page."""

BROWSER = Path(__file__).resolve().parent / "browser"

_MOST_EVENTS = 10_000
_MOST_CORNERS = 10_000
_LONGEST_TEXT = 500
_FURTHEST_M = 2_000_000.0
"""The National Grid ends at 700 km east and 1,300 km north."""
_CLIENT = re.compile(r"[0-9a-z]{8,64}")


@dataclass(frozen=True)
class Sent:
    """What a browser sent that it does not yet know to be taken.

    Parameters
    ----------
    client
        The tab that sent it, which numbers its events.
    scenario
        The scenario that was on screen.
    events
        Number and event, numbers rising. Those already taken may be among them.
    drawn
        Number and corners (easting and northing in metres, EPSG:27700) of a polygon drawn on the
        map. Its number is of the same series as those of the events.
    """

    client: str
    scenario: str
    events: tuple[tuple[int, Event], ...]
    drawn: tuple[int, tuple[tuple[float, float], ...]] | None = None

    def after(self, ack: int) -> "Sent":
        """Leave out what was taken: all numbers up to `ack`."""
        drawn = self.drawn if self.drawn is not None and self.drawn[0] > ack else None
        fresh = tuple((n, event) for n, event in self.events if n > ack)
        return Sent(self.client, self.scenario, fresh, drawn)


def paint(
    scene: Mapping[str, Any], state: Mapping[str, Any], *, key: str, height: int = 620
) -> Sent | None:
    """Show the painter, and give what the browser sent since.

    The browser's answer to a stroke is there before the page's script runs again: a page that
    asks `waiting` first, takes the events and then paints answers in one run of the script.

    Parameters
    ----------
    scene
        What is constant for a pack; it crosses to the browser once.
    state
        The plan and what was taken so far; small, sent at every run.
    key
        Of the component in `st.session_state`, without two underscores in a row.
    height
        In pixels.

    Returns
    -------
    Sent | None
        None when nothing was sent, or what was sent is of another scenario.

    Raises
    ------
    PlanError
        When what the browser sent is nothing that the painter sends.
    """
    # Streamlit forgets files that were declared outside of a run: at each run, it costs nothing
    components_v1.declare_component(_FILES, path=BROWSER)
    with st.container(gap=None):
        _mount(data=_as_bytes(str(scene["key"]), scene), key=f"{key}-scene")
        _mount(data={**state, "height": height}, key=key, on_sent_change=_heard)
    return waiting(key, scenario=str(state["scenario"]))


def waiting(key: str, *, scenario: str) -> Sent | None:
    """Give what the browser sent, before or after the painter is shown in this run.

    Raises
    ------
    PlanError
        When it is nothing that the painter sends.
    """
    held = st.session_state.get(key)
    found = read_sent(held.get("sent")) if isinstance(held, Mapping) else None
    return found if found is not None and found.scenario == scenario else None


def read_sent(payload: object) -> Sent | None:
    """Read what a browser sent; anybody can send anything.

    Raises
    ------
    PlanError
        When it is nothing that the painter sends.
    """
    if payload is None:
        return None
    try:
        return _read(_mapping(payload))
    except (KeyError, TypeError, ValueError, RecursionError, OverflowError) as error:
        raise PlanError(
            "The map sent something that is no stroke.",
            remedy="Load the page again. What was saved is kept.",
        ) from error


def _read(payload: Mapping[str, Any]) -> Sent:
    client = payload["client"]
    if not isinstance(client, str) or not _CLIENT.fullmatch(client):
        raise ValueError("client")
    given = _list(payload["events"], most=_MOST_EVENTS)
    events = tuple((_number(one["n"]), _event(_mapping(one))) for one in given)
    numbers = [n for n, _ in events]
    if any(a >= b for a, b in itertools.pairwise(numbers)):
        raise ValueError("order")
    drawn = payload.get("drawn")
    return Sent(
        client=client,
        scenario=_text(payload["scenario"]),
        events=events,
        drawn=None if drawn is None else (_number(drawn["n"]), _polygon(drawn["polygon"])),
    )


def _event(given: Mapping[str, Any]) -> Event:
    if given["kind"] not in PAINTABLE:
        raise ValueError("kind")
    body = {name: value for name, value in given.items() if name != "n"}
    if given["kind"] == "edit":
        _text(body["title"])
        for unit, zone in _mapping(body["to"]).items():
            _text(unit)
            _ = zone if zone is None else _text(zone)
    if given["kind"] == "border":
        _text(body["what"])
        for pair in _list(body["pairs"], most=_MOST_EVENTS):
            _texts(pair)
    for name in ("zones", "units"):
        _texts(body.get(name, []))
    return event_from_dict(body)


def _polygon(given: object) -> tuple[tuple[float, float], ...]:
    corners = _list(given, most=_MOST_CORNERS)
    if len(corners) < 3:
        raise ValueError("corners")
    return tuple((_metres(x), _metres(y)) for x, y in corners)


def _metres(given: object) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise TypeError("metres")
    if not math.isfinite(given) or abs(given) > _FURTHEST_M:
        raise ValueError("metres")
    return float(given)


def _number(given: object) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not 0 < given < 2**53:
        raise ValueError("number")
    return given


def _text(given: object) -> str:
    if not isinstance(given, str) or len(given) > _LONGEST_TEXT:
        raise ValueError("text")
    return given


def _texts(given: object) -> None:
    for one in _list(given, most=1_000_000):
        _text(one)


def _list(given: object, *, most: int) -> Sequence[Any]:
    if not isinstance(given, list | tuple) or len(given) > most:
        raise ValueError("list")
    return given


def _mapping(given: object) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise TypeError("mapping")
    return given


def _heard() -> None:
    """Do nothing: Streamlit shows a component's value in the session only if it has a callback."""


@st.cache_resource(max_entries=4, show_spinner=False)
def _as_bytes(key: str, _scene: Mapping[str, Any]) -> bytes:  # noqa: ARG001  it names the content
    """Write a scene out once for all sessions; its key first, where the browser looks for it."""
    ordered = {"key": _scene["key"], **_scene}
    return json.dumps(ordered, separators=(",", ":"), allow_nan=False).encode()


def _digest() -> str:
    digest = hashlib.sha256()
    for path in sorted(BROWSER.iterdir()):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


_FILES = f"painter{_digest()}"
"""The name that the files are served under, with their digest: a browser never mixes versions."""

_mount = components_v2.component(
    "zonewright_painter",
    # Streamlit serves the folder of a component of the first version, wherever it is. Those of
    # the second are inline text, or come from an installed package with a manifest of its own.
    js=f"""
export default async function (component) {{
  const address = new URL("component/{__name__}.{_FILES}/painter.js", document.baseURI);
  return (await import(address)).show(component);
}}
""",
)
