"""The set wild: who does what, and truths that are what they say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fet_core.synthesis.wild import MOMENTS, Clip, Scene, draw_moments, pairs, perform, read_scene


def test_moments_are_drawn_from_the_seed_and_stay_within_their_bounds() -> None:
    everyone = [draw_moments(7, number) for number in range(40)]
    assert everyone[3] == draw_moments(7, 3)
    assert everyone[3] != draw_moments(8, 3)
    moments = [one for each in everyone for one in each]
    assert max(abs(one.yaw) for one in moments) <= 45
    assert max(abs(one.pitch) for one in moments) <= 20
    assert max(one.yaw for one in moments) > 30
    assert 0.1 < np.mean(["eyeBlinkLeft" in one.units for one in moments]) < 0.35
    assert max(one.units["jawOpen"] for one in moments) > 0.6
    assert sorted(target for _, target in pairs()) == list(range(MOMENTS))
    assert all(source != target for source, target in pairs())


@pytest.mark.slow
def test_a_truth_is_the_target_with_the_sources_units(studio: object, tmp_path: Path) -> None:
    scene = Scene(tmp_path, 7, 1, 2)
    assert list(perform(studio, {}, scene)) == [1]  # type: ignore[arg-type]
    shown = read_scene(scene)
    own, other = draw_moments(7, 1), draw_moments(7, 0)
    clip = Clip(studio, 7, 1)  # type: ignore[arg-type]
    source, target = pairs()[2]
    assert np.array_equal(clip.take(own[target], own[target].units), shown["moments"][target])
    assert np.array_equal(clip.take(own[target], own[source].units), shown["self"][2])
    assert np.array_equal(clip.take(own[target], other[source].units), shown["cross"][2])
    assert not np.array_equal(shown["self"][2], shown["moments"][target])
    before = scene.path.stat().st_mtime_ns
    assert list(perform(studio, {}, scene)) == [1]  # type: ignore[arg-type]
    assert scene.path.stat().st_mtime_ns == before
