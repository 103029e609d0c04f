"""Running the stages of a sweep's points: each once for the same inputs, and not again."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Any

from fet_core.errors import UserError

from .stages import Stage


@dataclass(frozen=True)
class Job:
    """One stage with all that its result depends on; points that agree on it share it.

    Attributes:
        stage: the stage.
        folder: named after the fingerprint of stage, params, code and earlier stages. It holds
            what the stage reads (in/) and writes (out/, metrics/, checkpoints/), both of its
            streams as text, and done.json when it has ended well.
        before: the earlier stages' jobs.
    """

    stage: Stage
    folder: Path
    before: tuple[Job, ...]

    @property
    def done(self) -> bool:
        """Whether the stage has ended well."""
        return (self.folder / "done.json").is_file()


def plan(
    stages: Sequence[Stage],
    params: Mapping[str, Any],
    dataset: str,
    raw: str,
    device: str,
    store: Path,
) -> list[Job]:
    """The jobs of one point.

    Args:
        stages: in order; each reads what all before it wrote.
        params: the content of the point's params file, validated.
        dataset: the data set's name.
        raw: digest of the raw folder.
        device: as asked for.
        store: the folder of all jobs' folders.
    """
    from fet_core.grids import look_up
    from fet_core.training.checkpoint import code_digest, fingerprint

    # Where the raw folder lies changes nothing; what is in it does.
    settings = {key: value for key, value in params["datasets"][dataset].items() if key != "root"}
    jobs: list[Job] = []
    for stage in stages:
        own = {key: look_up(params, key) for key in stage.params if key != "datasets"}
        parts = {
            "command": list(stage.words),
            "params": own,
            "dataset": [dataset, settings],
            "raw": raw,
            "code": code_digest(*stage.code),
            "before": [job.folder.name for job in jobs],
            "device": device if "device" in stage.takes else None,
            "torch": version("torch"),
        }
        folder = store / f"{stage.name}-{fingerprint(parts)}"
        jobs.append(Job(stage, folder, tuple(jobs)))
    return jobs


def raw_digest(root: Path) -> str:
    """SHA-256 over names and sizes of all files below a raw folder; what is in them is not read."""
    files = sorted(path for path in root.rglob("*") if path.is_file())
    lines = (f"{path.relative_to(root).as_posix()} {path.stat().st_size}\n" for path in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def run(
    job: Job, point: str, params: Path, dataset: str, root: Path | None, device: str
) -> float | None:
    """Run a job unless it is done; a training that was stopped goes on from its checkpoint.

    Args:
        job: the job; those before it are done.
        point: the point's name, for messages.
        params: the point's params file.
        dataset: the data set's name.
        root: its raw folder, if not that of the params file.
        device: auto, cpu or cuda.

    Returns:
        seconds, or None where it was done before.

    Raises:
        UserError: the stage failed.
        SystemExit: SIGINT or SIGTERM came; the stage was told to stop, and has.
    """
    from fet_core.files import write_json

    if job.done:
        return None
    start = time.monotonic()
    for name in ("in", "out", "metrics"):
        shutil.rmtree(job.folder / name, ignore_errors=True)
    for earlier in job.before:
        for output in sorted((earlier.folder / "out").iterdir()):
            link(job.folder / "in" / output.name, output)
    code, caught = _call(_command(job, params, dataset, root, device), job.folder)
    seconds = time.monotonic() - start
    if code == 0:
        write_json(job.folder / "done.json", {"seconds": round(seconds, 1)})
    if caught:
        print("fet: the sweep was stopped; the same command goes on", file=sys.stderr)
        raise SystemExit(128 + caught[0])
    if code != 0:
        errors = job.folder / "stderr.txt"
        lines = errors.read_text(encoding="utf-8", errors="replace").split("\n")
        said = next((line for line in reversed(lines) if line.strip()), f"exit code {code}")
        raise UserError(
            f"the stage {' '.join(job.stage.words)} of the point {point} failed: "
            f"{said.strip().removeprefix('fet: ')} (all it said is in {errors})"
        )
    shutil.rmtree(job.folder / "checkpoints", ignore_errors=True)
    return seconds


def collect(name: str, jobs: Sequence[Job]) -> tuple[float | None, tuple[float, float] | None]:
    """A number that a point's stages wrote, and its interval where there is one.

    Args:
        name: as "train_fusion.test_l1" (of train_fusion/metrics.json) or "fet.transfer.ssim" (of
            fet.json, which holds the interval too).
        jobs: the point's.

    Raises:
        UserError: no stage wrote it.
    """
    first, _, rest = name.partition(".")
    file = f"{first}/metrics.json" if first.startswith("train_") else f"{first}.json"
    value = _written(jobs, file, rest)
    if value is _NOTHING:
        raise UserError(f'"collect" names {name}, but no stage wrote it; mend the grid file')
    interval = _written(jobs, file, f"intervals.{rest}")
    return value, (None if interval in (_NOTHING, None) else (interval[0], interval[1]))


def link(path: Path, target: Path) -> None:
    """Make `path` a symbolic link to a file or folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target.resolve())


_NOTHING = object()


def _written(jobs: Sequence[Job], file: str, dotted: str) -> Any:
    import json

    from fet_core.grids import look_up

    for job in reversed(jobs):
        path = job.folder / "metrics" / file
        if path.is_file():
            found = json.loads(path.read_text(encoding="utf-8"))
            try:
                return look_up(found[0] if isinstance(found, list) else found, dotted)
            except (KeyError, TypeError):
                return _NOTHING
    return _NOTHING


def _command(job: Job, params: Path, dataset: str, root: Path | None, device: str) -> list[str]:
    command = [sys.executable, "-m", str(__package__), *job.stage.words]
    command += ["--dataset", dataset, "--params", str(params)]
    offered = {
        "in_": ("--in", str(job.folder / "in")),
        "out": ("--out", str(job.folder / "out")),
        "metrics": ("--metrics", str(job.folder / "metrics")),
        "checkpoints": ("--checkpoints", str(job.folder / "checkpoints")),
        "device": ("--device", device),
        "root": ("--root", str(root)) if root is not None else (),
    }
    return [*command, *(w for name in offered if name in job.stage.takes for w in offered[name])]


def _call(command: list[str], folder: Path) -> tuple[int, list[int]]:
    """Run a command with its streams in files; its exit code, and signals that were passed on."""
    caught: list[int] = []
    (folder / "out").mkdir(parents=True, exist_ok=True)
    with (folder / "stdout.txt").open("wb") as out, (folder / "stderr.txt").open("wb") as err:
        child = subprocess.Popen(command, stdout=out, stderr=err)

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


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Let one sweep at a time into a folder of points and stages.

    Raises:
        UserError: another is in it.
    """
    out.mkdir(parents=True, exist_ok=True)
    with (out / "_lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError(
                f"another sweep is running in {out}; wait for it, or choose another --out"
            ) from error
        yield
