"""Classes and colours of a choropleth: every value in one class, and every class to be seen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.classes import METHODS, Classes, classify
from app.palettes import RAMPS, ZONES, ramp, zone_colour

NAN = float("nan")
numbers = st.one_of(
    st.floats(-1e6, 1e6, allow_subnormal=False), st.integers(0, 5).map(float), st.just(NAN)
)


def of(values: list[float], method: str = "Quantiles", k: int = 3) -> Classes:
    return classify(np.array(values, dtype=np.float64), method=method, k=k)


@pytest.mark.parametrize(
    ("method", "classes"),
    [
        ("Quantiles", [0, 0, 0, 1, 1, 1, 2, 2, 2]),
        ("Equal interval", [0, 0, 0, 0, 0, 0, 0, 1, 2]),
        ("Natural breaks", [0, 0, 0, 0, 0, 0, 0, 1, 2]),
    ],
)
def test_values_are_classed_as_each_method_says(method: str, classes: list[int]) -> None:
    assert of([1, 2, 3, 4, 5, 6, 7, 50, 100], method).of.tolist() == classes


def test_bounds_are_the_lowest_and_highest_value_of_each_class() -> None:
    classes = of([9, 1, 5, 6, 2, NAN])
    assert classes.bounds == ((1, 2), (5, 5), (6, 9))
    assert classes.counts == (2, 1, 2)
    assert classes.of.tolist() == [2, 0, 1, 2, 0, -1]


@pytest.mark.parametrize("method", METHODS)
def test_few_values_have_a_class_each(method: str) -> None:
    classes = of([7, 3, 3, 7], method, 5)
    assert classes.bounds == ((3, 3), (7, 7))
    assert classes.counts == (2, 2)


def test_a_class_that_holds_nothing_has_no_line_in_the_legend() -> None:
    classes = of([0, 1, 2, 100], "Equal interval", 3)
    assert classes.bounds == ((0, 2), (100, 100))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("values", [[], [NAN], [NAN, NAN]])
def test_nothing_known_makes_no_class(method: str, values: list[float]) -> None:
    classes = of(values, method)
    assert (classes.bounds, classes.counts) == ((), ())
    assert classes.of.tolist() == [-1] * len(values)


@pytest.mark.parametrize("method", METHODS)
def test_one_value_is_one_class(method: str) -> None:
    assert of([NAN, 4], method).of.tolist() == [-1, 0]


@pytest.mark.parametrize("method", METHODS)
@given(values=st.lists(numbers, max_size=30), k=st.integers(2, 7))
def test_every_known_value_lies_in_one_class_and_classes_do_not_overlap(
    method: str, values: list[float], k: int
) -> None:
    classes = of(values, method, k)
    array = np.array(values, dtype=np.float64)
    known = ~np.isnan(array)
    assert len(classes.bounds) == len(classes.counts) <= k
    assert sum(classes.counts) == known.sum()
    assert (classes.of[~known] == -1).all()
    for place, (low, high) in enumerate(classes.bounds):
        members = array[classes.of == place]
        assert (members.min(), members.max(), len(members)) == (low, high, classes.counts[place])
    for (_, high), (low, _) in zip(classes.bounds, classes.bounds[1:], strict=False):
        assert high < low


@pytest.mark.parametrize("method", METHODS)
@given(data=st.data())
def test_the_order_of_values_does_not_matter(method: str, data: st.DataObject) -> None:
    values = data.draw(st.lists(st.integers(0, 50).map(float), min_size=1, max_size=20))
    shuffled = data.draw(st.permutations(values))
    assert of(values, method, 4).bounds == of(shuffled, method, 4).bounds


# colours


def luminance(colour: str) -> float:
    """Relative luminance as the Web Content Accessibility Guidelines define it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("name", RAMPS)
@pytest.mark.parametrize("classes", range(1, 8))
def test_a_ramp_goes_from_light_to_dark_without_a_repeat(name: str, classes: int) -> None:
    colours = ramp(name, classes)
    steps = [luminance(colour) for colour in colours]
    assert len(colours) == classes
    assert steps == sorted(set(steps), reverse=True)


@pytest.mark.parametrize("name", RAMPS)
def test_two_classes_take_both_ends_of_a_ramp_and_one_its_middle(name: str) -> None:
    assert ramp(name, 2) == (RAMPS[name][0], RAMPS[name][-1])
    assert ramp(name, 1) == (RAMPS[name][3],)


def test_zones_have_colours_of_their_own_until_they_start_again() -> None:
    colours = [zone_colour(position) for position in range(len(ZONES))]
    assert len(set(colours)) == 8
    assert zone_colour(8) == zone_colour(0)
