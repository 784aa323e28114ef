"""A table: rows and columns of figures that may leave the tool.

What pages show, downloads hold and the command line prints is a `Table`. Its figures are already
suppressed when it is made (`analysis.tables`), so whatever is done with it gives nobody away.
"""

import csv
import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.disclosure import cell_text
from geo.write import safe_cell
from layers.status import Standing, Status

Array = npt.NDArray[np.float64]
Statuses = npt.NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class Column:
    """One column of figures, already suppressed; columns of one `group` share a heading."""

    key: str
    title: str
    unit: str
    decimals: int
    values: Array
    status: Statuses
    group: str = ""


@dataclass(frozen=True, eq=False)
class TextColumn:
    """One column of words beside the figures: a zone, a verdict."""

    key: str
    title: str
    texts: tuple[str, ...]


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

    def _exact(self, column: Column, row: int) -> str:
        if not _is_number(column, row):
            return self.cell(column, row)
        return f"{column.values[row]:.{column.decimals + 2 if column.decimals else 0}f}"


def _slug(text: str) -> str:
    return text.lower().replace(" ", "_")


def _is_number(column: Column, row: int) -> bool:
    return int(column.status[row]) < Status.NOT_APPLICABLE and not np.isnan(column.values[row])
