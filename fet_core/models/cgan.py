"""CGAN in our reading: pix2pix's networks with an expression's label for a condition."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from fet_core.models.pix2pix import UNet

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
