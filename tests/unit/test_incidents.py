"""Incidents: where each row goes, and that all of them are accounted for."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import LayerError
from geo.index import UnitIndex
from geo.ledger import Ledger
from grids import centre, shapes_of
from layers.incidents import (
    Incidents,
    Prefer,
    Street,
    StreetFile,
    missing_months,
    place_incidents,
    place_street,
)
from layers.source import Source

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
        (3, "the month is not written as 2016-07")
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


def test_a_later_code_among_units_of_2011_leaves_the_point_to_decide() -> None:
    units = ("E01020369", "E01020370")
    rows = pd.DataFrame(
        [("2025-01", "asb", "E01034377", 1.0, 2.0), ("2025-01", "asb", "E01034377", NAN, NAN)],
        columns=["month", "kind", "unit", "easting", "northing"],
    )
    placed = place_incidents(rows, units, np.array([1, -1], np.int32), source="drawn.csv")
    assert counts(placed.ledger) == (1, 1, 0, 0)
    assert placed.per_unit().tolist() == [0, 1]
    by_point, lost = placed.notes
    assert by_point == (
        "1 rows have a code of another vintage than 2011 and were placed by their point."
    )
    assert "no point; they count as unlocated" in lost


def test_a_month_that_was_read_is_zero_and_one_that_was_not_is_missing() -> None:
    one = np.array(["2025-01"], dtype=object)
    read = ("2025-01", "2025-02", "2025-05")
    kind, unit = np.array(["asb"], dtype=object), np.array([0], np.int32)
    placed = Incidents(UNITS, unit, one, kind, Ledger("drawn.csv", 1, 1), months_read=read)
    table = placed.by_month(np.zeros(3, np.int32), ["All"])
    assert table.set_index("month")["incidents"].to_dict() == {
        "2025-01": 1,
        "2025-02": 0,
        "2025-05": 0,
    }
    assert placed.months_missing == ("2025-03", "2025-04")


def test_a_month_that_holds_incidents_was_read() -> None:
    one = np.array(["2025-01"], dtype=object)
    with pytest.raises(LayerError, match="2025-01 holds incidents but is no month that was read"):
        Incidents(
            UNITS,
            np.array([0], np.int32),
            one,
            np.array(["asb"], dtype=object),
            Ledger("drawn.csv", 1, 1),
            months_read=("2025-02",),
        )


def test_months_are_missing_across_a_year() -> None:
    assert missing_months(["2024-11", "2025-02"]) == ("2024-12", "2025-01")
    assert missing_months([]) == missing_months(["2025-02"]) == ()


# Street files: codes of two vintages, and points

LETTERS = "ABC"
CODES = ("E01000001", "E01000002", "E01000003")
INDEX = UnitIndex(CODES, shapes_of(LETTERS)[1])
AT_SEA = (1.0, 1.0)
NOWHERE = (NAN, NAN)


def street(*rows: tuple[str, str, tuple[float, float]], months: tuple[str, ...] = ()) -> Street:
    """Give incidents as (code, its vintage, point), all of one month and file."""
    frame = pd.DataFrame(
        {
            "month": pd.Categorical(["2025-01"] * len(rows), categories=["2025-01"]),
            "kind": pd.Categorical(["asb"] * len(rows), categories=["asb"]),
            "unit": pd.Categorical(
                pd.Index([code for code, _, _ in rows], dtype=object),
            ),
            "vintage": pd.Categorical([v for _, v, _ in rows], categories=["2011", "2021"]),
            "easting": np.array([x for _, _, (x, _) in rows], dtype=float),
            "northing": np.array([y for _, _, (_, y) in rows], dtype=float),
            "file": np.zeros(len(rows), np.int32),
            "line": np.arange(len(rows)) + 2,
        }
    )
    read = months or ("2025-01",)
    files = (
        StreetFile("one.csv", ("Here",), read, "2021", len(rows)),
        StreetFile("more.csv", ("Here",), ("2025-02",), "2021", 0),
        StreetFile("other.csv", ("There",), ("2025-09",), "2021", 0),
    )
    source = Source("drawn", "us", "none", "2025-01", "one.csv", "")
    return Street(frame, files, (), Ledger("drawn", len(rows), len(rows)), (), source)


@pytest.mark.parametrize(
    ("row", "prefer", "unit", "account"),
    [
        (("E01000002", "2021", centre(0, 0)), "code", 1, (1, 0, 0, 0)),
        (("E01000002", "2021", centre(0, 0)), "point", 0, (1, 0, 0, 0)),
        (("E01000002", "2021", AT_SEA), "point", 1, (1, 0, 0, 0)),
        (("E01000002", "2021", NOWHERE), "point", 1, (1, 0, 0, 0)),
        (("", "2021", centre(2, 0)), "code", 2, (1, 0, 0, 0)),
        (("", "2021", AT_SEA), "code", None, (0, 0, 1, 0)),
        # the geography's own vintage: a code of no unit is another authority's
        (("E01000009", "2021", centre(2, 0)), "code", None, (0, 0, 1, 0)),
        # another vintage: a code that lives on means the same land, else the point decides
        (("E01000002", "2011", centre(0, 0)), "code", 1, (1, 0, 0, 0)),
        (("E01000009", "2011", centre(2, 0)), "code", 2, (1, 0, 0, 0)),
        (("E01000009", "2011", AT_SEA), "code", None, (0, 0, 1, 0)),
        (("E01000009", "2011", NOWHERE), "code", None, (0, 1, 0, 0)),
    ],
)
def test_a_code_or_a_point_decides(
    row: tuple[str, str, tuple[float, float]],
    prefer: Prefer,
    unit: int | None,
    account: tuple[int, int, int, int],
) -> None:
    placed = place_street(street(row), INDEX, vintage="2021", prefer=prefer)
    assert counts(placed.ledger) == account
    assert placed.unit.tolist() == ([] if unit is None else [unit])


def test_what_was_placed_by_point_for_want_of_a_code_is_said() -> None:
    rows = [("E01000009", "2011", centre(2, 0)), ("E01000009", "2011", NOWHERE)]
    placed = place_street(street(*rows), INDEX, vintage="2021")
    assert [note.split(" and ")[0] for note in placed.notes] == [
        "1 rows have a code of another vintage than 2021",
        "1 rows have a code of another vintage than 2021",
    ]


def test_a_code_of_another_vintage_is_converted_where_that_is_certain() -> None:
    convert = {"E01000009": "E01000001", "E01000008": "E01000007"}
    rows = [("E01000009", "2011", NOWHERE), ("E01000008", "2011", centre(2, 0))]
    placed = place_street(street(*rows), INDEX, vintage="2021", convert=convert)
    assert counts(placed.ledger) == (1, 0, 1, 0)
    assert (placed.unit.tolist(), placed.notes) == ([0], ())


def test_months_read_are_those_of_the_forces_whose_incidents_lie_here() -> None:
    placed = place_street(street(("E01000001", "2021", NOWHERE)), INDEX, vintage="2021")
    assert placed.months_read == ("2025-01", "2025-02")


def test_a_street_without_rows_has_no_incidents() -> None:
    placed = place_street(street(), INDEX, vintage="2021")
    assert (placed.per_unit().sum(), placed.months_read) == (0, ())


def test_a_street_whose_ledger_counts_other_rows_is_refused() -> None:
    whole = street(("E01000001", "2021", NOWHERE))
    with pytest.raises(LayerError, match="counts 2 incidents as used, but 1 were kept"):
        Street(whole.rows, (), (), Ledger("drawn", 2, 2), (), whole.source)


places = st.sampled_from([centre(0, 0), centre(1, 0), centre(2, 0), AT_SEA, NOWHERE])
coded = st.sampled_from([*CODES, "E01000009", ""])


@given(
    st.lists(st.tuples(coded, st.sampled_from(["2011", "2021"]), places), max_size=20),
    st.sampled_from(["code", "point"]),
)
def test_every_row_of_a_street_is_accounted_for(
    rows: list[tuple[str, str, tuple[float, float]]], prefer: Prefer
) -> None:
    placed = place_street(street(*rows), INDEX, vintage="2021", prefer=prefer)
    assert sum(counts(placed.ledger)) == len(rows)
    alone = [place_street(street(row), INDEX, vintage="2021", prefer=prefer) for row in rows]
    assert placed.unit.tolist() == [int(unit) for one in alone for unit in one.unit]
    assert placed.row is not None
    assert placed.row.tolist() == [i for i, one in enumerate(alone) if one.ledger.used]


def test_incidents_show_what_they_hold() -> None:
    text = repr(place((located("E01"), 0), (unlocated(None), -1)))
    assert text == ("<Incidents 2 read = 1 used + 1 unlocated + 0 outside + 0 rejected, 1 months>")
