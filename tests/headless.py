"""The app served for a test, and headless Chromium that reaches no host but this machine."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import FrameLocator, Page

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome", "chrome")
     if (found := shutil.which(name))), None,
)  # fmt: skip
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


class Served:
    """The app at a port of its own: it can be killed, and come back at the same address."""

    def __init__(self, settings: dict[str, str]) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.at = f"http://127.0.0.1:{self.port}"
        self.settings = settings
        self.process: subprocess.Popen[bytes]
        self.start()

    def start(self) -> None:
        words = [sys.executable, "-m", "cli", "app", "--no-browser", "--port", str(self.port)]
        # a file that somebody saves meanwhile must not be loaded into the app under test
        environment = {**os.environ, "STREAMLIT_SERVER_FILE_WATCHER_TYPE": "none", **self.settings}
        self.process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL, env=environment)
        _wait_until_up(f"{self.at}/_stcore/health")


@contextmanager
def serve_process(**settings: str) -> Iterator[Served]:
    """Serve the app at a free port with `settings` in its environment."""
    app = Served(settings)
    try:
        yield app
    finally:
        app.process.terminate()
        app.process.wait()


@contextmanager
def serve(**settings: str) -> Iterator[str]:
    """Serve the app at a free port with `settings` in its environment, and give its address."""
    with serve_process(**settings) as app:
        yield app.at


def _wait_until_up(health: str) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with suppress(OSError), urllib.request.urlopen(health):  # noqa: S310  our own server
            return
        time.sleep(0.2)
    raise TimeoutError(health)


class Watched:
    """A page that blocks outside hosts and notes whom it asked and what went wrong."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.outside: list[str] = []
        self.errors: list[str] = []
        page.route(re.compile(rf"^https?://(?!{re.escape(address[7:])})"), self._block)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _block(self, route: object) -> None:
        self.outside.append(route.request.url)  # type: ignore[attr-defined]
        route.abort()  # type: ignore[attr-defined]

    def open(self, path: str) -> FrameLocator:
        self.page.goto(f"{self.address}/{path}")
        return self.page.frame_locator("iframe").first
