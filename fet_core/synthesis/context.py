"""OpenGL without a screen, and the textures loaded into it."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from fet_core.errors import UserError
from fet_core.synthesis.assets import Assets


class Textures:
    """Textures on the graphics card, each loaded when it is first wanted.

    Args:
        gl: the context.
        assets: where the pictures come from.
        limit: largest side in pixels.
    """

    def __init__(self, gl: Any, assets: Assets, limit: int) -> None:
        self._gl = gl
        self._assets = assets
        self._limit = limit
        self._loaded: dict[str, tuple[Any, float]] = {}

    def bind(self, name: str, unit: int) -> float:
        """Make a texture current in a unit; returns the mean luminance (linear) of its solid part.

        Colours of textures with holes are multiplied by alpha, so that filtering does not mix in
        what lies beside the drawn part.
        """
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        texture, shade = self._loaded[name]
        texture.use(unit)
        return shade

    def _load(self, name: str) -> tuple[Any, float]:
        image = self._assets.image(name, self._limit).astype(np.float32)
        solid = image[image[..., 3] > 128][:, :3] / 255.0
        luminance = solid**2.2 @ np.array([0.2126, 0.7152, 0.0722], np.float32)
        if not name.startswith(("skins", "eyes")):
            image[..., :3] *= image[..., 3:] / 255.0
        data = np.rint(image).astype(np.uint8)
        texture = self._gl.texture((data.shape[1], data.shape[0]), 4, data.tobytes())
        texture.build_mipmaps()
        texture.filter = (self._gl.LINEAR_MIPMAP_LINEAR, self._gl.LINEAR)
        texture.anisotropy = 4.0
        texture.repeat_x = texture.repeat_y = False
        return texture, max(float(luminance.mean()), 1e-3)


def open_context() -> Any:
    """A moderngl context on EGL, without a screen.

    Raises:
        UserError: moderngl or EGL is missing.
    """
    # One thread each: pictures are made by several processes, and with one thread the order of
    # the work, and so every bit, is the same on every run.
    os.environ.setdefault("LP_NUM_THREADS", "1")
    try:
        import moderngl
    except ImportError as error:
        raise UserError(
            "the renderer moderngl is not installed; run `pip install 'fet[synthesis]'`"
        ) from error
    try:
        # The stub of create_context knows only dictionaries.
        options: dict[str, Any] = {"backend": "egl"}
        return moderngl.create_context(standalone=True, require=330, **options)
    except Exception as error:
        raise UserError(
            f"no OpenGL without a screen ({error}); install Mesa's EGL, on Debian "
            "`apt-get install libegl1 libgl1-mesa-dri`"
        ) from error
