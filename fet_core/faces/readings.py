"""The 68 points as the mean of many readings: dlib's answer depends on the box it is given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fet_core.datasets.pictures import read_picture
from fet_core.faces.align import Matrix, apply_points
from fet_core.faces.convention import mirror_points
from fet_core.faces.detect import FaceFinder
from fet_core.pool import each, once

_SHAKE = 0.06


def mean_points(
    finder: FaceFinder, picture: NDArray[np.uint8], box: Sequence[int], readings: int
) -> NDArray[np.float32]:
    """68 landmarks as the mean over boxes a little moved and scaled, in both mirrorings.

    A box moved by 6% of its side moves dlib's points by about 2% of the eye distance along the jaw
    and 1% elsewhere. The boxes are the same for every picture, so that a result repeats.

    Args:
        finder: this process's detector.
        picture: [H, W] or [H, W, 3] uint8.
        box: left, top, right, bottom of the face in its pixels.
        readings: how many boxes; each is read twice, in the picture and in its mirror.

    Returns:
        [68, 2] in picture pixels.
    """
    left, top, right, bottom = box
    side, width = right - left, picture.shape[1]
    mirrored = np.ascontiguousarray(picture[:, ::-1])
    found = []
    for x, y, zoom in np.random.default_rng(0).uniform(-_SHAKE, _SHAKE, (readings, 3)) * side:
        moved = (left + x - zoom, top + y - zoom, right + x + zoom, bottom + y + zoom)
        found.append(finder.points(picture, moved))
        other = (width - 1 - moved[2], moved[1], width - 1 - moved[0], moved[3])
        found.append(mirror_points(finder.points(mirrored, other), width))
    return np.stack(found).mean(axis=0).astype(np.float32)


def mean_landmarks_all(
    items: Sequence[tuple[Path, list[int], Matrix]],
    channels: int,
    readings: int,
    processes: int | None = None,
) -> Iterator[NDArray[np.float32]]:
    """`mean_points` [68, 2] of each face in pixels of the aligned face, in order.

    Args:
        items: picture, detector's box and 2×3 matrix of each face.
        channels: 1 or 3.
        readings: as for `mean_points`.
        processes: as in `fet_core.pool.each`.
    """
    work = partial(_read, channels=channels, readings=readings)
    return each(work, list(items), "readings", processes=processes)


def _read(
    item: tuple[Path, list[int], Matrix], channels: int, readings: int
) -> NDArray[np.float32]:
    path, box, matrix = item
    points = mean_points(once(FaceFinder), read_picture(path, channels), box, readings)
    return apply_points(matrix, points).astype(np.float32)
