"""A scenario as one file: its baseline, its whole log, and a hash by which a change is noticed.

The file is JSON and holds all that the scenario is, so that it can be kept, sent, and opened on
another computer as the same scenario with the same history. Whatever a file holds, it is checked
and taken step by step before anything is kept.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from geo.errors import StoreError, ZonewrightError
from layers.pack import Pack
from store.log import Head, Row, Saved, one_line, plan_from_dict, plan_to_dict, to_json
from store.rows import ID
from store.scenarios import Store

FORMAT = "zonewright scenario"
FORMAT_VERSION = 1
MOST_BYTES = 50_000_000
MOST_STEPS = 100_000


@dataclass(frozen=True)
class Imported:
    """What became of a file.

    Parameters
    ----------
    is_new
        False where the scenario was here already, and nothing was imported.
    note
        What to tell the person.
    """

    id: str
    title: str
    is_new: bool
    note: str


@dataclass(frozen=True, eq=False)
class Parcel:
    """A scenario as a file holds it: checked, and every step taken."""

    saved: Saved
    rows: tuple[Row, ...]


def export_scenario(store: Store, scenario_id: str) -> bytes:
    """Give a scenario with all its history as one file of JSON.

    A branch is exported with what it inherited, and stands on its own.

    Raises
    ------
    StoreError
        When there is no such scenario, or it cannot be read.
    """
    saved, rows = store.rows(scenario_id)
    head = saved.head
    content: dict[str, Any] = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "id": head.id,
        "title": saved.title,
        "authority": head.authority,
        "vintage": head.vintage,
        "geography": head.geography,
        "made": {"title": head.title, "who": head.who, "when": head.when, "note": head.note},
        "baseline": plan_to_dict(head.baseline),
        "log": [{**vars(row), "body": json.loads(row.body)} for row in rows],
        "fingerprint": saved.scenario.plan.fingerprint,
    }
    content["hash"] = _hash(content)
    return (json.dumps(content, ensure_ascii=True, allow_nan=False, indent=1) + "\n").encode()


def read_export(data: bytes) -> Parcel:
    """Read the file of a scenario, and take every step of it.

    Raises
    ------
    StoreError
        When it is too large, cut off, changed, of a later version, or no such file.
    """
    content = _content(data)
    _require_format(content)
    try:
        saved = Saved.start(_head(content))
        rows = tuple(_row(entry) for entry in content["log"])
        _refuse_repeats(rows)
        for row in rows:
            saved = saved.take(row)
    except _WRONG as error:
        raise _unlike("something in it is missing or of the wrong kind") from error
    except ZonewrightError as error:
        raise _unlike(error.found.rstrip(".")) from error
    said = content.get("title"), content.get("fingerprint")
    if said != (saved.title, saved.scenario.plan.fingerprint):
        raise _unlike("its log does not lead to the plan that it names")
    return Parcel(saved, rows)


def import_scenario(store: Store, data: bytes, *, who: str, pack: Pack | None = None) -> Imported:
    """Keep the scenario of a file; one that is here already is told and left as it is.

    Parameters
    ----------
    pack
        Of the authority that the scenario must be of, when given. Whether it fits the pack
        otherwise is told when it is opened.

    Raises
    ------
    StoreError
        When the file cannot be read, is of another authority, or cannot be kept.
    """
    parcel = read_export(data)
    saved = parcel.saved
    if pack is not None and pack.authority.key != saved.head.authority:
        raise StoreError(
            f"The scenario in the file is of '{saved.head.authority}', not of "
            f"'{pack.authority.key}'.",
            remedy="Open that authority's pack and import it there.",
        )
    here = store.same(saved)
    if here is not None:
        more = here.seq - saved.seq
        steps = f", with {more} step{'' if more == 1 else 's'} more" if more else ""
        note = f"This scenario is here already, as '{here.title}'{steps}. Nothing was imported."
        return Imported(here.id, here.title, is_new=False, note=note)
    head = replace(saved.head, note=f"Imported by {one_line(who)}.")
    note = "The scenario was imported with its history."
    if store.has(head.id):
        head = replace(head, id=uuid4().hex)
        note = "A scenario that went on differently is here; this one was imported beside it."
    store.put(head, parcel.rows)
    return Imported(head.id, saved.title, is_new=True, note=note)


_WRONG = (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError)
"""What JSON of another shape than ours leads to."""


def _content(data: bytes) -> Mapping[str, Any]:
    if len(data) > MOST_BYTES:
        raise _unlike(f"it has {len(data) / 1e6:.0f} MB, more than {MOST_BYTES / 1e6:.0f}")
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise _unlike("it is no JSON, or was cut off") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise _unlike("it is another kind of file")
    return content


def _require_format(content: Mapping[str, Any]) -> None:
    """Refuse a later version and a file that was changed."""
    version = content.get("version")
    if type(version) is not int or version < 1:
        raise _unlike("it does not tell its version")
    if version > FORMAT_VERSION:
        raise StoreError(
            f"The file of the scenario is of version {version}; this Zonewright reads "
            f"{FORMAT_VERSION}.",
            remedy="Use the newest Zonewright that was used for it.",
        )
    try:
        wanted = _hash({name: value for name, value in content.items() if name != "hash"})
    except (ValueError, RecursionError) as error:  # numbers that are none
        raise _unlike("something in it is missing or of the wrong kind") from error
    if content.get("hash") != wanted:
        raise _unlike("it was changed after it was exported")


def _head(content: Mapping[str, Any]) -> Head:
    made = content["made"]
    head = Head(
        id=str(content["id"]),
        authority=_line(content["authority"]),
        vintage=_line(content["vintage"]),
        geography=_line(content["geography"]),
        title=_line(made["title"]),
        baseline=plan_from_dict(content["baseline"]),
        who=_line(made["who"]),
        when=_moment(made["when"]),
    )
    for name in (*head.baseline.plan.units, *head.baseline.plan.zones):
        _line(name)
    return head if ID.fullmatch(head.id) else replace(head, id=uuid4().hex)


def _row(entry: Mapping[str, Any]) -> Row:
    return Row(
        seq=_count(entry["seq"]),
        client=str(entry["client"]) and _line(entry["client"]),
        n=_count(entry["n"]),
        kind=_line(entry["kind"]),
        body=to_json(dict(entry["body"])),
        who=_line(entry["who"]),
        when=_moment(entry["when"]),
        hash=str(entry["hash"]),
    )


def _refuse_repeats(rows: tuple[Row, ...]) -> None:
    if len(rows) > MOST_STEPS:
        raise _unlike(f"it has {len(rows):,} steps, more than {MOST_STEPS:,}")
    if len({(row.client, row.n) for row in rows}) < len(rows):
        raise _unlike("two of its steps have one number")


def _line(words: object) -> str:
    """Take words that could have been kept here; refuse control characters and endless lines."""
    if not isinstance(words, str) or words != one_line(words):
        raise ValueError(words)
    return words


def _moment(words: object) -> str:
    datetime.fromisoformat(_line(words))
    return str(words)


def _count(number: object) -> int:
    if type(number) is not int or not 1 <= number < 2**53:
        raise ValueError(number)
    return number


def _hash(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(to_json(content).encode()).hexdigest()


def _unlike(how: str) -> StoreError:
    return StoreError(
        f"The file is no export of a scenario: {how}.",
        remedy="Nothing was imported. Export it again where it is kept.",
    )
