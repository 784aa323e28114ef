"""Read what a build kept beside the counts: the account of rows, and monthly counts."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from geo.errors import LayerError, ReadError
from geo.ledger import Ledger, PassedOver, Rejected, Rejections
from layers.measures import Measure
from layers.series import BINS, Series
from layers.source import Source

_REMEDY = "Build the pack again."


def read_ledgers(path: Path) -> tuple[Ledger, ...]:
    """Read the account of every source of a pack; () where there is none.

    Raises
    ------
    ReadError
        When the file is no account.
    """
    if not path.is_file():
        return ()
    try:
        return tuple(_ledger(entry) for entry in json.loads(path.read_text("utf-8")))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ReadError(f"{path} is no account of rows.", remedy=_REMEDY) from error


def read_series(folder: Path, units: tuple[str, ...]) -> Series | None:
    """Read the monthly counts of a pack; None where it has none.

    Parameters
    ----------
    units
        Those of the pack, in the order the series takes.

    Raises
    ------
    ReadError
        When one of its two files is missing or is not what it should be.
    """
    about, counts = folder / "series.json", folder / "series.parquet"
    if not about.is_file() and not counts.is_file():
        return None
    try:
        return _series(json.loads(about.read_text("utf-8")), pd.read_parquet(counts), units)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, LayerError) as error:
        raise ReadError(
            f"{about} and {counts.name} are no monthly counts of this pack.", remedy=_REMEDY
        ) from error


def _series(about: dict[str, Any], rows: pd.DataFrame, units: tuple[str, ...]) -> Series:
    measures = tuple(Measure(**entry) for entry in about["measures"])
    months = tuple(about["months"])
    row = _positions(rows["measure"], tuple(measure.key for measure in measures))
    when = _positions(rows["month"], months)
    is_binned = (rows["unit"] == "").to_numpy()
    counts = np.zeros((len(measures), len(months), len(units)), dtype=np.int64)
    binned = np.zeros((len(measures), len(months), len(BINS)), dtype=np.int64)
    for table, column, names, which in (
        (counts, "unit", units, ~is_binned),
        (binned, "bin", BINS, is_binned),
    ):
        place = _positions(rows.loc[which, column], names)
        np.add.at(table, (row[which], when[which], place), rows.loc[which, "count"].to_numpy())
    return Series(
        units,
        months,
        measures,
        counts,
        binned,
        frozenset(about["stocks"]),
        _ledger(about["ledger"]),
        Source(**about["source"]),
        tuple(about["notes"]),
    )


def _positions(names: pd.Series, known: tuple[str, ...]) -> Any:
    found = pd.Index(known).get_indexer(pd.Index(names))
    if (found < 0).any():
        raise KeyError(str(names[found < 0].iloc[0]))
    return found


def _ledger(entry: dict[str, Any]) -> Ledger:
    rows = {
        "rejected": Rejections(Rejected(*row) for row in entry["rejected"]),
        "passed_over": tuple(PassedOver(*row) for row in entry["passed_over"]),
    }
    return Ledger(**entry | rows)
