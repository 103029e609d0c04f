"""FET+ as one file: Φ+ and Ω+ with how a face must be aligned for them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from fet_core.errors import UserError
from fet_core.files import atomic_path, check_file
from fet_core.models.points import PointFusion
from fet_core.models.warping import Warping

SHIPPED = Path(__file__).parents[1] / "weights" / "fet-plus-small.safetensors"
"""What is loaded wherever a user brings no model."""

_KIND = "fet-plus"

_DAMAGED = (AttributeError, KeyError, OSError, RuntimeError, TypeError, ValueError)


@dataclass(frozen=True)
class Alignment:
    """How a face is cut out: see `fet_core.faces.align.alignment` and `readings.mean_points`."""

    size: int
    eye_distance: float
    eye_height: float
    readings: int


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

    @torch.no_grad()
    def picture(self, photo: Tensor, points: Tensor, wanted: Tensor) -> Tensor:
        """The aligned photo with the expression of the wanted points, [B, C, S, S], -1 to 1.

        Args:
            photo: [B, C, S, S], -1 to 1.
            points: [B, 68, 2] aligned pixels of the photo.
            wanted: J_gen, the same.
        """
        return self.transfer(photo, points, wanted).picture


def save_plus(path: Path, plus: Plus, sizes: dict[str, dict[str, float]]) -> None:
    """Write both networks as one file of half-precision safetensors.

    Args:
        path: ends in .safetensors.
        plus: what is written.
        sizes: the arguments that build "fusion" and "transfer".
    """
    from safetensors.torch import save_file

    header = {"kind": _KIND, "sizes": sizes, "alignment": vars(plus.alignment)}
    state = {
        f"{name}.{key}": value.detach().cpu().half().contiguous()
        for name in ("fusion", "transfer")
        for key, value in getattr(plus, name).state_dict().items()
    }
    with atomic_path(path) as temporary:
        save_file(state, temporary, metadata={"fet": json.dumps(header, sort_keys=True)})


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
        nets: dict[str, nn.Module] = {
            "fusion": PointFusion(**header["sizes"]["fusion"]),
            "transfer": Warping(**header["sizes"]["transfer"]),
        }
        for name, net in nets.items():
            start = f"{name}."
            own = {k.removeprefix(start): v for k, v in state.items() if k.startswith(start)}
            net.load_state_dict(own)
            net.eval().to(device or torch.device("cpu"))
        alignment = Alignment(**header["alignment"])
    except (SafetensorError, *_DAMAGED) as error:
        raise UserError(
            f"{path} is damaged or not made by this version; write it again with `fet export`"
        ) from error
    fusion, transfer = nets["fusion"], nets["transfer"]
    assert isinstance(fusion, PointFusion)
    assert isinstance(transfer, Warping)
    return Plus(fusion, transfer, alignment)
