"""Scenarios in the store: taken once, told when somebody was quicker, and the same anew."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.assumptions import Assumptions
from analysis.events import Assume, Border, Edit, Event, Lock, Redo, Undo
from analysis.scenario import Scenario
from geo.errors import PlanError, StoreError, ZonewrightError
from layers.pack import Pack
from small_pack import UNITS
from store.database import open_database
from store.log import DamagedError, ElsewhereError, MisfitError, Saved
from store.scenarios import Appended, Refused, Stale, Store, open_store

ANN, BEN = {"who": "Ann"}, {"who": "Ben"}
NORTH = Edit.move(UNITS[8:], to="North")
SOUTH = Edit.move(UNITS[:1], to="South")
MIDDLE = Edit.move(UNITS[:1], to="Middle")
EVERY_KIND: tuple[Event, ...] = (
    SOUTH, NORTH, Undo(), Redo(), Lock(on=True, zones=("Middle",), units=UNITS[8:]),
    Border("link", ((UNITS[0], UNITS[8]),)), Border("cut", ((UNITS[0], UNITS[3]),)),
    Assume(Assumptions(staff="follows", fte={"North": 3.5})), Undo(),
)  # fmt: skip


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    opened = Store(open_database(database))
    yield opened
    opened.database.close()


@pytest.fixture
def made(store: Store, small: Pack) -> str:
    return store.create(small, "zones", title="Level the north", **ANN)


def numbered(*events: Event, start: int = 1) -> list[tuple[int, Event]]:
    return list(enumerate(events, start))


def anew(store: Store) -> Store:
    """The same database, with nothing in memory."""
    return Store(store.database)


def taken(answer: Appended | Stale) -> Appended:
    assert isinstance(answer, Appended), str(answer)
    return answer


def stale(answer: Appended | Stale) -> Stale:
    assert isinstance(answer, Stale)
    return answer


# what is kept


def test_a_new_scenario_is_its_baseline(store: Store, made: str, small: Pack) -> None:
    saved = store.load(made, small)
    assert saved.scenario == Scenario(made, small.plan("zones"))
    assert (saved.seq, saved.log, saved.title) == (0, (), "Level the north")
    assert saved.head.who == "Ann"


def test_every_kind_of_event_is_read_back(store: Store, made: str, small: Pack) -> None:
    answer = taken(store.append(made, "c", numbered(*EVERY_KIND), **ANN))
    assert answer == Appended(8, 9, tuple(range(1, 9)), answer.refused)
    assert answer.refused[0].n == 9
    found, again = store.load(made, small), anew(store).load(made, small)
    expected = Scenario(made, small.plan("zones"))
    for event in EVERY_KIND[:-1]:
        expected = expected.take(event)
    assert found.scenario == again.scenario == expected
    assert found.log == again.log
    assert found.hash == again.hash


def test_the_history_is_told_in_words(store: Store, made: str) -> None:
    store.append(made, "c", numbered(*EVERY_KIND[:-1]), **ANN)
    store.rename(made, "  Level\nthe north 2 ", **BEN)
    store.archive(made, **BEN)
    store.archive(made, on=False, **ANN)
    assert [(entry.title, entry.who) for entry in store.load(made).log] == [
        ("1 unit to South", "Ann"),
        ("1 unit to North", "Ann"),
        ("Undo of '1 unit to North'", "Ann"),
        ("Redo of '1 unit to North'", "Ann"),
        ("Locked Middle, 1 unit", "Ann"),
        ("1 border linked", "Ann"),
        ("1 border cut", "Ann"),
        ("Staff follow their cases; FTE of North set to 3.5", "Ann"),
        ("Named 'Level the north 2'", "Ben"),
        ("Put away", "Ben"),
        ("Brought back", "Ann"),
    ]
    assert store.load(made).title == "Level the north 2"


def test_the_history_tells_assumptions_against_those_that_held_there(
    store: Store, made: str
) -> None:
    level = Assumptions(tolerance=0.05)
    store.append(made, "c", numbered(SOUTH, Assume(level), Undo()), **ANN)
    branch = store.branch(made, title="Other", at_seq=1, **BEN).id
    store.append(made, "c", numbered(Assume(replace(level, tolerance=0.2)), start=4), **ANN)
    store.append(branch, "d", numbered(Assume(replace(level, tolerance=0.2))), **BEN)
    assert [entry.title for entry in anew(store).load(made).log[1::2]] == [
        "Tolerance 10 % to 5 %", "Tolerance 5 % to 20 %"
    ]  # fmt: skip
    assert anew(store).load(branch).log[-1].title == "Tolerance 10 % to 20 %"


def test_an_earlier_moment_can_be_opened(store: Store, made: str, small: Pack) -> None:
    store.append(made, "c", numbered(SOUTH, NORTH, Undo()), **ANN)
    baseline = small.plan("zones").plan
    moved = [anew(store).at(made, seq).scenario.plan.moved_from(baseline) for seq in range(4)]
    assert moved == [(), UNITS[:1], (UNITS[0], UNITS[8]), UNITS[:1]]
    for seq in (-1, 4):
        with pytest.raises(StoreError, match=f"has no step {seq}"):
            store.at(made, seq)


def test_blame_names_who_moved_a_unit_last_and_forgets_what_was_undone(
    store: Store, made: str
) -> None:
    store.append(made, "a", numbered(SOUTH, NORTH), **ANN)
    store.append(made, "b", numbered(MIDDLE, Undo(), Lock(on=True, zones=("Middle",))), **BEN)
    blame = store.load(made).blame()
    assert set(blame) == {UNITS[0], UNITS[8]}
    assert (blame[UNITS[0]].who, blame[UNITS[0]].seq) == ("Ann", 1)
    store.append(made, "b", numbered(Lock(on=False, zones=("Middle",)), Redo(), start=4), **BEN)
    again = store.load(made).blame()[UNITS[0]]
    assert (again.who, again.seq, again.title) == ("Ben", 3, "1 unit to Middle")


def test_nobody_has_moved_what_only_got_a_new_name(store: Store, made: str) -> None:
    store.append(made, "a", numbered(SOUTH), **ANN)
    plan = store.load(made).scenario.plan
    to = dict.fromkeys(plan.members("South"), "Coast")
    names = tuple("Coast" if zone == "South" else zone for zone in plan.zones)
    store.append(made, "b", numbered(Edit("South is now Coast", to, zones=names)), **BEN)
    saved = store.load(made)
    assert saved.scenario.plan.zones == names
    assert set(saved.blame()) == {UNITS[0]}
    assert saved.blame()[UNITS[0]].who == "Ann"


def test_a_page_may_name_a_scenario_before_it_is_kept(store: Store, small: Pack) -> None:
    name = "0123456789abcdef" * 2
    for title in ("First tab", "Second tab"):
        assert store.create(small, "zones", title=title, scenario_id=name, **ANN) == name
    assert store.load(name).title == "First tab"
    with pytest.raises(PlanError, match="names no scenario"):
        store.create(small, "zones", title="x", scenario_id="../x", **ANN)


def test_a_list_tells_the_last_changed_first(store: Store, made: str, small: Pack) -> None:
    other = store.create(small, "pyramids", title="Other", note="Drawn.\0\n\n", **BEN)
    store.append(made, "c", numbered(SOUTH), **BEN)
    store.rename(made, "Better", **ANN)
    first, second = store.scenarios("small")
    assert (first.id, first.title, first.seq, first.changed_by) == (made, "Better", 2, "Ann")
    assert (second.id, second.title, second.seq, second.note) == (other, "Other", 0, "Drawn.")
    assert store.scenarios("elsewhere") == ()
    store.archive(made, **ANN)
    assert [entry.id for entry in store.scenarios()] == [other]
    assert [entry.is_archived for entry in store.scenarios(archived=True)] == [True, False]


# sent once, sent twice


def test_what_is_sent_twice_is_taken_once(store: Store, made: str) -> None:
    sent = numbered(SOUTH, NORTH)
    first = store.append(made, "c", sent, **ANN)
    for again in (store, anew(store)):
        assert again.append(made, "c", sent, **ANN) == first
        assert again.append(made, "c", sent[1:], expected_seq=0, **ANN) == replace(
            taken(first), taken=(2,)
        )
    assert store.load(made).seq == 2


def test_what_is_sent_again_with_more_adds_only_the_rest(store: Store, made: str) -> None:
    store.append(made, "c", numbered(SOUTH), **ANN)
    answer = store.append(made, "c", numbered(SOUTH, NORTH), expected_seq=0, **ANN)
    assert answer == Appended(2, 2, (1, 2), ())


def test_events_are_taken_in_the_order_of_their_numbers(store: Store, made: str) -> None:
    store.append(made, "c", [(2, MIDDLE), (1, SOUTH)], **ANN)
    assert store.load(made).scenario.plan.zone_of(UNITS[0]) == "Middle"


def test_a_refusal_is_answered_alike_for_ever(store: Store, made: str) -> None:
    sent = numbered(Redo(), SOUTH, Edit.move(["E09"], to="North"))
    first = taken(store.append(made, "c", sent, **ANN))
    assert (first.seq, first.ack, first.taken) == (1, 3, (2,))
    assert first.refused[0] == Refused(1, "There is nothing to redo.")
    assert "no unit E09" in first.refused[1].message
    store.append(made, "c", numbered(Undo(), start=4), **ANN)  # now there would be
    again = taken(anew(store).append(made, "c", sent, **ANN))
    assert again.refused == first.refused
    assert store.load(made).seq == 2


def test_what_is_locked_is_refused_with_the_reason(store: Store, made: str) -> None:
    sent = numbered(Lock(on=True, units=UNITS[:1]), SOUTH, NORTH)
    answer = taken(store.append(made, "c", sent, **ANN))
    assert answer.taken == (1, 3)
    assert "Unlock them first" in answer.refused[0].message


def test_two_tabs_that_use_one_number_are_told(store: Store, made: str) -> None:
    store.append(made, "c", numbered(SOUTH), **ANN)
    answer = taken(store.append(made, "c", numbered(NORTH), **ANN))
    assert answer.taken == ()
    assert "another step under the number 1" in answer.refused[0].message
    assert store.load(made).seq == 1


def test_a_browser_that_sends_nothing_is_told_how_far_it_was_answered(
    store: Store, made: str
) -> None:
    assert store.append(made, "c", [], **ANN) == Appended(0, 0, (), ())
    store.append(made, "c", numbered(SOUTH, Redo()), **ANN)
    assert store.append(made, "c", [], **ANN) == Appended(1, 2, (), ())
    assert store.append(made, "d", [], **ANN) == Appended(1, 0, (), ())


@pytest.mark.parametrize(
    ("client", "events", "said"),
    [
        ("", [(1, SOUTH)], "browser's name"),
        ("x" * 201, [(1, SOUTH)], "browser's name"),
        ("a\0b", [(1, SOUTH)], "browser's name"),
        ("parent", [(1, SOUTH)], "browser's name"),
        ("c", [(0, SOUTH)], "number 0"),
        ("c", [(True, SOUTH)], "number True"),
        ("c", [(2**60, SOUTH)], "number 1152"),
        ("c", [(1, SOUTH), (1, NORTH)], "Two steps have the number 1"),
        ("c", numbered(*[Undo()] * 1001), "1001 steps were sent at once"),
    ],
)
def test_what_no_browser_of_ours_sends_is_refused(
    store: Store, made: str, client: str, events: list[tuple[int, Event]], said: str
) -> None:
    with pytest.raises(PlanError, match=said):
        store.append(made, client, events, **ANN)
    assert store.load(made).seq == 0


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (Edit("x\ud800", {UNITS[0]: "South"}), "characters that are none"),
        (Edit("x" * 5_000_000, {UNITS[0]: "South"}), "too large"),
    ],
)
def test_what_no_database_takes_is_answered(
    store: Store, made: str, event: Event, said: str
) -> None:
    sent = numbered(event, NORTH)
    for again in (store, anew(store)):
        answer = taken(again.append(made, "c", sent, **ANN))
        assert said in answer.refused[0].message
        assert answer.taken == (2,)


def test_words_of_any_kind_come_back_as_one_line(store: Store, small: Pack) -> None:
    made = store.create(small, "zones", title="a\0b\u202ec\ud800 \n" + "x" * 500, who="\x1b[31mAnn")
    saved = anew(store).load(made)
    assert saved.title == "a b c " + "x" * 194
    assert saved.head.who == "[31mAnn"
    odd = Edit("<b>\0\U0001f600'; DROP TABLE event;--", {UNITS[0]: "Zoë ☃"})
    store.append(made, "c", numbered(odd), who="")
    assert anew(store).load(made).log[0].event == odd
    assert store.load(made).log[0].who == "Without a name"


# two people


def test_the_second_is_told_and_sees_the_difference(store: Store, made: str) -> None:
    store.append(made, "a", numbered(SOUTH, NORTH), expected_seq=0, **ANN)
    found = stale(store.append(made, "b", numbered(MIDDLE), expected_seq=0, **BEN))
    assert [(entry.who, entry.title) for entry in found.since] == [
        ("Ann", "1 unit to South"),
        ("Ann", "1 unit to North"),
    ]
    (clash,) = found.clashing
    assert (clash.unit, clash.before, clash.theirs, clash.mine) == (
        UNITS[0], "North", "South", "Middle",
    )  # fmt: skip
    assert {entry.unit for entry in found.differing} == {UNITS[0], UNITS[8]}
    assert "Ann took 2 steps" in str(found)
    assert store.load(made).seq == 2


def test_ones_own_events_make_nobody_stale(store: Store, made: str) -> None:
    store.append(made, "a", numbered(SOUTH), expected_seq=0, **ANN)
    answer = store.append(made, "a", numbered(NORTH, start=2), expected_seq=0, **ANN)
    assert isinstance(answer, Appended)


def test_another_client_of_the_same_person_makes_nobody_stale(store: Store, made: str) -> None:
    store.append(made, "page", numbered(SOUTH), expected_seq=0, **ANN)
    mine = numbered(NORTH)
    assert isinstance(store.append(made, "tab", mine, expected_seq=0, **ANN), Stale)
    answer = store.append(made, "tab", mine, expected_seq=0, also=("page",), **ANN)
    assert taken(answer).seq == 2


def test_what_is_mine_begins_before_the_first_of_theirs(store: Store, made: str) -> None:
    store.append(made, "a", numbered(SOUTH), expected_seq=0, **ANN)
    store.append(made, "b", numbered(NORTH), **BEN)
    found = stale(store.append(made, "a", numbered(MIDDLE, start=2), expected_seq=0, **ANN))
    assert found.fork == 1
    assert found.seen.plan.zone_of(UNITS[0]) == "South"
    assert found.mine.plan.zone_of(UNITS[0]) == "Middle"
    assert found.events == (MIDDLE,)
    more = found.with_more([Edit.move(UNITS[3:4], to="South"), Redo()])
    assert {entry.unit for entry in more.differing} == {UNITS[0], UNITS[3], UNITS[8]}


def test_an_event_that_is_forbidden_is_refused_for_ever(store: Store, made: str) -> None:
    def vet(scenario: Scenario, event: Event) -> str:
        return "Not today." if event == SOUTH and not scenario.edits else ""

    answer = taken(store.append(made, "a", numbered(SOUTH, NORTH), vet=vet, **ANN))
    assert (answer.taken, answer.refused) == ((2,), (Refused(1, "Not today."),))
    again = taken(store.append(made, "a", numbered(SOUTH, NORTH), **ANN))
    assert again.refused == answer.refused
    branched = store.branch(
        made, title="x", at_seq=0, client="b", events=numbered(SOUTH), vet=vet, **BEN
    )
    assert branched.refused == (Refused(1, "Not today."),)


def test_another_title_makes_nobody_stale(store: Store, made: str) -> None:
    store.rename(made, "Better", **BEN)
    assert isinstance(store.append(made, "a", numbered(SOUTH), expected_seq=0, **ANN), Appended)


def test_rebase_puts_ones_own_on_top_and_lists_what_no_longer_fits(store: Store, made: str) -> None:
    store.append(made, "a", numbered(Lock(on=True, units=UNITS[:1])), **ANN)
    mine = numbered(SOUTH, NORTH)
    assert isinstance(store.append(made, "b", mine, expected_seq=0, **BEN), Stale)
    answer = store.rebase(made, "b", mine, **BEN)
    assert answer.taken == (2,)
    assert "locked" in answer.refused[0].message
    assert [entry.who for entry in store.load(made).log] == ["Ann", "Ben"]


def test_a_branch_takes_ones_own_and_leaves_the_scenario(store: Store, made: str) -> None:
    store.append(made, "a", numbered(SOUTH), **ANN)
    store.append(made, "b", numbered(NORTH), **BEN)
    mine = numbered(MIDDLE, Redo(), start=2)
    branch = store.branch(made, title="Mine", at_seq=1, client="a", events=mine, **ANN)
    assert branch.refused == (Refused(3, "There is nothing to redo."),)
    found = anew(store).load(branch.id)
    assert [entry.title for entry in found.log] == ["1 unit to South", "1 unit to Middle"]
    assert (found.title, found.head.parent, found.head.parent_seq) == ("Mine", made, 1)
    assert store.load(made).seq == 2
    again = store.branch(made, title="Mine", at_seq=1, client="a", events=mine, **ANN)
    assert again.id == branch.id
    told = taken(store.append(made, "a", mine, expected_seq=1, **ANN))
    assert told.refused[0] == Refused(2, "It is in the branch 'Mine'.")
    assert told.ack == 3
    assert len(store.scenarios()) == 2


def test_a_branch_takes_what_a_second_client_of_the_same_person_has(
    store: Store, made: str
) -> None:
    store.append(made, "b", numbered(NORTH), **BEN)
    one = store.branch(made, title="Mine", at_seq=0, client="a", events=numbered(SOUTH), **ANN)
    second = numbered(MIDDLE, Redo())
    two = store.branch(made, title="", client="page", events=second, into=one.id, **ANN)
    assert (two.id, two.refused) == (one.id, (Refused(2, "There is nothing to redo."),))
    titles = [entry.title for entry in anew(store).load(one.id).log]
    assert titles == ["1 unit to South", "1 unit to Middle"]
    told = taken(store.append(made, "page", second, **ANN))
    assert [entry.message for entry in told.refused] == ["It is in the branch 'Mine'."] * 2
    # the numbers of a browser start anew in the branch
    assert taken(store.append(one.id, "page", numbered(NORTH), **ANN)).taken == (1,)


def test_a_branch_of_a_branch_goes_on_by_itself(store: Store, made: str) -> None:
    store.append(made, "a", numbered(SOUTH, NORTH), **ANN)
    store.rename(made, "Renamed", **ANN)
    one = store.branch(made, title="One", **BEN).id
    store.append(one, "a", numbered(MIDDLE), **BEN)
    two = store.branch(one, title="Two", at_seq=2, **ANN).id
    store.append(two, "a", numbered(Undo()), **ANN)
    store.append(made, "a", numbered(Undo(), start=3), **ANN)
    fresh = anew(store)
    titles = {s: [entry.title for entry in fresh.load(s).log] for s in (made, one, two)}
    north = ["1 unit to South", "1 unit to North"]
    assert titles[made] == [*north, "Named 'Renamed'", "Undo of '1 unit to North'"]
    assert titles[one] == [*north, "Named 'Renamed'", "1 unit to Middle"]
    assert titles[two] == [*north, "Undo of '1 unit to North'"]
    assert [fresh.load(s).title for s in (made, one, two)] == ["Renamed", "One", "Two"]
    assert {entry.id: entry.seq for entry in fresh.scenarios()} == {made: 4, one: 4, two: 3}
    assert set(fresh.load(one).blame()) == {UNITS[0], UNITS[8]}


def test_an_older_copy_of_the_database_is_noticed(store: Store, made: str) -> None:
    with pytest.raises(StoreError, match="an older copy of it was put in its place"):
        store.append(made, "c", numbered(SOUTH), expected_seq=7, **ANN)


def test_people_who_write_at_once_lose_nothing(database: str, store: Store, made: str) -> None:
    def write(client: str) -> None:
        other = Store(open_database(database))
        for n in range(1, 21):
            other.append(made, client, [(n, (SOUTH, MIDDLE)[n % 2])], who=client)
        other.database.close()

    threads = [threading.Thread(target=write, args=(f"c{i}",)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log = anew(store).load(made).log
    assert [entry.seq for entry in log] == list(range(1, 81))
    for client in ("c0", "c1", "c2", "c3"):
        assert [entry.n for entry in log if entry.client == client] == list(range(1, 21))


def test_one_browser_that_sends_twice_at_once_is_taken_once(store: Store, made: str) -> None:
    sent = numbered(*[SOUTH, NORTH] * 10)
    threads = [
        threading.Thread(target=store.append, args=(made, "c", sent), kwargs=ANN) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.load(made).seq == 20


# what cannot be


def test_a_scenario_that_is_not_there_is_told(store: Store) -> None:
    for name in ("0" * 32, "", "../x", "a\0b"):
        for ask in (
            lambda name=name: store.load(name),
            lambda name=name: store.append(name, "c", numbered(SOUTH), **ANN),
            lambda name=name: store.append(name, "c", [], **ANN),
            lambda name=name: store.branch(name, title="x", **ANN),
            lambda name=name: store.rename(name, "x", **ANN),
        ):
            with pytest.raises(StoreError, match="There is no scenario"):
                ask()
        assert not store.has(name)


def test_a_scenario_whose_first_events_do_not_fit_is_not_made(store: Store, small: Pack) -> None:
    with pytest.raises(PlanError, match="nothing to undo"):
        store.create(small, "zones", title="x", events=[SOUTH, Undo(), Undo()], **ANN)
    assert store.scenarios() == ()
    made = store.create(small, "zones", title="x", events=[SOUTH, Undo()], **ANN)
    assert store.load(made).seq == 2


def test_a_pack_that_does_not_fit_is_told(store: Store, made: str, small: Pack) -> None:
    elsewhere = replace(small, authority=replace(small.authority, key="elsewhere"))
    with pytest.raises(ElsewhereError, match="is of 'small', not of 'elsewhere'"):
        store.load(made, elsewhere)
    newer = replace(small, authority=replace(small.authority, vintage="2021"))
    with pytest.raises(MisfitError, match=r"of 2011; the pack's are of 2021\. Carry it over"):
        store.load(made, newer)
    moved = replace(small.plan("zones"), plan=small.plan("zones").plan.move(UNITS[:1], to="South"))
    changed = replace(small, plans=(moved, small.plan("pyramids")))
    with pytest.raises(MisfitError, match="'Team areas', which the pack has changed since"):
        store.load(made, changed)
    without = replace(
        small, plans=(small.plan("pyramids"),), default_plan="pyramids", staffing=None
    )
    with pytest.raises(MisfitError, match="'zones', which the pack no longer has"):
        store.load(made, without)


@pytest.mark.parametrize("table", ["scenario", "event", "refused"])
@pytest.mark.parametrize("what", ["UPDATE {} SET who = 'x'", "DELETE FROM {}"])
def test_the_database_lets_nothing_be_changed(
    store: Store, made: str, table: str, what: str
) -> None:
    store.append(made, "c", numbered(SOUTH, Redo()), **ANN)
    with pytest.raises(StoreError, match="only ever added to"), store.database.writing() as link:
        link.execute(sa.text(what.format(table)))
    assert store.load(made).seq == 1


def forge(store: Store, statement: str) -> None:
    """Change what is kept, as only somebody with the database at hand can."""
    with store.database.writing() as link:
        if link.dialect.name == "sqlite":
            for name in ("event_no_update", "event_no_delete"):
                link.execute(sa.text(f"DROP TRIGGER {name}"))
        else:
            link.execute(sa.text("DROP TRIGGER event_no_change ON event"))
        link.execute(sa.text(statement))


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM event WHERE seq = 2", "step 2 is missing"),
        ("DELETE FROM event WHERE seq = 1", "step 1 is missing"),
        ("UPDATE event SET body = replace(body, 'North', 'South') WHERE seq = 2", "was changed"),
        ("UPDATE event SET who = 'Ben' WHERE seq = 2", "step 2 was changed"),
        ("UPDATE event SET kind = 'teleport' WHERE seq = 2", "step 2 was changed"),
    ],
)
def test_a_log_that_was_changed_is_noticed(
    store: Store, made: str, statement: str, said: str
) -> None:
    store.append(made, "c", numbered(SOUTH, NORTH, Undo()), **ANN)
    forge(store, statement)
    with pytest.raises(DamagedError, match=said) as caught:
        anew(store).load(made)
    assert caught.value.good == (0 if "seq = 1" in statement else 1)
    if "seq = 2" in statement:
        assert anew(store).at(made, 1).scenario.plan.zone_of(UNITS[0]) == "South"


def test_an_event_of_a_later_version_is_told(
    store: Store, made: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Edit, "kind", "teleport")
    monkeypatch.setattr(Saved, "after", lambda self, row: replace(self, seq=row.seq, hash=row.hash))
    store.append(made, "c", numbered(SOUTH), **ANN)
    monkeypatch.undo()
    with pytest.raises(StoreError, match=r"kind 'teleport'.*Use the newest Zonewright"):
        anew(store).load(made)
    assert [entry.seq for entry in store.scenarios()] == [1]


def test_memory_of_another_copy_is_not_trusted(store: Store, made: str) -> None:
    store.append(made, "c", numbered(SOUTH, NORTH), **ANN)
    store.load(made)
    forge(store, "DELETE FROM event WHERE seq = 2")
    store.append(made, "d", numbered(MIDDLE), **BEN)
    assert [entry.title for entry in store.load(made).log] == [
        "1 unit to South",
        "1 unit to Middle",
    ]


# whatever happens


events = st.one_of(
    st.builds(
        lambda units, to: Edit.move(units, to=to),
        st.lists(st.sampled_from(UNITS), min_size=1),
        st.sampled_from(["North", "Middle", "South", "New", None, " bad"]),
    ),
    st.just(Undo()),
    st.just(Redo()),
    st.builds(
        lambda on, zone, unit: Lock(on=on, zones=(zone,), units=(unit,)),
        st.booleans(), st.sampled_from(["North", "New"]), st.sampled_from(UNITS),
    ),
    st.builds(lambda what, a: Border(what, ((a, UNITS[8]),)),
              st.sampled_from(["link", "cut", "clear"]), st.sampled_from(UNITS[:8])),
)  # fmt: skip


@given(batches=st.lists(st.tuples(st.sampled_from("ab"), st.lists(events, max_size=4)), max_size=8))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_reopened_scenario_is_what_its_events_make_it(
    small: Pack, tmp_path_factory: pytest.TempPathFactory, batches: list[tuple[str, list[Event]]]
) -> None:
    store = Store(open_database(f"sqlite:///{tmp_path_factory.mktemp('any') / 's.sqlite'}"))
    made = store.create(small, "zones", title="x", **ANN)
    expected, numbers = Scenario(made, small.plan("zones")), {"a": 0, "b": 0}
    for client, sent in batches:
        answer = taken(
            store.append(made, client, numbered(*sent, start=numbers[client] + 1), **ANN)
        )
        for n, event in enumerate(sent, numbers[client] + 1):
            try:
                expected, message = expected.take(event), ""
            except ZonewrightError as refusal:
                message = str(refusal)
            refused = {entry.n: entry.message for entry in answer.refused}
            assert (n in answer.taken, refused.get(n, "")) == (not message, message)
        numbers[client] += len(sent)
    assert anew(store).load(made).scenario == expected
    assert store.load(made).scenario == expected
    assert store.load(made).hash == anew(store).load(made).hash
    store.database.close()


def test_the_store_is_opened_once() -> None:
    assert open_store() is open_store()
