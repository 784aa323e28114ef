"""A pack: everything known of one authority, read from its folder and checked together."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from geo.errors import LayerError, PackError, named
from geo.geography import Geography
from geo.ledger import Ledger
from geo.plan import Plan
from layers.continuum import Level, check_levels
from layers.history import Figure
from layers.incidents import Break, Incidents
from layers.indicators import Benchmark, Indicator, Target
from layers.measures import Measures
from layers.neighbours import Neighbours
from layers.places import School, Site, Town
from layers.programmes import Programme
from layers.series import Series
from layers.source import Source
from layers.staffing import Post, Staffing
from layers.status import Standing
from layers.totals import Total
from layers.zones import ZoneFact

Rule = Literal["dfe", "nhs"]
ALWAYS = ("children", "persons")
"""Measures that every pack has: the denominators that every page knows."""


@dataclass(frozen=True)
class Authority:
    """Who a pack is about, in its own words."""

    key: str
    name: str
    districts: tuple[str, ...]
    zone_word: str
    vintage: str
    disclosure: Rule
    notes: tuple[str, ...]
    targets: tuple[Target, ...]
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class NamedPlan:
    """A plan of the pack with its title and how far it can be trusted.

    `body` says in words whose lines it draws (`Police`); empty for the authority's own teams.
    """

    key: str
    title: str
    zone_word: str
    kind: Literal["zones", "pyramids", "other"]
    status: Literal["published", "approximate"]
    note: str
    source: str
    plan: Plan
    body: str = ""


@dataclass(frozen=True, eq=False, repr=False)
class Pack:
    """One authority: geography, plans and layers of the same units.

    A layer that the authority does not have is None, not an empty one. `totals` are published
    figures that the pack can be checked against, `ledgers` the account of every file it was built
    from; both are empty for a pack that was written by hand. `levels` are the steps of need from
    universal to highest, `history` published figures of whole authorities by period.

    Raises
    ------
    PackError
        When a plan, an indicator, a fact of a zone or a published figure stands twice, or when
        something is named that is not there: the plan to open on, a measure, the indicator of a
        target or a figure, the plan or zone of a post or a fact, the measure of a level.
    """

    folder: Path
    authority: Authority
    geography: Geography
    plans: tuple[NamedPlan, ...]
    default_plan: str
    measures: Measures
    indicators: tuple[Indicator, ...]
    incidents: Incidents | None
    schools: tuple[School, ...] | None
    sites: tuple[Site, ...] | None
    staffing: Staffing | None
    towns: tuple[Town, ...]
    totals: tuple[Total, ...] = ()
    ledgers: tuple[Ledger, ...] = ()
    series: Series | None = None
    programmes: tuple[Programme, ...] | None = None
    breaks: tuple[Break, ...] = ()
    zone_facts: tuple[ZoneFact, ...] = ()
    levels: tuple[Level, ...] = ()
    history: tuple[Figure, ...] = ()
    statistical_neighbours: Neighbours | None = None

    def __post_init__(self) -> None:
        """Check that the parts fit each other."""
        for entry in self.plans:
            entry.plan.require_units(self.geography.units)
        keys = [entry.key for entry in self.plans]
        _refuse_repeats(keys, what="plan")
        _refuse_repeats([indicator.key for indicator in self.indicators], what="indicator")
        if self.default_plan not in keys:
            raise PackError(
                f"The pack opens on the plan '{self.default_plan}', which it does not have.",
                remedy=f"Its plans are {named(keys)}.",
            )
        self._refuse_loose_indicators()
        self._refuse_loose_targets()
        posts = self.staffing.posts if self.staffing else ()
        self._refuse_loose_zones("staffing.csv gives staff to", posts)
        self._refuse_loose_zones("zones.csv tells of", self.zone_facts)
        facts = [f"{fact.zone} ({fact.plan})" for fact in self.zone_facts]
        _refuse_repeats(facts, what="fact of a zone", remedy="Keep one row of zones.csv.")
        self._refuse_loose_levels()
        self._refuse_loose_figures()

    def _refuse_loose_indicators(self) -> None:
        wanted = {key for i in self.indicators for key in (i.numerator, i.denominator)}
        absent = sorted((wanted | set(ALWAYS)) - set(self.measures.keys))
        if absent:
            raise PackError(
                f"The pack does not count {named(absent)}, which every pack or its indicators "
                f"need.",
                remedy="Add the column to measures.csv (or incidents.parquet for 'asb'), or take "
                "the indicator out.",
            )

    def _refuse_loose_targets(self) -> None:
        known = [indicator.key for indicator in self.indicators]
        loose = [t.indicator for t in self.authority.targets if t.indicator not in known]
        if loose:
            raise PackError(
                f"A target is set for {named(loose)}, which is no indicator of the pack.",
                remedy=f"Its indicators are {', '.join(known)}.",
            )

    def _refuse_loose_zones(self, what: str, rows: Sequence[Post | ZoneFact]) -> None:
        zones = {(entry.key, zone) for entry in self.plans for zone in entry.plan.zones}
        pairs = dict.fromkeys((row.plan, row.zone) for row in rows)
        loose = [f"'{zone}' of '{plan}'" for plan, zone in pairs if (plan, zone) not in zones]
        if loose:
            raise PackError(
                f"{what} zones that no plan has: {named(loose)}.",
                remedy="Correct the plan's key or the zone's name.",
            )

    def _refuse_loose_levels(self) -> None:
        try:
            check_levels(self.levels)
        except LayerError as error:
            raise PackError(error.found, remedy=error.remedy) from error
        loose = [x.measure for x in self.levels if not self.measures.has(x.measure)]
        if loose:
            raise PackError(
                f"A level counts {named(loose)}, which is no measure of the pack.",
                remedy="Add the column to measures.csv, or take the level out.",
            )

    def _refuse_loose_figures(self) -> None:
        known = [indicator.key for indicator in self.indicators]
        loose = sorted({figure.key for figure in self.history} - set(known))
        if loose:
            raise PackError(
                f"history.csv has figures of {named(loose)}, which is no indicator of the pack.",
                remedy=f"Its indicators are {', '.join(known)}.",
            )
        marks = [f"{f.key}, {f.period}, {f.area}" for f in self.history]
        _refuse_repeats(marks, what="published figure", remedy="Keep one row of history.csv.")

    def plan(self, key: str) -> NamedPlan:
        """Give the plan of that key.

        Raises
        ------
        PackError
            When there is none.
        """
        for entry in self.plans:
            if entry.key == key:
                return entry
        raise PackError(
            f"'{self.authority.key}' has no plan '{key}'.",
            remedy=f"Its plans are {named(entry.key for entry in self.plans)}.",
        )

    def indicator(self, key: str) -> Indicator:
        """Give the indicator of that key.

        Raises
        ------
        PackError
            When there is none.
        """
        for indicator in self.indicators:
            if indicator.key == key:
                return indicator
        raise PackError(
            f"'{self.authority.key}' has no indicator '{key}'.",
            remedy=f"It has {', '.join(i.key for i in self.indicators)}.",
        )

    @cached_property
    def standing(self) -> Standing:
        """`illustrative` when anything in the pack was modelled."""
        statuses = [measure.status for measure in self.measures.measures]
        statuses += [site.status for site in self.sites or ()]
        statuses += [post.status for post in self.staffing.posts] if self.staffing else []
        statuses += [fact.status for fact in self.zone_facts]
        statuses += [figure.status for figure in self.history]
        modelled = "illustrative" in statuses
        return "illustrative" if modelled else "official"

    def __repr__(self) -> str:
        """Show what it is: `<Pack dorset, 249 units, plans zones, areas>`."""
        plans = ", ".join(entry.key for entry in self.plans)
        return f"<Pack {self.authority.key}, {len(self.geography)} units, plans {plans}>"


def _refuse_repeats(
    keys: Sequence[str], *, what: str, remedy: str = "Give each one a key of its own."
) -> None:
    twice = [key for key, count in Counter(keys).items() if count > 1]
    if twice:
        raise PackError(
            f"The {what} {named(repr(key) for key in twice)} stands twice.", remedy=remedy
        )


def targets_of(authority: Authority, indicator: Indicator) -> tuple[Benchmark, ...]:
    """Give the authority's own targets for an indicator as figures to compare with.

    A target for a proportion is written as a share of 1 and shown per the indicator's `per`.
    """
    scale = indicator.per if indicator.kind == "proportion" else 1
    return tuple(
        Benchmark("Own target", target.value * scale, target.source)
        for target in authority.targets
        if target.indicator == indicator.key
    )
