"""Ask Nomis for the people of small areas.

A guest's answer ends after 25,000 rows with status 200 and without a word. So each page is checked
against the number of rows that stands in its own column, RECORD_COUNT.
"""

import csv
import io
from collections.abc import Sequence

from layers.fetch.addresses import Nomis
from layers.fetch.errors import FetchError, PassingFault
from layers.fetch.web import Request, Web

COUNT = "RECORD_COUNT"
CODE = "GEOGRAPHY_CODE"
MOST_DIGITS = 9
SETTING = "`root` or `dataset` under [nomis]"

Rows = list[dict[str, str]]


def read_population(web: Web, nomis: Nomis, codes: Sequence[str]) -> Rows:
    """Read the rows of the small areas `codes`, as the service lays them out.

    Raises
    ------
    FetchError
        When rows are missing, or the answer is of other areas.
    """
    rows: Rows = []
    for start in range(0, len(codes), nomis.codes_per_query):
        rows += _read_some(web, nomis, codes[start : start + nomis.codes_per_query])
    return rows


def to_csv(rows: Rows) -> bytes:
    """Write the rows, without the column that counts them."""
    columns = [name for name in rows[0] if name != COUNT]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def nomis_url(nomis: Nomis) -> str:
    """Give the address that the data set is asked at."""
    return f"{nomis.root.rstrip('/')}/{nomis.dataset}.data.csv"


def _read_some(web: Web, nomis: Nomis, codes: Sequence[str]) -> Rows:
    rows: Rows = []
    count = 0
    while True:
        page, said = web.ask(_request(nomis, codes, len(rows)), _parse)
        rows, count = rows + page, max(count, said)
        if len(rows) >= count or not page:
            break
    asked, found = set(codes), {row[CODE] for row in rows}
    if len(rows) != count or found != asked:
        raise FetchError(
            f"Nomis gave {len(rows):,} of {count:,} rows, for {len(found & asked):,} of "
            f"{len(asked):,} small areas.",
            remedy=f"Try again later; if it stays so, check `dataset` and {SETTING}.",
        )
    return rows


def _request(nomis: Nomis, codes: Sequence[str], offset: int) -> Request:
    params = {
        **nomis.params,
        "geography": ",".join(codes),
        "RecordOffset": str(offset),
        "RecordLimit": str(nomis.page_rows),
    }
    return Request(nomis_url(nomis), SETTING, params)


def _parse(content: bytes) -> tuple[Rows, int]:
    try:
        table = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        rows = list(table)
    except (UnicodeDecodeError, csv.Error) as error:
        raise PassingFault("answered with something that is no table") from error
    columns = table.fieldnames or []
    if COUNT not in columns or CODE not in columns or any(None in row.values() for row in rows):
        raise PassingFault("answered with something that is no table of small areas")
    if any(None in row for row in rows):  # more cells than columns
        raise PassingFault("answered with a table that is broken")
    if not rows:
        return [], 0
    counts = {row[COUNT] for row in rows}
    count = counts.pop()
    if counts or not count.isdecimal() or len(count) > MOST_DIGITS:
        raise PassingFault("answered with a table that does not say how many rows it has")
    return rows, int(count)
