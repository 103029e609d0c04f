"""Faces and landmarks of a whole data set: one detector a process, one row a picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fet_core.datasets.pictures import read_picture
from fet_core.errors import UserError
from fet_core.faces.align import Matrix, alignment, apply_picture, apply_points
from fet_core.faces.detect import Box, FaceFinder, choose
from fet_core.params import Align
from fet_core.pool import each, once


@dataclass(frozen=True)
class Face:
    """An aligned face: [S, S, C] uint8, the matrix that made it, and where it was found."""

    picture: NDArray[np.uint8]
    matrix: Matrix
    box: Box


def align_all(
    paths: Sequence[Path], channels: int, params: Align, processes: int | None = None
) -> Iterator[Face | str]:
    """The aligned face of each picture, or the reason why there is none, in order.

    Args:
        paths: pictures.
        channels: 1 or 3.
        params: size, places of the eyes, ladder of scales, what to do about several faces.
        processes: as in `fet_core.pool.each`.
    """
    work = partial(_align, channels=channels, params=params)
    return each(work, list(paths), "align", processes=processes)


def landmarks_all(
    items: Sequence[tuple[Path, list[int], Matrix]], channels: int, processes: int | None = None
) -> Iterator[NDArray[np.float32]]:
    """68 landmarks [68, 2] of each face in pixels of the aligned face, in order.

    They are found on the picture itself at full size and then carried through the matrix: on a
    small aligned face dlib's points would be coarser.

    Args:
        items: picture, detector's box and 2×3 matrix of each face.
        channels: 1 or 3.
        processes: as in `fet_core.pool.each`.
    """
    work = partial(_landmarks, channels=channels)
    return each(work, list(items), "landmarks", processes=processes)


def align_face(finder: FaceFinder, picture: NDArray[np.uint8], params: Align) -> Face | str:
    """The aligned face of one picture, or the reason why there is none.

    Args:
        finder: this process's detector.
        picture: [H, W] or [H, W, 3] uint8.
        params: as for `align_all`.
    """
    box = choose(finder.boxes(picture, params.scales), params.several_faces)
    if isinstance(box, str):
        return box
    points = finder.points(picture, box.as_list())
    try:
        matrix = alignment(points, params.size, params.eye_distance, params.eye_height)
    except ValueError as error:
        return str(error)
    aligned = apply_picture(matrix, picture, params.size)
    return Face(aligned.reshape(params.size, params.size, -1), matrix, box)


def _align(path: Path, channels: int, params: Align) -> Face | str:
    try:
        picture = read_picture(path, channels)
    except UserError as error:
        return str(error)
    return align_face(once(FaceFinder), picture, params)


def _landmarks(item: tuple[Path, list[int], Matrix], channels: int) -> NDArray[np.float32]:
    path, box, matrix = item
    points = once(FaceFinder).points(read_picture(path, channels), box)
    return apply_points(matrix, points).astype(np.float32)
