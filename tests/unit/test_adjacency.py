"""Who borders whom: drawn by eye, agreed with libpysal, and with links and cuts."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from libpysal.graph import Graph

from geo.adjacency import Neighbours, build_adjacency, positions_of
from geo.errors import GeographyError
from grids import NAMED, ROOK, SIDE_M, drawn, shapes_of

PAIRS = {"dorset": 623, "bcp": 632, "kirklees": 718, "durham": 879}


def pairs_of(neighbours: Neighbours, units: tuple[str, ...]) -> set[str]:
    left, right = neighbours.pairs
    return {units[a] + units[b] for a, b in zip(left, right, strict=True)}


@pytest.fixture
def row() -> Neighbours:
    """Three units in a row: 0 - 1 - 2."""
    return Neighbours.from_borders([(0, 1, 100.0), (2, 1, 50.0)], units=3)


@pytest.mark.parametrize("name", NAMED)
def test_units_that_share_an_edge_are_neighbours(name: str) -> None:
    units, shapes = shapes_of(*NAMED[name])
    assert pairs_of(build_adjacency(shapes), units) == ROOK[name]


def test_borders_are_measured_in_metres() -> None:
    assert drawn(*NAMED["three by three"]).neighbours.length_m.tolist() == [SIDE_M] * 24


def test_an_enclave_has_its_whole_outline_as_border() -> None:
    neighbours = drawn(*NAMED["enclave"]).neighbours
    assert neighbours.pair_length_m.tolist() == [4 * SIDE_M]


def test_a_border_in_several_stretches_is_one_pair() -> None:
    neighbours = drawn(*NAMED["two parts"]).neighbours
    assert neighbours.pair_length_m.tolist() == [2 * SIDE_M]


def test_a_repeated_vertex_where_units_touch_is_no_border() -> None:
    corner = (100, 100)
    shapes = np.array(
        [
            shapely.Polygon([(0, 0), (100, 0), corner, corner, (0, 100)]),
            shapely.Polygon([corner, corner, (200, 100), (200, 200), (100, 200)]),
        ]
    )
    assert len(build_adjacency(shapes).indices) == 0


def test_no_units_have_no_neighbours() -> None:
    assert build_adjacency(np.array([], dtype=object)).units == 0


def test_the_pairs_of_every_pack_are_those_of_libpysal(pack_boundaries: Path) -> None:
    frame = gpd.read_parquet(pack_boundaries).reset_index(drop=True)
    peer = Graph.build_contiguity(frame, rook=True).adjacency.index
    neighbours = build_adjacency(np.asarray(frame.geometry.array))
    ours = set(zip(neighbours.rows.tolist(), neighbours.indices.tolist(), strict=True))
    assert ours == set(peer)
    assert len(ours) / 2 == PAIRS[pack_boundaries.stem.removeprefix("lsoa11_")]


def test_every_pack_is_one_piece_of_land(pack_boundaries: Path) -> None:
    frame = gpd.read_parquet(pack_boundaries)
    neighbours = build_adjacency(np.asarray(frame.geometry.array))
    assert len(set(neighbours.pieces(np.zeros(len(frame), dtype=np.int32)))) == 1


def test_border_lengths_are_those_of_the_shared_lines(pack_boundaries: Path) -> None:
    shapes = np.asarray(gpd.read_parquet(pack_boundaries).geometry.array)
    neighbours = build_adjacency(shapes)
    left, right = neighbours.pairs
    shared = shapely.length(shapely.intersection(shapes[left], shapes[right]))
    np.testing.assert_allclose(neighbours.pair_length_m, shared, rtol=1e-6, atol=0.02)


def test_a_row_lists_the_neighbours_of_a_unit(row: Neighbours) -> None:
    assert [row.of(unit).tolist() for unit in range(3)] == [[1], [0, 2], [1]]


def test_a_link_makes_neighbours_without_a_border(row: Neighbours) -> None:
    linked = row.linked([(2, 0)])
    assert linked.of(0).tolist() == [1, 2]
    assert linked.pair_length_m.tolist() == [100.0, 0.0, 50.0]


def test_a_link_between_neighbours_changes_nothing(row: Neighbours) -> None:
    assert row.linked([(1, 0), (0, 1)]).length_m.tolist() == row.length_m.tolist()


def test_a_cut_keeps_the_border_and_stops_the_way(row: Neighbours) -> None:
    cut = row.cut([(1, 0)])
    assert cut.of(0).tolist() == []
    assert cut.pair_length_m.tolist() == row.pair_length_m.tolist()


def test_a_link_mends_a_cut(row: Neighbours) -> None:
    assert row.cut([(0, 1)]).linked([(0, 1)]).passable.all()


def test_pieces_stop_at_zones_and_at_cuts(row: Neighbours) -> None:
    one_zone = np.zeros(3, dtype=np.int32)
    assert len(set(row.pieces(one_zone))) == 1
    assert len(set(row.cut([(1, 2)]).pieces(one_zone))) == 2
    assert len(set(row.pieces(np.array([0, 1, 0], dtype=np.int32)))) == 3


def test_neighbours_never_change(row: Neighbours) -> None:
    with pytest.raises(ValueError, match="read-only"):
        row.length_m[0] = 1.0


def test_neighbours_keep_copies_of_their_arrays() -> None:
    length_m = np.array([1.0, 1.0])
    kept = Neighbours(np.array([0, 1, 2]), np.array([1, 0]), length_m, np.array([True, True]))
    length_m[0] = 2.0
    assert kept.length_m.tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("indptr", "indices", "length_m", "message"),
    [
        ([0, 1, 1], [1], [1.0], "must be mutual; 0-1"),
        ([0, 1, 2], [1, 0], [1.0, 2.0], "must be mutual; 0-1, 1-0"),
        ([0, 1, 2], [1, 0], [1.0], "do not fit each other"),
        ([0, 1], [0], [1.0], "border themselves"),
        ([0, 1, 2], [5, 0], [1.0, 1.0], "not there"),
    ],
)
def test_arrays_that_contradict_each_other_are_refused(
    indptr: list[int], indices: list[int], length_m: list[float], message: str
) -> None:
    passable = np.ones(len(indices), dtype=bool)
    with pytest.raises(GeographyError, match=message):
        Neighbours(np.array(indptr), np.array(indices), np.array(length_m), passable)


def test_a_cut_between_strangers_is_refused(row: Neighbours) -> None:
    with pytest.raises(GeographyError, match=r"between units 0-2 .* parts no neighbours"):
        row.cut([(2, 0)])


def test_a_link_from_a_unit_to_itself_is_refused(row: Neighbours) -> None:
    with pytest.raises(GeographyError, match="border themselves"):
        row.linked([(1, 1)])


def test_a_link_to_a_unit_that_is_not_there_is_refused(row: Neighbours) -> None:
    with pytest.raises(GeographyError, match=r"0-9.*Positions run from 0 to 2"):
        row.linked([(0, 9)])


def test_codes_become_positions() -> None:
    assert positions_of([("B", "A")], ["A", "B"], what="links.csv") == [(1, 0)]


def test_unknown_codes_in_links_are_named() -> None:
    with pytest.raises(GeographyError, match=r"links\.csv name units .* do not have: X, Y"):
        positions_of([("X", "A"), ("A", "Y")], ["A"], what="links.csv")
