"""Files that a planner brings to the Redraw page: areas with shapes, and lookups.

They are read in memory, nothing of them is kept on disk, and what was read is kept in the session
for as long as the same file lies in its box.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import streamlit as st

from app.choices import plain
from geo.errors import ZonewrightError
from geo.read.boundaries import FORMATS, Areas, area_columns, read_areas
from geo.read.file import File
from geo.read.lookup import Lookup, lookup_columns, read_rows
from geo.read.shapes import list_layers
from geo.read.sheet import SHEETS
from geo.read.table import list_sheets

Value = TypeVar("Value")

MOST_AREAS_MB = 200
MOST_LOOKUP_MB = 50
TABLES = ("csv", "tsv", "txt", *(ending[1:] for ending in SHEETS))


def upload_areas(label: str, *, key: str) -> tuple[str, Areas] | None:
    """Ask for a file of areas, its layer and its column of names; say what is wrong with it.

    Returns
    -------
    tuple or None
        The name of the file and its areas; None while there is none, or none that can be used.
    """
    uploaded = st.file_uploader(
        label,
        type=[ending[1:] for ending in FORMATS if ending != ".shp"],
        key=f"{key}-file",
        max_upload_size=MOST_AREAS_MB,
        help="GeoPackage, GeoJSON, GeoParquet or a zipped shapefile, in EPSG:27700 or in "
        "longitude and latitude (EPSG:4326). It stays in memory and is not kept.",
    )
    if uploaded is None:
        _let_go(key)
        return None
    file, token = File.from_bytes(uploaded.name, uploaded.getvalue()), uploaded.file_id
    try:
        layer = _choose_layer(file, token, key=key)
        columns, told = _held(
            f"{key}-columns", (token, layer), lambda: area_columns(file, layer=layer)
        )
        name = st.selectbox(
            "Column with the names",
            columns,
            index=columns.index(told) if told in columns else 0,
            key=f"{key}-{token}-{layer}-name",
        )
        areas = _held(
            f"{key}-areas", (token, layer, name), lambda: read_areas(file, name, layer=layer)
        )
    except ZonewrightError as refusal:
        st.error(plain(str(refusal)))
        return None
    for note in (*areas.notes, *_rejected(areas)):
        st.caption(plain(note))
    return uploaded.name, areas


def upload_lookup(label: str, units: Sequence[str], *, key: str) -> Lookup | None:
    """Ask for a lookup, its sheet and its columns; say what is wrong with it.

    Parameters
    ----------
    units
        Of the authority, by which the column of codes is found.
    """
    uploaded = st.file_uploader(
        label,
        type=list(TABLES),
        key=f"{key}-file",
        max_upload_size=MOST_LOOKUP_MB,
        help="A CSV file or a workbook with a row for each small area: its code, and the name of "
        "its zone. It stays in memory and is not kept.",
    )
    if uploaded is None:
        _let_go(key)
        return None
    file, token = File.from_bytes(uploaded.name, uploaded.getvalue()), uploaded.file_id
    try:
        file = _choose_sheet(file, token, key=key)
        columns = _held(
            f"{key}-columns", (token, file.sheet), lambda: lookup_columns(file, units=units)
        )
        left, right = st.columns(2)
        chosen = [
            place.selectbox(
                title,
                columns.every,
                index=columns.every.index(told) if told else None,
                key=f"{key}-{token}-{file.sheet}-{title}",
                placeholder="Choose a column",
            )
            for place, title, told in (
                (left, "Column with the codes of small areas", columns.unit),
                (right, "Column with the zones", columns.zone),
            )
        ]
        unit, zone = chosen
        if unit is None or zone is None:
            st.info("Choose the columns: their names do not tell which they are.")
            return None
        return _held(
            f"{key}-lookup",
            (token, file.sheet, unit, zone),
            lambda: read_rows(file, units=units, unit=unit, zone=zone),
        )
    except ZonewrightError as refusal:
        st.error(plain(str(refusal)))
        return None


def _choose_layer(file: File, token: str, *, key: str) -> str | None:
    layers = _held(f"{key}-layers", token, lambda: list_layers(file))
    if len(layers) < 2:
        return None
    return st.selectbox("Layer", layers, key=f"{key}-{token}-layer")


def _choose_sheet(file: File, token: str, *, key: str) -> File:
    sheets = _held(f"{key}-sheets", token, lambda: list_sheets(file))
    if len(sheets) < 2:
        return file
    sheet = st.selectbox("Sheet", sheets, key=f"{key}-{token}-sheet")
    return File(file.name, file.size, file.opener, sheet=sheet or "")


def _held(name: str, token: object, make: Callable[[], Value]) -> Value:
    """Give what was made before for the same file, or make it and keep it in the session."""
    kept = st.session_state.get(f"{name}-held")
    if kept is None or kept[0] != token:
        kept = (token, make())
        st.session_state[f"{name}-held"] = kept
    value: Value = kept[1]
    return value


def _let_go(key: str) -> None:
    """Forget what was read from a file that is no longer in its box."""
    for name in [n for n in st.session_state if str(n).startswith(f"{key}-")]:
        if str(name).endswith("-held"):
            del st.session_state[name]


def _rejected(areas: Areas) -> list[str]:
    lost = len(areas.ledger.rejected)
    if not lost:
        return []
    first = areas.ledger.rejected[0]
    return [f"{lost} features were left out; the first is number {first.line}: {first.reason}."]
