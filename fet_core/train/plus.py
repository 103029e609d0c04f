"""Training FET+: Φ+ (Eq. 6 in the space of points), then Ω+ with Φ+ frozen (Eq. 7 to 9)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Adam, AdamW

from fet_core.acceleration import Acceleration
from fet_core.data.dataset import Dataset
from fet_core.data.training_triples import TrainingIndex
from fet_core.errors import UserError
from fet_core.geometry.raster import regions, resized, upload
from fet_core.nets.blocks import PatchDiscriminator
from fet_core.nets.fusion import PeakFusion, PointCritic, PointFusion
from fet_core.nets.warping import Generator, Warping
from fet_core.params import FusionPlus as FusionPlusParams
from fet_core.params import TransferPlus as TransferPlusParams
from fet_core.train import losses
from fet_core.train.augmentation import Augmentation, Identities, fit_motion
from fet_core.train.checkpoint import Batch, TrainingTriples
from fet_core.train.look_alikes import LookAlikes
from fet_core.train.loop import Observed, Validation
from fet_core.train.losses import adam, dissimilarity, drawing, seeded, update

_PAIRS_OF_POINTS = 2000


class PointTask(Observed[PointFusion]):
    """Φ+ and D_J in training on the points of a data set.

    The spaces of Φ+ are fitted to the training faces first. Random identities move both faces of a
    pair (`fet_core.train.augmentation`), or both are of people between the training people
    (`fet_core.train.look_alikes`); noise moves both inputs.

    Args:
        dataset: landmarks of all samples.
        index: what training triples are drawn from.
        people: random faces for the training people's expressions, or people between them.
        params: sizes, weights λ and rates.
        validation: what looks at Φ+.

    Where there are no more faces than `params.rank` the spaces have a component less than faces.

    Raises:
        UserError: there are not two faces.
    """

    def __init__(
        self,
        dataset: Dataset,
        index: TrainingIndex,
        people: Identities | LookAlikes,
        params: FusionPlusParams,
        validation: Validation[PointFusion],
    ) -> None:
        rank = min(params.rank, len(index.usable) - 1)
        if rank < 1:
            raise UserError(f"Φ+ learns from no fewer than 2 faces, not {rank + 1}; add faces")
        sizes = (rank, params.width, params.code, params.dropout)
        net = seeded(params.seed, PointFusion, *sizes)
        super().__init__(net, validation)
        self._dataset = dataset
        self._params = params
        self._people = people
        self._critic = seeded(params.seed + 1, PointCritic, params.d_width)
        self.nets: Mapping[str, nn.Module] = {"fusion": net, "discriminator": self._critic}
        how = Acceleration.of(dataset.device)
        for part in self.nets.values():
            how.prepare(part)
        targets, truths = _pairs(index, params.seed, dataset.device)
        faces = dataset.points[torch.from_numpy(index.usable).to(dataset.device)]
        net.fit(faces, dataset.points[targets], dataset.points[truths])
        betas = (params.beta1, params.beta2)
        self.optimizers: Mapping[str, Adam] = {
            "fusion": AdamW(
                net.parameters(),
                lr=params.lr_g,
                betas=betas,
                weight_decay=params.weight_decay,
                fused=how.fused or None,
            ),
            "discriminator": adam(self._critic, params.lr_d, params, how),
        }

    def step(self, triples: TrainingTriples) -> dict[str, Tensor]:
        """One update of D_J, then one of Φ+; distances in shares of the picture's side."""
        params, net, size = self._params, self.net, self._dataset.size
        rows = triples.upload(self._dataset.device)
        source, reference, target, truth = self._faces(triples, rows)
        noise = self._noise(rows)
        with drawing(params.seed, rows.step, self._dataset.device):
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

    def _faces(
        self, triples: TrainingTriples, rows: Batch
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        if isinstance(self._people, LookAlikes):
            return self._people.faces(triples, rows)
        theirs, others = self._people.offsets(len(rows.truth), 2, rows.step, rows.share)
        points = self._dataset.points
        return (
            points[rows.source] + others,
            points[rows.reference] + others,
            points[rows.target] + theirs,
            points[rows.truth] + theirs,
        )

    def _noise(self, rows: Batch) -> Tensor:
        rng = np.random.default_rng([self._params.seed, 7, rows.step])
        faces = rows.share.of * len(rows.truth)
        drawn = rng.standard_normal((2, faces, *self._dataset.points.shape[1:]))
        scale = self._params.noise * self._dataset.size
        own = rows.share.own(drawn * scale, axis=1)
        return upload(own.astype(np.float32), self._dataset.device)


def _pairs(index: TrainingIndex, seed: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Targets and truths from which the space of movements is taken, [M] int64 each."""
    rng = np.random.default_rng([seed, 6])
    rounds = max(_PAIRS_OF_POINTS // len(index.usable), 1)
    truths = np.tile(index.usable, rounds)
    targets = index.draw(truths, rng.random((len(truths), 3))).target
    return torch.from_numpy(targets).to(device), torch.from_numpy(truths).to(device)


def _distance(a: Tensor, b: Tensor) -> Tensor:
    """Mean distance between points [B, 68, 2], which is what NME measures."""
    return (a - b).square().sum(dim=2).add(1e-12).sqrt().mean()


def _centred(points: Tensor, size: int) -> Tensor:
    return (points * 2 + 1) / size - 1


_PAIRS_OF_PICTURES = 1000
_LONGEST = 100.0


class WarpingTask(Observed[Generator]):
    """Ω+ and D_I in training on the pictures of a data set.

    The motion of Ω+ is fitted to the training pairs first and stays as it is; the paper's Ω in its
    place (`Painting`) has none. For a random share of the triples, `params.true_landmarks`, the
    wanted points are the truth's in place of J_gen.

    Args:
        dataset: pictures and landmarks of all samples.
        index: what training triples are drawn from.
        fusion: Φ+, trained; it is not changed.
        kind: of the generator.
        sizes: the arguments that build it.
        params: sizes, weights μ and rates.
        validation: what looks at Ω+.
    """

    def __init__(
        self,
        dataset: Dataset,
        index: TrainingIndex,
        fusion: PointFusion | PeakFusion,
        kind: type[Generator],
        sizes: Mapping[str, float],
        params: TransferPlusParams,
        validation: Validation[Generator],
    ) -> None:
        super().__init__(seeded(params.seed, kind, **sizes), validation)
        net = self.net
        self._dataset = dataset
        self._fusion = fusion.eval().requires_grad_(False)
        self._params = params
        channels = 2 * dataset.channels
        self._critic = seeded(params.seed + 1, PatchDiscriminator, channels, params.d_width)
        self.nets: Mapping[str, nn.Module] = {"transfer": net, "discriminator": self._critic}
        self._how = Acceleration.of(dataset.device)
        for part in (*self.nets.values(), self._fusion):
            self._how.prepare(part)
        if params.motion and isinstance(net, Warping):
            fit_motion(net.motion, dataset, index, _PAIRS_OF_PICTURES, params.ridge, params.seed)
        self.optimizers: Mapping[str, Adam] = {
            "transfer": adam(net, params.lr_g, params, self._how),
            "discriminator": adam(self._critic, params.lr_d, params, self._how),
        }

    def step(self, triples: TrainingTriples) -> dict[str, Tensor]:
        """One update of D_I where it has a weight, then one of Ω+."""
        params, dataset = self._params, self._dataset
        rows = triples.upload(dataset.device)
        photo, wanted, points, goal, field = self._given(rows)
        with self._how.autocast():
            made = self.net(photo, points, goal, field)
        picture = made.picture.float()
        loss_d = picture.new_zeros(())
        adversarial = picture.new_zeros(())
        if params.mu1:
            real = self._critic(torch.cat([photo, wanted], dim=1))
            fake = self._critic(torch.cat([photo, picture.detach()], dim=1))
            loss_d = losses.discriminator(real, fake)
            update(self.optimizers["discriminator"], loss_d, _LONGEST)
            self._critic.requires_grad_(False)
            adversarial = losses.generator(self._critic(torch.cat([photo, picture], dim=1)))
        weight = 1 + params.regions * _heed(goal, dataset.size)
        l1 = ((picture - wanted).abs() * weight).mean()
        structure = dissimilarity(picture, wanted)
        moved = losses.l1(made.moved.float(), wanted)
        total = (
            params.mu1 * adversarial
            + params.mu2 * l1
            + params.structure * structure
            + params.moved * moved
        )
        update(self.optimizers["transfer"], total, _LONGEST)
        self._critic.requires_grad_(True)
        parts = {"total": total, "adversarial": adversarial, "l1": l1, "structure": structure}
        parts |= {"moved": moved, "discriminator": loss_d, "painted": made.mask.float().mean()}
        return {f"loss_{key}": value.detach() for key, value in parts.items()}

    @torch.no_grad()
    def _given(self, rows: Batch) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Photo, truth, L_t, the wanted points and the motion between them, placed at random."""
        params, dataset = self._params, self._dataset
        size, points = dataset.size, dataset.points
        own, goal = points[rows.target], points[rows.truth]
        if params.true_landmarks < 1:
            rng = np.random.default_rng([params.seed, 5, rows.step])
            u = rows.share.own(rng.random(rows.share.of * len(own)))
            exact = upload(u < params.true_landmarks, dataset.device)[:, None, None]
            goal = torch.where(exact, goal, self._fusion.fuse(points[rows.source], own))
        strength, device = params.augmentation, dataset.device
        place = Augmentation(len(own), strength, params.seed, rows.step, device, rows.share)
        return (
            place.picture(dataset.pictures(rows.target)),
            place.picture(dataset.pictures(rows.truth)),
            place.points(own, size),
            place.points(goal, size),
            place.field(self.net.motion(own, goal, size)),
        )


def warping_sizes(dataset: Dataset, params: TransferPlusParams) -> dict[str, float]:
    """The arguments that build Ω+ for the pictures of a data set."""
    working = min(params.working, dataset.size)
    return {"channels": dataset.channels, "width": params.width, "working": working}


def _heed(points: Tensor, size: int) -> Tensor:
    """Mouth and eyes [B, 1, size, size], drawn at half the side: 1 inside, 2 between the lips."""
    return resized(regions(points, size, size // 2).sum(dim=1, keepdim=True), size)
