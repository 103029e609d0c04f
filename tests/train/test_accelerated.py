"""A training done as on a GPU, beside the plain one: fifty steps, losses and SSIM."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import every_task
import pyarrow as pa
import pytest
import test_plus_tasks
import test_tasks
import torch
from torch._dynamo.utils import counters

from fet_core.acceleration import VARIABLE, Acceleration
from fet_core.data.dataset import Dataset
from fet_core.measure import methods
from fet_core.measure.triples import Landmarks, Triples
from fet_core.nets.fusion import Fusion
from fet_core.train.losses import evaluating, seeded

NAMES = every_task.NAMES
STEPS = 50
PICTURES = ("transfer", "pix2pix", "cgan", "g2gan", "warp", "unet")


@pytest.fixture(autouse=True)
def few_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fet_core.train.plus._PAIRS_OF_PICTURES", 40)
    monkeypatch.delenv(VARIABLE, raising=False)
    # The paper's. At the rates of the other tests every rounding is soon another training.
    slow = {"lr_g": 2e-4, "lr_d": 2e-4, "cgan_lr_g": 2e-4, "cgan_lr_d": 2e-4}
    for module, name in (
        (test_tasks, "PHI"),
        (test_tasks, "OMEGA"),
        (test_tasks, "BASELINE"),
        (test_plus_tasks, "PHI"),
        (test_plus_tasks, "OMEGA"),
    ):
        params = getattr(module, name)
        rates = {key: value for key, value in slow.items() if hasattr(params, key)}
        monkeypatch.setattr(module, name, params.model_copy(update=rates))


def row(name: str, dataset: Dataset, net: Any) -> methods.Method:
    """What the tables and the validation make of a network."""
    if name == "transfer":
        return methods.fet_method(dataset, Landmarks(dataset, seeded(0, Fusion, 32, 4), 0.03), net)
    if name in ("warp", "unet"):
        return methods.plus_method(dataset, test_plus_tasks.fusion().eval(), net)
    return methods.baseline_method(dataset, net, test_tasks.PHI.sigma)


def trained(name: str, dataset: Dataset, samples: pa.Table) -> tuple[torch.Tensor, float]:
    """Losses of all steps [steps, losses], and the SSIM on what was trained on."""
    task, schedule = every_task.build(name, dataset, samples), every_task.schedule(name, samples, 8)
    losses = [torch.stack([*task.step(schedule.batch(n)).values()]) for n in range(STEPS)]
    if name not in PICTURES:
        return torch.stack(losses), 0.0
    batch = schedule.batch(STEPS)
    rows = (batch.source, batch.reference, batch.target, batch.truth)
    triples = Triples(*(torch.from_numpy(column) for column in rows))
    with evaluating(task.net):
        found = methods.score(row(name, dataset, task.net), dataset, triples, "oracle", 8)
    return torch.stack(losses), found["ssim"]


def accelerate(monkeypatch: pytest.MonkeyPatch, backend: str | None) -> None:
    monkeypatch.setenv(VARIABLE, "force")
    how = replace(Acceleration.of(torch.device("cpu")), backend=backend)
    monkeypatch.setattr(Acceleration, "of", classmethod(lambda cls, device: how))


def check(name: str, dataset: Dataset, samples: pa.Table, accelerate: Callable[[], None]) -> None:
    plain, ssim = trained(name, dataset, samples)
    accelerate()
    losses, other = trained(name, dataset, samples)
    assert torch.isfinite(losses).all()
    eps = torch.finfo(torch.bfloat16).eps
    torch.testing.assert_close(losses[0], plain[0], rtol=eps, atol=1e-4)
    torch.testing.assert_close(losses.mean(dim=0), plain.mean(dim=0), rtol=eps, atol=1e-4)
    assert other == pytest.approx(ssim, abs=0.005)
    # In a GPU's way something has been computed otherwise; Φ+ works on points, which are not.
    assert name in test_plus_tasks.POINTS or not torch.equal(losses, plain)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["warp", "transfer"])
def test_fifty_steps_are_those_of_the_plain_path(
    name: str, dataset: Dataset, samples: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    check(name, dataset, samples, lambda: accelerate(monkeypatch, None))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_fifty_compiled_steps_are_those_of_the_plain_path(
    name: str, dataset: Dataset, samples: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The backend that this machine has.
    torch._dynamo.reset()
    check(name, dataset, samples, lambda: monkeypatch.setenv(VARIABLE, "force"))
    assert not counters["graph_break"]


SOME = ("transfer",)


@pytest.mark.parametrize(
    "name",
    [name if name in SOME else pytest.param(name, marks=pytest.mark.slow) for name in NAMES],
)
def test_a_step_runs_whole_graphs(
    name: str, dataset: Dataset, samples: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    accelerate(monkeypatch, "eager")
    torch._dynamo.reset()
    counters.clear()
    task, schedule = every_task.build(name, dataset, samples), every_task.schedule(name, samples)
    with torch._dynamo.config.patch(error_on_recompile=False, fail_on_recompile_limit_hit=True):
        for step in range(2):
            task.step(schedule.batch(step))
        made = counters["stats"]["unique_graphs"]
        task.step(schedule.batch(2))
    assert not counters["graph_break"]
    # Later steps find all that they need.
    assert 0 < made == counters["stats"]["unique_graphs"]
    torch._dynamo.reset()
