"""What a recipe is given, a data set's inputs, and what it gives: trainings and rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from fet_core.data.dataset import Dataset
from fet_core.data.readers import Kind
from fet_core.data.stored import read_samples
from fet_core.geometry.raster import choose_device
from fet_core.measure.methods import Method
from fet_core.measure.triples import Triples
from fet_core.params import Optimisation, Params
from fet_core.show.shown import check_allowed, shown_triples
from fet_core.train.loop import Task

SHOWN = 6


@dataclass(frozen=True)
class Inputs:
    """A data set ready for training or evaluation, on the device."""

    name: str
    settings: Params
    samples: pa.Table
    triples_table: pa.Table
    dataset: Dataset
    triples: Triples
    shown: list[int]
    kind: Kind
    allowed: list[str] | None
    files: dict[str, Path]


def open_inputs(source: Path, settings: Params, dataset: str, device: str) -> Inputs:
    """Read samples, test triples and pictures of a data set.

    Args:
        source: the folder of the data set's stage outputs.
        settings: all parameters.
        dataset: its name.
        device: auto, cpu or cuda.

    Raises:
        UserError: a file is missing or damaged, or there is no such device.
    """
    where = choose_device(device)
    files = {
        "samples": source / "augment" / "samples.parquet",
        "triples": source / "augment" / "triples.parquet",
        "kind": source / "augment" / "kind.json",
        "faces": source / "align" / "faces.npy",
    }
    samples, triples = read_samples(source)
    kind = Kind.read(files["kind"])
    allowed = settings.figures.allowed(dataset, kind.private)
    check_allowed(samples, allowed)
    return Inputs(
        name=dataset,
        settings=settings,
        samples=samples,
        triples_table=triples,
        dataset=Dataset.open(files["faces"], samples, where),
        triples=Triples.of(triples, where),
        shown=shown_triples(triples, SHOWN, allowed),
        kind=kind,
        allowed=allowed,
        files=files,
    )


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

Predictor = Callable[[Inputs, Path], Method]
"""Makes a row of the tables from a data set and the folder of its stages' outputs."""

LandmarkErrors = Callable[[Inputs, Path], dict[str, Any]]
"""Compares the landmarks that a model predicts with others', for landmarks.json."""
