"""`fet train-fusion`: trains Φ, the landmark fusion module."""

from __future__ import annotations

import shutil

from pipeline import common, training


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
    from fet_core.evaluation.fusion import FusionValidation
    from fet_core.models import files
    from fet_core.training.fusion import FusionTask
    from pipeline.inputs import open_inputs

    settings = common.load(params, dataset)
    folder = common.out_folder(out, settings, dataset)
    live = common.metrics_folder(metrics, settings, dataset, out) / "train_fusion"
    options = settings.fusion
    inputs = open_inputs(common.data_folder(in_, dataset), settings, dataset, device)
    check = FusionValidation(
        inputs.store, inputs.pairs, inputs.shown, options.sigma, options.batch_size
    )
    task = FusionTask(inputs.store, options, check.metrics, check.grid)
    used = training.run(
        inputs,
        task,
        options,
        name=f"Φ {dataset}",
        stage="train_fusion",
        checkpoints=checkpoints,
        live=live,
        save_seconds=save_every,
        depends={},
    )
    path = folder / "train_fusion" / "fusion.safetensors"
    sizes = {name: getattr(options, name) for name in ("size", "width", "bottleneck")}
    files.save(path, "fusion", sizes, task.net, {"sigma": options.sigma})
    shutil.rmtree(used, ignore_errors=True)
    print(f"{dataset}: Φ after {options.epochs} epochs in {path}")
