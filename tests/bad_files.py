"""Sound files of every format, small and made up, and a mutator that breaks them in many ways.

What becomes of a file hangs on its seed alone: a failing test names the seed, and
`mutated(content, seed, form)` makes the same bytes again.
"""

import io
import json
import random
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pyogrio

from grids import NAMED, shapes_of

Rows = Sequence[Sequence[object]]

UNITS = tuple(f"E0102035{n}" for n in range(9))
"""Codes that 2011 and 2021 share."""
DISTRICT = "E06000059"
PLACE = "Smallshire"
SHAPES = shapes_of(*NAMED["three by three"])[1]


def csv(header: str | Sequence[object], rows: Rows) -> bytes:
    """Write a table as most systems do: UTF-8, commas, a line a row."""
    first = header if isinstance(header, str) else ",".join(map(str, header))
    return "\n".join([first, *(",".join(map(str, row)) for row in rows), ""]).encode()


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
            member = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            archive.writestr(member, content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


# Tables


def police() -> bytes:
    header = (
        "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,"
        "Crime type,Last outcome category,Context"
    )
    force = "Dorset Police"
    rows = []
    for n in range(14):
        point = ("", "") if n == 5 else (f"-2.4{n:02d}", f"50.7{n:02d}")
        code = "" if n == 5 else UNITS[n % 9]
        kind = "Burglary" if n % 6 == 4 else "Anti-social behaviour"
        rows.append(["", "2025-01", force, force, *point, "On or near", code, "x", kind, "", ""])
    return csv(header, rows)


def write_big_street(path: Path, size_bytes: int) -> int:
    """Write street-level crime of at least `size_bytes`; give its rows, a fifth of them ASB."""
    header, *_ = police().splitlines(keepends=True)
    force = "Dorset Police,Dorset Police"
    rows = []
    for n in range(5_000):
        place = f"-2.4{n:04d},50.7{n:04d},On or near Parking Area,{UNITS[n % 9]},{PLACE} 001A"
        crime = f"{n:064x}" if n % 5 else ""
        kind = "Violence and sexual offences" if n % 5 else "Anti-social behaviour"
        outcome = "Investigation complete; no suspect identified" if n % 5 else ""
        rows.append(f"{crime},2025-01,{force},{place},{kind},{outcome},\n")
    block = "".join(rows).encode()
    times = -(-size_bytes // len(block))
    with path.open("wb") as stream:
        stream.write(header)
        for _ in range(times):
            stream.write(block)
    return times * len(rows)


def schools() -> bytes:
    header = (
        "URN,LA (code),EstablishmentNumber,EstablishmentName,TypeOfEstablishment (name),"
        "EstablishmentTypeGroup (name),EstablishmentStatus (name),CloseDate,"
        "PhaseOfEducation (name),StatutoryLowAge,StatutoryHighAge,AdmissionsPolicy (name),"
        "ReligiousCharacter (name),NumberOfPupils,PercentageFSM,FSM,Postcode,GSSLACode (name),"
        "Easting,Northing,LSOA (code)"
    )
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
    header = "pyramid_code,pyramid_name,zone,urn,tier,valid_from,valid_to"
    rows = [
        [f"P{n % 2}", f"Pyramid {n % 2}", "West", 100001 + n, "secondary" if n < 2 else "primary",
         "2020-09-01" if n % 3 else "", "2023-08-31" if n == 6 else ""]
        for n in range(10)
    ]  # fmt: skip
    return csv(header, rows)


def plan() -> bytes:
    return csv(
        ["LSOA21CD", "zone"], [[u, ("North", "South", "")[n % 3]] for n, u in enumerate(UNITS)]
    )


def vintages(*, split: bool = True) -> bytes:
    header = "LSOA11CD,LSOA11NM,CHGIND,LSOA21CD,LSOA21NM,LAD22CD,LAD22NM"
    rows = [[u, "x", "U", u, "x", DISTRICT, PLACE] for u in UNITS]
    parts = (1, 2) if split else ()
    rows += [["E01020360", "x", "S", f"E0103500{n}", "x", DISTRICT, PLACE] for n in parts]
    return csv(header, rows)


def postcodes() -> bytes:
    header = "pcds,doterm,oslaua,osgrdind,oseast1m,osnrth1m,lsoa11,lsoa21"
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
    return csv(header, rows)


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


def wards() -> bytes:
    head = "LSOA21CD,LSOA21NM,WD25CD,WD25NM,LAD25CD,LAD25NM\n"
    rows = "".join(
        f"{unit},x,E0500000{n % 3},Ward {n % 3},E06000059,Dorset\n" for n, unit in enumerate(UNITS)
    )
    return (head + rows).encode()


def nomis() -> bytes:
    head = "DATE_NAME,GEOGRAPHY_CODE,GEOGRAPHY_NAME,GENDER_NAME,C_AGE,C_AGE_NAME,OBS_VALUE\n"
    ages = [(200, "All Ages", 900), *((101 + age, f"Age {age}", 10) for age in range(18))]
    rows = "".join(
        f"2024,{unit},x,Total,{code},{name},{value}\n"
        for unit in UNITS
        for code, name, value in ages
    )
    return (head + rows).encode()


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
    )
    rows: list[list[object]] = []
    for year in (2023, 2024, 2025):
        start = [year, "Reporting year"]
        england = ["E92000001", "England"]
        rows.append([*start, "National", *england, "", "", "", "", "", "All", 100 + year, 20])
        south = ["E12000009", "South West"]
        rows.append([*start, "Regional", *england, *south, "", "", "", "All", 50, "c"])
        rows.append(
            [*start, "Local authority", *england, *south, 838, DISTRICT, PLACE, "All", 7, "z"]
        )
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
    return csv(header, rows)


def denominators() -> bytes:
    rows = [[u, 1500 + n, 300 + n] for n, u in enumerate(UNITS)]
    return csv(["LSOA21CD", "persons", "children"], rows)


def postcode_counts() -> bytes:
    return csv(["postcode", "referrals"], [[f"DT1 {n}AA", n] for n in range(10)])


def contacts() -> bytes:
    header = ["cont_contact_id", "cont_person_id", "cont_contact_date"]
    return csv(header, [[n, f"P{n % 5}", f"2024-{n % 6 + 1:02d}-1{n % 9}"] for n in range(12)])


def referrals() -> bytes:
    header = "cine_referral_id,cine_person_id,cine_referral_date,cine_referral_nfa,cine_close_date"
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
    header = [
        "cppl_cp_plan_id",
        "cppl_person_id",
        "cppl_cp_plan_start_date",
        "cppl_cp_plan_end_date",
    ]
    ends = ("", "2024-06-30", "")
    return csv(header, [[n, f"P{n}", f"2024-0{n % 6 + 1}-01", ends[n % 3]] for n in range(10)])


def looked_after() -> bytes:
    header = ["clae_person_id", "clae_cla_episode_start_date", "clae_cla_episode_ceased"]
    return csv(header, [[f"P{n}", f"2024-0{n % 6 + 1}-01", ""] for n in range(10)])


def addresses() -> bytes:
    header = (
        "addr_person_id,addr_address_type,addr_address_start_date,addr_address_end_date,"
        "addr_address_postcode"
    )
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
    header = "name,kind,capacity,opening,ages,level,easting,northing,latitude,longitude,postcode"
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


def geoparquet(table: gpd.GeoDataFrame | None = None, packing: str | None = "snappy") -> bytes:
    stream = io.BytesIO()
    (frame() if table is None else table).to_parquet(stream, compression=packing)
    return stream.getvalue()


def shapefile(folder: Path) -> bytes:
    """Write a shapefile, and zip its parts."""
    folder.mkdir(parents=True, exist_ok=True)
    frame().to_file(folder / "units.shp")
    return zipped({path.name: path.read_bytes() for path in sorted(folder.glob("units.*"))})


# Mutations

FORMS = ("text", "geojson", "bytes", "zip", "workbook")
MOST_CHANGES = 3

CELLS = (
    *("=1+1", "+44 1305", "@SUM(A1:A9)", "-5", "2.5", "5%", "NaN", "nan", "inf", "-inf", "1e309"),
    *("1e15", "999999999999999999999", "0", "-0", "", " ", "'", '"', '""', "x", "None", "#N/A"),
    *("1,000", "1_000", "0x10", "\u0661\u0662", "\u00b2", "\u00bd", "<b>bold</b>", "&lt;"),
    *("<script>alert(1)</script>", "29/02/2023", "2099-01-01", "0001-01-01", "31.12.2023", "45535"),
    *("13/13/2024", "9999-99-99", "E01020350", "e01020350", "E06000059", "E01999999", "W01000001"),
    *(
        "DT1 1AA",
        "ZZ99 3VZ",
        "caf\u00e9",
        "\u2013",
        "\U0001f600",
        "\ufeff",
        "\u202e",
        "\u2028",
        "\x0b",
    ),
)
"""What people, systems and attackers put into a cell."""

_ENCODINGS = ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "cp437", "utf-32", "cp037")
Mutation = Callable[[random.Random, bytes], bytes]


def mutated(content: bytes, seed: str, form: str) -> tuple[bytes, str]:
    """Change a file in one to three ways.

    Returns
    -------
    tuple
        The bytes, and the names of the changes.
    """
    rng = random.Random(seed)
    names = []
    for _ in range(rng.randint(1, MOST_CHANGES)):
        change = rng.choice(_MUTATIONS[form])
        content = change(rng, content)
        names.append(change.__name__.strip("_"))
    return content, ", ".join(names)


def _place(rng: random.Random, content: bytes) -> int:
    return rng.randrange(len(content) + 1)


def _flip_bits(rng: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.randint(1, 8) if changed else 0):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _delete_bytes(rng: random.Random, content: bytes) -> bytes:
    at = _place(rng, content)
    return content[:at] + content[at + rng.randint(1, 40) :]


def _insert_bytes(rng: random.Random, content: bytes) -> bytes:
    at = _place(rng, content)
    return content[:at] + rng.randbytes(rng.randint(1, 10)) + content[at:]


def _truncate(rng: random.Random, content: bytes) -> bytes:
    return content[: _place(rng, content)]


def _repeat_bytes(rng: random.Random, content: bytes) -> bytes:
    start, at = _place(rng, content), _place(rng, content)
    return content[:at] + content[start : start + rng.randint(1, 300)] + content[at:]


def _insert_zero_byte(rng: random.Random, content: bytes) -> bytes:
    at = _place(rng, content)
    return content[:at] + b"\0" * rng.randint(1, 3) + content[at:]


def _duplicate_line(rng: random.Random, content: bytes) -> bytes:
    lines = content.splitlines(keepends=True) or [b""]
    lines.insert(rng.randrange(len(lines) + 1), rng.choice(lines))
    return b"".join(lines)


def _remove_line(rng: random.Random, content: bytes) -> bytes:
    lines = content.splitlines(keepends=True) or [b""]
    del lines[rng.randrange(len(lines))]
    return b"".join(lines)


def _shuffle_lines(rng: random.Random, content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    first = rng.randint(0, 1)
    rest = lines[first:]
    rng.shuffle(rest)
    return b"".join([*lines[:first], *rest])


def _insert_line(rng: random.Random, content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    extra = (
        b"\n",
        b",,,\n",
        b"A title\n",
        b"Total,,12\n",
        b"sep=;\n",
        b"  \t \n",
        b'"\n',
        b"# note\n",
    )
    lines.insert(rng.randrange(len(lines) + 1), rng.choice(extra))
    return b"".join(lines)


def _swap_columns(rng: random.Random, content: bytes) -> bytes:
    rows = [line.split(b",") for line in content.split(b"\n")]
    wide = max(map(len, rows))
    one, other = rng.randrange(wide), rng.randrange(wide)
    header_only = rng.random() < 0.5
    for row in rows[: 1 if header_only else None]:
        if max(one, other) < len(row):
            row[one], row[other] = row[other], row[one]
    return b"\n".join(b",".join(row) for row in rows)


def _drop_column(rng: random.Random, content: bytes) -> bytes:
    rows = [line.split(b",") for line in content.split(b"\n")]
    at = rng.randrange(max(map(len, rows)))
    return b"\n".join(b",".join(row[:at] + row[at + 1 :]) for row in rows)


def _double_column(rng: random.Random, content: bytes) -> bytes:
    rows = [line.split(b",") for line in content.split(b"\n")]
    at = rng.randrange(max(map(len, rows)))
    return b"\n".join(b",".join(row[: at + 1] + row[at:]) for row in rows)


def _header_letters(rng: random.Random, content: bytes) -> bytes:
    header, newline, rest = content.partition(b"\n")
    changes: tuple[Callable[[bytes], bytes], ...] = (
        bytes.upper,
        bytes.swapcase,
        lambda text: text.replace(b",", b" , "),
        lambda text: text.replace(b"_", b" "),
        lambda text: text.replace(b" ", b"\xc2\xa0"),
        lambda text: b'"' + text.replace(b",", b'\n","') + b'"',
        lambda text: b",".join(cell[:12] for cell in text.split(b",")),
    )
    return rng.choice(changes)(header) + newline + rest


def _separator(rng: random.Random, content: bytes) -> bytes:
    return content.replace(b",", rng.choice((b";", b"\t", b"|", b", ", b":", b"~")))


def _encoding(rng: random.Random, content: bytes) -> bytes:
    text = content.decode("utf-8", errors="replace")
    accents = rng.choice(("", "\u00e9", "\u2019"))
    text = text.replace("x", accents) if accents else text
    return text.encode(rng.choice(_ENCODINGS), errors="replace")


def _quote(rng: random.Random, content: bytes) -> bytes:
    at = _place(rng, content)
    return content[:at] + rng.choice((b'"', b'""', b'","', b'"\n', b'\\"', b"'")) + content[at:]


def _quote_cells(rng: random.Random, content: bytes) -> bytes:
    del rng
    return b"\n".join(
        b'"' + line.replace(b",", b'","') + b'"' if line else line for line in content.split(b"\n")
    )


def _huge_cell(rng: random.Random, content: bytes) -> bytes:
    return _with_cell(
        rng, content, rng.choice((b"x", b"9", b"<", b"E0")) * rng.choice((400, 140_000))
    )


def _strange_cell(rng: random.Random, content: bytes) -> bytes:
    return _with_cell(rng, content, rng.choice(CELLS).encode())


def _strange_column(rng: random.Random, content: bytes) -> bytes:
    rows = [line.split(b",") for line in content.split(b"\n")]
    at, text = rng.randrange(len(rows[0])), rng.choice(CELLS).encode()
    for row in rows[1:]:
        if at < len(row):
            row[at] = text
    return b"\n".join(b",".join(row) for row in rows)


def _copied_cell(rng: random.Random, content: bytes) -> bytes:
    cells = [cell for line in content.splitlines()[1:] for cell in line.split(b",")]
    return _with_cell(rng, content, rng.choice(cells)) if cells else content


def _line_ends(rng: random.Random, content: bytes) -> bytes:
    ends = (b"\r\n", b"\r", b"\n\n", b"\r\r\n", b"\n\r")
    if rng.random() < 0.5:
        return content.replace(b"\n", rng.choice(ends))
    return b"".join(line + rng.choice((b"\n", *ends)) for line in content.split(b"\n"))


def _with_cell(rng: random.Random, content: bytes, cell: bytes) -> bytes:
    lines = content.split(b"\n")
    at = rng.randrange(len(lines))
    cells = lines[at].split(b",")
    cells[rng.randrange(len(cells))] = cell
    lines[at] = b",".join(cells)
    return b"\n".join(lines)


def _feature(rng: random.Random, content: bytes) -> bytes:
    """Change one feature of GeoJSON, and keep it JSON."""
    try:
        document = json.loads(content)
        features = document["features"]
        feature = rng.choice(features)
        rng.choice(_FEATURE_CHANGES)(rng, features, feature)
        return json.dumps(document, indent=0).encode()
    except (ValueError, TypeError, LookupError, AttributeError):  # an earlier change broke it
        return content


def _ring(feature: Any) -> list[Any]:
    ring: list[Any] = feature["geometry"]["coordinates"][0]
    return ring


def _set_point(rng: random.Random, _: Any, feature: Any) -> None:
    points = (
        [0, 0],
        [50.7, -2.4],
        [1e309, 0],
        [None, 1],
        ["a", 1],
        [1],
        [370_000, 100_000],
        [181, 91],
    )
    ring = _ring(feature)
    ring[rng.randrange(len(ring))] = rng.choice(points)


def _swap_axes(_rng: random.Random, _: Any, feature: Any) -> None:
    feature["geometry"]["coordinates"] = [[point[::-1] for point in _ring(feature)]]


def _set_geometry(rng: random.Random, _: Any, feature: Any) -> None:
    feature["geometry"] = rng.choice(
        (
            None,
            {"type": "Point", "coordinates": [-2.4, 50.7]},
            {"type": "Polygon", "coordinates": []},
            {"type": "Polygon", "coordinates": [[]]},
            {"type": "Polygon", "coordinates": [[[-2.4, 50.7]]]},
            {"type": "MultiPolygon", "coordinates": [feature["geometry"]["coordinates"]]},
            {"type": "GeometryCollection", "geometries": []},
            {"type": "Nonsense"},
        )
    )


def _set_property(rng: random.Random, _: Any, feature: Any) -> None:
    values = (None, 5, 2.5, True, [], {"a": 1}, *CELLS)
    feature["properties"][rng.choice(list(feature["properties"]))] = rng.choice(values)


def _drop_property(rng: random.Random, _: Any, feature: Any) -> None:
    del feature["properties"][rng.choice(list(feature["properties"]))]


def _drop_feature(_: random.Random, features: Any, feature: Any) -> None:
    features.remove(feature)


def _double_feature(_: random.Random, features: Any, feature: Any) -> None:
    features.append(feature)


_FEATURE_CHANGES: tuple[Callable[[random.Random, Any, Any], None], ...] = (
    *(_set_point, _swap_axes, _set_geometry, _set_property, _drop_property, _drop_feature),
    _double_feature,
)


def _part(rng: random.Random, content: bytes) -> bytes:
    """Change one file of an archive, and pack it anew."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
    except Exception:  # noqa: BLE001  an earlier change broke it
        return content
    name = rng.choice(list(files))
    if rng.random() < 0.15:
        del files[name]
    else:
        is_text = name.endswith((".xml", ".prj", ".cpg", ".rels"))
        files[name] = rng.choice(_BYTES if not is_text or rng.random() < 0.5 else _XML)(
            rng, files[name]
        )
    return zipped(files)


def _xml_value(rng: random.Random, content: bytes) -> bytes:
    """Put something strange between two tags."""
    parts = content.split(b">")
    at = rng.randrange(len(parts))
    text = rng.choice(CELLS).encode().replace(b"<", b"&lt;")
    parts[at] = text + b"<" + parts[at].partition(b"<")[2] if b"<" in parts[at] else parts[at]
    return b">".join(parts)


def _workbook_cell(rng: random.Random, content: bytes) -> bytes:
    """Put something strange into a cell, as a person would."""
    try:
        book = openpyxl.load_workbook(io.BytesIO(content))
        sheet = book.worksheets[-1]
        cell = sheet.cell(rng.randint(1, sheet.max_row), rng.randint(1, min(8, sheet.max_column)))
        cell.value = rng.choice((None, -5, 2.5, True, 1e300, *CELLS[:-1]))
        stream = io.BytesIO()
        book.save(stream)
    except Exception:  # noqa: BLE001  an earlier change broke it
        return content
    return stream.getvalue()


_BYTES: tuple[Mutation, ...] = (
    *(_flip_bits, _delete_bytes, _insert_bytes, _truncate, _repeat_bytes, _insert_zero_byte),
)
_XML: tuple[Mutation, ...] = (_xml_value, _duplicate_line, _copied_cell, _strange_cell)
_LINES: tuple[Mutation, ...] = (_duplicate_line, _remove_line, _shuffle_lines, _insert_line)
_TEXT: tuple[Mutation, ...] = (
    *(*_BYTES, *_LINES, *_LINES, _swap_columns, _drop_column, _double_column, _header_letters),
    *(_separator, _encoding, _quote, _quote_cells, _huge_cell, _line_ends),
    *(_strange_cell, _strange_cell, _strange_cell, _strange_column, _strange_column, _copied_cell),
)
_MUTATIONS: Mapping[str, tuple[Mutation, ...]] = {
    "text": _TEXT,
    "geojson": (*_BYTES, *_LINES, _strange_cell, _encoding, *([_feature] * 12)),
    "bytes": (*_BYTES, *([_flip_bits] * 12)),
    "zip": (*_BYTES, *([_part] * 8)),
    "workbook": (*_BYTES, *([_part] * 4), *([_workbook_cell] * 8)),
}
