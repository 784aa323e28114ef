"""The plans of a pack that is built: lookups, drawn areas, pyramids, wards, or one zone for all."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePosixPath

import numpy as np
import numpy.typing as npt

from geo.crosswalk import Crosswalk, best_fit
from geo.errors import LayerError, PlanError, named
from geo.geography import Geography
from geo.ledger import Ledger, PassedOver
from geo.plan import Plan
from geo.read.boundaries import Areas, Boundaries
from geo.read.file import File
from geo.read.lookup import read_lookup
from geo.read.ward_lookup import WardLookup
from layers.build.district import Chosen
from layers.build.gather import Gathered
from layers.build.units import ons_source
from layers.build.work import Work
from layers.catchments import PyramidPlan, pyramid_plan
from layers.measures import Measures
from layers.pack import NamedPlan
from layers.places import Schools
from layers.pyramids import Pyramids

WARDS, PYRAMIDS, WHOLE = "wards", "pyramids", "whole"
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class BuiltPlan:
    """A plan with the account of the shapes it was made from; None where it was a lookup."""

    plan: NamedPlan
    ledger: Ledger | None = None
    notes: tuple[str, ...] = ()


def build_plans(
    gathered: Gathered,
    geography: Geography,
    measures: Measures,
    schools: Schools | None,
    pyramids: Pyramids | None,
    *,
    chosen: Chosen,
    work: Work,
) -> tuple[BuiltPlan, ...]:
    """Make every plan that the files hold: the authority's own zones first, then wards.

    Returns
    -------
    tuple of BuiltPlan
        Never empty: an authority without zones is one zone.
    """
    word = work.options.zone_word or "zone"
    people = measures.counts("persons")
    weights = None if np.isnan(people).any() else people
    plans = [
        work.faults.attempt(partial(lookup_plan, file, geography, zone_word=word))
        for file in work.files("lookup")
    ]
    areas = list(gathered.areas)
    served = _pyramids(areas, geography, weights, schools, pyramids, work=work)
    for file, drawn in areas:
        make = partial(area_plan, file, drawn, geography, weights, zone_word=word)
        plans.append(work.faults.attempt(make))
    plans += [_wards(gathered, geography, weights, chosen, work), served]
    made = _with_own_keys([plan for plan in plans if plan])
    made = made or (whole_plan(geography, chosen.name),)
    for built in made:
        if built.ledger:
            work.ledgers.append(built.ledger)
        work.note(f"Plan '{built.plan.key}'", built.notes)
    return made


def _with_own_keys(plans: Sequence[BuiltPlan]) -> tuple[BuiltPlan, ...]:
    """Give plans whose files are called alike a number: two folders may hold a `zones.csv`."""
    taken: set[str] = set()
    made = []
    for built in plans:
        plan, number = built.plan, 2
        key = plan.key
        while key in taken:
            key, number = f"{plan.key}-{number}", number + 1
        taken.add(key)
        if key != plan.key:
            plan = replace(plan, key=key, title=f"{plan.title} ({number - 1})")
            note = f"Another plan is called '{built.plan.key}' too. This one is {plan.source}."
            built = replace(built, plan=plan, notes=(*built.notes, note))  # noqa: PLW2901  the same
        made.append(built)
    return tuple(made)


def _wards(
    gathered: Gathered,
    geography: Geography,
    weights: Numbers | None,
    chosen: Chosen,
    work: Work,
) -> BuiltPlan | None:
    """Take the published plan of wards, or make one of their boundaries."""
    found = [(file, value) for file, value in gathered.boundaries if value.level == "ward"]
    published = ward_lookup_plan(gathered.wards, geography)
    if published:
        work.ledgers += [
            _passed_over(file, value, "wards were taken from the lookup of the ONS")
            for file, value in found
        ]
        return published
    wards = ward_plan(gathered.boundaries, geography, weights, chosen.codes)
    if any(lookup.wards for lookup in gathered.wards):
        fitted = "they were fitted to their boundaries" if wards else "there is no plan of wards"
        why = f"No lookup has the ward of every LSOA of {geography.vintage}; {fitted}."
        work.note("Wards", [why])
    if wards is None:
        work.ledgers += [_passed_over(f, value, "wards of other districts") for f, value in found]
    if wards:
        via = ", ".join(file.name for file, _ in found)
        work.sources.append(ons_source("Electoral wards, boundaries", found[0][1].vintage, via))
    return wards


def _passed_over(file: File, value: Boundaries, reason: str) -> Ledger:
    return Ledger(file.name, read=0, used=0, passed_over=(PassedOver(reason, len(value)),))


def _pyramids(
    areas: list[tuple[File, Areas]],
    geography: Geography,
    weights: Numbers | None,
    schools: Schools | None,
    pyramids: Pyramids | None,
    *,
    work: Work,
) -> BuiltPlan | None:
    """Make the plan of pyramids, from catchments where some areas are called like them.

    Areas that are catchments are taken out of `areas`: they are no zones.
    """
    if pyramids is None or schools is None:
        return None
    known, source = schools.schools, pyramids.ledger.source
    for file, drawn in list(areas):
        try:
            made = pyramid_plan(geography, pyramids, known, areas=drawn, weights=weights)
        except LayerError:  # no polygon is called like a pyramid
            continue
        areas.remove((file, drawn))
        built = pyramids_plan(made, f"{source} and {file.name}")
        return replace(built, ledger=drawn.ledger, notes=drawn.notes)
    return work.faults.attempt(
        lambda: pyramids_plan(pyramid_plan(geography, pyramids, known, weights=weights), source)
    )


def lookup_plan(file: File, geography: Geography, *, zone_word: str) -> BuiltPlan:
    """Take a lookup as a plan that the authority published.

    Raises
    ------
    ReadError, PlanError
        When it is no lookup of the units of `geography`.
    """
    try:
        plan = read_lookup(file, units=geography.units)
    except PlanError as error:  # which knows units and zones, and no file
        raise PlanError(f"{file.name}: {error.found}", remedy=error.remedy) from error
    key = slug(PurePosixPath(file.name).stem)
    return BuiltPlan(
        NamedPlan(
            key=key,
            title=titled(key),
            zone_word=zone_word,
            kind="zones",
            status="published",
            note="",
            source=f"Lookup {file.name}",
            plan=plan,
        )
    )


def area_plan(
    file: File, areas: Areas, geography: Geography, people: Numbers | None, *, zone_word: str
) -> BuiltPlan:
    """Make a plan of drawn areas by best fit; its note says how many people the fit moves."""
    fitted = best_fit(geography, areas.shapes, areas.names, weights=people)
    key = slug(PurePosixPath(file.name).stem)
    built = _fitted(fitted, file, key=key, title=titled(key), zone_word=zone_word)
    return replace(built, ledger=areas.ledger, notes=areas.notes)


def ward_lookup_plan(lookups: Sequence[WardLookup], geography: Geography) -> BuiltPlan | None:
    """Take the best fit of small areas to wards that the ONS publishes, of the latest wards.

    None where no lookups of one year have all units of `geography`: half of a plan is none. Wards
    that no small area is fitted to are not in such a lookup, and so not in the plan.
    """
    mine = set(geography.units)
    years = sorted({lookup.ward_year for lookup in lookups if lookup.wards}, reverse=True)
    for year in years:
        parts = [lookup for lookup in lookups if lookup.ward_year == year]
        ward: dict[str, str] = {}
        torn: list[str] = []
        for part in parts:
            for unit, code in zip(part.units, part.wards, strict=True):
                if unit in mine and ward.setdefault(unit, code) != code:
                    torn.append(unit)
        if mine <= ward.keys():
            return _published_wards(parts, ward, geography, torn, year)
    return None


def _published_wards(
    parts: Sequence[WardLookup],
    ward: dict[str, str],
    geography: Geography,
    torn: Sequence[str],
    year: str,
) -> BuiltPlan:
    names = {code: name for part in parts for code, name in part.ward_names.items()}
    held = dict.fromkeys(ward.values())
    counted = Counter(names.get(code, code) for code in held)
    shown = {
        code: f"{name} ({code})" if counted[name] > 1 else name
        for code, name in ((code, names.get(code, code)) for code in held)
    }
    lookup = {unit: shown[code] for unit, code in ward.items()}
    mine = [part for part in parts if set(part.units) & ward.keys()]
    note = f"{len(torn)} small areas have two wards in two lookups; the first was taken: "
    return BuiltPlan(
        NamedPlan(
            key=WARDS,
            title="Wards",
            zone_word="ward",
            kind="zones",
            status="published",
            note=f"Wards of {year}. ONS best fit of LSOA to wards: whole small areas, each in the "
            "ward that its population-weighted centroid lies in.",
            source=f"Lookup {', '.join(part.ledger.source for part in mine)}",
            plan=Plan.from_lookup(lookup, units=geography.units),
        ),
        notes=(note + named(torn) + ".",) if torn else (),
    )


def ward_plan(
    boundaries: Sequence[tuple[File, Boundaries]],
    geography: Geography,
    people: Numbers | None,
    districts: Sequence[str],
) -> BuiltPlan | None:
    """Make a plan of wards by best fit; None where no boundaries of wards are there.

    Wards of other districts are left out where the file tells the district; wards that no small
    area's centre lies in are left out and named in the notes.
    """
    found = [(file, value) for file, value in boundaries if value.level == "ward"]
    rows = {
        value.units[i]: (value.names[i], value.shapes[i])
        for _, value in found
        for i in range(len(value))
        if not (districts and value.districts) or value.districts[i] in districts
    }
    if not rows:
        return None
    counted = Counter(name for name, _ in rows.values())
    names = [f"{n} ({code})" if counted[n] > 1 else n for code, (n, _) in rows.items()]
    shapes = np.array([shape for _, shape in rows.values()], dtype=object)
    fitted = best_fit(geography, shapes, names, weights=people)
    built = _fitted(fitted, found[0][0], key=WARDS, title="Wards", zone_word="ward")
    held = [zone for zone in fitted.plan.zones if fitted.plan.members(zone)]
    empty = sorted(set(names) - set(held))
    lookup = {
        unit: fitted.plan.name_of(int(zone))
        for unit, zone in zip(fitted.plan.units, fitted.plan.assignment, strict=True)
    }
    plan = Plan.from_lookup(lookup, units=geography.units, zones=sorted(held))
    note = f"No small area has its centre in {len(empty)} wards: {', '.join(empty)}."
    told = sum(len(value) for _, value in found)
    ledger = Ledger(
        ", ".join(file.name for file, _ in found),
        read=told,
        used=len(rows),
        outside=told - len(rows),
    )
    entry = NamedPlan(**{**vars(built.plan), "plan": plan})
    return BuiltPlan(entry, ledger, (note,) if empty else ())


def pyramids_plan(made: PyramidPlan, source: str) -> BuiltPlan:
    """Take the areas of pyramids as a plan, with what is served twice and not at all."""
    notes = [f"Pyramids by {made.method}."]
    notes += [f"{len(gap.units)} small areas lie in a gap." for gap in made.gaps if gap.units]
    notes += [
        f"{' and '.join(overlap.pyramids)} overlap in {len(overlap.units)} small areas."
        for overlap in made.overlaps
        if overlap.units
    ]
    return BuiltPlan(
        NamedPlan(
            key=PYRAMIDS,
            title="School pyramids",
            zone_word="pyramid",
            kind="pyramids",
            status="approximate",
            note=" ".join((*notes, *made.notes)),
            source=source,
            plan=made.plan,
        )
    )


def whole_plan(geography: Geography, name: str) -> BuiltPlan:
    """Make the plan of an authority that has no zones yet: all of it is one."""
    plan = Plan.from_lookup(dict.fromkeys(geography.units, name), units=geography.units)
    return BuiltPlan(
        NamedPlan(
            key=WHOLE,
            title="The whole authority",
            zone_word="authority",
            kind="other",
            status="published",
            note="No zones were given: add a lookup with the columns unit and zone.",
            source="",
            plan=plan,
        )
    )


def slug(text: str) -> str:
    """Make a key of a name.

    >>> slug("Bournemouth, Christchurch and Poole")
    'bournemouth-christchurch-and-poole'
    """
    return re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-") or "pack"


def titled(key: str) -> str:
    """Make a title of a key.

    >>> titled("family-partnership-zones")
    'Family partnership zones'
    """
    return key.replace("-", " ").replace("_", " ").capitalize()


def _fitted(fitted: Crosswalk, file: File, *, key: str, title: str, zone_word: str) -> BuiltPlan:
    return BuiltPlan(
        NamedPlan(
            key=key,
            title=title,
            zone_word=zone_word,
            kind="zones",
            status="approximate",
            note=f"Whole small areas by best fit. {' '.join(str(fitted).splitlines())}",
            source=f"Boundaries {file.name}",
            plan=fitted.plan,
        ),
        Ledger(file.name, read=len(fitted.plan.zones), used=len(fitted.plan.zones)),
    )
