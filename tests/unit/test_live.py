"""Live counts: what a browser adds up tells no more than the table of the plan."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Literal

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analysis.caseload import OPEN_CASES, with_open_cases
from analysis.disclosure import DFE, NHS, POLICIES, Suppressed, suppress
from analysis.live import FTE, LiveCount, estimate_hidden, live_counts
from analysis.protected import protected_units
from geo.errors import LayerError
from geo.plan import Plan
from layers.measures import Measures
from layers.pack import Pack
from layers.series import OPEN_KINDS
from layers.status import Status

SENSITIVE = ("referrals", "open_cin", "open_cp", OPEN_CASES)
small_counts = st.lists(st.integers(0, 14), min_size=9, max_size=9)


def with_counts(
    pack: Pack,
    counts: Mapping[str, Sequence[float]],
    *,
    status: Mapping[str, Sequence[int]] | None = None,
    rule: Literal["dfe", "nhs"] = "dfe",
) -> Pack:
    """Give the pack other counts; NaN is missing unless `status` says otherwise."""
    measures = pack.measures
    values, known = measures.values.copy(), measures.status.copy()
    for key, row in counts.items():
        values[measures.row(key)] = row
        known[measures.row(key)] = np.where(np.isnan(row), Status.MISSING, Status.OK)
    for key, states in (status or {}).items():
        known[measures.row(key)] = states
    changed = Measures(measures.units, measures.measures, values, known)
    return replace(pack, measures=changed, authority=replace(pack.authority, disclosure=rule))


def telling(pack: Pack, *indicators: str) -> Pack:
    """Give the pack none but some indicators, and no target for the others."""
    kept = tuple(indicator for indicator in pack.indicators if indicator.key in indicators)
    return replace(pack, indicators=kept, authority=replace(pack.authority, targets=()))


def shown_of(pack: Pack, plan: str = "zones") -> dict[str, Suppressed]:
    """Give all that the tables of small areas and zones show of sensitive counts."""
    measures, policy = with_open_cases(pack.measures), POLICIES[pack.authority.disclosure]
    chosen = pack.plan(plan).plan
    return {key: protected_units(chosen, key, measures, policy) for key in SENSITIVE}


def bytes_of(shown: Mapping[str, Suppressed]) -> list[bytes]:
    told: list[bytes] = []
    for level in shown.values():
        part: Suppressed | None = level
        while part is not None:
            told += [part.values.tobytes(), part.status.tobytes()]
            part = part.totals
    return told


def payload(pack: Pack) -> list[object]:
    live = live_counts(pack, pack.plan("zones"))
    return [
        (c.key, c.title, c.unit, c.values.tobytes(), c.estimated.tobytes(), c.note)
        for c in live.counts
    ]


def by_zone(pack: Pack, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    plan = pack.plan("zones").plan
    return np.bincount(plan.assignment, values, len(plan.zones))


def test_counts_that_are_not_sensitive_go_as_they_are(small: Pack) -> None:
    live = live_counts(small, small.plan("zones"))
    assert [count.key for count in live.counts] == [
        "persons", "children", "referrals", "open_cases", "asb",
    ]  # fmt: skip
    children = live.count("children")
    assert children.values.tolist() == [100, 200, 300, 200, 200, 200, 400, 200, 200]
    assert not children.estimated.any()
    assert children.unit == "children, 2016-06-30"


def test_hidden_counts_share_what_their_zone_has_left(small: Pack) -> None:
    referrals = live_counts(small, small.plan("zones")).count("referrals")
    # South has 20: 12 are shown, so 6 and 2 are known to be 8 for 200 children each
    assert referrals.values.tolist() == [10, 20, 30, 10, 10, 10, 12, 4, 4]
    assert np.flatnonzero(referrals.estimated).tolist() == [7, 8]
    assert referrals.note == (
        "Referrals: 2 small areas have a hidden count. While you paint, each has an estimate: what "
        "its team area has beyond the counts shown, shared out by children aged 0-17."
    )


def test_hidden_counts_are_shared_out_by_children(small: Pack) -> None:
    pack = with_counts(small, {"children": [100, 200, 300, 200, 200, 200, 400, 300, 100]})
    referrals = live_counts(pack, pack.plan("zones")).count("referrals")
    assert referrals.values[-3:].tolist() == [12, 6, 2]


def test_rates_are_two_live_counts_or_a_count_and_staff(small: Pack) -> None:
    referral, load = live_counts(small, small.plan("zones")).rates
    assert (referral.numerator, referral.denominator, referral.per) == (
        "referrals", "children", 10_000,
    )  # fmt: skip
    assert (referral.title, referral.unit, referral.decimals) == (
        "Referral rate", "per 10,000 children", 1,
    )  # fmt: skip
    assert (load.numerator, load.denominator, load.per) == (OPEN_CASES, FTE, 1)
    assert load.unit == "open cases per available FTE"


def test_a_pack_without_cases_has_neither_their_count_nor_their_rate(small: Pack) -> None:
    measures = small.measures
    keep = [i for i, m in enumerate(measures.measures) if m.key in ("persons", "children")]
    fewer = Measures(
        measures.units,
        tuple(measures.measures[i] for i in keep),
        measures.values[keep],
        measures.status[keep],
    )
    live = live_counts(replace(telling(small), measures=fewer), small.plan("zones"))
    assert [count.key for count in live.counts] == ["persons", "children"]
    assert live.rates == ()
    assert live.notes == ()


def test_open_cases_that_a_pack_counts_itself_need_no_kinds(small: Pack) -> None:
    whole = with_open_cases(small.measures)
    keep = [i for i, m in enumerate(whole.measures) if m.key not in OPEN_KINDS]
    measures = Measures(
        whole.units,
        tuple(whole.measures[i] for i in keep),
        whole.values[keep],
        whole.status[keep],
    )
    pack = replace(telling(small, "referrals"), measures=measures)
    cases = live_counts(pack, pack.plan("zones")).count(OPEN_CASES)
    assert cases.values.tolist() == [9, 20, 11, 6, 6, 8, 12, 8, 6]
    assert not cases.estimated.any()


def test_open_cases_with_a_kind_missing_are_missing(small: Pack) -> None:
    pack = with_counts(small, {"open_cp": [np.nan, 8, 2, 1, 0, 4, 2, 1, 3]})
    cases = live_counts(pack, pack.plan("zones")).count(OPEN_CASES)
    assert np.flatnonzero(np.isnan(cases.values)).tolist() == [0]
    assert not cases.estimated[0]


def test_zones_add_up_to_what_their_table_shows(shipped: Pack) -> None:
    measures, policy = with_open_cases(shipped.measures), POLICIES[shipped.authority.disclosure]
    for entry in shipped.plans:
        for count in live_counts(shipped, entry).counts:
            zones = protected_units(entry.plan, count.key, measures, policy).totals
            if zones is None:
                continue
            group = np.where(
                entry.plan.assignment < 0, len(entry.plan.zones), entry.plan.assignment
            )
            sums = np.bincount(group, count.values, len(zones.values))
            told = zones.status == Status.OK
            np.testing.assert_allclose(sums[told], zones.values[told], atol=1e-9)


def test_estimates_are_near_enough_to_paint_by(shipped: Pack) -> None:
    live = live_counts(shipped, shipped.plan(shipped.default_plan))
    measures = with_open_cases(shipped.measures)
    rng = np.random.default_rng(4)
    for key in ("referrals", OPEN_CASES):
        truth, told = measures.counts(key), live.count(key).values
        moves = [rng.choice(len(truth), 12, replace=False) for _ in range(200)]
        away = np.mean([abs(truth[m].sum() - told[m].sum()) for m in moves])
        assert away < 0.08 * truth.mean() * 12


@settings(max_examples=40)
@given(small_counts, small_counts, small_counts, st.integers(0, 2**32 - 1))
def test_counts_that_are_hidden_leave_no_trace(
    small: Pack, referrals: list[int], cin: list[int], cp: list[int], seed: int
) -> None:
    counts = {"referrals": referrals, "open_cin": cin, "open_cp": cp}
    pack = with_counts(small, counts)
    twin = twin_of(pack, counts, np.random.default_rng(seed))
    assume(twin is not None)
    assert twin is not None
    assert not np.array_equal(twin.measures.values, pack.measures.values)
    assert payload(twin) == payload(pack)


def twin_of(
    pack: Pack, counts: Mapping[str, Sequence[float]], rng: np.random.Generator
) -> Pack | None:
    """Look for a pack with other hidden counts of which the tables show the same."""
    shown = shown_of(pack)
    told = bytes_of(shown)
    moves = [
        (key, up, down)
        for key in counts
        for zone in range(3)
        for up, down in combinations(range(3 * zone, 3 * zone + 3), 2)
        if (shown[key].status[[up, down]] == Status.SUPPRESSED).all()
    ]
    for pick in rng.permutation(len(moves)):
        key, up, down = moves[pick]
        changed = {name: list(row) for name, row in counts.items()}
        changed[key][up] += 1
        changed[key][down] -= 1
        if changed[key][down] < 1:
            continue
        if key != "referrals":  # another kind makes up for it, so that all open cases stay
            other = "open_cp" if key == "open_cin" else "open_cin"
            changed[other][up] -= 1
            changed[other][down] += 1
            if changed[other][up] < 1:
                continue
        twin = with_counts(pack, changed)
        if bytes_of(shown_of(twin)) == told:
            return twin
    return None


@settings(max_examples=60)
@given(small_counts, small_counts)
def test_open_cases_of_an_area_never_give_one_hidden_kind_away(
    small: Pack, cin: list[int], cp: list[int]
) -> None:
    pack = with_counts(small, {"open_cin": cin, "open_cp": cp})
    shown = shown_of(pack)
    cases = live_counts(pack, pack.plan("zones")).count(OPEN_CASES)
    kinds = [key for key in OPEN_KINDS if key in shown]  # both are told by an indicator
    hidden = sum((shown[key].status == Status.SUPPRESSED).astype(int) for key in kinds)
    assert cases.estimated[hidden == 1].all()
    for zone in range(3):
        members = slice(3 * zone, 3 * zone + 3)
        others = (cases.values[members] > 0) & ~cases.estimated[members]
        assert cases.estimated[members].sum() != 1 or not others.any()


@pytest.mark.parametrize(("cin", "cp", "hides"), [(5, 5, True), (4, 4, False), (9, 2, True)])
def test_open_cases_are_hidden_where_their_kinds_follow_from_them(
    small: Pack, cin: int, cp: int, *, hides: bool
) -> None:
    """Two hidden kinds that add up to 10 are 5 and 5; of 8 they may be 3 and 5."""
    pack = with_counts(small, {"open_cin": [cin, *[40] * 8], "open_cp": [cp, *[40] * 8]})
    cases = live_counts(pack, pack.plan("zones")).count(OPEN_CASES)
    assert shown_of(pack)[OPEN_CASES].status[0] == Status.OK
    assert cases.estimated[0] == hides
    # with one more of its zone, so that what is left is not its count
    assert cases.estimated[:3].sum() == 2 * hides


def test_a_kind_that_no_indicator_tells_hides_less(small: Pack) -> None:
    entry = small.plan("zones")
    silent = telling(small, "referrals", "asb")
    told, untold = (live_counts(p, entry).count(OPEN_CASES).estimated for p in (small, silent))
    assert told.sum() > untold.sum()


@settings(max_examples=60)
@given(small_counts)
def test_a_rule_that_rounds_gives_zones_their_rounded_totals(
    small: Pack, referrals: list[int]
) -> None:
    pack = with_counts(small, {"referrals": referrals}, rule="nhs")
    count = live_counts(pack, pack.plan("zones")).count("referrals")
    zones = shown_of(pack)["referrals"].totals
    assert zones is not None
    told = zones.status < Status.NOT_APPLICABLE
    np.testing.assert_allclose(by_zone(pack, count.values)[told], zones.values[told], atol=1e-9)
    assert (count.values >= 0).all()
    assert not count.estimated[np.array(referrals) == 0].any()
    assert count.estimated[np.array(referrals) > 0].all()


def test_a_note_says_that_counts_are_rounded(small: Pack) -> None:
    pack = with_counts(small, {}, rule="nhs")
    note = live_counts(pack, pack.plan("zones")).count("referrals").note
    assert note.endswith("Referrals: counts are rounded to the nearest 5.")


def test_a_missing_count_stays_missing(small: Pack) -> None:
    pack = with_counts(small, {"referrals": [np.nan, 20, 3, 10, 10, 10, 12, 6, 2]})
    count = live_counts(pack, pack.plan("zones")).count("referrals")
    assert np.isnan(count.values[0])
    assert not count.estimated[0]
    # neither North's total nor that of all is known: the middle of 1 to 5
    assert count.values[2] == 3
    assert count.estimated[2]
    assert count.values[7:].tolist() == [4, 4], "South's total is known all the same"


def test_a_count_that_came_suppressed_has_the_middle_of_what_it_can_be(small: Pack) -> None:
    row = [np.nan, 20, 30, 10, 10, 10, 12, 8, 9]
    pack = with_counts(
        small, {"referrals": row}, status={"referrals": [Status.SUPPRESSED, *[Status.OK] * 8]}
    )
    count = live_counts(pack, pack.plan("zones")).count("referrals")
    assert count.values[0] == 3
    assert count.estimated.tolist() == [True, *[False] * 8]


def test_zones_whose_totals_are_hidden_share_what_the_authority_has_left() -> None:
    plan = Plan(tuple("abcdef"), ("North", "South", "West"), np.array([0, 0, 1, 1, 2, 2]))
    shown = suppress([1, 2, 2, 0, 30, 40], groups=plan.assignment)
    zones = shown.totals
    assert zones is not None
    assert zones.status.tolist() == [Status.SUPPRESSED, Status.SUPPRESSED, Status.OK]
    values, estimated = estimate_hidden(shown, plan, weights=[10, 10, 30, 50, 9, 9], policy=DFE)
    # 75 less 70 is 5, for 50 children
    assert values.tolist() == [1, 1, 3, 0, 30, 40]
    assert estimated.tolist() == [True, True, True, False, False, False]


def test_units_in_no_zone_are_a_zone_of_their_own() -> None:
    plan = Plan(tuple("abcd"), ("North",), np.array([0, 0, -1, -1]))
    shown = suppress([20, 30, 2, 4], groups=plan.assignment)
    values, _ = estimate_hidden(shown, plan, weights=[1, 1, 1, 2], policy=DFE)
    assert values.tolist() == [20, 30, 2, 4]


@pytest.mark.parametrize("weights", [[0, 0, 5], [np.nan, np.nan, 5]])
def test_where_no_children_are_known_all_hidden_units_count_the_same(weights: list[float]) -> None:
    plan = Plan(tuple("abc"), ("North",), np.array([0, 0, 0]))
    shown = suppress([2, 4, 30], groups=plan.assignment)
    values, _ = estimate_hidden(shown, plan, weights=weights, policy=DFE)
    assert values.tolist() == [3, 3, 30]


def test_one_unit_alone_has_the_middle_of_what_it_can_be() -> None:
    plan = Plan(("a",), ("North", "Empty"), np.array([0]))
    shown = suppress([2], groups=plan.assignment, group_count=2)
    values, estimated = estimate_hidden(shown, plan, weights=[100], policy=DFE)
    assert values.tolist() == [3]
    assert estimated.all()
    values, _ = estimate_hidden(
        suppress([2], policy=NHS, groups=[0], group_count=2), plan, weights=[100], policy=NHS
    )
    assert values.tolist() == [4]


def test_counts_without_totals_are_refused() -> None:
    plan = Plan(("a",), ("North",), np.array([0]))
    bare = Suppressed(np.array([9.0]), np.zeros(1, dtype=np.int8))
    with pytest.raises(LayerError, match="these have none"):
        estimate_hidden(bare, plan, weights=[1], policy=DFE)


def test_a_count_of_another_length_or_name_is_refused(small: Pack) -> None:
    with pytest.raises(LayerError, match="2 values and 1 flags"):
        LiveCount("k", "K", "", np.zeros(2), np.zeros(1, dtype=bool))
    with pytest.raises(LayerError, match="There is no live count 'crimes'"):
        live_counts(small, small.plan("zones")).count("crimes")


def test_live_counts_cannot_be_changed(small: Pack) -> None:
    count = live_counts(small, small.plan("zones")).count("children")
    with pytest.raises(ValueError, match="read-only"):
        count.values[0] = 1
