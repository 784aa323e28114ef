"""Read the lookup of small areas of 2011 to those of 2021 (ONS Open Geography, exact fit)."""

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from geo.errors import ReadError, named
from geo.ledger import Account
from geo.read.file import File, as_file
from geo.read.kind import Kind, Peek, column_of
from geo.read.table import open_table
from geo.vintages import VintageLookup

OLD_NAMES = ("LSOA11CD", "LSOA 2011 code", "LSOA code (2011)")
NEW_NAMES = ("LSOA21CD", "LSOA 2021 code", "LSOA code (2021)")
CHANGE_NAMES = ("CHGIND", "CHNGIND", "change indicator")

_DISTRICT = re.compile(r"(?i)LAD[0-9][0-9]CD")
_CODE = r"[EW]01[0-9]{6}"

KIND = Kind(
    key="vintage_lookup",
    title="ONS lookup of LSOA 2011 to LSOA 2021",
    wants="LSOA11CD, CHGIND and LSOA21CD",
    matches=lambda peek: _is_lookup(peek),  # noqa: PLW0108  it stands below
)


def read_vintage_lookup(source: Path | str | File) -> VintageLookup:
    """Read pairs of LSOA codes with their kind of change (CHGIND).

    Columns may stand in any order, among others. A column `LAD22CD` (any year) tells districts.
    A row is rejected when a code is no LSOA, the change is not U, S, M or X, or its pair stood
    before.

    Raises
    ------
    ReadError
        When a column lacks, or no row is left.
    VintageError
        When the pairs contradict their kind of change.
    """
    table = open_table(as_file(source))
    old, new, change = (
        column_of(table.columns, *names) for names in (OLD_NAMES, NEW_NAMES, CHANGE_NAMES)
    )
    if old is None or new is None or change is None:
        raise ReadError(
            f"{table.file.name} is no lookup of 2011 to 2021; its columns are "
            f"{named(table.columns)}.",
            remedy="Columns LSOA11CD, CHGIND and LSOA21CD were wanted: download the exact-fit "
            "lookup 'LSOA (2011) to LSOA (2021) to LAD (2022)'.",
        )
    district = next((c for c in table.columns if _DISTRICT.fullmatch(c)), None)
    account = Account(table.file.name)
    wanted = [old, new, change] if district is None else [old, new, change, district]
    frame = _sound(table.whole(account, columns=wanted), account, table.file.name)
    if frame.empty:
        raise ReadError(f"{table.file.name} holds no pair.", remedy="Download it again.")
    account.use(len(frame))
    return VintageLookup(
        tuple(frame[old]),
        tuple(frame[new]),
        tuple(frame[change]),
        () if district is None else tuple(frame[district]),
        account.close(),
        table.notes,
    )


def _sound(frame: pd.DataFrame, account: Account, file: str) -> pd.DataFrame:
    """Reject rows that cannot be a pair; columns are old, new, change and perhaps district."""
    old, new, change = frame.columns[:3]
    checks: tuple[tuple[Callable[[pd.DataFrame], pd.Series[bool]], str], ...] = (
        (lambda rows: ~rows[old].str.fullmatch(_CODE), f"{old} is no LSOA code"),
        (lambda rows: ~rows[new].str.fullmatch(_CODE), f"{new} is no LSOA code"),
        (lambda rows: ~rows[change].isin(list("USMX")), f"{change} is not U, S, M or X"),
        (lambda rows: rows.duplicated([old, new]), "the pair stands twice"),
    )
    for is_wrong, reason in checks:
        wrong = is_wrong(frame)
        account.reject(frame.index[wrong], reason, file=file)
        frame = frame[~wrong]
    return frame


def _is_lookup(peek: Peek) -> bool:
    return all(column_of(peek.columns, *n) for n in (OLD_NAMES, NEW_NAMES, CHANGE_NAMES))
