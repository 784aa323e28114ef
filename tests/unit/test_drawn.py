"""Drawn lines and uploaded areas as plans: what goes where, who is told, what is refused."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from analysis.drawn import (
    Fitted,
    affected_table,
    alike,
    crosswalk_of,
    fit_areas,
    fit_plan,
    fit_polygon,
    fitted_table,
    polygon_of,
)
from analysis.events import Edit, Lock
from analysis.leaving import tells_nothing
from analysis.scenario import Scenario
from geo.dissolve import dissolve
from geo.errors import PlanError
from geo.plan import Plan
from grids import NORTH_M, SIDE_M, WEST_M, square
from layers.pack import Pack
from small_pack import UNITS

Points = list[tuple[float, float]]


def corners(*squares: tuple[float, float]) -> Points:
    """Give corners measured in squares from the top left of the drawing."""
    return [(WEST_M + SIDE_M * x, NORTH_M - SIDE_M * y) for x, y in squares]


def box(west: float, north: float, east: float, south: float) -> Points:
    return corners((west, north), (east, north), (east, south), (west, south))


@pytest.fixture
def start(small: Pack) -> Scenario:
    return Scenario("redraw", small.plan("zones"))


def ways(fitted: Fitted) -> dict[str, tuple[str, ...]]:
    return {row.what: row.units for row in fitted.affected}


# drawn lines


def test_small_areas_go_where_their_centre_is_drawn_around(small: Pack, start: Scenario) -> None:
    fitted = fit_polygon(start, small, box(0, 0, 2.2, 1.4), to="South")
    assert fitted.moved == UNITS[:2]
    assert start.do(fitted.edit).plan == fitted.plan
    assert fitted.edit.title == "Drawn: 2 small areas to South"
    assert ways(fitted) == {
        "Placed by their point on surface": UNITS[:2],
        "Cut by the line, left out whole": (UNITS[2], UNITS[3], UNITS[4], UNITS[5]),
    }
    cut = fitted.affected[1]
    assert (cut.persons, cut.children) == (4000, 900)
    assert cut.beyond == pytest.approx(300 * 0.2 + 200 * 0.4 + 200 * 0.4 + 200 * 0.08)


def test_an_area_that_is_cut_and_taken_in_tells_who_lives_beyond(
    small: Pack, start: Scenario
) -> None:
    fitted = fit_polygon(start, small, box(0, 0, 0.8, 1), to="South")
    cut = {row.what: row for row in fitted.affected}["Cut by the line, taken in whole"]
    assert (cut.units, cut.children, cut.beyond) == (UNITS[:1], 100, pytest.approx(20))


def test_a_new_zone_may_be_drawn(small: Pack, start: Scenario) -> None:
    fitted = fit_polygon(start, small, box(0, 0, 1, 1), to=" East ")
    assert start.do(fitted.edit).plan.members("East") == UNITS[:1]
    table = fitted_table(fitted, start, small)
    since = dict(zip(table.names, table.texts[0].texts, strict=True))
    assert since == {"North": "as today", "Middle": "as today", "South": "as today", "East": "new"}


def test_zones_that_would_follow_are_called_by_the_word_of_the_plan(small: Pack) -> None:
    other = Scenario("x", replace(small.plan("zones"), zone_word="patch"))
    fitted = fit_polygon(other, small, box(0, 0, 1, 1), to="South")
    assert fitted_table(fitted, other, small).what == "patch"


def test_what_is_locked_is_told_before_and_stays(small: Pack, start: Scenario) -> None:
    locked = start.take(Lock(on=True, zones=("Middle",), units=UNITS[:1]))
    fitted = fit_polygon(locked, small, box(0, 0, 2, 2), to="South")
    assert fitted.held == (UNITS[0], UNITS[3], UNITS[4])
    assert fitted.moved == (UNITS[1],)
    assert locked.do(fitted.edit).plan == fitted.plan
    closed = fit_polygon(locked, small, box(0, 0, 2, 1), to="Middle")
    assert (closed.held, closed.moved) == (UNITS[:2], ())


def test_an_area_that_is_there_already_does_not_move(small: Pack, start: Scenario) -> None:
    assert fit_polygon(start, small, box(0, 0, 3, 1), to="North").moved == ()


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ([], "0 different points; three or more"),
        (corners((0, 0), (1, 1)), "2 different points"),
        (corners((0, 0), (1, 1), (0, 0), (1, 1)), "2 different points"),
        (corners((0, 0), (1, 1), (2, 2)), "touches itself|encloses"),
        (corners((0, 0), (1, 1), (1, 0), (0, 1)), "crosses or touches itself"),
        (box(0, 0, 0.1, 0.1), "encloses 100 m²; 1,000 m² or more were wanted"),
        ([*box(0, 0, 1, 1), (float("nan"), 1.0)], "points that are no numbers"),
        ([*box(0, 0, 1, 1), (float("inf"), 1.0)], "points that are no numbers"),
        ([(-2.4, 50.7), (-2.3, 50.7), (-2.3, 50.8)], "leaves British National Grid"),
        (box(20, 20, 22, 22), "outside the authority"),
        (box(0.6, 0.6, 1.4, 1.4), "holds the centre of no small area; it lies in Small 1, Small 2"),
        ([(WEST_M, NORTH_M)] * 50_001 + box(0, 0, 1, 1), "at most 50,000 can be taken"),
    ],
)
def test_a_line_that_is_none_is_refused_with_one_message(
    small: Pack, start: Scenario, points: Points, message: str
) -> None:
    with pytest.raises(PlanError, match=message) as caught:
        fit_polygon(start, small, points, to="North")
    assert caught.value.remedy


@pytest.mark.parametrize("name", ["", "  ", "x" * 201])
def test_a_zone_needs_a_name_that_can_be_shown(small: Pack, start: Scenario, name: str) -> None:
    with pytest.raises(PlanError, match=r"no name|longer than 200"):
        fit_polygon(start, small, box(0, 0, 1, 1), to=name)


@given(
    st.lists(
        st.tuples(
            st.floats(allow_nan=True, allow_infinity=True) | st.floats(0, 7e5),
            st.floats(allow_nan=True, allow_infinity=True) | st.floats(0, 1.3e6),
        ),
        max_size=8,
    )
)
def test_whatever_is_drawn_is_a_sound_polygon_or_is_refused(points: Points) -> None:
    with suppress(PlanError):
        polygon = polygon_of(points)
        assert polygon.is_valid
        assert polygon.area >= 1_000


@given(st.integers(0, 2), st.integers(0, 2), st.integers(1, 3), st.integers(1, 3))
def test_a_box_along_the_borders_takes_its_small_areas_and_cuts_none(
    small: Pack, west: int, north: int, wide: int, high: int
) -> None:
    start = Scenario("x", small.plan("zones"))
    fitted = fit_polygon(start, small, box(west, north, west + wide, north + high), to="New")
    wanted = {
        UNITS[3 * row + column]
        for row in range(north, min(north + high, 3))
        for column in range(west, min(west + wide, 3))
    }
    assert set(fitted.moved) == wanted
    assert list(ways(fitted)) == ["Placed by their point on surface"]


# areas from elsewhere


def areas(*shapes: shapely.Geometry) -> np.ndarray:
    return np.array(shapes, dtype=object)


def fitted_areas(
    small: Pack, start: Scenario, names: Sequence[str], *shapes: shapely.Geometry, keep: bool = True
) -> Fitted:
    return fit_areas(start, small, names, areas(*shapes), title="Areas of a file", keep=keep)


def test_areas_become_a_plan_and_tell_what_they_leave(small: Pack, start: Scenario) -> None:
    left, top = square(0, 0, wide=1.6, high=3), square(0, 0, wide=3, high=1)
    fitted = fitted_areas(small, start, ["Left", "North"], left, top)
    assert fitted.plan.members("Left") == (*UNITS[:2], *UNITS[3:5], *UNITS[6:8])
    assert fitted.plan.members("North") == (UNITS[2],)
    assert fitted.plan.members("South") == (UNITS[8],)
    assert ways(fitted) == {
        "Placed by their point on surface": (*UNITS[:5], *UNITS[6:8]),
        "Cut by a line, placed whole": (UNITS[1], UNITS[4], UNITS[7]),
        "In more than one area, placed in the first": UNITS[:2],
        "In no area: keep their zone": (UNITS[5], UNITS[8]),
    }
    assert start.do(fitted.edit).plan.zones == ("North", "Middle", "South", "Left")


def test_small_areas_in_no_area_may_be_left_in_no_zone(small: Pack, start: Scenario) -> None:
    fitted = fitted_areas(small, start, ["Top"], square(0, 0, wide=3), keep=False)
    assert fitted.plan.zones == ("Top",)
    assert fitted.plan.unassigned == UNITS[3:]
    assert "In no area: in no zone" in ways(fitted)


def test_areas_of_other_names_take_the_place_of_todays_zones(small: Pack, start: Scenario) -> None:
    far = square(50, 50)
    fitted = fitted_areas(small, start, ["One", "Two", "Far"],
                          square(0, 0, wide=3), square(0, 1, wide=3, high=2), far)  # fmt: skip
    assert fitted.plan.zones == ("One", "Two")
    assert start.do(fitted.edit).plan.zones == ("One", "Two")
    table = fitted_table(fitted, start, small)
    assert table.names == ("One", "Two", "North", "Middle", "South")
    assert table.texts[0].texts[2:] == ("left without a small area",) * 3
    assert table.column("units").values.tolist() == [3, 6, 0, 0, 0]


def test_areas_leave_locked_small_areas_where_they_are(small: Pack, start: Scenario) -> None:
    locked = start.take(Lock(on=True, units=UNITS[:1]))
    fitted = fitted_areas(small, locked, ["All"], square(0, 0, wide=3, high=3))
    assert fitted.held == UNITS[:1]
    assert locked.do(fitted.edit).plan.members("North") == UNITS[:1]
    assert locked.do(fitted.edit).plan.members("All") == UNITS[1:]


def test_areas_of_another_place_are_refused(small: Pack, start: Scenario) -> None:
    with pytest.raises(PlanError, match=r"None of the 1 areas holds the centre.*Small Council"):
        fitted_areas(small, start, ["Far"], square(50, 50))


def test_the_outlines_of_a_plan_give_the_plan_back(shipped: Pack) -> None:
    entry = shipped.plan(shipped.default_plan)
    start = Scenario("x", entry).do(Edit.move(entry.plan.units[:9], to=entry.plan.zones[0]))
    shapes = dissolve(shipped.geography, entry.plan)
    fitted = fit_areas(start, shipped, entry.plan.zones, shapes, title="Back")
    assert fitted.plan == entry.plan
    assert fitted.crosswalk.cut == ()


# lookups


def test_a_plan_from_elsewhere_leaves_what_is_locked(small: Pack, start: Scenario) -> None:
    locked = start.take(Lock(on=True, zones=("South",)))
    other = Plan.from_lookup(dict.fromkeys(UNITS, "North"))
    edit, held = fit_plan(locked, other, "Loaded x.csv")
    assert held == UNITS[6:]
    assert locked.do(edit).plan.members("North") == UNITS[:6]
    assert fit_plan(start, small.plan("zones").plan, "same") == (
        start.taking(small.plan("zones").plan, "same"),
        (),
    )


def test_names_that_differ_in_case_or_blanks_only_are_told() -> None:
    assert alike(["NORTH", "Mid  dle", "South"], ["North", "Mid dle", "South"]) == (
        ("NORTH", "North"),
        ("Mid  dle", "Mid dle"),
    )


# tables


def test_the_tables_tell_populations_only(small: Pack, start: Scenario) -> None:
    fitted = fit_polygon(start, small, box(0, 0, 0.8, 1), to="South")
    table = affected_table(fitted, small)
    assert table.names == (
        "Placed by their point on surface",
        "Cut by the line, taken in whole",
    )
    assert [table.cell(table.column("beyond"), row) for row in (0, 1)] == ["z", "20"]
    assert tells_nothing([table, fitted_table(fitted, start, small)])


def test_areas_far_off_are_left_out_of_a_file_of_the_whole_country(
    small: Pack, start: Scenario
) -> None:
    far = [square(50 + at, 50) for at in range(30)]
    names = [*(f"Far {at}" for at in range(30)), "Here"]
    found = crosswalk_of(small, names, areas(*far, square(0, 0, wide=3, high=3)))
    assert found.plan.zones == ("Here",)
    assert fitted_areas(small, start, ["Far", "Here"], far[0], square(0, 0)).plan.zones == (
        "Here",
        "North",
        "Middle",
        "South",
    )
