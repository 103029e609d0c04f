"""Training Φ: Eq. 1 and Eq. 3 to 6."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import Adam

from fet_core.models.discriminator import PatchDiscriminator
from fet_core.models.fusion import Fusion
from fet_core.params import Fusion as FusionParams
from fet_core.store import Store
from fet_core.training import losses
from fet_core.training.acceleration import autocast, prepare
from fet_core.training.optimisation import adam, evaluating, seeded, update
from fet_core.training.schedule import Triples

Validation = Callable[[Fusion], dict[str, float]]
Grid = Callable[[Fusion], NDArray[np.uint8]]


class FusionTask:
    """Φ and D_J in training on the landmarks of a store.

    Args:
        store: landmarks of all samples.
        params: sizes, weights λ and rates.
        validation: metrics of Φ on the test triples.
        grid: a picture of the fixed test triples.
    """

    def __init__(
        self, store: Store, params: FusionParams, validation: Validation, grid: Grid
    ) -> None:
        self._store = store
        self._params = params
        self._validation = validation
        self._grid = grid
        self.net = seeded(params.seed, Fusion, params.size, params.width, params.bottleneck)
        self._critic = seeded(params.seed + 1, PatchDiscriminator, 1, params.d_width)
        self.nets: Mapping[str, nn.Module] = {"fusion": self.net, "discriminator": self._critic}
        prepare(self.net, store.device, compiled=True)
        prepare(self._critic, store.device, compiled=False)
        self.optimizers: Mapping[str, Adam] = {
            "fusion": adam(self.net, params.lr_g, params),
            "discriminator": adam(self._critic, params.lr_d, params),
        }

    def step(self, triples: Triples) -> dict[str, Tensor]:
        """One update of D_J, then one of Φ.

        Eq. 4 as printed, ‖Φ(J_s, Φ(L_t, L_s)) - L_s‖, has its arguments the other way round than
        Eq. 1. What the text describes is implemented: the expression of J_gen is carried back onto
        the source's reference J_s, and that gives the source, ‖J_s + Φ(J_gen, J_s) - L_s‖₁.
        """
        params, net = self._params, self.net
        rows = triples.upload(self._store.device)
        source = self._landmarks(rows.source)
        target = self._landmarks(rows.target)
        truth = self._landmarks(rows.truth)
        reference = self._landmarks(rows.reference)

        with autocast(self._store.device):
            generated = target + net(source, target).float()
        real, fake = self._critic(torch.cat([truth, generated.detach()])).chunk(2)
        loss_d = losses.discriminator(real, fake)
        update(self.optimizers["discriminator"], loss_d)

        self._critic.requires_grad_(False)
        with autocast(self._store.device):
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

    def validate(self) -> dict[str, float]:
        """Metrics of Φ in eval mode."""
        with evaluating(self.net):
            return self._validation(self.net)

    def grid(self) -> NDArray[np.uint8]:
        """The fixed test triples in eval mode."""
        with evaluating(self.net):
            return self._grid(self.net)

    def _landmarks(self, samples: Tensor) -> Tensor:
        return self._store.landmark_images(samples, self._params.size, self._params.sigma)
