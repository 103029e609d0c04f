"""Training Φ: Eq. 1 and Eq. 3 to 6."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.optim import Adam

from fet_core.models.discriminator import PatchDiscriminator
from fet_core.models.fusion import Fusion
from fet_core.params import Fusion as FusionParams
from fet_core.store import Store
from fet_core.training import losses
from fet_core.training.acceleration import autocast, prepare
from fet_core.training.identities import Identities
from fet_core.training.observed import Observed, Validation
from fet_core.training.optimisation import adam, seeded, update
from fet_core.training.schedule import Triples


class FusionTask(Observed[Fusion]):
    """Φ and D_J in training on the landmarks of a store.

    Args:
        store: landmarks of all samples.
        identities: random faces for the training people's expressions.
        params: sizes, weights λ and rates.
        validation: what looks at Φ.
    """

    def __init__(
        self,
        store: Store,
        identities: Identities,
        params: FusionParams,
        validation: Validation[Fusion],
    ) -> None:
        net = seeded(params.seed, Fusion, params.size, params.width, params.bottleneck)
        super().__init__(net, validation)
        self._store = store
        self._params = params
        self._identities = identities
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
        theirs, others = self._identities.offsets(len(rows.truth), 2, triples.step)
        source, reference = (self._landmarks(r, others) for r in (rows.source, rows.reference))
        target, truth = (self._landmarks(r, theirs) for r in (rows.target, rows.truth))

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

    def _landmarks(self, samples: Tensor, offsets: Tensor) -> Tensor:
        points = self._store.points[samples] + offsets
        return self._store.draw(points, self._params.size, self._params.sigma)
