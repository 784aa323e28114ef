"""The Data page as Streamlit's own harness drives it: bring, see, map, build, and forget."""

import gc
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec
from streamlit.testing.v1 import AppTest

import upload_set
from app.listing import render_listing
from geo.read.file import File
from layers import catalogue
from layers.catalogue import PACKS_VARIABLE, list_packs, packs_folder
from layers.read import read_pack
from small_pack import write_small_pack

ROOT = Path(__file__).resolve().parents[2]
OpenData = Callable[..., AppTest]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "packs"
    home.mkdir()
    monkeypatch.setenv(PACKS_VARIABLE, str(home))
    return home


@pytest.fixture
def data(home: Path) -> AppTest:
    assert home.is_dir()
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60).run()
    return app.switch_page("app/pages/data.py").run()


def _upload(app: AppTest, files: dict[str, bytes]) -> AppTest:
    for name, content in files.items():
        app.file_uploader[0].upload(name, content, "application/octet-stream")
        app.run()
    return app


def _button(app: AppTest, label: str) -> AppTest:
    return next(b for b in app.button if b.label == label).click().run()


def _build(app: AppTest, authority: str = "Smallshire") -> AppTest:
    app.selectbox(key="data-authority").set_value(authority).run()
    return _button(app, "Build")


def _html(app: AppTest) -> str:
    return "\n".join(str(element.proto.body) for element in app.get("html"))


def _said(app: AppTest) -> str:
    kinds = (app.caption, app.markdown, app.error, app.warning, app.success, app.info)
    return "\n".join(element.value for kind in kinds for element in kind).replace("\\", "")


def _is_well(app: AppTest) -> bool:
    return not app.exception and not app.error


def _is_held(name: str) -> bool:
    """Say whether an upload of that name is anywhere in memory, as ours or as Streamlit's."""
    gc.collect()
    kinds = (File, UploadedFile, UploadedFileRec)
    return any(o.name == name for o in gc.get_objects() if isinstance(o, kinds))


def _cells(app: AppTest, row: str) -> list[str]:
    """Give the figures of a row of a table, told by its first cell."""
    start = _html(app).rindex(f">{row}</th>")
    line = _html(app)[start : _html(app).index("</tr>", start)]
    return [part.split("</td>")[0].rpartition(">")[2] for part in line.split("<td")[1:]]


def test_without_files_the_page_says_what_to_bring_and_where_it_is(data: AppTest) -> None:
    assert _is_well(data)
    for word in ("geoportal.statistics.gov.uk", "data.police.uk", "GIAS", "SAPE", "Deprivation"):
        assert word in _html(data)
    assert "zonewright fetch" in _said(data)
    assert not [b for b in data.button if b.label == "Build"]


def test_each_file_is_told_by_its_content(data: AppTest) -> None:
    files = {**upload_set.files(), "notes.md": b"# words", "broken.csv": b""}
    app = _upload(data, files)
    assert not app.exception
    for title in ("Boundaries with ONS codes", "data.police.uk street-level crime", "A plan"):
        assert title in _html(app)
    assert "4 recognised, 1 left alone, 1 that cannot be used" in _said(app)
    assert "broken.csv is empty" in _html(app)


def test_a_pack_is_built_from_uploads_with_its_ledger_and_sources(
    data: AppTest, home: Path
) -> None:
    app = _build(_upload(data, upload_set.files()))
    assert _is_well(app), app.error
    pack = read_pack(home / "smallshire")
    assert pack.measures.counts("children").sum() == sum(upload_set.CHILDREN)
    assert list_packs()[0].key == "smallshire"
    assert "Smallshire is built" in app.header[0].value
    assert _cells(app, upload_set.POLICE)[:6] == ["3", "1", "1", "0", "1", "1"]
    assert "Open Government Licence v3.0" in _html(app)


def test_the_pack_opens_on_the_zone_map(data: AppTest) -> None:
    app = _button(_build(_upload(data, upload_set.files())), "Open it on the Zone map")
    assert _is_well(app)
    assert app.title[0].value == "Zone map"
    assert app.selectbox(key="pack").value == "smallshire"
    assert not app.warning


def test_building_again_tells_what_changed(data: AppTest) -> None:
    app = _build(_upload(data, upload_set.files()))
    assert "Nothing changed" in _said(_button(app, "Build"))
    app = _upload(app, {upload_set.COUNTS: upload_set.counts(first="1500")})
    app = _button(app, "Build")
    assert "is renewed" in app.header[0].value
    assert "persons: 9,000 before, 9,500 now" in _html(app)


def test_every_fault_is_listed_and_nothing_is_built(data: AppTest, home: Path) -> None:
    files = upload_set.files() | {"one.csv": b"", "two.gpkg": b"no database"}
    app = _build(_upload(data, files))
    assert not app.exception
    assert "2 things are wrong, and nothing was built" in _said(app)
    assert "one.csv" in _html(app)
    assert "two.gpkg" in _html(app)
    assert list(home.iterdir()) == []


def test_files_that_make_no_pack_together_are_refused_in_one_message(
    data: AppTest, home: Path
) -> None:
    app = _upload(data, upload_set.files())
    app.selectbox(key="data-vintage").set_value("2011").run()
    app = _build(app)
    assert not app.exception
    assert len(app.error) == 1
    assert "Nothing was built. Smallshire cannot be built" in _said(app)
    assert list(home.iterdir()) == []


def test_districts_of_the_files_are_suggested(data: AppTest) -> None:
    app = _upload(data, {upload_set.BOUNDARIES: upload_set.boundaries()})
    assert app.selectbox(key="data-authority").options == ["Smallshire"]


def test_a_folder_is_read_where_it_stands(data: AppTest, tmp_path: Path, home: Path) -> None:
    folder = tmp_path / "my downloads"
    folder.mkdir()
    for name, content in upload_set.files().items():
        (folder / name).write_bytes(content)
    data.radio(key="data-where").set_value("A folder on this computer").run()
    data.text_input(key="data-dir").set_value(f'"{folder}"').run()
    app = _build(data)
    assert _is_well(app), app.error
    assert (home / "smallshire" / "authority.toml").is_file()


def test_a_folder_that_is_not_there_is_refused(data: AppTest, tmp_path: Path) -> None:
    data.radio(key="data-where").set_value("A folder on this computer").run()
    data.text_input(key="data-dir").set_value(str(tmp_path / "gone")).run()
    assert not data.exception
    assert "is not there" in _said(data)


def test_columns_are_mapped_to_measures(data: AppTest, home: Path) -> None:
    rows = upload_set.counts().decode().replace("persons,children", "all told,small ones")
    app = _upload(data, upload_set.files() | {upload_set.COUNTS: rows.encode()})
    key = f"data-counts-{upload_set.COUNTS}"
    app.toggle(key=key).set_value(False).run()
    app.selectbox(key=f"{key}-all told").set_value("persons")
    app.selectbox(key=f"{key}-small ones").set_value("children").run()
    app = _build(app)
    assert _is_well(app), app.error
    measures = read_pack(home / "smallshire").measures
    assert measures.counts("children").sum() == sum(upload_set.CHILDREN)


def test_a_list_of_ones_own_becomes_counts_and_is_forgotten(data: AppTest, home: Path) -> None:
    app = _upload(data, upload_set.files() | {upload_set.CASES: upload_set.cases()})
    assert "If its rows are children or cases, say so" in _said(app)
    key = f"data-cases-{upload_set.CASES}"
    app.toggle(key=key).set_value(True).run()
    app.selectbox(key=f"{key}-kind").set_value("referral").run()
    for part, column in {
        "date": "came in",
        "end": "went out",
        "person": "who",
        "unit": "home",
    }.items():
        app.selectbox(key=f"{key}-{part}").set_value(column)
    app = _build(app.run())
    assert _is_well(app), app.error
    pack = read_pack(home / "smallshire")
    assert pack.series is not None
    assert pack.measures.counts("referrals").sum() == 3
    assert not pack.measures.has("who")
    assert f"Case lists are forgotten now: {upload_set.CASES}" in _said(app)
    assert b"9001" not in b"".join(p.read_bytes() for p in home.rglob("*") if p.is_file())
    assert not _is_held(upload_set.CASES)


def test_a_case_list_without_its_columns_is_not_built_as_counts(data: AppTest) -> None:
    app = _upload(data, upload_set.files() | {upload_set.CASES: upload_set.cases()})
    app.selectbox(key="data-authority").set_value("Smallshire").run()
    app.toggle(key=f"data-cases-{upload_set.CASES}").set_value(True).run()
    assert "Finish the columns of the case list first" in _said(app)
    assert next(b for b in app.button if b.label == "Build").disabled


@pytest.mark.parametrize("how", ["button", "page"])
def test_files_are_forgotten(data: AppTest, how: str) -> None:
    mark = "never-to-be-kept-4711.csv"
    app = _upload(data, {mark: upload_set.cases()})
    assert mark in _html(app)
    if how == "button":
        _button(app, "Forget these files")
    else:
        app.switch_page("app/pages/sources.py").run()
        app.switch_page("app/pages/data.py").run()
    assert mark not in _html(app)
    assert "data-files" not in app.session_state
    assert not _is_held(mark)


def test_a_fault_of_ours_puts_no_word_of_a_file_into_the_log(
    data: AppTest, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    cell = "Mary Smith, 3 High Street"

    def fail(*_: object, **__: object) -> None:
        raise ValueError(cell)

    monkeypatch.setattr("app.preview.recognise", fail)
    app = _upload(data, {"list.csv": upload_set.cases()})
    assert "The fault is ours" in _said(app)
    assert "A page failed with ValueError" in caplog.text
    assert "Mary" not in caplog.text + _said(app)


def test_the_open_pack_shows_its_account_without_files(data: AppTest) -> None:
    app = data
    app.session_state["tab-data"] = "The pack that is open"
    app.run()
    assert _is_well(app)
    assert "Sources with licence and vintage" in _html(app)
    assert "What became of the rows of every file" in _html(app)
    assert "Open Government Licence" in _html(app)


def test_words_of_files_are_escaped(data: AppTest) -> None:
    name = "<img src=x onerror=alert(1)>.csv"
    app = _upload(data, {name: b"", "**bold** ![i](x).csv": b"a,b\n1,2\n"})
    assert "<img" not in _html(app)
    assert "&lt;img" in _html(app)
    assert "![i](x)" not in "\n".join(e.value for e in (*app.markdown, *app.caption))


def test_a_listing_escapes_every_word() -> None:
    html = render_listing(["<h>"], [["<a>"]], caption="<c>")
    assert not any(word in html for word in ("<h>", "<a>", "<c>"))


def test_packs_are_kept_in_the_persons_own_folder_by_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(PACKS_VARIABLE, raising=False)
    monkeypatch.setattr(catalogue, "OWN", tmp_path / "Zonewright" / "packs")
    assert packs_folder() == tmp_path / "Zonewright" / "packs"
    assert list_packs()[0].key == "dorset"
    write_small_pack(packs_folder())
    assert list_packs()[0].key == "small"


def test_packs_go_where_the_variable_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = write_small_pack(tmp_path / "one")
    other = tmp_path / "two"
    other.mkdir()
    monkeypatch.setenv(PACKS_VARIABLE, f"{pack}:{other}")
    assert packs_folder() == other


def test_a_pack_elsewhere_says_how_it_is_opened(data: AppTest, tmp_path: Path) -> None:
    app = _upload(data, upload_set.files())
    app.text_input(key="data-home").set_value(str(tmp_path / "else where")).run()
    app = _build(app)
    assert _is_well(app), app.error
    assert PACKS_VARIABLE in _said(app)
    assert "Sources with licence and vintage" in _html(app)


def test_the_real_files_of_dorset_make_a_pack(real_data: Path, data: AppTest, home: Path) -> None:
    data.radio(key="data-where").set_value("A folder on this computer").run()
    data.text_input(key="data-dir").set_value(str(real_data)).run()
    app = _build(data, "Dorset")
    assert _is_well(app), app.error
    assert len(read_pack(home / "dorset").geography) == 223
