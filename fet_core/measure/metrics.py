"""What is measured on pictures: SSIM, PSNR, landmarks and identity; and its 95% intervals.

`metrics/README.md` repeats these definitions. The instruments are what dlib finds, the same on
truths and on results; the intervals are over people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fet_core.geometry.landmarks import LEFT_EYE, RIGHT_EYE, Embedder, FaceFinder, choose
from fet_core.parallel import each, once
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


_SIDE = 256
_SCALES = (1.0, 2.0)


@dataclass(frozen=True)
class Reading:
    """What is found on one picture; both None where there is no face.

    Attributes:
        points: [68, 2] float32 landmarks in pixels of the picture.
        embedding: [128] float32 of the face.
    """

    points: NDArray[np.float32] | None
    embedding: NDArray[np.float32] | None

    @property
    def found(self) -> bool:
        """Whether there is a face."""
        return self.points is not None


def measure(
    pictures: Sequence[NDArray[np.uint8]] | NDArray[np.uint8],
    known: Mapping[bytes, Reading] | None = None,
    processes: int | None = None,
) -> list[Reading]:
    """Read every picture, in processes; equal pictures are read once.

    A picture smaller than 256 pixels is enlarged to that (cubic). Of several faces the largest
    counts.

    Args:
        pictures: [N, S, S, C] uint8, C 1 or 3.
        known: readings that were made before, by `key` of their picture.
        processes: as in `fet_core.parallel.each`.

    Returns:
        one reading a picture, in order.

    Raises:
        UserError: dlib or its weights are not installed, or a process died.
    """
    keys = [key(picture) for picture in pictures]
    readings = dict(known or {})
    new = {k: p for k, p in zip(keys, pictures, strict=True) if k not in readings}
    found = each(_read, list(new.values()), "find faces", processes=processes)
    readings.update(zip(new, found, strict=True))
    return [readings[k] for k in keys]


def key(picture: NDArray[np.uint8]) -> bytes:
    """What stands for a picture [S, S, C] among others of its size."""
    return blake2b(np.ascontiguousarray(picture).tobytes(), digest_size=16).digest()


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


def _read(picture: NDArray[np.uint8]) -> Reading:
    import cv2

    colour = picture if picture.shape[2] == 3 else np.repeat(picture, 3, axis=2)
    factor = max(_SIDE / min(colour.shape[:2]), 1.0)
    if factor > 1:
        height, width = (round(side * factor) for side in colour.shape[:2])
        enlarged = cv2.resize(colour, (width, height), interpolation=cv2.INTER_CUBIC)
        colour = np.asarray(enlarged, dtype=np.uint8)
    finder = once(FaceFinder)
    box = choose(finder.boxes(colour, _SCALES), "largest")
    if isinstance(box, str):
        return Reading(None, None)
    points = finder.points(colour, box.as_list())
    embedding = once(Embedder).embed(colour, points)
    return Reading(((points + 0.5) / factor - 0.5).astype(np.float32), embedding)


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
