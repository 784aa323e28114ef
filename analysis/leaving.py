"""Tables on their way out: what they tell beside earlier releases, and what is withheld of them.

A download, a printed summary and a report are releases. `prepare` says whether tables may leave
as they are, in the form in which their counts are out already, or not; `mended` gives the smallest
change of a kind after which they may. What is withheld of a count is withheld of all that was
worked out from it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

import numpy as np
import numpy.typing as npt

from analysis.caseload import OPEN_CASES
from analysis.releases import (
    Failure,
    Register,
    Release,
    Remedy,
    check_release,
    is_current,
    release_of,
    remedies,
    remedy_of,
)
from analysis.table import Basis, Column, Part, Statuses, Table
from analysis.tables import TOTAL
from analysis.together import whole_of
from geo.adjacency import Neighbours
from geo.errors import LayerError, named
from geo.plan import Plan
from layers.measures import Measures
from layers.series import OPEN_KINDS
from layers.status import Status

KNOWN_SUMS: Mapping[str, Sequence[str]] = MappingProxyType({OPEN_CASES: OPEN_KINDS})
"""Measures that are sums of others by what they are."""

Mend = Literal["withhold", "round"]


@dataclass(frozen=True)
class Leave:
    """The releases that tables amount to, and whether they may leave.

    Parameters
    ----------
    wanted
        As the tables stand: one for each plan and kind of row that they tell.
    granted
        As they may leave: what is out already in the form in which it is out.
    new
        Those of `granted` that are not out yet.
    failures
        What the new ones would give away. Nothing may leave while there is one.
    notes
        What the check could not do.
    """

    wanted: tuple[Release, ...]
    granted: tuple[Release, ...]
    new: tuple[Release, ...]
    failures: tuple[Failure, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def safe(self) -> bool:
        """Whether the tables may leave."""
        return not self.failures

    def masked(self, table: Table) -> Table:
        """Withhold in a table what is withheld in the releases, and all that comes of it."""
        for wanted, granted in zip(self.wanted, self.granted, strict=True):
            table = _Less(table, wanted, granted).of_table()
        return table


def tells_nothing(tables: Sequence[Table]) -> bool:
    """Say whether tables hold no sensitive count, nor anything made of one."""
    return all(table.basis is not None and not table.basis.sensitive for table in tables)


def out_already(
    tables: Sequence[Table], register: Register, *, who: str, when: str, name: str
) -> Leave | None:
    """Say in what form all that the tables tell is out already; None where some of it is not."""
    wanted = _wanted(tables, who=who, when=when, name=name)
    granted: list[Release] = []
    for part, release in wanted:
        known = None if part.stays else _known(release, register, _basis(tables).measures)
        if known is None and not (part.spare or part.stays):
            return None
        granted.append(known or release.left_out(part.keys))
    return Leave(tuple(release for _, release in wanted), tuple(granted), ())


def prepare(
    tables: Sequence[Table],
    register: Register,
    *,
    who: str,
    when: str,
    name: str,
    mend: Mend | None = None,
) -> Leave:
    """Check tables that are to leave together.

    Parameters
    ----------
    register
        All earlier releases of the same authority and units.
    who, when, name
        Who releases them, when (ISO 8601), and what they are called in the register.
    mend
        A change to make to what may not leave as it is.

    Raises
    ------
    LayerError
        When a table does not say what it was made from.
    """
    measures = _basis(tables).measures
    wanted = _wanted(tables, who=who, when=when, name=name)
    granted: list[Release] = []
    new: list[Release] = []
    failures: list[Failure] = []
    notes: list[str] = []
    for part, release in wanted:
        if part.stays:
            granted.append(release.left_out(part.keys))
            continue
        known = _known(release, register, measures)
        if known is not None:
            granted.append(known)
            continue
        verdict = check_release(release, register, measures, sums=sums_of(measures))
        notes += verdict.notes
        out = release if verdict.safe else _giving_way(part, release, register, measures, mend)
        granted.append(out)
        if verdict.safe or not part.spare:  # what was left out tells nothing: no entry
            new.append(out)
        if out is release and not verdict.safe:
            failures += verdict.failures
        else:
            register = register.with_release(out)
    asked = tuple(release for _, release in wanted)
    return Leave(asked, tuple(granted), tuple(new), tuple(failures), tuple(dict.fromkeys(notes)))


def sums_of(measures: Measures) -> dict[str, tuple[str, ...]]:
    """Say which measures are sums of others: told apart, they are audited together.

    Open cases are the sum of their kinds, and so are children in need where the counts agree; the
    parts of a group (lead professionals) are those of the measure that counts their whole.
    """
    here = {t: tuple(k for k in kinds if measures.has(k)) for t, kinds in KNOWN_SUMS.items()}
    found = {total: kinds for total, kinds in here.items() if kinds}
    groups = [OPEN_KINDS, *(_of_group(group, measures) for group in _groups(measures))]
    for keys in groups:
        if measures.has(*keys):
            whole = whole_of(keys, measures, but=(OPEN_CASES,))
            found |= {whole: tuple(keys)} if whole else {}
    return found


def _groups(measures: Measures) -> list[str]:
    return sorted({measure.group for measure in measures.measures} - {""})


def _of_group(group: str, measures: Measures) -> tuple[str, ...]:
    return tuple(measure.key for measure in measures.of_group(group))


def ways_out(
    leave: Leave, register: Register, measures: Measures, *, neighbours: Neighbours | None = None
) -> tuple[Remedy, ...]:
    """Give the changes after which the first release that fails may leave, the smallest first."""
    for release in leave.new:
        ways = remedies(release, register, measures, neighbours=neighbours, sums=sums_of(measures))
        if ways:
            return ways
        register = register.with_release(release)
    return ()


def told_in_words(
    failures: Sequence[Failure], names: Mapping[str, str], measures: Measures
) -> list[tuple[str, ...]]:
    """List moved sets for a planner: measure, small areas, where from, where to, why. No count.

    Parameters
    ----------
    names
        Of units, by their codes.
    measures
        Give the titles of what is counted.
    """
    rows: list[tuple[str, ...]] = []
    for failure in failures:
        why = {
            "rule": f"Would stand apart beside {failure.earlier}.",
            "worked out": "Could be worked out from all that is released.",
            "not settled": "Could not be settled in time.",
        }[failure.why]
        units = named(names.get(unit, unit) for unit in failure.units) or "–"
        before, now = (", ".join(z) or "–" for z in (failure.zones_from, failure.zones_to))
        rows.append((measures.measure(failure.measure).title, units, before, now, why))
    return rows


def _basis(tables: Sequence[Table]) -> Basis:
    """Give the authority, counts and rule of tables that leave together."""
    bases = [table.basis for table in tables if table.basis]
    if not bases or len(bases) < len(tables):
        raise LayerError(
            "A table does not say which counts it was made from, so it may not leave.",
            remedy="Give it a basis where it is made.",
        )
    return max(bases, key=lambda basis: len(basis.measures.measures))


def _wanted(
    tables: Sequence[Table], *, who: str, when: str, name: str
) -> list[tuple[Part, Release]]:
    """Describe what tables tell: one release for each plan and kind of row.

    Those that may be left out come last, so that nothing else gives way to them.
    """
    basis = _basis(tables)
    kinds: dict[tuple[object, ...], Part] = {}
    for table in tables:
        if table.basis is None:
            raise AssertionError(name)  # refused above
        keys = table.basis.sensitive
        for part in table.basis.parts:
            told = tuple(key for key in part.keys if key in keys)
            apart = part.columns if part.spare or part.stays else ()
            place = (part.plan, part.rows, part.spare, part.stays, apart)
            before = kinds[place].keys if place in kinds else ()
            if told:
                kinds[place] = replace(part, keys=tuple(dict.fromkeys((*before, *told))))
    return [
        (
            part,
            release_of(
                part.plan,
                basis.measures,
                part.keys,
                who=who,
                when=when,
                table=name,
                rows=part.rows,
                policy=basis.policy,
            ),
        )
        for part in sorted(kinds.values(), key=lambda part: part.spare)
    ]


def _giving_way(
    part: Part, release: Release, register: Register, measures: Measures, mend: Mend | None
) -> Release:
    """Give what may leave in place of a release that may not; the release itself if nothing may."""
    if part.spare:
        return release.left_out(part.keys)
    if mend is None:
        return release
    remedy = remedy_of(mend, release, register, measures, sums=sums_of(measures))
    return release if remedy is None else remedy.release


def _known(release: Release, register: Register, measures: Measures) -> Release | None:
    """Find the last earlier release that told the same cells of the same counts."""
    keys = {told.key for told in release.told}
    for earlier in reversed(register.releases):
        if earlier.rows != release.rows or not _same_cells(earlier.plan, release.plan):
            continue
        if all(is_current(earlier, key, measures) for key in keys):
            return replace(earlier, told=tuple(t for t in earlier.told if t.key in keys))
    return None


def _same_cells(one: Plan, other: Plan) -> bool:
    return (
        one.zones == other.zones
        and one.units == other.units
        and np.array_equal(one.assignment, other.assignment)
    )


class _Less:
    """What a release tells less than the table it was wanted for, row by row of that table."""

    def __init__(self, table: Table, wanted: Release, granted: Release) -> None:
        """Line the rows of the release up with those of the table."""
        self._table, self._wanted = table, wanted
        self._parts = _parts(table, granted)
        self._rows = _rows(table, granted)
        self._base = granted.policy.round_to
        self._less: dict[str, Statuses] = {}
        for told in granted.told:
            before = wanted.column(told.key)
            was = np.array(before.status if before else told.status, dtype=np.int8)
            now = np.array(told.status, dtype=np.int8)
            # a measure that is left out has no symbols either; all its cells are alike then
            less = np.where(now == Status.NOT_APPLICABLE, np.int8(Status.SUPPRESSED), now)
            if (was != now).any():
                less = np.where(was != now, less, np.int8(Status.OK)).astype(np.int8)
                self._less[told.key] = less

    def of_table(self) -> Table:
        """Give the table with all that withheld that is made of what is told less."""
        if not self._less or not self._parts:
            return self._table
        columns = tuple(self._column(column) for column in self._table.columns)
        texts = []
        for text in self._table.texts:
            hidden = self._worst(text.key, text.of) > Status.OK
            words = tuple("" if h else w for h, w in zip(hidden, text.texts, strict=True))
            texts.append(replace(text, texts=words))
        return replace(self._table, columns=columns, texts=tuple(texts))

    def _worst(self, column: str, of: tuple[str, ...] | None) -> Statuses:
        """Give the status that each row of what is made of the measures `of` takes.

        A row that is no row of the release, such as a figure of the whole plan, takes the worst
        of them all.
        """
        worst = np.zeros(len(self._rows), dtype=np.int8)
        told = any(part.tells(column) for part in self._parts)
        for key, less in self._less.items():
            if told and (of is None or key in of):
                worst = np.maximum(worst, np.append(less, less.max(initial=0))[self._rows])
        return worst

    def _column(self, column: Column) -> Column:
        worst = self._worst(column.key, column.of)
        is_number = column.status < Status.NOT_APPLICABLE
        rounded = (worst == Status.ROUNDED) & is_number
        if rounded.any() and not self._is_count(column):
            # a rate or an index of exact counts gives them back: under rounding it stays away
            worst = np.where(rounded, np.int8(Status.SUPPRESSED), worst)
            rounded = np.zeros_like(rounded)
        near = np.round(column.values / self._base) * self._base
        values = np.where(rounded, near, column.values)
        status = np.where(is_number, np.maximum(column.status, worst), column.status).astype(
            np.int8
        )
        values = np.where(status >= Status.NOT_APPLICABLE, np.nan, values)
        return replace(column, values=values, status=status)

    def _is_count(self, column: Column) -> bool:
        """Say whether a column is the very count of its measure, row by row."""
        basis = self._table.basis
        if basis is None or column.of is None or len(column.of) != 1 or (self._rows < 0).any():
            return False
        counts = basis.measures.counts(column.of[0])
        sums = np.array([counts[area].sum() for area in self._wanted.areas])[self._rows]
        shown = column.status == Status.OK
        return bool((column.values[shown] == sums[shown]).all())


def _parts(table: Table, release: Release) -> list[Part]:
    """Find the parts of a table that a release is of."""
    parts = table.basis.parts if table.basis else ()
    return [p for p in parts if p.rows == release.rows and _same_cells(p.plan, release.plan)]


def _rows(table: Table, release: Release) -> npt.NDArray[np.intp]:
    """Find the row of the release that each row of a table is; -1 where it is none of them."""
    names = table.codes if release.rows == "units" else table.names
    if not names:
        return np.full(len(table.names), -1, dtype=np.intp)
    of_cells = list(release.names)
    if release.rows == "zones":
        of_cells[-1] = TOTAL
    position = {name: row for row, name in enumerate(of_cells) if of_cells.count(name) == 1}
    return np.array([position.get(name, -1) for name in names], dtype=np.intp)
