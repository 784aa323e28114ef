"""Build `data/authorities/durham`: Durham County Council, totals of 2025.

Run `python -m data.build_durham [--wheels FOLDER]`.

Three forums, North, South and East, on police lines, and ten hub areas around the towns that were
given a hub for children's services in 2011. Neither has published lines here: both are drawn
around towns and villages.
"""

from collections.abc import Sequence

from data.build_authority import (
    Asb,
    Ground,
    PlanFile,
    Recipe,
    build_authority,
    village_centre,
    year_of_months,
)
from data.build_command import run
from data.build_history import dfe_history, england_2025
from data.build_indicators import dfe_periods
from data.build_model import Totals
from data.build_plans import Place, grouped, nearest_place, places, without_strays
from data.build_practice import Practice
from data.build_registry import Wheels
from data.build_sources import DFE

# Towns and villages by hub; the first of each is the hub's own. Hundreds of metres.
PLACES: tuple[Place, ...] = (
    *places(
        "Chester-le-Street",
        ("Chester-le-Street", 4274, 5512),
        ("Pelton", 4252, 5532),
        ("Ouston", 4263, 5545),
        ("Great Lumley", 4294, 5494),
        ("Bournmoor", 4310, 5510),
        ("Sacriston", 4243, 5470),
        ("Edmondsley", 4230, 5490),
    ),
    *places(
        "Stanley",
        ("Stanley", 4195, 5527),
        ("Annfield Plain", 4169, 5514),
        ("Dipton", 4150, 5540),
        ("Tanfield Lea", 4185, 5545),
        ("Burnopfield", 4177, 5569),
        ("Craghead", 4215, 5505),
        ("South Moor", 4190, 5515),
    ),
    *places(
        "Consett",
        ("Consett", 4109, 5510),
        ("Leadgate", 4130, 5515),
        ("Shotley Bridge", 4095, 5530),
        ("Ebchester", 4105, 5550),
        ("Castleside", 4079, 5488),
        ("Lanchester", 4166, 5474),
        ("Burnhope", 4190, 5483),
    ),
    *places(
        "Ushaw Moor",
        ("Ushaw Moor", 4228, 5426),
        ("Durham", 4274, 5425),
        ("Framwellgate Moor", 4265, 5448),
        ("Brandon", 4238, 5397),
        ("Langley Park", 4213, 5450),
        ("Esh Winning", 4195, 5418),
        ("Bearpark", 4240, 5435),
        ("Witton Gilbert", 4234, 5457),
        ("Belmont", 4305, 5433),
        ("Sherburn", 4315, 5425),
        ("Pittington", 4333, 5451),
        ("West Rainton", 4322, 5470),
        ("Bowburn", 4305, 5378),
        ("Coxhoe", 4321, 5356),
        ("Kelloe", 4345, 5360),
    ),
    *places(
        "Seaham",
        ("Seaham", 4421, 5495),
        ("Murton", 4396, 5475),
        ("South Hetton", 4382, 5450),
    ),
    *places(
        "Peterlee",
        ("Peterlee", 4428, 5408),
        ("Easington", 4415, 5435),
        ("Easington Colliery", 4435, 5439),
        ("Horden", 4440, 5410),
        ("Blackhall Colliery", 4460, 5395),
        ("Shotton Colliery", 4400, 5405),
        ("Haswell", 4375, 5433),
        ("Thornley", 4365, 5395),
        ("Wheatley Hill", 4380, 5390),
        ("Wingate", 4400, 5370),
        ("Station Town", 4410, 5360),
    ),
    *places(
        "Ferryhill",
        ("Ferryhill", 4291, 5325),
        ("Chilton", 4280, 5295),
        ("Spennymoor", 4257, 5338),
        ("Tudhoe", 4260, 5355),
        ("Kirk Merrington", 4263, 5312),
        ("West Cornforth", 4311, 5343),
        ("Bishop Middleham", 4331, 5315),
        ("Fishburn", 4364, 5321),
        ("Sedgefield", 4356, 5288),
        ("Trimdon", 4369, 5339),
    ),
    *places(
        "Bishop Auckland",
        ("Bishop Auckland", 4209, 5290),
        ("Shildon", 4231, 5262),
        ("West Auckland", 4180, 5263),
        ("Coundon", 4240, 5290),
        ("Evenwood", 4155, 5252),
        ("Cockfield", 4125, 5242),
        ("Etherley", 4166, 5288),
        ("Hamsterley", 4119, 5320),
        ("Witton-le-Wear", 4145, 5310),
        ("Howden-le-Wear", 4165, 5330),
        ("Hunwick", 4185, 5325),
        ("Crook", 4173, 5349),
        ("Willington", 4195, 5352),
        ("Tow Law", 4120, 5389),
        ("Wolsingham", 4076, 5373),
        ("Stanhope", 3990, 5394),
        ("St John's Chapel", 3885, 5380),
    ),
    *places(
        "Newton Aycliffe",
        ("Newton Aycliffe", 4277, 5249),
        ("Aycliffe Village", 4283, 5223),
        ("School Aycliffe", 4260, 5235),
    ),
    *places(
        "Barnard Castle",
        ("Barnard Castle", 4050, 5165),
        ("Staindrop", 4126, 5207),
        ("Gainford", 4170, 5167),
        ("Ingleton", 4172, 5205),
        ("Cotherstone", 4011, 5196),
        ("Middleton-in-Teesdale", 3947, 5255),
        ("Bowes", 3990, 5135),
    ),
)
HUBS = tuple(dict.fromkeys(place.zone for place in PLACES))
FORUMS = {
    "North": ("Chester-le-Street", "Stanley", "Consett", "Ushaw Moor"),
    "South": ("Ferryhill", "Bishop Auckland", "Newton Aycliffe", "Barnard Castle"),
    "East": ("Seaham", "Peterlee"),
}
HUB_SOURCE = "The Northern Echo, June 2011: ten hubs for children's services"


FORUM_BASES = {"North": "Durham", "South": "Bishop Auckland", "East": "Peterlee"}
STAIRCASE = tuple(
    {
        "key": key,
        "title": title,
        "measure": measure,
        "ideal_share": share,
        "source": "Durham County Council, staircase of need, 2015, which has five steps; their "
        "titles are worded here and the ideal shares assumed",
    }
    for key, title, measure, share in (
        ("universal", "1 Universal", "children_universal", 0.946),
        ("early_help", "2 Early help", "early_help_plans", 0.025),
        ("in_need", "3 In need", "open_cin", 0.018),
        ("protection", "4 Protection", "open_cp", 0.003),
        ("care", "5 Care", "open_cla", 0.008),
    )
)
NAME = "Durham County Council"
PUBLISHED = dfe_history(
    NAME, children=100_432, referrals=5_378, again=18.7, cin=4_415, cp=489, cla=1_183
)


def durham_plans(ground: Ground) -> Sequence[PlanFile]:
    """Draw the hub areas around their places, and build the forums out of whole hub areas."""
    units = ground.units["unit"].tolist()
    hubs = without_strays(nearest_place(ground.units, PLACES), units, ground.neighbours)
    return (
        PlanFile(
            "forums",
            "North, South and East forums",
            grouped(hubs, FORUMS),
            tuple(FORUMS),
            "approximate",
            "Three forums follow the areas of the police, whose lines are not published here. "
            "North is drawn as Derwentside, Chester-le-Street and Durham, East as Easington, South "
            "as the rest; whole LSOAs by the nearest town or village.",
            "Durham County Council, locality forums, 2015",
        ),
        PlanFile(
            "hubs",
            "Hub areas",
            hubs,
            HUBS,
            "approximate",
            "One area for each of the ten towns given a hub in 2011; whole LSOAs by the nearest "
            "town or village.",
            HUB_SOURCE,
            zone_word="hub area",
        ),
    )


def durham_sites(ground: Ground) -> list[tuple[object, ...]]:
    """Put each hub in the middle of its town; the addresses are not part of this data."""
    rows: list[tuple[object, ...]] = []
    for hub in HUBS:
        town = next(place for place in PLACES if place.name == hub)
        easting, northing = village_centre(ground, town.easting, town.northing)
        name = f"{hub} hub"
        rows.append(
            (name, "family hub", easting, northing, None, "town centre", HUB_SOURCE, "official")
        )
    return rows


RECIPE = Recipe(
    key="durham",
    name=NAME,
    codes=("E06000047",),
    zone_word="forum area",
    default_plan="forums",
    letters="DNST",
    postcode_districts=("E06000047",),
    seed=20250047,
    # Children in need 4,415 in all, of whom 489 on a plan and 1,183 looked after.
    # Re-referrals: 18.7 % of 5,378.
    totals=Totals(
        children=100_432,
        referrals=5_378,
        rereferrals=1_006,
        open_cin=4_415 - 489 - 1_183,
        open_cp=489,
        open_cla=1_183,
    ),
    average_caseload=16.6,
    staffing_source="Assumed: open cases at the published 16.6 a worker, spread by children",
    practice=Practice(support_per_child=None),
    periods=dfe_periods(children=100_432, left_out=("additional_support",)),
    # Dorset's 9,000 for 412,905 residents, for the 513,242 residents here.
    asb=Asb(total=11_187, months=year_of_months("2024-04")),
    plans=durham_plans,
    sites=durham_sites,
    bases={"forums": FORUM_BASES, "hubs": {hub: f"{hub} hub" for hub in HUBS}},
    published_bases={"hubs": HUB_SOURCE},
    levels=STAIRCASE,
    history=(*PUBLISHED, *england_2025()),
    sources=(DFE,),
    main_towns=(
        "Durham",
        "Peterlee",
        "Bishop Auckland",
        "Newton Aycliffe",
        "Consett",
        "Chester-le-Street",
        "Stanley",
        "Seaham",
        "Spennymoor",
        "Barnard Castle",
        "Crook",
        "Ferryhill",
        "Shildon",
        "Sedgefield",
        "Stanhope",
    ),
    notes=(
        (
            "Every count but residents and households is illustrative: modelled for each "
            "LSOA. Children, referrals, re-referrals and open cases add up to the authority's "
            "published totals; the other totals are assumed."
        ),
        "Boundaries and Census 2011 residents and households are real.",
        "The lines of the forums and hub areas are approximate.",
        "Hubs are those announced in 2011, each in the middle of its town, not at its address.",
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
    run(build, what="the pack of County Durham")
