"""Read a list of sites: hubs, centres and offices, with what they offer and where they stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
import pandera.pandas as pa

from geo.crs import BRITAIN_DEG, GRID_M, metres_of
from geo.errors import ReadError, named
from geo.ledger import Account, Ledger
from geo.read.file import File, as_file
from geo.read.kind import Kind, Peek
from geo.read.table import open_table
from layers.ages import parse_ages
from layers.places import Site
from layers.read.figures import parse_figures
from layers.read.own import (
    Aliases,
    ages_column,
    amount,
    columns_of,
    has_column,
    not_blank,
    own_source,
    parse_amount,
    under_our_names,
)
from layers.read.schema import keep_valid
from layers.source import Source
from layers.status import Standing

Metres = npt.NDArray[np.float64]

COLUMNS: Aliases = {
    "name": ("site", "site name", "centre", "hub"),
    "kind": ("type", "site type"),
    "capacity": ("places",),
    "opening": ("opening hours", "opening times", "hours"),
    "ages": ("age range", "age group"),
    "level": ("level of need", "need level"),
    "easting": ("eastings", "x", "bng_e"),
    "northing": ("northings", "y", "bng_n"),
    "latitude": ("lat",),
    "longitude": ("long", "lon", "lng"),
    "postcode": ("post code", "pcds"),
}
PAIRS = (("easting", "northing"), ("latitude", "longitude"))


class PostcodePoints(Protocol):
    """A directory of postcodes: `geo.postcodes.Postcodes` is one."""

    def points_of(self, postcodes: Sequence[str]) -> npt.ArrayLike:
        """Give easting and northing of each postcode, shape (postcodes, 2); NaN where unknown."""


def _matches(peek: Peek) -> bool:
    has = partial(has_column, peek, COLUMNS)
    placed = any(has(a) and has(b) for a, b in PAIRS) or has("postcode")
    return has("name") and has("kind") and placed and not peek.has("urn")


KIND = Kind(
    key="sites",
    title="Sites with what they offer",
    wants="columns name, kind and easting and northing (or latitude and longitude, or postcode)",
    matches=_matches,
)


@dataclass(frozen=True)
class SitesFile:
    """The sites of a file, with the account of its rows."""

    sites: tuple[Site, ...]
    ledger: Ledger
    source: Source
    notes: tuple[str, ...] = ()


class _Points(NamedTuple):
    """Metres of each row, NaN where it has no point, and how each was placed."""

    easting: Metres
    northing: Metres
    placed: npt.NDArray[np.object_]


def read_sites(
    source: Path | str | File,
    *,
    postcodes: PostcodePoints | None = None,
    status: Standing = "official",
) -> SitesFile:
    """Read sites, placed by easting and northing, else latitude and longitude, else postcode.

    A row without any of them, or whose postcode is not known, is unlocated; one whose point is not
    in Britain is rejected.

    Raises
    ------
    ReadError
        When there is no column of names or kinds, or none that places a site.
    """
    file = as_file(source)
    table = open_table(file)
    names = columns_of(
        table, COLUMNS, needed=("name", "kind"), remedy="Give one row for each site."
    )
    if not any(set(pair) <= set(names) for pair in (*PAIRS, ("postcode",))):
        raise ReadError(
            f"{file.name} has the columns {named(table.columns)}, none of which places a site.",
            remedy="Add easting and northing, latitude and longitude, or postcode.",
        )
    account = Account(file.name)
    rows = under_our_names(table.whole(account), names, COLUMNS)
    rows = keep_valid(rows, _schema(), account, file=file.name)
    notes = (*table.notes, *_notes(rows, postcodes))
    rows, points = _located(rows, postcodes, account, file)
    account.use(len(rows))
    sites = tuple(
        Site(
            name=row["name"],
            easting=float(points.easting[i]),
            northing=float(points.northing[i]),
            placed=str(points.placed[i]),
            kind=row["kind"],
            capacity=parse_amount(row["capacity"]),
            source=file.name,
            status=status,
            opening=row["opening"],
            ages=parse_ages(row["ages"]),
            level=row["level"],
        )
        for i, row in enumerate(rows.to_dict("records"))
    )
    return SitesFile(sites, account.close(), own_source(file), notes)


def _schema() -> pa.DataFrameSchema:
    numbers = {
        name: pa.Column(checks=pa.Check(_is_number, error=f"'{name}' is no number"))
        for pair in PAIRS
        for name in pair
    }
    return pa.DataFrameSchema(
        {
            "name": not_blank("name"),
            "kind": not_blank("kind"),
            "capacity": amount("capacity", may_be_blank=True),
            "ages": ages_column("ages"),
        }
        | numbers
    )


def _is_number(cells: pd.Series) -> pd.Series:
    return pd.Series(
        parse_figures(cells).is_number | (cells == "").to_numpy(dtype=bool), index=cells.index
    )


def _located(
    rows: pd.DataFrame, postcodes: PostcodePoints | None, account: Account, file: File
) -> tuple[pd.DataFrame, _Points]:
    points = _points(rows, postcodes)
    nowhere = np.isnan(points.easting) | np.isnan(points.northing)
    west, south, east, north = GRID_M
    with np.errstate(invalid="ignore"):
        inside = (west < points.easting) & (points.easting < east)
        inside &= (south < points.northing) & (points.northing < north)
    abroad = (~nowhere & ~inside) | np.isinf(points.easting) | (points.placed == "abroad")
    account.reject(rows.index[abroad], "the point is not in Britain", file=file.name)
    account.unlocate(int((nowhere & ~abroad).sum()))
    kept = ~nowhere & ~abroad
    return rows[kept], _Points(*(part[kept] for part in points))


def _points(rows: pd.DataFrame, postcodes: PostcodePoints | None) -> _Points:
    easting, northing = (parse_figures(rows[name]).values.copy() for name in PAIRS[0])
    placed = np.full(len(rows), "grid reference", dtype=object)
    missing = np.isnan(easting) | np.isnan(northing) | ((easting == 0) & (northing == 0))
    easting[missing] = northing[missing] = np.nan
    latitude, longitude = (parse_figures(rows[name]).values for name in PAIRS[1])
    by_degrees = missing & ~np.isnan(latitude) & ~np.isnan(longitude)
    east, south, west, north = _britain(latitude, longitude)
    in_britain = by_degrees & east & south & west & north
    placed[by_degrees & ~in_britain] = "abroad"
    if in_britain.any():
        easting[in_britain], northing[in_britain] = metres_of(
            longitude[in_britain], latitude[in_britain]
        )
        placed[in_britain] = "latitude and longitude"
    by_postcode = missing & ~by_degrees & (rows["postcode"] != "").to_numpy(dtype=bool)
    if postcodes is not None and by_postcode.any():
        texts = rows["postcode"][by_postcode].str.upper().str.replace(r"\s+", "", regex=True)
        found = np.asarray(postcodes.points_of(texts.tolist()), dtype=np.float64).reshape(-1, 2)
        easting[by_postcode], northing[by_postcode] = found[:, 0], found[:, 1]
        placed[by_postcode] = "postcode"
    return _Points(easting, northing, placed)


def _britain(latitude: Metres, longitude: Metres) -> tuple[npt.NDArray[np.bool_], ...]:
    west, south, east, north = BRITAIN_DEG
    return longitude <= east, latitude >= south, longitude >= west, latitude <= north


def _notes(rows: pd.DataFrame, postcodes: PostcodePoints | None) -> tuple[str, ...]:
    if postcodes is None and (rows["postcode"] != "").any():
        return ("There is no directory of postcodes; sites with a postcode only are unlocated.",)
    return ()
