"""A file as people have it: on disk, uploaded, in a zip or gzipped, opened without unpacking.

Nothing is ever written to disk, so that a case list that comes as an upload stays in memory.
Archives are hostile until looked at: a member that leads out of the archive, an archive that
unpacks to far more than it weighs, and one that breaks off are refused.
"""

import gzip
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from geo.errors import ReadError, named

MOST_UNPACKED_BYTES = 8 * 2**30
MOST_RATIO = 200
"""Unpacked to packed size that no honest table reaches; a zip bomb is at 1,000 and more."""


@dataclass(frozen=True)
class File:
    """One file: its name as shown, its size in bytes, and how it is opened.

    `path` is where it lies on disk; None for an upload or inside an archive.
    """

    name: str
    size: int
    opener: Callable[[], BinaryIO]
    path: Path | None = None

    @classmethod
    def from_path(cls, path: Path | str, *, name: str = "") -> "File":
        """Name a file on disk.

        Raises
        ------
        ReadError
            When it is not there, or is a folder.
        """
        path = Path(path)
        if not path.is_file():
            raise ReadError(f"{path} is not there.", remedy="Check the name and the folder.")
        return cls(name or path.name, path.stat().st_size, lambda: path.open("rb"), path)

    @classmethod
    def from_bytes(cls, name: str, content: bytes) -> "File":
        """Name an upload, which stays in memory."""
        return cls(name, len(content), lambda: io.BytesIO(content))

    @property
    def suffix(self) -> str:
        """The ending in small letters: `.csv`."""
        return PurePosixPath(self.name).suffix.lower()

    def open(self) -> BinaryIO:
        """Open it for reading bytes, seekable and at its start."""
        try:
            return self.opener()
        except OSError as error:
            raise ReadError(
                f"{self.name} cannot be opened ({error.strerror}).",
                remedy="Is it open in another program, or on a drive that is not connected?",
            ) from error


def as_file(source: Path | str | File) -> File:
    """Take a path or a file."""
    return source if isinstance(source, File) else File.from_path(source)


def list_files(source: Path | str | File) -> tuple[File, ...]:
    """List the files in a folder (its folders too), a zip or a gzip, or the one file given.

    Returns
    -------
    tuple of File
        In the order of their names. Hidden files are left out; a shapefile in a zip stays in it.

    Raises
    ------
    ReadError
        When there is nothing, or an archive is truncated, locked, hostile or too large.
    """
    if not isinstance(source, File) and Path(source).is_dir():
        found = [
            file
            for path in sorted(Path(source).rglob("*"))
            if path.is_file() and not path.name.startswith(".")
            for file in _unpacked(File.from_path(path, name=path.relative_to(source).as_posix()))
        ]
    else:
        found = list(_unpacked(as_file(source)))
    if not found:
        raise ReadError(f"{source} holds no files.", remedy="Name a folder with the downloads.")
    return tuple(found)


def _unpacked(file: File) -> tuple[File, ...]:
    if file.suffix == ".zip":
        return _zipped(file)
    if file.suffix == ".gz":
        return (_gunzipped(file),)
    return (file,)


def _zipped(file: File) -> tuple[File, ...]:
    try:
        with zipfile.ZipFile(file.open()) as archive:
            members = [m for m in archive.infolist() if not m.is_dir() and not _hidden(m.filename)]
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise ReadError(
            f"{file.name} is no complete zip.", remedy="Download it again; it may have broken off."
        ) from error
    _refuse_hostile(file, members)
    if any(member.filename.lower().endswith(".shp") for member in members):
        return (file,)
    return tuple(
        File(f"{file.name}/{m.filename}", m.file_size, _member_opener(file, m.filename))
        for m in sorted(members, key=lambda m: m.filename)
    )


def _refuse_hostile(file: File, members: list[zipfile.ZipInfo]) -> None:
    names = [member.filename for member in members]
    leading_out = [
        n
        for n in names
        if n.startswith(("/", "\\"))
        or ".." in PurePosixPath(n.replace("\\", "/")).parts
        or ":" in n
    ]
    if leading_out:
        raise ReadError(
            f"{file.name} holds names that lead out of the archive: {named(leading_out)}.",
            remedy="Do not use it; ask where it came from.",
        )
    unpacked = sum(member.file_size for member in members)
    packed = max(1, sum(member.compress_size for member in members))
    if unpacked > MOST_UNPACKED_BYTES or (unpacked > 2**26 and unpacked / packed > MOST_RATIO):
        raise ReadError(
            f"{file.name} would unpack from {packed:,} to {unpacked:,} bytes.",
            remedy="Do not use it; unpack what you know to be sound and give the files.",
        )
    locked = [member.filename for member in members if member.flag_bits & 1]
    if locked:
        raise ReadError(
            f"{file.name} is locked with a password: {named(locked)}.",
            remedy="Unpack it with the password and give the files.",
        )


def _hidden(name: str) -> bool:
    return name.startswith("__MACOSX/") or PurePosixPath(name).name.startswith(".")


def _member_opener(file: File, member: str) -> Callable[[], BinaryIO]:
    def opened() -> BinaryIO:
        return zipfile.ZipFile(file.open()).open(member)  # type: ignore[return-value]

    return opened


def _gunzipped(file: File) -> File:
    def opened() -> BinaryIO:
        return gzip.GzipFile(fileobj=file.open())  # type: ignore[return-value]

    return File(file.name[: -len(".gz")], file.size, opened)
