"""Read the Department for Education's explore education statistics, in any order of columns.

Every file has columns that say when and where; the others are measures where they hold numbers or
symbols, and filters where they hold words.
"""

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa

from geo.errors import ReadError, named
from geo.ledger import Account
from geo.read.file import File, as_file
from geo.read.kind import Kind
from geo.read.table import RawTable, open_table
from layers.published import KNOWN, Published
from layers.read.figures import Figures, parse_figures
from layers.read.own import columns_of
from layers.read.schema import keep_valid
from layers.source import Source

__all__ = ["KIND", "KNOWN", "LICENCE", "read_dfe"]

NEEDED = ("time_period", "geographic_level")
IDENTIFYING = (
    *NEEDED,
    *("time_identifier", "country_code", "country_name", "region_code", "region_name"),
    *("old_la_code", "new_la_code", "la_name"),
)
LICENCE = "Open Government Licence v3.0"
ATTRIBUTION = "Contains public sector information licensed under the Open Government Licence v3.0"
CODE_OF_LEVEL = {"national": "country", "regional": "region", "local authority": "la"}
MEASURE_SHARE = 0.5
"""Share of a column's written cells that must be numbers for its words to be faults and not a
filter's."""

KIND = Kind(
    key="dfe",
    title="Department for Education statistics (explore education statistics)",
    wants="columns time_period, time_identifier and geographic_level",
    matches=lambda peek: peek.has(*NEEDED, "time_identifier"),
)


def read_dfe(
    source: Path | str | File,
    *,
    areas: Collection[str] | None = None,
    filters: Collection[str] = (),
) -> Published:
    """Read one file of explore education statistics.

    Missing, suppressed, not applicable and rounded to zero are kept apart. A row is used when its
    figures stand in the value; a row that repeats another's period, area and filters is rejected.

    Parameters
    ----------
    areas
        Nine-character codes to keep (`E92000001` is England); all by default. Rows of other areas
        are passed over, so that a large file stays small in memory.
    filters
        Columns that are filters although they look like numbers, such as a single age.

    Raises
    ------
    ReadError
        When the file lacks time_period or geographic_level, or holds no figures.
    """
    file = as_file(source)
    table = open_table(file)
    names = _identifying(table)
    account = Account(file.name)
    rows = _rows_of(table, names, account, areas)
    rows, notes = _mended(rows)
    rows = keep_valid(rows, _IDENTITY, account, file=file.name)
    measures, words, dropped = _sorted_columns(rows, filters)
    rows = keep_valid(rows, _figures_schema(measures), account, file=file.name)
    identity = [c for c in (*IDENTIFYING, *words) if c in rows.columns]
    repeats = rows.duplicated(identity)
    account.reject(rows.index[repeats], _REPEATED, file=file.name)
    rows = rows[~repeats]
    account.use(len(rows))
    if not measures:
        raise ReadError(
            f"{file.name} holds no figures.", remedy="Download the data file, not its guidance."
        )
    figures = {measure: parse_figures(rows[measure]) for measure in measures}
    notes = (*table.notes, *notes, *_dropped_note(dropped), *_unreliable_note(figures))
    return _published(rows, figures, words, account=account, file=file, notes=notes)


_REPEATED = "the row repeats the period, area and filters of an earlier one"


def _identifying(table: RawTable) -> dict[str, str]:
    """Find the identifying columns: the file's own name of each to ours."""
    found = columns_of(
        table,
        dict.fromkeys(IDENTIFYING, ()),
        needed=NEEDED,
        remedy="Download the data file of explore education statistics as CSV.",
    )
    return {column: name for name, column in found.items()}


def _rows_of(
    table: RawTable, names: dict[str, str], account: Account, areas: Collection[str] | None
) -> pd.DataFrame:
    """Give all rows of the areas wanted, with our names for the identifying columns.

    Columns of text that nothing has are added, so that what follows need not ask.
    """
    kept = []
    for chunk in table.chunks(account):
        rows = chunk.rename(columns=names)
        for name in IDENTIFYING:
            if name not in rows.columns:
                rows[name] = ""
        if areas is not None:
            wanted = _area_code(rows).isin(list(areas))
            account.pass_over(int((~wanted).sum()), "another area")
            rows = rows[wanted]
        kept.append(rows)
    if not any(len(rows) for rows in kept):
        which = " of the areas wanted" if kept else ""
        raise ReadError(
            f"{table.file.name} has no rows{which}.",
            remedy="Check the codes of the areas, or download it again.",
        )
    return pd.concat(kept)


def _area_code(rows: pd.DataFrame) -> pd.Series:
    """Give the code of the area that a row is about, which is of the row's own level."""
    level = rows["geographic_level"].str.casefold()
    code = rows["new_la_code"].where(level == "local authority", "")
    code = code.mask(level == "regional", rows["region_code"])
    return code.mask(level == "national", rows["country_code"])


def _mended(rows: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Take away the `.0` that a spreadsheet put behind codes and periods, and say so."""
    rows, notes = rows.copy(), []
    for column in ("old_la_code", "time_period"):
        broken = rows[column].str.match(r"^[0-9]+\.0$")
        if broken.any():
            rows[column] = rows[column].str.removesuffix(".0")
            notes.append(
                f"{int(broken.sum()):,} cells of {column} were written as decimal numbers "
                f"(such as 839.0) and were read as codes."
            )
    return rows, tuple(notes)


_IDENTITY = pa.DataFrameSchema(
    {
        "time_period": pa.Column(
            checks=pa.Check.str_matches(
                r"^(?:[0-9]{4}|[0-9]{6})$", error="time_period is not of 4 or 6 digits"
            )
        ),
        "geographic_level": pa.Column(
            checks=pa.Check.str_length(min_value=1, error="geographic_level is blank")
        ),
    }
)


def _figures_schema(measures: Sequence[str]) -> pa.DataFrameSchema:
    return pa.DataFrameSchema(
        {
            measure: pa.Column(
                checks=pa.Check(
                    lambda cells: pd.Series(parse_figures(cells).ok, index=cells.index),
                    error=f"'{measure}' is neither a number nor a symbol",
                )
            )
            for measure in measures
        }
    )


def _sorted_columns(
    rows: pd.DataFrame, filters: Collection[str]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Tell measures from filters, and from columns in which nothing is written."""
    measures, words, dropped = [], [], []
    for column in rows.columns:
        if column in IDENTIFYING:
            continue
        if not (rows[column] != "").any():
            dropped.append(column)
        elif column in filters or not _holds_figures(rows[column]):
            words.append(column)
        else:
            measures.append(column)
    return tuple(measures), tuple(words), tuple(dropped)


def _holds_figures(cells: pd.Series) -> bool:
    """Say whether the column is a measure: symbols only, or numbers in most written cells."""
    figures = parse_figures(cells)
    plain = figures.ok & (figures.symbol != "")  # a blank cell and a number have no symbol
    written = (cells != "").to_numpy(dtype=bool) & ~plain
    if not written.any():
        return True
    return bool(figures.is_number[written].mean() > MEASURE_SHARE)


def _dropped_note(columns: Sequence[str]) -> tuple[str, ...]:
    return (f"Nothing is written in {named(columns)}.",) if columns else ()


def _unreliable_note(figures: dict[str, Figures]) -> tuple[str, ...]:
    marked = sum(int((f.symbol == "u").sum()) for f in figures.values())
    return (f"{marked:,} figures are marked as of low reliability (u).",) if marked else ()


def _published(
    rows: pd.DataFrame,
    figures: dict[str, Figures],
    words: Sequence[str],
    *,
    account: Account,
    file: File,
    notes: tuple[str, ...],
) -> Published:
    """Lay the measures one after the other, each with all rows."""
    times = len(figures)

    def laid(cells: pd.Series) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
        return np.tile(cells.to_numpy(dtype=object), times)

    level = rows["geographic_level"].str.casefold()
    name = rows["la_name"].where(level == "local authority", "")
    name = name.mask(level == "regional", rows["region_name"])
    name = name.mask(level == "national", rows["country_name"])
    periods = sorted(set(rows["time_period"]))
    return Published(
        period=laid(rows["time_period"]),
        level=laid(rows["geographic_level"]),
        area_code=laid(_area_code(rows)),
        old_code=laid(rows["old_la_code"]),
        area_name=laid(name),
        measure=np.repeat(np.array(list(figures), dtype=object), len(rows)),
        values=np.concatenate([f.values for f in figures.values()]),
        status=np.concatenate([f.status for f in figures.values()]),
        symbol=np.concatenate([f.symbol for f in figures.values()]),
        filters={word: laid(rows[word]) for word in words},
        ledger=account.close(),
        source=_source(file, periods),
        notes=notes,
    )


def _source(file: File, periods: Sequence[str]) -> Source:
    return Source(
        title=file.name,
        publisher="Department for Education",
        licence=LICENCE,
        vintage=f"{periods[0]} to {periods[-1]}" if periods else "",
        via=file.name,
        attribution=ATTRIBUTION,
    )
