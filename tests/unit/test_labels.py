"""Town names on a map: those that fit, the most important first."""

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.labels import LETTER, LINE, fitting, fitting_zones
from geo.geography import Geography
from grids import NAMED, SIDE_M, centre, drawn
from layers.pack import Pack
from layers.places import Town

PLACE = drawn(*NAMED["three by three"])
SPAN_M = 2 * SIDE_M
NOWHERE = np.empty((0, 2))


def town(name: str, column: float, row: float, people: int | None = None) -> Town:
    east, north = centre(column, row)
    return Town(name, east, north, "point", people)


def names(*towns: Town, zones: dict[str, tuple[float, float]] | None = None) -> list[str]:
    labelled = zones or {}
    points = np.array(list(labelled.values())) if labelled else NOWHERE
    return [chosen.name for chosen in fitting(towns, points, labelled, PLACE)]


def test_towns_apart_all_have_their_names() -> None:
    assert names(town("Ash", 0, 0), town("Elm", 2, 2)) == ["Ash", "Elm"]


def test_of_two_towns_in_one_place_the_larger_is_named() -> None:
    assert names(town("Ash", 1, 1, 500), town("Elm", 1, 1, 9000)) == ["Elm"]


def test_without_populations_the_earlier_is_named() -> None:
    assert names(town("Ash", 1, 1), town("Elm", 1, 1)) == ["Ash"]


def test_a_town_of_unknown_size_gives_way_to_one_that_is_known() -> None:
    assert names(town("Ash", 1, 1), town("Elm", 1, 1, 1)) == ["Elm"]


def test_a_town_does_not_lie_over_the_name_of_a_zone() -> None:
    assert names(town("Ash", 1, 1, 9000), zones={"North": centre(1, 1)}) == []
    assert names(town("Ash", 1, 1, 9000), zones={"North": centre(0, 0)}) == ["Ash"]


def test_a_zone_that_is_not_drawn_takes_no_room() -> None:
    nowhere = (float("nan"), float("nan"))
    assert names(town("Ash", 1, 1), zones={"North": nowhere}) == ["Ash"]


def test_a_longer_name_takes_more_room() -> None:
    apart = 8 * LETTER * SPAN_M / SIDE_M  # a name of eight letters, in squares
    ash, elm = town("Ash", 1, 1), town("Elm", 1 + apart, 1)
    assert names(ash, elm) == ["Ash", "Elm"]
    assert names(town("Ash upon the Water", 1, 1), elm) == ["Ash upon the Water"]


def test_names_stand_on_lines_of_their_own() -> None:
    line = LINE * SPAN_M / SIDE_M
    assert names(town("Ash", 1, 1), town("Elm", 1, 1 + 0.9 * line)) == ["Ash"]
    assert names(town("Ash", 1, 1), town("Elm", 1, 1 + 1.1 * line)) == ["Ash", "Elm"]


def test_no_towns_are_no_names() -> None:
    assert names() == []


places = st.tuples(
    st.text("ab", min_size=1, max_size=12), st.floats(0, 2), st.floats(0, 2), st.integers(0, 9)
)


def overlap(one: Town, other: Town) -> bool:
    wide = (max(len(one.name), 3) + max(len(other.name), 3)) / 2 * LETTER * SPAN_M
    high = LINE * SPAN_M
    aside = abs(one.easting - other.easting) < wide - 1e-6
    return aside and abs(one.northing - other.northing) < high - 1e-6


@given(drawn_towns=st.lists(places, max_size=12))
def test_no_two_names_that_are_written_overlap_and_those_left_out_would(
    drawn_towns: list[tuple[str, float, float, int]],
) -> None:
    towns = [town(*place) for place in drawn_towns]
    chosen = fitting(towns, NOWHERE, (), PLACE)
    assert not any(overlap(one, other) for one, other in combinations(chosen, 2))
    assert bool(chosen) == bool(towns)
    assert sorted(chosen, key=lambda t: -(t.population or 0)) == list(chosen)


def test_the_main_town_of_a_real_pack_is_named(shipped: Pack) -> None:
    chosen = fitting(shipped.towns, NOWHERE, (), shipped.geography)
    assert chosen[0] == shipped.towns[0]
    assert 3 <= len(chosen) <= len(shipped.towns)


def test_a_geography_of_one_unit_has_room_for_a_name() -> None:
    one: Geography = drawn("A")
    assert len(fitting([town("Ash", 0, 0)], NOWHERE, (), one)) == 1


def test_a_few_zones_are_all_named() -> None:
    place = drawn("ABC")
    points = np.tile(place.centre_m[:1], (3, 1))
    assert fitting_zones(["North"] * 3, points, np.ones(3), place) == (0, 1, 2)


def test_of_many_zones_the_largest_that_fit_are_named() -> None:
    place = drawn("ABC", "DEF", "GHI")
    points = np.tile(place.centre_m[:1], (14, 1))
    points[13] = place.centre_m[8]
    sizes = np.arange(14.0)
    assert fitting_zones([f"Zone {n}" for n in range(14)], points, sizes, place) == (12, 13)


def test_a_zone_without_a_place_is_not_named() -> None:
    place = drawn("ABC")
    points = np.array([[np.nan, np.nan], place.centre_m[0]])
    assert fitting_zones(["None", "Some"], points, np.ones(2), place) == (1,)
