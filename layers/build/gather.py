"""Read every recognised file, and gather what is wrong with all of them before saying so.

A planner with ten files wants ten answers, not the first fault ten times over. What can be read
without knowing the authority is read here; the rest waits for its units.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from geo.geography import Geography
from geo.ledger import Account, Ledger, Rejections
from geo.postcodes import Postcodes
from geo.read.boundaries import FORMATS, Areas, Boundaries, read_areas, read_boundaries
from geo.read.file import File
from geo.read.kind import fold
from geo.read.table import open_table
from geo.read.vintages import read_vintage_lookup
from geo.read.ward_lookup import WardLookup, read_ward_lookup
from geo.vintages import NEW, OLD, VintageLookup
from layers.build.district import DISTRICT, Membership
from layers.build.faults import Faults
from layers.build.known import known_counts
from layers.build.options import Options
from layers.build.work import Work
from layers.counts import UnitCounts
from layers.deprivation import Deprivation
from layers.measures import Measures
from layers.published import Published
from layers.read.census import read_census
from layers.read.counts import read_counts
from layers.read.deprivation import read_deprivation
from layers.read.dfe import read_dfe
from layers.read.lait import read_lait
from layers.read.nomis import read_nomis_population
from layers.read.population import read_population
from layers.read.recognise import Found

Value = TypeVar("Value")

FIRST = "9999"
"""Stands for the year of districts that stand beside boundaries or counts themselves."""
INDEX_YEARS = {NEW: "2024", OLD: "2019"}
LOOKUP_YEAR = "2022"
"""The years of the districts in the Indices of 2025 and 2019, and in the lookup of vintages."""


@dataclass(frozen=True)
class Gathered:
    """What could be read without knowing the authority; `names` of districts by code."""

    boundaries: tuple[tuple[File, Boundaries], ...]
    areas: tuple[tuple[File, Areas], ...]
    lookup: VintageLookup | None
    wards: tuple[WardLookup, ...]
    counts: tuple[UnitCounts, ...]
    deprivation: tuple[Deprivation, ...]
    published: tuple[Published, ...]
    names: Mapping[str, str]

    @property
    def memberships(self) -> tuple[Membership, ...]:
        """What the files tell of which unit belongs to which district, the latest districts first.

        Districts are merged and made anew: an older file would put a unit where nothing is now.
        """
        told = sorted(self._memberships(), key=lambda pair: pair[0], reverse=True)
        return tuple(membership for _, membership in told)

    def _memberships(self) -> Iterator[tuple[str, Membership]]:
        """Give what each file tells, with the year of its districts."""
        for file, boundaries in self.boundaries:
            if boundaries.level == "lsoa" and boundaries.districts:
                told = dict(zip(boundaries.units, boundaries.districts, strict=True))
                yield FIRST, Membership(boundaries.vintage, told, file.name)
        for deprivation in self.deprivation:
            told = dict(zip(deprivation.units, deprivation.districts, strict=False))
            year = INDEX_YEARS.get(deprivation.vintage, "")
            yield year, Membership(deprivation.vintage, told, deprivation.ledger.source)
        for counts in self.counts:
            if counts.districts:
                told = dict(zip(counts.measures.units, counts.districts, strict=True))
                yield FIRST, Membership(counts.vintage, told, counts.ledger.source)
        for vintage in ("2011", "2021") if self.lookup else ():
            told = self.lookup.district_of(vintage) if self.lookup else {}
            yield LOOKUP_YEAR, Membership(vintage, told, "the lookup of LSOA 2011 and 2021")
        for wards in self.wards:
            if wards.districts:
                told = dict(zip(wards.units, wards.districts, strict=True))
                yield wards.district_year, Membership(wards.vintage, told, wards.ledger.source)
            if wards.districts and wards.vintage == NEW and self.lookup:
                # so that areas of 2011 are found in a district that was made since
                pairs = zip(self.lookup.old, self.lookup.new, strict=True)
                older = {old: told[new] for old, new in pairs if new in told}
                yield wards.district_year, Membership(OLD, older, wards.ledger.source)


def gather(found: Sequence[Found], options: Options, faults: Faults) -> Gathered:
    """Read what can be read without knowing the authority; what cannot be read is a fault."""

    def every(key: str, read: Callable[[Found], Value]) -> tuple[tuple[File, Value], ...]:
        pairs = [
            (entry.file, faults.attempt(lambda entry=entry: read(entry)))  # type: ignore[misc]
            for entry in found
            if entry.kind and entry.kind.key == key
        ]
        return tuple((file, value) for file, value in pairs if value is not None)

    def values(key: str, read: Callable[[Found], Value]) -> tuple[Value, ...]:
        return tuple(value for _, value in every(key, read))

    lookups = values("vintage_lookup", lambda entry: read_vintage_lookup(entry.file))
    published = (
        *values("dfe", lambda entry: read_dfe(entry.file)),
        *values("lait", lambda entry: read_lait(entry.file)),
    )
    areas = [pair for file in published for pair in file.areas.items()]
    names = {code: name for code, name in areas if DISTRICT.fullmatch(code)}
    for entry in found:
        if entry.kind and entry.file.suffix not in FORMATS:
            names |= faults.attempt(lambda entry=entry: _district_names(entry)) or {}  # type: ignore[misc]
    return Gathered(
        boundaries=every("boundaries", lambda entry: read_boundaries(entry.file)),
        areas=every("areas", lambda entry: read_areas(entry.file)),
        lookup=_joined(lookups, faults),
        wards=values("ward_lookup", lambda entry: read_ward_lookup(entry.file)),
        counts=(
            *values("population", lambda entry: read_population(entry.file)),
            *values("nomis_population", lambda entry: read_nomis_population(entry.file)),
            *values("census", lambda entry: read_census(entry.file)),
            *values("counts", lambda entry: _counts(entry, options)),
        ),
        deprivation=values("deprivation", lambda entry: read_deprivation(entry.file)),
        published=published,
        names=names,
    )


def postcode_counts(
    work: Work, postcodes: Postcodes | None, *, geography: Geography
) -> tuple[UnitCounts, ...]:
    """Read counts per postcode, put in the small areas of `geography`.

    Such lists hold only postcodes where something was counted: a small area of which none is listed
    had none, and the notes say how many were taken so.
    """
    read = (
        work.faults.attempt(
            lambda f=file: known_counts(  # type: ignore[misc]
                read_counts(f, postcodes=postcodes, vintage=geography.vintage)
            )
        )
        for file in work.files("postcode_counts")
    )
    return tuple(_with_zeros(counts, geography.units) for counts in read if counts)


def _with_zeros(counts: UnitCounts, units: Sequence[str]) -> UnitCounts:
    """Add the units that are not listed, each with 0."""
    table = counts.measures
    absent = [unit for unit in units if unit not in set(table.units)]
    if not absent:
        return counts
    shape = (len(table.measures), len(absent))
    filled = Measures(
        (*table.units, *absent),
        table.measures,
        np.hstack([table.values, np.zeros(shape)]),
        np.hstack([table.status, np.zeros(shape, dtype=np.int8)]),
    )
    note = f"{len(absent)} small areas have no postcode in the list and were taken as 0."
    rows = (*counts.rows, *[0] * len(absent)) if counts.rows else ()
    return replace(counts, measures=filled, rows=rows, notes=(*counts.notes, note))


def _joined(lookups: Sequence[VintageLookup], faults: Faults) -> VintageLookup | None:
    """Join lookups of different districts, as they are fetched; two of one district are a fault."""
    if len(lookups) < 2:
        return lookups[0] if lookups else None
    if len({new for part in lookups for new in part.new}) < sum(
        len(set(part.new)) for part in lookups
    ):
        faults.add("Two files are lookups of LSOA 2011 and 2021. Keep the one that is current.")
        return lookups[0]
    ledgers = [part.ledger for part in lookups if part.ledger]
    return faults.attempt(
        lambda: VintageLookup(
            tuple(old for part in lookups for old in part.old),
            tuple(new for part in lookups for new in part.new),
            tuple(change for part in lookups for change in part.change),
            tuple(district for part in lookups for district in part.districts)
            if all(part.districts for part in lookups)
            else (),
            _ledger_of(ledgers),
            tuple(
                f"{part.ledger.source}: {n}" for part in lookups if part.ledger for n in part.notes
            ),
        )
    )


def _ledger_of(ledgers: Sequence[Ledger]) -> Ledger:
    """Add up the accounts of files that are read as one."""
    return Ledger(
        ", ".join(ledger.source for ledger in ledgers),
        read=sum(ledger.read for ledger in ledgers),
        used=sum(ledger.used for ledger in ledgers),
        unlocated=sum(ledger.unlocated for ledger in ledgers),
        outside=sum(ledger.outside for ledger in ledgers),
        rejected=Rejections(row for ledger in ledgers for row in ledger.rejected),
        passed_over=tuple(passed for ledger in ledgers for passed in ledger.passed_over),
    )


def _district_names(entry: Found) -> dict[str, str]:
    """Give code -> name of the districts that a table names; {} where it has no such columns."""
    table = open_table(entry.file, sheet=entry.sheet or None)
    folded = {fold(column): column for column in table.columns}
    pairs = [
        (column, folded[other])
        for key, column in folded.items()
        for other in _name_columns(key)
        if other in folded
    ]
    if not pairs:
        return {}
    code, name = pairs[0]
    found: dict[str, str] = {}
    for chunk in table.chunks(Account(entry.file.name), columns=list(pairs[0])):
        rows = chunk[chunk[code].str.fullmatch(DISTRICT.pattern)].drop_duplicates()
        found |= dict(zip(rows[code], rows[name], strict=True))
    return found


def _name_columns(code: str) -> tuple[str, ...]:
    """Say what the column of names beside a column of codes may be called, both folded."""
    if re.fullmatch(r"(lad|utla|ltla)\d\dcd", code):
        return (f"{code[:-2]}nm",)
    if code.startswith("localauthoritydistrictcode"):
        return (code.replace("code", "name"),)
    if re.fullmatch(r"lad\d{4}code", code):
        return (code.replace("code", "name"),)
    return ("laname",) if code == "gsslacodename" else ()


def _counts(entry: Found, options: Options) -> UnitCounts:
    mapping = options.counts.get(Path(entry.file.name).name)
    return known_counts(read_counts(entry.file, sheet=entry.sheet or None, mapping=mapping))
