"""Running stages without DVC: each once for the same inputs, and not again."""

from __future__ import annotations

import hashlib
import inspect
import itertools
import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import IO, Any

from fet_core import registry
from fet_core.errors import UserError
from fet_core.files import copy_file, link, write_json
from fet_core.overlays import look_up
from fet_core.params import read_yaml

from .commands import COMMANDS, find

TOP = Path(__file__).resolve().parents[1]
FILES = (TOP / "dvc.yaml", TOP / "comparison" / "dvc.yaml")

WITHOUT_DVC = ("merge", "export")  # a study may run these, and no dvc.yaml knows them


@dataclass(frozen=True)
class Stage:
    """A command with its options, and what its results depend on.

    Attributes:
        words: the command and its own options, as ("train-baseline", "--model", "g2gan").
        takes: names of the command's arguments in Python, as "in_", "checkpoints".
        params: dotted keys and sections that it reads; "datasets" stands for its data set's.
        code: the files that its results depend on.
        reads: folders of earlier outputs that it reads; None for all.
        makes: folders of outputs that it makes; None where that is not known.
        rows: files among the small results of earlier stages that it reads.
    """

    words: tuple[str, ...]
    takes: frozenset[str]
    params: tuple[str, ...]
    code: tuple[Path, ...]
    reads: frozenset[str] | None = None
    makes: frozenset[str] | None = None
    rows: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Good for a folder: "train-baseline-model-g2gan"."""
        return re.sub(r"[^a-z0-9]+", "-", " ".join(self.words).lower())


@dataclass(frozen=True)
class Job:
    """One stage with all that its result depends on; whoever agrees on it shares it.

    Attributes:
        stage: the stage.
        dataset: the data set's name.
        folder: named after the fingerprint of stage, params, code and earlier stages. It holds
            in/, out/, metrics/, checkpoints/, both streams as text, done.json at a good end.
        before: the jobs whose outputs it reads.
    """

    stage: Stage
    dataset: str
    folder: Path
    before: tuple[Job, ...] = ()

    @property
    def done(self) -> bool:
        """Whether it has ended well; one that says itself where to write is run every time."""
        return "--out" not in self.stage.words and (self.folder / "done.json").is_file()


def find_stages(lines: Sequence[str]) -> list[Stage]:
    """The stages of command lines such as "train-baseline --model g2gan".

    What each depends on is what the two dvc.yaml say.

    Raises:
        UserError: there is no such stage, or no dvc.yaml.
    """
    if not (TOP / "dvc.yaml").is_file():
        raise UserError(
            "a study needs dvc.yaml, which is not part of an installed package; run `fet study` "
            "from a clone of the project"
        )
    bodies: list[tuple[list[str], dict[str, Any]]] = []
    for stage in (one for file in FILES for one in read_yaml(file)["stages"].values()):
        # One without "do" is not of a data set.
        words = shlex.split(str(stage["do"]["cmd"])) if "do" in stage else []
        if words[:3] == ["python", "-m", "pipeline"]:
            bodies.append((words[3:], stage["do"]))
    lines_of_models = {line: folder for folder, line in registry.stage_lines().items()}
    found = []
    for line in lines:
        words = shlex.split(line)
        # With more options than DVC gives it, but for one that makes it another stage.
        fitting = [
            (len(own), body)
            for own, body in bodies
            if words[: len(own)] == own and "--row" not in words[len(own) :]
        ]
        if words and words[0] in WITHOUT_DVC:
            found.append(_without_dvc(words))
        elif fitting and words[0] in COMMANDS:
            found.append(_with_dvc(words, max(fitting, key=lambda pair: pair[0])[1]))
        elif (folder := lines_of_models.get(" ".join(words))) is not None:
            found.append(_of_model(words, folder))
        else:
            known = dict.fromkeys([*(" ".join(own) for own, _ in bodies), *WITHOUT_DVC])
            raise UserError(f'there is no stage "{line}" (there are: {", ".join(known)})')
    return found


def _with_dvc(words: Sequence[str], body: Mapping[str, Any]) -> Stage:
    deps = list(dict.fromkeys(body["deps"]))
    outs = [out if isinstance(out, str) else next(iter(out)) for out in body.get("outs", [])]
    code = [dep for dep in deps if dep.endswith(".py") or dep.startswith("probes/")]
    return Stage(
        tuple(words),
        _takes(words[0]),
        tuple(dict.fromkeys(key.split("${")[0].rstrip(".") for key in body.get("params", []))),
        tuple(TOP / dep for dep in code if (TOP / dep).is_file()),
        frozenset(dep.rsplit("/", 1)[1] for dep in deps if dep.startswith("data/${")),
        frozenset(out.rsplit("/", 1)[1] for out in outs if out.startswith("data/${")),
        tuple(dep.split("/", 2)[2] for dep in deps if dep.startswith("metrics/${")),
    )


def _of_model(words: Sequence[str], folder: str) -> Stage:
    """A stage of a model that stands in no full table, and so in no dvc.yaml."""
    trains = words[0] == "train"
    section = registry.part(words[1]).params if trains else "evaluate"
    noted = [folder] if trains else [folder, "measure"]
    code = tuple(TOP / "probes" / f"{name}.json" for name in noted)
    params = ("figures", section)
    return Stage(tuple(words), _takes(words[0]), params, code, None, frozenset({folder}))


def _without_dvc(words: Sequence[str]) -> Stage:
    takes = _takes(words[0])
    module = sys.modules[find(words[0]).__module__]
    # Of its code what it imports itself; where only a message changed nothing is trained again.
    used = {inspect.getmodule(value) for value in vars(module).values()} - {None, module}
    own = [one for one in used if one and re.match(r"fet_core\.(?!errors|files)", one.__name__)]
    files = [Path(str(one.__file__)) for one in (module, *sorted(own, key=lambda m: m.__name__))]
    return Stage(tuple(words), takes, ("",) if "params" in takes else (), tuple(files))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _takes(command: str) -> frozenset[str]:
    return frozenset(inspect.signature(find(command)).parameters)


def plan(
    stages: Sequence[Stage],
    params: Mapping[str, Any],
    dataset: str,
    raw: str | None,
    device: str,
    store: Path,
    before: Sequence[Job] = (),
) -> list[Job]:
    """The jobs of one data set with one content of the params.

    Args:
        stages: in order; each reads what those before it wrote.
        params: the content of the params file, validated.
        dataset: the data set's name.
        raw: digest of the raw folder, whose place changes nothing; None where there is none.
        device: as asked for.
        store: the folder of all jobs' folders.
        before: jobs that come before all of these.
    """
    settings = {key: value for key, value in params["datasets"][dataset].items() if key != "root"}
    jobs: list[Job] = []
    for stage in stages:
        needed = tuple(job for job in (*before, *jobs) if _reads(stage, job.stage))
        own = {key: look_up(params, key) for key in stage.params if key != "datasets"}
        parts = {
            "command": stage.words,
            "params": own,
            "dataset": [dataset, settings],
            "raw": raw,
            "code": [(path.name, _sha256(path.read_bytes())) for path in stage.code],
            "before": [job.folder.name for job in needed],
            "device": device if "device" in stage.takes else None,
            "torch": version("torch"),
        }
        mark = _sha256(json.dumps(parts, sort_keys=True).encode())[:16]
        jobs.append(Job(stage, dataset, store / f"{stage.name}-{mark}", needed))
    return jobs


def _reads(stage: Stage, earlier: Stage) -> bool:
    return stage.reads is None or earlier.makes is None or bool(stage.reads & earlier.makes)


def raw_digest(root: Path) -> str:
    """SHA-256 over names and sizes of all files below a raw folder; what is in them is not read."""
    files = sorted(path for path in root.rglob("*") if path.is_file())
    lines = (f"{path.relative_to(root).as_posix()} {path.stat().st_size}\n" for path in files)
    return _sha256("".join(lines).encode())


def run(
    job: Job, whose: str, params: Path, root: Path | None, device: str, lock: IO[str]
) -> float | None:
    """Run a job unless it is done; a training that was stopped goes on from its checkpoint.

    Args:
        job: the job; those before it are done.
        whose: for messages, as "the point lambda2=0".
        params: the params file.
        root: the data set's raw folder, if not that of the params file.
        device: auto, cpu or cuda.
        lock: of the store, which the stage holds too, in case it outlives this process.

    Returns:
        seconds, or None where it was done before.

    Raises:
        UserError: the stage failed.
        SystemExit: a signal came; the stage was told to stop, and has.
    """
    if job.done:
        return None
    start = time.monotonic()
    parts = _lay_out(job)
    code, caught = _call(_command(job, parts, params, root, device), job.folder, lock)
    seconds = time.monotonic() - start
    if code == 0:
        write_json(job.folder / "done.json", {"seconds": round(seconds, 1)})
    if caught:
        print("fet: the study was stopped; the same command goes on", file=sys.stderr)
        raise SystemExit(128 + caught[0])
    if code != 0:
        errors = job.folder / "stderr.txt"
        lines = errors.read_text(encoding="utf-8", errors="replace").split("\n")[::-1]
        said = next((line for line in lines if line.strip()), f"exit code {code}")
        raise UserError(
            f"the stage {' '.join(job.stage.words)} of {whose} failed: "
            f"{said.strip().removeprefix('fet: ')} (all it said is in {errors})"
        )
    shutil.rmtree(job.folder / "checkpoints", ignore_errors=True)
    return seconds


def _lay_out(job: Job) -> list[Path]:
    """Link what a job reads into its folder; the folders of the data sets that it merges."""
    for name in ("in", "out", "metrics"):
        shutil.rmtree(job.folder / name, ignore_errors=True)
    several = "parts" in job.stage.takes
    for earlier in job.before:
        inside = job.folder / "in" / (earlier.dataset if several else "")
        for output in sorted((earlier.folder / "out").iterdir()):
            link(inside / output.name, output)
        for row in job.stage.rows:
            if (earlier.folder / "metrics" / row).is_file():
                copy_file(earlier.folder / "metrics" / row, job.folder / "metrics" / row)
    names = dict.fromkeys(earlier.dataset for earlier in job.before) if several else ()
    return [job.folder / "in" / name for name in names]


def _command(
    job: Job, parts: list[Path], params: Path, root: Path | None, device: str
) -> list[str]:
    offered = {
        "dataset": ("--dataset", job.dataset),
        "params": ("--params", str(params)),
        "in_": ("--in", str(job.folder / "in")),
        "out": ("--out", str(job.folder / "out")),
        "metrics": ("--metrics", str(job.folder / "metrics")),
        "checkpoints": ("--checkpoints", str(job.folder / "checkpoints")),
        "device": ("--device", device),
    } | ({"root": ("--root", str(root))} if root is not None else {})
    words, takes = job.stage.words, job.stage.takes
    used = (two for name, two in offered.items() if name in takes and two[0] not in words)
    start = [sys.executable, "-m", str(__package__), *words, *map(str, parts)]
    return [*start, *itertools.chain.from_iterable(used)]


def _call(command: list[str], folder: Path, lock: IO[str]) -> tuple[int, list[int]]:
    """Run a command with its streams in files; its exit code, and signals that were passed on."""
    caught: list[int] = []
    (folder / "out").mkdir(parents=True, exist_ok=True)
    with (folder / "stdout.txt").open("wb") as out, (folder / "stderr.txt").open("wb") as err:
        child = subprocess.Popen(command, stdout=out, stderr=err, pass_fds=[lock.fileno()])

        def stop(signum: int, _: FrameType | None) -> None:
            caught.append(signum)
            child.terminate()

        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            code = child.wait()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
    return code, caught
