"""`fet evaluate`: scores of rows on every test triple, their means and intervals, the figures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fet_core import registry

from . import common

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from fet_core.evaluation.rows import Row
    from fet_core.inputs import Inputs
    from fet_core.store import Store

PAPER = "paper"
"""Another name for the row fet, as the command was before there were others."""

SHORT = ("fet", "fet-plus")
"""Rows whose SSIM and PSNR are put out once more, for `dvc exp show`."""


def evaluate(
    dataset: common.DatasetOption,
    row: Annotated[
        str, typer.Option("--row", help="A model; with fet, copy and warp are scored too.")
    ] = PAPER,
    in_: common.InOption = None,
    out: common.OutOption = None,
    metrics: common.MetricsOption = None,
    params: common.ParamsOption = common.PARAMS,
    device: common.DeviceOption = "auto",
) -> None:
    """Score rows on the test triples in all metrics, and draw the figures."""
    model = registry.model("fet" if row == PAPER else row)
    settings = common.load(params, dataset)
    source = common.data_folder(in_, dataset)
    folder = common.metrics_folder(metrics, settings, dataset, out)
    details = common.out_folder(out, settings, dataset) / model.stage

    from fet_core import tables
    from fet_core.evaluation import results, rows, scores, summaries
    from fet_core.evaluation.protocols import PROTOCOLS
    from fet_core.evaluation.reader import ExpressionReader
    from fet_core.evaluation.sheets import forget_shown, note_shown
    from fet_core.evaluation.triples import identify
    from fet_core.faces.facearray import write_faces
    from fet_core.inputs import open_inputs

    inputs = open_inputs(source, settings, dataset, device)
    scores.check_triples(inputs.pairs_table)
    scored = registry.evaluated(model.stage)
    made = {one.name: registry.look_up(one.predictor)(inputs, source) for one in scored}
    store, batch = inputs.store, settings.evaluate.batch_size
    truth = scores.measure_truth(store, inputs.pairs, inputs.pairs_table)
    reader = ExpressionReader.of(inputs.samples)

    def score(name: str, row: Row, protocols: Any) -> pa.Table:
        found = (store, inputs.pairs, inputs.pairs_table, truth, reader, protocols, batch)
        return scores.score_row(row, *found, name=name)

    # It shows other results than these, and perhaps people who may not be shown any more.
    (folder / "models" / "models.png").unlink(missing_ok=True)
    triples = identify(store, inputs.pairs, inputs.pairs_table)
    ceiling = score("truth", rows.truth_row(store), PROTOCOLS)
    shown = inputs.pairs.at(inputs.shown)
    forget_shown(details)
    for one in scored:
        name = one.name
        table = ceiling if name == "truth" else score(name, made[name], one.protocols)
        tables.write(details / f"{name}.parquet", table, tables.SCORES)
        write_faces(details / f"{name}.npy", rows.pictures(made[name], shown))
        means = summaries.summary(table, ceiling)
        told = results.Scored(triples, means, summaries.interval_summary(table, ceiling))
        results.write_row(folder / f"{name}.json", told)
        if name in SHORT:
            results.write_short(folder / "short" / f"{name}.json", dataset, name, means)
    note_shown(details, inputs.pairs_table, inputs.shown)
    if model.figures:
        known = (source / "train_transfer").is_dir()
        if model.name != "fet" and known:
            # A grid of experiments trains FET+ alone, and has no `fet` to show beside it.
            made = {"fet": registry.look_up(registry.model("fet").predictor)(inputs, source)} | made
        _figures(inputs, made, model.name, folder / model.figures)
    if model.name == "fet-plus":
        results.write(folder / "landmarks.json", _landmarks(inputs, source))
    names = ", ".join(one.name for one in scored)
    print(f"{dataset}: {names} on {len(inputs.pairs)} test triples in {folder}")


def _landmarks(inputs: Inputs, source: Path) -> dict[str, Any]:
    """NME of Φ+, of the paper's Φ and of what needs no training, by how the truth was read."""
    from fet_core.datasets.triples import training_rows
    from fet_core.evaluation import plus, predictors
    from fet_core.recipes import fet_plus

    store = inputs.store
    refined = plus.refined(store, inputs.samples, source / fet_plus.POINTS)
    training = training_rows(inputs.samples)
    peaks = fet_plus.load_peaks(source, store)
    ours = fet_plus.load_phi_plus(source, refined)
    people = inputs.pairs_table["target_subject"].to_pylist()

    def rows(landmarks: Store) -> dict[str, predictors.Predictor]:
        simple = predictors.simple_predictors(landmarks, training)
        return simple | {"Φ, decoded": plus.predictor(landmarks, peaks)}

    every = {
        "one reading": rows(store) | {"Φ+": plus.predictor(refined, ours)},
        "mean of readings": rows(refined) | {"Φ+": plus.predictor(refined, ours)},
    }
    rest = (inputs.pairs, people, inputs.settings.evaluate.batch_size)
    return {
        "one reading": predictors.table(every["one reading"], store.points, *rest),
        "mean of readings": predictors.table(every["mean of readings"], refined.points, *rest),
    }


def _figures(inputs: Inputs, made: Mapping[str, Row], model: str, folder: Path) -> None:
    """Fig. 3 and 4 of the paper with a model, and the rows beside each other on a few triples."""
    from fet_core.evaluation.choice import figure_sources, figure_targets
    from fet_core.evaluation.sheets import comparison_sheet, transfer_sheet
    from fet_core.files import write_png

    settings, store, samples = inputs.settings, inputs.store, inputs.samples
    options = settings.evaluate
    side = figure_targets(
        samples, options.figure_train_targets, options.figure_test_targets, inputs.allowed
    )
    top = figure_sources(samples, options.figure_columns, inputs.allowed, side)
    # DVC wants the folder even where nobody may be shown.
    folder.mkdir(parents=True, exist_ok=True)
    # Whoever was shown by an earlier run may not be shown any more.
    for name in ("transfer.png", "comparison.png"):
        (folder / name).unlink(missing_ok=True)
    if top and side:
        write_png(folder / "transfer.png", transfer_sheet(made[model], store, samples, top, side))
    if inputs.shown:
        names = [inputs.pairs_table["expression"][number].as_py() for number in inputs.shown]
        compared = {key: row for key, row in made.items() if key not in ("copy", "truth")}
        sheet = comparison_sheet(compared, store, inputs.pairs.at(inputs.shown), names)
        write_png(folder / "comparison.png", sheet)
