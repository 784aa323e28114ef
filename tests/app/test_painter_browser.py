"""The painter as a hand, a keyboard and a finger meet it, on a page that has nothing else."""

import base64
import itertools
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import shapely
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from analysis.shape import stray_pieces
from app.palettes import zone_colour
from benchmarks.painter_page import ZONES, grid
from geo.build import build_geography
from geo.plan import Plan
from headless import CHROMIUM, ROOT, Watched

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]

UNITS = 249
SCENE = grid(UNITS)
COLUMNS = int(np.ceil(np.sqrt(UNITS * 1.4)))
WEST, MIDDLE, EAST, NORTH = range(4)
HOSTILE = 3
"""The unit whose name is markup."""
PATIENT_MS = 20_000
"""Two suites on two cores are slow; a test that passes waits no longer for it."""


@pytest.fixture(autouse=True, scope="module")
def _patient() -> Iterator[None]:
    expect.set_options(timeout=PATIENT_MS)
    yield
    expect.set_options(timeout=5_000)


class Server:
    """The page of the painter, served, which can be killed and come back at the same port."""

    def __init__(self, kept: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.kept = kept
        self.at = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        words = ["-m", "streamlit", "run", "benchmarks/painter_page.py", "--server.headless=true"]
        self.process = subprocess.Popen(
            [sys.executable, *words, f"--server.port={self.port}"],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "PAINTER_KEPT": str(self.kept), "PAINTER_UNITS": str(UNITS)},
        )
        end = time.monotonic() + 60
        while time.monotonic() < end:
            health = f"{self.at}/_stcore/health"
            with suppress(OSError), urllib.request.urlopen(health):  # noqa: S310  our own server
                return
            time.sleep(0.2)
        raise TimeoutError(self.at)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    served = Server(tmp_path_factory.mktemp("painted"))
    served.start()
    yield served
    served.kill()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport={"width": 1366, "height": 900}, has_touch=True)
    yield made
    made.close()


class Painter:
    """What a person sees of one painter and does with it."""

    def __init__(self, page: Page, server: Server, scenario: str, query: str = "") -> None:
        self.page = page
        self.server = server
        self.watched = Watched(page, server.at)
        self.complaints: list[str] = []
        page.on("console", self._heard)
        self.watched.open(f"?s={scenario}{query}")
        self.stage: Locator = page.locator(".stage")
        expect(page.locator(".zones tbody tr").first).to_contain_text("West", timeout=30_000)
        self.settle()

    def settle(self) -> None:
        """Wait until the map is drawn and stays where it is."""
        seen: list[object] = []

        def rests() -> bool:
            seen.append((self.stage.get_attribute("data-view"), self.stage.bounding_box()))
            return len(seen) > 2 and seen[-1] == seen[-2] == seen[-3]

        self.until(lambda: self.stage.get_attribute("data-view") is not None)
        self.until(rests)

    def hover(self, unit: int) -> Locator:
        """Rest over a unit until its card shows, wherever the page moves the map meanwhile."""
        card = self.page.locator(".card")
        name = SCENE["names"][unit]

        def shows() -> bool:
            x, y = self.at(unit)
            self.page.mouse.move(x + 1, y)
            self.page.mouse.move(x, y)
            with suppress(AssertionError):
                expect(card).to_be_visible(timeout=1_000)
                expect(card).to_contain_text(name, timeout=500)
                return True
            return False

        self.until(shows)
        return card

    def _heard(self, message: Any) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def at(self, unit: int) -> tuple[float, float]:
        """Say where the middle of a unit is on the screen."""
        box = self.stage.bounding_box()
        assert box is not None
        scale, x, y = map(float, (self.stage.get_attribute("data-view") or "").split())
        cx, cy = map(float, _centres()[unit])
        return (
            box["x"] + box["width"] / 2 + (cx - x) * scale,
            box["y"] + box["height"] / 2 - (cy - y) * scale,
        )

    def height(self) -> float:
        """Say how high the map is, in pixels."""
        box = self.stage.bounding_box()
        assert box is not None
        return box["height"]

    def drag(self, *units: int, release: bool = True) -> None:
        """Press on the first unit and go to the others."""
        self.page.mouse.move(*self.at(units[0]))
        self.page.mouse.down()
        for unit in units[1:]:
            self.page.mouse.move(*self.at(unit), steps=6)
        if release:
            self.page.mouse.up()

    def click(self, unit: int) -> None:
        self.page.mouse.click(*self.at(unit))

    def tool(self, key: str) -> None:
        self.page.locator(f"[data-tool='{key}'][aria-pressed]").click()

    def brush(self, size: int) -> None:
        self.page.locator(".size").nth(size - 1).click()

    def zone(self, zone: int) -> None:
        self.page.locator(f"button.zone[data-zone='{zone}']").click()

    def button(self, name: str) -> Locator:
        return self.page.locator(".zw").get_by_role("button", name=name)

    def told(self) -> dict[str, Any]:
        """Say what the server has taken."""
        text = self.page.get_by_test_id("stCode").inner_text()
        return dict(json.loads(text))

    def until(self, met: Callable[[], bool], *, seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while not met():
            assert time.monotonic() < end, f"it did not happen: {self.told()['edits']}"
            self.page.wait_for_timeout(100)

    def until_edits(self, *titles: str) -> list[int]:
        """Wait until the history is this, and give the zones."""
        self.until(lambda: self.told()["edits"] == list(titles))
        return list(self.told()["zones"])

    def total(self, zone: int, column: int = 0) -> str:
        row = self.page.locator(".zones tbody tr").nth(zone)
        return row.locator(".value").nth(column).inner_text()

    def close(self) -> None:
        assert self.watched.outside == []
        assert self.watched.errors == []
        assert self.complaints == []
        assert self.page.evaluate("window.hit") is None
        assert self.page.locator(".zw img").count() == 0


def _centres() -> npt.NDArray[np.float32]:
    return np.frombuffer(base64.b64decode(SCENE["centres"]), "<f4").reshape(-1, 2)


def _children() -> npt.NDArray[np.float64]:
    return np.frombuffer(base64.b64decode(SCENE["live"][0]["values"]), "<f8")


def start_zone(unit: int) -> int:
    return min(unit % COLUMNS * 4 // COLUMNS, 3)


def unit_at(row: int, column: int) -> int:
    return row * COLUMNS + column


@pytest.fixture
def painter(
    request: pytest.FixtureRequest, context: BrowserContext, server: Server
) -> Iterator[Painter]:
    made = Painter(context.new_page(), server, request.node.name[5:45].strip("_[]"))
    yield made
    made.close()


# What the browser works out is what Python works out

WORKED_OUT = """async ([given, plans]) => {
  const at = performance.getEntriesByType("resource")
    .map(({ name }) => name).find((name) => name.endsWith("/painter.js"));
  const [scenes, pieces, totals] = await Promise.all(
    ["scene", "pieces", "totals"].map((name) => import(new URL(`${name}.js`, at))));
  const scene = new scenes.Scene(given);
  const open = pieces.openPairs(scene, new Map());
  return {
    borders: scene.borders.map(({ a, b, length }) => [a, b, length]),
    hits: given.names.map((_, unit) =>
      scene.unitAt(scene.centres[2 * unit], scene.centres[2 * unit + 1])),
    plans: plans.map((plan) => {
      const zone = Int16Array.from(plan);
      const found = totals.totalsOf(scene, zone, 4);
      return {
        strays: pieces.strayPieces(zone, open).map((piece) => [piece.zone, piece.units]),
        children: [...found.counts.get("children").sum],
        missing: [...found.counts.get("asb").missing],
        about: [...found.counts.get("referrals").about],
      };
    }),
  };
}"""


def _shapes() -> list[shapely.Polygon]:
    xy = np.frombuffer(base64.b64decode(SCENE["xy"]), "<i4").reshape(-1, 2) * SCENE["scale"]
    rings = np.frombuffer(base64.b64decode(SCENE["rings"]), "<u4")
    metres = xy + np.array(SCENE["origin"])
    return [shapely.Polygon(metres[a:b]) for a, b in itertools.pairwise(rings)]


def test_the_browser_works_out_what_python_works_out(painter: Painter) -> None:
    rng = np.random.default_rng(3)
    plans = [[start_zone(u) for u in range(UNITS)]]
    plans += [rng.integers(-1, 4, UNITS).tolist() for _ in range(5)]
    plans += [np.sort(rng.integers(-1, 4, UNITS)).tolist()]
    found = painter.page.evaluate(WORKED_OUT, [SCENE, plans])

    assert found["hits"] == list(range(UNITS))
    shapes = _shapes()
    shared = {(min(a, b), max(a, b)): length for a, b, length in found["borders"] if b >= 0}
    pairs = np.frombuffer(base64.b64decode(SCENE["pairs"]), "<u4").reshape(-1, 2)
    assert set(shared) == set(map(tuple, pairs.tolist()))
    for a, b in pairs[::7].tolist():
        wanted = shapely.intersection(shapes[a], shapes[b]).length
        assert shared[a, b] == pytest.approx(wanted, rel=1e-4)

    geography = build_geography("test", "2021", SCENE["codes"], SCENE["names"], np.array(shapes))
    referrals = np.frombuffer(base64.b64decode(SCENE["live"][1]["estimated"]), "u1")
    for plan, told in zip(plans, found["plans"], strict=True):
        zone = np.array(plan)
        wanted = stray_pieces(geography, Plan(geography.units, ZONES, zone.astype(np.int32)))
        assert [[ZONES[z], [SCENE["codes"][u] for u in units]] for z, units in told["strays"]] == [
            [piece.zone, list(piece.units)] for piece in wanted
        ]
        rows = np.where(zone < 0, 4, zone)
        assert told["children"] == np.bincount(rows, _children(), 5).tolist()
        assert told["about"] == np.bincount(rows, referrals, 5).tolist()
        assert told["missing"] == np.bincount(rows[[7]], minlength=5).tolist()


LEVELS = """async ([given, plans, staff, tolerance]) => {
  const at = performance.getEntriesByType("resource")
    .map(({ name }) => name).find((name) => name.endsWith("/painter.js"));
  const [scenes, totals, level] = await Promise.all(
    ["scene", "totals", "level"].map((name) => import(new URL(`${name}.js`, at))));
  const scene = new scenes.Scene(given);
  const classes = level.classesOf(tolerance);
  const rates = totals.figuresOf(scene).filter(({ of }) => of === "rate");
  return plans.map((plan) => {
    const sums = totals.totalsOf(scene, Int16Array.from(plan), 4);
    return rates.map((rate) => {
      const found = level.levelsOf(sums, totals.everything(sums), rate, staff, tolerance);
      return {
        level: found.level, staffed: Boolean(found.staffed),
        away: found.zones.map(({ away }) => (Number.isFinite(away) ? away : null)),
        outside: found.zones.map(({ outside }) => outside),
        why: found.zones.map(({ why }) => why),
        at: found.zones.map((one) => level.classAt(classes, one)),
      };
    });
  });
}"""


def _live(key: str) -> npt.NDArray[np.float64]:
    one = next(count for count in SCENE["live"] if count["key"] == key)
    return np.frombuffer(base64.b64decode(one["values"]), "<f8")


@pytest.mark.parametrize("staff", [[12.5, 14.0, 9.0, 11.0], [12.5, 0, 9.0, None]])
def test_level_is_the_rate_of_all_and_the_load_of_zones_with_staff(
    painter: Painter, staff: list[float | None]
) -> None:
    rng = np.random.default_rng(4)
    plans = [[start_zone(u) for u in range(UNITS)]]
    plans += [rng.integers(-1, 4, UNITS).tolist(), np.sort(rng.integers(0, 4, UNITS)).tolist()]
    found = painter.page.evaluate(LEVELS, [SCENE, plans, staff, 0.05])
    fte = np.array([one or np.nan for one in staff], dtype=float)
    for plan, (rate, load) in zip(plans, found, strict=True):
        zone = np.where(np.array(plan) < 0, 4, plan)
        sums = {key: np.bincount(zone, _live(key), 5) for key in ("referrals", "children")}
        rates = sums["referrals"][:4] / sums["children"][:4]
        away = rates / (sums["referrals"].sum() / sums["children"].sum()) - 1
        assert rate["away"] == pytest.approx(away.tolist())
        assert rate["outside"] == np.where(np.abs(away) > 0.05, np.sign(away), 0).tolist()
        steps = sum((np.abs(away) > edge).astype(int) for edge in (0.05, 0.1, 0.2))
        assert rate["at"] == (3 + np.sign(away) * steps).tolist()
        cases = np.bincount(zone, _live("open_cases"), 5)
        used = ~np.isnan(fte)
        level = (cases.sum() if used.all() else cases[:4][used].sum()) / np.nansum(fte)
        assert load["level"] == pytest.approx(level)
        assert load["staffed"] == (not used.all())
        loads = cases[:4] / fte / level - 1
        assert np.array(load["away"], dtype=float) == pytest.approx(loads, nan_ok=True)
        assert load["why"] == ["" if one else "no staff recorded" for one in used]
        assert [at == -1 for at in load["at"]] == (~used).tolist()


WORDS = """async (given) => {
  const at = performance.getEntriesByType("resource")
    .map(({ name }) => name).find((name) => name.endsWith("/painter.js"));
  const level = await import(new URL("level.js", at));
  return given.map(([away, tolerance, about]) => {
    const outside = Math.abs(away) > tolerance + 1e-9 ? Math.sign(away) : 0;
    const one = { away, outside, about, missing: 0 };
    return [level.marked(one, tolerance), level.spoken(one, tolerance),
      level.barOf(one, tolerance).map((share) => Math.round(share))];
  });
}"""


def test_a_distance_from_level_is_written_with_sign_and_mark_and_said_in_words(
    painter: Painter,
) -> None:
    given = [
        [0.16, 0.1, False], [-0.163, 0.1, True], [0.04, 0.1, False], [0.1, 0.1, False],
        [0.104, 0.1, False], [-0.001, 0.1, False], [-1, 0.1, False], [0.08, 0.075, False],
    ]  # fmt: skip
    found = painter.page.evaluate(WORDS, given)
    assert [[text.replace("\u202f", " "), words] for text, words, _ in found] == [
        ["▲ +16 %", "16 % above level, outside 10 %"],
        ["▼ ≈ −16 %", "about 16 % below level, outside 10 %"],
        ["+4 %", "4 % above level, within 10 %"],
        ["+10 %", "10 % above level, within 10 %"],
        ["▲ +10.4 %", "10.4 % above level, outside 10 %"],
        ["0 %", "at level"],
        ["▼ −100 %", "100 % below level, outside 10 %"],
        ["▲ +8 %", "8 % above level, outside 7.5 %"],
    ]
    assert [bar for *_, bar in found[:4]] == [[50, 27], [23, 27], [50, 7], [50, 17]]
    assert found[6][2] == [0, 50]


CLASSES = """async (tolerances) => {
  const at = performance.getEntriesByType("resource")
    .map(({ name }) => name).find((name) => name.endsWith("/painter.js"));
  const level = await import(new URL("level.js", at));
  return tolerances.map((one) => level.classesOf(one).map(({ text }) => text));
}"""


def test_the_classes_of_the_map_follow_the_tolerance(painter: Painter) -> None:
    usual, half = painter.page.evaluate(CLASSES, [0.1, 0.5])
    assert [text.replace("\u202f", " ") for text in usual] == [
        "over 40 % below", "20 to 40 % below", "10 to 20 % below", "level, within 10 %",
        "10 to 20 % above", "20 to 40 % above", "over 40 % above",
    ]  # fmt: skip
    assert half[:2] == ["50 to 100\u202f% below", "level, within 50\u202f%"]


ROUNDS = """async (colours) => {
  const at = performance.getEntriesByType("resource")
    .map(({ name }) => name).find((name) => name.endsWith("/painter.js"));
  const [{ Plan }, { patternOf }] = await Promise.all(
    ["plan", "draw"].map((name) => import(new URL(`${name}.js`, at))));
  const plan = new Plan({ count: 0 });
  plan.haveZones(colours.map((colour, i) => ({ name: `${i}`, colour })));
  return plan.rounds().map(patternOf);
}"""


def test_no_two_of_thirty_two_zones_have_one_colour_and_one_pattern(painter: Painter) -> None:
    patterns = painter.page.evaluate(ROUNDS, [zone_colour(i) for i in range(32)])
    assert patterns == [-1] * 8 + [0] * 8 + [1] * 8 + [2] * 8


# Tools


def test_a_stroke_shows_at_once_and_is_one_step(painter: Painter) -> None:
    painter.brush(1)
    line = [unit_at(5, c) for c in (5, 6, 7)]
    before = int(painter.total(WEST).replace(",", ""))
    painter.drag(*line, release=False)
    gained = int(_children()[line].sum())
    painter.until(lambda: painter.total(WEST) == f"{before + gained:,}")
    assert painter.told()["edits"] == []
    assert painter.page.locator(".zones tbody tr .delta").first.inner_text() == f"+{gained:,}"
    painter.page.mouse.up()
    zones = painter.until_edits("3 small areas to West")
    assert [u for u in range(UNITS) if zones[u] != start_zone(u)] == line
    expect(painter.page.locator(".saved")).to_have_text("Saved: 1 steps")


def test_a_press_that_is_held_still_counts_at_once(painter: Painter) -> None:
    painter.brush(1)
    unit = unit_at(5, 5)
    before = int(painter.total(WEST).replace(",", ""))
    painter.drag(unit, release=False)
    painter.until(lambda: painter.total(WEST) == f"{before + int(_children()[unit]):,}")
    assert painter.told()["edits"] == []
    painter.page.mouse.up()
    painter.until_edits("1 small area to West")


def test_a_quick_stroke_skips_no_unit(painter: Painter) -> None:
    painter.brush(1)
    painter.page.mouse.move(*painter.at(unit_at(3, 5)))
    painter.page.mouse.down()
    painter.page.mouse.move(*painter.at(unit_at(3, 13)), steps=1)
    painter.page.mouse.up()
    zones = painter.until_edits("9 small areas to West")
    assert all(zones[unit_at(3, c)] == WEST for c in range(14))


def test_the_brush_has_three_sizes(painter: Painter) -> None:
    middle = unit_at(6, 8)
    painter.brush(1)
    painter.click(middle)
    painter.until_edits("1 small area to West")
    painter.brush(2)
    painter.click(middle)
    painter.until_edits("1 small area to West", "4 small areas to West")
    painter.brush(3)
    painter.zone(EAST)
    painter.click(middle)
    painter.until(lambda: len(painter.told()["edits"]) == 3)
    assert painter.told()["zones"].count(EAST) > 65


def test_a_box_paints_what_has_its_middle_in_it(painter: Painter) -> None:
    painter.tool("box")
    painter.zone(EAST)
    painter.drag(unit_at(3, 6), unit_at(1, 8))
    scale = float((painter.stage.get_attribute("data-view") or "").split()[0])
    assert scale > 0
    zones = painter.told()["zones"]
    painter.until(lambda: len(painter.told()["edits"]) == 1)
    zones = painter.told()["zones"]
    assert zones[unit_at(2, 7)] == EAST
    assert zones[unit_at(2, 5)] == MIDDLE


def test_a_lasso_paints_what_it_runs_around(painter: Painter) -> None:
    painter.tool("lasso")
    painter.zone(EAST)
    painter.drag(unit_at(3, 5), unit_at(3, 8), unit_at(1, 8), unit_at(1, 5), unit_at(3, 5))
    painter.until(lambda: len(painter.told()["edits"]) == 1)
    zones = painter.told()["zones"]
    assert zones[unit_at(2, 6)] == zones[unit_at(2, 7)] == EAST
    assert zones[unit_at(5, 6)] == MIDDLE


def test_chosen_units_are_moved_together(painter: Painter) -> None:
    painter.tool("choose")
    for column in (5, 7, 9):
        painter.click(unit_at(4, column))
    painter.click(unit_at(4, 9))
    painter.page.get_by_role("tab", name="Chosen (2)").click()
    painter.page.locator(".page-chosen select").select_option("East")
    painter.page.locator(".page-chosen").get_by_role("button", name="Move").click()
    zones = painter.until_edits("2 small areas to East")
    assert zones[unit_at(4, 5)] == zones[unit_at(4, 7)] == EAST
    assert zones[unit_at(4, 9)] == MIDDLE


def test_a_click_by_ward_paints_the_ward(painter: Painter) -> None:
    painter.page.locator(".by select").select_option("Ward")
    painter.brush(1)
    painter.click(unit_at(4, 7))
    zones = painter.until_edits("9 small areas to West")
    assert all(zones[unit_at(r, c)] == WEST for r in (3, 4, 5) for c in (6, 7, 8))


def test_a_zone_is_taken_from_the_map(painter: Painter) -> None:
    painter.tool("pick")
    painter.click(unit_at(4, 12))
    painter.brush(1)
    painter.click(unit_at(4, 7))
    painter.until_edits("1 small area to East")
    painter.page.keyboard.down("Alt")
    painter.click(unit_at(4, 2))
    painter.page.keyboard.up("Alt")
    painter.click(unit_at(4, 7))
    painter.until_edits("1 small area to East", "1 small area to West")


def test_a_drawn_polygon_arrives_in_metres_of_the_national_grid(painter: Painter) -> None:
    painter.tool("draw")
    for unit in (unit_at(2, 3), unit_at(2, 7), unit_at(6, 7)):
        painter.click(unit)
    painter.stage.press("Enter")
    painter.button("Use it").click()
    painter.until(lambda: len(painter.told()["drawn"]) == 1)
    drawn = np.array(painter.told()["drawn"][0])
    wanted = _centres()[[unit_at(2, 3), unit_at(2, 7), unit_at(6, 7)]] + SCENE["origin"]
    assert np.abs(drawn - wanted).max() < 40
    expect(painter.page.locator(".saved.late")).to_have_count(0)


# Keeping, undoing, locks


def test_escape_leaves_a_stroke_under_way(painter: Painter) -> None:
    painter.brush(1)
    before = painter.total(WEST)
    painter.drag(unit_at(5, 5), unit_at(5, 7), release=False)
    painter.until(lambda: painter.total(WEST) != before)
    painter.page.keyboard.press("Escape")
    painter.page.mouse.up()
    painter.until(lambda: painter.total(WEST) == before)
    painter.page.wait_for_timeout(600)
    assert painter.told()["edits"] == []


def test_a_stroke_is_kept_only_when_accepted_where_that_is_asked(painter: Painter) -> None:
    painter.page.get_by_label("Ask before keeping").check()
    painter.brush(1)
    before = painter.total(WEST)
    painter.click(unit_at(5, 5))
    bar = painter.page.locator(".bar")
    expect(bar).to_contain_text("1 small area painted. Children: West +")
    painter.page.keyboard.press("Escape")
    painter.until(lambda: painter.total(WEST) == before)
    painter.click(unit_at(5, 5))
    painter.click(unit_at(5, 6))
    expect(bar).to_contain_text("2 small areas painted")
    painter.page.keyboard.press("Enter")
    painter.until_edits("2 small areas to West")
    expect(bar).to_be_hidden()


def test_steps_are_undone_and_redone_at_once_and_reset(painter: Painter) -> None:
    painter.brush(1)
    before = painter.total(WEST)
    for column in (5, 6):
        painter.click(unit_at(5, column))
    painter.until_edits("1 small area to West", "1 small area to West")
    painter.page.keyboard.press("Control+z")
    painter.page.keyboard.press("Control+z")
    painter.until(lambda: painter.total(WEST) == before)
    painter.until_edits()
    painter.button("Redo: 1 small area to West").click()
    painter.until_edits("1 small area to West")
    painter.button("Back to the start").click()
    expect(painter.page.locator(".bar")).to_contain_text("Put 1 small area back as at the start?")
    painter.page.locator(".bar").get_by_role("button", name="Back to the start").click()
    zones = painter.until_edits("1 small area to West", "Back to the start")
    assert zones == [start_zone(u) for u in range(UNITS)]
    painter.page.keyboard.press("Control+z")
    painter.until_edits("1 small area to West")


def test_what_is_locked_away_from_the_start_is_told_when_nothing_else_differs(
    painter: Painter,
) -> None:
    painter.button("Back to the start").click()
    message = painter.page.locator(".message")
    expect(message).to_have_text("Nothing differs from the start.")
    painter.brush(1)
    painter.click(unit_at(5, 5))
    painter.until_edits("1 small area to West")
    expect(message).to_have_count(0)
    painter.tool("lock")
    painter.click(unit_at(5, 5))
    painter.until(lambda: len(painter.told()["locked"]) == 1)
    painter.button("Back to the start").click()
    expect(message).to_have_text(
        "1 locked small area stays as now. Nothing else differs from the start."
    )
    painter.tool("brush")
    expect(message).to_have_count(0)
    painter.click(unit_at(6, 5))
    painter.until_edits(*["1 small area to West"] * 2)
    painter.button("Back to the start").click()
    expect(painter.page.locator(".bar")).to_contain_text(
        "Put 1 small area back as at the start? 1 locked one will stay."
    )


def test_only_zones_are_put_back_where_no_small_area_moved(painter: Painter) -> None:
    painter.button("Add a zone").click()
    _name(painter, "Coast")
    painter.until_edits("New zone Coast")
    painter.button("Back to the start").click()
    expect(painter.page.locator(".bar")).to_contain_text("Put the zones back as at the start?")
    painter.page.keyboard.press("Enter")
    painter.until_edits("New zone Coast", "Back to the start")
    expect(painter.page.locator(".zones")).not_to_contain_text("Coast")


def test_enter_accepts_what_a_button_asked_and_escape_leaves_it(painter: Painter) -> None:
    bar = painter.page.locator(".bar")
    painter.brush(1)
    painter.click(unit_at(5, 5))
    painter.until_edits("1 small area to West")
    painter.button("Back to the start").click()
    expect(bar).to_be_visible()
    painter.page.keyboard.press("Escape")
    expect(bar).to_be_hidden()
    assert painter.told()["edits"] == ["1 small area to West"]
    painter.button("Back to the start").focus()
    painter.page.keyboard.press("Enter")
    expect(bar).to_be_visible()
    painter.page.keyboard.press("Enter")
    painter.until_edits("1 small area to West", "Back to the start")
    expect(bar).to_be_hidden()


def test_the_keyboard_stays_in_a_question_that_is_asked_anew(painter: Painter) -> None:
    painter.tool("draw")
    for unit in (unit_at(2, 3), unit_at(2, 7), unit_at(6, 7), unit_at(6, 3)):
        painter.click(unit)
    last = painter.page.locator(".bar").get_by_role("button", name="Last corner away")
    last.focus()
    painter.page.keyboard.press("Enter")
    expect(painter.page.locator(".bar")).to_contain_text("3 corners.")
    expect(last).to_be_focused()


def test_older_steps_are_undone_after_the_page_is_loaded_again(painter: Painter) -> None:
    painter.brush(1)
    painter.click(unit_at(5, 5))
    painter.until_edits("1 small area to West")
    painter.page.reload()
    expect(painter.button("Undo: 1 small area to West")).to_be_enabled(timeout=20_000)
    painter.button("Undo: 1 small area to West").click()
    assert painter.until_edits()[unit_at(5, 5)] == MIDDLE


def test_a_brush_passes_over_what_is_locked_and_says_so(painter: Painter) -> None:
    painter.tool("lock")
    painter.click(unit_at(5, 6))
    painter.until(lambda: painter.told()["locked"] == [f"E01{unit_at(5, 6):06}"])
    painter.tool("brush")
    painter.brush(1)
    painter.drag(unit_at(5, 5), unit_at(5, 7))
    zones = painter.until_edits("2 small areas to West")
    assert zones[unit_at(5, 6)] == MIDDLE
    expect(painter.page.locator(".message")).to_contain_text("1 locked small area was passed over")
    painter.button("Lock East").click()
    painter.until(lambda: "East" in painter.told()["locked"])
    painter.zone(EAST)
    painter.click(unit_at(5, 8))
    expect(painter.page.locator(".message")).to_contain_text("East is locked")
    painter.button("Lock West").click()
    painter.until(lambda: "West" in painter.told()["locked"])
    painter.button("Undo: 2 small areas").click()
    expect(painter.page.locator(".message")).to_contain_text("Undo would move")
    painter.button("Unlock West").click()
    painter.until(lambda: "West" not in painter.told()["locked"])
    painter.button("Undo: 2 small areas").click()
    painter.until_edits()


# Mending


def test_a_stray_piece_is_listed_and_given_to_its_neighbour(painter: Painter) -> None:
    painter.brush(1)
    painter.click(unit_at(6, 12))
    painter.until_edits("1 small area to West")
    item = painter.page.locator(".page-mend li")
    expect(item).to_contain_text("of West lies apart")
    before = painter.stage.get_attribute("data-view")
    item.get_by_role("button", name="Zoom").click()
    painter.until(lambda: painter.stage.get_attribute("data-view") != before)
    item.get_by_role("button", name="Give").click()
    zones = painter.until_edits("1 small area to West", "1 small area to East")
    assert zones[unit_at(6, 12)] == EAST
    expect(painter.page.locator(".page-mend")).to_contain_text("Every zone is in one piece")


def test_a_cut_parts_a_zone_and_a_link_joins_it(painter: Painter) -> None:
    corner, right = unit_at(13, 1), unit_at(13, 0)
    below = unit_at(12, 1)
    assert corner < UNITS
    painter.tool("border")
    codes = [f"E01{u:06}" for u in (right, corner)]
    painter.click(right)
    painter.click(corner)
    painter.page.locator(".bar").get_by_role("button", name="Cut").click()
    painter.until(lambda: painter.told()["cuts"] == [codes])
    painter.click(corner)
    painter.click(below)
    painter.page.locator(".bar").get_by_role("button", name="Cut").click()
    expect(painter.page.locator(".page-mend li")).to_contain_text("of West lies apart")
    painter.click(corner)
    painter.click(unit_at(12, 2))
    expect(painter.page.locator(".bar")).to_contain_text("they do not touch, one cannot pass")
    assert _offered(painter) == ["Link", "Cancel (Esc)"]
    painter.page.keyboard.press("Enter")
    expect(painter.page.locator(".page-mend")).to_contain_text("Every zone is in one piece")
    painter.until(lambda: len(painter.told()["links"]) == 1)


def _offered(painter: Painter) -> list[str]:
    return painter.page.locator(".bar button:enabled").all_inner_texts()


def test_a_border_is_offered_only_what_would_change_it(painter: Painter) -> None:
    bar = painter.page.locator(".bar")
    painter.tool("border")

    def pick(*units: int) -> None:
        for unit in units:
            painter.click(unit)

    pick(unit_at(5, 5), unit_at(5, 6))
    expect(bar).to_contain_text(": one can pass")
    assert _offered(painter) == ["Cut", "Cancel (Esc)"]
    bar.get_by_role("button", name="Cut").click()
    painter.until(lambda: len(painter.told()["cuts"]) == 1)
    pick(unit_at(5, 5), unit_at(5, 6))
    expect(bar).to_contain_text(": cut")
    assert _offered(painter) == ["As built", "Cancel (Esc)"]
    painter.page.keyboard.press("Enter")
    painter.until(lambda: painter.told()["cuts"] == [])
    pick(unit_at(5, 5), unit_at(8, 9))
    bar.get_by_role("button", name="Link").click()
    painter.until(lambda: len(painter.told()["links"]) == 1)
    pick(unit_at(5, 5), unit_at(8, 9))
    expect(bar).to_contain_text("they do not touch, linked")
    assert _offered(painter) == ["As built", "Cancel (Esc)"]


def test_the_card_is_away_while_a_question_is_open(painter: Painter) -> None:
    card, bar = painter.page.locator(".card"), painter.page.locator(".bar")
    painter.tool("border")
    painter.hover(unit_at(5, 5))
    painter.click(unit_at(5, 5))
    painter.hover(unit_at(5, 6))
    painter.click(unit_at(5, 6))
    expect(bar.get_by_role("button", name="Cut")).to_be_visible()
    expect(card).to_be_hidden()
    painter.page.mouse.move(*painter.at(unit_at(4, 6)))
    painter.page.wait_for_timeout(500)
    expect(card).to_be_hidden()
    painter.page.keyboard.press("Escape")
    painter.hover(unit_at(5, 6))


def test_units_in_no_zone_are_found_and_moved(painter: Painter) -> None:
    painter.brush(1)
    painter.stage.press("0")
    painter.drag(unit_at(5, 5), unit_at(5, 6))
    painter.until_edits("2 small areas to no zone")
    page = painter.page.locator(".page-mend")
    expect(page).to_contain_text("2 small areas in no zone")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Choose all").click()
    painter.page.locator(".page-chosen select").select_option("East")
    painter.page.locator(".page-chosen").get_by_role("button", name="Move").click()
    zones = painter.until_edits("2 small areas to no zone", "2 small areas to East")
    assert zones[unit_at(5, 5)] == EAST


# Zones that are made and named


def _name(painter: Painter, name: str) -> None:
    """Give the name that the bar asks for."""
    painter.page.locator(".bar input").fill(name)
    painter.page.keyboard.press("Enter")


def test_a_new_zone_is_painted_into_at_once_and_undone(painter: Painter) -> None:
    painter.button("Add a zone").click()
    assert painter.page.locator(".bar input").input_value() == "Zone 5"
    _name(painter, " South <b>coast</b> ")
    painter.brush(1)
    painter.click(unit_at(5, 5))
    made = "New zone South <b>coast</b>"
    painted = "1 small area to South <b>coast</b>"
    zones = painter.until_edits(made, painted)
    assert zones[unit_at(5, 5)] == 4
    row = painter.page.locator(".zones tbody tr").nth(4)
    expect(row).to_contain_text("South <b>coast</b>")
    expect(row).to_contain_text("no staff recorded")
    painter.page.keyboard.press("Control+z")
    painter.page.keyboard.press("Control+z")
    assert painter.until_edits() == [start_zone(u) for u in range(UNITS)]
    expect(painter.page.locator(".zones")).not_to_contain_text("South")
    painter.page.keyboard.press("Control+y")
    painter.page.keyboard.press("Control+y")
    painter.until_edits(made, painted)


def test_a_zone_is_made_and_painted_while_the_page_is_slow(
    context: BrowserContext, server: Server
) -> None:
    painter = Painter(context.new_page(), server, "slowzone", "&slow=2")
    painter.button("Add a zone").click()
    _name(painter, "Coast")
    painter.brush(1)
    painter.click(unit_at(5, 5))
    assert painter.total(4) != ""
    painter.button("Undo: 1 small area to Coast").click()
    painter.click(unit_at(6, 6))
    painter.button("Rename Coast").click()
    _name(painter, "Shore")
    painter.click(unit_at(7, 6))
    zones = painter.until_edits(
        "New zone Coast",
        "1 small area to Coast",
        "Coast is now Shore",
        "1 small area to Shore",
    )
    assert [u for u in range(UNITS) if zones[u] == 4] == [unit_at(6, 6), unit_at(7, 6)]
    painter.close()


def test_a_zone_is_renamed_by_a_double_click_or_by_its_pencil(painter: Painter) -> None:
    painter.page.locator("button.zone[data-zone='1']").dblclick()
    hint = painter.page.locator(".bar p").first
    expect(hint).to_contain_text("Files and other plans know it as Middle")
    _name(painter, "Centre")
    zones = painter.until_edits("Middle is now Centre")
    assert zones == [start_zone(u) for u in range(UNITS)]
    painter.button("Rename Centre").click()
    _name(painter, "Heart")
    painter.until_edits("Middle is now Centre", "Centre is now Heart")
    painter.button("Undo: Centre is now Heart").click()
    painter.until_edits("Middle is now Centre")
    expect(painter.page.locator(".zones")).to_contain_text("Centre")
    painter.page.locator("button.zone[data-zone='0']").dblclick()
    painter.page.keyboard.press("Escape")
    expect(painter.page.locator(".bar")).to_be_hidden()
    painter.button("Back to the start").click()
    painter.page.locator(".bar").get_by_role("button", name="Back to the start").click()
    painter.until_edits("Middle is now Centre", "Back to the start")
    expect(painter.page.locator(".zones")).to_contain_text("Middle")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("   ", "Give it a name"),
        ("EAST", "There is a zone East already"),
        ("a\u200bb", "characters that nobody sees"),
        ("a\u00a0b", "characters that nobody sees"),
    ],
)
def test_a_name_that_python_would_refuse_is_asked_for_again(
    painter: Painter, name: str, why: str
) -> None:
    painter.button("Add a zone").click()
    _name(painter, name)
    expect(painter.page.locator(".bar .wrong")).to_contain_text(why)
    expect(painter.page.locator(".bar input")).to_be_focused()
    _name(painter, "x" * 100)
    painter.until_edits(f"New zone {'x' * 100}")


def test_a_locked_zone_keeps_its_name(painter: Painter) -> None:
    painter.button("Lock West").click()
    painter.until(lambda: painter.told()["locked"] == ["West"])
    painter.button("Rename West").click()
    expect(painter.page.locator(".message")).to_contain_text("West is locked, or a part of it")
    expect(painter.page.locator(".bar")).to_be_hidden()


def test_a_renaming_is_not_undone_while_a_part_of_the_zone_is_locked(painter: Painter) -> None:
    painter.button("Rename West").click()
    _name(painter, "Far West")
    painter.until_edits("West is now Far West")
    painter.tool("lock")
    painter.click(unit_at(5, 2))
    painter.until(lambda: painter.told()["locked"] == [f"E01{unit_at(5, 2):06}"])
    painter.button("Undo: West is now Far West").click()
    expect(painter.page.locator(".message")).to_contain_text("Undo would move")


def test_a_stroke_that_waits_for_an_answer_is_decided_before_a_zone_is_made(
    painter: Painter,
) -> None:
    painter.page.get_by_label("Ask before keeping").check()
    painter.brush(1)
    painter.click(unit_at(5, 5))
    painter.button("Add a zone").click()
    expect(painter.page.locator(".message")).to_contain_text("Accept or discard")
    painter.page.locator(".bar").get_by_role("button", name="Accept").click()
    painter.until_edits("1 small area to West")
    painter.button("Add a zone").click()
    _name(painter, "Coast")
    painter.until_edits("1 small area to West", "New zone Coast")


def test_a_ninth_zone_is_told_from_the_first_by_dots(painter: Painter) -> None:
    for count in range(5, 10):
        painter.button("Add a zone").click()
        _name(painter, f"Zone {count}")
    swatches = painter.page.locator(".zones tbody .swatch")
    expect(swatches).to_have_count(10)
    expect(painter.page.locator(".swatch.again")).to_have_count(1)
    first, ninth = (swatches.nth(i).evaluate(COLOUR) for i in (0, 8))
    assert first == ninth
    painter.brush(3)
    before = painter.page.locator("canvas.fills").evaluate(INKED)
    painter.click(unit_at(6, 8))
    painter.until(lambda: painter.page.locator("canvas.fills").evaluate(INKED) > before + 60)


COLOUR = "element => getComputedStyle(element).backgroundColor"

INKED = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let dark = 0;
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] && data[i] + data[i + 1] + data[i + 2] < 330) dark += 1;
  }
  return dark;
}"""


def test_no_zone_can_be_painted_without_a_key(painter: Painter) -> None:
    row = painter.page.locator(".zones tbody tr").last
    expect(row).to_contain_text("No zone")
    assert row.locator(".value").all_inner_texts() == ["", "", ""]
    row.locator("button").click()
    painter.brush(1)
    painter.click(unit_at(5, 5))
    zones = painter.until_edits("1 small area to no zone")
    assert zones[unit_at(5, 5)] == -1
    assert row.locator(".value").first.inner_text() == f"{_children()[unit_at(5, 5)]:,.0f}"


def test_a_zone_that_was_emptied_is_listed_to_be_mended(painter: Painter) -> None:
    painter.zone(MIDDLE)
    painter.tool("box")
    x, y = painter.at(unit_at(0, 0))
    right, top = painter.at(unit_at(12, 4))[0], painter.at(unit_at(13, 0))[1]
    painter.page.mouse.move(x - 12, y + 12)
    painter.page.mouse.down()
    painter.page.mouse.move(right + 12, top - 12, steps=4)
    painter.page.mouse.up()
    painter.until(lambda: WEST not in painter.told()["zones"])
    item = painter.page.locator(".page-mend li")
    expect(item).to_contain_text("West has no small area")
    expect(painter.page.get_by_role("tab", name="To mend (1)")).to_be_visible()
    item.get_by_role("button", name="Paint into West").click()
    painter.brush(1)
    painter.tool("brush")
    painter.click(unit_at(5, 2))
    expect(painter.page.locator(".page-mend")).to_contain_text("Every zone is in one piece")


def test_the_next_unit_in_no_zone_is_shown_with_its_card(painter: Painter) -> None:
    painter.zone(-1)
    painter.brush(1)
    painter.click(unit_at(5, 5))
    painter.until_edits("1 small area to no zone")
    painter.page.locator(".page-mend").get_by_role("button", name="Next").click()
    expect(painter.page.locator(".card")).to_contain_text("no zone")


# What a person sees

CHECKED = """root => {
  const line = (c) => ((c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * line(r) + 0.7152 * line(g) + 0.0722 * line(b);
  const parts = (text) => {
    const found = text.match(/[\\d.]+/g).map(Number);
    return found.length < 4 ? [...found, 1] : found;
  };
  const behind = (element) => {
    const all = [];
    for (let at = element; at; at = at.parentElement || at.getRootNode().host) {
      all.push(parts(getComputedStyle(at).backgroundColor));
      if (all.at(-1)[3] >= 1) break;
    }
    const over = (under, [r, g, b, a]) => [r, g, b].map((c, i) => c * a + under[i] * (1 - a));
    return all.reverse().reduce(over, [255, 255, 255]);
  };
  const faults = [];
  for (const element of root.querySelectorAll("*")) {
    const { width, height } = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    if (!width || !height || style.opacity === "0") continue;
    if (element.closest(".unseen, :disabled")) continue;
    const named = `${element.tagName} ${element.className}`;
    const texts = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (texts) {
      const [a, b] = [light(parts(style.color)), light(behind(element))];
      const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (contrast < 4.5) faults.push(`${named}: contrast ${contrast.toFixed(2)}`);
      if (style.overflowX !== "visible" && element.scrollWidth > element.clientWidth + 1) {
        faults.push(`${named}: cut off`);
      }
    }
    if (!element.matches("button, select, input, summary")) continue;
    const target = element.closest("label") || element;
    const box = target.getBoundingClientRect();
    const size = `${box.width} x ${box.height}`;
    if (box.width < 24 || box.height < 24) faults.push(`${named}: target of ${size}`);
    const label = element.getAttribute("aria-label") || target.textContent.trim();
    if (!label) faults.push(`${named}: no name`);
  }
  return faults;
}"""


def test_texts_stand_out_and_buttons_are_large_enough(painter: Painter) -> None:
    painter.tool("choose")
    painter.click(unit_at(4, 5))
    painter.tool("brush")
    painter.brush(1)
    painter.click(unit_at(6, 12))
    painter.until_edits("1 small area to West")
    for tab in ("To mend", "Chosen", "Layers", "Table"):
        painter.page.get_by_role("tab", name=tab).click()
        assert painter.page.locator("div.zw").evaluate(CHECKED) == []
    painter.button("Add a zone").click()
    _name(painter, "East")
    assert painter.page.locator("div.zw").evaluate(CHECKED) == []


def test_the_map_fills_the_screen_and_can_be_painted_there(painter: Painter) -> None:
    page = painter.page
    before = painter.stage.bounding_box()
    page.get_by_role("button", name="Fill the screen").click()
    painter.until(lambda: page.evaluate("document.fullscreenElement !== null"))
    painter.until(lambda: painter.height() > 700)
    painter.settle()
    painter.brush(1)
    painter.click(unit_at(5, 5))
    painter.until_edits("1 small area to West")
    assert page.evaluate("document.fullscreenElement !== null")
    page.keyboard.press("f")
    painter.until(lambda: page.evaluate("document.fullscreenElement === null"))
    painter.until(lambda: painter.stage.bounding_box() == before)


def test_a_higher_window_has_a_higher_map(painter: Painter) -> None:
    low = painter.height()
    painter.page.set_viewport_size({"width": 1920, "height": 1080})
    painter.until(lambda: painter.height() > low + 100)


HELD = """() => {
  const hosts = [...document.querySelectorAll("[data-testid=stBidiComponentIsolated]")];
  const held = Symbol.for("zonewright.painter");
  return hosts.map((one) => one.shadowRoot?.[held]).find(Boolean);
}"""

BUILD = f"""() => {{
  const painter = ({HELD})();
  painter.scene = null;
  painter.begin();
}}"""

UNDER = f"""([x, y]) => {{
  const painter = ({HELD})();
  const unit = painter.tools.unitAt(painter.tools.at({{ clientX: x, clientY: y }}));
  return painter.scene.names[unit];
}}"""


def test_the_card_comes_to_a_pointer_that_rests_while_the_map_is_built_or_resized(
    painter: Painter,
) -> None:
    page, card = painter.page, painter.page.locator(".card")
    unit = unit_at(5, 5)
    painter.hover(unit)
    x, y = painter.at(unit)
    page.evaluate(BUILD)
    expect(card.locator("strong")).to_have_text(SCENE["names"][unit])
    low = painter.height()
    page.set_viewport_size({"width": 1500, "height": 1080})
    painter.until(lambda: painter.height() > low + 50)
    painter.settle()
    under = page.evaluate(UNDER, [x, y])
    assert under != SCENE["names"][unit]
    expect(card.locator("strong")).to_have_text(under)
    expect(card).to_be_visible()


CARD_TIMES = """() => {
  const hosts = [...document.querySelectorAll("[data-testid=stBidiComponentIsolated]")];
  const root = hosts.map((one) => one.shadowRoot).find((one) => one?.querySelector(".stage"));
  const card = root.querySelector(".card");
  let moved = 0;
  const seen = () => {
    if (!card.hidden) window.shownAfter = performance.now() - moved;
  };
  root.querySelector(".stage").addEventListener("pointermove", () => {
    moved = performance.now();
  }, { capture: true });
  const shown = { attributes: true, attributeFilter: ["style", "hidden"] };
  new MutationObserver(seen).observe(card, shown);
}"""


def test_the_card_waits_until_a_brush_rests(painter: Painter) -> None:
    painter.hover(unit_at(5, 5))
    painter.page.evaluate(CARD_TIMES)
    painter.hover(unit_at(5, 6))
    # by the clock of the page: this one may see it late
    assert painter.page.evaluate("window.shownAfter") >= 200
    painter.tool("choose")
    painter.hover(unit_at(5, 7))
    assert painter.page.evaluate("window.shownAfter") < 200


def test_a_drawn_polygon_says_where_it_waits(painter: Painter) -> None:
    painter.tool("draw")
    for unit in (unit_at(2, 3), unit_at(2, 7), unit_at(6, 7)):
        painter.click(unit)
    painter.stage.press("Enter")
    painter.button("Use it").click()
    expect(painter.page.locator(".message")).to_contain_text("Draw or load")


NAMES = f"() => [...({HELD})().drawing.written]"


def test_names_of_zones_that_have_no_room_give_way_to_larger_zones(painter: Painter) -> None:
    long = "Children and families of the far coast and all its islands"
    painter.button("Add a zone").click()
    _name(painter, long)
    painter.brush(1)
    painter.click(unit_at(6, 8))
    painter.until_edits(f"New zone {long}", f"1 small area to {long}")
    painter.zone(3)
    painter.drag(unit_at(6, 7), unit_at(5, 7), unit_at(5, 9), unit_at(7, 9), unit_at(7, 7))
    painter.until(lambda: len(painter.told()["edits"]) == 3)
    for _ in range(4):
        painter.button("Smaller (−)").click()
    painter.settle()
    written = painter.page.evaluate(NAMES)
    boxes = [box for _, box in written]
    for a, b in itertools.combinations(boxes, 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
    zones = [zone for zone, _ in written]
    assert WEST in zones
    assert 4 not in zones
    before = painter.page.locator("canvas.top").evaluate(INKED_ANY)
    painter.hover(unit_at(6, 8))
    assert painter.page.locator("canvas.top").evaluate(INKED_ANY) > before + 1_000


INKED_ANY = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.filter((alpha, i) => i % 4 === 3 && alpha > 0).length;
}"""


@pytest.mark.parametrize("width", [390, 430])
def test_a_phone_breaks_no_word_of_a_column_and_folds_the_legend(
    context: BrowserContext, server: Server, width: int
) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 844})
    painter = Painter(page, server, f"phone{width}")
    for column in (1, 2):
        page.get_by_label(f"Figure in column {column}").select_option("Anti-social behaviour")
    assert page.locator(".zones thead").evaluate(BROKEN) == []
    page.get_by_role("tab", name="Layers").click()
    page.locator(".page-layers select").select_option("Children in low income")
    legend = page.locator(".legend")
    expect(legend).to_be_visible()
    expect(legend).not_to_have_attribute("open", "")
    legend.locator("summary").click()
    expect(legend).to_have_attribute("open", "")
    page.locator(".page-layers select").select_option("Referral rate, from level")
    expect(legend).to_have_attribute("open", "")
    painter.close()


BROKEN = """root => {
  const found = [];
  const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const { textContent } = walk.currentNode;
    for (const { 0: word, index } of textContent.matchAll(/[^\\s\u2010\u2013-]+/g)) {
      const range = document.createRange();
      range.setStart(walk.currentNode, index);
      range.setEnd(walk.currentNode, index + word.length);
      if (walk.currentNode.parentElement.closest("select")) continue;
      const lines = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
      if (lines.size > 1) found.push(word);
    }
  }
  return found;
}"""


# Without a pointer


def test_everything_of_a_stroke_is_done_by_keyboard(painter: Painter) -> None:
    page = painter.page
    page.locator(".size").first.focus()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.shadowRoot?.activeElement?.className") == "stage":
            break
    else:
        pytest.fail("Tab never comes to the map")
    live = page.locator(".unseen[role=status]")
    page.keyboard.press("ArrowRight")
    expect(live).to_contain_text("Children:")
    first = live.inner_text()
    page.keyboard.press("ArrowDown")
    expect(live).not_to_have_text(first)
    page.keyboard.press("[")
    page.keyboard.press("4")
    expect(live).to_contain_text("Painting into North")
    page.keyboard.press("Space")
    painter.until_edits(f"1 small area to {ZONES[NORTH]}")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    painter.until_edits(*[f"1 small area to {ZONES[NORTH]}"] * 2)
    page.keyboard.press("Control+z")
    painter.until_edits(f"1 small area to {ZONES[NORTH]}")
    page.keyboard.press("l")
    page.keyboard.press("Space")
    painter.until(lambda: len(painter.told()["locked"]) == 1)
    page.keyboard.press("?")
    expect(page.locator("dialog.keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog.keys")).to_have_count(0)


def test_units_are_moved_by_the_table_alone(painter: Painter) -> None:
    page = painter.page
    page.get_by_role("tab", name="Table").click()
    search = page.get_by_label("Search small areas")
    search.press_sequentially("place 003 middle")
    expect(page.locator(".units .remark")).to_contain_text("small areas found")
    page.locator(".units tbody input").nth(0).check()
    page.locator(".units tbody input").nth(1).check()
    page.get_by_label("Zone to move to").select_option("East")
    page.locator(".units").get_by_role("button", name="Move 2").click()
    painter.until_edits("2 small areas to East")
    search.fill("E01000248")
    expect(page.locator(".units tbody tr")).to_have_count(1)


def test_letters_typed_in_a_field_are_not_taken_for_commands(painter: Painter) -> None:
    painter.page.get_by_role("tab", name="Table").click()
    painter.page.get_by_label("Search small areas").press_sequentially("crc")
    painter.page.wait_for_timeout(500)
    assert painter.page.get_by_test_id("stDialog").count() == 0
    expect(painter.page.get_by_label("Search small areas")).to_have_value("crc")


# Fingers


class Fingers:
    """Touches sent to the browser as a screen sends them."""

    def __init__(self, painter: Painter) -> None:
        self.painter = painter
        self.session = painter.page.context.new_cdp_session(painter.page)

    def send(self, kind: str, *points: tuple[float, float]) -> None:
        touches = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})


def test_a_finger_paints_and_two_change_the_scale(painter: Painter) -> None:
    fingers = Fingers(painter)
    painter.brush(1)
    fingers.send("touchStart", painter.at(unit_at(5, 5)))
    for column in (6, 7):
        fingers.send("touchMove", painter.at(unit_at(5, column)))
    fingers.send("touchEnd")
    painter.until_edits("3 small areas to West")
    fingers.send("touchStart", painter.at(unit_at(8, 6)))
    fingers.send("touchEnd")
    painter.until_edits("3 small areas to West", "1 small area to West")

    x, y = painter.at(unit_at(6, 8))
    before = float((painter.stage.get_attribute("data-view") or "").split()[0])
    fingers.send("touchStart", (x - 40, y))
    fingers.send("touchStart", (x - 40, y), (x + 40, y))
    for wide in (60, 90, 120):
        fingers.send("touchMove", (x - wide, y), (x + wide, y))
    fingers.send("touchEnd")

    def times() -> float:
        return float((painter.stage.get_attribute("data-view") or "").split()[0]) / before

    painter.until(lambda: times() == pytest.approx(3, rel=0.05))
    assert len(painter.told()["edits"]) == 2


def test_a_finger_that_rests_shows_the_card_and_paints_nothing(painter: Painter) -> None:
    fingers = Fingers(painter)
    fingers.send("touchStart", painter.at(unit_at(5, 5)))
    expect(painter.page.locator(".card")).to_be_visible()
    fingers.send("touchEnd")
    painter.page.wait_for_timeout(500)
    assert painter.told()["edits"] == []


# What is under the brush, and hostile names


def test_names_from_files_stay_text(painter: Painter) -> None:
    card = painter.hover(HOSTILE)
    expect(card).to_contain_text("<img src=x onerror=window.hit=1> & Sons")
    expect(painter.page.locator(".zones")).to_contain_text("North <img src=x")
    painter.page.get_by_role("tab", name="Table").click()
    expect(painter.page.locator(".units")).to_contain_text("<img src=x")


def test_layers_lie_under_the_brush(painter: Painter) -> None:
    page = painter.page
    page.get_by_role("tab", name="Layers").click()
    page.locator(".page-layers select").select_option("Children in low income")
    expect(page.locator(".legend")).to_contain_text("15 to 25")
    page.locator(".page-layers").get_by_text("School pyramids").click()
    page.locator(".page-layers").get_by_text("Schools", exact=True).click()
    card = painter.hover(unit_at(5, 5))
    expect(card).to_contain_text("Children in low income")
    expect(card).to_contain_text("Pyramid ")
    expect(page.locator(".zones tbody tr").nth(NORTH)).to_contain_text("no staff recorded")


# How far each zone is from level


def _away(painter: Painter, zone: int, column: int) -> str:
    """Say what stands under a figure, and what is read out for it."""
    cell = painter.page.locator(".zones tbody tr").nth(zone).locator("td").nth(column)
    shown = cell.locator(".delta").inner_text().replace("\u202f", " ")
    return f"{shown}; {cell.locator('.unseen').inner_text()}"


def _rate_away(zones: list[int], zone: int) -> float:
    referrals, children = _live("referrals"), _live("children")
    mine = np.array(zones) == zone
    rate = referrals[mine].sum() / children[mine].sum()
    return float(rate / (referrals.sum() / children.sum()) - 1)


def test_each_rate_says_how_far_it_is_from_level_while_a_stroke_is_under_way(
    painter: Painter,
) -> None:
    start = [start_zone(u) for u in range(UNITS)]
    per_cent = round(100 * _rate_away(start, WEST))
    painter.until(lambda: painter.total(WEST, 1) != "")
    assert f"{abs(per_cent)} %" in _away(painter, WEST, 1)
    assert "≈" in _away(painter, WEST, 1)
    assert "about" in _away(painter, WEST, 1)
    assert _away(painter, NORTH, 2) == "; "
    assert painter.total(NORTH, 2) == "no staff recorded"
    assert painter.page.locator(".zones .track:visible").count() == 7
    note = painter.page.locator(".below .remark")
    expect(note).to_contain_text("more than 10\u202f% away")
    expect(note).to_contain_text(re.compile(r"Cases per FTE: level is [\d.]+, of zones with staff"))
    painter.brush(3)
    painter.drag(unit_at(3, 6), unit_at(9, 12), release=False)
    painter.until(lambda: f"{abs(per_cent)} %" not in _away(painter, WEST, 1))
    assert painter.told()["edits"] == []
    under_way = _away(painter, WEST, 1)
    painter.page.mouse.up()
    painter.until(lambda: len(painter.told()["edits"]) == 1)
    after = abs(round(100 * _rate_away(painter.told()["zones"], WEST)))
    assert f"{after} %" in under_way or f"{after}." in under_way
    assert _away(painter, WEST, 1) == under_way
    expect(painter.page.locator(".unseen[role=status]")).to_contain_text("level")


def test_the_small_figures_tell_the_change_where_that_is_wanted(painter: Painter) -> None:
    painter.brush(1)
    painter.click(unit_at(5, 5))
    painter.until_edits("1 small area to West")
    painter.button("Change").click()
    expect(painter.page.locator(".zones .track:visible")).to_have_count(0)
    expect(painter.page.locator(".below .remark")).to_contain_text("Change against the start")
    assert "%" not in _away(painter, WEST, 1)
    children = f"+{int(_children()[unit_at(5, 5)])}; "
    assert _away(painter, WEST, 0) == children
    painter.button("From level").click()
    assert "%" in _away(painter, WEST, 1)
    assert _away(painter, WEST, 0) == children


def test_a_zone_outside_the_tolerance_has_a_mark(painter: Painter) -> None:
    painter.until(lambda: painter.total(WEST, 2) != "")
    found = [_away(painter, zone, 2) for zone in (WEST, MIDDLE, EAST)]
    fte = np.array([12.5, 14.0, 9.0])
    zones = np.array([start_zone(u) for u in range(UNITS)])
    cases = np.bincount(zones, _live("open_cases"))[:3]
    away = (cases / fte) / (cases.sum() / fte.sum()) - 1
    assert (np.abs(away) > 0.1).any()
    for text, share in zip(found, away, strict=True):
        wanted = "" if abs(share) <= 0.1 else "▲" if share > 0 else "▼"
        assert "".join(mark for mark in text if mark in "▲▼") == wanted
        assert ("outside 10 %" in text) == bool(wanted)


PIXEL = """([x, y]) => {
  const hosts = [...document.querySelectorAll("[data-testid=stBidiComponentIsolated]")];
  const canvas = hosts.map((one) => one.shadowRoot?.querySelector(".layer.fills")).find(Boolean);
  const box = canvas.getBoundingClientRect();
  const scale = canvas.width / box.width;
  const at = [(x - box.x) * scale, (y - box.y) * scale].map(Math.round);
  return [...canvas.getContext("2d").getImageData(...at, 1, 1).data].slice(0, 3);
}"""


def test_the_map_shows_how_far_zones_are_from_level_and_follows_the_brush(
    painter: Painter,
) -> None:
    page = painter.page
    page.get_by_role("tab", name="Layers").click()
    page.locator(".page-layers select").select_option("Cases per FTE, from level")
    legend = page.locator(".legend")
    expect(legend).to_contain_text("Cases per FTE, % from level")
    expect(legend).to_contain_text(re.compile(r"Level: [\d.]+ cases, of zones with staff"))
    expect(legend.locator(".in", has_text="no staff recorded")).to_contain_text("1 zone")
    page.locator(".levels summary").click()
    rows = page.locator(".levels tbody tr")
    expect(rows).to_have_count(4)
    expect(rows.nth(NORTH)).to_contain_text("North <img src=x")
    expect(rows.nth(NORTH)).to_contain_text("no staff recorded")
    before = rows.nth(EAST).inner_text()
    legend.locator("summary").click()
    colour = page.evaluate(PIXEL, painter.at(unit_at(2, 11)))
    painter.brush(3)
    painter.zone(EAST)
    painter.drag(unit_at(3, 9), unit_at(9, 6), unit_at(3, 5), unit_at(11, 5), release=False)
    painter.until(lambda: page.evaluate(PIXEL, painter.at(unit_at(2, 11))) != colour)
    assert painter.told()["edits"] == []
    assert rows.nth(EAST).inner_text() != before
    page.mouse.up()
    painter.until(lambda: len(painter.told()["edits"]) == 1)
    card = painter.hover(unit_at(2, 11))
    expect(card).to_contain_text("Cases per FTE, all of its zone")
    expect(card).to_contain_text("From level")
    page.locator(".page-layers select").select_option("Zones")
    expect(legend).to_be_hidden()
    expect(page.locator(".levels")).to_be_hidden()


def test_the_map_of_levels_can_be_read_and_used(painter: Painter) -> None:
    painter.page.get_by_role("tab", name="Layers").click()
    painter.page.locator(".page-layers select").select_option("Referral rate, from level")
    painter.page.locator(".levels summary").click()
    assert painter.page.locator("div.zw").evaluate(CHECKED) == []


def test_an_estimate_says_so_and_an_unknown_is_no_zero(painter: Painter) -> None:
    card = painter.hover(7)
    expect(card.locator("tr", has_text="Anti-social")).to_contain_text("not known")
    painter.page.get_by_label("Figure in column 1").select_option("Anti-social behaviour")
    painter.until(lambda: painter.total(MIDDLE).endswith("*"))
    assert not painter.total(EAST).endswith("*")


def test_a_hidden_count_of_one_unit_is_not_shown_by_its_estimate(painter: Painter) -> None:
    estimated = np.frombuffer(base64.b64decode(SCENE["live"][1]["estimated"]), "u1")
    unit = int(np.flatnonzero(estimated)[0])
    row = painter.hover(unit).locator("tr", has_text="Referrals")
    expect(row.locator("td")).to_have_text("hidden")
    painter.tool("choose")
    painter.click(unit)
    painter.page.get_by_role("tab", name="Chosen (1)").click()
    row = painter.page.locator(".sums tr", has_text="Referrals")
    expect(row.locator("td")).to_have_text("hidden")


# Connections


def test_a_refused_stroke_goes_back_with_its_reason(
    context: BrowserContext, server: Server
) -> None:
    painter = Painter(context.new_page(), server, "refused", "&refuse=East")
    painter.brush(1)
    painter.zone(EAST)
    before = painter.total(EAST)
    painter.click(unit_at(5, 5))
    expect(painter.page.locator(".message.refused")).to_contain_text("East is full")
    painter.until(lambda: painter.total(EAST) == before)
    painter.zone(WEST)
    painter.click(unit_at(5, 5))
    painter.until_edits("1 small area to West")
    painter.close()


def test_a_slow_page_loses_no_stroke_of_a_quick_hand(
    context: BrowserContext, server: Server
) -> None:
    painter = Painter(context.new_page(), server, "slow", "&slow=1")
    painter.brush(1)
    for row in range(2, 10):
        painter.click(unit_at(row, 6))
    painter.until_edits(*["1 small area to West"] * 8)
    assert len(painter.told()["taken"]) == 8
    painter.close()


def test_steps_that_wait_for_a_decision_say_so_and_lead_to_it(
    context: BrowserContext, server: Server
) -> None:
    painter = Painter(context.new_page(), server, "stale", "&stale=1")
    page = painter.page
    painter.brush(1)
    painter.click(unit_at(5, 5))
    saved = page.locator(".foot .saved")
    expect(saved).to_have_text("Waiting for your decision below the map")
    page.wait_for_timeout(4_000)
    expect(saved).to_have_text("Waiting for your decision below the map")
    expect(page.locator(".saved.late")).to_have_count(0)
    expect(page.locator(".message")).to_have_count(1)
    decide = page.get_by_role("button", name="Put mine on top")
    expect(decide).not_to_be_in_viewport()
    painter.button("Go to the decision").press("Enter")
    expect(decide).to_be_in_viewport()
    page.keyboard.press("Tab")
    expect(decide).to_be_focused()
    painter.close()


def test_two_tabs_paint_one_scenario(context: BrowserContext, server: Server) -> None:
    one = Painter(context.new_page(), server, "tabs")
    two = Painter(context.new_page(), server, "tabs")
    for painter in (one, two):
        painter.brush(1)
    one.click(unit_at(4, 6))
    one.until_edits("1 small area to West")
    two.click(unit_at(6, 6))
    two.until(lambda: len(two.told()["edits"]) == 2)
    clients = {line.split()[0] for line in two.told()["taken"]}
    assert len(clients) == 2
    for painter in (one, two):
        painter.close()


def test_strokes_outlive_a_server_that_is_killed(context: BrowserContext, server: Server) -> None:
    painter = Painter(context.new_page(), server, "killed")
    painter.brush(1)
    painter.click(unit_at(4, 6))
    painter.until_edits("1 small area to West")
    server.kill()
    painter.click(unit_at(5, 6))
    painter.click(unit_at(6, 6))
    expect(painter.page.locator(".saved.late")).to_have_text(
        "Not saved yet: 2 strokes are kept in this browser"
    )
    server.start()
    painter.until(lambda: len(painter.told()["taken"]) == 3, seconds=60)
    expect(painter.page.locator(".saved")).to_have_text("Saved: 3 steps")
    painter.page.wait_for_timeout(5_000)
    assert len(painter.told()["taken"]) == 3
    assert painter.watched.errors == []


def test_strokes_outlive_a_tab_that_is_closed(context: BrowserContext, server: Server) -> None:
    painter = Painter(context.new_page(), server, "closed")
    painter.brush(1)
    server.kill()
    painter.click(unit_at(5, 6))
    kept = "Object.values(localStorage).some((one) => one.includes('1 small area to West'))"
    painter.until(lambda: painter.page.evaluate(kept))
    painter.page.close()
    server.start()
    again = Painter(context.new_page(), server, "closed")
    again.until(lambda: again.told()["edits"] == ["1 small area to West"], seconds=40)
    again.brush(1)
    again.click(unit_at(7, 6))
    again.until_edits("1 small area to West", "1 small area to West")
    assert len({line.split()[0] for line in again.told()["taken"]}) == 2
    again.close()


RENEWED = """async () => {
  const at = performance.getEntriesByType("resource")
    .map(({ name }) => name).find((name) => name.endsWith("/painter.js"));
  const renewed = await import(`${at}?renewed`);
  const hosts = [...document.querySelectorAll("[data-testid=stBidiComponentIsolated]")];
  const root = hosts.map((one) => one.shadowRoot).find((one) => one?.querySelector("div.zw"));
  renewed.show({ data: { scenario: "renewed" }, parentElement: root, setStateValue: () => {} });
  return root.querySelectorAll("div.zw").length;
}"""


def test_an_app_that_is_renewed_below_an_open_page_leaves_one_painter(painter: Painter) -> None:
    assert painter.page.evaluate(RENEWED) == 1


def test_a_tab_loaded_again_sends_what_it_kept(context: BrowserContext, server: Server) -> None:
    painter = Painter(context.new_page(), server, "again", "&slow=3")
    painter.brush(1)
    painter.click(unit_at(5, 6))
    painter.page.reload()
    painter.until(lambda: painter.page.get_by_test_id("stCode").count() == 1, seconds=30)
    painter.until_edits("1 small area to West")
    painter.page.wait_for_timeout(1_000)
    assert len(painter.told()["taken"]) == 1
