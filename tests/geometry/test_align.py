"""Alignment: eyes where promised, pictures and points through one transform, inverse, mirror."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fet_core.geometry.align import alignment, apply_picture, apply_points, invert
from fet_core.geometry.landmarks import eye_centres, mirror_points

turns = st.floats(-3.1, 3.1)
scales = st.floats(0.05, 8)
shifts = st.floats(-1000, 1000)


def similarity(turn: float, scale: float, x: float, y: float) -> np.ndarray:
    c, s = scale * np.cos(turn), scale * np.sin(turn)
    return np.array([[c, -s, x], [s, c, y]])


@given(turn=turns, scale=scales, x=shifts, y=shifts)
def test_eyes_come_to_their_places(turn: float, scale: float, x: float, y: float) -> None:
    points = np.zeros((68, 2))
    points[[36, 39, 42, 45]] = [(-9, 1), (-5, -1), (5, 0.5), (9, -0.5)]
    points = apply_points(similarity(turn, scale, x, y), points)
    matrix = alignment(points, 128, 0.27, 0.38)
    right, left = eye_centres(apply_points(matrix, points))
    # Pixel centres at whole numbers: the middle of 128 pixels is 63.5, 0.38 · 128 down is 48.14.
    np.testing.assert_allclose(right, (63.5 - 0.135 * 128, 48.14), atol=1e-6)
    np.testing.assert_allclose(left, (63.5 + 0.135 * 128, 48.14), atol=1e-6)
    square = matrix[:, :2] @ matrix[:, :2].T
    np.testing.assert_allclose(square / square[0, 0], np.eye(2), atol=1e-9)


@given(turn=turns, scale=scales, x=shifts, y=shifts)
def test_the_inverse_takes_points_back(turn: float, scale: float, x: float, y: float) -> None:
    matrix = similarity(turn, scale, x, y)
    points = np.array([(0.0, 0.0), (100.0, 3.0), (-7.0, 55.0)])
    np.testing.assert_allclose(
        apply_points(invert(matrix), apply_points(matrix, points)), points, atol=1e-6
    )
    np.testing.assert_allclose(invert(invert(matrix)), matrix, rtol=1e-9, atol=1e-8)


def test_eyes_at_one_place_are_refused() -> None:
    with pytest.raises(ValueError, match="same place"):
        alignment(np.full((68, 2), 7.0), 96, 0.27, 0.38)


@pytest.mark.parametrize("channels", [None, 3])
@pytest.mark.parametrize("scale", [2.3, 1.0, 0.7, 0.5, 0.4, 0.3, 0.21, 0.13])
def test_a_spot_lands_where_its_point_does(scale: float, channels: int | None) -> None:
    """Scales that need no averaging, and averaging by 2, 2, 3, 4, 5 and 8."""
    size, wide = 64, int(80 / scale) + 40
    centre = np.array([wide * 0.47, wide * 0.56])
    wanted = np.array([29.3, 35.8])
    matrix = similarity(0.3, scale, 0, 0)
    matrix[:, 2] = wanted - apply_points(matrix, centre)

    y, x = np.mgrid[:wide, :wide]
    sigma = 3 / min(scale, 1.5)
    spot = 255 * np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / (2 * sigma**2))
    picture = spot.round().astype(np.uint8)
    if channels:
        picture = np.repeat(picture[..., None], channels, axis=2)
    aligned = apply_picture(matrix, picture, size)

    assert aligned.shape == (size, size, *picture.shape[2:])
    mass = aligned.reshape(size, size, -1)[..., 0].astype(float)
    y, x = np.mgrid[:size, :size]
    found = np.array([(mass * x).sum(), (mass * y).sum()]) / mass.sum()
    np.testing.assert_allclose(found, wanted, atol=0.1)


def smooth_picture(height: int, width: int) -> np.ndarray:
    noise = np.random.default_rng(1).normal(128, 400, (height, width, 3))
    return cv2.GaussianBlur(noise, (0, 0), 4).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("grow", [0.8, 2.0, 5.0])
def test_mirroring_before_or_after_is_the_same(face: np.ndarray, grow: float) -> None:
    rng = np.random.default_rng(2)
    points = apply_points(similarity(0.2, grow, 40, 30), face + rng.normal(0, 1, face.shape))
    width, height = int(points[:, 0].max()) + 50, int(points[:, 1].max()) + 37
    picture = smooth_picture(height, width)
    matrix = alignment(points, 64, 0.27, 0.38)
    mirrored = mirror_points(points, width)
    other = alignment(mirrored, 64, 0.27, 0.38)

    np.testing.assert_allclose(
        apply_points(other, mirrored), mirror_points(apply_points(matrix, points), 64), atol=1e-6
    )
    straight = apply_picture(matrix, picture, 64)
    turned = apply_picture(other, np.ascontiguousarray(picture[:, ::-1]), 64)
    apart = np.abs(straight[:, ::-1].astype(int) - turned)
    assert apart.mean() < 1
    assert apart.max() <= 8
    assert straight.std() > 10


def test_beyond_the_picture_there_is_no_black() -> None:
    picture = np.full((20, 20), 90, dtype=np.uint8)
    assert (apply_picture(similarity(0, 1, 22, 22), picture, 64) == 90).all()
