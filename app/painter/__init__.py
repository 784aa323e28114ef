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
from dataclasses import dataclass, replace
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

_MOST_EVENTS = 1_000
"""That are taken at once; the store takes no more."""

_MOST_LISTED = 1_000_000
_MOST_PAIRS = 10_000
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
    base
        The scenario's last event (`seq` of `state`) that was on screen when the oldest of the
        events was made; None when that is not known.
    unread
        Numbers of what is no event of the painter: to be refused, or the browser sends it for ever.
    """

    client: str
    scenario: str
    events: tuple[tuple[int, Event], ...]
    drawn: tuple[int, tuple[tuple[float, float], ...]] | None = None
    base: int | None = None
    unread: tuple[int, ...] = ()

    def after(self, ack: int) -> "Sent":
        """Leave out what was taken: all numbers up to `ack`."""
        drawn = self.drawn if self.drawn is not None and self.drawn[0] > ack else None
        fresh = tuple((n, event) for n, event in self.events if n > ack)
        unread = tuple(n for n in self.unread if n > ack)
        return replace(self, events=fresh, drawn=drawn, unread=unread)


def paint(
    scene: Mapping[str, Any], state: Mapping[str, Any], *, key: str, height: int = 620
) -> None:
    """Show the painter.

    What the browser sends is there before the page's script runs again: a page that asks
    `waiting` first, takes the events and then paints answers in one run of the script.

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
    """
    # Streamlit forgets files that were declared outside of a run: at each run, it costs nothing
    components_v1.declare_component(_FILES, path=BROWSER)
    with st.container(gap=None):
        _mount(data=_as_bytes(str(scene["key"]), scene), key=f"{key}-scene")
        _mount(data={**state, "height": height}, key=key, on_sent_change=_heard)


def waiting(key: str, *, scenario: str) -> Sent | None:
    """Give what the browser sent, before or after the painter is shown in this run.

    Returns
    -------
    Sent | None
        None when nothing was sent, or what was sent is of another scenario.

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

    An event or a polygon that is none of ours goes to `unread` by its number, so that the others
    are taken and the browser is told.

    Raises
    ------
    PlanError
        When it is nothing that the painter sends.
    """
    if payload is None:
        return None
    try:
        return _read(_mapping(payload))
    except _WRONG as error:
        raise PlanError(
            "The map sent something that is no stroke.",
            remedy="Load the page again. What was saved is kept.",
        ) from error


_WRONG = (PlanError, KeyError, TypeError, ValueError, RecursionError, OverflowError)
"""What a payload of another shape than ours leads to."""


def _read(payload: Mapping[str, Any]) -> Sent:
    client = payload["client"]
    if not isinstance(client, str) or not _CLIENT.fullmatch(client):
        raise ValueError("client")
    scenario = _text(payload["scenario"])
    events: list[tuple[int, Event]] = []
    unread: list[int] = []
    given = _list(payload["events"], most=_MOST_LISTED)[:_MOST_EVENTS]  # the rest is sent again
    for one in given:
        number = _number(_mapping(one)["n"])
        try:
            events.append((number, _event(one)))
        except _WRONG:
            unread.append(number)
    if any(a >= b for a, b in itertools.pairwise(one["n"] for one in given)):
        raise ValueError("order")
    drawn = None
    if payload.get("drawn") is not None:
        number = _number(_mapping(payload["drawn"])["n"])
        try:
            drawn = (number, _polygon(payload["drawn"]["polygon"]))
        except _WRONG:
            unread.append(number)
    base = payload.get("base")
    return Sent(
        client=client,
        scenario=scenario,
        events=tuple(events),
        drawn=drawn,
        base=None if base is None else _number(base, least=0),
        unread=tuple(sorted(unread)),
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
        for pair in _list(body["pairs"], most=_MOST_PAIRS):
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


def _number(given: object, *, least: int = 1) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not least <= given < 2**53:
        raise ValueError("number")
    return given


def _text(given: object) -> str:
    if not isinstance(given, str) or len(given) > _LONGEST_TEXT:
        raise ValueError("text")
    return given


def _texts(given: object) -> None:
    for one in _list(given, most=_MOST_LISTED):
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
