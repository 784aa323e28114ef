"""What the files were recognised as, and the shapes among them on a map."""

import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import shapely
import streamlit as st

from app.choices import plain
from app.listing import show_listing
from app.maps import FINENESS, Drawn, add_areas, as_page, base_map
from app.palettes import zone_colour
from app.uploads import Brought, kept
from geo.adjacency import Neighbours, Shapes
from geo.coverage import check_coverage
from geo.errors import ZonewrightError
from geo.geography import Geography
from geo.read.boundaries import Areas, Boundaries, read_areas, read_boundaries
from layers.read.recognise import Found, recognise

MOST_SHAPES = 5_000
UNIT_FILL = "#9cc3e6"
LEVELS = {
    "oa": "output areas",
    "lsoa": "small areas (LSOA)",
    "msoa": "MSOA",
    "ward": "wards",
    "district": "districts",
}
_NUMBERED = re.compile(r"^(.+) \d{3}[A-Z]{1,2}$")

ONS = "geoportal.statistics.gov.uk (ONS Open Geography)"
NEEDED, HELPFUL = "needed", "helpful"
BRING = (
    ("Boundaries of small areas (LSOA), and of wards", ONS, NEEDED),
    ("Residents and children per small area (ages by single year, SAPE)",
     "ons.gov.uk; or your own table with the columns persons and children", NEEDED),
    ("Lookup of small areas to districts, and of LSOA 2011 to 2021", ONS,
     "needed where boundaries name no district, or vintages mix"),
    ("Postcode directory (ONSPD)", ONS, "needed for lists that have postcodes only"),
    ("Indices of Deprivation, File 7", "gov.uk (English Indices of Deprivation)", HELPFUL),
    ("Street-level crime, for anti-social behaviour", "data.police.uk", HELPFUL),
    ("Schools (edubasealldata)", "get-information-schools.service.gov.uk (GIAS)", HELPFUL),
    ("Statistics of children's services, and LAIT",
     "explore-education-statistics.service.gov.uk", "helpful, to check totals against"),
    ("Zones: a lookup (unit, zone) or drawn areas", "your own", HELPFUL),
    ("Counts per small area or postcode, staffing, sites, programmes, school pyramids",
     "your own", HELPFUL),
    ("Case lists: Standard Safeguarding Dataset, or any list with dates",
     "your own; they become counts at once and are not kept", HELPFUL),
)  # fmt: skip
"""What to bring, where it is, and whether a pack needs it."""


@dataclass(frozen=True)
class Shown:
    """A file of shapes as it is drawn: what it is called, its shapes, what is to be said of it."""

    title: str
    names: tuple[str, ...]
    codes: tuple[str, ...]
    shapes: Shapes
    facts: tuple[tuple[str, str], ...]
    is_zones: bool


def recognised(brought: Brought) -> tuple[Found, ...]:
    """Say what each file is; looked at once for as long as the files are the same.

    Raises
    ------
    ReadError
        When there is nothing to look at.
    """

    def look() -> tuple[Found, ...]:
        place = st.empty()

        def tell(name: str) -> None:
            place.caption(f"Looking at {plain(name)} …")

        found = recognise(brought.source, progress=tell)
        place.empty()
        return found

    return kept("found", brought.token, look)


def show_what_to_bring() -> None:
    """List what is understood and where it comes from."""
    show_listing(
        ("Bring", "From", "Why"), BRING,
        caption="What to bring and where to get it",
    )  # fmt: skip
    st.markdown(
        "Or let the command line bring the public part: `zonewright fetch E06000059 --what "
        "boundaries,lookups,asb,schools,deprivation,population --out dorset-data`, and name that "
        "folder here. The app itself never uses the internet."
    )


def show_found(found: Sequence[Found]) -> None:
    """List the files with what they were taken for, those with faults first."""
    faults = [entry for entry in found if entry.fault]
    strange = [entry for entry in found if not entry.kind and not entry.fault]
    known = [entry for entry in found if entry.kind and not entry.fault]
    said = f"{len(known)} recognised, {len(strange)} left alone, {len(faults)} that cannot be used."
    if faults:
        st.error(f"{said} Mend these, or take them out: they stand first.", icon=":material/block:")
    else:
        st.caption(said)
    rows = [_found_row(entry) for entry in (*faults, *strange, *known)]
    show_listing(("File", "Recognised as", "Detail"), rows, caption="The files", height=330)


def district_names(found: Sequence[Found], brought: Brought) -> list[str]:
    """Suggest authorities: the districts that the names of boundaries tell of."""

    def tell() -> list[str]:
        names: set[str] = set()
        with st.spinner("Finding the authorities in the files …"):
            for entry in _of_kind(found, "boundaries"):
                with suppress(ZonewrightError):  # the build says what is wrong with it
                    names |= _districts_of(read_boundaries(entry.file))
        return sorted(names)

    return kept("districts", brought.token, tell)


def show_preview(found: Sequence[Found], brought: Brought) -> None:
    """Draw one file of shapes with what is to be said of it; nothing where there is none."""
    shapes = _of_kind(found, "boundaries", "areas")
    if not shapes:
        return
    st.subheader("Look at the shapes")
    position = st.selectbox(
        "File on the map", range(len(shapes)), key="data-preview-file",
        format_func=lambda at: shapes[at].file.name,
    )  # fmt: skip
    entry = shapes[min(position, len(shapes) - 1)]
    shown = kept("preview", f"{brought.token}-{entry.file.name}", lambda: _shown(entry))
    left, right = st.columns([3, 2], gap="medium")
    with left:
        page = kept("map", f"{brought.token}-{entry.file.name}", lambda: _map(shown))
        st.iframe(page, height=420, alt=f"Map of {entry.file.name}")
    with right:
        show_listing(("About", "What"), shown.facts, caption=f"About {entry.file.name}")


def _of_kind(found: Sequence[Found], *keys: str) -> list[Found]:
    return [entry for entry in found if entry.kind and entry.kind.key in keys and not entry.fault]


def _found_row(entry: Found) -> tuple[str, str, str]:
    title = "Cannot be used" if entry.fault else entry.title
    sheet = f"sheet {entry.sheet}: " if entry.sheet else ""
    return (entry.file.name or "(an archive)", title, entry.fault or f"{sheet}{entry.detail}")


def _districts_of(boundaries: Boundaries) -> set[str]:
    if boundaries.level == "district":
        return set(boundaries.names)
    matches = map(_NUMBERED.match, boundaries.names)
    return {match[1] for match in matches if match}


def _shown(entry: Found) -> Shown:
    """Read the shapes of a file, at most `MOST_SHAPES` of them."""
    if entry.kind and entry.kind.key == "areas":
        return _shown_areas(read_areas(entry.file), entry.file.name)
    return _shown_units(read_boundaries(entry.file), entry.file.name)


def _shown_units(boundaries: Boundaries, name: str) -> Shown:
    units, shapes = boundaries.units[:MOST_SHAPES], boundaries.shapes[:MOST_SHAPES]
    report = check_coverage(units, shapes)
    districts = Counter(m[1] for m in map(_NUMBERED.match, boundaries.names) if m)
    facts = [
        ("Units", f"{len(boundaries):,} {LEVELS.get(boundaries.level, 'units')}"),
        ("Vintage", boundaries.vintage or "not told by the file"),
        ("Districts", ", ".join(f"{d} {n:,}" for d, n in districts.most_common(6)) or "not named"),
        ("Coverage", "; ".join(report.lines) or "no overlaps and no gaps"),
        *_cut(len(boundaries)),
    ]
    return Shown(name, boundaries.names[:MOST_SHAPES], units, shapes, tuple(facts), is_zones=False)


def _shown_areas(areas: Areas, name: str) -> Shown:
    facts = [
        ("Areas", f"{len(areas):,} with names"),
        ("Ledger", str(areas.ledger)),
        *((("Notes", " ".join(areas.notes)),) if areas.notes else ()),
        *_cut(len(areas)),
    ]
    names = areas.names[:MOST_SHAPES]
    return Shown(name, names, names, areas.shapes[:MOST_SHAPES], tuple(facts), is_zones=True)


def _cut(count: int) -> tuple[tuple[str, str], ...]:
    if count <= MOST_SHAPES:
        return ()
    return (("On the map", f"the first {MOST_SHAPES:,} of {count:,} in the file"),)


def _map(shown: Shown) -> str:
    """Draw the shapes: simplified, and without any work on who borders whom."""
    west, south, east, north = shapely.total_bounds(shown.shapes)
    coarse = shapely.simplify(shown.shapes, max(east - west, north - south) / FINENESS)
    shapes = np.where(shapely.is_empty(coarse), shown.shapes, coarse)
    nobody = Neighbours.from_borders([], units=len(shapes))
    geometry = Drawn(Geography("preview", "", shown.codes, shown.names, shapes, nobody))
    fills = [zone_colour(at) if shown.is_zones else UNIT_FILL for at in range(len(shapes))]
    details = {"Name": list(shown.names)}
    if not shown.is_zones:
        details["Code"] = list(shown.codes)
    chart = base_map(geometry)
    add_areas(chart, geometry.units, fills, details, name="Shapes", opacity=0.6, tooltip="Name")
    return as_page(chart, title=f"Map of {shown.title}")
