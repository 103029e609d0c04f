"""`fet evaluate`: scores of rows on every test triple, their means and intervals, the figures."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import common

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from fet_core.evaluation.protocols import Protocol
    from fet_core.evaluation.rows import Row
    from fet_core.store import Store

    from .inputs import Inputs

    Rows = dict[str, tuple[Row, Sequence[Protocol]]]


SHORT = ("fet", "fet-plus")
"""Rows whose SSIM and PSNR are put out once more, for `dvc exp show`."""


class Which(StrEnum):
    """Whose rows are scored."""

    paper = "paper"
    cgan = "cgan"
    pix2pix = "pix2pix"
    g2gan = "g2gan"
    plus = "fet-plus"


def evaluate(
    dataset: common.DatasetOption,
    row: Annotated[
        Which, typer.Option("--row", help="A baseline's row, fet-plus, or paper: copy, warp, fet.")
    ] = Which.paper,
    in_: common.InOption = None,
    out: common.OutOption = None,
    metrics: common.MetricsOption = None,
    params: common.ParamsOption = common.PARAMS,
    device: common.DeviceOption = "auto",
) -> None:
    """Score rows on the test triples in all metrics, and draw the figures."""
    from fet_core import tables
    from fet_core.evaluation import results, rows, scores, summaries
    from fet_core.evaluation.protocols import PROTOCOLS
    from fet_core.evaluation.reader import ExpressionReader
    from fet_core.evaluation.sheets import forget_shown, note_shown
    from fet_core.evaluation.triples import identify
    from fet_core.faces.facearray import write_faces

    from .inputs import open_inputs

    settings = common.load(params, dataset)
    source = common.data_folder(in_, dataset)
    folder = common.metrics_folder(metrics, settings, dataset, out)
    name = "evaluate" if row is Which.paper else f"evaluate_{row.value.replace('-', '_')}"
    details = common.out_folder(out, settings, dataset) / name
    inputs = open_inputs(source, settings, dataset, device)
    scores.check_triples(inputs.pairs_table)
    if row is Which.plus:
        make = _plus_row(inputs, source)
    elif row is Which.paper:
        make = _paper_rows(inputs, source)
    else:
        make = _baseline_row(inputs, source, row)
    store, batch = inputs.store, settings.evaluate.batch_size
    truth = scores.measure_truth(store, inputs.pairs, inputs.pairs_table)
    reader = ExpressionReader.of(inputs.samples)

    def scored(key: str, made: Row, protocols: Sequence[Protocol]) -> pa.Table:
        found = (store, inputs.pairs, inputs.pairs_table, truth, reader, protocols, batch)
        return scores.score_row(made, *found, name=key)

    # It shows other results than these, and perhaps people who may not be shown any more.
    (folder / "models" / "models.png").unlink(missing_ok=True)
    triples = identify(store, inputs.pairs, inputs.pairs_table)
    ceiling = scored("truth", rows.truth_row(store), PROTOCOLS)
    shown = inputs.pairs.at(inputs.shown)
    forget_shown(details)
    for key, (made, protocols) in make.items():
        table = ceiling if key == "truth" else scored(key, made, protocols)
        tables.write(details / f"{key}.parquet", table, tables.SCORES)
        write_faces(details / f"{key}.npy", rows.pictures(made, shown))
        means = summaries.summary(table, ceiling)
        told = results.Scored(triples, means, summaries.interval_summary(table, ceiling))
        results.write_row(folder / f"{key}.json", told)
        if key in SHORT:
            results.write_short(folder / "short" / f"{key}.json", dataset, key, means)
    note_shown(details, inputs.pairs_table, inputs.shown)
    if row is Which.paper:
        _figures(inputs, {key: made for key, (made, _) in make.items()}, "fet", folder / "figures")
    if row is Which.plus:
        # A grid of experiments trains FET+ alone, and has no `fet` to show beside it.
        known = (source / "train_transfer").is_dir()
        beside = {"fet": _paper_rows(inputs, source)["fet"][0]} if known else {}
        compared = beside | {"fet-plus": make["fet-plus"][0]}
        _figures(inputs, compared, "fet-plus", folder / "plus")
        results.write(folder / "landmarks.json", _landmarks(inputs, source))
    print(f"{dataset}: {', '.join(make)} on {len(inputs.pairs)} test triples in {folder}")


def _paper_rows(inputs: Inputs, source: Path) -> Rows:
    """copy, warp and fet, and the truth."""
    from fet_core.evaluation import rows
    from fet_core.evaluation.protocols import PROTOCOLS, Landmarks
    from fet_core.models.fusion import load_fusion
    from fet_core.models.transfer import load_transfer

    store = inputs.store
    fusion, note = load_fusion(source / "train_fusion" / "fusion.safetensors", store.device)
    weights = source / "train_transfer" / "transfer.safetensors"
    transfer = load_transfer(weights, store.size, store.channels, store.device)
    made = {
        "copy": rows.copy_row(store),
        "warp": rows.warp_row(store),
        "fet": rows.fet_row(store, Landmarks(store, fusion, note["sigma"]), transfer),
        "truth": rows.truth_row(store),
    }
    return {key: (row, PROTOCOLS) for key, row in made.items()}


def _baseline_row(inputs: Inputs, source: Path, row: Which) -> Rows:
    from fet_core.evaluation.baseline_rows import baseline_protocols, load_baseline

    name = row.value
    made = load_baseline(name, source / f"train_{name}", inputs.store)
    return {name: (made, baseline_protocols(name))}


def _plus_row(inputs: Inputs, source: Path) -> Rows:
    from fet_core.evaluation import plus
    from fet_core.evaluation.protocols import PROTOCOLS

    store = plus.refined(inputs.store, inputs.samples, source / "refine" / "samples.parquet")
    fusion = plus.load_fusion_plus(source / "train_fusion_plus", store)
    transfer = plus.load_transfer_plus(source / "train_transfer_plus", store)
    return {"fet-plus": (plus.plus_row(store, fusion, transfer), PROTOCOLS)}


def _landmarks(inputs: Inputs, source: Path) -> dict[str, Any]:
    """NME of Φ+, of the paper's Φ and of what needs no training, by how the truth was read."""
    from fet_core.datasets.triples import training_rows
    from fet_core.evaluation import plus, predictors
    from fet_core.models.fusion import load_fusion
    from fet_core.models.peaks import PeakFusion

    store = inputs.store
    refined = plus.refined(store, inputs.samples, source / "refine" / "samples.parquet")
    training = training_rows(inputs.samples)
    fusion, note = load_fusion(source / "train_fusion" / "fusion.safetensors", store.device)
    peaks = PeakFusion(fusion, note["sigma"], store.size)
    ours = plus.load_fusion_plus(source / "train_fusion_plus", refined)
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


def _figures(inputs: Inputs, made: dict[str, Row], model: str, folder: Path) -> None:
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
