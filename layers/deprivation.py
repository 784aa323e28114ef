"""Deprivation: the Indices of Deprivation per small area, and what of them may be added up.

Scores and ranks are averages of a small area; a zone's average weighs them by people, so a score
becomes points (score times people) that add up like counts. Deciles are never averaged: a zone has
so many small areas, and so many people, in the most deprived tenth. Scores of two editions are not
comparable, only ranks and deciles are.

Sources: Ministry of Housing, Communities and Local Government, English Indices of Deprivation 2019
and 2025, Research Report, chapter on summary measures for higher geographies.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import LayerError
from geo.ledger import Ledger
from geo.vintages import require_same_vintage
from layers.counts import UnitCounts
from layers.measures import Measure, Measures
from layers.source import Source
from layers.status import Status

AREAS = {"2015": 32_844, "2019": 32_844, "2025": 33_755}
"""Small areas of England in each edition: ranks run from 1, the most deprived, to this."""

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class Domain:
    """Score, rank (1 is most deprived) and decile (1 is most deprived) per unit; NaN if unknown."""

    score: Numbers
    rank: Numbers
    decile: Numbers


@dataclass(frozen=True, eq=False, repr=False)
class Deprivation:
    """The Indices of Deprivation of the units that a file names.

    Parameters
    ----------
    units
        LSOA codes, each once.
    edition, vintage
        `2019` or `2025`, and that of the codes: `2011` or `2021`.
    domains
        `imd`, `income`, `employment`, `education`, `health`, `crime`, `barriers`, `living`, and
        where the file has them `idaci`, `idaopi` and sub-domains.
    populations
        Denominators as published: `persons`, and where the file has them `children_0_15`, ...;
        NaN where unknown.
    districts
        Code of the district of each unit; () where the file does not tell.
    population_date
        Mid-year of the denominators: `2022-06-30`.

    Raises
    ------
    LayerError
        When lengths differ, or there is no overall index or population.
    """

    units: tuple[str, ...]
    edition: str
    vintage: str
    domains: Mapping[str, Domain]
    populations: Mapping[str, Numbers]
    districts: tuple[str, ...]
    population_date: str
    ledger: Ledger
    source: Source
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check once, then freeze the arrays."""
        if "imd" not in self.domains or "persons" not in self.populations:
            raise LayerError(
                "The index has no overall score, or no population.", remedy="Give File 7 whole."
            )
        arrays = [a for d in self.domains.values() for a in (d.score, d.rank, d.decile)]
        arrays += self.populations.values()
        lengths = {len(self.units), *(len(array) for array in arrays)}
        if len(lengths) != 1 or (self.districts and len(self.districts) != len(self.units)):
            raise LayerError(
                "The index's columns differ in length.", remedy="This is a fault of the reader."
            )
        for array in arrays:
            array.setflags(write=False)

    @property
    def people(self) -> Numbers:
        """People per unit, the weights of every average."""
        return self.populations["persons"]

    def __repr__(self) -> str:
        """Show what it is: `<Deprivation 2025 of 1053 units of 2021>`."""
        return f"<Deprivation {self.edition} of {len(self.units)} units of {self.vintage or '?'}>"


@dataclass(frozen=True)
class Averages:
    """The overall index of a group of units, as the published summaries define it.

    Parameters
    ----------
    score
        Population-weighted average score.
    rank
        Population-weighted average rank, reversed: high is deprived.
    areas_in_decile_1
        Share (0-1) of small areas in the national most deprived tenth.
    people_in_decile_1
        Share (0-1) of people who live in those.
    """

    score: float
    rank: float
    areas_in_decile_1: float
    people_in_decile_1: float


def deprivation_counts(index: Deprivation) -> UnitCounts:
    """Make measures that add up to a zone: points, people, and what lies in the first tenth.

    Returns
    -------
    UnitCounts
        `imd_points` and `imd_rank_points` (score, and reversed rank, times people), `imd_people`,
        `imd_decile1_people`, `imd_decile1_areas`, `areas`; where the file has them
        `idaci_children` (children in income deprivation, the score times children to the nearest
        child) and `children_0_15`. A measure of a unit whose parts are unknown is missing.
    """
    rows = [*_imd_rows(index), *_idaci_rows(index)]
    day = index.population_date
    measures = tuple(
        Measure(key, title, counts, day, _key(index), "official")  # type: ignore[arg-type]
        for key, title, counts, _ in rows  # the literals stand in the rows below
    )
    values = np.array([row for *_, row in rows], dtype=np.float64)
    status = np.where(np.isnan(values), Status.MISSING, Status.OK).astype(np.int8)
    return UnitCounts(
        Measures(index.units, measures, values, status),
        index.vintage,
        index.ledger,
        index.source,
        index.districts,
        index.notes,
    )


def averages_by(index: Deprivation, groups: Sequence[str]) -> dict[str, Averages]:
    """Average the overall index by group of units.

    Parameters
    ----------
    groups
        One name per unit; units of the empty name are left out.

    Raises
    ------
    LayerError
        When there is not one group a unit, or nobody lives in a group.
    """
    if len(groups) != len(index.units):
        raise LayerError(
            f"{len(groups)} groups were given for {len(index.units)} units.",
            remedy="Give each unit its group.",
        )
    rows = {key: row for key, *_, row in _imd_rows(index)}
    found = {}
    for group in sorted(set(groups) - {""}):
        mine = np.array([other == group for other in groups], dtype=bool)
        total = {key: float(row[mine].sum()) for key, row in rows.items()}
        people = total["imd_people"]
        if not people > 0:
            raise LayerError(f"Nobody lives in {group}.", remedy="Leave it out.")
        found[group] = Averages(
            total["imd_points"] / people,
            total["imd_rank_points"] / people,
            total["imd_decile1_areas"] / total["areas"],
            total["imd_decile1_people"] / people,
        )
    return found


def require_comparable(a: Deprivation, b: Deprivation) -> None:
    """Refuse to compare scores of two editions, or of areas of two vintages.

    Raises
    ------
    LayerError
        When the editions differ.
    VintageError
        When the vintages differ.
    """
    if a.edition != b.edition:
        raise LayerError(
            f"Scores of {a.edition} and {b.edition} are not comparable: each edition is made from "
            "other figures in another way.",
            remedy="Compare ranks or deciles, and say that they are relative.",
        )
    require_same_vintage(a.vintage, b.vintage, what="The two indices")


def score_changes(a: Deprivation, b: Deprivation) -> dict[str, float]:
    """Give the change of the overall score per unit that both have, from `a` to `b`.

    Only copies of one edition can be compared so (a correction of what was published).

    Raises
    ------
    LayerError
        When the editions differ, or no unit is in both.
    VintageError
        When the vintages differ.
    """
    require_comparable(a, b)
    before = dict(zip(a.units, a.domains["imd"].score.tolist(), strict=True))
    after = dict(zip(b.units, b.domains["imd"].score.tolist(), strict=True))
    both = [unit for unit in a.units if unit in after]
    if not both:
        raise LayerError("The two indices share no unit.", remedy="Are they of one authority?")
    return {unit: after[unit] - before[unit] for unit in both}


def _imd_rows(index: Deprivation) -> list[tuple[str, str, str, Numbers]]:
    imd, people = index.domains["imd"], index.people
    first = np.where(np.isnan(imd.decile), np.nan, imd.decile == 1)
    reversed_rank = AREAS[index.edition] + 1 - imd.rank
    ones = np.ones(len(index.units))
    tenth = "the most deprived tenth of England"
    return [
        ("imd_points", "Deprivation score times people", "points", imd.score * people),
        ("imd_rank_points", "Deprivation rank, reversed, times people", "points",
         reversed_rank * people),
        ("imd_people", "People whom the deprivation score weighs", "people", people),
        ("imd_decile1_people", f"People in {tenth}", "people", first * people),
        ("imd_decile1_areas", f"Small areas in {tenth}", "areas", first),
        ("areas", "Small areas", "areas", ones),
    ]  # fmt: skip


def _idaci_rows(index: Deprivation) -> list[tuple[str, str, str, Numbers]]:
    children = index.populations.get("children_0_15")
    rows = []
    if children is not None and "idaci" in index.domains:
        # The published score has three decimals, enough to tell the child for up to 1,000 children.
        poor = np.rint(index.domains["idaci"].score * children)
        rows.append(("idaci_children", "Children aged 0 to 15 in income deprivation", "children",
                     poor))  # fmt: skip
    if children is not None:
        rows.append(("children_0_15", "Children aged 0 to 15", "children", children))
    return rows


def _key(index: Deprivation) -> str:
    return f"iod{index.edition}"
