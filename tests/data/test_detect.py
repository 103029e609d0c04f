"""Finding and aligning faces on real photographs, and the reasons where there is none or two."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pytest

from fet_core import tables
from fet_core.data.aligned import Face, align_face
from fet_core.data.faces import FaceWriter, align_all, landmark_table
from fet_core.data.pictures import read_picture
from fet_core.geometry.align import apply_points
from fet_core.geometry.landmarks import Box, FaceFinder, choose, eye_centres, eye_distance
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


@pytest.mark.parametrize("number", [0, 7, 11, 20])
@pytest.mark.parametrize("side", [100, 125])
def test_a_small_face_has_its_points_where_the_large_one_has_them(
    london: Path, finder: FaceFinder, number: int, side: int
) -> None:
    """At half its size it is smaller than the detector's smallest window."""
    large = read_picture(photographs(london)[number], 3)
    box = finder.boxes(large, PARAMS.scales)[0]
    wanted = finder.points(large, box.as_list())
    scale = side / (box.right - box.left)
    size = (round(large.shape[1] * scale), round(large.shape[0] * scale))
    small = np.asarray(cv2.resize(large, size, interpolation=cv2.INTER_AREA), np.uint8)
    face = align_face(finder, small, PARAMS)
    assert isinstance(face, Face)
    assert face.box.right - face.box.left == pytest.approx(side, rel=0.2)
    apart = np.linalg.norm((face.points + 0.5) / scale - 0.5 - wanted, axis=1)
    assert apart[17:].mean() < 0.05 * eye_distance(wanted)


def test_a_face_that_no_scale_shows_large_enough_is_taken_as_it_is(
    london: Path, finder: FaceFinder
) -> None:
    large = read_picture(photographs(london)[0], 3)
    box = finder.boxes(large, [0.5])[0]
    scale = 75 / (box.right - box.left)
    size = (round(large.shape[1] * scale), round(large.shape[0] * scale))
    small = np.asarray(cv2.resize(large, size, interpolation=cv2.INTER_AREA), np.uint8)
    (found,) = finder.boxes(small, [1.0])
    assert found.right - found.left < 80
    # What another scale finds is taken instead; where that finds nothing, it is not lost.
    assert finder.boxes(small, [1.0, 2.0])[0].scale == 2
    assert finder.boxes(small, [1.0, 0.25]) == [found]


def test_landmarks_are_those_of_the_picture_in_pixels_of_the_face(
    london: Path, finder: FaceFinder
) -> None:
    path = photographs(london)[3]
    (face,) = align_all([path], 1, PARAMS, processes=1)
    assert isinstance(face, Face)
    assert face.picture.shape == (128, 128, 1)
    found = finder.points(read_picture(path, 1), face.box.as_list())
    np.testing.assert_array_equal(face.points, found)
    points = apply_points(face.matrix, face.points)
    np.testing.assert_allclose(eye_centres(points), [(46.22, 48.14), (80.78, 48.14)], atol=1e-3)


def test_the_table_has_the_points_that_were_found_carried_into_the_face(tmp_path: Path) -> None:
    """The single reading is not read again; a picture without a face has no row."""
    rng = np.random.default_rng(0)
    points, means = (rng.uniform(0, 400, (2, 68, 2)).astype(np.float32) for _ in range(2))
    matrices = np.array([[[0.2, 0.1, -3.0], [-0.1, 0.2, 7.0]], [[0, 0.5, 1], [-0.5, 0, 9.0]]])
    with FaceWriter(tmp_path / "faces.npy", 4, 1) as writer:
        for name, matrix, one in zip("ac", matrices, points, strict=True):
            picture = np.zeros((4, 4, 1), np.uint8)
            writer.add(name, Face(picture, matrix, Box(1, 2, 3, 4, 0.5), one))
            if name == "a":
                writer.add("b", "no face found")
    faces = writer.table()
    assert faces["points"].is_valid().to_pylist() == [True, False, True]
    table = landmark_table(faces, means)
    assert table.schema.equals(tables.LANDMARKS)
    assert table["sample_id"].to_pylist() == ["a", "c"]
    assert table["row"].to_pylist() == [0, 1]
    for row, matrix, one, mean in zip(table.to_pylist(), matrices, points, means, strict=True):
        wanted = one.astype(float) @ matrix[:, :2].T + matrix[:, 2]
        np.testing.assert_allclose(np.reshape(row["points"], (68, 2)), wanted, atol=1e-4)
        np.testing.assert_array_equal(np.reshape(row["mean"], (68, 2)), mean)


def test_rows_that_became_a_table_before_the_end_are_all_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def written(block: int) -> tuple[bytes, pa.Table]:
        monkeypatch.setattr("fet_core.data.faces._BLOCK", block)
        rng = np.random.default_rng(0)
        with FaceWriter(tmp_path / "faces.npy", 4, 1) as writer:
            for number in range(7):
                points = rng.uniform(0, 9, (68, 2)).astype(np.float32)
                picture = rng.integers(0, 256, (4, 4, 1), dtype=np.uint8)
                face = Face(picture, rng.normal(size=(2, 3)), Box(1, 2, 3, 4, 0.5), points)
                writer.add(f"s{number}", face if number % 3 else "no face found")
        return (tmp_path / "faces.npy").read_bytes(), writer.table()

    assert written(2) == written(100)


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
