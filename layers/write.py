"""Write the files of a pack, the same bytes every time.

Nothing written here depends on the day, the machine or the order in which rows arrived. Parquet
files carry the version of the library that wrote them, so their bytes are promised only for the
versions in the lock file.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from geo.ledger import Ledger
from layers.history import Figure
from layers.measures import Measures
from layers.series import BINS, Series
from layers.status import SYMBOL, Status
from layers.totals import Total

STATUS_SUFFIX = ":status"
"""What the column of statuses is called beside that of a measure in `measures.parquet`."""

_INCIDENTS = pa.schema(
    [
        ("month", pa.string()),
        ("kind", pa.string()),
        ("unit", pa.string()),
        ("easting", pa.float64()),
        ("northing", pa.float64()),
    ]
)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 with the same line ends on every system."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """Write a table and return how many rows it has; None becomes an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    written = [["" if cell is None else cell for cell in row] for row in rows]
    writer.writerows(written)
    write_text(path, text.getvalue())
    return len(written)


def write_measures(path: Path, measures: Measures) -> int:
    """Write one row a unit and one column a measure, with its statuses where not all are known."""
    columns: dict[str, Any] = {"unit": pa.array(measures.units, pa.string())}
    for key, values, status in zip(measures.keys, measures.values, measures.status, strict=True):
        columns[key] = pa.array(values, pa.float64(), mask=np.isnan(values))
        if status.any():
            columns[f"{key}{STATUS_SUFFIX}"] = pa.array(status, pa.int8())
    _write_parquet(path, pa.table(columns))
    return len(measures.units)


def write_incidents(path: Path, incidents: pd.DataFrame) -> int:
    """Write one row an incident, by month, unit, kind and place; identical rows all stay."""
    columns = _INCIDENTS.names
    month, kind, unit, *point = columns
    ordered = incidents.reindex(columns=columns).sort_values([month, unit, *point, kind])
    table = pa.Table.from_pandas(ordered, schema=_INCIDENTS, preserve_index=False)
    # The pandas note in the metadata names library versions and serves nobody here.
    _write_parquet(path, table.replace_schema_metadata(None))
    return len(ordered)


def write_ledgers(path: Path, ledgers: Iterable[Ledger]) -> int:
    """Write the account of every source with its rejected rows, and return how many sources."""
    rows = [_account(ledger) for ledger in ledgers]
    write_text(path, json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
    return len(rows)


def write_series(folder: Path, series: Series) -> dict[str, int]:
    """Write monthly counts: `series.parquet` with what is not 0, `series.json` with what it is.

    A row of `series.parquet` is a month, a measure, a unit or (where `unit` is empty) a bin, and a
    count. Every month of `series.json` was counted, so what has no row is 0.
    """
    measure, month, unit = np.nonzero(series.counts)
    counted = (series.counts[measure, month, unit], np.array(series.units, dtype=object)[unit])
    row, when, place = np.nonzero(series.binned)
    binned = (series.binned[row, when, place], np.array(BINS, dtype=object)[place])
    keys = np.array(series.keys, dtype=object)
    months = np.array(series.months, dtype=object)
    columns = {
        "measure": pa.array([*keys[measure], *keys[row]], pa.string()),
        "month": pa.array([*months[month], *months[when]], pa.string()),
        "unit": pa.array([*counted[1], *[""] * len(row)], pa.string()),
        "bin": pa.array([*[""] * len(unit), *binned[1]], pa.string()),
        "count": pa.array([*counted[0], *binned[0]], pa.int64()),
    }
    _write_parquet(folder / "series.parquet", pa.table(columns))
    about = {
        "months": series.months,
        "stocks": sorted(series.stocks),
        "measures": [asdict(measure) for measure in series.measures],
        "source": asdict(series.source),
        "notes": series.notes,
        "ledger": _account(series.ledger),
    }
    write_text(folder / "series.json", json.dumps(about, ensure_ascii=False, indent=1) + "\n")
    return {"series.parquet": len(columns["count"]), "series.json": len(series.months)}


def write_totals(path: Path, totals: Iterable[Total]) -> int:
    """Write the authority's published totals; a value that was suppressed keeps its symbol."""
    return write_csv(
        path,
        ("key", "title", "area", "period", "value", "source"),
        [
            (
                t.key,
                t.title,
                t.area,
                t.period,
                _cell(t.value, t.status),
                t.source,
            )
            for t in totals
        ],
    )


def write_history(path: Path, history: Iterable[Figure]) -> int:
    """Write published figures of whole authorities; what was not published is an empty cell."""
    columns = ("key", "period", "area", "x", "n", "value", "source", "status")
    rows = [
        [f"{cell:.15g}" if isinstance(cell, int | float) else cell for cell in row]
        for row in ([getattr(figure, column) for column in columns] for figure in history)
    ]
    return write_csv(
        path, columns, [["" if cell == "nan" else cell for cell in row] for row in rows]
    )


def write_shapes(path: Path, shapes: gpd.GeoDataFrame) -> int:
    """Write GeoParquet and return how many shapes it has."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shapes.to_parquet(path, index=False, compression="zstd")
    return len(shapes)


def toml(document: Mapping[str, Any]) -> str:
    """Write settings as TOML: values first, then lists of tables; a table in one stands in braces.

    What is None is left out: TOML has no word for it.

    >>> print(toml({"key": "x", "plans": [{"key": "zones", "order": ["A"]}]}), end="")
    key = "x"
    <BLANKLINE>
    [[plans]]
    key = "zones"
    order = ["A"]
    """
    return "\n".join(_toml_lines(document, ())).lstrip("\n") + "\n"


def _account(ledger: Ledger) -> dict[str, Any]:
    return {
        "source": ledger.source,
        "read": ledger.read,
        "used": ledger.used,
        "unlocated": ledger.unlocated,
        "outside": ledger.outside,
        "rejected": [[row.line, row.reason, row.file] for row in ledger.rejected],
        "passed_over": [[passed.reason, passed.rows] for passed in ledger.passed_over],
    }


def _cell(value: float, status: Status) -> str:
    return SYMBOL.get(Status(status), f"{value:.15g}")


def _write_parquet(path: Path, table: pa.Table) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd")


def _toml_lines(document: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    document = {key: value for key, value in document.items() if value is not None}
    plain = {key: value for key, value in document.items() if not _is_tables(value)}
    lines = [f"{key} = {_toml_value(value)}" for key, value in plain.items()]
    for key, value in document.items():
        if _is_tables(value):
            for table in value:
                inner = (*path, key)
                lines += ["", f"[[{'.'.join(inner)}]]", *_toml_lines(table, inner)]
    return lines


def _is_tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)


def _toml_value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        pairs = (f"{key} = {_toml_value(item)}" for key, item in value.items() if item is not None)
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml_value(item) for item in value) + "]"
    if isinstance(value, str):
        # A JSON string is a TOML basic string, but for one control character that JSON lets stand.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)
