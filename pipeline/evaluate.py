"""`fet evaluate`: metrics of every row, the table, and the figures."""

from __future__ import annotations

from pipeline import common


def evaluate(
    dataset: common.DatasetOption,
    in_: common.InOption = None,
    out: common.OutOption = None,
    metrics: common.MetricsOption = None,
    params: common.ParamsOption = common.PARAMS,
    device: common.DeviceOption = "auto",
) -> None:
    """Score copy, warp and fet on the test triples, and draw the figures."""
    from fet_core.evaluation import report, rows
    from fet_core.evaluation.choice import figure_sources, figure_targets
    from fet_core.evaluation.protocols import PROTOCOLS, Landmarks
    from fet_core.evaluation.sheets import comparison_sheet, transfer_sheet
    from fet_core.files import write_json, write_png, write_text
    from fet_core.models.fusion import load_fusion
    from fet_core.models.transfer import load_transfer
    from fet_core.progress import track
    from pipeline.inputs import open_inputs

    settings = common.load(params, dataset)
    options = settings.evaluate
    source = common.data_folder(in_, dataset)
    folder = common.metrics_folder(metrics, settings, dataset, out)
    inputs = open_inputs(source, settings, dataset, device)
    store, samples = inputs.store, inputs.samples
    fusion, note = load_fusion(source / "train_fusion" / "fusion.safetensors", store.device)
    transfer = load_transfer(
        source / "train_transfer" / "transfer.safetensors", store.size, store.channels, store.device
    )
    landmarks = Landmarks(store, fusion, note["sigma"])
    models = {
        "copy": rows.copy_row(store),
        "warp": rows.warp_row(store),
        "fet": rows.fet_row(store, landmarks, transfer),
    }
    scores: dict[str, dict[str, dict[str, float]]] = {}
    for name, row in track(models.items(), f"evaluate {dataset}", total=len(models), unit="rows"):
        scores[name] = {
            protocol: rows.score(row, store, inputs.pairs, protocol, options.batch_size)
            for protocol in PROTOCOLS
        }
        write_json(folder / f"{name}.json", scores[name])

    title = f"{dataset}, {store.size}×{store.size}"
    text = report.table(title, scores, report.PAPER.get(inputs.kind.reader))
    write_text(folder / "table.md", text)

    side = figure_targets(
        samples, options.figure_train_targets, options.figure_test_targets, inputs.allowed
    )
    top = figure_sources(samples, options.figure_columns, inputs.allowed, side)
    # DVC wants the folder even where nobody may be shown.
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    # Whoever was shown by an earlier run may not be shown any more.
    for name in ("transfer.png", "comparison.png"):
        (folder / "figures" / name).unlink(missing_ok=True)
    if top and side:
        sheet = transfer_sheet(models["fet"], store, samples, top, side)
        write_png(folder / "figures" / "transfer.png", sheet)
    if inputs.shown:
        names = [inputs.pairs_table["expression"][number].as_py() for number in inputs.shown]
        shown = inputs.pairs.at(inputs.shown)
        compared = {name: row for name, row in models.items() if name != "copy"}
        sheet = comparison_sheet(compared, store, shown, names)
        write_png(folder / "figures" / "comparison.png", sheet)
    print(text)
