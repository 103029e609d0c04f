"""`fet report`: one HTML page of all results, which opens from disk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import common


def report(
    metrics: Annotated[Path, typer.Option("--metrics", help="The folder of all results.")] = Path(
        "metrics"
    ),
    out: Annotated[Path, typer.Option("--out", help="The page to write.")] = Path(
        "metrics/report.html"
    ),
    params: common.ParamsOption = common.PARAMS,
) -> None:
    """Write all tables, figures, curves and experiments into one HTML page."""
    from fet_core.evaluation import sweeps
    from fet_core.evaluation.curves import read_curves
    from fet_core.evaluation.page import Section, render
    from fet_core.files import write_text

    from .gather import EXPERIMENTS, data_sets, figure_name, figures_of, results_of

    common.check_outside_raw(params, out.parent)
    sections = []
    for folder in data_sets(metrics):
        results = results_of(folder, params)
        curves = {row: one for row, one in read_curves(folder).items() if row in results.rows}
        figures = {figure_name(path): path.read_bytes() for path in figures_of(folder, results)}
        sections.append(Section(folder.name, results, figures, curves))
    experiments = [sweeps.read(path) for path in sorted((metrics / EXPERIMENTS).glob("*.json"))]
    write_text(out, render(sections, experiments))
    print(f"{out}: {len(sections)} data sets, {len(experiments)} experiments")
