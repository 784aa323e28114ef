"""Read a list of programmes: name, zone or site, places, waiting, ages and level of need."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandera.pandas as pa

from geo.errors import ReadError, named
from geo.ledger import Account, Ledger
from geo.read.file import File, as_file
from geo.read.kind import Kind, Peek
from geo.read.table import open_table
from layers.ages import parse_ages
from layers.programmes import Programme
from layers.read.own import (
    Aliases,
    ages_column,
    amount,
    columns_of,
    has_column,
    not_blank,
    own_source,
    parse_amount,
    under_our_names,
)
from layers.read.schema import keep_valid
from layers.source import Source
from layers.status import Standing

COLUMNS: Aliases = {
    "name": ("programme", "programme name", "course"),
    "zone": ("locality",),
    "site": ("site name", "venue"),
    "places": ("number of places", "places offered"),
    "waiting": ("waiting list", "number waiting"),
    "ages": ("age range", "age group"),
    "level": ("level of need", "need level"),
}


def _matches(peek: Peek) -> bool:
    has = partial(has_column, peek, COLUMNS)
    return has("name") and (has("zone") or has("site")) and has("places") and has("waiting")


KIND = Kind(
    key="programmes",
    title="Programmes with places and waiting lists",
    wants="columns name, zone or site, places and waiting",
    matches=_matches,
)


@dataclass(frozen=True)
class ProgrammesFile:
    """The programmes of a file, with the account of its rows."""

    programmes: tuple[Programme, ...]
    ledger: Ledger
    source: Source
    notes: tuple[str, ...] = ()


def read_programmes(source: Path | str | File, *, status: Standing = "official") -> ProgrammesFile:
    """Read programmes; one that names neither a zone nor a site is unlocated.

    Raises
    ------
    ReadError
        When there is no column of names, or none of zones or sites.
    """
    file = as_file(source)
    table = open_table(file)
    names = columns_of(
        table, COLUMNS, needed=("name",), remedy="Give one row for each programme and place."
    )
    if "zone" not in names and "site" not in names:
        raise ReadError(
            f"{file.name} has the columns {named(table.columns)} but neither zone nor site.",
            remedy="Say in which zone or at which site each programme is offered.",
        )
    account = Account(file.name)
    rows = under_our_names(table.whole(account), names, COLUMNS)
    rows = keep_valid(rows, _SCHEMA, account, file=file.name)
    placed = (rows["zone"] != "") | (rows["site"] != "")
    account.unlocate(int((~placed).sum()))
    account.use(int(placed.sum()))
    programmes = tuple(
        Programme(
            name=row["name"],
            zone=row["zone"],
            site=row["site"],
            places=parse_amount(row["places"]),
            waiting=parse_amount(row["waiting"]),
            ages=parse_ages(row["ages"]),
            level=row["level"],
            status=status,
            source=file.name,
        )
        for row in rows[placed].to_dict("records")
    )
    return ProgrammesFile(programmes, account.close(), own_source(file), table.notes)


_SCHEMA = pa.DataFrameSchema(
    {
        "name": not_blank("name"),
        "places": amount("places", may_be_blank=True),
        "waiting": amount("waiting", may_be_blank=True),
        "ages": ages_column("ages"),
    }
)
