"""The page Need and outcomes, driven as Streamlit's own test harness drives it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from analysis.tables_need import spine
from app.spine import order_of, render_spine
from layers.pack import Pack

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("zones", "indicator", "deprivation", "index", "asb")

OpenPart = Callable[..., AppTest]


@pytest.fixture
def open_part() -> OpenPart:
    def open_(part: str, **address: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60)
        for name, value in {"part": part, **address}.items():
            app.query_params[name] = value
        app.run()
        return app.switch_page("app/pages/need_and_outcomes.py").run()

    return open_


def _is_well(app: AppTest) -> bool:
    return not app.exception and not app.error


def _html(app: AppTest) -> str:
    return "\n".join(str(element.proto.body) for element in app.get("html"))


@pytest.mark.parametrize("part", PARTS)
def test_every_part_opens_on_every_pack_and_says_what_is_modelled(
    open_part: OpenPart, part: str, shipped: Pack
) -> None:
    app = open_part(part, pack=shipped.authority.key)
    assert _is_well(app), (app.error, app.exception)
    assert "Illustrative" in _html(app)


@pytest.mark.parametrize("part", PARTS)
def test_every_part_opens_on_a_small_pack(
    open_part: OpenPart, part: str, small_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZONEWRIGHT_PACKS", str(small_folder))
    assert _is_well(open_part(part, pack=small_folder.name))


def test_zones_are_compared_with_every_benchmark(open_part: OpenPart) -> None:
    app = open_part("zones", pack="dorset")
    for against in list(app.selectbox(key="against-dorset").options):
        app.selectbox(key="against-dorset").select(against).run()
        assert _is_well(app), against
        assert "beyond chance" in _html(app)


def test_every_indicator_is_shown_in_every_way(open_part: OpenPart, dorset: Pack) -> None:
    app = open_part("indicator", pack="dorset")
    for view in ("Intervals", "Funnel plot", "Over time", "Map"):
        app.button_group(key="need-view").set_value(view).run()
        assert _is_well(app), view
        assert app.button_group(key="need-view").value == view
    app.button_group(key="need-view").set_value("Funnel plot").run()
    for indicator in dorset.indicators[:12]:
        app.selectbox(key="indicator-dorset").set_value(indicator.key).run()
        assert _is_well(app), indicator.key


def test_a_small_area_map_says_that_it_is_steadied(open_part: OpenPart) -> None:
    app = open_part("indicator", pack="kirklees", indicator="referrals")
    app.button_group(key="need-view").set_value("Map").run()
    app.button_group(key="need-map-by").set_value("unit").run()
    assert _is_well(app)
    assert "empirical Bayes" in _html(app)


def test_what_an_indicator_is_not_compared_with_falls_back(open_part: OpenPart) -> None:
    app = open_part("indicator", pack="dorset", indicator="cp", against="South West")
    assert app.selectbox(key="against-dorset").value == "South West"
    app.selectbox(key="indicator-dorset").set_value("asb").run()
    assert _is_well(app)
    assert app.selectbox(key="against-dorset").value == "All zones together"


def test_weights_of_nothing_are_said(open_part: OpenPart) -> None:
    app = open_part("index", pack="dorset")
    for slider in app.slider:
        slider.set_value(0)
    app.run()
    assert any("above 0" in info.value for info in app.info)


def test_the_ledger_of_incidents_and_the_months_not_read_are_shown(open_part: OpenPart) -> None:
    text = _html(open_part("asb", pack="kirklees"))
    assert "3,381 read = 3,381 used + 0 unlocated + 0 outside + 0 rejected" in text
    assert "2016-08 to 2017-06" in text


def test_the_spine_escapes_the_names_of_zones(small: Pack) -> None:
    plan = replace(small.plan("zones").plan, zones=("<b>N</b>", "Middle", "South"))
    found = spine(plan, small, what="zone")
    text = render_spine(found, order_of(found, ""), caption="c", height=100)
    assert "<b>N" not in text
    assert "&lt;b&gt;N&lt;/b&gt;" in text
