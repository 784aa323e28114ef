"""Where public data is fetched from: `addresses.toml`, and what a user's own file changes in it."""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import pydantic

from geo.errors import ReadError, named

SHIPPED = Path(__file__).with_name("addresses.toml")
VARIABLE = "ZONEWRIGHT_ADDRESSES"

Vintage = Literal["2011", "2021"]

_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._{}-]*\.(csv|xlsx)")


def _web_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
        raise ValueError("an address that begins with https:// (or http://) was wanted")
    return url


def _plain_name(name: str) -> str:
    """Refuse what could lead out of the folder: names of files are ours, never a server's."""
    if not _PLAIN_NAME.fullmatch(name):
        raise ValueError("a plain file name that ends in .csv or .xlsx was wanted")
    return name


Url = Annotated[str, pydantic.AfterValidator(_web_address)]
Name = Annotated[str, pydantic.AfterValidator(_plain_name)]
Field = Annotated[str, pydantic.StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Service = Annotated[str, pydantic.StringConstraints(pattern=r"^[A-Za-z0-9_-]+$")]


class Limits(pydantic.BaseModel, extra="forbid", frozen=True):
    """How patient we are, and how polite."""

    connect_seconds: pydantic.PositiveFloat
    read_seconds: pydantic.PositiveFloat
    answer_seconds: pydantic.PositiveFloat
    attempts: Annotated[int, pydantic.Field(ge=1, le=20)]
    back_off_seconds: pydantic.PositiveFloat
    longest_wait_seconds: pydantic.PositiveFloat
    largest_answer_bytes: pydantic.PositiveInt
    largest_file_bytes: pydantic.PositiveInt
    per_second: pydantic.PositiveFloat


class Credit(pydantic.BaseModel, extra="forbid", frozen=True):
    """What data is, whose it is and what its licence asks for."""

    title: str = ""
    vintage: str = ""
    publisher: str = ""
    licence: str = ""
    attribution: str = ""
    last_checked: str = "not checked"


class Layer(pydantic.BaseModel, extra="forbid", frozen=True):
    """A service of the Open Geography portal: boundaries or a lookup.

    `keys` make a row unique, `by` is the column it is asked by; both stand in `fields`.
    """

    service: Service
    title: str
    vintage: str
    keys: tuple[Field, ...]
    fields: tuple[Field, ...]
    by: Field
    last_checked: str = "not checked"

    @pydantic.model_validator(mode="after")
    def _keys_are_fields(self) -> "Layer":
        absent = [name for name in (*self.keys, self.by) if name not in self.fields]
        if absent or not self.keys:
            raise ValueError(f"`fields` must hold `by` and `keys`; it lacks {named(absent)}")
        return self


class Ons(Credit, extra="forbid", frozen=True):
    """The Open Geography portal of ONS (an ArcGIS feature server)."""

    root: Url
    page_rows: Annotated[int, pydantic.Field(ge=1, le=2000)]
    codes_per_query: Annotated[int, pydantic.Field(ge=1, le=1000)]
    districts: Layer
    ward_boundaries: Layer
    lsoa21_boundaries: Layer
    lsoa11_boundaries: Layer
    lsoa21_wards: Layer
    lsoa11_lsoa21: Layer


class Police(Credit, extra="forbid", frozen=True):
    """The API of data.police.uk."""

    root: Url
    category: Literal["anti-social-behaviour"]
    months: pydantic.PositiveInt
    longest_url: pydantic.PositiveInt


class Download(Credit, extra="forbid", frozen=True):
    """One file, kept byte by byte. `header` is what its first line must hold."""

    url: Url
    file: Name
    header: str


class DatedDownload(Download, extra="forbid", frozen=True):
    """One file whose name holds its day as `{date}`; the newest of `days_back` days is taken."""

    days_back: Annotated[int, pydantic.Field(ge=1, le=366)]


class Nomis(Credit, extra="forbid", frozen=True):
    """The API of Nomis."""

    root: Url
    dataset: Annotated[str, pydantic.StringConstraints(pattern=r"^NM_\d+_\d+$")]
    page_rows: Annotated[int, pydantic.Field(ge=1, le=25_000)]
    codes_per_query: Annotated[int, pydantic.Field(ge=1, le=500)]
    params: dict[str, str]


class Addresses(pydantic.BaseModel, extra="forbid", frozen=True):
    """All addresses, checked: only http and https, only plain file names."""

    limits: Limits
    hosts: dict[str, pydantic.PositiveFloat]
    ons: Ons
    police: Police
    gias: DatedDownload
    deprivation: dict[Vintage, Download]
    population: dict[Vintage, Download]
    nomis: Nomis

    @property
    def known_hosts(self) -> frozenset[str]:
        """The hosts that may be asked."""
        downloads = [self.gias, *self.deprivation.values(), *self.population.values()]
        urls = [self.ons.root, self.police.root, self.nomis.root, *(d.url for d in downloads)]
        return frozenset({*self.hosts, *(urlsplit(url).hostname or "" for url in urls)})


def read_addresses(path: Path | str | None = None) -> Addresses:
    """Read the addresses that ship, and over them those of the user's own file.

    Parameters
    ----------
    path
        The user's file; by default the one that ZONEWRIGHT_ADDRESSES names, if it does. It holds
        only what it changes.

    Raises
    ------
    ReadError
        When the file is not there, is no TOML, or has a setting that is unknown or impossible.

    Examples
    --------
    >>> read_addresses().ons.lsoa21_boundaries.by
    'LSOA21CD'
    """
    settings = _toml(SHIPPED)
    own = path or os.environ.get(VARIABLE) or None
    if own is not None:
        settings = _merged(settings, _toml(Path(own)))
    try:
        return Addresses.model_validate(settings)
    except pydantic.ValidationError as error:
        raise ReadError(
            f"{Path(own or SHIPPED).name}: {named(_said(fault) for fault in error.errors())}.",
            remedy="Correct it; docs/fetch.md shows each setting.",
        ) from error


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReadError(
            f"{path} cannot be opened ({error.strerror}).",
            remedy=f"Check --addresses or {VARIABLE}.",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ReadError(
            f"{path.name} is no TOML ({error}).", remedy="Correct it; docs/fetch.md shows how."
        ) from error


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    both = {
        key: _merged(below[key], value)
        for key, value in above.items()
        if isinstance(below.get(key), dict) and isinstance(value, dict)
    }
    return {**below, **above, **both}


def _said(fault: Any) -> str:
    place = [str(part) for part in fault["loc"]]
    text = str(fault["msg"]).removeprefix("Value error, ")
    return f"[{'.'.join(place[:-1])}] {place[-1]}: {text}" if place[1:] else f"{place}: {text}"
