"""What lies in the folder of all results, read for the commands that show it."""

from __future__ import annotations

from collections.abc import Collection
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


def figures_of(folder: Path, results: Results) -> list[Path]:
    """The figures of a data set, without the grids of its trainings.

    The sheet of all models is left out where it was made before these results.
    """
    compared = bool(results.differences) and not results.outdated
    kinds = ("figures", "plus", "models") if compared else ("figures", "plus")
    return sorted(path for kind in kinds for path in folder.glob(f"{kind}/*.png"))


def figure_name(path: Path) -> str:
    """What a figure is called on the page: FET+ has two of the same names as `fet`."""
    return f"plus-{path.stem}" if path.parent.name == "plus" else path.stem


def results_of(
    folder: Path,
    params: Path,
    dataset: str | None = None,
    rows: Collection[str] | None = None,
) -> Results:
    """All numbers of a data set that are of the same triples; only its rows must be there.

    Rows, differences and numbers by expression of other triples than those of
    `fet_core.evaluation.triples.reference` are left out, and so are differences and numbers by
    expression of other results than the rows'.

    Args:
        folder: metrics/DATASET.
        params: the params file, which says which of the paper's tables belongs beside; where it
            does not know the data set, the name alone does.
        dataset: its name where the folder has another; None takes the folder's, and then a params
            file of the data set's own in the folder comes first.
        rows: those wanted, whose files alone are read; None for all.

    Raises:
        UserError: a file of results is damaged or of an older version.
    """
    from fet_core.evaluation.agreement import agreeing, agreeing_lines
    from fet_core.evaluation.blocks import PAPER, Results
    from fet_core.evaluation.protocols import PROTOCOLS
    from fet_core.evaluation.results import read_all, read_differences, read_list
    from fet_core.evaluation.triples import reference

    found = read_all(folder, rows)
    triples = reference({row: scored.triples for row, scored in found.items()})
    same = {row: one for row, one in found.items() if one.triples.digest == triples.digest}
    means = {row: one.means for row, one in same.items()}
    compared = [
        read_differences(path)
        for name in ("differences-plus.json", "differences.json")
        if (path := folder / name).is_file()
    ]
    here = [one for one in compared if one.triples.digest == triples.digest]
    differences = [(one.model, steps) for one in here if (steps := agreeing(one, means))]
    (model, first), *more = differences or [("fet", {})]
    path = folder / "expressions.json"
    lines = read_list(path) if path.is_file() else []
    kept = agreeing_lines([line for line in lines if line["triples"] == triples.digest], means)
    shown = {(name, row) for name, steps in differences for row in steps}
    shown |= {(line["model"], line["protocol"]) for line in kept}
    told = {(one.model, row) for one in compared for row in one.rows if one.model in means}
    told |= {(line["model"], line["protocol"]) for line in lines}
    older = {pair for pair in told - shown if set(pair) <= {*means, *PROTOCOLS}}
    own = folder / "params.yaml"
    name = dataset if dataset is not None else folder.name
    return Results(
        title=f"{name}, {triples.size}×{triples.size}",
        rows=means,
        triples=triples,
        intervals={row: one.intervals for row, one in same.items()},
        differences=first,
        model=model,
        more=more,
        expressions=kept,
        paper=PAPER.get(_reader(name, own if dataset is None and own.is_file() else params)),
        left_out=[row for row in found if row not in same],
        outdated=bool(older),
    )


def _reader(dataset: str, params: Path) -> str:
    """The reader of a data set."""
    from fet_core.params import load

    if not params.is_file():
        return dataset
    settings = load(params)
    known = settings.datasets.get(dataset)
    return dataset if known is None else known.reader
