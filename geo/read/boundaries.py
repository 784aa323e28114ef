"""Read boundaries from the files that people have.

They come as GeoPackage, GeoJSON, GeoParquet or shapefile (zipped too) and leave in EPSG:27700 with
a code and a name per unit. What a file lacks or contradicts is said once, with the file and what
to do; nothing is mended in silence.
"""

import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio

from geo.adjacency import Shapes
from geo.build import refuse_later_codes
from geo.crs import to_british_grid
from geo.errors import GeographyError, ReadError, VintageError, ZonewrightError, named
from geo.geography import require_distinct, require_polygons

FORMATS = {
    ".gpkg": "GeoPackage",
    ".geojson": "GeoJSON",
    ".json": "GeoJSON",
    ".parquet": "GeoParquet",
    ".geoparquet": "GeoParquet",
    ".shp": "shapefile",
    ".zip": "zipped shapefile",
}

_GSS = re.compile(r"[EWSNKJLM]\d{8}")
_FINEST_FIRST = ("E00", "W00", "E01", "W01", "E02", "W02", "E05", "W05")
_CODE_COLUMN = re.compile(r"(lsoa|oa|msoa|wd)(\d\d)cd")


@dataclass(frozen=True, eq=False, repr=False)
class Boundaries:
    """Units as a file had them, their shapes brought to EPSG:27700.

    Parameters
    ----------
    units, names, shapes
        One of each per unit, in the order of the file.
    vintage
        The year that the code column is named for (`LSOA21CD`: 2021); empty where it tells none.
    """

    units: tuple[str, ...]
    names: tuple[str, ...]
    shapes: Shapes
    vintage: str

    def __len__(self) -> int:
        """Count the units."""
        return len(self.units)

    def __repr__(self) -> str:
        """Show size and vintage: `<Boundaries of 249 units of 2011>`."""
        return f"<Boundaries of {len(self)} units of {self.vintage or 'unknown vintage'}>"


def read_boundaries(
    path: Path | str,
    *,
    unit: str | None = None,
    name: str | None = None,
    vintage: str | None = None,
    layer: str | None = None,
    crs: Any = None,
) -> Boundaries:
    """Read units with code, name and shape.

    Parameters
    ----------
    path
        GeoPackage, GeoJSON, GeoParquet, shapefile, or a zip with one shapefile.
    unit
        The column of codes. By default one called `unit`, else the column whose every value is a
        nine-character ONS code; of several the one without repeats and for the smallest areas.
    name
        The column of names. By default the one that ONS pairs with the codes (`LSOA11NM` with
        `LSOA11CD`), else `name`, else the codes serve as names.
    vintage
        The year the codes must be of; no check by default.
    layer
        Which layer of a GeoPackage, or shapefile of a zip, where there are several.
    crs
        What the coordinates are, in place of what the file says.

    Returns
    -------
    Boundaries
        In EPSG:27700, rounded to a centimetre. Rings and coverage are not checked here.

    Raises
    ------
    ReadError
        When the file is not there, incomplete, of another kind, or has no column of codes.
    GeographyError
        When a code repeats or is missing, or a shape is missing or no polygon.
    CrsError
        When the CRS is missing or contradicts the coordinates.
    VintageError
        When the codes are of another vintage.
    """
    path = Path(path)
    frame = _read_frame(path, layer, needs_prj=crs is None)
    column = _code_column(frame, path, unit)
    codes = _codes(frame[column], path, column)
    shapes = np.asarray(frame.geometry.array, dtype=object)
    try:
        require_distinct(codes)
        require_polygons(codes, shapes)
        found = _require_vintage(column, codes, vintage)
        shapes = to_british_grid(codes, shapes, frame.crs if crs is None else crs)
    except GeographyError as error:
        raise type(error)(f"{path.name}: {error.found}", remedy=error.remedy) from error
    return Boundaries(codes, _names(frame, path, column, name), shapes, found)


def _read_frame(path: Path, layer: str | None, *, needs_prj: bool) -> gpd.GeoDataFrame:
    if not path.exists():
        raise ReadError(f"{path} is not there.", remedy="Check the name and the folder.")
    kind = FORMATS.get(path.suffix.lower())
    if kind is None:
        raise ReadError(
            f"{path.name} ends in '{path.suffix}', which is none of {' '.join(FORMATS)}.",
            remedy="Give a GeoPackage, GeoJSON, GeoParquet or shapefile.",
        )
    try:
        frame = _open(path, kind, layer, needs_prj=needs_prj)
    except ZonewrightError:
        raise
    except (OSError, ValueError, KeyError, RuntimeError, zipfile.BadZipFile) as error:
        raise ReadError(
            f"{path.name} cannot be read as a {kind} ({_first_line(error)}).",
            remedy="Is it complete, and of the kind its ending says? Download or export it again.",
        ) from error
    if not isinstance(frame, gpd.GeoDataFrame):
        raise ReadError(f"{path.name} holds a table without shapes.", remedy="Give boundaries.")
    if frame.empty:
        raise ReadError(f"{path.name} holds no features.", remedy="Export it again.")
    return frame


def _open(path: Path, kind: str, layer: str | None, *, needs_prj: bool) -> Any:
    if kind == "GeoParquet":
        return gpd.read_parquet(path)
    if kind == "shapefile":
        siblings = [other.name for other in path.parent.iterdir() if other.stem == path.stem]
        _require_parts(path.name, siblings, needs_prj=needs_prj)
        return gpd.read_file(path)
    if kind == "zipped shapefile":
        inner = _zipped_shapefile(path, layer, needs_prj=needs_prj)
        return gpd.read_file(f"/vsizip/{path.resolve().as_posix()}/{inner}")
    return gpd.read_file(path, layer=_layer(path, layer))


def _layer(path: Path, wanted: str | None) -> str:
    layers = [str(name) for name, kind in pyogrio.list_layers(path) if kind is not None]
    if wanted in layers or (wanted is None and len(layers) == 1):
        return wanted or layers[0]
    if not layers:
        raise ReadError(f"{path.name} holds no layer with shapes.", remedy="Export it again.")
    found = "holds several layers" if wanted is None else f"has no layer '{wanted}'"
    raise ReadError(f"{path.name} {found}: {named(layers)}.", remedy="Name one as `layer=`.")


def _zipped_shapefile(path: Path, wanted: str | None, *, needs_prj: bool) -> str:
    with zipfile.ZipFile(path) as archive:
        inside = [name for name in archive.namelist() if not name.startswith("__MACOSX/")]
    shapefiles = [name for name in inside if name.lower().endswith(".shp")]
    if not shapefiles:
        raise ReadError(f"{path.name} holds no shapefile (.shp).", remedy="Zip one with its parts.")
    chosen = [name for name in shapefiles if wanted is None or Path(name).stem == wanted]
    if len(chosen) != 1:
        stems = [Path(name).stem for name in shapefiles]
        found = f"has no shapefile '{wanted}'" if not chosen else "holds several shapefiles"
        raise ReadError(f"{path.name} {found}: {named(stems)}.", remedy="Name one as `layer=`.")
    stem = chosen[0][: -len(".shp")]
    siblings = [name for name in inside if name[: name.rfind(".")] == stem]
    _require_parts(chosen[0], siblings, needs_prj=needs_prj)
    return chosen[0]


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


def _code_column(frame: gpd.GeoDataFrame, path: Path, wanted: str | None) -> str:
    if wanted is not None:
        return _named_column(frame, path, wanted)
    exact = [str(column) for column in frame.columns if str(column).casefold() == "unit"]
    if exact:
        return exact[0]
    coded = [column for column in _texts(frame) if _holds_codes(frame[column])]
    if not coded:
        raise ReadError(
            f"{path.name} has no column of nine-character codes (E01...); its columns are "
            f"{named(_texts(frame))}.",
            remedy="Name the column of codes as `unit=`.",
        )
    distinct = [column for column in coded if frame[column].is_unique]
    return min(distinct or coded, key=lambda column: _fineness(frame[column]))


def _named_column(frame: gpd.GeoDataFrame, path: Path, wanted: str) -> str:
    if wanted not in frame.columns or wanted == frame.geometry.name:
        raise ReadError(
            f"{path.name} has no column '{wanted}'; its columns are "
            f"{named(column for column in frame.columns if column != frame.geometry.name)}.",
            remedy="Name one of them.",
        )
    return wanted


def _texts(frame: gpd.GeoDataFrame) -> list[str]:
    table = frame.drop(columns=frame.geometry.name)
    return [str(column) for column in table.columns if pd.api.types.is_string_dtype(table[column])]


def _holds_codes(column: pd.Series) -> bool:
    values = column.dropna()
    return len(values) > 0 and all(_GSS.fullmatch(str(value).strip()) for value in values)


def _fineness(column: pd.Series) -> int:
    level = str(column.dropna().iloc[0])[:3]
    return _FINEST_FIRST.index(level) if level in _FINEST_FIRST else len(_FINEST_FIRST)


def _codes(column: pd.Series, path: Path, label: str) -> tuple[str, ...]:
    if pd.api.types.is_float_dtype(column):
        raise ReadError(
            f"{path.name}: the column '{label}' holds numbers with decimals, no codes.",
            remedy="Name the column of codes as `unit=`.",
        )
    blank = column.isna() | (column.astype(str).str.strip() == "")
    if blank.any():
        rows = [position + 1 for position in np.flatnonzero(blank)]
        raise GeographyError(
            f"{path.name}: {len(rows)} features have no code in '{label}': number {named(rows)}.",
            remedy="Give each unit its code, or take the rows out.",
        )
    return tuple(column.astype(str).str.strip())


def _names(frame: gpd.GeoDataFrame, path: Path, column: str, wanted: str | None) -> tuple[str, ...]:
    if wanted is not None:
        chosen: str | None = _named_column(frame, path, wanted)
    else:
        pair = f"{column[:-2]}nm" if column.casefold().endswith("cd") else "name"
        by_fold = {str(label).casefold(): str(label) for label in frame.columns}
        chosen = by_fold.get(pair.casefold()) or by_fold.get("name")
    codes = frame[column].astype(str).str.strip()
    if chosen is None:
        return tuple(codes)
    return tuple(frame[chosen].astype("object").where(frame[chosen].notna(), codes).astype(str))


def _require_vintage(column: str, codes: tuple[str, ...], wanted: str | None) -> str:
    """Say which year the column is named for, after refusing one that is not the wanted."""
    match = _CODE_COLUMN.fullmatch(column.casefold())
    found = f"20{match[2]}" if match else ""
    if wanted is not None and found and found != wanted:
        raise VintageError(
            f"The codes are of {found} (column {column}) where {wanted} was wanted: "
            f"{named(codes)}.",
            remedy=f"Give boundaries of {wanted}, or say that the vintage is {found}.",
        )
    if wanted is not None:
        refuse_later_codes(codes, wanted)
    return found


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
