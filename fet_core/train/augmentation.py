"""More out of the training pictures: identities, turns and light, and motion learnt by flow."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from fet_core.data.dataset import Dataset
from fet_core.data.training_triples import TrainingIndex
from fet_core.errors import UserError
from fet_core.geometry.raster import sample, spline_field, to_bytes, upload
from fet_core.nets.warping import Motion
from fet_core.ranks import WHOLE, Share
from fet_core.tables import EXPRESSIONS


def deviations(dataset: Dataset, training: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
    """How people's neutral faces deviate from the mean of them all.

    Args:
        dataset: landmarks of all samples.
        training: [R] int64, the samples that count.

    Returns:
        [P] int64, who has a neutral face among them; [P, 68, 2] in pixels, for each of these.
    """
    rows = torch.from_numpy(training).to(dataset.device)
    neutral = rows[dataset.expression[rows] == EXPRESSIONS.index("neutral")]
    people, number = dataset.person[neutral].unique(return_inverse=True)
    points = dataset.points[neutral]
    means = points.new_zeros(len(people), *points.shape[1:]).index_add_(0, number, points)
    means = means / number.bincount(minlength=len(people))[:, None, None]
    return people, means - means.mean(dim=0)


class Identities:
    """Offsets of landmarks that turn one person's face into another's, expression apart.

    With a few dozen people to train on, Φ learns their faces by heart. An offset is a random mix,
    of normal weights, of how the training people's neutral faces deviate from the mean of all;
    so it has the covariance of real identities (of what is symmetric in them, for the mirrored
    rows count too). Added to all pictures of a person it makes another person who moves in the
    same way.

    Args:
        dataset: landmarks of all samples.
        training: [R] int64, the samples of the training side.
        strength: 0 makes no offsets, 1 those of the real people's spread.
        seed: with the step, what the random numbers are a function of.

    Raises:
        UserError: offsets are wanted, but no training picture is neutral.
    """

    def __init__(
        self, dataset: Dataset, training: NDArray[np.int64], strength: float, seed: int
    ) -> None:
        self._strength = strength
        self._seed = seed
        people, self._deviations = deviations(dataset, training)
        if strength and not len(people):
            raise UserError(
                "random identities are made from neutral faces, and no training picture is "
                "neutral; set fusion.identities to 0"
            )

    def offsets(self, faces: int, count: int, step: int, share: Share = WHOLE) -> Tensor:
        """`count` sets of offsets for a batch, [count, faces, 68, 2] in pixels.

        Args:
            faces: of the batch.
            count: how many independent sets.
            step: of the training.
            share: of its batch that the faces are.
        """
        people = len(self._deviations)
        if not self._strength:
            return self._deviations.new_zeros(count, faces, 1, 1)
        rng = np.random.default_rng([self._seed, 4, step])
        weights = rng.standard_normal((count, share.of * faces, people))
        weights = share.own(weights * self._strength / people**0.5, axis=1)
        mixed = upload(weights.astype(np.float32), self._deviations.device)
        return torch.einsum("cbp,pij->cbij", mixed, self._deviations)


TURN = 0.15
ZOOM = 0.1
SHIFT = 0.1
GAIN = 0.3
LIFT = 0.25


class Augmentation:
    """One random similarity and one random light for each triple of a batch, for all that it has.

    The paper mirrors its pictures and does no more; with a few dozen people to train on, Ω learns
    them by heart unless their places and their light vary. At strength 1 a picture is turned by up
    to 0.15 rad, scaled by up to 10%, shifted by up to 5% of its side, its contrast changed by up
    to 30% and its brightness by up to an eighth of the range. Beyond its border it goes on
    mirrored.

    Args:
        batch: triples.
        strength: 0 changes nothing.
        seed: with `step`, what the random numbers are a function of.
        step: number of the training step.
        device: of the batch.
        share: of the step's batch that the triples are.
    """

    def __init__(
        self,
        batch: int,
        strength: float,
        seed: int,
        step: int,
        device: torch.device,
        share: Share = WHOLE,
    ) -> None:
        self._idle = strength == 0
        rng = np.random.default_rng([seed, 2, step])
        u = share.own(rng.uniform(-strength, strength, (6, share.of * batch)), axis=1)
        turn, zoom, x, y, gain, lift = upload(u.astype(np.float32), device)
        turn, zoom = turn * TURN, 1 + zoom * ZOOM
        cos, sin = zoom * turn.cos(), zoom * turn.sin()
        rows = [torch.stack([cos, -sin, x * SHIFT], 1), torch.stack([sin, cos, y * SHIFT], 1)]
        self._matrix = torch.stack(rows, dim=1)
        # Not `inv`, which waits for the GPU to ask whether it went well.
        self._inverse = torch.linalg.inv_ex(self._matrix[:, :, :2]).inverse
        self._contrast = (1 + gain * GAIN)[:, None, None, None]
        self._brightness = (lift * LIFT)[:, None, None, None]

    def picture(self, picture: Tensor) -> Tensor:
        """[B, C, S, S], -1 to 1, moved and relit; beyond its border it goes on mirrored."""
        if self._idle:
            return picture
        return (self._move(picture) * self._contrast + self._brightness).clamp(-1, 1)

    def condition(self, planes: Tensor) -> Tensor:
        """Landmark images [B, K, s, s], about -1 to 1, empty beyond their border; labels stay.

        Labels are planes of one pixel, [B, K, 1, 1], which have no place.
        """
        if self._idle or planes.shape[-1] == 1:
            return planes
        return self._move(planes + 1, "zeros") - 1

    def points(self, points: Tensor, size: int) -> Tensor:
        """[B, 68, 2] pixels of a picture of side `size`."""
        if self._idle:
            return points
        place = (points * 2 + 1) / size - 1 - self._matrix[:, None, :, 2]
        place = torch.einsum("bij,bnj->bni", self._inverse, place)
        return ((place + 1) * size - 1) / 2

    def field(self, field: Tensor) -> Tensor:
        """A field of motion [B, 2, s, s] as `fet_core.nets.warping` has it."""
        if self._idle:
            return field
        return torch.einsum("bij,bjyx->biyx", self._inverse, self._move(field))

    def _move(self, planes: Tensor, border: str = "reflection") -> Tensor:
        grid = F.affine_grid(self._matrix, list(planes.shape), align_corners=False)
        return F.grid_sample(planes, grid, "bilinear", border, align_corners=False)


_BLUR = 2 / 128
_BATCH = 16


def fit_motion(
    motion: Motion, dataset: Dataset, index: TrainingIndex, pairs: int, ridge: float, seed: int
) -> None:
    """Fill in a motion's linear map from pairs of training pictures of one person.

    For each pair the optical flow between the photo that a spline has moved to the true landmarks
    and the truth (dense inverse search, Kroeger 2016) says what the spline left; ridge regression
    without a constant finds it from the motion of the points. The flow is computed on the CPU.

    Args:
        motion: its `weight` is set.
        dataset: pictures and landmarks.
        index: what training triples are drawn from.
        pairs: how many at most; every usable truth counts once or more, with a target drawn for it.
        ridge: added to the diagonal, as a share of the number of pairs; motions are measured in
            fifths of the picture's side.
        seed: of the draws.
    """
    side, size = motion.side, dataset.size
    rows, columns = motion.weight.shape
    gram, cross = torch.zeros(rows, rows).double(), torch.zeros(rows, columns).double()
    count = 0
    for targets, truths in _drawn(index, pairs, seed, dataset.device):
        points, wanted = dataset.points[targets], dataset.points[truths]
        field = spline_field(points, wanted, size, side)
        left = _flow(sample(dataset.pictures(targets), field), dataset.pictures(truths), side)
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
