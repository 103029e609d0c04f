"""The rows of the tables: what copy, warp and fet make, and how they are scored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch

from fet_core.data.dataset import Dataset
from fet_core.geometry.raster import sample, spline_field, to_bytes
from fet_core.measure.comparable import PROTOCOLS
from fet_core.measure.methods import copy_method, fet_method, score, warp_method
from fet_core.measure.metrics import psnr, ssim
from fet_core.measure.triples import Landmarks, Triples
from fet_core.nets.fusion import Fusion
from fet_core.nets.generators import Transfer

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def dataset(
    sample_table: Callable[..., pa.Table], tmp_path_factory: pytest.TempPathFactory
) -> Dataset:
    """Twelve smooth pictures of 32×32."""
    samples = sample_table(test=(0, 1, 2, 3))
    coarse = torch.rand(12, 3, 6, 6, generator=torch.Generator().manual_seed(0)) * 255
    smooth = torch.nn.functional.interpolate(coarse, (32, 32), mode="bilinear")
    path: Path = tmp_path_factory.mktemp("dataset") / "faces.npy"
    np.save(path, smooth.round().to(torch.uint8).permute(0, 2, 3, 1).numpy())
    return Dataset.open(path, samples, CPU)


def triples(
    source: list[int], reference: list[int], target: list[int], truth: list[int]
) -> Triples:
    columns = (torch.tensor(column) for column in (source, reference, target, truth))
    return Triples(*columns)


TRIPLES = triples([4, 8, 1], [3, 6, 0], [0, 3, 9], [1, 5, 10])


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_copy_is_the_target(dataset: Dataset, protocol: str) -> None:
    assert torch.equal(copy_method(dataset)(TRIPLES, protocol), dataset.bytes(TRIPLES.target))  # type: ignore[arg-type]
    found = score(copy_method(dataset), dataset, TRIPLES, protocol, batch=2)  # type: ignore[arg-type]
    target, truth = dataset.bytes(TRIPLES.target), dataset.bytes(TRIPLES.truth)
    assert found["n"] == 3
    assert found["ssim"] == pytest.approx(ssim(target, truth).mean().item(), abs=1e-6)
    assert found["psnr"] == pytest.approx(psnr(target, truth).mean().item(), abs=1e-6)
    assert found == score(copy_method(dataset), dataset, TRIPLES, protocol, batch=50)  # type: ignore[arg-type]


def near(a: torch.Tensor, b: torch.Tensor) -> bool:
    return bool((a.int() - b.int()).abs().max() <= 1)


def test_warping_to_where_it_is_changes_nothing(dataset: Dataset) -> None:
    """oracle: the truth is the target; transfer: the source is its own reference."""
    still = triples([3, 4], [3, 4], [0, 7], [0, 7])
    for protocol in PROTOCOLS:
        assert near(warp_method(dataset)(still, protocol), dataset.bytes(still.target))


def test_warp_follows_the_truth_or_the_source(dataset: Dataset) -> None:
    row = warp_method(dataset)
    oracle, transfer = row(TRIPLES, "oracle"), row(TRIPLES, "transfer")
    assert not near(oracle, dataset.bytes(TRIPLES.target))
    assert not near(oracle, transfer)
    # With the target's own pictures as source and reference both protocols ask for the same.
    own = triples([1, 5], [0, 3], [0, 3], [1, 5])
    assert near(row(own, "oracle"), row(own, "transfer"))


def test_warp_is_the_spline_of_the_single_reading(dataset: Dataset) -> None:
    photo = dataset.pictures(TRIPLES.target)
    for points, same in ((dataset.points, True), (dataset.by_mean().points, False)):
        field = spline_field(points[TRIPLES.target], points[TRIPLES.truth], 32, 32)
        made = warp_method(dataset)(TRIPLES, "oracle")
        assert torch.equal(made, to_bytes(sample(photo, field))) == same


def test_fet_gives_the_net_the_landmarks_of_the_protocol(dataset: Dataset) -> None:
    torch.manual_seed(0)
    fusion, transfer = Fusion(32, 4).eval(), Transfer(32, 3, 4).eval()
    row = fet_method(dataset, Landmarks(dataset, fusion, 0.03), transfer)
    photo = dataset.pictures(TRIPLES.target)
    source, target, truth = (
        dataset.landmark_images(rows, 32, 0.03)
        for rows in (TRIPLES.source, TRIPLES.target, TRIPLES.truth)
    )
    with torch.no_grad():
        wanted = to_bytes(transfer(target + fusion(source, target), photo))
        assert torch.equal(row(TRIPLES, "transfer"), wanted)
        assert torch.equal(row(TRIPLES, "oracle"), to_bytes(transfer(truth, photo)))


def test_pairs_come_from_the_table_in_order() -> None:
    names = ("source", "reference", "target", "truth")
    table = pa.table(
        {name: pa.array([i, i + 4, i + 8], pa.int32()) for i, name in enumerate(names)}
    )
    found = Triples.of(table, CPU)
    assert len(found) == 3
    assert found.reference.tolist() == [1, 5, 9]
    assert [part.truth.tolist() for part in found.batches(2)] == [[3, 7], [11]]
    assert found.at([2, 0]).source.tolist() == [8, 0]
