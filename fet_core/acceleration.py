"""How networks are computed on a device: precision, layout in memory, compiled or not.

Whatever trains or uses a network asks here, so that a CPU can be told to do as a GPU does:
`docs/gpu.md` says what that shows, and what it does not."""

from __future__ import annotations

import os
import shutil
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TypeVar

import torch
from torch import nn

from fet_core import ranks
from fet_core.errors import UserError, cut

Net = TypeVar("Net", bound=nn.Module)

VARIABLE = "FET_ACCELERATION"
"""Of the environment: force makes a CPU do as a GPU does, off a GPU as a CPU does."""

_WORDS = ("auto", "force", "off")


@dataclass(frozen=True)
class Acceleration:
    """What is done to networks on a device; the defaults are what a CPU does.

    Attributes:
        device: where they are.
        precision: what convolutions and matrix products of generators are computed in; None for
            that of their weights.
        channels_last: whether pictures lie in memory pixel by pixel and not plane by plane.
        backend: of torch.compile; None where nothing is compiled.
        fused: whether Adam is one kernel that never asks for a number on the host.
    """

    device: torch.device
    precision: torch.dtype | None = None
    channels_last: bool = False
    backend: str | None = None
    fused: bool = False

    @classmethod
    def of(cls, device: torch.device) -> Acceleration:
        """What this machine and FET_ACCELERATION say for a device.

        On a CPU none of it pays: channels_last is slower at small sizes, and compiled code would
        change the bits from one machine to another.

        Raises:
            UserError: the variable has a value of its own invention.
        """
        word = os.environ.get(VARIABLE) or "auto"
        if word not in _WORDS:
            raise UserError(f'{VARIABLE} is "{cut(word)}"; say {" or ".join(_WORDS)}')
        if word == "off" or (word == "auto" and device.type == "cpu"):
            return cls(device)
        # A CPU rounds to bfloat16 whether it has instructions for it or not.
        rounds = device.type == "cpu" or torch.cuda.is_bf16_supported(including_emulation=False)
        return cls(device, torch.bfloat16 if rounds else None, True, _backend(device), True)

    def __str__(self) -> str:
        plain = self == Acceleration(self.device)
        return self.device.type if plain else f"{self.device.type}, accelerated"

    def prepare(self, net: Net, trained: bool = True) -> Net:
        """Put a network on the device in its layout; it is given back.

        One that is trained is compiled in place, and shared by all processes (`fet_core.ranks`).
        Compiling takes as long as thousands of pictures: it is for training, where one size comes
        again and again, and not for what has any size or ends soon.
        """
        net.to(self.device)
        if self.channels_last:
            net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if trained and (self.fused or ranks.here().of > 1):
            ranks.share_out(net)
        if trained and self.backend:
            net.compile(backend=self.backend)
        return net

    def autocast(self) -> AbstractContextManager[object]:
        """Inside the block, generators compute in `precision`.

        Discriminators stay out of it, as the power iteration of spectral normalisation changes
        buffers in place and wants full precision; so do losses, points and the motion of points.
        """
        if self.precision is None:
            return nullcontext()
        return torch.autocast(self.device.type, dtype=self.precision)


def _backend(device: torch.device) -> str | None:
    """Of torch.compile, where it has what it needs.

    That is a C++ compiler for a CPU; Triton, a C compiler and a GPU that Triton knows for a GPU.
    A CPU without one runs the graphs as they are.
    """
    if device.type == "cpu":
        has_compiler = any(shutil.which(name) for name in ("c++", "g++", "clang++"))
        return "inductor" if has_compiler else "aot_eager"
    has_compiler = any(shutil.which(name) for name in ("cc", "gcc", "clang"))
    modern = torch.cuda.get_device_capability(device) >= (7, 0)
    return "inductor" if find_spec("triton") is not None and has_compiler and modern else None
