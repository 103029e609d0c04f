"""One face through all pictures of a film: where it is, and its landmarks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fet_core.face3d.eye import Cut, Eye, Found, cut_out
from fet_core.face3d.stored import EYES
from fet_core.film.reading import Frame, Picture
from fet_core.geometry.landmarks import POINTS
from fet_core.parallel import once

Floats = NDArray[np.float64]

Choose = Callable[[Picture, Sequence[Found]], Found]
"""Which of the faces in the first picture that shows any."""


@dataclass(frozen=True)
class Track:
    """A face through N pictures.

    Attributes:
        seconds: [N] when each is seen.
        points: [N, 68, 2] its landmarks in each picture's pixels, 0 where it is not seen.
        seen: [N] whether the face is.
        eye: who read them, see `fet_core.face3d.eye.Eye`.
    """

    seconds: Floats
    points: Floats
    seen: NDArray[np.bool_]
    eye: str = EYES[0]


class Tracker:
    """Follows one face from picture to picture.

    Args:
        eye: finds and follows faces.
        choose: which face it is.

    Attributes:
        eye: who reads them.
    """

    def __init__(self, eye: Eye, choose: Choose) -> None:
        self._eye, self._choose = eye, choose
        self.eye = eye.name
        self._last: Found | None = None
        self._lost = False

    def __call__(self, picture: Picture | None) -> Cut | None:
        """What is to be read of the next picture; None where the face is not seen."""
        if picture is None:
            self._lost = True
            return None
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
        return cut_out(picture, found)

    def _same(self, picture: Picture, faces: Sequence[Found]) -> Found:
        if self._last is None:
            return self._choose(picture, faces)
        here = _middle(self._last)
        return min(faces, key=lambda face: float(np.linalg.norm(_middle(face) - here)))


def _middle(face: Found) -> Floats:
    left, top, right, bottom = face.box
    return np.array([left + right, top + bottom]) / 2


def read_cut(eye: str, cut: Cut | None) -> Floats | None:
    """The landmarks [68, 2] of what a tracker has cut out; in a worker process."""
    return None if cut is None else once(Eye, eye).read_cut(cut)


def collected(times: Sequence[float], read: Sequence[Floats | None], eye: str) -> Track:
    """The track of what an eye read at N times."""
    seen = np.array([one is not None for one in read], dtype=bool)
    empty = np.zeros((POINTS, 2))
    points = np.stack([empty if one is None else one for one in read]) if read else empty[:0]
    return Track(np.array(times, dtype=np.float64), points, seen, eye)


def cuts(frames: Iterator[Frame], tracker: Tracker, times: list[float]) -> Iterator[Cut | None]:
    """What is to be read of each picture; its time is added to `times`."""
    for frame in frames:
        times.append(float(frame.seconds))
        yield tracker(frame.picture)
