"""Just enough MessagePack to read the postcode tables: maps, arrays, text, numbers, nothing.

The postcode package keeps its tables as MessagePack under Brotli. Arrow, which the tool has for
GeoParquet, undoes Brotli; this reader spares the build two packages for one file format.
"""

import struct
from typing import Any

from geo.errors import ReadError

# The leading byte of each kind of value, as the MessagePack specification numbers them.
_CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}
_NUMBERS = {
    code: struct.Struct(">" + letter)
    for code, letter in zip(range(0xCA, 0xD4), "fdBHIQbhiq", strict=True)
}
_TEXT = {0xD9: struct.Struct(">B"), 0xDA: struct.Struct(">H"), 0xDB: struct.Struct(">I")}
_ARRAY = {0xDC: struct.Struct(">H"), 0xDD: struct.Struct(">I")}
_MAP = {0xDE: struct.Struct(">H"), 0xDF: struct.Struct(">I")}


def unpack(packed: bytes) -> Any:
    """Turn one packed value into Python's own.

    Raises
    ------
    ReadError
        When a byte starts none of the kinds that the tables use, or the bytes end early.

    Examples
    --------
    >>> unpack(bytes([0x81, 0xA1, 0x61, 0x92, 0x01, 0xC0]))
    {'a': [1, None]}
    """
    try:
        value, end = _value(packed, 0)
    except (IndexError, struct.error) as fault:
        raise ReadError("The packed table ends in the middle of a value.") from fault
    if end != len(packed):
        raise ReadError(f"The packed table goes on for {len(packed) - end} bytes after its end.")
    return value


def _value(packed: bytes, at: int) -> tuple[Any, int]:
    code = packed[at]
    if code in _NUMBERS:
        number = _NUMBERS[code]
        return number.unpack_from(packed, at + 1)[0], at + 1 + number.size
    kind, size, start = _kind(packed, at)
    if kind == "text":
        return packed[start : start + size].decode(), start + size
    if kind == "array":
        return _items(packed, start, size)
    if kind == "map":
        flat, end = _items(packed, start, 2 * size)
        return dict(zip(flat[::2], flat[1::2], strict=True)), end
    if kind == "small":
        return size, start
    return _CONSTANTS[code], start


def _items(packed: bytes, at: int, count: int) -> tuple[list[Any], int]:
    items = []
    for _ in range(count):
        item, at = _value(packed, at)
        items.append(item)
    return items, at


def _kind(packed: bytes, at: int) -> tuple[str, int, int]:
    """Name the kind of the value at `at`, its length (or its small number) and where it starts."""
    code = packed[at]
    if code < 0x80 or code >= 0xE0:
        return "small", code if code < 0x80 else code - 0x100, at + 1
    if code < 0xC0:
        kind, mask = {0x80: ("map", 0x0F), 0x90: ("array", 0x0F)}.get(code & 0xF0, ("text", 0x1F))
        return kind, code & mask, at + 1
    for kind, sizes in (("text", _TEXT), ("array", _ARRAY), ("map", _MAP)):
        if code in sizes:
            return kind, sizes[code].unpack_from(packed, at + 1)[0], at + 1 + sizes[code].size
    if code in _CONSTANTS:
        return "constant", 0, at + 1
    raise ReadError(f"The packed table has a value of a kind (0x{code:02x}) that is not read here.")
