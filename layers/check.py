"""Check a pack: what is wrong with it, what to look at, and what was found in order.

A fault makes figures wrong and wants mending; a warning is for somebody who knows the place to
judge. `check_pack` looks at values only; the files themselves are `layers.read.manifest`'s.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np

from geo.build import LAST_2011
from geo.coverage import check_coverage
from geo.errors import named
from geo.index import OUTSIDE, UnitIndex
from geo.ledger import Ledger
from layers.measures import Measures
from layers.pack import ALWAYS, NamedPlan, Pack
from layers.places import Place
from layers.status import Status
from layers.totals import ENGLAND, Total

SAME_SHARE = 0.005
"""A total of the same period may differ by this share: rounding and small corrections."""
NEAR_SHARE = 0.05
"""One of another period may differ by this share before it is worth a look."""
MOST_LOST_SHARE = 0.05
"""More rows without a place, or rejected, than this share are worth a look."""
STALE_YEARS = {"population": 3.0, "incidents": 1.5, "anything": 7.0}


class Severity(StrEnum):
    """How much a finding matters."""

    FAULT = "fault"
    WARNING = "look at"
    FINE = "fine"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: how much it matters, what it is about, what was found."""

    severity: Severity
    subject: str
    text: str


@dataclass(frozen=True)
class Report:
    """Everything that was looked at in one pack."""

    pack: str
    findings: tuple[Finding, ...]

    @property
    def faults(self) -> tuple[Finding, ...]:
        """What makes figures wrong."""
        return self._of(Severity.FAULT)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What somebody who knows the place should judge."""
        return self._of(Severity.WARNING)

    @property
    def is_sound(self) -> bool:
        """Whether there is no fault."""
        return not self.faults

    def _of(self, severity: Severity) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity is severity)

    def __str__(self) -> str:
        """Give the report that the command line prints: faults first."""
        lines = [
            f"{finding.severity.upper():8}{finding.subject}: {finding.text}"
            for severity in Severity
            for finding in self._of(severity)
        ]
        verdict = (
            f"{self.pack}: {len(self.faults)} faults, {len(self.warnings)} to look at, "
            f"{len(self._of(Severity.FINE))} fine."
        )
        return "\n".join([*lines, verdict])


def check_pack(pack: Pack, *, today: date) -> Report:
    """Check coverage, codes, plans, counts, published totals, ledgers and the age of sources.

    Parameters
    ----------
    today
        The day to reckon the age of sources from.
    """
    findings = [
        *_coverage(pack),
        *_codes(pack),
        *(finding for entry in pack.plans for finding in _plan(entry)),
        *_counts(pack.measures),
        *_parts(pack),
        *_totals(pack),
        *(finding for ledger in pack.ledgers for finding in _ledger(ledger)),
        *_incidents(pack, today),
        *_places(pack),
        *_ages(pack.measures, today),
    ]
    return Report(pack.authority.key, tuple(findings))


def _coverage(pack: Pack) -> Iterator[Finding]:
    geography = pack.geography
    report = check_coverage(geography.units, geography.shapes)
    if report.is_clean:
        yield Finding(Severity.FINE, "boundaries", str(report))
    for line in report.lines:
        yield Finding(Severity.WARNING, "boundaries", line)
    pieces = geography.neighbours.pieces(np.zeros(len(geography), dtype=np.int32))
    apart = int(pieces.max(initial=0)) + 1
    if apart > 1:
        small = np.argmin(np.bincount(pieces))
        yield Finding(
            Severity.WARNING,
            "neighbours",
            f"The units fall into {apart} pieces that no border joins; the smallest holds "
            f"{named(np.array(geography.units)[pieces == small])}. Add a link (links.csv) for a "
            "ferry or a bridge.",
        )


def _codes(pack: Pack) -> Iterator[Finding]:
    vintage, units = pack.authority.vintage, pack.geography.units
    late = [unit for unit in units if unit > LAST_2011.get(unit[:3], "Z")]
    if vintage == "2011" and late:
        text = f"{len(late)} units have codes of 2021 in a pack of 2011: {named(late)}."
        yield Finding(Severity.FAULT, "vintage", text)
    elif vintage == "2021" and not late and len(units) > 100:
        text = "No unit has a code that is new in 2021. Are these boundaries of 2011?"
        yield Finding(Severity.WARNING, "vintage", text)
    else:
        yield Finding(Severity.FINE, "vintage", f"{len(units)} units, codes of {vintage}.")


def _plan(entry: NamedPlan) -> Iterator[Finding]:
    plan, subject = entry.plan, f"plan '{entry.key}'"
    empty = [zone for zone in plan.zones if not plan.members(zone)]
    if empty:
        yield Finding(Severity.WARNING, subject, f"No unit is in {named(empty)}.")
    if plan.unassigned:
        text = f"{len(plan.unassigned)} units are in no zone: {named(plan.unassigned)}."
        yield Finding(Severity.WARNING, subject, text)
    if not empty and not plan.unassigned:
        text = f"{len(plan.zones)} zones hold all {len(plan.units)} units."
        yield Finding(Severity.FINE, subject, text)


def _counts(measures: Measures) -> Iterator[Finding]:
    for measure, status in zip(measures.measures, measures.status, strict=True):
        for kind in (Status.MISSING, Status.SUPPRESSED):
            count = int((status == kind).sum())
            if count:
                where = np.array(measures.units)[status == kind]
                yield Finding(
                    Severity.WARNING,
                    f"measure '{measure.key}'",
                    f"{count} of {len(status)} units are {kind.name.lower()}: {named(where)}.",
                )


def _parts(pack: Pack) -> Iterator[Finding]:
    """Find parts that are larger than their whole, unit by unit."""
    pairs = {(i.numerator, i.denominator) for i in pack.indicators if i.kind == "proportion"} | {
        ("children", "persons")
    }
    for part, whole in sorted(pairs):
        x, n = pack.measures.counts(part), pack.measures.counts(whole)
        above = np.array(pack.measures.units)[x > n]
        if not above.size:
            continue
        alike = pack.measures.measure(part).period == pack.measures.measure(whole).period
        why = "" if alike else " The two are of different periods."
        yield Finding(
            Severity.FAULT if alike else Severity.WARNING,
            f"'{part}' of '{whole}'",
            f"The part is larger than the whole in {len(above)} units: {named(above)}.{why}",
        )


def _totals(pack: Pack) -> Iterator[Finding]:
    for total in pack.totals:
        if total.area != ENGLAND and pack.measures.has(total.key) and not np.isnan(total.value):
            yield _total(pack.measures, total)


def _total(measures: Measures, total: Total) -> Finding:
    measure = measures.measure(total.key)
    counts = measures.counts(total.key)
    hidden = int(np.isnan(counts).sum())
    found = float(np.nansum(counts))
    share = abs(found - total.value) / total.value if total.value else float(found > 0)
    alike = measure.period == total.period
    off = share > (SAME_SHARE if alike else NEAR_SHARE)
    # a sum with hidden or missing parts is less than the total and is no fault of anybody
    is_fault = off and alike and not (hidden and found < total.value)
    severity = Severity.FAULT if is_fault else Severity.WARNING if off else Severity.FINE
    lacking = f" {hidden} units have no number and are not in the sum." if hidden else ""
    period = measure.period or "no period told"
    text = (
        f"{found:,.0f} ({period}) against {total.value:,.0f} published ({total.period}, "
        f"{total.source}), {found / total.value - 1:+.1%}."
        if total.value
        else f"{found:,.0f} against 0 published ({total.period}, {total.source})."
    )
    return Finding(severity, f"total of '{total.key}'", text + lacking)


def _ledger(ledger: Ledger) -> Iterator[Finding]:
    lost = ledger.unlocated + len(ledger.rejected)
    much = ledger.read > 0 and lost / ledger.read > MOST_LOST_SHARE
    severity = Severity.WARNING if much else Severity.FINE
    yield Finding(severity, f"rows of {ledger.source}", f"{ledger}.")


def _incidents(pack: Pack, today: date) -> Iterator[Finding]:
    if pack.incidents is None or not pack.incidents.months:
        return
    first, last = pack.incidents.months[0], pack.incidents.months[-1]
    age = _years(last, today)
    text = f"{pack.incidents.ledger.used:,} placed, {first} to {last}."
    absent = pack.incidents.months_missing
    if absent:
        unread = f"{len(absent)} months between were not read and are missing: {named(absent)}."
        yield Finding(Severity.WARNING, "incidents", unread)
    if age is not None and age > STALE_YEARS["incidents"]:
        yield Finding(
            Severity.WARNING, "incidents", f"{text} The last month is {age:.1f} years old."
        )
    else:
        yield Finding(Severity.FINE, "incidents", text)


def _places(pack: Pack) -> Iterator[Finding]:
    index = UnitIndex(pack.geography.units, pack.geography.shapes)
    layers: tuple[tuple[str, tuple[Place, ...] | None], ...] = (
        ("schools", pack.schools),
        ("sites", pack.sites),
    )
    for what, places in layers:
        if not places:
            continue
        held = index.locate([p.easting for p in places], [p.northing for p in places])
        outside = [p.name for p, unit in zip(places, held, strict=True) if unit == OUTSIDE]
        if outside:
            text = f"{len(outside)} of {len(places)} lie in no unit: {named(outside)}."
            yield Finding(Severity.WARNING, what, text)
        else:
            yield Finding(Severity.FINE, what, f"{len(places)}, all inside the authority.")


def _ages(measures: Measures, today: date) -> Iterator[Finding]:
    """Say once for each period what is old, not once for each measure."""
    old: dict[str, list[str]] = {}
    for measure in measures.measures:
        age = _years(measure.period, today)
        kind = "population" if measure.key in ALWAYS else "anything"
        if age is not None and age > STALE_YEARS[kind]:
            old.setdefault(measure.period, []).append(measure.key)
    for period, keys in old.items():
        age = _years(period, today) or 0
        yield Finding(
            Severity.WARNING,
            "age of counts",
            f"{', '.join(keys)}: their period is {period}, {age:.0f} years ago.",
        )


def _years(period: str, today: date) -> float | None:
    """Years from the end of a period to today.

    A period is written as `2020-06-30`, `2024-25`, `2025-06` or `2025`, a span of months as
    `2024-04 to 2025-03`, a stock of a case list as `end of 2025-03`.
    """
    last = re.sub(r"^(?:.* to |end of )", "", period)
    match = re.match(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?$", last)
    if not match:
        return None
    year, second = int(match[1]), int(match[2] or 12)
    if match[3] is None and match[2] and second == (year + 1) % 100:  # 2024-25: to 31 March
        year, second = year + 1, 3
    return (today.year - year) + (today.month - min(second, 12)) / 12
