"""The rows of the tables: what each model makes of the test triples, in both protocols."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol as Interface

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fet_core.acceleration import Acceleration
from fet_core.data.dataset import Dataset
from fet_core.face3d.bank import Lender
from fet_core.face3d.mouth import bring
from fet_core.geometry.raster import to_bytes, warp
from fet_core.measure.comparable import Protocol
from fet_core.measure.metrics import psnr, ssim
from fet_core.measure.triples import Landmarks, Predictor, Triples, wanted_points
from fet_core.nets.generators import Cgan, G2gan, Pix2pix, Transfer, label_planes
from fet_core.nets.warping import Output
from fet_core.nets.weights import load_fitting
from fet_core.tables import EXPRESSIONS

Method = Callable[[Triples, Protocol], Tensor]
"""Makes [B, C, S, S] uint8 pictures of a batch of triples."""


def copy_method(dataset: Dataset) -> Method:
    """The target photo as it is; the same in both protocols."""

    def make(triples: Triples, protocol: Protocol) -> Tensor:
        return dataset.bytes(triples.target)

    return make


def warp_method(dataset: Dataset) -> Method:
    """A thin-plate-spline warp of the target photo to `wanted_points`, with nothing learned."""

    def make(triples: Triples, protocol: Protocol) -> Tensor:
        points = dataset.points[triples.target]
        wanted = wanted_points(dataset, triples, protocol)
        return to_bytes(warp(dataset.pictures(triples.target), points, wanted))

    return make


def fet_method(dataset: Dataset, landmarks: Landmarks, transfer: Transfer) -> Method:
    """The paper's model; BatchNorm in eval mode."""
    how = Acceleration.of(dataset.device)

    def make(triples: Triples, protocol: Protocol) -> Tensor:
        photo = dataset.pictures(triples.target)
        wanted = landmarks.wanted(triples, protocol)
        with how.autocast():
            return to_bytes(transfer(wanted, photo))

    return make


def truth_method(dataset: Dataset) -> Method:
    """The truth itself: a ceiling, and what the instruments read on real pictures."""

    def make(triples: Triples, protocol: Protocol) -> Tensor:
        return dataset.bytes(triples.truth)

    return make


@torch.no_grad()
def pictures(method: Method, triples: Triples) -> NDArray[np.uint8]:
    """What a method makes of a few triples in the transfer protocol, [P, S, S, C] uint8."""
    made = method(triples, "transfer")
    return np.ascontiguousarray(made.permute(0, 2, 3, 1).cpu().numpy())


@torch.no_grad()
def score(
    method: Method, dataset: Dataset, triples: Triples, protocol: Protocol, batch: int
) -> dict[str, float]:
    """Mean SSIM and PSNR over the triples and their number.

    Returns:
        {"ssim": …, "psnr": … in dB, "n": …}.
    """
    similarities, ratios = [], []
    for part in triples.batches(batch):
        made, truth = method(part, protocol), dataset.bytes(part.truth)
        similarities.append(ssim(made, truth))
        ratios.append(psnr(made, truth))
    return {
        "ssim": round(float(torch.cat(similarities).mean()), 6),
        "psnr": round(float(torch.cat(ratios).mean()), 6),
        "n": len(triples),
    }


BaselineGenerator = Cgan | Pix2pix | G2gan

BASELINES: dict[str, type[BaselineGenerator]] = {"cgan": Cgan, "pix2pix": Pix2pix, "g2gan": G2gan}
"""By the name of the row, of the weights and in the params."""

_NEUTRAL = EXPRESSIONS.index("neutral")


def pix2pix_method(dataset: Dataset, net: Pix2pix, sigma: float) -> Method:
    """pix2pix, given the *source's* landmark image (oracle: the truth's), in eval mode.

    Args:
        dataset: pictures and landmarks.
        net: the generator.
        sigma: of a spot as a share of the picture's side.
    """
    how = Acceleration.of(dataset.device)

    def make(triples: Triples, protocol: Protocol) -> Tensor:
        shown = triples.source if protocol == "transfer" else triples.truth
        landmarks = dataset.landmark_images(shown, dataset.size, sigma)
        with how.autocast():
            return to_bytes(net(landmarks, dataset.pictures(triples.target)))

    return make


def cgan_method(dataset: Dataset, net: Cgan) -> Method:
    """CGAN, given the label of the source's expression; it takes no geometry."""
    how = Acceleration.of(dataset.device)

    def make(triples: Triples, protocol: Protocol) -> Tensor:
        labels = label_planes(dataset.expression[triples.source])
        with how.autocast():
            return to_bytes(net(labels, dataset.pictures(triples.target)))

    return make


def g2gan_method(dataset: Dataset, net: G2gan, sigma: float) -> Method:
    """G2-GAN: the target's expression is removed, then the wanted one is put on.

    A target that is neutral already skips the first step, a wanted neutral face the second; the
    removal is shown the target's own landmarks, the synthesis those that `warp` moves to.
    """
    how = Acceleration.of(dataset.device)

    def images(points: Tensor) -> Tensor:
        return dataset.draw(points, dataset.size, sigma)

    def make(triples: Triples, protocol: Protocol) -> Tensor:
        photo = dataset.pictures(triples.target)
        own = images(dataset.points[triples.target])
        wanted = images(wanted_points(dataset, triples, protocol))
        is_neutral = (dataset.expression[triples.target] == _NEUTRAL)[:, None, None, None]
        to_neutral = (dataset.expression[triples.source] == _NEUTRAL)[:, None, None, None]
        with how.autocast():
            resting = torch.where(is_neutral, photo, net.removal(own, photo))
            return to_bytes(torch.where(to_neutral, resting, net.synthesis(wanted, resting)))

    return make


def baseline_method(dataset: Dataset, net: BaselineGenerator, sigma: float) -> Method:
    """The row of a baseline's generator; `sigma` as a share of the picture's side."""
    if isinstance(net, Cgan):
        return cgan_method(dataset, net)
    if isinstance(net, Pix2pix):
        return pix2pix_method(dataset, net, sigma)
    return g2gan_method(dataset, net, sigma)


def load_baseline(name: str, folder: Path, dataset: Dataset) -> Method:
    """The row of a trained baseline, on the data set's device.

    Args:
        name: cgan, pix2pix or g2gan.
        folder: holds `<name>.safetensors`.
        dataset: the pictures that it will be given.

    Raises:
        UserError: as `fet_core.nets.weights.load_fitting`.
    """
    path = folder / f"{name}.safetensors"
    kind = BASELINES[name]
    wanted = (dataset.size, dataset.channels, dataset.device, ("sigma",))
    net, note = load_fitting(path, name, kind, *wanted)
    return baseline_method(dataset, net, note["sigma"])


class Fuses(Interface):
    """Φ+, or the paper's Φ with its peaks decoded."""

    def fuse(self, source: Tensor, target: Tensor, intensity: float = 1.0) -> Tensor:
        """J_gen [B, 68, 2]; see `PointFusion.fuse`."""
        ...


def plus_method(dataset: Dataset, fusion: Fuses, transfer: Callable[..., Output]) -> Method:
    """FET+; *oracle* takes the truth's points in the place of J_gen.

    In both protocols what a mouth shows that the target's does not comes from the source picture.

    Args:
        dataset: pictures and landmarks, the mean of many readings (`Dataset.by_mean`).
        fusion: Φ+ on the data set's device.
        transfer: Ω+ in eval mode, there too.
    """
    how = Acceleration.of(dataset.device)

    def make(triples: Triples, protocol: Protocol) -> Tensor:
        if not len(triples):
            return dataset.bytes(triples.target)
        own = dataset.points[triples.target]
        wanted = dataset.points[triples.truth]
        if protocol == "transfer":
            wanted = fusion.fuse(dataset.points[triples.source], own)
        with how.autocast():
            made = to_bytes(transfer(dataset.pictures(triples.target), own, wanted).picture)
        giver, photo = dataset.bytes(triples.source), dataset.bytes(triples.target)
        return _with_mouths(made, wanted, giver, dataset.points[triples.source], photo, own)

    return make


def _with_mouths(
    made: Tensor, wanted: Tensor, source: Tensor, theirs: Tensor, photo: Tensor, own: Tensor
) -> Tensor:
    """Pictures [B, C, S, S] uint8 with the mouths of the sources where the targets show none."""
    pictures, givers, photos = (
        np.ascontiguousarray(one.permute(0, 2, 3, 1).cpu().numpy()) for one in (made, source, photo)
    )
    places = (one.double().cpu().numpy() for one in (wanted, theirs, own))
    for picture, giver, before, at, its, own_at in zip(
        pictures, givers, photos, *places, strict=True
    ):
        bring(_plane(picture), at, Lender(_plane(giver), its), Lender(_plane(before), own_at))
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).to(made.device)


def _plane(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return picture if picture.shape[2] > 1 else picture[:, :, 0]


def predictor(dataset: Dataset, fusion: Fuses) -> Predictor:
    """Φ+ as a predictor of points."""
    return lambda triples: fusion.fuse(
        dataset.points[triples.source], dataset.points[triples.target]
    )
