"""Real, small pictures: the same bytes twice, one face each, different people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fet_core.synthesis.assets import Assets
from fet_core.synthesis.expressions import Performance
from fet_core.synthesis.layouts import Frame, rafd_members
from fet_core.synthesis.shoot import STYLES, person, picture, save
from fet_core.synthesis.studio import Studio


def shoot(studio: Any, slot: int, expression: str = "neutral", camera: int = 90,
          moment: int = 0, gaze: str = "frontal") -> np.ndarray:  # fmt: skip
    member = rafd_members(slot + 1)[slot]
    wares = studio.prepare(person(1, "rafd", member, 0))
    frame = Frame("", Performance(expression, 1.0), (slot, moment), gaze, camera, size=(220, 280))
    return picture(studio, wares, STYLES["rafd"], 1, frame, None)[0]


@pytest.fixture(scope="module")
def neutral(studio: Any) -> np.ndarray:
    return shoot(studio, 0)


def test_same_numbers_same_bytes(studio: Any, neutral: np.ndarray) -> None:
    assert neutral.shape == (280, 220, 3)
    assert neutral.dtype == np.uint8
    assert shoot(studio, 0).tobytes() == neutral.tobytes()


def test_two_studios_do_not_draw_into_each_other(
    studio: Any, assets: Assets, neutral: np.ndarray
) -> None:
    other = Studio(assets, texture_limit=256)
    one = shoot(other, 1)
    assert shoot(studio, 0).tobytes() == neutral.tobytes()
    assert shoot(other, 1).tobytes() == one.tobytes()


def test_expressions_moments_gazes_and_cameras_change_the_picture(
    studio: Any, neutral: np.ndarray
) -> None:
    for other in (
        shoot(studio, 0, "surprised"),
        shoot(studio, 0, moment=1),
        shoot(studio, 0, gaze="left"),
        shoot(studio, 0, camera=135),
    ):
        assert np.abs(other.astype(int) - neutral).mean() > 0.1


def test_dlib_finds_one_face_and_tells_people_apart(studio: Any, neutral: np.ndarray) -> None:
    pytest.importorskip("dlib", reason="dlib is not installed")
    from fet_core.errors import UserError
    from fet_core.synthesis.likeness import Likeness

    try:
        likeness = Likeness()
    except UserError as error:
        pytest.skip(str(error))
    embeddings = []
    for image in (neutral, shoot(studio, 0, "happy"), shoot(studio, 2)):
        faces, embedding = likeness.embed(image)
        assert faces == 1
        embeddings.append(embedding)
    same = np.linalg.norm(embeddings[0] - embeddings[1])
    other = np.linalg.norm(embeddings[0] - embeddings[2])
    assert same < 0.6
    assert other > same


def test_saved_pictures_read_back(tmp_path: Path, neutral: np.ndarray) -> None:
    cv2 = pytest.importorskip("cv2")
    save(tmp_path / "a.png", neutral, colour=False, quality=90)
    grey = cv2.imread(str(tmp_path / "a.png"), cv2.IMREAD_UNCHANGED)
    assert grey.shape == (280, 220)
    save(tmp_path / "b.jpg", neutral, colour=True, quality=90)
    colour = cv2.imread(str(tmp_path / "b.jpg"))[..., ::-1]
    assert np.abs(colour.astype(int) - neutral).mean() < 3.0
