"""Readers of MakeHuman's text formats: Wavefront meshes, morph targets, fitted proxies."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fet_core.errors import UserError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Mesh:
    """A mesh of quads with texture coordinates.

    Attributes:
        vertices: [V, 3] float64, decimetres; x to the model's left, y up, z to the viewer.
        uvs: [T, 2] float64, 0..1, v upwards.
        faces: [F, 4] int64 into `vertices`; a triangle repeats its last corner.
        uv_faces: [F, 4] int64 into `uvs`.
        groups: [F] the name of the group each face stands in.
    """

    vertices: Floats
    uvs: Floats
    faces: Ints
    uv_faces: Ints
    groups: NDArray[np.str_]


@dataclass(frozen=True)
class Target:
    """A morph: what to add, times a weight, to some of a mesh's vertices.

    Attributes:
        index: [N] int64, the vertices that move.
        delta: [N, 3] float64, decimetres at weight 1.
    """

    index: Ints
    delta: Floats


@dataclass(frozen=True)
class Proxy:
    """How each vertex of a fitted mesh (eyes, hair, ...) hangs on the base mesh.

    Attributes:
        index: [V, 3] int64 into the base mesh.
        weights: [V, 3] float64.
        offsets: [V, 3] float64, in units of `scale`.
        scale: for x, y, z: two base vertices and the distance they have on that axis in the mesh
            that the proxy was made on; None where the file leaves an axis out.
    """

    index: Ints
    weights: Floats
    offsets: Floats
    scale: tuple[tuple[int, int, float] | None, ...]

    def fit(self, base: Floats, measure: Floats | None = None) -> Floats:
        """Place the proxy on a base mesh.

        Args:
            base: [B, 3] decimetres.
            measure: [B, 3], the mesh that the offsets' scale is measured on; `base` by default.
                The teeth's scale runs from the upper to the lower jaw: measured on an open mouth
                it would stretch them through the chin.

        Returns:
            [V, 3] decimetres.
        """
        ruler = base if measure is None else measure
        factors = np.ones(3)
        for axis, entry in enumerate(self.scale):
            if entry is not None:
                a, b, distance = entry
                factors[axis] = abs(ruler[a, axis] - ruler[b, axis]) / distance
        placed: Floats = np.einsum("vk,vkc->vc", self.weights, base[self.index])
        return placed + self.offsets * factors


def _text(path: Path) -> str:
    try:
        if path.suffix == ".gz":
            with gzip.open(path, "rt", encoding="utf-8") as file:
                return file.read()
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, EOFError) as error:
        raise UserError(
            f"cannot read the asset {path}: {error}; fetch the folder of assets again"
        ) from error


def read_obj(path: Path) -> Mesh:
    """Read a Wavefront mesh of triangles and quads.

    Raises:
        UserError: the file is missing or holds no faces.
    """
    vertices: list[list[float]] = []
    uvs: list[list[float]] = []
    faces: list[list[int]] = []
    uv_faces: list[list[int]] = []
    groups: list[str] = []
    group = ""
    for line in _text(path).splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "v":
            vertices.append([float(x) for x in rest.split()[:3]])
        elif kind == "vt":
            uvs.append([float(x) for x in rest.split()[:2]])
        elif kind == "g":
            group = rest.strip()
        elif kind == "f":
            corners = [corner.split("/") for corner in rest.split()]
            corners += corners[-1:] * (4 - len(corners))
            faces.append([int(c[0]) - 1 for c in corners])
            uv_faces.append([int(c[1]) - 1 if len(c) > 1 and c[1] else 0 for c in corners])
            groups.append(group)
    if not faces:
        raise UserError(f"the asset {path} holds no faces; fetch the folder of assets again")
    return Mesh(
        np.array(vertices, float),
        np.array(uvs or [[0.0, 0.0]], float),
        np.array(faces, np.int64),
        np.array(uv_faces, np.int64),
        np.array(groups),
    )


def read_target(path: Path) -> Target:
    """Read a morph target: lines `vertex dx dy dz`, plain or gzipped.

    Raises:
        UserError: the file is missing or a line does not hold four numbers.
    """
    rows = [line.split() for line in _text(path).splitlines() if line and line[0] not in '#"']
    rows = [row for row in rows if row]
    try:
        index = np.array([int(row[0]) for row in rows], np.int64)
        delta = np.array([[float(x) for x in row[1:4]] for row in rows], float).reshape(-1, 3)
    except ValueError as error:
        raise UserError(
            f"the morph target {path} has a line that is not `vertex dx dy dz` ({error}); "
            "fetch the folder of assets again"
        ) from error
    return Target(index, delta)


def read_mhclo(path: Path) -> Proxy:
    """Read how a fitted mesh hangs on the base mesh.

    After `verts` each line is one base vertex, or three vertices, three weights and an offset.
    Other keywords may still stand between `verts` and the numbers.

    Raises:
        UserError: the file is missing or holds no vertices.
    """
    index: list[list[int]] = []
    weights: list[list[float]] = []
    offsets: list[list[float]] = []
    scale: list[tuple[int, int, float] | None] = [None, None, None]
    inside = False
    for line in _text(path).splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] in ("x_scale", "y_scale", "z_scale"):
            scale["xyz".index(words[0][0])] = (int(words[1]), int(words[2]), float(words[3]))
        elif words[0] == "verts":
            inside = True
        elif inside and words[0].isdigit():
            if len(words) == 1:
                index.append([int(words[0])] * 3)
                weights.append([1.0, 0.0, 0.0])
                offsets.append([0.0, 0.0, 0.0])
            else:
                index.append([int(x) for x in words[:3]])
                weights.append([float(x) for x in words[3:6]])
                offsets.append([float(x) for x in words[6:9]])
        elif inside and index:
            break
    if not index:
        raise UserError(f"the asset {path} fits no vertices; fetch the folder of assets again")
    return Proxy(np.array(index, np.int64), np.array(weights), np.array(offsets), tuple(scale))
