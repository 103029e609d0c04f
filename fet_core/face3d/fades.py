"""Where in a picture a face's motion counts: how far it reaches, and with which lip it goes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ALIGNED = 64
"""Columns of which a strip has a multiple, as OpenCV's sums differ by place in them."""

_PLACES = 16  # around the face
_ABOVE, _UNDER = 0.8, 1.7  # how far they lie from the eyes, in distances from eyes to chin
_BESIDE = 1.25  # in half widths of the face
_RAMP = 0.08  # share of the picture's side over which motion fades out towards its border
_BEYOND = 1.2  # of the way to the points around the face, where motion has faded out
_EDGE = 0.75  # half width of the cut in pixels
_FADE = 0.7  # by which the cut softens for each pixel beyond the corners of the mouth


def around(points: Floats) -> Floats:
    """Places [N, 2] around the face that no expression moves: hair, ears, the lower neck."""
    middle, down, wide = _axes(points)
    angle = np.linspace(0, 2 * np.pi, _PLACES, endpoint=False)[:, None]
    up = np.cos(angle)
    high = np.where(up > 0, _ABOVE, _UNDER) * up
    return np.asarray(middle - high * down + _BESIDE * np.sin(angle) * wide)


def face_share(points: Floats, rows: slice, strip: slice) -> NDArray[np.float32]:
    """[h, w, 1] from 1 inside of the places around the face to 0 beyond, in a part of a picture.

    A spline is bound at those places alone and overshoots behind them.

    Args:
        points: [68, 2] in the picture's pixels.
        rows: of the part, h of them.
        strip: its columns, w of them.
    """
    middle, down, wide = _axes(points)
    inverse = np.linalg.pinv(np.stack([down, wide], axis=1)).astype(np.float32)
    x = np.arange(strip.start, strip.stop, dtype=np.float32) - np.float32(middle[0])
    y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] - np.float32(middle[1])
    high, aside = (row[0] * x + row[1] * y for row in inverse)
    high = high / np.where(high < 0, _ABOVE, _UNDER).astype(np.float32)
    share = np.clip((_BEYOND - np.hypot(high, aside / _BESIDE)) / (_BEYOND - 1), 0, 1)
    return np.asarray((share * share * (3 - 2 * share))[..., None], np.float32)


def reach(points: Floats, height: int, width: int) -> tuple[slice, slice]:
    """Rows and columns of a picture beyond which `face_share` is 0; columns begin as strips do."""
    middle, down, wide = _axes(points)
    if abs(float(np.linalg.det([down, wide]))) < 1:
        return slice(0, height), slice(0, width)
    ends = np.array([[up, side] for up in (-_ABOVE, _UNDER) for side in (-_BESIDE, _BESIDE)])
    corners = middle + _BEYOND * ends @ np.stack([down, wide])
    left, top = np.floor(corners.min(axis=0)).astype(int).tolist()
    right, bottom = np.ceil(corners.max(axis=0)).astype(int).tolist()
    left, right = left // ALIGNED * ALIGNED, (right // ALIGNED + 1) * ALIGNED
    rows = slice(min(max(top, 0), height), min(max(bottom + 1, 0), height))
    return rows, slice(min(max(left, 0), width), min(max(right, 0), width))


def window(height: int, width: int, rows: slice, strip: slice) -> NDArray[np.float32]:
    """[h, w, 1] from 0 at the border of a picture to 1 inside of it, in a part of it."""
    sides = []
    for length in (height, width):
        share = (np.arange(length) + 0.5) / length
        ramp = np.clip(np.minimum(share, 1 - share) / _RAMP, 0, 1)
        sides.append(ramp * ramp * (3 - 2 * ramp))
    return np.asarray(sides[0][rows, None, None] * sides[1][None, strip, None], np.float32)


def below_lips(wanted: Floats, rows: slice, strip: slice) -> NDArray[np.float32]:
    """[h, w] from 0 above the line between the lips to 1 below it, in a part of a picture."""
    right, left = wanted[60], wanted[64]
    length = max(float(np.linalg.norm(left - right)), 1e-6)
    along = (left - right) / length
    down = np.array([-along[1], along[0]])
    middle = np.array(
        [right, *((wanted[61:64] + wanted[[67, 66, 65]]) / 2), left], dtype=np.float64
    )
    places = (middle - right) @ np.stack([along, down], axis=1)
    x = np.arange(strip.start, strip.stop, dtype=np.float32) - np.float32(right[0])
    y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] - np.float32(right[1])
    along, down = along.astype(np.float32), down.astype(np.float32)
    across, depth = x * along[0] + y * along[1], x * down[0] + y * down[1]
    depth -= np.interp(across, places[:, 0], places[:, 1]).astype(np.float32)
    beyond = np.maximum(np.maximum(-across, across - length), 0)
    share = np.clip(depth / (2 * np.maximum(_EDGE, _FADE * beyond)) + 0.5, 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def _axes(points: Floats) -> tuple[Floats, Floats, Floats]:
    """Between the eyes [2], from there to the chin [2], half the face's width [2]."""
    middle = points[[36, 39, 42, 45]].mean(axis=0)
    return middle, points[8] - middle, (points[16] - points[0]) / 2
