"""Samples: both readings of the landmarks, as they are and mirrored, and the dataset by either."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

from fet_core import tables
from fet_core.data.dataset import Dataset
from fet_core.geometry.landmarks import mirror_points

SIZE = 32
READINGS = ("points", "mean")


@pytest.fixture
def samples(sample_table: Callable[..., pa.Table]) -> pa.Table:
    return sample_table(people=3, test=(2,), size=SIZE, flip=True)


def shape(row: dict[str, Any], reading: str) -> np.ndarray:
    return np.array(row[reading], np.float32).reshape(68, 2)


@pytest.mark.parametrize("reading", READINGS)
def test_either_reading_is_mirrored_and_mirrored_twice_it_is_the_same(
    samples: pa.Table, reading: str
) -> None:
    assert samples.schema.equals(tables.SAMPLES)
    rows = samples.to_pylist()
    straight = {row["row"]: shape(row, reading) for row in rows if not row["flipped"]}
    mirrored = {row["row"]: shape(row, reading) for row in rows if row["flipped"]}
    # The two training people alone, with three expressions each.
    assert (len(straight), len(mirrored)) == (9, 6)
    for number, points in mirrored.items():
        np.testing.assert_array_equal(points, mirror_points(straight[number], SIZE))
        twice = mirror_points(points, SIZE)
        np.testing.assert_allclose(twice, straight[number], atol=1e-5)
        # It is re-indexed too, so that the left eye of the picture keeps its numbers.
        assert points[36, 0] < points[45, 0]


def test_the_two_readings_are_not_one(samples: pa.Table) -> None:
    for row in samples.to_pylist():
        apart = np.linalg.norm(shape(row, "points") - shape(row, "mean"), axis=1)
        assert 0 < apart.mean() < 1


def test_a_store_is_by_the_single_reading_and_by_the_mean_where_asked(
    samples: pa.Table, tmp_path: Path
) -> None:
    faces = np.random.default_rng(0).integers(0, 256, (9, SIZE, SIZE, 3), dtype=np.uint8)
    np.save(tmp_path / "faces.npy", faces)
    dataset = Dataset.open(tmp_path / "faces.npy", samples, torch.device("cpu"))
    rows = samples.to_pylist()
    for found, reading in ((dataset, "points"), (dataset.by_mean(), "mean")):
        wanted = np.stack([shape(row, reading) for row in rows])
        np.testing.assert_array_equal(found.points.numpy(), wanted)
    mean = dataset.by_mean()
    for name in ("faces", "row", "flipped", "expression", "person"):
        assert torch.equal(getattr(mean, name), getattr(dataset, name))
    assert torch.equal(mean.by_mean().points, mean.points)
