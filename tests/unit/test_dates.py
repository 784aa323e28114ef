"""Dates: what each style means, what is refused, and what is said about it."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.read.dates import parse_dates


def read(*cells: str | None) -> list[str]:
    return parse_dates(pd.Series(cells, dtype="str")).values.astype(str).tolist()


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2020-04-03", "2020-04-03"),
        ("2020/04/03", "2020-04-03"),
        ("2020-04-03T00:00:00", "2020-04-03"),
        ("2020-04-03 23:59:59.123", "2020-04-03"),
        ("2020-04-03T10:00:00Z", "2020-04-03"),
        ("03/04/2020", "2020-04-03"),
        ("3/4/2020", "2020-04-03"),
        ("03-04-2020", "2020-04-03"),
        ("03.04.2020", "2020-04-03"),
        ("03/04/2020 00:00", "2020-04-03"),
        ("29/02/2024", "2024-02-29"),
        ("43924", "2020-04-03"),
        ("43924.75", "2020-04-03"),
        ("45658", "2025-01-01"),
    ],
)
def test_each_style_is_read(cell: str, day: str) -> None:
    assert read(cell) == [day]


@pytest.mark.parametrize(
    "cell",
    [
        *("soon", "29/02/2023", "31/04/2020", "00/04/2020", "2020-13-01", "2020", "3/4/20", "4392"),
        *("439240", "99999", "10/2020", "03/04/0020", "2020-04-03x", "-43924", "٣/٤/2020"),
        *("0000-00-00", "9999-12-31"),
    ],
)
def test_what_is_no_date_is_not_ok(cell: str) -> None:
    dates = parse_dates(pd.Series([cell]))
    assert np.isnat(dates.values).all()
    assert not dates.ok.any()


def test_a_blank_cell_is_missing_and_not_wrong() -> None:
    dates = parse_dates(pd.Series(["", None, np.nan], dtype="str"))
    assert np.isnat(dates.values).all()
    assert dates.ok.all()
    assert dates.notes == ()


def test_no_cells_are_no_dates() -> None:
    dates = parse_dates(pd.Series([], dtype="str"))
    assert (len(dates.values), len(dates.ok), dates.notes) == (0, 0, ())


def test_dates_that_could_be_either_are_day_first_and_said() -> None:
    dates = parse_dates(pd.Series(["03/04/2020", "25/04/2020", "04/04/2020"]))
    assert dates.values.astype(str).tolist() == ["2020-04-03", "2020-04-25", "2020-04-04"]
    assert dates.notes == (
        "1 dates could be day first or month first and were taken as day first.",
    )


def test_a_column_that_is_month_first_is_not_read() -> None:
    dates = parse_dates(pd.Series(["03/04/2020", "04/25/2020", "2020-04-03"]))
    assert dates.ok.tolist() == [False, False, True]
    assert dates.notes[0].startswith("1 dates can only be month first and none only day first")


def test_one_month_first_date_among_british_ones_is_not_read() -> None:
    dates = parse_dates(pd.Series(["03/04/2020", "04/25/2020", "25/04/2020"]))
    assert dates.ok.tolist() == [True, False, True]
    assert "1 dates can only be month first and were not read" in dates.notes[0]


def test_day_numbers_are_said() -> None:
    dates = parse_dates(pd.Series(["43924", "43924", "2020-04-03"]))
    assert dates.notes == ("2 dates were a workbook's day numbers, counted from 1900.",)


days = st.dates(dt.date(1930, 1, 1), dt.date(2099, 12, 31))
START = dt.date(1899, 12, 30)


@given(st.lists(days, min_size=1, max_size=10))
def test_every_style_gives_the_same_day(given_days: list[dt.date]) -> None:
    iso = [day.isoformat() for day in given_days]
    assert read(*iso) == iso
    assert read(*(f"{day:%d/%m/%Y}" for day in given_days)) == iso
    assert read(*(str((day - START).days) for day in given_days)) == iso


@given(st.lists(st.text(max_size=12), max_size=8))
def test_whatever_is_written_a_date_is_ok_or_blank(cells: list[str]) -> None:
    dates = parse_dates(pd.Series(cells, dtype="str"))
    blank = np.array([not cell for cell in cells], dtype=bool)
    assert (dates.ok == (~np.isnat(dates.values) | blank)).all()
