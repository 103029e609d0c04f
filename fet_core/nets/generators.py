"""Generators that paint a whole picture: Ω (Table 1), pix2pix, CGAN and G2-GAN.

pix2pix is as published (Isola 2017). CGAN in our reading is pix2pix's networks with an
expression's label for a condition. G2-GAN (Song 2018) removes and synthesises expressions.
`docs/baselines.md` says what is ours."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fet_core.nets.blocks import UNet, halvings, resized, start


class Down(nn.Sequential):
    """LeakyReLU, convolution 4×4 of stride 2, BatchNorm; halves the side.

    The first layer is the convolution alone, as in pix2pix: it sees the picture itself, whose dark
    half an activation would squash, and whose light and contrast a BatchNorm would take away
    before the skip connection brings them to the output. (With one there, Ω was worse than pix2pix
    on the demo faces after 2 epochs by 0.04 SSIM and 1.3 dB.) To the letter the paper has one there
    too: `norm` is for that.
    """

    def __init__(self, channels: int, width: int, first: bool, norm: bool = False) -> None:
        convolution = nn.Conv2d(channels, width, 4, 2, 1, bias=False)
        if first:
            super().__init__(convolution, *([nn.BatchNorm2d(width)] if norm else []))
        else:
            super().__init__(nn.LeakyReLU(0.2), convolution, nn.BatchNorm2d(width))


class Up(nn.Sequential):
    """ReLU, transposed convolution 4×4 of stride 2, BatchNorm; doubles the side."""

    def __init__(self, channels: int, width: int) -> None:
        transposed = nn.ConvTranspose2d(channels, width, 4, 2, 1, bias=False)
        super().__init__(nn.ReLU(), transposed, nn.BatchNorm2d(width))


class Bottleneck(nn.Sequential):
    """LeakyReLU, convolution to 1×1, ReLU, transposed convolution back, BatchNorm.

    Table 1 gives the bottleneck's output as 2×2 with 512 channels and the text its parts as
    "LeakyReLU, ReLU, Convolution, and Batch Normalization"; this is the reading in which both
    activations have a convolution to stand before, and the innermost block of pix2pix.
    """

    def __init__(self, width: int, side: int) -> None:
        super().__init__(
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, width, 4, 2, 1, bias=False),
            nn.ReLU(),
            nn.ConvTranspose2d(width, width, 4, 2, 1, output_padding=side % 2, bias=False),
            nn.BatchNorm2d(width),
        )


class Transfer(nn.Module):
    """I_gen = Ω(J_gen, P_t), Eq. 2.

    At 256×256: seven layers down to 2×2, the bottleneck, seven layers up of which the last is the
    output (ReLU, transposed convolution, tanh). At other sizes as many as lead down to 2×2, or 3×3
    for sides of 3·2^k. Skip connections join each layer down to the layer up of the same side.

    Args:
        size: side of the picture in pixels.
        channels: 1 (grey) or 3 (colour).
        width: channels of the first layer, 64 in the paper; at most eight times as many follow.
        first_norm: whether BatchNorm follows the first convolution too, as the paper says.
    """

    def __init__(self, size: int, channels: int, width: int, first_norm: bool = False) -> None:
        super().__init__()
        self.size = size
        self.channels = channels
        depth = halvings(size, 2)
        widths = [width * min(2**level, 8) for level in range(depth)]
        inputs = [channels + 1, *widths[:-1]]
        self.down = nn.ModuleList(
            Down(a, b, first=level == 0, norm=first_norm)
            for level, (a, b) in enumerate(zip(inputs, widths, strict=True))
        )
        self.bottleneck = Bottleneck(widths[-1], size >> depth)
        self.up = nn.ModuleList(
            Up(2 * widths[level], widths[level - 1]) for level in range(depth - 1, 0, -1)
        )
        self.output = nn.Sequential(
            nn.ReLU(), nn.ConvTranspose2d(2 * widths[0], channels, 4, 2, 1), nn.Tanh()
        )
        start(self)

    def forward(self, landmarks: Tensor, target: Tensor) -> Tensor:
        """The picture of the target with the expression of the landmarks.

        Args:
            landmarks: J_gen, [B, 1, s, s], about -1 to 1; scaled bilinearly to the picture's size
                where Φ works at another.
            target: P_t, [B, C, size, size], -1 to 1.

        Returns:
            [B, C, size, size], -1 to 1.
        """
        spots = resized(landmarks, self.size).to(target.dtype)
        value = torch.cat([target, spots], dim=1)
        skips: list[Tensor] = []
        for layer in self.down:
            value = layer(value)
            skips.append(value)
        value = self.bottleneck(value)
        for layer in self.up:
            value = layer(torch.cat([value, skips.pop()], dim=1))
        return self.output(torch.cat([value, skips.pop()], dim=1))


class Pix2pix(UNet):
    """pix2pix with the target photo and one landmark image as its input."""

    def __init__(self, size: int, channels: int, width: int) -> None:
        super().__init__(size, channels, 1, width)


LABELS = 8
"""Expressions that a label can name: the vocabulary of `fet_core.tables`."""


class Cgan(UNet):
    """The U-net of pix2pix with the target photo and eight label planes as its input.

    Mirza 2014 gives the label to both networks as a one-hot vector; a plane that is 1 for the
    wanted expression and -1 for each other one is the same for convolutions.
    """

    def __init__(self, size: int, channels: int, width: int) -> None:
        super().__init__(size, channels, LABELS, width)


def label_planes(labels: Tensor) -> Tensor:
    """Label planes [B, 8, 1, 1], 1 or -1, of expression numbers [B] int64."""
    return F.one_hot(labels, LABELS).float().mul(2).sub(1)[:, :, None, None]


class G2gan(nn.Module):
    """Two generators for opposite tasks, which meet in the neutral face.

    The publication fixes: expression removal and expression synthesis as a pair of adversarial
    networks trained together; heat maps of fiducial points as the condition; the way of a
    transfer through the person's neutral face. We found no code of it; here both generators are
    pix2pix's U-net.

    Args:
        size: side of the picture in pixels.
        channels: 1 (grey) or 3 (colour).
        width: channels of the first layer of each generator.
    """

    def __init__(self, size: int, channels: int, width: int) -> None:
        super().__init__()
        self.size = size
        self.channels = channels
        self.removal = UNet(size, channels, 1, width)
        self.synthesis = UNet(size, channels, 1, width)


class Likeness(nn.Module):
    """A small embedding of faces with a classifier of the training people on top.

    The publication takes a pretrained Light CNN for its identity term; weights that can be used
    here without a download do not exist, so this is trained beside the generators on the real
    pictures of the training people.

    Args:
        channels: of the pictures.
        people: number of people; those of the test side are never shown to it.
        width: channels of the first layer; the embedding has eight times as many numbers.
    """

    def __init__(self, channels: int, people: int, width: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = channels
        for outputs in (width, 2 * width, 4 * width, 8 * width):
            layers += [
                nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False),
                nn.BatchNorm2d(outputs),
                nn.LeakyReLU(0.2),
            ]
            inputs = outputs
        self.features = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.people = nn.Linear(inputs, people)
        start(self)

    def embed(self, picture: Tensor) -> Tensor:
        """Embeddings [B, 8·width] of unit length of pictures [B, C, S, S], -1 to 1."""
        return F.normalize(self.features(picture))

    def forward(self, picture: Tensor) -> Tensor:
        """Logits [B, people] of pictures [B, C, S, S], -1 to 1."""
        return self.people(self.features(picture))
