"""The account of every row read: it adds up or it is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import LayerError
from geo.ledger import Ledger, Rejected

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
