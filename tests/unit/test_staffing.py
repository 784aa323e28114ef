"""Staffing: what is recorded per zone of a plan, and what is not."""

import numpy as np
import pytest

from geo.errors import LayerError
from layers.staffing import Post, Staffing
from layers.status import Standing


def post(plan: str, zone: str, fte: float, *, status: Standing = "illustrative") -> Post:
    return Post(plan, zone, "social worker", fte, status, "drawn")


def test_posts_of_a_zone_add_up() -> None:
    staffing = Staffing((post("areas", "North", 3), post("areas", "North", 1.5)))
    assert staffing.fte("areas", ["North"]).tolist() == [4.5]


def test_fte_follows_the_order_of_the_zones_asked_for() -> None:
    staffing = Staffing((post("areas", "North", 3), post("areas", "South", 5)))
    assert staffing.fte("areas", ["South", "North"]).tolist() == [5, 3]


def test_a_zone_without_a_row_has_no_staff_recorded_which_is_not_none() -> None:
    staffing = Staffing((post("areas", "North", 0),))
    np.testing.assert_array_equal(staffing.fte("areas", ["North", "South"]), [0, np.nan])


def test_staff_of_one_plan_are_not_those_of_another() -> None:
    staffing = Staffing((post("areas", "North", 3),))
    assert np.isnan(staffing.fte("zones", ["North"])).all()


def test_staff_of_a_zone_that_is_not_asked_for_are_left_out() -> None:
    assert Staffing((post("areas", "Gone", 3),)).fte("areas", []).tolist() == []


@pytest.mark.parametrize("fte", [-1, float("nan")])
def test_fte_below_zero_or_unknown_is_refused(fte: float) -> None:
    with pytest.raises(LayerError, match="leave the row out where it is unknown"):
        post("areas", "North", fte)


@pytest.mark.parametrize(
    ("statuses", "said"),
    [
        (["official"], "official"),
        (["official", "illustrative"], "illustrative"),
        ([], None),
    ],
)
def test_staffing_is_official_only_when_every_post_is(
    statuses: list[Standing], said: Standing | None
) -> None:
    staffing = Staffing(tuple(post("areas", "North", 1, status=status) for status in statuses))
    assert staffing.status("areas") == said
