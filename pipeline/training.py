"""What both training stages share: naming the checkpoints and running the loop."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from fet_core.params import Optimisation
    from fet_core.training.loop import Task
    from pipeline.inputs import Inputs

CheckpointsOption = Annotated[
    Path, typer.Option("--checkpoints", help="Folder of checkpoints, from which a run goes on.")
]
SaveOption = Annotated[
    float,
    typer.Option("--save-every", min=0, help="Seconds between checkpoints; 0: after every step."),
]
CHECKPOINTS = Path("checkpoints")
SAVE_SECONDS = 60.0


def run(
    inputs: Inputs,
    task: Task,
    options: Optimisation,
    *,
    name: str,
    stage: str,
    checkpoints: Path,
    live: Path,
    depends: Mapping[str, Path],
    save_seconds: float,
) -> Path:
    """Train a task, resuming where it stopped, with live metrics; exits 130 or 143 on a signal.

    Args:
        inputs: the data.
        task: Φ or Ω in training.
        options: of the optimisation.
        name: for the progress bar.
        stage: in the name of the checkpoints' folder.
        checkpoints: the folder that holds the folders of all runs.
        live: DVCLive's folder.
        depends: further files that the result depends on, by name.
        save_seconds: time between two checkpoints.

    Returns:
        the run's folder of checkpoints, to be removed when the weights are written.
    """
    from fet_core.datasets.triples import training_index
    from fet_core.training.checkpoint import Checkpoints
    from fet_core.training.loop import train
    from fet_core.training.schedule import Schedule
    from pipeline.live import LiveRecorder, exit_when_interrupted

    index = training_index(inputs.samples, inputs.kind.neutral_only)
    schedule = Schedule(index, options.batch_size, options.seed)
    folder = checkpoints / f"{inputs.dataset}-{stage}-{_fingerprint(inputs, options, depends)}"
    recorder = LiveRecorder(live)
    # DVC wants the folder even where no grid is drawn.
    (live / "plots" / "images").mkdir(parents=True, exist_ok=True)
    with exit_when_interrupted():
        train(
            task,
            schedule,
            Checkpoints(folder, task.nets, task.optimizers),
            recorder,
            name=name,
            epochs=options.epochs,
            decay_from=options.decay_from,
            validate_every=options.validate_every,
            # Without anybody who may be shown there is nothing to draw.
            grids=options.grids if inputs.shown else 0,
            save_seconds=save_seconds,
        )
    recorder.close()
    return folder


def _fingerprint(inputs: Inputs, options: Optimisation, depends: Mapping[str, Path]) -> str:
    """Names a run by everything its weights and its history depend on."""
    import torch

    import fet_core
    from fet_core.files import sha256
    from fet_core.training.checkpoint import code_digest, fingerprint

    library = Path(fet_core.__file__).parent
    folders = ("datasets", "evaluation", "faces", "models", "training")
    parts: dict[str, Any] = {
        "options": options.model_dump(),
        "dataset": inputs.dataset,
        "shown": inputs.allowed,
        "files": {key: sha256(path) for key, path in (inputs.files | dict(depends)).items()},
        "code": code_digest(library / "store.py", *(library / name for name in folders)),
        "device": inputs.store.device.type,
        "torch": torch.__version__,
    }
    return fingerprint(parts)
