"""The log of a scenario: what it starts from, what happened to it, and what it is by then.

The log is the truth and a scenario is worked out from it, one event at a time. Each event carries a
hash of itself and of the one before, so that a log that was cut, patched or mixed up is noticed.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np

from analysis.events import Assume, Border, Edit, Event, Lock, Redo, Undo, event_from_dict
from analysis.scenario import Scenario
from geo.errors import PlanError, StoreError, ZonewrightError, named
from geo.plan import Plan
from layers.pack import NamedPlan, Pack

TITLED, ARCHIVED = "titled", "archived"
"""Events that name a scenario and put it away: they stand in its log and do not touch its plan."""

INHERITED = "parent"
"""The client of an event that happened to the scenario before this one branched off it."""

MOST_BODY = 5_000_000
"""Characters of an event: 100,000 small areas that change zone at once stay below."""

MOST_WORDS = 200
"""Characters of a title or a name."""


class MisfitError(StoreError):
    """A scenario that the pack at hand does not fit, until it is carried over."""


class ElsewhereError(MisfitError):
    """A scenario of another authority, or of another plan than the one at hand.

    `authority` and `plan` are the keys of those that it is of.
    """

    def __init__(self, head: "Head", found: str, *, remedy: str) -> None:
        """Say what was `found`, then the `remedy`."""
        super().__init__(found, remedy=remedy)
        self.authority, self.plan = head.authority, head.baseline.key


class DamagedError(StoreError):
    """A scenario whose log is damaged; it can be opened as it was at step `good`, if any."""

    def __init__(self, found: str, *, remedy: str, good: int | None = None) -> None:
        """Say what was `found`, then the `remedy`."""
        super().__init__(found, remedy=remedy)
        self.good = good


@dataclass(frozen=True)
class Head:
    """What a scenario starts from; it never changes.

    Parameters
    ----------
    baseline
        The plan of the pack, as it was when the scenario was made.
    note
        Where it comes from, when it was carried over or imported; empty otherwise.
    parent, parent_seq
        Of a branch: the scenario, and the event of it, that it goes on from.
    """

    id: str
    authority: str
    vintage: str
    geography: str
    title: str
    baseline: NamedPlan
    who: str
    when: str
    note: str = ""
    parent: str | None = None
    parent_seq: int = 0

    @cached_property
    def hash(self) -> str:
        """What the first event's hash goes on from: all that decides what the events mean."""
        text = to_json([self.authority, self.vintage, plan_to_dict(self.baseline)])
        return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Row:
    """An event as it is kept; `body` is JSON, as it was written."""

    seq: int
    client: str
    n: int
    kind: str
    body: str
    who: str
    when: str
    hash: str

    @classmethod
    def after(
        cls, saved: "Saved", kind: str, body: str, *, who: str, when: str, sent: tuple[str, int]
    ) -> "Row":
        """Make the row that follows on what is saved; `sent` is the client and its number."""
        seq = saved.seq + 1
        return cls(seq, *sent, kind, body, who, when, _hash(saved.hash, seq, kind, body, who, when))


@dataclass(frozen=True)
class Logged:
    """An event in the log, in words.

    Parameters
    ----------
    seq
        Its place, from 1.
    title
        `3 units to North`, `Undo of '3 units to North'`, `Tolerance 10 % to 5 %`. Worked out as
        the log is read; only that of a move stands in it.
    event
        None for an event that does not touch the plan.
    client, n
        The browser that sent it and its number there; an empty client for the tool itself.
    """

    seq: int
    title: str
    event: Event | None
    who: str
    when: str
    client: str = ""
    n: int = 0


@dataclass(frozen=True)
class Blame:
    """Who last moved a unit, when, and in which step."""

    unit: str
    seq: int
    title: str
    who: str
    when: str


@dataclass(frozen=True, eq=False)
class Saved:
    """A scenario as its log makes it.

    Parameters
    ----------
    seq
        Of the last event; 0 when nothing has happened yet.
    log
        Oldest first; for a branch it begins with that of its parent.
    notes
        What whoever opens it should know.
    """

    head: Head
    scenario: Scenario
    title: str
    seq: int
    hash: str
    log: tuple[Logged, ...] = ()
    is_archived: bool = False
    notes: tuple[str, ...] = ()
    _steps: tuple[int, ...] = field(default=(), repr=False)
    _undone: tuple[int, ...] = field(default=(), repr=False)

    @property
    def id(self) -> str:
        """What names the scenario."""
        return self.head.id

    @classmethod
    def start(cls, head: Head) -> "Saved":
        """Give a scenario to which nothing has happened."""
        notes = (head.note,) if head.note else ()
        start = Scenario(head.id, head.baseline)
        return cls(head, start, head.title, 0, head.hash, notes=notes)

    def take(self, row: Row) -> "Saved":
        """Give the scenario after one more event of its log.

        Raises
        ------
        DamagedError
            When the event is not the next one, was changed, or is of a kind that is not known.
        """
        if row.seq != self.seq + 1:
            raise self.damaged(f"step {self.seq + 1} is missing")
        if row.hash != _hash(self.hash, row.seq, row.kind, row.body, row.who, row.when):
            raise self.damaged(f"step {row.seq} was changed")
        try:
            return self.after(row)
        except ZonewrightError as error:
            raise DamagedError(
                f"Step {row.seq} of the scenario '{self.title}' cannot be taken: {error.found}",
                remedy=error.remedy or "Open it as it was before that step.",
                good=self.seq,
            ) from error

    def after(self, row: Row) -> "Saved":
        """Give the scenario after a new event that nobody has checked yet.

        Raises
        ------
        PlanError
            When the scenario does not take it, or it is of a kind that is not known.
        """
        if row.kind in (TITLED, ARCHIVED):
            return self._told(row)
        event = read_event(row.kind, row.body)
        logged = Logged(
            row.seq, _words(event, self.scenario), event, row.who, row.when, row.client, row.n
        )
        steps, undone = _steps_after(event, row.seq, self._steps, self._undone)
        scenario = self.scenario.take(event)
        return replace(
            self,
            scenario=scenario,
            seq=row.seq,
            hash=row.hash,
            log=(*self.log, logged),
            _steps=steps,
            _undone=undone,
        )

    def _told(self, row: Row) -> "Saved":
        """Take a new name, or being put away; a branch has a name of its own."""
        body = _body(row.body)
        title, is_archived = self.title, self.is_archived
        if row.kind == TITLED:
            title = one_line(body.get("title"))
            words = f"Named '{title}'"
        else:
            is_archived = body.get("on") is True
            words = "Put away" if is_archived else "Brought back"
        logged = Logged(row.seq, words, None, row.who, row.when, row.client, row.n)
        after = replace(self, seq=row.seq, hash=row.hash, log=(*self.log, logged))
        if row.client == INHERITED:
            return after
        return replace(after, title=title, is_archived=is_archived)

    def blame(self) -> dict[str, Blame]:
        """Say of each unit who last moved it; a unit in its zone of the baseline may be missing.

        A step that was undone has moved nothing, and one that only names zones anew neither.
        """
        plan = self.scenario.baseline.plan
        last = np.zeros(len(plan.units), dtype=np.intp)
        for seq, edit in zip(self._steps, self.scenario.edits, strict=True):
            after = edit.apply(plan)
            if not edit.renamed(plan):
                last[_changed(plan, after)] = seq
            plan = after
        found = {}
        for unit, seq in zip(plan.units, last.tolist(), strict=True):
            if seq:
                step = self.log[seq - 1]
                found[unit] = Blame(unit, seq, step.title, step.who, step.when)
        return found

    def require_fit(self, pack: Pack) -> None:
        """Refuse a pack that the scenario was not made with.

        Raises
        ------
        ElsewhereError
            When the pack is another authority's.
        MisfitError
            When its small areas are of another vintage, or they or the baseline have changed.
        """
        if pack.authority.key != self.head.authority:
            raise ElsewhereError(
                self.head,
                f"The scenario '{self.title}' is of '{self.head.authority}', "
                f"not of '{pack.authority.key}'.",
                remedy="Open that authority's pack.",
            )
        found = _misfit(self.head, pack)
        if found:
            raise MisfitError(
                f"The scenario '{self.title}' {found}.",
                remedy="Carry it over: a copy that fits is made, with a report; this one stays.",
            )

    def damaged(self, how: str) -> DamagedError:
        """Say what is wrong with the next event of the log."""
        return DamagedError(
            f"The log of the scenario '{self.title}' is damaged: {how}.",
            remedy=f"Open it as it was at step {self.seq}, or import its last export.",
            good=self.seq,
        )


@dataclass(frozen=True)
class Summary:
    """A scenario in a list."""

    id: str
    authority: str
    title: str
    vintage: str
    who: str
    when: str
    seq: int
    changed_by: str
    changed: str
    is_archived: bool
    parent: str | None
    note: str

    @property
    def steps(self) -> str:
        """How many steps it has, in words."""
        return "1 step" if self.seq == 1 else f"{self.seq} steps"

    @property
    def label(self) -> str:
        """What a person knows it by in a list: title, steps, who changed it last and when."""
        return f"{self.title} · {self.steps} · {self.changed_by}, {clock(self.changed)}"


def clock(when: str) -> str:
    """Write a moment of the log as the clock of this computer shows it."""
    return datetime.fromisoformat(when).astimezone().strftime("%Y-%m-%d %H:%M")


def read_event(kind: str, body: str) -> Event:
    """Read an event that is kept as JSON.

    Raises
    ------
    PlanError
        When it is of no known kind or cannot be read.
    """
    return event_from_dict({**_body(body), "kind": kind})


def to_json(value: Any) -> str:
    """Write JSON that every database and every encoding takes, in the order given.

    Raises
    ------
    ValueError
        When a number is infinite or none.
    """
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def plan_to_dict(entry: NamedPlan) -> dict[str, Any]:
    """Give a plan of a pack as plain values, with its title."""
    return {
        **{name: getattr(entry, name) for name in _OF_A_PLAN},
        "units": list(entry.plan.units),
        "zones": list(entry.plan.zones),
        "assignment": entry.plan.assignment.tolist(),
    }


def plan_from_dict(kept: Mapping[str, Any]) -> NamedPlan:
    """Read a plan back.

    Raises
    ------
    StoreError
        When something in it is missing or of the wrong kind.
    """
    try:
        words = {name: str(kept[name]) for name in _OF_A_PLAN}
        units, zones = (tuple(map(str, kept[name])) for name in ("units", "zones"))
        if not all(type(at) is int for at in kept["assignment"]):
            raise TypeError  # noqa: TRY301  a fraction would be cut off in silence
        plan = Plan(units, zones, np.array(kept["assignment"], dtype=np.int32))
    except (KeyError, TypeError, ValueError, OverflowError, PlanError) as error:
        raise StoreError(
            "The plan that a scenario starts from cannot be read.",
            remedy="Restore it from its last good copy.",
        ) from error
    return NamedPlan(**words, plan=plan)  # type: ignore[arg-type]  # words that are only shown


def one_line(words: object) -> str:
    """Give words as one line of at most 200 characters that every database takes."""
    text = _NO_TEXT.sub(" ", str(words))
    return " ".join(text.split())[:MOST_WORDS].strip() or "Without a name"


_OF_A_PLAN = ("key", "title", "zone_word", "kind", "status", "note", "source")
_NO_TEXT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def _hash(before: str, *parts: object) -> str:
    return hashlib.sha256(to_json([before, *parts]).encode()).hexdigest()[:32]


def _body(text: str) -> dict[str, Any]:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise PlanError(
            "A step of the scenario cannot be read.",
            remedy="Restore the scenario from its last good copy.",
        )
    return body


def _steps_after(
    event: Event, seq: int, steps: tuple[int, ...], undone: tuple[int, ...]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Keep beside the scenario's edits the place of each in the log."""
    match event:
        case Edit():
            return (*steps, seq), ()
        case Undo():
            return steps[:-1], (*undone, *steps[-1:])
        case Redo():
            return (*steps, *undone[-1:]), undone[:-1]
        case _:
            return steps, undone


def _words(event: Event, before: Scenario) -> str:
    """Name an event for the history."""
    match event:
        case Edit():
            return event.title
        case Undo():
            return f"Undo of '{before.edits[-1].title}'" if before.edits else "Undo"
        case Redo():
            return f"Redo of '{before.undone[-1].title}'" if before.undone else "Redo"
        case Lock():
            what = [*event.zones, *_counted(len(event.units), "unit")]
            return f"{'Locked' if event.on else 'Unlocked'} {named(what) or 'nothing'}"
        case Border():
            done = {"link": "linked", "cut": "cut", "clear": "put back"}[event.what]
            return f"{named(_counted(len(event.pairs), 'border')) or 'No border'} {done}"
        case Assume():
            return event.title(before.assumptions)


def _counted(count: int, word: str) -> Iterable[str]:
    return [f"{count} {word}{'' if count == 1 else 's'}"] if count else []


def _changed(before: Plan, after: Plan) -> Any:
    """Mark the units whose zone differs, by name where the two have other zones."""
    if before.zones == after.zones:
        return before.assignment != after.assignment
    was, now = (np.array([*p.zones, ""], dtype=object)[p.assignment] for p in (before, after))
    return was != now


def _misfit(head: Head, pack: Pack) -> str:
    """Say how pack and scenario differ; empty when they do not."""
    vintage, units = pack.authority.vintage, pack.geography.units
    if head.vintage != vintage:
        return f"is of small areas of {head.vintage}; the pack's are of {vintage}"
    if head.baseline.plan.units != units:
        strange = sorted(set(units) ^ set(head.baseline.plan.units))
        how = f": {named(strange)} stand on one side only" if strange else " in another order"
        return f"is of other small areas than the pack{how}"
    plans = {entry.key: entry.plan for entry in pack.plans}
    if head.baseline.key not in plans:
        return f"starts from the plan '{head.baseline.key}', which the pack no longer has"
    if head.baseline.plan != plans[head.baseline.key]:
        return f"starts from '{head.baseline.title}', which the pack has changed since"
    return ""
