"""Moving a photograph's own pixels to new points: splines with cuts along mouth and lids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fet_core.face3d.fades import ALIGNED, around, below_lips, face_share, reach, window
from fet_core.geometry.landmarks import eye_distance

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]

_UPPER = (49, 50, 51, 52, 53, 61, 62, 63)  # the lips without their corners
_LOWER = (55, 56, 57, 58, 59, 65, 66, 67)
_EYES = (range(36, 42), range(42, 48))
_LIDS = (37, 38, 40, 41, 43, 44, 46, 47)
_BROWS = (
    (17, 36), (18, 37), (19, 37), (20, 38), (21, 39),
    (22, 42), (23, 43), (24, 44), (25, 44), (26, 45),
)  # fmt: skip
"""A brow's point, and the lid's below it."""

_HAIR = 0.55  # of the way from there to here that moves as the brow does
_NARROWER = (0.0, 0.25)  # share of its height by which an eye closes, for lids to slide over it
_SHUT = (0.4, 0.75)  # the same, for it to lie in the shadow of the lashes
_LASHES = 0.65  # of the light that they take
_SHADE = 0.01  # softness of a lid's edge in eye distances
_GRID = 96
_BORDER = 7  # fixed points along each side of the picture
_SMOOTH = 1e-3
_STILL = 0.05  # pixels that are no motion
_AT_ONCE = 1 << 20  # pixels whose motion is in memory together


class Spline:
    """A thin-plate spline in the plane (Bookstein 1989).

    Args:
        where: [N, 2] places.
        value: [N, 2] what it is to give there.
        smooth: added to the kernel's diagonal, in squares of the places' unit.

    Attributes:
        weights: [N + 3, 2] of the kernel at each place, of 1, of x and of y.
    """

    def __init__(self, where: Floats, value: Floats, smooth: float = _SMOOTH) -> None:
        count = len(where)
        self._where = where
        plane = np.concatenate([np.ones((count, 1)), where], axis=1)
        system = np.zeros((count + 3, count + 3))
        system[:count, :count] = _kernel(where, where) + smooth * np.eye(count)
        system[:count, count:], system[count:, :count] = plane, plane.T
        right = np.concatenate([value, np.zeros((3, value.shape[1]))])
        self.weights = np.linalg.solve(system, right)

    def __call__(self, at: Floats) -> Floats:
        """Its values at places [..., 2]."""
        flat = at.reshape(-1, 2)
        bent = _kernel(flat, self._where) @ self.weights[:-3]
        return (bent + self.weights[-3] + flat @ self.weights[-2:]).reshape(at.shape)


def _kernel(one: Floats, other: Floats) -> Floats:
    # Axis by axis: an array of differences [N, M, 2] takes twice as long.
    square = (one[:, :1] - other[:, 0]) ** 2
    square += (one[:, 1:] - other[:, 1]) ** 2
    return square * np.log(square + square.dtype.type(1e-12))


def _splines(where: Floats, value: Floats, sets: Sequence[Sequence[int]], at: Floats) -> Floats:
    """Values [S, ..., 2] at places [..., 2] of one spline for each set of numbers of points [N, 2].

    As `Spline` gives them, with the kernel from each place to each point computed once, in single
    precision, which is a thousandth of a pixel.
    """
    flat = at.reshape(-1, 2)
    weights = np.zeros((len(where) + 3, 2 * len(sets)))
    for number, chosen in enumerate(sets):
        rows = [*chosen, *range(len(where), len(where) + 3)]
        weights[rows, 2 * number : 2 * number + 2] = Spline(where[chosen], value[chosen]).weights
    kernel = _kernel(flat.astype(np.float32), where.astype(np.float32))
    bent = kernel @ weights[:-3].astype(np.float32)
    made = bent + weights[-3] + flat @ weights[-2:]
    return np.moveaxis(made.reshape(*at.shape[:-1], len(sets), 2), -2, 0)


def moved(picture: Picture, points: Floats, wanted: Floats, out: Picture | None = None) -> Picture:
    """The picture with its points at the wanted places; its border stays.

    Above the line between the wanted lips everything moves with the upper lip, below it with the
    lower one, so that lips which part are not smeared over what opens between them. An eye that
    closes stays as it is below the lids, which slide over it. Pixels that do not move keep their
    values.

    Args:
        picture: [H, W] or [H, W, 3] uint8, a face with some room around it.
        points: [68, 2] landmarks in its pixels.
        wanted: [68, 2], the same.
        out: where to put it, of the picture's shape; None for a new array.
    """
    height, width = picture.shape[:2]
    made = np.empty_like(picture) if out is None else out
    # Widened at once, so that strips of them can be heightened one by one.
    wide = [
        cv2.resize(field.astype(np.float32), (width, _GRID), interpolation=cv2.INTER_LINEAR)
        for field in _fields(points, wanted, height, width)
    ]
    eyes = len(wide) > 2
    lids = _Patch.between_lids(points, wanted, _NARROWER, height, width) if eyes else None
    empty = np.zeros(0, np.float32)
    across = max(_AT_ONCE // height // ALIGNED, 1) * ALIGNED
    down, columns = reach(points, height, width)
    made[...] = picture
    for left in range(columns.start, columns.stop, across):
        strip = slice(left, min(left + across, columns.stop))
        size = (strip.stop - left, height)
        field, below, *still = (
            np.asarray(
                cv2.resize(
                    np.ascontiguousarray(one[:, strip]), size, interpolation=cv2.INTER_LINEAR
                )[down],
                np.float32,
            )
            for one in wide
        )
        field += below_lips(wanted, down, strip)[..., None] * (below - field)
        if lids is not None:
            *place, covered = lids.within(down, strip)
            part = field[*place]
            part += covered[..., None] * (still[0][*place] - part)
        field *= window(height, width, down, strip) * face_share(points, down, strip)
        field[np.abs(field) < _STILL] = 0
        field[..., 0] += np.arange(left, strip.stop, dtype=np.float32)
        field[..., 1] += np.arange(down.start, down.stop, dtype=np.float32)[:, None]
        found = cv2.remap(picture, field, empty, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
        made[down, strip] = np.asarray(found, dtype=np.uint8).reshape(made[down, strip].shape)
    if eyes:
        # What is left of an eye that is all but closed lies in the lashes' shadow.
        dark = _Patch.between_lids(points, wanted, _SHUT, height, width)
        *place, covered = dark.within(slice(0, height), slice(0, width))
        shade = 1 - _LASHES * covered
        shade = shade if made.ndim == 2 else shade[..., None]
        made[*place] = np.rint(made[*place] * shade).astype(np.uint8)
    return made


def _fields(points: Floats, wanted: Floats, height: int, width: int) -> list[Floats]:
    """Where the pixels of the result come from, less their place [G, G, 2].

    With the upper lip, with the lower one, and, if an eye closes, with neither lid.
    """
    unit = max(eye_distance(points), 1.0)
    last = np.array([width - 1, height - 1], dtype=np.float64)
    share = np.linspace(0, 1, _BORDER)
    square = np.stack(np.meshgrid(share, share), axis=-1).reshape(-1, 2)
    border = square[((square == 0) | (square == 1)).any(axis=1)] * last
    border = np.concatenate([border, around(points)])
    brows, lids = ([pair[side] for pair in _BROWS] for side in (0, 1))
    hair = _HAIR * (points[lids] - points[brows])
    axis = (np.arange(_GRID) + 0.5) / _GRID
    at = np.stack(np.meshgrid(axis, axis), axis=-1) * (last + 1) - 0.5
    motion = points - wanted
    where = np.concatenate([wanted, wanted[brows] + hair, border]) / unit
    value = np.concatenate([motion, motion[brows], np.zeros_like(border)])
    closes = max(_closing(points, wanted)) > 0
    left_out = (_LOWER, _UPPER, (*_LOWER, *_LIDS))[: 3 if closes else 2]
    sets = [[number for number in range(len(where)) if number not in one] for one in left_out]
    return list(_splines(where, value, sets, at / unit))


def _closing(points: Floats, wanted: Floats) -> list[float]:
    """By how much of its height each eye closes, 0 for one that opens."""
    shares = []
    for eye in _EYES:
        high = [
            float(np.linalg.norm(one[[eye[1], eye[2]]] - one[[eye[5], eye[4]]], axis=1).sum())
            for one in (points, wanted)
        ]
        shares.append(max(1 - high[1] / max(high[0], 1e-6), 0.0))
    return shares


@dataclass(frozen=True)
class _Patch:
    """Values [h, w] at a place of a picture, outside of which they are 0."""

    left: int
    top: int
    values: NDArray[np.float32]

    @classmethod
    def between_lids(
        cls, points: Floats, wanted: Floats, scale: tuple[float, float], height: int, width: int
    ) -> _Patch:
        """0 outside of eyes; between lids 0 to 1 as the closing goes over a scale."""
        soft = max(_SHADE * eye_distance(points), 0.5)
        # Further from the lids than OpenCV's blur reaches.
        room = 5 * soft + 2
        eyes = wanted[list(_EYES[0]) + list(_EYES[1])]
        low = np.clip(np.floor(eyes.min(axis=0) - room), 0, [width - 1, height - 1]).astype(int)
        high = np.clip(np.ceil(eyes.max(axis=0) + room) + 1, low + 1, [width, height]).astype(int)
        left, top = int(low[0]) // ALIGNED * ALIGNED, int(low[1])
        mask = np.zeros((int(high[1]) - top, int(high[0]) - left), np.float32)
        for eye, closing in zip(_EYES, _closing(points, wanted), strict=True):
            share = float(np.clip((closing - scale[0]) / (scale[1] - scale[0]), 0, 1))
            lids = np.round(wanted[list(eye)] * 16).astype(np.int32) - [left * 16, top * 16]
            cv2.fillPoly(mask, [lids.astype(np.int32)], share, cv2.LINE_AA, 4)
        return cls(left, top, np.asarray(cv2.GaussianBlur(mask, (0, 0), soft), np.float32))

    def within(self, rows: slice, columns: slice) -> tuple[slice, slice, NDArray[np.float32]]:
        """Where in some rows and columns it lies, counted from their first, and its values."""
        height, width = self.values.shape
        top, bottom = (min(max(y, rows.start), rows.stop) for y in (self.top, self.top + height))
        left, right = (
            min(max(x, columns.start), columns.stop) for x in (self.left, self.left + width)
        )
        return (
            slice(top - rows.start, bottom - rows.start),
            slice(left - columns.start, right - columns.start),
            self.values[top - self.top : bottom - self.top, left - self.left : right - self.left],
        )
