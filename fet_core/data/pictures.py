"""Opening a user's pictures, whatever their mode, as 8-bit grey or RGB arrays."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from fet_core.data.pixels import UnreadableError, is_deep, is_grey, pixels, strips
from fet_core.data.png import damaged_chunk
from fet_core.errors import UserError

if TYPE_CHECKING:
    from PIL import Image

FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF")
"""What a picture's content may be. Formats that run other programs (EPS) are not among them."""

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".gif"})
"""How files of these formats are named."""

MAX_BYTES = 360_000_000
"""Pictures that decode to more are refused before they are decoded, unless told otherwise: 120
megapixels with up to 3 bytes a pixel, 90 with 4, as floats and transparent colour have. Reading one
takes up to three times as much memory."""

LARGEST = 536_000_000
"""The highest such limit: Pillow itself opens no more than 178.9 megapixels."""

_UPRIGHT = 1
_ORIENTATION_TAG = 0x0112
_EXIF_KEYS = ("exif", "Raw profile type exif", "xmp", "XML:com.adobe.xmp")


@dataclass(frozen=True)
class PictureInfo:
    """What a picture is as stored, seen upright.

    Attributes:
        width: pixels across, after EXIF orientation.
        height: pixels down, after EXIF orientation.
        channels: 1 for grey-like modes, 3 otherwise; alpha is not counted.
        mode: Pillow's name of the mode.
        alpha: whether it has transparency.
        deep: whether it has more than 8 bits a channel.
        turned: whether EXIF says that it is not stored upright.
    """

    width: int
    height: int
    channels: int
    mode: str
    alpha: bool = False
    deep: bool = False
    turned: bool = False


def describe(path: Path, max_bytes: int = MAX_BYTES, decode: bool = False) -> PictureInfo:
    """Say what a picture is.

    Args:
        path: the file.
        max_bytes: of the decoded picture.
        decode: read all of it, and so find out whether it is whole; else only its header.

    Raises:
        UserError: it is no picture, is damaged or too large; the message names the file.
    """
    with _named(path), _opened(Path(path), max_bytes) as image:
        info = _info(image)
        if decode:
            _decode(image)
        return info


def examine(path: str, max_bytes: int = MAX_BYTES) -> PictureInfo | str:
    """Decode all of a picture (in a worker process): what it is, or why it cannot be used."""
    try:
        with _opened(Path(path), max_bytes) as image:
            info = _info(image)
            _decode(image)
            return info
    except UnreadableError as error:
        return str(error)


def read_picture(path: Path, channels: int, max_bytes: int = MAX_BYTES) -> np.ndarray:
    """Read a picture upright, as uint8 in [0, 255].

    16 bits become 8 by v/257, rounded; floats go from 0 to 1, or to 255 where their mean is above
    1; transparency is laid over white; grey is repeated for three channels, and colour becomes grey
    by ITU-R 601 luma for one.

    Args:
        path: the file.
        channels: 1 for an array [H, W], 3 for RGB [H, W, 3].
        max_bytes: of the decoded picture.

    Raises:
        UserError: the file cannot be read as a picture; the message names it.
        ValueError: `channels` is neither 1 nor 3.
    """
    if channels not in (1, 3):
        raise ValueError(f"channels is {channels}, not 1 or 3")
    with opened(path, max_bytes) as (image, orientation):
        return pixels(image, channels, orientation)


@contextmanager
def opened(path: Path, max_bytes: int = MAX_BYTES) -> Iterator[tuple[Image.Image, int]]:
    """Yield a decoded picture as Pillow has it, and the EXIF orientation that it is left in.

    Args:
        path: the file.
        max_bytes: of the decoded picture.

    Raises:
        UserError: the file cannot be read as a picture; the message names it.
    """
    with _named(path), _opened(Path(path), max_bytes) as image:
        orientation = _load(image)
        yield image, orientation


def conversion_needed(info: PictureInfo, channels: int) -> str:
    """What `read_picture` does to a picture beyond decoding it, "" where nothing.

    Grey that is repeated for three channels counts as nothing.
    """
    steps = []
    if info.turned:
        steps.append("turned upright")
    if info.mode == "1":
        steps.append("1-bit to 8-bit")
    elif info.deep:
        known = {"I": "32-bit", "F": "float"}
        steps.append(f"{known.get(info.mode, '16-bit')} to 8-bit")
    if info.alpha:
        steps.append("alpha over white")
    if info.mode in ("P", "PA"):
        steps.append("palette to RGB")
    elif info.channels == 3 and info.mode not in ("RGB", "RGBA", "RGBa", "RGBX"):
        steps.append(f"{info.mode} to RGB")
    if info.channels == 3 and channels == 1:
        steps.append("colour to grey")
    return "; ".join(steps)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    try:
        yield
    except UnreadableError as error:
        raise UserError(
            f"the picture {path} cannot be used ({error}); replace it or take it away"
        ) from error


@contextmanager
def _opened(path: Path, max_bytes: int) -> Iterator[Image.Image]:
    """Open a picture; whatever goes wrong inside the block becomes an `UnreadableError`."""
    from PIL import Image, UnidentifiedImageError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if path.stat().st_size == 0:
                raise UnreadableError("the file is empty")
            # By a file object, as Pillow maps a file that it opens by name, and then scrambles an
            # uncompressed TIFF that lies on its side.
            with path.open("rb") as file, Image.open(file, formats=FORMATS) as image:
                if image.width < 1 or image.height < 1:
                    raise UnreadableError(f"it has no pixels: {image.width}×{image.height}")
                if _decoded_bytes(image) > max_bytes:
                    raise UnreadableError(
                        f"it is too large: {image.width}×{image.height} pixels, decoded "
                        f"{_decoded_bytes(image) / 1e6:.0f} MB where {max_bytes / 1e6:.0f} may be"
                    )
                yield image
        except UnreadableError:
            raise
        except UnidentifiedImageError as error:
            raise UnreadableError("it is not a PNG, JPEG or TIFF picture") from error
        except Image.DecompressionBombError as error:
            raise UnreadableError(
                f"it is too large: decoded more than {max_bytes / 1e6:.0f} MB"
            ) from error
        except MemoryError as error:
            raise UnreadableError("it is too large: it does not fit into memory") from error
        except OSError as error:
            if error.errno is not None and error.filename is not None:
                raise UnreadableError(f"it cannot be opened: {error.strerror}") from error
            raise UnreadableError(f"it is truncated or damaged: {error}") from error
        # Pillow's decoders answer damaged files with a dozen kinds of exceptions, and one bad
        # picture must not end the run.
        except Exception as error:
            raise UnreadableError(f"it is truncated or damaged: {error}") from error


def _decoded_bytes(image: Image.Image) -> int:
    """How much a picture takes once it is decoded, or repeated to three channels."""
    each = 4 if image.mode in ("I", "F") else max(len(image.getbands()), 3)
    return image.width * image.height * each


def _info(image: Image.Image) -> PictureInfo:
    orientation = _orientation(image)
    width, height = image.size
    if orientation >= 5 and not _turned_by_pillow(image):
        width, height = height, width
    return PictureInfo(
        width=width,
        height=height,
        channels=1 if is_grey(image.mode) else 3,
        mode=image.mode,
        alpha=not is_deep(image.mode) and image.has_transparency_data,
        deep=is_deep(image.mode) or _raw_is_16_bit(image),
        turned=orientation != _UPRIGHT,
    )


def _orientation(image: Image.Image) -> int:
    # Pillow decodes a whole PNG to look for EXIF after the pixels; only what the header has counts.
    if image.format == "PNG" and not any(key in image.info for key in _EXIF_KEYS):
        return _UPRIGHT
    try:
        value = image.getexif().get(_ORIENTATION_TAG, _UPRIGHT)
    except Exception:  # a picture with broken EXIF is still a picture
        return _UPRIGHT
    return value if isinstance(value, int) and 1 <= value <= 8 else _UPRIGHT


def _turned_by_pillow(image: Image.Image) -> bool:
    return image.format == "TIFF"


def _raw_is_16_bit(image: Image.Image) -> bool:
    """Whether Pillow is about to drop the low bytes of a 16-bit colour file."""
    return any(";16" in str(tile[3]) for tile in getattr(image, "tile", ()))


def _load(image: Image.Image) -> int:
    """Decode an opened picture; returns the orientation in which Pillow leaves it.

    Raises:
        UnreadableError: it is a PNG with a wrong checksum.
    """
    # Asked before the pixels are there: loading turns a TIFF, and finds EXIF at a PNG's end.
    orientation = _UPRIGHT if _turned_by_pillow(image) else _orientation(image)
    if image.format == "PNG":
        # Of Pillow's pictures those of a file have it, whatever their type says.
        file: IO[bytes] = getattr(image, "fp")  # noqa: B009
        chunk = damaged_chunk(file)
        if chunk:
            raise UnreadableError(f"it is damaged: the checksum of its part {chunk} is wrong")
    image.load()
    return orientation


def _decode(image: Image.Image) -> None:
    """Find out whether all of an opened picture can be used."""
    _load(image)
    for _ in strips(image, 1 if is_grey(image.mode) else 3):
        pass
