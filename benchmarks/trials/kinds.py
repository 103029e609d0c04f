"""All kinds of trials by name, and what they share: modules that are loaded once."""

from __future__ import annotations

from trials import (
    checkpoints,
    disks,
    geometry,
    models,
    params,
    pictures,
    stops,
    stored,
    together,
    writers,
)

KINDS = {
    kind.name: kind
    for kind in (
        pictures.PICTURES,
        pictures.FOLDERS,
        models.MODELS,
        stored.TABLES,
        stored.ARRAYS,
        checkpoints.CHECKPOINTS,
        params.PARAMS,
        params.LOCKS,
        stops.KILLS,
        stops.SIGNALS,
        stops.POOLS,
        writers.WRITERS,
        disks.DISKS,
        together.TOGETHER,
        together.STEADY,
        geometry.GEOMETRY,
    )
}

LEFT_OUT = [
    "fuzzing guided by coverage, which benchmarks/fuzz.py does with Atheris",
]


def warm_up() -> None:
    """Load what all trials need, so that a fork has it; threads would not survive one."""
    import cv2
    import torch

    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    import pyarrow

    pyarrow.set_cpu_count(1)
    pyarrow.set_io_thread_count(1)
    import fet_core.portrait
    import fet_core.portrait_plus  # noqa: F401
    import pipeline.evaluate
    import pipeline.face
    import pipeline.prepare
    import pipeline.probe_made
    import pipeline.train
    import pipeline.transfer  # noqa: F401
