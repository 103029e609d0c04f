"""Trainings by the usual recipe: files on disk, a DataLoader with two workers, `.item()` all over.

The networks are those of the project, so that what differs is the recipe around them: pictures are
opened with Pillow for each sample, landmark images drawn with NumPy, every loss is read at once.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

ROLES = ("source", "reference", "target", "truth")
Sample = dict[str, Any]
Losses = dict[str, float]


def to_tensor(picture: Image.Image) -> Tensor:
    """[C, S, S] float32, -1 to 1."""
    array = np.array(picture, dtype=np.float32) / 255.0
    array = array[:, :, None] if array.ndim == 2 else array
    return torch.from_numpy(array.transpose(2, 0, 1) * 2.0 - 1.0).contiguous()


def landmark_image(points: np.ndarray, size: int, sigma: float) -> np.ndarray:
    """[1, size, size] float32, -1 to 1: a Gaussian spot at each landmark."""
    ys, xs = np.mgrid[0:size, 0:size].astype(np.float32)
    canvas = np.zeros((size, size), np.float32)
    for x, y in points:
        canvas += np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / (2 * sigma**2))
    return (np.minimum(canvas, 1) * 2 - 1)[None]


class Triples(Dataset[Sample]):
    """The pictures, landmark images and points of training triples.

    Args:
        files: the picture of each face.
        points: [N, 68, 2] in its pixels.
        people: [N].
        rows: faces of each triple, by role [M].
        pictures: roles whose pictures are wanted.
        images: roles whose landmark images are wanted.
        size: side of the landmark images.
        sigma: of a spot as a share of it.
    """

    def __init__(
        self,
        files: list[Path],
        points: np.ndarray,
        people: np.ndarray,
        rows: Mapping[str, np.ndarray],
        pictures: tuple[str, ...],
        images: tuple[str, ...],
        size: int,
        sigma: float,
    ) -> None:
        self.files, self.points, self.people, self.rows = files, points, people, rows
        self.pictures, self.images, self.size, self.sigma = pictures, images, size, sigma
        with Image.open(files[0]) as first:
            self.side = first.width

    def __len__(self) -> int:
        return len(self.rows["truth"])

    def __getitem__(self, number: int) -> Sample:
        sample: Sample = {}
        for role in ROLES:
            face = int(self.rows[role][number])
            points = self.points[face]
            sample[f"points_{role}"] = torch.from_numpy(points)
            if role in self.pictures:
                sample[role] = to_tensor(Image.open(self.files[face]))
            if role in self.images:
                there = (points + 0.5) * (self.size / self.side) - 0.5
                drawn = landmark_image(there, self.size, self.sigma * self.size)
                sample[f"image_{role}"] = torch.from_numpy(drawn)
        sample["person"] = int(self.people[int(self.rows["truth"][number])])
        return sample


def batches(data: Triples, size: int, workers: int = 2) -> Generator[Sample, None, None]:
    """Batch after batch, epoch after epoch."""
    loader = DataLoader(data, size, shuffle=True, num_workers=workers, drop_last=True)
    while True:
        yield from loader


def real_or_not(critic: nn.Module, picture: Tensor, real: bool) -> Tensor:
    """The usual loss of a discriminator."""
    logits = critic(picture)
    wanted = torch.ones_like(logits) if real else torch.zeros_like(logits)
    return F.binary_cross_entropy_with_logits(logits, wanted)


def descend(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    """One step."""
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


class Trainer:
    """Networks, their optimizers, and a step for each model.

    Args:
        nets: of a model, the generator first and the discriminator second.
        side: of the pictures in pixels.
        structure: similarity of two batches of pictures, 1 for equal ones.
        fusion: what predicts landmarks, frozen; None where nothing does.
    """

    def __init__(
        self,
        nets: list[nn.Module],
        side: float,
        structure: Callable[[Tensor, Tensor], Tensor],
        fusion: nn.Module | None = None,
    ) -> None:
        self.net, self.critic, *self.others = nets
        self.side, self.structure, self.fusion = side, structure, fusion
        self.optimizers = [torch.optim.Adam(net.parameters(), lr=2e-4) for net in nets]

    def _adversarial(self, known: list[Tensor], wanted: Tensor, made: Tensor) -> tuple[Tensor, ...]:
        real = real_or_not(self.critic, torch.cat([*known, wanted], 1), True)
        fake = real_or_not(self.critic, torch.cat([*known, made.detach()], 1), False)
        loss = real + fake
        descend(self.optimizers[1], loss)
        return loss, real_or_not(self.critic, torch.cat([*known, made], 1), True)

    def landmarks(self, batch: Sample) -> Losses:
        """Φ."""
        source, target = batch["image_source"], batch["image_target"]
        reference, truth = batch["image_reference"], batch["image_truth"]
        made = target + self.net(source, target)
        loss_d, adversarial = self._adversarial([], truth, made)
        cycle = F.l1_loss(reference + self.net(made, reference), source)
        l1 = F.l1_loss(made, truth)
        total = 0.1 * adversarial + 10 * cycle + 100 * l1
        descend(self.optimizers[0], total)
        return read(d=loss_d, adversarial=adversarial, cycle=cycle, l1=l1, total=total)

    def pictures(self, batch: Sample) -> Losses:
        """Ω, which is given the landmarks that Φ predicts."""
        assert self.fusion is not None
        with torch.no_grad():
            given = batch["image_target"] + self.fusion(
                batch["image_source"], batch["image_target"]
            )
        return self._translate(batch, given, [])

    def pix2pix(self, batch: Sample) -> Losses:
        """pix2pix, which is given the source's."""
        return self._translate(batch, batch["image_source"], [batch["image_source"]])

    def _translate(self, batch: Sample, given: Tensor, seen: list[Tensor]) -> Losses:
        photo, wanted = batch["target"], batch["truth"]
        made = self.net(given, photo)
        loss_d, adversarial = self._adversarial([photo, *seen], wanted, made)
        l1 = F.l1_loss(made, wanted)
        total = 0.05 * adversarial + 100 * l1
        descend(self.optimizers[0], total)
        return read(d=loss_d, adversarial=adversarial, l1=l1, total=total)

    def points(self, batch: Sample) -> Losses:
        """Φ+."""
        source, reference, target, truth = (batch[f"points_{role}"] for role in ROLES)
        side = self.side
        made = target + self.net(source, target)
        real, fake = ((points * 2 + 1) / side - 1 for points in (truth, made))
        loss_d = F.softplus(-self.critic(real)).mean()
        loss_d = loss_d + F.softplus(self.critic(fake.detach())).mean()
        descend(self.optimizers[1], loss_d)
        adversarial = F.softplus(-self.critic(fake)).mean()
        cycle = (reference + self.net(made, reference) - source).norm(dim=2).mean() / side
        distance = (made - truth).norm(dim=2).mean() / side
        total = 0.1 * adversarial + 10 * cycle + 100 * distance
        descend(self.optimizers[0], total)
        return read(d=loss_d, adversarial=adversarial, cycle=cycle, distance=distance, total=total)

    def warped(self, batch: Sample) -> Losses:
        """Ω+, without its discriminator, which has no weight."""
        assert self.fusion is not None
        own, photo, wanted = batch["points_target"], batch["target"], batch["truth"]
        with torch.no_grad():
            goal = own + self.fusion(batch["points_source"], own)
        made = self.net(photo, own, goal)
        l1 = F.l1_loss(made.picture, wanted)
        structure = 1 - self.structure(made.picture, wanted)
        moved = F.l1_loss(made.moved, wanted)
        total = 200 * l1 + 50 * structure + 10 * moved
        descend(self.optimizers[0], total)
        return read(l1=l1, structure=structure, moved=moved, total=total)

    def both_ways(self, batch: Sample) -> Losses:
        """G2-GAN: the expression taken away and put on, with a likeness of people."""
        spots, neutral, expressive = batch["image_truth"], batch["target"], batch["truth"]
        likeness: Any = self.others[0]
        person = F.cross_entropy(
            likeness(torch.cat([neutral, expressive])), batch["person"].repeat(2)
        )
        descend(self.optimizers[2], person)
        net: Any = self.net
        ways = {
            "removal": (expressive, neutral, net.removal(spots, expressive)),
            "synthesis": (neutral, expressive, net.synthesis(spots, neutral)),
        }
        critics: Any = self.critic
        loss_d, adversarial, l1, identity = (torch.zeros(()) for _ in range(4))
        for name, (given, wanted, made) in ways.items():
            critic = critics[name]
            loss_d = loss_d + real_or_not(critic, torch.cat([given, spots, wanted], 1), True)
            loss_d = loss_d + real_or_not(
                critic, torch.cat([given, spots, made.detach()], 1), False
            )
        descend(self.optimizers[1], loss_d)
        for name, (given, wanted, made) in ways.items():
            critic = critics[name]
            adversarial = adversarial + real_or_not(
                critic, torch.cat([given, spots, made], 1), True
            )
            l1 = l1 + F.l1_loss(made, wanted)
            with torch.no_grad():
                goal = likeness.embed(wanted)
            identity = identity + (likeness.embed(made) - goal).pow(2).sum(1).mean()
        back = F.l1_loss(net.removal(spots, ways["synthesis"][2]), neutral)
        back = back + F.l1_loss(net.synthesis(spots, ways["removal"][2]), expressive)
        total = 0.05 * adversarial + 100 * l1 + 10 * back + identity
        descend(self.optimizers[0], total)
        return read(
            d=loss_d, adversarial=adversarial, l1=l1, cycle=back, person=person, total=total
        )


STEPS: dict[str, Callable[[Trainer, Sample], Losses]] = {
    "fusion": Trainer.landmarks,
    "transfer": Trainer.pictures,
    "fusion_plus": Trainer.points,
    "transfer_plus": Trainer.warped,
    "pix2pix": Trainer.pix2pix,
    "g2gan": Trainer.both_ways,
}
"""By the name of the model."""

NEEDED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "fusion": ((), ROLES),
    "transfer": (("target", "truth"), ("source", "target")),
    "fusion_plus": ((), ()),
    "transfer_plus": (("target", "truth"), ()),
    "pix2pix": (("target", "truth"), ("source",)),
    "g2gan": (("target", "truth"), ("truth",)),
}
"""Of which roles each needs pictures, and landmark images."""


def read(**losses: Tensor) -> Losses:
    """Numbers, to be logged."""
    return {name: loss.item() for name, loss in losses.items()}
