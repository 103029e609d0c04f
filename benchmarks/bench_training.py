"""A training step of each model: as it is here, and by the usual recipe from files on disk.

    python benchmarks/bench_training.py [--steps 40] [--rounds 3] [--profile demo]

Faces are noise, which takes as long. Neither side varies turns and light, which the recipe lacks.
The share outside is what a step takes beyond the networks' forward passes, backward and the
optimizers: choosing and moving samples, landmark images, losses. While ours has its turn the
recipe's workers make four batches in advance, so that a turn wants many more steps than that.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from bench.runs import in_turn, report
from PIL import Image
from reference.training import NEEDED, STEPS, Trainer, Triples, batches
from torch.nn.modules.module import (
    register_module_forward_hook,
    register_module_forward_pre_hook,
)

from fet_core.params import Params
from fet_core.paramsfile import load, overlaid
from fet_core.ssim import ssim
from fet_core.studies import open_study
from fet_core.timing import Noise, make_task, options_of
from fet_core.train.checkpoint import Schedule

TOP = Path(__file__).resolve().parents[1]
FROZEN = {"transfer": "fusion", "transfer_plus": "fusion_plus"}
_SAMPLES = 400


def settings(profile: str, file: Path) -> Params:
    """The params of a profile, without augmentation."""
    params = overlaid(load(file), open_study(profile, file).values)
    parts = ("transfer", "transfer_plus", "baseline")
    plain = {part: getattr(params, part).model_copy(update={"augmentation": 0.0}) for part in parts}
    return params.model_copy(update=plain)


def written(noise: Noise, folder: Path) -> list[Path]:
    """The faces as files."""
    paths = []
    for number, face in enumerate(noise.dataset.faces.permute(0, 2, 3, 1).numpy()):
        paths.append(folder / f"{number}.png")
        Image.fromarray(face.squeeze()).save(paths[-1])
    return paths


def usual(
    name: str, params: Params, noise: Noise, files: list[Path]
) -> tuple[Callable[[], object], Callable[[], None]]:
    """A step of the recipe, and what ends its workers."""
    truth = np.resize(noise.index.usable, _SAMPLES)
    drawn = noise.index.draw(truth, np.random.default_rng(0).random((_SAMPLES, 3)))
    rows = {
        "truth": truth,
        "target": drawn.target,
        "source": drawn.source,
        "reference": drawn.reference,
    }
    size, sigma = noise.dataset.size, params.fusion.sigma
    if name in ("fusion", "transfer"):
        size = params.fusion.size
    data = Triples(
        files,
        noise.dataset.points.numpy(),
        noise.dataset.person.numpy(),
        rows,
        *NEEDED[name],
        size,
        sigma,
    )
    nets = list(make_task(name, params, noise).nets.values())
    frozen: Any = None
    if name in FROZEN:
        frozen = next(iter(make_task(FROZEN[name], params, noise).nets.values())).eval()

    def structure(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return ssim((a + 1) / 2, (b + 1) / 2, 1.0).mean()

    trainer = Trainer(nets, float(noise.dataset.size), structure, frozen)
    loader = batches(data, options_of(name, params).batch_size)
    return lambda: STEPS[name](trainer, next(loader)), loader.close


class Clock:
    """Seconds inside of forward passes, backward and optimizers."""

    def __init__(self) -> None:
        self.inside, self._depth, self._began = 0.0, 0, 0.0

    def enter(self, *_: Any) -> None:
        """Something begins, perhaps in another."""
        if self._depth == 0:
            self._began = time.perf_counter()
        self._depth += 1

    def leave(self, *_: Any) -> None:
        """It ends."""
        self._depth -= 1
        if self._depth == 0:
            self.inside += time.perf_counter() - self._began


@contextmanager
def clocked(task: Any) -> Iterator[Clock]:
    """Time what the networks and optimizers of a task do."""
    clock, backward = Clock(), torch.Tensor.backward

    def timed(self: torch.Tensor, *given: Any, **named: Any) -> Any:
        clock.enter()
        try:
            return backward(self, *given, **named)
        finally:
            clock.leave()

    hooks = [
        register_module_forward_pre_hook(clock.enter),
        register_module_forward_hook(clock.leave),
    ]
    for optimizer in task.optimizers.values():
        hooks.append(optimizer.register_step_pre_hook(clock.enter))
        hooks.append(optimizer.register_step_post_hook(clock.leave))
    torch.Tensor.backward = timed  # type: ignore[method-assign]
    try:
        yield clock
    finally:
        torch.Tensor.backward = backward  # type: ignore[method-assign]
        for hook in hooks:
            hook.remove()


def measure(name: str, params: Params, noise: Noise, steps: int, rounds: int) -> dict[str, Any]:
    """The entry of a model."""
    task = make_task(name, params, noise)
    schedule = Schedule(noise.index, options_of(name, params).batch_size, 0)
    at = 0

    def ours() -> None:
        nonlocal at
        for _ in range(steps):
            task.step(schedule.batch(at))
            at += 1

    with tempfile.TemporaryDirectory() as folder:
        step, end = usual(name, params, noise, written(noise, Path(folder)))

        def recipe() -> None:
            for _ in range(steps):
                step()

        entry = in_turn(recipe, ours, rounds, name, each=(steps, steps), busy_too=False)
        end()
    with clocked(task) as clock:
        began = time.perf_counter()
        ours()
        taken = time.perf_counter() - began
    share = 1 - clock.inside / taken
    return entry | {"target": "≥ 1.5", "share_outside": round(share, 3)}


def main(words: list[str] | None = None) -> dict[str, Any]:
    """Measure the models and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--profile", default="demo")
    parser.add_argument("--size", type=int, help="of the pictures, in place of the profile's")
    parser.add_argument("--models", nargs="+", choices=list(STEPS), default=list(STEPS))
    parser.add_argument("--params", type=Path, default=TOP / "params.yaml")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args(words)
    torch.set_num_threads(options.threads)
    params = settings(options.profile, options.params)
    if options.size:
        align = params.align.model_copy(update={"size": options.size})
        params = params.model_copy(update={"align": align})
    noise = Noise.make(params.align.size, 3, torch.device("cpu"))
    work = partial(measure, params=params, noise=noise, steps=options.steps, rounds=options.rounds)
    entries = {f"{name}, {params.align.size}": work(name) for name in options.models}
    report(
        "training",
        "A training step on the CPU, in seconds, beside the usual recipe",
        entries,
        options.out,
    )
    return entries


if __name__ == "__main__":
    main()
