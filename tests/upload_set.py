"""Files as a planner has them, drawn by hand: enough for a pack of nine small areas of 2021."""

import json

import numpy as np
import shapely

from app.maps import to_degrees
from grids import NAMED, centre, shapes_of

UNITS = tuple(f"E0100000{n}" for n in range(1, 10))
NAMES = tuple(f"Smallshire 00{1 + n // 3}{'ABC'[n % 3]}" for n in range(9))
CHILDREN = (100, 200, 300, 200, 200, 200, 400, 200, 200)

BOUNDARIES = "areas of ours.geojson"
COUNTS = "people.csv"
POLICE = "2025-01-smallshire-street.csv"
ZONES = "zones.csv"
CASES = "referrals.csv"


def files() -> dict[str, bytes]:
    """Give the files that make a pack, by name."""
    return {BOUNDARIES: boundaries(), COUNTS: counts(), POLICE: police(), ZONES: zones()}


def boundaries() -> bytes:
    """Nine squares in longitude and latitude, under the headers of ONS."""
    _, shapes = shapes_of(*NAMED["three by three"])
    features = [
        {
            "type": "Feature",
            "properties": {"LSOA21CD": unit, "LSOA21NM": name},
            "geometry": json.loads(shapely.to_geojson(shape)),
        }
        for unit, name, shape in zip(UNITS, NAMES, to_degrees(shapes), strict=True)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def counts(*, first: str = "1000") -> bytes:
    """Residents and children; `first` is what the cell of the first small area's residents says."""
    persons = [first, *["1000"] * 8]
    rows = [f"{u},{p},{c}" for u, p, c in zip(UNITS, persons, CHILDREN, strict=True)]
    return "\n".join(["LSOA21CD,persons,children", *rows]).encode()


def zones() -> bytes:
    """A lookup of three rows of three."""
    rows = [f"{unit},{('North', 'Middle', 'South')[n // 3]}" for n, unit in enumerate(UNITS)]
    return "\n".join(["unit,zone", *rows]).encode()


def police() -> bytes:
    """Four rows: one incident in the first small area, one without a place, one burglary, one
    whose month is none."""
    place = to_degrees(np.array([shapely.Point(*centre(0, 0))]))[0]
    head = (
        "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,"
        "Crime type,Last outcome category,Context"
    )
    asb, force = "Anti-social behaviour", "Smallshire Police,Smallshire Police"
    rows = (
        f",2025-01,{force},{place.x},{place.y},On or near,{UNITS[0]},{NAMES[0]},{asb},,",
        f",2025-01,{force},,,No location,,,{asb},,",
        f"a1,2025-01,{force},{place.x},{place.y},On or near,{UNITS[0]},{NAMES[0]},Burglary,,",
        f",January,{force},{place.x},{place.y},On or near,{UNITS[0]},{NAMES[0]},{asb},,",
    )
    return "\n".join([head, *rows]).encode()


def cases() -> bytes:
    """Three referrals of two children, under headers that nobody could know."""
    rows = (f"9001,03/02/2025,,{UNITS[0]}", f"9001,05/03/2025,,{UNITS[0]}",
            f"9002,07/03/2025,01/06/2025,{UNITS[8]}")  # fmt: skip
    return "\n".join(["who,came in,went out,home", *rows]).encode()
