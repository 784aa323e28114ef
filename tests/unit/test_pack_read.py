"""Reading a pack: what comes out of its files, and one clear refusal for each thing wrong."""

import math
import re
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest

from analysis.aggregate import aggregate
from analysis.rates import indicator_values
from geo.errors import (
    GeographyError,
    LayerError,
    PackError,
    PlanError,
    ReadError,
    VintageError,
    ZonewrightError,
)
from geo.write import write_lookup
from layers.pack import Pack
from layers.read import read_name, read_pack
from layers.status import Status
from small_pack import PLACES, UNITS, add_more, incidents, write_small_pack

Break = Callable[[Path], object]


@pytest.fixture
def small_folder(tmp_path: Path) -> Path:
    """The small pack with everything that a pack may have."""
    return add_more(write_small_pack(tmp_path))


def swap(file: str, old: str, new: str) -> Break:
    """Say to replace the first `old` in a file."""

    def change(folder: Path) -> None:
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def both(*changes: Break) -> Break:
    def change(folder: Path) -> None:
        for one in changes:
            one(folder)

    return change


def without(file: str) -> Break:
    return lambda folder: (folder / file).unlink()


def holding(file: str, content: bytes) -> Break:
    return lambda folder: (folder / file).write_bytes(content)


def holding_incidents(**columns: object) -> Break:
    return lambda folder: incidents().assign(**columns).to_parquet(folder / "incidents.parquet")


def boundaries_of(*units: str) -> Break:
    def change(folder: Path) -> None:
        frame = gpd.read_parquet(folder / "small.parquet")
        frame.assign(unit=units).to_parquet(folder / "small.parquet")

    return change


def refusal(folder: Path, kind: type[ZonewrightError], match: str) -> None:
    with pytest.raises(kind, match=match) as caught:
        read_pack(folder)
    assert "\n" not in str(caught.value)
    assert type(caught.value) is kind


BREAKS: list[tuple[str, Break, type[ZonewrightError], str]] = [
    ("no settings", without("authority.toml"), PackError, r"holds no authority\.toml"),
    ("no indicators", without("indicators.toml"), PackError, r"indicators\.toml is not there"),
    ("no measures", without("measures.csv"), PackError, r"measures\.csv is not there"),
    ("no plan", without("plans/zones.csv"), ReadError, r"plans/zones\.csv cannot be opened"),
    ("no boundaries", without("small.parquet"), ReadError, r"small\.parquet is not there"),
    (
        "settings that are no TOML",
        swap("authority.toml", '"small"', "small"),
        PackError,
        r"authority\.toml is not TOML: .*line 1.* Correct that line",
    ),
    (
        "settings in another encoding",
        holding("authority.toml", "name = 'Côte'".encode("cp1252")),
        PackError,
        r"authority\.toml is not TOML",
    ),
    (
        "a key that nobody knows",
        swap("authority.toml", 'key = "small"', 'key = "small"\ncolour = "red"'),
        PackError,
        r"authority\.toml: colour \(extra inputs are not permitted\)\. See docs/packs\.md",
    ),
    (
        "a key that is missing",
        swap("authority.toml", 'name = "Small Council"\n', ""),
        PackError,
        r"authority\.toml: name \(field required\)",
    ),
    (
        "four faults in one file",
        swap("authority.toml", 'crs = "EPSG:27700"\nvintage = "2011"\nb', "a=1\nc=1\nd=1\ne=1\nb"),
        PackError,
        r"crs .*, vintage .*, a .* and 3 more",
    ),
    (
        "another vintage than there is",
        swap("authority.toml", 'vintage = "2011"', 'vintage = "2031"'),
        PackError,
        r"vintage \(input should be '2011' or '2021'\)",
    ),
    (
        "a rule that nobody knows",
        swap("authority.toml", '"dfe"', '"none"'),
        PackError,
        r"disclosure \(input should be 'dfe' or 'nhs'\)",
    ),
    (
        "another reference system",
        swap("authority.toml", "27700", "4326"),
        PackError,
        r"crs \(input should be 'EPSG:27700'\)",
    ),
    (
        "a default that is no plan",
        swap("authority.toml", 'default_plan = "zones"', 'default_plan = "halves"'),
        PackError,
        r"opens on the plan 'halves', which it does not have\. Its plans are zones, pyramids",
    ),
    (
        "two plans of one key",
        swap("authority.toml", 'key = "pyramids"', 'key = "zones"'),
        PackError,
        r"plan 'zones' stands twice",
    ),
    (
        "a plan outside the folder",
        swap("authority.toml", '"zones.csv"', '"../zones.csv"'),
        PackError,
        r"'\.\./zones\.csv' is no file name\. Name a file of the pack",
    ),
    (
        "a plan anywhere on the disk",
        swap("authority.toml", '"zones.csv"', '"/etc/passwd"'),
        PackError,
        r"'/etc/passwd' is no file name",
    ),
    (
        "a plan in the folder above",
        swap("authority.toml", '"zones.csv"', '".."'),
        PackError,
        r"'\.\.' is no file name",
    ),
    (
        "boundaries outside the folder",
        swap("authority.toml", '"small.parquet"', '"../small.parquet"'),
        PackError,
        r"'\.\./small\.parquet' is no file name",
    ),
    (
        "boundaries without a name",
        swap("authority.toml", '"small.parquet"', '""'),
        PackError,
        r"'' is no file name",
    ),
    (
        "a target for no indicator",
        swap("authority.toml", 'indicator = "cp_share"', 'indicator = "cpshare"'),
        PackError,
        r"target is set for cpshare, which is no indicator of the pack",
    ),
    (
        "a zone listed twice",
        swap("authority.toml", '"Middle"', '"North"'),
        PlanError,
        r"zones\.csv: .*North more than once",
    ),
    (
        "a plan without one unit",
        swap("plans/zones.csv", "E01000004,Middle\n", ""),
        PlanError,
        r"zones\.csv: .*no zone for 1 of 9 units: E01000004",
    ),
    (
        "a plan of another vintage",
        swap("plans/zones.csv", "E01000004,", "E01034567,"),
        PlanError,
        r"zones\.csv: .*E01000004.* another vintage \(2011, 2021\)",
    ),
    (
        "a plan that names a unit twice",
        swap("plans/zones.csv", "E01000004,", "E01000003,"),
        ReadError,
        r"zones\.csv names E01000003 more than once",
    ),
    (
        "a plan without zones",
        swap("plans/zones.csv", "unit,zone", "unit,team"),
        ReadError,
        r"zones\.csv has no column 'zone'",
    ),
    (
        "units of 2021",
        boundaries_of("E01034567", *UNITS[1:]),
        VintageError,
        r"codes of 2021 where 2011 was wanted",
    ),
    ("empty measures", holding("measures.csv", b""), ReadError, r"measures\.csv cannot be read"),
    (
        "measures in another encoding",
        holding("measures.csv", "unit,Côte".encode("cp1252")),
        ReadError,
        r"measures\.csv cannot be read as a CSV table in UTF-8\. Save it as 'CSV UTF-8'",
    ),
    (
        "measures without units",
        swap("measures.csv", "unit,", "lsoa,"),
        ReadError,
        r"measures\.csv has no column unit",
    ),
    (
        "a column that nobody describes",
        swap("indicators.toml", 'key = "open_cp"', 'key = "open_cla"'),
        PackError,
        r"measures\.csv: open_cla, open_cp stand in the table or in indicators\.toml but not in",
    ),
    (
        "a column twice",
        swap("measures.csv", "open_cin", "open_cp"),
        ReadError,
        r"measures\.csv has two columns open_cp",
    ),
    (
        "a measure described twice",
        swap("indicators.toml", 'key = "open_cin"', 'key = "open_cp"'),
        PackError,
        r"open_cin stand in the table",
    ),
    (
        "incidents counted in the table",
        swap("measures.csv", "open_cp\n", "asb\n"),
        PackError,
        r"asb, open_cp stand in the table or in indicators\.toml but not in both",
    ),
    (
        "measures of a unit twice",
        swap("measures.csv", "E01000002", "E01000001"),
        PackError,
        r"measures\.csv: E01000002 stand twice, or only here or only in the boundaries",
    ),
    (
        "measures of another vintage",
        swap("measures.csv", "E01000002", "E01034567"),
        PackError,
        r"measures\.csv: E01000002, E01034567 .* Are the codes of another vintage \(2011, 2021\)",
    ),
    (
        "a row too short",
        swap("measures.csv", "E01000002,1000,200,20,12,8", "E01000002,1000,200"),
        ReadError,
        r"measures\.csv, line 3 has 3 cells under 6 columns",
    ),
    (
        "a row too long",
        swap("measures.csv", "E01000001,1000,100,10,9,0", "E01000001,1,000,100,10,9,0"),
        ReadError,
        r"measures\.csv, line 2 has 7 cells under 6 columns",
    ),
    *(
        (
            f"a count of {cell!r}",
            swap("measures.csv", "200,20,12", f"200,{cell},12"),
            ReadError,
            rf"1 cells are no counts; 'referrals' of E01000002 is '{re.escape(cell)}'\. Write",
        )
        for cell in (
            "-1",
            "2.5",
            "abc",
            "inf",
            "nan",
            "<5",
            "*",
            "C",
            "1e400",
            "0x10",
            "1_000",
            "٣",
        )
    ),
    (
        "an indicator of nothing",
        swap("indicators.toml", 'numerator = "referrals"', 'numerator = "contacts"'),
        PackError,
        r"does not count contacts, which every pack or its indicators need",
    ),
    (
        "an indicator twice",
        swap("indicators.toml", 'key = "cp_share"', 'key = "asb"'),
        PackError,
        r"indicator 'asb' stands twice",
    ),
    (
        "an indicator per nothing",
        swap("indicators.toml", "per = 10000", "per = 0"),
        LayerError,
        r"'referrals' is per 0; it must be above 0",
    ),
    (
        "an indicator without its kind",
        swap("indicators.toml", 'kind = "rate"\n', ""),
        PackError,
        r"indicators\.toml: indicators\.0\.kind \(field required\)",
    ),
    (
        "a measure of something else",
        swap("indicators.toml", 'counts = "episodes"', 'counts = "dogs"'),
        PackError,
        r"measures\.2\.counts \(input should be 'children', 'people'",
    ),
    (
        "no persons",
        both(
            swap("indicators.toml", 'key = "persons"', 'key = "residents"'),
            swap("measures.csv", "persons", "residents"),
            swap("indicators.toml", 'denominator = "persons"', 'denominator = "residents"'),
        ),
        PackError,
        r"does not count persons, which every pack",
    ),
    (
        "incidents that are no Parquet",
        holding("incidents.parquet", b"month,kind"),
        ReadError,
        r"incidents\.parquet cannot be read as Parquet",
    ),
    (
        "incidents without months",
        lambda folder: incidents().drop(columns="month").to_parquet(folder / "incidents.parquet"),
        ReadError,
        r"incidents\.parquet has no column month",
    ),
    (
        "incidents at words",
        holding_incidents(easting="near the pub"),
        ReadError,
        r"incidents\.parquet: the columns easting and northing do not hold numbers",
    ),
    (
        "staffing without FTE",
        swap("staffing.csv", "fte", "staff"),
        ReadError,
        r"staffing\.csv has no column 'fte'",
    ),
    (
        "FTE below zero",
        swap("staffing.csv", "worker,3", "worker,-3"),
        ReadError,
        r"staffing\.csv, line 2: The zone 'North' has -3\.0 FTE",
    ),
    (
        "FTE in words",
        swap("staffing.csv", "worker,3", "worker,three"),
        ReadError,
        r"staffing\.csv, line 2: .*fte.*'three'.* Correct the row",
    ),
    (
        "FTE without end",
        swap("staffing.csv", "worker,3", "worker,inf"),
        ReadError,
        r"staffing\.csv, line 2: .*fte.*'inf'",
    ),
    (
        "no FTE in a row of staff",
        swap("staffing.csv", "worker,3", "worker,"),
        ReadError,
        r"staffing\.csv, line 2: .*fte.*''",
    ),
    (
        "staff of another standing",
        swap("staffing.csv", "illustrative", "guessed"),
        ReadError,
        r"staffing\.csv, line 2: the status is 'guessed', not one of official, illustrative",
    ),
    (
        "staff of no plan",
        swap("staffing.csv", "zones,North", "areas,North"),
        PackError,
        r"staffing\.csv gives staff to zones that no plan has: 'North' of 'areas'",
    ),
    (
        "staff of no zone",
        swap("staffing.csv", "zones,South", "zones,Suoth"),
        PackError,
        r"staffing\.csv gives staff to zones that no plan has: 'Suoth' of 'zones'",
    ),
    (
        "a school of no tier",
        swap("schools.csv", ",upper,", ",uper,"),
        ReadError,
        r"schools\.csv, line 2: the tier is 'uper', not one of first, .*known\. Correct the row",
    ),
    *(
        (
            f"a school at {cell or 'no easting'}",
            swap("schools.csv", "West,370050", f"West,{cell}"),
            ReadError,
            rf"schools\.csv, line 2: .*easting.*'{cell}'",
        )
        for cell in ("", "here", "nan", "inf")
    ),
    (
        "schools without a column",
        swap("schools.csv", "urn", "number"),
        ReadError,
        r"schools\.csv has no column 'urn'. See docs/packs\.md",
    ),
    *(
        (
            f"a capacity of {cell}",
            swap("sites.csv", "40", cell),
            ReadError,
            rf"sites\.csv, line 2: .*capacity.*'{cell}'",
        )
        for cell in ("many", "-4", "nan")
    ),
    (
        "a site of another standing",
        swap("sites.csv", "official", "guessed"),
        ReadError,
        r"sites\.csv, line 2: the status is 'guessed'",
    ),
    (
        "a town of many people",
        swap("towns.csv", "9000", "many"),
        ReadError,
        r"towns\.csv, line 2: .*population.*'many'",
    ),
    (
        "a base of no zone",
        swap("zones.csv", "zones,South", "zones,Suoth"),
        PackError,
        r"zones\.csv tells of zones that no plan has: 'Suoth' of 'zones'",
    ),
    (
        "two bases of one zone",
        swap("zones.csv", "zones,South", "zones,North"),
        PackError,
        r"fact of a zone 'North \(zones\)' stands twice\. Keep one row of zones\.csv",
    ),
    (
        "a zone of which nothing is told",
        swap("zones.csv", "Library", ""),
        ReadError,
        r"zones\.csv, line 3: Nothing is told of the zone 'South'",
    ),
    (
        "a base of another standing",
        swap("zones.csv", "official", "rumour"),
        ReadError,
        r"zones\.csv, line 2: the status is 'rumour'",
    ),
    (
        "zones without a column",
        swap("zones.csv", "contact", "phone"),
        ReadError,
        r"zones\.csv has no column 'contact'",
    ),
    (
        "a figure of no indicator",
        swap("history.csv", "cp_share", "cpshare"),
        PackError,
        r"history\.csv has figures of cpshare, which is no indicator of the pack",
    ),
    (
        "a figure twice",
        swap("history.csv", "cp_share,2017-03-31", "referrals,2015-16"),
        PackError,
        r"published figure 'referrals, 2015-16, Small Council' stands twice",
    ),
    (
        "a figure without a number",
        swap("history.csv", "550.2", ""),
        ReadError,
        r"history\.csv, line 3: .*'referrals' of England, 2016-17, has a count and a value, or nei",
    ),
    (
        "a figure with a count and a value",
        swap("history.csv", "21,,,", "21,,26,"),
        ReadError,
        r"history\.csv, line 4: .* has a count and a value, or neither",
    ),
    *(
        (
            f"a count of {cell} in the history",
            swap("history.csv", ",90,", f",{cell},"),
            ReadError,
            rf"history\.csv, line 2: the x is '{cell}'",
        )
        for cell in ("-1", "many", "inf")
    ),
    (
        "a level of no measure",
        swap("authority.toml", 'measure = "open_cp"', 'measure = "open_pc"'),
        PackError,
        r"A level counts open_pc, which is no measure of the pack",
    ),
    (
        "levels that count a child twice",
        swap("authority.toml", 'measure = "open_cp"', 'measure = "open_cin"'),
        PackError,
        r"Two levels have the measure open_cin\. Count each child once",
    ),
    (
        "levels beyond the whole",
        swap("authority.toml", "ideal_share = 0.2", "ideal_share = 0.3"),
        PackError,
        r"ideal shares of the levels add up to 1\.1",
    ),
    (
        "a level above the whole",
        swap("authority.toml", "ideal_share = 0.2", "ideal_share = 20"),
        LayerError,
        r"ideal share of the level '4 On a plan' is 20\. Give it as 0 to 1",
    ),
    (
        "neighbours without a date",
        swap("authority.toml", 'date = "2016-17"', 'date = ""'),
        LayerError,
        r"statistical neighbours has no date",
    ),
    (
        "a neighbour twice",
        swap("authority.toml", '"Tiny Council", ', '"Little Council", '),
        LayerError,
        r"statistical neighbours names Little Council twice",
    ),
    (
        "a part of the scorecard that nobody knows",
        swap("indicators.toml", 'topic = "demand"', 'topic = "demand"\npart = "how big"'),
        PackError,
        r"indicators\.0\.part \(input should be 'how much', 'how well'",
    ),
    (
        "an implausible bound",
        swap("indicators.toml", 'topic = "need"', 'topic = "need"\nplausible_max = 120'),
        LayerError,
        r"highest plausible value of 'cp_share' is 120",
    ),
    (
        "a link to elsewhere",
        swap("links.csv", "E01000009", "E01999999"),
        GeographyError,
        r"links\.csv name units that the boundaries do not have: E01999999",
    ),
    (
        "links without a column",
        swap("links.csv", "unit_b", "to"),
        ReadError,
        r"links\.csv has no column 'unit_b'",
    ),
    (
        "a cut between strangers",
        swap("cuts.csv", "E01000002", "E01000006"),
        GeographyError,
        r"cut",
    ),
]


@pytest.mark.parametrize(
    ("change", "kind", "match"), [case[1:] for case in BREAKS], ids=[case[0] for case in BREAKS]
)
def test_what_is_wrong_with_a_pack_is_said_once(
    small_folder: Path, change: Break, kind: type[ZonewrightError], match: str
) -> None:
    change(small_folder)
    refusal(small_folder, kind, match)


def test_a_folder_without_a_pack_is_refused(tmp_path: Path) -> None:
    refusal(tmp_path, PackError, r"holds no authority\.toml\. Name the folder of one authority")


@pytest.mark.parametrize("file", ["authority.toml", "measures.csv", "plans/zones.csv"])
def test_a_refusal_names_the_file(small_folder: Path, file: str) -> None:
    (small_folder / file).write_bytes(b'"')
    refusal(small_folder, PackError if file.endswith("toml") else ReadError, Path(file).name)


@pytest.mark.parametrize(
    ("cell", "status"),
    [("", Status.MISSING), ("c", Status.SUPPRESSED), ("z", Status.NOT_APPLICABLE)],
)
def test_a_cell_without_a_number_says_why(small_folder: Path, cell: str, status: Status) -> None:
    swap("measures.csv", "200,20,12", f"200,{cell},12")(small_folder)
    measures = read_pack(small_folder).measures
    row = measures.row("referrals")
    assert measures.status[row].tolist() == [0, status, 0, 0, 0, 0, 0, 0, 0]
    assert np.isnan(measures.values[row, 1])


def test_a_zero_is_a_number(small_folder: Path) -> None:
    swap("measures.csv", "200,20,12", "200,0,12")(small_folder)
    measures = read_pack(small_folder).measures
    assert measures.counts("referrals")[1] == 0
    assert measures.status[measures.row("referrals")].tolist() == [Status.OK] * 9


def test_every_layer_of_a_whole_pack_is_there(small: Pack) -> None:
    assert small.measures.counts("children").tolist() == [
        100,
        200,
        300,
        200,
        200,
        200,
        400,
        200,
        200,
    ]
    assert small.plan("zones").plan.members("Middle") == UNITS[3:6]
    assert small.plan("pyramids").plan.unassigned == UNITS[1::3]
    assert small.schools is not None
    assert [(s.name, s.tier, s.pyramid) for s in small.schools] == [
        ("West School", "upper", "West"),
        ("Free School", "first", ""),
    ]
    assert small.sites is not None
    assert [site.capacity for site in small.sites] == [40, None]
    assert [town.population for town in small.towns] == [9000, None]
    assert small.staffing is not None
    assert small.staffing.fte("zones", ["North", "Middle", "South"]).tolist() == [4, 1, 2]


def test_a_plan_says_its_own_word_for_a_zone_or_that_of_the_authority(small: Pack) -> None:
    assert small.plan("zones").zone_word == "team area"
    assert small.plan("pyramids").zone_word == "pyramid"


def test_incidents_are_counted_as_a_measure(small: Pack) -> None:
    assert small.measures.counts("asb").tolist() == [2, 0, 0, 0, 1, 0, 0, 0, 1]
    assert small.incidents is not None
    assert str(small.incidents.ledger) == ("7 read = 4 used + 1 unlocated + 1 outside + 1 rejected")


def test_links_and_cuts_change_who_is_contiguous(small: Pack) -> None:
    pieces = small.geography.neighbours.pieces
    ends = np.array([0, -1, -1, -1, -1, -1, -1, -1, 0])
    assert len(set(pieces(ends)[[0, 8]])) == 1  # linked by the ferry
    pair = np.array([0, 0, -1, -1, -1, -1, -1, -1, -1])
    assert len(set(pieces(pair)[[0, 1]])) == 2  # parted by the estuary


@pytest.mark.parametrize("file", [*PLACES, "staffing.csv"])
def test_an_optional_file_may_be_missing(small_folder: Path, file: str) -> None:
    (small_folder / file).unlink()
    pack = read_pack(small_folder)
    layer = {"schools.csv": pack.schools, "sites.csv": pack.sites, "staffing.csv": pack.staffing}
    assert layer.get(file) is None
    assert pack.measures.keys[:2] == ("persons", "children")


def test_no_incidents_are_no_layer_when_nothing_counts_them(small_folder: Path) -> None:
    (small_folder / "incidents.parquet").unlink()
    with pytest.raises(PackError, match="does not count asb, which every pack or its indicators"):
        read_pack(small_folder)
    path = small_folder / "indicators.toml"
    path.write_text(path.read_text().rsplit("[[indicators]]", 1)[0])
    pack = read_pack(small_folder)
    assert pack.incidents is None
    assert not pack.measures.has("asb")


def test_a_layer_without_rows_is_empty_and_not_missing(small_folder: Path) -> None:
    header = PLACES["sites.csv"].split("\n")[0]
    (small_folder / "sites.csv").write_text(header)
    assert read_pack(small_folder).sites == ()


def test_blank_lines_quotes_and_a_byte_order_mark_do_not_matter(small_folder: Path) -> None:
    path = small_folder / "schools.csv"
    quoted = path.read_text().replace("West School", '"School, West"')
    path.write_bytes(b"\xef\xbb\xbf" + quoted.replace("\n", "\r\n\r\n").encode())
    schools = read_pack(small_folder).schools
    assert schools is not None
    assert [school.name for school in schools] == ["School, West", "Free School"]


def test_the_order_of_rows_does_not_matter(small_folder: Path, small: Pack) -> None:
    for file in ("measures.csv", "plans/zones.csv"):
        header, *rows = (small_folder / file).read_text().split()
        (small_folder / file).write_text("\n".join([header, *rows[::-1]]))
    pack = read_pack(small_folder)
    assert pack.plan("zones").plan == small.plan("zones").plan
    np.testing.assert_array_equal(pack.measures.values, small.measures.values)


def test_a_zone_may_stand_empty_in_the_order_of_zones(small_folder: Path) -> None:
    swap("authority.toml", '"Middle", ', '"Middle", "New", ')(small_folder)
    plan = read_pack(small_folder).plan("zones").plan
    assert plan.zones == ("North", "Middle", "New", "South")
    assert plan.members("New") == ()


def test_a_written_plan_reads_back_as_it_was(small_folder: Path, small: Pack) -> None:
    redrawn = small.plan("zones").plan.move(UNITS[:2], to="South").move(UNITS[4:5], to=None)
    write_lookup(redrawn, small_folder / "plans" / "zones.csv")
    assert read_pack(small_folder).plan("zones").plan == redrawn


def test_boundaries_of_its_own_come_before_those_that_ship(small_folder: Path) -> None:
    own = "lsoa11_dorset.parquet"
    (small_folder / "small.parquet").rename(small_folder / own)
    swap("authority.toml", "small.parquet", own)(small_folder)
    assert len(read_pack(small_folder).geography) == 9


def test_only_the_name_is_read_for_a_list(small_folder: Path) -> None:
    (small_folder / "measures.csv").unlink()
    assert read_name(small_folder) == "Small Council"


def test_what_a_pack_does_not_have_is_refused_with_what_it_has(small: Pack) -> None:
    with pytest.raises(
        PackError, match=r"'small' has no plan 'areas'\. Its plans are zones, pyramids"
    ):
        small.plan("areas")
    with pytest.raises(PackError, match=r"no indicator 'cin'\. It has referrals, cp_share, asb"):
        small.indicator("cin")


def test_a_cut_between_strangers_names_their_codes(small_folder: Path) -> None:
    (small_folder / "cuts.csv").write_text("unit_a,unit_b,reason\nE01000001,E01000008,a river\n")
    with pytest.raises(GeographyError, match=r"no neighbours: E01000001 and E01000008\."):
        read_pack(small_folder)


def test_a_pack_shows_what_it_is(small: Pack) -> None:
    assert repr(small) == "<Pack small, 9 units, plans zones, pyramids>"


def test_a_pack_is_illustrative_when_anything_in_it_was_modelled(small_folder: Path) -> None:
    assert read_pack(small_folder).standing == "illustrative"
    for name in ("indicators.toml", "sites.csv", "staffing.csv"):
        assert read_pack(small_folder).standing == "illustrative", name
        path = small_folder / name
        path.write_text(path.read_text().replace("illustrative", "official"))
    assert read_pack(small_folder).standing == "official"


def test_bases_levels_figures_and_neighbours_are_read(small_folder: Path) -> None:
    small = read_pack(small_folder)
    assert [(f.zone, f.base, f.contact) for f in small.zone_facts] == [
        ("North", "Town Hall", "North team"),
        ("South", "Library", ""),
    ]
    assert [(x.title, x.measure, x.ideal_share) for x in small.levels] == [
        ("3 In need", "open_cin", 0.8),
        ("4 On a plan", "open_cp", 0.2),
    ]
    before, england, plans = small.history
    assert (before.x, before.n) == (90, 1990)
    assert (england.value, math.isnan(england.x)) == (550.2, True)
    assert math.isnan(plans.n)
    assert small.statistical_neighbours is not None
    assert small.statistical_neighbours.names == ("Tiny Council", "Little Council")


def test_a_pack_without_them_has_none(small: Pack) -> None:
    pack = small
    assert (pack.zone_facts, pack.levels, pack.history) == ((), (), ())
    assert pack.statistical_neighbours is None


def test_a_made_up_base_makes_a_pack_illustrative(small_folder: Path) -> None:
    for name in ("indicators.toml", "staffing.csv"):
        path = small_folder / name
        path.write_text(path.read_text().replace("illustrative", "official"))
    assert read_pack(small_folder).standing == "official"
    swap("zones.csv", "official", "illustrative")(small_folder)
    assert read_pack(small_folder).standing == "illustrative"


def test_a_new_indicator_is_a_few_lines_and_no_code(small_folder: Path) -> None:
    """A count the tool has never heard of, described and counted in the pack's own files."""
    described = """
[[measures]]
key = "young_carers"
title = "Young carers"
counts = "children"
period = "2016-17"
source = "drawn"
status = "official"
sensitive = true
group = "carers"

[[indicators]]
key = "carers"
title = "Young carers"
numerator = "young_carers"
denominator = "children"
per = 1000
kind = "rate"
polarity = "none"
topic = "need"
decimals = 1
period = "2016-17"
source = "drawn"
status = "official"
outcome = "Safe at home"
part = "how much"
plausible_max = 200
"""
    path = small_folder / "indicators.toml"
    path.write_text(path.read_text() + described)
    table = small_folder / "measures.csv"
    header, *rows = table.read_text().split()
    table.write_text("\n".join([f"{header},young_carers", *(f"{row},6" for row in rows)]))
    pack = read_pack(small_folder)
    indicator = pack.indicator("carers")
    assert (indicator.outcome, indicator.part, indicator.plausible_max) == (
        "Safe at home",
        "how much",
        200,
    )
    totals = aggregate(pack.plan("zones").plan, pack.measures)
    values = indicator_values(indicator, totals.counts("young_carers"), totals.counts("children"))
    np.testing.assert_allclose(values.value, [30, 30, 22.5])
    assert [measure.key for measure in pack.measures.of_group("carers")] == ["young_carers"]
