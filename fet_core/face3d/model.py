"""The linear model of a face's points in space: mean, identity, units (Blanz & Vetter 1999)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fet_core.face3d.stored import FARTHEST, FOLDER, another_version, read_tensors
from fet_core.geometry.landmarks import POINTS

Floats = NDArray[np.float64]

SHIPPED = FOLDER / "face-model.safetensors"
FORMAT = "face-model 1"


@dataclass(frozen=True)
class FaceModel:
    """Points of a face as a linear function of who it is and what it does.

    x points to the viewer's right, y up and z to the viewer; the origin lies between the eye
    centres of the mean face, whose distance is 1.

    Attributes:
        mean: [P, 3].
        identity: [K, P, 3] directions; a coefficient of 1 is one standard deviation.
        units: [U, P, 3] what each face unit moves at strength 1.
        names: of the units, ARKit's.
    """

    mean: Floats
    identity: Floats
    units: Floats
    names: tuple[str, ...]

    def points(self, identity: Floats, units: Floats) -> Floats:
        """Points [..., P, 3] of faces with coefficients [..., K] and units [..., U]."""
        return (
            self.mean
            + np.tensordot(identity, self.identity, 1)
            + np.tensordot(units, self.units, 1)
        )


def write_model(path: Path, model: FaceModel) -> None:
    """Write a model as safetensors, its directions in half precision."""
    from safetensors.numpy import save

    from fet_core.files import atomic_path

    tensors: dict[str, NDArray[Any]] = {
        "mean": model.mean.astype(np.float32),
        "identity": model.identity.astype(np.float16),
        "units": model.units.astype(np.float16),
    }
    with atomic_path(path) as temporary:
        temporary.write_bytes(save(tensors, {"format": FORMAT, "units": ",".join(model.names)}))


@cache
def load_model(path: Path = SHIPPED) -> FaceModel:
    """Read a model; `UserError` where the file is no model."""
    found, about = read_tensors(path, FORMAT)
    names = tuple(about.get("units", "").split(","))
    if not {"mean", "identity", "units"} <= set(found):
        raise another_version(path)
    mean, identity, units = (found[key].astype(np.float64) for key in ("mean", "identity", "units"))
    shapes = (POINTS, 3), (*identity.shape[:1], POINTS, 3), (len(names), POINTS, 3)
    if (mean.shape, identity.shape, units.shape) != shapes or not _is_face(mean, identity, units):
        raise another_version(path)
    return FaceModel(mean, identity, units, names)


def _is_face(mean: Floats, *moves: Floats) -> bool:
    """Whether a mean has depth and nothing goes further than the parts of a face can."""
    deep = np.linalg.matrix_rank(mean - mean.mean(axis=0)) == 3
    return bool(deep) and all(np.abs(value).max(initial=0) < FARTHEST for value in (mean, *moves))
