"""Fetch what planning in an authority starts from: its places, and public data about them.

Each file is a piece of its own. What is here, unchanged and of the same address is not fetched
again, so that a run that broke off goes on where it was.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal, get_args

import shapely
from shapely.geometry import shape as to_shape

from geo.errors import named
from layers.fetch.addresses import Addresses, Credit, Download, Vintage, read_addresses
from layers.fetch.arcgis import Row, layer_url, read_features, to_geojson
from layers.fetch.clock import Clock
from layers.fetch.errors import FetchError, unwritable
from layers.fetch.files import download, download_newest
from layers.fetch.folder import Entry, Folder, sha256_of
from layers.fetch.nomis import nomis_url, read_population, to_csv
from layers.fetch.police import cover, is_month, read_incidents, read_months, to_street_csv
from layers.fetch.web import Progress, Web, quiet
from layers.source import Source

What = Literal["boundaries", "lookups", "asb", "schools", "deprivation", "population", "nomis"]
WHAT: tuple[What, ...] = get_args(What)
VINTAGES: tuple[Vintage, ...] = get_args(Vintage)

_DISTRICT_CODE = re.compile(r"E0[6-9]\d{6}")
_COUNTY_CODE = re.compile(r"E1\d{7}")
_GSS = re.compile(r"[EW]\d{8}")


@dataclass(frozen=True)
class Wanted:
    """What to fetch, checked.

    Parameters
    ----------
    codes
        Districts, unitary authorities, metropolitan or London boroughs: E06000059.
    what
        Kinds of data. 'population' is the whole workbook of England and Wales, 'nomis' a small
        table of the authority's own.
    vintage
        Of the LSOAs: 2021 or 2011. It decides boundaries, deprivation (2025 or 2019) and
        population (2024 or 2020).
    months
        Of `asb`, as 2025-01; the newest twelve by default.

    Raises
    ------
    FetchError
        When a code, a kind or a month cannot be one.
    """

    codes: tuple[str, ...]
    what: tuple[What, ...] = ("boundaries", "lookups")
    vintage: Vintage = "2021"
    months: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be fetched, before anything is asked."""
        _refuse_codes(self.codes)
        unknown = [kind for kind in self.what if kind not in WHAT]
        if unknown or not self.what:
            raise FetchError(
                f"There is no '{named(unknown)}' to fetch." if unknown else "Nothing is asked for.",
                remedy=f"Name some of {', '.join(WHAT)}.",
            )
        if self.vintage not in VINTAGES:
            raise FetchError(
                f"There are no LSOAs of {self.vintage}.", remedy="The vintages are 2011 and 2021."
            )
        if "nomis" in self.what and self.vintage != "2021":
            raise FetchError(
                "Nomis is asked for LSOAs of 2021 only.", remedy="Fetch population for 2011."
            )
        wrong = [month for month in self.months if not is_month(month)]
        if wrong:
            raise FetchError(f"{named(wrong)} is no month.", remedy="Write it as 2025-01.")


@dataclass(frozen=True)
class Fetched:
    """What a run brought: files that came, files that were here already, and what to know."""

    folder: Path
    fetched: tuple[Entry, ...]
    kept: tuple[Entry, ...]
    notes: tuple[str, ...]

    @property
    def sources(self) -> tuple[Source, ...]:
        """The sources of all its files."""
        return tuple(entry.source for entry in (*self.fetched, *self.kept))


def fetch(
    wanted: Wanted,
    out: Path | str,
    *,
    addresses: Addresses | None = None,
    refresh: bool = False,
    progress: Progress = quiet,
    clock: Clock | None = None,
) -> Fetched:
    """Fetch public data about authorities into a folder.

    Parameters
    ----------
    out
        The folder; it is made where it is not there. What an earlier run brought stays.
    addresses
        Where from; those that ship, with the user's own, by default.
    refresh
        Fetch anew what is here already, also what was changed by hand.
    progress
        Hears of each file as '3 of 12: <file>': codes or bytes done and in all, then 1 of 1 when
        it is here.
    clock
        Tells the time and waits; a test has its own.

    Returns
    -------
    Fetched
        Each file with its address, checksum, licence and attribution.

    Raises
    ------
    FetchError
        When a code does not exist, a service does not answer or answers wrongly, or a file was
        changed since. What was finished before is kept.
    WriteError
        When the folder does not take it.
    ReadError
        When the addresses cannot be read.
    """
    known = addresses or read_addresses()
    with closing(Web(known, clock=clock)) as web:
        run = _Run(web, Folder(out), wanted, refresh, progress)
        run.go()
        return Fetched(run.folder.path, tuple(run.fetched), tuple(run.kept), _notes(run))


@dataclass(frozen=True)
class _Made:
    """What a maker says of the part that it wrote."""

    url: str
    rows: int = -1
    file: str = ""
    vintage: str = ""


Maker = Callable[[Progress], _Made]


@dataclass(frozen=True)
class _Piece:
    """A file to fetch: what it is called, what decides its content, and who makes it."""

    name: str
    asked: str
    credit: Credit
    make: Maker


@dataclass
class _Run:
    """One run: what came so far."""

    web: Web
    folder: Folder
    wanted: Wanted
    refresh: bool
    progress: Progress
    fetched: list[Entry] = field(default_factory=list)
    kept: list[Entry] = field(default_factory=list)
    covers: dict[str, tuple[shapely.Polygon, ...]] = field(default_factory=dict)

    @property
    def addresses(self) -> Addresses:
        return self.web.addresses

    def go(self) -> None:
        """Fetch piece after piece."""
        self._require_districts()
        pieces = self._pieces()
        for number, piece in enumerate(pieces, start=1):
            self._settle(piece, f"{number} of {len(pieces)}: {piece.name}")

    def _settle(self, piece: _Piece, step: str) -> None:
        kept = None if self.refresh else self.folder.kept(piece.name, piece.asked)
        if kept is not None:
            self.kept.append(kept)
            self.progress(step, 1, 1)
            return
        if not self.refresh:
            self.folder.refuse_strangers(piece.name)  # before anything is fetched in vain
        self.progress(step, 0, 0)
        made = piece.make(lambda _, done, total: self._tell(step, done, total))
        self.fetched.append(self._finish(piece, made))
        self.progress(step, 1, 1)

    def _tell(self, step: str, done: int, total: int) -> None:
        """Pass news on, but not the end, which is told when the file has its name."""
        if done < total or not total:
            self.progress(step, done, total)

    def _finish(self, piece: _Piece, made: _Made) -> Entry:
        file = made.file or piece.name
        if not self.refresh:
            self.folder.refuse_strangers(file)
        part = self.folder.part(file)
        entry = Entry(
            piece=piece.name,
            file=file,
            asked=piece.asked,
            url=made.url,
            when=f"{self.web.clock.now():%Y-%m-%dT%H:%M:%SZ}",
            sha256=sha256_of(part),
            bytes=part.stat().st_size,
            rows=made.rows,
            title=piece.credit.title,
            vintage=made.vintage or piece.credit.vintage,
            publisher=piece.credit.publisher,
            licence=piece.credit.licence,
            attribution=piece.credit.attribution,
        )
        self.folder.finish(entry)
        return entry

    def _require_districts(self) -> None:
        """Refuse codes that the portal's districts do not have."""
        local = {"boundaries", "lookups", "asb", "nomis"} & set(self.wanted.what)
        ons = self.addresses.ons
        unsure = [c for c in self.wanted.codes if self.refresh or not self._knows(c)]
        if not (local and unsure):
            return
        rows = read_features(self.web, ons, "districts", unsure, geometry=False)
        found = {row["properties"][ons.districts.by] for row in rows}
        absent = [code for code in unsure if code not in found]
        if absent:
            raise FetchError(
                f"There is no district {named(absent)} in {ons.districts.vintage}.",
                remedy="Check the code; a district that was merged or made since has another.",
            )

    def _knows(self, code: str) -> bool:
        names = (self._boundary("districts", code), self._lookup("lsoa21_wards", code))
        return any(entry.piece in names for entry in self.folder.entries)

    def _pieces(self) -> list[_Piece]:
        what, codes = set(self.wanted.what), self.wanted.codes
        pieces: list[_Piece] = []
        for code in codes:
            pieces += self._places(code, what)
        if "asb" in what:
            months = self._months()
            pieces += [self._police(code, month) for code in codes for month in months]
        if "nomis" in what:
            pieces += [self._nomis(code) for code in codes]
        return pieces + self._national(what)

    def _places(self, code: str, what: set[What]) -> list[_Piece]:
        """List an authority's lookups and boundaries, each after those it is made from."""
        ons, pieces = self.addresses.ons, []
        if what & {"boundaries", "asb"}:
            pieces.append(self._shapes("districts", code, lambda: [code]))
        if what & {"boundaries", "lookups", "nomis"}:
            pieces.append(self._table("lsoa21_wards", code, lambda: [code]))
        lookup = self._lookup("lsoa21_wards", code)
        older = self._lookup("lsoa11_lsoa21", code)
        earlier = self.wanted.vintage == "2011"
        if "lookups" in what or ("boundaries" in what and earlier):
            lsoas = partial(self._column, lookup, ons.lsoa11_lsoa21.by)
            pieces.append(self._table("lsoa11_lsoa21", code, lsoas))
        if "boundaries" in what:
            layer, table = ("lsoa11", older) if earlier else ("lsoa21", lookup)
            for name, source in ((f"{layer}_boundaries", table), ("ward_boundaries", lookup)):
                codes = partial(self._column, source, getattr(ons, name).by)
                pieces.append(self._shapes(name, code, codes))
        return pieces

    def _boundary(self, layer: str, code: str) -> str:
        """Name a file of boundaries by its column of codes: LSOA21_E06000059.geojson."""
        by = getattr(self.addresses.ons, layer).by
        return f"boundaries/{by.removesuffix('CD')}_{code}.geojson"

    def _lookup(self, layer: str, code: str) -> str:
        """Name a lookup by its columns of codes: LSOA21_WD25_LAD25_E06000059.csv."""
        fields = getattr(self.addresses.ons, layer).fields
        coded = [name.removesuffix("CD") for name in fields if name.endswith("CD")]
        return f"lookups/{'_'.join(coded)}_{code}.csv"

    def _shapes(self, layer: str, code: str, codes: Callable[[], list[str]]) -> _Piece:
        name = self._boundary(layer, code)
        stem = Path(name).stem
        return self._layer(name, layer, codes, write=lambda rows: to_geojson(rows, stem))

    def _table(self, layer: str, code: str, codes: Callable[[], list[str]]) -> _Piece:
        return self._layer(self._lookup(layer, code), layer, codes, write=_to_csv)

    def _layer(
        self,
        name: str,
        layer: str,
        codes: Callable[[], list[str]],
        *,
        write: Callable[[list[Row]], bytes],
    ) -> _Piece:
        ons = self.addresses.ons
        settings = getattr(ons, layer)
        url = layer_url(ons, settings)
        shapes = write is not _to_csv

        def make(progress: Progress) -> _Made:
            asked = codes()
            rows = read_features(self.web, ons, layer, asked, geometry=shapes, progress=progress)
            _refuse_absent(rows, settings.by, asked, settings.service)
            self._put(name, write(rows))
            return _Made(url, len(rows))

        credit = Credit(
            title=settings.title,
            vintage=settings.vintage,
            publisher=ons.publisher,
            licence=ons.licence,
            attribution=ons.attribution,
        )
        return _Piece(name, f"{url} {','.join(settings.fields)}", credit, make)

    def _column(self, lookup: str, column: str) -> list[str]:
        """List the distinct codes of a fetched lookup."""
        text = (self.folder.path / lookup).read_text(encoding="utf-8-sig")
        codes = sorted({row.get(column) or "" for row in csv.DictReader(io.StringIO(text))})
        wrong = [code for code in codes if not _GSS.fullmatch(code)]
        if wrong or not codes:
            raise FetchError(
                f"{lookup} has no sound codes in {column}.", remedy="Fetch it with --refresh."
            )
        return codes

    def _months(self) -> tuple[str, ...]:
        if self.wanted.months and not self.refresh and self._has_all_months():
            return self.wanted.months
        published = read_months(self.web, self.addresses.police)
        absent = [month for month in self.wanted.months if month not in published]
        if absent:
            raise FetchError(
                f"data.police.uk has no {named(absent)}.",
                remedy=f"Its API has {published[-1]} to {published[0]}; older months are in its "
                "archive, to be downloaded by hand.",
            )
        return self.wanted.months or published[: self.addresses.police.months]

    def _has_all_months(self) -> bool:
        here = {entry.piece for entry in self.folder.entries}
        return all(
            _street_file(code, month) in here
            for code in self.wanted.codes
            for month in self.wanted.months
        )

    def _police(self, code: str, month: str) -> _Piece:
        police = self.addresses.police
        name = _street_file(code, month)

        def make(progress: Progress) -> _Made:
            incidents = read_incidents(self.web, police, self._cover(code), month)
            self._put(name, to_street_csv(incidents))
            progress(name, len(incidents), len(incidents))
            return _Made(f"{police.root.rstrip('/')}/crimes-street", len(incidents))

        credit = police.model_copy(update={"vintage": month})
        return _Piece(name, f"{police.root} {police.category} {month} {code}", credit, make)

    def _cover(self, code: str) -> tuple[shapely.Polygon, ...]:
        """Cover the authority, once for all months."""
        if code not in self.covers:
            path = self.folder.path / self._boundary("districts", code)
            content = json.loads(path.read_text(encoding="utf-8"))
            shapes = [to_shape(feature["geometry"]) for feature in content["features"]]
            valid = [shapely.make_valid(shape) for shape in shapes]
            self.covers[code] = cover(shapely.union_all(valid))
        return self.covers[code]

    def _nomis(self, code: str) -> _Piece:
        nomis = self.addresses.nomis
        name = f"population/{nomis.dataset}_{code}.csv"

        def make(progress: Progress) -> _Made:
            lookup = self._lookup("lsoa21_wards", code)
            lsoas = self._column(lookup, self.addresses.ons.lsoa21_boundaries.by)
            rows = read_population(self.web, nomis, lsoas)
            self._put(name, to_csv(rows))
            progress(name, len(rows), len(rows))
            return _Made(nomis_url(nomis), len(rows), vintage=rows[0].get("DATE_NAME", ""))

        asked = f"{nomis_url(nomis)} {sorted(nomis.params.items())}"
        return _Piece(name, asked, nomis, make)

    def _national(self, what: set[What]) -> list[_Piece]:
        pieces = []
        if "schools" in what:
            pieces.append(self._schools())
        for kind in ("deprivation", "population"):
            if kind in what:
                source: Download = getattr(self.addresses, kind)[self.wanted.vintage]
                setting = f"`url` under [{kind}.{self.wanted.vintage}]"
                pieces.append(self._whole(f"{kind}/{source.file}", source, setting))
        return pieces

    def _whole(self, name: str, source: Download, setting: str) -> _Piece:
        def make(progress: Progress) -> _Made:
            part = self.folder.part(name)
            download(self.web, source, part, setting=setting, progress=progress)
            return _Made(source.url)

        return _Piece(name, source.url, source, make)

    def _schools(self) -> _Piece:
        gias = self.addresses.gias
        dated = gias.model_copy(update={"file": f"schools/{gias.file}"})

        def make(progress: Progress) -> _Made:
            file, url, day = download_newest(
                self.web,
                dated,
                self.folder.part,
                setting="`url` under [gias]",
                progress=progress,
            )
            return _Made(url, file=file, vintage=day.isoformat())

        # The day is no part of the name: a second run takes the extract that is here.
        name = f"schools/{gias.file.replace('{date}', '')}"
        return _Piece(name, gias.url, gias, make)

    def _put(self, name: str, content: bytes) -> None:
        part = self.folder.part(name)
        try:
            part.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(content)
        except OSError as error:
            raise unwritable(part, error) from error


def _refuse_codes(codes: Sequence[str]) -> None:
    counties = [code for code in codes if _COUNTY_CODE.fullmatch(code)]
    if counties:
        raise FetchError(
            f"{named(counties)} is a county; its districts were wanted.",
            remedy="Name each of its districts (E07...).",
        )
    wrong = [code for code in codes if not _DISTRICT_CODE.fullmatch(code)]
    if wrong or not codes:
        found = f"{named(wrong)} is no code" if wrong else "There is no code"
        raise FetchError(
            f"{found} of an English district, unitary authority or borough.",
            remedy="Write it as ONS does: E06000059 for Dorset.",
        )
    if len(set(codes)) < len(codes):
        raise FetchError("A code is named twice.", remedy="Name each once.")


def _refuse_absent(rows: Sequence[Row], by: str, asked: Sequence[str], service: str) -> None:
    found = {row["properties"][by] for row in rows}
    absent = [code for code in asked if code not in found]
    if absent:
        raise FetchError(
            f"{service} has nothing for {named(absent)}.",
            remedy="Is it of the same vintage as the other services in your addresses file?",
        )


def _street_file(code: str, month: str) -> str:
    return f"police/{month}/{month}-{code.lower()}-street.csv"


def _to_csv(rows: Sequence[Row]) -> bytes:
    """Write a lookup with the byte-order mark that the portal's own files have."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]["properties"]))
    writer.writeheader()
    writer.writerows(row["properties"] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _notes(run: _Run) -> tuple[str, ...]:
    notes = []
    if any(entry.file.startswith("police/") for entry in (*run.fetched, *run.kept)):
        notes.append(
            "Street files hold incidents of a wider outline than the authority's: clip them by "
            "point. They have no LSOA codes. Keep them apart from files of data.police.uk's "
            "archive for the same months, or incidents count twice."
        )
    return tuple(notes)
