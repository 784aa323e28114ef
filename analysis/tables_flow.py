"""What may be told of caseload over time: tables, sentences and warnings.

A month later most cases are still open, and how they go on is known. So whoever sees the expected
cases of month 1 can work the start out, and by way of the stages one kind from another. What is
hidden at the start is therefore hidden in every month, kind, and way of moving cases: a zone, or
all together, of which any count is suppressed under the old lines or the new has no figure at all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from analysis.aggregate import NO_ZONE, aggregate
from analysis.caseload import OPEN_CASES, with_open_cases
from analysis.disclosure import POLICIES, Policy, cell_text
from analysis.flow import ACCOUNTS, Account, Course, Flow, Imbalance
from analysis.flow_stages import ENDS, NO_CASE, REFERRALS, STARTS, Seeded, Stages
from analysis.protected import protected_zones
from analysis.scenario import Evaluation
from analysis.table import Array, Basis, Column, Part, Table, TextColumn
from analysis.tables import TOTAL, zone_table, zone_word
from geo.errors import MOST_NAMED, named
from geo.plan import Plan
from layers.measures import Measures
from layers.pack import Pack
from layers.status import Status

LOAD = "load"
"""Weighted cases per available FTE, among the figures that a flow has."""

NO_STAFF = "no staff recorded"

ACCOUNT_NAMES: Mapping[Account, str] = {
    "today": "Today's lines",
    "transfer": "Open cases transfer at once",
    "stay": "Open cases stay, new ones move",
}

SEEDED_NAMES: Mapping[Seeded, str] = {
    "ends": "open cases over cases that end in a year",
    "starts": "open cases over cases that start in a year",
    "balance": "as long as all referrals, or later stages, need for balance",
    "assumed": "an assumption of the tool",
}

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Told:
    """What may be told of a flow.

    Parameters
    ----------
    flow
        As simulated; never shown but through this.
    before, after
        What it leads from and to.
    hidden
        The teams, with all together last, of which nothing may be told, shape (teams + 1,).
    load_hidden
        Whether FTE, which follows cases, would give cases away.
    """

    flow: Flow
    pack: Pack
    before: Evaluation
    after: Evaluation
    hidden: Mask
    load_hidden: bool

    @property
    def policy(self) -> Policy:
        """The authority's rule."""
        return POLICIES[self.pack.authority.disclosure]

    @cached_property
    def rows(self) -> tuple[int, ...]:
        """The teams that are shown: zones of either plan, no zone where it is used, then all."""
        loose = bool(self.before.plan.unassigned or self.after.plan.unassigned)
        count = len(self.flow.teams)
        return (*range(count - 1), *([count - 1] if loose else []), count)

    def rows_of(self, account: Account) -> tuple[int, ...]:
        """List those of `rows` that have anything to do with an account."""
        return tuple(row for row in self.rows if self._there(account, row))

    def name(self, row: int) -> str:
        """Name a team, or all together."""
        return (*self.flow.teams, TOTAL)[row]

    def title(self, what: str) -> str:
        """Name a figure."""
        if what in (OPEN_CASES, LOAD):
            return "All open cases" if what == OPEN_CASES else "Load"
        return next(seed.title for seed in self.flow.stages.seeds if seed.kind == what)

    def unit(self, what: str) -> str:
        """Say what a figure is in."""
        return "weighted, per FTE" if what == LOAD else "children"

    def status(self, account: Account, what: str, row: int) -> Status:
        """Say whether a figure of a team may be told, and whether there is one."""
        if not self._there(account, row):
            return Status.NOT_APPLICABLE
        if self.hidden[row] or (what == LOAD and self.load_hidden):
            return Status.SUPPRESSED
        if np.isnan(self._course(account, what).mean[0, row]):
            return Status.MISSING
        return Status.ROUNDED if self.policy.round_to > 1 else Status.OK

    def course(self, account: Account, what: str, row: int) -> Course:
        """Give a figure of one team, each of its parts shape (months + 1,); NaN if not told."""
        found = self._course(account, what)
        parts = (side[:, row] for side in (found.mean, found.median, found.low, found.high))
        if self.status(account, what, row) >= Status.NOT_APPLICABLE:
            return Course(*(np.full(len(side), np.nan) for side in parts))
        base = 1 if what == LOAD else self.policy.round_to
        return Course(*(np.round(side / base) * base if base > 1 else side for side in parts))

    def exceeding(self, account: Account, load: float, row: int) -> float:
        """Give the share of futures in which a team's load is above `load` at the end."""
        if self.status(account, LOAD, row) >= Status.NOT_APPLICABLE:
            return float("nan")
        return float(self.flow.exceeding(account, load)[-1, row])

    def _course(self, account: Account, what: str) -> Course:
        return self.flow.load(account) if what == LOAD else self.flow.course(account, what)

    def _there(self, account: Account, row: int) -> bool:
        """Say whether a team has anything to do with an account: zones of one plan only do not."""
        plans = {
            "today": (self.before.plan,),
            "transfer": (self.after.plan,),
            "stay": (self.before.plan, self.after.plan),
        }[account]
        if row >= len(self.flow.teams):
            return True
        name = self.flow.teams[row]
        if name == NO_ZONE and row == len(self.flow.teams) - 1:
            return any(plan.unassigned for plan in plans)
        return any(name in plan.zones for plan in plans)


def told(flow: Flow, pack: Pack, *, before: Evaluation, after: Evaluation) -> Told:
    """Say what may be told of a flow.

    A zone of which a kind of case, their sum or the referrals are suppressed, by the old lines or
    by the new, is hidden altogether; so is the sum over all zones where any of its counts is.

    Parameters
    ----------
    flow
        Of the plans of `before` and `after`.
    """
    policy, measures = POLICIES[pack.authority.disclosure], with_open_cases(pack.measures)
    hidden = np.zeros(len(flow.teams) + 1, dtype=np.bool_)
    for plan in (before.plan, after.plan):
        hidden |= _hidden(flow, plan, measures, policy)
        if stages_hidden(flow.stages, plan, pack):
            hidden[:] = True
    return Told(flow, pack, before, after, hidden, _fte_hidden(before, after, pack))


def stages_hidden(stages: Stages, plan: Plan, pack: Pack) -> bool:
    """Say whether a count of the whole authority is suppressed that how cases go on follows from.

    Parameters
    ----------
    plan
        Beside whose zones the counts are shown.
    """
    measures, policy = with_open_cases(pack.measures), POLICIES[pack.authority.disclosure]
    flows = [keys.get(kind, "") for keys in (STARTS, ENDS) for kind in stages.kinds]
    totals = aggregate(plan, measures)
    shown = [
        protected_zones(totals, key, measures, policy, plan=plan)
        for key in (REFERRALS, NO_CASE, *stages.kinds, *flows)
        if measures.has(key)
    ]
    return any(one.status[-1] == Status.SUPPRESSED for one in shown)


def fte_of(before: Evaluation, after: Evaluation) -> dict[Account, dict[str, float]]:
    """Give available FTE by account and zone.

    Staff that follow their cases do so where cases transfer. Where open cases stay with their
    team, so do staff; a new zone then has the staff that the planner gave it, if any.
    """
    was, now = (
        dict(zip(side.plan.zones, side.facts.available.tolist(), strict=True))
        for side in (before, after)
    )
    given = after.facts.assumptions.fte
    if after.facts.staff == "follows":
        now_there = {zone: given.get(zone, np.nan) for zone in now} | was
    else:
        now_there = was | now
    return {"today": was, "transfer": now, "stay": now_there}


def flow_table(
    said: Told,
    what: str,
    account: Account,
    *,
    months: Sequence[int] = (0, 12, 24),
    limit: float | None = None,
) -> Table:
    """Tell a figure zone by zone at some months: mean, median, and where 9 futures of 10 lie.

    Parameters
    ----------
    what
        A kind of case, `OPEN_CASES` or `LOAD`.
    account
        By which lines, and what open cases do.
    months
        The start is month 0: it is known, so it has no interval.
    limit
        A load; a column says in how many futures that of a zone is above it at the end.
    """
    rows = said.rows_of(account)
    columns = [column for month in months for column in _at_month(said, what, account, month)]
    if limit is not None:
        columns.append(_exceeding(said, account, limit))
    texts: tuple[TextColumn, ...] = ()
    if what == LOAD:
        words = tuple(_staff(said, account, row) for row in rows)
        texts = (TextColumn("staff", "Staff", words, of=()),)
    names = tuple(said.name(row) for row in rows)
    return _table(said, "Zone", names, columns, texts, basis=_basis(said, what), totals=1)


def month_table(said: Told, what: str, row: int) -> Table:
    """Tell a figure of one team month by month, by all accounts side by side.

    It is a closer view of `flow_table`, and does not leave.

    Parameters
    ----------
    row
        The team, or all together, as `Told.rows` has it.
    """
    columns = []
    for account in ACCOUNTS:
        found = said.course(account, what, row)
        status = np.full(said.flow.months + 1, said.status(account, what, row), dtype=np.int8)
        for key, title, values in _sides(found):
            columns.append(
                Column(f"{account}_{key}", title, said.unit(what), _decimals(what), values, status,
                       group=ACCOUNT_NAMES[account])
            )  # fmt: skip
    names = tuple(f"{month}" for month in range(said.flow.months + 1))
    return _table(said, "Month", names, columns, ())


def seeds_table(said: Told) -> Table:
    """Tell what the futures were drawn from: starts, months open, and where these come from."""
    stages = said.flow.stages
    shown = np.int8(Status.SUPPRESSED if said.hidden[-1] else Status.OK)
    count = len(stages.seeds)
    status = np.full(count, shown, dtype=np.int8)
    stock = np.array([seed.open_now for seed in stages.seeds])
    steady = stages.steady(stages.referrals)[0]

    def column(key: str, title: str, unit: str, decimals: int, values: Array) -> Column:
        base = said.policy.round_to if decimals == 0 else 1
        near = np.round(values / base) * base
        kept = np.where(status >= Status.NOT_APPLICABLE, np.nan, near if base > 1 else values)
        return Column(key, title, unit, decimals, kept, status)

    columns = [
        column("open", "Open now", "children", 0, stock),
        column("starts", "Start in a year", "cases", 0, stages.starts),
        column("months", "Stay open", "months, mean", 1, stages.months_open),
        column("steady", "Open once level", "children", 0, steady),
    ]
    words = tuple(
        SEEDED_NAMES[seed.seeded] if np.isclose(months, seed.months) else "set by the planner"
        for seed, months in zip(stages.seeds, stages.months_open, strict=True)
    )
    texts = (
        TextColumn("from", "Months come from", words),
        TextColumn(
            "starts_from",
            "Starts come from",
            tuple("counted" if seed.starts_counted else "balance" for seed in stages.seeds),
        ),
    )
    return _table(said, "Kind", tuple(seed.title for seed in stages.seeds), columns, texts)


def shares_sentence(said: Told) -> str:
    """Say in words how cases go on."""
    stages = said.flow.stages
    if said.hidden[-1]:
        return "How many referrals become cases, and how these go on, would give counts away."
    first = stages.seeds[0].title
    parts = [f"Of 100 referrals {100 * stages.case_share:.0f} become cases ({first})"]
    for at, seed in enumerate(stages.seeds):
        for to in range(at + 1, len(stages.seeds)):
            share = stages.onward[at, to]
            if share > 0:
                parts.append(
                    f"of 100 that leave '{seed.title}' {100 * share:.0f} go on to "
                    f"'{stages.seeds[to].title}'"
                )
    return "; ".join(parts) + "; the others are closed."


def balance_warnings(said: Told) -> tuple[str, ...]:
    """Say where the start is not in balance, by how much, and where it drifts.

    One sentence or two a kind: all zones together, then zones, those that only the redraw puts
    out of balance last. What may not be told is left out.
    """
    everyone, kinds = len(said.flow.teams), said.flow.stages.kinds
    shown = [
        one
        for one in said.flow.imbalances
        if said.status(one.account, one.kind, one.team) <= Status.ROUNDED
    ]
    found = []
    for kind in kinds:
        whole = [one for one in shown if one.kind == kind and one.team == everyone]
        zones = {one.team: one for one in reversed(shown) if one.kind == kind}
        zones.pop(everyone, None)
        if whole:
            found.append(f"{said.title(kind)}: {_drift(said, whole[0])}")
        if zones:
            listed = _listed([_zone_drift(said, one) for one in reversed(zones.values())])
            found.append(
                f"{said.title(kind)}, further from balance than chance explains: {listed}. "
                f"What follows there comes of the start as well as of the lines."
            )
    return tuple(found)


def _listed(parts: Sequence[str]) -> str:
    """Name up to three, as errors do, but whole: they hold figures."""
    rest = len(parts) - MOST_NAMED
    return ", ".join(parts[:MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _drift(said: Told, one: Imbalance) -> str:
    now, steady, ahead = (_whole(said, x) for x in (one.now, one.steady, one.ahead))
    return (
        f"{now} are open in all zones together. With as many referrals as arrive, and cases open "
        f"for as long as is assumed, it would be {steady}, and chance does not explain that. "
        f"Expect {ahead} in month {said.flow.months}, wherever the lines run. Are the months open "
        "right?"
    )


def _zone_drift(said: Told, one: Imbalance) -> str:
    now, steady, ahead = (_whole(said, x) for x in (one.now, one.steady, one.ahead))
    lines = " by the redraw's lines" if one.account == "transfer" else ""
    return (
        f"{said.name(one.team)}{lines} ({now} open, level at {steady}, {ahead} in month "
        f"{said.flow.months})"
    )


def changed_rows(said: Told) -> tuple[int, ...]:
    """List the teams whose lines the redraw changes, in order; all together is none of them."""
    was, now = said.before.plan, said.after.plan
    moved = now.moved_from(was)
    names = {plan.zone_of(unit) or NO_ZONE for plan in (was, now) for unit in moved}
    return tuple(row for row in said.rows[:-1] if said.name(row) in names)


def sentences(said: Told, what: str, *, rows: Sequence[int] | None = None) -> tuple[str, ...]:
    """Say a figure of every team in a plain sentence, now and at the end, both ways.

    Zones whose lines do not change have one figure; zones of which nothing may be told are named
    together in the last sentence.

    Parameters
    ----------
    rows
        Of `Told.rows`; all of them by default.
    """
    found, without = [], []
    for row in said.rows if rows is None else rows:
        if not any(said.status(way, what, row) <= Status.ROUNDED for way in ACCOUNTS):
            there = any(said.status(way, what, row) != Status.NOT_APPLICABLE for way in ACCOUNTS)
            without += [said.name(row)] if there else []
            continue
        found.append(f"{said.name(row)}: {_sentence(said, what, row)}")
    if without:
        found.append(f"No figure may be shown, or is known, of {named(without)}.")
    return tuple(found)


def _sentence(said: Told, what: str, row: int) -> str:
    noun = "weighted cases per FTE" if what == LOAD else said.title(what).lower()
    noun = "open cases" if what == OPEN_CASES else noun
    known = [way for way in ACCOUNTS if said.status(way, what, row) <= Status.ROUNDED]
    ways = {way: said.course(way, what, row) for way in known}
    start = "not there today"
    if "today" in ways:
        start = f"{_figure(what, ways['today'].mean[0])} {noun} now"
    elif said.status("today", what, row) != Status.NOT_APPLICABLE:
        start = "no figure for today"
    first = ways[known[0]]
    if all(_alike(first, course) for course in ways.values()) and "today" in ways:
        return f"{start}, {_ahead(what, first)} in month {said.flow.months}."
    parts = ", ".join(f"{_ahead(what, ways[way])} {_WAYS[way]}" for way in known)
    return f"{start}; in month {said.flow.months}: {parts}."


_WAYS: Mapping[Account, str] = {
    "today": "by today's lines",
    "transfer": "if open cases transfer",
    "stay": "if they stay",
}


def _alike(one: Course, other: Course) -> bool:
    return bool(np.allclose(one.mean, other.mean) and np.allclose(one.high, other.high))


def _ahead(what: str, course: Course) -> str:
    low, high = _figure(what, course.low[-1]), _figure(what, course.high[-1])
    return f"{_figure(what, course.mean[-1])} ({low}–{high})"


def _figure(what: str, value: float) -> str:
    return cell_text(float(value), Status.OK, decimals=_decimals(what))


def _whole(said: Told, value: float) -> str:
    base = said.policy.round_to
    return cell_text(round(value / base) * base, Status.OK)


def _decimals(what: str) -> int:
    return 1 if what == LOAD else 0


def _hidden(flow: Flow, plan: Plan, measures: Measures, policy: Policy) -> Mask:
    """Find the teams of one plan of which a count is suppressed; all together come last."""
    keys = (*flow.stages.kinds, OPEN_CASES, REFERRALS)
    totals = aggregate(plan, measures)
    hidden = np.zeros(len(flow.teams) + 1, dtype=np.bool_)
    loose = [len(flow.teams) - 1] if plan.unassigned else []
    rows = [*(flow.teams.index(zone) for zone in plan.zones), *loose, len(flow.teams)]
    for key in keys:
        shown = protected_zones(totals, key, measures, policy, plan=plan)
        hidden[rows] |= shown.status == Status.SUPPRESSED
    return hidden


def _fte_hidden(before: Evaluation, after: Evaluation, pack: Pack) -> bool:
    """Say whether FTE that follows cases tells of cases that are suppressed."""
    if after.facts.staff == "stays" and before.facts.staff == "stays":
        return False
    column = zone_table(after, pack).column("fte")
    return bool((column.status == Status.SUPPRESSED).any())


def _at_month(said: Told, what: str, account: Account, month: int) -> list[Column]:
    """Make the columns of one month; all are known at the start."""
    courses = [said.course(account, what, row) for row in said.rows_of(account)]
    status = np.array(
        [said.status(account, what, row) for row in said.rows_of(account)], dtype=np.int8
    )
    group = f"Month {month}" if month else "Now"
    columns = []
    for at, (key, title, _) in enumerate(_sides(courses[0])):
        values = np.array([_sides(course)[at][2][month] for course in courses])
        columns.append(
            Column(f"{_key(what)}_{month}_{key}", title, said.unit(what), _decimals(what), values,
                   status, group=group, of=_of(said))
        )  # fmt: skip
    return columns[:1] if month == 0 else columns


def _staff(said: Told, account: Account, row: int) -> str:
    """Say where a load lacks its staff; all together lack it where any zone does."""
    if said.flow.fte[account][row] > 0:
        return ""
    return NO_STAFF if row < len(said.flow.teams) else "not recorded everywhere"


def _exceeding(said: Told, account: Account, limit: float) -> Column:
    values = np.array([100 * said.exceeding(account, limit, row) for row in said.rows_of(account)])
    status = np.array(
        [said.status(account, LOAD, row) for row in said.rows_of(account)], dtype=np.int8
    )
    title = f"Load above {limit:g}"
    return Column("load_exceeding", title, "% of futures", 0, values, status,
                  group=f"Month {said.flow.months}", of=_of(said))  # fmt: skip


def _sides(course: Course) -> tuple[tuple[str, str, Array], ...]:
    return (
        ("mean", "Mean", course.mean),
        ("low", "5 % below", course.low),
        ("median", "Median", course.median),
        ("high", "5 % above", course.high),
    )


def _key(what: str) -> str:
    return LOAD if what == LOAD else f"expected_{what}"


def _of(said: Told) -> tuple[str, ...]:
    """Name all counts that any figure is worked out from: each can be told by each."""
    return (*said.flow.stages.kinds, OPEN_CASES, REFERRALS)


def _basis(said: Told, what: str) -> Basis:
    """Say that a table tells the counts of the zones by the old lines and by the new."""
    plans = dict.fromkeys((said.before.plan, said.after.plan))
    parts = [Part(plan, _of(said)) for plan in plans]
    if what == LOAD and said.after.facts.staff == "follows":
        follows = zone_table(said.after, said.pack).basis
        parts += [part for part in follows.parts if part.spare] if follows else []
    return Basis.of_pack(said.pack, *parts)


def _table(
    said: Told,
    what: str,
    names: tuple[str, ...],
    columns: Sequence[Column],
    texts: tuple[TextColumn, ...],
    *,
    basis: Basis | None = None,
    totals: int = 0,
) -> Table:
    measures = said.pack.measures
    sources = [measures.measure(key).source for key in (*said.flow.stages.kinds, REFERRALS)]
    word = zone_word(said.pack, said.before.facts.baseline)
    return Table(
        what=word if what == "Zone" else what,
        names=names,
        columns=tuple(columns),
        symbol=said.policy.symbol,
        standing=said.pack.standing,
        source=f"Simulated from {'; '.join(dict.fromkeys(sources))}",
        texts=texts,
        totals=totals,
        basis=basis,
    )
