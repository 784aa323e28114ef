"""The catalogue: which packs there are, whose come first, and how one is opened."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import shapely

from geo.errors import PackError
from layers.catalogue import DEFAULT, PACKS_VARIABLE, list_packs, open_pack, read_outline
from layers.pack import Pack
from small_pack import write_small_pack

SHIPPED = ["dorset", "bcp", "durham", "kirklees"]

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def no_packs_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PACKS_VARIABLE, raising=False)


def keys() -> list[str]:
    return [entry.key for entry in list_packs()]


def test_four_packs_ship_and_the_default_leads_them() -> None:
    assert keys() == SHIPPED
    assert keys()[0] == DEFAULT


def test_every_shipped_pack_stands_under_its_own_key(shipped: Pack) -> None:
    entry = next(entry for entry in list_packs() if entry.key == shipped.authority.key)
    assert entry.name == shipped.authority.name
    assert entry.folder == shipped.folder


def test_packs_of_ones_own_come_first(small_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PACKS_VARIABLE, str(small_folder.parent))
    assert keys() == ["small", *SHIPPED]
    assert list_packs()[0].name == "Small Council"


def test_a_pack_itself_may_be_named(small_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PACKS_VARIABLE, str(small_folder))
    assert keys() == ["small", *SHIPPED]
    assert open_pack("small").authority.name == "Small Council"


def test_several_folders_may_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = write_small_pack(tmp_path / "one")
    other = write_small_pack(tmp_path / "two").rename(tmp_path / "two" / "other")
    folders = os.pathsep.join(["", str(one), str(other.parent)])
    monkeypatch.setenv(PACKS_VARIABLE, folders)
    assert keys() == ["small", "other", *SHIPPED]


def test_a_pack_of_ones_own_stands_before_a_shipped_one_of_its_name(
    small_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = small_folder.rename(small_folder.parent / "durham")
    monkeypatch.setenv(PACKS_VARIABLE, str(own.parent))
    assert keys() == ["durham", "dorset", "bcp", "kirklees"]
    assert open_pack("durham").authority.name == "Small Council"


def test_a_pack_that_changes_its_name_is_listed_under_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = write_small_pack(tmp_path) / "authority.toml"
    monkeypatch.setenv(PACKS_VARIABLE, str(tmp_path))
    before = list_packs()[0].name
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace(before, f"{before} and Beyond"), encoding="utf-8")
    assert list_packs()[0].name == f"{before} and Beyond"


def test_a_folder_without_packs_adds_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PACKS_VARIABLE, str(tmp_path))
    assert keys() == SHIPPED


def test_a_folder_that_is_not_there_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PACKS_VARIABLE, str(tmp_path / "gone"))
    with pytest.raises(PackError, match=rf"gone is not there\. Correct {PACKS_VARIABLE}"):
        list_packs()


def test_a_folder_opens_by_its_path(small_folder: Path) -> None:
    assert open_pack(str(small_folder)).authority.key == "small"


def test_an_unknown_pack_is_refused_with_those_there_are() -> None:
    with pytest.raises(
        PackError, match=r"no pack 'devon'\. There are dorset, bcp, durham and 1 more; or name a"
    ):
        open_pack("devon")


def test_the_outline_of_england_holds_every_authority(shipped: Pack) -> None:
    outline = read_outline()
    centres = shapely.points(shipped.geography.centre_m)
    # the outline is kept to 50 m and without small islands, so a shore may stand a little out
    assert (shapely.distance(outline, centres) < 2000).all()
    assert shapely.contains(outline, centres).mean() > 0.98


def test_a_broken_pack_keeps_nobody_from_the_others(
    small_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (small_folder / "authority.toml").write_text("key = ")
    monkeypatch.setenv("ZONEWRIGHT_PACKS", str(small_folder))
    broken, *others = list_packs()
    assert "is not TOML" in broken.fault
    assert [entry.key for entry in others] == ["dorset", "bcp", "durham", "kirklees"]
    assert not any(entry.fault for entry in others)


def test_opening_a_pack_loads_nothing_that_only_a_build_needs() -> None:
    code = (
        "import sys, layers.catalogue\n"
        "print(*[name for name in ('pandera', 'requests') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == ""
