"""Tiny inputs of all stages in folders, the stages' commands on them, and folders compared."""

from __future__ import annotations

import hashlib
import shutil
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trials.commands import Done, begin, finish, judged
from trials.engine import RESULT, Wrong
from trials.processes import forked

NAME = "probe"


@dataclass(frozen=True)
class Stage:
    """A stage as a trial runs it.

    Attributes:
        words: of its command.
        reads: the folders of earlier outputs that it reads.
        options: which of --in, --metrics, --checkpoints and --device it takes.
    """

    words: tuple[str, ...]
    reads: tuple[str, ...]
    options: str = "i"


_SAMPLES = ("align", "augment")
STAGES = {
    "ingest": Stage(("ingest", "--processes", "1"), (), ""),
    "grayscale": Stage(("grayscale",), ("ingest",)),
    "align": Stage(("align",), ("grayscale",)),
    "landmarks": Stage(("landmarks",), ("grayscale", "align")),
    "augment": Stage(("augment",), ("ingest", "landmarks", "align")),
    "truths": Stage(("truths",), _SAMPLES, "id"),
    "train-fusion": Stage(("train", "fet/fusion"), _SAMPLES, "imcd"),
    "train-transfer": Stage(("train", "fet/transfer"), (*_SAMPLES, "train_fusion"), "imcd"),
    "evaluate": Stage(
        ("evaluate", "--row", "fet"),
        (*_SAMPLES, "truths", "train_fusion", "train_transfer"),
        "imd",
    ),
}
LONG = ("align", "landmarks", "train-fusion", "train-transfer", "evaluate")
"""The stages that people wait for, and stop."""


@dataclass(frozen=True)
class Place:
    """What every trial of a stage shares: read, and never written.

    Attributes:
        raw: the raw folder.
        data: outputs of all stages, as the next ones read them.
        params: the params file.
        made: for each stage, the digests of all files that it writes, by name.
        seconds: that each stage has taken for it.
    """

    raw: Path
    data: Path
    params: Path
    made: Mapping[str, Mapping[str, str]]
    seconds: Mapping[str, float]


def prepare(folder: Path, stages: tuple[str, ...] = (), epochs: int = 1) -> Place:
    """Tiny inputs, and what each of some stages makes of them undisturbed."""
    from pipeline import probe_inputs, probe_made

    folder.mkdir(parents=True, exist_ok=True)
    raw, data = probe_inputs.write_raw(folder / "raw"), folder / "data"
    values = {"split.seed": 0, "fusion.epochs": epochs, "transfer.epochs": epochs}
    params = probe_inputs.write_params(folder / "params.yaml", raw, values)

    def write() -> None:
        probe_inputs.write_stored(data, raw)
        probe_inputs.write_samples(data, 64, 3)
        probe_made.weights(data, 3, ("fet",))
        probe_made.write_rows(data, folder / "rows")

    in_fork(write)
    place, made, seconds = Place(raw, data, params, {}, {}), {}, {}
    for stage in stages:
        out = folder / "made" / stage
        begun = time.monotonic()
        done = run(place, stage, data, out)
        seconds[stage] = time.monotonic() - begun
        if judged(done, stage) != RESULT:
            raise RuntimeError(f"{stage} refuses what is not damaged: {done.err}")
        made[stage] = digests(out)
    return Place(raw, data, params, made, seconds)


_SHARED: dict[int, Place] = {}


def shared(folder: Path, epochs: int = 1) -> Place:
    """Tiny inputs with what all stages make of them, made once for all kinds of trials.

    Args:
        folder: of a kind's own inputs; these lie beside it.
        epochs: of both trainings.
    """
    if epochs not in _SHARED:
        _SHARED[epochs] = prepare(folder.parent / f"places-{epochs}", tuple(STAGES), epochs)
    return _SHARED[epochs]


def in_fork(work: Callable[[], Any]) -> None:
    """Do something that has to end well in a forked process."""

    def told() -> None:
        try:
            work()
        except BaseException:
            traceback.print_exc()
            raise

    if forked(told):
        raise RuntimeError("what trials need could not be made")


def line(place: Place, stage: str, data: Path, out: Path, raw: Path | None = None) -> list[object]:
    """The words of a stage's command.

    Args:
        place: whose params it takes.
        stage: one of `STAGES`.
        data: the folder to read.
        out: the folder to write.
        raw: another raw folder.
    """
    one = STAGES[stage]
    words: list[object] = [*one.words, "--dataset", NAME, "--params", place.params, "--out", out]
    if "i" in one.options:
        words += ["--in", data]
    if "c" in one.options:
        words += ["--checkpoints", out / "checkpoints", "--save-every", 0]
    if "d" in one.options:
        words += ["--device", "cpu"]
    return words if raw is None else [*words, "--root", raw]


def run(place: Place, stage: str, data: Path, out: Path, raw: Path | None = None) -> Done:
    """Run a stage to its end in a forked process."""
    return finish(begin(*line(place, stage, data, out, raw)))


def copied(place: Place, stage: str, folder: Path) -> Path:
    """A copy of what a stage reads, to be damaged."""
    data = folder / "data"
    for name in STAGES[stage].reads:
        shutil.copytree(place.data / name, data / name)
    return data


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of all files below a folder by their names; empty folders do not count."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def compare(found: Mapping[str, str], wanted: Mapping[str, str], what: str) -> None:
    """Raise `Wrong` where files are others than wanted."""
    if left := sorted(found.keys() - wanted.keys()):
        raise Wrong("silent", f"{what} left {', '.join(left[:4])}")
    if gone := sorted(wanted.keys() - found.keys()):
        raise Wrong("silent", f"{what} did not make {', '.join(gone[:4])}")
    other = [name for name, digest in wanted.items() if found[name] != digest]
    if other:
        raise Wrong("silent", f"{what} made something else of {', '.join(other[:4])}")


def whole(folder: Path, old: Mapping[str, str], new: Mapping[str, str], what: str) -> None:
    """Raise `Wrong` where a file of a stage is there and is neither the old one nor the new one.

    A training's metrics grow while it runs.
    """
    for name, digest in digests(folder).items():
        live = name.startswith("metrics/train_")
        if name in new and digest not in (old.get(name), new[name]) and not live:
            raise Wrong("silent", f"{what}: {name} is neither the old file nor the new one")
