"""Every page on packs built from downloads, which lack much of what the shipped packs have."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from layers.build import build_pack
from small_files import NAME, write_small_files

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(path.stem for path in (ROOT / "app" / "pages").glob("[a-z]*.py"))


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two packs: one of everything, one of boundaries and ages only."""
    folder = tmp_path_factory.mktemp("downloads")
    downloads = write_small_files(folder)
    build_pack(downloads, authority=NAME, out=folder / "packs" / "full")
    for path in downloads.rglob("*"):
        if path.is_file() and path.parent.name != "ons":
            path.unlink()
    build_pack(downloads, authority=NAME, out=folder / "packs" / "bare")
    return folder / "packs"


@pytest.fixture(scope="module")
def packs_2025(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the four authorities' packs of 2025."""
    import os  # noqa: PLC0415  only these tests ask the environment themselves

    source = os.environ.get("ZONEWRIGHT_REAL_DATA")
    if not source:
        pytest.skip("ZONEWRIGHT_REAL_DATA names no folder of real input")
    folder = tmp_path_factory.mktemp("packs")
    for key, code in (("d25", "E06000059"), ("b25", "E06000058"), ("k25", "E08000034")):
        build_pack(source, authority=code, out=folder / key)
    build_pack(source, authority="County Durham", out=folder / "c25")
    return folder


def opened(page: str, pack: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=120)
    app.query_params["pack"] = pack
    app.run()
    assert app.selectbox(key="pack").value == pack
    if page != "zone_map":
        app.switch_page(f"app/pages/{page}.py").run()
    return app


@pytest.mark.parametrize("pack", ["full", "bare"])
@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_on_a_built_pack(
    page: str, pack: str, packs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZONEWRIGHT_PACKS", str(packs))
    app = opened(page, pack)
    assert not app.exception, app.exception
    assert not [error.value for error in app.error]


@pytest.mark.real_data
@pytest.mark.parametrize("pack", ["d25", "b25", "k25", "c25"])
def test_every_page_opens_on_a_pack_of_2025(
    pack: str, packs_2025: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZONEWRIGHT_PACKS", str(packs_2025))
    for page in PAGES:
        app = opened(page, pack)
        assert not app.exception, (page, app.exception)
        assert not [error.value for error in app.error], page
