"""A scenario: a plan in the making, with its history, and what it does to every measure.

A scenario is today's plan plus the edits made to it; undo takes one back without forgetting it.
`evaluate` works out every metric of the registry for a plan, and `compare` sets two side by side.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from analysis.aggregate import aggregate
from analysis.caseload import OPEN_CASES, Staff, changing_zone, fte_after, with_open_cases
from analysis.metrics import METRICS, Facts, Metric
from analysis.shape import Piece, stray_pieces
from geo.errors import PlanError, named
from geo.plan import Plan
from layers.pack import NamedPlan, Pack

CHANGING = ("children", "referrals", OPEN_CASES)
"""What a redraw moves from one team to another, where the pack counts it."""


@dataclass(frozen=True)
class Edit:
    """One step of a redraw: which units go where, and how the history names it.

    Parameters
    ----------
    title
        `3 units to North`.
    to
        Zone per unit; None takes a unit out of every zone.
    zones
        All zones, where the edit puts a whole plan in the place of another.
    """

    title: str
    to: Mapping[str, str | None]
    zones: tuple[str, ...] = ()

    @classmethod
    def move(cls, units: Iterable[str], *, to: str | None) -> "Edit":
        """Move units to one zone."""
        moved = dict.fromkeys(units, to)
        word = "unit" if len(moved) == 1 else "units"
        return cls(f"{len(moved)} {word} to {to or 'no zone'}", moved)

    @classmethod
    def replace_with(cls, plan: Plan, title: str, *, keeping: tuple[str, ...] = ()) -> "Edit":
        """Put `plan` in the place of what is there; zones in `keeping` stay, if need be empty."""
        zones = (*keeping, *(zone for zone in plan.zones if zone not in keeping))
        return cls(title, {unit: plan.zone_of(unit) for unit in plan.units}, zones)

    def apply(self, plan: Plan) -> Plan:
        """Return the plan after this step; a zone that it does not have is added last."""
        if self.zones:
            return Plan.from_lookup(self.to, units=plan.units, zones=self.zones)
        fresh = dict.fromkeys(zone for zone in self.to.values() if zone)
        for name in fresh:
            if name not in plan.zones:
                plan = plan.with_zone(name)
        for zone in dict.fromkeys(self.to.values()):
            plan = plan.move([unit for unit, to in self.to.items() if to == zone], to=zone)
        return plan


@dataclass(frozen=True)
class Scenario:
    """A baseline, the edits made to it, those undone, and what staff are taken to do.

    Parameters
    ----------
    key
        What names it.
    baseline
        The plan that it starts from, and whose staffing it uses.
    edits, undone
        Steps taken, oldest first; steps taken back, the last one first in line to be redone.
    staff
        Whether FTE stays with its zone or follows the cases.
    """

    key: str
    baseline: NamedPlan
    edits: tuple[Edit, ...] = ()
    undone: tuple[Edit, ...] = ()
    staff: Staff = "stays"

    @cached_property
    def plan(self) -> Plan:
        """The baseline after all edits."""
        plan = self.baseline.plan
        for edit in self.edits:
            plan = edit.apply(plan)
        return plan

    def do(self, edit: Edit) -> "Scenario":
        """Take one more step; what was undone before it is forgotten."""
        return replace(self, edits=(*self.edits, edit), undone=())

    def undo(self) -> "Scenario":
        """Take the last step back."""
        if not self.edits:
            raise PlanError("There is nothing to undo.")
        return replace(self, edits=self.edits[:-1], undone=(*self.undone, self.edits[-1]))

    def redo(self) -> "Scenario":
        """Take the last undone step again."""
        if not self.undone:
            raise PlanError("There is nothing to redo.")
        return replace(self, edits=(*self.edits, self.undone[-1]), undone=self.undone[:-1])

    def taking(self, plan: Plan, title: str) -> Edit:
        """Make the step that takes over a plan from elsewhere.

        When it names any zone of the baseline, those that it leaves empty stay, so that their
        staff is not forgotten. A plan with none but zones of its own takes the baseline's place.
        """
        zones = self.baseline.plan.zones
        shared = set(zones) & set(plan.zones) or not plan.zones
        return Edit.replace_with(plan, title, keeping=zones if shared else ())

    def reset(self) -> "Scenario":
        """Return to the baseline by one more step, which can be undone."""
        return self.do(Edit.replace_with(self.baseline.plan, f"Back to {self.baseline.title}"))


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
    measures = with_open_cases(pack.measures)
    baseline, plan = scenario.baseline.plan, scenario.plan
    pyramids = next((entry.plan for entry in pack.plans if entry.kind == "pyramids"), None)
    facts = Facts(
        plan=plan,
        baseline=baseline,
        geography=pack.geography,
        measures=measures,
        totals=aggregate(plan, measures),
        fte=_fte(scenario, pack),
        pyramids=pyramids,
        staff=scenario.staff,
    )
    return Evaluation(
        facts=facts,
        values={metric.key: metric.compute(facts) for metric in METRICS},
        stray=stray_pieces(pack.geography, plan),
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


def _fte(scenario: Scenario, pack: Pack) -> npt.NDArray[np.float64]:
    baseline, plan = scenario.baseline.plan, scenario.plan
    if pack.staffing is None:
        return np.full(len(plan.zones), np.nan)
    recorded = pack.staffing.fte(scenario.baseline.key, baseline.zones)
    measures = with_open_cases(pack.measures)
    if not measures.has(OPEN_CASES):
        cases = np.zeros(len(plan.units))
    else:
        cases = measures.counts(OPEN_CASES)
    return fte_after(recorded, cases, before=baseline, after=plan, staff=scenario.staff)


def _spread(evaluation: Evaluation, key: str, zones: tuple[str, ...]) -> npt.NDArray[np.float64]:
    known = dict(zip(evaluation.plan.zones, evaluation.per_zone(key).tolist(), strict=True))
    return np.array([known.get(zone, np.nan) for zone in zones], dtype=np.float64)
