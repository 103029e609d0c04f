"""Training Ω with Φ frozen: Eq. 2 and Eq. 7 to 9."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import Adam

from fet_core.models.discriminator import PatchDiscriminator
from fet_core.models.fusion import Fusion
from fet_core.models.transfer import Transfer
from fet_core.params import Transfer as TransferParams
from fet_core.store import Store
from fet_core.training import losses
from fet_core.training.acceleration import autocast, prepare
from fet_core.training.jitter import jitter
from fet_core.training.optimisation import adam, evaluating, seeded, update
from fet_core.training.schedule import Triples

Validation = Callable[[Transfer], dict[str, float]]
Grid = Callable[[Transfer], NDArray[np.uint8]]


class TransferTask:
    """Ω and D_I in training on the pictures of a store.

    Args:
        store: pictures and landmarks of all samples.
        fusion: Φ, trained; it is not changed.
        sigma: of a landmark's spot, as Φ was trained with.
        params: sizes, weights μ and rates.
        validation: metrics of Ω on the test triples.
        grid: a picture of the fixed test triples.
    """

    def __init__(
        self,
        store: Store,
        fusion: Fusion,
        sigma: float,
        params: TransferParams,
        validation: Validation,
        grid: Grid,
    ) -> None:
        self._store = store
        self._fusion = fusion.to(store.device).eval().requires_grad_(False)
        self._sigma = sigma
        self._params = params
        self._validation = validation
        self._grid = grid
        channels = store.channels
        self.net = seeded(params.seed, Transfer, store.size, channels, params.width)
        self._critic = seeded(params.seed + 1, PatchDiscriminator, 2 * channels, params.d_width)
        self.nets: Mapping[str, nn.Module] = {"transfer": self.net, "discriminator": self._critic}
        prepare(self.net, store.device, compiled=True)
        prepare(self._critic, store.device, compiled=False)
        self.optimizers: Mapping[str, Adam] = {
            "transfer": adam(self.net, params.lr_g, params),
            "discriminator": adam(self._critic, params.lr_d, params),
        }

    def step(self, triples: Triples) -> dict[str, Tensor]:
        """One update of D_I, which sees the target photo as its condition, then one of Ω."""
        params, device = self._params, self._store.device
        rows = triples.upload(device)
        photo = self._store.pictures(rows.target)
        wanted = self._store.pictures(rows.truth)
        with torch.no_grad():
            landmarks = self._fusion.fuse(
                self._landmarks(rows.source), self._landmarks(rows.target)
            )
        photo, wanted, landmarks = jitter(
            photo, wanted, landmarks, params.jitter, params.seed, triples.step
        )
        with autocast(device):
            generated = self.net(landmarks, photo).float()
        both = torch.cat([wanted, generated.detach()])
        real, fake = self._critic(torch.cat([photo.repeat(2, 1, 1, 1), both], dim=1)).chunk(2)
        loss_d = losses.discriminator(real, fake)
        update(self.optimizers["discriminator"], loss_d)

        self._critic.requires_grad_(False)
        adversarial = losses.generator(self._critic(torch.cat([photo, generated], dim=1)))
        l1 = losses.l1(generated, wanted)
        total = params.mu1 * adversarial + params.mu2 * l1
        update(self.optimizers["transfer"], total)
        self._critic.requires_grad_(True)
        parts = {"total": total, "adversarial": adversarial, "l1": l1, "discriminator": loss_d}
        return {f"loss_{key}": value.detach() for key, value in parts.items()}

    def validate(self) -> dict[str, float]:
        """Metrics of Ω in eval mode."""
        with evaluating(self.net):
            return self._validation(self.net)

    def grid(self) -> NDArray[np.uint8]:
        """The fixed test triples in eval mode."""
        with evaluating(self.net):
            return self._grid(self.net)

    def _landmarks(self, samples: Tensor) -> Tensor:
        return self._store.landmark_images(samples, self._fusion.size, self._sigma)
