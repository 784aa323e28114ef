"""Read an authority's own list of pyramids: a row a school, with the days it belonged.

Columns: pyramid_code, pyramid_name, zone, urn, tier, valid_from, valid_to. Only pyramid_code, urn
and tier must be there.
"""

import datetime as dt
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import cast, get_args

import numpy as np
import pandas as pd
import pandera.pandas as pa

from geo.errors import ReadError, named
from geo.ledger import Account
from geo.read.file import File, as_file
from geo.read.kind import Kind, Peek, column_of, fold
from geo.read.table import RawTable, open_table
from layers.places import Tier
from layers.pyramids import Member, Pyramid, Pyramids
from layers.read.dates import DATE_STYLES, parse_dates
from layers.read.schema import keep_valid

_REQUIRED = {
    "code": ("pyramid_code", "pyramid code", "pyramid"),
    "urn": ("urn", "school_urn"),
    "tier": ("tier", "phase"),
}
_OPTIONAL = {
    "name": ("pyramid_name", "pyramid name"),
    "zone": ("zone", "locality", "area"),
    "valid_from": ("valid_from", "from"),
    "valid_to": ("valid_to", "to"),
}
_TIERS: Mapping[str, Tier] = {fold(tier): cast("Tier", tier) for tier in get_args(Tier)}
_URN = re.compile(r"[0-9]{5,7}")


def _matches(peek: Peek) -> bool:
    return peek.has("pyramid_code", "urn")


KIND = Kind(
    key="pyramids",
    title="school pyramids",
    wants="pyramid_code, urn, tier",
    matches=_matches,
)


def read_pyramids(
    source: Path | str | File,
    *,
    on: dt.date | None = None,
    schools: Collection[str] | None = None,
) -> Pyramids:
    """Read the pyramids as they were on a day, its ends included.

    Parameters
    ----------
    on
        The day; None takes the rows that have no end. Rows not valid then are passed over.
    schools
        Known URNs; rows of others are rejected. None believes them all.

    Returns
    -------
    Pyramids
        Its notes name pyramids without a head, and schools that stand in two.

    Raises
    ------
    ReadError
        When the file is no table, or lacks a column; naming those found.
    """
    file = as_file(source)
    table = open_table(file)
    columns = _columns(table)
    account = Account(file.name)
    rows = table.whole(account, columns=list(columns)).set_axis(list(columns.values()), axis=1)
    rows, date_notes = _dated(rows)
    schema = _schema(None if schools is None else frozenset(schools))
    rows = keep_valid(rows, schema, account, file=file.name)
    rows = _valid_on(rows, on, account)
    rows = _consistent(rows, account, file.name)
    account.use(len(rows))
    found = Pyramids(_pyramids(rows), on.isoformat() if on else "", account.close())
    notes = (*table.notes, *date_notes, *_notes(found))
    return Pyramids(found.pyramids, found.on, found.ledger, notes)


def _columns(table: RawTable) -> dict[str, str]:
    found = {
        ours: column_of(table.columns, *names) for ours, names in (_REQUIRED | _OPTIONAL).items()
    }
    absent = [names[0] for ours, names in _REQUIRED.items() if found[ours] is None]
    if absent:
        raise ReadError(
            f"{table.file.name} has no column {named(absent)}; its columns are "
            f"{named(table.columns)}.",
            remedy="Give pyramid_code, pyramid_name, zone, urn, tier, valid_from and valid_to.",
        )
    return {column: ours for ours, column in found.items() if column is not None}


def _dated(rows: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Add what may be absent, and read both columns of dates."""
    for ours in _OPTIONAL:
        if ours not in rows:
            rows = rows.assign(**{ours: ""})
    notes: list[str] = []
    for column in ("valid_from", "valid_to"):
        dates = parse_dates(rows[column])
        days = np.where(np.isnat(dates.values), "", dates.values.astype(str))
        rows = rows.assign(**{column: days, f"{column}_ok": dates.ok})
        notes += [f"{column}: {note}" for note in dates.notes]
    backwards = (rows["valid_to"] != "") & (rows["valid_to"] < rows["valid_from"])
    return rows.assign(in_order=~backwards), tuple(notes)


def _schema(known: frozenset[str] | None) -> pa.DataFrameSchema:
    urn = [pa.Check(lambda cells: cells.str.fullmatch(_URN), error="urn is no URN")]
    if known is not None:
        is_known = pa.Check(
            lambda cells: cells.isin(list(known)), error="urn is no open school that is known"
        )
        urn.append(is_known)
    is_tier = pa.Check(
        lambda cells: cells.map(fold).isin(list(_TIERS)),
        error=f"tier is none of {', '.join(get_args(Tier))}",
    )
    is_named = pa.Check(lambda cells: cells != "", error="pyramid_code is blank")
    return pa.DataFrameSchema(
        {
            "code": pa.Column(checks=is_named),
            "urn": pa.Column(checks=urn),
            "tier": pa.Column(checks=is_tier),
            "valid_from_ok": _flag(f"valid_from is no date such as {DATE_STYLES}"),
            "valid_to_ok": _flag(f"valid_to is no date such as {DATE_STYLES}"),
            "in_order": _flag("valid_to is before valid_from"),
        }
    )


def _flag(reason: str) -> pa.Column:
    return pa.Column(checks=pa.Check(lambda flags: flags.astype(bool), error=reason))


def _valid_on(rows: pd.DataFrame, on: dt.date | None, account: Account) -> pd.DataFrame:
    if on is None:
        valid = rows["valid_to"] == ""
    else:
        day = on.isoformat()
        ended = (rows["valid_to"] != "") & (rows["valid_to"] < day)
        valid = (rows["valid_from"] <= day) & ~ended
    account.pass_over(int((~valid).sum()), "not valid on the day asked for")
    return rows[valid]


def _consistent(rows: pd.DataFrame, account: Account, file: str) -> pd.DataFrame:
    """Reject rows that contradict an earlier row of their pyramid, or repeat a school in it."""
    given = rows[["name", "zone"]].mask(rows[["name", "zone"]] == "")
    first = given.groupby(rows["code"], sort=False).transform("first")
    name = first["name"].fillna(rows["code"])
    names = pd.Series(name.to_numpy(), index=rows["code"]).groupby(level=0, sort=False).first()
    taken = rows["code"].isin(names.index[names.duplicated()])
    faults = {
        "pyramid_name contradicts an earlier row of the pyramid": given["name"].notna()
        & (given["name"] != first["name"]),
        "zone contradicts an earlier row of the pyramid": given["zone"].notna()
        & (given["zone"] != first["zone"]),
        "pyramid_name is the name of another pyramid": taken,
        "urn stands in the pyramid already": rows.duplicated(["code", "urn"]),
    }
    rows = rows.assign(name=name, zone=first["zone"].fillna(""))
    for reason, wrong in faults.items():
        lines = rows.index[wrong.reindex(rows.index)]
        account.reject(lines, reason, file=file)
        rows = rows.drop(index=lines)
    return rows


def _pyramids(rows: pd.DataFrame) -> tuple[Pyramid, ...]:
    return tuple(
        Pyramid(str(code), str(group["name"].iloc[0]), str(group["zone"].iloc[0]), _members(group))
        for code, group in rows.groupby("code", sort=False)
    )


def _members(rows: pd.DataFrame) -> tuple[Member, ...]:
    columns = (rows[column] for column in ("urn", "tier", "valid_from", "valid_to"))
    return tuple(
        Member(urn, _TIERS[fold(tier)], start, end)
        for urn, tier, start, end in zip(*columns, strict=True)
    )


def _notes(found: Pyramids) -> tuple[str, ...]:
    notes = []
    headless = [pyramid.name for pyramid in found.pyramids if not pyramid.heads]
    if headless:
        notes.append(f"{len(headless)} pyramids have no head: {named(headless)}.")
    if found.shared:
        notes.append(
            f"{len(found.shared)} schools stand in more than one pyramid: {named(found.shared)}."
        )
    return tuple(notes)
