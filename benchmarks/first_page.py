"""How long until the first page stands, from a cold start: `python benchmarks/first_page.py`.

Starts the app of this very Python (a clone's `.venv`, or an installed copy), opens the default
page in headless Chromium and stops the watch when the map has drawn its small areas. Each round
is a new server process and a new browser. Prints seconds and asserts nothing.
"""

import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress

from playwright.sync_api import sync_playwright

ROUNDS = 5
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


def main(python: str) -> None:
    """Measure and print; `python` is the interpreter whose copy is measured."""
    server, page = [], []
    for _ in range(ROUNDS):
        up, drawn = _round(python)
        server.append(up)
        page.append(drawn)
        print(f"server up {up:.2f} s, then first map drawn {drawn:.2f} s", flush=True)
    total = [a + b for a, b in zip(server, page, strict=True)]
    print(
        f"median: server {statistics.median(server):.2f} s, page {statistics.median(page):.2f} s, "
        f"together {statistics.median(total):.2f} s"
    )


def _round(python: str) -> tuple[float, float]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [python, "-m", "cli", "app", "--no-browser", "--port", str(port)]
    begin = time.perf_counter()
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as app, sync_playwright() as play:  # noqa: S603
        _wait(f"http://127.0.0.1:{port}/_stcore/health")
        up = time.perf_counter() - begin
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        try:
            begin = time.perf_counter()
            page.goto(f"http://127.0.0.1:{port}/")
            frame = page.frame_locator("iframe").first
            frame.locator("path.leaflet-interactive").nth(200).wait_for(timeout=30_000)
            drawn = time.perf_counter() - begin
        finally:
            browser.close()
            app.terminate()
    return up, drawn


def _wait(health: str) -> None:
    while True:
        with suppress(OSError), urllib.request.urlopen(health):  # noqa: S310  our own server
            return
        time.sleep(0.05)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else sys.executable)
