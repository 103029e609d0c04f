"""Smoothing over time without lag: a one-euro filter (Casiez 2012) that knows what comes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

Floats = NDArray[np.float64]

_SLOW = 0.8
"""Hz: what changes faster is smoothed away where a value hardly moves."""

_QUICK = 14.0
"""Hz by which that rises for each unit a second at which the value moves."""

_NOISE = 0.05
"""Units a second that are no motion."""

_SPEED, _WHILE = 0.03, 0.1
"""Seconds over which a speed is taken, and for which it counts: what turns around does not stop."""


def smoothed(values: Floats, seconds: Floats) -> Floats:
    """Values over time, still where they hardly move and as they are where they move fast.

    A low pass lags behind what it follows; the mean of it and of the one that runs from the end to
    the beginning does not.

    Args:
        values: [N, ...] of each moment, in eye distances or whatever else is about 0.1.
        seconds: [N] of the moments, rising.
    """
    if len(values) < 2:
        return values.astype(np.float64)
    steps = np.diff(seconds)
    cutoff = _SLOW + _QUICK * np.maximum(_speed(values, seconds) - _NOISE, 0)
    ahead = _low_pass(values, cutoff, steps)
    back = _low_pass(values[::-1], cutoff[::-1], steps[::-1])[::-1]
    return (ahead + back) / 2


def _speed(values: Floats, seconds: Floats) -> Floats:
    """Units a second [N, ...] at which values move about then."""
    a_second = (len(seconds) - 1) / (seconds[-1] - seconds[0])
    near = gaussian_filter1d(values, _SPEED * a_second, axis=0, mode="nearest")
    square = np.gradient(near, seconds, axis=0) ** 2
    return np.sqrt(gaussian_filter1d(square, _WHILE * a_second, axis=0, mode="nearest"))


def _low_pass(values: Floats, cutoff: Floats, steps: Floats) -> Floats:
    """A low pass of first order whose cutoff [N, ...] in Hz changes."""
    made = values.astype(np.float64)
    for number, step in enumerate(steps, 1):
        turn = 2 * np.pi * cutoff[number] * step
        made[number] = made[number - 1] + turn / (turn + 1) * (values[number] - made[number - 1])
    return made
