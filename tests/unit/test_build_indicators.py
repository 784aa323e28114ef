import math
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.frontdoor import DOOR_MEASURES, STAGES
from geo.ledger import Ledger
from geo.read.kind import fold
from layers.build.indicators import REGISTRY, indicators_of
from layers.build.known import known_counts
from layers.counts import UnitCounts
from layers.measures import Counted, Measure, Measures
from layers.source import Source
from layers.status import Standing, Status
from layers.totals import Total


def measure(key: str, counts: Counted = "children", status: Standing = "official") -> Measure:
    return Measure(key, key.capitalize(), counts, "2025", f"source of {key}", status)


def england(key: str, value: float, period: str = "2025", status: Status = Status.OK) -> Total:
    return Total(key, key, "England", period, value, status, f"DfE {key}")


def test_a_pack_has_the_indicators_whose_two_counts_it_has() -> None:
    made = indicators_of([measure("referrals"), measure("children"), measure("rereferrals")])
    assert [indicator.key for indicator in made] == ["referrals", "rereferral"]
    assert made[0].source == "source of referrals; over children: source of children"
    assert made[0].polarity == "none"


def test_englands_published_counts_make_a_benchmark() -> None:
    totals = [england("referrals", 632_830), england("children", 12_183_016, "2024-06-30")]
    (made,) = indicators_of([measure("referrals"), measure("children")], totals)
    (benchmark,) = made.benchmarks
    assert benchmark.value == pytest.approx(519.44, abs=0.005)
    assert benchmark.title == "England 2025, over 2024-06-30"


def test_a_denominator_of_a_later_year_makes_no_benchmark() -> None:
    totals = [england("referrals", 10, "2023"), england("children", 100, "2024-06-30")]
    (made,) = indicators_of([measure("referrals"), measure("children")], totals)
    assert made.benchmarks == ()


def test_a_suppressed_total_makes_no_benchmark() -> None:
    hidden = england("referrals", math.nan, status=Status.SUPPRESSED)
    totals = [hidden, england("children", 100)]
    assert indicators_of([measure("referrals"), measure("children")], totals)[0].benchmarks == ()


def test_a_modelled_count_makes_a_modelled_indicator() -> None:
    made = indicators_of([measure("referrals", status="illustrative"), measure("children")])
    assert made[0].status == "illustrative"


# the registry itself

NOT_COLUMNS = {
    "imd_points",
    "imd_people",
    "imd_decile1_people",
    "imd_decile1_areas",
    "areas",
    "asb",
}
"""Counts that come from readers of their own, never from a column of a council's table."""

REPORTED = {
    "contacts": "contacts",
    "referrals": "referrals",
    "progression": "progression",
    "re-referral": "rereferral",
    "decision within 24 hours": "decision_24h",
    "assessments": "assessments",
    "assessments in time": "assessment_45_days",
    "early help assessments": "early_help",
    "early help plans": "early_help_plans",
    "children in need": "cin",
    "child protection": "cp",
    "second or later plans": "cp_second",
    "looked after": "cla",
    "proceedings": "proceedings",
    "review timeliness": "cp_reviews",
    "review timeliness, looked after": "cla_reviews",
    "visit timeliness": "cp_visits",
    "visit timeliness, looked after": "cla_visits",
    "lead professionals": "lead_school",
    "not in education, employment or training": "neet",
    "persistent absence": "absence",
    "exclusion": "suspended",
    "good level of development": "gld",
    "free school meals": "fsm",
    "deprivation": "imd",
    "deprivation of children": "idaci",
    "anti-social behaviour": "asb",
}


def registry() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    document = tomllib.loads(REGISTRY.read_text("utf-8"))
    return document["measures"], document["indicators"]


@pytest.mark.parametrize("key", REPORTED.values(), ids=REPORTED)
def test_the_registry_covers_what_authorities_report(key: str) -> None:
    assert key in {entry["key"] for entry in registry()[1]}


def test_every_indicator_of_the_registry_is_sound_and_made_of_known_counts() -> None:
    described, indicators = registry()
    known = {entry["key"] for entry in described} | NOT_COLUMNS
    made = indicators_of([measure(key) for key in sorted(known)])
    assert [indicator.key for indicator in made] == [entry["key"] for entry in indicators]
    assert len({indicator.key for indicator in made}) == len(made)


def test_no_name_means_two_measures() -> None:
    names = [
        fold(name)
        for entry in registry()[0]
        for name in {fold(alias) for alias in (entry["key"], entry["title"], *entry["aliases"])}
    ]
    assert sorted(names) == sorted(set(names))


def test_stages_of_the_front_door_are_neither_good_nor_bad() -> None:
    by_key = {entry["key"]: entry for entry in registry()[1]}
    for key in ("contacts", "referrals", "progression", "assessments", "cin", "cp", "cla"):
        assert by_key[key]["polarity"] == "none"


def test_the_registry_and_the_front_door_agree() -> None:
    described, indicators = registry()
    by_key = {entry["key"]: entry for entry in indicators}
    for door in DOOR_MEASURES:
        entry = by_key[door.key]
        assert (entry["numerator"], entry["denominator"]) == (door.measure, door.base)
        assert entry["polarity"] == door.polarity
    counts = {entry["key"]: entry["counts"] for entry in described}
    for stage in STAGES:
        assert counts[stage.measure] == stage.counts


def test_an_indicator_that_is_added_to_the_registry_is_made(tmp_path: Path) -> None:
    added = tmp_path / "registry.toml"
    added.write_text(
        REGISTRY.read_text("utf-8")
        + """
[[indicators]]
key = "carers"
title = "Young carers"
numerator = "young_carers"
denominator = "children"
per = 1000
kind = "rate"
polarity = "none"
topic = "need"
decimals = 1
"""
    )
    (made,) = indicators_of([measure("young_carers"), measure("children")], registry=added)
    assert (made.key, made.unit("children"), made.part) == ("carers", "per 1,000 children", "")


def test_a_column_of_a_council_keeps_the_group_of_the_measure_it_is() -> None:
    table = Measures(
        ("E01000001",),
        (measure("lead_school"),),
        np.array([[3.0]]),
        np.zeros((1, 1), dtype=np.int8),
    )
    source = Source("A list", "A council", "its own", "2025", "list.csv", "")
    counts = UnitCounts(
        table, "2021", Ledger("list.csv", read=1, used=1, unlocated=0, outside=0), source
    )
    found = known_counts(counts)
    assert found.measures.measures[0].group == "lead professional"
