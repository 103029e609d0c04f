"""dlib's predictor for many boxes at a time says what dlib says, to the bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fet_core.data import faces
from fet_core.data.pictures import read_picture
from fet_core.geometry import regressor
from fet_core.geometry.align import alignment, mean_points
from fet_core.geometry.landmarks import FaceFinder
from fet_core.geometry.regressor import Points, QuickReader, Regressor

READINGS = 12


@pytest.fixture(scope="module")
def reader(finder: Any) -> QuickReader:
    return QuickReader()


@pytest.fixture(scope="module")
def photographs(repository: Path) -> list[Path]:
    demo = repository / "data/demo"
    found = sorted(demo.glob("rafd/Rafd090*.jpg"))[::58]
    found += sorted(demo.glob("ckplus/cohn-kanade-images/*/*/*.png"))[::130]
    if not found:
        pytest.skip("data/demo is not there")
    return found


def test_it_says_what_dlib_says(
    finder: FaceFinder, reader: QuickReader, photographs: list[Path]
) -> None:
    for path in photographs:
        picture = read_picture(path, 3 if path.suffix == ".jpg" else 1)
        box = finder.boxes(picture, (0.5, 1.0, 2.0))[0].as_list()
        ours = mean_points(reader, picture, box, READINGS)
        assert np.array_equal(ours, mean_points(finder, picture, box, READINGS)), path


def test_several_boxes_are_each_read_alone(
    finder: FaceFinder, reader: QuickReader, photographs: list[Path]
) -> None:
    """Boxes of any shape, over the border and away from the face too; more than fit in one go."""
    picture = read_picture(photographs[0], 3)
    high, wide = picture.shape[:2]
    rng = np.random.default_rng(3)
    corner = rng.integers((-60, -60), (wide, high), (80, 2))
    boxes = np.concatenate([corner, corner + rng.integers(20, 250, (80, 2))], axis=1)
    mirrored = rng.uniform(size=80) < 0.5
    turned = np.ascontiguousarray(picture[:, ::-1])
    alone = [
        finder.points(turned if m else picture, box) for box, m in zip(boxes, mirrored, strict=True)
    ]
    assert np.array_equal(reader.many(picture, boxes, mirrored), np.stack(alone))
    assert np.array_equal(finder.many(picture, boxes, mirrored), np.stack(alone))


def test_what_it_is_not_sure_of_is_asked_of_dlib(
    reader: QuickReader, photographs: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = read_picture(photographs[0], 3)
    boxes = np.array([(60, 120, 220, 280), (70, 120, 230, 280)])
    sides = np.array([False, True])
    wanted = reader.many(picture, boxes, sides)

    def unsure(self: Regressor, picture: Any, boxes: Any, mirrored: Any) -> Points:
        return Points(np.zeros((len(boxes), 68, 2), np.float32), np.zeros(len(boxes), bool))

    monkeypatch.setattr(Regressor, "__call__", unsure)
    assert np.array_equal(reader.many(picture, boxes, sides), wanted)


def test_a_place_between_two_pixels_is_told() -> None:
    share = np.array([[0.5, 0.3], [0.25, 0.25]], np.float32)
    whole, sure = regressor._pixels(share, np.array([3.0, 3.0]), np.array([10.0, 10.0]))
    assert sure.tolist() == [False, True]
    assert whole[:, 1].tolist() == [11, 11]


@pytest.mark.parametrize(
    "content", [b"", b"\x01\x02\x01\x03", b"\x01\x01\x81\x88\x81", b"\x0f" * 99]
)
def test_other_weights_are_left_to_dlib(
    content: bytes, tmp_path: Path, photographs: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / regressor.PREDICTOR).write_bytes(content)
    with pytest.raises(ValueError, match="it "):
        Regressor(tmp_path / regressor.PREDICTOR)
    monkeypatch.setattr(regressor, "weights_folder", lambda: tmp_path)
    picture = read_picture(photographs[0], 3)
    box = np.array([(60, 120, 220, 280)])
    assert QuickReader().many(picture, box, np.array([False])).shape == (1, 68, 2)


def test_many_faces_have_the_points_of_few(
    finder: FaceFinder, photographs: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = read_picture(photographs[0], 3)
    box = finder.boxes(picture, (0.5, 1.0))[0].as_list()
    matrix = alignment(finder.points(picture, box), 96, 0.3, 0.35)
    items = [(photographs[0], box, matrix)]
    few = list(faces.mean_landmarks_all(items, 3, READINGS, processes=1))
    monkeypatch.setattr(faces, "_QUICK_FROM", 1)
    many = list(faces.mean_landmarks_all(items, 3, READINGS, processes=1))
    assert np.array_equal(few, many)
