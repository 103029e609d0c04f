"""`fet show`: the tables of a run and where its figures are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import common


def show(
    metrics: Annotated[Path, typer.Option("--metrics", help="The folder of all results.")] = Path(
        "metrics"
    ),
    params: common.ParamsOption = common.PARAMS,
) -> None:
    """Print every data set's tables and the paths of its figures."""
    from fet_core.evaluation.report import table

    from .gather import data_sets, figures_of, results_of

    for folder in data_sets(metrics):
        results = results_of(folder, params)
        print(table(results))
        for figure in figures_of(folder, results):
            print(f"figure: {figure}")
        print()
