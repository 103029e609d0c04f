"""Where to aim a mouth a second time, after it was read where the first aim brought it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fet_core.face3d.fusion import uncrossed
from fet_core.face3d.mouth import INNER
from fet_core.geometry.landmarks import eye_centres, eye_distance

Floats = NDArray[np.float64]

_OUTER = (48, 50, 51, 52, 54, 56, 57, 58)  # the outer lips' points beside the inner ones
_UPPER, _LOWER = (61, 62, 63), (67, 66, 65)
_LIPS = ((range(49, 54), range(61, 64)), (range(55, 60), range(65, 68)))
_SHARE = 0.15
"""Of the wanted opening, by which each lip is aimed further at most: where dlib takes a tongue or
teeth for a lip it reads half of what is open, and to open all of it again would tear the mouth."""

_MOST = 0.12  # eye distances, the same
_CORNER = 0.05  # eye distances by which a corner is aimed further at most


def by_outer_lips(read: Floats, wanted: Floats) -> Floats:
    """What was read [68, 2], its inner lips as far from the wanted ones as its outer lips are.

    Rendered teeth are read as a part of the lips, which a second aim would open further and
    further.
    """
    seen = read.copy()
    seen[INNER] = wanted[INNER] + (read - wanted)[[*_OUTER]]
    return seen


def corrected(wanted: Floats, read: Floats, own: Floats) -> Floats:
    """Where to aim [68, 2] for the mouth to be read where it is wanted.

    Each lip moves as a whole, most in its middle, and each corner along the mouth: to follow each
    point that was read for itself would bend the lips.

    Args:
        wanted: [68, 2] where it should be read.
        read: [68, 2] where it was read after aiming there.
        own: [68, 2] the target's points; its lips are crossed no further than there.
    """
    unit = eye_distance(own)
    off = wanted - read
    across = wanted[54] - wanted[48]
    width = max(float(np.linalg.norm(across)), 1e-9)
    across = across / width
    down = np.array([-across[1], across[0]])
    along = np.clip((wanted - (wanted[48] + wanted[54]) / 2) @ across * 2 / width, -1, 1)
    gap = max(float(((wanted[[*_LOWER]] - wanted[[*_UPPER]]) @ down).mean()), 0.0)
    most = min(_SHARE * gap, _MOST * unit)
    aimed = wanted.copy()
    for inner, lip in zip((_UPPER, _LOWER), _LIPS, strict=True):
        points = [number for part in lip for number in part]
        further = float(np.clip((off[[*inner]] @ down).mean(), -most, most))
        aimed[points] += further * (1 - along[points, None] ** 2) * down
    for corner, side in ((48, -1), (54, 1)):
        further = float(np.clip(off[corner] @ across, -_CORNER * unit, _CORNER * unit))
        aimed[48:] += further * (1 + side * along[48:, None]) / 2 * across
    right, left = eye_centres(own)
    level = (left - right) / max(float(np.linalg.norm(left - right)), 1e-9)
    axes = np.array([level, [level[1], -level[0]]])  # level, y up
    motion = uncrossed(((aimed - own) @ axes.T)[None], (own @ axes.T)[None])[0]
    return np.asarray(own + motion @ axes)
