"""What a training costs on a device: the first steps of each model, measured on noise.

The time of a step depends on sizes and device, hardly on what the pictures show.
"""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray

from fet_core import registry, tables
from fet_core.data.dataset import Dataset
from fet_core.data.readers import Kind
from fet_core.data.training_triples import TrainingIndex, training_index
from fet_core.nets.fusion import Fusion
from fet_core.nets.warping import Warping
from fet_core.params import Optimisation, Params
from fet_core.progress import duration, track
from fet_core.tables import EXPRESSIONS, POINTS
from fet_core.train.augmentation import Identities
from fet_core.train.baselines import G2ganTask, cgan_task, pix2pix_task
from fet_core.train.checkpoint import Schedule
from fet_core.train.loop import Task
from fet_core.train.paper import FusionTask, transfer_task
from fet_core.train.plus import PointTask, WarpingTask, warping_sizes

MODELS = {
    part.params: part.title for one in ("fet", "fet-plus") for part in registry.model(one).parts
}
"""The trainings that an estimate counts: section of the params -> name."""

_PEOPLE = 20
"""With eight expressions each, more faces than a space of shapes may have components."""


class Unseen:
    """Nobody looks at these networks."""

    def metrics(self, net: Any) -> dict[str, float]:
        """None."""
        return {}

    def grid(self, net: Any) -> NDArray[np.uint8]:
        """One black pixel."""
        return np.zeros((1, 1, 3), np.uint8)


@dataclass(frozen=True)
class Noise:
    """A data set of noise: 20 people with eight expressions each, all of the training side."""

    dataset: Dataset
    index: TrainingIndex

    @classmethod
    def make(cls, size: int, channels: int, device: torch.device) -> Noise:
        """Pictures and points, the same ones each time.

        Args:
            size: side of the pictures in pixels.
            channels: 1 or 3.
            device: where they go.
        """
        rng = np.random.default_rng(0)
        count = _PEOPLE * len(EXPRESSIONS)
        faces = rng.integers(0, 256, (count, channels, size, size), dtype=np.uint8)
        points = rng.uniform(0, size, (count, POINTS, 2)).astype(np.float32)
        person, expression = np.divmod(np.arange(count), len(EXPRESSIONS))
        samples = pa.table(
            {
                "flipped": [False] * count,
                "split": ["train"] * count,
                "subject": [f"{number:02d}" for number in person],
                "sequence": [""] * count,
                "expression": [EXPRESSIONS[number] for number in expression],
                "camera": ["090"] * count,
                "gaze": ["frontal"] * count,
            }
        )
        dataset = Dataset(
            torch.from_numpy(faces).to(device),
            torch.arange(count, device=device),
            torch.zeros(count, dtype=torch.bool, device=device),
            torch.from_numpy(points).to(device),
            torch.from_numpy(expression).to(device),
            torch.from_numpy(person).to(device),
        )
        return cls(dataset, training_index(samples))


@dataclass(frozen=True)
class Cost:
    """What a step of a training costs.

    Attributes:
        name: as "Φ".
        seconds: of each step that was timed.
        epochs: of the training.
        batch_size: triples a step.
    """

    name: str
    seconds: tuple[float, ...]
    epochs: int
    batch_size: int

    @property
    def step(self) -> float:
        """Median seconds a step."""
        return statistics.median(self.seconds)

    def steps(self, samples: int) -> int:
        """Steps of the whole training with so many samples that can be a truth."""
        return self.epochs * -(-samples // self.batch_size)

    def total(self, samples: int) -> float:
        """Seconds of the whole training; validation and sample grids are not counted."""
        return self.step * self.steps(samples)


def make_task(name: str, params: Params, noise: Noise) -> Task:
    """A model in training on noise, as its stage would make it; no network is trained before.

    Args:
        name: a key of `MODELS`, or a baseline.
        params: all sizes and rates.
        noise: a data set of `params.align.size`.
    """
    dataset, unseen = noise.dataset, Unseen()
    fusion = partial(Fusion, params.fusion.size, params.fusion.width, params.fusion.bottleneck)
    if name == "fusion":
        people = Identities(dataset, noise.index.usable, params.fusion.identities, 0)
        return FusionTask(dataset, people, params.fusion, unseen)
    if name == "transfer":
        return transfer_task(dataset, fusion(), params.fusion.sigma, params.transfer, unseen)
    if name == "fusion_plus":
        return _points(params, noise)
    if name == "transfer_plus":
        # A motion that was not fitted takes as long in a step.
        options = params.transfer_plus.model_copy(update={"motion": False})
        sizes = warping_sizes(dataset, options)
        plus = _points(params, noise).net
        return WarpingTask(dataset, noise.index, plus, Warping, sizes, options, unseen)
    if name == "cgan":
        return cgan_task(dataset, params.baseline, unseen)
    if name == "pix2pix":
        return pix2pix_task(dataset, params.baseline, unseen)
    return G2ganTask(dataset, params.baseline, unseen)


def _points(params: Params, noise: Noise) -> PointTask:
    options = params.fusion_plus
    people = Identities(noise.dataset, noise.index.usable, options.identities, 0)
    return PointTask(noise.dataset, noise.index, people, options, Unseen())


def measure(
    params: Params,
    device: torch.device,
    *,
    names: Sequence[str] | None = None,
    most: int = 10,
    seconds: float = 10.0,
) -> Iterator[tuple[str, Cost]]:
    """Time steps of trainings at the sizes of the params, after a warm-up; yields each at once.

    Args:
        params: all sizes and rates.
        device: where to train.
        names: keys of `MODELS` and baselines; None for all of `MODELS`.
        most: steps timed of each.
        seconds: no further step of a training begins after so long, its warm-up counted; one is
            timed in any case.
    """
    names = list(MODELS) if names is None else names
    channels = max(item.channels for item in params.datasets.values())
    noise = Noise.make(params.align.size, channels, device)
    # Compiling takes the first step on a GPU, finding fast kernels the next two.
    warm_up = 3 if device.type == "cuda" else 1
    for name in track(names, "timing", unit="trainings"):
        options = options_of(name, params)
        task = make_task(name, params, noise)
        schedule = Schedule(noise.index, options.batch_size, 0)
        times: list[float] = []
        began = time.perf_counter()
        for step in range(warm_up + most):
            start = time.perf_counter()
            losses = task.step(schedule.batch(step))
            # Waits for a GPU.
            float(next(iter(losses.values())))
            now = time.perf_counter()
            if step >= warm_up:
                times.append(now - start)
            if times and now - began > seconds:
                break
        label = MODELS.get(name, name)
        yield name, Cost(label, tuple(times), options.epochs, options.batch_size)


def options_of(name: str, params: Params) -> Optimisation:
    """The section of the params that a model is trained by."""
    section = name if name in MODELS else "baseline"
    options: Optimisation = getattr(params, section)
    return options


def usable_samples(folder: Path) -> int | None:
    """Training samples of a data set that can be a truth, None before its stage augment.

    Args:
        folder: the data set's stage outputs.

    Raises:
        UserError: the stage's outputs are damaged or hold no training triple.
    """
    path = folder / "augment" / "samples.parquet"
    if not path.is_file():
        return None
    kind = Kind.read(folder / "augment" / "kind.json")
    return len(
        training_index(tables.read(path, tables.SAMPLES, filled=True), kind.neutral_only).usable
    )


def sentence(cost: Cost, data: str, samples: int, device: torch.device) -> str:
    """One line on a training: seconds a step, steps, and the whole in words.

    Args:
        cost: of a step.
        data: what the samples are of, as "rafd".
        samples: training samples.
        device: where it would be trained.
    """
    place = "this GPU" if device.type == "cuda" else "this CPU"
    step = f"{cost.step:.2g}" if cost.step < 10 else f"{cost.step:.0f}"
    return (
        f"{cost.name} {data}: {step} s a step, {cost.steps(samples):,} steps "
        f"({cost.epochs} {'epoch' if cost.epochs == 1 else 'epochs'} of {samples:,} samples), "
        f"{duration(cost.total(samples))} on {place}"
    )


def device_name(device: torch.device) -> str:
    """What a report calls a device."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return platform.machine()
