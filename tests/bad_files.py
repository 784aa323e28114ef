"""Sound files of every format, small and made up, and a mutator that breaks them in many ways.

A mutation is told by its seed alone, so that a number in a failing test is enough to make the same
bytes again: `mutated(reader.content, "schools/17", reader.form)`.
"""

import io
import json
import random
import warnings
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import pyogrio

from geo.plan import Plan
from geo.postcodes import Postcodes
from geo.read.boundaries import read_areas, read_boundaries
from geo.read.file import File
from geo.read.lookup import read_lookup
from geo.read.postcodes import read_postcodes
from geo.read.vintages import read_vintage_lookup
from grids import NAMED, shapes_of
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

Rows = Sequence[Sequence[object]]

UNITS = tuple(f"E0102035{n}" for n in range(9))
"""Codes that 2011 and 2021 share."""
DISTRICT = "E06000059"
PLACE = "Smallshire"
SHAPES = shapes_of(*NAMED["three by three"])[1]


def csv(header: Sequence[str], rows: Rows) -> bytes:
    """Write a table as most systems do: UTF-8, commas, a line a row."""
    return "".join(",".join(map(str, row)) + "\n" for row in (header, *rows)).encode()


def workbook(sheets: Mapping[str, Rows]) -> bytes:
    """Write sheets of cells."""
    book = openpyxl.Workbook()
    book.remove(book.active)  # type: ignore[arg-type]
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Put files in a zip; the day is fixed, so that the same files give the same bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content)
    return stream.getvalue()


# Tables


def police() -> bytes:
    header = (
        "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,"
        "Crime type,Last outcome category,Context"
    ).split(",")
    force = "Dorset Police"
    rows = []
    for n in range(14):
        point = ("", "") if n == 5 else (f"-2.4{n:02d}", f"50.7{n:02d}")
        code = "" if n == 5 else UNITS[n % 9]
        kind = "Burglary" if n % 6 == 4 else "Anti-social behaviour"
        rows.append(["", "2025-01", force, force, *point, "On or near", code, "x", kind, "", ""])
    return csv(header, rows)


def schools() -> bytes:
    header = (
        "URN,LA (code),EstablishmentNumber,EstablishmentName,TypeOfEstablishment (name),"
        "EstablishmentTypeGroup (name),EstablishmentStatus (name),CloseDate,"
        "PhaseOfEducation (name),StatutoryLowAge,StatutoryHighAge,AdmissionsPolicy (name),"
        "ReligiousCharacter (name),NumberOfPupils,PercentageFSM,FSM,Postcode,GSSLACode (name),"
        "Easting,Northing,LSOA (code)"
    ).split(",")
    rows = []
    for n in range(10):
        status = "Closed" if n == 3 else "Open"
        district = "E06000058" if n == 4 else DISTRICT
        point = ("", "") if n == 5 else (370010 + 30 * n, 99990 - 20 * n)
        rows.append(
            [100001 + n, 838, 2000 + n, f"School {n}", "Community school",
             "Local authority maintained schools", status, "31-08-2024" if n == 3 else "",
             "Primary" if n % 2 else "Secondary", 4 if n % 2 else 11, 11 if n % 2 else 16,
             "Not applicable", "Does not apply", 200 + n, 4.5, 9, f"DT1 {n}AA", district, *point,
             UNITS[n % 9]]
        )  # fmt: skip
    return csv(header, rows)


def pyramids() -> bytes:
    header = "pyramid_code,pyramid_name,zone,urn,tier,valid_from,valid_to".split(",")
    rows = [
        [f"P{n % 2}", f"Pyramid {n % 2}", "West", 100001 + n, "secondary" if n < 2 else "primary",
         "2020-09-01" if n % 3 else "", "2023-08-31" if n == 6 else ""]
        for n in range(10)
    ]  # fmt: skip
    return csv(header, rows)


def plan() -> bytes:
    return csv(["LSOA21CD", "zone"], [[u, ("North", "South", "")[n % 3]] for n, u in enumerate(UNITS)])


def vintages() -> bytes:
    header = "LSOA11CD,LSOA11NM,CHGIND,LSOA21CD,LSOA21NM,LAD22CD,LAD22NM".split(",")
    rows = [[u, "x", "U", u, "x", DISTRICT, PLACE] for u in UNITS]
    rows += [["E01020360", "x", "S", f"E0103500{n}", "x", DISTRICT, PLACE] for n in (1, 2)]
    return csv(header, rows)


def postcodes() -> bytes:
    header = "pcds,doterm,oslaua,osgrdind,oseast1m,osnrth1m,lsoa11,lsoa21".split(",")
    rows = [
        [f"DT1 {n}AA", "201505" if n == 2 else "", DISTRICT if n != 7 else "E06000058",
         9 if n == 4 else 1, "" if n == 4 else 370010 + 30 * n, "" if n == 4 else 99900,
         UNITS[n % 9], UNITS[n % 9]]
        for n in range(10)
    ]  # fmt: skip
    return csv(header, rows)


SINGLE_YEARS = [*(f"F{age}" for age in range(91)), *(f"M{age}" for age in range(91))]


def _ages(n: int) -> list[int]:
    return [(age + n) % 7 for age in range(182)]


def population_rows() -> list[list[object]]:
    header = ["LAD 2023 Code", "LAD 2023 Name", "LSOA 2021 Code", "LSOA 2021 Name", "Total"]
    rows = [
        [DISTRICT, PLACE, unit, f"{PLACE} 00{n}A", sum(_ages(n)), *_ages(n)]
        for n, unit in enumerate(UNITS)
    ]
    return [[*header, *SINGLE_YEARS], *rows]


def population() -> bytes:
    header, *rows = population_rows()
    return csv([str(cell) for cell in header], rows)


def population_workbook() -> bytes:
    title = [["Mid-2024 population estimates"], [None], ["Source: made up"]]
    sheets = {
        "Contents": [["What is here"]],
        "Mid-2024 LSOA 2021": [*title, *population_rows()[:6]],
    }
    return workbook(sheets)


def old_population() -> bytes:
    header = ["LSOA Code", "LSOA Name", "All Ages", *(str(age) for age in range(90)), "90+"]
    return csv(header, [[unit, "x", 91 * 3, *([3] * 91)] for unit in UNITS])


def census() -> bytes:
    value = "; measures: Value"
    header = ["date", "geography", "geography code", f"Residence type: Total{value}",
              f"Residence type: Lives in a household{value}"]  # fmt: skip
    return csv(header, [[2021, f"{PLACE} 00{n}A", u, 1500 + n, 1490] for n, u in enumerate(UNITS)])


def deprivation() -> bytes:
    imd = "Index of Multiple Deprivation (IMD)"
    idaci = "Income Deprivation Affecting Children Index (IDACI)"
    most = "(where 1 is most deprived)"
    header = [
        *("LSOA code (2021)", "LSOA name (2021)", "Local Authority District code (2024)"),
        *(f"{imd} Score", f"{imd} Rank {most}", f"{imd} Decile {most}"),
        *(f"{idaci} Score (rate)", f"{idaci} Rank {most}", f"{idaci} Decile {most}"),
        *("Total population: mid 2022", "Dependent Children aged 0-15: mid 2022"),
    ]
    rows = [
        [u, "x", DISTRICT, 40.5 - n, 100 + 3000 * n, n + 1, 0.25, 200 + n, 1, 1000 + n, 200 + n]
        for n, u in enumerate(UNITS)
    ]
    return csv(header, rows)


def dfe() -> bytes:
    header = (
        "time_period,time_identifier,geographic_level,country_code,country_name,region_code,"
        "region_name,old_la_code,new_la_code,la_name,category,referral_count,rereferral_count"
    ).split(",")
    rows: list[list[object]] = []
    for year in (2023, 2024, 2025):
        start = [year, "Reporting year"]
        england = ["E92000001", "England"]
        rows.append([*start, "National", *england, "", "", "", "", "", "All", 100 + year, 20])
        south = ["E12000009", "South West"]
        rows.append([*start, "Regional", *england, *south, "", "", "", "All", 50, "c"])
        rows.append([*start, "Local authority", *england, *south, 838, DISTRICT, PLACE, "All", 7, "z"])
    return csv(header, rows)


def lait() -> bytes:
    header = ["Short Desc", "Data item", "Years", "LA and Regions", "Values", "LA Number", "Region"]
    rows = [
        ["RTA", "Children hurt" if n == 0 else "", f"20{10 + n}-{13 + n}", PLACE,
         ("15.61", "-", "c")[n % 3], 838, "South West"]
        for n in range(9)
    ]  # fmt: skip
    return csv(header, rows)


def dictionary() -> bytes:
    return csv(["Short Desc", "Polarity"], [["RTA", "Low"], ["Other", "High"], ["Third", "-"]])


def count_rows() -> list[list[object]]:
    header: list[object] = ["LSOA21CD", "LAD23CD", "referrals", "plans"]
    return [header, *([u, DISTRICT, 10 + n, "c" if n == 3 else n] for n, u in enumerate(UNITS))]


def counts() -> bytes:
    header, *rows = count_rows()
    return csv([str(cell) for cell in header], rows)


def denominators() -> bytes:
    rows = [[u, 1500 + n, 300 + n] for n, u in enumerate(UNITS)]
    return csv(["LSOA21CD", "persons", "children"], rows)


def postcode_counts() -> bytes:
    return csv(["postcode", "referrals"], [[f"DT1 {n}AA", n] for n in range(10)])


def contacts() -> bytes:
    header = ["cont_contact_id", "cont_person_id", "cont_contact_date"]
    return csv(header, [[n, f"P{n % 5}", f"2024-{n % 6 + 1:02d}-1{n % 9}"] for n in range(12)])


def referrals() -> bytes:
    header = (
        "cine_referral_id,cine_person_id,cine_referral_date,cine_referral_nfa,cine_close_date"
    ).split(",")
    rows = [
        [n, f"P{n % 5}", f"2024-{n % 6 + 1:02d}-1{n % 9}", "NY"[n == 4],
         "2024-06-20" if n % 3 == 0 else ""]
        for n in range(12)
    ]  # fmt: skip
    return csv(header, rows)


def assessments() -> bytes:
    header = ["cina_assessment_id", "cina_person_id", "cina_assessment_start_date"]
    return csv(header, [[n, f"P{n % 5}", f"1{n % 9}/0{n % 6 + 1}/2024"] for n in range(12)])


def plans() -> bytes:
    header = ["cppl_cp_plan_id", "cppl_person_id", "cppl_cp_plan_start_date", "cppl_cp_plan_end_date"]
    ends = ("", "2024-06-30", "")
    return csv(header, [[n, f"P{n}", f"2024-0{n % 6 + 1}-01", ends[n % 3]] for n in range(10)])


def looked_after() -> bytes:
    header = ["clae_person_id", "clae_cla_episode_start_date", "clae_cla_episode_ceased"]
    return csv(header, [[f"P{n}", f"2024-0{n % 6 + 1}-01", ""] for n in range(10)])


def addresses() -> bytes:
    header = (
        "addr_person_id,addr_address_type,addr_address_start_date,addr_address_end_date,"
        "addr_address_postcode"
    ).split(",")
    rows: list[list[object]] = [
        [f"P{n}", "HOME", "2020-01-01", "", "No fixed abode" if n == 3 else f"DT1 {n}AA"]
        for n in range(10)
    ]
    return csv(header, rows)


def staffing() -> bytes:
    header = ["zone", "role", "fte", "newly_qualified", "absence"]
    ends = (("yes", "5%"), ("", "0.1"), ("no", ""))
    zones = ("North", "South")
    return csv(header, [[zones[n % 2], f"Role {n}", n / 2, *ends[n % 3]] for n in range(10)])


def sites() -> bytes:
    header = (
        "name,kind,capacity,opening,ages,level,easting,northing,latitude,longitude,postcode"
    ).split(",")
    where = ((370050, 99950, "", "", ""), ("", "", 50.7, -2.4, ""), ("", "", "", "", "DT1 1AA"))
    rows = [[f"Site {n}", "hub", n, "9 to 5", "0-5", "early", *where[n % 3]] for n in range(9)]
    return csv(header, rows)


def programmes() -> bytes:
    header = ["name", "zone", "site", "places", "waiting", "ages", "level"]
    rows = [
        [f"Programme {n}", "North" if n % 2 else "", "" if n % 2 else "Hub", n, "", "11+", "early"]
        for n in range(9)
    ]
    return csv(header, rows)


# Shapes


def frame(**columns: object) -> gpd.GeoDataFrame:
    """Nine squares with the columns that ONS gives, or with others."""
    names = [f"{PLACE} 00{n + 1}A" for n in range(9)]
    given = columns or {"LSOA21CD": UNITS, "LSOA21NM": names, "LAD25CD": [DISTRICT] * 9}
    return gpd.GeoDataFrame(given, geometry=SHAPES, crs=27700)


def geojson(table: gpd.GeoDataFrame | None = None) -> bytes:
    """Write it as ONS does, in degrees."""
    degrees = (frame() if table is None else table).to_crs(4326)
    return json.dumps(json.loads(degrees.to_json(drop_id=True)), indent=0).encode()


def areas() -> bytes:
    return geojson(frame(name=[f"Area {n}" for n in range(9)], colour=["red"] * 9))


def geopackage() -> bytes:
    stream = io.BytesIO()
    pyogrio.write_dataframe(frame(), stream, layer="units", driver="GPKG")
    return stream.getvalue()


def geoparquet() -> bytes:
    stream = io.BytesIO()
    frame().to_parquet(stream)
    return stream.getvalue()


def shapefile(folder: Path) -> bytes:
    """Write a shapefile, and zip its parts."""
    folder.mkdir(parents=True, exist_ok=True)
    frame().to_file(folder / "units.shp")
    return zipped({path.name: path.read_bytes() for path in sorted(folder.glob("units.*"))})
