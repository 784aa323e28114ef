"""Releases: what was published before, and what the next table would give away beside it.

Figures over two plans that nearly coincide give the moved small areas away by subtraction. So
every release is entered in a register, and a new one is checked against all of them:

1. The rule. Of each sum that would be new and each that is out, what lies in both, in the one only
   and in the other only must count nobody, or at least six children among at least 100 people.
2. The audit. All sums of all releases together are what anybody knows. No set of small areas
   whatever that counts 1 to 5 may be told more closely than its symbol says
   (`analysis.protection`).

The register keeps which cells were shown and a hash of what they said, not the figures: sums are
worked out again from the counts. Only `sensitive` measures are registered.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from analysis.aggregate import NO_ZONE
from analysis.disclosure import DFE, Policy, Suppressed
from analysis.protected import protected_units, with_total
from analysis.protection import (
    Known,
    Offer,
    narrow_sets,
    offer_of,
    small_counts,
    width_of,
    widths,
    withhold_until_safe,
)
from geo.adjacency import Neighbours
from geo.errors import LayerError, named
from geo.plan import Plan
from layers.measures import Measures
from layers.status import Status

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Rows = Literal["units", "zones"]
Why = Literal["rule", "worked out", "not settled"]
Kind = Literal["withhold", "merge", "round", "move"]

PEOPLE_FLOOR = 100
"""Fewer people than this are not published apart (methods.md: 100 people or 40 households)."""

ROUND_TO = 5
ALL = "all"

_MOST_MOVED = 3
_MOST_TRIED = 12
_MOST_SETS = 6


@dataclass(frozen=True)
class Told:
    """What a release tells of one measure: the status of each cell, and a hash of what it shows.

    The hash is of shown figures only: one of hidden counts could be undone by trying them all.
    """

    key: str
    period: str
    status: tuple[int, ...]
    cells: str


@dataclass(frozen=True)
class Release:
    """One table that left, or is about to.

    Parameters
    ----------
    who, when
        Who released it, and when, as ISO 8601 text.
    table
        The key of the table.
    rows
        `units`: a row is a small area. `zones`: a row is a zone of the plan, then the small areas
        in none if there are any, then all.
    plan
        The plan whose zones it shows, or beside which its small areas stand.
    policy
        The rule by which it was suppressed and rounded.
    told
        One for each sensitive measure.

    Raises
    ------
    LayerError
        When a measure stands twice, or its cells are not those of the plan.
    """

    who: str
    when: str
    table: str
    rows: Rows
    plan: Plan
    policy: Policy
    told: tuple[Told, ...]

    def __post_init__(self) -> None:
        """Check that each measure has a status for each row."""
        keys = [told.key for told in self.told]
        if len(set(keys)) != len(keys):
            raise LayerError(f"The release tells a measure twice among {named(keys)}.")
        for told in self.told:
            if len(told.status) != len(self.names):
                raise LayerError(
                    f"The release tells '{told.key}' in {len(told.status)} cells; its plan has "
                    f"{len(self.names)}.",
                    remedy="Give zones, those in none if any, then all; or the small areas.",
                )

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What the rows are called, in order."""
        if self.rows == "units":
            return self.plan.units
        return (*self.plan.zones, *([NO_ZONE] if self.plan.unassigned else []), ALL)

    @cached_property
    def areas(self) -> Mask:
        """Which units each row adds up, shape (rows, units)."""
        if self.rows == "units":
            return np.eye(len(self.plan.units), dtype=bool)
        zones = np.arange(len(self.plan.zones))[:, None] == self.plan.assignment
        loose = [self.plan.assignment[None, :] < 0] if self.plan.unassigned else []
        return np.vstack([zones, *loose, np.ones((1, len(self.plan.units)), dtype=bool)])

    @property
    def title(self) -> str:
        """Name it for a list: table, plan, who and when."""
        return f"{self.table} of plan {self.plan.fingerprint}, {self.who}, {self.when}"

    def column(self, key: str) -> Told | None:
        """Give what it tells of a measure; None where it tells nothing."""
        return next((told for told in self.told if told.key == key), None)

    def withheld(self, cells: Mapping[str, Iterable[int]]) -> "Release":
        """Return the release with more cells suppressed: rows by measure. Stamp it again after."""
        return replace(
            self,
            told=tuple(
                replace(told, status=_hidden(told.status, cells.get(told.key, ())), cells="")
                for told in self.told
            ),
        )

    def left_out(self, keys: Iterable[str]) -> "Release":
        """Return the release without a figure or a symbol of some measures. Stamp it after."""
        out = set(keys)
        told = [
            replace(t, status=(int(Status.NOT_APPLICABLE),) * len(t.status), cells="")
            if t.key in out
            else t
            for t in self.told
        ]
        return replace(self, told=tuple(told))

    def rounded(self, base: int = ROUND_TO) -> "Release":
        """Return the release with every figure rounded to a multiple of `base`. Stamp it after."""
        told = [
            replace(t, status=tuple(max(s, int(Status.ROUNDED)) for s in t.status), cells="")
            for t in self.told
        ]
        return replace(self, policy=replace(self.policy, round_to=base), told=tuple(told))

    def masked(self, key: str, shown: Suppressed) -> Suppressed:
        """Give the figures of a measure as this release shows them: withheld, rounded or as are.

        Parameters
        ----------
        shown
            Of the rows of the release, as `analysis.protected` gives them.
        """
        told = self.column(key)
        if told is None:
            return shown
        status = np.array(told.status, dtype=np.int8)
        base = self.policy.round_to
        near = np.round(shown.values / base) * base
        values = np.where(status == Status.ROUNDED, near, shown.values)
        return Suppressed(np.where(status >= Status.NOT_APPLICABLE, np.nan, values), status)

    def stamped(self, measures: Measures) -> "Release":
        """Return the release with the hashes of the figures that it shows of these counts."""
        told = [
            replace(told, cells=_hash(_figures(self, told, measures.counts(told.key))))
            for told in self.told
        ]
        return replace(self, told=tuple(told))

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain values, to be kept in a file."""
        return {
            "who": self.who,
            "when": self.when,
            "table": self.table,
            "rows": self.rows,
            "fingerprint": self.plan.fingerprint,
            "units": list(self.plan.units),
            "zones": list(self.plan.zones),
            "assignment": self.plan.assignment.tolist(),
            "policy": dict(vars(self.policy)),
            "told": [vars(told) | {"status": list(told.status)} for told in self.told],
        }

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> "Release":
        """Read it back from plain values.

        Raises
        ------
        LayerError
            When something is missing, or the plan is not the one of its fingerprint.
        """
        try:
            plan = Plan(tuple(kept["units"]), tuple(kept["zones"]), np.array(kept["assignment"]))
            told = [Told(**{**t, "status": tuple(t["status"])}) for t in kept["told"]]
            words = {key: str(kept[key]) for key in ("who", "when", "table")}
            policy, rows = Policy(**kept["policy"]), kept["rows"]
            fingerprint = str(kept["fingerprint"])
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise LayerError(
                f"A release in the register cannot be read: {error!s:.60}.",
                remedy="Restore the register from its last good copy.",
            ) from error
        if fingerprint != plan.fingerprint or rows not in ("units", "zones"):
            raise LayerError(
                f"A release in the register is not of its plan {fingerprint:.16}.",
                remedy="The register was changed by hand. Restore its last good copy.",
            )
        return cls(rows=rows, plan=plan, policy=policy, told=tuple(told), **words)


@dataclass(frozen=True)
class Register:
    """All releases so far, oldest first, of the same units.

    Raises
    ------
    PlanError
        When a release is of other units.
    """

    releases: tuple[Release, ...] = ()

    def __post_init__(self) -> None:
        """Refuse releases that cannot be set against each other."""
        for release in self.releases[1:]:
            release.plan.require_units(self.releases[0].plan.units)

    def with_release(self, release: Release) -> "Register":
        """Return the register with one more release."""
        return Register((*self.releases, release))

    def __iter__(self) -> Iterator[Release]:
        """Go through the releases, oldest first."""
        return iter(self.releases)

    def __len__(self) -> int:
        """Count the releases."""
        return len(self.releases)


@dataclass(frozen=True)
class Failure:
    """One set of small areas that the release would give away.

    Parameters
    ----------
    measure
        The key of what is counted.
    why
        `rule`: two published sums differ by it. `worked out`: its count can be told too closely
        from all that is known. `not settled`: the search ran out of time.
    units
        Codes of the set. Its count is not told.
    zones_from, zones_to
        Where it stood in the earlier release (empty when it follows from this table alone or from
        several), and where it stands now.
    earlier
        The title of the earlier release, or empty.
    rows
        The rows of the new table that would have to be withheld.
    """

    measure: str
    why: Why
    units: tuple[str, ...]
    zones_from: tuple[str, ...] = ()
    zones_to: tuple[str, ...] = ()
    earlier: str = ""
    rows: tuple[int, ...] = ()

    @property
    def sentence(self) -> str:
        """Say it in a sentence for a planner."""
        if self.why == "not settled":
            return f"Whether '{self.measure}' gives small sets away could not be settled in time."
        moved = f" ({' and '.join(self.zones_from)} before)" if self.earlier else ""
        where = f" in {' and '.join(self.zones_to)}{moved}" if self.zones_to else ""
        how = {"rule": f"would stand apart beside {self.earlier}"}.get(
            self.why, "could be worked out from what is released"
        )
        return f"The {self.measure} of {named(self.units)}{where} {how}."


@dataclass(frozen=True)
class Verdict:
    """Whether a release may leave: it may when nothing fails."""

    failures: tuple[Failure, ...]
    notes: tuple[str, ...] = ()

    @property
    def safe(self) -> bool:
        """Whether nothing fails."""
        return not self.failures


@dataclass(frozen=True)
class Remedy:
    """A change after which the release passes.

    Parameters
    ----------
    changed
        How many cells show less, zones vanish or units move: the smaller, the better.
    release
        What may then be released.
    """

    kind: Kind
    text: str
    changed: int
    release: Release


def release_of(
    plan: Plan,
    measures: Measures,
    keys: Sequence[str],
    *,
    who: str,
    when: str,
    table: str,
    rows: Rows = "zones",
    policy: Policy = DFE,
) -> Release:
    """Describe a table of counts as `analysis.protected` would show them.

    Parameters
    ----------
    keys
        What it counts; measures that are not sensitive are left out.
    """
    sensitive = [key for key in keys if measures.measure(key).sensitive]
    shown = {key: _shown(plan, measures, key, rows, policy) for key in sensitive}
    return described(
        plan, measures, shown, who=who, when=when, table=table, rows=rows, policy=policy
    )


def described(
    plan: Plan,
    measures: Measures,
    shown: Mapping[str, Suppressed],
    *,
    who: str,
    when: str,
    table: str,
    rows: Rows = "zones",
    policy: Policy = DFE,
) -> Release:
    """Describe a table by the figures it shows: its cells, in the order of `Release.names`."""
    told = tuple(
        Told(key, measures.measure(key).period, tuple(figures.status.tolist()), _hash(figures))
        for key, figures in shown.items()
    )
    return Release(who, when, table, rows, plan, policy, told)


def check_release(
    candidate: Release,
    register: Register,
    measures: Measures,
    *,
    people: str = "persons",
    floor: int = PEOPLE_FLOOR,
    sums: Mapping[str, Sequence[str]] | None = None,
) -> Verdict:
    """Check what a release would give away, by itself and beside all earlier ones.

    Parameters
    ----------
    measures
        The true counts of the candidate's units.
    people
        The measure that the floor is of. Where there is none, the floor is not checked, and a
        note says so.
    floor
        Fewest people of a set that may stand apart with a count above 0.
    sums
        Measures that are sums of others, such as open cases of their kinds: told together, they
        are audited together.

    Returns
    -------
    Verdict
        Its failures are the moved sets. Sets that earlier releases gave away whatever is done now
        are told in the notes.

    Raises
    ------
    LayerError
        When the candidate tells a measure that is not among `measures`.
    PlanError
        When candidate, register and measures are not of the same units.
    """
    _require_fit(candidate, register, measures)
    ground = _Ground(register, measures, people, floor, sums or {})
    notes = _notes(candidate, register, measures, people)
    failures: list[Failure] = []
    for keys in _together(candidate, sums or {}, measures):
        audit = _Audit(candidate, ground, keys)
        found, already = audit.failures()
        failures += found
        notes += already
    return Verdict(tuple(failures), tuple(dict.fromkeys(notes)))


def remedies(
    candidate: Release,
    register: Register,
    measures: Measures,
    *,
    neighbours: Neighbours | None = None,
    people: str = "persons",
    floor: int = PEOPLE_FLOOR,
    sums: Mapping[str, Sequence[str]] | None = None,
) -> tuple[Remedy, ...]:
    """Give the changes after which a refused release passes, the smallest first.

    Each was checked as a release of its own: withhold cells, round every figure to 5, merge zones
    of the plan, or move more units along with those that moved.

    Parameters
    ----------
    neighbours
        Of the units. More units are moved along only where they border on those that moved; when
        it is not given, any of the zone they came from.
    people, floor, sums
        As in `check_release`.

    Returns
    -------
    tuple of Remedy
        Empty when the release is safe as it is, and when no change would do.
    """
    ground = _Ground(register, measures, people, floor, sums or {})
    verdict = ground.check(candidate)
    if verdict.safe:
        return ()
    ways = (
        ground.withheld(candidate),
        ground.rounded(candidate),
        ground.merged(candidate, verdict),
        ground.moved(candidate, verdict, neighbours),
    )
    return tuple(sorted((way for way in ways if way), key=lambda way: way.changed))


def remedy_of(
    kind: Literal["withhold", "round"],
    candidate: Release,
    register: Register,
    measures: Measures,
    *,
    people: str = "persons",
    floor: int = PEOPLE_FLOOR,
    sums: Mapping[str, Sequence[str]] | None = None,
) -> Remedy | None:
    """Give one of the changes of `remedies` without working the others out.

    Returns
    -------
    Remedy or None
        None where rounding does not do; withholding always does.
    """
    ground = _Ground(register, measures, people, floor, sums or {})
    return ground.withheld(candidate) if kind == "withhold" else ground.rounded(candidate)


def is_current(release: Release, key: str, measures: Measures) -> bool:
    """Say whether a release told a measure, and what the counts give now."""
    told = release.column(key)
    if told is None or not _same_series(release, key, measures):
        return False
    return _hash(_figures(release, told, measures.counts(key))) == told.cells


@dataclass(frozen=True)
class _Ground:
    """What every remedy is checked against."""

    register: Register
    measures: Measures
    people: str
    floor: int
    sums: Mapping[str, Sequence[str]]

    def check(self, candidate: Release) -> Verdict:
        return check_release(
            candidate,
            self.register,
            self.measures,
            people=self.people,
            floor=self.floor,
            sums=self.sums,
        )

    def withheld(self, candidate: Release) -> Remedy:
        """Withhold the least: what the rule forbids, what keeps ranges wide, else the measure."""
        release = candidate
        while failures := self.check(release).failures:
            before = release
            forced: dict[str, set[int]] = {}
            for failure in failures:
                if failure.rows:
                    forced.setdefault(failure.measure, set()).update(failure.rows)
            release = release.withheld(forced) if forced else self._solved(release, failures)
            if release.told == before.told:  # symbols alone would tell it: no column then
                release = release.left_out(failure.measure for failure in failures)
        text = "; ".join(_withheld_text(candidate, release, self.measures))
        changed = _changed(candidate, release)
        return Remedy("withhold", f"Withhold {text}.", changed, release.stamped(self.measures))

    def _solved(self, release: Release, failures: Sequence[Failure]) -> Release:
        more: dict[str, list[int]] = {}
        for keys in _together(release, self.sums, self.measures):
            unsettled = [f for f in failures if f.measure in keys]
            if unsettled:
                audit = _Audit(release, self, keys)
                for key, row in audit.to_withhold(unsettled):
                    more.setdefault(key, []).append(row)
        return release.withheld(more)

    def rounded(self, candidate: Release) -> Remedy | None:
        release = candidate.rounded()
        if not self.check(release).safe:
            return None
        changed = _changed(candidate, release)
        text = f"Round every count to the nearest {ROUND_TO}."
        return Remedy("round", text, changed, release.stamped(self.measures))

    def merged(self, candidate: Release, verdict: Verdict) -> Remedy | None:
        """Merge the zones between which sets moved, until it passes."""
        release, gone = candidate, 0
        while not verdict.safe and release.rows == "zones":
            ways = [self._ends(release.plan, f) for f in verdict.failures if f.earlier]
            joined = next((way for way in ways if len(way) == 2), None)
            if joined is None or len(release.plan.zones) <= 2:
                return None
            release = self._redrawn(release, _merged(release.plan, *joined))
            verdict, gone = self.check(release), gone + 1
        if not gone:
            return None
        text = named(set(release.plan.zones) - set(candidate.plan.zones))
        return Remedy("merge", f"Merge zones into {text}.", gone, release)

    def _ends(self, plan: Plan, failure: Failure) -> tuple[str, ...]:
        """Name the zone that a moved set stands in now and the one that most of its old zone is."""
        now = plan.assignment[plan.positions(failure.units)]
        here = int(now[0])
        if here < 0:
            return ()
        rest = self._left_behind(plan, failure)
        others = plan.assignment[rest]
        others = others[(others >= 0) & (others != here)]
        if not len(others):
            return ()
        there = int(np.bincount(others).argmax())
        return plan.zones[here], plan.zones[there]

    def _left_behind(self, plan: Plan, failure: Failure) -> npt.NDArray[np.intp]:
        """Where the other units of the zone stand that a moved set was in."""
        earlier = next(r.plan for r in self.register if r.title == failure.earlier)
        moved = plan.positions(failure.units)
        was = np.isin(earlier.assignment, earlier.assignment[moved])
        was[moved] = False
        return np.flatnonzero(was)

    def moved(
        self, candidate: Release, verdict: Verdict, neighbours: Neighbours | None
    ) -> Remedy | None:
        """Move the fewest further units along with the sets that moved."""
        plan, along = candidate.plan, []
        for _ in range(_MOST_MOVED):
            best: tuple[int, str, Plan] | None = None
            for unit, zone in self._along(plan, verdict, neighbours):
                moved = plan.move([unit], to=zone)
                left = len(self.check(self._redrawn(candidate, moved)).failures)
                if best is None or left < best[0]:
                    best = (left, unit, moved)
                if not left:
                    break
            if best is None:
                return None
            left, unit, plan = best
            along.append(f"{unit} to {plan.zone_of(unit)}")
            release = self._redrawn(candidate, plan)
            verdict = self.check(release)
            if verdict.safe:
                return Remedy("move", f"Move along {named(along)}.", len(along), release)
        return None

    def _along(
        self, plan: Plan, verdict: Verdict, neighbours: Neighbours | None
    ) -> list[tuple[str, str]]:
        """List units that could move along, those with the smallest sufficient counts first."""
        ways: dict[tuple[str, str], float] = {}
        for failure in verdict.failures:
            ends = self._ends(plan, failure) if failure.earlier else ()
            if len(ends) != 2:
                continue
            moved = plan.positions(failure.units)
            rest = self._left_behind(plan, failure)
            rest = rest[plan.assignment[rest] == plan.zone_position(ends[1])]
            if neighbours is not None:
                rest = rest[np.isin(rest, np.concatenate([neighbours.of(int(m)) for m in moved]))]
            counts = np.nan_to_num(self.measures.counts(failure.measure))
            enough = counts[rest] + counts[moved].sum() >= DFE.high + 1
            for unit in rest[enough]:
                ways.setdefault((plan.units[unit], ends[0]), float(counts[unit]))
        return sorted(ways, key=lambda way: ways[way])[:_MOST_TRIED]

    def _redrawn(self, release: Release, plan: Plan) -> Release:
        return release_of(
            plan,
            self.measures,
            [told.key for told in release.told],
            who=release.who,
            when=release.when,
            table=release.table,
            rows=release.rows,
            policy=release.policy,
        )


class _Audit:
    """One measure, or several that add up to each other, over all releases that tell them."""

    def __init__(self, candidate: Release, ground: _Ground, keys: Sequence[str]) -> None:
        """Refine all areas to atoms, and write what is known and what is offered over them."""
        measures = ground.measures
        self._candidate, self._measures, self._keys = candidate, measures, tuple(keys)
        self._policy = candidate.policy
        self._earlier = [
            r for r in ground.register if any(_same_series(r, key, measures) for key in self._keys)
        ]
        stack = np.vstack([r.areas for r in (*self._earlier, candidate)])
        _, self._atom = np.unique(stack, axis=1, return_inverse=True)
        self._atoms = int(self._atom.max(initial=-1)) + 1
        self._counts = {key: measures.counts(key) for key in self._keys}
        self._people = measures.counts(ground.people) if measures.has(ground.people) else None
        self._floor = ground.floor
        self._truth = np.concatenate([self._per_atom(self._counts[key]) for key in self._keys])
        self._known = self._links_only = self._links(ground.sums)
        for release in self._earlier:
            self._known = self._offer(release)[0].added_to(self._known)
        self._new, self._cells = self._offer(candidate)

    def failures(self) -> tuple[list[Failure], list[str]]:
        """Find what the candidate gives away, and say what is given away whatever it does."""
        found, sets = self._by_rule()
        tight, already = self._narrow(sets)
        seen = {(f.measure, f.units) for f in found}
        found += [f for f in tight if (f.measure, f.units) not in seen]
        if not found:
            found, more = self._searched()
            already += more
        return found, already

    def to_withhold(self, failures: Sequence[Failure]) -> list[tuple[str, int]]:
        """Choose the cells of the candidate to withhold, so that failing sets keep their range."""
        sets = [self._weights(f.measure, self._mask(f.units)) for f in failures if f.units]
        if not sets:  # not settled: withhold what costs least of what is shown
            can = np.flatnonzero(~self._new.hidden & np.isfinite(self._new.loss))
            order = can[np.argsort(self._new.loss[can])]
            return [self._cells[at] for at in order[:1]]
        chosen = withhold_until_safe(self._known, self._new, np.array(sets), policy=self._policy)
        if chosen is None:
            return []
        return [self._cells[at] for at in np.flatnonzero(chosen & ~self._new.hidden)]

    def _by_rule(self) -> tuple[list[Failure], dict[tuple[str, bytes], Mask]]:
        """Compare each new sum with each that is out; give also all small sets that they make."""
        found: dict[tuple[str, bytes], Failure] = {}
        sets: dict[tuple[str, bytes], Mask] = {}
        for key in self._keys:
            mine = self._candidate.column(key)
            for release in self._earlier:
                theirs = release.column(key)
                if mine is None or theirs is None or not _same_series(release, key, self._measures):
                    continue
                plain = self._new_and_plain(key, mine)
                for row, other, apart in self._apart(key, release):
                    name = (key, np.packbits(apart).tobytes())
                    sets[name] = apart
                    if plain[row] and theirs.status[other] == Status.OK:
                        failure = self._failure(key, apart, release, row)
                        rows = {*failure.rows, *(found[name].rows if name in found else ())}
                        found[name] = replace(found.get(name, failure), rows=tuple(sorted(rows)))
        return list(found.values()), sets

    def _apart(self, key: str, release: Release) -> Iterator[tuple[int, int, Mask]]:
        """Give what is in both, in the one only and in the other only, where it may not stand."""
        mine, theirs = self._candidate.areas, release.areas
        for row, other in np.argwhere(mine.astype(np.int64) @ theirs.T.astype(np.int64) > 0):
            a, b = mine[row], theirs[other]
            if (a == b).all():
                continue
            for apart in (a & b, a & ~b, b & ~a):
                if apart.any() and self._may_not_stand(key, apart):
                    yield int(row), int(other), apart

    def _may_not_stand(self, key: str, apart: Mask) -> bool:
        count = float(np.nansum(self._counts[key][apart]))
        if count <= 0 or np.isnan(self._counts[key][apart]).any():
            return False  # a true zero is shown; what lacks a part has no figure
        people = np.inf if self._people is None else float(np.nansum(self._people[apart]))
        return bool(small_counts(count, self._policy)) or people < self._floor

    def _new_and_plain(self, key: str, mine: Told) -> Mask:
        """Say which cells are shown as they are and were not so before."""
        plain = np.array(mine.status) == Status.OK
        out = {
            area.tobytes()
            for release in self._earlier
            if (theirs := release.column(key)) is not None
            for area, status in zip(release.areas, theirs.status, strict=True)
            if status == Status.OK
        }
        new = [area.tobytes() not in out for area in self._candidate.areas]
        return np.asarray(plain & np.array(new))

    def _narrow(self, sets: dict[tuple[str, bytes], Mask]) -> tuple[list[Failure], list[str]]:
        """Find sets, atoms and small cells whose range is narrower than it could be."""
        for key in self._keys:
            areas = [self._atom == atom for atom in range(self._atoms)]
            if self._candidate.column(key) is not None:
                areas += list(self._candidate.areas)
            for area in areas:
                count = self._counts[key][area].sum()
                if bool(small_counts(count, self._policy)):
                    sets[(key, np.packbits(area).tobytes())] = area
        return self._too_narrow([(key, area) for (key, _), area in sets.items()])

    def _too_narrow(self, sets: Sequence[tuple[str, Mask]]) -> tuple[list[Failure], list[str]]:
        if not sets:
            return [], []
        weights = np.array([self._weights(key, area) for key, area in sets])
        now = widths(self._new.added_to(self._known), weights)
        tight = np.flatnonzero(now < width_of(self._policy))
        if not len(tight):
            return [], []
        # it may not be narrower than by the earlier releases, or by this one's symbols, alone
        symbols = self._new.withheld(np.isfinite(self._new.loss)).added_to(self._links_only)
        before = widths(self._known, weights[tight])
        best = np.minimum(before, widths(symbols, weights[tight]))
        failures, already = [], []
        for at, could, before_this in zip(tight.tolist(), best, before, strict=True):
            key, area = sets[at]
            if now[at] < could:
                failures.append(self._failure(key, area, self._whence(area)))
            elif before_this <= 0:
                title = self._measures.measure(key).title
                already.append(f"Earlier releases give a small count of '{title}' away already.")
        return failures, already

    def _searched(self) -> tuple[list[Failure], list[str]]:
        """Search all sets whatever, not only those that two sums make."""
        failures, already = [], []
        together = self._new.added_to(self._known)
        for at, key in enumerate(self._keys):
            among = np.zeros(len(self._truth), dtype=bool)
            among[at * self._atoms : (at + 1) * self._atoms] = True
            found, more, settled = self._search(key, together, among, width_of(self._policy))
            if not found and not settled:  # what is told exactly is the lesser question
                found, more, settled = self._search(key, together, among, 1.0)
                title = self._measures.measure(key).title
                already.append(f"Not every set of areas was searched for '{title}': too many.")
            failures += found
            already += more
            if not found and not settled:
                failures.append(Failure(key, "not settled", ()))
        return failures, already

    def _search(
        self, key: str, together: Known, among: Mask, width: float
    ) -> tuple[list[Failure], list[str], bool]:
        """Search one measure; say whether the answer is proven."""
        at = self._keys.index(key)
        said: list[str] = []
        for most in (1, _MOST_SETS):  # the first may be out already, whatever is done now
            search = narrow_sets(together, among, policy=self._policy, width=width, most=most)
            areas = [(key, s[at * self._atoms :][self._atom]) for s in search.sets]
            found, said = self._too_narrow(areas)
            if found or not len(search.sets):
                return found, said, bool(found) or search.complete
        return [], said, search.complete

    def _whence(self, area: Mask) -> Release | None:
        """Find the last earlier release whose zones the set crossed, if any."""
        mine = self._candidate.plan
        for release in reversed(self._earlier):
            theirs = release.plan
            was = {theirs.name_of(int(zone)) for zone in theirs.assignment[area]}
            now = {mine.name_of(int(zone)) for zone in mine.assignment[area]}
            if release.rows == "zones" and was != now:
                return release
        return None

    def _failure(
        self, key: str, area: Mask, release: Release | None, row: int | None = None
    ) -> Failure:
        plan = self._candidate.plan
        return Failure(
            measure=key,
            why="worked out" if row is None else "rule",
            units=tuple(np.array(plan.units, dtype=object)[area]),
            zones_from=_zones(release.plan, area) if release else (),
            zones_to=_zones(plan, area),
            earlier=release.title if release else "",
            rows=() if row is None else (row,),
        )

    def _mask(self, units: Sequence[str]) -> Mask:
        mask = np.zeros(len(self._atom), dtype=bool)
        mask[self._candidate.plan.positions(units)] = True
        return mask

    def _per_atom(self, counts: Array) -> Array:
        sums = np.bincount(self._atom, np.nan_to_num(counts), minlength=self._atoms)
        return sums.astype(np.float64)

    def _weights(self, key: str, area: Mask) -> Array:
        """Give a set of whole atoms as weights of the parts of one measure."""
        at = self._keys.index(key)
        row = np.zeros(len(self._truth))
        row[at * self._atoms + self._atom[area]] = 1.0
        return row

    def _links(self, sums: Mapping[str, Sequence[str]]) -> Known:
        """Know from the start that a sum of measures is the sum, atom by atom."""
        blocks = []
        for total, kinds in sums.items():
            if {total, *kinds} <= set(self._keys):
                signs = [1.0 if k == total else -float(k in kinds) for k in self._keys]
                blocks.append(np.kron(signs, np.eye(self._atoms)))
        rows = np.vstack(blocks) if blocks else np.zeros((0, len(self._truth)))
        return Known(rows, np.zeros(len(rows)), np.zeros(len(rows)), self._truth)

    def _offer(self, release: Release) -> tuple[Offer, list[tuple[str, int]]]:
        """Write what a release tells, and which cell each row of it is."""
        rows: list[Array] = []
        status: list[int] = []
        cells: list[tuple[str, int]] = []
        for key in self._keys:
            told = release.column(key)
            if told is None or not _same_series(release, key, self._measures):
                continue
            for row, (area, state) in enumerate(zip(release.areas, told.status, strict=True)):
                lacks = bool(np.isnan(self._counts[key][area]).any())
                rows.append(self._weights(key, area))
                status.append(int(Status.MISSING) if lacks else state)
                cells.append((key, row))
        matrix = np.array(rows).reshape(-1, len(self._truth))
        counts = matrix @ self._truth
        units = np.array([release.areas[row].sum() for _, row in cells])
        loss = np.where(counts > 0, units + counts / (1.0 + self._truth.sum()), np.inf)
        return offer_of(matrix, self._truth, status, policy=release.policy, loss=loss), cells


def _require_fit(candidate: Release, register: Register, measures: Measures) -> None:
    candidate.plan.require_units(measures.units)
    if register.releases:
        candidate.plan.require_units(register.releases[0].plan.units)
    for told in candidate.told:
        measures.measure(told.key)


def _notes(candidate: Release, register: Register, measures: Measures, people: str) -> list[str]:
    notes = []
    if not measures.has(people):
        notes.append(f"There is no measure '{people}': the floor of people was not checked.")
    for told in candidate.told:
        others = [r for r in register if r.column(told.key)]
        title = measures.measure(told.key).title
        if any(not _same_series(r, told.key, measures) for r in others):
            notes.append(f"Earlier releases of '{title}' in another period are not compared.")
        if any(_changed_since(r, told.key, measures) for r in others):
            notes.append(f"Counts of '{title}' changed since a release; checked as they are.")
    return notes


def _changed_since(release: Release, key: str, measures: Measures) -> bool:
    """Say whether a release told other figures than the counts give now."""
    told = release.column(key)
    if told is None or not _same_series(release, key, measures):
        return False
    return bool(told.cells) and not is_current(release, key, measures)


def _figures(release: Release, told: Told, counts: Array) -> Suppressed:
    """Work out what a release shows of counts."""
    sums = np.array([counts[area].sum() for area in release.areas])
    status = np.array(told.status, dtype=np.int8)
    # what lacks a part has no figure, whatever was told of it
    status[np.isnan(sums) & (status < Status.NOT_APPLICABLE)] = Status.MISSING
    base = release.policy.round_to
    near = np.where(status == Status.ROUNDED, np.round(sums / base) * base, sums)
    return Suppressed(np.where(status >= Status.NOT_APPLICABLE, np.nan, near), status)


def _together(
    candidate: Release, sums: Mapping[str, Sequence[str]], measures: Measures
) -> list[tuple[str, ...]]:
    """Group the candidate's measures: those that add up to each other go together."""
    groups: list[set[str]] = [{told.key} for told in candidate.told]
    for total, kinds in sums.items():
        linked = {total, *kinds}
        if not measures.has(*linked):
            continue
        touched = [group for group in groups if group & linked]
        if touched:
            groups = [group for group in groups if not group & linked]
            groups.append(linked.union(*touched))
    return [tuple(sorted(group)) for group in groups]


def _same_series(release: Release, key: str, measures: Measures) -> bool:
    told = release.column(key)
    return told is not None and told.period == measures.measure(key).period


def _shown(plan: Plan, measures: Measures, key: str, rows: Rows, policy: Policy) -> Suppressed:
    units = protected_units(plan, key, measures, policy)
    if rows == "units":
        return Suppressed(units.values.copy(), units.status.copy())
    if units.totals is None:
        raise AssertionError(key)  # a sensitive measure always has totals
    return with_total(units.totals)


def _hidden(status: Sequence[int], rows: Iterable[int]) -> tuple[int, ...]:
    more = set(rows)
    return tuple(
        max(int(s), int(Status.SUPPRESSED)) if row in more else int(s)
        for row, s in enumerate(status)
    )


def _hash(figures: Suppressed) -> str:
    """Name what was shown by sixteen hex digits."""
    text = "\n".join(
        f"{int(status)}\t{'' if np.isnan(value) else format(value, '.6f')}"
        for value, status in zip(figures.values, figures.status, strict=True)
    )
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _zones(plan: Plan, area: Mask) -> tuple[str, ...]:
    names = [plan.name_of(int(zone)) or NO_ZONE for zone in np.unique(plan.assignment[area])]
    return tuple(names)


def _merged(plan: Plan, one: str, other: str) -> Plan:
    """Return the plan with two zones made one, named after both."""
    new = f"{one} + {other}"
    names = {one: new, other: new}
    lookup = {
        unit: names.get(zone, zone) if (zone := plan.name_of(int(at))) else None
        for unit, at in zip(plan.units, plan.assignment, strict=True)
    }
    zones = list(dict.fromkeys(names.get(zone, zone) for zone in plan.zones))
    return Plan.from_lookup(lookup, units=plan.units, zones=zones)


def _changed(before: Release, after: Release) -> int:
    """Count the cells that show less."""
    return sum(
        a != b
        for old, new in zip(before.told, after.told, strict=True)
        for a, b in zip(old.status, new.status, strict=True)
    )


def _withheld_text(before: Release, after: Release, measures: Measures) -> list[str]:
    """Say which rows are withheld, measure by measure, by the measures' titles."""
    texts = []
    for old, new in zip(before.told, after.told, strict=True):
        pairs = zip(before.names, old.status, new.status, strict=True)
        rows = [name for name, was, now in pairs if was != now]
        title = measures.measure(old.key).title
        if rows and set(new.status) == {int(Status.NOT_APPLICABLE)}:
            texts.append(f"all of '{title}'")
        elif rows:
            texts.append(f"{named(rows)} of '{title}'")
    return texts
