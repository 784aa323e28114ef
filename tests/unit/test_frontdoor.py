"""The front door: stages with their bases, measures with their targets, bases worked out."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.frontdoor import (
    DOOR_MEASURES,
    STAGES,
    DoorMeasure,
    Stage,
    door_figures,
    front_door,
    implied_base,
    published_share,
)
from analysis.rates import wilson
from geo.errors import LayerError
from layers.indicators import Target

NAN = float("nan")
COUNTS = {
    "contact": [900.0, 600],
    "referral": [300.0, 150],
    "assessment": [240.0, 160],
    "cin": [120.0, 80],
    "cp": [30.0, 0],
    "cla": [40.0, 20],
}
CHILDREN = [8000.0, 6000]
BY_KEY = {measure.key: measure for measure in DOOR_MEASURES}
REREFERRAL = BY_KEY["rereferral"]
LESS = Target("rereferral", 0.2, "low", "drawn")


# stages


def test_every_stage_has_its_own_name_and_measure_and_comes_after_its_base() -> None:
    keys = [stage.key for stage in STAGES]
    assert keys == ["contact", "referral", "assessment", "cin", "cp", "cla"]
    assert len({stage.title for stage in STAGES}) == len({s.measure for s in STAGES}) == 6
    for at, stage in enumerate(STAGES):
        assert not stage.part_of or stage.part_of in keys[:at]


def test_no_stock_is_a_share_of_a_flow() -> None:
    counts = {stage.key: stage.counts for stage in STAGES}
    assert all(counts[s.part_of] == s.counts for s in STAGES if s.part_of)


def test_stages_of_zones_have_rates_and_shares_with_their_base() -> None:
    contact, referral, _, cin, cp, _ = front_door(COUNTS, CHILDREN)
    assert contact.base == ""
    assert np.isnan(contact.share.value).all()
    assert contact.rate.value.tolist() == [1125, 1000]
    assert referral.base == "contacts"
    assert referral.base_count.tolist() == [900, 600]
    assert referral.share.value == pytest.approx([1 / 3, 0.25])
    limits = wilson([300, 150], [900, 600])
    assert referral.share.lower.tolist() == limits.lower.tolist()
    assert referral.share.upper.tolist() == limits.upper.tolist()
    assert cin.base == ""
    assert (cp.base, cp.share.value.tolist()) == ("children in need", [0.25, 0])


def test_a_stage_that_holds_more_than_its_base_has_no_share_and_says_why() -> None:
    assessment = front_door(COUNTS, CHILDREN)[2]
    assert np.isnan(assessment.share.value).tolist() == [False, True]
    assert assessment.count.tolist() == [240, 160]
    assert assessment.notes[0].startswith("Assessments are more than the referrals")
    assert front_door(COUNTS, CHILDREN)[1].notes == ()


def test_a_stage_that_nobody_counted_is_left_out_and_so_are_shares_of_it() -> None:
    found = front_door({"referral": 300, "cp": NAN}, 8000)
    assert [figures.stage.key for figures in found] == ["referral", "cp"]
    assert [figures.base for figures in found] == ["", ""]
    assert math.isnan(found[0].share.value)
    assert math.isnan(found[1].rate.value)


def test_the_period_before_is_told_without_judgement() -> None:
    before = {key: [count[0] / 2, count[1]] for key, count in COUNTS.items() if key != "cla"}
    before["referral"] = [75.0, 150]
    found = front_door(COUNTS, CHILDREN, before=(before, CHILDREN))
    referral, cla = found[1], found[5]
    assert referral.rate_change.direction.tolist() == ["rise", "no clear change"]
    assert referral.rate_change.verdict.tolist() == ["higher", "similar"]
    assert referral.share_change.verdict.tolist() == ["higher", "similar"]
    assert found[0].share_change is None
    assert cla.rate_change is None


@given(
    counts=st.lists(st.tuples(*[st.integers(0, 300)] * 6, st.integers(1, 9999)), min_size=1),
)
def test_any_counts_give_shares_between_0_and_1(counts: list[tuple[int, ...]]) -> None:
    side = np.array(counts, dtype=float).T
    stages = {stage.key: side[at] for at, stage in enumerate(STAGES)}
    for figures in front_door(stages, side[6], before=(stages, side[6])):
        share = figures.share.value[~np.isnan(figures.share.value)]
        assert ((share >= 0) & (share <= 1)).all()
        assert not set(figures.rate_change.verdict) & {"better", "worse"}
        assert (figures.rate_change.direction == "no clear change").all()


def test_stages_of_ones_own_take_their_own_names() -> None:
    own = (
        Stage("call", "Calls", "calls", "episodes"),
        Stage("visit", "Visits", "visits", "episodes", part_of="call"),
    )
    found = front_door({"call": 10, "visit": 4}, 100, stages=own)
    assert (found[1].base, float(found[1].share.value)) == ("calls", 0.4)


def test_what_is_no_stage_or_of_other_zones_is_refused() -> None:
    with pytest.raises(LayerError, match="There is no stage door"):
        front_door({"door": 1}, 100)
    with pytest.raises(LayerError, match="not of the same zones"):
        front_door({"contact": [1, 2]}, 100)
    with pytest.raises(LayerError, match="The period before is not of the same zones"):
        front_door({"contact": 1}, 100, before=({"contact": [1]}, [100]))
    with pytest.raises(LayerError, match="A count is -1"):
        front_door({"contact": -1}, 100)
    with pytest.raises(LayerError, match="A count is -5"):
        front_door({"contact": 1}, -5)


# measures of the door


@pytest.mark.parametrize(
    ("x", "reached", "verdict"),
    [
        (300, "missed", "worse"),
        (205, "missed", "similar"),
        (200, "met", "similar"),
        (195, "met", "similar"),
        (100, "met", "better"),
    ],
)
def test_a_target_is_reached_by_value_and_judged_beyond_chance(
    x: int, reached: str, verdict: str
) -> None:
    found = door_figures(REREFERRAL, x, 1000, target=LESS)
    assert (str(found.reached), str(found.verdict)) == (reached, verdict)


def test_a_share_of_referral_is_never_met_or_missed_whatever_the_target_says() -> None:
    target = Target("referral_share", 0.45, "low", "drawn")
    found = door_figures(BY_KEY["progression"], [48, 40, 45, NAN], [100] * 4, target=target)
    assert found.reached.tolist() == ["above target", "below target", "on target", "not known"]
    assert not set(found.verdict) & {"better", "worse"}


def test_without_a_target_nothing_is_reached() -> None:
    found = door_figures(REREFERRAL, [3, NAN, 0], [10, 10, 0])
    assert found.reached.tolist() == ["no target"] * 3
    assert found.verdict.tolist() == ["not compared"] * 3
    assert found.change is None


def test_a_base_stands_beside_every_value() -> None:
    found = door_figures(REREFERRAL, [3, 4], 10)
    assert found.base == "referrals"
    assert found.base_count.tolist() == [10, 10]


def test_a_share_without_counts_has_no_interval_and_says_that_its_base_is_unknown() -> None:
    found = published_share(
        BY_KEY["triage_diversion"], [0.81, NAN], target=Target("t", 0.8, "high", "")
    )
    assert found.reached.tolist() == ["met", "not known"]
    assert found.verdict.tolist() == ["not compared"] * 2
    assert found.base.endswith("(base not stated)")
    assert np.isnan(found.base_count).all()


@pytest.mark.parametrize("share", [81, -0.1])
def test_a_share_written_as_per_cent_is_refused(share: float) -> None:
    with pytest.raises(LayerError, match=r"97 % is 0\.97"):
        published_share(REREFERRAL, share)


def test_a_target_written_as_per_cent_is_refused() -> None:
    with pytest.raises(LayerError, match=r"The target of .* is 20"):
        door_figures(REREFERRAL, 3, 10, target=Target("rereferral", 20, "low", "drawn"))


def test_more_cases_than_the_base_are_refused() -> None:
    with pytest.raises(LayerError, match="11 cases among 10"):
        door_figures(REREFERRAL, 11, 10)


def test_measures_say_what_they_are_shares_of() -> None:
    assert len(BY_KEY) == len(DOOR_MEASURES)
    for measure in DOOR_MEASURES:
        assert isinstance(measure, DoorMeasure)
        assert measure.base
        assert measure.of
        assert (measure.polarity == "none") == (measure.key == "progression")


# bases worked out


@given(x=st.integers(1, 5000), more=st.integers(0, 20_000), decimals=st.integers(0, 3))
def test_a_base_worked_out_includes_the_true_one(x: int, more: int, decimals: int) -> None:
    percent = round(100 * x / (x + more), decimals)
    if percent <= 0.5 * 10**-decimals:
        return
    found = implied_base(x, percent, decimals=decimals)
    # half a digit either way may be rounded to either side
    assert found.least - 1 <= x + more <= found.most + 1
    assert found.least <= found.likely <= found.most


@given(x=st.integers(1, 5000), percent=st.integers(1, 9999), decimals=st.just(2))
def test_every_base_in_the_range_gives_the_published_share(
    x: int, percent: int, decimals: int
) -> None:
    try:
        found = implied_base(x, percent / 100, decimals=decimals)
    except LayerError:
        return
    for base in (found.least, found.likely, found.most):
        assert abs(100 * x / base - percent / 100) <= 0.005 + 1e-9


@pytest.mark.parametrize(("x", "percent"), [(0, 5.0), (5, 0.0), (5, 101.0), (5, NAN), (1, 0.4)])
def test_what_tells_no_base_is_refused(x: int, percent: float) -> None:
    with pytest.raises(LayerError, match="tell no base"):
        implied_base(x, percent, decimals=0)


def test_a_share_that_no_whole_number_gives_is_refused() -> None:
    with pytest.raises(LayerError, match="No whole number"):
        implied_base(1, 40.0, decimals=1)
