"""The eye that is free for any use: what it reads, and that nothing needs dlib with it."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from without_dlib import without_dlib

from fet_core import Transfer
from fet_core.errors import UserError
from fet_core.face3d.face import Face, shape_of
from fet_core.face3d.lids import lids_apart
from fet_core.face3d.model import SHIPPED, load_model
from fet_core.face3d.mouth import opening
from fet_core.face3d.stored import shipped
from fet_core.geometry.eye import Eye, choose_eye
from fet_core.geometry.landmarks import LEFT_EYE, RIGHT_EYE, eye_distance
from fet_core.geometry.mesh import PACKAGE

pytestmark = pytest.mark.skipif(
    find_spec(PACKAGE) is None, reason="the face mesh's models are not installed"
)

FACES = "data/demo/rafd"
SURPRISED = f"{FACES}/Rafd090_27_Caucasian_female_surprised_frontal.jpg"
NEUTRAL = f"{FACES}/Rafd090_14_Caucasian_female_neutral_frontal.jpg"
HAPPY = f"{FACES}/Rafd090_28_Caucasian_male_happy_frontal.jpg"
FRAMES = "data/demo/ckplus/cohn-kanade-images/S005/001"


@pytest.fixture(scope="module")
def eye() -> Eye:
    return Eye("mesh")


def photograph(path: Path) -> np.ndarray:
    return np.array(Image.open(path).convert("RGB"))


def read(eye: Eye, picture: np.ndarray) -> np.ndarray:
    (face,) = eye.find(picture)
    return eye.read(picture, face)


def test_both_eyes_see_the_same_face(eye: Eye, repository: Path) -> None:
    pytest.importorskip("dlib", reason="dlib is not installed")
    other = Eye("dlib")
    for path in (SURPRISED, NEUTRAL, HAPPY):
        picture = photograph(repository / path)
        mine, theirs = read(eye, picture), read(other, picture)
        off = np.linalg.norm(mine - theirs, axis=1)[17:] / eye_distance(theirs)
        assert off.mean() < 0.06
        assert off.max() < 0.2


def test_a_mirrored_face_is_read_mirrored(eye: Eye, repository: Path) -> None:
    picture = photograph(repository / HAPPY)
    turned = np.ascontiguousarray(picture[:, ::-1])
    one, other = read(eye, picture), read(eye, turned)
    for part, opposite in ((RIGHT_EYE, LEFT_EYE), (LEFT_EYE, RIGHT_EYE)):
        gaps = lids_apart(one, part), lids_apart(other, opposite)
        assert gaps[0] == pytest.approx(gaps[1], abs=0.01)
    assert opening(one) == pytest.approx(opening(other), abs=0.03)


@pytest.mark.parametrize("degrees", [-40.0, 40.0])
def test_a_tilted_face_is_read_tilted(degrees: float, eye: Eye, repository: Path) -> None:
    picture = photograph(repository / HAPPY)
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 0.8)
    tilted = cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    found = read(eye, np.asarray(tilted, np.uint8))
    off = np.linalg.norm(found - (read(eye, picture) @ matrix[:, :2].T + matrix[:, 2]), axis=1)
    assert off[17:].mean() < 0.04 * eye_distance(found)


def test_the_expression_arrives(repository: Path) -> None:
    transfer = Transfer(eye="mesh")
    eye = Eye("mesh")
    before = read(eye, photograph(repository / NEUTRAL))
    made = transfer(repository / SURPRISED, repository / NEUTRAL)
    after, source = read(eye, made), read(eye, photograph(repository / SURPRISED))
    assert opening(before) < 0.01
    assert opening(after) > 0.6 * opening(source)


def test_what_is_edited_is_read(repository: Path) -> None:
    transfer = Transfer(eye="mesh")
    shown = transfer.edit(repository / NEUTRAL, {"jawOpen": 0.5})
    eye = Eye("mesh")
    assert opening(read(eye, shown)) > 0.02
    shut = transfer.edit(repository / NEUTRAL, {"eyeBlink": 1.0})
    gaps = [
        lids_apart(read(eye, one), RIGHT_EYE) for one in (shut, photograph(repository / NEUTRAL))
    ]
    assert gaps[0] < 0.5 * gaps[1]


def test_both_eyes_know_the_same_units() -> None:
    assert load_model().names == load_model(shipped(SHIPPED, "mesh")).names


def test_a_face_is_fitted_by_the_model_of_its_eye(eye: Eye, repository: Path) -> None:
    picture = photograph(repository / NEUTRAL)
    points = read(eye, picture)
    own, others = (shape_of(Face("", picture, points, eye=name)) for name in ("mesh", "dlib"))
    assert own.fit.error[0] < others.fit.error[0]


def test_a_face_of_the_other_eye_is_refused(repository: Path) -> None:
    pytest.importorskip("dlib", reason="dlib is not installed")
    transfer = Transfer(eye="mesh")
    theirs = Transfer(eye="dlib").find(repository / HAPPY)
    with pytest.raises(UserError, match='read by the eye "dlib"; find it with this Transfer'):
        transfer(theirs, repository / NEUTRAL)
    assert transfer(transfer.find(repository / HAPPY), repository / NEUTRAL).any()


def test_which_eye(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose_eye("auto") == ("mesh" if find_spec("dlib") is None else "dlib")
    monkeypatch.setitem(sys.modules, "dlib", None)
    assert choose_eye("auto") == "mesh"
    with pytest.raises(UserError, match='there is no eye "glass"; choose auto, dlib or mesh'):
        Transfer(eye="glass")
    with pytest.raises(UserError, match='there is no eye "glass"'):
        Transfer("any.safetensors", eye="glass")


def test_everything_works_where_dlib_is_not_installed(repository: Path, tmp_path: Path) -> None:
    commands: tuple[list[str | Path], ...] = (
        ["transfer", SURPRISED, NEUTRAL, "-o", tmp_path / "made.png"],
        ["edit", NEUTRAL, "--expression", "happy", "-o", tmp_path / "edited.png"],
        ["read", "--json", HAPPY],
        ["animate", FRAMES, NEUTRAL, "-o", tmp_path / "film.gif", "--size", "64"],
    )
    done = without_dlib(repository, *commands)
    assert done.returncode == 0, done.stderr
    for name in ("made.png", "edited.png", "film.gif"):
        assert (tmp_path / name).stat().st_size > 0
    done = without_dlib(repository, ["read", HAPPY, "--eye", "dlib"])
    assert done.returncode == 2
    assert "dlib is not installed" in done.stderr
