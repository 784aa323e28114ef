"""What each measure is, and the indicators made of two of them, as `indicators.toml` has them.

The four packs share their indicators; what differs is the period, the published totals behind the
model and the benchmarks. England's figures of 2025 are the Department for Education's.
"""

from dataclasses import dataclass
from typing import Any

DFE_2025 = "Department for Education, children in need, child protection and looked after, 2025"
CABINET_2017 = "Dorset County Council, report to Cabinet, September 2017"

ASB_ASSUMED = "Modelled; the total assumes Dorset's rate of 2015/16, 9,000 for 412,905 residents"

ENGLAND_CHILDREN = 12_183_016
ENGLAND_REFERRALS = 632_830
ENGLAND_CIN = 402_400
ENGLAND_CP = 49_420
ENGLAND_CLA_PER_10K = 67
ENGLAND_REREFERRAL_PER_CENT = 22.6

TEN_THOUSAND = 10_000


@dataclass(frozen=True)
class Periods:
    """When the counts are of, where their totals come from, and what ASB is.

    `cp_benchmarks` are (title, value, source) beside or in place of England 2025.
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


def dfe_periods(
    *,
    children: int,
    asb: str = "2024-25",
    asb_title: str = "Anti-social behaviour",
    asb_source: str = ASB_ASSUMED,
    asb_status: str = "illustrative",
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
    )


def measures(periods: Periods, *, has_contacts: bool) -> list[dict[str, Any]]:
    """Describe every column of measures.csv, in its order, and then ASB."""
    modelled = "Modelled per small area from Census 2011 and the output area classification"
    total = f"{modelled}; adds up to {periods.totals_source}"
    free = f"{modelled}; no published total"
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
            f"{modelled}; adds up to {periods.children_source}",
            modelled=True,
        ),
    ]
    if has_contacts:
        rows.append(_known("contacts", "Contacts", "episodes", periods.year, total))
    rows += [
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
            f"{modelled}; the sum of the three kinds of open case",
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
            f"{modelled}: 11 of 18 years of age",
            modelled=True,
        ),
        _known("persistent_absence", "Pupils persistently absent", "children", periods.year, free),
        _measure("asb", periods.asb_title, "incidents", periods.asb, periods.asb_source)
        | {"status": periods.asb_status},
    ]
    return rows


def indicators(periods: Periods, *, has_contacts: bool) -> list[dict[str, Any]]:
    """Describe the indicators; those of contacts only where contacts are known."""
    rows = [
        _indicator(
            "low_income",
            "Children in low income families",
            "children_low_income",
            "children",
            100,
            topic="need",
            polarity="low",
            kind="proportion",
            period=periods.children_on,
            decimals=1,
        ),
        _indicator(
            "absence",
            "Persistent absence",
            "persistent_absence",
            "pupils",
            100,
            topic="need",
            polarity="low",
            kind="proportion",
            period=periods.year,
            decimals=1,
        ),
        _indicator(
            "household_size",
            "People per household",
            "household_residents",
            "households",
            1,
            topic="need",
            period="2011-03-27",
            decimals=2,
        )
        | {"status": "official", "source": "Census 2011, Office for National Statistics"},
    ]
    if has_contacts:
        rows.append(_rate("contacts", "Contacts", "contacts", periods.year))
        rows.append(
            _indicator(
                "referral_share",
                "Contacts that became a referral",
                "referrals",
                "contacts",
                100,
                kind="proportion",
                polarity="low",
                period=periods.year,
                decimals=1,
            )
        )
    rows += [
        _rate("early_help", "Early help assessments", "early_help", periods.year),
        _rate(
            "referrals",
            "Referrals",
            "referrals",
            periods.year,
            england=TEN_THOUSAND * ENGLAND_REFERRALS / ENGLAND_CHILDREN,
        ),
        _indicator(
            "rereferral",
            "Re-referrals within 12 months",
            "rereferrals",
            "referrals",
            100,
            kind="proportion",
            polarity="low",
            period=periods.year,
            decimals=1,
            benchmarks=[("England 2025", ENGLAND_REREFERRAL_PER_CENT, DFE_2025)],
        ),
        _rate(
            "cin",
            "Children in need",
            "cin",
            periods.open_on,
            england=TEN_THOUSAND * ENGLAND_CIN / ENGLAND_CHILDREN,
        ),
        _rate(
            "cp",
            "Child protection plans",
            "open_cp",
            periods.open_on,
            england=TEN_THOUSAND * ENGLAND_CP / ENGLAND_CHILDREN,
            benchmarks=periods.cp_benchmarks,
        ),
        _rate(
            "cla",
            "Children looked after",
            "open_cla",
            periods.open_on,
            decimals=0,
            england=ENGLAND_CLA_PER_10K,
        ),
        _indicator(
            "asb",
            periods.asb_title,
            "asb",
            "persons",
            1000,
            topic="asb",
            polarity="low",
            period=periods.asb,
            decimals=1,
        )
        | {"status": periods.asb_status, "source": periods.asb_source},
    ]
    return rows


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


def _rate(
    key: str,
    title: str,
    numerator: str,
    period: str,
    *,
    england: float | None = None,
    decimals: int = 1,
    benchmarks: tuple[tuple[str, float, str], ...] = (),
) -> dict[str, Any]:
    """Describe a rate per 10,000 children: neither high nor low is better."""
    rows = list(benchmarks)
    if england is not None:
        rows.append(("England 2025", round(england, 1), DFE_2025))
    return _indicator(
        key,
        title,
        numerator,
        "children",
        TEN_THOUSAND,
        period=period,
        decimals=decimals,
        benchmarks=rows,
    )


def _indicator(
    key: str,
    title: str,
    numerator: str,
    denominator: str,
    per: int,
    *,
    period: str,
    decimals: int,
    topic: str = "demand",
    kind: str = "rate",
    polarity: str = "none",
    benchmarks: list[tuple[str, float, str]] | None = None,
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "key": key,
        "title": title,
        "numerator": numerator,
        "denominator": denominator,
        "per": per,
        "kind": kind,
        "polarity": polarity,
        "topic": topic,
        "decimals": decimals,
        "period": period,
        "source": "Modelled; see docs/data.md",
        "status": "illustrative",
    }
    if benchmarks:
        row["benchmarks"] = [
            {"title": title, "value": value, "source": source}
            for title, value, source in benchmarks
        ]
    return row
