"""Children aged 0 to 17 of mid-2020 by LSOA 2011, brought to the areas of 2021.

Split areas are shared out by their total population of mid-2022. Authority totals are those of the
published file before and after, to the child; they, and the areas named, were also worked out apart
from the tool.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from geo.read.vintages import read_vintage_lookup
from geo.vintages import Method, VintageLookup, vintage_of
from layers.convert import convert_counts
from layers.counts import UnitCounts
from layers.read.deprivation import read_deprivation
from layers.read.population import read_population

pytestmark = pytest.mark.real_data

CHILDREN = {"E06000047": 101_979, "E06000058": 76_352, "E06000059": 67_698, "E08000034": 100_020}
"""Children aged 0 to 17 in mid-2020, by district."""


@pytest.fixture
def lookup(real_data: Path) -> VintageLookup:
    return read_vintage_lookup(real_data / "ons" / "LSOA11_LSOA21_LAD22_EW_LU.csv")


@pytest.fixture
def estimates(real_data: Path) -> UnitCounts:
    return read_population(real_data / "population" / "sape23dt2_mid2020_lsoa11.xlsx")


@pytest.fixture
def people(real_data: Path) -> Mapping[str, float]:
    (file,) = (real_data / "iod").glob("File_7_IoD2025*.csv")
    index = read_deprivation(file)
    return dict(zip(index.units, index.people.tolist(), strict=True))


def by_district(counts: UnitCounts, districts: Iterable[str]) -> dict[str, float]:
    total: dict[str, float] = {}
    children = counts.measures.counts("children").tolist()
    for district, count in zip(districts, children, strict=True):
        total[district] = total.get(district, 0.0) + count
    return total


def test_the_lookup_is_read_whole_and_tells_vintages(lookup: VintageLookup) -> None:
    assert lookup.ledger is not None
    assert lookup.ledger.used == lookup.ledger.read == 1059
    assert {kind: lookup.change.count(kind) for kind in "USMX"} == {
        "U": 1000, "S": 47, "M": 12, "X": 0,
    }  # fmt: skip
    assert vintage_of(lookup.codes["2011"], lookup) == "2011"
    assert vintage_of(lookup.codes["2021"], lookup) == "2021"


@pytest.mark.parametrize("whole", [False, True])
def test_authority_totals_are_kept_to_the_child(
    lookup: VintageLookup, estimates: UnitCounts, people: Mapping[str, float], *, whole: bool
) -> None:
    old = lookup.district_of("2011")
    assert by_district(estimates, [old[u] for u in estimates.measures.units]) == CHILDREN
    found = convert_counts(estimates, lookup, to="2021", people=people, whole=whole)
    after = by_district(found.counts, found.counts.districts)
    assert after == (CHILDREN if whole else pytest.approx(CHILDREN, abs=1e-6))
    assert found.conversion.incomplete == found.conversion.flagged == ()


def test_areas_come_by_their_children_as_worked_out_apart(
    lookup: VintageLookup, estimates: UnitCounts, people: Mapping[str, float]
) -> None:
    found = convert_counts(estimates, lookup, to="2021", people=people)
    measures = found.counts.measures
    children = dict(zip(measures.units, measures.counts("children").tolist(), strict=True))
    # 237 children of E01015287, of whose people 3,523 and 1,249 live in its two parts.
    assert children["E01034271"] == pytest.approx(237 * 3523 / 4772)
    assert children["E01034272"] == pytest.approx(237 * 1249 / 4772)
    assert children["E01034378"] == 411 + 260  # merged
    assert [found.conversion.method.count(m) for m in Method] == [1000, 6, 47, 0, 0]
    assert found.conversion.share_by(Method.PEOPLE) == pytest.approx(0.043, abs=5e-4)


def test_there_and_back_changes_merged_areas_only(
    lookup: VintageLookup, estimates: UnitCounts, people: Mapping[str, float]
) -> None:
    there = convert_counts(estimates, lookup, to="2021", people=people).counts
    persons = estimates.measures.counts("persons").tolist()
    old = dict(zip(estimates.measures.units, persons, strict=True))
    back = convert_counts(there, lookup, to="2011", people=old).counts.measures
    given = estimates.measures
    before = dict(zip(given.units, given.counts("children").tolist(), strict=True))
    after = dict(zip(back.units, back.counts("children").tolist(), strict=True))
    changed = {unit for unit, count in before.items() if abs(after[unit] - count) > 1e-6}
    pairs = zip(lookup.old, lookup.change, strict=True)
    assert changed == {old for old, kind in pairs if kind == "M"}
