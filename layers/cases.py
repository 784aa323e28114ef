"""Case lists: what their rows are, and how they become counts per small area and month.

Everything here works on positions and days in memory; nothing of it is kept. Persons are whole
numbers without meaning outside one import.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.errors import LayerError
from layers.measures import Counted, Measure
from layers.series import BINS, OUT_OF_AREA, UNKNOWN

CaseKind = Literal["contact", "assessment", "referral", "cp", "cla"]
CASE_KINDS: tuple[CaseKind, ...] = ("contact", "assessment", "referral", "cp", "cla")
WITH_END: frozenset[CaseKind] = frozenset({"referral", "cp", "cla"})
"""Kinds that stay open until they end, and so have a stock."""

Days = npt.NDArray[np.datetime64]
Positions = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NEVER = np.datetime64("9999-12-31")
"""The end of what is still open."""
_DAYS = 2**23
"""More days than there are to tell apart: from thousands of years before 1970 to `NEVER`."""
AT_BIN = -1
"""Places below 0 are bins: -1 is the first of `BINS`, -2 the second."""


@dataclass(frozen=True)
class CaseMapping:
    """Which columns of a list say what.

    Parameters
    ----------
    kind
        What a row is: a contact, an assessment, a referral (which opens an episode of need), a
        child protection plan (`cp`) or an episode of being looked after (`cla`).
    date
        The column of the day it began.
    end
        The column of the day it ended, blank while it is open; empty for contacts.
    person
        The column that tells children apart. Without it every row is a child of its own, and
        there are no re-referrals.
    postcode, unit
        The column of the home postcode or of its small area. Without both, the addresses of a
        second list place the rows.
    nfa
        The column that says that a referral led to no further action (Y, yes, 1 or true).

    Raises
    ------
    LayerError
        When there is no column for the date, or none that could place a row.
    """

    kind: CaseKind
    date: str
    end: str = ""
    person: str = ""
    postcode: str = ""
    unit: str = ""
    nfa: str = ""

    def __post_init__(self) -> None:
        """Refuse a mapping that could not be counted."""
        if self.kind not in CASE_KINDS:
            raise LayerError(
                f"'{self.kind}' is no kind of case.", remedy=f"Kinds: {', '.join(CASE_KINDS)}."
            )
        if not self.date:
            raise LayerError("A case list needs a column of dates.", remedy="Name it.")
        if not (self.postcode or self.unit or self.person):
            raise LayerError(
                "A case list needs a column of postcodes or small areas, or of persons whose "
                "addresses stand in a second list.",
                remedy="Name one of them.",
            )


class Cases(NamedTuple):
    """Rows of one kind, one a position: person, first day, last day, and own place if any."""

    person: Positions
    start: Days
    end: Days
    nfa: Flags
    place: Positions | None


class Addresses(NamedTuple):
    """Addresses, one a position: person, first and last day, place (a unit or a bin)."""

    person: Positions
    start: Days
    end: Days
    place: Positions


class Tally(NamedTuple):
    """Counts of one measure: shape (months, units + 3), the bins behind the units."""

    measure: Measure
    counts: npt.NDArray[np.int64]
    is_stock: bool


def bin_place(name: str) -> int:
    """Say which place stands for a bin.

    >>> bin_place("no fixed abode"), bin_place("unknown")
    (-1, -3)
    """
    return AT_BIN - BINS.index(name)


def places_of(codes: Sequence[str], units: Sequence[str]) -> Positions:
    """Turn codes of small areas into places: out of area for strange ones, unknown for ''."""
    found = pd.Index(units).get_indexer(pd.Index(codes, dtype=object)).astype(np.int64)
    found[found < 0] = bin_place(OUT_OF_AREA)
    found[np.array([not code for code in codes], dtype=bool)] = bin_place(UNKNOWN)
    return found


def place_events(person: Positions, day: Days, addresses: Addresses) -> Positions:
    """Place each event by the address that its person had on that day.

    Of several valid addresses the one that began last counts; the first and the last day of an
    address are both its own. Who had none is `unknown`.

    Returns
    -------
    ndarray of int64
        A place for each event: the position of a unit, or a bin below 0.
    """
    placed = np.full(len(person), bin_place(UNKNOWN), dtype=np.int64)
    order = np.lexsort((addresses.start, addresses.person))
    known = Addresses(
        addresses.person[order], addresses.start[order], addresses.end[order],
        addresses.place[order],
    )  # fmt: skip
    last = np.searchsorted(
        _in_order(known.person, known.start), _in_order(person, day), side="right"
    )
    event, at = np.arange(len(person)), last - 1
    while True:  # back from the address that began last to one that still held
        own = at >= 0
        own[own] = known.person[at[own]] == person[event[own]]
        event, at = event[own], at[own]
        if not len(event):
            return placed
        holds = known.end[at] >= day[event]
        placed[event[holds]] = known.place[at[holds]]
        event, at = event[~holds], at[~holds] - 1


def _in_order(person: Positions, day: Days) -> npt.NDArray[np.int64]:
    """Make one number of a person and a day, in the order of the two; pairs would be too many."""
    days = day.astype("datetime64[D]").astype(np.int64) + _DAYS // 4
    number: npt.NDArray[np.int64] = person.astype(np.int64) * _DAYS + days
    return number


def is_rereferral(person: Positions, day: Days) -> Flags:
    """Say which referrals came within 12 months of an earlier one of the same person.

    Twelve months to the day count; another row of the same day does not.

    Examples
    --------
    >>> days = np.array(["2023-01-10", "2024-01-10", "2025-01-11"], dtype="datetime64[D]")
    >>> is_rereferral(np.array([7, 7, 7]), days).tolist()
    [False, True, False]
    """
    frame = pd.DataFrame({"person": person, "day": pd.to_datetime(day)})
    each = frame.drop_duplicates().sort_values(["person", "day"])
    before = each.groupby("person")["day"].shift()
    each["again"] = before >= each["day"] - pd.DateOffset(years=1)
    again = frame.merge(each, on=["person", "day"], how="left")["again"]
    return again.to_numpy(dtype=bool)


def periods_of_care(cases: Cases) -> tuple[Positions, Cases]:
    """Join episodes of care that follow on from each other (a new placement begins an episode).

    Returns
    -------
    period
        The period of care of each episode, counted from 0.
    Cases
        One a period, in that order: its first day, its last day.
    """
    frame = pd.DataFrame({"person": cases.person, "start": cases.start, "end": cases.end})
    order = np.lexsort((frame["end"], frame["start"], frame["person"]))
    ordered = frame.iloc[order]
    latest = ordered.groupby("person")["end"].cummax().groupby(ordered["person"]).shift()
    gap = ordered["start"] - latest
    begins = latest.isna() | (gap > pd.Timedelta(days=1))
    number = np.cumsum(begins.to_numpy()) - 1
    period = np.empty(len(frame), dtype=np.int64)
    period[order] = number
    first = order[begins.to_numpy()]
    last = pd.Series(ordered["end"].to_numpy()).groupby(number).max().to_numpy()
    place = None if cases.place is None else cases.place[first]
    whole = Cases(
        cases.person[first],
        cases.start[first],
        last.astype("datetime64[D]"),
        cases.nfa[first],
        place,
    )
    return period, whole


def measure_of(key: str, title: str, counts: Counted, source: str) -> Measure:
    """Describe a measure made from a case list; all of them could point at a child."""
    return Measure(key, title, counts, "", source, "official", sensitive=True)
