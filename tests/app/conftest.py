"""One browser for all tests of pages: Playwright starts once in a process."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from headless import CHROMIUM, QUIET


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield chromium
        chromium.close()
