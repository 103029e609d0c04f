"""The checksums of a PNG file, of which Pillow passes over those of the pixels."""

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
