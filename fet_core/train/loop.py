"""The one training loop, and what it sees of a task; it knows nothing of what models do."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import FrameType
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import Optimizer

from fet_core import ranks
from fet_core.data.pictures import describe
from fet_core.errors import UserError
from fet_core.files import write_png
from fet_core.progress import bar
from fet_core.stopping import heard
from fet_core.train.checkpoint import Checkpoints, Progress, Schedule, TrainingTriples
from fet_core.train.losses import evaluating

Net = TypeVar("Net", bound=nn.Module)
Seen = TypeVar("Seen", bound=nn.Module, contravariant=True)


class Validation(Protocol[Seen]):
    """What is looked at after an epoch."""

    def metrics(self, net: Seen) -> dict[str, float]:
        """Of the network on the test triples."""
        ...

    def grid(self, net: Seen) -> NDArray[np.uint8]:
        """A picture [H, W, 3] of the fixed test triples."""
        ...


class Observed(Generic[Net]):
    """A network in training and what looks at it.

    Args:
        net: the network whose results count.
        validation: what looks at it.
    """

    def __init__(self, net: Net, validation: Validation[Net]) -> None:
        self.net = net
        self._validation = validation

    def validate(self) -> dict[str, float]:
        """Metrics on the test triples, in eval mode."""
        with evaluating(self.net):
            return self._validation.metrics(self.net)

    def grid(self) -> NDArray[np.uint8]:
        """The fixed test triples, in eval mode."""
        with evaluating(self.net):
            return self._validation.grid(self.net)


class Task(Protocol):
    """A model in training: its networks and what one step does to them."""

    @property
    def nets(self) -> Mapping[str, nn.Module]:
        """All networks, by name."""
        ...

    @property
    def optimizers(self) -> Mapping[str, Optimizer]:
        """Their optimizers, by name."""
        ...

    def step(self, triples: TrainingTriples) -> dict[str, Tensor]:
        """Update all networks once; returns the losses as detached scalars on the device."""
        ...

    def validate(self) -> dict[str, float]:
        """Metrics on the test triples."""
        ...

    def grid(self) -> NDArray[np.uint8]:
        """A picture [H, W, 3] of the same fixed test triples."""
        ...


class Recorder(Protocol):
    """Where metrics and sample grids go while training runs."""

    def epoch(self, number: int, metrics: Mapping[str, float]) -> None:
        """Metrics of the epoch `number`, from 1."""
        ...

    def picture(self, number: int, path: Path) -> None:
        """The sample grid (PNG) drawn after epoch `number`."""
        ...


class Interrupted(Exception):
    """Training was stopped by a signal after its state was saved.

    Attributes:
        code: the exit code that says so, 128 + the signal's number.
    """

    def __init__(self, signum: int) -> None:
        super().__init__(f"stopped by {signal.Signals(signum).name}; the state is saved")
        self.code = 128 + signum


def train(
    task: Task,
    schedule: Schedule,
    checkpoints: Checkpoints,
    recorder: Recorder,
    *,
    name: str,
    epochs: int,
    decay_from: float = 1.0,
    validate_every: int = 1,
    grids: int = 0,
    save_seconds: float = 60.0,
) -> list[dict[str, float]]:
    """Train a task to the end, from its last checkpoint where there is one.

    Of several processes (`fet_core.ranks`) the first alone looks at the test triples, records and
    writes; all stop after the same step.

    Args:
        task: networks, optimizers and the step.
        schedule: the batch of each step.
        checkpoints: where the state is kept.
        recorder: gets each epoch's metrics, those before a resumption too.
        name: what the progress bar says.
        epochs: how often every sample is the truth.
        decay_from: share of the training after which the learning rates fall linearly to 0.
        validate_every: epochs between validations; the last epoch always validates.
        grids: sample grids over the whole training, the last after the last epoch.
        save_seconds: time between two checkpoints; 0 saves after every step.

    Returns:
        the metrics of all epochs.

    Raises:
        Interrupted: a signal to stop came; the state was saved.
        UserError: a loss became infinite or NaN, or the last checkpoint or a sample grid beside it
            is not what this training has written.
    """
    # Asked before the checkpoint is loaded, which brings the rates of its own step.
    rates = {key: [g["lr"] for g in opt.param_groups] for key, opt in task.optimizers.items()}
    first = ranks.here().first
    progress = _loaded(checkpoints, task)
    per_epoch = schedule.steps_per_epoch
    if len(progress.history) != progress.step // per_epoch:
        raise checkpoints.foreign()
    grid_epochs = _spread(grids, epochs)
    pictures = checkpoints.folder / "grids"
    for number, metrics in enumerate(progress.history if first else [], start=1):
        recorder.epoch(number, metrics)
        if (pictures / f"{number}.png").is_file():
            _check_grid(pictures / f"{number}.png")
            recorder.picture(number, pictures / f"{number}.png")

    total = epochs * per_epoch
    saved = time.monotonic()
    shown = bar(name, total, progress.step, unit="step") if first else nullcontext(_nothing)
    with _signals() as caught, shown as advance:
        while progress.step < total:
            _set_rates(task.optimizers, rates, _factor(progress.step, total, decay_from))
            losses = ranks.means(task.step(schedule.batch(progress.step)))
            for key, value in losses.items():
                progress.sums[key] = progress.sums[key] + value if key in progress.sums else value
            progress.step += 1

            epoch, place = divmod(progress.step, per_epoch)
            if place == 0:
                metrics = _means(progress, per_epoch, name)
                if first and (epoch % validate_every == 0 or epoch == epochs):
                    metrics |= task.validate()
                progress.history.append(metrics)
                if first:
                    recorder.epoch(epoch, metrics)
                if first and epoch in grid_epochs:
                    write_png(pictures / f"{epoch}.png", task.grid())
                    recorder.picture(epoch, pictures / f"{epoch}.png")
            due = progress.step == total or time.monotonic() - saved >= save_seconds
            stop = ranks.largest(caught[0] if caught else 0)
            if first and (due or stop):
                checkpoints.save(progress)
                saved = time.monotonic()
            if stop and progress.step < total:
                ranks.wait()
                raise Interrupted(stop)
            advance(1, f"epoch {min(epoch + 1, epochs)}/{epochs}")
    return progress.history


def _loaded(checkpoints: Checkpoints, task: Task) -> Progress:
    """How far the run has come; all processes have the first one's weights then, to the bit."""
    first = ranks.here().first
    found = checkpoints.load() if first else None
    ranks.wait()
    # Not while the first looks through them, which puts a damaged one out of the way.
    found = found if first else checkpoints.load()
    ranks.spread(task.nets.values())
    return found or Progress()


def _nothing(units: int = 1, status: str = "") -> None:
    """Shows no progress, as the first process does that."""


def _factor(step: int, total: int, decay_from: float) -> float:
    """What the learning rates are multiplied with at a step."""
    start = decay_from * total
    return 1.0 if step < start else max((total - step) / max(total - start, 1.0), 0.0)


def _set_rates(
    optimizers: Mapping[str, Optimizer], rates: Mapping[str, list[float]], factor: float
) -> None:
    for key, optimizer in optimizers.items():
        for group, rate in zip(optimizer.param_groups, rates[key], strict=True):
            group["lr"] = rate * factor


def _spread(count: int, epochs: int) -> set[int]:
    """`count` epochs evenly over the training, the last of them the last."""
    return {max(round(epochs * (i + 1) / count), 1) for i in range(count)}


def _check_grid(path: Path) -> None:
    """Refuse a damaged grid: its epoch is over, and nothing can draw it again."""
    try:
        describe(path, decode=True)
    except UserError as error:
        raise UserError(
            f"the sample grid {path} of an epoch that is over is damaged; delete it to go on "
            f"without it, or {path.parents[1]} to begin again"
        ) from error


def _means(progress: Progress, steps: int, name: str) -> dict[str, float]:
    # Sorted, because a checkpoint does not keep the order in which losses came.
    means = {key: float(progress.sums[key]) / steps for key in sorted(progress.sums)}
    progress.sums = {}
    wrong = [key for key, value in means.items() if not math.isfinite(value)]
    if wrong:
        raise UserError(
            f"{name} diverged: {wrong[0]} is no finite number after step {progress.step}; lower "
            "the learning rates and start again"
        )
    return means


@contextmanager
def _signals() -> Iterator[list[int]]:
    """Collect signals to stop in a list instead of stopping at once."""
    caught: list[int] = []

    def note(signum: int, _: FrameType | None) -> None:
        caught.append(signum)

    numbers = {signal.SIGINT, signal.SIGTERM, *heard()}
    before = {number: signal.signal(number, note) for number in numbers}
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
