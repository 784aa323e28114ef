"""Faults of a coverage: each kind drawn, found, counted and named; and mended when asked."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.adjacency import Shapes, build_adjacency
from geo.coverage import CoverageReport, Kind, check_coverage, clean_coverage
from grids import NAMED, NORTH_M, SIDE_M, WEST_M, bow_tie, shapes_of, square

BOW_TIE = bow_tie()


def shapes(*drawn: shapely.Polygon) -> Shapes:
    return np.array(drawn, dtype=object)


def kinds(report: CoverageReport) -> list[tuple[str, str]]:
    return [(str(finding.kind), "".join(finding.units)) for finding in report.findings]


OVERLAP = shapes(square(0, 0), square(0.9, 0, wide=1.1))
THIN_OVERLAP = shapes(square(0, 0), square(0.995, 0, wide=1.005))
THIN_GAP = shapes(square(0, 0), square(1.005, 0))
OTHER_VERTICES = shapes(square(0, 0, high=2), square(1, 0), square(1, 1))
THIN_RING = shapes(
    square(0, 0, wide=3, high=3).difference(square(1, 1)),
    square(1.004, 1.004, wide=0.992, high=0.992),
)


@pytest.mark.parametrize("name", [name for name in NAMED if name not in {"hole", "lake"}])
def test_a_drawn_coverage_is_clean(name: str) -> None:
    report = check_coverage(*shapes_of(*NAMED[name]))
    assert report.is_clean
    assert "no gaps" in str(report)


def test_every_pack_is_a_coverage(pack_boundaries: Path) -> None:
    frame = gpd.read_parquet(pack_boundaries)
    report = check_coverage(frame.iloc[:, 0].tolist(), np.asarray(frame.geometry.array))
    assert report.is_clean, str(report)


def test_a_hole_between_units_is_a_gap_with_its_area_and_place() -> None:
    report = check_coverage(*shapes_of(*NAMED["lake"]))
    (gap,) = report.of(Kind.GAP)
    assert gap.units == ("A", "B", "C", "D", "E", "F", "G", "H")
    assert gap.area_m2 == pytest.approx(SIDE_M**2)
    assert square(1, 1).contains(shapely.Point(gap.easting, gap.northing))


def test_a_hole_in_one_unit_is_a_gap_of_that_unit() -> None:
    assert kinds(check_coverage(*shapes_of(*NAMED["hole"]))) == [("gap", "A")]


def test_an_overlap_names_both_units_and_its_area() -> None:
    report = check_coverage(["A", "B"], OVERLAP)
    assert kinds(report) == [("overlap", "AB")]
    assert report.findings[0].area_m2 == pytest.approx(0.1 * SIDE_M**2)


def test_a_unit_drawn_twice_is_an_overlap() -> None:
    report = check_coverage(["A", "B"], shapes(square(0, 0), square(0, 0)))
    assert kinds(report) == [("overlap", "AB")]


@pytest.mark.parametrize("drawing", [THIN_OVERLAP, THIN_RING])
def test_thin_overlaps_and_thin_gaps_are_slivers(drawing: Shapes) -> None:
    assert kinds(check_coverage(["A", "B"], drawing)) == [("sliver", "AB")]


def test_what_is_thin_is_for_the_caller_to_say() -> None:
    assert kinds(check_coverage(["A", "B"], THIN_OVERLAP, narrow_m=0.1)) == [("overlap", "AB")]


def test_a_narrow_gap_open_to_the_outside_is_an_unmatched_edge() -> None:
    assert kinds(check_coverage(["A", "B"], THIN_GAP)) == [("unmatched edge", "AB")]


def test_a_border_with_other_vertices_from_either_side_is_an_unmatched_edge() -> None:
    found = kinds(check_coverage(["A", "B", "C"], OTHER_VERTICES))
    assert found == [("unmatched edge", "AB"), ("unmatched edge", "AC")]


def test_an_invalid_ring_is_named_with_its_place() -> None:
    report = check_coverage(["A", "B"], shapes(BOW_TIE, square(1, 0)))
    (ring,) = report.of(Kind.INVALID)
    assert (ring.units, ring.area_m2) == (("A",), 0.0)
    assert (ring.easting, ring.northing) == (WEST_M + 50, NORTH_M - 50)


def test_the_summary_counts_each_kind_and_names_three() -> None:
    many = shapes(*(square(0, 0, wide=1 + i) for i in range(4)))
    text = str(check_coverage(list("ABCD"), many))
    assert "4 units, 6 to look at." in text
    assert "6 × overlap: C with D, B with C, B with D and 3 more" in text


def test_a_finding_reads_as_a_line() -> None:
    finding = check_coverage(["A", "B"], OVERLAP).findings[0]
    assert str(finding) == "overlap: A, B, 1,000 m², at 370095 99950"


def test_one_unit_alone_is_clean() -> None:
    assert check_coverage(*shapes_of("A")).is_clean


def test_checking_changes_nothing() -> None:
    drawing = shapes(BOW_TIE, square(1, 0))
    check_coverage(["A", "B"], drawing)
    assert drawing[0] is BOW_TIE


@pytest.mark.parametrize("drawing", [OVERLAP, THIN_OVERLAP, THIN_RING, OTHER_VERTICES[:2]])
def test_cleaning_makes_neighbours_of_what_did_not_fit(drawing: Shapes) -> None:
    cleaned = clean_coverage(["A", "B"], drawing)
    assert check_coverage(["A", "B"], cleaned.shapes).is_clean
    assert len(build_adjacency(cleaned.shapes).pairs[0]) == 1


def test_cleaning_says_what_it_changed() -> None:
    cleaned = clean_coverage(["A", "B", "C"], shapes(*OVERLAP, square(2, 0)))
    assert set(cleaned.changed_m2) <= {"A", "B"}
    assert sum(cleaned.changed_m2.values()) == pytest.approx(0.1 * SIDE_M**2)


def test_cleaning_a_clean_coverage_changes_nothing() -> None:
    units, drawing = shapes_of(*NAMED["three by three"])
    cleaned = clean_coverage(units, drawing)
    assert not cleaned.changed_m2
    assert shapely.equals(cleaned.shapes, drawing).all()


def test_cleaning_mends_rings() -> None:
    cleaned = clean_coverage(["A", "B"], shapes(BOW_TIE, square(1, 0)))
    assert shapely.is_valid(cleaned.shapes).all()
    assert "A" in cleaned.changed_m2


def test_a_gap_open_to_the_outside_is_left_as_it_is() -> None:
    cleaned = clean_coverage(["A", "B"], THIN_GAP)
    assert kinds(check_coverage(["A", "B"], cleaned.shapes)) == [("unmatched edge", "AB")]
    assert not cleaned.changed_m2


def test_a_wide_gap_is_left_open() -> None:
    units, drawing = shapes_of(*NAMED["lake"])
    assert kinds(check_coverage(units, clean_coverage(units, drawing).shapes)) == [
        ("gap", "ABCDEFGH")
    ]
