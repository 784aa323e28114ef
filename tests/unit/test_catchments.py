"""Catchments: which pyramid a unit goes to, and what is served twice or not at all."""

from dataclasses import dataclass

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.adjacency import Shapes
from geo.errors import LayerError
from geo.ledger import Ledger
from grids import centre, drawn, square
from layers.catchments import CatchmentMethod, PyramidPlan, pyramid_plan
from layers.places import School, Tier
from layers.pyramids import Member, Pyramid, Pyramids

GRID = drawn("ABC", "DEF", "GHI")


@dataclass(frozen=True)
class Drawn:
    names: tuple[str, ...]
    shapes: Shapes


def areas(**boxes: shapely.Geometry) -> Drawn:
    return Drawn(tuple(boxes), np.array(list(boxes.values()), dtype=object))


def school(
    urn: str, column: float, row: float, tier: Tier = "primary", *, intake: str = ""
) -> School:
    x, y = centre(column, row)
    return School(f"School {urn}", x, y, "GIAS", tier, "", urn, "GIAS", intake=intake)


def pyramids(**members: dict[str, Tier]) -> Pyramids:
    found = tuple(
        Pyramid(f"P-{name}", name, "", tuple(Member(urn, tier) for urn, tier in schools.items()))
        for name, schools in members.items()
    )
    used = sum(len(pyramid.members) for pyramid in found)
    return Pyramids(found, "", Ledger("drawn", used, used))


TWO = pyramids(West={"1": "upper", "2": "first"}, East={"3": "secondary"})
SCHOOLS = (school("1", 0, 1, "upper"), school("2", 0, 0, "first"), school("3", 2, 1, "secondary"))


def members(made: PyramidPlan) -> dict[str, str]:
    return {zone: "".join(made.plan.members(zone)) for zone in made.plan.zones}


# By polygons


def test_units_go_whole_to_the_polygon_that_holds_their_centre() -> None:
    west, east = square(0, 0, wide=1.4, high=3), square(1.4, 0, wide=1.6, high=3)
    made = pyramid_plan(GRID, TWO, SCHOOLS, areas=areas(West=west, East=east))
    assert made.method == CatchmentMethod.AREAS
    assert members(made) == {"West": "ADG", "East": "BCEFHI"}
    assert (made.gaps, made.overlaps, made.notes) == ((), (), ())


@pytest.mark.parametrize("name", ["West", "p-west", " west ", "1", "School 1"])
def test_a_polygon_is_called_by_code_name_or_head(name: str) -> None:
    whole = Drawn((name,), np.array([square(0, 0, wide=3, high=3)], dtype=object))
    made = pyramid_plan(GRID, TWO, SCHOOLS, areas=whole)
    assert members(made)["West"] == "ABCDEFGHI"
    assert made.notes[0] == "1 pyramids have no catchment: East."


def test_gaps_and_overlaps_are_reported_with_their_land_and_units() -> None:
    west, east = square(0, 0, wide=2, high=3), square(1, 0, wide=2, high=2)
    made = pyramid_plan(
        GRID, TWO, SCHOOLS, areas=areas(West=west, East=east), weights=np.full(9, 2.0)
    )
    assert members(made) == {"West": "ABDEGH", "East": "CF"}
    (overlap,) = made.overlaps
    assert (overlap.pyramids, overlap.units) == (("West", "East"), ("B", "E"))
    assert overlap.area_km2 == pytest.approx(0.02)
    (gap,) = made.gaps
    assert (gap.units, gap.area_km2) == (("I",), pytest.approx(0.01))
    assert made.plan.unassigned == ("I",)
    assert made.notes == ("1 units, with 11.1% of the people, are in no pyramid: I.",)


def test_lines_drawn_twice_are_no_overlap() -> None:
    west, east = square(0, 0, wide=1.501, high=3), square(1.499, 0, wide=1.501, high=3)
    made = pyramid_plan(GRID, TWO, SCHOOLS, areas=areas(West=west, East=east))
    assert (made.overlaps, made.gaps) == ((), ())


def test_polygons_of_one_pyramid_are_joined() -> None:
    parts = Drawn(
        ("West", "1", "East"),
        np.array([square(0, 0, high=3), square(2, 0, high=3), square(1, 0, high=3)], dtype=object),
    )
    made = pyramid_plan(GRID, TWO, SCHOOLS, areas=parts)
    assert members(made) == {"West": "ACDFGI", "East": "BEH"}


def test_polygons_of_no_pyramid_are_named_and_none_that_fits_is_refused() -> None:
    both = areas(West=square(0, 0, wide=3, high=3), Nowhere=square(0, 0))
    assert (
        "1 catchments are called like no pyramid: Nowhere."
        in pyramid_plan(GRID, TWO, SCHOOLS, areas=both).notes
    )
    with pytest.raises(LayerError, match="No catchment is called like a pyramid: Nowhere"):
        pyramid_plan(GRID, TWO, SCHOOLS, areas=areas(Nowhere=square(0, 0)))


# By distance


def test_without_polygons_the_nearest_member_school_decides() -> None:
    made = pyramid_plan(GRID, TWO, (*SCHOOLS[:2], school("3", 1.5, 1, "secondary")))
    assert made.method == CatchmentMethod.NEAREST
    assert members(made) == {"West": "ABDG", "East": "CEFHI"}
    assert (made.gaps, made.overlaps, made.plan.unassigned) == ((), (), ())


def test_units_equally_near_to_two_pyramids_are_an_overlap() -> None:
    made = pyramid_plan(GRID, pyramids(West={"1": "upper"}, East={"3": "upper"}), SCHOOLS)
    assert members(made) == {"West": "ABDEGH", "East": "CFI"}
    (overlap,) = made.overlaps
    assert (overlap.pyramids, overlap.units) == (("West", "East"), ("B", "E", "H"))
    assert overlap.area_km2 is None


def test_a_school_that_feeds_two_pyramids_makes_an_overlap() -> None:
    shared = pyramids(West={"1": "upper", "3": "primary"}, East={"3": "primary"})
    made = pyramid_plan(GRID, shared, SCHOOLS)
    assert set("CFI") <= set(made.overlaps[0].units)


def test_schools_that_choose_their_children_draw_no_catchment_and_are_listed_apart() -> None:
    chosen = (*SCHOOLS[:2], school("3", 2, 1, "secondary", intake="faith"), school("4", 1, 1))
    made = pyramid_plan(GRID, TWO, (*chosen, school("5", 1, 1, "special")))
    assert members(made) == {"West": "ABCDEFGHI", "East": ""}
    assert [apart.urn for apart in made.apart] == ["3", "5"]
    assert made.notes == (
        "1 schools of a pyramid usually stand outside and draw no catchment: School 3.",
        "1 other schools stand in no pyramid: School 4.",
    )


def test_the_tier_that_the_pyramid_gives_is_believed() -> None:
    unknown = (*SCHOOLS[:2], school("3", 2, 1, "not known"))
    assert members(pyramid_plan(GRID, TWO, unknown)) == members(pyramid_plan(GRID, TWO, SCHOOLS))


def test_members_without_a_place_are_named_and_none_with_one_is_refused() -> None:
    made = pyramid_plan(GRID, TWO, SCHOOLS[:2])
    assert made.notes == ("1 schools of a pyramid have no place: 3.",)
    with pytest.raises(LayerError, match="No school of a pyramid has a place"):
        pyramid_plan(GRID, TWO, ())


def test_no_pyramids_are_refused() -> None:
    with pytest.raises(LayerError, match="There are no pyramids"):
        pyramid_plan(GRID, pyramids(), SCHOOLS)


spots = st.tuples(st.floats(-1, 3), st.floats(-1, 3))


@given(st.lists(spots, min_size=1, max_size=8))
def test_each_unit_goes_to_a_pyramid_that_no_other_is_nearer_than(
    places: list[tuple[float, float]],
) -> None:
    schools = [school(str(i), column, row) for i, (column, row) in enumerate(places)]
    each = pyramids(**{f"Z{i}": {str(i): "upper"} for i in range(len(places))})
    made = pyramid_plan(GRID, each, schools)
    points = np.array([(s.easting, s.northing) for s in schools])
    distance = np.linalg.norm(GRID.centre_m[:, None] - points[None], axis=2)
    taken = distance[np.arange(len(GRID)), made.plan.assignment]
    assert np.allclose(taken, distance.min(axis=1), atol=0.02)
    assert made.plan.sizes.sum() == len(GRID)
