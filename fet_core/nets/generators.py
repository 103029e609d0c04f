"""Generators that paint a whole picture: Ω (Table 1), pix2pix, CGAN and G2-GAN.

pix2pix is as published (Isola 2017). CGAN in our reading is pix2pix's networks with an
expression's label for a condition. G2-GAN (Song 2018) removes and synthesises expressions.
`docs/baselines.md` says what is ours."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fet_core.nets.blocks import UNet, start


class Transfer(UNet):
    """I_gen = Ω(J_gen, P_t), Eq. 2: pix2pix's U-net without its dropout.

    At 256×256: seven layers down to 2×2, the bottleneck, seven layers up of which the last is the
    output (ReLU, transposed convolution, tanh). At other sizes as many as lead down to 2×2, or 3×3
    for sides of 3·2^k. Skip connections join each layer down to the layer up of the same side.

    Table 1 gives the bottleneck's output as 2×2 with 512 channels and the text its parts as
    "LeakyReLU, ReLU, Convolution, and Batch Normalization"; the innermost block of pix2pix
    (LeakyReLU, convolution to 1×1, ReLU, transposed convolution back, BatchNorm) is the reading in
    which both activations have a convolution to stand before.

    The first layer is the convolution alone, as in pix2pix: it sees the picture itself, whose dark
    half an activation would squash, and whose light and contrast a BatchNorm would take away
    before the skip connection brings them to the output. (With one there, Ω was worse than pix2pix
    on the demo faces after 2 epochs by 0.04 SSIM and 1.3 dB.) To the letter the paper has one there
    too: `first_norm` is for that.

    Args:
        size: side of the picture in pixels.
        channels: 1 (grey) or 3 (colour).
        width: channels of the first layer, 64 in the paper; at most eight times as many follow.
        first_norm: whether BatchNorm follows the first convolution too.
    """

    def __init__(self, size: int, channels: int, width: int, first_norm: bool = False) -> None:
        super().__init__(size, channels, 1, width, 0.0, first_norm)


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
    # Not `one_hot`, which waits for the GPU to ask whether all numbers are in range.
    named = labels[:, None] == torch.arange(LABELS, device=labels.device)
    return named.float().mul(2).sub(1)[:, :, None, None]


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
