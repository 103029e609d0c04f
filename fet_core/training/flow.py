"""Learning a dense motion from optical flow: one ridge regression before Ω+ is trained."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fet_core.datasets.triples import TrainingIndex
from fet_core.models.motion import Motion, sample, spline_field
from fet_core.store import Store, to_bytes

_BLUR = 2 / 128
_BATCH = 16


def fit_motion(
    motion: Motion, store: Store, index: TrainingIndex, pairs: int, ridge: float, seed: int
) -> None:
    """Fill in a motion's linear map from pairs of training pictures of one person.

    For each pair the optical flow between the photo that a spline has moved to the true landmarks
    and the truth (dense inverse search, Kroeger 2016) says what the spline left; ridge regression
    without a constant finds it from the motion of the points. The flow is computed on the CPU.

    Args:
        motion: its `weight` is set.
        store: pictures and landmarks.
        index: what training triples are drawn from.
        pairs: how many at most; every usable truth counts once or more, with a target drawn for it.
        ridge: added to the diagonal, as a share of the number of pairs; motions are measured in
            fifths of the picture's side.
        seed: of the draws.
    """
    side, size = motion.side, store.size
    rows, columns = motion.weight.shape
    gram, cross = torch.zeros(rows, rows).double(), torch.zeros(rows, columns).double()
    count = 0
    for targets, truths in _drawn(index, pairs, seed, store.device):
        points, wanted = store.points[targets], store.points[truths]
        field = spline_field(points, wanted, size, side)
        left = _flow(sample(store.pictures(targets), field), store.pictures(truths), side)
        moved = 5 * ((wanted - points) / size).flatten(1).double().cpu()
        gram += moved.T @ moved
        cross += moved.T @ left
        count += len(moved)
    gram += ridge * count * torch.eye(rows).double()
    motion.weight.copy_(5 * torch.linalg.solve(gram, cross))


def _drawn(
    index: TrainingIndex, pairs: int, seed: int, device: torch.device
) -> Iterator[tuple[Tensor, Tensor]]:
    rng = np.random.default_rng([seed, 6])
    rounds = -(-pairs // len(index.usable))
    truths = np.concatenate([rng.permutation(index.usable) for _ in range(rounds)])[:pairs]
    drawn = index.draw(truths, rng.random((len(truths), 3)))
    for start in range(0, len(truths), _BATCH):
        part = slice(start, start + _BATCH)
        both = (drawn.target[part], truths[part])
        target, truth = (torch.from_numpy(rows.astype(np.int64)).to(device) for rows in both)
        yield target, truth


def _flow(moved: Tensor, truth: Tensor, side: int) -> Tensor:
    """Optical flow from truth to moved photo in halves of the side, [B, 2·side·side] float64."""
    import cv2

    size = moved.shape[-1]
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    # Down to single pixels of a picture of 128; the preset stops one level before, at any size.
    search.setFinestScale(0 if size < 192 else 1)
    flows = []
    for a, b in zip(_grey(moved), _grey(truth), strict=True):
        start = np.zeros((size, size, 2), np.float32)
        flow = cv2.GaussianBlur(search.calc(b, a, start), (0, 0), _BLUR * size)
        small = cv2.resize(flow, (side, side), interpolation=cv2.INTER_AREA)
        flows.append(small.transpose(2, 0, 1).ravel() * (2 / size))
    return torch.from_numpy(np.stack(flows).astype(np.float64))


def _grey(pictures: Tensor) -> Iterator[NDArray[np.uint8]]:
    import cv2

    for one in to_bytes(pictures).permute(0, 2, 3, 1).cpu().numpy():
        yield cv2.cvtColor(one, cv2.COLOR_RGB2GRAY) if one.shape[2] == 3 else one[..., 0].copy()
