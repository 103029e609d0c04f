"""What a face tells of the light that falls on it: skin, whites of the eyes, teeth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fet_core.face3d.borrow import Giver, around, cut_out, is_grey, like
from fet_core.face3d.lids import closed
from fet_core.geometry.landmarks import INNER_LIPS, LEFT_EYE, RIGHT_EYE, eye_distance

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]

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


def lights(made: Picture, points: Floats, giver: Giver) -> tuple[Light, Light]:
    """The light of two faces, with as many channels as the first has; arguments as of `lay`.

    That of a giver that has a `light` is this, as a face of a film has.
    """
    everything = range(len(points))
    planes, here = cut_out(made, points, everything)
    known = getattr(giver, "light", None)
    if isinstance(known, Light):
        return _light(planes, here), known
    other, there = cut_out(giver.picture, giver.points, everything)
    return _light(planes, here), _light(like(other, planes), there)


def typical(seen: Sequence[Light]) -> Light:
    """The light on a face that was seen several times; at least once."""

    def middle(values: list[Floats]) -> Floats | None:
        return np.median(np.stack(values), axis=0) if values else None

    return Light(
        np.median(np.stack([one.skin for one in seen]), axis=0),
        float(np.median([one.bright for one in seen])),
        middle([one.white for one in seen if one.white is not None]),
        middle([one.teeth for one in seen if one.teeth is not None]),
    )


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
    place = around(picture, np.concatenate(polygons), 2)
    mask = sum(_inside(one, place) for one in polygons)
    return picture[place][np.asarray(mask) > 0].astype(np.float64)


def _inside(polygon: Floats, box: tuple[slice, slice]) -> NDArray[np.int16]:
    """[h, w] 1 inside of a polygon [N, 2] and 0 elsewhere, in a box."""
    rows, columns = box
    mask = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.uint8)
    shape = np.round(polygon).astype(np.int32) - [columns.start, rows.start]
    cv2.fillPoly(mask, [shape.astype(np.int32)], 1)
    return mask.astype(np.int16)
