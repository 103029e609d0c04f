"""Where a film is cut: one picture that has little to do with the one before."""

from __future__ import annotations

from collections import deque

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]

_SIDE = 32  # of the pictures that are compared
_DARK = 4.0  # levels of contrast below which a picture shows nothing
_OTHER = 0.25
"""Mean difference, in a picture's own contrasts, from which on it may be another shot. Talking and
laughing faces stay below 0.08 from one picture to the next, a quick pan below 0.27; another face
before another wall is 0.38 and more away, before the same wall 0.29 and more."""

_SUDDEN = 3.0  # times what the last pictures differed by: a camera that moves goes on moving
_LATELY = 5


class Cuts:
    """Looks at a film's pictures one after the other.

    Brightness and contrast do not count, so that a flash is no cut; pictures that show nothing, as
    black ones between two shots, are passed over.
    """

    def __init__(self) -> None:
        self._before: Floats | None = None
        self._lately: deque[float] = deque(maxlen=_LATELY)

    def __call__(self, picture: Picture) -> bool:
        """Whether a shot begins with the next picture [H, W, 3]; with the very first none does."""
        now, before = _small(picture), self._before
        if now is None:
            return False
        self._before = now
        if before is None:
            return False
        apart = float(np.abs(now - before).mean())
        usual = float(np.median(self._lately)) if self._lately else 0.0
        self._lately.append(apart)
        return apart > max(_OTHER, _SUDDEN * usual)


def _small(picture: Picture) -> Floats | None:
    few = cv2.resize(picture, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    grey = few.reshape(_SIDE, _SIDE, -1).mean(axis=2)
    contrast = float(grey.std())
    return None if contrast < _DARK else np.asarray((grey - grey.mean()) / contrast)
