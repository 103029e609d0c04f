"""`fet sweep`: runs a committed grid of experiments and writes its table."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fet_core.errors import UserError

from . import common

if TYPE_CHECKING:
    from fet_core.evaluation.sweeps import SweepResult
    from fet_core.grids import Grid, Point

    from .sweeping import Job

STORE = "_stages"
POINTS = "_points"


def sweep(
    file: Annotated[Path, typer.Argument(help="The grid file, as experiments/lambda.yaml.")],
    out: Annotated[Path, typer.Option("--out", help="Folder of the points' stage outputs.")] = Path(
        "data/sweeps"
    ),
    metrics: Annotated[
        Path, typer.Option("--metrics", help="Folder of the result and its table.")
    ] = Path("metrics/experiments"),
    root: common.RootOption = None,
    device: common.DeviceOption = "auto",
    table: Annotated[
        bool,
        typer.Option("--table", help="Run nothing: put the file's answer into the last result."),
    ] = False,
) -> None:
    """Run every point of a grid; what was run before with the same inputs is not run again."""
    from fet_core.evaluation import sweeps
    from fet_core.files import check_folder, write_text
    from fet_core.grids import dump_yaml, make_points, read_grid
    from fet_core.progress import bar, duration

    from . import sweeping
    from .stages import find_stages

    grid = read_grid(file)
    points = make_points(grid, file)
    raw = common.raw_root(root, common.load(Path(grid.params), grid.dataset), grid.dataset)
    check_folder(out, "choose another folder with --out")
    check_folder(metrics, "choose another folder with --metrics")
    store, place = out / STORE, out / POINTS / file.stem
    for folder in (out, store, place, metrics):
        common.check_separate(raw, folder)
    if table:
        result = _answered(sweeps.read(metrics / f"{file.stem}.json"), grid, points)
    else:
        stages = find_stages(grid.stages)
        listing = sweeping.raw_digest(raw)
        jobs = [
            sweeping.plan(stages, point.params, grid.dataset, listing, device, store)
            for point in points
        ]
        with sweeping.locked(out):
            different = {job.folder: job for row in jobs for job in row}
            waiting = sum(not job.done for job in different.values())
            print(f"{file.stem}: {len(points)} points, {waiting} of {len(different)} stages to run")
            shutil.rmtree(place, ignore_errors=True)
            with bar(file.stem, waiting, unit="stages") as advance:
                for number, (point, row) in enumerate(zip(points, jobs, strict=True), 1):
                    folder = place / point.name
                    write_text(folder / "params.yaml", dump_yaml(point.params))
                    for job in row:
                        seconds = sweeping.run(
                            job, point.name, folder / "params.yaml", grid.dataset, root, device
                        )
                        if seconds is not None:
                            words = " ".join(job.stage.words)
                            step = f"[{number}/{len(points)}] {point.name}: {words}"
                            print(f"{step}, {duration(seconds)}", flush=True)
                            advance(1, step)
                        sweeping.link(folder / job.stage.name, job.folder)
            result = _result(file.stem, grid, points, jobs)
    sweeps.write(metrics, result)
    print(sweeps.table(result))


def _result(name: str, grid: Grid, points: list[Point], jobs: list[list[Job]]) -> SweepResult:
    """What the points' stages wrote, as the grid asks for it."""
    from fet_core.evaluation.sweeps import PointResult, SweepResult
    from fet_core.grids import short_names

    from .sweeping import collect

    names = short_names(grid.collect)
    results = []
    for point, row in zip(points, jobs, strict=True):
        found = {names[wanted]: collect(wanted, row) for wanted in grid.collect}
        results.append(
            PointResult(
                values=point.values,
                paper=point.paper,
                results={name: value for name, (value, _) in found.items()},
                intervals={name: pair for name, (_, pair) in found.items() if pair is not None},
            )
        )
    sizes = {point.params["align"]["size"] for point in points}
    return SweepResult(
        name=name,
        title=grid.title,
        question=grid.question,
        dataset=grid.dataset,
        size=sizes.pop() if len(sizes) == 1 else None,
        settings={key: value for key, value in grid.set.items() if key not in grid.keys},
        columns=grid.keys,
        points=results,
        answer=grid.answer,
    )


def _answered(result: SweepResult, grid: Grid, points: list[Point]) -> SweepResult:
    """A stored result with the words of the grid file, which must have the same points."""
    if [point.values for point in result.points] != [point.values for point in points]:
        raise UserError(
            f"the stored result of {result.name} has other points than the grid file; run it "
            "without --table"
        )
    words = {"title": grid.title, "question": grid.question, "answer": grid.answer}
    return result.model_copy(update=words)
