"""Features with shapes, as a file had them: opened on disk or in memory, never unpacked to disk.

Only the four formats are opened, each told by its first bytes too: the library behind knows many
more, and some of those lead it to other files.
"""

import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from geo.errors import GeographyError, ReadError, ZonewrightError, named
from geo.read.file import File, require_sound_archive

FORMATS = {
    ".gpkg": "GeoPackage",
    ".geojson": "GeoJSON",
    ".json": "GeoJSON",
    ".parquet": "GeoParquet",
    ".geoparquet": "GeoParquet",
    ".shp": "shapefile",
    ".zip": "zipped shapefile",
}
PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
MOST_SAID = 200
"""Characters of a library's own words in a message: some of them quote the whole file."""

_STARTS = {
    "GeoPackage": (b"SQLite format 3",),
    "GeoJSON": (b"{", b"["),
    "GeoParquet": (b"PAR1",),
}
_ONE_PAGE = re.compile(rb'"exceededTransferLimit"\s*:\s*true')
_MENDED = re.compile(r"Non closed ring|Invalid coord|geometry type detected|NULL geometry|ignored")
_SERVICE_ERROR = re.compile(rb'\A\s*\{\s*"error"\s*:')


def read_features(file: File, layer: str | None, *, needs_prj: bool) -> gpd.GeoDataFrame:
    """Read the features of one layer.

    Raises
    ------
    ReadError
        When the file is of another kind, incomplete, hostile, or holds several layers and none is
        named, or no features.
    GeographyError
        When a coordinate is no number.
    """
    kind = FORMATS.get(file.suffix)
    if kind is None:
        raise ReadError(
            f"{file.name} ends in '{file.suffix}', which is none of {' '.join(FORMATS)}.",
            remedy="Give a GeoPackage, GeoJSON, GeoParquet or shapefile.",
        )
    if not file.size:
        raise ReadError(
            f"{file.name} is empty (0 bytes).",
            remedy="Export it again; if it is being downloaded, wait until that has ended.",
        )
    state = file.state()
    try:
        # coordinates that are no numbers are refused below
        with np.errstate(invalid="ignore"), warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            frame = _open(file, kind, layer, needs_prj=needs_prj)
            _require_text(frame)
    except ZonewrightError:
        raise
    except Exception as error:  # the libraries raise a dozen kinds on bytes that are no such file
        raise ReadError(
            f"{file.name} cannot be read as a {kind} ({_first_line(error)}).",
            remedy="Is it complete, and of the kind its ending says? Download or export it again.",
        ) from error
    file.require_state(state)
    _refuse_mended(file, [str(warning.message) for warning in said])
    if not isinstance(frame, gpd.GeoDataFrame):
        raise ReadError(f"{file.name} holds a table without shapes.", remedy="Give boundaries.")
    if frame.empty:
        raise ReadError(f"{file.name} holds no features.", remedy="Export it again.")
    _require_numbers(file, frame)
    return frame.reset_index(drop=True)


def list_layers(file: File) -> tuple[str, ...]:
    """Name the layers with shapes of a GeoPackage, or the shapefiles of a zip, to choose from.

    Nothing is named where a file of its kind has one layer, or cannot be read: reading says why.
    """
    kind = FORMATS.get(file.suffix)
    try:
        if kind == "zipped shapefile":
            require_sound_archive(file)
            with file.open() as stream, zipfile.ZipFile(stream) as archive:
                names = [name for name in archive.namelist() if _suffix(name) == ".shp"]
            return tuple(PurePosixPath(n).stem for n in names if not n.startswith("__MACOSX/"))
        if kind != "GeoPackage" or not _content(file).startswith(_STARTS[kind]):
            return ()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of names in memory, which have no ending
            layers = pyogrio.list_layers(file.path or _content(file))
        return tuple(str(name) for name, geometry in layers if geometry is not None)
    except Exception:  # noqa: BLE001  the libraries raise a dozen kinds; reading names the fault
        return ()


def _open(file: File, kind: str, layer: str | None, *, needs_prj: bool) -> Any:
    if kind == "zipped shapefile":
        return _open_zip(file, layer, needs_prj=needs_prj)
    if kind == "shapefile":
        return _open_shapefile(file, needs_prj=needs_prj)
    with file.open() as stream:
        start = stream.read(256).removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start.startswith(_STARTS[kind]):
        raise ValueError(f"it does not begin like a {kind}")
    if kind == "GeoParquet":
        return gpd.read_parquet(file.path or io.BytesIO(_content(file)))
    if kind == "GeoJSON":
        _refuse_half(file)
    held: Any = file.path or _content(file)
    return pyogrio.read_dataframe(held, layer=_layer(file, held, layer))


def _content(file: File) -> bytes:
    with file.open() as stream:
        return stream.read()


def _refuse_half(file: File) -> None:
    """Refuse what a web service gives in place of all its features."""
    content = _content(file)
    if _SERVICE_ERROR.match(content):
        raise ReadError(
            f"{file.name} holds an error message of the service it was downloaded from.",
            remedy="Download it again later.",
        )
    if _ONE_PAGE.search(content):
        raise ReadError(
            f"{file.name} holds one page of a longer answer (exceededTransferLimit).",
            remedy="Download the whole file, or all pages of it.",
        )


def _layer(file: File, held: Any, wanted: str | None) -> int:
    """Find which layer to read; by its place, because in memory a file without names is given one.

    The name that GDAL makes up for a layer of GeoJSON differs each time such a file is opened.
    """
    shaped = [
        (place, str(name))
        for place, (name, kind) in enumerate(pyogrio.list_layers(held))
        if kind is not None
    ]
    chosen = [place for place, name in shaped if wanted is None or name == wanted]
    if len(chosen) == 1:
        return chosen[0]
    if not shaped:
        raise ReadError(f"{file.name} holds no layer with shapes.", remedy="Export it again.")
    found = "holds several layers" if wanted is None else f"has no layer '{wanted}'"
    layers = [name for _, name in shaped]
    raise ReadError(f"{file.name} {found}: {named(layers)}.", remedy="Name one as `layer=`.")


def _open_shapefile(file: File, *, needs_prj: bool) -> Any:
    if file.path is None:
        _require_parts(file.name, [file.name], needs_prj=needs_prj)
        raise ReadError(f"{file.name} came alone.", remedy="Zip it with its parts.")
    siblings = [other for other in file.path.parent.iterdir() if other.stem == file.path.stem]
    _require_parts(file.name, [other.name for other in siblings], needs_prj=needs_prj)
    return pyogrio.read_dataframe(file.path)


def _open_zip(file: File, wanted: str | None, *, needs_prj: bool) -> Any:
    require_sound_archive(file)
    with file.open() as stream, zipfile.ZipFile(stream) as archive:
        inside = [m for m in archive.infolist() if not m.filename.startswith("__MACOSX/")]
        inside = [m for m in inside if not PurePosixPath(m.filename).name.startswith(".")]
        shapefiles = [m.filename for m in inside if m.filename.lower().endswith(".shp")]
        others = [
            m for m in inside if _suffix(m.filename) in FORMATS and _suffix(m.filename) != ".zip"
        ]
        if not shapefiles and len(others) == 1:
            name = f"{file.name}/{others[0].filename}"
            alone = File.from_bytes(name, archive.read(others[0]))
            return _open(alone, FORMATS[alone.suffix], wanted, needs_prj=needs_prj)
        chosen = _chosen(file, shapefiles, wanted)
        parts = {_suffix(m.filename): m for m in inside if _stem(m.filename) == _stem(chosen)}
        _require_parts(chosen, [m.filename for m in parts.values()], needs_prj=needs_prj)
        alone_zip = _repacked(archive, [parts[ending] for ending in PARTS if ending in parts])
    return pyogrio.read_dataframe(alone_zip)


def _chosen(file: File, shapefiles: Sequence[str], wanted: str | None) -> str:
    if not shapefiles:
        raise ReadError(f"{file.name} holds no shapefile (.shp).", remedy="Zip one with its parts.")
    chosen = [name for name in shapefiles if wanted is None or PurePosixPath(name).stem == wanted]
    if len(chosen) != 1:
        stems = [PurePosixPath(name).stem for name in shapefiles]
        found = f"has no shapefile '{wanted}'" if not chosen else "holds several shapefiles"
        raise ReadError(f"{file.name} {found}: {named(stems)}.", remedy="Name one as `layer=`.")
    return chosen[0]


def _repacked(archive: zipfile.ZipFile, parts: Iterable[zipfile.ZipInfo]) -> bytes:
    """Put the parts of one shapefile, under a plain name, in a zip of their own in memory."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as alone:
        for part in parts:
            alone.writestr(f"shapes{_suffix(part.filename)}", archive.read(part))
    return stream.getvalue()


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _stem(name: str) -> str:
    return name[: name.rfind(".")]


def _require_parts(shapefile: str, siblings: Sequence[str], *, needs_prj: bool) -> None:
    endings = {Path(name).suffix.lower() for name in siblings}
    wanted = [".shx", ".dbf", *([".prj"] if needs_prj else [])]
    absent = [ending for ending in wanted if ending not in endings]
    if absent:
        hint = " or give `crs=`" if absent == [".prj"] else ""
        raise ReadError(
            f"The shapefile {shapefile} comes without its {named(absent)} file.",
            remedy=f"A shapefile is several files of one name: put them together{hint}.",
        )


def _refuse_mended(file: File, said: Iterable[str]) -> None:
    """Refuse shapes that GDAL left out or closed; what else it warns of changes no shape.

    It tells of endings of names that do not fit, of measures it drops, and of many parts.
    """
    mended = [text for text in said if _MENDED.search(text)]
    if mended:
        raise ReadError(
            f"{file.name} holds shapes that are broken ({mended[0].splitlines()[0].rstrip('.')}).",
            remedy="Mend them in the program that drew them, and export the file again.",
        )


def _require_text(frame: Any) -> None:
    """Decode all text once: Arrow hands on bytes that are no UTF-8, which fail much later."""
    for column in frame.columns:
        if pd.api.types.is_string_dtype(frame[column].dtype):
            frame[column].tolist()


def _require_numbers(file: File, frame: gpd.GeoDataFrame) -> None:
    shapes = np.asarray(frame.geometry.array, dtype=object)
    xy, owner = shapely.get_coordinates(shapes, return_index=True)
    strange = np.unique(owner[~np.isfinite(xy).all(axis=1)])
    if len(strange):
        raise GeographyError(
            f"{file.name}: {len(strange)} features have coordinates that are no numbers: "
            f"number {named(_numbers(strange))}.",
            remedy="Export it again.",
        )


def _numbers(positions: Iterable[int]) -> Iterator[int]:
    return (int(position) + 1 for position in positions)


def _first_line(error: Exception) -> str:
    line = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
    return line if len(line) <= MOST_SAID else f"{line[:MOST_SAID]}..."
