"""cgan, pix2pix and g2gan, trained on the same samples as the paper's model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fet_core.measure.methods import BaselineGenerator, Method, baseline_method, load_baseline
from fet_core.recipes.base import Inputs, Trained, Training
from fet_core.show.shown import PictureValidation
from fet_core.train.baselines import G2ganTask, cgan_task, pix2pix_task


def cgan(inputs: Inputs, source: Path) -> Training:
    """CGAN: adversarial loss alone, on the expression's label."""
    return _training(inputs, cgan_task)


def pix2pix(inputs: Inputs, source: Path) -> Training:
    """pix2pix on the source's landmark image."""
    return _training(inputs, pix2pix_task)


def g2gan(inputs: Inputs, source: Path) -> Training:
    """G2-GAN, which goes both ways with each triple: half the epochs show it as many truths."""
    return _training(inputs, G2ganTask, truths=2)


def cgan_method(inputs: Inputs, source: Path) -> Method:
    """CGAN."""
    return load_baseline("cgan", source / "train_cgan", inputs.dataset)


def pix2pix_method(inputs: Inputs, source: Path) -> Method:
    """pix2pix."""
    return load_baseline("pix2pix", source / "train_pix2pix", inputs.dataset)


def g2gan_method(inputs: Inputs, source: Path) -> Method:
    """G2-GAN."""
    return load_baseline("g2gan", source / "train_g2gan", inputs.dataset)


def _training(inputs: Inputs, build: Callable[..., Trained], truths: int = 1) -> Training:
    dataset, options = inputs.dataset, inputs.settings.baseline
    options = options.model_copy(update={"epochs": -(-options.epochs // truths)})

    def row(net: BaselineGenerator) -> Method:
        return baseline_method(dataset, net, options.sigma)

    validation = PictureValidation(dataset, inputs.triples, inputs.shown, row, options.batch_size)
    sizes = {"size": dataset.size, "channels": dataset.channels, "width": options.width}
    return Training(
        build(dataset, options, validation),
        options,
        sizes,
        {"sigma": options.sigma},
        # Only between a neutral face and another can a triple be gone both ways.
        neutral_only=True if truths == 2 else None,
        truths=truths,
    )
