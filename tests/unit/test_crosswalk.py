"""Best fit: which zone each unit goes to, by which point, and how many people that concerns."""

import numpy as np
import pytest
import shapely

from geo.crosswalk import Crosswalk, Method, best_fit
from geo.dissolve import dissolve
from geo.errors import CrsError, GeographyError, PlanError
from grids import NAMED, centre, drawn, planned, square

PLACE = drawn(*NAMED["three by three"])
WEST, EAST = square(0, 0, wide=1.3, high=3), square(1.3, 0, wide=1.7, high=3)
LINES = np.array([WEST, EAST])
PEOPLE = np.array([10.0, 20, 30, 40, 50, 60, 70, 80, 90])


def test_a_unit_goes_whole_to_the_polygon_with_its_point() -> None:
    plan = best_fit(PLACE, LINES, ["West", "East"]).plan
    assert plan.members("West") == ("A", "D", "G")
    assert plan.members("East") == ("B", "C", "E", "F", "H", "I")


def test_where_people_live_decides_before_the_middle_of_the_land() -> None:
    centres = np.full((9, 2), np.nan)
    centres[1] = centre(0.7, 0)  # the people of B live in its west
    walk = best_fit(PLACE, LINES, ["West", "East"], centres=centres)
    assert walk.plan.zone_of("B") == "West"
    assert walk.method[1] == Method.CENTRE
    assert set(walk.method) - {walk.method[1]} == {Method.SURFACE}


def test_shares_of_people_are_told_by_method() -> None:
    centres = np.full((9, 2), np.nan)
    centres[8] = centre(2, 2)
    walk = best_fit(PLACE, LINES, ["West", "East"], centres=centres, weights=PEOPLE)
    assert walk.share_by(Method.CENTRE) == pytest.approx(90 / 450)
    assert walk.share_by(Method.SURFACE) == pytest.approx(360 / 450)
    assert walk.share_unassigned == 0.0


def test_units_cut_by_a_line_are_named_with_their_people() -> None:
    walk = best_fit(PLACE, LINES, ["West", "East"], weights=PEOPLE)
    assert walk.cut == ("B", "E", "H")
    assert walk.share_cut == pytest.approx(150 / 450)
    assert walk.inside[1] == pytest.approx(0.7)


def test_units_that_no_polygon_holds_are_unassigned() -> None:
    walk = best_fit(PLACE, LINES[:1], ["West"], weights=PEOPLE)
    assert walk.unassigned == ("B", "C", "E", "F", "H", "I")
    assert walk.share_unassigned == pytest.approx(330 / 450)
    assert walk.inside[1] == 0.0


def test_a_zone_that_holds_no_unit_stays_in_the_plan() -> None:
    tiny = square(0.1, 0.1, wide=0.1, high=0.1)
    walk = best_fit(PLACE, np.array([*LINES, tiny]), ["West", "East", "Tiny"])
    assert walk.plan.zones == ("West", "East", "Tiny")
    assert walk.plan.members("Tiny") == ()


def test_of_polygons_that_overlap_the_first_wins_and_the_unit_is_named() -> None:
    both = np.array([square(0, 0, wide=2, high=3), square(1, 0, wide=2, high=3)])
    walk = best_fit(PLACE, both, ["First", "Second"])
    assert walk.contested == ("B", "E", "H")
    assert walk.plan.zone_of("B") == "First"


def test_a_point_on_a_shared_line_is_not_contested() -> None:
    halves = np.array([square(0, 0, wide=1.5, high=3), square(1.5, 0, wide=1.5, high=3)])
    walk = best_fit(PLACE, halves, ["First", "Second"])
    assert walk.contested == ()
    assert walk.plan.zone_of("B") == "First"


def test_the_outlines_of_a_plan_give_the_plan_back() -> None:
    plan = planned(PLACE, North="ABD", South="CEF", West="GHI")
    walk = best_fit(PLACE, dissolve(PLACE, plan), plan.zones)
    assert walk.plan == plan
    assert walk.cut == ()


def test_without_weights_no_share_is_told() -> None:
    walk = best_fit(PLACE, LINES, ["West", "East"])
    assert walk.share_unassigned is walk.share_cut is walk.share_by(Method.SURFACE) is None


def test_the_summary_says_what_was_used() -> None:
    walk = best_fit(PLACE, LINES[:1], ["West"], weights=PEOPLE)
    assert str(walk).splitlines() == [
        "9 units by best fit into 1 zones.",
        "9 by point on surface (26.7% of people).",
        "6 in no zone (73.3% of people): B, C, E and 3 more.",
    ]
    assert repr(walk) == "<Crosswalk of 9 units to 1 zones, 6 unassigned>"


def refused(**changes: object) -> Crosswalk:
    given: dict[str, object] = {"shapes": LINES, "names": ["West", "East"], **changes}
    return best_fit(PLACE, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"names": ["West"]}, GeographyError, "2 polygons and 1 names"),
        ({"names": ["West", "West"]}, PlanError, "names West more than once"),
        ({"shapes": [WEST, shapely.Point(0, 0)]}, GeographyError, "not polygons .Point.: East"),
        ({"shapes": [WEST, None]}, GeographyError, "have no shape: East"),
        ({"shapes": shapely.box([-3, -2], 50, -2, 51)}, CrsError, "are degrees: West, East"),
        ({"centres": np.zeros((3, 2))}, GeographyError, r"shape \(3, 2\); \(9, 2\) was wanted"),
        ({"centres": np.zeros((9, 2))}, GeographyError, "9 of 9 centres lie outside their unit"),
        ({"weights": np.ones(3)}, GeographyError, "3 weights for 9 units"),
    ],
)
def test_input_that_does_not_fit_is_refused(
    changes: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        refused(**changes)
