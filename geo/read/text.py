"""Bytes that are text: which encoding they are in, told from all of them, and given as UTF-8.

A file in cp1252 may hold its first letter outside ASCII after many megabytes, so the whole file is
looked at before its first row is given. What had to be assumed stands in `notes`.
"""

import codecs
from collections.abc import Iterator
from typing import NamedTuple

import charset_normalizer

from geo.errors import ReadError
from geo.read.file import File

SCAN_BYTES = 2**20
GUESS_BYTES = 2**18

_ASCII = bytes(range(128))
_NOT_IN_CP1252 = bytes.fromhex("818d8f909d")
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OTHER_KINDS = (
    (b"PK\x03\x04", "a zip or a workbook (.xlsx)"),
    (b"PK\x05\x06", "an empty zip"),
    (b"\x1f\x8b", "gzipped"),
    (b"\xd0\xcf\x11\xe0", "an old workbook or document of Office (.xls)"),
    (b"%PDF", "a PDF"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3", "a database (GeoPackage)"),
    (b"\x89PNG", "a picture"),
    (b"<!doctype html", "a web page"),
    (b"<html", "a web page"),
    (b"<?xml", "XML"),
)
_SAVE = "Save it as 'CSV UTF-8' (in Excel: Save as, CSV UTF-8)."


class Written(NamedTuple):
    """How a text is written, and what was assumed."""

    encoding: str
    notes: tuple[str, ...] = ()


def written(file: File) -> Written:
    """Tell the encoding of a whole file.

    Raises
    ------
    ReadError
        When it is of another kind by its first bytes, or in no encoding that is known.
    """
    with file.open() as stream:
        head = stream.read(2**12)
    kind = next(
        (kind for start, kind in _OTHER_KINDS if head.lower().startswith(start.lower())), ""
    )
    if kind:
        raise ReadError(
            f"{file.name} is no table of text: its content is {kind}.",
            remedy="Was the right link downloaded, and does its name end as it should?",
        )
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return Written(encoding, (f"the text is in {encoding.upper()}",))
    if b"\0" in head:
        return _wide(file, head)
    return _narrow(file, "utf-8-sig" if head.startswith(codecs.BOM_UTF8) else "utf-8")


def text_blocks(
    file: File, encoding: str, size: int, *, first: int | None = None
) -> Iterator[bytes]:
    """Give the text as UTF-8 without byte-order mark, in blocks of about `size` bytes.

    Parameters
    ----------
    first
        Size of the first block, where it is to be another.

    Raises
    ------
    ReadError
        When bytes are no text of `encoding`.
    """
    plain = encoding in {"utf-8", "utf-8-sig"}
    # decoding block by block also shows bytes that were changed since the encoding was told
    decoder = codecs.getincrementaldecoder(encoding)()
    at = 0
    with file.open() as stream:
        while block := stream.read(size if at else first or size):
            text = block.removeprefix(codecs.BOM_UTF8) if plain and not at else block
            if not text.isascii() or decoder.getstate()[0] or not _ascii_based(encoding):
                text = _decoded(file, decoder, text, at, final=False)
            at += len(block)
            if text:
                yield text
    rest = _decoded(file, decoder, b"", at, final=True)
    if rest:
        yield rest


def _ascii_based(encoding: str) -> bool:
    return encoding in {"utf-8", "utf-8-sig", "cp1252"}


def _decoded(
    file: File, decoder: codecs.IncrementalDecoder, block: bytes, at: int, *, final: bool
) -> bytes:
    try:
        return decoder.decode(block, final).encode()
    except UnicodeError as error:
        raise ReadError(
            f"{file.name} has bytes that are no text, after byte {at:,}.",
            remedy=_SAVE,
        ) from error


def _wide(file: File, head: bytes) -> Written:
    """Tell UTF-16 that has no byte-order mark by where its zero bytes stand."""
    half = max(1, len(head) // 2)
    even, odd = head[::2].count(0) / half, head[1::2].count(0) / half
    if max(even, odd) > 0.5 and min(even, odd) < 0.05:
        encoding = "utf-16-le" if odd > even else "utf-16-be"
        return Written(encoding, ("the text is taken for UTF-16; it does not say so",))
    if head.count(0) > len(head) // 10:
        raise ReadError(
            f"{file.name} holds zero bytes and is no table of text.",
            remedy="Is it complete, and a CSV file? Export it again.",
        )
    return _narrow(file, "utf-8-sig" if head.startswith(codecs.BOM_UTF8) else "utf-8")


def _narrow(file: File, encoding: str) -> Written:
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8, strange = True, b""
    with file.open() as stream:
        for block in iter(lambda: stream.read(SCAN_BYTES), b""):
            if block.isascii() and not decoder.getstate()[0]:
                continue
            if is_utf8:
                is_utf8 = _decodes(decoder, block)
            strange += bytes(set(block.translate(None, _ASCII)) - set(strange))
    if is_utf8 and _decodes(decoder, b"", final=True):
        return Written(encoding)
    if not set(strange) & set(_NOT_IN_CP1252):
        return Written("cp1252", ("the text is no UTF-8 and is taken for Windows-1252",))
    return _guessed(file)


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _guessed(file: File) -> Written:
    """Ask charset-normalizer, of the lines that are not ASCII: the last resort."""
    sample = bytearray()
    with file.open() as stream:
        for line in iter(lambda: stream.readline(2**16), b""):
            if not line.isascii():
                sample += line
            if len(sample) > GUESS_BYTES:
                break
    found = charset_normalizer.from_bytes(bytes(sample)).best()
    if found is None or not _decodes_all(file, found.encoding):
        raise ReadError(f"{file.name} is in an encoding that is not known.", remedy=_SAVE)
    return Written(found.encoding, (f"the text is taken for {found.encoding}; check its names",))


def _decodes_all(file: File, encoding: str) -> bool:
    try:
        for _ in text_blocks(file, encoding, SCAN_BYTES):
            pass
    except (ReadError, LookupError):
        return False
    return True
