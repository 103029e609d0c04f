"""Brows that go further than Φ dares: by a share, and by what no resting person's are off."""

from __future__ import annotations

import numpy as np
import pytest

from fet_core.face3d.fusion import lively, load_fusion

BROWS = slice(17, 27)


@pytest.fixture
def rest() -> np.ndarray:
    return load_fusion().rest


def raised(rest: np.ndarray, by: float) -> np.ndarray:
    shape = rest.copy()
    shape[BROWS, 1] += by
    return shape[None]


def moved(rest: np.ndarray, source: float, target: float, motion: float) -> float:
    faces = raised(rest, source), raised(rest, target)
    given = raised(rest, motion) - rest
    made = lively(given, *faces, rest)
    others = np.delete(made - given, np.r_[BROWS], axis=1)
    assert not others.any()
    assert not made[:, BROWS, 0].any()
    return float(made[0, BROWS, 1].mean())


def test_brows_move_further_as_they_do(rest: np.ndarray) -> None:
    assert moved(rest, -0.05, 0.0, -0.02) == pytest.approx(-0.026)
    assert moved(rest, 0.05, 0.05, 0.0) == 0


@pytest.mark.parametrize("sign", [1, -1])
def test_what_is_beyond_anybodys_rest_arrives_whole(rest: np.ndarray, sign: float) -> None:
    assert moved(rest, sign * 0.18, 0.0, sign * 0.04) == pytest.approx(sign * 0.08)
    assert moved(rest, sign * 0.18, 0.0, 0.0) == pytest.approx(sign * 0.08)
    # Not where Φ moves them the other way, and no less than Φ does.
    assert moved(rest, sign * 0.18, 0.0, -sign * 0.04) == pytest.approx(-sign * 0.052)
    assert moved(rest, sign * 0.18, 0.0, sign * 0.09) == pytest.approx(sign * 0.117)


def test_a_target_that_frowns_itself_stops_frowning(rest: np.ndarray) -> None:
    assert moved(rest, 0.0, -0.16, 0.01) == pytest.approx(0.06)


def test_each_brow_goes_its_own_way(rest: np.ndarray) -> None:
    source = raised(rest, 0.0)
    source[:, 17:22, 1] += 0.2
    made = lively(np.zeros_like(source), source, rest[None], rest)
    assert made[0, 17:22, 1] == pytest.approx(0.1)
    assert not made[0, 22:27].any()
