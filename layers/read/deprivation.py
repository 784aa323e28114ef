"""Read the Indices of Deprivation, File 7: all scores, ranks, deciles and denominators.

Headers of the two editions differ in years, come with line breaks, double blanks and cut short;
they are told by how they begin.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pandera.pandas as pa

from geo.errors import ReadError, named
from geo.ledger import Account
from geo.read.file import File, as_file
from geo.read.kind import Kind, Peek, column_of, fold
from geo.read.table import RawTable, list_sheets, open_table
from layers.deprivation import AREAS, Deprivation, Domain
from layers.read.schema import keep_valid
from layers.source import Source

CODE = r"^E01[0-9]{6}$"
DOMAINS: dict[str, str] = {
    "imd": "Index of Multiple Deprivation (IMD)",
    "income": "Income",
    "employment": "Employment",
    "education": "Education, Skills and Training",
    "health": "Health Deprivation and Disability",
    "crime": "Crime",
    "barriers": "Barriers to Housing and Services",
    "living": "Living Environment",
    "idaci": "Income Deprivation Affecting Children Index (IDACI)",
    "idaopi": "Income Deprivation Affecting Older People (IDAOPI)",
    "children_young_people": "Children and Young People Sub-domain",
    "adult_skills": "Adult Skills Sub-domain",
    "geographical": "Geographical Barriers Sub-domain",
    "wider": "Wider Barriers Sub-domain",
    "indoors": "Indoors Sub-domain",
    "outdoors": "Outdoors Sub-domain",
}
"""Key -> how the headers of its score, rank and decile begin."""

POPULATIONS: dict[str, str] = {
    "persons": "Total population",
    "children_0_15": "Dependent Children aged 0-15",
    "aged_16_59": "Population aged 16-59",
    "aged_60_over": "Older population aged 60 and over",
    "working_age": "Working age population",
}
FACTS = ("score", "rank", "decile")
EDITION_OF_YEAR = {"2012": "2015", "2015": "2019", "2022": "2025"}
"""Mid-year of the denominators -> edition."""

KIND = Kind(
    key="deprivation",
    title="English Indices of Deprivation, File 7",
    wants="LSOA code, Index of Multiple Deprivation (IMD) Score, Rank and Decile, Total population",
    matches=lambda peek: _is_deprivation(peek),  # noqa: PLW0108  it stands below
)

_VINTAGE = re.compile(r"(2011|2021)")
_YEAR = re.compile(r"mid[^0-9]{0,3}(2012|2015|2022)", re.IGNORECASE)
_DISTRICT = "Local Authority District code"


def read_deprivation(source: Path | str | File, *, edition: str = "") -> Deprivation:
    """Read scores, ranks, deciles and denominators per LSOA.

    A row is rejected when its code is no LSOA of England or stood before, or its overall score,
    rank or decile or its population is no number within bounds. Of the other domains a cell that
    is no number is missing.

    Parameters
    ----------
    edition
        `2019` or `2025`, where the headers do not tell.

    Raises
    ------
    ReadError
        When a column of the overall index or the population lacks, nothing tells the edition, or
        no row is left.
    """
    table = _table(as_file(source))
    columns = _columns(table)
    account = Account(table.file.name)
    edition, vintage, year, notes = _told(table, columns, edition)
    frame = table.whole(account, columns=list(dict.fromkeys(columns.values())))
    frame = frame[list(columns.values())].set_axis(list(columns), axis=1)
    numbers = frame[["code"]].assign(
        **{key: _numbers(frame[key], key) for key in columns if key not in ("code", "district")}
    )
    kept = keep_valid(numbers, _schema(AREAS[edition]), account, file=table.file.name)
    if kept.empty:
        raise ReadError(
            f"{table.file.name} holds no LSOA with an index.", remedy="Download File 7 again."
        )
    account.use(len(kept))
    return Deprivation(
        tuple(kept["code"]),
        edition,
        vintage,
        {key: _domain(kept, key) for key in DOMAINS if f"{key} score" in kept.columns},
        {key: _column(kept, key) for key in POPULATIONS if key in kept.columns},
        tuple(frame["district"].loc[kept.index]) if "district" in columns else (),
        f"{year}-06-30",
        account.close(),
        _source(table.file.name, edition),
        (*table.notes, *notes, *_remarks(kept)),
    )


def _table(file: File) -> RawTable:
    """Open the CSV, or the sheet of a workbook that has the index."""
    for sheet in list_sheets(file):
        try:
            return open_table(file, sheet=sheet, is_header=_is_header)
        except ReadError:
            continue  # a sheet of notes
    return open_table(file)


def _is_header(cells: Sequence[str]) -> bool:
    return (
        column_of(cells, "LSOA code", prefix=True) is not None
        and column_of(cells, f"{DOMAINS['imd']} score", prefix=True) is not None
    )


def _columns(table: RawTable) -> dict[str, str]:
    """Find where code, district, each fact of each domain and each denominator stand."""
    headers = {"code": "LSOA code", "district": _DISTRICT, **POPULATIONS}
    headers |= {f"{key} {fact}": f"{begin} {fact}" for key, begin in DOMAINS.items()
                for fact in FACTS}  # fmt: skip
    found = {key: column_of(table.columns, header, prefix=True) for key, header in headers.items()}
    needed = ["code", *(f"imd {fact}" for fact in FACTS), "persons"]
    lacking = [headers[key] for key in needed if found[key] is None]
    if lacking:
        raise ReadError(
            f"{table.file.name} has no column {named(lacking)}; its columns are "
            f"{named(table.columns)}.",
            remedy="Download 'File 7: all ranks, deciles and scores, and population denominators'.",
        )
    return {key: column for key, column in found.items() if column is not None}


def _told(
    table: RawTable, columns: dict[str, str], edition: str
) -> tuple[str, str, str, list[str]]:
    """Tell edition, vintage of the codes, and year of the denominators, from the headers."""
    heads = " ".join(table.columns)
    years = set(_YEAR.findall(heads))
    code = _VINTAGE.search(columns["code"])
    year = years.pop() if len(years) == 1 else ""
    found = EDITION_OF_YEAR.get(year) or ("2025" if code and code[1] == "2021" else "")
    told = edition or found
    if told not in AREAS or (found and told != found):
        raise ReadError(
            f"{table.file.name} does not tell its edition"
            + (f", or it is {found} and not {edition}." if edition else "."),
            remedy=f"Say which it is: {named(AREAS)}.",
        )
    year = year or {value: key for key, value in EDITION_OF_YEAR.items()}[told]
    vintage = code[1] if code else ("2021" if told == "2025" else "2011")
    notes = [] if code else [f"The header tells no vintage; the edition {told} is by {vintage}."]
    return told, vintage, year, notes


def _numbers(cells: "pd.Series[str]", key: str) -> npt.NDArray[np.float64]:
    """Turn into numbers: NaN where none stands, or where a rate or people are negative."""
    sign = "" if key in POPULATIONS or key == "idaci score" else "-?"
    plain = cells.where(cells.str.fullmatch(rf"{sign}[0-9]{{1,9}}(\.[0-9]{{1,20}})?"), None)
    return pd.to_numeric(plain).to_numpy(dtype=np.float64, na_value=np.nan)


def _schema(areas: int) -> pa.DataFrameSchema:
    def within(low: float, high: float, *, what: str, whole: bool) -> pa.Column:
        reason = f"the {what} is no {'whole ' if whole else ''}number from {low:g} to {high:g}"
        return pa.Column(
            float,
            pa.Check(
                lambda v: v.between(low, high) & (not whole or v == np.floor(v)),
                ignore_na=False,
                error=reason,
            ),
            nullable=True,
        )

    codes = [
        pa.Check.str_matches(CODE, error="the code is no LSOA of England"),
        pa.Check(lambda codes: ~codes.duplicated(), error="the area stands twice"),
    ]
    return pa.DataFrameSchema(
        {
            "code": pa.Column(str, codes),
            "imd score": within(0, 100, what="overall score", whole=False),
            "imd rank": within(1, areas, what="overall rank", whole=True),
            "imd decile": within(1, 10, what="overall decile", whole=True),
            "persons": within(0, 1e6, what="total population", whole=True),
        }
    )


def _domain(kept: pd.DataFrame, key: str) -> Domain:
    return Domain(*(_column(kept, f"{key} {fact}") for fact in FACTS))


def _column(kept: pd.DataFrame, key: str) -> npt.NDArray[np.float64]:
    if key not in kept.columns:
        return np.full(len(kept), np.nan)
    return kept[key].to_numpy(dtype=np.float64).copy()


def _remarks(kept: pd.DataFrame) -> list[str]:
    notes = []
    if "idaci score" not in kept.columns:
        notes.append("This copy has no IDACI score; children in income deprivation are not told.")
    elif "children_0_15" not in kept.columns:
        notes.append("This copy has no children aged 0 to 15; IDACI cannot be weighed.")
    gaps = [c for c in kept.columns if c != "code" and kept[c].isna().any()]
    if gaps:
        notes.append(f"Some areas have no number in {named(gaps)}.")
    return notes


def _source(via: str, edition: str) -> Source:
    return Source(
        f"English Indices of Deprivation {edition}, File 7",
        "Ministry of Housing, Communities and Local Government",
        "Open Government Licence v3.0",
        edition,
        via,
        "Contains public sector information licensed under the Open Government Licence v3.0.",
    )


def _is_deprivation(peek: Peek) -> bool:
    wanted = (f"{DOMAINS['imd']} {fact}" for fact in FACTS)
    found = all(column_of(peek.columns, header, prefix=True) for header in wanted)
    return found and any(fold(c).startswith("totalpopulation") for c in peek.columns)
