"""Measures that are parts of one whole, protected together: rows of zones, columns of parts.

Lead professionals by agency, the steps of need, the kinds of open case: their sum over the parts is
known or shown as well as their sum over the zones. Suppressed one measure at a time, a hidden part
of a zone would be what the other parts leave of its whole.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.aggregate import ZoneTotals
from analysis.disclosure import Policy, Suppressed
from analysis.protected import protected_zones
from analysis.protection import Known, offer_of, small_counts, withhold_until_safe
from geo.plan import Plan
from layers.measures import Measures
from layers.status import Status

Array = npt.NDArray[np.float64]
Statuses = npt.NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class Together:
    """Parts and their whole, each per zone, then in no zone if units are, then over all.

    Parameters
    ----------
    keys
        Of the parts.
    parts
        One a key.
    whole
        Their sum.
    """

    keys: tuple[str, ...]
    parts: tuple[Suppressed, ...]
    whole: Suppressed

    def part(self, key: str) -> Suppressed:
        """Give the part of that key."""
        return self.parts[self.keys.index(key)]


def protected_together(
    totals: ZoneTotals,
    keys: Sequence[str],
    measures: Measures,
    policy: Policy,
    *,
    plan: Plan,
    whole: str = "",
    elsewhere: Collection[str] = (),
) -> Together:
    """Suppress parts of one whole so that neither zones nor parts give a hidden one away.

    What is hidden in each measure by itself stays hidden; more is hidden where the whole of a zone
    is known and would tell.

    Parameters
    ----------
    totals
        Of `plan` and `measures`.
    keys
        Of the parts; nothing is counted in two of them.
    whole
        Key of the measure that counts the whole, shown elsewhere, so that it cannot be withheld
        here. Empty where the whole is nothing but the sum of the parts.
    elsewhere
        Keys of parts that other tables show one by one: withholding them here would hide nothing.

    Returns
    -------
    Together
        A whole of which a part is missing is missing. One that is withheld is suppressed.
    """
    alone = [protected_zones(totals, key, measures, policy, plan=plan) for key in keys]
    counts = _true_counts(totals, keys, plan)
    status = np.array([part.status for part in alone])
    if whole:
        row = protected_zones(totals, whole, measures, policy, plan=plan).status
    else:
        row = _sum_status(counts.sum(axis=0), status, policy)
    if (status == Status.SUPPRESSED).any():
        bound = np.array([key in elsewhere for key in keys])
        status, row = _withheld(counts, status, row, policy, bound=bound, fixed=bool(whole))
    return Together(
        tuple(keys),
        tuple(_shown(*pair, policy) for pair in zip(counts, status, strict=True)),
        _shown(counts.sum(axis=0), row, policy),
    )


def whole_of(keys: Sequence[str], measures: Measures, *, but: Collection[str] = ()) -> str:
    """Find the measure that counts the whole of some parts; empty where none does.

    It is told by its counts: in every unit they are the sum of the parts. Those named in `but` are
    not asked.
    """
    added = np.sum([measures.counts(key) for key in keys], axis=0)
    fits = (key for key in measures.keys if key not in {*keys, *but})
    return next((key for key in fits if np.array_equal(measures.counts(key), added)), "")


def _true_counts(totals: ZoneTotals, keys: Sequence[str], plan: Plan) -> Array:
    """Give the parts as they are, shape (parts, zones and loose and all); 0 where unknown."""
    last = None if plan.unassigned else -1
    counts = np.nan_to_num(np.array([totals.values[totals.row(key), :last] for key in keys]))
    return np.hstack([counts, counts.sum(axis=1, keepdims=True)])


def _sum_status(whole: Array, parts: Statuses, policy: Policy) -> Statuses:
    """Say how a sum of parts may be shown, before anything is withheld for its parts' sake."""
    came = np.where(parts == Status.SUPPRESSED, Status.OK, parts).max(axis=0)
    rounds = policy.round_to > 1
    known = np.where(whole > 0, Status.ROUNDED if rounds else Status.OK, Status.OK)
    known = np.where(small_counts(whole, policy), Status.SUPPRESSED, known)
    return np.where(came >= Status.NOT_APPLICABLE, came, known).astype(np.int8)


def _withheld(
    counts: Array,
    status: Statuses,
    whole: Statuses,
    policy: Policy,
    *,
    bound: npt.NDArray[np.bool_],
    fixed: bool,
) -> tuple[Statuses, Statuses]:
    """Hide more cells until no small one can be told from sums along either side.

    Parts that are `bound`, and the whole where it is `fixed`, stay as they are.
    """
    cells = counts[:, :-1]
    all_sums = np.vstack([_over_zones(cells.shape), _over_parts(cells.shape)])
    truth = cells.ravel()
    states = np.concatenate([status[:, :-1].ravel(), status[:, -1], whole])
    rows = np.vstack([np.eye(len(truth)), all_sums])
    sums = rows @ truth
    loss = np.where(sums > 0, rows.sum(axis=1) + sums / (truth.sum() + 1.0), np.inf)
    stays = [np.repeat(bound, cells.shape[1]), bound, np.full(len(whole), fixed)]
    loss[np.concatenate(stays)] = np.inf
    offer = offer_of(rows, truth, states, policy=policy, loss=loss)
    small = (states == Status.SUPPRESSED) & small_counts(sums, policy)
    nothing = Known(np.zeros((0, len(truth))), np.zeros(0), np.zeros(0), truth)
    hidden = withhold_until_safe(nothing, offer, rows[small], policy=policy)
    if hidden is None:  # nothing less is proven safe: everything that may be withheld is
        hidden = offer.hidden | np.isfinite(loss)
    states[hidden & (states < Status.NOT_APPLICABLE)] = Status.SUPPRESSED
    along = len(truth)
    ends = states[along : along + len(status)]
    return (
        np.hstack([states[:along].reshape(cells.shape), ends[:, None]]),
        states[along + len(status) :],
    )


def _over_zones(shape: tuple[int, ...]) -> Array:
    """Weigh the cells of each part, shape (parts, cells)."""
    parts, zones = shape
    return np.asarray(np.kron(np.eye(parts), np.ones((1, zones))))


def _over_parts(shape: tuple[int, ...]) -> Array:
    """Weigh the cells of each zone, then all of them, shape (zones + 1, cells)."""
    parts, zones = shape
    return np.vstack([np.kron(np.ones((1, parts)), np.eye(zones)), np.ones((1, parts * zones))])


def _shown(counts: Array, status: Statuses, policy: Policy) -> Suppressed:
    base = max(policy.round_to, 1)
    near = np.where(status == Status.ROUNDED, np.round(counts / base) * base, counts)
    return Suppressed(np.where(status >= Status.NOT_APPLICABLE, np.nan, near), status.copy())
