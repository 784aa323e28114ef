"""Put a pack's folder in its place: whole or not at all, and nothing of the user's overwritten.

The new folder is written beside the old one, read back as a pack, and only then takes its name. A
build that is stopped at any moment leaves the old pack, or the new one, or the old one under a
name that the next build puts back.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geo.errors import PackError, WriteError, ZonewrightError, named
from layers.pack import Pack
from layers.read.pack import read_pack
from layers.write import write_text

MANIFEST = "manifest.json"
_BUILT = "zonewright build"


@dataclass(frozen=True)
class Replaced:
    """A pack in its place, and what is new about it.

    Parameters
    ----------
    changes
        A line for each file and each measure that differs from the pack that was there; empty
        when nothing changed, and for a pack that is new.
    kept
        Files that somebody put into the folder by hand; they were carried over.
    is_new
        Whether there was no pack before.
    """

    pack: Pack
    changes: tuple[str, ...]
    kept: tuple[str, ...]
    is_new: bool


def replace_folder(
    out: Path,
    write: Callable[[Path], Mapping[str, int]],
    *,
    inputs: list[dict[str, Any]],
    overwrite: bool = False,
) -> Replaced:
    """Write a pack with `write` and put it at `out`.

    Parameters
    ----------
    write
        Writes the files into the folder it is given, and returns each one's name and rows.
    inputs
        What the pack was built from, for the manifest: name, kind, sha256.
    overwrite
        Lose changes that were made by hand to files of the last build, and files put in by hand
        that are built now. Refused by default.

    Raises
    ------
    WriteError
        When the folder cannot be written, holds something else than a built pack, or holds files
        that were changed by hand, or put in by hand where one is built now.
    ZonewrightError
        Of the kind that fits, when what was written is no sound pack; nothing is left behind.
    """
    out = out.resolve()
    before, beside = (out.with_name(f".{out.name}.{what}") for what in ("before", "building"))
    _put_back(out, before)
    _require_replaceable(out, overwrite=overwrite)
    old = _read_manifest(out)
    kept = _added(out, old)
    try:
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        made = write(beside)
        kept = _not_made_now(out, kept, made, overwrite=overwrite)
        for name in kept:
            (beside / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(out / name, beside / name)
        _write_manifest(beside, made, inputs)
        pack = read_pack(beside)
        changes = _changes(out, beside, old, pack) if old else ()
        if old is None or _edited(out, old) or _read_manifest(beside) != old:
            _swap(out, before, beside)
    except OSError as error:
        raise WriteError(
            f"{out} cannot be written ({error.strerror}).",
            remedy="Is there room on the drive, and may you write there? Nothing was changed.",
        ) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return Replaced(read_pack(out), changes, kept, is_new=old is None)


def changed_by_hand(folder: Path) -> tuple[str, ...]:
    """Name the files of a pack that are not as its manifest says, or are gone; () without one."""
    manifest = _read_manifest(folder)
    return () if manifest is None else _edited(folder, manifest)


def sha256_of(path: Path) -> str:
    """Give the checksum of a file, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _put_back(out: Path, before: Path) -> None:
    """Undo a swap that was stopped half way."""
    if before.is_dir() and not out.exists():
        before.rename(out)
    shutil.rmtree(before, ignore_errors=True)


def _require_replaceable(out: Path, *, overwrite: bool) -> None:
    if not out.exists():
        return
    manifest = _read_manifest(out)
    if out.is_dir() and not any(out.iterdir()):
        return
    if manifest is None or manifest.get("made_by") != _BUILT:
        raise WriteError(
            f"{out} is there already and is no pack that was built.",
            remedy="Name another folder; nothing was changed.",
        )
    edited = _edited(out, manifest)
    if edited and not overwrite:
        raise WriteError(
            f"{named(edited)} in {out} were changed by hand since the last build.",
            remedy="Keep a copy of them and build with --overwrite, or build into another folder.",
        )


def _read_manifest(folder: Path) -> dict[str, Any] | None:
    path = folder / MANIFEST
    if not path.is_file():
        return None
    try:
        manifest = json.loads(path.read_text("utf-8"))
        files = {str(entry["file"]): str(entry["sha256"]) for entry in manifest["files"]}
    except (ValueError, TypeError, KeyError) as error:
        raise PackError(f"{path} is no manifest.", remedy="Build the pack again.") from error
    return dict(manifest) | {"sha256": files}


def _edited(folder: Path, manifest: dict[str, Any]) -> tuple[str, ...]:
    return tuple(
        name
        for name, digest in manifest["sha256"].items()
        if not (folder / name).is_file() or sha256_of(folder / name) != digest
    )


def _added(folder: Path, manifest: dict[str, Any] | None) -> tuple[str, ...]:
    if manifest is None:
        return ()
    there = sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )
    return tuple(name for name in there if name not in {*manifest["sha256"], MANIFEST})


def _not_made_now(
    out: Path, kept: tuple[str, ...], made: Mapping[str, int], *, overwrite: bool
) -> tuple[str, ...]:
    """Give the files to carry over; refuse to choose between one of them and a new one."""
    both = [name for name in kept if name in made]
    if both and not overwrite:
        raise WriteError(
            f"{named(both)} in {out} was put there by hand, and the files to build from make it "
            "too.",
            remedy="Take one of the two away, or build with --overwrite to lose that in the pack.",
        )
    return tuple(name for name in kept if name not in made)


def _write_manifest(folder: Path, made: Mapping[str, int], inputs: list[dict[str, Any]]) -> None:
    files = [
        {"file": name, "rows": rows, "sha256": sha256_of(folder / name)}
        for name, rows in sorted(made.items())
    ]
    document = {"made_by": _BUILT, "files": files, "inputs": inputs}
    write_text(folder / MANIFEST, json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def _changes(out: Path, beside: Path, old: dict[str, Any], pack: Pack) -> tuple[str, ...]:
    new = _read_manifest(beside) or {"sha256": {}}
    was, now = old["sha256"], new["sha256"]
    lines = [f"{name} is new" for name in now if name not in was]
    lines += [f"{name} is gone" for name in was if name not in now]
    lines += [f"{name} has changed" for name in now if name in was and now[name] != was[name]]
    if not lines:
        return ()
    try:
        return (*lines, *_changed_sums(read_pack(out), pack))
    except ZonewrightError:  # a pack of an older tool that cannot be read any more
        return tuple(lines)


def _changed_sums(before: Pack, after: Pack) -> list[str]:
    sums = [
        {key: float(row[row == row].sum()) for key, row in zip(m.keys, m.values, strict=True)}  # noqa: PLR0124  NaN is missing
        for m in (before.measures, after.measures)
    ]
    return [
        f"{key}: {_told(sums[0].get(key))} before, {_told(sums[1].get(key))} now"
        for key in dict.fromkeys([*sums[0], *sums[1]])
        if sums[0].get(key) != sums[1].get(key)
    ]


def _told(total: float | None) -> str:
    """Write a sum; a measure that is not there is not 0."""
    return "not there" if total is None else f"{total:,.0f}"


def _swap(out: Path, before: Path, beside: Path) -> None:
    if out.exists():
        out.rename(before)
    try:
        beside.replace(out)
    except OSError:
        if before.exists():
            before.rename(out)
        raise
    shutil.rmtree(before, ignore_errors=True)
