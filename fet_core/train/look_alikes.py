"""Training faces of people between the training people, who move as two of them do together."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fet_core.data.dataset import Dataset
from fet_core.data.training_triples import TrainingIndex
from fet_core.geometry.raster import upload
from fet_core.train.augmentation import deviations
from fet_core.train.checkpoint import Batch, TrainingTriples


class LookAlikes:
    """Φ+'s training faces where the training people are too few not to be learned by heart.

    Each person's neutral face is turned by a random angle, up to a right one, from its own
    deviation from the mean face towards a random mix of everybody's: the look-alikes differ from
    each other as much as the people do, where offsets on top (`augmentation.Identities`) make them
    differ more. Between target and truth, and between reference and source, a random share of the
    way is that of another person who shows the same two expressions.

    Args:
        dataset: landmarks of all samples.
        index: what training triples are drawn from.
        seed: with the step, what the random numbers are a function of.
    """

    def __init__(self, dataset: Dataset, index: TrainingIndex, seed: int) -> None:
        self._points, self._person = dataset.points, dataset.person
        self._index, self._seed = index, seed
        people, self._seen = deviations(dataset, index.usable)
        # Who is not seen at rest is taken for the mean face, and turned from there.
        everyone = int(dataset.person.max()) + 1
        self._apart = dataset.points.new_zeros(everyone, *dataset.points.shape[1:])
        self._apart[people] = self._seen

    def faces(self, triples: TrainingTriples, rows: Batch) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Source, reference, target and truth of a batch, [B, 68, 2] in pixels each.

        Args:
            triples: whose faces they are made of.
            rows: the same, on the data set's device.
        """
        share, batch = rows.share, rows.share.of * len(triples.truth)
        rng = np.random.default_rng([self._seed, 8, rows.step])
        turn = share.own(rng.uniform(0, np.pi / 2, (2, batch)), axis=1)
        weights = share.own(rng.standard_normal((2, batch, len(self._seen))), axis=1)
        far = share.own(rng.random((2, batch)), axis=1)
        u = share.own(rng.random((2, batch, 2)), axis=1)
        lent = upload(
            np.stack(
                [
                    *self._index.another(triples.source, triples.reference, u[0]),
                    *self._index.another(triples.truth, triples.target, u[1]),
                ]
            ),
            self._points.device,
        )
        angle, mixed = self._on_device(turn), self._mix(weights)
        way = self._on_device(far)[:, :, None, None]
        source, reference = self._pair(rows.source, rows.reference, lent[0], lent[1], way[0])
        truth, target = self._pair(rows.truth, rows.target, lent[2], lent[3], way[1])
        theirs, own = (
            (cos - 1) * self._apart[self._person[who]] + sin * mix
            for who, cos, sin, mix in zip(
                (rows.source, rows.target),
                angle.cos()[:, :, None, None],
                angle.sin()[:, :, None, None],
                mixed,
                strict=True,
            )
        )
        return source + theirs, reference + theirs, target + own, truth + own

    def _pair(
        self, moved: Tensor, rest: Tensor, lent_moved: Tensor, lent_rest: Tensor, way: Tensor
    ) -> tuple[Tensor, Tensor]:
        points = self._points
        own, lent = points[moved] - points[rest], points[lent_moved] - points[lent_rest]
        return points[rest] + torch.lerp(own, lent, way), points[rest]

    def _mix(self, weights: NDArray[np.float64]) -> Tensor:
        people = max(len(self._seen), 1)
        mixed = self._on_device(weights / people**0.5)
        return torch.einsum("cbp,pij->cbij", mixed, self._seen)

    def _on_device(self, values: NDArray[np.float64]) -> Tensor:
        return upload(values.astype(np.float32), self._points.device)
