"""Training a picture generator from a target photo and a condition: Ω, pix2pix and cgan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic

import torch
from torch import Tensor, nn
from torch.optim import Adam

from fet_core.models.sizes import resized
from fet_core.params import Optimisation
from fet_core.store import Store
from fet_core.training import losses
from fet_core.training.acceleration import autocast, prepare
from fet_core.training.jitter import jitter
from fet_core.training.observed import Net, Observed, Validation
from fet_core.training.optimisation import adam, drawing, update
from fet_core.training.schedule import Rows, Triples


@dataclass(frozen=True)
class Weights:
    """Of the two terms of a generator's loss (Eq. 9), and the strength of the jitter."""

    adversarial: float
    l1: float
    jitter: float


class TranslationTask(Observed[Net], Generic[Net]):
    """A generator against one patch discriminator, with an L1 term (Eq. 7 to 9).

    Args:
        name: of the generator.
        net: takes a condition [B, K, s, s] and a target photo, makes a picture.
        critic: the discriminator.
        condition: makes the condition of a batch of triples.
        conditional: whether the critic sees the condition too, and not the photo alone.
        store: pictures and landmarks of all samples.
        options: rates, betas and seed.
        weights: of the losses.
        validation: what looks at the generator.
    """

    def __init__(
        self,
        name: str,
        net: Net,
        critic: nn.Module,
        condition: Callable[[Rows], Tensor],
        conditional: bool,
        store: Store,
        options: Optimisation,
        weights: Weights,
        validation: Validation[Net],
    ) -> None:
        super().__init__(net, validation)
        self._name = name
        self._critic = critic
        self._condition = condition
        self._conditional = conditional
        self._store = store
        self._seed = options.seed
        self._weights = weights
        self.nets: Mapping[str, nn.Module] = {name: net, "discriminator": critic}
        prepare(net, store.device, compiled=True)
        prepare(critic, store.device, compiled=False)
        self.optimizers: Mapping[str, Adam] = {
            name: adam(net, options.lr_g, options),
            "discriminator": adam(critic, options.lr_d, options),
        }

    def step(self, triples: Triples) -> dict[str, Tensor]:
        """One update of the discriminator, then one of the generator."""
        device, weights = self._store.device, self._weights
        rows = triples.upload(device)
        with torch.no_grad():
            condition = self._condition(rows)
        photo, wanted, condition = jitter(
            self._store.pictures(rows.target),
            self._store.pictures(rows.truth),
            condition,
            weights.jitter,
            self._seed,
            triples.step,
        )
        with drawing(self._seed, triples.step, device), autocast(device):
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
