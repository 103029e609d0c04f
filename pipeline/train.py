"""`fet train`: any part of any model, by its recipe; an interrupted run goes on where it was."""

from __future__ import annotations

import inspect
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from fet_core import ranks, registry
from fet_core.acceleration import Acceleration
from fet_core.data.training_triples import training_index
from fet_core.errors import UserError
from fet_core.files import atomic_path, check_folder, make_folder, sha256
from fet_core.locks import exclusive
from fet_core.nets.weights import save
from fet_core.probes import behaviour
from fet_core.recipes.base import Inputs, Training, open_inputs
from fet_core.train import loop
from fet_core.train.checkpoint import Checkpoints, Schedule, fingerprint
from fet_core.writing import put_folder, writing

from . import common


class LiveRecorder:
    """Writes each epoch's metrics and sample grids with DVCLive.

    They gather in a folder of the run's own, and take the place of an earlier run's at the end.
    That folder starts empty: a resumed run hands in its past epochs again.

    Args:
        folder: metrics.json, plots/metrics/*.tsv and plots/images/*.png are there in the end.
        growing: the run's own folder, where they can be seen until then.
        epoch: what an epoch counts.
    """

    def __init__(self, folder: Path, growing: Path, epoch: int = 1) -> None:
        from dvclive import Live

        class Silent(Live):
            """Sends nothing to DVC Studio, whoever is logged in there: grids show people."""

            def _init_studio(self) -> None:
                self._studio_events_to_skip.update(("start", "data", "done"))

        class Alone(Silent):
            """Without DVC: Live would run `dvc init` in whatever Git repository it is in."""

            def _init_dvc(self) -> None:
                self._dvc_file = "dvc.yaml"

        inside = "DVC_ROOT" in os.environ
        kind = Silent if inside else Alone
        self._folder, self._growing, self._epoch = folder, growing, epoch
        with writing(growing):
            self._live = kind(str(growing), dvcyaml=None, save_dvc_exp=False, report=None)
        # DVC wants the folder even where nothing is drawn.
        make_folder(growing / "plots" / "images")

    def epoch(self, number: int, metrics: Mapping[str, float]) -> None:
        """Metrics of an epoch, counted from 1."""
        self._live.step = number * self._epoch
        with writing(self._growing):
            for name, value in metrics.items():
                self._live.log_metric(name, value, timestamp=False)
            self._live.next_step()

    def picture(self, number: int, path: Path) -> None:
        """The sample grid after an epoch."""
        self._live.step = number * self._epoch
        with writing(self._growing):
            self._live.log_image(f"{self._live.step}.png", path)

    def close(self) -> None:
        """Write the last summary, and put all where an earlier run's lies."""
        with writing(self._growing):
            self._live.end()
        with atomic_path(self._folder / "metrics.json") as temporary:
            shutil.copyfile(self._growing / "metrics.json", temporary)
            put_folder(self._growing / "plots", self._folder / "plots")


@contextmanager
def exit_when_interrupted() -> Iterator[None]:
    """Turn a training's interruption into the exit code of its signal (130 or 143).

    Exit code 0 would let DVC take half-trained weights for finished ones.
    """
    try:
        yield
    except loop.Interrupted as stop:
        print(f"fet: {stop}; the same command goes on from there", file=sys.stderr)
        raise SystemExit(stop.code) from None


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
PartArgument = Annotated[
    str, typer.Argument(metavar="MODEL[/PART]", help="As fet/transfer or pix2pix.")
]
CHECKPOINTS = Path("checkpoints")
SAVE_SECONDS = 60.0


def train(
    part: PartArgument,
    dataset: common.DatasetOption,
    in_: common.InOption = None,
    out: common.OutOption = None,
    metrics: common.MetricsOption = None,
    params: common.ParamsOption = common.PARAMS,
    checkpoints: CheckpointsOption = CHECKPOINTS,
    save_every: SaveOption = SAVE_SECONDS,
    device: common.DeviceOption = "auto",
) -> None:
    """Train a part of a model; what it needs of other parts must have been trained before."""
    chosen = registry.part(part)
    settings = common.load(params, dataset)
    source = common.data_folder(in_, dataset)
    with ranks.joined() as share, ExitStack() as held:
        if share.first:
            weights = held.enter_context(common.out_folder(out, settings, dataset, chosen.stage))
            small = held.enter_context(
                common.metrics_folder(metrics, settings, dataset, chosen.stage, out)
            )
            live = small / chosen.stage
            check_folder(live, "choose another folder with --metrics")
        inputs = open_inputs(source, settings, dataset, device)
        training: Training = registry.look_up(chosen.recipe)(inputs, source)
        run = f"{dataset}-{chosen.stage}-{_fingerprint(chosen.stage, inputs, training)}"
        folder = checkpoints / run
        if not share.first:
            _loop(chosen.title, inputs, training, folder, _Nobody(), save_every)
            return
        with exclusive(checkpoints, run, "--checkpoints"):
            recorder = LiveRecorder(live, folder / "live", training.truths)
            _loop(chosen.title, inputs, training, folder, recorder, save_every)
            recorder.close()
            path = weights / f"{chosen.kind}.safetensors"
            save(path, chosen.kind, training.sizes, training.task.net, dict(training.note))
            shutil.rmtree(folder, ignore_errors=True)
        print(f"{dataset}: {chosen.kind} in {path}")


class _Nobody:
    """Records nothing: of several processes the first does."""

    def epoch(self, number: int, metrics: Mapping[str, float]) -> None:
        """Metrics of an epoch."""

    def picture(self, number: int, path: Path) -> None:
        """The sample grid after an epoch."""


def _loop(
    title: str,
    inputs: Inputs,
    training: Training,
    folder: Path,
    recorder: loop.Recorder,
    save_every: float,
) -> None:
    """Train to the end with live metrics; exits 130 or 143 on a signal."""
    task, options = training.task, training.options
    own = training.neutral_only
    rule = inputs.kind.neutral_only if own is None else own
    index = training_index(inputs.samples, rule)
    with exit_when_interrupted():
        loop.train(
            task,
            Schedule(index, options.batch_size, options.seed, ranks.here()),
            Checkpoints(folder, task.nets, task.optimizers),
            recorder,
            name=f"{title} {inputs.name}",
            epochs=options.epochs,
            decay_from=options.decay_from,
            validate_every=options.validate_every,
            # Without anybody who may be shown there is nothing to draw.
            grids=options.grids if inputs.shown else 0,
            save_seconds=save_every,
        )


def _fingerprint(stage: str, inputs: Inputs, training: Training) -> str:
    """Names a run by everything its weights and its history depend on.

    The code counts as what it does, in the words of `fet probe`.
    """
    files = inputs.files | dict(training.depends)
    parts: dict[str, Any] = {
        "options": training.options.model_dump(),
        "dataset": inputs.name,
        "shown": inputs.allowed,
        "files": {key: sha256(path) for key, path in files.items()},
        "code": behaviour(stage),
        "device": str(Acceleration.of(inputs.dataset.device)),
        "torch": torch.__version__,
    }
    return fingerprint(parts)


def _alias(part: str = "") -> Callable[..., None]:
    """A command as it was called before there was `fet train`; without a part it asks for --model.

    Its options are those of `train`, which Typer reads from the signature.
    """

    def command(**options: Any) -> None:
        model = options.pop("model", part)
        if not part and model not in registry.BASELINES:
            raise UserError(f'there is no baseline "{model}"; say {", ".join(registry.BASELINES)}')
        train(model, **options)

    asked, *rest = inspect.signature(train, eval_str=True).parameters.values()
    asked = asked.replace(name="model", annotation=Annotated[str, typer.Option("--model")])
    own = rest if part else [asked, *rest]
    command.__signature__ = inspect.Signature(own)  # type: ignore[attr-defined]
    command.__annotations__ = {one.name: one.annotation for one in own}
    command.__doc__ = f"The same as `fet train {part or 'MODEL'}`."
    return command


train_fusion = _alias("fet/fusion")
train_transfer = _alias("fet/transfer")
train_fusion_plus = _alias("fet-plus/fusion")
train_transfer_plus = _alias("fet-plus/transfer")
train_baseline = _alias()
