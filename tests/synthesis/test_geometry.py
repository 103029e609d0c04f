"""Pose, light and likeness: small pieces with known answers."""

from __future__ import annotations

import numpy as np
import pytest

from fet_core.synthesis.light import studio_light, view_from, visibility
from fet_core.synthesis.likeness import distances
from fet_core.synthesis.pose import HeadFrame, Pose, hold, rotation
from fet_core.synthesis.quality import Seen, summary

FRAME = HeadFrame(np.zeros(3), np.array([0, 1.0, 0.5]), 0.3, 0.0, 1.0)


def test_yaw_turns_the_nose_to_the_models_left() -> None:
    np.testing.assert_allclose(rotation(90, 0, 0) @ [0, 0, 1], [1, 0, 0], atol=1e-12)
    assert (rotation(0, 10, 0) @ [0, 0, 1])[1] < 0  # a nod
    turn = rotation(12, -7, 3)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)


def test_holding_turns_the_head_and_leaves_the_chest() -> None:
    points = np.array([[0.0, 1.0, 1.0], [1.0, -1.0, 0.0]])
    held = hold(points, points, FRAME, Pose(yaw=20.0))
    np.testing.assert_allclose(held[1], points[1])
    np.testing.assert_allclose(held[0], rotation(20, 0, 0) @ points[0])


def test_light_is_the_same_for_the_same_numbers_and_adds_up() -> None:
    a = studio_light(np.random.default_rng(3), 0.5, 40)
    b = studio_light(np.random.default_rng(3), 0.5, 40)
    np.testing.assert_array_equal(a.radiance, b.radiance)
    np.testing.assert_allclose(np.linalg.norm(a.directions, axis=1), 1.0)
    assert a.key_share.sum() == pytest.approx(1.0)
    # A wall that faces the viewer.
    wall = (a.radiance * a.directions[:, 2:].clip(0)).sum(axis=0)
    np.testing.assert_allclose(wall, 1.0, atol=0.15)


def test_a_point_behind_what_hides_it_gets_no_light() -> None:
    depth = np.full((8, 8), 0.5, np.float32)
    clip = np.array([[0.0, 0.0, -0.5], [0.0, 0.0, 0.5]])
    np.testing.assert_allclose(visibility(depth, clip, 0.0), [1.0, 0.0])


def test_view_looks_along_the_light() -> None:
    matrix = view_from(np.array([0.0, 0.0, 1.0]), np.array([1.0, 2.0, 3.0]), 2.0)
    np.testing.assert_allclose((matrix @ [1, 2, 3, 1])[:3], 0.0, atol=1e-12)
    near = matrix @ [1, 2, 4, 1]
    assert near[2] < 0  # nearer to the light is nearer in depth


def test_distances_are_euclidean() -> None:
    a, b = np.array([[0.0, 0.0], [3.0, 4.0]]), np.array([[0.0, 0.0]])
    np.testing.assert_allclose(distances(a, b), [[0.0], [5.0]])


def test_summary_counts_pairs_within_and_between() -> None:
    seen = [
        Seen("a1", "a", 1, np.array([0.0, 0.0])),
        Seen("a2", "a", 1, np.array([0.3, 0.0])),
        Seen("b1", "b", 1, np.array([0.0, 0.8])),
        Seen("b2", "b", 2, None),
    ]
    figures = summary(seen)
    assert figures["exactly_one_face"] == 0.75
    assert figures["not_one_face"] == ["b2"]
    assert figures["within"]["pairs"] == 1
    assert figures["within"]["most"] == pytest.approx(0.3)
    assert figures["between"]["pairs"] == 2
    assert figures["between"]["above_0.5"] == 1.0
    assert figures["passed"] is False
    assert summary(seen[:3])["passed"] is True
