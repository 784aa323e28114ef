"""Scenarios that cannot be lost: every step is on the disk before it is said to be saved.

A scenario is kept as the log of its events and nothing else, so undo, history, blame and branch
cost nothing. A browser numbers what it sends and sends it until it is answered: each number is
taken once, and what cannot be taken is answered with the reason, also when it is sent again.
"""

import json
import os
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from threading import Lock as Mutex
from typing import Any, cast
from uuid import uuid4

import sqlalchemy as sa

from analysis.events import Event, event_to_dict
from analysis.in_words import counted
from analysis.scenario import Scenario
from geo.errors import PlanError, StoreError, ZonewrightError, named
from geo.plan import Plan
from layers.pack import Pack
from store.database import STAYS, Database, database_url, open_database
from store.log import (
    ARCHIVED,
    INHERITED,
    MOST_BODY,
    MOST_WORDS,
    TITLED,
    Head,
    Logged,
    Row,
    Saved,
    Summary,
    clock,
    one_line,
    to_json,
)
from store.rows import (
    ID,
    Answer,
    insert_head,
    insert_refused,
    insert_rows,
    is_still,
    is_there,
    last_seq,
    owner_of,
    read_answers,
    read_head,
    read_rows,
    read_summaries,
)

MOST_KEPT = 64
"""Scenarios at one moment that are kept in memory, so that the next event costs one step."""

MOST_EVENTS = 1_000
"""That a browser may send at once; the rest waits until these are answered."""

Sent = tuple[int, Event]
"""An event and the number that its browser gave it."""

Vet = Callable[[Scenario, Event], str]
"""Says why an event may not be added to a scenario; nothing where it may."""


@dataclass(frozen=True)
class Refused:
    """An event that the scenario did not take, and why. It counts as acknowledged."""

    n: int
    message: str


@dataclass(frozen=True)
class Appended:
    """What became of what a browser sent; all of it is on the disk.

    Parameters
    ----------
    seq
        Of the scenario's last event.
    ack
        The highest number of this browser that was answered, 0 when it never sent anything.
    taken
        Numbers, of those sent, that are in the log.
    refused
        Those that are not.
    """

    seq: int
    ack: int
    taken: tuple[int, ...]
    refused: tuple[Refused, ...]


@dataclass(frozen=True)
class Differing:
    """A unit that two people's plans put into different zones; None is no zone.

    Parameters
    ----------
    both
        True where both moved it, so that one of them must give way.
    """

    unit: str
    before: str | None
    theirs: str | None
    mine: str | None
    both: bool


@dataclass(frozen=True, eq=False)
class Stale:
    """What somebody else did to a scenario meanwhile; nothing of one's own was written.

    Parameters
    ----------
    seq
        Of the scenario's last event, theirs.
    since
        Their events since the one that was seen last.
    seen, theirs, mine
        The scenario before the first of these, as it is now, and as it would be had they done
        nothing.
    events
        One's own that the scenario has not taken.
    """

    seq: int
    since: tuple[Logged, ...]
    seen: Scenario
    theirs: Scenario
    mine: Scenario
    events: tuple[Event, ...] = ()

    @property
    def fork(self) -> int:
        """The last event before theirs: a branch of one's own goes on from there."""
        return self.since[0].seq - 1

    def with_more(self, events: Iterable[Event]) -> "Stale":
        """Put more events of one's own on one's side; what does not fit is left out."""
        more = tuple(events)
        mine = _as_far_as_it_goes(self.mine, more)
        return replace(self, mine=mine, events=(*self.events, *more))

    @cached_property
    def differing(self) -> tuple[Differing, ...]:
        """The units that stand in different zones in the two."""
        return _differing(self.seen.plan, self.theirs.plan, self.mine.plan)

    @property
    def clashing(self) -> tuple[Differing, ...]:
        """The units that both moved, to different zones."""
        return tuple(entry for entry in self.differing if entry.both)

    def __str__(self) -> str:
        """Tell it to the second person."""
        people = named(dict.fromkeys(entry.who for entry in self.since))
        count = "a step" if len(self.since) == 1 else f"{len(self.since)} steps"
        last = self.since[-1]
        both, when = len(self.clashing), clock(last.when)
        stand = counted(len(self.differing), "small area stands", "small areas stand")
        of_both = f"; {both} of them you both moved" if both else ""
        return (
            f"{people} took {count} in this scenario since you last saw it, the last one "
            f"'{last.title}' at {when}. {stand[:1].upper()}{stand[1:]} in other zones than in "
            f"yours{of_both}."
        )


@dataclass(frozen=True)
class Branched:
    """A branch, and what of one's own events it did not take."""

    id: str
    refused: tuple[Refused, ...]


@dataclass(frozen=True)
class Store:
    """The scenarios in a database; threads may share it.

    Every method raises `StoreError` when the database cannot be reached, read or written, or what
    it holds is damaged or of a later version. Nothing is written then.
    """

    database: Database
    _kept: "_Kept" = field(default_factory=lambda: _Kept(), repr=False)  # noqa: PLW0108  it stands below

    def create(
        self,
        pack: Pack,
        baseline: str,
        *,
        title: str,
        who: str,
        events: Iterable[Event] = (),
        note: str = "",
        scenario_id: str | None = None,
    ) -> str:
        """Make a scenario that starts from a plan of the pack, and give its id.

        Parameters
        ----------
        baseline
            Key of the plan.
        events
            What happens to it at once, such as the step that carries another scenario over.
        note
            Where it comes from.
        scenario_id
            Its id, 32 hex digits, where a page has named it before there was anything to keep.
            One that is there already, made by a second tab, is left as it is.

        Raises
        ------
        PackError
            When the pack has no such plan.
        PlanError
            When an event cannot be taken; nothing is made then.
        """
        head = Head(
            id=scenario_id or uuid4().hex,
            authority=pack.authority.key,
            vintage=pack.authority.vintage,
            geography=pack.geography.key,
            title=one_line(title),
            baseline=pack.plan(baseline),
            who=one_line(who),
            when=_now(),
            note="\n".join(one_line(line) for line in note.splitlines() if line.strip()),
        )
        return self.put(head, _all_taken(Saved.start(head), events, who=head.who).rows)

    def put(self, head: Head, rows: Sequence[Row]) -> str:
        """Keep a scenario with its log, whose events were taken one by one, and give its id."""
        if not ID.fullmatch(head.id):
            raise PlanError(
                f"'{one_line(head.id)}' names no scenario.", remedy="Use 32 hex digits."
            )
        with self.database.writing() as link:
            if is_there(link, head.id):
                return head.id
            insert_head(link, head)
            insert_rows(link, head.id, rows)
        return head.id

    def append(
        self,
        scenario_id: str,
        client: str,
        events: Sequence[Sent],
        *,
        who: str,
        expected_seq: int | None = None,
        also: Collection[str] = (),
        vet: Vet | None = None,
    ) -> Appended | Stale:
        """Add what a browser sent; what it sent before is answered as it was then.

        Parameters
        ----------
        client
            What names the browser: up to 200 characters, never empty.
        events
            Each with the browser's own number for it, from 1; taken in the order of the numbers.
        expected_seq
            The last event that this person has seen. When others have added to the plan since,
            nothing is written. None adds on top of whatever is there.
        also
            Other clients of the same person: what they sent is not somebody else's.
        vet
            Asked of each event that is new; what it forbids is refused.

        Returns
        -------
        Appended or Stale
            `Stale` when somebody else was quicker.

        Raises
        ------
        PlanError
            When a number is none, or stands twice with different events.
        """
        sent = _checked(client, events)
        with self.database.reading() as link:
            last = last_seq(link, scenario_id)
            answers = _answers(link, scenario_id, client, sent)
            if not answers.fresh:
                return answers.appended(last)
        own = frozenset({client, *also})
        with self.database.writing() as link:
            saved = self._load(link, scenario_id, is_writer=True)
            answers = _answers(link, scenario_id, client, sent)  # anew: now nobody else writes
            if answers.fresh and expected_seq is not None:
                mine = [entry.event for entry in answers.fresh]
                stale = self._stale(link, saved, own, mine, expected_seq)
                if stale is not None:
                    return stale
            taken = _taken(saved, answers.fresh, client, who=one_line(who), vet=vet)
            insert_rows(link, scenario_id, taken.rows)
            turned = taken.answers
            insert_refused(link, scenario_id, client, turned, who=one_line(who), when=_now())
        self._kept.put(taken.saved)
        return answers.appended(taken.saved.seq, taken)

    def rebase(
        self,
        scenario_id: str,
        client: str,
        events: Sequence[Sent],
        *,
        who: str,
        vet: Vet | None = None,
    ) -> Appended:
        """Add one's own events on top of what others did; what no longer fits is refused.

        Raises
        ------
        PlanError
            As `append`.
        """
        # nothing is expected, so nothing is stale
        return cast("Appended", self.append(scenario_id, client, events, who=who, vet=vet))

    def rename(self, scenario_id: str, title: str, *, who: str) -> None:
        """Give a scenario another title; those it had stay in its log."""
        self._tell(scenario_id, TITLED, {"title": one_line(title)}, who=who)

    def archive(self, scenario_id: str, *, who: str, on: bool = True) -> None:
        """Put a scenario away, or bring it back; nothing is ever deleted."""
        self._tell(scenario_id, ARCHIVED, {"on": on}, who=who)

    def load(self, scenario_id: str, pack: Pack | None = None) -> Saved:
        """Open a scenario as it is now.

        Parameters
        ----------
        pack
            Checked, when given, to be what the scenario was made with.

        Raises
        ------
        MisfitError
            When the pack has changed or is of another vintage: see `store.carry`.
        """
        with self.database.reading() as link:
            saved = self._load(link, scenario_id)
        self._kept.put(saved)
        if pack is not None:
            saved.require_fit(pack)
        return saved

    def at(self, scenario_id: str, seq: int) -> Saved:
        """Open a scenario as it was after an event; 0 is its baseline.

        Later events are not read, so it opens also where the log is damaged behind.
        """
        with self.database.reading() as link:
            return self._load(link, scenario_id, until=seq)

    def rows(self, scenario_id: str) -> tuple[Saved, tuple[Row, ...]]:
        """Give a scenario with its log as it is kept, to be exported."""
        with self.database.reading() as link:
            saved = self._load(link, scenario_id)
            return saved, tuple(read_rows(link, scenario_id, after=0, until=saved.seq))

    def same(self, saved: Saved) -> Saved | None:
        """Find the scenario here that has the whole history of another, and perhaps more."""
        with self.database.reading() as link:
            owner: str | None = saved.id
            if saved.seq:
                owner = owner_of(link, saved.seq, saved.hash)
            return self._load(link, owner) if owner and is_there(link, owner) else None

    def has(self, scenario_id: str) -> bool:
        """Say whether there is a scenario of that id."""
        with self.database.reading() as link:
            return is_there(link, scenario_id)

    def scenarios(
        self, authority: str | None = None, *, archived: bool = False
    ) -> tuple[Summary, ...]:
        """List the scenarios of an authority, or all, the last changed first.

        Parameters
        ----------
        archived
            Whether those that were put away are listed too.
        """
        with self.database.reading() as link:
            found = read_summaries(link, authority)
        return tuple(entry for entry in found if archived or not entry.is_archived)

    def branch(
        self,
        scenario_id: str,
        *,
        title: str,
        who: str,
        at_seq: int | None = None,
        client: str = "",
        events: Sequence[Sent] = (),
        into: str | None = None,
        vet: Vet | None = None,
    ) -> Branched:
        """Go on from an event of a scenario under another title; the scenario stays as it is.

        Parameters
        ----------
        at_seq
            The event; by default the last.
        client, events
            One's own events that the scenario has not taken: the branch takes them, and the
            browser that sends them to the scenario again is told so. Called twice with the same
            events it makes one branch.
        into
            A branch that was made before, which takes these events too: those of a second client.
        vet
            As for `append`.

        Raises
        ------
        PlanError
            As `append`.
        """
        sent = _checked(client, events)
        who = one_line(who)
        with self.database.writing() as link:
            parent = self._load(link, scenario_id, is_writer=True, until=at_seq)
            answers = _answers(link, scenario_id, client, sent)
            if sent and not answers.fresh and answers.branch:
                return Branched(answers.branch, ())
            if into is None:
                start = _branched(parent, title=one_line(title), who=who)
                insert_head(link, start.head)
            else:
                start = self._load(link, into, is_writer=True)
            taken = _taken(start, answers.fresh, "", who=who, vet=vet)
            insert_rows(link, start.id, taken.rows)
            message = f"It is in the branch '{start.title}'."
            moved = {x.n: Answer(x.event.kind, x.body, message, start.id) for x in answers.fresh}
            insert_refused(link, scenario_id, client, moved, who=who, when=_now())
        return Branched(start.id, taken.refused)

    def _stale(
        self,
        link: sa.Connection,
        saved: Saved,
        clients: Collection[str],
        events: Sequence[Event],
        expected_seq: int,
    ) -> Stale | None:
        """Say what others did to the plan since `expected_seq`; None when they did nothing."""
        if not 0 <= expected_seq <= saved.seq:
            raise StoreError(
                f"The scenario '{saved.title}' has {saved.seq} steps, and {expected_seq} were "
                "seen: an older copy of it was put in its place.",
                remedy=f"Open it anew. {STAYS}",
            )
        later = [entry for entry in saved.log[expected_seq:] if entry.event is not None]
        since = tuple(entry for entry in later if entry.client not in clients)
        if not since:
            return None
        fork = since[0].seq - 1
        own = [x.event for x in later if x.event and x.client in clients and x.seq > fork]
        seen = self._load(link, saved.id, until=fork).scenario
        mine = _as_far_as_it_goes(seen, own)
        return Stale(saved.seq, since, seen, saved.scenario, mine).with_more(events)

    def _tell(self, scenario_id: str, kind: str, body: Mapping[str, Any], *, who: str) -> None:
        with self.database.writing() as link:
            saved = self._load(link, scenario_id, is_writer=True)
            sent = ("", saved.seq + 1)
            row = Row.after(saved, kind, to_json(body), who=one_line(who), when=_now(), sent=sent)
            insert_rows(link, scenario_id, [row])

    def _load(
        self,
        link: sa.Connection,
        scenario_id: str,
        *,
        is_writer: bool = False,
        until: int | None = None,
    ) -> Saved:
        """Work a scenario out from its log, from where it was last worked out."""
        last = last_seq(link, scenario_id, is_writer=is_writer)
        if until is not None and not 0 <= until <= last:
            raise StoreError(
                f"The scenario has no step {until}.", remedy=f"Its last one is {last}."
            )
        until = last if until is None else until
        saved = self._kept.get(scenario_id, until)
        if saved is None or not is_still(link, saved):
            saved = Saved.start(read_head(link, scenario_id))
        if saved.seq < until:
            for row in read_rows(link, scenario_id, after=saved.seq, until=until):
                saved = saved.take(row)
        if saved.seq < until:
            raise saved.damaged(f"step {saved.seq + 1} is missing")
        return saved


def open_store(url: str | None = None) -> Store:
    """Open the scenarios of a database, and make it where there is none.

    Parameters
    ----------
    url
        Its address; by default ZONEWRIGHT_DATABASE, else `scenarios.sqlite` in the store's folder.

    Raises
    ------
    StoreError
        When it cannot be opened or made, or was made by a later version.
    """
    return _opened(url or database_url(), os.getpid())


@lru_cache(maxsize=8)
def _opened(url: str, _: int) -> Store:
    """Open each database once a process: a child may not use its parent's connections."""
    return Store(open_database(url))


class _Kept:
    """Scenarios as they were last worked out. Logs only grow, so these never go stale."""

    def __init__(self) -> None:
        self._saved: OrderedDict[tuple[str, int], Saved] = OrderedDict()
        self._mutex = Mutex()

    def put(self, saved: Saved) -> None:
        with self._mutex:
            self._saved[saved.id, saved.seq] = saved
            self._saved.move_to_end((saved.id, saved.seq))
            while len(self._saved) > MOST_KEPT:
                self._saved.popitem(last=False)

    def get(self, scenario_id: str, until: int) -> Saved | None:
        """Give the latest that is known up to an event."""
        with self._mutex:
            seqs = [seq for name, seq in self._saved if name == scenario_id and seq <= until]
            return self._saved[scenario_id, max(seqs)] if seqs else None


@dataclass(frozen=True)
class _Sent:
    """An event as it was sent, ready to be kept; `fault` says why it cannot be."""

    n: int
    event: Event
    body: str
    fault: str = ""


@dataclass(frozen=True)
class _Taken:
    """A scenario after what it took, the rows of that, and what it refused."""

    saved: Saved
    rows: tuple[Row, ...] = ()
    turned: tuple[tuple[_Sent, str], ...] = ()

    @property
    def refused(self) -> tuple[Refused, ...]:
        return tuple(Refused(sent.n, message) for sent, message in self.turned)

    @property
    def answers(self) -> dict[int, Answer]:
        """What is kept of those."""
        return {x.n: Answer(x.event.kind, x.body, message) for x, message in self.turned}


@dataclass(frozen=True)
class _Answers:
    """What was sent, beside what was answered before."""

    sent: tuple[_Sent, ...]
    known: Mapping[int, Answer]
    last: int

    @property
    def fresh(self) -> tuple[_Sent, ...]:
        return tuple(sent for sent in self.sent if sent.n not in self.known)

    @property
    def branch(self) -> str | None:
        """The branch that took what was sent."""
        found = {self.known[sent.n].branch for sent in self.sent if sent.n in self.known}
        return found.pop() if len(found) == 1 else None

    def appended(self, seq: int, taken: _Taken | None = None) -> Appended:
        """Answer all that was sent, with what was taken just now."""
        refused = {entry.n: entry for entry in (taken.refused if taken else ())}
        for sent in self.sent:
            message = _answer(sent, self.known.get(sent.n))
            if message:
                refused[sent.n] = Refused(sent.n, message)
        numbers = [sent.n for sent in self.sent]
        return Appended(
            seq=seq,
            ack=max([self.last, *numbers]),
            taken=tuple(n for n in numbers if n not in refused),
            refused=tuple(refused[n] for n in numbers if n in refused),
        )


def _answers(
    link: sa.Connection, scenario_id: str, client: str, sent: tuple[_Sent, ...]
) -> _Answers:
    """Look up what this browser sent before, from the lowest number that it sends now."""
    lowest = sent[0].n if sent else 2**53
    known, last = read_answers(link, scenario_id, client, lowest=lowest) if client else ({}, 0)
    return _Answers(sent, known, last)


def _answer(sent: _Sent, known: Answer | None) -> str:
    """Say what was answered to a number; nothing where it is new or was taken."""
    if known is None:
        return ""
    is_same = known.kind == sent.event.kind and known.body in (sent.body, "")
    if is_same:
        return known.message
    return (
        f"This browser has sent another step under the number {sent.n}, perhaps from a second "
        "tab. Close that tab and do this step again."
    )


def _checked(client: str, events: Sequence[Sent]) -> tuple[_Sent, ...]:
    """Put what was sent in the order of its numbers, each once; refuse what nobody can answer."""
    if events and (client != one_line(client) or client == INHERITED):
        raise PlanError(
            f"A browser's name is a line of 1 to {MOST_WORDS} characters.",
            remedy="Load the page again.",
        )
    if len(events) > MOST_EVENTS:
        raise PlanError(
            f"{len(events)} steps were sent at once.", remedy=f"Send at most {MOST_EVENTS}."
        )
    found: dict[int, _Sent] = {}
    for n, event in events:
        if type(n) is not int or not 1 <= n < 2**53:  # what a browser can count to
            raise PlanError(f"A step has the number {n!r:.40}.", remedy="Count from 1.")
        sent = _sent(n, event)
        if found.setdefault(n, sent) != sent:
            raise PlanError(f"Two steps have the number {n}.", remedy="Load the page again.")
    return tuple(found[n] for n in sorted(found))


def _sent(n: int, event: Event) -> _Sent:
    body = {name: value for name, value in event_to_dict(event).items() if name != "kind"}
    text = to_json(body)
    if len(text) > MOST_BODY:
        return _Sent(n, event, "", "The step is too large to be kept. Take it in parts.")
    try:
        json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return _Sent(n, event, "", "The step holds characters that are none. Name it anew.")
    return _Sent(n, event, text)


def _taken(
    saved: Saved, fresh: Iterable[_Sent], client: str, *, who: str, vet: Vet | None = None
) -> _Taken:
    """Take events one by one; what does not fit what is there by then is refused."""
    rows, turned, when = [], [], _now()
    for sent in fresh:
        numbered = (client, sent.n) if client else ("", saved.seq + 1)
        row = Row.after(saved, sent.event.kind, sent.body, who=who, when=when, sent=numbered)
        fault = sent.fault or (vet(saved.scenario, sent.event) if vet else "")
        if fault:
            turned.append((sent, fault))
            continue
        try:
            saved = saved.after(row)
        except ZonewrightError as refusal:
            turned.append((sent, str(refusal)))
        else:
            rows.append(row)
    return _Taken(saved, tuple(rows), tuple(turned))


def _all_taken(saved: Saved, events: Iterable[Event], *, who: str) -> _Taken:
    """Take the tool's own events; the first that is refused refuses all."""
    taken = _taken(saved, [_sent(n, event) for n, event in enumerate(events, 1)], "", who=who)
    if taken.turned:
        raise PlanError(taken.turned[0][1])
    return taken


def _branched(parent: Saved, *, title: str, who: str) -> Saved:
    """Give the branch that goes on from a scenario as it is given."""
    head = replace(
        parent.head,
        id=uuid4().hex,
        title=title,
        who=who,
        when=_now(),
        note="",
        parent=parent.id,
        parent_seq=parent.seq,
    )
    return replace(parent, head=head, title=title, is_archived=False, notes=())


def _as_far_as_it_goes(scenario: Scenario, events: Iterable[Event]) -> Scenario:
    for event in events:
        with suppress(ZonewrightError):  # it will be refused when it is sent again
            scenario = scenario.take(event)
    return scenario


def _differing(before: Plan, theirs: Plan, mine: Plan) -> tuple[Differing, ...]:
    moved = set(theirs.moved_from(before)) & set(mine.moved_from(before))
    return tuple(
        Differing(u, before.zone_of(u), theirs.zone_of(u), mine.zone_of(u), u in moved)
        for u in mine.moved_from(theirs)
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
