"""Views and downloads: who sees which pages, what may leave, and what stays out of payloads."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from analysis.leaving import prepare
from analysis.scenario import Scenario, evaluate
from analysis.tables import unit_table, zone_table
from app.views import PUBLISHED, VIEW_VARIABLE, VIEWS, fixed_view
from geo.errors import StoreError
from layers.pack import Pack
from store.register import STORE_VARIABLE, USER_VARIABLE, open_register, read_register

ROOT = Path(__file__).resolve().parents[2]
CODE = re.compile(r"E010\d{5}")
SMALL_MOVE = "E01020465"
"""A small area of Dorset with a small count of open cases."""

OpenPage = Callable[..., AppTest]


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(STORE_VARIABLE, str(tmp_path / "store"))
    monkeypatch.setenv(USER_VARIABLE, "A Planner")
    monkeypatch.delenv(VIEW_VARIABLE, raising=False)
    return tmp_path / "store"


@pytest.fixture
def open_page() -> OpenPage:
    def open_(page: str = "", **address: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60)
        for name, value in {"pack": "dorset", **address}.items():
            app.query_params[name] = value
        app.run()
        if page:
            app.switch_page(f"app/pages/{page}.py").run()
        assert not app.exception
        return app

    return open_


def press(app: AppTest, label: str) -> AppTest:
    return next(b for b in app.button if b.label.startswith(label)).click().run()


def labels(app: AppTest) -> list[str]:
    return [b.label for b in app.button] + [d.proto.label for d in app.get("download_button")]


def payload(app: AppTest) -> str:
    """Give all that is sent to the browser, tables and maps in their iframes included."""
    return "\n".join(str(node.proto) for node in app._tree if hasattr(node, "proto"))


def release_zones(pack: Pack) -> None:
    entry = pack.plan(pack.default_plan)
    table = zone_table(evaluate(Scenario(entry.key, entry), pack), pack)
    enter(table, pack, title="Main figures")


def enter(table: object, pack: Pack, *, title: str) -> None:
    words = {"who": "A Planner", "when": "2026-01-02T10:00:00+00:00"}
    register = read_register(pack.authority.key).register(pack.geography.units)
    leave = prepare([table], register, name=title, mend="withhold", **words)  # type: ignore[list-item]
    assert leave.safe
    with open_register(pack.authority.key) as desk:
        desk.enter(leave.new, [leave.masked(table)], title=title, **words)  # type: ignore[arg-type]


def test_a_download_is_entered_in_the_register_first(open_page: OpenPage) -> None:
    app = open_page()
    assert "Download CSV" not in labels(app)
    app = press(app, "Release CSV")
    assert "Download CSV" in labels(app)
    (entry,) = read_register("dorset").entries
    assert entry.who == "A Planner"
    assert {told.key for told in entry.releases[0].told} == {"referrals", "open_cases"}
    again = open_page()
    assert "Download CSV" in labels(again)  # it is out: no second check, no second entry
    assert len(read_register("dorset").entries) == 1


def test_a_table_without_sensitive_counts_is_no_release(open_page: OpenPage) -> None:
    app = open_page(shade="asb")
    assert "Download CSV" in labels(app)
    assert read_register("dorset").entries == ()


def test_a_small_move_is_refused_with_its_set_and_leaves_after_a_remedy(
    open_page: OpenPage, dorset: Pack
) -> None:
    release_zones(dorset)
    app = open_page("redraw", plan="zones")
    app.multiselect(key="chosen-dorset-zones").set_value([SMALL_MOVE]).run()
    app.selectbox(key="move-to").set_value("North Dorset").run()
    app = press(press(app, "Move"), "Release CSV")
    assert "was not released" in app.error[0].value
    name = dorset.geography.names[dorset.geography.position[SMALL_MOVE]]
    listed = next(
        str(h.proto.body) for h in app.get("html") if "would be given away" in str(h.proto.body)
    )
    assert name in listed
    assert "Merge zones" in "".join(m.value for m in app.markdown)
    assert len(read_register("dorset").entries) == 1
    app = press(app, "Withhold and release")
    assert not app.error
    assert "Download CSV" in labels(app)
    table = read_register("dorset").entries[-1].tables[0]
    at = [table.names.index(zone) for zone in ("Purbeck", "North Dorset")]
    column = table.column("open_cases_after")
    assert [table.cell(column, row) for row in at] == ["c", "c"]
    assert [table.cell(table.column("cases_per_fte_after"), row) for row in at] == ["c", "c"]


def test_a_damaged_register_stops_downloads_and_not_the_page(
    open_page: OpenPage, dorset: Pack, store: Path
) -> None:
    release_zones(dorset)
    path = next(store.glob("*.jsonl"))
    path.write_text(path.read_text(encoding="utf-8").replace("A Planner", "Nobody"))
    app = open_page()
    assert not app.error
    assert any("is damaged" in c.value for c in app.caption)
    assert labels(app) == []


def test_the_register_is_listed(open_page: OpenPage, dorset: Pack) -> None:
    release_zones(dorset)
    app = open_page("releases")
    said = "".join(str(h.proto.body) for h in app.get("html"))
    assert "Main figures" in said
    assert dorset.plan("zones").plan.fingerprint in said


@pytest.mark.parametrize("view", ["public", "member"])
def test_others_have_released_figures_only(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, view: str
) -> None:
    monkeypatch.setenv(VIEW_VARIABLE, view)
    app = open_page()
    assert [title.value for title in app.title] == [PUBLISHED]
    assert "Nothing was released" in app.info[0].value
    for page in ("redraw", "zone_map", "sources", "projector", "data"):
        with pytest.raises(ValueError, match="Could not find a navigation page"):
            app.switch_page(f"app/pages/{page}.py")


@pytest.mark.parametrize("view", ["public", "member"])
@pytest.mark.parametrize("by", ["", "referral_rate"])
def test_nothing_of_small_areas_is_sent_to_others(
    open_page: OpenPage, dorset: Pack, monkeypatch: pytest.MonkeyPatch, view: str, by: str
) -> None:
    release_zones(dorset)
    plan = dorset.plan("zones").plan
    enter(unit_table(plan, dorset.indicator("referrals"), dorset), dorset, title="Small areas")
    monkeypatch.setenv(VIEW_VARIABLE, view)
    app = open_page()
    assert app.selectbox(key="published").options == ["Main figures (2026-01-02)"]
    app.selectbox(key="public-by").set_value(by).run()
    sent = payload(app)
    assert "Weymouth and Portland" in sent
    assert not CODE.search(sent)
    assert not [name for name in dorset.geography.names if name in sent]
    assert "Illustrative" in sent


def test_others_see_what_was_withheld_withheld(
    open_page: OpenPage, dorset: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    release_zones(dorset)
    moved = dorset.plan("zones").plan.move([SMALL_MOVE], to="North Dorset")
    entry = dorset.plan("zones")
    scenario = Scenario("x", entry)
    scenario = scenario.do(scenario.taking(moved, "moved"))
    enter(zone_table(evaluate(scenario, dorset), dorset), dorset, title="Moved")
    monkeypatch.setenv(VIEW_VARIABLE, "public")
    app = open_page()
    cases = evaluate(scenario, dorset).facts.totals.counts("open_cases")
    hidden = cases[moved.zone_position("North Dorset")]
    shown = next(str(h.proto.body) for h in app.get("html") if "<table" in str(h.proto.body))
    row = shown[shown.index(">North Dorset<") :].split("</tr>")[0]
    assert "<td>c</td>" in row
    assert f"<td>{hidden:.0f}</td>" not in row


@pytest.mark.parametrize("view", ["analyst", "planner"])
def test_those_who_plan_have_every_page(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, view: str
) -> None:
    monkeypatch.setenv(VIEW_VARIABLE, view)
    app = open_page("redraw")
    assert [title.value for title in app.title] == ["Redraw"]


def test_the_view_is_chosen_in_the_sidebar_unless_it_is_fixed(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_page()
    assert next(iter(app.selectbox(key="view").options)).startswith("Public")
    app.selectbox(key="view").set_value("public").run()
    assert [title.value for title in app.title] == [PUBLISHED]
    monkeypatch.setenv(VIEW_VARIABLE, "Member")
    app = open_page(view="planner")
    assert [title.value for title in app.title] == [PUBLISHED]
    assert "view" not in [box.key for box in app.selectbox]


def test_a_view_that_is_none_shows_nothing(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VIEW_VARIABLE, "everybody")
    app = open_page()
    assert "Nothing is shown" in app.error[0].value
    assert not app.title
    with pytest.raises(StoreError, match="the views are public, member"):
        fixed_view()


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_can_be_fixed(view: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VIEW_VARIABLE, view)
    assert fixed_view() == view
