"""dlib's 68-point predictor for many boxes of one picture at a time, with the very same result.

The method is that of Kazemi and Sullivan 2014: fifteen rounds, in each of which 500 small trees ask
whether one pixel is brighter than another and move the shape a little. dlib takes box after box,
and waits for each tree's numbers from memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fet_core.geometry.landmarks import PREDICTOR, FaceFinder, intensity, weights_folder
from fet_core.parallel import once

_PART = 1 << 21  # bytes of the file that are taken apart together
_LANE = 1 << 12  # bytes of it that are followed at the same time as all others
_LEAD = 512  # after so many bytes it has been found where a number begins
_SPLITS, _LEAVES, _DEPTH = 15, 16, 4  # of a tree
_NUMBERS = 136  # of a shape
_MOST = 64  # boxes at a time
_NEAR = 1e-9  # of a pixel: nearer than this to the middle between two, dlib's rounding decides

Floats = NDArray[np.float32]


class QuickReader:
    """Reads as `FaceFinder.many` does, sooner; what it cannot decide, a `FaceFinder` reads.

    Unpacking the weights takes a second, so that it pays from some dozens of faces on. Not to be
    shared between threads.
    """

    def __init__(self) -> None:
        try:
            self._regressor: Regressor | None = Regressor(weights_folder() / PREDICTOR)
        except ValueError:
            self._regressor = None

    def many(
        self, picture: NDArray[np.uint8], boxes: NDArray[np.int64], mirrored: NDArray[np.bool_]
    ) -> Floats:
        """Landmarks [R, 68, 2] in each of several boxes; see `FaceFinder.many`."""
        if self._regressor is None:
            return once(FaceFinder).many(picture, boxes, mirrored)
        parts = range(0, len(boxes), _MOST)
        read = [
            self._regressor(picture, boxes[at : at + _MOST], mirrored[at : at + _MOST])
            for at in parts
        ]
        points = np.concatenate([part.points for part in read])
        unsure = ~np.concatenate([part.sure for part in read])
        if unsure.any():
            points[unsure] = once(FaceFinder).many(picture, boxes[unsure], mirrored[unsure])
        return points


class Points(NamedTuple):
    """What was read in each box.

    Attributes:
        points: [R, 68, 2] float32, whole pixels of the picture or of its mirror.
        sure: [R]; False where a place lay just between two pixels, so that dlib may say otherwise.
    """

    points: Floats
    sure: NDArray[np.bool_]


class _Round(NamedTuple):
    """One round: pixels [500] that are looked at, by anchor and offset, and its trees."""

    anchor: NDArray[np.int32]
    offset: Floats  # [500, 2]
    one: NDArray[np.int32]  # [15 * trees], the questions, node after node
    other: NDArray[np.int32]
    least: NDArray[np.int16]  # [15 * trees, 1]
    moves: Floats  # [trees * 16 + _MOST, 136]; the last rows are for the shapes themselves


class Regressor:
    """The predictor's weights, unpacked.

    Args:
        path: a file of dlib's, trained with trees of depth four, as the common ones of 68 points.

    Raises:
        ValueError: the file is laid out in another way.
    """

    def __init__(self, path: Path) -> None:
        numbers = _Numbers(np.concatenate([np.empty(0, np.int32), *_integers(path)]))
        if numbers.take(3).tolist() != [1, -_NUMBERS, -1]:
            raise ValueError("it is no predictor of 68 points")
        self._initial = numbers.floats(_NUMBERS)
        trees = [numbers.trees() for _ in range(numbers.one())]
        # Copied, as a part would keep all numbers of the file in memory.
        anchors = [numbers.take(numbers.one()).copy() for _ in range(numbers.one())]
        offsets = [numbers.floats(2 * numbers.one()) for _ in range(numbers.one())]
        numbers.end()
        self._rounds = [
            _Round(anchor, offset.reshape(-1, 2), *grown)
            for anchor, offset, grown in zip(anchors, offsets, trees, strict=True)
        ]
        around = self._initial.reshape(-1, 2).astype(np.float64)
        self._frame = (around - around.mean(axis=0)).T[:, :, None]

    def __call__(
        self, picture: NDArray[np.uint8], boxes: NDArray[np.int64], mirrored: NDArray[np.bool_]
    ) -> Points:
        """Read the landmarks in each box.

        Args:
            picture: [H, W] or [H, W, 3].
            boxes: [R, 4] left, top, right, bottom, R at most 64.
            mirrored: [R]; where it is so, the box lies in the picture read right to left, and so do
                the points.
        """
        from scipy.sparse import csr_array

        count = len(boxes)
        padded = np.pad(intensity(picture), 1)
        flat = padded.ravel()
        high, wide = picture.shape[:2]
        left, top = boxes[:, 0].astype(np.float64), boxes[:, 1].astype(np.float64)
        width, height = boxes[:, 2] - left, boxes[:, 3] - top
        mirrored = mirrored.astype(bool)
        sure = np.ones(count, bool)
        shapes = np.repeat(self._initial[None], count, axis=0)
        for part in self._rounds:
            across, down = self._places(part, shapes)
            x, sure_x = _pixels(across, width, left)
            y, sure_y = _pixels(down, height, top)
            sure &= sure_x & sure_y
            x = np.where(mirrored, wide - 1 - x, x)
            # Beyond the picture dlib sees black: the border of one pixel.
            at = (np.clip(y, -1, high) + 1) * (wide + 2) + np.clip(x, -1, wide) + 1
            seen = flat.take(at.astype(np.intp)).astype(np.int16)
            brighter = seen.take(part.one, axis=0)
            brighter -= seen.take(part.other, axis=0)
            trees = len(part.one) // _SPLITS
            leaves = _leaves((brighter > part.least).reshape(_SPLITS, trees, count))
            # Added one after the other to the shape, as dlib does: floats round by their order.
            rows = np.empty((count, trees + 1), np.int32)
            rows[:, 0] = trees * _LEAVES + np.arange(count)
            rows[:, 1:] = (leaves + (np.arange(trees, dtype=np.int32) * _LEAVES)[:, None]).T
            part.moves[rows[:, 0]] = shapes
            ends = np.arange(count + 1, dtype=np.int32) * (trees + 1)
            ones = np.ones(rows.size, np.float32)
            shapes = csr_array((ones, rows.ravel(), ends), (count, len(part.moves))) @ part.moves
        x, sure_x = _pixels(shapes[:, 0::2].T, width, left)
        y, sure_y = _pixels(shapes[:, 1::2].T, height, top)
        return Points(np.stack([x.T, y.T], axis=2).astype(np.float32), sure & sure_x & sure_y)

    def _places(self, part: _Round, shapes: Floats) -> tuple[Floats, Floats]:
        """Where the pixels lie, [500, R] each, 0 to 1 across the box.

        Offsets are of the mean shape, and turned and scaled with the shape (Umeyama 1991).
        """
        fx, fy = self._frame
        wanted = shapes.reshape(len(shapes), -1, 2).transpose(2, 1, 0).astype(np.float64)
        tx, ty = wanted - wanted.mean(axis=1, keepdims=True)
        size = (self._frame**2).sum()
        along = ((fx * tx + fy * ty).sum(axis=0) / size).astype(np.float32)
        across = ((fx * ty - fy * tx).sum(axis=0) / size).astype(np.float32)
        dx, dy = part.offset[:, :1], part.offset[:, 1:]
        x, y = along * dx, across * dx
        x -= across * dy
        y += along * dy
        shapes = np.ascontiguousarray(shapes.T)
        x += shapes.take(2 * part.anchor, axis=0)
        y += shapes.take(2 * part.anchor + 1, axis=0)
        return x, y


def _pixels(
    share: Floats, size: NDArray[np.float64], start: NDArray[np.float64]
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Nearest pixels [K, R] of places in boxes, and in which boxes no place lay between two."""
    place = share * size
    place += start + 0.5
    whole = np.floor(place)
    place -= whole
    low, high = place.min(axis=0), place.max(axis=0)
    return whole.astype(np.int32), (low > _NEAR) & (high < 1 - _NEAR)


def _leaves(brighter: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Where each tree ends, [trees, R] from 0 to 15; `brighter` is [15, trees, R]."""
    found = np.zeros(brighter.shape[1:], np.int32)
    asked: list[NDArray[np.bool_]] = []
    for depth in range(_DEPTH):
        nodes = brighter[2**depth - 1 : 2 ** (depth + 1) - 1]
        for answer in asked:
            first, second = nodes[: len(nodes) // 2], nodes[len(nodes) // 2 :]
            nodes = second ^ (answer & (first ^ second))
        asked.append(nodes[0])
        found = 2 * found + ~nodes[0]
    return found


class _Numbers:
    """The file's numbers, in order; a float is two of them, m·2^e."""

    def __init__(self, values: NDArray[np.int32]) -> None:
        self._values, self._at = values, 0

    def take(self, count: int) -> NDArray[np.int32]:
        self._at += count
        if count < 0 or self._at > len(self._values):
            raise ValueError("it ends too early")
        return self._values[self._at - count : self._at]

    def one(self) -> int:
        return int(self.take(1)[0])

    def floats(self, count: int) -> Floats:
        return _float(self.take(2 * count).reshape(-1, 2))

    def end(self) -> None:
        if self._at != len(self._values):
            raise ValueError("it goes on")

    def trees(
        self,
    ) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int16], Floats]:
        count, leaf = self.one(), 2 + 2 * _NUMBERS
        split_end = 1 + 4 * _SPLITS
        rows = self.take(count * (split_end + 1 + _LEAVES * leaf)).reshape(count, -1)
        splits = rows[:, 1:split_end].reshape(count, _SPLITS, 4).transpose(1, 0, 2)
        leaves = rows[:, split_end + 1 :].reshape(count * _LEAVES, leaf)
        if (
            (rows[:, 0] != _SPLITS).any()
            or (rows[:, split_end] != _LEAVES).any()
            or (leaves[:, 0] != -_NUMBERS).any()
        ):
            raise ValueError("its trees are not of depth four")
        moves = np.zeros((len(leaves) + _MOST, _NUMBERS), np.float32)
        moves[: len(leaves)] = _float(leaves[:, 2:].reshape(len(leaves), _NUMBERS, 2))
        # A difference of whole numbers is above a threshold where it is above its whole part.
        least = np.floor(_float(splits[..., 2:])).astype(np.int16).reshape(-1, 1)
        one, other = (np.ascontiguousarray(splits[..., k]).ravel() for k in (0, 1))
        return one, other, least, moves


def _float(pairs: NDArray[np.int32]) -> Floats:
    return np.ldexp(pairs[..., 0].astype(np.float64), pairs[..., 1]).astype(np.float32)


def _integers(path: Path) -> Iterator[NDArray[np.int32]]:
    """All integers of a file of dlib's, a part of the file at a time.

    Each is a byte with its length and sign, and then so many bytes, the lowest first. Where one
    begins is known from the one before it alone; but whoever begins anywhere is soon in step, so
    that many places of the file are followed at once, and held against each other at the end.
    """
    stored = np.fromfile(path, np.uint8)
    length = len(stored)
    stored = np.concatenate([stored, np.zeros(_LANE * 16, np.uint8)])
    step = (stored & 15) + np.uint8(1)
    words = np.lib.stride_tricks.as_strided(stored[:8].view("<u4"), (len(stored) - 4,), (1,))
    begin = 0
    while begin < length:
        starts = np.arange(begin, min(begin + _PART, length), _LANE, dtype=np.int32)
        ends = np.append(starts[1:], min(begin + _PART, length)).astype(np.int32)
        place = np.maximum(starts - _LEAD, begin).astype(np.int32)
        places = [place]
        while (place < ends).any():
            place = place + step[np.minimum(place, length)]
            places.append(place)
        seen = np.stack(places, axis=1)
        first, after = (
            np.take_along_axis(seen, (seen >= limit[:, None]).argmax(axis=1)[:, None], 1)[:, 0]
            for limit in (starts, ends)
        )
        if (first[1:] != after[:-1]).any():
            raise ValueError("its numbers cannot be told apart")
        at = seen[(seen >= starts[:, None]) & (seen < ends[:, None])]
        word = words[at]
        size = word & 15
        if (size > 3).any():
            raise ValueError("it holds a number of more than three bytes")
        value = ((word >> 8) & ((1 << (8 * size)) - 1)).astype(np.int32)
        yield np.where(word & 128, -value, value)
        begin = int(after[-1])
    if begin != length:
        raise ValueError("it ends too early")
