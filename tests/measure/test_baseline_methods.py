"""What each baseline is given in each protocol, and loading it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch

from fet_core.data.dataset import Dataset
from fet_core.errors import UserError
from fet_core.geometry.raster import to_bytes
from fet_core.measure.methods import BASELINES, baseline_method, load_baseline
from fet_core.measure.triples import Triples, wanted_points
from fet_core.nets.generators import Cgan, G2gan, Pix2pix, label_planes
from fet_core.nets.weights import save
from fet_core.tables import EXPRESSIONS

SIGMA = 0.03


@pytest.fixture(scope="module")
def dataset(
    sample_table: Callable[..., pa.Table], tmp_path_factory: pytest.TempPathFactory
) -> Dataset:
    """p0 to p3 with happy, neutral and sad each, in this order."""
    path: Path = tmp_path_factory.mktemp("dataset") / "faces.npy"
    faces = np.random.default_rng(1).integers(0, 256, (12, 32, 32, 3), dtype=np.uint8)
    np.save(path, faces)
    return Dataset.open(path, sample_table(test=(0, 1, 2, 3)), torch.device("cpu"))


def triple(source: int, reference: int, target: int, truth: int) -> Triples:
    return Triples(*(torch.tensor([row]) for row in (source, reference, target, truth)))


HAPPY, NEUTRAL, SAD = 0, 1, 2
"""Rows of p0; those of p1 are three more."""


def test_the_rows_are_ordered_as_this_test_takes_them(dataset: Dataset) -> None:
    names = [EXPRESSIONS[number] for number in dataset.expression[:4].tolist()]
    assert names == ["happy", "neutral", "sad", "happy"]
    assert dataset.person.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]


@torch.no_grad()
def test_pix2pix_sees_the_source_s_landmarks_or_the_truth_s(dataset: Dataset) -> None:
    torch.manual_seed(0)
    net = Pix2pix(32, 3, 4).eval()
    row, triples = baseline_method(dataset, net, SIGMA), triple(3, 4, NEUTRAL, HAPPY)
    for protocol, shown in (("transfer", 3), ("oracle", HAPPY)):
        landmarks = dataset.landmark_images(torch.tensor([shown]), 32, SIGMA)
        wanted = to_bytes(net(landmarks, dataset.pictures(triples.target)))
        assert torch.equal(row(triples, protocol), wanted)  # type: ignore[arg-type]


@torch.no_grad()
def test_cgan_sees_the_label_of_the_source_alone(dataset: Dataset) -> None:
    torch.manual_seed(0)
    net = Cgan(32, 3, 4).eval()
    row = baseline_method(dataset, net, SIGMA)
    label = label_planes(torch.tensor([EXPRESSIONS.index("sad")]))
    wanted = to_bytes(net(label, dataset.pictures(torch.tensor([NEUTRAL]))))
    assert torch.equal(row(triple(5, 4, NEUTRAL, SAD), "transfer"), wanted)
    assert torch.equal(row(triple(8, 7, NEUTRAL, SAD), "transfer"), wanted)
    assert not torch.equal(row(triple(3, 4, NEUTRAL, HAPPY), "transfer"), wanted)


@torch.no_grad()
def test_g2gan_goes_through_the_neutral_face(dataset: Dataset) -> None:
    torch.manual_seed(0)
    net = G2gan(32, 3, 4).eval()
    row = baseline_method(dataset, net, SIGMA)

    def spots(points: torch.Tensor) -> torch.Tensor:
        return dataset.draw(points, 32, SIGMA)

    triples = triple(5, 3, HAPPY, SAD)
    resting = net.removal(spots(dataset.points[triples.target]), dataset.pictures(triples.target))
    moved = spots(wanted_points(dataset, triples, "transfer"))
    assert torch.equal(row(triples, "transfer"), to_bytes(net.synthesis(moved, resting)))
    true = spots(dataset.points[triples.truth])
    assert torch.equal(row(triples, "oracle"), to_bytes(net.synthesis(true, resting)))

    neutral_target = triple(5, 4, NEUTRAL, SAD)
    moved = spots(wanted_points(dataset, neutral_target, "transfer"))
    photo = dataset.pictures(neutral_target.target)
    assert torch.equal(row(neutral_target, "transfer"), to_bytes(net.synthesis(moved, photo)))

    neutral_wanted = triple(4, 3, HAPPY, NEUTRAL)
    assert torch.equal(row(neutral_wanted, "transfer"), to_bytes(resting))


def test_wanted_points_are_the_displaced_or_the_true_ones(dataset: Dataset) -> None:
    triples = triple(3, 4, NEUTRAL, HAPPY)
    moved = dataset.points[NEUTRAL] + dataset.points[3] - dataset.points[4]
    assert torch.equal(wanted_points(dataset, triples, "transfer")[0], moved)
    assert torch.equal(wanted_points(dataset, triples, "oracle")[0], dataset.points[HAPPY])


@pytest.mark.parametrize("name", BASELINES)
@torch.no_grad()
def test_weights_come_back_with_the_spots_they_were_trained_with(
    name: str, dataset: Dataset, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    net = BASELINES[name](32, 3, 4).eval()
    sizes = {"size": 32, "channels": 3, "width": 4}
    save(tmp_path / f"{name}.safetensors", name, sizes, net, {"sigma": SIGMA})
    triples = triple(5, 3, HAPPY, SAD)
    found = load_baseline(name, tmp_path, dataset)(triples, "transfer")
    assert torch.equal(found, baseline_method(dataset, net, SIGMA)(triples, "transfer"))


@pytest.mark.parametrize(
    ("kind", "sizes", "said"),
    [
        ("cgan", {"size": 32, "channels": 3, "width": 4}, "weights of cgan, not of pix2pix"),
        ("pix2pix", {"size": 64, "channels": 3, "width": 4}, "64×64 with 3 channels"),
        ("pix2pix", {"size": 32, "channels": 1, "width": 4}, "32×32 with 1 channels"),
    ],
)
def test_weights_of_another_model_or_size_are_refused(
    kind: str, sizes: dict[str, int], said: str, dataset: Dataset, tmp_path: Path
) -> None:
    save(tmp_path / "pix2pix.safetensors", kind, sizes, BASELINES[kind](**sizes), {"sigma": SIGMA})
    with pytest.raises(UserError, match=said):
        load_baseline("pix2pix", tmp_path, dataset)


def test_weights_that_are_not_there_are_named(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no weights at .*g2gan\.safetensors; run the stage"):
        load_baseline("g2gan", tmp_path, dataset)
