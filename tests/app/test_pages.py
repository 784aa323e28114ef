"""Every page, driven as Streamlit's own test harness drives it, on every pack and plan."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from analysis.events import Edit
from analysis.scenario import Scenario, evaluate
from analysis.tables import plan_table, zone_table
from geo.write import lookup_csv
from layers.pack import Pack

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("zone_map", "need_and_outcomes", "redraw", "sources", "projector")
MOVED = ("E01020455", "E01020456")

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


def _move(app: AppTest, units: tuple[str, ...], to: str) -> AppTest:
    app.multiselect(key="chosen-dorset-areas").set_value(list(units)).run()
    app.selectbox(key="move-to").set_value(to).run()
    return next(b for b in app.button if b.label.startswith("Move")).click().run()


def _button(app: AppTest, label: str) -> AppTest:
    return next(b for b in app.button if b.label == label).click().run()


def _cards(app: AppTest) -> str:
    return next(text for text in _html(app).splitlines() if "zw-cards" in text and "<div" in text)


def test_moving_units_shows_what_the_command_line_would(open_page: OpenPage, dorset: Pack) -> None:
    entry = dorset.plan("areas")
    units = entry.plan.members("South")[:6]
    app = _move(open_page("redraw", pack="dorset", plan="areas"), units, "West")
    scenario = Scenario("x", entry).do(Edit.move(units, to="West"))
    result = evaluate(scenario, dorset)
    equity = plan_table(result, dorset)
    for key in ("referral_cv", "referral_gini", "referral_max_min", "load_cv", "children_moved"):
        assert equity.cell(equity.column(key), 0) in _cards(app)
    zones = zone_table(result, dorset)
    rate = zones.column("referral_rate")
    assert all(f"<td>{zones.cell(rate, row)}</td>" in _html(app) for row in range(4))


def test_undo_redo_and_reset_take_the_figures_with_them(open_page: OpenPage, dorset: Pack) -> None:
    app = open_page("redraw", pack="dorset", plan="areas")
    today = _cards(app)
    moved = _cards(_move(app, dorset.plan("areas").plan.members("South")[:4], "West"))
    assert moved != today
    assert _cards(_button(app, "Undo")) == today
    assert _cards(_button(app, "Redo")) == moved
    assert _cards(_button(app, "Reset")) == today
    assert _cards(_button(app, "Undo")) == moved


def test_a_redraw_stays_when_the_page_changes(open_page: OpenPage, dorset: Pack) -> None:
    app = open_page("redraw", pack="dorset", plan="areas")
    moved = _cards(_move(app, dorset.plan("areas").plan.members("South")[:4], "West"))
    app.switch_page("app/pages/sources.py").run()
    app.switch_page("app/pages/redraw.py").run()
    assert _cards(app) == moved


def test_a_zone_in_pieces_is_named(open_page: OpenPage, dorset: Pack) -> None:
    plan = dorset.plan("areas").plan
    touching = dorset.geography.neighbours
    inner = next(
        unit
        for unit in plan.members("North")
        if all(
            plan.assignment[n] == plan.zone_position("North")
            for n in touching.of(dorset.geography.position[unit])
        )
    )
    app = _move(open_page("redraw", pack="dorset", plan="areas"), (inner,), "South")
    name = dorset.geography.names[dorset.geography.position[inner]]
    assert any("A piece of South lies apart" in w.value and name in w.value for w in app.warning)


def test_a_new_zone_has_no_staff_and_says_so(open_page: OpenPage, dorset: Pack) -> None:
    app = open_page("redraw", pack="dorset", plan="areas")
    units = list(dorset.plan("areas").plan.members("South")[:5])
    app.multiselect(key="chosen-dorset-areas").set_value(units).run()
    app.selectbox(key="move-to").set_value("New zone …").run()
    app.text_input(key="new-zone").set_value("<b>East & co</b>").run()
    next(b for b in app.button if b.label.startswith("Move")).click().run()
    assert _is_well(app)
    assert "&lt;b&gt;East &amp; co&lt;/b&gt;" in _html(app)
    assert "<b>East" not in _html(app)


def test_staff_may_follow_their_cases(open_page: OpenPage, dorset: Pack) -> None:
    app = open_page("redraw", pack="dorset", plan="areas")
    stays = _cards(_move(app, dorset.plan("areas").plan.members("South")[:9], "West"))
    app.toggle(key="staff-follows").set_value(True).run()
    assert _cards(app) != stays


def test_a_saved_plan_is_loaded_again(open_page: OpenPage, dorset: Pack) -> None:
    entry = dorset.plan("areas")
    redrawn = entry.plan.move(entry.plan.members("South")[:5], to="West")
    app = open_page("redraw", pack="dorset", plan="areas")
    app.file_uploader[0].upload("plan.csv", lookup_csv(redrawn).encode(), "text/csv").run()
    _button(app, "Use it: 5 small areas change zone")
    result = evaluate(Scenario("x", entry).do(Edit.replace_with(redrawn, "x")), dorset)
    cv = plan_table(result, dorset)
    assert cv.cell(cv.column("referral_cv"), 0) in _cards(app)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"unit,zone\nE01020455,South\n", "no zone for"),
        (b"\xff\xfe\x00\x01", "no rows"),
        (b"unit,zone\nE99999999,South\n", "units"),
        (b"a,b\n1,2\n", "column"),
    ],
)
def test_a_wrong_lookup_is_refused_in_one_message(
    open_page: OpenPage, content: bytes, said: str
) -> None:
    app = open_page("redraw", pack="dorset", plan="areas")
    app.file_uploader[0].upload("plan.csv", content, "text/csv").run()
    assert len(app.error) == 1
    assert said in app.error[0].value.replace("\\", "")
    assert not app.exception


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
