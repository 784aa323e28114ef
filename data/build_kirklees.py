"""Build `data/authorities/kirklees`: Kirklees Council, totals of 2025, with real ASB.

Run `python -m data.build_kirklees [--wheels FOLDER]`.

Four localities with one offer. Their names are published; their lines here are drawn around towns
and villages. The anti-social behaviour is real: every row of the West Yorkshire street files of
July 2016, July 2017 and July 2018 whose published code is a unit of Kirklees.
"""

from collections.abc import Sequence

import pandas as pd

from data.build_authority import Asb, Ground, PlanFile, Recipe, build_authority, village_centre
from data.build_command import run
from data.build_history import dfe_history, england_2025
from data.build_indicators import dfe_periods
from data.build_model import Totals
from data.build_plans import Place, nearest_place, places, without_strays
from data.build_registry import Wheels
from data.build_sources import DFE, STREETS, read_street_asb
from geo.errors import PackError

# Towns and villages by locality; grid references in hundreds of metres.
PLACES: tuple[Place, ...] = (
    *places(
        "Batley and Spen",
        ("Batley", 4243, 4240),
        ("Staincliffe", 4232, 4235),
        ("Hanging Heaton", 4252, 4232),
        ("Birstall", 4225, 4263),
        ("Birkenshaw", 4203, 4285),
        ("East Bierley", 4195, 4290),
        ("Gomersal", 4205, 4260),
        ("Cleckheaton", 4190, 4253),
        ("Scholes by Cleckheaton", 4168, 4260),
        ("Liversedge", 4200, 4238),
        ("Roberttown", 4195, 4226),
        ("Heckmondwike", 4214, 4236),
    ),
    *places(
        "Dewsbury and Mirfield",
        ("Dewsbury", 4246, 4217),
        ("Dewsbury Moor", 4228, 4218),
        ("Eastborough", 4250, 4222),
        ("Shaw Cross", 4262, 4231),
        ("Chickenley", 4267, 4213),
        ("Earlsheaton", 4258, 4213),
        ("Savile Town", 4245, 4208),
        ("Ravensthorpe", 4222, 4205),
        ("Thornhill Lees", 4242, 4200),
        ("Thornhill", 4248, 4188),
        ("Mirfield", 4202, 4200),
        ("Northorpe", 4212, 4212),
        ("Upper Hopton", 4195, 4185),
        ("Whitley Lower", 4222, 4178),
    ),
    *places(
        "Huddersfield",
        ("Huddersfield", 4144, 4166),
        ("Marsh", 4125, 4173),
        ("Lindley", 4118, 4183),
        ("Salendine Nook", 4105, 4180),
        ("Birkby", 4135, 4182),
        ("Fartown", 4147, 4185),
        ("Sheepridge", 4157, 4193),
        ("Deighton", 4165, 4193),
        ("Bradley", 4172, 4207),
        ("Rawthorpe", 4165, 4175),
        ("Dalton", 4170, 4168),
        ("Kirkheaton", 4182, 4178),
        ("Waterloo", 4178, 4164),
        ("Lepton", 4203, 4155),
        ("Almondbury", 4168, 4150),
        ("Newsome", 4143, 4145),
        ("Berry Brow", 4137, 4137),
        ("Lockwood", 4135, 4153),
        ("Paddock", 4125, 4163),
        ("Crosland Moor", 4125, 4153),
        ("Netherton", 4124, 4133),
        ("South Crosland", 4115, 4127),
    ),
    *places(
        "Kirklees Rural",
        ("Golcar", 4097, 4158),
        ("Milnsbridge", 4114, 4158),
        ("Longwood", 4105, 4167),
        ("Cowlersley", 4110, 4150),
        ("Outlane", 4083, 4180),
        ("Linthwaite", 4100, 4142),
        ("Slaithwaite", 4080, 4140),
        ("Marsden", 4048, 4117),
        ("Meltham", 4100, 4105),
        ("Honley", 4137, 4118),
        ("Brockholes", 4152, 4110),
        ("Netherthong", 4140, 4097),
        ("Holmfirth", 4142, 4082),
        ("Holmbridge", 4118, 4067),
        ("Hepworth", 4163, 4067),
        ("New Mill", 4165, 4088),
        ("Farnley Tyas", 4165, 4126),
        ("Kirkburton", 4197, 4125),
        ("Highburton", 4190, 4135),
        ("Shelley", 4205, 4113),
        ("Shepley", 4195, 4098),
        ("Denby Dale", 4226, 4085),
        ("Skelmanthorpe", 4232, 4105),
        ("Scissett", 4247, 4102),
        ("Clayton West", 4258, 4110),
        ("Emley", 4243, 4130),
        ("Flockton", 4243, 4150),
        ("Grange Moor", 4223, 4160),
    ),
)
LOCALITIES = tuple(dict.fromkeys(place.zone for place in PLACES))
# Country of the Kirkburton ward, whose centre lies nearer Lepton than any village of its own.
CORRECTED = {"E01011197": "Kirklees Rural"}
CENTRES_SOURCE = "Kirklees Council, changes to children's centres, January 2017"
# The four designated children's centres and the two hubs named in 2017, by neighbourhood.
CENTRES = (
    ("Birstall and Birkenshaw Children's Centre", "children's centre", "Birstall"),
    ("Dewsbury Moor Children's Centre", "children's centre", "Dewsbury Moor"),
    ("Chestnut Centre", "children's centre", "Deighton"),
    ("Colne Valley Children's Centre", "children's centre", "Slaithwaite"),
    ("Batley Town Hall", "family hub", "Batley"),
    ("Dewsbury Town Hall", "family hub", "Dewsbury"),
)
TOWN_NAMES = {"Batley", "Dewsbury"}
ASB_ROWS = 3_381


BASES = {
    "Batley and Spen": "Batley",
    "Dewsbury and Mirfield": "Dewsbury",
    "Huddersfield": "Huddersfield",
    "Kirklees Rural": "Slaithwaite",
}
NAME = "Kirklees Council"
PUBLISHED = dfe_history(
    NAME, children=99_822, referrals=3_277, again=19.7, cin=2_217, cp=483, cla=641
)


def kirklees_plans(ground: Ground) -> Sequence[PlanFile]:
    """Draw the four localities around their towns and villages."""
    units = ground.units["unit"].tolist()
    nearest = nearest_place(ground.units, PLACES, corrected=CORRECTED)
    localities = without_strays(nearest, units, ground.neighbours)
    return (
        PlanFile(
            "localities",
            "Localities",
            localities,
            LOCALITIES,
            "approximate",
            "The four localities and their names are published; they follow wards. The lines here "
            "are whole LSOAs by the nearest town or village.",
            "Kirklees Council, early support, four localities, 2017-19",
        ),
    )


def kirklees_sites(ground: Ground) -> list[tuple[object, ...]]:
    """Put each centre in the middle of its neighbourhood."""
    rows: list[tuple[object, ...]] = []
    for name, kind, town in CENTRES:
        place = next(place for place in PLACES if place.name == town)
        easting, northing = village_centre(ground, place.easting, place.northing)
        placed = "town centre" if town in TOWN_NAMES else "village centre"
        rows.append((name, kind, easting, northing, None, placed, CENTRES_SOURCE, "official"))
    return rows


def kirklees_asb(wheels: Wheels, units: Sequence[str]) -> pd.DataFrame:
    """Keep the rows whose published code is a unit of Kirklees; alike rows are not the same row.

    Raises
    ------
    PackError
        When they are not the 3,381 that were counted in the files.
    """
    everything = read_street_asb(wheels)
    inside = everything[everything["unit"].isin(units)]
    if len(inside) != ASB_ROWS:
        raise PackError(f"The street files hold {len(inside)} rows of Kirklees, not {ASB_ROWS}.")
    return inside


RECIPE = Recipe(
    key="kirklees",
    name=NAME,
    codes=("E08000034",),
    zone_word="locality",
    default_plan="localities",
    letters="BHLSW",
    postcode_districts=("E08000034",),
    seed=20250034,
    # Children in need 2,217 in all, of whom 483 on a plan and 641 looked after.
    # Re-referrals: 19.7 % of 3,277.
    totals=Totals(
        children=99_822,
        referrals=3_277,
        rereferrals=646,
        open_cin=2_217 - 483 - 641,
        open_cp=483,
        open_cla=641,
    ),
    average_caseload=16.8,
    staffing_source="Assumed: open cases at the published 16.8 a worker, spread by children",
    periods=dfe_periods(
        children=99_822,
        asb="July 2016, 2017 and 2018",
        asb_title="Anti-social behaviour, three Julys together",
        asb_source="data.police.uk, West Yorkshire Police, July 2016, July 2017 and July 2018",
        asb_status="official",
    ),
    asb=Asb(read=kirklees_asb),
    plans=kirklees_plans,
    sites=kirklees_sites,
    bases={"localities": BASES},
    history=(*PUBLISHED, *england_2025()),
    sources=(STREETS, DFE),
    main_towns=(
        "Huddersfield",
        "Dewsbury",
        "Batley",
        "Cleckheaton",
        "Mirfield",
        "Holmfirth",
        "Heckmondwike",
        "Meltham",
        "Marsden",
        "Kirkburton",
        "Denby Dale",
        "Liversedge",
        "Clayton West",
    ),
    notes=(
        (
            "Anti-social behaviour is real, for three single months: July 2016, July 2017 and July "
            "2018. Its rates are for the three together and are no yearly rates."
        ),
        "Boundaries and Census 2011 residents and households are real.",
        (
            "Every count but residents and households, and ASB, is illustrative: modelled for each "
            "LSOA. Children, referrals, re-referrals and open cases add up to the authority's "
            "published totals; the other totals are assumed."
        ),
        "The four localities are published; their lines here are approximate.",
        (
            "Centres are those named in 2017, each in the middle of its neighbourhood, not at its "
            "address."
        ),
    ),
    manifest_notes=(
        (
            "The three street files hold 18,826 anti-social behaviour rows of the force: 3,381 "
            "carry the code of a Kirklees unit and are kept, 15,312 the code of a unit elsewhere, "
            "and 133 have neither a code nor a point and so cannot be given to any district."
        ),
        "No row was de-duplicated. Points were projected to EPSG:27700 and rounded to a metre.",
        "Modelled columns were drawn with a fixed seed; see docs/data.md.",
    ),
)


def build(wheels: Wheels) -> None:
    """Write the pack."""
    build_authority(RECIPE, wheels)


if __name__ == "__main__":
    run(build, what="the pack of Kirklees")
