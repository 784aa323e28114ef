"""Read a lookup: a table of unit and zone, which leaves as a plan.

`read_lookup` refuses a file that does not fit the units. `read_rows` gives what the file says
before it is held against them, so that a person may be shown what does not fit and decide.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from geo.build import LAST_2011
from geo.errors import PlanError, ReadError, named
from geo.ledger import Account
from geo.plan import Plan
from geo.read.file import File, as_file
from geo.read.table import RawTable, open_table

FORMULA = "=+-@\t\r"
"""What a spreadsheet takes for the start of a formula; `geo.write` puts an apostrophe before it."""

MOST_NAME_CHARACTERS = 200
"""A zone with a longer name could not be told on a map or in a table."""

MOST_WITH_A_SLIP = 20
"""In a longer lookup a single unknown code is a slip and tells nothing of the others."""

_CODE_COLUMN = re.compile(r"(lsoa|oa|msoa|wd)(\d\d)cd")
_UNIT_HEADERS = ("unit", "unit code", "unit_code", "lsoa", "lsoa code", "lsoa_code")
_ZONE_HEADERS = ("zone", "zone name", "locality", "team", "area", "plan", "name")
_LEVELS = {"E00": "output areas", "E01": "LSOAs", "E02": "MSOAs", "E05": "wards"}
_GSS = re.compile(r"[EWSNKJLM]\d{8}")
_BEYOND_2021 = {"E01": "E01036000", "W01": "W01002100"}
"""LSOA codes from these on were given out for no census yet: they tell no vintage."""

_SAVE = "Save it as 'CSV UTF-8' (in Excel: Save as, CSV UTF-8)."


@dataclass(frozen=True)
class Columns:
    """The columns of a lookup, and which of them hold units and zones; None where it is not told.

    Parameters
    ----------
    every
        All of them, as they are called.
    """

    every: tuple[str, ...]
    unit: str | None
    zone: str | None


@dataclass(frozen=True, eq=False, repr=False)
class Lookup:
    """What a file says: the zone of each unit that it names.

    Parameters
    ----------
    label
        The name of the file, for messages.
    units
        Codes, each once.
    zones
        Zone of each; empty where it is in none.
    unit_column
        What the column of codes is called: `LSOA11CD` tells the year.
    """

    label: str
    units: tuple[str, ...]
    zones: tuple[str, ...]
    unit_column: str = ""

    def missing(self, units: Sequence[str]) -> tuple[str, ...]:
        """List those of `units` that the file does not name."""
        held = set(self.units)
        return tuple(unit for unit in units if unit not in held)

    def unknown(self, units: Sequence[str]) -> tuple[str, ...]:
        """List the codes of the file that are none of `units`."""
        known = set(units)
        return tuple(unit for unit in self.units if unit not in known)

    def vintage_beside(self, units: Sequence[str]) -> str:
        """Tell the year of its codes, held against `units`; empty where nothing speaks for one.

        Most codes of 2011 live on in 2021, so what it shares with `units` tells nothing. It is of
        2021 where most codes that are not of `units` were first given out then, and they are two
        or more: a single one is a slip. Else the name of its column tells (`LSOA11CD`). A file
        that lacks none of `units` is of their year, whatever else it names.
        """
        if not self.missing(units):
            return ""
        unknown = self.unknown(units)
        new = [code for code in unknown if _is_new_in_2021(code)]
        if len(new) > 1 and 2 * len(new) > len(unknown):
            return "2021"
        match = _CODE_COLUMN.fullmatch(self.unit_column.casefold())
        return f"20{match[2]}" if match else ""

    def plan(self, units: Sequence[str], *, zones: Sequence[str] = (), vintage: str = "") -> Plan:
        """Make a plan of exactly these units.

        Parameters
        ----------
        zones
            The order of zones; those it does not name follow in alphabetical order.
        vintage
            The year of `units`, for the message.

        Raises
        ------
        PlanError
            When the file lacks a unit or names another; with the years where they differ.
        """
        found = self._misfit(units)
        if found:
            raise PlanError(found, remedy=self._remedy(units, vintage))
        return Plan.from_lookup(self._by_unit(), units=units, zones=zones)

    def over(self, plan: Plan) -> Plan:
        """Put what the file says over a plan: units that it does not name stay as they are.

        Codes that the plan does not have are left out. Zones keep the plan's order.
        """
        known = self._by_unit()
        kept = {unit: known.get(unit, plan.zone_of(unit)) for unit in plan.units}
        return Plan.from_lookup(kept, units=plan.units, zones=plan.zones)

    def _by_unit(self) -> dict[str, str | None]:
        return {unit: zone or None for unit, zone in zip(self.units, self.zones, strict=True)}

    def _misfit(self, units: Sequence[str]) -> str:
        missing, unknown = self.missing(units), self.unknown(units)
        said = []
        if missing:
            said.append(
                f"The plan has no zone for {len(missing)} of {len(units)} units: {named(missing)}."
            )
        if unknown:
            units_named = "1 unit" if len(unknown) == 1 else f"{len(unknown)} units"
            said.append(
                f"{'It' if said else 'The plan'} names {units_named} that this authority does not "
                f"have: {named(unknown)}."
            )
        return " ".join(said)

    def _remedy(self, units: Sequence[str], vintage: str) -> str:
        begun = {unit[:3] for unit in self.unknown(units)}
        wanted = {unit[:3] for unit in units}
        other = [title for start, title in _LEVELS.items() if begun == {start}]
        if other and not begun & wanted:
            right = named(_LEVELS.get(start, start) for start in sorted(wanted))
            return f"Its codes are of {other[0]}; give the zone of each of the {right}."
        if len(self.unknown(units)) == len(self.units):
            return "None of its codes is of this authority: is it the file of another?"
        told = self.vintage_beside(units)
        if told and vintage and told != vintage:
            return (
                f"Its codes are of {told} and this authority's of {vintage}. Give a lookup "
                f"of {vintage}, or convert it with the ONS lookup of LSOA 2011 to 2021."
            )
        if not self.unknown(units):
            return (
                "Are the codes of another vintage (2011, 2021)? Give every unit a row, with an "
                "empty zone where it is in none."
            )
        if len(self.unknown(units)) == 1 and len(self) > MOST_WITH_A_SLIP:
            rest = " Give every unit a row." if self.missing(units) else ""
            return f"Correct that code, or take its row out.{rest}"
        return "Are the codes of another vintage (2011, 2021) or another authority?"

    def __len__(self) -> int:
        """Count the units that the file names."""
        return len(self.units)

    def __repr__(self) -> str:
        """Show the size: `<Lookup of 249 units to 7 zones>`."""
        return f"<Lookup of {len(self)} units to {len(set(self.zones) - {''})} zones>"


def read_lookup(
    source: Path | str | bytes | File,
    *,
    units: Sequence[str],
    zones: Sequence[str] = (),
    zone: str = "zone",
    unit: str | None = None,
    vintage: str = "",
) -> Plan:
    r"""Read a plan from a table with a column of units and a column of zones.

    An empty zone leaves its unit unassigned. CSV in any encoding and separator, and workbooks, are
    read; blanks around cells, further columns, blank lines and the case of headers do not matter.

    Parameters
    ----------
    source
        A path, a file, or the bytes of an uploaded one.
    units
        The units that the lookup must cover, in the order the plan takes.
    zones
        The order of zones; those it does not name follow in alphabetical order.
    zone
        What the column of zones is called.
    unit
        What the column of codes is called; found by its name or its codes by default.
    vintage
        The year of `units`, for the message when they do not fit.

    Raises
    ------
    ReadError
        When the table is empty, lacks a column, has a broken row, or repeats a unit.
    PlanError
        When it lacks a unit, or names one that `units` does not have.

    Examples
    --------
    >>> read_lookup(b"LSOA11CD;Zone\nE01;North\nE02;", units=["E01", "E02"]).unassigned
    ('E02',)
    """
    rows = read_rows(source, units=units, zone=zone, unit=unit)
    return rows.plan(units, zones=zones, vintage=vintage)


def read_rows(
    source: Path | str | bytes | File,
    *,
    units: Sequence[str],
    zone: str = "zone",
    unit: str | None = None,
) -> Lookup:
    """Read what a lookup says, without holding it against the units of an authority.

    Parameters
    ----------
    source
        A path, a file (which may name a sheet), or the bytes of an uploaded one.
    units
        Help to find the column of codes where there are several.
    zone, unit
        What the columns are called; that of codes is found by default.

    Raises
    ------
    ReadError
        As `read_lookup`.
    """
    file = _file(source)
    table, rows = _rows(file)
    zone_at = _zone_column(table.columns, file.name, zone)
    if unit is None:
        unit_at = _unit_column(rows, zone_at, file.name, units)
    else:
        unit_at = _named_column(table.columns, file.name, unit)
    if unit_at == zone_at:
        raise ReadError(
            f"{file.name}: '{table.columns[unit_at]}' cannot hold both the units and the zones.",
            remedy="Choose two columns.",
        )
    codes = [_code(cell) for cell in rows.iloc[:, unit_at]]
    names = [_unescaped(cell) for cell in rows.iloc[:, zone_at]]
    _require_units(file.name, rows.index.tolist(), codes, names)
    _require_names(file.name, rows.index.tolist(), names)
    return Lookup(file.name, tuple(codes), tuple(names), table.columns[unit_at])


def lookup_columns(source: Path | str | bytes | File, *, units: Sequence[str]) -> Columns:
    r"""Tell the columns of a lookup, and which seem to hold units and zones.

    Raises
    ------
    ReadError
        When the table cannot be read or holds no rows.

    Examples
    --------
    >>> lookup_columns(b"LSOA11CD,Locality\nE01,North\n", units=["E01"])
    Columns(every=('LSOA11CD', 'Locality'), unit='LSOA11CD', zone='Locality')
    """
    file = _file(source)
    table, rows = _rows(file)
    known = set(units)
    held = [sum(_code(cell) in known for cell in rows.iloc[:, at]) for at in range(rows.shape[1])]
    folded = [column.casefold() for column in table.columns]
    coded = [i for i, name in enumerate(folded) if _CODE_COLUMN.fullmatch(name)]
    told = [*(folded.index(n) for n in _UNIT_HEADERS if n in folded), *coded]
    unit_at = int(np.argmax(held)) if any(held) else told[0] if told else None
    zone_at = next((folded.index(n) for n in _ZONE_HEADERS if n in folded), None)
    others = [i for i in range(len(folded)) if i != unit_at]
    if zone_at is None and len(others) == 1 and unit_at is not None:
        zone_at = others[0]
    return Columns(
        table.columns,
        None if unit_at is None else table.columns[unit_at],
        None if zone_at is None or zone_at == unit_at else table.columns[zone_at],
    )


def _rows(file: File) -> tuple[RawTable, pd.DataFrame]:
    table = open_table(file)
    account = Account(file.name)
    rows = table.whole(account)
    _refuse_broken(account, len(rows), file.name)
    if rows.empty:
        raise ReadError(f"{file.name} has a header and no rows.", remedy="Give each unit a row.")
    return table, rows


def _file(source: Path | str | bytes | File) -> File:
    if isinstance(source, File):
        return as_file(source)
    if not isinstance(source, bytes):
        if not Path(source).is_file():
            raise ReadError(
                f"{source!s} cannot be opened (it is not there).", remedy="Check name and folder."
            )
        return as_file(source)
    is_workbook = source.startswith((b"PK", b"\xd0\xcf"))
    return File.from_bytes("The lookup.xlsx" if is_workbook else "The lookup", source)


def _refuse_broken(account: Account, used: int, label: str) -> None:
    """Refuse a lookup with one broken row: a unit left out would seem to be in no zone."""
    account.use(used)
    rejected = account.close().rejected
    if not rejected:
        return
    row = rejected[0]
    has_cells = row.reason.startswith("the row has ")
    found = row.reason.removeprefix("the row ") if has_cells else f"is no table ({row.reason})"
    raise ReadError(
        f"{label}, line {row.line}, {found}.",
        remedy="Put a name that holds the separator in double quotes." if has_cells else _SAVE,
    )


def _zone_column(columns: Sequence[str], label: str, wanted: str) -> int:
    places = [i for i, name in enumerate(columns) if name.casefold() == wanted.casefold()]
    if len(places) != 1:
        found = "several columns" if places else "no column"
        raise ReadError(
            f"{label} has {found} '{wanted}'; its columns are {named(columns)}.",
            remedy=f"Call the one column with the names of zones '{wanted}'.",
        )
    return places[0]


def _named_column(columns: Sequence[str], label: str, wanted: str) -> int:
    places = [i for i, name in enumerate(columns) if name.casefold() == wanted.casefold()]
    if not places:
        raise ReadError(
            f"{label} has no column '{wanted}'; its columns are {named(columns)}.",
            remedy="Name the column that holds the codes of units.",
        )
    return places[0]


def _unit_column(rows: pd.DataFrame, zone_at: int, label: str, units: Sequence[str]) -> int:
    header = [str(name).casefold() for name in rows.columns]
    places = [header.index(name) for name in _UNIT_HEADERS if name in header]
    places += [i for i, name in enumerate(header) if _CODE_COLUMN.fullmatch(name)]
    places = [i for i in places if i != zone_at] or _coded_columns(rows, zone_at, units)
    if not places:
        raise ReadError(
            f"{label} has no column of units; its columns are {named(header)}.",
            remedy="Call the column of codes 'unit', 'LSOA11CD' or 'LSOA21CD'.",
        )
    if len(places) > 1 and header[places[0]] != "unit":
        raise ReadError(
            f"{label} has several columns of units: {named(header[i] for i in places)}.",
            remedy="Call the one to use 'unit'.",
        )
    return places[0]


def _coded_columns(rows: pd.DataFrame, zone_at: int, units: Sequence[str]) -> list[int]:
    """Find the column of ONS codes that names most of the units, whatever it is called."""
    coded = [i for i in range(rows.shape[1]) if i != zone_at and _holds_codes(rows.iloc[:, i])]
    known = {i: int(rows.iloc[:, i].isin(list(units)).sum()) for i in coded}
    return [max(coded, key=lambda i: known[i])] if coded else []


def _holds_codes(cells: pd.Series) -> bool:
    held = cells[cells != ""]
    return len(held) > 0 and bool(held.str.fullmatch(_GSS.pattern).all())


def _require_units(
    label: str, lines: Sequence[int], codes: Sequence[str], names: Sequence[str]
) -> None:
    for line, code, name in zip(lines, codes, names, strict=True):
        if not code:
            raise ReadError(
                f"{label}, line {line}, has no unit beside '{name}'.", remedy="Give it its code."
            )
    places: dict[str, list[int]] = {}
    for at, code in enumerate(codes):
        places.setdefault(code, []).append(at)
    twice = [code for code, rows in places.items() if len(rows) > 1]
    if twice:
        first = places[twice[0]]
        said = named(f"line {lines[at]} says '{names[at]}'" for at in first)
        raise ReadError(
            f"{label} names {named(twice)} more than once ({twice[0]}: {said}).",
            remedy="Keep one row of each.",
        )


def _require_names(label: str, lines: Sequence[int], names: Sequence[str]) -> None:
    """Refuse names that are whole texts."""
    long = [
        line for line, name in zip(lines, names, strict=True) if len(name) > MOST_NAME_CHARACTERS
    ]
    if long:
        raise ReadError(
            f"{label} has zones of more than {MOST_NAME_CHARACTERS} characters, on line "
            f"{named(long)}.",
            remedy="Is it the right column? Give each zone a short name.",
        )


def _is_new_in_2021(code: str) -> bool:
    start = code[:3]
    return start in LAST_2011 and LAST_2011[start] < code < _BEYOND_2021[start]


def _code(cell: str) -> str:
    """Write an ONS code in capitals; leave any other as it is."""
    code = _unescaped(cell)
    return code.upper() if _GSS.fullmatch(code.upper()) else code


def _unescaped(cell: str) -> str:
    """Take away the apostrophe that `geo.write` puts before what looks like a formula."""
    rest = cell.lstrip("'")
    escaped = len(rest) < len(cell) and rest[:1] and rest[0] in FORMULA
    return cell[1:] if escaped else cell
