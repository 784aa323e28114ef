"""Every page, driven as Streamlit's own test harness drives it, on every pack and plan."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from layers.pack import Pack

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("zone_map", "need_and_outcomes", "redraw", "sources", "projector")

OpenPage = Callable[..., AppTest]


@pytest.fixture
def open_page() -> OpenPage:
    def open_(page: str = "zone_map", **address: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60)
        for name, value in address.items():
            app.query_params[name] = value
        app.run()
        if page != "zone_map":
            app.switch_page(f"app/pages/{page}.py").run()
        return app

    return open_


def _is_well(app: AppTest) -> bool:
    return not app.exception and not app.error


def _html(app: AppTest) -> str:
    return "\n".join(str(element.proto.body) for element in app.get("html"))


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_on_every_pack_and_plan(
    open_page: OpenPage, page: str, shipped: Pack
) -> None:
    for entry in shipped.plans:
        app = open_page(page, pack=shipped.authority.key, plan=entry.key)
        assert _is_well(app), (entry.key, app.error, app.exception)


@pytest.mark.parametrize("page", ["zone_map", "need_and_outcomes", "redraw", "sources"])
def test_every_page_says_that_modelled_figures_are_illustrative(
    open_page: OpenPage, page: str
) -> None:
    assert "Illustrative" in _html(open_page(page))


def test_a_link_opens_what_its_sender_saw(open_page: OpenPage) -> None:
    app = open_page(pack="kirklees", shade="asb", by="unit")
    assert app.selectbox(key="pack").value == "kirklees"
    assert app.selectbox(key="shade").value == "asb"
    assert app.query_params["plan"] == "localities"


def test_a_link_to_nothing_opens_the_default_pack(open_page: OpenPage) -> None:
    app = open_page(pack="atlantis", plan="sunk", shade="waves")
    assert _is_well(app)
    assert app.selectbox(key="pack").value == "dorset"


def test_a_full_screen_of_no_pack_is_refused_in_one_message(open_page: OpenPage) -> None:
    app = open_page()
    app.query_params["pack"] = "atlantis"
    app.switch_page("app/pages/projector.py").run()
    assert [error.value for error in app.error] == [
        "There is no pack 'atlantis'. Open this page from the Zone map."
    ]
    assert not app.exception


def test_a_fault_of_ours_shows_no_traceback(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("analysis.aggregate.aggregate", fail)
    monkeypatch.setattr("analysis.scenario.evaluate", fail)
    app = open_page("redraw")
    assert not app.exception
    assert "The fault is ours" in app.error[0].value
    assert "secret" not in app.error[0].value


def test_zones_are_coloured_by_any_indicator(open_page: OpenPage, dorset: Pack) -> None:
    app = open_page()
    for indicator in dorset.indicators:
        app.selectbox(key="shade").set_value(indicator.key).run()
        assert _is_well(app), indicator.key
        assert indicator.title in _html(app)


@pytest.mark.parametrize("method", ["Natural breaks", "Quantiles", "Equal interval"])
def test_small_areas_are_coloured_by_every_kind_of_class(open_page: OpenPage, method: str) -> None:
    app = open_page(shade="referrals", by="unit")
    app.selectbox(key="method").set_value(method).run()
    assert _is_well(app)


def test_a_pack_of_ones_own_opens_first(
    open_page: OpenPage, small_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZONEWRIGHT_PACKS", str(small_folder))
    for page in PAGES:
        app = open_page(page)
        assert _is_well(app), (page, app.error)
    assert open_page().selectbox(key="pack").value == small_folder.name


def test_a_broken_pack_is_named_and_the_others_open(
    open_page: OpenPage, small_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (small_folder / "authority.toml").write_text("key = ")
    monkeypatch.setenv("ZONEWRIGHT_PACKS", str(small_folder))
    app = open_page()
    assert _is_well(app)
    assert "is left out" in app.warning[0].value
    assert app.selectbox(key="pack").value == "dorset"


@pytest.mark.parametrize("page", ["zone_map", "sources"])
def test_words_of_a_pack_fetch_nothing(
    open_page: OpenPage, small_folder: Path, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    picture = "![i](http://example.org/i.png)"
    settings = small_folder / "authority.toml"
    text = settings.read_text()
    for words in ("Drawn by hand.", "Columns of the drawing.", "A drawing", "Nobody"):
        text = text.replace(words, picture)
    settings.write_text(text.replace('default_plan = "zones"', 'default_plan = "pyramids"'))
    monkeypatch.setenv("ZONEWRIGHT_PACKS", str(small_folder))
    app = open_page(page)
    assert _is_well(app)
    shown = [element.value for element in (*app.markdown, *app.caption)]
    assert any("example" in words for words in shown)
    assert not any(picture in words for words in shown)


def test_what_a_pack_lacks_is_said(
    open_page: OpenPage, small_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in ("incidents.parquet", "schools.csv", "sites.csv", "staffing.csv", "towns.csv"):
        (small_folder / file).unlink()
    registry = (small_folder / "indicators.toml").read_text()
    monkeypatch.setenv("ZONEWRIGHT_PACKS", str(small_folder))
    assert registry
    app = open_page("need_and_outcomes", part="asb")
    assert not app.exception
    said = [info.value for info in app.info] + [error.value for error in app.error]
    assert any("incidents" in text or "asb" in text for text in said)
