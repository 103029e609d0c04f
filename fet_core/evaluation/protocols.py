"""The test triples and the two protocols: landmarks predicted from the source, or the true ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa
import torch
from torch import Tensor

from fet_core.models.fusion import Fusion
from fet_core.store import Store

Protocol = Literal["transfer", "oracle"]
PROTOCOLS: tuple[Protocol, ...] = ("transfer", "oracle")
"""*transfer*: landmarks predicted from the source. *oracle*: the true landmarks."""


@dataclass(frozen=True)
class Pairs:
    """Row numbers in samples.parquet, each [P] int64 on the device."""

    source: Tensor
    reference: Tensor
    target: Tensor
    truth: Tensor

    @classmethod
    def of(cls, table: pa.Table, device: torch.device) -> Pairs:
        """From a table with the schema `fet_core.tables.PAIRS`."""
        names = ("source", "reference", "target", "truth")
        columns = {name: table[name].to_numpy().astype("int64") for name in names}
        return cls(**{name: torch.from_numpy(c).to(device) for name, c in columns.items()})

    def __len__(self) -> int:
        return len(self.truth)

    def batches(self, size: int) -> Iterator[Pairs]:
        """In order, `size` at a time."""
        for start in range(0, len(self), size):
            yield self.at(range(start, min(start + size, len(self))))

    def at(self, positions: Sequence[int]) -> Pairs:
        """The triples at these positions."""
        index = torch.tensor(list(positions), dtype=torch.int64, device=self.truth.device)
        return Pairs(
            self.source[index], self.reference[index], self.target[index], self.truth[index]
        )


class Landmarks:
    """The landmark images that Ω is given, in both protocols.

    Args:
        store: landmarks of all samples.
        fusion: Φ in eval mode on the store's device.
        sigma: of a spot as a share of the landmark image's side, as in training.
    """

    def __init__(self, store: Store, fusion: Fusion, sigma: float) -> None:
        self._store = store
        self._fusion = fusion
        self._sigma = sigma

    def of(self, samples: Tensor) -> Tensor:
        """Those found in the samples' pictures, [B, 1, s, s]."""
        return self._store.landmark_images(samples, self._fusion.size, self._sigma)

    def generated(self, pairs: Pairs) -> Tensor:
        """J_gen of Eq. 1, [B, 1, s, s]."""
        return self._fusion.fuse(self.of(pairs.source), self.of(pairs.target))

    def wanted(self, pairs: Pairs, protocol: Protocol) -> Tensor:
        """J_gen (transfer) or the landmark image of the truth (oracle)."""
        return self.generated(pairs) if protocol == "transfer" else self.of(pairs.truth)
