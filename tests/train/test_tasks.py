"""One step of each task: who learns, from what, and that random numbers are the step's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from torch import Tensor, nn

from fet_core.data.dataset import Dataset
from fet_core.data.training_triples import training_index
from fet_core.nets.fusion import Fusion
from fet_core.params import Baseline, Transfer
from fet_core.params import Fusion as FusionParams
from fet_core.train.augmentation import Identities
from fet_core.train.baselines import G2ganTask, cgan_task, pix2pix_task
from fet_core.train.checkpoint import Batch, Schedule
from fet_core.train.losses import seeded
from fet_core.train.paper import FusionTask, transfer_task

SHARED: dict[str, Any] = {
    "epochs": 1, "batch_size": 4, "lr_g": 1e-3, "lr_d": 1e-3, "beta1": 0.5, "beta2": 0.999,
    "decay_from": 1.0, "seed": 3, "grids": 0, "validate_every": 1, "d_width": 4, "width": 4,
}  # fmt: skip
BASELINE = Baseline(
    **SHARED,
    sigma=0.03,
    adversarial=1.0,
    l1=100.0,
    cycle=10.0,
    identity=1.0,
    cgan_lr_g=1e-3,
    cgan_lr_d=1e-3,
    augmentation=0.5,
)
OMEGA = Transfer(
    **SHARED, d_norm="spectral", mu1=1.0, mu2=100.0, true_landmarks=0.5, augmentation=0.5
)
PHI = FusionParams(
    **SHARED,
    size=32,
    sigma=0.03,
    bottleneck=8,
    lambda1=0.1,
    lambda2=10.0,
    lambda3=100.0,
    identities=1.0,
)


class Nothing:
    def metrics(self, net: nn.Module) -> dict[str, float]:
        return {"training": float(net.training), "gradients": float(torch.is_grad_enabled())}

    def grid(self, net: nn.Module) -> np.ndarray:
        return np.zeros((1, 1, 3), np.uint8)


@pytest.fixture(scope="module")
def samples(sample_table: Callable[..., pa.Table]) -> pa.Table:
    return sample_table(size=64)


@pytest.fixture(scope="module")
def dataset(samples: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    path: Path = tmp_path_factory.mktemp("dataset") / "faces.npy"
    faces = np.random.default_rng(0).integers(0, 256, (12, 64, 64, 3), dtype=np.uint8)
    np.save(path, faces)
    return Dataset.open(path, samples, torch.device("cpu"))


def build(name: str, dataset: Dataset) -> Any:
    if name == "fusion":
        return FusionTask(dataset, Identities(dataset, np.arange(12), 1.0, 3), PHI, Nothing())
    if name == "transfer":
        return transfer_task(dataset, seeded(0, Fusion, 32, 4), 0.03, OMEGA, Nothing())
    if name == "g2gan":
        return G2ganTask(dataset, BASELINE, Nothing())
    return {"pix2pix": pix2pix_task, "cgan": cgan_task}[name](dataset, BASELINE, Nothing())


def weights(task: Any) -> dict[str, list[Tensor]]:
    return {name: [p.detach().clone() for p in net.parameters()] for name, net in task.nets.items()}


TASKS = ("fusion", "transfer", "pix2pix", "cgan", "g2gan")


@pytest.mark.parametrize("name", TASKS)
def test_a_step_changes_every_network(name: str, dataset: Dataset, samples: pa.Table) -> None:
    task = build(name, dataset)
    before = weights(task)
    losses = task.step(Schedule(training_index(samples, name == "g2gan"), 4, 0).batch(0))
    assert all(torch.isfinite(value) for value in losses.values())
    for key, now in weights(task).items():
        moved = [not torch.equal(a, b) for a, b in zip(before[key], now, strict=True)]
        assert all(moved), key


@pytest.mark.parametrize("name", TASKS)
def test_a_step_is_a_function_of_seed_and_step_alone(
    name: str, dataset: Dataset, samples: pa.Table
) -> None:
    schedule = Schedule(training_index(samples, name == "g2gan"), 4, 0)
    found = []
    for disturbance in (1, 2):
        task = build(name, dataset)
        torch.manual_seed(disturbance)
        for step in (0, 1):
            torch.rand(disturbance)
            task.step(schedule.batch(step))
        found.append(weights(task))
    for key, first in found[0].items():
        assert all(torch.equal(a, b) for a, b in zip(first, found[1][key], strict=True)), key


@pytest.mark.parametrize("name", TASKS)
def test_a_network_is_looked_at_in_eval_mode_and_goes_on_in_training(
    name: str, dataset: Dataset
) -> None:
    task = build(name, dataset)
    assert task.validate() == {"training": 0.0, "gradients": 0.0}
    assert task.net.training
    assert torch.is_grad_enabled()


def test_the_fusion_module_is_frozen_while_omega_learns(
    dataset: Dataset, samples: pa.Table
) -> None:
    fusion = Fusion(32, 4)
    task = transfer_task(dataset, fusion, 0.03, OMEGA, Nothing())
    before = {key: value.clone() for key, value in fusion.state_dict().items()}
    task.step(Schedule(training_index(samples), 4, 0).batch(0))
    assert all(torch.equal(value, before[key]) for key, value in fusion.state_dict().items())


@pytest.mark.parametrize(("share", "exact"), [(0.0, 0.0), (0.3, 0.3), (1.0, 1.0)])
def test_omega_is_given_true_landmarks_as_often_as_asked(
    share: float, exact: float, dataset: Dataset
) -> None:
    params = OMEGA.model_copy(update={"true_landmarks": share})
    task = transfer_task(dataset, seeded(0, Fusion, 32, 4).eval(), 0.03, params, Nothing())
    truth = torch.arange(12).repeat(40)
    found = []
    for step in range(5):
        rows = Batch(truth, truth.flip(0), truth.roll(1), truth.roll(2), step)
        with torch.no_grad():
            given = task._condition(rows)
        wanted = dataset.landmark_images(truth, 32, 0.03)
        found.append(torch.tensor([torch.equal(a, b) for a, b in zip(given, wanted, strict=True)]))
    assert torch.stack(found).float().mean().item() == pytest.approx(exact, abs=0.03)
    assert share in (0.0, 1.0) or not torch.equal(found[0], found[1])


def test_cgan_has_no_l1_in_what_it_minimises(dataset: Dataset, samples: pa.Table) -> None:
    losses = build("cgan", dataset).step(Schedule(training_index(samples), 4, 0).batch(0))
    assert losses["loss_total"] == losses["loss_adversarial"]
    assert losses["loss_l1"] > 0


def test_without_identity_g2gan_trains_no_embedding(dataset: Dataset, samples: pa.Table) -> None:
    params = BASELINE.model_copy(update={"identity": 0.0})
    task = G2ganTask(dataset, params, Nothing())
    before = weights(task)["likeness"]
    losses = task.step(Schedule(training_index(samples, True), 4, 0).batch(0))
    assert "loss_identity" not in losses
    after = weights(task)["likeness"]
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_g2gan_s_terms_add_up(dataset: Dataset, samples: pa.Table) -> None:
    losses = build("g2gan", dataset).step(Schedule(training_index(samples, True), 4, 0).batch(0))
    total = losses["loss_adversarial"] + 100 * losses["loss_l1"]
    total = total + 10 * losses["loss_cycle"] + losses["loss_identity"]
    assert losses["loss_total"].item() == pytest.approx(total.item(), rel=1e-5)
