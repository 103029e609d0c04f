"""Lips' edges beside teeth: drawn mouths whose edges are known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from fet_core.face3d.lips import bared
from fet_core.geometry.landmarks import eye_distance

SIDE = 260
LIP, TEETH, DARK, SKIN = (190, 90, 85), (230, 225, 215), (40, 15, 15), (200, 150, 130)
LOWER, UPPER = [67, 66, 65], [61, 62, 63]
INNER = [60, 61, 62, 63, 64, 65, 66, 67]


@pytest.fixture
def points(face: np.ndarray) -> np.ndarray:
    return face.astype(np.float64) * 2.5 + 10


def mouth(points: np.ndarray, gap: float, cast: tuple[float, ...] = (1, 1, 1)) -> tuple:
    """A picture of an open mouth with teeth along the lower lip, and its true points."""
    true = points.copy()
    true[UPPER, 1] -= gap / 2
    true[LOWER, 1] += gap / 2
    true[[56, 57, 58], 1] = true[[65, 66, 67], 1] + 0.16 * eye_distance(points)
    picture = np.full((SIDE, SIDE, 3), SKIN, np.uint8)
    cv2.fillPoly(picture, [true[48:60].round().astype(np.int32)], LIP)
    cv2.fillPoly(picture, [true[INNER].round().astype(np.int32)], DARK)
    row = np.concatenate([true[LOWER], true[LOWER[::-1]] - [0, 0.45 * gap]])
    cv2.fillPoly(picture, [row.round().astype(np.int32)], TEETH)
    return (picture * np.array(cast)).astype(np.uint8), true


@pytest.mark.parametrize("cast", [(1, 1, 1), (0.5, 0.5, 0.5), (1, 0.85, 0.7)])
def test_an_edge_that_was_read_across_the_teeth_goes_to_the_lip(
    cast: tuple[float, ...], points: np.ndarray
) -> None:
    unit = eye_distance(points)
    picture, true = mouth(points, 0.3 * unit, cast)
    read = true.copy()
    read[LOWER, 1] -= 0.07 * unit
    found = bared(picture, read)
    np.testing.assert_allclose(found[LOWER], true[LOWER], atol=0.02 * unit)
    rest = [number for number in range(68) if number not in LOWER]
    np.testing.assert_allclose(found[rest], read[rest], atol=0.025 * unit)


def test_edges_that_are_right_stay(points: np.ndarray) -> None:
    picture, true = mouth(points, 0.3 * eye_distance(points))
    np.testing.assert_allclose(bared(picture, true), true, atol=0.03 * eye_distance(points))


def test_lips_of_one_colour_and_grey_pictures_say_nothing(points: np.ndarray) -> None:
    picture, true = mouth(points, 20)
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
    plain = np.full_like(picture, 130)
    for one in (grey, plain, np.repeat(grey[:, :, None], 3, axis=2)):
        np.testing.assert_array_equal(bared(one, true), true)


def test_lips_outside_of_the_picture_are_left(points: np.ndarray) -> None:
    picture, true = mouth(points, 20)
    for step in ([3 * SIDE, -SIDE], [-3 * SIDE, 0], [0, -3 * SIDE], [0, 3 * SIDE]):
        away = true + np.array(step)
        np.testing.assert_array_equal(bared(picture, away), away)
