"""What an indicator can be compared with: England, a region, neighbours, a target, the year before.

A pack holds published figures in three places (an indicator's own benchmarks, the history of whole
authorities, and targets). Here they become one list of names to choose from, and for each
indicator the one figure that lies nearest to its own period.
"""

import math
import re
from collections.abc import Iterable

from layers.history import Figure
from layers.indicators import Benchmark, Indicator
from layers.pack import Pack, targets_of

ALL_ZONES = "All zones together"
TARGET = "Own target"
PREVIOUS = "Previous period"
"""Of the authority as a whole."""

_DATED = re.compile(r"(?P<area>.*\S)\s+(?P<period>[12][0-9]{3}[0-9/-]*)")
_PERIOD = re.compile(r"(?P<year>[12][0-9]{3})(?:[-/](?P<next>[0-9]{2}))?(?![0-9])")


def comparisons(pack: Pack) -> tuple[str, ...]:
    """List what a pack's indicators can be compared with; at least with all zones together.

    Areas come in the order in which the pack names them.
    """
    found = [ALL_ZONES]
    for indicator in pack.indicators:
        found += [area for area, _, _ in _published(pack, indicator)]
    if pack.authority.targets:
        found.append(TARGET)
    if any(benchmark_for(pack, i, PREVIOUS) for i in pack.indicators):
        found.append(PREVIOUS)
    return tuple(dict.fromkeys(found))


def benchmark_for(pack: Pack, indicator: Indicator, against: str) -> Benchmark | None:
    """Give the figure that an indicator is compared with.

    Parameters
    ----------
    against
        One of `comparisons`.

    Returns
    -------
    Benchmark or None
        Of the period nearest to the indicator's own; of two as near, the later. Its title names
        the period. None for all zones together, which stand in the table itself, and where
        nobody published such a figure.
    """
    if against == TARGET:
        return next(iter(targets_of(pack.authority, indicator)), None)
    own = period_ends(indicator.period)
    if against == PREVIOUS:
        earlier = [
            (period_ends(figure.period), figure.period, _benchmark(figure, indicator))
            for figure in _figures(pack, indicator)
            if figure.area == pack.authority.name and period_ends(figure.period) < own
        ]
        return max(earlier, key=lambda one: one[:2])[2] if earlier else None
    dated = [(end, found) for area, end, found in _published(pack, indicator) if area == against]
    return min(dated, key=lambda one: (abs(one[0] - own), -one[0]))[1] if dated else None


def period_ends(period: str) -> int:
    """Say in which year a written period ends; 0 where it names no year.

    Examples
    --------
    >>> period_ends("2016-17"), period_ends("2017-08-31"), period_ends("July 2016 and 2018")
    (2017, 2017, 2018)
    """
    found = list(_PERIOD.finditer(period))
    if not found:
        return 0
    year, follows = int(found[-1]["year"]), found[-1]["next"]
    return year + 1 if follows and int(follows) == (year + 1) % 100 else year


def _published(pack: Pack, indicator: Indicator) -> Iterable[tuple[str, int, Benchmark]]:
    """Give area, year and figure of all that was published of other areas."""
    for benchmark in indicator.benchmarks:
        dated = _DATED.fullmatch(benchmark.title)
        area = dated["area"] if dated else benchmark.title
        yield _named(area), period_ends(dated["period"]) if dated else 0, benchmark
    for figure in _figures(pack, indicator):
        if figure.area != pack.authority.name:
            yield _named(figure.area), period_ends(figure.period), _benchmark(figure, indicator)


def _figures(pack: Pack, indicator: Indicator) -> Iterable[Figure]:
    """Give the history of an indicator that has a value to compare with."""
    return (
        figure
        for figure in pack.history
        if figure.key == indicator.key and not math.isnan(figure.rate(indicator.per))
    )


def _benchmark(figure: Figure, indicator: Indicator) -> Benchmark:
    title = f"{_named(figure.area)} {figure.period}"
    return Benchmark(title, figure.rate(indicator.per), figure.source)


def _named(area: str) -> str:
    return area[:1].upper() + area[1:]
