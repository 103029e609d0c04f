"""The instruments: what dlib finds on a picture, the same on truths and on results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from fet_core.faces.convention import LEFT_EYE, RIGHT_EYE
from fet_core.faces.detect import FaceFinder, choose
from fet_core.faces.embed import Embedder
from fet_core.pool import each, once

_SIDE = 256
_SCALES = (1.0, 2.0)


@dataclass(frozen=True)
class Reading:
    """What is found on one picture; both None where there is no face.

    Attributes:
        points: [68, 2] float32 landmarks in pixels of the picture.
        embedding: [128] float32 of the face.
    """

    points: NDArray[np.float32] | None
    embedding: NDArray[np.float32] | None

    @property
    def found(self) -> bool:
        """Whether there is a face."""
        return self.points is not None


def measure(
    pictures: Sequence[NDArray[np.uint8]] | NDArray[np.uint8],
    known: Mapping[bytes, Reading] | None = None,
    processes: int | None = None,
) -> list[Reading]:
    """Read every picture, in processes; equal pictures are read once.

    A picture smaller than 256 pixels is enlarged to that (cubic). Of several faces the largest
    counts.

    Args:
        pictures: [N, S, S, C] uint8, C 1 or 3.
        known: readings that were made before, by `key` of their picture.
        processes: as in `fet_core.pool.each`.

    Returns:
        one reading a picture, in order.

    Raises:
        UserError: dlib or its weights are not installed, or a process died.
    """
    keys = [key(picture) for picture in pictures]
    readings = dict(known or {})
    new = {k: p for k, p in zip(keys, pictures, strict=True) if k not in readings}
    found = each(_read, list(new.values()), "find faces", processes=processes)
    readings.update(zip(new, found, strict=True))
    return [readings[k] for k in keys]


def key(picture: NDArray[np.uint8]) -> bytes:
    """What stands for a picture [S, S, C] among others of its size."""
    return blake2b(np.ascontiguousarray(picture).tobytes(), digest_size=16).digest()


def distance(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.float64]:
    """Euclidean distances [...] of embeddings [..., 128]."""
    difference = np.asarray(a, np.float64) - np.asarray(b, np.float64)
    return np.asarray(np.linalg.norm(difference, axis=-1))


def nme(points: NDArray[np.floating], truth: NDArray[np.floating]) -> NDArray[np.float64]:
    """Normalised mean error of landmarks: their mean distance by the eye distance of the truth.

    An eye's centre is the mean of its six points ("inter-pupil" of the iBUG 300-W challenge).

    Args:
        points: [..., 68, 2].
        truth: [..., 68, 2], in the same pixels.

    Returns:
        [...], 0 for equal points; 0.1 is a tenth of the distance between the eyes.
    """
    wanted = np.asarray(truth, np.float64)
    error = np.linalg.norm(np.asarray(points, np.float64) - wanted, axis=-1).mean(axis=-1)
    right, left = (wanted[..., list(eye), :].mean(axis=-2) for eye in (RIGHT_EYE, LEFT_EYE))
    return np.asarray(error / np.linalg.norm(left - right, axis=-1))


def _read(picture: NDArray[np.uint8]) -> Reading:
    import cv2

    colour = picture if picture.shape[2] == 3 else np.repeat(picture, 3, axis=2)
    factor = max(_SIDE / min(colour.shape[:2]), 1.0)
    if factor > 1:
        height, width = (round(side * factor) for side in colour.shape[:2])
        enlarged = cv2.resize(colour, (width, height), interpolation=cv2.INTER_CUBIC)
        colour = np.asarray(enlarged, dtype=np.uint8)
    finder = once(FaceFinder)
    box = choose(finder.boxes(colour, _SCALES), "largest")
    if isinstance(box, str):
        return Reading(None, None)
    points = finder.points(colour, box.as_list())
    embedding = once(Embedder).embed(colour, points)
    return Reading(((points + 0.5) / factor - 0.5).astype(np.float32), embedding)
