"""The 68-point convention of iBUG 300-W: which number is which part, and what mirroring does."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

JAW = range(0, 17)
RIGHT_BROW = range(17, 22)
LEFT_BROW = range(22, 27)
NOSE_BRIDGE = range(27, 31)
NOSE_TIP = range(31, 36)
RIGHT_EYE = range(36, 42)
LEFT_EYE = range(42, 48)
OUTER_LIPS = range(48, 60)
INNER_LIPS = range(60, 68)

LINES: tuple[tuple[range, bool], ...] = (
    (JAW, False),
    (RIGHT_BROW, False),
    (LEFT_BROW, False),
    (NOSE_BRIDGE, False),
    (NOSE_TIP, False),
    (RIGHT_EYE, True),
    (LEFT_EYE, True),
    (OUTER_LIPS, True),
    (INNER_LIPS, True),
)
"""Parts as drawn: their points in order, and whether the outline closes. Right and left are the
person's own, so the right eye is on the left of the picture."""


def _mirror_order() -> tuple[int, ...]:
    order = list(range(68))

    def swap(first: list[int], second: list[int]) -> None:
        for a, b in zip(first, second, strict=True):
            order[a], order[b] = b, a

    swap(list(range(0, 8)), list(range(16, 8, -1)))
    swap(list(range(17, 22)), list(range(26, 21, -1)))
    swap([31, 32], [35, 34])
    swap([36, 37, 38, 39, 40, 41], [45, 44, 43, 42, 47, 46])
    swap([48, 49, 50], [54, 53, 52])
    swap([59, 58], [55, 56])
    swap([60, 61], [64, 63])
    swap([67], [65])
    return tuple(order)


MIRROR = _mirror_order()
"""Point i of a mirrored face is the mirrored point MIRROR[i] of the face."""


def mirror_points(points: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    """Landmarks of the picture read right to left.

    Args:
        points: [..., 68, 2], pixels (x, y), the centre of the first pixel at 0.
        width: of the picture in pixels.

    Returns:
        [..., 68, 2], re-indexed so that point 36 is again the outer corner of the right eye.
    """
    mirrored = points[..., list(MIRROR), :].copy()
    mirrored[..., 0] = (width - 1) - mirrored[..., 0]
    return mirrored


def mirror_camera(camera: str) -> str:
    """The camera angle of a mirrored picture, in RaFD's degrees: 045 becomes 135."""
    return f"{180 - int(camera):03d}" if camera.isdigit() else camera


def mirror_gaze(gaze: str) -> str:
    """The gaze of a mirrored picture: left becomes right."""
    return {"left": "right", "right": "left"}.get(gaze, gaze)


def eye_centres(points: NDArray[np.floating]) -> NDArray[np.float64]:
    """The middles between the corners of each eye.

    The corners stay where they are when an eye opens or closes; the mean of all six points of an
    eye does not, and alignment by it would move the face with the expression.

    Args:
        points: [68, 2].

    Returns:
        [2, 2]: first the eye on the left of the picture.
    """
    corners = np.asarray(points, dtype=np.float64)
    return np.stack([corners[[36, 39]].mean(axis=0), corners[[42, 45]].mean(axis=0)])


def eye_distance(points: NDArray[np.floating]) -> float:
    """Distance between the eye centres in pixels."""
    right, left = eye_centres(points)
    return float(np.linalg.norm(left - right))
