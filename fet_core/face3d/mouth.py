"""The inside of a mouth that the target does not show: the source's teeth and tongue."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fet_core.face3d.borrow import Giver, Lit, lay, lights
from fet_core.geometry.landmarks import eye_distance

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]

LIPS = range(48, 68)
INNER = slice(60, 68)

OPEN = 0.006
"""Area between the inner lips, in squares of the eye distance, from which a mouth is open."""

_ENOUGH = 0.7  # share of the wanted opening with which the target's own mouth is kept
_RIM = 0.015  # beyond the lips' inner edges as they are read, where the edges of a photograph lie
_GAIN = (0.5, 1.3)
_TEETH = (
    1.15  # at most so much brighter than the target's brightest skin and the whites of its eyes
)


def opening(points: Floats) -> float:
    """Area between the inner lips of points [68, 2], in squares of the eye distance."""
    x, y = points[INNER].T
    # Lips that dlib reads crossed, as it does pressed ones, enclose less than nothing.
    area = max(float(np.dot(y, np.roll(x, 1)) - np.dot(x, np.roll(y, 1))) / 2, 0.0)
    return area / max(eye_distance(points), 1e-6) ** 2


def lacks_mouth(own: Floats, wanted: Floats) -> bool:
    """Whether a face shows too little of its mouth for what is wanted; both points [68, 2]."""
    gap = opening(wanted)
    return gap > OPEN and opening(own) < _ENOUGH * gap


def fill(made: Picture, wanted: Floats, giver: Giver) -> None:
    """Put another face's mouth between the lips of a moved one.

    Args:
        made: [H, W] or [H, W, 3] uint8, the target's face moved to the wanted points; changed.
        wanted: [68, 2] in pixels of `made`.
        giver: a face whose mouth is open.
    """
    light = _lit(made, wanted, giver)
    lay(made, wanted, giver, LIPS, wanted[INNER], _RIM, light)


def _lit(made: Picture, wanted: Floats, giver: Giver) -> Lit:
    here, there = lights(made, wanted, giver)
    gain = here.skin / there.skin
    # Half of the colour is the other person's skin and not the light, and so is half of how much
    # brighter or darker it is than the whites of the eyes say.
    gain = (gain + gain.mean()) / 2
    if here.white is not None and there.white is not None:
        gain = np.sqrt(gain * here.white / there.white)
    gain = np.clip(gain, *_GAIN)
    return Lit(gain, gain, _TEETH * max(here.bright, here.white or 0.0))
