"""The mean of several readings of a face, one predictor call after the other."""

from __future__ import annotations

import random
from typing import Any

import dlib
import numpy as np

from fet_core.geometry.landmarks import mirror_points


def mean_of_readings(
    predictor: Any, picture: np.ndarray, boxes: list[tuple[float, float, float, float]]
) -> np.ndarray:
    """Read each box in the picture and in its mirror, and average.

    Args:
        predictor: a `dlib.shape_predictor`.
        picture: [H, W] or [H, W, 3] uint8.
        boxes: left, top, right, bottom.
    """
    width = picture.shape[1]
    flipped = np.ascontiguousarray(np.fliplr(picture))
    total = np.zeros((68, 2))
    for left, top, right, bottom in boxes:
        box = dlib.rectangle(int(left), int(top), int(right), int(bottom))
        shape = predictor(picture, box)
        total += np.array([(shape.part(i).x, shape.part(i).y) for i in range(68)])
        other = dlib.rectangle(int(width - 1 - right), int(top), int(width - 1 - left), int(bottom))
        shape = predictor(flipped, other)
        points = np.array([(shape.part(i).x, shape.part(i).y) for i in range(68)])
        total += mirror_points(points, width)
    return total / (2 * len(boxes))


def shaken(box: list[int], count: int, seed: int = 0) -> list[tuple[float, float, float, float]]:
    """Boxes a little moved and scaled."""
    rng = random.Random(seed)
    left, top, right, bottom = box
    side = right - left
    boxes = []
    for _ in range(count):
        x, y, zoom = (rng.uniform(-0.06, 0.06) * side for _ in range(3))
        boxes.append((left + x - zoom, top + y - zoom, right + x + zoom, bottom + y + zoom))
    return boxes
