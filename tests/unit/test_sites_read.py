"""A list of sites: placed by grid reference, degrees or postcode, or accounted for as unlocated."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import ReadError
from geo.read.file import File
from geo.read.kind import Peek
from layers.ages import parse_ages
from layers.read.sites import KIND, SitesFile, read_sites

HEADER = "name,kind,capacity,opening,ages,level,easting,northing,lat,long,postcode"


class Points:
    def points_of(self, postcodes: list[str]) -> np.ndarray:  # type: ignore[type-arg]
        known = {"DT11XJ": (369_000.0, 90_500.0)}
        return np.array([known.get(p, (np.nan, np.nan)) for p in postcodes])


def read(*rows: str, header: str = HEADER, points: Points | None = None) -> SitesFile:
    text = "\n".join([header, *rows, ""])
    return read_sites(File.from_bytes("sites.csv", text.encode()), postcodes=points)


def test_a_site_has_its_kind_capacity_opening_ages_and_level() -> None:
    found = read("Hub,family hub,40,Mon-Fri 9-5,0-19,universal,368784,90712,,,")
    (site,) = found.sites
    assert (site.easting, site.northing, site.placed) == (368784.0, 90712.0, "grid reference")
    assert (site.capacity, site.opening, site.ages) == (40.0, "Mon-Fri 9-5", (0, 19))
    assert site.level == "universal"


def test_degrees_and_postcodes_place_a_site_where_there_is_no_grid_reference() -> None:
    found = read(
        "A,hub,,,,,,,50.7155,-2.4406,",
        "B,hub,,,,,,,,,dt1 1xj",
        "C,hub,,,,,0,0,,,",
        "D,hub,,,,,,,,,X",
        points=Points(),
    )
    a, b = found.sites
    assert (a.easting, a.northing) == (
        pytest.approx(368_980, abs=200),
        pytest.approx(90_700, abs=300),
    )
    assert (b.easting, b.placed) == (369_000.0, "postcode")
    assert a.capacity is None
    assert found.ledger.unlocated == 2


def test_without_a_directory_postcodes_place_nothing_and_a_note_says_so() -> None:
    found = read("B,hub,,,,,,,,,DT1 1XJ")
    assert found.ledger.unlocated == 1
    found = read("A,hub,,,,,400000,100000,,,", "B,hub,,,,,,,,,DT1 1XJ")
    assert (found.ledger.used, found.ledger.unlocated) == (1, 1)
    assert any("no directory of postcodes" in note for note in found.notes)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",hub,,,,,1,1,,,", "'name' is blank"),
        ("A,,,,,,1,1,,,", "'kind' is blank"),
        ("A,hub,-4,,,,1,1,,,", "'capacity' is no number of 0 or more"),
        ("A,hub,,,9-5,,1,1,,,", "'ages' is not written as 0-5, 11+ or all"),
        ("A,hub,,,,,here,1,,,", "'easting' is no number"),
        ("A,hub,,,,,9999999,1,,,", "the point is not in Britain"),
        ("A,hub,,,,,,,-2.44,50.7,", "the point is not in Britain"),
        ("A,hub,,,,,,,0,0,", "the point is not in Britain"),
    ],
)
def test_a_row_that_is_no_site_is_rejected_with_its_reason(row: str, reason: str) -> None:
    found = read("A,hub,,,,,400000,100000,,,", row)
    assert [(r.line, r.reason) for r in found.ledger.rejected] == [(3, reason)]
    assert found.ledger.used == 1


def test_files_that_place_nothing_are_refused() -> None:
    with pytest.raises(ReadError, match="none of which places a site"):
        read("A,hub,3", header="name,kind,easting")
    with pytest.raises(ReadError, match="but no kind"):
        read("A,1,1", header="name,easting,northing")


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(-9, 800_000), st.integers(-9, 1_400_000)), max_size=8))
def test_every_row_is_used_unlocated_or_rejected(points: list[tuple[int, int]]) -> None:
    found = read(*(f"A,hub,,,,,{x},{y},,," for x, y in points))
    ledger = found.ledger
    assert ledger.read == len(points)
    assert len(found.sites) == ledger.used
    assert all(0 < s.easting < 700_000 and 0 < s.northing < 1_300_000 for s in found.sites)


def test_ages_are_read_as_people_write_them() -> None:
    assert [parse_ages(a) for a in ("0-5", "5 to 11", "11–18", "16+", "all", "")] == [
        (0, 5),
        (5, 11),
        (11, 18),
        (16, 25),
        None,
        None,
    ]


def test_the_kind_is_told_by_its_columns() -> None:
    file = File.from_bytes("a.csv", b"")
    assert KIND.matches(Peek(file, ("name", "kind", "easting", "northing"), pd.DataFrame()))
    assert not KIND.matches(Peek(file, ("name", "kind", "urn", "postcode"), pd.DataFrame()))
