"""Staff or lines, a part of the Redraw page: the same load by lines, by staff, or by both."""

import math
from collections.abc import Sequence

import streamlit as st

from analysis.events import Assume
from analysis.scenario import Evaluation, Scenario
from analysis.staff_or_lines import STEP_FTE, OptionKey, Transfer
from analysis.table import Table
from analysis.tables_staffing import (
    TITLES,
    Choices,
    choices_table,
    filled_gaps,
    loads_table,
    staffing_choices,
    with_share,
)
from app.choices import Choice, plain
from app.listing import show_listing
from app.releases import Paper, offer, show_refusal
from app.tables import as_csv, render, show_table
from geo.errors import named

STEPS = (0.1, 0.2, 0.5, 1.0)
"""Amounts of FTE in which staff may move."""


def show_staff_or_lines(
    choice: Choice,
    scenario: Scenario,
    before: Evaluation,  # noqa: ARG001  both sides are worked out with the staff as recorded
    after: Evaluation,
) -> Assume | None:
    """Set lines, staff and both side by side, and offer the staffing for the scenario.

    Returns
    -------
    Assume or None
        The scenario's assumptions with the chosen FTE per zone, or back to the recorded FTE.
    """
    if not _is_known(choice, scenario, after):
        return _show_return(choice, scenario)
    tolerance, step_fte = _ask(choice, scenario)
    choices = staffing_choices(scenario, choice.pack, tolerance=tolerance, step_fte=step_fte)
    if choices.hidden:
        st.info(
            "Small counts of open cases are hidden in some zones. A staffing that levels loads "
            "would tell them, so none is worked out."
        )
        return _show_return(choice, scenario)
    table = choices_table(choices)
    _say(choices, table)
    _show(choice, choices, table, scenario)
    return _show_use(choice, choices, scenario)


def _is_known(choice: Choice, scenario: Scenario, after: Evaluation) -> bool:
    """Say what is wanting, where loads cannot be worked out."""
    staffing, zones = choice.pack.staffing, choice.entry.plan.zones
    recorded = staffing is not None and (staffing.fte(choice.entry.key, zones) > 0).any()
    if not recorded and not any(filled_gaps(scenario, choice.pack).values()):
        st.info(
            "No staff is recorded for the zones of this plan. Add staffing.csv to the pack, or set "
            "the FTE of today's zones under Assumptions."
        )
        return False
    if not after.facts.measures.has("weighted_cases"):
        st.info("This pack counts no open cases, so there is no load to level.")
        return False
    return True


def _ask(choice: Choice, scenario: Scenario) -> tuple[float, float]:
    left, right = st.columns(2)
    per_cent = left.number_input(
        "A zone is level within (% of the load of all zones)",
        min_value=1.0, max_value=50.0, step=1.0,
        value=min(max(100 * scenario.assumptions.tolerance, 1.0), 50.0),
        key=f"staff-tolerance-{choice.pack.authority.key}-{scenario.assumptions.tolerance:g}",
    )  # fmt: skip
    step_fte = right.selectbox(
        "Staff move in steps of (FTE)", STEPS, index=STEPS.index(STEP_FTE),
        key=f"staff-step-{choice.pack.authority.key}",
    )  # fmt: skip
    return per_cent / 100, float(step_fte)


def _say(choices: Choices, table: Table) -> None:
    """Begin with who has no staff, then give the answer in plain words."""
    for said in (_waiting_in_words(choices), _left_out_in_words(choices)):
        if said:
            st.warning(plain(said))
    if not choices.redrawn:
        fte = choices.way("staff_level").staffing.moved_fte
        st.markdown(
            plain(
                "Nothing has been moved yet: the lines are today's. "
                f"{_level(choices, 'staff_level')} by moving {fte:g} FTE, without moving a line."
            )
        )
    else:
        st.markdown(plain(_redrawn_in_words(choices, table)))
    st.markdown(
        "Moving staff changes **loads** only. Referrals per child stay as they are: the **rates** "
        "follow the lines, and the two are no substitute for each other."
    )


def _waiting_in_words(choices: Choices) -> str:
    """Say which zones have cases and no staff, and whose staff can go there."""
    load = choices.drawn
    if not load.waiting:
        return ""
    key: OptionKey = "mix" if choices.redrawn else "staff_level"
    said = f"No staff is recorded for {_with_share(choices, load.waiting)}"
    if load.emptied:
        fte = float(load.fte[load.empty & (load.fte > 0)].sum())
        said += f"; {named(load.emptied)} kept {fte:g} FTE and no small area"
    if choices.way(key).staffing.moved_fte == 0:
        return f"{said}. There is no staff to give: no staffing is level."
    return (
        f"{said}. While a zone with open cases has no staff, the zones are not level. "
        f"'{TITLES[key]}' gives {'it' if len(load.waiting) == 1 else 'them'} some."
    )


def _left_out_in_words(choices: Choices) -> str:
    """Say which zones count neither as level nor as not, and how to mend that."""
    left_out = list(choices.drawn.left_out)
    if choices.redrawn:
        was = choices.way("today").load.left_out
        left_out += [zone for zone in was if zone not in choices.lines.plan.zones]
    if not left_out:
        return ""
    return (
        f"Left out here: {_with_share(choices, left_out)}. No staff is recorded, or cases are not "
        "known; where staff is missing, set the FTE of the zone under Assumptions."
    )


def _with_share(choices: Choices, zones: Sequence[str]) -> str:
    there = set(choices.lines.plan.zones)
    return with_share(zones, choices.open_share([zone for zone in zones if zone in there]))


def _redrawn_in_words(choices: Choices, table: Table) -> str:
    cell = {
        (way.key, key): table.cell(table.column(key), row) or "–"
        for row, way in enumerate(choices.ways)
        for key in ("weighted_load_cv", "children_moved", "cases_moved")
    }
    was, now = cell["today", "weighted_load_cv"], cell["lines", "weighted_load_cv"]
    moved = (
        f"{cell['lines', 'children_moved']} children change team, "
        f"{cell['lines', 'cases_moved']} of them with an open case. "
    )
    mix = choices.way("mix").staffing.moved_fte
    both = f"{_level(choices, 'mix')} by your lines and {mix:g} FTE together."
    if not choices.compares:
        waiting = choices.drawn.waiting
        has = "has" if len(waiting) == 1 else "have"
        why = f"while {named(waiting)} {has} no staff" if waiting else "of a single zone"
        return (
            f"By your lines {moved}What they do to the spread of load (CV), {was} % today, cannot "
            f"be told {why}. {both}"
        )
    same = choices.way("staff_as_lines").staffing
    lines = f"Your lines take the spread of load (CV) from {was} % to {now} %: {moved}"
    if same.moved_fte == 0 and same.reached:
        staff = "Today's lines are as level without moving any staff. "
    elif same.reached:
        staff = f"Today's lines are as level with {same.moved_fte:g} FTE moved instead. "
    else:
        staff = "No staffing of today's lines in such steps is as level. "
    return f"{lines}{staff}{both}"


def _level(choices: Choices, key: OptionKey) -> str:
    way = choices.way(key)
    within = f"level within {100 * choices.tolerance:g} %"
    if way.staffing.reached:
        counted = "Every zone that is not left out" if way.load.left_out else "Every zone"
        return f"{counted} is {within}"
    if way.load.waiting:
        return f"The zones are not {within}"
    return (
        f"No staffing in such steps is {within}; "
        f"the nearest, {100 * way.load.furthest:.1f} %, is reached"
    )


def _show(choice: Choice, choices: Choices, table: Table, scenario: Scenario) -> None:
    about = {
        "authority": choice.pack.authority.name,
        "baseline": choice.entry.title,
        "fingerprint": scenario.plan.fingerprint,
    }
    stem = f"{choice.pack.authority.key}-{choice.entry.key}"
    caption = (
        "Lines, staff or both. Load: weighted open cases per available FTE. Staff stand as "
        "recorded; a worker who moves leaves her cases behind (estimate)."
    )
    if any(way.load.waiting or way.load.left_out for way in choices.ways):
        caption += " A spread of load is that of the zones with staff."
    st.html(render(table, list(range(len(table.names))), caption=caption))
    paper = Paper(
        (table,), as_csv(about), title=f"Staff or lines: a redraw of {choice.entry.title}",
        file=f"{stem}-staff-or-lines.csv",
    )  # fmt: skip
    _, save = st.columns([5, 2])
    with save:
        offer(paper, key="staff-ways")
    show_refusal(paper, key="staff-ways")
    st.subheader("Who gives staff, and who takes")
    rows = [
        (TITLES[way.key], transfer.giver, transfer.taker, f"{transfer.fte:g}")
        for way in choices.ways
        for transfer in choices.transfers(way.key)
    ]
    if rows:
        show_listing(("Way", "From", "To", "FTE"), rows, caption="Staff who move, from and to")
    else:
        st.caption("No staff moves.")
    with st.expander("Staff and load of every zone"):
        show_table(
            loads_table(choices, what=choice.entry.zone_word), key="staff-loads",
            file=f"{stem}-staff-and-load.csv", about=about,
            caption="FTE on paper, and weighted cases per FTE that is there, for each way.",
        )  # fmt: skip


def _show_use(choice: Choice, choices: Choices, scenario: Scenario) -> Assume | None:
    """Offer the staffing that fits the lines of the scenario."""
    key: OptionKey = "mix" if choices.redrawn else "staff_level"
    moves = choices.way(key).staffing.moved_fte > 0
    fte = choices.fte_to_use(key)
    used = moves and _same(fte, scenario)
    words = _in_words(choices.transfers(key))
    use, back = st.columns(2)
    with use:
        pressed = st.button(
            "Use this staffing", key="staff-use", type="primary", disabled=used or not moves,
            help="Sets the FTE of these zones in the scenario's assumptions. The pack is not "
            "changed.",
            width="stretch",
        )  # fmt: skip
        said = "The scenario has this staffing." if used else words
        st.caption(plain(f"{TITLES[key]}. {said}"))
    if pressed:
        return Assume(scenario.assumptions.with_changes(fte=fte, staff="stays"))
    with back:
        return _show_return(choice, scenario)


def _show_return(choice: Choice, scenario: Scenario) -> Assume | None:
    """Offer the way back to the recorded staff, where another was set; what it lacks stays set."""
    gaps = filled_gaps(scenario, choice.pack)
    other = [zone for zone in scenario.assumptions.fte if zone not in gaps]
    if not other:
        return None
    pressed = st.button(
        "Back to the recorded staff", key=f"staff-back-{choice.entry.key}", width="stretch"
    )
    st.caption(plain(f"The scenario sets the FTE of {named(other)}."))
    return Assume(scenario.assumptions.with_changes(fte=gaps)) if pressed else None


def _same(fte: dict[str, float], scenario: Scenario) -> bool:
    kept = scenario.assumptions.fte
    return (
        scenario.staff == "stays"
        and set(kept) == set(fte)
        and all(math.isclose(kept[zone], count) for zone, count in fte.items())
    )


def _in_words(transfers: tuple[Transfer, ...]) -> str:
    if not transfers:
        return "No staff has to move."
    return "; ".join(f"{t.fte:g} FTE from {t.giver} to {t.taker}" for t in transfers) + "."
