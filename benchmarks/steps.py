"""Seconds a training step of every model, at the sizes of each profile, on this device.

    python benchmarks/steps.py --out metrics/benchmarks/steps-cpu.json

Pictures are noise: the time of a step does not depend on what they show. Each figure is the
median of several steps after a warm-up, and the fastest and slowest stand beside it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

PROFILES = ("demo", "paper")


def main(
    out: Annotated[Path, typer.Option(help="JSON file to write.")],
    params: Annotated[Path, typer.Option(help="Params file that profiles are put into.")] = Path(
        "params.yaml"
    ),
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    steps: Annotated[int, typer.Option(help="Timed steps of each task.", min=3)] = 12,
) -> None:
    """Measure and write the figures with device and versions."""
    import platform

    import torch

    from fet_core import registry
    from fet_core.files import write_json
    from fet_core.geometry.raster import choose_device
    from fet_core.paramsfile import load, overlaid
    from fet_core.studies import open_study
    from fet_core.timing import MODELS, device_name, measure

    where = choose_device(device)
    found: dict[str, Any] = {}
    for profile in PROFILES:
        settings = overlaid(load(params), open_study(profile, params).values)
        names = (*MODELS, *registry.BASELINES)
        costs = measure(settings, where, names=names, most=steps, seconds=float("inf"))
        found[profile] = {
            name: {
                "median_s": round(cost.step, 4),
                "min_s": round(min(cost.seconds), 4),
                "max_s": round(max(cost.seconds), 4),
                "steps": len(cost.seconds),
                "batch_size": cost.batch_size,
            }
            for name, cost in costs
        }
    write_json(
        out,
        {
            "device": device_name(where),
            "threads": torch.get_num_threads(),
            "torch": torch.__version__,
            "python": platform.python_version(),
            "steps": found,
        },
    )


if __name__ == "__main__":
    typer.run(main)
