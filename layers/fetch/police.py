"""Ask data.police.uk for an authority's incidents of a month, and lay them out as it publishes.

An authority is asked for by a polygon of few corners that covers it with a margin, so that no
incident is lost to the simplification; those beyond the border are left to the reader, which
clips by the border itself. Where the answer would be too large the polygon is cut in four. The
quarters overlap a little and an incident of two quarters is kept once, by the number that the API
gives it. Within one answer nothing is taken for a repeat: two incidents may be alike in everything.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

import numpy as np
import numpy.typing as npt
import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

from geo.crs import WANTED
from layers.fetch.addresses import Police
from layers.fetch.errors import FetchError, PassingFault, TooMuchError
from layers.fetch.web import Request, Web, parse_json

COLUMNS = (
    "Crime ID", "Month", "Reported by", "Falls within", "Longitude", "Latitude", "Location",
    "LSOA code", "LSOA name", "Crime type", "Last outcome category", "Context", "API number",
)  # fmt: skip
CRIME_TYPE = {"anti-social-behaviour": "Anti-social behaviour"}

MOST_CORNERS = 150
FIRST_TOLERANCE_M = 100.0
OVERLAP_DEG = 0.0005
"""Some 35 to 55 m: more than the rounding of places, which is to the metre."""
DECIMALS = 5
MOST_CUTS = 4
"""Deep enough for any month (256 pieces); past it the service is down, not the question large."""

SETTING = "`root` under [police]"

Incident = dict[str, Any]
Shape = TypeVar("Shape", bound=BaseGeometry)


def read_months(web: Web, police: Police) -> tuple[str, ...]:
    """List the months that are published, the newest first, each as 2025-01.

    Raises
    ------
    FetchError
        When the service does not answer, or not with months.
    """
    request = Request(f"{police.root.rstrip('/')}/crimes-street-dates", SETTING)

    def parse(content: bytes) -> tuple[str, ...]:
        answer = parse_json(content)
        rows = answer if isinstance(answer, list) else []
        months = {
            row["date"] for row in rows if isinstance(row, dict) and is_month(row.get("date"))
        }
        if not months:
            raise PassingFault("answered without a list of months")
        return tuple(sorted(months, reverse=True))

    return web.ask(request, parse)


def is_month(text: object) -> bool:
    """Say whether `text` is a month.

    >>> is_month("2025-01"), is_month("2025-13")
    (True, False)
    """
    return isinstance(text, str) and bool(re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", text))


def read_incidents(
    web: Web, police: Police, pieces: Sequence[shapely.Polygon], month: str
) -> list[Incident]:
    """Read all incidents of a month in some polygons.

    Parameters
    ----------
    pieces
        In longitude and latitude, as `cover` gives them.
    month
        As 2025-01.

    Returns
    -------
    list
        As the API gives them, also those in the margin around the authority.

    Raises
    ------
    FetchError
        When the service fails, or answers with something else.
    """
    return _together(_read_piece(web, police, piece, month, cuts=0) for piece in pieces)


def cover(outline: BaseGeometry) -> tuple[shapely.Polygon, ...]:
    """Cover an outline by polygons without holes, each of at most 150 corners.

    Parameters
    ----------
    outline
        In longitude and latitude.

    Returns
    -------
    tuple of shapely.Polygon
        In longitude and latitude, rounded to five decimals; they contain the outline.
    """
    metres = _converted(outline, "EPSG:4326", WANTED)
    tolerance_m = FIRST_TOLERANCE_M
    while True:
        rings = _rough(metres, tolerance_m)
        if all(len(ring.exterior.coords) <= MOST_CORNERS for ring in rings):
            pieces = tuple(_in_degrees(ring) for ring in rings)
            if shapely.union_all(pieces).covers(outline):
                return pieces
        tolerance_m *= 1.5


def to_street_csv(incidents: Sequence[Incident]) -> bytes:
    """Lay incidents out in the columns of the published street files, in UTF-8.

    The API gives no force and no LSOA: those columns stay empty. Its own number of each incident
    stands in a column more: the files of two neighbours both hold what lies along their border,
    and a reader of both must know it again.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_street_row(incident) for incident in incidents)
    return text.getvalue().encode()


def _rough(metres: BaseGeometry, tolerance_m: float) -> list[shapely.Polygon]:
    """Widen by twice what the simplification may take away, and fill holes."""
    # Half of the tolerance first, which leaves half as a margin: buffers of long coasts are slow.
    wide = metres.simplify(tolerance_m / 2).buffer(2 * tolerance_m, quad_segs=2)
    parts = shapely.get_parts(wide.simplify(tolerance_m))
    return [shapely.Polygon(part.exterior) for part in parts]


def _in_degrees(ring: shapely.Polygon) -> shapely.Polygon:
    degrees = _converted(ring, WANTED, "EPSG:4326")
    return shapely.set_precision(degrees, 10.0**-DECIMALS, mode="pointwise")


def _converted(shape: Shape, of: str, to: str) -> Shape:
    transformer = pyproj.Transformer.from_crs(of, to, always_xy=True)

    def convert(xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))

    return shapely.transform(shape, convert)


def _read_piece(
    web: Web, police: Police, piece: shapely.Polygon, month: str, *, cuts: int
) -> list[Incident]:
    try:
        return web.ask(_request(police, piece, month), _parser(police, month))
    except TooMuchError:
        if cuts >= MOST_CUTS:
            raise
    return _together(
        _read_piece(web, police, quarter, month, cuts=cuts + 1) for quarter in _quarters(piece)
    )


def _together(answers: Iterable[list[Incident]]) -> list[Incident]:
    """Leave out of each answer what an earlier one had; never what this one has twice."""
    seen: set[str] = set()
    incidents: list[Incident] = []
    for answer in answers:
        incidents += [incident for incident in answer if str(incident["id"]) not in seen]
        seen |= {str(incident["id"]) for incident in answer}
    return incidents


def _quarters(piece: shapely.Polygon) -> list[shapely.Polygon]:
    west, south, east, north = piece.bounds
    x, y, over = (west + east) / 2, (south + north) / 2, OVERLAP_DEG
    boxes = [
        shapely.box(left, bottom, right, top)
        for left, right in ((west, x + over), (x - over, east))
        for bottom, top in ((south, y + over), (y - over, north))
    ]
    parts = shapely.get_parts(shapely.intersection(piece, boxes))
    whole = [part for part in parts if part.geom_type == "Polygon" and not part.is_empty]
    return [shapely.Polygon(part.exterior) for part in whole]


def _request(police: Police, piece: shapely.Polygon, month: str) -> Request:
    corners = list(piece.exterior.coords)[:-1]
    poly = ":".join(f"{y:.{DECIMALS}f},{x:.{DECIMALS}f}" for x, y in corners)
    url = f"{police.root.rstrip('/')}/crimes-street/{police.category}"
    params = {"date": month, "poly": poly}
    too_long = len(url) + 1 + len(urlencode(params)) > police.longest_url
    return Request(url, SETTING, params, post=too_long, may_be_too_much=True)


def _parser(police: Police, month: str) -> Any:
    def parse(content: bytes) -> list[Incident]:
        answer = parse_json(content)
        if not isinstance(answer, list):
            raise PassingFault("answered with something that is no list of incidents")
        if not all(_is_incident(row) for row in answer):
            raise PassingFault("gave an incident without number, place or month")
        if any(row["month"] != month or row["category"] != police.category for row in answer):
            raise FetchError(
                "data.police.uk gave incidents of another month or kind than was asked for.",
                remedy=f"Check {SETTING}.",
            )
        return answer

    return parse


def _is_incident(row: Any) -> bool:
    if not isinstance(row, dict) or not isinstance(row.get("id"), (int, str)):
        return False
    place = row.get("location")
    return (
        isinstance(row.get("month"), str)
        and isinstance(row.get("category"), str)
        and (place is None or isinstance(place, dict))
    )


def _street_row(incident: Incident) -> list[str]:
    place = incident.get("location") or {}
    street = place.get("street") or {}
    outcome = incident.get("outcome_status") or {}
    return [
        _cell(incident.get("persistent_id")),
        incident["month"],
        "",
        "",
        _cell(place.get("longitude")),
        _cell(place.get("latitude")),
        _cell(street.get("name") if isinstance(street, dict) else ""),
        "",
        "",
        CRIME_TYPE[incident["category"]],
        _cell(outcome.get("category") if isinstance(outcome, dict) else ""),
        _cell(incident.get("context")),
        _cell(incident["id"]),
    ]


def _cell(value: Any) -> str:
    return "" if value is None else " ".join(str(value).split())
