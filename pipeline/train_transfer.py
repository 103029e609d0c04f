"""`fet train-transfer`: trains Ω, the expression transfer module, with Φ frozen."""

from __future__ import annotations

from . import common, training


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
    from fet_core.evaluation.protocols import Landmarks
    from fet_core.evaluation.rows import fet_row
    from fet_core.evaluation.transfer import PictureValidation
    from fet_core.models.fusion import load_fusion
    from fet_core.models.transfer import Transfer
    from fet_core.training.transfer import transfer_task

    run = training.Run("train_transfer", dataset, in_, out, metrics, params, device)
    inputs, settings = run.inputs, run.settings
    store, options = inputs.store, settings.transfer
    weights = run.source / "train_fusion" / "fusion.safetensors"
    fusion, note = load_fusion(weights, store.device)
    landmarks = Landmarks(store, fusion, note["sigma"])
    validation: PictureValidation[Transfer] = PictureValidation(
        store,
        inputs.pairs,
        inputs.shown,
        lambda net: fet_row(store, landmarks, net),
        options.batch_size,
        landmarks.generated,
    )
    task = transfer_task(store, fusion, note["sigma"], options, validation)
    run.train(
        task,
        options,
        name="Ω",
        checkpoints=checkpoints,
        save_seconds=save_every,
        depends={"fusion": weights},
    )
    sizes = {"size": store.size, "channels": store.channels, "width": options.width}
    run.keep("transfer", sizes, task.net)
