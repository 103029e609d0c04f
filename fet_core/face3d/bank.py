"""Open mouths to take the inside from where no photograph gives one: rendered, by their shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fet_core.face3d.stored import FOLDER, another_version, read_tensors

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]

SHIPPED = FOLDER / "mouths.safetensors"
FORMAT = "mouths 1"

_QUALITY = 92  # of the pictures, as JPEG
_INNER = slice(60, 68)


@dataclass(frozen=True)
class Mouth:
    """A face whose mouth is open.

    Attributes:
        picture: [H, W, 3] uint8 RGB.
        points: [68, 2] its landmarks in the picture's pixels.
    """

    picture: Picture
    points: Floats


def nearest(mouths: Sequence[Mouth], wanted: Floats) -> Mouth:
    """The mouth whose inner lips have most nearly the shape of those of points [68, 2]."""
    shape = _shape(wanted)
    return min(mouths, key=lambda one: float(((_shape(one.points) - shape) ** 2).sum()))


def _shape(points: Floats) -> Floats:
    """Inner lips [8] as complex numbers, their corners at -1/2 and 1/2."""
    inner = points[_INNER, 0] + 1j * points[_INNER, 1]
    across = inner[4] - inner[0]
    if abs(across) < 1e-6:
        across = 1e-6 + 0j
    return np.asarray((inner - (inner[0] + inner[4]) / 2) / across).view(np.float64)


def write_mouths(path: Path, mouths: Sequence[Mouth]) -> None:
    """Write mouths as safetensors, their pictures as JPEG."""
    from safetensors.numpy import save_file

    from fet_core.files import atomic_path

    tensors = {}
    for number, mouth in enumerate(mouths):
        bgr = cv2.cvtColor(mouth.picture, cv2.COLOR_RGB2BGR)
        done, code = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
        assert done
        tensors[f"picture.{number:02d}"] = np.asarray(code, np.uint8).reshape(-1)
        tensors[f"points.{number:02d}"] = mouth.points.astype(np.float32)
    with atomic_path(path) as temporary:
        save_file(tensors, temporary, {"format": FORMAT})


@cache
def load_mouths(path: Path = SHIPPED) -> tuple[Mouth, ...]:
    """Read what `write_mouths` wrote; `UserError` where the file is none of this version."""
    found, _ = read_tensors(path, FORMAT)
    mouths = []
    for name in sorted(name for name in found if name.startswith("points.")):
        code, points = found.get(f"picture{name[6:]}"), found[name]
        picture = None if code is None else cv2.imdecode(code, cv2.IMREAD_COLOR_RGB)
        if picture is not None and points.shape == (68, 2):
            mouths.append(Mouth(np.asarray(picture, np.uint8), points.astype(np.float64)))
    if not mouths or 2 * len(mouths) != len(found):
        raise another_version(path)
    return tuple(mouths)
