"""Tables of need: zones against benchmarks, funnels, deprivation, what need would bring, an index.

Whatever is worked out here is worked out from figures that are already suppressed, so it tells
nobody more than these do. Where the count of a small area is suppressed, what is left of its
zone's total stands for it, spread over the zone's suppressed areas by their people: anybody could
do that with the figures that are shown.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from analysis.benchmarks import ALL_ZONES, benchmark_for, period_ends
from analysis.composite import (
    Component,
    Missing,
    NeedIndex,
    RankStability,
    Scale,
    Varied,
    need_index,
    rank_stability,
)
from analysis.disclosure import POLICIES
from analysis.need import (
    implausible,
    smoothed_rates,
)
from analysis.rates import (
    EXACT_BELOW,
    STRICT,
    USUAL,
    funnel_limits,
)
from analysis.shown import basis_of, first_rows, masked, shown_zones, spread_counts, standing_of
from analysis.table import Column, Table, TextColumn
from analysis.tables import TOTAL, indicator_table, unit_table
from geo.errors import LayerError
from geo.plan import Plan
from layers.indicators import Benchmark, Indicator
from layers.pack import Pack
from layers.status import Status

Array = npt.NDArray[np.float64]
Statuses = npt.NDArray[np.int8]

NOT_COMPARED = "not compared"
YEARS_APART = 2
"""From so many years on a figure compared with is said to be of another time."""

_APART = ("worse", "better", "higher", "lower")
FEW = f"fewer than {EXACT_BELOW} counted"


@dataclass(frozen=True, eq=False)
class SpineLine:
    """One indicator over all zones.

    Parameters
    ----------
    table
        Of `indicator_table`: zones, then all zones.
    benchmark
        The figure compared with; None where there is none.
    verdicts, notes
        One a row of the table: how it compares, and what to be careful about.
    """

    indicator: Indicator
    table: Table
    benchmark: Benchmark | None
    verdicts: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Spine:
    """All indicators over all zones, against one benchmark."""

    plan: Plan
    what: str
    names: tuple[str, ...]
    against: str
    lines: tuple[SpineLine, ...]


@dataclass(frozen=True, eq=False)
class Curve:
    """The limits of a funnel at denominators from the smallest zone's to the largest's."""

    n: Array
    lower_95: Array
    upper_95: Array
    lower_998: Array
    upper_998: Array


@dataclass(frozen=True, eq=False)
class IndexTable:
    """A composite index as a table, with what it was made from."""

    table: Table
    index: NeedIndex
    stability: RankStability


def spine(plan: Plan, pack: Pack, *, what: str, against: str = ALL_ZONES) -> Spine:
    """Set every indicator of a pack zone by zone against one benchmark.

    Parameters
    ----------
    what
        The word for a zone.
    against
        One of `analysis.benchmarks.comparisons`. An indicator without such a figure stands after
        the others and is not compared.
    """
    found = [_line(plan, pack, indicator, what, against) for indicator in pack.indicators]
    lines = tuple(sorted(found, key=lambda line: set(line.verdicts) == {NOT_COMPARED}))
    names = lines[0].table.names if lines else ()
    return Spine(plan, what, names, against, lines)


def spine_table(found: Spine, pack: Pack) -> Table:
    """Write a spine as one table, a row for each zone and indicator."""
    lines = found.lines
    decimals = max((line.indicator.decimals for line in lines), default=0)

    def joined(key: str, title: str, places: int) -> Column:
        parts = [_spine_part(line, key) for line in lines]
        values = np.concatenate([part.values for part in parts])
        status = np.concatenate([part.status for part in parts])
        return Column(key, title, "", places, values, status)

    def words(key: str, title: str, of_line: Sequence[Sequence[str]]) -> TextColumn:
        return TextColumn(key, title, tuple(word for part in of_line for word in part))

    rows = len(found.names)
    marks = [line.benchmark.title if line.benchmark else _no_mark(found) for line in lines]
    return Table(
        what=found.what,
        names=tuple(name for _ in lines for name in found.names),
        columns=(
            joined("count", "Count", 0),
            joined("base", "Out of", 0),
            joined("value", "Value", decimals),
            joined("lower", "95 % from", decimals),
            joined("upper", "95 % to", decimals),
            joined("mark", "Compared with", decimals),
        ),
        symbol=POLICIES[pack.authority.disclosure].symbol,
        standing=standing_of([line.table.standing for line in lines]),
        source="; ".join(dict.fromkeys(line.table.source for line in lines)),
        texts=(
            words("indicator", "Indicator", [[line.indicator.title] * rows for line in lines]),
            words("unit", "Unit", [[line.table.column("value").unit] * rows for line in lines]),
            words("period", "Period", [[line.indicator.period] * rows for line in lines]),
            words("against", "Against", [[mark] * rows for mark in marks]),
            words("compared", "It is", [line.verdicts for line in lines]),
            words("note", "Take care", [line.notes for line in lines]),
        ),
        basis=basis_of(found.plan, pack, [line.indicator for line in lines]),
    )


def differences(found: Spine, *, by: Literal["zone", "indicator"] = "zone") -> tuple[str, ...]:
    """Say in plain words which zones differ from the benchmark beyond chance, and on what.

    Parameters
    ----------
    by
        What each sentence is about.

    Returns
    -------
    tuple of str
        One sentence for each zone or indicator that has a difference, then how many differences
        chance alone would make.
    """
    zones = [row for row, name in enumerate(found.names) if name != TOTAL]
    cells = [
        (found.names[row], line.indicator.title, line.verdicts[row])
        for row in zones
        for line in found.lines
    ]
    judged = sum(verdict not in ("", NOT_COMPARED) for *_, verdict in cells)
    if not judged:
        return (f"No indicator has a figure of '{found.against}' to compare with.",)
    apart = [cell for cell in cells if cell[2] in _APART]
    names = [found.names[row] for row in zones]
    said = _by_zone(apart, names) if by == "zone" else _by_indicator(apart, found)
    last = (
        f"{len(apart)} of {judged} comparisons lie beyond chance at 95 %; about "
        f"{round(judged * (1 - USUAL))} would do so if no zone differed at all."
    )
    return (*said, last)


def other_years(found: Spine) -> str:
    """Say which indicators are set against a figure of years away; nothing where none is."""
    apart = [
        f"{line.indicator.title} ({line.indicator.period}, against {line.benchmark.title})"
        for line in found.lines
        if line.benchmark and _years_apart(line) >= YEARS_APART
    ]
    return f"Not of one time: {_listed(apart)}." if apart else ""


def funnel_table(table: Table, indicator: Indicator, mark: float) -> Table:
    """Say of each zone whether it lies inside the control limits around a common value.

    Parameters
    ----------
    table
        Of `indicator_table`.
    mark
        The common value, in the indicator's unit.

    Raises
    ------
    LayerError
        For a mean, which has no funnel.
    """
    body = len(table.names) - table.totals
    base = first_rows(table, indicator.denominator, body)
    value = first_rows(table, "value", body)
    limits = _limits(base.values, indicator, mark)
    where = [
        _funnel_word(float(v), *(float(limit[at]) for limit in limits.values()))
        for at, v in enumerate(value.values)
    ]
    unit, decimals = value.unit, value.decimals
    columns = [
        Column(key, f"{level} {end}", unit, decimals, limits[key], _status(limits[key], base))
        for key, level, end in (
            ("lower_95", "95 %", "from"),
            ("upper_95", "95 %", "to"),
            ("lower_998", "99.8 %", "from"),
            ("upper_998", "99.8 %", "to"),
        )
    ]
    return replace(
        table,
        names=table.names[:body],
        columns=(base, value, *columns),
        texts=(TextColumn("where", "It lies", tuple(where)),),
        totals=0,
    )


def funnel_curve(table: Table, indicator: Indicator, mark: float, *, points: int = 60) -> Curve:
    """Give the control limits for drawing, over the range of the zones' denominators."""
    body = len(table.names) - table.totals
    base = table.column(indicator.denominator).values[:body]
    known = base[base > 0]
    if not known.size:
        return Curve(*(np.zeros(0) for _ in range(5)))
    n = np.linspace(known.min() * 0.8, known.max() * 1.1, points)
    return Curve(n, **_limits(n, indicator, mark))


def smoothed_table(plan: Plan, indicator: Indicator, pack: Pack) -> Table:
    """Tell an indicator unit by unit, drawn towards the mean: empirical Bayes, for maps only.

    A suppressed area takes part with its share of what is left of its zone, and stays suppressed.

    Raises
    ------
    LayerError
        For a mean, which chance does not move.
    """
    if indicator.kind == "mean":
        raise LayerError("A mean is not smoothed.", remedy="Show it as it is.")
    table = unit_table(plan, indicator, pack)
    raw = table.column("value")
    x, n = spread_counts(plan, indicator, pack)
    found = smoothed_rates(x, n, per=indicator.per)
    values = np.where(raw.status >= Status.NOT_APPLICABLE, np.nan, found.value)
    own = np.where(np.isnan(values), np.nan, found.weight * 100)
    status = np.where(
        np.isnan(values) & (raw.status < Status.NOT_APPLICABLE), Status.MISSING, raw.status
    ).astype(np.int8)
    return replace(
        table,
        columns=(
            Column("value", f"{raw.title}, smoothed", raw.unit, raw.decimals, values, status),
            Column("raw", "As counted", raw.unit, raw.decimals, raw.values, raw.status),
            Column("own", "Share of its own value", "%", 0, own, status),
        ),
        basis=basis_of(plan, pack, [indicator], units=True),
    )


def index_table(
    plan: Plan,
    indicators: Sequence[Indicator],
    pack: Pack,
    weights: Mapping[str, float],
    *,
    what: str,
    rng: np.random.Generator,
    scale: Scale = "z",
    missing: Missing = "leave out",
    vary: Varied = "weights",
) -> IndexTable:
    """Put indicators together in one index of need, with the ranks that other weights would give.

    Parameters
    ----------
    weights
        One for each indicator's key.
    rng
        The same one gives the same answer.

    Raises
    ------
    LayerError
        When there is no indicator, or no weight above 0.
    """
    parts = [_component(plan, indicator, pack) for indicator in indicators]
    index = need_index(parts, weights, scale=scale, missing=missing)
    held = rank_stability(parts, weights, rng=rng, vary=vary, scale=scale, missing=missing)
    hidden = np.zeros(len(plan.zones), dtype=bool)
    for indicator in indicators:
        for key in (indicator.numerator, indicator.denominator):
            hidden |= shown_zones(plan, key, pack).status[: len(hidden)] == Status.SUPPRESSED

    def column(key: str, title: str, places: int, values: Array, *, of: str = "") -> Column:
        return Column(key, title, "", places, values, masked(values, hidden), group=of)

    columns = (
        column("rank", "Rank", 0, index.rank),
        column("index", "Index", 2, index.value),
        *(
            column(
                f"part_{part.key}", part.title, 2, index.contributions[row], of="What adds to it"
            )
            for row, part in enumerate(parts)
        ),
        column("lowest", "Rank from", 0, held.lower, of="In 90 % of draws"),
        column("highest", "Rank to", 0, held.upper, of="In 90 % of draws"),
        column("kept", "Same rank, %", 0, held.kept * 100, of="Share of draws"),
        column("in_top", f"In the top {held.top}, %", 0, held.in_top * 100, of="Share of draws"),
    )
    table = Table(
        what=what,
        names=plan.zones,
        columns=columns,
        symbol=POLICIES[pack.authority.disclosure].symbol,
        standing=standing_of([indicator.status for indicator in indicators]),
        source="; ".join(dict.fromkeys(indicator.source for indicator in indicators)),
        basis=basis_of(plan, pack, indicators),
    )
    return IndexTable(table, index, held)


def _line(plan: Plan, pack: Pack, indicator: Indicator, what: str, against: str) -> SpineLine:
    benchmark = benchmark_for(pack, indicator, against)
    table = indicator_table(plan, indicator, pack, what=what, benchmark=benchmark)
    verdicts = next(text.texts for text in table.texts if text.key == "compared")
    if against != ALL_ZONES and benchmark is None:
        verdicts = (NOT_COMPARED,) * len(table.names)
    return SpineLine(indicator, table, benchmark, verdicts, _notes(table, indicator))


def _notes(table: Table, indicator: Indicator) -> tuple[str, ...]:
    """Say row by row what to be careful about; of what is suppressed nothing is said."""
    if indicator.kind == "mean":
        return ("",) * len(table.names)
    x, n = (table.column(key).values for key in (indicator.numerator, indicator.denominator))
    notes = [FEW if count < EXACT_BELOW else "" for count in x]
    for doubt in implausible(indicator, x, n, plausible_max=indicator.plausible_max):
        notes[doubt.position] = "; ".join(filter(None, [notes[doubt.position], doubt.doubt]))
    return tuple(notes)


def _spine_part(line: SpineLine, key: str) -> Column:
    """Give a column of a spine's line; a mean has no count, and no benchmark is not known."""
    indicator, table = line.indicator, line.table
    rows = len(table.names)
    if key == "mark":
        mark = line.benchmark.value if line.benchmark else np.nan
        values = np.full(rows, mark)
        if line.benchmark is None and any(word not in ("", NOT_COMPARED) for word in line.verdicts):
            values = np.full(rows, table.column("value").values[-1])
        return Column(key, "", "", 0, values, masked(values, np.zeros(rows, dtype=bool)))
    if key == "count" and indicator.kind == "mean":
        nothing = np.full(rows, Status.NOT_APPLICABLE, dtype=np.int8)
        return Column(key, "", "", 0, np.full(rows, np.nan), nothing)
    named = {"count": indicator.numerator, "base": indicator.denominator}
    return table.column(named.get(key, key))


def _no_mark(found: Spine) -> str:
    return ALL_ZONES if found.against == ALL_ZONES else "no such figure"


def _years_apart(line: SpineLine) -> int:
    """Say how many years lie between an indicator and its benchmark; 0 where one is undated."""
    own = period_ends(line.indicator.period)
    its = period_ends(line.benchmark.title) if line.benchmark else 0
    return abs(own - its) if own and its else 0


def _by_zone(apart: Sequence[tuple[str, str, str]], names: Sequence[str]) -> list[str]:
    said = []
    for name in names:
        parts = _grouped((verdict, title) for zone, title, verdict in apart if zone == name)
        told = "; ".join(f"{verdict} on {_listed(titles)}" for verdict, titles in parts)
        said += [f"{name}: {told}."] if parts else []
    return said


def _by_indicator(apart: Sequence[tuple[str, str, str]], found: Spine) -> list[str]:
    said = []
    for title in dict.fromkeys(line.indicator.title for line in found.lines):
        parts = _grouped((verdict, zone) for zone, of, verdict in apart if of == title)
        said += (
            [f"{title}: {'; '.join(f'{v} in {_listed(z)}' for v, z in parts)}."] if parts else []
        )
    return said


def _grouped(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """Collect names under their verdict, in one order of verdicts."""
    known = list(pairs)
    found = [(word, [name for verdict, name in known if verdict == word]) for word in _APART]
    return [(word, names) for word, names in found if names]


def _listed(titles: Sequence[str]) -> str:
    """Write titles as a list in a sentence."""
    return titles[0] if len(titles) == 1 else f"{', '.join(titles[:-1])} and {titles[-1]}"


def _limits(n: Array, indicator: Indicator, mark: float) -> dict[str, Array]:
    usual, strict = (
        funnel_limits(mark, n, kind=indicator.kind, per=indicator.per, confidence=level)
        for level in (USUAL, STRICT)
    )
    return {
        "lower_95": usual.lower,
        "upper_95": usual.upper,
        "lower_998": strict.lower,
        "upper_998": strict.upper,
    }


def _funnel_word(value: float, low: float, high: float, lowest: float, highest: float) -> str:
    if np.isnan(value) or np.isnan(low):
        return "not shown"
    side = "above" if value > high else "below"
    if lowest <= value <= highest:
        return "inside" if low <= value <= high else f"{side} the 95 % limits"
    return f"{side} the 99.8 % limits"


def _status(values: Array, base: Column) -> Statuses:
    """Give what is worked out from a column that column's status where it has no number."""
    unknown = np.isnan(values) & (base.status < Status.NOT_APPLICABLE)
    return np.where(unknown, Status.MISSING, base.status).astype(np.int8)


def _component(plan: Plan, indicator: Indicator, pack: Pack) -> Component:
    zones = len(plan.zones)
    x, n = (
        shown_zones(plan, key, pack).values[:zones]
        for key in (indicator.numerator, indicator.denominator)
    )
    if indicator.kind == "proportion":
        x = np.minimum(x, n)  # rounding may leave a part just above its whole
    return Component(
        indicator.key,
        indicator.title,
        x,
        n,
        indicator.kind,
        more_need="low" if indicator.polarity == "high" else "high",
    )
