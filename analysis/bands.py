"""Bands of need: which small areas of an authority are alike in need, as far as may be shown.

Bands follow scores that anybody may see: where a count behind a score is suppressed, the area goes
to a band of its own with all others of unknown need. So what is worked out over bands tells nothing
of a single area, and every area has a band.
"""

import numpy as np

from analysis.disclosure import POLICIES
from analysis.need import NO_GROUP, TENTHS, Groups, need_groups
from analysis.protected import protected_units
from analysis.rates import rate
from geo.plan import Plan
from layers.pack import Pack

SCORED_BY = (
    ("idaci_children", "children_0_15"),
    ("imd_points", "imd_people"),
    ("children_low_income", "children"),
)
"""Counts whose ratio is a score of need, the best known first: part and whole."""

MANY_AREAS = 100
"""Small areas from which tenths are made of them; fifths below."""


def need_bands(pack: Pack, plan: Plan) -> Groups | None:
    """Sort the small areas of a pack into bands alike in need.

    Parameters
    ----------
    plan
        Beside which counts per small area are protected: the one that a redraw starts from, so
        that bands are the same before and after it.

    Returns
    -------
    ndarray of int or None
        0 for the most need; areas of unknown need share the last number. None where the pack has
        no score of need, or shows none.
    """
    behind = next((pair for pair in SCORED_BY if pack.measures.has(*pair)), None)
    if behind is None:
        return None
    policy = POLICIES[pack.authority.disclosure]
    part, whole = (protected_units(plan, key, pack.measures, policy).values for key in behind)
    children = np.nan_to_num(pack.measures.counts("children"))
    groups = TENTHS if len(plan.units) >= MANY_AREAS else TENTHS // 2
    bands = need_groups(rate(part, whole, per=1), children, groups=groups)
    if (bands == NO_GROUP).all():
        return None
    return np.where(bands == NO_GROUP, groups, bands)
