"""The rows of the tables: what each model makes of the test triples, in both protocols."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from fet_core.evaluation.metrics import psnr, ssim
from fet_core.evaluation.protocols import Landmarks, Pairs, Protocol
from fet_core.faces.warp import warp
from fet_core.models.transfer import Transfer
from fet_core.store import Store, to_bytes

Row = Callable[[Pairs, Protocol], Tensor]
"""Makes [B, C, S, S] uint8 pictures of a batch of triples."""


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
