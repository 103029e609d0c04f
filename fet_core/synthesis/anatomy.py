"""The static side of a head: which meshes it has, how they are subdivided and drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from fet_core.synthesis.assets import Assets
from fet_core.synthesis.formats import Mesh, Proxy
from fet_core.synthesis.subdivide import catmull_clark

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Faces of the base mesh that lie wholly above this height (dm) are drawn: head to chest.
_CUT = 3.2
LEFT_EYE = slice(14598, 14670)
RIGHT_EYE = slice(14670, 14742)


@dataclass(frozen=True)
class Part:
    """One drawn mesh.

    Attributes:
        name: `body`, `eyes`, `cornea`, `brows`, `lashes`, `teeth`, `tongue` or `hair`.
        proxy: how it hangs on the base mesh; None for the body itself.
        used: [U] vertices of the unrefined mesh that are kept.
        refine: [V, U] sparse, from those to the drawn mesh's vertices.
        faces: [F, 4] quads of the drawn mesh.
        corner: [G] for each vertex as the graphics card wants it, the mesh vertex.
        uv: [G, 2] float32, v downwards as pictures are stored.
        triangles: [N, 3] uint32 into G.
        cage: [M, 3] uint32 into V: the unrefined mesh, light enough to cast shadows.
    """

    name: str
    proxy: Proxy | None
    used: Ints
    refine: sparse.csr_matrix
    faces: Ints
    corner: Ints
    uv: NDArray[np.float32]
    triangles: NDArray[np.uint32]
    cage: NDArray[np.uint32]

    def vertices(self, base: Floats, neutral: Floats) -> Floats:
        """Vertices [V, 3] of the drawn mesh on a base mesh [B, 3], both in dm.

        `neutral` is the same person's base mesh without expression, the measure of proxies.
        """
        placed = base if self.proxy is None else self.proxy.fit(base, neutral)
        drawn: Floats = self.refine @ placed[self.used]
        return drawn

    def normals(self, vertices: Floats) -> Floats:
        """Unit normals [V, 3], weighted by area, of `vertices` [V, 3]."""
        a, b, c, d = (vertices[self.faces[:, k]] for k in range(4))
        flat = np.cross(c - a, d - b)
        # A triangle repeats its last corner; the cross product of its diagonals still holds.
        total = np.zeros_like(vertices)
        for axis in range(3):
            total[:, axis] = np.bincount(
                self.faces.ravel(), np.repeat(flat[:, axis], 4), minlength=len(vertices)
            )
        length = np.linalg.norm(total, axis=1, keepdims=True)
        unit: Floats = total / np.maximum(length, 1e-12)
        return unit


def make_part(
    name: str, mesh: Mesh, proxy: Proxy | None, keep: NDArray[np.bool_], refine: bool
) -> Part:
    """Cut `mesh` to the faces in `keep` ([F] bool), refine it once if asked, and index it."""
    used, faces = np.unique(mesh.faces[keep], return_inverse=True)
    faces = faces.reshape(-1, 4)
    uv_used, uv_faces = np.unique(mesh.uv_faces[keep], return_inverse=True)
    uv_faces = uv_faces.reshape(-1, 4)
    uvs = mesh.uvs[uv_used]
    cage = _triangles(faces)
    matrix: sparse.csr_matrix = sparse.identity(len(used), format="csr")
    if refine:
        step = catmull_clark(faces, len(used))
        uv_step = catmull_clark(uv_faces, len(uv_used), smooth=False)
        matrix, faces = step.matrix, step.faces
        uvs, uv_faces = uv_step.matrix @ uvs, uv_step.faces
    pairs, corners = np.unique(
        np.stack([faces.ravel(), uv_faces.ravel()], axis=1), axis=0, return_inverse=True
    )
    uv = uvs[pairs[:, 1]].astype(np.float32)
    uv[:, 1] = 1.0 - uv[:, 1]
    return Part(
        name, proxy, used, matrix, faces, pairs[:, 0], uv, _triangles(corners.reshape(-1, 4)), cage
    )


def _triangles(quads: Ints) -> NDArray[np.uint32]:
    """Quads [F, 4] cut in two, [N, 3]; of a quad with a repeated corner one is left."""
    halves = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    proper = (halves[:, 1] != halves[:, 2]) & (halves[:, 0] != halves[:, 2])
    return np.ascontiguousarray(halves[proper].astype(np.uint32))


def body_part(base: Mesh) -> Part:
    """The skin from chest to crown, refined once."""
    high = base.vertices[base.faces][:, :, 1].min(axis=1) > _CUT
    inside = np.abs(base.vertices[base.faces][:, :, 0]).max(axis=1) < 3.2
    return make_part("body", base, None, (base.groups == "body") & high & inside, refine=True)


def eye_parts(assets: Assets) -> tuple[Part, Part]:
    """The eyeballs without their cornea, and the corneas, which only shine."""
    mesh, proxy = assets.proxy("eyes", "high-poly")
    uv = mesh.uvs[mesh.uv_faces].mean(axis=1)
    cornea = (uv[:, 0] > 0.85) & (uv[:, 1] < 0.15)
    every = np.ones(len(mesh.faces), bool)
    eyes = make_part("eyes", mesh, proxy, every & ~cornea, refine=False)
    return eyes, make_part("cornea", mesh, proxy, cornea, refine=False)


def proxy_part(assets: Assets, name: str, kind: str, item: str, refine: bool = False) -> Part:
    """A fitted mesh such as hair or teeth."""
    mesh, proxy = assets.proxy(kind, item)
    quads = (mesh.faces[:, 2] != mesh.faces[:, 3]).all()
    return make_part(name, mesh, proxy, np.ones(len(mesh.faces), bool), refine and bool(quads))


def neighbour_average(part: Part) -> sparse.csr_matrix:
    """[V, V] sparse: the mean of a vertex and its neighbours along edges."""
    a = part.faces.ravel()
    b = np.roll(part.faces, -1, axis=1).ravel()
    count = part.refine.shape[0]
    ones = np.ones(len(a))
    links = sparse.csr_matrix((ones, (a, b)), shape=(count, count))
    links = ((links + links.T) > 0).astype(float) + sparse.identity(count)
    return sparse.diags(1.0 / np.asarray(links.sum(axis=1)).ravel()) @ links.tocsr()
