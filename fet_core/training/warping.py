"""Training Ω+ with Φ+ frozen: Eq. 7 to 9 and what helps a generator that moves pixels."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Adam

from fet_core.datasets.triples import TrainingIndex
from fet_core.faces.regions import regions
from fet_core.models.discriminator import PatchDiscriminator
from fet_core.models.painting import Generator
from fet_core.models.peaks import PeakFusion
from fet_core.models.points import PointFusion
from fet_core.models.sizes import resized
from fet_core.models.warping import Warping
from fet_core.params import TransferPlus as TransferPlusParams
from fet_core.store import Store
from fet_core.training import losses
from fet_core.training.acceleration import autocast, prepare, upload
from fet_core.training.flow import fit_motion
from fet_core.training.observed import Observed, Validation
from fet_core.training.optimisation import adam, seeded
from fet_core.training.placement import Placement
from fet_core.training.schedule import Rows, Triples
from fet_core.training.similarity import dissimilarity

_PAIRS = 1000
_LONGEST = 100.0


class WarpingTask(Observed[Generator]):
    """Ω+ and D_I in training on the pictures of a store.

    The motion of Ω+ is fitted to the training pairs first and stays as it is; the paper's Ω in its
    place (`Painting`) has none. For a random share of the triples, `params.true_landmarks`, the
    wanted points are the truth's in place of J_gen.

    Args:
        store: pictures and landmarks of all samples.
        index: what training triples are drawn from.
        fusion: Φ+, trained; it is not changed.
        kind: of the generator.
        sizes: the arguments that build it.
        params: sizes, weights μ and rates.
        validation: what looks at Ω+.
    """

    def __init__(
        self,
        store: Store,
        index: TrainingIndex,
        fusion: PointFusion | PeakFusion,
        kind: type[Generator],
        sizes: Mapping[str, float],
        params: TransferPlusParams,
        validation: Validation[Generator],
    ) -> None:
        super().__init__(seeded(params.seed, kind, **sizes), validation)
        net = self.net
        self._store = store
        self._fusion = fusion.to(store.device).eval().requires_grad_(False)
        self._params = params
        channels = 2 * store.channels
        self._critic = seeded(params.seed + 1, PatchDiscriminator, channels, params.d_width)
        self.nets: Mapping[str, nn.Module] = {"transfer": net, "discriminator": self._critic}
        prepare(net, store.device, compiled=False)
        prepare(self._critic, store.device, compiled=False)
        if params.motion and isinstance(net, Warping):
            fit_motion(net.motion, store, index, _PAIRS, params.ridge, params.seed)
        self.optimizers: Mapping[str, Adam] = {
            "transfer": adam(net, params.lr_g, params),
            "discriminator": adam(self._critic, params.lr_d, params),
        }

    def step(self, triples: Triples) -> dict[str, Tensor]:
        """One update of D_I where it has a weight, then one of Ω+."""
        params, store = self._params, self._store
        rows = triples.upload(store.device)
        photo, wanted, points, goal, field = self._given(rows)
        with autocast(store.device):
            made = self.net(photo, points, goal, field)
        picture = made.picture.float()
        loss_d = picture.new_zeros(())
        adversarial = picture.new_zeros(())
        if params.mu1:
            real = self._critic(torch.cat([photo, wanted], dim=1))
            fake = self._critic(torch.cat([photo, picture.detach()], dim=1))
            loss_d = losses.discriminator(real, fake)
            _update(self.optimizers["discriminator"], self._critic, loss_d)
            self._critic.requires_grad_(False)
            adversarial = losses.generator(self._critic(torch.cat([photo, picture], dim=1)))
        weight = 1 + params.regions * _heed(goal, store.size)
        l1 = ((picture - wanted).abs() * weight).mean()
        structure = dissimilarity(picture, wanted)
        moved = losses.l1(made.moved.float(), wanted)
        total = (
            params.mu1 * adversarial
            + params.mu2 * l1
            + params.structure * structure
            + params.moved * moved
        )
        _update(self.optimizers["transfer"], self.net, total)
        self._critic.requires_grad_(True)
        parts = {"total": total, "adversarial": adversarial, "l1": l1, "structure": structure}
        parts |= {"moved": moved, "discriminator": loss_d, "painted": made.mask.float().mean()}
        return {f"loss_{key}": value.detach() for key, value in parts.items()}

    @torch.no_grad()
    def _given(self, rows: Rows) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Photo, truth, L_t, the wanted points and the motion between them, placed at random."""
        params, store = self._params, self._store
        size, points = store.size, store.points
        own, goal = points[rows.target], points[rows.truth]
        if params.true_landmarks < 1:
            u = np.random.default_rng([params.seed, 5, rows.step]).random(len(own))
            exact = upload(u < params.true_landmarks, store.device)[:, None, None]
            goal = torch.where(exact, goal, self._fusion.fuse(points[rows.source], own))
        place = Placement(len(own), params.jitter, params.seed, rows.step, store.device)
        return (
            place.picture(store.pictures(rows.target)),
            place.picture(store.pictures(rows.truth)),
            place.points(own, size),
            place.points(goal, size),
            place.field(self.net.motion(own, goal, size)),
        )


def warping_sizes(store: Store, params: TransferPlusParams) -> dict[str, float]:
    """The arguments that build Ω+ for the pictures of a store."""
    working = min(params.working, store.size)
    return {"channels": store.channels, "width": params.width, "working": working}


def _heed(points: Tensor, size: int) -> Tensor:
    """Mouth and eyes [B, 1, size, size], drawn at half the side: 1 inside, 2 between the lips."""
    return resized(regions(points, size, size // 2).sum(dim=1, keepdim=True), size)


def _update(optimizer: Adam, net: nn.Module, loss: Tensor) -> None:
    """One step down the gradient of `loss`, cut to length 100 before."""
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), _LONGEST)
    optimizer.step()
