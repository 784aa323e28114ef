"""The Data page as a person uses it: files dropped on it, a pack built, opened on the map."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

import upload_set
from headless import CHROMIUM, Watched, serve
from layers.read import read_pack

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]

SLOW_MS = 60_000


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("packs")


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    with serve(ZONEWRIGHT_PACKS=str(home)) as at:
        yield at


@pytest.fixture(params=[(1366, 768), (1920, 1080)], ids=["laptop", "projector"])
def watched(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Watched]:
    width, height = request.param
    context = browser.new_context(viewport={"width": width, "height": height})
    yield Watched(context.new_page(), address)
    context.close()


def _payloads(files: dict[str, bytes]) -> list[FilePayload]:
    return [
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
        for name, content in files.items()
    ]


def _bring(watched: Watched, files: dict[str, bytes]) -> Page:
    page = watched.page
    watched.open("data")
    expect(page.get_by_role("heading", name="Data", level=1)).to_be_visible(timeout=SLOW_MS)
    page.locator("input[type=file]").set_input_files(_payloads(files))
    expect(page.get_by_role("heading", name="What the files are")).to_be_visible(timeout=SLOW_MS)
    return page


def _choose_authority(page: Page, name: str) -> None:
    box = page.get_by_role("combobox", name="Authority of the pack")
    box.click(timeout=SLOW_MS)
    box.press_sequentially(name, delay=20)
    box.press("Enter")


def _build(page: Page) -> None:
    build = page.get_by_role("button", name="Build", exact=True)
    expect(build).to_be_enabled(timeout=SLOW_MS)
    build.click()


def test_dropped_files_become_a_pack_that_opens_on_the_map(watched: Watched, home: Path) -> None:
    page = _bring(watched, upload_set.files())
    files = page.get_by_role("table", name="The files")
    expect(files.get_by_role("rowheader")).to_have_count(len(upload_set.files()), timeout=SLOW_MS)
    preview = page.frame_locator("iframe").first
    expect(preview.locator("path.leaflet-interactive")).to_have_count(9, timeout=SLOW_MS)
    _choose_authority(page, "Smallshire")
    _build(page)
    opens = page.get_by_role("button", name="Open it on the Zone map")
    expect(opens).to_be_visible(timeout=SLOW_MS)
    ledger = page.get_by_role("table", name="What became of the rows of every file")
    expect(ledger.get_by_role("row", name=upload_set.POLICE)).to_contain_text("no")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download the rejected rows").click()
    assert upload_set.POLICE in saved.value.path().read_text("utf-8-sig")
    opens.click()
    expect(page.get_by_role("heading", name="Zone map", level=1)).to_be_visible(timeout=SLOW_MS)
    zones = page.frame_locator("iframe").first.locator(".zw-label.zone")
    expect(zones).to_have_text(["Middle", "North", "South"], timeout=SLOW_MS)
    assert read_pack(home / "smallshire").authority.name == "Smallshire"
    assert watched.outside == []
    assert watched.errors == []


def test_faults_are_listed_and_files_are_forgotten(watched: Watched) -> None:
    page = _bring(watched, upload_set.files() | {"empty.csv": b""})
    expect(page.get_by_role("alert").filter(has_text="1 that cannot be used")).to_be_visible()
    _choose_authority(page, "Smallshire")
    _build(page)
    faults = page.get_by_role("table", name="What is wrong, and what to do")
    expect(faults).to_contain_text("empty.csv", timeout=SLOW_MS)
    page.get_by_role("button", name="Forget these files").click()
    expect(page.get_by_role("table", name="The files")).to_have_count(0, timeout=SLOW_MS)
    expect(page.get_by_role("table", name="What to bring")).to_be_visible()
    assert watched.outside == []
    assert watched.errors == []


def test_the_page_is_walked_by_keyboard(watched: Watched) -> None:
    page = watched.page
    watched.open("data")
    tab = page.get_by_role("tab", name="Build a pack")
    expect(tab).to_be_visible(timeout=SLOW_MS)
    tab.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_role("table", name="Sources with licence")).to_be_visible(timeout=SLOW_MS)
    assert watched.errors == []
