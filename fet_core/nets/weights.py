"""Weights on disk: of one network with its architecture, and FET+ as one file.

All are safetensors with the architecture in the header, which is checked when they are loaded."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from fet_core.acceleration import Acceleration
from fet_core.errors import UserError, remedy
from fet_core.files import atomic_path, check_file
from fet_core.nets.fusion import Fusion, PointFusion
from fet_core.nets.warping import Warping

Net = TypeVar("Net", bound=nn.Module)

_DAMAGED = (
    ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError, OSError,
    RuntimeError, TypeError, ValueError,
)  # fmt: skip
"""What a file that was damaged, or made by somebody else, may raise when it is read."""

# What JSON may hold for a network's argument of a type.
_KINDS = {"int": (int,), "float": (int, float), "bool": (bool,)}
_LARGEST = 1e6  # No trained weight comes near; with a larger one there may come no number.


def save(
    path: Path, kind: str, sizes: Mapping[str, float], net: nn.Module, note: dict[str, Any]
) -> None:
    """Write a network's weights.

    Args:
        path: ends in .safetensors.
        kind: the model's name, as "fusion", "transfer" or "pix2pix".
        sizes: the arguments that build the network.
        net: whose state is written (BatchNorm statistics too).
        note: what else a reader should know, JSON-ready.
    """
    from safetensors.torch import save as as_bytes

    # One entry, because safetensors writes several in an order that changes from call to call.
    header = {"fet": json.dumps({"kind": kind, "sizes": dict(sizes), "note": note}, sort_keys=True)}
    state = {name: value.detach().cpu().contiguous() for name, value in net.state_dict().items()}
    with atomic_path(path) as temporary:
        temporary.write_bytes(as_bytes(state, header))


def load(
    path: Path, kind: str, build: type[Net], needs: tuple[str, ...] = ()
) -> tuple[Net, dict[str, Any]]:
    """The network that a file holds, in eval mode on the CPU, and its note.

    Args:
        path: ends in .safetensors.
        kind: the model's name, as in `save`.
        build: the network's class.
        needs: keys of numbers above 0 that the note must have.

    Raises:
        UserError: no such file, not safetensors, or the weights of another kind of model.
    """
    from safetensors import SafetensorError, safe_open

    check_file(Path(path), "there are no weights at", f"{remedy(path)} first")
    try:
        with safe_open(str(path), framework="pt") as file:
            header = json.loads((file.metadata() or {}).get("fet", "{}"))
            found = header.get("kind", "something else")
            if found != kind:
                raise UserError(
                    f"{path} holds weights of {found}, not of {kind}; {remedy(path)} again"
                )
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            net = _built(build, header["sizes"], state)
            note = header["note"]
            for name in needs:
                if type(note[name]) not in _KINDS["float"] or not 0 < note[name] < float("inf"):
                    raise ValueError(f'"{name}" of the note is {note[name]!r}')
    except (SafetensorError, *_DAMAGED) as error:
        raise UserError(
            f"{path} is damaged or not made by this version; {remedy(path)} again"
        ) from error
    return net, note


def _built(build: type[Net], sizes: Mapping[str, Any], state: Mapping[str, Tensor]) -> Net:
    """A network in eval mode with its state; nothing is allocated before all shapes fit.

    Raises:
        ValueError: they do not, or a number is beyond reason; besides, what is in `_DAMAGED`.
    """
    for name, asked in inspect.signature(build).parameters.items():
        if name in sizes and type(sizes[name]) not in _KINDS.get(asked.annotation, (int, float)):
            raise ValueError(f'"{name}" is {sizes[name]!r} where {asked.annotation} is expected')
    with torch.device("meta"):
        wanted = {name: value.shape for name, value in build(**sizes).state_dict().items()}
    if wanted != {name: value.shape for name, value in state.items()}:
        raise ValueError("the weights have other names or shapes than the sizes say")
    for name, value in state.items():
        if value.is_floating_point() and not (value.abs() < _LARGEST).all():
            raise ValueError(f"{name} holds numbers that no trained network has")
    net = build(**sizes)
    net.load_state_dict(dict(state))
    return net.eval()


def sizes_of(path: Path) -> dict[str, float]:
    """The arguments that build the network in a file that `load` can read."""
    from safetensors import safe_open

    with safe_open(str(path), framework="pt") as file:
        return dict(json.loads(file.metadata()["fet"])["sizes"])


def load_fitting(
    path: Path,
    kind: str,
    build: type[Net],
    size: int | None,
    channels: int,
    device: torch.device,
    needs: tuple[str, ...] = (),
) -> tuple[Net, dict[str, Any]]:
    """A picture generator in eval mode on the device, for the pictures it will be given; its note.

    Args:
        path: ends in .safetensors.
        kind: the model's name, as in `save`.
        build: the network's class, with the attributes `size`, where that counts, and `channels`.
        size: side of the pictures in pixels; None for a network of which any will do.
        channels: of the pictures, 1 or 3.
        device: where to put it.
        needs: keys of numbers above 0 that the note must have.

    Raises:
        UserError: as `load`, or the weights are for other pictures.
    """
    net, note = load(path, kind, build, needs)
    if net.channels != channels or (size is not None and net.size != size):
        made = "" if size is None else f" of {net.size}×{net.size}"
        given = "" if size is None else f"{size}×{size} with "
        raise UserError(
            f"{path} makes pictures{made} with {net.channels} channels, but the data have "
            f"{given}{channels}; {remedy(path)} again"
        )
    return Acceleration.of(device).prepare(net, trained=False), note


def load_fusion(path: Path, device: torch.device) -> tuple[Fusion, dict[str, Any]]:
    """Φ in eval mode on the device, and its note, in which "sigma" is the spots' relative size.

    Raises:
        UserError: as `fet_core.nets.weights.load`.
    """
    net, note = load(path, "fusion", Fusion, ("sigma",))
    return Acceleration.of(device).prepare(net, trained=False), note


SHIPPED = Path(__file__).parents[1] / "weights" / "fet-plus-small.safetensors"
"""What is loaded wherever a user brings no model."""

_KIND = "fet-plus"


@dataclass(frozen=True)
class Alignment:
    """How a face is cut out: see `alignment` and `mean_points` of `fet_core.geometry.align`.

    Raises:
        ValueError: it is of another type, or beyond what a face can be cut out with.
    """

    size: int
    eye_distance: float
    eye_height: float
    readings: int

    def __post_init__(self) -> None:
        for name, (low, high) in _BOUNDS.items():
            value = getattr(self, name)
            whole = name in ("size", "readings")
            if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
                raise ValueError(f"{name} is {value!r}")
            if not low <= value <= high:
                raise ValueError(f"{name} is {value}, not from {low} to {high}")


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
        fusion = how.prepare(_built(PointFusion, sizes["fusion"], parts["fusion"]), False)
        transfer = how.prepare(_built(Warping, sizes["transfer"], parts["transfer"]), False)
        alignment = Alignment(**header["alignment"])
    except (SafetensorError, *_DAMAGED) as error:
        raise UserError(
            f"{path} is damaged or not made by this version; write it again with `fet export`"
        ) from error
    return Plus(fusion, transfer, alignment)
