"""A small pack drawn by hand: nine small areas of 100 m in three zones, with one of every layer.

Small areas stand in three rows of three, E01000001 in the top left corner. Sums per zone are
round, so that a test can tell them by eye; `write_small_pack` puts the files where a test may
break them.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from geo.build import build_geography
from geo.write import write_boundaries
from grids import NAMED, centre, shapes_of

UNITS = tuple(f"E0100000{n}" for n in range(1, 10))
ZONES = ("North", "Middle", "South")

AUTHORITY = """\
key = "small"
name = "Small Council"
districts = ["E07000999"]
zone_word = "team area"
default_plan = "zones"
crs = "EPSG:27700"
vintage = "2011"
boundaries = "small.parquet"
disclosure = "dfe"
notes = ["Drawn by hand."]

[[targets]]
indicator = "cp_share"
value = 0.2
better = "low"
source = "drawn"

[[plans]]
key = "zones"
title = "Team areas"
file = "zones.csv"
order = ["North", "Middle", "South"]
status = "published"

[[plans]]
key = "pyramids"
title = "School pyramids"
zone_word = "pyramid"
file = "pyramids.csv"
kind = "pyramids"
status = "approximate"
note = "Columns of the drawing."

[[sources]]
title = "A drawing"
publisher = "Nobody"
licence = "Open Government Licence v3.0"
vintage = "2011"
via = "tests/small_pack.py"
attribution = "Drawn by hand"
"""

INDICATORS = """\
[[measures]]
key = "persons"
title = "Residents"
counts = "people"
period = "2011-03-27"
source = "census"
status = "official"

[[measures]]
key = "children"
title = "Children aged 0-17"
counts = "children"
period = "2016-06-30"
source = "estimates"
status = "official"

[[measures]]
key = "referrals"
title = "Referrals"
counts = "episodes"
period = "2016-17"
source = "case list"
status = "illustrative"
sensitive = true

[[measures]]
key = "open_cin"
title = "Children in need"
counts = "children"
period = "2017-03-31"
source = "case list"
status = "illustrative"
sensitive = true

[[measures]]
key = "open_cp"
title = "On a protection plan"
counts = "children"
period = "2017-03-31"
source = "case list"
status = "illustrative"
sensitive = true

[[measures]]
key = "asb"
title = "Anti-social behaviour"
counts = "incidents"
period = "2016-07"
source = "street file"
status = "official"

[[indicators]]
key = "referrals"
title = "Referrals"
numerator = "referrals"
denominator = "children"
per = 10000
kind = "rate"
polarity = "none"
topic = "demand"
decimals = 1
period = "2016-17"
source = "case list"
status = "illustrative"

[[indicators]]
key = "cp_share"
title = "Share of children in need on a plan"
numerator = "open_cp"
denominator = "open_cin"
per = 100
kind = "proportion"
polarity = "low"
topic = "need"
decimals = 1
period = "2017-03-31"
source = "case list"
status = "illustrative"

[[indicators]]
key = "asb"
title = "Anti-social behaviour"
numerator = "asb"
denominator = "persons"
per = 1000
kind = "rate"
polarity = "low"
topic = "asb"
decimals = 1
period = "2016-07"
source = "street file"
status = "official"
"""

MEASURES = """\
unit,persons,children,referrals,open_cin,open_cp
E01000001,1000,100,10,9,0
E01000002,1000,200,20,12,8
E01000003,1000,300,30,9,2
E01000004,1000,200,10,5,1
E01000005,1000,200,10,6,0
E01000006,1000,200,10,4,4
E01000007,1000,400,12,10,2
E01000008,1000,200,6,7,1
E01000009,1000,200,2,3,3
"""
"""Sums: North 600 children, 60 referrals, 30 + 10 open cases; Middle 600, 30, 15 + 5; South 800,
20, 20 + 6."""

STAFFING = """\
plan,zone,role,fte,status,source
zones,North,social worker,3,illustrative,drawn
zones,North,newly qualified social worker,1,illustrative,drawn
zones,Middle,social worker,1,illustrative,drawn
zones,South,social worker,2,illustrative,drawn
"""

PLACES = {
    "schools.csv": (
        "name,tier,pyramid,easting,northing,placed,urn,source\n"
        "West School,upper,West,370050,99950,postcode,100001,drawn\n"
        "Free School,first,,370150,99950,village centre,,drawn\n"
    ),
    "sites.csv": (
        "name,kind,easting,northing,capacity,placed,source,status\n"
        "The Hub,family hub,370150,99850,40,postcode,drawn,official\n"
        "The Office,office,370150,99850,,postcode,drawn,official\n"
    ),
    "towns.csv": (
        "name,easting,northing,population\nCentreton,370150,99850,9000\nEnd,370250,99750,\n"
    ),
    "links.csv": "unit_a,unit_b,reason\nE01000001,E01000009,a ferry\n",
    "cuts.csv": "unit_a,unit_b,reason\nE01000001,E01000002,an estuary\n",
}

MORE_SETTINGS = """\

[[levels]]
key = "in_need"
title = "3 In need"
measure = "open_cin"
ideal_share = 0.8
source = "drawn"

[[levels]]
key = "plan"
title = "4 On a plan"
measure = "open_cp"
ideal_share = 0.2
source = "drawn"

[neighbours]
names = ["Tiny Council", "Little Council"]
date = "2016-17"
source = "drawn"
"""

MORE = {
    "zones.csv": (
        "plan,zone,base,contact,status,source\n"
        "zones,North,Town Hall,North team,official,drawn\n"
        "zones,South,Library,,official,drawn\n"
    ),
    "history.csv": (
        "key,period,area,x,n,value,source,status\n"
        "referrals,2015-16,Small Council,90,1990,,drawn,official\n"
        "referrals,2016-17,England,,,550.2,drawn,official\n"
        "cp_share,2017-03-31,Small Council,21,,,drawn,official\n"
    ),
}


def write_small_pack(folder: Path) -> Path:
    """Write the pack into a new folder `small` and give that folder."""
    pack = folder / "small"
    (pack / "plans").mkdir(parents=True)
    zones = [f"{unit},{ZONES[i // 3]}" for i, unit in enumerate(UNITS)]
    pyramids = [f"{unit},{('West', '', 'East')[i % 3]}" for i, unit in enumerate(UNITS)]
    texts = {
        "authority.toml": AUTHORITY,
        "indicators.toml": INDICATORS,
        "measures.csv": MEASURES,
        "staffing.csv": STAFFING,
        "plans/zones.csv": "\n".join(["unit,zone", *zones]),
        "plans/pyramids.csv": "\n".join(["unit,zone", *pyramids]),
        **PLACES,
    }
    for name, text in texts.items():
        (pack / name).write_text(text, encoding="utf-8")
    incidents().to_parquet(pack / "incidents.parquet")
    _, shapes = shapes_of(*NAMED["three by three"])
    names = [f"Small {n}" for n in range(1, 10)]
    geography = build_geography("small", "2011", UNITS, names, shapes)
    write_boundaries(geography, pack / "small.parquet")
    return pack


def add_more(pack: Path) -> Path:
    """Add what a pack may have besides: bases, steps of need, published figures, neighbours."""
    settings = pack / "authority.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + MORE_SETTINGS, encoding="utf-8")
    for name, text in MORE.items():
        (pack / name).write_text(text, encoding="utf-8")
    return pack


def incidents() -> pd.DataFrame:
    """Seven rows: four used, one unlocated, one outside, one rejected."""
    east, north = centre(2, 2)
    rows = [
        ("2016-07", "nuisance", UNITS[0], np.nan, np.nan),
        ("2016-07", "nuisance", UNITS[0], np.nan, np.nan),
        ("2016-09", "personal", UNITS[4], np.nan, np.nan),
        ("2016-09", "nuisance", "", east, north),
        ("2016-09", "nuisance", "", np.nan, np.nan),
        ("2016-09", "nuisance", "E01009999", np.nan, np.nan),
        ("July", "nuisance", UNITS[0], np.nan, np.nan),
    ]
    return pd.DataFrame(rows, columns=["month", "kind", "unit", "easting", "northing"])
