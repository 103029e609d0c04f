"""What all networks share: depth and scaling for a picture's size, and first weights."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


def halvings(size: int, smallest: int) -> int:
    """How often `size` can be halved without going below `smallest`.

    Raises:
        ValueError: an odd side comes up before that.
    """
    count = 0
    while size // 2 >= smallest:
        if size % 2:
            raise ValueError(f"a side of {size} cannot be halved")
        size //= 2
        count += 1
    return count


def resized(planes: Tensor, size: int) -> Tensor:
    """Planes [B, K, s, s] scaled bilinearly to [B, K, size, size]; untouched where s = size."""
    if planes.shape[-1] == size:
        return planes
    return F.interpolate(planes, (size, size), mode="bilinear", align_corners=False)


def start(net: nn.Module) -> None:
    """Weights from N(0, 0.02) as in DCGAN (Radford 2015), biases 0, BatchNorm gains near 1."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0.0, 0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
            nn.init.zeros_(module.bias)
