"""The similarity transform that brings a face's eyes to fixed places, for pictures and points."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fet_core.faces.convention import eye_centres

Matrix = NDArray[np.float64]


def alignment(
    points: NDArray[np.floating], size: int, eye_distance: float, eye_height: float
) -> Matrix:
    """The 2×3 matrix from picture pixels to pixels of the aligned face.

    Args:
        points: [68, 2] landmarks in picture pixels.
        size: side of the aligned face in pixels.
        eye_distance: wanted distance of the eye centres as a share of `size`.
        eye_height: wanted place of the eyes below the upper edge as a share of `size`.

    Returns:
        [2, 3] float64: rotation, uniform scale, shift.

    Raises:
        ValueError: both eyes are at the same place.
    """
    (x0, y0), (x1, y1) = eye_centres(points)
    vector = complex(x1 - x0, y1 - y0)
    if abs(vector) < 1e-6:
        raise ValueError("both eyes are at the same place")
    turn = eye_distance * size / vector
    middle = complex((x0 + x1) / 2, (y0 + y1) / 2)
    wanted = complex((size - 1) / 2, eye_height * size - 0.5)
    shift = wanted - turn * middle
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def invert(matrix: Matrix) -> Matrix:
    """The inverse of a 2×3 affine matrix, 2×3 too."""
    linear = np.linalg.inv(matrix[:, :2])
    return np.hstack([linear, -linear @ matrix[:, 2:]])


def apply_points(matrix: Matrix, points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Points [..., 2] through a 2×3 matrix."""
    return np.asarray(points, dtype=np.float64) @ matrix[:, :2].T + matrix[:, 2]


def apply_picture(matrix: Matrix, picture: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """The aligned face cut out of a picture.

    A face that gets smaller is cut out at a whole multiple of the size and averaged down, so that
    hair and wrinkles do not turn into moiré. Beyond its border the picture goes on mirrored.

    Args:
        matrix: [2, 3] from picture to aligned pixels.
        picture: [H, W] or [H, W, 3], values 0 to 255.
        size: side of the result.

    Returns:
        [size, size] or [size, size, 3].
    """
    import cv2

    scale = math.sqrt(abs(np.linalg.det(matrix[:, :2])))
    factor = min(max(math.ceil(1 / scale), 1), 16)
    grown = matrix * factor
    grown[:, 2] += (factor - 1) / 2
    large = cv2.warpAffine(
        picture,
        grown,
        (size * factor, size * factor),
        flags=cv2.INTER_LINEAR if factor > 1 else cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    if factor > 1:
        large = cv2.resize(large, (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(large, dtype=np.uint8)
