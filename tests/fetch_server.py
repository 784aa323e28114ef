"""A server on this computer that answers as the public services do, with faults on demand.

It holds ArcGIS layers, police incidents, files and a Nomis table, all handed over by the test, and
notes every request. A fault waits for the requests whose path (with query) holds its text, and is
used up `times` times.
"""

import csv
import hashlib
import io
import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import shapely

LONGEST_URL = 4094
Row = dict[str, Any]


@dataclass
class Reply:
    """An answer to be sent, which a fault may spoil."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    send: int | None = None
    """Bytes to send of the body before hanging up; None sends all."""
    wait_seconds: float = 0.0
    reset: bool = False


@dataclass
class Fault:
    """What to do to the next `times` answers whose request holds `text`."""

    text: str
    spoil: Callable[[Reply], Reply]
    times: int = 1
    after: int = 0
    """So many matching requests are answered well first."""


@dataclass(frozen=True)
class Asked:
    """A request that came."""

    method: str
    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]


class PublicServices:
    """The services, and what the test may ask of them."""

    def __init__(self) -> None:
        self.layers: dict[str, list[Row]] = {}
        self.cap = 1000
        self.incidents: dict[str, list[Row]] = {}
        self.most_incidents = 10_000
        self.files: dict[str, bytes] = {}
        self.redirects: dict[str, str] = {}
        self.nomis: list[Row] = []
        self.nomis_cap = 25_000
        self.resumable = True
        self.faults: list[Fault] = []
        self.asked: list[Asked] = []
        self.url = ""

    def fault(self, text: str, spoil: Callable[[Reply], Reply], **more: int) -> None:
        self.faults.append(Fault(text, spoil, **more))

    def count(self, text: str) -> int:
        return sum(text in f"{asked.path} {asked.params}" for asked in self.asked)

    def answer(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        reply = self._reply(asked)
        text = f"{asked.path} {asked.params}"
        for fault in self.faults:
            if fault.text in text and fault.times > 0:
                if fault.after > 0:
                    fault.after -= 1
                    continue
                fault.times -= 1
                return fault.spoil(reply)
        return reply

    def _reply(self, asked: Asked) -> Reply:
        if asked.path in self.redirects:
            return Reply(302, headers={"Location": self.redirects[asked.path]})
        if asked.path in self.files:
            return self._file(self.files[asked.path], asked.headers)
        service = re.fullmatch(r"/arcgis/(\w+)/FeatureServer/0/query", asked.path)
        if service:
            return self._features(service[1], asked.params)
        answers = {
            "/api/crimes-street-dates": self._months,
            "/api/crimes-street/anti-social-behaviour": self._crimes,
            "/nomis/NM_2014_1.data.csv": self._population,
        }
        known = answers.get(asked.path)
        return known(asked.params) if known else Reply(404, b"<html>Not found</html>")

    def _months(self, _: Mapping[str, str]) -> Reply:
        return _json([{"date": month} for month in sorted(self.incidents, reverse=True)])

    def _features(self, service: str, params: Mapping[str, str]) -> Reply:
        if service not in self.layers:
            return _json({"error": {"code": 400, "message": "Invalid URL", "details": []}})
        column, listed = re.fullmatch(r"(\w+) IN \((.*)\)", params["where"]).groups()
        codes = set(listed.replace("'", "").split(","))
        rows = [r for r in self.layers[service] if r["properties"][column] in codes]
        if params.get("returnCountOnly") == "true":
            return _json({"count": len(rows)})
        order = params["orderByFields"].split(",")
        rows.sort(key=lambda r: [r["properties"][name] for name in order])
        start = int(params["resultOffset"])
        end = start + min(int(params["resultRecordCount"]), self.cap)
        page, fields = rows[start:end], params["outFields"].split(",")
        more = {"exceededTransferLimit": True} if end < len(rows) else {}
        kept = [{name: r["properties"][name] for name in fields} for r in page]
        if params["f"] == "json":
            return _json({"features": [{"attributes": values} for values in kept], **more})
        shaped = [
            {"type": "Feature", "id": n, "properties": values, "geometry": r["geometry"]}
            for n, (values, r) in enumerate(zip(kept, page, strict=True))
        ]
        return _json({"type": "FeatureCollection", "features": shaped, "properties": more})

    def _crimes(self, params: Mapping[str, str]) -> Reply:
        corners = [tuple(map(float, pair.split(","))) for pair in params["poly"].split(":")]
        area = shapely.Polygon([(x, y) for y, x in corners])
        month = self.incidents.get(params["date"])
        if month is None:
            return Reply(404, b"")
        places = [(float(r["location"]["longitude"]), float(r["location"]["latitude"]))
                  for r in month]  # fmt: skip
        inside = shapely.intersects_xy(area, *zip(*places, strict=True)) if places else []
        found = [row for row, within in zip(month, inside, strict=True) if within]
        return Reply(503) if len(found) > self.most_incidents else _json(found)

    def _population(self, params: Mapping[str, str]) -> Reply:
        codes = set(params["geography"].split(","))
        rows = [row for row in self.nomis if row["GEOGRAPHY_CODE"] in codes]
        start = int(params["RecordOffset"])
        page = rows[start : start + min(int(params["RecordLimit"]), self.nomis_cap)]
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, [*self.nomis[0], "RECORD_COUNT"])
        writer.writeheader()
        writer.writerows({**row, "RECORD_COUNT": len(rows)} for row in page)
        return Reply(body=text.getvalue().encode(), headers={"Content-Type": "text/csv"})

    def _file(self, content: bytes, headers: Mapping[str, str]) -> Reply:
        etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        wanted = re.fullmatch(r"bytes=(\d+)-", headers.get("Range", ""))
        same = headers.get("If-Range", etag) == etag
        if not self.resumable:
            return Reply(body=content)
        if wanted and same:
            start = int(wanted[1])
            if start >= len(content):
                return Reply(416)
            place = f"bytes {start}-{len(content) - 1}/{len(content)}"
            return Reply(206, content[start:], {"ETag": etag, "Content-Range": place})
        return Reply(body=content, headers={"ETag": etag})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each answer waits 40 ms for an acknowledgement
    wbufsize = -1
    services: PublicServices

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if len(self.path) > LONGEST_URL:
            self._send(Reply(400))
            return
        self._answer(parts.path, parts.query)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self._answer(self.path, self.rfile.read(length).decode())

    def log_message(self, *args: object) -> None:
        pass

    def _answer(self, path: str, query: str) -> None:
        params = dict(parse_qsl(query, keep_blank_values=True))
        asked = Asked(self.command, path, params, dict(self.headers))
        self._send(self.services.answer(asked))

    def _send(self, reply: Reply) -> None:
        time.sleep(reply.wait_seconds)
        self.close_connection = reply.reset or reply.send is not None
        if reply.reset:
            self.connection.close()
            return
        try:
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body[: reply.send])
            self.wfile.flush()
        except OSError:
            self.close_connection = True  # the client lost patience, or was killed


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *args: object) -> None:
        pass  # a connection that we ourselves cut is no news


@contextmanager
def serving(services: PublicServices) -> Iterator[PublicServices]:
    """Serve on a free port of this computer."""
    handler = type("Handler", (_Handler,), {"services": services})
    with _Server(("127.0.0.1", 0), handler) as server:
        services.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield services
        finally:
            server.shutdown()
            thread.join()


def busy(status: int, retry_after: str = "") -> Callable[[Reply], Reply]:
    """Turn away."""
    headers = {"Retry-After": retry_after} if retry_after else {}
    return lambda _: Reply(status, headers=headers)


def truncated(reply: Reply) -> Reply:
    """Promise all and send half."""
    return Reply(reply.status, reply.body, reply.headers, send=len(reply.body) // 2)


def half_json(reply: Reply) -> Reply:
    """Send half, as if it were all."""
    return Reply(reply.status, reply.body[: len(reply.body) // 2], reply.headers)


def error_inside(_: Reply) -> Reply:
    """Say 200 and mean an error."""
    return _json({"error": {"code": 500, "message": "Unable to perform query", "details": []}})


def slow(seconds: float) -> Callable[[Reply], Reply]:
    """Answer late."""
    return lambda reply: Reply(reply.status, reply.body, reply.headers, wait_seconds=seconds)


def reset(_: Reply) -> Reply:
    """Hang up."""
    return Reply(reset=True)


def remembered(pages: list[Reply]) -> Callable[[Reply], Reply]:
    """Give the first page again."""

    def spoil(reply: Reply) -> Reply:
        pages.append(reply)
        return pages[0]

    return spoil


def square(x: float, y: float, side: float = 0.01) -> Row:
    """Draw a GeoJSON square whose lower left corner is (x, y)."""
    ring = [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]
    return {"type": "Polygon", "coordinates": [ring]}


def incident(number: int, x: float, y: float, *, month: str = "2025-01") -> Row:
    """Make an incident as the API gives it."""
    return {
        "category": "anti-social-behaviour",
        "location_type": "Force",
        "location": {
            "latitude": f"{y:.6f}",
            "longitude": f"{x:.6f}",
            "street": {"id": 1, "name": "On or near High Street"},
        },
        "context": "",
        "outcome_status": None,
        "persistent_id": "",
        "id": number,
        "location_subtype": "",
        "month": month,
    }


def _json(value: Row | Sequence[Row]) -> Reply:
    return Reply(body=json.dumps(value).encode(), headers={"Content-Type": "application/json"})
