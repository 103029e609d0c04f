"""`fet study`: runs a study of studies/, skips what is done, and ends with its table."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Annotated, Any

import typer

from fet_core.errors import UserError
from fet_core.files import check_folder, link, listing_digest, write_text
from fet_core.locks import locked
from fet_core.paramsfile import dump_yaml, load
from fet_core.progress import bar, duration
from fet_core.show import report, sweeps
from fet_core.show.sweeps import PointResult, SweepResult
from fet_core.studies import MERGE, MERGED, Opened, Point, make_points, open_study

from . import common, jobs
from .jobs import Job
from .report import EXPERIMENTS, results_of
from .stages import find_stages

STORE = "_stages"
POINTS = "_points"
BUSY = (
    "another study is running in {}, or a stage of one that was killed; wait for it, or choose "
    "another --out"
)


@dataclass(frozen=True)
class Chain:
    """The jobs of one data set, or of one point of a grid, in their order.

    Attributes:
        name: of its folder.
        params: the content of its params file.
        dataset: the data set's name.
        jobs: in order.
    """

    name: str
    params: dict[str, Any]
    dataset: str
    jobs: list[Job]


def study(
    name: Annotated[str, typer.Argument(help="A study's name, as lambda, or its file.")],
    root: Annotated[
        list[str] | None,
        typer.Option(
            "--root",
            metavar="[SET=]FOLDER",
            help="Raw folder of the data set, or of the one named [default: from the study].",
        ),
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="Folder of the stages' outputs.")] = Path(
        "data/studies"
    ),
    metrics: Annotated[
        Path,
        typer.Option(
            "--metrics", help="Folder of all results; a grid's come to experiments/ in it."
        ),
    ] = Path("metrics"),
    dataset: Annotated[
        str | None,
        typer.Option("--dataset", help="Run the study of this data set of it alone."),
    ] = None,
    device: common.DeviceOption = "auto",
    table: Annotated[
        bool,
        typer.Option("--table", help="Run nothing: print the last result, with today's answer."),
    ] = False,
) -> None:
    """Run all that a study says; what was run before with the same inputs is not run again.

    A study that was stopped or killed goes on with the same command.
    """
    whole = open_study(name)
    opened = whole if dataset is None else whole.alone(dataset)
    points = _points(opened)
    roots = _roots(root or [], opened)
    known = {key: Path(one["root"]) for key, one in opened.params["datasets"].items()}
    raw = {data_set: roots.get(data_set, known[data_set]) for data_set in opened.datasets}
    store, place = out / STORE, out / POINTS / opened.name
    results = metrics / (EXPERIMENTS if points else opened.name)
    check_folder(out, "choose another folder with --out")
    check_folder(results, "choose another folder with --metrics")
    for folder in raw.values():
        for written in (out, store, place, results):
            common.check_separate(folder, written)
    if table:
        _show_last(opened, points, results)
        return
    for data_set, folder in raw.items():
        if not folder.is_dir():
            raise UserError(f"{data_set}: there is no raw folder {folder}; say where with --root")
    listings = {data_set: listing_digest(folder) for data_set, folder in raw.items()}
    chains = _chains(opened, points, listings, device, store)
    folders = {} if points else result_folders(chains, results, len(whole.datasets) > 1)
    with locked(out, BUSY) as lock:
        shutil.rmtree(place / (dataset or ""), ignore_errors=True)
        _run(opened, chains, place, folders, roots, device, lock)
        if points:
            sweeps.write(results, _result(opened, points, chains))
    _show_last(opened, points, results)
    print(f"{opened.name}: results in {results}, all outputs in {place}")


def _points(opened: Opened) -> list[Point]:
    """The points of a grid, none where the study is none, after a look at what it is to run."""
    if not opened.stages:
        raise UserError(
            f"the study {opened.name} names no stages, so that there is nothing to run; "
            f"`fet profile {opened.name}` puts its values into params.yaml"
        )
    if not opened.study.keys:
        taken = load(common.PARAMS).datasets if common.PARAMS.is_file() else {}
        if opened.name in (EXPERIMENTS, "benchmarks", *taken):
            raise UserError(
                f"the results of {opened.file} would come between others' in metrics/{opened.name};"
                " give the study's file another name"
            )
        return []
    for stage in ("compare", MERGE):
        if stage in opened.stages:
            raise UserError(
                f'a grid cannot run the stage "{stage}"; end with evaluate and name its numbers '
                'under "collect"'
            )
    if len(opened.datasets) > 1:
        raise UserError(
            f"{opened.file}: a grid is of one data set, but there are "
            f'{" and ".join(opened.datasets)}; name one under "datasets"'
        )
    return make_points(opened)


def _roots(given: Sequence[str], opened: Opened) -> dict[str, Path]:
    """The raw folders of `--root`, by data set."""
    found = {}
    for value in given:
        name, equals, folder = value.partition("=")
        if equals and name in opened.datasets:
            found[name] = Path(folder)
        elif len(opened.datasets) == 1:
            found[opened.datasets[0]] = Path(value)
        else:
            raise UserError(
                f"--root {value} does not say whose it is: the study has the data sets "
                f"{', '.join(opened.datasets)}; write --root {opened.datasets[-1]}={value}"
            )
    return found


def _chains(
    opened: Opened, points: Sequence[Point], raw: dict[str, str], device: str, store: Path
) -> list[Chain]:
    """All that is to be run, in order."""
    lines = opened.stages
    if points:
        (own,) = opened.datasets
        chains = []
        for point in points:
            stages = find_stages([point.of_model(line) for line in lines])
            row = jobs.plan(stages, point.params, own, raw[own], device, store)
            chains.append(Chain(point.name, point.params, own, row))
        return chains
    cut = lines.index(MERGE) if MERGE in lines else len(lines)
    first, second = find_stages(lines[:cut]), find_stages(lines[cut:])
    shared, rest = opened.params, (device, store)
    planned = {name: jobs.plan(first, shared, name, raw[name], *rest) for name in opened.datasets}
    if second:
        before = [job for row in planned.values() for job in row]
        joined = jobs.plan(second[:1], shared, MERGED, None, *rest, before)
        planned[MERGED] = joined + jobs.plan(second[1:], shared, MERGED, None, *rest, joined)
    return [Chain(name, opened.params, name, row) for name, row in planned.items()]


def result_folders(chains: Sequence[Chain], results: Path, several: bool) -> dict[str, Path]:
    """Where the small results of each data set come to that has any; `several` are the study's."""
    names = [one.name for one in chains if any("metrics" in job.stage.takes for job in one.jobs)]
    below = several or len(names) > 1
    return {name: results / name if below else results for name in names}


def _run(
    opened: Opened,
    chains: Sequence[Chain],
    place: Path,
    folders: dict[str, Path],
    roots: dict[str, Path],
    device: str,
    lock: IO[str],
) -> None:
    """Run what is not done, and put links to all outputs below `place`."""
    different = {job.folder: job for chain in chains for job in chain.jobs}
    waiting = sum(not job.done for job in different.values())
    what = ("point" if opened.study.keys else "data set") + "s" * (len(chains) > 1)
    print(
        f"{opened.name}: {len(chains)} {what}, {waiting} of {len(different)} stages to run",
        flush=True,
    )
    with bar(opened.name, waiting, unit="stages") as advance:
        for number, chain in enumerate(chains, 1):
            folder = place / chain.name
            whose = f"the point {chain.name}" if opened.study.keys else chain.name
            write_text(folder / "params.yaml", dump_yaml(chain.params))
            for last, job in enumerate(chain.jobs, 1):
                root = roots.get(chain.dataset)
                seconds = jobs.run(job, whose, folder / "params.yaml", root, device, lock)
                if seconds is not None:
                    words = " ".join(job.stage.words)
                    step = f"[{number}/{len(chains)}] {chain.name}: {words}"
                    print(f"{step}, {duration(seconds)}", flush=True)
                    advance(1, step)
                link(folder / "stages" / job.stage.name, job.folder)
                for output in sorted((job.folder / "out").iterdir()):
                    link(folder / output.name, output)
                if chain.name in folders:
                    done, new = chain.jobs[:last], seconds is not None
                    jobs.publish(done, folders[chain.name], resolved(opened), new)


def resolved(opened: Opened) -> str:
    """The params file that stands beside a study's results: all values, none left to look up."""
    # Not the whole path, which is of one machine.
    where = f"{opened.file.absolute().parent.name}/{opened.file.name}"
    head = f"# Written by `fet study {opened.name}`; {where} says why.\n\n"
    return head + dump_yaml(opened.params)


def _result(opened: Opened, points: Sequence[Point], chains: Sequence[Chain]) -> SweepResult:
    """What the points' stages wrote, as the grid asks for it."""
    grid = opened.study
    plain = sweeps.short_names([name.removeprefix("{model}.") for name in grid.collect])
    names = {name: plain[name.removeprefix("{model}.")] for name in grid.collect}
    results = []
    for point, chain in zip(points, chains, strict=True):
        written = [job.folder / "metrics" for job in chain.jobs]
        found = {
            names[wanted]: sweeps.collect(point.of_model(wanted), written)
            for wanted in grid.collect
        }
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
        name=opened.name,
        title=grid.title,
        question=grid.question,
        dataset=opened.datasets[0],
        size=sizes.pop() if len(sizes) == 1 else None,
        settings={key: value for key, value in grid.set.items() if key not in grid.keys},
        columns=grid.keys,
        points=results,
        answer=grid.answer,
    )


def _show_last(opened: Opened, points: Sequence[Point], results: Path) -> None:
    """Print the last result with the words of the study file, which a grid's takes over."""
    if points:
        last = sweeps.read(results / f"{opened.name}.json")
        if [point.values for point in last.points] != [point.values for point in points]:
            raise UserError(
                f"the stored result of {last.name} has other points than the study; run it "
                "without --table"
            )
        of = opened.study
        words = {"title": of.title, "question": of.question, "answer": of.answer}
        last = last.model_copy(update=words)
        sweeps.write(results, last)
        print(sweeps.table(last))
        return
    print(f"## {opened.study.title}\n\n{opened.study.question.strip()}\n")
    if any(line.split()[0] == "evaluate" for line in opened.stages):
        folders = sorted(path.parent for path in results.rglob("truth.json"))
        if not folders:
            raise UserError(f"there are no results in {results}; run the study without --table")
        for folder in folders:
            print(report.table(results_of(folder, folder / "params.yaml")))
    if opened.study.answer:
        print(opened.study.answer.strip())
