"""Converting measures: totals kept, statuses carried over, vintages never mixed."""

from dataclasses import replace

import numpy as np
import pytest

from geo.errors import LayerError, VintageError
from geo.ledger import Ledger
from geo.split import split_by_points
from geo.vintages import VintageLookup
from grids import NAMED, centre, drawn, square
from layers.convert import convert_counts, convert_measures, split_measures
from layers.counts import UnitCounts
from layers.measures import Counted, Measure, Measures
from layers.source import Source
from layers.status import Status

LOOKUP = VintageLookup(
    ("E01000001", "E01000002", "E01000002", "E01000003", "E01000004"),
    ("E01000001", "E01034001", "E01034002", "E01034003", "E01034003"),
    ("U", "S", "S", "M", "M"),
)
OLD = ("E01000001", "E01000002", "E01000003", "E01000004")
NEW = ("E01000001", "E01034001", "E01034002", "E01034003")
PEOPLE = {"E01034001": 600.0, "E01034002": 400.0}
SOURCE = Source("t", "p", "l", "2020", "v", "a")


def described(key: str, counts: Counted = "people") -> Measure:
    return Measure(key, key, counts, "2020-06-30", "s", "official")


def counts(
    values: list[float], status: list[int] | None = None, *, vintage: str = "2011",
    kind: Counted = "people", units: tuple[str, ...] = OLD, districts: tuple[str, ...] = (),
) -> UnitCounts:  # fmt: skip
    row = np.array([values], dtype=np.float64)
    known = np.array([status or [0] * len(values)], dtype=np.int8)
    return UnitCounts(
        Measures(units, (described("persons", kind),), row, known),
        vintage, Ledger("x.csv", read=len(units), used=len(units)), SOURCE, districts,
    )  # fmt: skip


def test_counts_come_to_the_areas_of_2021() -> None:
    found = convert_counts(counts([5, 10, 3, 4]), LOOKUP, to="2021", people=PEOPLE)
    assert found.counts.vintage == "2021"
    assert found.counts.measures.units == NEW
    assert found.counts.measures.values.tolist() == [[5, 6, 4, 7]]
    assert found.counts.ledger.read == 4
    assert any("2 split by people" in note for note in found.counts.notes)


def test_counts_come_back_to_the_areas_of_2011() -> None:
    people = {"E01000003": 100.0, "E01000004": 300.0}
    given = counts([5, 6, 4, 8], vintage="2021", units=NEW)
    found = convert_counts(given, LOOKUP, to="2011", people=people)
    assert found.counts.measures.values.tolist() == [[5, 10, 2, 6]]


@pytest.mark.parametrize("status", [Status.SUPPRESSED, Status.MISSING, Status.NOT_APPLICABLE])
def test_a_part_without_a_number_leaves_the_sum_without_one(status: Status) -> None:
    given = counts([5, np.nan, np.nan, 4], [0, status, status, 0])
    found = convert_counts(given, LOOKUP, to="2021", people=PEOPLE).counts.measures
    assert found.status.tolist() == [[0, status, status, status]]
    assert np.isnan(found.values[0, 1:]).all()


def test_rounded_counts_stay_rounded() -> None:
    given = counts([5, 10, 5, 5], [0, Status.ROUNDED, Status.ROUNDED, 0])
    found = convert_counts(given, LOOKUP, to="2021", people=PEOPLE).counts.measures
    assert found.status.tolist() == [[0, 1, 1, 1]]


def test_whole_counts_stay_whole_and_points_stay_fractions() -> None:
    given = counts([5, 11, 3, 4])
    found = convert_counts(given, LOOKUP, to="2021", people=PEOPLE, whole=True)
    assert found.counts.measures.values.tolist() == [[5, 7, 4, 7]]
    points = counts([0.5, 1.0, 0.25, 0.25], kind="points")
    found = convert_counts(points, LOOKUP, to="2021", people=PEOPLE, whole=True)
    assert found.counts.measures.values[0].tolist() == pytest.approx([0.5, 0.6, 0.4, 0.5])


def test_fractions_cannot_be_made_whole() -> None:
    with pytest.raises(LayerError, match="persons holds fractions"):
        convert_counts(counts([0.5, 1, 1, 1]), LOOKUP, to="2021", whole=True)


def test_an_area_with_a_part_that_the_file_lacks_is_missing() -> None:
    given = counts([5, 10, 3], units=OLD[:3])
    found = convert_counts(given, LOOKUP, to="2021", people=PEOPLE).counts.measures
    assert found.status.tolist() == [[0, 0, 0, Status.MISSING]]
    nothing = convert_counts(given, LOOKUP, to="2021", people=PEOPLE, absent_is_zero=True)
    assert nothing.counts.measures.values.tolist() == [[5, 6, 4, 3]]


def test_where_a_file_does_not_tell_its_vintage_its_codes_do() -> None:
    found = convert_counts(counts([5, 10, 3, 4], vintage=""), LOOKUP, to="2021", people=PEOPLE)
    assert found.counts.measures.units == NEW


def test_districts_come_from_the_lookup_or_from_the_parts() -> None:
    given = counts([5, 10, 3, 4], districts=("N", "N", "N", "S"))
    found = convert_counts(given, LOOKUP, to="2021", people=PEOPLE)
    assert found.counts.districts == ("N", "N", "N", "")
    lookup = VintageLookup(LOOKUP.old, LOOKUP.new, LOOKUP.change, ("A", "A", "A", "B", "B"))
    assert convert_counts(given, lookup, to="2021").counts.districts == ("A", "A", "A", "B")


def test_vintages_that_do_not_fit_are_refused() -> None:
    with pytest.raises(VintageError, match="is of 2011 already"):
        convert_counts(counts([1, 1, 1, 1]), LOOKUP, to="2011")
    mixed = counts([1, 1], vintage="", units=("E01000002", "E01034001"))
    with pytest.raises(VintageError, match="mixed vintages"):
        convert_counts(mixed, LOOKUP, to="2021")
    with pytest.raises(VintageError, match="are of 2011 and 2031"):
        convert_counts(counts([1, 1, 1, 1]), LOOKUP, to="2031")


def test_areas_that_the_lookup_does_not_know_are_refused() -> None:
    given = counts([1, 1], units=("E01000001", "E01009999"))
    with pytest.raises(VintageError, match="does not know 1 of 2 areas: E01009999"):
        convert_counts(given, LOOKUP, to="2021")


def test_rates_and_other_units_are_refused() -> None:
    conversion = LOOKUP.forward(OLD)
    with pytest.raises(LayerError, match="of different units"):
        convert_measures(counts([1], units=OLD[:1]).measures, conversion)
    rate = counts([1, 1, 1, 1], kind="rate").measures  # type: ignore[arg-type]
    with pytest.raises(LayerError, match="persons is no count"):
        convert_measures(rate, conversion)


def test_a_split_carries_counts_and_statuses_to_zones() -> None:
    place = drawn(*NAMED["three by three"])
    lines = np.array([square(0, 0, wide=1.3, high=3), square(1.3, 0, wide=1.7, high=3)])
    points = np.array([centre(0.6, 0), centre(1.2, 0)])
    split = split_by_points(place, lines, ["W", "E"], points=points, weights=np.array([3.0, 1.0]))
    values = np.array([[1.0, 8, 1, 1, 1, 1, 1, 1, np.nan]])
    status = np.array([[0] * 8 + [Status.SUPPRESSED]], dtype=np.int8)
    given = Measures(place.units, (described("persons"),), values, status)
    zones, loose = split_measures(given, split)
    assert zones.units == ("W", "E")
    assert zones.values[0, 0] == 1 + 6 + 1 + 1
    assert zones.status.tolist() == [[0, Status.SUPPRESSED]]
    assert loose.tolist() == [0.0]
    with pytest.raises(LayerError, match="of different units"):
        split_measures(counts([1, 1, 1, 1]).measures, split)


def test_counts_of_several_rows_a_unit_are_converted() -> None:
    given = replace(counts([5, 10, 3, 4]), rows=(1, 2, 1, 1))
    found = convert_counts(given, LOOKUP, to="2021", people=PEOPLE)
    assert found.counts.measures.values.tolist() == [[5, 6, 4, 7]]
    assert found.counts.rows == ()
