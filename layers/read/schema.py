"""Check rows against a schema (pandera) and account for those that fail, each with its reason."""

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from geo.ledger import Account


def keep_valid(
    frame: pd.DataFrame, schema: pa.DataFrameSchema, account: Account, *, file: str
) -> pd.DataFrame:
    """Give the rows that meet `schema`; reject the others in `account`.

    The frame's index holds lines, as `geo.read.table` gives them. A row that fails several checks
    is rejected once, for the first. Each check's `error` is its reason, in words that do not quote
    the cell. The schema must not coerce: cells stay text until the reader turns them into values.
    """
    try:
        schema.validate(frame, lazy=True)
    except SchemaErrors as error:
        failed = error.failure_cases.dropna(subset=["index"]).drop_duplicates("index")
        for reason, lines in failed.groupby("check", sort=False)["index"]:
            account.reject(lines.astype(int), str(reason), file=file)
        kept: pd.DataFrame = frame.drop(index=failed["index"].astype(int))
        return kept
    return frame
