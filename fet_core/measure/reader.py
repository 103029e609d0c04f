"""Which expression the points of a face show."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from numpy.typing import NDArray
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from fet_core.data.dataset import Dataset
from fet_core.errors import UserError
from fet_core.geometry.landmarks import mirror_points
from fet_core.measure.instruments import measure
from fet_core.tables import POINTS

_ROUNDS = 10

Shapes = NDArray[np.complex128]
"""Landmarks [N, 68], x + iy: a similarity is then one product and one sum."""


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

    @classmethod
    def by_instruments(
        cls, samples: pa.Table, dataset: Dataset, processes: int | None = None
    ) -> ExpressionReader:
        """From what the instruments read on the training pictures, where others read the samples.

        What is read on results are dlib's points, which are elsewhere on a face than the mesh's.

        Args:
            samples: with the schema `fet_core.tables.SAMPLES`.
            dataset: of the same samples.
            processes: as in `fet_core.parallel.each`.

        Raises:
            UserError: as the class; dlib is not installed.
        """
        straight = pc.invert(samples["flipped"])
        chosen = pc.and_(pc.equal(samples["split"], "train"), straight).to_numpy()
        rows = torch.from_numpy(np.flatnonzero(chosen)).to(dataset.device)
        pictures = (
            np.ascontiguousarray(dataset.bytes(row[None])[0].permute(1, 2, 0).cpu().numpy())
            for row in rows
        )
        count = len(rows)
        found = measure(
            pictures, processes=processes, count=count, description="read training faces"
        )
        names = samples["expression"].filter(pa.array(chosen)).to_pylist()
        pairs = zip(found, names, strict=True)
        seen = [(one.points, name) for one, name in pairs if one.points is not None]
        points = np.stack([one for one, _ in seen]) if seen else np.zeros((0, POINTS, 2))
        both = np.concatenate([points, mirror_points(points, dataset.size)])
        return cls(both, [name for _, name in seen] * 2)

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
