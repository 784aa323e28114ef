"""Make a pack: the steps from files to a folder, in their order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from geo.errors import PackError, named
from geo.geography import Geography
from geo.ledger import Ledger, PassedOver
from geo.read.file import File
from layers.build.assemble import Draft, write_draft
from layers.build.counts import BuiltCounts, build_counts
from layers.build.district import Chosen, choose_authority
from layers.build.faults import Faults
from layers.build.folder import Replaced, replace_folder
from layers.build.gather import Gathered, gather, postcode_counts
from layers.build.incidents import build_incidents
from layers.build.indicators import indicators_of
from layers.build.inputs import describe_inputs
from layers.build.lists import (
    build_postcodes,
    build_pyramids,
    build_schools,
    build_series,
    series_notes,
    with_series,
)
from layers.build.options import Options
from layers.build.plans import BuiltPlan, build_plans, slug
from layers.build.totals import totals_of
from layers.build.units import build_units, labels_of, ons_source
from layers.build.work import Progress, Work
from layers.counts import UnitCounts
from layers.deprivation import deprivation_counts
from layers.measures import Measure
from layers.pack import ALWAYS, Authority, Pack
from layers.read.fetched import as_fetched, fetched_sources
from layers.read.programmes import read_programmes
from layers.read.recognise import Found, recognise
from layers.read.sites import read_sites
from layers.read.staffing import StaffingFile, read_staffing

STEPS = (
    "Looking at the files",
    "Reading boundaries and counts",
    "Finding the authority and its small areas",
    "Reading postcodes and lists",
    "Placing incidents",
    "Making plans",
    "Writing the pack",
)


@dataclass(frozen=True)
class Built:
    """A pack that was built, and how.

    Parameters
    ----------
    found
        What each file was taken for.
    notes
        What was assumed, converted or left out.
    replaced
        The pack in its place, and what changed against the one before.
    """

    found: tuple[Found, ...]
    notes: tuple[str, ...]
    replaced: Replaced

    @property
    def pack(self) -> Pack:
        """The pack, as it was read back."""
        return self.replaced.pack

    @property
    def ledgers(self) -> tuple[Ledger, ...]:
        """The account of every file."""
        return self.pack.ledgers


def build_pack(
    source: Path | str | File | Sequence[File],
    *,
    authority: str,
    out: Path | str,
    options: Options | None = None,
    progress: Progress | None = None,
    show: Callable[[tuple[Found, ...]], None] | None = None,
) -> Built:
    """Build the pack of an authority from public files and its own.

    Parameters
    ----------
    source
        A folder of downloads, a zip, or uploads.
    authority
        A district's name, or codes of districts separated by commas.
    out
        The pack's folder; a pack that was built there is replaced, and its changes are told.
    progress
        Told each step, how many are done, and how many there are.
    show
        Given what each file is before anything is made of them, so that it is seen beside a
        refusal too.

    Raises
    ------
    BuildError
        With all files that cannot be used; nothing was built.
    ZonewrightError
        Of the kind that fits, when the files do not make a pack together.
    """
    tell = progress or _silent
    faults = Faults()
    tell(STEPS[0], 0, len(STEPS))
    options = options or Options()
    found = _as_told(recognise(source), options)
    if show:
        show(found)
    for entry in found:
        if entry.fault:
            faults.add(entry.fault)
    work = Work(found, options, faults)
    tell(STEPS[1], 1, len(STEPS))
    gathered = gather(found, work.options, faults)
    faults.raise_any()
    draft = _draft(gathered, authority, work, tell)
    faults.raise_any()
    tell(STEPS[6], 6, len(STEPS))
    replaced = replace_folder(
        Path(out),
        lambda folder: write_draft(draft, folder),
        inputs=describe_inputs(found, work.options.cases),
        overwrite=work.options.overwrite,
    )
    return Built(found, tuple(work.notes), replaced)


def _as_told(found: Sequence[Found], options: Options) -> tuple[Found, ...]:
    """Take what the person calls a case list for nothing else: its numbers may name children."""
    return tuple(
        replace(entry, kind=None) if Path(entry.file.name).name in options.cases else entry
        for entry in found
    )


def _draft(gathered: Gathered, authority: str, work: Work, tell: Progress) -> Draft:
    options = work.options
    tell(STEPS[2], 2, len(STEPS))
    chosen = choose_authority(
        authority,
        gathered.memberships,
        names=gathered.names,
        labels=labels_of(gathered.boundaries),
    )
    chosen = replace(chosen, name=options.name or chosen.name)
    key = slug(options.key or chosen.name)
    geography = _geography(gathered, chosen, key, work)
    tell(STEPS[3], 3, len(STEPS))
    postcodes = build_postcodes(chosen, work)
    by_postcode = postcode_counts(work, postcodes, geography=geography)
    counts = _counts(gathered, by_postcode, geography, chosen, work)
    schools = build_schools(chosen, postcodes, work)
    pyramids = build_pyramids(schools, work)
    series = build_series(geography, postcodes, work)
    sites = work.read("sites", "lists of sites", lambda f: read_sites(f, postcodes=postcodes))
    programmes = work.read("programmes", "lists of programmes", read_programmes)
    tell(STEPS[4], 4, len(STEPS))
    asb = build_incidents(geography, gathered.lookup, work)
    tell(STEPS[5], 5, len(STEPS))
    measures = with_series(counts.measures, series) if series else counts.measures
    if series:
        work.note("Case lists", series_notes(counts.measures, series))
    described = (*measures.measures, *([asb.measure] if asb else []))
    _require_denominators(described)
    plans = build_plans(gathered, geography, measures, schools, pyramids, chosen=chosen, work=work)
    default = _default_plan(plans, options)
    staffing = work.read("staffing", "lists of staff", lambda f: read_staffing(f, plan=default))
    if staffing:
        _require_zones(staffing, plans, work)
    totals = totals_of(gathered.published, chosen)
    return Draft(
        authority=_authority(key, chosen, geography, plans, default, work=work),
        geography=geography,
        plans=plans,
        default_plan=default,
        measures=measures,
        asb=asb,
        indicators=indicators_of(described, totals),
        totals=totals,
        series=series,
        schools=pyramids.on_schools(schools.schools)
        if pyramids and schools
        else (schools.schools if schools else None),
        sites=sites.sites if sites else None,
        staffing=staffing.staffing if staffing else None,
        programmes=programmes.programmes if programmes else None,
        ledgers=tuple(work.ledgers),
    )


def _geography(gathered: Gathered, chosen: Chosen, key: str, work: Work) -> Geography:
    built = build_units(gathered.boundaries, chosen, key=key, vintage=work.options.vintage)
    work.ledgers += built.ledgers
    work.sources += built.sources
    work.note("Small areas", (*chosen.notes, *built.notes))
    if work.take(gathered.lookup):
        via = ", ".join(file.name for file in work.files("vintage_lookup"))
        work.sources.append(ons_source("LSOA 2011 to LSOA 2021, lookup", "2021", via))
    _account_for_places(gathered, chosen, built.geography.vintage, work)
    for published in gathered.published:
        work.take(published)
    return built.geography


def _account_for_places(gathered: Gathered, chosen: Chosen, vintage: str, work: Work) -> None:
    """Enter the lookups of wards and districts, and boundaries that are no part of the pack."""
    for wards in gathered.wards:
        mine = sum(unit in chosen.units.get(wards.vintage, ()) for unit in wards.units)
        away = len(wards) - mine
        ledger = replace(wards.ledger, used=mine, outside=wards.ledger.outside + away)
        work.ledgers.append(ledger)
        work.note(ledger.source, wards.notes)
        if mine:
            title = f"LSOA of {wards.vintage} to wards and districts, best fit"
            year = wards.ward_year or wards.district_year
            work.sources.append(ons_source(title, year, ledger.source))
    for file, value in gathered.boundaries:
        if value.level == "ward" or (value.level, value.vintage) == ("lsoa", vintage):
            continue
        year = f" of {value.vintage}" if value.vintage else ""
        passed = PassedOver(
            f"boundaries of {value.level or 'areas'}{year}, which are not the units", len(value)
        )
        work.ledgers.append(Ledger(file.name, read=0, used=0, passed_over=(passed,)))


def _counts(
    gathered: Gathered,
    by_postcode: Sequence[UnitCounts],
    geography: Geography,
    chosen: Chosen,
    work: Work,
) -> BuiltCounts:
    indices = (deprivation_counts(index) for index in gathered.deprivation)
    files = [*gathered.counts, *by_postcode, *indices]
    counts = build_counts(
        files, geography.units, vintage=geography.vintage, chosen=chosen, lookup=gathered.lookup
    )
    work.ledgers += counts.ledgers
    work.sources += [file.source for file in files]
    work.notes += [note for note in counts.notes if note not in work.notes]
    return counts


def _default_plan(plans: Sequence[BuiltPlan], options: Options) -> str:
    keys = [built.plan.key for built in plans]
    wanted = options.default_plan
    if wanted and wanted not in keys:
        raise PackError(
            f"There is no plan '{wanted}' to open on.", remedy=f"The plans are {named(keys)}."
        )
    return wanted or keys[0]


def _require_zones(file: StaffingFile, plans: Sequence[BuiltPlan], work: Work) -> None:
    """Note a fault where staff is given to zones that its plan has not."""
    zones = {built.plan.key: built.plan.plan.zones for built in plans}
    given = dict.fromkeys((post.plan, post.zone) for post in file.staffing.posts)
    for plan in dict.fromkeys(plan for plan, _ in given):
        loose = [zone for key, zone in given if key == plan and zone not in zones.get(plan, ())]
        if not loose:
            continue
        held = f"whose zones are {named(zones[plan])}" if plan in zones else "which is not there"
        work.faults.add(
            f"{file.ledger.source} gives staff to {named(loose)} of the plan '{plan}', {held}. "
            f"Write the zones as the plan does, or say in a column 'plan' which one they are of: "
            f"{named(zones)}. A plan of your own is a table of small-area codes "
            "with a column 'zone'."
        )


def _require_denominators(measures: Sequence[Measure]) -> None:
    """Refuse a pack without residents or children: every page divides by them."""
    absent = [key for key in ALWAYS if key not in {measure.key for measure in measures}]
    if absent:
        raise PackError(
            f"No file counts {named(absent)} per small area.",
            remedy="Add ages by small area (ONS mid-year estimates, single year of age), or a "
            f"table with the columns of codes and {named(absent)}.",
        )


def _authority(
    key: str,
    chosen: Chosen,
    geography: Geography,
    plans: Sequence[BuiltPlan],
    default: str,
    *,
    work: Work,
) -> Authority:
    word = next(built.plan.zone_word for built in plans if built.plan.key == default)
    told = fetched_sources(entry.file for entry in work.found)
    known = [as_fetched(source, told) for source in work.sources]
    sources = {(s.title, s.vintage, s.via): s for s in known}
    return Authority(
        key=key,
        name=chosen.name,
        districts=chosen.codes,
        zone_word=work.options.zone_word or word,
        vintage=geography.vintage,
        disclosure=work.options.disclosure,
        notes=tuple(work.notes),
        targets=(),
        sources=tuple(sources.values()),
    )


def _silent(_step: str, _done: int, _all: int) -> None:
    """Tell nobody."""
