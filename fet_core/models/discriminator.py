"""The patch discriminator of Table 2 with spectral normalisation (Miyato 2018)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from fet_core.models.sizes import start


class PatchDiscriminator(nn.Module):
    """A logit for every patch; 30×30 of them at 256×256.

    Layer by layer as Table 2 and its text: convolution and LeakyReLU(0.2); twice convolution,
    spectral normalisation and ReLU, each halving the side; convolution of stride 1, spectral
    normalisation and LeakyReLU; a convolution of stride 1 to one channel. The sigmoid that the
    paper puts last is part of the loss (`fet_core.training.losses`), where it cannot overflow.

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
