"""The chunks of a PNG file: their checksums, and what another file has beside its pixels."""

from __future__ import annotations

import struct
import zlib
from typing import IO

_SIGNATURE = 8
_AT_ONCE = 1 << 20


def damaged_chunk(file: IO[bytes]) -> str:
    """The type of the first chunk whose checksum is wrong, "" where none is.

    What is cut off is not looked for: a decoder finds that.

    Args:
        file: of a PNG, anywhere; it is left where it was.
    """
    before = file.tell()
    try:
        file.seek(_SIGNATURE)
        while len(head := file.read(8)) == 8:
            left, kind = struct.unpack(">I4s", head)
            found = zlib.crc32(kind)
            while left and (data := file.read(min(left, _AT_ONCE))):
                found = zlib.crc32(data, found)
                left -= len(data)
            told = file.read(4)
            if len(told) == 4 and int.from_bytes(told, "big") != found:
                return kind.decode("ascii", "replace") if kind.isalpha() else "of no known type"
            if kind == b"IEND":
                break
    finally:
        file.seek(before)
    return ""


def with_chunks_of(content: bytes, other: bytes) -> bytes:
    """A PNG file with the text, profile, EXIF and resolution of another one, and its own pixels.

    Args:
        content: the file; it has none of these.
        other: the other, with all of these before its pixels, and without a palette.
    """
    head = _SIGNATURE + 25
    return content[:head] + other[head : other.index(b"IDAT") - 4] + content[head:]
