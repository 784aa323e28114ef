"""The catalogue: which packs there are, shipped with the tool or kept by its user.

A user's packs stand in the folders that the environment variable ZONEWRIGHT_PACKS names,
separated as PATH is; each may be a pack itself or hold several. Where it is not set, they stand
in `Zonewright/packs` in the user's own folder; set to nothing, there are only those that ship.
"""

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import geopandas as gpd
import shapely

from geo.errors import PackError, ZonewrightError, named
from layers.pack import Pack
from layers.read import BOUNDARIES, SETTINGS, read_name, read_pack

SHIPPED = Path(__file__).resolve().parent.parent / "data" / "authorities"
PACKS_VARIABLE = "ZONEWRIGHT_PACKS"
OWN = Path.home() / "Zonewright" / "packs"
"""Where packs are kept when nobody says otherwise."""
DEFAULT = "dorset"


@dataclass(frozen=True)
class Entry:
    """A pack: the name of its folder, its authority, where it is.

    `fault` says why it cannot be opened; it is empty for a pack that can.
    """

    key: str
    name: str
    folder: Path
    fault: str = ""


def list_packs() -> tuple[Entry, ...]:
    """List the packs, the user's own first, then those that ship, the default leading them.

    Raises
    ------
    PackError
        When ZONEWRIGHT_PACKS names a folder that is not there.
    """
    folders = [pack for folder in _own_folders() for pack in _packs_in(folder)]
    shipped = sorted(_packs_in(SHIPPED), key=lambda folder: (folder.name != DEFAULT, folder.name))
    entries: dict[str, Entry] = {}
    for folder in (*folders, *shipped):
        entries.setdefault(folder.name, _entry(folder))
    return tuple(entries.values())


def open_pack(key: str) -> Pack:
    """Read the pack of that key, or in the folder of that name.

    Raises
    ------
    PackError
        When there is none.
    """
    entries = {entry.key: entry for entry in list_packs()}
    if key in entries:
        return read_pack(entries[key].folder)
    if (Path(key) / SETTINGS).is_file():
        return read_pack(key)
    raise PackError(
        f"There is no pack '{key}'.",
        remedy=f"There are {named(entries)}; or name a folder that holds {SETTINGS}.",
    )


def packs_folder() -> Path:
    """Say where a new pack is best put: in a folder that `list_packs` looks in."""
    held = [folder for folder in _own_folders() if not (folder / SETTINGS).is_file()]
    return held[0].resolve() if held else OWN


@cache
def read_outline() -> shapely.Geometry:
    """Read the outline of England that stands in for map tiles, in EPSG:27700."""
    outline: shapely.Geometry = gpd.read_parquet(
        BOUNDARIES / "england_outline.parquet"
    ).geometry.union_all()
    return outline


def _own_folders() -> list[Path]:
    named_folders = os.environ.get(PACKS_VARIABLE)
    if named_folders is None:
        return [OWN] if OWN.is_dir() else []
    return [Path(part) for part in named_folders.split(os.pathsep) if part]


def _entry(folder: Path) -> Entry:
    try:
        return Entry(folder.name, read_name(folder), folder)
    except ZonewrightError as fault:  # the other packs can still be opened
        return Entry(folder.name, folder.name, folder, fault=str(fault))


def _packs_in(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise PackError(
            f"The folder of packs {folder} is not there.", remedy=f"Correct {PACKS_VARIABLE}."
        )
    if (folder / SETTINGS).is_file():
        return [folder.resolve()]
    return sorted(path.parent.resolve() for path in folder.glob(f"*/{SETTINGS}"))
