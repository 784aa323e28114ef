"""Tables of the handover ledger: what goes each way between zones, suppressed last.

Who changes zone is a table of pairs, and the zones before and after are its two sums: what a pair
holds follows from them by subtraction. So ways, what stays and the zones after are protected
together, beside the zones of today as they are shown everywhere. The kinds of open case are
protected together with their sum too.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from analysis.aggregate import NO_ZONE, aggregate
from analysis.capacity import kinds_of
from analysis.caseload import OPEN_CASES, with_open_cases
from analysis.disclosure import POLICIES, Policy, Suppressed
from analysis.handover import STAY, Handover, fte_along, handover, mean_km
from analysis.protected import protected_zones
from analysis.protection import (
    Known,
    Offer,
    offer_of,
    small_counts,
    width_of,
    widths,
    withhold_until_safe,
)
from analysis.table import Array, Basis, Column, Part, Statuses, Table
from analysis.tables import TOTAL, sources_of
from geo.plan import Plan
from layers.measures import Measure, Measures
from layers.pack import Pack
from layers.status import Status

Mask = npt.NDArray[np.bool_]
Sum = tuple[str, str]
"""A measure, and the row that it is told in."""

REFERRALS = "referrals"
MOVE = "Change zone"

_LOSS = {"way": 1.0, "stay": 2.0, "none": 2.0, "move": 4.0, "after": 3.0}
"""What withholding each kind of row costs: planners steer by zones and by who changes zone."""

_LOSS_OF_A_KIND = 0.6

MOST_AT_ONCE = 100
"""Up to so many numbers, sets x unknowns, the least to withhold is found for all sets at once."""


@dataclass(frozen=True, eq=False)
class Told:
    """Counts of one measure as they may be shown beside each other.

    Parameters
    ----------
    ways
        Per way.
    moved, stayed, outside, everything
        Of what changes zone, what stays in it, what is in no zone before and after, and all: one
        each.
    after
        Per zone of the later plan, then in no zone if any is, then all. Of a kind of open case
        none are told, and it is empty.
    """

    ways: Suppressed
    moved: Suppressed
    stayed: Suppressed
    outside: Suppressed
    everything: Suppressed
    after: Suppressed


@dataclass(frozen=True, eq=False)
class Ledger:
    """A redraw, and what may be shown of it: one `Told` for each measure."""

    found: Handover
    told: Mapping[str, Told]

    @property
    def keys(self) -> tuple[str, ...]:
        """The measures that are told, in the order they are shown."""
        return tuple(self.told)

    def moved(self, key: str) -> float | None:
        """Give what changes zone of a measure; None where it is hidden, NaN where not known."""
        if key not in self.told:
            return float("nan")
        shown = self.told[key].moved
        hidden = shown.status[0] == Status.SUPPRESSED
        return None if hidden else float(shown.values[0])


def ledger(before: Plan, after: Plan, pack: Pack) -> Ledger:
    """Follow a redraw, and say what may be shown of it.

    Parameters
    ----------
    before, after
        Plans of the pack's units. The zones of `before` are taken to be shown, as they are on other
        pages.
    """
    measures, policy = with_open_cases(pack.measures), POLICIES[pack.authority.disclosure]
    found = handover(before, after, measures)
    kinds = kinds_of(measures) or (OPEN_CASES,)
    wanted = [("children", ("children",)), (REFERRALS, (REFERRALS,)), (OPEN_CASES, kinds)]
    told: dict[str, Told] = {}
    for whole, parts in wanted:
        if measures.has(whole, *parts):
            told |= _told_together(found, parts, whole, measures, policy)
    return Ledger(found, told)


def ways_table(book: Ledger, pack: Pack, *, fte: Array | None = None) -> Table:
    """Tell what goes each way: small areas, children, referrals, open cases by kind, FTE.

    Then, as totals, what changes zone, what stays, what is in no zone, and all: the first three add
    up to the last.

    Parameters
    ----------
    fte
        Recorded FTE per zone of the earlier plan, where staff follow their cases. FTE is then in
        proportion to open cases, and hidden with them. None where staff stay: no FTE changes zone.
    """
    measures = with_open_cases(pack.measures)
    columns = [_areas(book.found)]
    for key in book.keys:
        measure, told = measures.measure(key), book.told[key]
        shown = _end_to_end(
            told.ways, told.moved, told.stayed, *_if_any(book.found, told.outside), told.everything
        )
        of = (key,) if measure.sensitive else ()
        unit = f"{measure.counts}, {measure.period}"
        columns.append(Column(key, measure.title, unit, 0, shown.values, shown.status, of=of))
    columns += [] if fte is None else [_fte_column(book, fte, pack)]
    loose = (NO_ZONE,) if book.found.plan.unassigned else ()
    return Table(
        what="From and to",
        names=(*book.found.plan.zones[:-1], MOVE, STAY, *loose, TOTAL),
        columns=tuple(columns),
        symbol=POLICIES[pack.authority.disclosure].symbol,
        standing=pack.standing,
        source=sources_of(measures, book.keys),
        totals=3 + len(loose),
        basis=Basis.of_pack(pack, *_ways_parts(book, with_fte=fte is not None)),
    )


def zones_table(book: Ledger, pack: Pack, *, what: str, km: tuple[Array, Array] | None) -> Table:
    """Tell each zone before and after: children as a ledger, open cases, the way to its base.

    Children before, less those who leave, and those who arrive, are the children after.

    Parameters
    ----------
    what
        The authority's word for a zone.
    km
        Each unit's way to its base before and after (`analysis.handover.base_km`), averaged over
        children; None where there are no sites.
    """
    found, measures = book.found, with_open_cases(pack.measures)
    rows = _Rows(found)
    columns = _children_columns(rows, measures)
    cases = [key for key in (OPEN_CASES,) if key in book.told]
    for key in cases:
        columns += _case_columns(rows, key, book.told[key], pack)
    columns += [] if km is None else _km_columns(rows, measures, km)
    return Table(
        what=what,
        names=rows.names,
        columns=tuple(columns),
        symbol=POLICIES[pack.authority.disclosure].symbol,
        standing=pack.standing,
        source=sources_of(measures, ("children", *cases)),
        totals=1,
        basis=Basis.of_pack(
            pack, *(Part(plan, tuple(cases)) for plan in (found.before, found.after) if cases)
        ),
    )


# What may be told


def _told_together(
    found: Handover, parts: Sequence[str], whole: str, measures: Measures, policy: Policy
) -> dict[str, Told]:
    """Tell a measure, and the parts that add up to it, over ways, sums and zones."""
    rows = [measures.row(key) for key in parts]
    sensitive = any(measures.measure(key).sensitive for key in (whole, *parts))
    return _protected(
        measures.values[rows].tobytes(),
        measures.status[rows].tobytes(),
        (tuple(parts), whole),
        (found.before, found.after),
        policy if sensitive else None,
    )


@lru_cache(maxsize=64)
def _protected(
    counts: bytes,
    known: bytes,
    keys: tuple[tuple[str, ...], str],
    plans: tuple[Plan, Plan],
    policy: Policy | None,
) -> dict[str, Told]:
    """Work it out once for the same counts and plans: a page asks again when a widget moves.

    No policy stands for counts that are not sensitive.
    """
    parts, whole = keys
    before, after = plans
    shape = (len(parts), len(before.units))
    values = np.frombuffer(counts, dtype=np.float64).reshape(shape)
    status = np.frombuffer(known, dtype=np.int8).reshape(shape)
    described = tuple(
        Measure(key, key, "children", "", "", "official", sensitive=policy is not None)
        for key in (*parts, *(() if whole in parts else (whole,)))
    )
    if whole not in parts:
        values = np.vstack([values, values.sum(axis=0)])
        status = np.vstack([status, status.max(axis=0)])
    measures = Measures(before.units, described, values, status)
    return _Sums(measures, parts, whole, handover(before, after, measures), policy).told()


@dataclass(frozen=True, eq=False)
class _Sums:
    """All sums of pairs of zones that tables tell, and what may be told of them.

    The unknowns are the counts of each part (kind of case) in each pair of zones, those that stay
    among them.
    """

    measures: Measures
    parts: tuple[str, ...]
    whole: str
    found: Handover
    policy: Policy | None

    def told(self) -> dict[str, Told]:
        status = dict(zip(self.sums, self.status.tolist(), strict=True))
        counts = dict(zip(self.sums, self.counts.tolist(), strict=True))
        return {key: self._told(key, counts, status) for key in self.keys}

    def _told(self, key: str, counts: dict[Sum, float], status: dict[Sum, int]) -> Told:
        def shown(names: Iterable[str]) -> Suppressed:
            places = [(key, name) for name in names]
            states = np.array([status[place] for place in places], dtype=np.int8)
            values = np.array([counts[place] for place in places], dtype=np.float64)
            return _as_shown(values, states, self.policy)

        after = [name for of, name in self.sums if of == key and name.startswith("after ")]
        ways = [f"way {at}" for at in range(len(self.found.ways))]
        everything = ["all"] if after else []
        return Told(
            ways=shown(ways),
            moved=shown(["move"]),
            stayed=shown(["stay"]),
            outside=shown(["none"]),
            everything=shown(["all"]),
            after=shown([*after, *everything]),
        )

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The measures, the whole first."""
        return (self.whole, *(part for part in self.parts if part != self.whole))

    @cached_property
    def pairs(self) -> tuple[npt.NDArray[np.intp], int]:
        """The pair of zones of each unit, by number, and how many there are."""
        ends = np.column_stack(
            [_by_name(plan, self.found) for plan in (self.found.before, self.found.after)]
        )
        found, number = np.unique(ends, axis=0, return_inverse=True)
        return number.reshape(-1).astype(np.intp), len(found)

    @cached_property
    def sums(self) -> tuple[Sum, ...]:
        """Every sum that is told here, by measure and row."""
        ways = [f"way {at}" for at in range(len(self.found.ways))]
        sides = [f"after {name}" for name in _after_rows(self.found)[:-1]]
        rows = [*ways, "move", "stay", "none", "all"]
        return tuple(
            (key, name)
            for key in self.keys
            for name in (*rows, *(sides if key == self.whole else []))
        )

    @cached_property
    def areas(self) -> dict[str, Mask]:
        """Which units each row adds up."""
        plan, after = self.found.plan, self.found.after
        ways = len(self.found.ways)
        rows = {f"way {at}": plan.assignment == at for at in range(ways)}
        rows |= {"move": self.found.moved, "stay": plan.assignment == ways}
        rows |= {"none": plan.assignment < 0, "all": np.ones(len(plan.units), dtype=bool)}
        rows |= {f"after {zone}": after.assignment == at for at, zone in enumerate(after.zones)}
        return rows | {f"after {NO_ZONE}": after.assignment < 0}

    @cached_property
    def counts(self) -> Array:
        """What each sum counts, of what is known."""
        known = np.nan_to_num(self.measures.values)
        return np.array(
            [known[self.measures.row(key)][self.areas[name]].sum() for key, name in self.sums]
        )

    @cached_property
    def came(self) -> Statuses:
        """The worst status that anything in each sum came with."""
        status = self.measures.status
        return np.array(
            [
                status[self.measures.row(key)][self.areas[name]].max(initial=Status.OK)
                for key, name in self.sums
            ],
            dtype=np.int8,
        )

    @cached_property
    def status(self) -> Statuses:
        """How each sum may be shown."""
        if self.policy is None:
            return self.came
        status = self._alone(self.policy)
        lacks = self.came >= Status.NOT_APPLICABLE
        states = np.where(lacks, Status.MISSING, status)  # what is not known tells nothing
        rows = np.array([self._weights(key, self.areas[name]) for key, name in self.sums])
        loss = np.where((self.counts > 0) & ~lacks, self._losses(), np.inf)
        offer = offer_of(rows, self.truth, states, policy=self.policy, loss=loss)
        known, sets = self._known(self.policy)
        small = (states == Status.SUPPRESSED) & small_counts(self.counts, self.policy)
        sets = np.unique(np.vstack([sets, rows[small]]), axis=0)
        hidden = _withheld(known, offer, sets, self.policy)
        return np.where(hidden & ~lacks, Status.SUPPRESSED, status).astype(np.int8)

    def _alone(self, policy: Policy) -> Statuses:
        """Say how each sum may be shown when ways, and zones after, are tables by themselves."""
        found = self.found
        states: dict[Sum, int] = {}
        for key in self.keys:
            row = protected_zones(found.totals, key, self.measures, policy, plan=found.plan).status
            ways, stay, *outside, everything = np.split(
                row, [len(found.ways), *range(len(found.ways) + 1, len(row))]
            )
            none = int(outside[0][0]) if outside else int(Status.OK)
            today = self._before(key, policy)[-1]  # all is told there: no more is told here
            everything = np.maximum(everything, today)
            states |= {(key, f"way {at}"): int(one) for at, one in enumerate(ways)}
            ends = {"stay": int(stay[0]), "none": none, "all": int(everything[0])}
            states |= {(key, name): one for name, one in ends.items()}
            # all less what stays and what is in no zone: it may be told where these may
            states[key, "move"] = self._own("move", key, policy, beside=max(ends.values()))
        totals = aggregate(found.after, self.measures)
        row = protected_zones(totals, self.whole, self.measures, policy, plan=found.after).status
        for name, one in zip(_after_rows(found)[:-1], row, strict=False):
            states[self.whole, f"after {name}"] = int(one)
        states[self.whole, "all"] = max(states[self.whole, "all"], int(row[-1]))
        return np.array([states[place] for place in self.sums], dtype=np.int8)

    def _own(self, name: str, key: str, policy: Policy, *, beside: int) -> int:
        at = self.sums.index((key, name))
        if self.came[at] >= Status.NOT_APPLICABLE:
            return int(self.came[at])
        told = beside == Status.SUPPRESSED and self.counts[at] > 0  # a zero is shown
        if told or small_counts(self.counts[at], policy):
            return int(Status.SUPPRESSED)
        return int(Status.ROUNDED if policy.round_to > 1 and self.counts[at] > 0 else Status.OK)

    @cached_property
    def truth(self) -> Array:
        """The count of each part in each pair."""
        number, count = self.pairs
        known = np.nan_to_num(self.measures.values)
        return np.concatenate(
            [
                np.bincount(number, known[self.measures.row(part)], minlength=count)
                for part in self.parts
            ]
        )

    def _weights(self, key: str, units: Mask) -> Array:
        """Weigh the unknowns that a sum adds up."""
        number, count = self.pairs
        inside = np.zeros(count)
        inside[number[units]] = 1.0
        blocks = [inside if key in {part, self.whole} else np.zeros(count) for part in self.parts]
        return np.concatenate(blocks)

    def _losses(self) -> Array:
        share = self.counts / (self.counts.max(initial=0.0) + 1.0)
        cost = np.array(
            [
                (1.0 if key == self.whole else _LOSS_OF_A_KIND)
                * _LOSS.get(name.partition(" ")[0], np.inf)
                for key, name in self.sums
            ]
        )
        return np.asarray(cost + share)

    def _known(self, policy: Policy) -> tuple[Known, Array]:
        """Give what today's zones tell, and the small counts that nobody may work out.

        These are those of each pair, and those of today's zones that are hidden there.
        """
        before = self.found.before
        rows, states = [], []
        areas = [before.assignment == at for at in range(len(before.zones))]
        areas += [before.assignment < 0] if before.unassigned else []
        areas.append(np.ones(len(before.units), dtype=bool))
        for key in self.keys:
            for units, one in zip(areas, self._before(key, policy), strict=True):
                lacks = self._lacks(key, units)
                rows.append(self._weights(key, units))
                states.append(Status.MISSING if lacks else one)
        table = np.array(rows)
        told = offer_of(table, self.truth, states, policy=policy, loss=np.ones(len(table)))
        hidden = (np.array(states) == Status.SUPPRESSED) & small_counts(table @ self.truth, policy)
        number, count = self.pairs
        pairs = [
            self._weights(key, number == pair)
            for key in self.keys
            for pair in range(count)
            if not self._lacks(key, number == pair)
        ]
        cells = np.array(pairs).reshape(len(pairs), table.shape[1])
        small = small_counts(cells @ self.truth, policy)
        known = Known(table, told.least, told.most, self.truth)
        return known, np.vstack([cells[small], table[hidden]])

    def _before(self, key: str, policy: Policy) -> Statuses:
        """Say how a measure is shown of today's zones, wherever they are shown."""
        plan = self.found.before
        totals = aggregate(plan, self.measures)
        return protected_zones(totals, key, self.measures, policy, plan=plan).status

    def _lacks(self, key: str, units: Mask) -> bool:
        status = self.measures.status[self.measures.row(key)][units]
        return bool((status >= Status.NOT_APPLICABLE).any())


def _withheld(known: Known, offer: Offer, sets: Array, policy: Policy) -> Mask:
    """Withhold one set after another until each is safe: withholding more never narrows a range.

    All at once would withhold a little less and takes seconds for a redraw of ten zones.
    """
    if not len(sets):
        return offer.hidden
    if sets.size <= MOST_AT_ONCE:
        sets = sets[None, :]
    else:
        narrow = widths(offer.added_to(known), sets) < width_of(policy)
        sets = sets[narrow][np.argsort(sets[narrow] @ known.truth, kind="stable")][:, None, :]
    for some in sets:
        hidden = withhold_until_safe(known, offer, some, policy=policy)
        if hidden is None:  # nothing less is proven safe: everything that may be withheld is
            return np.asarray(offer.hidden | np.isfinite(offer.loss))
        offer = offer.withheld(hidden)
    return offer.hidden


def _as_shown(values: Array, states: Statuses, policy: Policy | None) -> Suppressed:
    base = 1 if policy is None else policy.round_to
    near = np.where(states == Status.ROUNDED, np.round(values / base) * base, values)
    return Suppressed(np.where(states >= Status.NOT_APPLICABLE, np.nan, near), states)


def _by_name(plan: Plan, found: Handover) -> npt.NDArray[np.intp]:
    """Give each unit's zone a number, the same for both plans where names are the same."""
    names = list(dict.fromkeys((*found.before.zones, *found.after.zones)))
    number = np.array([*(names.index(zone) for zone in plan.zones), -1], dtype=np.intp)
    return np.asarray(number[plan.assignment], dtype=np.intp)


def _after_rows(found: Handover) -> tuple[str, ...]:
    """Name the rows of a table of the later plan."""
    loose = (NO_ZONE,) if found.after.unassigned else ()
    return (*found.after.zones, *loose, TOTAL)


# Columns


def _areas(found: Handover) -> Column:
    sizes = found.plan.sizes.astype(np.float64)
    loose = [float(len(found.plan.unassigned))] if found.plan.unassigned else []
    values = np.array([*sizes[:-1], sizes[:-1].sum(), sizes[-1], *loose, len(found.plan.units)])
    return _plain("units", "Small areas", "areas", 0, values)


def _fte_column(book: Ledger, fte: Array, pack: Pack) -> Column:
    """Tell the FTE of each way, hidden where the cases that it follows are hidden."""
    found, measures = book.found, with_open_cases(pack.measures)
    policy = POLICIES[pack.authority.disclosure]
    cases = (
        measures.counts(OPEN_CASES)
        if measures.has(OPEN_CASES)
        else np.full(len(found.before.units), np.nan)
    )
    along = fte_along(found, cases, fte)
    all_fte = float(np.nansum(fte)) if (~np.isnan(fte)).any() else float("nan")
    moved = float(along.sum())
    loose = [0.0] if found.plan.unassigned else []
    values = np.array([*along, moved, all_fte - moved, *loose, all_fte])
    status = np.where(np.isnan(values), Status.MISSING, Status.OK).astype(np.int8)
    if OPEN_CASES in book.told:
        ways = len(found.ways)
        hidden = book.told[OPEN_CASES].ways.status == Status.SUPPRESSED
        zones = protected_zones(
            aggregate(found.before, measures), OPEN_CASES, measures, policy, plan=found.before
        ).status
        for at, way in enumerate(found.ways):
            start = -1 if way.start is None else found.before.zone_position(way.start)
            hidden = hidden | ((np.arange(ways) == at) & (zones[start] == Status.SUPPRESSED))
        # the sums would give a hidden way back
        masked = np.array([*hidden, *[bool(hidden.any())] * 2, *[False] * (len(loose) + 1)])
        status[masked] = Status.SUPPRESSED
    values = np.where(status >= Status.NOT_APPLICABLE, np.nan, values)
    return Column("fte", "Staff", "FTE that follow", 1, values, status, of=(OPEN_CASES,))


@dataclass(frozen=True, eq=False)
class _Rows:
    """The zones of both plans as rows, then in no zone if any is, then all."""

    found: Handover

    @cached_property
    def zones(self) -> tuple[str, ...]:
        found = self.found
        loose = (NO_ZONE,) if found.before.unassigned or found.after.unassigned else ()
        return (*dict.fromkeys((*found.before.zones, *found.after.zones)), *loose)

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.zones, TOTAL)

    def units(self, plan: Plan) -> list[Mask]:
        """Which units each row holds in a plan."""
        at = {zone: plan.assignment == i for i, zone in enumerate(plan.zones)}
        at[NO_ZONE] = plan.assignment < 0
        nothing = np.zeros(len(plan.units), dtype=bool)
        return [*(at.get(zone, nothing) for zone in self.zones), ~nothing]

    def absent(self, plan: Plan) -> Mask:
        """Which rows are no zone of a plan."""
        return np.array(
            [zone not in {*plan.zones, NO_ZONE} for zone in self.zones] + [False], dtype=bool
        )


def _children_columns(rows: _Rows, measures: Measures) -> list[Column]:
    counts, moved = measures.counts("children"), rows.found.moved
    before, after = rows.units(rows.found.before), rows.units(rows.found.after)
    sums = (
        ("children_before", "before", [counts[at].sum() for at in before]),
        ("children_leave", "leave", [counts[at & moved].sum() for at in before]),
        ("children_arrive", "arrive", [counts[at & moved].sum() for at in after]),
        ("children_after", "after", [counts[at].sum() for at in after]),
    )
    group = f"Children aged 0-17, {measures.measure('children').period}"
    return [_plain(key, title, "", 0, np.array(v), group=group) for key, title, v in sums]


def _case_columns(rows: _Rows, key: str, told: Told, pack: Pack) -> list[Column]:
    found, measures = rows.found, with_open_cases(pack.measures)
    policy = POLICIES[pack.authority.disclosure]
    before = protected_zones(
        aggregate(found.before, measures), key, measures, policy, plan=found.before
    )
    loose = (NO_ZONE,) if found.before.unassigned else ()
    sides = (
        ("before", (*found.before.zones, *loose, TOTAL), before),
        ("after", _after_rows(found), told.after),
    )
    measure = measures.measure(key)
    group = f"{measure.title}, {measure.counts}"
    columns = []
    for when, names, shown in sides:
        at = [names.index(name) if name in names else -1 for name in rows.names]
        values = np.append(shown.values, np.nan)[at]
        status = np.append(shown.status, np.int8(Status.NOT_APPLICABLE))[at]
        columns.append(Column(f"{key}_{when}", when, "", 0, values, status, group=group, of=(key,)))
    return columns


def _km_columns(rows: _Rows, measures: Measures, km: tuple[Array, Array]) -> list[Column]:
    children = measures.counts("children")
    both = ~np.isnan(km[0]) & ~np.isnan(km[1])
    columns = []
    plans = (rows.found.before, rows.found.after)
    for when, plan, way in zip(("before", "after"), plans, km, strict=True):
        areas = rows.units(plan)
        # the mean of all compares like with like: children whose way is known on both sides
        values = [mean_km(way, children, at) for at in areas[:-1]]
        values.append(mean_km(way, children, both))
        columns.append(
            _plain(
                f"km_{when}", when, "km", 1, np.array(values), group="Mean way to base",
                absent=rows.absent(plan),
            )
        )  # fmt: skip
    return columns


def _plain(
    key: str,
    title: str,
    unit: str,
    decimals: int,
    values: Array,
    *,
    group: str = "",
    absent: Mask | None = None,
) -> Column:
    """Make a column of figures that are not sensitive; rows that are `absent` do not apply."""
    status = np.where(np.isnan(values), Status.MISSING, Status.OK).astype(np.int8)
    if absent is not None:
        status[absent] = Status.NOT_APPLICABLE
        values = np.where(absent, np.nan, values)
    return Column(key, title, unit, decimals, values, status, group=group, of=())


def _if_any(found: Handover, outside: Suppressed) -> tuple[Suppressed, ...]:
    return (outside,) if found.plan.unassigned else ()


def _end_to_end(*parts: Suppressed) -> Suppressed:
    return Suppressed(
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.status for part in parts]),
    )


def _ways_parts(book: Ledger, *, with_fte: bool) -> tuple[Part, ...]:
    """Say what the table of ways tells; FTE beside open cases tells those of today's zones too."""
    ways = Part(book.found.plan, book.keys)
    if not (with_fte and OPEN_CASES in book.told):
        return (ways,)
    zones = Part(book.found.before, (OPEN_CASES,), columns=("fte",), spare=True)
    return (ways, zones)
