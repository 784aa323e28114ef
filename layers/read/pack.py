"""Read a pack: the folder of one authority, in the format of `docs/packs.md`.

Every file is checked on the way in. What is wrong is said once, with the file, up to three
offenders and what to do; nothing is repaired in silence.
"""

import csv
import io
import math
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar, cast, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
import pydantic

from geo.adjacency import positions_of
from geo.build import build_geography
from geo.errors import PackError, PlanError, ReadError, ZonewrightError, named
from geo.geography import Geography
from geo.index import UnitIndex
from geo.read import read_boundaries, read_lookup
from layers.ages import parse_ages
from layers.continuum import Level
from layers.history import Figure
from layers.incidents import Break, Incidents, place_incidents
from layers.indicators import Indicator, Target
from layers.measures import Measure, Measures
from layers.neighbours import Neighbours
from layers.pack import Authority, NamedPlan, Pack
from layers.places import School, Site, Tier, Town
from layers.programmes import Programme
from layers.read.kept import read_ledgers, read_series
from layers.source import Source
from layers.staffing import Post, Staffing, names_newly_qualified
from layers.status import SYMBOL, Standing, Status
from layers.totals import Total
from layers.write import STATUS_SUFFIX
from layers.zones import ZoneFact

BOUNDARIES = Path(__file__).resolve().parents[2] / "data" / "boundaries"
SETTINGS = "authority.toml"

Row = TypeVar("Row")
Cells = Mapping[str, str]


class _Table(NamedTuple):
    """Columns, and each row with the line it ends on."""

    columns: list[str]
    rows: list[tuple[int, list[str]]]


class _PlanSettings(pydantic.BaseModel, extra="forbid", frozen=True):
    key: str
    title: str
    file: str
    zone_word: str = ""
    order: tuple[str, ...] = ()
    kind: Literal["zones", "pyramids", "other"] = "zones"
    status: Literal["published", "approximate"]
    note: str = ""
    source: str = ""
    body: str = ""


class _IncidentSettings(pydantic.BaseModel, extra="forbid", frozen=True):
    months_read: tuple[str, ...] = ()
    breaks: tuple[Break, ...] = ()


class _LevelSettings(pydantic.BaseModel, extra="forbid", frozen=True):
    key: str
    title: str
    measure: str
    ideal_share: float | None = None
    source: str = ""


class _NeighbourSettings(pydantic.BaseModel, extra="forbid", frozen=True):
    names: tuple[str, ...]
    date: str
    source: str = ""


class _Settings(pydantic.BaseModel, extra="forbid", frozen=True):
    key: str
    name: str
    districts: tuple[str, ...]
    zone_word: str
    default_plan: str
    crs: Literal["EPSG:27700"]
    vintage: Literal["2011", "2021"]
    boundaries: str
    disclosure: Literal["dfe", "nhs"]
    notes: tuple[str, ...] = ()
    targets: tuple[Target, ...] = ()
    plans: tuple[_PlanSettings, ...]
    incidents: tuple[_IncidentSettings, ...] = ()
    levels: tuple[_LevelSettings, ...] = ()
    neighbours: _NeighbourSettings | None = None
    sources: tuple[Source, ...]


class _Registry(pydantic.BaseModel, extra="forbid", frozen=True):
    measures: tuple[Measure, ...]
    indicators: tuple[Indicator, ...]


def read_pack(folder: Path | str) -> Pack:
    """Read the pack in `folder`.

    Parameters
    ----------
    folder
        An authority's folder, with `authority.toml` in it.

    Returns
    -------
    Pack
        Its geography, plans and layers; a layer whose file is not there is None.

    Raises
    ------
    PackError
        When a file that must be there is not, or two files contradict each other.
    ZonewrightError
        Of the kind that fits, when a file cannot be what it should be.
    """
    folder = Path(folder)
    settings = _settings(folder)
    geography = _geography(folder, settings)
    registry = _checked(_Registry, _toml(folder / "indicators.toml"), folder / "indicators.toml")
    about = settings.incidents[0] if settings.incidents else _IncidentSettings()
    incidents = _incidents(folder, geography, about)
    return Pack(
        folder=folder,
        authority=_authority(settings),
        geography=geography,
        plans=tuple(_plan(folder, plan, settings, geography) for plan in settings.plans),
        default_plan=settings.default_plan,
        measures=_measures(folder, registry.measures, geography, incidents),
        indicators=registry.indicators,
        incidents=incidents,
        breaks=about.breaks,
        schools=_rows(folder / "schools.csv", _school),
        sites=_rows(folder / "sites.csv", _site),
        staffing=_staffing(folder),
        programmes=_rows(folder / "programmes.csv", _programme),
        towns=_rows(folder / "towns.csv", _town) or (),
        totals=_rows(folder / "totals.csv", _total) or (),
        ledgers=read_ledgers(folder / "ledgers.json"),
        series=read_series(folder, geography.units),
        zone_facts=_rows(folder / "zones.csv", _zone_fact) or (),
        levels=tuple(Level(**level.model_dump()) for level in settings.levels),
        history=_rows(folder / "history.csv", _figure) or (),
        statistical_neighbours=_neighbours(settings),
    )


def read_name(folder: Path) -> str:
    """Read only the name of the authority in `folder`, to list it without reading the rest."""
    path = folder / SETTINGS
    if not path.is_file():
        return _settings(folder).name  # which says what is wrong
    stamp = path.stat()
    return _name(folder, stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=256)
def _name(folder: Path, _changed: int, _size: int) -> str:
    """Keep the name until the file changes: packs are listed whenever a page answers."""
    return _settings(folder).name


def _settings(folder: Path) -> _Settings:
    path = folder / SETTINGS
    if not path.is_file():
        raise PackError(
            f"{folder} holds no {SETTINGS}.", remedy="Name the folder of one authority."
        )
    return _checked(_Settings, _toml(path), path)


def _authority(settings: _Settings) -> Authority:
    return Authority(**{field.name: getattr(settings, field.name) for field in fields(Authority)})


def _geography(folder: Path, settings: _Settings) -> Geography:
    path = _inside(folder, settings.boundaries)
    if not path.is_file():
        path = _inside(BOUNDARIES, settings.boundaries)
    boundaries = read_boundaries(path, vintage=settings.vintage)
    units = boundaries.units
    return build_geography(
        f"{settings.key}-{settings.vintage}",
        settings.vintage,
        units,
        boundaries.names,
        boundaries.shapes,
        links=_pairs(folder / "links.csv", units),
        cuts=_pairs(folder / "cuts.csv", units),
    )


def _pairs(path: Path, units: tuple[str, ...]) -> list[tuple[int, int]]:
    rows = _rows(path, lambda row: (row["unit_a"], row["unit_b"])) or ()
    return positions_of(rows, units, what=path.name)


def _plan(
    folder: Path, entry: _PlanSettings, settings: _Settings, geography: Geography
) -> NamedPlan:
    path = _inside(folder / "plans", entry.file)
    try:
        plan = read_lookup(path, units=geography.units, zones=entry.order)
    except PlanError as error:
        raise PlanError(f"{path}: {error.found}", remedy=error.remedy) from error
    return NamedPlan(
        key=entry.key,
        title=entry.title,
        zone_word=entry.zone_word or settings.zone_word,
        kind=entry.kind,
        status=entry.status,
        note=entry.note,
        source=entry.source,
        plan=plan,
        body=entry.body,
    )


def _measures(
    folder: Path,
    registry: tuple[Measure, ...],
    geography: Geography,
    incidents: Incidents | None,
) -> Measures:
    described = tuple(measure for measure in registry if measure.key != "asb")
    columnar = folder / "measures.parquet"
    if columnar.is_file():
        measures = _columnar(columnar, described, geography)
    else:
        measures = _from_csv(folder / "measures.csv", described, geography)
    asb = next((measure for measure in registry if measure.key == "asb"), None)
    if asb is None or incidents is None:
        return measures
    return measures.joined(asb, incidents.per_unit())


def _columnar(path: Path, described: tuple[Measure, ...], geography: Geography) -> Measures:
    table = _parquet(path)
    _require_columns(table, ("unit",), path)
    table = table.set_index("unit")
    _require_same_units(table.index, geography.units, path)
    keys = [str(key) for key in table.columns if not str(key).endswith(STATUS_SUFFIX)]
    _require_described(keys, described, path)
    ordered = table.reindex(list(geography.units))
    rows = [(ordered[m.key], ordered.get(f"{m.key}{STATUS_SUFFIX}")) for m in described]
    try:
        values = np.array([counts.to_numpy(dtype=np.float64) for counts, _ in rows])
        status = np.array([_statuses(kinds, len(ordered)) for _, kinds in rows])
    except (TypeError, ValueError) as error:
        raise ReadError(
            f"{path} holds cells that are no numbers.", remedy="Build the pack again."
        ) from error
    shape = (len(described), len(ordered))
    return Measures(geography.units, described, values.reshape(shape), status.reshape(shape))


def _statuses(kinds: pd.Series | None, units: int) -> npt.NDArray[np.int8]:
    if kinds is None:
        return np.zeros(units, dtype=np.int8)
    return np.array([Status(int(kind)) for kind in kinds], dtype=np.int8)


def _from_csv(path: Path, described: tuple[Measure, ...], geography: Geography) -> Measures:
    columns, rows = _table(path)
    table = pd.DataFrame([cells for _, cells in rows], columns=columns, dtype=object)
    _require_columns(table, ("unit",), path)
    table = table.set_index("unit")
    _require_same_units(table.index, geography.units, path)
    _require_described([str(column) for column in table.columns], described, path)
    texts = table.reindex(list(geography.units))[[measure.key for measure in described]]
    values, status = _numbers(texts, described, path)
    return Measures(geography.units, described, values, status)


def _require_described(columns: list[str], described: tuple[Measure, ...], path: Path) -> None:
    absent = sorted({measure.key for measure in described} ^ set(columns))
    if absent:
        raise PackError(
            f"{path}: {named(absent)} stand in the table or in indicators.toml but not in both.",
            remedy="Describe every column once.",
        )


def _numbers(
    texts: pd.DataFrame, described: tuple[Measure, ...], path: Path
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int8]]:
    cells = texts.to_numpy(dtype=object).T
    status = np.zeros(cells.shape, dtype=np.int8)
    for kind, symbol in SYMBOL.items():
        status[cells == symbol] = kind
    numbers = np.where(status == Status.OK, cells, "nan")
    values = pd.to_numeric(pd.Series(numbers.ravel()), errors="coerce").to_numpy(dtype=np.float64)
    values = values.reshape(cells.shape)
    fractional = np.array([measure.counts == "points" for measure in described], dtype=bool)
    whole = np.isfinite(values) & (values >= 0)
    whole &= fractional[:, None] | (values == np.floor(values))
    bad = (status == Status.OK) & ~whole
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise ReadError(
            f"{path}: {int(bad.sum())} cells are no counts; '{texts.columns[row]}' of "
            f"{texts.index[column]} is '{cells[row, column]}'.",
            remedy="Write whole numbers of 0 or more; empty for missing, c for suppressed, "
            "z for not applicable.",
        )
    return values, status


def _incidents(folder: Path, geography: Geography, about: _IncidentSettings) -> Incidents | None:
    path = folder / "incidents.parquet"
    if not path.is_file():
        return None
    rows = _parquet(path)
    _require_columns(rows, ("month", "kind", "unit", "easting", "northing"), path)
    points = _points(rows, path)
    holder = UnitIndex(geography.units, geography.shapes).locate(points[:, 0], points[:, 1])
    return place_incidents(
        rows, geography.units, holder, source=path.name, months_read=about.months_read
    )


def _parquet(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise ReadError(
            f"{path} cannot be read as Parquet.", remedy="Build the pack again."
        ) from error


def _points(rows: pd.DataFrame, path: Path) -> npt.NDArray[np.float64]:
    try:
        return rows[["easting", "northing"]].to_numpy(dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ReadError(
            f"{path}: the columns easting and northing do not hold numbers.",
            remedy="Give metres of EPSG:27700, missing where a place is unknown.",
        ) from error


def _staffing(folder: Path) -> Staffing | None:
    posts = _rows(folder / "staffing.csv", _post)
    return None if posts is None else Staffing(posts)


def _post(row: Cells) -> Post:
    return Post(
        plan=row["plan"],
        zone=row["zone"],
        role=row["role"],
        fte=_number(row, "fte"),
        status=_standing(row),
        source=row["source"],
        newly_qualified=_newly_qualified(row),
        absence=_amount(row, "absence") or 0.0,
    )


def _newly_qualified(row: Cells) -> bool:
    """Go by the column; where it says nothing, by the name of the role."""
    said = row.get("newly_qualified", "")
    return said == "yes" if said else names_newly_qualified(row["role"])


def _school(row: Cells) -> School:
    return School(
        name=row["name"],
        easting=_number(row, "easting"),
        northing=_number(row, "northing"),
        placed=row["placed"],
        tier=cast("Tier", _one_of(row, "tier", get_args(Tier))),
        pyramid=row["pyramid"],
        urn=row["urn"],
        source=row["source"],
        laestab=row.get("laestab", ""),
        kind=row.get("kind", ""),
        intake=row.get("intake", ""),
        district=row.get("district", ""),
        lsoa=row.get("lsoa", ""),
        pupils=_amount(row, "pupils"),
        pupils_status=_status(row, "pupils"),
        fsm_share=_amount(row, "fsm_share"),
        fsm_status=_status(row, "fsm"),
        low_age=_age(row, "low_age"),
        high_age=_age(row, "high_age"),
        closes=row.get("closes", ""),
    )


def _site(row: Cells) -> Site:
    return Site(
        name=row["name"],
        easting=_number(row, "easting"),
        northing=_number(row, "northing"),
        placed=row["placed"],
        kind=row["kind"],
        capacity=_amount(row, "capacity"),
        source=row["source"],
        status=_standing(row),
        opening=row.get("opening", ""),
        ages=parse_ages(row.get("ages", "")),
        level=row.get("level", ""),
    )


def _programme(row: Cells) -> Programme:
    return Programme(
        name=row["name"],
        zone=row["zone"],
        site=row["site"],
        places=_amount(row, "places"),
        waiting=_amount(row, "waiting"),
        ages=parse_ages(row["ages"]),
        level=row["level"],
        status=_standing(row),
        source=row["source"],
    )


def _town(row: Cells) -> Town:
    population = _amount(row, "population")
    return Town(
        name=row["name"],
        easting=_number(row, "easting"),
        northing=_number(row, "northing"),
        placed="point",
        population=None if population is None else int(population),
    )


def _total(row: Cells) -> Total:
    status = next((kind for kind, symbol in SYMBOL.items() if symbol == row["value"]), Status.OK)
    return Total(
        key=row["key"],
        title=row["title"],
        area=row["area"],
        period=row["period"],
        value=_number(row, "value") if status is Status.OK else math.nan,
        status=status,
        source=row["source"],
    )


def _zone_fact(row: Cells) -> ZoneFact:
    return ZoneFact(
        plan=row["plan"],
        zone=row["zone"],
        base=row["base"],
        contact=row["contact"],
        status=_standing(row),
        source=row["source"],
    )


def _figure(row: Cells) -> Figure:
    x, n, value = (_amount(row, column) for column in ("x", "n", "value"))
    return Figure(
        key=row["key"],
        period=row["period"],
        area=row["area"],
        x=math.nan if x is None else x,
        n=math.nan if n is None else n,
        source=row["source"],
        status=_standing(row),
        value=math.nan if value is None else value,
    )


def _neighbours(settings: _Settings) -> Neighbours | None:
    listed = settings.neighbours
    return Neighbours(**listed.model_dump()) if listed else None


def _number(row: Cells, column: str) -> float:
    try:
        number = float(row[column])
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"the {column} is '{row[column]}', not a number")
    return number


def _amount(row: Cells, column: str) -> float | None:
    if not row.get(column):
        return None
    amount = _number(row, column)
    if amount < 0:
        raise ValueError(f"the {column} is '{row[column]}', below 0")
    return amount


def _age(row: Cells, column: str) -> int | None:
    age = _amount(row, column)
    return None if age is None else int(age)


def _status(row: Cells, what: str) -> Status:
    """Read the status of a figure, from its own column or from whether there is a figure."""
    written = row.get(f"{what}_status", "")
    if written:
        return Status(int(written))
    return Status.OK if row.get(what) or row.get(f"{what}_share") else Status.MISSING


def _standing(row: Cells) -> Standing:
    return cast("Standing", _one_of(row, "status", get_args(Standing)))


def _one_of(row: Cells, column: str, choices: tuple[str, ...]) -> str:
    if row[column] not in choices:
        raise ValueError(f"the {column} is '{row[column]}', not one of {', '.join(choices)}")
    return row[column]


def _rows(path: Path, make: Callable[[Cells], Row]) -> tuple[Row, ...] | None:
    if not path.is_file():
        return None
    table = _table(path)
    made = []
    for line, cells in table.rows:
        try:
            made.append(make(dict(zip(table.columns, cells, strict=True))))
        except KeyError as error:
            raise ReadError(
                f"{path} has no column {error}.", remedy="See docs/packs.md for its columns."
            ) from error
        except ZonewrightError as error:
            raise ReadError(f"{path}, line {line}: {error}") from error
        except ValueError as error:
            raise ReadError(f"{path}, line {line}: {error}.", remedy="Correct the row.") from error
    return tuple(made)


def _table(path: Path) -> _Table:
    """Read cells as they are written, refusing rows that are shorter or longer than the first.

    pandas fills the one and shifts the other.
    """
    if not path.is_file():
        raise PackError(f"{path} is not there.", remedy="See docs/packs.md for a pack's files.")
    try:
        reader = csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline=""), strict=True)
        (_, columns), *rows = [(reader.line_num, row) for row in reader if row]
    except (ValueError, csv.Error) as error:
        raise ReadError(
            f"{path} cannot be read as a CSV table in UTF-8.", remedy="Save it as 'CSV UTF-8'."
        ) from error
    twice = [column for column, count in Counter(columns).items() if count > 1]
    if twice:
        raise ReadError(f"{path} has two columns {named(twice)}.", remedy="Keep one.")
    for line, cells in rows:
        if len(cells) != len(columns):
            raise ReadError(
                f"{path}, line {line} has {len(cells)} cells under {len(columns)} columns.",
                remedy="Put a cell that holds a comma in double quotes.",
            )
    return _Table(columns, rows)


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise PackError(
            f"{path} is not there.", remedy="See docs/packs.md for a pack's files."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PackError(f"{path} is not TOML: {error}.", remedy="Correct that line.") from error


Checked = TypeVar("Checked", bound=pydantic.BaseModel)


def _checked(model: type[Checked], content: dict[str, Any], path: Path) -> Checked:
    try:
        return model.model_validate(content)
    except pydantic.ValidationError as error:
        faults = [
            f"{'.'.join(str(part) for part in fault['loc'])} ({_lower(fault['msg'])})"
            for fault in error.errors()
        ]
        raise PackError(
            f"{path}: {named(faults)}.", remedy="See docs/packs.md for what belongs there."
        ) from error


def _lower(message: str) -> str:
    """Begin with a small letter and leave the rest, which may hold names."""
    return message[:1].lower() + message[1:]


def _inside(folder: Path, name: str) -> Path:
    """Join, refusing a name that leads out of the folder."""
    if Path(name).name != name or name in {"", ".", ".."}:
        raise PackError(
            f"'{name}' is no file name.", remedy="Name a file of the pack, without a path."
        )
    return folder / name


def _require_columns(table: pd.DataFrame, columns: tuple[str, ...], path: Path) -> None:
    absent = [column for column in columns if column not in table.columns]
    if absent:
        raise ReadError(
            f"{path} has no column {named(absent)}.", remedy="See docs/packs.md for its columns."
        )


def _require_same_units(found: pd.Index, units: tuple[str, ...], path: Path) -> None:
    strange = sorted(set(found) ^ set(units))
    if strange or len(found) != len(units):
        offenders = strange or found[found.duplicated()].tolist()
        raise PackError(
            f"{path}: {named(offenders)} stand twice, or only here or only in the boundaries.",
            remedy="Give each unit one row. Are the codes of another vintage (2011, 2021)?",
        )
