"""What differs between devices: choosing one, memory format, mixed precision, compiling."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import nn

from fet_core.errors import UserError


def choose_device(name: str) -> torch.device:
    """The device called auto, cpu, cuda or cuda:N; auto is a GPU where there is one.

    Raises:
        UserError: an unknown name, or a GPU where there is none.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise UserError(f'there is no device "{name}"; say auto, cpu or cuda') from error
    if device.type not in ("cpu", "cuda"):
        raise UserError(f'the device "{name}" is not supported; say auto, cpu or cuda')
    if device.type == "cuda" and not torch.cuda.is_available():
        raise UserError(f'torch sees no GPU for "--device {name}"; say --device cpu or auto')
    return device


def prepare(net: nn.Module, device: torch.device, compiled: bool) -> None:
    """Put a network on the device; on CUDA also channels_last, and compiled in place if wanted.

    On the CPU neither pays: channels_last is slower at small sizes, and compiling would change
    the bits from one machine to another. Discriminators are not compiled and stay out of
    `autocast`: the power iteration of spectral normalisation changes buffers in place and wants
    full precision.
    """
    net.to(device)
    if device.type == "cuda":
        net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if compiled:
            net.compile()


def autocast(device: torch.device) -> AbstractContextManager[object]:
    """bfloat16 where the device is CUDA, full precision elsewhere."""
    if device.type == "cuda":
        return torch.autocast("cuda", dtype=torch.bfloat16)
    return nullcontext()
