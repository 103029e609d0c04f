"""The motion learned from optical flow: where a texture goes with the points, it is found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from torch import Tensor

from fet_core.data.dataset import Dataset
from fet_core.data.training_triples import training_index
from fet_core.geometry.raster import sample, to_bytes
from fet_core.nets.warping import Motion
from fet_core.train.augmentation import fit_motion

SIZE = 64
SHIFTS = {"neutral": (0.0, 0.0), "happy": (3.0, 0.0), "sad": (0.0, -3.0)}


def texture(person: int) -> Tensor:
    """Spots of a few pixels, larger than the picture by half."""
    noise = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(person))
    side = SIZE + SIZE // 2
    return torch.nn.functional.interpolate(noise, (side, side), mode="bicubic") * 2 - 1


@pytest.fixture(scope="module")
def samples(sample_table: Callable[..., pa.Table], face: np.ndarray) -> pa.Table:
    """Six people of one face; all points of an expression are shifted together."""
    table = sample_table(people=6, size=SIZE)
    expressions = table["expression"].to_pylist()
    still = (face + 0.5) * (SIZE / 96) - 0.5
    points = [(still + SHIFTS[name]).ravel().astype(np.float32) for name in expressions]
    at = table.schema.get_field_index("points")
    column = pa.array(points, table.schema.field("points").type)
    return table.set_column(at, table.schema.field("points"), column)


@pytest.fixture(scope="module")
def dataset(samples: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Pictures of which everything, up to the border, goes along with the points."""
    pictures = torch.zeros(len(samples), SIZE, SIZE, 3, dtype=torch.uint8)
    quarter = SIZE // 4
    for row in samples.to_pylist():
        x, y = (round(step) for step in SHIFTS[row["expression"]])
        whole = texture(int(row["subject"][1:]))
        cut = whole[..., quarter - y : quarter - y + SIZE, quarter - x : quarter - x + SIZE]
        pictures[row["row"]] = to_bytes(cut)[0].permute(1, 2, 0)
    path: Path = tmp_path_factory.mktemp("dataset") / "faces.npy"
    np.save(path, pictures.numpy())
    return Dataset.open(path, samples, torch.device("cpu"))


def fitted(dataset: Dataset, samples: pa.Table, seed: int = 1, pairs: int = 40) -> Motion:
    motion = Motion(16)
    fit_motion(motion, dataset, training_index(samples), pairs, 1e-3, seed)
    return motion


def errors(motion: Motion, dataset: Dataset) -> Tensor:
    """Of the neutral pictures moved to the other expressions, by pixel."""
    neutral = torch.nonzero(dataset.expression == 0)[:, 0]
    apart = []
    for kind in dataset.expression.unique()[1:]:
        other = torch.nonzero(dataset.expression == kind)[:, 0]
        assert torch.equal(dataset.person[neutral], dataset.person[other])
        field = motion(dataset.points[neutral], dataset.points[other], SIZE)
        moved = sample(dataset.pictures(neutral), field)
        apart.append((moved - dataset.pictures(other)).abs().mean(dim=(0, 1)))
    return torch.stack(apart).mean(dim=0)


def test_what_the_spline_leaves_is_learned(dataset: Dataset, samples: pa.Table) -> None:
    before, after = errors(Motion(16), dataset), errors(fitted(dataset, samples), dataset)
    assert after.mean() < 0.7 * before.mean()
    # Most of it near the border, where a spline fades out, though not where nothing can come from.
    ring = torch.ones(SIZE, SIZE, dtype=torch.bool)
    ring[14:-14, 14:-14] = False
    ring[:5], ring[-5:], ring[:, :5], ring[:, -5:] = False, False, False, False
    assert after[ring].mean() < 0.6 * before[ring].mean()
    assert before[ring].mean() > 0.1


def test_it_reaches_movements_that_no_pair_has_shown(dataset: Dataset, samples: pa.Table) -> None:
    """Halfway between what it has seen, for the map is linear."""
    motion = fitted(dataset, samples)
    points = dataset.points[:1]
    field = motion(points, points + torch.tensor([1.5, -1.5]), SIZE)
    inside = field[0, :, 3:-3, 3:-3] * SIZE / 2
    wanted = torch.tensor([-1.5, 1.5])[:, None, None].expand_as(inside)
    assert (inside - wanted).abs().mean() < 0.4


def test_the_same_seed_gives_the_same_bits(dataset: Dataset, samples: pa.Table) -> None:
    one, two = fitted(dataset, samples), fitted(dataset, samples)
    torch.manual_seed(5)
    assert torch.equal(one.weight, two.weight)
    assert one.weight.abs().max() > 0
    assert not torch.equal(one.weight, fitted(dataset, samples, seed=2, pairs=7).weight)


def test_fewer_pairs_than_truths_are_enough(dataset: Dataset, samples: pa.Table) -> None:
    weight = fitted(dataset, samples, pairs=3).weight
    assert torch.isfinite(weight).all()
    assert weight.abs().max() > 0


def test_points_that_never_move_teach_nothing(dataset: Dataset, samples: pa.Table) -> None:
    from dataclasses import replace

    still = replace(dataset, points=dataset.points[:1].expand(len(dataset.points), -1, -1))
    assert fitted(still, samples).weight.abs().max() < 1e-6


def test_a_strong_ridge_teaches_little(dataset: Dataset, samples: pa.Table) -> None:
    weak, strong = Motion(16), Motion(16)
    for motion, ridge in ((weak, 1e-3), (strong, 1e3)):
        fit_motion(motion, dataset, training_index(samples), 20, ridge, 1)
    assert strong.weight.abs().max() < 0.01 * weak.weight.abs().max()
