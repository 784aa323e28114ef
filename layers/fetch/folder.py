"""The folder that fetched files go to: what is here, since when, and whether it is unchanged.

`journal.jsonl` has a line for each finished file, written and flushed before the file takes its
final name; whatever breaks, a file under its final name is whole. `manifest.json` is made from the
journal for people: where each file came from, its sha256, its licence and its attribution.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from geo.errors import named
from layers.fetch.errors import FetchError, unwritable
from layers.source import Source

JOURNAL = "journal.jsonl"
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Entry:
    """One fetched file.

    Parameters
    ----------
    piece
        What it is for us; the file's name unless that holds a day.
    file
        Its place in the folder, with `/`.
    asked
        All that decides its content: another address or question fetches it anew.
    rows
        Rows or features in it; -1 for a file that is kept as it came.
    """

    piece: str
    file: str
    asked: str
    url: str
    when: str
    sha256: str
    bytes: int
    rows: int
    title: str
    vintage: str
    publisher: str
    licence: str
    attribution: str

    @property
    def source(self) -> Source:
        """Where it came from, as pages and files cite it."""
        return Source(
            self.title, self.publisher, self.licence, self.vintage, self.file, self.attribution
        )


class Folder:
    """A folder with its journal."""

    def __init__(self, path: Path | str) -> None:
        """Read the journal, if there is one; a line that broke off is not counted.

        Raises
        ------
        WriteError
            When it is a file, or cannot be made.
        """
        self.path = Path(path)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(self.path, error) from error
        self._history = _read_journal(self.path / JOURNAL)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The newest entry of each piece, in the order of file names."""
        newest = [history[-1] for history in self._history.values()]
        return tuple(sorted(newest, key=lambda entry: entry.file))

    def kept(self, piece: str, asked: str) -> Entry | None:
        """Give the entry of a piece that is here, unchanged and still what is asked for.

        Raises
        ------
        FetchError
            When its file was changed since, which fetching would undo.
        """
        history = self._history.get(piece, [])
        if not history or not (self.path / history[-1].file).is_file():
            return None
        entry = history[-1]
        found = sha256_of(self.path / entry.file)
        if found == entry.sha256:
            return entry if entry.asked == asked else None
        if any(found == earlier.sha256 for earlier in history if earlier.file == entry.file):
            return None  # a run broke off between the journal and the file
        raise _changed([entry.file])

    def refuse_strangers(self, file: str) -> None:
        """Refuse to write over a file that is not from here.

        Raises
        ------
        FetchError
            When such a file stands in the way.
        """
        known = any(e.file == file for history in self._history.values() for e in history)
        if (self.path / file).exists() and not known:
            raise FetchError(
                f"{file} is in {self.path} already and was not fetched there.",
                remedy="Move it away, name another folder as --out, or replace it with --refresh.",
            )

    def part(self, file: str) -> Path:
        """Say where a file grows until it is whole."""
        return self.path / f"{file}.part"

    def finish(self, entry: Entry) -> None:
        """Enter a file whose part is whole, and give it its final name.

        Raises
        ------
        WriteError
            When the disk does not take it.
        """
        part, final = self.part(entry.file), self.path / entry.file
        older = self._history.get(entry.piece, [])[-1:]
        try:
            _sync(part)
            _append(self.path / JOURNAL, json.dumps(asdict(entry), ensure_ascii=False))
            part.replace(final)
            part.with_name(f"{part.name}.json").unlink(missing_ok=True)
            for old in older:
                self._drop_replaced(old, entry)
            self._history.setdefault(entry.piece, []).append(entry)
            self._write_manifest()
        except OSError as error:
            raise unwritable(final, error) from error

    def _drop_replaced(self, old: Entry, new: Entry) -> None:
        """Take away the file of an earlier day, unless somebody has changed it."""
        path = self.path / old.file
        if old.file != new.file and path.is_file() and sha256_of(path) == old.sha256:
            path.unlink()

    def _write_manifest(self) -> None:
        files = [
            {key: value for key, value in asdict(entry).items() if key not in {"piece", "asked"}}
            for entry in self.entries
        ]
        part = self.part(MANIFEST)
        part.write_text(
            json.dumps({"files": files}, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
        )
        part.replace(self.path / MANIFEST)


def verify(folder: Path | str) -> tuple[Entry, ...]:
    """Check every fetched file of a folder against its checksum.

    Returns
    -------
    tuple of Entry
        What is here and unchanged.

    Raises
    ------
    FetchError
        When files were changed or are gone, naming up to three.
    """
    opened = Folder(folder)
    gone = [e.file for e in opened.entries if not (opened.path / e.file).is_file()]
    if gone:
        raise FetchError(f"No longer in {opened.path}: {named(gone)}.", remedy="Fetch again.")
    changed = [e.file for e in opened.entries if sha256_of(opened.path / e.file) != e.sha256]
    if changed:
        raise _changed(changed)
    return opened.entries


def sha256_of(path: Path) -> str:
    """Give the checksum of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _changed(files: list[str]) -> FetchError:
    return FetchError(
        f"Changed since fetched (the checksum differs): {named(files)}.",
        remedy="If the change is yours, keep a copy elsewhere; --refresh fetches anew.",
    )


def _read_journal(path: Path) -> dict[str, list[Entry]]:
    history: dict[str, list[Entry]] = {}
    try:
        lines = path.read_bytes().splitlines() if path.is_file() else []
    except OSError as error:
        raise unwritable(path, error) from error
    for line in lines:
        entry = _entry(line)
        if entry is not None:
            history.setdefault(entry.piece, []).append(entry)
    return history


def _entry(line: bytes) -> Entry | None:
    """Read a line, None where it broke off or names a file outside the folder."""
    try:
        values: Mapping[str, Any] = json.loads(line)
        entry = Entry(**{field.name: values[field.name] for field in fields(Entry)})
        text = [v for k, v in asdict(entry).items() if k not in {"bytes", "rows"}]
        parts = Path(entry.file).parts
    except (ValueError, KeyError, TypeError):
        return None
    safe = not Path(entry.file).is_absolute() and ".." not in parts
    return entry if safe and all(isinstance(value, str) for value in text) else None


def _sync(path: Path) -> None:
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def _append(path: Path, line: str) -> None:
    """Add a line; one that broke off before it is closed first, so that it spoils no other."""
    with path.open("ab+") as stream:
        stream.seek(0, os.SEEK_END)
        if stream.tell():
            stream.seek(-1, os.SEEK_END)
            line = line if stream.read(1) == b"\n" else f"\n{line}"
        stream.write(f"{line}\n".encode())
        stream.flush()
        os.fsync(stream.fileno())
