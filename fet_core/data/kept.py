"""What a photograph's file holds beyond its 8-bit pixels, and what of it a changed copy keeps."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from fet_core.data.pictures import describe, opened
from fet_core.data.pixels import is_grey, pixels, turned

if TYPE_CHECKING:
    from PIL import Image

Picture = NDArray[np.uint8]

ORIENTATION, EXIF = 0x0112, 0x8769
"""EXIF's tags of the way a picture is held, and of its inner table."""

_TOLD = (0x010E, 0x010F, 0x0110, 0x0132, 0x013B, 0x8298, *range(0x9C9B, 0x9CA0))
"""Of EXIF's outer table: description, maker, model, date, artist, copyright, and Windows' own."""

_WIDTH, _HEIGHT = 0xA002, 0xA003
_UNTOLD = (0x927C, 0xA005)
"""Of its inner table: a maker's notes, which may hold a place and another picture, and a table of
what a thumbnail is."""

_LONGEST_EXIF = 60_000  # bytes, of the 65,533 that JPEG allows
_HIGHEST_DPI = 65_535


@dataclass(frozen=True)
class Kept:
    """What a changed copy of a photograph keeps of its file.

    Attributes:
        profile: the ICC profile, b"" where there is none.
        exif: EXIF's tags with their values, of an upright picture, without its place and
            thumbnail; the inner table is a dictionary of its own.
        dpi: pixels an inch across and down; None where nobody says.
        shown: [H, W] or [H, W, 3] uint8, the picture as `read_picture` reads it; None, as `own`
            and `alpha`, where the file has no more than that.
        own: uint8 or uint16 of the same shape, its colours as the file has them.
        alpha: [H, W] as `own`, how opaque it is; None where all of it is.
    """

    profile: bytes = b""
    exif: dict[int, Any] = field(default_factory=dict)
    dpi: tuple[float, float] | None = None
    shown: Picture | None = None
    own: NDArray[Any] | None = None
    alpha: NDArray[Any] | None = None

    def changed(self, made: Picture) -> NDArray[Any]:
        """A changed picture with the depth and the transparency of the photograph.

        Where nothing was changed the values are the photograph's own; where something was, the
        change is added to them.

        Args:
            made: uint8 of the photograph's shape.

        Returns:
            [H, W] or [H, W, C] uint8 or uint16, the last channel being the transparency of a
            photograph that has one.
        """
        if self.own is None or self.shown is None:
            return made
        highest = int(np.iinfo(self.own.dtype).max)
        there = made != self.shown
        step = (made[there].astype(np.float32) - self.shown[there]) * (highest // 255)
        if self.alpha is not None:
            opaque = self.alpha if made.ndim == 2 else self.alpha[:, :, None]
            share = np.broadcast_to(opaque, made.shape)[there] / np.float32(highest)
            step = np.divide(step, share, out=np.zeros_like(step), where=share > 0)
        whole = self.own.copy()
        whole[there] = np.clip(np.rint(whole[there] + step), 0, highest)
        return whole if self.alpha is None else np.dstack([whole, self.alpha])


def profile_of(path: Path) -> bytes:
    """A picture's ICC profile, b"" where it has none."""
    with opened(path) as (image, _):
        return _profile(image)


def kept(path: Path) -> Kept:
    """Read what a changed copy keeps of a photograph's file.

    Raises:
        UserError: it cannot be read as a picture; the message names it.
    """
    info = describe(path)
    with opened(path) as (image, orientation):
        told = _profile(image), _exif(image, (info.width, info.height)), _dpi(image)
        if not info.alpha and not info.deep:
            return Kept(*told)
        shown = pixels(image, info.channels, orientation)
        own: NDArray[Any] = shown
        alpha: NDArray[Any] | None = None
        if info.alpha:
            whole = np.asarray(image.convert("LA" if is_grey(image.mode) else "RGBA"))
            whole = turned(whole, orientation)
            own, alpha = whole[..., :-1], whole[..., -1]
            own = np.ascontiguousarray(own[..., 0] if shown.ndim == 2 else own)
    if info.deep:
        deep = _deep(path, orientation, own, alpha)
        if deep is None and alpha is None:
            return Kept(*told)
        own, alpha = deep or (own, alpha)
    return Kept(*told, shown, own, alpha)


def _profile(image: Image.Image) -> bytes:
    found = image.info.get("icc_profile")
    return found if isinstance(found, bytes) else b""


def _dpi(image: Image.Image) -> tuple[float, float] | None:
    try:
        across, down = (float(value) for value in image.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    sound = all(math.isfinite(value) and 1 <= value <= _HIGHEST_DPI for value in (across, down))
    return (across, down) if sound else None


def _exif(image: Image.Image, size: tuple[int, int]) -> dict[int, Any]:
    try:
        found = image.getexif()
        told: dict[int, Any] = {
            # Pillow reads text of any bytes, and would write what is not ASCII as "?".
            tag: value.encode("latin-1") if isinstance(value, str) else value
            for tag, value in found.items()
            if tag in _TOLD and isinstance(value, (str, bytes))
        }
        inner = {tag: value for tag, value in found.get_ifd(EXIF).items() if tag not in _UNTOLD}
        if inner:
            told[EXIF] = inner | {_WIDTH: size[0], _HEIGHT: size[1]}
        if not told:
            return {}
        told[ORIENTATION] = 1
        return told if len(as_exif(told).tobytes()) <= _LONGEST_EXIF else {}
    except Exception:  # a picture with broken EXIF is still a picture
        return {}


def as_exif(told: dict[int, Any]) -> Image.Exif:
    """Tags and values as Pillow writes them."""
    from PIL import Image

    exif = Image.Exif()
    for tag, value in told.items():
        exif[tag] = value
    return exif


def _deep(
    path: Path, orientation: int, own: NDArray[Any], alpha: NDArray[Any] | None
) -> tuple[NDArray[np.uint16], NDArray[np.uint16] | None] | None:
    """The 16-bit colours and transparency of a file, upright.

    Of colours Pillow reads the upper 8 bits alone. What OpenCV reads is taken where it is the same
    picture, which it is not for kinds of files that it has other ideas of.
    """
    with _quiet():
        read = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    if read is None or read.dtype != np.uint16:
        return None
    if read.ndim == 3:
        order = {3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGBA}.get(read.shape[2])
        if order is None:
            return None
        read = cv2.cvtColor(read, order)
    deep = turned(np.asarray(read, np.uint16), orientation)
    eight = own if alpha is None else np.dstack([own, alpha])
    if deep.shape != eight.shape or (np.abs((deep >> 8).astype(np.int16) - eight) > 1).any():
        return None
    if alpha is None:
        return deep, None
    return np.ascontiguousarray(deep[..., :-1]), np.ascontiguousarray(deep[..., -1])


@contextmanager
def _quiet() -> Iterator[None]:
    """OpenCV says nothing of a TIFF's tags that it does not know."""
    logging = cv2.utils.logging
    before = logging.getLogLevel()
    logging.setLogLevel(logging.LOG_LEVEL_ERROR)
    try:
        yield
    finally:
        logging.setLogLevel(before)
