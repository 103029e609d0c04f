"""Random identities: of the real people's spread, the same for a step, none where none is asked."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import torch

from fet_core.data.dataset import Dataset
from fet_core.data.training_triples import training_rows
from fet_core.errors import UserError
from fet_core.train.augmentation import Identities


def neutral(dataset: Dataset, people: int) -> torch.Tensor:
    return dataset.points[dataset.expression == 0][:people]


def test_offsets_have_the_covariance_of_the_training_people(
    six: Dataset, six_rows: pa.Table
) -> None:
    offsets = Identities(six, training_rows(six_rows), 1.0, 0).offsets(40_000, 1, 0)[0]
    found = np.cov(offsets.flatten(1).double().numpy().T, bias=True)
    wanted = np.cov(neutral(six, 5).flatten(1).double().numpy().T, bias=True)
    assert np.abs(found - wanted).max() < 0.05 * np.abs(wanted).max()


def test_nobody_of_the_test_side_has_a_part_in_them(six: Dataset, six_rows: pa.Table) -> None:
    changed = Dataset(**(vars(six) | {"points": six.points.clone()}))
    changed.points[15:] += 7
    rows = training_rows(six_rows)
    one, two = (Identities(s, rows, 1.0, 0).offsets(3, 2, 5) for s in (six, changed))
    assert torch.equal(one, two)


def test_they_are_a_function_of_seed_and_step(six: Dataset, six_rows: pa.Table) -> None:
    rows = training_rows(six_rows)
    first = Identities(six, rows, 1.0, 0).offsets(3, 2, 5)
    assert torch.equal(first, Identities(six, rows, 1.0, 0).offsets(3, 2, 5))
    assert not torch.equal(first, Identities(six, rows, 1.0, 0).offsets(3, 2, 6))
    assert not torch.equal(first, Identities(six, rows, 1.0, 1).offsets(3, 2, 5))
    assert torch.allclose(2 * first, Identities(six, rows, 2.0, 0).offsets(3, 2, 5))


def test_strength_0_moves_nothing(six: Dataset, six_rows: pa.Table) -> None:
    offsets = Identities(six, training_rows(six_rows), 0.0, 0).offsets(3, 2, 5)
    assert (six.points[:3] + offsets[0] == six.points[:3]).all()


def test_without_a_neutral_face_there_are_none_to_make(six: Dataset) -> None:
    smiling = np.flatnonzero((six.expression != 0).numpy())
    with pytest.raises(UserError, match="no training picture is neutral"):
        Identities(six, smiling, 1.0, 0)
    assert Identities(six, smiling, 0.0, 0).offsets(2, 1, 0).abs().max() == 0
