"""Tables that may leave: what pages show, downloads hold and the command line prints.

Every figure that leaves the tool passes through a `Table` made here, and suppression is the last
thing that happens to it: counts first, then whatever is worked out from them.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import lru_cache

import numpy as np

from analysis.aggregate import NO_ZONE, aggregate
from analysis.capacity import WEIGHTED_CASES, kinds_of, told_by_weighted
from analysis.caseload import OPEN_CASES, cases_per_fte
from analysis.disclosure import POLICIES, Policy, Suppressed, mask_rates, suppress
from analysis.metrics import METRICS, PER_CHILDREN, Metric
from analysis.need import expected_counts
from analysis.protected import protected_units, protected_zones, with_total
from analysis.rates import (
    compare,
    indicator_values,
    more_than_the_whole,
    rate,
    rate_interval,
)
from analysis.scenario import Comparison, Evaluation
from analysis.shape import M2_PER_KM2
from analysis.table import Array, Basis, Column, Part, Table, TextColumn
from analysis.together import protected_together
from geo.plan import UNASSIGNED, Plan
from layers.incidents import Incidents
from layers.indicators import Benchmark, Indicator
from layers.measures import Measures
from layers.pack import Pack
from layers.status import Status

TOTAL = "All zones"


def zone_table(evaluation: Evaluation, pack: Pack) -> Table:
    """Tell every zone's figures: the zone metrics of the registry, and their sum.

    The referral rate stands with its 95 % interval. Counts of children known to services are
    suppressed by the authority's rule, and so is what was worked out from them.
    """
    policy = POLICIES[pack.authority.disclosure]
    plan, measures = evaluation.plan, evaluation.facts.measures
    counts = {key: _counted(evaluation, key, policy) for key in _COUNTED}
    kinds = _kinds(evaluation, policy)
    counts["open_cp"] = kinds.get("open_cp", _unknown(plan))
    counts[WEIGHTED_CASES] = _weighted(evaluation, kinds, counts[OPEN_CASES])
    single = {key: _single(evaluation, key, plan) for key in _SHAPES}
    single["oe"] = _against_need(evaluation, counts["referrals"], policy)
    shown = counts | _worked_out(counts) | single
    columns: list[Column] = []
    for metric in METRICS:
        if metric.scope == "zone":
            columns.append(
                _metric_column(metric, shown[metric.key], of=_made_of(metric.key, evaluation))
            )
        if metric.key == "referral_rate":
            columns += _interval_columns(metric, counts["referrals"], counts["children"])
    return Table(
        what=zone_word(pack, evaluation.facts.baseline),
        names=(*plan.zones, *_loose(plan), TOTAL),
        columns=tuple(columns),
        symbol=policy.symbol,
        standing=pack.standing,
        source=sources_of(measures, ("children", "referrals", OPEN_CASES)),
        totals=1,
        basis=_zone_basis(evaluation, pack),
    )


@lru_cache(maxsize=8)  # a page asks for the same two several times over
def plan_table(evaluation: Evaluation, pack: Pack) -> Table:
    """Tell the figures of the plan as a whole: equity, who changes team, shape.

    What was worked out from a count that is suppressed in a zone is suppressed too: the highest
    rate and max/min would give the lowest rate back, and with it the count.
    """
    policy = POLICIES[pack.authority.disclosure]
    behind = {key for metric in METRICS for key in _behind(metric.key, evaluation)}
    hidden = {count for count in behind if _gives_away(evaluation, count, policy)}
    for kind, shown in _kinds(evaluation, policy).items():
        if (shown.status == Status.SUPPRESSED).any():
            hidden.add(kind)
    if _fte_gives_away(evaluation, policy):
        hidden |= {OPEN_CASES, *kinds_of(evaluation.facts.measures)}
    columns = [
        _metric_column(
            metric,
            _plan_figure(evaluation, metric.key, policy, hidden),
            of=_made_of(metric.key, evaluation),
        )
        for metric in METRICS
        if metric.scope == "plan"
    ]
    return Table(
        what="Fingerprint",
        names=(evaluation.plan.fingerprint,),
        columns=tuple(columns),
        symbol=policy.symbol,
        standing=pack.standing,
        source=sources_of(evaluation.facts.measures, ("children", "referrals", OPEN_CASES)),
        basis=_plan_basis(evaluation, pack),
    )


def zone_word(pack: Pack, plan: Plan) -> str:
    """Say what the zones of one of the pack's plans are, whatever they are called by now."""
    alike = (entry.zone_word for entry in pack.plans if _same_lines(entry.plan, plan))
    return next(alike, pack.authority.zone_word)


def sources_of(measures: Measures, keys: Sequence[str]) -> str:
    """Say which measures come from where, those of one source together.

    A key that is no measure is left out; where all come from one source it stands alone.
    """
    titles: dict[str, list[str]] = {}
    for key in keys:
        if measures.has(key):
            measure = measures.measure(key)
            titles.setdefault(measure.source, []).append(measure.title)
    if len(titles) < 2:
        return "".join(titles)
    return "; ".join(f"{', '.join(of)}: {source}" for source, of in titles.items())


def fte_told(evaluation: Evaluation, pack: Pack) -> Mapping[str, float] | None:
    """Give the available FTE of each zone as it may be told, unrounded; None where it may not.

    FTE that follows cases tells how many cases a small move took along, so that it is hidden
    wherever `zone_table` hides it.

    Returns
    -------
    Mapping or None
        By zone; NaN where no staff is recorded.
    """
    if _fte_gives_away(evaluation, POLICIES[pack.authority.disclosure]):
        return None
    fte = evaluation.facts.available.tolist()
    return dict(zip(evaluation.plan.zones, fte, strict=True))


def indicator_table(
    plan: Plan,
    indicator: Indicator,
    pack: Pack,
    *,
    what: str,
    benchmark: Benchmark | None = None,
) -> Table:
    """Tell an indicator zone by zone: count, out of, value, 95 % interval, and how it compares.

    Parameters
    ----------
    benchmark
        What to compare with; the authority as a whole by default.
    """
    policy = POLICIES[pack.authority.disclosure]
    totals = aggregate(plan, pack.measures)
    x = protected_zones(totals, indicator.numerator, pack.measures, policy, plan=plan)
    n = protected_zones(totals, indicator.denominator, pack.measures, policy, plan=plan)
    names = (*plan.zones, *_loose(plan), TOTAL)
    table = _indicator_table(indicator, pack, names, x, n, what=what, benchmark=benchmark)
    return replace(table, basis=Basis.of_pack(pack, Part(plan, indicator_keys(indicator))))


def unit_table(plan: Plan, indicator: Indicator, pack: Pack) -> Table:
    """Tell an indicator unit by unit, protected together with the totals of the plan's zones."""
    policy = POLICIES[pack.authority.disclosure]
    measures = pack.measures
    x = protected_units(plan, indicator.numerator, measures, policy)
    n = protected_units(plan, indicator.denominator, measures, policy)
    table = _indicator_table(
        indicator, pack, pack.geography.names, x, n, what="Small area", benchmark=None, totals=0
    )
    zones = tuple(plan.name_of(int(zone)) or NO_ZONE for zone in plan.assignment)
    return replace(
        table,
        texts=(TextColumn("zone", "Zone", zones, of=()), *table.texts),
        codes=pack.geography.units,
        basis=Basis.of_pack(pack, Part(plan, indicator_keys(indicator), "units")),
    )


def indicator_keys(indicator: Indicator) -> tuple[str, ...]:
    """Name the counts that an indicator tells."""
    return (indicator.numerator, indicator.denominator)


def incident_table(incidents: Incidents, plan: Plan, pack: Pack, *, what: str) -> Table:
    """Tell incidents zone by zone and month by month, with the sum of the months."""
    counted = incidents.by_month(plan.assignment, plan.zones)
    names = (*plan.zones, NO_ZONE) if NO_ZONE in set(counted["zone"]) else plan.zones
    by_month = counted.pivot_table(index="zone", columns="month", values="incidents", aggfunc="sum")
    by_month = by_month.reindex(list(names)).assign(total=lambda months: months.sum(axis=1))
    columns = [_summed(str(key), by_month[key].to_numpy(dtype=np.float64)) for key in by_month]
    measure = pack.measures.measure("asb")
    return Table(
        what=what,
        names=(*names, TOTAL),
        columns=tuple(columns),
        symbol=POLICIES[pack.authority.disclosure].symbol,
        standing=measure.status,
        source=measure.source,
        totals=1,
        basis=Basis.of_pack(pack, Part(plan, ("asb",))),
    )


def before_after_table(comparison: Comparison, pack: Pack) -> Table:
    """Set the main figures of every zone side by side, before and after a redraw."""
    before, after = zone_table(comparison.before, pack), zone_table(comparison.after, pack)
    loose = [NO_ZONE] if NO_ZONE in (*before.names, *after.names) else []
    names = (*comparison.zones, *loose, TOTAL)
    columns = [
        _matched(table.column(key), table.names, names, key=f"{key}_{when}", title=when)
        for key in COMPARED
        for when, table in (("before", before), ("after", after))
    ]
    parts = [
        part
        for evaluation in (comparison.before, comparison.after)
        for part in _zone_basis(evaluation, pack).parts
        if any(part.tells(column.key) for column in columns)
    ]
    return replace(after, names=names, columns=tuple(columns), basis=Basis.of_pack(pack, *parts))


COMPARED = ("persons", "children", "referrals", "referral_rate", "open_cases", "cases_per_fte")
"""The zone metrics that stand side by side before and after a redraw."""

_COUNTED = (
    "units", "persons", "children", "referrals", "cin", OPEN_CASES, "fte", "available_fte",
    "area_km2",
)  # fmt: skip
_SHAPES = ("polsby_popper", "pieces")
_MOVED = ("children_moved", "cases_moved")
_WORKED_OUT_FROM = {
    "referrals": "referrals",
    "referral": "referrals",
    "oe": "referrals",
    "cin": "cin",
    "cp": "open_cp",
    "open": OPEN_CASES,
    "load": OPEN_CASES,
}
"""The counts behind the metrics whose keys begin so, up to the first `_`."""

_BY_FTE = ("fte", "available_fte", "cases_per_fte", "load", "weighted_load")
"""Columns worked out from FTE, or keys that begin so."""

_MADE_OF = {"cases_per_fte": (OPEN_CASES,), "cases_moved": (OPEN_CASES,)}
"""The sensitive counts that single figures are made of, beside those of `_WORKED_OUT_FROM`."""

_BESIDE = ("cin",)
"""Counts that only figures beside the others are made of: these give way, not the table."""


def _indicator_table(
    indicator: Indicator,
    pack: Pack,
    names: tuple[str, ...],
    x: Suppressed,
    n: Suppressed,
    *,
    what: str,
    benchmark: Benchmark | None,
    totals: int = 1,
) -> Table:
    rates = indicator_values(indicator, x.values, n.values)
    masked = [
        mask_rates(values, x.status, n.status) for values in (rates.value, rates.lower, rates.upper)
    ]
    measures = pack.measures
    number, unit = (
        indicator.decimals,
        indicator.unit(measures.measure(indicator.denominator).counts),
    )
    counted = [(indicator.numerator, x), (indicator.denominator, n)]
    if indicator.kind == "mean":  # the sum of score x people says nothing to anybody
        masked[1:] = [_not_applicable(len(names))] * 2
        counted = counted[1:]
    columns = (
        *(_count_column(measures, key, counts) for key, counts in counted),
        Column("value", indicator.title, unit, number, masked[0].values, masked[0].status),
        Column("lower", "95 % from", unit, number, masked[1].values, masked[1].status),
        Column("upper", "95 % to", unit, number, masked[2].values, masked[2].status),
    )
    texts: tuple[TextColumn, ...] = ()
    if totals:
        mark = benchmark.value if benchmark else float(rates.value[-1])
        title = f"Against {benchmark.title if benchmark else 'all zones'}"
        verdicts = compare(rates, mark, polarity=indicator.polarity).tolist()
        if not benchmark:
            verdicts[-1] = ""
        texts = (TextColumn("compared", title, tuple(verdicts)),)
    if indicator.kind == "proportion":
        texts += _doubts(x, n)
    symbol = POLICIES[pack.authority.disclosure].symbol
    return Table(
        what=what,
        names=names,
        columns=columns,
        symbol=symbol,
        standing=indicator.status,
        source=indicator.source,
        texts=texts,
        totals=totals,
    )


def _doubts(x: Suppressed, n: Suppressed) -> tuple[TextColumn, ...]:
    """Say of each row without a share for it that it counts more than there are; none if none."""
    above = more_than_the_whole(x.values, n.values)
    words = tuple("more than the whole" if row else "" for row in above)
    return (TextColumn("doubt", "To doubt", words),) if above.any() else ()


def _count_column(measures: Measures, key: str, counts: Suppressed) -> Column:
    measure = measures.measure(key)
    unit = f"{measure.counts}, {measure.period}"
    of = (key,) if measure.sensitive else ()
    return Column(key, measure.title, unit, 0, counts.values, counts.status, of=of)


def _made_of(key: str, evaluation: Evaluation) -> tuple[str, ...]:
    """Name the sensitive counts that a metric is made of, where there are any."""
    if key.removeprefix("available_") == "fte":
        return () if evaluation.facts.staff == "stays" else (OPEN_CASES,)
    return _behind(key, evaluation)


def _behind(key: str, evaluation: Evaluation) -> tuple[str, ...]:
    if key.startswith("weighted_"):
        return told_by_weighted(evaluation.facts.measures, evaluation.facts.assumptions)
    single = _WORKED_OUT_FROM.get(key.partition("_")[0])
    return _MADE_OF.get(key, (single,) if single else ())


def _zone_basis(evaluation: Evaluation, pack: Pack) -> Basis:
    """Say that a table tells the counts of a plan's zones, and those of its baseline's by FTE.

    Rates against need tell counts of bands of need, whose zones nobody asked for: they are told on
    screen and do not leave, or nothing else could that crosses those bands.
    """
    facts = evaluation.facts
    keys = tuple(key for key in _COUNTED if facts.measures.has(key) and key not in _BESIDE)
    parts = [Part(evaluation.plan, keys), *_parts_beside(evaluation)]
    if facts.staff == "follows" and evaluation.plan != facts.baseline:
        cases = tuple(key for key in keys if key == OPEN_CASES)
        parts += [
            Part(plan, cases, columns=_BY_FTE, spare=True)
            for plan in (facts.baseline, _moves(evaluation))
        ]
    if facts.need is not None:
        parts.append(Part(_bands(evaluation), ("referrals",), columns=("oe",), stays=True))
    return Basis.of_pack(pack, *parts)


def _parts_beside(evaluation: Evaluation) -> list[Part]:
    """Give what figures beside the others tell, each apart so that one may leave without others."""
    facts = evaluation.facts
    told = [
        (("cin",), ("cin",)),
        (("open_cp",), ("cp",)),
        (
            tuple(
                key
                for key in told_by_weighted(facts.measures, facts.assumptions)
                if key != OPEN_CASES
            ),
            ("weighted",),
        ),
    ]
    return [
        Part(evaluation.plan, keys, columns=columns, spare=True)
        for keys, columns in told
        if keys and facts.measures.has(*keys)
    ]


def _bands(evaluation: Evaluation) -> Plan:
    """Give the bands of need as a plan: any grouping of small areas is one."""
    need = evaluation.facts.need
    if need is None:
        raise AssertionError(evaluation)  # only asked for where there is need
    names = tuple(f"need {band + 1}" for band in range(int(need.max()) + 1))
    return Plan(evaluation.plan.units, names, need.astype(np.int32))


def _plan_basis(evaluation: Evaluation, pack: Pack) -> Basis:
    """Say that figures of a plan tell the counts of its zones, and of what changed zone."""
    parts = _zone_basis(evaluation, pack).parts
    if evaluation.facts.measures.has(OPEN_CASES) and evaluation.plan != evaluation.facts.baseline:
        moved = Part(_moved(evaluation), (OPEN_CASES,), columns=("cases_moved",), spare=True)
        parts = (*parts, moved)
    return Basis.of_pack(pack, *parts)


def _moved(evaluation: Evaluation) -> Plan:
    """Give what changed zone as a plan of one zone."""
    moved = set(evaluation.plan.moved_from(evaluation.facts.baseline))
    units = evaluation.plan.units
    return Plan.from_lookup({unit: "moved" if unit in moved else None for unit in units})


def _moves(evaluation: Evaluation) -> Plan:
    """Give what changed zone as a plan with a zone for each way that it went."""
    moved = set(evaluation.plan.moved_from(evaluation.facts.baseline))
    was, now = evaluation.facts.baseline, evaluation.plan
    return Plan.from_lookup(
        {
            unit: f"{was.zone_of(unit)} to {now.zone_of(unit)}" if unit in moved else None
            for unit in now.units
        }
    )


def _plan_figure(
    evaluation: Evaluation, key: str, policy: Policy, hidden: AbstractSet[str]
) -> Suppressed:
    """Give a figure of the plan; not where it was worked out from counts that are `hidden`."""
    value = evaluation.for_plan(key)
    if key in _MOVED:
        return suppress([value], policy=policy)
    if not hidden.isdisjoint(_behind(key, evaluation)) or (
        key.startswith("oe_") and _bands_give_away(evaluation, policy)
    ):
        return _all_suppressed(1)
    return _plain([value])


def _gives_away(evaluation: Evaluation, source: str, policy: Policy) -> bool:
    """Say whether what is worked out from the counts `source` holds one that is suppressed."""
    measures = evaluation.facts.measures
    if not measures.has(source) or not measures.measure(source).sensitive:
        return False
    facts = evaluation.facts
    shown = protected_zones(facts.totals, source, measures, policy, plan=facts.plan)
    return bool((shown.status == Status.SUPPRESSED).any())


def _fte_gives_away(evaluation: Evaluation, policy: Policy) -> bool:
    """Say whether FTE that follows cases tells how many cases a small move took along.

    A unit takes FTE in proportion to its cases, so FTE before and after is a count in disguise.
    """
    facts = evaluation.facts
    if facts.staff == "stays" or not facts.measures.has(OPEN_CASES):
        return False
    cases = facts.measures.counts(OPEN_CASES)
    moved = facts.baseline.positions(facts.plan.moved_from(facts.baseline))
    ways = zip(facts.baseline.assignment[moved], facts.plan.assignment[moved], strict=True)
    taken: dict[tuple[int, int], float] = {}
    for unit, way in zip(moved, ways, strict=True):
        taken[way] = taken.get(way, 0.0) + float(cases[unit])
    return any(policy.low <= count <= policy.high for count in taken.values()) or _gives_away(
        evaluation, OPEN_CASES, policy
    )


def _all_suppressed(rows: int) -> Suppressed:
    return Suppressed(np.full(rows, np.nan), np.full(rows, Status.SUPPRESSED, dtype=np.int8))


def _not_applicable(rows: int) -> Suppressed:
    return Suppressed(np.full(rows, np.nan), np.full(rows, Status.NOT_APPLICABLE, dtype=np.int8))


def _counted(evaluation: Evaluation, key: str, policy: Policy) -> Suppressed:
    """Give a count per zone, in no zone, and over all."""
    facts, plan = evaluation.facts, evaluation.plan
    if facts.measures.has(key):
        return protected_zones(facts.totals, key, facts.measures, policy, plan=plan)
    if key not in evaluation.values:
        return _unknown(plan)
    if key.endswith("fte") and _fte_gives_away(evaluation, policy):
        return _all_suppressed(len(plan.zones) + len(_loose(plan)) + 1)
    loose = plan.positions(plan.unassigned)
    area_km2 = float(facts.geography.area_m2[loose].sum() / M2_PER_KM2)
    outside = {
        "units": float(len(loose)),
        "area_km2": area_km2,
        "fte": 0.0,
        "available_fte": 0.0,
    }.get(key, np.nan)
    zones = _plain([*evaluation.per_zone(key), *([outside] if len(loose) else [])])
    return with_total(zones)


def _kinds(evaluation: Evaluation, policy: Policy) -> dict[str, Suppressed]:
    """Give the kinds of open case per zone, protected together beside their sum.

    Their sum is shown as it is, so that a kind is hidden where the others and the sum would tell.
    """
    facts = evaluation.facts
    keys = kinds_of(facts.measures)
    if not keys:
        return {}
    found = protected_together(
        facts.totals, keys, facts.measures, policy, plan=facts.plan, whole=OPEN_CASES
    )
    return dict(zip(found.keys, found.parts, strict=True))


def _weighted(
    evaluation: Evaluation, kinds: Mapping[str, Suppressed], cases: Suppressed
) -> Suppressed:
    """Give weighted cases per zone, in no zone, and over all, of figures that may be shown.

    Where all kinds weigh the same they are so many times the open cases. Where not, each kind can
    be worked out from them, and then they are shown only where all kinds and their sum are.
    """
    if not kinds:
        return _unknown(evaluation.plan)
    measures, assumptions = evaluation.facts.measures, evaluation.facts.assumptions
    weights = np.array([assumptions.weight(key) for key in kinds])
    if len(told_by_weighted(measures, assumptions)) > 1:
        shown = np.array([one.values for one in kinds.values()])
        values, worst = weights @ shown, [one.status for one in kinds.values()]
        status = np.max([cases.status, *worst], axis=0)
    else:
        values, status = weights[0] * cases.values, cases.status
    return Suppressed(np.where(status >= Status.NOT_APPLICABLE, np.nan, values), status)


def _unknown(plan: Plan) -> Suppressed:
    """Give what a pack does not count: missing per zone, in no zone, and over all."""
    return _plain(np.full(len(plan.zones) + len(_loose(plan)) + 1, np.nan))


def _against_need(evaluation: Evaluation, referrals: Suppressed, policy: Policy) -> Suppressed:
    """Set referrals against what need would bring, both of figures that may be shown.

    What bands of need have in common is worked out from the bands' totals as they may be shown.
    """
    facts, zones = evaluation.facts, len(evaluation.plan.zones)
    beyond = len(referrals.values) - zones
    nothing = np.full(beyond, np.nan), np.full(beyond, Status.NOT_APPLICABLE, dtype=np.int8)
    if facts.need is None or not facts.measures.has("referrals"):
        shown = _plain(np.full(zones, np.nan))
    else:
        expected = _expected(evaluation, policy)
        ratio = rate(referrals.values[:zones], expected.values, per=1)
        shown = mask_rates(ratio, referrals.status[:zones], expected.status)
    return Suppressed(
        np.append(shown.values, nothing[0]), np.append(shown.status, nothing[1]).astype(np.int8)
    )


def _expected(evaluation: Evaluation, policy: Policy) -> Suppressed:
    """Give the referrals that need would bring to each zone; suppressed with those of a band."""
    facts, plan, bands = evaluation.facts, evaluation.plan, _bands(evaluation)
    totals = aggregate(bands, facts.measures)
    seen, children = (
        protected_zones(totals, key, facts.measures, policy, plan=bands)
        for key in ("referrals", "children")
    )
    each = rate(seen.values[:-1], children.values[:-1], per=1)
    due = expected_counts(facts.measures.counts("children"), bands.assignment, each)
    inside = plan.assignment != UNASSIGNED
    summed = np.bincount(plan.assignment[inside], due[inside], len(plan.zones))
    values = summed.astype(np.float64)
    hidden = np.isin(bands.assignment, np.flatnonzero(seen.status[:-1] == Status.SUPPRESSED))
    touched = np.bincount(plan.assignment[inside & hidden], minlength=len(plan.zones)) > 0
    lacks = np.where(touched, Status.SUPPRESSED, Status.MISSING)
    status = np.where(np.isnan(values), lacks, Status.OK).astype(np.int8)
    return Suppressed(values, status)


def _bands_give_away(evaluation: Evaluation, policy: Policy) -> bool:
    if evaluation.facts.need is None or not evaluation.facts.measures.has("referrals"):
        return False
    return bool((_expected(evaluation, policy).status == Status.SUPPRESSED).any())


def _single(evaluation: Evaluation, key: str, plan: Plan) -> Suppressed:
    """Give figures that have no sum: the rows beyond the zones say so."""
    zones = _plain(evaluation.per_zone(key))
    beyond = 1 + len(_loose(plan))
    return Suppressed(
        np.append(zones.values, [np.nan] * beyond),
        np.append(zones.status, [np.int8(Status.NOT_APPLICABLE)] * beyond).astype(np.int8),
    )


def _loose(plan: Plan) -> tuple[str, ...]:
    return (NO_ZONE,) if plan.unassigned else ()


def _worked_out(counts: Mapping[str, Suppressed]) -> dict[str, Suppressed]:
    """Work out what follows from protected counts, and mask it where they are."""
    referrals, children = counts["referrals"], counts["children"]
    cases, fte = counts[OPEN_CASES], counts["fte"]
    weighted, available = counts[WEIGHTED_CASES], counts["available_fte"]
    per_worker = cases_per_fte(cases.values, fte.values)
    load = cases_per_fte(weighted.values, available.values)
    return {
        "referral_rate": _per_child(referrals, children),
        "cin_rate": _per_child(counts["cin"], children),
        "cp_rate": _per_child(counts["open_cp"], children),
        "cases_per_fte": mask_rates(per_worker, cases.status, fte.status),
        "weighted_load": mask_rates(load, weighted.status, available.status),
    }


def _per_child(x: Suppressed, n: Suppressed) -> Suppressed:
    return mask_rates(rate(x.values, n.values, per=PER_CHILDREN), x.status, n.status)


def _interval_columns(metric: Metric, x: Suppressed, n: Suppressed) -> list[Column]:
    limits = rate_interval(x.values, n.values, per=PER_CHILDREN)
    masked = [mask_rates(limit, x.status, n.status) for limit in (limits.lower, limits.upper)]
    return [
        Column(
            f"{metric.key}_{end}",
            f"95 % {word}",
            metric.unit,
            metric.decimals,
            m.values,
            m.status,
            of=("referrals",),
        )
        for end, word, m in zip(("lower", "upper"), ("from", "to"), masked, strict=True)
    ]


def _metric_column(metric: Metric, shown: Suppressed, *, of: tuple[str, ...]) -> Column:
    return Column(
        metric.key, metric.title, metric.unit, metric.decimals, shown.values, shown.status, of=of
    )


def _summed(key: str, zones: Array) -> Column:
    values = np.append(zones, zones.sum())
    title = "All months" if key == "total" else key
    return Column(key, title, "incidents", 0, values, np.zeros(len(values), dtype=np.int8))


def _matched(
    column: Column, has: Sequence[str], wanted: Sequence[str], *, key: str, title: str
) -> Column:
    """Line a column up with other rows; a row it does not have is not applicable."""
    at = [has.index(name) if name in has else -1 for name in wanted]
    values = np.append(column.values, np.nan)[at]
    status = np.append(column.status, np.int8(Status.NOT_APPLICABLE))[at]
    heading = f"{column.title}, {column.unit}" if column.unit else column.title
    return replace(
        column, key=key, title=title, unit="", values=values, status=status, group=heading
    )


def _plain(values: Sequence[float] | Array) -> Suppressed:
    array = np.asarray(values, dtype=np.float64)
    return Suppressed(array, np.where(np.isnan(array), Status.MISSING, Status.OK).astype(np.int8))


def _same_lines(one: Plan, other: Plan) -> bool:
    if one is other:
        return True
    pairs = set(zip(one.assignment.tolist(), other.assignment.tolist(), strict=True))
    return len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})
