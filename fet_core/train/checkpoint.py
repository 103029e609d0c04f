"""What lets a run go on with the same bits: the batch of each step, and checkpoints.

Which samples make a batch is a pure function of (seed, step)."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import Optimizer

from fet_core.data.training_triples import TrainingIndex
from fet_core.errors import UserError
from fet_core.files import atomic_path, sha256
from fet_core.geometry.raster import upload
from fet_core.ranks import WHOLE, Share


@dataclass(frozen=True)
class TrainingTriples:
    """Rows of samples.parquet, each [B] int64, their step, and their share of its batch."""

    truth: NDArray[np.int64]
    target: NDArray[np.int64]
    source: NDArray[np.int64]
    reference: NDArray[np.int64]
    step: int = 0
    share: Share = WHOLE

    def upload(self, device: torch.device) -> Batch:
        """All four on the device in one copy, which on CUDA does not wait for the GPU."""
        rows = np.stack([self.truth, self.target, self.source, self.reference])
        truth, target, source, reference = upload(rows.astype(np.int64), device).unbind(0)
        return Batch(truth, target, source, reference, self.step, self.share)


class Batch(NamedTuple):
    """`TrainingTriples` as tensors [B] int64 on the device."""

    truth: Tensor
    target: Tensor
    source: Tensor
    reference: Tensor
    step: int = 0
    share: Share = WHOLE


class Schedule:
    """Every usable sample once as the truth in an epoch, in an order of its own for each.

    The last batch of an epoch is filled up with samples from the epoch's beginning, so that all
    batches have one size.

    Args:
        index: what the triples are drawn from.
        batch_size: triples a step, of all processes together.
        seed: of the order and the draws.
        share: which part of each batch is wanted.

    Raises:
        UserError: a batch cannot be shared equally.
    """

    def __init__(
        self, index: TrainingIndex, batch_size: int, seed: int, share: Share = WHOLE
    ) -> None:
        self._share = share
        if batch_size % share.of:
            raise UserError(
                f"a batch of {batch_size} cannot be shared equally by {share.of} processes; "
                "start a number of them that divides it, or change batch_size"
            )
        self._index = index
        self._batch = batch_size
        self._seed = seed
        self.steps_per_epoch = -(-len(index.usable) // batch_size)

    def batch(self, step: int) -> TrainingTriples:
        """The triples of step 0, 1, 2, …"""
        epoch, place = divmod(step, self.steps_per_epoch)
        order = np.random.default_rng([self._seed, 0, epoch]).permutation(self._index.usable)
        taken = np.arange(place * self._batch, (place + 1) * self._batch) % len(order)
        truth = order[taken]
        u = np.random.default_rng([self._seed, 1, step]).random((self._batch, 3))
        drawn = self._index.draw(truth, u)
        rows = (truth, drawn.target, drawn.source, drawn.reference)
        truth, target, source, reference = (self._share.own(one) for one in rows)
        return TrainingTriples(truth, target, source, reference, step, self._share)


KEPT = 2

_FOREIGN = (
    ArithmeticError, AttributeError, EOFError, LookupError, RuntimeError, TypeError,
    UnpicklingError, ValueError,
)  # fmt: skip
"""What a checkpoint that is none of the run's may raise when it is restored."""


def _remove(path: Path) -> None:
    """Take away what has a checkpoint's name, a folder too."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@dataclass
class Progress:
    """How far a run has come.

    Attributes:
        step: steps done.
        sums: running sums of the losses in the epoch under way, scalars.
        history: one mapping of metrics for each finished epoch.
    """

    step: int = 0
    sums: dict[str, Tensor] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)


def fingerprint(parts: Mapping[str, Any]) -> str:
    """Sixteen hexadecimal digits of everything that a run depends on (JSON-ready values)."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Checkpoints:
    """The checkpoints of one run, in one folder; the last two are kept.

    Each is a file of `torch.save`, read without unpickling any code, beside which a file of the
    same name and suffix .sha256 holds its checksum. One that does not match is passed over for the
    one before.

    Args:
        folder: named after the run's fingerprint; made when first needed.
        nets: by name.
        optimizers: by name.
    """

    def __init__(
        self, folder: Path, nets: Mapping[str, nn.Module], optimizers: Mapping[str, Optimizer]
    ) -> None:
        self.folder = folder
        self._parts: dict[str, nn.Module | Optimizer] = {
            **{f"net/{name}": net for name, net in nets.items()},
            **{f"optimizer/{name}": optimizer for name, optimizer in optimizers.items()},
        }

    def save(self, progress: Progress) -> None:
        """Write a checkpoint of the present state, then drop all but the last two.

        Raises:
            UserError: a weight, a buffer or a moment is not finite; those before stay.
        """
        states = {name: part.state_dict() for name, part in self._parts.items()}
        for name, state in states.items():
            wrong = _not_finite(state)
            if wrong:
                kept = "".join(
                    f"; {path} is the last sound checkpoint" for path in self._paths()[-1:]
                )
                raise UserError(
                    f"the training diverged: {wrong} of {name} is no finite number after step "
                    f"{progress.step}; lower the learning rates and start again{kept}"
                )
        path = self.folder / f"step-{progress.step:09d}.pt"
        with atomic_path(path) as temporary:
            torch.save({"progress": vars(progress), "states": states}, temporary)
            checksum = sha256(temporary)
        with atomic_path(path.with_suffix(".sha256")) as temporary:
            temporary.write_text(checksum + "\n", encoding="utf-8")
        for old in self._paths()[:-KEPT]:
            for path in (old, old.with_suffix(".sha256")):
                _remove(path)

    def load(self) -> Progress | None:
        """Restore the last sound checkpoint into all parts; None where there is none.

        Raises:
            UserError: its checksum is right, but it is not one of this run's.
        """
        for path in reversed(self._paths()):
            note = path.with_suffix(".sha256")
            wanted = note.read_bytes().strip() if note.is_file() else b""
            if sha256(path).encode() == wanted:
                try:
                    found = torch.load(path, map_location="cpu", weights_only=True)
                    for name, part in self._parts.items():
                        part.load_state_dict(found["states"][name])
                    return _progress(found["progress"])
                except _FOREIGN as error:
                    # Parts may have been changed, so that nothing can go on from one before.
                    raise self.foreign(path) from error
            print(
                f"the checkpoint {path} is damaged (its checksum does not match); "
                "going on from the one before it, or from the start where there is none",
                file=sys.stderr,
            )
            # Out of the way, or it would count as one of the last two and push out a sound one.
            path.rename(path.with_suffix(".damaged"))
        return None

    def foreign(self, path: Path | None = None) -> UserError:
        """What is said of a checkpoint, the last one if none is named, that fits no run of these.

        Nothing that breaks leaves one: somebody has changed it, or the program.
        """
        path = path or self._paths()[-1]
        return UserError(
            f"the checkpoint {path} does not hold a state of this training; delete {self.folder} "
            "to begin again"
        )

    def _paths(self) -> list[Path]:
        return sorted(path for path in self.folder.glob("step-*.pt") if path.is_file())


def _progress(found: Mapping[str, Any]) -> Progress:
    """How far a checkpoint says that its run has come.

    Raises:
        ValueError: it says something else.
    """
    made = Progress(**found)
    numbers = [value for metrics in made.history for value in metrics.values()]
    if type(made.step) is not int or made.step < 0:
        raise ValueError(f"the step is {made.step!r}")
    if not all(isinstance(value, Tensor) and value.ndim == 0 for value in made.sums.values()):
        raise ValueError("a sum is no number")
    if not all(isinstance(value, int | float) for value in numbers):
        raise ValueError("a metric is no number")
    return made


def _not_finite(state: Mapping[Any, Any]) -> str:
    """Where in a state, through all its levels, a number is not finite; empty if nowhere."""
    for key, value in state.items():
        if isinstance(value, Mapping):
            below = _not_finite(value)
            if below:
                return f"{key}.{below}"
        elif isinstance(value, Tensor) and not torch.isfinite(value).all():
            return str(key)
    return ""
