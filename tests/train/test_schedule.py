"""The batch of a step is a function of seed and step; an epoch is every truth once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple

import numpy as np
import pyarrow as pa
import pytest

from fet_core.data.training_triples import Draw, TrainingIndex, training_index
from fet_core.train.checkpoint import Schedule, TrainingTriples

Build = Callable[..., pa.Table]


@pytest.fixture(scope="module")
def index(sample_table: Build) -> TrainingIndex:
    return training_index(sample_table(people=5, test=(4,), flip=True))  # 24 truths


def epoch(schedule: Schedule, number: int) -> np.ndarray:
    steps = schedule.steps_per_epoch
    return np.concatenate([schedule.batch(number * steps + i).truth for i in range(steps)])


def same(a: TrainingTriples, b: TrainingTriples) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(astuple(a), astuple(b), strict=True))


def test_a_step_does_not_depend_on_those_before(index: TrainingIndex) -> None:
    one, other = Schedule(index, 8, 7), Schedule(index, 8, 7)
    in_order = [one.batch(step) for step in range(9)]
    backwards = [other.batch(step) for step in reversed(range(9))][::-1]
    assert all(same(a, b) for a, b in zip(in_order, backwards, strict=True))
    assert same(one.batch(4), one.batch(4))


@pytest.mark.parametrize("number", [0, 1, 17])
def test_an_epoch_is_every_truth_once(index: TrainingIndex, number: int) -> None:
    schedule = Schedule(index, 8, 7)
    assert schedule.steps_per_epoch == 3
    np.testing.assert_array_equal(np.sort(epoch(schedule, number)), index.usable)


def test_the_last_batch_is_filled_from_the_beginning(index: TrainingIndex) -> None:
    schedule = Schedule(index, 7, 7)
    assert schedule.steps_per_epoch == 4
    truths = epoch(schedule, 2)
    assert len(truths) == 28
    np.testing.assert_array_equal(np.sort(truths[:24]), index.usable)
    np.testing.assert_array_equal(truths[24:], truths[:4])


def test_a_batch_larger_than_the_data(index: TrainingIndex) -> None:
    schedule = Schedule(index, 50, 7)
    assert schedule.steps_per_epoch == 1
    counts = np.unique(schedule.batch(3).truth, return_counts=True)[1]
    assert counts.tolist().count(3) == 2
    assert set(counts) == {2, 3}


def test_epochs_and_seeds_have_orders_of_their_own(index: TrainingIndex) -> None:
    orders = [epoch(Schedule(index, 8, seed), n) for seed in (7, 8) for n in (0, 1)]
    assert len({tuple(order) for order in orders}) == 4


def test_a_truth_is_not_always_drawn_with_the_same_partners(index: TrainingIndex) -> None:
    schedule = Schedule(index, 24, 7)
    partners = set()
    for step in range(12):
        batch = schedule.batch(step)
        place = int(np.flatnonzero(batch.truth == index.usable[0])[0])
        partners.add((batch.target[place], batch.source[place], batch.reference[place]))
    assert len(partners) > 5


class Recording:
    """Stands for an index; keeps the numbers that it is to draw by."""

    usable = np.arange(6)

    def __init__(self) -> None:
        self.drawn: list[np.ndarray] = []

    def draw(self, truth: np.ndarray, u: np.ndarray) -> Draw:
        self.drawn.append(u)
        return Draw(truth, truth, truth)


def test_every_step_and_seed_draws_numbers_of_its_own() -> None:
    index = Recording()
    for seed in (1, 2):
        for step in range(8):
            Schedule(index, 4, seed).batch(step)  # type: ignore[arg-type]
    assert {u.shape for u in index.drawn} == {(4, 3)}
    assert len({float(value) for u in index.drawn for value in u.ravel()}) == 16 * 12


def test_every_triple_is_one(sample_table: Build) -> None:
    samples = sample_table(people=5, test=(4,), flip=True)
    rows = samples.to_pylist()
    schedule = Schedule(training_index(samples), 8, 3)
    for step in range(12):
        for numbers in zip(*astuple(schedule.batch(step))[:4], strict=True):
            truth, target, source, reference = (rows[number] for number in numbers)
            assert {row["split"] for row in (truth, target, source, reference)} == {"train"}
            assert truth["subject"] == target["subject"] != source["subject"]
            assert source["subject"] == reference["subject"]
            assert truth["expression"] == source["expression"] != target["expression"]
            assert reference["expression"] == target["expression"]
            assert truth["flipped"] == target["flipped"]
            assert source["flipped"] == reference["flipped"]
