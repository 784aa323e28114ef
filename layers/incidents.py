"""Incidents: one row each, with its month, its kind and, where it is known, its place.

Anti-social behaviour comes as incidents, not notifiable crimes. Identical rows are separate
incidents (police points are snapped to shared places), so nothing is ever de-duplicated. A small
area that was not changed kept its code from 2011 to 2021 and a changed one got a new code, so a
code that a geography has means the same land whatever its vintage.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.build import LAST_2011
from geo.errors import LayerError
from geo.index import UnitIndex
from geo.ledger import Ledger, Rejected
from layers.source import Source

MONTH = re.compile(r"^(19|20)[0-9][0-9]-(0[1-9]|1[0-2])$")
UNLOCATED = -1

Prefer = Literal["code", "point"]
Positions = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False, repr=False)
class Incidents:
    """Incidents placed in the units of a geography, with the account of all rows read.

    Parameters
    ----------
    units
        Codes of the geography.
    unit
        Position of each used incident's unit.
    month
        `YYYY-MM` of each.
    kind
        The police's own class of each.
    ledger
        Rows read = used + unlocated + outside + rejected.
    months_read
        Months whose files were read: one of them without incidents is 0, any other is missing.
        () where it is not known; then only months that hold incidents count as read.
    notes
        How rows were placed, where that is not by a code of the right vintage.
    row
        Position of each used incident among the rows that were placed; None where not kept.

    Raises
    ------
    LayerError
        When the arrays differ in length, the ledger counts other rows than these, or a month that
        holds incidents is said not to be read.
    """

    units: tuple[str, ...]
    unit: Positions
    month: npt.NDArray[np.object_]
    kind: npt.NDArray[np.object_]
    ledger: Ledger
    months_read: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    row: npt.NDArray[np.intp] | None = None

    def __post_init__(self) -> None:
        """Check once, then freeze the arrays."""
        rows = len(self.unit) if self.row is None else len(self.row)
        if not rows == len(self.unit) == len(self.month) == len(self.kind) == self.ledger.used:
            raise LayerError(
                f"{self.ledger.source}: the ledger counts {self.ledger.used} incidents as used, "
                f"but {len(self.unit)} stand in units."
            )
        unread = sorted(set(self.month) - set(self.months_read)) if self.months_read else []
        if unread:
            raise LayerError(
                f"{self.ledger.source}: {unread[0]} holds incidents but is no month that was read.",
                remedy="This is a fault of the reader; nothing was used.",
            )
        for array in (self.unit, self.month, self.kind, self.row):
            if array is not None:
                array.setflags(write=False)

    def per_unit(self) -> npt.NDArray[np.int64]:
        """Count incidents per unit, shape (units,)."""
        return np.bincount(self.unit, minlength=len(self.units)).astype(np.int64)

    def by_month(self, group: Positions, names: Sequence[str]) -> pd.DataFrame:
        """Count incidents per month, kind and group.

        Parameters
        ----------
        group
            The position in `names` of each unit's group (a plan's assignment); -1 for none.
        names
            The groups' names.

        Returns
        -------
        DataFrame
            Columns month, kind, zone, incidents; every month and kind read stands for every
            zone, 0 where nothing was recorded. A month that was never read has no row: it is
            missing. Units in no zone stand as 'unassigned'.
        """
        labels = [*names, "unassigned"] if (group == UNLOCATED).any() else list(names)
        kinds = sorted(set(self.kind))
        seen = pd.MultiIndex.from_product(
            [self.months, kinds, labels], names=["month", "kind", "zone"]
        )
        month = pd.Index(self.months, dtype=object).get_indexer(pd.Index(self.month))
        kind = pd.Index(kinds, dtype=object).get_indexer(pd.Index(self.kind))
        zone = np.where(group == UNLOCATED, len(names), group)[self.unit]
        cell = (month * len(kinds) + kind) * len(labels) + zone
        counted = np.bincount(cell, minlength=len(seen)) if len(seen) else np.zeros(0, np.int64)
        return pd.Series(counted, index=seen, name="incidents").reset_index()

    @property
    def months(self) -> tuple[str, ...]:
        """The months that were read, in order. They need not be consecutive."""
        return tuple(sorted({*self.month, *self.months_read}))

    @property
    def months_missing(self) -> tuple[str, ...]:
        """The months between the first and the last that were not read."""
        return missing_months(self.months)

    def __repr__(self) -> str:
        """Show what it holds: `<Incidents 3,381 used of 3,381 rows, 3 months>`."""
        return f"<Incidents {self.ledger}, {len(self.months)} months>"


@dataclass(frozen=True)
class Break:
    """A break in a series: from which month to which, and what a reader of a chart must know."""

    start: str
    end: str
    text: str


@dataclass(frozen=True)
class StreetFile:
    """A file of incidents.

    Parameters
    ----------
    name
        As shown.
    forces
        The police forces in it; () where it does not tell.
    months
        The months in it, in order, other crimes' months too.
    vintage
        What its codes tell: `2011`, `2021`, `2011 and 2021`, `both fit`, or empty without codes.
    rows
        Incidents kept from it.
    """

    name: str
    forces: tuple[str, ...]
    months: tuple[str, ...]
    vintage: str
    rows: int


@dataclass(frozen=True, eq=False, repr=False)
class Street:
    """Incidents as the police publish them, before they are put in units.

    Parameters
    ----------
    rows
        Those that name a place. Categories `month`, `kind`, `unit` (a code, may be empty) and
        `vintage` (of the code: `2011` or `2021`); `easting` and `northing` in metres, NaN where
        unknown; `file` (a position in `files`) and `line`.
    files
        The files, in the order they were read.
    breaks
        Breaks in the series, the earliest first.
    ledger
        Of all files; a row is used when it stands in `rows`.

    Raises
    ------
    LayerError
        When the ledger counts other rows than these.
    """

    rows: pd.DataFrame
    files: tuple[StreetFile, ...]
    breaks: tuple[Break, ...]
    ledger: Ledger
    notes: tuple[str, ...]
    source: Source

    def __post_init__(self) -> None:
        """Check once."""
        if len(self.rows) != self.ledger.used:
            raise LayerError(
                f"{self.ledger.source}: the ledger counts {self.ledger.used} incidents as used, "
                f"but {len(self.rows)} were kept.",
                remedy="This is a fault of the reader; nothing was used.",
            )

    @property
    def months(self) -> tuple[str, ...]:
        """The months read from any force, in order. They need not be consecutive."""
        return tuple(sorted({month for file in self.files for month in file.months}))

    def months_read(self, files: npt.NDArray[np.integer]) -> tuple[str, ...]:
        """List the months read from the forces that `files` (positions) come from.

        A neighbouring force's months say nothing about an authority where it has no incidents.
        """
        asked = [self.files[i] for i in np.unique(files)]
        forces = {force for file in asked for force in file.forces}
        same = [f for f in self.files if forces & set(f.forces)]
        return tuple(sorted({month for file in (*asked, *same) for month in file.months}))

    def __repr__(self) -> str:
        """Show what it holds: `<Street 12 files, 13,737 read = ...>`."""
        return f"<Street {len(self.files)} files, {self.ledger}>"


def place_street(
    street: Street,
    index: UnitIndex,
    *,
    vintage: str,
    convert: Mapping[str, str] | None = None,
    prefer: Prefer = "code",
) -> Incidents:
    """Put each incident in a unit and account for all of them.

    By code: a row goes to the unit of its code, or of what `convert` makes of a code of another
    vintage. A code of the geography's own vintage that none of its units has is another
    authority's. A row without a code, or whose code is of another vintage and cannot be converted,
    goes to the unit that holds its point. By point: the point decides, and the code only where
    there is no point or no unit holds it (generalised boundaries lose the quays).

    Parameters
    ----------
    index
        The units of the geography, in its order.
    vintage
        Of the units' codes: `2011` or `2021`.
    convert
        Codes of another vintage to codes of this one, where that is certain.
    prefer
        `code`, the safer where boundaries are super-generalised, since these put one point in ten
        on the wrong side of a line; `point` for full-resolution or generalised boundaries.

    Returns
    -------
    Incidents
        Its notes say how many rows were placed by point because their code was of another
        vintage, and how many such rows have no point: these count as unlocated.
    """
    rows = street.rows
    code = rows["unit"].cat
    known = pd.Index(index.units).get_indexer(pd.Index(code.categories).map(_Same(convert or {})))
    foreign = (rows["vintage"] != vintage).to_numpy(dtype=bool)
    converted = np.isin(code.categories, list(convert or {}))[code.codes]
    placing = _Placing(
        by_code=known[code.codes].astype(np.int32),
        has_code=(code.categories != "")[code.codes],
        is_foreign=foreign & ~converted,
        x=rows["easting"].to_numpy(),
        y=rows["northing"].to_numpy(),
    )
    placed = placing.units(index, prefer)
    used = placed.unit >= 0
    ledger = _placed_ledger(street.ledger, used, placed.nowhere)
    return Incidents(
        tuple(index.units),
        placed.unit[used],
        _texts(rows["month"])[used],
        _texts(rows["kind"])[used],
        ledger,
        street.months_read(rows["file"].to_numpy()[used]),
        placed.notes(vintage),
        np.flatnonzero(used),
    )


def place_incidents(
    rows: pd.DataFrame,
    units: Sequence[str],
    point_unit: Positions,
    *,
    source: str,
    months_read: Sequence[str] = (),
) -> Incidents:
    """Put each row of a pack's table in a unit and account for all of them.

    A row goes to the unit of its published code where that is one of `units`, else, when it has
    no code, to the unit that holds its point. The code comes first because super-generalised
    boundaries put one point in ten on the wrong side of a line. A code that was first given out in
    2021 where all units have codes of 2011 says nothing; then the point decides, and a note says
    so.

    Parameters
    ----------
    rows
        Columns month, kind, unit (empty where unknown), easting, northing (missing where unknown).
    units
        Codes of the geography.
    point_unit
        For each row the position of the unit that holds its point, -1 for none.
    source
        What the rows were read from, for the ledger.
    months_read
        See `Incidents`.
    """
    code, codes = pd.factorize(rows["unit"].fillna("").astype(str))
    month, months = pd.factorize(rows["month"].fillna("").astype(str))
    dated = np.array([bool(MONTH.match(m)) for m in months], dtype=bool)[month]
    early = not _is_late(pd.Index(units)).any()
    placing = _Placing(
        by_code=pd.Index(units).get_indexer(codes)[code].astype(np.int32),
        has_code=np.asarray(codes != "", dtype=bool)[code],
        is_foreign=_is_late(codes)[code] & early & dated,
        x=rows["easting"].to_numpy(dtype=np.float64, na_value=np.nan),
        y=rows["northing"].to_numpy(dtype=np.float64, na_value=np.nan),
    )
    placed = placing.at(point_unit)
    used, nowhere = dated & (placed.unit >= 0), dated & placed.nowhere
    lines = np.flatnonzero(~dated) + 2
    ledger = Ledger(
        source,
        read=len(rows),
        used=int(used.sum()),
        unlocated=int(nowhere.sum()),
        outside=int((dated & ~used & ~nowhere).sum()),
        rejected=tuple(Rejected(int(i), "the month is not written as 2016-07") for i in lines),
    )
    kind = rows["kind"].fillna("not stated").astype(str).to_numpy(dtype=object)
    return Incidents(
        tuple(units),
        placed.unit[used],
        np.asarray(months, dtype=object)[month[used]],
        kind[used],
        ledger,
        tuple(months_read),
        placed.notes("2011"),
        np.flatnonzero(used),
    )


def missing_months(months: Sequence[str]) -> tuple[str, ...]:
    """List the months between the first and the last that are not there.

    >>> missing_months(["2024-11", "2025-02"])
    ('2024-12', '2025-01')
    """
    if not months:
        return ()
    first, last = (np.datetime64(month, "M") for month in (min(months), max(months)))
    between = np.arange(first, last).astype(str).tolist()
    return tuple(month for month in between if month not in set(months))


@dataclass(frozen=True)
class _Placed:
    """The unit of each row (-1 for none), which rows name no place, and what decided."""

    unit: Positions
    nowhere: Flags
    by_point: int
    lost: int

    def notes(self, vintage: str) -> tuple[str, ...]:
        notes = []
        if self.by_point:
            notes.append(
                f"{self.by_point:,} rows have a code of another vintage than {vintage} and were "
                "placed by their point."
            )
        if self.lost:
            notes.append(
                f"{self.lost:,} rows have a code of another vintage than {vintage} and no point; "
                "they count as unlocated. Convert the codes, or give boundaries of their vintage."
            )
        return tuple(notes)


@dataclass(frozen=True)
class _Placing:
    """What rows tell of their place: the unit of a code (-1 for none), whether it is foreign."""

    by_code: Positions
    has_code: Flags
    is_foreign: Flags
    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]

    @property
    def _puzzling(self) -> Flags:
        """Rows whose code is of another vintage and of no unit: it says nothing."""
        return self.has_code & self.is_foreign & (self.by_code < 0)

    def units(self, index: UnitIndex, prefer: Prefer) -> _Placed:
        """Place by code or by point; only points that decide are looked up."""
        asked = ~self.has_code | self._puzzling if prefer == "code" else ~np.isnan(self.x)
        point_unit = np.full(len(self.x), UNLOCATED, dtype=np.int32)
        point_unit[asked] = index.locate(self.x[asked], self.y[asked])
        return self.at(point_unit, prefer)

    def at(self, point_unit: Positions, prefer: Prefer = "code") -> _Placed:
        """Place with the unit of each point known."""
        has_point = np.isfinite(self.x) & np.isfinite(self.y)
        puzzling = self._puzzling
        telling = self.has_code & ~puzzling
        if prefer == "code":
            unit = np.where(telling, self.by_code, point_unit)
        else:
            unit = np.where(point_unit >= 0, point_unit, self.by_code)
        nowhere = ~telling & ~has_point
        return _Placed(
            unit.astype(np.int32),
            nowhere,
            by_point=int((puzzling & (unit >= 0)).sum()),
            lost=int((puzzling & ~has_point).sum()),
        )


class _Same(dict[str, str]):
    """A mapping that leaves what it does not know as it is."""

    def __missing__(self, key: str) -> str:
        return key


def _placed_ledger(read: Ledger, used: Flags, nowhere: Flags) -> Ledger:
    """Carry the reader's account on to the units."""
    count, lost = int(used.sum()), int(nowhere.sum())
    return Ledger(
        read.source,
        read=read.read,
        used=count,
        unlocated=read.unlocated + lost,
        outside=read.outside + len(used) - count - lost,
        rejected=read.rejected,
        passed_over=read.passed_over,
    )


def _texts(column: pd.Series) -> npt.NDArray[np.object_]:
    """Give a categorical column as texts, each distinct text held once."""
    return np.asarray(column.cat.categories, dtype=object)[column.cat.codes]


def _is_late(codes: pd.Index) -> Flags:
    """Tell LSOA codes that were first given out in 2021."""
    return np.array([c > LAST_2011.get(c[:3], "Z") for c in codes], dtype=bool)
