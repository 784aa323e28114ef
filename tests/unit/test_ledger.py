"""The account of every row read: it adds up or it is refused."""

import csv
import io
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import LayerError
from geo.ledger import Account, Ledger, PassedOver, Rejected, Rejections
from geo.write import ledger_csv

few = st.integers(0, 1000)


def test_a_ledger_says_in_one_line_what_became_of_the_rows() -> None:
    ledger = Ledger(
        "asb.csv", read=3381, used=3300, unlocated=50, outside=30, rejected=(Rejected(7, "month"),)
    )
    assert str(ledger) == "3,381 read = 3,300 used + 50 unlocated + 30 outside + 1 rejected"


@given(used=few, unlocated=few, outside=few, rejected=st.integers(0, 5))
def test_an_account_that_adds_up_is_kept(
    used: int, unlocated: int, outside: int, rejected: int
) -> None:
    rows = tuple(Rejected(line, "no month") for line in range(rejected))
    read = used + unlocated + outside + rejected
    assert Ledger("drawn", read, used, unlocated, outside, rows).read == read


@given(used=few, read=few)
def test_an_account_that_does_not_add_up_is_refused(used: int, read: int) -> None:
    if used == read:
        return
    with pytest.raises(LayerError, match=f"{read} rows were read but {used} are accounted for"):
        Ledger("drawn", read, used)


def test_a_file_without_rows_adds_up() -> None:
    assert str(Ledger("empty.csv", 0, 0)).startswith("0 read = 0 used")
    assert Account("empty.csv").close().rejected == ()


def test_rows_passed_over_are_beside_the_rows_read() -> None:
    account = Account("street.csv")
    account.read(10)
    account.pass_over(4, "another kind of crime")
    account.pass_over(3, "another kind of crime")
    account.pass_over(0, "another year")
    account.use(2)
    account.unlocate(1)
    ledger = account.close()
    assert (ledger.read, ledger.rows) == (3, 10)
    assert ledger.passed_over == (PassedOver("another kind of crime", 7),)
    assert str(ledger).endswith("; 7 passed over: another kind of crime")


def test_a_row_met_and_forgotten_is_found_out() -> None:
    account = Account("a.csv")
    account.read(2)
    account.use(1)
    with pytest.raises(LayerError, match="2 rows were read but 1 are accounted for"):
        account.close()


# Rejected rows

DRAWN = st.lists(
    st.tuples(st.integers(1, 99), st.sampled_from("ab"), st.sampled_from(["x.csv", "y.csv"])),
    max_size=20,
)


@given(rows=DRAWN)
def test_rejections_are_the_rows_in_their_order(rows: list[tuple[int, str, str]]) -> None:
    plain = [Rejected(*row) for row in rows]
    account = Account("drawn")
    for line, reason, file in rows:
        account.read(1)
        account.reject([line], reason, file=file)
    kept = account.close().rejected
    assert kept == plain
    assert Rejections(plain) == kept
    assert kept[1:-1] == plain[1:-1]
    assert [kept[i] for i in range(len(kept))] == plain
    assert sum(Rejections(plain).by_reason().values()) == len(plain)


def test_lines_come_as_a_list_an_array_or_an_iterator() -> None:
    account = Account("a.csv")
    account.read(6)
    account.reject([2, 3], "no month")
    account.reject(np.array([4, 5]), "no month")
    account.reject(iter([6]), "no place")
    account.reject([], "nothing")
    account.reject(np.array([7], dtype=np.uint64), "no place")
    ledger = account.close()
    assert [row.line for row in ledger.rejected] == [2, 3, 4, 5, 6, 7]
    assert isinstance(ledger.rejected, Rejections)
    assert ledger.rejected.by_reason() == {"no month": 4, "no place": 2}
    assert repr(ledger.rejected) == "<Rejections of 6 rows>"


def test_rejections_are_no_other_thing() -> None:
    assert Rejections() != 5
    assert Rejections([Rejected(1, "a")]) != [Rejected(2, "a")]


def test_a_million_rejected_rows_cost_little() -> None:
    account = Account("broken.csv")
    start = time.perf_counter()
    account.read(1_000_000)
    account.reject(np.arange(1_000_000), "no month", file="broken.csv")
    ledger = account.close()
    assert time.perf_counter() - start < 1  # a row at a time takes seconds
    assert ledger.rejected[999_999].line == 999_999


# For download


def test_rejected_rows_are_given_as_a_table_that_a_spreadsheet_may_open() -> None:
    rows = (Rejected(7, 'the month is "wrong"', "=cmd|x.csv"), Rejected(8, "no place", "@b.csv"))
    text = ledger_csv([Ledger("asb", 2, 0, rejected=rows), Ledger("schools", 1, 1)])
    table = list(csv.reader(io.StringIO(text)))
    assert table == [
        ["source", "file", "line", "reason"],
        ["asb", "'=cmd|x.csv", "7", 'the month is "wrong"'],
        ["asb", "'@b.csv", "8", "no place"],
    ]
