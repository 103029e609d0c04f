"""FET+, Φ+ and Ω+, and FET+ with either of the paper's modules in the place of its own."""

from __future__ import annotations

from pathlib import Path

from fet_core.data.dataset import Store
from fet_core.data.triples import training_index, training_rows
from fet_core.measure.rows import Fuses, Row, plus_row
from fet_core.nets.fusion import PeakFusion, PointFusion
from fet_core.nets.warping import SPOT, Generator, Painting, Warping
from fet_core.nets.weights import load, load_fitting, load_fusion
from fet_core.recipes.base import Inputs, Training
from fet_core.recipes.fet import PHI
from fet_core.show.shown import PictureValidation, PointsValidation, drawn_points
from fet_core.train.augmentation import Identities
from fet_core.train.plus import PointTask, WarpingTask, warping_sizes

PHI_PLUS = Path("train_fusion_plus") / "fusion_plus.safetensors"
WEIGHTS = "transfer_plus.safetensors"


def fusion(inputs: Inputs, source: Path) -> Training:
    """Φ+ on points: Eq. 1 and 3 to 6."""
    options, store = inputs.settings.fusion_plus, inputs.store.by_mean()
    task = PointTask(
        store,
        training_index(inputs.samples, inputs.kind.neutral_only),
        Identities(store, training_rows(inputs.samples), options.identities, options.seed),
        options,
        PointsValidation(store, inputs.pairs, inputs.shown, options.batch_size),
    )
    sizes = {name: getattr(options, name) for name in ("rank", "width", "code")}
    return Training(task, options, sizes)


def transfer(inputs: Inputs, source: Path) -> Training:
    """Ω+ with Φ+ frozen."""
    store = inputs.store.by_mean()
    return _transfer(inputs, source, store, load_phi_plus(source, store), PHI_PLUS, Warping)


def transfer_after_heatmap(inputs: Inputs, source: Path) -> Training:
    """Ω+ with the paper's Φ frozen, the peaks of whose images are decoded."""
    store = inputs.store.by_mean()
    return _transfer(inputs, source, store, load_peaks(source, store), PHI, Warping)


def transfer_unet(inputs: Inputs, source: Path) -> Training:
    """The paper's Ω on the points of Φ+, with the losses of Ω+."""
    store = inputs.store.by_mean()
    return _transfer(inputs, source, store, load_phi_plus(source, store), PHI_PLUS, Painting)


def row(inputs: Inputs, source: Path) -> Row:
    """FET+."""
    store = inputs.store.by_mean()
    path = source / "train_transfer_plus" / WEIGHTS
    return plus_row(store, load_phi_plus(source, store), load_warping(path, store))


def heatmap_row(inputs: Inputs, source: Path) -> Row:
    """FET+ with the paper's Φ."""
    store = inputs.store.by_mean()
    path = source / "train_fet_plus_heatmap" / WEIGHTS
    return plus_row(store, load_peaks(source, store), load_warping(path, store))


def unet_row(inputs: Inputs, source: Path) -> Row:
    """FET+ with the paper's Ω."""
    store = inputs.store.by_mean()
    path = source / "train_fet_plus_unet" / WEIGHTS
    wanted = (store.size, store.channels, store.device)
    net, _ = load_fitting(path, "transfer_plus", Painting, *wanted)
    return plus_row(store, load_phi_plus(source, store), net)


def load_phi_plus(source: Path, store: Store) -> PointFusion:
    """Φ+ in eval mode on the store's device; errors as `fet_core.nets.weights.load`."""
    net, _ = load(source / PHI_PLUS, "fusion_plus", PointFusion)
    return net.to(store.device)


def load_peaks(source: Path, store: Store) -> PeakFusion:
    """Φ where points are wanted; errors as `fet_core.nets.weights.load`."""
    net, note = load_fusion(source / PHI, store.device)
    return PeakFusion(net, note["sigma"], store.size).to(store.device).eval()


def load_warping(path: Path, store: Store) -> Warping:
    """Ω+ in eval mode on the store's device; its pictures have any size, but its own channels.

    Raises:
        UserError: as `fet_core.nets.weights.load_fitting`.
    """
    net, _ = load_fitting(path, "transfer_plus", Warping, None, store.channels, store.device)
    return net


def _transfer(
    inputs: Inputs,
    source: Path,
    store: Store,
    phi: PointFusion | PeakFusion,
    weights: Path,
    kind: type[Generator],
) -> Training:
    options = inputs.settings.transfer_plus
    sizes: dict[str, float]
    if kind is Painting:
        sizes = {"size": store.size, "channels": store.channels, "width": options.width}
        sizes |= {"sigma": SPOT}
    else:
        sizes = warping_sizes(store, options)
    fuses: Fuses = phi
    validation: PictureValidation[Generator] = PictureValidation(
        store,
        inputs.pairs,
        inputs.shown,
        lambda net: plus_row(store, fuses, net),
        options.batch_size,
        drawn_points(store, fuses),
    )
    index = training_index(inputs.samples, inputs.kind.neutral_only)
    task = WarpingTask(store, index, phi, kind, sizes, options, validation)
    depends = {"fusion": source / weights}
    note = {"generator": "unet" if kind is Painting else "warp"}
    return Training(task, options, sizes, note, depends)
