"""Where lips end and teeth begin: dlib takes teeth for a part of the lip below or above them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from fet_core.geometry.landmarks import eye_distance

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]

_ACROSS = (((61, 50), (62, 51), (63, 52)), ((67, 58), (66, 57), (65, 56)))
"""From the inner edge of a lip to its outer one, the upper and the lower lip."""

_STEPS = 33
_LIP = (0.6, 0.95)  # of the way across, what is lip for certain
_FARTHEST, _FAR = 0.7, 0.4
"""Of the way across, to which teeth may reach, and to which what is itself rather red may, as one
half of a lip that has two colours."""

_RATHER = 0.42  # share of red in such a colour; a third in grey
_REDDER = 0.025  # share of red in a colour, by which lips have more of it than teeth
_SMOOTH = 0.012  # of the picture, in eye distances


def bared(picture: Picture, points: Floats) -> Floats:
    """Points whose inner lips lie where the lips are seen to end, and not on the teeth.

    Along the way from an inner point to the outer one teeth are what is less red than half way
    between what lies at the inner point and the lip. Grey pictures do not tell.

    Args:
        picture: [H, W] or [H, W, 3] uint8.
        points: [68, 2] landmarks in its pixels.
    """
    if picture.ndim == 2 or picture.shape[2] != 3:
        return points
    moved = points.copy()
    for lip in _ACROSS:
        shares = np.stack([_reds(picture, points, inner, outer) for inner, outer in lip])
        first, last = (int(share * (_STEPS - 1)) for share in _LIP)
        red = float(np.median(shares[:, first : last + 1]))
        for (inner, outer), share in zip(lip, shares, strict=True):
            way = _way(share, red)
            moved[inner] = points[inner] + way * (points[outer] - points[inner])
    return moved


def _reds(picture: Picture, points: Floats, inner: int, outer: int) -> Floats:
    """[S] share of red in the colours from an inner point to an outer one."""
    way = np.linspace(0, 1, _STEPS)[:, None]
    places = points[inner] + way * (points[outer] - points[inner])
    soft = max(_SMOOTH * eye_distance(points), 0.5)
    room = 4 * soft + 3
    low, high = (
        np.maximum(each, 0).astype(int)
        for each in (places.min(axis=0) - room, places.max(axis=0) + room)
    )
    cut = picture[low[1] : high[1], low[0] : high[0]]
    if not cut.size:
        return np.zeros(_STEPS)
    blurred = cv2.GaussianBlur(cut, (0, 0), soft)
    # Apart: with one map of both and an empty second one OpenCV 5.0 reads pictures of one or three
    # channels wrongly.
    x, y = (places - low).astype(np.float32).T[:, None]
    seen = cv2.remap(blurred, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[0]
    colours = seen.astype(np.float64) + 1
    return np.asarray(colours[:, 0] / colours.sum(axis=1))


def _way(share: Floats, red: float) -> float:
    """How far across a lip its edge lies, from 0 to 1."""
    if red - share[0] < _REDDER:
        return 0.0
    lip = share > (share[0] + red) / 2
    edge = int(np.argmax(lip)) / (_STEPS - 1) if lip.any() else 1.0
    return edge if edge <= (_FARTHEST if share[0] < _RATHER else _FAR) else 0.0
