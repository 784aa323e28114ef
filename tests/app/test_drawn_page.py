"""Coterminosity, drawn lines and lookups on the Redraw page, each section shown alone."""

import io
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from streamlit.testing.v1 import AppTest

from analysis.events import Edit, Lock
from analysis.scenario import Scenario
from geo.dissolve import dissolve
from geo.plan import Plan
from geo.write import lookup_csv
from grids import square
from layers.catalogue import open_pack
from layers.pack import Pack
from small_pack import UNITS

SCRIPT = """
import streamlit as st
from analysis.scenario import Scenario, evaluate
from app.choices import Choice
from app.redraw.coterminosity import show_coterminosity
from app.redraw.drawn import show_drawn
from app.redraw.lookup import show_lookup
from layers.catalogue import open_pack

pack = open_pack(st.session_state["pack"])
choice = Choice(pack, pack.plan(st.session_state["plan"]))
scenario = st.session_state.get("scenario") or Scenario("x", choice.entry)
if st.session_state["part"] == "lines":
    before, after = evaluate(Scenario("t", choice.entry), pack), evaluate(scenario, pack)
    edit = show_coterminosity(choice, scenario, before, after)
elif st.session_state["part"] == "drawn":
    edit = show_drawn(choice, scenario, st.session_state.get("polygon"))
else:
    edit = show_lookup(choice, scenario)
if edit:
    st.session_state["scenario"] = scenario.do(edit)
    st.rerun()
"""
HERE = ((369990.0, 99890.0), (370210.0, 99890.0), (370210.0, 100010.0), (369990.0, 100010.0))
"""Around the first two of the top row of the small pack."""

Show = Callable[..., AppTest]


@pytest.fixture
def show(small_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Show:
    monkeypatch.setenv("ZONEWRIGHT_PACKS", str(small_folder))

    def show_(part: str, pack: str = "small", plan: str = "zones", **state: object) -> AppTest:
        app = AppTest.from_string(SCRIPT, default_timeout=60)
        for name, value in {"part": part, "pack": pack, "plan": plan, **state}.items():
            app.session_state[name] = value
        return app.run()

    return show_


def _is_well(app: AppTest) -> bool:
    return not app.exception and not app.error


def _html(app: AppTest) -> str:
    return "\n".join(str(element.proto.body) for element in app.get("html"))


def _words(app: AppTest) -> str:
    kinds = (app.markdown, app.info, app.warning, app.error, app.success, app.caption)
    return "\n".join(element.value for kind in kinds for element in kind).replace("\\", "")


def _button(app: AppTest, label: str) -> object:
    return next(button for button in app.button if label in button.label.replace("\\", ""))


def _press(app: AppTest, label: str) -> AppTest:
    return _button(app, label).click().run()  # type: ignore[attr-defined]


def _plan(app: AppTest) -> Plan:
    scenario: Scenario = app.session_state["scenario"]
    return scenario.plan


# coterminosity


def test_coterminosity_opens_on_every_pack_and_plan(show: Show, shipped: Pack) -> None:
    for entry in shipped.plans:
        app = show("lines", shipped.authority.key, entry.key)
        assert _is_well(app), (entry.key, app.error, app.exception)
        if shipped.authority.key == "kirklees":
            assert "names no lines but those of this plan" in _words(app)
        else:
            assert "100 % means that nothing is split" in _words(app)


def test_a_repair_is_used_and_what_it_mends_is_told(show: Show) -> None:
    app = show("lines", "dorset", "areas")
    assert "North Dorset" in _html(app)
    box = next(box for box in app.selectbox if box.label == "Repair to use")
    wanted = next(o for o in box.options if o.startswith("North Dorset (Districts): 1 small area"))
    box.select(wanted).run()
    _press(app, "Use this repair")
    assert _is_well(app)
    assert app.session_state["scenario"].edits[0].title == "North Dorset made whole in North"
    assert "Mended: North Dorset (Districts)" in _words(app)


def test_lines_that_do_not_count_stand_apart_in_the_sentences(show: Show) -> None:
    entry, zones = (open_pack("dorset").plan(key) for key in ("areas", "zones"))
    part = zones.plan.members("Weymouth and Portland")[:5]
    redrawn = Scenario("x", entry).do(Edit.move(part, to="West"))
    app = show("lines", "dorset", "areas", scenario=redrawn)
    said = [text for text in _words(app).splitlines() if text.startswith(("Newly", "Mended"))]
    counted = [text for text in said if "of lines that do not count" not in text]
    assert [text for text in said if "(Family Partnership Zones)" in text]
    assert not [text for text in counted if "(Family Partnership Zones)" in text]
    app.number_input(key="lines-dorset-areas-zones-weight").set_value(1.0).run()
    app.number_input(key="lines-dorset-areas-east_west-weight").set_value(1.0).run()
    assert "of lines that do not count" not in _words(app)


def test_one_split_is_told_as_one(show: Show) -> None:
    app = show("lines")
    app.radio(key="lines-small-zones-kind").set_value("A lookup").run()
    rows = "".join(f"{u},{'One' if u in UNITS[:4] else 'Two'}\n" for u in UNITS)
    app.file_uploader[0].upload("beats.csv", f"unit,zone\n{rows}".encode(), "text/csv").run()
    _press(app, "Add Brought lines: 2 parts")
    for key in [box.key for box in app.number_input if str(box.key).endswith("-weight")]:
        app.number_input(key=key).set_value(float("own-" in str(key))).run()
    assert "Of the lines that count 1 part or zone is split." in _words(app)


def test_all_repairs_are_worked_out_when_asked_and_taken_as_one_step(show: Show) -> None:
    app = show("lines", "dorset", "areas")
    assert "another order may mend more" in _words(app)
    _press(app, "Work it out")
    assert "The score goes from 52.4 %" in _words(app)
    _press(app, "Use all of them")
    assert len(app.session_state["scenario"].edits) == 1
    assert "before the redraw 52.4 %" in _words(app)


def test_weights_and_what_should_be_whole_change_the_score(show: Show) -> None:
    app = show("lines", "dorset", "areas")
    app.number_input(key="lines-dorset-areas-districts-weight").set_value(0.0).run()
    assert "Score 77.5 %" in _words(app)
    app.radio(key="lines-dorset-areas-pyramids-sense").set_value("Each zone in one pyramid").run()
    assert "Score 77.5 %" not in _words(app)
    assert _is_well(app)


def test_the_other_side_of_every_line_can_be_looked_at(show: Show) -> None:
    app = show("lines", "dorset", "areas")
    app.toggle(key="lines-dorset-areas-other").set_value(True).run()
    assert _is_well(app)
    assert "West" in _html(app)


def test_lines_of_another_body_are_brought_as_a_lookup_or_as_areas(show: Show) -> None:
    app = show("lines")
    app.text_input(key="lines-small-zones-title").set_value("Police <b>").run()
    app.radio(key="lines-small-zones-kind").set_value("A lookup").run()
    content = "LSOA11CD,Beat\n" + "".join(
        f"{u},{'One' if u < UNITS[4] else 'Two'}\n" for u in UNITS
    )
    app.file_uploader[0].upload("beats.csv", content.encode(), "text/csv").run()
    _press(app, "Add Police <b>: 2 parts")
    assert "Police &lt;b&gt;" in _html(app)
    assert _is_well(app)
    app.radio(key="lines-small-zones-kind").set_value("Areas with shapes").run()
    app.file_uploader[0].upload("health.geojson", _geojson(square(0, 0, wide=2, high=3)), "").run()
    _press(app, "Add Police <b>: 1 part")
    assert _is_well(app)
    _press(app, "Take Police <b> out")
    assert _is_well(app)


def test_a_lookup_of_another_place_is_no_lines(show: Show) -> None:
    app = show("lines")
    app.radio(key="lines-small-zones-kind").set_value("A lookup").run()
    app.file_uploader[0].upload("far.csv", b"unit,zone\nE01099999,x\n", "text/csv").run()
    assert len(app.error) == 1
    assert "None of its codes is of this authority" in _words(app)


# drawn lines


def test_without_a_line_the_section_says_how_to_draw_one(show: Show) -> None:
    app = show("drawn")
    assert _is_well(app)
    assert "Draw a line around small areas" in _words(app)


def test_a_drawn_line_is_previewed_and_accepted_once(show: Show) -> None:
    app = show("drawn", polygon=HERE)
    app.selectbox(key="drawn-small-zones-zone").select("South").run()
    assert "2 small areas lie inside by their centre. 2 change zone" in _words(app)
    assert "Placed by their point on surface" in _html(app)
    (frame,) = app.get("iframe")
    assert "Map of the plan that would follow" in str(frame.proto)
    assert "Lines as drawn" in str(frame.proto)
    _press(app, "Accept: 2 small areas to South")
    assert _plan(app).members("South") == (*UNITS[:2], *UNITS[6:])
    assert "Draw a line around small areas" in _words(app)


def test_a_drawn_line_is_discarded(show: Show) -> None:
    app = _press(show("drawn", polygon=HERE), "Discard")
    assert "scenario" not in app.session_state
    assert "Draw a line around small areas" in _words(app)


def test_a_drawn_line_may_make_a_new_zone(show: Show) -> None:
    app = show("drawn", polygon=HERE)
    app.selectbox(key="drawn-small-zones-zone").select("New zone …").run()
    assert "Give the new zone a name" in _words(app)
    app.text_input(key="drawn-small-zones-name").set_value("<i>East</i>").run()
    _press(app, "Accept")
    assert _plan(app).members("<i>East</i>") == UNITS[:2]


@pytest.mark.parametrize(
    ("polygon", "message"),
    [
        ((HERE[0], HERE[1]), "three or more were wanted"),
        ((HERE[0], HERE[2], HERE[1], HERE[3]), "crosses or touches itself"),
        (tuple((x + 9000, y) for x, y in HERE), "outside the authority"),
        (
            tuple((HERE[0][0] + x, y) for x in (0, 1) for y in (0.0, 1.0)),
            "crosses|British|encloses",
        ),
    ],
)
def test_a_line_that_is_none_has_one_message_and_can_be_discarded(
    show: Show, polygon: object, message: str
) -> None:
    app = show("drawn", polygon=polygon)
    assert not app.exception
    assert len(app.error) == 1
    assert any(word in _words(app) for word in message.split("|"))
    assert _is_well(_press(app, "Discard"))


def test_what_is_locked_is_told_before_a_line_is_accepted(show: Show, small: Pack) -> None:
    locked = Scenario("x", small.plan("zones")).take(Lock(on=True, units=UNITS[:1]))
    app = show("drawn", polygon=HERE, scenario=locked)
    app.selectbox(key="drawn-small-zones-zone").select("South").run()
    assert "1 small area would change zone but is locked" in _words(app)
    _press(app, "Accept: 1 small area to South")
    assert _plan(app).members("South") == (UNITS[1], *UNITS[6:])


# files of areas


def _geojson(*shapes: shapely.Geometry, epsg: int = 4326, name: str = "zone") -> bytes:
    names = [f"Zone {at}" for at in range(len(shapes))]
    frame = gpd.GeoDataFrame({name: names}, geometry=list(shapes), crs=27700)
    return frame.to_crs(epsg).to_json().encode()


def test_uploaded_areas_become_a_plan_and_nothing_is_kept_on_disk(
    show: Show, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = tmp_path / "left"
    left.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(left))
    halves = square(0, 0, wide=1.5, high=3), square(1.5, 0, wide=1.5, high=3)
    app = show("drawn")
    app.file_uploader[0].upload("halves.geojson", _geojson(*halves), "application/json").run()
    assert _is_well(app)
    assert "9 small areas lie inside by their centre" in _words(app)
    assert "left without a small area" in _html(app)
    _press(app, "Use it: 9 small areas change zone")
    assert _plan(app).zones == ("Zone 0", "Zone 1")
    assert list(left.rglob("*")) == []


def test_areas_of_a_real_pack_in_its_own_grid_give_todays_plan(show: Show, tmp_path: Path) -> None:
    dorset = open_pack("dorset")
    entry = dorset.plan("zones")
    frame = gpd.GeoDataFrame(
        {"fpz": entry.plan.zones, "other": list("abcdefg")},
        geometry=dissolve(dorset.geography, entry.plan), crs=27700,
    )  # fmt: skip
    moved = Scenario("x", entry).do(Edit.move(entry.plan.units[:5], to="Purbeck"))
    app = show("drawn", "dorset", "zones", scenario=moved)
    frame.to_file(tmp_path / "zones.gpkg", driver="GPKG")
    app.file_uploader[0].upload("zones.gpkg", (tmp_path / "zones.gpkg").read_bytes(), "").run()
    app.selectbox[0].select("other").run()
    assert "249 change zone" in _words(app)
    app.selectbox[0].select("fpz").run()
    _press(app, "Use it: 5 small areas change zone")
    assert _plan(app) == entry.plan


def _zip(**files: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("_", "/"), content)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.geojson", b"", "empty (0 bytes)"),
        ("x.geojson", b"{}", "cannot be read"),
        ("x.gpkg", b"SQLite format 3\0 no", "cannot be read"),
        ("x.parquet", b"PAR1PAR1", "cannot be read"),
        ("x.zip", b"PK\x03\x04", "no complete zip"),
        ("x.zip", _zip(**{".._evil.shp": b"x"}), "lead out of the archive"),
        ("x.zip", _zip(**{"a.shp": b"x", "a.shx": b"x", "a.dbf": b"x"}), ".prj"),
        ("x.geojson", _geojson(square(500, 100)), "None of the 1 areas"),
        ("x.geojson", _geojson(shapely.Point(370050, 99950)), "no area with a name and a polygon"),
        ("x.geojson", _geojson(square(0, 0)).replace(b"-2.", b"72."), "outside Britain"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_areas_has_one_message(
    show: Show, name: str, content: bytes, message: str
) -> None:
    app = show("drawn")
    app.file_uploader[0].upload(name, content, "").run()
    assert not app.exception
    assert len(app.error) == 1
    assert message in _words(app)


# lookups


def test_a_lookup_of_the_plan_as_it_stands_offers_no_step(show: Show, small: Pack) -> None:
    app = show("lookup")
    lookup = lookup_csv(small.plan("zones").plan).encode()
    app.file_uploader[0].upload("plan.csv", lookup, "text/csv").run()
    assert "No small area would change zone. It is the plan as it stands." in _words(app)
    assert "would change team" not in _words(app)
    button = _button(app, "Use it")
    assert (button.label, button.disabled) == ("Use it", True)  # type: ignore[attr-defined]


def test_a_lookup_that_differs_where_it_is_locked_says_so(show: Show, small: Pack) -> None:
    locked = Scenario("x", small.plan("zones")).take(Lock(on=True, units=UNITS[:1]))
    app = show("lookup", scenario=locked)
    lookup = lookup_csv(small.plan("zones").plan.move(UNITS[:1], to="South")).encode()
    app.file_uploader[0].upload("plan.csv", lookup, "text/csv").run()
    assert "No small area would change zone. All that differs is locked." in _words(app)
    assert _button(app, "Use it").disabled  # type: ignore[attr-defined]


def test_the_zones_that_would_follow_are_called_by_the_plans_own_word(show: Show) -> None:
    dorset = open_pack("dorset")
    entry = dorset.plan("areas")
    frame = gpd.GeoDataFrame(
        {"name": entry.plan.zones}, geometry=dissolve(dorset.geography, entry.plan), crs=27700
    )
    app = show("drawn", "dorset", "areas")
    app.file_uploader[0].upload("areas.geojson", frame.to_json().encode(), "").run()
    assert dorset.authority.zone_word not in _html(app)
    assert entry.zone_word in _html(app).casefold()
    assert "It is the plan as it stands" in _words(app)


def test_a_lookup_is_loaded_with_what_it_changes(show: Show, small: Pack) -> None:
    plan = small.plan("zones").plan.move(UNITS[3:6], to="South")
    app = show("lookup")
    app.file_uploader[0].upload("plan.csv", lookup_csv(plan).encode(), "text/csv").run()
    assert _is_well(app)
    assert "No small area would be left in Middle" in _words(app)
    assert "600 children would change team" in _words(app)
    _press(app, "Use it: 3 small areas change zone")
    assert _plan(app).assignment.tolist() == plan.assignment.tolist()
    assert _plan(app).zones == plan.zones  # the one that is empty keeps its staff
    assert _button(app, "Use it").disabled  # type: ignore[attr-defined]


def test_a_workbook_with_columns_of_other_names_is_loaded(show: Show, tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    rows = {"Patch": ["south"] * 9, "Colour": ["red"] * 9, "Place": UNITS}
    with pd.ExcelWriter(path) as book:
        pd.DataFrame({"a": ["b"]}).to_excel(book, sheet_name="Read me", index=False)
        pd.DataFrame(rows).to_excel(book, sheet_name="Plan", index=False)
    app = show("lookup")
    app.file_uploader[0].upload("plan.xlsx", path.read_bytes(), "").run()
    app.selectbox[0].select("Plan").run()
    assert "Choose the columns" in _words(app)
    app.selectbox[2].select("Patch").run()
    assert _is_well(app)
    assert "'south' is written otherwise than the zone 'South'" in _words(app)
    assert "no staff is recorded" in _words(app)
    _press(app, "Use it: 9 small areas change zone")
    assert _plan(app).zones == ("south",)


def test_a_lookup_that_does_not_fit_is_told_and_what_fits_may_be_used(show: Show) -> None:
    content = f"unit,zone\n{UNITS[0]},South\nE01035000,<script>\nE01035001,x\n".encode()
    app = show("lookup")
    app.file_uploader[0].upload("plan.csv", content, "text/csv").run()
    assert len(app.error) == 1
    words = _words(app)
    assert "plan.csv: The plan has no zone for 8 of 9 units" in words
    assert "Its codes are of 2021 and this authority's of 2011" in words
    assert "&lt;script&gt;" in _html(app)
    assert not [button for button in app.button if "Use it" in button.label]
    app.checkbox[0].check().run()
    _press(app, "Use it: 1 small area changes zone")
    assert _plan(app).zone_of(UNITS[0]) == "South"
    assert _plan(app).zone_of(UNITS[1]) == "North"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "empty"),
        ("a.csv", b"unit,zone\n", "a header and no rows"),
        ("a.csv", f"unit,zone\n{UNITS[0]},x\n{UNITS[0]},y\n".encode(), "line 2 says 'x', line 3"),
        ("a.csv", b"unit,zone\nE01099999,x\n", "None of its codes is of this authority"),
        ("a.xlsx", b"PK\x03\x04", "no complete zip"),
        ("a.csv", bytes(range(256)), "a.csv"),
    ],
)
def test_a_lookup_that_is_none_has_one_message(
    show: Show, name: str, content: bytes, message: str
) -> None:
    app = show("lookup")
    app.file_uploader[0].upload(name, content, "").run()
    assert not app.exception
    assert len(app.error) == 1
    assert message in _words(app)


def test_a_lookup_leaves_what_is_locked_and_says_so(show: Show, small: Pack) -> None:
    locked = Scenario("x", small.plan("zones")).take(Lock(on=True, zones=("Middle",)))
    plan = Plan.from_lookup(dict.fromkeys(UNITS, "South"), zones=small.plan("zones").plan.zones)
    app = show("lookup", scenario=locked)
    app.file_uploader[0].upload("plan.csv", lookup_csv(plan).encode(), "text/csv").run()
    assert "3 small areas would change zone but are locked" in _words(app)
    _press(app, "Use it: 3 small areas change zone")
    assert np.array_equal(_plan(app).sizes, [0, 3, 6])
