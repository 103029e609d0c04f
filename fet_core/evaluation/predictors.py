"""How well landmarks are foretold: Φ+ beside what needs no training, by NME on test triples."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fet_core.evaluation.instruments import nme
from fet_core.evaluation.intervals import mean_interval
from fet_core.evaluation.protocols import Pairs
from fet_core.evaluation.rows import wanted_points
from fet_core.store import Store

Predictor = Callable[[Pairs], Tensor]
"""Foretells the truth's points [B, 68, 2] of a batch of triples."""


def simple_predictors(store: Store, training: NDArray[np.int64]) -> dict[str, Predictor]:
    """What needs no training, or a mean: the three that Φ+ has to beat.

    Args:
        store: landmarks of all samples.
        training: [R] int64, the samples of the training side.

    Returns:
        "unchanged": L_t; "displacement": L_t + L_s - J_s; "mean shift": L_t and the difference of
        the training people's mean faces with the source's and with the target's expression.
    """
    rows = torch.from_numpy(training).to(store.device)
    points = store.points
    kinds = int(store.expression.max()) + 1
    means = points.new_zeros(kinds, *points.shape[1:])
    for kind in range(kinds):
        chosen = rows[store.expression[rows] == kind]
        if len(chosen):
            _, number = store.person[chosen].unique(return_inverse=True)
            people = points.new_zeros(int(number.max()) + 1, *points.shape[1:])
            people.index_add_(0, number, points[chosen])
            counts = torch.bincount(number)[:, None, None]
            means[kind] = (people / counts).mean(dim=0)
    expression = store.expression

    def shift(pairs: Pairs) -> Tensor:
        change = means[expression[pairs.source]] - means[expression[pairs.target]]
        return points[pairs.target] + change

    return {
        "unchanged": lambda pairs: points[pairs.target],
        "displacement": lambda pairs: wanted_points(store, pairs, "transfer"),
        "mean shift": shift,
    }


@torch.no_grad()
def errors(predictor: Predictor, truth: Tensor, pairs: Pairs, batch: int) -> NDArray[np.float64]:
    """NME of each triple [P], as `fet_core.evaluation.instruments.nme`.

    Args:
        predictor: what foretells.
        truth: [M, 68, 2], points of all samples.
        pairs: the triples.
        batch: of them at a time.
    """
    found = [
        nme(predictor(part).cpu().numpy(), truth[part.truth].cpu().numpy())
        for part in pairs.batches(batch)
    ]
    return np.concatenate(found)


def table(
    predictors: Mapping[str, Predictor], truth: Tensor, pairs: Pairs, people: list[str], batch: int
) -> dict[str, dict[str, float]]:
    """Mean NME of each predictor with its 95% interval over people.

    Args:
        predictors: by name.
        truth: as for `errors`.
        pairs: the triples.
        people: the target's person of each triple.
        batch: triples at a time.

    Returns:
        {"nme": …, "low": …, "high": …} of each; no ends where there is one person alone.
    """
    found: dict[str, dict[str, float]] = {}
    for name, predictor in predictors.items():
        values = errors(predictor, truth, pairs, batch)
        interval = mean_interval(values, people)
        ends = {"low": interval.low, "high": interval.high} if interval else {}
        found[name] = {"nme": float(values.mean())} | ends
    return found
