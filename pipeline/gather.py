"""What lies in the folder of all results, read for `fet show` and `fet report`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fet_core.errors import UserError

if TYPE_CHECKING:
    from fet_core.evaluation.blocks import Results

EXPERIMENTS = "experiments"


def data_sets(metrics: Path) -> list[Path]:
    """The folders of the data sets that have results, by name; reserved names are no data set's.

    Raises:
        UserError: there is none.
    """
    from fet_core.params import RESERVED

    found = sorted({path.parent for path in metrics.glob("*/*.json")})
    found = [folder for folder in found if folder.name not in RESERVED]
    if not found:
        raise UserError(f"there are no results in {metrics}; run `make demo` or `dvc repro` first")
    return found


def figures_of(folder: Path) -> list[Path]:
    """The figures of a data set, without the grids of its trainings."""
    return sorted(
        [*folder.glob("figures/*.png"), *folder.glob("models/*.png"), *folder.glob("plus/*.png")]
    )


def figure_name(path: Path) -> str:
    """What a figure is called on the page: FET+ has two of the same names as `fet`."""
    return f"plus-{path.stem}" if path.parent.name == "plus" else path.stem


def results_of(folder: Path, params: Path, dataset: str | None = None) -> Results:
    """All numbers of a data set; only its rows must be there.

    Args:
        folder: metrics/DATASET.
        params: the params file, which says how large the pictures are and which of the paper's
            tables belongs beside; where it does not know the data set, the name alone does.
        dataset: its name where the folder has another; None takes the folder's, and then a params
            file of the data set's own in the folder comes first.

    Raises:
        UserError: a file of results is damaged or of an older version.
    """
    from fet_core.evaluation.blocks import PAPER, Results
    from fet_core.evaluation.results import (
        read_all,
        read_differences,
        read_intervals,
        read_list,
    )

    rows = read_all(folder)
    intervals = {
        name: read_intervals(path)
        for name in rows
        if (path := folder / "intervals" / f"{name}.json").is_file()
    }
    compared = [
        read_differences(path)
        for name in ("differences-plus.json", "differences.json")
        if (path := folder / name).is_file()
    ]
    (model, differences), *more = compared or [("fet", {})]
    by_expression = folder / "expressions.json"
    own = folder / "params.yaml"
    name = dataset if dataset is not None else folder.name
    title, reader = _known(name, own if dataset is None and own.is_file() else params)
    return Results(
        title=title,
        rows=rows,
        intervals=intervals,
        differences=differences,
        model=model,
        more=more,
        expressions=read_list(by_expression) if by_expression.is_file() else [],
        paper=PAPER.get(reader),
    )


def _known(dataset: str, params: Path) -> tuple[str, str]:
    """The title and the reader of a data set."""
    from fet_core.params import load

    if not params.is_file():
        return dataset, dataset
    settings = load(params)
    known = settings.datasets.get(dataset)
    if known is None:
        return dataset, dataset
    return f"{dataset}, {settings.align.size}×{settings.align.size}", known.reader
