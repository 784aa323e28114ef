"""What each measure is, and the indicators made of two of them, as `indicators.toml` has them.

The indicators are those of the registry that two measures of a pack allow; what differs from pack
to pack is the period, the published totals behind the model and the benchmarks. England's figures
of 2025 are the Department for Education's.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from typing import Any

from layers.build.indicators import REGISTRY, indicators_of
from layers.indicators import Benchmark, Indicator
from layers.measures import Measure

DFE_2025 = "Department for Education, children in need, child protection and looked after, 2025"
CABINET_2017 = "Dorset County Council, report to Cabinet, September 2017"

ASB_ASSUMED = "Modelled; the total assumes Dorset's rate of 2015/16, 9,000 for 412,905 residents"

ENGLAND_CHILDREN = 12_183_016
ENGLAND_REFERRALS = 632_830
ENGLAND_CIN = 402_400
ENGLAND_CP = 49_420
ENGLAND_CLA = 81_770
ENGLAND_CLA_PER_10K = 67
ENGLAND_REREFERRAL_PER_CENT = 22.6

TEN_THOUSAND = 10_000
ENGLAND_2025 = {
    "referrals": round(TEN_THOUSAND * ENGLAND_REFERRALS / ENGLAND_CHILDREN, 1),
    "rereferral": ENGLAND_REREFERRAL_PER_CENT,
    "cin": round(TEN_THOUSAND * ENGLAND_CIN / ENGLAND_CHILDREN, 1),
    "cp": round(TEN_THOUSAND * ENGLAND_CP / ENGLAND_CHILDREN, 1),
    "cla": float(ENGLAND_CLA_PER_10K),
}

MODELLED = "Modelled per small area from Census 2011 and the output area classification"
ASSUMED_CONTACTS = "32 % of contacts became a referral, as in Dorset in 2016-17"
_LEAD = ("open", "the leads of a unit's open plans, drawn by assumed shares")

PRACTICE: Mapping[str, tuple[str, str]] = {
    "contacts_decided_24h": ("year", "assumed: 94 % of contacts"),
    "contacts_triaged": ("year", "assumed: 30 % of contacts go to triage"),
    "contacts_diverted": ("year", "assumed: 75 % of what goes to triage"),
    "assessments": ("year", "assumed: 92 % of referrals are assessed"),
    "assessments_45_days": ("year", "assumed: 84 % of assessments"),
    "early_help_plans": ("open", "assumed: 18 per 1,000 children"),
    "additional_support": ("open", "assumed: 55 per 1,000 children"),
    "children_universal": ("open", "all children less those on any higher step of need"),
    "lead_school": _LEAD,
    "lead_health": _LEAD,
    "lead_council": _LEAD,
    "lead_voluntary": _LEAD,
    "lead_other": _LEAD,
    "cp_starts": ("year", "assumed: 1.2 begun for each child on a plan at the end"),
    "cp_second": ("year", "assumed: 24 % of plans begun"),
    "proceedings": ("year", "assumed: 13 per 10,000 children"),
    "cp_reviews_due": ("open", "assumed: 85 % of children on a plan"),
    "cp_reviews_in_time": ("open", "assumed: 93 % of reviews due"),
    "cp_visits_due": ("open", "assumed: about six visits a quarter for each child on a plan"),
    "cp_visits_in_time": ("open", "assumed: 88 % of visits due"),
    "cla_reviews_due": ("open", "assumed: 85 % of children looked after"),
    "cla_reviews_in_time": ("open", "assumed: 93 % of reviews due"),
    "cla_visits_due": ("open", "assumed: about two visits a quarter for each child looked after"),
    "cla_visits_in_time": ("open", "assumed: 88 % of visits due"),
    "pupils_fsm": ("children", "assumed: 6 % and more with deprivation"),
    "pupils_suspended": ("year", "assumed: 1 % and more with deprivation"),
    "pupils_reception": ("children", "one of 18 years of age"),
    "gld": ("year", "assumed: 80 % and less with deprivation"),
    "young_people_16_17": ("children", "two of 18 years of age"),
    "neet": ("children", "assumed: 2 % and more with deprivation"),
}
"""Measure -> when it is counted, and what its total rests on."""


@dataclass(frozen=True)
class Periods:
    """When the counts are of, where their totals come from, and what ASB is.

    `cp_benchmarks` are (title, value, source) beside or in place of England 2025. `notes` replace
    what `PRACTICE` says, where a share was published; `left_out` are not counted.
    """

    year: str
    open_on: str
    children_on: str
    children_source: str
    totals_source: str
    cin_note: str
    asb: str
    asb_title: str
    asb_source: str
    asb_status: str = "illustrative"
    cp_benchmarks: tuple[tuple[str, float, str], ...] = ()
    notes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()


def dfe_periods(
    *,
    children: int,
    asb: str = "2024-25",
    asb_title: str = "Anti-social behaviour",
    asb_source: str = ASB_ASSUMED,
    asb_status: str = "illustrative",
    left_out: tuple[str, ...] = (),
) -> Periods:
    """Describe an authority whose totals are the Department for Education's of 2025."""
    return Periods(
        year="2024-25",
        open_on="2025-03-31",
        children_on="2024-06-30",
        children_source=f"{children:,} (Department for Education, 2025)",
        totals_source="the authority's published total (Department for Education, 2025)",
        cin_note="The total is all children in need less those on a plan and those looked after",
        asb=asb,
        asb_title=asb_title,
        asb_source=asb_source,
        asb_status=asb_status,
        left_out=left_out,
    )


def measures(periods: Periods, *, has_contacts: bool) -> list[dict[str, Any]]:
    """Describe every column of measures.csv, and then ASB.

    Parameters
    ----------
    has_contacts
        Whether the number of contacts was published; else it is an assumption.
    """
    total = f"{MODELLED}; adds up to {periods.totals_source}"
    free = f"{MODELLED}; no published total"
    census = "Census 2011, Office for National Statistics"
    rows = [
        _measure("persons", "Residents of all ages", "people", "2011-03-27", census),
        _measure("households", "Households", "households", "2011-03-27", census),
        _measure(
            "household_residents", "Residents living in households", "people", "2011-03-27", census
        ),
        _measure(
            "children",
            "Children aged 0-17",
            "children",
            periods.children_on,
            f"{MODELLED}; adds up to {periods.children_source}",
            modelled=True,
        ),
    ]
    contacts = total if has_contacts else f"{MODELLED}; assumed: {ASSUMED_CONTACTS}"
    rows += [
        _known("contacts", "Contacts", "episodes", periods.year, contacts),
        _known("early_help", "Early help assessments", "episodes", periods.year, free),
        _known("referrals", "Referrals", "episodes", periods.year, total),
        _known("rereferrals", "Re-referrals within 12 months", "episodes", periods.year, total),
        _known(
            "open_cin",
            "Children in need, on no plan and not looked after",
            "children",
            periods.open_on,
            f"{total}. {periods.cin_note}",
        ),
        _known("open_cp", "Children on a protection plan", "children", periods.open_on, total),
        _known("open_cla", "Children looked after", "children", periods.open_on, total),
        _known(
            "cin",
            "Children in need, all",
            "children",
            periods.open_on,
            f"{MODELLED}; the sum of the three kinds of open case",
        ),
        _known(
            "children_low_income",
            "Children in low income families",
            "children",
            periods.children_on,
            free,
        ),
        _measure(
            "pupils",
            "Children aged 5-15",
            "children",
            periods.children_on,
            f"{MODELLED}: 11 of 18 years of age",
            modelled=True,
        ),
        _known("persistent_absence", "Pupils persistently absent", "children", periods.year, free),
        *_practice(periods),
        _measure("asb", periods.asb_title, "incidents", periods.asb, periods.asb_source)
        | {"status": periods.asb_status},
    ]
    return rows


def indicators(periods: Periods, measured: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Describe the indicators that the registry makes of the measures."""
    found = indicators_of([Measure(**row) for row in measured])
    return [_row(_published(indicator, periods)) for indicator in found]


def _published(indicator: Indicator, periods: Periods) -> Indicator:
    """Give a modelled indicator its source in short, and what England had."""
    if indicator.key == "asb":
        own = replace(indicator, title=periods.asb_title, status=periods.asb_status)  # type: ignore[arg-type]
        return replace(own, source=periods.asb_source)
    if indicator.status == "official":
        return indicator
    short = replace(indicator, source="Modelled; see docs/data.md")
    found = periods.cp_benchmarks if indicator.key == "cp" else ()
    if indicator.key in ENGLAND_2025:
        found = (*found, ("England 2025", ENGLAND_2025[indicator.key], DFE_2025))
    return replace(short, benchmarks=tuple(Benchmark(*row) for row in found))


def _row(indicator: Indicator) -> dict[str, Any]:
    """Leave out what stands at its default."""
    row = asdict(indicator)
    row["benchmarks"] = [asdict(benchmark) for benchmark in indicator.benchmarks]
    return {key: value for key, value in row.items() if value not in ("", None, [], ())}


def _practice(periods: Periods) -> list[dict[str, Any]]:
    """Describe the columns of `data.build_practice` by their registry names."""
    when = {"year": periods.year, "open": periods.open_on, "children": periods.children_on}
    rows = []
    for key, (period, note) in {**PRACTICE, **periods.notes}.items():
        if key in periods.left_out:
            continue
        entry = _registry()[key]
        known = ("key", "title", "counts", "sensitive", "group")
        row = {name: entry[name] for name in known if name in entry}
        source = f"{MODELLED}; {note}"
        row |= {"period": when[period], "source": source, "status": "illustrative"}
        rows.append(row)
    return rows


@cache
def _registry() -> Mapping[str, Mapping[str, Any]]:
    entries = tomllib.loads(REGISTRY.read_text("utf-8"))["measures"]
    return {entry["key"]: entry for entry in entries}


def _measure(
    key: str, title: str, counts: str, period: str, source: str, *, modelled: bool = False
) -> dict[str, Any]:
    return {
        "key": key,
        "title": title,
        "counts": counts,
        "period": period,
        "source": source,
        "status": "illustrative" if modelled else "official",
        "sensitive": False,
    }


def _known(key: str, title: str, counts: str, period: str, source: str) -> dict[str, Any]:
    """Describe a count of children known to services: modelled, and treated as sensitive."""
    return _measure(key, title, counts, period, source, modelled=True) | {"sensitive": True}
