"""Rows: how the log of a scenario goes to the database and comes back."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, astuple, dataclass, replace
from typing import Any

import sqlalchemy as sa

from geo.errors import StoreError
from layers.pack import NamedPlan
from store.log import (
    ARCHIVED,
    INHERITED,
    TITLED,
    DamagedError,
    Head,
    Row,
    Saved,
    Summary,
    one_line,
    plan_from_dict,
    plan_to_dict,
    to_json,
)
from store.schema import EVENT, REFUSED, SCENARIO

ID = re.compile("[0-9a-f]{32}")
"""What names a scenario."""


@dataclass(frozen=True)
class Answer:
    """What was answered to a number; an empty message means that it is in the log."""

    kind: str
    body: str
    message: str = ""
    branch: str | None = None


def insert_head(link: sa.Connection, head: Head) -> None:
    """Add a scenario to which nothing has happened."""
    values = {
        "id": head.id,
        "authority": head.authority,
        "vintage": head.vintage,
        "geography": head.geography,
        "title": head.title,
        "baseline": to_json(plan_to_dict(head.baseline)),
        "note": head.note,
        "parent": head.parent,
        "parent_seq": head.parent_seq if head.parent else None,
        "who": head.who,
        "made": head.when,
    }
    link.execute(sa.insert(SCENARIO), values)


def read_head(link: sa.Connection, scenario_id: str) -> Head:
    """Read what a scenario starts from."""
    row = link.execute(sa.select(SCENARIO).where(SCENARIO.c.id == scenario_id)).one()
    return Head(
        id=row.id,
        authority=row.authority,
        vintage=row.vintage,
        geography=row.geography,
        title=row.title,
        baseline=_baseline(row),
        who=row.who,
        when=row.made,
        note=row.note,
        parent=row.parent,
        parent_seq=row.parent_seq or 0,
    )


def _baseline(row: Any) -> NamedPlan:
    try:
        kept = json.loads(row.baseline)
    except (ValueError, RecursionError):
        kept = None
    try:
        return plan_from_dict(kept if isinstance(kept, dict) else {})
    except StoreError as error:
        raise DamagedError(
            f"The plan that the scenario '{one_line(row.title)}' starts from cannot be read.",
            remedy=error.remedy,
        ) from error


def is_there(link: sa.Connection, scenario_id: str) -> bool:
    """Say whether there is a scenario of that id."""
    found = sa.select(SCENARIO.c.id).where(SCENARIO.c.id == scenario_id)
    return bool(ID.fullmatch(scenario_id)) and link.execute(found).scalar() is not None


def last_seq(link: sa.Connection, scenario_id: str, *, is_writer: bool = False) -> int:
    """Give the last event's place; a writer holds the scenario until its transaction ends."""
    row = sa.select(SCENARIO.c.parent_seq).where(SCENARIO.c.id == scenario_id)
    found = None
    if ID.fullmatch(scenario_id):
        found = link.execute(row.with_for_update() if is_writer else row).one_or_none()
    if found is None:
        raise StoreError(
            f"There is no scenario '{one_line(scenario_id)}' here.",
            remedy="Choose one of the list, or import it. Is it kept in another database?",
        )
    # A statement of its own: it must see what was written while the one before it waited.
    last = sa.select(sa.func.max(EVENT.c.seq)).where(EVENT.c.scenario_id == scenario_id)
    return link.execute(last).scalar() or found.parent_seq or 0


def _lineage(link: sa.Connection, scenario_id: str) -> Iterator[tuple[str, int]]:
    """Give a scenario and those it branched off, each with the event that it goes on from."""
    seen: set[str] = set()
    name: str | None = scenario_id
    while name and name not in seen:
        seen.add(name)
        row = sa.select(SCENARIO.c.parent, SCENARIO.c.parent_seq).where(SCENARIO.c.id == name)
        found = link.execute(row).one()
        yield name, found.parent_seq or 0
        name = found.parent


def read_rows(link: sa.Connection, scenario_id: str, *, after: int, until: int) -> list[Row]:
    """Read the events between two places, those before a branch from where it branched off."""
    parts: list[list[Row]] = []
    for name, start in _lineage(link, scenario_id):
        if until > start:
            wanted = sa.select(*(EVENT.c[key] for key in _OF_A_ROW)).where(
                EVENT.c.scenario_id == name,
                EVENT.c.seq > max(after, start),
                EVENT.c.seq <= until,
            )
            rows = [Row(*row) for row in link.execute(wanted.order_by(EVENT.c.seq))]
            if name != scenario_id:
                rows = [replace(row, client=INHERITED, n=row.seq) for row in rows]
            parts.append(rows)
        until = min(until, start)
        if until <= after:
            break
    return [row for part in reversed(parts) for row in part]


def owner_of(link: sa.Connection, seq: int, digest: str) -> str | None:
    """Find the scenario to which that very event happened, after that very history."""
    wanted = sa.select(EVENT.c.scenario_id).where(EVENT.c.seq == seq, EVENT.c.hash == digest)
    found: str | None = link.execute(wanted.limit(1)).scalar()
    return found


_OF_A_ROW = ("seq", "client", "client_n", "kind", "body", "who", "made", "hash")


def is_still(link: sa.Connection, saved: Saved) -> bool:
    """Say whether the database holds what was worked out, and is no older or other copy."""
    for name, start in _lineage(link, saved.id):
        if saved.seq > start:
            wanted = sa.select(EVENT.c.hash).where(
                EVENT.c.scenario_id == name, EVENT.c.seq == saved.seq
            )
            return bool(link.execute(wanted).scalar() == saved.hash)
    return saved.seq == 0


def insert_rows(link: sa.Connection, scenario_id: str, rows: Sequence[Row]) -> None:
    """Add events to the log of a scenario."""
    if rows:
        values = [
            {"scenario_id": scenario_id, **dict(zip(_OF_A_ROW, astuple(row), strict=True))}
            for row in rows
        ]
        link.execute(sa.insert(EVENT), values)


def insert_refused(
    link: sa.Connection,
    scenario_id: str,
    client: str,
    answers: Mapping[int, Answer],
    *,
    who: str,
    when: str,
) -> None:
    """Keep what was answered to what was not taken, by the browser's numbers."""
    values = [
        {
            "scenario_id": scenario_id,
            "client": client,
            "client_n": n,
            **asdict(answer),
            "who": who,
            "made": when,
        }
        for n, answer in answers.items()
    ]
    if values:
        link.execute(sa.insert(REFUSED), values)


def read_answers(
    link: sa.Connection, scenario_id: str, client: str, *, lowest: int
) -> tuple[dict[int, Answer], int]:
    """Look up what a browser was answered from a number on, and its highest number, else 0."""
    known: dict[int, Answer] = {}
    last = 0
    more: tuple[sa.ColumnElement[Any], ...] = ()
    for table in (EVENT, REFUSED):
        mine = sa.and_(table.c.scenario_id == scenario_id, table.c.client == client)
        highest = link.execute(sa.select(sa.func.max(table.c.client_n)).where(mine)).scalar() or 0
        if highest >= lowest:
            columns = (table.c.client_n, table.c.kind, table.c.body, *more)
            rows = sa.select(*columns).where(mine, table.c.client_n >= lowest)
            known |= {n: Answer(*rest) for n, *rest in link.execute(rows)}
        last = max(last, highest)
        more = (REFUSED.c.message, REFUSED.c.branch)
    return known, last


def read_summaries(link: sa.Connection, authority: str | None) -> list[Summary]:
    """Read what a list of scenarios tells, the last changed first."""
    newest = sa.select(EVENT.c.scenario_id, sa.func.max(EVENT.c.seq).label("seq"))
    newest_of = newest.group_by(EVENT.c.scenario_id).subquery()
    last = EVENT.alias()
    columns = [column for column in SCENARIO.c if column.name != "baseline"]
    wanted = sa.select(
        *columns, last.c.seq, last.c.who.label("changed_by"), last.c.made.label("changed")
    ).select_from(
        SCENARIO.outerjoin(newest_of, newest_of.c.scenario_id == SCENARIO.c.id).outerjoin(
            last, (last.c.scenario_id == SCENARIO.c.id) & (last.c.seq == newest_of.c.seq)
        )
    )
    if authority is not None:
        wanted = wanted.where(SCENARIO.c.authority == authority)
    told = _told(link)
    found = [_summary(row, told.get(row.id, {})) for row in link.execute(wanted)]
    return sorted(found, key=lambda entry: (entry.changed, entry.id), reverse=True)


def _told(link: sa.Connection) -> dict[str, dict[str, Any]]:
    """Give the latest title of each scenario that has another, and whether it was put away."""
    wanted = sa.select(EVENT.c.scenario_id, EVENT.c.kind, EVENT.c.body).where(
        EVENT.c.kind.in_((TITLED, ARCHIVED)), EVENT.c.client != INHERITED
    )
    found: dict[str, dict[str, Any]] = {}
    for row in link.execute(wanted.order_by(EVENT.c.seq)):
        with suppress(ValueError, RecursionError):  # a list is no place to refuse a damaged log
            body = json.loads(row.body)
            found.setdefault(row.scenario_id, {}).update(body if isinstance(body, dict) else {})
    return found


def _summary(row: Any, told: Mapping[str, Any]) -> Summary:
    return Summary(
        id=row.id,
        authority=row.authority,
        title=one_line(told.get("title", row.title)),
        vintage=row.vintage,
        who=row.who,
        when=row.made,
        seq=row.seq or row.parent_seq or 0,
        changed_by=row.changed_by or row.who,
        changed=row.changed or row.made,
        is_archived=told.get("on") is True,
        parent=row.parent,
        note=row.note,
    )
