"""Training the paper's model: Φ (Eq. 1 and 3 to 6), then Ω with Φ frozen (Eq. 2, 7 to 9)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Adam

from fet_core.acceleration import Acceleration
from fet_core.data.dataset import Dataset
from fet_core.geometry.raster import resized, upload
from fet_core.nets.blocks import PatchDiscriminator
from fet_core.nets.fusion import Fusion
from fet_core.nets.generators import Transfer
from fet_core.params import Fusion as FusionParams
from fet_core.params import Optimisation
from fet_core.params import Transfer as TransferParams
from fet_core.train import losses
from fet_core.train.augmentation import Augmentation, Identities
from fet_core.train.checkpoint import Batch, TrainingTriples
from fet_core.train.loop import Net, Observed, Validation
from fet_core.train.losses import adam, drawing, seeded, update


class FusionTask(Observed[Fusion]):
    """Φ and D_J in training on the landmarks of a data set.

    Args:
        dataset: landmarks of all samples.
        identities: random faces for the training people's expressions.
        params: sizes, weights λ and rates.
        validation: what looks at Φ.
    """

    def __init__(
        self,
        dataset: Dataset,
        identities: Identities,
        params: FusionParams,
        validation: Validation[Fusion],
    ) -> None:
        net = seeded(params.seed, Fusion, params.size, params.width, params.bottleneck)
        super().__init__(net, validation)
        self._dataset = dataset
        self._params = params
        self._identities = identities
        self._critic = seeded(params.seed + 1, PatchDiscriminator, 1, params.d_width)
        self.nets: Mapping[str, nn.Module] = {"fusion": self.net, "discriminator": self._critic}
        self._how = Acceleration.of(dataset.device)
        for part in self.nets.values():
            self._how.prepare(part)
        self.optimizers: Mapping[str, Adam] = {
            "fusion": adam(self.net, params.lr_g, params, self._how),
            "discriminator": adam(self._critic, params.lr_d, params, self._how),
        }

    def step(self, triples: TrainingTriples) -> dict[str, Tensor]:
        """One update of D_J, then one of Φ.

        Eq. 4 as printed, ‖Φ(J_s, Φ(L_t, L_s)) - L_s‖, has its arguments the other way round than
        Eq. 1. What the text describes is implemented: the expression of J_gen is carried back onto
        the source's reference J_s, and that gives the source, ‖J_s + Φ(J_gen, J_s) - L_s‖₁.
        """
        params, net = self._params, self.net
        rows = triples.upload(self._dataset.device)
        theirs, others = self._identities.offsets(len(rows.truth), 2, rows.step, rows.share)
        source, reference = (self._landmarks(r, others) for r in (rows.source, rows.reference))
        target, truth = (self._landmarks(r, theirs) for r in (rows.target, rows.truth))

        with self._how.autocast():
            generated = target + net(source, target).float()
        real, fake = self._critic(torch.cat([truth, generated.detach()])).chunk(2)
        loss_d = losses.discriminator(real, fake)
        update(self.optimizers["discriminator"], loss_d)

        self._critic.requires_grad_(False)
        with self._how.autocast():
            back = reference + net(generated, reference).float()
        adversarial = losses.generator(self._critic(generated))
        cycle = losses.l1(back, source)
        l1 = losses.l1(generated, truth)
        total = params.lambda1 * adversarial + params.lambda2 * cycle + params.lambda3 * l1
        update(self.optimizers["fusion"], total)
        self._critic.requires_grad_(True)
        parts = {"total": total, "adversarial": adversarial, "cycle": cycle, "l1": l1}
        return {f"loss_{key}": value.detach() for key, value in parts.items()} | {
            "loss_discriminator": loss_d.detach()
        }

    def _landmarks(self, samples: Tensor, offsets: Tensor) -> Tensor:
        points = self._dataset.points[samples] + offsets
        return self._dataset.draw(points, self._params.size, self._params.sigma)


@dataclass(frozen=True)
class Weights:
    """Of the two terms of a generator's loss (Eq. 9), and the strength of the augmentation."""

    adversarial: float
    l1: float
    augmentation: float


class TranslationTask(Observed[Net], Generic[Net]):
    """A generator against one patch discriminator, with an L1 term (Eq. 7 to 9).

    Args:
        name: of the generator.
        net: takes a condition [B, K, s, s] and a target photo, makes a picture.
        critic: the discriminator.
        condition: makes the condition of a batch of triples.
        conditional: whether the critic sees the condition too, and not the photo alone.
        dataset: pictures and landmarks of all samples.
        options: rates, betas and seed.
        weights: of the losses.
        validation: what looks at the generator.
    """

    def __init__(
        self,
        name: str,
        net: Net,
        critic: nn.Module,
        condition: Callable[[Batch], Tensor],
        conditional: bool,
        dataset: Dataset,
        options: Optimisation,
        weights: Weights,
        validation: Validation[Net],
    ) -> None:
        super().__init__(net, validation)
        self._name = name
        self._critic = critic
        self._condition = condition
        self._conditional = conditional
        self._dataset = dataset
        self._seed = options.seed
        self._weights = weights
        self.nets: Mapping[str, nn.Module] = {name: net, "discriminator": critic}
        self._how = Acceleration.of(dataset.device)
        for part in self.nets.values():
            self._how.prepare(part)
        self.optimizers: Mapping[str, Adam] = {
            name: adam(net, options.lr_g, options, self._how),
            "discriminator": adam(critic, options.lr_d, options, self._how),
        }

    def step(self, triples: TrainingTriples) -> dict[str, Tensor]:
        """One update of the discriminator, then one of the generator."""
        device, weights = self._dataset.device, self._weights
        rows = triples.upload(device)
        with torch.no_grad():
            condition = self._condition(rows)
        place = Augmentation(
            len(rows.truth), weights.augmentation, self._seed, rows.step, device, rows.share
        )
        photo = place.picture(self._dataset.pictures(rows.target))
        wanted = place.picture(self._dataset.pictures(rows.truth))
        condition = place.condition(condition)
        with drawing(self._seed, triples.step, device), self._how.autocast():
            generated = self.net(condition, photo).float()
        known = photo
        if self._conditional:
            known = torch.cat([photo, resized(condition, photo.shape[-1])], dim=1)
        real = self._critic(torch.cat([known, wanted], dim=1))
        fake = self._critic(torch.cat([known, generated.detach()], dim=1))
        loss_d = losses.discriminator(real, fake)
        update(self.optimizers["discriminator"], loss_d)

        self._critic.requires_grad_(False)
        adversarial = losses.generator(self._critic(torch.cat([known, generated], dim=1)))
        l1 = losses.l1(generated, wanted)
        total = weights.adversarial * adversarial + weights.l1 * l1
        update(self.optimizers[self._name], total)
        self._critic.requires_grad_(True)
        parts = {"total": total, "adversarial": adversarial, "l1": l1, "discriminator": loss_d}
        return {f"loss_{key}": value.detach() for key, value in parts.items()}


def transfer_task(
    dataset: Dataset,
    fusion: Fusion,
    sigma: float,
    params: TransferParams,
    validation: Validation[Transfer],
    first_norm: bool = False,
) -> TranslationTask[Transfer]:
    """Ω and D_I in training on a data set's pictures; D_I sees the target photo beside a picture.

    Ω is given J_gen (Eq. 2), or for a random share of the triples, `params.true_landmarks`, the
    landmarks of the truth: J_gen is faint where Φ is unsure, and an Ω that sees nothing else soon
    learns to look past it.

    Args:
        dataset: pictures and landmarks of all samples.
        fusion: Φ, trained; it is not changed.
        sigma: of a landmark's spot, as Φ was trained with.
        params: sizes, weights μ and rates.
        validation: what looks at Ω.
        first_norm: as for `Transfer`.
    """
    how = Acceleration.of(dataset.device)
    frozen = how.prepare(fusion.eval().requires_grad_(False))

    def given(rows: Batch) -> Tensor:
        source, target, truth = (
            dataset.landmark_images(samples, fusion.size, sigma)
            for samples in (rows.source, rows.target, rows.truth)
        )
        with how.autocast():
            generated = frozen.fuse(source, target)
        if not params.true_landmarks:
            return generated
        rng = np.random.default_rng([params.seed, 5, rows.step])
        u = rows.share.own(rng.random(rows.share.of * len(truth)))
        exact = upload(u < params.true_landmarks, dataset.device)
        return torch.where(exact[:, None, None, None], truth, generated)

    channels, seed = dataset.channels, params.seed
    return TranslationTask(
        "transfer",
        seeded(seed, Transfer, dataset.size, channels, params.width, first_norm),
        seeded(seed + 1, PatchDiscriminator, 2 * channels, params.d_width, params.d_norm),
        given,
        False,
        dataset,
        params,
        Weights(params.mu1, params.mu2, params.augmentation),
        validation,
    )
