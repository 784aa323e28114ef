"""The Compare page: plans side by side, from the pack, from files and from the store."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import shapely
from playwright.sync_api import Browser, FrameLocator, Page, expect
from streamlit.testing.v1 import AppTest

from analysis.comparing import side_by_side
from analysis.events import Edit
from app.compare import SAVED, Candidate, Option, told_apart
from app.compare_maps import Caption, maps_in_step
from geo.plan import Plan
from geo.read.file import File
from geo.read.plan import About, read_plan
from geo.write import lookup_csv, plan_geopackage, plan_json
from headless import CHROMIUM, Watched, serve
from layers.pack import Pack
from store.scenarios import open_store
from store.transfer import export_scenario

ROOT = Path(__file__).resolve().parents[2]
OpenPage = Callable[..., AppTest]
TABS = ("Maps", "Every metric", "Zone by zone", "What moved", "Files")


@pytest.fixture
def open_page() -> OpenPage:
    def open_(tab: str = "Maps", **address: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60)
        for name, value in address.items():
            app.query_params[name] = value
        app.session_state["tab-compare"] = tab
        app.run()
        return app.switch_page("app/pages/compare.py").run()

    return open_


def _is_well(app: AppTest) -> bool:
    return not app.exception and not app.error


def _html(app: AppTest) -> str:
    return "\n".join(str(element.proto.body) for element in app.get("html"))


def _chosen(app: AppTest) -> list[str]:
    pack = app.selectbox(key="pack").value
    return list(app.multiselect(key=f"compare-plans-{pack}").value)


def _bring(app: AppTest, *files: tuple[str, bytes]) -> AppTest:
    return (
        app.file_uploader[0]
        .set_value([(*file, "application/octet-stream") for file in files])
        .run()
    )


# what the page shows


@pytest.mark.parametrize("tab", TABS)
def test_every_part_opens_on_every_pack(open_page: OpenPage, shipped: Pack, tab: str) -> None:
    keys = [entry.key for entry in shipped.plans][:4]
    app = open_page(tab, pack=shipped.authority.key, compare=",".join(keys))
    assert _is_well(app), (app.error, app.exception)
    if len(keys) == 1:
        assert "Choose at least two plans" in app.info[0].value


def test_the_page_opens_on_two_plans_and_says_so_in_the_address(open_page: OpenPage) -> None:
    app = open_page(pack="dorset")
    assert _chosen(app) == ["zones", "areas"]
    assert app.query_params["compare"] == "zones,areas"
    assert "Illustrative" in _html(app)
    assert "30,861 children" in _html(app)


def test_a_link_opens_the_plans_in_their_order(open_page: OpenPage) -> None:
    app = open_page(pack="dorset", compare="east_west,zones,areas")
    assert _chosen(app) == ["east_west", "zones", "areas"]
    assert "Family Partnership Zones beside Family Focus" in _html(app)


def test_a_link_to_plans_that_are_not_there_says_so(open_page: OpenPage) -> None:
    app = open_page(pack="dorset", compare="zones,atlantis")
    assert _chosen(app) == ["zones"]
    assert "atlantis" in app.warning[0].value
    assert "Choose at least two plans" in app.info[0].value


def test_five_plans_in_a_link_are_cut_to_four(open_page: OpenPage) -> None:
    app = open_page(pack="dorset", compare="zones,areas,east_west,pyramids,zones")
    assert len(_chosen(app)) == 4
    assert _is_well(app)


def test_a_choice_that_was_emptied_stays_empty(open_page: OpenPage) -> None:
    app = open_page(pack="dorset")
    app.multiselect(key="compare-plans-dorset").set_value([]).run()
    assert _chosen(app) == []
    assert "Choose at least two plans" in app.info[0].value


def test_every_metric_has_its_mark_in_words(open_page: OpenPage) -> None:
    text = _html(open_page("Every metric", pack="dorset", compare="zones,areas"))
    assert "<em>lowest</em>" in text
    assert "of which by chance 3.9 · 2.8" in text
    assert "different numbers of zones" in text


def test_moved_areas_are_listed_for_the_plan_that_is_chosen(open_page: OpenPage) -> None:
    app = open_page("What moved", pack="dorset", compare="zones,areas,east_west")
    assert "Christchurch to Central" in _html(app)
    app.segmented_control(key="compare-moved-3").set_value(2).run()
    assert "Christchurch to East" in _html(app)
    assert _is_well(app)


def test_the_same_plan_twice_moves_nothing(open_page: OpenPage, dorset: Pack) -> None:
    app = open_page("What moved", pack="dorset", compare="zones")
    same = lookup_csv(dorset.plan("zones").plan).encode()
    app = _bring(app, ("same.csv", same))
    assert "Every small area lies in the same zone" in app.info[0].value
    assert "No child changes team" in _html(app)


# plans from files


@pytest.mark.parametrize("ending", ["csv", "json", "gpkg"])
def test_a_file_of_a_plan_brings_it_back(open_page: OpenPage, dorset: Pack, ending: str) -> None:
    plan = dorset.plan("zones").plan.move(["E01020455"], to="Purbeck")
    about = About("Ours <b>now</b>", "dorset", "2011", "dorset-2011")
    content = {
        "csv": lookup_csv(plan).encode(),
        "json": plan_json(plan, about).encode(),
        "gpkg": plan_geopackage(plan, dorset.geography, about),
    }[ending]
    app = _bring(open_page(pack="dorset", compare="zones"), (f"ours.{ending}", content))
    assert _is_well(app)
    assert _chosen(app) == ["zones", f"file-{plan.fingerprint}"]
    assert "<b>now</b>" not in _html(app)


def test_a_file_that_does_not_fit_is_refused_with_the_reason(
    open_page: OpenPage, dorset: Pack
) -> None:
    app = open_page(pack="dorset")
    other = plan_json(dorset.plan("zones").plan, About(vintage="2021")).encode()
    app = _bring(
        app,
        ("broken.json", b"{"),
        ("later.json", other),
        ("few.csv", b"unit,zone\nE01020455,North"),
    )
    said = [error.value for error in app.error]
    assert len(said) == 3
    assert "no complete JSON" in said[0]
    assert "units of 2021" in said[1]
    assert "248" in said[2]
    assert _chosen(app) == ["zones", "areas"]
    assert not app.exception


def test_what_files_hold_is_what_the_page_offers(open_page: OpenPage, dorset: Pack) -> None:
    app = open_page("Files", pack="dorset", compare="areas,zones")
    labels = [button.proto.label for button in app.get("download_button")]
    assert labels == ["CSV (unit, zone)", "GeoPackage (zones, units)", "JSON"]
    assert dorset.plan("areas").plan.fingerprint in app.caption[-1].value


# scenarios from the store


def test_a_saved_scenario_is_compared_and_its_file_brings_it_back(
    open_page: OpenPage, dorset: Pack
) -> None:
    store = open_store()
    units = dorset.plan("zones").plan.members("Purbeck")[:3]
    saved = store.create(
        dorset, "zones", title="Fairer <lines>", who="me",
        events=[Edit.move(units, to="North Dorset")],
    )  # fmt: skip
    app = open_page("Files", pack="dorset", compare=f"zones,saved-{saved}")
    assert _is_well(app)
    assert "Fairer &lt;lines&gt; beside Family Partnership Zones" in _html(app)
    assert "in 3 small areas" in _html(app)
    app.selectbox(key="compare-file-2").set_value(1).run()
    labels = [button.proto.label for button in app.get("download_button")]
    assert "JSON with all steps" in labels
    again = _bring(
        open_page(pack="dorset", compare="zones"),
        ("scenario.json", export_scenario(store, saved)),
    )
    assert _chosen(again) == ["zones", f"saved-{saved}"]
    assert _is_well(again)


# scenarios and plans of one title


TITLE = "Redraw of Social-work areas"


def _alike(dorset: Pack, count: int = 3) -> list[str]:
    """Save scenarios of one title, with as many steps and small areas moved as their place."""
    store, plan = open_store(), dorset.plan("areas").plan
    return [
        store.create(
            dorset, "areas", title=TITLE, who="me",
            events=[Edit.move(plan.members("West")[: at + 1], to="South")],
        )
        for at in range(count)
    ]  # fmt: skip


def _labels(app: AppTest) -> dict[str, str]:
    """Give what the list shows, by what the label opens."""
    plans = app.multiselect(key="compare-plans-dorset")
    keys = app.session_state["compare-labels-dorset"]
    return {keys[label]: label for label in plans.options}


def _choose(app: AppTest, *wire: str) -> AppTest:
    """Choose as a browser does: by the labels that it shows."""
    return app.multiselect(key="compare-plans-dorset").set_value(list(wire)).run()


def test_scenarios_of_one_title_read_differently_and_each_opens_itself(
    open_page: OpenPage, dorset: Pack
) -> None:
    saved = [f"{SAVED}{one}" for one in _alike(dorset)]
    app = open_page("What moved", pack="dorset", compare="areas")
    shown = app.multiselect(key="compare-plans-dorset").options
    assert len(set(shown)) == len(shown)
    for at, key in enumerate(saved, start=1):
        app = _choose(app, "Social-work areas", _labels(app)[key])
        assert _chosen(app) == ["areas", key]
        assert f"in {at} small area{'s' if at > 1 else ''}." in _html(app)
        assert app.query_params["compare"] == f"areas,{key}"


def test_two_scenarios_of_one_title_stay_chosen_after_the_next_click(
    open_page: OpenPage, dorset: Pack
) -> None:
    one, two = (f"{SAVED}{key}" for key in _alike(dorset, 2))
    app = open_page("Every metric", pack="dorset", compare=f"areas,{one},{two}")
    assert _chosen(app) == ["areas", one, two]
    labels = _labels(app)
    app = _choose(app, labels["areas"], labels[one], labels[two], labels["zones"])
    assert _chosen(app) == ["areas", one, two, "zones"]
    heads = re.findall(r'<th scope="col">(.*?)</th>', _html(app))
    assert len(set(heads)) == len(heads) == 4
    assert all(head.startswith(TITLE) for head in heads[1:3])
    assert "me," not in "".join(heads)  # what leaves names no person


def test_a_label_of_an_earlier_run_still_means_its_scenario(
    open_page: OpenPage, dorset: Pack
) -> None:
    ids = _alike(dorset, 2)
    one, two = (f"{SAVED}{key}" for key in ids)
    app = open_page("Every metric", pack="dorset", compare=f"areas,{one}")
    before = _labels(app)
    units = dorset.plan("areas").plan.members("West")[4:5]
    store = open_store()
    for n, to in enumerate(("North", "South"), start=1):  # a step, the page follows, then another
        store.append(ids[0], "a-browser", [(n, Edit.move(units, to=to))], who="me")
        app = app.run()
    assert _labels(app)[one] != before[one]
    app = _choose(app, before["areas"], before[one], before[two])
    assert _chosen(app) == ["areas", one, two]
    assert not app.warning
    app = _choose(app, before["areas"], "what nobody has seen", before[two])
    assert _chosen(app) == ["areas", two]
    assert not app.warning


def test_a_plan_from_a_file_does_not_replace_the_scenario_of_its_title(
    open_page: OpenPage, dorset: Pack
) -> None:
    (saved,) = _alike(dorset, 1)
    key = f"{SAVED}{saved}"
    plan = dorset.plan("areas").plan.move(dorset.plan("areas").plan.members("West")[:9], to="South")
    file = plan_json(plan, About(TITLE, "dorset", "2011", "dorset-2011")).encode()
    app = open_page("Files", pack="dorset", compare=f"areas,{key}")
    app = _bring(app, ("again.json", file)).run()
    ours = f"file-{plan.fingerprint}"
    assert _chosen(app) == ["areas", key, ours]
    assert _labels(app)[ours] == f"{TITLE} · from again.json"
    text = _html(app)
    assert "in 1 small area." in text
    assert "in 9 small areas." in text
    titles = app.selectbox(key="compare-file-3").options
    assert len(set(titles)) == 3


def test_a_label_never_comes_to_mean_another_plan() -> None:
    def option(key: str, label: str) -> Option:
        return Option(key, label, label, _never)

    known = {o.key: o for o in (option("saved-aaaaaaaa", "L"), option("saved-bbbbbbbb", "L"))}
    alike = told_apart(known, {})
    assert list(alike.values()) == ["L · aaaaaa", "L · bbbbbb"]
    alone = {"saved-bbbbbbbb": known["saved-bbbbbbbb"]}
    assert told_apart(alone, {})["saved-bbbbbbbb"] == "L"
    assert told_apart(alone, {"L": "saved-aaaaaaaa"})["saved-bbbbbbbb"] == "L · bbbbbb"
    same_start = {o.key: o for o in (option("saved-aaaaaab", "L"), option("saved-aaaaaac", "L"))}
    assert len(set(told_apart(same_start, {}).values())) == 2
    mimic = {**known, "c": option("c", "L · aaaaaa"), "d": option("d", "saved-aaaaaaaa")}
    assert len(set(told_apart(mimic, {}).values())) == 4
    assert "saved-aaaaaaaa" not in told_apart(mimic, {}).values()


def _never() -> Candidate:
    raise AssertionError


# files with zones of their own


def _renamed(dorset: Pack, names: dict[str, str]) -> tuple[str, bytes]:
    plan = dorset.plan("areas").plan
    rows = [f"{u},{names.get(plan.zone_of(u) or '', plan.zone_of(u))}" for u in plan.units]
    return "lines.csv", "\n".join(["unit,zone", *rows]).encode()


def test_a_lookup_with_a_new_name_moves_nobody(open_page: OpenPage, dorset: Pack) -> None:
    app = open_page("Zone by zone", pack="dorset", compare="areas")
    app = _bring(app, _renamed(dorset, {"West": "Western"}))
    text = _html(app)
    assert "No child changes team" in text
    assert "Western with West" in text
    assert "No small area is left" not in text
    assert "by overlap" in text
    assert _is_well(app)
    other = open_page("Maps", pack="dorset", compare="zones")
    other = _bring(other, _renamed(dorset, {"West": "Western"}))
    turned = _choose(other, f"file-{_plan_of(other)}", "areas")
    assert "No child changes team" in _html(turned)
    assert "Western that of West" in turned.caption[-1].value


def _plan_of(app: AppTest) -> str:
    return _chosen(app)[-1].removeprefix("file-")


def test_a_name_of_a_zone_that_cannot_be_read_is_refused(open_page: OpenPage, dorset: Pack) -> None:
    app = _bring(open_page(pack="dorset"), _renamed(dorset, {"West": "x" * 150}))
    assert app.error[0].value.startswith("lines")  # the file that is meant
    assert "cannot be the name of a zone" in app.error[0].value
    assert _chosen(app) == ["zones", "areas"]
    assert not app.exception


# the maps in one frame


def test_names_from_files_cannot_leave_the_data_of_the_page(small: Pack) -> None:
    names = ["</script><script>alert(1)</script>", "<!--", "{x}"]
    lookup = {unit: names[at % 3] for at, unit in enumerate(small.geography.units)}
    sides = side_by_side([small.plan("zones").plan, Plan.from_lookup(lookup)], [1.0] * 9)
    page = maps_in_step(small.geography, sides, [Caption("<i>one</i>"), Caption("{two}")])
    assert "<script>alert" not in page
    assert "<i>one</i>" not in page
    data = re.search(r'id="zw-data">(.*?)</script>', page)
    assert data is not None
    assert json.loads(data[1])["titles"] == ["<i>one</i>", "{two}"]


def test_one_place_has_one_colour_on_all_maps(dorset: Pack) -> None:
    plans = [dorset.plan(key).plan for key in ("zones", "areas", "east_west")]
    sides = side_by_side(plans, dorset.measures.counts("children"))
    page = maps_in_step(dorset.geography, sides, [Caption("a"), Caption("b"), Caption("c")])
    found = re.search(r'id="zw-data">(.*?)</script>', page)
    assert found is not None
    maps = json.loads(found[1])["maps"]
    for k, match in enumerate(sides.matches, start=1):
        alike = [a == b for a, b in zip(maps[0]["fills"], maps[k]["fills"], strict=True)]
        assert alike == match.stays.tolist()
        assert maps[k]["moved"] == [at for at, stays in enumerate(match.stays) if not stays]


def test_one_plan_of_two_may_have_a_map_with_the_lines_that_it_was_made_of(dorset: Pack) -> None:
    plans = [dorset.plan(key).plan for key in ("areas", "zones")]
    sides = side_by_side(plans, dorset.measures.counts("children"))
    west, south, east, north = shapely.total_bounds(dorset.geography.shapes)
    line = np.array([shapely.box(west + 9_000, south + 9_000, east - 9_000, north + 9e6)])
    captions = [Caption("now"), Caption("then")]
    page = maps_in_step(dorset.geography, sides, captions, which=[1], lines=line)
    found = re.search(r'id="zw-data">(.*?)</script>', page)
    assert found is not None
    data = json.loads(found[1])
    assert data["titles"] == ["now", "then"]  # the pointer names both
    assert len(data["maps"]) == 1
    assert data["maps"][0]["moved"]
    longitudes, latitudes = shapely.get_coordinates(
        shapely.from_geojson(json.dumps(data["lines"]))
    ).T
    assert -3.0 < longitudes.min() < longitudes.max() < -1.6
    assert 50.5 < latitudes.min() < latitudes.max() < 51.3  # not as far as Scotland
    assert "Lines as drawn" in page
    assert "Lines as drawn" not in maps_in_step(dorset.geography, sides, captions)


browser_only = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serve() as at:
        yield at


@pytest.fixture(params=[(1366, 768), (1920, 1080)], ids=["laptop", "projector"])
def watched(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Watched]:
    width, height = request.param
    context = browser.new_context(viewport={"width": width, "height": height})
    yield Watched(context.new_page(), address)
    context.close()


@pytest.fixture
def laptop(browser: Browser, address: str) -> Iterator[Watched]:
    context = browser.new_context(viewport={"width": 1366, "height": 900}, accept_downloads=True)
    yield Watched(context.new_page(), address)
    context.close()


def _views(page: Page) -> list[list[float]]:
    """Give centre and zoom of each map in the frame."""
    frame = next(f for f in page.frames if f.evaluate("() => Boolean(window.zwMaps)"))
    found: list[list[float]] = frame.evaluate(
        "() => window.zwMaps.map(m => [m.getCenter().lat, m.getCenter().lng, m.getZoom()])"
    )
    return found


def _are_in_step(page: Page) -> bool:
    views = _views(page)
    return all(view == pytest.approx(views[0], abs=0.002) for view in views)


def _opened(watched: Watched, plans: str) -> FrameLocator:
    chart = watched.open(f"compare?pack=dorset&compare={plans}")
    chart.locator("path.leaflet-interactive").first.wait_for(timeout=30_000)
    return chart


@pytest.mark.browser
@browser_only
@pytest.mark.parametrize(
    "plans", ["zones,areas", "zones,areas,east_west", "zones,areas,east_west,pyramids"]
)
def test_maps_stand_side_by_side_and_ask_nobody_outside(watched: Watched, plans: str) -> None:
    chart = _opened(watched, plans)
    count = plans.count(",") + 1
    expect(chart.locator(".map")).to_have_count(count)
    expect(chart.locator("path.leaflet-interactive")).to_have_count(249 * count)
    expect(chart.locator(".legend")).to_contain_text("In another zone than in")
    boxes = [chart.locator(".map").nth(at).bounding_box() for at in range(count)]
    sizes = {(round(box["width"]), round(box["height"])) for box in boxes if box}
    assert len(sizes) == 1, "maps of one size show one place at one place"
    assert min(sizes)[0] > 400
    assert min(sizes)[1] > 200
    assert _are_in_step(watched.page)
    assert watched.outside == []
    assert watched.errors == []


@pytest.mark.browser
@browser_only
def test_maps_pan_and_zoom_together_by_mouse_and_by_keyboard(laptop: Watched) -> None:
    chart = _opened(laptop, "zones,areas,east_west")
    start = _views(laptop.page)[0]
    chart.locator(".leaflet-control-zoom-in").click()
    zoomed = _views(laptop.page)[0]
    assert zoomed[2] > start[2]
    assert _are_in_step(laptop.page)
    chart.locator("#map2").focus()
    laptop.page.keyboard.press("ArrowRight")
    laptop.page.wait_for_timeout(600)
    panned = _views(laptop.page)[2]
    assert panned[1] > zoomed[1]
    assert _are_in_step(laptop.page)
    box = chart.locator("#map1").bounding_box()
    assert box is not None
    laptop.page.mouse.move(box["x"] + 200, box["y"] + 120)
    laptop.page.mouse.down()
    laptop.page.mouse.move(box["x"] + 120, box["y"] + 150, steps=6)
    laptop.page.mouse.up()
    assert _views(laptop.page)[1][1] > panned[1]
    assert _are_in_step(laptop.page)
    chart.get_by_role("button", name="Show the whole authority").click()
    assert _are_in_step(laptop.page)
    assert laptop.errors == []


@pytest.mark.browser
@browser_only
def test_a_small_area_names_its_zone_in_every_plan(laptop: Watched) -> None:
    chart = _opened(laptop, "zones,areas")
    chart.locator("#map1 path.leaflet-interactive").nth(40).hover(force=True)
    expect(chart.locator("#said")).to_contain_text("Family Partnership Zones: ")
    expect(chart.locator("#said")).to_contain_text("Social-work areas: ")
    expect(chart.locator(".tip")).to_contain_text("E0102")
    assert laptop.errors == []


@pytest.mark.browser
@browser_only
def test_a_downloaded_plan_is_the_plan_again(laptop: Watched, dorset: Pack) -> None:
    _opened(laptop, "areas,zones")
    page = laptop.page
    page.get_by_role("tab", name="Files").click()
    for label in ("CSV (unit, zone)", "GeoPackage (zones, units)", "JSON"):
        button = page.get_by_role("button", name=label)
        button.wait_for(timeout=20_000)
        with page.expect_download(timeout=20_000) as waiting:
            button.click()
        file = waiting.value
        content = Path(file.path()).read_bytes()
        read = read_plan(File.from_bytes(file.suggested_filename, content), dorset.geography)
        assert read.plan.fingerprint == dorset.plan("areas").plan.fingerprint
    assert laptop.errors == []
