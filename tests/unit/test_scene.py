"""The painter's scene and state: what crosses to the browser, and what must not."""

import base64
import json
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analysis.caseload import with_open_cases
from analysis.disclosure import POLICIES
from analysis.events import Border, Edit, Lock
from analysis.protected import protected_units
from analysis.scenario import Scenario
from app.painter.scene import area_layer, build_scene, scene, simplified, state
from app.palettes import SUPPRESSED, zone_colour
from geo.adjacency import Shapes
from geo.build import build_geography
from geo.geography import Geography
from geo.plan import Plan
from grids import NAMED, NORTH_M, WEST_M, drawn
from layers.measures import Measures
from layers.pack import Pack
from layers.status import Status

MOST_KB = {"dorset": 230, "bcp": 190, "kirklees": 200, "durham": 270}


def unpack(text: str, kind: str) -> npt.NDArray[Any]:
    return np.frombuffer(base64.b64decode(text, validate=True), dtype=kind)


def made(pack: Pack) -> dict[str, Any]:
    return build_scene(pack, pack.plan(pack.default_plan))


def on(pack: Pack, geography: Geography) -> Pack:
    """Give the small pack other land, of as many units."""
    renamed = replace(geography, units=pack.geography.units, names=pack.geography.names)
    return replace(pack, geography=renamed)


def edges_of(given: dict[str, Any]) -> dict[tuple[tuple[int, int], tuple[int, int]], set[int]]:
    """Find the units on the sides of every edge, as a browser does: by its very numbers."""
    xy = unpack(given["xy"], "<i4").reshape(-1, 2).tolist()
    rings, unit_rings = unpack(given["rings"], "<u4"), unpack(given["unitRings"], "<u4")
    sides: dict[tuple[tuple[int, int], tuple[int, int]], set[int]] = {}
    for unit in range(len(given["codes"])):
        for ring in range(unit_rings[unit], unit_rings[unit + 1]):
            for i in range(rings[ring], rings[ring + 1] - 1):
                a, b = sorted((tuple(xy[i]), tuple(xy[i + 1])))
                if a != b:
                    sides.setdefault((a, b), set()).add(unit)
    return sides


def bordering(given: dict[str, Any]) -> set[tuple[int, int]]:
    pairs = [sorted(units) for units in edges_of(given).values() if len(units) == 2]
    return {(a, b) for a, b in pairs}


def true_borders(geography: Geography) -> set[tuple[int, int]]:
    left, right = geography.neighbours.pairs
    touching = geography.neighbours.pair_length_m > 0
    return set(zip(left[touching].tolist(), right[touching].tolist(), strict=True))


def test_a_browser_finds_the_borders_that_the_pack_has(shipped: Pack) -> None:
    given = made(shipped)
    assert bordering(given) == true_borders(shipped.geography)
    assert max(len(units) for units in edges_of(given).values()) == 2


@pytest.mark.parametrize("name", sorted(NAMED))
def test_islands_holes_and_parts_keep_their_borders(name: str, small: Pack) -> None:
    place = drawn(*NAMED[name])
    shapes, _ = simplified(place)
    pack = only(small, place)
    given = made(pack)
    assert bordering(given) == true_borders(place)
    rings = np.diff(unpack(given["unitRings"], "<u4"))
    parts = [shapely.get_parts(shape) for shape in shapes]
    holes = [int(sum(shapely.get_num_interior_rings(part))) for part in parts]
    assert rings.tolist() == [len(p) + h for p, h in zip(parts, holes, strict=True)]


def only(pack: Pack, place: Geography) -> Pack:
    """Give the small pack the first units' counts, on the land of `place`."""
    units = len(place)
    geography = replace(
        place, units=pack.geography.units[:units], names=pack.geography.names[:units]
    )
    measures = Measures(
        geography.units,
        pack.measures.measures,
        pack.measures.values[:, :units],
        pack.measures.status[:, :units],
    )
    plans = tuple(
        replace(e, plan=Plan(geography.units, e.plan.zones, e.plan.assignment[:units]))
        for e in pack.plans
    )
    return replace(pack, geography=geography, measures=measures, plans=plans, incidents=None)


def test_coordinates_are_centimetres_from_the_origin_and_rings_are_closed(small: Pack) -> None:
    given = made(small)
    assert given["origin"] == [WEST_M, NORTH_M - 300]
    assert given["bounds"] == [0, 0, 300, 300]
    xy = unpack(given["xy"], "<i4").reshape(-1, 2) * given["scale"]
    rings, unit_rings = unpack(given["rings"], "<u4"), unpack(given["unitRings"], "<u4")
    assert unit_rings.tolist() == list(range(10))
    assert rings[-1] == len(xy)
    first = xy[rings[0] : rings[1]]  # the top left corner of three rows of three
    assert first[0].tolist() == first[-1].tolist()
    assert sorted(set(map(tuple, first.tolist()))) == [(0, 200), (0, 300), (100, 200), (100, 300)]


def test_every_centre_lies_in_its_unit(shipped: Pack) -> None:
    given = made(shipped)
    shapes, _ = simplified(shipped.geography)
    centres = unpack(given["centres"], "<f4").reshape(-1, 2) + np.array(given["origin"])
    assert shapely.contains(shapes, shapely.points(centres)).all()


def test_pairs_say_what_is_cut_and_what_is_linked_without_touching(small: Pack) -> None:
    given = made(small)
    pairs = [tuple(pair) for pair in unpack(given["pairs"], "<u4").reshape(-1, 2).tolist()]
    passable, apart = unpack(given["passable"], "u1"), unpack(given["apart"], "u1")
    assert len(pairs) == 13
    assert [pair for pair, ok in zip(pairs, passable, strict=True) if not ok] == [(0, 1)]
    assert [pair for pair, far in zip(pairs, apart, strict=True) if far] == [(0, 8)]


def wavy(rng: np.random.Generator, *, steps: int = 400) -> Geography:
    """Draw nine units with crooked lines between them, which neighbours share."""
    points = 3 * steps + 1
    x, y = np.meshgrid(np.arange(points), np.arange(points))
    wander = rng.uniform(-0.3, 0.3, (points, points, 2))
    xy = (np.stack([x, y], axis=-1) + wander) * (30_000 / steps) + [WEST_M, NORTH_M]
    shapes = []
    for row in range(3):
        for column in range(3):
            box = xy[row * steps : (row + 1) * steps + 1, column * steps : (column + 1) * steps + 1]
            ring = (box[0, :-1], box[:-1, -1], box[-1, :0:-1], box[:0:-1, 0])
            shapes.append(shapely.Polygon(np.concatenate(ring)))
    return of_shapes(np.array(shapes))


def of_shapes(shapes: Shapes) -> Geography:
    rounded = np.asarray(shapely.set_precision(shapes, 0.01, mode="pointwise"))
    units = [f"u{i}" for i in range(len(rounded))]
    return build_geography("wavy", "2011", units, units, rounded)


def test_simplified_outlines_keep_every_border_and_lose_vertices(
    small: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.painter.scene.VERTICES", 2_000)
    place = wavy(np.random.default_rng(2))
    shapes, tolerance_m = simplified(place)
    counts = [int(shapely.get_num_coordinates(s).sum()) for s in (place.shapes, shapes)]
    assert counts[1] < counts[0] / 2
    assert 3 < tolerance_m <= 90_100 / 1920
    given = made(on(small, place))
    assert bordering(given) == true_borders(place)
    assert given["notes"][-1].startswith("Outlines leave out what is smaller than about")


def test_shapes_that_are_no_coverage_are_left_as_they_are(small: Pack) -> None:
    place = drawn(*NAMED["three by three"])
    shapes = place.shapes.copy()
    shapes[4] = shapely.buffer(shapes[4], 30.0)  # it overlaps all that it bordered
    broken = replace(place, shapes=shapes)
    kept, tolerance_m = simplified(broken)
    assert tolerance_m == 0
    assert shapely.equals_exact(kept, shapes).all()
    assert len(made(on(small, broken))["codes"]) == 9


def test_a_scene_is_small_and_plain_json(shipped: Pack) -> None:
    given = made(shipped)
    text = json.dumps(given, allow_nan=False)
    assert len(text) < MOST_KB[shipped.authority.key] * 1000
    assert len(given["areas"]) == len(shipped.indicators)
    assert given["standing"].startswith("Illustrative")


def test_a_scene_is_named_by_its_content(small: Pack) -> None:
    one, again = made(small), made(small)
    assert one == again
    assert len(one["key"]) == 16
    values = small.measures.values.copy()
    values[small.measures.row("children"), 0] += 1
    other = replace(small, measures=replace(small.measures, values=values))
    assert made(other)["key"] != one["key"]
    assert build_scene(small, small.plan("pyramids"))["key"] != one["key"]


def test_a_scene_is_kept_for_its_pack_and_plan(small: Pack) -> None:
    entry = small.plan("zones")
    assert scene(small, entry) is scene(small, entry)
    assert scene(small, small.plan("pyramids")) is not scene(small, entry)
    assert scene(replace(small), entry) is not scene(small, entry)


@settings(max_examples=25)
@given(st.lists(st.integers(2, 4), min_size=6, max_size=6), st.integers(0, 2))
def test_counts_that_are_hidden_leave_no_trace_in_a_scene(
    small: Pack, low: list[int], zone: int
) -> None:
    referrals = np.array([*low[:2], 20, *low[2:4], 30, *low[4:], 40])
    shift = np.zeros(9)
    shift[3 * zone], shift[3 * zone + 1] = 1, -1
    pack, twin = with_referrals(small, referrals), with_referrals(small, referrals + shift)
    assume(told(pack) == told(twin))
    assert made(pack) == made(twin)


def with_referrals(pack: Pack, counts: npt.NDArray[Any]) -> Pack:
    values = pack.measures.values.copy()
    values[pack.measures.row("referrals")] = counts
    return replace(pack, measures=replace(pack.measures, values=values))


def told(pack: Pack) -> list[bytes]:
    """Give all that tables show of referrals, by small area and by zone."""
    part = protected_units(
        pack.plan("zones").plan, "referrals", pack.measures, POLICIES[pack.authority.disclosure]
    )
    zones = part.totals
    assert zones is not None
    assert zones.totals is not None
    levels = (part, zones, zones.totals)
    return [array.tobytes() for level in levels for array in (level.values, level.status)]


def test_no_exact_small_count_crosses(shipped: Pack) -> None:
    entry = shipped.plan(shipped.default_plan)
    given = made(shipped)
    measures, policy = with_open_cases(shipped.measures), POLICIES[shipped.authority.disclosure]
    for layer in given["live"]:
        if not measures.measure(layer["key"]).sensitive:
            assert not unpack(layer["estimated"], "u1").any()
            continue
        shown = protected_units(entry.plan, layer["key"], measures, policy)
        hidden = shown.status == Status.SUPPRESSED
        assert unpack(layer["estimated"], "u1")[hidden].all()
        exact = unpack(layer["values"], "<f8")[unpack(layer["estimated"], "u1") == 0]
        assert not ((exact > 0) & (exact < 6)).any()


def test_a_map_of_an_indicator_hides_what_its_table_hides(small: Pack) -> None:
    layer = area_layer(small, small.plan("zones"), small.indicator("referrals"))
    assert layer["texts"][-2:] == ["c", "c"]
    assert layer["texts"][0] == "1,000.0"
    fills = unpack(layer["fills"], "u1")
    colours = [layer["colours"][fill] for fill in fills]
    assert colours[-2:] == [SUPPRESSED] * 2
    assert {row["colour"] for row in layer["legend"]} == set(colours)
    assert layer["legend"][-1]["text"] == "small count suppressed"
    assert layer["unit"] == "per 10,000 children"
    assert layer["note"].startswith("Illustrative")


def test_coarse_units_are_msoas_and_the_other_plans(dorset: Pack, small: Pack) -> None:
    given = made(dorset)
    assert [groups["key"] for groups in given["coarse"]] == [
        "msoa", "areas", "east_west", "pyramids",
    ]  # fmt: skip
    assert [groups["key"] for groups in given["groupings"]] == ["areas", "east_west", "pyramids"]
    group = unpack(given["coarse"][0]["group"], "<i4")
    named = dorset.geography.names[0]
    assert given["coarse"][0]["names"][group[0]] == named[:-1]
    columns = made(small)["coarse"]
    assert [groups["key"] for groups in columns] == ["pyramids"], "no name tells an MSOA"
    assert unpack(columns[0]["group"], "<i4").tolist() == [1, -1, 0] * 3


def test_places_have_a_glyph_names_and_lines(small: Pack) -> None:
    schools, sites, asb = made(small)["points"]
    assert (schools["glyph"], sites["glyph"], asb["glyph"]) == ("circle", "square", "dot")
    assert schools["names"] == ["West School", "Free School"]
    assert schools["lines"][1] == ["first school", "Pyramid: none", "Placed by village centre"]
    assert sites["lines"][0] == ["family hub", "Capacity 40", "Placed by postcode"]
    assert unpack(schools["x"], "<f4").tolist() == [50, 150]
    assert unpack(schools["y"], "<f4").tolist() == [250, 250]


def test_incidents_are_added_up_in_the_middle_of_their_small_area(small: Pack) -> None:
    asb = made(small)["points"][-1]
    assert unpack(asb["n"], "<u4").tolist() == [2, 1, 1]
    assert asb["names"] == ["Small 1", "Small 5", "Small 9"]
    assert asb["lines"][0] == ["2 incidents", "2016-07 to 2016-09"]
    assert asb["lines"][1][0] == "1 incident"
    assert unpack(asb["x"], "<f4").tolist() == [50, 150, 250]


def test_incidents_that_are_sensitive_have_no_dots(small: Pack) -> None:
    described = tuple(
        replace(m, sensitive=True) if m.key == "asb" else m for m in small.measures.measures
    )
    pack = replace(small, measures=replace(small.measures, measures=described))
    assert [layer["key"] for layer in made(pack)["points"]] == ["schools", "sites"]


def test_a_pack_without_places_or_incidents_has_no_points(small: Pack) -> None:
    bare = replace(small, schools=None, sites=None, incidents=None, towns=())
    given = made(bare)
    assert given["points"] == []
    assert given["towns"] == []


def test_towns_come_the_largest_first(small: Pack) -> None:
    assert made(small)["towns"] == [
        {"x": 150.0, "y": 150.0, "name": "Centreton", "population": 9000},
        {"x": 250.0, "y": 50.0, "name": "End", "population": None},
    ]


HOSTILE = "<img src=x onerror=alert(1)>\x00\x1b[2J\u202egnp\ud800\n& 'DROP'"


def test_hostile_names_stay_words_without_control_characters(small: Pack) -> None:
    names = (HOSTILE, *small.geography.names[1:-1], "x" * 100_000)
    towns = (replace(small.towns[0], name=HOSTILE),)
    pack = replace(
        small, geography=replace(small.geography, names=names), towns=towns,
        authority=replace(small.authority, name=HOSTILE),
    )  # fmt: skip
    given = made(pack)
    clean = "<img src=x onerror=alert(1)>[2Jgnp& 'DROP'"
    assert (given["names"][0], given["towns"][0]["name"], given["authority"]) == (clean,) * 3
    assert len(given["names"][-1]) == 200
    json.dumps(given, ensure_ascii=False).encode()  # a lone surrogate would be no UTF-8


def test_a_state_tells_the_plan_before_and_after(small: Pack) -> None:
    entry = small.plan("zones")
    scenario = (
        Scenario("s", entry)
        .do(Edit.move([entry.plan.units[0]], to="New"))
        .do(Edit.move([entry.plan.units[1]], to=None))
    )
    told = state(
        "k" * 16, scenario, entry, scenario_id="one", title="A redraw", client="c1", ack=4,
        refused=[(3, "Locked.")], saved="Saved 14:03:22", focus=(["E01000002"], 7),
    )  # fmt: skip
    assert unpack(told["assignment"], "<i2").tolist() == [3, -1, 0, 1, 1, 1, 2, 2, 2]
    assert unpack(told["baseline"], "<i2").tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert told["baselineZones"] == ["North", "Middle", "South"]
    assert told["zones"][3] == {"name": "New", "colour": zone_colour(3)}
    assert (told["scene"], told["scenario"], told["title"]) == ("k" * 16, "one", "A redraw")
    assert (told["client"], told["ack"]) == ("c1", 4)
    assert told["refused"] == [{"n": 3, "message": "Locked."}]
    assert (told["undo"], told["redo"]) == ("1 unit to no zone", None)
    assert told["focus"] == {"units": ["E01000002"], "n": 7}
    assert state("k", scenario.undo(), entry, scenario_id="o", title="")["redo"] == (
        "1 unit to no zone"
    )


def test_a_zone_without_staff_has_none_recorded(small: Pack) -> None:
    entry = small.plan("zones")
    told = state(
        "k", Scenario("s", entry), entry, scenario_id="one", title="t",
        fte={"North": 4.0, "Middle": float("nan"), "Elsewhere": 9.0},
    )  # fmt: skip
    assert told["fte"] == {"North": 4.0, "Middle": None, "South": None}
    json.dumps(told, allow_nan=False)


def test_staff_that_would_tell_cases_is_no_zone_without_staff(small: Pack) -> None:
    entry = small.plan("zones")
    hidden = state("k", Scenario("s", entry), entry, scenario_id="one", title="t", fte=None)
    assert hidden["fte"] is None


def test_a_state_tells_locks_and_borders(small: Pack) -> None:
    entry = small.plan("zones")
    scenario = Scenario("s", entry)
    for event in (
        Lock(on=True, zones=("South", "North"), units=("E01000005", "E01000004")),
        Border("link", (("E01000009", "E01000003"),)),
        Border("cut", (("E01000004", "E01000005"),)),
    ):
        scenario = scenario.take(event)
    told = state("k", scenario, entry, scenario_id="one", title="t")
    assert told["lockedZones"] == ["North", "South"]
    assert told["lockedUnits"] == ["E01000004", "E01000005"]
    assert told["links"] == [["E01000003", "E01000009"]]
    assert told["cuts"] == [["E01000004", "E01000005"]]


def test_names_of_zones_come_back_as_they_are_and_are_not_changed(small: Pack) -> None:
    entry = small.plan("zones")
    lookup = dict.fromkeys(entry.plan.units, HOSTILE)
    hostile = replace(entry, plan=Plan.from_lookup(lookup))
    told = state("k", Scenario("s", hostile), hostile, scenario_id="one", title=HOSTILE)
    assert told["zones"][0]["name"] == told["baselineZones"][0] == HOSTILE
    assert "\x00" not in told["title"]
    json.dumps(told)


def test_a_state_is_small(shipped: Pack) -> None:
    entry = shipped.plan(shipped.default_plan)
    told = state("k" * 16, Scenario("s", entry), entry, scenario_id="one", title="t")
    assert len(json.dumps(told)) < 4_000
