"""Published figures: what a department published for authorities, regions and England.

A figure has a period, an area, what it was filtered by, its measure and a status. Published rates
and percentages stand beside counts as they were published; nothing is worked out from them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.errors import LayerError, named
from geo.ledger import Ledger
from layers.indicators import Polarity
from layers.source import Source
from layers.status import Status
from layers.totals import Total

ENGLAND = "E92000001"
Texts = npt.NDArray[np.object_]
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Known:
    """A published measure that the tool has a name for.

    Parameters
    ----------
    key
        The tool's own name, as packs use it.
    measure
        The publisher's name of the column.
    filters
        What its rows must be filtered by.
    """

    key: str
    title: str
    measure: str
    filters: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


_LOOKED_AFTER = {"population_type": "Children looked after on 31 March each year"}
_CHILDREN = {"age_group": "Children aged 0 to 17 years"}

KNOWN: tuple[Known, ...] = (
    Known("referrals", "Referrals in the year", "referral_count"),
    Known("rereferrals", "Re-referrals within 12 months of a referral", "rereferral_count"),
    Known("rereferral_percent", "Re-referrals, % of referrals", "rereferral_percent"),
    Known("cin", "Children in need at 31 March", "At31_episodes"),
    Known("cp_starts", "Child protection plans started in the year", "CPP_start"),
    Known("cp_second", "Second or later child protection plans", "CPP_subsequent"),
    Known("open_cp", "Children on a child protection plan at 31 March", "CPP_Num"),
    Known("open_cla", "Children looked after at 31 March", "children_count", _LOOKED_AFTER),
    Known("cla_per_10k", "Looked after per 10,000 children", "rate_per_10000", _LOOKED_AFTER),
    Known("children", "Children aged 0-17, mid-year", "population_estimate", _CHILDREN),
    Known("caseload", "Cases per full-time-equivalent case holder", "caseload_fte"),
    Known("cases", "Cases held by social workers", "cases"),
    Known("case_holders_fte", "Social workers holding cases, FTE", "case_holders_fte"),
)
"""Which published measures are which of ours. `CPP_Num` is in the LAIT, the others in the files
of explore education statistics."""


@dataclass(frozen=True, eq=False, repr=False)
class Published:
    """Published figures, one a position of the arrays, all of one length.

    Parameters
    ----------
    period
        As published: `2025`, `202425`, `2016-17`.
    level
        `National`, `Regional`, `Local authority`; empty where the source does not tell.
    area_code, old_code, area_name
        The nine-character code, the three-digit code of an authority, and the name; empty where
        the source does not tell.
    measure
        The publisher's short name.
    values, status
        NaN where the status says that there is no number.
    symbol
        What the publisher wrote in place of the number, or `u` beside an unreliable one.
    filters
        Name of each filter and what each figure was filtered by.
    titles, polarity
        What a measure is called in full and whether high or low is better, where the source tells.

    Raises
    ------
    LayerError
        When the arrays differ in length, or a number and its status contradict each other.
    """

    period: Texts
    level: Texts
    area_code: Texts
    old_code: Texts
    area_name: Texts
    measure: Texts
    values: npt.NDArray[np.float64]
    status: npt.NDArray[np.int8]
    symbol: Texts
    filters: Mapping[str, Texts]
    ledger: Ledger
    source: Source
    titles: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    polarity: Mapping[str, Polarity] = field(default_factory=lambda: MappingProxyType({}))
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check once, then freeze the arrays."""
        arrays = [
            *(self.period, self.level, self.area_code, self.old_code, self.area_name),
            *(self.measure, self.values, self.status, self.symbol, *self.filters.values()),
        ]
        if len({len(array) for array in arrays}) != 1:
            raise LayerError(f"{self.ledger.source}: figures and what they are differ in number.")
        if (np.isnan(self.values) != (self.status >= Status.NOT_APPLICABLE)).any():
            raise LayerError(f"{self.ledger.source}: a figure contradicts its status.")
        for array in arrays:
            array.setflags(write=False)
        for name in ("filters", "titles", "polarity"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @cached_property
    def periods(self) -> tuple[str, ...]:
        """The periods that it holds, in order of their text."""
        return tuple(sorted(set(self.period)))

    @cached_property
    def measures(self) -> tuple[str, ...]:
        """The measures' short names, in the order of the source."""
        return tuple(dict.fromkeys(self.measure))

    @cached_property
    def areas(self) -> dict[str, str]:
        """Code of each area, or its three-digit code where there is no other, and its name."""
        codes = np.where(self.area_code != "", self.area_code, self.old_code)
        return dict(sorted(set(zip(codes.tolist(), self.area_name.tolist(), strict=True))))

    def value(self, measure: str, area: str, period: str, **filters: str) -> tuple[float, Status]:
        """Give one figure and its status; NaN where the status says that there is no number.

        Parameters
        ----------
        area
            Its nine-character code, three-digit code or name.
        filters
            As many as it takes to name one figure.

        Raises
        ------
        LayerError
            When there is no such figure, or more than one.
        """
        found = self.find(measure, area, period, **filters)
        if len(found) == 1:
            return float(self.values[found[0]]), Status(int(self.status[found[0]]))
        wanted = f"'{measure}' for {area} in {period}"
        if found:
            names = [n for n, texts in self.filters.items() if len(set(texts[list(found)])) > 1]
            raise LayerError(
                f"{self.ledger.source} has {len(found)} figures of {wanted}.",
                remedy=f"Choose by {named(names)}.",
            )
        raise LayerError(
            f"{self.ledger.source} has no figure of {wanted}.", remedy=self._near(measure, area)
        )

    def find(self, measure: str, area: str, period: str, **filters: str) -> tuple[int, ...]:
        """Give the positions of the figures of a measure, an area and a period.

        Raises
        ------
        LayerError
            When there is no filter of that name.
        """
        strange = [name for name in filters if name not in self.filters]
        if strange:
            raise LayerError(
                f"{self.ledger.source} has no filter {named(strange)}.",
                remedy=f"It has {named(self.filters) or 'none'}.",
            )
        return tuple(
            position
            for position in self._index.get((measure, area, period), ())
            if all(self.filters[name][position] == text for name, text in filters.items())
        )

    def frame(self) -> pd.DataFrame:
        """Give all figures as a long table, one a row."""
        names = ("period", "level", "area_code", "old_code", "area_name", "measure")
        columns = {name: getattr(self, name) for name in names} | dict(self.filters)
        status = [Status(int(code)).name.lower() for code in self.status]
        return pd.DataFrame(columns | {"value": self.values, "status": status})

    @cached_property
    def _index(self) -> Mapping[Key, Sequence[int]]:
        """Positions by measure, period and every way to name an area."""
        index: dict[Key, list[int]] = {}
        triples = zip(self.area_code, self.old_code, self.area_name, strict=True)
        for position, (area, measure, period) in enumerate(
            zip(triples, self.measure, self.period, strict=True)
        ):
            for name in dict.fromkeys(area):
                if name:
                    index.setdefault((measure, name, period), []).append(position)
        return index

    def _near(self, measure: str, area: str) -> str:
        if measure not in self.measures:
            return f"Its measures are {named(self.measures)}."
        if not any(key[:2] == (measure, area) for key in self._index):
            return f"Its areas are {named(f'{n} ({c})' for c, n in self.areas.items())}."
        periods = sorted(key[2] for key in self._index if key[:2] == (measure, area))
        return f"It has {named(reversed(periods))}."

    def __repr__(self) -> str:
        """Show what it holds: `<Published 2013 to 2025, 11 measures of 5 areas>`."""
        spans = f"{self.periods[0]} to {self.periods[-1]}, " if self.periods else ""
        return f"<Published {spans}{len(self.measures)} measures of {len(self.areas)} areas>"


def authority_totals(
    published: Sequence[Published], district: str, *, period: str | None = None
) -> tuple[Total, ...]:
    """Give the published totals of an authority, then those of England to compare with.

    Parameters
    ----------
    published
        Files as read; what none of them holds is left out.
    district
        The authority's nine-character code, three-digit code or name.
    period
        The latest that each file has for the authority by default, whatever its status there.

    Returns
    -------
    tuple of Total
        In the order of `KNOWN`; `area` is `district` as given, or `E92000001` for England.
    """
    return tuple(
        total
        for area in dict.fromkeys((district, ENGLAND))
        for known in KNOWN
        for total in _totals(published, known, area, period)[:1]
    )


def _totals(
    published: Sequence[Published], known: Known, area: str, period: str | None
) -> list[Total]:
    """All figures of a known measure and an area, the latest first."""
    totals = []
    names = _codes_of(published, area)
    for file in published:
        if not set(known.filters) <= set(file.filters):
            continue
        for when in [period] if period else file.periods:
            found = sorted(
                {p for name in names for p in file.find(known.measure, name, when, **known.filters)}
            )
            if len(found) == 1:  # more than one is broken down by something that we do not know
                value, status = file.values[found[0]], Status(int(file.status[found[0]]))
                source = f"{file.source.title}, {file.source.publisher}"
                totals.append(
                    Total(known.key, known.title, area, when, float(value), status, source)
                )
    return sorted(totals, key=lambda total: total.period, reverse=True)


def _codes_of(published: Sequence[Published], area: str) -> tuple[str, ...]:
    """All codes that the files give to an area: some have the old one only."""
    codes = {area: None}
    for file in published:
        pairs = set(zip(file.area_code, file.old_code, file.area_name, strict=True))
        codes |= {
            code: None
            for new, old, name in pairs
            if area in {new, old, name}
            for code in (new, old)
        }
    return tuple(code for code in codes if code)
