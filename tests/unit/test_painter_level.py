"""What the painter is told of level is the tolerance of the scenario, and no count."""

import json
from dataclasses import replace

from analysis.assumptions import LEVEL_WITHIN, Assumptions
from analysis.events import Assume
from analysis.scenario import Scenario
from app.painter.scene import build_scene, state
from layers.pack import Pack


def told(pack: Pack, scenario: Scenario) -> dict[str, object]:
    entry = pack.plan("zones")
    return state("k" * 16, scenario, entry, scenario_id="one", title="t", fte={"North": 4.0})


def test_the_tolerance_of_the_scenario_crosses(small: Pack) -> None:
    scenario = Scenario("s", small.plan("zones"))
    assert told(small, scenario)["tolerance"] == LEVEL_WITHIN
    wider = scenario.take(Assume(Assumptions(tolerance=0.25)))
    assert told(small, wider)["tolerance"] == 0.25


def test_a_state_is_the_same_whatever_the_counts_are(small: Pack) -> None:
    values = small.measures.values.copy()
    values[small.measures.row("referrals")] += 3
    twin = replace(small, measures=replace(small.measures, values=values))
    texts = [json.dumps(told(p, Scenario("s", p.plan("zones")))) for p in (small, twin)]
    assert texts[0] == texts[1]


def test_how_far_zones_are_from_level_is_not_sent(small: Pack) -> None:
    """It is worked out in the browser, from live counts that are there already."""
    entry = small.plan("zones")
    text = json.dumps([build_scene(small, entry), told(small, Scenario("s", entry))])
    for word in ("away", "outside", "level"):
        assert f'"{word}"' not in text
