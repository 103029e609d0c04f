"""A face's 68 points without its pose, and motion without pose put back into one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from fet_core.face3d.fit import Fit, Fitter, Priors
from fet_core.face3d.model import SHIPPED, FaceModel, load_model
from fet_core.face3d.stored import shipped
from fet_core.geometry.landmarks import EYES

Floats = NDArray[np.float64]

CONTOUR = slice(0, 17)
_CONTOUR_WEIGHT = 0.15
_SLIDES = 20.0  # degrees of yaw beyond which dlib's contour says nothing of the jaw's outline
_RIDGE = 0.01


@dataclass(frozen=True)
class Shapes:
    """B faces whose pose is known.

    Attributes:
        points: [B, 68, 2] as they were read, in pixels.
        fit: what the model says of them.
        frontal: [B, 68, 2] the points as they would be seen from the front, level: x to the right
            and y up, the model's origin at 0, in eye distances of the fitted face.
        eye: who read them, of `EYES`.
    """

    points: Floats
    fit: Fit
    frontal: Floats
    eye: str = EYES[0]


def make_fitter(model: FaceModel) -> Fitter:
    """The fitter of a model's 68 points: of the contour, which slides, less is believed."""
    weights = np.ones(len(model.mean))
    weights[CONTOUR] = _CONTOUR_WEIGHT
    return Fitter(model, weights, Priors())


@cache
def fitter(eye: str = EYES[0]) -> Fitter:
    """The fitter of the model that is shipped for an eye of `EYES`."""
    return make_fitter(load_model(shipped(SHIPPED, eye)))


def read_shapes(points: Floats, by: Fitter | None = None, eye: str = EYES[0]) -> Shapes:
    """Take the pose out of points [B, 68, 2] in pixels.

    What the model does not explain stays: it is seen from the side in the picture and turned to
    the front with the face.

    Args:
        points: the eye's.
        by: another fitter than that of the shipped model.
        eye: who read them, of `EYES`.
    """
    by = by or fitter(eye)
    fit = by.fit(points)
    shape = by.model.points(fit.identity, fit.units)
    left = (points - fit.place(shape)) * [1.0, -1.0] / fit.scale[:, None, None]
    turned = np.einsum("bij,bpj->bpi", np.linalg.inv(fit.rotation[:, :2, :2]), left)
    yaw = np.abs(fit.angles()[:, 0])
    turned[:, CONTOUR] *= np.clip(1 - yaw / _SLIDES, 0, 1)[:, None, None]
    return Shapes(np.asarray(points, dtype=np.float64), fit, shape[..., :2] + turned, eye)


def move(shapes: Shapes, motion: Floats) -> Floats:
    """Points [B, 68, 2] in pixels after a motion that is seen from the front.

    Args:
        shapes: of the points before.
        motion: [B, 68, 3] x to the right, y up, z to the viewer, in eye distances; or [B, 68, 2],
            where each point comes forward as far as with face units that move so much.
    """
    if motion.shape[2] == 2:
        deep = motion.reshape(len(motion), -1) @ _depth(shapes.eye)
        motion = np.concatenate([motion, deep[..., None]], axis=2)
    turned = np.einsum("bij,bpj->bpi", shapes.fit.rotation[:, :2], motion)
    return np.asarray(shapes.points + shapes.fit.scale[:, None, None] * turned * [1.0, -1.0])


@cache
def _depth(eye: str) -> Floats:
    """[136, 68] from a motion seen from the front to that of its depth."""
    model = fitter(eye).model
    plane = model.units[..., :2].reshape(len(model.names), -1)
    gram = plane @ plane.T + _RIDGE * np.eye(len(plane))
    return np.asarray(plane.T @ np.linalg.solve(gram, model.units[..., 2]))
