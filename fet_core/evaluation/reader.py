"""Reading an expression from 68 landmarks: linear discriminants, fitted to the real faces."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from fet_core.errors import UserError
from fet_core.tables import POINTS

_ROUNDS = 10

Shapes = NDArray[np.complex128]
"""Landmarks as complex numbers [N, 68], x + iy: a similarity is then one product and one sum."""


class ExpressionReader:
    """Shrinkage discriminant analysis (Ledoit and Wolf 2004) of shapes without place and size.

    Shapes are brought onto the mean training shape by the best similarity (Procrustes, Gower
    1975), so that only the expression and the person's form remain. Every expression counts as
    equally likely, however often it is in the training rows. The same rows give the same reader.

    Args:
        points: [N, 68, 2] landmarks of real faces.
        expressions: [N], what each of them shows.

    Raises:
        UserError: there are fewer than two expressions, or too few faces to tell them apart.
    """

    def __init__(self, points: NDArray[np.floating], expressions: list[str]) -> None:
        names = sorted(set(expressions))
        if len(names) < 2:
            raise UserError(
                f"the training rows show {len(names)} expression{'' if names else 's'} where two "
                "are needed to read one on a face; train on people with two or more expressions"
            )
        if len(expressions) <= len(names):
            raise UserError(
                f"{len(expressions)} training rows are too few to tell {len(names)} expressions "
                "apart; train on more people"
            )
        shapes = _normal(points)
        mean = shapes.mean(axis=0)
        for _ in range(_ROUNDS):
            mean = _turned(shapes, mean).mean(axis=0)
        self._mean = mean
        self._classifier = LinearDiscriminantAnalysis(
            solver="lsqr", shrinkage="auto", priors=np.full(len(names), 1 / len(names))
        ).fit(self._features(points), expressions)

    @classmethod
    def of(cls, samples: pa.Table) -> ExpressionReader:
        """From the training rows, straight and mirrored, of `fet_core.tables.SAMPLES`."""
        training = samples.filter(pc.equal(samples["split"], "train"))
        flat = training["points"].combine_chunks().flatten().to_numpy()
        return cls(flat.reshape(-1, POINTS, 2), training["expression"].to_pylist())

    def read(self, points: NDArray[np.floating]) -> list[str]:
        """The expressions that faces [N, 68, 2] show, in any pixels."""
        if not len(points):
            return []
        return [str(name) for name in self._classifier.predict(self._features(points))]

    def _features(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        shapes = _turned(_normal(points), self._mean)
        return np.concatenate([shapes.real, shapes.imag], axis=1)


def _normal(points: NDArray[np.floating]) -> Shapes:
    """Points [N, 68, 2] with their centre at 0 and their root sum of squares 1."""
    place = np.asarray(points, np.float64)
    shapes = place[..., 0] + 1j * place[..., 1]
    shapes -= shapes.mean(axis=1, keepdims=True)
    size = np.linalg.norm(shapes, axis=1, keepdims=True)
    return shapes / np.maximum(size, 1e-12)


def _turned(shapes: Shapes, mean: Shapes) -> Shapes:
    """Shapes turned so that their points are nearest to those of the mean shape."""
    product = shapes.conj() @ mean
    turn = np.exp(1j * np.angle(product))
    return shapes * turn[:, None]
