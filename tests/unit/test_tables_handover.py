"""Tables of the handover ledger: they add up, and nobody works a hidden way out of them.

The attacker sees today's zone table, the table of ways, and the zones after the redraw. He uses
none of the code that he attacks: he bounds every pair of zones, of every kind, by linear programmes
over all that is shown, knowing that a hidden count is no zero and which of them are small.
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from analysis.aggregate import aggregate
from analysis.caseload import OPEN_CASES, with_open_cases
from analysis.disclosure import POLICIES, Suppressed
from analysis.handover import STAY, base_km
from analysis.leaving import prepare
from analysis.protected import protected_zones
from analysis.releases import Register
from analysis.table import Table
from analysis.tables import TOTAL
from analysis.tables_handover import (
    MOVE,
    REFERRALS,
    Ledger,
    ledger,
    ways_table,
    zones_table,
)
from geo.index import UnitIndex
from geo.plan import Plan
from layers.measures import Measures
from layers.pack import Pack
from layers.status import Status
from small_pack import UNITS, ZONES

KINDS = ("open_cin", "open_cp")
NAN = float("nan")


def with_counts(pack: Pack, **counts: list[float]) -> Pack:
    """Give a pack other counts; a NaN is missing."""
    old = pack.measures
    values, status = old.values.copy(), old.status.copy()
    for key, row in counts.items():
        values[old.row(key)] = row
        status[old.row(key)] = np.where(np.isnan(row), Status.MISSING, Status.OK)
    return replace(pack, measures=Measures(old.units, old.measures, values, status))


def redrawn(pack: Pack, **to: str) -> Plan:
    """Move units, named by their last digit: `redrawn(small, u3="South")`."""
    plan = pack.plan("zones").plan
    for unit, zone in to.items():
        plan = plan.move([f"E0100000{unit[1]}"], to=zone or None)
    return plan


def book_of(pack: Pack, **to: str) -> Ledger:
    return ledger(pack.plan("zones").plan, redrawn(pack, **to), pack)


def shown(table: Table, key: str) -> list[str]:
    return [table.cell(table.column(key), row) for row in range(len(table.names))]


LARGE = {
    "referrals": [10.0, 20, 30, 10, 10, 10, 12, 16, 22],
    "open_cin": [9.0, 12, 9, 15, 16, 14, 10, 17, 13],
    "open_cp": [10.0, 8, 12, 11, 10, 14, 12, 11, 13],
}
SMALL_MOVE = {
    **LARGE,
    "open_cin": [9.0, 12, 3, 15, 16, 14, 10, 17, 13],
    "open_cp": [10.0, 8, 1, 11, 10, 14, 12, 11, 13],
}
"""As before, but the third small area has four open cases."""


# what the tables say


def test_the_ways_are_told_with_what_stays_and_all(small: Pack) -> None:
    pack = with_counts(small, **LARGE)
    table = ways_table(book_of(pack, u3="Middle", u4="South"), pack)
    assert table.names == ("North to Middle", "Middle to South", MOVE, STAY, TOTAL)
    assert shown(table, "units") == ["1", "1", "2", "7", "9"]
    assert shown(table, "children") == ["300", "200", "500", "1,500", "2,000"]
    assert shown(table, "referrals") == ["30", "10", "40", "100", "140"]
    assert shown(table, "open_cases") == ["21", "26", "47", "169", "216"]
    assert shown(table, "open_cp") == ["12", "11", "23", "78", "101"]


def test_what_is_in_no_zone_has_a_row_where_there_is_any(small: Pack) -> None:
    pack = with_counts(small, **LARGE)
    plan = pack.plan("zones").plan.move([UNITS[8]], to=None)
    table = ways_table(ledger(plan, plan.move([UNITS[2]], to="South"), pack), pack)
    assert table.names == ("North to South", MOVE, STAY, "unassigned", TOTAL)
    for key in ("units", "children", "referrals", "open_cases", "open_cin"):
        _, moved, stayed, loose, everything = table.column(key).values
        assert moved + stayed + loose == everything


def test_zones_are_told_before_and_after_as_a_ledger(small: Pack) -> None:
    pack = with_counts(small, **LARGE)
    table = zones_table(book_of(pack, u3="Middle", u4="South"), pack, what="team area", km=None)
    assert table.names == (*ZONES, TOTAL)
    assert shown(table, "children_before") == ["600", "600", "800", "2,000"]
    assert shown(table, "children_leave") == ["300", "200", "0", "500"]
    assert shown(table, "children_arrive") == ["0", "300", "200", "500"]
    assert shown(table, "children_after") == ["300", "700", "1,000", "2,000"]
    assert shown(table, "open_cases_before") == ["60", "80", "76", "216"]
    assert shown(table, "open_cases_after") == ["39", "75", "102", "216"]


def test_a_new_zone_and_one_that_is_gone_do_not_apply_on_the_other_side(small: Pack) -> None:
    pack = with_counts(small, **LARGE)
    before = pack.plan("zones").plan
    lookup = {u: "Coast" if before.zone_of(u) == "South" else before.zone_of(u) for u in UNITS}
    after = Plan.from_lookup(lookup, units=UNITS)
    table = zones_table(ledger(before, after, pack), pack, what="team area", km=None)
    at = dict(zip(table.names, shown(table, "open_cases_after"), strict=True))
    assert (at["South"], at["Coast"], at[TOTAL]) == ("z", "76", "216")


def test_fte_stands_there_where_staff_follow_their_cases(small: Pack) -> None:
    pack = with_counts(small, **LARGE)
    book = book_of(pack, u3="Middle", u4="South")
    assert "fte" not in [column.key for column in ways_table(book, pack).columns]
    table = ways_table(book, pack, fte=np.array([4.0, 1, 2]))
    moved = 4 * 21 / 60 + 26 / 80
    np.testing.assert_allclose(
        table.column("fte").values, [4 * 21 / 60, 26 / 80, moved, 7 - moved, 7]
    )
    unknown = ways_table(book, pack, fte=np.array([4.0, NAN, 2]))
    assert shown(unknown, "fte")[1] == ""


def test_fte_is_hidden_with_the_cases_that_it_follows(small: Pack) -> None:
    pack = with_counts(small, **SMALL_MOVE)
    table = ways_table(book_of(pack, u3="Middle"), pack, fte=np.array([4.0, 1, 2]))
    assert shown(table, "fte")[:3] == ["c", "c", "c"]


def test_the_way_to_the_base_stands_beside_each_zone(small: Pack) -> None:
    book = book_of(small, u4="South")
    index = UnitIndex(small.geography.units, small.geography.shapes)
    km = [
        base_km(small.geography, plan, small.sites or (), index=index)
        for plan in (book.found.before, book.found.after)
    ]
    table = zones_table(book, small, what="team area", km=(km[0], km[1]))
    assert shown(table, "km_before")[0] == ""  # no site in North
    assert table.column("km_before").values[1] == pytest.approx(0.13 * 2 / 3)
    assert table.column("km_after").values[1] == pytest.approx(0.13 / 2)
    assert np.isnan(table.column("km_after").values[2])


def test_a_count_that_is_missing_is_missing_and_not_hidden(small: Pack) -> None:
    counts = {**LARGE, "open_cin": [9.0, 12, NAN, 15, 16, 14, 10, 17, 13]}
    pack = with_counts(small, **counts)
    table = ways_table(book_of(pack, u3="Middle", u4="South"), pack)
    assert shown(table, "open_cin")[0] == ""
    assert shown(table, "open_cases")[0] == ""
    assert shown(table, "open_cp")[0] == "12"


def test_nothing_moved_is_told_as_nothing(small: Pack) -> None:
    pack = with_counts(small, **LARGE)
    table = ways_table(book_of(pack), pack)
    assert table.names == (MOVE, STAY, TOTAL)
    assert shown(table, "open_cases") == ["0", "216", "216"]


def test_a_pack_without_cases_tells_children_only(small: Pack) -> None:
    old = small.measures
    keep = [old.row(key) for key in ("persons", "children", "asb")]
    measures = Measures(
        old.units, tuple(old.measures[at] for at in keep), old.values[keep], old.status[keep]
    )
    pack = replace(small, measures=measures, indicators=small.indicators[-1:],
                   authority=replace(small.authority, targets=()))  # fmt: skip
    book = book_of(pack, u3="Middle")
    assert book.keys == ("children",)
    table = ways_table(book, pack, fte=np.array([4.0, 1, 2]))
    assert shown(table, "fte")[0] == ""
    assert book.moved(OPEN_CASES) != book.moved(OPEN_CASES)  # not known


def test_a_rule_that_rounds_rounds(small: Pack) -> None:
    pack = with_counts(small, **LARGE)
    pack = replace(pack, authority=replace(pack.authority, disclosure="nhs"))
    table = ways_table(book_of(pack, u3="Middle", u4="South"), pack)
    assert shown(table, "open_cases") == ["20", "25", "45", "170", "215"]


# what nobody may work out


def test_one_small_move_is_hidden_in_ways_sums_and_zones(small: Pack) -> None:
    pack = with_counts(small, **SMALL_MOVE)
    book = book_of(pack, u3="Middle")
    ways = ways_table(book, pack)
    assert shown(ways, "open_cases") == ["c", "c", "c", "199"]
    zones = zones_table(book, pack, what="team area", km=None)
    assert shown(zones, "open_cases_before") == ["43", "80", "76", "199"]
    assert shown(zones, "open_cases_after") == ["c", "c", "76", "199"]
    assert shown(zones, "children_after")[:2] == ["300", "900"]


class Attacker:
    """Bounds on counts of pairs of zones by kind, gathered from what tables show."""

    def __init__(self, pack: Pack, book: Ledger, whole: str, parts: tuple[str, ...]) -> None:
        self.pack, self.book, self.whole, self.parts = pack, book, whole, parts
        before, after = book.found.before, book.found.after
        ends = [(before.name_of(int(a)), after.name_of(int(b)))
                for a, b in zip(before.assignment, after.assignment, strict=True)]  # fmt: skip
        self.pairs = sorted(set(ends), key=str)
        counts = {pair: np.zeros(len(parts)) for pair in self.pairs}
        for unit, pair in enumerate(ends):
            counts[pair] += [pack.measures.counts(part)[unit] for part in parts]
        self.truth = np.array([counts[pair] for pair in self.pairs]).T.ravel()
        self.rows: list[np.ndarray] = []
        self.low: list[float] = []
        self.high: list[float] = []

    def row(self, key: str, pairs: list[tuple[str | None, str | None]]) -> np.ndarray:
        inside = np.array([pair in pairs for pair in self.pairs], dtype=float)
        return np.concatenate([inside * (key in {part, self.whole}) for part in self.parts])

    def sees(self, key: str, pairs: list[tuple[str | None, str | None]], cell: str) -> None:
        row = self.row(key, pairs)
        self.rows.append(row)
        if cell == "c":
            self.low.append(1)
            self.high.append(5 if row @ self.truth <= 5 else np.inf)
        else:
            self.low.append(float(cell.replace(",", "")))
            self.high.append(self.low[-1])
            assert row @ self.truth == self.low[-1]  # what is shown is true

    def sees_suppressed(self, key: str, pairs: list[list[tuple[str | None, str | None]]],
                        figures: Suppressed) -> None:  # fmt: skip
        for some, value, status in zip(pairs, figures.values, figures.status, strict=True):
            self.sees(key, some, "c" if status == Status.SUPPRESSED else f"{value:.0f}")

    def range_of(self, row: np.ndarray) -> tuple[float, float]:
        table, high = np.array(self.rows), np.array(self.high)
        low, capped = np.array(self.low), np.isfinite(high)
        ends = []
        for sign in (1, -1):
            answer = linprog(
                sign * row,
                A_ub=np.vstack([-table, table[capped]]),
                b_ub=np.concatenate([-low, high[capped]]),
                bounds=(0, 500),
            )
            assert answer.status == 0
            ends.append(sign * answer.fun)
        return ends[0], ends[1]

    def finds(self) -> list[tuple[str, object, float]]:
        """List the small counts that are told to less than one child."""
        found = []
        for key in dict.fromkeys((self.whole, *self.parts)):
            for pair in self.pairs:
                row = self.row(key, [pair])
                count = float(row @ self.truth)
                if not 1 <= count <= 5:
                    continue
                low, high = self.range_of(row)
                if high - low < 1 - 1e-6:
                    found.append((key, pair, count))
        return found


def attacker_before(pack: Pack, book: Ledger, whole: str, parts: tuple[str, ...]) -> Attacker:
    """He knows today's zones as all pages show them."""
    attacker = Attacker(pack, book, whole, parts)
    before, measures = book.found.before, with_open_cases(pack.measures)
    totals, policy = aggregate(before, measures), POLICIES[pack.authority.disclosure]
    zones = [*before.zones, *([None] if before.unassigned else [])]
    areas = [[pair for pair in attacker.pairs if pair[0] == zone] for zone in zones]
    for key in dict.fromkeys((whole, *parts)):
        figures = protected_zones(totals, key, measures, policy, plan=before)
        attacker.sees_suppressed(key, [*areas, attacker.pairs], figures)
    return attacker


def given_away_before(
    pack: Pack, book: Ledger, whole: str, parts: tuple[str, ...]
) -> set[tuple[str, object, float]]:
    """Find what today's zones give away by themselves, though every way is hidden.

    The rule shows a zero, so that a hidden way is none; and other pages tell kinds of case one by
    one beside their sum.
    """
    attacker = attacker_before(pack, book, whole, parts)
    for key in dict.fromkeys((whole, *parts)):
        for way in book.found.ways:
            pair = [(way.start, way.end)]
            attacker.sees(key, pair, "c" if attacker.row(key, pair) @ attacker.truth else "0")
    return set(attacker.finds())


def zones_are_safe(pack: Pack, book: Ledger, whole: str, parts: tuple[str, ...]) -> bool:
    """Say whether today's zones hide what they hide: kinds told beside their sum may not."""
    attacker = attacker_before(pack, book, whole, parts)
    for row, low, high in zip(attacker.rows, attacker.low, attacker.high, strict=True):
        if low == high or not row @ attacker.truth <= 5:
            continue
        least, most = attacker.range_of(row)
        if most - least < 1 - 1e-6:
            return False
    return True


def attack(
    pack: Pack, book: Ledger, whole: str, parts: tuple[str, ...]
) -> list[tuple[str, object, float]]:
    """Look at today's zones, the table of ways and the zones after."""
    attacker = attacker_before(pack, book, whole, parts)
    pairs = attacker.pairs
    ways = ways_table(book, pack, fte=None)
    places = [[(way.start, way.end)] for way in book.found.ways]
    places.append([pair for pair in pairs if pair[0] != pair[1]])
    places.append([pair for pair in pairs if pair[0] == pair[1] and pair[0] is not None])
    places += [[(None, None)]] if book.found.plan.unassigned else []
    places.append(pairs)
    for key in dict.fromkeys((whole, *parts)):
        for some, cell in zip(places, shown(ways, key), strict=True):
            attacker.sees(key, some, cell)
    zones = zones_table(book, pack, what="Zone", km=None)
    if whole == OPEN_CASES:
        for zone, cell in zip(zones.names, shown(zones, f"{whole}_after"), strict=True):
            name = None if zone == "unassigned" else zone
            at = pairs if zone == TOTAL else [pair for pair in pairs if pair[1] == name]
            if cell != "z":
                attacker.sees(whole, at, cell)
    else:
        after = book.found.after
        names = [*after.zones, *([None] if after.unassigned else [])]
        areas = [[pair for pair in pairs if pair[1] == zone] for zone in names]
        attacker.sees_suppressed(whole, [*areas, pairs], book.told[whole].after)
    return attacker.finds()


small_counts = st.lists(st.sampled_from([0, 0, 1, 2, 3, 4, 5, 6, 8, 12, 20, 30]), min_size=9,
                        max_size=9)  # fmt: skip
moves = st.dictionaries(st.integers(0, 8), st.sampled_from([*ZONES, ""]), min_size=1, max_size=5)


def random_redraw(small: Pack, to: dict[int, str], **counts: list[int]) -> tuple[Pack, Ledger]:
    pack = with_counts(small, **{key: [float(n) for n in row] for key, row in counts.items()})
    before = after = pack.plan("zones").plan
    for unit, zone in to.items():
        after = after.move([UNITS[unit]], to=zone or None)
    return pack, ledger(before, after, pack)


@settings(max_examples=100)
@given(small_counts, moves)
def test_nobody_works_a_hidden_way_of_referrals_out(
    small: Pack, counts: list[int], to: dict[int, str]
) -> None:
    pack, book = random_redraw(small, to, referrals=counts)
    left = attack(pack, book, REFERRALS, (REFERRALS,))
    assert set(left) <= given_away_before(pack, book, REFERRALS, (REFERRALS,))


@settings(max_examples=60)
@given(small_counts, small_counts, moves)
def test_nobody_works_a_hidden_way_of_cases_out_by_kinds_and_zones(
    small: Pack, cin: list[int], cp: list[int], to: dict[int, str]
) -> None:
    pack, book = random_redraw(small, to, open_cin=cin, open_cp=cp)
    assume(zones_are_safe(pack, book, OPEN_CASES, KINDS))
    left = attack(pack, book, OPEN_CASES, KINDS)
    assert set(left) <= given_away_before(pack, book, OPEN_CASES, KINDS)


def test_the_attack_bites_where_tables_are_suppressed_one_by_one(small: Pack) -> None:
    """Or it would prove nothing: zones before and after give small moves back by subtraction."""
    rng, bitten = np.random.default_rng(5), 0
    for _ in range(40):
        counts = rng.choice([0, 1, 3, 4, 6, 8, 12, 20], 9).tolist()
        to = {int(unit): str(rng.choice(ZONES)) for unit in rng.choice(9, 2, replace=False)}
        pack, book = random_redraw(small, to, referrals=counts)
        attacker = attacker_before(pack, book, REFERRALS, (REFERRALS,))
        after, measures = book.found.after, pack.measures
        figures = protected_zones(
            aggregate(after, measures), REFERRALS, measures, POLICIES["dfe"], plan=after
        )
        areas = [[pair for pair in attacker.pairs if pair[1] == zone] for zone in after.zones]
        attacker.sees_suppressed(REFERRALS, [*areas, attacker.pairs], figures)
        bitten += bool(attacker.finds())
    assert bitten >= 10


@pytest.mark.parametrize("moved", [1, 4])
def test_no_small_count_is_shown_in_a_real_pack(dorset: Pack, moved: int) -> None:
    plan = dorset.plan("zones").plan
    rng = np.random.default_rng(moved)
    after = plan
    for unit in rng.choice(plan.units, moved, replace=False):
        after = after.move([str(unit)], to=str(rng.choice(plan.zones)))
    table = ways_table(ledger(plan, after, dorset), dorset, fte=np.full(len(plan.zones), 10.0))
    for key in ("referrals", "open_cases", "open_cin", "open_cp", "open_cla"):
        values = table.column(key).values
        assert not ((values >= 1) & (values <= 5)).any()


def test_a_download_with_a_small_move_is_refused_or_withheld(small: Pack) -> None:
    pack = with_counts(small, **SMALL_MOVE)
    book = book_of(pack, u3="Middle")
    tables = (ways_table(book, pack), zones_table(book, pack, what="team area", km=None))
    leave = prepare(tables, Register(), who="planner", when="now", name="Handover")
    assert not leave.safe


def test_a_download_of_large_moves_leaves(small: Pack) -> None:
    pack = with_counts(small, **LARGE)
    book = book_of(pack, u3="Middle", u4="South")
    tables = (ways_table(book, pack), zones_table(book, pack, what="team area", km=None))
    leave = prepare(tables, Register(), who="planner", when="now", name="Handover")
    assert leave.safe
