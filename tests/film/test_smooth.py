"""Smoothing over time: no lag, little noise, and what is quick stays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fet_core.film.smooth import smoothed

SECONDS = np.arange(100) / 25


def test_what_stands_still_stays() -> None:
    values = np.full((100, 3), 0.3)
    assert smoothed(values, SECONDS) == pytest.approx(values, abs=1e-12)


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=30), st.integers(0, 1000))
def test_time_has_no_direction(values: list[float], seed: int) -> None:
    there = np.array(values)[:, None]
    seconds = np.cumsum(np.random.default_rng(seed).uniform(0.01, 0.1, len(values)))
    back = smoothed(there[::-1], seconds[-1] - seconds[::-1])[::-1]
    assert smoothed(there, seconds) == pytest.approx(back, abs=1e-9)


def test_little_noise_is_left() -> None:
    noise = 0.004 * np.random.default_rng(0).normal(size=(100, 50))
    steps = np.abs(np.diff(smoothed(noise, SECONDS), axis=0)).mean()
    assert steps < 0.15 * np.abs(np.diff(noise, axis=0)).mean()


def test_a_blink_arrives_when_it_comes() -> None:
    """A lid that falls by a tenth of the eye distance and rises, in 0.3 s."""
    blink = -0.1 * np.clip(2 - 4 * np.abs(SECONDS - 2) / 0.3, 0, 1)
    made = smoothed(blink[:, None], SECONDS)[:, 0]
    assert made.min() < 0.8 * blink.min()
    assert abs(SECONDS[made.argmin()] - 2) < 0.03


def test_talk_keeps_its_way() -> None:
    """Four times a second, a quarter of the eye distance."""
    jaw = 0.125 * (1 - np.cos(2 * np.pi * 4 * SECONDS))
    made = smoothed(jaw[:, None], SECONDS)[:, 0]
    assert np.ptp(made[20:80]) > 0.85 * np.ptp(jaw)
