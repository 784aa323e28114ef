"""The part Staff or lines, as Streamlit's test harness drives it: what it claims, and for whom."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from geo.plan import Plan
from geo.write import lookup_csv
from layers.catalogue import open_pack
from layers.pack import Pack
from store.folder import STORE_VARIABLE

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test a store of its own."""
    monkeypatch.setenv(STORE_VARIABLE, str(tmp_path / "store"))


def _open(pack: str, plan: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60)
    app.query_params["pack"], app.query_params["plan"] = pack, plan
    return app.run().switch_page("app/pages/redraw.py").run()


def _take_over(app: AppTest, plan: Plan) -> AppTest:
    _part(app, "draw")
    upload = next(u for u in app.file_uploader if u.label.startswith("A lookup"))
    upload.upload("plan.csv", lookup_csv(plan).encode(), "text/csv").run()
    return next(b for b in app.button if b.label.startswith("Use it")).click().run()


def _part(app: AppTest, part: str) -> AppTest:
    return app.segmented_control(key="redraw-part").set_value(part).run()


def _said(app: AppTest) -> str:
    html = (str(element.proto.body) for element in app.get("html"))
    boxes = (*app.markdown, *app.warning, *app.info, *app.caption)
    return "\n".join([*(box.value.replace("\\", "") for box in boxes), *html])


def _inland(pack: Pack, plan: str, together: tuple[str, ...]) -> Plan:
    """Make one new zone of two, by lookup."""
    was = pack.plan(plan).plan
    zones = {unit: was.zone_of(unit) for unit in was.units}
    return Plan.from_lookup(
        {unit: "Inland" if zone in together else zone for unit, zone in zones.items()}
    )


def test_a_new_zone_without_staff_is_named_first_and_is_given_what_the_emptied_kept(
    dorset: Pack,
) -> None:
    app = _take_over(_open("dorset", "areas"), _inland(dorset, "areas", ("Central", "North")))
    card = next(text for text in _said(app).splitlines() if "zw-cards" in text)
    assert "107.2" not in card
    _part(app, "staff")
    assert not app.exception
    warning = next(line for line in _said(app).splitlines() if "No staff is recorded for" in line)
    assert "Inland (47.6 % of open cases)" in warning
    assert "Central, North kept 54.8 FTE" in warning
    assert "cannot be told while Inland has no staff" in _said(app)
    assert "to Inland" in _said(app)
    app.button(key="staff-use").click().run()
    assert "The scenario has this staffing." in _said(app)
    assert "without Inland" not in _said(app)
    next(b for b in app.button if b.label == "Back to the recorded staff").click().run()
    assert "The scenario has this staffing." not in _said(app)


def test_a_zone_emptied_by_hand_gives_its_staff_and_is_in_no_spread(dorset: Pack) -> None:
    units = dorset.plan("areas").plan.members("North")
    app = _open("dorset", "areas")
    app.multiselect(key="chosen-dorset-areas").set_value(list(units)).run()
    app.selectbox(key="move-to").set_value("Central").run()
    next(b for b in app.button if b.label.startswith("Move")).click().run()
    _part(app, "staff")
    assert not app.exception
    said = _said(app)
    assert "No staff is recorded" not in said
    assert "FTE from North to" in said
    assert ">inf<" not in said
    assert "Every zone is level within" in said


@pytest.mark.parametrize("key", ["durham", "kirklees", "bcp"])
def test_other_packs_staff_a_new_zone_as_well(key: str) -> None:
    pack = open_pack(key)
    entry = pack.plan(pack.default_plan)
    new = _inland(pack, entry.key, entry.plan.zones[:2])
    app = _part(_take_over(_open(key, entry.key), new), "staff")
    assert not app.exception
    assert not app.error
    said = _said(app)
    assert "No staff is recorded for Inland" in said or "hidden" in said
