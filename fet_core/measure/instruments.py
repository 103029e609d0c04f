"""The instruments: dlib's points and embedding of pictures, the same on truths and on results.

A process that reads pictures needs neither torch nor the tables, which take seconds to import.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from fet_core.geometry.embed import Embedder
from fet_core.geometry.landmarks import FaceFinder, choose
from fet_core.parallel import each, once

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
    pictures: Iterable[NDArray[np.uint8]],
    known: Mapping[bytes, Reading] | None = None,
    processes: int | None = None,
    *,
    count: int | None = None,
    description: str = "find faces",
) -> list[Reading]:
    """Read every picture, in processes; equal pictures are read once.

    A picture smaller than 256 pixels is enlarged to that (cubic). Of several faces the largest
    counts.

    Args:
        pictures: each [S, S, C] uint8, C 1 or 3; those of an iterator are taken as they can be
            read, so that they may be made meanwhile.
        known: readings that were made before, by `key` of their picture.
        processes: as in `fet_core.parallel.each`.
        count: of the pictures, for an iterator, which does not know.
        description: for the progress bar.

    Returns:
        one reading a picture, in order.

    Raises:
        UserError: dlib or its weights are not installed, or a process died.
    """
    total = len(pictures) if isinstance(pictures, Sized) else count
    keys: list[bytes] = []
    readings = dict(known or {})

    def unread() -> Iterator[NDArray[np.uint8] | None]:
        asked = set(readings)
        for picture in pictures:
            keys.append(key(picture))
            yield None if keys[-1] in asked else picture
            asked.add(keys[-1])

    found = each(_read, unread(), description, count=total, processes=processes)
    for number, reading in enumerate(found):
        if reading is not None:
            readings[keys[number]] = reading
    return [readings[k] for k in keys]


def key(picture: NDArray[np.uint8]) -> bytes:
    """What stands for a picture [S, S, C] among others of its size."""
    return blake2b(np.ascontiguousarray(picture).tobytes(), digest_size=16).digest()


def _read(picture: NDArray[np.uint8] | None) -> Reading | None:
    import cv2

    if picture is None:
        return None
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
