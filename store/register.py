"""The register on disk: one file an authority, one line a release, only ever added to.

It stands in the folder that ZONEWRIGHT_STORE names, `~/Zonewright/store` by default. A line holds
who released what and when, the plan, which cells were shown, and the tables as they were shown:
never a figure that was hidden. Each line carries a hash of itself and of the line before, so that
a line that was changed or taken out is noticed. A line is on the disk before its table leaves, so
one that was cut off was never released.
"""

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from analysis.releases import Register, Release
from analysis.table import Table
from geo.errors import LayerError, StoreError
from store.folder import STORE_VARIABLE, USER_VARIABLE, store_folder, user_name

__all__ = [  # where the store stands and who is at work is asked for here as well
    "STORE_VARIABLE",
    "USER_VARIABLE",
    "Desk",
    "Entry",
    "Kept",
    "open_register",
    "read_register",
    "register_path",
    "store_folder",
    "user_name",
]

VERSION = 1
WAIT_S = 20.0
"""How long to wait while another session releases something."""

_FIRST = "0" * 16


@dataclass(frozen=True)
class Entry:
    """What left at once.

    Parameters
    ----------
    number
        Of the entry, from 1.
    title
        What it is called for whoever reads it.
    releases
        What it told: one for each plan and kind of row; none where nothing was sensitive.
    tables
        As they were shown.
    """

    number: int
    who: str
    when: str
    title: str
    releases: tuple[Release, ...]
    tables: tuple[Table, ...]
    hash: str


@dataclass(frozen=True)
class Kept:
    """The register of an authority as it is on the disk.

    Parameters
    ----------
    entries
        Oldest first.
    notes
        What was mended in reading it.
    """

    entries: tuple[Entry, ...]
    notes: tuple[str, ...] = ()

    def register(self, units: Sequence[str]) -> Register:
        """Give the releases of these units; those of other units cannot be set beside them."""
        wanted = tuple(units)
        every = (release for entry in self.entries for release in entry.releases)
        return Register(tuple(release for release in every if release.plan.units == wanted))

    def of_others(self, units: Sequence[str]) -> int:
        """Count the releases of other units, such as another vintage of small areas."""
        total = sum(len(entry.releases) for entry in self.entries)
        return total - len(self.register(units))


def register_path(authority: str) -> Path:
    """Say which file holds the register of the authority of that key."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in authority)
    mark = "" if plain == authority else f"-{hashlib.sha256(authority.encode()).hexdigest()[:8]}"
    return store_folder() / f"{plain}{mark}.releases.jsonl"


def read_register(authority: str) -> Kept:
    """Read the register of an authority; one that nothing was released of is empty.

    Raises
    ------
    StoreError
        When it cannot be read, was changed by hand, or was written by a later version.
    """
    path = register_path(authority)
    try:
        stat = path.stat()
    except FileNotFoundError:
        return Kept(())
    except OSError as error:
        raise _unreadable(path, error) from error
    return _read(path, stat.st_mtime_ns, stat.st_size)[0]


@dataclass
class Desk:
    """The register while nobody else may write to it."""

    path: Path
    kept: Kept
    _good: int

    def enter(
        self,
        releases: Sequence[Release],
        tables: Sequence[Table],
        *,
        who: str,
        when: str,
        title: str,
    ) -> Entry:
        """Add a release; it is on the disk when this returns.

        Raises
        ------
        StoreError
            When the disk does not take it: then the tables may not leave.
        """
        last = self.kept.entries[-1] if self.kept.entries else None
        body: dict[str, Any] = {
            "version": VERSION,
            "number": last.number + 1 if last else 1,
            "who": who,
            "when": when,
            "title": title,
            "releases": [release.to_dict() for release in releases],
            "tables": [table.to_dict() for table in tables],
            "before": last.hash if last else _FIRST,
        }
        body["hash"] = _hash(body)
        line = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"
        try:
            self._good = _append(self.path, self._good, line.encode())
        except OSError as error:
            raise StoreError(
                f"The release could not be entered in {self.path}: {error.strerror}.",
                remedy="Nothing was released. Free the disk or correct ZONEWRIGHT_STORE.",
            ) from error
        entry = _entry(body)
        self.kept = Kept((*self.kept.entries, entry), self.kept.notes)
        return entry


@contextmanager
def open_register(authority: str) -> Iterator[Desk]:
    """Hold the register of an authority for oneself: between check and entry nobody else enters.

    Raises
    ------
    StoreError
        When it cannot be read or held.
    """
    path = register_path(authority)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        held = path.with_suffix(".lock").open("ab")
    except OSError as error:
        raise StoreError(
            f"The folder of registers {path.parent} cannot be written to: {error.strerror}.",
            remedy=f"Nothing was released. Correct {STORE_VARIABLE}.",
        ) from error
    with held, _locked(held, path):
        stat = path.stat() if path.exists() else None
        if stat is None:
            yield Desk(path, Kept(()), 0)
        else:
            yield Desk(path, *_read(path, stat.st_mtime_ns, stat.st_size))


@lru_cache(maxsize=16)
def _read(path: Path, changed: int, size: int) -> tuple[Kept, int]:  # noqa: ARG001  cache keys
    """Read a file once, and again only when it has changed; say up to which byte it is good."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error
    entries: list[Entry] = []
    good = 0
    lines = raw.split(b"\n")
    for number, line in enumerate(lines, start=1):
        is_cut = number == len(lines)  # what follows the last line break: nothing, or half a line
        if not line:
            if is_cut:
                break
            raise _damaged(path, number, "it is empty")
        before = entries[-1].hash if entries else _FIRST
        try:
            entries.append(_checked(line, path, number, before=before))
        except StoreError as error:
            if is_cut and error.remedy == _RESTORE:
                note = f"Line {number} of {path.name} was cut off; its table was never released."
                return Kept(tuple(entries), (note,)), good
            raise
        good += len(line) + (0 if is_cut else 1)
    return Kept(tuple(entries)), good


def _checked(line: bytes, path: Path, number: int, *, before: str) -> Entry:
    """Read one line; refuse one that is not what was written."""
    try:
        body = json.loads(line)
        version = body["version"]
        said = body.pop("hash")
        wanted = _hash(body)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(path, number, "it cannot be read") from error
    if isinstance(version, int) and version > VERSION:
        raise StoreError(
            f"Line {number} of the register {path} is of version {version}; this is {VERSION}.",
            remedy="Use the newest Zonewright that was used here.",
        )
    if said != wanted:
        raise _damaged(path, number, "it was changed")
    if body.get("before") != before or body.get("number") != number:
        raise _damaged(path, number, "a line before it was changed or taken out")
    try:
        return _entry({**body, "hash": said})
    except (LayerError, KeyError, TypeError, ValueError) as error:
        raise _damaged(path, number, "it holds no release") from error


def _entry(body: Mapping[str, Any]) -> Entry:
    return Entry(
        number=int(body["number"]),
        who=str(body["who"]),
        when=str(body["when"]),
        title=str(body["title"]),
        releases=tuple(Release.from_dict(release) for release in body["releases"]),
        tables=tuple(Table.from_dict(table) for table in body["tables"]),
        hash=str(body["hash"]),
    )


def _hash(body: Mapping[str, Any]) -> str:
    text = json.dumps(body, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


_RESTORE = "Restore its last good copy. Until then nothing can be released."


def _damaged(path: Path, number: int, how: str) -> StoreError:
    return StoreError(f"Line {number} of the register {path} is damaged: {how}.", remedy=_RESTORE)


def _unreadable(path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"The register {path} cannot be read: {error.strerror}.",
        remedy=f"Correct {STORE_VARIABLE}. Until then nothing can be released.",
    )


def _append(path: Path, good: int, line: bytes) -> int:
    """Write a line behind what is good of a file, and wait until it is on the disk."""
    is_new = not path.exists()
    with path.open("ab") as file:
        if file.tell() > good:
            file.truncate(good)
        if good and not _ends_line(path, good):
            line = b"\n" + line
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
    if is_new and sys.platform != "win32":  # the name of the file too
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    return good + len(line)


def _ends_line(path: Path, good: int) -> bool:
    with path.open("rb") as file:
        file.seek(good - 1)
        return file.read(1) == b"\n"


@contextmanager
def _locked(held: IO[bytes], path: Path) -> Iterator[None]:
    """Hold a lock that ends with the process, however it ends."""
    end = time.monotonic() + WAIT_S
    while not _take(held):
        if time.monotonic() > end:
            raise StoreError(
                f"Another session has been holding the register {path} for {WAIT_S:.0f} seconds.",
                remedy="Nothing was released. Try again when it has finished.",
            )
        time.sleep(0.05)
    try:
        yield
    finally:
        _leave(held)


if sys.platform == "win32":
    import msvcrt

    def _take(held: IO[bytes]) -> bool:
        try:
            held.seek(0)
            msvcrt.locking(held.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _leave(held: IO[bytes]) -> None:
        held.seek(0)
        msvcrt.locking(held.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _take(held: IO[bytes]) -> bool:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _leave(held: IO[bytes]) -> None:
        fcntl.flock(held, fcntl.LOCK_UN)
