"""The Redraw page, driven as Streamlit's own test harness drives it: all that needs no map."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Selectbox

from analysis.events import Edit, Lock
from analysis.scenario import Scenario, evaluate
from analysis.tables import plan_table, zone_table
from geo.write import lookup_csv
from layers.pack import Pack
from store.folder import STORE_VARIABLE
from store.scenarios import open_store

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("zones", "gain", "time", "staff", "handover", "lines", "draw", "history", "assumptions")

OpenPage = Callable[..., AppTest]


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a store of its own."""
    monkeypatch.setenv(STORE_VARIABLE, str(tmp_path / "store"))
    return tmp_path / "store"


@pytest.fixture
def open_page() -> OpenPage:
    def open_(**address: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60)
        for name, value in {"pack": "dorset", "plan": "areas", **address}.items():
            app.query_params[name] = value
        app.run()
        return app.switch_page("app/pages/redraw.py").run()

    return open_


def _is_well(app: AppTest) -> bool:
    return not app.exception and not app.error


def _html(app: AppTest) -> str:
    return "\n".join(str(element.proto.body) for element in app.get("html"))


def _choose(app: AppTest, units: tuple[str, ...], to: str) -> None:
    app.multiselect(key="chosen-dorset-areas").set_value(list(units)).run()
    app.selectbox(key="move-to").set_value(to).run()


def _go(app: AppTest) -> AppTest:
    return next(b for b in app.button if b.label.startswith("Move")).click().run()


def _move(app: AppTest, units: tuple[str, ...], to: str) -> AppTest:
    _choose(app, units, to)
    return _go(app)


def _button(app: AppTest, label: str) -> AppTest:
    return next(b for b in app.button if b.label == label).click().run()


def _part(app: AppTest, part: str) -> str:
    app.segmented_control(key="redraw-part").set_value(part).run()
    return _html(app)


def _picker(app: AppTest) -> Selectbox[str]:
    return next(box for box in app.selectbox if str(box.key).startswith("scenario-of-"))


def _lookup(app: AppTest) -> object:
    return next(u for u in app.file_uploader if u.label.startswith("A lookup"))


def _cards(app: AppTest) -> str:
    return next(text for text in _html(app).splitlines() if "zw-cards" in text and "<div" in text)


def test_moving_units_shows_what_the_command_line_would(open_page: OpenPage, dorset: Pack) -> None:
    entry = dorset.plan("areas")
    units = entry.plan.members("South")[:6]
    app = _move(open_page(), units, "West")
    scenario = Scenario("x", entry).do(Edit.move(units, to="West"))
    result = evaluate(scenario, dorset)
    equity = plan_table(result, dorset)
    for key in ("referral_cv", "referral_gini", "referral_max_min", "load_cv", "children_moved"):
        assert equity.cell(equity.column(key), 0) in _cards(app)
    zones = zone_table(result, dorset)
    rate = zones.column("referral_rate")
    assert all(f"<td>{zones.cell(rate, row)}</td>" in _html(app) for row in range(4))


def test_undo_redo_and_reset_take_the_figures_with_them(open_page: OpenPage, dorset: Pack) -> None:
    app = open_page()
    today = _cards(app)
    moved = _cards(_move(app, dorset.plan("areas").plan.members("South")[:4], "West"))
    assert moved != today
    assert _cards(_button(app, "Undo")) == today
    assert _cards(_button(app, "Redo")) == moved
    assert _cards(_button(app, "Reset")) == today
    assert _cards(_button(app, "Undo")) == moved


def test_a_redraw_stays_when_the_page_changes(open_page: OpenPage, dorset: Pack) -> None:
    app = open_page()
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
    app = _move(open_page(), (inner,), "South")
    name = dorset.geography.names[dorset.geography.position[inner]]
    assert any("A piece of South lies apart" in w.value and name in w.value for w in app.warning)


def test_a_new_zone_has_no_staff_and_says_so(open_page: OpenPage, dorset: Pack) -> None:
    app = open_page()
    units = list(dorset.plan("areas").plan.members("South")[:5])
    app.multiselect(key="chosen-dorset-areas").set_value(units).run()
    app.selectbox(key="move-to").set_value("New zone …").run()
    app.text_input(key="new-zone").set_value("<b>East & co</b>").run()
    next(b for b in app.button if b.label.startswith("Move")).click().run()
    assert _is_well(app)
    assert "&lt;b&gt;East &amp; co&lt;/b&gt;" in _html(app)
    assert "<b>East" not in _html(app)


def test_a_zone_without_staff_is_named_at_the_spread_of_load(
    open_page: OpenPage, dorset: Pack
) -> None:
    app = open_page()
    assert "no staff recorded" not in _cards(app)
    units = dorset.plan("areas").plan.members("South")[:5]
    app.multiselect(key="chosen-dorset-areas").set_value(list(units)).run()
    app.selectbox(key="move-to").set_value("New zone …").run()
    app.text_input(key="new-zone").set_value("<b>East").run()
    _go(app)
    assert "without &lt;b&gt;East, no staff recorded" in _cards(app)


@pytest.mark.parametrize(
    ("pack", "plan", "said"),
    [("dorset", "areas", True), ("durham", "forums", False), ("kirklees", "localities", False)],
)
def test_pyramids_have_a_card_only_where_there_are_some(
    open_page: OpenPage, pack: str, plan: str, said: bool
) -> None:
    assert ("Pyramids split" in _cards(open_page(pack=pack, plan=plan))) == said


def test_what_a_small_area_is_called_stays_when_it_moves(open_page: OpenPage, dorset: Pack) -> None:
    app = open_page()
    options = list(app.multiselect(key="chosen-dorset-areas").options)
    assert len(set(options)) == len(dorset.geography)
    units = dorset.plan("areas").plan.members("South")[:2]
    app.multiselect(key="chosen-dorset-areas").set_value(list(units)).run()
    assert any("Now in South: 2" in caption.value.replace("\\", "") for caption in app.caption)
    _move(app, units, "West")
    assert app.multiselect(key="chosen-dorset-areas").options == options


def test_a_zone_that_lost_all_and_a_new_one_are_told_apart(
    open_page: OpenPage, dorset: Pack
) -> None:
    app = _move(open_page(), dorset.plan("areas").plan.members("North"), "Central")
    said = "\n".join(warning.value.replace("\\", "") for warning in app.warning)
    assert "No small area is left in North, so there is no rate." in said
    assert "Staff is still recorded for North." in said
    store = open_store()
    zones = (*dorset.plan("areas").plan.zones, "East")
    to = dict.fromkeys(dorset.plan("areas").plan.members("West")[:1], "East")
    scenario = Scenario("x", dorset.plan("areas")).do(Edit("new", to, zones=zones))
    made = store.create(dorset, "areas", title="new zone", who="anna")
    back = Edit("back", dict.fromkeys(to, "West"))
    store.append(made, "client01", [(1, scenario.edits[0]), (2, back)], who="anna", expected_seq=0)
    said = "\n".join(w.value.replace("\\", "") for w in open_page(scenario=made).warning)
    assert "No small area is in East yet." in said
    assert "is left in" not in said


def test_staff_may_follow_their_cases(open_page: OpenPage, dorset: Pack) -> None:
    app = open_page()
    stays = _cards(_move(app, dorset.plan("areas").plan.members("South")[:9], "West"))
    app.segmented_control(key="redraw-part").set_value("assumptions").run()
    next(r for r in app.radio if "staff" in r.label).set_value("follows")
    _button(app, "Use these assumptions")
    assert _cards(app) != stays
    assert "Staff follow their cases" in _part(app, "history")


def test_a_saved_plan_is_loaded_again(open_page: OpenPage, dorset: Pack) -> None:
    entry = dorset.plan("areas")
    redrawn = entry.plan.move(entry.plan.members("South")[:5], to="West")
    app = open_page()
    _part(app, "draw")
    _lookup(app).upload("plan.csv", lookup_csv(redrawn).encode(), "text/csv").run()
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
    ],
)
def test_a_wrong_lookup_is_refused_in_one_message(
    open_page: OpenPage, content: bytes, said: str
) -> None:
    app = open_page()
    _part(app, "draw")
    _lookup(app).upload("plan.csv", content, "text/csv").run()
    assert len(app.error) == 1
    assert said in app.error[0].value.replace("\\", "")
    assert not app.exception


@pytest.mark.parametrize("part", PARTS)
def test_every_part_opens_before_and_after_a_step(
    open_page: OpenPage, dorset: Pack, part: str
) -> None:
    app = open_page(part=part)
    assert _is_well(app), app.error
    _move(app, dorset.plan("areas").plan.members("South")[:9], "West")
    assert _is_well(app), app.error


@pytest.mark.parametrize("part", PARTS)
def test_every_part_opens_where_a_zone_is_empty_and_units_are_in_none(
    open_page: OpenPage, dorset: Pack, part: str
) -> None:
    app = open_page(part=part)
    _move(app, dorset.plan("areas").plan.members("South"), "West")
    _move(app, dorset.plan("areas").plan.members("North")[:3], "No zone")
    assert _is_well(app), app.error
    assert any("No small area is left in South" in w.value for w in app.warning)


@pytest.mark.parametrize("part", PARTS)
def test_every_part_opens_on_every_pack(open_page: OpenPage, shipped: Pack, part: str) -> None:
    for entry in shipped.plans:
        app = open_page(pack=shipped.authority.key, plan=entry.key, part=part)
        assert _is_well(app), (entry.key, app.error, app.exception)


# every step is kept


def _id(app: AppTest) -> str:
    found = app.query_params["scenario"]
    return str(found[0] if isinstance(found, list) else found)


def test_a_step_is_in_the_store_before_the_page_says_so(open_page: OpenPage, dorset: Pack) -> None:
    units = dorset.plan("areas").plan.members("South")[:4]
    app = _move(open_page(), units, "West")
    saved = open_store().load(_id(app), dorset)
    assert saved.scenario.plan == dorset.plan("areas").plan.move(units, to="West")
    assert [entry.title for entry in saved.log] == ["4 units to West"]


def test_nothing_is_kept_of_a_page_that_was_only_looked_at(open_page: OpenPage) -> None:
    open_page()
    assert open_store().scenarios("dorset") == ()


def test_to_look_at_equity_again_changes_nothing(open_page: OpenPage) -> None:
    app = open_page()
    for part in ("gain", "zones", "gain"):
        _part(app, part)
    assert app.select_slider[0].value == 0.1
    assert open_store().scenarios("dorset") == ()


def test_the_address_opens_the_scenario_again(open_page: OpenPage, dorset: Pack) -> None:
    app = _move(open_page(), dorset.plan("areas").plan.members("South")[:4], "West")
    again = open_page(scenario=_id(app))
    assert _cards(again) == _cards(app)
    assert "4 units to West" in _part(again, "history")


def test_a_scenario_is_found_in_the_list_with_its_plan(open_page: OpenPage, dorset: Pack) -> None:
    app = _move(open_page(), dorset.plan("areas").plan.members("South")[:4], "West")
    other = open_page(plan="zones")
    _picker(other).set_value(_id(app)).run()
    assert _is_well(other)
    assert other.selectbox(key="plan-dorset").value == "areas"
    assert _cards(other) == _cards(app)


def test_a_name_that_a_step_has_changed_since_is_no_choice(
    open_page: OpenPage, dorset: Pack
) -> None:
    """A browser sends what it last showed: with a stroke on its way, the name of a step ago."""
    app = _move(open_page(), dorset.plan("areas").plan.members("South")[:4], "West")
    first, shown, picker = _id(app), _cards(app), _picker(app)
    picker.options.append(picker.format_func("no longer offered"))
    picker.set_value("no longer offered").run()
    assert _is_well(app)
    assert not any("names no scenario" in warning.value for warning in app.warning)
    assert (_id(app), _cards(app)) == (first, shown)


def test_scenarios_that_read_alike_are_told_apart(open_page: OpenPage, dorset: Pack) -> None:
    made = {
        _id(_move(open_page(), dorset.plan("areas").plan.members("South")[:4], "West"))
        for _ in range(2)
    }
    for wanted in made:
        app = open_page()
        picker = _picker(app)
        assert len(set(picker.options)) == len(picker.options) == 3
        picker.set_value(wanted).run()
        assert _id(app) == wanted


def test_an_address_that_names_no_scenario_says_so(open_page: OpenPage) -> None:
    app = open_page(scenario="../../etc/passwd")
    assert _is_well(app)
    assert any("names no scenario" in w.value for w in app.warning)


def test_a_scenario_of_another_plan_is_refused_in_one_message(
    open_page: OpenPage, dorset: Pack
) -> None:
    app = _move(open_page(), dorset.plan("areas").plan.members("South")[:4], "West")
    wrong = open_page(plan="zones", scenario=_id(app))
    assert not wrong.exception
    assert any("starts from 'Social" in error.value for error in wrong.error)


def test_a_branch_goes_on_alone(open_page: OpenPage, dorset: Pack) -> None:
    app = _move(open_page(), dorset.plan("areas").plan.members("South")[:4], "West")
    first = _id(app)
    _button(app, "Branch: go on in a copy")
    assert _id(app) != first
    _move(app, dorset.plan("areas").plan.members("North")[:2], "West")
    assert len(open_store().load(first).log) == 1
    assert len(open_store().load(_id(app)).log) == 2


def test_a_scenario_that_is_put_away_leaves_the_list_and_stays_in_the_store(
    open_page: OpenPage, dorset: Pack
) -> None:
    app = _move(open_page(), dorset.plan("areas").plan.members("South")[:4], "West")
    first = _id(app)
    assert any("1 step" in label for label in _picker(app).options)
    _button(app, "Put away")
    assert _picker(app).options == ["New, not saved"]
    assert open_store().has(first)


# two people, and a disk that takes nothing


def test_the_second_person_is_told_and_puts_hers_on_top(open_page: OpenPage, dorset: Pack) -> None:
    plan = dorset.plan("areas").plan
    anna = _move(open_page(), plan.members("South")[:4], "West")
    beth = open_page(scenario=_id(anna))
    _choose(beth, plan.members("South")[3:5], "North")
    _move(anna, plan.members("South")[4:6], "West")
    _go(beth)
    assert any("took a step in this scenario" in w.value.replace("\\", "") for w in beth.warning)
    assert len(open_store().load(_id(anna)).log) == 2
    _button(beth, "Put mine on top")
    assert _is_well(beth)
    saved = open_store().load(_id(anna)).scenario.plan
    assert [saved.zone_of(unit) for unit in plan.members("South")[3:6]] == [
        "North", "North", "West",
    ]  # fmt: skip


def test_the_second_person_makes_hers_a_branch(open_page: OpenPage, dorset: Pack) -> None:
    plan = dorset.plan("areas").plan
    anna = _move(open_page(), plan.members("South")[:4], "West")
    beth = open_page(scenario=_id(anna))
    _choose(beth, plan.members("South")[3:5], "North")
    _move(anna, plan.members("South")[4:6], "West")
    _go(beth)
    _button(beth, "Make mine a branch")
    assert _is_well(beth)
    assert _id(beth) != _id(anna)
    hers = open_store().load(_id(beth)).scenario.plan
    assert [hers.zone_of(u) for u in plan.members("South")[3:6]] == ["North", "North", "South"]
    assert len(open_store().load(_id(anna)).log) == 2


def test_the_second_person_drops_hers(open_page: OpenPage, dorset: Pack) -> None:
    plan = dorset.plan("areas").plan
    anna = _move(open_page(), plan.members("South")[:4], "West")
    beth = open_page(scenario=_id(anna))
    _choose(beth, plan.members("South")[3:5], "North")
    _move(anna, plan.members("South")[4:6], "West")
    _go(beth)
    _button(beth, "Drop mine")
    assert _cards(beth) == _cards(anna)
    _move(beth, plan.members("South")[3:5], "North")
    assert len(open_store().load(_id(anna)).log) == 3


def test_what_somebody_else_did_is_shown_at_the_next_look(
    open_page: OpenPage, dorset: Pack
) -> None:
    plan = dorset.plan("areas").plan
    anna = _move(open_page(), plan.members("South")[:4], "West")
    beth = open_page(scenario=_id(anna))
    _move(anna, plan.members("South")[4:6], "West")
    beth.run()
    assert _cards(beth) == _cards(anna)
    assert any("changed this scenario" in toast.value for toast in beth.toast)


def test_work_goes_on_where_nothing_can_be_saved_and_is_saved_later(
    open_page: OpenPage, dorset: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = dorset.plan("areas").plan
    today = _cards(open_page())
    in_the_way = tmp_path / "a file, no folder"
    in_the_way.write_text("")
    monkeypatch.setenv(STORE_VARIABLE, str(in_the_way))
    app = _move(open_page(), plan.members("South")[:4], "West")
    assert not app.exception
    assert [e for e in app.error if "Nothing can be saved now" in e.value]
    assert _cards(app) != today
    monkeypatch.setenv(STORE_VARIABLE, str(tmp_path / "mended"))
    app.run()
    assert _is_well(app)
    assert len(open_store().load(_id(app)).log) == 1


def test_a_step_that_locks_forbid_is_refused_in_words(open_page: OpenPage, dorset: Pack) -> None:
    plan = dorset.plan("areas").plan
    app = _move(open_page(), plan.members("South")[:1], "West")
    open_store().append(_id(app), "anna", [(1, Lock(on=True, zones=("North",)))], who="anna")
    app.run()
    _move(app, plan.members("South")[2:4], "North")
    assert [e for e in app.error if "of a locked zone" in e.value.replace("\\", "")]
    assert open_store().load(_id(app)).scenario.plan.zone_of(plan.members("South")[2]) == "South"
