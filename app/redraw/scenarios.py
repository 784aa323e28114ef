"""The scenarios of an authority: open, name, branch, put away, export; history; who was quicker."""

from collections import Counter
from collections.abc import Callable, Sequence

import streamlit as st

from app.choices import Choice, plain
from app.listing import show_listing
from app.redraw.desk import PARAMETER, Desk, branch, drop, lay, rebase
from app.redraw.page import NO_ZONE
from geo.errors import StoreError, ZonewrightError
from geo.read.file import File
from geo.read.vintages import read_vintage_lookup
from layers.catalogue import list_packs
from layers.pack import Pack
from store.carry import Carried, carry
from store.folder import user_name
from store.log import DamagedError, ElsewhereError, MisfitError, Saved, Summary, clock
from store.scenarios import open_store
from store.transfer import export_scenario, import_scenario

MOST_LISTED = 200
_NEW = ""


def show_bar(desk: Desk) -> None:
    """Show which scenario lies open, and all that can be done with scenarios."""
    listed = _listed(desk)
    pick, more = st.columns([5, 1], vertical_alignment="bottom")
    with pick:
        _pick(desk, listed)
    with more.popover("Scenario …", width="stretch"):
        _rename(desk)
        _branch_here(desk)
        _put_away(desk)
        st.divider()
        _transfer(desk)
    if desk.saved:
        _say_of(desk, desk.saved)


def _say_of(desk: Desk, saved: Saved) -> None:
    """Say what whoever opens a scenario should know of it."""
    for note in saved.notes:
        st.caption(plain(note))
    left_out = len(saved.scenario.cuts - desk.scenario.cuts) if not desk.waiting else 0
    if left_out:
        st.caption(f"Cuts left out, since the pack no longer has the border: {left_out}.")
    if saved.is_archived:
        st.info(
            "This scenario was put away. It is not in the list, and can be worked on all the same.",
            icon=":material/inventory_2:",
        )
        st.button("Bring it back to the list", on_click=_try, args=(_bring_back, desk))


def show_conflict(desk: Desk) -> None:
    """Tell the second person what the first one did, and ask what becomes of one's own steps."""
    if desk.stale is None:
        return
    stale, own = desk.stale, sum(len(group.events) for group in desk.waiting)
    with st.container(border=True, key="decision"):  # the map leads to it by this name
        st.warning(plain(str(stale)), icon=":material/group:")
        names = dict(
            zip(desk.choice.pack.geography.units, desk.choice.pack.geography.names, strict=True)
        )
        if stale.differing:
            show_listing(
                ("Small area", "Before", "Theirs", "Yours", "Both moved it"),
                [
                    (names[d.unit], *(z or NO_ZONE for z in (d.before, d.theirs, d.mine)),
                     "yes" if d.both else "")
                    for d in stale.differing[:MOST_LISTED]
                ],
                caption="Small areas that stand in other zones in the two", height=240,
            )  # fmt: skip
        yours = "Your step is" if own == 1 else f"Your {own} steps are"
        st.caption(
            f"{yours} shown but not saved. Putting them on top leaves out what no longer fits, "
            "and says so."
        )
        with st.container(horizontal=True):
            st.button("Put mine on top", type="primary", on_click=_try, args=(rebase, desk))
            st.button("Make mine a branch", on_click=_try,
                      args=(branch, desk, f"{desk.title}, {user_name()}"))  # fmt: skip
            st.button("Drop mine", on_click=_try, args=(drop, desk))


def show_history(desk: Desk) -> None:
    """Show every step with who took it and when, and who last moved each small area."""
    if desk.saved is None or not desk.saved.log:
        st.info("Nothing has been done yet. Every step is kept here, undone ones too.")
        return
    saved = desk.saved
    st.markdown(f"Steps kept: {len(saved.log)}. None is ever taken out: undo is a step of its own.")
    rows = [
        (str(entry.seq), clock(entry.when), entry.who, entry.title)
        for entry in reversed(saved.log[-MOST_LISTED:])
    ]
    show_listing(
        ("Step", "When", "Who", "What"), rows, caption="Steps, the last one first", height=320
    )
    at, go = st.columns([3, 2], vertical_alignment="bottom")
    step = at.number_input(
        "Go on from step", 0, saved.seq, saved.seq, help="0 is the plan that it started from.",
        key=f"step-{desk.id}-{saved.seq}",
    )  # fmt: skip
    go.button(
        f"Open it as it was at step {step}, as a new scenario",
        on_click=_try,
        args=(_branch_at, desk, int(step)),
        disabled=step == saved.seq,
    )
    st.subheader("Who last moved each small area")
    names = dict(
        zip(desk.choice.pack.geography.units, desk.choice.pack.geography.names, strict=True)
    )
    blame = saved.blame()
    if not blame:
        st.info("No small area stands elsewhere than in the plan it started from.")
        return
    show_listing(
        ("Code", "Small area", "Zone now", "Who", "When", "Step"),
        [
            (unit, names.get(unit, ""), saved.scenario.plan.zone_of(unit) or NO_ZONE, b.who,
             clock(b.when), f"{b.seq}. {b.title}")
            for unit, b in list(blame.items())[:MOST_LISTED]
        ],
        caption="Small areas that were moved, and in which step last", height=320,
    )  # fmt: skip


def show_misfit(choice: Choice, fault: StoreError) -> None:
    """Say why a scenario cannot be opened here, and offer what can be done with it."""
    show_said()
    st.error(plain(str(fault)), icon=":material/difference:")
    scenario_id = str(st.session_state.get(PARAMETER, ""))
    if isinstance(fault, ElsewhereError):
        _offer_its_plan(scenario_id, fault)
    elif isinstance(fault, DamagedError):
        _offer_good_step(scenario_id, fault)
    elif isinstance(fault, MisfitError):
        _offer_to_carry(choice, scenario_id)
    st.button("Leave it, start a new redraw", on_click=lay, args=(None,))


def _offer_its_plan(scenario_id: str, fault: ElsewhereError) -> None:
    """Offer to open a scenario with the authority and the plan that it is of."""
    if any(entry.key == fault.authority and not entry.fault for entry in list_packs()):
        st.button("Open it with its plan", type="primary", on_click=_open_there,
                  args=(fault.authority, fault.plan, scenario_id))  # fmt: skip
    else:
        st.info(plain(f"There is no pack of '{fault.authority}' here. Put one in place first."))


def _open_there(authority: str, plan: str, scenario_id: str) -> None:
    """Lay a scenario on the desk, and choose its authority and plan in the sidebar."""
    st.session_state["pack"] = st.session_state["kept-pack"] = authority
    st.session_state[f"plan-{authority}"] = st.session_state[f"kept-plan-{authority}"] = plan
    st.session_state["desk-of"] = f"{authority}-{plan}"
    lay(scenario_id)


def _offer_good_step(scenario_id: str, fault: DamagedError) -> None:
    """Offer a damaged scenario as it was before the damage."""
    if fault.good is None:
        return
    st.markdown(
        "What stands in its log up to there is sound. It can be opened as it was then, as a new "
        "scenario; the damaged one stays as it is."
    )
    st.button(f"Open it as it was at step {fault.good}", type="primary", on_click=_try,
              args=(_open_at, scenario_id, fault.good))  # fmt: skip


def _open_at(scenario_id: str, seq: int) -> None:
    store = open_store()
    title = f"{store.at(scenario_id, seq).title}, from step {seq}"
    lay(store.branch(scenario_id, title=title, who=user_name(), at_seq=seq).id)


def _offer_to_carry(choice: Choice, scenario_id: str) -> None:
    """Offer to carry a scenario over to another state of the pack, after its report."""
    try:
        carried = _carried(open_store().load(scenario_id), choice.pack)
    except ZonewrightError as refusal:
        st.error(plain(str(refusal)), icon=":material/block:")
        return
    if carried is None:
        st.info(
            "Small areas of 2011 and 2021 are matched by the published lookup, never by "
            "shape. Choose its file to see what would become of the scenario."
        )
        return
    st.markdown(plain(str(carried.report)).replace("\n", "  \n"))
    st.button("Carry it over as a copy", type="primary", on_click=_try,
              args=(_keep, carried, choice.pack))  # fmt: skip


def _carried(saved: Saved, pack: Pack) -> Carried | None:
    """Carry a scenario over; None while the lookup between vintages is not given."""
    if saved.head.vintage == pack.authority.vintage:
        return carry(saved, pack)
    given = st.file_uploader(
        "The lookup of small areas of 2011 and 2021 (Office for National Statistics, CSV)",
        type=["csv"],
        key="vintage-lookup",
    )
    if given is None:
        return None
    lookup = read_vintage_lookup(File.from_bytes(given.name, given.getvalue()))
    return carry(saved, pack, lookup=lookup)


def _keep(carried: Carried, pack: Pack) -> None:
    lay(carried.keep(open_store(), pack, who=user_name()))


def _pick(desk: Desk, listed: Sequence[Summary]) -> None:
    """Choose another scenario of the authority; one of another plan brings its plan along."""
    titles = _told_apart(listed)
    unlisted = f"{desk.title} · not in the list" if desk.saved else "New, not saved"
    is_new = desk.id not in titles
    options = [*([desk.id] if is_new else []), *titles, *([] if is_new else [_NEW])]
    # of this scenario alone: a stroke on its way while another is opened brings the first one back
    widget = f"scenario-of-{desk.choice.pack.authority.key}-{desk.id}"
    st.session_state[widget] = desk.id
    st.selectbox(
        "Scenario",
        options,
        label_visibility="collapsed",
        format_func=lambda one: titles.get(one, "New redraw" if one == _NEW else unlisted),
        key=widget,
        on_change=_picked,
        args=(desk.choice, widget, frozenset(options)),
        help="Every step is saved as you take it. A new redraw is kept from its first step.",
    )


def _picked(choice: Choice, widget: str, offered: frozenset[str]) -> None:
    """Open what was picked.

    A browser names its choice by what is written there. Where it has not seen yet that a step
    changed that, it names what is no longer offered: nobody picked anything.
    """
    wanted = str(st.session_state[widget])
    if wanted not in offered:
        return
    lay(wanted or None)
    if wanted == _NEW:
        return
    try:
        plan = open_store().load(wanted).head.baseline.key
    except StoreError:  # the page says so when it opens it
        return
    if plan != choice.entry.key and any(plan == entry.key for entry in choice.pack.plans):
        key = choice.pack.authority.key
        st.session_state[f"plan-{key}"] = plan
        st.session_state["desk-of"] = f"{key}-{plan}"


def _told_apart(listed: Sequence[Summary]) -> dict[str, str]:
    """Name scenarios by their ids; those that read alike get the start of their id."""
    named = {entry.id: entry.label for entry in listed}
    often = Counter(named.values())
    return {key: f"{text} · {key[:6]}" if often[text] > 1 else text for key, text in named.items()}


def _listed(desk: Desk) -> tuple[Summary, ...]:
    try:
        return open_store().scenarios(desk.choice.pack.authority.key)
    except StoreError as fault:
        if not desk.trouble:  # else the page has said it
            st.warning(plain(f"The other scenarios cannot be listed. {fault.found}"))
        return ()


def _rename(desk: Desk) -> None:
    name = st.text_input("Name", desk.title, max_chars=120, key=f"name-{desk.id}-{desk.title}")
    st.button(
        "Rename", disabled=desk.saved is None or name.strip() in ("", desk.title),
        on_click=_try, args=(_rename_to, desk, name), width="stretch",
    )  # fmt: skip
    if desk.saved is None:
        st.caption("It can be named once it has a step.")


def _rename_to(desk: Desk, name: str) -> None:
    open_store().rename(desk.id, name, who=user_name())


def _branch_here(desk: Desk) -> None:
    st.button(
        "Branch: go on in a copy", disabled=desk.saved is None, on_click=_try,
        args=(_branch_at, desk, None), width="stretch",
    )  # fmt: skip


def _branch_at(desk: Desk, seq: int | None) -> None:
    title = f"{desk.title}, branch" if seq is None else f"{desk.title}, from step {seq}"
    lay(open_store().branch(desk.id, title=title, who=user_name(), at_seq=seq).id)


def _put_away(desk: Desk) -> None:
    st.button(
        "Put away", disabled=desk.saved is None or desk.saved.is_archived, on_click=_try,
        args=(_archive, desk), width="stretch",
        help="It leaves the list and stays in the store: nothing is deleted.",
    )  # fmt: skip


def _archive(desk: Desk) -> None:
    open_store().archive(desk.id, who=user_name())
    lay(None)


def _bring_back(desk: Desk) -> None:
    open_store().archive(desk.id, who=user_name(), on=False)


def _transfer(desk: Desk) -> None:
    if desk.saved is not None:
        st.download_button(
            "Export with its history (JSON)",
            data=lambda: export_scenario(open_store(), desk.id),
            file_name=f"{desk.choice.pack.authority.key}-scenario-{desk.id[:8]}.json",
            mime="application/json",
            on_click="ignore",
            width="stretch",
        )
    given = st.file_uploader("Import a scenario (JSON)", type=["json"], key="import-scenario")
    if given is None:
        return
    mark = f"{given.name}-{given.size}-{given.file_id}"
    before, done = st.session_state.get("imported-scenario", ("", None))
    if before != mark:
        try:
            done = import_scenario(
                open_store(), given.getvalue(), who=user_name(), pack=desk.choice.pack
            )
        except ZonewrightError as refusal:
            st.error(plain(str(refusal)))
            return
        st.session_state["imported-scenario"] = (mark, done)
    st.success(plain(done.note))
    st.button("Open it", on_click=lay, args=(done.id,))


def _try(step: Callable[..., None], *args: object) -> None:
    """Do something to the store in answer to a click; what goes wrong is told by the next run."""
    try:
        step(*args)
    except ZonewrightError as refusal:
        st.session_state["desk-said"] = str(refusal)


def show_said() -> None:
    """Say once what went wrong with the last click."""
    said = st.session_state.pop("desk-said", "")
    if said:
        st.error(plain(str(said)), icon=":material/block:")
