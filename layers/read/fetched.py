"""Read what `zonewright fetch` notes beside its files, and tell what in a folder is our own.

The notes (where each file came from, and its licence) lie in the folder that a pack is built from;
so may a download that broke off, and a pack built there before. They are told by what stands in
them, so that a GeoJSON that is broken is never taken for a note.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from geo.errors import ZonewrightError
from geo.read.file import File
from layers.source import Source

JOURNAL, MANIFEST = "journal.jsonl", "manifest.json"
ENDINGS = (".json", ".jsonl")
PART = ".part"
MOST_BYTES = 2**24
"""A thousand times what the notes of an authority weigh; anything larger is data."""

_TOLD = (
    *("file", "url", "sha256", "title", "publisher", "licence", "vintage", "attribution"),
    "when",
)
_OF_PART = {"url", "validator"}
_BUILT = "zonewright build"
"""What the manifest of a built pack says made it."""


def is_of_fetch(file: File) -> bool:
    """Say whether a file is the manifest or the journal of a fetch, or the note of a download."""
    return file.suffix in ENDINGS and (bool(_entries(file)) or _is_note(file))


def unfinished(folder: Path) -> frozenset[str]:
    """List the files that a fetch has not finished, by their place in `folder` with `/`.

    Only where the journal of a fetch stands in a folder above them: a browser's unfinished
    download ends in `.part` too, and is somebody's data.
    """
    return frozenset(
        part.relative_to(folder).as_posix()
        for journal in folder.rglob(JOURNAL)
        if journal.is_file() and is_of_fetch(File.from_path(journal))
        for part in journal.parent.rglob(f"*{PART}")
    )


def packs_within(folder: Path) -> Mapping[str, frozenset[str]]:
    """List the packs that were built into a folder of downloads, each with its files.

    Both by their place in `folder` with `/`.
    """
    built = [
        manifest.parent
        for manifest in sorted(folder.rglob(MANIFEST))
        if manifest.is_file() and manifest.parent != folder and _is_of_pack(manifest)
    ]
    return {
        pack.relative_to(folder).as_posix(): frozenset(
            path.relative_to(folder).as_posix() for path in pack.rglob("*") if path.is_file()
        )
        for pack in built
    }


def fetched_sources(files: Iterable[File]) -> dict[str, Source]:
    """Give name of file -> its source, from the manifests among `files`."""
    told: dict[str, Source] = {}
    for file in files:
        if file.suffix == ".json":
            above = PurePosixPath(file.name).parent
            for entry in _entries(file):
                name = (above / entry["file"]).as_posix()
                told[name] = Source(
                    title=entry["title"],
                    publisher=entry["publisher"],
                    licence=entry["licence"],
                    vintage=entry["vintage"],
                    via=name,
                    attribution=entry["attribution"],
                )
    return told


def as_fetched(source: Source, told: Mapping[str, Source]) -> Source:
    """Take publisher, licence and attribution of a source from the notes of the fetch.

    Title and vintage stay the reader's, which has seen what the file holds; the vintage is taken
    where the reader knows none. A source of several files is known by the first of them.
    """
    known = told.get(source.via.split(", ")[0])
    if known is None:
        return source
    return replace(
        source,
        publisher=known.publisher or source.publisher,
        licence=known.licence or source.licence,
        attribution=known.attribution or source.attribution,
        vintage=source.vintage or known.vintage,
    )


def _entries(file: File) -> list[dict[str, str]]:
    """Give the files that a manifest or a journal tells of; [] where it is neither."""
    if file.suffix == ".jsonl":
        lines = _text(file).splitlines()
        # the last line may have broken off
        found = [entry for entry in map(_value, lines) if _is_entry(entry)]
        return found if len(found) >= len(lines) - 1 else []
    value = _value(_text(file))
    listed = value.get("files") if isinstance(value, dict) else None
    entries = listed if isinstance(listed, list) else []
    return entries if all(map(_is_entry, entries)) else []


def _is_entry(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(value.get(key), str) for key in _TOLD)


def _is_of_pack(manifest: Path) -> bool:
    value = _value(_text(File.from_path(manifest)))
    return isinstance(value, dict) and value.get("made_by") == _BUILT


def _is_note(file: File) -> bool:
    value = _value(_text(file)) if file.name.endswith(f"{PART}.json") else None
    return isinstance(value, dict) and set(value) == _OF_PART


def _text(file: File) -> str:
    """Give the whole text, empty where it is too long or no text."""
    try:
        with file.open() as stream:
            content = stream.read(MOST_BYTES + 1)
        return content.decode() if len(content) <= MOST_BYTES else ""
    except (ZonewrightError, OSError, UnicodeDecodeError):
        return ""


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
