"""Bring a published file as it is, byte by byte."""

import datetime as dt
from pathlib import Path
from typing import Protocol

from layers.fetch.addresses import DatedDownload, Download
from layers.fetch.errors import FetchError, NotThereError
from layers.fetch.web import Progress, Request, Web

HEAD_BYTES = 4096


class PartOf(Protocol):
    """Says where a file grows until it is whole."""

    def __call__(self, file: str) -> Path:
        """Give the place of `file` while it grows."""
        ...


def download(web: Web, source: Download, part: Path, *, setting: str, progress: Progress) -> None:
    """Bring a file to `part`.

    Raises
    ------
    FetchError
        When it cannot be had, or its first line is not that of the file that was wanted.
    """
    web.download(Request(source.url, setting), part, progress=progress)
    with part.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    line = head if source.header == "PK" else (head.splitlines() or [b""])[0]
    text = line.decode("utf-8-sig", errors="replace").lstrip().lstrip('"')
    if source.header not in text[:200] or text.startswith("<"):
        part.unlink()
        raise FetchError(
            f"What stands at {source.url.split('?')[0]} is not {source.file}: its first line has "
            f"no '{source.header}'.",
            remedy=f"If it has moved, change {setting} in a file of your own and name it in "
            "--addresses (docs/fetch.md).",
        )


def download_newest(
    web: Web, source: DatedDownload, part_of: PartOf, *, setting: str, progress: Progress
) -> tuple[str, str, dt.date]:
    """Bring the newest of the last days' files.

    Returns
    -------
    tuple
        The file's name, the address it came from, and its day.

    Raises
    ------
    NotThereError
        When none of the days has a file.
    FetchError
        As `download`.
    """
    today = web.clock.now().date()
    for back in range(source.days_back):
        day = today - dt.timedelta(days=back)
        dated = _of_day(source, day)
        try:
            download(web, dated, part_of(dated.file), setting=setting, progress=progress)
        except NotThereError:
            continue
        return dated.file, dated.url, day
    raise NotThereError(
        f"There is no {source.file} of the last {source.days_back} days.",
        remedy=f"If it has moved, change {setting} in a file of your own and name it in "
        "--addresses (docs/fetch.md).",
    )


def _of_day(source: DatedDownload, day: dt.date) -> Download:
    text = f"{day:%Y%m%d}"
    return source.model_copy(
        update={
            "url": source.url.replace("{date}", text),
            "file": source.file.replace("{date}", text),
        }
    )
