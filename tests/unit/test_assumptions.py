"""Assumptions: checked once, kept as plain values and read back the same."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.assumptions import Assumptions
from geo.errors import PlanError
from layers.series import OPEN_KINDS

numbers = st.floats(0, 1e6)
above = st.floats(0.001, 1e4)
assumptions = st.builds(
    Assumptions,
    staff=st.sampled_from(["stays", "follows"]),
    cases=st.sampled_from(["transfer", "stay"]),
    weights=st.dictionaries(st.sampled_from(OPEN_KINDS), numbers),
    newly_qualified=st.floats(0.01, 1),
    tolerance=above,
    fte=st.dictionaries(st.text(max_size=8), numbers),
    months_open=st.dictionaries(st.sampled_from(OPEN_KINDS), above),
)


def test_the_defaults_are_those_of_the_field() -> None:
    usual = Assumptions()
    assert (usual.staff, usual.cases, usual.newly_qualified) == ("stays", "transfer", 0.9)
    assert [usual.weight(kind) for kind in OPEN_KINDS] == [1, 1, 1]


def test_a_kind_that_is_set_weighs_what_was_set() -> None:
    some = Assumptions(weights={"open_cp": 2.5})
    assert (some.weight("open_cp"), some.weight("open_cin")) == (2.5, 1)


@given(assumptions)
def test_kept_assumptions_are_read_back_the_same(some: Assumptions) -> None:
    again = Assumptions.from_dict(json.loads(json.dumps(some.to_dict())))
    assert again == some
    assert hash(again) == hash(some)


def test_changing_one_assumption_leaves_the_others() -> None:
    some = Assumptions(weights={"open_cla": 3}).with_changes(tolerance=0.05)
    assert (some.tolerance, some.weight("open_cla")) == (0.05, 3)


def test_assumptions_cannot_be_changed_in_place() -> None:
    given_weights = {"open_cp": 2.0}
    some = Assumptions(weights=given_weights)
    given_weights["open_cp"] = 9
    assert some.weight("open_cp") == 2
    with pytest.raises(TypeError, match="does not support item assignment"):
        some.weights["open_cp"] = 3  # type: ignore[index]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"staff": "moves"}, "The assumption 'staff' is 'moves'. Choose stays or follows"),
        ({"cases": "wait"}, "Choose transfer or stay"),
        ({"weights": {"cars": 1}}, "kinds of case cars"),
        ({"weights": {"open_cp": -1}}, "weight of 'open_cp' is -1"),
        ({"weights": {"open_cp": float("nan")}}, "weight of 'open_cp' is nan"),
        ({"weights": {"open_cp": float("inf")}}, "weight of 'open_cp' is inf"),
        ({"newly_qualified": 0}, "above 0 and at most 1"),
        ({"newly_qualified": 1.2}, "newly qualified worker is 1.2"),
        ({"tolerance": 0}, "The tolerance is 0"),
        ({"fte": {"North": -0.1}}, "FTE of 'North' is -0.1. Give a number 0 or more"),
        ({"months_open": {"open_cin": 0}}, "months open of 'open_cin' is 0"),
    ],
)
def test_an_assumption_out_of_its_range_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(PlanError, match=message):
        Assumptions(**wrong)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"weather": 1}, "weather, which this version does not know"),
        ({"tolerance": "a tenth"}, "words where numbers belong"),
        ({"fte": {"North": None}}, "words where numbers belong"),
        ({"fte": 3}, "words where numbers belong"),
        ({"staff": None}, "'staff' is 'None'"),
        ({"staff": ["stays"]}, "'staff' is"),
    ],
)
def test_kept_assumptions_that_are_none_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(PlanError, match=message):
        Assumptions.from_dict(wrong)
