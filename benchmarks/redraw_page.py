"""How quick the whole Redraw page answers a stroke: `python benchmarks/redraw_page.py`.

Serves the app with an empty store and opens Redraw in headless Chromium, once with each part of the
page open. There it paints strokes of one small area and of about ten with the pointer, and measures
from the moment the button is let go: until the painter says `Saved`; until the page stands, which
is when the script has ended and nothing on the page changed for a while after it. Beside it: what
the server's processors worked, what crossed the websocket, and how long the map of
streamlit-folium takes to colour a unit (`click_page.py`, as many units, nothing else on its page).

Other plans and parts may be named: `python benchmarks/redraw_page.py durham hubs gain time`. Prints
and asserts nothing.
"""

import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import TimeoutError as TooLate

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from painter import QUIET, click, serve, wait

from analysis.events import Edit
from app.painter.scene import scene
from geo.plan import Plan
from layers.catalogue import open_pack
from layers.pack import Pack
from store.scenarios import Store, open_store

HERE = Path(__file__).resolve().parent
PARTS = {
    "zones": "Zones", "gain": "Equity", "time": "Caseload over time", "staff": "Staff or lines",
    "handover": "Handover", "lines": "Coterminosity", "draw": "Draw or load",
    "history": "History", "assumptions": "Assumptions",
}  # fmt: skip
"""Key and title of each part of the page."""

STROKES = 16
FIRST = 2
"""Strokes that warm the page up and are not counted."""

MANY = 10
"""Small areas of every second stroke; the others are of one."""

VIEW = {"width": 1366, "height": 1000}
QUIET_MS = 350
"""The page stands when nothing changed for so long; the time told is that of the last change."""

WATCH = """() => {
  const root = [...document.querySelectorAll("[data-testid=stBidiComponentIsolated]")]
    .map((host) => host.shadowRoot).find((shadow) => shadow?.querySelector(".stage"));
  const stage = root.querySelector(".stage");
  const said = root.querySelector(".saved");
  const page = document.querySelector("[data-testid=stApp]");
  const times = { ended: 0, saved: 0, stopped: 0, touched: 0 };
  window.times = times;
  stage.addEventListener("pointerup", () => {
    Object.assign(times, { ended: performance.now(), saved: 0, stopped: 0, touched: 0 });
  });
  new MutationObserver(() => {
    if (said.textContent.startsWith("Saved")) times.saved = performance.now();
  }).observe(said, { childList: true, characterData: true, subtree: true });
  new MutationObserver(() => {
    if (page.dataset.testScriptState === "notRunning") times.stopped = performance.now();
  }).observe(page, { attributes: true, attributeFilter: ["data-test-script-state"] });
  new MutationObserver(() => { times.touched = performance.now(); })
    .observe(document.querySelector("[data-testid=stMain]"),
             { childList: true, characterData: true, subtree: true });
  window.stands = (quiet) => {
    // a short script may have ended before the painter has written that it is saved
    const last = Math.max(times.stopped, times.touched, times.saved);
    return times.saved > times.ended && times.stopped > times.ended
      && page.dataset.testScriptState === "notRunning" && performance.now() - last > quiet;
  };
  window.isMap = (x, y) => {
    const on = root.elementFromPoint(x, y);
    return on === stage || (on?.tagName === "CANVAS" && stage.contains(on));
  };
}"""


@dataclass
class Found:
    """What strokes on one part of the page took: milliseconds, bytes and small areas, one each."""

    saved: list[float] = field(default_factory=list)
    stands: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)
    up: list[float] = field(default_factory=list)
    down: list[float] = field(default_factory=list)
    units: list[float] = field(default_factory=list)


def main(pack_key: str, plan_key: str, parts: list[str]) -> None:
    """Measure every part, then the click map, and print a table."""
    pack = open_pack(pack_key)
    rows = {}
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        with tempfile.TemporaryDirectory() as folder, serve_app(folder) as app:
            for part in parts:
                desk = Desk(browser, app, pack, plan_key)
                rows[part] = desk.measure(part)
                print(f"{part}: {_cell(rows[part].stands, ' ms')}", file=sys.stderr, flush=True)
        with serve("click_page.py", len(pack.geography.units)) as address:
            clicked = click(browser, address)
        browser.close()
    report(pack, plan_key, rows, clicked)


@dataclass(frozen=True)
class Served:
    """The app as it is served: its address, its process and the folder of its store."""

    address: str
    process: int
    folder: str


class Desk:
    """The Redraw page of one browser, and where its plan is kept."""

    def __init__(self, browser: Browser, app: Served, pack: Pack, plan: str) -> None:
        """Open nothing yet."""
        self._browser, self._app = browser, app
        self._store: Store = open_store(f"sqlite:///{app.folder}/scenarios.sqlite")
        self._pack, self._start = pack, pack.plan(plan)
        self._rng = np.random.default_rng(3)
        self._sent = Traffic()

    def measure(self, part: str) -> Found:
        """Paint strokes with that part open."""
        page = self._browser.new_page(viewport=VIEW)
        page.on("websocket", self._sent.watch)
        query = f"pack={self._pack.authority.key}&plan={self._start.key}&part={part}"
        page.goto(f"{self._app.address}/redraw?{query}")
        page.locator(".stage[data-view]").wait_for(timeout=90_000)
        page.wait_for_timeout(4_000)
        page.evaluate(WATCH)
        page.locator(".size").first.click()
        found = Found()
        for stroke in range(FIRST + STROKES):
            taken = self._stroke(page, MANY if stroke % 2 else 1)
            if stroke >= FIRST and taken is not None:
                for name, value in taken.items():
                    getattr(found, name).append(value)
        page.close()
        return found

    def _stroke(self, page: Page, units: int) -> dict[str, float] | None:
        """Paint across a line into the next zone; None where the stroke moved nothing."""
        way = self._way(page, units)
        if way is None:
            return None
        zone, points = way
        page.locator(f"button.zone[data-zone='{zone}']").click()
        before = self._steps(page)
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point, steps=2)
        self._sent.forget()
        worked = _processor_ms(self._app.process)
        page.mouse.up()
        try:
            page.wait_for_function("quiet => window.stands(quiet)", arg=QUIET_MS, timeout=20_000)
        except TooLate:
            return None
        times = page.evaluate("window.times")
        steps = self._steps(page)[len(before) :]
        return {
            "saved": times["saved"] - times["ended"],
            "stands": max(times["stopped"], times["touched"]) - times["ended"],
            "worked": _processor_ms(self._app.process) - worked,
            "up": float(self._sent.up),
            "down": float(self._sent.down),
            "units": float(sum(len(edit.to) for edit in steps)),
        }

    def _way(self, page: Page, units: int) -> tuple[int, list[tuple[float, float]]] | None:
        """Find small areas of one zone beside another that can be seen, and where they are."""
        plan, seen = self._plan(page), self._seen(page)
        left, right = self._pack.geography.neighbours.pairs
        ends = np.concatenate([np.column_stack(way) for way in ((left, right), (right, left))])
        zone = plan.assignment
        over = ends[(zone[ends[:, 0]] != zone[ends[:, 1]]) & (zone[ends] >= 0).all(axis=1)]
        for a, b in self._rng.permutation(over):
            if a not in seen:
                continue
            group = [int(a)]
            for one in group:
                near = ends[ends[:, 0] == one, 1]
                fresh = [int(u) for u in near if zone[u] == zone[a] and u in seen]
                group += [u for u in fresh if u not in group]
            x, y = seen[int(a)]
            group.sort(key=lambda u: (seen[u][0] - x) ** 2 + (seen[u][1] - y) ** 2)
            if len(group) >= 2 * units:  # the zone stays
                return int(zone[b]), [seen[u] for u in group[:units]]
        return None

    def _seen(self, page: Page) -> dict[int, tuple[float, float]]:
        """Say where the middle of each small area is that can be painted on the screen."""
        box = page.locator(".stage").bounding_box()
        assert box is not None
        told = page.locator(".stage").get_attribute("data-view") or ""
        scale, x, y = map(float, told.split())
        middle = self._pack.geography.centre_m - scene(self._pack, self._start)["origin"]
        places = (middle - [x, y]) * [scale, -scale]
        places += [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
        on = page.evaluate("ps => ps.map(([x, y]) => window.isMap(x, y))", places.tolist())
        return {i: (float(px), float(py)) for i, (px, py) in enumerate(places) if on[i]}

    def _plan(self, page: Page) -> Plan:
        key = _scenario(page)
        return self._store.load(key).scenario.plan if self._store.has(key) else self._start.plan

    def _steps(self, page: Page) -> tuple[Edit, ...]:
        key = _scenario(page)
        return self._store.load(key).scenario.edits if self._store.has(key) else ()


class Traffic:
    """Bytes over the websocket since they were last forgotten."""

    up: int = 0
    down: int = 0

    def forget(self) -> None:
        """Begin anew."""
        self.up = self.down = 0

    def watch(self, line: Any) -> None:
        """Count what one websocket carries."""
        line.on("framesent", self._sent)
        line.on("framereceived", self._received)

    def _sent(self, frame: str | bytes) -> None:
        self.up += len(frame)

    def _received(self, frame: str | bytes) -> None:
        self.down += len(frame)


def _scenario(page: Page) -> str:
    return page.url.partition("scenario=")[2].partition("&")[0]


@contextmanager
def serve_app(folder: str) -> Iterator[Served]:
    """Serve the app at a free port, with its store in a folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "cli", "app", "--no-browser", "--port", str(port)]
    settings = {"ZONEWRIGHT_STORE": folder, "STREAMLIT_SERVER_FILE_WATCHER_TYPE": "none"}
    with subprocess.Popen(  # noqa: S603
        words, cwd=HERE.parent, stdout=subprocess.DEVNULL, env={**os.environ, **settings}
    ) as process:
        try:
            wait(f"http://127.0.0.1:{port}/_stcore/health")
            yield Served(f"http://127.0.0.1:{port}", process.pid, folder)
        finally:
            process.terminate()


def report(pack: Pack, plan_key: str, rows: dict[str, Found], clicked: list[float]) -> None:
    """Print medians and 95th percentiles, and how many times as long the click map takes."""
    count = len(pack.geography.units)
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(
        f"{pack.authority.name}, plan '{plan_key}', {count} small areas; {platform.machine()}, "
        f"{os.cpu_count()} cores, load {load}; median (95th percentile)\n"
    )
    heads = ("part", "strokes", "small areas", "saved", "page stands", "server worked", "bytes up",
             "bytes down", "click map, times")  # fmt: skip
    print("| " + " | ".join(heads) + " |")
    print("|---" * len(heads) + "|")
    for part, found in rows.items():
        if not found.stands:
            print(f"| {PARTS[part]} | 0 | no stroke moved anything |")
            continue
        ratio = statistics.median(clicked) / statistics.median(found.stands)
        areas = f"{min(found.units):.0f} to {max(found.units):.0f}"
        cells = (
            PARTS[part], str(len(found.stands)), areas,
            *(_cell(times, " ms") for times in (found.saved, found.stands, found.worked)),
            _cell(found.up), _cell(found.down), f"{ratio:.1f}",
        )  # fmt: skip
        print("| " + " | ".join(cells) + " |")
    every = [time for found in rows.values() for time in found.stands]
    print(f"\nAll parts: page stands after {_cell(every, ' ms')}.")
    print(f"Click on the map of streamlit-folium to its colour: {_cell(clicked, ' ms')}.")


def _cell(values: list[float], unit: str = "") -> str:
    if not values:
        return "not measured"
    high = np.quantile(values, 0.95, method="higher")
    return f"{statistics.median(values):,.0f}{unit} ({high:,.0f})"


def _processor_ms(process: int) -> float:
    """Give the processor time of a process so far; NaN where the system does not tell."""
    try:
        told = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return float("nan")
    return (int(told[11]) + int(told[12])) * 1000 / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    given = sys.argv[1:]
    main(*(given[:2] if len(given) > 1 else ("dorset", "areas")), given[2:] or list(PARTS))
