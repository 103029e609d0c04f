"""A part of one face laid onto another one: its place, its light, a soft edge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from fet_core.face3d.lids import closed
from fet_core.face3d.warp import Spline
from fet_core.geometry.landmarks import INNER_LIPS, LEFT_EYE, RIGHT_EYE, eye_distance

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]

_GRID = 64
_MARGIN = 0.3
_ROOM = 0.5  # around the part, in eye distances
_SOFT = 0.012  # of the mask, in eye distances
_CHEEKS = ((41, 31, 2), (46, 35, 14))  # between them no beard grows
_INWARDS = 0.6  # size of a cheek's part that is looked at
_WHITE = 0.9  # quantile of an eye's brightness that is no iris
_TEETH = (0.6, 0.75)
"""Quantile of brightness between open lips from which on teeth are seen, if they are at least so
bright beside the whites of the eyes or, where these are closed, beside the skin."""

_PINK = 1.15  # red over green of what is no tooth, in that of the whites of the eyes
_PALE = 0.75  # of how much redder than green skin is: what whites are at most
_GLASSES = 0.5  # brightness of whites in that of the skin, below which they are no whites
_PALER = 0.01  # share of red in the colour of teeth, less than in that of the skin
_OPEN = 0.02  # area between the inner lips, in squares of the eye distance
_ENOUGH = 40_000  # pixels that tell whether a picture is grey
_GREY = 4.0  # mean difference of channels below which a picture is grey


class Giver(Protocol):
    """A face of which a part is taken."""

    @property
    def picture(self) -> Picture:
        """[H, W] or [H, W, 3] uint8."""
        ...

    @property
    def points(self) -> Floats:
        """[68, 2] landmarks in its pixels."""
        ...


def lay(
    made: Picture,
    wanted: Floats,
    giver: Giver,
    part: Sequence[int],
    outline: Floats,
    rim: float,
    light: Lit | None,
    soft: float = 0.0,
) -> None:
    """Lay a part of another face over a face's own.

    Args:
        made: [H, W] or [H, W, 3] uint8; changed.
        wanted: [68, 2] landmarks in its pixels.
        giver: whose part it is.
        part: numbers of the landmarks that are laid onto each other.
        outline: [N, 2] in pixels of `made`, in which the giver's pixels are seen.
        rim: how far beyond the outline they are seen, in eye distances.
        light: of the part; None gives it that of the skin beyond the rim.
        soft: least softness of the edge in pixels.
    """
    unit = eye_distance(wanted)
    soft = max(_SOFT * unit, soft)
    # No further than the ring around the rim, and than OpenCV's blur reaches.
    place = _around(made, outline, 2 * rim * unit + 5 * soft + 6)
    corner = [place[1].start, place[0].start]
    planes = made[place] if made.ndim == 3 else made[place][:, :, None]
    points, outline = wanted - corner, outline - corner
    mask = np.zeros(planes.shape[:2], np.float32)
    cv2.fillPoly(mask, [np.round(outline * 16).astype(np.int32)], 1.0, cv2.LINE_AA, 4)
    away = cv2.distanceTransform((mask < 0.5).astype(np.uint8), cv2.DIST_L2, 5)
    wide = np.maximum(mask, np.clip(rim * unit + 0.5 - away, 0, 1))
    given, theirs = _cut(giver.picture, giver.points, part)
    brought = _brought(planes, points, _like(given, planes), theirs, list(part))
    if light is None:
        ring = (away > rim * unit + 1) & (away < 2 * rim * unit + 2)
        brought *= _median(planes, ring) / _median(brought, ring)
    else:
        shown = brought[mask > 0.5]
        if len(shown):
            top = float(np.quantile((shown * light.gain).mean(axis=1), 0.95))
            brought *= min(1.0, light.most / max(top, 1.0))
        brought *= light.rim + _softened(mask, _SOFT * unit) * (light.gain - light.rim)
    share = _softened(wide, soft)
    planes[...] = np.rint(np.clip(planes + share * (brought - planes), 0, 255))


def _softened(mask: NDArray[np.float32], soft: float) -> NDArray[np.float32]:
    """[H, W, 1] a mask [H, W] with a soft edge."""
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), max(soft, 0.6)), np.float32)[..., None]


def _median(planes: NDArray[Any], where: NDArray[np.bool_]) -> NDArray[np.float32]:
    """[C] median colour, raised by 1."""
    seen = planes[where] if where.any() else planes.reshape(-1, planes.shape[2])
    return np.asarray(np.median(seen, axis=0) + 1, np.float32)


def _cut(picture: Picture, points: Floats, part: Sequence[int]) -> tuple[Picture, Floats]:
    """[h, w, C] around a part of points [68, 2], and the points in its pixels."""
    place = _around(picture, points[list(part)], _ROOM * max(eye_distance(points), 1.0))
    cut = picture[place]
    moved = points - [place[1].start, place[0].start]
    return cut if cut.ndim == 3 else cut[:, :, None], moved


def _around(picture: Picture, places: Floats, room: float) -> tuple[slice, slice]:
    """Rows and columns of a picture around places [N, 2], with some room in pixels."""
    low, high = places.min(axis=0) - room, places.max(axis=0) + room
    height, width = picture.shape[:2]
    first = np.clip(np.floor(low), 0, [width - 2, height - 2]).astype(int)
    last = np.clip(np.ceil(high), first + 2, [width, height]).astype(int)
    return slice(first[1], last[1]), slice(first[0], last[0])


def is_grey(picture: Picture) -> bool:
    """Whether a picture [H, W] or [H, W, C] has no colour, or hardly any; some pixels tell."""
    if picture.ndim == 2 or picture.shape[2] != 3:
        return True
    step = max(round((picture.shape[0] * picture.shape[1] / _ENOUGH) ** 0.5), 1)
    some = picture[::step, ::step]
    return float((some.max(axis=2) - some.min(axis=2)).mean()) < _GREY


def _like(source: Picture, target: Picture) -> Picture:
    """The source with as many channels as the target, and grey where that is."""
    if source.shape[2] != target.shape[2]:
        if target.shape[2] == 3:
            return np.repeat(source, 3, axis=2)
        return np.asarray(cv2.cvtColor(source, cv2.COLOR_RGB2GRAY), np.uint8)[:, :, None]
    if is_grey(target) and source.shape[2] == 3:
        grey = np.asarray(cv2.cvtColor(source, cv2.COLOR_RGB2GRAY), np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    return source


def _brought(
    made: Picture, wanted: Floats, source: Picture, source_points: Floats, part: list[int]
) -> NDArray[np.float32]:
    """The source's part in the place of the wanted one [H, W, C]."""
    unit = eye_distance(wanted)
    other = max(eye_distance(source_points), 1.0)
    low = wanted[part].min(axis=0) - _MARGIN * unit
    high = wanted[part].max(axis=0) + _MARGIN * unit
    x, y = (np.linspace(low[i], high[i], _GRID) for i in range(2))
    grid = np.stack(np.meshgrid(x, y), axis=-1)
    spline = Spline(wanted[part] / unit, source_points[part])
    places = spline(grid / unit).astype(np.float32)
    steps = (
        (np.arange(made.shape[1 - i]) - low[i]) / (high[i] - low[i]) * (_GRID - 1) for i in range(2)
    )
    at = np.stack(np.meshgrid(*steps), axis=-1).astype(np.float32)
    empty = np.zeros(0, np.float32)
    where = cv2.remap(places, at, empty, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    shrink = other / unit
    sharp = source if shrink < 1.5 else cv2.GaussianBlur(source, (0, 0), 0.35 * shrink)
    sharp = np.asarray(sharp).reshape(source.shape)
    brought = cv2.remap(sharp, where, empty, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(brought, np.float32).reshape(made.shape)


@dataclass(frozen=True)
class Light:
    """What a face tells of the light that falls on it.

    Attributes:
        skin: [C] median colour of the cheeks below the eyes.
        bright: how bright their brightest tenth is.
        white: [C] colour of the whites of the eyes; None where none are seen.
        teeth: [C] median colour of the teeth; None where none are seen.
    """

    skin: Floats
    bright: float
    white: Floats | None
    teeth: Floats | None

    @property
    def coloured(self) -> bool:
        """Whether the whites' colour is the light's: they are paler than skin, if they are seen."""
        if self.white is None or len(self.skin) != 3:
            return False
        return _redness(self.white) - 1 < _PALE * (_redness(self.skin) - 1)


@dataclass(frozen=True)
class Lit:
    """How a source's part gets into the light of another picture.

    Attributes:
        gain: [C] what it is multiplied with.
        rim: [C], the same for the skin around it.
        most: how bright it may be.
    """

    gain: Floats
    rim: Floats
    most: float


def lights(made: Picture, points: Floats, giver: Giver) -> tuple[Light, Light]:
    """The light of two faces, with as many channels as the first has; arguments as of `lay`."""
    everything = range(len(points))
    planes, here = _cut(made, points, everything)
    other, there = _cut(giver.picture, giver.points, everything)
    return _light(planes, here), _light(_like(other, planes), there)


def _light(picture: Picture, points: Floats) -> Light:
    cheeks = [points[list(corners)] for corners in _CHEEKS]
    parts = [
        _pixels(picture, [_INWARDS * (one - one.mean(axis=0)) + one.mean(axis=0)]) for one in cheeks
    ]
    skin = np.concatenate(parts)
    if not len(skin):
        skin = picture.reshape(-1, picture.shape[2]).astype(np.float64)
    bright = float(np.quantile(skin.mean(axis=1), 0.9))
    shut = closed(picture, points)
    eyes = [
        points[list(eye)] for eye, no in zip((RIGHT_EYE, LEFT_EYE), shut, strict=True) if not no
    ]
    colour = np.median(skin, axis=0) + 1.0
    white = _white(_pixels(picture, eyes), colour)
    return Light(colour, bright, white, _teeth(picture, points, white, colour))


def _white(seen: Floats, skin: Floats) -> Floats | None:
    """[C] colour of what is bright in the eyes' pixels [N, C]; None behind dark glasses."""
    if not len(seen):
        return None
    bright = seen.mean(axis=1)
    level = float(np.quantile(bright, _WHITE))
    near = np.argsort(np.abs(bright - level))[: max(len(seen) // 10, 1)]
    colour = np.asarray(np.median(seen[near], axis=0))
    white = colour * (level / max(float(colour.mean()), 1e-6)) + 1.0
    return white if white.mean() > _GLASSES * skin.mean() else None


def _teeth(picture: Picture, points: Floats, white: Floats | None, skin: Floats) -> Floats | None:
    """[C] colour of the teeth between open lips; None where there are none to be seen.

    It is too dark there, or too red: turned lips that are closed may be read as open ones.
    """
    inner = points[list(INNER_LIPS)]
    between = _pixels(picture, [inner])
    area = float(cv2.contourArea(inner.astype(np.float32)))
    if area < _OPEN * eye_distance(points) ** 2 or not len(between):
        return None
    bright = between.mean(axis=1)
    colour = np.median(between[bright >= np.quantile(bright, _TEETH[0])], axis=0) + 1.0
    if colour.mean() < _TEETH[1] * (skin if white is None else white).mean():
        return None
    if white is not None and len(skin) == 3 and _redness(colour) > _PINK * _redness(white):
        return None
    pale = colour[0] / colour.sum() < skin[0] / skin.sum() - _PALER
    return colour if pale or (is_grey(picture) and colour.mean() > skin.mean()) else None


def _redness(colour: Floats) -> float:
    return float(colour[0] / colour[1])


def _pixels(picture: Picture, polygons: Sequence[Floats]) -> Floats:
    """[N, C] pixels of a picture [H, W, C] that lie inside of polygons [M, 2]."""
    if not polygons:
        return np.zeros((0, picture.shape[2]))
    place = _around(picture, np.concatenate(polygons), 2)
    mask = sum(_inside(one, place) for one in polygons)
    return picture[place][np.asarray(mask) > 0].astype(np.float64)


def _inside(polygon: Floats, box: tuple[slice, slice]) -> NDArray[np.int16]:
    """[h, w] 1 inside of a polygon [N, 2] and 0 elsewhere, in a box."""
    rows, columns = box
    mask = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.uint8)
    shape = np.round(polygon).astype(np.int32) - [columns.start, rows.start]
    cv2.fillPoly(mask, [shape.astype(np.int32)], 1)
    return mask.astype(np.int16)
