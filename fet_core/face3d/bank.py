"""Open mouths, a shut one and closed lids to take where no photograph gives any: rendered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fet_core.face3d.stored import FOLDER, another_version, read_tensors
from fet_core.geometry.landmarks import mirror_points

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]

SHIPPED = FOLDER / "mouths.safetensors"
FORMAT = "mouths 3"

_QUALITY = 92  # of the pictures, as JPEG
_INNER = slice(60, 68)
_LIDS, _SHUT = "lids", "shut"
_NARROW = 0.35  # height of a mouth in its widths
_TEETH = 0.6  # brightness of a mouth that shows teeth alone


@dataclass(frozen=True)
class Lender:
    """A face that a part is taken of.

    Attributes:
        picture: [H, W, 3] uint8 RGB.
        points: [68, 2] its landmarks in the picture's pixels.
    """

    picture: Picture
    points: Floats


def nearest(mouths: Sequence[Lender], wanted: Floats) -> Lender:
    """The mouth whose inner lips have most nearly the shape of those of points [68, 2].

    Between lips that are hardly apart teeth are to be seen, not the dark behind them.
    """
    shape = _shape(wanted)
    narrow = float(np.ptp(shape[1::2])) < _NARROW

    def cost(one: Lender) -> float:
        dark = max(_TEETH - _brightness(one), 0.0) if narrow else 0.0
        return float(((_shape(one.points) - shape) ** 2).sum()) + dark

    return min(mouths, key=cost)


def _brightness(mouth: Lender) -> float:
    """Mean brightness between the inner lips, 0 to 1."""
    mask = np.zeros(mouth.picture.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(mouth.points[_INNER]).astype(np.int32)], 1)
    return float(mouth.picture[mask > 0].mean()) / 255


def _shape(points: Floats) -> Floats:
    """Inner lips [8] as complex numbers, their corners at -1/2 and 1/2."""
    inner = points[_INNER, 0] + 1j * points[_INNER, 1]
    across = inner[4] - inner[0]
    if abs(across) < 1e-6:
        across = 1e-6 + 0j
    return np.asarray((inner - (inner[0] + inner[4]) / 2) / across).view(np.float64)


def write_mouths(path: Path, mouths: Sequence[Lender], lids: Lender, shut: Lender) -> None:
    """Write open mouths, a pair of closed eyes and a shut mouth as safetensors with JPEGs."""
    from safetensors.numpy import save

    from fet_core.files import atomic_path

    tensors = {}
    for name, lender in [
        *((f"{number:02d}", one) for number, one in enumerate(mouths)),
        (_LIDS, lids),
        (_SHUT, shut),
    ]:
        bgr = cv2.cvtColor(lender.picture, cv2.COLOR_RGB2BGR)
        done, code = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
        assert done
        tensors[f"picture.{name}"] = np.asarray(code, np.uint8).reshape(-1)
        tensors[f"points.{name}"] = lender.points.astype(np.float32)
    with atomic_path(path) as temporary:
        temporary.write_bytes(save(tensors, {"format": FORMAT}))


def load_mouths(path: Path = SHIPPED) -> tuple[Lender, ...]:
    """The open mouths that `write_mouths` wrote; `UserError` as `load_lids`."""
    lenders = _read(path)
    return tuple(lenders[name] for name in lenders if name not in (_LIDS, _SHUT))


def load_shut(path: Path = SHIPPED) -> Lender:
    """The mouth whose lips meet that `write_mouths` wrote; `UserError` as `load_lids`."""
    return _read(path)[_SHUT]


def load_lids(path: Path = SHIPPED) -> tuple[Lender, Lender]:
    """The closed eyes that `write_mouths` wrote, for the right and for the left eye.

    Both are the lender's right one, so that they are in the same light.

    Raises:
        UserError: the file is none of this version.
    """
    lids = _read(path)[_LIDS]
    mirrored = np.ascontiguousarray(lids.picture[:, ::-1])
    return lids, Lender(mirrored, mirror_points(lids.points, lids.picture.shape[1]))


@cache
def _read(path: Path) -> dict[str, Lender]:
    found, _ = read_tensors(path, FORMAT)
    lenders = {}
    for name in sorted(
        name.removeprefix("points.") for name in found if name.startswith("points.")
    ):
        code, points = found.get(f"picture.{name}"), found[f"points.{name}"]
        picture = None if code is None else cv2.imdecode(code, cv2.IMREAD_COLOR_RGB)
        if picture is not None and points.shape == (68, 2):
            lenders[name] = Lender(np.asarray(picture, np.uint8), points.astype(np.float64))
    if not {_LIDS, _SHUT} < set(lenders) or 2 * len(lenders) != len(found):
        raise another_version(path)
    return lenders
