"""A table: rows and columns of figures that may leave the tool.

What pages show, downloads hold and the command line prints is a `Table`. Its figures are already
suppressed when it is made (`analysis.tables`), so by itself it gives nobody away. What it gives
away beside earlier tables is checked when it leaves (`analysis.leaving`), from its `basis`.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from analysis.caseload import with_open_cases
from analysis.disclosure import POLICIES, Policy, cell_text
from geo.errors import LayerError
from geo.geography import Geography
from geo.plan import Plan
from geo.write import safe_cell
from layers.measures import Measures
from layers.pack import Pack
from layers.status import Standing, Status

Array = npt.NDArray[np.float64]
Statuses = npt.NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class Column:
    """One column of figures, already suppressed; columns of one `group` share a heading.

    `of` names the sensitive measures that it was worked out from, so that it is withheld with
    them; none for an area or a population. Where it is None, that is all that its table tells.
    """

    key: str
    title: str
    unit: str
    decimals: int
    values: Array
    status: Statuses
    group: str = ""
    of: tuple[str, ...] | None = None


@dataclass(frozen=True, eq=False)
class TextColumn:
    """One column of words beside the figures: a zone, a verdict. `of` is that of `Column`."""

    key: str
    title: str
    texts: tuple[str, ...]
    of: tuple[str, ...] | None = None


@dataclass(frozen=True, eq=False)
class Part:
    """Counts that a table tells, or that can be worked out from it: of zones or of units.

    Parameters
    ----------
    plan
        Whose zones they are of, or beside which the units stand. Any grouping of units is a plan:
        deprivation tenths, or one zone and the rest.
    keys
        The measures. Those that are not sensitive may be among them.
    rows
        `zones`: of zones, of the units in none, and of all. `units`: of small areas.
    columns
        The columns that tell it, by their keys or how these begin; all by default.
    spare
        Whether these columns are simply left out where they may not be told, rather than the
        table refused: for a figure beside the others.
    stays
        Whether these columns never leave: what they tell would stand in the way of later tables.
    """

    plan: Plan
    keys: tuple[str, ...]
    rows: Literal["zones", "units"] = "zones"
    columns: tuple[str, ...] = ()
    spare: bool = False
    stays: bool = False

    def tells(self, column: str) -> bool:
        """Say whether a column of that key tells it."""
        begins = tuple(f"{key}_" for key in self.columns)
        return not self.columns or column in self.columns or column.startswith(begins)


@dataclass(frozen=True, eq=False)
class Basis:
    """What a table was made from, so that its release can be checked beside earlier ones.

    Parameters
    ----------
    authority
        The key of the pack: whose register it goes into.
    measures
        The true counts behind the table. They stay here: nothing of them is written out.
    parts
        All that the table tells; none for a table without sensitive counts.
    geography
        Names small areas, and says which of them border on each other; not needed for the check.
    """

    authority: str
    measures: Measures
    policy: Policy
    parts: tuple[Part, ...]
    geography: Geography | None = None

    @classmethod
    def of_pack(cls, pack: Pack, *parts: Part) -> "Basis":
        """Build it of a pack's counts and by its rule."""
        measures = with_open_cases(pack.measures)
        policy = POLICIES[pack.authority.disclosure]
        return cls(pack.authority.key, measures, policy, parts, pack.geography)

    @property
    def sensitive(self) -> tuple[str, ...]:
        """The sensitive measures among what is told."""
        keys = dict.fromkeys(key for part in self.parts for key in part.keys)
        return tuple(
            key for key in keys if self.measures.has(key) and self.measures.measure(key).sensitive
        )


@dataclass(frozen=True, eq=False)
class Table:
    """Rows with names and columns of figures, safe to leave the tool.

    Parameters
    ----------
    what
        What a row is: the authority's word for a zone, `Small area`.
    names
        One a row; `totals` marks rows that sum up others.
    columns, texts
        Each as long as `names`.
    symbol
        What stands for a suppressed figure.
    standing, source
        Whether any figure was modelled, and where they come from.
    codes
        One a row where rows have codes (units); empty otherwise.
    basis
        What it was made from. A table without one may be shown to those who plan, and not leave.
    """

    what: str
    names: tuple[str, ...]
    columns: tuple[Column, ...]
    symbol: str
    standing: Standing
    source: str
    texts: tuple[TextColumn, ...] = ()
    totals: int = 0
    codes: tuple[str, ...] = ()
    basis: Basis | None = None

    def column(self, key: str) -> Column:
        """Give the column of that key."""
        return next(column for column in self.columns if column.key == key)

    def cell(self, column: Column, row: int) -> str:
        """Write one figure as it is shown."""
        return cell_text(
            float(column.values[row]),
            int(column.status[row]),
            symbol=self.symbol,
            decimals=column.decimals,
        )

    def order(self, key: str, *, descending: bool) -> list[int]:
        """Sort the rows by a column; rows without a figure and totals come last."""
        body = range(len(self.names) - self.totals)
        tail = list(range(len(self.names) - self.totals, len(self.names)))
        if key == "name":
            return sorted(body, key=lambda row: self.names[row], reverse=descending) + tail
        values = self.column(key).values
        known = sorted(
            (row for row in body if not np.isnan(values[row])),
            key=lambda row: values[row],
            reverse=descending,
        )
        return known + [row for row in body if np.isnan(values[row])] + tail

    def to_csv(self, **about: str) -> str:
        """Write the table as CSV; `about` adds columns of its own, the same in every row.

        Figures keep two decimals more than on screen. A suppressed cell holds the rule's symbol,
        a missing one nothing. Words that a spreadsheet would run as a formula are escaped.
        """
        about = {**about, "figures": self.standing, "source": self.source}
        lines = io.StringIO()
        writer = csv.writer(lines, lineterminator="\n")
        head = [*(["code"] if self.codes else []), _slug(self.what)]
        head += [text.key for text in self.texts] + [column.key for column in self.columns]
        writer.writerow([safe_cell(word) for word in (*head, *about)])
        for row, name in enumerate(self.names):
            words = [*([self.codes[row]] if self.codes else []), name]
            words += [text.texts[row] for text in self.texts]
            figures = [self._exact(column, row) for column in self.columns]
            writer.writerow(
                [safe_cell(w) for w in words] + figures + [*map(safe_cell, about.values())]
            )
        return lines.getvalue()

    def to_records(self) -> list[dict[str, object]]:
        """Give rows as plain values for JSON; a suppressed figure is its symbol, missing None."""
        records = []
        for row, name in enumerate(self.names):
            record: dict[str, object] = {"code": self.codes[row]} if self.codes else {}
            record[_slug(self.what)] = name
            record |= {text.key: text.texts[row] for text in self.texts}
            for column in self.columns:
                text = self._exact(column, row)
                # JSON has no infinity: a ratio to nothing stays a word
                plain = _is_number(column, row) and np.isfinite(column.values[row])
                record[column.key] = float(text) if plain else text or None
            records.append(record)
        return records

    def to_dict(self) -> dict[str, Any]:
        """Give what the table shows as plain values, to be kept: no figure that it hides.

        Its basis stays behind.
        """
        return {
            **{name: getattr(self, name) for name in _WORDS},
            "names": list(self.names),
            "codes": list(self.codes),
            "totals": self.totals,
            "columns": [self._kept(column) for column in self.columns],
            "texts": [
                {"key": text.key, "title": text.title, "texts": list(text.texts)}
                for text in self.texts
            ],
        }

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> "Table":
        """Read it back from plain values.

        Raises
        ------
        LayerError
            When something is missing, or a column is not as long as the table.
        """
        try:
            words: dict[str, Any] = {name: str(kept[name]) for name in _WORDS}
            names, codes = tuple(map(str, kept["names"])), tuple(map(str, kept["codes"]))
            columns = tuple(_column_from_dict(column, len(names)) for column in kept["columns"])
            texts = tuple(
                TextColumn(str(t["key"]), str(t["title"]), tuple(map(str, t["texts"])))
                for t in kept["texts"]
            )
            totals = int(kept["totals"])
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise LayerError(
                "A released table in the register cannot be read.",
                remedy="Restore the register from its last good copy.",
            ) from error
        standing: Standing = "official" if words.pop("standing") == "official" else "illustrative"
        return cls(
            names=names, columns=columns, texts=texts, totals=totals, codes=codes,
            standing=standing, **words,
        )  # fmt: skip

    def _kept(self, column: Column) -> dict[str, Any]:
        """Give a column as plain values, no closer than a file of it would."""
        rows = range(len(self.names))
        return {
            **{name: getattr(column, name) for name in ("key", "title", "unit", "group")},
            "decimals": column.decimals,
            "values": [self._exact(column, r) if _is_number(column, r) else None for r in rows],
            "status": [int(status) for status in column.status],
        }

    def _exact(self, column: Column, row: int) -> str:
        if not _is_number(column, row):
            return self.cell(column, row)
        return f"{column.values[row]:.{column.decimals + 2 if column.decimals else 0}f}"


_WORDS = ("what", "symbol", "standing", "source")


def _column_from_dict(kept: Mapping[str, Any], rows: int) -> Column:
    values = [np.nan if value is None else float(value) for value in kept["values"]]
    status = np.array([int(Status(state)) for state in kept["status"]], dtype=np.int8)
    if len(values) != rows or len(status) != rows:
        raise ValueError(rows)
    words: dict[str, Any] = {name: str(kept[name]) for name in ("key", "title", "unit", "group")}
    return Column(
        decimals=int(kept["decimals"]),
        values=np.array(values, dtype=np.float64),
        status=status,
        **words,
    )


def _slug(text: str) -> str:
    return text.lower().replace(" ", "_")


def _is_number(column: Column, row: int) -> bool:
    return int(column.status[row]) < Status.NOT_APPLICABLE and not np.isnan(column.values[row])
