"""Which samples make the batch of a step: a pure function of (seed, step)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fet_core.datasets.triples import TrainingIndex
from fet_core.training.acceleration import upload


@dataclass(frozen=True)
class Triples:
    """Rows of samples.parquet, each [B] int64, and the step that they are for."""

    truth: NDArray[np.int64]
    target: NDArray[np.int64]
    source: NDArray[np.int64]
    reference: NDArray[np.int64]
    step: int = 0

    def upload(self, device: torch.device) -> Rows:
        """All four on the device in one copy, which on CUDA does not wait for the GPU."""
        rows = np.stack([self.truth, self.target, self.source, self.reference])
        truth, target, source, reference = upload(rows.astype(np.int64), device).unbind(0)
        return Rows(truth, target, source, reference, self.step)


class Rows(NamedTuple):
    """`Triples` as tensors [B] int64 on the device, and their step."""

    truth: Tensor
    target: Tensor
    source: Tensor
    reference: Tensor
    step: int = 0


class Schedule:
    """Every usable sample once as the truth in an epoch, in an order of its own for each.

    The last batch of an epoch is filled up with samples from the epoch's beginning, so that all
    batches have one size.

    Args:
        index: what the triples are drawn from.
        batch_size: triples a step.
        seed: of the order and the draws.
    """

    def __init__(self, index: TrainingIndex, batch_size: int, seed: int) -> None:
        self._index = index
        self._batch = batch_size
        self._seed = seed
        self.steps_per_epoch = -(-len(index.usable) // batch_size)

    def batch(self, step: int) -> Triples:
        """The triples of step 0, 1, 2, …"""
        epoch, place = divmod(step, self.steps_per_epoch)
        order = np.random.default_rng([self._seed, 0, epoch]).permutation(self._index.usable)
        taken = np.arange(place * self._batch, (place + 1) * self._batch) % len(order)
        truth = order[taken]
        u = np.random.default_rng([self._seed, 1, step]).random((self._batch, 3))
        drawn = self._index.draw(truth, u)
        return Triples(truth, drawn.target, drawn.source, drawn.reference, step)
