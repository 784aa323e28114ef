"""Every reader on thousands of broken files: our errors or a value whose ledger is exact.

`SEEDS` files are made of each sound one. A failure names its seed, and `bad_files.mutated` makes
the same bytes again.
"""

import io
import re
import tempfile
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import bad_files as sound
from bad_files import UNITS, mutated
from geo.errors import ZonewrightError
from geo.ledger import Account, Ledger
from geo.plan import Plan
from geo.postcodes import Postcodes
from geo.read.boundaries import read_areas, read_boundaries
from geo.read.file import File
from geo.read.kind import fold
from geo.read.lookup import read_lookup
from geo.read.postcodes import read_postcodes
from geo.read.table import BLANKS
from geo.read.vintages import read_vintage_lookup
from layers.read.cases import read_cases
from layers.read.census import read_census
from layers.read.counts import read_counts
from layers.read.deprivation import read_deprivation
from layers.read.dfe import read_dfe
from layers.read.lait import read_lait
from layers.read.police import read_street
from layers.read.population import read_population
from layers.read.programmes import read_programmes
from layers.read.pyramids import read_pyramids
from layers.read.schools import read_schools
from layers.read.sites import read_sites
from layers.read.staffing import read_staffing

SEEDS = 70


@dataclass(frozen=True)
class Reader:
    """A reader, and a sound file for it.

    Parameters
    ----------
    name
        Of the file.
    tells
        Words that stand in the header and in no other row; how rows are counted independently.
    held
        How many things the value holds, to set against the rows used; None where rows are added
        together.
    beside
        Rows of the other files that are read with it.
    """

    name: str
    content: Callable[[], bytes]
    read: Callable[[File], Any]
    tells: tuple[str, ...] = ()
    held: Callable[[Any], int] | None = None
    form: str = "text"
    beside: int = 0


@cache
def directory() -> Postcodes:
    return read_postcodes(File.from_bytes("onspd.csv", sound.postcodes()))


@cache
def shapefile() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return sound.shapefile(Path(folder))


def case_list(file: File) -> Any:
    homes = File.from_bytes("addresses.csv", sound.addresses())
    return read_cases([file, homes], units=UNITS, postcodes=directory())


def homes(file: File) -> Any:
    contacts = File.from_bytes("contacts.csv", sound.contacts())
    return read_cases([contacts, file], units=UNITS, postcodes=directory())


def of_units(value: Any) -> int:
    return len(value.measures.units)


def members(value: Any) -> int:
    return sum(len(pyramid.members) for pyramid in value.pyramids)


READERS = {
    "police": Reader(
        "2025-01-dorset-street.csv", sound.police, read_street, ("Crime type",), lambda v: len(v.rows)
    ),
    "schools": Reader(
        "edubasealldata20260130.csv",
        sound.schools,
        lambda file: read_schools(file, districts=["E06000059"], postcodes={"DT15AA": (1.0, 2.0)}),
        ("EstablishmentName",),
        lambda value: len(value.schools),
    ),
    "pyramids": Reader("pyramids.csv", sound.pyramids, read_pyramids, ("urn", "tier"), members),
    "plan": Reader("plan.csv", sound.plan, lambda f: read_lookup(f, units=UNITS)),
    "vintages": Reader("lookup.csv", sound.vintages, read_vintage_lookup, ("CHGIND",), len),
    "postcodes": Reader("onspd.csv", sound.postcodes, read_postcodes, ("pcds",), len),
    "population": Reader("sape.csv", sound.population, lambda f: read_population(f, year=2024), ("F17",), of_units),
    "population workbook": Reader(
        "sape.xlsx", sound.population_workbook, read_population, ("F17",), of_units, "workbook"
    ),
    "population by LSOA 2011": Reader(
        "mid2020.csv", sound.old_population, read_population, ("All Ages",), of_units
    ),
    "census": Reader("ts001.csv", sound.census, read_census, ("geography code",), of_units),
    "deprivation": Reader(
        "file7.csv", sound.deprivation, read_deprivation, ("IDACI",), lambda v: len(v.units)
    ),
    "dfe": Reader("c1.csv", sound.dfe, read_dfe, ("geographic_level",)),
    "lait": Reader("lait.csv", sound.lait, read_lait, ("Short Desc", "Years"), lambda v: len(v.values)),
    "dictionary": Reader(
        "dictionary.csv",
        sound.dictionary,
        lambda file: read_lait(File.from_bytes("lait.csv", sound.lait()), dictionary=file),
    ),
    "counts": Reader("counts.csv", sound.counts, read_counts, ("LSOA21CD",), of_units),
    "counts workbook": Reader(
        "counts.xlsx",
        lambda: sound.workbook({"Sheet1": sound.count_rows()}),
        read_counts,
        ("LSOA21CD",),
        of_units,
        "workbook",
    ),
    "counts by postcode": Reader(
        "plans.csv",
        sound.postcode_counts,
        lambda file: read_counts(file, postcodes=directory()),
        ("postcode",),
    ),
    "contacts": Reader("a.csv", sound.contacts, case_list, ("cont_person_id",), beside=10),
    "referrals": Reader("a.csv", sound.referrals, case_list, ("cine_person_id",), beside=10),
    "assessments": Reader("a.csv", sound.assessments, case_list, ("cina_person_id",), beside=10),
    "plans": Reader("a.csv", sound.plans, case_list, ("cppl_person_id",), beside=10),
    "looked after": Reader("a.csv", sound.looked_after, case_list, ("clae_person_id",), beside=10),
    "addresses": Reader("a.csv", sound.addresses, homes, ("addr_person_id",), beside=12),
    "staffing": Reader(
        "staffing.csv", sound.staffing, read_staffing, ("role", "fte"), lambda v: len(v.staffing.posts)
    ),
    "sites": Reader(
        "sites.csv",
        sound.sites,
        lambda file: read_sites(file, postcodes=directory()),
        ("name", "kind", "postcode"),
        lambda value: len(value.sites),
    ),
    "programmes": Reader(
        "programmes.csv",
        sound.programmes,
        read_programmes,
        ("name", "waiting"),
        lambda value: len(value.programmes),
    ),
    "boundaries": Reader(
        "lsoa.geojson", sound.geojson, read_boundaries, (), len, "geojson"
    ),
    "areas": Reader("areas.geojson", sound.areas, read_areas, (), None, "geojson"),
    "GeoPackage": Reader("lsoa.gpkg", sound.geopackage, read_boundaries, (), len, "bytes"),
    "GeoParquet": Reader("lsoa.parquet", sound.geoparquet, read_boundaries, (), len, "bytes"),
    "shapefile": Reader("lsoa.zip", shapefile, read_boundaries, (), len, "zip"),
}
