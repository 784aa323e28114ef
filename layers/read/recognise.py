"""Recognise what each file is, by what stands in it and never by its name.

A planner drops a folder of downloads on the tool. Every file gets an answer: what it was taken
for, or why it could not be used and what would have been recognised.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path, PurePosixPath

import pandas as pd

from geo.errors import ReadError, ZonewrightError, named
from geo.ledger import Account
from geo.read import postcodes, vintages, ward_lookup
from geo.read.boundaries import FORMATS, read_areas, read_boundaries
from geo.read.file import File, list_files_and_faults
from geo.read.kind import Kind, Peek
from geo.read.table import RawTable, list_sheets, open_table
from layers.read import (
    cases,
    census,
    counts,
    deprivation,
    dfe,
    lait,
    nomis,
    police,
    population,
    programmes,
    pyramids,
    schools,
    sites,
    staffing,
)
from layers.read.fetched import is_of_fetch, packs_within, unfinished

SAMPLE_ROWS = 200
MOST = 0.6
"""Share of a column that must be codes for it to hold codes."""
MOST_SHEETS = 30
PER_SHEET = frozenset({"counts", "postcode_counts", "lookup", "staffing", "sites", "programmes"})
"""Kinds of which each sheet of a workbook is a table of its own; of others it is read as one."""
CODES_ONLY = (
    "; it has codes of small areas: call the column of your areas 'zone' to make it a plan, or add "
    "columns of whole numbers to make it counts"
)
PAPERS = frozenset({".md", ".pdf", ".html", ".htm", ".doc", ".docx", ".toml", ".xml", ".qgz"})
"""Endings of papers that lie beside data; they are named and left alone."""
PARTS = frozenset({".dbf", ".shx", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".qmd"})
"""Files that belong to a shapefile and are read with it."""


@dataclass(frozen=True)
class Found:
    """A file and what it was taken for.

    Parameters
    ----------
    kind
        None when nothing was recognised.
    sheet
        The sheet of a workbook that was recognised.
    detail
        What tells one file of a kind from the next: `249 LSOA of 2011`.
    fault
        Why the file cannot be used; empty when it can.
    """

    file: File
    kind: Kind | None
    sheet: str = ""
    detail: str = ""
    fault: str = ""

    @property
    def title(self) -> str:
        """What the person reads: the kind, or that it is none."""
        return self.kind.title if self.kind else "Not recognised"


BOUNDARIES = Kind(
    key="boundaries",
    title="Boundaries with ONS codes",
    wants="a GeoPackage, GeoJSON, GeoParquet or shapefile with a column such as LSOA21CD",
    matches=lambda _: False,  # shapes are told by reading them, see `_shapes`
)
AREAS = Kind(
    key="areas",
    title="Drawn areas (catchments or zones)",
    wants="a GeoPackage, GeoJSON, GeoParquet or shapefile of polygons with a column of names",
    matches=lambda _: False,
)
LOOKUP = Kind(
    key="lookup",
    title="A plan: which zone each small area belongs to",
    wants="a column of small-area codes and a column 'zone'",
    matches=lambda peek: peek.has("zone") and has_unit_codes(peek) and not peek.has("urn"),
)
POSTCODE_COUNTS = Kind(
    key="postcode_counts",
    title="Counts per postcode",
    wants="a column of postcodes, and columns of whole numbers; the ONS postcodes stand beside it",
    matches=lambda peek: counts.KIND.matches(peek) and not has_unit_codes(peek),
)
KINDS: tuple[Kind, ...] = (
    police.KIND,
    schools.KIND,
    pyramids.KIND,
    vintages.KIND,
    ward_lookup.KIND,
    postcodes.KIND,
    population.KIND,
    nomis.KIND,
    census.KIND,
    deprivation.KIND,
    dfe.KIND,
    lait.KIND,
    *cases.KINDS,
    staffing.KIND,
    sites.KIND,
    programmes.KIND,
    LOOKUP,
    POSTCODE_COUNTS,
    counts.KIND,  # the last: any table of small areas or postcodes with numbers
)
"""Kinds of tables in the order they are asked; a table is of the first that says yes."""


def recognise(
    source: Path | str | File | Sequence[File], *, progress: Callable[[str], None] | None = None
) -> tuple[Found, ...]:
    """Say of every file what it is.

    Parameters
    ----------
    source
        A folder, a zip, one file, or the files that were uploaded.
    progress
        Told the name of each file before it is looked at.

    Returns
    -------
    tuple of Found
        One for each file (for a workbook one for each sheet that was recognised), in the order of
        names; files that belong to a shapefile stand with it. What `zonewright fetch` notes for
        itself, what it has not finished, and a pack that was built into the folder are named and
        left alone.

    Raises
    ------
    ReadError
        When there are no files.
    """
    folder = Path(source) if isinstance(source, Path | str) else None
    ours = _ours(folder) if folder is not None and folder.is_dir() else ()
    files, faults = _listed(source, {name for _, names in ours for name in names})
    # uploads come in any order, and folders are sorted otherwise on every system
    files = tuple(sorted(files, key=lambda file: PurePosixPath(file.name).parts))
    found = [entry for entry, _ in ours]
    for file in files:
        if file.suffix not in PARTS:
            if progress:
                progress(file.name)
            found += list(_recognised(file))
    return (*found, *(Found(File.from_bytes("", b""), None, fault=str(f)) for f in faults))


def has_unit_codes(peek: Peek) -> bool:
    """Say whether a column holds codes of small areas, or is called `unit`."""
    if peek.has("unit"):
        return True
    texts = [peek.sample[column] for column in peek.sample.columns]
    return any(
        len(cells) and cells.str.fullmatch(r"[EW]0[0-5]\d{6}").mean() > MOST for cells in texts
    )


def _ours(folder: Path) -> tuple[tuple[Found, Collection[str]], ...]:
    """Tell what in a folder is the tool's own and no download, each with the files that it is."""
    broke_off = "left alone: fetching it broke off; fetch again to have it whole"
    return tuple(
        (Found(File.from_bytes(name, b""), None, detail=detail), files)
        for name, detail, files in (
            *((name, broke_off, {name}) for name in sorted(unfinished(folder))),
            *((n, "left alone: a pack that was built", f) for n, f in packs_within(folder).items()),
        )
    )


def _listed(
    source: Path | str | File | Sequence[File], unfinished: Collection[str]
) -> tuple[tuple[File, ...], tuple[ReadError, ...]]:
    if isinstance(source, Path | str | File):
        return list_files_and_faults(source, without=unfinished)
    files: list[File] = []
    faults: list[ReadError] = []
    for file in source:
        inner, wrong = list_files_and_faults(file)
        files += inner
        faults += wrong
    return tuple(files), tuple(faults)


def _recognised(file: File) -> Iterator[Found]:
    if file.suffix in PAPERS:
        yield Found(file, None, detail="left alone: no table and no boundaries")
        return
    if is_of_fetch(file):
        yield Found(file, None, detail="left alone: what was fetched, and from where")
        return
    try:
        if file.suffix in FORMATS:
            yield _shapes(file)
        else:
            yield from _tables(file)
    except ZonewrightError as refusal:
        yield Found(file, None, fault=str(refusal))


def _shapes(file: File) -> Found:
    try:
        boundaries = read_boundaries(file)
    except ZonewrightError as refusal:
        try:
            areas = read_areas(file)
        except ZonewrightError:
            raise refusal from None
        return Found(file, AREAS, detail=f"{len(areas.names)} areas: {named(areas.names)}")
    level = boundaries.level or "unit"
    year = f" of {boundaries.vintage}" if boundaries.vintage else ""
    return Found(file, BOUNDARIES, detail=f"{len(boundaries)} × {level}{year}")


def _tables(file: File) -> Iterator[Found]:
    """Recognise each sheet; a kind that takes the whole workbook is found once."""
    seen: set[str] = set()
    columns = 0  # only how many: the first row of a list without a header may be a child's
    hint = ""
    faults: list[str] = []
    for sheet in list_sheets(file)[:MOST_SHEETS] or (None,):
        try:
            peek = _peek(open_table(file, sheet=sheet))
        except ZonewrightError as refusal:
            faults.append(str(refusal))
            continue
        columns = columns or len(peek.columns)
        hint = hint or (CODES_ONLY if has_unit_codes(peek) else "")
        kind = next((kind for kind in KINDS if kind.matches(peek)), None)
        if kind and (kind.key not in seen or kind.key in PER_SHEET):
            seen.add(kind.key)
            own = replace(file, sheet=peek.sheet)
            yield Found(own, kind, sheet=peek.sheet, detail=f"{len(peek.columns)} columns")
    if not seen and not columns:
        yield Found(file, None, fault=faults[0] if faults else f"{file.name} holds no table.")
    elif not seen:
        yield Found(file, None, detail=f"a table of {columns} columns of no known kind{hint}")


def _peek(table: RawTable) -> Peek:
    chunks = table.chunks(Account(table.file.name), rows=SAMPLE_ROWS)
    sample = next(islice(chunks, 1), None)
    if sample is None:
        sample = pd.DataFrame(columns=list(table.columns), dtype="str")
    return Peek(table.file, table.columns, sample, table.sheet, table.above)
