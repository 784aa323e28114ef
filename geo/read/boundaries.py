"""Read boundaries from the files that people have.

They come as GeoPackage, GeoJSON, GeoParquet or shapefile (zipped too) and leave in EPSG:27700 with
a code and a name per unit. What a file lacks or contradicts is said once, with the file and what
to do; nothing is mended in silence.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.adjacency import Shapes
from geo.build import refuse_later_codes
from geo.crs import to_british_grid
from geo.errors import GeographyError, ReadError, VintageError, named
from geo.geography import require_distinct, require_polygons
from geo.ledger import Account, Ledger
from geo.read.file import File, as_file
from geo.read.shapes import FORMATS, read_features

__all__ = ["FORMATS", "Areas", "Boundaries", "area_columns", "read_areas", "read_boundaries"]

_GSS = re.compile(r"[EWSNKJLM]\d{8}")
_FINEST_FIRST = ("E00", "W00", "E01", "W01", "E02", "W02", "E05", "W05")
_CODE_COLUMN = re.compile(r"(lsoa|oa|msoa|wd|lad)(\d\d)cd")
_DISTRICT_COLUMN = re.compile(r"lad\d\dcd")
_LEVELS = {
    "oa": ("E00", "W00", "S00", "N00"),
    "lsoa": ("E01", "W01", "S01"),
    "msoa": ("E02", "W02", "S02"),
    "ward": ("E05", "W05", "S13", "N08"),
    "district": ("E06", "E07", "E08", "E09", "W06", "S12", "N09"),
}
_NAME_COLUMNS = ("name", "zone", "area", "catchment", "school", "schname", "label", "title")


@dataclass(frozen=True, eq=False, repr=False)
class Boundaries:
    """Units as a file had them, their shapes brought to EPSG:27700.

    Parameters
    ----------
    units, names, shapes
        One of each per unit, in the order of the file.
    vintage
        The year that the code column is named for (`LSOA21CD`: 2021); empty where it tells none.
    level
        What the codes stand for: `oa`, `lsoa`, `msoa`, `ward` or `district`; empty where they
        do not tell, or are of several.
    districts
        Code of the district of each unit, in their order, from a column such as `LAD25CD`; empty
        where the file has none.
    ledger
        Every feature is used: a file with a wrong one is refused as a whole.
    """

    units: tuple[str, ...]
    names: tuple[str, ...]
    shapes: Shapes
    vintage: str
    level: str = ""
    districts: tuple[str, ...] = ()
    ledger: Ledger = field(default_factory=lambda: Ledger("boundaries", 0, 0))

    def __post_init__(self) -> None:
        """Check once."""
        sizes = {len(self.units), len(self.names), len(self.shapes)}
        if self.districts:
            sizes.add(len(self.districts))
        if len(sizes) > 1:
            raise GeographyError(
                f"There are {len(self.units)} codes, {len(self.names)} names, {len(self.shapes)} "
                f"shapes and {len(self.districts)} districts.",
                remedy="Give each unit one of each.",
            )

    def __len__(self) -> int:
        """Count the units."""
        return len(self.units)

    def __repr__(self) -> str:
        """Show size and vintage: `<Boundaries of 249 units of 2011>`."""
        return f"<Boundaries of {len(self)} units of {self.vintage or 'unknown vintage'}>"


@dataclass(frozen=True, eq=False, repr=False)
class Areas:
    """Areas that have names and no codes: catchments of schools, zones drawn elsewhere.

    Parameters
    ----------
    names, shapes
        One of each per area, each name once, in EPSG:27700. Areas may overlap and leave gaps.
    attributes
        What else the file says of each area, as text, by column; empty text where it says nothing.
    ledger
        What became of the features. One without a name or a polygon is rejected, its number in
        the file standing for a line; several of one name are used as one area.
    notes
        What was joined or mended.
    """

    names: tuple[str, ...]
    shapes: Shapes
    attributes: Mapping[str, tuple[str, ...]]
    ledger: Ledger
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check once."""
        sizes = {len(self.names), len(self.shapes), *map(len, self.attributes.values())}
        if len(sizes) > 1 or len(set(self.names)) != len(self.names):
            raise GeographyError(
                f"The {len(self.names)} areas do not each have one name, shape and attributes.",
                remedy="This is a fault of the reader; nothing was used.",
            )

    def __len__(self) -> int:
        """Count the areas."""
        return len(self.names)

    def __repr__(self) -> str:
        """Show the size: `<Areas, 12 with names>`."""
        return f"<Areas, {len(self)} with names>"


def read_boundaries(
    source: Path | str | File,
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
    source
        GeoPackage, GeoJSON, GeoParquet, shapefile, or a zip with one of them; an upload too, which
        stays in memory.
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
    file = as_file(source)
    label = file.name
    frame = read_features(file, layer, needs_prj=crs is None)
    column = _code_column(frame, label, unit)
    codes = _codes(frame[column], label, column)
    shapes = np.asarray(frame.geometry.array, dtype=object)
    try:
        require_distinct(codes)
        require_polygons(codes, shapes)
        found = _require_vintage(column, codes, vintage)
        shapes = to_british_grid(codes, shapes, frame.crs if crs is None else crs)
        _refuse_origin(codes, shapes)
    except GeographyError as error:
        raise type(error)(f"{label}: {error.found}", remedy=error.remedy) from error
    return Boundaries(
        codes,
        _names(frame, label, column, name),
        shapes,
        found,
        _level(codes),
        _districts(frame, column),
        Ledger(label, len(codes), len(codes)),
    )


def read_areas(
    source: Path | str | File,
    name: str | None = None,
    *,
    layer: str | None = None,
    crs: Any = None,
) -> Areas:
    """Read areas that have a name and no code.

    Parameters
    ----------
    name
        The column of names. By default one called `name`, `zone`, `area`, `catchment` or `school`,
        else the first column of text without blanks and repeats.
    source, layer, crs
        As in `read_boundaries`.

    Returns
    -------
    Areas
        Features of one name are joined. Rings that cross themselves, as drawing by hand leaves
        them, are mended; `notes` names both.

    Raises
    ------
    ReadError
        When the file cannot be read, has no column of names, or no feature can be used.
    GeographyError, CrsError
        When coordinates are wrong.
    """
    file = as_file(source)
    frame = read_features(file, layer, needs_prj=crs is None)
    column = _name_column(frame, file.name, name)
    names = _text(frame[column])
    shapes = np.asarray(frame.geometry.array, dtype=object)
    account = Account(file.name)
    account.read(len(frame))
    kept = _usable(names, shapes, account, file.name)
    if not len(kept):
        raise ReadError(
            f"{file.name} has no area with a name and a polygon.", remedy="Export it again."
        )
    labels = [names[i] for i in kept]
    try:
        flat = to_british_grid(labels, shapes[kept], frame.crs if crs is None else crs)
        _refuse_origin(labels, flat)
    except GeographyError as error:
        raise type(error)(f"{file.name}: {error.found}", remedy=error.remedy) from error
    account.use(len(kept))
    flat, mended = _mended(labels, flat)
    joined, first, shapes, notes = _joined(labels, flat)
    others = [c for c in frame.columns if c not in (column, frame.geometry.name)]
    attributes = {str(c): tuple(_text(frame[c].iloc[kept[first]])) for c in others}
    return Areas(joined, shapes, attributes, account.close(), (*mended, *notes))


def area_columns(
    source: Path | str | File, *, layer: str | None = None
) -> tuple[tuple[str, ...], str | None]:
    """List the columns that may hold the names of areas, and the one that `read_areas` would take.

    Raises
    ------
    ReadError
        When the file cannot be read, or holds nothing but shapes.
    """
    file = as_file(source)
    frame = read_features(file, layer, needs_prj=True)
    columns = tuple(str(column) for column in frame.columns if column != frame.geometry.name)
    if not columns:
        raise ReadError(
            f"{file.name} holds shapes without a name.",
            remedy="Export it with a column of names.",
        )
    try:
        return columns, _name_column(frame, file.name, None)
    except ReadError:
        return columns, None


def _code_column(frame: gpd.GeoDataFrame, label: str, wanted: str | None) -> str:
    if wanted is not None:
        return _named_column(frame, label, wanted)
    exact = [str(column) for column in frame.columns if str(column).casefold() == "unit"]
    if exact:
        return exact[0]
    coded = [column for column in _texts(frame) if _holds_codes(frame[column])]
    if not coded:
        raise ReadError(
            f"{label} has no column of nine-character codes (E01...); its columns are "
            f"{named(_texts(frame))}.",
            remedy="Name the column of codes as `unit=`.",
        )
    distinct = [column for column in coded if frame[column].is_unique]
    return min(distinct or coded, key=lambda column: _fineness(frame[column]))


def _named_column(frame: gpd.GeoDataFrame, label: str, wanted: str) -> str:
    if wanted not in frame.columns or wanted == frame.geometry.name:
        raise ReadError(
            f"{label} has no column '{wanted}'; its columns are "
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


def _codes(column: pd.Series, label: str, title: str) -> tuple[str, ...]:
    if pd.api.types.is_float_dtype(column):
        raise ReadError(
            f"{label}: the column '{title}' holds numbers with decimals, no codes.",
            remedy="Name the column of codes as `unit=`.",
        )
    blank = column.isna() | (column.astype(str).str.strip() == "")
    if blank.any():
        rows = [position + 1 for position in np.flatnonzero(blank)]
        raise GeographyError(
            f"{label}: {len(rows)} features have no code in '{title}': number {named(rows)}.",
            remedy="Give each unit its code, or take the rows out.",
        )
    return tuple(column.astype(str).str.strip())


def _names(frame: gpd.GeoDataFrame, label: str, column: str, wanted: str | None) -> tuple[str, ...]:
    if wanted is not None:
        chosen: str | None = _named_column(frame, label, wanted)
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


def _level(codes: Sequence[str]) -> str:
    """Tell what the codes stand for; empty where they are of several levels or of none."""
    begun = {code[:3] for code in codes}
    is_gss = all(_GSS.fullmatch(code) for code in codes)
    return next((k for k, known in _LEVELS.items() if is_gss and begun <= set(known)), "")


def _districts(frame: gpd.GeoDataFrame, units: str) -> tuple[str, ...]:
    columns = [str(column) for column in frame.columns]
    found = [c for c in columns if c != units and _DISTRICT_COLUMN.fullmatch(c.casefold())]
    return tuple(_text(frame[max(found, key=str.casefold)])) if found else ()


def _text(column: pd.Series) -> list[str]:
    """Give cells as trimmed text, empty where nothing is."""
    held = column.astype("object").where(column.notna(), "")
    return [str(cell).strip() for cell in held]


def _refuse_origin(units: Sequence[str], shapes: Shapes) -> None:
    """Refuse shapes with a corner at 0, 0: what programs write where they know no place."""
    xy, owner = shapely.get_coordinates(shapes, return_index=True)
    wrong = np.unique(owner[(xy == 0).all(axis=1)])
    if len(wrong):
        raise GeographyError(
            f"{len(wrong)} units have coordinates 0, 0, which is in the sea: "
            f"{named(units[int(i)] for i in wrong)}.",
            remedy="Export them again with their places.",
        )


def _name_column(frame: gpd.GeoDataFrame, label: str, wanted: str | None) -> str:
    if wanted is not None:
        return _named_column(frame, label, wanted)
    texts = _texts(frame)
    by_fold = {column.casefold(): column for column in texts}
    known = [by_fold[c] for c in _NAME_COLUMNS if c in by_fold]
    known += [column for column in texts if column.casefold().endswith(("name", "nm"))]
    telling = [c for c in texts if frame[c].is_unique and all(_text(frame[c]))]
    if not known and not telling:
        raise ReadError(
            f"{label} has no column of names; its columns are {named(frame.columns)}.",
            remedy="Name the column of names as `name=`.",
        )
    return (known or telling)[0]


def _usable(
    names: Sequence[str], shapes: Shapes, account: Account, label: str
) -> npt.NDArray[np.int64]:
    """Give the positions of features with a name and a polygon; reject the others."""
    nameless = np.array([not name for name in names], dtype=bool)
    polygons = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
    shapeless = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    other = ~nameless & ~shapeless & ~np.isin(shapely.get_type_id(shapes), polygons)
    account.reject(np.flatnonzero(nameless) + 1, "the area has no name", file=label)
    account.reject(np.flatnonzero(shapeless & ~nameless) + 1, "the area has no shape", file=label)
    account.reject(np.flatnonzero(other) + 1, "the shape is no polygon", file=label)
    return np.flatnonzero(~nameless & ~shapeless & ~other)


def _mended(names: Sequence[str], shapes: Shapes) -> tuple[Shapes, tuple[str, ...]]:
    """Mend rings that cross themselves, keeping what is polygon."""
    wrong = np.flatnonzero(~shapely.is_valid(shapes))
    if not len(wrong):
        return shapes, ()
    mended = shapes.copy()
    valid = shapely.make_valid(shapes[wrong], method="structure", keep_collapsed=False)
    mended[wrong] = valid
    note = f"{len(wrong)} areas had rings that cross themselves and were mended: "
    return mended, (note + named(names[int(i)] for i in wrong),)


def _joined(
    names: Sequence[str], shapes: Shapes
) -> tuple[tuple[str, ...], list[int], Shapes, tuple[str, ...]]:
    """Join the parts of each name; give the names, their first positions, and the shapes."""
    places: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        places.setdefault(name, []).append(i)
    whole = [
        shapely.union_all(shapes[at]) if len(at) > 1 else shapes[at[0]] for at in places.values()
    ]
    several = [name for name, count in Counter(names).items() if count > 1]
    notes = (f"{len(several)} areas come in parts, which were joined: {named(several)}",)
    first = [at[0] for at in places.values()]
    return tuple(places), first, np.array(whole, dtype=object), notes if several else ()
