"""The paper's Ω where points come in: the U-net that paints a face anew, in the place of Ω+."""

from __future__ import annotations

from torch import Tensor, nn

from fet_core.faces.heatmap import draw
from fet_core.models.motion import Motion
from fet_core.models.transfer import Transfer
from fet_core.models.warping import FIELD, Made, Warping

SPOT = 0.0156
"""σ of a landmark's spot for the paper's Ω, as a share of the side."""


class Painting(nn.Module):
    """Ω with the calls of `fet_core.models.warping.Warping`; nothing is moved, all is painted.

    Args:
        size: side of the pictures.
        channels: 1 or 3.
        width: of Ω's first layer.
        sigma: of a landmark's spot as a share of the side.
    """

    def __init__(self, size: int, channels: int, width: int, sigma: float) -> None:
        super().__init__()
        self.size = size
        self.channels = channels
        self.motion = Motion(FIELD)
        self.net = Transfer(size, channels, width)
        self._sigma = sigma

    def forward(
        self, photo: Tensor, points: Tensor, wanted: Tensor, field: Tensor | None = None
    ) -> Made:
        """As `Warping.forward`; only the photo and the wanted points are used."""
        size = photo.shape[-1]
        picture = self.net(draw(wanted, size, self._sigma * size), photo)
        return Made(picture, photo, photo.new_ones(len(photo), 1, size, size))


Generator = Warping | Painting
"""What may paint in FET+."""
