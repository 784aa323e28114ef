"""Outlines of zones, and where their names are written."""

import numpy as np
import pytest
import shapely

from geo.adjacency import build_adjacency
from geo.dissolve import dissolve, label_points
from geo.errors import PlanError
from geo.geography import Geography
from geo.plan import Plan
from grids import NAMED, centre, drawn, planned, square


def test_a_zone_is_the_outline_of_its_units() -> None:
    place = drawn(*NAMED["three by three"])
    north, south = dissolve(place, planned(place, North="ABC", South="DEFGHI"))
    assert north.equals(square(0, 0, wide=3))
    assert south.equals(square(0, 1, wide=3, high=2))


def test_an_empty_zone_is_an_empty_polygon() -> None:
    place = drawn("AB")
    outlines = dissolve(place, planned(place, North="", South="AB", West=""))
    assert [shape.is_empty for shape in outlines] == [True, False, True]
    assert outlines[0].geom_type == "Polygon"


def test_units_in_no_zone_are_left_out() -> None:
    place = drawn("AB")
    (north,) = dissolve(place, planned(place, North="A"))
    assert north.equals(square(0, 0))


def test_a_plan_without_zones_has_no_outlines() -> None:
    place = drawn("AB")
    assert len(dissolve(place, planned(place))) == 0


def test_a_zone_in_two_parts_is_a_multipolygon() -> None:
    place = drawn(*NAMED["island"])
    (all_of_it,) = dissolve(place, planned(place, All="ABC"))
    assert len(shapely.get_parts(all_of_it)) == 2


def test_an_enclave_in_the_same_zone_leaves_no_hole() -> None:
    place = drawn(*NAMED["enclave"])
    (whole,) = dissolve(place, planned(place, All="AB"))
    assert whole.equals(square(0, 0, wide=3, high=3))


def test_an_enclave_in_another_zone_leaves_a_hole() -> None:
    place = drawn(*NAMED["enclave"])
    around, _ = dissolve(place, planned(place, Around="A", Inside="B"))
    assert len(around.interiors) == 1


def test_one_unit_is_its_own_outline() -> None:
    place = drawn("A")
    (only,) = dissolve(place, planned(place, All="A"))
    assert only.equals(place.shapes[0])


def faulty(*drawing: shapely.Polygon) -> Geography:
    shapes = np.array(drawing, dtype=object)
    return Geography("faulty", "2011", ("A", "B"), ("A", "B"), shapes, build_adjacency(shapes))


@pytest.mark.parametrize(
    "place",
    [
        faulty(square(0, 0), square(0.5, 0, wide=1.5)),
        faulty(
            square(0, 0),
            shapely.union_all([square(1, 0, high=0.5), square(1, 0.5, high=0.5)]).segmentize(50),
        ),
    ],
    ids=["overlap", "other vertices"],
)
def test_faults_in_the_coverage_do_not_spoil_the_outline(place: Geography) -> None:
    (whole,) = dissolve(place, planned(place, All="AB"))
    assert whole.is_valid
    assert whole.equals(square(0, 0, wide=2))


def test_a_plan_of_other_units_is_refused() -> None:
    with pytest.raises(PlanError, match="not of the same units: Z stand"):
        dissolve(drawn("AB"), Plan.from_lookup({"A": "x", "B": "x", "Z": "x"}))


def test_the_label_stands_in_the_middle_of_a_square() -> None:
    np.testing.assert_allclose(label_points(np.array([square(0, 0)])), [centre(0, 0)], atol=1)


def test_the_label_stands_inside_a_ring_shaped_zone() -> None:
    (ring,) = drawn(*NAMED["hole"]).shapes
    assert ring.contains(shapely.Point(label_points(np.array([ring]))[0]))


def test_the_label_stands_in_the_largest_part() -> None:
    parts = shapely.union_all([square(0, 0), square(5, 5, wide=3, high=3)])
    np.testing.assert_allclose(label_points(np.array([parts])), [centre(6, 6)], atol=3)


def test_an_empty_zone_has_no_place_for_a_label() -> None:
    assert np.isnan(label_points(np.array([shapely.Polygon()]))).all()
