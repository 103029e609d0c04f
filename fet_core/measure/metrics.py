"""What is measured on pictures: SSIM, PSNR, landmarks and identity; and its 95% intervals.

`metrics/README.md` repeats these definitions. The intervals are over people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fet_core.geometry.landmarks import LEFT_EYE, RIGHT_EYE
from fet_core.ssim import ssim as similarity


def ssim(a: Tensor, b: Tensor) -> Tensor:
    """`fet_core.ssim.ssim` of bytes.

    Args:
        a: [B, C, H, W] uint8, H and W at least 11.
        b: the same.

    Returns:
        [B] float64, 1 for equal pictures.
    """
    return similarity(a, b, 255.0)


def psnr(a: Tensor, b: Tensor) -> Tensor:
    """Peak signal-to-noise ratio in dB against a peak of 255, over all pixels and channels.

    Args:
        a: [B, C, H, W] uint8.
        b: the same.

    Returns:
        [B] float64; equal pictures count as 100 dB, so that a mean stays finite.
    """
    # Of whole numbers the sum is exact in whatever order; one picture stays in cache.
    pairs = zip(a.cpu().numpy(), b.cpu().numpy(), strict=True)
    squares = [np.square(one.astype(np.int16) - two, dtype=np.int32).sum() for one, two in pairs]
    error = torch.tensor(squares, dtype=torch.float64) / a[0].numel()
    return (10 * torch.log10(255**2 / error.clamp(min=1e-12))).clamp(max=100.0)


def distance(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.float64]:
    """Euclidean distances [...] of embeddings [..., 128]."""
    difference = np.asarray(a, np.float64) - np.asarray(b, np.float64)
    return np.asarray(np.linalg.norm(difference, axis=-1))


def nme(points: NDArray[np.floating], truth: NDArray[np.floating]) -> NDArray[np.float64]:
    """Normalised mean error of landmarks: their mean distance by the eye distance of the truth.

    An eye's centre is the mean of its six points ("inter-pupil" of the iBUG 300-W challenge).

    Args:
        points: [..., 68, 2].
        truth: [..., 68, 2], in the same pixels.

    Returns:
        [...], 0 for equal points; 0.1 is a tenth of the distance between the eyes.
    """
    wanted = np.asarray(truth, np.float64)
    error = np.linalg.norm(np.asarray(points, np.float64) - wanted, axis=-1).mean(axis=-1)
    right, left = (wanted[..., list(eye), :].mean(axis=-2) for eye in (RIGHT_EYE, LEFT_EYE))
    return np.asarray(error / np.linalg.norm(left - right, axis=-1))


_LEVEL = 0.95


class Interval(NamedTuple):
    """Both ends of a 95% interval."""

    low: float
    high: float


class Difference(NamedTuple):
    """A mean difference and both ends of its 95% interval."""

    difference: float
    low: float
    high: float


def mean(values: NDArray[np.float64]) -> float | None:
    """The mean of [N] values, NaN left out; None where nothing is left."""
    there = values[~np.isnan(values)]
    return float(there.mean()) if len(there) else None


def mean_interval(
    values: NDArray[np.float64],
    people: Sequence[str],
    resamples: int = 2000,
    seed: int = 0,
) -> Interval | None:
    """Percentile bootstrap of a mean over pictures, with whole people drawn (Efron 1979).

    Pictures of one person are alike, so that drawing pictures would give too narrow an interval.

    Args:
        values: [N]; NaN does not count.
        people: [N], who each value belongs to.
        resamples: how many times as many people as there are are drawn with replacement.
        seed: of the draws; the same people are drawn for all metrics of the same triples.

    Returns:
        the interval, or None where fewer than two people have values.
    """
    names, person = np.unique(np.asarray(people), return_inverse=True)
    there = ~np.isnan(values)
    if len(np.unique(person[there])) < 2:
        return None
    sums = np.bincount(person[there], weights=values[there], minlength=len(names))
    counts = np.bincount(person[there], minlength=len(names))
    drawn = np.random.default_rng(seed).multinomial(
        len(names), np.full(len(names), 1 / len(names)), size=resamples
    )
    total = drawn @ counts
    means = (drawn @ sums)[total > 0] / total[total > 0]
    low, high = np.percentile(means, [50 * (1 - _LEVEL), 50 * (1 + _LEVEL)])
    return Interval(float(low), float(high))


def paired_difference(
    ours: NDArray[np.float64],
    theirs: NDArray[np.float64],
    people: Sequence[str],
    resamples: int = 2000,
    seed: int = 0,
) -> Difference | None:
    """The mean of `ours - theirs` over the places where both are there, with its bootstrap.

    Args:
        ours: [N]; NaN does not count.
        theirs: [N], of the same triples.
        people: [N], who each place belongs to.
        resamples: as in `mean_interval`.
        seed: as in `mean_interval`.

    Returns:
        None where fewer than two people have both values.
    """
    difference = ours - theirs
    interval = mean_interval(difference, people, resamples, seed)
    if interval is None:
        return None
    return Difference(float(np.nanmean(difference)), *interval)
