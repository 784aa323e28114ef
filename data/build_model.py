"""Counts of children and of demand, modelled for each small area: illustrative, never evidence.

No council publishes referrals by small area, so the packs carry counts that are made up in a
reasoned way: published totals of the authority are shared out over its small areas by what is
really known of them (residents and households of Census 2011, and the mix of 2011 output area
classes among their postcodes), with random variation from a fixed seed. Every total is met
exactly and every count is a whole number. The coefficients below are judgements, the same for
every authority; none was fitted to a zone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.errors import LayerError

Counts = npt.NDArray[np.int64]
Weights = npt.NDArray[np.float64]

# What each group of the 2011 output area classification is taken to mean: how deprived its
# residents are, from 0 to 1, and which share of them is 0 to 17. Judged from the published names
# and pen portraits of the groups.
GROUPS: Mapping[str, tuple[float, float]] = {
    "1A": (0.15, 0.20),  # Farming communities
    "1B": (0.25, 0.20),  # Rural tenants
    "1C": (0.20, 0.15),  # Ageing rural dwellers
    "2A": (0.25, 0.05),  # Students around campus
    "2B": (0.30, 0.06),  # Inner city students
    "2C": (0.25, 0.11),  # Comfortable cosmopolitans
    "2D": (0.15, 0.14),  # Aspiring and affluent
    "3A": (0.60, 0.28),  # Ethnic family life
    "3B": (0.65, 0.24),  # Endeavouring ethnic mix
    "3C": (0.60, 0.22),  # Ethnic dynamics
    "3D": (0.35, 0.14),  # Aspirational techies
    "4A": (0.55, 0.27),  # Rented family living
    "4B": (0.75, 0.32),  # Challenged Asian terraces
    "4C": (0.45, 0.25),  # Asian traits
    "5A": (0.20, 0.22),  # Urban professionals and families
    "5B": (0.20, 0.15),  # Ageing urban living
    "6A": (0.05, 0.21),  # Suburban achievers
    "6B": (0.15, 0.20),  # Semi-detached suburbia
    "7A": (0.85, 0.26),  # Challenged diversity
    "7B": (0.90, 0.15),  # Constrained flat dwellers
    "7C": (0.80, 0.25),  # White communities
    "7D": (0.65, 0.13),  # Ageing city dwellers
    "8A": (0.45, 0.22),  # Industrious communities
    "8B": (0.70, 0.25),  # Challenged terraced workers
    "8C": (0.60, 0.20),  # Hard pressed ageing workers
    "8D": (0.75, 0.24),  # Migration and churn
}

# How steeply a count rises with deprivation: weight = children x exp(slope x deprivation).
# The further along the staircase of need, the steeper, as national figures by decile are.
CONTACT_SLOPE = 1.2
EARLY_HELP_SLOPE = 1.6
REFERRAL_SLOPE = 2.2
REREFERRAL_SLOPE = 0.5
CIN_SLOPE = 2.2
CP_SLOPE = 2.6
CLA_SLOPE = 2.8
ASB_SLOPE = 1.5

# What two neighbourhoods alike on paper may still differ by: a gamma factor of mean 1 and
# coefficient of variation 1 / sqrt(8) = 35 %, drawn once a unit and shared by all its demand.
AREA_SHAPE = 8.0

LARGEST_CHILD_SHARE = 0.5
LOW_INCOME = (0.04, 0.36)  # share of children = first + second x deprivation
ABSENCE = (0.05, 0.18)
PUPIL_YEARS = 11 / 18  # ages 5 to 15 among 0 to 17
EARLY_HELP_PER_CHILD = 0.025

# Shares of a year's ASB by calendar month, and by the police's three classes: judgements.
MONTHLY = {1: 72, 2: 74, 3: 84, 4: 92, 5: 104, 6: 112, 7: 124, 8: 122, 9: 102, 10: 106, 11: 96}
MONTHLY |= {12: 76}
KINDS = {"Nuisance": 0.72, "Personal": 0.20, "Environmental": 0.08}


@dataclass(frozen=True)
class Places:
    """What is really known of each unit, aligned by position."""

    units: tuple[str, ...]
    persons: Counts
    household_residents: Counts
    households: Counts
    deprivation: Weights
    child_share: Weights

    def __post_init__(self) -> None:
        """Check that every column has one value a unit."""
        sizes = {len(column) for column in vars(self).values()}
        if len(sizes) != 1:
            raise LayerError(f"The attributes are of {sorted(sizes)} units; give each one value.")


@dataclass(frozen=True)
class Totals:
    """The authority's published totals, which the small areas must add up to.

    `contacts` is None where no total is published: the measure is then left out.
    """

    children: int
    referrals: int
    rereferrals: int
    open_cin: int
    open_cp: int
    open_cla: int
    contacts: int | None = None


def describe_places(census: pd.DataFrame, classes: pd.DataFrame) -> Places:
    """Turn Census rows and classified postcodes into the attributes of the model.

    Parameters
    ----------
    census
        Indexed by unit: persons, household_residents, households.
    classes
        One row a postcode: unit and oac ('7C2'). A unit's score is the mean over its postcodes;
        a unit without any takes the mean of the authority.
    """
    known = classes[classes["oac"].str[:2].isin(list(GROUPS))]
    scores = np.array([GROUPS[code[:2]] for code in known["oac"]], dtype=np.float64)
    table = pd.DataFrame(scores.reshape(-1, 2), columns=["deprivation", "child_share"])
    means = table.groupby(known["unit"].to_numpy()).mean().reindex(census.index)
    means = means.fillna(means.mean())
    return Places(
        units=tuple(census.index),
        persons=census["persons"].to_numpy(np.int64),
        household_residents=census["household_residents"].to_numpy(np.int64),
        households=census["households"].to_numpy(np.int64),
        deprivation=means["deprivation"].to_numpy(np.float64),
        child_share=means["child_share"].to_numpy(np.float64),
    )


def model_counts(places: Places, totals: Totals, *, rng: np.random.Generator) -> pd.DataFrame:
    """Share the totals out over the units.

    Returns
    -------
    pandas.DataFrame
        Indexed by unit, whole counts: children, contacts (where there is a total), early_help,
        referrals, rereferrals, open_cin, open_cp, open_cla, cin (their sum), children_low_income,
        pupils, persistent_absence. In every unit rereferrals <= referrals <= contacts, and
        cin <= children <= persons.

    Raises
    ------
    LayerError
        When a total cannot fit, such as more children than half of all residents.
    """
    children = model_children(places, totals.children)
    factor = rng.gamma(AREA_SHAPE, 1 / AREA_SHAPE, size=len(places.units))

    def need(slope: float) -> Weights:
        return np.asarray(children * factor * np.exp(slope * places.deprivation))

    counts: dict[str, Counts] = {"children": children}
    referrals = draw(totals.referrals, need(REFERRAL_SLOPE), rng=rng)
    if totals.contacts is not None:
        # A referral starts as a contact; the rest of the contacts went no further.
        rest = draw(totals.contacts - totals.referrals, need(CONTACT_SLOPE), rng=rng)
        counts["contacts"] = referrals + rest
    helped = round(EARLY_HELP_PER_CHILD * totals.children)
    counts["early_help"] = draw(helped, need(EARLY_HELP_SLOPE), caps=children, rng=rng)
    counts["referrals"] = referrals
    again: Weights = referrals.astype(np.float64) * np.exp(REREFERRAL_SLOPE * places.deprivation)
    counts["rereferrals"] = draw(totals.rereferrals, again, caps=referrals, rng=rng)
    counts |= _open_cases(totals, children, need, rng)
    counts |= _need_counts(children, places.deprivation, rng)
    return pd.DataFrame(counts, index=pd.Index(places.units, name="unit"))


def model_children(places: Places, total: int) -> Counts:
    """Share `total` children out by residents in households, child share and household size."""
    size = places.household_residents / np.maximum(places.households, 1)
    weights = places.household_residents * places.child_share * size / size.mean()
    caps = np.floor(LARGEST_CHILD_SHARE * places.persons).astype(np.int64)
    return apportion(total, weights, caps=caps)


def model_asb(
    places: Places,
    total: int,
    *,
    months: list[str],
    town_factor: Weights,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Make up `total` incidents: month, kind and unit, one row each, without a point.

    Parameters
    ----------
    months
        The months covered ('2015-04'), each once.
    town_factor
        How much more a unit draws for lying near a town centre; 1 for none.
    """
    weights = places.persons * np.exp(ASB_SLOPE * places.deprivation) * town_factor
    factor = rng.gamma(AREA_SHAPE, 1 / AREA_SHAPE, size=len(places.units))
    per_unit = draw(total, weights * factor, rng=rng)
    season = np.array([MONTHLY[int(month[5:])] for month in months], dtype=np.float64)
    kinds = list(KINDS)
    frame = pd.DataFrame(
        {
            "month": rng.choice(months, size=total, p=season / season.sum()),
            "kind": rng.choice(kinds, size=total, p=list(KINDS.values())),
            "unit": np.repeat(np.array(places.units, dtype=object), per_unit),
        }
    )
    return frame.sort_values(["month", "unit", "kind"]).reset_index(drop=True)


def apportion(total: int, weights: Weights, *, caps: Counts | None = None) -> Counts:
    """Share `total` out in proportion, by largest remainder, no unit above its cap.

    Ties go to the unit that comes first.

    Examples
    --------
    >>> apportion(10, np.array([1.0, 1.0, 2.0])).tolist()
    [3, 2, 5]
    """
    room = _room(total, weights, caps)
    full = np.zeros(len(weights), dtype=bool)
    exact = np.zeros(len(weights))
    for _ in range(len(weights)):
        rest = np.where(full, 0.0, weights)
        left = total - room[full].sum()
        exact = np.where(full, room, left * rest / (rest.sum() or 1.0))
        if not (exact > room).any():
            break
        full |= exact > room
    share = np.floor(exact).astype(np.int64)
    by_remainder = np.argsort(-np.where(share < room, exact - share, -1.0), kind="stable")
    share[by_remainder[: total - int(share.sum())]] += 1
    return share


def draw(
    total: int, weights: Weights, *, caps: Counts | None = None, rng: np.random.Generator
) -> Counts:
    """Share `total` out at random in proportion; what exceeds a cap is drawn again elsewhere."""
    room = _room(total, weights, caps)
    share = np.zeros(len(weights), dtype=np.int64)
    while (left := total - int(share.sum())) > 0:
        open_weights = np.where(share < room, weights, 0.0)
        step = rng.multinomial(left, open_weights / open_weights.sum())
        share = np.minimum(share + step, room)
    return share


def _room(total: int, weights: Weights, caps: Counts | None) -> Counts:
    if total < 0 or (weights < 0).any():
        raise LayerError("Totals and weights are 0 or more.")
    unlimited = np.full(len(weights), total, dtype=np.int64)
    room = np.where(weights > 0, unlimited if caps is None else caps, 0)
    if int(room.sum()) < total:
        raise LayerError(
            f"{total} cannot be shared out: the units hold at most {int(room.sum())}.",
            remedy="Check the total and the caps.",
        )
    return room.astype(np.int64)


def _open_cases(
    totals: Totals,
    children: Counts,
    need: Callable[[float], Weights],
    rng: np.random.Generator,
) -> dict[str, Counts]:
    """Place looked-after children first, then plans, then the rest: no child counts twice."""
    cla = draw(totals.open_cla, need(CLA_SLOPE), caps=children, rng=rng)
    cp = draw(totals.open_cp, need(CP_SLOPE), caps=children - cla, rng=rng)
    cin = draw(totals.open_cin, need(CIN_SLOPE), caps=children - cla - cp, rng=rng)
    return {"open_cin": cin, "open_cp": cp, "open_cla": cla, "cin": cin + cp + cla}


def _need_counts(
    children: Counts, deprivation: Weights, rng: np.random.Generator
) -> dict[str, Counts]:
    """Draw indicators of need; they have no published total here and claim none."""
    pupils = np.rint(PUPIL_YEARS * children).astype(np.int64)
    poor = rng.binomial(children, LOW_INCOME[0] + LOW_INCOME[1] * deprivation)
    absent = rng.binomial(pupils, ABSENCE[0] + ABSENCE[1] * deprivation)
    return {"children_low_income": poor, "pupils": pupils, "persistent_absence": absent}
