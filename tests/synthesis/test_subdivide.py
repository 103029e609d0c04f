"""Catmull-Clark against what is known in closed form."""

from __future__ import annotations

import itertools

import numpy as np

from fet_core.synthesis.subdivide import catmull_clark

CUBE = np.array(list(itertools.product((-1.0, 1.0), repeat=3)))
CUBE_FACES = np.array(
    [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
)


def grid(n: int) -> tuple[np.ndarray, np.ndarray]:
    points = np.array([[x, y, 0.0] for y in range(n) for x in range(n)])
    corner = np.array([[y * n + x for x in range(n - 1)] for y in range(n - 1)]).ravel()
    return points, np.stack([corner, corner + 1, corner + n + 1, corner + n], axis=1)


def test_cube_has_the_published_points() -> None:
    step = catmull_clark(CUBE_FACES, 8)
    new = step.matrix @ CUBE
    assert new.shape == (8 + 12 + 6, 3)
    assert step.faces.shape == (24, 4)
    # Corner: (Q + 2R + (n-3)S)/n with Q = S/3, R = 2S/3, n = 3 gives 5/9 of the corner.
    np.testing.assert_allclose(new[:8], CUBE * 5 / 9)
    # Edge: mean of its two ends and two face centres: 3/4 on the two axes it stands off.
    edges = np.sort(np.abs(new[8:20]), axis=1)
    np.testing.assert_allclose(edges, np.tile([0.0, 0.75, 0.75], (12, 1)), atol=1e-12)
    # Face: its centre.
    np.testing.assert_allclose(np.sort(np.abs(new[20:]), axis=1)[:, 2], 1.0)


def test_closed_mesh_keeps_eulers_number_and_every_edge_twice() -> None:
    step = catmull_clark(CUBE_FACES, 8)
    pairs = np.sort(
        np.stack([step.faces, np.roll(step.faces, -1, axis=1)], -1).reshape(-1, 2), axis=1
    )
    edges, times = np.unique(pairs, axis=0, return_counts=True)
    assert (times == 2).all()
    assert step.matrix.shape[0] - len(edges) + len(step.faces) == 2


def test_weights_add_up_to_one_so_that_moving_a_mesh_moves_its_refinement() -> None:
    for faces, count in ((CUBE_FACES, 8), (grid(5)[1], 25)):
        for smooth in (True, False):
            sums = np.asarray(catmull_clark(faces, count, smooth).matrix.sum(axis=1)).ravel()
            np.testing.assert_allclose(sums, 1.0)


def test_plane_stays_plane_and_its_border_follows_the_spline() -> None:
    points, faces = grid(4)
    new = catmull_clark(faces, 16).matrix @ points
    np.testing.assert_allclose(new[:, 2], 0.0)
    # Inside a regular grid nothing moves; on a straight border neither.
    np.testing.assert_allclose(new[[5, 6, 9, 10, 1, 2, 4]], points[[5, 6, 9, 10, 1, 2, 4]])
    # At a corner of the border: (1, 6, 1)/8 of its neighbours along the border.
    np.testing.assert_allclose(new[0], [0.125, 0.125, 0.0])


def test_without_smoothing_old_points_stay() -> None:
    points, faces = grid(3)
    step = catmull_clark(faces, 9, smooth=False)
    new = step.matrix @ points
    np.testing.assert_array_equal(new[:9], points)
    assert len(step.faces) == 16


def test_new_faces_keep_the_winding() -> None:
    points, faces = grid(3)
    step = catmull_clark(faces, 9)
    a, b, c = ((step.matrix @ points)[step.faces[:, k]] for k in range(3))
    assert (np.cross(b - a, c - b)[:, 2] > 0).all()


def test_vertices_without_faces_are_left_alone() -> None:
    points = np.vstack([CUBE, [[9.0, 9.0, 9.0]]])
    new = catmull_clark(CUBE_FACES, 9).matrix @ points
    np.testing.assert_array_equal(new[8], [9, 9, 9])
