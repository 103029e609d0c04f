"""A tiny data set that every model can be trained on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch

from fet_core.data.dataset import Dataset


@pytest.fixture(scope="session")
def samples(sample_table: Callable[..., pa.Table]) -> pa.Table:
    """Five people with three expressions that move all of them alike, straight and mirrored."""
    table = sample_table(people=5, size=32, flip=True)
    moves = np.random.default_rng(1).normal(0, 1.0, (3, 68, 2))
    number = {"neutral": 0, "happy": 1, "sad": 2}
    rows = table.to_pylist()
    for row in rows:
        change = moves[number[row["expression"]]] * ((-1, 1) if row["flipped"] else (1, 1))
        row["points"] = (np.reshape(row["points"], (68, 2)) + change).ravel().astype(np.float32)
    return pa.Table.from_pylist(rows, table.schema)


@pytest.fixture(scope="session")
def dataset(samples: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """One smooth picture a person, darker or lighter with the expression."""
    pictures = np.zeros((15, 32, 32, 3), np.uint8)
    for row in samples.to_pylist():
        person = int(row["subject"][1:])
        noise = torch.rand(1, 3, 5, 5, generator=torch.Generator().manual_seed(person))
        smooth = torch.nn.functional.interpolate(noise, (32, 32), mode="bilinear")[0]
        light = {"neutral": 100, "happy": 150, "sad": 60}[row["expression"]]
        pictures[row["row"]] = (smooth.permute(1, 2, 0).numpy() * 100 + light).astype(np.uint8)
    path: Path = tmp_path_factory.mktemp("dataset") / "faces.npy"
    np.save(path, pictures)
    return Dataset.open(path, samples, torch.device("cpu"))


@pytest.fixture(scope="session")
def six_rows(sample_table: Callable[..., pa.Table]) -> pa.Table:
    """Six people, the last of them on the test side."""
    return sample_table(people=6, test=(5,))


@pytest.fixture(scope="session")
def six(six_rows: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Their landmarks, and no pictures to speak of."""
    path: Path = tmp_path_factory.mktemp("split") / "faces.npy"
    np.save(path, np.zeros((18, 32, 32, 3), np.uint8))
    return Dataset.open(path, six_rows, torch.device("cpu"))
