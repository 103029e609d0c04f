"""A decoded picture's pixels as 8-bit grey or RGB, a few rows at a time: no second whole copy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL import Image

_AT_ONCE = 1 << 22
"""Pixels of the rows that are converted together."""

_GREY_MODES = frozenset({"1", "L", "LA", "La", "I", "F"})


class UnreadableError(Exception):
    """A picture cannot be used; the message is the reason, without the file's name."""


def is_grey(mode: str) -> bool:
    """Whether a mode of Pillow's has no colour."""
    return mode in _GREY_MODES or mode.startswith("I;")


def is_deep(mode: str) -> bool:
    """Whether a mode of Pillow's has more than 8 bits a channel."""
    return mode in ("I", "F") or mode.startswith("I;")


def pixels(image: Image.Image, channels: int, orientation: int = 1) -> NDArray[np.uint8]:
    """All pixels, turned upright.

    Args:
        image: loaded.
        channels: 1 for grey, 3 for RGB.
        orientation: EXIF's, 1 to 8, of what is to be turned here.

    Returns:
        [H, W] or [H, W, 3].

    Raises:
        UnreadableError: as `strips`.
    """
    width, height = image.size
    stored = np.empty((height, width) if channels == 1 else (height, width, 3), np.uint8)
    top = 0
    for part in strips(image, channels):
        stored[top : top + len(part)] = part
        top += len(part)
    return turned(stored, orientation)


def turned(stored: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Pixels [H, W] or [H, W, C] as a file has them, upright by EXIF's orientation, 1 to 8."""
    return np.ascontiguousarray(_TURNS[orientation](stored))


def strips(image: Image.Image, channels: int) -> Iterator[NDArray[np.uint8]]:
    """The pixels in strips [h, W] or [h, W, 3] from top to bottom.

    Args:
        image: loaded.
        channels: 1 for grey, 3 for RGB.

    Raises:
        UnreadableError: deep values are on no scale that is known.
    """
    from PIL import Image

    wanted = "L" if channels == 1 else "RGB"
    native = "L" if is_grey(image.mode) else "RGB"
    scale = _scale(image) if is_deep(image.mode) else 1.0
    for part in _parts(image):
        if is_deep(image.mode):
            flat = Image.fromarray(_to_8bit(np.asarray(part), scale))
        elif part.has_transparency_data:
            colour = part.convert("RGBA")
            white = Image.new("RGBA", colour.size, "white")
            flat = Image.alpha_composite(white, colour).convert(native)
        else:
            flat = part if part.mode == native else part.convert(native)
        yield np.asarray(flat if flat.mode == wanted else flat.convert(wanted))


def _parts(image: Image.Image) -> Iterator[Image.Image]:
    width, height = image.size
    rows = max(_AT_ONCE // width, 1)
    if rows >= height:
        yield image
        return
    for top in range(0, height, rows):
        yield image.crop((0, top, width, min(top + rows, height)))


def _scale(image: Image.Image) -> float:
    """What deep grey is multiplied with to lie between 0 and 255.

    Whole numbers of 16 bits have the scale of 16 bits. Others are told by what is usual in them, as
    one value too large must not turn all else black: 32-bit integers are of 8 bits where their mean
    is, and floats go to 1 where their mean does; what is above is white.

    Raises:
        UnreadableError: floats of another scale, or none that is finite.
    """
    if image.mode not in ("I", "F"):
        return 1 / 257
    total, highest, known = 0.0, 0.0, False
    for part in _parts(image):
        stored = np.asarray(part)
        known = known or bool(np.isfinite(stored).any())
        values = _finite(stored)
        total += float(values.sum())
        highest = max(highest, float(values.max()))
    if not known:
        raise UnreadableError("none of its values is a finite number")
    mean = total / (image.width * image.height)
    if image.mode == "I":
        return 1 / 257 if mean > 255 else 1.0
    if mean > 255:
        raise UnreadableError(
            f"its floating-point values go to {highest:g}, neither from 0 to 1 nor from 0 to 255"
        )
    return 1.0 if mean > 1 else 255.0


def _finite(values: NDArray[np.generic]) -> NDArray[np.float64]:
    return np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)


def _to_8bit(values: NDArray[np.generic], scale: float) -> NDArray[np.uint8]:
    # Divided by 257, as a product with its inverse rounds otherwise.
    wide = _finite(values)
    scaled = wide / 257 if scale < 1 else wide * scale
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)


_TURNS: dict[int, Callable[[NDArray[Any]], NDArray[Any]]] = {
    1: lambda stored: stored,
    2: lambda stored: stored[:, ::-1],
    3: lambda stored: stored[::-1, ::-1],
    4: lambda stored: stored[::-1],
    5: lambda stored: stored.swapaxes(0, 1),
    6: lambda stored: np.rot90(stored, -1),
    7: lambda stored: stored[::-1, ::-1].swapaxes(0, 1),
    8: lambda stored: np.rot90(stored),
}
"""By EXIF's orientation."""
