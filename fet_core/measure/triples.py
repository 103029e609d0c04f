"""The test triples on a device: in batches, identified, and landmarks predicted on them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor

from fet_core.acceleration import Acceleration
from fet_core.data.dataset import Dataset
from fet_core.measure.comparable import DIGITS, Protocol, TriplesDigest
from fet_core.measure.metrics import mean_interval, nme
from fet_core.nets.fusion import Fusion


@dataclass(frozen=True)
class Triples:
    """Row numbers in samples.parquet, each [P] int64 on the device."""

    source: Tensor
    reference: Tensor
    target: Tensor
    truth: Tensor

    @classmethod
    def of(cls, table: pa.Table, device: torch.device) -> Triples:
        """From a table with the schema `fet_core.tables.TRIPLES`."""
        names = ("source", "reference", "target", "truth")
        columns = {name: table[name].to_numpy().astype("int64") for name in names}
        return cls(**{name: torch.from_numpy(c).to(device) for name, c in columns.items()})

    def __len__(self) -> int:
        return len(self.truth)

    def batches(self, size: int) -> Iterator[Triples]:
        """In order, `size` at a time."""
        for start in range(0, len(self), size):
            yield self.at(range(start, min(start + size, len(self))))

    def at(self, positions: Sequence[int]) -> Triples:
        """The triples at these positions."""
        index = torch.tensor(list(positions), dtype=torch.int64, device=self.truth.device)
        return Triples(
            self.source[index], self.reference[index], self.target[index], self.truth[index]
        )


class Landmarks:
    """The landmark images that Ω is given, in both protocols.

    Args:
        dataset: landmarks of all samples.
        fusion: Φ in eval mode on the data set's device.
        sigma: of a spot as a share of the landmark image's side, as in training.
    """

    def __init__(self, dataset: Dataset, fusion: Fusion, sigma: float) -> None:
        self._dataset = dataset
        self._fusion = fusion
        self._sigma = sigma

    def of(self, samples: Tensor) -> Tensor:
        """Those found in the samples' pictures, [B, 1, s, s]."""
        return self._dataset.landmark_images(samples, self._fusion.size, self._sigma)

    def generated(self, triples: Triples) -> Tensor:
        """J_gen of Eq. 1, [B, 1, s, s]."""
        with Acceleration.of(self._dataset.device).autocast():
            return self._fusion.fuse(self.of(triples.source), self.of(triples.target))

    def wanted(self, triples: Triples, protocol: Protocol) -> Tensor:
        """J_gen (transfer) or the landmark image of the truth (oracle)."""
        return self.generated(triples) if protocol == "transfer" else self.of(triples.truth)


def wanted_points(dataset: Dataset, triples: Triples, protocol: Protocol) -> Tensor:
    """Where the target's points go, [B, 68, 2] in pixels, with nothing learned.

    transfer: they move as the source's do from its reference, L_t + L_s - J_s (aligned faces have
    one eye distance, so the displacement needs no scaling); oracle: to those of the truth.
    """
    if protocol == "oracle":
        return dataset.points[triples.truth]
    points = dataset.points
    return points[triples.target] + points[triples.source] - points[triples.reference]


_COLUMNS = (
    "triple",
    "source",
    "reference",
    "target",
    "truth",
    "source_subject",
    "target_subject",
    "expression",
    "target_expression",
)
_AT_A_TIME = 64


def identify(dataset: Dataset, triples: Triples, triples_table: pa.Table) -> TriplesDigest:
    """The test triples of a data set.

    The digest is over who stands where in each triple and over the truths' pixels and their size.
    Landmarks do not count: they are floats, which differ from machine to machine, and no number of
    the tables is measured against them.

    Args:
        dataset: pictures of all samples.
        triples: the test triples.
        triples_table: the same with names, schema `fet_core.tables.TRIPLES`.
    """
    total = hashlib.sha256()
    # The digest has the columns' names in it; the first had another one when it was fixed.
    named = triples_table.select(list(_COLUMNS)).rename_columns(["pair_id", *_COLUMNS[1:]])
    rows = named.to_pylist()
    total.update(json.dumps(rows, sort_keys=True, ensure_ascii=False).encode())
    total.update(json.dumps([dataset.channels, dataset.size, dataset.size]).encode())
    for part in triples.batches(_AT_A_TIME):
        total.update(dataset.bytes(part.truth).cpu().contiguous().numpy().tobytes())
    return TriplesDigest(
        digest=total.hexdigest()[:DIGITS],
        n=len(rows),
        people=len({row["target_subject"] for row in rows}),
        size=dataset.size,
    )


Predictor = Callable[[Triples], Tensor]
"""Predicts the truth's points [B, 68, 2] of a batch of triples."""


def simple_predictors(dataset: Dataset, training: NDArray[np.int64]) -> dict[str, Predictor]:
    """What needs no training, or a mean: the three that Φ+ has to beat.

    Args:
        dataset: landmarks of all samples.
        training: [R] int64, the samples of the training side.

    Returns:
        "unchanged": L_t; "displacement": L_t + L_s - J_s; "mean shift": L_t and the difference of
        the training people's mean faces with the source's and with the target's expression.
    """
    rows = torch.from_numpy(training).to(dataset.device)
    points = dataset.points
    kinds = int(dataset.expression.max()) + 1
    means = points.new_zeros(kinds, *points.shape[1:])
    for kind in range(kinds):
        chosen = rows[dataset.expression[rows] == kind]
        if len(chosen):
            _, number = dataset.person[chosen].unique(return_inverse=True)
            people = points.new_zeros(int(number.max()) + 1, *points.shape[1:])
            people.index_add_(0, number, points[chosen])
            counts = torch.bincount(number)[:, None, None]
            means[kind] = (people / counts).mean(dim=0)
    expression = dataset.expression

    def shift(triples: Triples) -> Tensor:
        change = means[expression[triples.source]] - means[expression[triples.target]]
        return points[triples.target] + change

    return {
        "unchanged": lambda triples: points[triples.target],
        "displacement": lambda triples: wanted_points(dataset, triples, "transfer"),
        "mean shift": shift,
    }


@torch.no_grad()
def errors(
    predictor: Predictor, truth: Tensor, triples: Triples, batch: int
) -> NDArray[np.float64]:
    """NME of each triple [P], as `fet_core.measure.metrics.nme`.

    Args:
        predictor: what predicts.
        truth: [M, 68, 2], points of all samples.
        triples: the triples.
        batch: of them at a time.
    """
    found = [
        nme(predictor(part).cpu().numpy(), truth[part.truth].cpu().numpy())
        for part in triples.batches(batch)
    ]
    return np.concatenate(found)


def table(
    predictors: Mapping[str, Predictor],
    truth: Tensor,
    triples: Triples,
    people: list[str],
    batch: int,
) -> dict[str, dict[str, float]]:
    """Mean NME of each predictor with its 95% interval over people.

    Args:
        predictors: by name.
        truth: as for `errors`.
        triples: the triples.
        people: the target's person of each triple.
        batch: triples at a time.

    Returns:
        {"nme": …, "low": …, "high": …} of each; no ends where there is one person alone.
    """
    found: dict[str, dict[str, float]] = {}
    for name, predictor in predictors.items():
        values = errors(predictor, truth, triples, batch)
        interval = mean_interval(values, people)
        ends = {"low": interval.low, "high": interval.high} if interval else {}
        found[name] = {"nme": float(values.mean())} | ends
    return found
