"""`fet show`: the tables of a run and where its figures are; puts short ones into the README."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import common

START, END = "<!-- results -->", "<!-- end of results -->"


def show(
    metrics: Annotated[Path, typer.Option("--metrics", help="The folder of all results.")] = Path(
        "metrics"
    ),
    readme: Annotated[
        Path | None,
        typer.Option("--readme", help="A Markdown file whose results section to bring up to date."),
    ] = None,
    params: common.ParamsOption = common.PARAMS,
) -> None:
    """Print every data set's tables and the paths of its figures."""
    from fet_core.files import write_text

    from .gather import data_sets, figures_of, results_of

    if readme is not None:
        write_text(readme, with_results(readme, metrics, params))
        print(f"{readme}: {len(data_sets(metrics))} tables")
        return
    from fet_core.evaluation.report import table

    for folder in data_sets(metrics):
        print(table(results_of(folder, params)))
        for figure in figures_of(folder):
            print(f"figure: {figure}")
        print()


def with_results(readme: Path, metrics: Path, params: Path) -> str:
    """The text of a Markdown file with a short table a data set between its two result marks.

    Args:
        readme: the Markdown file.
        metrics: the folder of all results.
        params: the params file.

    Raises:
        UserError: the file is missing or does not have the marks, or as `results_of`.
    """
    from fet_core.errors import UserError
    from fet_core.evaluation.report import compact

    from .gather import data_sets, results_of

    text = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    if START not in text or END not in text.split(START, 1)[1]:
        raise UserError(f"{readme} has no lines {START} and {END}; add them where results belong")
    before, rest = text.split(START, 1)
    after = rest.split(END, 1)[1]
    body = "\n".join(compact(results_of(folder, params)) for folder in data_sets(metrics))
    return f"{before}{START}\n\n{body}\n{END}{after}"
