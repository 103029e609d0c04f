"""Training Φ in space on known faces, on photographs of people, and on both mixed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fet_core.face3d.fusion import FORMAT
from fet_core.face3d.model import FaceModel
from fet_core.files import atomic_path
from fet_core.geometry.landmarks import MIRROR, POINTS
from fet_core.progress import bar

RANK, WIDTH, DROPOUT = 60, 256, 0.1
SHARES = {"known": 0.3, "people": 0.4, "mixed": 0.3}
"""Of a batch: renders of known faces; photographs; photographed people with face units on top."""

_BATCH = 256
_NOISE = 0.005  # of a point of what is mixed, in eye distances
_OTHERS = 0.25  # random identity on top of a photographed person, in standard deviations
_SAME = 0.15  # share of mixed pairs in which source and target are one person
_AMPLITUDE = 0.1  # weight of the loss on how far the points go
_READING = 0.02  # error of a reading, for the linear part that training begins with
_LESS = 0.6  # of the units' reach beside the photographs', there
_AT_REST, _DEGREES = 0.1, 0.2
"""Shares of photographed pairs: nobody does anything; both do, more or less."""

_STRENGTHS, _NOT_AT_ALL = (0.3, 1.3), (0.2, 0.4)
"""How strongly, of that; and how often the source does nothing there, and the target."""


@dataclass(frozen=True)
class Known:
    """Readings of rendered faces.

    Attributes:
        shapes: [N, 68, 2] frontal shapes as they were read.
        motion: [N, 68, 2] how their units move the points, seen from the front, in dm.
        eyes: [N] eye distance of their person in dm.
    """

    shapes: NDArray[np.float64]
    motion: NDArray[np.float64]
    eyes: NDArray[np.float64]


@dataclass(frozen=True)
class People:
    """Photographs of M people: frontal shapes [M, 68, 2] of each at rest and with an expression."""

    rest: NDArray[np.float64]
    moved: NDArray[np.float64]


class SpaceNet(nn.Module):
    """The network of `fet_core.face3d.fusion`, which computes it without torch."""

    mean: Tensor
    basis: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(2 * POINTS))
        self.register_buffer("basis", torch.zeros(2 * POINTS, RANK))
        self.linear = nn.Linear(2 * POINTS, 2 * POINTS, bias=False)

        def encoder() -> nn.Sequential:
            return nn.Sequential(nn.Linear(RANK, WIDTH), nn.LeakyReLU(0.2), nn.Dropout(DROPOUT))

        self.source, self.target = encoder(), encoder()
        self.decode = nn.Sequential(
            nn.Linear(2 * WIDTH, WIDTH),
            nn.LeakyReLU(0.2),
            nn.Dropout(DROPOUT),
            nn.Linear(WIDTH, 2 * POINTS),
        )

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """The deviation [B, 68, 2] of frontal shapes [B, 68, 2]."""
        own, other = (shapes.flatten(1) - self.mean for shapes in (target, source))
        code = [self.source(other @ self.basis), self.target(own @ self.basis)]
        moved = self.linear(other - own) + self.decode(torch.cat(code, dim=1))
        return moved.reshape(-1, POINTS, 2)


def mirror(shapes: Tensor) -> Tensor:
    """Frontal shapes [B, 68, 2] seen in a mirror."""
    return shapes[:, list(MIRROR)] * shapes.new_tensor([-1.0, 1.0])


class Batches:
    """Draws (source, target, deviation) of all three kinds; a function of the seed alone.

    Args:
        known: see there.
        people: see there.
        model: of the same 68 points.
        units: [K, U] strengths of random faces.
        seed: of all draws.
    """

    def __init__(
        self, known: Known, people: People, model: FaceModel, units: NDArray[np.float64], seed: int
    ) -> None:
        self._g = torch.Generator().manual_seed(seed)
        self._shapes, self._motion = _tensor(known.shapes), _tensor(known.motion)
        self._eyes = _tensor(known.eyes)[:, None, None]
        self.rest, self.moved = _tensor(people.rest), _tensor(people.moved)
        self._identity = _tensor(model.identity[..., :2])
        self._basis, self._units = _tensor(model.units[..., :2]), _tensor(units)

    def __call__(self, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """`count` triples, half of them mirrored."""
        kinds: dict[str, Callable[[int], tuple[Tensor, Tensor, Tensor]]] = {
            "known": self._known,
            "people": self.people,
            "mixed": self.mixed,
        }
        parts = [kinds[name](int(count * share)) for name, share in SHARES.items()]
        whole = [torch.cat([part[i] for part in parts]) for i in range(3)]
        turned = self._uniform(len(whole[0]), 1, 1) > 0.5
        source, target, moved = (torch.where(turned, mirror(one), one) for one in whole)
        return source, target, moved

    def _known(self, count: int) -> tuple[Tensor, Tensor, Tensor]:
        i, j = self._index(len(self._shapes), count), self._index(len(self._shapes), count)
        moved = (self._motion[i] - self._motion[j]) / self._eyes[j]
        return self._shapes[i], self._shapes[j], moved

    def people(self, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """Somebody's expression and somebody at rest, or the reverse, or any strengths of both."""
        i, j = self._index(len(self.rest), count), self._index(len(self.rest), count)
        theirs, own = self.look_alikes(i), self.look_alikes(j)
        theirs_moved, own_moved = self._expressions(i), self._expressions(j)
        kind, to = self._uniform(count, 1, 1), (self._uniform(count, 1, 1) > 0.5).float()
        far = torch.stack([to, 1 - to])
        low, high = _STRENGTHS
        some = low + (high - low) * self._uniform(2, count, 1, 1)
        zero = self._uniform(count, 1, 1)
        some[0] *= zero > _NOT_AT_ALL[0]
        some[1] *= zero < 1 - _NOT_AT_ALL[1]
        far = torch.where(kind < _DEGREES, some, far) * (kind < 1 - _AT_REST)
        source, target = theirs + far[0] * theirs_moved, own + far[1] * own_moved
        return source, target, (far[0] - far[1]) * own_moved

    def look_alikes(self, which: Tensor) -> Tensor:
        """Shapes [B, 68, 2] at rest of people between photographed ones and a mix of all.

        As different from each other as the photographed ones: too few for a network not to learn
        by heart whose mouth is wide and who smiles.
        """
        mean = self.rest.mean(dim=0)
        apart = (self.rest - mean).flatten(1)
        mix = self._normal(len(which), len(apart)) @ apart / len(apart) ** 0.5
        turn = torch.pi / 2 * self._uniform(len(which), 1)
        like = torch.cos(turn) * apart[which] + torch.sin(turn) * mix
        return mean + like.reshape(-1, POINTS, 2)

    def _expressions(self, which: Tensor) -> Tensor:
        """Deviations [B, 68, 2] between that of a photographed person and another one's."""
        moved = self.moved - self.rest
        other = self._index(len(moved), len(which))
        return torch.lerp(moved[which], moved[other], self._uniform(len(which), 1, 1))

    def mixed(self, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """People like the photographed ones at rest, varied, with the units of random faces."""
        same = self._uniform(count) < _SAME
        i = self._index(len(self.rest), count)
        j = torch.where(same, i, self._index(len(self.rest), count))
        theirs, own = self.look_alikes(i), self.look_alikes(j)
        own = torch.where(same[:, None, None], theirs, own)
        same = same[:, None]
        one, other = (self._normal(count, len(self._identity)) * _OTHERS for _ in range(2))
        other = torch.where(same, one, other)
        acts, acted = (self._units[self._index(len(self._units), count)] for _ in range(2))
        acts = acts * (self._uniform(count, 1) > 0.15)
        acted = acted * (self._uniform(count, 1) > 0.5)
        far = torch.where(same, torch.ones(count, 1), 0.8 + 0.4 * self._uniform(count, 1))
        source = theirs + _sum(one, self._identity) + _sum(acts * far, self._basis)
        target = own + _sum(other, self._identity) + _sum(acted, self._basis)
        noise = [_NOISE * self._normal(count, POINTS, 2) for _ in range(2)]
        return source + noise[0], target + noise[1], _sum(acts - acted, self._basis)

    def started(self) -> SpaceNet:
        """A network whose linear part is Wiener's for these data, and whose rest says nothing."""
        net = SpaceNet()
        everyone = torch.cat([self.rest, self.moved, self._shapes, self.mixed(1000)[0]]).flatten(1)
        net.mean.copy_(self.rest.flatten(1).mean(dim=0))
        _, spread, directions = torch.linalg.svd(everyone - net.mean, full_matrices=False)
        net.basis.copy_(directions[:RANK].T / (spread[:RANK] / len(everyone) ** 0.5))
        photographed = (self.moved - self.rest).flatten(1)
        rendered = _LESS * _sum(self._units[:1000], self._basis).flatten(1)
        reach = torch.cat([photographed.repeat(8, 1), rendered])
        who = self.rest.flatten(1) - self.rest.flatten(1).mean(dim=0)
        acts, people = (rows.T @ rows / len(rows) for rows in (reach, who))
        whole = acts + people + _READING**2 * torch.eye(2 * POINTS)
        last = net.decode[-1]
        with torch.no_grad():
            net.linear.weight.copy_(acts @ torch.linalg.inv(whole))
            for value in last.parameters():
                value.mul_(0.01)
        return net

    def _index(self, below: int, count: int) -> Tensor:
        return torch.randint(below, (count,), generator=self._g)

    def _uniform(self, *shape: int) -> Tensor:
        return torch.rand(*shape, generator=self._g)

    def _normal(self, *shape: int) -> Tensor:
        return torch.randn(*shape, generator=self._g)


def train(batches: Batches, steps: int, seed: int) -> SpaceNet:
    """Train with AdamW, its rate falling along a cosine; in eval mode at the end."""
    torch.manual_seed(seed)
    net = batches.started()
    optimizer = torch.optim.AdamW(net.parameters(), 1e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    with bar("Φ in space", steps, unit="steps") as advance:
        for _ in range(steps):
            source, target, moved = batches(_BATCH)
            loss = deviation_loss(net(source, target), moved)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            advance()
    return net.eval()


def deviation_loss(found: Tensor, wanted: Tensor) -> Tensor:
    """How far points [B, 68, 2] are off, and how much less far than wanted a face goes."""
    off = (found - wanted).square().sum(dim=2).mean(dim=1).add(1e-6).sqrt().mean()
    length = wanted.flatten(1).norm(dim=1) + 0.1
    along = (found * wanted).flatten(1).sum(dim=1) / length
    return off + _AMPLITUDE * (length - along).abs().mean() / POINTS**0.5 / 2**0.5


def write_fusion(path: Path, net: SpaceNet) -> None:
    """Write the weights for `fet_core.face3d.fusion.load_fusion`, in half precision."""
    from safetensors.torch import save

    state = {name: value.half().contiguous() for name, value in net.state_dict().items()}
    with atomic_path(path) as temporary:
        temporary.write_bytes(save(state, {"format": FORMAT}))


def _tensor(value: NDArray[np.float64]) -> Tensor:
    return torch.from_numpy(np.asarray(value, dtype=np.float32))


def _sum(coefficients: Tensor, basis: Tensor) -> Tensor:
    return torch.tensordot(coefficients, basis, 1)
