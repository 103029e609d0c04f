"""Measuring: `fet truths`, `fet evaluate` (rows on every test triple), `fet compare` (all)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import typer

from fet_core import registry, tables
from fet_core.data.dataset import Dataset
from fet_core.data.frames import open_faces
from fet_core.data.stored import read_samples
from fet_core.errors import UserError
from fet_core.files import make_folder, write_png, write_text
from fet_core.geometry.raster import choose_device
from fet_core.measure import methods, results, scores, summaries
from fet_core.measure.methods import Method
from fet_core.measure.reader import ExpressionReader
from fet_core.measure.scores import measure_truths
from fet_core.measure.triples import Triples, identify
from fet_core.recipes.base import Inputs, open_inputs
from fet_core.show.figures import (
    check_shown,
    comparison_sheet,
    keeping,
    models_sheet,
    transfer_sheet,
)
from fet_core.show.report import table
from fet_core.show.shown import figure_sources, figure_targets

from . import common
from .report import results_of

PAPER = "paper"
"""Another name for the row fet, as the command was before there were others."""


def truths(
    dataset: common.DatasetOption,
    in_: common.InOption = None,
    out: common.OutOption = None,
    params: common.ParamsOption = common.PARAMS,
    device: common.DeviceOption = "auto",
) -> None:
    """Read the truth of every test triple, once for all rows of the tables."""
    settings = common.load(params, dataset)
    source = common.data_folder(in_, dataset)
    with common.out_folder(out, settings, dataset, "truths") as folder:
        where = choose_device(device)
        samples, triples = read_samples(source)
        opened = Dataset.open(source / "align" / "faces.npy", samples, where)
        found = measure_truths(opened, Triples.of(triples, where), triples)
        tables.write(folder / "readings.parquet", found, tables.READINGS)
        there = found.num_rows - found["points"].null_count
        print(f"{dataset}: {there} faces on {found.num_rows} truths")


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
    with (
        common.out_folder(out, settings, dataset, model.stage) as details,
        common.metrics_folder(metrics, settings, dataset, model.stage, out) as folder,
    ):
        inputs = open_inputs(source, settings, dataset, device)
        batch = settings.evaluate.batch_size
        readings = tables.read(source / "truths" / "readings.parquet", tables.READINGS)
        truth = scores.read_truths(readings, inputs.dataset, inputs.triples, inputs.triples_table)
        models = registry.evaluated(model.stage)
        made = {one.name: registry.look_up(one.predictor)(inputs, source) for one in models}
        if settings.landmarks.eye == "dlib":
            reader = ExpressionReader.of(inputs.samples)
        else:
            reader = ExpressionReader.by_instruments(inputs.samples, inputs.dataset)

        def score(name: str, method: Method, protocols: Any) -> pa.Table:
            about = (inputs.dataset, inputs.triples, inputs.triples_table, truth)
            return scores.score_row(method, *about, reader, protocols, batch, name=name)

        triples = identify(inputs.dataset, inputs.triples, inputs.triples_table)
        shown = inputs.triples.at(inputs.shown)
        with keeping(details, inputs.triples_table, inputs.shown) as keep:
            for one in models:
                name = one.name
                table = score(name, made[name], one.protocols)
                tables.write(details / f"{name}.parquet", table, tables.SCORES)
                keep(name, methods.pictures(made[name], shown))
                means = summaries.summary(table)
                scored = results.Scored(triples, means, summaries.interval_summary(table))
                results.write_row(folder / f"{name}.json", scored)
                if one.short:
                    results.write_short(folder / "short" / f"{name}.json", dataset, name, means)
            # It shows other results than these, and perhaps people who may not be shown any more.
            (folder / "models" / "models.png").unlink(missing_ok=True)
        if model.figures:
            _figures(inputs, made, model.name, folder / model.figures)
        if model.landmarks:
            told = registry.look_up(model.landmarks)(inputs, source)
            results.write(folder / "landmarks.json", told)
        names = ", ".join(one.name for one in models)
        print(f"{dataset}: {names} on {len(inputs.triples)} test triples in {folder}")


def _figures(inputs: Inputs, made: Mapping[str, Method], model: str, folder: Path) -> None:
    """Fig. 3 and 4 of the paper with a model, and the rows beside each other on a few triples."""
    settings, dataset, samples = inputs.settings, inputs.dataset, inputs.samples
    options = settings.evaluate
    side = figure_targets(
        samples, options.figure_train_targets, options.figure_test_targets, inputs.allowed
    )
    top = figure_sources(samples, options.figure_columns, inputs.allowed, side)
    # DVC wants the folder even where nobody may be shown.
    make_folder(folder)
    # Whoever was shown by an earlier run may not be shown any more.
    if top and side:
        write_png(folder / "transfer.png", transfer_sheet(made[model], dataset, samples, top, side))
    else:
        (folder / "transfer.png").unlink(missing_ok=True)
    if inputs.shown:
        names = [inputs.triples_table["expression"][number].as_py() for number in inputs.shown]
        compared = {key: row for key, row in made.items() if key not in ("copy", "truth")}
        sheet = comparison_sheet(compared, dataset, inputs.triples.at(inputs.shown), names)
        write_png(folder / "comparison.png", sheet)
    else:
        (folder / "comparison.png").unlink(missing_ok=True)


ROWS = {
    stage: tuple(one.name for one in registry.evaluated(stage))
    for stage in dict.fromkeys(one.stage for one in registry.MODELS if one.tables)
}
"""Rows by the folder that holds their scores."""

OURS = {one.name: one.differences for one in registry.MODELS if one.differences}
"""The models whose differences to all other rows are told, and the files that tell them."""


def compare(
    dataset: common.DatasetOption,
    in_: common.InOption = None,
    out: common.OutOption = None,
    metrics: common.MetricsOption = None,
    params: common.ParamsOption = common.PARAMS,
) -> None:
    """Compare all rows on the same triples: table, differences, errors by expression, figure."""
    settings = common.load(params, dataset)
    source = common.data_folder(in_, dataset)
    with common.metrics_folder(metrics, settings, dataset, "compare", out) as folder:
        inputs = open_inputs(source, settings, dataset, "cpu")
        where = {row: stage for stage, rows in ROWS.items() for row in rows}
        stages = {row: where[row] for row in results.ROWS if row in where}
        found = {row: _scores(inputs, source / stage, row) for row, stage in stages.items()}
        # Everything is looked at before anything is written.
        made = {}
        if inputs.shown:
            for stage in ROWS:
                check_shown(
                    source / stage, inputs.triples_table, inputs.shown, _command(dataset, stage)
                )
            made = {
                row: open_faces(source / s / f"{row}.npy", _words(s)) for row, s in stages.items()
            }
        triples = identify(inputs.dataset, inputs.triples, inputs.triples_table)
        for row, stage in stages.items():
            path = folder / f"{row}.json"
            if results.read_row(path).triples != triples:
                raise UserError(
                    f"{path} is of other test triples than triples.parquet and faces.npy; run "
                    f"{_command(dataset, stage)} again"
                )
        for ours, file in OURS.items():
            compared = {
                row: summaries.differences(found[ours], scores)
                for row, scores in found.items()
                if row not in (ours, "truth")
            }
            results.write_compared(folder / file, results.Compared(triples, ours, compared))
        lines = [line | {"triples": triples.digest} for line in summaries.by_expression(found)]
        results.write_list(folder / "expressions.json", lines)
        write_text(folder / "table.md", table(results_of(folder, params, dataset)))

        # DVC wants the folder even where nobody may be shown.
        make_folder(folder / "models")
        picture = folder / "models" / "models.png"
        if inputs.shown:
            names = [inputs.triples_table["expression"][number].as_py() for number in inputs.shown]
            sheet = models_sheet(inputs.dataset, inputs.triples.at(inputs.shown), made, names)
            write_png(picture, sheet)
        else:
            picture.unlink(missing_ok=True)
        print(f"{dataset}: {folder / 'table.md'}")


def _scores(inputs: Inputs, folder: Path, row: str) -> pa.Table:
    """The scores of a row, which must be of the test triples that there are now."""
    path = folder / f"{row}.parquet"
    command = _command(inputs.name, folder.name)
    if not path.is_file():
        raise UserError(f"there is no {path}; run {command} first")
    scores, triples = tables.read(path, tables.SCORES), inputs.triples_table
    columns = [triples[name].to_pylist() for name in ("triple", "target_subject", "expression")]
    scored = [scores[name].to_pylist() for name in ("triple", "subject", "expression")]
    if set(zip(*scored, strict=True)) != set(zip(*columns, strict=True)):
        raise UserError(
            f"{path} is of other test triples than triples.parquet; run {command} again"
        )
    return scores


def _command(dataset: str, stage: str) -> str:
    """What fills a folder of `ROWS`."""
    return f"`fet {_words(stage).replace('evaluate', f'evaluate --dataset {dataset}', 1)}`"


def _words(stage: str) -> str:
    """A folder of `ROWS` as the command and its own option: "evaluate --row cgan"."""
    return stage.replace("_", " --row ", 1).replace("_", "-")
