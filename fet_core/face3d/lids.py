"""Whether eyes are closed: how near the lids are read, and whether an eyeball is seen."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from fet_core.geometry.landmarks import LEFT_EYE, RIGHT_EYE, eye_distance

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]

_WIDE, _HIGH, _EYE = 48, 32, 36  # pixels of the cut around an eye, and of the eye in it
_BELOW, _BESIDE = slice(24, 30), slice(8, 40)  # where the skin below the eye is looked at
_FAR = 0.11  # mean distance of the lids in eye distances, from which eyes are surely open
_SPREAD, _ALONG, _BLUER = 0.2, 0.42, 0.14  # what each of the three signs amounts to
_CLOSED = 2.0  # of their sum, below which no eyeball is seen
_SURELY = 0.5  # the same, of one eye whose fellow is seen to be open
_TOGETHER, _STEEP, _ANYWAY = 1.3, 60.0, 1.8
"""Of both eyes' mean, below which they are closed where the lids are 0.05 eye distances apart, how
much less that is a distance wider, and at most: lashes are as dark as an iris, and between lids
that lie so near there is no eyeball to be seen."""

_EDGE, _NEAR = np.linspace(0.25, 0.85, 7), np.linspace(-0.03, 0.03, 7)
"""Where lashes are looked for: shares of the way from the outer corner to the next point of the
upper lid, and how far above and below that, in eye distances."""

_FINE, _BELOW_EYE = 0.01, 0.15  # of the picture there, and where skin is, in eye distances
_COLOURLESS = 0.045  # spread of the logarithm of blue over red in a grey or toned picture
_GREY = (42.5, 105.5, -6.8, -7.6, -6.8)
"""Weights of what tells without colour: how brightness varies, how far lids are apart, how bright
the brightest and the darkest tenth are; and what is added. By logistic regression on grey eyes."""


def lids_apart(points: Floats, eye: Sequence[int]) -> float:
    """Mean distance of the lids of one eye of points [68, 2], in eye distances."""
    upper, lower = points[[eye[1], eye[2]]], points[[eye[5], eye[4]]]
    gap = np.linalg.norm(upper - lower, axis=1).mean()
    return float(gap) / max(eye_distance(points), 1e-6)


def lashes(picture: Picture, points: Floats) -> float:
    """How bright the edge of the upper lids is beside the skin below the eyes, where it is darkest.

    It is looked at beside the iris, towards the outer corner: 0.25 to 0.45 without make-up, and
    0.06 to 0.17 with mascara, on 24 photographs. 1 if nothing is to be seen there.

    Args:
        picture: [H, W], [H, W, 1] or [H, W, 3] uint8.
        points: [68, 2] landmarks in its pixels; the eyes are open.
    """
    unit = eye_distance(points)
    planes = picture if picture.ndim == 3 else picture[:, :, None]
    found = [1.0]
    for eye, (first, last) in ((RIGHT_EYE, (0, 1)), (LEFT_EYE, (3, 2))):
        lids = points[list(eye)]
        low = np.maximum(np.floor(lids.min(axis=0) - unit / 4), 0).astype(int)
        high = np.maximum(np.ceil(lids.max(axis=0) + unit / 4), low + 1).astype(int)
        cut = planes[low[1] : high[1], low[0] : high[0]].mean(axis=2, dtype=np.float32)
        if not cut.size:
            continue
        cut = np.asarray(cv2.GaussianBlur(cut, (0, 0), max(_FINE * unit, 0.5)))
        share, off = np.meshgrid(_EDGE, _NEAR * unit)
        edge = lids[first] + share.ravel()[:, None] * (lids[last] - lids[first])
        edge[:, 1] += off.ravel()
        below = lids[4:6] + np.array([0, _BELOW_EYE * unit])
        places = (np.concatenate([edge, below]) - low).round().astype(int)
        x, y = np.clip(places, 0, [cut.shape[1] - 1, cut.shape[0] - 1]).T
        seen = cut[y, x].astype(np.float64) + 1
        found.append(float(seen[:-2].min() / seen[-2:].mean()))
    return min(found)


def closed(picture: Picture, points: Floats) -> tuple[bool, bool]:
    """Whether the person's right and left eye are closed.

    dlib reads eyes that squint in a smile as near as closed ones, so that the pixels decide:
    between open lids brightness varies, from the iris to the white above all, and is bluer than
    skin. Dark lashes vary as much, so that of lids that all but touch more is asked. Of 17
    rendered and 38 photographed faces whose eyes are closed 51 are seen to be, and none of 350
    others; of the same in grey 46, and none of the others.

    Args:
        picture: [H, W], [H, W, 1] or [H, W, 3] uint8.
        points: [68, 2] landmarks in its pixels.
    """
    eyes = (RIGHT_EYE, LEFT_EYE)
    # dlib hardly tells a wink from two eyes that are half closed.
    gap = sum(lids_apart(points, eye) for eye in eyes) / 2
    if gap >= _FAR:
        return False, False
    seen = [_eyeball(picture, points[list(eye)], lids_apart(points, eye)) for eye in eyes]
    if sum(seen) / 2 < min(_TOGETHER - _STEEP * (gap - 0.05), _ANYWAY):
        return True, True
    # Two eyes mostly do the same; that one does something else has to be seen clearly.
    least = 0.0 if max(seen) < 0 else -_SURELY
    return seen[0] < least, seen[1] < least


def _eyeball(picture: Picture, lids: Floats, gap: float) -> float:
    """How surely an eyeball is seen between lids [6, 2], which are `gap` apart; below 0: not."""
    along = lids[3] - lids[0]
    width = max(float(np.linalg.norm(along)), 1e-6)
    scale = _EYE / width
    along = along / width
    turn = scale * np.array([along, [-along[1], along[0]]])
    shift = [_WIDE / 2, _HIGH / 2] - turn @ ((lids[0] + lids[3]) / 2)
    planes = picture if picture.ndim == 3 else picture[:, :, None]
    planes = planes if planes.shape[2] == 3 else np.repeat(planes, 3, axis=2)
    low = np.maximum(np.floor(lids.min(axis=0) - width), 0).astype(int)
    high = np.maximum(np.ceil(lids.max(axis=0) + width), low + 1).astype(int)
    planes = np.ascontiguousarray(planes[low[1] : high[1], low[0] : high[0]])
    if planes.size == 0:
        return np.inf
    if scale < 0.5:
        planes = np.asarray(cv2.GaussianBlur(planes, (0, 0), 0.35 / scale), np.uint8)
    matrix = np.concatenate([turn, (shift + turn @ low)[:, None]], axis=1)
    cut = cv2.warpAffine(planes, matrix, (_WIDE, _HIGH), borderMode=cv2.BORDER_REPLICATE)
    cut = np.asarray(cut, np.float64)
    skin = np.median(cut[_BELOW, _BESIDE].reshape(-1, 3), axis=0)
    mask = np.zeros((_HIGH, _WIDE), np.uint8)
    outline = np.round((lids @ turn.T + shift) * 16).astype(np.int32)
    cv2.fillPoly(mask, [outline], 1, cv2.LINE_AA, 4)
    inside = mask > 0
    if inside.sum() < 2:
        return np.inf
    bright = (cut / (skin + 1)).mean(axis=2)
    columns = inside.any(axis=0)
    profile = (bright * inside).sum(axis=0)[columns] / inside.sum(axis=0)[columns]
    dark, light = np.quantile(profile, [0.05, 0.95])
    spread = float(bright[inside].std())
    tint = np.log((cut[..., 2] + 8) / (cut[..., 0] + 8))
    if float(tint.std()) < _COLOURLESS:
        black, white = np.quantile(bright[inside], [0.1, 0.9])
        return float(np.dot(_GREY, [spread, gap, white, black, 1.0]))
    bluer = tint - np.log((skin[2] + 8) / (skin[0] + 8))
    blue = float(np.clip(np.quantile(bluer[inside], 0.75), -0.1, 0.3))
    return spread / _SPREAD + float(light - dark) / _ALONG + blue / _BLUER - _CLOSED
