"""Counts per unit, each with its status: what may stand together and what may not."""

import numpy as np
import pytest

from geo.errors import LayerError
from layers.measures import Measure, Measures
from layers.status import Status

NAN = float("nan")
UNITS = ("E01", "E02", "E03")


def measure(key: str) -> Measure:
    return Measure(key, key.title(), "children", "2016-06-30", "drawn", "illustrative")


def measures(*rows: list[float], status: list[list[int]] | None = None) -> Measures:
    values = np.array(rows, dtype=np.float64).reshape(len(rows), 3)
    known = np.zeros(values.shape, np.int8) if status is None else np.array(status, np.int8)
    return Measures(UNITS, tuple(measure(f"m{i}") for i in range(len(rows))), values, known)


def test_counts_are_found_by_their_key() -> None:
    both = measures([1, 2, 3], [4, 5, 6])
    assert both.keys == ("m0", "m1")
    assert both.counts("m1").tolist() == [4, 5, 6]
    assert both.measure("m1").title == "M1"


def test_an_unknown_key_is_refused_with_those_there_are() -> None:
    with pytest.raises(LayerError, match=r"no measure 'cp'\. There are m0, m1"):
        measures([1, 2, 3], [4, 5, 6]).counts("cp")


@pytest.mark.parametrize(
    ("keys", "has"), [(("m0",), True), (("m0", "m1"), True), (("m0", "cp"), False), ((), True)]
)
def test_it_is_known_which_measures_are_there(keys: tuple[str, ...], has: bool) -> None:
    assert measures([1, 2, 3], [4, 5, 6]).has(*keys) is has


def test_measures_of_nothing_are_still_of_their_units() -> None:
    assert measures().keys == ()


@pytest.mark.parametrize(
    "status", [Status.NOT_APPLICABLE, Status.MISSING, Status.SUPPRESSED], ids=str
)
def test_a_value_without_a_number_has_a_status_that_says_so(status: Status) -> None:
    kept = measures([1, NAN, 3], status=[[0, status, 0]])
    assert np.isnan(kept.counts("m0")[1])


@pytest.mark.parametrize(
    ("value", "status"),
    [(NAN, Status.OK), (NAN, Status.ROUNDED), (3.0, Status.MISSING), (3.0, Status.SUPPRESSED)],
)
def test_a_number_may_not_contradict_its_status(value: float, status: Status) -> None:
    with pytest.raises(LayerError, match="'m0' contradicts its status in E02"):
        measures([1, value, 3], status=[[0, status, 0]])


def test_a_negative_count_is_refused_and_named() -> None:
    with pytest.raises(LayerError, match=r"'m1' is negative in E01, E03\. A count is 0 or more"):
        measures([1, 2, 3], [-1, 2, -3])


def test_a_measure_may_not_stand_twice() -> None:
    twice = (measure("cp"), measure("cp"))
    with pytest.raises(LayerError, match="twice among cp, cp"):
        Measures(UNITS, twice, np.ones((2, 3)), np.zeros((2, 3), np.int8))


@pytest.mark.parametrize("shape", [(1, 2), (2, 3), (3, 1)])
def test_values_must_have_a_row_a_measure_and_a_column_a_unit(shape: tuple[int, int]) -> None:
    with pytest.raises(LayerError, match="1 measures of 3 units"):
        Measures(UNITS, (measure("cp"),), np.ones(shape), np.zeros(shape, np.int8))


def test_counts_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        measures([1, 2, 3]).counts("m0")[0] = 9


def test_one_more_measure_leaves_the_others_as_they_were() -> None:
    before = measures([1, NAN, 3], status=[[0, Status.SUPPRESSED, 0]])
    after = before.joined(measure("sum"), [7, 8, 9])
    assert after.keys == ("m0", "sum")
    assert after.counts("sum").tolist() == [7, 8, 9]
    np.testing.assert_array_equal(after.status, [[0, Status.SUPPRESSED, 0], [0, 0, 0]])
    assert before.keys == ("m0",)


def test_measures_show_what_they_hold() -> None:
    assert repr(measures([1, 2, 3], [4, 5, 6])) == "<Measures m0, m1 of 3 units>"
