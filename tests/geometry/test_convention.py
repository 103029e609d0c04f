"""The 68-point convention: what mirroring does to numbers, points, cameras and gazes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fet_core.geometry import landmarks

COORDINATE = st.floats(-500, 500, width=32)


@given(points=arrays(np.float32, (68, 2), elements=COORDINATE), width=st.integers(1, 600))
def test_mirroring_twice_changes_nothing(points: np.ndarray, width: int) -> None:
    back = landmarks.mirror_points(landmarks.mirror_points(points, width), width)
    np.testing.assert_allclose(back, points, atol=1e-3)


def test_the_mirror_order_is_a_permutation_and_its_own_inverse() -> None:
    order = np.array(landmarks.MIRROR)
    assert sorted(order) == list(range(68))
    assert (order[order] == np.arange(68)).all()


def test_a_symmetric_face_is_its_own_mirror_image(face: np.ndarray) -> None:
    np.testing.assert_allclose(landmarks.mirror_points(face, 96), face, atol=1e-4)


def test_only_points_on_the_middle_line_keep_their_number() -> None:
    kept = [i for i, j in enumerate(landmarks.MIRROR) if i == j]
    # Chin, ridge and tip of the nose, middles of the upper and lower lips.
    assert kept == [8, 27, 28, 29, 30, 33, 51, 57, 62, 66]


def test_the_right_eye_becomes_the_left_one() -> None:
    points = np.zeros((68, 2), dtype=np.float32)
    points[list(landmarks.RIGHT_EYE)] = [(10, 5), (12, 4), (14, 4), (16, 5), (14, 6), (12, 6)]
    mirrored = landmarks.mirror_points(points, 100)
    wanted = [(83, 5), (85, 4), (87, 4), (89, 5), (87, 6), (85, 6)]
    np.testing.assert_array_equal(mirrored[list(landmarks.LEFT_EYE)], wanted)


def test_mirroring_leaves_its_argument_alone_and_takes_batches(face: np.ndarray) -> None:
    batch = np.stack([face, face + 1])
    before = batch.copy()
    mirrored = landmarks.mirror_points(batch, 96)
    np.testing.assert_array_equal(batch, before)
    np.testing.assert_array_equal(mirrored[1], landmarks.mirror_points(batch[1], 96))


@pytest.mark.parametrize(
    ("camera", "mirrored"),
    [("000", "180"), ("045", "135"), ("090", "090"), ("135", "045"), ("180", "000"), ("", "")],
)
def test_cameras_change_sides(camera: str, mirrored: str) -> None:
    assert landmarks.mirror_camera(camera) == mirrored


@pytest.mark.parametrize(
    ("gaze", "mirrored"), [("left", "right"), ("right", "left"), ("frontal", "frontal")]
)
def test_gazes_change_sides(gaze: str, mirrored: str) -> None:
    assert landmarks.mirror_gaze(gaze) == mirrored


def test_eye_centres_by_hand() -> None:
    points = np.full((68, 2), np.nan)
    points[[36, 39, 42, 45]] = [(10, 20), (20, 22), (40, 22), (50, 24)]
    np.testing.assert_allclose(landmarks.eye_centres(points), [(15, 21), (45, 23)])
    assert landmarks.eye_distance(points) == pytest.approx(np.hypot(30, 2))


def test_the_lines_draw_every_point_once() -> None:
    assert sorted(i for part, _ in landmarks.LINES for i in part) == list(range(68))


def test_real_faces_mirror_as_the_convention_says(london, finder) -> None:  # type: ignore[no-untyped-def]
    from fet_core.data.pictures import read_picture

    picture = read_picture(sorted((london / "smiling_front").glob("*.jpg"))[0], 3)[::2, ::2]
    flipped = np.ascontiguousarray(picture[:, ::-1])
    points, again = (
        finder.points(view, finder.boxes(view, [0.5, 1.0])[0].as_list())
        for view in (picture, flipped)
    )
    mirrored = landmarks.mirror_points(points, picture.shape[1])
    apart = np.linalg.norm(mirrored - again, axis=1) / landmarks.eye_distance(points)
    assert np.median(apart) < 0.05
    assert apart.max() < 0.25
