"""Disclosure: keeping small counts, and what would give them away, out of everything shown.

Small counts are suppressed first. Then, where the totals are shown as they are, more cells are
suppressed until no small one follows by subtraction. A rate, a label or a download of a
suppressed count is suppressed as well.

What it protects against: working out a cell exactly from one column, its totals per zone and its
grand total. What it does not: narrow ranges (two cells that add up to 9 are 4 and 5); columns
that add up to each other (open cases and their kinds); the same counts shown over two plans that
nearly coincide; a second source that has the totals of cells suppressed before they came here.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from geo.errors import LayerError
from layers.status import SYMBOL, Status

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Statuses = npt.NDArray[np.int8]
Parents = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Policy:
    """What counts as small, how it is shown, and how the rest is rounded.

    Parameters
    ----------
    key
        Its name in an authority's settings.
    low, high
        Counts from `low` to `high` are suppressed; a true zero is shown.
    symbol
        What stands in their place.
    round_to
        1 shows other counts as they are, 5 rounds them to the nearest 5. Rounded totals give
        nothing exact away, so then no further cells are suppressed.

    Raises
    ------
    LayerError
        When the range is empty or holds zero, or `round_to` is below 1.
    """

    key: str
    low: int
    high: int
    symbol: str
    round_to: int

    def __post_init__(self) -> None:
        """Refuse a rule that suppresses nothing, or zeros."""
        if not 1 <= self.low <= self.high or self.round_to < 1:
            raise LayerError(
                f"The rule '{self.key}' suppresses {self.low} to {self.high} and rounds to "
                f"{self.round_to}.",
                remedy="Suppress from 1 upwards, and round to 1 or more.",
            )


DFE = Policy("dfe", low=1, high=5, symbol="c", round_to=1)
"""Children in need and looked-after statistics (Department for Education): 1 to 5."""

NHS = Policy("nhs", low=1, high=7, symbol="*", round_to=5)
"""Hospital and mental health statistics (NHS England): 1 to 7, others to the nearest 5."""

POLICIES: Mapping[str, Policy] = MappingProxyType({policy.key: policy for policy in (DFE, NHS)})


@dataclass(frozen=True, eq=False)
class Suppressed:
    """Values that may be shown, with what stands behind each.

    Parameters
    ----------
    values
        NaN where there is no number to show.
    status
        `Status` of each, same shape.
    totals
        Of the cells, protected together with them: per group, whose own `totals` hold the grand
        total, or the grand total at once. None for values that do not add up.

    Raises
    ------
    LayerError
        When a number and its status contradict each other.
    """

    values: Array
    status: Statuses
    totals: "Suppressed | None" = None

    def __post_init__(self) -> None:
        """Check once, then freeze the arrays."""
        if self.values.shape != self.status.shape:
            raise LayerError(
                f"There are {self.values.size} values and {self.status.size} statuses."
            )
        if (np.isnan(self.values) != (self.status >= Status.NOT_APPLICABLE)).any():
            raise LayerError("A value contradicts its status.")
        self.values.setflags(write=False)
        self.status.setflags(write=False)


def suppress(
    counts: npt.ArrayLike,
    *,
    policy: Policy = DFE,
    groups: npt.ArrayLike | None = None,
    group_count: int | None = None,
    status: npt.ArrayLike | None = None,
) -> Suppressed:
    """Suppress small counts and what would give them away.

    A suppressed cell is given away when it is the only one in a sum that is shown, or when the
    suppressed cells of a sum can only all be the lowest or all the highest small count. Then the
    smallest other count of that sum is suppressed too, but never a zero; failing that its total.

    Parameters
    ----------
    counts
        One column, shape (cells,); NaN where missing. Shares of a child, which come from
        splitting areas, count as small up to one above `policy.high`.
    policy
        The authority's rule.
    groups
        The group (zone) of each cell as a plan's assignment gives it, 0 upwards and -1 for none,
        when totals per group are shown beside the cells. Only the grand total by default.
    group_count
        How many groups there are; up to the highest number by default.
    status
        What each count comes with; known by default, missing where NaN. A number that came as
        suppressed, missing or not applicable is not shown.

    Returns
    -------
    Suppressed
        Cells, with `totals`: per group, then of the cells in none if there are any; or the grand
        total, shape (1,). A total of which a part has no number has none.

    Raises
    ------
    LayerError
        When a count is negative, or the arrays do not fit each other.

    Examples
    --------
    >>> suppress([3, 40, 8, 0]).values
    array([nan, 40., nan,  0.])
    >>> suppress([3, 40, 8, 0]).totals.values
    array([51.])
    """
    cells, cell_status = _cells(counts, status)
    parent, levels = _tree(len(cells), groups, group_count)
    values, known = _add_up(cells, cell_status, parent)
    hidden = _small(values, policy) | np.isnan(values)
    if policy.round_to == 1:
        hidden = _protected(values, hidden, parent, policy)
    final = np.where(hidden & (known < Status.NOT_APPLICABLE), Status.SUPPRESSED, known)
    shown, final = _rounded(np.where(hidden, np.nan, values), final.astype(np.int8), policy)
    return _nested(shown, final, levels)


def protect(
    columns: Mapping[str, npt.ArrayLike],
    sensitive: AbstractSet[str],
    *,
    policy: Policy = DFE,
    groups: npt.ArrayLike | None = None,
    group_count: int | None = None,
) -> dict[str, Suppressed]:
    """Suppress every sensitive column of a table and pass the others on.

    Parameters
    ----------
    columns
        Counts by name; NaN where missing.
    sensitive
        The names of those that could point at a child. Populations are not among them.
    policy, groups, group_count
        As in `suppress`.

    Raises
    ------
    LayerError
        When a sensitive name is no column: a slip there would publish small counts.
    """
    strangers = sorted(sensitive - set(columns))
    if strangers:
        raise LayerError(
            f"The table has no column '{strangers[0]}' to protect.",
            remedy=f"Its columns are {', '.join(columns)}.",
        )
    return {
        name: suppress(counts, policy=policy, groups=groups, group_count=group_count)
        if name in sensitive
        else Suppressed(*_cells(counts, None))
        for name, counts in columns.items()
    }


def mask_rates(
    values: npt.ArrayLike, numerator_status: npt.ArrayLike, denominator_status: npt.ArrayLike
) -> Suppressed:
    """Suppress what was worked out from suppressed counts: rates, limits, shares, ratios.

    Parameters
    ----------
    values
        Worked out from counts. Under a rule that rounds, work them out from the rounded ones:
        an exact rate gives its count back.
    numerator_status, denominator_status
        `Status` of the two counts of each.

    Returns
    -------
    Suppressed
        Each with the higher status of its two; missing where there is no value for another
        reason, such as a denominator of 0.

    Examples
    --------
    >>> rates = mask_rates([30.0, 42.9], [Status.SUPPRESSED, Status.OK], [Status.OK, Status.OK])
    >>> rates.values
    array([ nan, 42.9])
    """
    rates = np.asarray(values, dtype=np.float64)
    worse = np.maximum(
        np.asarray(numerator_status, dtype=np.int8), np.asarray(denominator_status, dtype=np.int8)
    )
    without = worse >= Status.NOT_APPLICABLE
    status = np.where(np.isnan(rates) & ~without, Status.MISSING, worse).astype(np.int8)
    return Suppressed(np.where(without, np.nan, rates), status)


def cell_text(
    value: float, status: int, *, symbol: str = SYMBOL[Status.SUPPRESSED], decimals: int = 0
) -> str:
    """Write one value as it is shown: a number with thousands marked, or a symbol in its place.

    Parameters
    ----------
    symbol
        Of the authority's rule; missing and not applicable have their own.

    Examples
    --------
    >>> cell_text(1234.56, Status.OK, decimals=1), cell_text(float("nan"), Status.SUPPRESSED)
    ('1,234.6', 'c')
    """
    if status == Status.SUPPRESSED:
        return symbol
    if status in SYMBOL or np.isnan(value):
        return SYMBOL[Status.NOT_APPLICABLE if status == Status.NOT_APPLICABLE else Status.MISSING]
    return f"{value:,.{decimals}f}"


def _cells(counts: npt.ArrayLike, status: npt.ArrayLike | None) -> tuple[Array, Statuses]:
    """Check the counts and bring numbers and statuses into agreement."""
    values = np.array(counts, dtype=np.float64)
    if (values < 0).any():
        raise LayerError("A count to protect is negative.", remedy="A count is 0 or more.")
    known = np.zeros(values.shape, dtype=np.int8) if status is None else np.array(status, np.int8)
    if known.shape != values.shape or values.ndim != 1:
        raise LayerError(f"There are {values.size} counts and {known.size} statuses.")
    known[np.isnan(values) & (known < Status.NOT_APPLICABLE)] = Status.MISSING
    values[known >= Status.NOT_APPLICABLE] = np.nan
    return values, known


def _tree(
    cells: int, groups: npt.ArrayLike | None, group_count: int | None
) -> tuple[Parents, tuple[slice, ...]]:
    """Line up cells, groups and the grand total; say what each adds up to, and where they stand.

    Parts come before their total. The grand total adds up to nothing: it has no entry.
    """
    if groups is None:
        return np.full(cells, cells, dtype=np.int64), (slice(cells), slice(cells, cells + 1))
    group = np.asarray(groups, dtype=np.int64)
    highest = int(group.max(initial=-1))
    count = highest + 1 if group_count is None else group_count
    if group.shape != (cells,) or group.min(initial=0) < -1 or highest >= count:
        raise LayerError(
            f"There are {group.size} group numbers up to {highest} for {cells} counts in "
            f"{count} groups.",
            remedy="Give each count one, 0 upwards or -1.",
        )
    top = cells + count + int((group < 0).any())
    parent = np.concatenate([np.where(group < 0, count, group) + cells, np.full(top - cells, top)])
    return parent, (slice(cells), slice(cells, top), slice(top, top + 1))


def _add_up(cells: Array, status: Statuses, parent: Parents) -> tuple[Array, Statuses]:
    """Put the totals behind the cells; each takes the highest status of its parts."""
    totals = len(parent) + 1 - len(cells)
    values = np.concatenate([cells, np.zeros(totals)])
    known = np.concatenate([status, np.zeros(totals, dtype=np.int8)])
    for part, total in enumerate(parent):
        values[total] += values[part]
        known[total] = max(known[total], known[part])
    return values, known


def _small(values: Array, policy: Policy) -> Mask:
    return np.asarray((values > policy.low - 1) & (values < policy.high + 1))


def _protected(values: Array, hidden: Mask, parent: Parents, policy: Policy) -> Mask:
    """Hide more until no sum gives a hidden value away.

    A sum is a total and its parts. When every sum of a tree has no hidden member or at least two,
    none follows from what is shown: a change in one can be made up by another of the same sum.
    """
    hidden = hidden.copy()
    while True:
        exposed = _exposed(values, hidden, parent, policy)
        if not exposed.size:
            return hidden
        # groups first: what is hidden in them may do for the grand total, which comes last
        groups = exposed[exposed < len(parent)]
        for total in groups if groups.size else exposed:
            parts = np.flatnonzero(parent == total)
            others = parts[~hidden[parts] & (values[parts] > 0)]
            hidden[others[np.argmin(values[others])] if others.size else total] = True


def _exposed(values: Array, hidden: Mask, parent: Parents, policy: Policy) -> npt.NDArray[np.intp]:
    """Find the totals whose sum gives a hidden part, or the hidden total, away."""
    parts = np.bincount(parent, hidden[:-1], minlength=len(values))
    has_parts = np.bincount(parent, minlength=len(values)) > 0
    alone = parts + (hidden & has_parts) == 1
    least, most = _bounds(values, hidden, parent, policy)
    tight = ~hidden & (parts > 0) & ((values <= least) | (values >= most))
    return np.flatnonzero(alone | tight)


def _bounds(values: Array, hidden: Mask, parent: Parents, policy: Policy) -> tuple[Array, Array]:
    """Give the least and the most that the parts of each total can add up to, knowing the rule.

    A hidden count is at least the lowest that is hidden, since a zero is shown. It is at most the
    highest, unless it was hidden only to protect another.
    """
    least, most = np.zeros(len(values)), np.zeros(len(values))
    has_parts = np.bincount(parent, minlength=len(values)) > 0
    ceiling = np.where(_small(values, policy), policy.high, np.inf)
    for part, total in enumerate(parent):
        if not hidden[part]:
            low, high = values[part], values[part]
        elif np.isnan(values[part]):
            low, high = 0.0, np.inf
        else:
            low = max(policy.low, least[part])
            high = min(ceiling[part], most[part] if has_parts[part] else np.inf)
        least[total] += low
        most[total] += high
    return least, most


def _rounded(values: Array, status: Statuses, policy: Policy) -> tuple[Array, Statuses]:
    if policy.round_to == 1:
        return values, status
    near = np.round(values / policy.round_to) * policy.round_to
    moved = (status == Status.OK) & (values > 0)
    return near, np.where(moved, Status.ROUNDED, status).astype(np.int8)


def _nested(values: Array, status: Statuses, levels: Sequence[slice]) -> Suppressed:
    """Hang the totals of each level on the level whose sums they are."""
    level, *above = levels
    totals = _nested(values, status, above) if above else None
    return Suppressed(values[level], status[level], totals)
