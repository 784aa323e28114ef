"""The zone sheet and the front door: pages, the file of its own, and one page of paper."""

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from streamlit.testing.v1 import AppTest

from analysis.tables_sheet import sheet_tables, whereabouts
from app.print import one_file
from app.sheet import sheet_html
from headless import CHROMIUM
from layers.pack import NamedPlan, Pack
from layers.read import read_pack
from small_pack import add_more

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = "<img src=x onerror=alert(1)>"
OpenPage = Callable[..., AppTest]


@pytest.fixture
def open_page() -> OpenPage:
    def open_(page: str, **address: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=120)
        for name, value in address.items():
            app.query_params[name] = value
        app.run()
        return app.switch_page(f"app/pages/{page}.py").run()

    return open_


def html_of(app: AppTest) -> str:
    return "\n".join(str(element.proto.body) for element in app.get("html"))


def sheet_of(pack: Pack, entry: NamedPlan, zone: str) -> str:
    return sheet_html(zone, entry, pack, sheet_tables(entry, pack), whereabouts(zone, entry, pack))


@pytest.mark.parametrize("page", ["zone_sheet", "front_door"])
def test_both_pages_open_on_every_pack_and_plan(
    open_page: OpenPage, page: str, shipped: Pack
) -> None:
    for entry in shipped.plans:
        app = open_page(page, pack=shipped.authority.key, plan=entry.key)
        assert not app.exception, entry.key
        assert not app.error, (entry.key, app.error)
        assert "llustrative" in html_of(app)


def test_a_link_opens_the_sheet_of_its_zone(open_page: OpenPage) -> None:
    app = open_page("zone_sheet", pack="dorset", plan="zones", zone="Purbeck")
    assert app.selectbox(key="sheet-dorset-zones").value == "Purbeck"
    assert '<h1 class="sheet">Purbeck</h1>' in html_of(app)


def test_another_plan_shows_a_zone_of_its_own_without_a_warning(open_page: OpenPage) -> None:
    app = open_page("zone_sheet", pack="dorset", plan="zones", zone="Purbeck")
    app.selectbox(key="plan-dorset").set_value("areas").run()
    assert [warning.value for warning in app.warning] == []
    assert '<h1 class="sheet">South</h1>' in html_of(app)


def test_the_figures_of_a_sheet_are_cells_of_its_tables(dorset: Pack) -> None:
    entry = dorset.plan("zones")
    tables = sheet_tables(entry, dorset)
    sheet = sheet_html("Purbeck", entry, dorset, tables, whereabouts("Purbeck", entry, dorset))
    row = tables.row("Purbeck")
    for told, keys in ((tables.door.stages, ("count", "rate")), (tables.door.measures, ("share",))):
        for _, table in told:
            assert all(table.cell(table.column(key), row) in sheet for key in keys)
    for each in tables.of_card.values():
        assert f"<b>{each.table.cell(each.table.column('value'), row)}</b>" in sheet


def test_a_sheet_says_what_to_add_where_a_pack_has_nothing(small: Pack) -> None:
    bare = replace(
        small, levels=(), incidents=None, schools=None, sites=None, zone_facts=(), staffing=None
    )
    sheet = sheet_of(bare, bare.plan("zones"), "North")
    for wanted in ("zones.csv", "schools.csv", "sites.csv", "staffing.csv", "incidents.parquet",
                   "[[levels]]", "lead professional", "Contacts: add contacts"):  # fmt: skip
        assert wanted in sheet, wanted


def test_hidden_and_unknown_figures_have_signs_of_their_own(small: Pack) -> None:
    sheet = sheet_of(small, small.plan("pyramids"), "West")
    assert "c = small count suppressed" in sheet
    assert "nan" not in re.sub(r"<[^>]*>", " ", sheet).split()
    assert "nan%" not in sheet


class Balanced(HTMLParser):
    """Notes whether every tag that opens closes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        if tag not in {"img", "br", "meta"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_file_is_whole_and_asks_nobody(shipped: Pack) -> None:
    entry = shipped.plans[0]
    page = one_file(sheet_of(shipped, entry, entry.plan.zones[0]), title="A zone")
    parser = Balanced()
    parser.feed(page)
    assert parser.open == []
    assert "<script" not in page
    assert re.findall(r"(?:src|href)=\"(?!data:)", page) == []
    assert "llustrative" in page


def test_names_from_files_are_escaped(small_folder: Path) -> None:
    add_more(small_folder)
    for file in ("authority.toml", "plans/zones.csv", "staffing.csv", "schools.csv", "sites.csv",
                 "zones.csv", "towns.csv"):  # fmt: skip
        path = small_folder / file
        text = path.read_text()
        for name in ("North", "Town Hall", "The Office", "West School", "3 In need", "Centreton"):
            text = text.replace(name, HOSTILE)
        path.write_text(text)
    pack = read_pack(small_folder)
    sheet = sheet_of(pack, pack.plan("zones"), HOSTILE)
    assert HOSTILE not in sheet
    assert "&lt;img src=x" in sheet


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
def test_a_sheet_prints_on_one_page_of_a4(browser: Browser, shipped: Pack, tmp_path: Path) -> None:
    entry = shipped.plan(shipped.default_plan)
    tables = sheet_tables(entry, shipped)
    for zone in entry.plan.zones:
        body = sheet_html(zone, entry, shipped, tables, whereabouts(zone, entry, shipped))
        (tmp_path / "sheet.html").write_text(one_file(body, title=zone), encoding="utf-8")
        page = browser.new_page()
        asked: list[str] = []
        page.on("request", lambda request, to=asked: to.append(request.url))
        page.goto((tmp_path / "sheet.html").as_uri())
        pages = re.findall(rb"/Count (\d+)", page.pdf(prefer_css_page_size=True))
        assert pages == [b"1"], zone
        assert all(url.startswith(("file:", "data:")) for url in asked)
        page.close()


def test_a_sheet_leaves_as_a_release(open_page: OpenPage) -> None:
    app = open_page("zone_sheet", pack="dorset", plan="east_west")
    app.button(key="sheet-release").click().run()
    assert not app.exception
    assert [error.value for error in app.error] == []
    assert "sheet-release" not in [button.key for button in app.button]
