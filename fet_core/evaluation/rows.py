"""The rows of the tables: what each model makes of the test triples, in both protocols."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
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
    """A thin-plate-spline warp of the target photo to `wanted_points`, with nothing learned."""

    def make(pairs: Pairs, protocol: Protocol) -> Tensor:
        points = store.points[pairs.target]
        wanted = wanted_points(store, pairs, protocol)
        return to_bytes(warp(store.pictures(pairs.target), points, wanted))

    return make


def fet_row(store: Store, landmarks: Landmarks, transfer: Transfer) -> Row:
    """The paper's model; BatchNorm in eval mode."""

    def make(pairs: Pairs, protocol: Protocol) -> Tensor:
        photo = store.pictures(pairs.target)
        return to_bytes(transfer(landmarks.wanted(pairs, protocol), photo))

    return make


def truth_row(store: Store) -> Row:
    """The truth itself: a ceiling, and what the instruments read on real pictures."""

    def make(pairs: Pairs, protocol: Protocol) -> Tensor:
        return store.bytes(pairs.truth)

    return make


def wanted_points(store: Store, pairs: Pairs, protocol: Protocol) -> Tensor:
    """Where the target's points go, [B, 68, 2] in pixels, with nothing learned.

    transfer: they move as the source's do from its reference, L_t + L_s - J_s (aligned faces have
    one eye distance, so the displacement needs no scaling); oracle: to those of the truth.
    """
    if protocol == "oracle":
        return store.points[pairs.truth]
    points = store.points
    return points[pairs.target] + points[pairs.source] - points[pairs.reference]


@torch.no_grad()
def pictures(row: Row, pairs: Pairs) -> NDArray[np.uint8]:
    """What a row makes of a few triples in the transfer protocol, [P, S, S, C] uint8."""
    made = row(pairs, "transfer")
    return np.ascontiguousarray(made.permute(0, 2, 3, 1).cpu().numpy())


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
