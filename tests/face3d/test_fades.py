"""Where a face's motion counts: the part of a picture that is looked at misses none of it."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fet_core.face3d import fades

HIGH, WIDE = 230, 310
EVERYWHERE = slice(0, HIGH), slice(0, WIDE)


def shaped(face: np.ndarray, turn: float, lean: float, size: float, x: float, y: float):
    turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    leant = np.array([[1, lean], [0, 1.0]])
    return (face - face.mean(axis=0)) @ (size * turned @ leant).T + [x, y]


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    turn=st.floats(-np.pi, np.pi),
    lean=st.floats(-1, 1),
    size=st.floats(0.02, 3),
    x=st.floats(-100, 400),
    y=st.floats(-100, 300),
)
def test_nothing_moves_beyond_its_reach(
    face: np.ndarray, turn: float, lean: float, size: float, x: float, y: float
) -> None:
    points = shaped(face, turn, lean, size, x, y)
    rows, columns = fades.reach(points, HIGH, WIDE)
    share = fades.face_share(points, *EVERYWHERE)
    share[rows, columns] = 0
    assert not share.any()
    assert columns.start % fades.ALIGNED in (0, WIDE % fades.ALIGNED)


def test_its_reach_is_no_larger_than_it_need_be(face: np.ndarray) -> None:
    points = shaped(face, 0, 0, 0.5, 150, 110)
    rows, columns = fades.reach(points, HIGH, WIDE)
    share = fades.face_share(points, *EVERYWHERE)[..., 0]
    seen = np.flatnonzero(share.any(axis=1))
    assert 0 < seen[0] - rows.start + 1 <= 3
    assert 0 < rows.stop - seen[-1] <= 4
    assert columns.stop - columns.start < WIDE


def test_points_in_a_line_reach_everywhere() -> None:
    line = np.stack([np.linspace(10, 60, 68), np.linspace(20, 70, 68)], axis=1)
    assert fades.reach(line, HIGH, WIDE) == EVERYWHERE


def test_a_part_is_what_the_whole_says_there(face: np.ndarray) -> None:
    points = shaped(face, 0.3, 0.1, 0.5, 140, 100)
    part = slice(31, 190), slice(64, 250)
    for one in (fades.face_share, fades.below_lips):
        assert np.array_equal(one(points, *part), one(points, *EVERYWHERE)[part])
    whole = fades.window(HIGH, WIDE, *EVERYWHERE)
    assert np.array_equal(fades.window(HIGH, WIDE, *part), whole[part])
    assert whole[0].max() < 0.01
    assert whole[HIGH // 2, WIDE // 2] == 1
