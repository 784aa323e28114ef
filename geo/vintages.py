"""Vintages: small areas of 2011 and of 2021, and how counts go from one to the other.

Most codes of 2011 live on in 2021, so a mix-up shows in a few per cent of areas only. Two tables of
different vintages are never joined as they are: the published lookup says of each area whether it
is unchanged (U), was split (S), was merged with others (M) or is irregular (X), and counts are
converted along it. Counts are carried over, never rates, and every count arrives once.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from geo.build import LAST_2011
from geo.errors import GeographyError, VintageError, named
from geo.ledger import Ledger

Vintage = Literal["2011", "2021", "both", "mixed", ""]
"""What codes tell: a vintage, that they fit both, that they mix two, or nothing."""

OLD, NEW = "2011", "2021"

Numbers = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int32]

_LSOA = re.compile(r"[EW]01[0-9]{6}")
_SINGLE = {"U": (True, True), "S": (False, True), "M": (True, False)}
"""Kind of change -> whether an old area has one new one, and a new area one old one."""


class Change(StrEnum):
    """What became of an area of 2011, as the lookup's CHGIND says it."""

    UNCHANGED = "U"
    SPLIT = "S"
    MERGED = "M"
    IRREGULAR = "X"


class Method(StrEnum):
    """How an area came by its counts."""

    UNCHANGED = "unchanged"
    SUMMED = "summed"
    PEOPLE = "split by people"
    EQUAL = "split equally"
    BEST_FIT = "best fit"


@dataclass(frozen=True, eq=False, repr=False)
class VintageLookup:
    """Pairs of an area of 2011 and one of 2021 that share land.

    Parameters
    ----------
    old, new
        Codes, one of each per pair.
    change
        `U`, `S`, `M` or `X` per pair.
    districts
        Code of the district of each pair's new area; () where they are not told.
    ledger, notes
        What became of the file's rows, and what was assumed; None and () when made by hand.

    Raises
    ------
    VintageError
        When a pair stands twice, an area has two kinds of change or two districts, or the pairs
        contradict the kind: U is one to one, S one old to several new, M several old to one new.

    Examples
    --------
    >>> lookup = VintageLookup(("A", "B", "B"), ("A", "C", "D"), ("U", "S", "S"))
    >>> lookup.forward(("A", "B"), people={"A": 9, "C": 30, "D": 10}).apportion([[5, 8]])
    array([[5., 6., 2.]])
    """

    old: tuple[str, ...]
    new: tuple[str, ...]
    change: tuple[str, ...]
    districts: tuple[str, ...] = ()
    ledger: Ledger | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check once."""
        lengths = {len(self.old), len(self.new), len(self.change)}
        if len(lengths) != 1 or (self.districts and len(self.districts) != len(self.old)):
            raise VintageError(
                "The lookup's columns differ in length.", remedy="Give each pair one of each."
            )
        strange = set(self.change) - set(Change)
        if strange:
            raise VintageError(
                f"The lookup has kinds of change that are none: {named(sorted(strange))}.",
                remedy="CHGIND is U, S, M or X.",
            )
        self._require_single_pairs()
        self._require_fitting_kinds()

    def _require_single_pairs(self) -> None:
        twice = [f"{a}-{b}" for (a, b), n in Counter(zip(self.old, self.new, strict=True)).items()
                 if n > 1]  # fmt: skip
        if twice:
            raise VintageError(f"The lookup has {named(twice)} twice.", remedy="Keep one row each.")
        for codes, facts, what in (
            (self.old, self.change, "kinds of change"),
            (self.new, self.change, "kinds of change"),
            (self.new, self.districts or self.new, "districts"),
        ):
            first: dict[str, str] = {}
            pairs = zip(codes, facts, strict=True)
            torn = {code for code, fact in pairs if first.setdefault(code, fact) != fact}
            if torn:
                raise VintageError(
                    f"The lookup gives {named(sorted(torn))} several {what}.",
                    remedy="Download it again; each area has one.",
                )

    def _require_fitting_kinds(self) -> None:
        news, olds = Counter(self.old), Counter(self.new)
        wrong = [
            f"{old} ({change})"
            for old, new, change in zip(self.old, self.new, self.change, strict=True)
            if change in _SINGLE and (news[old] == 1, olds[new] == 1) != _SINGLE[change]
        ]
        if wrong:
            raise VintageError(
                f"The lookup's pairs contradict their kind of change: {named(wrong)}.",
                remedy="U is one to one, S one to several, M several to one. Is a row missing?",
            )

    @cached_property
    def codes(self) -> Mapping[str, frozenset[str]]:
        """The codes of each vintage."""
        return {OLD: frozenset(self.old), NEW: frozenset(self.new)}

    def district_of(self, vintage: str) -> dict[str, str]:
        """Give code -> district of one vintage; empty where the lookup tells none.

        An area of 2011 that lies in two districts of today is left out.
        """
        codes = self._side(vintage)
        found: dict[str, str] = {}
        torn = set()
        for code, district in zip(codes, self.districts, strict=False):
            if found.setdefault(code, district) != district:
                torn.add(code)
        return {code: district for code, district in found.items() if code not in torn}

    def within(self, districts: Iterable[str]) -> "VintageLookup":
        """Return the pairs of `districts` only, and of areas paired with theirs."""
        wanted = set(districts)
        mine = {i for i, district in enumerate(self.districts) if district in wanted}
        while True:  # a chain of irregular areas is followed to its end
            olds, news = {self.old[i] for i in mine}, {self.new[i] for i in mine}
            pairs = enumerate(zip(self.old, self.new, strict=True))
            kept = [i for i, (a, b) in pairs if a in olds or b in news]
            if len(kept) == len(mine):
                break
            mine = set(kept)
        old, new, change, district = (
            tuple(column[i] for i in kept)
            for column in (self.old, self.new, self.change, self.districts)
        )
        return VintageLookup(old, new, change, district, self.ledger, self.notes)

    def forward(
        self, units: Sequence[str], *, people: Mapping[str, float] | None = None,
        best_fit: Mapping[str, str] | None = None, absent_is_zero: bool = False,
    ) -> "Conversion":  # fmt: skip
        """Say how counts of `units` of 2011 come to areas of 2021.

        U keeps its counts; S is split by the people of its new areas; M is summed; X goes whole to
        one new area: the one `best_fit` names, else the one with most people, and is flagged.

        Parameters
        ----------
        units
            Codes of 2011, each once. Those that the lookup lacks stand in `left_out`.
        people
            People per code of 2021. Where one of a split area's parts is unknown, or all have
            nobody, that area is split equally, and flagged.
        best_fit
            Code of 2021 for irregular codes of 2011.
        absent_is_zero
            What an area that `units` lacks, beside others that it has, had: nothing (incidents),
            or unknown (the default); a sum with an unknown part is missing.

        Raises
        ------
        GeographyError
            When people are negative or no number, or a unit stands twice.
        VintageError
            When no unit is of 2011, or `best_fit` names an area that shares no land.
        """
        return self._convert(OLD, units, people or {}, best_fit or {}, absent_is_zero)

    def backward(
        self, units: Sequence[str], *, people: Mapping[str, float] | None = None,
        best_fit: Mapping[str, str] | None = None, absent_is_zero: bool = False,
    ) -> "Conversion":  # fmt: skip
        """Say how counts of `units` of 2021 come to areas of 2011; see `forward`.

        U keeps its counts; M is split by the people of its old areas (`people` per code of 2011);
        S is summed; X goes whole to one, and is flagged.
        """
        return self._convert(NEW, units, people or {}, best_fit or {}, absent_is_zero)

    def _side(self, vintage: str) -> tuple[str, ...]:
        if vintage not in (OLD, NEW):
            raise VintageError(
                f"The lookup knows 2011 and 2021, not '{vintage}'.", remedy="Ask for one of them."
            )
        return self.old if vintage == OLD else self.new

    def _convert(
        self,
        vintage: str,
        units: Sequence[str],
        people: Mapping[str, float],
        best_fit: Mapping[str, str],
        absent_is_zero: bool,
    ) -> "Conversion":
        source, target = (self.old, self.new) if vintage == OLD else (self.new, self.old)
        _require_known(units, self.codes[vintage], vintage)
        _require_people(people)
        parts, kinds = _parts(source, target, self.change, set(units))
        lacking = {b for a, b in zip(source, target, strict=True) if a not in parts}
        splits = Change.SPLIT if vintage == OLD else Change.MERGED
        facts = _Facts(splits, people, best_fit)
        shared = {unit: _shares(unit, into, kinds[unit], facts) for unit, into in parts.items()}
        into = tuple(sorted({code for codes in parts.values() for code in codes}))
        place, position = ({c: i for i, c in enumerate(codes)} for codes in (units, into))
        links = [
            (place[unit], position[code], share)
            for unit, (_, shares) in shared.items()
            for code, share in shares.items()
        ]
        method = {code: how for unit, (how, _) in shared.items() for code in parts[unit]}
        unfed = set(into) - {into[link[1]] for link in links}
        return Conversion(
            tuple(units),
            into,
            np.array([link[0] for link in links], dtype=np.int32),
            np.array([link[1] for link in links], dtype=np.int32),
            np.array([link[2] for link in links], dtype=np.float64),
            tuple(method[code] for code in into),
            vintage=NEW if vintage == OLD else OLD,
            incomplete=tuple(sorted(unfed if absent_is_zero else unfed | lacking & set(into))),
            left_out=tuple(unit for unit in units if unit not in parts),
            people=np.array([people.get(code, np.nan) for code in into]) if people else None,
        )

    def __len__(self) -> int:
        """Count the pairs."""
        return len(self.old)

    def __repr__(self) -> str:
        """Show the size: `<VintageLookup, 1035 areas of 2011 and 1053 of 2021>`."""
        old, new = (len(self.codes[vintage]) for vintage in (OLD, NEW))
        return f"<VintageLookup, {old} areas of 2011 and {new} of 2021>"


@dataclass(frozen=True, eq=False, repr=False)
class Conversion:
    """How counts of the areas of one vintage come to those of another.

    Parameters
    ----------
    units
        Codes whose counts are converted, in their order.
    into
        Codes of the other vintage, in alphabetical order.
    source, target, share
        Links: position in `units`, position in `into` and the share (0-1) that goes there. The
        shares of a unit add up to 1.
    method
        How each code of `into` came by its counts.
    vintage
        Of `into`.
    incomplete
        Codes of `into` that lack a part, or that an irregular area left empty: their counts are
        unknown. What other areas gave them is not in any total.
    left_out
        Units that the lookup does not know; their counts go nowhere.
    people
        People per code of `into`, NaN where unknown; None where none are known.

    Raises
    ------
    VintageError
        When shares are outside 0-1, or those of a unit do not add up to 1.
    """

    units: tuple[str, ...]
    into: tuple[str, ...]
    source: Positions
    target: Positions
    share: Numbers
    method: tuple[Method, ...]
    vintage: str
    incomplete: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    people: Numbers | None = None

    def __post_init__(self) -> None:
        """Check once, then freeze the arrays."""
        total = np.bincount(self.source, self.share, minlength=len(self.units))
        linked = np.bincount(self.source, minlength=len(self.units)) > 0
        if not np.allclose(total[linked], 1.0) or (self.share < 0).any():
            raise VintageError(
                "The shares of an area do not add up to 1.", remedy="This is a fault of the tool."
            )
        for array in (self.source, self.target, self.share):
            array.setflags(write=False)

    def apportion(self, counts: npt.ArrayLike, *, whole: bool = False) -> Numbers:
        """Convert counts; never give it rates.

        Parameters
        ----------
        counts
            Shape (measures, units), in the order of `units`; NaN where there is no number.
        whole
            Round the parts of a split unit to whole numbers by largest remainder, so that they
            still add up to its count. A tie goes to the part whose code stands first. Each
            measure is rounded alone: where a unit has three parts or more, a count can come out
            1 above a slightly larger one that contains it.

        Returns
        -------
        ndarray of float
            Shape (measures, into); NaN where a part is NaN or lacks.

        Raises
        ------
        GeographyError
            When the shape is another, or `whole` is asked of counts that are not.
        """
        values = np.asarray(counts, dtype=np.float64)
        if values.ndim != 2 or values.shape[1] != len(self.units):
            raise GeographyError(
                f"The counts have the shape {values.shape}; (measures, {len(self.units)}) was "
                "wanted.",
                remedy="Give one column per unit, in the order of the conversion.",
            )
        parts = values[:, self.source] * self.share
        if whole:
            _require_whole(values)
            parts = self._rounded(values, parts)
        result = np.zeros((len(values), len(self.into)))
        for row, part in zip(result, parts, strict=True):
            row[:] = np.bincount(self.target, part, minlength=len(self.into))
        result[:, np.isin(np.array(self.into, dtype=object), self.incomplete)] = np.nan
        return result

    def highest(self, status: npt.ArrayLike) -> npt.NDArray[np.int8]:
        """Carry a status over: each area takes the highest of its parts, shape (measures, into)."""
        given = np.asarray(status, dtype=np.int8)
        result = np.zeros((len(given), len(self.into)), dtype=np.int8)
        for row, values in zip(result, given, strict=True):
            np.maximum.at(row, self.target, values[self.source])
        return result

    def share_by(self, method: Method) -> float | None:
        """Share (0-1) of people in areas that came by their counts so; None without people."""
        if self.people is None or not np.nansum(self.people) > 0:
            return None
        used = np.array([other == method for other in self.method], dtype=bool)
        return float(np.nansum(self.people[used]) / np.nansum(self.people))

    @property
    def flagged(self) -> tuple[str, ...]:
        """Codes of `into` that came by best fit or an equal split: check them by hand."""
        doubtful = (Method.BEST_FIT, Method.EQUAL)
        return tuple(c for c, m in zip(self.into, self.method, strict=True) if m in doubtful)

    def _rounded(self, values: Numbers, parts: Numbers) -> Numbers:
        """Round by largest remainder within each unit."""
        low = np.floor(parts)
        count = len(self.units)
        first = np.concatenate([[0], np.cumsum(np.bincount(self.source, minlength=count))])
        for row in range(len(parts)):
            floor = low[row]
            over = values[row] - np.bincount(self.source, floor, minlength=count)
            order = np.lexsort((self.target, floor - parts[row], self.source))
            rank = np.empty(len(order), dtype=np.int64)
            rank[order] = np.arange(len(order)) - first[self.source[order]]
            floor += rank < np.nan_to_num(np.rint(over))[self.source]
        return low

    def __str__(self) -> str:
        """Say how it was done, as the app and a board paper show it."""
        lines = [f"{len(self.units)} areas converted to {len(self.into)} of {self.vintage}."]
        for method in Method:
            count = self.method.count(method)
            if count:
                lines.append(f"{count} {method}{_percent(self.share_by(method))}.")
        for what, codes in (
            ("flagged", self.flagged),
            ("lack a part and are missing", self.incomplete),
            ("of no vintage that the lookup knows, left out", self.left_out),
        ):
            if codes:
                lines.append(f"{len(codes)} {what}: {named(codes)}.")
        return "\n".join(lines)

    def __repr__(self) -> str:
        """Show the size: `<Conversion of 1035 areas to 1053 of 2021>`."""
        return f"<Conversion of {len(self.units)} areas to {len(self.into)} of {self.vintage}>"


def vintage_of(codes: Iterable[str], lookup: VintageLookup | None = None) -> Vintage:
    """Tell the vintage of LSOA codes.

    Without a lookup only codes given out after 2011 tell; with it codes that ended tell as well.

    Returns
    -------
    str
        `2011` or `2021`; `both` when every code lives in both, `mixed` when some are of one only
        and some of the other, empty when the codes do not tell. Other codes are not looked at.

    Examples
    --------
    >>> vintage_of(["E01020373", "E01035000"])
    '2021'
    >>> vintage_of(["E01020373"])
    ''
    """
    known = {code for code in codes if _LSOA.fullmatch(code)}
    old, new = (lookup.codes[v] if lookup else frozenset[str]() for v in (OLD, NEW))
    begun = any(c > LAST_2011[c[:3]] or (c in new and c not in old) for c in known)
    ended = any(c in old and c not in new for c in known)
    if begun or ended:
        return "mixed" if begun and ended else "2021" if begun else "2011"
    return "both" if known and known <= (old & new) else ""


def require_same_vintage(a: str, b: str, *, what: str = "The two tables") -> None:
    """Refuse to join tables of two vintages, or of one that nobody knows.

    `both` goes with either.

    Raises
    ------
    VintageError
        With the two vintages.
    """
    if not {a, b} <= {OLD, NEW, "both"} or len({a, b} - {"both"}) > 1:
        raise VintageError(
            f"{what} are of {_said(a)} and {_said(b)}; they are never joined as they are.",
            remedy="Convert one of them with the lookup of LSOA 2011 to 2021.",
        )


def _said(vintage: str) -> str:
    return {"": "an unknown vintage", "mixed": "mixed vintages", "both": "either vintage"}.get(
        vintage, vintage
    )


def _require_known(units: Sequence[str], codes: frozenset[str], vintage: str) -> None:
    twice = [unit for unit, count in Counter(units).items() if count > 1]
    if twice:
        raise GeographyError(f"{named(twice)} stand twice.", remedy="Give each area once.")
    if not codes.intersection(units):
        raise VintageError(
            f"None of the {len(units)} areas is one of {vintage} in the lookup.",
            remedy="Does the lookup cover this authority, and is this the right vintage?",
        )


def _require_people(people: Mapping[str, float]) -> None:
    wrong = [code for code, count in people.items() if not 0 <= count < np.inf]
    if wrong:
        raise GeographyError(
            f"The people of {named(wrong)} are negative or no number.",
            remedy="Leave out the areas whose people are not known.",
        )


def _require_whole(values: Numbers) -> None:
    known = values[np.isfinite(values)]
    if (known != np.rint(known)).any():
        raise GeographyError(
            "Whole numbers were wanted of counts that are fractions.",
            remedy="Convert them without rounding.",
        )


def _parts(
    source: Sequence[str], target: Sequence[str], change: Sequence[str], wanted: set[str]
) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Give the areas that each wanted one goes to, in order of code, and its kind of change."""
    parts: dict[str, list[str]] = {}
    kinds: dict[str, str] = {}
    for unit, code, kind in sorted(zip(source, target, change, strict=True)):
        if unit in wanted:
            parts.setdefault(unit, []).append(code)
            kinds[unit] = kind
    return parts, kinds


class _Facts(NamedTuple):
    """What decides where counts go: the kind of change that splits, people, and best fits."""

    splits: Change
    people: Mapping[str, float]
    best_fit: Mapping[str, str]


def _shares(
    unit: str, into: list[str], kind: str, facts: _Facts
) -> tuple[Method, dict[str, float]]:
    """Say how a unit is shared out, and the share of each area it goes to."""
    if kind == Change.IRREGULAR:
        return Method.BEST_FIT, {_best(unit, into, facts): 1.0}
    if kind != facts.splits:
        how = Method.UNCHANGED if kind == Change.UNCHANGED else Method.SUMMED
        return how, {into[0]: 1.0}
    known = [facts.people.get(code, np.nan) for code in into]
    total = sum(known)
    if not total > 0:
        return Method.EQUAL, dict.fromkeys(into, 1.0 / len(into))
    return Method.PEOPLE, {code: n / total for code, n in zip(into, known, strict=True)}


def _best(unit: str, into: list[str], facts: _Facts) -> str:
    chosen = facts.best_fit.get(unit)
    if chosen is None:
        return max(into, key=lambda code: facts.people.get(code, 0.0))
    if chosen not in into:
        raise VintageError(
            f"The best fit sends {unit} to {chosen}, with which it shares no land.",
            remedy=f"It shares land with {named(into)}.",
        )
    return chosen


def _percent(share: float | None) -> str:
    return "" if share is None else f" ({share:.1%} of people)"
