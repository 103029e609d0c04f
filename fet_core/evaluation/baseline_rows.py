"""The rows of the baselines: what cgan, pix2pix and g2gan make of the test triples."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from fet_core.evaluation.protocols import Pairs, Protocol
from fet_core.evaluation.rows import Row, wanted_points
from fet_core.models.cgan import Cgan, label_planes
from fet_core.models.files import load_fitting
from fet_core.models.g2gan import G2gan
from fet_core.models.pix2pix import Pix2pix
from fet_core.store import Store, to_bytes
from fet_core.tables import EXPRESSIONS

Generator = Cgan | Pix2pix | G2gan

BASELINES: dict[str, type[Generator]] = {"cgan": Cgan, "pix2pix": Pix2pix, "g2gan": G2gan}
"""By the name of the row, of the weights and in the params."""

_NEUTRAL = EXPRESSIONS.index("neutral")


def pix2pix_row(store: Store, net: Pix2pix, sigma: float) -> Row:
    """pix2pix, given the *source's* landmark image (oracle: the truth's), in eval mode.

    Args:
        store: pictures and landmarks.
        net: the generator.
        sigma: of a spot as a share of the picture's side.
    """

    def make(pairs: Pairs, protocol: Protocol) -> Tensor:
        shown = pairs.source if protocol == "transfer" else pairs.truth
        landmarks = store.landmark_images(shown, store.size, sigma)
        return to_bytes(net(landmarks, store.pictures(pairs.target)))

    return make


def cgan_row(store: Store, net: Cgan) -> Row:
    """CGAN, given the label of the source's expression; it takes no geometry."""

    def make(pairs: Pairs, protocol: Protocol) -> Tensor:
        labels = label_planes(store.expression[pairs.source])
        return to_bytes(net(labels, store.pictures(pairs.target)))

    return make


def g2gan_row(store: Store, net: G2gan, sigma: float) -> Row:
    """G2-GAN: the target's expression is removed, then the wanted one is put on.

    A target that is neutral already skips the first step, a wanted neutral face the second; the
    removal is shown the target's own landmarks, the synthesis those that `warp` moves to.
    """

    def images(points: Tensor) -> Tensor:
        return store.draw(points, store.size, sigma)

    def make(pairs: Pairs, protocol: Protocol) -> Tensor:
        photo = store.pictures(pairs.target)
        own = images(store.points[pairs.target])
        wanted = images(wanted_points(store, pairs, protocol))
        is_neutral = (store.expression[pairs.target] == _NEUTRAL)[:, None, None, None]
        to_neutral = (store.expression[pairs.source] == _NEUTRAL)[:, None, None, None]
        resting = torch.where(is_neutral, photo, net.removal(own, photo))
        return to_bytes(torch.where(to_neutral, resting, net.synthesis(wanted, resting)))

    return make


def baseline_row(store: Store, net: Generator, sigma: float) -> Row:
    """The row of a baseline's generator; `sigma` as a share of the picture's side."""
    if isinstance(net, Cgan):
        return cgan_row(store, net)
    if isinstance(net, Pix2pix):
        return pix2pix_row(store, net, sigma)
    return g2gan_row(store, net, sigma)


def load_baseline(name: str, folder: Path, store: Store) -> Row:
    """The row of a trained baseline, on the store's device.

    Args:
        name: cgan, pix2pix or g2gan.
        folder: holds `<name>.safetensors`.
        store: the pictures that it will be given.

    Raises:
        UserError: as `fet_core.models.files.load_fitting`.
    """
    path = folder / f"{name}.safetensors"
    kind = BASELINES[name]
    wanted = (store.size, store.channels, store.device, ("sigma",))
    net, note = load_fitting(path, name, kind, *wanted)
    return baseline_row(store, net, note["sigma"])
