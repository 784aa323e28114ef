"""The manifest of the packs that ship: every file with its sha256, and every source."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from data.build_sources import Source
from layers.write import write_text

ROOT = Path(__file__).resolve().parent
BOUNDARIES = ROOT / "boundaries"
AUTHORITIES = ROOT / "authorities"
MANIFEST = "manifest.json"


def write_manifest(
    folder: Path,
    *,
    made: Mapping[str, int],
    sources: Sequence[Source],
    notes: Sequence[str] = (),
) -> None:
    """Write the account of a folder: every file with its sha256 and rows, and every source."""
    files = [
        {
            "file": name,
            "rows": rows,
            "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest(),
        }
        for name, rows in sorted(made.items())
    ]
    document = {
        "files": files,
        "sources": [_source(source) for source in sources],
        "notes": list(notes),
    }
    write_text(folder / MANIFEST, json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def _source(source: Source) -> dict[str, str]:
    row = {
        "title": source.title,
        "publisher": source.publisher,
        "licence": source.licence,
        "vintage": source.vintage,
        "attribution": source.attribution,
        "via": source.via,
    }
    if source.package is None:
        return row
    return row | {"wheel": source.package.wheel, "wheel_sha256": source.package.sha256}
