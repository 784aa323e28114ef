"""Incidents: one row each, with its month, its kind and, where it is known, its place.

Anti-social behaviour comes as incidents, not notifiable crimes. Identical rows are separate
incidents (police points are snapped to shared places), so nothing is ever de-duplicated.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.errors import LayerError
from geo.ledger import Ledger, Rejected

MONTH = re.compile(r"^(19|20)\d\d-(0[1-9]|1[0-2])$")
UNLOCATED = -1


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

    Raises
    ------
    LayerError
        When the arrays differ in length or the ledger counts other rows than these.
    """

    units: tuple[str, ...]
    unit: npt.NDArray[np.int32]
    month: npt.NDArray[np.object_]
    kind: npt.NDArray[np.object_]
    ledger: Ledger

    def __post_init__(self) -> None:
        """Check once, then freeze the arrays."""
        if not len(self.unit) == len(self.month) == len(self.kind) == self.ledger.used:
            raise LayerError(
                f"{self.ledger.source}: the ledger counts {self.ledger.used} incidents as used, "
                f"but {len(self.unit)} stand in units."
            )
        for array in (self.unit, self.month, self.kind):
            array.setflags(write=False)

    def per_unit(self) -> npt.NDArray[np.int64]:
        """Count incidents per unit, shape (units,)."""
        return np.bincount(self.unit, minlength=len(self.units)).astype(np.int64)

    def by_month(self, group: npt.NDArray[np.int32], names: Sequence[str]) -> pd.DataFrame:
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
            zone, 0 where nothing was recorded. Units in no zone stand as 'unassigned'.
        """
        every = [*names, "unassigned"]
        zone = np.array(every, dtype=object)[group[self.unit]]
        frame = pd.DataFrame({"month": self.month, "kind": self.kind, "zone": zone})
        labels = every if (group == UNLOCATED).any() else list(names)
        seen = pd.MultiIndex.from_product(
            [sorted(set(self.month)), sorted(set(self.kind)), labels],
            names=["month", "kind", "zone"],
        )
        counted = frame.groupby(["month", "kind", "zone"]).size()
        return counted.reindex(seen, fill_value=0).rename("incidents").reset_index()

    @property
    def months(self) -> tuple[str, ...]:
        """The months that hold incidents, in order. They need not be consecutive."""
        return tuple(sorted(set(self.month)))

    def __repr__(self) -> str:
        """Show what it holds: `<Incidents 3,381 used of 3,381 rows, 3 months>`."""
        return f"<Incidents {self.ledger}, {len(self.months)} months>"


def place_incidents(
    rows: pd.DataFrame,
    units: Sequence[str],
    point_unit: npt.NDArray[np.int32],
    *,
    source: str,
) -> Incidents:
    """Put each row in a unit and account for all of them.

    A row goes to the unit of its published code where that is one of `units`, else, when it has
    no code, to the unit that holds its point. The code comes first because super-generalised
    boundaries put one point in ten on the wrong side of a line.

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
    """
    code = rows["unit"].fillna("").astype(str).to_numpy(dtype=object)
    position = pd.Index(units).get_indexer(pd.Index(code))
    placed = np.where(code != "", position, point_unit).astype(np.int32)
    has_point = rows["easting"].notna().to_numpy() & rows["northing"].notna().to_numpy()
    month = rows["month"].fillna("").astype(str).to_numpy(dtype=object)
    dated = np.array([bool(MONTH.match(m)) for m in month], dtype=bool)
    nowhere = (code == "") & ~has_point
    used = dated & (placed >= 0)
    outside = dated & ~nowhere & (placed < 0)
    rejected = tuple(
        Rejected(int(i) + 2, f"the month is '{month[i]}'; it should look like 2016-07")
        for i in np.flatnonzero(~dated)
    )
    ledger = Ledger(
        source,
        read=len(rows),
        used=int(used.sum()),
        unlocated=int((dated & nowhere).sum()),
        outside=int(outside.sum()),
        rejected=rejected,
    )
    kind = rows["kind"].fillna("not stated").astype(str).to_numpy(dtype=object)
    return Incidents(tuple(units), placed[used], month[used], kind[used], ledger)
