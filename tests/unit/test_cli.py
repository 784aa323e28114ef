"""The command line: the same figures as the pages, and one message when something is wrong."""

import csv
import io
import json
import math
import re
import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cli
from analysis.events import Edit
from analysis.metrics import METRICS
from analysis.scenario import Evaluation, Scenario, evaluate
from geo.plan import Plan
from geo.write import lookup_csv, write_lookup
from layers.catalogue import PACKS_VARIABLE
from layers.pack import Pack
from store.register import STORE_VARIABLE, USER_VARIABLE, store_folder

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def no_packs_of_ones_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(PACKS_VARIABLE, raising=False)
    monkeypatch.setenv(STORE_VARIABLE, str(tmp_path / "store"))
    monkeypatch.setenv(USER_VARIABLE, "A Planner")


def forget_releases() -> None:
    """Start from an empty register: what a test sums up next is not set beside what it did."""
    shutil.rmtree(store_folder(), ignore_errors=True)


def run(*words: object) -> Result:
    return CliRunner().invoke(cli.main, [str(word) for word in words])


def printed(*words: object) -> str:
    result = run(*words)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def rows(*words: object) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(printed(*words))))


def content(*words: object) -> dict[str, object]:
    return json.loads(printed(*words, "--format", "json"))


def assert_says(figures: dict[str, object], result: Evaluation) -> None:
    """Check that a summary in JSON holds every figure of an evaluation, as far as it is shown."""
    for metric in METRICS:
        places = metric.decimals + 2 if metric.decimals else 0
        if metric.scope == "plan":
            said = [figures["equity"][metric.key]]
            meant = [result.for_plan(metric.key)]
        else:
            said = [row[metric.key] for row in figures["zones"][: len(result.plan.zones)]]
            meant = result.per_zone(metric.key)
        for one, other in zip(said, meant, strict=True):
            if one != "c":  # suppressed
                wanted = pytest.approx(other, abs=0.51 * 10**-places)
                assert one == (None if math.isnan(other) else wanted), metric.key


def redrawn(pack: Pack, plan: str, *, units: int, out_of: str, to: str) -> Scenario:
    start = Scenario("redraw", pack.plan(plan))
    return start.do(Edit.move(start.plan.members(out_of)[:units], to=to))


# packs


def test_packs_are_listed_with_their_folders() -> None:
    lines = [line.split("\t") for line in printed("packs").splitlines()]
    assert [line[0] for line in lines] == ["dorset", "bcp", "durham", "kirklees"]
    assert lines[0][1] == "Dorset County Council (2016-17)"
    assert all(Path(line[2]).is_dir() for line in lines)


def test_packs_of_ones_own_are_listed_too(
    small_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PACKS_VARIABLE, str(small_folder))
    assert printed("packs").startswith("small\tSmall Council\t")


# summary


def test_a_summary_has_a_row_a_zone_and_their_sum() -> None:
    table = rows("summary", "dorset")
    assert [row["family_partnership_zone"] for row in table] == [
        "Dorchester",
        "Weymouth and Portland",
        "Bridport and Beaminster",
        "North Dorset",
        "Purbeck",
        "East Dorset",
        "Christchurch",
        "All zones",
    ]
    assert table[-1]["children"] == "77156"
    assert table[-1]["referrals"] == "5203"
    assert {row["authority"] for row in table} == {"Dorset County Council (2016-17)"}
    assert {row["plan"] for row in table} == {"zones"}
    assert {row["figures"] for row in table} == {"illustrative"}


def test_a_summary_of_the_whole_plan_has_one_row() -> None:
    (row,) = rows("summary", "dorset", "--table", "equity")
    assert row["plan"] == "zones"
    assert row["units_moved"] == "0"
    assert float(row["referral_cv"]) > float(row["referral_noise"]) > 0


def test_a_plan_is_chosen_by_its_key() -> None:
    table = rows("summary", "dorset", "--plan", "areas")
    assert [row["social-work_area"] for row in table][:-1] == ["South", "West", "Central", "North"]


def test_json_holds_the_zones_and_the_plan_as_the_csv_has_them(dorset: Pack) -> None:
    figures = content("summary", "dorset")
    assert figures["authority"] == "Dorset County Council (2016-17)"
    assert figures["plan"] == figures["baseline"] == "zones"
    assert figures["fingerprint"] == dorset.plan("zones").plan.fingerprint
    assert figures["figures"] == "illustrative"
    for line, record in zip(rows("summary", "dorset"), figures["zones"], strict=True):
        assert {key: str(value or "") for key, value in record.items() if key == "referrals"} == {
            "referrals": f"{float(line['referrals'])}"
        }
    (row,) = rows("summary", "dorset", "--table", "equity")
    assert figures["equity"]["referral_cv"] == float(row["referral_cv"])


@pytest.mark.parametrize("plan", ["zones", "areas", "east_west", "pyramids"])
def test_a_summary_says_what_the_evaluation_says(dorset: Pack, plan: str) -> None:
    result = evaluate(Scenario(plan, dorset.plan(plan)), dorset)
    assert_says(content("summary", "dorset", "--plan", plan), result)


def test_the_default_plan_of_every_pack_is_summed_up(shipped: Pack) -> None:
    result = evaluate(Scenario("today", shipped.plan(shipped.default_plan)), shipped)
    assert_says(content("summary", shipped.authority.key), result)


def test_a_saved_redraw_says_what_the_evaluation_says(dorset: Pack, tmp_path: Path) -> None:
    scenario = redrawn(dorset, "areas", units=12, out_of="South", to="West")
    path = write_lookup(scenario.plan, tmp_path / "proposal.csv")
    figures = content("summary", "dorset", "--plan", path)
    assert_says(figures, evaluate(scenario, dorset))
    assert figures["plan"] == "proposal"
    assert figures["baseline"] == "areas"
    assert figures["fingerprint"] == scenario.plan.fingerprint
    assert figures["equity"]["units_moved"] == 12
    today = content("summary", "dorset", "--plan", "areas")
    assert figures["equity"]["referral_cv"] != today["equity"]["referral_cv"]


def test_a_saved_redraw_with_a_new_zone_and_loose_units_is_the_same(
    dorset: Pack, tmp_path: Path
) -> None:
    scenario = redrawn(dorset, "zones", units=6, out_of="Purbeck", to="=Swanage")
    loose = scenario.plan.members("North Dorset")[:3]
    scenario = scenario.do(Edit.move(loose, to=None))
    path = write_lookup(scenario.plan, tmp_path / "proposal.csv")
    figures = content("summary", "dorset", "--plan", path)
    assert_says(figures, evaluate(scenario, dorset))
    assert figures["fingerprint"] == scenario.plan.fingerprint
    assert figures["zones"][-2]["family_partnership_zone"] == "unassigned"
    assert figures["zones"][-1]["children"] == 77156
    csv_names = [
        row["family_partnership_zone"] for row in rows("summary", "dorset", "--plan", path)
    ]
    assert "'=Swanage" in csv_names


def test_an_unchanged_plan_saved_and_summed_up_is_the_plan(dorset: Pack, tmp_path: Path) -> None:
    path = write_lookup(dorset.plan("zones").plan, tmp_path / "zones.csv")
    figures, today = content("summary", "dorset", "--plan", path), content("summary", "dorset")
    assert figures == today


@given(
    moves=st.lists(
        st.tuples(
            st.lists(st.integers(0, 248), min_size=1, max_size=9, unique=True),
            st.sampled_from(["South", "West", "Central", "North"]),
        ),
        max_size=3,
    )
)
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_redraw_saved_and_summed_up_keeps_its_figures(
    dorset: Pack, tmp_path: Path, moves: list[tuple[list[int], str]]
) -> None:
    forget_releases()
    scenario = Scenario("redraw", dorset.plan("areas"))
    for positions, zone in moves:
        units = [scenario.plan.units[position] for position in positions]
        scenario = scenario.do(Edit.move(units, to=zone))
    path = write_lookup(scenario.plan, tmp_path / "proposal.csv")
    assert_says(content("summary", "dorset", "--plan", path), evaluate(scenario, dorset))


def test_a_lookup_of_whole_zones_is_set_against_the_named_baseline(
    dorset: Pack, tmp_path: Path
) -> None:
    path = write_lookup(dorset.plan("east_west").plan, tmp_path / "halves.csv")
    figures = content("summary", "dorset", "--plan", path, "--baseline", "pyramids")
    assert figures["baseline"] == "pyramids"
    assert figures["equity"]["units_moved"] == 249
    sizes = sorted(dorset.plan("east_west").plan.sizes.tolist())
    assert sorted(row["units"] for row in figures["zones"]) == [*sizes, 249]  # and no pyramid


def test_a_pack_in_a_folder_is_summed_up(small_folder: Path) -> None:
    table = rows("summary", small_folder)
    assert [row["children"] for row in table] == ["600", "600", "800", "2000"]


def test_small_counts_are_suppressed_in_what_is_printed(small_folder: Path) -> None:
    path = small_folder / "measures.csv"
    text = path.read_text()
    for old, new in ((",12,10,2", ",1,10,2"), (",6,7,1", ",1,7,1"), (",2,3,3", ",1,3,3")):
        text = text.replace(old, new)
    path.write_text(text)
    table = rows("summary", small_folder)
    assert table[2]["referrals"] == table[2]["referral_rate"] == "c"
    (row,) = rows("summary", small_folder, "--table", "equity")
    assert row["referral_max_min"] == "c"
    figures = content("summary", small_folder)
    assert figures["zones"][2]["referrals"] == figures["equity"]["referral_max_min"] == "c"


# releases


def lookup_of(pack: Pack, folder: Path, unit: str, to: str) -> Path:
    plan = pack.plan("zones").plan.move([unit], to=to)
    return write_lookup(plan, folder / "moved.csv")


def test_a_summary_is_entered_in_the_register_once() -> None:
    assert printed("summary", "dorset") == printed("summary", "dorset")
    (line,) = printed("releases", "dorset").splitlines()
    words = line.split("\t")
    assert words[0] == "1"
    assert words[2:4] == ["A Planner", "Summary of zones (csv, zones)"]
    assert words[5] == "referrals open_cases cin open_cp"
    assert re.fullmatch("[0-9a-f]{16}", words[6])


def test_nothing_is_listed_before_a_release() -> None:
    assert printed("releases", "dorset") == ""


def test_a_summary_that_gives_a_small_area_away_is_refused(dorset: Pack, tmp_path: Path) -> None:
    printed("summary", "dorset")
    path = lookup_of(dorset, tmp_path, "E01020465", "North Dorset")
    result = run("summary", "dorset", "--plan", path)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "Open cases: E01020465, from Purbeck to North Dorset." in result.stderr
    assert "withhold: Withhold" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("Error: The figures would give small sets")
    assert len(printed("releases", "dorset").splitlines()) == 1


def test_a_summary_leaves_after_a_remedy(dorset: Pack, tmp_path: Path) -> None:
    printed("summary", "dorset")
    path = lookup_of(dorset, tmp_path, "E01020465", "North Dorset")
    table = rows("summary", "dorset", "--plan", path, "--remedy", "withhold")
    cases = {row["family_partnership_zone"]: row["open_cases"] for row in table}
    assert (cases["Purbeck"], cases["North Dorset"]) == ("c", "c")
    assert cases["All zones"] != "c"
    assert len(printed("releases", "dorset").splitlines()) == 2
    assert rows("summary", "dorset", "--plan", path) == table  # as it is out


def test_a_remedy_that_does_not_do_is_refused_too(dorset: Pack, tmp_path: Path) -> None:
    printed("summary", "dorset")
    path = lookup_of(dorset, tmp_path, "E01020465", "North Dorset")
    assert run("summary", "dorset", "--plan", path, "--remedy", "round").exit_code == 1


def test_a_damaged_register_stops_summaries() -> None:
    printed("summary", "dorset")
    path = next(store_folder().glob("*.jsonl"))
    path.write_text(path.read_text(encoding="utf-8").replace("A Planner", "Nobody"))
    assert "is damaged" in refused("summary", "dorset")
    assert "is damaged" in refused("releases", "dorset")


# refusals


def refused(*words: object) -> str:
    """Give the one message of a refusal, after checking that there is no more."""
    result = run(*words)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)  # no traceback
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: ")
    return line


def test_an_unknown_pack_is_refused() -> None:
    assert "There is no pack 'devon'." in refused("summary", "devon")


def test_an_unknown_plan_or_file_is_refused() -> None:
    assert "nowhere.csv cannot be opened" in refused("summary", "dorset", "--plan", "nowhere.csv")


def test_an_unknown_baseline_is_refused() -> None:
    assert "no plan 'wards'" in refused("summary", "dorset", "--baseline", "wards")


def test_a_folder_of_packs_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PACKS_VARIABLE, "/nowhere")
    for words in (("packs",), ("summary", "dorset")):
        assert "/nowhere is not there" in refused(*words)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "is empty"),
        (b"unit,team\nE01020343,North\n", "has no column 'zone'"),
        (b"unit,zone\nE01020343,North\n", "has no zone for 248 of 249 units"),
        (b"unit,zone\nE01020343,North\nE01020343,South\n", "names E01020343 more than once"),
        ("unit,zone\nE01020343,Côte\n".encode("cp1252"), "has no zone for 248 of 249 units"),
        (b"\x00\xff\x00", "has bytes that are no text"),
        (b'unit,zone\n"E01020343,North\n', "is no table"),
    ],
)
def test_a_lookup_that_is_none_is_refused(tmp_path: Path, text: bytes, message: str) -> None:
    path = tmp_path / "lookup.csv"
    path.write_bytes(text)
    assert message in refused("summary", "dorset", "--plan", path)


def test_a_lookup_of_another_authority_is_refused(dorset: Pack, tmp_path: Path) -> None:
    path = tmp_path / "lookup.csv"
    path.write_text(lookup_csv(dorset.plan("zones").plan))
    said = refused("summary", "durham", "--plan", path)
    assert "no zone for 324 of 324 units" in said
    assert "None of its codes is of this authority" in said


def test_a_broken_pack_is_refused(small_folder: Path) -> None:
    (small_folder / "measures.csv").write_text("unit\n")
    assert "measures.csv" in refused("summary", small_folder)


@pytest.mark.parametrize(
    "words",
    [("summary",), ("summary", "dorset", "--format", "xml"), ("draw",), ("summary", "a", "b")],
)
def test_wrong_words_are_told_with_the_right_ones(words: tuple[str, ...]) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert "Usage: " in result.stderr


# the app


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The words that Streamlit is started with, in place of a server."""
    started: list[str] = []
    monkeypatch.setattr("streamlit.web.cli.main", lambda words, **_: started.extend(words))
    monkeypatch.setattr(cli, "_warm_up", lambda: None)
    return started


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "--server.port 8501"),
        (("--port", "9000"), "--server.port 9000"),
        (("--no-browser",), "--server.headless true"),
    ],
)
def test_the_app_is_served_as_asked(served: list[str], words: tuple[str, ...], told: str) -> None:
    assert run("app", *words).exit_code == 0
    assert told in " ".join(served)
    assert served[0] == "run"
    assert Path(served[1]).is_file()


def test_the_app_opens_a_browser_unless_it_is_told_not_to(served: list[str]) -> None:
    run("app")
    assert "--server.headless" not in served


# documentation


def documentation() -> str:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return "\n".join(page.read_text(encoding="utf-8") for page in pages if page.is_file())


def words_of(group: click.Group) -> Iterator[tuple[str, str]]:
    """Give each command, and each of its options, as a person would type it."""
    for name, command in group.commands.items():
        yield name, f"zonewright {name}"
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                yield from ((f"{name} {word}", word) for word in parameter.opts)


@pytest.mark.parametrize(
    "word", [word for _, word in words_of(cli.main)], ids=[name for name, _ in words_of(cli.main)]
)
def test_every_command_and_option_is_documented(word: str) -> None:
    assert word in documentation()


@pytest.mark.parametrize("name", cli.main.commands)
def test_every_command_and_option_says_what_it_does(name: str) -> None:
    command = cli.main.commands[name]
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help or isinstance(parameter.type, click.Choice)
    assert name in printed("--help")
    assert "Usage: " in printed(name, "--help")


def test_the_version_is_told() -> None:
    try:
        installed = version("zonewright")
    except PackageNotFoundError:
        pytest.skip("the project itself is not installed")
    assert installed in printed("--version")


def test_a_plan_named_as_a_file_is_not_mistaken_for_a_key(dorset: Pack, tmp_path: Path) -> None:
    plan = Plan.from_lookup(dict.fromkeys(dorset.geography.units, "Whole"))
    write_lookup(plan, tmp_path / "zones")
    assert content("summary", "dorset", "--plan", tmp_path / "zones")["zones"][0]["units"] == 249
