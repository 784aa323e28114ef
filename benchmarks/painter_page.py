"""A page with nothing but the painter, for its benchmark and its browser tests.

A grid of small areas of uneven squares that share their corners, in zones from west to east.
`PAINTER_UNITS` sets how many. What is painted is kept in memory, or in the folder that
`PAINTER_KEPT` names, so that a server that was killed knows it again. In the address, `s` names the
scenario, `slow` how many seconds the page takes, `refuse` a zone that takes nothing, and `stale`
a step of somebody else's that no stroke gets past.
"""

import base64
import functools
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from analysis.events import Edit, Event, event_from_dict, event_to_dict
from analysis.scenario import Scenario
from app.painter import paint, waiting
from app.palettes import zone_colour
from geo.errors import PlanError
from geo.plan import Plan
from layers.pack import NamedPlan

UNITS = int(os.environ.get("PAINTER_UNITS", "249"))
ZONES = ("West", "Middle", "East", "North <img src=x onerror=window.hit=1>")
SIDE_M = 1_000.0
SCALE = 0.1
KEY = "painter"


def b64(values: npt.ArrayLike, kind: str) -> str:
    """Write numbers as the browser reads them."""
    return base64.b64encode(np.asarray(values).astype(kind).tobytes()).decode()


def grid(units: int, *, seed: int = 5) -> dict[str, Any]:
    """Draw a scene of `units` uneven squares."""
    rng = np.random.default_rng(seed)
    columns = int(np.ceil(np.sqrt(units * 1.4)))
    rows = int(np.ceil(units / columns))
    # each side has points between its corners, so that lines are as rich as real ones
    parts = 4
    wide, high = columns * parts + 1, rows * parts + 1
    y, x = np.mgrid[0:high, 0:wide] * (SIDE_M / parts)
    shift = rng.uniform(-SIDE_M / 16, SIDE_M / 16, (2, high, wide))  # no line may cross another
    x, y = x + shift[0], y + shift[1]
    xy, rings, centres = [], [0], []
    for unit in range(units):
        row, column = divmod(unit, columns)
        r, c = row * parts, column * parts
        along = [(r, c + i) for i in range(parts)] + [(r + i, c + parts) for i in range(parts)]
        along += [(r + parts, c + parts - i) for i in range(parts)]
        along += [(r + parts - i, c) for i in range(parts)]
        xy += [(x[at], y[at]) for at in along]
        rings.append(len(xy))
        centres.append((x[r + parts // 2, c + parts // 2], y[r + parts // 2, c + parts // 2]))
    pairs = []
    for unit in range(units):
        if (unit + 1) % columns and unit + 1 < units:
            pairs.append((unit, unit + 1))
        if unit + columns < units:
            pairs.append((unit, unit + columns))
    children = rng.integers(180, 520, units)
    referrals = rng.poisson(children * (0.03 + 0.04 * rng.random(units)))
    hidden = (referrals > 0) & (referrals < 6)
    cases = rng.poisson(referrals * 0.8 + 2)
    unknown = np.where(np.arange(units) == 7, np.nan, rng.integers(500, 2_000, units))
    names = [f"Place {i // 20 + 1:03}{'ABCDEFGHIJKLMNOPQRST'[i % 20]}" for i in range(units)]
    names[3] = "<img src=x onerror=window.hit=1> & Sons"
    blocks = np.arange(units) // columns // 3 * 100 + np.arange(units) % columns // 3
    ward = np.unique(blocks, return_inverse=True)[1]
    count = {"unit": "in 2024", "decimals": 0}
    points = rng.random((2, 40)) * np.array([[columns], [rows]]) * SIDE_M
    return {
        "version": 1,
        "key": f"grid{units:012}",
        "unitWord": "small area",
        "zoneWord": "zone",
        "origin": [360_000, 90_000],
        "bounds": [0, 0, columns * SIDE_M, rows * SIDE_M],
        "codes": [f"E01{i:06}" for i in range(units)],
        "names": names,
        "xy": b64(np.round(np.array(xy) / SCALE), "<i4"),
        "scale": SCALE,
        "rings": b64(rings, "<u4"),
        "unitRings": b64(np.arange(units + 1), "<u4"),
        "pairs": b64(pairs, "<u4"),
        "passable": b64(np.ones(len(pairs)), "u1"),
        "apart": b64(np.zeros(len(pairs)), "u1"),
        "centres": b64(centres, "<f4"),
        "coarse": [
            {
                "key": "ward",
                "title": "Ward",
                "group": b64(ward, "<i4"),
                "names": [f"Ward {i}" for i in range(ward.max() + 1)],
            }
        ],
        "live": [
            {"key": "children", "title": "Children", **count}
            | {"values": b64(children, "<f8"), "estimated": b64(np.zeros(units), "u1")},
            {"key": "referrals", "title": "Referrals", **count}
            | {"values": b64(referrals, "<f8"), "estimated": b64(hidden, "u1")},
            {"key": "open_cases", "title": "Open cases", **count}
            | {"values": b64(cases, "<f8"), "estimated": b64(np.zeros(units), "u1")},
            {"key": "asb", "title": "Anti-social behaviour", **count}
            | {"values": b64(unknown, "<f8"), "estimated": b64(np.zeros(units), "u1")},
        ],
        "rates": [
            {"key": "referral_rate", "title": "Referral rate", "unit": "per 10,000 children"}
            | {"decimals": 0, "numerator": "referrals", "denominator": "children", "per": 10_000},
            {"key": "cases_per_fte", "title": "Cases per FTE", "unit": "cases", "decimals": 1}
            | {"numerator": "open_cases", "denominator": "fte", "per": 1},
        ],
        "areas": [
            {
                "key": "idaci",
                "title": "Children in low income",
                "unit": "per cent, 2024",
                "fills": [
                    ("#eff3ff", "#9ecae1", "#3182bd")[int(v)] for v in rng.integers(0, 3, units)
                ],
                "texts": [f"{v} %" for v in rng.integers(5, 40, units)],
                "legend": [
                    {"colour": "#eff3ff", "text": "5 to 15"},
                    {"colour": "#9ecae1", "text": "15 to 25"},
                    {"colour": "#3182bd", "text": "25 to 40"},
                ],
                "note": "",
            }
        ],
        "points": [
            {
                "key": "schools",
                "title": "Schools",
                "glyph": "square",
                "x": b64(points[0], "<f4"),
                "y": b64(points[1], "<f4"),
                "names": [f"School <b>{i}</b>" for i in range(40)],
                "lines": [["Primary", "210 pupils"]] * 40,
            }
        ],
        "groupings": [
            {
                "key": "pyramids",
                "title": "School pyramids",
                "group": b64(ward // 4, "<i4"),
                "names": [f"Pyramid {i}" for i in range(ward.max() // 4 + 1)],
            }
        ],
        "towns": [
            {"x": SIDE_M * (2 + 3 * i % columns), "y": SIDE_M * (1 + 2 * i % rows)}
            | {"name": f"Town {i}", "population": 90_000 - 9_000 * i}
            for i in range(6)
        ],
        "standing": "Illustrative: made for a test.",
        "source": "",
    }


class Kept:
    """What was painted, by all who look: a scenario, and the last number of each client."""

    def __init__(self, key: str) -> None:
        """Start anew, or from the file of a server that was killed."""
        units = tuple(scene()["codes"])
        columns = int(np.ceil(np.sqrt(UNITS * 1.4)))
        assignment = np.minimum(np.arange(UNITS) % columns * len(ZONES) // columns, len(ZONES) - 1)
        plan = Plan(units, ZONES, assignment.astype(np.int32))
        named = NamedPlan("start", "the start", "zone", "zones", "approximate", "", "", plan)
        self.scenario = Scenario(key, named)
        self.acks: dict[str, int] = {}
        self.taken: list[str] = []
        self.drawn: list[Any] = []
        folder = os.environ.get("PAINTER_KEPT")
        self.file = Path(folder) / f"{key}.jsonl" if folder else None
        if self.file and self.file.exists():
            for line in self.file.read_text().splitlines():
                client, n, event = json.loads(line)
                self._apply(client, n, event_from_dict(event))

    def take(self, client: str, n: int, event: Event) -> str:
        """Take an event once; say why not."""
        zones = event.to.values() if isinstance(event, Edit) else ()
        if st.query_params.get("refuse", "none") in zones:
            self.acks[client] = n
            return "East is full. Choose another zone."
        try:
            self._apply(client, n, event)
        except PlanError as error:
            self.acks[client] = n
            return str(error)
        if self.file:
            with self.file.open("a") as stream:
                stream.write(json.dumps([client, n, event_to_dict(event)]) + "\n")
        return ""

    def _apply(self, client: str, n: int, event: Event) -> None:
        self.scenario = self.scenario.take(event)
        self.acks[client] = n
        self.taken.append(f"{client} {n} {event.kind}")


@functools.cache
def scene() -> dict[str, Any]:
    """Give the scene, drawn once."""
    return grid(UNITS)


@st.cache_resource
def kept(key: str) -> Kept:
    """Give what all sessions share."""
    return Kept(key)


def state(held: Kept, client: str | None, refused: list[dict[str, Any]]) -> dict[str, Any]:
    """Tell the browser how things stand."""
    scenario = held.scenario
    plan, start = scenario.plan, scenario.baseline.plan
    return {
        "scene": scene()["key"],
        "scenario": scenario.key,
        "title": "Harness",
        "zones": [{"name": z, "colour": zone_colour(i)} for i, z in enumerate(plan.zones)],
        "assignment": b64(plan.assignment, "<i2"),
        "baseline": b64(start.assignment, "<i2"),
        "baselineZones": list(start.zones),
        "lockedZones": sorted(scenario.locked_zones),
        "lockedUnits": sorted(scenario.locked_units),
        "links": sorted(map(list, scenario.links)),
        "cuts": sorted(map(list, scenario.cuts)),
        "fte": {"West": 12.5, "Middle": 14.0, "East": 9.0, ZONES[3]: None},
        "tolerance": scenario.assumptions.tolerance,
        "client": client,
        "ack": held.acks.get(client or "", 0),
        "refused": refused,
        "undo": scenario.edits[-1].title if scenario.edits else None,
        "redo": scenario.undone[-1].title if scenario.undone else None,
        "saved": f"Saved: {len(scenario.edits)} steps" if held.taken else "",
        "trouble": "",
        "notice": "Ben was quicker." if _is_stale() else "",
        "stale": _is_stale(),
        "focus": None,
    }


def _is_stale() -> bool:
    return "stale" in st.query_params


def main() -> None:
    """Take what came, then paint: one run a stroke."""
    st.set_page_config(layout="wide")
    st.title("Harness")
    held = kept(st.query_params.get("s", "harness"))
    time.sleep(float(st.query_params.get("slow", "0")))
    sent = waiting(KEY, scenario=held.scenario.key)
    refused = st.session_state.setdefault("refused", {})
    client = None
    if sent is not None and not _is_stale():
        client = sent.client
        fresh = sent.after(held.acks.get(client, 0))
        for n, event in fresh.events:
            why = held.take(client, n, event)
            if why:
                refused.setdefault(client, []).append({"n": n, "message": why})
        if fresh.drawn:
            held.drawn.append(fresh.drawn[1])
            held.acks[client] = max(held.acks.get(client, 0), fresh.drawn[0])
    paint(scene(), state(held, client, refused.get(client, [])[-20:]), key=KEY)
    if _is_stale():
        st.html('<div style="height: 900px"></div>')
        with st.container(key="decision"):
            st.button("Put mine on top")
    st.code(
        json.dumps(
            {
                "taken": held.taken,
                "locked": sorted(held.scenario.locked_zones | held.scenario.locked_units),
                "links": sorted(held.scenario.links),
                "cuts": sorted(held.scenario.cuts),
                "edits": [edit.title for edit in held.scenario.edits],
                "zones": held.scenario.plan.assignment.tolist(),
                "drawn": held.drawn,
            }
        ),
        language=None,
    )


if __name__ == "__main__":
    main()
