"""Pictures that are odd or damaged, and what they must look like where they are read at all."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from trials.files import chunks, decoded, encoded, joined

Pixels = NDArray[np.uint8]
Rng = np.random.Generator

FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF")
SUFFIXES = {"PNG": "png", "JPEG": "jpg", "TIFF": "tif", "BMP": "bmp", "WEBP": "webp", "GIF": "gif"}


@dataclass(frozen=True)
class Odd:
    """A picture's bytes, and what is known of them.

    Attributes:
        content: of the file.
        damage: in words.
        suffix: of its name.
        wanted: [H, W, 3] uint8 that it must show if it is taken at all; None where anything may be
            in it that a format without checksums cannot tell from a picture.
        reach: how far the mean of all pixels may lie from that.
        refused: whether it may not be taken.
    """

    content: bytes
    damage: str
    suffix: str = "png"
    wanted: Pixels | None = None
    reach: float = 1.0
    refused: bool = False


def make(base: Pixels, rng: Rng) -> Odd:
    """An odd picture of a sound one [H, W, 3]."""
    # A bomb takes as long as fifty others.
    names = [name for name in MAKERS if name != "bomb" or rng.random() < 0.3]
    return MAKERS[names[rng.integers(len(names))]](base, rng)


def _plain(base: Pixels, rng: Rng) -> tuple[str, bytes]:
    form = FORMATS[rng.integers(len(FORMATS))]
    options = {"TIFF": {"compression": ("raw", "tiff_lzw", "tiff_adobe_deflate")[rng.integers(3)]}}
    return form, encoded(Image.fromarray(base), form, **options.get(form, {}))


def _bytes(base: Pixels, rng: Rng) -> Odd:
    form, content = _plain(base, rng)
    changed = bytearray(content)
    reach = len(changed) if rng.random() < 0.7 else min(200, len(changed))
    places = rng.integers(0, reach, rng.integers(1, 20))
    for place in places:
        changed[place] ^= int(rng.integers(1, 256))
    # A PNG has checksums; of the others only what the file says is known.
    wanted = base if form == "PNG" else None
    return Odd(
        bytes(changed), f"{form}: bytes {places[:3].tolist()} changed", SUFFIXES[form], wanted
    )


def _cut(base: Pixels, rng: Rng) -> Odd:
    form, content = _plain(base, rng)
    length = int(rng.integers(1, len(content)))
    wanted = decoded(content)
    return Odd(content[:length], f"{form}: cut to {length}", SUFFIXES[form], wanted, 0.02)


def _empty(base: Pixels, rng: Rng) -> Odd:
    junk = (b"", b"\0" * 4096, b"no picture\n", rng.bytes(5000), b"%!PS-Adobe-3.0 EPSF-3.0\n")
    choice = int(rng.integers(len(junk)))
    suffix = ("png", "jpg", "tif", "gif")[rng.integers(4)]
    return Odd(junk[choice], f"junk {choice} as .{suffix}", suffix, refused=True)


def _chunks(base: Pixels, rng: Rng) -> Odd:
    # Small parts, so that a picture has several.
    body = zlib.compress(b"".join(b"\0" + row.tobytes() for row in base))
    size = max(len(body) // 4, 1)
    cut = [(b"IDAT", body[start : start + size]) for start in range(0, len(body), size)]
    height, width = base.shape[:2]
    head = (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    parts = [head, *cut, (b"IEND", b"")]
    how = int(rng.integers(5))
    one, other = (int(rng.integers(0, len(parts))) for _ in range(2))
    if how == 0:
        parts[one], parts[other] = parts[other], parts[one]
    elif how == 1:
        del parts[one]
    elif how == 2:
        parts.insert(one, parts[other])
    elif how == 3:
        parts.insert(1, (b"zTXt", b"a\0\0" + zlib.compress(b"\0" * 300_000_000, 9)))
    else:
        parts.insert(1, (b"iCCP", b"a\0\0" + rng.bytes(2000)))
    return Odd(joined(parts), f"PNG: chunks, way {how}, {one} and {other}", wanted=base)


def _huge(base: Pixels, rng: Rng) -> Odd:
    form, content = _plain(base, rng)
    changed = bytearray(content)
    width, height = (int(rng.choice([0, 1, 30_000, 65_500, 2**31 - 1, 2**32 - 1])) for _ in "wh")
    if form == "PNG":
        parts = chunks(content)
        parts[0] = (b"IHDR", struct.pack(">II", width, height) + parts[0][1][8:])
        changed = bytearray(joined(parts))
    elif form == "JPEG":
        at = content.index(b"\xff\xc0")
        changed[at + 5 : at + 9] = struct.pack(">HH", height & 0xFFFF, width & 0xFFFF)
    elif form == "BMP":
        changed[18:26] = struct.pack("<II", width, height)
    elif form == "GIF":
        changed[6:10] = struct.pack("<HH", width & 0xFFFF, height & 0xFFFF)
    elif form == "WEBP":
        at = content.index(b"VP8")
        changed[at + 14 : at + 18] = struct.pack("<HH", width & 0x3FFF, height & 0x3FFF)
    else:
        at = struct.unpack("<I", content[4:8])[0]
        for number in range(struct.unpack("<H", content[at : at + 2])[0]):
            entry = at + 2 + 12 * number
            tag = struct.unpack("<H", content[entry : entry + 2])[0]
            if tag in (256, 257):
                size = width if tag == 256 else height
                changed[entry + 2 : entry + 12] = struct.pack("<HII", 4, 1, size)
    return Odd(bytes(changed), f"{form}: says {width}×{height}", SUFFIXES[form])


def _exif(base: Pixels, rng: Rng) -> Odd:
    form = ("JPEG", "PNG", "WEBP")[rng.integers(3)]
    sound = decoded(encoded(Image.fromarray(base), form))
    tags = Image.Exif()
    tags[0x0112] = (0, 9, 65535, 1)[rng.integers(4)]
    body = tags.tobytes()
    if rng.random() < 0.6:
        junk = bytearray(b"Exif\0\0" + rng.bytes(int(rng.integers(0, 3000))))
        junk[6:8] = [b"II", b"MM", b"XX"][rng.integers(3)]
        body = bytes(junk)
    content = encoded(Image.fromarray(base), form, exif=body)
    return Odd(content, f"{form}: {len(body)} bytes of EXIF", SUFFIXES[form], sound)


def _suffix(base: Pixels, rng: Rng) -> Odd:
    form, content = _plain(base, rng)
    suffix = str(rng.choice([one for one in SUFFIXES.values() if one != SUFFIXES[form]]))
    return Odd(content, f"{form} called .{suffix}", suffix, decoded(content))


def _small(base: Pixels, rng: Rng) -> Odd:
    size = [(1, 1), (1, 400), (400, 1), (2, 2), (3, 30_000), (39, 41)][rng.integers(6)]
    # WebP has no longer sides.
    form = str(rng.choice([one for one in FORMATS if one != "WEBP" or max(size) < 16_000]))
    content = encoded(Image.fromarray(base).resize(size), form)
    return Odd(content, f"{form} of {size[0]}×{size[1]}", SUFFIXES[form])


def _grey(base: Pixels) -> Pixels:
    return np.asarray(Image.fromarray(base).convert("L"))


def _deep(base: Pixels, rng: Rng) -> Odd:
    import cv2

    grey = _grey(base)
    form = ("PNG", "TIFF")[rng.integers(2)]
    three = np.repeat(grey[:, :, None], 3, axis=2)
    if rng.random() < 0.5:
        deep = np.clip(base.astype(np.uint16) * 257 + rng.integers(0, 2, base.shape), 0, 65535)
        deep = deep.astype(np.uint16)
        content = cv2.imencode(f".{SUFFIXES[form]}", deep[:, :, ::-1])[1].tobytes()
        return Odd(content, f"{form} of 3×16 bits", SUFFIXES[form], base, 1.5)
    picture = Image.fromarray(grey.astype(np.uint16) * 257)
    return Odd(encoded(picture, form), f"{form} of 16 bits", SUFFIXES[form], three)


def _float(base: Pixels, rng: Rng) -> Odd:
    grey: NDArray[Any] = _grey(base).astype(np.float32)
    three = np.repeat(grey[:, :, None], 3, axis=2).astype(np.uint8)
    how = int(rng.integers(8))
    wanted: Pixels | None = three
    if how == 0:
        grey = grey / 255
    elif how == 2:
        grey = grey * 257
    elif how == 3:
        grey = ((grey / 255) ** 2 * 1e30).astype(np.float32)
        wanted = None
    elif how == 4:
        grey[rng.random(grey.shape) < 0.01] = np.nan
    elif how == 5:
        grey = grey / 255
        grey[0, 0] = 1.002
    elif how == 6:
        grey = -grey
        wanted = None
    elif how == 7:
        grey[:] = [np.nan, np.inf, -np.inf][rng.integers(3)]
        return Odd(
            encoded(Image.fromarray(grey), "TIFF"), "float, none finite", "tif", refused=True
        )
    return Odd(encoded(Image.fromarray(grey), "TIFF"), f"float, way {how}", "tif", wanted, 4.0)


def _modes(base: Pixels, rng: Rng) -> Odd:
    mode = ("CMYK", "P", "LA", "RGBA", "1", "I", "YCbCr", "LAB", "P clear")[rng.integers(9)]
    colour, grey = Image.fromarray(base), np.repeat(_grey(base)[:, :, None], 3, axis=2)
    if mode == "CMYK":
        form = ("JPEG", "TIFF")[rng.integers(2)]
        content = encoded(colour.convert("CMYK"), form)
        return Odd(content, f"CMYK {form}", SUFFIXES[form], base, 8.0)
    if mode in ("YCbCr", "LAB"):
        return Odd(encoded(colour.convert(mode), "TIFF"), f"{mode} TIFF", "tif", base, 8.0)
    if mode == "P clear":
        few = colour.convert("P", palette=Image.Palette.ADAPTIVE)
        return Odd(encoded(few, "PNG", transparency=0), "palette with a clear colour")
    if mode == "P":
        few = colour.convert("P", palette=Image.Palette.ADAPTIVE)
        return Odd(encoded(few, "PNG"), "palette", wanted=base, reach=8.0)
    if mode == "I":
        deep = Image.fromarray(_grey(base).astype(np.int32) * 257)
        return Odd(encoded(deep, "TIFF"), "32-bit TIFF", "tif", grey)
    wanted = base if mode == "RGBA" else grey if mode == "LA" else None
    return Odd(encoded(colour.convert(mode), "PNG"), f"mode {mode}", wanted=wanted)


def _moving(base: Pixels, rng: Rng) -> Odd:
    form = ("GIF", "WEBP", "PNG", "TIFF")[rng.integers(4)]
    first = Image.fromarray(base)
    count = int(rng.choice([1, 3, 200]))
    others = [Image.fromarray(np.roll(base, step + 1, axis=1)) for step in range(count)]
    content = encoded(first, form, save_all=True, append_images=others)
    if rng.random() < 0.3:
        content = content[: int(len(content) * rng.uniform(0.3, 0.99))]
        return Odd(content, f"{form} of {count + 1} pictures, cut", SUFFIXES[form])
    return Odd(content, f"{form} of {count + 1} pictures", SUFFIXES[form], base, 12.0)


def _bomb(base: Pixels, rng: Rng) -> Odd:
    side = int(rng.choice([10_900, 13_000, 60_000]))
    mode = ("L", "RGB")[rng.integers(2)]
    row = b"\0" * (1 + side * len(mode))
    squeeze = zlib.compressobj(9)
    body = b"".join(squeeze.compress(row * 100) for _ in range(side // 100)) + squeeze.flush()
    head = struct.pack(">IIBBBBB", side, side, 8, 0 if mode == "L" else 2, 0, 0, 0)
    content = joined([(b"IHDR", head), (b"IDAT", body), (b"IEND", b"")])
    return Odd(content, f"PNG of {side}×{side} {mode}, {len(content)} bytes", refused=side > 10_954)


def _text(base: Pixels, rng: Rng) -> Odd:
    about = PngInfo()
    for number in range(int(rng.integers(1, 200))):
        about.add_text(f"key{number}", "x" * int(rng.integers(0, 5000)))
    return Odd(encoded(Image.fromarray(base), "PNG", pnginfo=about), "PNG: texts", wanted=base)


MAKERS: dict[str, Callable[[Pixels, Rng], Odd]] = {
    "bytes": _bytes,
    "cut": _cut,
    "empty": _empty,
    "chunks": _chunks,
    "huge": _huge,
    "exif": _exif,
    "suffix": _suffix,
    "small": _small,
    "deep": _deep,
    "float": _float,
    "modes": _modes,
    "moving": _moving,
    "bomb": _bomb,
    "text": _text,
}
