"""Steps of Φ+ and Ω+: who learns, that the loss falls, that random numbers are the step's own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from torch import Tensor, nn

from fet_core.data.dataset import Dataset
from fet_core.data.training_triples import training_index, training_rows
from fet_core.nets.fusion import PointFusion
from fet_core.nets.warping import SPOT, Painting, Warping
from fet_core.params import FusionPlus, TransferPlus
from fet_core.train.augmentation import Identities
from fet_core.train.checkpoint import Batch, Schedule
from fet_core.train.look_alikes import LookAlikes
from fet_core.train.plus import PointTask, WarpingTask, warping_sizes

SHARED: dict[str, Any] = {
    "epochs": 1, "batch_size": 4, "lr_g": 2e-3, "lr_d": 1e-3, "beta1": 0.9, "beta2": 0.999,
    "decay_from": 1.0, "seed": 3, "grids": 0, "validate_every": 1, "d_width": 8,
}  # fmt: skip
PHI = FusionPlus(
    **SHARED,
    rank=6,
    width=16,
    code=4,
    dropout=0.1,
    weight_decay=0.01,
    noise=0.004,
    identities=1.0,
    lambda1=0.1,
    lambda2=10.0,
    lambda3=100.0,
)
OMEGA = TransferPlus(
    **SHARED,
    width=8,
    working=32,
    motion=True,
    ridge=1e-3,
    mu1=0.1,
    mu2=100.0,
    structure=10.0,
    moved=10.0,
    regions=1.0,
    true_landmarks=0.5,
    augmentation=0.5,
)


@pytest.fixture(autouse=True)
def few_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Optical flow of a thousand pairs would take longer than all else."""
    monkeypatch.setattr("fet_core.train.plus._PAIRS_OF_PICTURES", 40)


class Nothing:
    def metrics(self, net: nn.Module) -> dict[str, float]:
        return {"training": float(net.training), "gradients": float(torch.is_grad_enabled())}

    def grid(self, net: nn.Module) -> np.ndarray:
        return np.zeros((1, 1, 3), np.uint8)


def fusion(rank: int = 6) -> PointFusion:
    torch.manual_seed(0)
    net = PointFusion(rank, 16, 4, 0.5)
    faces = torch.randn(1, 68, 2) * 8 + 16 + torch.randn(20, 68, 2)
    net.fit(faces, faces, faces + torch.randn(20, 68, 2))
    nn.init.normal_(net.decode[-1].weight)
    return net


def build(name: str, dataset: Dataset, samples: pa.Table, **changes: Any) -> Any:
    index = training_index(samples)
    if name in POINTS:
        params = PHI.model_copy(update=changes)
        random = Identities(dataset, training_rows(samples), params.identities, 3)
        people = random if name == "points" else LookAlikes(dataset, index, 3)
        return PointTask(dataset, index, people, params, Nothing())
    params = OMEGA.model_copy(update=changes)
    small = {"size": dataset.size, "channels": dataset.channels, "width": 8, "sigma": SPOT}
    kind, sizes = {"warp": (Warping, warping_sizes(dataset, params)), "unet": (Painting, small)}[
        name
    ]
    return WarpingTask(dataset, index, fusion(), kind, sizes, params, Nothing())


def weights(task: Any) -> dict[str, list[Tensor]]:
    return {name: [p.detach().clone() for p in net.parameters()] for name, net in task.nets.items()}


POINTS = ("points", "look-alikes")
TASKS = (*POINTS, "warp", "unet")


@pytest.mark.parametrize("name", TASKS)
def test_steps_change_every_network(name: str, dataset: Dataset, samples: pa.Table) -> None:
    task = build(name, dataset, samples)
    schedule = Schedule(training_index(samples), 4, 0)
    before = weights(task)
    # At first the heads of Ω+ are zero, so that no gradient reaches what lies before them.
    for step in range(2):
        losses = task.step(schedule.batch(step))
        assert all(torch.isfinite(value) for value in losses.values())
    for key, now in weights(task).items():
        moved = [not torch.equal(a, b) for a, b in zip(before[key], now, strict=True)]
        assert all(moved), key


@pytest.mark.parametrize("name", TASKS)
def test_a_step_is_a_function_of_seed_and_step_alone(
    name: str, dataset: Dataset, samples: pa.Table
) -> None:
    schedule = Schedule(training_index(samples), 4, 0)
    found = []
    for disturbance in (1, 2):
        torch.manual_seed(disturbance)
        task = build(name, dataset, samples)
        torch.manual_seed(disturbance)
        for step in (0, 1):
            torch.rand(disturbance)
            losses = task.step(schedule.batch(step))
        found.append((weights(task), losses))
    for key, first in found[0][0].items():
        assert all(torch.equal(a, b) for a, b in zip(first, found[1][0][key], strict=True)), key
    assert all(torch.equal(value, found[1][1][key]) for key, value in found[0][1].items())


@pytest.mark.parametrize("name", TASKS)
def test_a_network_is_looked_at_in_eval_mode_and_goes_on_in_training(
    name: str, dataset: Dataset, samples: pa.Table
) -> None:
    task = build(name, dataset, samples)
    assert task.validate() == {"training": 0.0, "gradients": 0.0}
    assert task.net.training
    assert torch.is_grad_enabled()


@pytest.mark.parametrize(
    ("name", "loss", "share"), [("points", "distance", 0.6), ("warp", "l1", 0.8)]
)
def test_a_few_steps_lower_the_loss(
    name: str, loss: str, share: float, dataset: Dataset, samples: pa.Table
) -> None:
    plain = {"noise": 0.0, "identities": 0.0} if name == "points" else {"augmentation": 0.0}
    more = {"lambda1": 0.0, "lr_g": 0.005} if name == "points" else {"true_landmarks": 1.0}
    task = build(name, dataset, samples, **plain, **more)
    schedule = Schedule(training_index(samples), 8, 0)
    steps = 60 if name == "points" else 20
    seen = [task.step(schedule.batch(step))[f"loss_{loss}"].item() for step in range(steps)]
    assert np.mean(seen[-8:]) < share * np.mean(seen[:4])


def test_the_terms_of_phi_add_up(dataset: Dataset, samples: pa.Table) -> None:
    losses = build("points", dataset, samples).step(
        Schedule(training_index(samples), 4, 0).batch(0)
    )
    total = 0.1 * losses["loss_adversarial"] + 10 * losses["loss_cycle"]
    total = total + 100 * losses["loss_distance"]
    assert losses["loss_total"].item() == pytest.approx(total.item(), rel=1e-5)


@pytest.mark.parametrize("mu1", [0.0, 0.1])
def test_the_terms_of_omega_add_up(mu1: float, dataset: Dataset, samples: pa.Table) -> None:
    task = build("warp", dataset, samples, mu1=mu1)
    before = weights(task)["discriminator"]
    losses = task.step(Schedule(training_index(samples), 4, 0).batch(0))
    total = mu1 * losses["loss_adversarial"] + 100 * losses["loss_l1"]
    total = total + 10 * losses["loss_structure"] + 10 * losses["loss_moved"]
    assert losses["loss_total"].item() == pytest.approx(total.item(), rel=1e-5)
    same = [torch.equal(a, b) for a, b in zip(before, weights(task)["discriminator"], strict=True)]
    # Without a weight nothing is spent on the discriminator.
    assert all(same) == (mu1 == 0)
    assert (losses["loss_discriminator"] == 0) == (mu1 == 0)


def test_the_spaces_of_phi_are_those_of_the_training_faces(
    dataset: Dataset, samples: pa.Table
) -> None:
    net = build("points", dataset, samples).net
    again = PointFusion(6, 16, 4)
    index = training_index(samples)
    again.fit(
        dataset.points[torch.from_numpy(index.usable)], dataset.points[:8], dataset.points[8:16]
    )
    torch.testing.assert_close(net.mean, again.mean)
    torch.testing.assert_close(net.shapes, again.shapes)


def test_the_buffers_of_phi_stay_in_training(dataset: Dataset, samples: pa.Table) -> None:
    task = build("points", dataset, samples)
    before = {name: value.clone() for name, value in task.net.named_buffers()}
    task.step(Schedule(training_index(samples), 4, 0).batch(0))
    assert all(torch.equal(value, before[name]) for name, value in task.net.named_buffers())


def test_phi_is_frozen_while_omega_learns(dataset: Dataset, samples: pa.Table) -> None:
    net = fusion()
    sizes, index = warping_sizes(dataset, OMEGA), training_index(samples)
    task = WarpingTask(dataset, index, net, Warping, sizes, OMEGA, Nothing())
    before = {key: value.clone() for key, value in net.state_dict().items()}
    task.step(Schedule(training_index(samples), 4, 0).batch(0))
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())
    assert not net.training
    assert all(value.grad is None for value in net.parameters())


@pytest.mark.parametrize(("share", "exact"), [(0.0, 0.0), (0.3, 0.3), (1.0, 1.0)])
def test_omega_is_given_true_points_as_often_as_asked(
    share: float, exact: float, dataset: Dataset, samples: pa.Table
) -> None:
    task = build("warp", dataset, samples, true_landmarks=share, augmentation=0.0, motion=False)
    truth = torch.arange(15).repeat(3)
    found = []
    for step in range(6):
        rows = Batch(truth, truth.flip(0), truth.roll(1), truth.roll(2), step)
        photo, wanted, points, goal, field = task._given(rows)
        assert torch.equal(photo, dataset.pictures(rows.target))
        assert torch.equal(wanted, dataset.pictures(truth))
        assert torch.equal(points, dataset.points[rows.target])
        assert field.shape == (len(truth), 2, 32, 32)
        found.append((goal == dataset.points[truth]).all(dim=2).all(dim=1))
    assert torch.stack(found).float().mean().item() == pytest.approx(exact, abs=0.06)
    assert share in (0.0, 1.0) or not torch.equal(found[0], found[1])


def test_photo_truth_points_and_motion_are_placed_together(
    dataset: Dataset, samples: pa.Table
) -> None:
    task = build("warp", dataset, samples, true_landmarks=1.0, augmentation=1.0)
    rows = Batch(*(torch.tensor([0, 3, 6, 9]) for _ in range(4)), 5)
    photo, wanted, points, goal, field = task._given(rows)
    assert torch.equal(photo, wanted)
    assert torch.equal(points, goal)
    assert field.abs().max() < 1e-6
    assert not torch.equal(photo, dataset.pictures(rows.truth))
    assert not torch.equal(points, dataset.points[rows.truth])


def test_the_motion_is_learned_where_it_is_wanted(dataset: Dataset, samples: pa.Table) -> None:
    learned = build("warp", dataset, samples).net.motion.weight
    assert learned.abs().max() > 0
    assert build("warp", dataset, samples, motion=False).net.motion.weight.abs().max() == 0
    assert build("unet", dataset, samples).net.motion.weight.abs().max() == 0


def test_the_sizes_build_the_generator(dataset: Dataset, samples: pa.Table) -> None:
    assert warping_sizes(dataset, OMEGA) == {"channels": 3, "width": 8, "working": 32}
    # A picture smaller than the working side is not scaled up.
    large = OMEGA.model_copy(update={"working": 128})
    assert warping_sizes(dataset, large)["working"] == 32
    for name, kind in (("warp", Warping), ("unet", Painting)):
        assert type(build(name, dataset, samples).net) is kind


def test_grey_pictures_are_trained_on_too(dataset: Dataset, samples: pa.Table) -> None:
    grey = replace(dataset, faces=dataset.faces[:, :1])
    for name in ("warp", "unet"):
        losses = build(name, grey, samples).step(Schedule(training_index(samples), 4, 0).batch(0))
        assert torch.isfinite(losses["loss_total"])
