"""What differs between devices: uploading, memory format, precision, compiling."""

from __future__ import annotations

import shutil
from contextlib import AbstractContextManager, nullcontext
from importlib.util import find_spec
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fet_core.store import choose_device as choose_device


def upload(array: NDArray[Any], device: torch.device) -> Tensor:
    """An array on the device; on CUDA the copy does not wait for the GPU's work."""
    tensor = torch.from_numpy(array)
    if device.type == "cuda":
        tensor = tensor.pin_memory()
    return tensor.to(device, non_blocking=True)


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
        if compiled and _can_compile(device):
            net.compile()


def autocast(device: torch.device) -> AbstractContextManager[object]:
    """bfloat16 on a GPU that computes in it, full precision elsewhere."""
    if device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False):
        return torch.autocast("cuda", dtype=torch.bfloat16)
    return nullcontext()


def _can_compile(device: torch.device) -> bool:
    """Whether torch.compile has what it needs: Triton, a C compiler and a GPU that Triton knows."""
    has_compiler = any(shutil.which(name) for name in ("cc", "gcc", "clang"))
    modern = torch.cuda.get_device_capability(device) >= (7, 0)
    return find_spec("triton") is not None and has_compiler and modern
