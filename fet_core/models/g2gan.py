"""G2-GAN (Song 2018): expression removal and synthesis; `docs/baselines.md` says what is ours."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from fet_core.models.pix2pix import UNet
from fet_core.models.sizes import start


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
