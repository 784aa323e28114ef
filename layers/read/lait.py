"""Read the long table of the Local Authority Interactive Tool (LAIT) and its dictionary.

One row is one figure. The name of a data item is written once and stands for the rows below it;
the dictionary says of each item whether high or low is better.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa

from geo.errors import ReadError, named
from geo.ledger import Account
from geo.read.file import File, as_file
from geo.read.kind import Kind, column_of
from geo.read.table import RawTable, list_sheets, open_table
from layers.indicators import Polarity
from layers.published import ENGLAND, Published
from layers.read.dfe import ATTRIBUTION, LICENCE
from layers.read.figures import parse_figures
from layers.read.own import columns_of
from layers.read.schema import keep_valid
from layers.source import Source

COLUMNS = ("Short Desc", "Data item", "Years", "LA and Regions", "Values", "LA Number", "Region")
NEEDED = ("Short Desc", "Years", "LA and Regions", "Values")
NUMBER_OF_ENGLAND = "970"
POLARITIES: Mapping[str, Polarity] = {"high": "high", "low": "low", "-": "none", "": "none"}
"""How the dictionary says whether high or low is better."""

KIND = Kind(
    key="lait",
    title="Local Authority Interactive Tool, long table",
    wants="columns Short Desc, Years, LA and Regions, and Values",
    matches=lambda peek: peek.has(*NEEDED),
)


def read_lait(
    source: Path | str | File, *, dictionary: Path | str | File | None = None
) -> Published:
    """Read the long table; the measures of the value are the short names of its data items.

    Parameters
    ----------
    dictionary
        The file with the columns Short Desc and Polarity (High, Low or -), CSV or a sheet of a
        workbook. Without it no item has a polarity.

    Raises
    ------
    ReadError
        When a column is absent from either file.
    """
    file = as_file(source)
    table = open_table(file)
    account = Account(file.name)
    rows = table.whole(account).rename(columns=_names(table, NEEDED))
    for column in COLUMNS:
        if column not in rows.columns:
            rows[column] = ""
    titles = _titles(rows)
    numbers = rows["LA Number"]
    decimals = numbers.str.match(r"^[0-9]+\.0$")
    rows["LA Number"] = numbers.mask(decimals, numbers.str.removesuffix(".0"))
    rows = keep_valid(rows, _SCHEMA, account, file=file.name)
    repeats = rows.duplicated(["Short Desc", "Years", "LA and Regions", "LA Number"])
    account.reject(
        rows.index[repeats], "the row repeats the item, years and area of another", file=file.name
    )
    rows = rows[~repeats]
    account.use(len(rows))
    polarity, polarity_notes = _polarity(dictionary, titles)
    notes = (*table.notes, *_decimal_note(int(decimals.sum())), *polarity_notes)
    return _published(rows, titles, polarity, account=account, file=file, notes=notes)


_SCHEMA = pa.DataFrameSchema(
    {
        "Short Desc": pa.Column(
            checks=pa.Check.str_length(min_value=1, error="Short Desc is blank")
        ),
        "Years": pa.Column(
            checks=pa.Check.str_matches(r"^(?:19|20)[0-9]{2}", error="Years names no year")
        ),
        "LA and Regions": pa.Column(
            checks=pa.Check.str_length(min_value=1, error="LA and Regions is blank")
        ),
        "Values": pa.Column(
            checks=pa.Check(
                lambda cells: pd.Series(parse_figures(cells).ok, index=cells.index),
                error="Values is neither a number nor a symbol",
            )
        ),
    }
)


def _names(table: RawTable, needed: tuple[str, ...]) -> dict[str, str]:
    found = columns_of(
        table,
        dict.fromkeys(COLUMNS, ()),
        needed=needed,
        remedy="Give the long table of the LAIT, one figure a row.",
    )
    return {column: name for name, column in found.items()}


def _titles(rows: pd.DataFrame) -> dict[str, str]:
    """Full name of each item: what is written first; its short name where nothing is."""
    titles = {short: short for short in rows["Short Desc"].unique()}
    written = rows[rows["Data item"] != ""].drop_duplicates("Short Desc")
    return titles | dict(zip(written["Short Desc"], written["Data item"], strict=True))


def _decimal_note(cells: int) -> tuple[str, ...]:
    if not cells:
        return ()
    return (f"{cells:,} cells of LA Number were written as decimals and were read as codes.",)


def _polarity(
    dictionary: Path | str | File | None, titles: Mapping[str, str]
) -> tuple[dict[str, Polarity], tuple[str, ...]]:
    if dictionary is None:
        return {}, ("Without the dictionary no item says whether high or low is better.",)
    table, short, polarity = _dictionary(as_file(dictionary))
    account = Account(table.file.name)
    rows = table.whole(account, columns=[short, polarity])
    known = rows[polarity].str.casefold().isin(list(POLARITIES))
    found = {
        name: POLARITIES[word.casefold()]
        for name, word in zip(rows[short][known], rows[polarity][known], strict=True)
    }
    notes = []
    if not known.all():
        strange = int((~known).sum())
        notes.append(
            f"{strange:,} items of the dictionary have a polarity that is not High, Low "
            f"or -; they have none here."
        )
    absent = [short for short in titles if short not in found]
    if absent:
        notes.append(f"The dictionary does not hold {named(absent)}.")
    return {name: found[name] for name in titles if name in found}, tuple(notes)


def _dictionary(file: File) -> tuple[RawTable, str, str]:
    """Find the table that has a polarity, on whichever sheet, and its two columns."""
    for sheet in list_sheets(file) or (None,):
        try:
            table = open_table(file, sheet=sheet)
        except ReadError:
            if sheet is None:
                raise
            continue  # a cover sheet is no table; the next one may be
        short = column_of(table.columns, "Short Desc", "Short Description", "Short name")
        polarity = column_of(table.columns, "Polarity")
        if short is not None and polarity is not None:
            return table, short, polarity
    raise ReadError(
        f"{file.name} has no table with the columns Short Desc and Polarity.",
        remedy="Give the dictionary of the LAIT, or leave it out.",
    )


def _published(
    rows: pd.DataFrame,
    titles: dict[str, str],
    polarity: dict[str, Polarity],
    *,
    account: Account,
    file: File,
    notes: tuple[str, ...],
) -> Published:
    figures = parse_figures(rows["Values"])
    number = rows["LA Number"].to_numpy(dtype=object)
    is_england = (number == NUMBER_OF_ENGLAND) | (rows["LA and Regions"] == "England").to_numpy()
    years = sorted(set(rows["Years"]))
    kept = set(rows["Short Desc"])
    return Published(
        period=rows["Years"].to_numpy(dtype=object),
        level=np.where(is_england, "National", "").astype(object),
        area_code=np.where(is_england, ENGLAND, "").astype(object),
        old_code=number.copy(),
        area_name=rows["LA and Regions"].to_numpy(dtype=object),
        measure=rows["Short Desc"].to_numpy(dtype=object),
        values=figures.values,
        status=figures.status,
        symbol=figures.symbol,
        filters={},
        ledger=account.close(),
        source=Source(
            title="Local Authority Interactive Tool",
            publisher="Department for Education",
            licence=LICENCE,
            vintage=f"{years[0]} to {years[-1]}" if years else "",
            via=file.name,
            attribution=ATTRIBUTION,
        ),
        titles={short: title for short, title in titles.items() if short in kept},
        polarity=polarity,
        notes=notes,
    )
