"""A scenario: a plan in the making, with its history, and what it does to every measure.

A scenario is today's plan plus the edits made to it; undo takes one back without forgetting it.
`evaluate` works out every metric of the registry for a plan, and `compare` sets two side by side.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.aggregate import aggregate
from analysis.assumptions import Assumptions, Staff
from analysis.bands import need_bands
from analysis.capacity import available_fte, recorded_fte, weighted_cases
from analysis.caseload import OPEN_CASES, changing_zone, fte_after, with_open_cases
from analysis.events import Assume, Border, Edit, Event, Lock, Redo, Undo
from analysis.metrics import METRICS, Facts, Metric
from analysis.shape import Piece, stray_pieces
from geo.adjacency import positions_of
from geo.errors import PlanError, named
from geo.geography import Geography
from geo.plan import Plan
from layers.measures import Measures
from layers.pack import NamedPlan, Pack
from layers.staffing import Staffing

CHANGING = ("children", "referrals", OPEN_CASES)
"""What a redraw moves from one team to another, where the pack counts it."""


LONGEST_NAME = 100
"""Characters in the name of a zone."""


@dataclass(frozen=True)
class Scenario:
    """A baseline, the steps taken from it, those undone, and what holds meanwhile.

    Parameters
    ----------
    key
        What names it.
    baseline
        The plan that it starts from, and whose staffing it uses.
    edits, undone
        Steps taken, oldest first; steps taken back, the last one first in line to be redone.
    assumptions
        What staff and open cases are taken to do, and what else the figures follow from.
    locked_zones, locked_units
        What no step may move; undo and redo neither.
    links, cuts
        Borders that the planner opened or closed, beside those of the pack; each pair in order.
    """

    key: str
    baseline: NamedPlan
    edits: tuple[Edit, ...] = ()
    undone: tuple[Edit, ...] = ()
    assumptions: Assumptions = field(default_factory=Assumptions)
    locked_zones: frozenset[str] = frozenset()
    locked_units: frozenset[str] = frozenset()
    links: frozenset[tuple[str, str]] = frozenset()
    cuts: frozenset[tuple[str, str]] = frozenset()

    @property
    def staff(self) -> Staff:
        """Whether FTE stays with its zone or follows the cases."""
        return self.assumptions.staff

    @property
    def plan(self) -> Plan:
        """The baseline after all edits."""
        return self._plans[-1]

    @cached_property
    def _plans(self) -> tuple[Plan, ...]:
        """The baseline, and the plan after each edit: what a child looks up and need not redo."""
        plans = [self.baseline.plan]
        for edit in self.edits:
            plans.append(edit.apply(plans[-1]))
        return tuple(plans)

    @cached_property
    def names(self) -> Mapping[str, str]:
        """What each zone of the baseline is called by now, for those that got another name."""
        names = {zone: zone for zone in self.baseline.plan.zones}
        for edit, plan in zip(self.edits, self._plans, strict=False):
            step = edit.renamed(plan)
            names = {was: step.get(now, now) for was, now in names.items()}
            if edit.zones:  # a whole plan may bring the first names back
                names = {was: now if now in edit.zones else was for was, now in names.items()}
        return {was: now for was, now in names.items() if was != now}

    @cached_property
    def renaming(self) -> tuple[Edit, ...]:
        """The step that gives the zones of the baseline the names that they have by now, if any."""
        if not self.names:
            return ()
        plan = self.baseline.plan
        zones = tuple(self.names.get(zone, zone) for zone in plan.zones)
        moved = {unit: now for was, now in self.names.items() for unit in plan.members(was)}
        return (Edit("Names of zones", moved, zones),)

    @cached_property
    def was(self) -> Plan:
        """The baseline with its zones by the names that they have now: what a redraw moved from."""
        plan = self.baseline.plan
        for edit in self.renaming:
            plan = edit.apply(plan)
        return plan

    def staffing(self, staffing: Staffing | None) -> Staffing | None:
        """Give the posts under the names that the zones have now: staff is told by them."""
        if staffing is None or not self.names:
            return staffing
        return Staffing(
            tuple(
                replace(post, zone=self.names.get(post.zone, post.zone))
                if post.plan == self.baseline.key
                else post
                for post in staffing.posts
            )
        )

    def take(self, event: Event) -> "Scenario":
        """Return the scenario after an event.

        Raises
        ------
        PlanError
            When it would move what is locked, names what the plan does not have, or takes back
            or again a step that is not there.
        """
        match event:
            case Edit():
                return self.do(event)
            case Undo():
                return self.undo()
            case Redo():
                return self.redo()
            case Lock():
                return self._lock(event)
            case Border():
                return self._border(event)
            case Assume():
                return self._with(self._plans, assumptions=event.assumptions)

    def do(self, edit: Edit) -> "Scenario":
        """Take one more step; what was undone before it is forgotten."""
        _refuse_names(edit, self.plan)
        plans = (*self._plans, edit.apply(self.plan))
        child = self._with(plans, edits=(*self.edits, edit), undone=())
        return self._unless_locked(child, edit.title)

    def undo(self) -> "Scenario":
        """Take the last step back."""
        if not self.edits:
            raise PlanError("There is nothing to undo.")
        undone = (*self.undone, self.edits[-1])
        child = self._with(self._plans[:-1], edits=self.edits[:-1], undone=undone)
        return self._unless_locked(child, f"Undo of '{self.edits[-1].title}'")

    def redo(self) -> "Scenario":
        """Take the last undone step again."""
        if not self.undone:
            raise PlanError("There is nothing to redo.")
        again = self.undone[-1]
        plans = (*self._plans, again.apply(self.plan))
        child = self._with(plans, edits=(*self.edits, again), undone=self.undone[:-1])
        return self._unless_locked(child, f"Redo of '{self.undone[-1].title}'")

    def from_baseline(self, entry: NamedPlan) -> "Scenario":
        """Give the same scenario with an equal baseline in the place of its own.

        Pages know a plan of a pack by its entry, and a scenario that was kept brings a copy.

        Raises
        ------
        PlanError
            When the two baselines differ.
        """
        if entry.plan != self.baseline.plan:
            raise PlanError(f"'{entry.title}' is not the plan that the scenario starts from.")
        return self._with((entry.plan, *self._plans[1:]), baseline=entry)

    def locked(self) -> tuple[str, ...]:
        """List the units that may not move: locked themselves, or of a locked zone."""
        held = {unit for zone in self.locked_zones for unit in self._members(zone)}
        return tuple(unit for unit in self.plan.units if unit in held | self.locked_units)

    def on(self, geography: Geography) -> Geography:
        """Give the geography with the planner's links and cuts applied."""
        if not (self.links or self.cuts):
            return geography
        links = positions_of(sorted(self.links), geography.units, what="links")
        cuts = positions_of(sorted(self.cuts), geography.units, what="cuts")
        return replace(geography, neighbours=geography.neighbours.linked(links).cut(cuts))

    def taking(self, plan: Plan, title: str) -> Edit:
        """Make the step that takes over a plan from elsewhere.

        When it names any zone of the baseline, those that it leaves empty stay, so that their
        staff is not forgotten. A plan with none but zones of its own takes the baseline's place.
        """
        zones = self.baseline.plan.zones
        shared = set(zones) & set(plan.zones) or not plan.zones
        return Edit.replace_with(plan, title, keeping=zones if shared else ())

    def resetting(self) -> Edit:
        """Make the step that returns to the baseline; like any other it can be undone."""
        return Edit.replace_with(self.baseline.plan, f"Back to {self.baseline.title}")

    def _lock(self, lock: Lock) -> "Scenario":
        for zone in lock.zones:
            self.plan.zone_position(zone)
        self.plan.positions(lock.units)
        if lock.on:
            zones, units = self.locked_zones.union(lock.zones), self.locked_units.union(lock.units)
        else:
            zones = self.locked_zones.difference(lock.zones)
            units = self.locked_units.difference(lock.units)
        return self._with(self._plans, locked_zones=zones, locked_units=units)

    def _border(self, border: Border) -> "Scenario":
        self.plan.positions([unit for pair in border.pairs for unit in pair])
        links, cuts = self.links.difference(border.pairs), self.cuts.difference(border.pairs)
        if border.what == "link":
            links = links.union(border.pairs)
        if border.what == "cut":
            cuts = cuts.union(border.pairs)
        return self._with(self._plans, links=links, cuts=cuts)

    def _with(self, plans: tuple[Plan, ...], **changes: Any) -> "Scenario":
        """Return a child whose plans are known."""
        child = replace(self, **changes)
        child.__dict__["_plans"] = plans
        return child

    def _members(self, zone: str) -> tuple[str, ...]:
        return self.plan.members(zone) if zone in self.plan.zones else ()

    def _unless_locked(self, child: "Scenario", step: str) -> "Scenario":
        """Refuse a step that moves a locked unit, or takes a unit into or out of a locked zone."""
        if not (self.locked_zones or self.locked_units):
            return child
        moved = child.plan.moved_from(self.plan)
        held = [
            unit
            for unit in moved
            if unit in self.locked_units
            or not self.locked_zones.isdisjoint(
                {self.plan.zone_of(unit) or "", child.plan.zone_of(unit) or ""}
            )
        ]
        if not held:
            return child
        raise PlanError(
            f"{step} would move {len(held)} locked small areas, or areas of a locked zone: "
            f"{named(held)}.",
            remedy="Unlock them first, or leave them out.",
        )


def _refuse_names(edit: Edit, plan: Plan) -> None:
    """Refuse names of new zones that nobody could read, or tell from another."""
    named_by_edit = dict.fromkeys((*edit.zones, *(zone for zone in edit.to.values() if zone)))
    for name in named_by_edit:
        if name in plan.zones:
            continue
        if name != name.strip() or not name.isprintable() or not 1 <= len(name) <= LONGEST_NAME:
            raise PlanError(
                f"{name[:LONGEST_NAME]!r} cannot be the name of a zone.",
                remedy=f"Use 1 to {LONGEST_NAME} characters on one line, none of them at an end "
                "a space.",
            )


def replay(start: Scenario, events: Iterable[Event]) -> Scenario:
    """Give the scenario after all events, in order.

    Raises
    ------
    PlanError
        When an event does not fit what the scenario is by then.
    """
    for event in events:
        start = start.take(event)
    return start


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Every metric of one plan.

    Parameters
    ----------
    facts
        What the metrics were worked out from.
    values
        Per metric key: an array per zone, or one number for the plan.
    stray
        The pieces of zones that lie apart from the rest of their zone.
    changing
        Children, referrals and open cases that change team against the baseline.
    """

    facts: Facts
    values: Mapping[str, npt.NDArray[np.float64] | float]
    stray: tuple[Piece, ...]
    changing: Mapping[str, float] = field(default_factory=dict)

    @property
    def plan(self) -> Plan:
        """The plan that was evaluated."""
        return self.facts.plan

    def per_zone(self, key: str) -> npt.NDArray[np.float64]:
        """Give a metric of scope `zone`, in the order of the plan's zones."""
        value = self.values[key]
        if isinstance(value, float):
            raise PlanError(f"The metric '{key}' is one number for the plan, not one a zone.")
        return value

    def for_plan(self, key: str) -> float:
        """Give a metric of scope `plan`."""
        value = self.values[key]
        if not isinstance(value, float):
            raise PlanError(f"The metric '{key}' is one number a zone, not one for the plan.")
        return value


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two evaluations side by side; zones are matched by name.

    Parameters
    ----------
    zones
        Those of the earlier plan, then those only the later one has.
    """

    before: Evaluation
    after: Evaluation
    zones: tuple[str, ...]

    def per_zone(self, key: str) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Give a zone metric before and after, per `zones`; NaN where a plan has no such zone."""
        return _spread(self.before, key, self.zones), _spread(self.after, key, self.zones)


def evaluate(scenario: Scenario, pack: Pack) -> Evaluation:
    """Work out every metric of the registry for a scenario's plan.

    Parameters
    ----------
    scenario
        Its baseline must be a plan of this pack.

    Returns
    -------
    Evaluation
        A metric whose measures the pack does not have is NaN, never left out.
    """
    measures = weighted_cases(with_open_cases(pack.measures), scenario.assumptions)
    baseline, plan = scenario.was, scenario.plan
    geography = scenario.on(pack.geography)
    fte, available = _fte(scenario, pack, measures)
    pyramids = next((entry.plan for entry in pack.plans if entry.kind == "pyramids"), None)
    facts = Facts(
        plan=plan,
        baseline=baseline,
        geography=geography,
        measures=measures,
        totals=aggregate(plan, measures),
        fte=fte,
        available=available,
        pyramids=pyramids,
        assumptions=scenario.assumptions,
        need=need_bands(pack, scenario.baseline.plan),
    )
    return Evaluation(
        facts=facts,
        values={metric.key: metric.compute(facts) for metric in METRICS},
        stray=stray_pieces(geography, plan),
        changing=changing_zone(CHANGING, measures, before=baseline, after=plan),
    )


def compare(before: Evaluation, after: Evaluation) -> Comparison:
    """Set two evaluations of the same units side by side.

    Raises
    ------
    PlanError
        When they are not of the same units.
    """
    after.plan.require_units(before.plan.units)
    fresh = [zone for zone in after.plan.zones if zone not in before.plan.zones]
    return Comparison(before, after, (*before.plan.zones, *fresh))


def metric(key: str) -> Metric:
    """Find a metric of the registry by its key.

    Raises
    ------
    PlanError
        When there is none.
    """
    for entry in METRICS:
        if entry.key == key:
            return entry
    raise PlanError(f"There is no metric '{key}'.", remedy=f"See {named(m.key for m in METRICS)}.")


def today(scenario: Scenario, pack: Pack) -> Scenario:
    """Give the baseline of a scenario under its assumptions, with staff as recorded.

    FTE that the planner set for a zone is part of the redraw, except where none is recorded: there
    it fills a gap of the pack, before as after.
    """
    zones, staffing = scenario.was.zones, scenario.staffing(pack.staffing)
    recorded = recorded_fte(staffing, scenario.baseline.key, zones, Assumptions())
    gaps = {zone for zone, fte in zip(zones, recorded.tolist(), strict=True) if np.isnan(fte)}
    fte = {zone: fte for zone, fte in scenario.assumptions.fte.items() if zone in gaps}
    usual = scenario.assumptions.with_changes(fte=fte)
    return Scenario("today", scenario.baseline, scenario.renaming, assumptions=usual)


def redrawing(
    pack: Pack, plan: Plan, *, baseline: str | None = None, key: str = "plan"
) -> Scenario:
    """Take a plan as a redraw of one of the pack's: by key, or the one with the same zones.

    Parameters
    ----------
    baseline
        Key of the pack's plan; by default the first that shares most zone names with `plan`, or
        the pack's own plan when none shares any.
    """
    if baseline is None:
        shared = [len(set(entry.plan.zones) & set(plan.zones)) for entry in pack.plans]
        best = int(np.argmax(shared))
        baseline = pack.plans[best].key if shared[best] else pack.default_plan
    start = Scenario(key, pack.plan(baseline))
    return start if plan == start.plan else start.do(start.taking(plan, key))


def _fte(
    scenario: Scenario, pack: Pack, measures: Measures
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Give FTE after the redraw, on paper and as can hold cases.

    What the planner set for a zone stands there before any of it follows its cases.
    """
    was, plan = scenario.was, scenario.plan
    staffing = scenario.staffing(pack.staffing)
    known = measures.has(OPEN_CASES)
    cases = measures.counts(OPEN_CASES) if known else np.zeros(len(plan.units))
    fresh = [zone for zone in plan.zones if zone not in was.zones]
    found = []
    for count in (recorded_fte, available_fte):
        start = count(staffing, scenario.baseline.key, was.zones, scenario.assumptions)
        after = fte_after(start, cases, before=was, after=plan, staff=scenario.staff)
        for zone, fte in scenario.assumptions.fte.items():
            if zone in fresh:
                at = plan.zone_position(zone)
                after[at] = fte + (0.0 if np.isnan(after[at]) else after[at])
        found.append(after)
    return found[0], found[1]


def _spread(evaluation: Evaluation, key: str, zones: tuple[str, ...]) -> npt.NDArray[np.float64]:
    known = dict(zip(evaluation.plan.zones, evaluation.per_zone(key).tolist(), strict=True))
    return np.array([known.get(zone, np.nan) for zone in zones], dtype=np.float64)
