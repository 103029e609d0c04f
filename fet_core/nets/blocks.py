"""What networks are built of: sizes, first weights, U-net and patch discriminators.

The U-net and PatchGAN are pix2pix's as published (Isola 2017); the patch discriminator of Table 2
has spectral normalisation (Miyato 2018)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from fet_core.geometry.raster import resized


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
    if any(weight.is_meta for weight in net.parameters()):
        return  # There is nothing to fill, and torch loads its whole compiler to do so.
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0.0, 0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
            nn.init.zeros_(module.bias)


class PatchDiscriminator(nn.Module):
    """A logit for every patch; 30×30 of them at 256×256.

    Layer by layer as Table 2 and its text: convolution and LeakyReLU(0.2); twice convolution,
    spectral normalisation and ReLU, each halving the side; convolution of stride 1, spectral
    normalisation and LeakyReLU; a convolution of stride 1 to one channel. The sigmoid that the
    paper puts last is part of the loss (`fet_core.train.losses`), where it cannot overflow.

    Args:
        channels: of the input: 1 for D_J, twice the picture's for D_I (condition and picture).
        width: channels of the first layer, 64 in the paper.
        norm: "spectral" as in the paper, or "batch" for what it replaces.
    """

    def __init__(self, channels: int, width: int, norm: str = "spectral") -> None:
        super().__init__()

        def normed(inputs: int, outputs: int, stride: int) -> list[nn.Module]:
            if norm == "batch":
                plain = nn.Conv2d(inputs, outputs, 4, stride, 1, bias=False)
                return [plain, nn.BatchNorm2d(outputs)]
            return [nn.Conv2d(inputs, outputs, 4, stride, 1)]

        self.layers = nn.Sequential(
            nn.Conv2d(channels, width, 4, 2, 1),
            nn.LeakyReLU(0.2),
            *normed(width, 2 * width, 2),
            nn.ReLU(),
            *normed(2 * width, 4 * width, 2),
            nn.ReLU(),
            *normed(4 * width, 8 * width, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(8 * width, 1, 4, 1, 1),
        )
        start(self)
        if norm == "spectral":
            for index in (2, 4, 6):
                spectral_norm(self.layers[index])

    def forward(self, picture: Tensor) -> Tensor:
        """Logits [B, 1, h, w] of a batch [B, channels, S, S]; h = S / 8 - 2."""
        return self.layers(picture)


class UNet(nn.Module):
    """The published U-net, halved down to 1×1, for a picture and condition planes.

    At 256×256 with 3 channels in and out and width 64 it is U-net-256 with its 54,413,955
    weights: eight layers down and up; LeakyReLU(0.2) before and BatchNorm after each convolution,
    without BatchNorm after the first and the innermost and without activation before the first;
    dropout of one half after those layers up that have the largest number of channels on both
    sides, but for the innermost. At other sizes as many layers as lead down to 1×1.

    Args:
        size: side of the picture in pixels.
        channels: of the picture, 1 or 3.
        conditions: planes that are concatenated with the picture, 0 for none.
        width: channels of the first layer, 64 as published; at most eight times as many follow.
        dropout: share of numbers left out after those layers, one half as published; 0 for none.
        first_norm: whether BatchNorm follows the first convolution too.
    """

    def __init__(
        self,
        size: int,
        channels: int,
        conditions: int,
        width: int,
        dropout: float = 0.5,
        first_norm: bool = False,
    ) -> None:
        super().__init__()
        self.size = size
        self.channels = channels
        depth = halvings(size, 2) + 1
        widths = [width * min(2**level, 8) for level in range(depth)]
        last = depth - 1
        self.down = nn.ModuleList()
        for level, (inputs, outputs) in enumerate(
            zip([channels + conditions, *widths[:-1]], widths, strict=True)
        ):
            layers: list[nn.Module] = [nn.LeakyReLU(0.2)] if level else []
            layers.append(nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False))
            if 0 < level < last or (first_norm and level == 0):
                layers.append(nn.BatchNorm2d(outputs))
            self.down.append(nn.Sequential(*layers))
        self.up = nn.ModuleList()
        for level in range(last, 0, -1):
            inputs, outputs = widths[level], widths[level - 1]
            # A side of 3 is halved to 1, and comes back only with a row and a column more.
            odd = (size >> (level)) % 2
            layers = [
                nn.ReLU(),
                nn.ConvTranspose2d(
                    inputs if level == last else 2 * inputs,
                    outputs,
                    4,
                    2,
                    1,
                    output_padding=odd if level == last else 0,
                    bias=False,
                ),
                nn.BatchNorm2d(outputs),
            ]
            if dropout and level != last and inputs == outputs == 8 * width:
                layers.append(nn.Dropout(dropout))
            self.up.append(nn.Sequential(*layers))
        self.output = nn.Sequential(
            nn.ReLU(), nn.ConvTranspose2d(2 * widths[0], channels, 4, 2, 1), nn.Tanh()
        )
        start(self)

    def forward(self, condition: Tensor, target: Tensor) -> Tensor:
        """A picture from the target photo and a condition.

        Args:
            condition: [B, conditions, s, s], -1 to 1; scaled bilinearly to the picture's size.
            target: [B, C, size, size], -1 to 1.

        Returns:
            [B, C, size, size], -1 to 1.
        """
        planes = resized(condition, self.size).to(target.dtype)
        value = torch.cat([target, planes], dim=1)
        skips: list[Tensor] = []
        for layer in self.down:
            value = layer(value)
            skips.append(value)
        value = skips.pop()
        for layer in self.up:
            value = torch.cat([layer(value), skips.pop()], dim=1)
        return self.output(value)


class PatchGAN(nn.Module):
    """The published 70×70 PatchGAN: a logit for every patch, 30×30 of them at 256×256.

    On 6 channels with width 64 it has 2,768,705 weights.

    Args:
        channels: of the input: condition and picture together.
        width: channels of the first layer, 64 as published.
    """

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(channels, width, 4, 2, 1), nn.LeakyReLU(0.2)]
        for inputs, outputs, stride in ((1, 2, 2), (2, 4, 2), (4, 8, 1)):
            layers += [
                nn.Conv2d(inputs * width, outputs * width, 4, stride, 1, bias=False),
                nn.BatchNorm2d(outputs * width),
                nn.LeakyReLU(0.2),
            ]
        self.layers = nn.Sequential(*layers, nn.Conv2d(8 * width, 1, 4, 1, 1))
        start(self)

    def forward(self, picture: Tensor) -> Tensor:
        """Logits [B, 1, h, w] of a batch [B, channels, S, S]; h = S / 8 - 2."""
        return self.layers(picture)
