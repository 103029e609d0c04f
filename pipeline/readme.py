"""`fet readme`: the results in README.md, docs/results.md and docs/pictures/, from metrics/."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fet_core import registry

from . import common

if TYPE_CHECKING:
    from fet_core.evaluation.blocks import Results

DEMO = Path("data/demo")
"""Holds the demo faces: pictures of nobody, which anybody may publish."""

PICTURES: dict[str, dict[str, str]] = {
    "ckplus": {},
    "rafd": {"plus/transfer.png": "rafd-transfer.png", "models/models.png": "rafd-models.png"},
}
"""By data set: figures below metrics/DATASET, and their names once published."""

TRAINED = {one.name for one in registry.MODELS if one.parts and one.tables}
"""Rows whose trainings are watched, all of which the published curves show."""


def readme(
    metrics: Annotated[Path, typer.Option("--metrics", help="The folder of all results.")] = Path(
        "metrics"
    ),
    readme: Annotated[
        Path, typer.Option("--readme", help="The Markdown file with the short table.")
    ] = Path("README.md"),
    results: Annotated[
        Path, typer.Option("--results", help="The Markdown file with a table of each data set.")
    ] = Path("docs/results.md"),
    pictures: Annotated[
        Path, typer.Option("--pictures", help="The folder of the published pictures.")
    ] = Path("docs/pictures"),
    params: common.ParamsOption = common.PARAMS,
) -> None:
    """Bring the published tables and pictures in step with the results."""
    from fet_core.files import write_text

    for path in (readme.parent, results.parent, pictures):
        common.check_outside_raw(params, path)
    made = texts(metrics, readme, results, params)
    for path, text in made.items():
        write_text(path, text)
    copied = _pictures(metrics, pictures, params)
    print(f"{', '.join(map(str, made))}; {len(copied)} pictures in {pictures}")


def texts(metrics: Path, readme: Path, results: Path, params: Path) -> dict[Path, str]:
    """Both Markdown files with today's tables between their marks.

    Args:
        metrics: the folder of all results.
        readme: gets one short table of all data sets.
        results: gets a table of each data set.
        params: the params file.

    Raises:
        UserError: a file is missing or does not have the marks, or as `results_of`.
    """
    from fet_core.evaluation.documents import between_marks
    from fet_core.evaluation.report import compact, short

    from .gather import data_sets, results_of

    sets: list[Results] = [results_of(folder, params) for folder in data_sets(metrics)]
    bodies = {readme: short(sets), results: "\n".join(map(compact, sets))}
    return {path: between_marks(path, body) for path, body in bodies.items()}


def _pictures(metrics: Path, folder: Path, params: Path) -> list[Path]:
    """Copy the demo's figures, and draw its curves (Fig. 5 and 6) into DATASET-curves.svg.

    What is not there stays as it was published, and so do curves where a row has none now.
    """
    from fet_core.evaluation.charts import beside, curve_chart
    from fet_core.evaluation.curves import CURVES, read_curves
    from fet_core.files import copy_file, write_text

    copied = []
    for dataset in (name for name in PICTURES if _is_demo(params, name)):
        for figure, name in PICTURES[dataset].items():
            path = metrics / dataset / figure
            if path.is_file():
                copy_file(path, folder / name)
                copied.append(folder / name)
        curves = read_curves(metrics / dataset)
        if not set(curves) >= TRAINED:
            continue
        charts = [curve_chart(f"{dataset}-{number}", number, curves) for number in CURVES]
        path = folder / f"{dataset}-curves.svg"
        write_text(path, beside([chart for chart in charts if chart]))
        copied.append(path)
    return copied


def _is_demo(params: Path, dataset: str) -> bool:
    """Whether a data set's pictures are the demo's: a set of that name may be anybody's."""
    from fet_core.params import load

    known = load(params).datasets.get(dataset) if params.is_file() else None
    return known is not None and Path(known.root).resolve() == (DEMO / dataset).resolve()
