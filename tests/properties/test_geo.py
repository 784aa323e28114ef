"""What must hold of places whatever is drawn, in any order, and through any file."""

import contextlib
import csv
import io
import tempfile
from itertools import combinations
from pathlib import Path

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.adjacency import Shapes, build_adjacency
from geo.build import build_geography
from geo.coverage import Kind, check_coverage, clean_coverage
from geo.crosswalk import best_fit
from geo.crs import to_british_grid
from geo.dissolve import dissolve, label_points
from geo.errors import ZonewrightError
from geo.geography import Geography
from geo.index import OUTSIDE, PlaceIndex, UnitIndex
from geo.plan import UNASSIGNED, Plan
from geo.read import read_boundaries, read_lookup
from geo.write import lookup_csv, write_boundaries
from grids import NORTH_M, WEST_M, drawn, shapes_of, square

SIZE = 4
ROWS = st.lists(st.text("ABCDE.", min_size=SIZE, max_size=SIZE), min_size=SIZE, max_size=SIZE)
DRAWINGS = ROWS.filter(lambda rows: set("".join(rows)) != {"."})
POINTS = st.lists(
    st.tuples(st.integers(-50, 450), st.integers(-450, 50)), max_size=30
)  # whole metres, so that borders and corners are hit
LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
NAMES = st.text(LETTERS, min_size=1, max_size=8).map(str.strip)
ORIGIN = np.array([[WEST_M], [NORTH_M]])
TO_DEGREES = pyproj.Transformer.from_crs(27700, 4326, always_xy=True)
ZONES = st.lists(NAMES.filter(bool), min_size=1, max_size=4, unique=True)


@st.composite
def geographies(draw: st.DrawFn) -> Geography:
    return drawn(*draw(DRAWINGS))


@st.composite
def plans(draw: st.DrawFn) -> tuple[Geography, Plan]:
    place = draw(geographies())
    zones = draw(ZONES)
    numbers = st.integers(UNASSIGNED, len(zones) - 1)
    assignment = draw(st.lists(numbers, min_size=len(place), max_size=len(place)))
    return place, Plan(place.units, tuple(zones), np.array(assignment, dtype=np.int32))


def slow_pairs(shapes: Shapes) -> dict[tuple[int, int], float]:
    """The twin of `build_adjacency`: every pair of shapes cut with each other."""
    lengths = {
        (a, b): shapely.length(shapely.intersection(shapes[a], shapes[b]))
        for a, b in combinations(range(len(shapes)), 2)
    }
    return {pair: length for pair, length in lengths.items() if length > 0}


def pairs(shapes: Shapes) -> dict[tuple[int, int], float]:
    neighbours = build_adjacency(shapes)
    keys = zip(*(side.tolist() for side in neighbours.pairs), strict=True)
    return dict(zip(keys, neighbours.pair_length_m.tolist(), strict=True))


@given(geographies())
def test_neighbours_are_those_whose_shapes_share_a_line(place: Geography) -> None:
    assert pairs(place.shapes) == pytest.approx(slow_pairs(place.shapes))


@given(geographies(), st.randoms(use_true_random=False))
def test_neighbours_do_not_depend_on_the_order_of_units(place: Geography, random: object) -> None:
    order = list(range(len(place)))
    random.shuffle(order)  # type: ignore[attr-defined]
    shuffled = {
        (min(order[a], order[b]), max(order[a], order[b])): length
        for (a, b), length in pairs(place.shapes[order]).items()
    }
    assert shuffled == pairs(place.shapes)


@given(geographies(), st.integers(-3000, 3000), st.integers(1, 5))
def test_neighbours_do_not_depend_on_place_and_scale(place: Geography, east: int, by: int) -> None:
    moved = shapely.transform(place.shapes, lambda xy: xy * by + east)
    expected = {pair: length * by for pair, length in pairs(place.shapes).items()}
    assert pairs(moved) == pytest.approx(expected)


@given(geographies())
def test_outlines_are_made_of_borders_and_coast(place: Geography) -> None:
    shared = np.bincount(
        place.neighbours.rows, weights=place.neighbours.length_m, minlength=len(place)
    )
    coast = shapely.length(shapely.union_all(place.shapes))
    assert (place.perimeter_m - shared).sum() == pytest.approx(coast)


@given(geographies())
def test_a_cut_and_a_link_on_it_leave_everything_as_it_was(place: Geography) -> None:
    neighbours = place.neighbours
    borders = list(zip(*(side.tolist() for side in neighbours.pairs), strict=True))
    again = neighbours.cut(borders).linked(borders)
    assert again.indices.tolist() == neighbours.indices.tolist()
    assert again.length_m.tolist() == neighbours.length_m.tolist()
    assert again.passable.all()


@given(plans())
def test_zones_cover_the_land_of_their_units_once(case: tuple[Geography, Plan]) -> None:
    place, plan = case
    outlines = dissolve(place, plan)
    inside = plan.assignment != UNASSIGNED
    expected = np.bincount(
        plan.assignment[inside], weights=place.area_m2[inside], minlength=len(plan.zones)
    )
    assert shapely.area(outlines).tolist() == pytest.approx(expected.tolist())
    for zone, outline in enumerate(outlines):
        twin = shapely.union_all(place.shapes[plan.assignment == zone])
        assert outline.is_empty == twin.is_empty
        assert outline.is_empty or outline.equals(twin)


@given(plans())
def test_a_label_stands_in_its_zone(case: tuple[Geography, Plan]) -> None:
    outlines = dissolve(*case)
    for outline, point in zip(outlines, label_points(outlines), strict=True):
        assert outline.is_empty or outline.contains(shapely.Point(point))


@given(geographies(), POINTS)
def test_points_are_in_the_first_unit_that_has_them(
    place: Geography, offsets: list[tuple[int, int]]
) -> None:
    x, y = np.array(offsets, dtype=float).reshape(-1, 2).T + ORIGIN
    found = UnitIndex(place.units, place.shapes).locate(x, y)
    for position, point in zip(found, shapely.points(x, y), strict=True):
        holders = np.flatnonzero(shapely.intersects(place.shapes, point))
        assert position == (holders[0] if len(holders) else OUTSIDE)


@given(plans())
def test_best_fit_to_the_outlines_of_a_plan_gives_the_plan_back(
    case: tuple[Geography, Plan],
) -> None:
    place, plan = case
    full = [zone for zone in plan.zones if plan.members(zone)]
    outlines = dissolve(place, plan)[[plan.zone_position(zone) for zone in full]]
    walk = best_fit(place, outlines, full, weights=np.ones(len(place)))
    assert [walk.plan.zone_of(unit) for unit in place.units] == [
        plan.zone_of(unit) for unit in place.units
    ]
    assert walk.cut == ()
    assert walk.share_unassigned == pytest.approx(len(plan.unassigned) / len(place))


@given(geographies())
def test_only_holes_are_found_in_what_is_drawn_as_a_coverage(place: Geography) -> None:
    report = check_coverage(place.units, place.shapes)
    land = shapely.get_parts(shapely.union_all(place.shapes))
    filled = shapely.union_all(shapely.polygons(shapely.get_exterior_ring(land)))
    holes = shapely.area(filled) - shapely.area(shapely.union_all(land))
    assert {finding.kind for finding in report.findings} <= {Kind.GAP}
    assert sum(finding.area_m2 for finding in report.findings) == pytest.approx(holes)


@given(st.floats(0.02, 0.9))
def test_an_overlap_has_its_true_area_and_is_gone_after_cleaning(by: float) -> None:
    shapes = np.array([square(0, 0), square(1 - by, 0)])
    (found,) = check_coverage("AB", shapes).of(Kind.OVERLAP)
    assert found.area_m2 == pytest.approx(by * 100**2)
    cleaned = clean_coverage("AB", shapes)
    assert check_coverage("AB", cleaned.shapes).is_clean
    assert shapely.area(cleaned.shapes).sum() == pytest.approx((2 - by) * 100**2, rel=1e-3)


@settings(max_examples=25)
@given(st.integers(100_000, 600_000), st.integers(20_000, 640_000))
def test_the_way_to_degrees_and_back_moves_nothing(east: int, north: int) -> None:
    shapes = shapely.box(
        [east, east + 100], [north] * 2, [east + 100, east + 200], [north + 99] * 2
    )
    degrees = shapely.transform(
        shapes, lambda xy: np.column_stack(TO_DEGREES.transform(xy[:, 0], xy[:, 1]))
    )
    back = to_british_grid(("A", "B"), np.asarray(degrees), "EPSG:4326")
    assert shapely.equals_exact(back, shapes, 0.011).all()
    assert len(build_adjacency(back).pairs[0]) == 1


@given(plans())
def test_a_plan_survives_its_lookup(case: tuple[Geography, Plan]) -> None:
    _, plan = case
    content = lookup_csv(plan).encode()
    assert read_lookup(content, units=plan.units, zones=plan.zones) == plan


@given(ZONES)
def test_no_cell_of_a_lookup_starts_a_formula(zones: list[str]) -> None:
    units = tuple(f"u{i}" for i in range(len(zones)))
    plan = Plan(units, tuple(zones), np.arange(len(zones), dtype=np.int32))
    rows = csv.reader(io.StringIO(lookup_csv(plan), newline=""))
    assert not any(zone.startswith(tuple("=+-@\t\r")) for _, zone in rows)


@given(st.binary(max_size=80))
def test_any_bytes_are_a_plan_or_a_clear_error(content: bytes) -> None:
    with contextlib.suppress(ZonewrightError):
        assert read_lookup(b"unit,zone\n" + content, units=["A"]).units == ("A",)
    with contextlib.suppress(ZonewrightError):
        read_lookup(content, units=["A"])


@settings(max_examples=15)
@given(geographies(), st.sampled_from([".parquet", ".gpkg", ".geojson"]))
def test_boundaries_survive_every_format(place: Geography, ending: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = read_boundaries(write_boundaries(place, Path(folder) / f"a{ending}"))
    again = build_geography("again", "2011", found.units, found.names, found.shapes)
    assert again.units == place.units
    assert shapely.equals(again.shapes, place.shapes).all()
    assert again.neighbours.length_m.tolist() == pytest.approx(place.neighbours.length_m.tolist())


@settings(max_examples=25)
@given(
    st.sampled_from([".parquet", ".gpkg", ".geojson"]), st.floats(0, 0.999), st.binary(max_size=9)
)
def test_a_torn_file_is_read_or_refused_clearly(ending: str, kept: float, junk: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write_boundaries(drawn("AB", "CD"), Path(folder) / f"a{ending}")
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * kept)] + junk)
        with contextlib.suppress(ZonewrightError):
            assert set(read_boundaries(path).units) <= set("ABCD")


@given(
    st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 9), st.integers(0, 9)), max_size=30)
)
def test_places_are_found_where_they_were_last_put(moves: list[tuple[str, int, int]]) -> None:
    index, twin = PlaceIndex(), {}
    for name, x, y in moves:
        if name in twin and (x, y) == (0, 0):
            index.remove(name)
            del twin[name]
        else:
            (index.move if name in twin else index.insert)(name, x, y)
            twin[name] = (x, y)
    assert len(index) == len(twin)
    near = sorted(twin, key=lambda name: (np.hypot(twin[name][0] - 4, twin[name][1] - 4), name))
    assert index.nearest(4, 4, count=2) == tuple(near[:2])
    held = sorted(name for name, (x, y) in twin.items() if 2 <= x <= 6 and 3 <= y <= 5)
    assert index.in_box(2, 3, 6, 5) == tuple(held)


def test_drawings_have_one_shape_a_letter() -> None:
    units, shapes = shapes_of("AAB", ".CB")
    assert units == ("A", "B", "C")
    assert shapely.area(shapes).tolist() == [20_000, 20_000, 10_000]
