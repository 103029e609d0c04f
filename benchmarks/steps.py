"""Seconds a training step of every model, at the demo's and the paper's sizes, on this device.

    python benchmarks/steps.py --out metrics/benchmarks/steps-cpu.json

Pictures are noise: the time of a step does not depend on what they show. Each figure is the
median of several steps after a warm-up, and the fastest and slowest stand beside it.
"""

from __future__ import annotations

import platform
import statistics
import time
from pathlib import Path
from typing import Annotated, Any

import typer

SIZES = {
    "demo": {"size": 96, "fusion_size": 64, "fusion_width": 32, "width": 32, "d_width": 16},
    "paper": {"size": 256, "fusion_size": 256, "fusion_width": 64, "width": 64, "d_width": 64},
}
SAMPLES = 64


class Unseen:
    """Nobody looks at these networks."""

    def metrics(self, net: Any) -> dict[str, float]:
        """None."""
        return {}

    def grid(self, net: Any) -> Any:
        """None."""
        return None


def tasks_of(sizes: dict[str, int], device_name: str) -> dict[str, Any]:
    """Every model in training at one set of sizes, on noise."""
    import numpy as np
    import torch

    from fet_core.models.fusion import Fusion
    from fet_core.params import Baseline as BaselineParams
    from fet_core.params import Fusion as FusionParams
    from fet_core.params import Transfer as TransferParams
    from fet_core.store import Store
    from fet_core.training.acceleration import choose_device
    from fet_core.training.baselines import cgan_task, pix2pix_task
    from fet_core.training.fusion import FusionTask
    from fet_core.training.g2gan import G2ganTask
    from fet_core.training.identities import Identities
    from fet_core.training.transfer import transfer_task

    device = choose_device(device_name)
    rng = np.random.default_rng(0)
    size = sizes["size"]
    faces = torch.from_numpy(rng.integers(0, 256, (SAMPLES, 3, size, size), dtype=np.uint8))
    points = torch.from_numpy(rng.uniform(0, size, (SAMPLES, 68, 2)).astype(np.float32))
    numbers = torch.arange(SAMPLES, device=device)
    store = Store(
        faces.to(device),
        numbers,
        torch.zeros(SAMPLES, dtype=torch.bool, device=device),
        points.to(device),
        numbers % 8,
        numbers // 8,
    )
    shared: dict[str, Any] = {
        "epochs": 1, "batch_size": 8, "lr_g": 2e-4, "lr_d": 1e-4, "beta1": 0.5, "beta2": 0.999,
        "decay_from": 1.0, "seed": 0, "grids": 0, "validate_every": 1,
    }  # fmt: skip
    fusion_params = FusionParams(
        **shared, size=sizes["fusion_size"], sigma=0.0156, width=sizes["fusion_width"],
        bottleneck=8, d_width=sizes["d_width"], lambda1=0.1, lambda2=10.0, lambda3=100.0,
        identities=1.0,
    )  # fmt: skip
    transfer_params = TransferParams(
        **shared, width=sizes["width"], d_width=sizes["d_width"], d_norm="spectral", mu1=1.0,
        mu2=100.0, true_landmarks=0.5, jitter=0.5,
    )  # fmt: skip
    baseline_params = BaselineParams(
        **shared, width=sizes["width"], d_width=sizes["d_width"], sigma=0.0156, adversarial=1.0,
        l1=100.0, cycle=10.0, identity=1.0, cgan_lr_g=2e-4, cgan_lr_d=2e-4, jitter=0.5,
    )  # fmt: skip
    fusion = Fusion(sizes["fusion_size"], sizes["fusion_width"], 8)
    people = Identities(store, np.arange(SAMPLES), 1.0, 0)
    return {
        "fusion": FusionTask(store, people, fusion_params, Unseen()),
        "transfer": transfer_task(store, fusion, 0.0156, transfer_params, Unseen()),
        "cgan": cgan_task(store, baseline_params, Unseen()),
        "pix2pix": pix2pix_task(store, baseline_params, Unseen()),
        "g2gan": G2ganTask(store, baseline_params, Unseen()),
    }


def measure(name: str, sizes: dict[str, int], device_name: str, steps: int) -> dict[str, Any]:
    """Times of all tasks at one set of sizes, in seconds."""
    import numpy as np

    from fet_core.training.schedule import Triples

    rng = np.random.default_rng(0)
    result: dict[str, Any] = {}
    for key, task in tasks_of(sizes, device_name).items():
        times = []
        for number in range(steps + 3):
            rows = rng.integers(0, SAMPLES, (4, 8))
            start = time.perf_counter()
            losses = task.step(Triples(*rows))
            float(next(iter(losses.values())))
            times.append(time.perf_counter() - start)
            print(f"{name} {key} step {number}: {times[-1]:.3f} s", flush=True)
        kept = times[3:]
        result[key] = {
            "median_s": round(statistics.median(kept), 4),
            "min_s": round(min(kept), 4),
            "max_s": round(max(kept), 4),
            "steps": steps,
        }
    return result


def main(
    out: Annotated[Path, typer.Option(help="JSON file to write.")],
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    steps: Annotated[int, typer.Option(help="Timed steps of each task.", min=3)] = 12,
) -> None:
    """Measure and write the figures with device and versions."""
    import torch

    from fet_core.files import write_json
    from fet_core.training.acceleration import choose_device

    where = choose_device(device)
    cuda = where.type == "cuda"
    write_json(
        out,
        {
            "device": torch.cuda.get_device_name(where) if cuda else platform.machine(),
            "threads": torch.get_num_threads(),
            "torch": torch.__version__,
            "python": platform.python_version(),
            "batch_size": 8,
            "steps": {name: measure(name, sizes, device, steps) for name, sizes in SIZES.items()},
        },
    )


if __name__ == "__main__":
    typer.run(main)
