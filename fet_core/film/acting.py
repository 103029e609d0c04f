"""What a face in a film does, on another face: its shapes over time as motions of the target's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fet_core.errors import UserError
from fet_core.face3d.edit import at_rest
from fet_core.face3d.fusion import SpaceFusion, fusion_of, parted, thinned, uncrossed
from fet_core.face3d.literal import ACTING, difference, trust
from fet_core.face3d.shape import Shapes, move, read_shapes
from fet_core.film.smooth import smoothed
from fet_core.film.tracking import Track

Floats = NDArray[np.float64]

_AT_ONCE = 64  # faces that are fitted together
_CALM = 5  # the calmest pictures, whose mean is the face at rest
_WORST = 0.12  # error of the fit, in eye distances, from which on it is no face
_LIDS = ((37, 41), (38, 40), (43, 47), (44, 46))


@dataclass(frozen=True)
class Acting:
    """A face over N pictures, without its pose and without what jitters.

    Attributes:
        seen: [N] whether it is seen and a face; where not, it is as it was last.
        frontal: [N, 68, 2] see `Shapes.frontal`.
        trust: [N] how literally the difference to the face at rest is to be taken.
        rest: the shape at rest, of one face.
        calm: numbers of the pictures that show it.
    """

    seen: NDArray[np.bool_]
    frontal: Floats
    trust: Floats
    rest: Shapes
    calm: NDArray[np.int_]


def read_acting(track: Track, first: bool = False) -> Acting:
    """Take the pose out of a track, hold what is not seen, and smooth it.

    Args:
        track: of at least one picture.
        first: the first picture shows the face at rest, and not the calmest.

    Raises:
        UserError: no picture shows a face.
    """
    where = np.flatnonzero(track.seen)
    parts = [
        read_shapes(track.points[where[i : i + _AT_ONCE]], eye=track.eye)
        for i in _starts(len(where))
    ]
    good = [part.fit.error < _WORST for part in parts]
    where = where[np.concatenate(good)] if parts else where
    if not len(where):
        raise UserError("no picture of the film shows a face that can be read; name another one")
    frontal = np.concatenate([part.frontal[kept] for part, kept in zip(parts, good, strict=True)])
    units = np.concatenate([part.fit.units[kept] for part, kept in zip(parts, good, strict=True)])
    angles = np.concatenate(
        [part.fit.angles()[kept] for part, kept in zip(parts, good, strict=True)]
    )
    calm = where[:1] if first else where[np.argsort(_strength(units, track.eye))[:_CALM]]
    # Before the first picture that shows the face, it is as there.
    last = np.maximum(np.searchsorted(where, np.arange(len(track.seen)), side="right") - 1, 0)
    seen = np.zeros(len(track.seen), dtype=bool)
    seen[where] = True
    steady = smoothed(frontal[last], track.seconds)
    nearest = calm[0]
    rest = read_shapes(track.points[[nearest]], eye=track.eye)
    rest = replace(rest, frontal=steady[calm].mean(axis=0, keepdims=True))
    believed = trust(angles[last] - rest.fit.angles())
    return Acting(seen, steady, smoothed(believed, track.seconds), rest, calm)


def _starts(count: int) -> range:
    return range(0, count, _AT_ONCE)


def _strength(units: Floats, eye: str) -> Floats:
    """[N] how far faces are from rest; what somebody's own resting face adds, it adds to all."""
    return np.abs(units - at_rest(eye).fit.units).sum(axis=1)


def wanted(
    acting: Acting, own: Shapes, intensity: float, relative: bool, sameness: float
) -> Iterator[Floats]:
    """Where the target's points [68, 2] are to be in each picture, in its pixels.

    What one face does is the difference to what it does at rest, of one person, so that little has
    to be guessed. Relative to the target's own expression it is only that; else the target first
    takes the expression that the other face has at rest, by Φ as of two photographs.

    Args:
        acting: the other face.
        own: the target, one face.
        intensity: 0 to 2.
        relative: the target keeps its own expression where the other face is at rest.
        sameness: 1 where both are one person, 0 where they are two.
    """
    first = 0.0 if relative else _first(acting.rest, own, sameness)
    for start in _starts(len(acting.frontal)):
        part = slice(start, start + _AT_ONCE)
        frames, believed = acting.frontal[part], acting.trust[part]
        target = np.repeat(own.frontal, len(frames), axis=0)
        rest = np.repeat(acting.rest.frontal, len(frames), axis=0)
        motion = first + _done(fusion_of(own.eye), frames, rest, target, believed)
        source = target + frames - rest if relative else frames
        motion = intensity * parted(motion, source, target)
        motion = _blinking(motion, frames, rest, target, min(intensity, 1.0))
        motion = uncrossed(thinned(motion, target), target)
        yield from move(own, motion)


def _done(
    fusion: SpaceFusion, frames: Floats, rest: Floats, target: Floats, believed: Floats
) -> Floats:
    """[B, 68, 2] what a face does beyond its rest, on the target's."""
    motion = fusion(frames, target) - fusion(rest, target)
    columns = list(ACTING)
    literal = difference(frames, rest) - motion
    motion[:, columns] += (believed[:, None, None] * literal)[:, columns]
    return motion


def _first(theirs: Shapes, own: Shapes, sameness: float) -> Floats:
    """[1, 68, 2] from the target's expression to that of the other face at rest."""
    motion = fusion_of(own.eye)(theirs.frontal, own.frontal)
    literal = sameness * trust(theirs.fit.angles() - own.fit.angles())[:, None, None]
    columns = list(ACTING)
    motion[:, columns] += (literal * (difference(theirs.frontal, own.frontal) - motion))[:, columns]
    return motion


def _blinking(
    motion: Floats, frames: Floats, rest: Floats, target: Floats, intensity: float
) -> Floats:
    """A motion in which an eye closes by at least the share by which the other one does."""
    motion = motion.copy()
    for upper, lower in _LIDS:
        gaps = [shape[:, upper, 1] - shape[:, lower, 1] for shape in (frames, rest, target)]
        share = 1 + intensity * (np.clip(gaps[0] / np.maximum(gaps[1], 1e-3), 0, 1) - 1)
        made = gaps[2] + motion[:, upper, 1] - motion[:, lower, 1]
        motion[:, upper, 1] -= np.maximum(made - share * np.maximum(gaps[2], 0), 0)
    return motion
