"""The four packs against what their councils and the Department for Education have published.

Dorset: report to Cabinet, September 2017. The others: Department for Education, 2025. The modelled
small areas must add up to these totals, whatever plan they are summed by.
"""

import numpy as np
import pytest

from analysis.aggregate import aggregate
from analysis.frontdoor import DOOR_MEASURES, STAGES
from analysis.rates import indicator_values
from analysis.scenario import Scenario, evaluate
from analysis.shape import stray_pieces
from layers.catalogue import open_pack
from layers.pack import Pack
from layers.series import OPEN_KINDS

PUBLISHED = {
    "dorset": {
        "children": 77_156,
        "contacts": 16_111,
        "referrals": 5203,
        "rereferrals": 1450,
        "open_cin": 800,
        "open_cp": 331,
        "open_cla": 442,
        "asb": 9000,
    },
    "bcp": {
        "children": 74_810,
        "referrals": 3386,
        "rereferrals": 765,
        "cin": 2446,
        "open_cp": 494,
        "open_cla": 560,
    },
    "durham": {
        "children": 100_432,
        "referrals": 5378,
        "rereferrals": 1006,
        "cin": 4415,
        "open_cp": 489,
        "open_cla": 1183,
    },
    "kirklees": {
        "children": 99_822,
        "referrals": 3277,
        "rereferrals": 646,
        "cin": 2217,
        "open_cp": 483,
        "open_cla": 641,
        "asb": 3381,
    },
}
UNITS = {"dorset": 249, "bcp": 233, "durham": 324, "kirklees": 259}
DORCHESTER = {
    "Thomas Hardye": "upper",
    "Dorchester Middle": "middle",
    "St Mary's Church of England Middle": "middle",
    "St Osmund's": "middle",
    "Damers": "first",
    "Manor Park": "first",
    "Prince of Wales": "first",
    "Puddletown": "first",
    "Frome Valley": "first",
    "Broadmayne": "first",
    "Cerne Abbas": "first",
    "Cheselbourne": "first",
    "Milborne St Andrew": "first",
    "Piddle Valley": "first",
    "Winterbourne Valley": "first",
    "St Mary's First": "first",
}


@pytest.fixture(scope="module")
def kirklees() -> Pack:
    return open_pack("kirklees")


def whole(pack: Pack, key: str) -> float:
    return float(pack.measures.counts(key).sum())


# totals


@pytest.mark.parametrize(
    ("authority", "key", "total"),
    [(name, key, total) for name, keys in PUBLISHED.items() for key, total in keys.items()],
)
def test_small_areas_add_up_to_the_published_total(authority: str, key: str, total: int) -> None:
    assert whole(open_pack(authority), key) == total


def test_every_authority_has_its_small_areas(shipped: Pack) -> None:
    assert len(shipped.geography) == UNITS[shipped.authority.key]


def test_every_plan_covers_every_small_area(shipped: Pack) -> None:
    for entry in shipped.plans:
        assert entry.plan.unassigned == ()
        assert (entry.plan.sizes > 0).all()


def test_every_plan_adds_up_to_the_published_totals(shipped: Pack) -> None:
    for entry in shipped.plans:
        totals = aggregate(entry.plan, shipped.measures)
        for key, total in PUBLISHED[shipped.authority.key].items():
            assert totals.counts(key).sum() == total


def test_every_zone_of_every_plan_is_in_one_piece(shipped: Pack) -> None:
    for entry in shipped.plans:
        assert stray_pieces(shipped.geography, entry.plan) == ()


def test_every_count_is_known(shipped: Pack) -> None:
    assert not shipped.measures.status.any()


def test_a_part_is_never_more_than_its_whole(shipped: Pack) -> None:
    counts = shipped.measures.counts
    assert (counts("rereferrals") <= counts("referrals")).all()
    kinds = np.sum([counts(key) for key in OPEN_KINDS], axis=0)
    np.testing.assert_array_equal(kinds, counts("cin"))
    assert (kinds <= counts("children")).all()
    assert (counts("children") <= counts("persons")).all()
    for indicator in shipped.indicators:
        if indicator.kind == "proportion":
            assert (counts(indicator.numerator) <= counts(indicator.denominator)).all()


def test_lead_professionals_add_up_to_the_open_early_help_plans(shipped: Pack) -> None:
    leads = shipped.measures.of_group("lead professional")
    assert len(leads) == 5
    total = np.sum([shipped.measures.counts(lead.key) for lead in leads], axis=0)
    np.testing.assert_array_equal(total, shipped.measures.counts("early_help_plans"))


def test_who_is_diverted_by_triage_is_not_referred(shipped: Pack) -> None:
    counts = shipped.measures.counts
    assert (counts("contacts_diverted") + counts("referrals") <= counts("contacts")).all()


def test_no_count_of_children_is_a_multiple_of_another_count(shipped: Pack) -> None:
    """Visits, if they were six for each child, would give away how many children there are."""
    for kind in ("cp", "cla"):
        children = shipped.measures.counts(f"open_{kind}")
        visits = shipped.measures.counts(f"{kind}_visits_due")
        some = children > 0
        assert len(np.unique(visits[some] / children[some])) > 10


def test_every_pack_has_the_whole_front_door(shipped: Pack) -> None:
    wanted = {stage.measure for stage in STAGES}
    wanted |= {key for door in DOOR_MEASURES for key in (door.measure, door.base)}
    assert shipped.measures.has(*wanted)


def test_dorset_has_its_targets_of_2017(dorset: Pack) -> None:
    found = {t.indicator: (t.value, t.better) for t in dorset.authority.targets}
    assert found == {
        "rereferral": (0.20, "low"),
        "decision_24h": (0.99, "high"),
        "triage_diversion": (0.80, "high"),
    }


def test_modelled_counts_say_so_and_real_ones_too(shipped: Pack) -> None:
    real = {"persons", "households", "household_residents"}
    real |= {"asb"} if shipped.authority.key == "kirklees" else set()
    for measure in shipped.measures.measures:
        assert measure.status == ("official" if measure.key in real else "illustrative")
    assert shipped.standing == "illustrative"


def test_counts_of_children_known_to_services_are_sensitive(shipped: Pack) -> None:
    open_to_all = {"persons", "households", "household_residents", "children", "pupils", "asb"}
    open_to_all |= {"pupils_reception", "young_people_16_17"}
    for measure in shipped.measures.measures:
        assert measure.sensitive == (measure.key not in open_to_all)


def test_every_pack_names_its_sources_and_licences(shipped: Pack) -> None:
    assert shipped.authority.sources
    for source in shipped.authority.sources:
        assert source.title
        assert source.licence


# rates


@pytest.mark.parametrize(
    ("authority", "indicator", "decimals", "published"),
    [
        ("dorset", "cp", 1, 42.9),
        ("dorset", "rereferral", 0, 28),
        ("dorset", "progression", 2, 32.29),
        ("dorset", "decision_24h", 1, 97.0),
        ("dorset", "triage_diversion", 1, 81.0),
        ("bcp", "rereferral", 1, 22.6),
        ("durham", "rereferral", 1, 18.7),
        ("kirklees", "rereferral", 1, 19.7),
    ],
)
def test_rates_of_the_whole_authority_are_those_published(
    authority: str, indicator: str, decimals: int, published: float
) -> None:
    pack = open_pack(authority)
    described = pack.indicator(indicator)
    x, n = whole(pack, described.numerator), whole(pack, described.denominator)
    assert round(float(indicator_values(described, x, n).value), decimals) == published


@pytest.mark.parametrize(
    ("authority", "load"), [("bcp", 14.6), ("durham", 16.6), ("kirklees", 16.8), ("dorset", 15.2)]
)
def test_the_staff_of_every_plan_make_the_published_caseload(authority: str, load: float) -> None:
    pack = open_pack(authority)
    for entry in pack.plans:
        result = evaluate(Scenario(entry.key, entry), pack)
        fte = result.per_zone("fte")
        if not np.isnan(fte).all():
            # FTE are rounded to a tenth, zone by zone and role by role
            assert result.per_zone("open_cases").sum() / fte.sum() == pytest.approx(load, abs=0.1)


# Kirklees: real incidents


def test_the_ledger_of_kirklees_holds_3381_incidents_all_used(kirklees: Pack) -> None:
    assert kirklees.incidents is not None
    assert str(kirklees.incidents.ledger) == (
        "3,381 read = 3,381 used + 0 unlocated + 0 outside + 0 rejected"
    )
    assert kirklees.incidents.months == ("2016-07", "2017-07", "2018-07")


def test_incidents_of_the_localities_reconcile_to_the_ledger(kirklees: Pack) -> None:
    plan = kirklees.plan("localities").plan
    totals = aggregate(plan, kirklees.measures)
    assert len(plan.zones) == 4
    assert totals.counts("asb").sum() == totals.total("asb") == 3381
    assert kirklees.incidents is not None
    by_month = kirklees.incidents.by_month(plan.assignment, plan.zones)
    assert by_month["incidents"].sum() == 3381
    by_zone = by_month.groupby("zone")["incidents"].sum()
    assert [by_zone[zone] for zone in plan.zones] == totals.counts("asb").tolist()


def test_incidents_reconcile_to_their_ledger_in_every_pack(shipped: Pack) -> None:
    assert shipped.incidents is not None
    ledger = shipped.incidents.ledger
    assert ledger.used == whole(shipped, "asb") == shipped.incidents.per_unit().sum()


# Dorset: zones, areas, pyramids


def test_dorset_has_seven_zones_four_areas_two_halves_and_its_pyramids(dorset: Pack) -> None:
    assert [(entry.key, len(entry.plan.zones)) for entry in dorset.plans] == [
        ("zones", 7),
        ("areas", 4),
        ("east_west", 2),
        ("pyramids", 18),
    ]
    assert dorset.plan("areas").plan.zones == ("South", "West", "Central", "North")
    assert dorset.plan("east_west").plan.zones == ("East", "West")


def test_no_line_of_dorset_claims_to_be_published(dorset: Pack) -> None:
    assert {entry.status for entry in dorset.plans} == {"approximate"}
    assert all(entry.note for entry in dorset.plans)


def test_the_dorchester_zone_is_the_dorchester_pyramid(dorset: Pack) -> None:
    zone = dorset.plan("zones").plan.members("Dorchester")
    assert zone == dorset.plan("pyramids").plan.members("Dorchester")
    assert len(zone) == 23


@pytest.mark.parametrize("name", DORCHESTER)
def test_every_school_of_the_dorchester_pyramid_is_there(dorset: Pack, name: str) -> None:
    assert dorset.schools is not None
    found = [school for school in dorset.schools if name in school.name]
    assert [(school.pyramid, school.tier) for school in found] == [("Dorchester", DORCHESTER[name])]


def test_the_dorchester_pyramid_has_no_other_school(dorset: Pack) -> None:
    assert dorset.schools is not None
    inside = [school for school in dorset.schools if school.pyramid == "Dorchester"]
    assert len(inside) == len(DORCHESTER)


def test_every_pyramid_of_dorset_has_a_school_that_heads_it(dorset: Pack) -> None:
    assert dorset.schools is not None
    heads = {s.pyramid for s in dorset.schools if s.tier in {"secondary", "upper", "all-through"}}
    assert heads == set(dorset.plan("pyramids").plan.zones)


def test_zones_and_halves_split_no_pyramid_and_areas_two(dorset: Pack) -> None:
    split = {
        entry.key: evaluate(Scenario(entry.key, entry), dorset).for_plan("pyramids_split")
        for entry in dorset.plans
    }
    assert split == {"zones": 0, "areas": 2, "east_west": 0, "pyramids": 0}


def test_portland_is_reached_by_its_road_and_not_across_the_fleet(dorset: Pack) -> None:
    pieces = dorset.geography.neighbours.pieces

    def joined(*codes: str) -> bool:
        alone = np.full(249, -1)
        at = [dorset.geography.position[code] for code in codes]
        alone[at] = 0
        return len(set(pieces(alone)[at])) == 1

    assert joined("E01020587", "E01033200")  # Wyke Regis and Portland, over Ferry Bridge
    assert not joined("E01020516", "E01033200")  # across the Fleet
