"""Training the baselines: pix2pix, cgan and G2-GAN."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Adam

from fet_core.acceleration import Acceleration
from fet_core.data.dataset import Dataset
from fet_core.nets.blocks import PatchGAN
from fet_core.nets.generators import LABELS, Cgan, G2gan, Likeness, Pix2pix, label_planes
from fet_core.params import Baseline
from fet_core.tables import EXPRESSIONS
from fet_core.train import losses
from fet_core.train.augmentation import Augmentation
from fet_core.train.checkpoint import Batch, TrainingTriples
from fet_core.train.loop import Observed, Validation
from fet_core.train.losses import adam, drawing, seeded, update
from fet_core.train.paper import TranslationTask, Weights


def pix2pix_task(
    dataset: Dataset, params: Baseline, validation: Validation[Pix2pix]
) -> TranslationTask[Pix2pix]:
    """pix2pix on target photo and the *source's* landmark image, adversarial loss and L1.

    Args:
        dataset: pictures and landmarks of all samples.
        params: sizes, weights and rates.
        validation: what looks at the generator.
    """

    def landmarks(rows: Batch) -> Tensor:
        return dataset.landmark_images(rows.source, dataset.size, params.sigma)

    channels, seed = dataset.channels, params.seed
    return TranslationTask(
        "pix2pix",
        seeded(seed, Pix2pix, dataset.size, channels, params.width),
        seeded(seed + 1, PatchGAN, 2 * channels + 1, params.d_width),
        landmarks,
        True,
        dataset,
        params,
        Weights(params.adversarial, params.l1, params.augmentation),
        validation,
    )


def cgan_task(
    dataset: Dataset, params: Baseline, validation: Validation[Cgan]
) -> TranslationTask[Cgan]:
    """CGAN on target photo and the label of the wanted expression: adversarial loss alone.

    Args:
        dataset: pictures and labels of all samples.
        params: sizes and rates (`cgan_lr_g`, `cgan_lr_d`); its weights do not count.
        validation: what looks at the generator.
    """

    # Where no L1 term holds the generator, it outruns its discriminator at the others' rates.
    rates = {"lr_g": params.cgan_lr_g, "lr_d": params.cgan_lr_d}

    def labels(rows: Batch) -> Tensor:
        return label_planes(dataset.expression[rows.truth])

    channels, seed = dataset.channels, params.seed
    return TranslationTask(
        "cgan",
        seeded(seed, Cgan, dataset.size, channels, params.width),
        seeded(seed + 1, PatchGAN, 2 * channels + LABELS, params.d_width),
        labels,
        True,
        dataset,
        params.model_copy(update=rates),
        Weights(1.0, 0.0, params.augmentation),
        validation,
    )


_NEUTRAL = EXPRESSIONS.index("neutral")


class G2ganTask(Observed[G2gan]):
    """Both generators, a discriminator for each, and an embedding of likeness.

    Every triple must have a neutral picture and one with an expression as target and truth
    (`training_index(samples, neutral_only=True)`); which of them is the truth does not matter here:
    each step goes both ways. The landmark image is always that of the picture with the expression.

    Args:
        dataset: pictures, landmarks and people of all samples.
        params: sizes, weights and rates.
        validation: what looks at the generators.
    """

    def __init__(self, dataset: Dataset, params: Baseline, validation: Validation[G2gan]) -> None:
        channels, seed = dataset.channels, params.seed
        people = int(dataset.person.max()) + 1
        super().__init__(seeded(seed, G2gan, dataset.size, channels, params.width), validation)
        critics = [
            seeded(seed + number, PatchGAN, 2 * channels + 1, params.d_width) for number in (1, 2)
        ]
        self._critics = nn.ModuleDict({"removal": critics[0], "synthesis": critics[1]})
        self._likeness = seeded(seed + 3, Likeness, channels, people, params.d_width)
        self._dataset = dataset
        self._params = params
        self.nets: Mapping[str, nn.Module] = {
            "g2gan": self.net,
            "discriminators": self._critics,
            "likeness": self._likeness,
        }
        self._how = Acceleration.of(dataset.device)
        for part in (self.net.removal, self.net.synthesis, *critics, self._likeness):
            self._how.prepare(part)
        self.optimizers: Mapping[str, Adam] = {
            "g2gan": adam(self.net, params.lr_g, params, self._how),
            "discriminators": adam(self._critics, params.lr_d, params, self._how),
            "likeness": adam(self._likeness, params.lr_g, params, self._how),
        }

    def step(self, triples: TrainingTriples) -> dict[str, Tensor]:
        """One update of the embedding, one of the discriminators, one of both generators."""
        params, dataset = self._params, self._dataset
        rows = triples.upload(dataset.device)
        turned = dataset.expression[rows.truth] == _NEUTRAL
        shown = torch.where(turned, rows.target, rows.truth)
        resting = torch.where(turned, rows.truth, rows.target)
        landmarks = dataset.landmark_images(shown, dataset.size, params.sigma)
        strength, device = params.augmentation, dataset.device
        place = Augmentation(len(shown), strength, params.seed, rows.step, device, rows.share)
        neutral = place.picture(dataset.pictures(resting))
        expressive = place.picture(dataset.pictures(shown))
        spots = place.condition(landmarks)
        loss_likeness = self._learn_likeness(neutral, expressive, dataset.person[shown])

        removal, synthesis = self.net.removal, self.net.synthesis
        with drawing(params.seed, triples.step, dataset.device), self._how.autocast():
            made_neutral = removal(spots, expressive).float()
            made_expressive = synthesis(spots, neutral).float()
            back_expressive = synthesis(spots, made_neutral).float()
            back_neutral = removal(spots, made_expressive).float()
        ways = {
            "removal": (expressive, neutral, made_neutral),
            "synthesis": (neutral, expressive, made_expressive),
        }
        loss_d = torch.stack([self._doubt(key, spots, *way) for key, way in ways.items()]).sum()
        update(self.optimizers["discriminators"], loss_d)

        self._critics.requires_grad_(False)
        adversarial = torch.stack(
            [
                losses.generator(self._critics[key](torch.cat([given, spots, made], dim=1)))
                for key, (given, _, made) in ways.items()
            ]
        ).sum()
        l1 = losses.l1(made_neutral, neutral) + losses.l1(made_expressive, expressive)
        cycle = losses.l1(back_neutral, neutral) + losses.l1(back_expressive, expressive)
        total = params.adversarial * adversarial + params.l1 * l1 + params.cycle * cycle
        parts = {"adversarial": adversarial, "l1": l1, "cycle": cycle}
        if params.identity:
            identity = self._unlike(made_neutral, neutral)
            identity = identity + self._unlike(made_expressive, expressive)
            total = total + params.identity * identity
            parts["identity"] = identity
        update(self.optimizers["g2gan"], total)
        self._critics.requires_grad_(True)
        parts |= {"total": total, "discriminator": loss_d, "likeness": loss_likeness}
        return {f"loss_{key}": value.detach() for key, value in parts.items()}

    def _doubt(
        self, key: str, spots: Tensor, given: Tensor, wanted: Tensor, made: Tensor
    ) -> Tensor:
        critic = self._critics[key]
        real = critic(torch.cat([given, spots, wanted], dim=1))
        fake = critic(torch.cat([given, spots, made.detach()], dim=1))
        return losses.discriminator(real, fake)

    def _learn_likeness(self, neutral: Tensor, expressive: Tensor, person: Tensor) -> Tensor:
        if not self._params.identity:
            return neutral.new_zeros(())
        logits = self._likeness(torch.cat([neutral, expressive]))
        loss = F.cross_entropy(logits, person.repeat(2))
        update(self.optimizers["likeness"], loss)
        return loss

    def _unlike(self, made: Tensor, wanted: Tensor) -> Tensor:
        """Mean squared distance of embeddings, 0 to 4, of made and wanted pictures."""
        self._likeness.eval().requires_grad_(False)
        with torch.no_grad():
            goal = self._likeness.embed(wanted)
        distance = (self._likeness.embed(made) - goal).square().sum(dim=1).mean()
        self._likeness.train().requires_grad_(True)
        return distance
