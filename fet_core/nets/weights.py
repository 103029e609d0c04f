"""Weights of a network on disk: safetensors with its architecture, which is checked when loaded."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from fet_core.acceleration import Acceleration
from fet_core.errors import UserError, remedy
from fet_core.files import atomic_path, check_file
from fet_core.nets.fusion import Fusion

Net = TypeVar("Net", bound=nn.Module)

DAMAGED = (
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
            net = built(build, header["sizes"], state)
            note = header["note"]
            for name in needs:
                if type(note[name]) not in _KINDS["float"] or not 0 < note[name] < float("inf"):
                    raise ValueError(f'"{name}" of the note is {note[name]!r}')
    except (SafetensorError, *DAMAGED) as error:
        raise UserError(
            f"{path} is damaged or not made by this version; {remedy(path)} again"
        ) from error
    return net, note


def built(build: type[Net], sizes: Mapping[str, Any], state: Mapping[str, Tensor]) -> Net:
    """A network in eval mode with its state; nothing is allocated before all shapes fit.

    Raises:
        ValueError: they do not, or a number is beyond reason; besides, what is in `DAMAGED`.
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
