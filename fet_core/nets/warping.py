"""Ω+, the expression transfer module that moves the target's own pixels; painting Ω beside."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fet_core.geometry.align import soft_mask
from fet_core.geometry.landmarks import INNER_LIPS, POINTS
from fet_core.geometry.raster import REGIONS, draw, regions, resized, sample, spline_field
from fet_core.nets.blocks import halvings
from fet_core.nets.generators import Transfer


class Motion(nn.Module):
    """The field that 68 moving points pull along: a spline plus a linear map of their motion.

    A spline knows nothing of heads: where no landmark is (hair, ears, neck) it fades out towards
    the picture's border, while a head that nods takes its hair along. What is missing is, to first
    order, linear in the motion of the points, and one matrix of it is learned from the optical flow
    of training pairs (`fet_core.train.augmentation`). Until then the map is zero.

    Args:
        side: of the field.
    """

    weight: Tensor

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side = side
        self.register_buffer("weight", torch.zeros(2 * POINTS, 2 * side * side))

    def forward(self, points: Tensor, wanted: Tensor, size: int) -> Tensor:
        """The field [B, 2, side, side] as `spline_field` gives it; 0 where no point moves.

        Args:
            points: [B, 68, 2] pixels in the picture.
            wanted: [B, 68, 2] pixels in the result.
            size: side of the picture.
        """
        rest = ((wanted - points) / size).flatten(1).float() @ self.weight
        return spline_field(points, wanted, size, self.side) + rest.reshape(
            -1, 2, self.side, self.side
        )


FIELD = 32
"""Side of the field of motion that comes from the landmarks."""

_STILL = 0.1  # share of the aligned side over which motion fades out towards the border


def faded(field: Tensor) -> Tensor:
    """A field [B, 2, s, s] whose motion fades out towards the border.

    With motion there, hair and ears would show twice where the face is blended with the photograph
    that has not moved.
    """
    axis = np.arange(field.shape[-1], dtype=np.float64)
    still = soft_mask(axis[None, :], axis[:, None], len(axis), _STILL)
    return field * torch.from_numpy(still).to(field)


_SHUFFLE = 4
_FURTHEST = 0.2
_CLOSED = -3.0
_OPEN = 5.0
_FLOWS = 3


class Output(NamedTuple):
    """A picture [B, C, S, S], the photo moved alone, and how much was painted [B, 1, S, S]."""

    picture: Tensor
    moved: Tensor
    mask: Tensor


def _down(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.LeakyReLU(0.2),
        nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False),
        nn.GroupNorm(8, outputs),
    )


def _up(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.LeakyReLU(0.2),
        nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False),
        nn.GroupNorm(8, outputs),
    )


class Warping(nn.Module):
    """I_gen from P_t, its points L_t and the wanted points J_gen: move first, paint second.

    `Motion` takes the photo to J_gen. A U-net looks at the photo before and after, at the mouth and
    eyes of both sets of points and at the motion, and gives three corrections: a residual flow,
    summed over its three finest levels; a mask, which to begin with is open between the wanted lips
    and hardly anywhere else; and a colour layer for what no pixel of the target shows (teeth, a
    closed eye's lid). The result is the moved photo outside the mask.

    The U-net works on the picture at `working` pixels, folded 4×4 into channels, however large the
    picture is: flow, mask and colours are scaled up, the photo is moved at full size and keeps its
    finer detail where little is painted. GroupNorm (Wu 2018) makes a result independent of the
    other pictures of its batch, in training too.

    Args:
        channels: of the pictures, 1 or 3.
        width: of the first layer, a multiple of 8; at most eight times as many follow.
        working: side in pixels at which the U-net works.
    """

    def __init__(self, channels: int, width: int, working: int) -> None:
        super().__init__()
        self.channels = channels
        self.working = working
        self.motion = Motion(FIELD)
        depth = halvings(working // _SHUFFLE, 2)
        widths = [width * min(2**level, 8) for level in range(depth + 1)]
        folded = channels * _SHUFFLE**2
        self.stem = nn.Conv2d(2 * folded + 2 * len(REGIONS) + 2, width, 3, 1, 1)
        self.down = nn.ModuleList(_down(widths[level], widths[level + 1]) for level in range(depth))
        self.up = nn.ModuleList(
            _up(widths[level] * (1 if level == depth else 2), widths[level - 1])
            for level in range(depth, 0, -1)
        )
        self.flow = nn.ModuleList(
            nn.Conv2d(2 * widths[level], 2, 3, 1, 1) for level in range(min(_FLOWS, depth))[::-1]
        )
        last = nn.Conv2d(width, folded + _SHUFFLE**2, 3, 1, 1)
        self.paint = nn.Sequential(
            nn.Conv2d(2 * width + folded, width, 3, 1, 1), nn.LeakyReLU(0.2), last
        )
        for head in [*self.flow, last]:
            # At first the photo is moved as the landmarks say, and hardly painted on.
            for value in head.parameters():
                nn.init.zeros_(value)
        closed = torch.full((_SHUFFLE**2,), _CLOSED)
        last.bias = nn.Parameter(torch.cat([torch.zeros(folded), closed]))

    def forward(
        self,
        photo: Tensor,
        points: Tensor,
        wanted: Tensor,
        field: Tensor | None = None,
        small: Tensor | None = None,
    ) -> Output:
        """The photo with the expression of the wanted points.

        Args:
            photo: P_t, [B, C, S, S], -1 to 1.
            points: L_t, [B, 68, 2] pixels of it.
            wanted: J_gen, the same.
            field: what `motion` gives for them, where it is known already.
            small: the photo at `working` pixels, where it is known already.
        """
        size = photo.shape[-1]
        if field is None:
            field = self.motion(points, wanted, size)
        side = self.working // _SHUFFLE
        if small is None:
            small = _shrunk(photo, self.working)
        seen = [
            F.pixel_unshuffle(sample(small, field), _SHUFFLE),
            F.pixel_unshuffle(small, _SHUFFLE),
            regions(wanted, size, side),
            regions(points, size, side),
            10 * resized(field, side),
        ]
        value = self.stem(torch.cat(seen, dim=1))
        skips = []
        for layer in self.down:
            skips.append(value)
            value = layer(value)
        rest: Tensor | None = None
        heads = list(self.flow)
        for level, layer in enumerate(self.up):
            value = torch.cat([layer(value), skips.pop()], dim=1)
            head = level - len(self.up) + len(heads)
            if head >= 0:
                step = 0.1 * heads[head](F.leaky_relu(value, 0.2)).float()
                rest = step if rest is None else resized(rest, value.shape[-1]) + step
        assert rest is not None
        rest = _FURTHEST * torch.tanh(rest / _FURTHEST)
        total = resized(field, side) + rest
        again = sample(small, total)
        seen = [F.leaky_relu(value, 0.2), F.pixel_unshuffle(again, _SHUFFLE)]
        painted = self.paint(torch.cat(seen, dim=1)).float()
        folded = self.channels * _SHUFFLE**2
        colour = torch.tanh(F.pixel_shuffle(painted[:, :folded], _SHUFFLE))
        mouth = regions(wanted, size, self.working, (INNER_LIPS,))
        mask = torch.sigmoid(F.pixel_shuffle(painted[:, folded:], _SHUFFLE) + _OPEN * mouth)
        moved, painted = sample(photo, total), again + mask * (colour - again)
        mask = resized(mask, size)
        # What only the large photo shows stays where hardly anything is painted.
        detail = (moved - resized(again, size)) * (1 - mask.square())
        return Output(resized(painted, size) + detail, moved, mask)


def _shrunk(picture: Tensor, size: int) -> Tensor:
    """Scaled without aliasing; untouched where it has the size already."""
    if picture.shape[-1] == size:
        return picture
    return F.interpolate(
        picture, (size, size), mode="bilinear", align_corners=False, antialias=True
    )


SPOT = 0.0156
"""σ of a landmark's spot for the paper's Ω, as a share of the side."""


class Painting(nn.Module):
    """Ω with the calls of `fet_core.nets.warping.Warping`; nothing is moved, all is painted.

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
    ) -> Output:
        """As `Warping.forward`; only the photo and the wanted points are used."""
        size = photo.shape[-1]
        picture = self.net(draw(wanted, size, self._sigma * size), photo)
        return Output(picture, photo, photo.new_ones(len(photo), 1, size, size))


Generator = Warping | Painting
"""What may paint in FET+."""
