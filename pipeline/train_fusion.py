"""`fet train-fusion`: trains Φ, the landmark fusion module."""

from __future__ import annotations

from . import common, training


def train_fusion(
    dataset: common.DatasetOption,
    in_: common.InOption = None,
    out: common.OutOption = None,
    metrics: common.MetricsOption = None,
    params: common.ParamsOption = common.PARAMS,
    checkpoints: training.CheckpointsOption = training.CHECKPOINTS,
    save_every: training.SaveOption = training.SAVE_SECONDS,
    device: common.DeviceOption = "auto",
) -> None:
    """Train Φ (Eq. 1 and 3 to 6); an interrupted run goes on where it was."""
    from fet_core.datasets.triples import training_rows
    from fet_core.evaluation.fusion import FusionValidation
    from fet_core.training.fusion import FusionTask
    from fet_core.training.identities import Identities

    run = training.Run("train_fusion", dataset, in_, out, metrics, params, device)
    inputs, settings = run.inputs, run.settings
    options = settings.fusion
    validation = FusionValidation(
        inputs.store, inputs.pairs, inputs.shown, options.sigma, options.batch_size
    )
    people = Identities(
        inputs.store, training_rows(inputs.samples), options.identities, options.seed
    )
    task = FusionTask(inputs.store, people, options, validation)
    run.train(task, options, name="Φ", checkpoints=checkpoints, save_seconds=save_every, depends={})
    sizes = {name: getattr(options, name) for name in ("size", "width", "bottleneck")}
    run.keep("fusion", sizes, task.net, {"sigma": options.sigma})
