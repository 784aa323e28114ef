"""Read a council's own counts per small area or postcode, from CSV or a workbook.

A count is a whole number of 0 or more. Percentages, rates and fractions are no counts and are
never taken for them; empty, suppressed and not applicable are kept apart.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pandera.pandas as pa

from geo.build import LAST_2011
from geo.errors import ReadError, named
from geo.ledger import Account
from geo.read.file import File, as_file
from geo.read.kind import Kind, Peek, column_of, fold
from geo.read.table import RawTable, open_table
from layers.counts import UnitCounts
from layers.measures import Measure, Measures
from layers.read.figures import parse_figures
from layers.read.own import PostcodeUnits
from layers.read.schema import keep_valid
from layers.source import Source
from layers.status import Status

UNIT_CODE = r"^(?:E00|E01|E02|E05|W00|W01|W02|W05)[0-9]{6}$"
DISTRICT_CODE = r"^(?:E06|E07|E08|E09|W06)[0-9]{6}$"
POSTCODE = r"^[A-Za-z]{1,2}[0-9][0-9A-Za-z]?\s*[0-9][A-Za-z]{2}$"
UNIT_NAMES = ("unit", "lsoa", "lsoa code", "small area", "area code", "geography code", "code")
POSTCODE_NAMES = ("postcode", "post code", "pcds", "pcd", "postal code")
NO_COUNTS = frozenset(
    fold(name)
    for name in (
        *("easting", "northing", "oseast1m", "osnrth1m", "x", "y", "lat", "latitude", "long"),
        *("lon", "longitude", "fid", "objectid", "id", "line", "year", "month", "rank", "decile"),
        *("age", "age in years", "year of birth", "birth year"),
        *("shape__area", "shape__length", "shape_area", "shape_length", "BNG_E", "BNG_N"),
    )
)
"""Columns of numbers that are no counts, by what they are called."""
RESERVED = frozenset({"unit", "asb"})
"""Keys that no column of counts can have."""
CODE_SHARE = 0.6
"""Share of a column's written cells that must be codes for it to be the column of codes."""
_PERSONAL = re.compile(
    r"personid|childid|clientid|pupilid|dateofbirth|^dob$|birthdate|^upn$|nhsn|surname|forename"
    r"|firstname|lastname"
)
_IDENTIFIER = re.compile(
    r"(?i:(?:^|[^a-z])(?:id|ids|ref|reference|identifier|uprn|usrn)$)|[a-z]ID$"
    r"|(?i:\b(?:case|child|client|person|pupil|family|record|file)[ _-]?(?:no|num|number)\.?$)"
)
"""Columns that number cases or children: summed where a small area has one row, the number of a
child would stand in the pack."""
_OTHERS = re.compile(
    r"^urn$|^chgind$|^doterm$|^crimetype$|^f0$|^allages$|measuresvalue$|^indexofmultipledeprivation"
)
"""Columns of published files that have readers of their own: schools, lookups, postcodes, police,
ages, the census, deprivation."""
_RATE = re.compile(
    r"%|\brate\b|\brates\b|per ?cent|percent|\bper 1|\bpct\b|proportion|average|mean"
)


def _matches(peek: Peek) -> bool:
    if _personal(peek.columns) or any(_OTHERS.search(fold(c)) for c in peek.columns):
        return False
    places = _code_column(peek.sample, peek.columns) or _postcode_column(peek.sample, peek.columns)
    if places is None:
        return False
    others = [c for c in peek.columns if c != places and c in peek.sample.columns]
    return any(_is_count_column(peek.sample[c], c) for c in others)


KIND = Kind(
    key="counts",
    title="Counts per small area or postcode",
    wants="a column of small-area codes or postcodes, and columns of whole numbers",
    matches=_matches,
)


class _Places(NamedTuple):
    """How rows are placed: the column, and whether it holds postcodes."""

    column: str
    is_postcode: bool
    district: str | None


def read_counts(
    source: Path | str | File,
    *,
    sheet: str | None = None,
    unit: str = "",
    mapping: Mapping[str, str] | None = None,
    measures: Mapping[str, Measure] | None = None,
    parts: Sequence[tuple[str, str]] = (),
    postcodes: PostcodeUnits | None = None,
    vintage: str = "",
) -> UnitCounts:
    """Read counts; every column of numbers is a measure unless `mapping` chooses.

    A row is rejected, with the column and the reason, where a cell is negative, fractional, a
    percentage, a formula or a word, or where its small area stands in an earlier row. Rows of one
    postcode or of several postcodes in a small area are added.

    Parameters
    ----------
    sheet
        Of a workbook; the first by default.
    unit
        The column of codes or postcodes; found by its content by default.
    mapping
        Column to key of the measures wanted, such as `{"total": "persons"}`; by default all
        columns of counts, each with a key made of its name.
    measures
        What the measures are, by key; others count as people and are treated as sensitive.
    parts
        Pairs of keys of which the first counts a part of the second.
    postcodes
        Needed where the file has postcodes only.
    vintage
        Of the codes, `2011` or `2021`; told by the column's name or the codes by default. Of
        postcodes it is the vintage wanted, 2021 by default.

    Raises
    ------
    ReadError
        When the columns look like a list of children, there is no column of places or of counts,
        a wanted column is absent or holds rates, or two columns make one key.
    """
    file = as_file(source)
    table = open_table(file, sheet=sheet)
    _refuse_case_list(table)
    account = Account(file.name)
    rows = table.whole(account)
    places = _places(table, rows, unit)
    _require_header(table, places)
    keys, notes = _measure_columns(table, rows, places, mapping)
    rows = keep_valid(rows, _counts_schema(keys), account, file=file.name)
    rows = _keep_parts(rows, keys, parts, account=account, file=file)
    if places.is_postcode:
        vintage = vintage or "2021"
        rows = _put_in_units(rows, places, postcodes, vintage, account=account, file=file)
    else:
        vintage = vintage or _vintage_of(places.column, rows[places.column])
        rows = _keep_units(rows, places, account, file)
    account.use(len(rows))
    counted = _counted(rows, places, keys, measures or {}, file)
    return UnitCounts(
        measures=counted,
        vintage=vintage,
        ledger=account.close(),
        source=_source(file, vintage),
        districts=_districts(rows, places, counted.units),
        notes=(*table.notes, *notes),
        rows=_rows_of(rows, places, counted.units),
    )


def _personal(columns: Sequence[str]) -> list[str]:
    """Name the columns that tell one child from another."""
    return [column for column in columns if _PERSONAL.search(fold(column))]


def _refuse_case_list(table: RawTable) -> None:
    personal = _personal(table.columns)
    if personal:
        raise ReadError(
            f"{table.file.name} has the columns {named(personal)}: it looks like a list of "
            f"children and not like counts.",
            remedy="Load it as a case list, which keeps counts only, or take these columns out.",
        )


def key_of(column: str) -> str:
    """Make a key of a column's name: small letters, digits and underscores.

    `unit` is the codes' own column in a pack, and `asb` is counted from incidents there.

    >>> key_of("Children in Need (31 March)"), key_of("0-4"), key_of("ASB")
    ('children_in_need_31_march', 'count_0_4', 'count_asb')
    """
    key = re.sub(r"[^a-z0-9]+", "_", column.casefold()).strip("_")
    return f"count_{key}" if not key or key[0].isdigit() or key in RESERVED else key


def _places(table: RawTable, rows: pd.DataFrame, unit: str) -> _Places:
    district = next((c for c in rows.columns if _share(rows[c], DISTRICT_CODE) >= CODE_SHARE), None)
    if unit:
        column = column_of(table.columns, unit)
        if column is None:
            raise ReadError(
                f"{table.file.name} has the columns {named(table.columns)} but no '{unit}'.",
                remedy="Name the column that holds the small-area codes or the postcodes.",
            )
        return _Places(column, _share(rows[column], POSTCODE) >= CODE_SHARE, district)
    column = _code_column(rows, table.columns)
    if column is not None:
        return _Places(column, is_postcode=False, district=district)
    column = _postcode_column(rows, table.columns)
    if column is not None:
        return _Places(column, is_postcode=True, district=district)
    raise ReadError(
        f"{table.file.name} has the columns {named(table.columns)}; none holds the codes of small "
        f"areas or postcodes.",
        remedy="Add a column 'unit' with codes such as E01020369, or a column 'postcode'.",
    )


def _require_header(table: RawTable, places: _Places) -> None:
    """Refuse a table that begins with a row of counts: it would be lost as names of columns."""
    if re.match(f"{UNIT_CODE}|{POSTCODE}", places.column):
        raise ReadError(
            f"{table.file.name} has no header: a code or a postcode stands where the name of its "
            f"column should.",
            remedy="Put a row with the names of the columns above the first row.",
        )


def _code_column(rows: pd.DataFrame, columns: Sequence[str]) -> str | None:
    """Find the column of small-area codes, of the smallest areas where there are several."""
    coded = [c for c in columns if c in rows.columns and _share(rows[c], UNIT_CODE) >= CODE_SHARE]
    if coded:
        levels = [_level(rows[column]) for column in coded]
        return coded[levels.index(min(levels))]
    found = column_of(columns, *UNIT_NAMES)
    if found is not None and found in rows.columns and _share(rows[found], UNIT_CODE) > 0:
        return found
    return None


def _level(cells: pd.Series) -> str:
    """Give the digits that tell output area, LSOA, MSOA and ward: 00, 01, 02, 05."""
    codes = cells[cells.str.match(UNIT_CODE)]
    return str(codes.str[1:3].mode().iloc[0])


def _postcode_column(rows: pd.DataFrame, columns: Sequence[str]) -> str | None:
    found = column_of(columns, *POSTCODE_NAMES)
    if found is not None:
        return found
    coded = (c for c in columns if c in rows.columns and _share(rows[c], POSTCODE) >= CODE_SHARE)
    return next(coded, None)


def _share(cells: pd.Series, pattern: str) -> float:
    written = cells[cells != ""]
    return float(written.str.match(pattern).mean()) if len(written) else 0.0


def _measure_columns(
    table: RawTable, rows: pd.DataFrame, places: _Places, mapping: Mapping[str, str] | None
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Say which columns are counts: column to key, and what was left out."""
    if mapping is not None:
        return _mapped(table, mapping), ()
    taken = {places.column, places.district}
    rest = [c for c in table.columns if c not in taken]
    rates = [c for c in rest if _RATE.search(c.casefold()) and _is_numeric(rows[c])]
    chosen = [c for c in rest if _is_count_column(rows[c], c)]
    if not chosen:
        raise ReadError(
            f"{table.file.name} has the columns {named(table.columns)}; none beside "
            f"'{places.column}' holds counts.",
            remedy="Give whole numbers of 0 or more, one column a measure.",
        )
    keys = {column: key_of(column) for column in chosen}
    _refuse_one_key(keys, table)
    notes = []
    if rates:
        notes.append(
            f"{named(rates)} left out: a rate or percentage is no count and cannot be added up."
        )
    others = [c for c in rest if c not in chosen and c not in rates]
    if others:
        notes.append(f"{named(others)} left out: no counts.")
    return keys, tuple(notes)


def _mapped(table: RawTable, mapping: Mapping[str, str]) -> dict[str, str]:
    found = {column_of(table.columns, column): key for column, key in mapping.items()}
    if None in found or not found:
        absent = [c for c in mapping if column_of(table.columns, c) is None]
        raise ReadError(
            f"{table.file.name} has the columns {named(table.columns)} but no {named(absent)}.",
            remedy="Correct the mapping or the file.",
        )
    numbers = [column for column in found if column and _IDENTIFIER.search(column)]
    if numbers:
        raise ReadError(
            f"{table.file.name}: {named(numbers)} numbers cases or children by its name; adding "
            "such numbers counts nothing.",
            remedy="Take it out of the mapping, or rename it if it does hold counts.",
        )
    rates = [column for column in found if column and _RATE.search(column.casefold())]
    if rates:
        raise ReadError(
            f"{table.file.name}: {named(rates)} is a rate or percentage by its name, not a count.",
            remedy="Give the counts it was made of.",
        )
    keys = {column: key for column, key in found.items() if column is not None}
    wrong = [key for key in keys.values() if key != key_of(key)]
    if wrong:
        raise ReadError(
            f"{table.file.name}: {named(wrong)} cannot be the key of a measure.",
            remedy=f"Use small letters, digits and underscores, and not {named(sorted(RESERVED))}.",
        )
    _refuse_one_key(keys, table)
    return keys


def _refuse_one_key(keys: Mapping[str, str], table: RawTable) -> None:
    twice = [c for c, key in keys.items() if list(keys.values()).count(key) > 1]
    if twice:
        raise ReadError(
            f"{table.file.name}: the columns {named(twice)} make one measure.",
            remedy="Rename one, or map them to keys of their own.",
        )


def _is_count_column(cells: pd.Series, column: str) -> bool:
    if fold(column) in NO_COUNTS or _IDENTIFIER.search(column):
        return False
    if _RATE.search(column.casefold()):
        return False
    return _is_numeric(cells)


def _is_numeric(cells: pd.Series) -> bool:
    """Say whether most written cells are meant as numbers, right or wrong."""
    written = cells[cells != ""]
    figures = parse_figures(written)
    meant = written.str.contains(r"%$|^=", regex=True).to_numpy(dtype=bool)
    numbers = figures.is_number | meant
    plain = figures.symbol != ""
    return bool(numbers.any() and (numbers | plain).mean() > CODE_SHARE)


def _counts_schema(keys: Mapping[str, str]) -> pa.DataFrameSchema:
    return pa.DataFrameSchema({column: pa.Column(checks=_checks(column)) for column in keys})


def _checks(column: str) -> list[pa.Check]:
    def is_percentage(cells: pd.Series) -> pd.Series:
        return ~cells.str.endswith("%")

    def is_formula(cells: pd.Series) -> pd.Series:
        return ~cells.str.startswith("=")

    def is_figure(cells: pd.Series) -> pd.Series:
        return pd.Series(parse_figures(cells).ok, index=cells.index)

    def is_natural(cells: pd.Series) -> pd.Series:
        return pd.Series(~(parse_figures(cells).values < 0), index=cells.index)

    def is_whole(cells: pd.Series) -> pd.Series:
        values = parse_figures(cells).values
        return pd.Series(np.isnan(values) | (values == np.floor(values)), index=cells.index)

    return [
        pa.Check(is_percentage, error=f"'{column}' is a percentage, not a count"),
        pa.Check(is_formula, error=f"'{column}' holds a formula, not its value"),
        pa.Check(is_figure, error=f"'{column}' is neither a number nor a symbol"),
        pa.Check(is_natural, error=f"'{column}' is negative"),
        pa.Check(is_whole, error=f"'{column}' is a fraction, not a count"),
    ]


def _keep_parts(
    rows: pd.DataFrame,
    keys: Mapping[str, str],
    parts: Sequence[tuple[str, str]],
    *,
    account: Account,
    file: File,
) -> pd.DataFrame:
    """Reject rows in which a part is more than its whole."""
    columns = {key: column for column, key in keys.items()}
    for part, whole in parts:
        absent = [key for key in (part, whole) if key not in columns]
        if absent:
            raise ReadError(
                f"{file.name} has no measure {named(absent)}.",
                remedy=f"Its measures are {named(columns)}.",
            )
        above = (
            parse_figures(rows[columns[part]]).values > parse_figures(rows[columns[whole]]).values
        )
        reason = f"'{columns[part]}' is more than '{columns[whole]}', of which it is a part"
        account.reject(rows.index[above], reason, file=file.name)
        rows = rows[~above]
    return rows


def _keep_units(rows: pd.DataFrame, places: _Places, account: Account, file: File) -> pd.DataFrame:
    """Keep the first row of each small area; blank is unlocated, anything else no code."""
    codes = rows[places.column]
    blank = codes == ""
    account.unlocate(int(blank.sum()))
    strange = ~blank & ~codes.str.match(UNIT_CODE)
    account.reject(
        rows.index[strange], f"'{places.column}' is no code of a small area", file=file.name
    )
    rows = rows[~blank & ~strange]
    again = rows.duplicated(places.column)
    account.reject(
        rows.index[again],
        f"the row repeats the '{places.column}' of an earlier one",
        file=file.name,
    )
    return rows[~again]


def _put_in_units(
    rows: pd.DataFrame,
    places: _Places,
    postcodes: PostcodeUnits | None,
    vintage: str,
    *,
    account: Account,
    file: File,
) -> pd.DataFrame:
    """Replace postcodes by their small areas; those the directory does not know are unlocated."""
    if postcodes is None:
        raise ReadError(
            f"{file.name} has postcodes, and there is no directory of postcodes.",
            remedy="Give the ONS Postcode Directory as well.",
        )
    texts = rows[places.column].str.upper().str.replace(r"\s+", "", regex=True)
    codes = pd.Series(
        list(postcodes.units_of(texts.tolist(), vintage)), index=rows.index, dtype=str
    )
    account.unlocate(int((codes == "").sum()))
    return rows.assign(**{places.column: codes})[codes != ""]


def _vintage_of(column: str, codes: pd.Series) -> str:
    """Tell 2011 from 2021 by the column's name, else by a code above the last of 2011."""
    told = re.search(r"(?:20)?(11|21)(?:CD|NM)?\b", column.upper().replace(")", ""))
    if told:
        return f"20{told[1]}"
    later = [
        ((codes.str[:3] == country) & (codes > last)).any() for country, last in LAST_2011.items()
    ]
    return "2021" if any(later) else ""


def _counted(
    rows: pd.DataFrame,
    places: _Places,
    keys: Mapping[str, str],
    described: Mapping[str, Measure],
    file: File,
) -> Measures:
    """Add the rows of each small area; a sum with a part that is no number has none either."""
    position, units = pd.factorize(rows[places.column].to_numpy(dtype=object))
    shape = (len(keys), len(units))
    values, status = np.zeros(shape), np.zeros(shape, dtype=np.int8)
    for row, column in enumerate(keys):
        figures = parse_figures(rows[column])
        np.add.at(values[row], position, np.nan_to_num(figures.values))
        np.maximum.at(status[row], position, figures.status)
    values[status >= Status.NOT_APPLICABLE] = np.nan
    measures = tuple(
        described.get(key)
        or Measure(key, column, "people", "", file.name, "official", sensitive=True)
        for column, key in keys.items()
    )
    return Measures(tuple(units), measures, values, status)


def _rows_of(rows: pd.DataFrame, places: _Places, units: Sequence[str]) -> tuple[int, ...]:
    """Count the rows of postcodes in each small area, so that a part of them can be accounted."""
    if not places.is_postcode:
        return ()
    counted = rows[places.column].value_counts()
    return tuple(int(counted[unit]) for unit in units)


def _districts(rows: pd.DataFrame, places: _Places, units: Sequence[str]) -> tuple[str, ...]:
    if places.district is None or places.is_postcode:
        return ()
    of_unit = dict(zip(rows[places.column], rows[places.district], strict=True))
    return tuple(of_unit[unit] for unit in units)


def _source(file: File, vintage: str) -> Source:
    return Source(
        title=file.name,
        publisher="As given by the person who loaded it",
        licence="Not stated",
        vintage=vintage,
        via=file.name,
        attribution="",
    )
