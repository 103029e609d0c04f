"""Mean points of many readings: near one reading, repeatable, mirrored, and steadier than one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fet_core.data.faces import mean_landmarks_all
from fet_core.data.pictures import read_picture
from fet_core.geometry.align import apply_points, mean_points
from fet_core.geometry.landmarks import eye_distance, mirror_points

READINGS = 6


@pytest.fixture(scope="module")
def path(repository: Path) -> Path:
    found = sorted((repository / "data/demo/rafd").glob("Rafd090_*_happy_frontal.jpg"))
    if not found:
        pytest.skip("data/demo/rafd is not there")
    return found[0]


@pytest.fixture(scope="module")
def picture(path: Path) -> np.ndarray:
    return read_picture(path, 3)


@pytest.fixture(scope="module")
def box(finder: Any, picture: np.ndarray) -> list[int]:
    (found,) = finder.boxes(picture, [0.5, 1.0])
    return list(found.as_list())


def apart(a: np.ndarray, b: np.ndarray) -> float:
    """Mean distance as a share of the distance between the eyes."""
    return float(np.linalg.norm(a - b, axis=1).mean() / eye_distance(b))


def test_the_mean_is_near_one_reading(finder: Any, picture: np.ndarray, box: list[int]) -> None:
    found = mean_points(finder, picture, box, READINGS)
    assert found.shape == (68, 2)
    assert found.dtype == np.float32
    assert 0 < apart(found, finder.points(picture, box)) < 0.03


def test_it_repeats(finder: Any, picture: np.ndarray, box: list[int]) -> None:
    once, again = (mean_points(finder, picture, box, READINGS) for _ in range(2))
    assert np.array_equal(once, again)
    assert not np.array_equal(once, mean_points(finder, picture, box, READINGS - 1))


def test_the_mirrored_picture_has_mirrored_points(
    finder: Any, picture: np.ndarray, box: list[int]
) -> None:
    width = picture.shape[1]
    left, top, right, bottom = box
    other = [width - 1 - right, top, width - 1 - left, bottom]
    mirrored = np.ascontiguousarray(picture[:, ::-1])
    wanted = mirror_points(mean_points(finder, picture, box, READINGS), width)
    steady = apart(mean_points(finder, mirrored, other, READINGS), wanted)
    single = apart(
        finder.points(mirrored, other), mirror_points(finder.points(picture, box), width)
    )
    assert steady < 0.01
    assert steady < single


def test_it_depends_less_on_the_box_than_one_reading(
    finder: Any, picture: np.ndarray, box: list[int]
) -> None:
    side = box[2] - box[0]
    moved = [value + round(0.04 * side) for value in box]
    one = apart(finder.points(picture, moved), finder.points(picture, box))
    mean = apart(
        mean_points(finder, picture, moved, READINGS), mean_points(finder, picture, box, READINGS)
    )
    assert mean < 0.7 * one


def test_grey_is_read_too(finder: Any, path: Path, picture: np.ndarray, box: list[int]) -> None:
    grey = read_picture(path, 1)
    found = mean_points(finder, grey, box, 2)
    assert apart(found, mean_points(finder, picture, box, 2)) < 0.02


def test_all_faces_in_order_in_aligned_pixels(
    finder: Any, path: Path, picture: np.ndarray, box: list[int]
) -> None:
    half = np.array([[0.5, 0.0, -3.0], [0.0, 0.5, 7.0]])
    turned = np.array([[0.0, -1.0, 10.0], [1.0, 0.0, 0.0]])
    items = [(path, box, half), (path, box, turned)]
    found = list(mean_landmarks_all(items, 3, 2, processes=1))
    points = mean_points(finder, picture, box, 2)
    for one, matrix in zip(found, (half, turned), strict=True):
        assert one.dtype == np.float32
        np.testing.assert_allclose(one, apply_points(matrix, points), atol=1e-3)
    np.testing.assert_allclose(found[0], points * 0.5 + (-3, 7), atol=1e-3)
