"""The iris moved within its own eye."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from fet_core.face3d.gaze import NAMES, looked

RIGHT, LEFT = slice(36, 42), slice(42, 48)


@pytest.fixture
def points(face: np.ndarray) -> np.ndarray:
    points = face.astype(np.float64) * 4
    for eye in (RIGHT, LEFT):  # wide enough for the whole iris to be seen
        middle = points[eye].mean(axis=0)
        points[eye, 1] = middle[1] + 1.6 * (points[eye, 1] - middle[1])
    return points


@pytest.fixture
def picture(points: np.ndarray) -> np.ndarray:
    drawn = np.full((384, 384, 3), (200, 150, 130), np.uint8)
    for eye in (RIGHT, LEFT):
        cv2.fillPoly(drawn, [points[eye].round().astype(np.int32)], (240, 240, 240))
        middle = points[eye].mean(axis=0).round().astype(int)
        cv2.circle(drawn, tuple(middle.tolist()), 6, (40, 30, 20), -1)
    return drawn


def iris(picture: np.ndarray, points: np.ndarray, eye: slice) -> np.ndarray:
    """The middle of what is dark in an eye."""
    mask = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillPoly(mask, [points[eye].round().astype(np.int32)], 1)
    rows, columns = np.nonzero((mask > 0) & (np.atleast_3d(picture).mean(axis=2) < 120))
    return np.array([columns.mean(), rows.mean()])


@pytest.mark.parametrize(
    ("unit", "eye", "way"),
    [
        ("eyeLookOutRight", RIGHT, (-1, 0)),
        ("eyeLookInRight", RIGHT, (1, 0)),
        ("eyeLookOutLeft", LEFT, (1, 0)),
        ("eyeLookInLeft", LEFT, (-1, 0)),
        ("eyeLookUpLeft", LEFT, (0, -1)),
        ("eyeLookDownRight", RIGHT, (0, 1)),
    ],
)
def test_the_iris_moves_and_nothing_else(
    unit: str, eye: slice, way: tuple[int, int], picture: np.ndarray, points: np.ndarray
) -> None:
    width = np.linalg.norm(points[eye][3] - points[eye][0])
    made = looked(picture, points, {unit: 0.8})
    moved = iris(made, points, eye) - iris(picture, points, eye)
    assert moved == pytest.approx(0.8 * width * np.array([0.2, 0.1]) * way, abs=1.0)
    other = LEFT if eye is RIGHT else RIGHT
    assert iris(made, points, other) == pytest.approx(iris(picture, points, other))
    grown = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillPoly(grown, [points[eye].round().astype(np.int32)], 1)
    grown = cv2.dilate(grown, np.ones((9, 9), np.uint8))
    assert np.array_equal(made[grown == 0], picture[grown == 0])


def test_without_a_unit_of_the_gaze_the_picture_stays(
    picture: np.ndarray, points: np.ndarray
) -> None:
    assert looked(picture, points, {"jawOpen": 1.0}) is picture
    grey = picture[:, :, 0].copy()
    made = looked(grey, points, dict.fromkeys((name for name in NAMES if "Up" in name), 1.0))
    assert made.shape == grey.shape
    assert iris(made, points, RIGHT)[1] < iris(grey, points, RIGHT)[1] - 1


def test_an_eye_that_is_shut_or_out_of_the_picture_is_left_alone(
    picture: np.ndarray, points: np.ndarray
) -> None:
    for changed in (points * [1, 0] + [0, 150], points - 2000, points * 0.001):
        made = looked(picture, changed, dict.fromkeys(NAMES[:1], 1.0))
        assert made.shape == picture.shape
