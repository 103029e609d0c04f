"""The instruments: closed forms of their distances, and what they read on real photographs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fet_core.geometry.landmarks import FaceFinder, eye_distance
from fet_core.measure.instruments import Reading, key, measure
from fet_core.measure.metrics import distance, nme

if TYPE_CHECKING:
    from conftest import Shot


@pytest.fixture(scope="module")
def readings(shots: list[Shot]) -> list[Reading]:
    return measure([shot.picture for shot in shots], processes=1)


def both(reading: Reading) -> tuple[np.ndarray, np.ndarray]:
    assert reading.points is not None
    assert reading.embedding is not None
    return reading.points, reading.embedding


def test_points_are_those_of_the_full_size_picture(
    shots: list[Shot], readings: list[Reading]
) -> None:
    for shot, reading in zip(shots, readings, strict=True):
        assert reading.found
        points, embedding = both(reading)
        assert (points.shape, points.dtype) == ((68, 2), np.float32)
        assert (embedding.shape, embedding.dtype) == ((128,), np.float32)
        assert nme(points, shot.points) < 0.06
        # Not shifted as a whole: half a pixel of the enlarged picture is a fifth of one here.
        assert np.abs((points - shot.points).mean(axis=0)).max() < 0.03 * eye_distance(shot.points)


def test_people_are_told_apart(shots: list[Shot], readings: list[Reading]) -> None:
    faces = np.stack([both(reading)[1] for reading in readings])
    apart = distance(faces[:, None], faces[None])
    names = np.array([shot.person for shot in shots])
    same = names[:, None] == names[None]
    own, other = apart[same & ~np.eye(len(names), dtype=bool)], apart[~same]
    assert np.mean(own < 0.6) >= 0.8
    assert own.mean() < 0.75 * other.mean()


def test_a_small_picture_is_enlarged_and_its_points_carried_back(
    shots: list[Shot], readings: list[Reading]
) -> None:
    import cv2

    small = cv2.resize(shots[0].picture, (64, 64), interpolation=cv2.INTER_AREA)
    large = cv2.resize(shots[0].picture, (320, 320), interpolation=cv2.INTER_CUBIC)
    for picture, factor in ((small, 0.5), (large, 2.5)):
        (reading,) = measure([picture], processes=1)
        back = (both(reading)[0] + 0.5) / factor - 0.5
        assert nme(back, shots[0].points) < 0.08
        assert distance(both(reading)[1], both(readings[0])[1]) < 0.35


def test_grey_pictures_of_one_channel(shots: list[Shot]) -> None:
    grey = shots[1].picture[:, :, 1:2]
    one, three = measure([grey, np.repeat(grey, 3, axis=2)], processes=1)
    np.testing.assert_array_equal(both(one)[0], both(three)[0])
    np.testing.assert_array_equal(both(one)[1], both(three)[1])
    assert nme(both(one)[0], shots[1].points) < 0.06


@pytest.mark.parametrize("channels", [1, 3])
def test_noise_has_no_face(finder: FaceFinder, channels: int) -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (96, 96, channels), dtype=np.uint8)
    (reading,) = measure(noise[None], processes=1)
    assert not reading.found
    assert (reading.points, reading.embedding) == (None, None)


def test_of_two_faces_the_larger_counts(shots: list[Shot]) -> None:
    import cv2

    sheet = np.full((256, 256, 3), 128, dtype=np.uint8)
    sheet[:160, :160] = cv2.resize(shots[0].picture, (160, 160), interpolation=cv2.INTER_CUBIC)
    sheet[150:246, 150:246] = cv2.resize(shots[4].picture, (96, 96), interpolation=cv2.INTER_AREA)
    (reading,) = measure([sheet], processes=1)
    points, _ = both(reading)
    assert nme((points + 0.5) * 128 / 160 - 0.5, shots[0].points) < 0.08


def test_what_is_known_or_equal_is_not_read_again(shots: list[Shot]) -> None:
    """Without dlib: a made-up reading of a picture comes back as it is."""
    picture = np.zeros((40, 40, 1), dtype=np.uint8)
    known = Reading(np.ones((68, 2), np.float32), np.ones(128, np.float32))
    assert measure([picture, picture.copy()], {key(picture): known}, 1) == [known, known]
    first, again = measure([shots[0].picture, shots[0].picture.copy()], processes=1)
    assert first is again


def test_processes_read_the_same_in_order(shots: list[Shot], readings: list[Reading]) -> None:
    found = measure([shot.picture for shot in shots[:4]], processes=2)
    for one, other in zip(found, readings, strict=False):
        np.testing.assert_array_equal(both(one)[0], both(other)[0])
        np.testing.assert_array_equal(both(one)[1], both(other)[1])


def test_pictures_may_be_made_while_others_are_read(
    shots: list[Shot], readings: list[Reading]
) -> None:
    made = (shot.picture for shot in (*shots[:2], *shots[:2]))
    found = measure(made, processes=1, count=4)
    assert next(made, None) is None
    for one, other in zip(found[:2], readings, strict=False):
        np.testing.assert_array_equal(both(one)[0], both(other)[0])
    assert found[0] is found[2]
    assert found[1] is found[3]


@given(
    dx=st.floats(-50, 50),
    dy=st.floats(-50, 50),
    scale=st.floats(0.1, 10),
    angle=st.floats(-np.pi, np.pi),
)
def test_nme_of_shifted_points(
    face: np.ndarray, dx: float, dy: float, scale: float, angle: float
) -> None:
    """A shift by d is an error of d over the eye distance, however the face is turned."""
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    truth = face.astype(np.float64) @ turn.T * scale
    # The face drawn by hand has its eyes' six points about ±0.45 of 30 pixels from its middle.
    wanted = np.hypot(dx, dy) / (2 * 0.45 * 30 * scale)
    assert nme(truth + np.array([dx, dy]), truth) == pytest.approx(wanted, abs=1e-6, rel=1e-6)


def test_nme_is_of_the_truths_eyes_and_the_mean_of_all_points(face: np.ndarray) -> None:
    one = face.copy()
    one[8] += (0, 6.8)
    assert nme(one, face) == pytest.approx(0.1 / 27, rel=1e-5)
    # Both eyes moved apart by 3 pixels: 12 of 68 points, over the distance of the truth's.
    apart = face.copy()
    apart[36:42, 0] -= 1.5
    apart[42:48, 0] += 1.5
    assert nme(apart, face) == pytest.approx(12 / 68 * 1.5 / 27, rel=1e-5)
    assert nme(face, apart) == pytest.approx(12 / 68 * 1.5 / 30, rel=1e-5)
    many = nme(np.stack([face, one]), np.stack([face, face]))
    np.testing.assert_allclose(many, [0, 0.1 / 27], rtol=1e-5)


def test_distance_is_euclidean() -> None:
    a, b = np.zeros((2, 128)), np.zeros((2, 128))
    b[1, 3], b[1, 100] = 3, -4
    np.testing.assert_allclose(distance(a, b), [0, 5])
