"""Φ in space: how the points of a face move when it does what another face does, without a pose.

A face's frontal shape is who it is plus what it does; the deviation is the difference of what two
faces do (Eq. 1). Its linear part is the best guess where both are normally distributed (Wiener);
a small network adds what is not: that a wide open mouth is nobody's resting face.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fet_core.face3d.stored import FARTHEST, FOLDER, another_version, read_tensors, shipped
from fet_core.geometry.landmarks import POINTS, mirror_points

Floats = NDArray[np.float64]

SHIPPED = FOLDER / "face-fusion.safetensors"
FORMAT = "face-fusion 1"

_SLOPE = 0.2
_LAYERS = ("source.0", "target.0", "decode.0", "decode.3")


class SpaceFusion:
    """What `fet_core.train.space` has trained, computed without torch.

    Args:
        weights: arrays by their names in `fet_core.train.space.SpaceNet`.
    """

    def __init__(self, weights: dict[str, Floats]) -> None:
        self._w = weights

    @property
    def rest(self) -> Floats:
        """The frontal shape [68, 2] of the mean photographed face at rest."""
        return self._w["mean"].reshape(-1, 2)

    def __call__(self, source: Floats, target: Floats) -> Floats:
        """The deviation [B, 68, 2] in eye distances, the same for mirrored faces.

        Args:
            source: [B, 68, 2] frontal shapes, see `fet_core.face3d.shape.Shapes`.
            target: the same.
        """
        there = self._once(source, target)
        mirrored = self._once(mirror(source), mirror(target))
        return (there + mirror(mirrored)) / 2

    def _once(self, source: Floats, target: Floats) -> Floats:
        w = self._w
        own, other = (shapes.reshape(len(shapes), -1) - w["mean"] for shapes in (target, source))
        code = np.concatenate(
            [
                _bent(self._layer("source.0", other @ w["basis"])),
                _bent(self._layer("target.0", own @ w["basis"])),
            ],
            axis=1,
        )
        rest = self._layer("decode.3", _bent(self._layer("decode.0", code)))
        moved = (other - own) @ w["linear.weight"].T + rest
        return moved.reshape(target.shape)

    def _layer(self, name: str, value: Floats) -> Floats:
        return value @ self._w[f"{name}.weight"].T + self._w[f"{name}.bias"]


def _bent(value: Floats) -> Floats:
    return np.where(value > 0, value, _SLOPE * value)


def mirror(shapes: Floats) -> Floats:
    """Frontal shapes [..., 68, 2] seen in a mirror."""
    return np.asarray(mirror_points(shapes, 1))


LIPS = ((61, 67, 50, 58), (62, 66, 51, 57), (63, 65, 52, 56))
"""Upper and lower inner lip, upper and lower outer lip, from the right to the left."""

LID_PAIRS = ((37, 41), (38, 40)), ((43, 47), (44, 46))
"""Upper and lower lid of the right and of the left eye."""
_SIDES = ((49, 53), (59, 55))  # outer lips between those and the corners, upper and lower
_LITERAL = 0.75


def parted(motion: Floats, source: Floats, target: Floats) -> Floats:
    """A motion whose lips part nearly as far as the source's do.

    How far lips are apart tells what a face does and hardly who it is, while Φ is cautious in
    everything: three quarters of what it leaves out are added, half to either lip.

    Args:
        motion: [B, 68, 2] of the target, frontal.
        source: [B, 68, 2] frontal shapes.
        target: the same.
    """
    upper, lower = ([pair[side] for pair in LIPS] for side in (0, 1))
    made = target + motion
    gap = source[:, upper, 1] - source[:, lower, 1] - made[:, upper, 1] + made[:, lower, 1]
    step = _LITERAL / 2 * gap
    motion = motion.copy()
    for column, pair in enumerate(LIPS):
        for number, sign in zip(pair, (1, -1, 1, -1), strict=True):
            motion[:, number, 1] += sign * step[:, column]
    for numbers, share in zip(_SIDES, (0.5, -0.5), strict=True):
        motion[:, numbers, 1] += share * step.mean(axis=1, keepdims=True)
    return motion


_BROWS = slice(17, 22), slice(22, 27)
_LIVELIER = 1.3
"""Times as far as Φ moves brows. Of 840 pairs of rendered people and 330 of photographed ones they
are off by 0.0216 eye distances with this and what follows, by 0.0227 without; 1.6: 0.0231."""

_AT_REST = 0.1
"""Eye distances by which resting brows may be higher or lower than the mean ones: the standard
deviation of those of 82 people is 0.042."""

_HARDLY = 0.01  # eye distances that are no motion to speak of


def lively(motion: Floats, source: Floats, target: Floats, rest: Floats) -> Floats:
    """A motion whose brows go further than Φ dares.

    Of one photograph low brows may be a frown or somebody's own, and Φ leaves half of a frown out.
    What lies beyond where the brows of resting people are is no one's own, so that the target's
    move by that at least.

    Args:
        motion: [B, 68, 2] of the target, frontal.
        source: [B, 68, 2] frontal shapes.
        target: the same.
        rest: [68, 2] the mean resting face.
    """
    motion = motion.copy()
    for brow in _BROWS:
        motion[:, brow, 1] *= _LIVELIER
        heights = ((shape[:, brow, 1] - rest[brow, 1]).mean(axis=1) for shape in (source, target))
        theirs, own = (np.sign(one) * np.maximum(np.abs(one) - _AT_REST, 0) for one in heights)
        least, moved = theirs - own, motion[:, brow, 1].mean(axis=1)
        same = (least * moved > 0) | (np.abs(moved) < _HARDLY)
        further = same & (np.abs(least) > np.abs(moved))
        motion[:, brow, 1] += np.where(further, least - moved, 0.0)[:, None]
    return motion


_PARTED = 0.06  # eye distances between lips, from which on they are no thicker than closed ones


def thinned(motion: Floats, target: Floats) -> Floats:
    """A motion [B, 68, 2] of frontal shapes in which lips that part do not grow thicker.

    Stretched lips are thinner. Where teeth show, dlib may see their edge as the lip's.
    """
    motion = motion.copy()
    made = target + motion
    for columns, sign in ((0, 2), 1.0), ((1, 3), -1.0):
        inner, outer = ([pair[column] for pair in LIPS] for column in columns)
        own = sign * (target[:, outer, 1] - target[:, inner, 1]).mean(axis=1)
        new = sign * (made[:, outer, 1] - made[:, inner, 1]).mean(axis=1)
        motion[:, inner, 1] += (sign * np.maximum(new - np.maximum(own, 0), 0) * _apart(made))[
            :, None
        ]
    return motion


def _apart(shapes: Floats) -> Floats:
    """[B] 0 where lips are closed, 1 where they part."""
    upper, lower = ([pair[side] for pair in LIPS] for side in (0, 1))
    gap = (shapes[:, upper, 1] - shapes[:, lower, 1]).mean(axis=1)
    return np.clip(gap / _PARTED - 1, 0, 1)


SHUT = 0.045
"""Eye distances between the lids of a closed eye, as dlib reads it."""


def uncrossed(motion: Floats, target: Floats) -> Floats:
    """A motion [B, 68, 2] of frontal shapes that moves no lip and no lid through the other one.

    Lips come no nearer than the target's own are crossed, as dlib reads pressed ones so; lids no
    nearer than those of closed eyes, as between two points that meet an eye cannot be squeezed.
    """
    motion = motion.copy()
    for pairs, least in (tuple(pair[:2] for pair in LIPS), 0.0), (sum(LID_PAIRS, ()), SHUT):
        for upper, lower in pairs:
            own = target[:, upper, 1] - target[:, lower, 1]
            gap = own + motion[:, upper, 1] - motion[:, lower, 1]
            step = np.maximum(np.minimum(own, least) - gap, 0) / 2
            motion[:, upper, 1] += step
            motion[:, lower, 1] -= step
    return motion


@cache
def load_fusion(path: Path = SHIPPED) -> SpaceFusion:
    """Read trained weights; `UserError` where the file is none of this version."""
    wanted = {"mean", "basis", "linear.weight"}
    wanted |= {f"{name}.{kind}" for name in _LAYERS for kind in ("weight", "bias")}
    found, _ = read_tensors(path, FORMAT)
    if not wanted <= set(found):
        raise another_version(path)
    fusion = SpaceFusion({name: found[name].astype(np.float64) for name in wanted})
    if found["mean"].shape != (2 * POINTS,) or not _is_fusion(fusion):
        raise another_version(path)
    return fusion


def fusion_of(eye: str) -> SpaceFusion:
    """The weights that are shipped for an eye of `fet_core.geometry.landmarks.EYES`."""
    return load_fusion(shipped(SHIPPED, eye))


def _is_fusion(fusion: SpaceFusion) -> bool:
    """Whether the weights fit together, and move a slightly larger face within reason."""
    rest = fusion.rest[None]
    try:
        motion = fusion(1.1 * rest, rest)
    except ValueError:
        return False
    return all(np.abs(value).max() < FARTHEST for value in (rest, motion))
