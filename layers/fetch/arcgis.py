"""Read a layer of the Open Geography portal, an ArcGIS feature server, page by page.

The server gives at most so many rows at once and says `exceededTransferLimit` while there are
more. It may answer with status 200 and an error inside, or with a page it has given before; either
is asked for again. What came is checked against the server's own count, and against what was asked.
"""

import json
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from geo.crs import BRITAIN_DEG
from geo.errors import named
from layers.fetch.addresses import Layer, Ons
from layers.fetch.errors import FetchError, NotThereError, PassingFault
from layers.fetch.web import Progress, Request, Web, parse_json, quiet

Row = dict[str, Any]
"""A feature: `properties` and, only where it was asked for, `geometry` (GeoJSON, EPSG:4326)."""

MOST_READINGS = 2
"""A layer that changes between two pages is read once more from its first page."""


def read_features(
    web: Web,
    ons: Ons,
    name: str,
    codes: Sequence[str],
    *,
    geometry: bool,
    progress: Progress = quiet,
) -> list[Row]:
    """Read the features whose column `by` holds one of `codes`, ordered by their keys.

    Parameters
    ----------
    name
        The layer's name under [ons]: 'lsoa21_boundaries'.
    codes
        Nine-character codes. One that the layer does not have brings no row and no error.
    geometry
        Whether to ask for shapes.

    Raises
    ------
    FetchError
        When pages repeat or do not add up to the server's count, or rows are not those asked for.
    """
    layer: Layer = getattr(ons, name)
    rows: list[Row] = []
    for start in range(0, len(codes), ons.codes_per_query):
        some = codes[start : start + ons.codes_per_query]
        query = _Query(web, ons, name, some, geometry=geometry)
        rows += query.read()
        progress(layer.title, min(start + len(some), len(codes)), len(codes))
    return sorted(rows, key=lambda row: _key(row, layer))


def layer_url(ons: Ons, layer: Layer) -> str:
    """Give the address that a layer is asked at."""
    return f"{ons.root.rstrip('/')}/{layer.service}/FeatureServer/0/query"


class _Query:
    """One question to one layer."""

    def __init__(
        self, web: Web, ons: Ons, name: str, codes: Sequence[str], *, geometry: bool
    ) -> None:
        self.web, self.ons, self.codes, self.geometry = web, ons, set(codes), geometry
        self.layer: Layer = getattr(ons, name)
        self.setting = f"`service` under [ons.{name}]"
        listed = ",".join(f"'{code}'" for code in codes)
        self.where = f"{self.layer.by} IN ({listed})"

    def read(self) -> list[Row]:
        count = 0
        for _ in range(MOST_READINGS):
            count = self._ask({"returnCountOnly": "true", "f": "json"}, self._count)
            rows = [row for page in self._pages(count) for row in page]
            if len(rows) == count:
                self._refuse_others(rows)
                return rows
        raise FetchError(
            f"{self.layer.service} says that it has {count:,} rows for this, and gave "
            f"{len(rows):,}.",
            remedy="Try again later; it may be in the middle of a change.",
        )

    def _pages(self, count: int) -> Iterator[list[Row]]:
        seen: set[tuple[str, ...]] = set()
        while True:
            page, more = self._ask(self._page_params(len(seen)), partial(self._page, seen))
            seen |= {_key(row, self.layer) for row in page}
            yield page
            # Some versions leave the mark out of GeoJSON; then the count tells, until a page is
            # empty.
            if not (more or (page and len(seen) < count)):
                return

    def _page_params(self, offset: int) -> dict[str, str]:
        return {
            "outFields": ",".join(self.layer.fields),
            "returnGeometry": str(self.geometry).lower(),
            "outSR": "4326",
            "orderByFields": ",".join(self.layer.keys),
            "resultOffset": str(offset),
            "resultRecordCount": str(self.ons.page_rows),
            "f": "geojson" if self.geometry else "json",
        }

    def _ask(self, params: dict[str, str], parse: Any) -> Any:
        request = Request(
            layer_url(self.ons, self.layer),
            self.setting,
            {"where": self.where, **params},
            post=True,  # two hundred codes make an address too long for some proxies
        )
        return self.web.ask(request, lambda content: parse(self._sound(parse_json(content))))

    def _sound(self, answer: Any) -> dict[str, Any]:
        if not isinstance(answer, dict):
            raise PassingFault("answered with something that is no page of features")
        error = answer.get("error")
        if error is None:
            return answer
        details = error if isinstance(error, dict) else {}
        if details.get("code") == 404 or details.get("message") == "Invalid URL":
            raise NotThereError(
                f"The portal has no service {self.layer.service}.",
                remedy=f"Services are renamed: look it up on geoportal.statistics.gov.uk and "
                f"change {self.setting} in a file of your own, named in --addresses.",
            )
        raise PassingFault(f"answered with an error inside (code {details.get('code', '?')!s:.9})")

    def _count(self, answer: dict[str, Any]) -> int:
        count = answer.get("count")
        if not isinstance(count, int) or isinstance(count, bool) or count < 0:
            raise PassingFault("gave no count")
        return count

    def _page(self, seen: set[tuple[str, ...]], answer: dict[str, Any]) -> tuple[list[Row], bool]:
        features = answer.get("features")
        if not isinstance(features, list):
            raise PassingFault("answered with something that is no page of features")
        page = [self._row(feature) for feature in features]
        keys = [_key(row, self.layer) for row in page]
        if len(set(keys)) < len(keys) or seen & set(keys):
            raise PassingFault("gave the same rows twice")
        inner = answer.get("properties")
        more = answer.get("exceededTransferLimit") or (
            isinstance(inner, dict) and inner.get("exceededTransferLimit")
        )
        if more and not page:
            raise PassingFault("gave an empty page and said that there is more")
        return page, bool(more)

    def _row(self, feature: Any) -> Row:
        found = feature if isinstance(feature, dict) else {}
        values = found.get("properties" if self.geometry else "attributes")
        if not isinstance(values, dict):
            raise PassingFault("gave a feature without its columns")
        absent = [name for name in self.layer.fields if name not in values]
        if absent:
            raise FetchError(
                f"{self.layer.service} gives no column {named(absent)}.",
                remedy=f"Correct `fields` or change {self.setting} in a file of your own, named "
                "in --addresses.",
            )
        if any(isinstance(values[name], (dict, list)) for name in self.layer.fields):
            raise PassingFault("gave a feature whose columns are no values")
        kept = {name: values[name] for name in self.layer.fields}
        if not self.geometry:
            return {"properties": kept}
        if not _is_polygon(found.get("geometry")):
            raise PassingFault("gave a feature without a sound shape")
        return {"properties": kept, "geometry": found["geometry"]}

    def _refuse_others(self, rows: list[Row]) -> None:
        others = {str(row["properties"][self.layer.by]) for row in rows} - self.codes
        if others:
            raise FetchError(
                f"{self.layer.service} gave rows that were not asked for: {named(sorted(others))}.",
                remedy=f"Check `by` beside {self.setting}.",
            )


def to_geojson(rows: Sequence[Row], name: str) -> bytes:
    """Write features as GeoJSON, one a line, with the CRS in words that GDAL reads."""
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    head = {"type": "FeatureCollection", "name": name, "crs": crs}
    features = ",\n".join(
        json.dumps({"type": "Feature", **row}, ensure_ascii=False, allow_nan=False) for row in rows
    )
    text = json.dumps(head)[:-1] + ', "features": [\n' + features + "\n]}\n"
    return text.encode()


def _key(row: Row, layer: Layer) -> tuple[str, ...]:
    return tuple(str(row["properties"][name]) for name in layer.keys)


def _is_polygon(shape: Any) -> bool:
    """Say whether it is a polygon or multipolygon in Britain, in longitude and latitude."""
    if not isinstance(shape, dict) or not isinstance(shape.get("coordinates"), list):
        return False
    parts = {"Polygon": [shape["coordinates"]], "MultiPolygon": shape["coordinates"]}
    polygons = parts.get(str(shape.get("type")), [])
    return bool(polygons) and all(
        isinstance(rings, list) and rings and all(_is_ring(ring) for ring in rings)
        for rings in polygons
    )


def _is_ring(ring: Any) -> bool:
    return isinstance(ring, list) and len(ring) >= 4 and all(_is_place(place) for place in ring)


def _is_place(place: Any) -> bool:
    if not isinstance(place, list) or len(place) not in {2, 3}:
        return False
    if any(type(number) not in {int, float} for number in place):
        return False
    west, south, east, north = BRITAIN_DEG
    return bool(west <= place[0] <= east and south <= place[1] <= north)
