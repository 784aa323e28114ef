"""Published figures of whole authorities, for the year before, the trend and the benchmarks.

Counts stand as they were published. What was worked out of two published figures says so.
"""

import math

from data.build_indicators import (
    CABINET_2017,
    DFE_2025,
    ENGLAND_CHILDREN,
    ENGLAND_CIN,
    ENGLAND_CLA,
    ENGLAND_CP,
    ENGLAND_REFERRALS,
    ENGLAND_REREFERRAL_PER_CENT,
)
from layers.history import NEIGHBOURS, Figure
from layers.totals import ENGLAND

YEAR_2025 = "2024-25"
DAY_2025 = "2025-03-31"

_THIS_YEAR = "2016-17"
_LAST_YEAR = "2015-16"
_CHILDREN = "children worked out: 331 plans at 42.9 per 10,000"
_CHILDREN_BEFORE = "children worked out: 409 plans at 53 per 10,000"
_CONTACTS_BEFORE = "contacts worked out: 4,867 at 35.64 %"


def dfe_history(
    area: str, *, children: int, referrals: int, again: float, cin: int, cp: int, cla: int
) -> tuple[Figure, ...]:
    """Give the Department for Education's figures of 2025 for one area.

    Parameters
    ----------
    again
        Re-referrals in per cent of referrals, as published; their number was not.
    """
    counted = (
        ("referrals", YEAR_2025, referrals),
        ("cin", DAY_2025, cin),
        ("cp", DAY_2025, cp),
        ("cla", DAY_2025, cla),
    )
    rows = [
        Figure(key, period, area, x, children, DFE_2025, "official") for key, period, x in counted
    ]
    return (*rows, _value("rereferral", YEAR_2025, area, again, DFE_2025))


def england_2025() -> tuple[Figure, ...]:
    """Give England's figures of 2025."""
    return dfe_history(
        ENGLAND,
        children=ENGLAND_CHILDREN,
        referrals=ENGLAND_REFERRALS,
        again=ENGLAND_REREFERRAL_PER_CENT,
        cin=ENGLAND_CIN,
        cp=ENGLAND_CP,
        cla=ENGLAND_CLA,
    )


def county_history(area: str) -> tuple[Figure, ...]:
    """Give what Dorset County Council reported to its Cabinet in September 2017."""
    now, before = 77_156, 77_170
    counts = (
        ("contacts", _LAST_YEAR, 13_656, before, f"{_CONTACTS_BEFORE}; {_CHILDREN_BEFORE}"),
        ("contacts", _THIS_YEAR, 16_111, now, _CHILDREN),
        ("progression", _LAST_YEAR, 4_867, 13_656, _CONTACTS_BEFORE),
        ("progression", _THIS_YEAR, 5_203, 16_111, ""),
        ("referrals", _LAST_YEAR, 4_867, before, _CHILDREN_BEFORE),
        ("referrals", _THIS_YEAR, 5_203, now, _CHILDREN),
        ("rereferral", _LAST_YEAR, 1_172, 4_867, ""),
        ("rereferral", _THIS_YEAR, 1_450, 5_203, ""),
        ("cp", "2016-03-31", 409, before, _CHILDREN_BEFORE),
        ("cp", "2017-08-31", 331, now, _CHILDREN),
        ("cla", "2016-17, first of four", 496, math.nan, _UNDATED),
        ("cla", "2016-17, second of four", 454, math.nan, _UNDATED),
        ("cla", "2016-17, third of four", 444, math.nan, _UNDATED),
        ("cla", "2017-08-31", 442, now, f"the last of four, taken for August 2017; {_CHILDREN}"),
    )
    rows = [
        Figure(key, period, area, x, n, f"{CABINET_2017}{note and '; '}{note}", "official")
        for key, period, x, n, note in counts
    ]
    rows += [
        _value("decision_24h", _THIS_YEAR, area, 97, CABINET_2017),
        _value("triage_diversion", _THIS_YEAR, area, 81, CABINET_2017),
        _value("cp", _THIS_YEAR, ENGLAND, 43.1, CABINET_2017),
        _value("cp", _THIS_YEAR, "South West", 43.4, CABINET_2017),
        _value("cp", _THIS_YEAR, NEIGHBOURS, 37, CABINET_2017),
    ]
    return tuple(rows)


_UNDATED = "one of four figures in turn, their dates not noted"


def _value(key: str, period: str, area: str, value: float, source: str) -> Figure:
    return Figure(key, period, area, math.nan, math.nan, source, "official", value)
