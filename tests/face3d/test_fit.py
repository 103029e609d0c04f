"""What a fit finds of faces that the model itself made, whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fet_core.face3d.fit import HIGH, LOW, Fit, Priors
from fet_core.face3d.model import FaceModel, load_model
from fet_core.face3d.shape import fitter, move, read_shapes
from fet_core.geometry.landmarks import MIRROR, eye_distance, mirror_points


@pytest.fixture(scope="module")
def model() -> FaceModel:
    return load_model()


def rotation(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """Turns to the viewer's right, downwards and clockwise, as `Fit.angles` counts them."""
    y, p, r = np.radians([yaw, -pitch, -roll])
    about_y = [[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]]
    about_x = [[1, 0, 0], [0, np.cos(p), np.sin(p)], [0, -np.sin(p), np.cos(p)]]
    about_z = [[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]]
    return np.array(about_z) @ np.array(about_x) @ np.array(about_y)


def seen(shape: np.ndarray, turn: np.ndarray, scale: float = 80.0) -> np.ndarray:
    """Points [1, 68, 2] in pixels of a shape [68, 3]."""
    return ((shape @ turn.T)[None, :, :2] * [1, -1]) * scale + [200, 150]


def face(model: FaceModel, **units: float) -> np.ndarray:
    strength = np.zeros(len(model.names))
    for name, value in units.items():
        strength[model.names.index(name)] = value
    return model.points(np.zeros(len(model.identity)), strength)


def unit(fit: Fit, name: str) -> float:
    return float(fit.units[0, fitter().model.names.index(name)])


@pytest.mark.parametrize(
    ("yaw", "pitch", "roll"),
    [(0, 0, 0), (40, 0, 0), (-40, 0, 0), (0, 20, 0), (0, 0, 30), (30, -15, 10)],
)
def test_the_pose_of_the_mean_face(yaw: float, pitch: float, roll: float, model: FaceModel) -> None:
    fit = fitter().fit(seen(model.mean, rotation(yaw, pitch, roll)))
    if pitch == 0 or yaw == 0:
        assert fit.angles()[0] == pytest.approx([yaw, pitch, roll], abs=1.5)
    assert fit.rotation[0] == pytest.approx(rotation(yaw, pitch, roll), abs=0.03)
    assert fit.scale[0] == pytest.approx(80, rel=0.03)
    assert fit.error[0] < 0.005
    assert np.abs(fit.units).max() < 0.1


@pytest.mark.parametrize("yaw", [-45.0, -20.0, 0.0, 20.0, 45.0])
def test_an_open_mouth_is_one_from_any_side(yaw: float, model: FaceModel) -> None:
    open_, shut = (
        fitter().fit(seen(face(model, jawOpen=value), rotation(yaw, 0, 0))) for value in (0.8, 0.0)
    )
    assert unit(open_, "jawOpen") > 0.5
    assert abs(unit(shut, "jawOpen")) < 0.05
    assert open_.angles()[0, 0] == pytest.approx(yaw, abs=3)


def test_sides_are_told_apart(model: FaceModel) -> None:
    shape = face(model, mouthSmileLeft=0.9, eyeBlinkRight=0.9)
    fit = fitter().fit(seen(shape, np.eye(3)))
    assert unit(fit, "mouthSmileLeft") > unit(fit, "mouthSmileRight") + 0.15
    assert unit(fit, "eyeBlinkRight") > unit(fit, "eyeBlinkLeft") + 0.15
    assert fit.units.min() >= LOW
    assert fit.units.max() <= HIGH


def test_a_mirrored_face_is_the_mirrored_answer(model: FaceModel) -> None:
    points = seen(face(model, mouthSmileLeft=0.7, jawOpen=0.4), rotation(25, 5, 8))
    there, back = fitter().fit(points), fitter().fit(mirror_points(points, 400))
    assert back.angles()[0] == pytest.approx(there.angles()[0] * [-1, 1, -1], abs=0.5)
    assert unit(back, "mouthSmileRight") == pytest.approx(unit(there, "mouthSmileLeft"), abs=0.05)


@settings(max_examples=20, deadline=None)
@given(st.floats(0.2, 20), st.floats(-1000, 1000), st.floats(-1000, 1000), st.floats(-40, 40))
def test_place_and_size_of_a_picture_tell_nothing(
    scale: float, x: float, y: float, yaw: float
) -> None:
    points = seen(face(load_model(), jawOpen=0.5, browInnerUp=0.6), rotation(yaw, 5, 5))
    one, other = fitter().fit(points), fitter().fit(points * scale + [x, y])
    assert other.units == pytest.approx(one.units, abs=1e-5)
    assert other.angles() == pytest.approx(one.angles(), abs=1e-3)
    assert other.scale == pytest.approx(one.scale * scale, rel=1e-5)


def test_many_faces_at_once_are_as_one_by_one(model: FaceModel) -> None:
    points = np.concatenate(
        [
            seen(face(model, jawOpen=value), rotation(yaw, 0, 0))
            for value, yaw in ((0.2, 5), (0.9, 30))
        ]
    )
    both = fitter().fit(points)
    for number in range(2):
        alone = fitter().fit(points[number : number + 1])
        assert both.units[number] == pytest.approx(alone.units[0], abs=1e-8)


def test_without_its_pose_a_face_looks_the_same(model: FaceModel) -> None:
    shape = face(model, jawOpen=0.4, browInnerUp=0.5)
    front = read_shapes(seen(shape, np.eye(3))).frontal
    for turn in (rotation(30, 0, 0), rotation(-15, 10, 20)):
        frontal = read_shapes(seen(shape, turn)).frontal
        assert np.abs(frontal - front)[:, 17:].mean() < 0.012


def test_motion_is_put_back_into_the_pose(model: FaceModel) -> None:
    turn, rest, moved = rotation(35, 5, 10), face(model), face(model, jawOpen=0.6)
    points, wanted = seen(rest, turn), seen(moved, turn)
    found = move(read_shapes(points), (moved - rest)[None, :, :2])
    assert np.abs(found - wanted).max() < 0.03 * eye_distance(points[0])
    assert np.array_equal(move(read_shapes(points), np.zeros((1, 68, 2))), points)


def test_the_model_is_symmetric_and_its_eyes_are_one_apart(model: FaceModel) -> None:
    assert len(model.names) == len(set(model.names)) == len(model.units)
    assert model.mean[list(MIRROR)] * [-1, 1, 1] == pytest.approx(model.mean, abs=1e-3)
    left, right = (
        model.units[model.names.index(f"mouthSmile{side}")] for side in ("Left", "Right")
    )
    assert left[list(MIRROR)] * [-1, 1, 1] == pytest.approx(right, abs=0.01)
    assert eye_distance(model.mean[:, :2]) == pytest.approx(1, abs=0.1)


def test_points_that_are_trusted_less_are_fitted_less(model: FaceModel) -> None:
    from fet_core.face3d.fit import Fitter

    points = seen(face(model, jawOpen=0.7), np.eye(3))
    sure, unsure = (
        Fitter(model, np.ones(68), Priors(point=point)).fit(points) for point in (0.01, 0.3)
    )
    assert sure.error[0] < unsure.error[0]
    assert unit(sure, "jawOpen") > unit(unsure, "jawOpen")
