"""Incidents: where each row goes, and that all of them are accounted for."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import LayerError
from layers.incidents import Incidents, place_incidents
from geo.ledger import Ledger

NAN = float("nan")
UNITS = ("E01", "E02", "E03")
Row = tuple[str | None, str | None, str | None, float, float]


def place(*rows: tuple[Row, int]) -> Incidents:
    """Place rows (month, kind, unit, easting, northing), each with the unit its point is in."""
    columns = ["month", "kind", "unit", "easting", "northing"]
    frame = pd.DataFrame([row for row, _ in rows], columns=columns)
    point_unit = np.array([unit for _, unit in rows], dtype=np.int32)
    return place_incidents(frame, UNITS, point_unit, source="drawn.csv")


def located(unit: str | None, *, month: str | None = "2016-07", kind: str | None = "asb") -> Row:
    return (month, kind, unit, 400_000.0, 100_000.0)


def unlocated(unit: str | None) -> Row:
    return ("2016-07", "asb", unit, NAN, NAN)


def counts(ledger: Ledger) -> tuple[int, int, int, int]:
    return ledger.used, ledger.unlocated, ledger.outside, len(ledger.rejected)


def test_a_row_goes_to_the_unit_of_its_code_and_not_of_its_point() -> None:
    assert place((located("E02"), 0)).per_unit().tolist() == [0, 1, 0]


@pytest.mark.parametrize("code", ["", None])
def test_a_row_without_a_code_goes_to_the_unit_of_its_point(code: str | None) -> None:
    assert place((located(code), 2)).per_unit().tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("row", "point_unit", "account"),
    [
        (located("E01"), -1, (1, 0, 0, 0)),
        (unlocated("E01"), -1, (1, 0, 0, 0)),
        (unlocated(None), -1, (0, 1, 0, 0)),
        (located(None), -1, (0, 0, 1, 0)),
        (located("W01"), 0, (0, 0, 1, 0)),  # another authority's code, however near its point
        (unlocated("W01"), -1, (0, 0, 1, 0)),
        (located("E01", month="July 2016"), 0, (0, 0, 0, 1)),
        (located("E01", month="2016-13"), 0, (0, 0, 0, 1)),
        (located("E01", month=None), 0, (0, 0, 0, 1)),
    ],
)
def test_every_row_is_used_unlocated_outside_or_rejected(
    row: Row, point_unit: int, account: tuple[int, int, int, int]
) -> None:
    assert counts(place((row, point_unit)).ledger) == account


def test_a_rejected_row_keeps_its_line_and_its_reason() -> None:
    ledger = place((located("E01"), 0), (located("E01", month="2016"), 0)).ledger
    assert [(row.line, row.reason) for row in ledger.rejected] == [
        (3, "the month is '2016'; it should look like 2016-07")
    ]


def test_identical_rows_are_separate_incidents() -> None:
    assert place(*[(located("E01"), 0)] * 3).per_unit().tolist() == [3, 0, 0]


def test_no_rows_are_no_incidents() -> None:
    none = place()
    assert none.per_unit().tolist() == [0, 0, 0]
    assert none.months == ()
    assert none.by_month(np.zeros(3, np.int32), ["A"]).empty


codes = st.sampled_from([*UNITS, "W01", "", None])
months = st.sampled_from(["2016-07", "2016-08", "2016-7", "", None])
points = st.one_of(st.just((NAN, NAN, -1)), st.integers(-1, 2).map(lambda unit: (1.0, 2.0, unit)))


@given(st.lists(st.tuples(codes, months, points), max_size=20))
def test_the_ledger_adds_up_to_the_rows_read(rows: list[tuple]) -> None:
    placed = place(*(((month, "asb", code, x, y), unit) for code, month, (x, y, unit) in rows))
    assert placed.ledger.read == len(rows) == sum(counts(placed.ledger))
    assert placed.per_unit().sum() == placed.ledger.used


def test_incidents_are_counted_by_month_kind_and_zone_with_zeros() -> None:
    placed = place(
        (located("E01"), 0),
        (located("E01"), 0),
        (located("E02", month="2016-09", kind="noise"), 0),
    )
    table = placed.by_month(np.array([0, 1, 1], np.int32), ["North", "South"])
    assert list(table.columns) == ["month", "kind", "zone", "incidents"]
    assert table["incidents"].sum() == 3
    assert len(table) == 2 * 2 * 2  # months, kinds, zones
    row = table.query("month == '2016-09' and kind == 'noise' and zone == 'South'")
    assert row["incidents"].tolist() == [1]
    assert placed.months == ("2016-07", "2016-09")


def test_incidents_of_units_in_no_zone_stand_as_unassigned() -> None:
    table = place((located("E03"), 0)).by_month(np.array([0, 0, -1], np.int32), ["North"])
    assert table.set_index("zone")["incidents"].to_dict() == {"North": 0, "unassigned": 1}


def test_a_kind_that_is_not_stated_says_so() -> None:
    assert place((located("E01", kind=None), 0)).kind.tolist() == ["not stated"]


def test_a_ledger_of_other_rows_is_refused() -> None:
    one = np.array(["asb"], dtype=object)
    with pytest.raises(LayerError, match="counts 2 incidents as used, but 1 stand in units"):
        Incidents(UNITS, np.array([0], np.int32), one, one, Ledger("drawn.csv", 2, 2))


def test_incidents_show_what_they_hold() -> None:
    text = repr(place((located("E01"), 0), (unlocated(None), -1)))
    assert text == ("<Incidents 2 read = 1 used + 1 unlocated + 0 outside + 0 rejected, 1 months>")
