"""Schools: which are kept, where they stand, their tier, and what is known of their pupils."""

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import LayerError, ReadError, ZonewrightError
from geo.ledger import Ledger
from geo.postcodes import Postcodes
from geo.read.file import File
from geo.read.kind import Peek
from layers.places import School, Schools
from layers.read.schools import KIND, read_schools
from layers.status import Status

COLUMNS = {
    "URN": "113659",
    "LA (code)": "838",
    "EstablishmentNumber": "2002",
    "EstablishmentName": "St Osmund’s",
    "TypeOfEstablishment (name)": "Community school",
    "EstablishmentTypeGroup (name)": "Local authority maintained schools",
    "EstablishmentStatus (name)": "Open",
    "CloseDate": "",
    "PhaseOfEducation (name)": "Primary",
    "StatutoryLowAge": "4",
    "StatutoryHighAge": "11",
    "AdmissionsPolicy (name)": "Not applicable",
    "ReligiousCharacter (name)": "Does not apply",
    "NumberOfPupils": "241",
    "PercentageFSM": "4.2",
    "FSM": "10",
    "Postcode": "DT1 1AA",
    "GSSLACode (name)": "E06000059",
    "Easting": "392069",
    "Northing": "108224",
    "LSOA (code)": "E01034378",
}


def register(*schools: dict[str, str], without: tuple[str, ...] = ()) -> File:
    """Write a register of schools that differ from the first by what is given; URNs count up."""
    names = [name for name in COLUMNS if name not in without]
    rows = [COLUMNS | {"URN": str(113659 + i)} | school for i, school in enumerate(schools)]
    lines = [names, *([row[name] for name in names] for row in rows)]
    text = "\n".join(",".join(f'"{cell}"' for cell in line) for line in lines)
    return File.from_bytes("edubasealldata20260130.csv", f"{text}\n".encode("cp1252"))


def one(changes: dict[str, str]) -> School:
    (school,) = read_schools(register(changes)).schools
    return school


def counts(ledger: Ledger) -> tuple[int, int, int, int]:
    return ledger.used, ledger.unlocated, ledger.outside, len(ledger.rejected)


def test_a_school_is_read_with_what_the_register_knows() -> None:
    school = one({})
    assert (school.name, school.urn, school.laestab) == ("St Osmund’s", "113659", "838/2002")
    assert (school.easting, school.northing, school.placed) == (392069.0, 108224.0, "GIAS")
    assert (school.pupils, school.fsm_share) == (241.0, pytest.approx(0.042))
    assert (school.district, school.lsoa, school.tier) == ("E06000059", "E01034378", "primary")
    assert school.source == "GIAS 2026-01-30"


def test_the_number_of_an_establishment_has_four_digits() -> None:
    assert one({"EstablishmentNumber": "7"}).laestab == "838/0007"
    assert one({"EstablishmentNumber": ""}).laestab == ""


def test_only_open_schools_are_kept_and_others_are_counted_by_status() -> None:
    statuses = ["Open", "Open, but proposed to close", "Closed", "Closed", "Proposed to open"]
    read = read_schools(register(*({"EstablishmentStatus (name)": s} for s in statuses)))
    assert counts(read.ledger) == (2, 0, 0, 0)
    assert read.passed_over == {"closed": 2, "proposed to open": 1}


def test_schools_of_other_districts_are_outside() -> None:
    file = register({}, {"GSSLACode (name)": "E08000034"}, {"GSSLACode (name)": ""})
    read = read_schools(file, districts=["E06000059"])
    assert counts(read.ledger) == (1, 0, 1, 1)
    assert read.ledger.rejected[0].reason == "no district is given"


@pytest.mark.parametrize(
    ("changes", "tier"),
    [
        ({"StatutoryHighAge": "11"}, "primary"),
        ({"StatutoryHighAge": "10"}, "first"),
        ({"StatutoryHighAge": "9"}, "first"),
        ({"StatutoryHighAge": ""}, "primary"),
        ({"PhaseOfEducation (name)": "Middle deemed primary"}, "middle"),
        ({"PhaseOfEducation (name)": "Middle deemed secondary"}, "middle"),
        ({"PhaseOfEducation (name)": "Secondary", "StatutoryLowAge": "11"}, "secondary"),
        ({"PhaseOfEducation (name)": "Secondary", "StatutoryLowAge": "12"}, "upper"),
        ({"PhaseOfEducation (name)": "Secondary", "StatutoryLowAge": "13"}, "upper"),
        ({"PhaseOfEducation (name)": "All-through"}, "all-through"),
        ({"PhaseOfEducation (name)": "Nursery"}, "nursery"),
        ({"PhaseOfEducation (name)": "16 plus"}, "sixteen plus"),
        ({"PhaseOfEducation (name)": "Not applicable"}, "not known"),
        ({"TypeOfEstablishment (name)": "Community special school"}, "special"),
        ({"TypeOfEstablishment (name)": "Free School-Special"}, "special"),
        ({"TypeOfEstablishment (name)": "Pupil referral unit"}, "alternative"),
        ({"TypeOfEstablishment (name)": "AP Academy"}, "alternative"),
        ({"TypeOfEstablishment (name)": "Academy alternative provision converter"}, "alternative"),
        ({"TypeOfEstablishment (name)": "Other independent school"}, "independent"),
        ({"TypeOfEstablishment (name)": "Other independent special school"}, "special"),
        ({"EstablishmentTypeGroup (name)": "Independent schools"}, "independent"),
    ],
)
def test_the_tier_is_told_by_type_phase_and_ages(changes: dict[str, str], tier: str) -> None:
    assert one(changes).tier == tier


def test_overrides_tell_the_tier_and_say_whom_they_do_not_find() -> None:
    read = read_schools(register({}), overrides={"113659": "first", "999999": "upper"})
    assert read.schools[0].tier == "first"
    assert "1 overrides name schools that are not open here." in read.notes


def test_without_ages_first_and_upper_cannot_be_told_and_this_is_said() -> None:
    read = read_schools(register({}, without=("StatutoryLowAge", "StatutoryHighAge")))
    assert read.schools[0].tier == "primary"
    assert any("No ages are given" in note for note in read.notes)


def test_infant_schools_are_said() -> None:
    read = read_schools(register({"StatutoryHighAge": "7"}))
    assert "1 schools end at 7 or earlier (infant schools) and count as first." in read.notes


@pytest.mark.parametrize(
    "nowhere",
    [
        {"Easting": "", "Northing": ""},
        {"Easting": "0", "Northing": "0"},
        {"Easting": "9999999"},
        {"Northing": "-5"},
    ],
)
def test_a_school_without_a_point_stands_at_its_postcode_or_nowhere(
    nowhere: dict[str, str],
) -> None:
    read = read_schools(register(nowhere), postcodes={"dt11aa": (369_000.0, 90_000.0)})
    assert (read.schools[0].easting, read.schools[0].placed) == (369_000.0, "postcode")
    lost = read_schools(register(nowhere))
    assert counts(lost.ledger) == (0, 1, 0, 0)
    assert (lost.unplaced, lost.urns) == (("113659",), frozenset({"113659"}))


def test_a_directory_of_postcodes_gives_points_too() -> None:
    known = Postcodes(
        np.array([b"DT11AA"], dtype="S7"),
        np.array([369_000.0]),
        np.array([90_000.0]),
        {},
        None,
        np.array([False]),
        Ledger("onspd.csv", 1, 1),
    )
    codes = ["DT1 1AA", "žž 1", ""]
    file = register(*({"Easting": "", "Postcode": code} for code in codes))
    read = read_schools(file, postcodes=known)
    assert [(s.easting, s.placed) for s in read.schools] == [(369_000.0, "postcode")]
    assert counts(read.ledger) == (1, 2, 0, 0)


@pytest.mark.parametrize(
    ("changes", "share", "status"),
    [
        ({"PercentageFSM": ""}, None, Status.MISSING),
        ({"PercentageFSM": "0", "FSM": ""}, None, Status.MISSING),
        ({"PercentageFSM": "0", "FSM": "0"}, 0.0, Status.OK),
        ({"PercentageFSM": "100"}, 1.0, Status.OK),
        ({"PercentageFSM": "SUPP"}, None, Status.SUPPRESSED),
    ],
)
def test_missing_meals_are_not_zero(
    changes: dict[str, str], share: float | None, status: Status
) -> None:
    school = one(changes)
    assert (school.fsm_share, school.fsm_status) == (share, status)


def test_missing_pupils_are_not_zero() -> None:
    assert (one({"NumberOfPupils": "0"}).pupils, one({"NumberOfPupils": ""}).pupils) == (0.0, None)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"URN": "12a456"}, "URN is no URN"),
        ({"EstablishmentName": ""}, "EstablishmentName is blank"),
        ({"Easting": "west"}, "Easting is no number"),
        ({"NumberOfPupils": "many"}, "NumberOfPupils is no whole number from 0 to 20000"),
        ({"NumberOfPupils": "1.5"}, "NumberOfPupils is no whole number from 0 to 20000"),
        ({"NumberOfPupils": "20001"}, "NumberOfPupils is no whole number from 0 to 20000"),
        ({"PercentageFSM": "100.1"}, "PercentageFSM is no number from 0 to 100"),
        ({"StatutoryLowAge": "-1"}, "StatutoryLowAge is no whole number from 0 to 30"),
        (
            {"EstablishmentStatus (name)": "Ajar"},
            "EstablishmentStatus (name) is none that GIAS has",
        ),
        ({"URN": "113659"}, "URN stands twice"),
    ],
)
def test_a_school_that_cannot_be_is_rejected(changes: dict[str, str], reason: str) -> None:
    read = read_schools(register({}, changes))
    assert [(row.line, row.reason) for row in read.ledger.rejected] == [(3, reason)]
    assert counts(read.ledger) == (1, 0, 0, 1)


def test_a_day_of_closing_is_kept() -> None:
    assert one({"CloseDate": "31-08-2026"}).closes == "2026-08-31"
    read = read_schools(register({"CloseDate": "soon"}))
    assert read.schools[0].closes == ""
    assert "1 cells of CloseDate are no dates and count as blank." in read.notes


@pytest.mark.parametrize(
    ("changes", "intake"),
    [
        ({}, ""),
        ({"ReligiousCharacter (name)": "Roman Catholic"}, "faith"),
        ({"AdmissionsPolicy (name)": "Selective"}, "grammar"),
        (
            {
                "ReligiousCharacter (name)": "Church of England",
                "TypeOfEstablishment (name)": "Voluntary controlled school",
            },
            "",
        ),
    ],
)
def test_schools_that_choose_their_children_stand_apart(
    changes: dict[str, str], intake: str
) -> None:
    school = one(changes)
    assert (school.intake, school.is_apart) == (intake, bool(intake))


def test_a_register_without_a_column_is_refused_with_what_it_has() -> None:
    with pytest.raises(ReadError, match=r"no column EstablishmentName; its columns are URN, LA"):
        read_schools(register({}, without=("EstablishmentName",)))
    with pytest.raises(ReadError, match=r"no column GSSLACode"):
        read_schools(register({}, without=("GSSLACode (name)",)))


def test_the_kind_is_told_by_columns() -> None:
    def peek(*columns: str) -> Peek:
        return Peek(register(), columns, pd.DataFrame(columns=list(columns)))

    assert KIND.matches(peek(*COLUMNS))
    assert not KIND.matches(peek("pyramid_code", "urn", "tier"))


def test_schools_of_another_ledger_are_refused() -> None:
    read = read_schools(register({}))
    with pytest.raises(LayerError, match="counts 2 schools with a place"):
        Schools(read.schools, (), {}, Ledger("x", 2, 2), (), read.source)


statuses = st.sampled_from(["Open", "Closed", "Ajar"])
places = st.sampled_from(["392069", "", "0", "west"])
districts = st.sampled_from(["E06000059", "E08000034", ""])


@given(st.lists(st.tuples(statuses, places, districts), max_size=8))
def test_every_row_is_accounted_for(rows: list[tuple[str, str, str]]) -> None:
    file = register(
        *(
            {"EstablishmentStatus (name)": s, "Easting": x, "GSSLACode (name)": d}
            for s, x, d in rows
        )
    )
    read = read_schools(file, districts=["E06000059"])
    assert read.ledger.rows == len(rows)
    kept = [row for row in rows if row[0] == "Open" and row[2] == "E06000059"]
    assert counts(read.ledger)[:2] == (
        sum(x == "392069" for _, x, _ in kept),
        sum(x in ("", "0") for _, x, _ in kept),
    )


@given(st.data())
def test_whatever_bytes_come_the_ledger_adds_up_or_the_file_is_refused(data: st.DataObject) -> None:
    with register({}, {"CloseDate": "31-08-2026"}).open() as stream:
        content = bytearray(stream.read())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        read = read_schools(File.from_bytes("schools.csv", bytes(content)))
    except ZonewrightError:
        return
    assert len(read.schools) == read.ledger.used


@pytest.mark.real_data
def test_the_schools_of_four_districts_add_up(real_data: Path) -> None:
    read = read_schools(
        real_data / "schools" / "edubasealldata20260130.csv", districts=["E06000059"]
    )
    assert counts(read.ledger) == (184, 0, 600, 0)
    tiers = Counter(school.tier for school in read.schools)
    assert (tiers["primary"], tiers["middle"], tiers["secondary"]) == (119, 10, 18)
    assert any("first and upper schools cannot be told" in note for note in read.notes)
