"""Rows that break a rule are rejected with its words; a rule that cannot be asked refuses all."""

import pandas as pd
import pandera.pandas as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import LayerError
from geo.ledger import Account
from layers.read.schema import keep_valid

SCHEMA = pa.DataFrameSchema(
    {
        "month": pa.Column(
            "str", pa.Check.str_matches(r"^\d{4}-\d\d$", error="the month is not like 2025-01")
        ),
        "n": pa.Column("str", pa.Check.str_matches(r"^\d+$", error="the count is no number")),
    }
)


def frame(rows: list[tuple[str, str]]) -> pd.DataFrame:
    index = pd.Index(range(2, 2 + len(rows)), dtype="int64", name="line")
    return pd.DataFrame(rows, columns=["month", "n"], index=index, dtype="str")


def checked(rows: list[tuple[str, str]]) -> tuple[list[int], list[tuple[int, str]]]:
    account = Account("a")
    account.read(len(rows))
    kept = keep_valid(frame(rows), SCHEMA, account, file="a.csv")
    account.use(len(kept))
    return kept.index.tolist(), [(r.line, r.reason) for r in account.close().rejected]


def test_each_row_is_rejected_once_with_its_first_reason() -> None:
    rows = [("2025-01", "1"), ("May", "2"), ("2025-02", "x"), ("June", "y")]
    kept, rejected = checked(rows)
    assert kept == [2]
    assert rejected == [
        (3, "the month is not like 2025-01"),
        (5, "the month is not like 2025-01"),
        (4, "the count is no number"),
    ]


@given(st.lists(st.tuples(st.sampled_from(["2025-01", "x", ""]), st.sampled_from(["1", "-", ""]))))
def test_every_row_is_kept_or_rejected(rows: list[tuple[str, str]]) -> None:
    kept, rejected = checked(rows)
    assert sorted(kept + [line for line, _ in rejected]) == list(range(2, 2 + len(rows)))
    assert len(kept) == rows.count(("2025-01", "1"))


def test_a_table_without_rows_passes() -> None:
    assert checked([]) == ([], [])


def test_a_column_that_is_missing_refuses_the_file() -> None:
    table = frame([("2025-01", "1")]).drop(columns="n")
    with pytest.raises(LayerError, match=r"a\.csv cannot be checked: n is missing"):
        keep_valid(table, SCHEMA, Account("a"), file="a.csv")


def test_a_column_of_another_type_refuses_the_file() -> None:
    table = frame([("2025-01", "1")]).astype({"n": "int64"})
    with pytest.raises(LayerError, match=r"a\.csv cannot be checked: n is missing or not"):
        keep_valid(table, SCHEMA, Account("a"), file="a.csv")


def test_rows_of_one_line_are_a_fault() -> None:
    table = pd.concat([frame([("2025-01", "1")])] * 2)
    with pytest.raises(LayerError, match="several rows of one line"):
        keep_valid(table, SCHEMA, Account("a"), file="a.csv")
