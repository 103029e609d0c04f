"""Where on the skin the points of an eye (dlib, the mesh) lie, learned from known faces.

An anchor is a mean of a few vertices of the drawn skin. It is the one whose place in the pictures
of known faces comes nearest to what the eye reads there; both halves of a face give it together,
so that anchors are symmetric.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import nnls
from scipy.spatial import cKDTree

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_NEAR = 24
_CORNERS = 4
_SHOWN = 0.3  # share of the pictures in which an anchor is seen at least
_FAR = 0.04  # square of the distance beyond which a reading is a blunder, however far
_SUM = 30.0  # weight of the equation that says that the shares add up to 1, in eye distances


def mirror_vertices(rest: Floats) -> Ints:
    """For each vertex [V, 3] of a symmetric mesh the one on the other side."""
    _, other = cKDTree(rest).query(rest * [-1.0, 1.0, 1.0])
    return np.asarray(other, dtype=np.int64)


def learn(
    read: Floats,
    places: Sequence[Floats],
    seen: Sequence[NDArray[np.bool_]],
    rest: Floats,
    mirror: Sequence[int],
) -> tuple[sparse.csr_matrix, Floats]:
    """Anchors of an eye's points.

    Args:
        read: [N, P, 2] what the eye read in N pictures, in units of the eye distance, x about the
            picture's middle.
        places: N arrays [V, 2] of the places of all that may be anchors, in the same unit.
        seen: N arrays [V] of what is turned to the camera.
        rest: [V, 3] those vertices of the resting mesh.
        mirror: for each point of the eye the one on the other side.

    Returns:
        [P, V] shares that add up to 1 in each row, and the mean distance [P] that is left, in eye
        distances.
    """
    other = mirror_vertices(rest)
    around = cKDTree(rest)
    stack, hidden = np.stack(list(places)), ~np.stack(list(seen))
    flip = np.array([-1.0, 1.0])
    both = np.concatenate([stack, stack[:, other] * flip])
    off = np.concatenate([hidden, hidden[:, other]])
    enough = (~off).mean(axis=0) > _SHOWN
    points = read.shape[1]
    matrix = sparse.lil_matrix((points, len(rest)))
    left = np.zeros(points)
    for number in range(points):
        twin = mirror[number]
        if twin < number:
            continue
        rows = np.concatenate([read[:, number], read[:, twin] * flip])
        far = np.minimum(((both - rows[:, None]) ** 2).sum(axis=2), _FAR)
        mean = np.where(off, 0.0, far).sum(axis=0) / np.maximum((~off).sum(axis=0), 1)
        best = int(np.argmin(np.where(enough, mean, np.inf)))
        _, near = around.query(rest[best], _NEAR)
        kept = ~off[:, best]
        shares = _shares(both[kept][:, near], rows[kept])
        chosen = np.argsort(-shares)[:_CORNERS]
        shares = _shares(both[kept][:, near[chosen]], rows[kept])
        vertices = near[chosen]
        matrix[number, vertices] = shares
        matrix[twin, other[vertices]] = shares
        if twin == number:
            row = np.zeros(len(rest))
            np.add.at(row, vertices, shares / 2)
            np.add.at(row, other[vertices], shares / 2)
            matrix[number] = row
        made = (both[kept][:, near[chosen]] * shares[:, None]).sum(axis=1)
        left[[number, twin]] = np.linalg.norm(made - rows[kept], axis=1).mean()
    return matrix.tocsr(), left


def _shares(places: Floats, wanted: Floats) -> Floats:
    """Shares [K], 0 and up, with which places [N, K, 2] come nearest to what is wanted [N, 2]."""
    columns = places.transpose(0, 2, 1).reshape(-1, places.shape[1])
    rows = wanted.reshape(-1)
    # The 28% of the coordinates that lie worst do not count.
    for _ in range(3):
        weight = _SUM * np.sqrt(len(rows))
        found, _ = nnls(
            np.concatenate([columns, np.full((1, columns.shape[1]), weight)]),
            np.concatenate([rows, [weight]]),
        )
        off = np.abs(columns @ found - rows)
        kept = off <= max(float(np.quantile(off, 0.85)), 1e-9)
        columns, rows = columns[kept], rows[kept]
    return np.asarray(found / found.sum(), dtype=np.float64)
