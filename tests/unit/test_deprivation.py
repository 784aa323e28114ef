"""The Indices of Deprivation: headers however written, points that add up, no decile averaged."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import LayerError, ReadError, VintageError, ZonewrightError
from geo.read.file import File
from geo.read.kind import Peek
from layers.deprivation import (
    Deprivation,
    averages_by,
    deprivation_counts,
    require_comparable,
    score_changes,
)
from layers.read.deprivation import KIND, read_deprivation
from layers.status import Status

A, B, C = "E01020373", "E01020374", "E01020375"
IMD = "Index of Multiple Deprivation (IMD)"
IDACI = "Income Deprivation Affecting Children Index (IDACI)"
HEADER_2019 = [
    "LSOA code (2011)", "LSOA name (2011)", "Local Authority District code (2019)",
    f"{IMD} Score", f"{IMD} Rank (where 1 is most deprived)",
    f"{IMD} Decile (where 1 is most deprived 10% of LSOAs)", f"{IDACI} Score (rate)",
    f"{IDACI} Rank (where 1 is most deprived)", f"{IDACI} Decile",
    "Total population: mid 2015 (excluding prisoners)",
    "Dependent Children aged 0-15: mid 2015 (excluding prisoners)",
]  # fmt: skip
HEADER_2025 = [h.replace("2011", "2021").replace("mid 2015", "mid 2022") for h in HEADER_2019]
CUT = [h[:52] for h in HEADER_2019[:6]] + [IDACI + " Score", f"{IDACI}  Rank", f"{IDACI}\nDecile",
       "Total population: mid 2015 (exclud", "Dependent Children aged 0-15: mid 201"]  # fmt: skip
ROWS = (
    [A, "a", "E06000059", 40.5, 100, 1, 0.25, 200, 1, 1000, 203],
    [B, "b", "E06000059", 10.25, 30000, 10, 0.05, 30000, 10, 3000, 400],
    [C, "c", "E06000058", 20, 9000, 3, 0.1, 9000, 3, 2000, 300],
)


def table(header: list[str], *rows: list[object]) -> File:
    lines = [",".join(f'"{cell}"' for cell in row) for row in (header, *rows)]
    return File.from_bytes("file7.csv", ("\ufeff" + "\n".join(lines)).encode())


def index(header: list[str] = HEADER_2019, *rows: list[object]) -> Deprivation:
    return read_deprivation(table(header, *(rows or ROWS)))


@pytest.mark.parametrize(
    ("header", "edition", "vintage"),
    [(HEADER_2019, "2019", "2011"), (CUT, "2019", "2011"), (HEADER_2025, "2025", "2021")],
)
def test_headers_are_told_however_they_are_written(
    header: list[str], edition: str, vintage: str
) -> None:
    found = index(header)
    assert (found.edition, found.vintage) == (edition, vintage)
    assert found.domains["imd"].score.tolist() == [40.5, 10.25, 20]
    assert found.domains["idaci"].rank.tolist() == [200, 30000, 9000]
    assert found.populations["children_0_15"].tolist() == [203, 400, 300]
    assert found.districts == ("E06000059", "E06000059", "E06000058")
    assert found.population_date == ("2015-06-30" if edition == "2019" else "2022-06-30")


def test_averages_are_weighted_by_people_and_deciles_are_counted() -> None:
    found = averages_by(index(), index().districts)["E06000059"]
    assert found.score == pytest.approx((40.5 * 1000 + 10.25 * 3000) / 4000)
    assert found.rank == pytest.approx((32745 * 1000 + 2845 * 3000) / 4000)
    assert found.areas_in_decile_1 == 0.5
    assert found.people_in_decile_1 == 0.25


def test_measures_add_up_to_the_averages() -> None:
    counts = deprivation_counts(index()).measures
    assert counts.counts("imd_points").tolist() == [40500, 30750, 40000]
    assert counts.measure("imd_points").counts == "points"
    assert counts.counts("imd_people").tolist() == [1000, 3000, 2000]
    assert counts.counts("imd_decile1_people").tolist() == [1000, 0, 0]
    assert counts.counts("imd_decile1_areas").tolist() == [1, 0, 0]
    assert counts.counts("areas").tolist() == [1, 1, 1]
    assert counts.counts("idaci_children").tolist() == [51, 20, 30]
    assert counts.counts("children_0_15").tolist() == [203, 400, 300]


def test_without_idaci_it_is_said_and_no_measure_is_made() -> None:
    keep = [i for i, h in enumerate(HEADER_2019) if "IDACI" not in h]
    found = index([HEADER_2019[i] for i in keep], *([row[i] for i in keep] for row in ROWS))
    assert any("no IDACI score" in note for note in found.notes)
    assert not deprivation_counts(found).measures.has("idaci_children")


def test_a_domain_without_a_number_is_missing_and_not_nothing() -> None:
    rows = [list(row) for row in ROWS]
    rows[0][6] = ""
    rows[1][6] = "-0.1"
    found = index(HEADER_2019, *rows)
    counts = deprivation_counts(found).measures
    assert counts.status[counts.row("idaci_children")].tolist() == [
        Status.MISSING, Status.MISSING, Status.OK,
    ]  # fmt: skip
    assert any("have no number in idaci score" in note for note in found.notes)


def test_rows_that_cannot_be_are_rejected() -> None:
    def changed(place: int, value: object, code: str) -> list[object]:
        row = list(ROWS[0])
        row[place], row[0] = value, code
        return row

    found = index(
        HEADER_2019, ROWS[0], ROWS[0], changed(0, "W01000001", "W01000001"),
        changed(3, "n/a", "E01000001"), changed(4, 40000, "E01000002"),
        changed(5, 1.5, "E01000003"), changed(9, "", "E01000004"),
    )  # fmt: skip
    assert {(row.line, row.reason) for row in found.ledger.rejected} == {
        (3, "the area stands twice"),
        (4, "the code is no LSOA of England"),
        (5, "the overall score is no number from 0 to 100"),
        (6, "the overall rank is no whole number from 1 to 32844"),
        (7, "the overall decile is no whole number from 1 to 10"),
        (8, "the total population is no whole number from 0 to 1e+06"),
    }
    assert found.ledger.used == 1


def test_scores_of_two_editions_are_not_compared() -> None:
    with pytest.raises(LayerError, match="Scores of 2019 and 2025 are not comparable"):
        require_comparable(index(), index(HEADER_2025))
    with pytest.raises(LayerError, match="not comparable"):
        score_changes(index(), index(HEADER_2025))


def test_copies_of_one_edition_are_compared_area_by_area() -> None:
    row = [*ROWS[0][:3], 41.5, *ROWS[0][4:]]
    assert score_changes(index(), index(HEADER_2019, row)) == {A: 1.0}
    with pytest.raises(LayerError, match="share no unit"):
        score_changes(index(HEADER_2019, ROWS[1]), index(HEADER_2019, row))


def test_areas_of_two_vintages_are_not_compared() -> None:
    odd = [HEADER_2019[0].replace("2011", "2021"), *HEADER_2019[1:]]
    with pytest.raises(VintageError, match="never joined"):
        require_comparable(index(), index(odd))


def test_files_without_the_columns_or_the_edition_are_refused() -> None:
    with pytest.raises(ReadError, match="has no column Index of Multiple Deprivation"):
        read_deprivation(table(HEADER_2019[:3], ROWS[0][:3]))
    silent = [h.replace(": mid 2015", "") for h in HEADER_2019]
    with pytest.raises(ReadError, match="does not tell its edition"):
        read_deprivation(table(silent, *ROWS))
    assert read_deprivation(table(silent, *ROWS), edition="2015").edition == "2015"
    with pytest.raises(ReadError, match="it is 2019 and not 2025"):
        read_deprivation(table(HEADER_2019, *ROWS), edition="2025")
    with pytest.raises(ReadError, match="holds no LSOA"):
        read_deprivation(table(HEADER_2019))


def test_groups_must_fit_and_hold_people() -> None:
    with pytest.raises(LayerError, match="1 groups were given for 3 units"):
        averages_by(index(), ["x"])
    empty = index(HEADER_2019, [*ROWS[0][:9], 0, 0])
    with pytest.raises(LayerError, match="Nobody lives in x"):
        averages_by(empty, ["x"])
    assert list(averages_by(index(), ["x", "", ""])) == ["x"]


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(1, 5000)), min_size=1, max_size=12))
def test_an_average_lies_between_its_areas_whatever_their_order(
    areas: list[tuple[int, int]],
) -> None:
    rows = [
        [f"E010{i:05d}", "x", "D", score, 5, 1, 0.1, 5, 1, people, 10]
        for i, (score, people) in enumerate(areas)
    ]
    score = averages_by(index(HEADER_2019, *rows), ["z"] * len(rows))["z"].score
    assert min(s for s, _ in areas) - 1e-9 <= score <= max(s for s, _ in areas) + 1e-9
    again = averages_by(index(HEADER_2019, *rows[::-1]), ["z"] * len(rows))["z"].score
    assert again == pytest.approx(score)


@given(st.data())
def test_a_damaged_file_is_refused_or_accounted_for(data: st.DataObject) -> None:
    content = bytearray(table(HEADER_2019, *ROWS).opener().read())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = read_deprivation(File.from_bytes("x.csv", bytes(content)))
        counts = deprivation_counts(found)
    except ZonewrightError:
        return
    assert found.ledger.used == len(found.units) == len(counts.measures.units)


@pytest.mark.parametrize(
    ("header", "is_kind"),
    [
        (HEADER_2019, True),
        (CUT, True),
        (["LSOA21CD", "LAD24CD", "total", "idaci_numerator"], False),
    ],
)
def test_the_kind_is_told_by_columns(header: list[str], is_kind: bool) -> None:
    peek = Peek(File.from_bytes("x.csv", b""), tuple(header), pd.DataFrame(columns=header))
    assert KIND.matches(peek) == is_kind


@pytest.mark.real_data
def test_district_averages_are_those_published(real_data: Path) -> None:
    (file,) = (real_data / "iod").glob("File_7_IoD2025*.csv")
    found = read_deprivation(file)
    averages = averages_by(found, found.districts)
    assert {code: round(average.score, 3) for code, average in averages.items()} == {
        "E06000059": 16.268, "E06000058": 17.513, "E08000034": 25.805, "E06000047": 28.808,
    }  # fmt: skip
    counts = deprivation_counts(found).measures
    dorset = np.array([district == "E06000059" for district in found.districts])
    points, people = (counts.counts(key)[dorset].sum() for key in ("imd_points", "imd_people"))
    assert points / people == pytest.approx(16.268, abs=5e-4)
