"""What a planner takes to be so: staff, case weights, how long cases stay open, how level is level.

Assumptions belong to a scenario and stand beside every figure that follows from them. A kind of
case, a zone or a duration that is not set here is that of the pack.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal, get_args

from geo.errors import PlanError, named
from layers.series import OPEN_KINDS

Staff = Literal["stays", "follows"]
"""What staff do when a line moves: stay with their zone, or follow their cases."""

OpenCases = Literal["transfer", "stay"]
"""What open cases do when a line moves: transfer at once, or stay with their team until closed."""

NEWLY_QUALIFIED = 0.9
"""Share of a full caseload that a worker in the first year holds."""

LEVEL_WITHIN = 0.10
"""A zone is level while its rate is within this share of the rate of all zones."""


@dataclass(frozen=True)
class Assumptions:
    """The assumptions of a scenario; the defaults are the tool's own.

    Parameters
    ----------
    staff, cases
        What staff and open cases do when a line moves.
    weights
        What a case of each of `OPEN_KINDS` weighs; a kind without one weighs 1.
    newly_qualified
        Share of a full caseload, above 0 to 1, that a newly qualified worker holds.
    tolerance
        Share, above 0, of the rate of all zones that a zone may be away and still be level.
    fte
        FTE of a zone as the planner sets it; a zone without one has what the pack records.
    months_open
        Mean months that a case of a kind stays open; a kind without one is seeded from the pack.

    Raises
    ------
    PlanError
        When a number is out of its range, or a kind of case is none of `OPEN_KINDS`.

    Examples
    --------
    >>> Assumptions(weights={"open_cp": 2}).weight("open_cp")
    2.0
    """

    staff: Staff = "stays"
    cases: OpenCases = "transfer"
    weights: Mapping[str, float] = field(default_factory=dict)
    newly_qualified: float = NEWLY_QUALIFIED
    tolerance: float = LEVEL_WITHIN
    fte: Mapping[str, float] = field(default_factory=dict)
    months_open: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check once, then freeze the mappings."""
        self._refuse_words()
        self._refuse_kinds()
        _refuse_outside("The share of a newly qualified worker", self.newly_qualified, most=1)
        _refuse_outside("The tolerance", self.tolerance)
        for what, numbers, may_be_nothing in (
            ("The weight of", self.weights, True),
            ("The FTE of", self.fte, True),
            ("The months open of", self.months_open, False),
        ):
            for key, number in numbers.items():
                _refuse_outside(f"{what} '{key}'", number, least_is_fine=may_be_nothing)
        for name in ("weights", "fte", "months_open"):
            numbers = {str(k): float(v) for k, v in sorted(getattr(self, name).items())}
            object.__setattr__(self, name, MappingProxyType(numbers))

    def _refuse_words(self) -> None:
        for name, word, known in (
            ("staff", self.staff, get_args(Staff)),
            ("cases", self.cases, get_args(OpenCases)),
        ):
            if word not in known:
                raise PlanError(
                    f"The assumption '{name}' is '{word}'.", remedy=f"Choose {' or '.join(known)}."
                )

    def _refuse_kinds(self) -> None:
        strange = sorted({*self.weights, *self.months_open} - set(OPEN_KINDS))
        if strange:
            raise PlanError(
                f"The assumptions speak of the kinds of case {named(strange)}.",
                remedy=f"The kinds are {', '.join(OPEN_KINDS)}.",
            )

    def weight(self, kind: str) -> float:
        """Give what a case of that kind weighs."""
        return self.weights.get(kind, 1.0)

    def with_changes(self, **changes: Any) -> "Assumptions":
        """Return the assumptions with some of them changed, checked anew."""
        return replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Give them as plain values, to be kept."""
        return {
            "staff": self.staff,
            "cases": self.cases,
            "weights": dict(self.weights),
            "newly_qualified": self.newly_qualified,
            "tolerance": self.tolerance,
            "fte": dict(self.fte),
            "months_open": dict(self.months_open),
        }

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> "Assumptions":
        """Read them back from plain values.

        Raises
        ------
        PlanError
            When a name is not known, or a value is of the wrong kind or out of its range.
        """
        strange = sorted(set(kept) - set(cls.__dataclass_fields__))
        if strange:
            raise PlanError(
                f"The assumptions hold {named(strange)}, which this version does not know.",
                remedy="Use the newest Zonewright that was used here.",
            )
        values = dict(kept)
        try:
            for name in ("weights", "fte", "months_open"):
                values[name] = {str(k): float(v) for k, v in dict(kept.get(name, {})).items()}
            for name in ("newly_qualified", "tolerance"):
                if name in kept:
                    values[name] = float(kept[name])
        except (TypeError, ValueError) as error:
            raise PlanError("The assumptions hold words where numbers belong.") from error
        return cls(**values)

    def __hash__(self) -> int:
        """Hash by content, as equality compares."""
        numbers = (*self.weights.items(), None, *self.fte.items(), None, *self.months_open.items())
        return hash((self.staff, self.cases, self.newly_qualified, self.tolerance, numbers))


def _refuse_outside(
    what: str, number: float, *, most: float = math.inf, least_is_fine: bool = False
) -> None:
    """Refuse what is not a number, below 0, or above the most; 0 only where it may be."""
    above = number >= 0 if least_is_fine else number > 0
    if above and number <= most and math.isfinite(number):
        return
    least = "0 or more" if least_is_fine else "above 0"
    limit = f"{least} and at most {most:g}" if math.isfinite(most) else least
    raise PlanError(f"{what} is {number}.", remedy=f"Give a number {limit}.")
