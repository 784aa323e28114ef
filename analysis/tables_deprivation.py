"""Tables of deprivation: zones by deprivation, inequality along it, and what need would bring.

All of it is worked out from figures that are already suppressed (`analysis.shown`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from analysis.aggregate import NO_ZONE, ZoneTotals
from analysis.disclosure import POLICIES, Suppressed
from analysis.equity import Inequality, inequality
from analysis.need import NO_GROUP, TENTHS, need_adjusted, need_groups, zone_deprivation
from analysis.rates import compare, rate
from analysis.shown import (
    basis_of,
    first_rows,
    masked,
    shown_units,
    shown_zones,
    spread_counts,
    spread_share,
    standing_of,
)
from analysis.table import Column, Table, TextColumn
from analysis.tables import TOTAL, indicator_table
from geo.errors import LayerError
from geo.plan import Plan
from layers.indicators import Indicator
from layers.pack import Pack
from layers.status import Standing, Status

Array = npt.NDArray[np.float64]

MOST_SPREAD = 0.25
"""Share of the events that may stand in suppressed small areas before need groups tell nothing."""

MANY_AREAS = 100
"""Small areas from which tenths are made of them; fifths below."""


@dataclass(frozen=True)
class NeedScore:
    """A score of need that zones and small areas have: one count over another."""

    key: str
    title: str
    part: str
    whole: str
    per: int


@dataclass(frozen=True, eq=False)
class Gradient:
    """An indicator along deprivation: the table of zones, and how unequal they are."""

    table: Table
    inequality: Inequality
    measures: Table


SCORES = (
    NeedScore("idaci", "Children in income deprivation (IDACI)", "idaci_children",
              "children_0_15", 100),
    NeedScore("imd", "Index of Multiple Deprivation, mean score", "imd_points", "imd_people", 1),
    NeedScore("low_income", "Children in low income families", "children_low_income",
              "children", 100),
)  # fmt: skip
"""Scores of need, the best known first."""


def scores_of(pack: Pack, indicator: Indicator | None = None) -> tuple[NeedScore, ...]:
    """List the scores of need that a pack can tell, without the one made of `indicator`."""
    own = indicator.numerator if indicator else ""
    return tuple(s for s in SCORES if pack.measures.has(s.part, s.whole) and s.part != own)


def deprivation_table(plan: Plan, pack: Pack, *, what: str) -> Table | None:
    """Roll deprivation up to zones; None where the pack tells of none."""
    scores = scores_of(pack)
    if not scores:
        return None
    totals = _shown_totals(plan, pack)
    found = zone_deprivation(totals)
    wanted = [
        ("idaci", "Children in income deprivation (IDACI)", "%", 1, found.idaci * 100),
        ("imd_score", "IMD, mean score", "over residents", 1, found.imd_score),
        ("imd_rank", "IMD, mean rank", "reversed: high is most deprived", 0, found.imd_rank),
        ("tenth_people", "Residents in England's most deprived tenth", "%", 1,
         found.most_deprived_people * 100),
        ("tenth_areas", "Small areas in England's most deprived tenth", "%", 1,
         found.most_deprived_areas * 100),
    ]  # fmt: skip
    if pack.measures.has("children_low_income"):
        low = rate(totals.counts("children_low_income"), totals.counts("children"), per=100)
        wanted.append(("low_income", "Children in low income families", "%", 1, low))
    hidden = _any_suppressed(totals, scores)
    columns = tuple(
        Column(key, title, unit, places, values, masked(values, hidden))
        for key, title, unit, places, values in wanted
        if not np.isnan(values).all()
    )
    table = _table(pack, columns, scores, what=what, names=totals.zones, totals=1)
    keys = tuple(measure.key for measure in totals.measures)
    return replace(table, basis=basis_of(plan, pack, (), keys=keys))


def gradient(
    plan: Plan, indicator: Indicator, pack: Pack, score: NeedScore, *, what: str
) -> Gradient:
    """Set an indicator against deprivation, zone by zone, and tell how unequal it is.

    Zones with a suppressed figure are left out of the measures of inequality, which say how many.

    Raises
    ------
    LayerError
        For a mean.
    """
    if indicator.kind == "mean":
        raise LayerError("A mean has no gradient of events.", remedy="Choose a rate.")
    table = indicator_table(plan, indicator, pack, what=what)
    body = len(plan.zones)
    x, n = (first_rows(table, key, body) for key in (indicator.numerator, indicator.denominator))
    need = _zone_score(plan, pack, score)
    shown = Column(
        "score", score.title, "%" if score.per == 100 else "", 1, need.values[:body],
        need.status[:body],
    )  # fmt: skip
    values = [first_rows(table, key, body) for key in ("value", "lower", "upper")]
    standing = standing_of([table.standing, *_standings(pack, [score])])
    zones = replace(
        table,
        names=plan.zones,
        columns=(n, shown, *values),
        texts=(),
        totals=0,
        standing=standing,
        basis=basis_of(plan, pack, [indicator], keys=(score.part, score.whole)),
    )
    found = inequality(x.values, n.values, per=indicator.per, deprivation=need.values[:body])
    return Gradient(zones, found, _inequality_table(indicator, found, zones))


def adjusted_table(
    plan: Plan, indicator: Indicator, pack: Pack, score: NeedScore, *, what: str
) -> Table | str:
    """Set what is seen in each zone against what the need of its people would bring.

    Returns
    -------
    Table or str
        Why there is none: too much of the count stands in suppressed small areas, so that the
        rates of need groups cannot be told from what is shown.

    Raises
    ------
    LayerError
        For a mean.
    """
    if indicator.kind == "mean":
        raise LayerError("A mean has no expected events.", remedy="Choose a rate.")
    x, n = spread_counts(plan, indicator, pack)
    apart = spread_share(plan, indicator, pack, x)
    if np.isnan(apart) or apart > MOST_SPREAD:
        share = "Too much" if np.isnan(apart) else f"{apart * 100:.0f} %"
        return (
            f"{share} of the count stands in small areas whose own count is suppressed, so what "
            "areas of like need have in common cannot be told without giving counts away."
        )
    need = _unit_score(plan, pack, score)
    groups = TENTHS if len(plan.units) >= MANY_AREAS else TENTHS // 2
    group = need_groups(need, np.where(np.isnan(n), 0, n), groups=groups)
    if (group == NO_GROUP).all():
        return f"No small area has a score of '{score.title}' that may be shown."
    found = need_adjusted(plan, x, n, group)
    hidden = (
        shown_zones(plan, indicator.numerator, pack).status[: len(plan.zones)] == Status.SUPPRESSED
    )
    verdicts = compare(found.ratio, 1, polarity=indicator.polarity).tolist()

    def column(key: str, title: str, unit: str, places: int, values: Array) -> Column:
        return Column(key, title, unit, places, values, masked(values, hidden))

    columns = (
        column("observed", "Observed", "", 0, found.observed),
        column("expected", "Expected from need", "", 1, found.expected),
        column("ratio", "Observed over expected", "1 is as expected", 2, found.ratio.value),
        column("lower", "95 % from", "", 2, found.ratio.lower),
        column("upper", "95 % to", "", 2, found.ratio.upper),
        column("left_out", "Left out", "in areas of unknown need", 0, found.left_out),
    )
    table = _table(pack, columns, [score], what=what, names=plan.zones)
    return replace(
        table,
        texts=(TextColumn("compared", "Against expected", tuple(map(str, verdicts))),),
        standing=standing_of([table.standing, indicator.status]),
        source=f"{indicator.source}; {table.source}",
        basis=basis_of(plan, pack, [indicator], keys=(score.part, score.whole), units=True),
    )


def _shown_totals(plan: Plan, pack: Pack) -> ZoneTotals:
    """Give the totals of what deprivation is made of as they may be shown.

    The row of all zones stands as one more zone, so that it is worked out in the same way.
    """
    keys = sorted({key for s in scores_of(pack) for key in (s.part, s.whole)} | _ROLLED_UP)
    here = [key for key in keys if pack.measures.has(key)]
    names = (*plan.zones, *((NO_ZONE,) if plan.unassigned else ()), TOTAL)
    shown = [shown_zones(plan, key, pack) for key in here]
    values = np.array([np.append(one.values, 0) for one in shown])
    status = np.array([np.append(one.status, np.int8(Status.OK)) for one in shown])
    measures = tuple(pack.measures.measure(key) for key in here)
    return ZoneTotals(names, measures, values, status)


_ROLLED_UP = {
    "imd_points", "imd_rank_points", "imd_people", "imd_decile1_people", "imd_decile1_areas",
    "areas", "idaci_children", "children_0_15", "children",
}  # fmt: skip
"""What `zone_deprivation` asks for."""


def _any_suppressed(totals: ZoneTotals, scores: Sequence[NeedScore]) -> npt.NDArray[np.bool_]:
    hidden = np.zeros(len(totals.zones), dtype=bool)
    for score in scores:
        for key in (score.part, score.whole):
            hidden |= totals.status[totals.row(key), :-1] == Status.SUPPRESSED
    return hidden


def _zone_score(plan: Plan, pack: Pack, score: NeedScore) -> Suppressed:
    part, whole = (shown_zones(plan, key, pack) for key in (score.part, score.whole))
    values = rate(part.values, whole.values, per=score.per)
    hidden = np.maximum(part.status, whole.status) == Status.SUPPRESSED
    return Suppressed(values, masked(values, hidden))


def _unit_score(plan: Plan, pack: Pack, score: NeedScore) -> Array:
    part, whole = (shown_units(plan, key, pack) for key in (score.part, score.whole))
    return rate(part.values, whole.values, per=score.per)


def _inequality_table(indicator: Indicator, found: Inequality, zones: Table) -> Table:
    unit = zones.column("value").unit
    wanted = [
        ("sii", "Slope index of inequality", f"least less most deprived end, {unit}",
         indicator.decimals, found.sii),
        ("rii", "Relative index", "least over most deprived end", 2, found.rii),
        ("concentration", "Concentration index", "below 0: gathers where need is", 3,
         found.concentration),
        ("max_min", "Highest over lowest", "times", 2, found.max_min),
        ("cv", "Coefficient of variation", "share of the mean", 3, found.cv),
        ("noise", "of which by chance", "share of the mean", 3, found.noise_floor),
        ("zones", "Zones", "counted", 0, found.zones),
        ("left_out", "Left out", "figure not shown", 0, found.left_out + found.unranked),
    ]  # fmt: skip
    none = np.zeros(1, dtype=bool)
    columns = []
    for key, title, what, places, number in wanted:
        values = np.array([number], dtype=np.float64)
        columns.append(Column(key, title, what, places, values, masked(values, none)))
    return replace(
        zones, what="Indicator", names=(indicator.title,), columns=tuple(columns), texts=()
    )


def _table(
    pack: Pack,
    columns: tuple[Column, ...],
    scores: Sequence[NeedScore],
    *,
    what: str,
    names: tuple[str, ...],
    totals: int = 0,
) -> Table:
    sources = [pack.measures.measure(score.part).source for score in scores]
    return Table(
        what=what,
        names=names,
        columns=columns,
        symbol=POLICIES[pack.authority.disclosure].symbol,
        standing=standing_of(_standings(pack, scores)),
        source="; ".join(dict.fromkeys(sources)),
        totals=totals,
    )


def _standings(pack: Pack, scores: Sequence[NeedScore]) -> list[Standing]:
    return [pack.measures.measure(k).status for s in scores for k in (s.part, s.whole)]
