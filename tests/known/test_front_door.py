"""Dorset County Council's front door in 2016-17, as its Cabinet was told in September 2017.

The report gives counts for some shares and only the percentage for others. What follows from its
figures is worked out here and marked so: the contacts of 2015-16, of which 4,867 were 35.64 %, and
the children 0-17 behind 42.9 per 10,000.
"""

import csv
from pathlib import Path

import numpy as np
import pytest

from analysis.frontdoor import (
    DOOR_MEASURES,
    STAGES,
    DoorMeasure,
    ImpliedBase,
    door_figures,
    front_door,
    implied_base,
    published_share,
)
from analysis.rates import compare
from layers.indicators import Target

MEASURES = {measure.key: measure for measure in DOOR_MEASURES}
REPORT = "Dorset County Council, report to Cabinet, September 2017"
CONTACTS, PROGRESSED, REREFERRED = 16_111, 5_203, 1_450
PROGRESSED_BEFORE, REREFERRED_BEFORE = 4_867, 1_172
ON_PLANS = 331


def per_cent(share: float, decimals: int = 2) -> float:
    return round(100 * float(share), decimals)


def test_the_contacts_of_the_year_before_follow_from_their_share() -> None:
    # 4,867 were 35.64 % of them: 13,655 to 13,657, and 13,656 is nearest
    found = implied_base(PROGRESSED_BEFORE, 35.64, decimals=2)
    assert found == ImpliedBase(13_655, 13_656, 13_657)
    assert per_cent(PROGRESSED_BEFORE / found.likely) == 35.64


def test_5_203_of_16_111_contacts_went_on_to_teams() -> None:
    contacts_before = implied_base(PROGRESSED_BEFORE, 35.64, decimals=2).likely
    found = door_figures(
        MEASURES["progression"],
        PROGRESSED,
        CONTACTS,
        before=(PROGRESSED_BEFORE, contacts_before),
    )
    assert per_cent(found.value.value) == 32.29
    assert (found.base, int(found.base_count)) == ("contacts", 16_111)
    assert per_cent(found.change.value) == -3.35
    # a clear fall of the share, though more children went on; and neither is good or bad
    assert (str(found.change.direction), str(found.change.verdict)) == ("fall", "lower")


def test_the_funnel_from_contact_to_referral() -> None:
    children = ON_PLANS / 42.9 * 10_000
    contact, referral = front_door({"contact": CONTACTS, "referral": PROGRESSED}, children)
    assert per_cent(referral.share.value) == 32.29
    assert [per_cent(limit) for limit in (referral.share.lower, referral.share.upper)] == [
        31.58,
        33.02,
    ]
    assert int(referral.base_count) == int(contact.count) == CONTACTS


def test_re_referrals_really_rose_and_miss_their_target() -> None:
    target = Target("rereferral", 0.20, "low", REPORT)
    found = door_figures(
        MEASURES["rereferral"],
        REREFERRED,
        PROGRESSED,
        before=(REREFERRED_BEFORE, PROGRESSED_BEFORE),
        target=target,
    )
    assert per_cent(found.value.value, 0) == 28
    assert per_cent(found.value.value) == 27.87
    assert (found.base, int(found.base_count)) == ("referrals", 5_203)
    assert (str(found.reached), str(found.verdict)) == ("missed", "worse")
    assert [per_cent(limit, 1) for limit in (found.value.lower, found.value.upper)] == [26.7, 29.1]
    assert per_cent(found.change.value) == 3.79
    assert found.change.lower > 0
    assert (str(found.change.direction), str(found.change.verdict)) == ("rise", "worse")


@pytest.mark.parametrize(
    ("measure", "share", "target", "reached"),
    [
        (MEASURES["decision_24h"], 0.97, Target("decision_24h", 0.99, "high", REPORT), "missed"),
        (MEASURES["triage_diversion"], 0.81, Target("triage", 0.80, "high", REPORT), "met"),
        (
            # a count of its own: 5,203 of 16,111 would be 32 %
            DoorMeasure("referral_share", "Referral share", "", "", "contacts", "none"),
            0.48,
            Target("referral_share", 0.45, "low", REPORT),
            "above target",
        ),
    ],
)
def test_shares_reported_without_counts_say_that_their_base_is_not_stated(
    measure: DoorMeasure, share: float, target: Target, reached: str
) -> None:
    found = published_share(measure, share, target=target)
    assert str(found.reached) == reached
    assert str(found.verdict) == "not compared"
    assert found.base == f"{measure.of} (base not stated)"


def test_331_children_on_plans_are_42_9_per_10_000_with_limits_38_4_to_47_8() -> None:
    (plans,) = front_door({"cp": ON_PLANS}, ON_PLANS / 42.9 * 10_000)
    figures = (plans.rate.value, plans.rate.lower, plans.rate.upper)
    assert [round(float(figure), 1) for figure in figures] == [42.9, 38.4, 47.8]
    # England, the South West, and the statistical neighbours
    against = [str(compare(plans.rate, mark, polarity="none")) for mark in (43.1, 43.4, 37)]
    assert against == ["similar", "similar", "higher"]


def test_3_089_of_5_447_are_56_7_per_cent() -> None:
    found = door_figures(MEASURES["progression"], 3_089, 5_447)
    figures = (found.value.value, found.value.lower, found.value.upper)
    assert [per_cent(figure, 1) for figure in figures] == [56.7, 55.4, 58.0]


def test_plans_fell_from_march_2016_to_august_2017_beyond_chance_and_without_judgement() -> None:
    before, now = 409 / 53 * 10_000, ON_PLANS / 42.9 * 10_000
    (plans,) = front_door({"cp": ON_PLANS}, now, before=({"cp": 409}, before))
    assert str(plans.rate_change.direction) == "fall"
    assert str(plans.rate_change.verdict) == "lower"


def test_no_stage_has_a_good_or_a_bad_side_but_timeliness_and_re_referral_have() -> None:
    counts = {stage.key: 500 for stage in STAGES}
    more = dict.fromkeys(counts, 400)
    for figures in front_door(counts, 10_000, before=(more, 10_000)):
        assert str(figures.rate_change.verdict) == "higher"
    assert MEASURES["rereferral"].polarity == "low"
    assert MEASURES["decision_24h"].polarity == MEASURES["assessment_45_days"].polarity == "high"


@pytest.mark.real_data
def test_re_referrals_of_every_year_are_those_that_the_department_published(
    real_data: Path,
) -> None:
    path = next((real_data / "dfe").glob("c1_*.csv"))
    with path.open(newline="", encoding="utf-8-sig") as lines:
        rows = [row for row in csv.DictReader(lines) if row["rereferral_percent"][:1].isdigit()]
    side = {
        key: np.array([float(row[f"{key}_count"]) for row in rows])
        for key in ("rereferral", "referral")
    }
    published = np.array([float(row["rereferral_percent"]) for row in rows])
    found = door_figures(MEASURES["rereferral"], side["rereferral"], side["referral"])
    assert len(rows) > 40
    assert np.abs(100 * found.value.value - published).max() <= 0.05 + 1e-9
