import json
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from geo.errors import ReadError, WriteError
from layers.build.folder import MANIFEST, changed_by_hand, replace_folder
from layers.read import read_pack

ROOT = Path(__file__).resolve().parents[2]
INPUTS = [{"file": "counts.csv", "kind": "counts", "sha256": "0" * 64}]


def copying(source: Path, **edits: tuple[str, str]) -> Callable[[Path], Mapping[str, int]]:
    """Give a writer that copies a pack, replacing text in the files named `measures.csv` etc."""

    def write(folder: Path) -> Mapping[str, int]:
        shutil.copytree(source, folder, dirs_exist_ok=True)
        for name, (old, new) in edits.items():
            path = folder / name.replace("_csv", ".csv").replace("_toml", ".toml")
            text = path.read_text("utf-8")
            assert old in text
            path.write_text(text.replace(old, new), encoding="utf-8")
        files = [path for path in folder.rglob("*") if path.is_file()]
        return {path.relative_to(folder).as_posix(): 1 for path in files}

    return write


def folders_beside(out: Path) -> list[str]:
    return sorted(path.name for path in out.parent.iterdir() if path.name.startswith("."))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "packs" / "made"


def test_a_new_pack_is_put_in_place_with_its_manifest(small_folder: Path, out: Path) -> None:
    replaced = replace_folder(out, copying(small_folder), inputs=INPUTS)
    assert replaced.is_new
    assert replaced.pack.authority.key == "small"
    manifest = json.loads((out / MANIFEST).read_text("utf-8"))
    assert manifest["inputs"] == INPUTS
    assert {entry["file"] for entry in manifest["files"]} >= {"authority.toml", "measures.csv"}
    assert folders_beside(out) == []


def test_building_again_from_the_same_changes_nothing(small_folder: Path, out: Path) -> None:
    replace_folder(out, copying(small_folder), inputs=INPUTS)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    again = replace_folder(out, copying(small_folder), inputs=INPUTS)
    assert not again.is_new
    assert again.changes == ()
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before


def test_what_changed_is_told_with_the_sums(small_folder: Path, out: Path) -> None:
    replace_folder(out, copying(small_folder), inputs=INPUTS)
    changed = copying(small_folder, measures_csv=("E01000001,1000,100", "E01000001,1000,150"))
    again = replace_folder(out, changed, inputs=INPUTS)
    assert again.changes == ("measures.csv has changed", "children: 2,000 before, 2,050 now")
    assert again.pack.measures.counts("children")[0] == 150


def test_a_pack_that_cannot_be_read_is_never_left_behind(small_folder: Path, out: Path) -> None:
    replace_folder(out, copying(small_folder), inputs=INPUTS)
    broken = copying(small_folder, measures_csv=("E01000001,1000,100", "E01000001,1000,1.5"))
    with pytest.raises(ReadError, match="no counts"):
        replace_folder(out, broken, inputs=INPUTS)
    assert read_pack(out).measures.counts("children")[0] == 100
    assert folders_beside(out) == []


def test_a_first_build_that_fails_leaves_no_folder(small_folder: Path, out: Path) -> None:
    broken = copying(small_folder, authority_toml=('vintage = "2011"', 'vintage = "1991"'))
    with pytest.raises(Exception, match="vintage"):
        replace_folder(out, broken, inputs=INPUTS)
    assert not out.exists()
    assert folders_beside(out) == []


def test_files_put_in_by_hand_are_carried_over(small_folder: Path, out: Path) -> None:
    replace_folder(out, copying(small_folder), inputs=INPUTS)
    (out / "notes from the team.txt").write_text("keep me", encoding="utf-8")
    changed = copying(small_folder, measures_csv=("E01000001,1000,100", "E01000001,1000,150"))
    again = replace_folder(out, changed, inputs=INPUTS)
    assert again.kept == ("notes from the team.txt",)
    assert (out / "notes from the team.txt").read_text("utf-8") == "keep me"


def test_files_changed_by_hand_are_not_lost_without_a_word(small_folder: Path, out: Path) -> None:
    replace_folder(out, copying(small_folder), inputs=INPUTS)
    links = out / "links.csv"
    links.write_text(links.read_text("utf-8") + "E01000001,E01000005,a bridge\n", encoding="utf-8")
    assert changed_by_hand(out) == ("links.csv",)
    with pytest.raises(WriteError, match=r"links\.csv .* changed by hand"):
        replace_folder(out, copying(small_folder), inputs=INPUTS)
    assert "a bridge" in links.read_text("utf-8")
    replace_folder(out, copying(small_folder), inputs=INPUTS, overwrite=True)
    assert "a bridge" not in links.read_text("utf-8")


def test_a_folder_of_something_else_is_not_touched(small_folder: Path, out: Path) -> None:
    out.mkdir(parents=True)
    (out / "holiday.jpg").write_bytes(b"sand")
    with pytest.raises(WriteError, match="no pack that was built"):
        replace_folder(out, copying(small_folder), inputs=INPUTS)
    assert (out / "holiday.jpg").read_bytes() == b"sand"


def test_an_empty_folder_may_be_built_into(small_folder: Path, out: Path) -> None:
    out.mkdir(parents=True)
    assert replace_folder(out, copying(small_folder), inputs=INPUTS).is_new


def test_a_swap_that_was_stopped_half_way_is_put_back(small_folder: Path, out: Path) -> None:
    replace_folder(out, copying(small_folder), inputs=INPUTS)
    out.rename(out.with_name(".made.before"))
    again = replace_folder(out, copying(small_folder), inputs=INPUTS)
    assert not again.is_new
    assert again.changes == ()


def test_a_build_that_is_killed_leaves_the_old_pack(small_folder: Path, out: Path) -> None:
    replace_folder(out, copying(small_folder), inputs=INPUTS)
    code = textwrap.dedent(
        """
        import os, shutil, sys
        from pathlib import Path
        from layers.build.folder import replace_folder

        def write(folder):
            shutil.copy(Path(sys.argv[1]) / "authority.toml", folder)
            os._exit(9)

        replace_folder(Path(sys.argv[2]), write, inputs=[])
        """
    )
    killed = subprocess.run(
        [sys.executable, "-c", code, str(small_folder), str(out)], cwd=ROOT, check=False
    )
    assert killed.returncode == 9
    assert read_pack(out).authority.key == "small"
    replace_folder(out, copying(small_folder), inputs=INPUTS)
    assert folders_beside(out) == []
