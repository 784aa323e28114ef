"""Coterminosity: whose lines the zones keep to, what is split, and what a repair costs."""

import math
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from analysis.coterminosity import (
    Blocked,
    Cost,
    Coterminosity,
    Ground,
    Partition,
    Repair,
    Sense,
    Together,
    changes,
    children_of,
    coterminosity,
    partitions_of,
    repair_all,
    repairs,
    with_sense,
)
from analysis.drawn import crosswalk_of
from analysis.events import Edit
from analysis.in_words import counted
from analysis.scenario import Evaluation, Scenario
from analysis.tables import plan_table
from analysis.tables_coterminosity import (
    EFFECTS,
    effects_of,
    repair_table,
    score_table,
    split_table,
)
from app.choices import Choice, plain
from app.redraw.upload import upload_areas, upload_lookup
from app.tables import render, show_table
from geo.errors import PlanError, ZonewrightError, named
from geo.plan import Plan

COSTS: dict[Cost, str] = {"children": "children", "cases": "open cases"}
MOST_REPAIRS = 15
"""Repairs whose effect is worked out: each is a plan of its own, and takes 10 ms or so."""

MOST_WEIGHT = 10.0
MOST_NAMED = 8
"""Names in a sentence; the table has all."""


def show_coterminosity(
    choice: Choice, scenario: Scenario, before: Evaluation, after: Evaluation
) -> Edit | None:
    """Show how the plan keeps to the lines of other bodies; give the repair that was accepted.

    Parameters
    ----------
    before, after
        Of today's plan and of the scenario's.
    """
    key = f"lines-{choice.pack.authority.key}-{choice.entry.key}"
    first = st.container()  # what it comes to stands above what it follows from
    partitions = _weighed(_partitions(choice, before.plan, key=key), key=key)
    _bring(choice, key=key)
    if not partitions:
        first.info(
            "The pack names no lines but those of this plan. Bring those of another body here, "
            "or put them into the pack as a plan."
        )
        return None
    children = children_of(choice.pack)
    was, now = (coterminosity(e.plan, partitions, children) for e in (before, after))
    with first:
        _say(was, now)
    show_table(
        score_table(was, now, choice.pack),
        key=f"{key}-score",
        file=f"{choice.pack.authority.key}-{choice.entry.key}-coterminosity.csv",
        about={"authority": choice.pack.authority.name, "baseline": choice.entry.title,
               "plan": after.plan.fingerprint},
        caption="Score of each body's lines, before and after the redraw.",
    )  # fmt: skip
    _show_splits(choice, was, now, (before.plan, after.plan), key=key)
    return _show_repairs(choice, scenario, now, after, key=key)


def _partitions(choice: Choice, zones: Plan, *, key: str) -> tuple[Partition, ...]:
    own: dict[str, Partition] = st.session_state.get(f"{key}-own", {})
    return (
        *partitions_of(choice.pack, choice.entry),
        *(with_sense(p, zones) for p in own.values()),
    )


def _weighed(partitions: Sequence[Partition], *, key: str) -> tuple[Partition, ...]:
    """Ask what each partition counts, and what of it should be whole."""
    if not partitions:
        return ()
    chosen = []
    with st.expander("Whose lines count, and how much"):
        st.caption(
            "The score of all is the mean of their scores by these weights. A weight of 0 shows "
            "lines without counting them."
        )
        for partition in partitions:
            left, right = st.columns([2, 3], vertical_alignment="bottom")
            weight = left.number_input(
                f"Weight of {plain(partition.title)}", 0.0, MOST_WEIGHT, partition.weight, 0.5,
                key=f"{key}-{partition.key}-weight", help=_about(partition),
                persist_state="session",
            )  # fmt: skip
            words = _senses(partition)
            said = right.radio(
                f"What should be whole: {plain(partition.title)}",
                list(words),
                index=list(words.values()).index(partition.sense),
                horizontal=True,
                key=f"{key}-{partition.key}-sense",
                persist_state="session",
            )
            chosen.append(replace(partition, weight=float(weight), sense=words[said]))
    return tuple(chosen)


def _senses(partition: Partition) -> dict[str, Sense]:
    word = plain(partition.word)
    return {f"Each {word} in one zone": "parts", f"Each zone in one {word}": "zones"}


def _about(partition: Partition) -> str:
    said = [f"Lines of: {plain(partition.body)}." if partition.body else "", plain(partition.note)]
    return " ".join(word for word in said if word) or "Lines of the authority's own."


def _bring(choice: Choice, *, key: str) -> None:
    """Let the planner bring the lines of another body: a file of areas, or a lookup."""
    with st.expander("Bring the lines of another body: police, health, wards"):
        name = st.text_input("Whose lines are they?", key=f"{key}-title", max_chars=60).strip()
        kind = st.radio(
            "As what?", ("Areas with shapes", "A lookup"), horizontal=True, key=f"{key}-kind"
        )
        read = _from_lookup if kind == "A lookup" else _from_areas
        plan = read(choice, key=key)
        if plan is not None:
            title = name or "Brought lines"
            st.button(
                f"Add {plain(title)}: {counted(int((plan.sizes > 0).sum()), 'part', none='0')}",
                key=f"{key}-add", on_click=_add, args=(title, plan, key),
            )  # fmt: skip
        own: dict[str, Partition] = st.session_state.get(f"{key}-own", {})
        for mark, partition in own.items():
            st.button(
                f"Take {plain(partition.title)} out", key=f"{key}-{mark}-out",
                on_click=_take_out, args=(mark, key),
            )  # fmt: skip


def _from_areas(choice: Choice, *, key: str) -> Plan | None:
    brought = upload_areas("Their areas", key=f"{key}-areas")
    if brought is None:
        return None
    _, areas = brought
    try:
        fitted = crosswalk_of(choice.pack, areas.names, areas.shapes)
    except ZonewrightError as refusal:
        st.error(plain(str(refusal)))
        return None
    st.caption(
        f"By best fit: each small area lies where a point on its surface lies. {len(fitted.cut):,} "
        f"are cut by a line, {len(fitted.unassigned):,} lie in no area."
    )
    return fitted.plan


def _from_lookup(choice: Choice, *, key: str) -> Plan | None:
    units = choice.pack.geography.units
    lookup = upload_lookup("Their lookup", units, key=f"{key}-lookup")
    if lookup is None:
        return None
    unknown, missing = lookup.unknown(units), lookup.missing(units)
    if len(unknown) == len(lookup):
        try:
            lookup.plan(units, vintage=choice.pack.geography.vintage)
        except PlanError as refusal:
            st.error(plain(f"{lookup.label}: {refusal}"))
        return None
    if missing:
        said = counted(len(missing), "small area is", "small areas are")
        st.warning(f"{said} not in the file and in no part.")
    nobody = Plan.from_lookup(dict.fromkeys(units))
    return lookup.over(nobody)


def _add(title: str, plan: Plan, key: str) -> None:
    own = dict(st.session_state.get(f"{key}-own", {}))
    mark = f"own-{plan.fingerprint}"
    own[mark] = Partition(mark, title, "part", plan, body=title, note="Brought by you.")
    st.session_state[f"{key}-own"] = own


def _take_out(mark: str, key: str) -> None:
    own = dict(st.session_state.get(f"{key}-own", {}))
    own.pop(mark, None)
    st.session_state[f"{key}-own"] = own


def _say(was: Coterminosity, now: Coterminosity) -> None:
    """Tell the score, and what is newly split and mended; lines of weight 0 stand apart."""
    split = sum(len(said.splits) for said in now.fits if said.partition.weight)
    what = f"{counted(split, 'part or zone is', 'parts or zones are')} split"
    st.markdown(
        f"Of the lines that count {what if split else 'nothing is split'}. Score "
        f"{_percent(now.score)}, before the redraw {_percent(was.score)}: the share of children "
        "who live in what is whole. 100 % means that nothing is split."
    )
    pairs = list(zip(was.fits, now.fits, strict=True))
    counting = [pair for pair in pairs if pair[1].partition.weight]
    others = [pair for pair in pairs if not pair[1].partition.weight]
    for of, chosen in (("", counting), (", of lines that do not count", others)):
        for word, title in (("newly", "Newly split"), ("mended", "Mended")):
            found = [
                f"{name} ({after.partition.title})"
                for before, after in chosen
                for name in getattr(changes(before, after), word)
            ]
            if found:
                said = plain("; ".join(found[:MOST_NAMED]))
                st.markdown(f"{title}{of}: {said}{_more(len(found) - MOST_NAMED)}.")


def _show_splits(
    choice: Choice,
    was: Coterminosity,
    now: Coterminosity,
    plans: tuple[Plan, Plan],
    *,
    key: str,
) -> None:
    st.subheader("What is split")
    other = st.toggle(
        "Look at it from the other side: what crosses the lines the other way", key=f"{key}-other"
    )
    if other:
        children = children_of(choice.pack)
        turned = [said.partition.turned() for said in now.fits]
        was, now = (coterminosity(plan, turned, children) for plan in plans)
    if not any(said.splits for said in now.fits):
        st.success("Nothing is split.")
        return
    show_table(
        split_table(was, now, choice.pack),
        key=f"{key}-splits",
        file=f"{choice.pack.authority.key}-{choice.entry.key}-split.csv",
        about={"authority": choice.pack.authority.name, "plan": plans[1].fingerprint},
        caption="What is split, and where its parts lie.",
        sort="minority",
        descending=True,
        height=360,
    )


def _show_repairs(
    choice: Choice, scenario: Scenario, now: Coterminosity, evaluation: Evaluation, *, key: str
) -> Edit | None:
    splits = [said for said in now.fits if said.splits and said.partition.weight]
    if not splits:
        return None
    st.subheader("Cheapest repairs")
    by = st.segmented_control(
        "Cheapest is what moves fewest", list(COSTS), format_func=COSTS.__getitem__,
        default="children", required=True, key=f"{key}-by", persist_state="session",
    )  # fmt: skip
    ground = Ground.of(scenario, choice.pack, by=by or "children")
    found = [repair for said in splits for repair in repairs(ground, said)]
    by_key = {said.partition.key: said.partition for said in now.fits}
    blocked = [outcome for outcome in found if isinstance(outcome, Blocked)]
    options = sorted(_options(found), key=lambda option: option.children)
    edit = None
    if options:
        effects = effects_of(scenario, choice.pack, options[:MOST_REPAIRS], evaluation)
        table = repair_table(scenario, choice.pack, effects, by_key)
        st.markdown(_as_it_is(evaluation, choice))
        st.html(
            render(table, list(range(len(table.names))), height=340,
                   caption="The cheapest repair of each split of lines that count. Each is taken "
                   "alone from the plan as it is now.")
        )  # fmt: skip
        if len(options) > MOST_REPAIRS:
            st.caption(f"The {MOST_REPAIRS} cheapest of {len(options):,}; all can be chosen below.")
        edit = _choose_repair(options, by_key, key=key)
    if blocked:
        with st.expander(f"{len(blocked):,} that no move mends"):
            lines = [
                f"- {plain(f'{b.name} ({by_key[b.partition].title}): {b.why}')}" for b in blocked
            ]
            st.markdown("\n".join(lines))
    return edit or _show_together(ground, now, key=key)


def _as_it_is(evaluation: Evaluation, choice: Choice) -> str:
    """Say what the repairs' figures are to be held against."""
    table = plan_table(evaluation, choice.pack)
    columns = [table.column(key) for key in EFFECTS]
    said = [
        f"{column.title} {table.cell(column, 0) or 'not known'} {column.unit}" for column in columns
    ]
    return plain(f"As the plan is now: {', '.join(said)}.")


def _options(found: Sequence[Repair | Blocked]) -> list[Repair]:
    """Set each repair before the cheaper one that was passed over, where there is one."""
    options = []
    for repair in found:
        if isinstance(repair, Repair):
            options += [repair, *([repair.cheaper] if repair.cheaper else [])]
    return options


def _choose_repair(
    options: Sequence[Repair], partitions: dict[str, Partition], *, key: str
) -> Edit | None:
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    at = left.selectbox(
        "Repair to use",
        range(len(options)),
        format_func=lambda at: _label(options[at], partitions),
        key=f"{key}-repair-{len(options)}",
    )
    use = right.button("Use this repair", type="primary", key=f"{key}-use", width="stretch")
    return options[at].edit() if use and at is not None else None


def _label(repair: Repair, partitions: dict[str, Partition]) -> str:
    torn = " · tears a zone" if repair.torn else ""
    emptied = " · empties a zone" if repair.emptied else ""
    units = counted(len(repair.to), "small area", "small areas")
    return (
        f"{repair.name} ({partitions[repair.partition].title}): {units}, "
        f"{repair.children:,.0f} children to {named(repair.zones)}{torn}{emptied}"
    )


def _show_together(ground: Ground, now: Coterminosity, *, key: str) -> Edit | None:
    """Offer all repairs one after the other, worked out when asked for."""
    st.subheader("All that can be mended, cheapest first")
    st.caption(
        "One repair after another is taken, each time the cheapest that raises the score and tears "
        "no zone. This is a way, not the best way: another order may mend more or move fewer."
    )
    partitions = [said.partition for said in now.fits]
    token = (ground.plan, tuple(partitions), ground.locked_units, ground.cost.sum())
    if st.button("Work it out", key=f"{key}-work"):
        with st.spinner("Trying repairs …"):
            st.session_state[f"{key}-together"] = (token, repair_all(ground, partitions))
    kept = st.session_state.get(f"{key}-together")
    if kept is None or kept[0] != token:
        return None
    together: Together = kept[1]
    if not together.steps:
        st.info("No repair raises the score without tearing a zone.")
        return None
    left = counted(together.left, "split is", "splits are", none="0")
    st.markdown(
        f"{counted(len(together.steps), 'repair moves', 'repairs move')} "
        f"{counted(len(together.to), 'small area', 'small areas')} with "
        f"{together.children:,.0f} children. The score goes from {_percent(together.before)} to "
        f"{_percent(together.after)}; {left} left."
    )
    names = [
        f"{i}. {plain(f'{s.name} to {named(s.zones)}')}" for i, s in enumerate(together.steps, 1)
    ]
    st.markdown("\n".join(names))
    return together.edit() if st.button("Use all of them", key=f"{key}-use-all") else None


def _percent(share: float) -> str:
    return "not known" if math.isnan(share) else f"{100 * share:.1f} %"


def _more(count: int) -> str:
    return f" and {count} more" if count > 0 else ""
