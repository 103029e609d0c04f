"""Where the eyes of a photograph look: the iris moved within its own eye."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from fet_core.geometry.landmarks import eye_distance

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]

_EYES = {"Right": (36, 37, 38, 39, 40, 41), "Left": (42, 43, 44, 45, 46, 47)}
"""The person's own right and left, from the corner on the picture's left."""

_WAYS = {"In": (1.0, 0.0), "Out": (-1.0, 0.0), "Up": (0.0, -1.0), "Down": (0.0, 1.0)}
"""Along the right eye and down; the left eye's x is the other way."""

NAMES = tuple(f"eyeLook{way}{side}" for way in _WAYS for side in ("Left", "Right"))
"""ARKit's units of where eyes look."""

_FAR = (0.2, 0.1)  # how far a unit of 1 moves the iris, along and across, in widths of the eye
_IRIS = 0.23  # its radius with some room
_REACH = 0.62  # from the iris' middle, where nothing moves any more
_SOFT = 0.01  # of the lids' edge, in eye distances


def looked(picture: Picture, points: Floats, units: Mapping[str, float]) -> Picture:
    """A picture whose eyes look further to where the units say, from where they look now.

    Args:
        picture: [H, W] or [H, W, 3] uint8.
        points: [68, 2] landmarks in its pixels.
        units: values of `NAMES`, 0 to 1; others are passed over.
    """
    made = picture
    for side, eye in _EYES.items():
        x, y = (
            sum(units.get(f"eyeLook{way}{side}", 0.0) * to[axis] for way, to in _WAYS.items())
            for axis in (0, 1)
        )
        if x or y:
            made = _moved(made, points[list(eye)], -x if side == "Left" else x, y, points)
    return made


def _moved(picture: Picture, lids: Floats, x: float, y: float, points: Floats) -> Picture:
    along = lids[3] - lids[0]
    width = max(float(np.linalg.norm(along)), 1.0)
    along = along / width
    shift = width * (_FAR[0] * x * along + _FAR[1] * y * np.array([-along[1], along[0]]))
    low = np.maximum(np.floor(lids.min(axis=0) - width / 2), 0).astype(int)
    high = np.minimum(np.ceil(lids.max(axis=0) + width / 2) + 1, picture.shape[1::-1]).astype(int)
    if (high - low < 4).any():
        return picture
    part = picture[low[1] : high[1], low[0] : high[0]]
    own = lids - low
    mask = np.zeros(part.shape[:2], np.float32)
    cv2.fillPoly(mask, [np.round(own * 16).astype(np.int32)], 1.0, cv2.LINE_AA, 4)
    middle = _iris(part, mask, own)
    columns, rows = np.meshgrid(np.arange(part.shape[1]), np.arange(part.shape[0]))
    places = np.stack([columns, rows], axis=2).astype(np.float64)
    distance = np.linalg.norm(places - (middle + shift), axis=2) / width
    fade = np.clip((_REACH - distance) / (_REACH - _IRIS), 0, 1)
    where = (places - (fade * fade * (3 - 2 * fade))[..., None] * shift).astype(np.float32)
    empty = np.zeros(0, np.float32)
    brought = cv2.remap(part, where, empty, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    soft = max(_SOFT * eye_distance(points), 0.5)
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), soft), np.float32)
    share = mask if part.ndim == 2 else mask[..., None]
    whole = picture.copy()
    whole[low[1] : high[1], low[0] : high[0]] = np.rint(
        part + share * (np.asarray(brought, np.float32).reshape(part.shape) - part)
    ).astype(np.uint8)
    return whole


def _iris(part: Picture, mask: NDArray[np.float32], lids: Floats) -> Floats:
    """The middle of what is dark between the lids, at the height of the eye's middle line."""
    grey = part if part.ndim == 2 else part.mean(axis=2)
    inside = mask > 0.5
    if inside.sum() < 8:
        return lids.mean(axis=0)
    level = float(np.quantile(grey[inside], 0.4))
    weight = np.where(inside, np.maximum(level - grey, 0), 0)
    if weight.sum() <= 0:
        return lids.mean(axis=0)
    rows, columns = np.nonzero(weight)
    share = weight[rows, columns]
    found = np.array([np.average(columns, weights=share), np.average(rows, weights=share)])
    # The upper lid covers more of the iris than the lower one and its lashes are dark too.
    along = (lids[3] - lids[0]) / max(float(np.linalg.norm(lids[3] - lids[0])), 1e-6)
    middle = lids.mean(axis=0)
    return np.asarray(middle + along * float((found - middle) @ along))
