"""What a pack was built from: each file with its kind, size and checksum, for the manifest."""

import hashlib
from collections.abc import Sequence
from typing import Any

from geo.read.file import File
from layers.read.recognise import Found

BLOCK = 2**20


def describe_inputs(found: Sequence[Found]) -> list[dict[str, Any]]:
    """Describe the files that were recognised, in the order of their names, each once."""
    files = {
        entry.file.name: (entry.file, entry.kind.key) for entry in found if entry.kind is not None
    }
    return [
        {"file": name, "kind": kind, "sha256": _digest(file)}
        for name, (file, kind) in sorted(files.items())
    ]


def _digest(file: File) -> str:
    digest = hashlib.sha256()
    with file.open() as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()
