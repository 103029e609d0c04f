"""How often a picture is halved, and the weights that all networks start from."""

from __future__ import annotations

from torch import nn


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
