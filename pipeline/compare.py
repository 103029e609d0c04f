"""`fet compare`: the full table of a data set, with the baselines, from the scores of all rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fet_core import registry
from fet_core.errors import UserError

from . import common

if TYPE_CHECKING:
    import pyarrow as pa

    from fet_core.inputs import Inputs

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
    from fet_core.evaluation import results, summaries
    from fet_core.evaluation.report import table
    from fet_core.evaluation.sheets import check_shown, models_sheet
    from fet_core.evaluation.triples import identify
    from fet_core.faces.facearray import open_faces
    from fet_core.files import write_png, write_text
    from fet_core.inputs import open_inputs

    from .report import results_of

    settings = common.load(params, dataset)
    source = common.data_folder(in_, dataset)
    folder = common.metrics_folder(metrics, settings, dataset, out)
    inputs = open_inputs(source, settings, dataset, "cpu")
    where = {row: stage for stage, rows in ROWS.items() for row in rows}
    stages = {row: where[row] for row in results.ROWS if row in where}
    found = {row: _scores(inputs, source / stage, row) for row, stage in stages.items()}
    # Everything is looked at before anything is written.
    made = {}
    if inputs.shown:
        for stage in ROWS:
            check_shown(source / stage, inputs.pairs_table, inputs.shown, _command(dataset, stage))
        made = {row: open_faces(source / s / f"{row}.npy", _words(s)) for row, s in stages.items()}
    triples = identify(inputs.store, inputs.pairs, inputs.pairs_table)
    for row, stage in stages.items():
        path = folder / f"{row}.json"
        if results.read_row(path).triples != triples:
            raise UserError(
                f"{path} is of other test triples than pairs.parquet and faces.npy; run "
                f"{_command(dataset, stage)} again"
            )
    for ours, file in OURS.items():
        compared = {
            row: summaries.differences(found[ours], scores, found["truth"])
            for row, scores in found.items()
            if row not in (ours, "truth")
        }
        results.write_compared(folder / file, results.Compared(triples, ours, compared))
    lines = [line | {"triples": triples.digest} for line in summaries.by_expression(found)]
    results.write_list(folder / "expressions.json", lines)
    write_text(folder / "table.md", table(results_of(folder, params, dataset)))

    # DVC wants the folder even where nobody may be shown.
    (folder / "models").mkdir(parents=True, exist_ok=True)
    picture = folder / "models" / "models.png"
    picture.unlink(missing_ok=True)
    if inputs.shown:
        names = [inputs.pairs_table["expression"][number].as_py() for number in inputs.shown]
        sheet = models_sheet(inputs.store, inputs.pairs.at(inputs.shown), made, names)
        write_png(picture, sheet)
    print(f"{dataset}: {folder / 'table.md'}")


def _scores(inputs: Inputs, folder: Path, row: str) -> pa.Table:
    """The scores of a row, which must be of the test triples that there are now."""
    from fet_core import tables

    path = folder / f"{row}.parquet"
    command = _command(inputs.dataset, folder.name)
    if not path.is_file():
        raise UserError(f"there is no {path}; run {command} first")
    scores, pairs = tables.read(path, tables.SCORES), inputs.pairs_table
    columns = [pairs[name].to_pylist() for name in ("pair_id", "target_subject", "expression")]
    scored = [scores[name].to_pylist() for name in ("pair_id", "subject", "expression")]
    if set(zip(*scored, strict=True)) != set(zip(*columns, strict=True)):
        raise UserError(f"{path} is of other test triples than pairs.parquet; run {command} again")
    return scores


def _command(dataset: str, stage: str) -> str:
    """What fills a folder of `ROWS`."""
    return f"`fet {_words(stage).replace('evaluate', f'evaluate --dataset {dataset}', 1)}`"


def _words(stage: str) -> str:
    """A folder of `ROWS` as the command and its own option: "evaluate --row cgan"."""
    return stage.replace("_", " --row ", 1).replace("_", "-")
