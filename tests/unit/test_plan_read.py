"""Plans as files: what is written comes back as it was, and what does not fit is refused."""

import json
from collections.abc import Callable
from dataclasses import replace

import geopandas as gpd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import PlanError, ReadError, VintageError, ZonewrightError
from geo.geography import Geography
from geo.plan import Plan
from geo.read.file import File
from geo.read.plan import About, PlanFile, read_plan
from geo.write import lookup_csv, plan_geopackage, plan_json
from layers.pack import Pack
from small_pack import UNITS

ABOUT = About("Today's <b>lines</b>", "small", "2011", "small", "a drawing", "Drawn by hand")
WRITERS: dict[str, Callable[[Plan, Geography], bytes]] = {
    ".csv": lambda plan, _: lookup_csv(plan).encode(),
    ".json": lambda plan, _: plan_json(plan, ABOUT).encode(),
    ".gpkg": lambda plan, geography: plan_geopackage(plan, geography, ABOUT),
}

zone_names = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=12
)
lookups = st.lists(st.none() | zone_names, min_size=9, max_size=9)


def back(content: bytes, ending: str, geography: Geography) -> PlanFile:
    return read_plan(File.from_bytes(f"plan{ending}", content), geography)


def changed(plan: Plan, **values: object) -> bytes:
    return json.dumps({**json.loads(plan_json(plan, ABOUT)), **values}).encode()


@pytest.fixture
def today(small: Pack) -> Plan:
    return small.plan("zones").plan


@pytest.fixture
def odd(today: Plan) -> Plan:
    """Units in no zone, a zone without units, and names that a spreadsheet would run."""
    return today.with_zone("=Empty").with_zone('North\'s, "East"').move(UNITS[:2], to=None)


@pytest.mark.parametrize("ending", WRITERS)
def test_a_plan_comes_back_with_its_fingerprint(small: Pack, today: Plan, ending: str) -> None:
    content = WRITERS[ending](today, small.geography)
    assert back(content, ending, small.geography).plan.fingerprint == today.fingerprint


@pytest.mark.parametrize("ending", WRITERS)
def test_every_plan_that_ships_comes_back(shipped: Pack, ending: str) -> None:
    for entry in shipped.plans:
        content = WRITERS[ending](entry.plan, shipped.geography)
        plan = back(content, ending, shipped.geography).plan
        assert plan.fingerprint == entry.plan.fingerprint


@pytest.mark.parametrize("ending", [".json", ".gpkg"])
def test_zones_without_units_and_their_order_come_back(small: Pack, odd: Plan, ending: str) -> None:
    found = back(WRITERS[ending](odd, small.geography), ending, small.geography)
    assert found.plan == odd
    assert found.about == ABOUT


def test_a_csv_loses_only_zones_without_units(small: Pack, odd: Plan) -> None:
    plan = back(lookup_csv(odd).encode(), ".csv", small.geography).plan
    assert set(odd.zones) - set(plan.zones) == {"=Empty", 'North\'s, "East"'}
    assert plan.moved_from(odd) == ()


@settings(max_examples=30)
@given(lookups)
def test_any_names_come_back_from_json(small: Pack, names: list[str | None]) -> None:
    plan = Plan.from_lookup(dict(zip(UNITS, names, strict=True)))
    assert back(plan_json(plan, ABOUT).encode(), ".json", small.geography).plan == plan


def test_a_plan_without_zones_comes_back_from_json_only(small: Pack) -> None:
    plan = Plan.from_lookup(dict.fromkeys(UNITS))
    assert back(plan_json(plan, About()).encode(), ".json", small.geography).plan == plan
    with pytest.raises(PlanError, match="no zones to write"):
        plan_geopackage(plan, small.geography, ABOUT)


def test_a_geopackage_says_what_it_is_to_other_programs(
    small: Pack, odd: Plan, tmp_path: object
) -> None:
    path = f"{tmp_path}/plan.gpkg"
    with open(path, "wb") as file:  # noqa: PTH123  a test of the bytes
        file.write(plan_geopackage(odd, small.geography, ABOUT))
    zones, units = (gpd.read_file(path, layer=layer) for layer in ("zones", "units"))
    assert zones.crs.to_epsg() == units.crs.to_epsg() == 27700
    assert list(zones["zone"]) == list(odd.zones)
    assert list(zones["units"]) == odd.sizes.tolist()
    assert set(zones["fingerprint"]) == {odd.fingerprint}
    assert set(zones["attribution"]) == {"Drawn by hand"}
    assert zones.geometry.is_empty.tolist() == [False, False, False, True, True]
    assert zones.area.sum() == pytest.approx(units.area[2:].sum())
    assert list(units["unit"]) == list(UNITS)


# what does not fit


def test_a_plan_of_another_vintage_is_refused_by_name(small: Pack, today: Plan) -> None:
    for ending in (".json", ".gpkg"):
        about = replace(ABOUT, vintage="2021")
        content = (
            plan_json(today, about).encode()
            if ending == ".json"
            else plan_geopackage(today, small.geography, about)
        )
        with pytest.raises(VintageError, match="units of 2021; those of this authority are of"):
            back(content, ending, small.geography)


@pytest.mark.parametrize("ending", WRITERS)
def test_a_plan_of_other_units_is_refused(
    small: Pack, dorset: Pack, today: Plan, ending: str
) -> None:
    with pytest.raises(PlanError, match="no zone for 249 of 249 units"):
        back(WRITERS[ending](today, small.geography), ending, dorset.geography)


def test_a_changed_json_is_told_by_its_fingerprint(small: Pack, today: Plan) -> None:
    moved = json.loads(plan_json(today, ABOUT))["assignment"] | {UNITS[0]: "South"}
    with pytest.raises(ReadError, match="it was changed after it was written"):
        back(changed(today, assignment=moved), ".json", small.geography)
    without = back(changed(today, assignment=moved, fingerprint=""), ".json", small.geography)
    assert without.plan.zone_of(UNITS[0]) == "South"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"format": "geojson"}, "is no plan"),
        ({"version": 2}, "is of version 2"),
        ({"zones": "North"}, "does not give each unit one of its zones"),
        ({"zones": ["North"]}, "does not give each unit one of its zones"),
        ({"zones": [1, 2, 3]}, "does not give each unit one of its zones"),
        ({"assignment": [1]}, "does not give each unit one of its zones"),
        ({"assignment": {"E01000001": {"a": 1}}}, "does not give each unit one of its zones"),
        ({"assignment": {"E01000001": "North"}}, "no zone for 8 of 9 units"),
        ({"zones": ["North", "Middle", "South", "South"]}, "more than once"),
    ],
)
def test_json_that_is_no_plan_is_refused(
    small: Pack, today: Plan, values: dict[str, object], said: str
) -> None:
    with pytest.raises(ZonewrightError, match=said):
        back(changed(today, **values), ".json", small.geography)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b'{"a":1,"a":2}']
)
def test_what_is_no_json_is_refused(small: Pack, content: bytes) -> None:
    with pytest.raises(ReadError, match=r"no complete JSON|is no plan"):
        back(content, ".json", small.geography)


def test_a_unit_named_twice_in_json_is_refused(small: Pack, today: Plan) -> None:
    text = plan_json(today, ABOUT).replace('"E01000002"', '"E01000001"')
    with pytest.raises(ReadError, match="names a unit twice"):
        back(text.encode(), ".json", small.geography)


def test_a_geopackage_of_other_layers_is_refused(small: Pack, tmp_path: object) -> None:
    frame = gpd.GeoDataFrame({"unit": UNITS}, geometry=small.geography.shapes, crs=27700)
    for layer, said in (("other", "no layer 'units'"), ("units", "no layer 'zones'")):
        path = f"{tmp_path}/{layer}.gpkg"
        frame.to_file(path, driver="GPKG", layer=layer)
        with pytest.raises(ReadError, match=said):
            read_plan(path, small.geography)
    frame.to_file(path, driver="GPKG", layer="zones")
    with pytest.raises(ReadError, match="has no column zone"):
        read_plan(path, small.geography)


@settings(max_examples=40)
@given(st.integers(0, 5000), st.binary(min_size=1, max_size=4))
def test_a_damaged_json_is_refused_or_is_the_same_plan(small: Pack, at: int, junk: bytes) -> None:
    plan = small.plan("zones").plan
    content = plan_json(plan, ABOUT).encode()
    at %= len(content)
    try:
        found = back(content[:at] + junk + content[at + len(junk) :], ".json", small.geography)
    except ZonewrightError:
        return
    assert found.plan.units == plan.units
