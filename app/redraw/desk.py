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

from analysis.events import Assume, Border, Edit, Event
from analysis.scenario import Scenario, evaluate
from app.address import came_back, note
from app.choices import Choice, plain
from app.painter import Sent, waiting
from geo.errors import PlanError, StoreError, ZonewrightError, named
from geo.geography import Geography
from store.folder import user_name
from store.log import DamagedError, ElsewhereError, MisfitError, Saved
from store.scenarios import Refused, Stale, Store, Vet, open_store

PAINTER = "painter"
"""The key of the painter's component on the page."""

MOST_REFUSED = 50
"""Refusals of one browser that are kept to be told; it needs to hear of each once."""

PARAMETER = "scenario"
_ID = re.compile(r"[0-9a-f]{32}")

Numbered = tuple[tuple[int, Event], ...]
Polygon = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Waiting:
    """Events of one client that the store does not have yet.

    `base` is the last event of the scenario that was on its screen when it made the oldest; None
    when it is the page's own, for which the session knows.
    """

    client: str
    events: Numbered
    base: int | None = None


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
    seq
        The last event of the log that is shown: what is done next is based on it.
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
    seq: int = 0
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

    Raises
    ------
    MisfitError
        When pack or plan are not those of the scenario.
    DamagedError
        When its log is damaged.
    """
    scenario_id = _open_id(choice)
    sent = _heard(scenario_id)
    desk = Desk(choice, scenario_id, Scenario(scenario_id, choice.entry))
    try:
        store = open_store()
        desk = _loaded(desk, store, sent)
        desk = _take_all(desk, store, _on_hand(desk, sent))
    except (MisfitError, DamagedError):
        raise
    except StoreError as fault:
        desk = _kept_aside(desk, _on_hand(desk, sent), trouble=str(fault))
    desk = _answered(desk, sent)
    st.session_state[_seen(desk.id)] = desk.seq
    return desk


def is_unheard(desk: Desk) -> bool:
    """Say whether the browser sent something that this run could not hear before it was shown.

    A session that was just begun knows the painter by its key only once it is shown: what the
    browser sent at the beginning, since a server came back, is for a second run.
    """
    try:
        sent = None if desk.client else waiting(PAINTER, scenario=desk.id)
    except PlanError:  # the next run says so
        return False
    if sent is None or not (sent.events or sent.drawn):
        return False
    is_first = "desk-unheard" not in st.session_state
    st.session_state["desk-unheard"] = True
    return is_first


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
    """Put one's own steps on top of what somebody else did.

    The next run does it, unless somebody was quicker once more: then that is told first.
    """
    _know(desk)


def branch(desk: Desk, title: str) -> None:
    """Go on with one's own steps in a scenario of their own, from where the other one was seen."""
    if desk.stale is None:
        return
    store = open_store()
    refused: list[Refused] = []
    for group in desk.waiting:
        # if the store fails between two groups, the next try goes on with the same branch
        target = st.session_state.get(_branch(desk.id))
        made = store.branch(
            desk.id, title=title, who=user_name(), at_seq=desk.stale.fork, client=group.client,
            events=group.events, into=target, vet=_vet(desk.choice, group.client),
        )  # fmt: skip
        st.session_state[_branch(desk.id)] = made.id
        refused += made.refused
        _settle(desk.id, group, _numbered(made.refused))
    lay(st.session_state.pop(_branch(desk.id), None))
    if refused:
        st.session_state["desk-said"] = " ".join(dict.fromkeys(one.message for one in refused))


def drop(desk: Desk) -> None:
    """Give one's own steps up for what somebody else did."""
    for group in desk.waiting:
        _settle(desk.id, group, [])
    _know(desk)


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
    asked, back = st.query_params.get(PARAMETER, ""), came_back()
    if st.session_state.get("desk-of", of) != of:  # another authority or plan was chosen
        st.session_state.pop(PARAMETER, None)
        asked = asked if back else ""
    st.session_state["desk-of"] = of
    wanted = (asked if back else "") or st.session_state.get(PARAMETER) or asked
    if wanted and not _ID.fullmatch(wanted):
        st.warning(plain(f"'{wanted[:40]}' names no scenario; the page shows a new one."))
        wanted = ""
    wanted = wanted or uuid4().hex
    st.session_state[PARAMETER] = wanted
    note(PARAMETER, wanted)
    return wanted


def _heard(scenario_id: str) -> Sent | None:
    """Hear what the browser sent; what no painter sends is told once and left alone."""
    try:
        sent = waiting(PAINTER, scenario=scenario_id)
    except PlanError as refusal:
        if not st.session_state.get("desk-odd"):
            st.error(plain(str(refusal)), icon=":material/block:")
        st.session_state["desk-odd"] = True
        return None
    st.session_state["desk-odd"] = False
    return sent


def _loaded(desk: Desk, store: Store, sent: Sent | None) -> Desk:
    """Open the scenario as the store has it; one that it never had is new."""
    seen = st.session_state.get(_seen(desk.id))
    shown = max(seen or 0, (sent.base if sent else None) or 0)
    if not store.has(desk.id):
        if shown or _last(desk.id) in st.session_state:
            raise StoreError(
                f"The scenario is no longer in {store.database.name}.",
                remedy="Put the last good copy of that in its place, or start a new redraw.",
            )
        return desk
    saved = store.load(desk.id, desk.choice.pack)
    if saved.head.baseline.key != desk.choice.entry.key:
        raise ElsewhereError(
            saved.head,
            f"The scenario '{saved.title}' starts from '{saved.head.baseline.title}', not from "
            f"'{desk.choice.entry.title}'.",
            remedy="Open it with its plan.",
        )
    st.session_state[_last(desk.id)] = saved
    return replace(_showing(desk, saved), notice=_notice(desk, saved, seen, shown))


def _notice(desk: Desk, saved: Saved, seen: int | None, shown: int) -> str:
    """Say what else happened to the scenario since it was last shown."""
    if shown > saved.seq:
        return (
            f"An older copy of the scenario was put in the place of the one you saw: it has "
            f"{saved.seq} steps, and you saw {shown}."
        )
    later = saved.log[saved.seq if seen is None else seen :]
    people = dict.fromkeys(x.who for x in later if x.client not in _clients(desk.id))
    return f"{', '.join(people)} changed this scenario since you last saw it." if people else ""


def _showing(desk: Desk, saved: Saved) -> Desk:
    """Show a saved scenario."""
    scenario = _fitting(desk.choice, saved.scenario)
    return replace(desk, scenario=scenario, saved=saved, seq=saved.seq, at=_clock(saved))


def _fitting(choice: Choice, scenario: Scenario) -> Scenario:
    """Give a scenario the pack's own plan as its baseline: pages know it by that.

    A cut of a border that the pack no longer has is left out, or nothing could be worked out.
    """
    scenario = scenario.from_baseline(choice.entry)
    strange = scenario.cuts - _touching(choice.pack.geography) if scenario.cuts else frozenset()
    return scenario.take(Border("clear", tuple(strange))) if strange else scenario


def _on_hand(desk: Desk, sent: Sent | None) -> tuple[Waiting, ...]:
    """Gather what the page and the browser have for the store and it has not answered."""
    done = st.session_state.setdefault(_done(desk.id), {})
    own = tuple(st.session_state.get(_own(desk.id), ()))
    groups = [Waiting(_page_client(), own)] if own else []
    if sent is not None:
        fresh = sent.after(done.setdefault(sent.client, 0)).events
        groups += [Waiting(sent.client, fresh, sent.base)] if fresh else []
    return tuple(groups)


def _take_all(desk: Desk, store: Store, groups: Iterable[Waiting]) -> Desk:
    for group in groups:
        desk = _take(desk, store, group)
    return desk


def _take(desk: Desk, store: Store, group: Waiting) -> Desk:
    """Put what one client sent into the store, or keep it while somebody else was quicker."""
    if desk.saved is None:
        _create(desk, store)
    try:
        answer = store.append(
            desk.id, group.client, group.events, who=user_name(),
            expected_seq=_expected(desk, group), also=_clients(desk.id),
            vet=_vet(desk.choice, group.client),
        )  # fmt: skip
    except StoreError:
        raise
    except ZonewrightError as refusal:  # nothing that is sent again would end otherwise
        _settle(desk.id, group, [(n, str(refusal)) for n, _ in group.events])
        return desk
    if isinstance(answer, Stale):
        return _told(desk, group, answer)
    _settle(desk.id, group, _numbered(answer.refused))
    saved = st.session_state[_last(desk.id)] = store.load(desk.id)
    # what waits already is shown, and not the scenario as it is saved
    return desk if desk.stale else _showing(desk, saved)


def _expected(desk: Desk, group: Waiting) -> int | None:
    """Say which event a client has seen last; its person may have been told of more since."""
    known = [n for n in (group.base, st.session_state.get(_seen(desk.id))) if n is not None]
    if not known:
        return None
    told: int = st.session_state.get(_known(desk.id), 0)
    return min(max(min(known), told), desk.saved.seq if desk.saved else 0)


def _told(desk: Desk, group: Waiting, stale: Stale) -> Desk:
    """Show one's own steps on what they were made on, beside those that wait already."""
    if desk.stale is not None and desk.stale.fork <= stale.fork:
        stale = desk.stale.with_more(stale.events)
    elif desk.stale is not None:
        stale = stale.with_more(desk.stale.events)
    scenario = _fitting(desk.choice, stale.mine)
    waits = (*desk.waiting, group)
    return replace(
        desk, scenario=scenario, stale=stale, seq=stale.fork, waiting=waits, notice=""
    )  # fmt: skip


def _know(desk: Desk) -> None:
    """Note that the person has been told what somebody else did, whatever is on the screen."""
    if desk.stale is not None:
        st.session_state[_known(desk.id)] = st.session_state[_seen(desk.id)] = desk.stale.seq


def _numbered(refused: Iterable[Refused]) -> list[tuple[int, str]]:
    return [(one.n, one.message) for one in refused]


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
        vet = _vet(desk.choice, group.client)
        for _, event in group.events:
            with suppress(ZonewrightError):  # it is refused with its reason once it is saved
                scenario = scenario if vet(scenario, event) else scenario.take(event)
    return replace(desk, scenario=scenario, waiting=groups, trouble=trouble)


def _answered(desk: Desk, sent: Sent | None) -> Desk:
    """Say up to where the browser is answered, and take the polygon that it may have drawn."""
    refusals: dict[str, dict[int, str]] = st.session_state.setdefault(_refusals(desk.id), {})
    own = refusals.pop(_page_client(), {})
    desk = replace(desk, messages=tuple(own.values()))
    if sent is None:
        return desk
    turned = dict.fromkeys(sent.unread, "The map sent a step that cannot be read.")
    turned |= refusals.get(sent.client, {})
    ack = st.session_state.setdefault(_done(desk.id), {}).get(sent.client, 0)
    ack = _take_polygon(desk.id, sent, ack)
    refused = tuple(sorted(turned.items()))
    return replace(desk, client=sent.client, ack=ack, refused=refused)


def _take_polygon(scenario_id: str, sent: Sent, ack: int) -> int:
    """Take the polygon that the browser may have drawn, and say up to where it is answered."""
    if sent.drawn is None:
        return ack
    number, polygon = sent.drawn
    taken = st.session_state.setdefault(_polygons(scenario_id), {})
    if number > taken.get(sent.client, 0):
        taken[sent.client] = number
        st.session_state[_drawn(scenario_id)] = (number, polygon)
    # it has a number among those of the events: those before it may still wait
    waits = any(ack < n < number for n, _ in sent.events)
    return ack if waits else max(ack, number)


def _settle(scenario_id: str, group: Waiting, refused: Sequence[tuple[int, str]]) -> None:
    """Note that a group is done with: on the disk, or refused with a reason."""
    last = max(n for n, _ in group.events)
    done = st.session_state.setdefault(_done(scenario_id), {})
    done[group.client] = max(done.get(group.client, 0), last)
    if group.client == _page_client():
        st.session_state[_own(scenario_id)] = [
            one for one in st.session_state.get(_own(scenario_id), []) if one[0] > last
        ]
    # a run may be overtaken before it tells them, so they are told in the next ones too
    kept = st.session_state.setdefault(_refusals(scenario_id), {})
    turned = {**kept.get(group.client, {}), **dict(refused)}
    kept[group.client] = dict(sorted(turned.items())[-MOST_REFUSED:])


def _vet(choice: Choice, client: str) -> Vet:
    """Give what says why an event of a client may not be added, where a scenario cannot know.

    An event that was added would be worked out in every later run: one that cannot be worked out
    is refused, whatever the fault is.
    """

    def vet(scenario: Scenario, event: Event) -> str:
        fault = _not_touching(choice.pack.geography, event)
        if client != _page_client():
            fault = fault or _not_there(scenario, event)
        if fault:
            return fault
        try:
            after = scenario.take(event)
            if isinstance(event, Border | Assume) or (isinstance(event, Edit) and event.zones):
                evaluate(_fitting(choice, after), choice.pack)
        except ZonewrightError as refusal:
            return str(refusal)
        except Exception as error:  # noqa: BLE001  it would end every later run
            return f"This step cannot be worked out ({type(error).__name__}), and was left out."
        return ""

    return vet


def _not_there(scenario: Scenario, event: Event) -> str:
    """Say which zone a stroke names that was renamed or dropped since: it is not made again."""
    if not isinstance(event, Edit) or event.zones:
        return ""
    gone = {zone for zone in event.to.values() if zone} - set(scenario.plan.zones)
    if not gone:
        return ""
    are = "zone {} is" if len(gone) == 1 else "zones {} are"
    return f"The {are.format(named(sorted(gone)))} no longer there. Paint into another one."


def _not_touching(geography: Geography, event: Event) -> str:
    """Say that a border is cut that this geography does not have."""
    if not isinstance(event, Border) or event.what != "cut":
        return ""
    touching = set(event.pairs) <= _touching(geography)
    return "" if touching else "Only small areas that touch can be cut from each other."


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


def _polygons(scenario_id: str) -> str:
    return f"desk-polygons-{scenario_id}"


def _known(scenario_id: str) -> str:
    return f"desk-known-{scenario_id}"


def _branch(scenario_id: str) -> str:
    return f"desk-branch-{scenario_id}"
