"""Read a staffing file: full-time-equivalent workers per zone and role."""

import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from geo.ledger import Account, Ledger
from geo.read.file import File, as_file
from geo.read.kind import Kind, column_of
from geo.read.table import open_table
from layers.read.own import (
    NO,
    YES,
    Aliases,
    amount,
    columns_of,
    not_blank,
    one_of,
    own_source,
    parse_amount,
    under_our_names,
)
from layers.read.schema import keep_valid
from layers.source import Source
from layers.staffing import Post, Staffing, names_newly_qualified
from layers.status import Standing

COLUMNS: Aliases = {
    "plan": (),
    "zone": ("locality", "area", "team"),
    "role": ("job title", "post", "job role"),
    "fte": ("full time equivalent", "full-time equivalent", "full time equivalents", "wte"),
    "newly_qualified": ("nqsw", "asye", "newly qualified social worker", "is newly qualified"),
    "absence": ("absence share", "sickness", "absence rate", "absence %", "absence per cent"),
}
_PER_CENT_NAME = re.compile(r"%|per ?cent|percent|pct")
PER_CENT = 100

KIND = Kind(
    key="staffing",
    title="Staffing per zone",
    wants="columns zone, role and FTE",
    matches=lambda peek: all(
        column_of(peek.columns, name, *COLUMNS[name]) is not None
        for name in ("zone", "role", "fte")
    ),
)


@dataclass(frozen=True)
class StaffingFile:
    """The posts of a file, with the account of its rows."""

    staffing: Staffing
    ledger: Ledger
    source: Source
    notes: tuple[str, ...] = ()


def read_staffing(
    source: Path | str | File, *, plan: str = "", status: Standing = "official"
) -> StaffingFile:
    """Read the columns zone, role, fte and, where they are, plan, newly_qualified and absence.

    Absence is a share (0.05) or a percentage with its sign (5%), or a percentage throughout where
    the column's name says so. A number of 1 or more under a plain name is rejected: 1 could be one
    per cent or all of the time.

    Parameters
    ----------
    plan
        Key of the plan whose zones these are, for rows that do not name one.

    Raises
    ------
    ReadError
        When zone, role or FTE is absent.
    """
    file = as_file(source)
    table = open_table(file)
    names = columns_of(
        table,
        COLUMNS,
        needed=("zone", "role", "fte"),
        remedy="Give one row for each role of a zone, with its full-time equivalents.",
    )
    account = Account(file.name)
    rows = under_our_names(table.whole(account), names, COLUMNS)
    in_per_cent = bool(_PER_CENT_NAME.search(names.get("absence", "").casefold()))
    rows = keep_valid(rows, _schema(in_per_cent=in_per_cent), account, file=file.name)
    account.use(len(rows))
    posts = tuple(
        Post(
            plan=row["plan"] or plan,
            zone=row["zone"],
            role=row["role"],
            fte=parse_amount(row["fte"]) or 0.0,
            status=status,
            source=file.name,
            newly_qualified=_newly_qualified(row["newly_qualified"], row["role"]),
            absence=_absence(row["absence"], in_per_cent=in_per_cent),
        )
        for row in rows.to_dict("records")
    )
    return StaffingFile(Staffing(posts), account.close(), own_source(file), table.notes)


def _newly_qualified(said: str, role: str) -> bool:
    """Go by the column; where it says nothing, by the name of the role."""
    return said.casefold() in YES if said else names_newly_qualified(role)


def _schema(*, in_per_cent: bool) -> pa.DataFrameSchema:
    def is_share(cells: pd.Series) -> pd.Series:
        return cells.map(lambda cell: _is_share(cell, in_per_cent=in_per_cent)).astype(bool)

    wanted = "a percentage from 0 to 100" if in_per_cent else "a share below 1 or a percentage (5%)"
    return pa.DataFrameSchema(
        {
            "zone": not_blank("zone"),
            "role": not_blank("role"),
            "fte": amount("fte", may_be_blank=False),
            "newly_qualified": one_of("newly_qualified", YES | NO, "yes, no or blank"),
            "absence": pa.Column(checks=pa.Check(is_share, error=f"'absence' is not {wanted}")),
        }
    )


def _is_share(cell: str, *, in_per_cent: bool) -> bool:
    if not cell:
        return True
    number = parse_amount(cell.removesuffix("%").strip())
    if number is None or number < 0:
        return False
    return number <= PER_CENT if in_per_cent or cell.endswith("%") else number < 1


def _absence(cell: str, *, in_per_cent: bool) -> float:
    """Give the share of a checked cell; 0 where nothing is written."""
    number = parse_amount(cell.removesuffix("%").strip()) or 0.0
    return number / PER_CENT if in_per_cent or cell.endswith("%") else number
