"""One face through all pictures of a film: where it is, and its landmarks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fet_core.errors import UserError
from fet_core.film.reading import Frame, Picture
from fet_core.film.shots import Cuts
from fet_core.geometry.embed import Embedder
from fet_core.geometry.eye import Cut, Eye, Found, cut_out, portrait_eye
from fet_core.geometry.landmarks import EYES, POINTS
from fet_core.parallel import once

Floats = NDArray[np.float64]

Know = Callable[[Picture, Floats], NDArray[np.floating]]
"""What a face [68, 2] in a picture is known by: numbers, which are near of one person's faces."""

_ANOTHER = 0.5
"""Distance of what faces are known by, dlib's embeddings, above which they may be two people's."""

_OUTSIDE = 0.15
"""Of a face's width, which may lie outside of the picture beside it or below: of what is not there
something is read all the same, and a mouth would be torn."""

Choose = Callable[[Picture, Sequence[Found]], Found]
"""Which of the faces in the first picture that shows any."""


@dataclass(frozen=True)
class Track:
    """A face through N pictures.

    Attributes:
        seconds: [N] when each is seen.
        points: [N, 68, 2] its landmarks in each picture's pixels, 0 where it is not seen.
        seen: [N] whether the face is.
        begins: [S] number of each shot's first picture, rising from 0.
        people: [S] who is followed in it, 0 being the first, as far as that can be told.
        eye: who read them, see `fet_core.geometry.eye.Eye`.
    """

    seconds: Floats
    points: Floats
    seen: NDArray[np.bool_]
    begins: NDArray[np.int_] = field(default_factory=lambda: np.zeros(1, np.int_))
    people: NDArray[np.int_] = field(default_factory=lambda: np.zeros(1, np.int_))
    eye: str = EYES[0]


class Tracker:
    """Follows one face from picture to picture; after a cut, the same person's if it is there.

    Args:
        eye: finds and follows faces.
        choose: which face it is.
        know: tells people apart; without it all are taken for one.

    Attributes:
        eye: who reads them.
        shots: number of the first picture of each shot, and who is followed in it.
    """

    def __init__(self, eye: Eye, choose: Choose, know: Know | None = None) -> None:
        self._eye, self._choose, self._know = eye, choose, know
        self.eye = eye.name
        self._cuts, self._number = Cuts(), -1
        self._known: list[NDArray[np.floating]] = []
        self._last: Found | None = None
        self._lost = False
        self._anew = False
        # A film may show no more of a face from its beginning on; that is all there is to read.
        self._tight: bool | None = None
        self.shots = [(0, 0)]

    def __call__(self, picture: Picture | None) -> Cut | None:
        """What is to be read of the next picture; None where the face is not seen."""
        self._number += 1
        if picture is None:
            self._lost = True
            return None
        if self._cuts(picture):
            self.shots.append((self._number, self.shots[-1][1]))
            self._lost = self._anew = True
        found = None
        if self._last is not None and not self._lost:
            found = self._eye.follow(picture, self._last)
        if found is None:
            faces = self._eye.find(picture)
            if faces:
                found = self._same(picture, faces)
        self._lost = found is None
        if found is None:
            return None
        self._last = found
        leaves = _leaves(found, picture)
        if self._tight is None:
            self._tight = leaves
        return None if leaves and not self._tight else cut_out(picture, found)

    def _same(self, picture: Picture, faces: Sequence[Found]) -> Found:
        if self._last is None:
            first = self._choose(picture, faces)
            if self._know is not None:
                self._known.append(self._know(picture, self._eye.read(picture, first)))
            self._anew = False
            return first
        if self._anew and self._know is not None:
            self._anew = False
            return self._recognised(picture, faces, self._know)
        here = _middle(self._last)
        return min(faces, key=lambda face: float(np.linalg.norm(_middle(face) - here)))

    def _recognised(self, picture: Picture, faces: Sequence[Found], know: Know) -> Found:
        """After a cut, the face that is most like somebody's who was followed; else the largest."""
        keys = [know(picture, self._eye.read(picture, face)) for face in faces]
        apart = np.array(
            [[float(np.linalg.norm(key - one)) for one in self._known] for key in keys]
        )
        # Whoever was followed first comes before all others.
        same = [who for who in range(len(self._known)) if apart[:, who].min() < _ANOTHER]
        if same:
            who = same[0] if same[0] == 0 else min(same, key=lambda one: float(apart[:, one].min()))
            found = int(apart[:, who].argmin())
        else:
            who = len(self._known)
            found = int(np.argmax([_size(face) for face in faces]))
            self._known.append(keys[found])
        self.shots[-1] = (self.shots[-1][0], who)
        return faces[found]


def known_by() -> Know | None:
    """dlib's embedding, where that is installed."""
    try:
        return once(Embedder).embed
    except UserError:
        return None


def _leaves(face: Found, picture: Picture) -> bool:
    """Whether a part of a face that acts lies outside of the picture; a forehead does not."""
    height, width = picture.shape[:2]
    left, _, right, bottom = face.box
    most = _OUTSIDE * (right - left)
    return max(-left, right - width, bottom - height) > most


def _size(face: Found) -> float:
    left, top, right, bottom = face.box
    return (right - left) * (bottom - top)


def _middle(face: Found) -> Floats:
    left, top, right, bottom = face.box
    return np.array([left + right, top + bottom]) / 2


def read_cut(eye: str, cut: Cut | None) -> Floats | None:
    """The landmarks [68, 2] of what a tracker has cut out; in a worker process."""
    return None if cut is None else once(portrait_eye, eye).read_cut(cut)


def collected(
    times: Sequence[float],
    read: Sequence[Floats | None],
    shots: Sequence[tuple[int, int]] = ((0, 0),),
    eye: str = EYES[0],
) -> Track:
    """The track of what an eye read at N times, in shots as a tracker has them."""
    seen = np.array([one is not None for one in read], dtype=bool)
    empty = np.zeros((POINTS, 2))
    points = np.stack([empty if one is None else one for one in read]) if read else empty[:0]
    begins, people = np.array(shots, dtype=np.int_).T
    return Track(np.array(times, dtype=np.float64), points, seen, begins, people, eye)


def cuts(frames: Iterator[Frame], tracker: Tracker, times: list[float]) -> Iterator[Cut | None]:
    """What is to be read of each picture; its time is added to `times`."""
    for frame in frames:
        times.append(float(frame.seconds))
        yield tracker(frame.picture)
