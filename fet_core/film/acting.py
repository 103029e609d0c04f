"""What a face in a film does, on another face: its shapes over time as motions of the target's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from fet_core.errors import UserError
from fet_core.face3d.edit import at_rest
from fet_core.face3d.fusion import LIPS, SpaceFusion, fusion_of, parted, thinned, uncrossed
from fet_core.face3d.literal import ACTING, difference, trust
from fet_core.face3d.shape import Shapes, move, read_shapes
from fet_core.film.smooth import smoothed
from fet_core.film.tracking import Track

Floats = NDArray[np.float64]

_AT_ONCE = 64  # faces that are fitted together
_CALM = 5  # the calmest pictures, whose mean is the face at rest
_WORST = 0.12  # error of the fit, in eye distances, from which on it is no face
_BESIDES = 0.25
"""Of the lesser of two mouths' openings, which is added to the greater one's where both are open:
who laughs and is to talk does move the lips."""

_MET = 0.03  # eye distances between lips that meet, as dlib reads some

_BACK = 0.25  # seconds in which a face that is seen again becomes what it is
_LIDS = ((37, 41), (38, 40), (43, 47), (44, 46))


@dataclass(frozen=True)
class Acting:
    """A face over N pictures, without its pose and without what jitters.

    Attributes:
        seen: [N] whether it is seen and a face; where not, it is as it was last.
        frontal: [N, 68, 2] see `Shapes.frontal`.
        trust: [N] how literally the difference to the face at rest is to be taken.
        who: [N] whose face it is, of the P that are told apart, 0 being the first.
        rest: the shape at rest of each, P faces.
        calm: numbers of the pictures that show the first at rest.
        rests: [P] number of a picture that shows each at rest.
    """

    seen: NDArray[np.bool_]
    frontal: Floats
    trust: Floats
    who: NDArray[np.int_]
    rest: Shapes
    calm: NDArray[np.int_]
    rests: NDArray[np.int_]


def read_acting(track: Track, first: bool = False) -> Acting:
    """Take the pose out of a track, hold what is not seen, and smooth each shot of it.

    Args:
        track: of at least one picture.
        first: the first picture of a person shows the face at rest, and not the calmest.

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
    count = len(track.seen)
    # Before the first picture that shows the face, it is as there.
    last = np.maximum(np.searchsorted(where, np.arange(count), side="right") - 1, 0)
    shots = [slice(*ends) for ends in pairwise([*track.begins.tolist(), count])]
    for shot in shots:
        begin = int(np.searchsorted(where, shot.start))
        if begin < len(where) and where[begin] < shot.stop:
            last[shot] = np.maximum(last[shot], begin)
    seen = np.zeros(count, dtype=bool)
    seen[where] = True
    steady = _in_shots(frontal[last], track.seconds, shots)
    shown = np.repeat(track.people, [shot.stop - shot.start for shot in shots])[where]
    people, shown = np.unique(shown, return_inverse=True)
    strength = _strength(units, track.eye)
    calm = []
    for number in range(len(people)):
        own = np.flatnonzero(shown == number)
        calm.append(where[own[:1] if first else own[np.argsort(strength[own])[:_CALM]]])
    rests = np.array([one[0] for one in calm])
    rest = read_shapes(track.points[rests], eye=track.eye)
    shapes = np.stack([steady[one].mean(axis=0) for one in calm])
    rest = replace(rest, frontal=shapes if first else _lips_met(shapes))
    who = shown[last]
    believed = trust(angles[last] - rest.fit.angles()[who])
    believed = _in_shots(believed, track.seconds, shots)
    for shot in shots:
        steady[shot] = _coming_back(steady[shot], seen[shot], track.seconds[shot])
    return Acting(seen, steady, believed, who, rest, calm[0], rests)


def _lips_met(rest: Floats) -> Floats:
    """Shapes [P, 68, 2] at rest whose lips meet: nobody's mouth rests open.

    Of one who talks or laughs all the time the calmest picture shows an open one, and what is open
    then would be taken off all that the film does.
    """
    made = rest.copy()
    for *pair, above, below in LIPS:
        over = np.maximum(rest[:, pair[0], 1] - rest[:, pair[1], 1] - _MET, 0) / 2
        made[:, [pair[0], above], 1] -= over[:, None]
        made[:, [pair[1], below], 1] += over[:, None]
    return made


def _coming_back(values: Floats, seen: NDArray[np.bool_], seconds: Floats) -> Floats:
    """Values [N, ...] that stand still while nothing is seen, and do not jump when it is again."""
    made = values.copy()
    for number in np.flatnonzero(seen[1:] & ~seen[:-1]) + 1:
        if not seen[:number].any():
            continue
        share = np.clip((seconds - seconds[number - 1]) / _BACK, 0, 1)
        after = slice(number, int(np.searchsorted(share, 1.0)))
        weight = share[after].reshape(-1, *(1,) * (values.ndim - 1))
        made[after] = made[number - 1] + weight * (made[after] - made[number - 1])
    return made


def _in_shots(values: Floats, seconds: Floats, shots: Sequence[slice]) -> Floats:
    return np.concatenate([smoothed(values[shot], seconds[shot]) for shot in shots])


def _starts(count: int) -> range:
    return range(0, count, _AT_ONCE)


def _strength(units: Floats, eye: str) -> Floats:
    """[N] how far faces are from rest; what somebody's own resting face adds, it adds to all."""
    return np.abs(units - at_rest(eye).fit.units).sum(axis=1)


def wanted(
    acting: Acting, own: Shapes, intensity: float, relative: bool, sameness: float | Floats
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
        sameness: 1 where both are one person, 0 where they are two; or [P] that of each.
    """
    first = np.zeros((len(acting.rests), 1, 1))
    if not relative:
        first = _first(acting.rest, own, sameness)
    for start in _starts(len(acting.frontal)):
        part = slice(start, start + _AT_ONCE)
        frames, believed = acting.frontal[part], acting.trust[part]
        target = np.repeat(own.frontal, len(frames), axis=0)
        who = acting.who[part]
        rest = acting.rest.frontal[who]
        motion = first[who] + _done(fusion_of(own.eye), frames, rest, target, believed)
        source = _no_wider(target + frames - rest, frames, target) if relative else frames
        motion = intensity * parted(motion, source, target)
        motion = _blinking(motion, frames, rest, target, min(intensity, 1.0))
        motion = uncrossed(thinned(motion, target), target)
        yield from move(own, motion)


def _no_wider(source: Floats, frames: Floats, target: Floats) -> Floats:
    """Shapes whose lips part little further than those of both faces do.

    What a face does, added to a mouth that does it already, would open it twice as far.

    Args:
        source: [B, 68, 2] what a face does beyond its rest, added to the target.
        frames: the same, that face.
        target: the same.
    """
    made = source.copy()
    for upper, lower in ((61, 67), (62, 66), (63, 65)):
        gap, *both = (
            np.maximum(one[:, upper, 1] - one[:, lower, 1], 0) for one in (source, frames, target)
        )
        most = np.maximum(*both) + _BESIDES * np.minimum(*both)
        over = np.maximum(gap - most, 0) / 2
        made[:, upper, 1] -= over
        made[:, lower, 1] += over
    return made


def _done(
    fusion: SpaceFusion, frames: Floats, rest: Floats, target: Floats, believed: Floats
) -> Floats:
    """[B, 68, 2] what a face does beyond its rest, on the target's."""
    motion = fusion(frames, target) - fusion(rest, target)
    columns = list(ACTING)
    literal = difference(frames, rest) - motion
    motion[:, columns] += (believed[:, None, None] * literal)[:, columns]
    return motion


def _first(theirs: Shapes, own: Shapes, sameness: float | Floats) -> Floats:
    """[P, 68, 2] from the target's expression to those of other faces at rest."""
    target = np.repeat(own.frontal, len(theirs.frontal), axis=0)
    motion = fusion_of(own.eye)(theirs.frontal, target)
    literal = (sameness * trust(theirs.fit.angles() - own.fit.angles()))[:, None, None]
    columns = list(ACTING)
    motion[:, columns] += (literal * (difference(theirs.frontal, target) - motion))[:, columns]
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
