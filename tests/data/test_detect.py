"""Finding and aligning faces on real photographs, and the reasons where there is none or two."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fet_core.data.faces import Face, align_all, align_face, landmarks_all
from fet_core.data.pictures import read_picture
from fet_core.geometry.landmarks import Box, FaceFinder, choose, eye_centres
from fet_core.params import Align

PARAMS = Align(
    size=128,
    eye_distance=0.27,
    eye_height=0.38,
    scales=[0.5, 1.0, 2.0],
    several_faces="reject",
    max_reject_share=0.2,
)


def photographs(london: Path) -> list[Path]:
    return sorted((london / "smiling_front").glob("*.jpg"))


@pytest.mark.parametrize("number", [0, 7, -1])
@pytest.mark.parametrize("channels", [1, 3])
def test_one_face_with_its_points_in_the_box(
    london: Path, finder: FaceFinder, number: int, channels: int
) -> None:
    picture = read_picture(photographs(london)[number], channels)[::2, ::2]
    boxes = finder.boxes(picture, PARAMS.scales)
    assert len(boxes) == 1
    box = boxes[0]
    points = finder.points(picture, box.as_list())
    assert points.shape == (68, 2)
    assert points.dtype == np.float32
    margin = 0.25 * (box.right - box.left)
    assert (points >= (box.left - margin, box.top - margin)).all()
    assert (points <= (box.right + margin, box.bottom + margin)).all()
    # The jaw fills the box, so that it is this face's and not a part's.
    assert np.ptp(points[:17, 0]) > 0.6 * (box.right - box.left)


@pytest.mark.parametrize("number", [0, 7])
def test_eyes_found_again_are_where_they_were_put(
    london: Path, finder: FaceFinder, number: int
) -> None:
    picture = read_picture(photographs(london)[number], 3)
    found = align_face(finder, picture, PARAMS)
    assert isinstance(found, Face)
    assert found.picture.shape == (128, 128, 3)
    again = finder.points(found.picture, finder.boxes(found.picture, [1.0, 2.0])[0].as_list())
    wanted = [(63.5 - 0.135 * 128, 48.14), (63.5 + 0.135 * 128, 48.14)]
    assert np.abs(eye_centres(again) - wanted).max() < 0.02 * 128


def test_landmarks_are_those_of_the_picture_in_pixels_of_the_face(
    london: Path, finder: FaceFinder
) -> None:
    path = photographs(london)[3]
    (face,) = align_all([path], 1, PARAMS, processes=1)
    assert isinstance(face, Face)
    assert face.picture.shape == (128, 128, 1)
    (points,) = landmarks_all([(path, face.box.as_list(), face.matrix)], 1, processes=1)
    np.testing.assert_allclose(eye_centres(points), [(46.22, 48.14), (80.78, 48.14)], atol=1e-3)


def test_noise_and_an_unreadable_file_give_reasons(finder: FaceFinder, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (200, 200), dtype=np.uint8)
    assert align_face(finder, noise, PARAMS) == "no face found"
    (tmp_path / "empty.png").touch()
    (reason,) = align_all([tmp_path / "empty.png"], 3, PARAMS, processes=1)
    assert isinstance(reason, str)
    assert "empty.png" in reason


def test_two_faces_are_rejected_or_the_largest_is_taken(london: Path, finder: FaceFinder) -> None:
    first, second = (read_picture(path, 3)[::3, ::3] for path in photographs(london)[:2])
    height = min(len(first), len(second))
    both = np.hstack([first[:height], second[:height]])
    reason = align_face(finder, both, PARAMS)
    assert isinstance(reason, str)
    assert reason.startswith("2 faces found")
    face = align_face(finder, both, PARAMS.model_copy(update={"several_faces": "largest"}))
    assert isinstance(face, Face)
    assert face.box.area == max(box.area for box in finder.boxes(both, PARAMS.scales))


def test_choosing_by_hand() -> None:
    small, large = Box(0, 0, 10, 10, 1.0), Box(5, 5, 25, 20, 0.5)
    assert choose([], "largest") == "no face found"
    assert choose([small], "reject") is small
    assert choose([small, large], "largest") is large
    assert large.area == 300


def test_a_picture_too_small_for_any_scale_has_no_face(finder: FaceFinder) -> None:
    assert finder.boxes(np.zeros((9, 9), dtype=np.uint8), [0.5, 1.0, 2.0]) == []
