"""The photographer: a GL context, a person in front of it, pictures out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fet_core.synthesis import anatomy, light, shaders
from fet_core.synthesis.assets import Assets
from fet_core.synthesis.baking import Baker
from fet_core.synthesis.camera import Backdrop, Camera, develop, view_of
from fet_core.synthesis.context import Textures, open_context
from fet_core.synthesis.expressions import Performance
from fet_core.synthesis.identity import Identity
from fet_core.synthesis.pose import HeadFrame, Pose, add_morphs, express, head_frame, hold

Floats = NDArray[np.float64]

_KINDS = {"body": 0, "eyes": 1, "cornea": 2, "hair": 3, "brows": 4, "lashes": 4, "teeth": 5,
          "tongue": 6}  # fmt: skip
# What stands in a vertex: see `shaders.VERTEX`.
_ROW = "3f 3f 3f 1f 3f 2f"
_COLUMNS = ("position", "normal", "light", "key_seen", "rest", "uv")


@dataclass(frozen=True)
class Wares:
    """A person's meshes and textures, ready to be posed."""

    identity: Identity
    base: Floats
    frame: HeadFrame
    parts: Mapping[str, anatomy.Part]
    rest: Mapping[str, Floats]
    textures: Mapping[str, str]

    @property
    def eyes(self) -> float:
        """Distance of the eye centres in dm."""
        centres = (self.base[eye].mean(axis=0) for eye in (anatomy.LEFT_EYE, anatomy.RIGHT_EYE))
        return float(np.linalg.norm(np.subtract(*centres)))


@dataclass(frozen=True)
class Scene:
    """A posed and lit person: what a camera of any place can take."""

    wares: Wares
    lighting: light.Lighting
    buffers: Mapping[str, NDArray[np.float32]]


class Studio:
    """Renders people; holds one GL context and what was loaded into it.

    Several may live in one process: whatever draws makes its own context current first, or it
    would draw with the things of the same numbers in the one that was opened last.

    Args:
        assets: where shapes and textures come from.
        texture_limit: largest side of a texture in pixels.
        samples: supersampling per axis.

    Raises:
        UserError: moderngl or EGL is missing.
    """

    def __init__(self, assets: Assets, texture_limit: int = 2048, samples: int = 2) -> None:
        self.assets = assets
        self.samples = samples
        self._base = assets.base()
        self._static: dict[tuple[str, ...], anatomy.Part] = {}
        self._gl = open_context()
        self._textures = Textures(self._gl, assets, texture_limit)
        self._draw = self._gl.program(
            vertex_shader=shaders.VERTEX, fragment_shader=shaders.FRAGMENT
        )
        self._back = self._gl.program(
            vertex_shader=shaders.BACKDROP_VERTEX, fragment_shader=shaders.BACKDROP_FRAGMENT
        )
        corners = np.array([[-1, -1], [1, -1], [-1, 1], [1, 1]], np.float32)
        self._back_array = self._gl.vertex_array(
            self._back, [(self._gl.buffer(corners.tobytes()), "2f", "corner")]
        )
        self._frames: dict[tuple[int, int], Any] = {}
        self._baker = Baker(self._gl, self._part("body"))

    def prepare(self, identity: Identity) -> Wares:
        """Shape a person's meshes and choose the textures."""
        base = add_morphs(self.assets, self._base.vertices, identity.morphs)
        names = {
            "brows": ("eyebrows", identity.brow),
            "lashes": ("eyelashes", identity.lash),
            "teeth": ("teeth", "teeth_base"),
            "tongue": ("tongue", "tongue01"),
            "hair": ("hair", identity.hair),
        }
        parts = {name: self._part(name) for name in ("body", "eyes", "cornea")}
        parts |= {name: self._part(name, *item) for name, item in names.items()}
        textures = {name: self.assets.texture_of(*item) for name, item in names.items()}
        textures["body"] = f"skins/{identity.skins[0][0]}.jpg"
        textures["body2"] = f"skins/{identity.skins[1][0]}.jpg"
        textures["eyes"] = textures["cornea"] = f"eyes/materials/{identity.eye}_eye.png"
        rest = {name: part.vertices(base, base) for name, part in parts.items()}
        return Wares(identity, base, head_frame(base), parts, rest, textures)

    @property
    def rest(self) -> Floats:
        """The drawn skin [V, 3] of the base mesh itself, whose numbering all people share."""
        base = self._base.vertices
        return self._part("body").vertices(base, base)

    def _part(self, name: str, kind: str = "", item: str = "") -> anatomy.Part:
        key = (name, kind, item)
        if key not in self._static:
            if name == "body":
                self._static[key] = anatomy.body_part(self._base)
            elif name in ("eyes", "cornea"):
                eyes, cornea = anatomy.eye_parts(self.assets)
                self._static[("eyes", "", "")] = eyes
                self._static[("cornea", "", "")] = cornea
            else:
                refine = name in ("brows", "tongue")
                self._static[key] = anatomy.proxy_part(self.assets, name, kind, item, refine)
        return self._static[key]

    def pose(
        self,
        wares: Wares,
        performance: Performance | Mapping[str, float],
        pose: Pose,
        lighting: light.Lighting,
    ) -> Scene:
        """Put expression (or face units), gaze and pose on a person; let the light fall on it."""
        moved = express(self.assets, wares.base, performance, pose)
        places: dict[str, Floats] = {}
        normals: dict[str, Floats] = {}
        for name, part in wares.parts.items():
            # Hair stays where it is when the brows rise.
            points = wares.rest[name] if name == "hair" else part.vertices(moved, wares.base)
            if name == "body":
                points = _dress(points, wares.rest[name], part, wares.frame)
            places[name] = hold(points, wares.rest[name], wares.frame, pose)
            normals[name] = part.normals(places[name])
        normals["hair"] = _puff(normals["hair"], places["hair"], wares.frame)
        with self._gl:
            self._textures.bind(wares.textures["hair"], 0)
            baked, keyed = self._baker.bake(wares.parts, places, normals, wares.frame, lighting)
        buffers = {}
        for name, part in wares.parts.items():
            columns = (places[name], normals[name], baked[name], keyed[name][:, None],
                       wares.rest[name])  # fmt: skip
            rows = np.concatenate(columns, axis=1).astype(np.float32)[part.corner]
            buffers[name] = np.ascontiguousarray(np.concatenate([rows, part.uv], axis=1))
        return Scene(wares, lighting, buffers)

    def photograph(self, scene: Scene, camera: Camera, backdrop: Backdrop) -> NDArray[np.uint8]:
        """Take the picture: [height, width, 3] uint8 RGB, sRGB."""
        with self._gl:
            raw = np.frombuffer(self._drawn(scene, camera, backdrop), np.float32)
        fine = raw.reshape(camera.height, self.samples, camera.width, self.samples, 3)
        # A highlight brighter than white must not outweigh its neighbours.
        picture = develop(fine).mean(axis=(1, 3))[::-1]
        return np.ascontiguousarray(np.rint(picture * 255.0).clip(0, 255).astype(np.uint8))

    def _drawn(self, scene: Scene, camera: Camera, backdrop: Backdrop) -> bytes:
        """Linear light of all samples, from the lowest row to the highest."""
        frame = self._frame(camera.width * self.samples, camera.height * self.samples)
        frame.use()
        gl = self._gl
        frame.clear(0.0, 0.0, 0.0, 1.0, depth=1.0)
        self._back["middle"] = backdrop.middle
        self._back["edge"] = backdrop.edge
        self._back["centre"] = camera.shift
        gl.disable(gl.DEPTH_TEST)
        gl.disable(gl.BLEND)
        self._back_array.render(gl.TRIANGLE_STRIP)
        view, eye = view_of(scene.wares.frame, camera)
        self._set_person(scene, view, eye)
        gl.enable(gl.DEPTH_TEST)
        gl.enable(gl.CULL_FACE)
        for name in ("body", "teeth", "tongue", "eyes"):
            self._paint(scene, name, eye)
        gl.disable(gl.CULL_FACE)
        gl.enable(gl.BLEND)
        gl.blend_func = gl.ONE, gl.ONE_MINUS_SRC_ALPHA
        frame.depth_mask = False
        for name in ("cornea", "brows", "lashes"):
            if name in scene.buffers:
                self._paint(scene, name, eye)
        frame.depth_mask = True
        self._paint(scene, "hair", eye, cutoff=0.55)
        frame.depth_mask = False
        self._paint(scene, "hair", eye, cutoff=0.15)
        frame.depth_mask = True
        return bytes(frame.read(components=3, dtype="f4"))

    def _frame(self, width: int, height: int) -> Any:
        if (width, height) not in self._frames:
            self._frames[(width, height)] = self._gl.framebuffer(
                color_attachments=[self._gl.texture((width, height), 4, dtype="f4")],
                depth_attachment=self._gl.depth_renderbuffer((width, height)),
            )
        return self._frames[(width, height)]

    def _set_person(self, scene: Scene, view: Floats, eye: Floats) -> None:
        identity, frame, key = scene.wares.identity, scene.wares.frame, scene.lighting.key
        program = self._draw
        program["view"].write(view.T.astype(np.float32).tobytes())
        program["eye"] = tuple(eye)
        program["key"] = tuple(key)
        program["fill"] = (-float(key[0]), 0.15, float(key[2]))
        program["tone"] = identity.tone
        program["shirt"] = identity.shirt
        program["collar"] = (frame.neck - 0.22 * frame.size, frame.size)
        program["beard"] = identity.beard
        program["mixture"] = identity.skins[1][1]
        lips = scene.wares.base[13380:13606].mean(axis=0)
        program["mouth"] = (0.0, float(lips[1]), float(lips[2]) + 0.5, frame.size)

    def _paint(self, scene: Scene, name: str, eye: Floats, cutoff: float = 0.0) -> None:
        wares, rows = scene.wares, scene.buffers[name]
        part, identity, program = wares.parts[name], wares.identity, self._draw
        triangles = part.triangles
        if name in ("hair", "lashes"):
            middle = rows[triangles, :3].mean(axis=1)
            far = ((middle - eye) ** 2).sum(axis=1)
            triangles = np.ascontiguousarray(triangles[np.argsort(-far, kind="stable")])
        program["kind"] = _KINDS[name]
        program["nearer"] = {"brows": 0.10, "lashes": 0.03, "hair": 0.10}.get(name, 0.0)
        program["cutoff"] = cutoff
        tint = {"hair": identity.hair_colour, "brows": identity.brow_colour,
                "lashes": (0.012, 0.009, 0.008)}.get(name, (1.0, 1.0, 1.0))  # fmt: skip
        program["tint"] = tint
        program["shade"] = self._textures.bind(wares.textures[name], 0)
        program["picture"] = 0
        program["weight"] = {"lashes": 0.55 if identity.gender == "male" else 0.85}.get(name, 1.0)
        self._textures.bind(wares.textures["body2"], 1)
        program["second"] = 1
        buffer = self._gl.buffer(rows.tobytes())
        index = self._gl.buffer(triangles.tobytes())
        array = self._gl.vertex_array(
            program,
            [(buffer, _ROW, *_COLUMNS)],
            index_buffer=index,
        )
        array.render()
        array.release()
        buffer.release()
        index.release()


def _dress(points: Floats, rest: Floats, part: anatomy.Part, frame: HeadFrame) -> Floats:
    """Move what the shirt covers outwards a little; the shader colours the same region."""
    reach = np.hypot(rest[:, 0], 0.35 * rest[:, 2]) / frame.size
    edge = frame.neck - 0.22 * frame.size + 0.35 * frame.size * (reach - 0.62)
    t = np.clip((edge + 0.02 - rest[:, 1]) / 0.06, 0.0, 1.0)[:, None]
    return points + 0.05 * t * part.normals(points)


def _puff(normals: Floats, points: Floats, frame: HeadFrame) -> Floats:
    """Bend hair's normals outwards, so that its flat cards are lit like one round shape."""
    middle = np.array([0.0, frame.centre[1] + 0.3 * frame.size, -0.1])
    out = points - middle
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    same = np.sign((normals * out).sum(axis=1, keepdims=True))
    bent = 0.45 * normals * np.where(same == 0, 1.0, same) + 0.55 * out
    unit: Floats = bent / np.linalg.norm(bent, axis=1, keepdims=True)
    return unit
