"""The inside of a mouth that the target does not show: the source's teeth and tongue."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fet_core.face3d.warp import Spline
from fet_core.geometry.landmarks import eye_distance

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]

LIPS = slice(48, 68)
INNER = slice(60, 68)
OUTER = slice(48, 60)

OPEN = 0.006
"""Area between the inner lips, in squares of the eye distance, from which a mouth is open."""

_ENOUGH = 0.7  # share of the wanted opening with which the target's own mouth is kept
_GRID = 64
_MARGIN = 0.3
_ROOM = 0.5  # around the lips, in eye distances
_SOFT = 0.012  # of the mask, in eye distances
_RIM = 0.015  # beyond the lips' inner edges as they are read, where the edges of a photograph lie
_SKIN = (1.12, 1.45)  # the ring around the lips in which skin is looked at, in sizes of the lips
_GAIN = (0.5, 1.3)
_TEETH = (
    1.15  # at most so much brighter than the target's brightest skin and the whites of its eyes
)
_SEEN = slice(17, 68)  # of a face, what tells its light
_EYES = slice(36, 42), slice(42, 48)
_WHITE = 0.8  # quantile of an eye's brightness that is neither iris nor what shines in it
_ALIGNED = 64
_GREY = 4.0  # mean difference of channels below which a picture is grey


def opening(points: Floats) -> float:
    """Area between the inner lips of points [68, 2], in squares of the eye distance."""
    x, y = points[INNER].T
    # Lips that dlib reads crossed, as it does pressed ones, enclose less than nothing.
    area = max(float(np.dot(y, np.roll(x, 1)) - np.dot(x, np.roll(y, 1))) / 2, 0.0)
    return area / max(eye_distance(points), 1e-6) ** 2


def fill(
    made: Picture, own: Floats, wanted: Floats, source: Picture, source_points: Floats
) -> bool:
    """Put the source's mouth between a moved face's lips, where its own shows too little.

    Args:
        made: [H, W] or [H, W, 3] uint8, the target's face moved to the wanted points; changed.
        own: [68, 2] the target's points before.
        wanted: [68, 2] in pixels of `made`.
        source: [H, W] or [H, W, 3] uint8, a face whose mouth is open.
        source_points: [68, 2] in its pixels.

    Returns:
        whether anything changed: not where no mouth is wanted, or the target's own will do.
    """
    gap = opening(wanted)
    if gap <= OPEN or opening(own) >= _ENOUGH * gap:
        return False
    place = _around(made, wanted, LIPS)
    corner = [place[1].start, place[0].start]
    part = made[place]
    planes = part if part.ndim == 3 else part[:, :, None]
    lips = wanted - corner
    unit = eye_distance(wanted)
    soft = max(_SOFT * unit, 0.6)
    box = _near(lips, _RIM * unit + 5 * soft + 4, *planes.shape[:2])
    mask = _mask(lips, _RIM * unit, soft, box)
    given, theirs = _cut(source, source_points, LIPS)
    gain, most = _lit(made, wanted, source, source_points)
    inside = _brought(planes, lips, _like(given, planes), theirs, gain, most, box)
    below = planes[box]
    below[...] = np.rint(np.clip(below + mask[:, :, None] * (inside - below), 0, 255))
    return True


def _near(lips: Floats, room: float, height: int, width: int) -> tuple[slice, slice]:
    """Rows and columns around the inner lips beyond which nothing changes."""
    low, high = lips[INNER].min(axis=0) - room, lips[INNER].max(axis=0) + room
    first = np.clip(np.floor(low), 0, [width - 1, height - 1]).astype(int)
    last = np.clip(np.ceil(high), first + 1, [width, height]).astype(int)
    # OpenCV's sums differ by place in so many columns.
    left = int(first[0]) // _ALIGNED * _ALIGNED
    return slice(int(first[1]), int(last[1])), slice(left, int(last[0]))


def _mask(lips: Floats, rim: float, soft: float, box: tuple[slice, slice]) -> NDArray[np.float32]:
    """How much of a mouth's inside is seen [h, w] in a box."""
    rows, columns = box
    mask = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.float32)
    shape = np.round(lips[INNER] * 16).astype(np.int32) - [columns.start * 16, rows.start * 16]
    cv2.fillPoly(mask, [shape.astype(np.int32)], 1.0, cv2.LINE_AA, 4)
    away = cv2.distanceTransform((mask < 0.5).astype(np.uint8), cv2.DIST_L2, 5)
    mask = np.maximum(mask, np.clip(rim + 0.5 - away, 0, 1))
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), soft), np.float32)


def filled(
    made: Picture, own: Floats, wanted: Floats, source: Picture, source_points: Floats
) -> Picture:
    """A copy of a moved face, as `fill` changes it; itself where that changes nothing."""
    whole = made.copy()
    return whole if fill(whole, own, wanted, source, source_points) else made


def _cut(picture: Picture, points: Floats, part: slice) -> tuple[Picture, Floats]:
    """[h, w, C] around a part of points [68, 2], and the points in its pixels."""
    place = _around(picture, points, part)
    cut = picture[place]
    moved = points - [place[1].start, place[0].start]
    return cut if cut.ndim == 3 else cut[:, :, None], moved


def _around(picture: Picture, points: Floats, part: slice) -> tuple[slice, slice]:
    """Rows and columns of a picture around a part of points [68, 2]."""
    margin = _ROOM * max(eye_distance(points), 1.0)
    low, high = points[part].min(axis=0) - margin, points[part].max(axis=0) + margin
    height, width = picture.shape[:2]
    first = np.clip(np.floor(low), 0, [width - 2, height - 2]).astype(int)
    last = np.clip(np.ceil(high), first + 2, [width, height]).astype(int)
    return slice(first[1], last[1]), slice(first[0], last[0])


def _like(source: Picture, target: Picture) -> Picture:
    """The source with as many channels as the target, and grey where that is."""
    if source.shape[2] != target.shape[2]:
        if target.shape[2] == 3:
            return np.repeat(source, 3, axis=2)
        return np.asarray(cv2.cvtColor(source, cv2.COLOR_RGB2GRAY), np.uint8)[:, :, None]
    spread = target.max(axis=2) - target.min(axis=2)
    if target.shape[2] == 3 and float(spread.mean()) < _GREY:
        grey = np.asarray(cv2.cvtColor(source, cv2.COLOR_RGB2GRAY), np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    return source


def _brought(
    made: Picture,
    wanted: Floats,
    source: Picture,
    source_points: Floats,
    gain: Floats,
    most: float,
    box: tuple[slice, slice],
) -> NDArray[np.float32]:
    """The source's mouth in the place of the wanted one, in the target's light, in a box."""
    unit = eye_distance(wanted)
    other = max(eye_distance(source_points), 1.0)
    low = wanted[LIPS].min(axis=0) - _MARGIN * unit
    high = wanted[LIPS].max(axis=0) + _MARGIN * unit
    x, y = (np.linspace(low[i], high[i], _GRID) for i in range(2))
    grid = np.stack(np.meshgrid(x, y), axis=-1)
    spline = Spline(wanted[LIPS] / unit, source_points[LIPS])
    places = spline(grid / unit).astype(np.float32)
    steps = (
        ((np.arange(made.shape[1 - i]) - low[i]) / (high[i] - low[i]) * (_GRID - 1))[box[1 - i]]
        for i in range(2)
    )
    at = np.stack(np.meshgrid(*steps), axis=-1).astype(np.float32)
    empty = np.zeros(0, np.float32)
    where = cv2.remap(places, at, empty, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    shrink = other / unit
    sharp = source if shrink < 1.5 else cv2.GaussianBlur(source, (0, 0), 0.35 * shrink)
    sharp = np.asarray(sharp).reshape(source.shape)
    brought = cv2.remap(sharp, where, empty, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    inside = np.asarray(brought, np.float32).reshape(made[box].shape)
    shown = inside[_inside(wanted[INNER], box) > 0]
    if len(shown):
        top = float(np.quantile((shown * gain).mean(axis=1), 0.95))
        gain = gain * min(1.0, most / max(top, 1.0))
    return np.asarray(inside * gain, np.float32)


def _lit(
    made: Picture, wanted: Floats, source: Picture, source_points: Floats
) -> tuple[Floats, float]:
    """What a source's mouth is to be multiplied with [C], and how bright it may be at most."""
    planes, points = _cut(made, wanted, _SEEN)
    other, theirs = _cut(source, source_points, _SEEN)
    here, there = _light(planes, points), _light(_like(other, planes), theirs)
    gain = here.skin / there.skin
    # Half of the colour is the other person's skin and not the light, and so is half of how much
    # brighter or darker it is than the whites of the eyes say.
    gain = np.sqrt((gain + gain.mean()) / 2 * here.white / there.white)
    return np.clip(gain, *_GAIN), _TEETH * max(here.bright, here.white)


@dataclass(frozen=True)
class _Light:
    """What a face tells of the light that falls on it.

    Attributes:
        skin: [C] median colour of the skin around the mouth.
        bright: how bright its brightest tenth is.
        white: how bright the whites of the eyes are.
    """

    skin: Floats
    bright: float
    white: float


def _light(picture: Picture, points: Floats) -> _Light:
    hull = np.asarray(cv2.convexHull(points[OUTER].astype(np.float32)), np.float64)[:, 0]
    middle = hull.mean(axis=0)
    inner, outer = ((hull - middle) * size + middle for size in _SKIN)
    place = _box(outer, picture)
    ring = _inside(outer, place) - _inside(inner, place)
    skin = picture[place][ring > 0].reshape(-1, picture.shape[2]).astype(np.float64)
    if not len(skin):
        skin = picture.reshape(-1, picture.shape[2]).astype(np.float64)
    bright = float(np.quantile(skin.mean(axis=1), 0.9))
    place = _box(np.concatenate([points[eye] for eye in _EYES]), picture)
    eyes = sum(_inside(points[eye], place) for eye in _EYES)
    seen = picture[place][eyes > 0].reshape(-1, picture.shape[2]).mean(axis=1)
    white = float(np.quantile(seen, _WHITE)) if len(seen) else bright
    return _Light(np.median(skin, axis=0) + 1.0, bright, white + 1.0)


def _box(polygon: Floats, picture: Picture) -> tuple[slice, slice]:
    """Rows and columns of a picture in which a polygon [N, 2] lies."""
    limits = picture.shape[1::-1]
    first = np.clip(np.floor(polygon.min(axis=0)) - 1, 0, limits).astype(int)
    last = np.clip(np.ceil(polygon.max(axis=0)) + 2, first, limits).astype(int)
    return slice(first[1], last[1]), slice(first[0], last[0])


def _inside(polygon: Floats, box: tuple[slice, slice]) -> NDArray[np.int16]:
    """[h, w] 1 inside of a polygon [N, 2] and 0 elsewhere, in a box."""
    rows, columns = box
    mask = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.uint8)
    if mask.size:
        shape = np.round(polygon).astype(np.int32) - [columns.start, rows.start]
        cv2.fillPoly(mask, [shape.astype(np.int32)], 1)
    return mask.astype(np.int16)
