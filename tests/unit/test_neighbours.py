"""Statistical neighbours, and what is known of a zone: small values checked once."""

import pytest

from geo.errors import LayerError
from layers.neighbours import Neighbours
from layers.pack import Pack
from layers.zones import ZoneFact


@pytest.mark.parametrize(
    ("names", "date", "fault"),
    [
        ((), "2025", "is empty"),
        (("Leeds", "Bury", "Leeds"), "2025", "names Leeds twice"),
        (("Leeds",), "", "has no date"),
    ],
)
def test_a_list_without_names_or_date_is_refused(
    names: tuple[str, ...], date: str, fault: str
) -> None:
    with pytest.raises(LayerError, match=rf"list of statistical neighbours {fault}"):
        Neighbours(names, date, "drawn")


@pytest.mark.parametrize(("plan", "zone"), [("", "North"), ("zones", "")])
def test_a_fact_of_no_zone_is_refused(plan: str, zone: str) -> None:
    with pytest.raises(LayerError, match="names no plan or no zone"):
        ZoneFact(plan, zone, "Town Hall", "", "official", "drawn")


def test_a_fact_tells_something() -> None:
    with pytest.raises(LayerError, match="Nothing is told of the zone 'North'"):
        ZoneFact("zones", "North", "", "", "official", "drawn")


def test_what_is_made_up_of_a_zone_says_so_in_its_own_words(shipped: Pack) -> None:
    assert {fact.plan for fact in shipped.zone_facts} >= {shipped.default_plan}
    for fact in shipped.zone_facts:
        made_up = fact.status == "illustrative"
        assert made_up == fact.base.endswith("(illustrative)")
        assert not fact.contact or fact.contact.endswith("(illustrative)")
