"""FET+, Φ+ and Ω+, and FET+ with either of the paper's modules in the place of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fet_core.acceleration import Acceleration
from fet_core.data.dataset import Dataset
from fet_core.data.training_triples import training_index, training_rows
from fet_core.measure import triples
from fet_core.measure.methods import Fuses, Method, plus_method, predictor
from fet_core.nets.fusion import PeakFusion, PointFusion
from fet_core.nets.warping import SPOT, Generator, Painting, Warping
from fet_core.nets.weights import load, load_fitting, load_fusion
from fet_core.recipes.base import Inputs, Training
from fet_core.recipes.fet import PHI
from fet_core.show.shown import PictureValidation, PointsValidation, drawn_points
from fet_core.train.augmentation import Identities
from fet_core.train.look_alikes import LookAlikes
from fet_core.train.plus import PointTask, WarpingTask, warping_sizes

PHI_PLUS = Path("train_fusion_plus") / "fusion_plus.safetensors"
WEIGHTS = "transfer_plus.safetensors"


def fusion(inputs: Inputs, source: Path) -> Training:
    """Φ+ on points: Eq. 1 and 3 to 6."""
    options, dataset = inputs.settings.fusion_plus, inputs.dataset.by_mean()
    index = training_index(inputs.samples, inputs.kind.neutral_only)
    people: Identities | LookAlikes
    if options.look_alikes:
        people = LookAlikes(dataset, index, options.seed)
    else:
        rows = training_rows(inputs.samples)
        people = Identities(dataset, rows, options.identities, options.seed)
    task = PointTask(
        dataset,
        index,
        people,
        options,
        PointsValidation(dataset, inputs.triples, inputs.shown, options.batch_size),
    )
    rank = task.net.shapes.shape[1]
    sizes = {"rank": rank, "width": options.width, "code": options.code}
    return Training(task, options, sizes)


def transfer(inputs: Inputs, source: Path) -> Training:
    """Ω+ with Φ+ frozen."""
    dataset = inputs.dataset.by_mean()
    return _transfer(inputs, source, dataset, load_phi_plus(source, dataset), PHI_PLUS, Warping)


def transfer_after_heatmap(inputs: Inputs, source: Path) -> Training:
    """Ω+ with the paper's Φ frozen, the peaks of whose images are decoded."""
    dataset = inputs.dataset.by_mean()
    return _transfer(inputs, source, dataset, load_peaks(source, dataset), PHI, Warping)


def transfer_unet(inputs: Inputs, source: Path) -> Training:
    """The paper's Ω on the points of Φ+, with the losses of Ω+."""
    dataset = inputs.dataset.by_mean()
    return _transfer(inputs, source, dataset, load_phi_plus(source, dataset), PHI_PLUS, Painting)


def method(inputs: Inputs, source: Path) -> Method:
    """FET+."""
    dataset = inputs.dataset.by_mean()
    path = source / "train_transfer_plus" / WEIGHTS
    return plus_method(dataset, load_phi_plus(source, dataset), load_warping(path, dataset))


def heatmap_method(inputs: Inputs, source: Path) -> Method:
    """FET+ with the paper's Φ."""
    dataset = inputs.dataset.by_mean()
    path = source / "train_fet_plus_heatmap" / WEIGHTS
    return plus_method(dataset, load_peaks(source, dataset), load_warping(path, dataset))


def unet_method(inputs: Inputs, source: Path) -> Method:
    """FET+ with the paper's Ω."""
    dataset = inputs.dataset.by_mean()
    path = source / "train_fet_plus_unet" / WEIGHTS
    wanted = (dataset.size, dataset.channels, dataset.device)
    net, _ = load_fitting(path, "transfer_plus", Painting, *wanted)
    return plus_method(dataset, load_phi_plus(source, dataset), net)


def landmarks(inputs: Inputs, source: Path) -> dict[str, Any]:
    """NME of Φ+, of the paper's Φ and of what needs no training, by how the truth was read."""
    single, mean = inputs.dataset, inputs.dataset.by_mean()
    training = training_rows(inputs.samples)
    peaks = load_peaks(source, single)
    ours = {"Φ+": predictor(mean, load_phi_plus(source, mean))}
    people = inputs.triples_table["target_subject"].to_pylist()
    batch = inputs.settings.evaluate.batch_size

    def errors(read: Dataset) -> dict[str, Any]:
        simple = triples.simple_predictors(read, training)
        every = simple | {"Φ, decoded": predictor(read, peaks)} | ours
        return triples.table(every, read.points, inputs.triples, people, batch)

    return {"one reading": errors(single), "mean of readings": errors(mean)}


def load_phi_plus(source: Path, dataset: Dataset) -> PointFusion:
    """Φ+ in eval mode on the data set's device; errors as `fet_core.nets.weights.load`."""
    net, _ = load(source / PHI_PLUS, "fusion_plus", PointFusion)
    return Acceleration.of(dataset.device).prepare(net, trained=False)


def load_peaks(source: Path, dataset: Dataset) -> PeakFusion:
    """Φ where points are wanted; errors as `fet_core.nets.weights.load`."""
    net, note = load_fusion(source / PHI, dataset.device)
    return PeakFusion(net, note["sigma"], dataset.size).to(dataset.device).eval()


def load_warping(path: Path, dataset: Dataset) -> Warping:
    """Ω+ in eval mode on the data set's device; its pictures have any size, but its own channels.

    Raises:
        UserError: as `fet_core.nets.weights.load_fitting`.
    """
    net, _ = load_fitting(path, "transfer_plus", Warping, None, dataset.channels, dataset.device)
    return net


def _transfer(
    inputs: Inputs,
    source: Path,
    dataset: Dataset,
    phi: PointFusion | PeakFusion,
    weights: Path,
    kind: type[Generator],
) -> Training:
    options = inputs.settings.transfer_plus
    sizes: dict[str, float]
    if kind is Painting:
        sizes = {"size": dataset.size, "channels": dataset.channels, "width": options.width}
        sizes |= {"sigma": SPOT}
    else:
        sizes = warping_sizes(dataset, options)
    fuses: Fuses = phi
    validation: PictureValidation[Generator] = PictureValidation(
        dataset,
        inputs.triples,
        inputs.shown,
        lambda net: plus_method(dataset, fuses, net),
        options.batch_size,
        drawn_points(dataset, fuses),
    )
    index = training_index(inputs.samples, inputs.kind.neutral_only)
    task = WarpingTask(dataset, index, phi, kind, sizes, options, validation)
    depends = {"fusion": source / weights}
    note = {"generator": "unet" if kind is Painting else "warp"}
    return Training(task, options, sizes, note, depends)
