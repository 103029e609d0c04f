"""Catmull-Clark subdivision as one sparse matrix, built once for a topology."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse


@dataclass(frozen=True)
class Subdivision:
    """One step of subdivision of a fixed topology.

    Attributes:
        matrix: [V', V] sparse; new vertices = matrix @ old vertices.
        faces: [4F, 4] int64, quads of the finer mesh, corner by corner of the old faces.
    """

    matrix: sparse.csr_matrix
    faces: NDArray[np.int64]


def _edges(faces: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Unique edges [E, 2] and, for each face, its four edges' numbers [F, 4]."""
    pairs = np.stack([faces, np.roll(faces, -1, axis=1)], axis=-1).reshape(-1, 2)
    edges, number = np.unique(np.sort(pairs, axis=1), axis=0, return_inverse=True)
    return edges, number.reshape(-1, 4)


def catmull_clark(faces: NDArray[np.int64], count: int, smooth: bool = True) -> Subdivision:
    """Subdivide a mesh of quads once.

    Args:
        faces: [F, 4] int64.
        count: number of vertices V that `faces` points into.
        smooth: Catmull and Clark's rules (1978), with the cubic B-spline rule on the border;
            otherwise the points are only put in between (for texture coordinates).

    Returns:
        A matrix to [V + E + F] vertices, in the order old vertices, edges, faces.
    """
    edges, face_edges = _edges(faces)
    n_edges, n_faces = len(edges), len(faces)
    corner = np.arange(n_faces).repeat(4)
    to_face = sparse.csr_matrix(
        (np.full(4 * n_faces, 0.25), (corner, faces.ravel())), shape=(n_faces, count)
    )
    number = np.arange(n_edges).repeat(2)
    middle = sparse.csr_matrix(
        (np.full(2 * n_edges, 0.5), (number, edges.ravel())), shape=(n_edges, count)
    )
    to_vertex = sparse.identity(count, format="csr")
    to_edge = middle
    if smooth:
        beside = sparse.csr_matrix(
            (np.ones(4 * n_faces), (face_edges.ravel(), corner)), shape=(n_edges, n_faces)
        )
        inner = np.asarray(beside.sum(axis=1)).ravel() == 2
        half = sparse.diags(np.where(inner, 0.5, 1.0))
        to_edge = half @ middle + sparse.diags(np.where(inner, 0.25, 0.0)) @ beside @ to_face
        to_vertex = _vertex_rule(faces, edges, inner, middle, to_face, count)
    matrix = sparse.vstack([to_vertex, to_edge, to_face], format="csr")
    before = np.roll(face_edges, 1, axis=1)
    centre = np.broadcast_to(np.arange(n_faces)[:, None], faces.shape)
    quads = np.stack([faces, count + face_edges, count + n_edges + centre, count + before], axis=-1)
    return Subdivision(matrix, quads.reshape(-1, 4))


def _vertex_rule(
    faces: NDArray[np.int64],
    edges: NDArray[np.int64],
    inner: NDArray[np.bool_],
    middle: sparse.csr_matrix,
    to_face: sparse.csr_matrix,
    count: int,
) -> sparse.csr_matrix:
    """Where the old vertices go, [V, V]: (Q + 2R + (n - 3)S) / n, on the border (1, 6, 1) / 8."""
    n_edges, n_faces = len(edges), len(faces)
    at_faces = sparse.csr_matrix(
        (np.ones(4 * n_faces), (faces.ravel(), np.arange(n_faces).repeat(4))),
        shape=(count, n_faces),
    )
    at_edges = sparse.csr_matrix(
        (np.ones(2 * n_edges), (edges.ravel(), np.arange(n_edges).repeat(2))),
        shape=(count, n_edges),
    )
    border_edges = at_edges @ sparse.diags((~inner).astype(float))
    border = np.asarray(border_edges.sum(axis=1)).ravel()
    valence = np.maximum(np.asarray(at_faces.sum(axis=1)).ravel(), 1)
    used = np.asarray(at_faces.sum(axis=1)).ravel() > 0
    smooth = used & (border == 0)
    on_border = used & (border == 2)
    n = valence
    average_face = sparse.diags(smooth / n**2) @ at_faces @ to_face
    average_edge = sparse.diags(smooth * 2 / n**2) @ at_edges @ middle
    keep = np.where(smooth, (n - 3) / n, np.where(on_border, 0.5, 1.0))
    along = sparse.diags(on_border * 0.25) @ border_edges @ middle
    return (average_face + average_edge + along + sparse.diags(keep)).tocsr()
