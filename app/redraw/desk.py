"""The desk: which scenario lies open, what was sent to it, and what became of that.

What a person does on the map or on the page is an event with a number. It is shown at once and is
kept by the browser, or by this session, until the store has it on the disk. So nothing is lost
while the disk is full, the line is down or somebody else was quicker.
"""

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import uuid4

import streamlit as st

from analysis.events import Border, Event
from analysis.scenario import Scenario
from app.choices import Choice, plain
from app.painter import Sent, waiting
from geo.errors import PlanError, StoreError, ZonewrightError
from geo.geography import Geography
from store.folder import user_name
from store.log import MisfitError, Saved
from store.scenarios import Appended, Stale, Store, open_store

PAINTER = "painter"
"""The key of the painter's component on the page."""

PARAMETER = "scenario"
_ID = re.compile(r"[0-9a-f]{32}")

Numbered = tuple[tuple[int, Event], ...]
Polygon = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Waiting:
    """Events of one client that the store does not have yet."""

    client: str
    events: Numbered


@dataclass(frozen=True, eq=False)
class Desk:
    """What lies on the desk in this run of the page.

    Parameters
    ----------
    id
        Of the scenario; one that was never saved has its id from the start.
    scenario
        As it is shown: what is saved, and what could not be saved yet on top of it.
    saved
        None while nothing of it is in the store.
    waiting
        What could not be saved.
    client, ack, refused
        The browser that sent something, up to which number it is answered, and what was refused.
    messages
        Why steps of the page itself were refused.
    trouble
        Why nothing can be saved; empty while it can.
    stale
        What somebody else did meanwhile, while it is not decided what becomes of one's own steps.
    notice
        What somebody else did, when it stands in nobody's way.
    """

    choice: Choice
    id: str
    scenario: Scenario
    saved: Saved | None = None
    waiting: tuple[Waiting, ...] = ()
    client: str | None = None
    ack: int = 0
    refused: tuple[tuple[int, str], ...] = ()
    messages: tuple[str, ...] = ()
    trouble: str = ""
    stale: Stale | None = None
    notice: str = ""
    at: str = field(default="")

    @property
    def title(self) -> str:
        """What the scenario is called."""
        return self.saved.title if self.saved else _first_title(self.choice)

    @property
    def said(self) -> str:
        """Say that it is saved, and when."""
        return f"Saved {self.at}" if self.saved and self.at and not self.waiting else ""


def open_desk(choice: Choice) -> Desk:
    """Take what was sent to the scenario that lies open, and give it as it is now.

    Whatever the store answers, the page goes on: what cannot be saved is shown and waits.
    """
    scenario_id = _open_id(choice)
    sent = waiting(PAINTER, scenario=scenario_id)
    desk = Desk(choice, scenario_id, Scenario(scenario_id, choice.entry))
    try:
        store = open_store()
        desk = _loaded(desk, store)
        desk = _take_all(desk, store, _on_hand(desk, sent))
    except MisfitError:
        raise
    except StoreError as fault:
        desk = _kept_aside(desk, _on_hand(desk, sent), trouble=str(fault))
    desk = _answered(desk, sent)
    if desk.saved and not desk.waiting:
        st.session_state[_seen(desk.id)] = desk.saved.seq
    return desk


def do(scenario_id: str, *events: Event) -> None:
    """Put steps that the page itself makes on the desk; the next run takes them."""
    kept: list[tuple[int, Event]] = st.session_state.setdefault(_own(scenario_id), [])
    for event in events:
        number = st.session_state.get("desk-number", 0) + 1
        st.session_state["desk-number"] = number
        kept.append((number, event))


def lay(scenario_id: str | None) -> None:
    """Lay another scenario on the desk; None lays a new one."""
    st.session_state[PARAMETER] = scenario_id or uuid4().hex


def rebase(desk: Desk) -> None:
    """Put one's own steps on top of what somebody else did."""
    store = open_store()
    for group in desk.waiting:
        answer = store.rebase(desk.id, group.client, group.events, who=user_name())
        _settle(desk.id, group, [(one.n, one.message) for one in answer.refused])
    st.session_state.pop(_seen(desk.id), None)


def branch(desk: Desk, title: str) -> None:
    """Go on with one's own steps in a scenario of their own, from where the other one was seen."""
    store, target = open_store(), None
    seen = st.session_state.get(_seen(desk.id))
    for group in desk.waiting:
        made = store.branch(
            desk.id, title=title, who=user_name(), at_seq=seen,
            client=group.client, events=group.events, into=target,
        )  # fmt: skip
        target = made.id
        _settle(desk.id, group, [(one.n, one.message) for one in made.refused])
    lay(target)


def drop(desk: Desk) -> None:
    """Give one's own steps up for what somebody else did."""
    for group in desk.waiting:
        _settle(desk.id, group, [])
    st.session_state.pop(_seen(desk.id), None)


def drawn_polygon(scenario_id: str) -> Polygon | None:
    """Give the polygon that was drawn on the map and waits for its zone."""
    found: tuple[int, Polygon] | None = st.session_state.get(_drawn(scenario_id))
    return found[1] if found else None


def forget_polygon(scenario_id: str) -> None:
    """Put the drawn polygon away."""
    st.session_state.pop(_drawn(scenario_id), None)


def _open_id(choice: Choice) -> str:
    """Say which scenario lies open: as the page or the address says, else a new one."""
    of = f"{choice.pack.authority.key}-{choice.entry.key}"
    if st.session_state.get("desk-of", of) != of:  # another authority or plan was chosen
        st.session_state.pop(PARAMETER, None)
        st.query_params.pop(PARAMETER, None)
    st.session_state["desk-of"] = of
    wanted = st.session_state.get(PARAMETER) or st.query_params.get(PARAMETER, "")
    if wanted and not _ID.fullmatch(wanted):
        st.warning(plain(f"'{wanted[:40]}' names no scenario; the page shows a new one."))
        wanted = ""
    wanted = wanted or uuid4().hex
    st.session_state[PARAMETER] = wanted
    st.query_params[PARAMETER] = wanted
    return wanted


def _loaded(desk: Desk, store: Store) -> Desk:
    """Open the scenario as the store has it; one that it does not have is new."""
    if not store.has(desk.id):
        return desk
    saved = store.load(desk.id, desk.choice.pack)
    if saved.head.baseline.key != desk.choice.entry.key:
        raise PlanError(
            f"The scenario '{saved.title}' starts from '{saved.head.baseline.title}', not from "
            f"'{desk.choice.entry.title}'.",
            remedy="Choose that plan in the sidebar, then the scenario.",
        )
    st.session_state[_last(desk.id)] = saved
    seen = st.session_state.get(_seen(desk.id), saved.seq)
    people = dict.fromkeys(
        entry.who for entry in saved.log[seen:] if entry.client not in _clients(desk.id)
    )
    notice = f"{', '.join(people)} changed this scenario since you last saw it." if people else ""
    return replace(_showing(desk, saved), notice=notice)


def _showing(desk: Desk, saved: Saved) -> Desk:
    """Show a saved scenario, with the pack's own plan as its baseline: pages know it by that."""
    scenario = saved.scenario.from_baseline(desk.choice.entry)
    return replace(desk, scenario=scenario, saved=saved, at=_clock(saved))


def _on_hand(desk: Desk, sent: Sent | None) -> tuple[Waiting, ...]:
    """Gather what the page and the browser have for the store and it has not answered."""
    done = st.session_state.setdefault(_done(desk.id), {})
    own = tuple(st.session_state.get(_own(desk.id), ()))
    groups = [Waiting(_page_client(), own)] if own else []
    if sent is not None:
        fresh = tuple(one for one in sent.events if one[0] > done.get(sent.client, 0))
        groups += [Waiting(sent.client, fresh)] if fresh else []
    return tuple(groups)


def _take_all(desk: Desk, store: Store, groups: Iterable[Waiting]) -> Desk:
    for group in groups:
        desk = _take(desk, store, group)
    return desk


def _take(desk: Desk, store: Store, group: Waiting) -> Desk:
    """Put what one client sent into the store, or keep it while somebody else was quicker."""
    geography = desk.choice.pack.geography
    turned = _not_of(geography, group.events)
    events = [one for one in group.events if one[0] not in dict(turned)]
    refused = list(turned)
    if events and desk.saved is None:
        _create(desk, store)
    if events:
        seen = st.session_state.get(_seen(desk.id))
        answer = store.append(desk.id, group.client, events, who=user_name(), expected_seq=seen)
        if isinstance(answer, Stale):
            shown = answer.mine.from_baseline(desk.choice.entry)
            return replace(desk, scenario=shown, stale=answer, waiting=(*desk.waiting, group))
        refused += [(one.n, one.message) for one in answer.refused]
        st.session_state[_seen(desk.id)] = _seq_after(answer)
    _settle(desk.id, group, refused)
    saved = store.load(desk.id) if store.has(desk.id) else None
    if saved is None:
        return desk
    st.session_state[_last(desk.id)] = saved
    return _showing(desk, saved)


def _seq_after(answer: Appended) -> int:
    return answer.seq


def _create(desk: Desk, store: Store) -> None:
    store.create(
        desk.choice.pack, desk.choice.entry.key, title=_first_title(desk.choice),
        who=user_name(), scenario_id=desk.id,
    )  # fmt: skip


def _kept_aside(desk: Desk, groups: tuple[Waiting, ...], *, trouble: str) -> Desk:
    """Show what is on hand on top of what was last saved, while the store does not answer."""
    last: Saved | None = st.session_state.get(_last(desk.id))
    desk = _showing(desk, last) if last else desk
    scenario = desk.scenario
    for group in groups:
        for _, event in group.events:
            with suppress(ZonewrightError):  # it is refused with its reason once it is saved
                scenario = scenario.take(event)
    return replace(desk, scenario=scenario, waiting=groups, trouble=trouble)


def _answered(desk: Desk, sent: Sent | None) -> Desk:
    """Say up to where the browser is answered, and take the polygon that it may have drawn."""
    refusals: dict[str, dict[int, str]] = st.session_state.setdefault(_refusals(desk.id), {})
    own = refusals.pop(_page_client(), {})
    desk = replace(desk, messages=tuple(own.values()))
    if sent is None:
        return desk
    done = st.session_state.setdefault(_done(desk.id), {})
    ack = done.get(sent.client, 0)
    if sent.drawn is not None and all(n <= ack for n, _ in sent.events):
        number, polygon = sent.drawn
        if number > ack:
            st.session_state[_drawn(desk.id)] = (number, polygon)
            ack = done[sent.client] = number
    turned = tuple(sorted(refusals.get(sent.client, {}).items()))
    return replace(desk, client=sent.client, ack=ack, refused=turned)


def _settle(scenario_id: str, group: Waiting, refused: Sequence[tuple[int, str]]) -> None:
    """Note that a group is done with: on the disk, or refused with a reason."""
    last = max(n for n, _ in group.events)
    done = st.session_state.setdefault(_done(scenario_id), {})
    done[group.client] = max(done.get(group.client, 0), last)
    if group.client == _page_client():
        st.session_state[_own(scenario_id)] = [
            one for one in st.session_state.get(_own(scenario_id), []) if one[0] > last
        ]
    kept = st.session_state.setdefault(_refusals(scenario_id), {})
    kept[group.client] = dict(refused)


def _not_of(geography: Geography, events: Numbered) -> list[tuple[int, str]]:
    """Find borders that this geography does not have: a scenario alone cannot know."""
    found = []
    for number, event in events:
        if isinstance(event, Border) and event.what == "cut":
            known = _touching(geography)
            if not set(event.pairs) <= known:
                found.append((number, "Only small areas that touch can be cut from each other."))
    return found


@st.cache_resource(max_entries=8, hash_funcs={Geography: id})
def _touching(geography: Geography) -> frozenset[tuple[str, str]]:
    left, right = geography.neighbours.pairs
    codes = geography.units
    pairs = ((codes[a], codes[b]) for a, b in zip(left.tolist(), right.tolist(), strict=True))
    return frozenset((min(a, b), max(a, b)) for a, b in pairs)


def _clients(scenario_id: str) -> frozenset[str]:
    return frozenset({_page_client(), *st.session_state.get(_done(scenario_id), {})})


def _page_client() -> str:
    """Name this session's page among those that send events."""
    return str(st.session_state.setdefault("desk-client", f"page{uuid4().hex}"))


def _first_title(choice: Choice) -> str:
    return f"Redraw of {choice.entry.title}"


def _clock(saved: Saved) -> str:
    when = saved.log[-1].when if saved.log else saved.head.when
    moment = datetime.fromisoformat(when).astimezone()
    today = datetime.now(UTC).astimezone().date()
    return moment.strftime("%H:%M:%S" if moment.date() == today else "%d %b %Y %H:%M")


def _seen(scenario_id: str) -> str:
    return f"desk-seen-{scenario_id}"


def _last(scenario_id: str) -> str:
    return f"desk-last-{scenario_id}"


def _own(scenario_id: str) -> str:
    return f"desk-own-{scenario_id}"


def _done(scenario_id: str) -> str:
    return f"desk-done-{scenario_id}"


def _refusals(scenario_id: str) -> str:
    return f"desk-refused-{scenario_id}"


def _drawn(scenario_id: str) -> str:
    return f"desk-drawn-{scenario_id}"
