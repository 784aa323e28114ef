"""Build `data/authorities/bcp`: Bournemouth, Christchurch and Poole, totals of 2025.

Run `python -m data.build_bcp [--wheels FOLDER]`.

Locality networks around family hubs. The council has proposed six hubs and, since 2023, works in
two areas; neither has published lines, so both plans here are drawn around named places. The three
former boroughs are exact.
"""

from collections.abc import Sequence

from data.build_authority import (
    Asb,
    Ground,
    PlanFile,
    Recipe,
    build_authority,
    year_of_months,
)
from data.build_command import run
from data.build_history import dfe_history, england_2025
from data.build_indicators import dfe_periods
from data.build_model import Totals
from data.build_plans import Lookup, Place, grouped, nearest_place, places, without_strays
from data.build_registry import Wheels
from data.build_sources import DFE

# Neighbourhoods by network; grid references in hundreds of metres.
PLACES: tuple[Place, ...] = (
    *places(
        "Poole West",
        ("Poole", 4010, 908),
        ("Hamworthy", 3990, 909),
        ("Turlin Moor", 3980, 918),
        ("Oakdale", 4020, 922),
        ("Creekmoor", 4000, 934),
        ("Waterloo", 4010, 940),
        ("Broadstone", 4005, 957),
        ("Merley", 4015, 980),
    ),
    *places(
        "Poole East",
        ("Parkstone", 4040, 917),
        ("Canford Heath", 4027, 945),
        ("Alderney", 4042, 945),
        ("Newtown", 4037, 933),
        ("Branksome", 4057, 925),
        ("Bourne Valley", 4060, 932),
        ("Penn Hill", 4047, 907),
        ("Lilliput", 4040, 895),
        ("Canford Cliffs", 4057, 892),
        ("Sandbanks", 4047, 877),
    ),
    *places(
        "Bournemouth North",
        ("Kinson", 4068, 965),
        ("West Howe", 4058, 955),
        ("Bear Cross", 4057, 967),
        ("Wallisdown", 4067, 942),
        ("Ensbury Park", 4078, 950),
        ("Northbourne", 4080, 967),
        ("Redhill", 4087, 957),
        ("Muscliff", 4097, 959),
        ("Throop", 4112, 957),
    ),
    *places(
        "Bournemouth Central",
        ("Bournemouth", 4087, 911),
        ("Westbourne", 4070, 911),
        ("Talbot Woods", 4078, 927),
        ("Winton", 4085, 937),
        ("Moordown", 4088, 946),
        ("Charminster", 4096, 937),
        ("East Cliff", 4100, 914),
    ),
    *places(
        "Bournemouth East",
        ("Springbourne", 4106, 925),
        ("Boscombe", 4115, 918),
        ("Queen's Park", 4107, 937),
        ("Strouden Park", 4110, 946),
        ("Townsend", 4117, 952),
        ("Littledown", 4121, 941),
        ("Pokesdown", 4127, 923),
        ("Iford", 4135, 935),
        ("Southbourne", 4140, 915),
        ("Tuckton", 4147, 925),
        ("Hengistbury", 4160, 910),
    ),
    *places("Christchurch", ("Christchurch", 4158, 928)),
)
NETWORKS = tuple(dict.fromkeys(place.zone for place in PLACES))
# No network crosses a former borough, so each unit looks for a place in its own.
BOROUGH_OF = {
    "Poole West": "Poole",
    "Poole East": "Poole",
    "Bournemouth North": "Bournemouth",
    "Bournemouth Central": "Bournemouth",
    "Bournemouth East": "Bournemouth",
    "Christchurch": "Christchurch",
}
AREAS = {
    "West": ("Poole West", "Poole East", "Bournemouth North"),
    "East": ("Bournemouth Central", "Bournemouth East", "Christchurch"),
}

LINKS = (
    (
        "E01015423",
        "E01032659",
        "Hamworthy and Poole Quay: Poole Bridge and the Twin Sails Bridge",
    ),
)
CUTS = (
    ("E01015298", "E01020364", "Mudeford Sandbank: the border is on a spit without a road"),
    ("E01015418", "E01015465", "Across Holes Bay: the border is on an island that nobody crosses"),
)


BASES = {
    "Poole West": "Poole",
    "Poole East": "Parkstone",
    "Bournemouth North": "Kinson",
    "Bournemouth Central": "Bournemouth",
    "Bournemouth East": "Boscombe",
    "Christchurch": "Christchurch",
}
AREA_BASES = {"West": "Poole", "East": "Bournemouth"}
NAME = "Bournemouth, Christchurch and Poole Council"
PUBLISHED = dfe_history(
    NAME, children=74_810, referrals=3_386, again=22.6, cin=2_446, cp=494, cla=560
)


def bcp_plans(ground: Ground) -> Sequence[PlanFile]:
    """Draw the networks around their places, and build the two areas out of whole networks."""
    units = ground.units["unit"].tolist()
    nearest: Lookup = {}
    for borough in sorted(set(BOROUGH_OF.values())):
        inside = ground.units[ground.units["district"] == borough]
        nearest |= nearest_place(inside, [p for p in PLACES if BOROUGH_OF[p.zone] == borough])
    networks = without_strays(nearest, units, ground.neighbours)
    boroughs = dict(zip(units, ground.units["district"].tolist(), strict=True))
    return (
        PlanFile(
            "networks",
            "Locality networks",
            networks,
            NETWORKS,
            "approximate",
            "Six networks, as many as the family hubs that the council proposed in 2024. Their "
            "names and lines are inferred: whole LSOAs by the nearest neighbourhood, within each "
            "former borough.",
            "BCP Council, early help consultation, 2024: six family hubs",
        ),
        PlanFile(
            "areas",
            "Children's services areas",
            grouped(networks, AREAS),
            tuple(AREAS),
            "approximate",
            "The council brought services into two geographical areas in December 2023 and did "
            "not publish the line. These are whole networks, about half of the residents in each.",
            "BCP Council, news, December 2023",
            zone_word="area",
        ),
        PlanFile(
            "boroughs",
            "Former boroughs",
            boroughs,
            ("Bournemouth", "Christchurch", "Poole"),
            "published",
            "The three authorities that became one in 2019, by the district of each LSOA 2011.",
            "Office for National Statistics",
            kind="other",
            zone_word="former borough",
        ),
    )


RECIPE = Recipe(
    key="bcp",
    name=NAME,
    codes=("E06000058",),
    zone_word="locality network",
    default_plan="networks",
    letters="BDS",
    postcode_districts=("E06000058",),
    seed=20250058,
    # Children in need 2,446 in all, of whom 494 on a plan and 560 looked after.
    # Re-referrals: 22.6 % of 3,386.
    totals=Totals(
        children=74_810,
        referrals=3_386,
        rereferrals=765,
        open_cin=2_446 - 494 - 560,
        open_cp=494,
        open_cla=560,
    ),
    average_caseload=14.6,
    staffing_source="Assumed: open cases at the published 14.6 a worker, spread by children",
    periods=dfe_periods(children=74_810),
    # Dorset's 9,000 for 412,905 residents, for the 378,888 residents here.
    asb=Asb(total=8_259, months=year_of_months("2024-04")),
    plans=bcp_plans,
    links=LINKS,
    cuts=CUTS,
    bases={"networks": BASES, "areas": AREA_BASES},
    history=(*PUBLISHED, *england_2025()),
    sources=(DFE,),
    main_towns=("Bournemouth", "Poole", "Christchurch", "Parkstone", "Broadstone"),
    notes=(
        (
            "Every count but residents and households is illustrative: modelled for each "
            "LSOA. Children, referrals, re-referrals and open cases add up to the authority's "
            "published totals; the other totals are assumed."
        ),
        "Boundaries and Census 2011 residents and households are real.",
        "The former boroughs are exact; the networks and the two areas are approximate.",
        (
            "Brownsea Island lies in a unit of Purbeck, outside this authority: its ferries have "
            "no link here."
        ),
    ),
    manifest_notes=(
        "Modelled columns were drawn with a fixed seed; see docs/data.md.",
        (
            "ASB incidents are modelled at the rate of Dorset in 2015/16: a unit, a month and a "
            "class, no point."
        ),
    ),
)


def build(wheels: Wheels) -> None:
    """Write the pack."""
    build_authority(RECIPE, wheels)


if __name__ == "__main__":
    run(build, what="the pack of Bournemouth, Christchurch and Poole")
