"""`fet train-fusion-plus`: trains Φ+, the landmark fusion module of FET+."""

from __future__ import annotations

from . import common, training


def train_fusion_plus(
    dataset: common.DatasetOption,
    in_: common.InOption = None,
    out: common.OutOption = None,
    metrics: common.MetricsOption = None,
    params: common.ParamsOption = common.PARAMS,
    checkpoints: training.CheckpointsOption = training.CHECKPOINTS,
    save_every: training.SaveOption = training.SAVE_SECONDS,
    device: common.DeviceOption = "auto",
) -> None:
    """Train Φ+ on points (Eq. 1 and 3 to 6); an interrupted run goes on where it was."""
    from fet_core.datasets.triples import training_index, training_rows
    from fet_core.evaluation.plus import PointsValidation, refined
    from fet_core.training.identities import Identities
    from fet_core.training.points import PointTask

    run = training.Run("train_fusion_plus", dataset, in_, out, metrics, params, device)
    inputs, settings = run.inputs, run.settings
    options = settings.fusion_plus
    if options.representation == "heatmap":
        paper = run.source / "train_fusion" / "fusion.safetensors"
        run.take("fusion", paper)
        return
    points = run.source / "refine" / "samples.parquet"
    store = refined(inputs.store, inputs.samples, points)
    people = Identities(store, training_rows(inputs.samples), options.identities, options.seed)
    index = training_index(inputs.samples, inputs.kind.neutral_only)
    validation = PointsValidation(store, inputs.pairs, inputs.shown, options.batch_size)
    task = PointTask(store, index, people, options, validation)
    run.train(
        task,
        options,
        name="Φ+",
        checkpoints=checkpoints,
        save_seconds=save_every,
        depends={"points": points},
    )
    sizes = {name: getattr(options, name) for name in ("rank", "width", "code")}
    run.keep("fusion_plus", sizes, task.net)
