"""The planner's journey through Redraw in headless Chromium, and what survives when it is cut off.

She paints on Dorset until the referral rates of the four areas are level, sees how likely they are
to stay level, what happens to caseloads for two years, and who changes worker; closes the laptop
in the middle of a stroke, and opens it again.
"""

import itertools
import os
import re
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Timer

import numpy as np
import numpy.typing as npt
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from analysis.events import Edit
from analysis.scenario import Scenario, evaluate, redrawing
from analysis.tables import plan_table
from app.painter.scene import scene
from forked import Forked
from geo.plan import Plan
from headless import CHROMIUM, Served, Watched, serve_process
from layers.pack import Pack
from store.scenarios import Store, open_store

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]

Numbers = npt.NDArray[np.float64]
LEVEL_CV = 0.03
"""About what chance alone leaves between four areas of 1,300 referrals each."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serve_process(ZONEWRIGHT_STORE=str(tmp_path / "store"), ZONEWRIGHT_USER="anna") as app:
        yield app


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(f"sqlite:///{tmp_path / 'store' / 'scenarios.sqlite'}")


class Redraw:
    """The Redraw page as its user meets it."""

    def __init__(self, browser: Browser, address: str, pack: Pack, query: str) -> None:
        self.context = browser.new_context(viewport={"width": 1366, "height": 768})
        self.page: Page = self.context.new_page()
        self.watched = Watched(self.page, address)
        self.pack = pack
        self.watched.open(f"redraw?pack=dorset&plan=areas{query}")
        self.stage = self.page.locator(".stage")
        expect(self.stage).to_have_attribute("data-view", re.compile(r"\d"), timeout=60_000)

    def at(self, unit: str) -> tuple[float, float]:
        """Say where a small area is on the screen."""
        box = self.stage.bounding_box()
        assert box is not None
        scale, x, y = map(float, (self.stage.get_attribute("data-view") or "").split())
        origin = scene(self.pack, self.pack.plan("areas"))["origin"]
        east, north = self.pack.geography.centre_m[self.pack.geography.position[unit]] - origin
        return (
            box["x"] + box["width"] / 2 + (east - x) * scale,
            box["y"] + box["height"] / 2 - (north - y) * scale,
        )

    def choose(self, zone: str) -> None:
        self.page.locator("button.zone").filter(has_text=zone).click()

    def press(self, *units: str) -> None:
        """Start a stroke over some small areas, and hold it."""
        self.stage.scroll_into_view_if_needed()
        self.page.locator(".size").first.click()
        self.page.mouse.move(*self.at(units[0]))
        self.page.mouse.down()
        for unit in units[1:]:
            self.page.mouse.move(*self.at(unit), steps=4)

    def stroke(self, *units: str, to: str) -> None:
        self.choose(to)
        self.press(*units)
        self.page.mouse.up()

    def move_by_table(self, units: tuple[str, ...], to: str) -> None:
        self.page.get_by_role("tab", name="Table").click()
        search = self.page.get_by_label("Search small areas")
        for unit in units:
            search.fill(unit)
            rows = self.page.locator(".units tbody tr")
            expect(rows).to_have_count(1)
            rows.locator("input").check()
        self.page.get_by_label("Zone to move to").select_option(to)
        self.page.locator(".units").get_by_role("button", name=re.compile("^Move")).click()

    def part(self, name: str) -> None:
        self.page.get_by_role("radio", name=name).or_(
            self.page.get_by_test_id("stButtonGroup").get_by_text(name, exact=True)
        ).first.click()

    def figure(self, title: str) -> Locator:
        """Give the figure on a card."""
        return self.page.locator(".zw-card", has_text=title).first.locator(".now")

    def card(self, title: str) -> str:
        return self.figure(title).inner_text()

    @property
    def scenario(self) -> str:
        found = re.search(r"scenario=([0-9a-f]{32})", self.page.url)
        assert found is not None
        return found[1]


def levelled(pack: Pack) -> Plan:
    """Move small areas across the lines, one or two at once, until the referral rates are level."""
    plan = pack.plan("areas").plan
    x, n = pack.measures.counts("referrals"), pack.measures.counts("children")
    zone, cv = plan.assignment, 1.0
    while cv > LEVEL_CV:
        moves = _moves(pack, zone)
        pairs = [(a, b) for a, b in itertools.combinations(moves, 2) if a[0] != b[0]]
        for group in ([(move,) for move in moves], pairs):
            tried = sorted((_cv(_after(zone, way), x, n), way) for way in group)
            better = (way for other, way in tried if other < cv and _whole(pack, _after(zone, way)))
            found = next(better, None)
            if found:
                break
        assert found, "no move makes them more level"
        zone = _after(zone, found)
        cv = _cv(zone, x, n)
    return Plan(plan.units, plan.zones, zone)


def _moves(pack: Pack, zone: npt.NDArray[np.int32]) -> list[tuple[int, int]]:
    """List every small area at a line with the zone on the other side of it."""
    left, right = pack.geography.neighbours.pairs
    over = np.flatnonzero(zone[left] != zone[right])
    near, far = np.r_[left[over], right[over]], np.r_[right[over], left[over]]
    return sorted(set(zip(near.tolist(), zone[far].tolist(), strict=True)))


def _after(zone: npt.NDArray[np.int32], way: tuple[tuple[int, int], ...]) -> npt.NDArray[np.int32]:
    after = zone.copy()
    for unit, to in way:
        after[unit] = to
    return after


def _cv(
    zone: npt.NDArray[np.int32], x: npt.NDArray[np.float64], n: npt.NDArray[np.float64]
) -> float:
    people = np.bincount(zone, n)
    rates = np.bincount(zone, x) / people
    mean = x.sum() / n.sum()
    return float(np.sqrt((people / people.sum()) @ (rates - mean) ** 2) / mean)


def _whole(pack: Pack, zone: npt.NDArray[np.int32]) -> bool:
    return len(np.unique(pack.geography.neighbours.pieces(zone))) == len(np.unique(zone))


def test_the_planner_levels_the_areas_and_loses_nothing(
    browser: Browser, served: Served, store: Store, dorset: Pack
) -> None:
    entry = dorset.plan("areas")
    wanted = levelled(dorset)
    moved = wanted.moved_from(entry.plan)
    desk = Redraw(browser, served.at, dorset, "")
    before = desk.card("Referral rate CV")
    for zone in wanted.zones:
        going = tuple(unit for unit in moved if wanted.zone_of(unit) == zone)
        if going:
            desk.move_by_table(going, zone)
    level = plan_table(evaluate(redrawing(dorset, wanted, baseline="areas"), dorset), dorset)
    cv = f"{level.cell(level.column('referral_cv'), 0)} %"
    expect(desk.figure("Referral rate CV")).to_have_text(cv, timeout=20_000)
    assert cv != before
    _sees_what_it_does(desk)

    # the laptop is closed in the middle of the next stroke
    desk.choose("West")
    desk.press(*wanted.members("South")[:3])
    url = desk.page.url
    assert desk.watched.outside == []
    assert desk.watched.errors == []
    desk.context.close()
    served.process.send_signal(signal.SIGKILL)
    served.process.wait()

    saved = store.load(re.search(r"scenario=([0-9a-f]{32})", url)[1], dorset)  # type: ignore[index]
    assert saved.scenario.plan == wanted
    served.start()
    again = Redraw(browser, served.at, dorset, f"&scenario={saved.id}")
    assert again.card("Referral rate CV") == cv
    again.part("History")
    expect(again.page.get_by_text("anna").first).to_be_visible(timeout=20_000)
    again.context.close()


def _sees_what_it_does(desk: Redraw) -> None:
    page = desk.page
    desk.part("Equity")
    expect(page.get_by_text("Referral rate: the spread falls").first).to_contain_text(
        "probability", timeout=20_000
    )
    expect(page.get_by_text(re.compile("years")).first).to_be_visible()
    desk.part("Caseload over time")
    expect(page.get_by_text("in month 24").first).to_be_visible(timeout=30_000)
    desk.part("Handover")
    expect(page.get_by_text(re.compile("children change worker")).first).to_be_visible(
        timeout=20_000
    )


def test_a_stroke_on_the_map_is_in_the_store_and_in_the_figures(
    browser: Browser, served: Served, store: Store, dorset: Pack
) -> None:
    plan = dorset.plan("areas").plan
    desk = Redraw(browser, served.at, dorset, "")
    unit = max(
        plan.members("West"), key=lambda u: dorset.geography.area_m2[dorset.geography.position[u]]
    )
    desk.choose("North")
    desk.press(unit)
    desk.page.mouse.up()
    expect(
        desk.page.locator(".zw-card", has_text="Children who").first.locator(".now")
    ).not_to_have_text("0", timeout=20_000)
    assert store.load(desk.scenario).scenario.plan == plan.move([unit], to="North")
    after = evaluate(
        Scenario("x", dorset.plan("areas"), store.load(desk.scenario).scenario.edits), dorset
    )
    desk.page.reload()
    expect(desk.stage).to_have_attribute("data-view", re.compile(r"\d"), timeout=60_000)
    assert desk.card("Children who") == f"{after.changing['children']:,.0f}"
    desk.context.close()


def test_a_line_drawn_on_the_map_becomes_a_step(
    browser: Browser, served: Served, store: Store, dorset: Pack
) -> None:
    desk = Redraw(browser, served.at, dorset, "&part=draw")
    box = desk.stage.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] * 0.55, box["y"] + box["height"] * 0.3
    desk.page.locator("[data-tool='draw'][aria-pressed]").click()
    for dx, dy in ((0, 0), (120, 0), (120, 110), (0, 110)):
        desk.page.mouse.click(x + dx, y + dy)
        desk.page.wait_for_timeout(350)
    desk.page.keyboard.press("Enter")
    desk.page.locator(".zw").get_by_role("button", name="Use it").click()
    accept = desk.page.get_by_role("button", name=re.compile("^Accept"))
    expect(accept).to_be_visible(timeout=20_000)
    accept.click()
    expect(
        desk.page.locator(".zw-card", has_text="Children who").first.locator(".now")
    ).not_to_have_text("0", timeout=20_000)
    saved = store.load(desk.scenario).scenario
    assert len(saved.edits) == 1
    assert saved.plan.moved_from(dorset.plan("areas").plan)
    desk.context.close()


def largest(pack: Pack, zone: str, count: int) -> list[str]:
    """Name the small areas of a zone that are most easily met with a mouse."""
    area = dict(zip(pack.geography.units, pack.geography.area_m2.tolist(), strict=True))
    members = pack.plan("areas").plan.members(zone)
    return sorted(members, key=lambda unit: -area[unit])[:count]


def until(met: Callable[[], bool], *, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def test_the_second_person_is_told_and_puts_hers_on_top(
    browser: Browser, served: Served, store: Store, dorset: Pack
) -> None:
    first, both, hers = largest(dorset, "West", 3)
    name = dorset.geography.names[dorset.geography.position[both]]
    anna = Redraw(browser, served.at, dorset, "")
    anna.stroke(first, to="North")
    until(lambda: store.has(anna.scenario) and store.load(anna.scenario).seq == 1)
    with serve_process(**{**served.settings, "ZONEWRIGHT_USER": "beth"}) as other:
        beth = Redraw(browser, other.at, dorset, f"&scenario={anna.scenario}")
        anna.stroke(both, to="South")
        until(lambda: store.load(anna.scenario).seq == 2)
        beth.stroke(both, to="North")
        told = beth.page.get_by_test_id("stAlert").get_by_text("anna took a step in this scenario")
        expect(told).to_be_visible(timeout=20_000)
        row = beth.page.locator("tr", has_text=name).filter(has_text="yes")
        expect(row).to_contain_text("South")
        expect(row).to_contain_text("North")
        beth.stroke(hers, to="North")  # and paints on before she decides
        expect(beth.page.get_by_text("2 steps are shown but not saved")).to_be_visible()
        assert store.load(anna.scenario).seq == 2
        # the laptop is closed and opened again: she is still told
        beth.page.reload()
        expect(told).to_be_visible(timeout=60_000)
        beth.page.get_by_role("button", name="Put mine on top").click()
        expect(told).to_have_count(0, timeout=20_000)
        expect(beth.page.locator(".zw .saved")).to_contain_text("Saved", timeout=20_000)
        log = store.load(anna.scenario).log
        assert [entry.who for entry in log] == ["anna", "anna", "beth", "beth"]
        plan = store.load(anna.scenario).scenario.plan
        assert [plan.zone_of(unit) for unit in (first, both, hers)] == ["North"] * 3
        assert beth.watched.errors == anna.watched.errors == []
        beth.context.close()
    anna.context.close()


def test_back_and_forward_lead_through_what_was_on_screen(
    browser: Browser, served: Served, dorset: Pack
) -> None:
    desk = Redraw(browser, served.at, dorset, "")
    desk.page.wait_for_url("**part=zones**")
    first, entries = desk.scenario, "window.history.length"
    steps = desk.page.evaluate(entries)
    open_part = desk.page.get_by_test_id("stButtonGroup").locator(
        '[aria-checked="true"], [aria-pressed="true"], [kind$="Active"]'
    )
    desk.part("Equity")
    expect(open_part.filter(has_text="Equity")).to_have_count(1)
    desk.page.wait_for_url("**part=gain**")
    desk.part("History")
    expect(open_part.filter(has_text="History")).to_have_count(1)
    desk.page.wait_for_url("**part=history**")
    assert desk.page.evaluate(entries) == steps + 2  # one a choice
    desk.page.get_by_role("link", name="Zone map").click()
    expect(desk.page.get_by_role("heading", name="Zone map", level=1)).to_be_visible()
    desk.page.go_back()
    expect(desk.page.get_by_role("heading", name="Redraw", level=1)).to_be_visible()
    expect(open_part.filter(has_text="History")).to_have_count(1)
    assert desk.scenario == first
    desk.page.go_back()
    expect(open_part.filter(has_text="Equity")).to_have_count(1)
    desk.page.go_forward()
    expect(open_part.filter(has_text="History")).to_have_count(1)
    desk.page.locator(".stage").wait_for()
    assert desk.watched.errors == []
    desk.context.close()


def test_strokes_that_waited_for_the_disk_are_shown_as_saved_when_they_are(
    browser: Browser, served: Served, store: Store, dorset: Pack
) -> None:
    desk = Redraw(browser, served.at, dorset, "")
    units = largest(dorset, "West", 3)
    saved = desk.page.locator(".zw .saved")
    desk.stroke(units[0], to="South")
    expect(saved).to_contain_text(re.compile("^Saved"), timeout=20_000)
    with closing(sqlite3.connect(store.database.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # as long as that, nothing can be written
        desk.stroke(units[1], to="South")
        desk.stroke(units[2], to="South")
        expect(desk.page.get_by_text("Nothing can be saved now")).to_be_visible(timeout=30_000)
        expect(saved).to_contain_text("Not saved yet")
        other.execute("ROLLBACK")
    expect(saved).to_contain_text(re.compile("^Saved"), timeout=60_000)
    expect(desk.page.get_by_text("Nothing can be saved now")).to_have_count(0)
    assert len(store.load(desk.scenario).log) == 3
    desk.context.close()


KILLS = 20


@pytest.fixture
def forked(tmp_path: Path) -> Iterator[Forked]:
    app = Forked({"ZONEWRIGHT_STORE": str(tmp_path / "store"), "ZONEWRIGHT_USER": "anna"})
    yield app
    app.stop()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked on Unix")
def test_every_stroke_that_was_shown_as_saved_outlives_a_server_that_is_killed(
    browser: Browser, forked: Forked, store: Store, dorset: Pack
) -> None:
    desk = Redraw(browser, forked.at, dorset, "")
    units = [largest(dorset, zone, 3) for zone in ("West", "North")]
    rng = np.random.default_rng(5)
    strokes = itertools.cycle(
        [(unit, zone) for zone in ("South", "Central") for unit in (*units[0], *units[1])]
    )
    painted: list[tuple[str, str]] = []
    shown = 0  # of these, how many the page has shown as saved

    def paint() -> None:
        nonlocal shown
        unit, zone = next(strokes)
        desk.stroke(unit, to=zone)
        painted.append((unit, zone))
        if is_saved(desk):
            shown = len(painted)

    def kept() -> list[tuple[str, str]]:
        if not store.has(desk.scenario):
            return []
        events = [entry.event for entry in store.load(desk.scenario).log]
        return [move for event in events if isinstance(event, Edit) for move in event.to.items()]

    end = time.monotonic() + 300  # a quarter of that is usual
    for _ in range(KILLS):
        killer = Timer(rng.uniform(0.05, 0.6), forked.kill)
        killer.start()
        while killer.is_alive():
            paint()
        killer.join()
        assert kept()[:shown] == painted[:shown]
        paint()  # nobody is there
        forked.start()
        while not is_saved(desk):
            assert time.monotonic() < end, "it was not saved"
            # a queue sends again by itself, and sooner when the browser says that it is online
            desk.page.evaluate("window.dispatchEvent(new Event('online'))")
            desk.page.wait_for_timeout(600)
        shown = len(painted)
        assert kept() == painted
    assert len(painted) > 2 * KILLS
    assert desk.watched.errors == []
    desk.context.close()


def is_saved(desk: Redraw) -> bool:
    """Say whether the page shows everything as saved."""
    said = desk.page.locator(".zw .saved").all_inner_texts()  # none while the page is redrawn
    return bool(said) and all(text.startswith("Saved") for text in said)
