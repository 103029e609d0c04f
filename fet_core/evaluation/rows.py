"""The rows of the tables: what each model makes of the test triples, in both protocols."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa
import torch
from torch import Tensor

from fet_core.evaluation.metrics import psnr, ssim
from fet_core.faces.warp import warp
from fet_core.models.fusion import Fusion
from fet_core.models.transfer import Transfer
from fet_core.store import Store, to_bytes

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


Row = Callable[[Pairs, Protocol], Tensor]
"""Makes [B, C, S, S] uint8 pictures of a batch of triples."""


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


def copy_row(store: Store) -> Row:
    """The target photo as it is; the same in both protocols."""

    def make(pairs: Pairs, protocol: Protocol) -> Tensor:
        return store.bytes(pairs.target)

    return make


def warp_row(store: Store) -> Row:
    """A thin-plate-spline warp of the target photo, with nothing learned.

    transfer: the target's points move as the source's do from its reference, L_t + L_s - J_s
    (aligned faces have one eye distance, so the displacement needs no scaling); oracle: to those
    of the truth.
    """

    def make(pairs: Pairs, protocol: Protocol) -> Tensor:
        points = store.points[pairs.target]
        if protocol == "oracle":
            wanted = store.points[pairs.truth]
        else:
            wanted = points + store.points[pairs.source] - store.points[pairs.reference]
        return to_bytes(warp(store.pictures(pairs.target), points, wanted))

    return make


def fet_row(store: Store, landmarks: Landmarks, transfer: Transfer) -> Row:
    """The paper's model; BatchNorm in eval mode."""

    def make(pairs: Pairs, protocol: Protocol) -> Tensor:
        photo = store.pictures(pairs.target)
        return to_bytes(transfer(landmarks.wanted(pairs, protocol), photo))

    return make


@torch.no_grad()
def score(row: Row, store: Store, pairs: Pairs, protocol: Protocol, batch: int) -> dict[str, float]:
    """Mean SSIM and PSNR over the triples and their number.

    Returns:
        {"ssim": …, "psnr": … in dB, "n": …}.
    """
    similarities, ratios = [], []
    for part in pairs.batches(batch):
        made, truth = row(part, protocol), store.bytes(part.truth)
        similarities.append(ssim(made, truth))
        ratios.append(psnr(made, truth))
    return {
        "ssim": round(float(torch.cat(similarities).mean()), 6),
        "psnr": round(float(torch.cat(ratios).mean()), 6),
        "n": len(pairs),
    }
