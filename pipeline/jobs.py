"""Running stages without DVC: each once for the same inputs, and not again."""

from __future__ import annotations

import hashlib
import itertools
import json
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

from fet_core.errors import UserError
from fet_core.files import copy_file, link, make_folder, mirror, write_json, write_text
from fet_core.paramsfile import look_up
from fet_core.stopping import heard
from fet_core.writing import writing

from .stages import Stage


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


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


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


def publish(done: Sequence[Job], folder: Path, params: str, new: bool) -> None:
    """Bring the small results of a data set in step with what its jobs wrote so far.

    Args:
        done: its jobs that have run.
        folder: of the results.
        params: content of the params file that stands beside them.
        new: whether the last of them has run just now.
    """
    if new:
        # It shows other results than these, and perhaps people who may not be shown any more.
        shutil.rmtree(folder / "models", ignore_errors=True)
    written = [path for job in done if (path := job.folder / "metrics").is_dir()]
    if written:
        write_text(folder / "params.yaml", params)
        mirror(written, folder)


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
    make_folder(folder / "out")
    with writing(folder):
        streams = [(folder / f"{name}.txt").open("wb") for name in ("stdout", "stderr")]
    with streams[0] as out, streams[1] as err:
        child = subprocess.Popen(command, stdout=out, stderr=err, pass_fds=[lock.fileno()])

        def stop(signum: int, _: FrameType | None) -> None:
            caught.append(signum)
            child.terminate()

        numbers = {signal.SIGINT, signal.SIGTERM, *heard()}
        before = {number: signal.signal(number, stop) for number in numbers}
        try:
            code = child.wait()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
    return code, caught
