"""FET+ as one file: both networks and the alignment that they were trained with, as safetensors."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from fet_core.acceleration import Acceleration
from fet_core.errors import UserError
from fet_core.files import atomic_path, check_file
from fet_core.geometry.landmarks import EYES
from fet_core.nets.fusion import PointFusion
from fet_core.nets.warping import Warping
from fet_core.nets.weights import DAMAGED, built

SHIPPED = Path(__file__).parents[1] / "weights" / "fet-plus-small.safetensors"
"""What is loaded wherever a user brings no model."""

_KIND = "fet-plus"


@dataclass(frozen=True)
class Alignment:
    """How a face is cut out: see `alignment` and `mean_points` of `fet_core.geometry.align`.

    Attributes:
        eye: who has read the points, of `fet_core.geometry.landmarks.EYES`.

    Raises:
        ValueError: it is of another type, or beyond what a face can be cut out with.
    """

    size: int
    eye_distance: float
    eye_height: float
    readings: int
    eye: str = "dlib"

    def __post_init__(self) -> None:
        for name, (low, high) in _BOUNDS.items():
            value = getattr(self, name)
            whole = name in ("size", "readings")
            if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
                raise ValueError(f"{name} is {value!r}")
            if not low <= value <= high:
                raise ValueError(f"{name} is {value}, not from {low} to {high}")
        if self.eye not in EYES:
            raise ValueError(f"eye is {self.eye!r}")


_BOUNDS = {
    "size": (16, 4096),
    "eye_distance": (0.02, 1.0),
    "eye_height": (0.0, 1.0),
    "readings": (1, 1000),
}


@dataclass(frozen=True)
class Plus:
    """Both networks of FET+ in eval mode, and the alignment that they were trained with."""

    fusion: PointFusion
    transfer: Warping
    alignment: Alignment

    @property
    def channels(self) -> int:
        """Of the pictures, 1 (grey) or 3 (colour)."""
        return self.transfer.channels

    @torch.no_grad()
    def points(self, source: Tensor, target: Tensor, intensity: float = 1.0) -> Tensor:
        """J_gen, [B, 68, 2] aligned pixels; intensity as in `PointFusion.fuse`.

        Args:
            source: [B, 68, 2] aligned pixels.
            target: the same.
            intensity: 0 keeps the target's expression, 1 takes the source's.
        """
        return self.fusion.fuse(source, target, intensity)

    def picture(self, photo: Tensor, points: Tensor, wanted: Tensor) -> Tensor:
        """The aligned photo with the expression of the wanted points, [B, C, S, S], -1 to 1.

        Args:
            photo: [B, C, S, S], -1 to 1.
            points: [B, 68, 2] aligned pixels of the photo.
            wanted: J_gen, the same.
        """
        with torch.no_grad(), Acceleration.of(photo.device).autocast():
            return self.transfer(photo, points, wanted).picture


def save_plus(path: Path, plus: Plus, sizes: dict[str, dict[str, float]]) -> None:
    """Write both networks as one file of half-precision safetensors.

    Args:
        path: ends in .safetensors.
        plus: what is written.
        sizes: the arguments that build "fusion" and "transfer".
    """
    from safetensors.torch import save as as_bytes

    header = {"kind": _KIND, "sizes": sizes, "alignment": vars(plus.alignment)}
    state = {
        f"{name}.{key}": value.detach().cpu().half().contiguous()
        for name in ("fusion", "transfer")
        for key, value in getattr(plus, name).state_dict().items()
    }
    with atomic_path(path) as temporary:
        temporary.write_bytes(as_bytes(state, {"fet": json.dumps(header, sort_keys=True)}))


def load_plus(path: Path | None = None, device: torch.device | None = None) -> Plus:
    """FET+ from a file of `save_plus`, computing in single precision.

    Args:
        path: ends in .safetensors; None takes the shipped weights.
        device: where to put it; None is the CPU.

    Raises:
        UserError: no such file, or it is damaged or of another model.
    """
    from safetensors import SafetensorError, safe_open

    path = SHIPPED if path is None else Path(path)
    check_file(path, "there is no model at", "name a file that `fet export` has written")
    try:
        with safe_open(str(path), framework="pt") as file:
            header = json.loads((file.metadata() or {}).get("fet", "{}"))
            if header.get("kind") != _KIND:
                raise UserError(
                    f"{path} holds weights of {header.get('kind', 'something else')}, not of FET+; "
                    "name a file that `fet export` has written"
                )
            state = {key: file.get_tensor(key).float() for key in file.keys()}  # noqa: SIM118
        parts = {
            name: {
                key.removeprefix(f"{name}."): value
                for key, value in state.items()
                if key.startswith(f"{name}.")
            }
            for name in ("fusion", "transfer")
        }
        how, sizes = Acceleration.of(device or torch.device("cpu")), header["sizes"]
        fusion = how.prepare(built(PointFusion, sizes["fusion"], parts["fusion"]), False)
        transfer = how.prepare(built(Warping, sizes["transfer"], parts["transfer"]), False)
        alignment = Alignment(**header["alignment"])
    except (SafetensorError, *DAMAGED) as error:
        raise UserError(
            f"{path} is damaged or not made by this version; write it again with `fet export`"
        ) from error
    return Plus(fusion, transfer, alignment)
