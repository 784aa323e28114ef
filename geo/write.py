"""Write boundaries and plans to files that other tools open, and that `geo.read` reads back."""

import csv
import io
import json
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

import geopandas as gpd

from geo.crs import WANTED
from geo.dissolve import dissolve
from geo.errors import PlanError, WriteError, named
from geo.geography import Geography
from geo.ledger import Ledger
from geo.plan import Plan
from geo.read import FORMULA
from geo.read.plan import FORMAT, UNITS_LAYER, VERSION, ZONES_LAYER, About


def write_boundaries(geography: Geography, path: Path | str) -> Path:
    """Write units as columns unit, name and geometry; the ending of the name says the format.

    Parameters
    ----------
    path
        `.parquet` and `.gpkg` keep EPSG:27700 to the centimetre. `.geojson` follows RFC 7946:
        longitude and latitude of WGS 84 (EPSG:4326) to about a millimetre. A file that is there
        is replaced.

    Raises
    ------
    WriteError
        When the ending is none of the three, or the folder is not there.
    """
    path = Path(path)
    write = _WRITERS.get(path.suffix.lower())
    if write is None:
        raise WriteError(
            f"{path.name} ends in '{path.suffix}'; boundaries are written to "
            f"{named(sorted(_WRITERS))}.",
            remedy="Choose one of these endings.",
        )
    if not path.parent.is_dir():
        raise WriteError(f"The folder {path.parent} is not there.", remedy="Make it first.")
    columns = {"unit": geography.units, "name": geography.names}
    write(gpd.GeoDataFrame(columns, geometry=geography.shapes, crs=WANTED), path)
    return path


def write_lookup(plan: Plan, path: Path | str) -> Path:
    """Write a plan as a lookup: `lookup_csv` in UTF-8. A file that is there is replaced."""
    path = Path(path)
    path.write_bytes(lookup_csv(plan).encode("utf-8"))
    return path


def lookup_csv(plan: Plan) -> str:
    r"""Give a plan as the text of a CSV file: a header `unit,zone` and one line a unit.

    A unit in no zone has an empty zone. A code or name that a spreadsheet would take for a formula
    stands behind an apostrophe, which `geo.read.read_lookup` takes away again. The order of zones,
    and zones without units, are not in the file; pass `zones=plan.zones` when reading it.

    Raises
    ------
    PlanError
        When a code or name is empty or has blanks around it, which reading would take away, or
        holds a zero byte, which no table can.

    Examples
    --------
    >>> lookup_csv(Plan.from_lookup({"E01": "North", "E02": None, "E03": "=1+1"}))
    "unit,zone\r\nE01,North\r\nE02,\r\nE03,'=1+1\r\n"
    """
    _require_readable((*plan.units, *plan.zones))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["unit", "zone"])
    for unit, zone in zip(plan.units, plan.assignment.tolist(), strict=True):
        writer.writerow([safe_cell(unit), safe_cell(plan.name_of(zone) or "")])
    return text.getvalue()


def plan_json(plan: Plan, about: About) -> str:
    """Give a plan as the text of a JSON file, which `geo.read.plan` reads back as it was.

    Zones keep their order, and zones without units are in it; a unit in no zone has null.

    Examples
    --------
    >>> text = plan_json(Plan.from_lookup({"E01": "North", "E02": None}), About("Today"))
    >>> json.loads(text)["assignment"]
    {'E01': 'North', 'E02': None}
    """
    zones = [plan.name_of(zone) for zone in plan.assignment.tolist()]
    kept = {
        "format": FORMAT,
        "version": VERSION,
        **asdict(about),
        "zones": list(plan.zones),
        "assignment": dict(zip(plan.units, zones, strict=True)),
        "fingerprint": plan.fingerprint,
    }
    return json.dumps(kept, ensure_ascii=False, indent=1)


def plan_geopackage(plan: Plan, geography: Geography, about: About) -> bytes:
    """Give a plan as the bytes of a GeoPackage in EPSG:27700 with the layers `zones` and `units`.

    A zone has its outline, its number of units, the plan's fingerprint and all of `about`; a zone
    without units has an empty outline. A unit has its code, its name and its zone.

    Raises
    ------
    PlanError
        When the plan is not of the geography's units, or has no zones.
    """
    shapes = dissolve(geography, plan)
    if not plan.zones:
        raise PlanError("The plan has no zones to write.", remedy="Draw or name one first.")
    zones = {
        "zone": plan.zones,
        "units": plan.sizes,
        **{name: [words] * len(plan.zones) for name, words in asdict(about).items()},
        "fingerprint": [plan.fingerprint] * len(plan.zones),
    }
    units = {
        "unit": geography.units,
        "name": geography.names,
        "zone": [plan.name_of(zone) for zone in plan.assignment.tolist()],
    }
    with tempfile.TemporaryDirectory() as folder:  # the library adds a layer to a file only
        path = Path(folder) / "plan.gpkg"
        for layer, columns, outlines in (
            (ZONES_LAYER, zones, shapes),
            (UNITS_LAYER, units, geography.shapes),
        ):
            frame = gpd.GeoDataFrame(columns, geometry=outlines, crs=WANTED)
            # one kind of shape a layer, or a program that opens it takes the first for all
            frame.to_file(path, driver="GPKG", layer=layer, promote_to_multi=True)
        return path.read_bytes()


def _require_readable(cells: tuple[str, ...]) -> None:
    blank = [f"'{cell}'" for cell in cells if not cell or cell != cell.strip()]
    if blank:
        raise PlanError(
            f"The plan has names with blanks around them, or empty ones: {named(blank)}.",
            remedy="Rename them without the blanks.",
        )
    broken = [repr(cell) for cell in cells if "\0" in cell]
    if broken:
        raise PlanError(
            f"The plan has names with a zero byte, which no table can hold: {named(broken)}.",
            remedy="Rename them.",
        )


def ledger_csv(ledgers: Iterable[Ledger]) -> str:
    r"""Give the rejected rows of ledgers as the text of a CSV file: source, file, line, reason.

    Names of files come from outside: one that a spreadsheet would take for a formula stands behind
    an apostrophe.

    Examples
    --------
    >>> from geo.ledger import Rejected
    >>> row = Rejected(7, "the month is no month", "=1.csv")
    >>> ledger_csv([Ledger("asb", 1, 0, rejected=(row,))])
    "source,file,line,reason\r\nasb,'=1.csv,7,the month is no month\r\n"
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["source", "file", "line", "reason"])
    for ledger in ledgers:
        for row in ledger.rejected:
            cells = (ledger.source, row.file, str(row.line), row.reason)
            writer.writerow([safe_cell(cell) for cell in cells])
    return text.getvalue()


def safe_cell(cell: str) -> str:
    """Put an apostrophe before what looks like a formula, or like a formula so escaped."""
    rest = cell.lstrip("'")
    return f"'{cell}" if rest[:1] and rest[0] in FORMULA else cell


def _write_parquet(frame: gpd.GeoDataFrame, path: Path) -> None:
    frame.to_parquet(path, compression="zstd", index=False)


def _write_gpkg(frame: gpd.GeoDataFrame, path: Path) -> None:
    frame.to_file(path, driver="GPKG", layer=path.stem)


def _write_geojson(frame: gpd.GeoDataFrame, path: Path) -> None:
    frame.to_crs(4326).to_file(path, driver="GeoJSON", RFC7946="YES", COORDINATE_PRECISION=8)


_WRITERS: dict[str, Callable[[gpd.GeoDataFrame, Path], None]] = {
    ".geojson": _write_geojson,
    ".gpkg": _write_gpkg,
    ".parquet": _write_parquet,
}
