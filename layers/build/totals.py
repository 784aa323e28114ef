"""The published totals of an authority: to check its pack against, and England's to compare with.

A published year of children's social care ends on 31 March. `2025` is the flow of 2024-25 and the
stock of 31 March 2025; a mid-year estimate of 2024 is of 30 June 2024.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from layers.build.district import Chosen
from layers.published import ENGLAND as ENGLAND_CODE
from layers.published import Published, authority_totals
from layers.totals import ENGLAND, Total

MID_YEAR = ("children", "persons")
STOCKS = ("cin", "open_cp", "open_cla", "cla_per_10k")


def totals_of(published: Sequence[Published], chosen: Chosen) -> tuple[Total, ...]:
    """Give the latest published figures of an authority of one district, and of England.

    An authority made of several districts has no published total of its own; England's are given.
    """
    if not published:
        return ()
    area = chosen.codes[0] if len(chosen.codes) == 1 else ENGLAND_CODE
    return tuple(
        replace(
            total,
            area=ENGLAND if total.area == ENGLAND_CODE else chosen.name,
            period=period_of(total.key, total.period),
        )
        for total in authority_totals(published, area)
    )


def period_of(key: str, published: str) -> str:
    """Write a published period as packs do.

    >>> period_of("children", "2024"), period_of("open_cp", "2025"), period_of("referrals", "2025")
    ('2024-06-30', '2025-03-31', '2024-25')
    """
    if not re.fullmatch(r"\d{4}", published):
        return published
    year = int(published)
    if key in MID_YEAR:
        return f"{year}-06-30"
    return f"{year}-03-31" if key in STOCKS else f"{year - 1}-{year % 100:02d}"
