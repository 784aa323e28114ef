"""Files come from disk, memory and archives alike; what is hostile or half there is refused."""

import gzip
import io
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import ReadError, ZonewrightError
from geo.read import file as module
from geo.read.file import File, as_file, list_files, list_files_and_faults, require_sound_archive

TABLE = b"unit,n\nE01,3\n"


def zipped(members: dict[str, bytes], *, how: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", how) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def upload(name: str, content: bytes) -> File:
    return File.from_bytes(name, content)


def contents(source: Path | File) -> dict[str, bytes]:
    found = {}
    for file in list_files(source):
        with file.open() as stream:
            found[file.name] = stream.read()
    return found


# What is listed


def test_a_folder_lists_its_files_and_those_in_its_archives(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "x.csv").write_bytes(TABLE)
    (tmp_path / "a.zip").write_bytes(zipped({"2.csv": b"2", "f/1.csv": b"1"}))
    (tmp_path / "c.csv.gz").write_bytes(gzip.compress(b"3"))
    assert contents(tmp_path) == {
        "a.zip/2.csv": b"2",
        "a.zip/f/1.csv": b"1",
        "b/x.csv": TABLE,
        "c.csv": b"3",
    }


def test_what_systems_and_programs_leave_behind_is_not_listed(tmp_path: Path) -> None:
    for name in (".hidden", "~$counts.xlsx", "Thumbs.db", "desktop.ini", "a.csv"):
        (tmp_path / name).write_bytes(TABLE)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_bytes(TABLE)
    assert [file.name for file in list_files(tmp_path)] == ["a.csv"]
    inside = upload("a.zip", zipped({"__MACOSX/._a.csv": b"", "~$a.xlsx": b"", "a.csv": TABLE}))
    assert list(contents(inside)) == ["a.zip/a.csv"]


def test_a_shapefile_stays_in_its_zip() -> None:
    file = upload("a.zip", zipped({"a.shp": b"", "a.dbf": b""}))
    assert list_files(file) == (file,)


def test_tables_in_a_zip_with_a_shapefile_are_listed_beside_it() -> None:
    parts = ("a.shp", "a.dbf", "a.shp.xml", "readme.txt")
    file = upload("a.zip", zipped({**dict.fromkeys(parts, b""), "ages.csv": TABLE}))
    assert [found.name for found in list_files(file)] == ["a.zip", "a.zip/ages.csv"]


def test_members_of_one_name_are_both_listed() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.csv", b"1")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.csv", b"2")
    files = list_files(upload("a.zip", stream.getvalue()))
    assert [file.open().read() for file in files] == [b"1", b"2"]


def test_a_file_is_read_from_any_place_in_it() -> None:
    for file in (
        upload("a.csv", TABLE),
        list_files(upload("a.zip", zipped({"a.csv": TABLE})))[0],
        list_files(upload("a.csv.gz", gzip.compress(TABLE)))[0],
    ):
        with file.open() as stream:
            assert stream.read() == TABLE
            assert stream.seek(5) == 5
            assert stream.readline() == b"n\n"
            assert stream.seekable()


def test_closing_a_member_closes_its_archive() -> None:
    opened: list[io.BytesIO] = []

    def opener() -> io.BytesIO:
        opened.append(io.BytesIO(zipped({"a.csv": TABLE})))
        return opened[-1]

    file = list_files(File("a.zip", 200, opener))[0]
    with file.open() as stream:
        stream.read(3)
    assert all(stream.closed for stream in opened)


def test_one_broken_archive_does_not_hide_the_other_files(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(TABLE)
    (tmp_path / "b.zip").write_bytes(zipped({"x.csv": TABLE})[:-30])
    (tmp_path / "c.csv.crdownload").write_bytes(TABLE)
    (tmp_path / "d.zip").write_bytes(zipped({"x.csv": TABLE, "y.zip": b"", "z.7z": b""}))
    files, faults = list_files_and_faults(tmp_path)
    assert [file.name for file in files] == ["a.csv", "d.zip/x.csv"]
    assert [fault.found.split()[0] for fault in faults] == [
        "b.zip",
        "c.csv.crdownload",
        "d.zip/y.zip",
        "d.zip/z.7z",
    ]
    with pytest.raises(ReadError, match=r"b\.zip is no complete zip"):
        list_files(tmp_path)


# What is refused


def link() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        member = zipfile.ZipInfo("a.csv")
        member.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(member, "/etc/passwd")
    return stream.getvalue()


def locked() -> bytes:
    content = bytearray(zipped({"a.csv": TABLE}))
    content[content.find(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: zipped({"../a.csv": TABLE}), r"names that lead out of the archive: \.\./a\.csv"),
        (lambda: zipped({"x\\..\\..\\a.csv": TABLE}), "names that lead out of the archive"),
        (lambda: zipped({"/etc/a.csv": TABLE}), "names that lead out of the archive"),
        (lambda: zipped({"\\\\host\\a.csv": TABLE}), "names that lead out of the archive"),
        (lambda: zipped({"C:/a.csv": TABLE}), "names that lead out of the archive: C:/a"),
        (link, r"names that lead out of the archive: a\.csv"),
        (locked, r"is locked with a password: a\.csv"),
        (lambda: zipped({"a.csv": bytes(2**27)}), "would unpack from .* to 134,217,728 bytes"),
        (lambda: zipped({"a.csv": TABLE}, how=zipfile.ZIP_BZIP2), "packed in a way"),
        (lambda: zipped({"a.csv": TABLE})[:-10], "is no complete zip"),
        (lambda: b"", r"a\.zip is empty \(0 bytes\)"),
        (lambda: b"no zip", "is no complete zip"),
        (lambda: zipped({}), "holds no files"),
        (lambda: zipped({"b.zip": zipped({"a.csv": TABLE})}), r"a\.zip/b\.zip is an archive"),
    ],
)
def test_a_hostile_or_broken_archive_is_refused(make: Callable[[], bytes], message: str) -> None:
    with pytest.raises(ReadError, match=message):
        list_files(upload("a.zip", make()))


def test_a_member_larger_than_it_says_is_refused_while_it_is_read() -> None:
    content = bytearray(zipped({"a.csv": b"x" * 5_000}))
    at = content.find(b"PK\x01\x02") + 24
    content[at : at + 4] = (10).to_bytes(4, "little")
    (file,) = list_files(upload("a.zip", bytes(content)))
    with (
        pytest.raises(ReadError, match=r"a\.zip/a\.csv breaks off or is damaged"),
        file.open() as s,
    ):
        s.read()


def test_a_gzip_that_breaks_off_or_swells_is_refused_while_it_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (half,) = list_files(upload("a.csv.gz", gzip.compress(TABLE * 100)[:-12]))
    with pytest.raises(ReadError, match=r"a\.csv\.?\w* breaks off"), half.open() as stream:
        stream.read()
    (bomb,) = list_files(upload("b.csv.gz", gzip.compress(bytes(2**24))))
    monkeypatch.setattr(module, "SMALL_BYTES", 2**20)
    with pytest.raises(ReadError, match=r"unpacks from .* to more than"), bomb.open() as stream:
        stream.read()


@pytest.mark.parametrize("name", ["a.tar.gz", "a.7z", "a.rar", "a.tar"])
def test_archives_of_other_kinds_are_refused_by_name(name: str) -> None:
    with pytest.raises(ReadError, match=r"an archive of a kind.*Unpack it"):
        list_files(upload(name, b"x"))


@pytest.mark.parametrize("ending", [".crdownload", ".part", ".partial", ".tmp", ".DOWNLOAD"])
def test_a_file_still_being_downloaded_is_refused(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.csv{ending}"
    path.write_bytes(TABLE)
    for source in (path, upload(path.name, TABLE)):
        with pytest.raises(ReadError, match=r"is still being downloaded.*Wait until"):
            as_file(source)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "gone.csv", tmp_path, Path("a\0b")):
        with pytest.raises(ReadError, match=r"is not there|cannot be opened"):
            File.from_path(path)
    with pytest.raises(ReadError, match="holds no files"):
        list_files(tmp_path)


def test_a_file_gone_or_changed_since_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(TABLE)
    file = File.from_path(path)
    before = file.state()
    file.require_state(before)
    path.write_bytes(TABLE * 2)
    with pytest.raises(ReadError, match="changed while it was read"):
        file.require_state(before)
    path.unlink()
    with pytest.raises(ReadError, match="is gone while it was read"):
        file.require_state(before)
    with pytest.raises(ReadError, match="cannot be opened"):
        file.open()
    assert upload("a.csv", TABLE).state() is None


def test_an_archive_is_checked_before_a_library_opens_it() -> None:
    require_sound_archive(upload("a.xlsx", zipped({"a.xml": TABLE})))
    with pytest.raises(ReadError, match="would unpack"):
        require_sound_archive(upload("a.xlsx", zipped({"a.xml": bytes(2**12)})), most_bytes=100)


@given(
    at=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=5),
    cut=st.integers(0, 400),
    name=st.sampled_from(["a.zip", "a.csv.gz"]),
)
def test_archives_with_bytes_changed_give_files_or_our_error(
    at: list[tuple[int, int]], cut: int, name: str
) -> None:
    content = bytearray(
        zipped({"a.csv": TABLE, "b/c.csv": TABLE * 50})
        if name == "a.zip"
        else gzip.compress(TABLE * 50)
    )
    for place, value in at:
        content[place % len(content)] = value
    try:
        contents(upload(name, bytes(content[: len(content) - cut])))
    except ZonewrightError:
        return
