"""How quick the painter is in a browser: `python benchmarks/painter.py`.

At 500 and at 5,000 small areas, paints strokes in headless Chromium and measures, in the page
itself: the drawing of each frame of a stroke, the totals and pieces worked out and shown, the time
between two frames while the pointer moves, from the end of a stroke to the word that it is saved
(the script ran once in between), and what crossed the websocket for it. Then the same grid as a map
of streamlit-folium: from a click to the new colour. Other sizes may be given:
`python benchmarks/painter.py 249 500`. Prints and asserts nothing.
"""

import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import Browser, Frame, Page, sync_playwright

HERE = Path(__file__).resolve().parent
SIZES = (500, 5_000)
STROKES = 12
CLICKS = 5
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
VIEW = {"width": 1366, "height": 900}

WATCH = """() => {
  window.gaps = [];
  let last = 0;
  const tick = (now) => {
    if (window.painting && last) window.gaps.push(now - last);
    last = now;
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
  const painter = [...document.querySelectorAll("[data-testid=stBidiComponentIsolated]")]
    .map((host) => host.shadowRoot).find((root) => root.querySelector(".stage"));
  const stage = painter.querySelector(".stage");
  stage.addEventListener("pointerdown", () => { window.painting = true; });
  stage.addEventListener("pointerup", () => {
    window.painting = false;
    window.ended = performance.now();
    window.saved = 0;
  });
  const said = painter.querySelector(".saved");
  new MutationObserver(() => {
    if (said.textContent.startsWith("Saved")) window.saved = performance.now();
  }).observe(said, { childList: true, characterData: true, subtree: true });
}"""


def main(sizes: tuple[int, ...]) -> None:
    """Measure each size, then print a table."""
    rows = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        for size in sizes:
            with serve("painter_page.py", size) as address:
                found = paint(browser, address)
            with serve("click_page.py", size) as address:
                found["click on the map of streamlit-folium to its colour"] = click(
                    browser, address
                )
            rows.append(found)
        browser.close()
    report(sizes, rows)


def paint(browser: Browser, address: str) -> dict[str, list[float]]:
    """Paint strokes and give what each took, in milliseconds or bytes."""
    page = browser.new_page(viewport=VIEW)
    up, down = [], []

    def watch(socket_: object) -> None:
        socket_.on("framesent", lambda frame: up.append(len(frame)))  # type: ignore[attr-defined]
        socket_.on("framereceived", lambda frame: down.append(len(frame)))  # type: ignore[attr-defined]

    page.on("websocket", watch)
    begin = time.perf_counter()
    page.goto(address)
    page.locator(".stage[data-view]").wait_for(timeout=60_000)
    shown = (time.perf_counter() - begin) * 1000
    page.wait_for_timeout(1_500)
    first = sum(down)
    page.evaluate(WATCH)
    box = page.locator(".stage").bounding_box()
    assert box is not None
    trips, ups, downs = [], [], []
    page.locator(".size").nth(2).click()
    for stroke in range(STROKES):
        page.locator(f"button.zone[data-zone='{stroke % 3}']").click()
        up.clear()
        down.clear()
        y = box["y"] + 60 + stroke * (box["height"] - 120) / STROKES
        page.mouse.move(box["x"] + 90, y)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] - 90, y + 20, steps=40)
        page.mouse.up()
        page.wait_for_function("window.saved > window.ended", timeout=30_000)
        page.wait_for_timeout(300)
        trips.append(page.evaluate("window.saved - window.ended"))
        ups.append(float(sum(up)))
        downs.append(float(sum(down)))
    found = {
        "frame of a stroke drawn": measures(page, "zonewright-repaint"),
        "totals and pieces worked out and shown": measures(page, "zonewright-totals"),
        "whole map drawn (zoom, first)": measures(page, "zonewright-draw"),
        "from frame to frame in a stroke": page.evaluate("window.gaps"),
        "end of a stroke to saved": trips,
        "page opened to map drawn": [shown],
        "bytes up, a stroke": ups,
        "bytes down, a stroke": downs,
        "bytes down, first page": [float(first)],
    }
    page.close()
    return found


def measures(page: Page, name: str) -> list[float]:
    """Give how long everything of that name took in the page."""
    return list(
        page.evaluate("name => performance.getEntriesByName(name).map((e) => e.duration)", name)
    )


def click(browser: Browser, address: str) -> list[float]:
    """Click small areas and give the milliseconds until each has its new colour."""
    page = browser.new_page(viewport=VIEW)
    page.goto(address)
    frame = map_frame(page)
    took = []
    for at in range(CLICKS):
        frame = map_frame(page)
        page.wait_for_timeout(1_500)
        area = frame.locator("path.leaflet-interactive").nth(30 + at)
        old = area.get_attribute("fill")
        begin = time.perf_counter()
        area.click(force=True)
        while time.perf_counter() - begin < 60:
            with suppress(Exception):  # the frame is drawn anew meanwhile
                now = frame.evaluate(
                    "at => document.querySelectorAll('path.leaflet-interactive')[at]"
                    "?.getAttribute('fill')",
                    30 + at,
                )
                if now and now != old:
                    break
            page.wait_for_timeout(5)
        took.append((time.perf_counter() - begin) * 1000)
    page.close()
    return took


def map_frame(page: Page) -> Frame:
    """Give the frame that streamlit-folium draws in, once it has drawn."""
    page.frame_locator("iframe").locator("path.leaflet-interactive").first.wait_for(timeout=90_000)
    return next(frame for frame in page.frames if "streamlit_folium" in frame.url)


@contextmanager
def serve(page: str, units: int) -> Iterator[str]:
    """Serve a page of this folder and give its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "streamlit", "run", str(HERE / page), f"--server.port={port}"]
    words += ["--server.headless=true", "--server.fileWatcherType=none"]
    environment = {**os.environ, "PAINTER_UNITS": str(units)}
    with subprocess.Popen(  # noqa: S603
        words, cwd=HERE.parent, stdout=subprocess.DEVNULL, env=environment
    ) as process:
        try:
            wait(f"http://127.0.0.1:{port}/_stcore/health")
            yield f"http://127.0.0.1:{port}/"
        finally:
            process.terminate()


def report(sizes: tuple[int, ...], rows: list[dict[str, list[float]]]) -> None:
    """Print medians and 95th percentiles, and how many times as long the click map takes."""
    print(f"{platform.machine()}, {os.cpu_count()} cores; median (95th percentile)\n")
    print("| | " + " | ".join(f"{size:,} small areas" for size in sizes) + " |")
    print("|---" * (len(sizes) + 1) + "|")
    for name in rows[0]:
        unit = "" if name.startswith("bytes") else " ms"
        cells = [_cell(found[name], unit) for found in rows]
        print(f"| {name} | " + " | ".join(cells) + " |")
    ratios = [
        statistics.median(found["click on the map of streamlit-folium to its colour"])
        / statistics.median(found["end of a stroke to saved"])
        for found in rows
    ]
    cells = [f"{ratio:.1f}" for ratio in ratios]
    print("| click map, times the painter's way to Python and back | " + " | ".join(cells) + " |")


def _cell(values: list[float], unit: str) -> str:
    if not values:
        return "not measured"
    ordered = sorted(values)
    high = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    decimals = 0 if not unit or statistics.median(values) >= 100 else 1
    text = f"{statistics.median(values):,.{decimals}f}"
    return f"{text}{unit} ({high:,.{decimals}f})" if len(values) > 1 else f"{text}{unit}"


def wait(health: str) -> None:
    """Wait until a server answers."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with suppress(OSError), urllib.request.urlopen(health):  # noqa: S310  our own server
            return
        time.sleep(0.1)
    raise TimeoutError(health)


if __name__ == "__main__":
    main(tuple(map(int, sys.argv[1:])) or SIZES)
