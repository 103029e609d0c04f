"""The paper's model, Φ and Ω, and the rows of the tables for which nothing is trained."""

from __future__ import annotations

from pathlib import Path

from fet_core.data.training_triples import training_rows
from fet_core.measure import methods
from fet_core.measure.methods import Method
from fet_core.measure.triples import Landmarks
from fet_core.nets.generators import Transfer
from fet_core.nets.weights import load_fitting, load_fusion
from fet_core.recipes.base import Inputs, Training
from fet_core.show.shown import FusionValidation, PictureValidation
from fet_core.train.augmentation import Identities
from fet_core.train.paper import FusionTask, transfer_task

PHI = Path("train_fusion") / "fusion.safetensors"


def fusion(inputs: Inputs, source: Path) -> Training:
    """Φ: Eq. 1 and 3 to 6."""
    options, dataset = inputs.settings.fusion, inputs.dataset
    task = FusionTask(
        dataset,
        Identities(dataset, training_rows(inputs.samples), options.identities, options.seed),
        options,
        FusionValidation(dataset, inputs.triples, inputs.shown, options.sigma, options.batch_size),
    )
    sizes = {name: getattr(options, name) for name in ("size", "width", "bottleneck")}
    return Training(task, options, sizes, {"sigma": options.sigma})


def transfer(inputs: Inputs, source: Path, to_the_letter: bool = False) -> Training:
    """Ω with Φ frozen: Tables 1 and 2, Eq. 7 to 9."""
    options, dataset = inputs.settings.transfer, inputs.dataset
    phi, note = load_fusion(source / PHI, dataset.device)
    landmarks = Landmarks(dataset, phi, note["sigma"])
    validation: PictureValidation[Transfer] = PictureValidation(
        dataset,
        inputs.triples,
        inputs.shown,
        lambda net: methods.fet_method(dataset, landmarks, net),
        options.batch_size,
        landmarks.generated,
    )
    sizes = {"size": dataset.size, "channels": dataset.channels, "width": options.width}
    sizes |= {"first_norm": True} if to_the_letter else {}
    task = transfer_task(dataset, phi, note["sigma"], options, validation, to_the_letter)
    return Training(task, options, sizes, depends={"fusion": source / PHI})


def transfer_to_the_letter(inputs: Inputs, source: Path) -> Training:
    """Ω with a BatchNorm after its first convolution, as the paper says for all layers."""
    return transfer(inputs, source, to_the_letter=True)


def fet(inputs: Inputs, source: Path, folder: str = "train_transfer") -> Method:
    """The paper's model."""
    dataset = inputs.dataset
    phi, note = load_fusion(source / PHI, dataset.device)
    path = source / folder / "transfer.safetensors"
    net, _ = load_fitting(
        path, "transfer", Transfer, dataset.size, dataset.channels, dataset.device
    )
    return methods.fet_method(dataset, Landmarks(dataset, phi, note["sigma"]), net)


def letter(inputs: Inputs, source: Path) -> Method:
    """The paper to the letter."""
    return fet(inputs, source, "train_fet_letter")


def copy(inputs: Inputs, source: Path) -> Method:
    """The target photo as it is."""
    return methods.copy_method(inputs.dataset)


def warp(inputs: Inputs, source: Path) -> Method:
    """A thin-plate spline, with nothing learned."""
    return methods.warp_method(inputs.dataset)


def truth(inputs: Inputs, source: Path) -> Method:
    """What the instruments read on the truth: a ceiling."""
    return methods.truth_method(inputs.dataset)
