"""A file as people have it: on disk, uploaded, in a zip or gzipped, opened without unpacking.

Nothing is ever written to disk, so that a case list that comes as an upload stays in memory.
Archives are hostile until looked at: a member that leads out of the archive, an archive that
unpacks to far more than it weighs, and one that breaks off are refused; what an archive says of
its sizes is not believed but counted while reading. A file that is still being downloaded or
written is refused too, because half of it would look like all of it.
"""

import gzip
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, TypeVar, cast

from geo.errors import ReadError, named

MOST_UNPACKED_BYTES = 8 * 2**30
MOST_RATIO = 200
"""Unpacked to packed size that no honest table reaches; a zip bomb is at 1,000 and more."""
SMALL_BYTES = 2**26
"""What unpacks to less than this does no harm, whatever its ratio."""
MOST_MEMBERS = 100_000
DOWNLOADING = (".crdownload", ".part", ".partial", ".tmp", ".download")
BESIDE_SHAPES = (
    *(".csv", ".tsv", ".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"),
    *(".geojson", ".gpkg", ".parquet", ".zip", ".gz"),
)
"""What in a zip with a shapefile is a file of its own; all else (.dbf, .xml, .txt) goes with it."""
ARCHIVES = (".zip", ".gz", ".7z", ".rar", ".tar", ".tgz", ".bz2", ".xz")

_SYSTEM_FILES = ("thumbs.db", "desktop.ini")
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
    KeyError,
)
"""What the libraries raise on archives that break off, lie, or are packed in rare ways."""
_AGAIN = "Download it again; it may have broken off."

_Result = TypeVar("_Result")
State = tuple[int, int]
"""Size in bytes and time of the last change in nanoseconds."""


@dataclass(frozen=True)
class File:
    """One file: its name as shown, its size in bytes, and how it is opened.

    `path` is where it lies on disk; None for an upload or inside an archive. `size` is what the
    archive says for a file inside a zip, and the packed size for a gzip. `sheet` is the one meant
    of a workbook, empty for its first.
    """

    name: str
    size: int
    opener: Callable[[], BinaryIO]
    path: Path | None = None
    kept_in: Path | None = field(default=None, repr=False)
    sheet: str = ""

    @classmethod
    def from_path(cls, path: Path | str, *, name: str = "") -> "File":
        """Name a file on disk.

        Raises
        ------
        ReadError
            When it is not there, is a folder, or is still being downloaded.
        """
        path = Path(path)
        try:
            size = path.stat().st_size if path.is_file() else -1
        except (OSError, ValueError) as error:
            raise ReadError(
                f"{path} cannot be opened ({_why(error)}).", remedy="Check the name and the folder."
            ) from error
        if size < 0:
            raise ReadError(f"{path} is not there.", remedy="Check the name and the folder.")
        _refuse_download(name or path.name)
        return cls(name or path.name, size, lambda: path.open("rb"), path, path)

    @classmethod
    def from_bytes(cls, name: str, content: bytes) -> "File":
        """Name an upload, which stays in memory."""
        return cls(name, len(content), lambda: io.BytesIO(content))

    @property
    def suffix(self) -> str:
        """The ending in small letters: `.csv`."""
        return PurePosixPath(self.name).suffix.lower()

    def open(self) -> BinaryIO:
        """Open it for reading bytes, seekable and at its start; closing it closes its archive.

        Raises
        ------
        ReadError
            When it cannot be opened; reading raises it where the file breaks off or unpacks to
            more than it should.
        """
        try:
            return self.opener()
        except OSError as error:
            raise ReadError(
                f"{self.name} cannot be opened ({_why(error)}).",
                remedy="Is it open in another program, or on a drive that is not connected?",
            ) from error

    def state(self) -> State | None:
        """Tell size and last change on disk, of the archive for what lies in one; None in memory.

        Two states that differ show that the file was written to in between.
        """
        if self.kept_in is None:
            return None
        try:
            found = self.kept_in.stat()
        except OSError as error:
            raise ReadError(
                f"{self.name} is gone while it was read ({_why(error)}).",
                remedy="Put it back and read again.",
            ) from error
        return found.st_size, found.st_mtime_ns

    def require_state(self, before: State | None) -> None:
        """Refuse a file that is no longer as it was `before`.

        Raises
        ------
        ReadError
            When size or time of the last change differ.
        """
        if before is not None and self.state() != before:
            raise ReadError(
                f"{self.name} changed while it was read; it is still being written.",
                remedy="Wait until that has ended and read it again.",
            )


def as_file(source: Path | str | File) -> File:
    """Take a path or a file.

    Raises
    ------
    ReadError
        When it is not there or, by its name, still being downloaded.
    """
    if not isinstance(source, File):
        return File.from_path(source)
    _refuse_download(source.name)
    return source


def list_files(source: Path | str | File) -> tuple[File, ...]:
    """List the files in a folder (its folders too), a zip or a gzip, or the one file given.

    Returns
    -------
    tuple of File
        In the order of their names. Hidden files, and those that Windows and Office leave behind,
        are left out; a shapefile in a zip stays in it.

    Raises
    ------
    ReadError
        When there is nothing, an archive is truncated, locked, hostile, too large or holds another
        archive, or a file is still being downloaded. `list_files_and_faults` goes on past these.
    """
    files, faults = list_files_and_faults(source)
    if faults:
        raise faults[0]
    return files


def list_files_and_faults(
    source: Path | str | File, *, without: Collection[str] = ()
) -> tuple[tuple[File, ...], tuple[ReadError, ...]]:
    """List files as `list_files` does, and beside them what could not be listed and why.

    One archive that broke off does not hide the other files of its folder.

    Parameters
    ----------
    without
        Files of a folder to leave out, by their place in it with `/`.

    Raises
    ------
    ReadError
        When there is nothing at all: no file and no fault.
    """
    files: list[File] = []
    faults: list[ReadError] = []
    for found in _found(source, without):
        try:
            if isinstance(found, ReadError):
                raise found
            unpacked, inner = _unpacked(found)
        except ReadError as error:
            faults.append(error)
            continue
        files += unpacked
        faults += inner
    if not files and not faults:
        label = source.name if isinstance(source, File) else source
        raise ReadError(f"{label} holds no files.", remedy="Name a folder with the downloads.")
    return tuple(files), tuple(faults)


def require_sound_archive(file: File, *, most_bytes: int = MOST_UNPACKED_BYTES) -> None:
    """Refuse a zip that is hostile or too large before a library unpacks it (an .xlsx is a zip).

    Raises
    ------
    ReadError
        When it is no complete zip, its names lead out of it, or it unpacks to too much.
    """
    _refuse_hostile(file, _members(file), most_bytes=most_bytes)


def _found(source: Path | str | File, without: Collection[str]) -> Iterator[File | ReadError]:
    if isinstance(source, File) or not Path(source).is_dir():
        yield as_file(source)
        return
    folder = Path(source)
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        left_out = _left_behind(inside.parts) or inside.as_posix() in without
        if left_out or not path.is_file():
            continue
        try:
            yield File.from_path(path, name=inside.as_posix())
        except ReadError as error:
            yield error


def _left_behind(parts: tuple[str, ...]) -> bool:
    """Say whether a system or a program left this file for itself."""
    name = parts[-1]
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in parts)
    return hidden or name.startswith("~$") or name.casefold() in _SYSTEM_FILES


def _refuse_download(name: str) -> None:
    if name.lower().endswith(DOWNLOADING):
        raise ReadError(
            f"{name} is still being downloaded, or its download broke off.",
            remedy="Wait until the download has ended, or start it again.",
        )


def _unpacked(file: File) -> tuple[tuple[File, ...], tuple[ReadError, ...]]:
    if file.suffix in ARCHIVES and not file.size:
        raise ReadError(f"{file.name} is empty (0 bytes).", remedy=_AGAIN)
    if file.suffix == ".zip":
        return _zipped(file)
    if file.suffix in ARCHIVES and (file.suffix != ".gz" or file.name.lower().endswith(".tar.gz")):
        raise _unopened(file.name)
    return ((_gunzipped(file) if file.suffix == ".gz" else file),), ()


def _unopened(name: str) -> ReadError:
    return ReadError(
        f"{name} is an archive of a kind, or in a place, that this tool does not open.",
        remedy="Unpack it and give the files, or zip them (one zip, none inside it).",
    )


def _zipped(file: File) -> tuple[tuple[File, ...], tuple[ReadError, ...]]:
    members = _members(file)
    _refuse_hostile(file, members, most_bytes=MOST_UNPACKED_BYTES)
    shown = [m for m in members if not m.is_dir() and not _left_behind(_parts(m.filename))]
    shown.sort(key=lambda m: m.filename)
    whole: tuple[File, ...] = ()
    if any(member.filename.lower().endswith(".shp") for member in shown):
        whole, shown = (file,), [m for m in shown if m.filename.lower().endswith(BESIDE_SHAPES)]
    nested = [m for m in shown if m.filename.lower().endswith(ARCHIVES)]
    kept = [m for m in shown if not m.filename.lower().endswith(ARCHIVES)]
    files = tuple(
        File(
            f"{file.name}/{m.filename}", m.file_size, _member_opener(file, m), kept_in=file.kept_in
        )
        for m in kept
    )
    return (*whole, *files), tuple(_unopened(f"{file.name}/{m.filename}") for m in nested)


def _members(file: File) -> list[zipfile.ZipInfo]:
    try:
        with file.open() as stream, zipfile.ZipFile(stream) as archive:
            return archive.infolist()
    except (*_BROKEN, OSError) as error:
        raise ReadError(f"{file.name} is no complete zip.", remedy=_AGAIN) from error


def _refuse_hostile(file: File, members: list[zipfile.ZipInfo], *, most_bytes: int) -> None:
    leading_out = [m.filename for m in members if _leads_out(m)]
    if leading_out:
        raise ReadError(
            f"{file.name} holds names that lead out of the archive: {named(leading_out)}.",
            remedy="Do not use it; ask where it came from.",
        )
    unpacked = sum(member.file_size for member in members)
    # members may lie over each other: together they never weigh more than the archive
    packed = max(1, min(file.size, sum(member.compress_size for member in members)))
    too_dense = unpacked > SMALL_BYTES and unpacked / packed > MOST_RATIO
    if unpacked > most_bytes or too_dense or len(members) > MOST_MEMBERS:
        raise ReadError(
            f"{file.name} would unpack from {packed:,} to {unpacked:,} bytes in "
            f"{len(members):,} files.",
            remedy="Do not use it; unpack what you know to be sound and give the files.",
        )
    locked = [member.filename for member in members if member.flag_bits & 1]
    if locked:
        raise ReadError(
            f"{file.name} is locked with a password: {named(locked)}.",
            remedy="Unpack it with the password and give the files.",
        )
    odd = [m.filename for m in members if m.compress_type not in _PACKINGS]
    if odd:
        raise ReadError(
            f"{file.name} is packed in a way that this tool does not open: {named(odd)}.",
            remedy="Unpack it and give the files.",
        )


_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""The others can unpack one block to far more than the library bounds."""
_DRIVE = re.compile(r"[A-Za-z]:")
_LINK = 0o120000
_FILE_TYPE = 0o170000


def _leads_out(member: zipfile.ZipInfo) -> bool:
    name = member.orig_filename
    return (
        name.startswith(("/", "\\"))
        or ".." in _parts(name)
        or _DRIVE.match(name) is not None
        or "\0" in name
        or (member.external_attr >> 16) & _FILE_TYPE == _LINK
    )


def _parts(name: str) -> tuple[str, ...]:
    return PurePosixPath(name.replace("\\", "/")).parts or ("",)


def _member_opener(file: File, member: zipfile.ZipInfo) -> Callable[[], BinaryIO]:
    name = f"{file.name}/{member.filename}"

    def opened() -> BinaryIO:
        base = file.open()
        try:
            stream = _member(base, member)
        except (*_BROKEN, OSError) as error:
            base.close()
            raise ReadError(f"{name} cannot be unpacked.", remedy=_AGAIN) from error
        return io.BufferedReader(_Guarded(name, stream, base, member.compress_size))

    return opened


def _member(base: BinaryIO, member: zipfile.ZipInfo) -> zipfile.ZipExtFile:
    stream = zipfile.ZipFile(base).open(member)  # noqa: SIM115  closed with what is read from it
    return cast("zipfile.ZipExtFile", stream)


def _gunzipped(file: File) -> File:
    def opened() -> BinaryIO:
        base = file.open()
        return io.BufferedReader(_Guarded(file.name, gzip.GzipFile(fileobj=base), base, file.size))

    return File(file.name[: -len(".gz")], file.size, opened, kept_in=file.kept_in)


class _Guarded(io.RawIOBase):
    """What comes out of an archive: counted while it is read, its faults in our words."""

    def __init__(
        self, name: str, stream: zipfile.ZipExtFile | gzip.GzipFile, base: BinaryIO, packed: int
    ) -> None:
        self._name, self._stream, self._base, self._packed = name, stream, base, max(1, packed)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._stream.seekable()

    def readinto(self, buffer: Any) -> int:
        target = memoryview(buffer).cast("B")
        content = self._of(lambda: self._stream.read(len(target)))
        target[: len(content)] = content
        self._refuse_bomb()
        return len(content)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        found = self._of(lambda: self._stream.seek(offset, whence))
        self._refuse_bomb()
        return found

    def tell(self) -> int:
        return self._stream.tell()

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
            self._base.close()
        super().close()

    def _of(self, work: Callable[[], _Result]) -> _Result:
        try:
            return work()
        except (*_BROKEN, OSError) as error:
            raise ReadError(f"{self._name} breaks off or is damaged.", remedy=_AGAIN) from error

    def _refuse_bomb(self) -> None:
        unpacked = self._stream.tell()
        too_dense = unpacked > SMALL_BYTES and unpacked / self._packed > MOST_RATIO
        if unpacked > MOST_UNPACKED_BYTES or too_dense:
            raise ReadError(
                f"{self._name} unpacks from {self._packed:,} to more than {unpacked:,} bytes.",
                remedy="Do not use it; unpack what you know to be sound and give the files.",
            )


def _why(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
