"""Tables of staff and lines: the ways to level loads side by side, and what each costs.

What follows from weighted cases is hidden where these are hidden in any zone. Staff are levelled
from loads, so a staffing tells them: it is not worked out at all then. All is worked out from cases
as the tables of zones show them, so that a rule that rounds them is kept as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from analysis.capacity import WEIGHTED_CASES, available_fte, recorded_fte
from analysis.caseload import OPEN_CASES
from analysis.disclosure import POLICIES, Policy, Suppressed, suppress
from analysis.scenario import Evaluation, Scenario, evaluate
from analysis.scenario import today as baseline_of
from analysis.staff_or_lines import (
    STEP_FTE,
    Load,
    Option,
    OptionKey,
    Transfer,
    cases_left_behind,
    options,
)
from analysis.table import Array, Basis, Column, Part, Table
from analysis.tables import plan_table, zone_table
from geo.errors import named
from geo.plan import Plan
from layers.pack import Pack
from layers.status import Status

TITLES: dict[OptionKey, str] = {
    "today": "As it is today",
    "lines": "Lines: as you drew them",
    "staff_as_lines": "Staff: as level as your lines",
    "staff_level": "Staff: every zone level",
    "mix": "Both: your lines, then staff",
}


@dataclass(frozen=True, eq=False)
class Choices:
    """The ways to level loads of a scenario, and what they may be told by.

    Parameters
    ----------
    today, lines
        Today's lines and the scenario's, both with the staff as recorded.
    ways
        Side by side; only today's where a count is hidden that a staffing would tell.
    tolerance
        Share of the load of all zones that a zone may be away and be level.
    """

    pack: Pack
    today: Evaluation
    lines: Evaluation
    ways: tuple[Option, ...]
    tolerance: float

    @property
    def hidden(self) -> bool:
        """Whether loads are hidden, so that nothing may be said of staffings."""
        return not self.ways

    @property
    def redrawn(self) -> bool:
        """Whether any line is another than today's."""
        return bool(self.lines.plan.moved_from(self.today.plan))

    @cached_property
    def figures(self) -> tuple[Table, Table]:
        """The figures of both plans as they may be shown, today's first."""
        return plan_table(self.today, self.pack), plan_table(self.lines, self.pack)

    @property
    def behind(self) -> tuple[str, ...]:
        """The sensitive counts that loads are made of."""
        return self.figures[0].column("weighted_load_cv").of or ()

    def way(self, key: OptionKey) -> Option:
        """Give the way of that key."""
        return next(way for way in self.ways if way.key == key)

    def transfers(self, key: OptionKey) -> tuple[Transfer, ...]:
        """Say who gives FTE to whom."""
        return self.way(key).staffing.transfers

    @property
    def compares(self) -> bool:
        """Whether staff on today's lines can be set beside the scenario's lines.

        Not if a zone of theirs has no staff, or their spread is not known.
        """
        return any(way.key == "staff_as_lines" for way in self.ways)

    @property
    def drawn(self) -> Load:
        """The loads on the scenario's lines, with staff as recorded."""
        return self.way("lines" if self.redrawn else "today").load

    def open_share(self, zones: Sequence[str]) -> float:
        """Give the share of open cases in zones of the scenario, 0-1; NaN where it is hidden."""
        return _open_share(self.lines, self.pack, zones)

    def fte_to_use(self, key: OptionKey) -> dict[str, float]:
        """Give the FTE per zone that the scenario has to set to be staffed so.

        What the planner set where the pack records none stays. A zone of today's that is gone
        gives its staff, and has no FTE to be set.
        """
        zones = set(self.lines.plan.zones)
        changed = self.way(key).staffing.changed
        set_now = {zone: fte for zone, fte in changed.items() if zone in zones}
        return {**self.lines.facts.assumptions.fte, **set_now}


def filled_gaps(scenario: Scenario, pack: Pack) -> dict[str, float]:
    """Give the FTE that the planner set for today's zones of which the pack records none."""
    return dict(baseline_of(scenario, pack).assumptions.fte)


def with_share(zones: Sequence[str], share: float) -> str:
    """Name zones with their share of open cases, where it is known.

    >>> with_share(["North", "South"], 0.476), with_share(["North"], float("nan"))
    ('North, South (47.6 % of open cases)', 'North')
    """
    return (
        named(zones) if np.isnan(share) else f"{named(zones)} ({100 * share:.1f} % of open cases)"
    )


def staffing_choices(
    scenario: Scenario, pack: Pack, *, tolerance: float, step_fte: float = STEP_FTE
) -> Choices:
    """Work out the ways to level the loads of a scenario.

    Staff stand where they are recorded: neither what the planner set nor what follows its cases is
    counted, or the ways could not be compared. Only where the pack records none for a zone of
    today's, what the planner set fills the gap. A new zone has no staff and can be given some; the
    staff of a zone that is emptied or gone can be given. Case weights and the share of a newly
    qualified worker are those of the scenario.

    Parameters
    ----------
    tolerance
        Share of the load of all zones that a zone may be away and be level, above 0.
    step_fte
        The smallest amount of FTE that moves, above 0.

    Raises
    ------
    PlanError
        When the tolerance or the step is not above 0.
    """
    fair = scenario.assumptions.with_changes(fte=filled_gaps(scenario, pack), staff="stays")
    start = replace(scenario, edits=scenario.renaming, undone=(), assumptions=fair)
    today = evaluate(start, pack)
    lines = evaluate(replace(scenario, assumptions=fair), pack)
    shown = (plan_table(one, pack).column("weighted_load_cv") for one in (today, lines))
    if any(int(column.status[0]) == Status.SUPPRESSED for column in shown):
        return Choices(pack, today, lines, (), tolerance)
    loads = [_load(one, scenario, pack) for one in (today, lines)]
    ways = options(loads[0], loads[1], tolerance=tolerance, step_fte=step_fte)
    if lines.plan.moved_from(today.plan):
        return Choices(pack, today, lines, ways, tolerance)
    alone = tuple(way for way in ways if way.key in {"today", "staff_level"})
    return Choices(pack, today, lines, alone, tolerance)


def choices_table(choices: Choices) -> Table:
    """Set the ways side by side: how level loads get, what stays unequal, and what each costs.

    Children who change worker by staff are an estimate: the open cases that those who move would
    leave behind, at what their zone's workers hold on average.
    """
    columns = [
        *_equity(choices),
        *_waiting(choices),
        _number(choices, "weighted_fte_moved", "Staff who move", "FTE", 1,
                [way.staffing.moved_fte for way in choices.ways]),
        *_costs(choices),
    ]  # fmt: skip
    return _table(choices, "Way", tuple(TITLES[way.key] for way in choices.ways), columns)


def loads_table(choices: Choices, *, what: str) -> Table:
    """Tell FTE and load of every zone for each way; a zone without small areas has no load.

    Parameters
    ----------
    what
        The authority's word for a zone.
    """
    today, lines = choices.today.plan, choices.lines.plan
    zones = tuple(dict.fromkeys((*today.zones, *lines.zones)))
    columns = []
    for way in choices.ways:
        title = TITLES[way.key]
        load = way.load
        none = {zone for zone, empty in zip(load.zones, load.empty, strict=True) if empty}
        for key, head, values in (("fte", "FTE", load.fte), ("load", "load", load.per_fte)):
            known = dict(zip(load.zones, values.tolist(), strict=True))
            row = np.array([known.get(zone, np.nan) for zone in zones])
            unasked = none if key == "load" else ()
            absent = np.array([zone not in known or zone in unasked for zone in zones])
            column = _number(choices, f"weighted_{key}_{way.key}", head, "", 1, row, group=title)
            states = np.where(absent, Status.NOT_APPLICABLE, column.status).astype(np.int8)
            columns.append(replace(column, status=states))
    return _table(choices, what, zones, columns)


def _load(one: Evaluation, scenario: Scenario, pack: Pack) -> Load:
    """Give the loads of a plan; zones of today's that are gone stand last, with their staff."""
    plan, was = one.plan, scenario.was
    gone = tuple(zone for zone in was.zones if zone not in plan.zones)
    zones, nothing = (*plan.zones, *gone), np.zeros(len(gone))
    staffing, key = scenario.staffing(pack.staffing), scenario.baseline.key
    return Load.of(
        zones,
        np.concatenate([_told(one, pack, WEIGHTED_CASES), nothing]),
        recorded=recorded_fte(staffing, key, zones, one.facts.assumptions),
        available=available_fte(staffing, key, zones, one.facts.assumptions),
        empty=np.concatenate([plan.sizes == 0, nothing == 0]),
        new=[zone not in was.zones for zone in zones],
    )


def _open_share(one: Evaluation, pack: Pack, zones: Sequence[str]) -> float:
    """Work the share out from counts as the table of zones shows them, NaN where one is hidden."""
    table = zone_table(one, pack)
    column = table.column(OPEN_CASES)
    there = [table.names.index(zone) for zone in zones]
    if (column.status >= Status.NOT_APPLICABLE).any() or not column.values[-1] > 0:
        return float("nan")
    return float(column.values[there].sum() / column.values[-1])


def _told(one: Evaluation, pack: Pack, key: str) -> Array:
    """Give a count of every zone as the table of zones shows it."""
    return zone_table(one, pack).column(key).values[: len(one.plan.zones)]


def _equity(choices: Choices) -> list[Column]:
    """Tell how level loads are, and how level the referral rates, which staff do not touch."""
    ways, tolerance = choices.ways, choices.tolerance
    rates = [choices.figures[way.redrawn].column("referral_cv") for way in ways]
    rate = rates[0]
    return [
        _number(choices, "weighted_load_cv", "Load: CV", "%", 1, [100 * w.load.cv for w in ways]),
        _number(choices, "weighted_load_max_min", "Load: max/min", "ratio", 2,
                [w.load.max_min for w in ways]),
        _number(choices, "weighted_furthest", "Furthest zone", "% from all", 1,
                [100 * w.load.furthest for w in ways]),
        _number(choices, "weighted_level", f"Zones within {100 * tolerance:g} %", "zones", 0,
                [w.load.level_zones(tolerance) for w in ways]),
        replace(
            rate,
            title="Referral rate: CV",
            values=np.array([float(column.values[0]) for column in rates]),
            status=np.array([int(column.status[0]) for column in rates], dtype=np.int8),
        ),
    ]  # fmt: skip


def _waiting(choices: Choices) -> list[Column]:
    """Count the zones that have cases and no staff, where there is any."""
    counts = [len(way.load.waiting) for way in choices.ways]
    title = "Zones with cases and no staff"
    return [_number(choices, "weighted_waiting", title, "zones", 0, counts)] if any(counts) else []


def _costs(choices: Choices) -> list[Column]:
    """Tell who changes team by lines, and who changes worker because staff move."""
    ways = choices.ways
    after = choices.figures[1]
    columns = []
    for key in ("children_moved", "cases_moved"):
        column = after.column(key)
        values = [float(column.values[0]) if way.redrawn else 0.0 for way in ways]
        states = [int(column.status[0]) if way.redrawn else int(Status.OK) for way in ways]
        columns.append(
            replace(column, values=np.array(values), status=np.array(states, dtype=np.int8))
        )
    cases = [_told(one, choices.pack, OPEN_CASES) for one in (choices.today, choices.lines)]
    left = [
        cases_left_behind(
            way.staffing,
            # a zone that is gone holds no case
            np.pad(cases[way.redrawn], (0, len(way.load.zones) - len(cases[way.redrawn]))),
        )
        for way in ways
    ]
    shown = _small_hidden(left, POLICIES[choices.pack.authority.disclosure])
    columns.append(
        Column("weighted_left", "Children whose worker moves", "estimate", 0, shown.values,
               shown.status, of=choices.behind)
    )  # fmt: skip
    return columns


def _small_hidden(values: Sequence[float], policy: Policy) -> Suppressed:
    """Round estimates to whole children, and hide each that is a small count."""
    whole = np.round(np.array(values, dtype=np.float64))
    from_rule = [suppress([value], policy=policy) for value in whole]
    return Suppressed(
        np.array([float(one.values[0]) for one in from_rule]),
        np.array([int(one.status[0]) for one in from_rule], dtype=np.int8),
    )


def _number(  # noqa: PLR0917  a column's words and numbers in the order they are read
    choices: Choices,
    key: str,
    title: str,
    unit: str,
    decimals: int,
    values: Sequence[float] | Array,
    *,
    group: str = "",
) -> Column:
    array = np.array(values, dtype=np.float64)
    status = np.where(np.isnan(array), Status.MISSING, Status.OK).astype(np.int8)
    return Column(key, title, unit, decimals, array, status, group, of=choices.behind)


def _table(choices: Choices, what: str, names: tuple[str, ...], columns: list[Column]) -> Table:
    pack = choices.pack
    first = choices.figures[0]
    return Table(
        what=what,
        names=names,
        columns=tuple(columns),
        symbol=first.symbol,
        standing=pack.standing,
        source=f"{first.source}; staffing of the pack",
        basis=Basis.of_pack(pack, *_parts(choices, columns)),
    )


def _parts(choices: Choices, columns: Sequence[Column]) -> list[Part]:
    """Say what is told of today's zones, and of the scenario's where it stands beside them."""
    found: list[Part] = []
    for table in choices.figures:
        found += [] if table.basis is None else list(table.basis.parts)
    told = [part for part in found if any(part.tells(column.key) for column in columns)]
    unique: dict[tuple[Plan, tuple[str, ...], str, tuple[str, ...]], Part] = {}
    for part in told:
        unique.setdefault((part.plan, part.keys, part.rows, part.columns), part)
    return list(unique.values())
