"""A ledger: the account of every row read, which always adds up.

rows read = used + unlocated + outside + rejected. A row is used when it counts in a unit,
unlocated when it names no place, outside when its place is another authority's, and rejected
when it cannot be what it claims; a rejected row keeps its file, its line and its reason. Rows that
nobody asked for (burglaries where ASB was wanted, another year) are passed over: they are counted
by reason, beside the rows read and not among them.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
import numpy.typing as npt

from geo.errors import LayerError


@dataclass(frozen=True)
class Rejected:
    """A row that was not used: its line in its file (the header is line 1) and why."""

    line: int
    reason: str
    file: str = ""


@dataclass(frozen=True)
class PassedOver:
    """Rows that were not asked for, and why."""

    reason: str
    rows: int


class Rejections(Sequence[Rejected]):
    """Rejected rows in the order they were met, 16 bytes each: a broken file may hold millions."""

    def __init__(self, rows: Iterable[Rejected] = ()) -> None:
        """Take over `rows`."""
        self._line, self._kind = array("Q"), array("Q")
        self._kinds: dict[tuple[str, str], int] = {}
        for row in rows:
            self._add(row.line, row.reason, row.file)

    def _add(self, line: int, reason: str, file: str) -> None:
        self._line.append(line)
        self._kind.append(self._kinds.setdefault((reason, file), len(self._kinds)))

    def _add_all(self, lines: npt.NDArray[np.uint64], reason: str, file: str) -> None:
        """Add many rows of one reason at once: no object is made for each."""
        if len(lines):
            kind = self._kinds.setdefault((reason, file), len(self._kinds))
            self._line.frombytes(np.ascontiguousarray(lines).tobytes())
            self._kind.extend(array("Q", [kind]) * len(lines))

    def by_reason(self) -> dict[str, int]:
        """Count the rows of each reason, the most frequent first."""
        kinds = list(self._kinds)
        counted = Counter[str]()
        of_kind = np.bincount(np.frombuffer(self._kind, dtype=np.uint64).astype(np.int64))
        for kind, count in enumerate(of_kind.tolist()):
            counted[kinds[kind][0]] += count
        return {reason: count for reason, count in counted.most_common() if count}

    def __iter__(self) -> Iterator[Rejected]:
        """Give the rows one by one."""
        kinds = list(self._kinds)
        for line, kind in zip(self._line, self._kind, strict=True):
            reason, file = kinds[kind]
            yield Rejected(line, reason, file)

    @overload
    def __getitem__(self, index: int) -> Rejected: ...
    @overload
    def __getitem__(self, index: slice) -> "Rejections": ...
    def __getitem__(self, index: int | slice) -> "Rejected | Rejections":
        """Give one row, or some of them."""
        if isinstance(index, slice):
            return Rejections(self[i] for i in range(*index.indices(len(self))))
        reason, file = list(self._kinds)[self._kind[index]]
        return Rejected(self._line[index], reason, file)

    def __len__(self) -> int:
        """Count the rows."""
        return len(self._line)

    def __eq__(self, other: object) -> bool:
        """Compare row by row with any sequence of rejected rows."""
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]  # it is compared by its rows

    def __repr__(self) -> str:
        """Show how many there are: `<Rejections of 12 rows>`."""
        return f"<Rejections of {len(self)} rows>"


@dataclass(frozen=True)
class Ledger:
    """What became of the rows of one source.

    Parameters
    ----------
    source
        What was read: a file's name, or that of a folder with its files.
    read
        Rows of what was wanted; `passed_over` are not among them.

    Raises
    ------
    LayerError
        When the parts do not add up to the rows read.
    """

    source: str
    read: int
    used: int
    unlocated: int = 0
    outside: int = 0
    rejected: Sequence[Rejected] = ()
    passed_over: tuple[PassedOver, ...] = ()

    def __post_init__(self) -> None:
        """Refuse an account that does not add up."""
        parts = self.used + self.unlocated + self.outside + len(self.rejected)
        if parts != self.read:
            raise LayerError(
                f"{self.source}: {self.read} rows were read but {parts} are accounted for.",
                remedy="This is a fault of the reader; nothing was used.",
            )

    @property
    def rows(self) -> int:
        """All rows that the source holds: those read and those passed over."""
        return self.read + sum(passed.rows for passed in self.passed_over)

    def __str__(self) -> str:
        """Say it in one line, as the app and the command line show it."""
        text = (
            f"{self.read:,} read = {self.used:,} used + {self.unlocated:,} unlocated + "
            f"{self.outside:,} outside + {len(self.rejected):,} rejected"
        )
        passed = "; ".join(f"{p.rows:,} passed over: {p.reason}" for p in self.passed_over)
        return f"{text}; {passed}" if passed else text


class Account:
    """A ledger in the making: readers enter rows as they meet them, `close` gives the ledger.

    Reasons name columns and never quote what a cell holds: a case list's cells are about children,
    and the ledger leaves the import.

    Examples
    --------
    >>> account = Account("counts.csv")
    >>> account.read(3)
    >>> account.use(2)
    >>> account.reject([4], "the count is no number", file="counts.csv")
    >>> print(account.close())
    3 read = 2 used + 0 unlocated + 0 outside + 1 rejected
    """

    def __init__(self, source: str) -> None:
        """Open the account of `source`."""
        self.source = source
        self._all = self._used = self._unlocated = self._outside = 0
        self._rejected = Rejections()
        self._passed = Counter[str]()

    def read(self, rows: int) -> None:
        """Enter rows met in the file, whatever becomes of them."""
        self._all += int(rows)

    def use(self, rows: int) -> None:
        """Enter rows that count in a unit."""
        self._used += int(rows)

    def unlocate(self, rows: int) -> None:
        """Enter rows that name no place."""
        self._unlocated += int(rows)

    def outside(self, rows: int) -> None:
        """Enter rows whose place is another authority's."""
        self._outside += int(rows)

    def reject(self, lines: Iterable[int], reason: str, *, file: str = "") -> None:
        """Enter rows that cannot be what they claim, each with its line."""
        found = lines if isinstance(lines, np.ndarray) else np.array(list(lines), dtype=np.int64)
        self._rejected._add_all(found.astype(np.uint64), reason, file)  # noqa: SLF001  one idea

    def pass_over(self, rows: int, reason: str) -> None:
        """Enter rows that were not asked for."""
        if rows:
            self._passed[reason] += int(rows)

    def close(self) -> Ledger:
        """Give the ledger.

        Raises
        ------
        LayerError
            When rows were met and not accounted for.
        """
        passed = tuple(PassedOver(reason, rows) for reason, rows in self._passed.items())
        return Ledger(
            self.source,
            read=self._all - sum(p.rows for p in passed),
            used=self._used,
            unlocated=self._unlocated,
            outside=self._outside,
            rejected=self._rejected,
            passed_over=passed,
        )
