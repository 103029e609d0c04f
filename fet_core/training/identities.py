"""Random identities for Φ: many faces out of few, each with the expressions of a real one."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fet_core.errors import UserError
from fet_core.store import Store
from fet_core.tables import EXPRESSIONS
from fet_core.training.acceleration import upload


class Identities:
    """Offsets of landmarks that turn one person's face into another's, expression apart.

    With a few dozen people to train on, Φ learns their faces by heart. An offset is a random mix,
    of normal weights, of how the training people's neutral faces deviate from the mean of all;
    so it has the covariance of real identities (of what is symmetric in them, for the mirrored
    rows count too). Added to all pictures of a person it makes another person who moves in the
    same way.

    Args:
        store: landmarks of all samples.
        training: [R] int64, the samples of the training side.
        strength: 0 makes no offsets, 1 those of the real people's spread.
        seed: with the step, what the random numbers are a function of.

    Raises:
        UserError: offsets are wanted, but no training picture is neutral.
    """

    def __init__(
        self, store: Store, training: NDArray[np.int64], strength: float, seed: int
    ) -> None:
        self._strength = strength
        self._seed = seed
        rows = torch.from_numpy(training).to(store.device)
        neutral = rows[store.expression[rows] == EXPRESSIONS.index("neutral")]
        people, number = store.person[neutral].unique(return_inverse=True)
        points = store.points[neutral]
        means = points.new_zeros(len(people), *points.shape[1:]).index_add_(0, number, points)
        means = means / number.bincount(minlength=len(people))[:, None, None]
        self._deviations = means - means.mean(dim=0)
        if strength and not len(people):
            raise UserError(
                "random identities are made from neutral faces, and no training picture is "
                "neutral; set fusion.identities to 0"
            )

    def offsets(self, faces: int, count: int, step: int) -> Tensor:
        """`count` sets of offsets for a batch, [count, faces, 68, 2] in pixels.

        Args:
            faces: of the batch.
            count: how many independent sets.
            step: of the training.
        """
        people = len(self._deviations)
        if not self._strength:
            return self._deviations.new_zeros(count, faces, 1, 1)
        rng = np.random.default_rng([self._seed, 4, step])
        weights = rng.standard_normal((count, faces, people)) * self._strength / people**0.5
        mixed = upload(weights.astype(np.float32), self._deviations.device)
        return torch.einsum("cbp,pij->cbij", mixed, self._deviations)
