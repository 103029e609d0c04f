"""Φ, the landmark fusion module: two encoders and one decoder over landmark images (Fig. 2)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from fet_core.models.files import load
from fet_core.models.sizes import halvings, start


def _encoder(widths: list[int]) -> nn.Sequential:
    layers: list[nn.Module] = []
    channels = 1
    for index, width in enumerate(widths):
        if index:
            layers.append(nn.LeakyReLU(0.2))
        layers.append(nn.Conv2d(channels, width, 4, 2, 1, bias=False))
        layers.append(nn.BatchNorm2d(width))
        channels = width
    layers.append(nn.LeakyReLU(0.2))
    return nn.Sequential(*layers)


def _decoder(channels: int, widths: list[int]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for width in widths:
        layers += [
            nn.ConvTranspose2d(channels, width, 4, 2, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
        ]
        channels = width
    layers.append(nn.ConvTranspose2d(channels, 1, 4, 2, 1))
    return nn.Sequential(*layers)


class Fusion(nn.Module):
    """The deviation that carries an expression from one face's landmarks to another's.

    The paper gives no layer sizes for Φ; here each encoder halves the landmark image down to
    `bottleneck` (half as much again for sides of 3·2^k), its channels doubling from `width` to
    8·`width` at most, and the decoder mirrors one encoder.

    Args:
        size: side of the landmark image in pixels.
        width: channels of the first layer.
        bottleneck: side of the code, at most half of `size`.
    """

    def __init__(self, size: int, width: int, bottleneck: int = 4) -> None:
        super().__init__()
        self.size = size
        depth = halvings(size, bottleneck)
        widths = [width * min(2**level, 8) for level in range(depth)]
        self.encode_source = _encoder(widths)
        self.encode_target = _encoder(widths)
        self.decode = _decoder(2 * widths[-1], widths[-2::-1])
        start(self)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """The deviation Φ(L_s, L_t).

        Args:
            source: [B, 1, size, size], landmark images from -1 to 1.
            target: the same.

        Returns:
            [B, 1, size, size], unbounded; 0 leaves the target as it is.
        """
        code = torch.cat([self.encode_source(source), self.encode_target(target)], dim=1)
        return self.decode(code)

    def fuse(self, source: Tensor, target: Tensor) -> Tensor:
        """J_gen = L_t + Φ(L_s, L_t), Eq. 1; [B, 1, size, size]."""
        return target + self(source, target)


def load_fusion(path: Path, device: torch.device) -> tuple[Fusion, dict[str, Any]]:
    """Φ in eval mode on the device, and its note, in which "sigma" is the spots' relative size.

    Raises:
        UserError: as `fet_core.models.files.load`.
    """
    net, note = load(path, "fusion", Fusion, ("sigma",))
    return net.to(device), note
