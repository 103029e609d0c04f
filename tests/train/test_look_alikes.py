"""Look-alikes: as spread as the people, moving between two of them, the same for a step."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import torch

from fet_core.data.dataset import Dataset
from fet_core.data.training_triples import TrainingIndex, training_index, training_rows
from fet_core.ranks import Share
from fet_core.train.checkpoint import Schedule, TrainingTriples
from fet_core.train.look_alikes import LookAlikes

CPU = torch.device("cpu")
BATCH = 16


@pytest.fixture(scope="module")
def index(six_rows: pa.Table) -> TrainingIndex:
    return training_index(six_rows)


def made(
    dataset: Dataset, index: TrainingIndex, step: int, seed: int = 0, share: Share | None = None
) -> tuple[TrainingTriples, tuple[torch.Tensor, ...]]:
    triples = Schedule(index, BATCH, 0, *([share] if share else [])).batch(step)
    people = LookAlikes(dataset, index, seed)
    return triples, people.faces(triples, triples.upload(CPU))


def means(dataset: Dataset, index: TrainingIndex) -> torch.Tensor:
    """[people, 68, 2] at rest, of those whom the index uses."""
    rows = torch.from_numpy(index.usable)
    rows = rows[dataset.expression[rows] == 0]
    who = dataset.person[rows]
    return torch.stack([dataset.points[rows[who == p]].mean(dim=0) for p in who.unique()])


def test_both_pictures_of_a_person_are_moved_alike(six: Dataset, index: TrainingIndex) -> None:
    """What is added to reference and target is a mix of how people differ at rest."""
    triples, (_, reference, target, _) = made(six, index, 3)
    rest = means(six, index)
    apart = (rest - rest.mean(dim=0)).flatten(1).double()
    for face, rows in ((reference, triples.reference), (target, triples.target)):
        added = (face - six.points[torch.from_numpy(rows)]).flatten(1).double()
        weights = torch.linalg.lstsq(apart.T, added.T).solution
        assert torch.allclose(apart.T @ weights, added.T, atol=1e-3)
        assert added.abs().max() > 0.1


def test_they_differ_as_much_as_the_people_do(six: Dataset, index: TrainingIndex) -> None:
    rest = means(six, index)
    wanted = (rest - rest.mean(dim=0)).flatten(1).square().sum(dim=1).mean()
    found = []
    for step in range(150):
        triples, (_, _, target, _) = made(six, index, step)
        rows = torch.from_numpy(triples.target)
        at_rest = six.expression[rows] == 0
        found.append((target[at_rest] - rest.mean(dim=0)).flatten(1).square().sum(dim=1))
    assert float(torch.cat(found).mean()) == pytest.approx(float(wanted), rel=0.15)


def test_movement_lies_between_two_people_s(six: Dataset, index: TrainingIndex) -> None:
    """A share of the way is another person's who shows the same two expressions."""
    triples, (source, reference, target, truth) = made(six, index, 1)
    points, person, expression = (
        six.points,
        six.person,
        six.expression,
    )
    pairs = (
        (source - reference, triples.source, triples.reference),
        (truth - target, triples.truth, triples.target),
    )
    training = torch.from_numpy(index.usable)
    strange = 0
    for movement, moved, rest in pairs:
        for one, a, b in zip(movement, moved.tolist(), rest.tolist(), strict=True):
            own = points[a] - points[b]
            others = [
                points[c] - points[d]
                for c in training[expression[training] == expression[a]].tolist()
                for d in training[expression[training] == expression[b]].tolist()
                if person[c] == person[d] != person[a]
            ]
            off = []
            for other in others:
                way = other - own
                share = float(((one - own) * way).sum() / way.square().sum().clamp(min=1e-9))
                assert_in = float((own + share * way - one).abs().max())
                off.append((assert_in, share))
            least, share = min(off)
            assert least < 1e-3
            assert -1e-3 <= share <= 1 + 1e-3
            strange += share > 0.05
    assert strange > BATCH


def test_they_are_a_function_of_seed_and_step(six: Dataset, index: TrainingIndex) -> None:
    first = made(six, index, 5)[1]
    for other, same in (
        (made(six, index, 5), True),
        (made(six, index, 5, seed=1), False),
    ):
        assert all(torch.equal(a, b) for a, b in zip(first, other[1], strict=True)) is same


def test_processes_make_the_parts_of_one_batch(six: Dataset, index: TrainingIndex) -> None:
    whole = made(six, index, 2)[1]
    parts = [made(six, index, 2, share=Share(rank, 2))[1] for rank in range(2)]
    for number, one in enumerate(whole):
        assert torch.equal(one, torch.cat([part[number] for part in parts]))


def test_nobody_of_the_test_side_has_a_part_in_them(
    six: Dataset, six_rows: pa.Table, index: TrainingIndex
) -> None:
    changed = Dataset(**(vars(six) | {"points": six.points.clone()}))
    tests = sorted(set(range(six_rows.num_rows)) - set(training_rows(six_rows).tolist()))
    changed.points[tests] += 7
    for one, other in zip(made(six, index, 4)[1], made(changed, index, 4)[1], strict=True):
        assert torch.equal(one, other)


def test_who_is_alone_lends_to_oneself(index: TrainingIndex, six_rows: pa.Table) -> None:
    """Where nobody else shows both expressions, nothing is lent."""
    whose = np.array(six_rows["subject"].to_pylist())
    shown = np.array(six_rows["expression"].to_pylist())
    first = whose[index.usable[0]]
    rare = [
        "disgusted" if name == "happy" and who == first else name
        for name, who in zip(shown, whose, strict=True)
    ]
    table = six_rows.set_column(
        six_rows.schema.get_field_index("expression"),
        six_rows.schema.field("expression"),
        pa.array(rare, six_rows.schema.field("expression").type),
    )
    own = training_index(table)
    at = np.flatnonzero((np.array(rare) == "disgusted") & (whose == first))[:1]
    rest = np.flatnonzero((shown == "neutral") & (whose == first))[:1]
    moved, beside = own.another(at, rest, np.full((1, 2), 0.3))
    assert (moved.tolist(), beside.tolist()) == (at.tolist(), rest.tolist())
    happy = np.flatnonzero((shown == "happy") & (whose != first))[:1]
    usual, _ = own.another(rest, happy, np.zeros((1, 2)))
    assert whose[usual[0]] != first
