"""The handover ledger: what moves, what stays and what is in no zone add up to all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.aggregate import NO_ZONE, aggregate
from analysis.caseload import changing_zone, fte_after
from analysis.flow_stages import seed_stages
from analysis.handover import (
    STAY,
    Handover,
    Moved,
    base_km,
    fte_along,
    handover,
    mean_km,
    places_that_move,
    programmes_that_move,
    still_with_old_team,
)
from geo.errors import LayerError, PlanError
from geo.index import UnitIndex
from geo.plan import UNASSIGNED, Plan
from grids import NORTH_M, WEST_M, centre, drawn
from layers.measures import Measure, Measures
from layers.pack import Pack
from layers.places import Place, Site
from layers.programmes import Programme
from layers.status import Status
from small_pack import UNITS

NAN = float("nan")


def measures_of(counts: list[float], *, units: tuple[str, ...] = ()) -> Measures:
    units = units or tuple("abcdefghi"[: len(counts)])
    children = Measure("children", "Children", "children", "2016", "drawn", "official")
    status = np.where(np.isnan([counts]), Status.MISSING, Status.OK).astype(np.int8)
    return Measures(units, (children,), np.array([counts]), status)


def plan_of(text: str, zones: str = "NS") -> Plan:
    """Draw a plan: one letter a unit, a dot for none."""
    lookup = {"abcdefghi"[at]: None if z == "." else z for at, z in enumerate(text)}
    return Plan.from_lookup(lookup, zones=tuple(zones))


def site(name: str, column: int, row: int) -> Site:
    east, north = centre(column, row)
    return Site(name, east, north, "postcode", "family hub", None, "drawn", "official")


# ways


def test_each_pair_of_zones_is_a_way() -> None:
    found = handover(plan_of("NNSS"), plan_of("NSSN"), measures_of([1, 2, 4, 8]))
    assert [str(way) for way in found.ways] == ["N to S", "S to N"]
    assert found.along("children").tolist() == [2, 8]
    assert found.stayed("children") == 5
    assert found.plan.zones == ("N to S", "S to N", STAY)


def test_into_and_out_of_no_zone_are_ways_too() -> None:
    found = handover(plan_of("N.S."), plan_of(".NS."), measures_of([1, 2, 4, 8]))
    assert [str(way) for way in found.ways] == [f"N to {NO_ZONE}", f"{NO_ZONE} to N"]
    assert found.plan.unassigned == ("d",)
    assert found.stayed("children") == 4


def test_zones_are_matched_by_name_and_not_by_place() -> None:
    found = handover(plan_of("NNSS"), plan_of("NNSS", zones="SN"), measures_of([1, 2, 4, 8]))
    assert found.ways == ()
    assert found.changing("children") == 0
    assert not found.moved.any()


def test_two_ways_that_read_alike_are_two_rows() -> None:
    units = ("a", "b")
    before = Plan.from_lookup({"a": "A", "b": "A to B"}, units=units)
    after = Plan.from_lookup({"a": "B to C", "b": "C"}, units=units)
    found = handover(before, after, measures_of([1, 2]))
    assert found.plan.zones == ("A to B to C", "A to B to C (2)", STAY)


def test_a_count_that_is_not_known_is_not_0() -> None:
    found = handover(plan_of("NNSS"), plan_of("NSSN"), measures_of([1, NAN, 4, 8]))
    assert np.isnan(found.along("children")[0])
    assert np.isnan(found.changing("children"))
    assert found.stayed("children") == 5


def test_one_unit_may_be_all_there_is() -> None:
    found = handover(plan_of("N"), plan_of("S"), measures_of([7]))
    assert found.along("children").tolist() == [7]
    assert found.stayed("children") == 0


def test_plans_of_other_units_are_refused() -> None:
    with pytest.raises(PlanError, match="same units"):
        handover(plan_of("NN"), plan_of("NNS"), measures_of([1, 2]))


def test_an_account_that_does_not_add_up_is_refused() -> None:
    found = handover(plan_of("NNSS"), plan_of("NSSN"), measures_of([1, 2, 4, 8]))
    with pytest.raises(LayerError, match="do not add up"):
        Handover(found.before, found.before, found.ways, found.plan, found.totals)


zone_letters = st.lists(st.sampled_from("NMS."), min_size=9, max_size=9).map("".join)


@given(zone_letters, zone_letters, st.lists(st.integers(0, 40), min_size=9, max_size=9))
def test_nothing_is_lost_between_moved_stayed_and_in_no_zone(
    old: str, new: str, counts: list[int]
) -> None:
    before, after = plan_of(old, "NMS"), plan_of(new, "SNM")
    measures = measures_of([float(count) for count in counts])
    found = handover(before, after, measures)
    outside = found.totals.unassigned("children")
    assert found.changing("children") + found.stayed("children") + outside == sum(counts)
    same = changing_zone(["children"], measures, before=before, after=after)
    assert found.changing("children") == same["children"]
    assert set(found.changed_units) == set(np.array(before.units)[found.moved])
    was, now = aggregate(before, measures), aggregate(after, measures)
    for zone in "NMS":
        gone = sum(n for w, n in zip(found.ways, found.along("children"), strict=True)
                   if w.start == zone)  # fmt: skip
        came = sum(n for w, n in zip(found.ways, found.along("children"), strict=True)
                   if w.end == zone)  # fmt: skip
        first = was.counts("children")[before.zone_position(zone)]
        assert first - gone + came == now.counts("children")[after.zone_position(zone)]


@given(zone_letters, zone_letters, st.lists(st.integers(1, 40), min_size=9, max_size=9))
def test_fte_along_the_ways_is_the_fte_that_follows(old: str, new: str, counts: list[int]) -> None:
    before, after = plan_of(old, "NMS"), plan_of(new, "NMS")
    cases, fte = np.array(counts, dtype=np.float64), np.array([4.0, 6.0, 8.0])
    found = handover(before, after, measures_of(list(cases)))
    along = fte_along(found, cases, fte)
    follows = fte_after(fte, cases, before=before, after=after, staff="follows")
    change = np.zeros(3)
    for way, amount in zip(found.ways, along, strict=True):
        for zone, sign in ((way.start, -1), (way.end, 1)):
            if zone is not None:
                change[before.zone_position(zone)] += sign * amount
    np.testing.assert_allclose(fte + change, follows, atol=1e-9)


def test_a_zone_without_recorded_staff_hands_over_an_unknown_amount() -> None:
    found = handover(plan_of("NNSS"), plan_of("NSSN"), measures_of([1, 2, 4, 8]))
    along = fte_along(found, [1.0, 2, 4, 8], [NAN, 6.0])
    assert np.isnan(along[0])
    assert along[1] == 4


# who changes worker


def test_cases_that_stay_leave_their_old_team_month_by_month() -> None:
    month = np.array([[0.8, 0.1, 0.1], [0.0, 0.9, 0.1]])
    assert still_with_old_team([10, 10], month, 0) == 20
    assert still_with_old_team([10, 10], month, 1) == pytest.approx(18)
    assert still_with_old_team([10, 10], month, 12) < 20 * 0.9**11
    assert np.isnan(still_with_old_team([NAN, 10], month, 3))


def test_the_months_that_a_planner_sets_count(small: Pack) -> None:
    short, long = (
        seed_stages(small.measures, months_open={"open_cin": m, "open_cp": m}).month
        for m in (2.0, 20.0)
    )
    assert still_with_old_team([10, 10], short, 6) < still_with_old_team([10, 10], long, 6)


def test_cases_of_other_kinds_or_before_the_start_are_refused() -> None:
    with pytest.raises(PlanError, match="do not fit"):
        still_with_old_team([1.0], np.ones((2, 3)), 3)
    with pytest.raises(PlanError, match="0 or more"):
        still_with_old_team([1.0], np.ones((1, 2)), -1)


# places


def moved_grid() -> tuple[Handover, UnitIndex]:
    place = drawn("ABC", "DEF", "GHI")
    before = Plan.from_lookup(dict(zip("ABCDEFGHI", "NNNMMMSSS", strict=True)))
    after = before.move(["B"], to="M").move(["I"], to=None)
    counts = measures_of([1.0] * 9, units=place.units)
    return handover(before, after, counts), UnitIndex(place.units, place.shapes)


def test_sites_that_change_zone_are_named_with_from_and_to() -> None:
    found, index = moved_grid()
    sites = [site("Hub", 1, 0), site("Office", 0, 0), site("Far", 2, 2), site("Abroad", 9, 9)]
    rows = places_that_move(sites, ["family hub"] * 4, found=found, index=index)
    assert rows == (
        Moved("Hub", "family hub", "N", "M"),
        Moved("Far", "family hub", "S", None),
    )


def test_a_programme_goes_with_its_site_and_else_stays_with_its_zone() -> None:
    found, index = moved_grid()
    gone = handover(found.before, found.before.move("ABC", to="M"), measures_of([1.0] * 9,
                    units=tuple("ABCDEFGHI")))  # fmt: skip
    without = Plan.from_lookup(
        {unit: gone.after.zone_of(unit) for unit in gone.after.units}, zones=("M", "S")
    )
    lost = handover(found.before, without, measures_of([1.0] * 9, units=tuple("ABCDEFGHI")))

    def offer(name: str, zone: str = "", at: str = "") -> Programme:
        return Programme(name, zone, at, 10.0, None, None, "", "official", "drawn")

    offers = [offer("Play", at="Hub"), offer("Talk", "N"), offer("Walk", at="Nowhere")]
    sites = [site("Hub", 1, 0)]
    assert programmes_that_move(offers, sites, found=found, index=index) == (
        Moved("Play", "at Hub", "N", "M"),
    )
    assert Moved("Talk", "zone at large", "N", None) in programmes_that_move(
        offers, sites, found=lost, index=index
    )


# the way to the base


def test_the_way_runs_to_the_nearest_site_inside_the_zone() -> None:
    place = drawn("ABC", "DEF", "GHI")
    plan = Plan.from_lookup(dict(zip("ABCDEFGHI", "NNNMMMSSS", strict=True)))
    index = UnitIndex(place.units, place.shapes)
    sites = [site("West", 0, 0), site("Middle", 1, 1)]
    km = base_km(place, plan, sites, index=index, detour=1.0)
    np.testing.assert_allclose(km[:6], [0, 0.1, 0.2, 0.1, 0, 0.1], atol=1e-9)
    assert np.isnan(km[6:]).all()  # no site inside
    np.testing.assert_allclose(base_km(place, plan, sites, index=index)[1], 0.13, atol=1e-9)


def test_a_unit_in_no_zone_has_no_base() -> None:
    place = drawn("AB")
    plan = Plan(place.units, ("N",), np.array([0, UNASSIGNED]))
    index = UnitIndex(place.units, place.shapes)
    km = base_km(place, plan, [site("Here", 1, 0)], index=index)
    assert np.isnan(km).all()
    assert np.isnan(base_km(place, plan, [], index=index)).all()


def test_a_detour_shorter_than_the_line_is_refused() -> None:
    place = drawn("AB")
    plan = Plan(place.units, ("N",), np.array([0, 0]))
    index = UnitIndex(place.units, place.shapes)
    with pytest.raises(PlanError, match="1 or more"):
        base_km(place, plan, [], index=index, detour=0.9)


def test_the_mean_way_weighs_by_children_and_leaves_out_what_is_not_known() -> None:
    assert mean_km([1.0, 3.0, NAN], [30, 10, 500], [True] * 3) == 1.5
    assert np.isnan(mean_km([1.0], [0], [True]))
    assert np.isnan(mean_km([NAN], [5], [True]))


def test_a_place_outside_all_small_areas_moves_nowhere(small: Pack) -> None:
    index = UnitIndex(small.geography.units, small.geography.shapes)
    before = small.plan("zones").plan
    found = handover(before, before.move([UNITS[0]], to="South"), small.measures)
    far = Place("Far", WEST_M - 5_000, NORTH_M, "drawn")
    assert places_that_move([far], ["school"], found=found, index=index) == ()
