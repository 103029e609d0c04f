"""`fet train-baseline`: trains cgan, pix2pix or g2gan on the same samples as the paper's model."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import common, training

if TYPE_CHECKING:
    from fet_core.evaluation.baseline_rows import Generator
    from fet_core.evaluation.rows import Row


class Model(StrEnum):
    """The baselines."""

    cgan = "cgan"
    pix2pix = "pix2pix"
    g2gan = "g2gan"


def train_baseline(
    dataset: common.DatasetOption,
    model: Annotated[Model, typer.Option("--model", help="Which baseline.")],
    in_: common.InOption = None,
    out: common.OutOption = None,
    metrics: common.MetricsOption = None,
    params: common.ParamsOption = common.PARAMS,
    checkpoints: training.CheckpointsOption = training.CHECKPOINTS,
    save_every: training.SaveOption = training.SAVE_SECONDS,
    device: common.DeviceOption = "auto",
) -> None:
    """Train a baseline; an interrupted run goes on where it was."""
    from fet_core.evaluation.baseline_rows import baseline_row
    from fet_core.evaluation.transfer import PictureValidation
    from fet_core.training.baselines import TRUTHS_A_TRIPLE, cgan_task, pix2pix_task
    from fet_core.training.g2gan import G2ganTask

    run = training.Run(f"train_{model.value}", dataset, in_, out, metrics, params, device)
    inputs, settings = run.inputs, run.settings
    store, options = inputs.store, settings.baseline
    truths = TRUTHS_A_TRIPLE[model.value]
    options = options.model_copy(update={"epochs": -(-options.epochs // truths)})

    def row(net: Generator) -> Row:
        return baseline_row(store, net, options.sigma)

    validation = PictureValidation(store, inputs.pairs, inputs.shown, row, options.batch_size)
    builders: dict[str, Any] = {"cgan": cgan_task, "pix2pix": pix2pix_task, "g2gan": G2ganTask}
    task = builders[model.value](store, options, validation)
    run.train(
        task,
        options,
        name=model.value,
        checkpoints=checkpoints,
        save_seconds=save_every,
        depends={},
        # Only between a neutral face and another can a triple be gone both ways.
        neutral_only=True if truths == 2 else None,
        epoch=truths,
    )
    sizes = {"size": store.size, "channels": store.channels, "width": options.width}
    run.keep(model.value, sizes, task.net, {"sigma": options.sigma})
