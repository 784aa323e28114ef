"""A geography and its making: one of each per unit, checked once."""

import numpy as np
import pytest
import shapely

from geo.adjacency import build_adjacency
from geo.build import build_geography, require_vintage
from geo.errors import CrsError, GeographyError, VintageError
from geo.geography import Geography
from grids import NAMED, SIDE_M, bow_tie, drawn, shapes_of, square

UNITS, SHAPES = shapes_of(*NAMED["three by three"])


def test_a_geography_says_what_it_is() -> None:
    assert repr(drawn("AB")) == "<Geography drawn, 2 units of 2011, 1 borders>"


def test_areas_and_outlines_are_in_metres() -> None:
    ring = drawn(*NAMED["hole"])
    assert ring.area_m2.tolist() == [8 * SIDE_M**2]
    assert ring.perimeter_m.tolist() == [16 * SIDE_M]


def test_the_centre_of_a_unit_lies_in_it() -> None:
    ring = drawn(*NAMED["hole"])
    assert ring.shapes[0].contains(shapely.Point(ring.centre_m[0]))


def test_codes_know_their_position() -> None:
    assert drawn("AB").position == {"A": 0, "B": 1}


def test_shapes_never_change() -> None:
    place = drawn("AB")
    with pytest.raises(ValueError, match="read-only"):
        place.shapes[0] = None


def test_the_shapes_given_stay_writeable() -> None:
    shapes = SHAPES.copy()
    build_geography("key", "2011", UNITS, UNITS, shapes)
    Geography("key", "2011", UNITS, UNITS, shapes, build_adjacency(shapes))
    shapes[0] = None


def test_shapes_are_rounded_to_a_centimetre() -> None:
    noisy = shapely.transform(SHAPES, lambda xy: xy + 0.001)
    place = build_geography("key", "2011", UNITS, UNITS, noisy)
    assert shapely.equals_exact(place.shapes, SHAPES).all()


def test_links_and_cuts_are_applied() -> None:
    place = build_geography("key", "2011", UNITS, UNITS, SHAPES, links=[(0, 8)], cuts=[(0, 1)])
    assert place.neighbours.of(0).tolist() == [3, 8]


def test_units_without_names_are_refused() -> None:
    with pytest.raises(GeographyError, match="9 codes, 1 names, 9 shapes"):
        build_geography("key", "2011", UNITS, ["one"], SHAPES)


def test_repeated_codes_are_refused() -> None:
    with pytest.raises(GeographyError, match="name A more than once"):
        build_geography("key", "2011", ("A", "A"), ("", ""), SHAPES[:2])


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (None, "1 units have no shape: B"),
        (shapely.Polygon(), "1 units have no shape: B"),
        (shapely.Point(370_000, 100_000), r"1 units are not polygons \(Point\): B"),
        (
            bow_tie(),
            "1 units have rings that cross themselves: B .first: Self-intersection.*clean_coverage",
        ),
    ],
)
def test_shapes_that_cannot_be_units_are_refused(
    shape: shapely.Geometry | None, message: str
) -> None:
    shapes = np.array([square(0, 0), shape], dtype=object)
    with pytest.raises(GeographyError, match=message):
        build_geography("key", "2011", ("A", "B"), ("", ""), shapes)


def test_shapes_in_degrees_are_refused() -> None:
    with pytest.raises(CrsError, match="are degrees: A"):
        build_geography("key", "2011", ("A",), ("",), shapely.box([-2.5], 50.6, -2.4, 50.7))


def test_codes_of_2021_are_refused_for_2011() -> None:
    units = ("E01020350", "E01033768", "E01033769")
    with pytest.raises(VintageError, match=r"1 of 3 units have codes of 2021 .*: E01033769"):
        build_geography("key", "2011", units, units, SHAPES[:3])
    assert len(build_geography("key", "2021", units, units, SHAPES[:3])) == 3


def test_units_of_a_vintage_pass() -> None:
    require_vintage(["A", "B"], {"A", "B", "C"}, vintage="2011")


def test_units_of_another_vintage_are_refused_with_their_share() -> None:
    with pytest.raises(VintageError, match=r"3 of 4 units \(75%\) are codes of 2011; Z are not"):
        require_vintage(["A", "B", "C", "Z"], ["A", "B", "C"], vintage="2011")
