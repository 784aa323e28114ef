"""The section on caseload over time, driven as Streamlit's own test harness drives it."""

import json
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from analysis.caseload import OPEN_CASES
from analysis.flow import caseload_over_time, streams_of
from analysis.flow_stages import seed_stages
from analysis.scenario import Scenario, evaluate
from analysis.tables_flow import told
from app.redraw.over_time import flow_chart
from layers.catalogue import PACKS_VARIABLE
from layers.pack import Pack

CIN = "Children in need, on no plan and not looked after"


def section(pack: str, moved: int) -> None:
    """Show the section alone, for a redraw that moves the first areas of a zone."""
    import streamlit as st  # noqa: PLC0415  the harness runs the source of this function alone

    from analysis.events import Edit  # noqa: PLC0415
    from analysis.scenario import Scenario, evaluate  # noqa: PLC0415
    from app.choices import Choice  # noqa: PLC0415
    from app.redraw.over_time import show_over_time  # noqa: PLC0415
    from layers.catalogue import open_pack  # noqa: PLC0415

    opened = open_pack(pack)
    choice = Choice(opened, opened.plan(opened.default_plan))
    start = Scenario("redraw", choice.entry)
    if "over-time-said" in st.session_state:
        start = start.take(st.session_state["over-time-said"])
    zones = start.plan.zones
    units = start.plan.members(zones[0])[:moved]
    after = start.do(Edit.move(units, to=zones[1])) if moved else start
    said = show_over_time(choice, after, evaluate(start, opened), evaluate(after, opened))
    if said is not None:
        st.session_state["over-time-said"] = said
        st.rerun()


def opened(pack: str, moved: int = 0) -> AppTest:
    app = AppTest.from_function(section, args=(pack, moved), default_timeout=60).run()
    assert not app.exception
    return app


def words(app: AppTest) -> str:
    return "\n".join(element.value for element in app.markdown)


@pytest.mark.parametrize("moved", [0, 5])
def test_the_section_opens_on_every_pack(shipped: Pack, moved: int) -> None:
    app = opened(shipped.authority.key, moved)
    assert not app.error
    assert "open cases now" in words(app)


def test_both_ways_of_moving_are_said_in_numbers() -> None:
    said = words(opened("dorset", 5)).replace("\\", "")
    assert "Dorchester: 128 open cases now; in month 24:" in said
    assert "if open cases transfer" in said
    assert "if they stay" in said


def test_every_figure_can_be_chosen() -> None:
    app = opened("dorset", 5)
    box = app.selectbox(key="over-time-figure-dorset")
    for option in list(box.options):
        app.selectbox(key="over-time-figure-dorset").select(option).run()
        assert not app.exception
    assert app.number_input(key="over-time-limit").value == 16


def test_months_open_that_the_planner_sets_come_back_and_warn() -> None:
    app = opened("dorset")
    assert not app.warning
    field = next(field for field in app.number_input if field.label.startswith(CIN))
    assert field.value == 6
    field.set_value(3.0)
    next(button for button in app.button if button.label == "Use these").click().run()
    assert app.session_state["over-time-said"].assumptions.months_open == {"open_cin": 3}
    assert "800 are open in all zones together" in app.warning[0].value
    # unless cases are that quick already: then more start
    meaning = next(radio for radio in app.radio if radio.label.startswith("Months open"))
    meaning.set_value("today").run()
    assert not app.warning


def test_what_open_cases_do_comes_back() -> None:
    app = opened("dorset", 5)
    next(radio for radio in app.radio if radio.label == "When a line moves").set_value("stay")
    next(button for button in app.button if button.label == "Use these").click().run()
    assert app.session_state["over-time-said"].assumptions.cases == "stay"
    next(button for button in app.button if button.label == "Use these").click().run()
    assert app.session_state["over-time-said"].assumptions.months_open == {}  # nothing else changed


def test_a_pack_with_hidden_zones_opens(
    small_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PACKS_VARIABLE, str(small_folder))
    app = opened(small_folder.name, 1)
    assert not app.error


def test_a_pack_without_open_cases_says_what_is_missing(
    small_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = small_folder / "indicators.toml"
    text = settings.read_text(encoding="utf-8")
    blocks = [b for b in text.split("\n[[") if "open_c" not in b]
    settings.write_text("\n[[".join(blocks), encoding="utf-8")
    about = small_folder / "authority.toml"
    head, _, rest = about.read_text(encoding="utf-8").partition("[[targets]]")
    about.write_text(head + rest[rest.index("[[plans]]") :], encoding="utf-8")
    counts = (small_folder / "measures.csv").read_text(encoding="utf-8").splitlines()
    short = [",".join(line.split(",")[:4]) for line in counts]
    (small_folder / "measures.csv").write_text("\n".join(short), encoding="utf-8")
    monkeypatch.setenv(PACKS_VARIABLE, str(small_folder))
    app = opened(small_folder.name)
    assert "does not count open cases of any kind" in app.info[0].value.replace("\\", "")
    assert not app.selectbox


def test_what_the_chart_sends_to_the_browser_holds_no_hidden_zone(small: Pack) -> None:
    evaluation = evaluate(Scenario("today", small.plan("zones")), small)
    stages = seed_stages(small.measures)
    plan = evaluation.plan
    streams = streams_of(small.measures, stages, before=plan, after=plan)
    flow = caseload_over_time(streams, stages, rng=np.random.default_rng(1), futures=20)
    said = told(flow, small, before=evaluation, after=evaluation)
    hidden = [row for row in said.rows if said.hidden[row]]
    shown = [row for row in said.rows if not said.hidden[row]]
    assert hidden
    assert shown
    sent = json.dumps(flow_chart(said, OPEN_CASES, said.rows).to_dict()["datasets"])
    assert all(said.name(row) not in sent for row in hidden)
    assert all(said.name(row) in sent for row in shown)
