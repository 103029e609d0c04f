"""`fet train-transfer`: trains Ω, the expression transfer module, with Φ frozen."""

from __future__ import annotations

import shutil

from pipeline import common, training


def train_transfer(
    dataset: common.DatasetOption,
    in_: common.InOption = None,
    out: common.OutOption = None,
    metrics: common.MetricsOption = None,
    params: common.ParamsOption = common.PARAMS,
    checkpoints: training.CheckpointsOption = training.CHECKPOINTS,
    save_every: training.SaveOption = training.SAVE_SECONDS,
    device: common.DeviceOption = "auto",
) -> None:
    """Train Ω (Eq. 2 and 7 to 9); an interrupted run goes on where it was."""
    from fet_core.evaluation.transfer import TransferValidation
    from fet_core.models import files
    from fet_core.models.fusion import load_fusion
    from fet_core.training.transfer import TransferTask
    from pipeline.inputs import open_inputs

    settings = common.load(params, dataset)
    folder = common.out_folder(out, settings, dataset)
    live = common.metrics_folder(metrics, settings, dataset, out) / "train_transfer"
    options = settings.transfer
    source = common.data_folder(in_, dataset)
    inputs = open_inputs(source, settings, dataset, device)
    store, weights = inputs.store, source / "train_fusion" / "fusion.safetensors"
    fusion, note = load_fusion(weights, store.device)
    sigma = note["sigma"]
    check = TransferValidation(store, inputs.pairs, inputs.shown, fusion, sigma, options.batch_size)
    task = TransferTask(store, fusion, sigma, options, check.metrics, check.grid)
    used = training.run(
        inputs,
        task,
        options,
        name=f"Ω {dataset}",
        stage="train_transfer",
        checkpoints=checkpoints,
        live=live,
        save_seconds=save_every,
        depends={"fusion": weights},
    )
    path = folder / "train_transfer" / "transfer.safetensors"
    sizes = {"size": store.size, "channels": store.channels, "width": options.width}
    files.save(path, "transfer", sizes, task.net, {})
    shutil.rmtree(used, ignore_errors=True)
    print(f"{dataset}: Ω after {options.epochs} epochs in {path}")
