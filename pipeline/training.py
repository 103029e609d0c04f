"""What all training stages share: opening, naming the checkpoints, the loop, keeping weights."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fet_core.files import check_folder

from . import common

if TYPE_CHECKING:
    from torch import nn

    from fet_core.params import Optimisation
    from fet_core.training.loop import Task

    from .inputs import Inputs


def _usable(folder: Path) -> Path:
    check_folder(folder, "choose another folder with --checkpoints")
    return folder


CheckpointsOption = Annotated[
    Path,
    typer.Option(
        "--checkpoints",
        help="Folder of checkpoints, from which a run goes on.",
        # Here and not where it is used: the first checkpoint comes after a minute of training.
        callback=_usable,
    ),
]
SaveOption = Annotated[
    float,
    typer.Option("--save-every", min=0, help="Seconds between checkpoints; 0: after every step."),
]
CHECKPOINTS = Path("checkpoints")
SAVE_SECONDS = 60.0


class Run:
    """A training stage of one data set: opened, trained, its weights kept.

    Args:
        stage: its name, as "train_fusion": the folder of its outputs.
        dataset: name of the data set in the params file.
        in_: folder with the earlier stages' outputs, None for the usual one.
        out: folder to write to, None for the usual one.
        metrics: folder for small results, None for the usual one.
        params: the params file.
        device: auto, cpu or cuda.
    """

    def __init__(
        self,
        stage: str,
        dataset: str,
        in_: Path | None,
        out: Path | None,
        metrics: Path | None,
        params: Path,
        device: str,
    ) -> None:
        from .inputs import open_inputs

        self.settings = common.load(params, dataset)
        self.source = common.data_folder(in_, dataset)
        self._out = common.out_folder(out, self.settings, dataset) / stage
        self._live = common.metrics_folder(metrics, self.settings, dataset, out) / stage
        check_folder(self._out, "choose another folder with --out")
        check_folder(self._live, "choose another folder with --metrics")
        self._stage = stage
        self._checkpoints: Path | None = None
        self.inputs = open_inputs(self.source, self.settings, dataset, device)

    def train(
        self,
        task: Task,
        options: Optimisation,
        *,
        name: str,
        checkpoints: Path,
        save_seconds: float,
        depends: Mapping[str, Path],
        neutral_only: bool | None = None,
        epoch: int = 1,
    ) -> None:
        """Train a task, resuming where it stopped, with live metrics; exits 130 or 143 on a signal.

        Args:
            task: networks in training.
            options: of the optimisation.
            name: for the progress bar.
            checkpoints: the folder that holds the folders of all runs.
            save_seconds: time between two checkpoints.
            depends: further files that the result depends on, by name.
            neutral_only: overrides the data set's own rule for its triples.
            epoch: what an epoch counts in the metrics, where it shows a truth more than once.
        """
        from fet_core.datasets.triples import training_index
        from fet_core.files import make_folder
        from fet_core.training.checkpoint import Checkpoints
        from fet_core.training.loop import train
        from fet_core.training.schedule import Schedule

        from .live import LiveRecorder, exit_when_interrupted

        inputs = self.inputs
        rule = inputs.kind.neutral_only if neutral_only is None else neutral_only
        schedule = Schedule(training_index(inputs.samples, rule), options.batch_size, options.seed)
        mark = _fingerprint(self._stage, inputs, options, depends)
        self._checkpoints = checkpoints / f"{inputs.dataset}-{self._stage}-{mark}"
        recorder = LiveRecorder(self._live, epoch)
        # DVC wants the folder even where no grid is drawn.
        make_folder(self._live / "plots" / "images")
        with exit_when_interrupted():
            train(
                task,
                schedule,
                Checkpoints(self._checkpoints, task.nets, task.optimizers),
                recorder,
                name=f"{name} {inputs.dataset}",
                epochs=options.epochs,
                decay_from=options.decay_from,
                validate_every=options.validate_every,
                # Without anybody who may be shown there is nothing to draw.
                grids=options.grids if inputs.shown else 0,
                save_seconds=save_seconds,
            )
        recorder.close()

    def keep(
        self,
        kind: str,
        sizes: Mapping[str, float],
        net: nn.Module,
        note: dict[str, Any] | None = None,
    ) -> Path:
        """Write the weights, and drop the checkpoints that led to them.

        Args:
            kind: the model's name, and that of the file.
            sizes: the arguments that build the network.
            net: whose weights are written.
            note: what else a reader should know.
        """
        from fet_core.models import files

        path = self._out / f"{kind}.safetensors"
        files.save(path, kind, sizes, net, note or {})
        if self._checkpoints is not None:
            shutil.rmtree(self._checkpoints, ignore_errors=True)
        print(f"{self.inputs.dataset}: {kind} in {path}")
        return path

    def take(self, kind: str, weights: Path) -> None:
        """Let the weights of another stage stand for this one's; nothing is trained.

        Args:
            kind: the model's name, and that of the file.
            weights: of the other stage.

        Raises:
            UserError: there are none.
        """
        from fet_core.errors import remedy
        from fet_core.files import atomic_path, check_file, make_folder

        check_file(weights, "there are no weights at", f"{remedy(weights)} first")
        path = self._out / f"{kind}.safetensors"
        with atomic_path(path) as temporary:
            shutil.copyfile(weights, temporary)
        # DVC wants what the stage declares, though no epoch was trained.
        make_folder(self._live / "plots" / "metrics")
        make_folder(self._live / "plots" / "images")
        (self._live / "metrics.json").write_text("{}\n", encoding="utf-8")
        print(f"{self.inputs.dataset}: {kind} in {path}")


def _fingerprint(
    stage: str, inputs: Inputs, options: Optimisation, depends: Mapping[str, Path]
) -> str:
    """Names a run by everything its weights and its history depend on.

    The code counts as what it does, in the words of `fet probe`.
    """
    import torch

    from fet_core import files
    from fet_core.training.checkpoint import fingerprint

    from .probe import behaviour

    parts: dict[str, Any] = {
        "options": options.model_dump(),
        "dataset": inputs.dataset,
        "shown": inputs.allowed,
        "files": {key: files.sha256(path) for key, path in (inputs.files | dict(depends)).items()},
        "code": behaviour(stage),
        "device": inputs.store.device.type,
        "torch": torch.__version__,
    }
    return fingerprint(parts)
