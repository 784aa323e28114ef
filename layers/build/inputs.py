"""What a pack was built from: each file with its kind, size and checksum, for the manifest."""

import hashlib
from collections.abc import Collection, Sequence
from pathlib import PurePosixPath
from typing import Any

from geo.read.file import File
from layers.read.recognise import Found

BLOCK = 2**20


def describe_inputs(found: Sequence[Found], cases: Collection[str] = ()) -> list[dict[str, Any]]:
    """Describe the files that were used, in the order of their names, each once.

    Parameters
    ----------
    cases
        Base names of files that were told to be case lists.
    """
    files = {
        (entry.file.name, entry.file.opener): (
            entry.file,
            entry.kind.key if entry.kind else "cases",
        )
        for entry in found
        if entry.kind is not None or PurePosixPath(entry.file.name).name in cases
    }
    told = [
        {"file": file.name, "kind": kind, "sha256": _digest(file)} for file, kind in files.values()
    ]
    return sorted(told, key=lambda entry: (entry["file"], entry["sha256"]))


def _digest(file: File) -> str:
    digest = hashlib.sha256()
    with file.open() as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()
