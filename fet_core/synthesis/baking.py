"""Soft light and soft shadow, worked out at the vertices by looking from where light comes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fet_core.synthesis import light, shaders
from fet_core.synthesis.anatomy import Part, neighbour_average
from fet_core.synthesis.pose import HeadFrame

Floats = NDArray[np.float64]

_DEPTH_SIZE = 320
_CASTERS = ("body", "eyes", "hair")
# How far light creeps round an edge, in red, green and blue: most in the red of skin.
_WRAPS: Mapping[str, tuple[float, float, float]] = {
    "body": (0.30, 0.16, 0.11),
    "hair": (0.45, 0.45, 0.45),
    "teeth": (0.5, 0.5, 0.5),
    "brows": (0.5, 0.5, 0.5),
    "lashes": (0.5, 0.5, 0.5),
}
_FLAT = ("brows", "lashes")


class Baker:
    """Takes a depth picture from each direction of light and asks which vertices it sees.

    Args:
        gl: the context.
        body: the skin, below which light spreads.
    """

    def __init__(self, gl: Any, body: Part) -> None:
        self._gl = gl
        self._solid = gl.program(
            vertex_shader=shaders.DEPTH_VERTEX, fragment_shader=shaders.DEPTH_FRAGMENT
        )
        self._holed = gl.program(
            vertex_shader=shaders.CUT_VERTEX, fragment_shader=shaders.CUT_FRAGMENT
        )
        depth = gl.depth_texture((_DEPTH_SIZE, _DEPTH_SIZE))
        self._frame = gl.framebuffer(depth_attachment=depth)
        self._smooth = neighbour_average(body)

    def bake(
        self,
        parts: Mapping[str, Part],
        places: Mapping[str, Floats],
        normals: Mapping[str, Floats],
        frame: HeadFrame,
        lighting: light.Lighting,
    ) -> tuple[dict[str, Floats], dict[str, Floats]]:
        """Light on a posed head; the hair's texture must be bound to unit 0.

        Args:
            parts: name -> mesh.
            places: name -> vertices [V, 3], dm.
            normals: name -> unit normals [V, 3].
            frame: of the neutral head.
            lighting: what shines.

        Returns:
            name -> light at each vertex, [V, 3] linear RGB, and name -> the share of the main
            light that reaches it, [V] 0..1.
        """
        radius = 1.75 * frame.size + 0.6
        centre = frame.centre + np.array([0.0, 0.1, -0.5])
        casters = [self._caster(name, parts[name], places[name]) for name in _CASTERS]
        baked = {name: np.zeros((len(points), 3)) for name, points in places.items()}
        keyed = {name: np.zeros(len(points)) for name, points in places.items()}
        lifted = {name: points + 0.012 * normals[name] for name, points in places.items()}
        for direction, radiance, share in zip(
            lighting.directions, lighting.radiance, lighting.key_share, strict=True
        ):
            matrix = light.view_from(direction, centre, radius)
            depth = self._depth_picture(matrix, casters)
            for name, points in lifted.items():
                clip = points @ matrix[:3, :3].T + matrix[:3, 3]
                bias = 0.035 if name in ("brows", "lashes", "cornea") else 0.012
                seen = light.visibility(depth, clip, bias / radius)
                facing = normals[name] @ direction
                if name in _FLAT:
                    facing = np.maximum(facing, 0.35)
                wrap = np.array(_WRAPS.get(name, (0.0, 0.0, 0.0)))
                fall = ((facing[:, None] + wrap) / (1 + wrap)).clip(0)
                baked[name] += seen[:, None] * fall * radiance
                keyed[name] += share * seen
        for caster in casters:
            for item in caster:
                item.release()
        baked["body"] = self._scatter(baked["body"])
        # Light that lips and enamel pass on, which straight rays do not bring.
        baked["teeth"] = 0.9 * baked["teeth"] + 0.34
        everywhere = 0.03 * lighting.radiance.mean(axis=0)
        return {name: 0.97 * value + everywhere for name, value in baked.items()}, keyed

    def _scatter(self, light_in: Floats) -> Floats:
        """Let light [V, 3] spread below the skin: far in red, little in blue."""
        near = self._smooth @ light_in
        middle = self._smooth @ near
        far = middle
        for _ in range(4):
            far = self._smooth @ far
        red = 0.6 * far[:, 0] + 0.4 * near[:, 0]
        return np.stack([red, middle[:, 1], near[:, 2]], axis=1)

    def _caster(self, name: str, part: Part, points: Floats) -> tuple[Any, ...]:
        """Vertex array and its buffers of a mesh that casts shadows."""
        columns: tuple[str, ...]
        if name == "hair":
            rows = np.concatenate([points[part.corner].astype(np.float32), part.uv], axis=1)
            program, columns = self._holed, ("3f 2f", "position", "uv")
            triangles = part.triangles
        else:
            rows = points.astype(np.float32)
            program, columns = self._solid, ("3f", "position")
            triangles = part.cage
        buffer = self._gl.buffer(np.ascontiguousarray(rows, np.float32).tobytes())
        index = self._gl.buffer(triangles.tobytes())
        array = self._gl.vertex_array(program, [(buffer, *columns)], index_buffer=index)
        return array, buffer, index

    def _depth_picture(self, matrix: Floats, casters: list[tuple[Any, ...]]) -> NDArray[np.float32]:
        self._frame.use()
        self._frame.clear(depth=1.0)
        self._gl.enable_only(self._gl.DEPTH_TEST)
        for program in (self._solid, self._holed):
            program["view"].write(matrix.T.astype(np.float32).tobytes())
        for array, *_ in casters:
            array.render()
        raw = self._frame.read(attachment=-1, components=1, dtype="f4")
        return np.frombuffer(raw, np.float32).reshape(_DEPTH_SIZE, _DEPTH_SIZE)
