"""Rendered mouths, open and shut, and closed eyes for `fet_core.face3d.bank`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from fet_core.face3d.bank import Lender
from fet_core.geometry.landmarks import eye_distance
from fet_core.synthesis.known import Shot, draw_person, take
from fet_core.synthesis.layouts import generator
from fet_core.synthesis.studio import Studio, Wares

_SIZE = 512
_ROOM = 0.25  # around the points, in shares of their extent
_DISTANCE = 17.0
_MET = 0.055  # distance of closed lids as dlib reads them, in eye distances
_RED, _BRIGHT = 0.13, 145.0
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
    """The closed eyes of one person; arguments as of `render_mouths`."""
    wares = draw_person(studio, seed, number)
    one = _rendered(studio, wares, anchors, seed, number, _both({"eyeBlink*": 1.0}))
    points = one.points.copy()
    down = points[8] - points[27]
    # Where lids meet, dlib's points keep a distance.
    step = _MET / 2 * eye_distance(points) * down / np.linalg.norm(down)
    for upper, lower in ((37, 41), (38, 40), (43, 47), (44, 46)):
        middle = (points[upper] + points[lower]) / 2
        points[upper], points[lower] = middle - step, middle + step
    return replace(one, points=points)


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
) -> Lender:
    shot = Shot(units, 0.0, 0.0, 0.0, _DISTANCE, _SIZE)
    known = take(studio, wares, shot, generator(seed, "shot", number, 0))
    points = np.asarray(anchors @ known.places)
    low, high = points.min(axis=0), points.max(axis=0)
    room = _ROOM * (high - low).max()
    first = np.maximum(np.floor(low - room), 0).astype(int)
    last = np.minimum(np.ceil(high + room), _SIZE).astype(int)
    picture = np.ascontiguousarray(known.picture[first[1] : last[1], first[0] : last[0]])
    return Lender(picture, points - first)


def _edged(picture: NDArray[np.uint8], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points whose inner lips lie where the lips end; dlib sees teeth and lips as one.

    Lips are bright and red, teeth are not red, and what is behind them is not bright.
    """
    rgb = picture.astype(np.float64)
    red = (rgb[..., 0] - rgb[..., 1]) / (rgb[..., 0] + rgb[..., 1] + 1)
    lip = (red > _RED) & (rgb[..., 0] > _BRIGHT)
    found = points.copy()
    for inner, outer in _INWARDS:
        for share in np.linspace(0, 1.0, 101):
            x, y = np.round(points[outer] + share * (points[inner] - points[outer])).astype(int)
            if not lip[y, x]:
                break
            found[inner] = points[outer] + share * (points[inner] - points[outer])
    return found
