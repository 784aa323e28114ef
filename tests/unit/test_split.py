"""Splits of units that a drawn line cuts: by people at points, or by land."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import CrsError, GeographyError
from geo.split import Cut, split_by_area, split_by_points
from grids import NAMED, centre, drawn, square

PLACE = drawn(*NAMED["three by three"])
WEST, EAST = square(0, 0, wide=1.3, high=3), square(1.3, 0, wide=1.7, high=3)
LINES = np.array([WEST, EAST])
NAMES = ["West", "East"]
PEOPLE = np.array([10.0, 20, 30, 40, 50, 60, 70, 80, 90])
WALK = [[1, 0], [0.3, 0.7], [0, 1]] * 3


def points(*places: tuple[float, float]) -> np.ndarray:
    return np.array([centre(*place) for place in places])


def test_a_cut_unit_is_shared_out_by_the_people_on_each_side() -> None:
    where = points((0.6, 0), (1.2, 0), (0, 0))
    split = split_by_points(PLACE, LINES, NAMES, points=where, weights=np.array([30.0, 10, 5]))
    assert split.shares.toarray()[1].tolist() == [0.75, 0.25]
    assert split.method[:2] == (Cut.WHOLE, Cut.PEOPLE)


def test_a_unit_without_people_at_points_goes_whole_by_best_fit() -> None:
    split = split_by_points(PLACE, LINES, NAMES, points=points((0, 0)), weights=np.array([5.0]))
    assert split.method[1] == Cut.FIT
    assert split.shares.toarray()[1].tolist() == [0.0, 1.0]


def test_a_published_code_decides_before_the_drawing() -> None:
    split = split_by_points(
        PLACE, LINES, NAMES, points=points((0, 0)), weights=np.array([5.0]), units=["C"]
    )
    assert split.shares.toarray()[2].tolist() == [1.0, 0.0]


def test_the_share_of_people_apportioned_is_told() -> None:
    where = points((0.6, 0), (1.2, 0), (0, 0))
    split = split_by_points(PLACE, LINES, NAMES, points=where, weights=np.array([30.0, 10, 60]))
    assert split.share_apportioned == pytest.approx(0.4)
    assert split.share_by(Cut.WHOLE) == pytest.approx(0.6)
    assert "1 split by people at points (40.0% of people)." in str(split)


def test_points_in_no_unit_are_told() -> None:
    where = np.vstack([points((0, 0), (9, 9)), [[np.nan, np.nan]]])
    split = split_by_points(PLACE, LINES, NAMES, points=where, weights=np.array([60.0, 30, 10]))
    assert split.loose == pytest.approx(0.4)
    assert "40.0% of the points' people lie in no unit" in str(split)


def test_people_in_no_zone_are_unassigned_and_not_lost() -> None:
    where = points((0.6, 0), (1.2, 0))
    split = split_by_points(PLACE, LINES[:1], NAMES[:1], points=where, weights=np.array([30.0, 10]))
    zones, nowhere = split.apportion([np.full(9, 8.0)], kind="counts")
    assert split.unassigned[1] == pytest.approx(0.25)
    assert zones.sum() + nowhere.sum() == pytest.approx(72.0)
    assert "partly or wholly in no zone" in str(split)


@given(st.lists(st.tuples(st.floats(-0.4, 2.4), st.floats(-0.4, 2.4), st.integers(0, 9)),
                min_size=1, max_size=30))  # fmt: skip
def test_splits_by_points_keep_every_count(rows: list[tuple[float, float, int]]) -> None:
    where = points(*((x, y) for x, y, _ in rows))
    weights = np.array([float(n) for *_, n in rows])
    split = split_by_points(PLACE, LINES, NAMES, points=where, weights=weights)
    zones, nowhere = split.apportion([PEOPLE], kind="counts")
    assert zones.sum() + nowhere.sum() == pytest.approx(PEOPLE.sum())
    assert (split.shares.toarray() >= 0).all()


def test_land_is_shared_out_as_told_by_hand() -> None:
    split = split_by_area(PLACE, LINES, NAMES, people=PEOPLE)
    np.testing.assert_allclose(split.shares.toarray(), WALK, atol=1e-6)
    assert [m == Cut.LAND for m in split.method] == [False, True, False] * 3
    zones, nowhere = split.apportion([PEOPLE], kind="counts")
    np.testing.assert_allclose(zones[0], [120 + 0.3 * 150, 180 + 0.7 * 150], rtol=1e-6)
    assert nowhere.tolist() == [0.0]
    assert split.share_apportioned == pytest.approx(150 / 450)


def test_land_in_no_zone_is_unassigned() -> None:
    split = split_by_area(PLACE, LINES[:1], NAMES[:1])
    np.testing.assert_allclose(split.unassigned, [0, 0.7, 1] * 3, atol=1e-6)
    zones, nowhere = split.apportion([PEOPLE], kind="counts")
    assert zones.sum() + nowhere.sum() == pytest.approx(450.0)
    assert split.share_apportioned is None


def test_lines_that_cut_nothing_need_no_areal_weighting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tobler.area_weighted", None)
    lines = np.array([square(0, 0, wide=1, high=3), square(1, 0, wide=2, high=3)])
    assert split_by_area(PLACE, lines, NAMES).method == (Cut.FIT,) * 9


def test_without_tobler_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tobler.area_weighted", None)
    with pytest.raises(GeographyError, match=r"zonewright\[areal\]"):
        split_by_area(PLACE, LINES, NAMES)


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857", None, "nonsense"])
def test_zones_in_another_crs_are_refused(crs: str | None) -> None:
    with pytest.raises(CrsError, match="the units are in EPSG:27700"):
        split_by_area(PLACE, LINES, NAMES, crs=crs)


def test_rates_are_refused() -> None:
    split = split_by_area(PLACE, LINES, NAMES)
    with pytest.raises(GeographyError, match="Rates cannot be split"):
        split.apportion([PEOPLE], kind="rates")


def test_counts_of_other_units_are_refused() -> None:
    split = split_by_area(PLACE, LINES, NAMES)
    with pytest.raises(GeographyError, match=r"\(measures, 9\) was wanted"):
        split.apportion([PEOPLE[:4]], kind="counts")


def test_zones_that_overlap_are_refused() -> None:
    lines = np.array([square(0, 0, wide=1.6, high=3), square(1.3, 0, wide=1.7, high=3)])
    with pytest.raises(GeographyError, match="Do the zones overlap"):
        split_by_area(PLACE, lines, NAMES)


def test_points_without_weights_are_refused() -> None:
    with pytest.raises(GeographyError, match="beside 1 weights"):
        split_by_points(PLACE, LINES, NAMES, points=points((0, 0), (1, 1)), weights=np.ones(1))
    with pytest.raises(GeographyError, match="negative or no number"):
        split_by_points(PLACE, LINES, NAMES, points=points((0, 0)), weights=-np.ones(1))


def test_a_missing_count_reaches_every_zone_with_a_part_of_its_unit() -> None:
    split = split_by_area(PLACE, LINES, NAMES)
    counts = PEOPLE.copy()
    counts[0] = np.nan
    zones, nowhere = split.apportion([counts], kind="counts")
    assert np.isnan(zones[0, 0])
    assert zones[0, 1] == pytest.approx(180 + 0.7 * 150)
    assert nowhere.tolist() == [0.0]
