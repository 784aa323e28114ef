"""Ask public services politely, and take nothing for an answer that is not one.

A request waits for its turn at its host, is tried again after faults that pass (a full service, an
answer that breaks off or makes no sense), and ends in a right answer or in one message that names
the setting to change. Only hosts of the addresses are asked, over http and https; a redirect may
not lead anywhere else, nor from https to http.
"""

import datetime as dt
import email.utils
import json
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any, Protocol, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
import tenacity
from requests.exceptions import ChunkedEncodingError, ContentDecodingError, SSLError, Timeout

from layers.fetch.addresses import Addresses
from layers.fetch.clock import Clock, SystemClock
from layers.fetch.errors import (
    FetchError,
    NotThereError,
    PassingFault,
    TooMuchError,
    unwritable,
)

CHUNK_BYTES = 2**16
MOST_REDIRECTS = 5
TOO_MUCH_ATTEMPTS = 2
"""A 503 that says 'too much' and one that says 'come later' look alike: so many until we split."""

OK, PARTIAL, NOT_FOUND, GONE, OUT_OF_RANGE, TOO_MANY = 200, 206, 404, 410, 416, 429
UNAVAILABLE = 503
PASSING = frozenset({408, 425, TOO_MANY, 500, 502, UNAVAILABLE, 504})

T = TypeVar("T")


class Progress(Protocol):
    """Who is told how far a step has come; `total` is 0 where it is not known."""

    def __call__(self, step: str, done: int, total: int) -> None:
        """Hear that `done` of `total` rows or bytes of `step` are here."""
        ...


def quiet(step: str, done: int, total: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Request:
    """A question to a service.

    Parameters
    ----------
    url
        Where; `params` are added to it, or posted as a form.
    setting
        What to change when it answers no more: '`service` under [ons.districts]'.
    may_be_too_much
        Whether a 503 may mean that the answer would be too large.
    """

    url: str
    setting: str
    params: Mapping[str, str] = field(default_factory=dict)
    post: bool = False
    may_be_too_much: bool = False

    @property
    def host(self) -> str:
        """The host's name."""
        return urlsplit(self.url).hostname or ""


class Web:
    """A way to the services in `addresses`, which keeps each host's pace."""

    def __init__(
        self, addresses: Addresses, *, clock: Clock | None = None, rng: random.Random | None = None
    ) -> None:
        """Open no connection yet."""
        self.addresses = addresses
        self.clock: Clock = clock or SystemClock()
        self._rng = rng or random.Random()
        self._free_at: dict[str, float] = {}
        self._session = requests.Session()
        self._session.headers["User-Agent"] = "zonewright (service planning; python-requests)"
        self._session.auth = _no_login

    def ask(self, request: Request, parse: Callable[[bytes], T]) -> T:
        """Give the parsed answer to `request`.

        Parameters
        ----------
        parse
            Makes a value of the bytes; raises `PassingFault` for an answer to be asked for again.

        Raises
        ------
        FetchError
            When it still fails at the last attempt, is refused, too slow or too large.
        NotThereError
            When nothing is there.
        TooMuchError
            When the service says so and `may_be_too_much` is set.
        """
        return self._try(request, partial(self._answer, request, parse))

    def download(self, request: Request, part: Path, *, progress: Progress = quiet) -> int:
        """Bring a file to `part`, going on where an earlier attempt or run broke off.

        Returns
        -------
        int
            Its size in bytes.

        Raises
        ------
        FetchError, NotThereError
            As `ask`.
        WriteError
            When the disk is full or the folder may not be written.
        """
        try:
            return self._try(request, partial(self._bring, request, part, progress))
        except FetchError:
            if part.exists() and not part.stat().st_size:
                _drop(part)
            raise

    def close(self) -> None:
        """Hang up."""
        self._session.close()

    def _try(self, request: Request, attempt: Callable[[], T]) -> T:
        attempts = tenacity.Retrying(
            stop=partial(_enough, request, self.addresses.limits.attempts),
            wait=self._wait,
            retry=tenacity.retry_if_exception_type(PassingFault),
            sleep=self.clock.sleep,
            reraise=True,
        )
        try:
            return attempts(attempt)
        except PassingFault as fault:
            count = attempts.statistics.get("attempt_number", 1)
            raise fault.otherwise(
                f"{request.host} {fault.reason}; it was tried {count} times.",
                remedy=_remedy(request, "Try again later; what is here already is kept."),
            ) from fault

    def _wait(self, state: tenacity.RetryCallState) -> float:
        limits = self.addresses.limits
        fault = state.outcome.exception() if state.outcome else None
        asked = getattr(fault, "wait_seconds", None) or 0.0
        back_off = limits.back_off_seconds * 2 ** (state.attempt_number - 1)
        # Jitter, so that many who were turned away together do not come back together.
        return float(max(asked, min(back_off, limits.longest_wait_seconds))) + self._rng.uniform(
            0.0, limits.back_off_seconds
        )

    def _answer(self, request: Request, parse: Callable[[bytes], T]) -> T:
        with self._open(request, {}) as response:
            most, content = self.addresses.limits.largest_answer_bytes, bytearray()
            for chunk in self._body(request, response):
                content += chunk
                if len(content) > most:
                    raise _too_large(request)
            return parse(bytes(content))

    def _bring(self, request: Request, part: Path, progress: Progress) -> int:
        begun, validator = _begun(part, request.url)
        headers = {"Accept-Encoding": "identity"}
        if begun:
            headers |= {"Range": f"bytes={begun}-", "If-Range": validator}
        with self._open(request, headers) as response:
            if response.status_code == OUT_OF_RANGE:
                _drop(part)
                raise PassingFault("would not go on where a download had broken off")
            goes_on = response.status_code == PARTIAL
            if goes_on and not response.headers.get("Content-Range", "").startswith(
                f"bytes {begun}-"
            ):
                _drop(part)
                raise PassingFault("went on at the wrong place of a download")
            begun = begun if goes_on else 0
            length = _length(response.headers)
            total = begun + length if length else 0
            if total > self.addresses.limits.largest_file_bytes:
                _drop(part)
                raise _too_large(request)
            if not goes_on:
                _begin(part, request.url, response.headers)
            return self._write(request, response, part, _Extent(begun, total, progress))

    def _write(
        self, request: Request, response: requests.Response, part: Path, extent: "_Extent"
    ) -> int:
        most = self.addresses.limits.largest_file_bytes
        done = extent.begun
        with _writing(part, "ab") as stream:
            for chunk in self._body(request, response):
                if done + len(chunk) > most:
                    _drop(part)
                    raise _too_large(request)
                stream.write(chunk)
                done += len(chunk)
                extent.progress(part.name.removesuffix(".part"), done, extent.total)
        if extent.total and done != extent.total:
            raise PassingFault(f"broke off after {done:,} of {extent.total:,} bytes")
        return done

    def _open(self, request: Request, headers: Mapping[str, str]) -> requests.Response:
        """Send it and follow redirects; give an answer whose status is good (or 416)."""
        url, limits = request.url, self.addresses.limits
        for _ in range(MOST_REDIRECTS + 1):
            self._keep_pace(url)
            try:
                response = self._session.request(
                    "POST" if request.post else "GET",
                    url,
                    params=None if request.post or url != request.url else dict(request.params),
                    data=dict(request.params) if request.post else None,
                    headers=dict(headers),
                    timeout=(limits.connect_seconds, limits.read_seconds),
                    stream=True,
                    allow_redirects=False,
                )
            except requests.RequestException as error:
                raise _fault(request, error) from error
            if not response.is_redirect:
                self._refuse_status(request, response, resumed="Range" in headers)
                return response
            response.close()
            url = self._redirected(request, url, response.headers["Location"])
        raise FetchError(
            f"{request.host} sends in circles from one address to the next.",
            remedy=_remedy(request),
        )

    def _keep_pace(self, url: str) -> None:
        host = urlsplit(url).hostname or ""
        rate = self.addresses.hosts.get(host, self.addresses.limits.per_second)
        now = self.clock.monotonic()
        free_at = max(now, self._free_at.get(host, now))
        if free_at > now:
            self.clock.sleep(free_at - now)
        self._free_at[host] = free_at + 1.0 / rate

    def _redirected(self, request: Request, url: str, location: str) -> str:
        try:
            there = urljoin(url, location)
            parts = urlsplit(there)
        except ValueError:
            there, parts = "", urlsplit("")
        downgraded = urlsplit(url).scheme == "https" and parts.scheme != "https"
        known = parts.hostname in self.addresses.known_hosts
        if parts.scheme not in {"http", "https"} or downgraded or not known:
            raise FetchError(
                f"{request.host} sends on to {parts.scheme}://{parts.hostname or ''}, which is no "
                "address of ours.",
                remedy="If it is right, add the host under [hosts] in your addresses file.",
            )
        return there

    def _refuse_status(
        self, request: Request, response: requests.Response, *, resumed: bool
    ) -> None:
        status = response.status_code
        if status in {OK, PARTIAL} or (status == OUT_OF_RANGE and resumed):
            return
        wait = _retry_after(response.headers.get("Retry-After"), self.clock.now())
        response.close()
        if status in {NOT_FOUND, GONE}:
            raise NotThereError(
                f"{request.host} has nothing at {urlsplit(request.url).path} (status {status}).",
                remedy=_remedy(request),
            )
        if status not in PASSING:
            raise FetchError(
                f"{request.host} refuses {urlsplit(request.url).path} (status {status}).",
                remedy=_remedy(request),
            )
        if wait is not None and wait > self.addresses.limits.longest_wait_seconds:
            raise FetchError(
                f"{request.host} asks us to come back in {wait:,.0f} seconds (status {status}).",
                remedy="Run it again then; what is here already is kept.",
            )
        too_much = status == UNAVAILABLE and request.may_be_too_much and wait is None
        raise PassingFault(
            f"is too busy (status {status})",
            wait_seconds=wait,
            otherwise=TooMuchError if too_much else FetchError,
        )

    def _body(self, request: Request, response: requests.Response) -> Iterator[bytes]:
        """Give the bytes, as long as they come within the time for one answer."""
        limits, began = self.addresses.limits, self.clock.monotonic()
        try:
            for chunk in response.iter_content(CHUNK_BYTES):
                if self.clock.monotonic() - began > limits.answer_seconds:
                    raise PassingFault(f"took more than {limits.answer_seconds:g} seconds")
                yield chunk
        except requests.RequestException as error:
            raise _fault(request, error) from error


@dataclass(frozen=True)
class _Extent:
    """Where a download goes on, where it ends, and who hears of it."""

    begun: int
    total: int
    progress: Progress


def parse_json(content: bytes) -> Any:
    """Make a value of JSON; what is broken is asked for again.

    Raises
    ------
    PassingFault
        When it is no JSON: it broke off, or is a page of a proxy.
    """
    try:
        value = json.loads(content, parse_constant=_refuse_constant)
        if b"\\u" in content:  # half of a pair of surrogates is JSON, but no text
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise PassingFault("answered with something that is no JSON") from error
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _too_large(request: Request) -> FetchError:
    return FetchError(
        f"{request.host} sends more than is plausible for this.",
        remedy="Check the address; or raise the sizes under [limits] in your addresses file.",
    )


def _enough(request: Request, attempts: int, state: tenacity.RetryCallState) -> bool:
    fault = state.outcome.exception() if state.outcome else None
    too_much = getattr(fault, "otherwise", None) is TooMuchError
    most = min(TOO_MUCH_ATTEMPTS, attempts) if too_much and request.may_be_too_much else attempts
    return state.attempt_number >= most


def _remedy(request: Request, first: str = "") -> str:
    return (
        f"{first} If it has moved, change {request.setting} in a file of your own and name it in "
        "--addresses (docs/fetch.md)."
    ).strip()


def _no_login(prepared: requests.PreparedRequest) -> requests.PreparedRequest:
    """Send no name and password: without this, requests takes them from a .netrc file."""
    return prepared


def _fault(request: Request, error: requests.RequestException) -> Exception:
    if isinstance(error, SSLError):
        return FetchError(
            f"The certificate of {request.host} is not trusted.",
            remedy="Behind a proxy that reads along, name its certificate in REQUESTS_CA_BUNDLE.",
        )
    if isinstance(error, Timeout) or "Read timed out" in str(error):
        return PassingFault("did not answer in time")
    if isinstance(error, (ChunkedEncodingError, ContentDecodingError)):
        return PassingFault("broke off in the middle of an answer")
    if isinstance(error, requests.ConnectionError):
        if "NameResolution" in str(error) or "getaddrinfo" in str(error):
            return PassingFault("is not known on this network")
        return PassingFault("cannot be reached, or hung up")
    return FetchError(f"{request.host} cannot be asked.", remedy=_remedy(request))


def _length(headers: Mapping[str, str]) -> int:
    """Say how many bytes are to come, 0 where it is not said."""
    text = headers.get("Content-Length", "")
    return int(text) if text.isdecimal() and len(text) < len(str(2**63)) else 0


def _retry_after(header: str | None, now: dt.datetime) -> float | None:
    """Read seconds, or a date of HTTP, as seconds from now; None where it is neither."""
    if header is None:
        return None
    text = header.strip()
    if text.isdecimal() and text.isascii():
        return float(text[:9])
    with suppress(ValueError, TypeError, OverflowError):
        return max(0.0, (email.utils.parsedate_to_datetime(text) - now).total_seconds())
    return None


def _begun(part: Path, url: str) -> tuple[int, str]:
    """Say how much of `part` can be kept, and what proves that the file is still the same."""
    try:
        note = json.loads(_note(part).read_text(encoding="utf-8"))
        if part.is_file() and note["url"] == url and isinstance(note["validator"], str):
            return part.stat().st_size, note["validator"]
    except (OSError, ValueError, KeyError, TypeError):
        pass  # without a sound note a download begins anew
    return 0, ""


def _begin(part: Path, url: str, headers: Mapping[str, str]) -> None:
    """Empty `part`, and note what proves later that the file on the server is the same."""
    etag = headers.get("ETag", "")
    strong = "" if etag.startswith("W/") else etag  # a weak one promises no equal bytes
    validator = strong or headers.get("Last-Modified", "")
    _drop(part)
    with _writing(part, "wb"):
        pass
    if validator:
        with _writing(_note(part), "wb") as stream:
            stream.write(json.dumps({"url": url, "validator": validator}).encode())


def _drop(part: Path) -> None:
    part.unlink(missing_ok=True)
    _note(part).unlink(missing_ok=True)


def _note(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


@contextmanager
def _writing(path: Path, mode: str) -> Iterator[IO[bytes]]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open(mode) as stream:
            yield stream
    except OSError as error:
        raise unwritable(path, error) from error
