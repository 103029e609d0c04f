"""The loop on a small regression: interrupted and resumed it makes the same bits as in one go."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch

from fet_core.data.training_triples import training_index
from fet_core.errors import UserError
from fet_core.train.checkpoint import Checkpoints, Progress, Schedule, TrainingTriples
from fet_core.train.loop import Interrupted, _factor, _spread, train

EPOCHS = 6


class Regression:
    """Fits a number to each row; the net has a gradient that differs from step to step."""

    def __init__(self, stop_at: int | None = None, signum: int = signal.SIGTERM) -> None:
        torch.manual_seed(3)
        self.net = torch.nn.Sequential(
            torch.nn.Linear(4, 5), torch.nn.BatchNorm1d(5), torch.nn.Linear(5, 1)
        )
        self.nets = {"net": self.net}
        self.optimizers = {"net": torch.optim.Adam(self.net.parameters(), lr=0.02)}
        self.steps = 0
        self.rates: list[float] = []
        self.validated = 0
        self._stop_at, self._signum = stop_at, signum

    def step(self, triples: TrainingTriples) -> dict[str, torch.Tensor]:
        rows = np.stack([triples.truth, triples.target, triples.source, triples.reference], axis=1)
        x = torch.from_numpy(rows).float() / 10
        loss = (self.net(x)[:, 0] - x[:, 0].sin()).square().mean()
        adam = self.optimizers["net"]
        adam.zero_grad()
        loss.backward()
        adam.step()
        self.rates.append(adam.param_groups[0]["lr"])
        self.steps += 1
        if self.steps == self._stop_at:
            os.kill(os.getpid(), self._signum)
        return {"loss": loss.detach()}

    def validate(self) -> dict[str, float]:
        self.validated += 1
        return {"score": float(self.net[0].weight.detach().sum())}  # type: ignore[operator]

    def grid(self) -> np.ndarray:
        return np.full((4, 4, 3), self.steps % 256, dtype=np.uint8)


class Record:
    def __init__(self) -> None:
        self.epochs: list[tuple[int, dict[str, float]]] = []
        self.pictures: list[int] = []

    def epoch(self, number: int, metrics: Mapping[str, float]) -> None:
        self.epochs.append((number, dict(metrics)))

    def picture(self, number: int, path: Path) -> None:
        assert path.is_file()
        self.pictures.append(number)


Go = Callable[..., tuple[Regression, Record]]


@pytest.fixture
def go(sample_table: Callable[..., pa.Table], tmp_path: Path) -> Go:
    schedule = Schedule(training_index(sample_table()), 5, 1)  # 12 truths: 3 steps an epoch

    def run(task: Regression, folder: str = "run", **options: object) -> tuple[Regression, Record]:
        checkpoints = Checkpoints(tmp_path / folder, task.nets, task.optimizers)
        record = Record()
        values = {"epochs": EPOCHS, "decay_from": 0.5, "validate_every": 2, "grids": 3} | options
        train(task, schedule, checkpoints, record, name="test", **values)  # type: ignore[arg-type]
        return task, record

    return run


def weights(task: Regression) -> list[torch.Tensor]:
    return list(task.net.state_dict().values())


@pytest.mark.parametrize("stop_at", [1, 4, 6, 11, 17])
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_interrupted_and_resumed_is_the_same_run(go: Go, stop_at: int, signum: int) -> None:
    straight, wanted = go(Regression(), "straight")
    assert straight.steps == 18
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    with pytest.raises(Interrupted) as stopped:
        go(Regression(stop_at, signum))
    assert stopped.value.code == 128 + signum
    assert before == (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT))

    resumed, record = go(Regression())
    assert resumed.steps == 18 - stop_at
    pairs = zip(weights(straight), weights(resumed), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    assert record.epochs == wanted.epochs
    assert record.pictures == wanted.pictures == [2, 4, 6]


def test_a_history_of_another_length_is_refused(go: Go, tmp_path: Path) -> None:
    task = Regression()
    Checkpoints(tmp_path / "run", task.nets, task.optimizers).save(Progress(step=10**9))
    with pytest.raises(UserError, match=r"step-1000000000\.pt does not hold a state of this train"):
        go(task)


def test_a_damaged_grid_is_refused(go: Go, tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        go(Regression(stop_at=7))
    (tmp_path / "run" / "grids" / "2.png").write_bytes(b"none")
    with pytest.raises(
        UserError, match=r"sample grid .*2\.png of an epoch that is over is damaged"
    ):
        go(Regression())
    (tmp_path / "run" / "grids" / "2.png").unlink()
    assert go(Regression())[1].pictures == [4, 6]


def test_a_finished_run_only_tells_its_history_again(go: Go) -> None:
    first, wanted = go(Regression())
    again, record = go(Regression())
    assert again.steps == 0
    assert record.epochs == wanted.epochs
    assert all(torch.equal(a, b) for a, b in zip(weights(first), weights(again), strict=True))


def test_metrics_are_means_of_the_epoch_and_validation_at_its_times(go: Go) -> None:
    task, record = go(Regression(), epochs=5, validate_every=2, grids=0)
    assert [number for number, _ in record.epochs] == [1, 2, 3, 4, 5]
    assert [number for number, metrics in record.epochs if "score" in metrics] == [2, 4, 5]
    assert task.validated == 3
    assert record.pictures == []
    losses = [metrics["loss"] for _, metrics in record.epochs]
    assert losses[-1] < losses[0]


def test_no_number_is_told(go: Go) -> None:
    task = Regression()
    with torch.no_grad():
        task.net[0].weight.fill_(float("nan"))  # type: ignore[operator, union-attr]
    with pytest.raises(UserError, match=r"test diverged: loss is no finite number after step 3"):
        go(task)


def test_the_rates_fall_at_the_end(go: Go) -> None:
    task, _ = go(Regression(), decay_from=0.5)
    wanted = [0.02] * 9 + [0.02 * (18 - step) / 9 for step in range(9, 18)]
    assert task.rates == pytest.approx(wanted)
    assert go(Regression(), "flat", decay_from=1.0)[0].rates == [0.02] * 18


def test_the_factor_by_hand() -> None:
    assert [_factor(step, 100, 0.6) for step in (0, 59, 60, 80, 99)] == [1, 1, 1, 0.5, 0.025]
    assert _factor(99, 100, 1.0) == 1
    assert _factor(50, 100, 0.0) == 0.5


@pytest.mark.parametrize(
    ("count", "epochs", "wanted"),
    [(4, 20, {5, 10, 15, 20}), (3, 7, {2, 5, 7}), (1, 9, {9}), (0, 9, set()), (8, 2, {1, 2})],
)
def test_grids_are_spread_and_the_last_is_the_end(count: int, epochs: int, wanted: set) -> None:
    assert _spread(count, epochs) == wanted
