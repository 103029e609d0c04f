"""The mark of a made picture: in every format, and read back, however it was written."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from fet_core.data.encode import WRITTEN, encode
from fet_core.data.mark import SOURCE_TYPE, Origin, origin, packet, program
from fet_core.errors import UserError

NOISE = np.random.default_rng(3).integers(0, 256, (40, 30, 3), np.uint8)
OURS = f"FET {metadata.version('fet')}"


@pytest.mark.parametrize("suffix", WRITTEN)
@pytest.mark.parametrize("grey", [False, True])
def test_every_format_carries_it(grey: bool, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"made{suffix}"
    path.write_bytes(encode(NOISE[..., 0] if grey else NOISE, suffix, mark=True))
    assert origin(path) == Origin(OURS, SOURCE_TYPE)
    with Image.open(path) as image:
        image.load()
        software = image.info.get("Software") or image.getexif()[0x0131]
        assert software == OURS
        assert image.info["xmp"] == packet()


def test_the_packet_is_xml() -> None:
    root = ElementTree.fromstring(packet().decode().split("?>", 1)[1].rsplit("<?", 1)[0])
    (description,) = root[0]
    names = {name.split("}")[1]: value for name, value in description.items()}
    assert names["DigitalSourceType"].endswith("/compositeWithTrainedAlgorithmicMedia")
    assert names["CreatorTool"] == program() == OURS


def test_a_picture_without_a_mark(tmp_path: Path) -> None:
    for suffix in (*WRITTEN, ".bmp", ".gif"):
        path = tmp_path / f"own{suffix}"
        Image.fromarray(NOISE).save(path)
        assert origin(path) == Origin(None, None)


def test_what_is_left_where_the_xmp_was_lost(tmp_path: Path) -> None:
    path = tmp_path / "made.png"
    text = PngInfo()
    text.add_text("Software", OURS)
    Image.fromarray(NOISE).save(path, pnginfo=text)
    assert origin(path) == Origin(OURS, None)
    exif = Image.Exif()
    exif[0x0131] = "FET of an unknown version"
    Image.fromarray(NOISE).save(tmp_path / "made.jpg", exif=exif)
    assert origin(tmp_path / "made.jpg") == Origin("FET of an unknown version", None)


@pytest.mark.parametrize(
    "xmp",
    [
        "<a Iptc4xmpExt:DigitalSourceType='http://x/trained' xmp:CreatorTool='Other 3'/>",
        "<Iptc4xmpExt:DigitalSourceType>\n http://x/trained </Iptc4xmpExt:DigitalSourceType>",
        '<ext:DigitalSourceType rdf:resource = "http://x/trained"/><b:Software>FET</b:Software>',
    ],
)
def test_other_programs_marks(xmp: str, tmp_path: Path) -> None:
    path = tmp_path / "made.jpg"
    Image.fromarray(NOISE).save(path, xmp=xmp.encode())
    assert origin(path) == Origin(None, "http://x/trained")


def test_what_a_stranger_has_written(tmp_path: Path) -> None:
    path = tmp_path / "made.webp"
    for xmp in (":CreatorTool " * 100_000, ":DigitalSourceType" + " " * 1_000_000):
        Image.fromarray(NOISE).save(path, xmp=xmp.encode())
        assert origin(path) == Origin(None, None)
    xmp = "<a x:CreatorTool='FET \x1b[2J\n1' b:DigitalSourceType='" + "x" * 900 + "'/>"
    Image.fromarray(NOISE).save(path, xmp=xmp.encode())
    assert origin(path) == Origin("FET [2J1", "x" * 200)


def test_a_mark_behind_the_pixels(tmp_path: Path) -> None:
    """As other programs write it, that only add to a file."""
    made, own = tmp_path / "made.png", tmp_path / "own.png"
    Image.fromarray(NOISE).save(own)
    content, marked = own.read_bytes(), encode(NOISE, ".png", mark=True)
    end = len(content) - 12
    chunks = marked[marked.index(b"iTXt") - 4 : marked.index(b"IDAT") - 4]
    made.write_bytes(content[:end] + chunks + content[end:])
    assert origin(made).source_type == SOURCE_TYPE


def test_a_file_that_is_no_picture(tmp_path: Path) -> None:
    path = tmp_path / "made.png"
    path.write_text("no picture", encoding="utf-8")
    with pytest.raises(UserError, match=r"made\.png cannot be used"):
        origin(path)
    path.write_bytes(encode(NOISE, ".png", mark=True)[:-40])
    with pytest.raises(UserError, match=r"made\.png cannot be used"):
        origin(path)
