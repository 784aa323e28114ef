"""Pyramids: which schools stand in them on a day, and what is refused."""

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import LayerError, ReadError, ZonewrightError
from geo.ledger import Ledger
from geo.read.file import File
from geo.read.kind import Peek
from layers.places import School
from layers.pyramids import Member, Pyramid, Pyramids
from layers.read.pyramids import KIND, read_pyramids

HEADER = "pyramid_code,pyramid_name,zone,urn,tier,valid_from,valid_to"
GOOD = (
    "P1,Hardye,West,100001,upper,2020-09-01,",
    "P1,Hardye,West,100002,middle,,",
    "P1,Hardye,West,100003,first,,",
    "P2,Gillingham,North,100004,secondary,,",
    "P2,Gillingham,North,100005,primary,,",
)


def listed(*rows: str, header: str = HEADER) -> File:
    return File.from_bytes("pyramids.csv", "\n".join([header, *rows, ""]).encode())


def reasons(read: Pyramids) -> list[tuple[int, str]]:
    return [(row.line, row.reason) for row in read.ledger.rejected]


def test_pyramids_have_their_schools_their_head_and_their_zone() -> None:
    read = read_pyramids(listed(*GOOD))
    hardye, gillingham = read.pyramids
    assert (hardye.code, hardye.name, hardye.zone) == ("P1", "Hardye", "West")
    assert [member.urn for member in hardye.members] == ["100001", "100002", "100003"]
    assert [member.urn for member in hardye.heads] == ["100001"]
    assert gillingham.heads[0].tier == "secondary"
    assert (read.ledger.read, read.ledger.used, read.notes) == (5, 5, ())


@pytest.mark.parametrize("written", ["2024-08-31", "31/08/2024", "31-08-2024", "45535"])
def test_a_membership_ends_on_its_last_day_however_that_is_written(written: str) -> None:
    file = listed(*GOOD, f"P1,Hardye,West,100009,primary,,{written}")
    on_last_day = read_pyramids(file, on=dt.date(2024, 8, 31))
    assert "100009" in on_last_day.of_school
    after = read_pyramids(file, on=dt.date(2024, 9, 1))
    assert "100009" not in after.of_school
    assert after.ledger.passed_over[0].reason == "not valid on the day asked for"
    assert "100009" not in read_pyramids(file).of_school


def test_a_membership_begins_on_its_first_day() -> None:
    before = read_pyramids(listed(*GOOD), on=dt.date(2020, 8, 31))
    assert "100001" not in before.of_school
    assert before.notes == ("1 pyramids have no head: Hardye.",)
    assert "100001" in read_pyramids(listed(*GOOD), on=dt.date(2020, 9, 1)).of_school


def test_a_school_may_change_its_pyramid() -> None:
    file = listed(
        "P1,Hardye,,100002,middle,,2023-08-31", "P2,Gillingham,,100002,middle,2023-09-01,"
    )
    assert read_pyramids(file, on=dt.date(2023, 8, 31)).of_school == {"100002": ("Hardye",)}
    assert read_pyramids(file, on=dt.date(2023, 9, 1)).of_school == {"100002": ("Gillingham",)}


def test_a_school_that_feeds_two_pyramids_is_kept_in_both_and_said() -> None:
    read = read_pyramids(listed(*GOOD, "P2,Gillingham,North,100002,middle,,"))
    assert read.shared == ("100002",)
    assert read.notes == ("1 schools stand in more than one pyramid: 100002.",)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("P1,Hardye,West,999999,first,,", "urn is no open school that is known"),
        ("P1,Hardye,West,abc,first,,", "urn is no URN"),
        ("P1,Hardye,West,100009,kindergarten,,", "tier is none of first, primary"),
        ("P1,Hardye,West,100009,,,", "tier is none of first, primary"),
        ("P1,Hardye,West,100009,first,soon,", "valid_from is no date such as 2020-04-03"),
        ("P1,Hardye,West,100009,first,,31/06/2024", "valid_to is no date"),
        ("P1,Hardye,West,100009,first,2024-01-01,2023-01-01", "valid_to is before valid_from"),
        (",Hardye,West,100009,first,,", "pyramid_code is blank"),
        ("P1,Other,West,100009,first,,", "pyramid_name contradicts an earlier row"),
        ("P1,Hardye,East,100009,first,,", "zone contradicts an earlier row"),
        ("P3,Hardye,West,100009,first,,", "pyramid_name is the name of another pyramid"),
        ("P1,Hardye,West,100002,first,,", "urn stands in the pyramid already"),
    ],
)
def test_a_row_that_cannot_be_is_rejected(row: str, reason: str) -> None:
    known = {f"10000{i}" for i in range(10)}
    read = read_pyramids(listed(*GOOD, row), schools=known)
    ((line, said),) = reasons(read)
    assert (line, said.startswith(reason)) == (7, True)
    assert read.ledger.used == 5


def test_names_and_zones_may_stand_in_one_row_only() -> None:
    rows = ["P1,,,100001,upper,,", "P1,Hardye,West,100002,middle,,", "P2,,,100004,secondary,,"]
    read = read_pyramids(listed(*rows))
    assert [(p.name, p.zone) for p in read.pyramids] == [("Hardye", "West"), ("P2", "")]


def test_only_three_columns_must_be_there() -> None:
    read = read_pyramids(listed("P1,100001,Upper", header="Pyramid Code,URN,Tier"))
    assert read.pyramids[0].heads[0].urn == "100001"
    with pytest.raises(ReadError, match=r"no column tier; its columns are pyramid_code, urn"):
        read_pyramids(listed("P1,100001", header="pyramid_code,urn"))


def test_schools_are_given_their_pyramid_and_their_tier_in_it() -> None:
    pyramids = read_pyramids(listed(*GOOD))
    schools = [
        School("A", 1.0, 2.0, "GIAS", "primary", "", "100003", "GIAS"),
        School("B", 1.0, 2.0, "GIAS", "primary", "", "100099", "GIAS"),
    ]
    given_one, given_none = pyramids.on_schools(schools)
    assert (given_one.pyramid, given_one.tier) == ("Hardye", "first")
    assert given_none == schools[1]


def test_a_school_twice_in_a_pyramid_is_refused() -> None:
    with pytest.raises(LayerError, match="Hardye has 100001 more than once"):
        Pyramid("P1", "Hardye", "", (Member("100001", "upper"), Member("100001", "upper")))


def test_two_pyramids_of_a_name_are_refused() -> None:
    pair = (Pyramid("P1", "Hardye", "", ()), Pyramid("P2", "Hardye", "", ()))
    with pytest.raises(LayerError, match="Two pyramids have the name Hardye"):
        Pyramids(pair, "", Ledger("x", 0, 0))


def test_the_kind_is_told_by_columns() -> None:
    def peek(columns: str) -> Peek:
        names = tuple(columns.split(","))
        return Peek(listed(), names, pd.DataFrame(columns=list(names)))

    assert KIND.matches(peek(HEADER))
    assert not KIND.matches(peek("URN,EstablishmentName,EstablishmentStatus (name)"))


codes = st.sampled_from(["P1", "P2", "P3", ""])
names = st.sampled_from(["Hardye", "Gillingham", ""])
urns = st.sampled_from(["100001", "100002", "x"])
tiers = st.sampled_from(["first", "upper", "wrong"])
ends = st.sampled_from(["", "2020-01-01", "31/12/2030", "never"])


@given(st.lists(st.tuples(codes, names, urns, tiers, ends), max_size=10))
def test_every_row_is_accounted_for(rows: list[tuple[str, str, str, str, str]]) -> None:
    file = listed(*(f"{c},{n},,{u},{t},,{e}" for c, n, u, t, e in rows))
    read = read_pyramids(file, on=dt.date(2025, 1, 1))
    assert read.ledger.rows == len(rows)
    assert read.ledger.used == sum(len(pyramid.members) for pyramid in read.pyramids)


@given(st.data())
def test_whatever_bytes_come_the_ledger_adds_up_or_the_file_is_refused(data: st.DataObject) -> None:
    content = bytearray("\n".join([HEADER, *GOOD, ""]).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        read = read_pyramids(File.from_bytes("pyramids.csv", bytes(content)))
    except ZonewrightError:
        return
    assert read.ledger.used == sum(len(pyramid.members) for pyramid in read.pyramids)
