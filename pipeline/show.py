"""`fet show`: the tables and where the figures are, after a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def show(
    metrics: Annotated[Path, typer.Option("--metrics", help="The folder of all results.")] = Path(
        "metrics"
    ),
) -> None:
    """Print every data set's table and the paths of its figures."""
    from fet_core.errors import UserError

    tables = sorted(metrics.glob("*/table.md"))
    if not tables:
        raise UserError(f"there are no results in {metrics}; run `make demo` or `dvc repro` first")
    for table in tables:
        print(table.read_text(encoding="utf-8"))
        figures = sorted((table.parent / "figures").glob("*.png"))
        for figure in figures:
            print(f"figure: {figure}")
        print()
