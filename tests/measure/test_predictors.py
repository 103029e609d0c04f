"""Predicting landmarks without training: each way is exact where its assumption holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from torch import Tensor

from fet_core.data.dataset import Dataset
from fet_core.measure.metrics import mean_interval, nme
from fet_core.measure.triples import Triples, errors, simple_predictors, table

TRAINING = np.arange(9)


@pytest.fixture(scope="module")
def dataset(
    sample_table: Callable[..., pa.Table], tmp_path_factory: pytest.TempPathFactory
) -> Dataset:
    """Five people with three expressions, the first three people trained on; all different."""
    path: Path = tmp_path_factory.mktemp("dataset") / "faces.npy"
    np.save(path, np.zeros((15, 32, 32, 1), np.uint8))
    samples = sample_table(people=5, test=(3, 4))
    assert samples["split"].to_pylist() == ["train"] * 9 + ["test"] * 6
    return Dataset.open(path, samples, torch.device("cpu"))


@pytest.fixture(scope="module")
def triples(dataset: Dataset) -> Triples:
    """Every change of expression of the two test people, each taken from the other."""
    rows = {
        (int(p), int(e)): n
        for n, (p, e) in enumerate(zip(dataset.person, dataset.expression, strict=True))
    }
    kinds = sorted({e for _, e in rows})
    found = [
        (rows[7 - own, b], rows[7 - own, a], rows[own, a], rows[own, b])
        for own in (3, 4)
        for a in kinds
        for b in kinds
        if a != b
    ]
    return Triples(*torch.tensor(found).T)


PEOPLE = ["p3"] * 6 + ["p4"] * 6


def moving(dataset: Dataset, own: float) -> Dataset:
    """People who move alike from faces of their own, but for `own` movements of a person."""
    generator = torch.Generator().manual_seed(0)
    faces = dataset.points[:1] + torch.randn(5, 68, 2, generator=generator)
    moves = torch.randn(8, 68, 2, generator=generator)
    private = own * torch.randn(5, 8, 68, 2, generator=generator)
    points = faces[dataset.person] + moves[dataset.expression]
    return replace(dataset, points=points + private[dataset.person, dataset.expression])


def test_unchanged_is_right_where_nothing_changes(dataset: Dataset, triples: Triples) -> None:
    still = Triples(triples.source, triples.reference, triples.truth, triples.truth)
    found = simple_predictors(dataset, TRAINING)
    assert (errors(found["unchanged"], dataset.points, still, 4) == 0).all()
    assert (errors(found["unchanged"], dataset.points, triples, 4) > 0.01).all()


@pytest.mark.parametrize("name", ["displacement", "mean shift"])
def test_where_all_people_move_alike_both_are_exact(
    name: str, dataset: Dataset, triples: Triples
) -> None:
    alike, apart = moving(dataset, 0.0), moving(dataset, 1.0)
    right = errors(simple_predictors(alike, TRAINING)[name], alike.points, triples, 4)
    assert right.max() < 1e-6
    wrong = errors(simple_predictors(apart, TRAINING)[name], apart.points, triples, 4)
    assert wrong.min() > 0.01


def test_the_mean_shift_asks_the_training_people_alone(dataset: Dataset, triples: Triples) -> None:
    """It does not see the source: other points of all test people leave the shift as it is."""
    apart = moving(dataset, 1.0)
    other = apart.points.clone()
    other[9:] = torch.randn(6, 68, 2)
    changed = replace(apart, points=other)
    steps = [
        simple_predictors(s, TRAINING)["mean shift"](triples) - s.points[triples.target]
        for s in (apart, changed)
    ]
    torch.testing.assert_close(steps[0], steps[1], atol=1e-4, rtol=0)
    by_hand = [
        apart.points[[row for row in range(9) if apart.expression[row] == kind]].mean(dim=0)
        for kind in (apart.expression[triples.source[0]], apart.expression[triples.target[0]])
    ]
    torch.testing.assert_close(steps[0][0], by_hand[0] - by_hand[1], atol=1e-4, rtol=0)


def test_a_person_with_many_pictures_counts_once(dataset: Dataset, triples: Triples) -> None:
    apart = moving(dataset, 1.0)
    often = np.concatenate([TRAINING, np.repeat(TRAINING[:3], 5)])
    one, two = (simple_predictors(apart, rows)["mean shift"](triples) for rows in (TRAINING, often))
    torch.testing.assert_close(one, two, atol=1e-4, rtol=0)


def test_errors_are_the_nme_of_each_triple_whatever_the_batch(
    dataset: Dataset, triples: Triples
) -> None:
    seen: list[int] = []

    def predictor(part: Triples) -> Tensor:
        seen.append(len(part))
        return dataset.points[part.target]

    found = errors(predictor, dataset.points, triples, 5)
    assert seen == [5, 5, 2]
    wanted = nme(dataset.points[triples.target].numpy(), dataset.points[triples.truth].numpy())
    np.testing.assert_allclose(found, wanted)


def test_the_table_has_means_and_intervals_over_people(dataset: Dataset, triples: Triples) -> None:
    found = table(simple_predictors(dataset, TRAINING), dataset.points, triples, PEOPLE, 4)
    assert list(found) == ["unchanged", "displacement", "mean shift"]
    for name, predictor in simple_predictors(dataset, TRAINING).items():
        values = errors(predictor, dataset.points, triples, 16)
        interval = mean_interval(values, PEOPLE)
        assert interval is not None
        assert found[name]["nme"] == pytest.approx(values.mean())
        assert (found[name]["low"], found[name]["high"]) == pytest.approx(tuple(interval))
    alone = table(simple_predictors(dataset, TRAINING), dataset.points, triples, ["p3"] * 12, 4)
    assert [set(numbers) for numbers in alone.values()] == [{"nme"}] * 3
