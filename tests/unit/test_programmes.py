"""Programmes: where, how many places, how many waiting; unknown is not zero."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import LayerError, ReadError
from geo.read.file import File
from geo.read.kind import Peek
from layers.programmes import Programme
from layers.read.programmes import KIND, ProgrammesFile, read_programmes

HEADER = "programme,zone,site,places,waiting list,ages,level"


def read(*rows: str, header: str = HEADER) -> ProgrammesFile:
    text = "\n".join([header, *rows, ""])
    return read_programmes(File.from_bytes("programmes.csv", text.encode()))


def programme(**change: object) -> Programme:
    given = {"name": "Parenting", "zone": "North", "site": "", "places": 10.0, "waiting": 5.0}
    rest = {"ages": None, "level": "", "status": "official", "source": "drawn"}
    return Programme(**(given | rest | change))  # type: ignore[arg-type]


def test_a_programme_has_places_a_waiting_list_ages_and_a_level() -> None:
    (found,) = read("Parenting,North,,24,6,0-5,targeted").programmes
    assert (found.places, found.waiting, found.ages, found.level) == (24.0, 6.0, (0, 5), "targeted")
    assert found.per_place == 0.25


def test_unknown_places_are_not_zero() -> None:
    (found,) = read("Parenting,,Hub,,0,,").programmes
    assert found.places is None
    assert found.waiting == 0
    assert found.per_place is None
    assert programme(places=0.0).per_place is None


def test_a_programme_in_no_zone_and_at_no_site_is_unlocated() -> None:
    ledger = read("Parenting,,,24,6,,", "Other,N,,1,1,,").ledger
    assert (ledger.used, ledger.unlocated) == (1, 1)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",N,,1,1,,", "'name' is blank"),
        ("P,N,,-1,1,,", "'places' is no number of 0 or more"),
        ("P,N,,1,lots,,", "'waiting' is no number of 0 or more"),
        ("P,N,,1,1,young,", "'ages' is not written as 0-5, 11+ or all"),
    ],
)
def test_a_row_that_is_no_programme_is_rejected(row: str, reason: str) -> None:
    found = read("P,N,,1,1,all,", row)
    assert [(r.line, r.reason) for r in found.ledger.rejected] == [(3, reason)]


def test_files_that_say_no_name_or_place_are_refused() -> None:
    with pytest.raises(ReadError, match="but no name"):
        read("N,1", header="zone,places")
    with pytest.raises(ReadError, match="neither zone nor site"):
        read("P,1", header="programme,places")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": ""}, "has no name"),
        ({"zone": ""}, "in no zone and at no site"),
        ({"places": -1.0}, "-1.0 places"),
        ({"waiting": float("nan")}, "nan waiting"),
    ],
)
def test_a_programme_that_cannot_be_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(LayerError, match=message):
        programme(**change)


@settings(max_examples=40)
@given(st.lists(st.integers(0, 99), max_size=9))
def test_all_places_of_the_file_are_kept(places: list[int]) -> None:
    found = read(*(f"P{i},N,,{n},,," for i, n in enumerate(places)))
    assert sum(p.places or 0 for p in found.programmes) == sum(places)


def test_the_kind_is_told_by_its_columns() -> None:
    file = File.from_bytes("a.csv", b"")
    assert KIND.matches(Peek(file, tuple(HEADER.split(",")), pd.DataFrame()))
    assert not KIND.matches(Peek(file, ("name", "kind", "postcode"), pd.DataFrame()))
