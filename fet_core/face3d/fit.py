"""Fitting the face model to points of a picture: pose, identity and face units by Gauss–Newton."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fet_core.face3d.model import FaceModel

Floats = NDArray[np.float64]

LOW, HIGH = -0.05, 1.3
"""Bounds of a unit."""


@dataclass(frozen=True)
class Priors:
    """How much a fit trusts the points, as standard deviations.

    Attributes:
        point: standard deviation of a point, in eye distances.
        identity: of an identity coefficient.
        unit: of a face unit.
        twin: of the difference between a unit's left and right side.
        shift: of units that move the jaw or mouth to a side.
    """

    point: float = 0.03
    identity: float = 0.7
    unit: float = 0.35
    twin: float = 0.12
    shift: float = 0.12


@dataclass(frozen=True)
class Fit:
    """B faces as the model explains them.

    Attributes:
        rotation: [B, 3, 3] from the model's axes to the camera's (x right, y up, z to the viewer).
        scale: [B] pixels for one eye distance.
        shift: [B, 2] place of the model's origin in pixels, y down.
        identity: [B, K].
        units: [B, U].
        error: [B] root of the mean square distance between points and model, in eye distances.
    """

    rotation: Floats
    scale: Floats
    shift: Floats
    identity: Floats
    units: Floats
    error: Floats

    def angles(self) -> Floats:
        """Yaw, pitch and roll [B, 3] in degrees: to the viewer's right, downwards, clockwise."""
        r = self.rotation
        yaw = np.arctan2(r[:, 0, 2], r[:, 2, 2])
        pitch = -np.arcsin(np.clip(r[:, 1, 2], -1, 1))
        roll = np.arctan2(r[:, 0, 1], r[:, 1, 1])
        return np.degrees(np.stack([yaw, pitch, roll], axis=1))

    def place(self, points: Floats) -> Floats:
        """Points [B, P, 3] of the model in the picture's pixels [B, P, 2]."""
        turned = np.einsum("bij,bpj->bpi", self.rotation[:, :2], points)
        return self.shift[:, None] + self.scale[:, None, None] * turned * [1.0, -1.0]


class Fitter:
    """Fits a model to points; what does not depend on the points is computed once.

    Args:
        model: of exactly the points that will be given, in their order.
        weights: [P] how much each point counts, 1 for one that is as sure as `priors` says.
        priors: see there.
    """

    def __init__(self, model: FaceModel, weights: Floats, priors: Priors | None = None) -> None:
        self.model = model
        self._priors = priors or Priors()
        self._weights = np.asarray(weights, dtype=np.float64)
        self._basis = np.concatenate([model.identity, model.units])
        # Sums over all points of products of the basis' axes, from which each round's normal
        # equations come without looking at the points again.
        weighted = self._basis * self._weights[:, None]
        self._gram = np.einsum("kpi,lpj->ijkl", weighted, self._basis)
        self._penalty = _penalty(model, self._priors)
        self._identities = len(model.identity)

    def fit(self, points: Floats, rounds: int = 10) -> Fit:
        """Pose, identity and units of faces.

        Args:
            points: [B, P, 2] in pixels, y down.
            rounds: of Gauss–Newton.
        """
        # y up, about the middle, in units of the size: the numbers are near 1.
        plane = np.asarray(points, dtype=np.float64) * [1.0, -1.0]
        w = self._weights
        middle = (plane * w[:, None]).sum(axis=1) / w.sum()
        centred = plane - middle[:, None]
        size = np.sqrt((centred**2 * w[:, None]).sum(axis=(1, 2)) / w.sum())
        size = np.maximum(size, 1e-9)
        wanted = centred / size[:, None, None]
        state = _first(wanted, self.model, w)
        for _ in range(rounds):
            state = self._step(state, wanted)
        shape = self.model.points(state.identity, state.units)
        off = _project(state, shape) - wanted
        error = np.sqrt((off**2).sum(axis=2) @ w / w.sum()) / state.scale
        scale, shift = state.scale * size, state.shift * size[:, None] + middle
        return replace(state, scale=scale, shift=shift * [1.0, -1.0], error=error)

    def _step(self, state: Fit, wanted: Floats) -> Fit:
        """One round: a step of pose and coefficients at once, units kept within their bounds."""
        model, w, basis = self.model, self._weights, self._basis
        count, unknown = len(wanted), len(basis)
        shape = model.points(state.identity, state.units)
        r2 = state.rotation[:, :2]
        turned = np.einsum("bij,bpj->bpi", state.rotation, shape)
        off = wanted - (state.scale[:, None, None] * turned[:, :, :2] + state.shift[:, None])
        # By the pose: turns about the camera's x, y, z, relative growth, shift.
        s = state.scale[:, None]
        x, y, z = (s * turned[:, :, i] for i in range(3))
        zero, one = np.zeros_like(x), np.ones_like(x)
        pose = np.stack(
            [
                np.stack([zero, -z], axis=2),
                np.stack([z, zero], axis=2),
                np.stack([-y, x], axis=2),
                np.stack([x, y], axis=2),
                np.stack([one, zero], axis=2),
                np.stack([zero, one], axis=2),
            ],
            axis=1,
        )
        # In eye distances, so that priors mean the same for faces of any size.
        trust = 1.0 / (self._priors.point * state.scale) ** 2
        sides = np.einsum("bai,baj->bij", r2, r2) * (state.scale**2)[:, None, None]
        a = np.zeros((count, unknown + 6, unknown + 6))
        a[:, 6:, 6:] = np.tensordot(sides, self._gram, ([1, 2], [0, 1]))
        weighted = pose * w[:, None]
        a[:, :6, :6] = np.einsum("bmpi,bnpi->bmn", weighted, pose)
        back = np.einsum("bmpi,bij->bmpj", weighted, r2) * s[:, :, None, None]
        cross = np.tensordot(back, basis, ([2, 3], [1, 2]))
        a[:, :6, 6:], a[:, 6:, :6] = cross, cross.transpose(0, 2, 1)
        right = np.zeros((count, unknown + 6))
        right[:, :6] = np.einsum("bmpi,bpi->bm", weighted, off)
        pulled = np.einsum("bpi,bij->bpj", off * w[:, None], r2) * s[:, :, None]
        right[:, 6:] = np.tensordot(pulled, basis, ([1, 2], [1, 2]))
        a *= trust[:, None, None]
        right *= trust[:, None]
        known = np.concatenate([state.identity, state.units], axis=1)
        a[:, 6:, 6:] += self._penalty
        right[:, 6:] -= known @ self._penalty
        step = self._bounded(a, right, known)
        turn = _turn(step[:, :3])
        found = known + step[:, 6:]
        units = np.clip(found[:, self._identities :], LOW, HIGH)
        return Fit(
            turn @ state.rotation,
            state.scale * np.exp(np.clip(step[:, 3], -0.5, 0.5)),
            state.shift + step[:, 4:6],
            found[:, : self._identities],
            units,
            state.error,
        )

    def _bounded(self, a: Floats, right: Floats, known: Floats) -> Floats:
        """The step [B, 6 + K + U]; units that it would carry over a bound stop there."""
        first = 6 + self._identities
        step = np.linalg.solve(a, right[:, :, None])[:, :, 0]
        held = np.zeros(right.shape, dtype=bool)
        values = np.zeros_like(right)
        units = known[:, self._identities :]
        for _ in range(3):
            new = units + step[:, first:]
            low, high = new < LOW - 1e-9, new > HIGH + 1e-9
            if not (low | high).any():
                break
            held[:, first:] |= low | high
            values[:, first:] = np.where(
                low, LOW - units, np.where(high, HIGH - units, values[:, first:])
            )
            rest = right - np.einsum("bij,bj->bi", a, np.where(held, values, 0.0))
            system = np.where(held[:, :, None] | held[:, None, :], 0.0, a)
            index = np.arange(right.shape[1])
            system[:, index, index] += held
            rest = np.where(held, 0.0, rest)
            step = np.linalg.solve(system, rest[:, :, None])[:, :, 0]
            step = np.where(held, values, step)
        return np.asarray(step)


def _penalty(model: FaceModel, priors: Priors) -> Floats:
    """Inverse covariance [K + U, K + U] of coefficients and units."""
    first, names = len(model.identity), model.names
    matrix = np.zeros((first + len(names),) * 2)
    index = np.arange(first)
    matrix[index, index] = 1 / priors.identity**2
    for number, name in enumerate(names):
        row = first + number
        matrix[row, row] += 1 / priors.unit**2
        if name in SIDEWAYS:
            matrix[row, row] += 1 / priors.shift**2
        other = f"{name[:-4]}Right"
        if name.endswith("Left") and name not in SIDEWAYS and other in names:
            twin = first + names.index(other)
            for one, two, sign in (
                (row, row, 1),
                (twin, twin, 1),
                (row, twin, -1),
                (twin, row, -1),
            ):
                matrix[one, two] += sign / priors.twin**2
    return matrix


SIDEWAYS = ("jawLeft", "jawRight", "mouthLeft", "mouthRight")


def _first(wanted: Floats, model: FaceModel, weights: Floats) -> Fit:
    """The pose of the mean face that lies nearest, by an affine camera made rigid."""
    count = len(wanted)
    mean = model.mean
    middle = (mean * weights[:, None]).sum(axis=0) / weights.sum()
    centred = mean - middle
    gram = (centred * weights[:, None]).T @ centred
    affine = np.einsum("bpi,p,pj->bij", wanted, weights, centred) @ np.linalg.inv(gram)
    u, values, vt = np.linalg.svd(affine, full_matrices=False)
    rows = u @ vt
    third = np.cross(rows[:, 0], rows[:, 1])
    rotation = np.concatenate([rows, third[:, None]], axis=1)
    scale = values.mean(axis=1)
    shift = -np.einsum("bij,j->bi", rotation[:, :2], middle) * scale[:, None]
    zeros = np.zeros((count, len(model.identity))), np.zeros((count, len(model.names)))
    return Fit(rotation, scale, shift, *zeros, np.zeros(count))


def _project(state: Fit, shape: Floats) -> Floats:
    turned = np.einsum("bij,bpj->bpi", state.rotation[:, :2], shape)
    return state.scale[:, None, None] * turned + state.shift[:, None]


def _turn(vector: Floats) -> Floats:
    """Rotation matrices [B, 3, 3] of turns [B, 3] (Rodrigues)."""
    angle = np.linalg.norm(vector, axis=1)
    # No more than half a right angle at once.
    vector = vector * (np.minimum(angle, 0.7) / np.maximum(angle, 1e-12))[:, None]
    angle = np.minimum(angle, 0.7)
    axis = vector / np.maximum(angle, 1e-12)[:, None]
    zero = np.zeros(len(vector))
    x, y, z = axis.T
    k = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=1).reshape(-1, 3, 3)
    sine, cosine = np.sin(angle)[:, None, None], np.cos(angle)[:, None, None]
    return np.eye(3) + sine * k + (1 - cosine) * k @ k
