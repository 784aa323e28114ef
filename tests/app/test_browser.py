"""The app as a person sees it: headless Chromium, with every host but this machine blocked."""

import re
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, FrameLocator, expect

from headless import CHROMIUM, Watched, serve
from layers.pack import Pack

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    with serve() as at:
        yield at


@pytest.fixture(params=[(1366, 768), (1920, 1080)], ids=["laptop", "projector"])
def watched(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Watched]:
    width, height = request.param
    context = browser.new_context(viewport={"width": width, "height": height})
    yield Watched(context.new_page(), address)
    context.close()


@pytest.fixture
def laptop(browser: Browser, address: str) -> Iterator[Watched]:
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    yield Watched(context.new_page(), address)
    context.close()


def _wait_for(met: Callable[[], bool], *, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.2)


def _areas(chart: FrameLocator) -> int:
    chart.locator("path.leaflet-interactive").first.wait_for(timeout=30_000)
    return chart.locator("path.leaflet-interactive").count()


@pytest.mark.parametrize(
    ("path", "heading"),
    [
        ("", "Zone map"),
        ("need_and_outcomes", "Need and outcomes"),
        ("redraw", "Redraw"),
        ("sources", "Sources"),
    ],
)
def test_each_page_loads_and_asks_nobody_outside(watched: Watched, path: str, heading: str) -> None:
    watched.open(path)
    expect(watched.page.get_by_role("heading", name=heading, level=1)).to_be_visible(timeout=30_000)
    expect(watched.page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=30_000)
    assert watched.outside == []
    assert watched.errors == []
    assert watched.page.get_by_test_id("stException").count() == 0


def test_the_zone_map_draws_every_small_area(watched: Watched, shipped: Pack) -> None:
    chart = watched.open(f"?pack={shipped.authority.key}&shade=referrals&by=unit")
    assert _areas(chart) == len(shipped.geography)
    expect(chart.locator(".zw-legend")).to_contain_text("per 10,000 children")
    expect(chart.locator(".zw-legend")).to_contain_text("Illustrative")
    assert watched.outside == []
    assert watched.errors == []


def test_layers_are_switched_on_the_map(laptop: Watched) -> None:
    chart = laptop.open("?pack=dorset")
    _areas(chart)
    assert chart.locator(".zw-mark").count() == 0
    chart.locator(".leaflet-control-layers").hover()
    chart.get_by_text("Schools", exact=True).click()
    expect(chart.locator(".zw-mark").first).to_be_visible()
    chart.locator(".zw-mark[title*='Thomas Hardye']").click(force=True)
    expect(chart.locator(".leaflet-popup")).to_contain_text("Pyramid")
    assert laptop.errors == []


def test_a_click_on_a_small_area_tells_its_figures(laptop: Watched) -> None:
    chart = laptop.open("?pack=kirklees&shade=asb&by=unit")
    _areas(chart)
    chart.locator("path.leaflet-interactive").nth(40).click(force=True)
    expect(chart.locator(".leaflet-popup")).to_contain_text("Kirklees")


def test_online_tiles_are_asked_for_only_when_switched_on(laptop: Watched) -> None:
    chart = laptop.open("?pack=dorset")
    _areas(chart)
    assert laptop.outside == []
    laptop.page.get_by_text("Classes and colours").click()
    laptop.page.wait_for_timeout(600)  # the box opens slowly and swallows a click until it has
    with laptop.page.expect_request(re.compile("openstreetmap"), timeout=15_000):
        laptop.page.get_by_text("Online background map").click()
    assert _areas(chart) == 249
    assert all("tile.openstreetmap.org" in url for url in laptop.outside)


def test_the_full_screen_shows_the_map_and_nothing_else(watched: Watched) -> None:
    chart = watched.open("projector?pack=dorset&plan=zones")
    assert _areas(chart) == 249
    expect(watched.page.get_by_test_id("stSidebar")).to_be_hidden()
    expect(chart.locator(".zw-legend.large")).to_be_visible()
    expect(chart.locator(".zw-label.zone-large").first).to_be_visible()
    size = watched.page.viewport_size
    box = watched.page.locator("iframe").first.bounding_box()
    assert size is not None
    assert box is not None
    assert (box["width"], box["height"]) == (size["width"], size["height"])
