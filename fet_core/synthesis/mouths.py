"""Rendered mouths, open and shut, and closed eyes for `fet_core.face3d.bank`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from fet_core.face3d.bank import Lender
from fet_core.geometry.landmarks import LEFT_EYE, RIGHT_EYE, eye_distance
from fet_core.synthesis.known import Shot, draw_person, take
from fet_core.synthesis.layouts import generator
from fet_core.synthesis.studio import Studio, Wares

Floats = NDArray[np.float64]

_SIZE, _FINER = 512, 1024
_ROOM = 0.25  # around the points, in shares of their extent
_DISTANCE = 17.0
_MET = 0.055  # distance of closed lids as dlib reads them, in eye distances
_SOFTER = 0.012  # of the picture in which the line between closed lids is looked for
_SOUGHT = 0.05  # from where the points say that it is
_LASHES = 0.7  # of the light that they take in the middle of that line
_ROOTS, _TIPS = 0.006, 0.012  # how far above and below the line
_RED, _BRIGHT = 0.13, (85.0, 145.0)
"""From which on a colour is a lip's, and brightness an upper and a lower lip's: the upper one lies
in the shade, the tongue behind the lower one is as bright as that."""

_FAR = (2.0, 1.0)  # times the way from either lip's outer edge to where dlib sees its inner one
_INWARDS = ((61, 50), (62, 51), (63, 52), (65, 56), (66, 57), (67, 58))


def _both(units: Mapping[str, float]) -> dict[str, float]:
    """Units of both sides, those that end in * once for each."""
    return {
        name.replace("*", side): value
        for name, value in units.items()
        for side in (("Left", "Right") if name.endswith("*") else ("",))
    }


LIDS = 7
"""The person whose lids are taken."""

_MEETING = {"mouthShrugLower": 0.4}
"""What brings this person's lips together; at rest teeth are seen in the corners."""

SMILE = {"mouthSmile*": 0.8, "mouthUpperUp*": 0.5}
BARED = {"mouthUpperUp*": 0.6, "mouthLowerDown*": 0.8}
WAYS = (
    *(_both({"jawOpen": far}) for far in (0.15, 0.3, 0.5, 0.75, 1.0)),
    *(_both({**SMILE, "jawOpen": far}) for far in (0.0, 0.15, 0.35, 0.6)),
    _both(BARED),
    _both({**BARED, "mouthStretch*": 0.6, "jawOpen": 0.2}),
    _both({"mouthUpperUp*": 0.5, "mouthLowerDown*": 0.9, "mouthStretch*": 0.9, "jawOpen": 0.1}),
    _both({"mouthUpperUp*": 0.5, "mouthLowerDown*": 0.9, "mouthStretch*": 0.9, "mouthFrown*": 0.4}),
    _both({"mouthFunnel": 0.6, "jawOpen": 0.4}),
    _both({"mouthFrown*": 0.6, "mouthLowerDown*": 0.5, "jawOpen": 0.3}),
)


def render_mouths(
    studio: Studio, anchors: sparse.csr_matrix, seed: int, number: int = 0
) -> Iterator[Lender]:
    """The mouths of one person, who looks into the camera.

    Args:
        studio: renders.
        anchors: [68, V] where dlib's points lie on the drawn skin.
        seed: of the person and the light.
        number: of the person.
    """
    wares = draw_person(studio, seed, number)
    for units in WAYS:
        one = _rendered(studio, wares, anchors, seed, number, units)
        yield replace(one, points=_edged(one.picture, one.points))


def render_lids(
    studio: Studio, anchors: sparse.csr_matrix, seed: int, number: int = LIDS
) -> Lender:
    """The closed eyes of one person; arguments as of `render_mouths`.

    Of the assets' lashes every one is seen, as of no photographed eye: a line stands for them.
    """
    wares = draw_person(studio, seed, number)
    plain = {name: part for name, part in wares.parts.items() if name != "lashes"}
    blink = _both({"eyeBlink*": 1.0})
    one = _rendered(studio, replace(wares, parts=plain), anchors, seed, number, blink, _FINER)
    picture, points = one.picture.astype(np.float64), one.points.copy()
    down = points[8] - points[27]
    # Where lids meet, dlib's points keep a distance.
    step = _MET / 2 * eye_distance(points) * down / np.linalg.norm(down)
    for eye in (RIGHT_EYE, LEFT_EYE):
        _darken(picture, points[list(eye)], eye_distance(points))
        for upper, lower in ((eye[1], eye[5]), (eye[2], eye[4])):
            middle = (points[upper] + points[lower]) / 2
            points[upper], points[lower] = middle - step, middle + step
    return Lender(np.rint(picture).astype(np.uint8), points)


def _darken(picture: Floats, eye: Floats, unit: float) -> None:
    """Lay lashes along the line between the lids of an upright picture, in place.

    Args:
        picture: [H, W, 3], 0 to 255.
        eye: [6, 2] the lids' points in its pixels.
        unit: the distance of the eyes in pixels.
    """
    ends = sorted((eye[0], eye[3]), key=lambda point: float(point[0]))
    middle = (eye[[1, 2]] + eye[[5, 4]]) / 2
    told = np.stack([ends[0], *sorted(middle, key=lambda point: float(point[0])), ends[1]])
    columns = np.arange(round(ends[0][0]), round(ends[1][0]) + 1)
    smooth = cv2.GaussianBlur(picture.mean(axis=2), (0, 0), _SOFTER * unit)
    rows = np.arange(len(picture))[:, None]
    far = np.abs(rows - np.interp(columns, told[:, 0], told[:, 1]))
    dark = np.where(far < _SOUGHT * unit, smooth[:, columns], np.inf).argmin(axis=0)
    share = (columns - columns[0]) / max(len(columns) - 1, 1)
    line = np.polyval(np.polyfit(share, dark, 5), share)
    below = rows - line
    near = np.exp(-0.5 * (below / (np.where(below < 0, _ROOTS, _TIPS) * unit)) ** 2)
    light = 1 - _LASHES * near * np.sqrt(np.sin(np.pi * share))
    picture[:, columns] *= light[..., None]


def render_shut(studio: Studio, anchors: sparse.csr_matrix, seed: int, number: int = 0) -> Lender:
    """A mouth whose lips meet; arguments as of `render_mouths`."""
    wares = draw_person(studio, seed, number)
    return _rendered(studio, wares, anchors, seed, number, _MEETING)


def _rendered(
    studio: Studio,
    wares: Wares,
    anchors: sparse.csr_matrix,
    seed: int,
    number: int,
    units: Mapping[str, float],
    size: int = _SIZE,
) -> Lender:
    shot = Shot(units, 0.0, 0.0, 0.0, _DISTANCE, size)
    known = take(studio, wares, shot, generator(seed, "shot", number, 0))
    points = np.asarray(anchors @ known.places)
    low, high = points.min(axis=0), points.max(axis=0)
    room = _ROOM * (high - low).max()
    first = np.maximum(np.floor(low - room), 0).astype(int)
    last = np.minimum(np.ceil(high + room), size).astype(int)
    picture = np.ascontiguousarray(known.picture[first[1] : last[1], first[0] : last[0]])
    return Lender(picture, points - first)


def _edged(picture: NDArray[np.uint8], points: Floats) -> Floats:
    """Points whose inner lips lie where the lips end.

    dlib sees teeth and lips as one, and the inner edge of an upper lip in the middle of that. Lips
    are bright and red, teeth are not red, and what is behind them is not bright.
    """
    rgb = picture.astype(np.float64)
    red = (rgb[..., 0] - rgb[..., 1]) / (rgb[..., 0] + rgb[..., 1] + 1)
    found = points.copy()
    for inner, outer in _INWARDS:
        lower = inner > 64
        lip = (red > _RED) & (rgb[..., 0] > _BRIGHT[lower])
        for share in np.linspace(0, _FAR[lower], 201):
            place = points[outer] + share * (points[inner] - points[outer])
            x, y = np.round(place).astype(int)
            if not lip[y, x]:
                break
            found[inner] = place
    return found
