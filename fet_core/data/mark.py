"""The mark that says of a picture that it is made: written into its file, and read back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from fet_core.data.pictures import opened

if TYPE_CHECKING:
    from PIL import Image

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
"""IPTC's word for a photograph of which a learned model has changed a part."""

SOFTWARE = 0x0131
"""EXIF's tag, and TIFF's."""

_NAME = "FET"
_PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
    xmp:CreatorTool="{program}"
    Iptc4xmpExt:DigitalSourceType="{source_type}"/>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""

# As an attribute, an element, or an element that points to a resource. Bounded, as what a stranger
# has put into a file must not keep this busy.
_VALUE = (
    r"""\s{0,9}(?:=\s{0,9}["']|>|\s[^<>]{0,99}?rdf:resource\s{0,9}=\s{0,9}["'])([^"'<>]{1,999})"""
)
_MOST = 1 << 20  # bytes of XMP that are looked through
_LONGEST = 200
_SOURCE_TYPE, _TOOL = (
    re.compile(rb":" + name + _VALUE.encode()) for name in (b"DigitalSourceType", b"CreatorTool")
)


@dataclass(frozen=True)
class Origin:
    """What a picture's file says of how it came to be.

    Attributes:
        program: "FET" with the version that has made it; None where this is not told.
        source_type: IPTC's digital source type, whoever has written it; None where there is none.
    """

    program: str | None
    source_type: str | None


def program() -> str:
    """The name and version that pictures are marked with."""
    try:
        return f"{_NAME} {version('fet')}"
    except PackageNotFoundError:
        return f"{_NAME} of an unknown version"


def packet() -> bytes:
    """The mark as XMP."""
    return _PACKET.format(program=program(), source_type=SOURCE_TYPE).encode()


def origin(path: Path) -> Origin:
    """Read a picture's mark; a file is no less made where it has lost it.

    Raises:
        UserError: it cannot be read as a picture; the message names it.
    """
    with opened(path) as (image, _):
        xmp = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
        told = [_found(_TOOL, xmp), image.info.get("Software"), _software(image)]
        ours = [name for name in told if isinstance(name, str) and name.startswith(f"{_NAME} ")]
        return Origin(_plain(ours[0]) if ours else None, _found(_SOURCE_TYPE, xmp))


def _found(pattern: re.Pattern[bytes], xmp: str | bytes) -> str | None:
    content = xmp if isinstance(xmp, bytes) else xmp.encode()
    found = pattern.search(content[:_MOST])
    return _plain(unescape(found[1].decode("utf-8", "replace"))) if found else None


def _plain(text: str) -> str:
    """What a terminal can be given."""
    return "".join(letter for letter in text if letter.isprintable()).strip()[:_LONGEST]


def _software(image: Image.Image) -> object:
    try:
        return image.getexif().get(SOFTWARE)
    except Exception:  # a picture with broken EXIF is still a picture
        return None
