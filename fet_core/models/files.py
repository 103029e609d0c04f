"""Weights on disk: safetensors with the architecture in the header, checked when loaded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import nn

from fet_core.errors import UserError, remedy
from fet_core.files import atomic_path, check_file

Net = TypeVar("Net", bound=nn.Module)


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
    from safetensors.torch import save_file

    # One entry, because safetensors writes several in an order that changes from call to call.
    header = {"fet": json.dumps({"kind": kind, "sizes": dict(sizes), "note": note}, sort_keys=True)}
    state = {name: value.detach().cpu().contiguous() for name, value in net.state_dict().items()}
    with atomic_path(path) as temporary:
        save_file(state, temporary, metadata=header)


def load(
    path: Path, kind: str, build: type[Net], needs: tuple[str, ...] = ()
) -> tuple[Net, dict[str, Any]]:
    """The network that a file holds, in eval mode on the CPU, and its note.

    Args:
        path: ends in .safetensors.
        kind: the model's name, as in `save`.
        build: the network's class.
        needs: keys that the note must have.

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
            net = build(**header["sizes"])
            net.load_state_dict({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118
            note = header["note"]
            if not set(needs) <= set(note):
                raise ValueError(f"the note has {sorted(note)} where {sorted(needs)} are needed")
    except (SafetensorError, KeyError, OSError, RuntimeError, TypeError, ValueError) as error:
        raise UserError(
            f"{path} is damaged or not made by this version; {remedy(path)} again"
        ) from error
    return net.eval(), note


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
        needs: keys that the note must have.

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
    return net.to(device), note
