"""Training Φ+: the three losses of Eq. 6 in the space of points."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Adam, AdamW

from fet_core.datasets.triples import TrainingIndex
from fet_core.errors import UserError
from fet_core.models.points import PointCritic, PointFusion
from fet_core.params import FusionPlus as FusionPlusParams
from fet_core.store import Store
from fet_core.training import losses
from fet_core.training.acceleration import upload
from fet_core.training.identities import Identities
from fet_core.training.observed import Observed, Validation
from fet_core.training.optimisation import adam, drawing, seeded, update
from fet_core.training.schedule import Rows, Triples

_PAIRS = 2000


class PointTask(Observed[PointFusion]):
    """Φ+ and D_J in training on the points of a store.

    The spaces of Φ+ are fitted to the training faces first. Random identities move both faces of a
    pair (`fet_core.training.identities`), noise both inputs.

    Args:
        store: landmarks of all samples.
        index: what training triples are drawn from.
        identities: random faces for the training people's expressions.
        params: sizes, weights λ and rates.
        validation: what looks at Φ+.

    Raises:
        UserError: fewer faces or pairs than `params.rank`.
    """

    def __init__(
        self,
        store: Store,
        index: TrainingIndex,
        identities: Identities,
        params: FusionPlusParams,
        validation: Validation[PointFusion],
    ) -> None:
        sizes = (params.rank, params.width, params.code, params.dropout)
        net = seeded(params.seed, PointFusion, *sizes)
        super().__init__(net, validation)
        self._store = store
        self._params = params
        self._identities = identities
        self._critic = seeded(params.seed + 1, PointCritic, params.d_width)
        self.nets: Mapping[str, nn.Module] = {"fusion": net, "discriminator": self._critic}
        for part in self.nets.values():
            part.to(store.device)
        targets, truths = _pairs(index, params.seed, store.device)
        faces = store.points[torch.from_numpy(index.usable).to(store.device)]
        try:
            net.fit(faces, store.points[targets], store.points[truths])
        except ValueError as error:
            raise UserError(
                f"fusion_plus.rank is {params.rank}, but there are only {len(faces)} training "
                "faces; lower it or add faces"
            ) from error
        betas = (params.beta1, params.beta2)
        self.optimizers: Mapping[str, Adam] = {
            "fusion": AdamW(
                net.parameters(), lr=params.lr_g, betas=betas, weight_decay=params.weight_decay
            ),
            "discriminator": adam(self._critic, params.lr_d, params),
        }

    def step(self, triples: Triples) -> dict[str, Tensor]:
        """One update of D_J, then one of Φ+; distances in shares of the picture's side."""
        params, net, size = self._params, self.net, self._store.size
        rows = triples.upload(self._store.device)
        source, reference, target, truth = self._faces(rows)
        noise = self._noise(rows)
        with drawing(params.seed, rows.step, self._store.device):
            generated = target + net(source + noise[0], target + noise[1])
            real, fake = self._critic(
                torch.cat([_centred(truth, size), _centred(generated.detach(), size)])
            ).chunk(2)
            loss_d = losses.discriminator(real, fake)
            update(self.optimizers["discriminator"], loss_d)
            self._critic.requires_grad_(False)
            back = reference + net(generated, reference)
        adversarial = losses.generator(self._critic(_centred(generated, size)))
        cycle = _distance(back, source) / size
        distance = _distance(generated, truth) / size
        total = params.lambda1 * adversarial + params.lambda2 * cycle + params.lambda3 * distance
        update(self.optimizers["fusion"], total)
        self._critic.requires_grad_(True)
        parts = {"total": total, "adversarial": adversarial, "cycle": cycle, "distance": distance}
        return {f"loss_{key}": value.detach() for key, value in parts.items()} | {
            "loss_discriminator": loss_d.detach()
        }

    def _faces(self, rows: Rows) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        theirs, others = self._identities.offsets(len(rows.truth), 2, rows.step)
        points = self._store.points
        return (
            points[rows.source] + others,
            points[rows.reference] + others,
            points[rows.target] + theirs,
            points[rows.truth] + theirs,
        )

    def _noise(self, rows: Rows) -> Tensor:
        rng = np.random.default_rng([self._params.seed, 7, rows.step])
        drawn = rng.standard_normal((2, len(rows.truth), *self._store.points.shape[1:]))
        scale = self._params.noise * self._store.size
        return upload((drawn * scale).astype(np.float32), self._store.device)


def _pairs(index: TrainingIndex, seed: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Targets and truths from which the space of movements is taken, [M] int64 each."""
    rng = np.random.default_rng([seed, 6])
    rounds = max(_PAIRS // len(index.usable), 1)
    truths = np.tile(index.usable, rounds)
    targets = index.draw(truths, rng.random((len(truths), 3))).target
    return torch.from_numpy(targets).to(device), torch.from_numpy(truths).to(device)


def _distance(a: Tensor, b: Tensor) -> Tensor:
    """Mean distance between points [B, 68, 2], which is what NME measures."""
    return (a - b).square().sum(dim=2).add(1e-12).sqrt().mean()


def _centred(points: Tensor, size: int) -> Tensor:
    return (points * 2 + 1) / size - 1
