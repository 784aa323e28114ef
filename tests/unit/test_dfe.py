"""Explore education statistics: columns in any order, every symbol a status of its own."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import LayerError, ReadError
from geo.read.file import File
from geo.read.kind import Peek
from layers.published import KNOWN, Published, authority_totals
from layers.read.dfe import KIND, read_dfe
from layers.read.figures import parse_figures
from layers.read.lait import read_lait
from layers.status import Status

COLUMNS = [
    *("time_period", "time_identifier", "geographic_level", "country_code", "country_name"),
    *("region_code", "region_name", "old_la_code", "new_la_code", "la_name"),
    *("category", "referral_count", "rereferral_count"),
]
ENGLAND = "2025,Reporting year,National,E92000001,England,,,,,,All,100,20"
REGION = "2025,Reporting year,Regional,E92000001,England,E12000009,South West,,,,All,50,c"
DORSET = (
    "2025,Reporting year,Local authority,E92000001,England,E12000009,South West,838.0,E06000059,"
    "Dorset,All,7,z"
)


def written(*rows: str, columns: list[str] = COLUMNS, name: str = "c1.csv") -> File:
    return File.from_bytes(name, "\n".join([",".join(columns), *rows, ""]).encode())


def in_order(order: list[int], *rows: str) -> File:
    moved = [",".join(row.split(",")[i] for i in order) for row in rows]
    return written(*moved, columns=[COLUMNS[i] for i in order])


def test_each_level_has_its_own_code_and_name() -> None:
    published = read_dfe(written(ENGLAND, REGION, DORSET))
    assert published.areas == {
        "E06000059": "Dorset",
        "E12000009": "South West",
        "E92000001": "England",
    }
    assert published.measures == ("referral_count", "rereferral_count")
    assert published.periods == ("2025",)
    assert published.ledger.used == 3
    assert repr(published) == "<Published 2025 to 2025, 2 measures of 3 areas>"


def test_a_figure_is_found_by_either_code_or_by_name() -> None:
    published = read_dfe(written(ENGLAND, DORSET))
    for area in ("E06000059", "838", "Dorset"):
        assert published.value("referral_count", area, "2025") == (7.0, Status.OK)
    assert any("839.0" in note for note in published.notes)


@settings(max_examples=40)
@given(order=st.permutations(range(len(COLUMNS))))
def test_the_order_of_columns_does_not_matter(order: list[int]) -> None:
    published = read_dfe(in_order(order, ENGLAND, REGION, DORSET))
    assert published.value("referral_count", "E06000059", "2025") == (7.0, Status.OK)
    value, status = published.value("rereferral_count", "E12000009", "2025")
    assert np.isnan(value)
    assert status == Status.SUPPRESSED


@pytest.mark.parametrize(
    ("cell", "value", "status"),
    [
        ("12", 12.0, Status.OK),
        ("0", 0.0, Status.OK),
        ("-3.5", -3.5, Status.OK),
        ("1.7e-2", 0.017, Status.OK),
        ('"1,234"', 1234.0, Status.OK),
        ("z", None, Status.NOT_APPLICABLE),
        ("x", None, Status.MISSING),
        (":", None, Status.MISSING),
        ("", None, Status.MISSING),
        ("~", None, Status.MISSING),
        ("u", None, Status.MISSING),
        ("C", None, Status.SUPPRESSED),
        ("low", 0.0, Status.ROUNDED),
        ("k", 0.0, Status.ROUNDED),
        ("4.2 u", 4.2, Status.OK),
    ],
)
def test_every_symbol_is_a_status_of_its_own(
    cell: str, value: float | None, status: Status
) -> None:
    published = read_dfe(written(ENGLAND, DORSET.replace(",7,z", f",{cell},5")))
    found, told = published.value("referral_count", "E06000059", "2025")
    assert told == status
    assert np.isnan(found) if value is None else found == value


def test_unreliable_figures_are_kept_and_marked() -> None:
    published = read_dfe(written(ENGLAND, DORSET.replace(",7,z", ",4.2u,u")))
    assert sorted(published.symbol) == ["", "", "u", "u"]
    assert any("2 figures are marked as of low reliability" in note for note in published.notes)


def test_a_row_that_is_no_figure_or_repeats_another_is_rejected_with_its_line() -> None:
    rows = (ENGLAND, DORSET.replace(",7,", ",seven,"), DORSET.replace("2025,", "25,"), ENGLAND)
    ledger = read_dfe(written(*rows)).ledger
    assert sorted((row.line, row.reason) for row in ledger.rejected) == [
        (3, "'referral_count' is neither a number nor a symbol"),
        (4, "time_period is not of 4 or 6 digits"),
        (5, "the row repeats the period, area and filters of an earlier one"),
    ]
    assert ledger.read == 4


def test_figures_broken_down_by_a_filter_are_chosen_by_it() -> None:
    girls = DORSET.replace("All,7", "Girls,3")
    published = read_dfe(written(ENGLAND, DORSET, girls))
    assert published.value("referral_count", "838", "2025", category="Girls")[0] == 3
    with pytest.raises(LayerError, match=r"has 2 figures .* Choose by category"):
        published.value("referral_count", "838", "2025")
    with pytest.raises(LayerError, match="no filter sex"):
        published.value("referral_count", "838", "2025", sex="Girls")


def test_a_filter_that_looks_like_a_number_can_be_named() -> None:
    columns = [c.replace("rereferral_count", "age") for c in COLUMNS]
    file = written(ENGLAND, ENGLAND.replace(",20", ",21"), columns=columns)
    published = read_dfe(file, filters=["age"])
    assert list(published.filters) == ["category", "age"]
    assert published.value("referral_count", "England", "2025", age="21")[0] == 100


def test_what_is_not_there_is_said_with_what_is() -> None:
    published = read_dfe(written(ENGLAND, DORSET))
    with pytest.raises(LayerError, match="Its measures are referral_count"):
        published.value("contacts", "838", "2025")
    with pytest.raises(LayerError, match=r"Its areas are Dorset \(E06000059\)"):
        published.value("referral_count", "Devon", "2025")
    with pytest.raises(LayerError, match="It has 2025"):
        published.value("referral_count", "838", "1999")


def test_areas_that_nobody_asked_for_are_passed_over() -> None:
    published = read_dfe(written(ENGLAND, REGION, DORSET), areas=["E06000059", "E92000001"])
    assert list(published.areas) == ["E06000059", "E92000001"]
    assert [(p.reason, p.rows) for p in published.ledger.passed_over] == [("another area", 1)]


def test_files_that_are_something_else_are_refused() -> None:
    with pytest.raises(ReadError, match="no time_period, geographic_level"):
        read_dfe(File.from_bytes("a.csv", b"a,b\n1,2\n"))
    with pytest.raises(ReadError, match="holds no figures"):
        read_dfe(written(ENGLAND.replace("100,20", "many,some")))
    with pytest.raises(ReadError, match="has no rows"):
        read_dfe(written())
    with pytest.raises(ReadError, match="has no rows of the areas wanted"):
        read_dfe(written(ENGLAND), areas=["E06000059"])


def test_a_column_in_which_nothing_is_written_is_left_out_with_a_note() -> None:
    published = read_dfe(written(ENGLAND.replace("100,20", "100,")))
    assert published.measures == ("referral_count",)
    assert "Nothing is written in rereferral_count." in published.notes


def test_the_kind_is_told_by_its_columns() -> None:
    def peek(*columns: str) -> Peek:
        return Peek(written(), columns, pd.DataFrame(columns=list(columns)))

    assert KIND.matches(peek(*COLUMNS))
    assert not KIND.matches(peek("unit", "total"))


def test_the_long_table_has_a_row_a_figure() -> None:
    frame = read_dfe(written(ENGLAND, DORSET)).frame()
    assert len(frame) == 4
    assert frame.loc[3, ["area_code", "measure", "status"]].tolist() == [
        "E06000059",
        "rereferral_count",
        "not_applicable",
    ]


@given(st.lists(st.text(max_size=8), max_size=12))
def test_any_text_is_a_number_a_symbol_or_neither(cells: list[str]) -> None:
    figures = parse_figures(pd.Series(cells, dtype="str"))
    assert (np.isnan(figures.values) == (figures.status >= Status.NOT_APPLICABLE)).all()
    assert not (figures.is_number & ~figures.ok).any()


def test_totals_take_the_latest_period_and_england_beside_it() -> None:
    older = DORSET.replace("2025,", "2024,").replace(",7,", ",9,")
    totals = authority_totals([read_dfe(written(ENGLAND, older, DORSET))], "E06000059")
    told = [(t.key, t.area, t.value, t.period) for t in totals if t.key == "referrals"]
    assert told == [
        ("referrals", "E06000059", 7.0, "2025"),
        ("referrals", "E92000001", 100.0, "2025"),
    ]
    hidden = next(t for t in totals if t.key == "rereferrals" and t.area == "E06000059")
    assert hidden.status == Status.NOT_APPLICABLE


CALIBRATION = {
    "E92000001": (632_830, 22.6, 402_400, 49_420, 81_770, 12_183_016, 15.2),
    "E06000059": (2_349, 14.7, 2_177, 278, 437, 67_149, 13.4),
    "E06000058": (3_386, 22.6, 2_446, 494, 560, 74_810, 14.6),
    "E06000047": (5_378, 18.7, 4_415, 489, 1_183, 100_432, 16.6),
    "E08000034": (3_277, 19.7, 2_217, 483, 641, 99_822, 16.8),
}
"""Published for 2025; children for mid-2024."""


@pytest.fixture
def files(real_data: Path) -> list[Published]:
    folder = real_data / "dfe"
    found = [read_dfe(path) for path in sorted(folder.glob("*.csv"))]
    return [*found, read_lait(folder / "lait_long.csv.gz")]


@pytest.mark.real_data
@pytest.mark.parametrize("district", CALIBRATION)
def test_published_totals_are_those_of_the_department(
    files: list[Published], district: str
) -> None:
    totals = {t.key: t.value for t in authority_totals(files, district) if t.area == district}
    keys = (
        *("referrals", "rereferral_percent", "cin", "open_cp", "open_cla", "children"),
        "caseload",
    )
    assert tuple(totals[key] for key in keys) == CALIBRATION[district]
    assert set(totals) == {known.key for known in KNOWN}


@pytest.mark.real_data
def test_every_row_of_the_real_files_is_used(files: list[Published]) -> None:
    assert [file.ledger.used for file in files] == [51, 51, 36, 75, 41, 51, 51, 18_850]
    totals = {t.key: t for t in authority_totals(files, "838") if t.area == "838"}
    assert totals["cases"].value == 1_885
    assert totals["case_holders_fte"].value == 140.3
    assert {t.value for t in authority_totals(files, "838") if t.key == "cla_per_10k"} == {65, 67}


@pytest.mark.real_data
def test_symbols_of_the_real_files_are_kept(files: list[Published]) -> None:
    factors = files[2]
    assert (factors.symbol == "c").sum() == ((factors.status == Status.SUPPRESSED).sum())
    assert (factors.symbol == "c").sum() == 37
    assert factors.value("Gangs", "E92000001", "2025") == (8860.0, Status.OK)
