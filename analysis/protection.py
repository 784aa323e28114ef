"""Protection: what anybody can work out from published sums, and the least to withhold against it.

Everything published is a set of bounds on sums of parts: a shown count is a sum known exactly, a
rounded one a sum known within half the base, a hidden one a sum known to be no zero. The parts are
whole numbers, 0 or more. A small count is protected when its feasible range, from all that is
known together, is as wide as the range that its symbol stands for.

Ranges are found with HiGHS (`scipy.optimize.milp`), and so is the least to withhold: the model of
Fischetti and Salazar-González (2001) where the table is small enough, else one set at a time
(Kelly, Golden and Assad 1992), which protects as well and may withhold more. What an attacker
takes for the rule is what `analysis.disclosure` takes: a hidden count is no zero, and he may know
which of the hidden ones are small.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from analysis.disclosure import DFE, Policy, Suppressed, suppress
from geo.errors import LayerError
from layers.status import Status

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

REACH = 40.0
"""How far above its true count a part is looked for: what lies further off is only safer."""

EXACT_VARIABLES = 4_000
"""Up to this size the least to withhold is found at once; above it set by set."""

SECONDS = 10.0
"""Time for one whole-number problem. What is not settled by then is taken as not protected."""

MOST_CELLS = 2_000
"""Up to this size ranges within one table are checked: the largest counties have half as many."""

_SLACK = 1e-6
_MOST_IN_ONE = 20_000


@dataclass(frozen=True, eq=False)
class Known:
    """What is known: bounds on weighted sums of parts that nobody outside knows.

    Parameters
    ----------
    rows
        Weights, shape (rows, parts): 1 where a part counts into a published sum.
    least, most
        Of each sum; infinite where there is no bound.
    truth
        The true count of each part, which keeps all bounds.

    Raises
    ------
    LayerError
        When shapes differ, or the truth breaks a bound: then what was published was of other
        counts.
    """

    rows: Array
    least: Array
    most: Array
    truth: Array

    def __post_init__(self) -> None:
        """Check that the truth is one of the answers."""
        shape = (len(self.least), len(self.truth))
        if self.rows.shape != shape or self.most.shape != self.least.shape:
            raise LayerError(f"Bounds on {shape[0]} sums do not fit rows of {self.rows.shape}.")
        sums = self.rows @ self.truth
        off = (sums < self.least - _SLACK) | (sums > self.most + _SLACK)
        if off.any() or (self.truth < 0).any():
            raise LayerError(
                f"{int(off.sum())} published sums contradict the counts.",
                remedy="Were the counts changed since? Audit with those that were published.",
            )

    @cached_property
    def whole(self) -> bool:
        """Whether all parts are whole numbers; shares of a child are not."""
        return bool(np.allclose(self.truth, np.round(self.truth), atol=_SLACK))

    @cached_property
    def ceiling(self) -> Array:
        """How large each part is looked for."""
        return np.asarray(self.truth + REACH)


@dataclass(frozen=True, eq=False)
class Offer:
    """Sums that are about to be published, of the same parts as a `Known`.

    Parameters
    ----------
    rows
        Weights, shape (sums, parts).
    least, most
        What each tells when it is shown, and, where `hidden`, what its symbol tells.
    hidden
        Those that are not shown.
    loss
        What is lost by withholding each; infinite where that is out of the question.
    floor
        The least that a withheld one can be: the rule's lowest small count, 0 where it is zero.
    """

    rows: Array
    least: Array
    most: Array
    hidden: Mask
    loss: Array
    floor: Array

    def withheld(self, more: Mask) -> "Offer":
        """Return the offer with `more` of its sums withheld."""
        new = more & ~self.hidden
        return Offer(
            self.rows,
            np.where(new, self.floor, self.least),
            np.where(new, np.inf, self.most),
            self.hidden | more,
            self.loss,
            self.floor,
        )

    def added_to(self, known: Known) -> Known:
        """Give what is known once the offer is published."""
        return Known(
            np.vstack([known.rows, self.rows]),
            np.concatenate([known.least, self.least]),
            np.concatenate([known.most, self.most]),
            known.truth,
        )


def offer_of(
    rows: Array, truth: Array, status: npt.ArrayLike, *, policy: Policy, loss: npt.ArrayLike
) -> Offer:
    """Say what sums tell, each by its status.

    Parameters
    ----------
    rows
        Weights, shape (sums, parts).
    truth
        Counts of the parts.
    status
        `Status` of each sum: ok tells it exactly, rounded within half of `policy.round_to`,
        suppressed that it is no zero and, where it is small, no more than `policy.high`. Missing
        and not applicable tell nothing.
    """
    states = np.asarray(status, dtype=np.int8)
    sums = rows @ truth
    base = max(policy.round_to, 1)
    near = np.where(states == Status.ROUNDED, np.round(sums / base) * base, sums)
    # a whole number is never rounded by the odd half of a base
    most_off = np.where(np.isclose(sums, np.round(sums)), base // 2, base / 2)
    half = np.where(states == Status.ROUNDED, most_off, 0.0)
    floor = np.where(sums > policy.low - 1, np.minimum(policy.low, sums), 0.0)
    hidden = states == Status.SUPPRESSED
    small = hidden & small_counts(sums, policy)
    silent = (states == Status.MISSING) | (states == Status.NOT_APPLICABLE)
    least = np.where(hidden, floor, np.where(silent, 0.0, np.maximum(near - half, 0)))
    # a share of a child counts as small up to one above the highest small count
    most = np.where(hidden | silent, np.inf, near + half)
    most = np.where(small, np.maximum(policy.high, sums), most)
    return Offer(rows, least, most, hidden | silent, np.asarray(loss, dtype=np.float64), floor)


def small_counts(counts: npt.ArrayLike, policy: Policy) -> Mask:
    """Say which counts the rule hides; shares of a child count up to one above its highest."""
    values = np.asarray(counts, dtype=np.float64)
    return np.asarray((values > policy.low - 1) & (values < policy.high + 1))


def width_of(policy: Policy) -> int:
    """Give the width of the protection interval: 4 for counts from 1 to 5."""
    return policy.high - policy.low


def feasible_ranges(known: Known, sets: npt.ArrayLike) -> Array:
    """Find the least and most that each of `sets` can be, given all that is known.

    Parameters
    ----------
    sets
        Weights, shape (sets, parts).

    Returns
    -------
    Array
        Shape (sets, 2). Whole numbers where the counts are. No part is looked for more than
        `REACH` above its true count.

    Examples
    --------
    Two hidden counts of which 9 is the sum, neither a zero:

    >>> known = Known(np.eye(2), np.ones(2), np.full(2, np.inf), np.array([4.0, 5.0]))
    >>> both = Offer(np.ones((1, 2)), *np.array([[9.0], [9.0]]), *np.zeros((3, 1)))
    >>> feasible_ranges(both.added_to(known), np.eye(2))
    array([[1., 8.],
           [1., 8.]])
    """
    weights = np.atleast_2d(np.asarray(sets, dtype=np.float64))
    step = max(1, _MOST_IN_ONE // max(1, 2 * len(known.truth)))
    blocks = [_ranges(known, weights[at : at + step]) for at in range(0, len(weights), step)]
    return np.vstack(blocks) if blocks else np.zeros((0, 2))


def widths(known: Known, sets: npt.ArrayLike) -> Array:
    """Give how wide the feasible range of each of `sets` is."""
    ranges = feasible_ranges(known, sets)
    return np.asarray(ranges[:, 1] - ranges[:, 0])


@dataclass(frozen=True, eq=False)
class Search:
    """What a search for narrow sets found: one a row, and whether there can be others."""

    sets: Mask
    complete: bool


def narrow_sets(
    known: Known, among: Mask, *, policy: Policy, width: float, most: int = 1
) -> Search:
    """Look for sets of parts whose count is small and can be told more closely than it may.

    Any set whatever of the parts counts, not only those that somebody thought of: a set is narrow
    when two weighted sums of what is known enclose it (linear duality), and the search is over
    sets and weights at once.

    Parameters
    ----------
    among
        The parts that sets are made of, shape (parts,).
    width
        How wide a range must be: `width_of(policy)`, or 1 for sets that are told exactly.
    most
        Stop after so many.

    Notes
    -----
    Where every part of the search is a published cell of its own, hidden as no zero or shown as
    one, nothing is searched: a set of two parts or more that counts 5 leaves each of them 1 to 4,
    so the parts themselves are narrow then.
    """
    if _told_apart(known, among, policy):
        return Search(np.zeros((0, len(known.truth)), dtype=bool), complete=True)
    found: list[Mask] = []
    small = among & (known.truth < policy.high + 1)
    problem = _Duality(known, small, policy, width)
    while len(found) < most:
        at, complete = problem.solve(found)
        if at is None:
            return Search(np.array(found, dtype=bool).reshape(-1, len(known.truth)), complete)
        found.append(at)
    return Search(np.array(found), complete=False)


def least_withheld(
    known: Known, offer: Offer, sets: npt.ArrayLike, wide: npt.ArrayLike
) -> Mask | None:
    """Choose what to withhold of an offer, so that the ranges of `sets` stay wide enough.

    Parameters
    ----------
    sets
        Weights, shape (sets, parts).
    wide
        How wide the range of each must be at least.

    Returns
    -------
    Mask or None
        Which sums of the offer to withhold, those already hidden among them. None when no choice
        does: then what is known before already tells too much, or too little may be withheld.
    """
    weights = np.atleast_2d(np.asarray(sets, dtype=np.float64))
    wanted = np.asarray(wide, dtype=np.float64)
    if not len(weights):
        return offer.hidden
    if 2 * weights.size <= EXACT_VARIABLES:
        chosen = _withhold(known, offer, weights, wanted, exact=True)
        if chosen is not None:
            return chosen
    for at in range(len(weights)):
        chosen = _withhold(known, offer, weights[[at]], wanted[[at]], exact=False)
        if chosen is None:
            return None
        offer = offer.withheld(chosen)
    return offer.hidden


def withhold_until_safe(
    known: Known,
    offer: Offer,
    sets: npt.ArrayLike,
    *,
    policy: Policy,
) -> Mask | None:
    """Withhold the least of an offer that keeps the ranges of `sets`, and check them after.

    Parameters
    ----------
    sets
        Weights, shape (sets, parts). Each is to range over the protection interval of `policy`,
        or over what is left of it when the whole offer is withheld: two cells of a total that is
        hidden as 1 to 5 are 1 to 4 whatever is done.

    Returns
    -------
    Mask or None
        What `least_withheld` gives, for ranges in whole numbers.
    """
    weights = np.atleast_2d(np.asarray(sets, dtype=np.float64))
    wanted = np.full(len(weights), float(width_of(policy)))
    everything = offer.withheld(np.isfinite(offer.loss)).added_to(known)
    capped = np.zeros(len(weights), dtype=bool)  # by the width with everything withheld
    while True:
        found = widths(offer.added_to(known), weights)
        fresh = (found < wanted - _SLACK) & ~capped
        if fresh.any():
            wanted[fresh] = np.minimum(wanted[fresh], widths(everything, weights[fresh]))
            capped |= fresh
        narrow = found < wanted - _SLACK
        if not narrow.any():
            return offer.hidden
        chosen = least_withheld(known, offer, weights[narrow], wanted[narrow])
        if chosen is not None and (chosen == offer.hidden).all():
            # whole numbers leave less room than the solver saw: one more, and look again
            chosen = chosen | _cheapest(offer)
        if chosen is None or (chosen == offer.hidden).all():
            return None
        offer = offer.withheld(chosen)


def suppress_least(
    counts: npt.ArrayLike,
    *,
    policy: Policy = DFE,
    groups: npt.ArrayLike | None = None,
    group_count: int | None = None,
    status: npt.ArrayLike | None = None,
) -> Suppressed:
    """Suppress small counts, and the least besides that keeps each of their ranges whole.

    Takes and gives what `analysis.disclosure.suppress` does, and refuses what it refuses. No
    suppressed small count, of a cell, a group or all, can be told more closely than its symbol
    says: under the rule of the Department for Education, each can still be anything from 1 to 5.
    The loss of a cell is the number of cells it adds up, and less than one more for its count:
    single cells go before totals, small ones before large ones. Zeros are always shown. Tables of
    more than `MOST_CELLS` cells come back as `suppress` leaves them.

    Examples
    --------
    Of 1 and 3, which add up to 4, neither could be 5: so one more is hidden.

    >>> suppress_least([1, 3, 40, 8]).values
    array([nan, nan, 40., nan])
    """
    plain = suppress(counts, policy=policy, groups=groups, group_count=group_count, status=status)
    if plain.values.size > MOST_CELLS:
        return plain
    cells, came = _as_came(counts, status)
    table, parent = _sums_of(plain, groups)
    sums = table @ cells
    known = (
        np.array([came[row > 0].max(initial=Status.OK) for row in table]) < Status.NOT_APPLICABLE
    )
    states = _flat(plain)
    loss = np.where(known & (sums > 0), table.sum(axis=1) + sums / (cells.sum() + 1.0), np.inf)
    offer = offer_of(table, cells, states, policy=policy, loss=loss)
    small = known & small_counts(sums, policy)
    hidden = _Tree(offer, cells, parent).withheld_until_wide(small, float(width_of(policy)))
    if (hidden == offer.hidden).all():
        return plain
    states[hidden & known] = Status.SUPPRESSED
    rounded = np.where(states == Status.ROUNDED, _rounded(sums, policy), sums)
    values = np.where(states >= Status.NOT_APPLICABLE, np.nan, rounded)
    return _nested(values, states, plain)


def _as_came(
    counts: npt.ArrayLike, status: npt.ArrayLike | None
) -> tuple[Array, npt.NDArray[np.int8]]:
    """Give the counts with 0 where there is no number, and what each came with."""
    values = np.array(counts, dtype=np.float64)
    came = np.zeros(values.shape, dtype=np.int8) if status is None else np.array(status, np.int8)
    came[np.isnan(values) & (came < Status.NOT_APPLICABLE)] = Status.MISSING
    return np.where(came >= Status.NOT_APPLICABLE, 0.0, values), came


def _sums_of(
    layout: Suppressed, groups: npt.ArrayLike | None
) -> tuple[Array, npt.NDArray[np.intp]]:
    """Give the rows of a table: its cells, its groups if it has any, and all.

    With it which row each row adds up to; the last, all, adds up to itself.
    """
    cells = layout.values.size
    rows = [np.eye(cells)]
    if groups is None or layout.totals is None or layout.totals.totals is None:
        parent = np.full(cells + 1, cells, dtype=np.intp)
    else:
        count = layout.totals.values.size
        group = np.asarray(groups, dtype=np.intp)
        group = np.where(group < 0, count - 1, group)
        rows.append((group == np.arange(count)[:, None]).astype(np.float64))
        parent = np.concatenate([group + cells, np.full(count + 1, cells + count, dtype=np.intp)])
    return np.vstack([*rows, np.ones((1, cells))]), parent


def _flat(nested: Suppressed) -> npt.NDArray[np.int8]:
    """Give the status of cells, groups and all, one behind the other."""
    above = [] if nested.totals is None else [_flat(nested.totals)]
    return np.concatenate([nested.status, *above])


class _Tree:
    """The sums of one table of cells, groups and all, whose ranges need no solver.

    In a tree the bounds that the parts put on a sum, and then the sum and its other parts on each
    part, are all there is to know: two passes give every range exactly.
    """

    def __init__(self, offer: Offer, truth: Array, parent: npt.NDArray[np.intp]) -> None:
        """Take the sums of an offer, and which row each adds up to; the last adds up to itself."""
        self._offer = offer
        last, cells = len(parent) - 1, len(truth)
        spans = [(0, cells), (cells, last)] if last > cells else [(0, cells)]
        self._levels = [slice(*span) for span in spans]
        self._over = [parent[level] for level in self._levels]
        self._ups = [
            (over[:, None] == np.arange(over.min(), last + 1)).astype(np.float64)
            if len(over)
            else None
            for over in self._over
        ]
        self._ceiling = np.concatenate([truth + REACH, np.full(last + 1 - cells, np.inf)])

    def withheld_until_wide(self, small: Mask, width: float) -> Mask:
        """Withhold until each of `small` ranges over `width`, or as far as it can at all.

        The cheapest sum that widens every narrow range is taken; where none does, the one that
        widens most, and then once more. What proves needless in the end is shown again.
        """
        can = np.isfinite(self._offer.loss)
        hidden = self._offer.hidden
        wanted = np.minimum(self._widths((hidden | can)[None])[0, small], width)
        order = np.argsort(self._offer.loss)
        taken: list[int] = []
        while True:
            lacks = wanted - self._widths(hidden[None])[0, small]
            if (lacks <= _SLACK).all():
                break
            ways = order[(can & ~hidden)[order]]
            tried = self._widths(hidden[None] | (ways[:, None] == np.arange(len(hidden))))
            left = np.maximum(wanted - tried[:, small], 0.0).sum(axis=1)
            taken.append(int(ways[np.argmin(np.round(left, 6))]))  # the first of equals is cheapest
            hidden = hidden | (np.arange(len(hidden)) == taken[-1])
        for at in taken[-2::-1]:
            fewer = hidden & (np.arange(len(hidden)) != at)
            if (self._widths(fewer[None])[0, small] >= wanted - _SLACK).all():
                hidden = fewer
        return np.asarray(hidden)

    def _widths(self, hidden: Mask) -> Array:
        """Give the width of every range for each choice of what is hidden, shape as `hidden`."""
        new = hidden & ~self._offer.hidden
        low = np.where(new, self._offer.floor, self._offer.least)
        high = np.minimum(np.where(new, np.inf, self._offer.most), self._ceiling)
        sums = []
        for level, over, up in zip(self._levels, self._over, self._ups, strict=True):
            if up is None:
                continue
            above = slice(over.min(), over.min() + up.shape[1])
            sums.append((level, over, over - over.min(), low[:, level] @ up, high[:, level] @ up))
            low[:, above] = np.maximum(low[:, above], sums[-1][3])
            parts = np.where(up.any(axis=0), sums[-1][4], np.inf)
            high[:, above] = np.minimum(high[:, above], parts)
        for level, over, at, least, most in reversed(sums):
            room = high[:, over] - (least[:, at] - low[:, level])
            need = low[:, over] - (most[:, at] - high[:, level])
            low[:, level] = np.maximum(low[:, level], need)
            high[:, level] = np.minimum(high[:, level], room)
        return np.asarray(high - low)


def _rounded(sums: Array, policy: Policy) -> Array:
    return np.asarray(np.round(sums / policy.round_to) * policy.round_to)


def _nested(
    values: Array, states: npt.NDArray[np.int8], layout: Suppressed, start: int = 0
) -> Suppressed:
    """Hang the totals of each level behind it, as they hang in `layout`."""
    end = start + layout.values.size
    totals = None if layout.totals is None else _nested(values, states, layout.totals, end)
    return Suppressed(values[start:end].copy(), states[start:end].copy(), totals)


def _cheapest(offer: Offer) -> Mask:
    """Say which sum that is still shown costs least to withhold."""
    loss = np.where(offer.hidden, np.inf, offer.loss)
    return np.asarray((np.arange(len(loss)) == np.argmin(loss)) & np.isfinite(loss))


def _ranges(known: Known, weights: Array) -> Array:
    """Find all lower and upper ends in one linear problem, then mend those not whole."""
    sets, parts = weights.shape
    copies = 2 * sets
    goal = np.concatenate([weights.ravel(), -weights.ravel()])
    answer = milp(
        goal,
        bounds=Bounds(0, np.tile(known.ceiling, copies)),
        constraints=LinearConstraint(
            sparse.kron(sparse.eye_array(copies), sparse.csr_array(known.rows), format="csr"),
            np.tile(known.least, copies),
            np.tile(known.most, copies),
        ),
    )
    if answer.x is None:
        return _told_exactly(known, weights)
    points = answer.x.reshape(copies, parts)
    ends = (points * np.vstack([weights, weights])).sum(axis=1)
    if known.whole:
        off = np.abs(points - np.round(points)).max(axis=1, initial=0) > _SLACK
        for at in np.flatnonzero(off):
            ends[at] = _whole_end(known, weights[at % sets], float(ends[at]), top=at >= sets)
        ends = np.round(ends)
    return np.column_stack([ends[:sets], ends[sets:]])


def _whole_end(known: Known, weights: Array, end: float, *, top: bool) -> float:
    """Find one end in whole numbers; the truth itself when time runs out."""
    answer = milp(
        -weights if top else weights,
        integrality=np.ones(len(weights)),
        bounds=Bounds(0, known.ceiling),
        constraints=LinearConstraint(known.rows, known.least, known.most),
        options={"time_limit": SECONDS},
    )
    if answer.x is None or answer.status != 0:
        return float(weights @ known.truth)
    inside = float(weights @ np.round(answer.x))
    return min(inside, end) if top else max(inside, end)


def _told_exactly(known: Known, weights: Array) -> Array:
    """Take every set as told when the solver gave no answer: nothing is published on a guess."""
    return np.column_stack([weights @ known.truth] * 2)


def _told_apart(known: Known, among: Mask, policy: Policy) -> bool:
    """Say whether each small part is a cell of its own that is no zero, or is shown as zero."""
    single = np.abs(known.rows).sum(axis=1) == 1
    own = known.rows[single] > 0
    no_zero = own[known.least[single] >= policy.low - _SLACK].any(axis=0)
    zero = own[known.most[single] <= _SLACK].any(axis=0)
    small = among & (known.truth < policy.high + 1)
    return bool(np.where(known.truth > 0, no_zero, zero)[small].all())


class _Duality:
    """The search for a set that what is known encloses too closely.

    Unknown are the set (0 or 1 for each small part) and four weights for each known sum: those
    that prove its least, and those that prove its most.
    """

    def __init__(self, known: Known, small: Mask, policy: Policy, apart: float) -> None:
        """Write the problem down once; only the sets to leave out change."""
        self._known, self._small = known, small
        rows, parts = known.rows.shape
        self._sizes = (parts, rows)
        below = np.where(np.isfinite(known.least), known.least, 0.0)
        above = np.where(np.isfinite(known.most), known.most, 0.0)
        across = sparse.csr_array(known.rows.T)
        none = sparse.csr_array((parts, rows))
        one = sparse.eye_array(parts)
        lower = sparse.hstack([one, -across, across, none, none])
        upper = sparse.hstack([-one, none, none, across, -across])
        width = np.concatenate([np.zeros(parts), -below, above, above, -below])
        count = np.concatenate([known.truth, np.zeros(4 * rows)])
        self._matrix = sparse.csr_array(
            sparse.vstack([lower, upper, sparse.csr_array(np.vstack([width, count]))])
        )
        self._low = np.concatenate([np.zeros(2 * parts), [-np.inf, policy.low - 1 + 1e-3]])
        self._high = np.concatenate(
            [np.full(2 * parts, np.inf), [apart - 1e-3, policy.high + 1 - 1e-3]]
        )
        can = np.where(np.isfinite(np.concatenate([known.least, known.most])), np.inf, 0.0)
        self._ceiling = np.concatenate([small, can, np.roll(can, rows)])

    def solve(self, leave: Sequence[Mask]) -> tuple[Mask | None, bool]:
        """Find one more set; None, and whether that is proven."""
        parts, rows = self._sizes
        if not (self._small & (self._known.truth > 0)).any():
            return None, True
        others = [np.concatenate([np.where(at, -1.0, 1.0), np.zeros(4 * rows)]) for at in leave]
        constraints = [LinearConstraint(self._matrix, self._low, self._high)]
        constraints += [
            LinearConstraint(row[None, :], 1 - at.sum(), np.inf)
            for row, at in zip(others, leave, strict=True)
        ]
        answer = milp(
            np.concatenate([np.ones(parts), np.zeros(4 * rows)]),
            integrality=np.concatenate([np.ones(parts), np.zeros(4 * rows)]),
            bounds=Bounds(0, self._ceiling),
            constraints=constraints,
            options={"time_limit": SECONDS},
        )
        if answer.x is None:
            return None, answer.status == 2
        return np.asarray(answer.x[:parts] > 0.5), False


def _withhold(
    known: Known, offer: Offer, sets: Array, widths: Array, *, exact: bool
) -> Mask | None:
    """Solve for the least loss: two answers a set, as far apart as it must range.

    What is known holds in each answer; a sum of the offer holds unless it is withheld.
    """
    parts, count = len(known.truth), len(offer.loss)
    can = ~offer.hidden & np.isfinite(offer.loss)
    copies = 2 * len(sets)
    every = sparse.eye_array(copies)
    slack = REACH * np.maximum(offer.rows.sum(axis=1), 1.0)
    blank = sparse.csr_array((copies * len(known.least), count))
    give = sparse.kron(np.ones((copies, 1)), sparse.diags_array(np.where(can, slack, 0.0)))
    told = sparse.kron(every, offer.rows)
    floor = np.where(can, offer.floor, offer.least)
    apart = sparse.kron(sparse.eye_array(len(sets)), [[1.0, -1.0]])
    spread = sparse.csr_array(_spread(apart, sets))
    problem = [
        LinearConstraint(
            sparse.hstack([blank, sparse.kron(every, known.rows)], format="csr"),
            np.tile(known.least, copies),
            np.tile(known.most, copies),
        ),
        LinearConstraint(
            sparse.hstack([give, told], format="csr"), np.tile(offer.least, copies), np.inf
        ),
        LinearConstraint(
            sparse.hstack([-give, told], format="csr"), -np.inf, np.tile(offer.most, copies)
        ),
        LinearConstraint(
            sparse.hstack([sparse.csr_array((copies * count, count)), told], format="csr"),
            np.tile(floor, copies),
            np.inf,
        ),
        LinearConstraint(
            sparse.hstack([sparse.csr_array((len(sets), count)), spread], format="csr"),
            widths,
            np.inf,
        ),
    ]
    whole = np.full(copies * parts, float(exact and known.whole))
    answer = milp(
        np.concatenate([np.where(can, offer.loss, 0.0), np.zeros(copies * parts)]),
        integrality=np.concatenate([np.full(count, float(exact)), whole]),
        bounds=Bounds(0, np.concatenate([can, np.tile(known.ceiling, copies)])),
        constraints=problem,
        options={"time_limit": SECONDS},
    )
    if answer.x is None:
        return None
    return np.asarray(offer.hidden | (answer.x[:count] > (0.5 if exact else 1e-7)))


def _spread(apart: sparse.coo_array, sets: Array) -> Array:
    """Weigh each set's upper answer against its lower one, shape (sets, answers x parts)."""
    signs = apart.toarray()
    return np.asarray((signs[:, :, None] * sets[:, None, :]).reshape(len(sets), -1))
