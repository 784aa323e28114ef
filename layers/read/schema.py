"""Check rows against a schema (pandera) and account for those that fail, each with its reason."""

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from geo.errors import LayerError, named
from geo.ledger import Account


def keep_valid(
    frame: pd.DataFrame, schema: pa.DataFrameSchema, account: Account, *, file: str
) -> pd.DataFrame:
    """Give the rows that meet `schema`; reject the others in `account`.

    The frame's index holds lines, as `geo.read.table` gives them. A row that fails several checks
    is rejected once, for the first. Each check's `error` is its reason, in words that do not quote
    the cell. The schema must not coerce: cells stay text until the reader turns them into values.

    Raises
    ------
    LayerError
        When what fails is no single row: a column that is missing or of another type, or a check
        that itself fails.
    """
    if not frame.index.is_unique:
        raise LayerError(
            f"{file} has several rows of one line.", remedy="This is a fault of the reader."
        )
    try:
        schema.validate(frame, lazy=True)
    except SchemaErrors as error:
        failed = error.failure_cases
    else:
        return frame
    _refuse_what_is_no_row(failed, file)
    first = failed.drop_duplicates("index")
    for reason, lines in first.groupby("check", sort=False)["index"]:
        account.reject(lines.to_numpy(dtype="int64"), str(reason), file=file)
    kept: pd.DataFrame = frame.drop(index=first["index"].astype("int64"))
    return kept


def _refuse_what_is_no_row(failed: pd.DataFrame, file: str) -> None:
    """Refuse failures of a whole column, which would else let every row of it pass."""
    whole = failed.loc[failed["index"].isna()]
    if len(whole):
        columns = whole["column"].where(whole["column"].notna(), whole["failure_case"])
        raise LayerError(
            f"{file} cannot be checked: {named(dict.fromkeys(columns.astype(str)))} is missing or "
            "not as the reader wants it.",
            remedy="Compare the names of its columns with those of the format.",
        )
