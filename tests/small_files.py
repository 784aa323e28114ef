"""The downloads of a small council: nine small areas of 2021, as a planner would have them.

Small areas stand in three rows of three, as in `small_pack`; the middle one of the last row is new
in 2021, made of two of 2011. Everything is drawn; sums can be told by eye.
"""

import json
from pathlib import Path

import geopandas as gpd

from grids import NAMED, shapes_of

NEW = (*(f"E0100000{n}" for n in range(1, 8)), "E01034000", "E01000009")
OLD = (*(f"E0100000{n}" for n in range(1, 8)), "E01000081", "E01000082", "E01000009")
DISTRICT, NAME = "E06000099", "Smallshire"
CHILDREN = (100, 200, 300, 200, 200, 200, 400, 200, 200)
PERSONS = (1000,) * 9


def write_small_files(folder: Path) -> Path:
    """Write the downloads into a new folder `downloads` and give that folder."""
    made = folder / "downloads"
    for name in ("ons", "police/2025-01", "police/2025-03", "own"):
        (made / name).mkdir(parents=True)
    write_boundaries(made / "ons" / "lsoa.geojson")
    texts = {
        "ons/lookup.csv": lookup(),
        "ons/ages.csv": ages(),
        "police/2025-01/2025-01-small-street.csv": street("2025-01"),
        "police/2025-03/2025-03-small-street.csv": street("2025-03"),
        "schools.csv": schools(),
        "own/pyramids.csv": pyramids(),
        "own/team areas.csv": zones(),
        "own/referrals.csv": referrals(),
        "own/staff.csv": "zone,role,fte\nNorth,social worker,4\nSouth,social worker,2\n",
        "own/hubs.csv": "name,kind,easting,northing,capacity\nThe Hub,family hub,370150,99850,40\n",
        "own/programmes.csv": "name,zone,places,waiting\nTriple P,North,12,5\nTriple P,South,8,\n",
        "notes.txt": "",
        "readme.md": "What we downloaded in March.",
    }
    for name, text in texts.items():
        (made / name).write_text(text, encoding="utf-8")
    (made / "notes.txt").unlink()
    return made


def write_boundaries(path: Path, codes: tuple[str, ...] = NEW) -> None:
    """Write the nine areas and a tenth of another council, in longitude and latitude."""
    _, shapes = shapes_of(*NAMED["three by three"])
    names = [f"{NAME} 001{letter}" for letter in "ABCDEFGHI"]
    frame = gpd.GeoDataFrame(
        {"LSOA21CD": codes, "LSOA21NM": names}, geometry=shapes, crs="EPSG:27700"
    )
    text = frame.to_crs(4326).to_json()
    path.write_text(json.dumps(json.loads(text)), encoding="utf-8")


def lookup() -> str:
    """Give the lookup of 2011 to 2021: seven unchanged, one merged of two, one of elsewhere."""
    head = "LSOA11CD,LSOA11NM,CHGIND,LSOA21CD,LSOA21NM,LAD22CD,LAD22NM\n"
    same = [(code, code, "U") for code in NEW if code != "E01034000"]
    merged = [("E01000081", "E01034000", "M"), ("E01000082", "E01034000", "M")]
    rows = [(old, change, new, DISTRICT, NAME) for old, new, change in (*same, *merged)]
    rows.append(("E01009999", "U", "E01009999", "E06000098", "Elsewhere"))
    return head + "".join(f"{o},x,{c},{n},x,{d},{name}\n" for o, c, n, d, name in rows)


def ages() -> str:
    """Give mid-2020 ages by LSOA 2011, in two halves for the merged area, and one elsewhere."""
    columns = ["LSOA 2011 Code", "LSOA 2011 Name", "Total", *(str(age) for age in range(90)), "90+"]
    lines = ["Mid-2020 population estimates by LSOA", ",".join(columns)]
    people = dict(zip(NEW, zip(CHILDREN, PERSONS, strict=True), strict=True))
    for code in (*OLD, "E01009999"):
        children, persons = people.get(code, (100, 500))
        of_age = [0] * 91
        of_age[10], of_age[40] = children, persons - children
        lines.append(",".join([code, "x", str(persons), *map(str, of_age)]))
    return "\n".join(lines) + "\n"


def street(month: str) -> str:
    """Give a month: three incidents of ASB in the first area, one elsewhere, one unlocated."""
    head = (
        "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,"
        "Crime type,Last outcome category,Context\n"
    )
    asb = (
        f",{month},Small Police,Small Police,{{}},{{}},On or near,{{}},x,Anti-social behaviour,,\n"
    )
    here = asb.format(-2.428, 50.799, NEW[0])
    rows = [here, here, here, asb.format(-2.3, 50.9, "E01009999"), asb.format("", "", "")]
    rows.append(here.replace("Anti-social behaviour", "Burglary"))
    return head + "".join(rows)


def schools() -> str:
    """Give an upper school, two that feed it, one closed and one elsewhere."""
    head = (
        "URN,LA (code),LA (name),EstablishmentNumber,EstablishmentName,EstablishmentStatus (name),"
        "PhaseOfEducation (name),TypeOfEstablishment (name),StatutoryLowAge,StatutoryHighAge,"
        "GSSLACode (name),Easting,Northing\n"
    )
    rows = [
        ("100001", "West Upper", "Open", "Secondary", 13, 18, DISTRICT, 370050, 99950),
        ("100002", "West First", "Open", "Primary", 4, 9, DISTRICT, 370050, 99850),
        ("100003", "East Upper", "Open", "Secondary", 13, 18, DISTRICT, 370250, 99950),
        ("100004", "Old School", "Closed", "Primary", 4, 9, DISTRICT, 370250, 99850),
        ("100005", "Far School", "Open", "Primary", 4, 9, "E06000098", 380000, 99950),
    ]
    return head + "".join(
        f"{urn},999,{NAME if lad == DISTRICT else 'Elsewhere'},2001,{name},{status},{phase},"
        f"Community school,{low},{high},{lad},{e},{n}\n"
        for urn, name, status, phase, low, high, lad, e, n in rows
    )


def pyramids() -> str:
    """Give two pyramids, and a row of a school that is in no register."""
    return (
        "pyramid_code,pyramid_name,zone,urn,tier,valid_from,valid_to\n"
        "W,West,North,100001,upper,2010-09-01,\n"
        "W,West,North,100002,first,2010-09-01,\n"
        "E,East,South,100003,upper,2010-09-01,\n"
        "E,East,South,999999,first,2010-09-01,\n"
    )


def zones() -> str:
    """Give today's plan: two zones."""
    return "LSOA21CD,zone\n" + "".join(
        f"{unit},{'North' if i < 5 else 'South'}\n" for i, unit in enumerate(NEW)
    )


def referrals() -> str:
    """Give referrals per small area: one suppressed, one missing, one unknown code."""
    counts = ["12", "c", "", "10", "0", "8", "15", "9", "7"]
    rows = "".join(f"{unit},{count}\n" for unit, count in zip(NEW, counts, strict=True))
    return f"LSOA code,Referrals\n{rows}E01009999,4\n"
