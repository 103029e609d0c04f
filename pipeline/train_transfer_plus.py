"""`fet train-transfer-plus`: trains Ω+, the expression transfer module of FET+."""

from __future__ import annotations

from . import common, training


def train_transfer_plus(
    dataset: common.DatasetOption,
    in_: common.InOption = None,
    out: common.OutOption = None,
    metrics: common.MetricsOption = None,
    params: common.ParamsOption = common.PARAMS,
    checkpoints: training.CheckpointsOption = training.CHECKPOINTS,
    save_every: training.SaveOption = training.SAVE_SECONDS,
    device: common.DeviceOption = "auto",
) -> None:
    """Train Ω+ with Φ+ frozen; an interrupted run goes on where it was."""
    from fet_core.datasets.triples import training_index
    from fet_core.evaluation.plus import (
        drawn_points,
        load_fusion_plus,
        plus_row,
        refined,
        weights_in,
    )
    from fet_core.evaluation.transfer import PictureValidation
    from fet_core.training.warping import Generator, WarpingTask, sizes

    run = training.Run("train_transfer_plus", dataset, in_, out, metrics, params, device)
    inputs, settings = run.inputs, run.settings
    options = settings.transfer_plus
    points = run.source / "refine" / "samples.parquet"
    store = refined(inputs.store, inputs.samples, points)
    folder = run.source / "train_fusion_plus"
    fusion = load_fusion_plus(folder, store)
    validation: PictureValidation[Generator] = PictureValidation(
        store,
        inputs.pairs,
        inputs.shown,
        lambda net: plus_row(store, fusion, net),
        options.batch_size,
        drawn_points(store, fusion),
    )
    index = training_index(inputs.samples, inputs.kind.neutral_only)
    task = WarpingTask(store, index, fusion, options, validation)
    run.train(
        task,
        options,
        name="Ω+",
        checkpoints=checkpoints,
        save_seconds=save_every,
        depends={"points": points, "fusion": weights_in(folder)},
    )
    run.keep("transfer_plus", sizes(store, options), task.net, {"generator": options.generator})
