"""The modules that build the shipped data, and the shipped data itself."""

import hashlib
import json
import struct
import tomllib
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from data.build_authority import PlanFile, staff, year_of_months
from data.build_boundaries import DISTRICTS, EXPECTED
from data.build_dorset import PLACES, PYRAMIDS, ZONES
from data.build_indicators import PRACTICE
from data.build_model import (
    KINDS,
    Places,
    Totals,
    apportion,
    describe_places,
    draw,
    model_asb,
    model_counts,
)
from data.build_msgpack import unpack
from data.build_pack import AUTHORITIES, BOUNDARIES, MANIFEST
from data.build_plans import (
    Place,
    grouped,
    nearest_place,
    neighbours_of,
    pieces_per_zone,
    without_strays,
)
from data.build_practice import Practice, model_practice
from data.build_registry import CRIME_SIM, PACKAGES, Wheels
from data.build_sources import point_to_unit
from geo.adjacency import build_adjacency
from geo.errors import LayerError, PlanError, ReadError
from layers.read import read_pack
from layers.status import Status
from layers.totals import Total
from layers.write import toml, write_csv, write_incidents, write_totals

SEEDS = (0, 1, 2017)
KEYS = ("bcp", "dorset", "durham", "kirklees")
TOTALS = Totals(
    children=5_000,
    contacts=1_200,
    referrals=400,
    rereferrals=110,
    open_cin=90,
    open_cp=30,
    open_cla=40,
)
# Published totals that the shipped columns must add up to.
PUBLISHED = {
    "dorset": {
        "children": 77_156,
        "contacts": 16_111,
        "referrals": 5_203,
        "rereferrals": 1_450,
        "open_cin": 800,
        "open_cp": 331,
        "open_cla": 442,
        "asb": 9_000,
    },
    "bcp": {"children": 74_810, "referrals": 3_386, "cin": 2_446, "open_cp": 494, "open_cla": 560},
    "durham": {
        "children": 100_432,
        "referrals": 5_378,
        "cin": 4_415,
        "open_cp": 489,
        "open_cla": 1_183,
    },
    "kirklees": {
        "children": 99_822,
        "referrals": 3_277,
        "cin": 2_217,
        "open_cp": 483,
        "open_cla": 641,
        "asb": 3_381,
    },
}


def make_places(units: int = 20) -> Places:
    rng = np.random.default_rng(7)
    persons = rng.integers(1_000, 2_000, size=units)
    return Places(
        units=tuple(f"E{i:08d}" for i in range(units)),
        persons=persons,
        household_residents=persons - 20,
        households=persons // 2,
        deprivation=np.linspace(0.05, 0.85, units),
        child_share=np.full(units, 0.2),
    )


def grid(columns: int, rows: int) -> gpd.GeoDataFrame:
    """Square units of a kilometre, named A1, B1, ... from the south-west corner."""
    names = [f"{chr(65 + c)}{r + 1}" for r in range(rows) for c in range(columns)]
    corners = [(1_000 * c, 1_000 * r) for r in range(rows) for c in range(columns)]
    return gpd.GeoDataFrame(
        {
            "unit": names,
            "easting": [e + 500 for e, _ in corners],
            "northing": [n + 500 for _, n in corners],
        },
        geometry=[shapely.box(e, n, e + 1_000, n + 1_000) for e, n in corners],
    )


# --- sharing out


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        (10, [1, 1, 2], [3, 2, 5]),
        (3, [1, 1, 1], [1, 1, 1]),
        (2, [1, 1, 1], [1, 1, 0]),
        (0, [1, 2], [0, 0]),
        (7, [0, 1], [0, 7]),
    ],
)
def test_apportion_gives_the_largest_remainders_the_rest(
    total: int, weights: list[int], shares: list[int]
) -> None:
    assert apportion(total, np.array(weights, dtype=float)).tolist() == shares


def test_apportion_passes_on_what_exceeds_a_cap() -> None:
    caps = np.array([10, 10, 3])
    assert apportion(10, np.array([1.0, 1.0, 2.0]), caps=caps).tolist() == [4, 3, 3]


@pytest.mark.parametrize("seed", SEEDS)
def test_draw_meets_the_total_within_the_caps(seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.random(50)
    caps = rng.integers(0, 5, size=50)
    total = int(caps[weights > 0].sum()) - 3
    share = draw(total, weights, caps=caps, rng=rng)
    assert share.sum() == total
    assert (share <= caps).all()


def test_sharing_out_refuses_a_total_that_does_not_fit() -> None:
    with pytest.raises(LayerError, match="at most 3"):
        apportion(4, np.array([1.0, 1.0]), caps=np.array([1, 2]))


# --- the model


@pytest.mark.parametrize("seed", SEEDS)
def test_modelled_counts_add_up_to_the_totals(seed: int) -> None:
    counts = model_counts(make_places(), TOTALS, rng=np.random.default_rng(seed))
    for key, total in vars(TOTALS).items():
        assert counts[key].sum() == total


@pytest.mark.parametrize("seed", SEEDS)
def test_modelled_counts_never_contradict_each_other_in_a_unit(seed: int) -> None:
    places = make_places()
    counts = model_counts(places, TOTALS, rng=np.random.default_rng(seed))
    assert (counts >= 0).all(axis=None)
    assert (counts["rereferrals"] <= counts["referrals"]).all()
    assert (counts["referrals"] <= counts["contacts"]).all()
    assert (counts["cin"] == counts["open_cin"] + counts["open_cp"] + counts["open_cla"]).all()
    assert (counts["cin"] <= counts["children"]).all()
    assert (counts["children"] <= places.persons).all()
    assert (counts["persistent_absence"] <= counts["pupils"]).all()
    assert (counts["children_low_income"] <= counts["children"]).all()


def test_the_same_seed_gives_the_same_counts_and_another_seed_others() -> None:
    first, again, other = (
        model_counts(make_places(), TOTALS, rng=np.random.default_rng(seed)) for seed in (5, 5, 6)
    )
    pd.testing.assert_frame_equal(first, again)
    assert (first["children"] == other["children"]).all()
    assert (first["referrals"] != other["referrals"]).any()


def test_need_rises_with_deprivation() -> None:
    places = make_places(400)
    totals = Totals(
        children=100_000, referrals=5_000, rereferrals=0, open_cin=0, open_cp=0, open_cla=0
    )
    counts = model_counts(places, totals, rng=np.random.default_rng(1))
    low, high = counts.iloc[:200].sum(), counts.iloc[200:].sum()
    assert high["referrals"] / high["children"] > 1.5 * low["referrals"] / low["children"]


def test_contacts_are_left_out_where_no_total_is_published() -> None:
    totals = Totals(**{**vars(TOTALS), "contacts": None})
    counts = model_counts(make_places(), totals, rng=np.random.default_rng(1))
    assert "contacts" not in counts.columns


def practice_of(seed: int, totals: Totals = TOTALS, **shares: float | None) -> pd.DataFrame:
    counts = model_counts(make_places(), totals, rng=np.random.default_rng(seed))
    practice = Practice(**shares)  # type: ignore[arg-type]
    rng = np.random.default_rng([seed, 1])
    return counts.join(model_practice(make_places(), counts, practice, rng=rng))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_part_of_practice_is_never_more_than_its_whole(seed: int) -> None:
    made = practice_of(seed)
    for part, whole in (
        ("contacts_decided_24h", "contacts"),
        ("contacts_triaged", "contacts"),
        ("contacts_diverted", "contacts_triaged"),
        ("assessments", "referrals"),
        ("assessments_45_days", "assessments"),
        ("cp_second", "cp_starts"),
        ("cp_reviews_due", "open_cp"),
        ("cp_reviews_in_time", "cp_reviews_due"),
        ("cp_visits_in_time", "cp_visits_due"),
        ("cla_reviews_in_time", "cla_reviews_due"),
        ("pupils_fsm", "pupils"),
        ("pupils_suspended", "pupils"),
        ("gld", "pupils_reception"),
        ("neet", "young_people_16_17"),
    ):
        assert (made[part] <= made[whole]).all(), part
        assert (made[part] >= 0).all(), part


@pytest.mark.parametrize("seed", SEEDS)
def test_practice_meets_the_shares_it_is_given(seed: int) -> None:
    made = practice_of(seed, decided_24h=0.97, diverted=0.81).sum()
    assert made["contacts_decided_24h"] == round(0.97 * made["contacts"])
    assert made["contacts_diverted"] == round(0.81 * made["contacts_triaged"])
    steps = ["children_universal", "additional_support", "early_help_plans", "cin"]
    assert made[steps].sum() == made["children"]


def test_contacts_are_assumed_where_no_total_is_published() -> None:
    totals = replace(TOTALS, contacts=None)
    made = practice_of(0, totals)
    assert made["contacts"].sum() == round(TOTALS.referrals / 0.32)
    assert (made["contacts"] >= made["referrals"]).all()


def test_a_step_of_need_that_nobody_names_is_not_counted() -> None:
    made = practice_of(0, support_per_child=None)
    assert "additional_support" not in made
    steps = made["children_universal"] + made["early_help_plans"] + made["cin"]
    assert (steps == made["children"]).all()


@pytest.mark.parametrize(
    ("key", "share"),
    [
        ("contacts_decided_24h", "decided_24h"),
        ("contacts_triaged", "triaged"),
        ("contacts_diverted", "diverted"),
        ("assessments", "assessed"),
        ("assessments_45_days", "in_45_days"),
        ("cp_second", "second"),
        ("cp_reviews_due", "review_due"),
        ("cp_reviews_in_time", "reviews_in_time"),
        ("cla_visits_in_time", "visits_in_time"),
    ],
)
def test_what_is_assumed_is_what_the_packs_say(key: str, share: str) -> None:
    assert f"{100 * getattr(Practice(), share):.0f} %" in PRACTICE[key][1]


def test_the_same_seed_gives_the_same_practice() -> None:
    assert practice_of(1).equals(practice_of(1))
    assert not practice_of(1).equals(practice_of(2))


def test_the_model_refuses_more_children_than_half_of_all_residents() -> None:
    totals = Totals(**{**vars(TOTALS), "children": 50_000})
    with pytest.raises(LayerError, match="cannot be shared out"):
        model_counts(make_places(), totals, rng=np.random.default_rng(1))


def test_attributes_are_means_over_a_units_postcodes() -> None:
    census = pd.DataFrame(
        {"persons": [10, 20, 30], "household_residents": [10, 20, 30], "households": [5, 8, 9]},
        index=["A", "B", "C"],
    )
    classes = pd.DataFrame({"unit": ["A", "A", "B", "B"], "oac": ["6A1", "7B2", "6A1", "9Z9"]})
    places = describe_places(census, classes)
    # Suburban achievers .05, constrained flat dwellers .90; C has no postcode, 9Z no meaning.
    assert places.deprivation.tolist() == pytest.approx([0.475, 0.05, 0.2625])


def test_attributes_of_unequal_length_are_refused() -> None:
    with pytest.raises(LayerError, match="give each one value"):
        Places(("A", "B"), *([np.array([1])] * 3), *([np.array([0.1])] * 2))


def test_modelled_incidents_are_as_many_as_asked_and_have_no_point() -> None:
    places = make_places()
    months = year_of_months("2015-04")
    asb = model_asb(
        places, 500, months=list(months), town_factor=np.ones(20), rng=np.random.default_rng(3)
    )
    assert list(asb.columns) == ["month", "kind", "unit"]
    assert len(asb) == 500
    assert set(asb["month"]) <= set(months)
    assert set(asb["kind"]) <= set(KINDS)
    assert set(asb["unit"]) <= set(places.units)


def test_the_classes_of_incidents_share_out_everything() -> None:
    assert sum(KINDS.values()) == pytest.approx(1)


def test_staff_is_spread_by_children_and_adds_up() -> None:
    plan = PlanFile(
        "zones", "Zones", {"A": "X", "B": "X", "C": "Y"}, ("X", "Y"), "approximate", "", ""
    )
    pyramids = PlanFile("pyramids", "", plan.lookup, ("X", "Y"), "approximate", "", "", "pyramids")
    children = pd.Series({"A": 100, "B": 100, "C": 100})
    rows = staff([plan, pyramids], children, 10.04, "assumed")
    assert {row[0] for row in rows} == {"zones"}
    fte = {row[1:3]: float(str(row[3])) for row in rows}
    assert sum(fte.values()) == pytest.approx(10.0)
    assert fte["X", "social worker"] + fte["X", "newly qualified social worker"] == 6.7


# --- plans


def test_a_unit_follows_the_nearest_place() -> None:
    known = [Place("West", 0, 500, "W"), Place("East", 4_000, 500, "E")]
    lookup = nearest_place(grid(4, 1), known, corrected={"A1": "E"})
    assert lookup == {"A1": "E", "B1": "W", "C1": "E", "D1": "E"}


def test_a_correction_of_a_strange_unit_is_refused() -> None:
    with pytest.raises(PlanError, match="Z9"):
        nearest_place(grid(2, 1), [Place("P", 0, 0, "P")], corrected={"Z9": "P"})


def test_larger_zones_are_made_of_whole_smaller_ones() -> None:
    lookup = {"A1": "x", "B1": "y"}
    assert grouped(lookup, {"all": ("x", "y")}) == {"A1": "all", "B1": "all"}
    with pytest.raises(PlanError, match="No group holds the zones y"):
        grouped(lookup, {"some": ("x",)})


def test_a_stray_unit_joins_the_zone_that_it_borders_longest() -> None:
    units = grid(4, 2)
    codes = units["unit"].tolist()
    #  X X Y Y
    #  X X Y x   the last unit is cut off from X
    lookup = {
        "A1": "X",
        "B1": "X",
        "C1": "Y",
        "D1": "X",
        "A2": "X",
        "B2": "X",
        "C2": "Y",
        "D2": "Y",
    }
    neighbours = neighbours_of(units)
    whole = without_strays(lookup, codes, neighbours)
    assert whole["D1"] == "Y"
    assert pieces_per_zone(lookup, codes, neighbours) == {"X": 2, "Y": 1}
    assert pieces_per_zone(whole, codes, neighbours) == {"X": 1, "Y": 1}


def test_an_island_needs_a_link() -> None:
    units = grid(3, 1)
    codes = units["unit"].tolist()
    lookup = {"A1": "X", "B1": "X", "C1": "X"}
    apart = neighbours_of(units, cuts=[("B1", "C1")])
    with pytest.raises(PlanError, match="C1 border no other unit"):
        without_strays(lookup, codes, apart)
    mended = neighbours_of(units, cuts=[("B1", "C1")], links=[("A1", "C1")])
    assert without_strays(lookup, codes, mended) == lookup


def test_every_pyramid_of_dorset_belongs_to_one_zone() -> None:
    assert sorted(pyramid for zone in ZONES.values() for pyramid in zone) == sorted(PYRAMIDS)
    assert len({place.name for place in PLACES}) == len(PLACES)


# --- reading and writing


def test_points_go_to_the_unit_that_holds_them() -> None:
    found = point_to_unit(grid(2, 1), np.array([[500, 500], [1_000, 500], [9_000, 500]]))
    assert found.tolist() == ["A1", "A1", ""]


@pytest.mark.parametrize(
    ("packed", "value"),
    [
        (b"\x05", 5),
        (b"\xff", -1),
        (b"\xc0", None),
        (b"\xc3", True),
        (b"\xcb" + struct.pack(">d", 2.5), 2.5),
        (b"\xcd\x01\x00", 256),
        (b"\xa2hi", "hi"),
        (b"\xd9\x02hi", "hi"),
        (b"\x92\x01\xa1x", [1, "x"]),
        (b"\xdc\x00\x01\x07", [7]),
        (b"\x81\xa1k\x90", {"k": []}),
        (b"\xde\x00\x01\xa1k\xc2", {"k": False}),
    ],
)
def test_packed_tables_are_unpacked(packed: bytes, value: object) -> None:
    assert unpack(packed) == value


@pytest.mark.parametrize(
    ("packed", "fault"),
    [
        (b"\x92\x01", "middle of a value"),
        (b"\x01\x02", "goes on"),
        (b"\xc4\x00", "kind"),
    ],
)
def test_packed_tables_that_are_broken_are_refused(packed: bytes, fault: str) -> None:
    with pytest.raises(ReadError, match=fault):
        unpack(packed)


def test_a_wheel_other_than_the_pinned_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="has no crime_sim_toolkit"):
        Wheels(tmp_path).read(CRIME_SIM, "anything")
    (tmp_path / CRIME_SIM.wheel).write_bytes(b"not the wheel")
    with pytest.raises(ReadError, match="not the pinned"):
        Wheels(tmp_path).read(CRIME_SIM, "anything")


def test_settings_survive_being_written_as_toml() -> None:
    settings = {
        "name": 'A "quoted" name, é',
        "value": 0.2,
        "sensitive": False,
        "order": ("A", "B"),
        "neighbours": {"names": ["A", "B"], "date": "2025"},
        "plans": [{"key": "x"}, {"key": "y", "inner": [{"value": 1}]}],
    }
    read = tomllib.loads(toml(settings))
    assert read == settings | {"order": ["A", "B"]}


def test_settings_that_are_none_are_left_out() -> None:
    settings = {"a": None, "b": 1, "c": {"d": None, "e": 2}, "f": [{"g": None, "h": 3}]}
    assert tomllib.loads(toml(settings)) == {"b": 1, "c": {"e": 2}, "f": [{"h": 3}]}


def test_tables_have_the_same_line_ends_everywhere(tmp_path: Path) -> None:
    assert write_csv(tmp_path / "t.csv", ("a", "b"), [(1, None), ("x, y", 2)]) == 2
    assert (tmp_path / "t.csv").read_bytes() == b'a,b\n1,\n"x, y",2\n'


def test_incidents_are_written_alike_in_any_order_and_none_is_dropped(tmp_path: Path) -> None:
    rows = pd.DataFrame(
        {
            "month": ["2018-07", "2016-07", "2016-07"],
            "kind": "ASB",
            "unit": ["E2", "E1", "E1"],
            "easting": [2.0, 1.0, 1.0],
            "northing": [2.0, 1.0, 1.0],
        }
    )
    assert write_incidents(tmp_path / "a.parquet", rows) == 3
    write_incidents(tmp_path / "b.parquet", rows.iloc[::-1])
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    assert len(pd.read_parquet(tmp_path / "a.parquet")) == 3


# --- what ships


@pytest.mark.parametrize("folder", [BOUNDARIES, *(AUTHORITIES / key for key in KEYS)])
def test_shipped_files_are_those_of_the_manifest(folder: Path) -> None:
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    listed = {entry["file"]: entry["sha256"] for entry in manifest["files"]}
    found = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }
    assert found == listed


@pytest.mark.parametrize("folder", [BOUNDARIES, *(AUTHORITIES / key for key in KEYS)])
def test_manifests_name_the_pinned_wheels(folder: Path) -> None:
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    pinned = {package.wheel: package.sha256 for package in PACKAGES}
    for source in manifest["sources"]:
        assert source["licence"]
        assert source["attribution"]
        if "wheel" in source:
            assert pinned[source["wheel"]] == source["wheel_sha256"]


@pytest.mark.parametrize("key", KEYS)
def test_shipped_counts_add_up_to_the_published_totals(key: str) -> None:
    pack = read_pack(AUTHORITIES / key)
    sums = dict(zip(pack.measures.keys, pack.measures.values.sum(axis=1).tolist(), strict=True))
    assert {name: sums[name] for name in PUBLISHED[key]} == PUBLISHED[key]


@pytest.mark.parametrize("key", KEYS)
def test_shipped_zones_are_in_one_piece_each(key: str) -> None:
    pack = read_pack(AUTHORITIES / key)
    for entry in pack.plans:
        pieces = pack.geography.neighbours.pieces(entry.plan.assignment)
        assert len(set(pieces.tolist())) == len(entry.plan.zones)
        assert not entry.plan.unassigned


def test_shipped_modelled_counts_say_that_they_are_illustrative() -> None:
    for key in KEYS:
        pack = read_pack(AUTHORITIES / key)
        real = {measure.key for measure in pack.measures.measures if measure.status == "official"}
        assert real == {"persons", "households", "household_residents"} | (
            {"asb"} if key == "kirklees" else set()
        )


def test_the_areas_of_dorset_differ_by_more_than_chance() -> None:
    pack = read_pack(AUTHORITIES / "dorset")
    plan = pack.plan("areas").plan
    counts = dict(zip(pack.measures.keys, pack.measures.values, strict=True))
    referrals = np.bincount(plan.assignment, weights=counts["referrals"])
    rate = referrals / np.bincount(plan.assignment, weights=counts["children"])
    noise = np.sqrt(np.mean(1 / referrals))
    assert rate.std() / rate.mean() > 3 * noise


def test_kirklees_keeps_incidents_that_look_alike() -> None:
    rows = pd.read_parquet(AUTHORITIES / "kirklees" / "incidents.parquet")
    assert len(rows) == 3_381
    assert rows.duplicated().any()
    assert rows.groupby("month").size().index.tolist() == ["2016-07", "2017-07", "2018-07"]
    assert rows[["easting", "northing"]].notna().all(axis=None)


@pytest.mark.parametrize("key", KEYS)
def test_shipped_boundaries_have_the_units_and_borders_they_should(key: str) -> None:
    shapes = gpd.read_parquet(BOUNDARIES / f"lsoa11_{key}.parquet")
    found = len(shapes), len(build_adjacency(shapes.geometry.to_numpy()).pairs[0])
    assert found == EXPECTED[key]
    assert shapes["name"].str[:-5].isin(DISTRICTS[key]).all()
    assert shapely.coverage_is_valid(shapes.geometry.to_numpy())


def test_dorset_and_bcp_together_have_1213_borders() -> None:
    both = pd.concat([gpd.read_parquet(BOUNDARIES / f"lsoa11_{k}.parquet") for k in KEYS[:2]])
    shapes = both.drop_duplicates("unit").geometry.to_numpy()
    assert len(shapes) == 452
    assert len(build_adjacency(shapes).pairs[0]) == 1_213


def test_the_outline_of_england_is_small_and_valid() -> None:
    path = BOUNDARIES / "england_outline.parquet"
    assert path.stat().st_size < 400_000
    outline = gpd.read_parquet(path)
    assert outline.is_valid.all()
    assert outline.crs.to_epsg() == 27700


def test_published_totals_keep_every_digit(tmp_path: Path) -> None:
    million = Total("children", "0-17", "England", "2024-06-30", 12_183_016.0, Status.OK, "DfE")
    hidden = replace(million, value=np.nan, status=Status.SUPPRESSED)
    assert write_totals(tmp_path / "totals.csv", [million, hidden]) == 2
    values = pd.read_csv(tmp_path / "totals.csv", dtype=str)["value"].tolist()
    assert values == ["12183016", "c"]


def test_settings_survive_with_any_character() -> None:
    text = "".join(map(chr, range(1, 256)))
    assert tomllib.loads(toml({"name": text})) == {"name": text}
