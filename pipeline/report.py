"""Showing results: `fet show`, `fet report` and `fet readme`, from all that lies in metrics/."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Annotated

import typer

from fet_core import registry
from fet_core.errors import UserError
from fet_core.files import RESERVED, between_marks, check_searched, copy_file, write_text
from fet_core.measure.comparable import PROTOCOLS, reference
from fet_core.measure.results import read_all, read_differences, read_list
from fet_core.paramsfile import load
from fet_core.show import benchmarks, exported, portraits, reliability, sweeps
from fet_core.show.charts import CURVES, beside, curve_chart, read_curves
from fet_core.show.report import Section, agreeing, agreeing_lines, compact, render, short, table
from fet_core.show.tables import PAPER, Results

from . import common

EXPERIMENTS, REPLICATION = "experiments", "paper-schedule"


def data_sets(metrics: Path) -> list[Path]:
    """The folders of the data sets that have results, by name; reserved names are no data set's.

    Raises:
        UserError: there is none.
    """
    check_searched(metrics, "change its permissions or name another folder with --metrics")
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
    `fet_core.measure.comparable.reference` are left out, and so are differences and numbers by
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
    if not params.is_file():
        return dataset
    settings = load(params)
    known = settings.datasets.get(dataset)
    return dataset if known is None else known.reader


def show(
    metrics: Annotated[Path, typer.Option("--metrics", help="The folder of all results.")] = Path(
        "metrics"
    ),
    params: common.ParamsOption = common.PARAMS,
) -> None:
    """Print every data set's tables and the paths of its figures."""
    for folder in data_sets(metrics):
        results = results_of(folder, params)
        print(table(results))
        for figure in figures_of(folder, results):
            print(f"figure: {figure}")
        print()


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


DEMO = Path("data/demo")
"""Holds the demo faces: pictures of nobody, which anybody may publish."""

PICTURES: dict[str, dict[str, str]] = {
    "ckplus": {},
    "rafd": {"plus/transfer.png": "rafd-transfer.png", "models/models.png": "rafd-models.png"},
}
"""By data set: figures below metrics/DATASET, and their names once published."""

PAPERS = (
    "**By the paper's schedule**, its number of epochs, rates and weights, on the demo faces (FET+ "
    "by its own; [docs/replication.md](docs/replication.md)):"
)
OWN = (
    "**By shorter trainings**: `make demo` and `make tables` on the demo faces, studies on "
    "photographs:"
)

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
    transfer: Annotated[
        Path, typer.Option("--transfer", help="The Markdown file with `fet transfer`'s tables.")
    ] = Path("docs/transfer.md"),
    film: Annotated[
        Path, typer.Option("--film", help="The Markdown file with `fet animate`'s tables.")
    ] = Path("docs/film.md"),
    trials: Annotated[
        Path, typer.Option("--trials", help="The Markdown file with what damage and kills do.")
    ] = Path("docs/reliability.md"),
    replication: Annotated[
        Path, typer.Option("--replication", help="The Markdown file on the paper's schedule.")
    ] = Path("docs/replication.md"),
    onnx: Annotated[
        Path, typer.Option("--onnx", help="The Markdown file on FET+ as an ONNX file.")
    ] = Path("docs/onnx.md"),
    speed: Annotated[
        Path, typer.Option("--benchmarks", help="The Markdown file on what takes time.")
    ] = Path("docs/benchmarks.md"),
    pictures: Annotated[
        Path, typer.Option("--pictures", help="The folder of the published pictures.")
    ] = Path("docs/pictures"),
    params: common.ParamsOption = common.PARAMS,
) -> None:
    """Bring the published tables and pictures in step with the results."""
    files = (readme, results, transfer, film, trials, replication, onnx, speed)
    for path in (*(file.parent for file in files), pictures):
        common.check_outside_raw(params, path)
    made = texts(metrics, readme, results, params)
    if portraits.there(metrics):
        made[transfer] = between_marks(transfer, portraits.tables(metrics))
    if (metrics / portraits.FILMS).is_file():
        made[film] = between_marks(film, portraits.film_tables(metrics))
    if reliability.there(metrics):
        made[trials] = between_marks(trials, reliability.tables(metrics))
    if exported.there(metrics):
        made[onnx] = between_marks(onnx, exported.tables(metrics))
    if benchmarks.there(metrics):
        made[speed] = between_marks(speed, benchmarks.tables(metrics))
    if (metrics / REPLICATION).is_dir():
        made[replication] = replicated(metrics, replication, params)
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
    sets: list[Results] = [results_of(folder, params) for folder in data_sets(metrics)]
    table = short(sets)
    if by_the_paper := _replication(metrics, params):
        table = f"{PAPERS}\n\n{short(by_the_paper)}\n{OWN}\n\n{table}"
    bodies = {readme: table, results: "\n".join(map(compact, sets))}
    return {path: between_marks(path, body) for path, body in bodies.items()}


def replicated(metrics: Path, page: Path, params: Path) -> str:
    """The page on the paper's schedule with today's tables between its marks; as `texts`."""
    return between_marks(page, "\n".join(map(compact, _replication(metrics, params))))


def _replication(metrics: Path, params: Path) -> list[Results]:
    """What was trained by the paper's schedule, if anything was."""
    folder = metrics / REPLICATION
    return [results_of(one, params) for one in data_sets(folder)] if folder.is_dir() else []


def _pictures(metrics: Path, folder: Path, params: Path) -> list[Path]:
    """Copy the demo's figures, and draw its curves (Fig. 5 and 6) into DATASET-curves.svg.

    What is not there stays as it was published, and so do curves where a row has none now.
    """
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
    known = load(params).datasets.get(dataset) if params.is_file() else None
    return known is not None and Path(known.root).resolve() == (DEMO / dataset).resolve()
