"""The handover ledger, a part of the Redraw page: who and what changes zone, and what stays."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import streamlit as st

from analysis.capacity import kinds_of, recorded_fte
from analysis.caseload import OPEN_CASES
from analysis.disclosure import POLICIES
from analysis.flow_stages import seed_stages
from analysis.handover import (
    DETOUR,
    MONTHS_AFTER,
    Moved,
    base_km,
    mean_km,
    places_that_move,
    programmes_that_move,
    still_with_old_team,
)
from analysis.protection import small_counts
from analysis.scenario import Evaluation, Scenario
from analysis.tables_flow import stages_hidden
from analysis.tables_handover import Ledger, ledger, ways_table, zones_table
from app.choices import Choice, plain
from app.listing import show_listing
from app.tables import show_table
from geo.errors import LayerError
from geo.geography import Geography
from geo.index import UnitIndex
from layers.pack import Pack
from layers.places import Site

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

HIDDEN = "a hidden number of"
_HIDDEN_STAGES = "How many stay how long is hidden with the counts that it follows from."
_MOST_WITHOUT_SCROLL = 12


def show_handover(
    choice: Choice, scenario: Scenario, before: Evaluation, after: Evaluation
) -> None:
    """Show what a redraw hands over: children, cases, staff, sites, schools, the way to the base.

    Parameters
    ----------
    before, after
        Of the plan that the redraw began from and of the redraw.
    """
    pack = choice.pack
    book = ledger(before.plan, after.plan, pack)
    if not book.found.ways:
        st.info("Nothing has been moved yet: no child changes team.")
        return
    staff = _staff(choice, scenario) if scenario.staff == "follows" else None
    st.markdown(plain(_in_words(book)))
    _show_relationships(book, choice, scenario)
    show_table(
        ways_table(book, pack, fte=staff),
        key="handover-ways",
        file=f"{_stem(choice)}-handover.csv",
        about=_about(choice, scenario),
        caption="What changes zone, from and to. What changes zone, what stays and what is in no "
        f"zone add up to all. {_staff_note(scenario)}",
        height=420 if len(book.found.ways) > _MOST_WITHOUT_SCROLL else None,
    )
    km = _ways_to_base(choice, book)
    show_table(
        zones_table(book, pack, what=choice.entry.zone_word, km=km),
        key="handover-zones",
        file=f"{_stem(choice)}-handover-zones.csv",
        about=_about(choice, scenario),
        caption="Each zone before and after. Children before, less those who leave, and those who "
        "arrive, are the children after.",
    )
    _show_places(choice, book)


def _in_words(book: Ledger) -> str:
    """Say in one sentence what changes zone."""
    areas = len(book.found.changed_units)
    children = _number(book.moved("children"))
    parts = [f"{areas:,} small area{'' if areas == 1 else 's'} and {children} children"]
    for key, word in (("referrals", "referrals a year"), (OPEN_CASES, "open cases")):
        if key in book.told:
            parts.append(f"{_number(book.moved(key))} {word}")
    return f"{', '.join(parts[:-1])} and {parts[-1]} change zone." if parts[1:] else (
        f"{parts[0]} change zone."
    )  # fmt: skip


def _show_relationships(book: Ledger, choice: Choice, scenario: Scenario) -> None:
    """Say how many children change worker: at once, or as cases are closed."""
    cases, children = book.moved(OPEN_CASES), book.moved("children")
    if OPEN_CASES not in book.told:
        st.caption("This pack counts no open cases, so nobody can say who changes worker.")
        return
    fte = float(np.nansum(_staff(choice, scenario)))
    if scenario.assumptions.cases == "stay":
        st.markdown("**Open cases stay** with their team until they are closed: no child changes "
                    "worker at once.")  # fmt: skip
        _show_months(book, choice.pack, scenario)
        return
    if cases is None:
        st.markdown("**Open cases transfer at once.** How many children change worker is hidden.")
        return
    per = []
    if cases > 0 and children:
        per.append(f"{children / cases:,.1f} children change team for each of them")
    if fte > 0:
        per.append(f"{cases / fte:.2f} for each FTE of all staff")
    tail = f": {'; '.join(per)}" if per else ""
    st.markdown(
        f"**Open cases transfer at once**: {plain(_number(cases))} children change worker"
        f"{plain(tail)}."
    )


def _show_months(book: Ledger, pack: Pack, scenario: Scenario) -> None:
    """Say how many would still be with the old team after some months."""
    kinds = kinds_of(pack.measures)
    moved = [book.moved(kind) for kind in kinds]
    if None in moved or not kinds:
        st.caption(_HIDDEN_STAGES)
        return
    try:
        stages = seed_stages(pack.measures, months_open=scenario.assumptions.months_open)
    except LayerError as fault:
        st.caption(plain(str(fault)))
        return
    if stages_hidden(stages, book.found.before, pack):
        st.caption(_HIDDEN_STAGES)
        return
    counts = np.array([np.nan if count is None else count for count in moved])
    left = [still_with_old_team(counts, stages.month, months) for months in MONTHS_AFTER]
    words = ", ".join(
        f"{_estimate(count, pack)} after {months} months"
        for months, count in zip(MONTHS_AFTER, left, strict=True)
    )
    st.markdown(
        plain(f"Of {_number(float(counts.sum()))} children, still with the old team: {words} "
              "(estimate, from how long cases stay open).")
    )  # fmt: skip


def _show_places(choice: Choice, book: Ledger) -> None:
    """Name the sites, schools and programmes that change zone."""
    pack = choice.pack
    st.subheader("Sites, schools and programmes that change zone")
    if not (pack.sites or pack.schools or pack.programmes):
        st.caption("This pack has no sites, schools or programmes.")
        return
    index, sites, schools = _index(pack.geography), pack.sites or (), pack.schools or ()
    rows = [
        *_rows("Site", places_that_move(sites, [site.kind for site in sites], found=book.found,
                                        index=index)),
        *_rows("School", places_that_move(schools, [f"{school.tier}" for school in schools],
                                          found=book.found, index=index)),
        *_rows("Programme", programmes_that_move(pack.programmes or (), sites, found=book.found,
                                                 index=index)),
    ]  # fmt: skip
    lacks = [
        word
        for word, there in (
            ("sites", pack.sites), ("schools", pack.schools), ("programmes", pack.programmes)
        )
        if not there
    ]  # fmt: skip
    if rows:
        show_listing(
            ("Name", "What", "Kind", "From", "To"), rows,
            caption="Sites, schools and programmes that change zone",
            height=320 if len(rows) > _MOST_WITHOUT_SCROLL else None,
        )  # fmt: skip
    else:
        st.caption("None changes zone.")
    if lacks:
        st.caption(f"This pack has no {' and no '.join(lacks)}.")


def _rows(what: str, moved: Sequence[Moved]) -> list[tuple[str, ...]]:
    return [(m.name, what, m.kind, m.start or "no zone", m.end or "no zone") for m in moved]


def _ways_to_base(choice: Choice, book: Ledger) -> tuple[Array, Array] | None:
    """Ask what counts as a base, measure the way to it before and after, and say what changes."""
    pack = choice.pack
    if not pack.sites:
        st.caption("This pack has no sites, so the way to a zone's base is not known.")
        return None
    sites, detour = _bases(choice, pack.sites)
    index = _index(pack.geography)
    before, after = (
        base_km(pack.geography, plan, sites, index=index, detour=detour)
        for plan in (book.found.before, book.found.after)
    )
    children = pack.measures.counts("children")
    known = book.found.moved & ~np.isnan(before) & ~np.isnan(after)
    was, now = mean_km(before, children, known), mean_km(after, children, known)
    if np.isnan(was):
        text = "The way to the base is not known for those who change zone on both sides."
    else:
        text = (
            f"{_how_many(children, known, book.found.moved)} the mean way to their zone's base "
            f"goes from {was:.1f} to {now:.1f} km."
        )
    st.markdown(plain(text))
    lost = sorted(
        zone
        for at, zone in enumerate(book.found.after.zones)
        if np.isnan(after[book.found.after.assignment == at]).any()
    )
    if lost:
        st.caption(plain(f"No site stands inside {', '.join(lost)} after the redraw."))
    illustrative = any(site.status == "illustrative" for site in sites)
    tail = " Some sites are illustrative." if illustrative else ""
    st.caption(
        f"A straight line to the nearest such site inside the zone, times {detour:g}: no route and "
        f"no travel time.{tail}"
    )
    return before, after


def _how_many(children: Array, known: Mask, moved: Mask) -> str:
    """Say for how many of those who change zone there is a base before and after."""
    if (known == moved).all():
        return "For children who change zone"
    part, whole = (np.nansum(children[which]) for which in (known, moved))
    return (
        f"For {part:,.0f} of {whole:,.0f} children who change zone (the others have no base before "
        "or after)"
    )


def _bases(choice: Choice, sites: Sequence[Site]) -> tuple[list[Site], float]:
    kinds = sorted({site.kind for site in sites})
    left, right = st.columns([3, 1])
    chosen = left.multiselect(
        "Sites that count as a base", kinds, default=kinds,
        key=f"handover-bases-{choice.pack.authority.key}",
    )  # fmt: skip
    detour = right.number_input(
        "Detour factor", min_value=1.0, max_value=3.0, value=DETOUR, step=0.1,
        help="How much longer roads are than straight lines.",
        key=f"handover-detour-{choice.pack.authority.key}",
    )  # fmt: skip
    return [site for site in sites if site.kind in chosen], float(detour)


def _staff(choice: Choice, scenario: Scenario) -> Array:
    """Give the FTE of each zone before the redraw."""
    return recorded_fte(
        choice.pack.staffing, choice.entry.key, choice.entry.plan.zones, scenario.assumptions
    )


def _staff_note(scenario: Scenario) -> str:
    if scenario.staff == "follows":
        return "Staff follow their cases."
    return "Staff stay with their zone: no FTE changes zone."


def _estimate(count: float, pack: Pack) -> str:
    """Write an estimate in whole children; a small one only as that."""
    policy = POLICIES[pack.authority.disclosure]
    if small_counts(count, policy):
        return f"fewer than {policy.high + 1}"
    return _number(count)


def _number(count: float | None) -> str:
    if count is None:
        return HIDDEN
    return "an unknown number of" if np.isnan(count) else f"{count:,.0f}"


def _stem(choice: Choice) -> str:
    return f"{choice.pack.authority.key}-{choice.entry.key}"


def _about(choice: Choice, scenario: Scenario) -> dict[str, str]:
    return {
        "authority": choice.pack.authority.name,
        "baseline": choice.entry.title,
        "fingerprint": scenario.plan.fingerprint,
    }


@st.cache_resource(max_entries=8, hash_funcs={Geography: id})
def _index(geography: Geography) -> UnitIndex:
    return UnitIndex(geography.units, geography.shapes)
