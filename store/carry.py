"""Carry a scenario over to another pack: a newer one of the authority, or of another vintage.

The old scenario stays as it is. The new one starts from the new pack's plan, and its first step
puts every small area into the zone where the old one left it; what became of each area is counted
in a report. Areas of 2011 and 2021 are matched by the published lookup, never by shape.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from analysis.assumptions import Assumptions
from analysis.events import Assume, Border, Edit, Event, Lock
from analysis.scenario import Scenario, replay
from geo.errors import StoreError, named
from geo.plan import Plan
from geo.vintages import OLD, Change, VintageLookup
from layers.pack import Pack
from store.log import Saved
from store.scenarios import Store


@dataclass(frozen=True)
class Report:
    """What became of the small areas of a scenario that was carried over.

    Parameters
    ----------
    one_to_one, split, merged, irregular
        Areas of the new pack that are an old area, a part of one, several old ones together, or
        share land with others in no simple way.
    fresh
        Areas of the new pack that no old area leads to: they have their zone of the baseline.
    gone
        Old areas that lead to none of the new pack.
    torn
        New areas made of old ones that stood in different zones: they are in the zone of most.
    differing
        Areas whose zone in the pack's plan is another than it was when the scenario was made.
    dropped
        What of locks and borders could not be carried.
    children
        In `split`, `merged`, `irregular`, `fresh` and `torn` areas, where the pack counts them.
    notes
        What else to know.
    """

    one_to_one: tuple[str, ...] = ()
    split: tuple[str, ...] = ()
    merged: tuple[str, ...] = ()
    irregular: tuple[str, ...] = ()
    fresh: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    torn: tuple[str, ...] = ()
    differing: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    children: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def doubtful(self) -> tuple[str, ...]:
        """The new areas that somebody should look at: all but those carried one to one."""
        many = (*self.split, *self.merged, *self.irregular, *self.fresh, *self.torn)
        return tuple(dict.fromkeys(many))

    def __str__(self) -> str:
        """Say it as the app and a board paper show it."""
        lines = [f"{len(self.one_to_one)} small areas carried one to one."]
        for what, units in (
            ("are parts of a larger one and have its zone", self.split),
            ("are several old ones together", self.merged),
            ("share land with old ones in no simple way", self.irregular),
            ("are new and have their zone of the baseline", self.fresh),
            ("of the old ones lead to none", self.gone),
            ("are made of old ones in different zones; check them", self.torn),
            ("have another zone in the pack's plan than before", self.differing),
        ):
            if units:
                lines.append(f"{len(units)} {what}: {named(units)}.")
        if self.dropped:
            lines.append(f"Not carried: {named(self.dropped)}.")
        if self.children is not None and self.doubtful:
            lines.append(f"{self.children:,.0f} children live where it was not one to one.")
        return "\n".join([*lines, *self.notes])


@dataclass(frozen=True, eq=False)
class Carried:
    """A scenario on a new pack, not yet kept, and how it came there.

    Parameters
    ----------
    scenario
        It starts from the new pack's plan `baseline`; `events` lead to it.
    """

    title: str
    baseline: str
    scenario: Scenario
    events: tuple[Event, ...]
    report: Report

    def keep(self, store: Store, pack: Pack, *, who: str) -> str:
        """Keep it beside the old one, with its report as note, and give its id.

        Raises
        ------
        StoreError
            When it cannot be kept.
        """
        note = f"Carried over from '{self.title}'.\n{self.report}"
        return store.create(
            pack, self.baseline, title=self.title, who=who, events=self.events, note=note
        )


def carry(
    saved: Saved,
    pack: Pack,
    *,
    lookup: VintageLookup | None = None,
    people: Mapping[str, float] | None = None,
) -> Carried:
    """Carry a scenario over to a pack of the same authority.

    Parameters
    ----------
    lookup
        Of small areas of 2011 and 2021; needed where pack and scenario are of different vintages.
    people
        People per old area: where several that stood in different zones were merged, the zone of
        most people wins. Without it each area counts alike.

    Raises
    ------
    StoreError
        When the pack is another authority's, or a lookup is needed and not there or of elsewhere.
    """
    if saved.head.authority != pack.authority.key:
        raise StoreError(
            f"The scenario '{saved.title}' is of '{saved.head.authority}', not of "
            f"'{pack.authority.key}'.",
            remedy="Open that authority's pack.",
        )
    matched = _matched(saved, pack, lookup)
    entry = pack.plan(_baseline(saved, pack))
    zones, torn = _zones(saved.scenario.plan, matched, entry.plan, people or {})
    plan = Plan.from_lookup(zones, units=pack.geography.units, zones=saved.scenario.plan.zones)
    borders, dropped = _borders(saved.scenario, matched)
    events = (
        *([Edit.replace_with(plan, "Carried over")] if plan != entry.plan else []),
        *_assumed(saved.scenario.assumptions),
        *borders,
        *_locks(saved.scenario, matched, plan),
    )
    report = _report(saved, pack, matched, entry.plan, torn=torn, dropped=dropped)
    if entry.key != saved.head.baseline.key:
        note = f"The pack has no plan '{saved.head.baseline.key}': it starts from '{entry.key}'."
        report = replace(report, notes=(note,))
    scenario = replay(Scenario("carried", entry), events)
    return Carried(saved.title, entry.key, scenario, events, report)


@dataclass(frozen=True)
class _Matched:
    """Per new area, in the pack's order, the old ones that it comes from, and how it changed."""

    sources: Mapping[str, tuple[str, ...]]
    kinds: Mapping[str, Change]

    @cached_property
    def targets(self) -> Mapping[str, tuple[str, ...]]:
        """Per old area the new ones that come from it."""
        found: dict[str, list[str]] = {}
        for new, olds in self.sources.items():
            for old in olds:
                found.setdefault(old, []).append(new)
        return {old: tuple(news) for old, news in found.items()}


def _matched(saved: Saved, pack: Pack, lookup: VintageLookup | None) -> _Matched:
    old, new = saved.head.baseline.plan.units, pack.geography.units
    known = set(old)
    if saved.head.vintage == pack.authority.vintage:
        sources = {unit: (unit,) if unit in known else () for unit in new}
        return _Matched(sources, dict.fromkeys(new, Change.UNCHANGED))
    if lookup is None:
        raise StoreError(
            f"The scenario '{saved.title}' is of small areas of {saved.head.vintage}, the pack's "
            f"are of {pack.authority.vintage}.",
            remedy="Give the ONS lookup of LSOA 2011 to 2021 (CHGIND): areas are matched by it.",
        )
    forward = saved.head.vintage == OLD
    pairs = zip(lookup.old, lookup.new, lookup.change, strict=True)
    found: dict[str, list[str]] = {unit: [] for unit in new}
    kinds = dict.fromkeys(new, Change.UNCHANGED)
    for earlier, later, change in pairs:
        source, target = (earlier, later) if forward else (later, earlier)
        if target in found and source in known:
            found[target].append(source)
            kinds[target] = Change(change)
    if not any(found.values()):
        raise StoreError(
            f"The lookup leads from no small area of '{saved.title}' to one of the pack.",
            remedy="Give the lookup of this authority, or of the whole country.",
        )
    return _Matched({unit: tuple(parts) for unit, parts in found.items()}, kinds)


def _baseline(saved: Saved, pack: Pack) -> str:
    keys = [entry.key for entry in pack.plans]
    return saved.head.baseline.key if saved.head.baseline.key in keys else pack.default_plan


def _zones(
    final: Plan, matched: _Matched, baseline: Plan, people: Mapping[str, float]
) -> tuple[dict[str, str | None], tuple[str, ...]]:
    """Give each new area its zone, and name those whose parts stood in different ones."""
    zones: dict[str, str | None] = {}
    torn = []
    for unit, olds in matched.sources.items():
        if not olds:
            zones[unit] = baseline.zone_of(unit)
            continue
        votes: dict[str | None, float] = {}
        for old in olds:
            zone = final.zone_of(old)
            votes[zone] = votes.get(zone, 0.0) + (people.get(old, 0.0) if people else 1.0)
        zones[unit] = max(votes, key=lambda zone: (votes[zone], -_place(final, zone)))
        if len(votes) > 1:
            torn.append(unit)
    return zones, tuple(torn)


def _place(plan: Plan, zone: str | None) -> int:
    return len(plan.zones) if zone is None else plan.zone_position(zone)


def _assumed(assumptions: Assumptions) -> Iterable[Event]:
    return [Assume(assumptions)] if assumptions != Assumptions() else []


def _borders(scenario: Scenario, matched: _Matched) -> tuple[list[Event], tuple[str, ...]]:
    """Carry the links and cuts between areas that are still one area each."""
    events: list[Event] = []
    dropped = []
    for what, pairs in (("link", scenario.links), ("cut", scenario.cuts)):
        kept = []
        for a, b in sorted(pairs):
            ends = [matched.targets.get(unit, ()) for unit in (a, b)]
            if all(len(end) == 1 for end in ends) and ends[0] != ends[1]:
                kept.append((ends[0][0], ends[1][0]))
            else:
                dropped.append(f"the {what} of {a} and {b}")
        if kept:
            events.append(Border(what, tuple(kept)))  # type: ignore[arg-type]  # link or cut
    return events, tuple(dropped)


def _locks(scenario: Scenario, matched: _Matched, plan: Plan) -> Iterable[Event]:
    zones = tuple(sorted(scenario.locked_zones & set(plan.zones)))
    units = tuple(
        new for new, olds in matched.sources.items() if scenario.locked_units.intersection(olds)
    )
    return [Lock(on=True, zones=zones, units=units)] if zones or units else []


def _report(
    saved: Saved,
    pack: Pack,
    matched: _Matched,
    baseline: Plan,
    *,
    torn: tuple[str, ...],
    dropped: tuple[str, ...],
) -> Report:
    groups: dict[str, list[str]] = {}
    for unit, olds in matched.sources.items():
        groups.setdefault(_group(unit, olds, matched), []).append(unit)
    was, _ = _zones(saved.head.baseline.plan, matched, baseline, {})
    known = [unit for unit, olds in matched.sources.items() if olds]
    report = Report(
        one_to_one=tuple(groups.get("one_to_one", ())),
        split=tuple(groups.get("split", ())),
        merged=tuple(groups.get("merged", ())),
        irregular=tuple(groups.get("irregular", ())),
        fresh=tuple(groups.get("fresh", ())),
        gone=tuple(u for u in saved.head.baseline.plan.units if u not in matched.targets),
        torn=torn,
        differing=tuple(unit for unit in known if was[unit] != baseline.zone_of(unit)),
        dropped=dropped,
    )
    return replace(report, children=_children(pack, report.doubtful))


def _group(unit: str, olds: Sequence[str], matched: _Matched) -> str:
    if not olds:
        return "fresh"
    if matched.kinds[unit] == Change.IRREGULAR:
        return "irregular"
    if len(olds) > 1:
        return "merged"
    return "one_to_one" if len(matched.targets[olds[0]]) == 1 else "split"


def _children(pack: Pack, units: Sequence[str]) -> float | None:
    """Add up the children of areas; None where the pack does not know those of one."""
    places = [pack.geography.position[unit] for unit in units]
    counts = pack.measures.counts("children")[places]
    return None if np.isnan(counts).any() else float(counts.sum())
