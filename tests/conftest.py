"""What tests share: the folder of real input, and the boundaries of the four packs."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from layers.catalogue import PACKS_VARIABLE, open_pack
from layers.pack import Pack
from layers.read import read_pack
from postgres import fresh, served
from small_pack import write_small_pack
from store.database import DATABASE_VARIABLE
from store.register import STORE_VARIABLE

settings.register_profile("zonewright", deadline=None)  # slow machines are no faults
settings.load_profile("zonewright")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session", autouse=True)
def _nothing_of_the_developer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep tests out of the register, and away from the packs, of whoever runs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(STORE_VARIABLE, str(tmp_path_factory.mktemp("store")))
        patch.delenv(DATABASE_VARIABLE, raising=False)
        patch.setenv(PACKS_VARIABLE, "")  # a developer's own packs are no packs of the tests
        yield


@pytest.fixture
def real_data() -> Path:
    folder = os.environ.get("ZONEWRIGHT_REAL_DATA")
    if not folder:
        pytest.skip("ZONEWRIGHT_REAL_DATA names no folder of real input")
    return Path(folder)


@pytest.fixture(params=["dorset", "bcp", "kirklees", "durham"])
def pack_boundaries(request: pytest.FixtureRequest) -> Path:
    return ROOT / "data" / "boundaries" / f"lsoa11_{request.param}.parquet"


@pytest.fixture(scope="session")
def dorset() -> Pack:
    return open_pack("dorset")


@pytest.fixture(scope="session", params=["dorset", "bcp", "durham", "kirklees"])
def shipped(request: pytest.FixtureRequest) -> Pack:
    return open_pack(request.param)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """The pack of `small_pack`: nine small areas, whose sums can be told by eye."""
    return read_pack(write_small_pack(tmp_path_factory.mktemp("packs")))


@pytest.fixture
def small_folder(tmp_path: Path) -> Path:
    """A copy of the small pack that a test may break."""
    return write_small_pack(tmp_path)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    with served() as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database of scenarios: a file, and a schema of a server."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'scenarios.sqlite'}"
        return
    with fresh(request.getfixturevalue("postgres_server")) as address:
        yield address
