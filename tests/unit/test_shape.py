"""The shape of zones on drawn grids, and against shapes that really were dissolved."""

import numpy as np
import pytest
import shapely

from analysis.shape import (
    Piece,
    count_pieces,
    polsby_popper,
    pyramids_split,
    stray_pieces,
    zone_shapes,
)
from geo.adjacency import build_adjacency
from geo.errors import PlanError
from geo.geography import Geography
from geo.plan import Plan
from grids import square


def zoned(*rows: str) -> tuple[Geography, Plan]:
    """Draw a plan: every square is a unit, its letter its zone; '-' is in none, '.' is the sea."""
    cells = [(x, y, zone) for y, row in enumerate(rows) for x, zone in enumerate(row)]
    land = [cell for cell in cells if cell[2] != "."]
    shapes = np.array([square(x, y) for x, y, _ in land], dtype=object)
    units = tuple(f"u{i}" for i in range(len(land)))
    geography = Geography("drawn", "2011", units, units, shapes, build_adjacency(shapes))
    lookup = {unit: zone.replace("-", "") for unit, (*_, zone) in zip(units, land, strict=True)}
    return geography, Plan.from_lookup(lookup, units=units)


def with_neighbours(geography: Geography, **changes: list[tuple[int, int]]) -> Geography:
    neighbours = geography.neighbours
    for change, pairs in changes.items():
        neighbours = getattr(neighbours, change)(pairs)
    return Geography(
        geography.key, "2011", geography.units, geography.names, geography.shapes, neighbours
    )


def triangles(count: int, zones: int, seed: int) -> tuple[Geography, Plan]:
    """Draw an irregular coverage: the triangles between random points, in random zones."""
    rng = np.random.default_rng(seed)
    points = shapely.multipoints(rng.integers(0, 50_000, size=(count, 2)))
    shapes = np.array(shapely.delaunay_triangles(points).geoms, dtype=object)
    units = tuple(f"t{i}" for i in range(len(shapes)))
    geography = Geography("triangles", "2011", units, units, shapes, build_adjacency(shapes))
    assignment = rng.integers(-1, zones, size=len(shapes))
    return geography, Plan(units, tuple("ABCDEFG"[:zones]), assignment)


def test_a_zone_is_measured_by_its_outline() -> None:
    shapes = zone_shapes(*zoned("AAB", "AAB", "CCC"))
    assert shapes.zones == ("A", "B", "C")
    np.testing.assert_allclose(shapes.area_km2, [0.04, 0.02, 0.03])
    np.testing.assert_allclose(shapes.perimeter_m, [800, 600, 800])
    np.testing.assert_allclose(shapes.polsby_popper[0], np.pi / 4)


def test_the_lines_of_a_plan_are_its_cut_edges() -> None:
    shapes = zone_shapes(*zoned("AAB", "AAB", "CCC"))
    assert (shapes.cut_edges, shapes.cut_length_m) == (5, 500)


def test_a_hole_counts_in_the_outline() -> None:
    shapes = zone_shapes(*zoned("AAA", "ABA", "AAA"))
    np.testing.assert_allclose(shapes.perimeter_m, [1600, 400])


def test_units_in_no_zone_lie_elsewhere() -> None:
    shapes = zone_shapes(*zoned("A-", "A-"))
    assert shapes.zones == ("A",)
    np.testing.assert_allclose(shapes.perimeter_m, [600])
    assert shapes.cut_edges == 2


def test_a_zone_without_units_has_no_shape() -> None:
    geography, plan = zoned("AA")
    shapes = zone_shapes(geography, plan.with_zone("New"))
    assert (shapes.area_km2[1], shapes.perimeter_m[1], shapes.pieces[1]) == (0, 0, 0)
    assert np.isnan(shapes.polsby_popper[1])


def test_one_unit_is_whole_and_cuts_nothing() -> None:
    shapes = zone_shapes(*zoned("A"))
    assert (shapes.pieces[0], shapes.cut_edges, shapes.cut_length_m) == (1, 0, 0)


def test_a_closed_border_still_bounds_and_a_link_bounds_nothing() -> None:
    geography, plan = zoned("AB.A")
    changed = with_neighbours(geography, cut=[(0, 1)], linked=[(1, 2)])
    shapes = zone_shapes(changed, plan)
    assert (shapes.cut_edges, shapes.cut_length_m) == (1, 100)
    np.testing.assert_allclose(shapes.perimeter_m, [800, 400])


@pytest.mark.parametrize("seed", range(5))
def test_shapes_from_lengths_are_those_of_dissolved_polygons(seed: int) -> None:
    geography, plan = triangles(80, 4, seed)
    shapes = zone_shapes(geography, plan)
    for at, zone in enumerate(plan.zones):
        union = shapely.union_all(geography.shapes[plan.assignment == plan.zone_position(zone)])
        assert shapes.area_km2[at] * 1e6 == pytest.approx(union.area, rel=1e-9)
        assert shapes.perimeter_m[at] == pytest.approx(union.length, rel=1e-9)
        truth = 4 * np.pi * union.area / union.length**2
        assert shapes.polsby_popper[at] == pytest.approx(truth, rel=1e-9)


def test_a_circle_is_as_compact_as_can_be() -> None:
    assert polsby_popper([np.pi * 25, 0], [10 * np.pi, 0])[0] == pytest.approx(1)
    assert np.isnan(polsby_popper([0], [0]))


def test_a_zone_touching_itself_at_a_corner_is_in_two_pieces() -> None:
    assert count_pieces(*zoned("AB", "BA")).tolist() == [2, 2]


def test_pieces_are_joined_by_a_link_and_parted_by_a_cut() -> None:
    geography, plan = zoned("AA.A")
    assert count_pieces(geography, plan).tolist() == [2]
    assert count_pieces(with_neighbours(geography, linked=[(1, 2)]), plan).tolist() == [1]
    assert count_pieces(with_neighbours(geography, cut=[(0, 1)]), plan).tolist() == [3]


def test_a_stray_piece_is_named_with_its_units() -> None:
    assert stray_pieces(*zoned("AAB", "ABB", "BAA")) == (
        Piece("A", ("u7", "u8"), 2.0),
        Piece("B", ("u6",), 1.0),
    )


def test_a_whole_plan_has_no_stray_pieces() -> None:
    assert stray_pieces(*zoned("AAB", "AAB")) == ()


def test_units_in_no_zone_are_no_stray_pieces() -> None:
    assert stray_pieces(*zoned("-A-")) == ()


def test_an_island_without_a_link_is_a_stray_piece() -> None:
    geography, plan = zoned("AA.A")
    assert stray_pieces(geography, plan) == (Piece("A", ("u2",), 1.0),)
    assert stray_pieces(with_neighbours(geography, linked=[(1, 2)]), plan) == ()


def test_the_main_piece_is_the_one_with_most_children() -> None:
    children = [10, 10, 500]
    strays = stray_pieces(*zoned("AA.A"), weights=children)
    assert strays == (Piece("A", ("u0", "u1"), 20.0),)


def test_a_missing_weight_weighs_nothing_and_units_break_the_tie() -> None:
    strays = stray_pieces(*zoned("A.AA"), weights=[np.nan, np.nan, 0])
    assert strays == (Piece("A", ("u0",), 0.0),)


def test_several_strays_of_a_zone_come_heaviest_first() -> None:
    strays = stray_pieces(*zoned("A.AA.AAA"))
    assert [piece.units for piece in strays] == [("u1", "u2"), ("u0",)]


def test_weights_must_fit_the_units() -> None:
    with pytest.raises(PlanError, match="1 weights for 2 units"):
        stray_pieces(*zoned("AA"), weights=[1])


def test_a_plan_of_other_units_is_refused() -> None:
    geography, _ = zoned("AA")
    with pytest.raises(PlanError, match="not of the same units"):
        zone_shapes(geography, Plan.from_lookup({"x": "A"}))


def test_a_pyramid_is_split_between_the_zones_its_units_lie_in() -> None:
    _, plan = zoned("AAB")
    pyramids = Plan.from_lookup({"u0": "Hardye", "u1": "Hardye", "u2": "Hardye"})
    (split,) = pyramids_split(plan, pyramids, weights=[10, 20, 900])
    assert (split.pyramid, split.zones) == ("Hardye", ("B", "A"))
    assert (split.units, split.weights, split.unassigned) == ((1, 2), (900.0, 30.0), 0)


def test_a_pyramid_within_one_zone_is_not_split() -> None:
    _, plan = zoned("AAB")
    assert pyramids_split(plan, plan) == ()


def test_units_in_no_zone_or_no_pyramid_split_nothing() -> None:
    _, plan = zoned("A-B")
    pyramids = Plan.from_lookup({"u0": "Purbeck", "u1": "Purbeck", "u2": None})
    assert pyramids_split(plan, pyramids) == ()


def test_a_split_pyramid_tells_how_much_of_it_is_in_no_zone() -> None:
    _, plan = zoned("A-B")
    (split,) = pyramids_split(plan, Plan.from_lookup(dict.fromkeys(plan.units, "Purbeck")))
    assert (split.zones, split.units, split.unassigned) == (("A", "B"), (1, 1), 1)


def test_split_pyramids_stand_in_the_order_of_the_pyramids() -> None:
    _, plan = zoned("ABAB")
    pyramids = Plan.from_lookup(
        {"u0": "Weymouth", "u1": "Weymouth", "u2": "Blandford", "u3": "Blandford"},
        zones=["Weymouth", "Blandford"],
    )
    assert [split.pyramid for split in pyramids_split(plan, pyramids)] == ["Weymouth", "Blandford"]
