"""Φ and Φ+, the landmark fusion modules: over landmark images (Fig. 2), and over points."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from fet_core.geometry.landmarks import POINTS
from fet_core.geometry.raster import decode_peaks, draw, rescale
from fet_core.nets.blocks import halvings, start


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


class PeakFusion(nn.Module):
    """The paper's Φ where points are wanted: drawn, fused, decoded.

    Args:
        fusion: Φ.
        sigma: of a spot as a share of the landmark image's side, as Φ was trained with.
        size: side of the pictures whose points come in.
    """

    def __init__(self, fusion: Fusion, sigma: float, size: int) -> None:
        super().__init__()
        self.fusion = fusion
        self._sigma = sigma
        self._size = size

    def fuse(self, source: Tensor, target: Tensor, intensity: float = 1.0) -> Tensor:
        """J_gen [B, 68, 2] as `fet_core.nets.fusion.PointFusion.fuse` gives it."""
        side = self.fusion.size
        small = rescale(target, self._size, side)
        images = [
            draw(rescale(points, self._size, side), side, self._sigma * side)
            for points in (source, target)
        ]
        found = decode_peaks(self.fusion.fuse(*images), small)
        return target + intensity * (rescale(found, side, self._size) - target)


def similarity(points: Tensor, shape: Tensor) -> tuple[Tensor, Tensor]:
    """Points moved, turned and scaled onto a shape (least squares; Umeyama 1991, no mirroring).

    Args:
        points: [B, 68, 2] in any unit.
        shape: [68, 2] about its own middle.

    Returns:
        the points in the shape's place and size [B, 68, 2], and the turn and scale that brought
        them there as complex numbers [B, 1].
    """
    plane = torch.view_as_complex(points.float().contiguous())
    centred = plane - plane.mean(dim=1, keepdim=True)
    wanted = torch.view_as_complex(shape.contiguous())
    turn = (wanted * centred.conj()).sum(1, keepdim=True)
    turn = turn / centred.abs().square().sum(1, keepdim=True).clamp(min=1e-12)
    return torch.view_as_real(centred * turn), turn


class PointFusion(nn.Module):
    """The deviation that carries an expression from one face's points to another's (Eq. 1).

    The paper calls Φ's output a deviation vector; here it is one, of 68 points. Both faces are
    brought onto the mean face by a similarity, so that the place, size and tilt of a head tell
    nothing, and then onto a low-rank space of shapes; the deviation comes out of a low-rank space
    of movements. Both spaces are principal components of the training faces (`fit`).

    Args:
        rank: components of either space.
        width: of the hidden layers.
        code: length of either encoder's code.
        dropout: share of hidden numbers left out in training.
    """

    mean: Tensor
    shapes: Tensor
    moves: Tensor
    spread: Tensor
    reach: Tensor

    def __init__(self, rank: int, width: int, code: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(POINTS, 2))
        self.register_buffer("shapes", torch.zeros(2 * POINTS, rank))
        self.register_buffer("moves", torch.zeros(2 * POINTS, rank))
        self.register_buffer("spread", torch.ones(()))
        self.register_buffer("reach", torch.ones(()))

        def layers(inputs: int, outputs: int) -> nn.Sequential:
            return nn.Sequential(
                nn.Linear(inputs, width),
                nn.LeakyReLU(0.2),
                nn.Dropout(dropout),
                nn.Linear(width, outputs),
            )

        self.encode_source = layers(rank, code)
        self.encode_target = layers(rank, code)
        self.decode = layers(2 * code + rank, rank)
        for name, value in self.decode[-1].named_parameters():
            # At first no point moves, or hardly.
            nn.init.normal_(value, 0.0, 1e-3 if name == "weight" else 0.0)

    @torch.no_grad()
    def fit(self, faces: Tensor, targets: Tensor, truths: Tensor) -> None:
        """Take the mean face and both spaces from training faces.

        Args:
            faces: [N, 68, 2] in aligned pixels.
            targets: [M, 68, 2], and
            truths: [M, 68, 2], the same people with other expressions.

        Raises:
            ValueError: there are fewer faces or pairs than components.
        """
        rank = self.shapes.shape[1]
        if min(len(faces), len(targets)) <= rank:
            raise ValueError(f"{rank} components need more than {rank} faces and pairs")
        mean = faces.mean(dim=0)
        mean = mean - mean.mean(dim=0)
        self.mean.copy_(mean / mean.square().sum(dim=1).mean().sqrt())
        normed = similarity(faces, self.mean)[0].flatten(1)
        self.mean.copy_(normed.mean(dim=0).reshape(POINTS, 2))
        values, shapes = _components(normed - normed.mean(dim=0), rank)
        self.shapes.copy_(shapes)
        self.spread.copy_(values[0] / 3)
        turn = similarity(targets, self.mean)[1]
        moved = torch.view_as_complex((truths - targets).float().contiguous()) * turn
        values, moves = _components(torch.view_as_real(moved).flatten(1), rank)
        self.moves.copy_(moves)
        self.reach.copy_(values[0])

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """The deviation Φ(L_s, L_t), [B, 68, 2] in the target's unit.

        Args:
            source: [B, 68, 2], points of a face in any unit.
            target: the same; 0 as a result leaves it as it is.
        """
        seen, (own, turn) = self._shape(source)[0], self._shape(target)
        code = torch.cat([self.encode_source(seen), self.encode_target(own), own], dim=1)
        moved = (self.decode(code) * self.reach) @ self.moves.T
        moved = torch.view_as_complex(moved.reshape(-1, POINTS, 2).float().contiguous())
        return torch.view_as_real(moved / turn)

    def fuse(self, source: Tensor, target: Tensor, intensity: float = 1.0) -> Tensor:
        """J_gen = L_t + intensity · Φ(L_s, L_t), Eq. 1 at intensity 1; [B, 68, 2].

        Args:
            source: as `forward`.
            target: as `forward`.
            intensity: 0 keeps the target's expression, 1 takes the source's, more exaggerates it.
        """
        return target + intensity * self(source, target)

    def _shape(self, points: Tensor) -> tuple[Tensor, Tensor]:
        normed, turn = similarity(points, self.mean)
        return (normed - self.mean).flatten(1) @ self.shapes / self.spread, turn


def _components(rows: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """The spread [rank] along, and the directions [K, rank] of, the principal components.

    Each direction's largest entry is made positive, because its sign is the library's whim.
    """
    _, values, directions = torch.linalg.svd(rows.double(), full_matrices=False)
    kept = directions[:rank].T
    largest = kept.gather(0, kept.abs().argmax(dim=0, keepdim=True))
    return (values[:rank] / len(rows) ** 0.5).float(), (kept * largest.sign()).float()


class PointCritic(nn.Module):
    """D_J over points: one logit a face, with spectral normalisation as in Table 2.

    Args:
        width: of the two hidden layers.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(2 * POINTS, width),
            nn.LeakyReLU(0.2),
            spectral_norm(nn.Linear(width, width)),
            nn.LeakyReLU(0.2),
            nn.Linear(width, 1),
        )

    def forward(self, points: Tensor) -> Tensor:
        """Logits [B, 1] of points [B, 68, 2] about the picture's middle, in halves of its side."""
        return self.layers(points.flatten(1))
