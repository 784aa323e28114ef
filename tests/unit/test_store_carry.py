"""Scenarios carried over: to a changed pack, to other areas, to another vintage and back."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.assumptions import Assumptions
from analysis.events import Assume, Border, Edit, Event, Lock, Undo
from geo.build import build_geography
from geo.errors import StoreError
from geo.geography import Geography
from geo.plan import Plan
from geo.vintages import VintageLookup
from grids import NAMED, shapes_of
from layers.catalogue import open_pack
from layers.measures import Measures
from layers.pack import Pack
from layers.status import Status
from small_pack import UNITS
from store.carry import Carried, carry
from store.database import open_database
from store.log import Saved
from store.scenarios import Store

ANN = {"who": "Ann"}
A, B, C, D, E, F, G, H, I = UNITS  # noqa: E741  the nine areas of the drawing, row by row
PART_1, PART_2, MERGED, ODD, NEW = "E01034001", "E01034002", "E01034003", "E01034004", "E01034005"
FRESH = "E01000077"
LATER = (A, PART_1, PART_2, MERGED, E, F, G, ODD, NEW)
"""A kept, B split, C and D merged, E to G kept, H and I gone to one in no simple way, one new."""
LOOKUP = VintageLookup(
    (A, B, B, C, D, E, F, G, H, I),
    (A, PART_1, PART_2, MERGED, MERGED, E, F, G, ODD, ODD),
    ("U", "S", "S", "M", "M", "U", "U", "U", "X", "X"),
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(open_database(f"sqlite:///{tmp_path / 's.sqlite'}"))
    yield opened
    opened.database.close()


def saved_with(store: Store, pack: Pack, *events: Event, baseline: str = "zones") -> Saved:
    return store.load(store.create(pack, baseline, title="Level", events=events, **ANN))


def pack_of(
    small: Pack, units: tuple[str, ...], zones: dict[str, str | None], *, vintage: str = "2011"
) -> Pack:
    """Give the small pack with other areas, drawn in the same places."""
    _, shapes = shapes_of(*NAMED["three by three"])
    geography: Geography = build_geography(
        "small", vintage, units, [f"Small {unit}" for unit in units], shapes[: len(units)]
    )
    measures = Measures(
        units, small.measures.measures, small.measures.values[:, : len(units)],
        small.measures.status[:, : len(units)],
    )  # fmt: skip
    plan = Plan.from_lookup(zones, units=units, zones=("North", "Middle", "South"))
    return replace(
        small,
        authority=replace(small.authority, vintage=vintage),
        geography=geography,
        measures=measures,
        plans=(replace(small.plan("zones"), plan=plan),),
        default_plan="zones",
        incidents=None,
        series=None,
        programmes=None,
    )


@pytest.fixture
def later(small: Pack) -> Pack:
    """The small pack with areas of 2021."""
    zones = ("North", "North", "North", "North", "Middle", "Middle", "South", "South", "Middle")
    return pack_of(small, LATER, dict(zip(LATER, zones, strict=True)), vintage="2021")


def zones_of(carried: Carried) -> dict[str, str | None]:
    plan = carried.scenario.plan
    return {unit: plan.zone_of(unit) for unit in plan.units}


def test_a_pack_that_is_the_same_carries_everything_one_to_one(store: Store, small: Pack) -> None:
    saved = saved_with(store, small, Edit.move([A], to="South"))
    carried = carry(saved, small)
    assert carried.scenario.plan == saved.scenario.plan
    assert carried.report.one_to_one == UNITS
    assert carried.report.doubtful == ()
    assert str(carried.report) == "9 small areas carried one to one."


def test_a_changed_baseline_is_told_and_the_final_plan_is_kept(store: Store, small: Pack) -> None:
    saved = saved_with(store, small, Edit.move([A], to="South"))
    entry = small.plan("zones")
    moved = replace(entry, plan=entry.plan.move([B, A], to="South"))
    newer = replace(small, plans=(moved, small.plan("pyramids")))
    carried = carry(saved, newer)
    assert carried.scenario.baseline == moved
    assert carried.scenario.plan.fingerprint == saved.scenario.plan.fingerprint
    assert carried.scenario.plan.moved_from(moved.plan) == (B,)
    assert carried.report.differing == (A, B)
    assert "2 have another zone in the pack's plan than before" in str(carried.report)
    kept = store.load(carried.keep(store, newer, who="Ben"), newer)
    assert kept.scenario.plan == carried.scenario.plan
    assert kept.title == "Level"
    assert kept.notes[0].startswith("Carried over from 'Level'.\n9 small areas")
    assert store.load(saved.id, small).scenario == saved.scenario


def test_a_plan_that_is_no_longer_there_gives_way_to_the_packs_own(
    store: Store, small: Pack
) -> None:
    saved = saved_with(store, small, Edit.move([A], to="East"), baseline="pyramids")
    newer = replace(small, plans=(small.plan("zones"),))
    carried = carry(saved, newer)
    assert (carried.baseline, carried.scenario.baseline.key) == ("zones", "zones")
    assert carried.scenario.plan.zone_of(A) == "East"
    assert "no plan 'pyramids': it starts from 'zones'" in str(carried.report)


def test_areas_that_came_and_went_are_counted(store: Store, small: Pack) -> None:
    saved = saved_with(store, small, Edit.move([B], to="South"))
    units = (A, B, C, D, E, F, G, H, FRESH)
    newer = pack_of(small, units, dict.fromkeys(units, "Middle"))
    carried = carry(saved, newer)
    assert carried.report.one_to_one == UNITS[:8]
    assert (carried.report.fresh, carried.report.gone) == ((FRESH,), (I,))
    assert zones_of(carried) == {
        A: "North", B: "South", C: "North", D: "Middle", E: "Middle", F: "Middle",
        G: "South", H: "South", FRESH: "Middle",
    }  # fmt: skip
    assert carried.report.children == 200  # of the last place of the drawing
    assert carried.scenario.plan.zones == ("North", "Middle", "South")


def test_units_in_another_order_are_carried(store: Store, small: Pack) -> None:
    saved = saved_with(store, small, Edit.move([A], to="South"))
    units = UNITS[::-1]
    plan = small.plan("zones").plan
    newer = pack_of(small, units, {unit: plan.zone_of(unit) for unit in units})
    carried = carry(saved, newer)
    assert carried.report.one_to_one == units
    assert carried.scenario.plan.fingerprint == saved.scenario.plan.fingerprint


def test_areas_of_2011_are_carried_to_2021_by_the_lookup(
    store: Store, small: Pack, later: Pack
) -> None:
    events = (
        Edit.move([B, H], to="Middle"), Edit.move([C], to="South"),
        Lock(on=True, zones=("Middle",), units=(B, C)),
        Border("link", ((A, F), (A, B))), Border("cut", ((E, F),)),
        Assume(Assumptions(staff="follows", fte={"North": 2})),
    )  # fmt: skip
    carried = carry(saved_with(store, small, *events), later, lookup=LOOKUP)
    report = carried.report
    assert report.one_to_one == (A, E, F, G)
    assert (report.split, report.merged, report.irregular) == ((PART_1, PART_2), (MERGED,), (ODD,))
    assert (report.fresh, report.gone) == ((NEW,), ())
    assert report.torn == (MERGED, ODD)  # C in South with D in Middle; H in Middle with I in South
    assert zones_of(carried) == {
        A: "North", PART_1: "Middle", PART_2: "Middle", MERGED: "Middle", E: "Middle",
        F: "Middle", G: "South", ODD: "Middle", NEW: "Middle",
    }  # fmt: skip
    assert carried.scenario.locked_units == {PART_1, PART_2, MERGED}
    assert carried.scenario.locked_zones == {"Middle"}
    assert carried.scenario.links == {(A, F)}
    assert carried.scenario.cuts == {(E, F)}
    assert report.dropped == (f"the link of {A} and {B}",)
    assert carried.scenario.assumptions == Assumptions(staff="follows", fte={"North": 2})
    assert report.children == 200 + 300 + 200 + 200 + 200
    kept = store.load(carried.keep(store, later, who="Ben"), later)
    assert kept.scenario.plan == carried.scenario.plan
    assert kept.scenario.locked() == carried.scenario.locked()


def test_the_zone_of_most_people_wins_where_they_are_known(
    store: Store, small: Pack, later: Pack
) -> None:
    saved = saved_with(store, small, Edit.move([C], to="South"))
    few = carry(saved, later, lookup=LOOKUP, people={C: 100.0, D: 900.0})
    many = carry(saved, later, lookup=LOOKUP, people={C: 900.0, D: 100.0})
    assert (zones_of(few)[MERGED], zones_of(many)[MERGED]) == ("Middle", "South")
    assert MERGED in few.report.torn


def test_areas_of_2021_are_carried_back(store: Store, small: Pack, later: Pack) -> None:
    saved = saved_with(store, later, Edit.move([PART_1], to="South"))
    carried = carry(saved, small, lookup=LOOKUP)
    assert carried.report.torn == (B,)
    assert carried.report.merged == (B,)
    assert carried.report.split == (C, D)
    assert carried.report.irregular == (H, I)
    assert carried.report.gone == (NEW,)
    assert zones_of(carried)[B] == "North"  # one part each: the zone that stands first


def test_without_the_lookup_it_is_said_what_is_needed(
    store: Store, small: Pack, later: Pack
) -> None:
    saved = saved_with(store, small)
    with pytest.raises(StoreError, match=r"of 2011, the pack's are of 2021\. Give the ONS lookup"):
        carry(saved, later)
    elsewhere = VintageLookup(("E01000099",), ("E01000099",), ("U",))
    with pytest.raises(StoreError, match="leads from no small area of 'Level'"):
        carry(saved, later, lookup=elsewhere)


def test_another_authoritys_pack_is_refused(store: Store, small: Pack) -> None:
    with pytest.raises(StoreError, match="is of 'small', not of 'bcp'"):
        carry(saved_with(store, small), open_pack("bcp"))


def test_children_that_are_not_known_are_not_guessed(store: Store, small: Pack) -> None:
    saved = saved_with(store, small)
    units = (*UNITS[:8], FRESH)
    newer = pack_of(small, units, dict.fromkeys(units, "Middle"))
    values = newer.measures.values.copy()
    values[newer.measures.row("children"), 8] = float("nan")
    status = newer.measures.status.copy()
    status[newer.measures.row("children"), 8] = Status.MISSING
    newer = replace(newer, measures=replace(newer.measures, values=values, status=status))
    report = carry(saved, newer).report
    assert report.children is None
    assert "children" not in str(report)


moves = st.lists(
    st.one_of(
        st.builds(
            lambda units, to: Edit.move(units, to=to),
            st.lists(st.sampled_from(UNITS), min_size=1),
            st.sampled_from(["North", "Middle", "South", "New", None]),
        ),
        st.just(Undo()),
    ),
    max_size=6,
)


@given(events=moves)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_area_of_the_pack_is_accounted_for_once(
    store: Store, small: Pack, later: Pack, events: list[Event]
) -> None:
    while events and isinstance(events[0], Undo):
        events = events[1:]
    depth, fitting = 0, []
    for event in events:
        depth += -1 if isinstance(event, Undo) else 1
        if depth < 0:
            break
        fitting.append(event)
    saved = saved_with(store, small, *fitting)
    carried = carry(saved, later, lookup=LOOKUP)
    report = carried.report
    groups = (report.one_to_one, report.split, report.merged, report.irregular, report.fresh)
    assert sorted(unit for group in groups for unit in group) == sorted(LATER)
    for unit in (A, E, F, G):
        assert carried.scenario.plan.zone_of(unit) == saved.scenario.plan.zone_of(unit)
    for unit in (PART_1, PART_2):
        assert carried.scenario.plan.zone_of(unit) == saved.scenario.plan.zone_of(B)
