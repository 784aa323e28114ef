"""What is done for children, modelled for each small area: illustrative, never evidence.

Timeliness, plans, early help and schooling, drawn from the counts of `data.build_model`. A part is
drawn out of its whole, unit by unit, so it never exceeds it. Where a share was published the
authority's total follows from it; every other total is an assumption, named beside its count
(`data.build_indicators.PRACTICE`) and in docs/data.md.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.build_model import (
    AREA_SHAPE,
    CLA_SLOPE,
    CONTACT_SLOPE,
    CP_SLOPE,
    EARLY_HELP_SLOPE,
    Counts,
    Places,
    Weights,
    draw,
)

# How much likelier a contact, review or visit is late in the most deprived than in the least
# deprived unit: exp of this. A judgement.
LATE_SLOPE = 0.8

# Schooling and work: share of pupils or young people = first + second x deprivation.
FREE_MEALS = (0.06, 0.42)
SUSPENDED = (0.01, 0.06)
GOOD_LEVEL = (0.80, -0.28)
NOT_IN_WORK = (0.02, 0.09)
RECEPTION_YEARS = 1 / 18
SIXTEEN_YEARS = 2 / 18

# Who leads an early help plan: shares of open plans.
LEADS = {
    "lead_school": 0.44,
    "lead_health": 0.17,
    "lead_council": 0.27,
    "lead_voluntary": 0.07,
    "lead_other": 0.05,
}

VISITS_A_QUARTER = {"cp": 6, "cla": 2}  # every two weeks, and every six


@dataclass(frozen=True)
class Practice:
    """Shares behind the authority's totals; the defaults are assumptions.

    Parameters
    ----------
    progression
        Referrals of contacts, where no number of contacts was published.
    triaged
        Contacts that go to triage.
    diverted
        Of these, the ones that go no further.
    assessed
        Assessments of referrals.
    plans_started
        Protection plans begun in a year, per child on one at its end.
    second
        Of these, the second or later ones.
    review_due
        Children on a plan, or looked after, long enough to be due for review.
    support_per_child
        Children with extra help from one service; None where no step of need has them.
    """

    progression: float = 0.32
    decided_24h: float = 0.94
    triaged: float = 0.30
    diverted: float = 0.75
    assessed: float = 0.92
    in_45_days: float = 0.84
    plans_started: float = 1.2
    second: float = 0.24
    review_due: float = 0.85
    reviews_in_time: float = 0.93
    visits_in_time: float = 0.88
    plans_per_child: float = 0.018
    support_per_child: float | None = 0.055
    proceedings_per_child: float = 0.0013


def model_practice(
    places: Places, counts: pd.DataFrame, practice: Practice, *, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw what is done out of the counts of demand.

    Parameters
    ----------
    counts
        As `model_counts` gives them; contacts are made up where they are not there.

    Returns
    -------
    pandas.DataFrame
        Indexed by unit, whole counts, only columns that `counts` does not have. In every unit each
        part is at most its whole; those of the group 'lead professional' add up to the open early
        help plans; children with universal services, extra help, a plan or open as in need add up
        to all children.
    """
    made = _at_the_door(places, counts, practice, rng)
    made |= _early_help(places, counts, practice, rng)
    made |= _plans(places, counts, practice, rng)
    made |= _schooling(places, counts, rng)
    return pd.DataFrame(made, index=counts.index)


def in_time(
    whole: Counts, share: float, deprivation: Weights, *, rng: np.random.Generator
) -> Counts:
    """Draw the late ones out of `whole`, more of them where deprivation is high; give the rest.

    The sum is `share` of the whole, rounded.
    """
    total = int(whole.sum())
    weights: Weights = whole.astype(np.float64) * np.exp(LATE_SLOPE * deprivation)
    missed: Counts = draw(total - round(share * total), weights, caps=whole, rng=rng)
    kept: Counts = whole - missed
    return kept


def _at_the_door(
    places: Places, counts: pd.DataFrame, practice: Practice, rng: np.random.Generator
) -> dict[str, Counts]:
    made: dict[str, Counts] = {}
    referrals = _column(counts, "referrals")
    if "contacts" in counts:
        contacts = _column(counts, "contacts")
    else:
        rest = round(int(referrals.sum()) / practice.progression) - int(referrals.sum())
        contacts = referrals + draw(rest, _need(places, counts, CONTACT_SLOPE, rng), rng=rng)
        made["contacts"] = contacts
    made["contacts_decided_24h"] = in_time(
        contacts, practice.decided_24h, places.deprivation, rng=rng
    )
    triaged = round(practice.triaged * int(contacts.sum()))
    # who is diverted is not referred, so the diverted come out of the contacts that went no further
    room = contacts - referrals
    diverted = draw(round(practice.diverted * triaged), room.astype(float), caps=room, rng=rng)
    room = contacts - diverted
    onward = draw(triaged - int(diverted.sum()), room.astype(float), caps=room, rng=rng)
    made |= {"contacts_triaged": diverted + onward, "contacts_diverted": diverted}
    assessed = round(practice.assessed * int(referrals.sum()))
    assessments = draw(assessed, referrals.astype(float), caps=referrals, rng=rng)
    made["assessments"] = assessments
    made["assessments_45_days"] = in_time(
        assessments, practice.in_45_days, places.deprivation, rng=rng
    )
    return made


def _early_help(
    places: Places, counts: pd.DataFrame, practice: Practice, rng: np.random.Generator
) -> dict[str, Counts]:
    """Place children on the lower steps of need, each on one."""
    children = _column(counts, "children")
    room = children - _column(counts, "cin")
    made: dict[str, Counts] = {}
    for key, share in (
        ("early_help_plans", practice.plans_per_child),
        ("additional_support", practice.support_per_child),
    ):
        if share is None:
            continue
        weights = _need(places, counts, EARLY_HELP_SLOPE, rng)
        made[key] = draw(round(share * int(children.sum())), weights, caps=room, rng=rng)
        room = room - made[key]
    made["children_universal"] = room
    leads = rng.multinomial(made["early_help_plans"], list(LEADS.values()))
    return made | dict(zip(LEADS, leads.T, strict=True))


def _plans(
    places: Places, counts: pd.DataFrame, practice: Practice, rng: np.random.Generator
) -> dict[str, Counts]:
    children = _column(counts, "children")
    begun = round(practice.plans_started * int(counts["open_cp"].sum()))
    starts = draw(begun, _need(places, counts, CP_SLOPE, rng), rng=rng)
    second = round(practice.second * begun)
    begun_in_court = round(practice.proceedings_per_child * int(children.sum()))
    weights = _need(places, counts, CLA_SLOPE, rng)
    made: dict[str, Counts] = {
        "cp_starts": starts,
        "cp_second": draw(second, starts.astype(float), caps=starts, rng=rng),
        "proceedings": draw(begun_in_court, weights, caps=children, rng=rng),
    }
    for kind, visits in VISITS_A_QUARTER.items():
        whole = _column(counts, f"open_{kind}")
        due = in_time(whole, practice.review_due, 0 * places.deprivation, rng=rng)
        made[f"{kind}_reviews_due"] = due
        # not the same number for each child: a multiple would give small numbers of children away
        made[f"{kind}_visits_due"] = draw(visits * int(whole.sum()), _uneven(whole, rng), rng=rng)
        for what, share in (
            ("reviews", practice.reviews_in_time),
            ("visits", practice.visits_in_time),
        ):
            made[f"{kind}_{what}_in_time"] = in_time(
                made[f"{kind}_{what}_due"], share, places.deprivation, rng=rng
            )
    return made


def _schooling(places: Places, counts: pd.DataFrame, rng: np.random.Generator) -> dict[str, Counts]:
    children, pupils = _column(counts, "children"), _column(counts, "pupils")
    reception = np.rint(RECEPTION_YEARS * children).astype(np.int64)
    older = np.rint(SIXTEEN_YEARS * children).astype(np.int64)

    def some(whole: Counts, line: tuple[float, float]) -> Counts:
        return rng.binomial(whole, line[0] + line[1] * places.deprivation).astype(np.int64)

    return {
        "pupils_fsm": some(pupils, FREE_MEALS),
        "pupils_suspended": some(pupils, SUSPENDED),
        "pupils_reception": reception,
        "gld": some(reception, GOOD_LEVEL),
        "young_people_16_17": older,
        "neet": some(older, NOT_IN_WORK),
    }


def _uneven(whole: Counts, rng: np.random.Generator) -> Weights:
    return np.asarray(whole * rng.gamma(AREA_SHAPE, 1 / AREA_SHAPE, size=len(whole)))


def _need(places: Places, counts: pd.DataFrame, slope: float, rng: np.random.Generator) -> Weights:
    factor = rng.gamma(AREA_SHAPE, 1 / AREA_SHAPE, size=len(places.units))
    return np.asarray(_column(counts, "children") * factor * np.exp(slope * places.deprivation))


def _column(counts: pd.DataFrame, key: str) -> npt.NDArray[np.int64]:
    return counts[key].to_numpy(np.int64)
