"""What a recipe gives the stages: a training of a part, and the rows of a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from fet_core.evaluation.rows import Row
from fet_core.inputs import Inputs
from fet_core.params import Optimisation
from fet_core.training.loop import Task


class Trained(Task, Protocol):
    """A task whose network is kept."""

    @property
    def net(self) -> Any:
        """The network."""
        ...


@dataclass(frozen=True)
class Training:
    """One part of a model, ready to be trained.

    Attributes:
        task: the networks and what a step does to them.
        options: length, batch, seed and what else the loop asks for.
        sizes: the arguments that build the network again.
        note: what else a reader of the weights should know.
        depends: further files that the result depends on, by name.
        neutral_only: overrides the data set's own rule for its triples.
        truths: how many truths of a triple a step shows; its epochs count as many in the metrics.
    """

    task: Trained
    options: Optimisation
    sizes: Mapping[str, Any]
    note: Mapping[str, Any] = field(default_factory=dict)
    depends: Mapping[str, Path] = field(default_factory=dict)
    neutral_only: bool | None = None
    truths: int = 1


Recipe = Callable[[Inputs, Path], Training]
"""Builds the training of a part from a data set and the folder of its stages' outputs."""

Predictor = Callable[[Inputs, Path], Row]
"""Makes a row of the tables from a data set and the folder of its stages' outputs."""
