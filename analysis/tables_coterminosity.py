"""Tables of coterminosity: the score of each partition, what is split, and what a repair costs.

Children who live somewhere are a population and are told. Open cases that a repair moves, and
figures made of them, are suppressed by the rule of the authority.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from analysis.aggregate import aggregate
from analysis.caseload import OPEN_CASES, with_open_cases
from analysis.coterminosity import (
    Blocked,
    Coterminosity,
    Fit,
    Partition,
    Repair,
    Split,
    changes,
    children_of,
)
from analysis.disclosure import POLICIES, Policy, Suppressed
from analysis.metrics import Facts
from analysis.protected import protected_units, protected_zones
from analysis.protection import small_counts
from analysis.scenario import Evaluation, Scenario, evaluate, metric
from analysis.table import Array, Basis, Column, Part, Table, TextColumn
from analysis.tables import plan_table
from geo.errors import named
from geo.plan import Plan
from layers.measures import Measures
from layers.pack import Pack
from layers.status import Status

ALL = "All, weighted"
EFFECTS: Mapping[str, str] = MappingProxyType({"referral_cv": "referrals", "load_cv": OPEN_CASES})
"""The figures of a plan that stand beside each repair, and the counts that they are made of."""


@dataclass(frozen=True, eq=False)
class Effect:
    """A repair, the scenario after it, and the figures of `EFFECTS` as they may be shown."""

    repair: Repair
    scenario: Scenario
    figures: Mapping[str, Suppressed]


def effects_of(
    scenario: Scenario, pack: Pack, found: Iterable[Repair | Blocked], now: Evaluation
) -> tuple[Effect, ...]:
    """Work out the plan after each repair, one by one from the scenario as it is.

    Parameters
    ----------
    now
        Of the scenario.
    """
    effects = []
    for repair in found:
        if isinstance(repair, Repair):
            child = scenario.do(repair.edit())
            effects.append(Effect(repair, child, _figures(child, pack, now)))
    return tuple(effects)


def score_table(before: Coterminosity, after: Coterminosity, pack: Pack) -> Table:
    """Tell the score of every partition before and after, and that of all.

    The score is the share of children who live in what is whole; beside it stands what is split
    and how many children live on the smaller side of a split.
    """
    partitions = [said.partition for said in after.fits]
    both = ((before, "before"), (after, "after"))
    columns = [
        _column("weight", "Weight", "", 1, [p.weight for p in partitions] + [np.nan]),
        _column("count", "Parts or zones", "", 0, [s.count for s in after.fits] + [np.nan]),
    ]
    for what, title, unit, decimals, of in _SCORES:
        for side, when in both:
            values = [of(said) for said in side.fits]
            total = {"score": 100 * side.score, "minority_share": 100 * side.minority_share}
            values.append(total.get(what, np.nan))
            columns.append(_column(f"{what}_{when}", when, unit, decimals, values, group=title))
    return _table(
        pack,
        "Lines of",
        (*(partition.title for partition in partitions), ALL),
        columns,
        texts=[_text("whole", "What should be whole", [*map(_should, partitions), ""])],
        plans=(plan for p in partitions for plan in (p.plan,)),
        totals=1,
    )


def split_table(before: Coterminosity, after: Coterminosity, pack: Pack) -> Table:
    """Name everything that is split after the redraw: where its parts lie, and since when."""
    rows = [
        (said, split, "new" if split.name in changes(was, said).newly else "as before")
        for was, said in zip(before.fits, after.fits, strict=True)
        for split in said.splits
    ]
    splits = [split for _, split, _ in rows]
    columns = [
        _column("lies_in", "Lies in", "parts or zones", 0, [len(s.into) for s in splits]),
        _column("effective", "Effective number", "", 2, [s.effective for s in splits]),
        _column("children", "Children", "", 0, [sum(s.children) for s in splits]),
        _column("minority", "On the smaller side", "children", 0, [s.minority for s in splits]),
    ]
    texts = [
        _text("lines", "Lines of", [said.partition.title for said, _, _ in rows]),
        _text("since", "Split", [since for _, _, since in rows]),
        _text("where", "Where its small areas and children are", [_where(s) for s in splits]),
    ]
    return _table(
        pack,
        "What is split",
        tuple(split.name for split in splits),
        columns,
        texts=texts,
        plans=(said.partition.plan for said in after.fits),
    )


def repair_table(
    scenario: Scenario,
    pack: Pack,
    effects: Sequence[Effect],
    partitions: Mapping[str, Partition],
) -> Table:
    """Tell what each repair moves, what it costs, and what it does to the spread of rates.

    It has no basis and cannot be downloaded: sets of small areas that a planner only weighs up
    would each be a release.

    Parameters
    ----------
    effects
        From `effects_of`.
    partitions
        By key, to name the lines.
    """
    measures = with_open_cases(pack.measures)
    policy = POLICIES[pack.authority.disclosure]
    moves = [effect.repair for effect in effects]
    cases = _cases(scenario.plan, [move.to for move in moves], measures, policy)
    today = _children_away(scenario, pack)
    columns = [
        _column("units", "Small areas", "that move", 0, [len(move.to) for move in moves]),
        _column("children", "Children", "change team by it", 0, [m.children for m in moves]),
        Column("cases", "Open cases", "change team by it", 0, cases.values, cases.status),
        _column(
            "against_today", "Children", "away from today's team, more or fewer", 0,
            [_children_away(effect.scenario, pack) - today for effect in effects],
        ),
    ]  # fmt: skip
    columns += _effect_columns(effects)
    texts = [
        _text("lines", "Lines of", [partitions[move.partition].title for move in moves]),
        _text("to", "Goes to", [named(move.zones) for move in moves]),
        _text("note", "Note", [_note(move) for move in moves]),
    ]
    names = tuple(move.name for move in moves)
    return _table(pack, "Made whole", names, columns, texts=texts, plans=None)


def _figures(child: Scenario, pack: Pack, now: Evaluation) -> dict[str, Suppressed]:
    """Tell figures of a plan as `plan_table` does, without working all the others out.

    While FTE stays, a repair changes nothing but the plan and its totals, since it adds no zone.
    """
    if now.facts.staff == "follows":  # then FTE may tell cases, which only the whole table knows
        table = plan_table(evaluate(child, pack), pack)
        columns = {key: table.column(key) for key in EFFECTS}
        return {key: Suppressed(c.values.copy(), c.status.copy()) for key, c in columns.items()}
    totals = aggregate(child.plan, now.facts.measures)
    facts = replace(now.facts, plan=child.plan, totals=totals)
    return {key: _figure(facts, key, pack) for key in EFFECTS}


def _figure(facts: Facts, key: str, pack: Pack) -> Suppressed:
    """Give a metric of the plan; hidden where the count it is made of is hidden in a zone."""
    count, policy = EFFECTS[key], POLICIES[pack.authority.disclosure]
    if facts.measures.has(count):
        zones = protected_zones(facts.totals, count, facts.measures, policy, plan=facts.plan)
        if (zones.status == Status.SUPPRESSED).any():
            return _hidden(Status.SUPPRESSED)
    value = float(metric(key).compute(facts))
    if np.isnan(value):
        return _hidden(Status.MISSING)
    return Suppressed(np.array([value]), np.array([Status.OK], dtype=np.int8))


def _effect_columns(effects: Sequence[Effect]) -> list[Column]:
    columns = []
    for key in EFFECTS:
        told = _joined([effect.figures[key] for effect in effects])
        about = metric(key)
        title = f"{about.title} after"
        columns.append(Column(key, title, about.unit, about.decimals, told.values, told.status))
    return columns


def _cases(
    plan: Plan, moves: Sequence[Iterable[str]], measures: Measures, policy: Policy
) -> Suppressed:
    """Tell the open cases of sets of units, unless that would give one that is hidden away.

    Small areas and zones are shown elsewhere, so a sum tells that of the hidden counts in it, and
    of those beside it in its zones. Sums of several sets tell those of what they have in common.
    So nothing is told that would cut the hidden counts of a zone into pieces of which any tells
    one; a set that comes earlier goes before a later one. A set with hidden counts of a zone whose
    own total is hidden is never told: the total over all less these would tell another's.
    """
    if not measures.has(OPEN_CASES):
        return _joined([_hidden(Status.MISSING)] * len(moves))
    counts = measures.counts(OPEN_CASES)
    shown = protected_units(plan, OPEN_CASES, measures, policy)
    is_hidden = np.isnan(shown.values)
    apart = is_hidden & _of_hidden_zones(plan, shown)
    piece = plan.assignment.astype(np.int64)
    told = []
    for move in moves:
        inside = np.isin(np.arange(len(counts)), plan.positions(move))
        total = float(counts[inside].sum())
        finer = np.unique(2 * piece + inside, return_inverse=True)[1]
        cut = is_hidden & np.isin(plan.assignment, plan.assignment[inside & is_hidden])
        safe = (
            not small_counts(total, policy)
            and not (inside & apart).any()
            and all(
                _keeps_its_counts(counts[cut & (finer == at)], policy)
                for at in np.unique(finer[cut])
            )
        )
        if np.isnan(total):
            told.append(_hidden(Status.MISSING))
        elif not safe:
            told.append(_hidden(Status.SUPPRESSED))
        else:
            piece = finer
            told.append(_rounded(total, policy))
    return _joined(told)


def _of_hidden_zones(plan: Plan, shown: Suppressed) -> npt.NDArray[np.bool_]:
    """Mark the units whose zone's total is hidden."""
    if shown.totals is None:  # a measure that is not sensitive
        return np.zeros(len(plan.units), dtype=np.bool_)
    # the last total is that of the units in no zone, if there are any: their position is -1
    hidden: npt.NDArray[np.bool_] = shown.totals.status == Status.SUPPRESSED
    return hidden[plan.assignment]


def _keeps_its_counts(hidden: Array, policy: Policy) -> bool:
    """Say whether the sum of hidden counts leaves each small one its whole range.

    Where one of them is missing nobody knows their sum.
    """
    small = small_counts(hidden, policy)
    if not small.any() or np.isnan(hidden).any():
        return True
    total, others = float(hidden.sum()), len(hidden) - 1
    least = total - policy.high * others if small.all() else policy.low
    return least <= policy.low and total - policy.low * others >= policy.high


def _rounded(total: float, policy: Policy) -> Suppressed:
    rounds = policy.round_to > 1 and total > 0
    near = np.round(total / policy.round_to) * policy.round_to
    status = Status.ROUNDED if rounds else Status.OK
    return Suppressed(np.array([near]), np.array([status], dtype=np.int8))


def _hidden(status: Status) -> Suppressed:
    return Suppressed(np.array([np.nan]), np.array([status], dtype=np.int8))


def _joined(parts: Sequence[Suppressed]) -> Suppressed:
    return Suppressed(
        np.array([float(part.values[0]) for part in parts]),
        np.array([part.status[0] for part in parts], dtype=np.int8),
    )


def _children_away(scenario: Scenario, pack: Pack) -> float:
    """Count the children whose zone is another than today's."""
    moved = scenario.plan.positions(scenario.plan.moved_from(scenario.was))
    return float(children_of(pack)[moved].sum())


def _note(move: Repair) -> str:
    said = []
    if move.torn:
        said.append(f"Leaves {named(move.torn)} in more pieces.")
    if move.emptied:
        said.append(f"Leaves no small area in {named(move.emptied)}.")
    if move.cheaper:
        said.append(
            f"Moving {move.cheaper.children:,.0f} children to {named(move.cheaper.zones)} would do "
            f"too, but {_tears(move.cheaper)}."
        )
    return " ".join(said)


def _tears(move: Repair) -> str:
    return f"empties {named(move.emptied)}" if move.emptied else f"tears {named(move.torn)} apart"


def _should(partition: Partition) -> str:
    whole = f"each {partition.word} in one zone"
    return whole if partition.sense == "parts" else f"each zone in one {partition.word}"


def _where(split: Split) -> str:
    return "; ".join(
        f"{name}: {units:,} {'area' if units == 1 else 'areas'}, {children:,.0f} children"
        for name, units, children in zip(split.into, split.units, split.children, strict=True)
    )


def _split_count(said: Fit) -> float:
    return float(len(said.splits))


_SCORES = (
    ("splits", "Split", "", 0, _split_count),
    ("minority", "Children on the smaller side", "", 0, lambda said: said.minority),
    ("minority_share", "Smaller side", "% of children", 1, lambda said: 100 * said.minority_share),
    ("score", "Score", "% of children in what is whole", 1, lambda said: 100 * said.whole),
)


def _table(
    pack: Pack,
    what: str,
    names: tuple[str, ...],
    columns: Sequence[Column],
    *,
    texts: Sequence[TextColumn],
    plans: Iterable[Plan] | None,
    totals: int = 0,
) -> Table:
    parts = [Part(plan, ("children",)) for plan in plans or ()]
    return Table(
        what=what,
        names=names,
        columns=tuple(columns),
        symbol=POLICIES[pack.authority.disclosure].symbol,
        standing=pack.standing,
        source=pack.measures.measure("children").source,
        texts=tuple(texts),
        totals=totals,
        basis=None if plans is None else Basis.of_pack(pack, *parts),
    )


def _text(key: str, title: str, texts: Sequence[str]) -> TextColumn:
    return TextColumn(key, title, tuple(texts), of=())


def _column(
    key: str,
    title: str,
    unit: str,
    decimals: int,
    values: Sequence[float] | Array,
    *,
    group: str = "",
) -> Column:
    array = np.asarray(values, dtype=np.float64)
    status = np.where(np.isnan(array), Status.NOT_APPLICABLE, Status.OK).astype(np.int8)
    return Column(key, title, unit, decimals, array, status, group, of=())
