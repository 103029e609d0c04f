"""What one person's two faces differ in, taken as far as their poses let it be believed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ACTING = (*range(17, 27), *range(36, 68))
"""Brows, eyes and mouth. The nose hardly acts, and how the contour is read depends on the pose."""

_STILL = (27, 28, 29, 30, 31, 33, 35, 36, 39, 42, 45)  # nose and corners of the eyes
_NEAR, _FAR = 5.0, 15.0  # degrees between two heads
_MOST, _LEAST = 0.9, 0.25


def difference(theirs: Floats, own: Floats) -> Floats:
    """From one frontal shape to another, without what moves nose and eyes as a whole.

    Args:
        theirs: [B, 68, 2], see `fet_core.face3d.shape.Shapes`.
        own: the same; so is the result.
    """
    motion = theirs - own
    rest = []
    for moved, shape in zip(motion, own, strict=True):
        # A shift, a turn and growth (small, so linear): a + b z of complex places z.
        z = shape @ [1, 1j]
        plane = np.stack([np.ones(len(z)), z], axis=1)
        still = list(_STILL)
        a, b = np.linalg.lstsq(plane[still], (moved @ [1, 1j])[still], rcond=None)[0]
        whole = a + b * z
        rest.append(moved - np.stack([whole.real, whole.imag], axis=1))
    return np.stack(rest)


def trust(turned: Floats) -> Floats:
    """[B] how literally the difference is to be taken: less, the further one head is turned.

    Args:
        turned: [B, 3] yaw, pitch and roll from one head to the other, in degrees.

    Both readings have errors, and most of them depend on the pose. Measured on rendered faces
    whose truth is known: best is 0.5 to 0.8 below 6 degrees, 0.25 at 6 to 20 and 0 beyond.
    """
    apart = np.abs(turned)[:, :2].max(axis=1)
    return _LEAST + (_MOST - _LEAST) * np.clip((_FAR - apart) / (_FAR - _NEAR), 0, 1)
