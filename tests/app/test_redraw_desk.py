"""From stroke to store: what the page does when sessions end, others are quicker, or disks fail."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

import store.scenarios as opened_stores
from analysis.events import Border, Edit, Event, Lock
from app.painter import Sent, read_sent
from geo.build import build_geography
from geo.errors import StoreError
from geo.write import write_boundaries
from grids import NAMED, shapes_of
from layers.catalogue import PACKS_VARIABLE
from layers.pack import Pack
from small_pack import UNITS, write_small_pack
from store.database import DATABASE_VARIABLE
from store.folder import STORE_VARIABLE
from store.log import Saved
from store.scenarios import Appended, Store, open_store

ROOT = Path(__file__).resolve().parents[2]

OpenPage = Callable[..., AppTest]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a store of its own."""
    monkeypatch.setenv(STORE_VARIABLE, str(tmp_path / "store"))
    return tmp_path / "store"


@dataclass
class Line:
    """What lies between page and browser: the page asks it, and tells it what to show."""

    hand: "Hand | None" = None
    is_deaf: bool = False  # as in the first run of a session, until the painter is shown

    def waiting(self, _: str, *, scenario: str) -> Sent | None:
        found = read_sent(self.hand.sent) if self.hand and not self.is_deaf else None
        return found if found is not None and found.scenario == scenario else None

    def paint(self, _: Mapping[str, Any], state: dict[str, Any], **__: Any) -> None:
        self.is_deaf = False
        if self.hand:
            self.hand.told = state


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Line:
    made = Line()
    monkeypatch.setattr("app.redraw.desk.waiting", made.waiting)
    monkeypatch.setattr("app.redraw.page.paint", made.paint)
    return made


@pytest.fixture
def open_page(line: Line) -> OpenPage:
    def open_(**address: str) -> AppTest:
        line.hand = None  # a page that was just opened has heard of no browser
        app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60)
        for name, value in {"pack": "dorset", "plan": "areas", **address}.items():
            app.query_params[name] = value
        app.run()
        return app.switch_page("app/pages/redraw.py").run()

    return open_


_clients = itertools.count(1)


def address(app: AppTest, name: str) -> str:
    found = app.query_params[name]
    return str(found[0] if isinstance(found, list) else found)


@dataclass
class Hand:
    """A browser with the page open: keeps what it did until it is answered, as `queue.js` does."""

    line: Line
    app: AppTest
    client: str = field(default_factory=lambda: f"{next(_clients):016x}")
    kept: list[tuple[int, dict[str, Any], int | None]] = field(default_factory=list)
    next: int = 1
    sent: object = None
    told: dict[str, Any] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.run()

    @property
    def id(self) -> str:
        return address(self.app, "scenario")

    def do(self, **event: Any) -> None:
        """Do something that is not sent yet."""
        self.kept.append((self.next, event, self.told["seq"]))
        self.next += 1

    def stroke(self, units: tuple[str, ...], to: str | None) -> None:
        self.do(kind="edit", title=f"{len(units)} to {to}", to=dict.fromkeys(units, to), zones=[])

    def send(self, *, drawn: object = None) -> None:
        """Send all that waits, and take the answer."""
        bases = [base for _, _, base in self.kept if base is not None]
        self.sent = {
            "scenario": self.told["scenario"],
            "client": self.client,
            "base": min(bases) if bases else None,
            "events": [{"n": n, **event} for n, event, _ in self.kept],
            "drawn": drawn,
        }
        self.run()

    def run(self) -> None:
        self.line.hand = self
        self.app.run()
        self.hear()

    def press(self, label: str) -> None:
        self.line.hand = self
        next(b for b in self.app.button if b.label == label).click().run()
        self.hear()

    def move(self, units: tuple[str, ...], to: str) -> None:
        """Move by the page's own fields."""
        self.line.hand = self
        self.app.multiselect(key="chosen-dorset-areas").set_value(list(units)).run()
        self.app.selectbox(key="move-to").set_value(to).run()
        next(b for b in self.app.button if b.label.startswith("Move")).click().run()
        self.hear()

    def hear(self) -> None:
        if self.told.get("client") != self.client:
            return
        refused = {one["n"]: one["message"] for one in self.told["refused"]}
        self.said += [refused[n] for n, _, _ in self.kept if n in refused]
        self.kept = [x for x in self.kept if x[0] > self.told["ack"] and x[0] not in refused]

    def again(self, app: AppTest) -> "Hand":
        """Load the page again: a new session, and the same queue."""
        found = Hand(self.line, app, self.client, self.kept, self.next)
        if found.kept:
            found.send()
        return found

    @property
    def warned(self) -> str:
        """What the page says of the work of others, and of the list."""
        said = [w.value.replace("\\", "") for w in self.app.warning]
        return " ".join(one for one in said if "since you last saw" in one or "listed" in one)

    @property
    def erred(self) -> str:
        return " ".join(e.value.replace("\\", "") for e in self.app.error)


@pytest.fixture
def two(line: Line, open_page: OpenPage, dorset: Pack) -> tuple[Hand, Hand]:
    """Anna, who has begun a scenario, and Beth, who has it open too."""
    anna = Hand(line, open_page())
    anna.stroke(dorset.plan("areas").plan.members("South")[:2], "West")
    anna.send()
    return anna, Hand(line, open_page(scenario=anna.id))


def log(scenario: str) -> list[str]:
    return [entry.title for entry in open_store().load(scenario).log]


def south(dorset: Pack) -> tuple[str, ...]:
    return dorset.plan("areas").plan.members("South")


# what a stroke was painted on


def test_a_stroke_on_an_older_state_is_told_after_the_page_was_loaded_again(
    two: tuple[Hand, Hand], open_page: OpenPage, dorset: Pack
) -> None:
    anna, beth = two
    beth.stroke(south(dorset)[4:6], "North")  # the line is down
    anna.stroke(south(dorset)[5:7], "West")
    anna.send()
    beth = beth.again(open_page(scenario=anna.id))
    assert "took a step in this scenario" in beth.warned
    assert len(log(anna.id)) == 2
    beth = beth.again(open_page(scenario=anna.id))  # once more, and nothing is decided
    assert "took a step in this scenario" in beth.warned
    assert beth.told["seq"] == 1
    beth.press("Put mine on top")
    assert not beth.warned
    assert log(anna.id)[-1] == "2 to North"
    assert (len(log(anna.id)), beth.kept) == (3, [])


def test_ones_own_earlier_strokes_are_not_somebody_elses(
    two: tuple[Hand, Hand], open_page: OpenPage, dorset: Pack
) -> None:
    anna, _ = two
    anna.stroke(south(dorset)[4:5], "North")
    kept = list(anna.kept)
    anna.send()
    anna.kept = kept  # the server was killed before the answer
    anna.told["seq"] = 1
    anna.stroke(south(dorset)[5:6], "North")
    again = anna.again(open_page(scenario=anna.id))
    assert not again.warned
    assert log(anna.id) == ["2 to West", "1 to North", "1 to North"]
    assert again.kept == []


def test_a_step_of_the_page_is_of_the_same_person_as_a_stroke(
    two: tuple[Hand, Hand], dorset: Pack
) -> None:
    anna, _ = two
    anna.stroke(south(dorset)[4:5], "North")  # painted before the next is shown
    anna.move(south(dorset)[7:8], "West")
    anna.send()
    assert not anna.warned
    assert len(log(anna.id)) == 3


def test_what_was_shown_meanwhile_is_not_told_again(two: tuple[Hand, Hand], dorset: Pack) -> None:
    anna, beth = two
    anna.stroke(south(dorset)[5:7], "West")
    anna.send()
    beth.run()
    assert any("changed this scenario" in toast.value for toast in beth.app.toast)
    beth.stroke(south(dorset)[4:6], "North")
    beth.send()
    assert not beth.warned
    assert len(log(anna.id)) == 3


def test_what_came_with_the_first_run_of_a_session_is_taken_at_once(
    two: tuple[Hand, Hand], dorset: Pack
) -> None:
    anna, _ = two
    anna.stroke(south(dorset)[4:5], "North")
    anna.line.is_deaf = True
    anna.send()
    assert anna.kept == []
    assert len(log(anna.id)) == 2


# both the page's steps and the browser's wait


def both_waiting(anna: Hand, beth: Hand, dorset: Pack) -> None:
    beth.stroke(south(dorset)[4:6], "North")
    beth.line.hand = beth
    beth.app.multiselect(key="chosen-dorset-areas").set_value([south(dorset)[9]]).run()
    beth.app.selectbox(key="move-to").set_value("North").run()
    anna.stroke(south(dorset)[5:7], "West")
    anna.send()
    beth.line.hand = beth
    next(b for b in beth.app.button if b.label.startswith("Move")).click().run()
    beth.send()
    assert "2 steps are shown but not saved" in " ".join(c.value for c in beth.app.caption)
    assert len(log(anna.id)) == 2


def zones(scenario: str, units: tuple[str, ...]) -> list[str | None]:
    plan = open_store().load(scenario).scenario.plan
    return [plan.zone_of(unit) for unit in units]


def test_steps_of_page_and_browser_are_put_on_top_once(
    two: tuple[Hand, Hand], open_page: OpenPage, dorset: Pack
) -> None:
    anna, beth = two
    both_waiting(anna, beth, dorset)
    units = south(dorset)[4:10]
    beth.press("Put mine on top")
    beth.run()
    beth = beth.again(open_page(scenario=anna.id))
    assert sorted(log(anna.id)[2:]) == ["1 unit to North", "2 to North"]
    assert zones(anna.id, units) == ["North", "North", "West", "South", "South", "North"]
    assert beth.kept == []


def test_steps_of_page_and_browser_go_to_one_branch(
    two: tuple[Hand, Hand], open_page: OpenPage, dorset: Pack
) -> None:
    anna, beth = two
    both_waiting(anna, beth, dorset)
    kept, units = list(beth.kept), south(dorset)[4:10]
    beth.press("Make mine a branch")
    assert beth.id != anna.id
    assert sorted(log(beth.id)[1:]) == ["1 unit to North", "2 to North"]
    assert zones(beth.id, units) == ["North", "North", "South", "South", "South", "North"]
    assert len(log(anna.id)) == 2
    # the old scenario is opened again, by the browser that has not heard of the branch
    beth.kept = kept
    beth.sent = None
    back = beth.again(open_page(scenario=anna.id))
    assert len(log(anna.id)) == 2
    assert any("It is in the branch" in said for said in back.said)
    assert back.kept == []
    assert len(open_store().scenarios("dorset")) == 2


def test_steps_of_page_and_browser_are_dropped_and_their_numbers_stay_used(
    two: tuple[Hand, Hand], open_page: OpenPage, dorset: Pack
) -> None:
    anna, beth = two
    both_waiting(anna, beth, dorset)
    beth.press("Drop mine")
    assert not beth.warned
    assert beth.kept == []
    beth.stroke(south(dorset)[10:11], "North")
    beth.send()
    beth.move(south(dorset)[11:12], "North")
    again = beth.again(open_page(scenario=anna.id))
    assert log(anna.id)[2:] == ["1 to North", "1 unit to North"]
    assert zones(anna.id, south(dorset)[4:6]) == ["South", "West"]
    assert not again.warned


def test_a_third_step_while_one_decides_is_told_too(two: tuple[Hand, Hand], dorset: Pack) -> None:
    anna, beth = two
    both_waiting(anna, beth, dorset)
    anna.stroke(south(dorset)[8:9], "West")
    anna.send()
    beth.press("Put mine on top")
    assert "took a step in this scenario" in beth.warned
    beth.press("Put mine on top")
    assert len(log(anna.id)) == 5


def test_a_branch_that_fails_half_way_is_one_branch_in_the_end(
    two: tuple[Hand, Hand], dorset: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, beth = two
    both_waiting(anna, beth, dorset)
    real, calls = Store.branch, itertools.count(1)

    def failing(*args: Any, **options: Any) -> object:
        if next(calls) == 2:
            raise StoreError("The disk is full.")
        return real(*args, **options)

    monkeypatch.setattr(Store, "branch", failing)
    beth.press("Make mine a branch")
    assert "The disk is full" in beth.erred
    assert beth.id == anna.id
    beth.press("Make mine a branch")
    assert sorted(log(beth.id)[1:]) == ["1 unit to North", "2 to North"]
    assert len(open_store().scenarios("dorset")) == 2


# what cannot be taken


def test_a_stroke_into_a_zone_that_was_renamed_does_not_make_it_again(
    two: tuple[Hand, Hand], open_page: OpenPage, dorset: Pack
) -> None:
    anna, beth = two
    plan = open_store().load(anna.id).scenario.plan
    beth.stroke(south(dorset)[4:6], "North")
    renamed = Edit.rename("North", "Far North", plan)
    anna.do(kind="edit", title=renamed.title, to=dict(renamed.to), zones=list(renamed.zones))
    anna.send()
    beth = beth.again(open_page(scenario=anna.id))
    beth.press("Put mine on top")
    assert any("The zone North is no longer there" in said for said in beth.said)
    assert "North" not in open_store().load(anna.id).scenario.plan.zones
    assert "Far North" in open_store().load(anna.id).scenario.plan.zones
    assert beth.kept == []


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ({"kind": "border", "what": "cut", "pairs": "far"}, "Only small areas that touch"),
        ({"kind": "edit", "title": "x", "to": {"E09": "West"}, "zones": []}, "no unit E09"),
        ({"kind": "edit", "title": "x", "to": {}, "zones": ["West", "West"]}, "West"),
        ({"kind": "redo"}, "nothing to redo"),
        ({"kind": "edit", "title": "x" * 501, "to": {}, "zones": []}, "cannot be read"),
        ({"kind": "teleport"}, "cannot be read"),
    ],
)
def test_an_event_that_cannot_be_taken_is_refused_and_blocks_nothing(
    two: tuple[Hand, Hand], dorset: Pack, event: dict[str, Any], said: str
) -> None:
    anna, _ = two
    far = [[south(dorset)[0], dorset.plan("areas").plan.members("North")[0]]]
    anna.do(**{**event, **({"pairs": far} if "pairs" in event else {})})
    anna.stroke(south(dorset)[4:5], "North")
    anna.send()
    assert not anna.app.exception
    assert [one for one in anna.said if said in one], anna.said
    assert anna.kept == []
    assert log(anna.id) == ["2 to West", "1 to North"]


def test_an_event_that_cannot_be_worked_out_is_refused(
    two: tuple[Hand, Hand], dorset: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, _ = two
    plan = open_store().load(anna.id).scenario.plan

    def failing(*_: object) -> object:
        raise ZeroDivisionError

    monkeypatch.setattr("app.redraw.desk.evaluate", failing)
    anna.do(kind="edit", title="More", to={}, zones=[*plan.zones, "More"])
    anna.stroke(south(dorset)[4:5], "North")
    anna.send()
    assert any("cannot be worked out (ZeroDivisionError)" in one for one in anna.said)
    assert log(anna.id) == ["2 to West", "1 to North"]


def test_a_saved_cut_that_the_pack_no_longer_has_does_not_end_the_page(
    two: tuple[Hand, Hand], open_page: OpenPage, dorset: Pack
) -> None:
    anna, _ = two
    pair = (south(dorset)[0], dorset.plan("areas").plan.members("North")[0])
    open_store().append(anna.id, "older", [(1, Border("cut", (pair,)))], who="anna")
    app = open_page(scenario=anna.id)
    assert not app.exception
    assert any("Cuts left out" in caption.value for caption in app.caption)


def test_what_no_painter_sends_is_told_once(two: tuple[Hand, Hand], dorset: Pack) -> None:
    anna, _ = two
    anna.sent = {"client": "../../etc", "events": 5}
    anna.run()
    assert "no stroke" in anna.erred
    anna.run()
    assert not anna.erred
    anna.stroke(south(dorset)[4:5], "North")
    anna.send()
    assert log(anna.id) == ["2 to West", "1 to North"]


def test_a_day_of_strokes_without_a_line_is_taken_in_parts(
    two: tuple[Hand, Hand], dorset: Pack
) -> None:
    anna, _ = two
    for n in range(1_150):
        anna.stroke(south(dorset)[4:5], ("North", "South")[n % 2])
    anna.send()
    assert len(anna.kept) == 150
    anna.send()
    assert anna.kept == []
    assert len(log(anna.id)) == 1_151


def test_a_polygon_between_two_strokes_is_not_lost(two: tuple[Hand, Hand], dorset: Pack) -> None:
    anna, _ = two
    anna.stroke(south(dorset)[4:5], "North")
    polygon = [[370_000, 90_000], [380_000, 90_000], [380_000, 100_000]]
    drawn = {"n": anna.next, "polygon": polygon}
    anna.next += 1
    anna.stroke(south(dorset)[5:6], "North")
    anna.app.segmented_control(key="redraw-part").set_value("draw")
    anna.send(drawn=drawn)
    assert any(b.label.startswith("Accept") for b in anna.app.button)
    assert anna.told["ack"] == anna.next - 1
    anna.press("Discard")
    anna.run()
    assert not any(b.label.startswith("Accept") for b in anna.app.button)


# what cannot be opened as it is


def test_a_scenario_that_was_put_away_says_so_and_comes_back(
    two: tuple[Hand, Hand], open_page: OpenPage
) -> None:
    anna, _ = two
    open_store().archive(anna.id, who="anna")
    app = open_page(scenario=anna.id)
    assert any("was put away" in info.value for info in app.info)
    assert not app.exception
    next(b for b in app.button if b.label == "Bring it back to the list").click().run()
    assert not any("was put away" in info.value for info in app.info)
    assert [entry.id for entry in open_store().scenarios("dorset")] == [anna.id]


@pytest.mark.parametrize("wrong", [{"plan": "zones"}, {"pack": "bcp", "plan": ""}])
def test_a_scenario_of_elsewhere_is_opened_with_its_plan(
    two: tuple[Hand, Hand], open_page: OpenPage, wrong: dict[str, str]
) -> None:
    anna, _ = two
    app = open_page(scenario=anna.id, **wrong)
    assert not app.exception
    assert len(app.error) == 1
    next(b for b in app.button if b.label == "Open it with its plan").click().run()
    assert not app.exception
    assert not app.error
    assert [address(app, name) for name in ("pack", "plan", "scenario")] == [
        "dorset", "areas", anna.id,
    ]  # fmt: skip


def test_a_scenario_of_elsewhere_is_left_for_a_new_one(
    two: tuple[Hand, Hand], open_page: OpenPage
) -> None:
    anna, _ = two
    app = open_page(scenario=anna.id, plan="zones")
    next(b for b in app.button if b.label.startswith("Leave it")).click().run()
    assert not app.error
    assert address(app, "scenario") != anna.id


def forge(statement: str) -> None:
    """Change what is kept, as only somebody with the database at hand can."""
    with open_store().database.writing() as link:
        for name in ("event_no_update", "event_no_delete", "scenario_no_update"):
            link.execute(sa.text(f"DROP TRIGGER {name}"))
        link.execute(sa.text(statement))
    opened_stores._opened.cache_clear()  # the process that knew better is gone


def test_a_damaged_scenario_is_opened_as_it_was_at_its_last_good_step(
    two: tuple[Hand, Hand], open_page: OpenPage, dorset: Pack
) -> None:
    anna, _ = two
    anna.stroke(south(dorset)[4:5], "North")
    anna.stroke(south(dorset)[5:6], "North")
    anna.send()
    forge("UPDATE event SET who = 'x' WHERE seq = 2")
    app = open_page(scenario=anna.id)
    assert not app.exception
    assert "step 2 was changed" in app.error[0].value.replace("\\", "")
    next(b for b in app.button if b.label == "Open it as it was at step 1").click().run()
    assert not app.exception
    assert not app.error
    assert address(app, "scenario") != anna.id
    assert log(address(app, "scenario")) == ["2 to West"]


def test_a_scenario_whose_beginning_is_damaged_says_so(
    two: tuple[Hand, Hand], open_page: OpenPage
) -> None:
    anna, _ = two
    forge("UPDATE scenario SET baseline = '{}'")
    app = open_page(scenario=anna.id)
    assert not app.exception
    assert "starts from cannot be read" in app.error[0].value.replace("\\", "")
    next(b for b in app.button if b.label.startswith("Leave it")).click().run()
    assert not app.error


# a pack that has changed


@pytest.fixture
def small_redraw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small: Pack) -> tuple[Path, str]:
    """The small pack in a folder that may be changed, and a redraw of it."""
    pack = write_small_pack(tmp_path / "packs")
    monkeypatch.setenv(PACKS_VARIABLE, str(tmp_path / "packs"))
    events: tuple[Event, ...] = (Edit.move(UNITS[:1], to="South"), Lock(on=True, units=UNITS[8:]))
    made = open_store().create(small, "zones", title="Mine", who="anna", events=events)
    return pack, made


def change(path: Path, *swaps: tuple[str, str]) -> None:
    text = path.read_text(encoding="utf-8")
    for old, new in swaps:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def carried(app: AppTest) -> Saved:
    next(b for b in app.button if b.label == "Carry it over as a copy").click().run()
    assert not app.exception
    assert not app.error
    return open_store().load(address(app, "scenario"))


def test_a_scenario_is_carried_to_a_pack_whose_plan_changed(
    open_page: OpenPage, small_redraw: tuple[Path, str]
) -> None:
    pack, made = small_redraw
    change(pack / "plans" / "zones.csv", (f"{UNITS[5]},Middle", f"{UNITS[5]},South"))
    app = open_page(pack="small", plan="zones", scenario=made)
    assert "which the pack has changed since" in app.error[0].value.replace("\\", "")
    assert any("9 small areas carried one to one" in m.value for m in app.markdown)
    copy = carried(app)
    assert copy.id != made
    assert copy.scenario.plan.zone_of(UNITS[0]) == "South"
    assert copy.scenario.locked_units == {UNITS[8]}
    assert any("Carried over" in caption.value for caption in app.caption)


def later_pack(pack: Path) -> None:
    """Give the pack small areas of 2021: the second one has another code by then."""
    _, shapes = shapes_of(*NAMED["three by three"])
    codes = [LATER if unit == UNITS[1] else unit for unit in UNITS]
    geography = build_geography("small", "2021", codes, [f"Small {c}" for c in codes], shapes)
    write_boundaries(geography, pack / "small.parquet")
    change(
        pack / "authority.toml", ('vintage = "2011"\nboundaries', 'vintage = "2021"\nboundaries')
    )
    for name in ("measures.csv", "cuts.csv", "plans/zones.csv", "plans/pyramids.csv"):
        change(pack / name, (UNITS[1], LATER))


LATER = "E01034001"


def test_a_scenario_is_carried_to_another_vintage_by_the_published_lookup(
    open_page: OpenPage, small_redraw: tuple[Path, str]
) -> None:
    pack, made = small_redraw
    later_pack(pack)
    app = open_page(pack="small", plan="zones", scenario=made)
    assert not app.exception
    assert "of small areas of 2011; the pack's are of 2021" in app.error[0].value.replace("\\", "")
    uploader = app.file_uploader(key="vintage-lookup")
    uploader.upload("wrong.csv", b"unit,zone\nE01000001,North\n", "text/csv").run()
    assert not app.exception
    assert len(app.error) == 2
    assert "is no lookup of 2011 to 2021" in app.error[1].value.replace("\\", "")
    rows = "\n".join(f"{u},U,{LATER if u == UNITS[1] else u}" for u in UNITS)
    given = f"LSOA11CD,CHGIND,LSOA21CD\n{rows}\n".encode()
    app.file_uploader(key="vintage-lookup").upload("lookup.csv", given, "text/csv").run()
    assert len(app.error) == 1
    copy = carried(app)
    assert copy.scenario.plan.zone_of(UNITS[0]) == "South"
    assert copy.scenario.plan.zone_of(LATER) == "North"


def test_a_database_that_fails_while_a_scenario_is_carried_is_told(
    open_page: OpenPage, small_redraw: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pack, made = small_redraw
    change(pack / "plans" / "zones.csv", (f"{UNITS[5]},Middle", f"{UNITS[5]},South"))
    app = open_page(pack="small", plan="zones", scenario=made)
    real = Store.load

    def failing(self: Store, scenario_id: str, pack: Pack | None = None) -> Saved:
        if pack is None:
            raise StoreError("The disk is gone.")
        return real(self, scenario_id, pack)

    monkeypatch.setattr(Store, "load", failing)
    app.run()
    assert not app.exception
    assert "The disk is gone" in app.error[-1].value.replace("\\", "")
    monkeypatch.undo()


# a store that fails


def test_a_list_that_cannot_be_read_leaves_the_page_alive(
    two: tuple[Hand, Hand], dorset: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, _ = two

    def failing(*_: object, **__: object) -> object:
        raise StoreError("The disk is gone.")

    with monkeypatch.context() as patch:
        patch.setattr(Store, "scenarios", failing)
        anna.stroke(south(dorset)[4:5], "North")
        anna.send()
    assert not anna.app.exception
    assert "cannot be listed" in anna.warned
    assert len(log(anna.id)) == 2


@pytest.mark.parametrize(
    ("label", "method"),
    [("Put away", "archive"), ("Branch: go on in a copy", "branch")],
)
def test_a_click_that_the_store_refuses_is_told(
    two: tuple[Hand, Hand], monkeypatch: pytest.MonkeyPatch, label: str, method: str
) -> None:
    anna, _ = two

    def failing(*_: object, **__: object) -> object:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(Store, method, failing)
    anna.press(label)
    assert not anna.app.exception
    assert "The disk is full" in anna.erred
    anna.run()
    assert not anna.erred


def test_a_store_that_goes_away_and_comes_back_gets_what_was_done_meanwhile(
    two: tuple[Hand, Hand], folder: Path, dorset: Pack
) -> None:
    anna, _ = two
    open_store().database.close()
    away = folder.rename(folder.with_name("away"))
    anna.stroke(south(dorset)[4:5], "North")
    anna.send()
    anna.move(south(dorset)[7:8], "North")
    assert not anna.app.exception
    assert "Nothing can be saved now" in anna.erred
    assert len(anna.kept) == 1
    assert anna.told["trouble"]
    away.rename(folder)
    anna.send()
    assert not anna.erred
    assert not anna.warned
    assert anna.kept == []
    assert sorted(log(anna.id)) == ["1 to North", "1 unit to North", "2 to West"]


def test_a_store_that_was_emptied_is_told_and_not_taken_for_a_new_scenario(
    two: tuple[Hand, Hand], tmp_path: Path, dorset: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, _ = two
    scenario = anna.id
    with monkeypatch.context() as patch:
        patch.setenv(STORE_VARIABLE, str(tmp_path / "empty"))
        anna.stroke(south(dorset)[4:5], "North")
        anna.send()
        assert "is no longer in" in anna.erred
        assert len(anna.kept) == 1
        assert not open_store().has(scenario)
    anna.send()
    assert len(log(scenario)) == 2


def test_an_older_copy_of_the_store_is_told_and_worked_on(
    two: tuple[Hand, Hand], open_page: OpenPage, dorset: Pack
) -> None:
    anna, _ = two
    anna.told["seq"] = 9
    anna.stroke(south(dorset)[4:5], "North")
    again = anna.again(open_page(scenario=anna.id))
    assert any("An older copy" in toast.value for toast in again.app.toast)
    assert again.kept == []
    assert len(log(anna.id)) == 2


def test_a_store_that_is_read_only_shows_what_it_has_and_keeps_the_rest_in_the_browser(
    two: tuple[Hand, Hand], folder: Path, dorset: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, _ = two
    with monkeypatch.context() as patch:
        url = f"sqlite:///file:{folder / 'scenarios.sqlite'}?mode=ro&uri=true"
        patch.setenv(DATABASE_VARIABLE, url)
        anna.stroke(south(dorset)[4:5], "North")
        anna.send()
        assert not anna.app.exception
        assert "cannot be written to" in anna.erred
        assert (len(anna.kept), anna.told["saved"]) == (1, "")
        assert anna.told["undo"] == "1 to North"
    anna.send()
    assert not anna.erred
    assert len(log(anna.id)) == 2


def test_a_disk_that_is_full_keeps_the_rest_in_the_browser(
    two: tuple[Hand, Hand], dorset: Pack
) -> None:
    anna, _ = two
    everywhere = dorset.plan("areas").plan.units
    with open_store().database.reading() as link:
        pages = link.execute(sa.text("PRAGMA page_count")).scalar()
        link.execute(sa.text(f"PRAGMA max_page_count = {pages}"))
    anna.stroke(everywhere, "North")
    anna.send()
    assert "its disk is full" in anna.erred
    assert len(anna.kept) == 1
    with open_store().database.reading() as link:
        link.execute(sa.text("PRAGMA max_page_count = 1000000"))
    anna.send()
    assert not anna.erred
    assert anna.kept == []
    assert len(log(anna.id)) == 2


def test_an_answer_holds_what_was_taken(small: Pack) -> None:
    """One step, one answer: what the page tells the browser is what the store holds."""
    store = open_store()
    made = store.create(small, "zones", title="x", who="anna")
    answer = store.append(made, "c", [(1, Edit.move(UNITS[:1], to="South"))], who="anna")
    assert isinstance(answer, Appended)
    assert (answer.seq, answer.ack) == (store.load(made).seq, 1)
