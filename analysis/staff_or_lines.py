"""Staff or lines: the same load per worker reached by moving staff, by moving lines, or by both.

A load is weighted cases per available FTE. Moving staff changes loads and no rate: referrals per
child stay what they are, so the two equities are kept apart. Staff are moved in whole steps of
recorded FTE, and their sum never changes; a zone keeps the share of its FTE that is available.
FTE of a zone without cases is there to be moved. A zone with cases and no staff waits for some:
until it has any, not every zone can be level. Zones whose cases are not known, or whose staff is
but not recorded, are left out and named.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, milp

from analysis.equity import coefficient_of_variation, max_min
from geo.errors import PlanError

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

OptionKey = Literal["today", "lines", "staff_as_lines", "staff_level", "mix"]

STEP_FTE = 0.5
"""Staff move in halves of a post unless the planner sets another step."""

SECONDS = 5.0
"""Time for one whole-number problem; seven zones take a few milliseconds."""

_SLACK = 1e-9
_HALVINGS = 12
_NOBODY = 1e-6
"""FTE that a zone without staff is taken to have: its load is very high and not infinite."""

_ARRAYS = {
    "cases": np.float64, "fte": np.float64, "available": np.float64,
    "empty": np.bool_, "new": np.bool_,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Load:
    """Weighted cases, staff and loads per zone.

    Parameters
    ----------
    zones
        Names, in order.
    cases
        Weighted open cases; NaN where not known.
    fte
        Recorded FTE; NaN where no staff is recorded.
    available
        Share of a zone's recorded FTE that is there to hold cases, above 0; it stays with the zone.
    empty
        Which zones have no small area: they have no load, and their staff can be moved.
    new
        Which zones are no team yet: where none of these is recorded, there is no staff.

    Raises
    ------
    PlanError
        When lengths differ, a number is negative, or a share of a staffed zone is not above 0.

    Examples
    --------
    >>> load = Load.of(("North", "South"), [60, 20], recorded=[4, 4], available=[4, 4])
    >>> load.per_fte.tolist(), load.cv
    ([15.0, 5.0], 0.5)
    """

    zones: tuple[str, ...]
    cases: Array
    fte: Array
    available: Array
    empty: Mask
    new: Mask

    def __post_init__(self) -> None:
        """Check once, then freeze the arrays."""
        for name, kind in _ARRAYS.items():
            array: npt.NDArray[Any] = np.array(getattr(self, name), dtype=kind)
            if array.shape != (len(self.zones),):
                raise PlanError(f"There are {len(self.zones)} zones and {array.size} of '{name}'.")
            if (array < 0).any():
                raise PlanError(f"A zone has '{name}' below 0.", remedy="Give 0 or more.")
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        if not (self.available[self.fte > 0] > 0).all():
            raise PlanError("A zone with staff has no share of it available.")

    @classmethod
    def of(
        cls,
        zones: Sequence[str],
        cases: npt.ArrayLike,
        *,
        recorded: npt.ArrayLike,
        available: npt.ArrayLike,
        empty: npt.ArrayLike | None = None,
        new: npt.ArrayLike | None = None,
    ) -> "Load":
        """Build it of recorded and available FTE; no zone is empty or new unless said.

        A zone whose staff is all away takes the share of all zones: its load is not known, but
        staff that came to it would be as available as elsewhere. All that comes to a zone without
        staff is taken to be at work, as `capacity.available_fte` has it.
        """
        fte, there = np.array(recorded, dtype=np.float64), np.array(available, dtype=np.float64)
        known = (fte > 0) & (there > 0)
        usual = there[known].sum() / fte[known].sum() if known.any() else 1.0
        share = np.divide(there, fte, out=np.where(fte > 0, usual, 1.0), where=known)
        cases = np.array(cases, dtype=np.float64)
        no = np.zeros(len(zones), dtype=np.bool_)
        marks = [no if mark is None else np.array(mark, dtype=np.bool_) for mark in (empty, new)]
        return cls(tuple(zones), cases, fte, share, *marks)

    @property
    def used(self) -> Mask:
        """Which zones have a load: small areas, staff above 0, and cases that are known."""
        return np.asarray((self.fte > 0) & ~np.isnan(self.cases) & ~self.empty)

    @property
    def spare(self) -> Mask:
        """Which zones have staff and, as is known, no case: all of it is there to be moved."""
        return np.asarray((self.fte > 0) & (self.cases == 0))

    @property
    def bare(self) -> Mask:
        """Which zones wait for staff: they have cases and, as is known, nobody to hold them."""
        return np.asarray((self.cases > 0) & ((self.fte == 0) | (np.isnan(self.fte) & self.new)))

    @property
    def waiting(self) -> tuple[str, ...]:
        """Names of the zones that wait for staff."""
        return self._named(self.bare)

    @property
    def left_out(self) -> tuple[str, ...]:
        """Zones with small areas whose load is not known, and who neither give nor take staff."""
        unknown = np.isnan(self.cases) | (np.isnan(self.fte) & ~self.new)
        return self._named(unknown & ~self.empty)

    @property
    def emptied(self) -> tuple[str, ...]:
        """Zones without small areas that have staff."""
        return self._named(self.empty & (self.fte > 0))

    @cached_property
    def there(self) -> Array:
        """Available FTE per zone; NaN where there is none, or no small area."""
        return np.where(self.used, self.fte * self.available, np.nan)

    @property
    def per_fte(self) -> Array:
        """Weighted cases per available FTE; NaN for a zone that has no load."""
        return np.asarray(self.cases / self.there)

    @property
    def level(self) -> float:
        """The load of all zones together, all their staff at work; NaN when there is none.

        Cases that wait for staff are in it, and so is staff without cases: it is what every zone
        would have if all of it were shared.
        """
        there = float((self.fte * self.available)[self.used | self.spare].sum())
        cases = float(self.cases[self.used | self.bare].sum())
        return cases / there if there > 0 else float("nan")

    @property
    def cv(self) -> float:
        """The spread of loads over their mean, FTE as weights; NaN where one zone alone has any."""
        return coefficient_of_variation(self.per_fte, self.there) if self._compares else math.nan

    @property
    def max_min(self) -> float:
        """The highest load over the lowest; NaN where one zone alone has any."""
        return max_min(self.per_fte, self.there) if self._compares else math.nan

    @property
    def furthest(self) -> float:
        """How far the load furthest from that of all is from it, as a share; NaN for none."""
        off = np.abs(self.per_fte[self.used] / self.level - 1) if self.level > 0 else np.zeros(0)
        return float(off.max()) if off.size else float("nan")

    def level_zones(self, tolerance: float) -> int:
        """Count the zones within a share `tolerance` of the load of all."""
        return int((np.abs(self.per_fte[self.used] / self.level - 1) <= tolerance + _SLACK).sum())

    @property
    def _compares(self) -> bool:
        """Whether the zones with a load are all there are, or two at least."""
        return bool(self.used.sum() > 1) or not (self.waiting or self.left_out)

    def _named(self, which: Mask) -> tuple[str, ...]:
        return tuple(np.array(self.zones, dtype=object)[which])

    def with_fte(self, fte: npt.ArrayLike) -> "Load":
        """Return it with other staff; each zone keeps its cases and its share available."""
        return replace(self, fte=np.array(fte, dtype=np.float64))


@dataclass(frozen=True)
class Transfer:
    """FTE that goes from one zone to another."""

    giver: str
    taker: str
    fte: float


@dataclass(frozen=True, eq=False)
class Restaffed:
    """Loads after staff were moved, and whether that reached what was asked.

    Parameters
    ----------
    before, after
        The same zones and cases; only FTE differs, and its sum does not.
    reached
        Whether the target is met. Where it is not, `after` is the most level that was found.
    """

    before: Load
    after: Load
    reached: bool

    @property
    def moved_fte(self) -> float:
        """FTE that changes zone."""
        return round(float(np.abs(self._change).sum()) / 2, 6)

    @property
    def transfers(self) -> tuple[Transfer, ...]:
        """Who gives to whom; see `pair_transfers`."""
        return pair_transfers(self.before.zones, self._change)

    @property
    def changed(self) -> dict[str, float]:
        """Recorded FTE of every zone that gives or takes, after the move."""
        off = np.abs(self._change) > _SLACK
        return {
            zone: float(fte)
            for zone, fte, is_off in zip(self.after.zones, self.after.fte, off, strict=True)
            if is_off
        }

    @property
    def _change(self) -> Array:
        """FTE that each zone gains; where none is recorded before, all that it has after."""
        return np.nan_to_num(self.after.fte) - np.nan_to_num(self.before.fte)


@dataclass(frozen=True, eq=False)
class Option:
    """One way to level loads: by lines, by staff, or by both.

    Parameters
    ----------
    redrawn
        Whether it stands on the scenario's lines rather than today's.
    staffing
        The staff that moves; nobody where `before` and `after` are the same.
    """

    key: OptionKey
    redrawn: bool
    staffing: Restaffed

    @property
    def load(self) -> Load:
        """The loads that it comes to."""
        return self.staffing.after


def options(
    today: Load, lines: Load, *, tolerance: float, step_fte: float = STEP_FTE
) -> tuple[Option, ...]:
    """Set the ways to level loads side by side.

    Parameters
    ----------
    today, lines
        Loads on today's lines and on the scenario's, both with the staff as recorded.
    tolerance
        Share of the load of all zones that a zone may be away and be level.

    Returns
    -------
    tuple of Option
        `today` and `lines` as they stand; `staff_as_lines`, today's lines with the fewest FTE moved
        until the spread is that of the lines; `staff_level`, today's lines with the fewest moved
        until all zones are level; `mix`, the scenario's lines with the fewest moved until they are.
        Where a zone of the scenario's lines waits for staff, their spread is not that of all
        zones, and there is no `staff_as_lines`; nor where it is not known.

    Raises
    ------
    PlanError
        When the tolerance or the step is not above 0.
    """
    levelled = [level_within(load, tolerance, step_fte=step_fte) for load in (today, lines)]
    ways = [
        Option("today", redrawn=False, staffing=_unmoved(today, tolerance)),
        Option("lines", redrawn=True, staffing=_unmoved(lines, tolerance)),
    ]
    if not (lines.waiting or math.isnan(lines.cv)):
        as_lines = as_level_as(today, lines.cv, step_fte=step_fte)
        ways.append(Option("staff_as_lines", redrawn=False, staffing=as_lines))
    ways += [
        Option("staff_level", redrawn=False, staffing=levelled[0]),
        Option("mix", redrawn=True, staffing=levelled[1]),
    ]
    return tuple(ways)


def cases_left_behind(staffing: Restaffed, open_cases: npt.ArrayLike) -> float:
    """Estimate the open cases whose worker moves: what leaves a zone with its share of the staff.

    A worker who moves hands her cases over, as a line that moves does. It is what those who move
    hold on average; who moves is not known.

    Parameters
    ----------
    open_cases
        Per zone, each a child.

    Returns
    -------
    float
        NaN where a zone that gives staff has no known count.
    """
    given = np.maximum(staffing.before.fte - staffing.after.fte, 0.0)
    gives = given > _SLACK
    share = given[gives] / staffing.before.fte[gives]
    return float(share @ np.asarray(open_cases, dtype=np.float64)[gives])


def level_within(load: Load, tolerance: float, *, step_fte: float = STEP_FTE) -> Restaffed:
    """Move the fewest FTE so that every zone's load is within a share of the load of all.

    Exact: the least in whole steps, found as a whole-number problem. A zone without cases gives
    all that it has, and the part of a step that is left over goes to one other zone. A zone that
    waits for staff takes what it needs.

    Parameters
    ----------
    tolerance
        Share of the load of all zones that a zone may be away, above 0.
    step_fte
        The smallest amount that moves, above 0.

    Returns
    -------
    Restaffed
        Not `reached` when no staffing in such steps is level within the tolerance; then it is the
        one with the narrowest tolerance that can be reached.

    Raises
    ------
    PlanError
        When the tolerance or the step is not above 0.

    Examples
    --------
    >>> load = Load.of(("North", "South"), [60, 20], recorded=[4, 4], available=[4, 4])
    >>> level_within(load, 0.1).transfers
    (Transfer(giver='South', taker='North', fte=2.0),)
    """
    _refuse_nothing("The tolerance", tolerance)
    _refuse_nothing("The step", step_fte)
    if _has_nothing_to_share(load):
        return Restaffed(load, load, reached=not load.waiting)
    found = _fewest(load, tolerance, step_fte)
    if found is not None:
        return Restaffed(load, load.with_fte(found), reached=True)
    return Restaffed(load, load.with_fte(_narrowest(load, tolerance, step_fte)), reached=False)


def as_level_as(load: Load, cv: float, *, step_fte: float = STEP_FTE) -> Restaffed:
    """Move the fewest FTE until the spread of loads is no wider than `cv`.

    One step at a time goes to where it lowers the spread most; staff of zones without small areas
    goes before any other. As what a zone gains by a step
    falls with each one, no other choice of as many steps lowers the spread further where the
    shares available are alike; where they differ, or a zone is without small areas, it may take
    more than the fewest.

    Parameters
    ----------
    cv
        A coefficient of variation, 0 or more. NaN is never reached, and moves nobody.

    Returns
    -------
    Restaffed
        Not `reached` when no step lowers the spread any more and it is still wider.

    Raises
    ------
    PlanError
        When the step is not above 0.

    Examples
    --------
    >>> load = Load.of(("North", "South"), [60, 20], recorded=[4, 4], available=[4, 4])
    >>> as_level_as(load, 0.26).moved_fte
    1.0
    """
    _refuse_nothing("The step", step_fte)
    if math.isnan(cv) or _has_nothing_to_share(load):
        return _as_it_is(load, cv)
    used = load.used | load.spare | load.bare
    cases, share, fte = load.cases[used], load.available[used], np.nan_to_num(load.fte[used])
    counted = ~load.empty[used]
    spread = float(_spread(cases, fte * share, counted))
    while spread > cv + _SLACK:
        tried, amounts = _exchanges(cases, fte, share, step_fte, counted=counted)
        idle = ~counted & (fte > _SLACK)
        if idle.any():
            tried[~idle] = np.inf
        giver, taker = np.unravel_index(np.argmin(tried), tried.shape)
        if not (idle.any() or tried[giver, taker] < spread - _SLACK):
            break
        fte[giver] -= amounts[giver]
        fte[taker] += amounts[giver]
        spread = float(tried[giver, taker])
    after = load.fte.copy()
    after[used] = np.where((fte > 0) | (load.fte[used] >= 0), _cleaned(fte), np.nan)
    return Restaffed(load, load.with_fte(after), reached=bool(spread <= cv + _SLACK))


def pair_transfers(zones: Sequence[str], change_fte: npt.ArrayLike) -> tuple[Transfer, ...]:
    """Say who gives to whom: equal amounts first, then the largest to the largest.

    Parameters
    ----------
    change_fte
        Per zone, above 0 for those who take; NaN counts as no change. What is given is taken.

    Examples
    --------
    >>> pair_transfers(("A", "B", "C"), [-1.5, 0.5, 1.0])
    (Transfer(giver='A', taker='C', fte=1.0), Transfer(giver='A', taker='B', fte=0.5))
    """
    change = np.nan_to_num(np.array(change_fte, dtype=np.float64))
    give = {at: -amount for at, amount in enumerate(change) if amount < -1e-6}
    take = {at: amount for at, amount in enumerate(change) if amount > 1e-6}
    found: list[Transfer] = []
    while give and take:
        giver, taker = _next_pair(give, take)
        amount = min(give[giver], take[taker])
        found.append(Transfer(zones[giver], zones[taker], round(float(amount), 6)))
        for side, at in ((give, giver), (take, taker)):
            side[at] -= amount
            if side[at] <= 1e-6:
                del side[at]
    return tuple(found)


def _next_pair(give: dict[int, float], take: dict[int, float]) -> tuple[int, int]:
    equal = [(g, t) for g in give for t in take if abs(give[g] - take[t]) <= 1e-6]
    if equal:
        return max(equal, key=lambda pair: give[pair[0]])
    return max(give, key=lambda at: give[at]), max(take, key=lambda at: take[at])


def _as_it_is(load: Load, cv: float) -> Restaffed:
    return Restaffed(load, load, reached=not load.waiting and bool(load.cv <= cv + _SLACK))


def _unmoved(load: Load, tolerance: float) -> Restaffed:
    is_level = bool(load.furthest <= tolerance + _SLACK)
    return Restaffed(load, load, reached=is_level and not load.waiting)


def _has_nothing_to_share(load: Load) -> bool:
    """Say whether there is no staff, no case, or one zone alone."""
    return (load.used | load.spare | load.bare).sum() < 2 or not load.level > 0


def _refuse_nothing(what: str, number: float) -> None:
    if not (number > 0 and math.isfinite(number)):
        raise PlanError(f"{what} is {number}.", remedy="Give a number above 0.")


def _fewest(load: Load, tolerance: float, step_fte: float) -> Array | None:
    """Solve for the fewest steps; None when no staffing in such steps is level.

    Unknown are, for each zone with cases, the steps that it gives and takes, and which of
    them takes what is left of a step by zones without cases. That a load keeps within a share t of
    all cases W over all available FTE A is linear: w A <= (1 + t) W a and w A >= (1 - t) W a.
    """
    busy = load.bare | (load.used & ~load.spare)
    cases, share, fte = load.cases[busy], load.available[busy], np.nan_to_num(load.fte[busy])
    idle_fte = float(load.fte[load.spare].sum())
    steps = math.floor(idle_fte / step_fte + 1e-6)
    rest = max(idle_fte - steps * step_fte, 0.0)
    count = len(cases)
    # available FTE is `base` + `ways` @ unknown, zone by zone
    ways = np.hstack([-step_fte * np.eye(count), step_fte * np.eye(count), rest * np.eye(count)])
    ways, base = share[:, None] * ways, share * fte
    above = (1 + tolerance) * cases.sum() * np.eye(count) - cases[:, None]
    below = cases[:, None] - (1 - tolerance) * cases.sum() * np.eye(count)
    rows = np.vstack([above, below])
    # or the numbers would be too large for the solver's slack
    scale = cases.sum() * (base.sum() + idle_fte)
    once = np.concatenate([np.zeros(2 * count), np.ones(count)])
    kept = np.concatenate([-np.ones(count), np.ones(count), np.zeros(count)])
    answer = milp(
        np.concatenate([np.ones(count), np.full(count, 1e-6), np.zeros(count)]),
        integrality=np.ones(3 * count),
        bounds=Bounds(0, np.concatenate([fte / step_fte + 1e-6, np.full(count, np.inf),
                                         np.ones(count)])),
        constraints=[
            LinearConstraint(rows @ ways / scale, -(rows @ base) / scale - _SLACK, np.inf),
            LinearConstraint(np.vstack([kept, once]), [steps, 1], [steps, 1]),
        ],
        options={"time_limit": SECONDS},
    )  # fmt: skip
    if answer.x is None:
        return None
    gives, takes, last = np.round(answer.x).reshape(3, count)
    after = np.where(load.spare, 0.0, load.fte)
    after[busy] = _cleaned(fte + step_fte * (takes - gives) + rest * last)
    return after


def _narrowest(load: Load, tolerance: float, step_fte: float) -> Array:
    """Find the staffing within the narrowest tolerance that steps allow, by halving.

    With all staff where it is the tolerance is that of the furthest zone, but none where a zone
    waits for staff: then one that is wide enough is looked for first.
    """
    low, high, best = tolerance, max(np.nan_to_num(load.furthest), tolerance) + 1.0, load.fte
    if load.waiting:
        for _ in range(_HALVINGS):
            found = _fewest(load, high, step_fte)
            if found is not None:
                best = found
                break
            low, high = high, 2 * high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        found = _fewest(load, middle, step_fte)
        if found is None:
            low = middle
        else:
            high, best = middle, found
    return np.asarray(best)


def _exchanges(
    cases: Array, fte: Array, share: Array, step_fte: float, *, counted: Mask
) -> tuple[Array, Array]:
    """Give the spread after each zone gave a step to each other, and how much each would give.

    A zone without cases may give what is left of a step; a zone with cases keeps some staff. One
    without small areas is not `counted` in the spread, and takes nothing.
    """
    idle = cases <= 0
    amounts = np.where(idle, np.minimum(step_fte, fte), step_fte)
    can = np.where(idle, fte > _SLACK, fte > step_fte + _SLACK)
    count = len(cases)
    after = np.broadcast_to(fte, (count, count, count)).copy()
    at = np.arange(count)
    after[at, :, at] -= amounts[:, None]
    after[:, at, at] += amounts[:, None]
    spread = _spread(cases, after * share, counted)
    spread[~can] = np.inf
    spread[:, ~counted] = np.inf
    spread[at, at] = np.inf
    return spread, amounts


def _spread(cases: Array, there: Array, counted: Mask) -> Array:
    """Give the CV of loads, FTE as weights: CV^2 + 1 = A / W^2 x sum of w^2 / a."""
    parts = cases**2 / np.maximum(there, _NOBODY)
    staff = there[..., counted].sum(axis=-1)
    squared = staff * parts.sum(axis=-1) / cases.sum() ** 2 - 1
    return np.asarray(np.sqrt(np.maximum(squared, 0.0)))


def _cleaned(fte: Array) -> Array:
    """Take away what adding steps up leaves behind the sixth decimal."""
    return np.asarray(np.round(np.maximum(fte, 0.0), 6), dtype=np.float64)
