"""Pasting an aligned face back into the whole photograph, without a seam."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fet_core.faces.align import Matrix, apply_points, invert

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
