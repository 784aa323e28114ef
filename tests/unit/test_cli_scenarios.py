"""Scenarios from the command line."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import cli
from analysis.assumptions import Assumptions
from analysis.events import Assume, Edit
from layers.pack import Pack
from small_pack import UNITS
from store.folder import STORE_VARIABLE, USER_VARIABLE
from store.scenarios import open_store


@pytest.fixture(autouse=True)
def _store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STORE_VARIABLE, str(tmp_path / "store"))
    monkeypatch.setenv(USER_VARIABLE, "A Planner")


@pytest.fixture
def made(small: Pack) -> str:
    scenario = open_store().create(small, "zones", title="Level", who="Ann")
    open_store().append(scenario, "c", [(1, Edit.move(UNITS[:1], to="South"))], who="Ann")
    return scenario


def run(*words: object) -> Result:
    return CliRunner().invoke(cli.main, ["scenarios", *map(str, words)])


def test_scenarios_are_listed(made: str, small: Pack) -> None:
    (line,) = run("list").stdout.splitlines()
    assert line.split("\t")[:5] == [made, "small", "2011", "Level", "1"]
    assert run("list", small.folder).stdout.splitlines() == [line]
    assert run("list", "dorset").stdout == ""
    open_store().archive(made, who="Ann")
    assert run("list").stdout == ""
    assert made in run("list", "--archived").stdout


def test_the_log_of_a_scenario_is_shown(made: str) -> None:
    (line,) = run("log", made).stdout.splitlines()
    seq, _, who, title = line.split("\t")
    assert (seq, who, title) == ("1", "Ann", "1 unit to South")


def test_the_log_says_what_changed_of_the_assumptions(made: str) -> None:
    changed = Assume(Assumptions(tolerance=0.05))
    open_store().append(made, "c", [(2, changed)], who="Ann")
    assert run("log", made).stdout.splitlines()[1].endswith("\tAnn\tTolerance 10 % to 5 %")


def test_a_scenario_goes_out_and_comes_in(
    made: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("export", made, "--out", tmp_path / "x.json").exit_code == 0
    assert run("export", made).stdout == (tmp_path / "x.json").read_text(encoding="utf-8")
    assert "is here already" in run("import", tmp_path / "x.json").stderr
    monkeypatch.setenv(STORE_VARIABLE, str(tmp_path / "other"))
    assert run("import", tmp_path / "x.json").stdout == f"{made}\tLevel\n"
    assert "Imported by A Planner." in run("log", made).stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("log", "nothing"), "There is no scenario 'nothing' here"),
        (("export", "nothing"), "There is no scenario"),
        (("import", "nowhere.json"), "cannot be read"),
        (("list", "nowhere"), "There is no pack"),
    ],
)
def test_what_is_not_there_is_told(words: tuple[str, ...], said: str) -> None:
    result = run(*words)
    assert result.exit_code == 1
    assert said in result.stderr


def test_a_file_that_is_none_is_told(tmp_path: Path, made: str) -> None:
    (tmp_path / "x.json").write_text("{}")
    assert "is no export of a scenario" in run("import", tmp_path / "x.json").stderr
    result = run("export", made, "--out", tmp_path / "nowhere" / "x.json")
    assert (result.exit_code, "cannot be written" in result.stderr) == (1, True)


@pytest.mark.parametrize("name", cli.scenarios.commands)
def test_every_command_says_what_it_does_and_is_documented(name: str) -> None:
    page = Path(cli.__file__).parent / "docs" / "cli.md"
    assert f"zonewright scenarios {name}" in page.read_text(encoding="utf-8")
    assert cli.scenarios.commands[name].help
    assert "Usage: " in run(name, "--help").stdout
