"""Lips as far apart as the mesh sees them, where dlib takes teeth for lips."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fet_core.geometry.eye import Eye, portrait_eye
from fet_core.geometry.landmarks import eye_distance
from fet_core.geometry.mesh import PACKAGE
from fet_core.geometry.parting import is_heard, parted_as

UPPER, LOWER = [61, 62, 63], [67, 66, 65]
OUTER_UPPER, OUTER_LOWER = [50, 51, 52], [58, 57, 56]


@pytest.fixture(scope="session")
def open_face(face: np.ndarray) -> np.ndarray:
    """The face by formula whose lips are 0.2 eye distances further apart."""
    return opened(face.astype(np.float64), 0.1, 0.1)


def opened(points: np.ndarray, up: float, down: float) -> np.ndarray:
    """Its lips moved away from each other, in eye distances."""
    moved = points.copy()
    moved[[49, 50, 51, 52, 53, 61, 62, 63], 1] -= up * eye_distance(points)
    moved[[55, 56, 57, 58, 59, 65, 66, 67], 1] += down * eye_distance(points)
    return moved


def gap(points: np.ndarray) -> float:
    return float((points[LOWER, 1] - points[UPPER, 1]).mean()) / eye_distance(points)


def part_way(points: np.ndarray, mesh: np.ndarray) -> np.ndarray:
    return points + 0.6 * (mesh - points)


def test_where_the_mesh_sees_more_lips_go_most_of_the_way(open_face: np.ndarray) -> None:
    mesh = opened(open_face, 0.02, 0.07)
    made, middle = parted_as(open_face, mesh), [51, 62, 66, 57]
    np.testing.assert_allclose(made[middle], part_way(open_face, mesh)[middle])
    assert gap(open_face) < gap(made) < gap(mesh)
    rest = [*range(49), 54, 60, 64]
    np.testing.assert_array_equal(made[rest], open_face[rest])


def test_a_lip_keeps_its_outer_edge_where_the_mesh_sees_it_there(open_face: np.ndarray) -> None:
    mesh = opened(open_face, 0.0, 0.07)
    mesh[OUTER_LOWER] = open_face[OUTER_LOWER]
    made = parted_as(open_face, mesh)
    np.testing.assert_allclose(made[57], open_face[57])
    np.testing.assert_allclose(made[66], part_way(open_face, mesh)[66])
    np.testing.assert_array_equal(made[UPPER], open_face[UPPER])


def test_where_it_sees_less_or_the_lips_meet_dlib_is_believed(
    face: np.ndarray, open_face: np.ndarray
) -> None:
    less = opened(open_face, -0.03, -0.04)
    assert parted_as(open_face, less) is open_face
    shut = face.astype(np.float64)
    shut[LOWER] = shut[UPPER]
    assert not is_heard(shut)
    assert parted_as(shut, opened(shut, 0.1, 0.1)) is shut
    assert is_heard(open_face)


def test_a_mesh_that_lies_elsewhere_does_not_shift_the_mouth(open_face: np.ndarray) -> None:
    """Both lips above dlib's, the gap a little wider: the upper one goes up by that and no more."""
    mesh = opened(open_face, 0.1, -0.06)
    made = parted_as(open_face, mesh)
    np.testing.assert_array_equal(made[LOWER], open_face[LOWER])
    assert gap(open_face) < gap(made) <= gap(mesh)


@given(turn=st.floats(-180, 180), size=st.floats(0.2, 5), up=st.floats(0, 0.2))
def test_the_same_however_a_face_is_held(
    open_face: np.ndarray, turn: float, size: float, up: float
) -> None:
    angle = np.radians(turn)
    way = size * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    mesh = opened(open_face, up, 0.05)
    there = parted_as(open_face @ way, mesh @ way)
    np.testing.assert_allclose(there, parted_as(open_face, mesh) @ way, atol=1e-6)


def test_it_grows_from_nothing(face: np.ndarray) -> None:
    """Films must not jump: a hair more than hardly open, the mesh is hardly heard."""
    base = face.astype(np.float64)
    base[LOWER] = base[UPPER]
    steps = []
    for apart in np.linspace(0.06, 0.2, 40):
        points = opened(base, apart / 2, apart / 2)
        steps.append(gap(parted_as(points, opened(points, 0.03, 0.03))))
    assert np.diff(steps).max() < 3 * (0.2 - 0.06) / 39


@pytest.mark.skipif(find_spec(PACKAGE) is None, reason="the face mesh's models are not installed")
def test_a_face_whose_teeth_dlib_takes_for_a_lip(repository: Path) -> None:
    pytest.importorskip("dlib", reason="dlib is not installed")
    eyes = Eye("dlib"), portrait_eye("dlib")
    for name, least, most in ("surprised", 0.01, 0.05), ("neutral", 0.0, 0.0):
        path = repository / f"data/demo/rafd/Rafd090_02_Caucasian_female_{name}_frontal.jpg"
        photo = np.array(Image.open(path).convert("RGB"))
        alone, both = (eye.read(photo, eye.find(photo)[0]) for eye in eyes)
        np.testing.assert_array_equal(both[:48], alone[:48])
        assert least <= gap(both) - gap(alone) <= most
