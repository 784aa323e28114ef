"""Build `data/authorities/dorset`: Dorset County Council as it was in 2016-17.

Run `python -m data.build_dorset [--wheels FOLDER]`.

Seven Family Partnership Zones built on school pyramids, four social-work areas, and East and West
for Family Focus. Only the Dorchester zone, its pyramid and its schools are published in full; all
other lines are drawn around the towns that have an upper or secondary school, and say so.
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
from data.build_history import county_history, dfe_history, england_2025
from data.build_indicators import CABINET_2017, Periods
from data.build_model import Totals
from data.build_plans import Place, grouped, nearest_place, places, without_strays
from data.build_practice import Practice
from data.build_registry import Wheels
from data.build_sources import DFE, Source

# Villages and towns by the pyramid they belong to; grid references in hundreds of metres. The
# Dorchester group are the places of the schools that are published as its members, and the
# parishes that the Dorchester Middle School publishes as its catchment.
PLACES: tuple[Place, ...] = (
    *places(
        "Dorchester",
        ("Dorchester", 3692, 907),
        ("Poundbury", 3673, 907),
        ("Charminster", 3679, 927),
        ("Puddletown", 3758, 944),
        ("Broadmayne", 3727, 865),
        ("Crossways", 3768, 884),
        ("West Stafford", 3726, 895),
        ("Owermoigne", 3769, 854),
        ("Cerne Abbas", 3665, 1012),
        ("Minterne Magna", 3659, 1043),
        ("Sydling St Nicholas", 3632, 994),
        ("Frampton", 3628, 950),
        ("Piddlehinton", 3715, 971),
        ("Piddletrenthide", 3702, 1006),
        ("Cheselbourne", 3762, 997),
        ("Ansty", 3765, 1032),
        ("Milborne St Andrew", 3802, 976),
        ("Winterbourne Abbas", 3618, 905),
        ("Winterborne St Martin", 3647, 889),
    ),
    *places(
        "Weymouth",
        ("Weymouth", 3679, 790),
        ("Wyke Regis", 3662, 775),
        ("Chickerell", 3644, 805),
        ("Upwey", 3665, 850),
        ("Preston", 3705, 830),
        ("Osmington", 3725, 830),
        ("Portesham", 3603, 858),
        ("Abbotsbury", 3577, 853),
    ),
    *places("Portland", ("Fortuneswell", 3686, 735), ("Easton", 3691, 718), ("Weston", 3684, 707)),
    *places(
        "Bridport",
        ("Bridport", 3466, 929),
        ("Burton Bradstock", 3488, 895),
        ("Loders", 3495, 942),
        ("Powerstock", 3517, 962),
        ("Symondsbury", 3445, 936),
        ("Chideock", 3422, 928),
        ("Litton Cheney", 3551, 907),
    ),
    *places(
        "Lyme Regis",
        ("Lyme Regis", 3341, 921),
        ("Charmouth", 3365, 937),
        ("Marshwood", 3383, 995),
        ("Whitchurch Canonicorum", 3397, 954),
    ),
    *places(
        "Beaminster",
        ("Beaminster", 3480, 1014),
        ("Broadwindsor", 3437, 1026),
        ("Mosterton", 3454, 1056),
        ("Thorncombe", 3375, 1034),
        ("Corscombe", 3517, 1054),
        ("Evershot", 3573, 1046),
        ("Maiden Newton", 3598, 977),
    ),
    *places(
        "Sherborne",
        ("Sherborne", 3638, 1166),
        ("Bradford Abbas", 3587, 1143),
        ("Thornford", 3603, 1130),
        ("Yetminster", 3595, 1108),
        ("Leigh", 3618, 1086),
        ("Longburton", 3649, 1128),
        ("Bishop's Caundle", 3696, 1132),
        ("Buckland Newton", 3688, 1053),
    ),
    *places(
        "Sturminster Newton",
        ("Sturminster Newton", 3787, 1141),
        ("Stalbridge", 3735, 1179),
        ("Marnhull", 3782, 1188),
        ("Lydlinch", 3743, 1135),
        ("Hazelbury Bryan", 3745, 1085),
        ("Okeford Fitzpaine", 3807, 1107),
        ("Shillingstone", 3826, 1109),
        ("Child Okeford", 3834, 1127),
    ),
    *places(
        "Gillingham",
        ("Gillingham", 3807, 1265),
        ("Bourton", 3769, 1304),
        ("Milton on Stour", 3798, 1286),
        ("Kington Magna", 3767, 1230),
        ("East Stour", 3795, 1229),
    ),
    *places(
        "Shaftesbury",
        ("Shaftesbury", 3863, 1230),
        ("Motcombe", 3849, 1255),
        ("Compton Abbas", 3870, 1184),
        ("Fontmell Magna", 3866, 1170),
        ("Iwerne Minster", 3868, 1145),
        ("Ashmore", 3912, 1178),
    ),
    *places(
        "Blandford",
        ("Blandford Forum", 3885, 1064),
        ("Pimperne", 3905, 1093),
        ("Tarrant Hinton", 3937, 1113),
        ("Tarrant Keyneston", 3925, 1040),
        ("Durweston", 3858, 1086),
        ("Winterborne Stickland", 3835, 1047),
        ("Winterborne Whitechurch", 3836, 1002),
        ("Winterborne Kingston", 3862, 977),
        ("Milton Abbas", 3806, 1018),
        ("Charlton Marshall", 3900, 1040),
        ("Spetisbury", 3909, 1028),
    ),
    *places(
        "Wareham",
        ("Wareham", 3924, 875),
        ("Sandford", 3929, 898),
        ("Stoborough", 3925, 862),
        ("Wool", 3846, 867),
        ("Bovington", 3834, 887),
        ("Moreton", 3805, 893),
        ("Winfrith Newburgh", 3805, 845),
        ("West Lulworth", 3825, 807),
        ("Bere Regis", 3847, 948),
    ),
    *places(
        "Swanage",
        ("Swanage", 4029, 789),
        ("Langton Matravers", 3998, 788),
        ("Worth Matravers", 3974, 775),
        ("Corfe Castle", 3962, 821),
        ("Studland", 4036, 825),
    ),
    *places(
        "Lytchett Minster",
        ("Lytchett Minster", 3961, 930),
        ("Upton", 3981, 933),
        ("Lytchett Matravers", 3946, 954),
        ("Morden", 3914, 955),
    ),
    *places(
        "Wimborne",
        ("Wimborne Minster", 4010, 1001),
        ("Colehill", 4025, 1007),
        ("Corfe Mullen", 3977, 976),
        ("Sturminster Marshall", 3950, 1000),
        ("Holt", 4029, 1039),
        ("Witchampton", 3989, 1064),
        ("Gussage All Saints", 3998, 1107),
        ("Sixpenny Handley", 3995, 1173),
        ("Cranborne", 4055, 1133),
        ("Alderholt", 4120, 1126),
        ("Verwood", 4085, 1086),
    ),
    *places(
        "Ferndown",
        ("Ferndown", 4073, 1007),
        ("West Moors", 4082, 1030),
        ("West Parley", 4088, 978),
        ("Hampreston", 4055, 988),
        ("Three Legged Cross", 4083, 1056),
        ("St Leonards", 4106, 1035),
        ("Ashley Heath", 4115, 1050),
    ),
    *places(
        "Christchurch",
        ("Christchurch", 4158, 928),
        ("Jumpers Common", 4140, 940),
        ("Hurn", 4127, 970),
        ("Burton", 4167, 946),
        ("Somerford", 4177, 936),
        ("Mudeford", 4183, 923),
    ),
    *places("Highcliffe", ("Highcliffe", 4203, 933), ("Walkford", 4220, 943)),
)

PYRAMIDS = tuple(dict.fromkeys(place.zone for place in PLACES))

ZONES = {
    "Dorchester": ("Dorchester",),
    "Weymouth and Portland": ("Weymouth", "Portland"),
    "Bridport and Beaminster": ("Bridport", "Lyme Regis", "Beaminster"),
    "North Dorset": (
        "Sherborne",
        "Sturminster Newton",
        "Gillingham",
        "Shaftesbury",
        "Blandford",
    ),
    "Purbeck": ("Wareham", "Swanage", "Lytchett Minster"),
    "East Dorset": ("Wimborne", "Ferndown"),
    "Christchurch": ("Christchurch", "Highcliffe"),
}
AREAS = {
    "South": ("Weymouth", "Portland", "Wareham", "Swanage"),
    "West": ("Dorchester", "Bridport", "Lyme Regis", "Beaminster", "Sherborne"),
    "Central": ("Lytchett Minster", "Wimborne", "Ferndown", "Christchurch", "Highcliffe"),
    "North": ("Sturminster Newton", "Gillingham", "Shaftesbury", "Blandford"),
}
EAST_WEST = {
    "East": (
        "Blandford",
        "Wareham",
        "Swanage",
        "Lytchett Minster",
        "Wimborne",
        "Ferndown",
        "Christchurch",
        "Highcliffe",
    ),
    "West": (
        "Dorchester",
        "Weymouth",
        "Portland",
        "Bridport",
        "Lyme Regis",
        "Beaminster",
        "Sherborne",
        "Sturminster Newton",
        "Gillingham",
        "Shaftesbury",
    ),
}

# Units whose centre lies nearer a village of another pyramid than most of their people do.
CORRECTED = {
    "E01020441": "Blandford",  # its largest village is Winterborne Stickland
    "E01020467": "Wareham",  # Stoborough and the heath south of Wareham
    "E01033200": "Portland",  # Fortuneswell; the centre lies out on Chesil Beach
}

# Villages of the Wimborne pyramid that lie in the north of the county, far from the conurbation.
NORTHERN_VILLAGES = {
    "Alderholt",
    "Cranborne",
    "Gussage All Saints",
    "Sixpenny Handley",
    "Verwood",
}
# Osmington and Owermoigne join Weymouth and Purbeck along the coast.
COASTAL_GAP = "E01020537"

LINKS = (
    (
        "E01020587",
        "E01033200",
        "Wyke Regis and Portland: Portland Beach Road (A354) over Ferry Bridge",
    ),
)
CUTS = (
    (
        "E01020516",
        "E01033200",
        "Across the Fleet: the border is a strip of Chesil Beach with no way over the lagoon",
    ),
)

REPORT = Source(
    "cabinet",
    "Report to Cabinet on children's services, September 2017",
    "Dorset County Council",
    "figures cited with their source",
    "2017-09",
    None,
    "Figures cited from Dorset County Council, report to Cabinet, September 2017.",
)
DIRECTORY = "Dorchester Area Schools Partnership: published list of its schools"
OTHER_HEADS = "Named from general knowledge, not checked against a register; approximate"

# The Dorchester pyramid, published in full. A postcode is given where a public page states it:
# the schools' own pages and prospectus, locrating.com, crystalroof.co.uk and educationbase.co.uk.
DORCHESTER_SCHOOLS: tuple[tuple[str, str, str, str, str], ...] = (
    ("The Thomas Hardye School", "upper", "Dorchester", "DT1 2ET", "137163"),
    ("Dorchester Middle School", "middle", "Dorchester", "DT1 2HS", "138186"),
    ("St Mary's Church of England Middle School", "middle", "Puddletown", "DT2 8SA", "138189"),
    ("St Osmund's Church of England Middle School", "middle", "Dorchester", "", ""),
    ("Damers First School", "first", "Dorchester", "", ""),
    ("Manor Park Church of England First School", "first", "Dorchester", "", ""),
    ("The Prince of Wales School", "first", "Dorchester", "DT1 2HH", "113747"),
    ("Puddletown Church of England First School", "first", "Puddletown", "", ""),
    ("Frome Valley First School", "first", "Crossways", "", ""),
    ("Broadmayne First School", "first", "Broadmayne", "", ""),
    ("Cerne Abbas First School", "first", "Cerne Abbas", "", "113759"),
    ("Cheselbourne Village School", "first", "Cheselbourne", "DT2 7NT", "113663"),
    ("Milborne St Andrew First School", "first", "Milborne St Andrew", "", ""),
    ("Piddle Valley First School", "first", "Piddletrenthide", "", ""),
    ("Winterbourne Valley First School", "first", "Winterbourne Abbas", "", ""),
    ("St Mary's First School", "first", "Charminster", "", ""),
)
HEADS: tuple[tuple[str, str, str, str], ...] = (
    ("Budmouth College", "secondary", "Weymouth", "Chickerell"),
    ("All Saints' Church of England School", "secondary", "Weymouth", "Wyke Regis"),
    ("Wey Valley School", "secondary", "Weymouth", "Upwey"),
    ("Isle of Portland Aldridge Community Academy", "all-through", "Portland", "Easton"),
    ("The Sir John Colfox School", "secondary", "Bridport", "Bridport"),
    ("The Woodroffe School", "secondary", "Lyme Regis", "Lyme Regis"),
    ("Beaminster School", "secondary", "Beaminster", "Beaminster"),
    ("The Gryphon School", "secondary", "Sherborne", "Sherborne"),
    ("Sturminster Newton High School", "secondary", "Sturminster Newton", "Sturminster Newton"),
    ("Gillingham School", "secondary", "Gillingham", "Gillingham"),
    ("Shaftesbury School", "secondary", "Shaftesbury", "Shaftesbury"),
    ("The Blandford School", "secondary", "Blandford", "Blandford Forum"),
    ("The Purbeck School", "secondary", "Wareham", "Wareham"),
    ("The Swanage School", "secondary", "Swanage", "Swanage"),
    ("Lytchett Minster School", "secondary", "Lytchett Minster", "Lytchett Minster"),
    ("Queen Elizabeth's School", "upper", "Wimborne", "Wimborne Minster"),
    ("Ferndown Upper School", "upper", "Ferndown", "Ferndown"),
    ("Twynham School", "secondary", "Christchurch", "Christchurch"),
    ("The Grange School", "secondary", "Christchurch", "Somerford"),
    ("Highcliffe School", "secondary", "Highcliffe", "Highcliffe"),
)
TOWN_NAMES = {"Dorchester", "Blandford Forum", "Wimborne Minster", *PYRAMIDS} - {"Lytchett Minster"}

# Where a base for each zone would stand; the council's own bases are not published as a list.
BASES = {
    "Dorchester": "Dorchester",
    "Weymouth and Portland": "Weymouth",
    "Bridport and Beaminster": "Bridport",
    "North Dorset": "Blandford Forum",
    "Purbeck": "Wareham",
    "East Dorset": "Ferndown",
    "Christchurch": "Christchurch",
}
AREA_BASES = {
    "South": "Weymouth",
    "West": "Dorchester",
    "Central": "Ferndown",
    "North": "Blandford Forum",
}
HALF_BASES = {"East": "Ferndown", "West": "Dorchester"}

NAME = "Dorset County Council (2016-17)"
# The authority of 2019, without Christchurch: another area than this pack's.
SUCCESSOR = dfe_history(
    "Dorset Council (from 2019)",
    children=67_149,
    referrals=2_349,
    again=14.7,
    cin=2_177,
    cp=278,
    cla=437,
)


def dorset_plans(ground: Ground) -> Sequence[PlanFile]:
    """Draw the pyramids around their places, and build the other plans out of whole pyramids."""
    units = ground.units["unit"].tolist()
    nearest = nearest_place(ground.units, PLACES, corrected=CORRECTED)
    pyramids = without_strays(nearest, units, ground.neighbours)
    by_name = [Place(p.name, p.easting, p.northing, p.name) for p in PLACES]
    village = nearest_place(ground.units, by_name)
    northern = [unit for unit in units if village[unit] in NORTHERN_VILLAGES]
    areas = grouped(pyramids, AREAS) | dict.fromkeys(northern, "North") | {COASTAL_GAP: "South"}
    lines = "Lines follow the nearest town or village of each pyramid, whole LSOAs."
    return (
        PlanFile(
            "zones",
            "Family Partnership Zones",
            grouped(pyramids, ZONES),
            tuple(ZONES),
            "approximate",
            "Seven zones built on school pyramids. Only the Dorchester zone is published in full; "
            f"the other six, their names included, are inferred. {lines}",
            "Dorset County Council, Family Partnership Zones, 2016; Dorchester as published",
        ),
        PlanFile(
            "areas",
            "Social-work areas",
            areas,
            tuple(AREAS),
            "approximate",
            "The council names four areas, South, West, Central and North, and does not publish "
            "their lines. These are whole pyramids of similar population, with Verwood and "
            "Cranborne in North and Osmington in South.",
            CABINET_2017,
            zone_word="social-work area",
        ),
        PlanFile(
            "east_west",
            "Family Focus: East and West",
            grouped(pyramids, EAST_WEST),
            tuple(EAST_WEST),
            "approximate",
            "Family Focus works in an East and a West half; the line between them is not "
            "published. These are whole pyramids, half of the residents in each.",
            CABINET_2017,
            zone_word="Family Focus half",
        ),
        PlanFile(
            "pyramids",
            "School pyramids",
            pyramids,
            PYRAMIDS,
            "approximate",
            "One pyramid for each town with an upper or secondary school. The schools of the "
            f"Dorchester pyramid are published; all catchment lines are inferred. {lines}",
            DIRECTORY,
            kind="pyramids",
            zone_word="pyramid",
        ),
    )


def dorset_schools(ground: Ground) -> list[tuple[object, ...]]:
    """Place the Dorchester pyramid's schools and the heads of the other pyramids."""
    rows: list[tuple[object, ...]] = []
    for name, tier, village, postcode, urn in DORCHESTER_SCHOOLS:
        easting, northing, placed = _placed(ground, village, postcode)
        rows.append((name, tier, "Dorchester", easting, northing, placed, urn, DIRECTORY))
    for name, tier, pyramid, town in HEADS:
        easting, northing, placed = _placed(ground, town, "")
        rows.append((name, tier, pyramid, easting, northing, placed, "", OTHER_HEADS))
    return rows


def dorset_sites(ground: Ground) -> list[tuple[object, ...]]:
    """Put one made-up base for each zone in the centre of its main town."""
    rows: list[tuple[object, ...]] = []
    for zone, town in BASES.items():
        easting, northing, placed = _placed(ground, town, "")
        source = "Assumed: one base a zone, in its main town"
        name = f"{zone} zone base"
        rows.append((name, "office", easting, northing, None, placed, source, "illustrative"))
    return rows


def _placed(ground: Ground, village: str, postcode: str) -> tuple[int, int, str]:
    if postcode:
        easting, northing = ground.postcodes.loc[[postcode], ["easting", "northing"]].to_numpy()[0]
        return int(easting), int(northing), "postcode"
    place = next(place for place in PLACES if place.name == village)
    easting, northing = village_centre(ground, place.easting, place.northing)
    return easting, northing, "town centre" if village in TOWN_NAMES else "village centre"


RECIPE = Recipe(
    key="dorset",
    name=NAME,
    # Christchurch, East Dorset, North Dorset, Purbeck, West Dorset, Weymouth and Portland.
    codes=("E07000048", "E07000049", "E07000050", "E07000051", "E07000052", "E07000053"),
    zone_word="Family Partnership Zone",
    default_plan="zones",
    letters="BDEST",
    postcode_districts=("E06000058", "E06000059"),
    seed=20170901,
    totals=Totals(
        children=77_156,
        contacts=16_111,
        referrals=5_203,
        rereferrals=1_450,
        open_cin=800,
        open_cp=331,
        open_cla=442,
    ),
    average_caseload=15.2,
    staffing_source="Assumed: open cases at 15.2 a worker (England 2025), spread by children",
    periods=Periods(
        year="2016-17",
        open_on="2017-08-31",
        children_on="2016-06-30",
        children_source="77,156, derived from 331 plans at 42.9 per 10,000 (Cabinet report, 2017)",
        totals_source="the authority's published total (Cabinet report, September 2017)",
        cin_note="The report says 'about 800', read here as those on neither list",
        asb="2015-16",
        asb_title="Anti-social behaviour",
        asb_source="Modelled; adds up to 9,000 ('just over 9,000' police-recorded in 2015/16)",
        cp_benchmarks=(
            ("England 2016-17", 43.1, CABINET_2017),
            ("South West 2016-17", 43.4, CABINET_2017),
            ("Statistical neighbours 2016-17", 37.0, CABINET_2017),
        ),
        notes={
            "contacts_decided_24h": ("year", "97 % of contacts (Cabinet report, 2017)"),
            "contacts_diverted": ("year", "81 % of what went to triage (Cabinet report, 2017)"),
        },
    ),
    asb=Asb(total=9_000, months=year_of_months("2015-04")),
    plans=dorset_plans,
    schools=dorset_schools,
    sites=dorset_sites,
    links=LINKS,
    cuts=CUTS,
    targets=(
        {"indicator": "rereferral", "value": 0.20, "better": "low", "source": CABINET_2017},
        {"indicator": "decision_24h", "value": 0.99, "better": "high", "source": CABINET_2017},
        {"indicator": "triage_diversion", "value": 0.80, "better": "high", "source": CABINET_2017},
    ),
    practice=Practice(decided_24h=0.97, diverted=0.81),
    bases={"zones": BASES, "areas": AREA_BASES, "east_west": HALF_BASES},
    history=(*county_history(NAME), *SUCCESSOR, *england_2025()),
    sources=(REPORT, DFE),
    main_towns=(
        "Weymouth",
        "Dorchester",
        "Christchurch",
        "Ferndown",
        "Bridport",
        "Wimborne Minster",
        "Blandford Forum",
        "Gillingham",
        "Swanage",
        "Sherborne",
        "Verwood",
        "Shaftesbury",
        "Wareham",
        "Sturminster Newton",
        "Lyme Regis",
        "Beaminster",
        "Fortuneswell",
        "Poole",
        "Bournemouth",
    ),
    notes=(
        (
            "Every count but residents and households is illustrative: modelled for each "
            "LSOA. Children, contacts, decisions in 24 hours, referrals, re-referrals, open cases "
            "and ASB add up to the authority's published figures; the other totals are assumed."
        ),
        "Boundaries and Census 2011 residents and households are real.",
        (
            "Only the Dorchester zone, its pyramid and its schools are published in full; all "
            "other lines are approximate."
        ),
        (
            "The county as of 2016-17 includes Christchurch, which joined Bournemouth, "
            "Christchurch and Poole in 2019."
        ),
        (
            "The report's referral share of contacts, 48 % with a target below 45 %, is by a count "
            "of its own, which no count here gives; it is not shown."
        ),
        (
            "Brownsea Island belongs to the unit of Studland (E01020466); its ferries leave from "
            "Poole, in another authority, so this pack has no link for them."
        ),
    ),
    manifest_notes=(
        (
            "Modelled columns were drawn with a fixed seed and add up to the published totals; see "
            "docs/data.md."
        ),
        "ASB incidents are modelled: a unit, a month and a class, no point.",
    ),
)


def build(wheels: Wheels) -> None:
    """Write the pack."""
    build_authority(RECIPE, wheels)


if __name__ == "__main__":
    run(build, what="the pack of Dorset")
