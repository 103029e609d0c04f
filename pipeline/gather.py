"""What lies in the folder of all results, read for the commands that show it."""

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
    """All numbers of a data set that are of the same triples; only its rows must be there.

    Rows, differences and numbers by expression of other triples than those of
    `fet_core.evaluation.triples.reference` are left out.

    Args:
        folder: metrics/DATASET.
        params: the params file, which says which of the paper's tables belongs beside; where it
            does not know the data set, the name alone does.
        dataset: its name where the folder has another; None takes the folder's, and then a params
            file of the data set's own in the folder comes first.

    Raises:
        UserError: a file of results is damaged or of an older version.
    """
    from fet_core.evaluation.blocks import PAPER, Results
    from fet_core.evaluation.results import read_all, read_differences, read_list
    from fet_core.evaluation.triples import reference

    found = read_all(folder)
    triples = reference({row: scored.triples for row, scored in found.items()})
    rows = {row: one for row, one in found.items() if one.triples.digest == triples.digest}
    compared = [
        read_differences(path)
        for name in ("differences-plus.json", "differences.json")
        if (path := folder / name).is_file()
    ]
    differences = [
        (one.model, {row: steps for row, steps in one.rows.items() if row in rows})
        for one in compared
        if one.triples.digest == triples.digest and one.model in rows
    ]
    (model, first), *more = differences or [("fet", {})]
    path = folder / "expressions.json"
    lines = read_list(path) if path.is_file() else []
    own = folder / "params.yaml"
    name = dataset if dataset is not None else folder.name
    return Results(
        title=f"{name}, {triples.size}×{triples.size}",
        rows={row: one.means for row, one in rows.items()},
        triples=triples,
        intervals={row: one.intervals for row, one in rows.items()},
        differences=first,
        model=model,
        more=more,
        expressions=[
            line for line in lines if line["triples"] == triples.digest and line["model"] in rows
        ],
        paper=PAPER.get(_reader(name, own if dataset is None and own.is_file() else params)),
        left_out=[row for row in found if row not in rows],
    )


def _reader(dataset: str, params: Path) -> str:
    """The reader of a data set."""
    from fet_core.params import load

    if not params.is_file():
        return dataset
    settings = load(params)
    known = settings.datasets.get(dataset)
    return dataset if known is None else known.reader
