"""Faces in photographs: brought to one place and size, read, drawn on, and pasted back."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fet_core.geometry.landmarks import LINES, FaceFinder, eye_centres, mirror_points

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
    boxes = []
    for x, y, zoom in np.random.default_rng(0).uniform(-_SHAKE, _SHAKE, (readings, 3)) * side:
        moved = (left + x - zoom, top + y - zoom, right + x + zoom, bottom + y + zoom)
        boxes += [moved, (width - 1 - moved[2], moved[1], width - 1 - moved[0], moved[3])]
    # Cut to whole pixels, as a box of dlib's has them.
    found = finder.many(picture, np.array(boxes).astype(np.int64), np.arange(2 * readings) % 2 == 1)
    found[1::2] = mirror_points(found[1::2], width)
    return found.mean(axis=0).astype(np.float32)


def with_points(
    picture: NDArray[np.uint8], points: NDArray[np.float32], side: int
) -> NDArray[np.uint8]:
    """A picture enlarged to `side` with its landmarks drawn as lines and dots.

    Args:
        picture: [S, S, 3] uint8.
        points: [68, 2] pixels of the picture.
        side: of the result.
    """
    import cv2

    big = cv2.resize(picture, (side, side), interpolation=cv2.INTER_LINEAR)
    scaled = (points + 0.5) * (side / picture.shape[0]) - 0.5
    whole = np.round(scaled).astype(np.int32)
    for part, closed in LINES:
        line = whole[list(part)].reshape(-1, 1, 2)
        cv2.polylines(big, [line], closed, (80, 220, 120), 1, cv2.LINE_AA)
    for x, y in whole:
        cv2.circle(big, (int(x), int(y)), 1, (255, 230, 60), -1, cv2.LINE_AA)
    return np.asarray(big, dtype=np.uint8)


MARGIN = 0.02
"""Share of the aligned side along its border that is never pasted."""

FEATHER = 0.07
"""Share of the aligned side, next to the margin, over which the pasted face fades in."""

_FINEST = 16
_FOREHEAD = 0.12  # from the brows up, as a share of the aligned side
_OUTLINE = 128  # side at which a face's outline is drawn
_OUTLINE_EDGE = 2.5  # standard deviation of its blur there


def soft_mask(
    x: NDArray[np.floating], y: NDArray[np.floating], size: int, feather: float = FEATHER
) -> NDArray[np.floating]:
    """How much of the aligned face counts at places of it.

    Args:
        x: aligned pixels, the centre of the first pixel at 0; beyond the face is allowed.
        y: the same; broadcast with `x`.
        size: side of the aligned face in pixels.
        feather: share of the side over which the mask rises.

    Returns:
        0 to 1: 0 beyond the face and up to `MARGIN` from its border, 1 from there by `feather`
        further in, smooth between them.
    """
    return _rise(x, size, feather) * _rise(y, size, feather)


def face_mask(points: NDArray[np.floating], size: int) -> NDArray[np.float32]:
    """Where in an aligned picture the face is: the hull of its points and of the forehead.

    Args:
        points: [N, 68, 2] aligned pixels; the hull holds all N faces.
        size: side of the aligned picture.

    Returns:
        [size, size], 1 inside, 0 away from the face, about half on the outline.
    """
    import cv2

    forehead = points[:, 17:27] - (0, _FOREHEAD * size)
    places = np.concatenate([points, forehead], axis=1).reshape(-1, 2)
    hull = cv2.convexHull(((places + 0.5) * (_OUTLINE / size) - 0.5).astype(np.float32))
    drawn = np.zeros((_OUTLINE, _OUTLINE), np.float32)
    cv2.fillConvexPoly(drawn, np.rint(hull).astype(np.int32), 1.0)
    soft = cv2.GaussianBlur(drawn, (0, 0), _OUTLINE_EDGE)
    return np.asarray(cv2.resize(soft, (size, size), interpolation=cv2.INTER_LINEAR), np.float32)


def paste(photo: NDArray[np.uint8], face: NDArray[np.uint8], matrix: Matrix) -> NDArray[np.uint8]:
    """The photograph with an aligned face where it was cut out; the argument stays as it was.

    A face that gets smaller than half is drawn at a whole multiple of its size and averaged down.

    Args:
        photo: [H, W] or [H, W, 3], 0 to 255.
        face: [S, S] or [S, S, 3], with as many channels as `photo`.
        matrix: [2, 3] from the photograph's to aligned pixels, a similarity.

    Returns:
        As `photo`, and byte for byte the same where `soft_mask` is 0.
    """
    size = len(face)
    made = photo.copy()
    border = np.array([(-0.5, -0.5), (size - 0.5, -0.5), (-0.5, size - 0.5), (size - 0.5,) * 2])
    corners = apply_points(invert(matrix), border)
    height, width = photo.shape[:2]
    left, top = np.clip(np.floor(corners.min(axis=0)), 0, (width, height)).astype(int)
    right, bottom = np.clip(np.ceil(corners.max(axis=0)) + 1, 0, (width, height)).astype(int)
    if left >= right or top >= bottom:
        return made
    local = matrix.copy()
    local[:, 2] += matrix[:, :2] @ (left, top)
    across, down = np.arange(right - left)[None, :], np.arange(bottom - top)[:, None]
    x, y = (row[0] * across + (row[1] * down + row[2]) for row in local.astype(np.float32))
    mask = soft_mask(x, y, size)
    window = made[top:bottom, left:right]
    drawn = _drawn(face, local, right - left, bottom - top)
    if photo.ndim == 3:
        mask = mask[:, :, None]
    window[...] = np.rint(window + mask * (drawn.astype(np.float32) - window))
    return made


def _rise(along: NDArray[np.floating], size: int, feather: float) -> NDArray[np.floating]:
    inside = np.minimum(along + 0.5, size - 0.5 - along) / size
    share = np.clip((inside - MARGIN) / feather, 0, 1)
    return share * share * (3 - 2 * share)


def _drawn(face: NDArray[np.uint8], matrix: Matrix, width: int, height: int) -> NDArray[np.uint8]:
    """The face in a part of the photograph; `matrix` leads from that part to aligned pixels."""
    import cv2

    scale = math.sqrt(abs(np.linalg.det(matrix[:, :2])))
    factor = min(max(math.floor(scale), 1), _FINEST)
    fine = matrix.copy()
    fine[:, :2] /= factor
    fine[:, 2] += matrix[:, :2].sum(axis=1) * (0.5 / factor - 0.5)
    large = cv2.warpAffine(
        face,
        fine,
        (width * factor, height * factor),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    if factor > 1:
        large = cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(large, dtype=np.uint8)
